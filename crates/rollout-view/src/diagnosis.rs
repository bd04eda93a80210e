//! "What is wrong here": the evidence on the way Deployment → ReplicaSet → pod → events → logs, in the objects' own words.
//! Nothing is concluded; every row names its source and the command that shows it.

use crate::cluster::{Pod, Rollout, waiting_reason};
use crate::explain::rollout_at_cursor;
use crate::model::PodState;
use rollout_api::{Kind, ObjectKey, Value, object};
use rollout_engine::Object;
use rollout_session::Session;

/// A place on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The Deployment's conditions.
    Deployment,
    /// Its sets.
    ReplicaSet,
    /// Their pods.
    Pod,
    /// Warnings about any of them.
    Event,
    /// What containers said before they ended.
    Logs,
    /// Services that select the pods.
    Service,
}

impl Stage {
    /// `Deployment`.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Deployment => "Deployment",
            Stage::ReplicaSet => "ReplicaSet",
            Stage::Pod => "Pod",
            Stage::Event => "Event",
            Stage::Logs => "Logs",
            Stage::Service => "Service",
        }
    }
}

/// A fact that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Where on the way.
    pub stage: Stage,
    /// Name of the object.
    pub object: String,
    /// What it says, in Kubernetes' words.
    pub says: String,
    /// Where that stands: `status.conditions[Progressing]`.
    pub source: String,
    /// The command that shows it.
    pub command: String,
}

/// Most looks of pods that are told one by one.
const MOST_LOOKS: usize = 8;
/// Most names of pods that look the same.
const MOST_NAMES: usize = 8;
/// Most warnings.
const MOST_EVENTS: usize = 12;

/// The evidence at the cursor. Empty: nothing is out of order.
pub fn diagnosis(session: &Session, key: &ObjectKey) -> Vec<Evidence> {
    let Some(r) = rollout_at_cursor(session, key) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let namespace = match key.namespace.as_str() {
        "default" => String::new(),
        other => format!(" -n {other}"),
    };
    of_deployment(&r, &namespace, &mut out);
    of_sets(&r, &namespace, &mut out);
    of_pods(&r, &namespace, &mut out);
    of_events(session, key, &r, &namespace, &mut out);
    of_services(session, key, &r, &namespace, &mut out);
    out
}

/// The way from the Deployment to the logs, a command for each stop. It says nothing of what is found there.
pub fn path(session: &Session, key: &ObjectKey) -> Vec<(&'static str, String)> {
    let Some(r) = rollout_at_cursor(session, key) else {
        return Vec::new();
    };
    let namespace = match key.namespace.as_str() {
        "default" => String::new(),
        other => format!(" -n {other}"),
    };
    let labels = r.object.value.at("spec.selector.matchLabels");
    let mut selector = String::new();
    if let Some(Value::Map(map)) = labels {
        for (i, (k, v)) in map.iter().enumerate() {
            selector.push_str(if i == 0 { " -l " } else { "," });
            selector.push_str(k);
            selector.push('=');
            selector.push_str(v.as_str().unwrap_or(""));
        }
    }
    // The logs of a pod that is not as it should be, else of any.
    let bad = r.pods.iter().filter(|p| !p.leaving() && !p.is_available());
    let bad = bad.max_by_key(|p| Some(p.set) == r.newest);
    let logs = bad.map_or_else(
        || format!("kubectl logs deployment/{}{namespace}", r.name()),
        |p| logs_of(&p.object, &namespace),
    );
    vec![
        (
            "Deployment",
            format!("kubectl describe deployment {}{namespace}", r.name()),
        ),
        (
            "ReplicaSets",
            format!("kubectl get rs{selector}{namespace}"),
        ),
        (
            "Pods",
            format!("kubectl get pods{selector} -o wide{namespace}"),
        ),
        ("Events", format!("kubectl events{namespace}")),
        ("Logs", logs),
    ]
}

/// What a pod's first container wrote: before its last end, if it was started again.
fn logs_of(pod: &Object, namespace: &str) -> String {
    let status = pod.value.list_at("status.containerStatuses").first();
    let restarts = status.and_then(|c| c.int_at("restartCount")).unwrap_or(0);
    let mut line = format!("kubectl logs {}", pod.meta.name);
    if restarts > 0 && status.is_some_and(|c| c.at("state.running").is_none()) {
        line.push_str(" --previous");
    }
    line + namespace
}

/// Conditions with another status than `good`.
fn conditions(object: &Object, good: fn(&str) -> &'static str) -> Vec<(String, String)> {
    let list = object.value.list_at("status.conditions").iter();
    list.filter(|c| c.str_at("status") != good(c.str_at("type")))
        .map(|c| {
            let kind = c.str_at("type");
            let mut says = format!("{kind} {} {}", c.str_at("status"), c.str_at("reason"));
            says.truncate(says.trim_end().len());
            if !c.str_at("message").is_empty() {
                says.push_str(": ");
                says.push_str(c.str_at("message"));
            }
            (format!("status.conditions[{kind}]"), says)
        })
        .collect()
}

fn of_deployment(r: &Rollout, namespace: &str, out: &mut Vec<Evidence>) {
    let good = |kind: &str| match kind {
        "ReplicaFailure" => "False",
        _ => "True",
    };
    for (source, says) in conditions(&r.object, good) {
        out.push(Evidence {
            stage: Stage::Deployment,
            object: r.name().to_owned(),
            says,
            source,
            command: format!("kubectl describe deployment {}{namespace}", r.name()),
        });
    }
    if r.view().paused {
        out.push(Evidence {
            stage: Stage::Deployment,
            object: r.name().to_owned(),
            says: "paused: true".to_owned(),
            source: "spec.paused".to_owned(),
            command: format!("kubectl get deployment {} -o yaml{namespace}", r.name()),
        });
    }
}

fn of_sets(r: &Rollout, namespace: &str, out: &mut Vec<Evidence>) {
    for set in &r.sets {
        let command = format!("kubectl describe rs {}{namespace}", set.name());
        let status = |field: &str| {
            let path = format!("status.{field}");
            set.object.value.int_at(&path).unwrap_or(0)
        };
        let (made, ready) = (status("replicas"), status("readyReplicas"));
        if set.size != ready || set.size != made {
            out.push(Evidence {
                stage: Stage::ReplicaSet,
                object: set.name().to_string(),
                says: format!("DESIRED {}  CURRENT {made}  READY {ready}", set.size),
                source: "spec.replicas, status".to_owned(),
                command: format!("kubectl get rs {}{namespace}", set.name()),
            });
        }
        for (source, says) in conditions(&set.object, |_| "False") {
            out.push(Evidence {
                stage: Stage::ReplicaSet,
                object: set.name().to_string(),
                says,
                source,
                command: command.clone(),
            });
        }
    }
}

fn of_pods(r: &Rollout, namespace: &str, out: &mut Vec<Evidence>) {
    let mut told: Vec<(usize, PodState)> = Vec::new();
    let waiting = || r.pods.iter().filter(|p| !p.leaving() && !p.is_available());
    for pod in waiting() {
        // Pods of one set in one state look the same: one of them is told.
        let look = (pod.set, pod.state);
        if told.contains(&look) || told.len() >= MOST_LOOKS {
            continue;
        }
        told.push(look);
        let alike = || waiting().filter(|p| (p.set, p.state) == look);
        // One that waits for its next try says more than one between two tries.
        let backs_off = |p: &&Pod| {
            let found = waiting_reason(&p.object.value);
            found.is_some_and(|(reason, _)| reason.ends_with("BackOff"))
        };
        let pod = alike().find(backs_off).unwrap_or(pod);
        let name = pod.object.meta.name.to_string();
        let command = format!("kubectl describe pod {name}{namespace}");
        let mut add = |stage, says: String, source: String, command: &str| {
            out.push(Evidence {
                stage,
                object: name.clone(),
                says,
                source,
                command: command.to_owned(),
            });
        };
        // `ContainersReady` says the same as `Ready`.
        let all = conditions(&pod.object, |_| "True").into_iter();
        let both = pod.object.value.list_at("status.conditions").iter();
        let ready = both.filter(|c| c.str_at("type") == "Ready" && c.str_at("status") == "False");
        let ready = ready.count() > 0;
        for (source, says) in all.filter(|(_, s)| !ready || !s.starts_with("ContainersReady ")) {
            add(Stage::Pod, says, source, &command);
        }
        for c in pod.object.value.list_at("status.containerStatuses") {
            let container = c.str_at("name");
            let restarts = c.int_at("restartCount").unwrap_or(0);
            for (state, path) in [("state", "state"), ("last state", "lastState")] {
                let Some(says) = container_state(c, path, restarts) else {
                    continue;
                };
                add(
                    Stage::Pod,
                    format!("{container}: {state} {says}"),
                    format!("status.containerStatuses[{container}].{path}"),
                    &command,
                );
            }
            if restarts > 0 {
                add(
                    Stage::Logs,
                    format!("{container}: what it wrote before its last end"),
                    "the container's output".to_owned(),
                    &format!("kubectl logs {name} -c {container} --previous{namespace}"),
                );
            } else if c.at("state.running").is_some() {
                add(
                    Stage::Logs,
                    format!("{container}: what it writes"),
                    "the container's output".to_owned(),
                    &format!("kubectl logs {name} -c {container}{namespace}"),
                );
            }
        }
        let like = alike().map(|p| p.object.meta.name.as_str());
        let like: Vec<&str> = like.filter(|n| *n != name).collect();
        if !like.is_empty() {
            let mut says = more(like.len(), "more pod looks", "more pods look");
            says.push_str(" the same: ");
            says.push_str(&like[..like.len().min(MOST_NAMES)].join(", "));
            if like.len() > MOST_NAMES {
                says.push_str(", …");
            }
            let list = "kubectl get pods".to_owned() + namespace;
            add(Stage::Pod, says, "status".to_owned(), &list);
        }
    }
}

/// `waiting ImagePullBackOff: …`, `terminated Error, exit code 1, 3 restarts`; none for a container that runs or never did.
fn container_state(c: &Value, path: &str, restarts: i64) -> Option<String> {
    if let Some(w) = c.at(&format!("{path}.waiting")) {
        let mut says = format!("waiting {}", w.str_at("reason"));
        if !w.str_at("message").is_empty() {
            says.push_str(": ");
            says.push_str(w.str_at("message"));
        }
        return Some(says);
    }
    let t = c.at(&format!("{path}.terminated"))?;
    Some(format!(
        "terminated {}, exit code {}, {restarts} {}",
        t.str_at("reason"),
        t.int_at("exitCode").unwrap_or(0),
        if restarts == 1 { "restart" } else { "restarts" }
    ))
}

fn of_events(
    session: &Session,
    key: &ObjectKey,
    r: &Rollout,
    namespace: &str,
    out: &mut Vec<Evidence>,
) {
    let is_ours = |kind: &str, name: &str| match kind {
        "Deployment" => name == key.name.as_str(),
        "ReplicaSet" => r.sets.iter().any(|s| s.name().as_str() == name),
        "Pod" => r.pods.iter().any(|p| p.object.meta.name.as_str() == name),
        _ => false,
    };
    let events = session.store().list_in(Kind::EVENT, &key.namespace);
    let warnings = events.filter(|e| {
        let v = &e.value;
        v.str_at("type") == "Warning"
            && is_ours(
                v.str_at("involvedObject.kind"),
                v.str_at("involvedObject.name"),
            )
    });
    // The same words about pods of one kind: one is told, with how many there are.
    let mut told: Vec<(String, usize, usize)> = Vec::new();
    for e in warnings {
        let v = &e.value;
        let name = v.str_at("involvedObject.name");
        let of = r.pods.iter().find(|p| p.object.meta.name.as_str() == name);
        let said = v.str_at("message").replace(name, "");
        let uid = of.map_or("", |p| p.object.meta.uid.as_str());
        let said = if uid.is_empty() {
            said
        } else {
            said.replace(uid, "").replace(ip_of(of), "")
        };
        // A refused pod has a new name each time.
        let said = match said.split_once(": pods \"") {
            Some((before, after)) => {
                before.to_owned() + after.split_once('"').map_or("", |(_, rest)| rest)
            }
            None => said,
        };
        let said = said.trim_start_matches("(combined from similar events): ");
        let key = v.str_at("reason").to_owned() + "\n" + said;
        if let Some(known) = told.iter_mut().find(|(k, ..)| *k == key) {
            known.2 += 1;
            continue;
        }
        if told.len() >= MOST_EVENTS {
            break;
        }
        told.push((key, out.len(), 0));
        let count = v.int_at("series.count").or(v.int_at("count")).unwrap_or(1);
        let (kind, name) = (
            v.str_at("involvedObject.kind"),
            v.str_at("involvedObject.name"),
        );
        out.push(Evidence {
            stage: Stage::Event,
            object: format!("{}/{name}", kind.to_ascii_lowercase()),
            says: format!(
                "{} (x{count}): {}",
                v.str_at("reason"),
                v.str_at("message").trim()
            ),
            source: format!("event {}", e.meta.name),
            command: format!(
                "kubectl events --for {}/{name}{namespace}",
                kind.to_ascii_lowercase()
            ),
        });
    }
    for (_, at, n) in told.into_iter().filter(|(_, _, n)| *n > 0) {
        if let Some(row) = out.get_mut(at) {
            row.says.push_str(" (");
            row.says.push_str(&more(n, "more says", "more say"));
            row.says.push_str(" the same)");
        }
    }
}

fn ip_of(pod: Option<&Pod>) -> &str {
    let ip = pod.map_or("", |p| p.object.value.str_at("status.podIP"));
    // An empty pattern would be everywhere.
    if ip.is_empty() { "\0" } else { ip }
}

/// `1 more pod looks`, `3 more pods look`.
fn more(n: usize, one: &str, many: &str) -> String {
    let mut out = n.to_string();
    out.push(' ');
    out.push_str(if n == 1 { one } else { many });
    out
}

fn of_services(
    session: &Session,
    key: &ObjectKey,
    r: &Rollout,
    namespace: &str,
    out: &mut Vec<Evidence>,
) {
    for s in session.store().list_in(Kind::SERVICE, &key.namespace) {
        let selector = s.value.at("spec.selector");
        let near = s.meta.name == key.name
            || selector.is_some_and(|sel| {
                r.object.value.at("spec.template.metadata.labels").is_some_and(|labels| {
                    matches!(sel, Value::Map(m) if m.iter().any(|(k, v)| labels.get(k) == Some(v)))
                })
            });
        if selector.is_none() || !near {
            continue;
        }
        let slices = session
            .store()
            .list_in(Kind::ENDPOINT_SLICE, &key.namespace);
        let ready = slices
            .filter(|e| {
                let label = e.value.at("metadata.labels");
                let of = label.and_then(|l| l.get("kubernetes.io/service-name"));
                of.and_then(Value::as_str) == Some(s.meta.name.as_str())
            })
            .flat_map(|e| e.value.list_at("endpoints").to_vec())
            .filter(|e| e.at("conditions.ready").and_then(Value::as_bool) != Some(false))
            .count();
        if let Some(says) = deaf_port(session, &s.meta.name, &key.namespace, r)
            && ready > 0
        {
            out.push(Evidence {
                stage: Stage::Service,
                object: s.meta.name.to_string(),
                says,
                source: "endpointslices, spec.containers[].ports".to_owned(),
                command: format!("kubectl describe service {}{namespace}", s.meta.name),
            });
        }
        if ready == 0 {
            out.push(Evidence {
                stage: Stage::Service,
                object: s.meta.name.to_string(),
                says: format!(
                    "no ready endpoint; selector {}",
                    selector.map_or(String::new(), rollout_api::json::to_json)
                ),
                source: "endpointslices".to_owned(),
                command: format!("kubectl describe service {}{namespace}", s.meta.name),
            });
        }
    }
}

/// A port that a Service sends requests to and no container of the pods declares.
fn deaf_port(session: &Session, service: &str, namespace: &str, r: &Rollout) -> Option<String> {
    let spec = r.object.value.at("spec.template.spec")?;
    let expected = rollout_engine::traffic::listens(spec);
    let slices = session.store().list_in(Kind::ENDPOINT_SLICE, namespace);
    let of = slices.filter(|e| {
        let label = e.value.at("metadata.labels");
        let of = label.and_then(|l| l.get("kubernetes.io/service-name"));
        of.and_then(Value::as_str) == Some(service)
    });
    for slice in of {
        for port in slice.value.list_at("ports") {
            let number = port.int_at("port").and_then(|p| u16::try_from(p).ok());
            let deaf = number.filter(|p| !expected.is_empty() && !expected.contains(p));
            if let Some(port) = deaf {
                let list: Vec<String> = expected.iter().map(u16::to_string).collect();
                let mut says = "requests go to port ".to_owned();
                says.push_str(&port.to_string());
                says.push_str(" of the pods; their containers and probes name ");
                says.push_str(&list.join(", "));
                return Some(says);
            }
        }
    }
    None
}

/// The evidence as text: stage, object, what it says, and the command that shows it.
pub fn diagnosis_text(rows: &[Evidence]) -> String {
    if rows.is_empty() {
        return "Nothing is out of order.\n".to_owned();
    }
    let mut out = String::new();
    for row in rows {
        out.push_str(&format!(
            "{} {}\n  {}\n  from {}; $ {}\n",
            row.stage.name(),
            row.object,
            row.says,
            row.source,
            row.command
        ));
    }
    out
}

/// A row as JSON.
pub fn diagnosis_json(row: &Evidence) -> Value {
    object! {
        "stage" => row.stage.name(),
        "object" => row.object.clone(),
        "says" => row.says.clone(),
        "source" => row.source.clone(),
        "command" => row.command.clone(),
    }
}
