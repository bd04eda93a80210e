//! Volume sources of single vendors. Mirrors `validateNFSVolumeSource` and its neighbours, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{entries, int, items, sub, text, validate_dns1123_label};
use super::names::inclusive_range;
use super::path::Path;
use super::shown::{Shown, Tree};
use super::volumes::{is_true, require};
use crate::value::Value;

/// Sources of volumes, where some rules differ from those of pods.
pub fn validate_persistent_plugin(key: &str, source: &Value, path: &Path<'_>, e: &mut Errors) {
    let at = match key {
        "gcePersistentDisk" => path.child("persistentDisk"),
        _ => path.child(key),
    };
    match key {
        "iscsi" => {
            let name = e.sent.as_ref().map_or("", |s| s.str_at("metadata.name"));
            let target = text(source, "targetPortal");
            if sub(source, "initiatorName").is_some() && name.len() + 1 + target.len() > 64 {
                let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
                e.invalid(&at.child("targetportal"), target, detail);
            }
            validate_iscsi(source, "must be valid format", &at, e);
        }
        "nfs" | "rbd" | "cephfs" | "cinder" | "fc" | "flexVolume" => {
            validate_plugin(key, source, &at, e);
        }
        _ => validate_old_plugin(key, source, &at, e),
    }
    if let Some(secret) = sub(source, "secretRef") {
        if key == "iscsi" {
            require(secret, &["name"], &at.child("secretRef"), e);
        } else if key == "cinder" || key == "storageos" {
            require(secret, &["namespace"], &at.child("secretRef"), e);
        }
    }
    if let Some(namespace) = sub(source, "endpointsNamespace").and_then(Value::as_str) {
        let at = at.child("endpointsNamespace");
        if namespace.is_empty() {
            let detail = "if the endpointnamespace is set, it must be a valid namespace name";
            e.invalid(&at, namespace, detail);
        } else {
            validate_dns1123_label(namespace, &at, e);
        }
    }
    if sub(source, "secretNamespace").is_some() {
        require(source, &["secretNamespace"], &at, e);
    }
}

/// Sources that are still in use.
pub fn validate_plugin(key: &str, source: &Value, path: &Path<'_>, e: &mut Errors) {
    match key {
        "nfs" => {
            require(source, &["server", "path"], path, e);
            let target = text(source, "path");
            if !target.starts_with('/') {
                e.invalid(&path.child("path"), target, "must be an absolute path");
            }
        }
        "iscsi" => {
            let wrong_start = "must be valid format starting with iqn, eui, or naa";
            validate_iscsi(source, wrong_start, path, e);
        }
        "rbd" => {
            require_items(source, "monitors", path, e);
            require(source, &["image"], path, e);
        }
        "cephfs" => require_items(source, "monitors", path, e),
        "cinder" => {
            require(source, &["volumeID"], path, e);
            require_secret_name(source, path, e);
        }
        "fc" => validate_fc(source, path, e),
        _ => {
            require(source, &["driver"], path, e);
            let options_at = path.child("options");
            for (option, _) in entries(source.get("options")) {
                let namespace = option
                    .split('/')
                    .next()
                    .filter(|_| option.contains('/'))
                    .unwrap_or(option);
                let normalized = format!(".{}", namespace.to_lowercase());
                if normalized.ends_with(".kubernetes.io") || normalized.ends_with(".k8s.io") {
                    e.invalid(
                        &options_at.key(option),
                        option,
                        "kubernetes.io and k8s.io namespaces are reserved",
                    );
                }
            }
        }
    }
}

/// Sources that are kept for old objects only.
pub fn validate_old_plugin(key: &str, source: &Value, path: &Path<'_>, e: &mut Errors) {
    match key {
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            require(
                source,
                &[if key == "gcePersistentDisk" {
                    "pdName"
                } else {
                    "volumeID"
                }],
                path,
                e,
            );
            let partition = int(source, "partition").unwrap_or(0);
            if !(0..=255).contains(&partition) {
                e.invalid(&path.child("partition"), partition, inclusive_range(1, 255));
            }
        }
        "glusterfs" => require(source, &["endpoints", "path"], path, e),
        "flocker" => validate_flocker(source, path, e),
        "quobyte" => validate_quobyte(source, path, e),
        "azureFile" => require(source, &["secretName", "shareName"], path, e),
        "vsphereVolume" => require(source, &["volumePath"], path, e),
        "photonPersistentDisk" => require(source, &["pdID"], path, e),
        "portworxVolume" => require(source, &["volumeID"], path, e),
        "azureDisk" => validate_azure_disk(source, path, e),
        "storageos" => validate_storageos(source, path, e),
        "scaleIO" => require(source, &["gateway", "system", "volumeName"], path, e),
        _ => {}
    }
}

fn require_items(v: &Value, key: &str, path: &Path<'_>, e: &mut Errors) {
    if items(v, key).is_empty() {
        e.required(&path.child(key), "");
    }
}

fn require_secret_name(v: &Value, path: &Path<'_>, e: &mut Errors) {
    if let Some(r) = sub(v, "secretRef")
        && text(r, "name").is_empty()
    {
        e.required(&path.child("secretRef").child("name"), "");
    }
}

/// Does the text have the form its first three letters promise?
fn is_iscsi_name(name: &str) -> bool {
    let alnum = |s: &str, n: usize| s.len() == n && s.bytes().all(|c| c.is_ascii_alphanumeric());
    let date_and_rest = |rest: &str| {
        let b = rest.as_bytes();
        let digits =
            |r: std::ops::Range<usize>| b.get(r).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
        if !(digits(0..4) && b.get(4) == Some(&b'-') && digits(5..7) && b.get(7) == Some(&b'.')) {
            return false;
        }
        let Some(rest) = rest.get(8..) else {
            return false;
        };
        // name characters, then a colon and anything but separators
        rest.match_indices(':').any(|(i, _)| {
            let (host, tail) = (&rest[..i], &rest[i + 1..]);
            !host.is_empty()
                && host
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || b"-.:".contains(&c))
                && !tail.is_empty()
                && !tail.contains(|c: char| ",;*&$|".contains(c) || c.is_ascii_whitespace())
        })
    };
    match name.get(..4) {
        Some(head) if head.starts_with("eui") => alnum(name.get(4..).unwrap_or(""), 16),
        Some(head) if head.starts_with("naa") => alnum(name.get(4..).unwrap_or(""), 32),
        Some("iqn.") => date_and_rest(name.get(4..).unwrap_or("")),
        _ => false,
    }
}

fn validate_iscsi(source: &Value, wrong_start: &'static str, path: &Path<'_>, e: &mut Errors) {
    require(source, &["targetPortal"], path, e);
    let known = |name: &str| ["iqn", "eui", "naa"].iter().any(|p| name.starts_with(p));
    let iqn = text(source, "iqn");
    if iqn.is_empty() {
        e.required(&path.child("iqn"), "");
    } else if !known(iqn) {
        e.invalid(&path.child("iqn"), iqn, wrong_start);
    } else if !is_iscsi_name(iqn) {
        e.invalid(&path.child("iqn"), iqn, "must be valid format");
    }
    let lun = int(source, "lun").unwrap_or(0);
    if !(0..=255).contains(&lun) {
        e.invalid(&path.child("lun"), lun, inclusive_range(0, 255));
    }
    if (is_true(source, "chapAuthDiscovery") || is_true(source, "chapAuthSession"))
        && sub(source, "secretRef").is_none()
    {
        e.required(&path.child("secretRef"), "");
    }
    if let Some(initiator) = sub(source, "initiatorName").and_then(Value::as_str) {
        let at = path.child("initiatorname");
        if !known(initiator) {
            e.invalid(&at, initiator, wrong_start);
        } else if !is_iscsi_name(initiator) {
            e.invalid(&at, initiator, "must be valid format");
        }
    }
}

fn validate_fc(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let (targets, wwids) = (items(source, "targetWWNs"), items(source, "wwids"));
    let at = path.child("targetWWNs");
    if targets.is_empty() && wwids.is_empty() {
        e.required(&at, "must specify either targetWWNs or wwids, but not both");
    }
    if !targets.is_empty() && !wwids.is_empty() {
        let shown = Tree::scalars("[]string", source.get("targetWWNs"));
        e.invalid(
            &at,
            shown,
            "targetWWNs and wwids can not be specified simultaneously",
        );
    }
    if !targets.is_empty() {
        match int(source, "lun") {
            None => e.required(
                &path.child("lun"),
                "lun is required if targetWWNs is specified",
            ),
            Some(lun) if !(0..=255).contains(&lun) => {
                e.invalid(&path.child("lun"), lun, inclusive_range(0, 255));
            }
            Some(_) => {}
        }
    }
}

fn validate_flocker(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let (name, uuid) = (text(source, "datasetName"), text(source, "datasetUUID"));
    if name.is_empty() && uuid.is_empty() {
        e.required(path, "one of datasetName and datasetUUID is required");
    }
    if !name.is_empty() && !uuid.is_empty() {
        e.invalid(
            path,
            "resource",
            "datasetName and datasetUUID can not be specified simultaneously",
        );
    }
    if name.contains('/') {
        e.invalid(&path.child("datasetName"), name, "must not contain '/'");
    }
}

fn validate_quobyte(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let registry = text(source, "registry");
    let pairs = "must be a host:port pair or multiple pairs separated by commas";
    if registry.is_empty() {
        e.required(&path.child("registry"), pairs);
    } else if text(source, "tenant").len() >= 65 {
        e.required(
            &path.child("tenant"),
            "must be a UUID and may not exceed a length of 64 characters",
        );
    } else {
        for pair in registry.split(',') {
            let host = pair.rsplit_once(':').map(|(host, _)| host);
            if host.is_none_or(|h| h.contains(':') && !(h.starts_with('[') && h.ends_with(']'))) {
                e.invalid(&path.child("registry"), registry, pairs);
            }
        }
    }
    require(source, &["volume"], path, e);
}

fn validate_azure_disk(source: &Value, path: &Path<'_>, e: &mut Errors) {
    require(source, &["diskName", "diskURI"], path, e);
    if let Some(mode) = sub(source, "cachingMode").and_then(Value::as_str)
        && !["None", "ReadOnly", "ReadWrite"].contains(&mode)
    {
        e.not_supported(
            &path.child("cachingMode"),
            Shown::typed(mode),
            &["None", "ReadOnly", "ReadWrite"],
        );
    }
    let Some(kind) = sub(source, "kind").and_then(Value::as_str) else {
        return;
    };
    if !["Dedicated", "Managed", "Shared"].contains(&kind) {
        e.not_supported(
            &path.child("kind"),
            Shown::typed(kind),
            &["Dedicated", "Managed", "Shared"],
        );
    }
    let uri = text(source, "diskURI");
    if kind == "Managed" && !uri.starts_with("/subscriptions/") {
        let form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
        e.not_supported(&path.child("diskURI"), uri, &[form]);
    }
    if kind != "Managed" && !uri.starts_with("https://") {
        let form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
        e.not_supported(&path.child("diskURI"), uri, &[form]);
    }
}

fn validate_storageos(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let (name, namespace) = (text(source, "volumeName"), text(source, "volumeNamespace"));
    if name.is_empty() {
        e.required(&path.child("volumeName"), "");
    } else {
        validate_dns1123_label(name, &path.child("volumeName"), e);
    }
    if !namespace.is_empty() {
        validate_dns1123_label(namespace, &path.child("volumeNamespace"), e);
    }
    require_secret_name(source, path, e);
}
