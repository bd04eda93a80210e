//! Volumes and classes. Mirrors `PersistentVolumeDescriber` and `StorageClassDescriber`, kubectl/pkg/describe/describe.go.

use super::{Desk, annotations, events, labels, show};
use crate::columns::access_modes;
use crate::context;
use rollout_api::Value;

fn finalizers(o: &Value) -> String {
    let names: Vec<&str> = o
        .list_at("metadata.finalizers")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    format!("[{}]", names.join(" "))
}

/// A PersistentVolume.
pub(crate) fn volume(d: &mut Desk<'_, '_, '_>, o: &Value) {
    d.doc.field(0, "Name", o.str_at("metadata.name"));
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.field(0, "Finalizers", finalizers(o));
    d.doc
        .field(0, "StorageClass", o.str_at("spec.storageClassName"));
    if o.at("metadata.deletionTimestamp").is_some() {
        let lasts = context::age_at(o, "metadata.deletionTimestamp", d.now());
        d.doc
            .field(0, "Status", format!("Terminating (lasts {lasts})"));
    } else {
        d.doc.field(0, "Status", o.str_at("status.phase"));
    }
    let claim = o.at("spec.claimRef").map_or_else(String::new, |c| {
        format!("{}/{}", c.str_at("namespace"), c.str_at("name"))
    });
    d.doc.field(0, "Claim", claim);
    d.doc.field(
        0,
        "Reclaim Policy",
        o.str_at("spec.persistentVolumeReclaimPolicy"),
    );
    d.doc.field(
        0,
        "Access Modes",
        access_modes(o.list_at("spec.accessModes")),
    );
    let mode = o.str_at("spec.volumeMode");
    if !mode.is_empty() {
        d.doc.field(0, "VolumeMode", mode);
    }
    d.doc.field(0, "Capacity", show(o, "spec.capacity.storage"));
    node_affinity(d, o);
    d.doc.field(0, "Message", o.str_at("status.message"));
    d.doc.line(0, "Source:");
    source(d, o);
    events::block(d, o);
}

fn node_affinity(d: &mut Desk<'_, '_, '_>, o: &Value) {
    let Some(required) = o.at("spec.nodeAffinity.required") else {
        d.doc.field(0, "Node Affinity", "<none>");
        return;
    };
    d.doc.field(0, "Node Affinity", "");
    d.doc.field(1, "Required Terms", "");
    for (i, term) in required.list_at("nodeSelectorTerms").iter().enumerate() {
        let rules: Vec<String> = term
            .list_at("matchExpressions")
            .iter()
            .map(|e| {
                let values: Vec<&str> = e
                    .list_at("values")
                    .iter()
                    .filter_map(Value::as_str)
                    .collect();
                let operator = e.str_at("operator").to_lowercase();
                if values.is_empty() {
                    format!("{} {operator}", e.str_at("key"))
                } else {
                    format!("{} {operator} [{}]", e.str_at("key"), values.join(", "))
                }
            })
            .collect();
        let title = format!("Term {i}");
        d.doc
            .field(2, &title, rules.first().map_or("<none>", String::as_str));
        for rule in rules.iter().skip(1) {
            d.doc.line(2, format!("\t{rule}"));
        }
    }
}

fn source(d: &mut Desk<'_, '_, '_>, o: &Value) {
    let spec = o.get("spec").cloned().unwrap_or_default();
    let mut say = |name: &str, value: &str| d.doc.field(2, name, value);
    if spec.get("csi").is_some() {
        say(
            "Type",
            "CSI (a Container Storage Interface (CSI) volume source)",
        );
        say("Driver", spec.str_at("csi.driver"));
        say("FSType", spec.str_at("csi.fsType"));
        say("VolumeHandle", spec.str_at("csi.volumeHandle"));
        say("ReadOnly", &spec.bool_at("csi.readOnly").to_string());
        labels(
            &mut d.doc,
            "    VolumeAttributes",
            spec.at("csi.volumeAttributes"),
        );
    } else if spec.get("hostPath").is_some() {
        say("Type", "HostPath (bare host directory volume)");
        say("Path", spec.str_at("hostPath.path"));
        say("HostPathType", spec.str_at("hostPath.type"));
    } else if spec.get("local").is_some() {
        say(
            "Type",
            "LocalVolume (a persistent volume backed by local storage on a node)",
        );
        say("Path", spec.str_at("local.path"));
    } else if spec.get("nfs").is_some() {
        say(
            "Type",
            "NFS (an NFS mount that lasts the lifetime of a pod)",
        );
        say("Server", spec.str_at("nfs.server"));
        say("Path", spec.str_at("nfs.path"));
        say("ReadOnly", &spec.bool_at("nfs.readOnly").to_string());
    } else {
        d.doc.line(0, "<unknown>");
    }
}

/// A StorageClass.
pub(crate) fn class(d: &mut Desk<'_, '_, '_>, o: &Value) {
    d.doc.field(0, "Name", o.str_at("metadata.name"));
    let default = o
        .at("metadata.annotations")
        .and_then(|a| a.get("storageclass.kubernetes.io/is-default-class"))
        .and_then(Value::as_str)
        == Some("true");
    d.doc
        .field(0, "IsDefaultClass", if default { "Yes" } else { "No" });
    let pairs = |at: &str| {
        let map = o.at(at).and_then(Value::as_map);
        let parts: Vec<String> = map
            .into_iter()
            .flat_map(rollout_api::Map::iter)
            .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
            .collect();
        if parts.is_empty() {
            "<none>".to_owned()
        } else {
            parts.join(",")
        }
    };
    d.doc.field(0, "Annotations", pairs("metadata.annotations"));
    d.doc.field(0, "Provisioner", o.str_at("provisioner"));
    d.doc.field(0, "Parameters", pairs("parameters"));
    let expansion = match o.get("allowVolumeExpansion").and_then(Value::as_bool) {
        None => "<unset>",
        Some(true) => "True",
        Some(false) => "False",
    };
    d.doc.field(0, "AllowVolumeExpansion", expansion);
    let options = o.list_at("mountOptions");
    if options.is_empty() {
        d.doc.field(0, "MountOptions", "<none>");
    } else {
        d.doc.line(0, "MountOptions:");
        for option in options {
            d.doc.line(1, option.as_str().unwrap_or(""));
        }
    }
    let or = |at: &str, unset: &'static str| {
        Some(o.str_at(at).to_owned())
            .filter(|t| !t.is_empty())
            .unwrap_or_else(|| unset.to_owned())
    };
    d.doc
        .field(0, "ReclaimPolicy", or("reclaimPolicy", "Delete"));
    d.doc
        .field(0, "VolumeBindingMode", or("volumeBindingMode", "<unset>"));
    events::block(d, o);
}
