//! Which pod is deleted next: the set that shrinks next, and the controller's own order of its pods.

use crate::cluster::{Pod, Rollout};
use rollout_api::views::PodView;
use rollout_api::{Kind, Str};
use rollout_engine::controllers::replica_set::utils::{
    Ages, Candidate, get_pods_to_delete, is_pod_active,
};
use rollout_session::Session;
use std::collections::BTreeMap;

/// The pod that the ReplicaSet controller deletes first when a set of this rollout shrinks next.
pub fn next_to_go<'r>(session: &Session, r: &'r Rollout) -> Option<&'r Pod> {
    let (set, count) = shrinks_next(r)?;
    let arrivals = arrivals(session, r, set);
    let mut pods: Vec<(&Pod, &PodView)> = active(r).filter(|(p, _)| p.set == set).collect();
    pods.sort_by_key(|(p, _)| {
        let arrival = arrivals.get(&p.object.meta.uid).copied();
        (arrival.unwrap_or(usize::MAX), p.object.meta.creation)
    });
    let mut ranks: BTreeMap<&Str, i32> = BTreeMap::new();
    for (_, pod) in active(r) {
        *ranks.entry(&pod.node).or_insert(0) += 1;
    }
    let candidates: Vec<Candidate<'_>> = pods
        .iter()
        .map(|(p, pod)| Candidate {
            pod,
            uid: &p.object.meta.uid,
            created: p.object.meta.creation,
            rank: ranks.get(&pod.node).copied().unwrap_or(0),
        })
        .collect();
    let ages = Ages {
        now_ms: session.wall_ms_at(session.at()),
        logarithmic: true,
    };
    let first = *get_pods_to_delete(&candidates, count, ages).first()?;
    Some(pods[first].0)
}

/// Pods that the controllers count.
fn active(r: &Rollout) -> impl Iterator<Item = (&Pod, &PodView)> {
    r.pods
        .iter()
        .filter_map(|p| Some((p, p.object.pod()?)))
        .filter(|(p, pod)| is_pod_active(pod.phase, p.leaving()))
}

/// The set that loses pods next, and how many: one that has too many already, else the one that the Deployment
/// controller makes smaller.
///
/// Mirrors the order of `rolloutRolling` and `rolloutRecreate`, pkg/controller/deployment/rolling.go and recreate.go.
fn shrinks_next(r: &Rollout) -> Option<(usize, usize)> {
    let count = |n: i64| usize::try_from(n.max(1)).unwrap_or(1);
    let pods_of = |set: usize| active(r).filter(|(p, _)| p.set == set).count() as i64;
    let too_many = (0..r.sets.len()).find(|&i| pods_of(i) > r.sets[i].size);
    if let Some(set) = too_many {
        return Some((set, count(pods_of(set) - r.sets[set].size)));
    }
    if !r.in_flight() || r.view().paused {
        return None;
    }
    let desired = r.limits.desired;
    if let Some(new) = r.newest.filter(|_| r.new_size() > desired) {
        return Some((new, count(r.new_size() - desired)));
    }
    let old = |i: &usize| Some(*i) != r.newest && r.sets[*i].size > 0;
    let oldest = (0..r.sets.len()).find(old)?;
    if !r.limits.rolling {
        return Some((oldest, count(r.sets[oldest].size)));
    }
    // Pods of old sets that are not available go first.
    let missing = |i: usize| r.sets[i].size - i64::from(r.sets[i].view().status.available_replicas);
    let unhealthy = (0..r.sets.len()).filter(old).find(|&i| missing(i) > 0);
    Some(match unhealthy {
        Some(set) => (set, count(missing(set).min(r.spare()))),
        None => {
            let above = r.available() - r.limits.floor();
            (oldest, count(above.min(r.sets[oldest].size)))
        }
    })
}

/// In which order the pods of a set arrived at the controller, by uid.
fn arrivals(session: &Session, r: &Rollout, set: usize) -> BTreeMap<Str, usize> {
    let (kept_at, engine) = session.kept_before();
    let controller = &engine.components().replica_set;
    let known = controller.active_pods(&r.sets[set].object.meta.uid);
    let made = session.steps()[kept_at..session.position()]
        .iter()
        .flat_map(|s| &s.record.changes)
        .filter(|c| c.key.kind == Kind::POD && c.before.is_none())
        .filter_map(|c| c.after.as_ref());
    known
        .chain(made)
        .enumerate()
        .map(|(i, o)| (o.meta.uid.clone(), i))
        .collect()
}
