//! READY, STATUS and RESTARTS of a pod, as the server's table shows them.

use crate::duration;
use rollout_api::{Timestamp, Value};

/// The computed cells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodCells {
    /// Ready containers.
    pub ready: usize,
    /// All containers that count.
    pub total: usize,
    /// STATUS.
    pub status: String,
    /// RESTARTS.
    pub restarts: String,
}

fn last_finish(state: &Value) -> Option<Timestamp> {
    Timestamp::parse(state.str_at("lastState.terminated.finishedAt"))
}

fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    pod.list_at("status.conditions")
        .iter()
        .find(|c| c.str_at("type") == kind)
}

/// Mirrors `printPod`, pkg/printers/internalversion/printers.go.
pub fn cells(pod: &Value, now: Timestamp) -> PodCells {
    let inits = pod.list_at("spec.initContainers");
    let sidecar = |name: &str| {
        inits
            .iter()
            .any(|c| c.str_at("name") == name && c.str_at("restartPolicy") == "Always")
    };
    let mut total = pod.list_at("spec.containers").len();
    total += inits
        .iter()
        .filter(|c| c.str_at("restartPolicy") == "Always")
        .count();
    let phase = pod.str_at("status.phase");
    let own_reason = pod.str_at("status.reason");
    let mut reason = if own_reason.is_empty() {
        phase
    } else {
        own_reason
    }
    .to_owned();
    if condition(pod, "PodScheduled").is_some_and(|c| c.str_at("reason") == "SchedulingGated") {
        reason = "SchedulingGated".to_owned();
    }
    let (mut ready, mut restarts, mut sidecar_restarts) = (0, 0, 0);
    let (mut last, mut sidecar_last): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let mut initializing = false;
    for (i, s) in pod
        .list_at("status.initContainerStatuses")
        .iter()
        .enumerate()
    {
        let n = s.int_at("restartCount").unwrap_or(0);
        restarts += n;
        last = last.max(last_finish(s));
        let side = sidecar(s.str_at("name"));
        if side {
            sidecar_restarts += n;
            sidecar_last = sidecar_last.max(last_finish(s));
        }
        let terminated = s.at("state.terminated");
        if terminated.is_some_and(|t| t.int_at("exitCode").unwrap_or(0) == 0) {
            continue;
        }
        if side && s.bool_at("started") {
            if s.bool_at("ready") {
                ready += 1;
            }
            continue;
        }
        let waiting = s.str_at("state.waiting.reason");
        reason = if let Some(t) = terminated {
            let why = t.str_at("reason");
            if !why.is_empty() {
                format!("Init:{why}")
            } else if t.int_at("signal").unwrap_or(0) != 0 {
                format!("Init:Signal:{}", t.int_at("signal").unwrap_or(0))
            } else {
                format!("Init:ExitCode:{}", t.int_at("exitCode").unwrap_or(0))
            }
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{}", inits.len())
        };
        initializing = true;
        break;
    }
    let initialized = condition(pod, "Initialized").is_some_and(|c| c.str_at("status") == "True");
    if !initializing || initialized {
        restarts = sidecar_restarts;
        last = sidecar_last;
        let mut running = false;
        for s in pod.list_at("status.containerStatuses").iter().rev() {
            restarts += s.int_at("restartCount").unwrap_or(0);
            last = last.max(last_finish(s));
            let terminated = s.at("state.terminated");
            let waiting = s.str_at("state.waiting.reason");
            if !waiting.is_empty() {
                reason = waiting.to_owned();
            } else if let Some(t) = terminated {
                let why = t.str_at("reason");
                reason = if !why.is_empty() {
                    why.to_owned()
                } else if t.int_at("signal").unwrap_or(0) != 0 {
                    format!("Signal:{}", t.int_at("signal").unwrap_or(0))
                } else {
                    format!("ExitCode:{}", t.int_at("exitCode").unwrap_or(0))
                };
            } else if s.bool_at("ready") && s.at("state.running").is_some() {
                running = true;
                ready += 1;
            }
        }
        if reason == "Completed" && running {
            let is_ready = condition(pod, "Ready").is_some_and(|c| c.str_at("status") == "True");
            reason = if is_ready { "Running" } else { "NotReady" }.to_owned();
        }
    }
    if pod.at("metadata.deletionTimestamp").is_some() {
        if own_reason == "NodeLost" {
            reason = "Unknown".to_owned();
        } else if phase != "Succeeded" && phase != "Failed" {
            reason = "Terminating".to_owned();
        }
    }
    let mut text = restarts.to_string();
    if restarts != 0
        && let Some(at) = last
    {
        text = format!(
            "{restarts} ({} ago)",
            duration::human(now.0.saturating_sub(at.0))
        );
    }
    PodCells {
        ready,
        total,
        status: reason,
        restarts: text,
    }
}
