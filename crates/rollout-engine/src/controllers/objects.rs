//! Handles of the two kinds that the controllers of apps read and write, and how their statuses are stored.

use rollout_api::views::{
    Condition, DeploymentStatus, DeploymentView, Object, ObjectMeta, ReplicaSetStatus,
    ReplicaSetView, View,
};
use rollout_api::{Kind, Map, ObjectKey, Value};
use std::ops::Deref;
use std::rc::Rc;

/// A stored Deployment.
#[derive(Clone, PartialEq, Eq)]
pub struct Deployment(Rc<Object>);

/// A stored ReplicaSet.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplicaSet(Rc<Object>);

macro_rules! handle {
    ($handle:ident, $view:ident, $variant:ident, $kind:expr) => {
        impl $handle {
            /// The handle of an object, if it is of this kind.
            pub fn new(object: Rc<Object>) -> Option<$handle> {
                matches!(object.view, View::$variant(_)).then_some($handle(object))
            }
            /// Reads a tree; `kind` is filled in if need be.
            pub fn of(mut value: Value) -> $handle {
                value.map_mut().insert("kind", $kind.0);
                $handle(Rc::new(Object::new(value)))
            }
            /// The object.
            pub fn object(&self) -> &Rc<Object> {
                &self.0
            }
            /// Metadata.
            pub fn meta(&self) -> &ObjectMeta {
                &self.0.meta
            }
            /// The whole tree.
            pub fn value(&self) -> &Value {
                &self.0.value
            }
            /// Its key.
            pub fn key(&self) -> ObjectKey {
                ObjectKey {
                    kind: $kind,
                    namespace: self.0.meta.namespace.clone(),
                    name: self.0.meta.name.clone(),
                }
            }
            /// Its annotations.
            pub fn annotations(&self) -> Map {
                self.0
                    .meta
                    .annotations
                    .as_map()
                    .cloned()
                    .unwrap_or_default()
            }
            /// The tree with other annotations.
            pub fn with_annotations(&self, annotations: Map) -> Value {
                let mut value = self.0.value.clone();
                let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
                if annotations.is_empty() {
                    metadata.remove("annotations");
                } else {
                    metadata.insert("annotations", annotations);
                }
                value
            }
        }
        impl Deref for $handle {
            type Target = $view;
            fn deref(&self) -> &$view {
                match &self.0.view {
                    View::$variant(view) => view,
                    _ => unreachable!("checked when the handle was made"),
                }
            }
        }
    };
}

handle!(Deployment, DeploymentView, Deployment, Kind::DEPLOYMENT);
handle!(ReplicaSet, ReplicaSetView, ReplicaSet, Kind::REPLICA_SET);

fn write_condition(condition: &Condition) -> Value {
    // Each field behind the one before it: nothing is searched.
    let mut map = Map::with_capacity(6);
    if let Some(t) = condition.last_transition {
        map.append("lastTransitionTime", t.text());
    }
    if let Some(t) = condition.last_update {
        map.append("lastUpdateTime", t.text());
    }
    if !condition.message.is_empty() {
        map.append("message", &condition.message);
    }
    if !condition.reason.is_empty() {
        map.append("reason", &condition.reason);
    }
    map.append("status", &condition.status);
    map.append("type", &condition.kind);
    map.into()
}

fn put_conditions(map: &mut Map, conditions: &[Condition]) {
    if !conditions.is_empty() {
        map.append(
            "conditions",
            Value::list(conditions.iter().map(write_condition).collect()),
        );
    }
}

fn put_count(map: &mut Map, key: &'static str, count: impl Into<i64>) {
    let count = count.into();
    if count != 0 {
        map.append(key, count);
    }
}

/// `status` of a Deployment as stored: zero counts are left out. Conditions that stay as they are in `before` are shared
/// with it.
pub fn deployment_status_value(status: &DeploymentStatus, before: Option<&Deployment>) -> Value {
    let mut map = Map::with_capacity(9);
    put_count(&mut map, "availableReplicas", status.available_replicas);
    if let Some(n) = status.collision_count {
        map.append("collisionCount", n);
    }
    let same = before.filter(|d| d.status.conditions == status.conditions);
    match same.and_then(|d| d.value().get("status")?.get("conditions")) {
        Some(list) if !status.conditions.is_empty() => {
            map.append("conditions", list.clone());
        }
        _ => put_conditions(&mut map, &status.conditions),
    }
    put_count(&mut map, "observedGeneration", status.observed_generation);
    put_count(&mut map, "readyReplicas", status.ready_replicas);
    put_count(&mut map, "replicas", status.replicas);
    if let Some(n) = status.terminating_replicas {
        map.append("terminatingReplicas", n);
    }
    put_count(&mut map, "unavailableReplicas", status.unavailable_replicas);
    put_count(&mut map, "updatedReplicas", status.updated_replicas);
    map.into()
}

/// `status` of a ReplicaSet as stored: zero counts are left out, except `replicas`.
pub fn replica_set_status_value(status: &ReplicaSetStatus) -> Value {
    let mut map = Map::with_capacity(7);
    put_count(&mut map, "availableReplicas", status.available_replicas);
    put_conditions(&mut map, &status.conditions);
    put_count(
        &mut map,
        "fullyLabeledReplicas",
        status.fully_labeled_replicas,
    );
    put_count(&mut map, "observedGeneration", status.observed_generation);
    put_count(&mut map, "readyReplicas", status.ready_replicas);
    map.append("replicas", status.replicas);
    if let Some(n) = status.terminating_replicas {
        map.append("terminatingReplicas", n);
    }
    map.into()
}
