//! What the volume controllers decided.

use rollout_api::Str;

/// A decision about a claim, or about a pod that needs one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VolumeDecision {
    /// The claim's class waits until a pod that uses it is scheduled.
    WaitsForConsumer,
    /// No volume fits and there is no class that could make one.
    NoClass,
    /// The class that the claim names does not exist.
    NoSuchClass {
        /// Its name.
        class: Str,
    },
    /// A volume is being made.
    Provisioning {
        /// By whom.
        provisioner: Str,
        /// The size that was asked for.
        size: Str,
        /// Nobody of that name runs in this cluster.
        absent: bool,
    },
    /// The claim has its volume.
    Bound {
        /// Which.
        volume: Str,
    },
    /// The volume is on another node, and one node at a time can have it.
    MultiAttach {
        /// Which volume.
        volume: Str,
        /// The pod's node.
        node: Str,
        /// The node that has it.
        holder: Str,
    },
    /// The volume is on the pod's node now.
    Attached {
        /// Which volume.
        volume: Str,
        /// The node.
        node: Str,
    },
    /// Pods still use the claim: it goes after them.
    Protected {
        /// How many.
        pods: usize,
    },
    /// The claim is gone: the volume goes with it, or stays.
    Released {
        /// It is deleted.
        deleted: bool,
    },
}
