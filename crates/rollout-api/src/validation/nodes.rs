//! Nodes. Mirrors `ValidateNode` and `ValidateNodeUpdate`, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{
    items, text, validate_label_name, validate_object_meta, validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::shown::{Tree, json_field};
use crate::value::{Str, Value};

/// Mirrors `ValidateNode`.
pub fn validate_node(node: &Value, e: &mut Errors) {
    validate_object_meta(node, false, names::is_dns1123_subdomain, e);
    // The path is the server's: it hangs the taints on the metadata.
    validate_taints(node, &Path::root("metadata").child("taints"), e);
    let at = Path::root("spec");
    let at = at.child("podCIDRs");
    for (i, cidr) in node.list_at("spec.podCIDRs").iter().enumerate() {
        let cidr = cidr.as_str().unwrap_or("");
        e.invalid_each(&at.index(i), cidr, names::is_valid_cidr(cidr));
    }
}

/// Mirrors `ValidateNodeUpdate`.
pub fn validate_node_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    let spec = Path::root("spec");
    let former = old.list_at("spec.podCIDRs");
    if !former.is_empty() && former != new.list_at("spec.podCIDRs") {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        e.forbidden(&spec.child("podCIDRs"), detail);
    }
    let former = old.str_at("spec.providerID");
    if !former.is_empty() && former != new.str_at("spec.providerID") {
        let detail = "node updates may not change providerID except from \"\" to valid";
        e.forbidden(&spec.child("providerID"), detail);
    }
    validate_taints(new, &Path::root("metadata").child("taints"), e);
}

fn validate_taints(node: &Value, path: &Path<'_>, e: &mut Errors) {
    let none = Value::object();
    let taints = items(node.get("spec").unwrap_or(&none), "taints");
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (i, taint) in taints.iter().enumerate() {
        let at = path.index(i);
        let (key, value, effect) = (
            text(taint, "key"),
            text(taint, "value"),
            text(taint, "effect"),
        );
        validate_label_name(key, &at.child("key"), e);
        let complaints = names::is_valid_label_value(value, e.version);
        if !complaints.is_empty() {
            let list: Vec<&str> = complaints.iter().map(Str::as_str).collect();
            e.invalid(&at.child("value"), value, list.join(";"));
        }
        e.one_of(
            &at.child("effect"),
            effect,
            &["NoSchedule", "PreferNoSchedule", "NoExecute"],
        );
        if seen.contains(&(key, effect)) {
            let shown = Tree::Struct(
                "core.Taint",
                vec![
                    json_field("Key", "Key", false, Tree::text(taint.get("key"))),
                    json_field("Value", "Value", false, Tree::text(taint.get("value"))),
                    json_field("Effect", "Effect", false, Tree::text(taint.get("effect"))),
                    json_field(
                        "TimeAdded",
                        "TimeAdded",
                        false,
                        Tree::scalar_pointer("v1.Time", taint.get("timeAdded")),
                    ),
                ],
            );
            e.duplicate(&at, shown);
            if let Some(last) = e.list.last_mut() {
                last.detail = "taints must be unique by key and effect pair".into();
            }
        }
        seen.push((key, effect));
    }
}
