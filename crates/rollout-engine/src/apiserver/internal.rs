//! Writes of the cluster's own components: metadata, generation and no-op rules, without decoding and validation.

use super::{admission, already_exists, app_armor, forbidden, not_found};
use crate::client::{DeleteOptions, Propagation};
use crate::faults::Operation;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::views::{Object, View};
use rollout_api::{Kind, Minor, ObjectKey, Str, Value, kinds};
use std::rc::Rc;

/// Kinds whose `metadata.generation` counts changes of their spec.
pub(super) fn has_generation(kind: Kind, minor: Minor) -> bool {
    kinds::of_kind(kind).is_some_and(|r| r.counts_generations(minor))
}

/// Does an update from `old` to `new` raise the generation? Deployments count annotations as well; a pod's way to its node
/// (the binding) does not count.
pub(super) fn raises_generation(kind: Kind, old: &Value, new: &Value, minor: Minor) -> bool {
    let bound = kind == Kind::POD
        && old.str_at("spec.nodeName").is_empty()
        && !new.str_at("spec.nodeName").is_empty();
    has_generation(kind, minor)
        && !bound
        && (old.get("spec") != new.get("spec")
            || (kind == Kind::DEPLOYMENT
                && old.at("metadata.annotations") != new.at("metadata.annotations")))
}

impl World {
    /// Stores a new object: name from `generateName` if need be, uid, creation time, generation 1 where the kind has one.
    /// Refuses a taken name and what admission (quota, limits) forbids.
    pub fn create(&mut self, kind: Kind, mut value: Value) -> Result<Rc<Object>, ApiError> {
        let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
        if metadata.get("name").is_none_or(Value::is_empty) {
            let prefix = metadata
                .get("generateName")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned();
            let name = self.generate_name(&prefix);
            let metadata = super::write::metadata(&mut value);
            metadata.insert("name", name);
        }
        let key = ObjectKey {
            kind,
            namespace: value
                .shared_str_at("metadata.namespace")
                .unwrap_or_default(),
            name: value.shared_str_at("metadata.name").unwrap_or_default(),
        };
        if kind == Kind::POD {
            app_armor::sync(&mut value, self.version());
            admission::pod_defaults(&mut value);
            self.admit_pod(&mut value)?;
        }
        if self.store.get(&key).is_some() {
            return Err(already_exists(kind, &key.name));
        }
        self.admit(&key, &value)?;
        let uid = self.new_uid(kind);
        let created = self.wall().text();
        let counts = has_generation(kind, self.version());
        let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
        metadata.insert("uid", uid);
        metadata.insert("creationTimestamp", created);
        if counts {
            metadata.insert("generation", 1);
        }
        self.charge_quotas(&key, &value);
        Ok(self.commit(&key, value))
    }

    pub(crate) fn new_uid(&mut self, kind: Kind) -> Str {
        if kind == Kind::POD && self.pods_created < self.config.pod_uids.len() {
            let uid = self.config.pod_uids[self.pods_created].clone();
            self.pods_created += 1;
            return uid;
        }
        if kind == Kind::POD {
            self.pods_created += 1;
        }
        self.rng.uid()
    }

    /// Admission of a new object: the cluster's own limits and quotas.
    pub(super) fn admit(&mut self, key: &ObjectKey, value: &Value) -> Result<(), ApiError> {
        if key.kind == Kind::POD && self.store.count(Kind::POD) >= crate::limits::MAX_PODS {
            return Err(forbidden(
                key.kind,
                &key.name,
                &format!(
                    "this playground holds at most {} pods",
                    crate::limits::MAX_PODS
                ),
            ));
        }
        self.ask_webhook(key.kind, value, Operation::Create)?;
        self.admit_limits(key, value)?;
        self.admit_quotas(key, value)
    }

    /// The learner's webhook, if there is one.
    pub(super) fn ask_webhook(
        &self,
        kind: Kind,
        value: &Value,
        operation: Operation,
    ) -> Result<(), ApiError> {
        let webhook = self.faults.webhook.as_ref();
        match webhook.and_then(|w| w.refuses(kind, value, operation)) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// Stores a new state of an object. What stays equal is not written and wakes nobody. `status` is kept as stored:
    /// use [`World::update_status`] for it.
    pub fn update(&mut self, key: &ObjectKey, mut value: Value) -> Result<Rc<Object>, ApiError> {
        let old = self
            .store
            .get(key)
            .cloned()
            .ok_or_else(|| not_found(key.kind, &key.name))?;
        match old.value.get("status") {
            Some(status) => {
                value.map_mut().insert("status", status.clone());
            }
            None => {
                value.map_mut().remove("status");
            }
        }
        if raises_generation(key.kind, &old.value, &value, self.version()) {
            let generation = old.value.int_at("metadata.generation").unwrap_or(0) + 1;
            value.set("metadata.generation", generation);
        }
        Ok(self.write_if_changed(key, &old, value))
    }

    /// Stores a new status (and, for a Deployment, annotations): everything in `value` as given, but no new generation.
    pub fn update_status(&mut self, key: &ObjectKey, value: Value) -> Result<Rc<Object>, ApiError> {
        let old = self
            .store
            .get(key)
            .cloned()
            .ok_or_else(|| not_found(key.kind, &key.name))?;
        Ok(self.write_if_changed(key, &old, value))
    }

    pub(super) fn write_if_changed(
        &mut self,
        key: &ObjectKey,
        old: &Rc<Object>,
        value: Value,
    ) -> Rc<Object> {
        if value == old.value {
            return old.clone();
        }
        let leaving = value.at("metadata.deletionTimestamp").is_some()
            && value.list_at("metadata.finalizers").is_empty();
        if leaving && key.kind != Kind::POD {
            // The last finalizer is gone: so is the object.
            self.commit_removal(key);
            return Rc::new(Object::new(value));
        }
        self.commit(key, value)
    }

    /// Deletes an object by the rules of its kind: pods gracefully, others at once or after their finalizers.
    pub fn delete(&mut self, key: &ObjectKey, options: &DeleteOptions) -> Result<(), ApiError> {
        let old = self
            .store
            .get(key)
            .cloned()
            .ok_or_else(|| not_found(key.kind, &key.name))?;
        if let View::Pod(_) = old.view {
            return self.delete_pod(key, &old, options.grace_period_seconds);
        }
        let mut value = old.value.clone();
        let finalizer = match options.propagation {
            Some(Propagation::Foreground) => Some("foregroundDeletion"),
            Some(Propagation::Orphan) => Some("orphan"),
            Some(Propagation::Background) | None => None,
        };
        if let Some(finalizer) = finalizer {
            let finalizers = value
                .map_mut()
                .entry("metadata", Value::object)
                .map_mut()
                .entry("finalizers", || Value::list(Vec::new()));
            if !finalizers
                .as_list()
                .iter()
                .any(|f| f.as_str() == Some(finalizer))
            {
                finalizers.list_mut().push(finalizer.into());
            }
        }
        if value.list_at("metadata.finalizers").is_empty() {
            self.commit_removal(key);
            return Ok(());
        }
        if value.at("metadata.deletionTimestamp").is_none() {
            value.set("metadata.deletionTimestamp", self.wall().rfc3339());
            value.set("metadata.deletionGracePeriodSeconds", 0);
            if has_generation(key.kind, self.version()) {
                let generation = value.int_at("metadata.generation").unwrap_or(0) + 1;
                value.set("metadata.generation", generation);
            }
        }
        self.write_if_changed(key, &old, value);
        Ok(())
    }

    fn delete_pod(
        &mut self,
        key: &ObjectKey,
        old: &Rc<Object>,
        requested: Option<i64>,
    ) -> Result<(), ApiError> {
        let period = pod_delete_grace_period(&old.value, requested);
        let before = old.value.int_at("metadata.deletionGracePeriodSeconds");
        let already = old.value.at("metadata.deletionTimestamp").is_some();
        if period == 0 && old.value.list_at("metadata.finalizers").is_empty() {
            self.commit_removal(key);
            return Ok(());
        }
        if already && before.is_some_and(|b| period >= b) {
            return Ok(());
        }
        let mut value = old.value.clone();
        let requested_at = if already {
            let end = rollout_api::Timestamp::parse(value.str_at("metadata.deletionTimestamp"))
                .unwrap_or(self.wall());
            end.0 - before.unwrap_or(0)
        } else {
            self.wall().0
        };
        value.set(
            "metadata.deletionTimestamp",
            rollout_api::Timestamp(requested_at + period).text(),
        );
        value.set("metadata.deletionGracePeriodSeconds", period);
        if let Some(generation) = value.int_at("metadata.generation")
            && !already
        {
            value.set("metadata.generation", generation + 1);
        }
        self.commit(key, value);
        Ok(())
    }
}

/// The grace period that a deleted pod gets.
///
/// Mirrors `podStrategy.CheckGracefulDelete`, pkg/registry/core/pod/strategy.go.
pub fn pod_delete_grace_period(pod: &Value, requested: Option<i64>) -> i64 {
    let period = requested
        .or_else(|| pod.int_at("spec.terminationGracePeriodSeconds"))
        .unwrap_or(0);
    if pod.str_at("spec.nodeName").is_empty()
        || matches!(pod.str_at("status.phase"), "Failed" | "Succeeded")
    {
        return 0;
    }
    if period < 0 { 1 } else { period }
}
