//! The cluster's components, who watches what, and whose turn an event is.
//!
//! A component has `observe` (its watch: it marks keys and schedules its turn) and `fire` (its turn: it reads,
//! decides and writes). It touches nothing but its own state and the [`World`].

use crate::config::{ClusterConfig, NodeSide};
use crate::controllers::deployment::DeploymentController;
use crate::controllers::disruption::DisruptionController;
use crate::controllers::endpoint_slice::EndpointSliceController;
use crate::controllers::garbage_collector::GarbageCollector;
use crate::controllers::node_lifecycle::NodeLifecycle;
use crate::controllers::podautoscaler::HorizontalController;
use crate::controllers::replica_set::ReplicaSetController;
use crate::controllers::taint_eviction::TaintEviction;
use crate::controllers::volumes::VolumeControllers;
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
    /// The node lifecycle controller, unless the node side is scripted.
    pub node_lifecycle: Option<NodeLifecycle>,
    /// The taint eviction controller, unless the node side is scripted.
    pub taint_eviction: Option<TaintEviction>,
    /// The volume controllers, unless the node side is scripted.
    pub volumes: Option<VolumeControllers>,
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
            node_lifecycle: timings.map(|_| NodeLifecycle::default()),
            taint_eviction: timings.map(|_| TaintEviction::default()),
            volumes: timings.map(|_| VolumeControllers::default()),
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
        if let Some(controller) = &mut self.node_lifecycle {
            controller.observe(world, change);
        }
        if let Some(controller) = &mut self.taint_eviction {
            controller.observe(world, change);
        }
        if let Some(volumes) = &mut self.volumes {
            volumes.observe(world, change);
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
        if world.faults.controllers_down && event.waits_for_controllers() {
            return; // They look at everything when they begin anew.
        }
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
            SimEvent::Autoscaler(_) if world.faults.controllers_down => {
                world.schedule(Millis(15_000), event);
            }
            SimEvent::Autoscaler(event) => {
                if let Some(autoscaler) = &mut self.autoscaler {
                    autoscaler.fire(world, event);
                }
            }
            SimEvent::Volume(event) => {
                if let Some(volumes) = &mut self.volumes {
                    volumes.fire(world, event);
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
            SimEvent::Node(event) => {
                if let Some(controller) = &mut self.node_lifecycle {
                    controller.fire(world, event);
                }
            }
            SimEvent::Eviction(event) => {
                if let Some(controller) = &mut self.taint_eviction {
                    controller.fire(world, event);
                }
            }
            SimEvent::Resync => self.resync(world),
            SimEvent::Fault(fault) => world.break_it(&fault, None),
            SimEvent::ExpireEvents => world.expire_events(),
        }
    }

    /// A controller manager that begins anew: it knows nothing and is told of every object.
    fn resync(&mut self, world: &mut World) {
        self.deployment = DeploymentController::default();
        self.replica_set = ReplicaSetController::default();
        self.garbage_collector = GarbageCollector::default();
        self.disruption = DisruptionController::default();
        self.endpoint_slice.begin_anew();
        if let Some(volumes) = &mut self.volumes {
            volumes.begin_anew(world);
        }
        if let Some(controller) = &mut self.node_lifecycle {
            controller.begin_anew(world);
        }
        if let Some(controller) = &mut self.taint_eviction {
            controller.begin_anew(world);
        }
        let all: Vec<Change> = world
            .store
            .iter()
            .filter(|(key, _)| key.kind != Kind::EVENT)
            .map(|(key, object)| Change {
                key,
                before: None,
                after: Some(object.clone()),
            })
            .collect();
        for change in &all {
            self.replica_set.observe(world, change);
            self.deployment.observe(world, change);
            self.garbage_collector.observe(world, change);
            self.disruption.observe(world, change);
            if let Some(volumes) = &mut self.volumes {
                volumes.observe(world, change);
            }
            if let Some(controller) = &mut self.node_lifecycle {
                controller.observe(world, change);
            }
            if let Some(controller) = &mut self.taint_eviction {
                controller.observe(world, change);
            }
            if change.key.kind == Kind::SERVICE {
                self.endpoint_slice.observe(world, change);
            }
        }
    }
}
