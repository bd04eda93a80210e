//! Patching objects. Mirrors apiserver/pkg/endpoints/handlers/patch.go.

use super::rules;
use super::write::replace;
use super::{key, not_found};
use crate::client::{FieldValidation, PatchType, WriteOptions, Written};
use crate::world::World;
use rollout_api::decode;
use rollout_api::gofmt::quote;
use rollout_api::json::to_json_go;
use rollout_api::patch::{
    apply_json_patch, apply_merge_patch, apply_strategic, check_unstructured, go_notation,
};
use rollout_api::status_error::{ApiError, Cause};
use rollout_api::types::Schema;
use rollout_api::{Kind, Value};

/// The refusal of a patch whose result cannot be read.
fn refuse(shown: &str, why: &str) -> ApiError {
    let message = format!("Invalid value: {}: {why}", quote(shown));
    let cause = Cause {
        reason: "FieldValueInvalid",
        message: message.clone().into(),
        field: "patch".into(),
    };
    ApiError::invalid_request(format!(" \"\" is invalid: patch: {message}"), vec![cause])
}

/// Changes an object.
pub(crate) fn patch(
    world: &mut World,
    kind: Kind,
    namespace: &str,
    name: &str,
    patch_type: PatchType,
    patch: &Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let minor = world.version();
    let key = key(kind, namespace, name);
    let old = world
        .store
        .get(&key)
        .cloned()
        .ok_or_else(|| not_found(kind, name))?;
    let api_version = old.value.str_at("apiVersion").to_owned();
    let schema = Schema::of_object(&api_version, kind.0, minor);
    let patched = match (patch_type, schema) {
        (PatchType::Strategic, Some(schema)) => {
            apply_strategic(&old.value, patch, schema).map_err(|e| e.into_api_error())?
        }
        (PatchType::Strategic | PatchType::Merge, _) => apply_merge_patch(&old.value, patch),
        (PatchType::Json, _) => {
            apply_json_patch(&old.value, patch).map_err(|e| e.into_api_error())?
        }
    };
    let shown = || match patch_type {
        PatchType::Strategic => go_notation(patch),
        PatchType::Merge | PatchType::Json => to_json_go(&patched),
    };
    let mut warnings = Vec::new();
    let mut value = match decode::decode(&patched, &api_version, kind.0, minor) {
        None => patched.clone(),
        Some(decoded) => {
            if let (PatchType::Strategic, Some(schema)) = (patch_type, schema)
                && let Some(why) = check_unstructured(&patched, schema)
            {
                return Err(refuse(&shown(), &why));
            }
            if let Some(error) = &decoded.error {
                return Err(refuse(&shown(), &error.text));
            }
            let strict = rules::strict_errors(&decoded, options);
            match options.validation {
                FieldValidation::Strict if !strict.is_empty() => {
                    return Err(refuse(&shown(), &rules::strict_text(&strict)));
                }
                FieldValidation::Warn => warnings = strict,
                _ => {}
            }
            let mut value = decoded.value;
            value
                .map_mut()
                .insert("kind", patched.get("kind").cloned().unwrap_or_default());
            value.map_mut().insert(
                "apiVersion",
                patched.get("apiVersion").cloned().unwrap_or_default(),
            );
            value
        }
    };
    let wrong = |what: &str, given: &str, wanted: &str| {
        ApiError::bad_request(format!(
            "the {what} of the object ({given}) does not match the {what} on the URL ({wanted})"
        ))
    };
    let given = value.str_at("metadata.name");
    if given != name {
        return Err(wrong("name", given, name));
    }
    let given = value.str_at("metadata.namespace");
    if given != namespace {
        return Err(wrong("namespace", given, namespace));
    }
    rules::defaults(kind, &mut value, minor);
    replace(world, &key, &old, value, warnings, options)
}
