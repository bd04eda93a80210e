//! Mounts and devices of containers, and rules for paths. Mirrors `ValidateVolumeMounts` and `ValidateVolumeDevices`, pkg/apis/core/validation/validation.go.

use super::containers::PodFacts;
use super::errors::Errors;
use super::meta::{flag, items, sub, text};
use super::path::Path;
use super::shown::Shown;
use crate::value::Value;

/// Mirrors `validateLocalDescendingPath`.
pub fn validate_local_descending_path(target: &str, path: &Path<'_>, e: &mut Errors) {
    if target.starts_with('/') {
        e.invalid(path, target, "must be a relative path");
    }
    validate_path_no_backsteps(target, path, e);
}

/// Mirrors `validatePathNoBacksteps`.
pub fn validate_path_no_backsteps(target: &str, path: &Path<'_>, e: &mut Errors) {
    if has_backsteps(target) {
        e.invalid(path, target, "must not contain '..'");
    }
}

fn has_backsteps(target: &str) -> bool {
    target.split('/').any(|part| part == "..")
}

/// Mirrors `ValidateLocalNonReservedPath`.
pub fn validate_local_non_reserved_path(target: &str, path: &Path<'_>, e: &mut Errors) {
    validate_local_descending_path(target, path, e);
    if target.starts_with("..") && !target.starts_with("../") {
        e.invalid(path, target, "must not start with '..'");
    }
}

/// Mirrors `ValidateVolumeMounts`.
pub fn validate_volume_mounts(
    container: &Value,
    pod: &PodFacts<'_>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let devices = items(container, "volumeDevices");
    let mut seen: Vec<&str> = Vec::new();
    for (i, m) in items(container, "volumeMounts").iter().enumerate() {
        let at = path.index(i);
        let (name, mount_path) = (text(m, "name"), text(m, "mountPath"));
        let volume = pod
            .volumes
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| *v);
        if name.is_empty() {
            e.required(&at.child("name"), "");
        }
        if volume.is_none() {
            e.not_found(&at.child("name"), name, "");
        }
        if mount_path.is_empty() {
            e.required(&at.child("mountPath"), "");
        }
        if seen.contains(&mount_path) {
            e.invalid(&at.child("mountPath"), mount_path, "must be unique");
        }
        seen.push(mount_path);
        if devices.iter().any(|d| text(d, "name") == name) {
            e.invalid(
                &at.child("name"),
                name,
                "must not already exist in volumeDevices",
            );
        }
        if devices.iter().any(|d| text(d, "devicePath") == mount_path) {
            e.invalid(
                &at.child("mountPath"),
                mount_path,
                "must not already exist as a path in volumeDevices",
            );
        }
        validate_sub_paths(m, volume, path, &at, e);
        if let Some(mode) = sub(m, "mountPropagation").and_then(Value::as_str) {
            validate_mount_propagation(mode, container, &path.child("mountPropagation"), e);
        }
        validate_recursive_read_only(m, &path.child("recursiveReadOnly"), e);
    }
}

/// Some of these errors name the list instead of the mount, as the server does.
fn validate_sub_paths(
    m: &Value,
    volume: Option<&Value>,
    path: &Path<'_>,
    at: &Path<'_>,
    e: &mut Errors,
) {
    let (sub_path, expression) = (text(m, "subPath"), text(m, "subPathExpr"));
    if !e.since(33) && volume.is_some_and(|v| sub(v, "image").is_some()) {
        for (key, value) in [("subPath", sub_path), ("subPathExpr", expression)] {
            if !value.is_empty() {
                e.invalid(&at.child(key), value, "not allowed in image volume sources");
            }
        }
    }
    if !sub_path.is_empty() {
        validate_local_descending_path(sub_path, &path.child("subPath"), e);
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            e.invalid(&at.child("subPathExpr"), expression, detail);
        }
        validate_local_descending_path(expression, &path.child("subPathExpr"), e);
    }
}

fn validate_mount_propagation(mode: &str, container: &Value, path: &Path<'_>, e: &mut Errors) {
    if !["Bidirectional", "HostToContainer", "None"].contains(&mode) {
        e.not_supported(
            path,
            Shown::typed(mode),
            &["Bidirectional", "HostToContainer", "None"],
        );
    }
    let privileged =
        sub(container, "securityContext").and_then(|c| flag(c, "privileged")) == Some(true);
    if mode == "Bidirectional" && !privileged {
        e.forbidden(
            path,
            "Bidirectional mount propagation is available only to privileged containers",
        );
    }
}

fn validate_recursive_read_only(m: &Value, path: &Path<'_>, e: &mut Errors) {
    let Some(mode) = sub(m, "recursiveReadOnly").and_then(Value::as_str) else {
        return;
    };
    match mode {
        "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if flag(m, "readOnly") != Some(true) {
                e.forbidden(path, "may only be specified when readOnly is true");
            }
            if sub(m, "mountPropagation").is_some_and(|p| p.as_str() != Some("None")) {
                e.forbidden(
                    path,
                    "may only be specified when mountPropagation is None or not specified",
                );
            }
        }
        _ => e.not_supported(
            path,
            Shown::typed(mode),
            &["Disabled", "Enabled", "IfPossible"],
        ),
    }
}

/// Mirrors `ValidateVolumeDevices`.
pub fn validate_volume_devices(
    container: &Value,
    pod: &PodFacts<'_>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let mounts = items(container, "volumeMounts");
    let (mut names, mut paths): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (i, d) in items(container, "volumeDevices").iter().enumerate() {
        let at = path.index(i);
        let (name, device_path) = (text(d, "name"), text(d, "devicePath"));
        let volume = pod
            .volumes
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| *v);
        if name.is_empty() {
            e.required(&at.child("name"), "");
        }
        if names.contains(&name) {
            e.invalid(&at.child("name"), name, "must be unique");
        }
        match volume {
            Some(v)
                if sub(v, "persistentVolumeClaim").is_none() && sub(v, "ephemeral").is_none() =>
            {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                e.invalid(&at.child("name"), name, detail);
            }
            Some(_) => {}
            None => e.not_found(&at.child("name"), name, ""),
        }
        if device_path.is_empty() {
            e.required(&at.child("devicePath"), "");
        }
        if paths.contains(&device_path) {
            e.invalid(&at.child("devicePath"), device_path, "must be unique");
        }
        if has_backsteps(device_path) {
            e.invalid(
                &at.child("devicePath"),
                device_path,
                "can not contain backsteps ('..')",
            );
        } else {
            paths.push(device_path);
        }
        if mounts.iter().any(|m| text(m, "name") == name) {
            e.invalid(
                &at.child("name"),
                name,
                "must not already exist in volumeMounts",
            );
        }
        if mounts.iter().any(|m| text(m, "mountPath") == device_path) {
            e.invalid(
                &at.child("devicePath"),
                device_path,
                "must not already exist as a path in volumeMounts",
            );
        }
        if !name.is_empty() {
            names.push(name);
        }
    }
}
