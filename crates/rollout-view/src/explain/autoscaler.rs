//! The autoscaler's decisions in sentences.

use super::{Explanation, field, status, term};
use crate::catalogue::{Arg, Msg, counted, say, words};
use crate::model::*;
use rollout_engine::controllers::podautoscaler::decision::{AutoscalerDecision, Keep, Numbers};

/// Percent, or thousandths per pod: `63%`, `250m`.
fn amount(n: &Numbers, value: i64) -> String {
    if n.percent {
        format!("{value}%")
    } else if value % 1000 == 0 {
        (value / 1000).to_string()
    } else {
        format!("{value}m")
    }
}

fn args(n: &Numbers, to: i64) -> [(&'static str, Arg); 8] {
    [
        ("from", counted(n.from, Quantity::Desired)),
        ("to", counted(to, Quantity::Desired)),
        ("pods", counted(n.counted, Quantity::Count)),
        ("measured", words(amount(n, n.measured))),
        ("target", words(amount(n, n.target))),
        ("proposed", counted(n.proposed, Quantity::Count)),
        ("min", counted(n.min, Quantity::Count)),
        ("max", counted(n.max, Quantity::Count)),
    ]
}

/// The formula; near enough to the target it is not computed.
fn terms(n: &Numbers, to: i64, near: bool) -> Vec<TermView> {
    let count = Quantity::Count;
    let measured = status("status.currentMetrics");
    let size = term("→", "size", to, Quantity::Desired, field("spec.replicas"));
    if near {
        return vec![
            term("", "measured", n.measured, count, measured),
            term("", "target", n.target, count, field("spec.metrics")),
            size,
        ];
    }
    vec![
        term("", "pods counted", n.counted, count, Origin::Computed),
        term("×", "measured", n.measured, count, measured),
        term("÷", "target", n.target, count, field("spec.metrics")),
        term("=", "asked for", n.proposed, count, Origin::Computed),
        size,
    ]
}

/// A decision as a sentence.
pub fn explain(decision: &AutoscalerDecision) -> Explanation {
    use AutoscalerDecision as D;
    match decision {
        D::Rescaled { numbers, to, .. } => {
            let msg = if numbers.proposed == *to {
                Msg::AutoscalerSets
            } else {
                Msg::AutoscalerCuts
            };
            Explanation::new(WhyKind::Decision, say(msg, &args(numbers, *to)))
                .with(terms(numbers, *to, false), "reconcileAutoscaler")
        }
        D::Kept { numbers, why } => {
            let msg = match why {
                Keep::Tolerance if numbers.assumed > 0 => Msg::AutoscalerAssumes,
                Keep::Tolerance => Msg::AutoscalerTolerates,
                Keep::SameSize => Msg::AutoscalerKeeps,
                Keep::Stabilized => Msg::AutoscalerStabilizes,
                Keep::Rate => Msg::AutoscalerRate,
                Keep::Max => Msg::AutoscalerMax,
                Keep::Min => Msg::AutoscalerMin,
            };
            Explanation::new(WhyKind::Wait, say(msg, &args(numbers, numbers.from))).with(
                terms(numbers, numbers.from, *why == Keep::Tolerance),
                "reconcileAutoscaler",
            )
        }
        D::Bounds { from, to, min, max } => Explanation::new(
            WhyKind::Decision,
            say(
                Msg::AutoscalerBounds,
                &[
                    ("from", counted(*from, Quantity::Desired)),
                    ("to", counted(*to, Quantity::Desired)),
                    ("min", counted(*min, Quantity::Count)),
                    ("max", counted(*max, Quantity::Count)),
                ],
            ),
        )
        .with(Vec::new(), "reconcileAutoscaler"),
        D::Off => Explanation::new(WhyKind::Wait, say(Msg::AutoscalerOff, &[]))
            .with(Vec::new(), "reconcileAutoscaler"),
        D::Blind { error } => Explanation::new(
            WhyKind::Wait,
            say(Msg::AutoscalerBlind, &[("error", words(error.as_str()))]),
        )
        .with(Vec::new(), "reconcileAutoscaler"),
    }
}
