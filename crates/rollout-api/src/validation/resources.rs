//! Resource names and quantities of containers. Mirrors the second half of pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{entries, items, sub, text, validate_dns1123_label};
use super::names;
use super::path::Path;
use super::shown::{ADDRESS, Shown, Tree};
use crate::Order;
use crate::gofmt::quote;
use crate::quantity::Quantity;
use crate::value::{Str, Value};

/// Which list of resource names counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resources {
    /// Of a container.
    Container,
    /// Of the whole pod.
    Pod,
}

const QUOTA_RESOURCES: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];
const INTEGER_RESOURCES: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Pages of a certain size.
pub fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}
fn is_extended(name: &str, e: &Errors) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::is_qualified_name(&format!("requests.{name}"), e.version).is_empty()
}
/// Mirrors `IsOvercommitAllowed`.
pub fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}
fn is_integer(name: &str, e: &Errors) -> bool {
    INTEGER_RESOURCES.contains(&name) || is_extended(name, e)
}
/// Does a quota know the name?
pub fn is_standard_quota(name: &str) -> bool {
    QUOTA_RESOURCES.contains(&name) || is_huge_page(name) || name.starts_with("requests.hugepages-")
}

/// Mirrors `validateResourceName`.
pub fn validate_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) -> bool {
    let complaints = names::is_qualified_name(name, e.version);
    if !complaints.is_empty() {
        for message in complaints {
            e.invalid(path, Shown::stringer(name), message);
        }
        return false;
    }
    if !name.contains('/') && !is_standard_quota(name) && name != "storage" {
        e.invalid(
            path,
            Shown::stringer(name),
            "must be a standard resource type or fully qualified",
        );
        return false;
    }
    true
}

/// Mirrors `validateContainerResourceName`.
pub fn validate_container_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    validate_resource_name(name, path, e);
    if !name.contains('/') {
        if !(["cpu", "memory", "ephemeral-storage"].contains(&name) || is_huge_page(name)) {
            e.invalid(
                path,
                Shown::stringer(name),
                "must be a standard resource for containers",
            );
        }
    } else if !is_native(name) && !is_extended(name, e) {
        e.invalid(
            path,
            Shown::stringer(name),
            "doesn't follow extended resource name standard",
        );
    }
}

/// Mirrors `ValidateResourceQuotaResourceName`.
pub fn validate_quota_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    validate_resource_name(name, path, e);
    if !name.contains('/') && !is_standard_quota(name) {
        e.invalid(
            path,
            Shown::stringer(name),
            "must be a standard resource for quota",
        );
    }
}

fn validate_pod_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    if validate_resource_name(name, path, e)
        && !(["cpu", "memory"].contains(&name) || is_huge_page(name))
    {
        e.not_supported(
            path,
            Shown::stringer(name),
            &["cpu", "hugepages-", "memory"],
        );
    }
}

/// The text of a quantity.
pub fn quantity(v: &Value) -> Str {
    match v {
        Value::String(s) => s.clone(),
        other => crate::json::to_json(other).into(),
    }
}

fn amount(v: &Value) -> Option<Quantity> {
    Quantity::of(v)
}

/// Is the quantity below zero?
pub fn is_negative(v: &Value) -> bool {
    amount(v).is_some_and(|q| q.sign() < 0)
}

/// Thousandths beyond whole units; a number too large for 64 bits counts, too.
pub fn is_fractional(v: &Value) -> bool {
    amount(v).is_some_and(|q| q.milli_value() % 1000 != 0)
}

/// What the client sent at a place.
pub fn sent<'a>(path: &Path<'_>, e: &'a Errors) -> Option<&'a Value> {
    e.sent.as_ref().and_then(|s| path.find(s))
}

/// `resource.Quantity` in Go's notation, from what the client sent. Once it was written as a text it keeps it.
pub fn quantity_tree(v: &Value, written: bool, sent: Option<&Value>) -> Tree {
    let mut q = amount(sent.unwrap_or(v)).unwrap_or_default();
    q.round_to_milli();
    let format = quote(q.format.name());
    let number = format!("{{value:{}, scale:{}}}", q.value, q.scale);
    let text = quote(&quantity(v));
    let kept = if written { &text } else { "\"\"" };
    let go = match &q.dec {
        Some(_) => return decimal_tree(v),
        None => go_quantity(&number, "nil", kept, &format),
    };
    Tree::Both(go, text)
}

/// The same of a number for which 64 bits were not enough: it is behind a pointer.
pub fn decimal_tree(v: &Value) -> Tree {
    let text = quote(&quantity(v));
    let format = quote(amount(v).unwrap_or_default().format.name());
    let go = go_quantity("{value:0, scale:0}", ADDRESS, &text, &format);
    Tree::Both(go, text)
}

fn go_quantity(number: &str, decimal: &str, text: &str, format: &str) -> String {
    format!(
        "resource.Quantity{{i:resource.int64Amount{number}, d:resource.infDecAmount{{Dec:(*inf.Dec)({decimal})}}, s:{text}, Format:{format}}}"
    )
}

/// Mirrors `ValidateNonnegativeQuantity`.
fn validate_nonnegative_quantity(v: &Value, path: &Path<'_>, e: &mut Errors) {
    if is_negative(v) {
        e.invalid(
            path,
            quantity(v).as_str(),
            "must be greater than or equal to 0",
        );
    }
}

/// Mirrors `ValidatePositiveQuantityValue`.
pub fn validate_positive_quantity(v: &Value, path: &Path<'_>, e: &mut Errors) {
    if amount(v).is_some_and(|q| q.sign() <= 0) {
        e.invalid(path, quantity(v).as_str(), "must be greater than zero");
    }
}

/// Is the quantity above zero?
pub fn is_positive(v: Option<&Value>) -> bool {
    v.and_then(amount).is_some_and(|q| q.sign() > 0)
}

/// Mirrors `ValidateResourceQuantityValue`.
pub fn validate_resource_quantity_value(name: &str, v: &Value, path: &Path<'_>, e: &mut Errors) {
    validate_nonnegative_quantity(v, path, e);
    if is_integer(name, e) && is_fractional(v) {
        let shown = quantity_tree(v, false, sent(path, e));
        e.invalid(path, shown, "must be an integer");
    }
}

fn validate_huge_page_value(name: &str, v: &Value, path: &Path<'_>, e: &mut Errors) {
    let size = name
        .strip_prefix("hugepages-")
        .and_then(|s| Quantity::parse(s).ok());
    let fits = match (size, amount(v)) {
        (Some(size), Some(q)) => {
            size.sign() > 0 && size.milli_value() % 1000 == 0 && q.value() % size.value() == 0
        }
        _ => false,
    };
    if !fits {
        let text = quantity(v);
        e.invalid(
            path,
            text.as_str(),
            format!("{text} is not positive integer multiple of {name}"),
        );
    }
}

/// Mirrors `validateResourceRequirements`.
pub fn validate_resource_requirements(
    v: &Value,
    kind: Resources,
    claims: &[&str],
    path: &Path<'_>,
    e: &mut Errors,
) {
    let (limits_at, requests_at) = (path.child("limits"), path.child("requests"));
    let name_rule = match kind {
        Resources::Container => validate_container_resource_name,
        Resources::Pod => validate_pod_resource_name,
    };
    let (mut compute, mut huge) = (false, false);
    let limits = v.get("limits");
    for (name, q) in entries(limits) {
        let at = limits_at.key(name);
        name_rule(name, &at, e);
        validate_resource_quantity_value(name, q, &at, e);
        if is_huge_page(name) {
            huge = true;
            validate_huge_page_value(name, q, &at, e);
        }
        compute |= name == "cpu" || name == "memory";
    }
    for (name, q) in entries(v.get("requests")) {
        let at = requests_at.key(name);
        name_rule(name, &at, e);
        validate_resource_quantity_value(name, q, &at, e);
        let text = quantity(q);
        match limits.and_then(|l| l.get(name)) {
            Some(limit) => {
                let (Some(a), Some(b)) = (amount(q), amount(limit)) else {
                    continue;
                };
                let order = a.compare(&b);
                let limit = quantity(limit);
                if order.is_ne() && !is_overcommit_allowed(name) {
                    e.invalid(
                        &requests_at,
                        text.as_str(),
                        format!("must be equal to {name} limit of {limit}"),
                    );
                } else if order.is_gt() {
                    let detail = format!("must be less than or equal to {name} limit of {limit}");
                    e.invalid(&requests_at, text.as_str(), detail);
                }
            }
            None if !is_overcommit_allowed(name) => {
                e.required(
                    &limits_at,
                    "Limit must be set for non overcommitable resources",
                );
            }
            None => {}
        }
        if is_huge_page(name) {
            huge = true;
            validate_huge_page_value(name, q, &at, e);
        }
        compute |= name == "cpu" || name == "memory";
    }
    if huge && !compute {
        e.forbidden(path, "HugePages require cpu or memory");
    }
    validate_claim_names(items(v, "claims"), claims, &path.child("claims"), e);
}

fn validate_claim_names(claims: &[Value], known: &[&str], path: &Path<'_>, e: &mut Errors) {
    let mut seen: Vec<String> = Vec::new();
    for (i, claim) in claims.iter().enumerate() {
        let at = path.index(i);
        let (name, request) = (text(claim, "name"), text(claim, "request"));
        if name.is_empty() {
            e.required(&at, "");
            continue;
        }
        if seen.iter().any(|s| s == name) {
            e.duplicate(&at, name);
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                validate_dns1123_label(request, &at.child("request"), e);
                key = format!("{name}/{request}");
            }
            if seen.contains(&key) {
                e.duplicate(&at, key.as_str());
            } else if request.is_empty() {
                let overlaps = seen
                    .iter()
                    .filter(|s| s.split_once('/').is_some_and(|(n, _)| n == name))
                    .count();
                for _ in 0..overlaps {
                    e.duplicate(&at, name);
                }
            }
            seen.push(key);
        }
        if !known.contains(&name) {
            let mut detail = String::from("must be one of the names in pod.spec.resourceClaims");
            if known.is_empty() {
                detail.push_str(" which is empty");
            } else {
                let mut sorted = known.to_vec();
                sorted.order();
                sorted.dedup();
                detail.push_str(": ");
                detail.push_str(&sorted.join(", "));
            }
            e.not_found(&at, name, detail);
        }
    }
}

/// Mirrors `validatePodResources`: resources of the whole pod (1.34 on by default).
pub fn validate_pod_resources(spec: &Value, claims: &[&str], path: &Path<'_>, e: &mut Errors) {
    let Some(resources) = sub(spec, "resources") else {
        return;
    };
    if sub(resources, "claims").is_some() {
        e.forbidden(
            &path.child("claims"),
            "claims cannot be set for Resources at pod-level",
        );
    }
    validate_resource_requirements(resources, Resources::Pod, claims, path, e);
    let requests_at = path.child("requests");
    // Sums of the containers' requests against the pod's.
    let mut names: Vec<&str> = Vec::new();
    for c in items(spec, "containers") {
        names.extend(entries(c.at("resources.requests")).map(|(n, _)| n));
    }
    names.order();
    names.dedup();
    for name in names {
        let parts = items(spec, "containers")
            .iter()
            .filter_map(|c| c.at("resources.requests")?.get(name));
        let sum = parts
            .filter_map(amount)
            .reduce(|a, b| a.plus(&b))
            .unwrap_or_default();
        let pod = resources
            .at("requests")
            .and_then(|r| r.get(name))
            .and_then(amount)
            .unwrap_or_default();
        if sum.compare(&pod).is_gt() {
            let detail =
                format!("must be greater than or equal to aggregate container requests of {sum}");
            e.invalid(&requests_at.key(name), pod.to_string(), detail);
        }
    }
    let containers_at = path.child("containers");
    for (i, c) in items(spec, "containers").iter().enumerate() {
        for (name, q) in entries(c.at("resources.limits")) {
            let Some(pod) = resources.at("limits").and_then(|l| l.get(name)) else {
                continue;
            };
            let (Some(own), Some(limit)) = (amount(q), amount(pod)) else {
                continue;
            };
            if own.compare(&limit).is_gt() {
                let (index, text) = (containers_at.index(i), quantity(q));
                let key = index.key(name);
                let detail = format!(
                    "must be less than or equal to pod limits of {}",
                    quantity(pod)
                );
                e.invalid(&key.child("limits"), text.as_str(), detail);
            }
        }
    }
}
