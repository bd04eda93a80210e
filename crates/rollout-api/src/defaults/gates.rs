//! Fields that the server drops because the feature gate in front of them is off by default.

use super::{each, pod_template, with};
use crate::kinds::Resource;
use crate::value::{Map, Value};
use crate::version::Minor;

/// Never so far.
const NEVER: Minor = Minor(u8::MAX);

/// Mirrors DropDisabledTemplateFields and DropDisabledPodFields, pkg/api/pod/util.go, with default gates.
///
/// Differs: a field that the stored object uses already is dropped, too.
pub fn drop_disabled_fields(object: &mut Value, resource: &Resource, minor: Minor) {
    if let Some(template) = pod_template(object, resource)
        && let Some(spec @ Value::Map(_)) = template.at_mut("spec")
    {
        pod_spec(spec.map_mut(), minor);
    }
    let mut part = |path: &str, field: &str, kept_from: Minor| {
        if let Some(part @ Value::Map(_)) = object.at_mut(path) {
            drop(part.map_mut(), field, kept_from, minor);
        }
    };
    match resource.kind.0 {
        "StatefulSet" => part(
            "spec.updateStrategy.rollingUpdate",
            "maxUnavailable",
            Minor(35),
        ),
        "HorizontalPodAutoscaler" => {
            part("spec.behavior.scaleUp", "tolerance", Minor(35));
            part("spec.behavior.scaleDown", "tolerance", Minor(35));
        }
        "PersistentVolumeClaim" => part("spec", "volumeAttributesClassName", Minor(34)),
        "Service" => part("spec", "trafficDistribution", Minor(31)),
        _ => {}
    }
}

/// Drops a field in versions older than the one that keeps it.
fn drop(map: &mut Map, key: &str, kept_from: Minor, minor: Minor) {
    if minor < kept_from {
        map.remove(key);
    }
}

fn pod_spec(spec: &mut Map, minor: Minor) {
    for (key, kept_from) in [
        ("hostUsers", Minor(33)),
        ("schedulingGates", Minor(27)),
        ("resourceClaims", Minor(34)),
        ("resources", Minor(34)),
        ("hostnameOverride", Minor(35)),
        ("workloadRef", NEVER),
        ("schedulingGroup", NEVER),
    ] {
        drop(spec, key, kept_from, minor);
    }
    with(spec, "securityContext", |s| {
        drop(s, "supplementalGroupsPolicy", Minor(33), minor);
        drop(s, "seLinuxChangePolicy", Minor(33), minor);
    });
    let image_volumes = if minor < Minor(35) {
        take_image_volumes(spec)
    } else {
        Vec::new()
    };
    each(spec, "volumes", |v| {
        with(v, "projected", |p| {
            each(p, "sources", |s| {
                drop(s, "clusterTrustBundle", NEVER, minor);
                drop(s, "podCertificate", NEVER, minor);
            });
        });
    });
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        each(spec, list, |c| {
            container(c, list == "initContainers", &image_volumes, minor)
        });
    }
    with(spec, "affinity", affinity(minor));
    each(spec, "topologySpreadConstraints", |t| {
        drop(t, "matchLabelKeys", Minor(27), minor);
        drop(t, "minDomains", Minor(27), minor);
        drop(t, "nodeAffinityPolicy", Minor(26), minor);
        drop(t, "nodeTaintsPolicy", Minor(26), minor);
    });
}

/// Takes the volumes with an image out; their names come back.
fn take_image_volumes(spec: &mut Map) -> Vec<Value> {
    let is_image = |v: &Value| v.get("image").is_some_and(|i| !i.is_null());
    let volumes = spec.get("volumes").map_or(&[][..], Value::as_list);
    let names: Vec<Value> = volumes
        .iter()
        .filter(|v| is_image(v))
        .filter_map(|v| v.get("name").cloned())
        .collect();
    if !names.is_empty()
        && let Some(volumes) = spec.get_mut("volumes")
    {
        volumes.list_mut().retain(|v| !is_image(v));
        if volumes.is_empty() {
            spec.remove("volumes");
        }
    }
    names
}

fn container(c: &mut Map, is_init: bool, image_volumes: &[Value], minor: Minor) {
    drop(c, "resizePolicy", Minor(33), minor);
    drop(c, "restartPolicyRules", Minor(35), minor);
    // `restartPolicy` of a plain container is for validation to refuse.
    if is_init {
        drop(c, "restartPolicy", Minor(29), minor);
    }
    with(c, "resources", |r| drop(r, "claims", Minor(34), minor));
    let mut only_signal = false;
    with(c, "lifecycle", |l| {
        only_signal = l.len() == 1 && l.contains_key("stopSignal");
        drop(l, "stopSignal", NEVER, minor);
        for name in ["postStart", "preStop"] {
            with(l, name, |h| drop(h, "sleep", Minor(30), minor));
        }
    });
    if only_signal {
        c.remove("lifecycle");
    }
    each(c, "env", |e| {
        with(e, "valueFrom", |f| drop(f, "fileKeyRef", Minor(35), minor))
    });
    if !image_volumes.is_empty()
        && let Some(mounts @ Value::List(_)) = c.get_mut("volumeMounts")
    {
        mounts.list_mut().retain(|m| {
            m.get("name")
                .is_none_or(|name| !image_volumes.contains(name))
        });
        if mounts.is_empty() {
            c.remove("volumeMounts");
        }
    }
    each(c, "volumeMounts", |m| {
        drop(m, "recursiveReadOnly", Minor(31), minor)
    });
    if minor <= Minor(32) {
        with(c, "securityContext", |s| {
            if s.get("procMount").is_some_and(|p| !p.is_null()) {
                s.insert("procMount", "Default");
            }
        });
    }
}

fn affinity(minor: Minor) -> impl Fn(&mut Map) {
    let term = move |t: &mut Map| {
        drop(t, "matchLabelKeys", Minor(31), minor);
        drop(t, "mismatchLabelKeys", Minor(31), minor);
    };
    move |affinity: &mut Map| {
        for kind in ["podAffinity", "podAntiAffinity"] {
            with(affinity, kind, |a| {
                each(a, "requiredDuringSchedulingIgnoredDuringExecution", term);
                each(a, "preferredDuringSchedulingIgnoredDuringExecution", |w| {
                    with(w, "podAffinityTerm", term)
                });
            });
        }
    }
}
