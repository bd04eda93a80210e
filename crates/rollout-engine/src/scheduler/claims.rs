//! Pods with claims: which nodes their volumes allow, and claims that wait for a node.
//!
//! Mirrors pkg/scheduler/framework/plugins/volumebinding and volumerestrictions.

use super::filters::{self, NodeInfo, Refusal};
use crate::controllers::volumes::find_matching_volume;
use crate::volumes::{
    SELECTED_NODE, claim, claims_of, class, class_name, uses, volume_of, waits_for_consumer,
};
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value};
use std::rc::Rc;

/// A pod's claims.
#[derive(Default)]
pub(super) struct Claims {
    /// Volumes that are there.
    volumes: Vec<Rc<Object>>,
    /// Claims that wait for the pod's node.
    pub waiting: Vec<Rc<Object>>,
    /// A claim that one pod at a time may use is in use.
    in_use: bool,
}

/// Mirrors `PreFilter` of VolumeBinding. The error is about all nodes.
pub(super) fn pre_filter(world: &World, pod: &Object) -> Result<Claims, String> {
    let mut claims = Claims::default();
    let namespace = &pod.meta.namespace;
    for name in claims_of(&pod.value) {
        let Some(found) = claim(world, namespace, &name) else {
            return Err(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if found.value.str_at("status.phase") == "Lost" {
            return Err(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{}\"",
                found.value.str_at("spec.volumeName")
            ));
        }
        if found.meta.is_terminating() {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        let alone = |m: &Value| m.as_str() == Some("ReadWriteOncePod");
        if found.value.list_at("spec.accessModes").iter().any(alone) {
            let others = world.store.list_in(Kind::POD, namespace);
            claims.in_use |= others
                .filter(|p| p.meta.uid != pod.meta.uid && uses(p, &name))
                .any(|p| p.pod().is_some_and(|v| !v.node.is_empty()));
        }
        match volume_of(world, &found) {
            Some(volume) => claims.volumes.push(volume),
            None if waits_for_consumer(world, &found.value) => claims.waiting.push(found),
            None => return Err("pod has unbound immediate PersistentVolumeClaims".to_owned()),
        }
    }
    Ok(claims)
}

/// Does a volume's node affinity allow a node?
pub(crate) fn volume_fits_node(volume: &Value, node: &Value) -> bool {
    fits(volume, &NodeInfo::new(node.clone()))
}

fn fits(volume: &Value, node: &NodeInfo) -> bool {
    match volume.at("spec.nodeAffinity.required") {
        None => true,
        Some(required) => required
            .list_at("nodeSelectorTerms")
            .iter()
            .any(|term| filters::node_term_matches(term, node)),
    }
}

/// Mirrors `Filter` of VolumeRestrictions and VolumeBinding.
pub(super) fn filter(world: &World, claims: &Claims, node: &NodeInfo) -> Result<(), Refusal> {
    if claims.in_use {
        return filters::refuse(
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
            false,
        );
    }
    if claims.volumes.iter().any(|v| !fits(&v.value, node)) {
        return filters::refuse(
            if world.version() >= Minor(35) {
                "node(s) didn't match PersistentVolume's node affinity"
            } else {
                "node(s) had volume node affinity conflict"
            },
            true,
        );
    }
    let possible = |c: &Rc<Object>| {
        let provisioner = class(world, &class_name(&c.value))
            .map(|c| c.value.str_at("provisioner").to_owned())
            .unwrap_or_default();
        provisioner != "kubernetes.io/no-provisioner"
            || find_matching_volume(world, c, Some(&node.value), false).is_some()
    };
    if !claims.waiting.iter().all(possible) {
        return filters::refuse(
            "node(s) didn't find available persistent volumes to bind",
            true,
        );
    }
    Ok(())
}

/// Mirrors `BindPodVolumes` up to the wait: tells the provisioner the node.
pub(super) fn select_node(world: &mut World, claims: &Claims, node: &Str) {
    for claim in &claims.waiting {
        let key = ObjectKey::new(
            Kind::PERSISTENT_VOLUME_CLAIM,
            claim.meta.namespace.clone(),
            claim.meta.name.clone(),
        );
        let mut value = claim.value.clone();
        let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
        metadata
            .entry("annotations", Value::object)
            .map_mut()
            .insert(SELECTED_NODE, node);
        let _ = world.update(&key, value);
    }
}
