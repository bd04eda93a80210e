//! Claims, volumes and storage classes. Mirrors pkg/apis/core/validation/validation.go and pkg/apis/storage/validation/validation.go.

use super::affinity::validate_node_selector;
use super::errors::Errors;
use super::meta::{
    entries, items, sub, text, validate_dns1123_label, validate_dns1123_subdomain,
    validate_label_name, validate_label_selector, validate_object_meta,
    validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::resources::{
    quantity, quantity_tree, sent, validate_positive_quantity, validate_resource_quantity_value,
};
use super::shown::{Shown, Tree};
use super::volume_plugins::validate_persistent_plugin;
use super::volumes::{validate_csi_driver_name, validate_host_path};
use crate::Order;
use crate::quantity::Quantity;
use crate::value::Value;

const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

fn validate_access_modes(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let at = path.child("accessModes");
    let (mut once_pod, mut other) = (false, false);
    for mode in items(spec, "accessModes") {
        let mode = mode.as_str().unwrap_or("");
        if !ACCESS_MODES.contains(&mode) {
            e.not_supported(&at, Shown::typed(mode), ACCESS_MODES);
        } else if mode == "ReadWriteOncePod" {
            once_pod = true;
        } else {
            other = true;
        }
    }
    if once_pod && other {
        e.forbidden(&at, "may not use ReadWriteOncePod with other access modes");
    }
}

fn validate_volume_mode(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    if let Some(mode) = sub(spec, "volumeMode").and_then(Value::as_str)
        && !["Block", "Filesystem"].contains(&mode)
    {
        e.not_supported(
            &path.child("volumeMode"),
            Shown::typed(mode),
            &["Block", "Filesystem"],
        );
    }
}

/// Mirrors `ValidatePersistentVolumeClaim`.
pub fn validate_persistent_volume_claim(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    let none = Value::object();
    validate_persistent_volume_claim_spec(
        sub(object, "spec").unwrap_or(&none),
        &Path::root("spec"),
        e,
    );
}

/// Mirrors `ValidatePersistentVolumeClaimSpec`.
pub fn validate_persistent_volume_claim_spec(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    if items(spec, "accessModes").is_empty() {
        e.required(
            &path.child("accessModes"),
            "at least 1 access mode is required",
        );
    }
    validate_label_selector(sub(spec, "selector"), &path.child("selector"), e);
    validate_access_modes(spec, path, e);
    let resources_at = path.child("resources");
    let at = resources_at.key("storage");
    match spec.at("resources.requests.storage") {
        None => e.required(&at, ""),
        Some(storage) => {
            let before = e.len();
            validate_positive_quantity(storage, &at, e);
            if e.len() == before {
                validate_resource_quantity_value("storage", storage, &at, e);
            }
        }
    }
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        validate_dns1123_subdomain(class, &path.child("storageClassName"), e);
    }
    validate_volume_mode(spec, path, e);
    let (source, reference) = (sub(spec, "dataSource"), sub(spec, "dataSourceRef"));
    for (key, v) in [("dataSource", source), ("dataSourceRef", reference)] {
        if let Some(v) = v {
            validate_data_source(v, &path.child(key), e);
        }
    }
    let namespace = reference.map_or("", |r| text(r, "namespace"));
    // The value of this error is itself a path; the server's text of it is that path's Go structure.
    if !namespace.is_empty() {
        let at = path.child("dataSourceRef");
        e.invalid_each(
            &at.child("namespace"),
            namespace,
            names::is_dns1123_label(namespace),
        );
    }
    let class = text(spec, "volumeAttributesClassName");
    if !class.is_empty() && e.since(34) {
        validate_dns1123_subdomain(class, &path.child("volumeAttributesClassName"), e);
    }
}

fn validate_data_source(source: &Value, path: &Path<'_>, e: &mut Errors) {
    let kind = text(source, "kind");
    for key in ["name", "kind"] {
        if text(source, key).is_empty() {
            e.required(&path.child(key), "");
        }
    }
    let group = text(source, "apiGroup");
    if group.is_empty() {
        if kind != "PersistentVolumeClaim" {
            let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            e.invalid(path, kind, detail);
        }
    } else {
        validate_dns1123_subdomain(group, &path.child("apiGroup"), e);
    }
}

/// Mirrors `ValidatePersistentVolumeClaimUpdate`.
/// Differs: the refusal of changes ends without Go's diff of the two specs.
pub fn validate_persistent_volume_claim_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_persistent_volume_claim(new, e);
    let none = Value::object();
    let (mut spec, mut before) = (
        sub(new, "spec").unwrap_or(&none).clone(),
        sub(old, "spec").unwrap_or(&none).clone(),
    );
    let bound = new.str_at("status.phase") == "Bound";
    let was = |v: &Value| v.at("spec.resources.requests.storage").map(quantity);
    let (size, former) = (was(new), was(old));
    if text(&before, "volumeName").is_empty() {
        before.map_mut().remove("volumeName");
        spec.map_mut().remove("volumeName");
    }
    if sub(&before, "storageClassName").is_none() {
        spec.map_mut().remove("storageClassName");
    }
    if bound {
        for v in [&mut spec, &mut before] {
            v.remove("resources.requests.storage");
            v.remove("volumeAttributesClassName");
        }
    }
    let path = Path::root("spec");
    if spec != before {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n";
        e.forbidden(&path, detail);
    }
    let parse =
        |q: Option<crate::value::Str>| q.and_then(|q| Quantity::parse(&q).ok()).unwrap_or_default();
    let (size, former) = (parse(size), parse(former));
    if size.compare(&former).is_lt() {
        let resources_at = path.child("resources");
        let requests_at = resources_at.child("requests");
        let at = requests_at.child("storage");
        if !e.since(32) {
            e.forbidden(&at, "field can not be less than previous value");
        } else if size
            .compare(&parse(old.at("status.capacity.storage").map(quantity)))
            .is_le()
        {
            e.forbidden(&at, "field can not be less than status.capacity");
        }
    }
}

/// Mirrors `ValidatePersistentVolume` for the sources a learner may use: `hostPath`, `local`, `nfs`, `csi`.
pub fn validate_persistent_volume(object: &Value, e: &mut Errors) {
    validate_object_meta(object, false, names::is_dns1123_subdomain, e);
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    if items(spec, "accessModes").is_empty() {
        e.required(&path.child("accessModes"), "");
    }
    validate_access_modes(spec, &path, e);
    let capacity = sub(spec, "capacity");
    let at = path.child("capacity");
    let keys: Vec<&str> = entries(capacity).map(|(k, _)| k).collect();
    if keys.is_empty() {
        e.required(&at, "");
    }
    if keys != ["storage"] {
        let shown = match capacity {
            Some(c) => {
                let list = entries(Some(c)).map(|(k, q)| {
                    let sent = sent(&at.key(k), e);
                    (k.to_owned().into(), quantity_tree(q, true, sent))
                });
                Tree::Map("core.ResourceList", Some(list.collect()))
            }
            None => {
                let sent = e.given(None, &at).map(|_| Vec::new());
                Tree::Map("core.ResourceList", sent)
            }
        };
        e.not_supported(&at, shown, &["storage"]);
    }
    for (key, q) in entries(capacity) {
        let value = Quantity::of(q).map_or(0, |q| q.value());
        if value < 0 {
            e.invalid(&at.key(key), value, "must be a valid resource quantity");
        }
        validate_positive_quantity(q, &at.key(key), e);
    }
    let policy = text(spec, "persistentVolumeReclaimPolicy");
    let policies = ["Delete", "Recycle", "Retain"];
    if !policy.is_empty() && !policies.contains(&policy) {
        e.not_supported(
            &path.child("persistentVolumeReclaimPolicy"),
            Shown::typed(policy),
            &policies,
        );
    }
    let affinity = sub(spec, "nodeAffinity");
    let affinity_at = path.child("nodeAffinity");
    if let Some(affinity) = affinity {
        match sub(affinity, "required") {
            Some(selector) => {
                validate_node_selector(selector, e.since(33), &affinity_at.child("required"), e)
            }
            None => e.required(
                &affinity_at.child("required"),
                "must specify required node constraints",
            ),
        }
    }
    validate_persistent_source(spec, affinity.is_some(), &path, e);
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        validate_dns1123_subdomain(class, &path.child("storageClassName"), e);
    }
    validate_volume_mode(spec, &path, e);
}

fn validate_persistent_source(spec: &Value, affinity: bool, path: &Path<'_>, e: &mut Errors) {
    const SOURCES: &[&str] = &[
        "hostPath",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "glusterfs",
        "flocker",
        "nfs",
        "rbd",
        "quobyte",
        "cephfs",
        "iscsi",
        "cinder",
        "fc",
        "flexVolume",
        "azureFile",
        "vsphereVolume",
        "photonPersistentDisk",
        "portworxVolume",
        "azureDisk",
        "scaleIO",
        "local",
        "storageos",
        "csi",
    ];
    let mut found = false;
    for key in SOURCES {
        let Some(source) = sub(spec, key) else {
            continue;
        };
        let at = path.child(key);
        if found && *key != "flexVolume" {
            // The capital letters are the server's.
            let at = if *key == "cephfs" {
                path.child("cephFS")
            } else {
                at
            };
            e.forbidden(&at, "may not specify more than 1 volume type");
            continue;
        }
        found = true;
        match *key {
            "hostPath" => validate_host_path(source, &at, e),
            "local" => {
                let target = text(source, "path");
                if target.is_empty() {
                    e.required(&at.child("path"), "");
                } else {
                    super::mounts::validate_path_no_backsteps(target, &at.child("path"), e);
                }
                if !affinity {
                    e.required(
                        &path.child("nodeAffinity"),
                        "Local volume requires node affinity",
                    );
                }
            }
            "csi" => {
                validate_csi_driver_name(text(source, "driver"), &at.child("driver"), e);
                if text(source, "volumeHandle").is_empty() {
                    e.required(&at.child("volumeHandle"), "");
                }
                for key in [
                    "controllerPublishSecretRef",
                    "controllerExpandSecretRef",
                    "nodePublishSecretRef",
                    "nodeExpandSecretRef",
                ] {
                    if let Some(secret) = sub(source, key) {
                        let at = at.child(key);
                        validate_secret_reference(secret, &at, e);
                    }
                }
            }
            key => validate_persistent_plugin(key, source, path, e),
        }
    }
    if !found {
        e.required(path, "must specify a volume type");
    }
    let root = spec.str_at("hostPath.path");
    if sub(spec, "hostPath").is_some()
        && !root.is_empty()
        && root.bytes().all(|c| c == b'/')
        && text(spec, "persistentVolumeReclaimPolicy") == "Recycle"
    {
        let at = path.child("persistentVolumeReclaimPolicy");
        e.forbidden(&at, "may not be 'recycle' for a hostPath mount of '/'");
    }
}

/// Mirrors `validatePVSecretReference`.
fn validate_secret_reference(secret: &Value, path: &Path<'_>, e: &mut Errors) {
    let (name, namespace) = (text(secret, "name"), text(secret, "namespace"));
    if name.is_empty() {
        e.required(&path.child("name"), "");
    } else {
        validate_dns1123_subdomain(name, &path.child("name"), e);
    }
    if namespace.is_empty() {
        e.required(&path.child("namespace"), "");
    } else {
        validate_dns1123_label(namespace, &path.child("namespace"), e);
    }
}

/// Mirrors `ValidateStorageClass`.
pub fn validate_storage_class(object: &Value, e: &mut Errors) {
    validate_object_meta(object, false, names::is_dns1123_subdomain, e);
    let provisioner = text(object, "provisioner");
    let at = Path::root("provisioner");
    if provisioner.is_empty() {
        e.required(&at, "");
    } else {
        validate_label_name(&provisioner.to_lowercase(), &at, e);
    }
    let at = Path::root("parameters");
    let mut size = 0;
    for (key, value) in entries(object.get("parameters")) {
        if key.is_empty() {
            e.invalid(&at, key, "field can not be empty.");
        }
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > 256 * 1024 {
        e.too_long(&at, 256 * 1024);
    }
    if entries(object.get("parameters")).count() > 512 {
        e.too_long(&at, 512);
    }
    let policy = text(object, "reclaimPolicy");
    if !policy.is_empty() && !["Delete", "Retain"].contains(&policy) {
        e.not_supported(
            &Path::root("reclaimPolicy"),
            Shown::typed(policy),
            &["Delete", "Retain"],
        );
    }
    e.one_of(
        &Path::root("volumeBindingMode"),
        text(object, "volumeBindingMode"),
        &["Immediate", "WaitForFirstConsumer"],
    );
    let topologies = Path::root("allowedTopologies");
    let terms = items(object, "allowedTopologies");
    for (i, term) in terms.iter().enumerate() {
        let at = topologies.index(i);
        let at = at.child("matchLabelExpressions");
        let mut keys: Vec<&str> = Vec::new();
        for (i, r) in items(term, "matchLabelExpressions").iter().enumerate() {
            let at = at.index(i);
            let values_at = at.child("values");
            let values = items(r, "values");
            if values.is_empty() {
                e.required(&values_at, "");
            }
            for (i, v) in values.iter().enumerate() {
                if values[..i].contains(v) {
                    e.duplicate(&values_at.index(i), v.as_str().unwrap_or(""));
                }
            }
            let key = text(r, "key");
            validate_label_name(key, &at.child("key"), e);
            if keys.contains(&key) {
                e.duplicate(&at.child("key"), key);
            }
            keys.push(key);
        }
        // The server compares with all terms, those it has not come to yet being empty.
        let own = pairs(term);
        for (j, other) in terms.iter().enumerate() {
            let known = if j < i { pairs(other) } else { Vec::new() };
            if own == known {
                e.duplicate(&at, "");
            }
        }
    }
}

/// What a topology term allows, in order.
fn pairs(term: &Value) -> Vec<(&str, Option<&str>)> {
    let mut pairs = Vec::new();
    for r in items(term, "matchLabelExpressions") {
        let values = items(r, "values").iter().filter_map(Value::as_str);
        pairs.push((text(r, "key"), None));
        pairs.extend(values.map(|v| (text(r, "key"), Some(v))));
    }
    pairs.order();
    pairs.dedup();
    pairs
}

/// Mirrors `ValidateStorageClassUpdate`.
pub fn validate_storage_class_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    if new.get("parameters") != old.get("parameters") {
        e.forbidden(
            &Path::root("parameters"),
            "updates to parameters are forbidden.",
        );
    }
    if text(new, "provisioner") != text(old, "provisioner") {
        e.forbidden(
            &Path::root("provisioner"),
            "updates to provisioner are forbidden.",
        );
    }
    if text(new, "reclaimPolicy") != text(old, "reclaimPolicy") {
        e.forbidden(
            &Path::root("reclaimPolicy"),
            "updates to reclaimPolicy are forbidden.",
        );
    }
    if text(new, "volumeBindingMode") != text(old, "volumeBindingMode") {
        let shown = Shown::typed(text(new, "volumeBindingMode"));
        e.invalid(
            &Path::root("volumeBindingMode"),
            shown,
            super::meta::FIELD_IS_IMMUTABLE,
        );
    }
}

/// Mirrors `ValidatePriorityClass`, pkg/apis/scheduling/validation/validation.go.
pub fn validate_priority_class(object: &Value, e: &mut Errors) {
    validate_object_meta(object, false, names::is_dns1123_subdomain, e);
    let name = object.str_at("metadata.name");
    if name.starts_with("system-")
        && !["system-node-critical", "system-cluster-critical"].contains(&name)
    {
        let detail = "priority class names with 'system-' prefix are reserved for system use only. error: name is not a known system priority class";
        let meta = Path::root("metadata");
        let detail = detail.replace("name is not", &format!("{name} is not"));
        e.forbidden(&meta.child("name"), detail);
    } else if object.int_at("value").unwrap_or(0) > 1_000_000_000 && !name.starts_with("system-") {
        let detail = "maximum allowed value of a user defined priority is 1000000000";
        e.forbidden(&Path::root("value"), detail);
    }
    if let Some(policy) = sub(object, "preemptionPolicy").and_then(Value::as_str) {
        e.one_of(
            &Path::root("preemptionPolicy"),
            policy,
            &["PreemptLowerPriority", "Never"],
        );
    }
}

/// Mirrors `ValidatePriorityClassUpdate`.
pub fn validate_priority_class_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    if new.int_at("value") != old.int_at("value") {
        e.forbidden(&Path::root("value"), "may not be changed in an update.");
    }
    let policy = |v: &Value| text(v, "preemptionPolicy").to_owned();
    if policy(new) != policy(old) {
        let shown = Shown::typed(&policy(new));
        e.invalid(
            &Path::root("preemptionPolicy"),
            shown,
            super::meta::FIELD_IS_IMMUTABLE,
        );
    }
}
