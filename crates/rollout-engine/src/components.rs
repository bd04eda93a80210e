//! The cluster's components, who watches what, and whose turn an event is.
//!
//! A component has `observe` (its watch: it marks keys and schedules its turn) and `fire` (its turn: it reads,
//! decides and writes). It touches nothing but its own state and the [`World`].

use crate::config::ClusterConfig;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::world::World;

/// All components with their own state.
#[derive(Clone)]
pub struct Components {}

impl Components {
    /// The components of a cluster.
    pub fn new(_config: &ClusterConfig) -> Components {
        Components {}
    }

    /// Tells every component of a stored change.
    pub(crate) fn observe(&mut self, _world: &mut World, _change: &Change) {}

    /// Gives a component its turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: SimEvent) {
        match event {
            SimEvent::Deployment(_)
            | SimEvent::ReplicaSet(_)
            | SimEvent::EndpointSlice(_)
            | SimEvent::GarbageCollector(_)
            | SimEvent::Disruption(_)
            | SimEvent::Scheduler(_)
            | SimEvent::Kubelet(_)
            | SimEvent::Scripted(_) => {}
            SimEvent::ExpireEvents => world.expire_events(),
        }
    }
}
