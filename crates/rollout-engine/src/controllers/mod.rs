//! The controllers, one folder each. One file per Kubernetes file, one function per Kubernetes function.

pub mod deployment;
pub mod disruption;
pub mod endpoint_slice;
pub mod garbage_collector;
pub mod node_lifecycle;
pub mod objects;
pub mod podautoscaler;
pub mod replica_set;
pub mod selector;
pub mod taint_eviction;
pub mod volumes;
pub mod work_queue;

use crate::world::World;
use rollout_api::views::{ControllerRef, Object};
use rollout_api::{Kind, ObjectKey, Str, Value, object};
use std::rc::Rc;

/// Now, in ms of the wall clock: what rules about "seconds since" compare with.
pub(crate) fn wall_ms(world: &World) -> i64 {
    world.config.start.0 * 1000 + i64::try_from((world.now + world.skew).0).unwrap_or(i64::MAX / 2)
}

/// The owner that a controller reference means, if it is still the same object.
///
/// Mirrors `resolveControllerRef`, pkg/controller/replicaset/replica_set.go.
pub(crate) fn resolve_controller_ref(
    world: &World,
    namespace: &Str,
    reference: Option<&ControllerRef>,
    kind: Kind,
) -> Option<Rc<Object>> {
    let reference = reference.filter(|r| r.kind.as_str() == kind.0)?;
    let key = ObjectKey {
        kind,
        namespace: namespace.clone(),
        name: reference.name.clone(),
    };
    world
        .store
        .get(&key)
        .filter(|o| o.meta.uid == reference.uid)
        .cloned()
}

/// A controller reference to an object of the group apps.
pub(crate) fn new_controller_ref(kind: Kind, name: &Str, uid: &Str) -> Value {
    object! {
        "apiVersion" => "apps/v1",
        "blockOwnerDeletion" => true,
        "controller" => true,
        "kind" => kind.0,
        "name" => name,
        "uid" => uid,
    }
}

/// The object with one owner reference more.
pub(crate) fn with_owner(value: &Value, reference: Value) -> Value {
    let mut value = value.clone();
    let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
    metadata
        .entry("ownerReferences", || Value::list(Vec::new()))
        .list_mut()
        .push(reference);
    value
}

/// The object without the owner references to a uid.
pub(crate) fn without_owner(value: &Value, uid: &str) -> Value {
    let mut value = value.clone();
    let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
    if let Some(references) = metadata.get_mut("ownerReferences") {
        references.list_mut().retain(|r| r.str_at("uid") != uid);
        if references.is_empty() {
            metadata.remove("ownerReferences");
        }
    }
    value
}
