//! Strategic merge patches, made. Mirrors apimachinery/pkg/util/strategicpatch/patch.go.

use super::lists::{Items, in_order_of, items_of, merge_value, sorted_by_text, without_repeats};
use super::strategic::{Options, lookup, merge_map};
use super::{DELETE_FROM, DIRECTIVE, ORDER, PatchError, RETAIN_KEYS, go_notation, same_type};
use crate::types::{Patch, Schema};
use crate::value::{Map, Str, Value};
use std::cmp::Ordering;

#[derive(Clone, Copy, Default)]
struct Diff {
    ignore_changes: bool,
    ignore_deletions: bool,
    retain_keys: bool,
}

/// The patch that leads from one object to another. Mirrors `CreateTwoWayMergePatch`.
pub fn create_two_way(
    original: &Value,
    modified: &Value,
    schema: Schema,
) -> Result<Value, PatchError> {
    Ok(diff_maps(
        &map_of(original),
        &map_of(modified),
        Some(schema),
        Diff::default(),
    )?
    .into())
}

/// The patch that makes the current object what the modified text wants, and deletes what the original text had and the
/// modified one has no more. Mirrors `CreateThreeWayMergePatch` with overwriting, as `kubectl apply` does.
pub fn create_three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
    schema: Schema,
) -> Result<Value, PatchError> {
    let (original, modified, current) = (map_of(original), map_of(modified), map_of(current));
    let additions = Diff {
        ignore_deletions: true,
        ..Diff::default()
    };
    let mut delta = diff_maps(&current, &modified, Some(schema), additions)?;
    let removals = Diff {
        ignore_changes: true,
        ..Diff::default()
    };
    let deletions = diff_maps(&original, &modified, Some(schema), removals)?;
    let options = Options {
        directives: false,
        forget_nulls: false,
    };
    Ok(merge_map(deletions, &mut delta, Some(schema), options)?.into())
}

fn map_of(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_default()
}

/// Mirrors `diffMaps`.
fn diff_maps(
    original: &Map,
    modified: &Map,
    schema: Option<Schema>,
    diff: Diff,
) -> Result<Map, PatchError> {
    let mut patch = Map::new();
    for (key, new) in modified.iter() {
        let old = match original.get(key) {
            Some(old) if same_type(old, new) => old,
            _ => {
                let changed = original.get(key).is_none_or(|old| !same_type(old, new));
                if changed && !diff.ignore_changes {
                    patch.insert(key, new);
                }
                continue;
            }
        };
        match (old, new) {
            (Value::Map(old_map), Value::Map(new_map)) => {
                let Some((field, how)) = known(schema, key, old, new)? else {
                    continue;
                };
                if how.replace {
                    if !diff.ignore_changes {
                        patch.insert(key, new);
                    }
                    continue;
                }
                let inner = diff_maps(
                    old_map,
                    new_map,
                    field,
                    Diff {
                        retain_keys: how.retain_keys,
                        ..diff
                    },
                )?;
                if !inner.is_empty() {
                    patch.insert(key, inner);
                }
            }
            (Value::List(old_list), Value::List(new_list)) => {
                let Some((field, how)) = known(schema, key, old, new)? else {
                    continue;
                };
                if !how.merge {
                    replace_if_not_equal(&mut patch, key, old, new, diff);
                    continue;
                }
                let item = field.and_then(Schema::item);
                let inner = Diff {
                    retain_keys: how.retain_keys,
                    ..diff
                };
                let lists = diff_lists(old_list, new_list, item, how.key, inner)?;
                if !lists.changes.is_empty() {
                    patch.insert(key, lists.changes);
                }
                if !lists.deletions.is_empty() {
                    patch.insert(format!("{DELETE_FROM}{key}"), lists.deletions);
                }
                if !lists.order.is_empty() {
                    patch.insert(format!("{ORDER}{key}"), lists.order);
                }
            }
            _ => replace_if_not_equal(&mut patch, key, old, new, diff),
        }
    }
    if !diff.ignore_deletions {
        for (key, _) in original.iter() {
            if !modified.contains_key(key) {
                patch.insert(key, Value::Null);
            }
        }
    }
    if diff.retain_keys {
        let keys: Vec<Value> = modified
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, _)| k.into())
            .collect();
        let more = original
            .iter()
            .any(|(k, v)| !v.is_null() && !modified.contains_key(k));
        if !keys.is_empty() && (!patch.is_empty() || more) {
            patch.insert(RETAIN_KEYS, keys);
        }
    }
    Ok(patch)
}

/// What the schema says of a field; `None`: it does not know the field, but nothing changed.
fn known(
    schema: Option<Schema>,
    key: &str,
    old: &Value,
    new: &Value,
) -> Result<Option<(Option<Schema>, Patch)>, PatchError> {
    match lookup(schema, key) {
        Ok(found) => Ok(Some(found)),
        Err(_) if old == new => Ok(None),
        Err(e) => Err(e),
    }
}

fn replace_if_not_equal(patch: &mut Map, key: &Str, old: &Value, new: &Value, diff: Diff) {
    if !diff.ignore_changes && old != new {
        patch.insert(key, new);
    }
}

#[derive(Default)]
struct Lists {
    changes: Vec<Value>,
    deletions: Vec<Value>,
    order: Vec<Value>,
}

/// Mirrors `diffLists`.
fn diff_lists(
    original: &[Value],
    modified: &[Value],
    item: Option<Schema>,
    key: &str,
    diff: Diff,
) -> Result<Lists, PatchError> {
    if original.is_empty() {
        let changes = if diff.ignore_changes {
            Vec::new()
        } else {
            modified.to_vec()
        };
        return Ok(Lists {
            changes,
            ..Lists::default()
        });
    }
    if items_of(&[original, modified])? == Items::Maps {
        let (changes, deletions) = diff_maps_in_lists(original, modified, item, key, diff)?;
        let mut changes = in_order_of(changes, modified, key)?;
        let mut same_order = original.len() == modified.len();
        for (a, b) in original.iter().zip(modified) {
            same_order = same_order && merge_value(a, key)? == merge_value(b, key)?;
        }
        changes.extend(deletions);
        let ordered = !diff.ignore_changes && (!changes.is_empty() || !same_order)
            || !diff.ignore_deletions && !changes.is_empty();
        let mut order = Vec::new();
        if ordered {
            for item in modified {
                order.push(
                    Map::from_iter([(Str::copy(key), merge_value(item, key)?.clone())]).into(),
                );
            }
        }
        return Ok(Lists {
            changes,
            deletions: Vec::new(),
            order,
        });
    }
    let (changes, deletions) = diff_scalars(original, modified, diff);
    let changes = in_order_of(changes, modified, "")?;
    let ordered = !diff.ignore_deletions && !deletions.is_empty()
        || !diff.ignore_changes && original != modified;
    Ok(Lists {
        changes,
        deletions,
        order: if ordered {
            modified.to_vec()
        } else {
            Vec::new()
        },
    })
}

/// Mirrors `diffListsOfMaps`.
fn diff_maps_in_lists(
    original: &[Value],
    modified: &[Value],
    item: Option<Schema>,
    key: &str,
    diff: Diff,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    let (old, new) = (sorted_by_text(original, key), sorted_by_text(modified, key));
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let text =
            |v: &&Value| -> Result<String, PatchError> { Ok(go_notation(merge_value(v, key)?)) };
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok((changes, deletions)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => text(a)?.cmp(&text(b)?),
        };
        match order {
            Ordering::Equal => {
                let (Some(Value::Map(a)), Some(b @ Value::Map(to))) = (old.next(), new.next())
                else {
                    continue;
                };
                let mut inner = diff_maps(a, to, item, diff)?;
                if !inner.is_empty() {
                    inner.insert(Str::copy(key), merge_value(b, key)?.clone());
                    changes.push(inner.into());
                }
            }
            Ordering::Greater => {
                let added = new.next();
                if !diff.ignore_changes {
                    changes.extend(added.cloned());
                }
            }
            Ordering::Less => {
                let Some(gone) = old.next() else { continue };
                if !diff.ignore_deletions {
                    let which = merge_value(gone, key)?.clone();
                    deletions.push(
                        Map::from_iter([
                            (Str::copy(key), which),
                            (DIRECTIVE.into(), "delete".into()),
                        ])
                        .into(),
                    );
                }
            }
        }
    }
}

/// Mirrors `diffListsOfScalars`.
fn diff_scalars(original: &[Value], modified: &[Value], diff: Diff) -> (Vec<Value>, Vec<Value>) {
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    let (old, new) = (sorted_by_text(original, ""), sorted_by_text(modified, ""));
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return (changes, without_repeats(deletions)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => go_notation(a).cmp(&go_notation(b)),
        };
        let gone = if order == Ordering::Greater {
            None
        } else {
            old.next()
        };
        let added = if order == Ordering::Less {
            None
        } else {
            new.next()
        };
        match order {
            Ordering::Equal => {}
            Ordering::Less if diff.ignore_deletions => {}
            Ordering::Less => deletions.extend(gone),
            Ordering::Greater if diff.ignore_changes => {}
            Ordering::Greater => changes.extend(added),
        }
    }
}
