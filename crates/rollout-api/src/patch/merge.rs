//! JSON merge patches, RFC 7386.

use crate::value::{Map, Value};

/// Applies a JSON merge patch.
pub fn apply_merge_patch(original: &Value, patch: &Value) -> Value {
    let Value::Map(changes) = patch else {
        return patch.clone();
    };
    let mut out = match original {
        Value::Map(_) => original.clone(),
        _ => Value::object(),
    };
    let map = out.map_mut();
    for (key, change) in changes.iter() {
        if change.is_null() {
            map.remove(key);
            continue;
        }
        let old = map.get(key).cloned().unwrap_or_default();
        map.insert(key, apply_merge_patch(&old, change));
    }
    out
}

/// The JSON merge patch that leads from one object to another.
pub fn create_merge_patch(original: &Value, modified: &Value) -> Value {
    let (Value::Map(from), Value::Map(to)) = (original, modified) else {
        return modified.clone();
    };
    let mut patch = Map::new();
    for (key, new) in to.iter() {
        match from.get(key) {
            None => {
                patch.insert(key, new);
            }
            Some(old) if old == new => {}
            Some(old @ Value::Map(_)) if matches!(new, Value::Map(_)) => {
                patch.insert(key, create_merge_patch(old, new));
            }
            Some(_) => {
                patch.insert(key, new);
            }
        }
    }
    for (key, _) in from.iter() {
        if !to.contains_key(key) {
            patch.insert(key, Value::Null);
        }
    }
    patch.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_json, to_json};

    #[test]
    fn examples_of_the_rfc() {
        for (original, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":"foo"}"#, r#"null"#, r#"null"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            (
                r#"{}"#,
                r#"{"a":{"bb":{"ccc":null}}}"#,
                r#"{"a":{"bb":{}}}"#,
            ),
        ] {
            let (o, p) = (from_json(original).unwrap(), from_json(patch).unwrap());
            assert_eq!(
                to_json(&apply_merge_patch(&o, &p)),
                result,
                "{original} {patch}"
            );
        }
    }

    #[test]
    fn a_made_patch_leads_there() {
        let a = from_json(r#"{"x":{"y":1,"z":[1]},"w":2}"#).unwrap();
        let b = from_json(r#"{"x":{"z":[2]},"v":3}"#).unwrap();
        let patch = create_merge_patch(&a, &b);
        assert_eq!(
            to_json(&patch),
            r#"{"v":3,"w":null,"x":{"y":null,"z":[2]}}"#
        );
        assert_eq!(apply_merge_patch(&a, &patch), b);
    }
}
