//! The limits, each with its reason.

/// Events without effect that one step passes over before it gives up: a safety net against a component that wakes
/// itself for ever in one instant.
pub const MAX_SILENT_EVENTS: usize = 1_000_000;
/// Log lines kept per container: what a learner can read.
pub const MAX_LOG_LINES: usize = 1000;
/// Pods in the cluster. Beyond it creations are refused, as by a quota, instead of hanging the page.
pub const MAX_PODS: usize = 20_000;
