//! Steps without a decision in sentences: what changed in the cluster.

use super::Explanation;
use crate::catalogue::{Msg, code, counted, say, span_of_time, words};
use crate::cluster::{Rollout, available_in_ms, pod_state, short_name, state_word, waiting_reason};
use crate::model::*;
use rollout_api::Kind;
use rollout_engine::{Change, Object};
use rollout_session::{Session, Step};
use std::rc::Rc;

/// What changed, the visible first. Only the first of many alike is told; the count stands for the others.
pub fn explain(session: &Session, step: &Step, rollout: Option<&Rollout>) -> Vec<Explanation> {
    let mut out = pods(session, step, rollout);
    for change in &step.record.changes {
        out.extend(other(change));
    }
    out
}

fn min_ready(rollout: Option<&Rollout>) -> i32 {
    rollout.map_or(0, |r| r.view().min_ready_seconds)
}

fn pods(session: &Session, step: &Step, rollout: Option<&Rollout>) -> Vec<Explanation> {
    let now = session.wall_ms_at(step.at);
    let state = |o: &Option<Rc<Object>>| o.as_ref().map(|o| pod_state(o, min_ready(rollout), now));
    let changed: Vec<(&Change, Option<PodState>)> = step
        .record
        .changes
        .iter()
        .filter(|c| c.key.kind == Kind::POD)
        .map(|c| (c, state(&c.after)))
        .filter(|(c, after)| *after != state(&c.before))
        .collect();
    let Some((first, after)) = changed.first() else {
        return Vec::new();
    };
    let alike = changed.iter().filter(|(_, s)| s == after).count();
    let headline = match after {
        None => say(Msg::PodGone, &[("pod", code(short_name(&first.key.name)))]),
        Some(state) if alike > 1 => many(alike, *state, rollout),
        Some(state) => one(first, *state, session, rollout),
    };
    let mut e = Explanation::new(WhyKind::Change, headline);
    e.upstream = Some(function_of(*after, first));
    e.seen = true;
    vec![e]
}

/// The function of Kubernetes that brings a pod into a state.
fn function_of(state: Option<PodState>, change: &Change) -> &'static str {
    match state {
        None => "SyncTerminatedPod",
        Some(PodState::Pending) if change.before.is_some() => "handleSchedulingFailure",
        Some(PodState::Pending) => "manageReplicas",
        Some(PodState::Creating) => "schedulePod",
        Some(PodState::Running) => "SyncPod",
        Some(PodState::Ready) => "doProbe",
        Some(PodState::Available) => "IsPodAvailable",
        Some(PodState::Terminating) => "BeforeDelete",
        Some(PodState::ImagePull) => "EnsureImageExists",
        Some(PodState::Crash | PodState::Oom) => "doBackOff",
        Some(PodState::Config) => "generateContainerConfig",
        Some(PodState::Completed) => "getPhase",
    }
}

fn availability(rollout: Option<&Rollout>) -> [(&'static str, crate::catalogue::Arg); 2] {
    let (available, desired) = rollout.map_or((0, 0), |r| (r.available(), r.limits.desired));
    [
        ("available", counted(available, Quantity::Available)),
        ("desired", counted(desired, Quantity::Desired)),
    ]
}

fn many(k: usize, state: PodState, rollout: Option<&Rollout>) -> Vec<Span> {
    let k = ("k", counted(k as i64, Quantity::Count));
    let [a, b] = availability(rollout);
    match state {
        PodState::Available if rollout.is_some() => say(Msg::PodsAvailable, &[k, a, b]),
        PodState::Terminating => say(Msg::PodsTerminating, &[k]),
        state => say(
            Msg::PodsChanged,
            &[k, ("state", words(state_word(state).to_lowercase()))],
        ),
    }
}

fn one(
    change: &Change,
    state: PodState,
    session: &Session,
    rollout: Option<&Rollout>,
) -> Vec<Span> {
    let Some(object) = &change.after else {
        return Vec::new();
    };
    let value = &object.value;
    let pod = ("pod", code(short_name(&change.key.name)));
    let reason = waiting_reason(value).unwrap_or(("", ""));
    let failing = crate::cluster::failing(value);
    let restarts = || {
        let own = failing.and_then(|f| f.status.int_at("restartCount"));
        ("restarts", counted(own.unwrap_or(0), Quantity::Count))
    };
    let container = || ("container", code(failing.map_or("", |f| f.name())));
    let failed = change.before.as_ref();
    let failed = failed.and_then(|o| crate::cluster::failing(&o.value));
    let was = change.before.as_ref().and_then(|o| o.pod());
    match state {
        PodState::Pending if change.before.is_some() => say(
            Msg::PodUnschedulable,
            &[pod, ("message", words(scheduling_message(object)))],
        ),
        PodState::Pending => say(Msg::PodNew, &[pod]),
        PodState::Creating if failed.is_some_and(|f| f.init) => {
            let name = failed.map_or("", |f| f.name());
            say(Msg::PodInitAgain, &[pod, ("container", code(name))])
        }
        PodState::Creating => {
            let node = object.pod().map(|p| p.node.to_string()).unwrap_or_default();
            say(Msg::PodScheduled, &[pod, ("node", code(node))])
        }
        PodState::Running if was.is_some_and(|w| w.ready) => say(Msg::PodUnready, &[pod]),
        PodState::Running => say(Msg::PodRunning, &[pod]),
        PodState::Ready => {
            let left = object.pod().map_or(0, |p| {
                available_in_ms(p, min_ready(rollout), session.wall_ms_at(session.at()))
            });
            say(Msg::PodReady, &[pod, ("s", span_of_time(left as u64))])
        }
        PodState::Available if rollout.is_some() => {
            let [a, b] = availability(rollout);
            say(Msg::PodAvailable, &[pod, a, b])
        }
        PodState::Available => say(
            Msg::PodsChanged,
            &[
                ("k", counted(1, Quantity::Count)),
                ("state", words("available")),
            ],
        ),
        PodState::Terminating => say(Msg::PodTerminating, &[pod]),
        PodState::ImagePull => say(
            Msg::PodImagePull,
            &[
                pod,
                ("image", code(failing.map_or("", |f| f.image(value)))),
                ("reason", words(reason.0)),
            ],
        ),
        PodState::Crash if failing.is_some_and(|f| f.init) => {
            say(Msg::PodInitCrash, &[pod, container(), restarts()])
        }
        PodState::Crash => say(Msg::PodCrash, &[pod, restarts()]),
        PodState::Config => say(Msg::PodConfig, &[pod, ("message", words(reason.1))]),
        PodState::Oom => say(Msg::PodOom, &[pod, restarts()]),
        PodState::Completed => say(Msg::PodCompleted, &[pod]),
    }
}

/// Why a pod has no place: the message of its condition.
pub fn scheduling_message(object: &Object) -> String {
    let c = object
        .value
        .list_at("status.conditions")
        .iter()
        .find(|c| c.str_at("type") == "PodScheduled");
    c.map_or(String::new(), |c| c.str_at("message").to_owned())
}

fn told(upstream: &'static str, headline: Vec<Span>) -> Explanation {
    Explanation::new(WhyKind::Change, headline).with(Vec::new(), upstream)
}

/// One change of an object that is no pod, as text.
pub fn change_sentence(change: &Change) -> Option<String> {
    other(change).map(|e| plain_text(&e.headline))
}

/// Changes of other objects. They cannot be seen in the tower, so at rest they stand in the line above the sentence.
fn other(change: &Change) -> Option<Explanation> {
    let after = change.after.as_ref()?;
    let value = &after.value;
    let int = |path: &str| value.int_at(path).unwrap_or(0);
    match change.key.kind {
        Kind::DEPLOYMENT => {
            if let Some(c) = new_condition(change) {
                return Some(c);
            }
            let changed = change
                .before
                .as_ref()
                .is_some_and(|b| b.value.get("status") != value.get("status"));
            changed.then(|| {
                told(
                    "syncDeploymentStatus",
                    say(
                        Msg::DeploymentStatus,
                        &[
                            (
                                "ready",
                                counted(int("status.readyReplicas"), Quantity::Ready),
                            ),
                            (
                                "updated",
                                counted(int("status.updatedReplicas"), Quantity::Updated),
                            ),
                            (
                                "available",
                                counted(int("status.availableReplicas"), Quantity::Available),
                            ),
                        ],
                    ),
                )
            })
        }
        Kind::REPLICA_SET => {
            let changed = change
                .before
                .as_ref()
                .is_some_and(|b| b.value.get("status") != value.get("status"));
            changed.then(|| {
                told(
                    "updateReplicaSetStatus",
                    say(
                        Msg::SetStatus,
                        &[
                            ("set", code(short_name(&change.key.name))),
                            (
                                "ready",
                                counted(int("status.readyReplicas"), Quantity::Ready),
                            ),
                            (
                                "available",
                                counted(int("status.availableReplicas"), Quantity::Available),
                            ),
                        ],
                    ),
                )
            })
        }
        Kind::EVENT => Some(told(
            "recordToSink",
            say(
                Msg::EventSeen,
                &[
                    ("reason", words(value.str_at("reason"))),
                    ("message", words(value.str_at("message"))),
                ],
            ),
        )),
        Kind::ENDPOINT_SLICE => {
            let ready = value
                .list_at("endpoints")
                .iter()
                .filter(|e| {
                    e.at("conditions.ready")
                        .and_then(rollout_api::Value::as_bool)
                        .unwrap_or(true)
                })
                .count();
            Some(told(
                "reconcileByAddressType",
                say(
                    Msg::Endpoints,
                    &[("n", counted(ready as i64, Quantity::Count))],
                ),
            ))
        }
        Kind::POD => None,
        kind => Some(told(
            "Update",
            say(
                Msg::ObjectChanged,
                &[("object", words(format!("{} {}", kind.0, change.key.name)))],
            ),
        )),
    }
}

fn new_condition(change: &Change) -> Option<Explanation> {
    let (before, after) = (
        change.before.as_ref()?.deployment()?,
        change.after.as_ref()?.deployment()?,
    );
    let c = after.status.conditions.iter().find(|c| {
        let same = |o: &&rollout_api::views::Condition| {
            o.kind == c.kind && o.status == c.status && o.reason == c.reason
        };
        before.status.conditions.iter().find(same).is_none()
    })?;
    Some(told(
        "syncRolloutStatus",
        say(
            Msg::ConditionChanged,
            &[
                ("condition", words(c.kind.as_str())),
                ("status", words(c.status.as_str())),
                ("reason", words(c.reason.as_str())),
            ],
        ),
    ))
}
