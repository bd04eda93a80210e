//! Reading a rollout out of what is stored: limits, sets in order of age, pods with their states.

use crate::model::{Mark, PodState, VersionTag};
use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::intstr::IntOrString;
use rollout_api::views::{DeploymentView, PodPhase, PodView, ReplicaSetView, StrategyType};
use rollout_api::{Kind, ObjectKey, Str, Value};
use rollout_engine::{Object, Store};
use std::rc::Rc;

/// The revision annotation.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// The change cause annotation.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
/// The label that tells the sets apart.
pub const HASH_LABEL: &str = "pod-template-hash";

/// The resolved limits of a Deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// `spec.replicas`.
    pub desired: i64,
    /// maxSurge as a number.
    pub surge: i64,
    /// maxUnavailable as a number.
    pub unavailable: i64,
    /// Rolling update; Recreate has no floor.
    pub rolling: bool,
}

impl Limits {
    /// The limits of a Deployment.
    ///
    /// Mirrors `ResolveFenceposts` and `MaxUnavailable`, pkg/controller/deployment/util/deployment_util.go.
    pub fn of(d: &DeploymentView) -> Limits {
        let desired = d.replicas;
        let rolling = d.strategy == StrategyType::RollingUpdate;
        if !rolling || desired == 0 {
            return Limits {
                desired: desired.into(),
                surge: 0,
                unavailable: 0,
                rolling,
            };
        }
        let resolve = |v: &Value, up: bool| {
            IntOrString::of(Some(v))
                .and_then(|i| i.scaled(desired, up))
                .unwrap_or(0)
        };
        let surge = resolve(&d.max_surge, true);
        let mut unavailable = resolve(&d.max_unavailable, false);
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        Limits {
            desired: desired.into(),
            surge: surge.into(),
            unavailable: unavailable.min(desired).into(),
            rolling,
        }
    }
    /// desired + surge.
    pub fn ceiling(&self) -> i64 {
        self.desired + self.surge
    }
    /// desired − unavailable; 0 for Recreate.
    pub fn floor(&self) -> i64 {
        if self.rolling {
            self.desired - self.unavailable
        } else {
            0
        }
    }
}

/// A pod of the rollout.
#[derive(Clone)]
pub struct Pod {
    /// The object.
    pub object: Rc<Object>,
    /// Index of its set in [`Rollout::sets`].
    pub set: usize,
    /// What it looks like.
    pub state: PodState,
}

impl Pod {
    /// It has a deletion time.
    pub fn leaving(&self) -> bool {
        self.object.meta.is_terminating()
    }
    /// Condition Ready is True and it is not leaving.
    pub fn is_ready(&self) -> bool {
        !self.leaving() && self.object.pod().is_some_and(|p| p.ready)
    }
    /// It counts for the floor.
    pub fn is_available(&self) -> bool {
        self.state == PodState::Available
    }
    /// The suffix of its name.
    pub fn short(&self) -> &str {
        short_name(&self.object.meta.name)
    }
}

/// The last part of a generated name.
pub fn short_name(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(_, s)| s)
}

/// A ReplicaSet of the rollout.
#[derive(Clone)]
pub struct Set {
    /// The object.
    pub object: Rc<Object>,
    /// Its letter: 0 is A.
    pub version: usize,
    /// `spec.replicas`.
    pub size: i64,
    /// Its revision; 0 without annotation.
    pub revision: i64,
}

impl Set {
    /// Its view.
    pub fn view(&self) -> &ReplicaSetView {
        self.object
            .replica_set()
            .expect("a set is made of a ReplicaSet")
    }
    /// Its name.
    pub fn name(&self) -> &Str {
        &self.object.meta.name
    }
    /// Image of the first container.
    pub fn image(&self) -> &str {
        self.object
            .value
            .str_at("spec.template.spec.containers.0.image")
    }
    /// Letter and livery.
    pub fn tag(&self) -> VersionTag {
        tag(self.version)
    }
}

/// Letter and livery of a version.
pub fn tag(version: usize) -> VersionTag {
    VersionTag {
        place: u32::try_from(version).unwrap_or(u32::MAX),
    }
}

/// Letters of the sets of one Deployment: by uid, in order of first appearance.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Versions {
    by_uid: SortedMap<Str, usize>,
}

impl Versions {
    /// Gives the next letter to a set that has none.
    pub fn see(&mut self, uid: &Str) {
        let next = self.by_uid.len();
        self.by_uid.entry(uid.clone()).or_insert(next);
    }
    /// The letter of a set; one that was never seen comes last.
    pub fn of(&self, uid: &Str) -> usize {
        self.by_uid.get(uid).copied().unwrap_or(self.by_uid.len())
    }
    /// Sees the sets of a store, oldest first.
    pub fn see_store(&mut self, store: &Store, deployment: &Str) {
        let mut sets: Vec<&Rc<Object>> = owned(store, Kind::REPLICA_SET, deployment).collect();
        sets.order_by_key(|o| (o.meta.creation, revision_of(o), o.meta.name.clone()));
        for set in sets {
            self.see(&set.meta.uid);
        }
    }
}

/// The revision of a set or Deployment.
pub fn revision_of(object: &Object) -> i64 {
    object
        .meta
        .annotation(REVISION)
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

/// Objects whose controller has this uid.
pub fn owned<'a>(
    store: &'a Store,
    kind: Kind,
    owner: &'a Str,
) -> impl Iterator<Item = &'a Rc<Object>> {
    store
        .list(kind)
        .filter(move |o| o.meta.controller.as_ref().is_some_and(|c| c.uid == *owner))
}

/// A Deployment with everything that hangs on it, at one moment.
#[derive(Clone)]
pub struct Rollout {
    /// The Deployment.
    pub object: Rc<Object>,
    /// Limits.
    pub limits: Limits,
    /// Sets by letter, oldest first.
    pub sets: Vec<Set>,
    /// The set of the present template.
    pub newest: Option<usize>,
    /// Pods that count, bottom to top; then the leaving ones.
    pub pods: Vec<Pod>,
    /// The wall clock in milliseconds.
    pub now_ms: i64,
}

impl Rollout {
    /// Reads the Deployment at `key`. `now_ms` is the wall clock in milliseconds.
    pub fn read(
        store: &Store,
        key: &ObjectKey,
        versions: &Versions,
        now_ms: i64,
    ) -> Option<Rollout> {
        let object = store.get(key)?.clone();
        let d = object.deployment()?;
        let limits = Limits::of(d);
        let mut sets: Vec<Set> = owned(store, Kind::REPLICA_SET, &object.meta.uid)
            .filter_map(|o| {
                let size = o.replica_set()?.replicas;
                Some(Set {
                    object: o.clone(),
                    version: versions.of(&o.meta.uid),
                    size: size.into(),
                    revision: revision_of(o),
                })
            })
            .collect();
        sets.order_by(|a, b| (a.version, a.name()).cmp(&(b.version, b.name())));
        let newest = sets
            .iter()
            .position(|s| same_template(&s.view().template, &d.template));
        let by_uid: SortedMap<&Str, usize> = sets
            .iter()
            .enumerate()
            .map(|(i, s)| (&s.object.meta.uid, i))
            .collect();
        let mut pods: Vec<Pod> = store
            .list_in(Kind::POD, &object.meta.namespace)
            .filter_map(|o| {
                let set = *by_uid.get(&o.meta.controller.as_ref()?.uid)?;
                let min_ready = sets[set].view().min_ready_seconds;
                Some(Pod {
                    state: pod_state(o, min_ready, now_ms),
                    object: o.clone(),
                    set,
                })
            })
            .collect();
        pods.order_by_key(order);
        Some(Rollout {
            limits,
            newest,
            pods,
            sets,
            object,
            now_ms,
        })
    }

    /// The Deployment's view.
    pub fn view(&self) -> &DeploymentView {
        self.object
            .deployment()
            .expect("a rollout is made of a Deployment")
    }
    /// Name of the Deployment.
    pub fn name(&self) -> &str {
        &self.object.meta.name
    }
    /// Pods that are not leaving.
    pub fn counted(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|p| !p.leaving())
    }
    /// `total`.
    pub fn total(&self) -> i64 {
        self.counted().count() as i64
    }
    /// Leaving pods, in order of deletion.
    pub fn leaving(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|p| p.leaving())
    }
    /// Available pods.
    pub fn available(&self) -> i64 {
        self.counted().filter(|p| p.is_available()).count() as i64
    }
    /// Ready pods.
    pub fn ready(&self) -> i64 {
        self.counted().filter(|p| p.is_ready()).count() as i64
    }
    /// Pods of the newest set.
    pub fn updated(&self) -> i64 {
        self.counted()
            .filter(|p| Some(p.set) == self.newest)
            .count() as i64
    }
    /// Wanted size of the newest set.
    pub fn new_size(&self) -> i64 {
        self.newest.map_or(0, |i| self.sets[i].size)
    }
    /// Wanted size of the old sets.
    pub fn old_size(&self) -> i64 {
        self.wanted() - self.new_size()
    }
    /// Wanted sizes in sum.
    pub fn wanted(&self) -> i64 {
        self.sets.iter().map(|s| s.size).sum()
    }
    /// Wanted pods of the newest set that are not available: what the controller subtracts.
    pub fn new_waiting(&self) -> i64 {
        (self.new_size()
            - self
                .counted()
                .filter(|p| Some(p.set) == self.newest && p.is_available())
                .count() as i64)
            .max(0)
    }
    /// What may be added: ceiling − wanted sizes.
    pub fn room(&self) -> i64 {
        (self.limits.ceiling() - self.wanted()).max(0)
    }
    /// What may be removed: wanted sizes − floor − new ones that are not available.
    pub fn spare(&self) -> i64 {
        (self.wanted() - self.limits.floor() - self.new_waiting()).max(0)
    }
    /// A rollout is under way: old pods are wanted beside the new ones, or new ones are missing.
    pub fn in_flight(&self) -> bool {
        self.newest.is_none() || self.old_size() > 0 || self.new_size() != self.limits.desired
    }
    /// Everything is as desired.
    pub fn complete(&self) -> bool {
        !self.in_flight()
            && self.available() == self.limits.desired
            && self.total() == self.limits.desired
            && self.observed()
    }
    /// The controller has counted the available pods as they are now.
    pub fn counted_by_controller(&self) -> bool {
        i64::from(self.view().status.available_replicas) == self.available()
    }
    /// The controller has seen the newest spec.
    pub fn observed(&self) -> bool {
        self.view().status.observed_generation >= self.object.meta.generation
    }
    /// A condition of the Deployment: status and reason.
    pub fn condition(&self, kind: &str) -> Option<(&str, &str)> {
        let c = self
            .view()
            .status
            .conditions
            .iter()
            .find(|c| c.kind == *kind)?;
        Some((c.status.as_str(), c.reason.as_str()))
    }
    /// Image of the first container of the Deployment's template.
    pub fn image(&self) -> &str {
        self.object
            .value
            .str_at("spec.template.spec.containers.0.image")
    }
}

/// Bottom to top: leaving ones last; oldest set first; available first; then by creation and name.
fn order(pod: &Pod) -> impl Ord + use<> {
    let m = &pod.object.meta;
    let ended = m.deletion.filter(|_| pod.leaving());
    (
        m.is_terminating(),
        ended,
        pod.set,
        !pod.is_available(),
        m.creation,
        m.name.clone(),
    )
}

/// Two templates are equal but for the label with the hash.
///
/// Mirrors `EqualIgnoreHash`, pkg/controller/deployment/util/deployment_util.go.
pub fn same_template(a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    let strip = |v: &Value| {
        let mut v = v.clone();
        if let Some(Value::Map(_)) = v.at("metadata.labels") {
            v.remove(&format!("metadata.labels.{HASH_LABEL}"));
        }
        v
    };
    strip(a) == strip(b)
}

/// What a pod looks like.
pub fn pod_state(object: &Object, min_ready_seconds: i32, now_ms: i64) -> PodState {
    let Some(pod) = object.pod() else {
        return PodState::Pending;
    };
    if object.meta.is_terminating() {
        return PodState::Terminating;
    }
    match pod.phase {
        PodPhase::Succeeded => return PodState::Completed,
        PodPhase::Failed => {
            return if object.value.str_at("status.reason") == "OOMKilled" {
                PodState::Oom
            } else {
                PodState::Crash
            };
        }
        PodPhase::Pending | PodPhase::Running | PodPhase::Unknown => {}
    }
    if let Some(failing) = failing(&object.value) {
        return failing.state;
    }
    if pod.node.is_empty() {
        return PodState::Pending;
    }
    if pod.ready {
        return if available_in_ms(pod, min_ready_seconds, now_ms) == 0 {
            PodState::Available
        } else {
            PodState::Ready
        };
    }
    if pod.phase == PodPhase::Running {
        PodState::Running
    } else {
        PodState::Creating
    }
}

/// Milliseconds until a ready pod counts as available; 0 when it does.
pub fn available_in_ms(pod: &PodView, min_ready_seconds: i32, now_ms: i64) -> i64 {
    if min_ready_seconds == 0 {
        return 0;
    }
    let since = pod.ready_since.map_or(now_ms, |t| t.0 * 1000);
    (since + i64::from(min_ready_seconds) * 1000 - now_ms).max(0)
}

/// A container that fails.
#[derive(Clone, Copy, Debug)]
pub struct Failing<'p> {
    /// What the pod is for it.
    pub state: PodState,
    /// It is an init container.
    pub init: bool,
    /// Its status.
    pub status: &'p Value,
}

impl<'p> Failing<'p> {
    /// Its name.
    pub fn name(&self) -> &'p str {
        self.status.str_at("name")
    }
    /// The image of its spec.
    pub fn image(&self, pod: &'p Value) -> &'p str {
        let list = match self.init {
            true => "spec.initContainers",
            false => "spec.containers",
        };
        let mut all = pod.list_at(list).iter();
        let own = all.find(|c| c.str_at("name") == self.name());
        own.map_or("", |c| c.str_at("image"))
    }
}

/// The first container that fails.
pub fn failing(pod: &Value) -> Option<Failing<'_>> {
    let all = ["status.initContainerStatuses", "status.containerStatuses"];
    let each = |(i, path): (usize, &&str)| pod.list_at(path).iter().map(move |c| (i == 0, c));
    let mut all = all.iter().enumerate().flat_map(each);
    all.find_map(|(init, status)| {
        let state = failing_state(init, status)?;
        Some(Failing {
            state,
            init,
            status,
        })
    })
}

fn failing_state(init: bool, c: &Value) -> Option<PodState> {
    let oom = |state: &str| c.str_at(&format!("{state}.terminated.reason")) == "OOMKilled";
    if c.at("state.terminated").is_some() {
        let exit = c.int_at("state.terminated.exitCode").unwrap_or(0);
        return match (oom("state"), exit) {
            (true, _) => Some(PodState::Oom),
            (false, 0) if init => None,
            (false, 0) => Some(PodState::Completed),
            (false, _) => Some(PodState::Crash),
        };
    }
    match c.str_at("state.waiting.reason") {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => Some(PodState::ImagePull),
        "CrashLoopBackOff" => Some(if oom("lastState") {
            PodState::Oom
        } else {
            PodState::Crash
        }),
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => Some(PodState::Config),
        _ => None,
    }
}

/// Reason and message of the first waiting container.
pub fn waiting_reason(pod: &Value) -> Option<(&str, &str)> {
    let all = ["status.initContainerStatuses", "status.containerStatuses"];
    all.iter().flat_map(|path| pod.list_at(path)).find_map(|c| {
        let reason = c.str_at("state.waiting.reason");
        (!reason.is_empty()).then(|| (reason, c.str_at("state.waiting.message")))
    })
}

/// The plain word of a state.
pub fn state_word(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "Pending",
        PodState::Creating => "Creating",
        PodState::Running => "Not ready",
        PodState::Ready => "Ready",
        PodState::Available => "Available",
        PodState::Terminating => "Terminating",
        PodState::ImagePull => "Image pull",
        PodState::Crash => "Crashing",
        PodState::Config => "Config",
        PodState::Oom => "Out of memory",
        PodState::Completed => "Completed",
    }
}

/// A state has exactly one mark, so that grey pictures can be read.
pub fn marks_differ() -> bool {
    let marks: Vec<Mark> = PodState::ALL.iter().map(|s| s.mark()).collect();
    marks
        .iter()
        .enumerate()
        .all(|(i, m)| !marks[..i].contains(m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!(tag(0).letter(), "A");
        assert_eq!(tag(25).letter(), "Z");
        assert_eq!(tag(26).letter(), "AA");
        assert_eq!(tag(27).letter(), "AB");
        assert!(marks_differ());
    }

    #[test]
    fn limits_resolve_as_kubernetes_does() {
        // scenarios.md 2.1: surge rounds up, unavailable rounds down.
        let expected = [
            (1, 1, 0),
            (2, 1, 0),
            (3, 1, 0),
            (4, 1, 1),
            (5, 2, 1),
            (6, 2, 1),
            (7, 2, 1),
            (8, 2, 2),
            (9, 3, 2),
            (10, 3, 2),
            (15, 4, 3),
        ];
        for (replicas, surge, unavailable) in expected {
            let d = rollout_api::json::from_json(&format!(
                r#"{{"kind":"Deployment","spec":{{"replicas":{replicas},"strategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":"25%","maxUnavailable":"25%"}}}}}}}}"#
            ))
            .unwrap();
            let l = Limits::of(&DeploymentView::of(&d));
            assert_eq!((l.surge, l.unavailable), (surge, unavailable), "{replicas}");
            assert_eq!(
                (l.ceiling(), l.floor()),
                (replicas + surge, replicas - unavailable)
            );
        }
    }
}
