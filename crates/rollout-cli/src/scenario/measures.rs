//! What a scenario's conditions look at.

use super::names::Names;
use rollout_api::views::Object;
use rollout_api::{Kind, Str, Value};
use rollout_engine::Engine;
use rollout_engine::controllers::deployment::util;
use rollout_engine::controllers::objects::{Deployment, ReplicaSet};
use std::rc::Rc;

/// The namespace of scenarios.
pub const NAMESPACE: &str = "default";

/// What measures are taken of.
pub struct Look<'a> {
    /// The cluster.
    pub engine: &'a Engine,
    /// Ids of its objects.
    pub names: &'a Names,
    /// The Deployment, if it exists.
    pub deployment: Option<Deployment>,
    /// ReplicaSets that it owns, oldest first.
    pub sets: Vec<ReplicaSet>,
    /// Index of the new one.
    pub new: Option<usize>,
}

impl<'a> Look<'a> {
    /// The Deployment of this name, or the oldest one.
    pub fn at(engine: &'a Engine, names: &'a Names, name: Option<&str>) -> Look<'a> {
        let mut found: Vec<&Rc<Object>> = engine
            .list(Kind::DEPLOYMENT)
            .filter(|d| name.is_none_or(|n| d.meta.name.as_str() == n))
            .collect();
        found.sort_by_key(|d| (d.meta.creation, names.order(&d.meta.uid)));
        let deployment = found.first().and_then(|d| Deployment::new((*d).clone()));
        let mut sets = Vec::new();
        let mut new = None;
        if let Some(d) = &deployment {
            sets = engine
                .list(Kind::REPLICA_SET)
                .filter(|o| {
                    o.meta
                        .controller
                        .as_ref()
                        .is_some_and(|c| c.uid == d.meta().uid)
                })
                .cloned()
                .filter_map(ReplicaSet::new)
                .collect();
            sets.sort_by_key(|rs| (rs.meta().creation, names.order(&rs.meta().uid)));
            new = sets
                .iter()
                .position(|rs| util::equal_ignore_hash(&rs.template, &d.template));
        }
        Look {
            engine,
            names,
            deployment,
            sets,
            new,
        }
    }

    /// Sets by word: `new`, `old`, or the id of any set.
    pub fn set(&self, word: &str) -> Vec<ReplicaSet> {
        match word {
            "new" => self.new.map(|i| self.sets[i].clone()).into_iter().collect(),
            "old" => {
                let old = (0..self.sets.len()).filter(|i| Some(*i) != self.new);
                old.map(|i| self.sets[i].clone()).collect()
            }
            id => self
                .engine
                .list(Kind::REPLICA_SET)
                .filter(|o| self.names.id(&o.meta.uid) == Some(id))
                .cloned()
                .filter_map(ReplicaSet::new)
                .collect(),
        }
    }

    /// Pods that the Deployment's ReplicaSets own.
    pub fn owned_pods(&self) -> impl Iterator<Item = &'a Rc<Object>> {
        let owners: Vec<Str> = self.sets.iter().map(|rs| rs.meta().uid.clone()).collect();
        self.engine.list(Kind::POD).filter(move |p| {
            p.meta
                .controller
                .as_ref()
                .is_some_and(|c| owners.contains(&c.uid))
        })
    }

    /// Pods of one set: `new`, `old`, `rN`, `any`, `orphan`; live ones, in order of creation.
    pub fn pods_of(&self, word: &str) -> Vec<&'a Rc<Object>> {
        let mut pods: Vec<&Rc<Object>> = match word {
            "any" => self.owned_pods().collect(),
            "orphan" => self
                .engine
                .list(Kind::POD)
                .filter(|p| p.meta.controller.is_none())
                .collect(),
            word => {
                let uids: Vec<Str> = self
                    .set(word)
                    .iter()
                    .map(|rs| rs.meta().uid.clone())
                    .collect();
                self.engine
                    .list(Kind::POD)
                    .filter(|p| {
                        p.meta
                            .controller
                            .as_ref()
                            .is_some_and(|c| uids.contains(&c.uid))
                    })
                    .collect()
            }
        };
        pods.retain(|p| is_live(p));
        pods.sort_by_key(|p| self.names.order(&p.meta.uid));
        pods
    }

    /// One of them by rank: 1 is the oldest, −1 the newest.
    pub fn pod_at(&self, word: &str, rank: i64, ready: Option<bool>) -> Option<&'a Rc<Object>> {
        let mut pods = self.pods_of(word);
        pods.retain(|p| ready.is_none_or(|r| p.pod().is_some_and(|v| v.ready) == r));
        let index = if rank > 0 {
            usize::try_from(rank - 1).ok()?
        } else {
            pods.len().checked_sub(usize::try_from(-rank).ok()?)?
        };
        pods.get(index).copied()
    }

    /// A measure by name; null if there is nothing to measure.
    pub fn measure(&self, name: &str) -> Value {
        let all_pods = || self.engine.list(Kind::POD);
        match name {
            "exists" => return self.deployment.is_some().into(),
            "rs_count" => return count(self.engine.list(Kind::REPLICA_SET).count()),
            "pods" => return count(all_pods().count()),
            "terminating" => return count(all_pods().filter(|p| p.meta.is_terminating()).count()),
            "total" => return count(self.owned_pods().filter(|p| is_live(p)).count()),
            "listed" => return count(self.owned_pods().filter(|p| is_listed(p)).count()),
            "unscheduled" => {
                let pods = all_pods().filter(|p| p.pod().is_some_and(|v| v.unschedulable));
                return count(pods.filter(|p| is_live(p)).count());
            }
            "restarts" => {
                let restarts = all_pods().flat_map(|p| p.value.list_at("status.containerStatuses"));
                return restarts
                    .filter_map(|s| s.int_at("restartCount"))
                    .sum::<i64>()
                    .into();
            }
            "old" | "new" => {
                let sizes = self.set(name);
                return sizes
                    .iter()
                    .map(|rs| i64::from(rs.replicas))
                    .sum::<i64>()
                    .into();
            }
            _ => {}
        }
        if let Some(reason) = name.strip_prefix("waiting.") {
            let waits = |p: &&Rc<Object>| {
                let states = p.value.list_at("status.containerStatuses");
                is_live(p)
                    && states
                        .iter()
                        .any(|s| s.str_at("state.waiting.reason") == reason)
            };
            return count(all_pods().filter(waits).count());
        }
        if let Some(rest) = name.strip_prefix("pods.") {
            let (set, what) = rest.split_once('.').unwrap_or((rest, "total"));
            let pods = self.pods_of(set);
            return match what {
                "ready" => count(
                    pods.iter()
                        .filter(|p| p.pod().is_some_and(|v| v.ready))
                        .count(),
                ),
                _ => count(pods.len()),
            };
        }
        if let Some(rest) = name.strip_prefix("condition.") {
            let (kind, field) = rest.rsplit_once('.').unwrap_or((rest, "status"));
            let condition = self
                .deployment
                .as_ref()
                .and_then(|d| d.status.conditions.iter().find(|c| c.kind.as_str() == kind));
            return match (condition, field) {
                (Some(c), "reason") => c.reason.clone().into(),
                (Some(c), _) => c.status.clone().into(),
                (None, _) => Value::Null,
            };
        }
        if let Some((set, what)) = name.split_once('.') {
            let sets = self.set(set);
            let sum = |f: fn(&ReplicaSet) -> i32| -> Value {
                sets.iter().map(|rs| i64::from(f(rs))).sum::<i64>().into()
            };
            return match what {
                "exists" => (!sets.is_empty()).into(),
                "spec" => sum(|rs| rs.replicas),
                "ready" => sum(|rs| rs.status.ready_replicas),
                "available" => sum(|rs| rs.status.available_replicas),
                "pods" => sum(|rs| rs.status.replicas),
                _ => Value::Null,
            };
        }
        self.deployment
            .as_ref()
            .map_or(Value::Null, |d| deployment_measure(d, name))
    }

    /// Do conditions hold?
    pub fn holds(&self, condition: &Value) -> bool {
        if let Value::List(all) = condition {
            return all.iter().all(|c| self.holds(c));
        }
        if let Some(any) = condition.get("any") {
            return any.as_list().iter().any(|c| self.holds(c));
        }
        if let Some(all) = condition.get("all") {
            return all.as_list().iter().all(|c| self.holds(c));
        }
        let got = self.measure(condition.str_at("measure"));
        let compare = |op: &str, wanted: &Value| match op {
            "eq" => got == *wanted,
            "ne" => got != *wanted,
            "in" => wanted.as_list().contains(&got),
            _ => match (got.as_int(), wanted.as_int()) {
                (Some(a), Some(b)) => match op {
                    "gte" => a >= b,
                    "lte" => a <= b,
                    "gt" => a > b,
                    "lt" => a < b,
                    _ => false,
                },
                _ => false,
            },
        };
        let entries = condition.as_map();
        entries
            .into_iter()
            .flat_map(rollout_api::Map::iter)
            .all(|(op, wanted)| op.as_str() == "measure" || compare(op, wanted))
    }
}

fn deployment_measure(d: &Deployment, name: &str) -> Value {
    let observed = d.status.observed_generation >= d.meta().generation;
    let s = &d.status;
    match name {
        "desired" => d.replicas.into(),
        "paused" => d.paused.into(),
        "generation" => d.meta().generation.into(),
        "revision" => {
            let text = d.meta().annotation(util::REVISION);
            text.and_then(|t| t.parse::<i64>().ok())
                .map_or(Value::Null, Value::from)
        }
        "replicas" => s.replicas.into(),
        "ready" => s.ready_replicas.into(),
        "available" => s.available_replicas.into(),
        "updated" => s.updated_replicas.into(),
        "unavailable" => s.unavailable_replicas.into(),
        "observed" => observed.into(),
        "complete" => (observed
            && s.updated_replicas == d.replicas
            && s.replicas == d.replicas
            && s.available_replicas == d.replicas)
            .into(),
        "floor" => (d.replicas - util::max_unavailable(d)).max(0).into(),
        "ceiling" => (d.replicas + util::max_surge(d)).into(),
        _ => Value::Null,
    }
}

/// Not ended and not being deleted.
pub fn is_live(pod: &Object) -> bool {
    !pod.meta.is_terminating() && is_listed(pod)
}

fn is_listed(pod: &Object) -> bool {
    pod.pod().is_some_and(|p| p.is_live())
}

fn count(n: usize) -> Value {
    i64::try_from(n).unwrap_or(i64::MAX).into()
}
