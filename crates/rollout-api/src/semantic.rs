//! Equality as the controllers mean it: of the Go structs behind two trees.

use crate::quantity::Quantity;
use crate::types::{Schema, Shape};
use crate::value::{Map, Value};

/// Are two values of a type equal? Empty and missing lists, maps and scalars are the same, a missing pointer and one to
/// an empty struct are not; quantities are compared as numbers.
///
/// Mirrors Semantic.DeepEqual, staging/src/k8s.io/apimachinery/pkg/api/equality/semantic.go.
pub fn equal(a: Option<&Value>, b: Option<&Value>, schema: Schema) -> bool {
    let (a, b) = (a.filter(|v| !v.is_null()), b.filter(|v| !v.is_null()));
    if a == b || (schema.is_pointer() && a.is_some() != b.is_some()) {
        return a == b;
    }
    match schema.shape() {
        Shape::Struct(_) => {
            let (a, b) = (a.and_then(Value::as_map), b.and_then(Value::as_map));
            keys(a, b).all(|key| {
                let (a, b) = (a.and_then(|m| m.get(key)), b.and_then(|m| m.get(key)));
                match schema.field(key) {
                    Some((field, _)) => equal(a, b, field),
                    None => a == b,
                }
            })
        }
        Shape::List(_) => {
            let (a, b) = (
                a.map_or(&[][..], Value::as_list),
                b.map_or(&[][..], Value::as_list),
            );
            a.len() == b.len()
                && schema
                    .item()
                    .is_some_and(|item| a.iter().zip(b).all(|(a, b)| equal(Some(a), Some(b), item)))
        }
        Shape::Map(_) => {
            let (a, b) = (a.and_then(Value::as_map), b.and_then(Value::as_map));
            a.map_or(0, Map::len) == b.map_or(0, Map::len)
                && keys(a, b).all(|key| {
                    match (a.and_then(|m| m.get(key)), b.and_then(|m| m.get(key))) {
                        (Some(a), Some(b)) => schema
                            .item()
                            .is_some_and(|item| equal(Some(a), Some(b), item)),
                        _ => false,
                    }
                })
        }
        Shape::Quantity => {
            let read =
                |v: Option<&Value>| v.map_or_else(|| Some(Quantity::default()), Quantity::of);
            matches!((read(a), read(b)), (Some(a), Some(b)) if a.compare(&b).is_eq())
        }
        _ => !schema.is_pointer() && a.is_none_or(Value::is_empty) && b.is_none_or(Value::is_empty),
    }
}

/// The keys of one object or the other (some twice).
fn keys<'a>(a: Option<&'a Map>, b: Option<&'a Map>) -> impl Iterator<Item = &'a str> {
    a.into_iter()
        .chain(b)
        .flat_map(|m| m.iter().map(|(k, _)| k.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;
    use crate::version::Minor;

    #[test]
    fn as_structs() {
        let schema = Schema::of_struct("v1.PodSpec", Minor::NEWEST).unwrap();
        for (a, b, want) in [
            ("{}", r#"{"affinity":{}}"#, false),
            (
                "{}",
                r#"{"nodeSelector":{},"volumes":[],"hostname":"","hostNetwork":false,"affinity":null}"#,
                true,
            ),
            (
                r#"{"containers":[{}]}"#,
                r#"{"containers":[{"resources":{}}]}"#,
                true,
            ),
            (
                r#"{"containers":[{}]}"#,
                r#"{"containers":[{"resources":{"limits":{"cpu":"1"}}}]}"#,
                false,
            ),
            (
                r#"{"overhead":{"cpu":"1000m"}}"#,
                r#"{"overhead":{"cpu":"1"}}"#,
                true,
            ),
            (r#"{"overhead":{"cpu":"0"}}"#, "{}", false),
            (r#"{"automountServiceAccountToken":false}"#, "{}", false),
            (
                r#"{"nodeSelector":{"a":""}}"#,
                r#"{"nodeSelector":{"b":""}}"#,
                false,
            ),
            (
                r#"{"containers":[{"name":"a"},{"name":"b"}]}"#,
                r#"{"containers":[{"name":"b"},{"name":"a"}]}"#,
                false,
            ),
        ] {
            let (x, y) = (from_json(a).unwrap(), from_json(b).unwrap());
            assert_eq!(equal(Some(&x), Some(&y), schema), want, "{a} {b}");
            assert_eq!(equal(Some(&y), Some(&x), schema), want, "{b} {a}");
        }
    }
}
