//! The HorizontalPodAutoscaler's controller: every 15 s from metrics to a size.
//!
//! Mirrors pkg/controller/podautoscaler/horizontal.go.
//! Differs: looks that can change nothing are left out: when load, pods and windows stand still the next look is the
//! first one after something moves, on the same beat. Metrics other than Resource and ContainerResource have no API here.

pub mod behavior;
pub mod calculator;
mod compute;
pub mod decision;
pub mod double;
mod status;
pub mod tolerance;

use crate::autoscaling::convert_desired_replicas_with_rules;
use crate::events::{EventObject, Source};
use crate::queue::Ticket;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::{Millis, SimTime};
use crate::world::World;
use behavior::{History, Recommendation};
use calculator::Target;
use compute::{Scale, compute, scale_of};
use decision::{AutoscalerDecision, Keep, Numbers};
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Value};
use status::Status;
use std::rc::Rc;

/// `--horizontal-pod-autoscaler-sync-period`.
pub const SYNC_PERIOD: Millis = Millis(15_000);
const NAME: &str = "horizontal-pod-autoscaler";

/// The controller's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AutoscalerEvent {
    /// It looks at this HorizontalPodAutoscaler.
    Sync(ObjectKey),
    /// Loads have changed.
    Loads,
}

/// What is remembered of one autoscaler.
#[derive(Clone, Debug)]
struct Memory {
    history: History,
    /// The beat: looks are whole periods after this.
    beat: SimTime,
    ticket: Option<Ticket>,
    /// It rests: nothing moves. The recommendation, if there was one, is what every look since would have given.
    rests: Option<Option<i64>>,
    /// It rests, but something has moved: the next look is due.
    woken: bool,
    told: Option<AutoscalerDecision>,
}

/// The controller's state.
#[derive(Clone, Default)]
pub struct HorizontalController {
    memories: SortedMap<ObjectKey, Rc<Memory>>,
}

/// What a look has found.
struct Found {
    /// Looks must go on at every beat.
    restless: bool,
    /// The recommendation before windows and bounds.
    recommended: Option<i64>,
    decision: AutoscalerDecision,
}

impl HorizontalController {
    /// Its watch.
    pub(crate) fn observe(&mut self, world: &mut World, change: &Change) {
        let key = &change.key;
        match key.kind {
            Kind::HORIZONTAL_POD_AUTOSCALER => {
                let spec =
                    |o: &Option<Rc<Object>>| o.as_ref().and_then(|o| o.value.get("spec").cloned());
                if change.after.is_none() {
                    if let Some(memory) = self.memories.remove(key)
                        && let Some(ticket) = memory.ticket
                    {
                        world.cancel(ticket);
                    }
                } else if !self.memories.contains_key(key) {
                    let memory = Memory {
                        history: History::default(),
                        beat: world.now,
                        ticket: None,
                        rests: None,
                        woken: false,
                        told: None,
                    };
                    self.memories.insert(key.clone(), Rc::new(memory));
                    self.next_look(world, key, SYNC_PERIOD);
                } else if spec(&change.before) != spec(&change.after) {
                    self.wake(world, key.clone());
                }
            }
            Kind::POD | Kind::DEPLOYMENT | Kind::REPLICA_SET if !self.memories.is_empty() => {
                let resting: Vec<ObjectKey> = self
                    .memories
                    .iter()
                    .filter(|(k, m)| k.namespace == key.namespace && m.rests.is_some() && !m.woken)
                    .map(|(k, _)| k.clone())
                    .collect();
                for key in resting {
                    self.wake(world, key);
                }
            }
            _ => {}
        }
    }

    fn next_look(&mut self, world: &mut World, key: &ObjectKey, after: Millis) {
        let Some(memory) = self.memories.get_mut(key).map(Rc::make_mut) else {
            return;
        };
        if let Some(ticket) = memory.ticket.take() {
            world.cancel(ticket);
        }
        let event = SimEvent::Autoscaler(AutoscalerEvent::Sync(key.clone()));
        memory.ticket = Some(world.schedule(after, event));
    }

    /// Something has moved: the next beat is a look again.
    fn wake(&mut self, world: &mut World, key: ObjectKey) {
        let Some(memory) = self.memories.get_mut(&key).map(Rc::make_mut) else {
            return;
        };
        if memory.rests.is_none() || std::mem::replace(&mut memory.woken, true) {
            return;
        }
        let since = world.now.since(memory.beat).0;
        let next = SYNC_PERIOD.0 - since % SYNC_PERIOD.0;
        self.next_look(world, &key, Millis(next));
    }

    /// Its turn.
    pub(crate) fn fire(&mut self, world: &mut World, event: AutoscalerEvent) {
        match event {
            AutoscalerEvent::Loads => {
                let keys: Vec<ObjectKey> = self.memories.keys().cloned().collect();
                for key in keys {
                    self.wake(world, key);
                }
            }
            AutoscalerEvent::Sync(key) => self.sync(world, &key),
        }
    }

    fn sync(&mut self, world: &mut World, key: &ObjectKey) {
        let Some(object) = world.store.get(key).cloned() else {
            return;
        };
        let Some(mut memory) = self.memories.get(key).map(|m| (**m).clone()) else {
            return;
        };
        memory.ticket = None;
        memory.woken = false;
        let idle = world.now.since(memory.beat) > SYNC_PERIOD;
        memory.beat = world.now;
        if let Some(Some(replicas)) = memory.rests.take()
            && idle
        {
            // The look at the beat before this one would have given the same again.
            let at = SimTime(world.now.0.saturating_sub(SYNC_PERIOD.0));
            let last = Recommendation { replicas, at };
            memory.history.recommendations.push(last);
        }
        let rivals = self.rivals(world, key, &object);
        let found = reconcile(world, key, &object, &mut memory.history, &rivals);
        if memory.told.as_ref() != Some(&found.decision) {
            memory.told = Some(found.decision.clone());
            world.decide((key.clone(), found.decision));
        }
        let next = if found.restless {
            Some(SYNC_PERIOD)
        } else {
            memory.rests = Some(found.recommended);
            next_change(world).map(|at| {
                let wait = at.since(world.now).0;
                Millis(wait.div_ceil(SYNC_PERIOD.0).max(1) * SYNC_PERIOD.0)
            })
        };
        self.memories.insert(key.clone(), Rc::new(memory));
        if let Some(next) = next {
            self.next_look(world, key, next);
        }
    }

    /// Other autoscalers of the same target, by name.
    fn rivals(&self, world: &World, key: &ObjectKey, object: &Object) -> Vec<Str> {
        let target = object.value.at("spec.scaleTargetRef");
        let same = |k: &&ObjectKey| {
            k.namespace == key.namespace
                && world
                    .store
                    .get(k)
                    .is_some_and(|o| o.value.at("spec.scaleTargetRef") == target)
        };
        self.memories
            .keys()
            .filter(same)
            .map(|k| k.name.clone())
            .collect()
    }
}

/// The next moment at which a load changes.
fn next_change(world: &World) -> Option<SimTime> {
    world
        .loads
        .curves
        .iter()
        .filter_map(|c| c.next_change(world.now))
        .min()
}

/// Has a load changed after the newest sample?
fn load_is_new(world: &World) -> bool {
    let sampled = world.sampled_at();
    world
        .loads
        .curves
        .iter()
        .any(|c| c.last_change(world.now) > sampled)
}

fn about(object: &Object) -> EventObject {
    let mut about = EventObject::of(object);
    about.api_version = Str::Static("autoscaling/v2");
    about
}

fn tell(
    world: &mut World,
    object: &Object,
    kind: &'static str,
    reason: &'static str,
    message: &str,
) {
    world.event_by(&Source::of(NAME), &about(object), kind, reason, message);
}

/// Mirrors `reconcileAutoscaler`.
fn reconcile(
    world: &mut World,
    key: &ObjectKey,
    object: &Object,
    history: &mut History,
    rivals: &[Str],
) -> Found {
    let mut status = Status::of(object, world.wall());
    let null = Value::Null;
    let reference = object.value.at("spec.scaleTargetRef").unwrap_or(&null);
    let scale = match scale_of(world, &object.meta.namespace, reference) {
        Ok(scale) => scale,
        Err(error) => {
            tell(world, object, "Warning", "FailedGetScale", &error);
            let message =
                format!("the HPA controller was unable to get the target's current scale: {error}");
            status.condition("AbleToScale", false, "FailedGetScale", &message);
            status.store(world, key, object);
            return Found {
                restless: true,
                recommended: None,
                decision: AutoscalerDecision::Blind {
                    error: error.into(),
                },
            };
        }
    };
    status.condition(
        "AbleToScale",
        true,
        "SucceededGetScale",
        "the HPA controller was able to get the target's current scale",
    );
    let current = scale.replicas;
    if history.recommendations.is_empty() {
        history.recommendations.push(Recommendation {
            replicas: current,
            at: world.now,
        });
    }
    let max = object.value.int_at("spec.maxReplicas").unwrap_or(1);
    let min = object.value.int_at("spec.minReplicas").unwrap_or(1);
    if current == 0 && min != 0 {
        status.condition(
            "ScalingActive",
            false,
            "ScalingDisabled",
            "scaling is disabled since the replica count of the target is zero",
        );
        status.sizes(current, current, None);
        status.store(world, key, object);
        return Found {
            restless: false,
            recommended: None,
            decision: AutoscalerDecision::Off,
        };
    }
    if current > max || current < min {
        let (to, reason) = if current > max {
            (max, "Current number of replicas above Spec.MaxReplicas")
        } else {
            (min, "Current number of replicas below Spec.MinReplicas")
        };
        rescale(world, object, &scale, history, &mut status, to, reason);
        status.store(world, key, object);
        return Found {
            restless: true,
            recommended: None,
            decision: AutoscalerDecision::Bounds {
                from: current,
                to,
                min,
                max,
            },
        };
    }
    let computed = match compute(world, object, &scale, &mut status, rivals) {
        Ok(computed) => computed,
        Err(error) => {
            status.keep_desired(current);
            status.store(world, key, object);
            tell(
                world,
                object,
                "Warning",
                "FailedComputeMetricsReplicas",
                &error,
            );
            return Found {
                restless: true,
                recommended: None,
                decision: AutoscalerDecision::Blind {
                    error: error.into(),
                },
            };
        }
    };
    let proposed = computed.proposal.replicas;
    let reason = if proposed > current {
        format!("{} above target", computed.name)
    } else if proposed < current {
        "All metrics below target".to_owned()
    } else {
        String::new()
    };
    let (stabilized, desired, limited) = normalize(
        world,
        object,
        history,
        &mut status,
        current,
        proposed,
        (min, max),
    );
    let numbers = Numbers {
        metric: Str::copy(&computed.name),
        measured: computed
            .proposal
            .utilization
            .unwrap_or(computed.proposal.average),
        target: match computed.target {
            Target::Utilization(n) | Target::AverageValue(n) => n,
        },
        percent: computed.proposal.utilization.is_some(),
        counted: computed.proposal.counted,
        assumed: computed.proposal.assumed,
        from: current,
        proposed,
        stabilized,
        min,
        max,
    };
    let restless = desired != current
        || stabilized != proposed
        || limited.is_some_and(|r| r == "ScaleUpLimit" || r == "ScaleDownLimit")
        || calculator::restless(world.wall(), &scale.pods)
        || load_is_new(world);
    let decision = if desired != current {
        rescale(
            world,
            object,
            &scale,
            history,
            &mut status,
            desired,
            &reason,
        );
        AutoscalerDecision::Rescaled {
            numbers,
            to: desired,
            limited,
        }
    } else {
        status.sizes(current, current, None);
        let why = if computed.proposal.kept {
            Keep::Tolerance
        } else if stabilized != proposed && stabilized == current {
            Keep::Stabilized
        } else {
            match limited {
                Some("TooManyReplicas") => Keep::Max,
                Some("TooFewReplicas") => Keep::Min,
                Some(_) => Keep::Rate,
                None => Keep::SameSize,
            }
        };
        AutoscalerDecision::Kept { numbers, why }
    };
    status.store(world, key, object);
    Found {
        restless,
        recommended: Some(proposed),
        decision,
    }
}

/// Mirrors `normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors`: what the window leaves, what the rules
/// leave of that, and which of them has cut it.
fn normalize(
    world: &World,
    object: &Object,
    history: &mut History,
    status: &mut Status,
    current: i64,
    proposed: i64,
    bounds: (i64, i64),
) -> (i64, i64, Option<&'static str>) {
    let behavior = object.value.at("spec.behavior");
    let now = world.now;
    let stabilized = match behavior {
        None => history.stabilize(proposed, now),
        Some(b) => history.stabilize_with(b, current, proposed, now),
    };
    let (reason, message) = if stabilized == proposed {
        ("ReadyForNewScale", "recommended size matches current size")
    } else if behavior.is_some() && proposed >= current {
        (
            "ScaleUpStabilized",
            "recent recommendations were lower than current one, applying the lowest recent recommendation",
        )
    } else {
        (
            "ScaleDownStabilized",
            "recent recommendations were higher than current one, applying the highest recent recommendation",
        )
    };
    status.condition("AbleToScale", true, reason, message);
    let (desired, reason, message) = match behavior {
        None => convert_desired_replicas_with_rules(current, stabilized, bounds.0, bounds.1),
        Some(b) => history.limit(b, current, stabilized, bounds, now),
    };
    let limited = desired != stabilized;
    status.condition("ScalingLimited", limited, reason, message);
    (stabilized, desired, limited.then_some(reason))
}

fn rescale(
    world: &mut World,
    object: &Object,
    scale: &Scale,
    history: &mut History,
    status: &mut Status,
    to: i64,
    reason: &str,
) {
    let Some(target) = world.store.get(&scale.key).cloned() else {
        return;
    };
    let mut value = target.value.clone();
    value.set("spec.replicas", to);
    // The target was read in this turn: nothing can refuse the write.
    let _ = world.update(&scale.key, value);
    let message = format!("the HPA controller was able to update the target scale to {to}");
    status.condition("AbleToScale", true, "SucceededRescale", &message);
    let text = format!("New size: {to}; reason: {reason}");
    tell(world, object, "Normal", "SuccessfulRescale", &text);
    history.store_scale_event(
        object.value.at("spec.behavior"),
        scale.replicas,
        to,
        world.now,
    );
    status.sizes(scale.replicas, to, Some(world.wall()));
}
