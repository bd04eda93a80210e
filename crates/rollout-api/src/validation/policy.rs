//! Disruption budgets and autoscalers. Mirrors pkg/apis/policy/validation/validation.go and pkg/apis/autoscaling/validation/validation.go.

use super::apps::{validate_not_more_than_100_percent, validate_positive_int_or_percent};
use super::errors::Errors;
use super::meta::{
    int, items, sub, text, validate_dns1123_label, validate_label_selector, validate_object_meta,
};
use super::names;
use super::path::Path;
use super::resources::{is_positive, quantity_tree, sent, validate_container_resource_name};
use super::shown::{Shown, Tree, field};
use crate::value::{Str, Value};

/// Mirrors `ValidatePodDisruptionBudget`.
pub fn validate_pod_disruption_budget(object: &Value, e: &mut Errors) {
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let (min, max) = (sub(spec, "minAvailable"), sub(spec, "maxUnavailable"));
    if min.is_some() && max.is_some() {
        let pointer = |v| Tree::pointer("intstr.IntOrString", v, |v| Tree::int_or_string(Some(v)));
        let shown = Tree::Struct(
            "policy.PodDisruptionBudgetSpec",
            vec![
                field("MinAvailable", pointer(min)),
                field(
                    "Selector",
                    Tree::pointer(
                        "v1.LabelSelector",
                        sub(spec, "selector"),
                        Tree::label_selector,
                    ),
                ),
                field("MaxUnavailable", pointer(max)),
                field(
                    "UnhealthyPodEvictionPolicy",
                    Tree::scalar_pointer(
                        "policy.UnhealthyPodEvictionPolicyType",
                        spec.get("unhealthyPodEvictionPolicy"),
                    ),
                ),
            ],
        );
        e.invalid(
            &path,
            shown,
            "minAvailable and maxUnavailable cannot be both set",
        );
    }
    for (key, v) in [("minAvailable", min), ("maxUnavailable", max)] {
        if v.is_some() {
            validate_positive_int_or_percent(v, &path.child(key), e);
            validate_not_more_than_100_percent(v, &path.child(key), e);
        }
    }
    validate_label_selector(sub(spec, "selector"), &path.child("selector"), e);
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    if let Some(policy) = sub(spec, "unhealthyPodEvictionPolicy").and_then(Value::as_str)
        && !policies.contains(&policy)
    {
        e.not_supported(
            &path.child("unhealthyPodEvictionPolicy"),
            Shown::typed(policy),
            &policies,
        );
    }
}

/// Mirrors `ValidateHorizontalPodAutoscaler`.
pub fn validate_horizontal_pod_autoscaler(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_horizontal_pod_autoscaler_spec(object, e);
}

/// The spec alone.
pub fn validate_horizontal_pod_autoscaler_spec(object: &Value, e: &mut Errors) {
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let (min, max) = (
        int(spec, "minReplicas"),
        int(spec, "maxReplicas").unwrap_or(0),
    );
    if let Some(min) = min
        && min < 1
    {
        e.invalid(
            &path.child("minReplicas"),
            min,
            "must be greater than or equal to 1",
        );
    }
    let at = path.child("maxReplicas");
    if max < 1 {
        e.invalid(&at, max, "must be greater than 0");
    }
    if min.is_some_and(|min| max < min) {
        e.invalid(&at, max, "must be greater than or equal to `minReplicas`");
    }
    let target_at = path.child("scaleTargetRef");
    let target = sub(spec, "scaleTargetRef").unwrap_or(&none);
    validate_reference(target, &target_at, e);
    let version = text(target, "apiVersion");
    if e.since(34) && !version.contains('/') && text(target, "kind") != "ReplicationController" {
        e.invalid(
            &target_at.child("apiVersion"),
            version,
            "apiVersion must specify API group",
        );
    }
    let metrics_at = path.child("metrics");
    for (i, metric) in items(spec, "metrics").iter().enumerate() {
        validate_metric(metric, &metrics_at.index(i), e);
    }
    let counts = |m: &Value| ["Object", "External"].contains(&text(m, "type"));
    if min == Some(0) && !items(spec, "metrics").iter().any(counts) {
        let detail = "must specify at least one Object or External metric to support scaling to zero replicas";
        e.forbidden(&metrics_at, detail);
    }
    if let Some(percent) = int(spec, "targetCPUUtilizationPercentage")
        && percent < 1
    {
        // The first version of the API is turned into metrics before it is checked.
        let metric_at = metrics_at.index(0);
        let resource_at = metric_at.child("resource");
        let at = resource_at.child("target");
        e.invalid(
            &at.child("averageUtilization"),
            percent,
            "must be greater than 0",
        );
    }
    let behavior_at = path.child("behavior");
    for key in ["scaleUp", "scaleDown"] {
        if let Some(rules) = sub(spec, "behavior").and_then(|b| sub(b, key)) {
            validate_scaling_rules(rules, &behavior_at.child(key), e);
        }
    }
}

/// Mirrors `ValidateCrossVersionObjectReference`.
fn validate_reference(reference: &Value, path: &Path<'_>, e: &mut Errors) {
    for key in ["kind", "name"] {
        let value = text(reference, key);
        if value.is_empty() {
            e.required(&path.child(key), "");
        } else {
            e.invalid_each(
                &path.child(key),
                value,
                names::is_valid_path_segment_name(value),
            );
        }
    }
}

const METRICS: &[(&str, &str)] = &[
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

fn validate_metric(metric: &Value, path: &Path<'_>, e: &mut Errors) {
    let ty = text(metric, "type");
    if ty.is_empty() {
        e.required(&path.child("type"), "must specify a metric source type");
    }
    if !METRICS.iter().any(|(name, _)| *name == ty) {
        let known = [
            "ContainerResource",
            "External",
            "Object",
            "Pods",
            "Resource",
        ];
        e.not_supported(&path.child("type"), Shown::typed(ty), &known);
    }
    let mut present: Vec<&str> = Vec::new();
    for (_, key) in METRICS {
        let Some(source) = sub(metric, key) else {
            continue;
        };
        present.push(key);
        if present.len() == 1 {
            validate_metric_source(key, source, &path.child(key), e);
        }
    }
    let expected = METRICS
        .iter()
        .find(|(name, _)| *name == ty)
        .map_or("", |(_, key)| key);
    if !expected.is_empty() && !present.contains(&expected) {
        e.required(
            &path.child(expected),
            "must populate information for the given metric source",
        );
    }
    if present.len() != 1 {
        for key in present.iter().filter(|k| **k != expected) {
            e.forbidden(
                &path.child(key),
                "must populate the given metric source only",
            );
        }
    }
}

fn validate_metric_source(key: &str, source: &Value, path: &Path<'_>, e: &mut Errors) {
    let none = Value::object();
    let target = sub(source, "target").unwrap_or(&none);
    let target_at = path.child("target");
    let set = |key: &str| sub(target, key).is_some();
    match key {
        "resource" | "containerResource" => {
            let (name, container) = (text(source, "name"), text(source, "container"));
            if name.is_empty() {
                e.required(&path.child("name"), "must specify a resource name");
            } else if key == "containerResource" {
                let at = path.child("name");
                let complaints = names::is_qualified_name(name, e.version);
                if complaints.is_empty() {
                    validate_container_resource_name(name, &at, e);
                } else {
                    e.invalid_each(&at, name, complaints);
                    if !name.contains('/') {
                        let detail = "must be a standard resource for containers";
                        e.invalid(&at, Shown::stringer(name), detail);
                    }
                }
            }
            if key == "containerResource" {
                let at = path.child("container");
                if container.is_empty() {
                    e.required(&at, "must specify a container");
                } else {
                    validate_dns1123_label(container, &at, e);
                }
            }
            validate_metric_target(target, &target_at, e);
            match (set("averageUtilization"), set("averageValue")) {
                (false, false) => {
                    let detail = "must set either a target raw value or a target utilization";
                    e.required(&target_at.child("averageUtilization"), detail);
                }
                (true, true) => {
                    let detail = "may not set both a target raw value and a target utilization";
                    e.forbidden(&target_at.child("averageValue"), detail);
                }
                _ => {}
            }
            return;
        }
        "object" => {
            let object = sub(source, "describedObject").unwrap_or(&none);
            validate_reference(object, &path.child("describedObject"), e);
        }
        _ => {}
    }
    let metric_at = path.child("metric");
    let name = source.str_at("metric.name");
    if name.is_empty() {
        e.required(&metric_at.child("name"), "must specify a metric name");
    } else {
        e.invalid_each(
            &metric_at.child("name"),
            name,
            names::is_valid_path_segment_name(name),
        );
    }
    validate_metric_target(target, &target_at, e);
    let at = target_at.child("averageValue");
    match key {
        "pods" => {
            if !set("averageValue") {
                e.required(&at, "must specify a positive target averageValue");
            }
        }
        "object" => {
            if !set("value") && !set("averageValue") {
                e.required(&at, "must set either a target value or averageValue");
            }
        }
        _ => match (set("value"), set("averageValue")) {
            (false, false) => {
                e.required(
                    &at,
                    "must set either a target value for metric or a per-pod target",
                );
            }
            (true, true) => {
                let detail = "may not set both a target value for metric and a per-pod target";
                e.forbidden(&target_at.child("value"), detail);
            }
            _ => {}
        },
    }
}

fn validate_metric_target(target: &Value, path: &Path<'_>, e: &mut Errors) {
    let ty = text(target, "type");
    if ty.is_empty() {
        e.required(&path.child("type"), "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&ty) {
        let detail = "must be either Utilization, Value, or AverageValue";
        e.invalid(&path.child("type"), Shown::typed(ty), detail);
    }
    for key in ["value", "averageValue"] {
        if let Some(v) = sub(target, key)
            && !is_positive(Some(v))
        {
            let at = path.child(key);
            let shown = quantity_tree(v, true, sent(&at, e));
            e.invalid(&at, shown, "must be positive");
        }
    }
    if let Some(percent) = int(target, "averageUtilization")
        && percent < 1
    {
        e.invalid(
            &path.child("averageUtilization"),
            percent,
            "must be greater than 0",
        );
    }
}

fn validate_scaling_rules(rules: &Value, path: &Path<'_>, e: &mut Errors) {
    if let Some(window) = int(rules, "stabilizationWindowSeconds") {
        let at = path.child("stabilizationWindowSeconds");
        if window < 0 {
            e.invalid(&at, window, "must be greater than or equal to zero");
        }
        if window > 3600 {
            e.invalid(&at, window, "must be less than or equal to 3600");
        }
    }
    if let Some(policy) = sub(rules, "selectPolicy").and_then(Value::as_str)
        && !["Disabled", "Max", "Min"].contains(&policy)
    {
        e.not_supported(
            &path.child("selectPolicy"),
            Shown::typed(policy),
            &["Disabled", "Max", "Min"],
        );
    }
    let at = path.child("policies");
    let policies = items(rules, "policies");
    // An empty list that was sent is not filled by defaults in the real server.
    if policies.is_empty() || sent(&at, e).is_some_and(|l| l.is_empty() && !l.is_null()) {
        e.required(&at, "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        let at = at.index(i);
        let ty = text(policy, "type");
        if !["Percent", "Pods"].contains(&ty) {
            e.not_supported(&at.child("type"), Shown::typed(ty), &["Percent", "Pods"]);
        }
        let (value, period) = (
            int(policy, "value").unwrap_or(0),
            int(policy, "periodSeconds").unwrap_or(0),
        );
        if value <= 0 {
            e.invalid(&at.child("value"), value, "must be greater than zero");
        }
        if period <= 0 {
            e.invalid(
                &at.child("periodSeconds"),
                period,
                "must be greater than zero",
            );
        }
        if period > 1800 {
            e.invalid(
                &at.child("periodSeconds"),
                period,
                "must be less than or equal to 1800",
            );
        }
    }
}

/// The rule for names that only have to fit into a URL.
pub fn any_name(name: &str) -> Vec<Str> {
    names::is_valid_path_segment_name(name)
}
