//! Volumes of a pod before its sandbox: what must be there, and what is said when it is not.
//!
//! Mirrors `WaitForAttachAndMount`, pkg/kubelet/volumemanager/volume_manager.go, and the SetUp of pkg/volume/{configmap,secret,projected}.

use super::decision::KubeletDecision;
use super::plan::VolumeNeed;
use super::pod::PodState;
use super::{Kubelet, config_data, report};
use crate::files::Seen;
use crate::time::Millis;
use crate::volumes::are_attached;
use crate::world::World;
use rollout_api::{Kind, Minor, ObjectKey, Str};

/// The waits between attempts to mount a volume.
const MOUNT_INITIAL: u64 = 500;
const MOUNT_MAX: u64 = 122_000;
/// How long a sync waits for volumes that are not attached, and the pause behind it.
const ATTACH_TIMEOUT: u64 = 123_000;
const ATTACH_PAUSE: u64 = 12_000;

/// The kubelet looks at each pod again after this time, times 1.0 to 1.5: `--sync-frequency`.
const RESYNC: u64 = 60_000;

/// The objects of a pod's volumes as they are now. One that is gone leaves what it had brought.
fn present(world: &World, pod: &PodState) -> Vec<Seen> {
    let see = |need: &VolumeNeed| {
        let (secret, name) = (need.source.secret, &need.source.name);
        let now = Seen::now(world, &pod.key.namespace, secret, name);
        match world.files.mounted(&pod.uid, secret, name) {
            Some(old) if now.object.is_none() => old.clone(),
            _ => now,
        }
    };
    pod.plan.volumes.iter().map(see).collect()
}

/// Why a volume's files cannot be made.
fn missing_volume(world: &World, pod: &PodState) -> Option<String> {
    pod.plan.volumes.iter().find_map(|need| {
        let (secret, name) = (need.source.secret, &need.source.name);
        let data = config_data(world, &pod.key.namespace, &need.source);
        let lacks = |key: &&rollout_api::Str| {
            data.as_ref()
                .is_some_and(|(data, binary)| data.get(key).is_none() && binary.get(key).is_none())
        };
        let why = match (&data, need.keys.iter().find(lacks)) {
            _ if need.optional => return None,
            (None, _) if secret => format!("secret \"{name}\" not found"),
            (None, _) => format!("configmap \"{name}\" not found"),
            (Some(_), Some(key)) if secret => {
                format!("references non-existent secret key: {key}")
            }
            (Some(_), Some(key)) => {
                format!("configmap references non-existent config key: {key}")
            }
            (Some(_), None) => return None,
        };
        Some(format!(
            "MountVolume.SetUp failed for volume \"{}\" : {why}",
            need.volume
        ))
    })
}

fn retry_mount(world: &mut World, pod: &mut PodState, text: &str) {
    pod.event(world, None, "Warning", "FailedMount", text);
    let wait = (MOUNT_INITIAL << pod.mounts.min(10)).min(MOUNT_MAX);
    pod.mounts += 1;
    let at = world.now + Millis(wait);
    pod.sync_at(world, at);
}

/// Brings new content of ConfigMaps and Secrets into the volumes of a pod that runs: part of each of its syncs.
///
/// Mirrors `MarkRemountRequired`, pkg/kubelet/volumemanager/cache/actual_state_of_world.go: what has changed is written
/// anew, and a `subPath` mount still shows the file that was there when its container began.
pub(super) fn remount(world: &mut World, pod: &mut PodState) {
    let Some(since) = pod.stale else { return };
    if world.faults.is_cut(&pod.node) {
        return;
    }
    let seen = present(world, pod);
    for i in world.files.mount(&pod.uid, seen) {
        let need = &pod.plan.volumes[i];
        let kind = if need.source.secret {
            "secret"
        } else {
            "configmap"
        };
        let why = KubeletDecision::Refresh {
            object: Str::concat(&[kind, " \"", &need.source.name, "\""]),
            volume: need.volume.clone(),
            after: Millis(world.now.since(since).0),
        };
        world.decide((pod.key.clone(), why));
    }
    match missing_volume(world, pod) {
        Some(text) => retry_mount(world, pod, &text),
        None => {
            pod.mounts = 0;
            pod.stale = None;
        }
    }
}

impl PodState {
    /// Is this ConfigMap or Secret in one of its volumes?
    pub(super) fn mounts_data(&self, key: &ObjectKey) -> bool {
        let volumes = &self.plan.volumes;
        self.key.namespace == key.namespace
            && volumes.iter().any(|need| {
                need.source.name == key.name && need.source.secret == (key.kind == Kind::SECRET)
            })
    }

    /// An object of its volumes has changed: its kubelet sees that at its next look.
    pub(super) fn will_remount(&mut self, world: &mut World) {
        let now = world.now;
        self.stale.get_or_insert(now);
        if self.sync_ticket.is_some() || self.grace.is_some() {
            return;
        }
        // The looks that nothing came of are not events: whole hours are left out.
        let mut at = self.synced + Millis(now.since(self.synced).0 / 3_600_000 * 3_600_000);
        let mut turn = 0;
        while at <= now {
            turn += 1;
            at += Millis(RESYNC + report::scatter(&self.uid, turn) % (RESYNC / 2));
        }
        self.sync_at(world, at);
    }
}

impl Kubelet {
    /// Mounts the volumes and makes the sandbox. False: a volume is missing, and another attempt is scheduled.
    pub(super) fn make_sandbox(&mut self, world: &mut World, pod: &mut PodState) -> bool {
        let plan = pod.plan.clone();
        if let Some(text) = missing_volume(world, pod) {
            retry_mount(world, pod, &text);
            return false;
        }
        if plan.claims && !self.wait_for_attach(world, pod) {
            return false;
        }
        if !plan.volumes.is_empty() {
            let seen = present(world, pod);
            world.files.mount(&pod.uid, seen);
        }
        pod.stale = None;
        pod.ip = Some(self.nodes.address(world, &pod.node));
        pod.fresh_sandbox = true;
        true
    }

    /// Is every volume of the pod's claims on its node? The attach/detach controller wakes the pod when it comes.
    fn wait_for_attach(&mut self, world: &mut World, pod: &mut PodState) -> bool {
        let Some(object) = world.store.get(&pod.key).cloned() else {
            return false;
        };
        if are_attached(world, &object.value, &pod.key.namespace, &pod.node) {
            return true;
        }
        let now = world.now;
        match pod.attach_since {
            None => pod.attach_since = Some(now),
            Some(since) if now.since(since).0 >= ATTACH_TIMEOUT => {
                // Later releases keep quiet about a wait that was only cut short.
                if world.version() < Minor(29) {
                    let volumes: Vec<&str> = object
                        .value
                        .list_at("spec.volumes")
                        .iter()
                        .filter(|v| v.get("persistentVolumeClaim").is_some())
                        .map(|v| v.str_at("name"))
                        .collect();
                    let text = format!(
                        "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[], failed to process volumes=[]: timed out waiting for the condition",
                        volumes.join(" ")
                    );
                    pod.event(world, None, "Warning", "FailedMount", &text);
                }
                pod.attach_since = Some(now + Millis(ATTACH_PAUSE));
            }
            Some(_) => {}
        }
        if world.version() < Minor(29)
            && let Some(since) = pod.attach_since
        {
            pod.sync_at(world, since + Millis(ATTACH_TIMEOUT));
        }
        false
    }
}
