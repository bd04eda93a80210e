//! What holds a pod that is not available: which of its containers, or what it wants to mount.

use crate::cluster::Pod;
use rollout_api::{Kind, ObjectKey, Str, Value};
use rollout_engine::Store;

/// A container in the way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Held<'p> {
    /// An init container works: its name, which of how many.
    Init(&'p str, usize, usize),
    /// The startup probe of a container has not succeeded.
    Startup(&'p str, &'p Value),
    /// The readiness probe of a container has not succeeded.
    Readiness(&'p str, &'p Value),
}

/// The status of a container, by its name.
fn status_of<'p>(pod: &'p Value, list: &str, name: &str) -> Option<&'p Value> {
    let mut all = pod.list_at(list).iter();
    all.find(|s| s.str_at("name") == name)
}

fn probe_of<'p>(container: &'p Value, kind: &str) -> Option<&'p Value> {
    container.get(kind).filter(|p| !p.is_null())
}

/// The first container that holds a pod which has a node and does not fail.
pub(super) fn held(pod: &Value) -> Option<Held<'_>> {
    let init = pod.list_at("spec.initContainers");
    for (i, c) in init.iter().enumerate() {
        let name = c.str_at("name");
        let status = status_of(pod, "status.initContainerStatuses", name);
        let running = status.is_some_and(|s| s.at("state.running").is_some());
        if running && c.str_at("restartPolicy") != "Always" {
            return Some(Held::Init(name, i + 1, init.len()));
        }
    }
    for c in pod.list_at("spec.containers") {
        let name = c.str_at("name");
        let status = status_of(pod, "status.containerStatuses", name);
        let Some(status) = status.filter(|s| s.at("state.running").is_some()) else {
            continue;
        };
        if status.bool_at("ready") {
            continue;
        }
        let startup = probe_of(c, "startupProbe").filter(|_| !status.bool_at("started"));
        if let Some(probe) = startup {
            return Some(Held::Startup(name, probe));
        }
        if let Some(probe) = probe_of(c, "readinessProbe") {
            return Some(Held::Readiness(name, probe));
        }
    }
    None
}

/// How many of a pod's containers have come as far as they have to: the more, the nearer it is.
pub(super) fn containers_up(pod: &Value) -> usize {
    let mut up = 0;
    for (list, state) in [
        ("status.initContainerStatuses", "state.terminated"),
        ("status.containerStatuses", "state.running"),
    ] {
        for status in pod.list_at(list) {
            up += usize::from(status.at(state).is_some());
        }
    }
    up
}

/// A ConfigMap or Secret that a pod wants to mount and that does not exist: volume, kind, name.
pub(super) fn missing_mount(store: &Store, pod: &Pod) -> Option<(Str, &'static str, Str)> {
    for volume in pod.object.value.list_at("spec.volumes") {
        for (source, kind, field) in [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
        ] {
            let Some(source) = volume.get(source) else {
                continue;
            };
            let Some(name) = source.shared_str_at(field) else {
                continue;
            };
            let namespace = pod.object.meta.namespace.clone();
            let key = ObjectKey::new(Kind(kind), namespace, name.clone());
            if !source.bool_at("optional") && store.get(&key).is_none() {
                return Some((volume.shared_str_at("name")?, kind, name));
            }
        }
    }
    None
}
