//! Decisions of the scheduler, the kubelets and the garbage collector in sentences.

use super::{Explanation, term};
use crate::catalogue::{Arg, Msg, code, counted, say, span_of_time, words};
use crate::cluster::short_name;
use crate::model::*;
use rollout_api::ObjectKey;
use rollout_engine::controllers::garbage_collector::GarbageDecision;
use rollout_engine::kubelet::decision::KubeletDecision;
use rollout_engine::kubelet::prober::ProbeResult;
use rollout_engine::scheduler::SchedulerDecision;
use rollout_engine::{Millis, SimTime};

fn told(
    msg: Msg,
    args: &[(&str, Arg)],
    terms: Vec<TermView>,
    upstream: &'static str,
) -> Explanation {
    Explanation::new(WhyKind::Change, say(msg, args)).with(terms, upstream)
}

/// A span of time as a line of a bill.
pub(super) fn time_term(operator: &'static str, name: &str, ms: u64) -> TermView {
    let mut line = term(operator, name, 0, Quantity::Seconds, Origin::Clock);
    if let Arg::Number(number) = span_of_time(ms) {
        line.number = number;
    }
    line
}

/// How many as a number of a sentence.
fn many(n: usize) -> Arg {
    counted(i64::try_from(n).unwrap_or(i64::MAX), Quantity::Count)
}

/// A decision of the scheduler, made at a moment.
pub fn scheduler(on: &ObjectKey, decision: &SchedulerDecision, at: SimTime) -> Explanation {
    let pod = ("pod", code(short_name(&on.name)));
    match decision {
        SchedulerDecision::Bound {
            node,
            feasible,
            nodes,
        } => told(
            Msg::SchedulerBound,
            &[
                pod,
                ("node", code(node.as_str())),
                ("feasible", many(*feasible)),
                ("nodes", many(*nodes)),
            ],
            vec![
                term(
                    "",
                    "nodes",
                    *nodes as i64,
                    Quantity::Count,
                    Origin::Computed,
                ),
                term(
                    "",
                    "could take it",
                    *feasible as i64,
                    Quantity::Count,
                    Origin::Computed,
                ),
            ],
            "schedulePod",
        ),
        SchedulerDecision::Unschedulable {
            nodes,
            attempts,
            until,
        } => {
            let left = until.since(at).0;
            told(
                Msg::SchedulerNone,
                &[
                    pod,
                    ("nodes", many(*nodes)),
                    ("attempts", counted(i64::from(*attempts), Quantity::Count)),
                    ("s", span_of_time(left)),
                ],
                vec![
                    term(
                        "",
                        "attempts",
                        i64::from(*attempts),
                        Quantity::Count,
                        Origin::Computed,
                    ),
                    time_term("", "next at the latest in", left),
                ],
                "handleSchedulingFailure",
            )
        }
    }
}

/// A decision of a kubelet about one of its pods, made at a moment.
pub fn kubelet(on: &ObjectKey, decision: &KubeletDecision, at: SimTime) -> Explanation {
    let pod = ("pod", code(short_name(&on.name)));
    let left = |until: &SimTime| until.since(at).0;
    let back_off = |window: &Millis, until: &SimTime| {
        vec![
            time_term("", "back-off", window.0),
            time_term("", "left", left(until)),
        ]
    };
    match decision {
        KubeletDecision::Pull { image, until } => told(
            Msg::NodePull,
            &[
                pod,
                ("image", code(image.as_str())),
                ("s", span_of_time(left(until))),
            ],
            vec![time_term("", "answer in", left(until))],
            "EnsureImageExists",
        ),
        KubeletDecision::Start { container, until } => told(
            Msg::NodeStart,
            &[
                pod,
                ("container", code(container.as_str())),
                ("s", span_of_time(left(until))),
            ],
            vec![time_term("", "runs in", left(until))],
            "startContainer",
        ),
        KubeletDecision::PullBackOff {
            image,
            window,
            until,
        } => told(
            Msg::NodePullBackOff,
            &[
                pod,
                ("image", code(image.as_str())),
                ("window", span_of_time(window.0)),
                ("s", span_of_time(left(until))),
            ],
            back_off(window, until),
            "EnsureImageExists",
        ),
        KubeletDecision::CrashBackOff {
            container,
            restarts,
            window,
            until,
        } => told(
            Msg::NodeCrashBackOff,
            &[
                pod,
                ("container", code(container.as_str())),
                ("restarts", counted(i64::from(*restarts), Quantity::Count)),
                ("window", span_of_time(window.0)),
                ("s", span_of_time(left(until))),
            ],
            back_off(window, until),
            "doBackOff",
        ),
        KubeletDecision::Probe {
            kind, threshold: 0, ..
        } => told(
            Msg::ProbeNobody,
            &[pod, ("probe", words(kind.title()))],
            Vec::new(),
            "doProbe",
        ),
        KubeletDecision::Probe {
            kind,
            result,
            run,
            threshold,
            counts,
            ..
        } => {
            let word = match result {
                ProbeResult::Success => "success",
                ProbeResult::Failure => "failure",
                ProbeResult::Unknown => "no answer",
            };
            let (run, threshold) = (i64::from(*run), i64::from(*threshold));
            told(
                if *counts {
                    Msg::ProbeCounts
                } else {
                    Msg::ProbeSeen
                },
                &[
                    pod,
                    ("probe", words(kind.title())),
                    ("result", words(word)),
                    ("run", counted(run, Quantity::Count)),
                    ("threshold", counted(threshold, Quantity::Count)),
                ],
                vec![
                    term("", "in a row", run, Quantity::Count, Origin::Computed),
                    term(
                        "",
                        "threshold",
                        threshold,
                        Quantity::Count,
                        Origin::Computed,
                    ),
                ],
                "doProbe",
            )
        }
        KubeletDecision::Refresh {
            object,
            volume,
            after,
        } => told(
            Msg::NodeRefresh,
            &[
                pod,
                ("object", words(object.as_str())),
                ("volume", code(volume.as_str())),
                ("s", span_of_time(after.0)),
            ],
            vec![time_term("", "since the change", after.0)],
            "MarkRemountRequired",
        ),
        KubeletDecision::Wrote {
            container,
            path,
            removed,
        } => told(
            if *removed {
                Msg::NodeRemoved
            } else {
                Msg::NodeWrote
            },
            &[
                pod,
                ("container", code(container.as_str())),
                ("path", code(path.as_str())),
            ],
            Vec::new(),
            "getExec",
        ),
        KubeletDecision::Stop {
            container,
            grace,
            hook,
            until,
        } => {
            let grace = u64::try_from(*grace).unwrap_or(0) * 1000;
            let mut terms = vec![time_term("", "grace period", grace)];
            if hook.0 > 0 {
                terms.push(time_term("", "preStop hook", hook.0));
            }
            terms.push(time_term("", "has ended in", left(until)));
            told(
                if hook.0 > 0 {
                    Msg::NodeStopHook
                } else {
                    Msg::NodeStop
                },
                &[
                    pod,
                    ("container", code(container.as_str())),
                    ("grace", span_of_time(grace)),
                    ("hook", span_of_time(hook.0)),
                    ("s", span_of_time(left(until))),
                ],
                terms,
                "killContainer",
            )
        }
    }
}

/// A decision of the garbage collector.
pub fn garbage(on: &ObjectKey, decision: &GarbageDecision) -> Explanation {
    let object = ("object", words(format!("{} {}", on.kind.0, on.name)));
    let say_it = |msg: Msg, args: &[(&str, Arg)], upstream| told(msg, args, Vec::new(), upstream);
    match decision {
        GarbageDecision::OwnerGone { owner_kind, owner } => say_it(
            Msg::GarbageOwnerGone,
            &[
                object,
                ("kind", words(owner_kind.as_str())),
                ("owner", code(owner.as_str())),
            ],
            "attemptToDeleteItem",
        ),
        GarbageDecision::OwnerWaits { owner_kind, owner } => say_it(
            Msg::GarbageOwnerWaits,
            &[
                object,
                ("kind", words(owner_kind.as_str())),
                ("owner", code(owner.as_str())),
            ],
            "attemptToDeleteItem",
        ),
        GarbageDecision::Orphaned { owner } => say_it(
            Msg::GarbageOrphaned,
            &[object, ("owner", code(owner.as_str()))],
            "orphanDependents",
        ),
        GarbageDecision::OwnerFreed => say_it(
            Msg::GarbageFreed,
            &[object],
            "processDeletingDependentsItem",
        ),
    }
}
