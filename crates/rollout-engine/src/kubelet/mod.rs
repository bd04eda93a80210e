//! The kubelets: pods walk through their real phases.
//!
//! One worker per pod, as in the real kubelet: it syncs the pod (status first, then the runtime), and while it pulls or
//! starts a container nothing else is done for the pod. Probes and the ends of processes come on their own.
//!
//! Differs: what the runtime does is seen at once, where the real kubelet looks every second.

pub mod backoff;
pub mod container_status;
pub mod decision;
pub mod image_manager;
mod node;
mod plan;
mod pod;
pub mod pod_actions;
pub mod prober;
mod probing;
mod program;
mod report;
mod served;
mod start;
pub mod status;
mod stop;
mod sync;
mod texts;
mod volumes;

pub(crate) use program::{is_unhealthy, next_change as next_change_of};

use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::world::World;
use node::Nodes;
use plan::{PodPlan, SharedPlan};
use pod::PodState;
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Value};
use std::rc::Rc;

/// A kubelet's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KubeletEvent {
    /// The pod's worker syncs.
    Sync(ObjectKey),
    /// What the pod's worker was doing is done.
    Job(ObjectKey),
    /// A container's process ends.
    Exit(ObjectKey, usize),
    /// A probe's tick.
    Probe(ObjectKey, usize, usize),
    /// Behaviours of images have changed: probes may hear something else.
    Rules,
    /// A node's kubelet reaches the API server again.
    Reconnected(Str),
}

/// Delays of the page's node side, in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timings {
    /// From a pod's creation to its node.
    pub schedule: u64,
    /// A pull.
    pub pull: u64,
    /// A pull of what the node has, or a look at it.
    pub pull_cached: u64,
    /// A pull that fails.
    pub pull_failed: u64,
    /// Creation and start of a container.
    pub start: u64,
    /// More of it, at most; drawn per pod.
    pub start_spread: u64,
    /// From the stop signal to the end of the process.
    pub stop: u64,
    /// Until the kubelet looks at the runtime again after a failed first sync.
    pub relist: u64,
}

impl Default for Timings {
    fn default() -> Self {
        Timings {
            schedule: 100,
            pull: 2_000,
            pull_cached: 200,
            pull_failed: 1_000,
            start: 1_000,
            start_spread: 990,
            stop: 500,
            relist: 1_000,
        }
    }
}

/// Pods with the same template share a plan: its owner's uid, and the plan.
type Plans = SortedMap<(Str, u64), SharedPlan>;

/// Name and namespace: names differ sooner.
type PodName = (Str, Str);

fn pod_name(key: &ObjectKey) -> PodName {
    (key.name.clone(), key.namespace.clone())
}

/// All kubelets.
#[derive(Clone)]
pub struct Kubelet {
    timings: Timings,
    pods: Rc<SortedMap<PodName, Option<Rc<PodState>>>>,
    nodes: Nodes,
    plans: Rc<Plans>,
    /// How many pods have used an image.
    ordinals: Rc<SortedMap<Str, u32>>,
}

impl Kubelet {
    /// The kubelets of a fresh cluster.
    pub fn new(timings: Timings) -> Kubelet {
        Kubelet {
            timings,
            pods: Rc::default(),
            nodes: Nodes::default(),
            plans: Rc::default(),
            ordinals: Rc::default(),
        }
    }

    /// Their watch.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        match (change.key.kind, &change.after) {
            (Kind::POD, None) => self.pod_gone(world, &change.key),
            (Kind::POD, Some(pod)) => self.observe_pod(world, change, pod),
            (Kind::CONFIG_MAP | Kind::SECRET, _) => self.observe_data(world, &change.key),
            _ => {}
        }
    }

    /// A ConfigMap or Secret has changed: the pods that have it mounted see it at their next sync.
    fn observe_data(&mut self, world: &mut World, changed: &ObjectKey) {
        let uses = |p: &&Rc<PodState>| p.ip.is_some() && p.mounts_data(changed);
        let pods = self.pods.values().flatten().filter(uses);
        let keys: Vec<ObjectKey> = pods.map(|p| p.key.clone()).collect();
        for key in keys {
            self.with(world, &key, |_, world, pod| pod.will_remount(world));
        }
    }

    fn observe_pod(&mut self, world: &mut World, change: &Change, pod: &Object) {
        let Some(view) = pod.pod().filter(|v| !v.node.is_empty()) else {
            return;
        };
        if world.faults.is_cut(&view.node) {
            return; // Its kubelet hears nothing.
        }
        match self
            .pods
            .get(&pod_name(&change.key))
            .and_then(Option::as_ref)
        {
            Some(known) if known.uid == pod.meta.uid => {
                let grace = pod.meta.deletion.and(Some(pod.meta.grace.unwrap_or(0)));
                if grace != known.grace {
                    world.schedule(
                        Millis(0),
                        SimEvent::Kubelet(KubeletEvent::Sync(change.key.clone())),
                    );
                }
            }
            Some(_) => self.pod_gone(world, &change.key),
            // A pod that was there before the engine began is nobody's business: recorded states stay as they are.
            None if change
                .before
                .as_ref()
                .is_some_and(|b| b.pod().is_some_and(|b| !b.node.is_empty())) => {}
            None if !view.is_live() => {}
            None => {
                let state = self.admit(world, pod);
                Rc::make_mut(&mut self.pods).insert(pod_name(&change.key), Some(Rc::new(state)));
                world.schedule(
                    Millis(0),
                    SimEvent::Kubelet(KubeletEvent::Sync(change.key.clone())),
                );
            }
        }
    }

    fn plan(&mut self, pod: &Object) -> SharedPlan {
        let owner = pod.meta.controller.as_ref().map(|c| c.uid.clone());
        let Some(owner) = owner else {
            return Rc::new(PodPlan::of(&pod.value));
        };
        // Pods of one ReplicaSet differ if its template was changed in between: the hash label tells.
        let hash = pod.meta.label("pod-template-hash").unwrap_or("");
        let key = (owner, report::scatter(hash, 0));
        if let Some(plan) = self.plans.get(&key) {
            return plan.clone();
        }
        let plan = Rc::new(PodPlan::of(&pod.value));
        let plans = Rc::make_mut(&mut self.plans);
        if plans.len() >= 512 {
            plans.clear();
        }
        plans.insert(key, plan.clone());
        plan
    }

    fn admit(&mut self, world: &mut World, pod: &Object) -> PodState {
        let plan = self.plan(pod);
        let ordinals = Rc::make_mut(&mut self.ordinals);
        let mut numbers: Vec<(Str, u32)> = Vec::new();
        for c in &plan.containers {
            if !numbers.iter().any(|(image, _)| *image == c.image) {
                let n = ordinals.entry(c.image.clone()).or_insert(0);
                *n += 1;
                numbers.push((c.image.clone(), *n));
            }
        }
        let node = pod.pod().map(|p| p.node.clone()).unwrap_or_default();
        PodState::new(world, &self.timings, pod, node, plan, &numbers)
    }

    fn pod_gone(&mut self, world: &mut World, key: &ObjectKey) {
        let name = pod_name(key);
        if !self.pods.contains_key(&name) {
            return;
        }
        let Some(Some(pod)) = Rc::make_mut(&mut self.pods).remove(&name) else {
            return;
        };
        pod.cancel_all(world);
        // A process that still ran is killed with its pod.
        let end = crate::traffic::End {
            at: world.now,
            broken: true,
        };
        world.traffic.ended(&pod.uid, end);
        world.files.forget(&pod.uid);
        if let Some(ip) = &pod.ip {
            self.nodes.release(&pod.node, ip);
        }
        world
            .logs
            .forget(&Str::concat(&[&key.namespace, "/", &key.name]));
    }

    /// Their turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: KubeletEvent) {
        match event {
            KubeletEvent::Sync(key) => self.with(world, &key, |k, world, pod| {
                pod.sync_ticket = None;
                k.sync_pod(world, pod);
            }),
            KubeletEvent::Job(key) => self.with(world, &key, |k, world, pod| {
                pod.job_ticket = None;
                k.job_done(world, pod);
            }),
            KubeletEvent::Exit(key, container) => {
                self.with(world, &key, |k, world, pod| {
                    k.container_exits(world, pod, container)
                });
            }
            KubeletEvent::Probe(key, container, probe) => {
                self.with(world, &key, |k, world, pod| {
                    k.probe_tick(world, pod, container, probe)
                });
            }
            KubeletEvent::Rules => {
                let keys: Vec<ObjectKey> = self
                    .pods
                    .values()
                    .flatten()
                    .map(|p| p.key.clone())
                    .collect();
                for key in keys {
                    self.with(world, &key, |k, world, pod| k.replan_probes(world, pod));
                }
            }
            KubeletEvent::Reconnected(node) => self.reconnect(world, &node),
        }
    }

    /// Does a kubelet look after this pod?
    fn knows(&self, key: &ObjectKey) -> bool {
        self.pods.contains_key(&pod_name(key))
    }

    /// Takes a pod's state out, lets `f` change it, and puts it back.
    fn with(
        &mut self,
        world: &mut World,
        key: &ObjectKey,
        f: impl FnOnce(&mut Self, &mut World, &mut PodState),
    ) {
        let name = pod_name(key);
        let slot = Rc::make_mut(&mut self.pods).get_mut(&name);
        let Some(mut state) = slot.and_then(Option::take) else {
            return;
        };
        f(self, world, Rc::make_mut(&mut state));
        if let Some(slot) = Rc::make_mut(&mut self.pods).get_mut(&name) {
            *slot = Some(state);
        }
    }

    /// How many pods they look after.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// A node's address.
    fn host_ip(&mut self, world: &World, node: &Str) -> Str {
        self.nodes.host_ip(world, node)
    }
}

impl World {
    /// Moments in rules of images count from this point on.
    pub fn set_rules_zero(&mut self, zero: crate::time::SimTime) {
        self.images.set_zero(zero);
        self.traffic.rules_changed(self.now, &self.images);
    }

    /// Sets the behaviour of an image. What pulls, starts and probes do from now on follows it.
    pub fn set_image_rule(&mut self, rule: crate::images::ImageRule) {
        self.images.set(rule);
        self.traffic.rules_changed(self.now, &self.images);
        self.schedule(Millis(0), SimEvent::Kubelet(KubeletEvent::Rules));
    }

    /// Reads and sets the behaviour of an image: see [`crate::images::ImageRules::set_words`].
    pub fn set_image_rule_words(
        &mut self,
        words: &[&str],
    ) -> Result<crate::images::ImageRule, crate::images::WordError> {
        let rule = self.images.set_words(words)?;
        self.traffic.rules_changed(self.now, &self.images);
        self.schedule(Millis(0), SimEvent::Kubelet(KubeletEvent::Rules));
        Ok(rule)
    }
}

/// The data and binary data of a ConfigMap or Secret.
pub(super) fn config_data(
    world: &World,
    namespace: &Str,
    source: &plan::ConfigSource,
) -> Option<(Value, Value)> {
    let kind = if source.secret {
        Kind::SECRET
    } else {
        Kind::CONFIG_MAP
    };
    let key = ObjectKey::new(kind, namespace.clone(), source.name.clone());
    let object = world.store.get(&key)?;
    let part = |name: &str| object.value.get(name).cloned().unwrap_or_default();
    Some((part("data"), part("binaryData")))
}
