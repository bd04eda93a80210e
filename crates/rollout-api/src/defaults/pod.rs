//! Defaults of pod templates and pods.

use super::{each, if_empty, if_nil, round_requirements, round_resources, text, with};
use crate::image::default_pull_policy;
use crate::object;
use crate::quantity::Quantity;
use crate::value::{Map, Str, Value};
use crate::version::Minor;

/// Whose pod spec it is: some defaults are set in Pods only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// A template.
    Template,
    /// A Pod.
    Pod,
}

/// Mirrors SetDefaults_PodSpec and what hangs on it, pkg/apis/core/v1/defaults.go.
pub fn set_pod_spec_defaults(spec: &mut Value, of: Of, minor: Minor) {
    let spec = spec.map_mut();
    if_empty(spec, "dnsPolicy", "ClusterFirst");
    if_empty(spec, "restartPolicy", "Always");
    let host_network = matches!(spec.get("hostNetwork"), Some(Value::Bool(true)));
    if_nil(spec, "securityContext", Value::object());
    if_nil(spec, "terminationGracePeriodSeconds", 30);
    if_empty(spec, "schedulerName", "default-scheduler");
    round_resources(spec, "overhead");
    round_requirements(spec, "resources");
    let host_ports = host_network && (of == Of::Pod || minor < Minor(28));
    each(spec, "volumes", |v| volume(v, minor));
    for list in ["initContainers", "containers"] {
        each(spec, list, |c| {
            container(c, minor);
            if host_ports {
                each(c, "ports", |p| {
                    let port = p.get("containerPort").cloned().unwrap_or_default();
                    if !port.is_empty() {
                        if_empty(p, "hostPort", port);
                    }
                });
            }
        });
    }
    each(spec, "ephemeralContainers", |c| container(c, minor));
}

fn container(c: &mut Map, minor: Minor) {
    let policy = default_pull_policy(text(c, "image"));
    if_empty(c, "imagePullPolicy", policy);
    if_empty(c, "terminationMessagePath", "/dev/termination-log");
    if_empty(c, "terminationMessagePolicy", "File");
    each(c, "ports", |p| if_empty(p, "protocol", "TCP"));
    each(c, "env", |e| {
        with(e, "valueFrom", |from| {
            field_ref(from);
            if minor >= Minor(34) {
                with(from, "fileKeyRef", |f| if_nil(f, "optional", false));
            }
        });
    });
    round_requirements(c, "resources");
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        with(c, name, probe);
    }
    with(c, "lifecycle", |l| {
        for name in ["postStart", "preStop"] {
            with(l, name, http_get);
        }
    });
}

fn probe(p: &mut Map) {
    if_empty(p, "timeoutSeconds", 1);
    if_empty(p, "periodSeconds", 10);
    if_empty(p, "successThreshold", 1);
    if_empty(p, "failureThreshold", 3);
    http_get(p);
    with(p, "grpc", |g| if_nil(g, "service", ""));
}

fn http_get(handler: &mut Map) {
    with(handler, "httpGet", |h| {
        if_empty(h, "path", "/");
        if_empty(h, "scheme", "HTTP");
    });
}

fn field_ref(m: &mut Map) {
    with(m, "fieldRef", |f| if_empty(f, "apiVersion", "v1"));
}

/// Fields of a volume that are no source.
fn has_source(v: &Map) -> bool {
    v.iter()
        .any(|(key, value)| key != "name" && !value.is_null())
}

fn volume(v: &mut Map, minor: Minor) {
    if !has_source(v) {
        v.insert("emptyDir", Value::object());
    }
    let mode = |m: &mut Map| if_nil(m, "defaultMode", 420);
    with(v, "secret", mode);
    with(v, "configMap", mode);
    with(v, "downwardAPI", |m| {
        mode(m);
        each(m, "items", field_ref);
    });
    with(v, "projected", |m| {
        mode(m);
        each(m, "sources", |s| {
            with(s, "serviceAccountToken", |t| {
                if_nil(t, "expirationSeconds", 3600)
            });
            with(s, "downwardAPI", |d| each(d, "items", field_ref));
        });
    });
    with(v, "hostPath", |m| if_nil(m, "type", ""));
    with(v, "iscsi", |m| if_empty(m, "iscsiInterface", "default"));
    with(v, "rbd", |m| {
        if_empty(m, "pool", "rbd");
        if_empty(m, "user", "admin");
        if_empty(m, "keyring", "/etc/ceph/keyring");
    });
    with(v, "azureDisk", |m| {
        if_nil(m, "cachingMode", "ReadWrite");
        if_nil(m, "kind", "Shared");
        if_nil(m, "fsType", "ext4");
        if_nil(m, "readOnly", false);
    });
    with(v, "scaleIO", |m| {
        if_empty(m, "storageMode", "ThinProvisioned");
        if_empty(m, "fsType", "xfs");
    });
    with(v, "ephemeral", |m| {
        with(m, "volumeClaimTemplate", |t| {
            with(t, "spec", |s| {
                if_nil(s, "volumeMode", "Filesystem");
                round_requirements(s, "resources");
            });
        });
    });
    if minor >= Minor(31) {
        with(v, "image", |m| {
            let policy = default_pull_policy(text(m, "reference"));
            if_empty(m, "pullPolicy", policy);
        });
    }
}

/// The trip through the internal type: the alias of the service account, old annotations.
pub(super) fn convert_template(template: &mut Value) {
    if let Some(spec) = template.get("spec").and_then(Value::as_map) {
        let name = text(spec, "serviceAccountName");
        let account = if name.is_empty() {
            text(spec, "serviceAccount")
        } else {
            name
        };
        if !account.is_empty() && (name != account || text(spec, "serviceAccount") != account) {
            let account = Str::copy(account);
            template.set("spec.serviceAccountName", account.clone());
            template.set("spec.serviceAccount", account);
        }
    }
    let annotations = template.get("metadata").and_then(|m| m.get("annotations"));
    let old = |key: &str| {
        ["alpha", "beta"].iter().any(|stage| {
            key.strip_prefix("pod.")
                .and_then(|k| k.strip_prefix(stage))
                .is_some_and(|k| {
                    matches!(
                        k,
                        ".kubernetes.io/init-containers" | ".kubernetes.io/init-container-statuses"
                    )
                })
        })
    };
    if annotations
        .and_then(Value::as_map)
        .is_some_and(|m| m.iter().any(|(k, _)| old(k)))
        && let Some(annotations) = template.at_mut("metadata.annotations")
    {
        annotations.map_mut().retain(|k, _| !old(k));
        if annotations.is_empty() {
            template.remove("metadata.annotations");
        }
    }
}

/// Defaults of Pods beyond those of templates.
///
/// Mirrors SetDefaults_Pod, pkg/apis/core/v1/defaults.go.
pub(super) fn set_pod_defaults(pod: &mut Value, minor: Minor) {
    let spec = pod.map_mut().entry("spec", Value::object);
    set_pod_spec_defaults(spec, Of::Pod, minor);
    let spec = spec.map_mut();
    if_nil(spec, "enableServiceLinks", true);
    for list in ["containers", "initContainers"] {
        each(spec, list, |c| {
            with(c, "resources", |r| {
                let Some(limits @ Value::Map(_)) = r.get("limits").cloned() else {
                    return;
                };
                let requests = r.entry("requests", Value::object).map_mut();
                for (name, limit) in limits.as_map().into_iter().flat_map(Map::iter) {
                    if !requests.contains_key(name) {
                        requests.insert(name, limit.clone());
                    }
                }
            });
        });
    }
}

/// What the default admission plugins add to a new Pod: priority and tolerations.
///
/// Mirrors plugin/pkg/admission/priority and …/defaulttolerationseconds.
/// Differs: a priority class must be resolved by the caller (`priority` as it is stays).
pub fn admit_pod(pod: &mut Value) {
    let spec = pod.map_mut().entry("spec", Value::object).map_mut();
    if_nil(spec, "priority", 0);
    if_nil(spec, "preemptionPolicy", "PreemptLowerPriority");
    let tolerated = |spec: &Map, key: &str| {
        spec.get("tolerations")
            .map_or(&[][..], Value::as_list)
            .iter()
            .any(|t| {
                let (k, effect) = (t.str_at("key"), t.str_at("effect"));
                (k == key || k.is_empty()) && (effect == "NoExecute" || effect.is_empty())
            })
    };
    let wanted = [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ];
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|key| !tolerated(spec, key))
        .collect();
    if !missing.is_empty() {
        let list = spec
            .entry("tolerations", || Value::list(Vec::new()))
            .list_mut();
        list.extend(missing.into_iter().map(|key| {
            object! { "effect" => "NoExecute", "key" => key, "operator" => "Exists", "tolerationSeconds" => 300 }
        }));
    }
}

/// `BestEffort`, `Burstable` or `Guaranteed`, by the CPU and memory of the containers.
///
/// Mirrors ComputePodQOS, pkg/apis/core/v1/helper/qos/qos.go.
pub fn qos_class(spec: &Value) -> &'static str {
    let positive = |q: Option<&Value>| q.and_then(Quantity::of).filter(|q| q.sign() > 0);
    let (mut any, mut guaranteed) = (false, true);
    let containers = spec
        .list_at("containers")
        .iter()
        .chain(spec.list_at("initContainers"));
    // Resources of the whole pod come first where they are set.
    let pod_level: Vec<&Value> = spec
        .get("resources")
        .into_iter()
        .filter(|r| !r.is_empty())
        .collect();
    let all: Vec<&Value> = if pod_level.is_empty() {
        containers.filter_map(|c| c.get("resources")).collect()
    } else {
        pod_level
    };
    for resources in &all {
        for name in ["cpu", "memory"] {
            let of = |list: &str| positive(resources.get(list).and_then(|l| l.get(name)));
            let (request, limit) = (of("requests"), of("limits"));
            any |= request.is_some() || limit.is_some();
            guaranteed &= match (request, limit) {
                (Some(r), Some(l)) => r.compare(&l).is_eq(),
                (None, Some(_)) => true,
                _ => false,
            };
        }
    }
    match (any, guaranteed && !all.is_empty()) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;

    #[test]
    fn quality_of_service() {
        for (containers, want) in [
            (r#"[{"resources":{}}]"#, "BestEffort"),
            (
                r#"[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]"#,
                "Guaranteed",
            ),
            (
                r#"[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m","memory":"1Gi"}}}]"#,
                "Guaranteed",
            ),
            (
                r#"[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}},{"resources":{}}]"#,
                "Burstable",
            ),
            (r#"[{"resources":{"requests":{"cpu":"1"}}}]"#, "Burstable"),
        ] {
            let spec = from_json(&format!(r#"{{"containers":{containers}}}"#)).unwrap();
            assert_eq!(qos_class(&spec), want, "{containers}");
        }
    }

    #[test]
    fn old_annotations_go() {
        let mut t = from_json(
            r#"{"metadata":{"annotations":{"pod.alpha.kubernetes.io/init-containers":"x"}},"spec":{"serviceAccount":"a"}}"#,
        )
        .unwrap();
        convert_template(&mut t);
        assert_eq!(
            t,
            from_json(r#"{"metadata":{},"spec":{"serviceAccount":"a","serviceAccountName":"a"}}"#)
                .unwrap()
        );
    }
}
