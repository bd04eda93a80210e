//! Lists whose items are told apart by a key: finding, ordering and merging them.

use super::{DIRECTIVE, PatchError, go_notation, same_type};
use crate::Order;
use crate::value::Value;

/// What the items of lists are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Items {
    Maps,
    Scalars,
}

/// Mirrors `sliceElementType`, strategicpatch/patch.go.
pub(super) fn items_of(lists: &[&[Value]]) -> Result<Items, PatchError> {
    let mut all = lists.iter().flat_map(|l| l.iter());
    let Some(first) = all.next() else {
        return Err(PatchError::Other(
            "no elements in any of the given slices".to_owned(),
        ));
    };
    if matches!(first, Value::List(_)) {
        return Err(PatchError::Other(
            "lists of lists are not supported".to_owned(),
        ));
    }
    if !all.all(|v| same_type(first, v)) {
        let text: Vec<String> = lists
            .iter()
            .map(|l| go_notation(&Value::list(l.to_vec())))
            .collect();
        return Err(PatchError::Other(format!(
            "list element types are not identical: [{}]",
            text.join(" ")
        )));
    }
    Ok(if matches!(first, Value::Map(_)) {
        Items::Maps
    } else {
        Items::Scalars
    })
}

/// The value of an item's merge key.
pub(super) fn merge_value<'a>(item: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    match item {
        Value::Map(map) => map.get(key).ok_or_else(|| {
            PatchError::Other(format!(
                "map: {} does not contain declared merge key: {key}",
                go_notation(item)
            ))
        }),
        _ => Err(not_a_map(item)),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

pub(super) fn not_a_map(value: &Value) -> PatchError {
    PatchError::Other(format!(
        "expected a map[string]interface {{}}, but received a {}",
        go_type(value)
    ))
}

pub(super) fn not_a_list(value: &Value) -> PatchError {
    PatchError::Other(format!(
        "expected a []interface {{}}, but received a {}",
        go_type(value)
    ))
}

/// The item's place in a list, by merge key (empty: by value).
pub(super) fn position(list: &[Value], item: &Value, key: &str) -> Option<usize> {
    if key.is_empty() {
        return list.iter().position(|v| v == item);
    }
    let wanted = item.get(key);
    list.iter().position(|v| v.get(key) == wanted)
}

pub(super) fn is_deletion(item: &Value) -> bool {
    item.get(DIRECTIVE).and_then(Value::as_str) == Some("delete")
}

/// Mirrors `normalizeSliceOrder`: the items in the order of another list, deletions last.
pub(super) fn in_order_of(
    items: Vec<Value>,
    order: &[Value],
    key: &str,
) -> Result<Vec<Value>, PatchError> {
    if !key.is_empty() {
        for item in items.iter().chain(order) {
            merge_value(item, key)?;
        }
    }
    let (deletions, mut rest): (Vec<Value>, Vec<Value>) = items.into_iter().partition(is_deletion);
    rest.order_by_key(|item| position(order, item, key).unwrap_or(usize::MAX));
    rest.extend(deletions);
    Ok(rest)
}

/// Mirrors `normalizeElementOrder` and `mergeSortedSlice`: items of the patch in the patch's order, the server's own in
/// theirs, interleaved as they stood on the server.
pub(super) fn interleave(
    patch: Vec<Value>,
    server: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    key: &str,
) -> Result<Vec<Value>, PatchError> {
    let patch = in_order_of(patch, patch_order, key)?;
    let server = in_order_of(server, server_order, key)?;
    let mut out = Vec::with_capacity(patch.len() + server.len());
    let (mut left, mut right) = (server.into_iter().peekable(), patch.into_iter().peekable());
    loop {
        let take_left = match (left.peek(), right.peek()) {
            (None, None) => return Ok(out),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(l), Some(r)) => match (
                position(server_order, l, key),
                position(server_order, r, key),
            ) {
                (Some(l), Some(r)) => l < r,
                _ => false,
            },
        };
        out.extend(if take_left { left.next() } else { right.next() });
    }
}

/// Items that are in `by` and items that are not.
pub(super) fn partition(
    list: Vec<Value>,
    by: &[Value],
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for item in list {
        if !key.is_empty() {
            merge_value(&item, key)?;
        }
        if position(by, &item, key).is_some() {
            inside.push(item)
        } else {
            outside.push(item)
        }
    }
    Ok((inside, outside))
}

/// Mirrors `deduplicateScalars`: a repeated value is replaced by the last of the list.
pub(super) fn without_repeats(mut list: Vec<Value>) -> Vec<Value> {
    let mut i = 0;
    while i + 1 < list.len() {
        let mut j = i + 1;
        while j < list.len() {
            if list[i] == list[j] {
                drop(list.swap_remove(j))
            } else {
                j += 1
            }
        }
        i += 1;
    }
    list
}

/// Mirrors Go's `sort.Sort` of up to twelve items with a comparison that takes equal ones for smaller: they are reversed.
pub(super) fn sorted_by_text(list: &[Value], key: &str) -> Vec<Value> {
    let text = |v: &Value| {
        if key.is_empty() {
            go_notation(v)
        } else {
            go_notation(v.get(key).unwrap_or(&Value::Null))
        }
    };
    let mut items: Vec<(String, Value)> = list.iter().rev().map(|v| (text(v), v.clone())).collect();
    items.order_by(|a, b| a.0.cmp(&b.0));
    items.into_iter().map(|(_, v)| v).collect()
}
