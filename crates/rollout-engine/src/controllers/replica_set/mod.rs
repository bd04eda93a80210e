//! The ReplicaSet controller: keeps the number of pods.

pub mod decision;
mod ranking;
pub mod utils;

use crate::client::DeleteOptions;
use crate::controllers::objects::{ReplicaSet, replica_set_status_value};
use crate::controllers::selector::label_selector_matches;
use crate::controllers::work_queue::WorkQueue;
use crate::controllers::{
    new_controller_ref, resolve_controller_ref, wall_ms, with_owner, without_owner,
};
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::world::World;
use decision::{Chosen, ReplicaSetDecision};
use ranking::Ranking;
use rollout_api::Order;
use rollout_api::status_error::ApiError;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value, object};
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;
use utils::{Ages, PodCounts, ReadyClock};

/// Name of the controller in its events.
pub const COMPONENT: &str = "replicaset-controller";
/// Most pods that one sync makes or deletes.
pub const BURST_REPLICAS: usize = 500;

/// The first version that counts the exact moment of availability and looks again just then.
const EXACT_AVAILABILITY: Minor = Minor(34);
/// The first version that counts terminating pods in the status.
pub(crate) const COUNTS_TERMINATING: Minor = Minor(35);

/// What is known of the pods of one ReplicaSet, kept up with every change of a pod.
#[derive(Clone, Default)]
struct Pods {
    counts: PodCounts,
    /// Active pods in order of arrival, and whether they have all labels of the template.
    active: SortedMap<u64, (Rc<Object>, bool)>,
    /// Places of names in `active`.
    places: SortedMap<Str, u64>,
    arrivals: u64,
    ranking: Ranking,
    /// Active pods by node: the ranks.
    nodes: SortedMap<Str, i32>,
    terminating: SortedSet<Str>,
    /// Owned pods that the selector no longer matches.
    strangers: SortedSet<Str>,
}

impl Pods {
    /// Takes a pod out. Answers its place among the active ones.
    fn forget(&mut self, name: &Str) -> Option<u64> {
        if self.terminating.remove(name) {
            self.counts.terminating -= 1;
        }
        self.strangers.remove(name);
        let place = self.places.remove(name)?;
        let (object, labeled) = self.active.remove(&place)?;
        let pod = object.pod()?;
        self.counts.remove_active(pod, labeled);
        self.ranking.remove(&object, pod, place);
        utils::take_one(&mut self.nodes, &pod.node);
        Some(place)
    }

    /// Puts the next state of an active pod into its place, if nothing has changed but its status and its node.
    fn replace(&mut self, old: &Object, new: &Rc<Object>) -> bool {
        let active = |o: &Object| {
            let phase = o.pod().map(|p| p.phase);
            phase.is_some_and(|phase| utils::is_pod_active(phase, o.meta.is_terminating()))
        };
        if !active(old) || !active(new) || old.meta.labels != new.meta.labels {
            return false;
        }
        let (Some(before), Some(after)) = (old.pod(), new.pod()) else {
            return false;
        };
        let Some(place) = self.places.get(&new.meta.name).copied() else {
            return false;
        };
        let Some((object, labeled)) = self.active.get_mut(&place) else {
            return false;
        };
        if before.ready != after.ready || before.ready_since != after.ready_since {
            self.counts.remove_active(before, *labeled);
            self.counts.add_active(after, *labeled);
        }
        if !Ranking::alike(before, after) {
            self.ranking.remove(object, before, place);
            self.ranking.insert(new, after, place);
        }
        if before.node != after.node {
            utils::take_one(&mut self.nodes, &before.node);
            *self.nodes.entry(after.node.clone()).or_insert(0) += 1;
        }
        *object = new.clone();
        true
    }

    /// Puts a pod in, at its former place if it had one.
    fn note(&mut self, object: &Rc<Object>, labeled: bool, stranger: bool, place: Option<u64>) {
        let Some(pod) = object.pod() else { return };
        let name = &object.meta.name;
        if utils::is_pod_terminal(pod.phase) {
            return;
        }
        if object.meta.is_terminating() {
            self.terminating.insert(name.clone());
            self.counts.terminating += 1;
            return;
        }
        if stranger {
            self.strangers.insert(name.clone());
        }
        let place = place.unwrap_or_else(|| {
            self.arrivals += 1;
            self.arrivals
        });
        self.places.insert(name.clone(), place);
        self.active.insert(place, (object.clone(), labeled));
        self.counts.add_active(pod, labeled);
        self.ranking.insert(object, pod, place);
        *self.nodes.entry(pod.node.clone()).or_insert(0) += 1;
    }

    fn is_empty(&self) -> bool {
        self.active.is_empty() && self.terminating.is_empty()
    }
}

/// The controller's state. Reads are immediate here, so there are no expectations to wait for.
#[derive(Clone)]
pub struct ReplicaSetController {
    queue: WorkQueue,
    pods: SortedMap<Str, Rc<Pods>>,
    /// Pods that nobody controls.
    orphans: Rc<SortedSet<ObjectKey>>,
    /// The last wait that was recorded for a key: repeated ones are not.
    waits: SortedMap<ObjectKey, ReplicaSetDecision>,
}

impl Default for ReplicaSetController {
    fn default() -> Self {
        ReplicaSetController {
            queue: WorkQueue::new(SimEvent::ReplicaSet),
            pods: SortedMap::new(),
            orphans: Rc::default(),
            waits: SortedMap::new(),
        }
    }
}

impl ReplicaSetController {
    /// Active pods of a ReplicaSet, by its uid, in order of arrival: of equal ones the earlier is deleted first.
    pub fn active_pods(&self, replica_set: &Str) -> impl Iterator<Item = &Rc<Object>> {
        let pods = self.pods.get(replica_set);
        pods.into_iter()
            .flat_map(|p| p.active.values().map(|(object, _)| object))
    }

    /// Its watch: ReplicaSets and pods.
    pub fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::REPLICA_SET => {
                if change.after.is_none() {
                    self.waits.remove(&change.key);
                }
                self.relabel(change);
                self.queue.add(world, change.key.clone());
            }
            Kind::POD => self.observe_pod(world, change),
            _ => {}
        }
    }

    /// A changed template changes which pods have all of its labels.
    fn relabel(&mut self, change: &Change) {
        let (Some(before), Some(after)) = (&change.before, &change.after) else {
            return;
        };
        let (Some(old), Some(new)) = (before.replica_set(), after.replica_set()) else {
            return;
        };
        if old.template.at("metadata.labels") == new.template.at("metadata.labels") {
            return;
        }
        let Some(pods) = self.pods.get_mut(&after.meta.uid) else {
            return;
        };
        let pods = Rc::make_mut(pods);
        pods.counts.fully_labeled = 0;
        for (object, labeled) in pods.active.values_mut() {
            *labeled = utils::has_template_labels(&new.template, &object.meta.labels);
            pods.counts.fully_labeled += i32::from(*labeled);
        }
    }

    fn observe_pod(&mut self, world: &mut World, change: &Change) {
        let reference = |o: &Option<Rc<Object>>| o.as_ref().and_then(|o| o.meta.controller.clone());
        let (old_ref, new_ref) = (reference(&change.before), reference(&change.after));
        self.count_pod(world, change);

        let namespace = &change.key.namespace;
        let owner = |r| resolve_controller_ref(world, namespace, r, Kind::REPLICA_SET);
        let (old_owner, new_owner) = (owner(old_ref.as_ref()), owner(new_ref.as_ref()));
        if old_ref != new_ref
            && let Some(rs) = &old_owner
        {
            self.queue.add(world, rs_key(rs));
        }
        let Some(after) = &change.after else { return };
        if let Some(rs) = &new_owner {
            self.queue.add(world, rs_key(rs));
            let ready = |o: &Rc<Object>| o.pod().is_some_and(|p| p.ready);
            let turned_ready = change.before.as_ref().is_some_and(|b| !ready(b)) && ready(after);
            let min_ready = rs.replica_set().map_or(0, |r| r.min_ready_seconds);
            if turned_ready && min_ready > 0 && world.version() < EXACT_AVAILABILITY {
                let delay = Millis::from_secs(i64::from(min_ready) + 1);
                self.queue.add_after(world, rs_key(rs), delay);
            }
        } else if new_ref.is_none() {
            let labels_of = |o: &Option<Rc<Object>>| o.as_ref().map(|o| o.meta.labels.clone());
            if labels_of(&change.before) != labels_of(&change.after) || old_ref.is_some() {
                for key in matching_replica_sets(world, after) {
                    self.queue.add(world, key);
                }
            }
        }
    }

    /// Keeps the counts of the owning ReplicaSet and the list of orphans.
    fn count_pod(&mut self, world: &World, change: &Change) {
        if let (Some(old), Some(new)) = (&change.before, &change.after)
            && old.meta.controller == new.meta.controller
            && let Some(owner) = &new.meta.controller
            && let Some(pods) = self.pods.get_mut(&owner.uid)
            && Rc::make_mut(pods).replace(old, new)
        {
            return;
        }
        let name = &change.key.name;
        let mut place = None;
        if let Some(old) = &change.before {
            match &old.meta.controller {
                Some(c) => {
                    if let Some(pods) = self.pods.get_mut(&c.uid) {
                        place = Rc::make_mut(pods).forget(name);
                    }
                }
                None => {
                    Rc::make_mut(&mut self.orphans).remove(&change.key);
                }
            }
        }
        let old_owner = change
            .before
            .as_ref()
            .and_then(|o| o.meta.controller.as_ref());
        let new_owner = change
            .after
            .as_ref()
            .and_then(|o| o.meta.controller.as_ref());
        if let Some(new) = &change.after {
            match new_owner {
                Some(c) => {
                    let namespace = &change.key.namespace;
                    let rs = resolve_controller_ref(world, namespace, Some(c), Kind::REPLICA_SET);
                    let view = rs.as_ref().and_then(|rs| rs.replica_set());
                    let labels = &new.meta.labels;
                    let labeled =
                        view.is_some_and(|v| utils::has_template_labels(&v.template, labels));
                    let stranger =
                        view.is_some_and(|v| !label_selector_matches(&v.selector, labels));
                    let place = place.filter(|_| old_owner == new_owner);
                    let pods = self.pods.entry(c.uid.clone()).or_default();
                    Rc::make_mut(pods).note(new, labeled, stranger, place);
                }
                None => {
                    Rc::make_mut(&mut self.orphans).insert(change.key.clone());
                }
            }
        }
        for owner in [old_owner, new_owner].into_iter().flatten() {
            if self.pods.get(&owner.uid).is_some_and(|p| p.is_empty()) {
                self.pods.remove(&owner.uid);
            }
        }
    }

    /// Its turn.
    pub fn fire(&mut self, world: &mut World, key: &ObjectKey) {
        if !self.queue.take(world.now, key) {
            return;
        }
        if self.surplus(world, key) < 0 && self.queue.ready().any(|k| self.surplus(world, k) > 0) {
            // Workers of a real cluster run side by side, and deleting is done sooner than creating: with the deletions of
            // an instant first, the ceiling holds.
            self.queue.add(world, key.clone());
            return;
        }
        match self.sync_replica_set(world, key) {
            Ok(()) => self.queue.forget(key),
            Err(_) => {
                self.queue.add_rate_limited(world, key.clone());
            }
        }
    }

    /// Active pods minus wanted ones.
    fn surplus(&self, world: &World, key: &ObjectKey) -> i32 {
        let Some(rs) = world.store.get(key) else {
            return 0;
        };
        let wanted = rs.replica_set().map_or(0, |r| r.replicas);
        self.pods.get(&rs.meta.uid).map_or(0, |p| p.counts.active) - wanted
    }

    /// One sync: claim pods, make or delete some, write the status.
    ///
    /// Mirrors `syncReplicaSet`, pkg/controller/replicaset/replica_set.go.
    fn sync_replica_set(&mut self, world: &mut World, key: &ObjectKey) -> Result<(), ApiError> {
        let Some(rs) = world.store.get(key).cloned().and_then(ReplicaSet::new) else {
            return Ok(());
        };
        let deleting = rs.meta().is_terminating();
        self.claim_pods(world, &rs, deleting)?;
        let pods = self.pods.get(&rs.meta().uid).cloned().unwrap_or_default();
        let failed = if deleting {
            None
        } else {
            self.manage_replicas(world, &rs, &pods).err()
        };

        let version = world.version();
        let clock = ReadyClock {
            now_ms: wall_ms(world),
            inclusive: version >= EXACT_AVAILABILITY,
        };
        let counts = &pods.counts;
        let available = counts.available(rs.min_ready_seconds, clock);
        let error = failed.as_ref().map(|e| (e.message.as_str(), world.wall()));
        let status = utils::calculate_status(
            counts,
            available,
            rs.meta().generation,
            version >= COUNTS_TERMINATING,
            utils::failure_condition(&rs.status.conditions, counts.active, rs.replicas, error),
        );
        if status != rs.status {
            let mut value = rs.value().clone();
            value.set("status", replica_set_status_value(&status));
            world.update_status(key, value)?;
        }
        if let Some(error) = failed {
            self.wait(
                world,
                key,
                ReplicaSetDecision::Failed {
                    wanted: rs.replicas,
                    active: counts.active,
                    error: error.message.clone(),
                    failures: self.queue.failures(key) + 1,
                },
            );
            return Err(error);
        }
        self.look_again(world, &rs, counts, available, clock);
        Ok(())
    }

    /// Comes back when ready pods become available.
    fn look_again(
        &mut self,
        world: &mut World,
        rs: &ReplicaSet,
        counts: &PodCounts,
        available: i32,
        clock: ReadyClock,
    ) {
        let min_ready = rs.min_ready_seconds;
        let ready = counts.ready_total();
        if min_ready == 0 || ready == available {
            self.waits.remove(&rs.key());
            return;
        }
        let next = counts.next_available(min_ready, clock);
        let delay = if clock.inclusive {
            next.map(|at| Millis(u64::try_from(at - clock.now_ms).unwrap_or(0)))
        } else if ready == rs.replicas {
            Some(Millis::from_secs(min_ready.into()))
        } else {
            None // The appointment made when the pod turned ready stands.
        };
        if let Some(delay) = delay {
            self.queue.add_after(world, rs.key(), delay);
        }
        let look_again_after_ms =
            next.map_or(0, |at| u64::try_from(at - clock.now_ms).unwrap_or(0));
        let decision = ReplicaSetDecision::WaitingForMinReady {
            min_ready_seconds: min_ready,
            ready,
            available,
            look_again_after_ms,
        };
        self.wait(world, &rs.key(), decision);
    }

    /// Records a wait, unless it is the one recorded last.
    fn wait(&mut self, world: &mut World, key: &ObjectKey, decision: ReplicaSetDecision) {
        let same = match (self.waits.get(key), &decision) {
            (
                Some(ReplicaSetDecision::WaitingForMinReady {
                    ready: r,
                    available: a,
                    ..
                }),
                ReplicaSetDecision::WaitingForMinReady {
                    ready, available, ..
                },
            ) => r == ready && a == available,
            (
                Some(ReplicaSetDecision::Failed {
                    wanted: w,
                    active: a,
                    ..
                }),
                ReplicaSetDecision::Failed { wanted, active, .. },
            ) => w == wanted && a == active,
            _ => false,
        };
        if !same {
            self.waits.insert(key.clone(), decision.clone());
            world.decide((key.clone(), decision));
        }
    }

    /// Takes over orphans that match, lets go of pods that no longer do.
    ///
    /// Mirrors `ClaimPods`, pkg/controller/controller_ref_manager.go.
    fn claim_pods(
        &mut self,
        world: &mut World,
        rs: &ReplicaSet,
        deleting: bool,
    ) -> Result<(), ApiError> {
        let key = rs.key();
        let strangers = self.pods.get(&rs.meta().uid).map(|p| p.strangers.clone());
        let mut released = Vec::new();
        for name in strangers.into_iter().flatten() {
            let pod_key = ObjectKey::new(Kind::POD, &rs.meta().namespace, &name);
            if let Some(pod) = world.store.get(&pod_key).cloned() {
                world.update(&pod_key, without_owner(&pod.value, &rs.meta().uid))?;
                released.push(name);
            }
        }
        if !released.is_empty() {
            world.decide((
                key.clone(),
                ReplicaSetDecision::ReleasedPods { pods: released },
            ));
        }
        if deleting || self.orphans.is_empty() {
            return Ok(());
        }
        let mut adopted = Vec::new();
        let first = ObjectKey::new(Kind::POD, &rs.meta().namespace, "");
        let orphans: Vec<ObjectKey> = self
            .orphans
            .range_from(&first)
            .take_while(|k| k.namespace == rs.meta().namespace)
            .cloned()
            .collect();
        for pod_key in orphans {
            let Some(pod) = world.store.get(&pod_key).cloned() else {
                continue;
            };
            let active = pod
                .pod()
                .is_some_and(|p| utils::is_pod_active(p.phase, pod.meta.is_terminating()));
            if active
                && pod.meta.controller.is_none()
                && label_selector_matches(&rs.selector, &pod.meta.labels)
            {
                let reference =
                    new_controller_ref(Kind::REPLICA_SET, &rs.meta().name, &rs.meta().uid);
                world.update(&pod_key, with_owner(&pod.value, reference))?;
                adopted.push(pod_key.name);
            }
        }
        if !adopted.is_empty() {
            world.decide((key, ReplicaSetDecision::AdoptedPods { pods: adopted }));
        }
        Ok(())
    }

    /// Makes missing pods, deletes surplus ones.
    ///
    /// Mirrors `manageReplicas`, pkg/controller/replicaset/replica_set.go.
    fn manage_replicas(
        &mut self,
        world: &mut World,
        rs: &ReplicaSet,
        pods: &Pods,
    ) -> Result<(), ApiError> {
        let active = pods.counts.active;
        let diff = i64::from(active) - i64::from(rs.replicas);
        let count = usize::try_from(diff.unsigned_abs())
            .unwrap_or(usize::MAX)
            .min(BURST_REPLICAS);
        match diff {
            0 => Ok(()),
            ..0 => create_pods(world, rs, active, count),
            1.. => self.delete_pods(world, rs, pods, count),
        }
    }

    fn delete_pods(
        &mut self,
        world: &mut World,
        rs: &ReplicaSet,
        pods: &Pods,
        count: usize,
    ) -> Result<(), ApiError> {
        let ranks = self.ranks(world, rs);
        let ages = Ages {
            now_ms: wall_ms(world),
            logarithmic: true,
        };
        // As `utils::get_pods_to_delete` chooses, without looking at every pod.
        let places = pods.ranking.choose(count, &ranks, ages);
        let chosen: Vec<&Rc<Object>> = places
            .iter()
            .filter_map(|place| pods.active.get(place).map(|(object, _)| object))
            .collect();
        let named = chosen.iter().filter_map(|object| {
            let pod = object.pod()?;
            Some(Chosen {
                pod: object.meta.name.clone(),
                node: pod.node.clone(),
                ready: pod.ready,
                rank: ranking::rank_of(&ranks, &pod.node),
            })
        });
        let decision = ReplicaSetDecision::DeletedPods {
            wanted: rs.replicas,
            active: pods.counts.active,
            pods: named.collect(),
        };
        world.decide((rs.key(), decision));
        let mut failed = None;
        for pod in chosen {
            let key = ObjectKey::new(Kind::POD, &pod.meta.namespace, &pod.meta.name);
            match world.delete(&key, &DeleteOptions::default()) {
                Ok(()) => {
                    let message = Str::concat(&["Deleted pod: ", &pod.meta.name]);
                    world.event(
                        COMPONENT,
                        rs.object(),
                        "Normal",
                        "SuccessfulDelete",
                        message,
                    );
                }
                Err(e) if e.is_not_found() => {}
                Err(e) => {
                    let message = format!("Error deleting: {}", e.message);
                    world.event(COMPONENT, rs.object(), "Warning", "FailedDelete", message);
                    let text = format!("unable to delete pods: {}", e.message);
                    failed = failed.or(Some(ApiError {
                        message: text.into(),
                        ..e
                    }));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Active pods by node, over all ReplicaSets with the same owner.
    ///
    /// Mirrors `getIndirectlyRelatedPods` and `getPodsRankedByRelatedPodsOnSameNode`,
    /// pkg/controller/replicaset/replica_set.go.
    /// In order of the nodes' names.
    fn ranks(&self, world: &World, rs: &ReplicaSet) -> Vec<(Str, i32)> {
        let mut ranks: Vec<(Str, i32)> = Vec::new();
        let owner = rs.meta().controller.as_ref().map(|c| &c.uid);
        let related = world
            .store
            .list_in(Kind::REPLICA_SET, &rs.meta().namespace)
            .filter(|o| {
                o.meta.uid == rs.meta().uid
                    || (owner.is_some() && o.meta.controller.as_ref().map(|c| &c.uid) == owner)
            });
        for pods in related.filter_map(|o| self.pods.get(&o.meta.uid)) {
            ranks.extend(pods.nodes.iter().map(|(node, n)| (node.clone(), *n)));
        }
        // Several rows in order, one behind the other: the sort only merges them.
        ranks.order_by(|a, b| a.0.cmp(&b.0));
        ranks.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        ranks
    }
}

fn rs_key(rs: &Object) -> ObjectKey {
    ObjectKey::new(Kind::REPLICA_SET, &rs.meta.namespace, &rs.meta.name)
}

/// ReplicaSets whose selector matches a pod that nobody controls.
///
/// Mirrors `getPodReplicaSets`, pkg/controller/replicaset/replica_set.go.
fn matching_replica_sets(world: &World, pod: &Object) -> Vec<ObjectKey> {
    let sets = world.store.list_in(Kind::REPLICA_SET, &pod.meta.namespace);
    sets.filter(|o| {
        o.replica_set()
            .is_some_and(|r| label_selector_matches(&r.selector, &pod.meta.labels))
    })
    .map(|o| rs_key(o))
    .collect()
}

/// Makes pods from the template, slowly at first.
fn create_pods(
    world: &mut World,
    rs: &ReplicaSet,
    active: i32,
    count: usize,
) -> Result<(), ApiError> {
    let pod = get_pod_from_template(rs, world.version());
    let mut names = Vec::new();
    let (_, failed) =
        utils::slow_start_batch(count, 1, || match world.create(Kind::POD, pod.clone()) {
            Ok(created) => {
                names.push(created.meta.name.clone());
                let message = Str::concat(&["Created pod: ", &created.meta.name]);
                world.event(
                    COMPONENT,
                    rs.object(),
                    "Normal",
                    "SuccessfulCreate",
                    message,
                );
                Ok(())
            }
            Err(e) => {
                let message = format!("Error creating: {}", e.message);
                world.event(COMPONENT, rs.object(), "Warning", "FailedCreate", message);
                Err(e)
            }
        });
    if !names.is_empty() {
        let decision = ReplicaSetDecision::CreatedPods {
            wanted: rs.replicas,
            active,
            pods: names,
        };
        world.decide((rs.key(), decision));
    }
    failed.map_or(Ok(()), Err)
}

/// The pod that a ReplicaSet makes, defaults included, without a name of its own.
///
/// Mirrors `GetPodFromTemplate`, pkg/controller/controller_utils.go.
/// Differs: what the API server adds to every pod is added here once for the whole batch.
fn get_pod_from_template(rs: &ReplicaSet, version: Minor) -> Value {
    let meta = rs.meta();
    let owner = new_controller_ref(Kind::REPLICA_SET, &meta.name, &meta.uid);
    let mut metadata = object! {
        "generateName" => format!("{}-", meta.name),
        "namespace" => &meta.namespace,
        "ownerReferences" => Value::list(vec![owner]),
    };
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(v) = rs.template.get("metadata").and_then(|m| m.get(key)) {
            metadata.map_mut().insert(key, v.clone());
        }
    }
    let mut pod = object! {
        "apiVersion" => "v1",
        "kind" => "Pod",
        "metadata" => metadata,
        "spec" => rs.template.get("spec").cloned().unwrap_or_default(),
    };
    if let Some(resource) = rollout_api::kinds::of_kind(Kind::POD) {
        rollout_api::defaults::complete(&mut pod, resource, version);
    }
    let qos = rollout_api::defaults::qos_class(pod.get("spec").unwrap_or(&Value::Null));
    pod.map_mut().insert(
        "status",
        object! { "phase" => "Pending", "qosClass" => qos },
    );
    pod
}
