//! The node lifecycle controller: nodes that are silent, their conditions, taints and pods.
//!
//! A kubelet tells every 10 s that it lives; the controller looks every 5 s. Both are taken as fixed grids: nothing of it
//! is an event until a node is lost.

use crate::events::Source;
use crate::kubelet::KubeletEvent;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::Order;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value, object};
use std::rc::Rc;

/// Name of the controller in its events.
pub const COMPONENT: &str = "node-controller";
/// How often a kubelet tells that it lives.
const HEARTBEAT: u64 = 10_000;
/// `--node-monitor-period`.
const MONITOR: u64 = 5_000;
/// Nodes that are tainted for eviction come one by one: `--node-eviction-rate` 0.1 per second.
const EVICTION_INTERVAL: u64 = 10_000;

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Taints that this controller owns.
const OWN: [&str; 3] = [NOT_READY, UNREACHABLE, UNSCHEDULABLE];

/// `--node-monitor-grace-period`.
fn grace(version: Minor) -> u64 {
    if version >= Minor(29) { 50_000 } else { 40_000 }
}

/// The controller's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeEvent {
    /// Nothing was heard of a node for the whole grace; lost since.
    Silent(Str, SimTime),
    /// A node's kubelet speaks again.
    Heard(Str),
    /// The taints that keep new pods away follow the node's state.
    NoSchedule(Str),
    /// The taints that evict pods follow the node's state.
    NoExecute(Str),
}

/// The controller's state.
#[derive(Clone, Default)]
pub struct NodeLifecycle {
    /// When a node was last tainted for eviction.
    last_eviction: Option<SimTime>,
    /// When this process began: the silence of a node counts from then at the earliest.
    began: SimTime,
}

fn node_key(name: &Str) -> ObjectKey {
    ObjectKey::new(Kind::NODE, "", name.clone())
}

/// Milliseconds after each full 10 s at which this node tells that it lives.
fn phase(node: &str) -> u64 {
    let sum = node
        .bytes()
        .fold(7u64, |h, b| h.wrapping_mul(31) + u64::from(b));
    sum % HEARTBEAT
}

/// The first moment of a grid at or after `at`.
fn grid(at: u64, every: u64, phase: u64) -> u64 {
    phase + at.saturating_sub(phase).div_ceil(every) * every
}

impl World {
    /// A node has lost its network: its silence will be noticed.
    pub(crate) fn node_lost(&mut self, node: &Str) {
        let now = self.now.0;
        let next = grid(now + 1, HEARTBEAT, phase(node));
        let last = next.saturating_sub(HEARTBEAT);
        self.will_notice(node, last, self.now);
    }

    /// `last`: when it was last heard of; `since`: when it was lost.
    fn will_notice(&mut self, node: &Str, last: u64, since: SimTime) {
        // The look at which the last sign of life was seen, and the first one after the grace that began with it.
        let seen = grid(last, MONITOR, 0);
        let noticed = SimTime(seen + grace(self.version()) + MONITOR);
        let event = NodeEvent::Silent(node.clone(), since);
        self.schedule_at(noticed, SimEvent::Node(event));
    }

    /// A node has its network back: its kubelet speaks at its next heartbeat.
    pub(crate) fn node_back(&mut self, node: &Str) {
        let at = SimTime(grid(self.now.0 + 1, HEARTBEAT, phase(node)));
        self.schedule_at(at, SimEvent::Node(NodeEvent::Heard(node.clone())));
    }

    fn at_next_look(&mut self, event: NodeEvent) {
        let at = SimTime(grid(self.now.0 + 1, MONITOR, 0));
        self.schedule_at(at, SimEvent::Node(event));
    }
}

impl NodeLifecycle {
    /// A new process has heard of no node yet: for each the grace begins anew.
    pub(crate) fn begin_anew(&mut self, world: &mut World) {
        *self = NodeLifecycle {
            last_eviction: None,
            began: world.now,
        };
        let lost = world.faults.lost.clone();
        for (node, since) in lost.iter() {
            world.will_notice(node, world.now.0, *since);
        }
        let troubled = |n: &&Rc<rollout_api::views::Object>| {
            ready(&n.value) != "True" || has_no_execute(&n.value)
        };
        let nodes = world.store.list(Kind::NODE).filter(troubled);
        let names: Vec<Str> = nodes.map(|n| n.meta.name.clone()).collect();
        for node in names {
            world.at_next_look(NodeEvent::NoExecute(node));
        }
    }

    /// Its watch: nodes.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        if change.key.kind != Kind::NODE {
            return;
        }
        let Some(node) = &change.after else { return };
        if no_schedule(&node.value) != no_schedule_wanted(&node.value) {
            let event = NodeEvent::NoSchedule(change.key.name.clone());
            world.schedule(Millis(0), SimEvent::Node(event));
        }
    }

    /// Its turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: NodeEvent) {
        match event {
            NodeEvent::Silent(node, since) => {
                let knows =
                    since >= self.began || world.now.since(self.began).0 >= grace(world.version());
                if knows && world.faults.lost.get(&node) == Some(&since) {
                    self.silent(world, &node);
                }
            }
            NodeEvent::Heard(node) => {
                if !world.faults.lost.contains_key(&node) && world.faults.is_cut(&node) {
                    self.heard(world, &node);
                }
            }
            NodeEvent::NoSchedule(node) => do_no_schedule_tainting_pass(world, &node),
            NodeEvent::NoExecute(node) => self.do_no_execute_tainting_pass(world, &node),
        }
    }

    /// Mirrors the silent branch of `tryUpdateNodeHealth` and of `monitorNodeHealth`,
    /// pkg/controller/nodelifecycle/node_lifecycle_controller.go.
    fn silent(&mut self, world: &mut World, name: &Str) {
        let key = node_key(name);
        let Some(node) = world.store.get(&key).cloned() else {
            return;
        };
        let now = world.wall().rfc3339();
        let mut value = node.value.clone();
        let mut conditions = value.list_at("status.conditions").to_vec();
        for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            let found = conditions.iter_mut().find(|c| c.str_at("type") == kind);
            let Some(condition) = found.filter(|c| c.str_at("status") != "Unknown") else {
                continue;
            };
            condition.set("status", "Unknown");
            condition.set("reason", "NodeStatusUnknown");
            condition.set("message", "Kubelet stopped posting node status.");
            condition.set("lastTransitionTime", Value::text(&now));
        }
        value.set("status.conditions", conditions);
        if world.update_status(&key, value).is_err() {
            return;
        }
        let text = format!("Node {name} status is now: NodeNotReady");
        world.event(COMPONENT, &node, "Normal", "NodeNotReady", text);
        mark_pods_not_ready(world, name);
        if all_silent(world) {
            // Nobody is left to take the pods: nothing is evicted.
            for node in names(world) {
                set_no_execute(world, &node, None);
            }
            return;
        }
        world.at_next_look(NodeEvent::NoExecute(name.clone()));
    }

    /// The kubelet's first word after a silence: its conditions, its event, its pods.
    fn heard(&mut self, world: &mut World, name: &Str) {
        Rc::make_mut(&mut world.faults).cut.remove(name);
        let key = node_key(name);
        let was_silent = all_silent(world);
        if let Some(node) = world.store.get(&key).cloned() {
            let now = world.wall().rfc3339();
            let mut value = node.value.clone();
            let mut conditions = value.list_at("status.conditions").to_vec();
            let mut ready_again = false;
            for condition in &mut conditions {
                let kind = condition.str_at("type").to_owned();
                let Some((status, reason, message)) = healthy(&kind) else {
                    continue;
                };
                condition.set("lastHeartbeatTime", Value::text(&now));
                if condition.str_at("status") != status {
                    condition.set("lastTransitionTime", Value::text(&now));
                    condition.set("status", status);
                    ready_again |= kind == "Ready";
                }
                condition.set("reason", reason);
                condition.set("message", message);
            }
            value.set("status.conditions", conditions);
            if ready_again && world.update_status(&key, value).is_ok() {
                let about = crate::events::EventObject::of(&node);
                let text = format!("Node {name} status is now: NodeReady");
                let source = Source::kubelet(name.clone());
                world.event_by(&source, &about, "Normal", "NodeReady", &text);
            }
        }
        let event = KubeletEvent::Reconnected(name.clone());
        world.schedule(Millis(0), SimEvent::Kubelet(event));
        world.at_next_look(NodeEvent::NoExecute(name.clone()));
        if was_silent {
            // The others can be evicted again, now that there is a place to go.
            for other in names(world).into_iter().filter(|n| n != name) {
                world.at_next_look(NodeEvent::NoExecute(other));
            }
        }
    }

    /// Mirrors `processTaintBaseEviction` and `doNoExecuteTaintingPass`.
    fn do_no_execute_tainting_pass(&mut self, world: &mut World, name: &Str) {
        let Some(node) = world.store.get(&node_key(name)) else {
            return;
        };
        if ready(&node.value) != "Unknown" {
            set_no_execute(world, name, None);
            return;
        }
        if all_silent(world) || has_no_execute(&node.value) {
            return;
        }
        let earliest = self.last_eviction.map(|t| t + Millis(EVICTION_INTERVAL));
        if let Some(earliest) = earliest.filter(|t| *t > world.now) {
            let event = NodeEvent::NoExecute(name.clone());
            world.schedule_at(earliest, SimEvent::Node(event));
            return;
        }
        self.last_eviction = Some(world.now);
        set_no_execute(world, name, Some(UNREACHABLE));
    }
}

/// What a kubelet says of a healthy node.
fn healthy(kind: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match kind {
        "Ready" => ("True", "KubeletReady", "kubelet is posting ready status"),
        "MemoryPressure" => (
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        "DiskPressure" => (
            "False",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure",
        ),
        "PIDPressure" => (
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        _ => return None,
    })
}

fn names(world: &World) -> Vec<Str> {
    let nodes = world.store.list(Kind::NODE);
    nodes.map(|n| n.meta.name.clone()).collect()
}

/// The status of the condition Ready.
fn ready(node: &Value) -> &str {
    let conditions = node.list_at("status.conditions").iter();
    let ready = conditions.into_iter().find(|c| c.str_at("type") == "Ready");
    ready.map_or("", |c| c.str_at("status"))
}

/// Is no node heard of? Mirrors `stateFullDisruption` of all zones: then nobody is evicted.
fn all_silent(world: &World) -> bool {
    let mut nodes = world.store.list(Kind::NODE);
    nodes.all(|n| ready(&n.value) != "True")
}

/// Mirrors `MarkPodsNotReady`, pkg/controller/util/node/controller_utils.go.
fn mark_pods_not_ready(world: &mut World, node: &Str) {
    let pods: Vec<_> = world
        .store
        .list(Kind::POD)
        .filter(|p| p.pod().is_some_and(|v| v.node == *node))
        .cloned()
        .collect();
    for pod in pods {
        let Some(old) = crate::pod_condition::find(&pod.value, "Ready").cloned() else {
            continue;
        };
        if old.str_at("status") == "False" {
            continue;
        }
        let mut condition = old;
        condition.set("status", "False");
        condition.set("lastTransitionTime", world.wall().text());
        let mut value = pod.value.clone();
        crate::pod_condition::set(&mut value, condition);
        let key = ObjectKey::new(Kind::POD, &pod.meta.namespace, &pod.meta.name);
        if world.update_status(&key, value).is_ok() {
            world.event(
                COMPONENT,
                &pod,
                "Warning",
                "NodeNotReady",
                "Node is not ready",
            );
        }
    }
}

/// Own taints that keep new pods away, in the order of their keys.
fn no_schedule(node: &Value) -> Vec<&str> {
    let taints = node.list_at("spec.taints").iter();
    let mut own: Vec<&str> = taints
        .filter(|t| t.str_at("effect") == "NoSchedule")
        .map(|t| t.str_at("key"))
        .filter(|k| OWN.contains(k))
        .collect();
    own.order();
    own
}

fn no_schedule_wanted(node: &Value) -> Vec<&'static str> {
    let mut wanted = Vec::new();
    match ready(node) {
        "Unknown" => wanted.push(UNREACHABLE),
        "False" => wanted.push(NOT_READY),
        _ => {}
    }
    if node.bool_at("spec.unschedulable") {
        wanted.push(UNSCHEDULABLE);
    }
    wanted.order();
    wanted
}

/// Mirrors `doNoScheduleTaintingPass`, pkg/controller/nodelifecycle/node_lifecycle_controller.go.
fn do_no_schedule_tainting_pass(world: &mut World, name: &Str) {
    let key = node_key(name);
    let Some(stored) = world.store.get(&key) else {
        return;
    };
    let mut value = stored.value.clone();
    let wanted = no_schedule_wanted(&value);
    let mut taints: Vec<Value> = value.list_at("spec.taints").to_vec();
    let own = |t: &Value| t.str_at("effect") == "NoSchedule" && OWN.contains(&t.str_at("key"));
    taints.retain(|t| !own(t) || wanted.contains(&t.str_at("key")));
    for key in wanted {
        if !taints.iter().any(|t| own(t) && t.str_at("key") == key) {
            taints.push(taint(world, key, "NoSchedule"));
        }
    }
    put_taints(&mut value, taints);
    let _ = world.update(&key, value);
}

fn taint(world: &World, key: &'static str, effect: &'static str) -> Value {
    let now = world.wall().rfc3339();
    object! { "effect" => effect, "key" => key, "timeAdded" => now }
}

fn put_taints(node: &mut Value, taints: Vec<Value>) {
    if taints.is_empty() {
        node.remove("spec.taints");
    } else {
        node.set("spec.taints", taints);
    }
}

fn has_no_execute(node: &Value) -> bool {
    let mut taints = node.list_at("spec.taints").iter();
    taints.any(|t| t.str_at("effect") == "NoExecute" && OWN.contains(&t.str_at("key")))
}

/// The one own taint that evicts pods.
fn set_no_execute(world: &mut World, name: &Str, wanted: Option<&'static str>) {
    let key = node_key(name);
    let Some(stored) = world.store.get(&key) else {
        return;
    };
    if wanted.is_none() && !has_no_execute(&stored.value) {
        return;
    }
    let mut value = stored.value.clone();
    let mut taints: Vec<Value> = value.list_at("spec.taints").to_vec();
    taints.retain(|t| t.str_at("effect") != "NoExecute" || !OWN.contains(&t.str_at("key")));
    if let Some(wanted) = wanted {
        taints.push(taint(world, wanted, "NoExecute"));
    }
    put_taints(&mut value, taints);
    let _ = world.update(&key, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_grids() {
        assert_eq!(grid(0, 10, 0), 0);
        assert_eq!(grid(1, 10, 0), 10);
        assert_eq!(grid(3, 10, 4), 4);
        assert_eq!(grid(5, 10, 4), 14);
        assert!(phase("node-1") < HEARTBEAT && phase("node-1") != phase("node-2"));
    }
}
