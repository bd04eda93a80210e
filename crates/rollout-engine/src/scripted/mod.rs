//! The fake scheduler and kubelet of the recordings: exact delays, no surprises.
//!
//! Everything is planned at a point of the clock and carried out when nothing else is due in that instant: a recorder
//! waits in the same way until the controllers have come to rest.

mod bind;
mod pod_status;
mod script;

pub use script::{Behaviour, BehaviourKind, Delays, Script};

use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::{Millis, SimTime};
use crate::world::World;
use pod_status::ContainerState;
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Value};
use std::rc::Rc;

/// The script's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScriptedEvent {
    /// A moment that a runner waits for.
    Mark(u32),
    /// Something happens to a pod.
    Pod {
        /// The pod.
        pod: ObjectKey,
        /// Its plan's version: an older one was dropped.
        version: u32,
        /// What happens.
        what: Item,
    },
}

/// What can happen to a pod; numbers are containers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// The scheduler finds a node, or not.
    Bind,
    /// The kubelet has seen it.
    Creating,
    /// A container runs, not ready.
    Running(usize),
    /// A container is ready (and runs).
    Ready(usize),
    /// A container is not ready any more.
    Unready(usize),
    /// A container ends.
    Exit(usize),
    /// A container is started again.
    Restart(usize),
    /// A pull is tried.
    Pull(usize),
    /// A failed pull is waited out.
    PullBackOff(usize),
    /// A container is to be configured.
    Configure(usize),
    /// A probe fails.
    Unhealthy(usize),
    /// The pod ends.
    Gone,
}

impl Item {
    /// Do controllers react to it? (Others only change what is shown.)
    pub fn is_gated(self) -> bool {
        matches!(
            self,
            Item::Ready(_) | Item::Unready(_) | Item::Exit(_) | Item::Restart(_) | Item::Gone
        )
    }
}

#[derive(Clone, Default)]
struct ContainerPlan {
    exits: u32,
    tries: u32,
}

/// What is planned for a pod.
#[derive(Clone)]
struct Plan {
    k: u64,
    uid: Str,
    version: u32,
    /// Binding minus the delay of binding.
    base: SimTime,
    stopping: bool,
    containers: Vec<ContainerPlan>,
}

/// The node side's state.
#[derive(Clone)]
pub struct ScriptedNode {
    script: Script,
    created: u64,
    plans: SortedMap<ObjectKey, Plan>,
    /// Pods without a node, in order of creation.
    waiting: Vec<ObjectKey>,
    reached: Option<u32>,
    /// The last item that was carried out: when, on which pod, and whether controllers react to it.
    inputs: u64,
    /// How many of the script's clock readings lie behind.
    read: usize,
    /// Until when (on the wall clock) the control plane of a recording would still work or settle.
    busy_until: SimTime,
}

/// How far the times of one input in two recordings lie apart, in ms (recordings-format.md, section 5.1: 2).
const CLOCK_TOLERANCE: u64 = 3;

/// What things take in a recorded control plane, in ms of the wall clock; the scenario clock stands still meanwhile.
mod work {
    /// A write of the kubelet that no controller reacts to.
    pub const SOFT: u64 = 5;
    /// An input, until the controllers count as settled.
    pub const INPUT: u64 = 135;
    /// A step of the scenario.
    pub const STEP: u64 = 190;
    /// A ReplicaSet written by a controller.
    pub const REPLICA_SET: u64 = 30;
    /// A pod made or deleted.
    pub const POD: u64 = 6;
}

impl ScriptedNode {
    /// A node side with this script.
    pub fn new(script: Script) -> ScriptedNode {
        ScriptedNode {
            script,
            created: 0,
            plans: SortedMap::new(),
            waiting: Vec::new(),
            reached: None,
            inputs: 0,
            read: 0,
            busy_until: SimTime::ZERO,
        }
    }
    /// The recording's reading of the real clock at an input that is due now: each input takes the next one of its
    /// moment; where ours come otherwise, the last one that lies behind counts.
    fn recorded_skew(&mut self, now: SimTime) -> Option<Millis> {
        let clocks = &self.script.clocks;
        let behind = |v: SimTime| v.0 <= now.0 + CLOCK_TOLERANCE;
        if clocks.get(self.read).is_some_and(|(v, _)| behind(*v)) {
            self.read += 1;
        }
        // Readings of moments that are over were for inputs that did not come here.
        while let Some((v, _)) = clocks.get(self.read)
            && v.0 + CLOCK_TOLERANCE < now.0
        {
            self.read += 1;
        }
        let (v, t) = clocks.get(self.read.checked_sub(1)?)?;
        Some(t.since(*v))
    }

    /// An input is due: the clock waits for the controllers, the wall clock goes on.
    fn hold(&mut self, world: &mut World, work: u64) {
        if let Some(skew) = self.recorded_skew(world.now) {
            world.skew = world.skew.max(skew);
            return;
        }
        let wall = world.now + world.skew;
        world.skew = world.skew + self.busy_until.since(wall);
        self.busy_until = self.busy_until.max(wall) + Millis(work);
    }
    /// A step is carried out in the same moment as what went before it.
    pub fn step_follows(&mut self, world: &mut World) {
        if !self.script.clocks.is_empty() {
            self.hold(world, 0);
        }
    }
    /// The mark that was reached last, once.
    pub fn take_reached(&mut self) -> Option<u32> {
        self.reached.take()
    }
    /// How many items that controllers react to were carried out.
    pub fn inputs(&self) -> u64 {
        self.inputs
    }
    /// The number of a pod in order of creation.
    pub fn number(&self, pod: &ObjectKey) -> Option<u64> {
        self.plans.get(pod).map(|p| p.k)
    }
    /// Replaces an image's behaviour: seen by pulls, starts and restarts from now on.
    pub fn set_behaviour(&mut self, image: Str, behaviour: Behaviour) {
        self.script.images.insert(image, behaviour);
    }

    fn behaviour(&self, pod: &Value, container: usize, k: u64) -> Behaviour {
        let containers = pod.list_at("spec.containers");
        let image = containers.get(container).map_or("", |c| c.str_at("image"));
        let base = self.script.images.get(image).cloned().unwrap_or_default();
        self.script
            .pods
            .get(&k)
            .map_or(base.clone(), |own| own.over(&base))
    }

    /// Its watch: pods that appear, are deleted, or are gone; nodes that appear.
    pub fn observe(&mut self, world: &mut World, change: &Change) {
        let spec = |o: &Option<Rc<Object>>| o.as_ref().and_then(|o| o.value.get("spec").cloned());
        match change.key.kind {
            Kind::REPLICA_SET if spec(&change.before) != spec(&change.after) => {
                self.busy_until += Millis(work::REPLICA_SET);
            }
            Kind::POD => self.busy_until += pod_work(change),
            _ => {}
        }
        match change.key.kind {
            Kind::POD => match (&change.before, &change.after) {
                (None, Some(pod)) => self.pod_created(world, &change.key, pod),
                (Some(before), Some(after)) => {
                    if !before.meta.is_terminating() && after.meta.is_terminating() {
                        self.pod_deleted(world, &change.key, after);
                    }
                }
                (_, None) => {
                    self.plans.remove(&change.key);
                    self.waiting.retain(|k| *k != change.key);
                    self.retry_waiting(world);
                }
            },
            Kind::NODE => {
                let changed = match (&change.before, &change.after) {
                    (None, Some(_)) => true,
                    (Some(b), Some(a)) => b.value.get("spec") != a.value.get("spec"),
                    _ => false,
                };
                if changed {
                    self.retry_waiting(world);
                }
            }
            _ => {}
        }
    }

    fn pod_created(&mut self, world: &mut World, key: &ObjectKey, pod: &Rc<Object>) {
        self.created += 1;
        let count = pod.value.list_at("spec.containers").len();
        let plan = Plan {
            k: self.created,
            uid: pod.meta.uid.clone(),
            version: 0,
            base: world.now,
            stopping: false,
            containers: vec![ContainerPlan::default(); count],
        };
        self.plans.insert(key.clone(), plan);
        self.plan(world, key, world.now + self.script.delays.bind, Item::Bind);
    }

    fn plan(&self, world: &mut World, key: &ObjectKey, at: SimTime, what: Item) {
        let Some(plan) = self.plans.get(key) else {
            return;
        };
        let event = ScriptedEvent::Pod {
            pod: key.clone(),
            version: plan.version,
            what,
        };
        world.schedule_at(at, SimEvent::Scripted(event));
    }

    /// Deletion: what was planned is dropped, the end is planned.
    fn pod_deleted(&mut self, world: &mut World, key: &ObjectKey, pod: &Rc<Object>) {
        let Some(plan) = self.plans.get_mut(key) else {
            return;
        };
        plan.version += 1;
        plan.stopping = true;
        let k = plan.k;
        let delays = self.script.delays.clone();
        let mut longest: Option<Millis> = None;
        for (i, container) in pod.value.list_at("spec.containers").iter().enumerate() {
            if !pod_status::is_running(&pod.value, i) {
                continue;
            }
            let own = self.behaviour(&pod.value, i, k).stop.unwrap_or(delays.stop);
            let hook = container
                .int_at("lifecycle.preStop.sleep.seconds")
                .unwrap_or(0);
            let span = Millis::from_secs(hook) + own;
            longest = Some(longest.map_or(span, |l| l.max(span)));
        }
        let grace = Millis::from_secs(pod.meta.grace.unwrap_or(30));
        let span = longest.map_or(delays.stop_unstarted, |l| l.min(grace));
        let at = world.now + span + times(delays.stop_step, k);
        self.plan(world, key, at, Item::Gone);
    }

    fn retry_waiting(&mut self, world: &mut World) {
        let at = world.now + self.script.delays.bind;
        for key in &self.waiting {
            self.plan(world, key, at, Item::Bind);
        }
    }

    /// Its turn. It waits until nothing else is due in this instant.
    pub fn fire(&mut self, world: &mut World, event: ScriptedEvent) {
        let busy = world
            .queue
            .iter()
            .take_while(|(at, _)| *at <= world.now)
            .any(|(_, e)| !matches!(e, SimEvent::Scripted(_) | SimEvent::ExpireEvents));
        if busy {
            world.schedule(Millis(0), SimEvent::Scripted(event));
            return;
        }
        match event {
            ScriptedEvent::Mark(n) => {
                self.hold(world, work::STEP);
                self.reached = Some(n);
            }
            ScriptedEvent::Pod { pod, version, what } => {
                let current = self.plans.get(&pod).is_some_and(|p| p.version == version);
                let stored = world.store.get(&pod).cloned();
                let same =
                    |o: &Rc<Object>| self.plans.get(&pod).is_some_and(|p| p.uid == o.meta.uid);
                if let Some(object) = stored.filter(same)
                    && current
                {
                    self.inputs += u64::from(what.is_gated());
                    self.hold(
                        world,
                        if what.is_gated() {
                            work::INPUT
                        } else {
                            work::SOFT
                        },
                    );
                    self.carry_out(world, &pod, &object, what);
                }
            }
        }
    }

    fn carry_out(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, what: Item) {
        match what {
            Item::Bind => self.bind(world, key, object),
            Item::Creating => {
                self.write(world, key, object, |pod, now| {
                    pod_status::creating(pod, now)
                });
            }
            Item::Running(c) => self.running(world, key, object, c),
            Item::Ready(c) => self.ready(world, key, object, c),
            Item::Unready(c) => {
                self.write(world, key, object, |pod, now| {
                    pod_status::set_ready(pod, c, false, now);
                });
                let behaviour = self.behaviour_of(object, key, c);
                if let Some(again) = behaviour.ready_again_after {
                    self.plan(world, key, world.now + again, Item::Ready(c));
                }
            }
            Item::Exit(c) => self.exit(world, key, object, c),
            Item::Restart(c) => self.restart(world, key, object, c),
            Item::Pull(c) => self.pull(world, key, object, c),
            Item::PullBackOff(c) => {
                let text = pod_status::image_text(&object.value, c, "Back-off pulling image");
                self.wait(world, key, object, c, "ImagePullBackOff", &text);
            }
            Item::Configure(c) => self.configure(world, key, object, c),
            Item::Unhealthy(c) => {
                let text = "Readiness probe failed: HTTP probe failed with statuscode: 503";
                world.event("kubelet", object, "Warning", "Unhealthy", text);
                self.plan(world, key, world.now + Millis(10_000), Item::Unhealthy(c));
            }
            Item::Gone => self.gone(world, key, object),
        }
    }

    fn behaviour_of(&self, object: &Object, key: &ObjectKey, container: usize) -> Behaviour {
        let k = self.plans.get(key).map_or(0, |p| p.k);
        self.behaviour(&object.value, container, k)
    }

    /// Writes a changed pod status.
    fn write(
        &self,
        world: &mut World,
        key: &ObjectKey,
        object: &Object,
        change: impl FnOnce(&mut Value, rollout_api::Timestamp),
    ) {
        let mut value = object.value.clone();
        change(&mut value, world.wall());
        // The pod was read in this very turn: the write cannot fail.
        let _ = world.update_status(key, value);
    }

    /// Plans the life of a container whose image is there, as if bound at `base`.
    pub(crate) fn plan_start(
        &self,
        world: &mut World,
        key: &ObjectKey,
        object: &Object,
        container: usize,
        base: SimTime,
    ) {
        let Some(plan) = self.plans.get(key) else {
            return;
        };
        let delays = &self.script.delays;
        let behaviour = self.behaviour(&object.value, container, plan.k);
        let probe = pod_status::has_readiness_probe(&object.value, container);
        let own = match behaviour.kind() {
            BehaviourKind::Slow if !probe => None,
            _ => behaviour.ready,
        };
        let ready = base + own.unwrap_or(delays.ready) + times(delays.step, plan.k);
        match behaviour.kind() {
            BehaviourKind::Missing => {
                self.plan(world, key, base + delays.pull_fail, Item::Pull(container));
            }
            BehaviourKind::ConfigError => {
                self.plan(
                    world,
                    key,
                    base + delays.pull_fail,
                    Item::Configure(container),
                );
            }
            BehaviourKind::Crash => {
                let shown = probe || behaviour.after() >= Millis(1000);
                if shown {
                    let item = if probe {
                        Item::Running(container)
                    } else {
                        Item::Ready(container)
                    };
                    self.plan(world, key, ready, item);
                }
                self.plan(world, key, ready + behaviour.after(), Item::Exit(container));
            }
            BehaviourKind::NeverReady if probe => {
                self.plan(world, key, base + delays.start, Item::Running(container));
                let first = base + delays.start + Millis(1000);
                self.plan(world, key, first, Item::Unhealthy(container));
            }
            BehaviourKind::Good | BehaviourKind::Slow | BehaviourKind::NeverReady => {
                if probe {
                    self.plan(world, key, base + delays.start, Item::Running(container));
                }
                self.plan(world, key, ready, Item::Ready(container));
                if let Some(after) = behaviour.crash_after {
                    self.plan(world, key, ready + after, Item::Exit(container));
                }
                if let Some(after) = behaviour.unready_after
                    && probe
                {
                    self.plan(world, key, ready + after, Item::Unready(container));
                }
            }
        }
    }

    fn running(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, c: usize) {
        let k = self.plans.get(key).map_or(0, |p| p.k);
        self.write(world, key, object, |pod, now| {
            pod_status::run(pod, c, k, false, now)
        });
        started_event(world, object, c);
    }

    fn ready(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, c: usize) {
        let k = self.plans.get(key).map_or(0, |p| p.k);
        let fresh = !pod_status::is_running(&object.value, c);
        self.write(world, key, object, |pod, now| {
            pod_status::run(pod, c, k, true, now)
        });
        if fresh {
            started_event(world, object, c);
        }
    }

    fn exit(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, c: usize) {
        let behaviour = self.behaviour_of(object, key, c);
        let delays = self.script.delays.clone();
        let k = self.plans.get(key).map_or(0, |p| p.k);
        let Some(plan) = self
            .plans
            .get_mut(key)
            .and_then(|p| p.containers.get_mut(c))
        else {
            return;
        };
        plan.exits += 1;
        let exits = plan.exits;
        let code = behaviour.exit_code.unwrap_or(1);
        let reason = behaviour.reason.clone().unwrap_or_else(|| "Error".into());
        self.write(world, key, object, |pod, now| {
            let state = ContainerState::Terminated {
                code,
                reason: reason.clone(),
            };
            pod_status::end(pod, c, k, &state, exits > 1, now);
        });
        let wait = if exits == 1 {
            delays.first_restart
        } else {
            let text = "Back-off restarting failed container";
            world.event("kubelet", object, "Warning", "BackOff", text);
            doubled(delays.crash_backoff, exits - 2).min(delays.backoff_max)
        };
        self.plan(world, key, world.now + wait, Item::Restart(c));
    }

    fn restart(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, c: usize) {
        let behaviour = self.behaviour_of(object, key, c);
        let probe = pod_status::has_readiness_probe(&object.value, c);
        let k = self.plans.get(key).map_or(0, |p| p.k);
        let delays = self.script.delays.clone();
        let period = behaviour.period();
        let crash = behaviour.kind() == BehaviourKind::Crash;
        // Without a probe it is ready while it runs, if it runs long enough to be seen.
        let shown = period.is_none_or(|p| p >= Millis(1000)) || probe;
        let ready = !probe && shown;
        self.write(world, key, object, |pod, now| {
            pod_status::restarted(pod, c);
            if shown {
                pod_status::run(pod, c, k, ready, now);
            }
        });
        let never = crash || behaviour.kind() == BehaviourKind::NeverReady;
        if probe && !never {
            let after = behaviour.ready.unwrap_or(delays.ready);
            self.plan(world, key, world.now + after, Item::Ready(c));
        }
        if let Some(period) = period {
            self.plan(world, key, world.now + period, Item::Exit(c));
        }
    }

    fn pull(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, c: usize) {
        let behaviour = self.behaviour_of(object, key, c);
        if behaviour.kind() != BehaviourKind::Missing {
            self.plan_start(world, key, object, c, world.now);
            return;
        }
        let delays = self.script.delays.clone();
        let Some(plan) = self
            .plans
            .get_mut(key)
            .and_then(|p| p.containers.get_mut(c))
        else {
            return;
        };
        let tries = plan.tries;
        plan.tries += 1;
        let text = pod_status::image_text(&object.value, c, "failed to pull image");
        self.wait(world, key, object, c, "ErrImagePull", &text);
        world.event(
            "kubelet",
            object,
            "Warning",
            "Failed",
            "Error: ErrImagePull",
        );
        self.plan(
            world,
            key,
            world.now + delays.pull_backoff_after,
            Item::PullBackOff(c),
        );
        let next = doubled(delays.pull_backoff, tries).min(delays.backoff_max);
        self.plan(world, key, world.now + next, Item::Pull(c));
    }

    fn configure(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>, c: usize) {
        let behaviour = self.behaviour_of(object, key, c);
        if behaviour.kind() != BehaviourKind::ConfigError {
            self.plan_start(world, key, object, c, world.now);
            return;
        }
        let text = "configmap \"missing\" not found";
        self.wait(world, key, object, c, "CreateContainerConfigError", text);
        world.event(
            "kubelet",
            object,
            "Warning",
            "Failed",
            format!("Error: {text}"),
        );
        let retry = behaviour.retry.unwrap_or(Millis(12_000));
        self.plan(world, key, world.now + retry, Item::Configure(c));
    }

    fn wait(
        &self,
        world: &mut World,
        key: &ObjectKey,
        object: &Object,
        c: usize,
        reason: &'static str,
        message: &str,
    ) {
        let state = ContainerState::Waiting {
            reason: reason.into(),
            message: Str::copy(message),
        };
        self.write(world, key, object, |pod, now| {
            pod_status::set_state(pod, c, &state, now)
        });
    }

    /// The end: the final status, then the last deletion.
    fn gone(&mut self, world: &mut World, key: &ObjectKey, object: &Rc<Object>) {
        let k = self.plans.get(key).map_or(0, |p| p.k);
        let grace = object.meta.grace.unwrap_or(30);
        let codes: Vec<i64> = (0..object.value.list_at("spec.containers").len())
            .map(|i| {
                let behaviour = self.behaviour(&object.value, i, k);
                let stop = behaviour.stop.unwrap_or(self.script.delays.stop);
                let container = object.value.list_at("spec.containers").get(i);
                let hook = container.and_then(|c| c.int_at("lifecycle.preStop.sleep.seconds"));
                let killed = Millis::from_secs(hook.unwrap_or(0)) + stop > Millis::from_secs(grace);
                if killed {
                    137
                } else {
                    behaviour.stop_exit.unwrap_or(0)
                }
            })
            .collect();
        self.write(world, key, object, |pod, now| {
            pod_status::finish(pod, &codes, now)
        });
        let options = crate::client::DeleteOptions {
            grace_period_seconds: Some(0),
            ..Default::default()
        };
        let _ = world.delete(key, &options);
    }

    /// The kubelet changes one pod at once.
    pub fn set(&mut self, world: &mut World, key: &ObjectKey, set: PodSet) {
        let Some(object) = world.store.get(key).cloned() else {
            return;
        };
        let containers = object.value.list_at("spec.containers").len();
        match set {
            PodSet::Ready(ready) => self.write(world, key, &object, |pod, now| {
                for c in 0..containers {
                    pod_status::set_ready(pod, c, ready, now);
                }
            }),
            PodSet::Restarts(n) => {
                self.write(world, key, &object, |pod, _| {
                    pod_status::add_restarts(pod, n)
                });
            }
            PodSet::Fail => {
                if let Some(plan) = self.plans.get_mut(key) {
                    plan.version += 1;
                }
                self.write(world, key, &object, pod_status::fail);
            }
            PodSet::Crash => self.exit(world, key, &object, 0),
        }
    }
}

/// What can be changed about one pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodSet {
    /// Its readiness.
    Ready(bool),
    /// Restarts more.
    Restarts(i64),
    /// Phase Failed.
    Fail,
    /// Its container exits.
    Crash,
}

/// Only pods that controllers make or delete are work.
fn pod_work(change: &Change) -> Millis {
    let deleting = |o: &Option<Rc<Object>>| o.as_ref().is_some_and(|o| o.meta.is_terminating());
    let made = change.before.is_none();
    let deleted = !deleting(&change.before) && deleting(&change.after);
    Millis(if made || deleted { work::POD } else { 0 })
}

fn times(span: Millis, n: u64) -> Millis {
    Millis(span.0.saturating_mul(n))
}

fn doubled(span: Millis, n: u32) -> Millis {
    Millis(
        span.0
            .saturating_mul(1u64.checked_shl(n).unwrap_or(u64::MAX)),
    )
}

fn started_event(world: &mut World, object: &Object, c: usize) {
    let containers = object.value.list_at("spec.containers");
    let name = containers.get(c).map_or("", |c| c.str_at("name"));
    world.event(
        "kubelet",
        object,
        "Normal",
        "Started",
        format!("Started container {name}"),
    );
}
