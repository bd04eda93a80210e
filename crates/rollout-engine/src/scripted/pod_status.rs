//! Statuses that the fake kubelet writes: pure functions over a pod's tree.

use crate::pod_condition;
use rollout_api::{Str, Timestamp, Value, object};

/// A container's state other than running.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ContainerState {
    /// It waits.
    Waiting {
        /// Why, in one word.
        reason: Str,
        /// Why, as a sentence.
        message: Str,
    },
    /// It ended.
    Terminated {
        /// Exit code.
        code: i64,
        /// Why, in one word.
        reason: Str,
    },
}

/// Has a container a readiness probe?
pub fn has_readiness_probe(pod: &Value, container: usize) -> bool {
    let containers = pod.list_at("spec.containers");
    containers
        .get(container)
        .is_some_and(|c| c.get("readinessProbe").is_some())
}

/// Does a container run?
pub fn is_running(pod: &Value, container: usize) -> bool {
    let statuses = pod.list_at("status.containerStatuses");
    statuses
        .get(container)
        .is_some_and(|s| s.at("state.running").is_some())
}

/// `TEXT "IMAGE"`.
pub fn image_text(pod: &Value, container: usize, text: &str) -> String {
    let containers = pod.list_at("spec.containers");
    format!(
        "{text} \"{}\"",
        containers.get(container).map_or("", |c| c.str_at("image"))
    )
}

fn statuses(pod: &mut Value) -> &mut Vec<Value> {
    let status = pod.map_mut().entry("status", Value::object).map_mut();
    status
        .entry("containerStatuses", || Value::list(Vec::new()))
        .list_mut()
}

/// All containers wait to be created.
pub fn creating(pod: &mut Value, now: Timestamp) {
    let containers = pod.list_at("spec.containers").to_vec();
    *statuses(pod) = containers
        .iter()
        .map(|c| {
            object! {
                "image" => c.get("image").cloned().unwrap_or_default(),
                "imageID" => "",
                "lastState" => Value::object(),
                "name" => c.get("name").cloned().unwrap_or_default(),
                "ready" => false,
                "restartCount" => 0,
                "started" => false,
                "state" => object! { "waiting" => object! { "reason" => "ContainerCreating" } },
            }
        })
        .collect();
    pod.set("status.startTime", now.rfc3339());
    refresh(pod, now);
}

/// A container runs.
pub fn run(pod: &mut Value, container: usize, k: u64, ready: bool, now: Timestamp) {
    ensure(pod, now);
    if let Some(status) = statuses(pod).get_mut(container) {
        if status.at("state.running").is_none() {
            let running = object! { "startedAt" => now.rfc3339() };
            status.set("state", object! { "running" => running });
            let image = status.str_at("image").to_owned();
            status.set("imageID", format!("docker.io/library/{image}"));
            status.set(
                "containerID",
                format!("containerd://{k:08x}{container:02x}"),
            );
        }
        status.set("ready", ready);
        status.set("started", true);
    }
    if pod.str_at("status.podIP").is_empty() {
        let ip = format!("10.244.{}.{}", k / 250, k % 250 + 1);
        pod.set(
            "status.podIPs",
            Value::list(vec![object! { "ip" => ip.clone() }]),
        );
        pod.set("status.podIP", ip);
    }
    refresh(pod, now);
}

/// A container's readiness changes.
pub fn set_ready(pod: &mut Value, container: usize, ready: bool, now: Timestamp) {
    ensure(pod, now);
    if let Some(status) = statuses(pod).get_mut(container) {
        status.set("ready", ready);
    }
    refresh(pod, now);
}

/// A container waits.
pub fn set_state(pod: &mut Value, container: usize, state: &ContainerState, now: Timestamp) {
    ensure(pod, now);
    if let Some(status) = statuses(pod).get_mut(container) {
        status.set("ready", false);
        status.set("started", false);
        status.set("state", state_value(state, now));
    }
    refresh(pod, now);
}

fn state_value(state: &ContainerState, now: Timestamp) -> Value {
    match state {
        ContainerState::Waiting { reason, message } => {
            object! { "waiting" => object! { "message" => message, "reason" => reason } }
        }
        ContainerState::Terminated { code, reason } => {
            let ended = object! {
                "exitCode" => *code,
                "finishedAt" => now.rfc3339(),
                "reason" => reason,
                "startedAt" => now.rfc3339(),
            };
            object! { "terminated" => ended }
        }
    }
}

/// A container ends; later exits show the back-off at once.
pub fn end(
    pod: &mut Value,
    container: usize,
    k: u64,
    state: &ContainerState,
    backing_off: bool,
    now: Timestamp,
) {
    ensure(pod, now);
    let terminated = state_value(state, now);
    if let Some(status) = statuses(pod).get_mut(container) {
        status.set("ready", false);
        status.set("started", false);
        if backing_off {
            let waiting = ContainerState::Waiting {
                reason: "CrashLoopBackOff".into(),
                message: "back-off restarting failed container".into(),
            };
            status.set("lastState", terminated);
            status.set("state", state_value(&waiting, now));
        } else {
            status.set("state", terminated);
        }
    }
    if pod.str_at("status.podIP").is_empty() {
        let ip = format!("10.244.{}.{}", k / 250, k % 250 + 1);
        pod.set(
            "status.podIPs",
            Value::list(vec![object! { "ip" => ip.clone() }]),
        );
        pod.set("status.podIP", ip);
    }
    refresh(pod, now);
}

/// A container is started once more.
pub fn restarted(pod: &mut Value, container: usize) {
    if let Some(status) = statuses(pod).get_mut(container) {
        let count = status.int_at("restartCount").unwrap_or(0) + 1;
        status.set("restartCount", count);
        if let Some(ended) = status.at("state.terminated").cloned() {
            status.set("lastState", object! { "terminated" => ended });
        }
    }
}

/// Restarts that nobody saw.
pub fn add_restarts(pod: &mut Value, n: i64) {
    if let Some(status) = statuses(pod).first_mut() {
        let count = status.int_at("restartCount").unwrap_or(0) + n;
        status.set("restartCount", count);
    }
}

/// The pod fails as a whole.
pub fn fail(pod: &mut Value, now: Timestamp) {
    ensure(pod, now);
    let ended = ContainerState::Terminated {
        code: 1,
        reason: "Error".into(),
    };
    for status in statuses(pod) {
        status.set("ready", false);
        status.set("state", state_value(&ended, now));
    }
    refresh(pod, now);
    pod.set("status.phase", "Failed");
}

/// The final status of a pod that was stopped.
pub fn finish(pod: &mut Value, codes: &[i64], now: Timestamp) {
    ensure(pod, now);
    let mut failed = false;
    for (status, code) in statuses(pod).iter_mut().zip(codes) {
        let code = match status.int_at("state.terminated.exitCode") {
            Some(code) => code,
            None => {
                let reason = if *code == 0 { "Completed" } else { "Error" };
                let ended = ContainerState::Terminated {
                    code: *code,
                    reason: reason.into(),
                };
                status.set("state", state_value(&ended, now));
                *code
            }
        };
        status.set("ready", false);
        status.set("started", false);
        failed |= code != 0;
    }
    refresh(pod, now);
    pod.set("status.phase", if failed { "Failed" } else { "Succeeded" });
}

/// Container statuses are there, even if the kubelet has not spoken yet.
fn ensure(pod: &mut Value, now: Timestamp) {
    if pod.list_at("status.containerStatuses").is_empty() {
        creating(pod, now);
    }
}

/// Phase and conditions from the container statuses.
fn refresh(pod: &mut Value, now: Timestamp) {
    let list = pod.list_at("status.containerStatuses");
    let ready = !list.is_empty() && list.iter().all(|s| s.bool_at("ready"));
    let begun = !list.is_empty()
        && list.iter().all(|s| {
            let seen = |state: &str| s.get(state).is_some_and(|v| v.get("terminated").is_some());
            s.at("state.running").is_some() || seen("state") || seen("lastState")
        });
    let unready: Vec<&str> = list
        .iter()
        .filter(|s| !s.bool_at("ready"))
        .map(|s| s.str_at("name"))
        .collect();
    let message: Str = if ready {
        Str::default()
    } else {
        format!("containers with unready status: [{}]", unready.join(" ")).into()
    };
    let status = if ready { "True" } else { "False" };
    let reason = if ready { "" } else { "ContainersNotReady" };
    for (kind, status, reason, message) in [
        ("Initialized", "True", "", Str::default()),
        ("Ready", status, reason, message.clone()),
        ("ContainersReady", status, reason, message),
    ] {
        let old = pod_condition::find(pod, kind).cloned();
        let condition = pod_condition::condition(kind, status, reason, message, old.as_ref(), now);
        pod_condition::set(pod, condition);
    }
    if !matches!(pod.str_at("status.phase"), "Failed" | "Succeeded") {
        pod.set("status.phase", if begun { "Running" } else { "Pending" });
    }
}
