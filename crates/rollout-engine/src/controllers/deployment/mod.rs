//! The Deployment controller: which ReplicaSets there are, and how large they are.

pub mod decision;
pub mod progress;
pub mod recreate;
pub mod rolling;
pub mod scale;
pub mod sync;
pub mod util;

use crate::controllers::objects::{Deployment, ReplicaSet};
use crate::controllers::selector::{is_empty_selector, label_selector_matches};
use crate::controllers::work_queue::WorkQueue;
use crate::controllers::{new_controller_ref, resolve_controller_ref, with_owner, without_owner};
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::world::World;
use decision::DeploymentDecision;
use rollout_api::SortedMap;
use rollout_api::status_error::ApiError;
use rollout_api::views::{ControllerRef, Object, StrategyType};
use rollout_api::{Kind, ObjectKey, Str};
use std::rc::Rc;

/// Name of the controller in its events.
pub const COMPONENT: &str = "deployment-controller";
/// How often a failing key is tried again before it is dropped.
pub const MAX_RETRIES: u32 = 15;

/// Pods of one ReplicaSet as the Recreate strategy counts them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct PodObjects {
    /// All, ended ones included.
    pub all: i32,
    /// Those that have not ended; terminating ones included.
    pub not_ended: i32,
}

/// The controller's state.
#[derive(Clone)]
pub struct DeploymentController {
    pub(crate) queue: WorkQueue,
    /// By UID of the ReplicaSet.
    pods: SortedMap<Str, PodObjects>,
    /// The waits that were recorded last, by Deployment: repeated ones are not.
    waits: SortedMap<ObjectKey, Vec<DeploymentDecision>>,
}

impl Default for DeploymentController {
    fn default() -> Self {
        DeploymentController {
            queue: WorkQueue::new(SimEvent::Deployment),
            pods: SortedMap::new(),
            waits: SortedMap::new(),
        }
    }
}

/// One sync of one Deployment: what was read, what is written.
pub(crate) struct Sync<'a> {
    pub world: &'a mut World,
    pub queue: &'a mut WorkQueue,
    /// The Deployment, as last written.
    pub d: Deployment,
    /// Its ReplicaSets as read, in order of creation.
    pub sets: Vec<ReplicaSet>,
    /// Which of them has the Deployment's template, once that is known.
    pub found: Option<Option<usize>>,
    /// Pods by UID of the ReplicaSet.
    pub pods: SortedMap<Str, PodObjects>,
    /// Waits of this sync.
    pub waits: Vec<DeploymentDecision>,
}

impl Sync<'_> {
    /// Records why something was done.
    pub fn decide(&mut self, decision: DeploymentDecision) {
        self.world.decide((self.d.key(), decision));
    }
    /// Makes what `write` does a step of its own.
    pub fn own_step<R>(&mut self, write: impl FnOnce(&mut Self) -> R) -> R {
        self.world.end_record();
        let result = write(self);
        self.world.end_record();
        result
    }
    /// An event about the Deployment.
    pub fn event(&mut self, kind: &'static str, reason: &'static str, message: String) {
        let object = self.d.object().clone();
        self.world.event(COMPONENT, &object, kind, reason, message);
    }
}

impl DeploymentController {
    /// Its watch: Deployments, ReplicaSets, and deletions of pods.
    pub fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::DEPLOYMENT => {
                if change.after.is_none() {
                    self.waits.remove(&change.key);
                }
                self.queue.add(world, change.key.clone());
            }
            Kind::REPLICA_SET => self.observe_replica_set(world, change),
            Kind::POD => self.observe_pod(world, change),
            _ => {}
        }
    }

    fn observe_replica_set(&mut self, world: &mut World, change: &Change) {
        let reference = |o: &Option<Rc<Object>>| o.as_ref().and_then(|o| o.meta.controller.clone());
        let (old, new) = (reference(&change.before), reference(&change.after));
        if old != new {
            self.add_owner(world, &change.key.namespace, old.as_ref());
        }
        let Some(after) = &change.after else { return };
        if new.is_some() {
            self.add_owner(world, &change.key.namespace, new.as_ref());
            return;
        }
        let labels = change.before.as_ref().map(|b| &b.meta.labels);
        if labels != Some(&after.meta.labels) || old.is_some() {
            let matching: Vec<ObjectKey> = world
                .store
                .list_in(Kind::DEPLOYMENT, &change.key.namespace)
                .filter(|d| {
                    d.deployment().is_some_and(|v| {
                        !is_empty_selector(&v.selector)
                            && label_selector_matches(&v.selector, &after.meta.labels)
                    })
                })
                .map(|d| ObjectKey::new(Kind::DEPLOYMENT, &d.meta.namespace, &d.meta.name))
                .collect();
            for key in matching {
                self.queue.add(world, key);
            }
        }
    }

    fn add_owner(&mut self, world: &mut World, namespace: &Str, owner: Option<&ControllerRef>) {
        if let Some(d) = resolve_controller_ref(world, namespace, owner, Kind::DEPLOYMENT) {
            self.queue.add(
                world,
                ObjectKey::new(Kind::DEPLOYMENT, namespace, &d.meta.name),
            );
        }
    }

    /// Counts pods; the last one that goes wakes a Deployment with strategy Recreate.
    fn observe_pod(&mut self, world: &mut World, change: &Change) {
        let mut count = |object: &Option<Rc<Object>>, sign: i32| {
            let Some(object) = object else { return };
            let (Some(owner), Some(pod)) = (&object.meta.controller, object.pod()) else {
                return;
            };
            let entry = self.pods.entry(owner.uid.clone()).or_default();
            entry.all += sign;
            entry.not_ended += if pod.is_live() { sign } else { 0 };
            if entry.all == 0 {
                self.pods.remove(&owner.uid);
            }
        };
        count(&change.before, -1);
        count(&change.after, 1);
        let (Some(before), None) = (&change.before, &change.after) else {
            return;
        };
        let namespace = &change.key.namespace;
        let owner = before.meta.controller.as_ref();
        let Some(rs) = resolve_controller_ref(world, namespace, owner, Kind::REPLICA_SET) else {
            return;
        };
        let owner = rs.meta.controller.as_ref();
        let Some(d) = resolve_controller_ref(world, namespace, owner, Kind::DEPLOYMENT) else {
            return;
        };
        let owned = world.store.list_in(Kind::REPLICA_SET, namespace);
        let left: i32 = owned
            .filter(|rs| {
                rs.meta
                    .controller
                    .as_ref()
                    .is_some_and(|c| c.uid == d.meta.uid)
            })
            .filter_map(|rs| self.pods.get(&rs.meta.uid))
            .map(|p| p.all)
            .sum();
        if d.deployment()
            .is_some_and(|v| deleted_pod_enqueues(v.strategy, left))
        {
            self.queue.add(
                world,
                ObjectKey::new(Kind::DEPLOYMENT, namespace, &d.meta.name),
            );
        }
    }

    /// Its turn.
    pub fn fire(&mut self, world: &mut World, key: &ObjectKey) {
        if !self.queue.take(world.now, key) {
            return;
        }
        if replica_sets_are_due(world) {
            // ReplicaSets are looked at first: in a real cluster their workers are done (and their statuses written)
            // before the next sync of the Deployment.
            self.queue.add(world, key.clone());
            return;
        }
        match self.sync_deployment(world, key) {
            Ok(()) => self.queue.forget(key),
            Err(error) if self.queue.failures(key) < MAX_RETRIES => {
                let failures = self.queue.add_rate_limited(world, key.clone());
                let error = error.message;
                world.decide((key.clone(), DeploymentDecision::Retry { failures, error }));
            }
            Err(_) => self.queue.forget(key),
        }
    }

    /// One sync.
    ///
    /// Mirrors `syncDeployment`, pkg/controller/deployment/deployment_controller.go.
    fn sync_deployment(&mut self, world: &mut World, key: &ObjectKey) -> Result<(), ApiError> {
        let Some(d) = world.store.get(key).cloned().and_then(Deployment::new) else {
            return Ok(());
        };
        let mut sync = Sync {
            world,
            queue: &mut self.queue,
            d,
            sets: Vec::new(),
            found: None,
            pods: SortedMap::new(),
            waits: Vec::new(),
        };
        if is_empty_selector(&sync.d.selector) {
            return sync.refuse_empty_selector();
        }
        sync.sets = sync.get_replica_sets_for_deployment()?;
        for rs in &sync.sets {
            let uid = &rs.meta().uid;
            sync.pods
                .insert(uid.clone(), self.pods.get(uid).copied().unwrap_or_default());
        }
        let result = sync.run();
        let waits = std::mem::take(&mut sync.waits);
        let known = self
            .waits
            .insert(key.clone(), waits.clone())
            .unwrap_or_default();
        for wait in waits {
            if !known.contains(&wait) {
                world.decide((key.clone(), wait));
            }
        }
        result
    }
}

/// Is a ReplicaSet to be looked at in this instant?
fn replica_sets_are_due(world: &World) -> bool {
    world
        .queue
        .iter()
        .take_while(|(at, _)| *at <= world.now)
        .any(|(_, event)| matches!(event, SimEvent::ReplicaSet(_)))
}

/// Does the deletion of a pod put its Deployment on the queue?
///
/// Mirrors `deletePod`, pkg/controller/deployment/deployment_controller.go (its condition).
pub fn deleted_pod_enqueues(strategy: StrategyType, pods_left: i32) -> bool {
    strategy == StrategyType::Recreate && pods_left == 0
}

impl Sync<'_> {
    fn run(&mut self) -> Result<(), ApiError> {
        if self.d.meta().is_terminating() {
            return self.sync_status_only();
        }
        self.check_paused_conditions()?;
        if self.d.paused {
            return self.sync();
        }
        if self.d.meta().annotation(util::ROLLBACK_TO).is_some() {
            return self.rollback();
        }
        if self.is_scaling_event()? {
            return self.sync();
        }
        match self.d.strategy {
            StrategyType::Recreate => self.rollout_recreate(),
            StrategyType::RollingUpdate => self.rollout_rolling(),
        }
    }

    fn refuse_empty_selector(&mut self) -> Result<(), ApiError> {
        let text = "This deployment is selecting all pods. A non-empty selector is required.";
        self.event("Warning", "SelectingAll", text.to_owned());
        self.decide(DeploymentDecision::SelectsAll);
        if self.d.status.observed_generation < self.d.meta().generation {
            let mut status = self.d.status.clone();
            status.observed_generation = self.d.meta().generation;
            self.update_status(&status)?;
        }
        Ok(())
    }

    /// Owned ReplicaSets, after adoption and release, oldest first.
    ///
    /// Mirrors `getReplicaSetsForDeployment`, pkg/controller/deployment/deployment_controller.go.
    fn get_replica_sets_for_deployment(&mut self) -> Result<Vec<ReplicaSet>, ApiError> {
        let uid = self.d.meta().uid.clone();
        let deleting = self.d.meta().is_terminating();
        let stored: Vec<ReplicaSet> = self
            .world
            .store
            .list_in(Kind::REPLICA_SET, &self.d.meta().namespace)
            .cloned()
            .filter_map(ReplicaSet::new)
            .collect();
        let mut sets = Vec::new();
        for rs in stored {
            let matches = label_selector_matches(&self.d.selector, &rs.meta().labels);
            match &rs.meta().controller {
                Some(c) if c.uid != uid => {}
                Some(_) if matches => sets.push(rs),
                Some(_) => {
                    if !deleting {
                        let name = rs.meta().name.clone();
                        let value = without_owner(rs.value(), &uid);
                        self.own_step(|s| {
                            s.decide(DeploymentDecision::Released { replica_set: name });
                            s.world.update(&rs.key(), value)
                        })?;
                    }
                }
                None if !matches || deleting || rs.meta().is_terminating() => {}
                None => {
                    let reference = new_controller_ref(Kind::DEPLOYMENT, &self.d.meta().name, &uid);
                    let value = with_owner(rs.value(), reference);
                    let name = rs.meta().name.clone();
                    let adopted = self.own_step(|s| {
                        s.decide(DeploymentDecision::Adopted { replica_set: name });
                        s.world.update(&rs.key(), value)
                    })?;
                    sets.extend(ReplicaSet::new(adopted));
                }
            }
        }
        let order = util::by_creation_timestamp(&sets);
        Ok(order.into_iter().map(|i| sets[i].clone()).collect())
    }
}
