//! Conditions in a pod's status.

use rollout_api::{Str, Timestamp, Value, object};

/// A condition without reason and message.
pub fn plain(kind: &'static str, status: &'static str, since: Str) -> Value {
    object! {
        "type" => kind,
        "status" => status,
        "lastProbeTime" => Value::Null,
        "lastTransitionTime" => since,
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
    let since = old
        .filter(|o| o.get("status").and_then(Value::as_str) == Some(status))
        .and_then(|o| match o.get("lastTransitionTime") {
            Some(Value::String(s)) => Some(s.clone()),
            _ => None,
        })
        .unwrap_or_else(|| now.rfc3339().into());
    let mut value = plain(kind, status, since);
    let m = value.map_mut();
    if !reason.is_empty() {
        m.insert("reason", reason);
    }
    if !message.is_empty() {
        m.insert("message", message);
    }
    value
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
