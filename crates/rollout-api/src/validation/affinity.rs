//! Where a pod may run: affinity, tolerations, spreading. Mirrors `validateAffinity`, `ValidateTolerations` and `validateTopologySpreadConstraints`, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{entries, int, items, sub, text, validate_label_name, validate_label_selector};
use super::names;
use super::path::Path;
use super::shown::Shown;
use crate::value::Value;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Mirrors `validateAffinity`.
pub fn validate_affinity(affinity: &Value, path: &Path<'_>, e: &mut Errors) {
    if let Some(node) = sub(affinity, "nodeAffinity") {
        let at = path.child("nodeAffinity");
        if let Some(selector) = sub(node, REQUIRED) {
            let strict = e.since(33);
            validate_node_selector(selector, strict, &at.child(REQUIRED), e);
        }
        let at = at.child(PREFERRED);
        for (i, term) in items(node, PREFERRED).iter().enumerate() {
            let at = at.index(i);
            validate_weight(term, &at, e);
            if let Some(preference) = sub(term, "preference") {
                validate_node_selector_term(preference, false, &at.child("preference"), e);
            }
        }
    }
    for key in ["podAffinity", "podAntiAffinity"] {
        let Some(pod) = sub(affinity, key) else {
            continue;
        };
        let at = path.child(key);
        let required_at = at.child(REQUIRED);
        for (i, term) in items(pod, REQUIRED).iter().enumerate() {
            validate_pod_affinity_term(term, &required_at.index(i), e);
        }
        let preferred_at = at.child(PREFERRED);
        let none = Value::object();
        for (i, weighted) in items(pod, PREFERRED).iter().enumerate() {
            let at = preferred_at.index(i);
            validate_weight(weighted, &at, e);
            let term = sub(weighted, "podAffinityTerm").unwrap_or(&none);
            validate_pod_affinity_term(term, &at.child("podAffinityTerm"), e);
        }
    }
}

fn validate_weight(term: &Value, path: &Path<'_>, e: &mut Errors) {
    let weight = int(term, "weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        e.invalid(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

/// Mirrors `ValidateNodeSelector`; `strict`: values must be label values.
pub fn validate_node_selector(selector: &Value, strict: bool, path: &Path<'_>, e: &mut Errors) {
    let terms = items(selector, "nodeSelectorTerms");
    let at = path.child("nodeSelectorTerms");
    if terms.is_empty() {
        e.required(&at, "must have at least one node selector term");
    }
    for (i, term) in terms.iter().enumerate() {
        validate_node_selector_term(term, strict, &at.index(i), e);
    }
}

fn validate_node_selector_term(term: &Value, strict: bool, path: &Path<'_>, e: &mut Errors) {
    let at = path.child("matchExpressions");
    for (i, r) in items(term, "matchExpressions").iter().enumerate() {
        validate_node_selector_requirement(r, strict, &at.index(i), e);
    }
    let at = path.child("matchFields");
    for (i, r) in items(term, "matchFields").iter().enumerate() {
        validate_node_field_requirement(r, &at.index(i), e);
    }
}

fn validate_node_selector_requirement(r: &Value, strict: bool, path: &Path<'_>, e: &mut Errors) {
    let values = items(r, "values");
    let at = path.child("values");
    let operator = text(r, "operator");
    match operator {
        "In" | "NotIn" => {
            if values.is_empty() {
                e.required(&at, "must be specified when `operator` is 'In' or 'NotIn'");
            }
        }
        "Exists" | "DoesNotExist" => {
            if !values.is_empty() {
                e.forbidden(
                    &at,
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
        }
        "Gt" | "Lt" => {
            if values.len() != 1 {
                e.required(
                    &at,
                    "must be specified single value when `operator` is 'Lt' or 'Gt'",
                );
            }
        }
        _ => e.invalid(
            &path.child("operator"),
            Shown::typed(operator),
            "not a valid selector operator",
        ),
    }
    validate_label_name(text(r, "key"), &path.child("key"), e);
    if strict {
        for (i, v) in values.iter().enumerate() {
            let v = v.as_str().unwrap_or("");
            e.invalid_each(&at.index(i), v, names::is_valid_label_value(v, e.version));
        }
    }
}

fn validate_node_field_requirement(r: &Value, path: &Path<'_>, e: &mut Errors) {
    let values = items(r, "values");
    let at = path.child("values");
    let operator = text(r, "operator");
    match operator {
        "In" | "NotIn" => {
            if values.len() != 1 {
                e.required(&at, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
            }
        }
        _ => e.invalid(
            &path.child("operator"),
            Shown::typed(operator),
            "not a valid selector operator",
        ),
    }
    let key = text(r, "key");
    if key == "metadata.name" {
        for (i, v) in values.iter().enumerate() {
            let v = v.as_str().unwrap_or("");
            e.invalid_each(&at.index(i), v, names::is_dns1123_subdomain(v));
        }
    } else {
        e.invalid(&path.child("key"), key, "not a valid field selector key");
    }
}

fn validate_pod_affinity_term(term: &Value, path: &Path<'_>, e: &mut Errors) {
    let selector = sub(term, "labelSelector");
    validate_label_selector(selector, &path.child("labelSelector"), e);
    validate_label_selector(
        sub(term, "namespaceSelector"),
        &path.child("namespaceSelector"),
        e,
    );
    for name in items(term, "namespaces") {
        let name = name.as_str().unwrap_or("");
        e.invalid_each(
            &path.child("namespace"),
            name,
            names::is_dns1123_label(name),
        );
    }
    validate_match_label_keys(term, selector, path, e);
    let topology = text(term, "topologyKey");
    if topology.is_empty() {
        e.required(&path.child("topologyKey"), "can not be empty");
    }
    validate_label_name(topology, &path.child("topologyKey"), e);
}

/// Mirrors `validateMatchLabelKeysAndMismatchLabelKeys`.
fn validate_match_label_keys(
    term: &Value,
    selector: Option<&Value>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let keys = |key| {
        items(term, key)
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
    };
    let (matching, mismatching) = (keys("matchLabelKeys"), keys("mismatchLabelKeys"));
    for (name, list) in [
        ("matchLabelKeys", &matching),
        ("mismatchLabelKeys", &mismatching),
    ] {
        let at = path.child(name);
        if list.is_empty() {
            continue;
        }
        if selector.is_none() {
            e.forbidden(&at, "must not be specified when labelSelector is not set");
            continue;
        }
        for (i, key) in list.iter().enumerate() {
            validate_label_name(key, &at.index(i), e);
        }
    }
    if let Some(selector) = selector {
        let mut seen: Vec<&str> = entries(selector.get("matchLabels"))
            .map(|(k, _)| k)
            .collect();
        for r in items(selector, "matchExpressions") {
            let key = text(r, "key");
            if let Some(i) = matching.iter().rposition(|k| *k == key)
                && seen.contains(&key)
            {
                e.invalid(
                    &path.index(i),
                    key,
                    "exists in both matchLabelKeys and labelSelector",
                );
            }
            seen.push(key);
        }
    }
    let at = path.child("matchLabelKeys");
    for (i, key) in matching.iter().enumerate() {
        if mismatching.contains(key) {
            e.invalid(
                &at.index(i),
                *key,
                "exists in both matchLabelKeys and mismatchLabelKeys",
            );
        }
    }
}

/// Mirrors `ValidateTolerations`.
pub fn validate_tolerations(tolerations: &[Value], path: &Path<'_>, e: &mut Errors) {
    for (i, t) in tolerations.iter().enumerate() {
        let at = path.index(i);
        let (key, operator, value, effect) = (
            text(t, "key"),
            text(t, "operator"),
            text(t, "value"),
            text(t, "effect"),
        );
        let operator_at = at.child("operator");
        if !key.is_empty() {
            validate_label_name(key, &at.child("key"), e);
        }
        if key.is_empty() && operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            e.invalid(&operator_at, Shown::typed(operator), detail);
        }
        if sub(t, "tolerationSeconds").is_some() && effect != "NoExecute" {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            e.invalid(&at.child("effect"), Shown::typed(effect), detail);
        }
        match operator {
            "Equal" | "" => {
                let complaints = names::is_valid_label_value(value, e.version);
                if !complaints.is_empty() {
                    let list: Vec<&str> = complaints.iter().map(|c| c.as_str()).collect();
                    e.invalid(&operator_at, value, list.join(";"));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    e.invalid(
                        &operator_at,
                        value,
                        "value must be empty when `operator` is 'Exists'",
                    );
                }
            }
            _ => e.not_supported(&operator_at, Shown::typed(operator), &["Equal", "Exists"]),
        }
        if !effect.is_empty() {
            e.one_of(
                &at.child("effect"),
                effect,
                &["NoSchedule", "PreferNoSchedule", "NoExecute"],
            );
        }
    }
}

/// Mirrors `validateTopologySpreadConstraints`.
pub fn validate_topology_spread_constraints(
    constraints: &[Value],
    path: &Path<'_>,
    e: &mut Errors,
) {
    for (i, c) in constraints.iter().enumerate() {
        let at = path.index(i);
        let skew = int(c, "maxSkew").unwrap_or(0);
        if skew <= 0 {
            e.invalid(&at.child("maxSkew"), skew, "must be greater than zero");
        }
        let (topology, action) = (text(c, "topologyKey"), text(c, "whenUnsatisfiable"));
        if topology.is_empty() {
            e.required(&at.child("topologyKey"), "can not be empty");
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
            let choices = ["DoNotSchedule", "ScheduleAnyway"];
            e.not_supported(
                &at.child("whenUnsatisfiable"),
                Shown::typed(action),
                &choices,
            );
        }
        let same = |o: &Value| {
            text(o, "topologyKey") == topology && text(o, "whenUnsatisfiable") == action
        };
        if constraints.iter().skip(i + 1).any(same) {
            let pair = format!("{{{topology}, {action}}}");
            e.duplicate(&at.child("{topologyKey, whenUnsatisfiable}"), pair);
        }
        if let Some(domains) = int(c, "minDomains") {
            let at = at.child("minDomains");
            if domains <= 0 {
                e.invalid(&at, domains, "must be greater than zero");
            }
            if action != "DoNotSchedule" {
                let detail = format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                );
                e.invalid(&at, domains, detail);
            }
        }
        for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if let Some(policy) = sub(c, key).and_then(Value::as_str)
                && !["Honor", "Ignore"].contains(&policy)
            {
                e.not_supported(&at.child(key), Shown::typed(policy), &["Honor", "Ignore"]);
            }
        }
        let selector = sub(c, "labelSelector");
        validate_spread_label_keys(c, selector, &at.child("matchLabelKeys"), e);
        validate_label_selector(selector, &at.child("labelSelector"), e);
    }
}

fn validate_spread_label_keys(
    c: &Value,
    selector: Option<&Value>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let keys = items(c, "matchLabelKeys");
    if keys.is_empty() {
        return;
    }
    let mut taken: Vec<&str> = Vec::new();
    match selector {
        Some(s) => {
            taken.extend(entries(s.get("matchLabels")).map(|(k, _)| k));
            taken.extend(items(s, "matchExpressions").iter().map(|r| text(r, "key")));
        }
        None => e.forbidden(path, "must not be specified when labelSelector is not set"),
    }
    for (i, key) in keys.iter().enumerate() {
        let key = key.as_str().unwrap_or("");
        validate_label_name(key, &path.index(i), e);
        if taken.contains(&key) {
            e.invalid(
                &path.index(i),
                key,
                "exists in both matchLabelKeys and labelSelector",
            );
        }
    }
}
