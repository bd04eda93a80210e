//! A patched object as messages show it: what the patch looked into stands in the order of names, the rest as the API
//! server wrote it before, in the order of Go's structs. Mirrors the lazy documents of evanphx/json-patch.

use crate::Order;
use crate::json::{Html, write as write_sorted, write_string};
use crate::types::{Schema, Shape};
use crate::value::{Map, Str, Value};

/// What a merge patch looks into: maps of keys; null is what it brings itself.
fn looked_into(original: &Value, patch: &Value) -> Value {
    let mut out = Map::new();
    if let (Value::Map(original), Value::Map(patch)) = (original, patch) {
        for (key, change) in patch.iter() {
            let below = match (original.get(key), change) {
                (Some(old @ Value::Map(_)), Value::Map(_)) => looked_into(old, change),
                _ => Value::Null,
            };
            out.insert(key, below);
        }
    }
    out.into()
}

/// What the operations of a JSON patch look into.
fn walked(patch: &Value) -> Value {
    let mut out = Value::object();
    for operation in patch.as_list() {
        for way in ["from", "path"] {
            let Some((_, path)) = operation.str_at(way).split_once('/') else {
                continue;
            };
            let mut place = &mut out;
            let mut parts = path.split('/').peekable();
            while let Some(part) = parts.next() {
                if place.is_null() {
                    break;
                }
                let key = part.replace("~1", "/").replace("~0", "~");
                let brings = way == "path" && parts.peek().is_none();
                if !brings && parts.peek().is_none() {
                    break;
                }
                let next = place.map_mut().entry(Str::from(key), Value::object);
                if brings {
                    *next = Value::Null;
                }
                place = next;
            }
        }
    }
    out
}

/// The text of an object after a merge patch or a JSON patch.
pub fn patched_text(
    original: &Value,
    patch: &Value,
    patched: &Value,
    schema: Option<Schema>,
) -> String {
    let touched = match patch {
        Value::List(_) => walked(patch),
        _ => looked_into(original, patch),
    };
    let mut out = String::new();
    write(patched, Some(&touched), schema, &mut out);
    out
}

fn below(schema: Option<Schema>, key: &str) -> Option<Schema> {
    let schema = schema?;
    match schema.shape() {
        Shape::Struct(_) => schema.field(key).map(|(field, _)| field),
        _ => schema.item(),
    }
}

fn write(v: &Value, touched: Option<&Value>, schema: Option<Schema>, out: &mut String) {
    if touched.is_some_and(Value::is_null) {
        return write_sorted(v, out, Html::Escaped);
    }
    match v {
        Value::Map(map) => {
            let mut keys: Vec<(&Str, &Value)> = map.iter().collect();
            if touched.is_none()
                && let Some(schema) = schema
            {
                let names = schema.json_names();
                let rank = |k: &str| names.iter().position(|n| *n == k).unwrap_or(names.len());
                keys.order_by_key(|(k, _)| rank(k));
            }
            out.push('{');
            for (i, (key, value)) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(key, out, Html::Escaped);
                out.push(':');
                let way = touched.and_then(|t| t.get(key));
                write(value, way, below(schema, key), out);
            }
            out.push('}');
        }
        Value::List(items) => {
            out.push('[');
            for (i, value) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let way = touched.and_then(|t| t.get(&i.to_string()));
                write(value, way, schema.and_then(Schema::item), out);
            }
            out.push(']');
        }
        other => write_sorted(other, out, Html::Escaped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;
    use crate::version::Minor;

    #[test]
    fn what_was_looked_into_is_sorted() {
        let object = r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"labels":{"a":"b"},"name":"web"},"spec":{"template":{"spec":{"containers":[{"image":"i","name":"n"}]}},"replicas":1,"strategy":{"type":"Recreate"}}}"#;
        let object = from_json(object).unwrap();
        let schema = Schema::of_object("apps/v1", "Deployment", Minor(32));
        let text = |patch: &str| patched_text(&object, &from_json(patch).unwrap(), &object, schema);
        // Structs name the object first, and count replicas before the template.
        assert_eq!(
            text("{}"),
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"a":"b"}},"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"n","image":"i"}]}},"strategy":{"type":"Recreate"}}}"#
        );
        let merged = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"a":"b"}},"spec":{"replicas":1,"strategy":{"type":"Recreate"},"template":{"spec":{"containers":[{"name":"n","image":"i"}]}}}}"#;
        assert_eq!(text(r#"{"spec":{"replicas":"x"}}"#), merged);
        assert_eq!(
            text(r#"[{"op":"replace","path":"/spec/replicas","value":"x"}]"#),
            merged
        );
        assert_eq!(
            text(
                r#"[{"op":"test","path":"/spec/template/spec/containers/0/name","value":"n"},{"op":"remove","path":"/metadata/x"}]"#
            ),
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"a":"b"},"name":"web"},"spec":{"replicas":1,"strategy":{"type":"Recreate"},"template":{"spec":{"containers":[{"image":"i","name":"n"}]}}}}"#
        );
    }
}
