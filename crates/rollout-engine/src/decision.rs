//! Why: the sum of all components' decisions, as data with the numbers of each formula.

use crate::controllers::deployment::decision::DeploymentDecision;
use crate::controllers::garbage_collector::GarbageDecision;
use crate::controllers::podautoscaler::decision::AutoscalerDecision;
use crate::controllers::replica_set::decision::ReplicaSetDecision;
use crate::controllers::volumes::decision::VolumeDecision;
use crate::kubelet::decision::KubeletDecision;
use crate::scheduler::SchedulerDecision;
use rollout_api::ObjectKey;

/// What was decided about an object, by whom and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The object it is about: the Deployment, ReplicaSet, pod …
    pub on: ObjectKey,
    /// What and why.
    pub what: What,
}

/// One variant per component that decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A decision that has no numbers: its name.
    Plain(rollout_api::Str),
    /// The Deployment controller's.
    Deployment(DeploymentDecision),
    /// The ReplicaSet controller's.
    ReplicaSet(ReplicaSetDecision),
    /// The garbage collector's.
    GarbageCollector(GarbageDecision),
    /// An autoscaler's.
    Autoscaler(AutoscalerDecision),
    /// The volume controllers'.
    Volume(VolumeDecision),
    /// The scheduler's.
    Scheduler(SchedulerDecision),
    /// A kubelet's.
    Kubelet(KubeletDecision),
}

impl From<(ObjectKey, DeploymentDecision)> for Decision {
    fn from((on, d): (ObjectKey, DeploymentDecision)) -> Self {
        Decision {
            on,
            what: What::Deployment(d),
        }
    }
}
impl From<(ObjectKey, ReplicaSetDecision)> for Decision {
    fn from((on, d): (ObjectKey, ReplicaSetDecision)) -> Self {
        Decision {
            on,
            what: What::ReplicaSet(d),
        }
    }
}
impl From<(ObjectKey, GarbageDecision)> for Decision {
    fn from((on, d): (ObjectKey, GarbageDecision)) -> Self {
        Decision {
            on,
            what: What::GarbageCollector(d),
        }
    }
}
impl From<(ObjectKey, AutoscalerDecision)> for Decision {
    fn from((on, d): (ObjectKey, AutoscalerDecision)) -> Self {
        Decision {
            on,
            what: What::Autoscaler(d),
        }
    }
}
impl From<(ObjectKey, VolumeDecision)> for Decision {
    fn from((on, d): (ObjectKey, VolumeDecision)) -> Self {
        Decision {
            on,
            what: What::Volume(d),
        }
    }
}
impl From<(ObjectKey, SchedulerDecision)> for Decision {
    fn from((on, d): (ObjectKey, SchedulerDecision)) -> Self {
        Decision {
            on,
            what: What::Scheduler(d),
        }
    }
}
impl From<(ObjectKey, KubeletDecision)> for Decision {
    fn from((on, d): (ObjectKey, KubeletDecision)) -> Self {
        Decision {
            on,
            what: What::Kubelet(d),
        }
    }
}
