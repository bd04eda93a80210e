//! Does a patched tree fit the types? The words of Go's converter from trees to structs.
//! Mirrors apimachinery/pkg/runtime/converter.go.

use super::go_notation;
use super::json::json_type;
use crate::base64;
use crate::types::{Schema, Shape};
use crate::value::Value;

/// Go's `reflect.Kind` of a tree's value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

/// A scalar into a field of another type. Numbers and strings are convertible in Go, but not here, and it says so.
fn scalar(value: &Value, wanted: &'static str) -> Option<String> {
    let found = kind(value);
    let number = |k: &str| matches!(k, "int32" | "int64" | "float64");
    let fits = match found {
        "int64" => number(wanted),
        "float64" => number(wanted) && is_whole(value),
        other => other == wanted,
    };
    if fits {
        return None;
    }
    let convertible = number(found) && number(wanted) || found == "int64" && wanted == "string";
    Some(if convertible {
        format!("cannot convert {found} to {wanted}")
    } else {
        format!("unrecognized type: {wanted}")
    })
}

fn is_whole(value: &Value) -> bool {
    match value {
        Value::Number(text) => !text.contains('.') && !text.contains("e-"),
        _ => true,
    }
}

/// The first thing that does not fit, in the order of the types' fields.
pub fn check_unstructured(value: &Value, schema: Schema) -> Option<String> {
    if value.is_null() {
        return None;
    }
    match schema.shape() {
        Shape::String => scalar(value, "string"),
        Shape::Bool => scalar(value, "bool"),
        Shape::Int32 => scalar(value, "int32"),
        Shape::Int64 => scalar(value, "int64"),
        Shape::Struct(_) => match value {
            Value::Map(map) => schema.json_names().into_iter().find_map(|name| {
                let (field, _) = schema.field(name)?;
                check_unstructured(map.get(name)?, field)
            }),
            _ => Some(format!("cannot restore struct from: {}", kind(value))),
        },
        Shape::List(_) => match value {
            Value::List(items) => {
                let item = schema.item()?;
                items.iter().find_map(|v| check_unstructured(v, item))
            }
            _ => Some(format!("cannot restore slice from {}", kind(value))),
        },
        Shape::Map(_) => match value {
            Value::Map(map) => {
                let item = schema.item()?;
                map.iter().find_map(|(_, v)| check_unstructured(v, item))
            }
            _ => Some(format!("cannot restore map from {}", kind(value))),
        },
        Shape::Bytes => match value {
            Value::String(text) => base64::decode(text).err().map(|offset| {
                format!("error decoding from json: illegal base64 data at input byte {offset}")
            }),
            Value::List(_) => None,
            _ => Some(format!("cannot restore slice from {}", kind(value))),
        },
        Shape::IntOrString => {
            let found = match value {
                Value::String(_) => return None,
                Value::Int(n) if i32::try_from(*n).is_ok() => return None,
                Value::Int(_) | Value::Number(_) => format!("number {}", go_notation(value)),
                other => json_type(other).to_owned(),
            };
            Some(format!(
                "json: cannot unmarshal {found} into Go value of type int32"
            ))
        }
        // These read themselves: the decoder says what is wrong.
        Shape::Quantity | Shape::Time | Shape::MicroTime | Shape::Any | Shape::Pointer(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;
    use crate::version::Minor;

    #[test]
    fn words_of_the_converter() {
        let schema = Schema::of_object("apps/v1", "Deployment", Minor(32)).unwrap();
        for (text, want) in [
            (
                r#"{"spec":{"replicas":"x"}}"#,
                Some("unrecognized type: int32"),
            ),
            (
                r#"{"spec":{"replicas":1.5}}"#,
                Some("cannot convert float64 to int32"),
            ),
            (
                r#"{"spec":{"paused":"yes"}}"#,
                Some("unrecognized type: bool"),
            ),
            (
                r#"{"metadata":{"labels":{"a":1}}}"#,
                Some("cannot convert int64 to string"),
            ),
            (
                r#"{"metadata":{"labels":{"a":true}}}"#,
                Some("unrecognized type: string"),
            ),
            (
                r#"{"metadata":{"labels":[]}}"#,
                Some("cannot restore map from slice"),
            ),
            (
                r#"{"spec":{"template":{"spec":{"containers":{}}}}}"#,
                Some("cannot restore slice from map"),
            ),
            (
                r#"{"spec":{"template":"x"}}"#,
                Some("cannot restore struct from: string"),
            ),
            (r#"{"spec":{"replicas":3}}"#, None),
        ] {
            let got = check_unstructured(&from_json(text).unwrap(), schema);
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }
}
