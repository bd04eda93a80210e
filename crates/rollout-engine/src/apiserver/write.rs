//! Creating and replacing objects: every check of a request from outside.

use super::internal::has_generation;
use super::{already_exists, forbidden, key, not_found, rules};
use crate::client::{WriteOptions, Written};
use crate::world::World;
use rollout_api::decode;
use rollout_api::defaults::generate_job_selector;
use rollout_api::gofmt::quote;
use rollout_api::status_error::ApiError;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value};
use std::rc::Rc;

/// Kinds whose status is written apart from the rest (a subresource): requests for the object leave it alone.
fn has_status_subresource(kind: Kind) -> bool {
    matches!(
        kind.0,
        "Deployment"
            | "ReplicaSet"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicationController"
            | "Job"
            | "CronJob"
            | "Pod"
            | "Node"
            | "Namespace"
            | "Service"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "ResourceQuota"
            | "PodDisruptionBudget"
            | "HorizontalPodAutoscaler"
            | "Ingress"
    )
}

pub(super) fn metadata(value: &mut Value) -> &mut rollout_api::Map {
    value.map_mut().entry("metadata", Value::object).map_mut()
}

/// Is the namespace there, and does it still take new objects? Mirrors the admission plugin NamespaceLifecycle.
fn namespace_lifecycle(
    world: &World,
    kind: Kind,
    namespace: &str,
    name: &str,
) -> Result<(), ApiError> {
    if namespace.is_empty() {
        return Ok(());
    }
    let Some(found) = world
        .store
        .get(&ObjectKey::new(Kind::NAMESPACE, "", Str::copy(namespace)))
    else {
        // A cluster without any namespace (a state made for a test) takes everything.
        if world.store.count(Kind::NAMESPACE) == 0 {
            return Ok(());
        }
        return Err(not_found(Kind::NAMESPACE, namespace));
    };
    if found.meta.is_terminating() {
        let why = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        return Err(forbidden(kind, name, &why));
    }
    Ok(())
}

pub(super) fn same_namespace(value: &mut Value, namespace: &str) -> Result<(), ApiError> {
    let given = value.str_at("metadata.namespace");
    if !given.is_empty() && given != namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if namespace.is_empty() {
        metadata(value).remove("namespace");
    } else {
        metadata(value).insert("namespace", Str::copy(namespace));
    }
    Ok(())
}

/// Creates an object from what was sent.
pub(crate) fn create(
    world: &mut World,
    kind: Kind,
    namespace: &str,
    value: Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let minor = world.version();
    let sent = value.clone();
    let read = rules::decode(kind, value, options, minor)?;
    let (mut value, mut warnings) = (read.value, read.warnings);
    same_namespace(&mut value, namespace)?;
    if !value.str_at("metadata.resourceVersion").is_empty() {
        // The real server notices it only when it stores the object.
        rules::defaults(kind, &mut value, minor);
        return Err(ApiError::new(
            500,
            "",
            "resourceVersion should not be set on objects to be created",
        ));
    }
    rules::defaults(kind, &mut value, minor);
    let name = value.str_at("metadata.name").to_owned();
    namespace_lifecycle(world, kind, namespace, &name)?;
    world.prepare_for_create(kind, &mut value);
    if kind == Kind::PERSISTENT_VOLUME_CLAIM {
        world.default_storage_class(&mut value);
    }
    if kind == Kind::POD {
        warnings.extend(super::app_armor::sync(&mut value, minor));
        super::admission::pod_defaults(&mut value);
        world.admit_pod(&mut value)?;
    }
    world.allocate(kind, &mut value, None, options.dry_run)?;
    if let Err(mut refusal) = rules::validate_create(kind, &value, &sent, minor) {
        refusal.warnings = warnings;
        return Err(refusal);
    }
    warnings.extend(rules::warnings(kind, &value, None, minor));
    let key = super::key(kind, namespace, value.str_at("metadata.name"));
    world.admit(&key, &value)?;
    if world.store.get(&key).is_some() {
        return Err(already_exists(kind, &key.name));
    }
    if options.dry_run {
        return Ok(Written { value, warnings });
    }
    world.charge_quotas(&key, &value);
    let stored = world.commit(&key, value).value.clone();
    if kind == Kind::NAMESPACE {
        let now = world.wall().rfc3339();
        world.furnish_namespace(&key.name, &now);
    }
    if kind == Kind::RESOURCE_QUOTA {
        world.recount_quotas(&key);
    }
    Ok(Written {
        value: stored,
        warnings,
    })
}

/// Replaces an object by what was sent.
pub(crate) fn update(
    world: &mut World,
    kind: Kind,
    namespace: &str,
    name: &str,
    value: Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let minor = world.version();
    let sent = value.clone();
    let read = rules::decode(kind, value, options, minor)?;
    let (mut value, warnings) = (read.value, read.warnings);
    same_namespace(&mut value, namespace)?;
    let given = value.str_at("metadata.name");
    if given != name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        )));
    }
    rules::defaults(kind, &mut value, minor);
    let key = key(kind, namespace, name);
    let old = world
        .store
        .get(&key)
        .cloned()
        .ok_or_else(|| not_found(kind, name))?;
    let uid = value.str_at("metadata.uid");
    if !uid.is_empty() && uid != &*old.meta.uid {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old.meta.uid
        );
        let (group, resource) = super::group_resource(kind);
        return Err(ApiError::conflict(group, resource, name, &why));
    }
    replace(world, &key, &old, value, &sent, warnings, options)
}

/// What PUT and PATCH have in common: the new state against the old one. `sent`: as the client, or the patch, left it.
pub(super) fn replace(
    world: &mut World,
    key: &ObjectKey,
    old: &Rc<Object>,
    mut value: Value,
    sent: &Value,
    mut warnings: Vec<String>,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let (kind, minor) = (key.kind, world.version());
    let version = value.str_at("metadata.resourceVersion");
    if let Some(why) = not_unsigned(version) {
        let text = format!("strconv.ParseUint: parsing {}: {why}", quote(version));
        return Err(ApiError::new(500, "", text));
    }
    // 0 is any version.
    if !["", "0"].contains(&version) && version != old.value.str_at("metadata.resourceVersion") {
        let (group, resource) = super::group_resource(kind);
        return Err(ApiError::modified(group, resource, &key.name));
    }
    prepare_for_update(kind, &mut value, &old.value);
    world.allocate(kind, &mut value, Some(&old.value), options.dry_run)?;
    rules::validate_update(kind, &value, &old.value, sent, minor)?;
    world.ask_webhook(kind, &value, crate::faults::Operation::Update)?;
    warnings.extend(rules::warnings(kind, &value, Some(&old.value), minor));
    if super::internal::raises_generation(kind, &old.value, &value, minor) {
        let generation = old.value.int_at("metadata.generation").unwrap_or(0) + 1;
        value.set("metadata.generation", generation);
    }
    if options.dry_run {
        return Ok(Written { value, warnings });
    }
    let stored = world.write_if_changed(key, old, value);
    if kind == Kind::RESOURCE_QUOTA {
        world.recount_quotas(key);
    }
    Ok(Written {
        value: stored.value.clone(),
        warnings,
    })
}

/// Mirrors `BeforeUpdate`, apiserver/pkg/registry/rest/update.go, and the kinds' `PrepareForUpdate`: what a request cannot
/// change stays as stored.
fn prepare_for_update(kind: Kind, value: &mut Value, old: &Value) {
    if has_status_subresource(kind) {
        match old.get("status") {
            Some(status) => value.map_mut().insert("status", status),
            None => value.map_mut().remove("status"),
        };
    }
    let before = old;
    let old = old.get("metadata").cloned().unwrap_or_default();
    let new = metadata(value);
    for field in [
        "resourceVersion",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        match old.get(field) {
            Some(v) => new.insert(field, v),
            None => new.remove(field),
        };
    }
    for field in ["uid", "creationTimestamp"] {
        if new.get(field).is_none_or(Value::is_empty)
            && let Some(v) = old.get(field)
        {
            new.insert(field, v);
        }
    }
    new.remove("managedFields");
    new.remove("selfLink");
    if kind.0 == "DaemonSet" {
        template_generation(value, before);
    }
}

/// Mirrors `daemonSetStrategy.PrepareForUpdate`, pkg/registry/apps/daemonset/strategy.go: nobody else counts templates.
fn template_generation(value: &mut Value, old: &Value) {
    const KEY: &str = "deprecated.daemonset.template.generation";
    let count = old
        .at("metadata.annotations")
        .and_then(|a| a.get(KEY))
        .and_then(Value::as_str)
        .and_then(|n| n.parse::<i64>().ok())
        .unwrap_or(0);
    let grown = i64::from(value.at("spec.template") != old.at("spec.template"));
    metadata(value)
        .entry("annotations", Value::object)
        .map_mut()
        .insert(KEY, Value::from((count + grown).to_string()));
}

/// A status without anything in it, as it is written: `{}`, or more where fields are always written.
fn empty_status(kind: Kind, minor: Minor) -> Value {
    let version = if kind == Kind::HORIZONTAL_POD_AUTOSCALER {
        "v2"
    } else {
        "v1"
    };
    decode::zero_of(&format!("{version}.{}Status", kind.0), minor).unwrap_or_else(Value::object)
}

impl World {
    /// Mirrors `BeforeCreate`, apiserver/pkg/registry/rest/create.go, and the kinds' `PrepareForCreate`.
    fn prepare_for_create(&mut self, kind: Kind, value: &mut Value) {
        if has_status_subresource(kind) {
            let mut empty = empty_status(kind, self.version());
            match kind.0 {
                "Namespace" => empty.set("phase", "Active"),
                "Pod" | "PersistentVolumeClaim" | "PersistentVolume" => {
                    empty.set("phase", "Pending");
                }
                "Node" => empty = value.get("status").cloned().unwrap_or(empty),
                _ => {}
            }
            value.map_mut().insert("status", empty);
        }
        if kind == Kind::NAMESPACE {
            let name = value.shared_str_at("metadata.name").unwrap_or_default();
            let mut finalizers = value.list_at("spec.finalizers").to_vec();
            let own = Value::from("kubernetes");
            if !finalizers.contains(&own) {
                finalizers.push(own);
            }
            value.set("spec.finalizers", finalizers);
            let labels = metadata(value).entry("labels", Value::object);
            labels
                .map_mut()
                .entry("kubernetes.io/metadata.name", || name.into());
        }
        let counts = has_generation(kind, self.version());
        let uid = self.new_uid(kind);
        let created = self.wall().rfc3339();
        let generated = {
            let metadata = metadata(value);
            for field in [
                "selfLink",
                "managedFields",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "generation",
            ] {
                metadata.remove(field);
            }
            metadata.insert("uid", uid);
            metadata.insert("creationTimestamp", created);
            if counts {
                metadata.insert("generation", 1);
            }
            let unnamed = metadata.get("name").is_none_or(Value::is_empty);
            metadata
                .get("generateName")
                .and_then(Value::as_str)
                .filter(|p| unnamed && !p.is_empty())
                .map(str::to_owned)
        };
        if let Some(prefix) = generated {
            let name = self.generate_name(&prefix);
            metadata(value).insert("name", name);
        }
        if kind.0 == "Job" {
            generate_job_selector(value);
        }
    }
}

/// Why a text is no resource version, in the words of Go's strconv.
fn not_unsigned(text: &str) -> Option<&'static str> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    match (digits, text.parse::<u64>()) {
        (false, _) => Some("invalid syntax"),
        (true, Err(_)) if !text.is_empty() => Some("value out of range"),
        _ => None,
    }
}
