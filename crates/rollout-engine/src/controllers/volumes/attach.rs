//! Attaching volumes to nodes and taking them back. Mirrors pkg/controller/volume/attachdetach/reconciler/reconciler.go.

use super::decision::VolumeDecision;
use super::{VolumeControllers, VolumeEvent};
use crate::kubelet::KubeletEvent;
use crate::sim_event::SimEvent;
use crate::time::Millis;
use crate::volumes::{Attachment, is_attachable, is_exclusive, uses, volume};
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str};
use std::rc::Rc;

const NAME: &str = "attachdetach-controller";
/// How long the driver takes to attach a volume.
const ATTACH: Millis = Millis(1_000);
/// How long it takes to give one back, once nothing has it mounted.
const DETACH: Millis = Millis(50);

/// Pods that need a volume on their node, by name.
fn users(world: &World, volume: &Object) -> Vec<Rc<Object>> {
    let namespace = volume.value.str_at("spec.claimRef.namespace");
    let claim = volume.value.str_at("spec.claimRef.name");
    world
        .store
        .list_in(Kind::POD, namespace)
        .filter(|p| uses(p, claim) && p.pod().is_some_and(|v| !v.node.is_empty()))
        .cloned()
        .collect()
}

fn node_of(pod: &Object) -> Str {
    pod.pod().map(|p| p.node.clone()).unwrap_or_default()
}

fn key_of(pod: &Object) -> ObjectKey {
    ObjectKey::new(Kind::POD, pod.meta.namespace.clone(), pod.meta.name.clone())
}

fn set(world: &mut World, volume: &Str, node: &Str, state: Option<Attachment>) {
    let map = &mut Rc::make_mut(&mut world.attachments).0;
    let key = (volume.clone(), node.clone());
    match state {
        Some(state) => map.insert(key, state),
        None => map.remove(&key),
    };
}

impl VolumeControllers {
    /// Mirrors `reconcile`: first what is not needed any more goes, then what is needed comes.
    pub(super) fn sync_attachments(&mut self, world: &mut World, name: &Str) {
        let found = volume(world, name);
        let users = found
            .as_ref()
            .filter(|v| is_attachable(&v.value) && v.value.str_at("status.phase") == "Bound")
            .map_or_else(Vec::new, |v| users(world, v));
        let held: Vec<(Str, Attachment)> = world
            .attachments
            .nodes(name)
            .map(|(n, s)| (n.clone(), s))
            .collect();
        for (node, state) in &held {
            let needed = users.iter().any(|p| node_of(p) == *node);
            if !needed && *state == Attachment::Attached {
                set(world, name, node, Some(Attachment::Detaching));
                let event = VolumeEvent::Detached(name.clone(), node.clone());
                world.schedule(DETACH, SimEvent::Volume(event));
            }
        }
        let Some(found) = found else { return };
        let exclusive = is_exclusive(&found.value);
        for pod in &users {
            let node = node_of(pod);
            let here = world
                .attachments
                .0
                .get(&(name.clone(), node.clone()))
                .copied();
            if here == Some(Attachment::Attached) {
                // Somebody brought it here before: the kubelet need not wait.
                let event = KubeletEvent::Sync(key_of(pod));
                if pod.pod().is_some_and(|p| p.ip.is_empty()) {
                    world.schedule(Millis(0), SimEvent::Kubelet(event));
                }
                continue;
            }
            if here.is_some() {
                continue;
            }
            let elsewhere = world
                .attachments
                .nodes(name)
                .find(|(n, _)| **n != node)
                .map(|(n, _)| n.clone());
            match elsewhere.filter(|_| exclusive) {
                Some(holder) => self.report_multi_attach_error(world, &found, pod, &holder, &users),
                None => {
                    set(world, name, &node, Some(Attachment::Attaching));
                    let event = VolumeEvent::Attached(name.clone(), node);
                    world.schedule(ATTACH, SimEvent::Volume(event));
                }
            }
        }
    }

    /// Mirrors `reportMultiAttachError`: once for each pod.
    fn report_multi_attach_error(
        &mut self,
        world: &mut World,
        volume: &Object,
        pod: &Object,
        holder: &Str,
        users: &[Rc<Object>],
    ) {
        let (name, node) = (volume.meta.name.clone(), node_of(pod));
        let told = (name.clone(), node.clone(), pod.meta.name.clone());
        if pod.meta.is_terminating() || !self.told.insert(told) {
            return;
        }
        let others: Vec<&str> = users
            .iter()
            .filter(|p| node_of(p) == *holder)
            .map(|p| p.meta.name.as_str())
            .collect();
        let why = if others.is_empty() {
            "Volume is already exclusively attached to one node and can't be attached to another"
                .to_owned()
        } else {
            format!("Volume is already used by pod(s) {}", others.join(", "))
        };
        let message = format!("Multi-Attach error for volume \"{name}\" {why}");
        super::binder::tell(world, NAME, pod, "Warning", "FailedAttachVolume", &message);
        let decision = VolumeDecision::MultiAttach {
            volume: name,
            node,
            holder: holder.clone(),
        };
        world.decide((key_of(pod), decision));
    }

    pub(super) fn attached(&mut self, world: &mut World, name: Str, node: Str) {
        set(world, &name, &node, Some(Attachment::Attached));
        let pods = volume(world, &name).map_or_else(Vec::new, |v| users(world, &v));
        let message = format!("AttachVolume.Attach succeeded for volume \"{name}\" ");
        for pod in pods.iter().filter(|p| node_of(p) == node) {
            super::binder::tell(
                world,
                NAME,
                pod,
                "Normal",
                "SuccessfulAttachVolume",
                &message,
            );
            let decision = VolumeDecision::Attached {
                volume: name.clone(),
                node: node.clone(),
            };
            world.decide((key_of(pod), decision));
            let event = KubeletEvent::Sync(key_of(pod));
            world.schedule(Millis(0), SimEvent::Kubelet(event));
        }
        // A pod may have come or gone in the meantime.
        self.due_attach(world, name);
    }

    pub(super) fn detached(&mut self, world: &mut World, name: Str, node: Str) {
        set(world, &name, &node, None);
        self.due_attach(world, name);
    }
}
