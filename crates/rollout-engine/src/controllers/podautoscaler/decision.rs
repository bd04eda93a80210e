//! What the autoscaler decided, with the numbers of its formula.

use rollout_api::Str;

/// One look at the metrics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Numbers {
    /// `cpu resource utilization (percentage of request)`.
    pub metric: Str,
    /// What was measured: percent, or thousandths per pod.
    pub measured: i64,
    /// What should be.
    pub target: i64,
    /// Both are percent of the requests.
    pub percent: bool,
    /// Pods in the formula.
    pub counted: i64,
    /// Pods among them that were assumed to use nothing, or all.
    pub assumed: i64,
    /// The size now.
    pub from: i64,
    /// What the formula asks for.
    pub proposed: i64,
    /// What the stabilization window leaves of it.
    pub stabilized: i64,
    /// `spec.minReplicas`.
    pub min: i64,
    /// `spec.maxReplicas`.
    pub max: i64,
}

/// Why a size stays although the formula was computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// The metric is near enough to its target.
    Tolerance,
    /// The formula asks for the size that is there.
    SameSize,
    /// A recommendation of the window holds it.
    Stabilized,
    /// A policy allows no more in this period.
    Rate,
    /// `maxReplicas` is reached.
    Max,
    /// `minReplicas` is reached.
    Min,
}

/// A decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AutoscalerDecision {
    /// The size is changed.
    Rescaled {
        /// The formula.
        numbers: Numbers,
        /// The new size.
        to: i64,
        /// A policy or a bound has cut it: the reason of `ScalingLimited`.
        limited: Option<&'static str>,
    },
    /// The size stays.
    Kept {
        /// The formula.
        numbers: Numbers,
        /// Why.
        why: Keep,
    },
    /// The size was outside `minReplicas` to `maxReplicas`: no metric is asked.
    Bounds {
        /// The size.
        from: i64,
        /// The bound it is set to.
        to: i64,
        /// `spec.minReplicas`.
        min: i64,
        /// `spec.maxReplicas`.
        max: i64,
    },
    /// The target has no pods: autoscaling is off.
    Off,
    /// Nothing can be computed.
    Blind {
        /// Why.
        error: Str,
    },
}
