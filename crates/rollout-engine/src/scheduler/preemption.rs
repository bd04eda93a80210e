//! Preemption: pods of lower priority make room for one of higher priority.
//! Mirrors pkg/scheduler/framework/preemption/preemption.go and plugins/defaultpreemption.

use super::claims::Claims;
use super::filters::{Candidate, NodeInfo, Refusal, counted};
use super::{NAME, Scheduler, claim, claims, filters};
use crate::client::DeleteOptions;
use crate::events::EventObject;
use crate::pod_condition;
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Order, Str, Value};
use std::rc::Rc;

/// What came of looking for room.
pub(super) enum Preemption {
    /// Pods on this node have to go.
    Nominated(Str),
    /// No room can be made; a former nomination is void.
    NoHelp(String),
    /// It may not make room, or room is being made.
    NotEligible(&'static str),
}

/// A pod's priority.
pub(super) fn priority(pod: &Value) -> i64 {
    pod.at("spec.priority").and_then(Value::as_int).unwrap_or(0)
}

/// Since when a pod runs, as far as preemption asks.
fn started(pod: &Object) -> &str {
    let v = &pod.value;
    match v.str_at("status.startTime") {
        "" => v.str_at("metadata.creationTimestamp"),
        time => time,
    }
}

/// The more important first: higher priority, then longer running. Mirrors `MoreImportantPod`.
fn by_importance(pods: &mut [Rc<Object>]) {
    pods.order_by_key(|p| (-priority(&p.value), Str::copy(started(p))));
}

/// The pods of a node that would have to go.
struct Victims {
    node: Str,
    pods: Vec<Rc<Object>>,
    violations: usize,
}

impl Victims {
    /// Smaller is better. Mirrors `pickOneNodeForPreemption`.
    fn cost(&self) -> (usize, i64, i64, usize) {
        let sum = self
            .pods
            .iter()
            .map(|p| priority(&p.value) + i64::from(i32::MAX) + 1)
            .sum();
        (self.violations, self.highest(), sum, self.pods.len())
    }
    fn highest(&self) -> i64 {
        self.pods.first().map_or(0, |p| priority(&p.value))
    }
    /// When the first of its most important victims started.
    fn earliest(&self) -> &str {
        let top = self.highest();
        self.pods
            .iter()
            .filter(|p| priority(&p.value) == top)
            .map(|p| started(p))
            .min()
            .unwrap_or("")
    }
}

/// Is it going because of a preemption?
fn is_preempted(pod: &Object) -> bool {
    pod.meta.is_terminating()
        && pod_condition::find(&pod.value, "DisruptionTarget")
            .is_some_and(|c| c.str_at("reason") == "PreemptionByScheduler")
}

/// Which pods' budgets would be broken. Mirrors `filterPodsWithPDBViolation`.
fn violating(world: &World, pods: &[Rc<Object>]) -> Vec<bool> {
    let budgets: Vec<&Rc<Object>> = world.store.list(Kind::POD_DISRUPTION_BUDGET).collect();
    let mut allowed: Vec<i32> = budgets
        .iter()
        .map(|b| b.disruption_budget().map_or(0, |v| v.disruptions_allowed))
        .collect();
    pods.iter()
        .map(|pod| {
            let mut violated = false;
            for (budget, left) in budgets.iter().zip(&mut allowed) {
                let Some(view) = budget.disruption_budget() else {
                    continue;
                };
                let counts = budget.meta.namespace == pod.meta.namespace
                    && !view.selector.is_empty()
                    && crate::controllers::selector::label_selector_matches(
                        &view.selector,
                        &pod.meta.labels,
                    )
                    && view.disrupted_pods.get(&pod.meta.name).is_none();
                if counts {
                    *left -= 1;
                    violated |= *left < 0;
                }
            }
            violated
        })
        .collect()
}

impl Scheduler {
    /// A node with the pods for which room was made there and that are at least as important.
    pub(super) fn with_nominated(
        &self,
        world: &World,
        me: &Object,
        name: &Str,
        info: &NodeInfo,
    ) -> Option<NodeInfo> {
        let mut room = None;
        for (key, _) in self.nominated.iter().filter(|(_, node)| *node == name) {
            let Some(pod) = world.store.get(key) else {
                continue;
            };
            if pod.meta.uid != me.meta.uid && priority(&pod.value) >= priority(&me.value) {
                room.get_or_insert_with(|| info.clone()).account(pod, 1);
            }
        }
        room
    }

    /// Mirrors `Evaluator.Preempt`. `refusals`: one for each node, in order.
    pub(super) fn preempt(
        &mut self,
        world: &mut World,
        pod: &Object,
        refusals: &[Refusal],
    ) -> Preemption {
        let mine = priority(&pod.value);
        if pod.value.str_at("spec.preemptionPolicy") == "Never" {
            return Preemption::NotEligible("not eligible due to preemptionPolicy=Never.");
        }
        let former = pod.value.str_at("status.nominatedNodeName");
        let is_refused = self
            .nodes
            .iter()
            .zip(refusals)
            .any(|((name, _), r)| &**name == former && r.unresolvable);
        if !former.is_empty() && !is_refused {
            let waits = world.store.list(Kind::POD).any(|p| {
                claim(p).is_some_and(|n| &**n == former)
                    && priority(&p.value) < mine
                    && is_preempted(p)
            });
            if waits {
                return Preemption::NotEligible(
                    "not eligible due to a terminating pod on the nominated node.",
                );
            }
        }
        let mut best: Option<Victims> = None;
        let mut reasons: Vec<Str> = Vec::new();
        let claims = claims::pre_filter(world, pod).ok();
        for ((name, info), refusal) in self.nodes.iter().zip(refusals) {
            if refusal.unresolvable {
                reasons.push("Preemption is not helpful for scheduling".into());
                continue;
            }
            let found = match &claims {
                Some(claims) => self.select_victims(world, pod, claims, name, info),
                None => Err(refusal.reasons.clone()),
            };
            match found {
                Err(why) => reasons.extend(why),
                Ok(new) => {
                    let better = best.as_ref().is_none_or(|old| {
                        (new.cost(), old.earliest()) < (old.cost(), new.earliest())
                    });
                    if better {
                        best = Some(new);
                    }
                }
            }
        }
        let Some(victims) = best else {
            let all = refusals.len();
            let why = counted(reasons.iter());
            return Preemption::NoHelp(format!("0/{all} nodes are available: {why}."));
        };
        for victim in &victims.pods {
            evict(world, pod, victim, &victims.node);
        }
        Preemption::Nominated(victims.node)
    }

    /// Mirrors `SelectVictimsOnNode`: all less important pods go, then as many as possible may stay.
    fn select_victims(
        &self,
        world: &World,
        pod: &Object,
        claims: &Claims,
        name: &Str,
        info: &NodeInfo,
    ) -> Result<Victims, Vec<Str>> {
        let mine = priority(&pod.value);
        if info.priorities.keys().next().is_none_or(|p| *p >= mine) {
            return Err(vec!["No preemption victims found for incoming pod".into()]);
        }
        let mut potential: Vec<Rc<Object>> = world
            .store
            .list(Kind::POD)
            .filter(|p| claim(p) == Some(name) && priority(&p.value) < mine)
            .cloned()
            .collect();
        by_importance(&mut potential);
        let nominated = self.with_nominated(world, pod, name, info);
        let mut room = nominated.unwrap_or_else(|| info.clone());
        for p in &potential {
            room.account(p, -1);
        }
        let candidate = Candidate::new(pod);
        let version = world.version();
        let fits = |room: &NodeInfo, stays: &[Str]| {
            let gone = |p: &Object| {
                priority(&p.value) < mine && claim(p) == Some(name) && !stays.contains(&p.meta.uid)
            };
            filters::filter(&candidate, room, version)
                .and_then(|()| claims::filter(world, claims, room))
                .and_then(|()| {
                    self.relations(world, &candidate, &gone)
                        .map_or(Ok(()), |r| r.filter(room))
                })
        };
        let mut stays: Vec<Str> = Vec::new();
        fits(&room, &stays).map_err(|r| r.reasons)?;
        let violates = violating(world, &potential);
        let mut victims = Vec::new();
        let mut violations = 0;
        for turn in [true, false] {
            for (p, _) in potential.iter().zip(&violates).filter(|(_, v)| **v == turn) {
                room.account(p, 1);
                stays.push(p.meta.uid.clone());
                if fits(&room, &stays).is_err() {
                    room.account(p, -1);
                    stays.pop();
                    victims.push(p.clone());
                    violations += usize::from(turn);
                }
            }
        }
        by_importance(&mut victims);
        Ok(Victims {
            node: name.clone(),
            pods: victims,
            violations,
        })
    }
}

/// A victim learns why it goes, and goes. Mirrors `Evaluator.PreemptPod`.
fn evict(world: &mut World, preemptor: &Object, victim: &Object, node: &Str) {
    let key = ObjectKey::new(
        Kind::POD,
        victim.meta.namespace.clone(),
        victim.meta.name.clone(),
    );
    let mut value = victim.value.clone();
    let old = pod_condition::find(&value, "DisruptionTarget").cloned();
    let message = format!("{NAME}: preempting to accommodate a higher priority pod");
    let condition = pod_condition::condition(
        "DisruptionTarget",
        "True",
        "PreemptionByScheduler",
        message.into(),
        old.as_ref(),
        world.wall(),
    );
    pod_condition::set(&mut value, condition);
    // The pod was read in this turn: nothing can refuse the write.
    let _ = world.update_status(&key, value);
    let options = DeleteOptions::default();
    let (namespace, name) = (&key.namespace, &key.name);
    if crate::apiserver::delete(world, Kind::POD, namespace, name, &options).is_err() {
        return;
    }
    let message = if world.version().0 >= 29 {
        format!("Preempted by pod {} on node {node}", preemptor.meta.uid)
    } else {
        format!("Preempted by a pod on node {node}")
    };
    let about = EventObject::of(victim);
    world.event_series(NAME, &about, "Normal", "Preempted", "Preempting", &message);
}
