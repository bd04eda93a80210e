//! What the tables of `rollout_api` say of an object: decoding, defaults, validation.

use super::group_resource;
use crate::client::{FieldValidation, WriteOptions};
use rollout_api::decode::{self, Decoded};
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, Value, validation};

/// A decoded object and the warnings about what was dropped.
pub(super) struct Read {
    pub value: Value,
    pub warnings: Vec<String>,
}

/// The version part of `apps/v1`.
fn version_of(api_version: &str) -> &str {
    api_version.rsplit('/').next().unwrap_or(api_version)
}

/// The words for a kind that the server does not have. The place in Go's source is part of the text.
pub(super) fn not_registered(kind: &str, api_version: &str, minor: Minor) -> String {
    let line = match minor.0 {
        ..=32 => 100,
        33 | 34 => 110,
        _ => 111,
    };
    format!(
        "no kind \"{kind}\" is registered for version \"{api_version}\" in scheme \"pkg/runtime/scheme.go:{line}\""
    )
}

/// The object as the API's types have it. Refuses what cannot be read, and unknown fields unless told otherwise.
pub(super) fn decode(
    kind: Kind,
    value: Value,
    options: &WriteOptions,
    minor: Minor,
) -> Result<Read, ApiError> {
    let api_version = value.str_at("apiVersion").to_owned();
    let own = value.str_at("kind");
    if !own.is_empty() && own != kind.0 {
        let version = version_of(&api_version);
        return Err(ApiError::bad_request(format!(
            "{own} in version \"{version}\" cannot be handled as a {}: {}",
            kind.0,
            not_registered(own, &api_version, minor)
        )));
    }
    let Some(decoded) = decode::decode(&value, &api_version, kind.0, minor) else {
        return Ok(Read {
            value,
            warnings: Vec::new(),
        });
    };
    let refuse = |why: &str| {
        let version = version_of(&api_version);
        ApiError::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {kind}: {why}",
            kind = kind.0
        ))
    };
    if let Some(error) = &decoded.error {
        return Err(refuse(&error.text));
    }
    let strict = strict_errors(&decoded, options);
    match options.validation {
        FieldValidation::Strict if !strict.is_empty() => Err(refuse(&strict_text(&strict))),
        FieldValidation::Warn => Ok(Read {
            value: named(decoded.value, kind, &api_version),
            warnings: strict,
        }),
        _ => Ok(Read {
            value: named(decoded.value, kind, &api_version),
            warnings: Vec::new(),
        }),
    }
}

fn named(mut value: Value, kind: Kind, api_version: &str) -> Value {
    let map = value.map_mut();
    map.insert("kind", kind.0);
    map.insert("apiVersion", rollout_api::Str::copy(api_version));
    value
}

/// What strict decoding complains of, in order.
pub(super) fn strict_errors(decoded: &Decoded, options: &WriteOptions) -> Vec<String> {
    let duplicates = options
        .duplicate_fields
        .iter()
        .map(|f| format!("duplicate field \"{f}\""));
    duplicates
        .chain(decoded.unknown.iter().map(|p| p.text.clone()))
        .collect()
}

/// Mirrors `strictDecodingError.Error`, apimachinery/pkg/runtime/error.go.
pub(super) fn strict_text(errors: &[String]) -> String {
    format!("strict decoding error: {}", errors.join(", "))
}

/// Fills in what the API server fills in when it reads an object.
pub(super) fn defaults(kind: Kind, value: &mut Value, minor: Minor) {
    if let Some(resource) = rollout_api::kinds::of_kind(kind) {
        rollout_api::defaults::complete(value, resource, minor);
    }
}

/// Refuses a new object that breaks the rules of its kind.
pub(super) fn validate_create(
    kind: Kind,
    value: &Value,
    sent: &Value,
    minor: Minor,
) -> Result<(), ApiError> {
    validation::validate_create(kind, value, Some(sent), minor)
}

/// Refuses a new state that breaks the rules of its kind.
pub(super) fn validate_update(
    kind: Kind,
    new: &Value,
    old: &Value,
    sent: &Value,
    minor: Minor,
) -> Result<(), ApiError> {
    validation::validate_update(kind, new, old, Some(sent), minor)
}

/// Texts of `Warning:` headers about an object that is accepted.
pub(super) fn warnings(kind: Kind, new: &Value, old: Option<&Value>, minor: Minor) -> Vec<String> {
    match old {
        Some(old) => validation::warnings_on_update(kind, new, old, minor),
        None => validation::warnings_on_create(kind, new, minor),
    }
}

/// Refuses with causes, in the name of a kind.
pub(super) fn invalid(kind: Kind, name: &str, field: &str, message: String) -> ApiError {
    let (group, _) = group_resource(kind);
    let cause = rollout_api::status_error::Cause {
        reason: "FieldValueInvalid",
        message: message.into(),
        field: rollout_api::Str::copy(field),
    };
    ApiError::invalid(group, kind.0, name, vec![cause])
}
