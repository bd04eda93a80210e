//! Typed views: what controllers read of an object, made once per write and kept beside the tree.

mod cluster;

pub use cluster::{DisruptionBudgetView, NodeView, ServicePort, ServiceView};

use crate::value::{Str, Value};
use crate::{Kind, Timestamp};
use std::rc::Rc;

/// A stored object: the tree as the API server has it, and what controllers read of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    /// The whole object.
    pub value: Value,
    /// The typed view.
    pub view: View,
    /// Metadata, for every kind.
    pub meta: ObjectMeta,
}

impl Object {
    /// An object with its view.
    pub fn new(value: Value) -> Object {
        let meta = ObjectMeta::of(&value);
        let view = View::of(&value);
        Object { value, view, meta }
    }
    /// A new state of an object, with its resourceVersion. What `before` has in common with it is not read again.
    pub fn next(before: Option<&Object>, mut value: Value, version: u64) -> Object {
        let same = |b: &&Object| match (b.value.get("metadata"), value.get("metadata")) {
            (Some(Value::Map(old)), Some(Value::Map(new))) => Rc::ptr_eq(old, new),
            _ => false,
        };
        let known = before.filter(same).map(|b| b.meta.clone());
        value
            .map_mut()
            .entry("metadata", Value::object)
            .map_mut()
            .insert("resourceVersion", Str::number(version));
        let mut meta = known.unwrap_or_else(|| ObjectMeta::of(&value));
        meta.resource_version = version;
        let view = View::of(&value);
        Object { value, view, meta }
    }
    /// The Deployment, if it is one.
    pub fn deployment(&self) -> Option<&DeploymentView> {
        match &self.view {
            View::Deployment(d) => Some(d),
            _ => None,
        }
    }
    /// The ReplicaSet, if it is one.
    pub fn replica_set(&self) -> Option<&ReplicaSetView> {
        match &self.view {
            View::ReplicaSet(r) => Some(r),
            _ => None,
        }
    }
    /// The pod, if it is one.
    pub fn pod(&self) -> Option<&PodView> {
        match &self.view {
            View::Pod(p) => Some(p),
            _ => None,
        }
    }
    /// The node, if it is one.
    pub fn node(&self) -> Option<&NodeView> {
        match &self.view {
            View::Node(n) => Some(n),
            _ => None,
        }
    }
    /// The Service, if it is one.
    pub fn service(&self) -> Option<&ServiceView> {
        match &self.view {
            View::Service(s) => Some(s),
            _ => None,
        }
    }
    /// The disruption budget, if it is one.
    pub fn disruption_budget(&self) -> Option<&DisruptionBudgetView> {
        match &self.view {
            View::DisruptionBudget(b) => Some(b),
            _ => None,
        }
    }
}

/// One variant per kind that controllers read; the others are trees only. Boxed: most objects are Events, without a view.
#[derive(Clone, PartialEq, Eq)]
pub enum View {
    /// A Deployment.
    Deployment(Box<DeploymentView>),
    /// A ReplicaSet.
    ReplicaSet(Box<ReplicaSetView>),
    /// A pod.
    Pod(Box<PodView>),
    /// A node.
    Node(Box<NodeView>),
    /// A Service.
    Service(Box<ServiceView>),
    /// A PodDisruptionBudget.
    DisruptionBudget(Box<DisruptionBudgetView>),
    /// Anything else.
    Other,
}

impl View {
    /// The view of an object, by its kind.
    pub fn of(value: &Value) -> View {
        match value.get("kind").and_then(Value::as_str) {
            Some("Event") => View::Other,
            Some("Pod") => View::Pod(Box::new(PodView::of(value))),
            Some("ReplicaSet") => View::ReplicaSet(Box::new(ReplicaSetView::of(value))),
            Some("Deployment") => View::Deployment(Box::new(DeploymentView::of(value))),
            Some("Node") => View::Node(Box::new(NodeView::of(value))),
            Some("Service") => View::Service(Box::new(ServiceView::of(value))),
            Some("PodDisruptionBudget") => {
                View::DisruptionBudget(Box::new(DisruptionBudgetView::of(value)))
            }
            _ => View::Other,
        }
    }
}

/// The controlling owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerRef {
    /// Its kind.
    pub kind: Str,
    /// Its name.
    pub name: Str,
    /// Its uid.
    pub uid: Str,
}

/// Metadata that every component reads.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObjectMeta {
    /// Name.
    pub name: Str,
    /// Namespace.
    pub namespace: Str,
    /// UID.
    pub uid: Str,
    /// Counts changes of the spec.
    pub generation: i64,
    /// Counts writes of the store.
    pub resource_version: u64,
    /// When it was created.
    pub creation: Option<Timestamp>,
    /// When it is to be gone, if it is being deleted.
    pub deletion: Option<Timestamp>,
    /// Grace of the deletion, seconds.
    pub grace: Option<i64>,
    /// Labels: an object, or null.
    pub labels: Value,
    /// Annotations: an object, or null.
    pub annotations: Value,
    /// The owner with `controller: true`.
    pub controller: Option<ControllerRef>,
}

fn field<'a>(v: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    v.and_then(|v| v.get(key))
}
fn text(v: Option<&Value>, key: &str) -> Str {
    match field(v, key) {
        Some(Value::String(s)) => s.clone(),
        _ => Str::Static(""),
    }
}
fn int(v: Option<&Value>, key: &str) -> Option<i64> {
    field(v, key).and_then(Value::as_int)
}
fn int32(v: Option<&Value>, key: &str) -> Option<i32> {
    int(v, key).and_then(|i| i32::try_from(i).ok())
}
fn time(v: Option<&Value>, key: &str) -> Option<Timestamp> {
    field(v, key)
        .and_then(Value::as_str)
        .and_then(Timestamp::parse)
}
fn truth(v: Option<&Value>, key: &str) -> bool {
    matches!(field(v, key), Some(Value::Bool(true)))
}

impl ObjectMeta {
    /// The metadata of an object.
    pub fn of(value: &Value) -> ObjectMeta {
        let m = value.get("metadata");
        let controller = field(m, "ownerReferences")
            .map_or(&[][..], Value::as_list)
            .iter()
            .find(|o| truth(Some(o), "controller"))
            .map(|o| ControllerRef {
                kind: text(Some(o), "kind"),
                name: text(Some(o), "name"),
                uid: text(Some(o), "uid"),
            });
        ObjectMeta {
            name: text(m, "name"),
            namespace: text(m, "namespace"),
            uid: text(m, "uid"),
            generation: int(m, "generation").unwrap_or(0),
            resource_version: field(m, "resourceVersion")
                .and_then(Value::as_str)
                .and_then(|s| s.parse().ok())
                .unwrap_or(0),
            creation: time(m, "creationTimestamp"),
            deletion: time(m, "deletionTimestamp"),
            grace: int(m, "deletionGracePeriodSeconds"),
            labels: field(m, "labels").cloned().unwrap_or_default(),
            annotations: field(m, "annotations").cloned().unwrap_or_default(),
            controller,
        }
    }
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).and_then(Value::as_str)
    }
    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).and_then(Value::as_str)
    }
    /// It has a deletion timestamp.
    pub fn is_terminating(&self) -> bool {
        self.deletion.is_some()
    }
}

/// A condition of any object's status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// Type.
    pub kind: Str,
    /// `True`, `False` or `Unknown`.
    pub status: Str,
    /// Reason.
    pub reason: Str,
    /// Message.
    pub message: Str,
    /// When it was last made.
    pub last_update: Option<Timestamp>,
    /// When its status last changed.
    pub last_transition: Option<Timestamp>,
}

fn conditions(status: Option<&Value>) -> Vec<Condition> {
    field(status, "conditions")
        .map_or(&[][..], Value::as_list)
        .iter()
        .map(|c| {
            let c = Some(c);
            Condition {
                kind: text(c, "type"),
                status: text(c, "status"),
                reason: text(c, "reason"),
                message: text(c, "message"),
                last_update: time(c, "lastUpdateTime"),
                last_transition: time(c, "lastTransitionTime"),
            }
        })
        .collect()
}

/// `spec.strategy.type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StrategyType {
    /// All old pods go before the first new one comes.
    Recreate,
    /// Old and new side by side, between floor and ceiling.
    RollingUpdate,
}

/// What the Deployment controller reads of a Deployment.
#[derive(Clone, PartialEq, Eq)]
pub struct DeploymentView {
    /// `spec.replicas`.
    pub replicas: i32,
    /// `spec.paused`.
    pub paused: bool,
    /// `spec.strategy.type`.
    pub strategy: StrategyType,
    /// `spec.strategy.rollingUpdate.maxSurge` as written: a number or text.
    pub max_surge: Value,
    /// `spec.strategy.rollingUpdate.maxUnavailable` as written.
    pub max_unavailable: Value,
    /// `spec.selector`.
    pub selector: Value,
    /// `spec.template`.
    pub template: Value,
    /// `spec.minReadySeconds`.
    pub min_ready_seconds: i32,
    /// `spec.progressDeadlineSeconds`.
    pub progress_deadline_seconds: Option<i32>,
    /// `spec.revisionHistoryLimit`.
    pub revision_history_limit: Option<i32>,
    /// `status`.
    pub status: DeploymentStatus,
}

/// A Deployment's status.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeploymentStatus {
    /// `observedGeneration`.
    pub observed_generation: i64,
    /// `replicas`.
    pub replicas: i32,
    /// `updatedReplicas`.
    pub updated_replicas: i32,
    /// `readyReplicas`.
    pub ready_replicas: i32,
    /// `availableReplicas`.
    pub available_replicas: i32,
    /// `unavailableReplicas`.
    pub unavailable_replicas: i32,
    /// `terminatingReplicas`, where the version has it.
    pub terminating_replicas: Option<i32>,
    /// `collisionCount`.
    pub collision_count: Option<i32>,
    /// `conditions`, in stored order.
    pub conditions: Vec<Condition>,
}

impl DeploymentView {
    /// The view of a Deployment.
    pub fn of(value: &Value) -> DeploymentView {
        let spec = value.get("spec");
        let status = value.get("status");
        let strategy = field(spec, "strategy");
        let rolling = field(strategy, "rollingUpdate");
        DeploymentView {
            replicas: int32(spec, "replicas").unwrap_or(1),
            paused: truth(spec, "paused"),
            strategy: match field(strategy, "type").and_then(Value::as_str) {
                Some("Recreate") => StrategyType::Recreate,
                _ => StrategyType::RollingUpdate,
            },
            max_surge: field(rolling, "maxSurge").cloned().unwrap_or_default(),
            max_unavailable: field(rolling, "maxUnavailable")
                .cloned()
                .unwrap_or_default(),
            selector: field(spec, "selector").cloned().unwrap_or_default(),
            template: field(spec, "template").cloned().unwrap_or_default(),
            min_ready_seconds: int32(spec, "minReadySeconds").unwrap_or(0),
            progress_deadline_seconds: int32(spec, "progressDeadlineSeconds"),
            revision_history_limit: int32(spec, "revisionHistoryLimit"),
            status: DeploymentStatus {
                observed_generation: int(status, "observedGeneration").unwrap_or(0),
                replicas: int32(status, "replicas").unwrap_or(0),
                updated_replicas: int32(status, "updatedReplicas").unwrap_or(0),
                ready_replicas: int32(status, "readyReplicas").unwrap_or(0),
                available_replicas: int32(status, "availableReplicas").unwrap_or(0),
                unavailable_replicas: int32(status, "unavailableReplicas").unwrap_or(0),
                terminating_replicas: int32(status, "terminatingReplicas"),
                collision_count: int32(status, "collisionCount"),
                conditions: conditions(status),
            },
        }
    }
}

/// What controllers read of a ReplicaSet.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplicaSetView {
    /// `spec.replicas`.
    pub replicas: i32,
    /// `spec.minReadySeconds`.
    pub min_ready_seconds: i32,
    /// `spec.selector`.
    pub selector: Value,
    /// `spec.template`.
    pub template: Value,
    /// `status`.
    pub status: ReplicaSetStatus,
}

/// A ReplicaSet's status.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplicaSetStatus {
    /// `observedGeneration`.
    pub observed_generation: i64,
    /// `replicas`.
    pub replicas: i32,
    /// `fullyLabeledReplicas`.
    pub fully_labeled_replicas: i32,
    /// `readyReplicas`.
    pub ready_replicas: i32,
    /// `availableReplicas`.
    pub available_replicas: i32,
    /// `terminatingReplicas`, where the version has it.
    pub terminating_replicas: Option<i32>,
    /// `conditions`.
    pub conditions: Vec<Condition>,
}

impl ReplicaSetView {
    /// The view of a ReplicaSet.
    pub fn of(value: &Value) -> ReplicaSetView {
        let spec = value.get("spec");
        let status = value.get("status");
        ReplicaSetView {
            replicas: int32(spec, "replicas").unwrap_or(1),
            min_ready_seconds: int32(spec, "minReadySeconds").unwrap_or(0),
            selector: field(spec, "selector").cloned().unwrap_or_default(),
            template: field(spec, "template").cloned().unwrap_or_default(),
            status: ReplicaSetStatus {
                observed_generation: int(status, "observedGeneration").unwrap_or(0),
                replicas: int32(status, "replicas").unwrap_or(0),
                fully_labeled_replicas: int32(status, "fullyLabeledReplicas").unwrap_or(0),
                ready_replicas: int32(status, "readyReplicas").unwrap_or(0),
                available_replicas: int32(status, "availableReplicas").unwrap_or(0),
                terminating_replicas: int32(status, "terminatingReplicas"),
                conditions: conditions(status),
            },
        }
    }
}

/// `status.phase` of a pod.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PodPhase {
    /// Not all containers have run.
    Pending,
    /// Not known.
    Unknown,
    /// At least one container has run.
    Running,
    /// All containers ended well.
    Succeeded,
    /// A container ended badly.
    Failed,
}

/// What controllers read of a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodView {
    /// `spec.nodeName`, empty if not assigned.
    pub node: Str,
    /// `status.phase`.
    pub phase: PodPhase,
    /// Condition Ready is True.
    pub ready: bool,
    /// When condition Ready last changed.
    pub ready_since: Option<Timestamp>,
    /// Condition PodScheduled is False.
    pub unschedulable: bool,
    /// Largest restart count of the containers.
    pub max_restarts: i32,
    /// `controller.kubernetes.io/pod-deletion-cost`; invalid or absent is 0.
    pub deletion_cost: i32,
    /// `status.podIP`, empty if none.
    pub ip: Str,
}

impl PodView {
    /// The view of a pod.
    pub fn of(value: &Value) -> PodView {
        let status = value.get("status");
        let condition = |kind: &str| {
            field(status, "conditions")
                .map_or(&[][..], Value::as_list)
                .iter()
                .find(|c| c.get("type").and_then(Value::as_str) == Some(kind))
        };
        let ready = condition("Ready");
        let cost = value
            .get("metadata")
            .and_then(|m| m.get("annotations"))
            .and_then(|a| a.get("controller.kubernetes.io/pod-deletion-cost"))
            .and_then(Value::as_str)
            .map_or(0, deletion_cost);
        PodView {
            node: text(value.get("spec"), "nodeName"),
            phase: match field(status, "phase").and_then(Value::as_str) {
                Some("Running") => PodPhase::Running,
                Some("Succeeded") => PodPhase::Succeeded,
                Some("Failed") => PodPhase::Failed,
                Some("Unknown") => PodPhase::Unknown,
                _ => PodPhase::Pending,
            },
            ready: text(ready, "status") == *"True",
            ready_since: time(ready, "lastTransitionTime"),
            unschedulable: text(condition("PodScheduled"), "status") == *"False",
            max_restarts: field(status, "containerStatuses")
                .map_or(&[][..], Value::as_list)
                .iter()
                .filter_map(|c| int32(Some(c), "restartCount"))
                .max()
                .unwrap_or(0),
            deletion_cost: cost,
            ip: text(status, "podIP"),
        }
    }
    /// Not ended: phase is neither Succeeded nor Failed. (Active also means: not being deleted.)
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }
}

/// Mirrors GetDeletionCostFromPodAnnotations, pkg/apis/core/helper/helpers.go: what is no plain number
/// (also with `+` or leading zeros) costs nothing.
fn deletion_cost(text: &str) -> i32 {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if text.starts_with('+') || (digits.starts_with('0') && text != "0") {
        return 0;
    }
    text.parse().unwrap_or(0)
}

/// The kind of an object, by its `kind` field, for kinds with a view. See `kinds` for the whole table.
pub fn simulated_kind(value: &Value) -> Option<Kind> {
    match value.get("kind").and_then(Value::as_str)? {
        "Pod" => Some(Kind::POD),
        "ReplicaSet" => Some(Kind::REPLICA_SET),
        "Deployment" => Some(Kind::DEPLOYMENT),
        _ => None,
    }
}
