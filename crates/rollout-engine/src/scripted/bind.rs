//! The fake scheduler: the node with the fewest pods that has room.

use super::{Item, ScriptedNode};
use crate::pod_condition;
use crate::scheduler::resources::Amounts;
use crate::world::World;
use rollout_api::Order;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Value};
use std::rc::Rc;

impl ScriptedNode {
    pub(super) fn bind(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>) {
        if object.pod().is_none_or(|p| !p.node.is_empty()) {
            return;
        }
        match self.choose(world, object) {
            Some(node) => {
                self.waiting.retain(|k| k != key);
                let bind = self.script.delays.bind;
                if let Some(plan) = self.plans.get_mut(key) {
                    plan.base = crate::time::SimTime(world.now.0.saturating_sub(bind.0));
                }
                let mut value = object.value.clone();
                value.set("spec.nodeName", &node);
                let condition = pod_condition::condition(
                    "PodScheduled",
                    "True",
                    "",
                    "".into(),
                    None,
                    world.wall(),
                );
                pod_condition::set(&mut value, condition);
                let _ = world.update_status(key, value);
                let text = format!(
                    "Successfully assigned {}/{} to {node}",
                    object.meta.namespace, object.meta.name
                );
                world.event("default-scheduler", object, "Normal", "Scheduled", text);
                let base = self.plans.get(key).map_or(world.now, |p| p.base);
                self.plan(
                    world,
                    key,
                    base + self.script.delays.creating,
                    Item::Creating,
                );
                for c in 0..object.value.list_at("spec.containers").len() {
                    self.plan_start(world, key, object, c, base);
                }
            }
            None => {
                if !self.waiting.contains(key) {
                    self.waiting.push(key.clone());
                    let numbers = &self.plans;
                    self.waiting
                        .order_by_key(|k| numbers.get(k).map_or(0, |p| p.k));
                }
                let nodes = world.store.count(Kind::NODE);
                let text: Str = format!("0/{nodes} nodes are available.").into();
                let mut value = object.value.clone();
                let old = pod_condition::find(&value, "PodScheduled").cloned();
                let condition = pod_condition::condition(
                    "PodScheduled",
                    "False",
                    "Unschedulable",
                    text.clone(),
                    old.as_ref(),
                    world.wall(),
                );
                pod_condition::set(&mut value, condition);
                let _ = world.update_status(key, value);
                world.event(
                    "default-scheduler",
                    object,
                    "Warning",
                    "FailedScheduling",
                    text,
                );
            }
        }
    }

    /// The node with the fewest pods of the namespace on which this one fits; the lowest number among equals.
    fn choose(&self, world: &World, pod: &Object) -> Option<Str> {
        let wanted = Amounts::of_pod(&pod.value);
        let mut best: Option<(usize, Str)> = None;
        for node in world.store.list(Kind::NODE) {
            let name = &node.meta.name;
            if self.script.cordon && node.value.bool_at("spec.unschedulable") {
                continue;
            }
            let on_node: Vec<&Rc<Object>> = world
                .store
                .list_in(Kind::POD, &pod.meta.namespace)
                .filter(|p| p.pod().is_some_and(|v| v.node == *name))
                .collect();
            let mut used = Amounts::default();
            for other in &on_node {
                if other.pod().is_some_and(|p| p.is_live()) {
                    used += Amounts::of_pod(&other.value);
                }
            }
            let room = Amounts::allocatable(&node.value);
            let places = node
                .value
                .str_at("status.allocatable.pods")
                .parse()
                .unwrap_or(110);
            let fits = used.cpu + wanted.cpu <= room.cpu
                && used.memory + wanted.memory <= room.memory
                && on_node.len() < places;
            if !fits || on_node.iter().any(|other| repels(pod, other)) {
                continue;
            }
            if best
                .as_ref()
                .is_none_or(|(count, _)| on_node.len() < *count)
            {
                best = Some((on_node.len(), name.clone()));
            }
        }
        best.map(|(_, name)| name)
    }
}

/// Required anti-affinity by hostname.
fn repels(pod: &Object, other: &Object) -> bool {
    let terms = pod
        .value
        .list_at("spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    terms.iter().any(|t| {
        t.str_at("topologyKey") == "kubernetes.io/hostname"
            && t.at("labelSelector.matchLabels")
                .and_then(Value::as_map)
                .is_some_and(|m| m.iter().all(|(k, v)| other.meta.labels.get(k) == Some(v)))
    })
}
