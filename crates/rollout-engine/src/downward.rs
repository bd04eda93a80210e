//! Resources of a container as the downward API tells them.

use rollout_api::quantity::{Format, Quantity};
use rollout_api::{Str, Value};

/// What `resourceFieldRef` says of a container. Without a limit it is what the node has to give.
/// Mirrors `ExtractContainerResourceValue` and `MergeContainerResourceLimits`, pkg/api/v1/resource/helpers.go.
pub fn container_resource(asked: &Value, container: &Value, allocatable: Option<&Value>) -> Str {
    let Some((list, name)) = asked.str_at("resource").split_once('.') else {
        return Str::default();
    };
    let of = |from: Option<&Value>| from.and_then(|l| l.get(name)).and_then(Quantity::of);
    let own = container.get("resources").and_then(|r| r.get(list));
    let mut amount = of(own).filter(|q| !q.is_zero());
    if list == "limits" && matches!(name, "cpu" | "memory" | "ephemeral-storage") {
        amount = amount.or_else(|| of(allocatable));
    }
    let amount = amount.unwrap_or_else(|| Quantity::whole(0, Format::DecimalSI));
    let divisor = asked.get("divisor").and_then(Quantity::of);
    let divisor = divisor.filter(|d| !d.is_zero());
    let divisor = divisor.unwrap_or_else(|| Quantity::whole(1, Format::DecimalSI));
    let (amount, divisor) = if name == "cpu" {
        (amount.milli_value(), divisor.milli_value())
    } else {
        (amount.value(), divisor.value())
    };
    // Rounded up, as the kubelet does.
    let parts =
        amount.div_euclid(divisor.max(1)) + i64::from(amount.rem_euclid(divisor.max(1)) > 0);
    parts.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::json::from_json;

    #[test]
    fn resources_are_divided_and_rounded_up() {
        let container = from_json(
            r#"{"resources":{"limits":{"cpu":"250m","memory":"64Mi"},"requests":{"cpu":"100m","hugepages-2Mi":"4Mi"}}}"#,
        )
        .expect("JSON");
        let bare = from_json("{}").expect("JSON");
        let node =
            from_json(r#"{"cpu":"4","memory":"8Gi","ephemeral-storage":"100Gi"}"#).expect("JSON");
        for (container, resource, divisor, text) in [
            (&container, "limits.cpu", "", "1"),
            (&container, "limits.cpu", "1m", "250"),
            (&container, "limits.cpu", "100m", "3"),
            (&container, "limits.memory", "0", "67108864"),
            (&container, "limits.memory", "1Mi", "64"),
            (&container, "limits.memory", "1M", "68"),
            (&container, "limits.ephemeral-storage", "1Gi", "100"),
            (&container, "requests.cpu", "1m", "100"),
            (&container, "requests.memory", "1", "0"),
            (&container, "requests.hugepages-2Mi", "1Mi", "4"),
            (&bare, "limits.cpu", "1", "4"),
            (&bare, "limits.memory", "1Mi", "8192"),
            (&bare, "requests.cpu", "1m", "0"),
            (&bare, "nothing", "1", ""),
        ] {
            let asked = rollout_api::object! { "resource" => resource, "divisor" => divisor };
            let found = container_resource(&asked, container, Some(&node));
            assert_eq!(found.as_str(), text, "{resource} by {divisor}");
        }
    }
}
