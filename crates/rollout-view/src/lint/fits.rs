//! Rules about what the API server, the scheduler and time make of a text: fields at the wrong level, versions that are gone,
//! requests that fit on no node, files that end with their pod.

use super::facts::{Deployment, Facts, same_namespace};
use super::{Change, Found, Room, say};
use crate::catalogue::{Msg, words};
use rollout_api::quantity::Quantity;
use rollout_api::{Value, object};
use rollout_manifest::edit::steps;

/// Fields of a container's `securityContext` that a pod's does not have, and the other way round.
const OF_CONTAINERS: [&str; 5] = [
    "allowPrivilegeEscalation",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
];
const OF_PODS: [&str; 5] = [
    "fsGroup",
    "fsGroupChangePolicy",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "sysctls",
];
const POD: &str = "spec.template.spec.securityContext";

fn apply() -> Vec<(u64, String)> {
    vec![(1_000, "kubectl apply -f {file}".to_owned())]
}

/// Security settings one level too high or too low.
pub(super) fn security_level(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let mut add = |path: String, msg: Msg, field: &str, fix: &str, changes: Vec<Change>| {
            found.push(Found {
                id: "security-level",
                document: d.document,
                path,
                reason: say(msg, &[("field", words(field.to_owned()))]),
                fix: fix.to_owned(),
                changes,
                show: apply(),
            });
        };
        for field in OF_CONTAINERS {
            let path = format!("{POD}.{field}");
            let Some(value) = d.value.at(&path) else {
                continue;
            };
            let containers = d.containers().iter().enumerate();
            let missing = containers.filter(|(_, c)| {
                let own = c.at("securityContext");
                own.and_then(|s| s.get(field)).is_none()
            });
            let place = |i: usize| {
                steps(&format!(
                    "spec.template.spec.containers.{i}.securityContext.{field}"
                ))
            };
            let mut changes: Vec<Change> = missing
                .map(|(i, _)| Change::Set(d.document, place(i), value.clone()))
                .collect();
            changes.push(Change::Remove(d.document, steps(&path)));
            let fix = "Write it into the containers";
            add(path, Msg::LintSecurityPod, field, fix, changes);
        }
        for (i, c) in d.containers().iter().enumerate() {
            for field in OF_PODS {
                let Some(value) = c.at("securityContext").and_then(|s| s.get(field)) else {
                    continue;
                };
                let own = format!("spec.template.spec.containers.{i}.securityContext.{field}");
                let changes = vec![
                    Change::Set(d.document, steps(&format!("{POD}.{field}")), value.clone()),
                    Change::Remove(d.document, steps(&own)),
                ];
                let path = format!("spec.template.spec.containers[{i}].securityContext.{field}");
                let fix = "Write it into the pod's securityContext";
                add(path, Msg::LintSecurityContainer, field, fix, changes);
            }
        }
        for path in ["spec.template.securityContext", "spec.securityContext"] {
            let Some(value) = d.value.at(path) else {
                continue;
            };
            let mut changes = vec![Change::Remove(d.document, steps(path))];
            if d.value.at(POD).is_none() {
                changes.insert(0, Change::Set(d.document, steps(POD), value.clone()));
            }
            let fix = "Move it into the pod";
            add(path.to_owned(), Msg::LintSecurityPlace, path, fix, changes);
        }
    }
}

/// Kind, version that is gone, the one to write, the minor release without the old one.
const GONE: &[(&str, &str, &str, u32)] = &[
    ("Deployment", "extensions/v1beta1", "apps/v1", 16),
    ("Deployment", "apps/v1beta1", "apps/v1", 16),
    ("Deployment", "apps/v1beta2", "apps/v1", 16),
    ("ReplicaSet", "extensions/v1beta1", "apps/v1", 16),
    ("ReplicaSet", "apps/v1beta2", "apps/v1", 16),
    ("StatefulSet", "apps/v1beta1", "apps/v1", 16),
    ("StatefulSet", "apps/v1beta2", "apps/v1", 16),
    ("DaemonSet", "extensions/v1beta1", "apps/v1", 16),
    ("DaemonSet", "apps/v1beta2", "apps/v1", 16),
    (
        "NetworkPolicy",
        "extensions/v1beta1",
        "networking.k8s.io/v1",
        16,
    ),
    (
        "StorageClass",
        "storage.k8s.io/v1beta1",
        "storage.k8s.io/v1",
        22,
    ),
    ("PodDisruptionBudget", "policy/v1beta1", "policy/v1", 25),
    ("CronJob", "batch/v1beta1", "batch/v1", 25),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v2beta1",
        "autoscaling/v2",
        25,
    ),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v2beta2",
        "autoscaling/v2",
        26,
    ),
];

/// A version of the API that the cluster no longer serves.
pub(super) fn old_version(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for (document, value) in &facts.objects {
        let (kind, written) = (value.str_at("kind"), value.str_at("apiVersion"));
        let row = GONE.iter().find(|(k, v, ..)| *k == kind && *v == written);
        let Some((_, _, version, minor)) = row else {
            continue;
        };
        let mut changes = vec![Change::Set(
            *document,
            steps("apiVersion"),
            Value::text(version),
        )];
        // The old ones took the labels of the template.
        let labels = value.at("spec.template.metadata.labels");
        if let Some(labels) = labels.filter(|_| value.at("spec.selector").is_none()) {
            let selector = object! { "matchLabels" => labels.clone() };
            changes.push(Change::Set(*document, steps("spec.selector"), selector));
        }
        found.push(Found {
            id: "old-api-version",
            document: *document,
            path: "apiVersion".to_owned(),
            reason: say(
                Msg::LintVersion,
                &[
                    ("version", words(written.to_owned())),
                    ("kind", words(kind.to_owned())),
                    ("minor", words(format!("1.{minor}"))),
                ],
            ),
            fix: format!("Write {version}"),
            changes,
            show: apply(),
        });
    }
}

/// A container's request of a resource: a limit without one counts as it.
fn request(c: &Value, resource: &str) -> Option<Quantity> {
    let of = |group: &str| c.at(group).and_then(|g| g.get(resource));
    Quantity::of(of("resources.requests").or_else(|| of("resources.limits"))?)
}

/// `2`, `1500m`.
fn cpu_text(milli: i64) -> String {
    match milli % 1000 {
        0 => (milli / 1000).to_string(),
        _ => format!("{milli}m"),
    }
}

/// `4Gi`, `300Mi`.
fn memory_text(bytes: i64) -> String {
    match bytes >> 20 {
        mi if mi % 1024 == 0 => format!("{}Gi", mi / 1024),
        mi => format!("{mi}Mi"),
    }
}

/// A resource: its name, what the largest node has, how a quantity is counted and written.
type Resource = (&'static str, i64, fn(&Quantity) -> i64, fn(i64) -> String);

/// Pods that ask for more than the largest node has.
pub(super) fn requests_too_large(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let resources: [Resource; 2] = [
            ("cpu", facts.room.cpu, Quantity::milli_value, cpu_text),
            ("memory", facts.room.memory, Quantity::value, memory_text),
        ];
        for (resource, room, number, text) in resources {
            let asked = |c: &Value| request(c, resource).map_or(0, |q| number(&q).max(0));
            let all: Vec<i64> = d.containers().iter().map(asked).collect();
            let sum: i64 = all.iter().fold(0, |s, n| s.saturating_add(*n));
            let Some(most) = all.iter().max().filter(|_| sum > room && room > 0) else {
                continue;
            };
            let i = all.iter().position(|n| n == most).unwrap_or(0);
            let share = room / (2 * all.len() as i64);
            let unit = if resource == "cpu" { 100 } else { 1 << 20 };
            let better = text((share / unit * unit).max(unit));
            let own = format!("resources.requests.{resource}");
            let written = d.containers()[i].at(&own).is_some();
            let group = if written { "requests" } else { "limits" };
            let path = format!("spec.template.spec.containers.{i}.resources.requests.{resource}");
            found.push(Found {
                id: "requests-fit-nowhere",
                document: d.document,
                path: format!("spec.template.spec.containers[{i}].resources.{group}.{resource}"),
                reason: say(
                    Msg::LintRequests,
                    &[
                        ("asked", words(text(sum))),
                        ("resource", words(resource)),
                        ("room", words(text(room))),
                    ],
                ),
                fix: format!("Ask for {better} (put yours in)"),
                changes: vec![Change::Set(d.document, steps(&path), Value::from(better))],
                show: vec![
                    (1_000, format!("kubectl get pods -n {}", d.namespace())),
                    (2_000, format!("kubectl get events -n {}", d.namespace())),
                ],
            });
        }
    }
}

/// Folders whose content is meant to last.
const LASTING: [&str; 10] = [
    "data",
    "db",
    "database",
    "uploads",
    "storage",
    "mysql",
    "postgresql",
    "redis",
    "mongodb",
    "backup",
];

/// What is meant to last, in a volume that ends with its pod.
pub(super) fn empty_dir_loss(facts: &Facts<'_>, found: &mut Vec<Found>) {
    for d in facts.deployments() {
        let volumes = d.value.list_at("spec.template.spec.volumes");
        for (i, v) in volumes.iter().enumerate() {
            let Some(dir) = v.get("emptyDir").filter(|e| e.str_at("medium") != "Memory") else {
                continue;
            };
            let Some(path) = lasting_mount(&d, v.str_at("name")) else {
                continue;
            };
            let claim = format!("{}-{}", d.name(), v.str_at("name"));
            let size = match dir.str_at("sizeLimit") {
                "" => "1Gi",
                size => size,
            };
            let mode = if d.replicas() > 1 {
                "ReadWriteMany"
            } else {
                "ReadWriteOnce"
            };
            let at = format!("spec.template.spec.volumes.{i}");
            let taken = facts.kind("PersistentVolumeClaim").any(|(_, p)| {
                p.str_at("metadata.name") == claim && same_namespace(p, d.namespace())
            });
            let mut changes = vec![
                Change::Set(
                    d.document,
                    steps(&format!("{at}.persistentVolumeClaim")),
                    object! { "claimName" => claim.clone() },
                ),
                Change::Remove(d.document, steps(&format!("{at}.emptyDir"))),
            ];
            if !taken {
                let mut metadata = object! { "name" => claim };
                if d.namespace() != "default" {
                    metadata.set("namespace", d.namespace().to_owned());
                }
                changes.push(Change::Append(object! {
                    "apiVersion" => "v1",
                    "kind" => "PersistentVolumeClaim",
                    "metadata" => metadata,
                    "spec" => object! {
                        "accessModes" => vec![Value::text(mode)],
                        "resources" => object! {
                            "requests" => object! { "storage" => size.to_owned() },
                        },
                    },
                }));
            }
            let (_, line) = d.update("next");
            let within = |command: &str| format!("kubectl exec {} -- {command}", d.target());
            found.push(Found {
                id: "files-end-with-the-pod",
                document: d.document,
                path: format!("spec.template.spec.volumes[{i}].emptyDir"),
                reason: say(
                    Msg::LintEmptyDir,
                    &[
                        ("volume", words(v.str_at("name").to_owned())),
                        ("path", words(path.clone())),
                    ],
                ),
                fix: "Put them into a claim".to_owned(),
                changes,
                show: vec![
                    (1_000, within(&format!("touch {path}/marker"))),
                    (1_500, within(&format!("ls {path}"))),
                    (2_000, line),
                    (150_000, within(&format!("ls {path}"))),
                ],
            });
        }
    }
}

/// Where a container has the volume, if that looks like a place for what lasts.
fn lasting_mount(d: &Deployment<'_>, volume: &str) -> Option<String> {
    let mounts = d
        .containers()
        .iter()
        .flat_map(|c| c.list_at("volumeMounts"));
    let own = mounts.filter(|m| m.str_at("name") == volume);
    let paths = own.map(|m| m.str_at("mountPath").trim_end_matches('/'));
    let lasting = |p: &&str| p.split('/').any(|part| LASTING.contains(&part));
    paths.into_iter().find(lasting).map(str::to_owned)
}

impl Room {
    /// The largest nodes of a cluster.
    pub fn of(store: &rollout_engine::Store) -> Room {
        let mut room = Room { cpu: 0, memory: 0 };
        for node in store.list(rollout_api::Kind::NODE) {
            let part = |resource: &str| {
                let all = node.value.at("status.allocatable")?;
                Quantity::of(all.get(resource)?)
            };
            room.cpu = room.cpu.max(part("cpu").map_or(0, |q| q.milli_value()));
            room.memory = room.memory.max(part("memory").map_or(0, |q| q.value()));
        }
        room
    }
}
