//! The volume controllers: binding claims to volumes, making volumes, attaching them to nodes, protecting what is used.
//!
//! Mirrors pkg/controller/volume/{persistentvolume,attachdetach,pvcprotection,pvprotection} and the external provisioner.
//! Differs: there is no resync every 15 s, which only repeats events; of the provisioners only the default class's disks
//! and the node-local ones of kind (rancher.io/local-path) and minikube (k8s.io/minikube-hostpath) run here.

mod attach;
mod binder;
pub mod decision;
mod provisioner;

pub(crate) use binder::find_matching_volume;

use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::volumes::{PERSISTENT_VOLUME, STORAGE_CLASS, claims_of};
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, SortedSet, Str, Value};
use std::rc::Rc;

/// The controllers' turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VolumeEvent {
    /// The binder looks at this claim.
    Claim(ObjectKey),
    /// The binder looks at this volume.
    Volume(Str),
    /// The provisioner is done with this claim.
    Provisioned(ObjectKey),
    /// The provisioner is done with the end of this volume.
    Deleted(Str),
    /// The attach/detach controller looks at this volume.
    Attach(Str),
    /// A volume is attached to a node.
    Attached(Str, Str),
    /// A volume is detached from a node.
    Detached(Str, Str),
}

/// The controllers' state.
#[derive(Clone, Default)]
pub struct VolumeControllers {
    /// Keys whose turn is scheduled for this instant.
    due: SortedSet<ObjectKey>,
    /// Claims for which a volume is being made.
    making: SortedSet<ObjectKey>,
    /// Pods (by name) that were told of a multi-attach error of a volume on a node: volume, node, pod.
    told: SortedSet<(Str, Str, Str)>,
    /// Claims that were told of something that would be told again at each look: claim uid, reason.
    announced: SortedSet<(Str, &'static str)>,
}

fn volume_key(name: &Str) -> ObjectKey {
    ObjectKey::new(PERSISTENT_VOLUME, "", name.clone())
}

impl VolumeControllers {
    /// Their watch.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::PERSISTENT_VOLUME_CLAIM => {
                let lost = change.after.is_none() || change.before.is_none();
                self.due(world, change.key.clone(), VolumeEvent::Claim);
                if lost {
                    for name in volumes_named(world, change) {
                        self.due_volume(world, name);
                    }
                }
            }
            PERSISTENT_VOLUME => {
                self.due_volume(world, change.key.name.clone());
                if change.before.is_none() {
                    self.pending_claims(world);
                }
            }
            STORAGE_CLASS => self.pending_claims(world),
            Kind::POD => self.observe_pod(world, change),
            _ => {}
        }
    }

    fn observe_pod(&mut self, world: &mut World, change: &Change) {
        if world.store.count(Kind::PERSISTENT_VOLUME_CLAIM) == 0 {
            return;
        }
        let place = |o: &Option<Rc<Object>>| {
            let o = o.as_ref()?;
            let pod = o.pod()?;
            // A pod without a place is what a claim may say that it waits for.
            Some((pod.node.clone(), pod.is_live(), pod.unschedulable))
        };
        if place(&change.before) == place(&change.after) && change.before.is_some() {
            return;
        }
        let Some(pod) = change.after.as_ref().or(change.before.as_ref()) else {
            return;
        };
        for name in claims_of(&pod.value) {
            let key = ObjectKey::new(
                Kind::PERSISTENT_VOLUME_CLAIM,
                change.key.namespace.clone(),
                name,
            );
            let volume = world
                .store
                .get(&key)
                .and_then(|c| c.value.shared_str_at("spec.volumeName"))
                .filter(|v| !v.is_empty());
            if let Some(volume) = volume {
                self.due_attach(world, volume);
            }
            self.due(world, key, VolumeEvent::Claim);
        }
        if change.after.is_none() {
            let name = &change.key.name;
            self.told.retain(|(_, _, pod)| pod != name);
        }
    }

    fn pending_claims(&mut self, world: &mut World) {
        let pending: Vec<ObjectKey> = world
            .store
            .list(Kind::PERSISTENT_VOLUME_CLAIM)
            .filter(|c| c.value.str_at("spec.volumeName").is_empty())
            .map(|c| {
                let (namespace, name) = (c.meta.namespace.clone(), c.meta.name.clone());
                ObjectKey::new(Kind::PERSISTENT_VOLUME_CLAIM, namespace, name)
            })
            .collect();
        for key in pending {
            self.due(world, key, VolumeEvent::Claim);
        }
    }

    fn due(&mut self, world: &mut World, key: ObjectKey, event: fn(ObjectKey) -> VolumeEvent) {
        if self.due.insert(key.clone()) {
            world.schedule(Millis(0), SimEvent::Volume(event(key)));
        }
    }

    fn due_volume(&mut self, world: &mut World, name: Str) {
        if self.due.insert(volume_key(&name)) {
            world.schedule(Millis(0), SimEvent::Volume(VolumeEvent::Volume(name)));
        }
    }

    fn due_attach(&mut self, world: &mut World, name: Str) {
        world.schedule(Millis(0), SimEvent::Volume(VolumeEvent::Attach(name)));
    }

    /// A new process: it knows nothing of what was told, and looks at everything again. What drivers are doing goes on.
    pub(crate) fn begin_anew(&mut self, world: &mut World) {
        self.due.clear();
        self.told.clear();
        self.announced.clear();
        let attached = world.attachments.clone();
        for (volume, _) in attached.0.keys() {
            self.due_attach(world, volume.clone());
        }
    }

    /// Their turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: VolumeEvent) {
        match event {
            VolumeEvent::Claim(key) => {
                self.due.remove(&key);
                self.sync_claim(world, &key);
            }
            VolumeEvent::Volume(name) => {
                self.due.remove(&volume_key(&name));
                self.sync_volume(world, &name);
            }
            VolumeEvent::Provisioned(key) => self.provisioned(world, &key),
            VolumeEvent::Deleted(name) => self.deleted(world, &name),
            VolumeEvent::Attach(name) => self.sync_attachments(world, &name),
            VolumeEvent::Attached(volume, node) => self.attached(world, volume, node),
            VolumeEvent::Detached(volume, node) => self.detached(world, volume, node),
        }
    }
}

/// The volumes that a claim names, or that name it.
fn volumes_named(world: &World, change: &Change) -> Vec<Str> {
    let claim = &change.key;
    let of = |v: &&Rc<Object>| {
        let reference = v.value.at("spec.claimRef");
        reference.is_some_and(|r| {
            r.str_at("namespace") == claim.namespace.as_str()
                && r.str_at("name") == claim.name.as_str()
        })
    };
    world
        .store
        .list(PERSISTENT_VOLUME)
        .filter(of)
        .map(|v| v.meta.name.clone())
        .collect()
}

/// Sets an annotation.
fn annotate(value: &mut Value, key: &'static str, text: impl Into<Value>) {
    let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
    let map = metadata.entry("annotations", Value::object);
    map.map_mut().insert(key, text);
}

/// Removes a finalizer.
fn release(value: &mut Value, finalizer: &str) {
    let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
    if let Some(list) = metadata.get_mut("finalizers") {
        list.list_mut().retain(|f| f.as_str() != Some(finalizer));
        if list.is_empty() {
            metadata.remove("finalizers");
        }
    }
}
