//! Nodes.

use super::quantity::{self, Quantity};
use super::{Desk, annotations, events, labels, when};
use crate::{columns, context};
use rollout_api::Order;
use rollout_api::{Kind, Minor, Timestamp, Value};

fn quantities(d: &mut Desk<'_, '_, '_>, title: &str, v: Option<&Value>) {
    let Some(m) = v.and_then(Value::as_map).filter(|m| !m.is_empty()) else {
        return;
    };
    d.doc.line(0, format!("{title}:"));
    for (k, v) in m.iter() {
        d.doc
            .field(1, k, quantity::canonical(&crate::jsonpath::text(v)));
    }
}

/// A node.
pub(crate) fn node(d: &mut Desk<'_, '_, '_>, o: &Value) {
    let name = o.str_at("metadata.name").to_owned();
    d.doc.field(0, "Name", &name);
    d.doc.field(0, "Roles", columns::node_roles(o));
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.field(
        0,
        "CreationTimestamp",
        when(o, "metadata.creationTimestamp"),
    );
    let taints = o.list_at("spec.taints");
    if taints.is_empty() {
        d.doc.field(0, "Taints", "<none>");
    } else {
        let mut list: Vec<(&str, String)> = taints
            .iter()
            .map(|t| {
                let (k, v, e) = (t.str_at("key"), t.str_at("value"), t.str_at("effect"));
                (
                    e,
                    if v.is_empty() {
                        format!("{k}:{e}")
                    } else {
                        format!("{k}={v}:{e}")
                    },
                )
            })
            .collect();
        list.order_by(|a, b| a.0.cmp(b.0).then(a.1.cmp(&b.1)));
        for (i, (_, t)) in list.iter().enumerate() {
            d.doc.line(
                0,
                if i == 0 {
                    format!("Taints:\t{t}")
                } else {
                    format!("\t{t}")
                },
            );
        }
    }
    d.doc.field(
        0,
        "Unschedulable",
        o.bool_at("spec.unschedulable").to_string(),
    );
    lease(d, &name);
    let conditions = o.list_at("status.conditions");
    if !conditions.is_empty() {
        d.doc.line(
            0,
            "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage",
        );
        d.doc.line(
            1,
            "----\t------\t-----------------\t------------------\t------\t-------",
        );
        for c in conditions {
            let text = format!(
                "{} \t{} \t{} \t{} \t{} \t{}",
                c.str_at("type"),
                c.str_at("status"),
                when(c, "lastHeartbeatTime"),
                when(c, "lastTransitionTime"),
                c.str_at("reason"),
                c.str_at("message")
            );
            d.doc.line(1, text);
        }
    }
    d.doc.line(0, "Addresses:");
    for a in o.list_at("status.addresses") {
        d.doc.field(1, a.str_at("type"), a.str_at("address"));
    }
    quantities(d, "Capacity", o.at("status.capacity"));
    quantities(d, "Allocatable", o.at("status.allocatable"));
    d.doc.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ] {
        if field == "kubeProxyVersion" && d.minor() >= Minor::V1_36 {
            continue;
        }
        d.doc
            .field(1, title, o.str_at(&format!("status.nodeInfo.{field}")));
    }
    if !o.str_at("spec.podCIDR").is_empty() {
        d.doc.field(0, "PodCIDR", o.str_at("spec.podCIDR"));
    }
    let cidrs: Vec<&str> = o
        .list_at("spec.podCIDRs")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if !cidrs.is_empty() {
        d.doc.field(0, "PodCIDRs", cidrs.join(","));
    }
    if !o.str_at("spec.providerID").is_empty() {
        d.doc.field(0, "ProviderID", o.str_at("spec.providerID"));
    }
    pods(d, o, &name);
    events::block(d, o);
}

fn lease(d: &mut Desk<'_, '_, '_>, name: &str) {
    let found = d.ctx.client.get(Kind("Lease"), "kube-node-lease", name);
    match found {
        Ok(l) => {
            d.doc.line(0, "Lease:");
            let time = |p: &str| {
                Timestamp::parse(l.str_at(p))
                    .map_or_else(|| "<unset>".to_owned(), Timestamp::rfc1123z)
            };
            let holder = l.str_at("spec.holderIdentity");
            d.doc.field(
                1,
                "HolderIdentity",
                if holder.is_empty() { "<unset>" } else { holder },
            );
            d.doc.field(1, "AcquireTime", time("spec.acquireTime"));
            d.doc.field(1, "RenewTime", time("spec.renewTime"));
        }
        Err(e) => d
            .doc
            .field(0, "Lease", format!("Failed to get lease: {}", e.message)),
    }
}

/// What a pod asks for, or is limited to: the sum of its containers, at least each init container.
fn of_pod(pod: &Value, side: &str, resource: &str) -> Quantity {
    let value = |c: &Value| {
        let text = c
            .at("resources")
            .and_then(|r| r.get(side))
            .and_then(|r| r.get(resource))
            .map(crate::jsonpath::text);
        text.and_then(|t| quantity::read(&t)).unwrap_or_default()
    };
    let mut sum = Quantity::default();
    for c in pod.list_at("spec.containers") {
        let q = value(c);
        if q.nanos != 0 {
            sum.add(q);
        }
    }
    let mut sidecars = Quantity::default();
    let mut most = Quantity::default();
    for c in pod.list_at("spec.initContainers") {
        let q = value(c);
        if c.str_at("restartPolicy") == "Always" {
            if q.nanos != 0 {
                sum.add(q);
                sidecars.add(q);
            }
            most = most.max(sidecars);
        } else {
            let mut here = sidecars;
            if q.nanos != 0 {
                here.add(q);
            }
            most = most.max(here);
        }
    }
    sum.max(most)
}

fn pods(d: &mut Desk<'_, '_, '_>, o: &Value, name: &str) {
    let mut list = d.ctx.list(Kind::POD, None);
    list.retain(|p| {
        p.str_at("spec.nodeName") == name
            && !matches!(p.str_at("status.phase"), "Succeeded" | "Failed")
    });
    let total = o
        .at("status.allocatable")
        .or_else(|| o.at("status.capacity"));
    let of_node = |resource: &str| {
        total
            .and_then(|t| t.get(resource))
            .map(crate::jsonpath::text)
            .and_then(|t| quantity::read(&t))
            .unwrap_or_default()
    };
    let (cpu, memory) = (of_node("cpu"), of_node("memory"));
    d.doc.field(
        0,
        "Non-terminated Pods",
        format!("({} in total)", list.len()),
    );
    d.doc.line(
        1,
        "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
    );
    d.doc.line(
        1,
        "---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
    );
    let share = |q: Quantity, of: Quantity| format!("{} ({}%)", q.text(), q.percent_of(of));
    let now = d.now();
    for p in &list {
        let text = format!(
            "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
            p.str_at("metadata.namespace"),
            p.str_at("metadata.name"),
            share(of_pod(p, "requests", "cpu"), cpu),
            share(of_pod(p, "limits", "cpu"), cpu),
            share(of_pod(p, "requests", "memory"), memory),
            share(of_pod(p, "limits", "memory"), memory),
            context::age_at(p, "metadata.creationTimestamp", now)
        );
        d.doc.line(1, text);
    }
    d.doc.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  Resource\tRequests\tLimits");
    d.doc.line(1, "--------\t--------\t------");
    let mut names: Vec<String> = vec!["cpu".into(), "memory".into(), "ephemeral-storage".into()];
    if let Some(m) = total.and_then(Value::as_map) {
        let huge = m
            .iter()
            .map(|(k, _)| k.to_string())
            .filter(|k| k.starts_with("hugepages-"));
        names.extend(huge);
    }
    for resource in names {
        let sum = |side: &str| {
            let mut q = Quantity::default();
            for p in &list {
                let one = of_pod(p, side, &resource);
                if one.nanos != 0 {
                    q.add(one);
                }
            }
            q
        };
        let all = of_node(&resource);
        let (r, l) = (sum("requests"), sum("limits"));
        d.doc.line(
            1,
            format!("{resource}\t{}\t{}", share(r, all), share(l, all)),
        );
    }
}
