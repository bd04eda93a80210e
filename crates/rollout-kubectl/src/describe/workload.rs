//! Deployments, ReplicaSets and pods.

use super::{Desk, annotations, container, controlled_by, events, head, labels, show, when};
use crate::{context, selector};
use rollout_api::Order;
use rollout_api::{Kind, Value};

/// ReplicaSets that a Deployment controls, oldest first.
pub(crate) fn owned_by(all: Vec<Value>, deployment: &Value) -> Vec<Value> {
    let uid = deployment.str_at("metadata.uid").to_owned();
    let chooses = deployment
        .at("spec.selector")
        .map(selector::of_object)
        .unwrap_or_default();
    let mut sets: Vec<Value> = all
        .into_iter()
        .filter(|rs| {
            chooses.matches_object(rs)
                && rs
                    .list_at("metadata.ownerReferences")
                    .iter()
                    .any(|r| r.bool_at("controller") && r.str_at("uid") == uid)
        })
        .collect();
    sets.order_by(|a, b| {
        let key = |v: &Value| {
            (
                v.str_at("metadata.creationTimestamp").to_owned(),
                v.str_at("metadata.name").to_owned(),
            )
        };
        key(a).cmp(&key(b))
    });
    sets
}

/// Are two templates equal but for the hash label? Mirrors `EqualIgnoreHash`.
pub(crate) fn same_template(a: &Value, b: &Value) -> bool {
    let strip = |t: &Value| {
        let mut t = t.clone();
        if let Some(m) = t.at_mut("metadata.labels") {
            m.map_mut().remove("pod-template-hash");
            if m.is_empty() {
                t.remove("metadata.labels");
            }
        }
        if t.at("metadata.creationTimestamp")
            .is_some_and(Value::is_null)
        {
            t.remove("metadata.creationTimestamp");
        }
        if t.get("metadata").is_some_and(Value::is_empty) {
            t.remove("metadata");
        }
        t
    };
    strip(a) == strip(b)
}

fn conditions(d: &mut Desk<'_, '_, '_>, o: &Value) {
    let list = o.list_at("status.conditions");
    if list.is_empty() {
        return;
    }
    d.doc.line(0, "Conditions:\n  Type\tStatus\tReason");
    d.doc.line(1, "----\t------\t------");
    for c in list {
        d.doc.line(
            1,
            format!(
                "{} \t{}\t{}",
                c.str_at("type"),
                c.str_at("status"),
                c.str_at("reason")
            ),
        );
    }
}

/// A Deployment.
pub(crate) fn deployment(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    d.doc.field(
        0,
        "CreationTimestamp",
        when(o, "metadata.creationTimestamp"),
    );
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc
        .field(0, "Selector", selector::text(o.at("spec.selector")));
    let n = |p: &str| o.int_at(p).unwrap_or(0);
    let replicas = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        n("spec.replicas"),
        n("status.updatedReplicas"),
        n("status.replicas"),
        n("status.availableReplicas"),
        n("status.unavailableReplicas")
    );
    d.doc.field(0, "Replicas", replicas);
    d.doc
        .field(0, "StrategyType", o.str_at("spec.strategy.type"));
    d.doc
        .field(0, "MinReadySeconds", n("spec.minReadySeconds").to_string());
    if o.at("spec.strategy.rollingUpdate")
        .is_some_and(|v| !v.is_null())
    {
        let text = format!(
            "{} max unavailable, {} max surge",
            show(o, "spec.strategy.rollingUpdate.maxUnavailable"),
            show(o, "spec.strategy.rollingUpdate.maxSurge")
        );
        d.doc.field(0, "RollingUpdateStrategy", text);
    }
    let minor = d.minor();
    container::pod_template(
        &mut d.doc,
        o.at("spec.template").unwrap_or(&Value::Null),
        minor,
    );
    conditions(d, o);
    let sets = owned_by(
        d.ctx
            .list(Kind::REPLICA_SET, Some(o.str_at("metadata.namespace"))),
        o,
    );
    let template = o.at("spec.template").cloned().unwrap_or_default();
    let newest = sets.iter().position(|rs| {
        rs.at("spec.template")
            .is_some_and(|t| same_template(t, &template))
    });
    if !sets.is_empty() {
        let text = |rs: &Value| {
            format!(
                "{} ({}/{} replicas created)",
                rs.str_at("metadata.name"),
                rs.int_at("status.replicas").unwrap_or(0),
                rs.int_at("spec.replicas").unwrap_or(0)
            )
        };
        let old: Vec<String> = sets
            .iter()
            .enumerate()
            .filter(|(i, _)| Some(*i) != newest)
            .map(|(_, rs)| text(rs))
            .collect();
        d.doc.field(
            0,
            "OldReplicaSets",
            if old.is_empty() {
                "<none>".to_owned()
            } else {
                old.join(", ")
            },
        );
        d.doc.field(
            0,
            "NewReplicaSet",
            newest.map_or_else(|| "<none>".to_owned(), |i| text(&sets[i])),
        );
    }
    events::block(d, o);
}

/// A ReplicaSet.
pub(crate) fn replica_set(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    d.doc
        .field(0, "Selector", selector::text(o.at("spec.selector")));
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    controlled_by(&mut d.doc, o);
    d.doc.field(
        0,
        "Replicas",
        format!(
            "{} current / {} desired",
            o.int_at("status.replicas").unwrap_or(0),
            o.int_at("spec.replicas").unwrap_or(0)
        ),
    );
    let uid = o.str_at("metadata.uid");
    let chooses = o
        .at("spec.selector")
        .map(selector::of_object)
        .unwrap_or_default();
    let (mut running, mut waiting, mut succeeded, mut failed) = (0, 0, 0, 0);
    for p in d.ctx.list(Kind::POD, Some(o.str_at("metadata.namespace"))) {
        let owned = p
            .list_at("metadata.ownerReferences")
            .iter()
            .any(|r| r.bool_at("controller") && r.str_at("uid") == uid);
        if !owned || !chooses.matches_object(&p) {
            continue;
        }
        match p.str_at("status.phase") {
            "Running" => running += 1,
            "Pending" => waiting += 1,
            "Succeeded" => succeeded += 1,
            "Failed" => failed += 1,
            _ => {}
        }
    }
    d.doc.field(
        0,
        "Pods Status",
        format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed"),
    );
    let minor = d.minor();
    container::pod_template(
        &mut d.doc,
        o.at("spec.template").unwrap_or(&Value::Null),
        minor,
    );
    conditions(d, o);
    events::block(d, o);
}

/// A pod.
pub(crate) fn pod(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    if let Some(p) = o.int_at("spec.priority") {
        d.doc.field(0, "Priority", p.to_string());
    }
    for (title, path) in [
        ("Priority Class Name", "spec.priorityClassName"),
        ("Runtime Class Name", "spec.runtimeClassName"),
        ("Service Account", "spec.serviceAccountName"),
    ] {
        if !o.str_at(path).is_empty() {
            d.doc.field(0, title, o.str_at(path));
        }
    }
    let node = o.str_at("spec.nodeName");
    d.doc.field(
        0,
        "Node",
        if node.is_empty() {
            "<none>".to_owned()
        } else {
            format!("{node}/{}", o.str_at("status.hostIP"))
        },
    );
    if !o.str_at("status.startTime").is_empty() {
        d.doc.field(0, "Start Time", when(o, "status.startTime"));
    }
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    let phase = o.str_at("status.phase");
    if o.at("metadata.deletionTimestamp").is_some() && phase != "Succeeded" && phase != "Failed" {
        let lasts = context::age_at(o, "metadata.deletionTimestamp", d.now());
        d.doc
            .field(0, "Status", format!("Terminating (lasts {lasts})"));
        d.doc.field(
            0,
            "Termination Grace Period",
            format!(
                "{}s",
                o.int_at("metadata.deletionGracePeriodSeconds").unwrap_or(0)
            ),
        );
    } else {
        d.doc.field(0, "Status", phase);
    }
    for (title, path) in [("Reason", "status.reason"), ("Message", "status.message")] {
        if !o.str_at(path).is_empty() {
            d.doc.field(0, title, o.str_at(path));
        }
    }
    let seccomp = o.str_at("spec.securityContext.seccompProfile.type");
    if !seccomp.is_empty() {
        d.doc.field(0, "SeccompProfile", seccomp);
        if seccomp == "Localhost" {
            d.doc.field(
                0,
                "LocalhostProfile",
                o.str_at("spec.securityContext.seccompProfile.localhostProfile"),
            );
        }
    }
    d.doc.field(0, "IP", o.str_at("status.podIP"));
    let ips = o.list_at("status.podIPs");
    if ips.is_empty() {
        d.doc.field(0, "IPs", "<none>");
    } else {
        d.doc.line(0, "IPs:");
        for ip in ips {
            d.doc.field(1, "IP", ip.str_at("ip"));
        }
    }
    controlled_by(&mut d.doc, o);
    if !o.str_at("status.nominatedNodeName").is_empty() {
        d.doc
            .field(0, "NominatedNodeName", o.str_at("status.nominatedNodeName"));
    }
    let minor = d.minor();
    for (title, list, statuses) in [
        (
            "Init Containers",
            "spec.initContainers",
            "status.initContainerStatuses",
        ),
        ("Containers", "spec.containers", "status.containerStatuses"),
        (
            "Ephemeral Containers",
            "spec.ephemeralContainers",
            "status.ephemeralContainerStatuses",
        ),
    ] {
        if title == "Containers" || !o.list_at(list).is_empty() {
            container::containers(
                &mut d.doc,
                title,
                o.list_at(list),
                Some(o.list_at(statuses)),
                Some(o),
                "",
                minor,
            );
        }
    }
    let known = o.list_at("status.conditions");
    let gates = o.list_at("spec.readinessGates");
    if !gates.is_empty() {
        d.doc.line(0, "Readiness Gates:\n  Type\tStatus");
        for g in gates {
            let kind = g.str_at("conditionType");
            let status = known
                .iter()
                .find(|c| c.str_at("type") == kind)
                .map_or("<none>", |c| c.str_at("status"));
            d.doc.line(1, format!("{kind} \t{status} "));
        }
    }
    if !known.is_empty() {
        d.doc.line(0, "Conditions:\n  Type\tStatus");
        for c in known {
            d.doc
                .line(1, format!("{} \t{} ", c.str_at("type"), c.str_at("status")));
        }
    }
    container::volumes(&mut d.doc, o.list_at("spec.volumes"), "", minor);
    let qos = o.str_at("status.qosClass");
    if !qos.is_empty() {
        d.doc.field(0, "QoS Class", qos);
    }
    labels(&mut d.doc, "Node-Selectors", o.at("spec.nodeSelector"));
    container::tolerations(&mut d.doc, "Tolerations", o.list_at("spec.tolerations"));
    container::spread(&mut d.doc, o.list_at("spec.topologySpreadConstraints"), "");
    events::block(d, o);
}
