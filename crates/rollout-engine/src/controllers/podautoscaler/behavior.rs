//! How fast a size may change: stabilization windows and policies. Mirrors the functions with `Behaviors` in their names,
//! pkg/controller/podautoscaler/horizontal.go.

use super::double::Double;
use crate::time::{Millis, SimTime};
use rollout_api::Value;

/// `--horizontal-pod-autoscaler-downscale-stabilization`.
pub const DOWNSCALE_STABILIZATION: Millis = Millis(300_000);

/// A recommendation with its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recommendation {
    /// How many pods.
    pub replicas: i64,
    /// When.
    pub at: SimTime,
}

/// A size that was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScaleEvent {
    /// By how many.
    pub change: i64,
    /// When.
    pub at: SimTime,
}

/// What the controller remembers of one autoscaler.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct History {
    /// What was recommended, in no order: old ones are replaced.
    pub recommendations: Vec<Recommendation>,
    /// What was added.
    pub up: Vec<ScaleEvent>,
    /// What was removed.
    pub down: Vec<ScaleEvent>,
}

/// `spec.behavior.scaleUp` or `scaleDown`.
pub struct Rules<'a>(pub &'a Value);

impl Rules<'_> {
    /// `stabilizationWindowSeconds`.
    pub fn window(&self, default: Millis) -> Millis {
        match self.0.int_at("stabilizationWindowSeconds") {
            Some(s) => Millis(u64::try_from(s).unwrap_or(0) * 1000),
            None => default,
        }
    }
    /// Mirrors `getLongestPolicyPeriod`.
    fn longest_period(&self) -> Millis {
        let periods = self.0.list_at("policies").iter().map(period);
        periods.max().unwrap_or(Millis(0))
    }
}

fn period(policy: &Value) -> Millis {
    Millis(u64::try_from(policy.int_at("periodSeconds").unwrap_or(0)).unwrap_or(0) * 1000)
}

/// Is the moment younger than a span?
fn after(at: SimTime, now: SimTime, span: Millis) -> bool {
    now.since(at) < span
}

/// Mirrors `getReplicasChangePerPeriod`.
fn changed(events: &[ScaleEvent], now: SimTime, span: Millis) -> i64 {
    events
        .iter()
        .filter(|e| after(e.at, now, span))
        .map(|e| e.change)
        .sum()
}

impl History {
    /// Mirrors `stabilizeRecommendation`: without `behavior`, the highest of the last five minutes.
    pub fn stabilize(&mut self, desired: i64, now: SimTime) -> i64 {
        let mut highest = desired;
        let mut old = None;
        for (i, r) in self.recommendations.iter().enumerate() {
            if now.since(r.at) > DOWNSCALE_STABILIZATION {
                old = Some(i);
            } else {
                highest = highest.max(r.replicas);
            }
        }
        self.remember(old, desired, now);
        highest
    }

    /// Mirrors `stabilizeRecommendationWithBehaviors`.
    pub fn stabilize_with(
        &mut self,
        behavior: &Value,
        current: i64,
        desired: i64,
        now: SimTime,
    ) -> i64 {
        let null = Value::Null;
        let up = Rules(behavior.get("scaleUp").unwrap_or(&null)).window(Millis(0));
        let down =
            Rules(behavior.get("scaleDown").unwrap_or(&null)).window(DOWNSCALE_STABILIZATION);
        let (mut lowest, mut highest) = (desired, desired);
        let mut old = None;
        for (i, r) in self.recommendations.iter().enumerate() {
            if after(r.at, now, up) {
                lowest = lowest.min(r.replicas);
            }
            if after(r.at, now, down) {
                highest = highest.max(r.replicas);
            }
            if now.since(r.at) > up && now.since(r.at) > down {
                old = Some(i);
            }
        }
        self.remember(old, desired, now);
        current.max(lowest).min(highest)
    }

    fn remember(&mut self, old: Option<usize>, replicas: i64, now: SimTime) {
        let new = Recommendation { replicas, at: now };
        match old.and_then(|i| self.recommendations.get_mut(i)) {
            Some(place) => *place = new,
            None => self.recommendations.push(new),
        }
    }

    /// Mirrors `storeScaleEvent`.
    pub fn store_scale_event(
        &mut self,
        behavior: Option<&Value>,
        from: i64,
        to: i64,
        now: SimTime,
    ) {
        let Some(behavior) = behavior else { return };
        let null = Value::Null;
        let (name, events) = if to > from {
            ("scaleUp", &mut self.up)
        } else {
            ("scaleDown", &mut self.down)
        };
        let longest = Rules(behavior.get(name).unwrap_or(&null)).longest_period();
        events.retain(|e| now.since(e.at) <= longest);
        events.push(ScaleEvent {
            change: (to - from).abs(),
            at: now,
        });
    }

    /// Mirrors `convertDesiredReplicasWithBehaviorRate`: size, reason and message of `ScalingLimited`.
    pub fn limit(
        &self,
        behavior: &Value,
        current: i64,
        desired: i64,
        (min, max): (i64, i64),
        now: SimTime,
    ) -> (i64, &'static str, &'static str) {
        let null = Value::Null;
        if desired > current {
            let rules = behavior.get("scaleUp").unwrap_or(&null);
            let limit = self.up_limit(rules, current, now).max(current);
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
            if desired > allowed {
                return (allowed, reason, message);
            }
        } else if desired < current {
            let rules = behavior.get("scaleDown").unwrap_or(&null);
            let limit = self.down_limit(rules, current, now).min(current);
            let (allowed, reason, message) = if min < limit {
                (
                    limit,
                    "ScaleDownLimit",
                    "the desired replica count is decreasing faster than the maximum scale rate",
                )
            } else {
                (
                    min,
                    "TooFewReplicas",
                    "the desired replica count is less than the minimum replica count",
                )
            };
            if desired < allowed {
                return (allowed, reason, message);
            }
        }
        (
            desired,
            "DesiredWithinRange",
            "the desired count is within the acceptable range",
        )
    }

    /// What the size was when a policy's period began.
    fn began(&self, policy: &Value, current: i64, now: SimTime) -> i64 {
        let span = period(policy);
        current - changed(&self.up, now, span) + changed(&self.down, now, span)
    }

    /// Mirrors `calculateScaleUpLimitWithScalingRules`.
    fn up_limit(&self, rules: &Value, current: i64, now: SimTime) -> i64 {
        let select = rules.str_at("selectPolicy");
        if select == "Disabled" {
            return current;
        }
        let proposals = rules.list_at("policies").iter().map(|p| {
            let (began, value) = (self.began(p, current, now), p.int_at("value").unwrap_or(0));
            match p.str_at("type") {
                "Pods" => began + value,
                _ => Double::ratio(value, 100).one_plus().times(began).ceil(),
            }
        });
        if select == "Min" {
            proposals.min().unwrap_or(i64::MAX)
        } else {
            proposals.max().unwrap_or(i64::MIN)
        }
    }

    /// Mirrors `calculateScaleDownLimitWithBehaviors`.
    fn down_limit(&self, rules: &Value, current: i64, now: SimTime) -> i64 {
        let select = rules.str_at("selectPolicy");
        if select == "Disabled" {
            return current;
        }
        let proposals = rules.list_at("policies").iter().map(|p| {
            let (began, value) = (self.began(p, current, now), p.int_at("value").unwrap_or(0));
            match p.str_at("type") {
                "Pods" => began - value,
                _ => Double::ratio(value, 100).one_minus().times(began).floor(),
            }
        });
        // The policy that changes less leaves more pods.
        if select == "Min" {
            proposals.max().unwrap_or(i64::MIN)
        } else {
            proposals.min().unwrap_or(i64::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::json::from_json;

    fn behavior(up: &str, down: &str) -> Value {
        from_json(&format!(r#"{{"scaleUp":{up},"scaleDown":{down}}}"#)).unwrap()
    }
    const NONE: &str =
        r#"{"selectPolicy":"Max","policies":[{"type":"Percent","value":100,"periodSeconds":15}]}"#;

    #[test]
    fn events_older_than_every_period_are_forgotten() {
        let behavior = behavior(
            r#"{"policies":[{"type":"Pods","value":4,"periodSeconds":60},{"type":"Percent","value":9,"periodSeconds":30}]}"#,
            NONE,
        );
        let mut history = History::default();
        for (from, to, second) in [(1, 2, 0), (2, 4, 50), (4, 7, 100), (7, 5, 100)] {
            let now = SimTime(second * 1000);
            history.store_scale_event(Some(&behavior), from, to, now);
        }
        let changes = |events: &[ScaleEvent]| events.iter().map(|e| e.change).collect::<Vec<_>>();
        assert_eq!(changes(&history.up), [2, 3]);
        assert_eq!(changes(&history.down), [2]);
    }

    #[test]
    fn policies_of_a_period() {
        let cases = [
            // policies up, current, added 10 s ago, desired → allowed, reason
            (
                r#"{"policies":[{"type":"Pods","value":4,"periodSeconds":60}]}"#,
                10,
                0,
                100,
                14,
                "ScaleUpLimit",
            ),
            (
                r#"{"policies":[{"type":"Pods","value":4,"periodSeconds":60}]}"#,
                12,
                2,
                100,
                14,
                "ScaleUpLimit",
            ),
            (
                r#"{"policies":[{"type":"Pods","value":4,"periodSeconds":5}]}"#,
                12,
                2,
                100,
                16,
                "ScaleUpLimit",
            ),
            (
                r#"{"policies":[{"type":"Percent","value":10,"periodSeconds":60}]}"#,
                11,
                0,
                100,
                13,
                "ScaleUpLimit",
            ),
            (
                r#"{"selectPolicy":"Min","policies":[{"type":"Percent","value":100,"periodSeconds":60},{"type":"Pods","value":1,"periodSeconds":60}]}"#,
                5,
                0,
                100,
                6,
                "ScaleUpLimit",
            ),
            (
                r#"{"selectPolicy":"Disabled"}"#,
                5,
                0,
                100,
                5,
                "ScaleUpLimit",
            ),
            (
                r#"{"policies":[{"type":"Percent","value":900,"periodSeconds":60}]}"#,
                5,
                0,
                100,
                20,
                "TooManyReplicas",
            ),
            (
                r#"{"policies":[{"type":"Percent","value":900,"periodSeconds":60}]}"#,
                5,
                0,
                15,
                15,
                "DesiredWithinRange",
            ),
        ];
        let now = SimTime(100_000);
        for (up, current, added, desired, to, reason) in cases {
            let mut h = History::default();
            if added > 0 {
                h.up.push(ScaleEvent {
                    change: added,
                    at: SimTime(90_000),
                });
            }
            let (n, why, _) = h.limit(&behavior(up, NONE), current, desired, (1, 20), now);
            assert_eq!((n, why), (to, reason), "{up} from {current} to {desired}");
        }
    }

    #[test]
    fn policies_down() {
        let cases = [
            (
                r#"{"policies":[{"type":"Pods","value":2,"periodSeconds":60}]}"#,
                10,
                1,
                8,
                "ScaleDownLimit",
            ),
            (
                r#"{"policies":[{"type":"Percent","value":30,"periodSeconds":60}]}"#,
                9,
                1,
                6,
                "ScaleDownLimit",
            ),
            (
                r#"{"selectPolicy":"Min","policies":[{"type":"Percent","value":50,"periodSeconds":60},{"type":"Pods","value":1,"periodSeconds":60}]}"#,
                10,
                1,
                9,
                "ScaleDownLimit",
            ),
            (
                r#"{"policies":[{"type":"Percent","value":100,"periodSeconds":15}]}"#,
                10,
                1,
                3,
                "TooFewReplicas",
            ),
            (
                r#"{"selectPolicy":"Disabled"}"#,
                10,
                1,
                10,
                "ScaleDownLimit",
            ),
        ];
        for (down, current, desired, to, reason) in cases {
            let h = History::default();
            let b = behavior(NONE, down);
            let (n, why, _) = h.limit(&b, current, desired, (3, 20), SimTime(0));
            assert_eq!((n, why), (to, reason), "{down} from {current}");
        }
    }

    #[test]
    fn windows_keep_the_highest_down_and_the_lowest_up() {
        let mut h = History::default();
        let s = |seconds: u64| SimTime(seconds * 1000);
        assert_eq!(h.stabilize(10, s(0)), 10);
        assert_eq!(h.stabilize(4, s(15)), 10);
        assert_eq!(h.stabilize(4, s(300)), 10);
        assert_eq!(h.stabilize(4, s(301)), 4);
        let b = behavior(
            r#"{"stabilizationWindowSeconds":60,"policies":[]}"#,
            r#"{"stabilizationWindowSeconds":0,"policies":[]}"#,
        );
        let mut h = History::default();
        assert_eq!(h.stabilize_with(&b, 3, 3, s(0)), 3);
        assert_eq!(h.stabilize_with(&b, 3, 8, s(30)), 3);
        assert_eq!(h.stabilize_with(&b, 3, 9, s(61)), 8);
        assert_eq!(h.stabilize_with(&b, 8, 2, s(62)), 2);
    }
}
