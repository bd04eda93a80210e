//! kubectl's own check of objects in lists, by the API's published schema. Mirrors k8s.io/kube-openapi/pkg/util/proto/validation.

use rollout_api::types::{Schema, Shape, table};
use rollout_api::{Minor, Value};

/// Fields that must be there, by type. The schema's lists, for types a manifest may hold.
const REQUIRED: &[(&str, &[&str])] = &[
    ("v1.DeploymentSpec", &["selector", "template"]),
    ("v1.ReplicaSetSpec", &["selector"]),
    ("v1.DaemonSetSpec", &["selector", "template"]),
    ("v1.StatefulSetSpec", &["selector", "template"]),
    ("v1.PodSpec", &["containers"]),
    ("v1.Container", &["name"]),
    ("v1.ContainerPort", &["containerPort"]),
    ("v1.EnvVar", &["name"]),
    ("v1.VolumeMount", &["name", "mountPath"]),
    ("v1.VolumeDevice", &["name", "devicePath"]),
    ("v1.Volume", &["name"]),
    ("v1.KeyToPath", &["key", "path"]),
    ("v1.ConfigMapKeySelector", &["key"]),
    ("v1.SecretKeySelector", &["key"]),
    ("v1.ObjectFieldSelector", &["fieldPath"]),
    ("v1.ResourceFieldSelector", &["resource"]),
    ("v1.HostPathVolumeSource", &["path"]),
    ("v1.PersistentVolumeClaimVolumeSource", &["claimName"]),
    ("v1.NFSVolumeSource", &["server", "path"]),
    ("v1.HTTPGetAction", &["port"]),
    ("v1.TCPSocketAction", &["port"]),
    ("v1.GRPCAction", &["port"]),
    ("v1.HTTPHeader", &["name", "value"]),
    ("v1.SleepAction", &["seconds"]),
    ("v1.LabelSelectorRequirement", &["key", "operator"]),
    ("v1.NodeSelector", &["nodeSelectorTerms"]),
    ("v1.NodeSelectorRequirement", &["key", "operator"]),
    ("v1.PreferredSchedulingTerm", &["weight", "preference"]),
    ("v1.PodAffinityTerm", &["topologyKey"]),
    ("v1.WeightedPodAffinityTerm", &["weight", "podAffinityTerm"]),
    (
        "v1.TopologySpreadConstraint",
        &["maxSkew", "topologyKey", "whenUnsatisfiable"],
    ),
    ("v1.Sysctl", &["name", "value"]),
    ("v1.PodOS", &["name"]),
    ("v1.PodReadinessGate", &["conditionType"]),
    ("v1.PodSchedulingGate", &["name"]),
    ("v1.SeccompProfile", &["type"]),
    ("v1.ServicePort", &["port"]),
    ("v1.JobSpec", &["template"]),
    ("v1.CronJobSpec", &["schedule", "jobTemplate"]),
    ("v1.RoleRef", &["apiGroup", "kind", "name"]),
    ("v1.PolicyRule", &["verbs"]),
    ("v2.CrossVersionObjectReference", &["kind", "name"]),
    (
        "v2.HorizontalPodAutoscalerSpec",
        &["scaleTargetRef", "maxReplicas"],
    ),
];

/// Types that every group shares.
const META: &[&str] = &[
    "ObjectMeta",
    "LabelSelector",
    "LabelSelectorRequirement",
    "OwnerReference",
    "ManagedFieldsEntry",
];

/// What is wrong with an object, in the schema's words. Kinds the schema does not have are not looked at.
pub fn validate_model(value: &Value, server: Minor) -> Vec<String> {
    let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
    let mut out = Vec::new();
    if rollout_api::kinds::of_object(api_version, kind, server).is_none() {
        return out;
    }
    if let Some(schema) = Schema::of_object(api_version, kind, server) {
        visit(value, schema, kind, "", api_version, &mut out);
    }
    out
}

/// The same for a list of one kind, `DeploymentList` say; kinds the schema does not have are not looked at.
pub fn validate_list(value: &Value, server: Minor) -> Vec<String> {
    let (api_version, list) = (value.str_at("apiVersion"), value.str_at("kind"));
    let mut out = Vec::new();
    let Some(kind) = list.strip_suffix("List") else {
        return out;
    };
    let (Some(_), Some(schema), Value::Map(map)) = (
        rollout_api::kinds::of_object(api_version, kind, server),
        Schema::of_object(api_version, kind, server),
        value,
    ) else {
        return out;
    };
    let own = format!("{}List", model(kind, api_version));
    let mut wrong = |place: &str, got: &Value, expected: &str| {
        out.push(format!(
            "ValidationError({list}.{place}): invalid type for {}: got \"{}\", expected \"{expected}\"",
            if place == "metadata" {
                "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta".to_owned()
            } else {
                format!("{own}.{place}")
            },
            kind_of(got)
        ));
    };
    match map.get("metadata") {
        None | Some(Value::Null | Value::Map(_)) => {}
        Some(other) => wrong("metadata", other, "map"),
    }
    match map.get("items") {
        None | Some(Value::Null) => out.push(format!(
            "ValidationError({list}): missing required field \"items\" in {own}"
        )),
        Some(Value::List(items)) => {
            let path = format!("{list}.items");
            visit_items(items, schema, &path, "", api_version, &mut out);
        }
        Some(other) => wrong("items", other, "array"),
    }
    for (key, _) in map.iter().filter(|(_, v)| !v.is_null()) {
        if !matches!(&**key, "apiVersion" | "kind" | "metadata" | "items") {
            out.push(format!(
                "ValidationError({list}): unknown field \"{key}\" in {own}"
            ));
        }
    }
    out
}

/// The schema's name of a type: `io.k8s.api.apps.v1.DeploymentSpec`.
fn model(name: &str, api_version: &str) -> String {
    let short = name.rsplit('.').next().unwrap_or(name);
    let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
    if META.contains(&short) {
        return format!("io.k8s.apimachinery.pkg.apis.meta.v1.{short}");
    }
    let own: &[&str] = match group {
        "apps" => &[
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
            "DaemonSet",
            "RollingUpdate",
            "ControllerRevision",
        ],
        "batch" => &["Job", "CronJob", "PodFailurePolicy", "SuccessPolicy"],
        "policy" => &["PodDisruptionBudget", "Eviction"],
        "networking.k8s.io" => &[
            "Ingress",
            "NetworkPolicy",
            "HTTPIngress",
            "IPBlock",
            "ServiceBackendPort",
        ],
        "rbac.authorization.k8s.io" => &[
            "Role",
            "ClusterRole",
            "PolicyRule",
            "Subject",
            "Aggregation",
        ],
        "autoscaling" => &[
            "HorizontalPodAutoscaler",
            "CrossVersion",
            "Metric",
            "Resource",
            "HPA",
            "Pods",
            "External",
            "Object",
            "Container",
        ],
        _ => &[],
    };
    if own.iter().any(|p| short.starts_with(p)) {
        let group = group.split('.').next().unwrap_or(group);
        return format!("io.k8s.api.{group}.{version}.{short}");
    }
    format!("io.k8s.api.core.v1.{short}")
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "map",
    }
}

/// Each item of a list. A null in it is said of the list.
fn visit_items(
    items: &[Value],
    schema: Schema,
    path: &str,
    place: &str,
    api_version: &str,
    out: &mut Vec<String>,
) {
    for (i, v) in items.iter().enumerate() {
        if v.is_null() {
            out.push(format!(
                "ValidationError({path}): unknown object type \"nil\" in {path}[{i}]"
            ));
        } else {
            visit(v, schema, &format!("{path}[{i}]"), place, api_version, out);
        }
    }
}

/// `path`: where the value is; `place`: the schema's name for the place.
fn visit(
    value: &Value,
    schema: Schema,
    path: &str,
    place: &str,
    api_version: &str,
    out: &mut Vec<String>,
) {
    let mut wrong = |expected: &str| {
        let got = kind_of(value);
        // A structure has a name of its own in the schema.
        let place = match schema.shape() {
            Shape::Struct(id) => &model(table().structure(id).name, api_version),
            _ => place,
        };
        out.push(format!(
            "ValidationError({path}): invalid type for {place}: got \"{got}\", expected \"{expected}\""
        ));
    };
    if value.is_null() {
        return out.push(format!("unknown object type \"nil\" in {path}"));
    }
    match (schema.shape(), value) {
        (Shape::Struct(id), Value::Map(map)) => {
            let name = table().structure(id).name;
            let own = model(name, api_version);
            for (key, v) in map.iter().filter(|(_, v)| !v.is_null()) {
                match schema.field(key) {
                    Some((field, _)) => {
                        visit(
                            v,
                            field,
                            &format!("{path}.{key}"),
                            &format!("{own}.{key}"),
                            api_version,
                            out,
                        );
                    }
                    None => out.push(format!(
                        "ValidationError({path}): unknown field \"{key}\" in {own}"
                    )),
                }
            }
            let required = REQUIRED
                .iter()
                .find(|(ty, _)| *ty == name)
                .map_or(&[][..], |(_, keys)| *keys);
            for key in required {
                if map.get(key).is_none_or(Value::is_null) {
                    out.push(format!(
                        "ValidationError({path}): missing required field \"{key}\" in {own}"
                    ));
                }
            }
        }
        (Shape::Map(_), Value::Map(map)) => {
            let Some(item) = schema.item() else { return };
            for (key, v) in map.iter() {
                visit(v, item, &format!("{path}.{key}"), place, api_version, out);
            }
        }
        (Shape::List(_), Value::List(items)) => {
            let Some(item) = schema.item() else { return };
            visit_items(items, item, path, place, api_version, out);
        }
        (
            Shape::Struct(_),
            Value::List(_) | Value::Bool(_) | Value::Int(_) | Value::Number(_) | Value::String(_),
        )
        | (
            Shape::Map(_),
            Value::List(_) | Value::Bool(_) | Value::Int(_) | Value::Number(_) | Value::String(_),
        ) => {
            wrong("map");
        }
        (Shape::List(_), _) => wrong("array"),
        // Numbers with a fraction pass for whole ones, and every primitive passes for a text.
        (Shape::Int32 | Shape::Int64, v) if !matches!(v, Value::Int(_) | Value::Number(_)) => {
            wrong("integer")
        }
        (Shape::Bool, v) if !matches!(v, Value::Bool(_)) => wrong("boolean"),
        (
            Shape::String
            | Shape::Bytes
            | Shape::Quantity
            | Shape::IntOrString
            | Shape::Time
            | Shape::MicroTime,
            Value::List(_) | Value::Map(_),
        ) => wrong("string"),
        _ => {}
    }
}
