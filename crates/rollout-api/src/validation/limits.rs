//! Limit ranges. Mirrors `ValidateLimitRange`, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{entries, sub, text, validate_object_meta};
use super::names;
use super::path::Path;
use super::resources::{
    decimal_tree, is_overcommit_allowed, quantity, quantity_tree, sent,
    validate_container_resource_name, validate_resource_name,
};
use super::shown::Shown;
use crate::Order;
use crate::gofmt::ratio_text;
use crate::quantity::Quantity;
use crate::value::Value;

/// Mirrors `ValidateLimitRange`.
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
        // Go's Cmp turns the one it is asked of into a decimal if the other is one.
        let mut decimal: Vec<&str> = Vec::new();
        for (low, high, field, low_words, high_words) in pairs {
            let (Some(a), Some(b)) = (get(low), get(high)) else {
                continue;
            };
            let (Some(x), Some(y)) = (Quantity::of(a), Quantity::of(b)) else {
                continue;
            };
            let is_decimal = |list, own: &Quantity, known: &[&str]| {
                known.contains(&list)
                    || given(list, key, at, e)
                        .and_then(Quantity::of)
                        .unwrap_or_else(|| own.clone())
                        .dec
                        .is_some()
            };
            if is_decimal(high, &y, &decimal) {
                decimal.push(low);
            }
            if x.compare(&y).is_gt() {
                // The server shows the quantity that is not in the field for the last two.
                let (shown, list) = match (low, high) {
                    ("min", "default") => (a, low),
                    ("default", "max") => (b, high),
                    _ if field == low => (a, low),
                    _ => (b, high),
                };
                let detail = format!(
                    "{low_words} {} is greater than {high_words} {}",
                    quantity(a),
                    quantity(b)
                );
                let shown = if decimal.contains(&list) {
                    decimal_tree(shown)
                } else {
                    quantity_tree(shown, true, given(list, key, at, e))
                };
                e.invalid(&at.child(field).key(key), shown, detail);
            }
        }
        if let Some(ratio) = get("maxLimitRequestRatio") {
            let at = at.child("maxLimitRequestRatio");
            validate_ratio(ratio, get("min"), get("max"), &at.key(key), e);
        }
        if let (Some(default), Some(request)) = (get("default"), get("defaultRequest"))
            && !is_overcommit_allowed(key)
            && !same(default, request)
        {
            let detail = format!(
                "default value {} must equal to defaultRequest value {} in {key}",
                quantity(default),
                quantity(request)
            );
            let shown = quantity_tree(request, true, given("defaultRequest", key, at, e));
            e.invalid(&at.child("defaultRequest").key(key), shown, detail);
        }
    }
}

/// What the client sent for a list, or for the one it was filled from. Mirrors `SetDefaults_LimitRangeItem`.
fn given<'a>(list: &str, key: &str, at: &Path<'_>, e: &'a Errors) -> Option<&'a Value> {
    let from: &[&str] = match list {
        "defaultRequest" => &["defaultRequest", "default", "max", "min"],
        "default" => &["default", "max"],
        "min" => &["min"],
        _ => &["max"],
    };
    from.iter()
        .find_map(|list| sent(&at.child(list).key(key), e))
}

fn same(a: &Value, b: &Value) -> bool {
    match (Quantity::of(a), Quantity::of(b)) {
        (Some(a), Some(b)) => a.compare(&b).is_eq(),
        _ => true,
    }
}

/// A ratio is at least 1 and no more than the bounds leave room for.
fn validate_ratio(
    ratio: &Value,
    min: Option<&Value>,
    max: Option<&Value>,
    at: &Path<'_>,
    e: &mut Errors,
) {
    let milli = |v: &Value| Quantity::of(v).map(|q| i128::from(q.milli_value()));
    let Some(most) = milli(ratio) else { return };
    let text = quantity(ratio);
    let mut refuse = |detail| {
        let shown = quantity_tree(ratio, true, sent(at, e));
        e.invalid(at, shown, detail);
    };
    if most < 1000 {
        refuse(format!("ratio {text} is less than 1"));
    }
    let (Some(min), Some(max)) = (min.and_then(milli), max.and_then(milli)) else {
        return;
    };
    if most * min * min.signum() > max * 1000 * min.signum() {
        let room = ratio_text(max, min);
        refuse(format!("ratio {text} is greater than max/min = {room}"));
    }
}
