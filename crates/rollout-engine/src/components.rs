//! The cluster's components, who watches what, and whose turn an event is.
//!
//! A component has `observe` (its watch: it marks keys and schedules its turn) and `fire` (its turn: it reads,
//! decides and writes). It touches nothing but its own state and the [`World`].

use crate::config::{ClusterConfig, NodeSide};
use crate::controllers::deployment::DeploymentController;
use crate::controllers::disruption::DisruptionController;
use crate::controllers::endpoint_slice::EndpointSliceController;
use crate::controllers::garbage_collector::GarbageCollector;
use crate::controllers::podautoscaler::HorizontalController;
use crate::controllers::replica_set::ReplicaSetController;
use crate::kubelet::Kubelet;
use crate::scheduler::Scheduler;
use crate::scripted::ScriptedNode;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::world::World;
use rollout_api::Kind;

/// All components with their own state.
#[derive(Clone)]
pub struct Components {
    /// The Deployment controller.
    pub deployment: DeploymentController,
    /// The ReplicaSet controller.
    pub replica_set: ReplicaSetController,
    /// The EndpointSlice controller.
    pub endpoint_slice: EndpointSliceController,
    /// The garbage collector.
    pub garbage_collector: GarbageCollector,
    /// The disruption controller.
    pub disruption: DisruptionController,
    /// The autoscalers' controller, unless the node side is scripted.
    pub autoscaler: Option<HorizontalController>,
    /// The scheduler, unless the node side is scripted.
    pub scheduler: Option<Scheduler>,
    /// The kubelets, unless the node side is scripted.
    pub kubelet: Option<Kubelet>,
    /// The fake scheduler and kubelet of the recordings, if the node side is scripted.
    pub scripted: Option<ScriptedNode>,
}

impl Components {
    /// The components of a cluster.
    pub fn new(config: &ClusterConfig) -> Components {
        let timings = match &config.node_side {
            NodeSide::Kubelet(timings) => Some(timings),
            NodeSide::Scripted(_) | NodeSide::Nobody => None,
        };
        Components {
            deployment: DeploymentController::default(),
            replica_set: ReplicaSetController::default(),
            endpoint_slice: EndpointSliceController::default(),
            garbage_collector: GarbageCollector::default(),
            disruption: DisruptionController::default(),
            autoscaler: timings.map(|_| HorizontalController::default()),
            scheduler: timings.map(|t| Scheduler::new(Millis(t.schedule))),
            kubelet: timings.map(|t| Kubelet::new(t.clone())),
            scripted: match &config.node_side {
                NodeSide::Scripted(script) => Some(ScriptedNode::new(script.clone())),
                NodeSide::Kubelet(_) | NodeSide::Nobody => None,
            },
        }
    }

    /// Tells every component of a stored change.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        if change.key.kind == Kind::EVENT {
            return; // Nobody watches Events.
        }
        crate::traffic::observe(world, change);
        // The ReplicaSet controller first: in a real cluster its part of an instant is done sooner.
        self.replica_set.observe(world, change);
        self.deployment.observe(world, change);
        self.endpoint_slice.observe(world, change);
        self.garbage_collector.observe(world, change);
        self.disruption.observe(world, change);
        if let Some(autoscaler) = &mut self.autoscaler {
            autoscaler.observe(world, change);
        }
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.observe(world, change);
        }
        if let Some(kubelet) = &mut self.kubelet {
            kubelet.observe(world, change);
        }
        if let Some(scripted) = &mut self.scripted {
            scripted.observe(world, change);
        }
    }

    /// Gives a component its turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: SimEvent) {
        match event {
            SimEvent::Deployment(key) => self.deployment.fire(world, &key),
            SimEvent::ReplicaSet(key) => self.replica_set.fire(world, &key),
            SimEvent::EndpointSlice(key) => self.endpoint_slice.fire(world, &key),
            SimEvent::GarbageCollector(key) => self.garbage_collector.fire(world, &key),
            SimEvent::Disruption(key) => self.disruption.fire(world, &key),
            SimEvent::Scripted(event) => {
                if let Some(scripted) = &mut self.scripted {
                    scripted.fire(world, event);
                }
            }
            SimEvent::Autoscaler(event) => {
                if let Some(autoscaler) = &mut self.autoscaler {
                    autoscaler.fire(world, event);
                }
            }
            SimEvent::Scheduler(event) => {
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.fire(world, event);
                }
            }
            SimEvent::Kubelet(event) => {
                if let Some(kubelet) = &mut self.kubelet {
                    kubelet.fire(world, event);
                }
            }
            SimEvent::ExpireEvents => world.expire_events(),
        }
    }
}
