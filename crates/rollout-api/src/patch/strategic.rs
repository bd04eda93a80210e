//! Strategic merge patches, applied. Mirrors apimachinery/pkg/util/strategicpatch/patch.go.

use super::lists::{
    Items, interleave, is_deletion, items_of, merge_value, not_a_list, not_a_map, partition,
    position, without_repeats,
};
use super::{DELETE_FROM, DIRECTIVE, ORDER, PatchError, RETAIN_KEYS, go_notation, same_type};
use crate::gofmt::quote;
use crate::types::{Patch, Schema, Shape};
use crate::value::{Map, Str, Value};

/// How a merge treats what is meant for the API server.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// Carry out `$setElementOrder`, `$retainKeys` and `$deleteFromPrimitiveList`; else keep them: two patches are merged.
    pub directives: bool,
    /// Forget nulls that meet nothing.
    pub forget_nulls: bool,
}

/// Applies a strategic merge patch to an object of the schema.
pub fn apply_strategic(
    original: &Value,
    patch: &Value,
    schema: Schema,
) -> Result<Value, PatchError> {
    let Value::Map(patch) = patch else {
        return Err(not_a_map(patch));
    };
    let original = original.as_map().cloned().unwrap_or_default();
    let options = Options {
        directives: true,
        forget_nulls: true,
    };
    Ok(merge_map(original, (**patch).clone(), Some(schema), options)?.into())
}

/// The schema of a field and what patches do with it. In maps with free keys, every key is known.
pub(super) fn lookup(
    schema: Option<Schema>,
    key: &str,
) -> Result<(Option<Schema>, Patch), PatchError> {
    let Some(schema) = schema else {
        return Ok((None, Patch::default()));
    };
    match schema.shape() {
        Shape::Struct(id) => match schema.field(key) {
            Some((field, patch)) => Ok((Some(field), patch)),
            None => Err(PatchError::Other(format!(
                "unable to find api field in struct {} for the json field {}",
                crate::types::table().structure(id).go_name(),
                quote(key)
            ))),
        },
        Shape::Map(_) => Ok((schema.item(), Patch::default())),
        _ => Ok((None, Patch::default())),
    }
}

fn bad_order() -> PatchError {
    PatchError::Bad("invalid patch format of setElementOrder list".to_owned())
}
fn bad_retain_keys() -> PatchError {
    PatchError::Bad("invalid patch format of retainKeys".to_owned())
}

/// Mirrors `mergeMap`.
pub(super) fn merge_map(
    mut original: Map,
    mut patch: Map,
    schema: Option<Schema>,
    options: Options,
) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE).cloned() {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Map::new()),
            _ => Err(PatchError::Other(format!(
                "unknown patch type: {} in map: {}",
                quote(directive.as_str().unwrap_or_default()),
                go_notation(&patch.into())
            ))),
        };
    }
    retain_keys(&mut original, &mut patch, options)?;
    set_element_order(&mut original, &mut patch, schema, options)?;

    for (key, change) in patch.iter() {
        let mut key = key.clone();
        let mut deletes = false;
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            if !options.directives {
                original.insert(key, change);
                continue;
            }
            key = Str::copy(field);
            deletes = true;
        }
        if change.is_null() {
            original.remove(&key);
            if options.forget_nulls {
                continue;
            }
        }
        let Some(old) = original.get(&key).cloned() else {
            if !deletes {
                original.insert(key, taken_over(change, options));
            }
            continue;
        };
        if !same_type(&old, change) {
            if !deletes {
                original.insert(key, taken_over(change, options));
            }
            continue;
        }
        let (field, how) = lookup(schema, &key)?;
        let merged = match (&old, change) {
            (Value::Map(old), Value::Map(change)) if !how.replace => {
                merge_map((**old).clone(), (**change).clone(), field, options)?.into()
            }
            (Value::List(old), Value::List(change)) if how.merge => {
                let item = field.and_then(Schema::item);
                Value::list(merge_lists(
                    old.to_vec(),
                    change,
                    item,
                    how.key,
                    options,
                    deletes,
                )?)
            }
            _ => change.clone(),
        };
        original.insert(key, merged);
    }
    Ok(original)
}

/// What a patch says about something that was not there: without nulls and directives.
fn taken_over(change: &Value, options: Options) -> Value {
    if !options.forget_nulls {
        return change.clone();
    }
    match change {
        Value::Map(map) => {
            let mut out = Map::new();
            for (key, value) in map.iter() {
                if !value.is_null() && !key.starts_with('$') {
                    out.insert(key, taken_over(value, options));
                }
            }
            out.into()
        }
        Value::List(items) => {
            let kept = items.iter().filter(|v| v.get(DIRECTIVE).is_none());
            Value::list(kept.map(|v| taken_over(v, options)).collect())
        }
        other => other.clone(),
    }
}

/// Mirrors `applyRetainKeysDirective`.
fn retain_keys(original: &mut Map, patch: &mut Map, options: Options) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    if !options.directives {
        match original.get(RETAIN_KEYS) {
            Some(other) if *other != keys => {
                let (a, b) = (go_notation(other), go_notation(&keys));
                return Err(PatchError::Other(format!(
                    "{a} and {b} are not deep equal: this may happen when calculating the 3-way diff patch"
                )));
            }
            Some(_) => {}
            None => {
                original.insert(RETAIN_KEYS, keys);
            }
        }
        return Ok(());
    }
    let Value::List(keys) = keys else {
        return Err(bad_retain_keys());
    };
    let listed = |key: &str| keys.iter().any(|k| k.as_str() == Some(key));
    let free = |key: &str, value: &Value| {
        value.is_null() || key.starts_with(DELETE_FROM) || key.starts_with(ORDER)
    };
    if patch
        .iter()
        .any(|(key, value)| !free(key, value) && !listed(key))
    {
        return Err(bad_retain_keys());
    }
    original.retain(|key, _| listed(key));
    Ok(())
}

/// Mirrors `mergePatchIntoOriginal`: `$setElementOrder` lists together with the lists they order.
fn set_element_order(
    original: &mut Map,
    patch: &mut Map,
    schema: Option<Schema>,
    options: Options,
) -> Result<(), PatchError> {
    let directives: Vec<Str> = patch
        .iter()
        .map(|(k, _)| k)
        .filter(|k| k.starts_with(ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let Some(order) = patch.remove(&directive) else {
            continue;
        };
        if !options.directives {
            match original.get(&directive) {
                Some(other) if *other != order => return Err(bad_order()),
                Some(_) => {}
                None => {
                    original.insert(directive.clone(), order.clone());
                }
            }
        }
        let key = &directive[ORDER.len()..];
        let Value::List(order) = order else {
            return Err(not_a_list(&order));
        };
        let list = |value: Option<&Value>| match value {
            None => Ok(None),
            Some(Value::List(l)) => Ok(Some(l.to_vec())),
            Some(other) => Err(not_a_list(other)),
        };
        let old = list(original.get(key))?;
        let change = list(patch.get(key))?;
        let (field, how) = lookup(schema, key)?;
        check_order(change.as_deref().unwrap_or_default(), &order, how.key)?;
        let merged = match (&old, &change) {
            (Some(old), None) => old.clone(),
            (None, Some(change)) => change.clone(),
            (Some(old), Some(change)) if how.merge => merge_lists(
                old.clone(),
                change,
                field.and_then(Schema::item),
                how.key,
                options,
                false,
            )?,
            (Some(_), Some(change)) => change.clone(),
            (None, None) => continue,
        };
        let old = old.unwrap_or_default();
        items_of(&[&old, change.as_deref().unwrap_or_default()])?;
        let (ours, servers) = partition(merged, &order, how.key)?;
        let both = interleave(ours, servers, &order, &old, how.key)?;
        let both = if options.directives {
            taken_over_items(both, options)
        } else {
            both
        };
        original.insert(Str::copy(key), Value::list(both));
        patch.remove(key);
    }
    Ok(())
}

fn taken_over_items(list: Vec<Value>, options: Options) -> Vec<Value> {
    list.into_iter()
        .filter(|v| v.get(DIRECTIVE).is_none())
        .map(|v| taken_over(&v, options))
        .collect()
}

/// Mirrors `validatePatchWithSetOrderList`.
fn check_order(change: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    if change.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for item in change
        .iter()
        .filter(|v| !is_deletion(v) && v.get(DIRECTIVE).is_none())
    {
        let same = |other: &Value| -> Result<bool, PatchError> {
            if key.is_empty() {
                return Ok(item == other);
            }
            Ok(merge_value(item, key)? == merge_value(other, key)?)
        };
        loop {
            match wanted.next() {
                Some(other) if same(other)? => break,
                Some(_) => {}
                None => {
                    return Err(PatchError::Other(format!(
                        "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                        go_notation(&Value::list(change.to_vec())),
                        go_notation(&Value::list(order.to_vec()))
                    )));
                }
            }
        }
    }
    Ok(())
}

/// Mirrors `mergeSlice`.
fn merge_lists(
    mut original: Vec<Value>,
    patch: &[Value],
    item: Option<Schema>,
    key: &str,
    options: Options,
    deletes: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if items_of(&[&original, patch])? == Items::Scalars {
        if options.directives && deletes {
            original.retain(|v| !patch.contains(v));
            return Ok(original);
        }
        let old = original.clone();
        original.extend_from_slice(patch);
        let (ours, servers) = partition(without_repeats(original), patch, "")?;
        return interleave(ours, servers, patch, &old, "");
    }
    if key.is_empty() {
        return Err(PatchError::Other(
            "cannot merge lists without merge key for type struct".to_owned(),
        ));
    }
    let mut plain = Vec::new();
    let mut replace = false;
    for change in patch {
        match change.get(DIRECTIVE) {
            None => plain.push(change.clone()),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    let wanted = merge_value(change, key)?;
                    original.retain(|v| v.get(key) != Some(wanted));
                }
                Some("replace") => replace = true,
                Some("merge") => {
                    let text = "merging lists cannot yet be specified in the patch";
                    return Err(PatchError::Other(text.to_owned()));
                }
                _ => {
                    return Err(PatchError::Other(format!(
                        "unknown patch type: {} in map: {}",
                        quote(directive.as_str().unwrap_or_default()),
                        go_notation(change)
                    )));
                }
            },
        }
    }
    if replace {
        original = std::mem::take(&mut plain);
    }
    let old = original.clone();
    for change in &plain {
        merge_value(change, key)?;
        match position(&original, change, key) {
            Some(at) => {
                let (Value::Map(old), Value::Map(change)) = (&original[at], change) else {
                    return Err(not_a_map(change));
                };
                let merged = merge_map((**old).clone(), (**change).clone(), item, options)?;
                original[at] = merged.into();
            }
            None => original.push(taken_over(change, options)),
        }
    }
    let (ours, servers) = partition(original, &plain, key)?;
    interleave(ours, servers, &plain, &old, key)
}
