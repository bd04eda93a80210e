//! JSON patches, RFC 6902, with the liberties of the library that the API server uses: negative indexes.

use super::PatchError;
use crate::value::{Str, Value};

/// Applies a JSON patch. What is wrong with it stays in the server's log: the answer only says that it did not apply.
pub fn apply_json_patch(original: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::List(operations) = patch else {
        let found = match patch {
            Value::Map(_) => "object",
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::Null => return Ok(original.clone()),
            _ => "number",
        };
        let text = format!("json: cannot unmarshal {found} into Go value of type jsonpatch.Patch");
        return Err(PatchError::Bad(text));
    };
    let mut object = original.clone();
    for operation in operations.iter() {
        if !matches!(operation, Value::Map(_)) {
            let text = "json: cannot unmarshal into Go value of type jsonpatch.Operation";
            return Err(PatchError::Bad(text.to_owned()));
        }
        apply(&mut object, operation).ok_or(PatchError::DoesNotApply)?;
    }
    Ok(object)
}

fn apply(object: &mut Value, operation: &Value) -> Option<()> {
    let path = pointer(operation.get("path")?.as_str()?)?;
    let value = || operation.get("value").cloned();
    match operation.get("op")?.as_str()? {
        "add" => add(object, &path, value()?),
        "remove" => remove(object, &path).map(drop),
        "replace" => {
            get(object, &path)?;
            put(object, &path, value()?)
        }
        "move" => {
            let from = pointer(operation.get("from")?.as_str()?)?;
            let value = remove(object, &from)?;
            add(object, &path, value)
        }
        "copy" => {
            let from = pointer(operation.get("from")?.as_str()?)?;
            let value = get(object, &from)?.clone();
            add(object, &path, value)
        }
        "test" => {
            let expected = value().unwrap_or_default();
            match get(object, &path) {
                Some(found) if *found == expected => Some(()),
                None if expected.is_null() => Some(()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The parts of a JSON pointer.
fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let parts = text.strip_prefix('/')?.split('/');
    Some(
        parts
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}

/// The place of an index in a list of this length; `-1` is the last.
fn index(text: &str, len: usize) -> Option<usize> {
    let n: i64 = text.parse().ok()?;
    let len = i64::try_from(len).ok()?;
    let at = if n < 0 { n + len } else { n };
    (0..len)
        .contains(&at)
        .then(|| usize::try_from(at).ok())
        .flatten()
}

fn get<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, part| match value {
        Value::Map(map) => map.get(part),
        Value::List(list) => list.get(index(part, list.len())?),
        _ => None,
    })
}

fn parent<'a>(object: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    let mut value = object;
    for part in path {
        value = match value {
            Value::Map(_) => value.map_mut().get_mut(part)?,
            Value::List(list) => {
                let at = index(part, list.len())?;
                value.list_mut().get_mut(at)?
            }
            _ => return None,
        };
    }
    Some(value)
}

fn add(object: &mut Value, path: &[String], new: Value) -> Option<()> {
    let Some((last, rest)) = path.split_last() else {
        *object = new;
        return Some(());
    };
    match parent(object, rest)? {
        map @ Value::Map(_) => {
            map.map_mut().insert(Str::copy(last), new);
        }
        list @ Value::List(_) => {
            let list = list.list_mut();
            let at = match last.as_str() {
                "-" => list.len(),
                // One past the end is a place to add at.
                text => index(text, list.len() + 1)?,
            };
            list.insert(at, new);
        }
        _ => return None,
    }
    Some(())
}

fn put(object: &mut Value, path: &[String], new: Value) -> Option<()> {
    *parent(object, path)? = new;
    Some(())
}

fn remove(object: &mut Value, path: &[String]) -> Option<Value> {
    let (last, rest) = path.split_last()?;
    match parent(object, rest)? {
        map @ Value::Map(_) => map.map_mut().remove(last),
        list @ Value::List(_) => {
            let list = list.list_mut();
            let at = index(last, list.len())?;
            Some(list.remove(at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_json, to_json};

    #[test]
    fn operations() {
        for (original, patch, result) in [
            (
                r#"{"a":1}"#,
                r#"[{"op":"add","path":"/b","value":{"c":2}}]"#,
                r#"{"a":1,"b":{"c":2}}"#,
            ),
            (
                r#"{"a":[1,3]}"#,
                r#"[{"op":"add","path":"/a/1","value":2}]"#,
                r#"{"a":[1,2,3]}"#,
            ),
            (
                r#"{"a":[1]}"#,
                r#"[{"op":"add","path":"/a/-","value":2}]"#,
                r#"{"a":[1,2]}"#,
            ),
            (
                r#"{"a":[1,2]}"#,
                r#"[{"op":"remove","path":"/a/-1"}]"#,
                r#"{"a":[1]}"#,
            ),
            (
                r#"{"a/b":1}"#,
                r#"[{"op":"replace","path":"/a~1b","value":2}]"#,
                r#"{"a/b":2}"#,
            ),
            (
                r#"{"a":1,"b":{}}"#,
                r#"[{"op":"move","from":"/a","path":"/b/c"}]"#,
                r#"{"b":{"c":1}}"#,
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"copy","from":"/a","path":"/b"}]"#,
                r#"{"a":1,"b":1}"#,
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}]"#,
                "{}",
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"test","path":"/a","value":2}]"#,
                "-",
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"replace","path":"/b","value":2}]"#,
                "-",
            ),
            (r#"{"a":1}"#, r#"[{"op":"remove","path":"/b"}]"#, "-"),
            (
                r#"{"a":1}"#,
                r#"[{"op":"add","path":"/b/c","value":2}]"#,
                "-",
            ),
            (
                r#"{"a":[]}"#,
                r#"[{"op":"add","path":"/a/1","value":2}]"#,
                "-",
            ),
            (r#"{"a":1}"#, r#"[{"op":"nope","path":"/a"}]"#, "-"),
        ] {
            let (o, p) = (from_json(original).unwrap(), from_json(patch).unwrap());
            let got = apply_json_patch(&o, &p).map_or("-".to_owned(), |v| to_json(&v));
            assert_eq!(got, result, "{original} {patch}");
        }
    }
}
