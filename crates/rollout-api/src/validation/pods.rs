//! Pods. Mirrors `ValidatePodCreate` and `ValidatePodUpdate`, pkg/apis/core/validation/validation.go.

use super::containers::validate_container_only_for_pod;
use super::errors::Errors;
use super::meta::{items, sub, text, validate_object_meta, validate_object_meta_update};
use super::names;
use super::path::Path;
use super::pod_spec::{
    PodOptions, validate_pod_annotations, validate_pod_spec, validate_profile_annotations,
};
use crate::value::Value;

/// Mirrors `ValidatePodCreate`.
pub fn validate_pod(pod: &Value, e: &mut Errors) {
    let none = Value::object();
    let (meta, spec) = (
        sub(pod, "metadata").unwrap_or(&none),
        sub(pod, "spec").unwrap_or(&none),
    );
    validate_pod_metadata_and_spec(pod, meta, spec, e);
    let path = Path::root("spec");
    if !items(spec, "ephemeralContainers").is_empty() {
        e.forbidden(
            &path.child("ephemeralContainers"),
            "cannot be set on create",
        );
    }
    if !text(spec, "nodeName").is_empty() && !items(spec, "schedulingGates").is_empty() {
        e.forbidden(
            &path.child("nodeName"),
            "cannot be set until all schedulingGates have been cleared",
        );
    }
    validate_profile_annotations(meta, spec, &path, e);
}

fn validate_pod_metadata_and_spec(pod: &Value, meta: &Value, spec: &Value, e: &mut Errors) {
    let path = Path::root("spec");
    validate_object_meta(pod, true, names::is_dns1123_subdomain, e);
    validate_pod_annotations(meta, spec, &Path::root("metadata").child("annotations"), e);
    validate_pod_spec(
        spec,
        Some(text(meta, "name")),
        PodOptions { is_pod: true },
        &path,
        e,
    );
    if text(spec, "serviceAccountName").is_empty() {
        let volumes_at = path.child("volumes");
        for (i, volume) in items(spec, "volumes").iter().enumerate() {
            let volume_at = volumes_at.index(i);
            let projected_at = volume_at.child("projected");
            let sources_at = projected_at.child("sources");
            for (i, source) in volume.list_at("projected.sources").iter().enumerate() {
                if sub(source, "serviceAccountToken").is_some() {
                    let at = sources_at.index(i);
                    let detail = "must not be specified when serviceAccountName is not set";
                    e.forbidden(&at.child("serviceAccountToken"), detail);
                }
            }
        }
    }
    for key in ["containers", "initContainers"] {
        let at = path.child(key);
        for (i, c) in items(spec, key).iter().enumerate() {
            validate_container_only_for_pod(c, &at.index(i), e);
        }
    }
}

/// Mirrors `ValidatePodUpdate`.
/// Differs: the refusal of other changes ends without Go's diff of the two specs.
pub fn validate_pod_update(new: &Value, old: &Value, e: &mut Errors) {
    let none = Value::object();
    let (meta, spec) = (
        sub(new, "metadata").unwrap_or(&none),
        sub(new, "spec").unwrap_or(&none),
    );
    let before = sub(old, "spec").unwrap_or(&none);
    validate_object_meta_update(new, old, e);
    validate_pod_metadata_and_spec(new, meta, spec, e);
    validate_pod_annotations(meta, spec, &Path::root("metadata").child("annotations"), e);
    let path = Path::root("spec");
    for key in ["containers", "initContainers"] {
        let at = path.child(key);
        if items(spec, key).len() != items(before, key).len() {
            return e.forbidden(&at, "pod updates may not add or remove containers");
        }
        for (i, c) in items(spec, key).iter().enumerate() {
            let at = at.index(i);
            if text(c, "image").is_empty() {
                e.required(&at.child("image"), "");
            }
            validate_container_only_for_pod(c, &at, e);
        }
    }
    let deadline_at = path.child("activeDeadlineSeconds");
    match (
        spec.int_at("activeDeadlineSeconds"),
        before.int_at("activeDeadlineSeconds"),
    ) {
        (Some(seconds), _) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            return e.invalid(
                &deadline_at,
                seconds,
                names::inclusive_range(0, i64::from(i32::MAX)),
            );
        }
        (Some(seconds), Some(former)) if former < seconds => {
            return e.invalid(
                &deadline_at,
                seconds,
                "must be less than or equal to previous value",
            );
        }
        (None, Some(_)) => {
            let detail = "must not update from a positive integer to nil value";
            e.invalid(&deadline_at, super::shown::Shown::Nil, detail);
        }
        _ => {}
    }
    let without_seconds = |t: &Value| {
        let mut t = t.clone();
        t.map_mut().remove("tolerationSeconds");
        t
    };
    let kept: Vec<Value> = items(spec, "tolerations")
        .iter()
        .map(without_seconds)
        .collect();
    if items(before, "tolerations")
        .iter()
        .any(|t| !kept.contains(&without_seconds(t)))
    {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        e.forbidden(&path.child("tolerations"), detail);
    }
    let gates = items(before, "schedulingGates");
    for (i, gate) in items(spec, "schedulingGates").iter().enumerate() {
        if !gates.iter().any(|g| text(g, "name") == text(gate, "name")) {
            let gates_at = path.child("schedulingGates");
            let name = text(gate, "name");
            let detail =
                format!("only deletion is allowed, but found new scheduling gate '{name}'");
            e.forbidden(&gates_at.index(i).child("name"), detail);
        }
    }
    if munged(spec, before) != *before {
        let fields = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        e.forbidden(
            &path,
            format!("pod updates may not change fields other than {fields}\n"),
        );
    }
}

/// The new spec with everything that may change put back.
fn munged(spec: &Value, before: &Value) -> Value {
    let mut out = spec.clone();
    for key in ["containers", "initContainers"] {
        for i in 0..items(before, key).len() {
            let path = format!("{key}.{i}.image");
            if let (Some(at), Some(image)) = (out.at_mut(&path), before.at(&path)) {
                *at = image.clone();
            }
        }
    }
    let negative = before
        .int_at("terminationGracePeriodSeconds")
        .is_some_and(|s| s < 0);
    let to_one = spec.int_at("terminationGracePeriodSeconds") == Some(1);
    let mut restore = vec!["activeDeadlineSeconds", "schedulingGates", "tolerations"];
    if negative && to_one {
        restore.push("terminationGracePeriodSeconds");
    }
    for key in restore {
        match before.get(key) {
            Some(v) => {
                out.map_mut().insert(key, v.clone());
            }
            None => {
                out.map_mut().remove(key);
            }
        }
    }
    out
}
