//! Counting, ranking and conditions of a ReplicaSet: pure functions.

use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::views::{Condition, PodPhase, PodView, ReplicaSetStatus};
use rollout_api::{Str, Timestamp, Value};
use std::cmp::{Ordering, Reverse};

/// Condition type: pods cannot be made or removed.
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The clock as availability sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadyClock {
    /// Now, in ms of the wall clock.
    pub now_ms: i64,
    /// The exact moment counts already (from 1.34 on).
    pub inclusive: bool,
}

/// Is a pod available: ready for at least this long?
///
/// Mirrors `IsPodAvailable`, pkg/api/v1/pod/util.go.
pub fn is_pod_available(
    ready: bool,
    since: Option<Timestamp>,
    min_ready_seconds: i32,
    clock: ReadyClock,
) -> bool {
    if !ready {
        return false;
    }
    if min_ready_seconds == 0 {
        return true;
    }
    let Some(since) = since else { return false };
    let at = (since.0 + i64::from(min_ready_seconds)) * 1000;
    at < clock.now_ms || (clock.inclusive && at == clock.now_ms)
}

/// Counts of a ReplicaSet's pods, kept up as pods change.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct PodCounts {
    /// Active pods: not ended, not being deleted.
    pub active: i32,
    /// Active pods with all labels of the template.
    pub fully_labeled: i32,
    /// Ready active pods, by the second in which they became so.
    pub ready: SortedMap<Option<Timestamp>, i32>,
    /// Pods that are being deleted and have not ended.
    pub terminating: i32,
}

impl PodCounts {
    /// One active pod more.
    pub fn add_active(&mut self, pod: &PodView, fully_labeled: bool) {
        self.active += 1;
        self.fully_labeled += i32::from(fully_labeled);
        if pod.ready {
            *self.ready.entry(pod.ready_since).or_insert(0) += 1;
        }
    }
    /// One active pod less.
    pub fn remove_active(&mut self, pod: &PodView, fully_labeled: bool) {
        self.active -= 1;
        self.fully_labeled -= i32::from(fully_labeled);
        if pod.ready {
            take_one(&mut self.ready, &pod.ready_since);
        }
    }
    /// Ready active pods.
    pub fn ready_total(&self) -> i32 {
        self.ready.values().sum()
    }
    /// Active pods that are ready for long enough.
    pub fn available(&self, min_ready_seconds: i32, clock: ReadyClock) -> i32 {
        let available =
            |since: &Option<Timestamp>| is_pod_available(true, *since, min_ready_seconds, clock);
        self.ready
            .iter()
            .filter(|(t, _)| available(t))
            .map(|(_, n)| n)
            .sum()
    }
    /// When the next ready pod becomes available, in ms of the wall clock.
    pub fn next_available(&self, min_ready_seconds: i32, clock: ReadyClock) -> Option<i64> {
        let since = self.ready.keys().flatten();
        since
            .filter(|t| !is_pod_available(true, Some(**t), min_ready_seconds, clock))
            .map(|t| (t.0 + i64::from(min_ready_seconds)) * 1000)
            .min()
    }
}

/// Has a pod all labels of its ReplicaSet's template?
pub fn has_template_labels(template: &Value, labels: &Value) -> bool {
    let wanted = template.at("metadata.labels").and_then(Value::as_map);
    wanted.is_none_or(|m| m.iter().all(|(k, v)| labels.get(k) == Some(v)))
}

/// One less of a key.
pub(super) fn take_one<K: Ord + Clone>(counts: &mut SortedMap<K, i32>, key: &K) {
    if let Some(n) = counts.get_mut(key) {
        *n -= 1;
        if *n <= 0 {
            counts.remove(key);
        }
    }
}

/// Is a pod active: not ended and not being deleted?
///
/// Mirrors `IsPodActive`, pkg/controller/controller_utils.go.
pub fn is_pod_active(phase: PodPhase, being_deleted: bool) -> bool {
    !is_pod_terminal(phase) && !being_deleted
}

/// Has a pod ended for good?
///
/// Mirrors `IsPodTerminal`, pkg/api/v1/pod/util.go.
pub fn is_pod_terminal(phase: PodPhase) -> bool {
    matches!(phase, PodPhase::Succeeded | PodPhase::Failed)
}

/// The ReplicaFailure condition after a step: set on the first error, left as it is while errors go on, removed after.
///
/// Mirrors `calculateStatus` (its second half), pkg/controller/replicaset/replica_set_utils.go.
pub fn failure_condition(
    conditions: &[Condition],
    active: i32,
    wanted: i32,
    error: Option<(&str, Timestamp)>,
) -> Vec<Condition> {
    let mut conditions = conditions.to_vec();
    let exists = conditions
        .iter()
        .any(|c| c.kind.as_str() == REPLICA_FAILURE);
    match error {
        Some((message, now)) if !exists => conditions.push(Condition {
            kind: REPLICA_FAILURE.into(),
            status: "True".into(),
            reason: if active < wanted {
                "FailedCreate"
            } else {
                "FailedDelete"
            }
            .into(),
            message: Str::copy(message),
            last_update: None,
            last_transition: Some(now),
        }),
        None if exists => conditions.retain(|c| c.kind.as_str() != REPLICA_FAILURE),
        _ => {}
    }
    conditions
}

/// The status of a ReplicaSet from the counts of its pods.
///
/// Mirrors `calculateStatus`, pkg/controller/replicaset/replica_set_utils.go.
/// Differs: takes counts instead of pods; the condition is made by [`failure_condition`].
pub fn calculate_status(
    counts: &PodCounts,
    available: i32,
    generation: i64,
    count_terminating: bool,
    conditions: Vec<Condition>,
) -> ReplicaSetStatus {
    ReplicaSetStatus {
        observed_generation: generation,
        replicas: counts.active,
        fully_labeled_replicas: counts.fully_labeled,
        ready_replicas: counts.ready_total(),
        available_replicas: available,
        terminating_replicas: count_terminating.then_some(counts.terminating),
        conditions,
    }
}

/// Calls in batches of 1, 2, 4 …; after a batch with an error no further one is tried. Answers how many worked, and the
/// first error.
///
/// Mirrors `slowStartBatch`, pkg/controller/replicaset/replica_set.go.
pub fn slow_start_batch<E>(
    count: usize,
    initial: usize,
    mut call: impl FnMut() -> Result<(), E>,
) -> (usize, Option<E>) {
    let (mut remaining, mut successes) = (count, 0);
    let mut batch = remaining.min(initial);
    while batch > 0 {
        let mut error = None;
        for _ in 0..batch {
            match call() {
                Ok(()) => successes += 1,
                Err(e) => error = error.or(Some(e)),
            }
        }
        if error.is_some() {
            return (successes, error);
        }
        remaining -= batch;
        batch = remaining.min(2 * batch);
    }
    (successes, None)
}

/// What the order of deletion looks at, for one pod. Lists of candidates are in order of creation.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The pod.
    pub pod: &'a PodView,
    /// Its UID: decides where nothing else does.
    pub uid: &'a str,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Active pods of its owner's ReplicaSets on its node.
    pub rank: i32,
}

/// How times are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ages {
    /// Now, in ms of the wall clock.
    pub now_ms: i64,
    /// Ages count in powers of two; otherwise as they are.
    pub logarithmic: bool,
}

impl Ages {
    /// floor(log2(age in nanoseconds)), −1 for an age that is not above zero.
    pub fn bucket(self, t: Timestamp) -> i32 {
        let age = i128::from(self.now_ms - t.0 * 1000) * 1_000_000;
        let age = u128::try_from(age).ok().filter(|a| *a > 0);
        age.map_or(-1, |a| i32::try_from(a.ilog2()).unwrap_or(i32::MAX))
    }

    /// Which of two unequal times goes first: the later one; a missing one before all.
    fn compare(self, a: Option<Timestamp>, b: Option<Timestamp>, uids: (&str, &str)) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.logarithmic => self
                .bucket(a)
                .cmp(&self.bucket(b))
                .then_with(|| uids.0.cmp(uids.1)),
            (Some(a), Some(b)) => b.cmp(&a),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
}

pub(super) fn phase_order(phase: PodPhase) -> u8 {
    match phase {
        PodPhase::Pending => 0,
        PodPhase::Unknown => 1,
        PodPhase::Running | PodPhase::Succeeded | PodPhase::Failed => 2,
    }
}

pub(super) type FirstRules = (bool, u8, bool, i32, Reverse<i32>);

/// The rules before any time: node, phase, readiness, cost, rank.
fn first_rules(c: &Candidate<'_>) -> FirstRules {
    let pod = c.pod;
    (
        !pod.node.is_empty(),
        phase_order(pod.phase),
        pod.ready,
        pod.deletion_cost,
        Reverse(c.rank),
    )
}

/// Must `a` go before `b` in every real cluster? By the rules up to the rank and the bucket of the ready time: what
/// comes after is open, see [`compare_for_deletion`].
pub fn must_go_before(a: &Candidate<'_>, b: &Candidate<'_>, ages: Ages) -> bool {
    (first_rules(a), ready_bucket(a, ages)) < (first_rules(b), ready_bucket(b, ages))
}

/// Which of two pods is deleted first: `Less` means the first one.
///
/// Mirrors `ActivePodsWithRanks.Less`, pkg/controller/controller_utils.go.
/// This relation is not transitive (equal seconds are skipped, unequal ones of one bucket are decided by uid), so
/// nothing can be sorted by it: see [`get_pods_to_delete`].
pub fn compare_for_deletion(a: &Candidate<'_>, b: &Candidate<'_>, ages: Ages) -> Ordering {
    let uids = (a.uid, b.uid);
    let first = first_rules(a).cmp(&first_rules(b));
    if first.is_ne() {
        return first;
    }
    // Different times decide, even where the result is a tie.
    if a.pod.ready && b.pod.ready && a.pod.ready_since != b.pod.ready_since {
        return ages.compare(a.pod.ready_since, b.pod.ready_since, uids);
    }
    let restarts = b.pod.max_restarts.cmp(&a.pod.max_restarts);
    if restarts.is_ne() || a.created == b.created {
        return restarts;
    }
    ages.compare(a.created, b.created, uids)
}

/// Which pods to delete: indices, first to go first. With all of them nothing is ordered.
///
/// Mirrors `getPodsToDelete`, pkg/controller/replicaset/replica_set.go.
/// Differs: the rules up to the bucket of the ready time order everything; inside the one bucket that is cut, where the
/// real order depends on chance, the pod that [`compare_for_deletion`] puts before most others goes first, and of equal
/// ones the earlier made (a rule that agrees with more recorded choices than the bare uid).
pub fn get_pods_to_delete(candidates: &[Candidate<'_>], diff: usize, ages: Ages) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    if diff >= order.len() {
        return order;
    }
    if diff == 0 {
        return Vec::new();
    }
    let keys: Vec<(FirstRules, i32)> = candidates
        .iter()
        .map(|c| (first_rules(c), ready_bucket(c, ages)))
        .collect();
    order.order_by(|a, b| keys[*a].cmp(&keys[*b]));
    let cut = keys[order[diff - 1]];
    let mut tied: Vec<usize> = (0..candidates.len()).filter(|&i| keys[i] == cut).collect();
    let mut scores = vec![0; candidates.len()];
    if tied.len() <= MOST_COMPARED {
        for (i, score) in wins(candidates, &tied, ages) {
            scores[i] = score;
        }
    } else {
        // So many alike: more restarts first, then the earlier made, without comparing each with each.
        for &i in &tied {
            scores[i] = i64::from(candidates[i].pod.max_restarts);
        }
    }
    order = (0..candidates.len()).filter(|&i| keys[i] < cut).collect();
    order.order_by(|a, b| keys[*a].cmp(&keys[*b]));
    let rest = diff - order.len();
    let score = |i: &usize| (Reverse(scores[*i]), *i);
    tied.order_by_key(score);
    tied.truncate(rest);
    order.extend(tied);
    order
}

/// Up to so many pods of one bucket are compared pair by pair.
const MOST_COMPARED: usize = 64;

/// Age of readiness as the order counts it; pods that are not ready are alike.
fn ready_bucket(c: &Candidate<'_>, ages: Ages) -> i32 {
    ready_bucket_of(c.pod.ready, c.pod.ready_since, ages)
}

pub(super) fn ready_bucket_of(ready: bool, since: Option<Timestamp>, ages: Ages) -> i32 {
    if ready {
        since.map_or(-2, |t| ages.bucket(t))
    } else {
        0
    }
}

/// For pods that differ only inside one bucket: before how many each comes, minus behind how many. The same as asking
/// [`compare_for_deletion`] about every pair, without asking about every pair.
fn wins(candidates: &[Candidate<'_>], tied: &[usize], ages: Ages) -> SortedMap<usize, i64> {
    let mut scores = SortedMap::new();
    let uid = |i: &usize| candidates[*i].uid;
    // Different seconds of readiness: the lower uid first.
    balance(&mut scores, tied, uid, 1);
    for same_second in groups(tied, |i| candidates[*i].pod.ready_since) {
        balance(&mut scores, &same_second, uid, -1);
        // The same second: more restarts, then the later bucket of creation, then the uid again.
        balance(
            &mut scores,
            &same_second,
            |i| Reverse(candidates[*i].pod.max_restarts),
            1,
        );
        for equal_restarts in groups(&same_second, |i| candidates[*i].pod.max_restarts) {
            let bucket = |i: &usize| candidates[*i].created.map_or(-2, |t| ages.bucket(t));
            balance(&mut scores, &equal_restarts, bucket, 1);
            for same_bucket in groups(&equal_restarts, bucket) {
                balance(&mut scores, &same_bucket, uid, 1);
                for same_creation in groups(&same_bucket, |i| candidates[*i].created) {
                    balance(&mut scores, &same_creation, uid, -1);
                }
            }
        }
    }
    scores
}

/// Adds to each member how many have a greater key, minus how many have a smaller one, times `sign`.
fn balance<K: Ord>(
    scores: &mut SortedMap<usize, i64>,
    members: &[usize],
    key: impl Fn(&usize) -> K,
    sign: i64,
) {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let mut before = 0;
    for group in groups(members, key) {
        let after = members.len() - before - group.len();
        for i in &group {
            *scores.entry(*i).or_insert(0) += sign * (count(after) - count(before));
        }
        before += group.len();
    }
}

/// Members with equal keys together, smallest key first.
fn groups<K: Ord>(members: &[usize], key: impl Fn(&usize) -> K) -> Vec<Vec<usize>> {
    let mut sorted = members.to_vec();
    sorted.order_by_key(|i| key(i));
    sorted
        .chunk_by(|a, b| key(a) == key(b))
        .map(<[usize]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(since: i64, restarts: i32) -> PodView {
        PodView {
            node: "n".into(),
            phase: PodPhase::Running,
            ready: true,
            ready_since: Some(Timestamp(since)),
            unschedulable: false,
            max_restarts: restarts,
            deletion_cost: 0,
            ip: "".into(),
        }
    }

    #[test]
    fn wins_are_those_of_every_pair() {
        let mut random = crate::rng::SimRng::new(3);
        let stream = crate::rng::Stream::Other;
        let mut draw = |n| i64::try_from(random.below(stream, n)).unwrap();
        let views: Vec<PodView> = (0..40)
            .map(|_| pod(40 + draw(6), i32::try_from(draw(3)).unwrap()))
            .collect();
        let uids: Vec<String> = (0..40).map(|_| draw(1000).to_string()).collect();
        let created: Vec<Timestamp> = (0..40).map(|_| Timestamp(draw(30))).collect();
        let candidates: Vec<Candidate<'_>> = (0..40)
            .map(|i| Candidate {
                pod: &views[i],
                uid: &uids[i],
                created: Some(created[i]),
                rank: 1,
            })
            .collect();
        let ages = Ages {
            now_ms: 60_000,
            logarithmic: true,
        };
        for group in groups(&(0..40).collect::<Vec<_>>(), |i| {
            ready_bucket(&candidates[*i], ages)
        }) {
            let scores = wins(&candidates, &group, ages);
            for i in &group {
                let pairs = group.iter().map(|j| {
                    match compare_for_deletion(&candidates[*i], &candidates[*j], ages) {
                        Ordering::Less => 1,
                        Ordering::Equal => 0,
                        Ordering::Greater => -1,
                    }
                });
                assert_eq!(scores[i], pairs.sum::<i64>());
            }
        }
    }
}
