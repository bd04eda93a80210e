//! What admission adds to new pods: the service account with its token, tolerations, priority.

use super::write::metadata;
use crate::config::NodeSide;
use crate::rng::{NAME_ALPHABET, Stream};
use crate::volumes::STORAGE_CLASS;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Value, object};
use std::rc::Rc;

const PRIORITY_CLASS: Kind = Kind("PriorityClass");
/// The classes that every cluster has.
const SYSTEM_CLASSES: [(&str, i64); 2] = [
    ("system-cluster-critical", 2_000_000_000),
    ("system-node-critical", 2_000_001_000),
];
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

impl World {
    /// Mirrors the admission plugins ServiceAccount, Priority and DefaultTolerationSeconds.
    pub(super) fn admit_pod(&mut self, pod: &mut Value) -> Result<(), ApiError> {
        self.default_limits(pod);
        self.priority(pod)?;
        self.runtime_class(pod)?;
        default_toleration_seconds(pod);
        // The cluster of the recordings has no service accounts.
        if !matches!(self.config.node_side, NodeSide::Scripted(_)) {
            self.service_account(pod);
        }
        Ok(())
    }

    /// Mirrors the admission plugin DefaultStorageClass: of several default classes the newest.
    pub(super) fn default_storage_class(&self, claim: &mut Value) {
        if claim.at("spec.storageClassName").is_some() {
            return;
        }
        let default = |c: &&Rc<Object>| {
            c.meta
                .annotation("storageclass.kubernetes.io/is-default-class")
                == Some("true")
        };
        let newest = self
            .store
            .list(STORAGE_CLASS)
            .filter(default)
            .max_by_key(|c| (c.meta.creation, std::cmp::Reverse(c.meta.name.clone())));
        if let Some(class) = newest {
            claim.set("spec.storageClassName", &class.meta.name);
        }
    }

    /// Mirrors `admitPod`, plugin/pkg/admission/priority/admission.go.
    fn priority(&mut self, pod: &mut Value) -> Result<(), ApiError> {
        let class = pod.str_at("spec.priorityClassName");
        let found = if class.is_empty() {
            // The class for all others: of several the one with the lowest value.
            let all = self.store.list(PRIORITY_CLASS);
            all.filter(|c| c.value.bool_at("globalDefault"))
                .min_by_key(|c| c.value.int_at("value"))
        } else {
            self.store
                .get(&ObjectKey::new(PRIORITY_CLASS, "", Str::copy(class)))
        };
        let built_in = SYSTEM_CLASSES.iter().find(|(name, _)| *name == class);
        let (name, value, policy) = match (found, built_in) {
            (Some(class), _) => (
                class.meta.name.clone(),
                class.value.int_at("value").unwrap_or(0),
                class.value.shared_str_at("preemptionPolicy"),
            ),
            (None, Some((name, value))) => (Str::Static(name), *value, None),
            (None, None) if class.is_empty() => (Str::default(), 0, None),
            (None, None) => {
                let why = format!("no PriorityClass with name {class} was found");
                let name = pod.str_at("metadata.name");
                return Err(super::forbidden(Kind::POD, name, &why));
            }
        };
        let policy = policy.unwrap_or(Str::Static("PreemptLowerPriority"));
        let given = pod.int_at("spec.priority").filter(|n| *n != value);
        let given_policy = pod.str_at("spec.preemptionPolicy");
        let (what, given, computed) = match given {
            Some(given) => (
                "integer value of priority",
                given.to_string(),
                value.to_string(),
            ),
            None if !given_policy.is_empty() && given_policy != policy.as_str() => (
                "string value of PreemptionPolicy",
                given_policy.to_owned(),
                policy.to_string(),
            ),
            None => Default::default(),
        };
        if !what.is_empty() {
            let why = format!(
                "the {what} ({given}) must not be provided in pod spec; priority admission controller computed {computed} from the given PriorityClass name"
            );
            return Err(super::forbidden(
                Kind::POD,
                pod.str_at("metadata.name"),
                &why,
            ));
        }
        let spec = pod.map_mut().entry("spec", Value::object).map_mut();
        if !name.is_empty() {
            spec.insert("priorityClassName", name);
        }
        spec.insert("priority", value);
        spec.insert("preemptionPolicy", policy);
        Ok(())
    }

    /// Mirrors `prepareObjects`, plugin/pkg/admission/runtimeclass/admission.go.
    /// Differs: what a class asks for besides (overhead, nodes) is left out.
    fn runtime_class(&self, pod: &Value) -> Result<(), ApiError> {
        let class = pod.str_at("spec.runtimeClassName");
        let key = ObjectKey::new(Kind("RuntimeClass"), "", Str::copy(class));
        if pod.at("spec.runtimeClassName").is_none() || self.store.get(&key).is_some() {
            return Ok(());
        }
        let why = format!("pod rejected: RuntimeClass \"{class}\" not found");
        Err(super::forbidden(
            Kind::POD,
            pod.str_at("metadata.name"),
            &why,
        ))
    }

    fn service_account(&mut self, pod: &mut Value) {
        let spec = pod.map_mut().entry("spec", Value::object).map_mut();
        let account = match spec.get("serviceAccountName").and_then(Value::as_str) {
            Some(name) if !name.is_empty() => Str::copy(name),
            _ => Str::Static("default"),
        };
        spec.insert("serviceAccountName", account.clone());
        spec.insert("serviceAccount", account);
        if spec.get("automountServiceAccountToken") == Some(&Value::Bool(false)) {
            return;
        }
        let mut volume = String::from("kube-api-access-");
        for _ in 0..5 {
            volume.push(char::from(
                NAME_ALPHABET[self.rng.below(Stream::Other, 27) as usize],
            ));
        }
        let volume = Str::from(volume);
        let mut used = false;
        for list in ["initContainers", "containers"] {
            let Some(containers) = spec.get_mut(list) else {
                continue;
            };
            for container in containers.list_mut() {
                let mounts = container
                    .map_mut()
                    .entry("volumeMounts", || Value::list(Vec::new()));
                if mounts
                    .as_list()
                    .iter()
                    .any(|m| m.str_at("mountPath") == TOKEN_PATH)
                {
                    continue;
                }
                mounts.list_mut().push(
                    object! { "mountPath" => TOKEN_PATH, "name" => &volume, "readOnly" => true },
                );
                used = true;
            }
        }
        if used {
            spec.entry("volumes", || Value::list(Vec::new()))
                .list_mut()
                .push(token_volume(&volume));
        }
    }

    /// A name from a prefix. Mirrors `simpleNameGenerator`, apiserver/pkg/storage/names/generate.go.
    pub(super) fn generate_name(&mut self, prefix: &str) -> Str {
        let cut = prefix
            .char_indices()
            .nth(58)
            .map_or(prefix.len(), |(i, _)| i);
        Str::concat(&[&prefix[..cut], &self.rng.suffix(5)])
    }
}

/// Parts that are alike in most pods: made once, shared by all.
struct Parts {
    tolerations: Value,
    token: Value,
}

thread_local! {
    static PARTS: Parts = Parts {
        tolerations: Value::list(NODE_PROBLEMS.iter().map(|key| toleration(key)).collect()),
        token: token_sources(),
    };
}

const NODE_PROBLEMS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

fn toleration(key: &'static str) -> Value {
    object! { "effect" => "NoExecute", "key" => key, "operator" => "Exists", "tolerationSeconds" => 300 }
}

fn default_toleration_seconds(pod: &mut Value) {
    let spec = pod.map_mut().entry("spec", Value::object).map_mut();
    let own = spec.get("tolerations").map_or(&[][..], Value::as_list);
    if own.is_empty() {
        spec.insert("tolerations", PARTS.with(|p| p.tolerations.clone()));
        return;
    }
    let tolerates = |t: &Value, key: &str| {
        let own = t.str_at("key");
        (own == key || own.is_empty()) && matches!(t.str_at("effect"), "NoExecute" | "")
    };
    let mut all = own.to_vec();
    for key in NODE_PROBLEMS {
        if !own.iter().any(|t| tolerates(t, key)) {
            all.push(toleration(key));
        }
    }
    spec.insert("tolerations", all);
}

fn token_volume(name: &Str) -> Value {
    object! { "name" => name, "projected" => PARTS.with(|p| p.token.clone()) }
}

fn token_sources() -> Value {
    let token = object! { "expirationSeconds" => 3607, "path" => "token" };
    let ca = object! {
        "items" => vec![object! { "key" => "ca.crt", "path" => "ca.crt" }],
        "name" => "kube-root-ca.crt",
    };
    let field = object! { "apiVersion" => "v1", "fieldPath" => "metadata.namespace" };
    let namespace =
        object! { "items" => vec![object! { "fieldRef" => field, "path" => "namespace" }] };
    object! {
        "defaultMode" => 420,
        "sources" => vec![
            object! { "serviceAccountToken" => token },
            object! { "configMap" => ca },
            object! { "downwardAPI" => namespace },
        ],
    }
}

/// What a pod's requests lack, its limits say; what its quality of service is.
pub(super) fn pod_defaults(pod: &mut Value) {
    let spec = pod.map_mut().entry("spec", Value::object).map_mut();
    spec.entry("enableServiceLinks", || true.into());
    for list in ["initContainers", "containers"] {
        let Some(containers) = spec.get_mut(list) else {
            continue;
        };
        let lacking = |c: &Value| {
            let limits = c
                .get("resources")
                .and_then(|r| r.get("limits"))
                .and_then(Value::as_map);
            let requests = c.get("resources").and_then(|r| r.get("requests"));
            limits.is_some_and(|l| {
                l.iter()
                    .any(|(k, _)| requests.and_then(|r| r.get(k)).is_none())
            })
        };
        if !containers.as_list().iter().any(lacking) {
            continue;
        }
        for container in containers.list_mut() {
            let Some(limits) = container
                .get("resources")
                .and_then(|r| r.get("limits"))
                .cloned()
            else {
                continue;
            };
            let resources = container
                .map_mut()
                .entry("resources", Value::object)
                .map_mut();
            let requests = resources.entry("requests", Value::object).map_mut();
            for (name, amount) in limits.as_map().into_iter().flat_map(rollout_api::Map::iter) {
                requests.entry(name.clone(), || amount.clone());
            }
        }
    }
    let class = qos_class(pod);
    let status = pod.map_mut().entry("status", Value::object).map_mut();
    status.entry("phase", || "Pending".into());
    status.insert("qosClass", class);
    metadata(pod);
}

/// Mirrors `ComputePodQOS`, pkg/apis/core/v1/helper/qos/qos.go.
fn qos_class(pod: &Value) -> &'static str {
    let containers: Vec<&Value> = pod
        .list_at("spec.containers")
        .iter()
        .chain(pod.list_at("spec.initContainers"))
        .collect();
    let get = |c: &Value, field: &str, name: &str| {
        let amount = c
            .get("resources")
            .and_then(|r| r.get(field))
            .and_then(|f| f.get(name))?;
        rollout_api::quantity::Quantity::of(amount).filter(|q| !q.is_zero())
    };
    let mut any = false;
    let mut guaranteed = true;
    for c in containers {
        for name in ["cpu", "memory"] {
            let (request, limit) = (get(c, "requests", name), get(c, "limits", name));
            any = any || request.is_some() || limit.is_some();
            guaranteed = guaranteed
                && match (&request, &limit) {
                    (Some(r), Some(l)) => r.compare(l).is_eq(),
                    _ => false,
                };
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
