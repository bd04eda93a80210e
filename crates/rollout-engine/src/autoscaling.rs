//! The arithmetic of the HorizontalPodAutoscaler.

/// Mirrors `convertDesiredReplicasWithRules`, pkg/controller/podautoscaler/horizontal.go:
/// the limits of a HorizontalPodAutoscaler without `behavior`. Size, reason and message of `ScalingLimited`.
pub fn convert_desired_replicas_with_rules(
    current: i64,
    desired: i64,
    min: i64,
    max: i64,
) -> (i64, &'static str, &'static str) {
    let limit = calculate_scale_up_limit(current);
    let (allowed, reason, message) = if max > limit {
        (
            limit,
            "ScaleUpLimit",
            "the desired replica count is increasing faster than the maximum scale rate",
        )
    } else {
        (
            max,
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    };
    if desired < min {
        (
            min,
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        )
    } else if desired > allowed {
        (allowed, reason, message)
    } else {
        (
            desired,
            "DesiredWithinRange",
            "the desired count is within the acceptable range",
        )
    }
}

/// Mirrors `calculateScaleUpLimit`: twice the current size, at least 4.
pub fn calculate_scale_up_limit(current: i64) -> i64 {
    (current.saturating_mul(2)).max(4)
}
