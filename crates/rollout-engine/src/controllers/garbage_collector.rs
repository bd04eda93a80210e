//! The garbage collector: what has lost its owners goes.

use crate::client::{DeleteOptions, Propagation};
use crate::controllers::work_queue::WorkQueue;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::views::Object;
use rollout_api::{ObjectKey, Str, Value};
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;

/// Finalizer of an owner that waits for its dependents.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an owner that lets its dependents go free.
pub const ORPHAN: &str = "orphan";

/// One decision of the garbage collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GarbageDecision {
    /// Its owner is gone: it was deleted.
    OwnerGone {
        /// Kind of the owner.
        owner_kind: Str,
        /// Name of the owner.
        owner: Str,
    },
    /// Its owner waits for it: it was deleted.
    OwnerWaits {
        /// Kind of the owner.
        owner_kind: Str,
        /// Name of the owner.
        owner: Str,
    },
    /// Its owner goes without it: it lost the reference.
    Orphaned {
        /// Name of the owner.
        owner: Str,
    },
    /// All dependents are gone, or free: the owner goes.
    OwnerFreed,
}

/// The collector's state: who depends on whom.
#[derive(Clone)]
pub struct GarbageCollector {
    queue: WorkQueue,
    /// Dependents by UID of an owner.
    dependents: SortedMap<Str, Rc<SortedSet<ObjectKey>>>,
}

impl Default for GarbageCollector {
    fn default() -> Self {
        GarbageCollector {
            queue: WorkQueue::new(SimEvent::GarbageCollector),
            dependents: SortedMap::new(),
        }
    }
}

fn owners(object: Option<&Rc<Object>>) -> &[Value] {
    object.map_or(&[], |o| o.value.list_at("metadata.ownerReferences"))
}

fn has_finalizer(object: &Object, finalizer: &str) -> bool {
    let finalizers = object.value.list_at("metadata.finalizers");
    finalizers.iter().any(|f| f.as_str() == Some(finalizer))
}

fn without_finalizer(object: &Object, finalizer: &str) -> Value {
    let mut value = object.value.clone();
    if let Some(metadata) = value.map_mut().get_mut("metadata") {
        let metadata = metadata.map_mut();
        if let Some(list) = metadata.get_mut("finalizers") {
            list.list_mut().retain(|f| f.as_str() != Some(finalizer));
            if list.is_empty() {
                metadata.remove("finalizers");
            }
        }
    }
    value
}

impl GarbageCollector {
    /// Its watch: everything that has owners or dependents.
    pub fn observe(&mut self, world: &mut World, change: &Change) {
        let (before, after) = (
            owners(change.before.as_ref()),
            owners(change.after.as_ref()),
        );
        if before != after {
            for owner in before {
                if let Some(set) = self.dependents.get_mut(owner.str_at("uid")) {
                    Rc::make_mut(set).remove(&change.key);
                    if set.is_empty() {
                        self.dependents.remove(owner.str_at("uid"));
                    }
                }
            }
            if change.before.is_some() && change.after.is_some() {
                // An owner that lets its dependents go looks again.
                for reference in before {
                    if let Some(owner) = owner_object(world, &change.key, reference)
                        && owner.meta.is_terminating()
                        && let Some(owner_key) = owner_key(&change.key, reference)
                    {
                        self.queue.add(world, owner_key);
                    }
                }
            }
            for owner in after {
                let uid = owner.shared_str_at("uid").unwrap_or_default();
                Rc::make_mut(self.dependents.entry(uid).or_default()).insert(change.key.clone());
            }
        }
        match (&change.before, &change.after) {
            (Some(gone), None) => {
                let dependents = self.dependents.get(&gone.meta.uid).cloned();
                for key in dependents.iter().flat_map(|d| d.iter()) {
                    self.queue.add(world, key.clone());
                }
                self.wake_waiting_owners(world, &change.key, gone);
            }
            (_, Some(now))
                if now.meta.is_terminating()
                    && (has_finalizer(now, FOREGROUND) || has_finalizer(now, ORPHAN)) =>
            {
                self.queue.add(world, change.key.clone());
            }
            // A new object whose owner is gone already.
            (None, Some(_))
                if !after.is_empty()
                    && after
                        .iter()
                        .all(|o| owner_object(world, &change.key, o).is_none()) =>
            {
                self.queue.add(world, change.key.clone());
            }
            _ => {}
        }
    }

    /// Owners in foreground deletion look again when a dependent is gone.
    fn wake_waiting_owners(&mut self, world: &mut World, key: &ObjectKey, gone: &Object) {
        for reference in gone.value.list_at("metadata.ownerReferences") {
            if let Some(owner) = owner_object(world, key, reference)
                && owner.meta.is_terminating()
                && let Some(owner_key) = owner_key(key, reference)
            {
                self.queue.add(world, owner_key);
            }
        }
    }

    /// Its turn.
    pub fn fire(&mut self, world: &mut World, key: &ObjectKey) {
        if !self.queue.take(world.now, key) {
            return;
        }
        match self.attempt_to_delete_item(world, key) {
            Ok(()) => self.queue.forget(key),
            Err(_) => {
                self.queue.add_rate_limited(world, key.clone());
            }
        }
    }

    /// Mirrors `attemptToDeleteItem`, pkg/controller/garbagecollector/garbagecollector.go.
    fn attempt_to_delete_item(
        &mut self,
        world: &mut World,
        key: &ObjectKey,
    ) -> Result<(), ApiError> {
        let Some(object) = world.store.get(key).cloned() else {
            return Ok(());
        };
        if object.meta.is_terminating() {
            if has_finalizer(&object, ORPHAN) {
                return self.orphan_dependents(world, key, &object);
            }
            if has_finalizer(&object, FOREGROUND) {
                return self.process_deleting_dependents_item(world, key, &object);
            }
            return Ok(());
        }
        let references = object.value.list_at("metadata.ownerReferences");
        let (mut solid, mut dangling, mut waiting) = (0, Vec::new(), Vec::new());
        for reference in references {
            match owner_object(world, key, reference) {
                None => dangling.push(reference.clone()),
                Some(o) if o.meta.is_terminating() && has_finalizer(&o, FOREGROUND) => {
                    waiting.push(reference.clone());
                }
                Some(_) => solid += 1,
            }
        }
        let Some(gone) = waiting.first().or(dangling.first()) else {
            return Ok(());
        };
        let owner_kind = gone.shared_str_at("kind").unwrap_or_default();
        let owner = gone.shared_str_at("name").unwrap_or_default();
        if solid > 0 {
            let uids: Vec<&str> = waiting
                .iter()
                .chain(&dangling)
                .map(|r| r.str_at("uid"))
                .collect();
            let value = uids
                .iter()
                .fold(object.value.clone(), |v, uid| super::without_owner(&v, uid));
            world.update(key, value)?;
            return Ok(());
        }
        let has_dependents = self.dependents.contains_key(&object.meta.uid);
        let (decision, propagation) = if !waiting.is_empty() {
            let propagation = if has_dependents {
                Propagation::Foreground
            } else {
                Propagation::Background
            };
            (
                GarbageDecision::OwnerWaits { owner_kind, owner },
                propagation,
            )
        } else {
            let propagation = if has_finalizer(&object, ORPHAN) {
                Propagation::Orphan
            } else if has_finalizer(&object, FOREGROUND) {
                Propagation::Foreground
            } else {
                Propagation::Background
            };
            (
                GarbageDecision::OwnerGone { owner_kind, owner },
                propagation,
            )
        };
        world.decide((key.clone(), decision));
        world.delete(
            key,
            &DeleteOptions {
                propagation: Some(propagation),
                ..DeleteOptions::default()
            },
        )
    }

    /// Mirrors `processDeletingDependentsItem`, pkg/controller/garbagecollector/garbagecollector.go.
    fn process_deleting_dependents_item(
        &mut self,
        world: &mut World,
        key: &ObjectKey,
        object: &Object,
    ) -> Result<(), ApiError> {
        let dependents = self
            .dependents
            .get(&object.meta.uid)
            .cloned()
            .unwrap_or_default();
        let mut blocked = false;
        for dependent in dependents.iter() {
            let Some(o) = world.store.get(dependent).cloned() else {
                continue;
            };
            let reference = o.value.list_at("metadata.ownerReferences").iter();
            blocked |= reference
                .filter(|r| r.str_at("uid") == object.meta.uid.as_str())
                .any(|r| r.bool_at("blockOwnerDeletion"));
            if !o.meta.is_terminating() {
                self.queue.add(world, dependent.clone());
            }
        }
        if blocked {
            return Ok(());
        }
        world.decide((key.clone(), GarbageDecision::OwnerFreed));
        world
            .update(key, without_finalizer(object, FOREGROUND))
            .map(|_| ())
    }

    /// Mirrors `orphanDependents`, pkg/controller/garbagecollector/garbagecollector.go.
    /// Differs: the owner goes one turn later, when other controllers have seen that it is alone.
    fn orphan_dependents(
        &mut self,
        world: &mut World,
        key: &ObjectKey,
        object: &Object,
    ) -> Result<(), ApiError> {
        let dependents = self
            .dependents
            .get(&object.meta.uid)
            .cloned()
            .unwrap_or_default();
        for dependent in dependents.iter() {
            let Some(o) = world.store.get(dependent).cloned() else {
                continue;
            };
            let decision = GarbageDecision::Orphaned {
                owner: object.meta.name.clone(),
            };
            world.decide((dependent.clone(), decision));
            world.update(dependent, super::without_owner(&o.value, &object.meta.uid))?;
        }
        if !dependents.is_empty() {
            return Ok(());
        }
        let others = world
            .queue
            .iter()
            .take_while(|(at, _)| *at <= world.now)
            .any(|(_, event)| matches!(event, SimEvent::Deployment(_) | SimEvent::ReplicaSet(_)));
        if others {
            self.queue.add(world, key.clone());
            return Ok(());
        }
        world.decide((key.clone(), GarbageDecision::OwnerFreed));
        world
            .update(key, without_finalizer(object, ORPHAN))
            .map(|_| ())
    }
}

fn owner_key(dependent: &ObjectKey, reference: &Value) -> Option<ObjectKey> {
    let resource = rollout_api::kinds::of_kind_name(reference.str_at("kind"))?;
    let namespace = if resource.namespaced {
        dependent.namespace.clone()
    } else {
        Str::default()
    };
    let name = reference.shared_str_at("name")?;
    Some(ObjectKey {
        kind: resource.kind,
        namespace,
        name,
    })
}

/// The owner that a reference means, if it still exists with that UID.
fn owner_object(world: &World, dependent: &ObjectKey, reference: &Value) -> Option<Rc<Object>> {
    let key = owner_key(dependent, reference)?;
    world
        .store
        .get(&key)
        .filter(|o| o.meta.uid.as_str() == reference.str_at("uid"))
        .cloned()
}
