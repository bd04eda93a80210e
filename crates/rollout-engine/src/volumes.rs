//! Claims and volumes as scheduler, kubelets and volume controllers see them; which volume is attached to which node.

use crate::world::World;
use rollout_api::views::{Object, PodPhase};
use rollout_api::{Kind, ObjectKey, SortedMap, Str, Value};
use std::rc::Rc;

/// `v1` PersistentVolume.
pub const PERSISTENT_VOLUME: Kind = Kind("PersistentVolume");
/// `storage.k8s.io/v1` StorageClass.
pub const STORAGE_CLASS: Kind = Kind("StorageClass");
/// Name of the class that claims without a class get.
pub const DEFAULT_CLASS: &str = "standard";
/// The driver of the default class: disks over the network, attached to a node before they are mounted.
pub const DRIVER: &str = "disk.csi.example.com";
/// The node that the scheduler chose for a claim that waits for its first consumer.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Where a volume is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attachment {
    /// On its way.
    Attaching,
    /// There.
    Attached,
    /// On its way back.
    Detaching,
}

/// Volume to nodes. A volume that one node can have at a time has one entry.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Attachments(pub SortedMap<(Str, Str), Attachment>);

impl Attachments {
    /// Nodes that have (or get, or give back) a volume.
    pub fn nodes<'a>(&'a self, volume: &'a str) -> impl Iterator<Item = (&'a Str, Attachment)> {
        let from = (Str::copy(volume), Str::default());
        self.0
            .range_from(&from)
            .take_while(move |((v, _), _)| v.as_str() == volume)
            .map(|((_, node), state)| (node, *state))
    }
    /// Is the volume there?
    pub fn is_attached(&self, volume: &Str, node: &Str) -> bool {
        self.0.get(&(volume.clone(), node.clone())) == Some(&Attachment::Attached)
    }
}

/// Names of the claims that a pod's volumes use.
pub fn claims_of(pod: &Value) -> impl Iterator<Item = Str> + '_ {
    pod.list_at("spec.volumes")
        .iter()
        .filter_map(|v| v.get("persistentVolumeClaim")?.shared_str_at("claimName"))
}

/// Does a pod use a claim (and still runs, or will)?
pub fn uses(pod: &Object, claim: &str) -> bool {
    claims_of(&pod.value).any(|c| c.as_str() == claim)
        && pod
            .pod()
            .is_some_and(|p| !matches!(p.phase, PodPhase::Succeeded | PodPhase::Failed))
}

/// A claim.
pub fn claim(world: &World, namespace: &Str, name: &Str) -> Option<Rc<Object>> {
    let key = ObjectKey::new(
        Kind::PERSISTENT_VOLUME_CLAIM,
        namespace.clone(),
        name.clone(),
    );
    world.store.get(&key).cloned()
}

/// A volume.
pub fn volume(world: &World, name: &Str) -> Option<Rc<Object>> {
    world
        .store
        .get(&ObjectKey::new(PERSISTENT_VOLUME, "", name.clone()))
        .cloned()
}

/// The volume of a claim that is bound.
pub fn volume_of(world: &World, claim: &Object) -> Option<Rc<Object>> {
    if claim.value.str_at("status.phase") != "Bound" {
        return None;
    }
    volume(world, &claim.value.shared_str_at("spec.volumeName")?)
}

/// The name of a claim's or volume's class.
pub fn class_name(object: &Value) -> Str {
    object
        .shared_str_at("spec.storageClassName")
        .unwrap_or_default()
}

/// A class.
pub fn class(world: &World, name: &Str) -> Option<Rc<Object>> {
    world
        .store
        .get(&ObjectKey::new(STORAGE_CLASS, "", name.clone()))
        .cloned()
}

/// Mirrors `IsDelayBindingMode`, staging/src/k8s.io/component-helpers/storage/volume/helpers.go.
pub fn waits_for_consumer(world: &World, claim: &Value) -> bool {
    class(world, &class_name(claim))
        .is_some_and(|c| c.value.str_at("volumeBindingMode") == "WaitForFirstConsumer")
}

/// Must a volume be attached to a node before it can be mounted?
pub fn is_attachable(volume: &Value) -> bool {
    volume.at("spec.csi").is_some()
}

/// Can only one node have it at a time? Mirrors `IsMultiAttachAllowed`, pkg/volume/util/util.go.
pub fn is_exclusive(volume: &Value) -> bool {
    !volume
        .list_at("spec.accessModes")
        .iter()
        .any(|m| matches!(m.as_str(), Some("ReadWriteMany" | "ReadOnlyMany")))
}

/// Has the node every volume that a pod's claims mean?
pub fn are_attached(world: &World, pod: &Value, namespace: &Str, node: &Str) -> bool {
    claims_of(pod).all(|name| {
        claim(world, namespace, &name)
            .and_then(|c| volume_of(world, &c))
            .is_some_and(|v| {
                !is_attachable(&v.value) || world.attachments.is_attached(&v.meta.name, node)
            })
    })
}
