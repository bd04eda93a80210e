//! Limit ranges. Mirrors `ValidateLimitRange`, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{entries, sub, text, validate_object_meta};
use super::names;
use super::path::Path;
use super::resources::{quantity, validate_container_resource_name, validate_resource_name};
use super::shown::Shown;
use crate::Order;
use crate::quantity::Quantity;
use crate::value::Value;

/// Mirrors `ValidateLimitRange`.
/// Differs: the ratio of limit and request is not compared with that of maximum and minimum.
pub fn validate_limit_range(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    let spec = Path::root("spec");
    let path = spec.child("limits");
    let mut seen: Vec<&str> = Vec::new();
    for (i, limit) in object.list_at("spec.limits").iter().enumerate() {
        let at = path.index(i);
        let ty = text(limit, "type");
        let type_at = at.child("type");
        let complaints = names::is_qualified_name(ty, e.version);
        if complaints.is_empty() {
            if !ty.contains('/') && !["Pod", "Container", "PersistentVolumeClaim"].contains(&ty) {
                let detail = "must be a standard limit type or fully qualified";
                e.invalid(&type_at, Shown::typed(ty), detail);
            }
        } else {
            for message in complaints {
                e.invalid(&type_at, Shown::typed(ty), message);
            }
        }
        if seen.contains(&ty) {
            e.duplicate(&type_at, Shown::typed(ty));
        }
        seen.push(ty);
        validate_limit(limit, ty, &at, e);
    }
}

fn validate_limit(limit: &Value, ty: &str, at: &Path<'_>, e: &mut Errors) {
    let mut keys: Vec<&str> = Vec::new();
    for list in [
        "max",
        "min",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ] {
        let list_at = at.child(list);
        let defaults = list.starts_with("default");
        if defaults && ty == "Pod" {
            if entries(limit.get(list)).next().is_some() {
                e.forbidden(&list_at, "may not be specified when `type` is 'Pod'");
            }
            continue;
        }
        if list == "maxLimitRequestRatio" && ty == "PersistentVolumeClaim" {
            let storage = |list| limit.get(list).and_then(|l| sub(l, "storage")).is_some();
            if !storage("min") && !storage("max") {
                let detail =
                    "either minimum or maximum storage value is required, but neither was provided";
                e.required(&at.child("limits"), detail);
            }
        }
        for (key, _) in entries(limit.get(list)) {
            if ["Pod", "Container"].contains(&ty) {
                validate_container_resource_name(key, &list_at.key(key), e);
            } else {
                validate_resource_name(key, &list_at.key(key), e);
            }
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys.order();
    for key in keys {
        let get = |list: &str| {
            limit
                .get(list)
                .and_then(|l| l.get(key))
                .filter(|_| ty != "Pod" || !list.starts_with("default"))
        };
        // Pairs of lists, the smaller one first, with the words for both and whose field is wrong.
        let pairs = [
            ("min", "max", "min", "min value", "max value"),
            (
                "min",
                "defaultRequest",
                "defaultRequest",
                "min value",
                "default request value",
            ),
            (
                "defaultRequest",
                "max",
                "defaultRequest",
                "default request value",
                "max value",
            ),
            (
                "defaultRequest",
                "default",
                "defaultRequest",
                "default request value",
                "default limit value",
            ),
            ("min", "default", "default", "min value", "default value"),
            ("default", "max", "default", "default value", "max value"),
        ];
        for (low, high, field, low_words, high_words) in pairs {
            let (Some(a), Some(b)) = (get(low), get(high)) else {
                continue;
            };
            let (Some(x), Some(y)) = (Quantity::of(a), Quantity::of(b)) else {
                continue;
            };
            if x.compare(&y).is_gt() {
                // The server shows the quantity that is not in the field for the last two.
                let shown = match (low, high) {
                    ("min", "default") => a,
                    ("default", "max") => b,
                    _ if field == low => a,
                    _ => b,
                };
                let detail = format!(
                    "{low_words} {} is greater than {high_words} {}",
                    quantity(a),
                    quantity(b)
                );
                let list_at = at.child(field);
                e.invalid(
                    &list_at.key(key),
                    super::resources::shown_quantity(shown),
                    detail,
                );
            }
        }
    }
}
