//! What the API server adds to an object that is created or changed: defaults, conversion, dropped fields.
//!
//! Works on decoded objects (`decode`), in which fields that Go always writes are there already.

mod gates;
mod kinds;
mod pod;

pub use gates::drop_disabled_fields;
pub use kinds::{autoscaler_to_v1, generate_job_selector};
pub use pod::{Of, admit_pod, qos_class, set_pod_spec_defaults};

use crate::kinds::Resource;
use crate::quantity::Quantity;
use crate::value::{Map, Str, Value};
use crate::version::Minor;

/// Makes a decoded object what the server would store: defaults, conversion there and back, and without the fields
/// whose feature gates are off.
///
/// Differs: `managedFields` are not kept.
pub fn complete(object: &mut Value, resource: &Resource, minor: Minor) {
    object.remove("metadata.managedFields");
    if let Some(template) = pod_template(object, resource) {
        template.remove("metadata.managedFields");
    }
    set_defaults(object, resource, minor);
    convert(object, resource);
    drop_disabled_fields(object, resource, minor);
}

/// Mirrors the SetObjectDefaults functions, pkg/apis/*/v1/zz_generated.defaults.go.
pub fn set_defaults(object: &mut Value, resource: &Resource, minor: Minor) {
    kinds::set_defaults(object, resource, minor);
}

/// What changes by the conversion to the internal type and back.
///
/// Mirrors pkg/apis/core/v1/conversion.go.
fn convert(object: &mut Value, resource: &Resource) {
    if let Some(template) = pod_template(object, resource) {
        pod::convert_template(template);
    }
    if resource.kind.0 == "Secret" {
        kinds::merge_string_data(object);
    }
}

/// The pod template of an object (a Pod is one itself), with `metadata` and `spec`.
pub fn pod_template<'a>(object: &'a mut Value, resource: &Resource) -> Option<&'a mut Value> {
    match resource.kind.0 {
        "Deployment"
        | "ReplicaSet"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "ReplicationController" => object.at_mut("spec.template"),
        "CronJob" => object.at_mut("spec.jobTemplate.spec.template"),
        "PodTemplate" => object.at_mut("template"),
        "Pod" => Some(object),
        _ => None,
    }
}

/// Sets a field that is absent or null: a pointer, list or map without a value.
fn if_nil(map: &mut Map, key: &'static str, value: impl Into<Value>) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key, value);
    }
}

/// Sets a field that has its type's zero: text, number.
fn if_empty(map: &mut Map, key: &'static str, value: impl Into<Value>) {
    if map.get(key).is_none_or(Value::is_empty) {
        map.insert(key, value);
    }
}

/// Does something with an object in a field, if it is there.
fn with(map: &mut Map, key: &str, f: impl FnOnce(&mut Map)) {
    if let Some(value @ Value::Map(_)) = map.get_mut(key) {
        f(value.map_mut());
    }
}

/// Does something with every object of a list in a field.
fn each(map: &mut Map, key: &str, mut f: impl FnMut(&mut Map)) {
    if let Some(list @ Value::List(_)) = map.get_mut(key) {
        for item in list.list_mut() {
            if let Value::Map(_) = item {
                f(item.map_mut());
            }
        }
    }
}

fn text<'a>(map: &'a Map, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or("")
}

/// Rounds the quantities of a list away from zero to thousandths.
///
/// Mirrors SetDefaults_ResourceList, pkg/apis/core/v1/defaults.go.
fn round_resources(map: &mut Map, key: &str) {
    with(map, key, |list| {
        for (_, value) in list.iter_mut() {
            if let Some(mut q) = Quantity::of(value) {
                q.round_to_milli();
                *value = Value::String(Str::from(q.stored().to_string()));
            }
        }
    });
}

/// Rounds `limits` and `requests`.
fn round_requirements(map: &mut Map, key: &str) {
    with(map, key, |resources| {
        round_resources(resources, "limits");
        round_resources(resources, "requests");
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;
    use crate::kinds;

    fn completed(text: &str) -> Value {
        let value = from_json(text).unwrap();
        let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
        let resource = kinds::of_object(api_version, kind, Minor(32)).unwrap();
        let mut object = crate::decode::decode(&value, api_version, kind, Minor(32))
            .unwrap()
            .value;
        complete(&mut object, resource, Minor(32));
        object
    }

    #[test]
    fn autoscalers_of_the_old_version() {
        let old = completed(
            r#"{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"a"},
            "spec":{"maxReplicas":5,"scaleTargetRef":{"kind":"Deployment","name":"a"},"targetCPUUtilizationPercentage":60}}"#,
        );
        let new = completed(
            r#"{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"a"},
            "spec":{"maxReplicas":5,"minReplicas":1,"scaleTargetRef":{"kind":"Deployment","name":"a"},"metrics":[
            {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}]}}"#,
        );
        assert_eq!(old, new);
    }

    #[test]
    fn secrets_take_plain_text() {
        let secret = completed(
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{"x":"b2xk","y":"eQ=="},"stringData":{"x":"new"}}"#,
        );
        assert_eq!(
            secret.get("data").unwrap(),
            &from_json(r#"{"x":"bmV3","y":"eQ=="}"#).unwrap()
        );
        assert_eq!(
            (secret.str_at("type"), secret.get("stringData")),
            ("Opaque", None)
        );
    }

    #[test]
    fn completing_twice_changes_nothing() {
        for text in [
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":
            [{"name":"a","image":"nginx","resources":{"limits":{"cpu":"0.0001"}},"livenessProbe":{"httpGet":{"port":80}}}],
            "serviceAccount":"x","volumes":[{"name":"v"},{"name":"i","image":{"reference":"a"}}]}}}}"#,
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80}],"type":"LoadBalancer"}}"#,
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}"#,
            r#"{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"a"},"spec":{}}"#,
        ] {
            let once = completed(text);
            let again = completed(&crate::json::to_json(&once));
            assert_eq!(once, again);
        }
    }

    #[test]
    fn jobs_get_their_selector() {
        let mut job = from_json(
            r#"{"metadata":{"name":"j","uid":"u-1"},"spec":{"template":{"metadata":{}}}}"#,
        )
        .unwrap();
        generate_job_selector(&mut job);
        assert_eq!(
            job.at("spec.selector.matchLabels")
                .unwrap()
                .get("batch.kubernetes.io/controller-uid")
                .unwrap()
                .as_str(),
            Some("u-1")
        );
        assert_eq!(
            job.at("spec.template.metadata.labels")
                .and_then(Value::as_map)
                .map(Map::len),
            Some(4)
        );
    }
}
