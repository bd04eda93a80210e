//! Why the ReplicaSet controller made or deleted pods.

use rollout_api::Str;

/// A pod that was chosen for deletion, and what made it come before others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// The pod.
    pub pod: Str,
    /// Its node, empty if it has none.
    pub node: Str,
    /// Was it ready?
    pub ready: bool,
    /// Active pods of the owner's ReplicaSets on its node.
    pub rank: i32,
}

/// One decision of the ReplicaSet controller, about one ReplicaSet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReplicaSetDecision {
    /// Too few pods: some were made.
    CreatedPods {
        /// Pods wanted.
        wanted: i32,
        /// Active pods before.
        active: i32,
        /// Their names.
        pods: Vec<Str>,
    },
    /// Too many pods: some were deleted.
    DeletedPods {
        /// Pods wanted.
        wanted: i32,
        /// Active pods before.
        active: i32,
        /// Which, first to go first.
        pods: Vec<Chosen>,
    },
    /// Pods without owner that match the selector were taken over.
    AdoptedPods {
        /// Their names.
        pods: Vec<Str>,
    },
    /// Owned pods that no longer match were let go.
    ReleasedPods {
        /// Their names.
        pods: Vec<Str>,
    },
    /// Pods could not be made or deleted; it is tried again.
    Failed {
        /// Pods wanted.
        wanted: i32,
        /// Active pods.
        active: i32,
        /// The API server's answer.
        error: Str,
        /// Tries in a row.
        failures: u32,
    },
    /// Ready pods are not available yet.
    WaitingForMinReady {
        /// Seconds a pod must be ready.
        min_ready_seconds: i32,
        /// Ready pods.
        ready: i32,
        /// Available pods.
        available: i32,
        /// Milliseconds until the controller looks again.
        look_again_after_ms: u64,
    },
}
