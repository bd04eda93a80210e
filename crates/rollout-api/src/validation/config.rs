//! ConfigMaps, Secrets, namespaces, service accounts and quotas. Mirrors pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{
    FIELD_IS_IMMUTABLE, entries, flag, items, sub, text, validate_kube_finalizer_name,
    validate_label_name, validate_object_meta, validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::resources::{
    is_standard_quota, validate_quota_resource_name, validate_resource_quantity_value,
};
use super::shown::{Shown, Tree, field};
use crate::Order;
use crate::value::Value;

/// ConfigMaps and Secrets hold at most this many bytes.
const MAX_SECRET_SIZE: usize = 1024 * 1024;
const IMMUTABLE_WHEN_SET: &str = "field is immutable when `immutable` is set";

/// Bytes a base64 text stands for.
fn decoded_len(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// Mirrors `ValidateConfigMap`.
pub fn validate_config_map(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    let mut size = 0;
    let (data, binary) = (object.get("data"), object.get("binaryData"));
    let at = Path::root("data");
    for (key, value) in entries(data) {
        e.invalid_each(&at.key(key), key, names::is_config_map_key(key));
        if binary.is_some_and(|b| b.get(key).is_some()) {
            e.invalid(&at.key(key), key, "duplicate of key present in binaryData");
        }
        size += value.as_str().map_or(0, str::len);
    }
    let at = Path::root("binaryData");
    for (key, value) in entries(binary) {
        e.invalid_each(&at.key(key), key, names::is_config_map_key(key));
        size += value.as_str().map_or(0, decoded_len);
    }
    if size > MAX_SECRET_SIZE {
        e.too_long(&Path::root(""), MAX_SECRET_SIZE);
    }
}

fn validate_immutable_data(new: &Value, old: &Value, keys: &[&str], e: &mut Errors) {
    if flag(old, "immutable") != Some(true) {
        return;
    }
    if flag(new, "immutable") != Some(true) {
        e.forbidden(&Path::root("immutable"), IMMUTABLE_WHEN_SET);
    }
    for key in keys {
        if sub(new, key) != sub(old, key) {
            e.forbidden(&Path::root(key), IMMUTABLE_WHEN_SET);
        }
    }
}

/// Mirrors `ValidateConfigMapUpdate`.
pub fn validate_config_map_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_immutable_data(new, old, &["data", "binaryData"], e);
    validate_config_map(new, e);
}

/// Mirrors `ValidateSecret`.
pub fn validate_secret(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    let at = Path::root("data");
    let data = object.get("data");
    let mut size = 0;
    for (key, value) in entries(data) {
        e.invalid_each(&at.key(key), key, names::is_config_map_key(key));
        size += value.as_str().map_or(0, decoded_len);
    }
    if size > MAX_SECRET_SIZE {
        e.too_long(&at, MAX_SECRET_SIZE);
    }
    let get = |key: &str| data.and_then(|d| d.get(key)).and_then(Value::as_str);
    let require = |key: &str, e: &mut Errors| {
        if get(key).is_none() {
            e.required(&at.key(key), "");
        }
    };
    match text(object, "type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            let name = object
                .at("metadata.annotations")
                .and_then(|a| a.get(key))
                .and_then(Value::as_str);
            if name.is_none_or(str::is_empty) {
                let meta = Path::root("metadata");
                let annotations = meta.child("annotations");
                e.required(&annotations.key(key), "");
            }
        }
        "kubernetes.io/dockercfg" => {
            validate_docker_config(get(".dockercfg"), ".dockercfg", &at, e)
        }
        "kubernetes.io/dockerconfigjson" => {
            validate_docker_config(get(".dockerconfigjson"), ".dockerconfigjson", &at, e);
        }
        "kubernetes.io/basic-auth" if get("username").or(get("password")).is_none() => {
            require("username", e);
            require("password", e);
        }
        "kubernetes.io/ssh-auth" if get("ssh-privatekey").is_none_or(str::is_empty) => {
            e.required(&at.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            require("tls.crt", e);
            require("tls.key", e);
        }
        _ => {}
    }
}

fn validate_docker_config(value: Option<&str>, key: &str, path: &Path<'_>, e: &mut Errors) {
    let Some(value) = value else {
        return e.required(&path.key(key), "");
    };
    let bytes = crate::base64::decode(value).unwrap_or_default();
    let json = String::from_utf8_lossy(&bytes);
    match crate::json::from_json(&json) {
        Ok(Value::Map(_) | Value::Null) => {}
        Ok(other) => {
            let what = match other {
                Value::String(_) => "string",
                Value::List(_) => "array",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            let detail = format!(
                "json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
            );
            e.invalid(&path.key(key), "<secret contents redacted>", detail);
        }
        Err(error) => {
            e.invalid(&path.key(key), "<secret contents redacted>", error.message);
        }
    }
}

/// Mirrors `ValidateSecretUpdate`.
pub fn validate_secret_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    if text(new, "type") != text(old, "type") {
        e.invalid(
            &Path::root("type"),
            Shown::typed(text(new, "type")),
            FIELD_IS_IMMUTABLE,
        );
    }
    validate_immutable_data(new, old, &["data"], e);
    validate_secret(new, e);
}

/// Mirrors `ValidateNamespace`.
pub fn validate_namespace(object: &Value, e: &mut Errors) {
    validate_object_meta(object, false, names::is_dns1123_label, e);
    let spec = Path::root("spec");
    let at = spec.child("finalizers");
    for f in object.list_at("spec.finalizers") {
        let f = f.as_str().unwrap_or("");
        validate_label_name(f, &at, e);
        validate_kube_finalizer_name(f, &at, e);
    }
}

/// Mirrors `ValidateServiceAccount`.
pub fn validate_service_account(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
];
const POD_COMPUTE: &[&str] = &[
    "cpu",
    "memory",
    "limits.cpu",
    "limits.memory",
    "requests.cpu",
    "requests.memory",
];

fn is_scope(scope: &str, e: &Errors) -> bool {
    SCOPES.contains(&scope) || (scope == "VolumeAttributesClass" && e.since(34))
}

fn scope_fits(scope: &str, resource: &str) -> bool {
    match scope {
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => resource == "pods" || POD_COMPUTE.contains(&resource),
        "BestEffort" => resource == "pods",
        _ => true,
    }
}

/// Mirrors `ValidateResourceQuota`.
pub fn validate_resource_quota(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_resource_quota_spec(object, e);
}

/// Mirrors `ValidateResourceQuotaUpdate`.
pub fn validate_resource_quota_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_resource_quota_spec(new, e);
    let scopes = |v: &Value| {
        let mut list: Vec<String> = v
            .list_at("spec.scopes")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        list.order();
        list.dedup();
        list
    };
    if scopes(new) != scopes(old) {
        let shown = Tree::scalars("[]core.ResourceQuotaScope", new.at("spec.scopes"));
        e.invalid(
            &Path::root("spec").child("scopes"),
            shown,
            FIELD_IS_IMMUTABLE,
        );
    }
}

fn validate_resource_quota_spec(object: &Value, e: &mut Errors) {
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let at = path.child("hard");
    for (name, quantity) in entries(spec.get("hard")) {
        let at = at.key(name);
        validate_quota_resource_name(name, &at, e);
        validate_resource_quantity_value(name, quantity, &at, e);
    }
    let hard: Vec<&str> = entries(spec.get("hard"))
        .map(|(k, _)| k)
        .filter(|k| is_standard_quota(k))
        .collect();
    let conflicts = |scopes: &[&str]| {
        [
            ["BestEffort", "NotBestEffort"],
            ["Terminating", "NotTerminating"],
        ]
        .iter()
        .filter(|pair| pair.iter().all(|s| scopes.contains(s)))
        .count()
    };
    let at = path.child("scopes");
    let scopes: Vec<&str> = items(spec, "scopes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let shown = || Tree::scalars("[]core.ResourceQuotaScope", spec.get("scopes"));
    for scope in &scopes {
        if !is_scope(scope, e) {
            e.invalid(&at, shown(), "unsupported scope");
        }
        for _ in hard.iter().filter(|r| !scope_fits(scope, r)) {
            e.invalid(&at, shown(), "unsupported scope applied to resource");
        }
    }
    for _ in 0..conflicts(&scopes) {
        e.invalid(&at, shown(), "conflicting scopes");
    }
    let Some(selector) = sub(spec, "scopeSelector") else {
        return;
    };
    let selector_at = path.child("scopeSelector");
    let at = selector_at.child("matchExpressions");
    let mut names: Vec<&str> = Vec::new();
    for r in items(selector, "matchExpressions") {
        let (scope, operator) = (text(r, "scopeName"), text(r, "operator"));
        if !is_scope(scope, e) {
            e.invalid(
                &at.child("scopeName"),
                Shown::typed(scope),
                "unsupported scope",
            );
        }
        for _ in hard.iter().filter(|h| !scope_fits(scope, h)) {
            e.invalid(
                &at,
                scope_selector(selector),
                "unsupported scope applied to resource",
            );
        }
        if scope != "PriorityClass" && SCOPES.contains(&scope) && operator != "Exists" {
            let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            e.invalid(&at.child("operator"), Shown::typed(operator), detail);
        }
        let values = items(r, "values");
        match operator {
            "In" | "NotIn" => {
                if values.is_empty() {
                    let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                    e.required(&at.child("values"), detail);
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    let shown = Tree::scalars("[]string", r.get("values"));
                    let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                    e.invalid(&at.child("values"), shown, detail);
                }
            }
            _ => e.invalid(
                &at.child("operator"),
                Shown::typed(operator),
                "not a valid selector operator",
            ),
        }
        names.push(scope);
    }
    for _ in 0..conflicts(&names) {
        e.invalid(&at, shown(), "conflicting scopes");
    }
}

fn scope_selector(selector: &Value) -> Tree {
    let requirement = |r: &Value| {
        Tree::Struct(
            "core.ScopedResourceSelectorRequirement",
            vec![
                field("ScopeName", Tree::text(r.get("scopeName"))),
                field("Operator", Tree::text(r.get("operator"))),
                field("Values", Tree::scalars("[]string", r.get("values"))),
            ],
        )
    };
    let list = Tree::list(
        "[]core.ScopedResourceSelectorRequirement",
        selector.get("matchExpressions"),
        requirement,
    );
    Tree::Struct("core.ScopeSelector", vec![field("MatchExpressions", list)])
}
