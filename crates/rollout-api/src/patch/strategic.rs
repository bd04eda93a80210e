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

/// Applies a strategic merge patch to an object of the schema. What is carried out vanishes from the patch, as in Go:
/// messages about the result show what is left of it.
pub fn apply_strategic(
    original: &Value,
    patch: &mut Value,
    schema: Schema,
) -> Result<Value, PatchError> {
    if !matches!(patch, Value::Map(_)) {
        return Err(not_a_map(patch));
    }
    let original = original.as_map().cloned().unwrap_or_default();
    let options = Options {
        directives: true,
        forget_nulls: true,
    };
    Ok(merge_map(original, patch.map_mut(), Some(schema), options)?.into())
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

/// A directive in Go's `%s` notation.
fn shown_directive(directive: &Value) -> String {
    match directive {
        Value::String(text) => text.to_string(),
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::Bool(_) => format!("%!s(bool={})", go_notation(directive)),
        Value::Int(_) => format!("%!s(int64={})", go_notation(directive)),
        other => go_notation(other),
    }
}

/// Mirrors `mergeMap`.
pub(super) fn merge_map(
    mut original: Map,
    patch: &mut Map,
    schema: Option<Schema>,
    options: Options,
) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE).cloned() {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch.clone())
            }
            Some("delete") => Ok(Map::new()),
            _ => Err(PatchError::Other(format!(
                "unknown patch type: {} in map: {}",
                shown_directive(&directive),
                go_notation(&patch.clone().into())
            ))),
        };
    }
    retain_keys(&mut original, patch, options)?;
    set_element_order(&mut original, patch, schema, options)?;

    for (key, change) in patch.iter_mut() {
        let mut key = key.clone();
        let mut deletes = false;
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            if !options.directives {
                original.insert(key, change.clone());
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
        let old = match original.get(&key).cloned() {
            Some(old) if same_type(&old, change) => old,
            found => {
                if !deletes {
                    forget_nulls(change, options);
                    match without_directives(change) {
                        Some(kept) => original.insert(key, kept),
                        None => found.and_then(|_| original.remove(&key)),
                    };
                }
                continue;
            }
        };
        let (field, how) = lookup(schema, &key)?;
        let merged = match (&old, &mut *change) {
            (Value::Map(old), Value::Map(_)) if !how.replace => {
                merge_map((**old).clone(), change.map_mut(), field, options)?.into()
            }
            (Value::List(old), Value::List(_)) if how.merge || deletes => {
                let item = field.and_then(Schema::item);
                Value::list(merge_lists(
                    old.to_vec(),
                    change.list_mut(),
                    item,
                    how.key,
                    options,
                    deletes,
                )?)
            }
            (_, change) => change.clone(),
        };
        original.insert(key, merged);
    }
    Ok(original)
}

/// Mirrors `discardNullValuesFromPatch`: something that was not there is taken over without nulls.
fn forget_nulls(change: &mut Value, options: Options) {
    if !options.forget_nulls {
        return;
    }
    match change {
        Value::Map(_) => {
            let map = change.map_mut();
            map.retain(|_, v| !v.is_null());
            for (_, value) in map.iter_mut() {
                forget_nulls(value, options);
            }
        }
        Value::List(_) => {
            for value in change.list_mut() {
                forget_nulls(value, options);
            }
        }
        _ => {}
    }
}

/// Mirrors `removeDirectives`: maps with a directive are not kept.
fn without_directives(change: &Value) -> Option<Value> {
    Some(match change {
        Value::Map(map) if map.contains_key(DIRECTIVE) => return None,
        Value::Map(map) => {
            let mut out = Map::new();
            for (key, value) in map.iter() {
                if let Some(value) = without_directives(value) {
                    out.insert(key, value);
                }
            }
            out.into()
        }
        Value::List(items) => Value::list(items.iter().filter_map(without_directives).collect()),
        other => other.clone(),
    })
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
        let mut change = list(patch.get(key))?;
        let (field, how) = lookup(schema, key)?;
        check_order(change.as_deref().unwrap_or_default(), &order, how.key)?;
        let merged = match (&old, &mut change) {
            (Some(old), None) => old.clone(),
            (None, Some(change)) => change.iter().filter_map(without_directives).collect(),
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
        original.insert(Str::copy(key), Value::list(both));
        patch.remove(key);
    }
    Ok(())
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
    patch: &mut [Value],
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
    for (i, change) in patch.iter().enumerate() {
        match change.get(DIRECTIVE) {
            None => plain.push(i),
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
                        shown_directive(directive),
                        go_notation(change)
                    )));
                }
            },
        }
    }
    if replace {
        original = plain.drain(..).map(|i| patch[i].clone()).collect();
    }
    let old = original.clone();
    for &i in &plain {
        let change = &mut patch[i];
        merge_value(change, key)?;
        match position(&original, change, key) {
            Some(at) => {
                let (Value::Map(old), Value::Map(_)) = (&original[at], &*change) else {
                    return Err(not_a_map(change));
                };
                let merged = merge_map((**old).clone(), change.map_mut(), item, options)?;
                original[at] = merged.into();
            }
            None => original.push(change.clone()),
        }
    }
    let plain: Vec<Value> = plain.into_iter().map(|i| patch[i].clone()).collect();
    let (ours, servers) = partition(original, &plain, key)?;
    interleave(ours, servers, &plain, &old, key)
}
