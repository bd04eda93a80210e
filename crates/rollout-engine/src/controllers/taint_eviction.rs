//! The taint eviction controller: pods that do not tolerate a `NoExecute` taint of their node, at once or after a while.

use crate::client::DeleteOptions;
use crate::queue::Ticket;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value};
use std::rc::Rc;

/// The controller's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvictionEvent {
    /// The taints of a node have changed.
    Node(Str),
    /// A pod has come to a tainted node.
    Pod(ObjectKey),
    /// A pod's time is over.
    Due(ObjectKey),
}

/// A pod that will be evicted.
#[derive(Clone, Copy, Debug)]
struct Work {
    created: SimTime,
    ticket: Ticket,
}

/// The controller's state.
#[derive(Clone, Default)]
pub struct TaintEviction {
    work: Rc<SortedMap<ObjectKey, Work>>,
}

fn no_execute(node: &Object) -> Vec<&Value> {
    let taints = node.value.list_at("spec.taints").iter();
    taints
        .filter(|t| t.str_at("effect") == "NoExecute")
        .collect()
}

impl TaintEviction {
    /// Its watch: nodes and pods.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::NODE => {
                let taints = |o: &Option<Rc<Object>>| -> Vec<Value> {
                    let of = o.as_ref().map(|o| no_execute(o));
                    of.into_iter().flatten().cloned().collect()
                };
                if taints(&change.before) != taints(&change.after) {
                    let event = EvictionEvent::Node(change.key.name.clone());
                    world.schedule(Millis(0), SimEvent::Eviction(event));
                }
            }
            Kind::POD => {
                let Some(pod) = &change.after else {
                    self.cancel(world, &change.key);
                    return;
                };
                let node = |o: &Object| o.pod().map(|p| p.node.clone()).unwrap_or_default();
                let now = node(pod);
                if now.is_empty() || change.before.as_ref().is_some_and(|b| node(b) == now) {
                    return;
                }
                let tainted = world
                    .store
                    .get(&ObjectKey::new(Kind::NODE, "", now))
                    .is_some_and(|n| !no_execute(n).is_empty());
                if tainted {
                    let event = EvictionEvent::Pod(change.key.clone());
                    world.schedule(Millis(0), SimEvent::Eviction(event));
                }
            }
            _ => {}
        }
    }

    /// A new process has no deletion planned.
    pub(crate) fn begin_anew(&mut self, world: &mut World) {
        for work in self.work.values() {
            world.cancel(work.ticket);
        }
        self.work = Rc::default();
    }

    /// Its turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: EvictionEvent) {
        match event {
            EvictionEvent::Node(node) => {
                let pods: Vec<ObjectKey> = world
                    .store
                    .list(Kind::POD)
                    .filter(|p| p.pod().is_some_and(|v| v.node == node))
                    .map(|p| ObjectKey::new(Kind::POD, &p.meta.namespace, &p.meta.name))
                    .collect();
                for pod in pods {
                    self.process_pod_on_node(world, &pod);
                }
            }
            EvictionEvent::Pod(pod) => self.process_pod_on_node(world, &pod),
            EvictionEvent::Due(pod) => {
                let due = self
                    .work
                    .get(&pod)
                    .is_some_and(|w| w.ticket.at <= world.now);
                if due {
                    Rc::make_mut(&mut self.work).remove(&pod);
                    evict(world, &pod);
                }
            }
        }
    }

    /// Mirrors `processPodOnNode`, pkg/controller/tainteviction/taint_eviction.go.
    fn process_pod_on_node(&mut self, world: &mut World, key: &ObjectKey) {
        let Some(pod) = world.store.get(key).cloned() else {
            return;
        };
        let node = pod.pod().map(|p| p.node.clone()).unwrap_or_default();
        let node = world.store.get(&ObjectKey::new(Kind::NODE, "", node));
        let taints: Vec<Value> = node
            .map(|n| no_execute(n).into_iter().cloned().collect())
            .unwrap_or_default();
        if taints.is_empty() {
            self.cancel_with_event(world, &pod, key);
            return;
        }
        let tolerations = pod.value.list_at("spec.tolerations");
        let mut used: Vec<&Value> = Vec::new();
        for taint in &taints {
            let Some(found) = tolerations.iter().find(|t| tolerates(t, taint)) else {
                self.cancel_with_event(world, &pod, key);
                evict(world, key);
                return;
            };
            used.push(found);
        }
        let seconds = used.iter().filter_map(|t| t.int_at("tolerationSeconds"));
        let Some(least) = seconds.min().map(Millis::from_secs) else {
            self.cancel_with_event(world, &pod, key);
            return;
        };
        let mut created = world.now;
        let trigger = created + least;
        if let Some(work) = self.work.get(key) {
            created = work.created;
            if created + least < trigger {
                return;
            }
            self.cancel_with_event(world, &pod, key);
        }
        let event = SimEvent::Eviction(EvictionEvent::Due(key.clone()));
        let ticket = world.schedule_at(trigger, event);
        Rc::make_mut(&mut self.work).insert(key.clone(), Work { created, ticket });
    }

    fn cancel(&mut self, world: &mut World, key: &ObjectKey) -> bool {
        if !self.work.contains_key(key) {
            return false;
        }
        if let Some(work) = Rc::make_mut(&mut self.work).remove(key) {
            world.cancel(work.ticket);
        }
        true
    }

    fn cancel_with_event(&mut self, world: &mut World, pod: &Object, key: &ObjectKey) {
        if self.cancel(world, key) {
            tell(world, pod, "Cancelling deletion of Pod");
        }
    }
}

/// Mirrors `Toleration.ToleratesTaint` for effect `NoExecute`.
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (key, effect) = (toleration.str_at("key"), toleration.str_at("effect"));
    (effect.is_empty() || effect == "NoExecute")
        && (key.is_empty() || key == taint.str_at("key"))
        && match toleration.str_at("operator") {
            "Exists" => true,
            "" | "Equal" => !key.is_empty() && toleration.str_at("value") == taint.str_at("value"),
            _ => false,
        }
}

/// The controller's name in its events: 1.29 took it out of the node lifecycle controller.
fn component(version: Minor) -> &'static str {
    if version >= Minor(29) {
        "taint-eviction-controller"
    } else {
        "taint-controller"
    }
}

fn tell(world: &mut World, pod: &Object, what: &str) {
    let text = format!("{what} {}/{}", pod.meta.namespace, pod.meta.name);
    let component = component(world.version());
    world.event(component, pod, "Normal", "TaintManagerEviction", text);
}

/// Mirrors `deletePodHandler` and `addConditionAndDeletePod`.
fn evict(world: &mut World, key: &ObjectKey) {
    let Some(pod) = world.store.get(key).cloned() else {
        return;
    };
    tell(world, &pod, "Marking for deletion Pod");
    let condition = crate::pod_condition::condition(
        "DisruptionTarget",
        "True",
        "DeletionByTaintManager",
        "Taint manager: deleting due to NoExecute taint".into(),
        crate::pod_condition::find(&pod.value, "DisruptionTarget"),
        world.wall(),
    );
    let mut value = pod.value.clone();
    crate::pod_condition::set(&mut value, condition);
    if world.update_status(key, value).is_ok() {
        let _ = world.delete(key, &DeleteOptions::default());
    }
}
