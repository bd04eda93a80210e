//! Conditions in a pod's status.

use rollout_api::{Map, Str, Timestamp, Value, object};

/// A condition without reason and message.
pub fn plain(kind: &'static str, status: &'static str, since: Str) -> Value {
    object! {
        "lastProbeTime" => Value::Null,
        "lastTransitionTime" => since,
        "status" => status,
        "type" => kind,
    }
}

/// A condition; empty reason and message are left out. `old`: the condition of this type before, whose time is kept
/// while the status stays.
pub fn condition(
    kind: &'static str,
    status: &'static str,
    reason: &'static str,
    message: Str,
    old: Option<&Value>,
    now: Timestamp,
) -> Value {
    let old = old.filter(|o| o.get("status").and_then(Value::as_str) == Some(status));
    if let Some(old) = old
        && old
            .as_map()
            .is_some_and(|m| says(m, kind, reason, &message))
    {
        return old.clone();
    }
    let since = old
        .and_then(|o| match o.get("lastTransitionTime") {
            Some(Value::String(s)) => Some(s.clone()),
            _ => None,
        })
        .unwrap_or_else(|| now.text());
    let mut m = Map::with_capacity(6);
    m.append("lastProbeTime", Value::Null);
    m.append("lastTransitionTime", since);
    if !message.is_empty() {
        m.append("message", message);
    }
    if !reason.is_empty() {
        m.append("reason", reason);
    }
    m.append("status", status);
    m.append("type", kind);
    m.into()
}

/// Is this the condition that would be written, apart from its status?
fn says(old: &Map, kind: &str, reason: &str, message: &str) -> bool {
    let text = |key: &str| old.get(key).and_then(Value::as_str);
    old.len() == 4 + usize::from(!reason.is_empty()) + usize::from(!message.is_empty())
        && text("type") == Some(kind)
        && text("reason").unwrap_or("") == reason
        && text("message").unwrap_or("") == message
        && text("lastTransitionTime").is_some()
        && old.get("lastProbeTime") == Some(&Value::Null)
}

/// The condition of a type in a pod.
pub fn find<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    pod.get("status")?
        .get("conditions")?
        .as_list()
        .iter()
        .find(|c| c.get("type").and_then(Value::as_str) == Some(kind))
}

/// Puts a condition into a pod, in the place of the one of its type or at the end.
pub fn set(pod: &mut Value, condition: Value) {
    let kind = condition.shared_str_at("type").unwrap_or_default();
    let list = pod
        .map_mut()
        .entry("status", Value::object)
        .map_mut()
        .entry("conditions", || Value::list(Vec::new()))
        .list_mut();
    match list.iter_mut().find(|c| c.str_at("type") == kind.as_str()) {
        Some(old) => *old = condition,
        None => list.push(condition),
    }
}
