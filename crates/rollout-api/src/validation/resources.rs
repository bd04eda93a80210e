//! Resource names and quantities of containers. Mirrors the second half of pkg/apis/core/validation/validation.go.

use super::amount::Amount;
use super::errors::Errors;
use super::meta::{entries, items, sub, text, validate_dns1123_label};
use super::names;
use super::path::Path;
use super::shown::{Shown, Tree};
use crate::gofmt::quote;
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
fn is_overcommit_allowed(name: &str) -> bool {
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
        e.invalid(path, Shown::stringer(name), "must be a standard resource type or fully qualified");
        return false;
    }
    true
}

/// Mirrors `validateContainerResourceName`.
pub fn validate_container_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    validate_resource_name(name, path, e);
    if !name.contains('/') {
        if !(["cpu", "memory", "ephemeral-storage"].contains(&name) || is_huge_page(name)) {
            e.invalid(path, Shown::stringer(name), "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name, e) {
        e.invalid(path, Shown::stringer(name), "doesn't follow extended resource name standard");
    }
}

/// Mirrors `ValidateResourceQuotaResourceName`.
pub fn validate_quota_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    validate_resource_name(name, path, e);
    if !name.contains('/') && !is_standard_quota(name) {
        e.invalid(path, Shown::stringer(name), "must be a standard resource for quota");
    }
}

fn validate_pod_resource_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    if validate_resource_name(name, path, e) && !(["cpu", "memory"].contains(&name) || is_huge_page(name)) {
        e.not_supported(path, Shown::stringer(name), &["cpu", "hugepages-", "memory"]);
    }
}

/// The text of a quantity.
pub fn quantity(v: &Value) -> Str {
    match v {
        Value::String(s) => s.clone(),
        other => crate::json::to_json(other).into(),
    }
}

fn amount(v: &Value) -> Option<Amount> {
    Amount::parse(&quantity(v))
}

/// `resource.Quantity` in Go's notation.
fn quantity_tree(v: &Value, path: &Path<'_>, e: &Errors) -> Tree {
    let text = quantity(v);
    let sent = e.sent.as_ref().and_then(|s| path.find(s)).map_or(text.clone(), quantity);
    let end = sent.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(sent.len());
    let (number, suffix) = sent.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (factor, exponent, format) = match suffix {
        "Ki" => (1i64 << 10, 0, "BinarySI"),
        "Mi" => (1 << 20, 0, "BinarySI"),
        "Gi" => (1 << 30, 0, "BinarySI"),
        "Ti" => (1 << 40, 0, "BinarySI"),
        "n" => (1, -9, "DecimalSI"),
        "u" => (1, -6, "DecimalSI"),
        "m" => (1, -3, "DecimalSI"),
        "k" => (1, 3, "DecimalSI"),
        "M" => (1, 6, "DecimalSI"),
        "G" => (1, 9, "DecimalSI"),
        "T" => (1, 12, "DecimalSI"),
        "" => (1, 0, "DecimalSI"),
        other => (1, other.trim_start_matches(['e', 'E']).parse().unwrap_or(0), "DecimalExponent"),
    };
    let value = format!("{whole}{fraction}").parse::<i64>().unwrap_or(0).saturating_mul(factor);
    let scale = exponent - i64::try_from(fraction.len()).unwrap_or(0);
    let go = format!(
        "resource.Quantity{{i:resource.int64Amount{{value:{value}, scale:{scale}}}, d:resource.infDecAmount{{Dec:(*inf.Dec)(nil)}}, s:\"\", Format:{}}}",
        quote(format)
    );
    Tree::Both(go, quote(&text))
}

/// Mirrors `ValidateNonnegativeQuantity`.
fn validate_nonnegative_quantity(v: &Value, path: &Path<'_>, e: &mut Errors) {
    if amount(v).is_some_and(Amount::is_negative) {
        e.invalid(path, quantity(v).as_str(), "must be greater than or equal to 0");
    }
}

/// Mirrors `ValidatePositiveQuantityValue`.
pub fn validate_positive_quantity(v: &Value, path: &Path<'_>, e: &mut Errors) {
    if amount(v).is_some_and(|a| a.is_negative() || a.is_zero()) {
        e.invalid(path, quantity(v).as_str(), "must be greater than zero");
    }
}

/// Is the quantity above zero?
pub fn is_positive(v: Option<&Value>) -> bool {
    v.and_then(amount).is_some_and(|a| !a.is_negative() && !a.is_zero())
}

/// Mirrors `ValidateResourceQuantityValue`.
pub fn validate_resource_quantity_value(name: &str, v: &Value, path: &Path<'_>, e: &mut Errors) {
    validate_nonnegative_quantity(v, path, e);
    if is_integer(name, e) && amount(v).is_some_and(Amount::is_fractional) {
        let shown = quantity_tree(v, path, e);
        e.invalid(path, shown, "must be an integer");
    }
}

fn validate_huge_page_value(name: &str, v: &Value, path: &Path<'_>, e: &mut Errors) {
    let size = name.strip_prefix("hugepages-").and_then(Amount::parse);
    let fits = match (size, amount(v)) {
        (Some(size), Some(a)) => !size.is_fractional() && a.is_multiple_of(size),
        _ => false,
    };
    if !fits {
        let text = quantity(v);
        e.invalid(path, text.as_str(), format!("{text} is not positive integer multiple of {name}"));
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
                let order = amount(q).cmp(&amount(limit));
                let limit = quantity(limit);
                if order.is_ne() && !is_overcommit_allowed(name) {
                    e.invalid(&requests_at, text.as_str(), format!("must be equal to {name} limit of {limit}"));
                } else if order.is_gt() {
                    let detail = format!("must be less than or equal to {name} limit of {limit}");
                    e.invalid(&requests_at, text.as_str(), detail);
                }
            }
            None if !is_overcommit_allowed(name) => {
                e.required(&limits_at, "Limit must be set for non overcommitable resources");
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
                let overlaps = seen.iter().filter(|s| s.split_once('/').is_some_and(|(n, _)| n == name)).count();
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
                sorted.sort_unstable();
                detail.push_str(": ");
                detail.push_str(&sorted.join(", "));
            }
            e.not_found(&at, name, detail);
        }
    }
}

/// Mirrors `validatePodResources`: resources of the whole pod (1.34 on by default).
pub fn validate_pod_resources(spec: &Value, claims: &[&str], path: &Path<'_>, e: &mut Errors) {
    let Some(resources) = sub(spec, "resources") else { return };
    if sub(resources, "claims").is_some() {
        e.forbidden(&path.child("claims"), "claims cannot be set for Resources at pod-level");
    }
    validate_resource_requirements(resources, Resources::Pod, claims, path, e);
    let requests_at = path.child("requests");
    // Sums of the containers' requests against the pod's.
    let mut names: Vec<&str> = Vec::new();
    for c in items(spec, "containers") {
        names.extend(entries(c.at("resources.requests")).map(|(n, _)| n));
    }
    names.sort_unstable();
    names.dedup();
    for name in names {
        let parts = items(spec, "containers").iter().filter_map(|c| c.at("resources.requests")?.get(name));
        let texts: Vec<Str> = parts.map(quantity).collect();
        let Some(sum) = Amount::sum(&texts) else { continue };
        let pod = resources.at("requests").and_then(|r| r.get(name)).map_or(Str::from("0"), quantity);
        if Amount::parse(&pod).is_some_and(|p| sum > p) {
            let total = if texts.len() == 1 { texts[0].to_string() } else { sum.show(&texts[0]) };
            let detail = format!("must be greater than or equal to aggregate container requests of {total}");
            e.invalid(&requests_at.key(name), pod.as_str(), detail);
        }
    }
    let containers_at = path.child("containers");
    for (i, c) in items(spec, "containers").iter().enumerate() {
        for (name, q) in entries(c.at("resources.limits")) {
            let Some(pod) = resources.at("limits").and_then(|l| l.get(name)) else { continue };
            if amount(q) > amount(pod) {
                let (index, text) = (containers_at.index(i), quantity(q));
                let key = index.key(name);
                let detail = format!("must be less than or equal to pod limits of {}", quantity(pod));
                e.invalid(&key.child("limits"), text.as_str(), detail);
            }
        }
    }
}
