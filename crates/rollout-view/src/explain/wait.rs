//! A wait: what is awaited, what would end it, how long it can last.

use super::held::{Held, containers_up, held, missing_mount};
use super::rest::disk_of;
use crate::catalogue::{Arg, Msg, code, counted, say, span_of_time, words};
use crate::cluster::{Pod, Rollout, available_in_ms, failing, waiting_reason};
use crate::model::*;
use rollout_api::Value;
use rollout_session::Session;

/// The wait at the cursor; none where nothing is awaited.
pub fn wait(session: &Session, rollout: Option<&Rollout>) -> Option<WaitView> {
    let r = rollout?;
    let now = session.wall_ms_at(session.at());
    if !r.observed() {
        return Some(WaitView {
            awaited: say(Msg::AwaitsController, &[]),
            ends: say(Msg::EndsController, &[]),
            lasts: next_due(session),
        });
    }
    if r.view().paused {
        return Some(WaitView {
            awaited: say(Msg::AwaitsResume, &[]),
            ends: say(Msg::EndsResume, &[]),
            lasts: say(Msg::LastsNoDeadline, &[]),
        });
    }
    let leaving: Vec<&Pod> = r.leaving().collect();
    let old_block = !r.limits.rolling && r.new_size() == 0 && !leaving.is_empty();
    if !leaving.is_empty() && (old_block || r.complete()) {
        let end = leaving.iter().filter_map(|p| last_moment(p)).max();
        let left = end.map_or(0, |t| u64::try_from(t - now).unwrap_or(0));
        return Some(WaitView {
            awaited: say(
                Msg::AwaitsLeaving,
                &[("n", counted(leaving.len() as i64, Quantity::Leaving))],
            ),
            ends: say(Msg::EndsStopped, &[]),
            lasts: say(Msg::LastsAtMost, &[("s", span_of_time(left))]),
        });
    }
    if r.complete() && !r.counted_by_controller() {
        return Some(WaitView {
            awaited: say(Msg::AwaitsCount, &[]),
            ends: say(Msg::EndsCount, &[]),
            lasts: next_due(session),
        });
    }
    if r.complete() {
        return None;
    }
    for_pods(session, r, now)
}

/// When a leaving pod is gone at the latest: a process gets two seconds to stop even if the hook took all of the grace
/// period.
///
/// Mirrors `minimumGracePeriodInSeconds`, pkg/kubelet/kuberuntime/kuberuntime_container.go.
fn last_moment(pod: &Pod) -> Option<i64> {
    let hook = |c: &Value| c.at("lifecycle.preStop").is_some();
    let hooked = pod.object.value.list_at("spec.containers").iter().any(hook);
    let more = if hooked { 2 } else { 0 };
    pod.object.meta.deletion.map(|t| (t.0 + more) * 1000)
}

/// The next due change, as the length of a wait.
fn next_due(session: &Session) -> Vec<Span> {
    match session.next_seen() {
        Some(at) => say(
            Msg::LastsNext,
            &[("s", span_of_time(at.saturating_sub(session.at())))],
        ),
        None => say(Msg::LastsForever, &[]),
    }
}

/// How near a pod is to being available: the nearest one is what is awaited first.
fn nearness(state: PodState) -> usize {
    match state {
        PodState::Ready => 0,
        PodState::Running => 1,
        PodState::Creating => 2,
        PodState::Pending => 3,
        PodState::Crash | PodState::Oom => 4,
        PodState::ImagePull => 5,
        PodState::Config => 6,
        PodState::Completed | PodState::Available | PodState::Terminating => 7,
    }
}

fn for_pods(session: &Session, r: &Rollout, now: i64) -> Option<WaitView> {
    let not_available = |new: bool| {
        r.counted()
            .filter(move |p| (Some(p.set) == r.newest) == new && !p.is_available())
            .collect::<Vec<_>>()
    };
    let mut pods = not_available(true);
    if pods.is_empty() {
        pods = not_available(false);
    }
    let Some(next) = pods.iter().min_by_key(|p| {
        let up = usize::MAX - containers_up(&p.object.value);
        let name = p.object.meta.name.clone();
        (nearness(p.state), left_of(r, p, now), up, name)
    }) else {
        let missing = r.wanted() - r.total();
        return (missing > 0).then(|| WaitView {
            awaited: say(
                Msg::AwaitsPodsMade,
                &[("n", counted(missing, Quantity::Count))],
            ),
            ends: say(Msg::EndsPermitted, &[]),
            lasts: deadline(r, now),
        });
    };
    let awaited = say(
        Msg::AwaitsPods,
        &[
            ("n", counted(pods.len() as i64, Quantity::Waiting)),
            ("pod", code(next.short())),
        ],
    );
    let seconds = r.sets[next.set].view().min_ready_seconds;
    let lasts = if next.state == PodState::Ready {
        let left = u64::try_from(left_of(r, next, now)).unwrap_or(0);
        say(Msg::LastsExactly, &[("s", span_of_time(left))])
    } else {
        deadline(r, now)
    };
    Some(WaitView {
        awaited,
        ends: ends(session, r, next, seconds),
        lasts,
    })
}

/// What is left of a ready pod's minReadySeconds.
fn left_of(r: &Rollout, pod: &Pod, now: i64) -> i64 {
    let seconds = r.sets[pod.set].view().min_ready_seconds;
    let view = pod.object.pod().filter(|_| pod.state == PodState::Ready);
    view.map_or(0, |v| available_in_ms(v, seconds, now))
}

/// What would make a pod available.
fn ends(session: &Session, r: &Rollout, pod: &Pod, min_ready: i32) -> Vec<Span> {
    if pod.state == PodState::Creating {
        if let Some((claim, node)) = disk_of(session, r, pod) {
            let args = [
                ("claim", code(claim.as_str())),
                ("node", code(node.as_str())),
            ];
            return say(Msg::EndsDisk, &args);
        }
        if let Some((_, kind, name)) = missing_mount(session.store(), pod) {
            let args = [("kind", words(kind)), ("name", code(name.as_str()))];
            return say(Msg::EndsMount, &args);
        }
    }
    if pod.state == PodState::Crash
        && let Some(c) = failing(&pod.object.value).filter(|c| c.init)
    {
        return say(Msg::EndsInitWell, &[("container", code(c.name()))]);
    }
    if matches!(pod.state, PodState::Creating | PodState::Running)
        && let Some(held) = held(&pod.object.value)
    {
        return ends_of(held);
    }
    match pod.state {
        PodState::Ready => say(
            Msg::EndsMinReady,
            &[
                ("pod", code(pod.short())),
                ("seconds", seconds_of(i64::from(min_ready))),
            ],
        ),
        PodState::Running => say(Msg::EndsRunning, &[]),
        PodState::Creating => say(Msg::EndsStarted, &[]),
        PodState::Pending => say(Msg::EndsScheduled, &[]),
        PodState::ImagePull => say(Msg::EndsPulled, &[]),
        PodState::Crash | PodState::Oom | PodState::Completed => say(Msg::EndsStaysUp, &[]),
        PodState::Config => say(Msg::EndsConfigured, &[]),
        PodState::Available | PodState::Terminating => say(Msg::EndsRunning, &[]),
    }
}

/// What lets a container hold its pod no longer.
fn ends_of(held: Held<'_>) -> Vec<Span> {
    let count = |n: i64| counted(n, Quantity::Count);
    match held {
        Held::Init(container, place, all) => {
            let number = |n: usize| count(i64::try_from(n).unwrap_or(i64::MAX));
            let args = [
                ("container", code(container)),
                ("place", number(place)),
                ("all", number(all)),
            ];
            say(Msg::EndsInit, &args)
        }
        Held::Startup(container, probe) => {
            let args = [
                ("container", code(container)),
                (
                    "period",
                    seconds_of(probe.int_at("periodSeconds").unwrap_or(10)),
                ),
                (
                    "failures",
                    count(probe.int_at("failureThreshold").unwrap_or(3)),
                ),
            ];
            say(Msg::EndsStartup, &args)
        }
        Held::Readiness(container, probe) => {
            let delay = probe.int_at("initialDelaySeconds").unwrap_or(0);
            let args = [
                ("container", code(container)),
                (
                    "threshold",
                    count(probe.int_at("successThreshold").unwrap_or(1)),
                ),
                (
                    "period",
                    seconds_of(probe.int_at("periodSeconds").unwrap_or(10)),
                ),
                ("delay", seconds_of(delay)),
            ];
            let msg = match delay {
                0 => Msg::EndsProbe,
                _ => Msg::EndsProbeDelay,
            };
            say(msg, &args)
        }
    }
}

/// Seconds of a spec as a span of time.
pub(super) fn seconds_of(seconds: i64) -> Arg {
    span_of_time(u64::try_from(seconds).unwrap_or(0) * 1000)
}

/// How long a wait without an end of its own can last: for ever; the deadline only reports.
///
/// Mirrors what `DeploymentTimedOut` looks at, pkg/controller/deployment/util/deployment_util.go.
fn deadline(r: &Rollout, now: i64) -> Vec<Span> {
    let view = r.view();
    let progressing = view
        .status
        .conditions
        .iter()
        .find(|c| c.kind == *"Progressing");
    let (Some(seconds), Some(c)) = (view.progress_deadline_seconds, progressing) else {
        return say(Msg::LastsNoDeadline, &[]);
    };
    let args = ("deadline", seconds_of(i64::from(seconds)));
    if c.reason == *"ProgressDeadlineExceeded" {
        return say(Msg::LastsPast, &[args]);
    }
    if c.reason == *"NewReplicaSetAvailable" || c.reason == *"DeploymentPaused" {
        return say(Msg::LastsNoDeadline, &[]);
    }
    // The controller looks again one second after the deadline.
    let end = c.last_update.map_or(now, |t| t.0 * 1000) + (i64::from(seconds) + 1) * 1000;
    let left = u64::try_from(end - now).unwrap_or(0);
    say(Msg::LastsDeadline, &[args, ("s", span_of_time(left))])
}

/// Reason and message of a waiting container in a few words.
pub(super) fn waiting_words(pod: &Pod) -> Arg {
    let (reason, message) = waiting_reason(&pod.object.value).unwrap_or(("", ""));
    words(if message.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}, {message}")
    })
}
