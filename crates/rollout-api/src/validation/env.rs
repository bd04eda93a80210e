//! Environment variables and their sources. Mirrors `ValidateEnv` and `ValidateEnvFrom`, pkg/apis/core/validation/validation.go.

use super::containers::PodFacts;
use super::errors::Errors;
use super::meta::{items, sub, text, validate_dns1123_label, validate_label_name};
use super::mounts::validate_local_non_reserved_path;
use super::names;
use super::path::Path;
use super::resources::quantity;
use crate::quantity::Quantity;
use crate::value::Value;

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// Fields a file of a downward API volume may hold.
pub const VOLUME_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
const RESOURCE_FIELDS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
/// All labels `ConvertDownwardAPIFieldLabel` knows for `v1`.
const CONVERTIBLE: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Mirrors `ValidateEnv`.
pub fn validate_env(vars: &[Value], pod: &PodFacts<'_>, path: &Path<'_>, e: &mut Errors) {
    for (i, var) in vars.iter().enumerate() {
        let at = path.index(i);
        let name = text(var, "name");
        if name.is_empty() {
            e.required(&at.child("name"), "");
        } else {
            e.invalid_each(
                &at.child("name"),
                name,
                names::is_env_var_name(name, e.version),
            );
        }
        if let Some(from) = sub(var, "valueFrom") {
            validate_value_from(from, text(var, "value"), pod, &at.child("valueFrom"), e);
        }
    }
}

fn validate_value_from(
    from: &Value,
    value: &str,
    pod: &PodFacts<'_>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let mut sources = 0;
    if let Some(r) = sub(from, "fieldRef") {
        sources += 1;
        validate_object_field_selector(r, ENV_FIELDS, &path.child("fieldRef"), e);
    }
    if let Some(r) = sub(from, "resourceFieldRef") {
        sources += 1;
        validate_resource_field_selector(r, false, &path.child("resourceFieldRef"), e);
    }
    for key in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(r) = sub(from, key) {
            sources += 1;
            validate_key_selector(r, &path.child(key), e);
        }
    }
    if e.since(35)
        && let Some(r) = sub(from, "fileKeyRef")
    {
        sources += 1;
        validate_file_key_selector(r, pod, &path.child("fileKeyRef"), e);
    }
    if sources == 0 {
        let detail = if e.since(35) {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        } else {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        };
        e.invalid(path, "", detail);
    } else if !value.is_empty() {
        e.invalid(path, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        e.invalid(
            path,
            "",
            "may not have more than one field specified at a time",
        );
    }
}

fn validate_file_key_selector(r: &Value, pod: &PodFacts<'_>, path: &Path<'_>, e: &mut Errors) {
    let (volume, file, key) = (text(r, "volumeName"), text(r, "path"), text(r, "key"));
    let at = path.child("volumeName");
    if volume.is_empty() {
        e.required(&at, "");
    } else {
        match pod.volumes.iter().find(|(name, _)| *name == volume) {
            None => e.not_found(&at, volume, ""),
            Some((_, source)) if sub(source, "emptyDir").is_none() => {
                e.invalid(&at, volume, "referenced volume must be of type emptyDir");
            }
            Some(_) => {}
        }
    }
    if file.is_empty() {
        e.required(&path.child("path"), "");
    } else {
        validate_local_non_reserved_path(file, &path.child("path"), e);
    }
    if key.is_empty() {
        e.required(&path.child("key"), "");
    } else {
        e.invalid_each(
            &path.child("key"),
            key,
            names::is_env_var_name(key, e.version),
        );
    }
}

/// `metadata.labels['app']` split at its subscript. Mirrors `SplitMaybeSubscriptedPath`.
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (field, key) = path.strip_suffix("']")?.split_once("['")?;
    (!field.is_empty()).then_some((field, key))
}

/// Mirrors `validateObjectFieldSelector`.
pub fn validate_object_field_selector(r: &Value, fields: &[&str], path: &Path<'_>, e: &mut Errors) {
    let (version, field_path) = (text(r, "apiVersion"), text(r, "fieldPath"));
    if version.is_empty() {
        e.required(&path.child("apiVersion"), "");
        return;
    }
    let at = path.child("fieldPath");
    if field_path.is_empty() {
        e.required(&at, "");
        return;
    }
    if version != "v1" {
        e.invalid(
            &at,
            field_path,
            format!("error converting fieldPath: unsupported pod version: {version}"),
        );
        return;
    }
    if let Some((field, key)) = subscript(field_path) {
        match field {
            "metadata.annotations" => validate_label_name(&key.to_lowercase(), path, e),
            "metadata.labels" => validate_label_name(key, path, e),
            _ => {
                let detail = format!(
                    "error converting fieldPath: field label does not support subscript: {field_path}"
                );
                e.invalid(&at, field_path, detail);
            }
        }
        return;
    }
    // An old name that is translated.
    let internal = if field_path == "spec.host" {
        "spec.nodeName"
    } else {
        field_path
    };
    if !CONVERTIBLE.contains(&internal) {
        let detail = format!("error converting fieldPath: field label not supported: {field_path}");
        e.invalid(&at, field_path, detail);
    } else if !fields.contains(&internal) {
        e.not_supported(&at, internal, fields);
    }
}

/// Mirrors `validateContainerResourceFieldSelector`.
pub fn validate_resource_field_selector(r: &Value, volume: bool, path: &Path<'_>, e: &mut Errors) {
    let resource = text(r, "resource");
    let huge =
        resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
    if volume && text(r, "containerName").is_empty() {
        e.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        e.required(&path.child("resource"), "");
    } else if !RESOURCE_FIELDS.contains(&resource) && !huge {
        e.not_supported(&path.child("resource"), resource, RESOURCE_FIELDS);
    }
    let Some(divisor) = sub(r, "divisor").map(quantity) else {
        return;
    };
    if Quantity::parse(&divisor).is_ok_and(|q| q.is_zero()) {
        return;
    }
    let bytes = [
        "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ];
    let at = path.child("divisor");
    let what = match resource {
        "limits.cpu" | "requests.cpu" => {
            if !["1m", "1"].contains(&divisor.as_str()) {
                e.invalid(
                    &at,
                    resource,
                    "only divisor's values 1m and 1 are supported with the cpu resource",
                );
            }
            return;
        }
        "limits.memory" | "requests.memory" => "memory",
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => "local ephemeral storage",
        _ if huge => "hugepages",
        _ => return,
    };
    if !bytes.contains(&divisor.as_str()) {
        let list = bytes.join(", ");
        e.invalid(
            &at,
            resource,
            format!("only divisor's values {list} are supported with the {what} resource"),
        );
    }
}

fn validate_key_selector(r: &Value, path: &Path<'_>, e: &mut Errors) {
    let (name, key) = (text(r, "name"), text(r, "key"));
    e.invalid_each(&path.child("name"), name, names::is_dns1123_subdomain(name));
    if key.is_empty() {
        e.required(&path.child("key"), "");
    } else {
        e.invalid_each(&path.child("key"), key, names::is_config_map_key(key));
    }
}

/// Mirrors `ValidateEnvFrom`.
pub fn validate_env_from(sources: &[Value], path: &Path<'_>, e: &mut Errors) {
    for (i, source) in sources.iter().enumerate() {
        let at = path.index(i);
        let prefix = text(source, "prefix");
        if !prefix.is_empty() {
            // Loosened together with the names of variables.
            e.invalid_each(
                &at.child("prefix"),
                prefix,
                names::is_env_var_name(prefix, e.version),
            );
        }
        let mut count = 0;
        for key in ["configMapRef", "secretRef"] {
            let Some(r) = sub(source, key) else { continue };
            count += 1;
            let at = at.child(key);
            let name = text(r, "name");
            if name.is_empty() {
                e.required(&at.child("name"), "");
            } else {
                // Checked as a prefix: one dash at the end passes.
                let masked = if name.len() > 1 && name.ends_with('-') {
                    format!("{}a", &name[..name.len() - 1])
                } else {
                    name.to_owned()
                };
                e.invalid_each(
                    &at.child("name"),
                    name,
                    names::is_dns1123_subdomain(&masked),
                );
            }
        }
        if count == 0 {
            e.invalid(
                path,
                "",
                "must specify one of: `configMapRef` or `secretRef`",
            );
        } else if count > 1 {
            e.invalid(
                path,
                "",
                "may not have more than one field specified at a time",
            );
        }
    }
}

/// Mirrors `validatePodResourceClaims`.
pub fn validate_pod_resource_claims(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    use super::shown::{Tree, field};
    let mut seen: Vec<&str> = Vec::new();
    for (i, claim) in items(spec, "resourceClaims").iter().enumerate() {
        let at = path.index(i);
        let name = text(claim, "name");
        if name.is_empty() {
            e.required(&at.child("name"), "");
        } else if seen.contains(&name) {
            e.duplicate(&at.child("name"), name);
        } else {
            validate_dns1123_label(name, &at.child("name"), e);
            seen.push(name);
        }
        let keys = ["resourceClaimName", "resourceClaimTemplateName"];
        let set = keys.map(|k| sub(claim, k));
        let shown = || {
            Tree::Struct(
                "core.PodResourceClaim",
                vec![
                    field("Name", Tree::text(claim.get("name"))),
                    field("ResourceClaimName", Tree::scalar_pointer("string", set[0])),
                    field(
                        "ResourceClaimTemplateName",
                        Tree::scalar_pointer("string", set[1]),
                    ),
                ],
            )
        };
        match set {
            [Some(_), Some(_)] => {
                let detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                e.invalid(&at, shown(), detail);
            }
            [None, None] => {
                let detail =
                    "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                e.invalid(&at, shown(), detail);
            }
            _ => {}
        }
        for (key, value) in keys.iter().zip(set) {
            if let Some(value) = value.and_then(Value::as_str) {
                e.invalid_each(&at.child(key), value, names::is_dns1123_subdomain(value));
            }
        }
    }
}
