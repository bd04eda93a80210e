//! Everything the queue can hold: whose turn it is, and for what.

use crate::controllers::node_lifecycle::NodeEvent;
use crate::controllers::volumes::VolumeEvent;
use rollout_api::ObjectKey;

/// An event that is due. Each variant is one component's; the payload is that component's type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimEvent {
    /// The Deployment controller takes this key from its work queue.
    Deployment(ObjectKey),
    /// The ReplicaSet controller takes this key from its work queue.
    ReplicaSet(ObjectKey),
    /// The EndpointSlice controller takes this Service from its work queue.
    EndpointSlice(ObjectKey),
    /// The garbage collector looks at this object.
    GarbageCollector(ObjectKey),
    /// The disruption controller looks at this PodDisruptionBudget.
    Disruption(ObjectKey),
    /// The autoscalers' turn.
    Autoscaler(crate::controllers::podautoscaler::AutoscalerEvent),
    /// The volume controllers' turn.
    Volume(VolumeEvent),
    /// The scheduler's turn.
    Scheduler(crate::scheduler::SchedulerEvent),
    /// The kubelets' turn.
    Kubelet(crate::kubelet::KubeletEvent),
    /// The scripted node side's turn.
    Scripted(crate::scripted::ScriptedEvent),
    /// The node lifecycle controller's turn.
    Node(NodeEvent),
    /// The taint eviction controller's turn.
    Eviction(crate::controllers::taint_eviction::EvictionEvent),
    /// The controllers begin anew with a fresh look at everything.
    Resync,
    /// Something is broken, or mended, by itself.
    Fault(Box<crate::faults::Fault>),
    /// Event objects that have lived their hour are removed.
    ExpireEvents,
}

impl SimEvent {
    /// Is this a component's answer to news from the API server?
    pub(crate) fn is_reaction(&self) -> bool {
        self.is_controllers()
            || matches!(
                self,
                SimEvent::Kubelet(crate::kubelet::KubeletEvent::Sync(_))
            )
    }

    /// Is it the turn of a controller of the controller manager?
    pub(crate) fn is_controllers(&self) -> bool {
        matches!(
            self,
            SimEvent::Deployment(_)
                | SimEvent::ReplicaSet(_)
                | SimEvent::EndpointSlice(_)
                | SimEvent::GarbageCollector(_)
                | SimEvent::Disruption(_)
                | SimEvent::Volume(
                    VolumeEvent::Claim(_) | VolumeEvent::Volume(_) | VolumeEvent::Attach(_)
                )
        )
    }

    /// Does it wait until the controllers are back? The controllers' turns, and those of the node controllers; what drivers
    /// and kubelets do goes on.
    pub(crate) fn waits_for_controllers(&self) -> bool {
        self.is_controllers()
            || matches!(self, SimEvent::Node(e) if !matches!(e, NodeEvent::Heard(_)))
            || matches!(self, SimEvent::Eviction(_))
    }
}
