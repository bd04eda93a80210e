//! The eviction subresource. Mirrors pkg/registry/core/pod/storage/eviction.go.

use super::{delete, key, not_found};
use crate::client::{DeleteOptions, Written};
use crate::world::World;
use rollout_api::status_error::{ApiError, Cause};
use rollout_api::views::{DisruptionBudgetView, Object};
use rollout_api::{Kind, ObjectKey, Str, Value, object};

const VIOLATES: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// May an unready pod go without asking the budget?
fn unready_may_go(budget: &DisruptionBudgetView) -> bool {
    match &*budget.unhealthy_pod_eviction_policy {
        "AlwaysAllow" => true,
        _ => budget.current_healthy >= budget.desired_healthy && budget.desired_healthy > 0,
    }
}

fn refusal(message: &'static str, cause: String, retry_after: u32) -> ApiError {
    let cause = Cause {
        reason: "DisruptionBudget",
        message: cause.into(),
        field: Str::default(),
    };
    ApiError {
        causes: vec![cause],
        ..ApiError::too_many_requests(message, retry_after)
    }
}

/// Does the budget allow one more pod to go? Mirrors `checkAndDecrement`.
fn check(name: &str, generation: i64, budget: &DisruptionBudgetView) -> Result<(), ApiError> {
    if budget.observed_generation < generation {
        let cause = format!("The disruption budget {name} is still being processed by the server.");
        return Err(refusal(VIOLATES, cause, 10));
    }
    if budget.disruptions_allowed < 0 {
        let (group, resource) = super::group_resource(Kind::POD_DISRUPTION_BUDGET);
        let why = "pdb disruptions allowed is negative";
        return Err(ApiError::forbidden(group, resource, name, why));
    }
    let disrupted = budget
        .disrupted_pods
        .as_map()
        .map_or(0, rollout_api::Map::len);
    if disrupted > 2000 {
        let (group, resource) = super::group_resource(Kind::POD_DISRUPTION_BUDGET);
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(ApiError::forbidden(group, resource, name, why));
    }
    if budget.disruptions_allowed == 0 {
        let cause = format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            budget.desired_healthy, budget.current_healthy
        );
        return Err(refusal(VIOLATES, cause, 0));
    }
    Ok(())
}

/// Evicts a pod, if its budget allows it.
pub(crate) fn evict(
    world: &mut World,
    namespace: &str,
    pod: &str,
    options: &DeleteOptions,
) -> Result<Written, ApiError> {
    let pod_key = key(Kind::POD, namespace, pod);
    let found = world
        .store
        .get(&pod_key)
        .cloned()
        .ok_or_else(|| not_found(Kind::POD, pod))?;
    let phase = found.value.str_at("status.phase");
    let free = matches!(phase, "Pending" | "Succeeded" | "Failed") || found.meta.is_terminating();
    let done = |value: Value| Written {
        value,
        warnings: Vec::new(),
    };
    if free {
        return delete(world, Kind::POD, namespace, pod, options);
    }
    let budgets: Vec<(ObjectKey, std::rc::Rc<Object>)> = world
        .store
        .list_in(Kind::POD_DISRUPTION_BUDGET, namespace)
        .filter(|o| {
            o.disruption_budget()
                .is_some_and(|b| selects(&b.selector, &found.meta.labels))
        })
        .map(|o| {
            (
                key(Kind::POD_DISRUPTION_BUDGET, namespace, &o.meta.name),
                o.clone(),
            )
        })
        .collect();
    if budgets.len() > 1 {
        let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(ApiError {
            reason: "InternalError",
            ..ApiError::new(500, "", why)
        });
    }
    if let [(budget_key, stored)] = budgets.as_slice()
        && let Some(budget) = stored.disruption_budget()
    {
        let ready = found.pod().is_some_and(|p| p.ready);
        if ready || !unready_may_go(budget) {
            check(&stored.meta.name, stored.meta.generation, budget)?;
            if !options.dry_run {
                let mut value = stored.value.clone();
                value.set(
                    "status.disruptionsAllowed",
                    i64::from(budget.disruptions_allowed) - 1,
                );
                let status = value.map_mut().entry("status", Value::object).map_mut();
                let disrupted = status.entry("disruptedPods", Value::object).map_mut();
                disrupted.insert(Str::copy(pod), world.wall().rfc3339());
                world.update_status(budget_key, value)?;
            }
        }
    }
    if options.dry_run {
        return Ok(done(found.value.clone()));
    }
    let now = world.wall().rfc3339();
    let mut value = found.value.clone();
    let condition = object! {
        "type" => "DisruptionTarget",
        "status" => "True",
        "reason" => "EvictionByEvictionAPI",
        "message" => "Eviction API: evicting",
        "lastProbeTime" => Value::Null,
        "lastTransitionTime" => now,
    };
    let status = value.map_mut().entry("status", Value::object).map_mut();
    let conditions = status
        .entry("conditions", || Value::list(Vec::new()))
        .list_mut();
    conditions.retain(|c| c.str_at("type") != "DisruptionTarget");
    conditions.push(condition);
    world.update_status(&pod_key, value)?;
    delete(world, Kind::POD, namespace, pod, options)
}

/// A label selector as a budget has it: an empty one selects all, none selects nothing.
fn selects(selector: &Value, labels: &Value) -> bool {
    !selector.is_null() && super::label_selector_matches(selector, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(allowed: i32, healthy: i32, desired: i32) -> DisruptionBudgetView {
        let mut b = DisruptionBudgetView::of(&Value::object());
        (b.disruptions_allowed, b.current_healthy, b.desired_healthy) = (allowed, healthy, desired);
        b
    }

    #[test]
    fn a_budget_without_room_says_what_it_needs() {
        let error = check("foo", 0, &budget(0, 1, 2)).unwrap_err();
        assert_eq!(error.code, 429);
        assert_eq!(
            &*error.causes[0].message,
            "The disruption budget foo needs 2 healthy pods and has 1 currently"
        );
        assert!(check("foo", 0, &budget(1, 3, 2)).is_ok());
        assert_eq!(
            check("foo", 1, &budget(1, 3, 2)).unwrap_err().retry_after,
            10
        );
    }

    #[test]
    fn unready_pods_may_go_where_the_budget_is_met() {
        assert!(unready_may_go(&budget(0, 2, 2)));
        assert!(!unready_may_go(&budget(0, 1, 2)));
        assert!(!unready_may_go(&budget(0, 0, 0)));
    }
}
