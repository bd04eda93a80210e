//! Why the Deployment controller did something, or did nothing, with the numbers of each formula.

use rollout_api::{Str, Timestamp};

/// Why a ReplicaSet got its size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScaleReason {
    /// The ceiling leaves room: `size + min(max_total − current, desired − size)`.
    SurgeAllows {
        /// Size of the Deployment.
        desired: i32,
        /// Pods allowed on top.
        max_surge: i32,
        /// desired + max_surge.
        max_total: i32,
        /// Sizes of all ReplicaSets before.
        current: i32,
    },
    /// The new ReplicaSet was larger than the Deployment.
    NotAboveDesired {
        /// Size of the Deployment.
        desired: i32,
    },
    /// Pods that are not available go first: they serve nobody.
    UnhealthyFirst {
        /// How many of this ReplicaSet are not available.
        unhealthy: i32,
        /// What could go in all.
        max_scaled_down: i32,
        /// Sizes of all ReplicaSets.
        all_pods: i32,
        /// The floor.
        min_available: i32,
        /// Pods of the new ReplicaSet that are not available.
        new_unavailable: i32,
    },
    /// More pods are available than must be: `available − min_available`.
    AvailabilityAllows {
        /// Available pods of all ReplicaSets.
        available: i32,
        /// The floor.
        min_available: i32,
        /// Sizes of all ReplicaSets.
        all_pods: i32,
        /// Pods of the new ReplicaSet that are not available.
        new_unavailable: i32,
    },
    /// Recreate: every old ReplicaSet goes to zero.
    RecreateStopsAll,
    /// Recreate: no old pod is left.
    RecreateStartsAll {
        /// Size of the Deployment.
        desired: i32,
    },
    /// The size of the Deployment changed and only one ReplicaSet has pods.
    OnlyActive {
        /// Size of the Deployment.
        desired: i32,
    },
    /// The new ReplicaSet is complete: the old ones are not needed any more.
    Saturated {
        /// Size of the Deployment.
        desired: i32,
    },
    /// The size of the Deployment changed in the middle of a rollout: each ReplicaSet gets its share.
    Proportional {
        /// Size of the Deployment.
        desired: i32,
        /// Pods allowed on top.
        max_surge: i32,
        /// desired + max_surge, or 0.
        allowed: i32,
        /// Sizes of all active ReplicaSets before.
        total: i32,
        /// This one's share.
        share: i32,
        /// What rounding left over, if this one took it.
        leftover: i32,
    },
}

/// One decision of the Deployment controller, about one Deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeploymentDecision {
    /// A ReplicaSet was made for the template.
    ReplicaSetCreated {
        /// Its name.
        replica_set: Str,
        /// Its size.
        replicas: i32,
        /// Its revision.
        revision: i64,
        /// Why this size.
        because: ScaleReason,
    },
    /// The name was taken by another template: the hash is made anew.
    HashCollision {
        /// The name.
        replica_set: Str,
        /// Collisions so far.
        count: i32,
    },
    /// The ReplicaSet could not be made.
    ReplicaSetCreateFailed {
        /// Its name.
        replica_set: Str,
        /// The API server's answer.
        error: Str,
    },
    /// A ReplicaSet got another size.
    Scaled {
        /// Its name.
        replica_set: Str,
        /// Size before.
        from: i32,
        /// Size after.
        to: i32,
        /// Is it the one of the template?
        is_new: bool,
        /// Why.
        because: ScaleReason,
    },
    /// A ReplicaSet got other annotations: a new revision, copied ones, or the sizes of the last scaling.
    Annotated {
        /// Its name.
        replica_set: Str,
        /// Its revision after.
        revision: i64,
        /// It existed before: this is a way back to an earlier template.
        reused: bool,
    },
    /// A ReplicaSet without owner that matches the selector was taken over.
    Adopted {
        /// Its name.
        replica_set: Str,
    },
    /// An owned ReplicaSet that no longer matches was let go.
    Released {
        /// Its name.
        replica_set: Str,
    },
    /// The new ReplicaSet cannot grow: the ceiling is reached.
    ScaleUpBlocked {
        /// The ceiling.
        max_total: i32,
        /// Sizes of all ReplicaSets.
        current: i32,
        /// Size of the Deployment.
        desired: i32,
        /// Pods allowed on top.
        max_surge: i32,
        /// Size of the new ReplicaSet.
        new_replicas: i32,
    },
    /// No old pod may go: `all_pods − min_available − new_unavailable` is not above zero.
    ScaleDownBlocked {
        /// Sizes of all ReplicaSets.
        all_pods: i32,
        /// The floor.
        min_available: i32,
        /// Pods of the new ReplicaSet that are not available.
        new_unavailable: i32,
        /// Sizes of the old ReplicaSets.
        old_replicas: i32,
    },
    /// No available old pod may go: no more are available than must be.
    NothingToSpare {
        /// Available pods of all ReplicaSets.
        available: i32,
        /// The floor.
        min_available: i32,
        /// Sizes of the old ReplicaSets.
        old_replicas: i32,
    },
    /// Recreate: old pods still exist.
    WaitingForOldPods {
        /// How many are not gone, terminating ones included.
        running: i32,
    },
    /// The rollout is paused: sizes are kept up, templates are not rolled out.
    Paused {
        /// The template differs from every ReplicaSet's.
        pending_template: bool,
    },
    /// Nothing moves; the controller looks again when the deadline has passed.
    WaitingForDeadline {
        /// Seconds without progress that are allowed.
        deadline: i32,
        /// When it looks again.
        looks_again_at: Timestamp,
    },
    /// The deadline passed without progress. Nothing but a condition changes.
    DeadlineExceeded {
        /// Seconds without progress that were allowed.
        deadline: i32,
    },
    /// The rollout is complete.
    Complete {
        /// Size of the Deployment.
        desired: i32,
        /// The ReplicaSet of the template.
        replica_set: Str,
    },
    /// An old ReplicaSet beyond the history limit was deleted.
    HistoryCleaned {
        /// Its name.
        replica_set: Str,
        /// Its revision.
        revision: i64,
        /// How many old ReplicaSets may stay.
        limit: i32,
        /// How many there were.
        old: i32,
    },
    /// The selector is empty: the Deployment would own every pod.
    SelectsAll,
    /// A write failed; the key is tried again.
    Retry {
        /// How often it has failed.
        failures: u32,
        /// The error.
        error: Str,
    },
}
