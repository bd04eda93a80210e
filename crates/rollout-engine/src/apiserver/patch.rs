//! Patching objects. Mirrors apiserver/pkg/endpoints/handlers/patch.go.

use super::rules;
use super::write::{replace, same_namespace};
use super::{key, not_found};
use crate::client::{FieldValidation, PatchType, WriteOptions, Written};
use crate::world::World;
use rollout_api::gofmt::quote;
use rollout_api::patch::{
    apply_json_patch, apply_merge_patch, apply_strategic, check_unstructured, go_notation,
    patched_text, unknown_in_json_patch,
};
use rollout_api::status_error::{ApiError, Cause};
use rollout_api::types::Schema;
use rollout_api::{Kind, Minor, Value};
use rollout_api::{decode, defaults};

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
    let base = if options.as_v1 {
        defaults::autoscaler_to_v1(&old.value)
    } else {
        old.value.clone()
    };
    let api_version = base.str_at("apiVersion").to_owned();
    let schema = Schema::of_object(&api_version, kind.0, minor);
    // What is left of the patch when it has been applied.
    let mut left = patch.clone();
    let patched = match (patch_type, schema) {
        (PatchType::Strategic, _) if patch.is_null() => base.clone(),
        (PatchType::Strategic | PatchType::Merge, _) if patch.as_map().is_none() => {
            return Err(no_patch(patch_type, patch));
        }
        (PatchType::Strategic, Some(schema)) => {
            apply_strategic(&base, &mut left, schema).map_err(|e| e.into_api_error())?
        }
        (PatchType::Strategic | PatchType::Merge, _) => apply_merge_patch(&base, patch),
        (PatchType::Json, _) => apply_json_patch(&base, patch).map_err(|e| e.into_api_error())?,
    };
    let shown = || match patch_type {
        PatchType::Strategic => go_notation(&left),
        PatchType::Merge | PatchType::Json => patched_text(&base, patch, &patched, schema),
    };
    if patch_type != PatchType::Strategic
        && let Some(why) = other_kind(&patched, &base, minor)
    {
        return Err(refuse(&shown(), &why));
    }
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
            for key in ["kind", "apiVersion"] {
                let same = base.get(key).cloned().unwrap_or_default();
                value.map_mut().insert(key, same);
            }
            value
        }
    };
    if patch_type == PatchType::Json && options.validation == FieldValidation::Warn {
        warnings.splice(0..0, unknown_in_json_patch(patch));
    }
    let given = value.str_at("metadata.name");
    if given.is_empty() {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if given != name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        )));
    }
    same_namespace(&mut value, namespace)?;
    rules::defaults(kind, &mut value, minor);
    if options.as_v1
        && value.at("spec.behavior").is_none()
        && let Some(behavior) = old.value.at("spec.behavior")
    {
        value.set("spec.behavior", behavior.clone());
    }
    let told = warnings.clone();
    replace(world, &key, &old, value, &patched, warnings, options).map_err(|mut e| {
        e.warnings = told;
        e
    })
}

/// The refusal of a patch that is no object.
fn no_patch(patch_type: PatchType, patch: &Value) -> ApiError {
    let found = match patch {
        Value::Null => return ApiError::bad_request("Invalid JSON Patch"),
        Value::List(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    };
    let before = if patch_type == PatchType::Merge {
        "error decoding patch: "
    } else {
        ""
    };
    ApiError::bad_request(format!(
        "{before}json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
    ))
}

/// Why a patch cannot make another kind of an object.
fn other_kind(patched: &Value, old: &Value, minor: Minor) -> Option<String> {
    let given = |key: &str| match patched.str_at(key) {
        "" => old.str_at(key).to_owned(),
        other => other.to_owned(),
    };
    let (version, kind) = (given("apiVersion"), given("kind"));
    if version == old.str_at("apiVersion") && kind == old.str_at("kind") {
        return None;
    }
    let Some(decoded) = decode::decode(patched, &version, &kind, minor) else {
        return Some(rules::not_registered(&kind, &version, minor));
    };
    if let Some(error) = decoded.error {
        return Some(error.text);
    }
    let package = match old.str_at("apiVersion").split_once('/') {
        None => "core",
        Some((group, _)) => group.split('.').next().unwrap_or(group),
    };
    Some(format!(
        "converting ({}.{kind}) to ({package}.{}): unknown conversion",
        version.rsplit('/').next().unwrap_or_default(),
        old.str_at("kind")
    ))
}
