//! The scheduler: filter, score, bind; or say why not and try again.

mod claims;
mod filters;
mod preemption;
pub(crate) mod resources;

pub(crate) use claims::volume_fits_node;
pub use filters::NodeInfo;
pub use resources::Amounts;

use crate::events::EventObject;
use crate::pod_condition;
use crate::queue::Ticket;
use crate::rng::Stream;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::{Millis, SimTime};
use crate::volumes::{
    PERSISTENT_VOLUME, STORAGE_CLASS, claim as claim_named, claims_of, volume_of,
};
use crate::world::World;
use claims::Claims;
use filters::{Candidate, Placed, Refusal, Relations};
use preemption::Preemption;
use rollout_api::SortedMap;
use rollout_api::views::{Object, PodPhase};
use rollout_api::{Kind, ObjectKey, Str, Value};
use std::rc::Rc;

/// The first wait after a failed attempt; it doubles up to the longest.
const INITIAL_BACKOFF: u64 = 1_000;
const MAX_BACKOFF: u64 = 10_000;
/// A pod that nothing could help is tried again after this time at the latest …
const UNSCHEDULABLE_TIMEOUT: u64 = 300_000;
/// … at the next of these ticks.
const FLUSH_TICK: u64 = 30_000;
/// What scores assume of a container without requests.
const DEFAULT_CPU: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 << 20;
/// How long a pod waits for its volumes before another node is looked for.
const BIND_TIMEOUT: Millis = Millis(600_000);
const NAME: &str = "default-scheduler";

/// The scheduler's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SchedulerEvent {
    /// It takes this pod from its queue.
    Schedule(ObjectKey),
}

/// What the scheduler decided about a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SchedulerDecision {
    /// It goes to a node.
    Bound {
        /// Which.
        node: Str,
        /// How many nodes could take it.
        feasible: usize,
        /// How many there are.
        nodes: usize,
    },
    /// No node can take it.
    Unschedulable {
        /// How many nodes there are.
        nodes: usize,
        /// How often it was tried.
        attempts: u32,
        /// The latest moment of the next attempt.
        until: SimTime,
    },
}

#[derive(Clone)]
struct Waiting {
    attempts: u32,
    last: SimTime,
    ticket: Ticket,
    /// In the pool of pods that wait for an event, not in the queue.
    parked: bool,
}

/// The scheduler with its cache of nodes and its queue.
#[derive(Clone)]
pub struct Scheduler {
    delay: Millis,
    nodes: Rc<SortedMap<Str, NodeInfo>>,
    waiting: Rc<SortedMap<ObjectKey, Waiting>>,
    /// How many of those that wait are parked.
    parked: usize,
    /// Pods whose node is chosen and whose volumes are being made for it.
    binding: Rc<SortedMap<ObjectKey, Str>>,
    /// Pods for which others have to leave this node.
    nominated: Rc<SortedMap<ObjectKey, Str>>,
    synced: bool,
}

/// Why no node can take a pod: something about the pod, or each node's reason.
enum Unfit {
    Pod(String),
    Nodes(Vec<Refusal>),
}

/// A pod's claim on a node, if it has one.
fn claim(object: &Object) -> Option<&Str> {
    let pod = object.pod()?;
    (!pod.node.is_empty() && !matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed))
        .then_some(&pod.node)
}

/// What spreading counts: a pod's node and controller, while it is not being deleted.
fn mate(object: &Object) -> Option<(&Str, &Str)> {
    let owner = object.meta.controller.as_ref()?;
    (!object.meta.is_terminating()).then_some((claim(object)?, &owner.uid))
}

impl NodeInfo {
    fn account_mate(&mut self, owner: &Str, sign: i64) {
        let n = self.by_owner.entry(owner.clone()).or_insert(0);
        *n += sign;
        if *n <= 0 {
            self.by_owner.remove(owner);
        }
    }

    fn account(&mut self, pod: &Object, sign: i64) {
        let request = Amounts::of_pod(&pod.value);
        let nonzero = Amounts {
            cpu: if request.cpu == 0 {
                DEFAULT_CPU
            } else {
                request.cpu
            },
            memory: if request.memory == 0 {
                DEFAULT_MEMORY
            } else {
                request.memory
            },
            storage: 0,
        };
        if sign > 0 {
            self.used += request;
            self.used_nonzero += nonzero;
        } else {
            self.used -= request;
            self.used_nonzero -= nonzero;
        }
        for (name, want) in resources::scalars_of_pod(&pod.value) {
            let n = self.scalars_used.entry(name).or_insert(0);
            *n = n.saturating_add(sign.saturating_mul(want)).max(0);
        }
        self.pods += sign;
        self.choosy += sign * i64::from(is_choosy(pod));
        let of_it = preemption::priority(&pod.value);
        let n = self.priorities.entry(of_it).or_insert(0);
        *n += sign;
        if *n <= 0 {
            self.priorities.remove(&of_it);
        }
        for port in filters::host_ports(&pod.value) {
            let n = self.ports.entry(port.clone()).or_insert(0);
            *n += sign;
            if *n <= 0 {
                self.ports.remove(&port);
            }
        }
    }
}

impl Scheduler {
    /// A scheduler that takes `delay` for each pod.
    pub fn new(delay: Millis) -> Scheduler {
        Scheduler {
            delay,
            nodes: Rc::default(),
            waiting: Rc::default(),
            parked: 0,
            binding: Rc::default(),
            nominated: Rc::default(),
            synced: false,
        }
    }

    /// Fills the cache from the store, once.
    fn sync(&mut self, world: &World) {
        if self.synced {
            return;
        }
        self.synced = true;
        let nodes = Rc::make_mut(&mut self.nodes);
        for node in world.store.list(Kind::NODE) {
            nodes.insert(node.meta.name.clone(), NodeInfo::new(node.value.clone()));
        }
        for pod in world.store.list(Kind::POD) {
            if let Some(info) = claim(pod).and_then(|n| nodes.get_mut(n)) {
                info.account(pod, 1);
            }
            if let Some((node, owner)) = mate(pod)
                && let Some(info) = nodes.get_mut(node)
            {
                info.account_mate(owner, 1);
            }
        }
    }

    /// Its watch.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::POD => self.observe_pod(world, change),
            Kind::NODE if self.synced => {
                let nodes = Rc::make_mut(&mut self.nodes);
                match &change.after {
                    None => {
                        nodes.remove(&change.key.name);
                    }
                    Some(node) => {
                        let mut info = NodeInfo::new(node.value.clone());
                        if let Some(old) = nodes.remove(&change.key.name) {
                            info.used = old.used;
                            info.used_nonzero = old.used_nonzero;
                            info.pods = old.pods;
                            info.scalars_used = old.scalars_used;
                            info.by_owner = old.by_owner;
                            info.ports = old.ports;
                            info.choosy = old.choosy;
                            info.priorities = old.priorities;
                        }
                        nodes.insert(change.key.name.clone(), info);
                    }
                }
                self.wake(world, &change.key.name);
            }
            Kind::PERSISTENT_VOLUME_CLAIM | PERSISTENT_VOLUME | STORAGE_CLASS => {
                self.wake_claimants(world);
            }
            _ => {}
        }
    }

    fn observe_pod(&mut self, world: &mut World, change: &Change) {
        let before = change.before.as_ref().and_then(|o| claim(o));
        let after = change.after.as_ref().and_then(|o| claim(o));
        let mates = [&change.before, &change.after].map(|o| o.as_deref().and_then(mate));
        if self.synced && mates[0] != mates[1] {
            let nodes = Rc::make_mut(&mut self.nodes);
            for (mate, sign) in mates.into_iter().zip([-1, 1]) {
                if let Some((node, owner)) = mate
                    && let Some(info) = nodes.get_mut(node)
                {
                    info.account_mate(owner, sign);
                }
            }
        }
        if self.synced && before != after {
            let nodes = Rc::make_mut(&mut self.nodes);
            let mut freed = None;
            if let (Some(pod), Some(node)) = (&change.before, before)
                && let Some(info) = nodes.get_mut(node)
            {
                info.account(pod, -1);
                freed = Some(node.clone());
            }
            if let (Some(pod), Some(node)) = (&change.after, after)
                && let Some(info) = nodes.get_mut(node)
            {
                info.account(pod, 1);
            }
            if let Some(node) = freed {
                self.wake(world, &node);
            }
        }
        match &change.after {
            None => self.forget(world, &change.key),
            Some(pod) if change.before.is_none() && wants_node(pod) => {
                let ticket = world.schedule(
                    self.delay,
                    SimEvent::Scheduler(SchedulerEvent::Schedule(change.key.clone())),
                );
                let entry = Waiting {
                    attempts: 0,
                    last: world.now,
                    ticket,
                    parked: false,
                };
                self.put(change.key.clone(), entry);
            }
            Some(_) => {}
        }
    }

    fn forget(&mut self, world: &mut World, key: &ObjectKey) {
        if self.waiting.contains_key(key)
            && let Some(entry) = self.take(key)
        {
            world.cancel(entry.ticket);
        }
        if self.binding.contains_key(key) {
            Rc::make_mut(&mut self.binding).remove(key);
        }
        self.nominate(key, None);
    }

    /// Others leave a node for this pod, or nobody does any more.
    fn nominate(&mut self, key: &ObjectKey, node: Option<Str>) {
        if let Some(node) = node {
            Rc::make_mut(&mut self.nominated).insert(key.clone(), node);
        } else if self.nominated.contains_key(key) {
            Rc::make_mut(&mut self.nominated).remove(key);
        }
    }

    /// A node has changed: pods that it could take now go back to the queue.
    fn wake(&mut self, world: &mut World, node: &Str) {
        if self.parked == 0 {
            return;
        }
        let Some(info) = self.nodes.get(node) else {
            return;
        };
        let version = world.version();
        for (key, entry) in Rc::make_mut(&mut self.waiting)
            .iter_mut()
            .filter(|(_, w)| w.parked)
        {
            let Some(pod) = world.store.get(key) else {
                continue;
            };
            if filters::filter(&Candidate::new(pod), info, version).is_err() {
                continue;
            }
            let backoff = (INITIAL_BACKOFF << (entry.attempts.max(1) - 1).min(8)).min(MAX_BACKOFF);
            world.cancel(entry.ticket);
            let event = SimEvent::Scheduler(SchedulerEvent::Schedule(key.clone()));
            entry.ticket = world.schedule_at(entry.last + Millis(backoff), event);
            entry.parked = false;
            self.parked -= 1;
        }
    }

    /// Claims, volumes or classes have changed: pods that use claims are looked at again.
    fn wake_claimants(&mut self, world: &mut World) {
        if self.waiting.is_empty() {
            return;
        }
        let binding = self.binding.clone();
        for (key, entry) in Rc::make_mut(&mut self.waiting).iter_mut() {
            let Some(pod) = world.store.get(key) else {
                continue;
            };
            let pod = pod.clone();
            let mut names = claims_of(&pod.value).peekable();
            if names.peek().is_none() {
                continue;
            }
            let at = if binding.contains_key(key) {
                let bound = |name: Str| {
                    claim_named(world, &key.namespace, &name)
                        .is_some_and(|c| volume_of(world, &c).is_some())
                };
                if !names.all(bound) {
                    continue;
                }
                world.now
            } else if entry.parked {
                let backoff =
                    (INITIAL_BACKOFF << (entry.attempts.max(1) - 1).min(8)).min(MAX_BACKOFF);
                entry.last + Millis(backoff)
            } else {
                continue;
            };
            world.cancel(entry.ticket);
            let event = SimEvent::Scheduler(SchedulerEvent::Schedule(key.clone()));
            entry.ticket = world.schedule_at(at, event);
            if entry.parked {
                entry.parked = false;
                self.parked -= 1;
            }
        }
    }

    /// The node is chosen; its claims get their volumes first.
    fn wait_for_volumes(&mut self, world: &mut World, key: ObjectKey, node: &Str, claims: &Claims) {
        Rc::make_mut(&mut self.binding).insert(key.clone(), node.clone());
        claims::select_node(world, claims, node);
        let event = SimEvent::Scheduler(SchedulerEvent::Schedule(key.clone()));
        let attempts = self.waiting.get(&key).map_or(0, |w| w.attempts);
        let entry = Waiting {
            attempts,
            last: world.now,
            ticket: world.schedule(BIND_TIMEOUT, event),
            parked: false,
        };
        self.put(key, entry);
    }

    /// Its turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: SchedulerEvent) {
        let SchedulerEvent::Schedule(key) = event;
        self.sync(world);
        let Some(pod) = world.store.get(&key).cloned() else {
            return;
        };
        if !wants_node(&pod) {
            self.forget(world, &key);
            return;
        }
        let bound = |name: Str| {
            claim_named(world, &key.namespace, &name)
                .is_some_and(|c| volume_of(world, &c).is_some())
        };
        if let Some(node) = self.binding.get(&key).cloned() {
            Rc::make_mut(&mut self.binding).remove(&key);
            if claims_of(&pod.value).all(bound) {
                self.take(&key);
                self.bind(world, &key, &pod, &node);
                return;
            }
        }
        match self.schedule_pod(world, &pod) {
            Ok((node, feasible, claims)) => {
                if !claims.waiting.is_empty() {
                    self.wait_for_volumes(world, key, &node, &claims);
                    return;
                }
                self.take(&key);
                let nodes = self.nodes.len();
                let why = SchedulerDecision::Bound {
                    node: node.clone(),
                    feasible,
                    nodes,
                };
                world.decide((key.clone(), why));
                self.bind(world, &key, &pod, &node);
            }
            Err(unfit) => self.handle_scheduling_failure(world, key, &pod, &unfit),
        }
    }

    /// Mirrors `schedulePod`, pkg/scheduler/schedule_one.go: filter, score, one of the best at random.
    fn schedule_pod(&self, world: &mut World, pod: &Object) -> Result<(Str, usize, Claims), Unfit> {
        let claims = claims::pre_filter(world, pod).map_err(Unfit::Pod)?;
        let candidate = Candidate::new(pod);
        let version = world.version();
        let mut refusals = Vec::new();
        let mut feasible = Vec::new();
        let relations = self.relations(world, &candidate, &|_| false);
        for (name, info) in self.nodes.iter() {
            let shared = self.with_nominated(world, pod, name, info);
            let room = shared.as_ref().unwrap_or(info);
            let verdict = filters::filter(&candidate, room, version)
                .and_then(|()| claims::filter(world, &claims, room))
                .and_then(|()| relations.as_ref().map_or(Ok(()), |r| r.filter(room)));
            match verdict {
                Ok(()) => feasible.push((name, info)),
                Err(refusal) => refusals.push(refusal),
            }
        }
        if feasible.is_empty() {
            return Err(Unfit::Nodes(refusals));
        }
        let count = feasible.len();
        let scores = scores(&candidate, &feasible, relations.as_ref());
        let best = scores.iter().copied().max().unwrap_or(0);
        let top: Vec<Str> = feasible
            .iter()
            .zip(&scores)
            .filter(|(_, s)| **s == best)
            .map(|((n, _), _)| (*n).clone())
            .collect();
        drop(relations);
        let pick = if top.len() > 1 {
            world.rng.below(Stream::Scheduler, top.len() as u64) as usize
        } else {
            0
        };
        Ok((top[pick].clone(), count, claims))
    }

    /// Pods on nodes, if anybody's affinity or spread could matter.
    fn relations<'a>(
        &'a self,
        world: &'a World,
        candidate: &'a Candidate<'a>,
        gone: &dyn Fn(&Object) -> bool,
    ) -> Option<Relations<'a>> {
        // Pods with anti-affinity of their own restrict others as well.
        if !candidate.relations && self.nodes.values().all(|n| n.choosy == 0) {
            return None;
        }
        let placed = world
            .store
            .list(Kind::POD)
            .filter_map(|pod| {
                Some(Placed {
                    pod,
                    node: self.nodes.get(claim(pod)?)?,
                })
            })
            .filter(|p| (candidate.relations || is_choosy(p.pod)) && !gone(p.pod))
            .collect();
        Some(Relations::new(
            candidate,
            placed,
            self.nodes.values().collect(),
        ))
    }

    fn bind(&mut self, world: &mut World, key: &ObjectKey, pod: &Object, node: &Str) {
        self.nominate(key, None);
        let mut value = pod.value.clone();
        value.set("spec.nodeName", node.clone());
        if world.version().0 >= 35 {
            value.remove("status.nominatedNodeName");
        }
        let old = pod_condition::find(&value, "PodScheduled").cloned();
        let condition = pod_condition::condition(
            "PodScheduled",
            "True",
            "",
            Str::default(),
            old.as_ref(),
            world.wall(),
        );
        pod_condition::set(&mut value, condition);
        // The pod was read in this turn: nothing can refuse the write.
        let _ = world.update_status(key, value);
        let (namespace, name) = (&key.namespace, &key.name);
        let message = Str::concat(&["Successfully assigned ", namespace, "/", name, " to ", node]);
        world.event_series(
            NAME,
            &EventObject::of(pod),
            "Normal",
            "Scheduled",
            "Binding",
            &message,
        );
    }

    /// Mirrors `handleSchedulingFailure`, pkg/scheduler/schedule_one.go.
    fn handle_scheduling_failure(
        &mut self,
        world: &mut World,
        key: ObjectKey,
        pod: &Object,
        unfit: &Unfit,
    ) {
        let nodes = self.nodes.len();
        let mut nominated = None;
        let message: Str = match unfit {
            Unfit::Pod(why) if nodes > 0 => filters::pre_filter_error(nodes, why).into(),
            Unfit::Pod(_) => filters::fit_error(&[], "").into(),
            Unfit::Nodes(refusals) if refusals.is_empty() => filters::fit_error(&[], "").into(),
            Unfit::Nodes(refusals) => match self.preempt(world, pod, refusals) {
                Preemption::Nominated(node) => {
                    nominated = Some(Some(node));
                    filters::fit_error(refusals, "").into()
                }
                Preemption::NoHelp(why) => {
                    nominated = Some(None);
                    filters::fit_error(refusals, &why).into()
                }
                Preemption::NotEligible(why) => filters::fit_error(refusals, why).into(),
            },
        };
        let about = EventObject::of(pod);
        world.event_series(
            NAME,
            &about,
            "Warning",
            "FailedScheduling",
            "Scheduling",
            &message,
        );
        let mut value = pod.value.clone();
        let old = pod_condition::find(&value, "PodScheduled").cloned();
        let condition = pod_condition::condition(
            "PodScheduled",
            "False",
            "Unschedulable",
            message,
            old.as_ref(),
            world.wall(),
        );
        pod_condition::set(&mut value, condition);
        if let Some(node) = nominated {
            match &node {
                Some(node) => value.set("status.nominatedNodeName", node.clone()),
                None => drop(value.remove("status.nominatedNodeName")),
            }
            self.nominate(&key, node);
        }
        let _ = world.update_status(&key, value);
        let late = (world.now.0 + UNSCHEDULABLE_TIMEOUT).div_ceil(FLUSH_TICK) * FLUSH_TICK;
        let event = SimEvent::Scheduler(SchedulerEvent::Schedule(key.clone()));
        let ticket = world.schedule_at(SimTime(late), event);
        let attempts = self.waiting.get(&key).map_or(0, |w| w.attempts) + 1;
        let why = SchedulerDecision::Unschedulable {
            nodes,
            attempts,
            until: SimTime(late),
        };
        world.decide((key.clone(), why));
        let entry = Waiting {
            attempts,
            last: world.now,
            ticket,
            parked: true,
        };
        self.put(key, entry);
    }

    fn put(&mut self, key: ObjectKey, entry: Waiting) {
        self.parked += usize::from(entry.parked);
        let old = Rc::make_mut(&mut self.waiting).insert(key, entry);
        self.parked -= usize::from(old.is_some_and(|w| w.parked));
    }

    fn take(&mut self, key: &ObjectKey) -> Option<Waiting> {
        let old = Rc::make_mut(&mut self.waiting).remove(key);
        self.parked -= usize::from(old.as_ref().is_some_and(|w| w.parked));
        old
    }
}

/// It has a required anti-affinity.
fn is_choosy(pod: &Object) -> bool {
    pod.value
        .at("spec.affinity.podAntiAffinity")
        .is_some_and(|a| {
            a.get("requiredDuringSchedulingIgnoredDuringExecution")
                .is_some()
        })
}

fn wants_node(pod: &Object) -> bool {
    let spec = pod.value.get("spec");
    let name = spec.map_or("", |s| s.str_at("schedulerName"));
    claim(pod).is_none()
        && pod.pod().is_some_and(|p| p.node.is_empty() && p.is_live())
        && !pod.meta.is_terminating()
        && (name.is_empty() || name == NAME)
        && spec.is_none_or(|s| s.list_at("schedulingGates").is_empty())
}

/// Mirrors the score plugins with their weights, pkg/scheduler/framework/plugins: each 0 to 100.
/// Differs: ImageLocality is left out, and spreading is by the pod's controller and node.
fn scores(
    c: &Candidate<'_>,
    nodes: &[(&Str, &NodeInfo)],
    relations: Option<&Relations<'_>>,
) -> Vec<i64> {
    if nodes.len() == 1 {
        return vec![0];
    }
    let owner = c.pod.meta.controller.as_ref().map(|o| &o.uid);
    let mates: Vec<i64> = nodes
        .iter()
        .map(|(_, n)| owner.and_then(|o| n.by_owner.get(o)).copied().unwrap_or(0))
        .collect();
    let (most, least) = (
        mates.iter().copied().max().unwrap_or(0),
        mates.iter().copied().min().unwrap_or(0),
    );
    let taints = normalize(
        nodes
            .iter()
            .map(|(_, n)| -filters::disliked_taints(c, n))
            .collect(),
    );
    let prefer = normalize(
        nodes
            .iter()
            .map(|(_, n)| filters::preferred_nodes(c, n))
            .collect(),
    );
    let inter = match relations {
        Some(r) => normalize(nodes.iter().map(|(_, n)| r.preferred(n)).collect()),
        None => vec![0; nodes.len()],
    };
    let cpu = if c.request.cpu == 0 {
        DEFAULT_CPU
    } else {
        c.request.cpu
    };
    let memory = if c.request.memory == 0 {
        DEFAULT_MEMORY
    } else {
        c.request.memory
    };
    nodes
        .iter()
        .enumerate()
        .map(|(i, (_, n))| {
            let share = |want: i64, used: i64, have: i64| {
                if have <= 0 {
                    100
                } else {
                    let total = used.saturating_add(want);
                    match total.checked_mul(100) {
                        Some(n) => (n / have).clamp(0, 100),
                        None => (i128::from(total) * 100 / i128::from(have)).clamp(0, 100) as i64,
                    }
                }
            };
            let (a, b) = (
                share(cpu, n.used_nonzero.cpu, n.allocatable.cpu),
                share(memory, n.used_nonzero.memory, n.allocatable.memory),
            );
            let spread = if most == 0 {
                100
            } else {
                100 * (most + least - mates[i]) / most
            };
            let allocated = 100 - (a + b) / 2;
            let balanced = 100 - (a - b).abs() / 2;
            3 * taints[i] + 2 * prefer[i] + 2 * spread + 2 * inter[i] + allocated + balanced
        })
        .collect()
}

/// Stretches numbers to 0 … 100; equal ones are all 0.
fn normalize(values: Vec<i64>) -> Vec<i64> {
    let (max, min) = (
        values.iter().copied().max().unwrap_or(0),
        values.iter().copied().min().unwrap_or(0),
    );
    values
        .into_iter()
        .map(|v| {
            if max == min {
                0
            } else {
                100 * (v - min) / (max - min)
            }
        })
        .collect()
}

impl Scheduler {
    /// The nodes as the scheduler sees them.
    pub fn nodes(&self) -> impl Iterator<Item = (&Str, &NodeInfo)> {
        self.nodes.iter()
    }
    /// How many pods wait for a node.
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }
    /// Why a pod is not on a node: the message of its PodScheduled condition.
    pub fn why(pod: &Value) -> Option<&str> {
        pod_condition::find(pod, "PodScheduled").map(|c| c.str_at("message"))
    }
}
