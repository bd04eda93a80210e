//! The other kinds that have a describer of their own.

use super::{Desk, annotations, events, head, labels, quantity, show, when};
use crate::{context, selector};
use rollout_api::{Kind, Minor, Value};

fn entries(v: Option<&Value>) -> Vec<(String, String)> {
    v.and_then(Value::as_map).map_or_else(Vec::new, |m| {
        m.iter()
            .map(|(k, v)| (k.to_string(), crate::jsonpath::text(v)))
            .collect()
    })
}

/// A namespace with its quotas.
pub(crate) fn namespace(d: &mut Desk<'_, '_, '_>, o: &Value) {
    d.doc.field(0, "Name", o.str_at("metadata.name"));
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.field(0, "Status", o.str_at("status.phase"));
    let quotas = d
        .ctx
        .list(Kind::RESOURCE_QUOTA, Some(o.str_at("metadata.name")));
    if quotas.is_empty() {
        d.doc.line(0, "\nNo resource quota.");
    } else {
        d.doc.line(0, "\nResource Quotas");
        for q in &quotas {
            d.doc.field(1, "Name", q.str_at("metadata.name"));
            d.doc.line(1, "Resource\tUsed\tHard");
            d.doc.line(1, "--------\t---\t---");
            for (k, hard) in entries(q.at("status.hard")) {
                let used = q
                    .at("status.used")
                    .and_then(|u| u.get(&k))
                    .map_or_else(|| "0".to_owned(), crate::jsonpath::text);
                d.doc.line(1, format!("{k}\t{used}\t{hard}"));
            }
        }
    }
    d.doc.line(0, "\nNo LimitRange resource.");
}

/// A ConfigMap.
pub(crate) fn config_map(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.line(0, "\nData\n====");
    let mut data = entries(o.get("data"));
    if d.minor() < Minor::V1_36 {
        // Older clients print in the random order of Go's maps; any order is right.
        data.reverse();
    }
    for (k, v) in data {
        d.doc.line(0, format!("{k}:\n----\n{v}\n"));
    }
    d.doc.line(0, "\nBinaryData\n====");
    for (k, v) in entries(o.get("binaryData")) {
        let bytes = rollout_api::base64::decode(&v).map_or(0, |b| b.len());
        d.doc.line(0, format!("{k}: {bytes} bytes"));
    }
    d.doc.line(0, "");
    events::block(d, o);
}

/// A PriorityClass.
pub(crate) fn priority_class(d: &mut Desk<'_, '_, '_>, o: &Value) {
    d.doc.field(0, "Name", o.str_at("metadata.name"));
    let value = o.int_at("value").unwrap_or(0).to_string();
    d.doc.field(0, "Value", value);
    let default = o.bool_at("globalDefault").to_string();
    d.doc.field(0, "GlobalDefault", default);
    d.doc
        .field(0, "PreemptionPolicy", o.str_at("preemptionPolicy"));
    d.doc.field(0, "Description", o.str_at("description"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    events::block(d, o);
}

/// A Secret: sizes only.
pub(crate) fn secret(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.line(0, format!("\nType:\t{}", o.str_at("type")));
    d.doc.line(0, "\nData\n====");
    for (k, v) in entries(o.get("data")) {
        d.doc.line(
            0,
            format!(
                "{k}:\t{} bytes",
                rollout_api::base64::decode(&v).map_or(0, |b| b.len())
            ),
        );
    }
}

/// A PodDisruptionBudget.
pub(crate) fn budget(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    if o.at("spec.minAvailable").is_some() {
        d.doc
            .field(0, "Min available", show(o, "spec.minAvailable"));
    } else if o.at("spec.maxUnavailable").is_some() {
        d.doc
            .field(0, "Max unavailable", show(o, "spec.maxUnavailable"));
    }
    let chooses = o.at("spec.selector").filter(|s| !s.is_null());
    d.doc.field(
        0,
        "Selector",
        chooses.map_or_else(|| "<unset>".to_owned(), |s| selector::text(Some(s))),
    );
    d.doc.line(0, "Status:");
    for (title, path) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        d.doc.field(
            2,
            title,
            o.int_at(&format!("status.{path}")).unwrap_or(0).to_string(),
        );
    }
    events::block(d, o);
}

/// A HorizontalPodAutoscaler.
pub(crate) fn autoscaler(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.field(
        0,
        "CreationTimestamp",
        when(o, "metadata.creationTimestamp"),
    );
    d.doc.field(
        0,
        "Reference",
        format!(
            "{}/{}",
            o.str_at("spec.scaleTargetRef.kind"),
            o.str_at("spec.scaleTargetRef.name")
        ),
    );
    d.doc.field(0, "Metrics", "( current / target )");
    let current = o.list_at("status.currentMetrics");
    for (i, m) in o.list_at("spec.metrics").iter().enumerate() {
        if let Some(line) = other_metric(m, current.get(i)) {
            d.doc.line(1, line);
            continue;
        }
        if m.str_at("type") != "Resource" {
            d.doc.line(
                1,
                format!(
                    "<unknown metric type {}>",
                    crate::flags::quoted(m.str_at("type"))
                ),
            );
            continue;
        }
        let name = m.str_at("resource.name");
        let now = current.get(i);
        if let Some(target) = m.int_at("resource.target.averageUtilization") {
            let have = now
                .and_then(|c| c.int_at("resource.current.averageUtilization"))
                .map_or_else(
                    || "<unknown>".to_owned(),
                    |p| {
                        format!(
                            "{p}% ({})",
                            now.map(|c| show(c, "resource.current.averageValue"))
                                .unwrap_or_default()
                        )
                    },
                );
            d.doc.line(
                1,
                format!(
                    "resource {name} on pods  (as a percentage of request):\t{have} / {target}%"
                ),
            );
        } else {
            let have = now
                .map(|c| show(c, "resource.current.averageValue"))
                .filter(|t| !t.is_empty())
                .unwrap_or_else(|| "<unknown>".to_owned());
            d.doc.line(
                1,
                format!(
                    "resource {name} on pods:\t{have} / {}",
                    show(m, "resource.target.averageValue")
                ),
            );
        }
    }
    let min = o
        .int_at("spec.minReplicas")
        .map_or_else(|| "<unset>".to_owned(), |n| n.to_string());
    d.doc.field(0, "Min replicas", min);
    d.doc.field(
        0,
        "Max replicas",
        o.int_at("spec.maxReplicas").unwrap_or(0).to_string(),
    );
    if let Some(behavior) = o.at("spec.behavior") {
        d.doc.line(0, "Behavior:");
        for (name, direction) in [("scaleUp", "Up"), ("scaleDown", "Down")] {
            if let Some(rules) = behavior.get(name) {
                scaling_rules(d, direction, rules);
            }
        }
    }
    d.doc.field(
        0,
        &format!("{} pods", o.str_at("spec.scaleTargetRef.kind")),
        format!(
            "{} current / {} desired",
            o.int_at("status.currentReplicas").unwrap_or(0),
            o.int_at("status.desiredReplicas").unwrap_or(0)
        ),
    );
    let conditions = o.list_at("status.conditions");
    if !conditions.is_empty() {
        d.doc
            .line(0, "Conditions:\n  Type\tStatus\tReason\tMessage");
        d.doc.line(1, "----\t------\t------\t-------");
        for c in conditions {
            d.doc.line(
                1,
                format!(
                    "{}\t{}\t{}\t{}",
                    c.str_at("type"),
                    c.str_at("status"),
                    c.str_at("reason"),
                    c.str_at("message")
                ),
            );
        }
    }
    events::block(d, o);
}

/// The line of a metric that is not of type Resource. Mirrors `describeHorizontalPodAutoscalerV2`.
fn other_metric(spec: &Value, now: Option<&Value>) -> Option<String> {
    let kind = spec.str_at("type");
    let (field, name) = match kind {
        "Pods" => ("pods", spec.str_at("pods.metric.name")),
        "External" => ("external", spec.str_at("external.metric.name")),
        "Object" => ("object", spec.str_at("object.metric.name")),
        "ContainerResource" => ("containerResource", spec.str_at("containerResource.name")),
        _ => return None,
    };
    let source = spec.get(field)?;
    let current = now
        .and_then(|n| n.get(field))
        .and_then(|n| n.get("current"));
    let value = |of: &str| {
        current
            .map(|c| show(c, of))
            .filter(|t| !t.is_empty())
            .unwrap_or_else(|| "<unknown>".to_owned())
    };
    let average = source.at("target.averageValue").is_some();
    let words = if average {
        "target average value"
    } else {
        "target value"
    };
    let (of, target) = if average {
        ("averageValue", show(source, "target.averageValue"))
    } else {
        ("value", show(source, "target.value"))
    };
    let quoted = crate::flags::quoted(name);
    Some(match kind {
        "Pods" => format!("{quoted} on pods:\t{} / {target}", value("averageValue")),
        "External" => format!("{quoted} ({words}):\t{} / {target}", value(of)),
        "Object" => format!(
            "{quoted} on {}/{} ({words}):\t{} / {target}",
            source.str_at("describedObject.kind"),
            source.str_at("describedObject.name"),
            value(of)
        ),
        _ => {
            let container = crate::flags::quoted(source.str_at("container"));
            let head = format!("resource {name} of container {container} on pods");
            match source.int_at("target.averageUtilization") {
                Some(target) => {
                    let have = current
                        .and_then(|c| c.int_at("averageUtilization"))
                        .map_or_else(
                            || "<unknown>".to_owned(),
                            |p| format!("{p}% ({})", value("averageValue")),
                        );
                    format!("{head}  (as a percentage of request):\t{have} / {target}%")
                }
                None => format!("{head}:\t{} / {target}", value("averageValue")),
            }
        }
    })
}

/// Mirrors `printDirectionBehavior`.
fn scaling_rules(d: &mut Desk<'_, '_, '_>, direction: &str, rules: &Value) {
    d.doc.line(1, format!("Scale {direction}:"));
    if let Some(s) = rules.int_at("stabilizationWindowSeconds") {
        d.doc.line(2, format!("Stabilization Window: {s} seconds"));
    }
    let policies = rules.list_at("policies");
    if policies.is_empty() {
        return;
    }
    let select = Some(rules.str_at("selectPolicy"))
        .filter(|s| !s.is_empty())
        .unwrap_or("Max");
    d.doc.line(2, format!("Select Policy: {select}"));
    d.doc.line(2, "Policies:");
    for p in policies {
        d.doc.line(
            3,
            format!(
                "- Type: {}\tValue: {}\tPeriod: {} seconds",
                p.str_at("type"),
                p.int_at("value").unwrap_or(0),
                p.int_at("periodSeconds").unwrap_or(0)
            ),
        );
    }
}

/// A PersistentVolumeClaim.
pub(crate) fn claim(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    d.doc
        .field(0, "StorageClass", o.str_at("spec.storageClassName"));
    if o.at("metadata.deletionTimestamp").is_some() {
        let lasts = context::age_at(o, "metadata.deletionTimestamp", d.now());
        d.doc
            .field(0, "Status", format!("Terminating (lasts {lasts})"));
    } else {
        d.doc.field(0, "Status", o.str_at("status.phase"));
    }
    d.doc.field(0, "Volume", o.str_at("spec.volumeName"));
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    let finalizers: Vec<&str> = o
        .list_at("metadata.finalizers")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    d.doc
        .field(0, "Finalizers", format!("[{}]", finalizers.join(" ")));
    let bound = !o.str_at("spec.volumeName").is_empty();
    let modes: Vec<&str> = o
        .list_at("status.accessModes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let short = |m: &&str| match *m {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    d.doc.field(
        0,
        "Capacity",
        if bound {
            show(o, "status.capacity.storage")
        } else {
            String::new()
        },
    );
    d.doc.field(
        0,
        "Access Modes",
        if bound {
            modes.iter().map(short).collect::<Vec<_>>().join(",")
        } else {
            String::new()
        },
    );
    let mode = o.str_at("spec.volumeMode");
    d.doc.field(
        0,
        "VolumeMode",
        if mode.is_empty() { "<unset>" } else { mode },
    );
    let name = o.str_at("metadata.name");
    let users: Vec<String> = d
        .ctx
        .list(Kind::POD, Some(o.str_at("metadata.namespace")))
        .iter()
        .filter(|p| {
            p.list_at("spec.volumes")
                .iter()
                .any(|v| v.str_at("persistentVolumeClaim.claimName") == name)
        })
        .map(|p| p.str_at("metadata.name").to_owned())
        .collect();
    if users.is_empty() {
        d.doc.field(0, "Used By", "<none>");
    }
    for (i, u) in users.iter().enumerate() {
        d.doc.line(
            0,
            if i == 0 {
                format!("Used By:\t{u}")
            } else {
                format!("\t{u}")
            },
        );
    }
    events::block(d, o);
}

/// A ResourceQuota.
pub(crate) fn quota(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    d.doc.line(0, "Resource\tUsed\tHard");
    d.doc.line(0, "--------\t----\t----");
    for (k, hard) in entries(o.at("status.hard")) {
        let used = o
            .at("status.used")
            .and_then(|u| u.get(&k))
            .map_or_else(|| "0".to_owned(), crate::jsonpath::text);
        d.doc.line(
            0,
            format!(
                "{k}\t{}\t{}",
                quantity::canonical(&used),
                quantity::canonical(&hard)
            ),
        );
    }
}

/// A ServiceAccount.
pub(crate) fn service_account(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    for title in ["Image pull secrets", "Mountable secrets", "Tokens"] {
        d.doc.field(0, title, "<none>");
    }
    events::block(d, o);
}
