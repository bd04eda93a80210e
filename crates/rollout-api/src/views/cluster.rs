//! Views of Nodes, Services and PodDisruptionBudgets.

use super::{Condition, conditions, field, int, int32, text, truth};
use crate::intstr::IntOrString;
use crate::value::{Str, Value};

/// A Node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeView {
    /// Cordoned.
    pub unschedulable: bool,
    /// `spec.taints`.
    pub taints: Value,
    /// `status.allocatable`, a map of quantities.
    pub allocatable: Value,
    /// Conditions.
    pub conditions: Vec<Condition>,
}

impl NodeView {
    /// The view of a Node's tree.
    pub fn of(value: &Value) -> NodeView {
        let spec = value.get("spec");
        let status = value.get("status");
        NodeView {
            unschedulable: truth(spec, "unschedulable"),
            taints: field(spec, "taints").cloned().unwrap_or_default(),
            allocatable: field(status, "allocatable").cloned().unwrap_or_default(),
            conditions: conditions(status),
        }
    }
    /// Is the condition `Ready` true?
    pub fn is_ready(&self) -> bool {
        self.conditions
            .iter()
            .any(|c| c.kind == *"Ready" && c.status == *"True")
    }
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Name, may be empty.
    pub name: Str,
    /// Port of the Service.
    pub port: i32,
    /// Port of the pods.
    pub target_port: IntOrString,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Str,
    /// Application protocol, may be empty.
    pub app_protocol: Str,
}

/// A Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceView {
    /// `spec.selector`: labels, or null.
    pub selector: Value,
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    pub kind: Str,
    /// Address, `None` for a headless one.
    pub cluster_ip: Str,
    /// Ports.
    pub ports: Vec<ServicePort>,
    /// Are pods published that are not ready?
    pub publish_not_ready_addresses: bool,
}

impl ServiceView {
    /// The view of a Service's tree.
    pub fn of(value: &Value) -> ServiceView {
        let spec = value.get("spec");
        let port = |p: &Value| {
            let p = Some(p);
            let port = int32(p, "port").unwrap_or(0);
            ServicePort {
                name: text(p, "name"),
                port,
                target_port: IntOrString::of(field(p, "targetPort"))
                    .unwrap_or(IntOrString::Int(port)),
                protocol: text(p, "protocol"),
                app_protocol: text(p, "appProtocol"),
            }
        };
        ServiceView {
            selector: field(spec, "selector").cloned().unwrap_or_default(),
            kind: text(spec, "type"),
            cluster_ip: text(spec, "clusterIP"),
            ports: field(spec, "ports")
                .map_or(&[][..], Value::as_list)
                .iter()
                .map(port)
                .collect(),
            publish_not_ready_addresses: truth(spec, "publishNotReadyAddresses"),
        }
    }
}

/// A PodDisruptionBudget.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DisruptionBudgetView {
    /// `spec.selector`, a LabelSelector or null.
    pub selector: Value,
    /// Pods that must stay.
    pub min_available: Option<IntOrString>,
    /// Pods that may go.
    pub max_unavailable: Option<IntOrString>,
    /// `IfHealthyBudget` (or empty) or `AlwaysAllow`.
    pub unhealthy_pod_eviction_policy: Str,
    /// `status.disruptionsAllowed`.
    pub disruptions_allowed: i32,
    /// `status.currentHealthy`.
    pub current_healthy: i32,
    /// `status.desiredHealthy`.
    pub desired_healthy: i32,
    /// `status.expectedPods`.
    pub expected_pods: i32,
    /// Generation the status is about.
    pub observed_generation: i64,
    /// `status.disruptedPods`: times by pod name, or null.
    pub disrupted_pods: Value,
    /// Conditions.
    pub conditions: Vec<Condition>,
}

impl DisruptionBudgetView {
    /// The view of a PodDisruptionBudget's tree.
    pub fn of(value: &Value) -> DisruptionBudgetView {
        let spec = value.get("spec");
        let status = value.get("status");
        let count = |key| int32(status, key).unwrap_or(0);
        DisruptionBudgetView {
            selector: field(spec, "selector").cloned().unwrap_or_default(),
            min_available: IntOrString::of(field(spec, "minAvailable")),
            max_unavailable: IntOrString::of(field(spec, "maxUnavailable")),
            unhealthy_pod_eviction_policy: text(spec, "unhealthyPodEvictionPolicy"),
            disruptions_allowed: count("disruptionsAllowed"),
            current_healthy: count("currentHealthy"),
            desired_healthy: count("desiredHealthy"),
            expected_pods: count("expectedPods"),
            observed_generation: int(status, "observedGeneration").unwrap_or(0),
            disrupted_pods: field(status, "disruptedPods").cloned().unwrap_or_default(),
            conditions: conditions(status),
        }
    }
}
