//! The disruption controller: how many pods of a budget may be evicted.

use crate::controllers::selector::{is_empty_selector, label_selector_matches};
use crate::controllers::work_queue::WorkQueue;
use crate::controllers::{resolve_controller_ref, wall_ms};
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::world::World;
use rollout_api::intstr::IntOrString;
use rollout_api::status_error::ApiError;
use rollout_api::views::{DisruptionBudgetView, Object};
use rollout_api::{Kind, Map, ObjectKey, Str, Timestamp, Value, object};
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;

/// How long an evicted pod counts as disrupted while it is still there.
pub const DELETION_TIMEOUT_SECONDS: i64 = 120;

/// Healthy pods that must stay, and pods expected in all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// Pods expected.
    pub expected: i32,
    /// Pods that must be healthy.
    pub desired_healthy: i32,
}

/// How many pods a budget expects, from the number of matching pods and the sizes of their controllers.
///
/// Mirrors `getExpectedPodCount`, pkg/controller/disruption/disruption.go.
pub fn get_expected_pod_count(
    min_available: Option<&IntOrString>,
    max_unavailable: Option<&IntOrString>,
    pods: i32,
    scales: i32,
) -> Option<Expectation> {
    if let Some(max) = max_unavailable {
        let desired_healthy = (scales - max.scaled(scales, true)?).max(0);
        return Some(Expectation {
            expected: scales,
            desired_healthy,
        });
    }
    match min_available? {
        IntOrString::Int(n) => Some(Expectation {
            expected: pods,
            desired_healthy: *n,
        }),
        percent => {
            let desired_healthy = percent.scaled(scales, true)?;
            Some(Expectation {
                expected: scales,
                desired_healthy,
            })
        }
    }
}

/// How many may be evicted now.
///
/// Mirrors `updatePdbStatus`, pkg/controller/disruption/disruption.go.
pub fn disruptions_allowed(current_healthy: i32, expectation: Expectation) -> i32 {
    if expectation.expected <= 0 {
        return 0;
    }
    (current_healthy - expectation.desired_healthy).max(0)
}

/// One pod of a budget.
#[derive(Clone, PartialEq, Eq)]
struct Member {
    ready: bool,
    terminating: bool,
    owner: Option<Str>,
}

/// What is known of one budget's pods.
#[derive(Clone, Default)]
struct Budget {
    members: SortedMap<Str, Member>,
    healthy: i32,
    /// ReplicaSets (by UID) with the number of their matching pods, and the name to find them by.
    owners: SortedMap<Str, (i32, Str)>,
}

/// The controller's state.
#[derive(Clone)]
pub struct DisruptionController {
    queue: WorkQueue,
    budgets: SortedMap<ObjectKey, Rc<Budget>>,
}

impl Default for DisruptionController {
    fn default() -> Self {
        DisruptionController {
            queue: WorkQueue::new(SimEvent::Disruption),
            budgets: SortedMap::new(),
        }
    }
}

/// Does a budget cover these labels? An empty selector covers everything in policy/v1.
fn covers(budget: &DisruptionBudgetView, labels: &Value) -> bool {
    !budget.selector.is_null()
        && (is_empty_selector(&budget.selector) || label_selector_matches(&budget.selector, labels))
}

impl Budget {
    fn drop_member(&mut self, name: &Str) {
        let Some(member) = self.members.remove(name) else {
            return;
        };
        self.healthy -= i32::from(member.ready && !member.terminating);
        if let Some(owner) = member.owner
            && let Some(entry) = self.owners.get_mut(&owner)
        {
            entry.0 -= 1;
            if entry.0 == 0 {
                self.owners.remove(&owner);
            }
        }
    }
    fn add_member(&mut self, pod: &Object) {
        let Some(view) = pod.pod() else { return };
        let owner = pod.meta.controller.as_ref();
        let terminating = pod.meta.is_terminating();
        self.healthy += i32::from(view.ready && !terminating);
        if let Some(owner) = owner {
            self.owners
                .entry(owner.uid.clone())
                .or_insert((0, owner.name.clone()))
                .0 += 1;
        }
        let owner = owner.map(|o| o.uid.clone());
        self.members.insert(
            pod.meta.name.clone(),
            Member {
                ready: view.ready,
                terminating,
                owner,
            },
        );
    }
}

impl DisruptionController {
    /// Its watch: budgets and pods. The sizes of controllers are looked up, not watched.
    pub fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::POD_DISRUPTION_BUDGET => self.observe_budget(world, change),
            Kind::POD if !self.budgets.is_empty() => self.observe_pod(world, change),
            _ => {}
        }
    }

    fn observe_budget(&mut self, world: &mut World, change: &Change) {
        let Some(after) = &change.after else {
            self.budgets.remove(&change.key);
            return;
        };
        let selector = |o: &Rc<Object>| o.disruption_budget().map(|b| b.selector.clone());
        if change.before.as_ref().and_then(selector) != selector(after) || change.before.is_none() {
            let mut budget = Budget::default();
            if let Some(view) = after.disruption_budget() {
                for pod in world.store.list_in(Kind::POD, &change.key.namespace) {
                    if covers(view, &pod.meta.labels) {
                        budget.add_member(pod);
                    }
                }
            }
            self.budgets.insert(change.key.clone(), Rc::new(budget));
        }
        self.queue.add(world, change.key.clone());
    }

    fn observe_pod(&mut self, world: &mut World, change: &Change) {
        let mut dirty = Vec::new();
        for (key, budget) in self.budgets.iter_mut() {
            if key.namespace != change.key.namespace {
                continue;
            }
            let Some(view) = world.store.get(key).and_then(|o| o.disruption_budget()) else {
                continue;
            };
            let after = change
                .after
                .as_ref()
                .filter(|o| covers(view, &o.meta.labels));
            let before = budget.members.get(&change.key.name).cloned();
            if before.is_none() && after.is_none() {
                continue;
            }
            let budget = Rc::make_mut(budget);
            budget.drop_member(&change.key.name);
            if let Some(pod) = after {
                budget.add_member(pod);
            }
            if before.as_ref() != budget.members.get(&change.key.name) {
                dirty.push(key.clone());
            }
        }
        for key in dirty {
            self.queue.add(world, key);
        }
    }

    /// Its turn.
    pub fn fire(&mut self, world: &mut World, key: &ObjectKey) {
        if !self.queue.take(world.now, key) {
            return;
        }
        match self.sync(world, key) {
            Ok(()) => self.queue.forget(key),
            Err(_) => {
                self.queue.add_rate_limited(world, key.clone());
            }
        }
    }

    /// Mirrors `trySync`, pkg/controller/disruption/disruption.go.
    fn sync(&mut self, world: &mut World, key: &ObjectKey) -> Result<(), ApiError> {
        let Some(object) = world.store.get(key).cloned() else {
            return Ok(());
        };
        let Some(view) = object.disruption_budget() else {
            return Ok(());
        };
        let budget = self.budgets.get(key).cloned().unwrap_or_default();
        if budget.members.is_empty() {
            world.event(
                "controllermanager",
                &object,
                "Normal",
                "NoPods",
                "No matching pods found",
            );
        }
        let pods = i32::try_from(budget.members.len()).unwrap_or(i32::MAX);
        let scales = scales(world, &key.namespace, &budget);
        let (min, max) = (view.min_available.as_ref(), view.max_unavailable.as_ref());
        let Some(expectation) = get_expected_pod_count(min, max, pods, scales) else {
            return Ok(());
        };
        let now_ms = wall_ms(world);
        let there = |name: &Str| budget.members.get(name).is_some_and(|m| !m.terminating);
        let (disrupted, recheck) = build_disrupted_pod_map(&view.disrupted_pods, there, now_ms);
        let healthy_disrupted = disrupted
            .keys()
            .filter(|n| {
                budget
                    .members
                    .get(*n)
                    .is_some_and(|m| m.ready && !m.terminating)
            })
            .count();
        let current = budget.healthy - i32::try_from(healthy_disrupted).unwrap_or(0);
        let allowed = disruptions_allowed(current, expectation);
        if let Some(at) = recheck {
            let delay = Millis(u64::try_from(at - now_ms + 1).unwrap_or(1));
            self.queue.add_after(world, key.clone(), delay);
        }
        let status = status_value(&object, world, current, allowed, expectation, &disrupted);
        let mut value = object.value.clone();
        value.map_mut().insert("status", status);
        world.update_status(key, value).map(|_| ())
    }
}

/// Entries of status.disruptedPods that still count (the pod is there, not terminating, and the entry is young), and the
/// moment (ms of the wall clock) at which the first of them expires.
///
/// Mirrors `buildDisruptedPodMap`, pkg/controller/disruption/disruption.go.
pub fn build_disrupted_pod_map(
    disrupted_pods: &Value,
    there: impl Fn(&Str) -> bool,
    now_ms: i64,
) -> (SortedMap<Str, Timestamp>, Option<i64>) {
    let mut kept = SortedMap::new();
    let mut recheck: Option<i64> = None;
    for (name, since) in disrupted_pods.as_map().into_iter().flat_map(Map::iter) {
        let Some(since) = since.as_str().and_then(Timestamp::parse) else {
            continue;
        };
        let expires = (since.0 + DELETION_TIMEOUT_SECONDS) * 1000;
        if there(name) && expires >= now_ms {
            recheck = Some(recheck.map_or(expires, |r| r.min(expires)));
            kept.insert(name.clone(), since);
        }
    }
    (kept, recheck)
}

/// Sizes of the distinct controllers of a budget's pods: of the Deployment above a ReplicaSet, once.
fn scales(world: &World, namespace: &Str, budget: &Budget) -> i32 {
    let mut seen: SortedSet<Str> = SortedSet::new();
    let mut total = 0i32;
    for (uid, (_, name)) in &budget.owners {
        let key = ObjectKey::new(Kind::REPLICA_SET, namespace, name);
        let Some(rs) = world.store.get(&key).filter(|o| o.meta.uid == *uid) else {
            continue;
        };
        let owner = rs.meta.controller.as_ref();
        let (uid, size) = match resolve_controller_ref(world, namespace, owner, Kind::DEPLOYMENT) {
            Some(d) => (d.meta.uid.clone(), d.deployment().map_or(0, |v| v.replicas)),
            None => (uid.clone(), rs.replica_set().map_or(0, |v| v.replicas)),
        };
        if seen.insert(uid) {
            total = total.saturating_add(size);
        }
    }
    total
}

fn status_value(
    budget: &Object,
    world: &World,
    current: i32,
    allowed: i32,
    expectation: Expectation,
    disrupted: &SortedMap<Str, Timestamp>,
) -> Value {
    let (status, reason) = if allowed > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let generation = budget.meta.generation;
    let old = budget.value.list_at("status.conditions");
    let old = old.iter().find(|c| c.str_at("type") == "DisruptionAllowed");
    let since = old
        .filter(|c| c.str_at("status") == status)
        .and_then(|c| c.shared_str_at("lastTransitionTime"))
        .unwrap_or_else(|| world.wall().rfc3339().into());
    let condition = object! {
        "lastTransitionTime" => since,
        "message" => "",
        "observedGeneration" => generation,
        "reason" => reason,
        "status" => status,
        "type" => "DisruptionAllowed",
    };
    let mut map = Map::new();
    map.insert("conditions", Value::list(vec![condition]));
    map.insert("currentHealthy", current);
    map.insert("desiredHealthy", expectation.desired_healthy);
    map.insert("disruptionsAllowed", allowed);
    map.insert("expectedPods", expectation.expected);
    map.insert("observedGeneration", generation);
    if !disrupted.is_empty() {
        let pods: Map = disrupted
            .iter()
            .map(|(n, t)| (n.clone(), t.rfc3339()))
            .collect();
        map.insert("disruptedPods", pods);
    }
    map.into()
}
