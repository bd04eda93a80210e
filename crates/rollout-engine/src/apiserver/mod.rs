//! The API server: decode, default, admit, validate, store.
//!
//! `create`, `update`, `patch`, `delete` and `evict` answer requests from outside, with every check. Components
//! inside the cluster write through the functions of [`World`] in this module's files, which skip decoding and validation: what
//! they write is right by construction.

mod addresses;
mod admission;
mod app_armor;
mod eviction;
mod internal;
mod limit_range;
mod namespace;
mod patch;
mod quota;
pub mod rbac;
mod rules;
mod write;

pub use addresses::Addresses;
pub(crate) use eviction::evict;
pub use internal::pod_delete_grace_period;
pub(crate) use patch::patch;
pub(crate) use write::{create, update};

use crate::client::{DeleteOptions, Written};
use crate::controllers::selector::label_selector_matches;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, ObjectKey, Str};

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
    if kind == Kind::NAMESPACE {
        World::may_delete_namespace(name)?;
        if !options.dry_run {
            world.terminate_namespace(&key)?;
        }
    } else if !options.dry_run {
        world.delete(&key, options)?;
        world.refurnish(&key);
    }
    Ok(Written {
        value,
        warnings: Vec::new(),
    })
}
