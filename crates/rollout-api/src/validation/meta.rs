//! Metadata, labels and label selectors. Mirrors apimachinery/pkg/api/validation/objectmeta.go and pkg/apis/meta/v1/validation.

use super::errors::Errors;
use super::names;
use super::path::Path;
use super::shown::{Shown, Tree, json_field};
use crate::Order;
use crate::gofmt::quote;
use crate::value::{Str, Value};

/// Annotations may hold this many bytes together.
const TOTAL_ANNOTATION_SIZE_LIMIT: usize = 256 * 1024;
/// Said of a field that an update must not change.
pub const FIELD_IS_IMMUTABLE: &str = "field is immutable";

/// A rule for names.
pub type NameRule = fn(&str) -> Vec<Str>;

/// The entry, unless it is absent or null.
pub fn sub<'v>(v: &'v Value, key: &str) -> Option<&'v Value> {
    v.get(key).filter(|v| !v.is_null())
}
/// A string entry; absent is empty.
pub fn text<'v>(v: &'v Value, key: &str) -> &'v str {
    v.get(key).and_then(Value::as_str).unwrap_or("")
}
/// A list entry; absent is empty.
pub fn items<'v>(v: &'v Value, key: &str) -> &'v [Value] {
    v.get(key).map_or(&[], Value::as_list)
}
/// A number entry.
pub fn int(v: &Value, key: &str) -> Option<i64> {
    v.get(key).and_then(Value::as_int)
}
/// A boolean entry.
pub fn flag(v: &Value, key: &str) -> Option<bool> {
    v.get(key).and_then(Value::as_bool)
}
/// The entries of an object, sorted by key.
pub fn entries(v: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    v.and_then(Value::as_map)
        .into_iter()
        .flat_map(|m| m.iter().map(|(k, v)| (k.as_str(), v)))
}

/// Mirrors `ValidateObjectMeta`.
pub fn validate_object_meta(object: &Value, namespaced: bool, rule: NameRule, e: &mut Errors) {
    let none = Value::object();
    let meta = object.get("metadata").unwrap_or(&none);
    let path = Path::root("metadata");
    let generate = text(meta, "generateName");
    if !generate.is_empty() {
        // A generated name goes on behind the prefix, so it may end in a dash.
        let masked = if generate.len() > 1 && generate.ends_with('-') {
            format!("{}a", &generate[..generate.len() - 1])
        } else {
            generate.to_owned()
        };
        e.invalid_each(&path.child("generateName"), generate, rule(&masked));
    }
    let name = text(meta, "name");
    if name.is_empty() {
        e.required(&path.child("name"), "name or generateName is required");
    } else {
        e.invalid_each(&path.child("name"), name, rule(name));
    }
    let namespace = text(meta, "namespace");
    let at = path.child("namespace");
    if !namespaced {
        if !namespace.is_empty() {
            e.forbidden(&at, "not allowed on this type");
        }
    } else if namespace.is_empty() {
        e.required(&at, "");
    } else {
        e.invalid_each(&at, namespace, names::is_dns1123_label(namespace));
    }
    validate_nonnegative(
        int(meta, "generation").unwrap_or(0),
        &path.child("generation"),
        e,
    );
    validate_meta_maps(meta, &path, e);
    validate_kube_finalizers(meta, &path, e);
}

fn validate_meta_maps(meta: &Value, path: &Path<'_>, e: &mut Errors) {
    validate_labels(meta.get("labels"), &path.child("labels"), e);
    validate_annotations(meta.get("annotations"), &path.child("annotations"), e);
    validate_owner_references(
        items(meta, "ownerReferences"),
        &path.child("ownerReferences"),
        e,
    );
    validate_finalizers(meta, path, e);
}

/// Mirrors `ValidateObjectMetaUpdate`.
pub fn validate_object_meta_update(new: &Value, old: &Value, e: &mut Errors) {
    let none = Value::object();
    let meta = new.get("metadata").unwrap_or(&none);
    let before = old.get("metadata").unwrap_or(&none);
    let path = Path::root("metadata");
    validate_no_new_finalizers(meta, before, &path.child("finalizers"), e);
    for key in ["name", "namespace", "uid"] {
        let (value, former) = (text(meta, key), text(before, key));
        if value != former && !(key != "name" && value.is_empty()) {
            let shown = if key == "uid" {
                Shown::typed(value)
            } else {
                value.into()
            };
            e.invalid(&path.child(key), shown, FIELD_IS_IMMUTABLE);
        }
    }
    validate_labels(meta.get("labels"), &path.child("labels"), e);
    validate_annotations(meta.get("annotations"), &path.child("annotations"), e);
    validate_owner_references(
        items(meta, "ownerReferences"),
        &path.child("ownerReferences"),
        e,
    );
    validate_finalizers(meta, &path, e);
    validate_kube_finalizers(meta, &path, e);
}

/// Mirrors `ValidateNoNewFinalizers`: what is being deleted waits for nothing new.
fn validate_no_new_finalizers(meta: &Value, before: &Value, path: &Path<'_>, e: &mut Errors) {
    if text(before, "deletionTimestamp").is_empty() {
        return;
    }
    let old = items(before, "finalizers");
    let mut extra: Vec<&str> = items(meta, "finalizers")
        .iter()
        .filter(|f| !old.contains(f))
        .filter_map(Value::as_str)
        .collect();
    extra.order();
    extra.dedup();
    if !extra.is_empty() {
        let extra: Vec<String> = extra.into_iter().map(quote).collect();
        let extra = extra.join(", ");
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{extra}}}"
        );
        e.forbidden(path, detail);
    }
}

fn validate_finalizers(meta: &Value, path: &Path<'_>, e: &mut Errors) {
    let finalizers = items(meta, "finalizers");
    let at = path.child("finalizers");
    for f in finalizers {
        validate_label_name(f.as_str().unwrap_or(""), &at, e);
    }
    let has = |name: &str| finalizers.iter().any(|f| f.as_str() == Some(name));
    if has("orphan") && has("foregroundDeletion") {
        let shown = Tree::scalars("[]string", meta.get("finalizers"));
        e.invalid(
            &at,
            shown,
            "finalizer orphan and foregroundDeletion cannot be both set",
        );
    }
}

fn validate_kube_finalizers(meta: &Value, path: &Path<'_>, e: &mut Errors) {
    let at = path.child("finalizers");
    for (i, f) in items(meta, "finalizers").iter().enumerate() {
        validate_kube_finalizer_name(f.as_str().unwrap_or(""), &at.index(i), e);
    }
}

/// Mirrors `validateKubeFinalizerName`, pkg/apis/core/validation/validation.go.
pub fn validate_kube_finalizer_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    if !name.contains('/') && !["kubernetes", "orphan", "foregroundDeletion"].contains(&name) {
        e.invalid(
            path,
            name,
            "name is neither a standard finalizer name nor is it fully qualified",
        );
    }
}

fn validate_owner_references(references: &[Value], path: &Path<'_>, e: &mut Errors) {
    let mut controller = String::new();
    for r in references {
        let (version, kind, name) = (text(r, "apiVersion"), text(r, "kind"), text(r, "name"));
        if version.rsplit('/').next().is_none_or(str::is_empty) {
            e.invalid(
                &path.child("apiVersion"),
                version,
                "version must not be empty",
            );
        }
        if kind.is_empty() {
            e.invalid(&path.child("kind"), kind, "kind must not be empty");
        }
        if name.is_empty() {
            e.invalid(&path.child("name"), name, "name must not be empty");
        }
        let uid = text(r, "uid");
        if uid.is_empty() {
            let at = path.child("uid");
            e.invalid(&at, Shown::typed(uid), "uid must not be empty");
        }
        if version == "v1" && kind == "Event" {
            e.invalid(
                path,
                owner_reference(r),
                "/v1, Kind=Event is disallowed from being an owner",
            );
        }
        if flag(r, "controller") == Some(true) {
            let this = format!("{kind}/{name}");
            if controller.is_empty() {
                controller = this;
            } else {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {this}"
                );
                let list = Tree::List(
                    "[]v1.OwnerReference",
                    Some(references.iter().map(owner_reference).collect()),
                );
                e.invalid(path, list, detail);
            }
        }
    }
}

fn owner_reference(r: &Value) -> Tree {
    Tree::Struct(
        "v1.OwnerReference",
        vec![
            json_field(
                "APIVersion",
                "apiVersion",
                false,
                Tree::text(r.get("apiVersion")),
            ),
            json_field("Kind", "kind", false, Tree::text(r.get("kind"))),
            json_field("Name", "name", false, Tree::text(r.get("name"))),
            json_field("UID", "uid", false, Tree::text(r.get("uid"))),
            json_field(
                "Controller",
                "controller",
                true,
                Tree::scalar_pointer("bool", r.get("controller")),
            ),
            json_field(
                "BlockOwnerDeletion",
                "blockOwnerDeletion",
                true,
                Tree::scalar_pointer("bool", r.get("blockOwnerDeletion")),
            ),
        ],
    )
}

/// Mirrors `ValidateLabels`.
pub fn validate_labels(labels: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    for (key, value) in entries(labels) {
        validate_label_name(key, path, e);
        let value = value.as_str().unwrap_or("");
        e.invalid_each(path, value, names::is_valid_label_value(value, e.version));
    }
}

/// Mirrors `ValidateLabelName`: any qualified name.
pub fn validate_label_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    e.invalid_each(path, name, names::is_qualified_name(name, e.version));
}

/// Mirrors `ValidateAnnotations`.
pub fn validate_annotations(annotations: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let mut size = 0;
    for (key, value) in entries(annotations) {
        e.invalid_each(
            path,
            key,
            names::is_qualified_name(&key.to_lowercase(), e.version),
        );
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > TOTAL_ANNOTATION_SIZE_LIMIT {
        e.too_long(path, TOTAL_ANNOTATION_SIZE_LIMIT);
    }
}

/// Mirrors `ValidateNonnegativeField`.
pub fn validate_nonnegative(value: i64, path: &Path<'_>, e: &mut Errors) {
    if value < 0 {
        e.invalid(path, value, "must be greater than or equal to 0");
    }
}

/// Mirrors `ValidateDNS1123Label`.
pub fn validate_dns1123_label(value: &str, path: &Path<'_>, e: &mut Errors) {
    e.invalid_each(path, value, names::is_dns1123_label(value));
}

/// Mirrors `ValidateDNS1123Subdomain`.
pub fn validate_dns1123_subdomain(value: &str, path: &Path<'_>, e: &mut Errors) {
    e.invalid_each(path, value, names::is_dns1123_subdomain(value));
}

/// Mirrors `ValidateLabelSelector`.
pub fn validate_label_selector(selector: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(selector) = selector.filter(|s| !s.is_null()) else {
        return;
    };
    validate_labels(selector.get("matchLabels"), &path.child("matchLabels"), e);
    let at = path.child("matchExpressions");
    for (i, r) in items(selector, "matchExpressions").iter().enumerate() {
        let at = at.index(i);
        let values = items(r, "values");
        let operator = text(r, "operator");
        match operator {
            "In" | "NotIn" => {
                if values.is_empty() {
                    e.required(
                        &at.child("values"),
                        "must be specified when `operator` is 'In' or 'NotIn'",
                    );
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    e.forbidden(
                        &at.child("values"),
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    );
                }
            }
            _ => e.invalid(
                &at.child("operator"),
                Shown::typed(operator),
                "not a valid selector operator",
            ),
        }
        validate_label_name(text(r, "key"), &at.child("key"), e);
        let at = at.child("values");
        for (i, v) in values.iter().enumerate() {
            let v = v.as_str().unwrap_or("");
            e.invalid_each(&at.index(i), v, names::is_valid_label_value(v, e.version));
        }
    }
}

/// What a selector says of a set of labels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selects {
    /// The selector is broken.
    Broken,
    /// It selects everything.
    Everything,
    /// It matches.
    Yes,
    /// It does not.
    No,
}

/// Mirrors `LabelSelectorAsSelector` and `Matches`: a missing selector matches nothing.
pub fn selector_matches(selector: Option<&Value>, labels: Option<&Value>, e: &Errors) -> Selects {
    let Some(selector) = selector.filter(|s| !s.is_null()) else {
        return Selects::No;
    };
    let expressions = items(selector, "matchExpressions");
    let mut any = false;
    let mut matches = true;
    let has = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
    let valid_key = |key: &str| names::is_qualified_name(key, e.version).is_empty();
    let valid_value = |v: &str| names::is_valid_label_value(v, e.version).is_empty();
    for (key, value) in entries(selector.get("matchLabels")) {
        let value = value.as_str().unwrap_or("");
        if !valid_key(key) || !valid_value(value) {
            return Selects::Broken;
        }
        any = true;
        matches &= has(key) == Some(value);
    }
    for r in expressions {
        let values: Vec<&str> = items(r, "values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let key = text(r, "key");
        if !valid_key(key) || !values.iter().all(|v| valid_value(v)) {
            return Selects::Broken;
        }
        any = true;
        matches &= match (text(r, "operator"), values.is_empty()) {
            ("In", false) => has(key).is_some_and(|v| values.contains(&v)),
            ("NotIn", false) => !has(key).is_some_and(|v| values.contains(&v)),
            ("Exists", true) => has(key).is_some(),
            ("DoesNotExist", true) => has(key).is_none(),
            _ => return Selects::Broken,
        };
    }
    match (any, matches) {
        (false, _) => Selects::Everything,
        (true, true) => Selects::Yes,
        (true, false) => Selects::No,
    }
}
