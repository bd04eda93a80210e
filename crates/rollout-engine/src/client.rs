//! The door for requests from outside: what kubectl can ask the API server.

use crate::apiserver::rbac::{Attributes, User, attributes};
use crate::apiserver::{self, not_found};
use crate::logs::{LogLine, Run};
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, ObjectKey, Timestamp, Value};

/// How a write is to be treated.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WriteOptions {
    /// Check everything, store nothing.
    pub dry_run: bool,
    /// What to do about unknown and repeated fields.
    pub validation: FieldValidation,
    /// Fields that the sender found twice in the text: `spec.replicas`, in order.
    pub duplicate_fields: Vec<String>,
    /// An autoscaler is patched as `autoscaling/v1` has it.
    pub as_v1: bool,
}

/// What to do about unknown and repeated fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FieldValidation {
    /// Refuse them: kubectl's default.
    #[default]
    Strict,
    /// Drop them and warn.
    Warn,
    /// Drop them silently.
    Ignore,
}

/// How a deletion is to be carried out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeleteOptions {
    /// Check everything, delete nothing.
    pub dry_run: bool,
    /// Seconds; `None` leaves it to the object.
    pub grace_period_seconds: Option<i64>,
    /// What happens to dependents; `None` is the kind's default (Background).
    pub propagation: Option<Propagation>,
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Propagation {
    /// The owner goes at once, dependents after it.
    Background,
    /// The owner waits for its dependents.
    Foreground,
    /// Dependents stay, without owner.
    Orphan,
}

/// The kinds of patch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatchType {
    /// Strategic merge patch.
    Strategic,
    /// JSON merge patch, RFC 7386.
    Merge,
    /// JSON patch, RFC 6902.
    Json,
}

/// The answer to a write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The object as it is stored now (or would be, in a dry run).
    pub value: Value,
    /// Texts of `Warning:` headers, in order.
    pub warnings: Vec<String>,
}

/// Requests at one moment, by one user.
pub struct Client<'a> {
    world: &'a mut World,
    /// Who asks; nobody: the administrator, who may do everything.
    user: Option<User>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(world: &'a mut World) -> Self {
        Client { world, user: None }
    }
    /// Requests from here on are this user's; nobody: the administrator's.
    pub fn act_as(&mut self, user: Option<User>) {
        self.user = user;
    }
    /// Who asks.
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
    /// May the user do it?
    pub fn authorize(&self, a: &Attributes<'_>) -> Result<(), ApiError> {
        match &self.user {
            None => Ok(()),
            Some(user) => self
                .world
                .authorize(user, a)
                .map_err(|problems| World::refuse(user, a, &problems)),
        }
    }
    /// May the user do it with objects of a kind? `sub` is the subresource, `scale`, or empty.
    pub fn may(
        &self,
        verb: &str,
        kind: Kind,
        sub: &str,
        namespace: &str,
        name: &str,
    ) -> Result<(), ApiError> {
        if self.user.is_none() {
            return Ok(());
        }
        let mut a = attributes(verb, kind, namespace, name);
        let below;
        if !sub.is_empty() {
            below = format!("{}/{sub}", a.resource);
            a.resource = &below;
        }
        self.authorize(&a)
    }
    /// The wall clock, in whole seconds.
    pub fn now(&self) -> Timestamp {
        self.world.wall()
    }
    /// The server's minor version.
    pub fn version(&self) -> Minor {
        self.world.version()
    }
    /// The shared part of the state, read-only.
    pub fn world(&self) -> &World {
        self.world
    }
    /// The shared part of the state, to change what is no API object (behaviour of images).
    pub fn world_mut(&mut self) -> &mut World {
        self.world
    }
    /// One object.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Value, ApiError> {
        self.may("get", kind, "", namespace, name)?;
        let key = ObjectKey::new(
            kind,
            rollout_api::Str::copy(namespace),
            rollout_api::Str::copy(name),
        );
        match self.world.store.get(&key) {
            Some(o) => Ok(o.value.clone()),
            None => Err(not_found(kind, name)),
        }
    }
    /// All objects of a kind, in one namespace or in all, ordered by namespace and name. None for who may not see them:
    /// ask [`Client::may`] first where the answer counts.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Value> {
        if self
            .may("list", kind, "", namespace.unwrap_or(""), "")
            .is_err()
        {
            return Vec::new();
        }
        match namespace {
            Some(ns) => self
                .world
                .store
                .list_in(kind, ns)
                .map(|o| o.value.clone())
                .collect(),
            None => self
                .world
                .store
                .list(kind)
                .map(|o| o.value.clone())
                .collect(),
        }
    }
    /// Creates an object from what was sent: decoded, defaulted, validated.
    pub fn create(
        &mut self,
        kind: Kind,
        namespace: &str,
        value: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        self.may("create", kind, "", namespace, "")?;
        apiserver::create(self.world, kind, namespace, value, options)
    }
    /// Replaces an object.
    pub fn update(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        value: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        self.may("update", kind, "", namespace, name)?;
        apiserver::update(self.world, kind, namespace, name, value, options)
    }
    /// Changes an object.
    pub fn patch(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        patch_type: PatchType,
        patch: &Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        self.may("patch", kind, "", namespace, name)?;
        apiserver::patch(
            self.world, kind, namespace, name, patch_type, patch, options,
        )
    }
    /// Deletes an object, gracefully where it has a grace period.
    pub fn delete(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Written, ApiError> {
        self.may("delete", kind, "", namespace, name)?;
        apiserver::delete(self.world, kind, namespace, name, options)
    }
    /// Asks the eviction subresource to delete a pod.
    pub fn evict(
        &mut self,
        namespace: &str,
        pod: &str,
        options: &DeleteOptions,
    ) -> Result<Written, ApiError> {
        self.may("create", Kind::POD, "eviction", namespace, pod)?;
        apiserver::evict(self.world, namespace, pod, options)
    }
    /// A container's log, oldest line first.
    pub fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        run: Run,
    ) -> Option<Vec<LogLine>> {
        self.world
            .logs
            .get(&format!("{namespace}/{pod}"), container, run)
            .map(|l| l.iter().cloned().collect())
    }
}
