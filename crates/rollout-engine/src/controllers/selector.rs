//! Label selectors: does an object belong?

use rollout_api::Value;

/// Does a LabelSelector (`matchLabels`, `matchExpressions`) match these labels? A missing selector matches nothing, an
/// empty one everything.
///
/// Mirrors `LabelSelectorAsSelector`, staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go.
pub fn label_selector_matches(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let equal = selector
        .get("matchLabels")
        .and_then(Value::as_map)
        .is_none_or(|m| m.iter().all(|(k, v)| label(k) == v.as_str()));
    equal
        && selector
            .get("matchExpressions")
            .map_or(&[][..], Value::as_list)
            .iter()
            .all(|e| {
                let value = label(e.str_at("key"));
                let listed = || e.list_at("values").iter().any(|v| v.as_str() == value);
                match e.str_at("operator") {
                    "In" => value.is_some() && listed(),
                    "NotIn" => value.is_none() || !listed(),
                    "Exists" => value.is_some(),
                    "DoesNotExist" => value.is_none(),
                    _ => false,
                }
            })
}

/// Does a plain map of labels (a Service's selector) match? An empty map matches nothing.
pub fn map_selector_matches(selector: &Value, labels: &Value) -> bool {
    selector
        .as_map()
        .is_some_and(|m| !m.is_empty() && m.iter().all(|(k, v)| labels.get(k) == Some(v)))
}

/// Is this a selector without any requirement?
pub fn is_empty_selector(selector: &Value) -> bool {
    selector.get("matchLabels").is_none_or(Value::is_empty)
        && selector.get("matchExpressions").is_none_or(Value::is_empty)
}
