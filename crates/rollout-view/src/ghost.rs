//! What comes next: the next decision before it is made, and whether the learner's answer is right.

use crate::catalogue::{Msg, counted, say, seconds};
use crate::cluster::{Rollout, tag};
use crate::explain;
use crate::model::*;
use rollout_api::{Kind, ObjectKey};
use rollout_engine::controllers::replica_set::decision::ReplicaSetDecision;
use rollout_engine::decision::What;
use rollout_engine::{Object, StepRecord};
use rollout_session::{Look, Session, writes_of};
use std::rc::Rc;

/// The next write of the Deployment controller, found on a copy of the cluster. None: none comes within an hour.
pub fn ghost(session: &Session, key: &ObjectKey, rollout: &Rollout) -> Option<GhostView> {
    let about = |r: &StepRecord| {
        writes_of(r) > 0
            && r.changes.iter().any(|c| {
                let owner = c.after.as_ref().and_then(|o| o.meta.controller.as_ref());
                c.key.namespace == key.namespace
                    && owner.is_some_and(|o| o.uid == rollout.object.meta.uid)
            })
    };
    let (mut goes, mut found_write) = (Vec::new(), false);
    let found = session.look_ahead(&mut |r| {
        if goes.is_empty() {
            goes = deleted(r, rollout);
        }
        match (found_write, about(r)) {
            (false, true) => found_write = true,
            (true, true) => return Look::Done,
            _ => {}
        }
        match (found_write, goes.is_empty()) {
            (false, _) => Look::On,
            (true, true) => Look::Keep,
            (true, false) => Look::Done,
        }
    })?;
    let (at_ms, record) = found;
    let sentence = record
        .decisions
        .iter()
        .find(|d| d.on == *key && matches!(&d.what, What::Deployment(_)))
        .map(|d| explain::decision_sentence(d, record.at, Some(rollout)).headline)
        .unwrap_or_default();
    let mut sizes = Vec::new();
    let size = |o: &Option<Rc<Object>>| {
        o.as_ref()
            .and_then(|o| o.replica_set())
            .map_or(0, |r| i64::from(r.replicas))
    };
    let (mut old, mut new) = (rollout.old_size(), rollout.new_size());
    for c in record
        .changes
        .iter()
        .filter(|c| c.key.kind == Kind::REPLICA_SET)
    {
        let (from, to) = (size(&c.before), size(&c.after));
        let known = rollout.sets.iter().position(|s| *s.name() == c.key.name);
        let is_new = known.is_none() || known == rollout.newest;
        if is_new {
            new += to - from;
        } else {
            old += to - from;
        }
        let version = known.map_or(rollout.sets.len(), |i| rollout.sets[i].version);
        if from != to {
            sizes.push((tag(version), c.key.name.to_string(), from, to));
        }
    }
    let wait = at_ms.saturating_sub(session.at());
    Some(GhostView {
        at_ms,
        when: if wait == 0 {
            "at once".to_owned()
        } else {
            format!("in {}", seconds(wait))
        },
        sentence,
        sizes,
        old,
        new,
        goes,
    })
}

/// The pods of this rollout that a record's ReplicaSet controller deletes.
fn deleted(record: &StepRecord, r: &Rollout) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for d in &record.decisions {
        let What::ReplicaSet(ReplicaSetDecision::DeletedPods { pods, .. }) = &d.what else {
            continue;
        };
        for chosen in pods {
            let pod = r.pods.iter().find(|p| p.object.meta.name == chosen.pod);
            if let Some(p) = pod {
                out.push((
                    p.object.meta.uid.to_string(),
                    p.object.meta.name.to_string(),
                ));
            }
        }
    }
    out
}

/// What a learner foretold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Prediction {
    /// Sizes of the old sets in sum and of the newest set after the next write.
    Sizes(i64, i64),
    /// The pods that go next, by name.
    Pods(Vec<String>),
}

/// Is a prediction right? And the sentence that says so, with the numbers.
pub fn judge(ghost: &GhostView, prediction: &Prediction) -> (bool, Vec<Span>) {
    match prediction {
        Prediction::Sizes(old, new) => {
            let right = (*old, *new) == (ghost.old, ghost.new);
            let args = [
                ("old", counted(ghost.old, Quantity::Old)),
                ("new", counted(ghost.new, Quantity::New)),
                ("said_old", counted(*old, Quantity::Count)),
                ("said_new", counted(*new, Quantity::Count)),
            ];
            let msg = if right {
                Msg::PredictedRight
            } else {
                Msg::PredictedWrong
            };
            (right, say(msg, &args))
        }
        Prediction::Pods(said) => {
            let goes: Vec<&str> = ghost.goes.iter().map(|(_, n)| n.as_str()).collect();
            let hits = said.iter().filter(|s| goes.contains(&s.as_str())).count();
            let right = hits == said.len() && hits == goes.len();
            let names: Vec<&str> = goes.iter().map(|n| crate::cluster::short_name(n)).collect();
            let args = [
                ("names", crate::catalogue::words(names.join(", "))),
                ("hits", counted(hits as i64, Quantity::Count)),
                ("n", counted(goes.len() as i64, Quantity::Count)),
            ];
            let msg = if right {
                Msg::PredictedPodsRight
            } else {
                Msg::PredictedPodsWrong
            };
            (right, say(msg, &args))
        }
    }
}
