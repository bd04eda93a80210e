//! Rules about the Deployment as a whole and the objects beside it.

use super::facts::{Deployment, Facts, probe_number, same_namespace, selects};
use super::{Change, Found, say};
use crate::catalogue::{Arg, Msg, counted, words};
use crate::model::Quantity;
use rollout_api::decode::Step;
use rollout_api::{Order, Str, Value, object};
use rollout_manifest::edit::steps;

fn n(value: i64) -> Arg {
    counted(value, Quantity::Count)
}

const SURGE: &str = "spec.strategy.rollingUpdate.maxSurge";
const UNAVAILABLE: &str = "spec.strategy.rollingUpdate.maxUnavailable";
/// Up to so many replicas one that is missing is a large part.
const FEW: i64 = 4;

/// Fewer available pods than replicas, where there are few.
pub(super) fn unavailable_few(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let limits = d.limits();
        if !limits.rolling || limits.unavailable == 0 || !(1..=FEW).contains(&limits.desired) {
            continue;
        }
        let mut changes = vec![Change::Set(d.document, steps(UNAVAILABLE), Value::from(0))];
        if limits.surge == 0 {
            changes.push(Change::Set(d.document, steps(SURGE), Value::from(1)));
        }
        let (_, line) = d.update("next");
        found.push(Found {
            id: "unavailable-with-few-replicas",
            document: d.document,
            path: d.place(UNAVAILABLE),
            reason: say(
                Msg::LintUnavailable,
                &[
                    ("written", words(text_of(&d.limit("maxUnavailable")))),
                    ("desired", n(limits.desired)),
                    ("unavailable", n(limits.unavailable)),
                    ("floor", n(limits.floor())),
                ],
            ),
            fix: "Set maxUnavailable to 0".to_owned(),
            changes,
            show: vec![(1_000, line)],
        });
    }
}

/// A percentage that becomes 0.
pub(super) fn rounds_to_zero(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let Some(written) = d.value.at(UNAVAILABLE).and_then(Value::as_str) else {
            continue;
        };
        let percent = written.trim_end_matches('%').parse::<i64>().unwrap_or(0);
        let desired = d.replicas();
        if d.is_recreate() || percent <= 0 || desired * percent >= 100 || desired == 0 {
            continue;
        }
        let limits = d.limits();
        let (_, line) = d.update("next");
        found.push(Found {
            id: "percentage-rounds-to-zero",
            document: d.document,
            path: UNAVAILABLE.to_owned(),
            reason: say(
                Msg::LintRounds,
                &[
                    ("written", words(written.to_owned())),
                    ("desired", n(desired)),
                    ("hundredths", words(hundredths(desired * percent))),
                    ("used", n(limits.unavailable)),
                ],
            ),
            fix: format!("Write the number that is meant, {}", limits.unavailable),
            changes: vec![Change::Set(
                d.document,
                steps(UNAVAILABLE),
                Value::from(limits.unavailable),
            )],
            show: vec![(1_000, line)],
        });
    }
}

fn hundredths(n: i64) -> String {
    let text = format!("{}.{:02}", n / 100, n % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(s) => s.to_string(),
        other => rollout_api::json::to_json(other),
    }
}

/// Recreate without a reason in the text.
pub(super) fn recreate_gap(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        if !d.is_recreate() || d.replicas() == 0 || claim(facts, &d).is_some() {
            continue;
        }
        let (_, line) = d.update("next");
        found.push(Found {
            id: "recreate-gap",
            document: d.document,
            path: "spec.strategy.type".to_owned(),
            reason: say(Msg::LintRecreate, &[("desired", n(d.replicas()))]),
            fix: "Roll with one more pod instead".to_owned(),
            changes: vec![Change::Set(
                d.document,
                steps("spec.strategy"),
                object! {
                    "type" => "RollingUpdate",
                    "rollingUpdate" => object! { "maxSurge" => 1, "maxUnavailable" => 0 },
                },
            )],
            show: vec![(0, format!("traffic {} 8/s", d.target())), (1_000, line)],
        });
    }
}

/// The claim of a Deployment that only one node can mount.
fn claim(facts: &Facts<'_>, d: &Deployment<'_>) -> Option<String> {
    let volumes = d.value.list_at("spec.template.spec.volumes");
    volumes.iter().find_map(|v| {
        let name = v.str_at("persistentVolumeClaim.claimName");
        let (_, pvc) = facts
            .kind("PersistentVolumeClaim")
            .find(|(_, p)| !name.is_empty() && p.str_at("metadata.name") == name)?;
        let modes = pvc.list_at("spec.accessModes");
        let single = |m: &Value| matches!(m.as_str(), Some("ReadWriteOnce" | "ReadWriteOncePod"));
        (!modes.is_empty() && modes.iter().all(single)).then(|| name.to_owned())
    })
}

/// A disk for one node, and a strategy that starts the new pod first.
pub(super) fn disk_with_surge(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let Some(claim) = claim(facts, &d) else {
            continue;
        };
        let limits = d.limits();
        if !limits.rolling || limits.surge == 0 {
            continue;
        }
        let (_, line) = d.update("next");
        found.push(Found {
            id: "disk-with-surge",
            document: d.document,
            path: d.place("spec.strategy"),
            reason: say(
                Msg::LintDisk,
                &[("claim", words(claim)), ("surge", n(limits.surge))],
            ),
            fix: "Use Recreate".to_owned(),
            changes: vec![Change::Set(
                d.document,
                steps("spec.strategy"),
                object! { "type" => "Recreate" },
            )],
            show: vec![(1_000, line)],
        });
    }
}

/// No way back.
pub(super) fn history_limit(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let path = "spec.revisionHistoryLimit";
        let Some(limit @ 0..=1) = d.value.int_at(path) else {
            continue;
        };
        let (_, first) = d.update("next");
        let (_, second) = d.update("after-next");
        found.push(Found {
            id: "short-history",
            document: d.document,
            path: path.to_owned(),
            reason: say(
                if limit == 0 {
                    Msg::LintHistoryNone
                } else {
                    Msg::LintHistoryOne
                },
                &[],
            ),
            fix: "Keep 10 old revisions".to_owned(),
            changes: vec![Change::Set(d.document, steps(path), Value::from(10))],
            show: vec![
                (1_000, first),
                (120_000, second),
                (
                    240_000,
                    format!("kubectl rollout undo {} --to-revision=1", d.target()),
                ),
            ],
        });
    }
}

/// The deadline passes before a good pod can be available.
pub(super) fn deadline_below_start(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let path = "spec.progressDeadlineSeconds";
        let Some(deadline) = d.value.int_at(path) else {
            continue;
        };
        let ready = d.value.int_at("spec.minReadySeconds").unwrap_or(0);
        let slowest = d.containers().iter().map(|c| {
            let readiness = c.at("readinessProbe").map_or(0, |p| {
                probe_number(p, "initialDelaySeconds", 0)
                    + probe_number(p, "periodSeconds", 10)
                        * (probe_number(p, "successThreshold", 1) - 1)
            });
            let startup = c
                .at("startupProbe")
                .map_or(0, |p| probe_number(p, "initialDelaySeconds", 0));
            readiness.max(startup)
        });
        let delay = slowest.max().unwrap_or(0);
        // A pod that becomes ready is progress, so minReadySeconds does not add to it.
        let needs = delay + START;
        // Not above minReadySeconds is refused by the server.
        if deadline > needs || deadline <= ready {
            continue;
        }
        let better = (needs * 3).max(ready + 60);
        let (image, line) = d.update("next");
        let slow = format!("image {image} slow-start ready={deadline}");
        found.push(Found {
            id: "deadline-below-start",
            document: d.document,
            path: path.to_owned(),
            reason: say(
                Msg::LintDeadline,
                &[
                    ("deadline", n(deadline)),
                    ("delay", n(delay)),
                    ("start", n(START)),
                    ("needs", n(needs)),
                ],
            ),
            fix: format!("Wait {better} s before it is reported"),
            changes: vec![Change::Set(d.document, steps(path), Value::from(better))],
            show: vec![
                (0, slow),
                (1_000, line),
                (
                    u64::try_from(deadline).unwrap_or(0) * 1000 + 5_000,
                    format!("kubectl rollout status {}", d.target()),
                ),
            ],
        });
    }
}

/// Scheduling, pulling and starting a container, in seconds.
const START: i64 = 5;

/// Two Deployments whose selectors take each other's pods.
pub(super) fn selector_too_broad(facts: &Facts<'_>, found: &mut Vec<Found>) {
    let all: Vec<Deployment<'_>> = facts.deployments().collect();
    for d in &all {
        let Some(selector) = d.value.at("spec.selector.matchLabels") else {
            continue;
        };
        if d.value.at("spec.selector.matchExpressions").is_some() {
            continue;
        }
        let other = all.iter().find(|o| {
            o.document != d.document
                && o.namespace() == d.namespace()
                && o.value
                    .at("spec.template.metadata.labels")
                    .is_some_and(|l| selects(selector, l))
        });
        let Some(other) = other else { continue };
        let label = |path: &str| {
            let mut path = steps(path);
            path.push(Step::Key(Str::copy("component")));
            Change::Set(d.document, path, Value::text(d.name()))
        };
        found.push(Found {
            id: "selector-too-broad",
            document: d.document,
            path: "spec.selector".to_owned(),
            reason: say(
                Msg::LintSelector,
                &[
                    ("own", words(d.name().to_owned())),
                    ("other", words(other.name().to_owned())),
                ],
            ),
            fix: format!("Add the label component: {}", d.name()),
            changes: vec![
                label("spec.selector.matchLabels"),
                label("spec.template.metadata.labels"),
            ],
            show: vec![(
                1_000,
                format!("kubectl get pods --show-labels -n {}", d.namespace()),
            )],
        });
    }
}

fn budgets<'a>(facts: &'a Facts<'a>, d: &Deployment<'a>) -> Vec<(usize, &'a Value)> {
    let labels = d.value.at("spec.template.metadata.labels");
    facts
        .kind("PodDisruptionBudget")
        .filter(|(_, b)| {
            let selector = b.at("spec.selector.matchLabels");
            same_namespace(b, d.namespace())
                && match (selector, labels) {
                    (Some(s), Some(l)) => selects(s, l),
                    _ => b.at("spec.selector").is_some(),
                }
        })
        .collect()
}

/// Nothing holds back maintenance.
pub(super) fn no_budget(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let Some(labels) = d.value.at("spec.selector.matchLabels") else {
            continue;
        };
        if d.replicas() < 2 || !budgets(facts, &d).is_empty() {
            continue;
        }
        let mut metadata = object! { "name" => d.name().to_owned() };
        if d.namespace() != "default" {
            metadata.set("namespace", d.namespace().to_owned());
        }
        found.push(Found {
            id: "no-budget",
            document: d.document,
            path: d.place("spec.replicas"),
            reason: say(Msg::LintBudget, &[("desired", n(d.replicas()))]),
            fix: "Add a PodDisruptionBudget of maxUnavailable 1".to_owned(),
            changes: vec![Change::Append(object! {
                "apiVersion" => "policy/v1",
                "kind" => "PodDisruptionBudget",
                "metadata" => metadata,
                "spec" => object! {
                    "maxUnavailable" => 1,
                    "selector" => object! { "matchLabels" => labels.clone() },
                },
            })],
            show: vec![
                (1_000, "kubectl cordon node-3".to_owned()),
                (1_000, "kubectl drain node-1 node-2 --ignore-daemonsets --delete-emptydir-data --force".to_owned()),
            ],
        });
    }
}

/// A budget that allows no eviction at all.
pub(super) fn budget_blocks(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        for (document, budget) in budgets(facts, &d) {
            let (path, value) = match (
                budget.at("spec.minAvailable"),
                budget.at("spec.maxUnavailable"),
            ) {
                (Some(v), _) => ("spec.minAvailable", v),
                (None, Some(v)) => ("spec.maxUnavailable", v),
                (None, None) => continue,
            };
            let replicas = i32::try_from(d.replicas()).unwrap_or(i32::MAX);
            let Some(resolved) = rollout_api::intstr::IntOrString::of(Some(value))
                .and_then(|i| i.scaled(replicas, true))
            else {
                continue;
            };
            let blocks = match path {
                "spec.minAvailable" => resolved >= replicas,
                _ => resolved == 0,
            };
            if !blocks || replicas == 0 {
                continue;
            }
            let mut changes = Vec::new();
            changes.push(Change::Set(
                document,
                steps("spec.maxUnavailable"),
                Value::from(1),
            ));
            if path == "spec.minAvailable" {
                changes.push(Change::Remove(document, steps(path)));
            }
            found.push(Found {
                id: "budget-blocks-drains",
                document,
                path: path.to_owned(),
                reason: say(
                    Msg::LintBudgetBlocks,
                    &[
                        ("written", words(format!("{} {}", &path[5..], text_of(value)))),
                        ("desired", n(d.replicas())),
                    ],
                ),
                fix: "Allow one missing pod".to_owned(),
                changes,
                show: vec![(
                    1_000,
                    "kubectl drain node-1 --ignore-daemonsets --delete-emptydir-data --force --timeout=30s".to_owned(),
                )],
            });
        }
    }
}

/// Two owners of one field.
pub(super) fn replicas_and_autoscaler(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let Some(replicas) = d.value.int_at("spec.replicas") else {
            continue;
        };
        let hpa = facts.kind("HorizontalPodAutoscaler").find(|(_, h)| {
            h.str_at("spec.scaleTargetRef.kind") == "Deployment"
                && h.str_at("spec.scaleTargetRef.name") == d.name()
                && same_namespace(h, d.namespace())
        });
        let Some((_, hpa)) = hpa else { continue };
        found.push(Found {
            id: "replicas-and-autoscaler",
            document: d.document,
            path: "spec.replicas".to_owned(),
            reason: say(
                Msg::LintAutoscaler,
                &[
                    ("replicas", n(replicas)),
                    ("hpa", words(hpa.str_at("metadata.name").to_owned())),
                    ("least", n(hpa.int_at("spec.minReplicas").unwrap_or(1))),
                    ("most", n(hpa.int_at("spec.maxReplicas").unwrap_or(1))),
                ],
            ),
            fix: "Leave replicas to the autoscaler".to_owned(),
            changes: vec![Change::Remove(d.document, steps("spec.replicas"))],
            show: vec![
                (
                    1_000,
                    format!(
                        "kubectl scale {} --replicas={}",
                        d.target(),
                        hpa.int_at("spec.maxReplicas").unwrap_or(1)
                    ),
                ),
                (60_000, "kubectl apply -f {file}".to_owned()),
            ],
        });
    }
}

/// A Service whose selector matches no pod of the text.
pub(super) fn service_selects_nothing(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for (document, s) in facts.kind("Service") {
        let Some(selector) = s.at("spec.selector").filter(|v| !v.is_empty()) else {
            continue;
        };
        let namespace = s.str_at("metadata.namespace");
        let namespace = if namespace.is_empty() {
            "default"
        } else {
            namespace
        };
        let mut near: Vec<Deployment<'_>> = facts
            .deployments()
            .filter(|d| d.namespace() == namespace)
            .collect();
        let labels = |d: &Deployment<'_>| d.value.at("spec.template.metadata.labels").cloned();
        if near.is_empty()
            || near
                .iter()
                .any(|d| labels(d).is_some_and(|l| selects(selector, &l)))
        {
            continue;
        }
        near.order_by_key(|d| d.name() != s.str_at("metadata.name"));
        let d = &near[0];
        let Some(wanted) = d.value.at("spec.selector.matchLabels") else {
            continue;
        };
        found.push(Found {
            id: "service-selects-nothing",
            document,
            path: "spec.selector".to_owned(),
            reason: say(
                Msg::LintServiceSelector,
                &[
                    ("service", words(s.str_at("metadata.name").to_owned())),
                    ("deployment", words(d.name().to_owned())),
                ],
            ),
            fix: format!("Select the pods of {}", d.name()),
            changes: vec![Change::Set(
                document,
                steps("spec.selector"),
                wanted.clone(),
            )],
            show: vec![
                (
                    1_000,
                    format!("traffic service/{} 20/s", s.str_at("metadata.name")),
                ),
                (20_000, format!("kubectl get endpointslices -n {namespace}")),
            ],
        });
    }
}

/// A Service that sends to a port on which nobody listens.
pub(super) fn service_target_port(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let ports: Vec<&Value> = d
            .containers()
            .iter()
            .flat_map(|c| c.list_at("ports"))
            .collect();
        let Some(first) = ports.first().and_then(|p| p.int_at("containerPort")) else {
            continue;
        };
        for (document, s) in facts.services_of(&d) {
            for (i, port) in s.list_at("spec.ports").iter().enumerate() {
                let target = port.at("targetPort").or_else(|| port.at("port"));
                let Some(target) = target else { continue };
                let known = ports.iter().any(|p| match target {
                    Value::String(name) => p.str_at("name") == &**name,
                    other => p.at("containerPort") == Some(other),
                });
                if known {
                    continue;
                }
                let path = format!("spec.ports.{i}.targetPort");
                found.push(Found {
                    id: "service-target-port",
                    document,
                    path: format!("spec.ports[{i}]"),
                    reason: say(
                        Msg::LintTargetPort,
                        &[
                            ("service", words(s.str_at("metadata.name").to_owned())),
                            ("target", words(text_of(target))),
                            ("first", words(first.to_string())),
                        ],
                    ),
                    fix: format!("Send to port {first}"),
                    changes: vec![Change::Set(document, steps(&path), Value::from(first))],
                    show: vec![
                        (
                            20_000,
                            format!("traffic service/{} 20/s", s.str_at("metadata.name")),
                        ),
                        (
                            40_000,
                            format!("kubectl describe service {}", s.str_at("metadata.name")),
                        ),
                    ],
                });
            }
        }
    }
}
