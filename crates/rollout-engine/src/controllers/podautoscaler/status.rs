//! `status` of a HorizontalPodAutoscaler while it is being made.

use super::calculator::{Metric, Proposal};
use crate::world::World;
use rollout_api::quantity::Quantity;
use rollout_api::views::Object;
use rollout_api::{ObjectKey, Timestamp, Value, object};

/// The new status.
pub struct Status {
    value: Value,
    conditions: Vec<Value>,
    metrics: Vec<Value>,
    now: Timestamp,
}

impl Status {
    /// The status as stored, to be changed.
    pub fn of(object: &Object, now: Timestamp) -> Status {
        let value = object
            .value
            .get("status")
            .cloned()
            .unwrap_or_else(Value::object);
        Status {
            conditions: value.list_at("conditions").to_vec(),
            metrics: Vec::new(),
            value,
            now,
        }
    }

    /// Mirrors `setConditionInList`.
    pub fn condition(&mut self, kind: &'static str, on: bool, reason: &'static str, message: &str) {
        let status = if on { "True" } else { "False" };
        let place = match self
            .conditions
            .iter()
            .position(|c| c.str_at("type") == kind)
        {
            Some(i) => i,
            None => {
                self.conditions.push(object! { "type" => kind });
                self.conditions.len() - 1
            }
        };
        let condition = &mut self.conditions[place];
        if condition.str_at("status") != status {
            condition.set("lastTransitionTime", self.now.text());
        }
        condition.set("status", status);
        condition.set("reason", reason);
        condition.set("message", Value::text(message));
    }

    /// What a metric of the spec was found to be.
    pub fn metric(&mut self, spec: &Value, metric: &Metric<'_>, proposal: &Proposal) {
        let mut current = object! { "averageValue" => milli_text(proposal.average) };
        if let Some(percent) = proposal.utilization {
            current.set("averageUtilization", percent);
        }
        let mut source = object! { "current" => current, "name" => Value::text(metric.resource) };
        let field = match metric.container {
            Some(container) => {
                source.set("container", Value::text(container));
                "containerResource"
            }
            None => "resource",
        };
        let mut item = object! { "type" => Value::text(spec.str_at("type")) };
        item.set(field, source);
        self.metrics.push(item);
    }

    /// Nothing was found of a metric.
    pub fn no_metric(&mut self) {
        self.metrics.push(object! { "type" => "" });
    }

    /// Mirrors `setStatus`.
    pub fn sizes(&mut self, current: i64, desired: i64, scaled: Option<Timestamp>) {
        if current == 0 {
            self.value.remove("currentReplicas");
        } else {
            self.value.set("currentReplicas", current);
        }
        self.value.set("desiredReplicas", desired);
        if let Some(at) = scaled {
            self.value.set("lastScaleTime", at.text());
        }
        self.value.set(
            "currentMetrics",
            if self.metrics.is_empty() {
                Value::Null
            } else {
                Value::list(self.metrics.clone())
            },
        );
    }

    /// Mirrors `setCurrentReplicasAndMetricsInStatus`.
    pub fn keep_desired(&mut self, current: i64) {
        let desired = self.value.int_at("desiredReplicas").unwrap_or(0);
        self.sizes(current, desired, None);
    }

    /// Mirrors `updateStatusIfNeeded`.
    pub fn store(mut self, world: &mut World, key: &ObjectKey, object: &Object) {
        if !self.conditions.is_empty() {
            self.value.set("conditions", Value::list(self.conditions));
        }
        let mut value = object.value.clone();
        value.map_mut().insert("status", self.value);
        // The object was read in this turn: nothing can refuse the write.
        let _ = world.update_status(key, value);
    }
}

/// Thousandths as a quantity: `70m`, `1`, `12582912`.
fn milli_text(milli: i64) -> String {
    let text = format!("{milli}m");
    Quantity::parse(&text).map_or(text, |q| q.to_string())
}
