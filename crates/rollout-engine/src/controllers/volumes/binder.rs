//! Binding: which volume a claim gets. Mirrors pkg/controller/volume/persistentvolume/pv_controller.go, and the controllers
//! that hold a claim or a volume while it is used.

use super::decision::VolumeDecision;
use super::{VolumeControllers, annotate, release, volume_key};
use crate::events::{EventObject, Source};
use crate::sim_event::SimEvent;
use crate::time::Millis;
use crate::volumes::{
    PERSISTENT_VOLUME, SELECTED_NODE, class, class_name, uses, volume, waits_for_consumer,
};
use crate::world::World;
use rollout_api::quantity::Quantity;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value, object};
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) const NAME: &str = "persistentvolume-controller";
const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// How long the driver takes to delete a volume.
const DELETE: Millis = Millis(1_000);

pub(super) fn tell(
    world: &mut World,
    source: &str,
    object: &Object,
    kind: &'static str,
    reason: &'static str,
    message: &str,
) {
    let source = Source::of(Str::copy(source));
    world.event_by(&source, &EventObject::of(object), kind, reason, message);
}

fn reference(claim: &Object) -> Value {
    object! {
        "apiVersion" => "v1",
        "kind" => "PersistentVolumeClaim",
        "name" => &claim.meta.name,
        "namespace" => &claim.meta.namespace,
        "resourceVersion" => claim.meta.resource_version.to_string(),
        "uid" => &claim.meta.uid,
    }
}

/// Does the volume's `claimRef` mean this claim?
fn is_for(volume: &Value, claim: &Object) -> bool {
    let Some(r) = volume.at("spec.claimRef") else {
        return false;
    };
    let uid = r.str_at("uid");
    r.str_at("namespace") == claim.meta.namespace.as_str()
        && r.str_at("name") == claim.meta.name.as_str()
        && (uid.is_empty() || uid == claim.meta.uid.as_str())
}

fn modes_cover(volume: &Value, claim: &Value) -> bool {
    let has = volume.list_at("spec.accessModes");
    claim
        .list_at("spec.accessModes")
        .iter()
        .all(|m| has.contains(m))
}

fn storage(value: &Value, at: &str) -> Option<Quantity> {
    value.at(at)?.get("storage").and_then(Quantity::of)
}

/// Mirrors `FindMatchingVolume`, staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go: one that is meant for
/// the claim, else the smallest that is large enough.
pub(crate) fn find_matching_volume(
    world: &World,
    claim: &Object,
    node: Option<&Value>,
    only_meant: bool,
) -> Option<Rc<Object>> {
    let wanted = storage(&claim.value, "spec.resources.requests")?;
    let mode = |v: &Value| Some(v.str_at("spec.volumeMode").to_owned()).filter(|m| !m.is_empty());
    let mode_of = |v: &Value| mode(v).unwrap_or_else(|| "Filesystem".to_owned());
    let mut best: Option<(Quantity, Rc<Object>)> = None;
    for v in world.store.list(PERSISTENT_VOLUME) {
        if v.meta.is_terminating() || mode_of(&v.value) != mode_of(&claim.value) {
            continue;
        }
        let Some(size) = storage(&v.value, "spec.capacity") else {
            continue;
        };
        let enough = size.compare(&wanted) != Ordering::Less;
        if v.value.at("spec.claimRef").is_some() {
            if is_for(&v.value, claim) && enough {
                return Some(v.clone());
            }
            continue;
        }
        let labels = claim.value.at("spec.selector");
        let selected = labels.is_none_or(|s| {
            crate::controllers::selector::is_empty_selector(s)
                || crate::controllers::selector::label_selector_matches(s, &v.meta.labels)
        });
        let fits = !only_meant
            && enough
            && v.value.str_at("status.phase") == "Available"
            && class_name(&v.value) == class_name(&claim.value)
            && modes_cover(&v.value, &claim.value)
            && selected
            && node.is_none_or(|n| crate::scheduler::volume_fits_node(&v.value, n));
        if fits
            && best
                .as_ref()
                .is_none_or(|(least, _)| size.compare(least) == Ordering::Less)
        {
            best = Some((size, v.clone()));
        }
    }
    best.map(|(_, v)| v)
}

impl VolumeControllers {
    fn announce(
        &mut self,
        world: &mut World,
        claim: &Object,
        kind: &'static str,
        reason: &'static str,
        message: &str,
        why: VolumeDecision,
    ) {
        if self.announced.insert((claim.meta.uid.clone(), reason)) {
            tell(world, NAME, claim, kind, reason, message);
            let key = ObjectKey::new(
                Kind::PERSISTENT_VOLUME_CLAIM,
                claim.meta.namespace.clone(),
                claim.meta.name.clone(),
            );
            world.decide((key, why));
        }
    }

    /// Mirrors `syncClaim`.
    pub(super) fn sync_claim(&mut self, world: &mut World, key: &ObjectKey) {
        let Some(claim) = world.store.get(key).cloned() else {
            return;
        };
        if claim.meta.is_terminating() {
            self.unprotect_claim(world, key, &claim);
            return;
        }
        let named = claim
            .value
            .shared_str_at("spec.volumeName")
            .unwrap_or_default();
        if claim.meta.annotation(COMPLETED).is_some() {
            self.sync_bound_claim(world, key, &claim, &named);
            return;
        }
        if !named.is_empty() {
            let found = volume(world, &named);
            let free =
                |v: &Rc<Object>| v.value.at("spec.claimRef").is_none() || is_for(&v.value, &claim);
            if let Some(v) = found.filter(free) {
                bind(world, key, &claim, &v);
            }
            return;
        }
        let delayed = waits_for_consumer(world, &claim.value)
            && claim.meta.annotation(SELECTED_NODE).is_none();
        let node = claim.meta.annotation(SELECTED_NODE).and_then(|n| {
            let key = ObjectKey::new(Kind::NODE, "", Str::copy(n));
            world.store.get(&key).map(|o| o.value.clone())
        });
        if let Some(v) = find_matching_volume(world, &claim, node.as_ref(), delayed) {
            bind(world, key, &claim, &v);
        } else if delayed {
            self.wait_for_consumer(world, key, &claim);
        } else if class_name(&claim.value).is_empty() {
            self.announce(
                world,
                &claim,
                "Normal",
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set",
                VolumeDecision::NoClass,
            );
        } else {
            self.provision_claim(world, key, &claim);
        }
    }

    /// Mirrors `emitEventForUnboundDelayBindingClaim`.
    fn wait_for_consumer(&mut self, world: &mut World, key: &ObjectKey, claim: &Object) {
        let unscheduled: Vec<String> = world
            .store
            .list_in(Kind::POD, &key.namespace)
            .filter(|p| uses(p, &key.name) && p.pod().is_some_and(|v| v.node.is_empty()))
            .map(|p| p.meta.name.to_string())
            .collect();
        let (reason, message) = match unscheduled.as_slice() {
            [] => (
                "WaitForFirstConsumer",
                "waiting for first consumer to be created before binding".to_owned(),
            ),
            // A pod that was made a moment ago is scheduled before the controller looks again.
            _ if world
                .store
                .list_in(Kind::POD, &key.namespace)
                .any(|p| uses(p, &key.name) && !p.pod().is_some_and(|v| v.unschedulable)) =>
            {
                return;
            }
            [one] => (
                "WaitForPodScheduled",
                format!("waiting for pod {one} to be scheduled"),
            ),
            many => (
                "WaitForPodScheduled",
                format!("waiting for pods {} to be scheduled", many.join(",")),
            ),
        };
        let why = VolumeDecision::WaitsForConsumer;
        self.announce(world, claim, "Normal", reason, &message, why);
    }

    /// Mirrors `provisionClaim` for external provisioners.
    fn provision_claim(&mut self, world: &mut World, key: &ObjectKey, claim: &Object) {
        let name = class_name(&claim.value);
        let Some(class) = class(world, &name) else {
            let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
            let why = VolumeDecision::NoSuchClass { class: name };
            self.announce(world, claim, "Warning", "ProvisioningFailed", &message, why);
            return;
        };
        let provisioner = class.value.shared_str_at("provisioner").unwrap_or_default();
        if provisioner == *"kubernetes.io/no-provisioner" {
            if !waits_for_consumer(world, &claim.value) {
                let why = VolumeDecision::NoClass;
                let message = "no volume plugin matched name: kubernetes.io/no-provisioner";
                self.announce(world, claim, "Warning", "ProvisioningFailed", message, why);
            }
            return;
        }
        let mut value = claim.value.clone();
        annotate(
            &mut value,
            "volume.beta.kubernetes.io/storage-provisioner",
            &provisioner,
        );
        annotate(
            &mut value,
            "volume.kubernetes.io/storage-provisioner",
            &provisioner,
        );
        let _ = world.update(key, value);
        let absent = !super::provisioner::runs(&provisioner);
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        let size = claim
            .value
            .at("spec.resources.requests")
            .and_then(|r| r.shared_str_at("storage"))
            .unwrap_or_default();
        let why = VolumeDecision::Provisioning {
            provisioner: provisioner.clone(),
            size,
            absent,
        };
        self.announce(
            world,
            claim,
            "Normal",
            "ExternalProvisioning",
            &message,
            why,
        );
        if !absent && self.making.insert(key.clone()) {
            self.begin_provisioning(world, key, claim, &provisioner);
        }
    }

    /// Mirrors `syncBoundClaim`.
    fn sync_bound_claim(
        &mut self,
        world: &mut World,
        key: &ObjectKey,
        claim: &Object,
        named: &Str,
    ) {
        let found = volume(world, named);
        match found {
            Some(v) if v.value.at("spec.claimRef").is_none() || is_for(&v.value, claim) => {
                bind(world, key, claim, &v);
            }
            _ => {
                let (reason, message) = if volume(world, named).is_none() {
                    (
                        "ClaimLost",
                        "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
                    )
                } else {
                    (
                        "ClaimMisbound",
                        "Two claims are bound to the same volume, this one is bound incorrectly",
                    )
                };
                if claim.value.str_at("status.phase") != "Lost" {
                    tell(world, NAME, claim, "Warning", reason, message);
                    let mut value = claim.value.clone();
                    value.set("status.phase", "Lost");
                    let _ = world.update_status(key, value);
                }
            }
        }
    }

    /// Mirrors pkg/controller/volume/pvcprotection.
    fn unprotect_claim(&mut self, world: &mut World, key: &ObjectKey, claim: &Rc<Object>) {
        let pods = world
            .store
            .list_in(Kind::POD, &key.namespace)
            .filter(|p| uses(p, &key.name) && p.pod().is_some_and(|v| !v.node.is_empty()))
            .count();
        if pods > 0 {
            if self.announced.insert((claim.meta.uid.clone(), "Protected")) {
                world.decide((key.clone(), VolumeDecision::Protected { pods }));
            }
            return;
        }
        let mut value = claim.value.clone();
        release(&mut value, "kubernetes.io/pvc-protection");
        let _ = world.update(key, value);
    }

    /// Mirrors `syncVolume`.
    pub(super) fn sync_volume(&mut self, world: &mut World, name: &Str) {
        let key = volume_key(name);
        let Some(found) = world.store.get(&key).cloned() else {
            return;
        };
        let reference = found.value.at("spec.claimRef").cloned();
        let claim = reference.as_ref().and_then(|r| {
            let part = |p: &str| r.shared_str_at(p).unwrap_or_default();
            let key = ObjectKey::new(
                Kind::PERSISTENT_VOLUME_CLAIM,
                part("namespace"),
                part("name"),
            );
            let claim = world.store.get(&key)?;
            (r.str_at("uid").is_empty() || r.str_at("uid") == claim.meta.uid.as_str())
                .then(|| (key, claim.clone()))
        });
        let phase = match (&reference, &claim) {
            (None, _) => "Available",
            (Some(r), _) if r.str_at("uid").is_empty() => "Available",
            (Some(_), Some(_)) => "Bound",
            (Some(_), None) => "Released",
        };
        set_phase(world, &key, &found, phase);
        if found.meta.is_terminating() && phase != "Bound" {
            if let Some(now) = world.store.get(&key).cloned() {
                let mut value = now.value.clone();
                release(&mut value, "kubernetes.io/pv-protection");
                let _ = world.update(&key, value);
            }
            return;
        }
        if let Some((claim_key, claim)) = claim
            && claim.value.str_at("status.phase") == "Pending"
            && !claim.meta.is_terminating()
        {
            self.due(world, claim_key, super::VolumeEvent::Claim);
        }
        if phase == "Released" && found.value.str_at("status.phase") != "Released" {
            let policy = found.value.str_at("spec.persistentVolumeReclaimPolicy");
            let by = found.meta.annotation("pv.kubernetes.io/provisioned-by");
            let deleted = policy == "Delete" && by.is_some_and(super::provisioner::runs);
            world.decide((key.clone(), VolumeDecision::Released { deleted }));
            if deleted {
                let event = super::VolumeEvent::Deleted(name.clone());
                world.schedule(DELETE, SimEvent::Volume(event));
            }
        }
    }

    pub(super) fn deleted(&mut self, world: &mut World, name: &Str) {
        let key = volume_key(name);
        if world.attachments.nodes(name).next().is_some() {
            let event = super::VolumeEvent::Deleted(name.clone());
            world.schedule(DELETE, SimEvent::Volume(event));
            return;
        }
        if world
            .store
            .get(&key)
            .is_some_and(|v| v.value.str_at("status.phase") == "Released")
        {
            let _ = world.delete(&key, &crate::client::DeleteOptions::default());
        }
    }
}

fn set_phase(world: &mut World, key: &ObjectKey, volume: &Rc<Object>, phase: &'static str) {
    if volume.value.str_at("status.phase") == phase {
        return;
    }
    let mut value = volume.value.clone();
    if world.version() >= Minor(29) {
        let now = world.wall().text();
        value.set("status.lastPhaseTransitionTime", now);
    }
    value.set("status.phase", phase);
    let _ = world.update_status(key, value);
}

/// Mirrors `bind`: the volume's half, its phase, the claim's half, its phase.
fn bind(world: &mut World, key: &ObjectKey, claim: &Object, volume: &Rc<Object>) {
    let name = &volume.meta.name;
    let place = volume_key(name);
    if volume.value.at("spec.claimRef.uid").is_none() {
        let mut value = volume.value.clone();
        if value.at("spec.claimRef").is_none() {
            annotate(&mut value, BY_CONTROLLER, "yes");
        }
        value.set("spec.claimRef", reference(claim));
        let _ = world.update(&place, value);
    }
    if let Some(now) = world.store.get(&place).cloned() {
        set_phase(world, &place, &now, "Bound");
    }
    let mut value = claim.value.clone();
    if value.str_at("spec.volumeName").is_empty() {
        value.set("spec.volumeName", name);
        annotate(&mut value, BY_CONTROLLER, "yes");
    }
    if claim.meta.annotation(COMPLETED).is_none() {
        annotate(&mut value, COMPLETED, "yes");
    }
    let changed = world.update(key, value);
    let Ok(now) = changed else { return };
    let mut value = now.value.clone();
    let was = value.str_at("status.phase").to_owned();
    value.set("status.phase", "Bound");
    for (to, from) in [
        ("status.accessModes", "spec.accessModes"),
        ("status.capacity", "spec.capacity"),
    ] {
        value.set(to, volume.value.at(from).cloned().unwrap_or_default());
    }
    let _ = world.update_status(key, value);
    if was != "Bound" {
        let volume = name.clone();
        world.decide((key.clone(), VolumeDecision::Bound { volume }));
    }
}
