//! The Deployment controller's decisions in sentences.

use super::{Explanation, field, status, term};
use crate::catalogue::{Msg, code, counted, say, span_of_time, words};
use crate::cluster::Rollout;
use crate::model::*;
use rollout_engine::controllers::deployment::decision::{DeploymentDecision, ScaleReason};

/// A decision as a sentence.
pub fn explain(decision: &DeploymentDecision, rollout: Option<&Rollout>) -> Explanation {
    use DeploymentDecision as D;
    let wait = |headline| Explanation::new(WhyKind::Wait, headline);
    let done = |headline| Explanation::new(WhyKind::Decision, headline);
    let n = |v: &i32, q: Quantity| counted(*v, q);
    match decision {
        D::ReplicaSetCreated {
            replicas, because, ..
        } => created(*replicas, because),
        D::Scaled {
            from, to, because, ..
        } => scaled(*from, *to, because),
        D::HashCollision { replica_set, .. } => done(say(
            Msg::HashCollision,
            &[("set", code(replica_set.as_str()))],
        ))
        .with(Vec::new(), "getNewReplicaSet"),
        D::ReplicaSetCreateFailed { replica_set, error } => done(say(
            Msg::CreateFailed,
            &[
                ("set", code(replica_set.as_str())),
                ("error", words(error.as_str())),
            ],
        ))
        .with(Vec::new(), "getNewReplicaSet"),
        D::Annotated {
            replica_set,
            revision,
            reused,
        } => {
            let args = [
                ("set", code(replica_set.as_str())),
                ("revision", counted(*revision, Quantity::Revision)),
            ];
            let mut e = Explanation::new(
                WhyKind::Change,
                say(if *reused { Msg::Reused } else { Msg::Annotated }, &args),
            );
            e.upstream = Some("SetNewReplicaSetAnnotations");
            e
        }
        D::Adopted { replica_set } => {
            done(say(Msg::Adopted, &[("set", code(replica_set.as_str()))]))
                .with(Vec::new(), "ClaimReplicaSets")
        }
        D::Released { replica_set } => {
            done(say(Msg::Released, &[("set", code(replica_set.as_str()))]))
                .with(Vec::new(), "ClaimReplicaSets")
        }
        D::ScaleUpBlocked {
            max_total, current, ..
        } => wait(say(
            Msg::UpBlocked,
            &[
                ("ceiling", n(max_total, Quantity::Ceiling)),
                ("total", n(current, Quantity::Total)),
            ],
        ))
        .with(room_terms(*max_total, *current), "NewRSNewReplicas"),
        D::ScaleDownBlocked {
            all_pods,
            min_available,
            new_unavailable,
            ..
        } => {
            let spare = all_pods - min_available - new_unavailable;
            let msg = if *new_unavailable > 0 {
                Msg::DownBlocked
            } else {
                Msg::DownBlockedPlain
            };
            wait(say(
                msg,
                &[
                    ("total", n(all_pods, Quantity::Total)),
                    ("floor", n(min_available, Quantity::Floor)),
                    ("waiting", n(new_unavailable, Quantity::Waiting)),
                    ("spare", counted(spare, Quantity::Spare)),
                ],
            ))
            .with(
                spare_terms(*all_pods, *min_available, *new_unavailable),
                "reconcileOldReplicaSets",
            )
        }
        D::NothingToSpare {
            available,
            min_available,
            ..
        } => wait(say(
            Msg::NothingToSpare,
            &[
                ("available", n(available, Quantity::Available)),
                ("floor", n(min_available, Quantity::Floor)),
                ("spare", counted(available - min_available, Quantity::Spare)),
            ],
        ))
        .with(
            available_terms(*available, *min_available),
            "scaleDownOldReplicaSetsForRollingUpdate",
        ),
        D::WaitingForOldPods { running } => {
            let terms = vec![term(
                "",
                "old pods",
                *running,
                Quantity::Old,
                Origin::Computed,
            )];
            wait(say(Msg::RecreateWaits, &[("n", n(running, Quantity::Old))]))
                .with(terms, "oldPodsRunning")
        }
        D::Paused { pending_template } => {
            let msg = if *pending_template {
                Msg::PausedPending
            } else {
                Msg::Paused
            };
            Explanation::new(WhyKind::Paused, say(msg, &[])).with(Vec::new(), "sync")
        }
        D::WaitingForDeadline { deadline, .. } => wait(say(
            Msg::DeadlineAhead,
            &[("deadline", time(i64::from(*deadline)))],
        ))
        .with(deadline_terms(*deadline), "requeueStuckDeployment"),
        D::DeadlineExceeded { deadline } => Explanation::new(
            WhyKind::Stalled,
            say(
                Msg::DeadlinePassed,
                &[("deadline", time(i64::from(*deadline)))],
            ),
        )
        .with(deadline_terms(*deadline), "DeploymentTimedOut"),
        D::Complete { desired, .. } => {
            let image = rollout.map_or(String::new(), |r| crate::scene::short_image(r.image()));
            let image = if image.is_empty() {
                "the new template".to_owned()
            } else {
                image
            };
            Explanation::new(
                WhyKind::Complete,
                say(
                    Msg::Complete,
                    &[
                        ("desired", n(desired, Quantity::Desired)),
                        ("image", words(image)),
                    ],
                ),
            )
            .with(
                vec![term(
                    "",
                    "desired",
                    *desired,
                    Quantity::Desired,
                    field("spec.replicas"),
                )],
                "DeploymentComplete",
            )
        }
        D::HistoryCleaned {
            replica_set,
            revision,
            limit,
            old,
        } => done(say(
            Msg::HistoryCleaned,
            &[
                ("set", code(replica_set.as_str())),
                ("revision", counted(*revision, Quantity::Revision)),
                ("limit", n(limit, Quantity::Count)),
                ("old", n(old, Quantity::Count)),
            ],
        ))
        .with(
            vec![
                term("", "old sets", *old, Quantity::Count, Origin::Computed),
                term(
                    "−",
                    "limit",
                    *limit,
                    Quantity::Count,
                    field("spec.revisionHistoryLimit"),
                ),
            ],
            "cleanupDeployment",
        ),
        D::SelectsAll => Explanation::new(WhyKind::Stalled, say(Msg::SelectsAll, &[]))
            .with(Vec::new(), "syncDeployment"),
        D::Retry { error, .. } => {
            wait(say(Msg::Retry, &[("error", words(error.as_str()))])).with(Vec::new(), "handleErr")
        }
    }
}

fn time(seconds: i64) -> crate::catalogue::Arg {
    span_of_time(u64::try_from(seconds).unwrap_or(0) * 1000)
}

fn deadline_terms(deadline: i32) -> Vec<TermView> {
    vec![term(
        "",
        "deadline",
        deadline,
        Quantity::Seconds,
        field("spec.progressDeadlineSeconds"),
    )]
}

fn room_terms(max_total: i32, current: i32) -> Vec<TermView> {
    vec![
        term(
            "",
            "ceiling",
            max_total,
            Quantity::Ceiling,
            field("spec.strategy.rollingUpdate.maxSurge"),
        ),
        term("−", "pods", current, Quantity::Total, Origin::Computed),
        term(
            "=",
            "may be added",
            max_total - current,
            Quantity::Room,
            Origin::Computed,
        ),
    ]
}

fn spare_terms(all: i32, floor: i32, waiting: i32) -> Vec<TermView> {
    vec![
        term("", "pods", all, Quantity::Total, Origin::Computed),
        term(
            "−",
            "floor",
            floor,
            Quantity::Floor,
            field("spec.strategy.rollingUpdate.maxUnavailable"),
        ),
        term(
            "−",
            "not available",
            waiting,
            Quantity::Waiting,
            Origin::Computed,
        ),
        term(
            "=",
            "may be removed",
            all - floor - waiting,
            Quantity::Spare,
            Origin::Computed,
        ),
    ]
}

fn available_terms(available: i32, floor: i32) -> Vec<TermView> {
    vec![
        term(
            "",
            "available",
            available,
            Quantity::Available,
            status("status.availableReplicas"),
        ),
        term(
            "−",
            "floor",
            floor,
            Quantity::Floor,
            field("spec.strategy.rollingUpdate.maxUnavailable"),
        ),
        term(
            "=",
            "may be removed",
            available - floor,
            Quantity::Spare,
            Origin::Computed,
        ),
    ]
}

fn desired_terms(desired: i32) -> Vec<TermView> {
    vec![term(
        "",
        "desired",
        desired,
        Quantity::Desired,
        field("spec.replicas"),
    )]
}

fn created(replicas: i32, because: &ScaleReason) -> Explanation {
    match because {
        ScaleReason::SurgeAllows {
            desired,
            max_total,
            current,
            ..
        } if *current == 0 && replicas == *desired => {
            let args = [
                ("k", counted(replicas, Quantity::New)),
                ("desired", counted(*desired, Quantity::Desired)),
            ];
            Explanation::new(WhyKind::Decision, say(Msg::CreateFirst, &args))
                .with(room_terms(*max_total, *current), "NewRSNewReplicas")
        }
        ScaleReason::SurgeAllows {
            max_total, current, ..
        } if replicas == 0 => {
            let args = [
                ("ceiling", counted(*max_total, Quantity::Ceiling)),
                ("total", counted(*current, Quantity::Total)),
                ("room", counted(max_total - current, Quantity::Room)),
            ];
            Explanation::new(WhyKind::Decision, say(Msg::CreateEmpty, &args))
                .with(room_terms(*max_total, *current), "NewRSNewReplicas")
        }
        because => scaled(0, replicas, because),
    }
}

fn scaled(from: i32, to: i32, because: &ScaleReason) -> Explanation {
    let k = (to - from).abs();
    let by = counted(
        k,
        if to > from {
            Quantity::New
        } else {
            Quantity::Old
        },
    );
    let done = |headline| Explanation::new(WhyKind::Decision, headline);
    let num = |v: &i32, q: Quantity| counted(*v, q);
    match because {
        ScaleReason::SurgeAllows {
            desired,
            max_total,
            current,
            ..
        } => {
            let room = max_total - current;
            let msg = if k == room {
                Msg::ScaleUpNew
            } else {
                Msg::ScaleUpToDesired
            };
            done(say(
                msg,
                &[
                    ("k", by),
                    ("ceiling", num(max_total, Quantity::Ceiling)),
                    ("total", num(current, Quantity::Total)),
                    ("room", counted(room, Quantity::Room)),
                    ("desired", num(desired, Quantity::Desired)),
                    ("new", counted(from, Quantity::New)),
                ],
            ))
            .with(room_terms(*max_total, *current), "NewRSNewReplicas")
        }
        ScaleReason::NotAboveDesired { desired } => done(say(
            Msg::NewNotAbove,
            &[("k", by), ("desired", num(desired, Quantity::Desired))],
        ))
        .with(desired_terms(*desired), "reconcileNewReplicaSet"),
        ScaleReason::UnhealthyFirst {
            all_pods,
            min_available,
            new_unavailable,
            ..
        } => done(say(Msg::CleanUp, &[("k", counted(k, Quantity::Failing))])).with(
            spare_terms(*all_pods, *min_available, *new_unavailable),
            "cleanupUnhealthyReplicas",
        ),
        ScaleReason::AvailabilityAllows {
            available,
            min_available,
            all_pods,
            new_unavailable,
        } => {
            let spare = all_pods - min_available - new_unavailable;
            if k < spare && k == available - min_available {
                let args = [
                    ("k", by),
                    ("available", num(available, Quantity::Available)),
                    ("floor", num(min_available, Quantity::Floor)),
                    ("spare", counted(k, Quantity::Spare)),
                ];
                return done(say(Msg::ScaleDownAvailable, &args)).with(
                    available_terms(*available, *min_available),
                    "scaleDownOldReplicaSetsForRollingUpdate",
                );
            }
            done(say(
                Msg::ScaleDownOld,
                &[
                    ("k", by),
                    ("total", num(all_pods, Quantity::Total)),
                    ("floor", num(min_available, Quantity::Floor)),
                    ("waiting", num(new_unavailable, Quantity::Waiting)),
                    ("spare", counted(spare, Quantity::Spare)),
                ],
            ))
            .with(
                spare_terms(*all_pods, *min_available, *new_unavailable),
                "reconcileOldReplicaSets",
            )
        }
        ScaleReason::RecreateStopsAll => done(say(Msg::RecreateStops, &[("k", by)]))
            .with(Vec::new(), "scaleDownOldReplicaSetsForRecreate"),
        ScaleReason::RecreateStartsAll { desired } => done(say(
            Msg::RecreateStarts,
            &[("k", by), ("desired", num(desired, Quantity::Desired))],
        ))
        .with(desired_terms(*desired), "scaleUpNewReplicaSetForRecreate"),
        ScaleReason::OnlyActive { desired } => {
            let msg = if to > from {
                Msg::ResizeUp
            } else {
                Msg::ResizeDown
            };
            done(say(
                msg,
                &[("k", by), ("desired", num(desired, Quantity::Desired))],
            ))
            .with(desired_terms(*desired), "scale")
        }
        ScaleReason::Saturated { desired } => done(say(
            Msg::Saturated,
            &[("k", by), ("desired", num(desired, Quantity::Desired))],
        ))
        .with(desired_terms(*desired), "scale"),
        ScaleReason::Proportional {
            desired,
            allowed,
            total,
            share,
            leftover,
            ..
        } => {
            let change = if to < from {
                format!("−{k}")
            } else {
                format!("+{k}")
            };
            let mut terms = vec![
                term("", "allowed", *allowed, Quantity::Ceiling, Origin::Computed),
                term("−", "pods", *total, Quantity::Total, Origin::Computed),
                term("→", "share", *share, Quantity::Count, Origin::Computed),
            ];
            if *leftover != 0 {
                terms.push(term(
                    "+",
                    "left over",
                    *leftover,
                    Quantity::Count,
                    Origin::Computed,
                ));
            }
            done(say(
                Msg::Proportional,
                &[
                    ("desired", num(desired, Quantity::Desired)),
                    ("change", words(change)),
                    ("from", counted(from, Quantity::Count)),
                ],
            ))
            .with(terms, "GetReplicaSetProportion")
        }
    }
}
