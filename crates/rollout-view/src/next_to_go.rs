//! Which pod is deleted next: the set that shrinks next, and the controller's own order of its pods.

use crate::cluster::{Pod, Rollout};
use rollout_api::Order as _;
use rollout_api::SortedMap;
use rollout_api::views::{PodPhase, PodView};
use rollout_api::{Kind, Str};
use rollout_engine::controllers::replica_set::utils::{
    Ages, Candidate, get_pods_to_delete, is_pod_active,
};
use rollout_session::Session;

/// The pod that the ReplicaSet controller deletes first when a set of this rollout shrinks next.
pub fn next_to_go<'r>(session: &Session, r: &'r Rollout) -> Option<&'r Pod> {
    let (set, count) = shrinks_next(r)?;
    let (pods, ranks) = ranked(session, r, session.position(), set);
    let candidates = candidates(&pods, &ranks);
    let first =
        *get_pods_to_delete(&candidates, count, ages(session.wall_ms_at(session.at()))).first()?;
    Some(pods[first])
}

/// The active pods of a set in the order in which they are deleted.
pub struct Order<'r> {
    /// Name of the set.
    pub set: &'r str,
    /// Its letter.
    pub version: usize,
    /// How many go.
    pub going: usize,
    /// Time of the session.
    pub at: u64,
    /// First to go first.
    pub pods: Vec<&'r Pod>,
    /// Active pods on the node of each.
    pub ranks: Vec<i32>,
    /// What the rules look at, in their order, for each: equal texts do not decide.
    pub rules: Vec<[String; 9]>,
}

/// The order of deletion in the set of a pod (by uid), after so many steps. The set that shrinks next tells how many go.
pub fn order<'r>(
    session: &Session,
    r: &'r Rollout,
    position: usize,
    uid: &str,
) -> Option<Order<'r>> {
    let set = r.pods.iter().find(|p| p.object.meta.uid == *uid)?.set;
    let at = if position == session.position() {
        session.at()
    } else {
        session.branch().timeline.time(position + 1)
    };
    let (pods, ranks) = ranked(session, r, position, set);
    let list = candidates(&pods, &ranks);
    let going = shrinks_next(r)
        .filter(|(s, _)| *s == set)
        .map_or(0, |(_, count)| count.min(pods.len()));
    let ages = ages(session.wall_ms_at(at));
    // Inside a bucket the choice depends on how many go: those first, then the others.
    let mut places = get_pods_to_delete(&list, going, ages);
    for i in get_pods_to_delete(&list, list.len().saturating_sub(1), ages)
        .into_iter()
        .chain(0..list.len())
    {
        if !places.contains(&i) {
            places.push(i);
        }
    }
    let bucket = |t: Option<rollout_api::Timestamp>| t.map_or(-2, |t| ages.bucket(t)).to_string();
    let rules = places
        .iter()
        .map(|&i| {
            let c = &list[i];
            let phase = u8::from(c.pod.phase != PodPhase::Pending)
                + u8::from(!matches!(
                    c.pod.phase,
                    PodPhase::Pending | PodPhase::Unknown
                ));
            [
                (!c.pod.node.is_empty()).to_string(),
                phase.to_string(),
                c.pod.ready.to_string(),
                c.pod.deletion_cost.to_string(),
                c.rank.to_string(),
                if c.pod.ready {
                    bucket(c.pod.ready_since)
                } else {
                    String::new()
                },
                c.pod.max_restarts.to_string(),
                bucket(c.created),
                c.uid.to_owned(),
            ]
        })
        .collect();
    Some(Order {
        set: r.sets[set].name(),
        version: r.sets[set].version,
        going,
        at,
        pods: places.iter().map(|&i| pods[i]).collect(),
        ranks: places.iter().map(|&i| ranks[i]).collect(),
        rules,
    })
}

fn ages(now_ms: i64) -> Ages {
    Ages {
        now_ms,
        logarithmic: true,
    }
}

/// The active pods of a set in the order in which they came to the controller, each with the number of active pods of
/// this rollout on its node.
fn ranked<'r>(
    session: &Session,
    r: &'r Rollout,
    position: usize,
    set: usize,
) -> (Vec<&'r Pod>, Vec<i32>) {
    let arrivals = arrivals(session, r, position, set);
    let mut pods: Vec<&Pod> = active(r)
        .filter(|(p, _)| p.set == set)
        .map(|(p, _)| p)
        .collect();
    pods.order_by_key(|p| {
        let arrival = arrivals.get(&p.object.meta.uid).copied();
        (arrival.unwrap_or(usize::MAX), p.object.meta.creation)
    });
    let mut on_node: SortedMap<&Str, i32> = SortedMap::new();
    for (_, pod) in active(r) {
        *on_node.entry(&pod.node).or_insert(0) += 1;
    }
    let ranks = pods
        .iter()
        .map(|p| {
            let node = p.object.pod().map(|v| &v.node);
            node.and_then(|n| on_node.get(n)).copied().unwrap_or(0)
        })
        .collect();
    (pods, ranks)
}

fn candidates<'r>(pods: &[&'r Pod], ranks: &[i32]) -> Vec<Candidate<'r>> {
    pods.iter()
        .zip(ranks)
        .filter_map(|(p, rank)| {
            Some(Candidate {
                pod: p.object.pod()?,
                uid: &p.object.meta.uid,
                created: p.object.meta.creation,
                rank: *rank,
            })
        })
        .collect()
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
fn arrivals(session: &Session, r: &Rollout, position: usize, set: usize) -> SortedMap<Str, usize> {
    let (kept_at, engine) = session.kept_before();
    let controller = &engine.components().replica_set;
    let known = controller.active_pods(&r.sets[set].object.meta.uid);
    let made = session.steps()[kept_at.min(position)..position]
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
