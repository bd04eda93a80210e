//! What `kubectl apply` remembers of the last manifest, and the patch it makes from it.

use super::{PatchError, create_three_way};
use crate::json::{from_json, to_json_go};
use crate::types::Schema;
use crate::value::{Map, Str, Value};

/// The annotation that keeps the last applied manifest.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The last applied manifest as the annotation of an object has it.
pub fn last_applied(object: &Value) -> Option<&str> {
    object
        .at("metadata.annotations")?
        .get(LAST_APPLIED)?
        .as_str()
}

/// The manifest with itself in its annotation. Mirrors `GetModifiedConfiguration`, kubectl/pkg/util/apply.go.
pub fn with_last_applied(manifest: &Value) -> Value {
    let mut object = manifest.clone();
    let annotations = object
        .map_mut()
        .entry("metadata", Value::object)
        .map_mut()
        .entry("annotations", Value::object);
    annotations.map_mut().remove(LAST_APPLIED);
    let text = format!("{}\n", to_json_go(&object));
    let metadata = object.map_mut().entry("metadata", Value::object);
    metadata
        .map_mut()
        .entry("annotations", Value::object)
        .map_mut()
        .insert(LAST_APPLIED, Str::from(text));
    object
}

/// The strategic merge patch that `kubectl apply` sends for a manifest and the live object; `{}`: nothing to do.
pub fn create_apply_patch(
    manifest: &Value,
    live: &Value,
    schema: Schema,
) -> Result<Value, PatchError> {
    let original = match last_applied(live) {
        Some(text) => {
            from_json(text).map_err(|_| PatchError::Other("invalid JSON document".to_owned()))?
        }
        None => Value::object(),
    };
    create_three_way(&original, &with_last_applied(manifest), live, schema)
}

/// Nulls of maps do not reach the server when an object is created, as they would not in a patch.
/// Mirrors `pruneNullsFromMap`, kubectl/pkg/cmd/apply.
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let mut out = Map::with_capacity(map.len());
            for (key, v) in map.iter().filter(|(_, v)| !v.is_null()) {
                out.insert(key, without_nulls(v));
            }
            out.into()
        }
        Value::List(items) => Value::list(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
