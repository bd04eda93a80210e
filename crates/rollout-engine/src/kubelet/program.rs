//! What the process in a container does: how its image behaves, told to probes, the runtime and the log.

use super::plan::{CommandPlan, ContainerPlan, Handler, ProbePlan};
use super::prober::ProbeResult;
use crate::images::Effects;
use rollout_api::Value;

/// How long an ordinary init container works.
const INIT_RUN: u64 = 1_000;
/// Exit code and reason of a process that is killed for memory.
pub const OOM: (i64, &str) = (137, "OOMKilled");

/// How a run ends by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// Milliseconds after its start.
    pub after: u64,
    /// Exit code.
    pub code: i64,
    /// Reason of the terminated state.
    pub reason: &'static str,
}

/// The reason of an exit code.
pub fn exit_reason(code: i64) -> &'static str {
    if code == 0 { "Completed" } else { "Error" }
}

fn ends(after: u64, code: i64) -> End {
    End {
        after,
        code,
        reason: exit_reason(code),
    }
}

/// How a run will end, if nobody stops it. `missing`: a key of its configuration that is not there.
pub fn end_of(plan: &ContainerPlan, effects: &Effects, missing: bool) -> Option<End> {
    if missing || (effects.needs_write && plan.read_only_root) {
        return Some(ends(0, 1));
    }
    let oom = effects.oom.filter(|_| plan.memory_limit).map(|after| End {
        after,
        code: OOM.0,
        reason: OOM.1,
    });
    let crash = effects.crash.map(|(after, code)| ends(after, code.into()));
    let own = match (crash, plan.command) {
        (None, CommandPlan::Exits { after, code }) => Some(ends(after, code)),
        (None, CommandPlan::Image) if plan.init && !plan.sidecar && !effects.never_ready => {
            Some(ends(INIT_RUN + effects.slow_start, 0))
        }
        _ => None,
    };
    [oom, crash, own]
        .into_iter()
        .flatten()
        .min_by_key(|e| e.after)
}

/// Does the process answer, `since` milliseconds after its start?
fn health(effects: &Effects, since: u64) -> Health {
    if since < effects.slow_start {
        return Health::Refuses;
    }
    if effects.never_ready {
        return Health::Unhealthy;
    }
    match effects.flapping {
        Some((up, down)) if (since - effects.slow_start) % (up + down) >= up => Health::Unhealthy,
        _ => Health::Good,
    }
}

/// Is the process up, but answers that it is not well?
pub(crate) fn is_unhealthy(effects: &Effects, since: u64) -> bool {
    health(effects, since) == Health::Unhealthy
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Health {
    Good,
    Unhealthy,
    /// Nothing listens.
    Refuses,
}

/// When the answer may change next, in milliseconds after the start, later than `since`.
pub(crate) fn next_change(effects: &Effects, since: u64) -> Option<u64> {
    if since < effects.slow_start {
        return Some(effects.slow_start);
    }
    let (up, down) = effects.flapping?;
    if effects.never_ready || down == 0 {
        return None;
    }
    let run = since - effects.slow_start;
    let (turn, phase) = (run / (up + down), run % (up + down));
    let next = if phase < up { up } else { up + down };
    Some(effects.slow_start + turn * (up + down) + next)
}

/// What a probe hears, and the text of its failure.
///
/// Liveness probes that ask something else than readiness are not told of a process that merely is not ready.
pub fn probe(
    probe: &ProbePlan,
    plan: &ContainerPlan,
    effects: &Effects,
    since: u64,
    ip: &str,
) -> (ProbeResult, String) {
    let mut health = health(effects, since);
    let ready = plan
        .probes
        .iter()
        .find(|p| p.kind == super::prober::ProbeKind::Readiness);
    if health == Health::Unhealthy && ready.is_some_and(|r| r.handler != probe.handler) {
        health = Health::Good;
    }
    let network = !matches!(probe.handler, Handler::Exec { .. });
    let port = match &probe.handler {
        Handler::Http { port, .. } | Handler::Tcp { port } | Handler::Grpc { port } => *port,
        Handler::Exec { .. } => 0,
    };
    // A probe asks where the process is expected to listen.
    if network && !effects.hears(u16::try_from(port).unwrap_or(0), &[]) {
        health = Health::Refuses;
    }
    if health != Health::Refuses && effects.latency > probe.timeout {
        return (ProbeResult::Failure, timeout(probe, ip));
    }
    let wrong_path = matches!(&probe.handler, Handler::Http { path, .. } if !effects.knows(path));
    if health == Health::Good && !wrong_path {
        return (ProbeResult::Success, String::new());
    }
    let text = match &probe.handler {
        Handler::Http { scheme, port, path } => match health {
            Health::Refuses => {
                format!(
                    "Get \"{scheme}://{ip}:{port}{path}\": dial tcp {ip}:{port}: connect: connection refused"
                )
            }
            _ if wrong_path => "HTTP probe failed with statuscode: 404".to_owned(),
            _ => "HTTP probe failed with statuscode: 503".to_owned(),
        },
        // A process that is up but not healthy still accepts connections.
        Handler::Tcp { .. } if health == Health::Unhealthy => {
            return (ProbeResult::Success, String::new());
        }
        Handler::Tcp { port } => format!("dial tcp {ip}:{port}: connect: connection refused"),
        Handler::Grpc { port } => match health {
            Health::Refuses => {
                let seconds = probe.timeout / 1000;
                format!(
                    "timeout: failed to connect service \"{ip}:{port}\" within {seconds}s: context deadline exceeded"
                )
            }
            _ => "service unhealthy (responded with \"NOT_SERVING\")".to_owned(),
        },
        Handler::Exec { command } => match (command.first().map(|w| w.as_str()), command.last()) {
            (Some("cat"), Some(file)) => {
                format!("cat: can't open '{file}': No such file or directory\n")
            }
            _ => String::new(),
        },
    };
    (ProbeResult::Failure, text)
}

fn timeout(probe: &ProbePlan, ip: &str) -> String {
    match &probe.handler {
        Handler::Http { scheme, port, path } => format!(
            "Get \"{scheme}://{ip}:{port}{path}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        ),
        Handler::Tcp { port } => format!("dial tcp {ip}:{port}: i/o timeout"),
        Handler::Grpc { port } => {
            let seconds = probe.timeout / 1000;
            format!(
                "timeout: failed to connect service \"{ip}:{port}\" within {seconds}s: context deadline exceeded"
            )
        }
        Handler::Exec { command } => {
            let words: Vec<&str> = command.iter().map(|w| w.as_str()).collect();
            format!("command \"{}\" timed out", words.join(" "))
        }
    }
}

/// What a run prints at its start.
pub fn first_lines(plan: &ContainerPlan, effects: &Effects, missing: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("starting {}", plan.image)];
    if let Some(key) = missing {
        lines.push(format!("fatal: required configuration {key} is not set"));
        return lines;
    }
    if effects.needs_write && plan.read_only_root {
        lines.push("fatal: open /var/cache/app/state: read-only file system".to_owned());
        return lines;
    }
    if plan.init && !plan.sidecar {
        return lines;
    }
    if effects.slow_start > 0 {
        lines.push("loading, this takes a while".to_owned());
    } else if let Some(line) = listening(plan, effects) {
        lines.push(line);
    }
    lines
}

/// The line of a process that is up.
pub fn listening(plan: &ContainerPlan, effects: &Effects) -> Option<String> {
    let port = plan.probes.iter().find_map(|p| match p.handler {
        Handler::Http { port, .. } | Handler::Tcp { port } | Handler::Grpc { port } => Some(port),
        Handler::Exec { .. } => None,
    });
    match (port, effects.wrong_port) {
        _ if !effects.ports.is_empty() => Some(format!("listening on :{}", effects.ports)),
        (Some(port), false) => Some(format!("listening on :{port}")),
        (Some(port), true) => Some(format!("listening on :{}", port + 1)),
        (None, _) => Some("ready to serve".to_owned()),
    }
}

/// What a run prints when it ends by itself.
pub fn last_line(end: &End) -> Option<String> {
    match (end.reason, end.code) {
        // The kernel kills without a word.
        ("OOMKilled", _) => None,
        (_, 0) => Some("done".to_owned()),
        (_, code) => Some(format!("fatal: exiting with status {code}")),
    }
}

/// The access line of a failing probe request, if the process got it. `heard`: what the probe was told.
pub fn probe_line(probe: &ProbePlan, heard: &str) -> Option<String> {
    let Handler::Http { path, .. } = &probe.handler else {
        return None;
    };
    let code = heard.strip_prefix("HTTP probe failed with statuscode: ")?;
    let more = if code == "503" { " not ready" } else { "" };
    Some(format!("GET {path} {code}{more}"))
}

/// Does the pod's environment or the container's hold this key? Plain values and references count by name, `envFrom`
/// by the keys of its objects.
pub fn has_key(
    plan: &ContainerPlan,
    key: &str,
    objects: impl Fn(&super::plan::ConfigSource) -> Option<Value>,
) -> bool {
    plan.env.iter().any(|e| {
        if e.name == key {
            return true;
        }
        e.name.is_empty()
            && e.source
                .as_ref()
                .and_then(&objects)
                .is_some_and(|data| data.get(key).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_health() {
        let e = Effects {
            slow_start: 5000,
            flapping: Some((3000, 1000)),
            ..Effects::default()
        };
        let mut at = 0;
        let mut seen = Vec::new();
        for _ in 0..4 {
            at = next_change(&e, at).unwrap();
            seen.push((at, health(&e, at)));
        }
        assert_eq!(
            seen,
            [
                (5000, Health::Good),
                (8000, Health::Unhealthy),
                (9000, Health::Good),
                (12_000, Health::Unhealthy)
            ]
        );
        assert_eq!(next_change(&Effects::default(), 0), None);
    }
}
