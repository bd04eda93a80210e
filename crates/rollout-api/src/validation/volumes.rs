//! Volumes and their sources. Mirrors `ValidateVolumes`, pkg/apis/core/validation/validation.go.

use super::env::{VOLUME_FIELDS, validate_object_field_selector, validate_resource_field_selector};
use super::errors::Errors;
use super::meta::{
    flag, int, items, sub, text, validate_annotations, validate_dns1123_label,
    validate_label_selector, validate_labels,
};
use super::mounts::{
    validate_local_descending_path, validate_local_non_reserved_path, validate_path_no_backsteps,
};
use super::names;
use super::path::Path;
use super::resources::is_negative;
use super::shown::{Shown, Tree, field};
use super::storage::validate_persistent_volume_claim_spec;
use super::volume_plugins::{validate_old_plugin, validate_plugin};
use crate::value::Value;

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// The kinds of sources in the server's order: key, and how its name is written in the two messages (misspelt ones included).
const SOURCES: &[(&str, &str, &str)] = &[
    ("emptyDir", "emptyDir", "emptyDir"),
    ("hostPath", "hostPath", "hostPath"),
    ("gitRepo", "gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk"),
    (
        "awsElasticBlockStore",
        "awsElasticBlockStore",
        "awsElasticBlockStore",
    ),
    ("secret", "secret", "secret"),
    ("nfs", "nfs", "nfs"),
    ("iscsi", "iscsi", "iscsi"),
    ("glusterfs", "glusterfs", "glusterfs"),
    ("flocker", "flocker", "flocker"),
    (
        "persistentVolumeClaim",
        "persistentVolumeClaim",
        "persistentVolumeClaim",
    ),
    ("rbd", "rbd", "rbd"),
    ("cinder", "cinder", "cinder"),
    ("cephfs", "cephFS", "cephfs"),
    ("quobyte", "quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI", "downwardAPI"),
    ("fc", "fc", "fc"),
    ("flexVolume", "flexVolume", "flexVolume"),
    ("configMap", "configMap", "configMap"),
    ("azureFile", "azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume"),
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "photonPersistentDisk",
    ),
    ("portworxVolume", "portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk", "azureDisk"),
    ("storageos", "storageos", "storageos"),
    ("projected", "projected", "projected"),
    ("scaleIO", "scaleIO", "scaleIO"),
    ("csi", "csi", "csi"),
    ("ephemeral", "ephemeral", "ephemeral"),
    ("image", "image", "image"),
];

/// Mirrors `ValidateVolumes`: the valid volumes come back. `pod` is the name of a real pod.
pub fn validate_volumes<'v>(
    spec: &'v Value,
    pod: Option<&str>,
    path: &Path<'_>,
    e: &mut Errors,
) -> Vec<(&'v str, &'v Value)> {
    let mut valid: Vec<(&str, &Value)> = Vec::new();
    let volumes = items(spec, "volumes");
    for (i, volume) in volumes.iter().enumerate() {
        let at = path.index(i);
        let name = text(volume, "name");
        let before = e.len();
        validate_volume_source(volume, name, pod, &at, e);
        if name.is_empty() {
            e.required(&at.child("name"), "");
        } else {
            validate_dns1123_label(name, &at.child("name"), e);
        }
        if valid.iter().any(|(n, _)| *n == name) {
            e.duplicate(&at.child("name"), name);
        }
        if e.len() == before {
            valid.push((name, volume));
        }
        let claim = volume.str_at("persistentVolumeClaim.claimName");
        let creates = |v: &Value| {
            sub(v, "ephemeral").is_some()
                && pod.is_some_and(|p| format!("{p}-{}", text(v, "name")) == claim)
        };
        if !claim.is_empty() && volumes.iter().any(creates) {
            let claim_at = at.child("persistentVolumeClaim");
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            e.invalid(&claim_at.child("claimName"), claim, detail);
        }
    }
    valid
}

fn validate_volume_source(
    volume: &Value,
    name: &str,
    pod: Option<&str>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let mut found = false;
    for (key, wrong, right) in SOURCES {
        let Some(source) = sub(volume, key) else {
            continue;
        };
        if found {
            e.forbidden(
                &path.child(wrong),
                "may not specify more than 1 volume type",
            );
        } else {
            found = true;
            validate_source(key, source, &path.child(right), e);
            if *key == "ephemeral"
                && let Some(pod) = pod
                && !name.is_empty()
            {
                let claim = format!("{pod}-{name}");
                for message in names::is_dns1123_subdomain(&claim) {
                    e.invalid(
                        &path.child("name"),
                        name,
                        format!("PVC name {}: {message}", crate::gofmt::quote(&claim)),
                    );
                }
            }
        }
        if *key == "iscsi"
            && sub(source, "initiatorName").is_some()
            && name.len() + 1 + text(source, "targetPortal").len() > 64
        {
            let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
            e.invalid(&path.child("name"), name, detail);
        }
    }
    if !found {
        e.required(path, "must specify a volume type");
    }
}

/// `Required value` for every key that is empty.
pub fn require(v: &Value, keys: &[&str], path: &Path<'_>, e: &mut Errors) {
    for key in keys {
        if text(v, key).is_empty() {
            e.required(&path.child(key), "");
        }
    }
}

/// A file mode between 0 and 0777.
fn validate_mode(v: &Value, key: &str, path: &Path<'_>, e: &mut Errors) {
    if let Some(mode) = int(v, key)
        && !(0..=0o777).contains(&mode)
    {
        e.invalid(&path.child(key), mode, FILE_MODE);
    }
}

fn validate_source(key: &str, source: &Value, path: &Path<'_>, e: &mut Errors) {
    match key {
        "emptyDir" => {
            if sub(source, "sizeLimit").is_some_and(is_negative) {
                e.forbidden(
                    &path.child("sizeLimit"),
                    "SizeLimit field must be a valid resource quantity",
                );
            }
        }
        "hostPath" => validate_host_path(source, path, e),
        "gitRepo" => {
            require(source, &["repository"], path, e);
            validate_local_descending_path(text(source, "directory"), &path.child("directory"), e);
        }
        "secret" | "configMap" => {
            require(
                source,
                &[if key == "secret" {
                    "secretName"
                } else {
                    "name"
                }],
                path,
                e,
            );
            validate_mode(source, "defaultMode", path, e);
            let at = path.child("items");
            for (i, item) in items(source, "items").iter().enumerate() {
                validate_key_to_path(item, &at.index(i), e);
            }
        }
        "persistentVolumeClaim" => require(source, &["claimName"], path, e),
        "downwardAPI" => {
            validate_mode(source, "defaultMode", path, e);
            for file in items(source, "items") {
                validate_downward_file(file, path, e);
            }
        }
        "projected" => {
            validate_mode(source, "defaultMode", path, e);
            validate_projection_sources(source, path, e);
        }
        "csi" => validate_csi(source, path, e),
        "ephemeral" => validate_ephemeral(source, path, e),
        "image" => {
            if text(source, "reference").is_empty() {
                e.required(&path.child("reference"), "");
            }
            e.one_of(
                &path.child("pullPolicy"),
                text(source, "pullPolicy"),
                &["Always", "IfNotPresent", "Never"],
            );
        }
        "nfs" | "iscsi" | "rbd" | "cinder" | "cephfs" | "fc" | "flexVolume" => {
            validate_plugin(key, source, path, e)
        }
        _ => validate_old_plugin(key, source, path, e),
    }
}

/// Mirrors `validateHostPathVolumeSource`.
pub fn validate_host_path(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let target = text(source, "path");
    if target.is_empty() {
        e.required(&path.child("path"), "");
        return;
    }
    validate_path_no_backsteps(target, &path.child("path"), e);
    let types = [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    if let Some(ty) = sub(source, "type").and_then(Value::as_str)
        && !types.contains(&ty)
    {
        e.not_supported(&path.child("type"), Shown::typed(ty), &types);
    }
}

fn validate_key_to_path(item: &Value, path: &Path<'_>, e: &mut Errors) {
    require(item, &["key", "path"], path, e);
    validate_local_non_reserved_path(text(item, "path"), &path.child("path"), e);
    validate_mode(item, "mode", path, e);
}

fn validate_downward_file(file: &Value, path: &Path<'_>, e: &mut Errors) {
    require(file, &["path"], path, e);
    validate_local_non_reserved_path(text(file, "path"), &path.child("path"), e);
    let resource = sub(file, "resourceFieldRef");
    if let Some(r) = sub(file, "fieldRef") {
        validate_object_field_selector(r, VOLUME_FIELDS, &path.child("fieldRef"), e);
        if resource.is_some() {
            e.invalid(
                path,
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            );
        }
    } else if let Some(r) = resource {
        validate_resource_field_selector(r, true, &path.child("resourceFieldRef"), e);
    } else {
        e.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    validate_mode(file, "mode", path, e);
}

fn validate_projection_sources(projected: &Value, path: &Path<'_>, e: &mut Errors) {
    let mut paths: Vec<&str> = Vec::new();
    let sources_at = path.child("sources");
    for (i, source) in items(projected, "sources").iter().enumerate() {
        let at = sources_at.index(i);
        let mut count = 0;
        for key in ["secret", "configMap"] {
            let Some(part) = sub(source, key) else {
                continue;
            };
            count += 1;
            let at = at.child(key);
            require(part, &["name"], &at, e);
            let items_at = at.child("items");
            for (i, item) in items(part, "items").iter().enumerate() {
                validate_key_to_path(item, &items_at.index(i), e);
                let target = text(item, "path");
                if !target.is_empty() {
                    add_path(target, text(part, "name"), &mut paths, path, e);
                }
            }
        }
        if let Some(part) = sub(source, "downwardAPI") {
            count += 1;
            for file in items(part, "items") {
                validate_downward_file(file, &at.child("downwardAPI"), e);
                let target = text(file, "path");
                if !target.is_empty() {
                    add_path(target, target, &mut paths, path, e);
                }
            }
        }
        if let Some(part) = sub(source, "serviceAccountToken") {
            count += 1;
            let seconds = int(part, "expirationSeconds").unwrap_or(0);
            let token_at = at.child("serviceAccountToken");
            let seconds_at = token_at.child("expirationSeconds");
            if seconds < 600 {
                e.invalid(
                    &seconds_at,
                    seconds,
                    "may not specify a duration less than 10 minutes",
                );
            }
            if seconds > 1 << 32 {
                e.invalid(
                    &seconds_at,
                    seconds,
                    "may not specify a duration larger than 2^32 seconds",
                );
            }
            let target = text(part, "path");
            if target.is_empty() {
                e.required(&path.child("path"), "");
            } else {
                validate_local_non_reserved_path(target, &path.child("path"), e);
            }
        }
        // Off by default in 1.32 and dropped there.
        if let Some(part) = sub(source, "clusterTrustBundle") {
            count += 1;
            let bundle_at = at.child("clusterTrustBundle");
            validate_cluster_trust_bundle(part, &bundle_at, e);
            let target = text(part, "path");
            if target.is_empty() {
                e.required(&bundle_at.child("path"), "");
            }
            validate_local_non_reserved_path(target, &bundle_at.child("path"), e);
            add_path(target, target, &mut paths, path, e);
        }
        if count > 1 {
            e.forbidden(&at, "may not specify more than 1 volume type per source");
        }
    }
}

fn add_path<'v>(
    target: &'v str,
    shown: &str,
    paths: &mut Vec<&'v str>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    if paths.contains(&target) {
        e.invalid(path, shown, "conflicting duplicate paths");
    } else {
        paths.push(target);
    }
}

fn validate_cluster_trust_bundle(part: &Value, path: &Path<'_>, e: &mut Errors) {
    let name = sub(part, "name").and_then(Value::as_str);
    let signer = sub(part, "signerName").and_then(Value::as_str);
    match (name, signer) {
        (Some(_), Some(_)) => {
            let selector = Tree::pointer(
                "v1.LabelSelector",
                sub(part, "labelSelector"),
                Tree::label_selector,
            );
            let shown = Tree::Struct(
                "core.ClusterTrustBundleProjection",
                vec![
                    field("Name", Tree::scalar_pointer("string", sub(part, "name"))),
                    field(
                        "SignerName",
                        Tree::scalar_pointer("string", sub(part, "signerName")),
                    ),
                    field("LabelSelector", selector),
                    field(
                        "Optional",
                        Tree::scalar_pointer("bool", sub(part, "optional")),
                    ),
                    field("Path", Tree::text(part.get("path"))),
                ],
            );
            e.invalid(path, shown, "only one of name and signerName may be used");
        }
        (Some(name), None) => {
            if name.is_empty() {
                e.required(&path.child("name"), "must be a valid object name");
            }
            for message in names::is_dns1123_subdomain(name) {
                e.invalid(
                    &path.child("name"),
                    name,
                    format!("not a valid clustertrustbundlename: {message}"),
                );
            }
            if let Some(selector) = sub(part, "labelSelector") {
                let detail = "labelSelector must be unset if name is specified";
                e.invalid(
                    &path.child("labelSelector"),
                    Tree::label_selector(selector),
                    detail,
                );
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                e.required(&path.child("signerName"), "must be a valid signer name");
            }
            validate_label_selector(sub(part, "labelSelector"), &path.child("labelSelector"), e);
        }
        (None, None) => e.required(path, "either name or signerName must be specified"),
    }
}

/// Mirrors `ValidateCSIDriverName`.
pub fn validate_csi_driver_name(name: &str, path: &Path<'_>, e: &mut Errors) {
    if name.is_empty() {
        e.required(path, "");
        // One error is enough from some version on (seen in 1.36).
        if e.since(34) {
            return;
        }
    }
    if name.len() > 63 {
        e.too_long(path, 63);
    }
    e.invalid_each(
        path,
        name,
        names::is_dns1123_subdomain(&name.to_lowercase()),
    );
}

fn validate_csi(source: &Value, path: &Path<'_>, e: &mut Errors) {
    validate_csi_driver_name(text(source, "driver"), &path.child("driver"), e);
    if let Some(r) = sub(source, "nodePublishSecretRef") {
        let name = text(r, "name");
        if name.is_empty() {
            e.required(&path.child("nodePublishSecretRef").child("name"), "");
        } else {
            e.invalid_each(&path.child("name"), name, names::is_dns1123_subdomain(name));
        }
    }
}

fn validate_ephemeral(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let at = path.child("volumeClaimTemplate");
    let Some(template) = sub(source, "volumeClaimTemplate") else {
        e.required(&at, "");
        return;
    };
    let none = Value::object();
    let meta = sub(template, "metadata").unwrap_or(&none);
    let meta_at = at.child("metadata");
    validate_annotations(meta.get("annotations"), &meta_at.child("annotations"), e);
    validate_labels(meta.get("labels"), &meta_at.child("labels"), e);
    // In the order of the Go structure.
    for key in [
        "name",
        "generateName",
        "namespace",
        "uid",
        "resourceVersion",
        "ownerReferences",
        "finalizers",
    ] {
        if sub(meta, key).is_some_and(|v| !v.is_empty()) {
            let shown = if key == "uid" { "uID" } else { key };
            e.forbidden(&meta_at.child(shown), "cannot be set");
        }
    }
    validate_persistent_volume_claim_spec(
        sub(template, "spec").unwrap_or(&none),
        &at.child("spec"),
        e,
    );
}

/// Is a boolean entry true?
pub fn is_true(v: &Value, key: &str) -> bool {
    flag(v, key) == Some(true)
}
