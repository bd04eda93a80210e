//! What the kubelets tell the traffic model: the process that serves a pod's requests, and its version.

use super::Kubelet;
use super::container_status::Run;
use super::pod::PodState;
use crate::traffic::{Server, Version};
use crate::world::World;

impl Kubelet {
    /// A container has started. The first ordinary container is the one that serves.
    pub(super) fn tell_traffic_of_start(&self, world: &mut World, pod: &PodState, i: usize) {
        if i != pod.plan.init {
            return;
        }
        let (c, plan) = (&pod.containers[i], &pod.plan.containers[i]);
        let Some(Run::Running(run)) = &c.newest else {
            return;
        };
        let object = world.store.get(&pod.key).cloned();
        let controller = object.as_ref().and_then(|o| o.meta.controller.as_ref());
        let owner = controller.map(|c| c.name.clone());
        let version = Version {
            owner: owner.unwrap_or_default(),
            image: plan.image.clone(),
            image_id: run.image_id.clone(),
        };
        let now = world.now;
        world.traffic.started(now, &pod.uid, || Server {
            pod: pod.key.name.clone(),
            node: pod.node.clone(),
            full: plan.full.clone(),
            ordinal: c.ordinal,
            version: 0,
            listens: object
                .and_then(|o| o.value.get("spec").map(crate::traffic::listens))
                .unwrap_or_default(),
            runs: Vec::new(),
        });
        world.traffic.set_version(&pod.uid, version);
    }
}
