//! Why nothing more happens now: read from the state, never empty.

use super::changes::scheduling_message;
use super::held::missing_mount;
use super::{Explanation, field, status, term};
use crate::catalogue::{Msg, code, counted, join, say, span_of_time, words};
use crate::cluster::{Pod, Rollout, available_in_ms, failing, waiting_reason};
use crate::model::*;
use rollout_api::{Kind, ObjectKey, Str, Timestamp, Value};
use rollout_session::Session;

/// The reason of a resting point.
#[derive(Clone, PartialEq, Debug)]
pub struct Rest {
    /// The sentence.
    pub explanation: Explanation,
    /// The progress deadline has passed.
    pub deadline_passed: bool,
}

/// Why pods are not available: what the sentence of a stall begins with.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    /// `The 2 new pods cannot pull bootcamp:v10.`
    pub headline: Vec<Span>,
    /// How many pods it is about.
    pub pods: i64,
}

/// Why nothing more happens at the cursor, with what the learner has broken.
pub fn rest(session: &Session, rollout: Option<&Rollout>) -> Rest {
    let mut rest = plain_rest(session, rollout);
    if let Some(r) = rollout {
        super::faults::add(session, r, &mut rest.explanation);
    }
    rest
}

fn plain_rest(session: &Session, rollout: Option<&Rollout>) -> Rest {
    let calm = |explanation| Rest {
        explanation,
        deadline_passed: false,
    };
    let Some(r) = rollout else {
        return calm(no_deployment(session));
    };
    if !r.observed() {
        return calm(wait(say(Msg::NotObserved, &[])).with(Vec::new(), "syncDeployment"));
    }
    if r.view().paused {
        let pending = r.newest.is_none();
        let msg = if pending {
            Msg::PausedPending
        } else {
            Msg::Paused
        };
        let e = Explanation::new(WhyKind::Paused, say(msg, &[])).with(sums(r), "sync");
        return calm(e);
    }
    if r.complete() && !r.counted_by_controller() {
        return calm(not_counted(r));
    }
    if r.complete() {
        return calm(complete(r));
    }
    let deadline_passed = r.condition("Progressing") == Some(("False", "ProgressDeadlineExceeded"));
    if let Some(cause) = cause_of_stall(r).or_else(|| held_by_volume(session, r)) {
        let mut e = stalled(r, cause);
        if deadline_passed {
            let deadline = r.view().progress_deadline_seconds.unwrap_or(600);
            let first = say(
                Msg::DeadlinePassed,
                &[(
                    "deadline",
                    span_of_time(u64::try_from(deadline).unwrap_or(0) * 1000),
                )],
            );
            e.headline = join(first, e.headline);
        }
        return Rest {
            explanation: e,
            deadline_passed,
        };
    }
    if deadline_passed {
        let deadline = r.view().progress_deadline_seconds.unwrap_or(600);
        let args = [(
            "deadline",
            span_of_time(u64::try_from(deadline).unwrap_or(0) * 1000),
        )];
        let e = Explanation::new(WhyKind::Stalled, say(Msg::DeadlinePassed, &args))
            .with(sums(r), "DeploymentTimedOut");
        return Rest {
            explanation: e,
            deadline_passed,
        };
    }
    if !r.limits.rolling {
        return calm(recreate(r));
    }
    calm(rolling(session, r))
}

fn wait(headline: Vec<Span>) -> Explanation {
    Explanation::new(WhyKind::Wait, headline)
}

fn no_deployment(session: &Session) -> Explanation {
    let leaving = session
        .store()
        .list(Kind::POD)
        .filter(|p| p.meta.is_terminating())
        .count();
    if leaving > 0 {
        return wait(say(
            Msg::Deleted,
            &[("n", counted(leaving as i64, Quantity::Leaving))],
        ));
    }
    Explanation::new(WhyKind::Empty, say(Msg::NoDeployment, &[]))
}

/// The pods are there; the controller's own count is older.
fn not_counted(r: &Rollout) -> Explanation {
    let seen = r.view().status.available_replicas;
    let counted_by = crate::catalogue::number(
        i64::from(seen),
        Quantity::Available,
        Origin::Status("status.availableReplicas".to_owned()),
    );
    let args = [
        ("available", counted(r.available(), Quantity::Available)),
        ("desired", counted(r.limits.desired, Quantity::Desired)),
        ("counted", crate::catalogue::Arg::Number(counted_by)),
    ];
    wait(say(Msg::StatusLags, &args)).with(Vec::new(), "syncRolloutStatus")
}

fn complete(r: &Rollout) -> Explanation {
    let leaving = r.leaving().count() as i64;
    let desired = r.limits.desired;
    let msg = match (desired, leaving) {
        (0, _) => Msg::CompleteZero,
        (_, 0) => Msg::Complete,
        _ => Msg::CompleteLeaving,
    };
    let args = [
        ("desired", counted(desired, Quantity::Desired)),
        ("image", words(crate::scene::short_image(r.image()))),
        ("leaving", counted(leaving, Quantity::Leaving)),
    ];
    let terms = vec![
        term(
            "",
            "desired",
            desired,
            Quantity::Desired,
            field("spec.replicas"),
        ),
        term(
            "",
            "available",
            r.available(),
            Quantity::Available,
            status("status.availableReplicas"),
        ),
    ];
    Explanation::new(WhyKind::Complete, say(msg, &args)).with(terms, "DeploymentComplete")
}

/// Both sums in one list.
fn sums(r: &Rollout) -> Vec<TermView> {
    let l = &r.limits;
    vec![
        term(
            "",
            "ceiling",
            l.ceiling(),
            Quantity::Ceiling,
            field("spec.strategy.rollingUpdate.maxSurge"),
        ),
        term(
            "",
            "floor",
            l.floor(),
            Quantity::Floor,
            field("spec.strategy.rollingUpdate.maxUnavailable"),
        ),
        term("", "pods", r.wanted(), Quantity::Total, Origin::Computed),
        term(
            "",
            "available",
            r.available(),
            Quantity::Available,
            status("status.availableReplicas"),
        ),
    ]
}

/// Why counted pods cannot become available by waiting: the worst cause, of the new pods first.
pub fn cause_of_stall(r: &Rollout) -> Option<Cause> {
    if let Some(c) = r
        .view()
        .status
        .conditions
        .iter()
        .find(|c| c.kind == *"ReplicaFailure" && c.status == *"True")
    {
        let headline = say(Msg::CauseRefused, &[("message", words(c.message.as_str()))]);
        return Some(Cause {
            headline,
            pods: r.wanted() - r.total(),
        });
    }
    let of = |new: bool| {
        r.counted()
            .filter(move |p| (Some(p.set) == r.newest) == new)
            .collect::<Vec<_>>()
    };
    [(true, of(true)), (false, of(false))]
        .into_iter()
        .find_map(|(new, pods)| cause(r, &pods, new))
}

/// The disk that a pod waits for, which one node only may have, and the node of the pod that keeps it.
pub(super) fn disk_of(session: &Session, r: &Rollout, p: &Pod) -> Option<(Str, Str)> {
    let claims = |p: &Pod| -> Vec<Str> {
        let volumes = p.object.value.list_at("spec.volumes").iter();
        let name = |v: &Value| v.shared_str_at("persistentVolumeClaim.claimName");
        volumes.filter_map(name).collect()
    };
    let node_of = |p: &Pod| p.object.value.shared_str_at("spec.nodeName");
    let node = node_of(p)?;
    claims(p).into_iter().find_map(|claim| {
        let namespace = p.object.meta.namespace.clone();
        let key = ObjectKey::new(Kind("PersistentVolumeClaim"), namespace, claim.clone());
        let modes = session.store().get(&key)?;
        let modes = modes.value.list_at("spec.accessModes").iter();
        if modes.filter_map(Value::as_str).any(|m| m.ends_with("Many")) {
            return None;
        }
        let keeper = r.pods.iter().find(|o| {
            !o.leaving()
                && o.state != PodState::Creating
                && node_of(o).is_some_and(|n| n != node)
                && claims(o).contains(&claim)
        })?;
        Some((claim, node_of(keeper)?))
    })
}

/// Pods with a node that wait for what they want to mount.
fn held_by_volume(session: &Session, r: &Rollout) -> Option<Cause> {
    let (mut disk, mut mount, mut new) = (None, None, true);
    let (mut disks, mut mounts) = (0, 0);
    for p in r.counted() {
        let placed = p.object.pod().is_some_and(|v| !v.node.is_empty());
        if p.state != PodState::Creating || !placed {
            continue;
        }
        if let Some(held) = disk_of(session, r, p) {
            disks += 1;
            disk = Some(held);
        } else if let Some(missing) = missing_mount(session.store(), p) {
            mounts += 1;
            mount = Some(missing);
            new &= Some(p.set) == r.newest;
        }
    }
    if let Some((claim, node)) = disk {
        let args = [
            ("n", counted(disks, Quantity::Count)),
            ("claim", code(claim.as_str())),
            ("node", code(node.as_str())),
        ];
        return Some(Cause {
            headline: say(Msg::CauseDisk, &args),
            pods: disks,
        });
    }
    let (volume, kind, name) = mount?;
    let args = [
        ("n", counted(mounts, Quantity::Count)),
        ("which", words(which(r, new))),
        ("volume", code(volume.as_str())),
        ("kind", words(kind)),
        ("name", code(name.as_str())),
    ];
    let mut headline = say(Msg::CauseMount, &args);
    tidy(&mut headline);
    Some(Cause {
        headline,
        pods: mounts,
    })
}

/// `new` or `old`, where there are both.
fn which(r: &Rollout, new: bool) -> &'static str {
    match (new, r.sets.len()) {
        (_, 1) => "",
        (true, _) => "new",
        (false, _) => "old",
    }
}

fn cause(r: &Rollout, pods: &[&Pod], new: bool) -> Option<Cause> {
    let which = which(r, new);
    let in_state = |state: PodState| {
        pods.iter()
            .copied()
            .filter(|p| p.state == state)
            .collect::<Vec<_>>()
    };
    let told = |msg: Msg, pods: &[&Pod], name: &'static str, value: String| {
        let n = pods.len() as i64;
        let args = [
            ("n", counted(n, Quantity::Failing)),
            ("which", words(which)),
            (name, code(value)),
        ];
        let mut headline = say(msg, &args);
        tidy(&mut headline);
        Some(Cause { headline, pods: n })
    };
    // A registry's path would fill the sentence; the event has it.
    let image = |p: &Pod| {
        let value = &p.object.value;
        match failing(value).map_or("", |f| f.image(value)) {
            long if long.len() > 32 => crate::scene::short_image(long),
            image => image.to_owned(),
        }
    };
    let message =
        |p: &Pod| waiting_reason(&p.object.value).map_or(String::new(), |(_, m)| m.to_owned());
    for (state, msg, name) in [
        (PodState::ImagePull, Msg::CausePull, "image"),
        (PodState::Config, Msg::CauseConfig, "message"),
        (PodState::Crash, Msg::CauseCrash, "image"),
        (PodState::Oom, Msg::CauseOom, "image"),
    ] {
        let mut those = in_state(state);
        if state == PodState::Crash {
            those.extend(in_state(PodState::Completed));
        }
        if let Some(first) = those.first() {
            let value = if name == "image" {
                image(first)
            } else {
                message(first)
            };
            let several = first.object.value.list_at("spec.containers").len() > 1;
            let culprit = failing(&first.object.value);
            let (msg, name, value) = match culprit {
                Some(c) if c.init && state == PodState::Crash => {
                    (Msg::CauseInit, "container", c.name().to_owned())
                }
                Some(c) if several && state == PodState::Crash => {
                    (Msg::CauseCrashOf, "container", c.name().to_owned())
                }
                Some(c) if several && state == PodState::Oom => {
                    (Msg::CauseOomOf, "container", c.name().to_owned())
                }
                _ => (msg, name, value),
            };
            return told(msg, &those, name, value);
        }
    }
    let homeless: Vec<&Pod> = pods
        .iter()
        .copied()
        .filter(|p| {
            p.object
                .pod()
                .is_some_and(|v| v.unschedulable && v.node.is_empty())
        })
        .collect();
    if let Some(first) = homeless.first() {
        let message = scheduling_message(&first.object);
        // What preemption says stands in the events.
        let message = match message.split_once(" preemption: ") {
            Some((why, _)) => why.to_owned(),
            None => message,
        };
        return told(Msg::CausePending, &homeless, "message", message);
    }
    let refusing: Vec<&Pod> = in_state(PodState::Running)
        .into_iter()
        .filter(|p| fails_its_probe(&p.object.value, r.now_ms))
        .collect();
    refusing.first()?;
    told(Msg::CauseNotReady, &refusing, "message", String::new())
}

/// A container runs for so long that its readiness probe has failed as often as it may.
fn fails_its_probe(pod: &Value, now_ms: i64) -> bool {
    let containers = pod.list_at("spec.containers").iter();
    containers.zip(0..).any(|(c, i)| {
        let Some(probe) = c.at("readinessProbe") else {
            return false;
        };
        let name = c.str_at("name");
        let all = pod.list_at("status.containerStatuses");
        let status = all.iter().find(|s| s.str_at("name") == name).or(all.get(i));
        let since = status
            .filter(|s| !s.bool_at("ready") && s.bool_at("started"))
            .and_then(|s| Timestamp::parse(s.str_at("state.running.startedAt")));
        let number = |field: &str, or: i64| probe.int_at(field).unwrap_or(or);
        let failing = number("initialDelaySeconds", 0)
            + number("periodSeconds", 10) * number("failureThreshold", 3);
        since.is_some_and(|t| now_ms > (t.0 + failing) * 1000)
    })
}

/// Without a word for old or new two blanks would meet.
fn tidy(spans: &mut [Span]) {
    for span in spans {
        if let Span::Text(t) = span {
            *t = t.replace("  ", " ");
        }
    }
}

fn stalled(r: &Rollout, cause: Cause) -> Explanation {
    let (available, floor) = (r.available(), r.limits.floor());
    let numbers = [
        ("total", counted(r.wanted(), Quantity::Total)),
        ("ceiling", counted(r.limits.ceiling(), Quantity::Ceiling)),
        (
            "available",
            counted(
                available,
                if available == floor {
                    Quantity::Floor
                } else {
                    Quantity::Available
                },
            ),
        ),
        ("floor", counted(floor, Quantity::Floor)),
    ];
    let l = &r.limits;
    let tail = if !r.in_flight() || !l.rolling {
        let args = [
            ("available", counted(r.available(), Quantity::Available)),
            ("desired", counted(l.desired, Quantity::Desired)),
        ];
        tail(Msg::Degraded, &args)
    } else if available < floor {
        tail(Msg::StalledBelowFloor, &numbers)
    } else if r.wanted() > l.ceiling() && r.available() <= l.floor() {
        tail(Msg::StalledAboveCeiling, &numbers)
    } else if r.wanted() == l.ceiling() && r.available() <= l.floor() {
        let all_there = r.total() >= r.wanted();
        let msg = if all_there {
            Msg::StalledAtLimits
        } else {
            Msg::StalledBySizes
        };
        tail(msg, &numbers)
    } else if r.available() <= l.floor() && r.old_size() > 0 {
        tail(Msg::StalledAtFloor, &numbers)
    } else {
        tail(Msg::StalledPlain, &[])
    };
    Explanation::new(WhyKind::Stalled, join(cause.headline, tail))
        .with(sums(r), "reconcileOldReplicaSets")
}

/// The part of a stall's text behind its cause.
fn tail(msg: Msg, args: &[(&str, crate::catalogue::Arg)]) -> Vec<Span> {
    let mut all = vec![("cause", words(""))];
    all.extend(args.iter().cloned());
    let mut spans = say(msg, &all);
    if let Some(Span::Text(t)) = spans.first_mut() {
        *t = t.trim_start().to_owned();
    }
    spans.retain(|s| !matches!(s, Span::Text(t) if t.is_empty()));
    spans
}

fn recreate(r: &Rollout) -> Explanation {
    let old_pods = r.pods.iter().filter(|p| Some(p.set) != r.newest).count() as i64;
    if old_pods > 0 && r.new_size() == 0 {
        let terms = vec![term(
            "",
            "old pods",
            old_pods,
            Quantity::Old,
            Origin::Computed,
        )];
        return wait(say(
            Msg::RecreateWaits,
            &[("n", counted(old_pods, Quantity::Old))],
        ))
        .with(terms, "oldPodsRunning");
    }
    let (available, waiting) = (r.available(), r.limits.desired - r.available());
    let args = [
        ("new", counted(waiting.max(0), Quantity::Waiting)),
        ("available", counted(available, Quantity::Available)),
        ("waiting", counted(waiting.max(0), Quantity::Waiting)),
        ("desired", counted(r.limits.desired, Quantity::Desired)),
    ];
    let terms = vec![
        term(
            "",
            "desired",
            r.limits.desired,
            Quantity::Desired,
            field("spec.replicas"),
        ),
        term(
            "−",
            "available",
            available,
            Quantity::Available,
            status("status.availableReplicas"),
        ),
    ];
    let msg = match (waiting, available) {
        (1.., 0) if r.sets.len() > 1 => Msg::RecreateOutage,
        (1.., _) if r.sets.len() > 1 => Msg::RecreateGap,
        (1.., _) => Msg::FirstStart,
        _ => return quiet(r),
    };
    wait(say(msg, &args)).with(terms, "rolloutRecreate")
}

fn rolling(session: &Session, r: &Rollout) -> Explanation {
    let l = &r.limits;
    let (room, spare, waiting, old) = (r.room(), r.spare(), r.new_waiting(), r.old_size());
    let args = [
        ("ceiling", counted(l.ceiling(), Quantity::Ceiling)),
        ("floor", counted(l.floor(), Quantity::Floor)),
        ("waiting", counted(waiting, Quantity::Waiting)),
        ("desired", counted(l.desired, Quantity::Desired)),
        ("available", counted(r.available(), Quantity::Available)),
        ("total", counted(r.total(), Quantity::Total)),
        ("room", counted(room, Quantity::Room)),
        ("spare", counted(spare, Quantity::Spare)),
    ];
    let told = |msg: Msg| wait(say(msg, &args)).with(sums(r), "reconcileOldReplicaSets");
    if old > 0 {
        if let Some(e) = min_ready(session, r) {
            return e;
        }
        return match (room.min((l.desired - r.new_size()).max(0)), spare.min(old)) {
            (0, 0) if r.wanted() >= l.ceiling() => told(Msg::AtBothLimits),
            (0, 0) => told(Msg::AtFloor),
            _ if r.available() <= l.floor() => told(Msg::AtFloor),
            _ => told(Msg::NextWrite),
        };
    }
    let missing = l.desired - r.available();
    if missing <= 0 {
        return quiet(r);
    }
    if let Some(e) = min_ready(session, r) {
        return e;
    }
    let args = [
        ("waiting", counted(missing, Quantity::Waiting)),
        ("desired", counted(l.desired, Quantity::Desired)),
        ("available", counted(r.available(), Quantity::Available)),
    ];
    let terms = vec![
        term(
            "",
            "desired",
            l.desired,
            Quantity::Desired,
            field("spec.replicas"),
        ),
        term(
            "−",
            "available",
            r.available(),
            Quantity::Available,
            status("status.availableReplicas"),
        ),
        term(
            "=",
            "not available",
            missing,
            Quantity::Waiting,
            Origin::Computed,
        ),
    ];
    let finished_once = r
        .condition("Progressing")
        .is_some_and(|(_, reason)| reason == "NewReplicaSetAvailable");
    let msg = match (finished_once, r.sets.len()) {
        (true, _) => Msg::Healing,
        (false, 1) => Msg::FirstStart,
        (false, _) => Msg::WaitingForLast,
    };
    wait(say(msg, &args)).with(terms, "DeploymentComplete")
}

/// A ready pod of the newest set that waits for minReadySeconds: the one that comes next.
fn min_ready(session: &Session, r: &Rollout) -> Option<Explanation> {
    let now = session.wall_ms_at(session.at());
    let seconds = r.view().min_ready_seconds;
    let left = |p: &Pod| {
        p.object
            .pod()
            .map_or(0, |v| available_in_ms(v, seconds, now))
    };
    let next = r
        .counted()
        .filter(|p| Some(p.set) == r.newest && p.state == PodState::Ready)
        .min_by_key(|p| (left(p), p.object.meta.name.clone()))?;
    let e = wait(say(
        Msg::MinReady,
        &[
            ("pod", code(next.short())),
            ("s", span_of_time(left(next) as u64)),
        ],
    ));
    let terms = vec![term(
        "",
        "minReadySeconds",
        seconds,
        Quantity::Seconds,
        field("spec.minReadySeconds"),
    )];
    Some(e.with(terms, "IsPodAvailable"))
}

fn quiet(r: &Rollout) -> Explanation {
    let args = [
        ("total", counted(r.total(), Quantity::Total)),
        ("available", counted(r.available(), Quantity::Available)),
        ("desired", counted(r.limits.desired, Quantity::Desired)),
    ];
    wait(say(Msg::Quiet, &args)).with(sums(r), "syncRolloutStatus")
}
