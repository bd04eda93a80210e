//! Active pods of one ReplicaSet, grouped by what the order of deletion looks at: choosing some costs the groups, not
//! the pods.

use super::utils::{Ages, FirstRules, phase_order, ready_bucket_of};
use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::views::{Object, PodView};
use rollout_api::{Str, Timestamp};
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Runs of pods up to this length are looked at one by one.
const SHORT_RUN: usize = 32;

/// Pods of one class differ in their uid and in their place only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct ClassKey {
    node: Str,
    phase: u8,
    ready: bool,
    cost: i32,
    ready_since: Option<Timestamp>,
    restarts: i32,
    created: Option<Timestamp>,
}

impl ClassKey {
    fn of(pod: &PodView, created: Option<Timestamp>) -> ClassKey {
        ClassKey {
            node: pod.node.clone(),
            phase: phase_order(pod.phase),
            ready: pod.ready,
            cost: pod.deletion_cost,
            ready_since: pod.ready_since,
            restarts: pod.max_restarts,
            created,
        }
    }
    fn rules(&self, rank: i32, ages: Ages) -> (FirstRules, i32) {
        let first = (
            !self.node.is_empty(),
            self.phase,
            self.ready,
            self.cost,
            Reverse(rank),
        );
        (first, ready_bucket_of(self.ready, self.ready_since, ages))
    }
    fn age(&self, ages: Ages) -> i32 {
        self.created.map_or(-2, |t| ages.bucket(t))
    }
}

/// Active pods on a node; `ranks` is in order of the nodes' names.
pub(super) fn rank_of(ranks: &[(Str, i32)], node: &Str) -> i32 {
    let found = ranks.binary_search_by(|(n, _)| n.cmp(node));
    found.map_or(0, |i| ranks[i].1)
}

/// A class with all that comes before the uid.
type Ranked<'a> = ((FirstRules, i32), &'a ClassKey, &'a Class);

/// A uid; its first bytes decide most comparisons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Uid(u64, Str);

impl Uid {
    fn of(uid: &Str) -> Uid {
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(uid.bytes()) {
            *to = from;
        }
        Uid(u64::from_be_bytes(first), uid.clone())
    }
}

#[derive(Clone, Default, Debug)]
struct Class {
    by_uid: VecDeque<(Uid, u64)>,
    by_place: SortedMap<u64, Uid>,
}

impl Class {
    /// How many have a smaller uid. Looks from the front: that is where the ones stand that go first.
    fn below(&self, uid: &Uid) -> usize {
        let mut bound = 1;
        while bound <= self.by_uid.len() && self.by_uid[bound - 1].0 < *uid {
            bound *= 2;
        }
        let (mut low, mut high) = (bound / 2, bound.min(self.by_uid.len()));
        while low < high {
            let middle = (low + high) / 2;
            if self.by_uid[middle].0 < *uid {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
    /// How many have a greater uid, minus how many a smaller one.
    fn balance(&self, uid: &Uid) -> i64 {
        let below = self.below(uid);
        let equal = self.by_uid.range(below..).take_while(|m| m.0 == *uid);
        number(self.by_uid.len() - below - equal.count()) - number(below)
    }
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The classes.
#[derive(Clone, Default, Debug)]
pub(super) struct Ranking {
    classes: SortedMap<ClassKey, Class>,
}

impl Ranking {
    /// One pod more, at its place in order of arrival.
    pub fn insert(&mut self, object: &Object, pod: &PodView, place: u64) {
        let uid = Uid::of(&object.meta.uid);
        let class = self
            .classes
            .entry(ClassKey::of(pod, object.meta.creation))
            .or_default();
        let at = class.by_uid.partition_point(|m| m.0 < uid);
        class.by_uid.insert(at, (uid.clone(), place));
        class.by_place.insert(place, uid);
    }

    /// One pod less.
    pub fn remove(&mut self, object: &Object, pod: &PodView, place: u64) {
        let key = ClassKey::of(pod, object.meta.creation);
        let Some(class) = self.classes.get_mut(&key) else {
            return;
        };
        if let Some(uid) = class.by_place.remove(&place) {
            let from = class.by_uid.partition_point(|m| m.0 < uid);
            let mut same = class.by_uid.range(from..);
            if let Some(more) = same.position(|m| m.1 == place) {
                class.by_uid.remove(from + more);
            }
        }
        if class.by_place.is_empty() {
            self.classes.remove(&key);
        }
    }

    /// Are two states of a pod in the same class?
    pub fn alike(a: &PodView, b: &PodView) -> bool {
        ClassKey::of(a, None) == ClassKey::of(b, None)
    }

    /// Places of the pods to delete, first to go first: what [`super::utils::get_pods_to_delete`] answers for the same
    /// pods in order of their places.
    pub fn choose(&self, diff: usize, ranks: &[(Str, i32)], ages: Ages) -> Vec<u64> {
        let mut all: Vec<Ranked<'_>> = Vec::with_capacity(self.classes.len());
        let mut total = 0;
        let mut node: Option<(&Str, i32)> = None;
        for (key, class) in &self.classes {
            total += class.by_uid.len();
            // Classes of one node stand together.
            let rank = match node {
                Some((name, rank)) if *name == key.node => rank,
                _ => rank_of(ranks, &key.node),
            };
            node = Some((&key.node, rank));
            all.push((key.rules(rank, ages), key, class));
        }
        if diff >= total {
            let places = self.classes.values().flat_map(|c| c.by_place.keys());
            return sorted(places.copied().collect());
        }
        let mut chosen = Vec::with_capacity(diff);
        let mut rest = &mut all[..];
        while chosen.len() < diff {
            let (level, later) = first_level(rest);
            rest = later;
            let size: usize = level.iter().map(|(_, _, c)| c.by_uid.len()).sum();
            let needed = diff - chosen.len();
            if size == 0 {
                break;
            }
            if size < needed {
                let places = level.iter().flat_map(|(_, _, c)| c.by_place.keys());
                chosen.extend(sorted(places.copied().collect()));
            } else {
                chosen.extend(of_one_level(level, needed, ages));
                break;
            }
        }
        chosen
    }
}

/// Brings the classes that go first to the front. Mostly no more than these are needed: nothing else is put in order.
fn first_level<'a, 'b>(
    classes: &'b mut [Ranked<'a>],
) -> (&'b mut [Ranked<'a>], &'b mut [Ranked<'a>]) {
    let first = classes.iter().map(|(rules, ..)| *rules).min();
    let mut size = 0;
    for i in 0..classes.len() {
        if Some(classes[i].0) == first {
            classes.swap(size, i);
            size += 1;
        }
    }
    classes.split_at_mut(size)
}

fn sorted(mut places: Vec<u64>) -> Vec<u64> {
    places.order();
    places
}

/// The first few of one level: those that come before most others, of equal ones the earlier.
fn of_one_level(level: &[Ranked<'_>], needed: usize, ages: Ages) -> Vec<u64> {
    let mut best: Vec<(Reverse<i64>, u64)> = Vec::new();
    for (_, key, class) in level {
        // What counts the same for all of the class, and the classes among which the uid counts.
        let mut fixed = 0;
        let mut rivals = Vec::new();
        for (_, other, members) in level {
            let n = number(members.by_uid.len());
            if other.ready_since != key.ready_since {
                rivals.push(*members);
            } else if other.restarts != key.restarts {
                fixed += if other.restarts < key.restarts { n } else { -n };
            } else if other.age(ages) != key.age(ages) {
                let later = other.age(ages) > key.age(ages);
                fixed += if later { n } else { -n };
            } else if other.created != key.created {
                rivals.push(*members);
            }
        }
        let score = |at: usize| -> i64 {
            let uid = &class.by_uid[at].0;
            fixed + rivals.iter().map(|r| r.balance(uid)).sum::<i64>()
        };
        take_best(class, needed, score, rivals.is_empty(), &mut best);
    }
    best.order();
    best.truncate(needed);
    best.into_iter().map(|(_, place)| place).collect()
}

/// The first few of one class. Scores only fall along the uids.
fn take_best(
    class: &Class,
    needed: usize,
    score: impl Fn(usize) -> i64,
    all_equal: bool,
    best: &mut Vec<(Reverse<i64>, u64)>,
) {
    let size = class.by_uid.len();
    let (mut from, mut taken) = (0, 0);
    while taken < needed && from < size {
        let here = score(from);
        let end = if all_equal {
            size
        } else {
            end_of_run(from, size, |at| score(at) == here)
        };
        let (run, wanted) = (end - from, needed - taken);
        let places: Vec<u64> = if run > SHORT_RUN && run / wanted > size / run {
            // Most of the class: the first ones by place are soon found.
            let (first, last) = (&class.by_uid[from].0, &class.by_uid[end - 1].0);
            let members = class.by_place.iter();
            members
                .filter(|(_, uid)| *uid >= first && *uid <= last)
                .map(|(place, _)| *place)
                .take(wanted)
                .collect()
        } else {
            let mut places = sorted(class.by_uid.range(from..end).map(|m| m.1).collect());
            places.truncate(wanted);
            places
        };
        taken += places.len();
        best.extend(places.into_iter().map(|place| (Reverse(here), place)));
        from = end;
    }
}

/// The first position after `from` that is not alike.
fn end_of_run(from: usize, size: usize, alike: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (from + 1, 1);
    while low < size && alike((low + step - 1).min(size - 1)) {
        low = (low + step).min(size);
        step *= 2;
    }
    let mut high = (low + step - 1).min(size);
    while low < high {
        let middle = (low + high) / 2;
        if alike(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::utils::{Candidate, get_pods_to_delete};
    use super::*;
    use crate::rng::{SimRng, Stream};
    use rollout_api::object;

    fn pod(random: &mut SimRng) -> Object {
        let mut draw = |n: u64| random.below(Stream::Other, n);
        let time = |seconds: u64| Timestamp(1_749_556_800 + seconds as i64).rfc3339();
        let (since, created) = (time(40 + draw(3) * draw(8)), time(draw(2) * draw(30)));
        let ready = if draw(5) == 0 { "False" } else { "True" };
        let node = ["", "a", "b", "c"][draw(4) as usize];
        let phase = if node.is_empty() || draw(6) == 0 {
            "Pending"
        } else {
            "Running"
        };
        let restarts = i64::from(draw(8) == 0);
        let cost = if draw(12) == 0 { "5" } else { "0" };
        let condition =
            object! { "type" => "Ready", "status" => ready, "lastTransitionTime" => since };
        Object::new(object! {
            "kind" => "Pod",
            "metadata" => object! {
                "annotations" => object! { "controller.kubernetes.io/pod-deletion-cost" => cost },
                "creationTimestamp" => created,
                "uid" => random.uid(),
            },
            "spec" => object! { "nodeName" => node },
            "status" => object! {
                "conditions" => vec![condition],
                "containerStatuses" => vec![object! { "restartCount" => restarts }],
                "phase" => phase,
            },
        })
    }

    /// Whatever the pods are, the choice is that of the function that looks at each of them.
    #[test]
    fn the_choice_is_the_same_as_by_looking_at_every_pod() {
        let mut random = SimRng::new(7);
        for round in 0..120 {
            let count = 1 + random.below(Stream::Other, if round % 10 == 0 { 400 } else { 60 });
            let pods: Vec<Object> = (0..count).map(|_| pod(&mut random)).collect();
            let mut ranking = Ranking::default();
            for (place, object) in pods.iter().enumerate() {
                ranking.insert(object, object.pod().unwrap(), place as u64);
            }
            let ranks = [("a", 4), ("b", 4), ("c", 3)].map(|(node, n)| (Str::Static(node), n));
            // Some go again.
            let left: Vec<usize> = (0..pods.len()).filter(|i| i % 5 != 3).collect();
            for place in (0..pods.len()).filter(|i| i % 5 == 3) {
                ranking.remove(&pods[place], pods[place].pod().unwrap(), place as u64);
            }
            let candidates: Vec<Candidate<'_>> = left
                .iter()
                .map(|&i| Candidate {
                    pod: pods[i].pod().unwrap(),
                    uid: &pods[i].meta.uid,
                    created: pods[i].meta.creation,
                    rank: rank_of(&ranks, &pods[i].pod().unwrap().node),
                })
                .collect();
            let ages = Ages {
                now_ms: 1_749_556_860_000,
                logarithmic: true,
            };
            for diff in [0, 1, 2, 3, 7, 20, count as usize / 2, count as usize] {
                let want = get_pods_to_delete(&candidates, diff, ages);
                let want: Vec<u64> = want.into_iter().map(|i| left[i] as u64).collect();
                assert_eq!(ranking.choose(diff, &ranks, ages), want, "{round} {diff}");
            }
        }
        assert_eq!(
            Ranking::default().choose(
                3,
                &[],
                Ages {
                    now_ms: 0,
                    logarithmic: true
                }
            ),
            [0; 0]
        );
    }
}
