//! Defaults of each kind outside its pod template.

use super::pod::{Of, set_pod_defaults, set_pod_spec_defaults};
use super::{
    each, if_empty, if_nil, pod_template, round_requirements, round_resources, text, with,
};
use crate::base64;
use crate::kinds::Resource;
use crate::object;
use crate::value::{Map, Str, Value};
use crate::version::Minor;

pub(super) fn set_defaults(value: &mut Value, resource: &Resource, minor: Minor) {
    if resource.kind.0 == "Pod" {
        set_pod_defaults(value, minor);
        return;
    }
    let template_labels = |value: &Value| {
        let labels = value.at("spec.template.metadata.labels");
        labels.filter(|l| !l.is_empty()).cloned()
    };
    if let Some(spec) = pod_template(value, resource).and_then(|t| t.at_mut("spec")) {
        set_pod_spec_defaults(spec, Of::Template, minor);
    }
    if resource.kind.0 == "ReplicationController"
        && let Some(labels) = template_labels(value)
    {
        let object = value.map_mut();
        with(object, "spec", |s| if_empty(s, "selector", labels.clone()));
        with(object, "metadata", |m| if_empty(m, "labels", labels));
    }
    let object = value.map_mut();
    match resource.kind.0 {
        "Deployment" => with(object, "spec", deployment),
        "ReplicaSet" | "ReplicationController" => {
            with(object, "spec", |s| if_nil(s, "replicas", 1))
        }
        "StatefulSet" => with(object, "spec", |s| stateful_set(s, minor)),
        "DaemonSet" => daemon_set(object),
        "Job" => with(object, "spec", job),
        "CronJob" => with(object, "spec", cron_job),
        "Service" => with(object, "spec", service),
        "Endpoints" => each(object, "subsets", |s| {
            each(s, "ports", |p| if_empty(p, "protocol", "TCP"))
        }),
        "EndpointSlice" => each(object, "ports", |p| {
            if_nil(p, "name", "");
            if_nil(p, "protocol", "TCP");
        }),
        "PersistentVolumeClaim" => persistent_volume_claim(object),
        "PersistentVolume" => persistent_volume(object),
        "Secret" => if_empty(object, "type", "Opaque"),
        "Namespace" => namespace(object),
        "Node" => with(object, "status", |s| {
            round_resources(s, "capacity");
            round_resources(s, "allocatable");
            let capacity = s.get("capacity").cloned().unwrap_or_default();
            if !capacity.is_empty() {
                if_nil(s, "allocatable", capacity);
            }
        }),
        "ResourceQuota" => {
            with(object, "spec", |s| round_resources(s, "hard"));
            with(object, "status", |s| {
                round_resources(s, "hard");
                round_resources(s, "used");
            });
        }
        "LimitRange" => with(object, "spec", |s| each(s, "limits", limit_range_item)),
        "HorizontalPodAutoscaler" => {
            autoscaler_from_v1(object);
            with(object, "spec", autoscaler);
        }
        "NetworkPolicy" => with(object, "spec", network_policy),
        "RoleBinding" | "ClusterRoleBinding" => role_binding(object),
        "StorageClass" => {
            if_nil(object, "reclaimPolicy", "Delete");
            if_nil(object, "volumeBindingMode", "Immediate");
        }
        "PriorityClass" => if_nil(object, "preemptionPolicy", "PreemptLowerPriority"),
        _ => {}
    }
}

/// Mirrors SetDefaults_Deployment, pkg/apis/apps/v1/defaults.go.
fn deployment(spec: &mut Map) {
    if_nil(spec, "replicas", 1);
    let strategy = spec.entry("strategy", Value::object).map_mut();
    if_empty(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        if_nil(strategy, "rollingUpdate", Value::object());
        with(strategy, "rollingUpdate", |r| {
            if_nil(r, "maxUnavailable", "25%");
            if_nil(r, "maxSurge", "25%");
        });
    }
    if_nil(spec, "revisionHistoryLimit", 10);
    if_nil(spec, "progressDeadlineSeconds", 600);
}

/// Mirrors SetDefaults_StatefulSet, same file.
fn stateful_set(spec: &mut Map, minor: Minor) {
    if_empty(spec, "podManagementPolicy", "OrderedReady");
    let strategy = spec.entry("updateStrategy", Value::object).map_mut();
    if strategy.get("type").is_none_or(Value::is_empty) {
        strategy.insert("type", "RollingUpdate");
        if_nil(strategy, "rollingUpdate", Value::object());
        with(strategy, "rollingUpdate", |r| if_nil(r, "partition", 0));
    } else if text(strategy, "type") == "RollingUpdate" {
        with(strategy, "rollingUpdate", |r| if_nil(r, "partition", 0));
    }
    if minor >= Minor(27) {
        if_nil(
            spec,
            "persistentVolumeClaimRetentionPolicy",
            Value::object(),
        );
        with(spec, "persistentVolumeClaimRetentionPolicy", |p| {
            if_empty(p, "whenDeleted", "Retain");
            if_empty(p, "whenScaled", "Retain");
        });
    }
    if_nil(spec, "replicas", 1);
    if_nil(spec, "revisionHistoryLimit", 10);
    each(spec, "volumeClaimTemplates", |claim| {
        // The conversion from the internal type fills in what a claim of its own would have.
        claim.insert("kind", "PersistentVolumeClaim");
        claim.insert("apiVersion", "v1");
        persistent_volume_claim_spec(claim);
    });
}

/// Mirrors SetDefaults_DaemonSet, same file.
fn daemon_set(object: &mut Map) {
    with(object, "spec", |spec| {
        let strategy = spec.entry("updateStrategy", Value::object).map_mut();
        if_empty(strategy, "type", "RollingUpdate");
        if text(strategy, "type") == "RollingUpdate" {
            if_nil(strategy, "rollingUpdate", Value::object());
            with(strategy, "rollingUpdate", |r| {
                if_nil(r, "maxUnavailable", 1);
                if_nil(r, "maxSurge", 0);
            });
        }
        if_nil(spec, "revisionHistoryLimit", 10);
    });
    // Written by the conversion from the internal type: spec.templateGeneration, 1 on creation.
    with(object, "metadata", |m| {
        m.entry("annotations", Value::object)
            .map_mut()
            .entry("deprecated.daemonset.template.generation", || "1".into());
    });
}

/// Mirrors SetDefaults_Job, pkg/apis/batch/v1/defaults.go.
fn job(spec: &mut Map) {
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        spec.insert("completions", 1);
    }
    if_nil(spec, "parallelism", 1);
    let limit = if spec.contains_key("backoffLimitPerIndex") {
        i32::MAX
    } else {
        6
    };
    if_nil(spec, "backoffLimit", limit);
    if_nil(spec, "completionMode", "NonIndexed");
    if_nil(spec, "suspend", false);
    let policy = if spec.contains_key("podFailurePolicy") {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    if_nil(spec, "podReplacementPolicy", policy);
    if_nil(spec, "manualSelector", false);
}

/// Mirrors SetDefaults_CronJob, same file.
fn cron_job(spec: &mut Map) {
    if_empty(spec, "concurrencyPolicy", "Allow");
    if_nil(spec, "suspend", false);
    if_nil(spec, "successfulJobsHistoryLimit", 3);
    if_nil(spec, "failedJobsHistoryLimit", 1);
}

/// Mirrors SetDefaults_Service, pkg/apis/core/v1/defaults.go, and the address families of a cluster with IPv4 only
/// (pkg/registry/core/service/storage/alloc.go).
fn service(spec: &mut Map) {
    if_empty(spec, "sessionAffinity", "None");
    if text(spec, "sessionAffinity") == "None" {
        spec.remove("sessionAffinityConfig");
    } else if text(spec, "sessionAffinity") == "ClientIP" {
        if_nil(
            spec,
            "sessionAffinityConfig",
            object! { "clientIP" => object! { "timeoutSeconds" => 10_800 } },
        );
    }
    if_empty(spec, "type", "ClusterIP");
    each(spec, "ports", |p| {
        if_empty(p, "protocol", "TCP");
        let port = p.get("port").cloned().unwrap_or_default();
        if_empty(p, "targetPort", port);
    });
    let kind = text(spec, "type").to_owned();
    let outside = matches!(&*kind, "NodePort" | "LoadBalancer");
    if outside || (kind == "ClusterIP" && spec.get("externalIPs").is_some_and(|l| !l.is_empty())) {
        if_empty(spec, "externalTrafficPolicy", "Cluster");
    }
    if outside || kind == "ClusterIP" {
        if_nil(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        if_nil(spec, "allocateLoadBalancerNodePorts", true);
    }
    if kind != "ExternalName" {
        let headless = text(spec, "clusterIP") == "None";
        let selectorless = spec.get("selector").is_none_or(Value::is_empty);
        let policy = if headless && selectorless {
            "RequireDualStack"
        } else {
            "SingleStack"
        };
        if_nil(spec, "ipFamilyPolicy", policy);
        let families = if headless && selectorless {
            vec!["IPv4".into(), "IPv6".into()]
        } else {
            vec!["IPv4".into()]
        };
        // An address of the other family is refused later.
        if !text(spec, "clusterIP").contains(':') {
            if_nil(spec, "ipFamilies", Value::list(families));
        }
        if headless {
            if_nil(spec, "clusterIPs", Value::list(vec!["None".into()]));
        }
    }
}

fn persistent_volume_claim_spec(claim: &mut Map) {
    with(claim, "spec", |s| {
        if_nil(s, "volumeMode", "Filesystem");
        round_requirements(s, "resources");
    });
    with(claim, "status", |s| if_empty(s, "phase", "Pending"));
}

/// A new Job is told apart by labels made of its uid, which must be set.
///
/// Mirrors generateSelector, pkg/registry/batch/job/strategy.go, and SetDefaults_Job, which then finds the labels.
pub fn generate_job_selector(job: &mut Value) {
    generate_selector(job);
    let labels = job.at("spec.template.metadata.labels").cloned();
    // They are found when the Job is read again: validation does not see them.
    let refused = job.str_at("metadata.name").len() > 63;
    if let Some(labels) = labels.filter(|l| !l.is_empty() && !refused) {
        with(job.map_mut(), "metadata", |m| if_empty(m, "labels", labels));
    }
}

fn generate_selector(job: &mut Value) {
    let (uid, name) = (
        Str::copy(job.str_at("metadata.uid")),
        Str::copy(job.str_at("metadata.name")),
    );
    if job.at("spec.manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    let metadata = job
        .map_mut()
        .entry("spec", Value::object)
        .map_mut()
        .entry("template", Value::object);
    let labels = metadata
        .map_mut()
        .entry("metadata", Value::object)
        .map_mut()
        .entry("labels", Value::object)
        .map_mut();
    for (key, value) in [
        ("controller-uid", &uid),
        ("job-name", &name),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
    ] {
        labels.insert(key, value);
    }
    if job.at("spec.selector").is_none_or(Value::is_null) {
        let labels = object! { "batch.kubernetes.io/controller-uid" => &uid };
        job.set("spec.selector", object! { "matchLabels" => labels });
    } else {
        let spec = job.map_mut().entry("spec", Value::object).map_mut();
        let selector = spec.entry("selector", Value::object).map_mut();
        let labels = selector.entry("matchLabels", Value::object).map_mut();
        if !labels.contains_key("batch.kubernetes.io/controller-uid") {
            labels.insert("batch.kubernetes.io/controller-uid", &uid);
        }
    }
}

/// Mirrors SetDefaults_PersistentVolumeClaim and the plugin StorageObjectInUseProtection.
fn persistent_volume_claim(object: &mut Map) {
    persistent_volume_claim_spec(object);
    with(object, "spec", normalize_data_sources);
    protect(object, "kubernetes.io/pvc-protection");
}

/// Mirrors NormalizeDataSources, pkg/api/persistentvolumeclaim/util.go.
fn normalize_data_sources(spec: &mut Map) {
    // Other namespaces are behind a gate that is closed.
    let foreign = |r: &Value| !r.str_at("namespace").is_empty();
    if spec.get("dataSourceRef").is_some_and(foreign) {
        spec.remove("dataSourceRef");
    }
    let get = |key: &str| spec.get(key).filter(|v| !v.is_null()).cloned();
    // Mirrors EnforceDataSourceBackwardsCompatibility: the old field knows two kinds.
    let known = |v: &Value| {
        matches!(
            (v.str_at("kind"), v.str_at("apiGroup")),
            ("PersistentVolumeClaim", "") | ("VolumeSnapshot", "snapshot.storage.k8s.io")
        )
    };
    if get("dataSourceRef").is_none() && get("dataSource").is_some_and(|v| !known(&v)) {
        spec.remove("dataSource");
    }
    let get = |key: &str| spec.get(key).filter(|v| !v.is_null()).cloned();
    match (get("dataSource"), get("dataSourceRef")) {
        (Some(source), None) => {
            spec.insert("dataSourceRef", source);
        }
        (None, Some(reference)) if reference.str_at("namespace").is_empty() => {
            spec.insert("dataSource", reference);
        }
        _ => {}
    }
}

/// Mirrors SetDefaults_PersistentVolume and the plugin StorageObjectInUseProtection.
fn persistent_volume(object: &mut Map) {
    with(object, "status", |s| if_empty(s, "phase", "Pending"));
    with(object, "spec", |s| {
        if_empty(s, "persistentVolumeReclaimPolicy", "Retain");
        if_nil(s, "volumeMode", "Filesystem");
        with(s, "hostPath", |h| if_nil(h, "type", ""));
        round_resources(s, "capacity");
    });
    protect(object, "kubernetes.io/pv-protection");
}

fn protect(object: &mut Map, finalizer: &'static str) {
    with(object, "metadata", |m| {
        if m.contains_key("deletionTimestamp") {
            return;
        }
        let list = m.entry("finalizers", || Value::list(Vec::new())).list_mut();
        if !list.iter().any(|f| f.as_str() == Some(finalizer)) {
            list.push(finalizer.into());
        }
    });
}

/// Mirrors SetDefaults_Namespace and the strategy's finalizer.
fn namespace(object: &mut Map) {
    with(object, "metadata", |m| {
        let name = text(m, "name").to_owned();
        if !name.is_empty() {
            m.entry("labels", Value::object)
                .map_mut()
                .insert("kubernetes.io/metadata.name", name);
        }
    });
    with(object, "spec", |s| {
        if s.get("finalizers").is_none_or(Value::is_empty) {
            s.insert("finalizers", Value::list(vec!["kubernetes".into()]));
        }
    });
    with(object, "status", |s| if_empty(s, "phase", "Active"));
}

/// Mirrors SetDefaults_LimitRangeItem.
fn limit_range_item(item: &mut Map) {
    let lists = [
        "max",
        "min",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ];
    for list in lists {
        round_resources(item, list);
    }
    if text(item, "type") != "Container" {
        return;
    }
    for (to, from) in [
        ("default", "max"),
        ("defaultRequest", "default"),
        ("defaultRequest", "min"),
    ] {
        let Some(given @ Value::Map(_)) = item.get(from).cloned() else {
            continue;
        };
        let target = item.entry(to, Value::object).map_mut();
        for (name, quantity) in given.as_map().into_iter().flat_map(Map::iter) {
            if !target.contains_key(name) {
                target.insert(name, quantity.clone());
            }
        }
    }
}

/// An object of `autoscaling/v1` becomes one of `autoscaling/v2`, which is what is kept.
///
/// Mirrors pkg/apis/autoscaling/v1/conversion.go.
/// Differs: metrics in annotations are not read.
fn autoscaler_from_v1(object: &mut Map) {
    if text(object, "apiVersion") != "autoscaling/v1" {
        return;
    }
    object.insert("apiVersion", "autoscaling/v2");
    with(object, "spec", |spec| {
        if let Some(percent) = spec.remove("targetCPUUtilizationPercentage") {
            let target = object! { "averageUtilization" => percent, "type" => "Utilization" };
            let resource = object! { "name" => "cpu", "target" => target };
            spec.insert(
                "metrics",
                Value::list(vec![
                    object! { "resource" => resource, "type" => "Resource" },
                ]),
            );
        }
    });
    with(object, "status", |status| {
        status.remove("currentCPUUtilizationPercentage");
        if_nil(status, "currentMetrics", Value::Null);
        // Not written by the newer version when it is 0.
        if status.get("currentReplicas").is_some_and(Value::is_empty) {
            status.remove("currentReplicas");
        }
    });
}

/// The share of a CPU that a metric wants.
fn cpu_target(metric: &Value) -> Option<&Value> {
    let target = metric.at("resource.target")?;
    let is_cpu = metric.at("resource.name").and_then(Value::as_str) == Some("cpu");
    target.get("averageUtilization").filter(|_| is_cpu)
}

/// An autoscaler as `autoscaling/v1` has it. Mirrors pkg/apis/autoscaling/v1/conversion.go.
/// Differs: what the older version does not know is left out instead of written into annotations.
pub fn autoscaler_to_v1(object: &Value) -> Value {
    let mut out = object.clone();
    out.set("apiVersion", "autoscaling/v1");
    let map = out.map_mut();
    with(map, "spec", |spec| {
        let metrics = spec.remove("metrics").unwrap_or_default();
        if let Some(percent) = metrics.as_list().iter().find_map(cpu_target) {
            spec.insert("targetCPUUtilizationPercentage", percent);
        }
        spec.remove("behavior");
    });
    with(map, "status", |status| {
        let metrics = status.remove("currentMetrics").unwrap_or_default();
        let current = |m: &Value| m.at("resource.current.averageUtilization").cloned();
        if let Some(percent) = metrics.as_list().iter().find_map(current) {
            status.insert("currentCPUUtilizationPercentage", percent);
        }
        status.remove("conditions");
        status.entry("currentReplicas", || 0.into());
        status.entry("desiredReplicas", || 0.into());
    });
    out
}

/// Mirrors SetDefaults_HorizontalPodAutoscaler, pkg/apis/autoscaling/v2/defaults.go.
fn autoscaler(spec: &mut Map) {
    if_nil(spec, "minReplicas", 1);
    if spec.get("metrics").is_none_or(Value::is_empty) {
        let target = object! { "averageUtilization" => 80, "type" => "Utilization" };
        let resource = object! { "name" => "cpu", "target" => target };
        spec.insert(
            "metrics",
            Value::list(vec![
                object! { "resource" => resource, "type" => "Resource" },
            ]),
        );
    }
    with(spec, "behavior", |b| {
        let percent = || object! { "periodSeconds" => 15, "type" => "Percent", "value" => 100 };
        let pods = || object! { "periodSeconds" => 15, "type" => "Pods", "value" => 4 };
        for (name, policies) in [
            ("scaleUp", vec![pods(), percent()]),
            ("scaleDown", vec![percent()]),
        ] {
            if_nil(b, name, Value::object());
            with(b, name, |rules| {
                if_nil(rules, "selectPolicy", "Max");
                if_nil(rules, "policies", Value::list(policies));
                if name == "scaleUp" {
                    if_nil(rules, "stabilizationWindowSeconds", 0);
                }
            });
        }
    });
}

/// Mirrors SetDefaults_NetworkPolicy, pkg/apis/networking/v1/defaults.go.
fn network_policy(spec: &mut Map) {
    for rules in ["ingress", "egress"] {
        each(spec, rules, |r| {
            each(r, "ports", |p| if_nil(p, "protocol", "TCP"))
        });
    }
    if spec.get("policyTypes").is_none_or(Value::is_empty) {
        let mut types = vec!["Ingress".into()];
        if spec.get("egress").is_some_and(|e| !e.is_empty()) {
            types.push("Egress".into());
        }
        spec.insert("policyTypes", Value::list(types));
    }
}

/// Mirrors SetDefaults_RoleBinding and SetDefaults_Subject, pkg/apis/rbac/v1/defaults.go.
fn role_binding(object: &mut Map) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    with(object, "roleRef", |r| if_empty(r, "apiGroup", GROUP));
    each(object, "subjects", |s| {
        if matches!(text(s, "kind"), "User" | "Group") {
            if_empty(s, "apiGroup", GROUP);
        }
    });
}

/// A Secret's `stringData` goes into `data`.
///
/// Mirrors Convert_v1_Secret_To_core_Secret, pkg/apis/core/v1/conversion.go.
pub(super) fn merge_string_data(object: &mut Value) {
    if let Some(Value::Map(plain)) = object.remove("stringData") {
        let data = object.map_mut().entry("data", Value::object).map_mut();
        for (key, value) in plain.iter() {
            let text = base64::encode(value.as_str().unwrap_or("").as_bytes());
            data.insert(key, Str::from(text));
        }
    }
}
