//! Everything the queue can hold: whose turn it is, and for what.

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
    /// The scheduler's turn.
    Scheduler(crate::scheduler::SchedulerEvent),
    /// The kubelets' turn.
    Kubelet(crate::kubelet::KubeletEvent),
    /// The scripted node side's turn.
    Scripted(crate::scripted::ScriptedEvent),
    /// Event objects that have lived their hour are removed.
    ExpireEvents,
}
