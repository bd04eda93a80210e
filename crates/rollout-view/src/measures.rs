//! The measures of scenarios.md 1.2 as functions of a session at its cursor.

use crate::cluster::Rollout;
use crate::model::Measure;
use crate::walk::Walk;
use rollout_api::Order;
use rollout_api::{Kind, ObjectKey, Value};
use rollout_session::{Session, Step};

/// What a run looked like up to a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunMeasures {
    /// Most counted pods: the highest `total` after any step.
    pub peak: i64,
    /// Fewest available pods, from the first moment at which all were; 0 before it.
    pub lowest: i64,
    /// Fewest and most desired pods in the same time: whoever scales in the middle changes what is too few.
    pub desired: (i64, i64),
    /// Longest time with none available, after the first was; milliseconds.
    pub gap_ms: u64,
    /// How long rollouts were under way: the sum of the times from the first instant in which the Deployment was not
    /// complete (`DeploymentComplete`) to the instant in which it was. The creation counts only while nothing followed it.
    pub duration_ms: u64,
    /// It is complete at the end.
    pub complete: bool,
    /// Most listed pods.
    pub listed: i64,
    /// Pods beyond the desired number, terminating ones included, times how long: the integral of
    /// max(0, listed − desired); pod-milliseconds.
    pub extra_ms: u64,
    /// The revision that is current at the end.
    pub revision: i64,
}

/// The measures of a run on its way: what is known after some steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunSoFar {
    measures: RunMeasures,
    full: bool,
    served: bool,
    gap_from: Option<u64>,
    /// The rollout that is under way began then.
    under_way: Option<u64>,
    /// The Deployment was complete once: what follows are updates.
    created: bool,
    /// An update has begun.
    updated: bool,
    last: u64,
    extra: i64,
}

impl RunSoFar {
    /// Before the first step.
    pub fn start(walk: &Walk) -> RunSoFar {
        let full = is_full(walk);
        let complete = is_complete(walk);
        let desired = walk.limits().filter(|_| full).map_or(0, |l| l.desired);
        RunSoFar {
            measures: RunMeasures {
                desired: (desired, desired),
                peak: walk.total(),
                lowest: if full { walk.available() } else { 0 },
                listed: walk.pods.len() as i64,
                complete,
                revision: revision(walk),
                ..RunMeasures::default()
            },
            full,
            served: walk.available() > 0,
            created: complete,
            under_way: (walk.deployment.is_some() && !complete).then_some(0),
            extra: extra(walk),
            ..RunSoFar::default()
        }
    }
    /// Takes in a step that the walk has made.
    pub fn take(&mut self, walk: &Walk, step: &Step) {
        self.take_at(walk, step.at);
    }
    /// Takes in what the walk is at a time.
    pub fn take_at(&mut self, walk: &Walk, at: u64) {
        let (total, available) = (walk.total(), walk.available());
        self.measures.extra_ms += self.extra_until(at);
        (self.last, self.extra) = (at, extra(walk));
        let m = &mut self.measures;
        m.peak = m.peak.max(total);
        m.listed = m.listed.max(walk.pods.len() as i64);
        m.revision = revision(walk);
        m.complete = is_complete(walk);
        match (m.complete, self.under_way) {
            (false, None) if walk.deployment.is_some() => {
                self.under_way = Some(at);
                if self.created && !self.updated {
                    self.updated = true;
                    m.duration_ms = 0;
                }
            }
            (true, Some(from)) => {
                m.duration_ms += at - from;
                self.under_way = None;
                self.created = true;
            }
            _ => {}
        }
        if is_full(walk) && !self.full {
            self.full = true;
            m.lowest = available;
        }
        if self.full {
            m.lowest = m.lowest.min(available);
            let now = walk.limits().map_or(0, |l| l.desired);
            let (least, most) = m.desired;
            m.desired = (if most == 0 { now } else { least.min(now) }, most.max(now));
        }
        match (available, self.gap_from) {
            (0, None) if self.served => self.gap_from = Some(at),
            (1.., Some(from)) => {
                m.gap_ms = m.gap_ms.max(at - from);
                self.gap_from = None;
            }
            _ => {}
        }
        self.served |= available > 0;
    }
    fn extra_until(&self, at: u64) -> u64 {
        at.saturating_sub(self.last) * u64::try_from(self.extra).unwrap_or(0)
    }
    /// The measures at a time after the last step.
    pub fn at(&self, end: u64) -> RunMeasures {
        let mut m = self.measures;
        if let Some(from) = self.gap_from {
            m.gap_ms = m.gap_ms.max(end.saturating_sub(from));
        }
        if let Some(from) = self.under_way {
            m.duration_ms += end.saturating_sub(from);
        }
        m.extra_ms += self.extra_until(end);
        m
    }
}

/// Listed pods beyond the desired number.
fn extra(walk: &Walk) -> i64 {
    let desired = walk.limits().map_or(0, |l| l.desired);
    (walk.pods.len() as i64 - desired).max(0)
}

fn revision(walk: &Walk) -> i64 {
    walk.deployment
        .as_ref()
        .map_or(0, |d| crate::cluster::revision_of(d))
}

/// Mirrors `DeploymentComplete`, pkg/controller/deployment/util/deployment_util.go.
fn is_complete(walk: &Walk) -> bool {
    let Some(object) = &walk.deployment else {
        return false;
    };
    object.deployment().is_some_and(|d| {
        let s = &d.status;
        s.updated_replicas == d.replicas
            && s.replicas == d.replicas
            && s.available_replicas == d.replicas
            && s.observed_generation >= object.value.int_at("metadata.generation").unwrap_or(0)
    })
}

/// The measures of a session's run up to its cursor.
pub fn run_measures(session: &Session, key: &ObjectKey) -> RunMeasures {
    crate::past::run_so_far(session, key).at(session.at())
}

fn is_full(walk: &Walk) -> bool {
    walk.limits().is_some_and(|l| {
        l.desired > 0 && walk.available() >= l.desired && walk.total() == l.desired
    })
}

/// Addresses that receive traffic from Services that select this Deployment's pods: ready pods of its EndpointSlices.
pub fn endpoints(session: &Session, rollout: &Rollout) -> i64 {
    let mut names: Vec<&str> = rollout
        .pods
        .iter()
        .map(|p| p.object.meta.name.as_str())
        .collect();
    names.order();
    let mut seen: Vec<&str> = Vec::new();
    for slice in session
        .store()
        .list_in(Kind::ENDPOINT_SLICE, &rollout.object.meta.namespace)
    {
        for endpoint in slice.value.list_at("endpoints") {
            let name = endpoint.str_at("targetRef.name");
            let ready = endpoint
                .at("conditions.ready")
                .and_then(Value::as_bool)
                .unwrap_or(true);
            if ready && names.binary_search(&name).is_ok() {
                seen.push(name);
            }
        }
    }
    seen.order();
    seen.dedup();
    seen.len() as i64
}

/// All measures with their bare values.
pub fn measures(
    session: &Session,
    rollout: Option<&Rollout>,
    requests: Option<&crate::traffic::SoFar>,
) -> Vec<Measure> {
    let mut out: Vec<Measure> = Vec::new();
    let mut add = |name: &'static str, value: String| out.push(Measure { name, value });
    let Some(r) = rollout else { return out };
    let run = run_measures(session, &key_of(r));
    let number = |n: i64| n.to_string();
    add("desired", number(r.limits.desired));
    add("floor", number(r.limits.floor()));
    add("ceiling", number(r.limits.ceiling()));
    add("total", number(r.total()));
    add("listed", number(r.pods.len() as i64));
    add("updated", number(r.updated()));
    add("ready", number(r.ready()));
    add("available", number(r.available()));
    add("old", number(r.old_size()));
    add("new", number(r.new_size()));
    add("terminating", number(r.leaving().count() as i64));
    add("endpoints", number(endpoints(session, r)));
    let of_requests = requests.map(|s| crate::traffic::measures(session, r, s));
    for measure in of_requests.into_iter().flatten() {
        add(measure.name, measure.value);
    }
    add("peak", number(run.peak));
    add("lowest", number(run.lowest));
    add("gap", seconds_bare(run.gap_ms));
    add(
        "revision.current",
        number(crate::cluster::revision_of(&r.object)),
    );
    let mut revisions: Vec<i64> = r
        .sets
        .iter()
        .map(|s| s.revision)
        .filter(|n| *n > 0)
        .collect();
    revisions.order();
    add(
        "revision.list",
        revisions
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(","),
    );
    for (name, kind) in [
        ("condition.Progressing", "Progressing"),
        ("condition.Available", "Available"),
        ("condition.ReplicaFailure", "ReplicaFailure"),
    ] {
        let text = r.condition(kind).map_or(String::new(), |(status, reason)| {
            format!("{status} {reason}")
        });
        add(name, text);
    }
    out
}

/// The key of a rollout's Deployment.
pub fn key_of(r: &Rollout) -> ObjectKey {
    ObjectKey::new(
        Kind::DEPLOYMENT,
        r.object.meta.namespace.clone(),
        r.object.meta.name.clone(),
    )
}

/// Seconds without unit and without trailing zeros: `4.5`, `0`, `12.345`.
pub fn seconds_bare(ms: u64) -> String {
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn bare_seconds() {
        for (ms, text) in [
            (0, "0"),
            (4_500, "4.5"),
            (10_000, "10"),
            (12_345, "12.345"),
            (100, "0.1"),
        ] {
            assert_eq!(super::seconds_bare(ms), text);
        }
    }
}
