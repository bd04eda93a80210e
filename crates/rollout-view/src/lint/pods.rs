//! Rules about the pods: images, probes, hooks, configuration.

use super::facts::{Deployment, Facts, fails_after, hook_seconds, repository};
use super::{Change, Found, say};
use crate::catalogue::{Arg, Msg, counted, words};
use crate::model::Quantity;
use rollout_api::decode::Step;
use rollout_api::{Minor, Str, Value, object};
use rollout_manifest::edit::steps;

fn n(value: i64) -> Arg {
    counted(value, Quantity::Count)
}

/// The path of a container's field, as the server writes it.
fn at(i: usize, field: &str) -> String {
    format!("spec.template.spec.containers[{i}]{field}")
}

/// The same as steps.
fn way(i: usize, field: &str) -> Vec<Step> {
    steps(&format!("spec.template.spec.containers.{i}.{field}"))
}

/// A stream of requests to a Deployment, and an update.
fn busy_update(d: &Deployment<'_>) -> Vec<(u64, String)> {
    let (_, line) = d.update("next");
    vec![(0, format!("traffic {} 20/s", d.target())), (3_000, line)]
}

/// A tag that may name another image tomorrow.
pub(super) fn mutable_tag(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        for (i, c) in d.containers().iter().enumerate() {
            let image = c.str_at("image");
            if image.is_empty() || image.contains('@') {
                continue;
            }
            let name = repository(image);
            let tag = image.get(name.len() + 1..).unwrap_or("");
            if !matches!(tag, "" | "latest") {
                continue;
            }
            let same = format!(
                "kubectl set image {} {}={image}",
                d.target(),
                c.str_at("name")
            );
            found.push(Found {
                id: "mutable-tag",
                document: d.document,
                path: at(i, ".image"),
                reason: say(
                    if tag.is_empty() {
                        Msg::LintNoTag
                    } else {
                        Msg::LintLatest
                    },
                    &[("image", words(image.to_owned()))],
                ),
                fix: format!("Write a fixed tag, {name}:1.0.0 (put yours in)"),
                changes: vec![Change::Set(
                    d.document,
                    way(i, "image"),
                    Value::from(format!("{name}:1.0.0")),
                )],
                show: vec![
                    (1_000, format!("image {image} moved-tag")),
                    (2_000, same),
                    (3_000, format!("kubectl rollout history {}", d.target())),
                    // A pod that is made anew runs the new build, beside the others of its revision.
                    (
                        4_000,
                        format!(
                            "kubectl delete -n {0} $(kubectl get pods -n {0} -o name | head -1)",
                            d.namespace()
                        ),
                    ),
                    (
                        60_000,
                        format!(
                            "kubectl get pods -n {} -o custom-columns=POD:.metadata.name,BUILD:.status.containerStatuses[0].imageID",
                            d.namespace()
                        ),
                    ),
                ],
            });
        }
    }
}

/// Nothing says when a container can answer.
pub(super) fn no_readiness(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        for (i, c) in d.containers().iter().enumerate() {
            if c.at("readinessProbe").is_some() {
                continue;
            }
            let (image, line) = d.update("never-answers");
            let mut show = vec![
                (0, format!("image {image} never-ready")),
                (0, format!("traffic {} 20/s", d.target())),
            ];
            show.push((3_000, line));
            found.push(Found {
                id: "no-readiness-probe",
                document: d.document,
                path: at(i, ".name"),
                reason: say(
                    Msg::LintReadiness,
                    &[
                        ("container", words(c.str_at("name").to_owned())),
                        ("desired", n(d.replicas())),
                    ],
                ),
                fix: "Add a readiness probe (put your path in)".to_owned(),
                changes: vec![Change::Set(
                    d.document,
                    way(i, "readinessProbe"),
                    rollout_session::probe(c),
                )],
                show,
            });
        }
    }
}

/// A probe that asks at a port that the container does not name, while it names others.
pub(super) fn probe_port(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        for (i, c) in d.containers().iter().enumerate() {
            let ports = c.list_at("ports");
            let Some(first) = ports.first().and_then(|p| p.int_at("containerPort")) else {
                continue;
            };
            for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
                for way_of in ["httpGet", "tcpSocket"] {
                    let field = format!("{probe}.{way_of}.port");
                    let Some(port) = c.at(&field) else { continue };
                    let known = ports.iter().any(|p| match port {
                        Value::String(name) => p.str_at("name") == &**name,
                        other => p.at("containerPort") == Some(other),
                    });
                    if known {
                        continue;
                    }
                    let (image, line) = d.update("next");
                    let serves = format!("image {image} serves port={first}");
                    found.push(Found {
                        id: "probe-port",
                        document: d.document,
                        path: at(i, &format!(".{field}")),
                        reason: say(
                            Msg::LintProbePort,
                            &[
                                ("probe", words(probe)),
                                ("port", words(rollout_api::json::to_json(port))),
                                ("first", words(first.to_string())),
                            ],
                        ),
                        fix: format!("Ask at port {first}"),
                        changes: vec![Change::Set(d.document, way(i, &field), Value::from(first))],
                        show: vec![(1_000, serves), (1_000, line)],
                    });
                }
            }
        }
    }
}

/// A liveness probe that gives up no later than the readiness probe.
pub(super) fn liveness_as_strict(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        for (i, c) in d.containers().iter().enumerate() {
            let (Some(live), Some(ready)) = (c.at("livenessProbe"), c.at("readinessProbe")) else {
                continue;
            };
            let same = ["httpGet", "tcpSocket", "exec", "grpc"]
                .iter()
                .all(|k| live.at(k) == ready.at(k));
            let (alive, withdrawn) = (fails_after(live), fails_after(ready));
            if !same || alive > withdrawn {
                continue;
            }
            let period = live.int_at("periodSeconds").unwrap_or(10).max(1);
            let threshold = ((withdrawn * 3 + period - 1) / period).max(3);
            let (image, line) = d.update("busy");
            found.push(Found {
                id: "liveness-as-strict-as-readiness",
                document: d.document,
                path: at(i, ".livenessProbe"),
                reason: say(
                    Msg::LintLiveness,
                    &[("alive", n(alive)), ("withdrawn", n(withdrawn))],
                ),
                fix: format!("Give up after {} s", threshold * period),
                changes: vec![Change::Set(
                    d.document,
                    way(i, "livenessProbe.failureThreshold"),
                    Value::from(threshold),
                )],
                show: vec![(0, format!("image {image} flapping")), (1_000, line)],
            });
        }
    }
}

/// The kill comes before the hook is over.
pub(super) fn grace_below_hook(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let longest = d.containers().iter().filter_map(hook_seconds).max();
        let Some(hook) = longest.filter(|hook| *hook >= d.grace()) else {
            continue;
        };
        let path = "spec.template.spec.terminationGracePeriodSeconds";
        let better = hook + 20;
        found.push(Found {
            id: "grace-below-hook",
            document: d.document,
            path: d.place(path),
            reason: say(
                Msg::LintGrace,
                &[("hook", n(hook)), ("grace", n(d.grace()))],
            ),
            fix: format!("Give it {better} s"),
            changes: vec![Change::Set(d.document, steps(path), Value::from(better))],
            show: busy_update(&d),
        });
    }
}

/// `lifecycle.preStop.sleep` is there from this version on without a switch.
const SLEEP_ACTION: Minor = Minor(30);
/// How long the hook of the fix waits.
const HOOK: i64 = 5;

/// Requests, and nothing that waits until they have stopped coming.
pub(super) fn no_hook(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let Some((_, service)) = facts.services_of(&d).next() else {
            continue;
        };
        if d.containers()
            .iter()
            .any(|c| c.at("lifecycle.preStop").is_some())
        {
            continue;
        }
        let hook = if facts.version >= SLEEP_ACTION {
            object! { "sleep" => object! { "seconds" => HOOK } }
        } else {
            let command = [Value::text("sleep"), Value::text("5")];
            object! { "exec" => object! { "command" => Value::list(command.to_vec()) } }
        };
        let mut changes = vec![Change::Set(d.document, way(0, "lifecycle.preStop"), hook)];
        if d.grace() <= HOOK {
            let path = "spec.template.spec.terminationGracePeriodSeconds";
            changes.push(Change::Set(d.document, steps(path), Value::from(30)));
        }
        let name = service.str_at("metadata.name").to_owned();
        let (_, line) = d.update("next");
        found.push(Found {
            id: "no-stop-hook",
            document: d.document,
            path: at(0, ".name"),
            reason: say(Msg::LintHook, &[("service", words(name.clone()))]),
            fix: format!("Wait {HOOK} s before stopping"),
            changes,
            show: vec![(0, format!("traffic service/{name} 20/s")), (3_000, line)],
        });
    }
}

/// A ConfigMap whose change starts nothing.
pub(super) fn config_without_checksum(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let maps: Vec<(usize, &Value)> = facts
            .kind("ConfigMap")
            .filter(|(_, m)| uses(&d, m.str_at("metadata.name")))
            .collect();
        let Some((_, map)) = maps.first() else {
            continue;
        };
        let annotations = d.value.at("spec.template.metadata.annotations");
        let marked = match annotations {
            Some(Value::Map(map)) => map.iter().any(|(k, _)| k.contains("checksum")),
            _ => false,
        };
        if marked {
            continue;
        }
        let mut path = steps("spec.template.metadata.annotations");
        path.push(Step::Key(Str::copy("checksum/config")));
        let sum = checksum(&rollout_api::json::to_json(
            map.at("data").unwrap_or(&Value::Null),
        ));
        let name = map.str_at("metadata.name");
        found.push(Found {
            id: "config-without-checksum",
            document: d.document,
            path: d.place("spec.template.metadata.annotations"),
            reason: say(Msg::LintChecksum, &[("map", words(name.to_owned()))]),
            fix: "Write a checksum of it into the template".to_owned(),
            changes: vec![Change::Set(d.document, path, Value::from(sum))],
            show: vec![
                (
                    1_000,
                    format!("kubectl patch configmap {name} -n {} --type=merge -p '{{\"data\":{{\"changed\":\"yes\"}}}}'", d.namespace()),
                ),
                (2_000, format!("kubectl rollout history {}", d.target())),
                (20_000, format!("kubectl get pods -n {}", d.namespace())),
            ],
        });
    }
}

/// Does a Deployment read this ConfigMap?
fn uses(d: &Deployment<'_>, name: &str) -> bool {
    let volumes = d.value.list_at("spec.template.spec.volumes");
    let mounted = volumes.iter().any(|v| v.str_at("configMap.name") == name);
    let read = d.containers().iter().any(|c| {
        let all = c.list_at("envFrom").iter();
        let one = c.list_at("env").iter();
        all.map(|e| e.str_at("configMapRef.name"))
            .chain(one.map(|e| e.str_at("valueFrom.configMapKeyRef.name")))
            .any(|n| n == name)
    });
    !name.is_empty() && (mounted || read)
}

/// Eight hex digits: enough to see a change.
fn checksum(text: &str) -> String {
    let mut h: u32 = 0x811c_9dc5;
    for b in text.bytes() {
        h = (h ^ u32::from(b)).wrapping_mul(0x0100_0193);
    }
    format!("{h:08x}")
}
