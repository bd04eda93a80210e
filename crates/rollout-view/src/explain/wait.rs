//! A wait: what is awaited, what would end it, how long it can last.

use crate::catalogue::{Arg, Msg, code, counted, say, span_of_time, words};
use crate::cluster::{Pod, Rollout, available_in_ms, waiting_reason};
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
        let end = leaving.iter().filter_map(|p| p.object.meta.deletion).max();
        let left = end.map_or(0, |t| u64::try_from(t.0 * 1000 - now).unwrap_or(0));
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
    for_pods(r, now)
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

fn for_pods(r: &Rollout, now: i64) -> Option<WaitView> {
    let not_available = |new: bool| {
        r.counted()
            .filter(move |p| (Some(p.set) == r.newest) == new && !p.is_available())
            .collect::<Vec<_>>()
    };
    let mut pods = not_available(true);
    if pods.is_empty() {
        pods = not_available(false);
    }
    let Some(next) = pods
        .iter()
        .min_by_key(|p| (nearness(p.state), p.object.meta.name.clone()))
    else {
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
        let left = next
            .object
            .pod()
            .map_or(0, |v| available_in_ms(v, seconds, now));
        say(
            Msg::LastsExactly,
            &[("s", span_of_time(u64::try_from(left).unwrap_or(0)))],
        )
    } else {
        deadline(r, now)
    };
    Some(WaitView {
        awaited,
        ends: ends(next, seconds),
        lasts,
    })
}

/// What would make a pod available.
fn ends(pod: &Pod, min_ready: i32) -> Vec<Span> {
    match pod.state {
        PodState::Ready => say(
            Msg::EndsMinReady,
            &[
                ("pod", code(pod.short())),
                ("seconds", seconds_of(i64::from(min_ready))),
            ],
        ),
        PodState::Running => match probe(&pod.object.value) {
            Some(probe) => say(
                Msg::EndsProbe,
                &[
                    (
                        "threshold",
                        counted(
                            probe.int_at("successThreshold").unwrap_or(1),
                            Quantity::Count,
                        ),
                    ),
                    (
                        "period",
                        seconds_of(probe.int_at("periodSeconds").unwrap_or(10)),
                    ),
                ],
            ),
            None => say(Msg::EndsRunning, &[]),
        },
        PodState::Creating => say(Msg::EndsStarted, &[]),
        PodState::Pending => say(Msg::EndsScheduled, &[]),
        PodState::ImagePull => say(Msg::EndsPulled, &[]),
        PodState::Crash | PodState::Oom | PodState::Completed => say(Msg::EndsStaysUp, &[]),
        PodState::Config => say(Msg::EndsConfigured, &[]),
        PodState::Available | PodState::Terminating => say(Msg::EndsRunning, &[]),
    }
}

/// Seconds of a spec as a span of time.
pub(super) fn seconds_of(seconds: i64) -> Arg {
    span_of_time(u64::try_from(seconds).unwrap_or(0) * 1000)
}

/// The readiness probe of the first container that has one.
pub(super) fn probe(pod: &Value) -> Option<&Value> {
    pod.list_at("spec.containers")
        .iter()
        .find_map(|c| c.get("readinessProbe"))
        .filter(|p| !p.is_null())
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
    let end = c.last_update.map_or(now, |t| t.0 * 1000) + i64::from(seconds) * 1000;
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
