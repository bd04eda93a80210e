//! How a cluster is set up. Two clusters with equal configurations and equal actions have equal histories.

use rollout_api::{Minor, Timestamp};

/// The set-up.
#[derive(Clone)]
pub struct ClusterConfig {
    /// Minor version whose behaviour is shown.
    pub version: Minor,
    /// Seed of names, UIDs, start times.
    pub seed: u64,
    /// The wall clock at time zero.
    pub start: Timestamp,
    /// The nodes.
    pub nodes: Vec<NodeSpec>,
    /// Who plays the nodes.
    pub node_side: NodeSide,
    /// Behaviour of images at the start.
    pub images: crate::images::ImageRules,
    /// UIDs for the pods in order of creation (recordings); beyond it they come from the seed.
    pub pod_uids: Vec<rollout_api::Str>,
}

/// A node's size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeSpec {
    /// Name.
    pub name: rollout_api::Str,
    /// Quantity of CPU, `4`.
    pub cpu: rollout_api::Str,
    /// Quantity of memory, `8Gi`.
    pub memory: rollout_api::Str,
    /// How many pods it takes.
    pub pods: u32,
}

/// Who plays scheduler and kubelet. The controllers can't tell.
#[derive(Clone)]
pub enum NodeSide {
    /// The scheduler and kubelet of this crate, with real phases, probes and back-offs.
    Kubelet(crate::kubelet::Timings),
    /// The fake ones of the recordings, with exact delays.
    Scripted(crate::scripted::Script),
    /// Nobody: pods stay as they are created.
    Nobody,
}

impl Default for ClusterConfig {
    /// The playground's cluster: three nodes of 4 CPU, 8Gi and 110 pods, 2025-06-10T12:00:00Z, seed 1.
    fn default() -> Self {
        ClusterConfig {
            version: Minor::default(),
            seed: 1,
            start: Timestamp(1_749_556_800),
            nodes: (1..=3)
                .map(|i| NodeSpec {
                    name: format!("node-{i}").into(),
                    cpu: "4".into(),
                    memory: "8Gi".into(),
                    pods: 110,
                })
                .collect(),
            node_side: NodeSide::Kubelet(crate::kubelet::Timings::default()),
            images: crate::images::ImageRules::default(),
            pod_uids: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_default_start_is_noon() {
        assert_eq!(
            super::ClusterConfig::default().start.rfc3339(),
            "2025-06-10T12:00:00Z"
        );
    }
}
