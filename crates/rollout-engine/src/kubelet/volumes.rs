//! Volumes of a pod before its sandbox: what must be there, and what is said when it is not.
//!
//! Mirrors `WaitForAttachAndMount`, pkg/kubelet/volumemanager/volume_manager.go, and the SetUp of pkg/volume/{configmap,secret,projected}.

use super::pod::PodState;
use super::{Kubelet, config_data};
use crate::time::Millis;
use crate::volumes::are_attached;
use crate::world::World;
use rollout_api::Minor;

/// The waits between attempts to mount a volume.
const MOUNT_INITIAL: u64 = 500;
const MOUNT_MAX: u64 = 122_000;
/// How long a sync waits for volumes that are not attached, and the pause behind it.
const ATTACH_TIMEOUT: u64 = 123_000;
const ATTACH_PAUSE: u64 = 12_000;

impl Kubelet {
    /// Mounts the volumes and makes the sandbox. False: a volume is missing, and another attempt is scheduled.
    pub(super) fn make_sandbox(&mut self, world: &mut World, pod: &mut PodState) -> bool {
        let plan = pod.plan.clone();
        for need in &plan.volumes {
            let (secret, name) = (need.source.secret, &need.source.name);
            let data = config_data(world, &pod.key.namespace, &need.source);
            let lacks = |key: &&rollout_api::Str| {
                data.as_ref().is_some_and(|(data, binary)| {
                    data.get(key).is_none() && binary.get(key).is_none()
                })
            };
            let why = match (&data, need.keys.iter().find(lacks)) {
                (None, _) if need.optional => continue,
                (None, _) if secret => format!("secret \"{name}\" not found"),
                (None, _) => format!("configmap \"{name}\" not found"),
                (Some(_), Some(_)) if need.optional => continue,
                (Some(_), Some(key)) if secret => {
                    format!("references non-existent secret key: {key}")
                }
                (Some(_), Some(key)) => {
                    format!("configmap references non-existent config key: {key}")
                }
                (Some(_), None) => continue,
            };
            let text = format!(
                "MountVolume.SetUp failed for volume \"{}\" : {why}",
                need.volume
            );
            pod.event(world, None, "Warning", "FailedMount", &text);
            let wait = (MOUNT_INITIAL << pod.mounts.min(10)).min(MOUNT_MAX);
            pod.mounts += 1;
            let at = world.now + Millis(wait);
            pod.sync_at(world, at);
            return false;
        }
        if plan.claims && !self.wait_for_attach(world, pod) {
            return false;
        }
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
