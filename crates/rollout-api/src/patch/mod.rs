//! Patches: applying the three kinds that the API server takes, making those that kubectl sends.

mod apply;
mod diff;
mod json;
mod lists;
mod merge;
mod shown;
mod strategic;
mod unstructured;

pub use apply::{LAST_APPLIED, create_apply_patch, last_applied, with_last_applied, without_nulls};
pub use diff::{create_three_way, create_two_way};
pub use json::{apply_json_patch, unknown_in_json_patch};
pub use merge::{apply_merge_patch, create_merge_patch};
pub use shown::patched_text;
pub use strategic::apply_strategic;
pub use unstructured::check_unstructured;

use crate::status_error::ApiError;
use crate::value::{Map, Value};
use std::fmt::Write as _;

/// Why a patch could not be made or applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PatchError {
    /// The patch is malformed: 400.
    Bad(String),
    /// The patch does not fit the object: 422, kubectl is not told why.
    DoesNotApply,
    /// Anything else: 500 without a reason.
    Other(String),
}

impl PatchError {
    /// What the API server answers.
    pub fn into_api_error(self) -> ApiError {
        match self {
            PatchError::Bad(text) => ApiError::bad_request(text),
            PatchError::DoesNotApply => ApiError::invalid_request(
                "the server rejected our request due to an error in our request",
                Vec::new(),
            ),
            PatchError::Other(text) => ApiError::new(500, "", text),
        }
    }
    /// The words, as kubectl prints them when it makes a patch itself.
    pub fn text(&self) -> &str {
        match self {
            PatchError::Bad(text) | PatchError::Other(text) => text,
            PatchError::DoesNotApply => "patch does not apply",
        }
    }
}

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// A value in Go's `%v` notation: `map[spec:map[replicas:x]]`.
pub fn go_notation(value: &Value) -> String {
    let mut out = String::new();
    write_go(value, &mut out);
    out
}

fn write_go(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Number(text) => out.push_str(text),
        Value::String(s) => out.push_str(s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                write_go(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => write_go_map(map, out),
    }
}

fn write_go_map(map: &Map, out: &mut String) {
    out.push_str("map[");
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(key);
        out.push(':');
        write_go(value, out);
    }
    out.push(']');
}

/// Go's dynamic type of a JSON value, where patches ask for it.
fn same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;

    #[test]
    fn go_writes_maps_in_brackets() {
        let v = from_json(r#"{"spec":{"replicas":"x","a":[1,true,null,{"b":[]}]}}"#).unwrap();
        assert_eq!(
            go_notation(&v),
            "map[spec:map[a:[1 true <nil> map[b:[]]] replicas:x]]"
        );
    }
}
