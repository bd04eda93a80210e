//! How far from its target a metric may be before anything is done.

use rollout_api::quantity::Quantity;
use rollout_api::{Minor, Value};

/// `--horizontal-pod-autoscaler-tolerance`, in thousandths.
const DEFAULT: i64 = 100;

/// Mirrors `Tolerances`, pkg/controller/podautoscaler/replica_calculator.go: thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tolerances {
    down: i64,
    up: i64,
    /// Before 1.33 the distance from 1 was compared, and in doubles 1.1 is more than a tenth away from 1.
    by_distance: bool,
}

impl Tolerances {
    /// The cluster's, or those of the object's `behavior` (from 1.35 on).
    pub fn of(behavior: Option<&Value>, version: Minor) -> Tolerances {
        let own = |rules: &str| {
            let q = behavior?
                .get(rules)?
                .get("tolerance")
                .and_then(Quantity::of)?;
            (version >= Minor(35)).then(|| q.milli_value())
        };
        Tolerances {
            down: own("scaleDown").unwrap_or(DEFAULT),
            up: own("scaleUp").unwrap_or(DEFAULT),
            by_distance: version < Minor(33),
        }
    }

    /// Mirrors `isWithin`, for `measured / target`.
    pub fn within(&self, measured: i64, target: i64) -> bool {
        let [measured, target, down, up] = [measured, target, self.down, self.up].map(i128::from);
        let upper = (1000 + up) * target;
        (1000 - down) * target <= 1000 * measured
            && if self.by_distance {
                1000 * measured < upper
            } else {
                1000 * measured <= upper
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_left_alone() {
        for (version, percent, within) in [
            (32, 45, true),
            (32, 54, true),
            (32, 55, false),
            (36, 55, true),
            (36, 45, true),
            (36, 56, false),
            (36, 44, false),
        ] {
            let t = Tolerances::of(None, Minor(version));
            assert_eq!(
                t.within(percent, 50),
                within,
                "1.{version}: {percent}% of 50%"
            );
        }
    }

    #[test]
    fn behavior_may_set_it_from_1_35_on() {
        let behavior =
            rollout_api::json::from_json(r#"{"scaleUp":{"tolerance":"500m"},"scaleDown":{}}"#)
                .unwrap();
        for (version, percent, within) in [
            (36, 140, true),
            (36, 60, false),
            (34, 140, false),
            (36, 160, false),
        ] {
            let t = Tolerances::of(Some(&behavior), Minor(version));
            assert_eq!(t.within(percent, 100), within, "1.{version}: {percent}%");
        }
    }
}
