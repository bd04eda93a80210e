//! Is an object acceptable? The API server's validation and its warnings, text for text, for each version.
//!
//! All functions look at decoded and defaulted trees. [`validate_create`] and [`validate_update`] know the kinds.

pub mod access;
pub mod affinity;
pub mod apps;
pub mod batch;
pub mod config;
pub mod containers;
pub mod env;
pub mod errors;
pub mod limits;
pub mod meta;
pub mod mounts;
pub mod names;
pub mod networking;
pub mod nodes;
mod overlaps;
pub mod path;
pub mod pod_os;
pub mod pod_spec;
pub mod pods;
pub mod policy;
pub mod probes;
pub mod resources;
pub mod security;
pub mod service;
pub mod shown;
pub mod storage;
pub mod volume_plugins;
pub mod volumes;
mod warnings;

pub use errors::{ErrorKind, Errors, FieldError};
pub use warnings::{warnings_on_create, warnings_on_update};

use crate::key::Kind;
use crate::kinds;
use crate::status_error::ApiError;
use crate::value::Value;
use crate::version::Minor;

/// Checks a new object. `sent` is the object as the client wrote it, if it is known.
pub fn validate_create(
    kind: Kind,
    object: &Value,
    sent: Option<&Value>,
    minor: Minor,
) -> Result<(), ApiError> {
    let mut e = Errors::new(minor);
    e.sent = sent.cloned();
    match kind.0 {
        "Deployment" => apps::validate_deployment(object, &mut e),
        "ReplicaSet" => apps::validate_replica_set(object, &mut e),
        "DaemonSet" => apps::validate_daemon_set(object, &mut e),
        "StatefulSet" => apps::validate_stateful_set(object, &mut e),
        "Pod" => pods::validate_pod(object, &mut e),
        "Node" => nodes::validate_node(object, &mut e),
        "Service" => service::validate_service(object, &mut e),
        "ConfigMap" => config::validate_config_map(object, &mut e),
        "Secret" => config::validate_secret(object, &mut e),
        "Namespace" => config::validate_namespace(object, &mut e),
        "ServiceAccount" => config::validate_service_account(object, &mut e),
        "ResourceQuota" => config::validate_resource_quota(object, &mut e),
        "LimitRange" => limits::validate_limit_range(object, &mut e),
        "PersistentVolumeClaim" => storage::validate_persistent_volume_claim(object, &mut e),
        "PersistentVolume" => storage::validate_persistent_volume(object, &mut e),
        "StorageClass" => storage::validate_storage_class(object, &mut e),
        "PriorityClass" => storage::validate_priority_class(object, &mut e),
        "PodDisruptionBudget" => policy::validate_pod_disruption_budget(object, &mut e),
        "HorizontalPodAutoscaler" => policy::validate_horizontal_pod_autoscaler(object, &mut e),
        "Job" => batch::validate_job(object, &mut e),
        "CronJob" => batch::validate_cron_job(object, &mut e),
        "Role" => access::validate_role(object, true, &mut e),
        "ClusterRole" => access::validate_role(object, false, &mut e),
        "RoleBinding" => access::validate_role_binding(object, true, &mut e),
        "ClusterRoleBinding" => access::validate_role_binding(object, false, &mut e),
        "Ingress" => networking::validate_ingress(object, &mut e),
        "NetworkPolicy" => networking::validate_network_policy(object, &mut e),
        _ => {}
    }
    finish(kind, object, e)
}

/// Checks addresses and families of a Service before the allocator looks at them.
pub fn validate_before_allocation(
    service: &Value,
    old: Option<&Value>,
    minor: Minor,
) -> Result<(), ApiError> {
    let mut e = Errors::new(minor);
    service::validate_before_allocation(service, old, &mut e);
    e.into_result("", Kind::SERVICE.0, service.str_at("metadata.name"))
}

/// Checks a changed object against the stored one.
pub fn validate_update(
    kind: Kind,
    new: &Value,
    old: &Value,
    sent: Option<&Value>,
    minor: Minor,
) -> Result<(), ApiError> {
    let mut e = Errors::new(minor);
    e.sent = sent.cloned();
    match kind.0 {
        "Deployment" => apps::validate_deployment_update(new, old, &mut e),
        "ReplicaSet" => apps::validate_replica_set_update(new, old, &mut e),
        "DaemonSet" => apps::validate_daemon_set_update(new, old, &mut e),
        "StatefulSet" => apps::validate_stateful_set_update(new, old, &mut e),
        "Pod" => pods::validate_pod_update(new, old, &mut e),
        "Node" => nodes::validate_node_update(new, old, &mut e),
        "Service" => service::validate_service_update(new, old, &mut e),
        "ConfigMap" => config::validate_config_map_update(new, old, &mut e),
        "Secret" => config::validate_secret_update(new, old, &mut e),
        "ResourceQuota" => config::validate_resource_quota_update(new, old, &mut e),
        "PersistentVolumeClaim" => {
            storage::validate_persistent_volume_claim_update(new, old, &mut e)
        }
        "StorageClass" => storage::validate_storage_class_update(new, old, &mut e),
        "PriorityClass" => storage::validate_priority_class_update(new, old, &mut e),
        "HorizontalPodAutoscaler" => {
            meta::validate_object_meta_update(new, old, &mut e);
            policy::validate_horizontal_pod_autoscaler_spec(new, &mut e);
        }
        "Job" => batch::validate_job_update(new, old, &mut e),
        "CronJob" => batch::validate_cron_job_update(new, old, &mut e),
        "RoleBinding" => access::validate_role_binding_update(new, old, true, &mut e),
        "ClusterRoleBinding" => access::validate_role_binding_update(new, old, false, &mut e),
        "Ingress" => networking::validate_ingress_update(new, old, &mut e),
        "NetworkPolicy" => {
            meta::validate_object_meta_update(new, old, &mut e);
            networking::validate_network_policy_spec(new, &mut e);
        }
        _ => {
            meta::validate_object_meta_update(new, old, &mut e);
            if e.is_empty() {
                return validate_create(kind, new, sent, minor);
            }
        }
    }
    finish(kind, new, e)
}

/// The server's own look at the metadata comes after the rules of the kind. Mirrors `BeforeCreate`, apiserver/pkg/registry/rest/create.go.
fn finish(kind: Kind, object: &Value, mut e: Errors) -> Result<(), ApiError> {
    let resource = kinds::of_kind(kind);
    if e.is_empty() {
        let namespaced = resource.is_none_or(|r| r.namespaced);
        meta::validate_object_meta(
            object,
            namespaced,
            names::is_valid_path_segment_name,
            &mut e,
        );
    }
    let group = resource.map_or("", |r| r.group);
    e.into_result(group, kind.0, object.str_at("metadata.name"))
}
