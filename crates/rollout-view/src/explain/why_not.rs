//! Why not: the clauses that do not hold, and the order in which pods go.

use super::held::{Held, held, missing_mount};
use super::reference::reference;
use super::wait::{seconds_of, waiting_words};
use crate::catalogue::{Arg, Msg, code, counted, number, say, span_of_time, words};
use crate::cluster::{Pod, Rollout, short_name};
use crate::model::*;
use crate::next_to_go::{self, Order};
use rollout_api::views::PodPhase;
use rollout_engine::controllers::replica_set::decision::ReplicaSetDecision;
use rollout_engine::decision::What;
use rollout_session::Session;

/// Rows of a ranking that are listed.
const ROWS: usize = 40;

/// Answers a question about the moment at which the learner looks. None: it makes no sense there.
pub fn answer(session: &Session, rollout: &Rollout, question: Question<'_>) -> Option<AnswerView> {
    match question {
        Question::NotFinished => Some(not_finished(rollout)),
        Question::NotAvailable(uid) => {
            let pod = rollout.pods.iter().find(|p| p.object.meta.uid == *uid)?;
            Some(not_available(session, rollout, pod))
        }
        Question::Chosen(uid) => chosen(session, rollout, uid),
    }
}

fn status(value: i64, quantity: Quantity, path: &str) -> Arg {
    Arg::Number(number(value, quantity, Origin::Status(path.to_owned())))
}

/// Mirrors the clauses of `DeploymentComplete`, pkg/controller/deployment/util/deployment_util.go.
fn not_finished(r: &Rollout) -> AnswerView {
    let s = &r.view().status;
    let desired = r.limits.desired;
    let want = || ("desired", counted(desired, Quantity::Desired));
    let clause = |met: bool, msg: Msg, name: &'static str, value: Arg| ClauseView {
        met,
        text: say(msg, &[(name, value), want()]),
    };
    let (updated, total, available) = (
        i64::from(s.updated_replicas),
        i64::from(s.replicas),
        i64::from(s.available_replicas),
    );
    let generation = r.object.meta.generation;
    let clauses = vec![
        clause(
            updated == desired,
            Msg::ClauseUpdated,
            "updated",
            status(updated, Quantity::Updated, "status.updatedReplicas"),
        ),
        clause(
            total == desired,
            Msg::ClauseReplicas,
            "total",
            status(total, Quantity::Total, "status.replicas"),
        ),
        clause(
            available == desired,
            Msg::ClauseAvailable,
            "available",
            status(available, Quantity::Available, "status.availableReplicas"),
        ),
        ClauseView {
            met: s.observed_generation >= generation,
            text: say(
                Msg::ClauseObserved,
                &[
                    (
                        "observed",
                        status(
                            s.observed_generation,
                            Quantity::Count,
                            "status.observedGeneration",
                        ),
                    ),
                    (
                        "generation",
                        status(generation, Quantity::Count, "metadata.generation"),
                    ),
                ],
            ),
        },
    ];
    let unmet = clauses.iter().filter(|c| !c.met).count() as i64;
    let headline = if unmet == 0 {
        say(Msg::FinishedYes, &[])
    } else {
        say(Msg::FinishedNot, &[("n", counted(unmet, Quantity::Count))])
    };
    AnswerView {
        question: "Why is the rollout not finished?".to_owned(),
        headline,
        clauses,
        ranking: None,
        reference: reference("DeploymentComplete"),
    }
}

/// Mirrors the clauses of `IsPodAvailable`, pkg/api/v1/pod/util.go, and what must come before readiness.
fn not_available(session: &Session, r: &Rollout, pod: &Pod) -> AnswerView {
    let view = pod.object.pod();
    let value = &pod.object.value;
    let now = session.wall_ms_at(session.at());
    let mut clauses: Vec<ClauseView> = Vec::new();
    let mut add = |met: bool, text: Vec<Span>| clauses.push(ClauseView { met, text });
    let leaves = pod.leaving();
    add(
        !leaves,
        say(
            if leaves {
                Msg::ClauseLeaves
            } else {
                Msg::ClauseStays
            },
            &[],
        ),
    );
    let node = view.map_or("", |v| v.node.as_str());
    let message = super::changes::scheduling_message(&pod.object);
    add(
        !node.is_empty(),
        match (node.is_empty(), message.is_empty()) {
            (false, _) => say(Msg::ClauseNode, &[("node", code(node))]),
            (true, true) => say(Msg::ClauseNoNode, &[]),
            (true, false) => say(Msg::ClauseNoNodeBecause, &[("message", words(message))]),
        },
    );
    let phase = view.map_or(PodPhase::Pending, |v| v.phase);
    let waits = crate::cluster::waiting_reason(value).is_some();
    let creating = pod.state == PodState::Creating;
    let missing = missing_mount(session.store(), pod).filter(|_| creating);
    let at_work = held(value).filter(|_| !pod.state.is_failing());
    let held_by = match (&missing, at_work) {
        (Some((volume, kind, name)), _) => Some(say(
            Msg::ClauseMount,
            &[
                ("volume", code(volume.as_str())),
                ("kind", words(*kind)),
                ("name", code(name.as_str())),
            ],
        )),
        (None, Some(Held::Init(container, place, all))) => {
            let count = |n: usize| counted(i64::try_from(n).unwrap_or(i64::MAX), Quantity::Count);
            let args = [
                ("container", code(container)),
                ("place", count(place)),
                ("all", count(all)),
            ];
            Some(say(Msg::ClauseInit, &args))
        }
        _ => None,
    };
    let ready = view.is_some_and(|v| v.ready);
    let runs = phase == PodPhase::Running && (ready || !waits);
    add(
        runs,
        match (runs, phase) {
            (true, _) => say(Msg::ClauseRuns, &[]),
            (false, PodPhase::Succeeded | PodPhase::Failed) => say(Msg::ClauseEnded, &[]),
            _ if held_by.is_some() => held_by.unwrap_or_default(),
            _ if waits => say(Msg::ClauseWaits, &[("reason", waiting_words(pod))]),
            _ => say(Msg::ClauseStarts, &[]),
        },
    );
    add(
        ready,
        match (ready, at_work) {
            (true, _) => say(Msg::ClauseReady, &[]),
            (false, Some(Held::Startup(container, _))) => {
                say(Msg::ClauseNotStarted, &[("container", code(container))])
            }
            (false, Some(Held::Readiness(_, probe))) => say(
                Msg::ClauseNotReadyProbe,
                &[(
                    "threshold",
                    counted(
                        probe.int_at("successThreshold").unwrap_or(1),
                        Quantity::Count,
                    ),
                )],
            ),
            (false, _) => say(Msg::ClauseNotReady, &[]),
        },
    );
    let seconds = i64::from(r.sets[pod.set].view().min_ready_seconds);
    let since = view
        .and_then(|v| v.ready_since)
        .filter(|_| ready)
        .map_or(0, |t| u64::try_from(now - t.0 * 1000).unwrap_or(0));
    if seconds == 0 {
        add(
            ready,
            say(
                Msg::ClauseNoMinReady,
                &[("seconds", counted(0, Quantity::Count))],
            ),
        );
    } else {
        add(
            ready && pod.state == PodState::Available,
            say(
                Msg::ClauseMinReady,
                &[
                    ("since", span_of_time(since)),
                    ("seconds", seconds_of(seconds)),
                ],
            ),
        );
    }
    let first = clauses.iter().find(|c| !c.met);
    let name = ("pod", code(pod.short()));
    let headline = match first.filter(|_| !pod.is_available()) {
        None => say(Msg::PodCounts, &[name]),
        Some(clause) => {
            let clause = words(plain_text(&clause.text));
            say(Msg::PodCountsNot, &[name, ("clause", clause)])
        }
    };
    AnswerView {
        question: format!("Why is pod {} not available?", pod.short()),
        headline,
        clauses,
        ranking: None,
        reference: reference("IsPodAvailable"),
    }
}

/// The criteria, in the order in which they count, and which value goes first.
///
/// Mirrors `ActivePodsWithRanks.Less`, pkg/controller/controller_utils.go.
const CRITERIA: &[(&str, &str)] = &[
    ("node", "without one first"),
    ("phase", "Pending, Unknown, Running"),
    ("ready", "not ready first"),
    ("deletion cost", "lower first"),
    ("pods on its node", "more first"),
    ("ready for", "shorter first, in powers of two"),
    ("restarts", "more first"),
    ("age", "younger first, in powers of two"),
    ("uid", "smaller first, where nothing else decides"),
];

fn chosen(session: &Session, rollout: &Rollout, uid: &str) -> Option<AnswerView> {
    // A pod that the last step deleted: the question is about the moment before.
    let before = deleted_in_last_step(session, rollout, uid);
    let (r, position) = match &before {
        Some(r) => (r, session.position() - 1),
        None => (rollout, session.position()),
    };
    let order = next_to_go::order(session, r, position, uid)?;
    let ranking = ranking(session, &order, uid);
    let asked = order.pods.iter().position(|p| p.object.meta.uid == *uid);
    let set = ("set", code(short_name(&ranking.set)));
    let name = |i: usize| code(order.pods[i].short());
    let headline = match asked {
        None => {
            let pod = rollout.pods.iter().find(|p| p.object.meta.uid == *uid)?;
            say(Msg::RankAlone, &[("pod", code(pod.short())), set])
        }
        Some(_) if order.going == 0 => say(Msg::RankNothing, &[set]),
        Some(_) if order.going >= order.pods.len() => say(
            Msg::RankAll,
            &[
                ("n", counted(order.pods.len() as i64, Quantity::Count)),
                set,
            ],
        ),
        Some(i) => {
            // Across the line: the last that goes, the first that stays.
            let goes = i < order.going;
            let other = if goes { order.going } else { order.going - 1 };
            let criterion = words(deciding(&order, i, other).map_or("chance", |c| CRITERIA[c].0));
            say(
                if goes { Msg::RankGoes } else { Msg::RankStays },
                &[
                    ("pod", name(i)),
                    ("other", name(other)),
                    ("criterion", criterion),
                ],
            )
        }
    };
    Some(AnswerView {
        question: "Why this pod and not that one?".to_owned(),
        headline,
        clauses: Vec::new(),
        ranking: Some(ranking),
        reference: reference("ActivePodsWithRanks.Less"),
    })
}

/// The rollout before the last step, if that step deleted this pod.
fn deleted_in_last_step(session: &Session, r: &Rollout, uid: &str) -> Option<Rollout> {
    let step = session.last_step()?;
    let went = step.record.changes.iter().any(|c| {
        c.before
            .as_ref()
            .is_some_and(|o| o.meta.uid == *uid && !o.meta.is_terminating())
            && c.after.as_ref().is_none_or(|o| o.meta.is_terminating())
    });
    let chose = step.record.decisions.iter().any(|d| {
        matches!(
            &d.what,
            What::ReplicaSet(ReplicaSetDecision::DeletedPods { .. })
        )
    });
    if !went || !chose {
        return None;
    }
    let mut store = session.store().clone();
    for change in step.record.changes.iter().rev() {
        store.put(&change.key, change.before.clone());
    }
    let key = crate::measures::key_of(r);
    let versions = super::versions(session, &key);
    Rollout::read(&store, &key, &versions, session.wall_ms_at(step.at))
}

/// The first criterion by which two pods differ.
fn deciding(order: &Order<'_>, a: usize, b: usize) -> Option<usize> {
    let (a, b) = (&order.rules[a], &order.rules[b]);
    (0..a.len()).find(|i| a[*i] != b[*i])
}

fn ranking(session: &Session, order: &Order<'_>, uid: &str) -> RankingView {
    let line = (order.going > 0 && order.going < order.pods.len()).then_some(order.going);
    let all = order.pods.iter().enumerate().map(|(i, pod)| {
        // Those that go are compared with the first that stays, the others with the last that goes.
        let other = line.map(|line| if i < line { line } else { line - 1 });
        RankRow {
            uid: pod.object.meta.uid.to_string(),
            name: pod.object.meta.name.to_string(),
            version: crate::cluster::tag(order.version),
            goes: i < order.going,
            asked: pod.object.meta.uid == *uid,
            cells: cells(session, order, i),
            decides: other.and_then(|o| deciding(order, i, o)),
        }
    });
    let mut rows: Vec<RankRow> = all.collect();
    let more = rows.len().saturating_sub(ROWS);
    if more > 0 {
        // The asked one is always listed.
        let asked = rows.iter().position(|r| r.asked).filter(|i| *i >= ROWS);
        if let Some(i) = asked {
            rows.swap(ROWS - 1, i);
        }
        rows.truncate(ROWS);
    }
    RankingView {
        set: order.set.to_string(),
        going: order.going,
        criteria: CRITERIA.to_vec(),
        rows,
        more,
    }
}

/// Values of a pod, in the order of the criteria.
fn cells(session: &Session, order: &Order<'_>, i: usize) -> Vec<String> {
    let pod = order.pods[i];
    let meta = &pod.object.meta;
    let Some(view) = pod.object.pod() else {
        return vec![String::new(); CRITERIA.len()];
    };
    let now = session.wall_ms_at(order.at);
    let age = |t: Option<rollout_api::Timestamp>| {
        t.map_or("–".to_owned(), |t| {
            crate::catalogue::seconds(u64::try_from(now - t.0 * 1000).unwrap_or(0))
        })
    };
    let phase = match view.phase {
        PodPhase::Pending => "Pending",
        PodPhase::Running => "Running",
        PodPhase::Succeeded => "Succeeded",
        PodPhase::Failed => "Failed",
        PodPhase::Unknown => "Unknown",
    };
    vec![
        if view.node.is_empty() {
            "–".to_owned()
        } else {
            view.node.to_string()
        },
        phase.to_owned(),
        if view.ready { "yes" } else { "no" }.to_owned(),
        view.deletion_cost.to_string(),
        order.ranks[i].to_string(),
        if view.ready {
            age(view.ready_since)
        } else {
            "–".to_owned()
        },
        view.max_restarts.to_string(),
        age(meta.creation),
        meta.uid.get(..8).unwrap_or(&meta.uid).to_owned(),
    ]
}
