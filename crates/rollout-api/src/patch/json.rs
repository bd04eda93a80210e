//! JSON patches, RFC 6902, with the liberties of the library that the API server uses: negative indexes.

use super::PatchError;
use crate::value::{Map, Str, Value};

/// Applies a JSON patch. What is wrong with it stays in the server's log: the answer only says that it did not apply.
pub fn apply_json_patch(original: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::List(operations) = patch else {
        return match patch {
            Value::Null => Ok(original.clone()),
            _ => Err(unreadable(patch, "[]handlers.jsonPatchOp")),
        };
    };
    let mut object = original.clone();
    for operation in operations.iter() {
        match operation {
            Value::Null => {}
            Value::Map(_) => {
                for key in ["op", "path", "from"] {
                    if let Some(v) = operation
                        .get(key)
                        .filter(|v| !v.is_null() && v.as_str().is_none())
                    {
                        let text = format!(
                            "error decoding patch: json: cannot unmarshal {} into Go struct field jsonPatchOp.{key} of type string",
                            json_type(v)
                        );
                        return Err(PatchError::Bad(text));
                    }
                }
            }
            other => return Err(unreadable(other, "handlers.jsonPatchOp")),
        }
    }
    for operation in operations.iter() {
        apply(&mut object, operation).ok_or(PatchError::DoesNotApply)?;
    }
    Ok(object)
}

/// Fields of operations that no JSON patch has.
pub fn unknown_in_json_patch(patch: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for (i, operation) in patch.as_list().iter().enumerate() {
        for (key, _) in operation.as_map().into_iter().flat_map(Map::iter) {
            if !matches!(&**key, "op" | "path" | "from" | "value") {
                out.push(format!("json patch unknown field \"[{i}].{key}\""));
            }
        }
    }
    out
}

/// JSON's word for a value's type, as Go's decoder has it.
pub(super) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    }
}

/// A patch that is none.
pub(super) fn unreadable(value: &Value, ty: &str) -> PatchError {
    PatchError::Bad(format!(
        "error decoding patch: json: cannot unmarshal {} into Go value of type {ty}",
        json_type(value)
    ))
}

fn apply(object: &mut Value, operation: &Value) -> Option<()> {
    let path = pointer(operation.get("path")?.as_str()?)?;
    // What is absent is null.
    let value = || operation.get("value").cloned().unwrap_or_default();
    match operation.get("op")?.as_str()? {
        "add" => add(object, &path, value()),
        "remove" => remove(object, &path).map(drop),
        "replace" => replace(object, &path, value()),
        "move" => {
            let from = pointer(operation.get("from")?.as_str()?)?;
            let value = remove(object, &from)?;
            add(object, &path, value)
        }
        "copy" => {
            let from = pointer(operation.get("from")?.as_str()?)?;
            let value = get(object, &from)?;
            add(object, &path, value)
        }
        "test" if path.is_empty() => (*object == value()).then_some(()),
        "test" => (get(object, &path)? == value()).then_some(()),
        _ => None,
    }
}

/// The parts of a JSON pointer. What stands before the first slash is not looked at.
fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let parts = text.split_once('/')?.1.split('/');
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

/// The value at a path; what a map does not have is null.
fn get(object: &mut Value, path: &[String]) -> Option<Value> {
    let (last, rest) = path.split_last()?;
    match parent(object, rest)? {
        Value::Map(map) => Some(map.get(last).cloned().unwrap_or_default()),
        Value::List(list) => list.get(index(last, list.len())?).cloned(),
        _ => None,
    }
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
    let (last, rest) = path.split_last()?;
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

/// A map takes a key that it does not have yet, too.
fn replace(object: &mut Value, path: &[String], new: Value) -> Option<()> {
    let Some((last, rest)) = path.split_last() else {
        let whole = matches!(new, Value::Map(_) | Value::List(_));
        if whole {
            *object = new;
        }
        return Some(());
    };
    match parent(object, rest)? {
        map @ Value::Map(_) => {
            map.map_mut().insert(Str::copy(last), new);
        }
        list @ Value::List(_) => {
            let list = list.list_mut();
            let at = index(last, list.len())?;
            list[at] = new;
        }
        _ => return None,
    }
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
                r#"{"a":1,"b":2}"#,
            ),
            (
                r#"{"a":[1]}"#,
                r#"[{"op":"replace","path":"/a/1","value":2}]"#,
                "-",
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"add","path":"/b"}]"#,
                r#"{"a":1,"b":null}"#,
            ),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"","value":{}}]"#, "-"),
            (
                r#"{"a":1}"#,
                r#"[{"op":"replace","path":"","value":{}}]"#,
                "{}",
            ),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"x","value":{}}]"#, "-"),
            (
                r#"{"a":1}"#,
                r#"[{"op":"add","path":"x/b","value":2}]"#,
                r#"{"a":1,"b":2}"#,
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"copy","from":"/c","path":"/b"}]"#,
                r#"{"a":1,"b":null}"#,
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"move","from":"/c","path":"/b"}]"#,
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
