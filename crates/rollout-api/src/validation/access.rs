//! Roles and bindings. Mirrors pkg/apis/rbac/validation/validation.go.

use super::errors::Errors;
use super::meta::{items, sub, text, validate_object_meta, validate_object_meta_update};
use super::names;
use super::path::Path;
use super::shown::{Tree, field};
use crate::value::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Mirrors `ValidateRole` and `ValidateClusterRole`.
pub fn validate_role(object: &Value, namespaced: bool, e: &mut Errors) {
    validate_object_meta(object, namespaced, names::is_valid_path_segment_name, e);
    let at = Path::root("rules");
    for (i, rule) in items(object, "rules").iter().enumerate() {
        validate_policy_rule(rule, namespaced, &at.index(i), e);
    }
}

fn validate_policy_rule(rule: &Value, namespaced: bool, path: &Path<'_>, e: &mut Errors) {
    let empty = |key| items(rule, key).is_empty();
    if empty("verbs") {
        e.required(
            &path.child("verbs"),
            "verbs must contain at least one value",
        );
    }
    if !empty("nonResourceURLs") {
        let at = path.child("nonResourceURLs");
        let shown = || Tree::scalars("[]string", rule.get("nonResourceURLs"));
        if namespaced {
            e.invalid(
                &at,
                shown(),
                "namespaced rules cannot apply to non-resource URLs",
            );
        }
        if !empty("apiGroups") || !empty("resources") || !empty("resourceNames") {
            e.invalid(
                &at,
                shown(),
                "rules cannot apply to both regular resources and non-resource URLs",
            );
        }
        return;
    }
    if empty("apiGroups") {
        e.required(
            &path.child("apiGroups"),
            "resource rules must supply at least one api group",
        );
    }
    if empty("resources") {
        e.required(
            &path.child("resources"),
            "resource rules must supply at least one resource",
        );
    }
}

/// Mirrors `ValidateRoleBinding` and `ValidateClusterRoleBinding`.
pub fn validate_role_binding(object: &Value, namespaced: bool, e: &mut Errors) {
    validate_object_meta(object, namespaced, names::is_valid_path_segment_name, e);
    let none = Value::object();
    let role = sub(object, "roleRef").unwrap_or(&none);
    let at = Path::root("roleRef");
    let (group, kind, name) = (
        text(role, "apiGroup"),
        text(role, "kind"),
        text(role, "name"),
    );
    if group != GROUP {
        e.not_supported(&at.child("apiGroup"), group, &[GROUP]);
    }
    let kinds: &[&str] = if namespaced {
        &["Role", "ClusterRole"]
    } else {
        &["ClusterRole"]
    };
    if !kinds.contains(&kind) {
        e.not_supported(&at.child("kind"), kind, kinds);
    }
    if name.is_empty() {
        e.required(&at.child("name"), "");
    } else {
        e.invalid_each(
            &at.child("name"),
            name,
            names::is_valid_path_segment_name(name),
        );
    }
    let at = Path::root("subjects");
    for (i, subject) in items(object, "subjects").iter().enumerate() {
        validate_subject(subject, namespaced, &at.index(i), e);
    }
}

fn validate_subject(subject: &Value, namespaced: bool, path: &Path<'_>, e: &mut Errors) {
    let (kind, name, group) = (
        text(subject, "kind"),
        text(subject, "name"),
        text(subject, "apiGroup"),
    );
    if name.is_empty() {
        e.required(&path.child("name"), "");
    }
    let at = path.child("apiGroup");
    match kind {
        "ServiceAccount" => {
            if !name.is_empty() {
                e.invalid_each(&path.child("name"), name, names::is_dns1123_subdomain(name));
            }
            if !group.is_empty() {
                e.not_supported(&at, group, &[""]);
            }
            if !namespaced && text(subject, "namespace").is_empty() {
                e.required(&path.child("namespace"), "");
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                e.not_supported(&at, group, &[GROUP]);
            }
        }
        _ => e.not_supported(
            &path.child("kind"),
            kind,
            &["ServiceAccount", "User", "Group"],
        ),
    }
}

/// Mirrors `ValidateRoleBindingUpdate`.
pub fn validate_role_binding_update(new: &Value, old: &Value, namespaced: bool, e: &mut Errors) {
    validate_role_binding(new, namespaced, e);
    validate_object_meta_update(new, old, e);
    if new.get("roleRef") != old.get("roleRef") {
        let none = Value::object();
        let role = sub(new, "roleRef").unwrap_or(&none);
        let shown = Tree::Struct(
            "rbac.RoleRef",
            vec![
                field("APIGroup", Tree::text(role.get("apiGroup"))),
                field("Kind", Tree::text(role.get("kind"))),
                field("Name", Tree::text(role.get("name"))),
            ],
        );
        e.invalid(&Path::root("roleRef"), shown, "cannot change roleRef");
    }
}
