//! Which object: kind, namespace and name.

use crate::value::Str;
use std::cmp::Ordering;

/// A kind the API server stores. `resource` tables (plural, group, short names) hang on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kind(pub &'static str);

/// Most kinds that are compared are the same constant: no call is needed then.
impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Kind) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Kind {
    fn cmp(&self, other: &Kind) -> Ordering {
        if std::ptr::eq(self.0, other.0) {
            return Ordering::Equal;
        }
        self.0.cmp(other.0)
    }
}

impl Kind {
    /// `apps/v1` Deployment.
    pub const DEPLOYMENT: Kind = Kind("Deployment");
    /// `apps/v1` ReplicaSet.
    pub const REPLICA_SET: Kind = Kind("ReplicaSet");
    /// `v1` Pod.
    pub const POD: Kind = Kind("Pod");
    /// `v1` Node.
    pub const NODE: Kind = Kind("Node");
    /// `v1` Service.
    pub const SERVICE: Kind = Kind("Service");
    /// `v1` Event.
    pub const EVENT: Kind = Kind("Event");
    /// `v1` Endpoints.
    pub const ENDPOINTS: Kind = Kind("Endpoints");
    /// `discovery.k8s.io/v1` EndpointSlice.
    pub const ENDPOINT_SLICE: Kind = Kind("EndpointSlice");
    /// `v1` Namespace.
    pub const NAMESPACE: Kind = Kind("Namespace");
    /// `v1` ConfigMap.
    pub const CONFIG_MAP: Kind = Kind("ConfigMap");
    /// `v1` Secret.
    pub const SECRET: Kind = Kind("Secret");
    /// `v1` PersistentVolumeClaim.
    pub const PERSISTENT_VOLUME_CLAIM: Kind = Kind("PersistentVolumeClaim");
    /// `v1` ResourceQuota.
    pub const RESOURCE_QUOTA: Kind = Kind("ResourceQuota");
    /// `policy/v1` PodDisruptionBudget.
    pub const POD_DISRUPTION_BUDGET: Kind = Kind("PodDisruptionBudget");
    /// `autoscaling/v2` HorizontalPodAutoscaler.
    pub const HORIZONTAL_POD_AUTOSCALER: Kind = Kind("HorizontalPodAutoscaler");
}

/// Identifies one object in the store. Ordered by kind, namespace, name: the order of lists.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectKey {
    /// Which kind.
    pub kind: Kind,
    /// Empty for cluster-scoped kinds.
    pub namespace: Str,
    /// Name.
    pub name: Str,
}

impl ObjectKey {
    /// A key.
    pub fn new(kind: Kind, namespace: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}
