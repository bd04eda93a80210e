//! A pod as clients meet it: when its process listened, when it was told to stop, how it ended.

use super::Traffic;
use super::tally::Cause;
use crate::images::{Effects, Who};
use crate::time::SimTime;
use rollout_api::Str;

/// What a pod runs, as far as answers differ.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Version {
    /// Name of the ReplicaSet (or other controller).
    pub owner: Str,
    /// The image as written.
    pub image: Str,
    /// Its id: differs when a tag was moved.
    pub image_id: Str,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// When.
    pub at: SimTime,
    /// With requests in its hands: it was killed, crashed, or its preStop hook was cut short.
    pub broken: bool,
}

/// One run of a pod's process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// When it began.
    pub started: SimTime,
    /// When it gets, or got, the stop signal: it accepts nothing from then on.
    pub signal: Option<SimTime>,
    /// Its end.
    pub end: Option<End>,
}

/// A pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// Its name.
    pub pod: Str,
    /// Its node.
    pub node: Str,
    /// The image as rules know it.
    pub full: Str,
    /// The pod's number among those with this image.
    pub ordinal: u32,
    /// Which version.
    pub version: u32,
    /// Where it is expected to listen; empty: anywhere.
    pub listens: Vec<u16>,
    /// Its runs in order. None at all: a process of which nothing is known, and that simply answers.
    pub runs: Vec<Run>,
}

/// What a pod does with a request, constant until a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Conduct {
    /// Every request fails.
    Fails(Cause),
    /// It answers after so many milliseconds, a share (percent) with an error.
    Answers { latency: u64, errors: u8 },
}

impl Server {
    /// A pod that is not played by our kubelets.
    pub(super) fn assumed(pod: Str, version: u32) -> Server {
        Server {
            pod,
            node: Str::default(),
            full: Str::default(),
            ordinal: 1,
            version,
            listens: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The usual time of an answer in milliseconds: each pod has its own.
    fn usual_latency(&self) -> u64 {
        let mut h: u64 = 0xcbf2_9ce4_8422_2325;
        for b in self.pod.bytes() {
            h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
        12 + (h >> 32) % 17
    }

    /// What it does with a request that arrives at `at` at a port, and until when that stays so.
    pub(super) fn conduct(&self, traffic: &Traffic, at: SimTime, port: u16) -> (Conduct, SimTime) {
        let mut until = SimTime(u64::MAX);
        for (_, from, to) in traffic.outages.iter().filter(|(n, _, _)| *n == self.node) {
            if *from > at {
                until = until.min(*from);
            } else if to.is_none_or(|to| to > at) {
                let to = to.unwrap_or(SimTime(u64::MAX));
                return (Conduct::Fails(Cause::Unreachable), until.min(to));
            }
        }
        if self.runs.is_empty() {
            let latency = self.usual_latency();
            return (Conduct::Answers { latency, errors: 0 }, until);
        }
        let n = self.runs.partition_point(|r| r.started <= at);
        if let Some(next) = self.runs.get(n) {
            until = until.min(next.started);
        }
        let Some(run) = n.checked_sub(1).and_then(|n| self.runs.get(n)) else {
            return (Conduct::Fails(Cause::Starting), until);
        };
        if run.end.is_some_and(|e| e.at <= at) {
            let cause = if run.signal.is_some() {
                Cause::Stopped
            } else {
                Cause::Crashed
            };
            return (Conduct::Fails(cause), until);
        }
        if let Some(end) = run.end {
            until = until.min(end.at);
        }
        match run.signal {
            Some(signal) if signal <= at => return (Conduct::Fails(Cause::Stopped), until),
            Some(signal) => until = until.min(signal),
            None => {}
        }
        let effects = self.effects(traffic, at, &mut until);
        let since = at.since(run.started).0;
        if let Some(next) = crate::kubelet::next_change_of(&effects, since) {
            until = until.min(SimTime(run.started.0.saturating_add(next)));
        }
        let conduct = if since >= effects.slow_start && !effects.hears(port, &self.listens) {
            Conduct::Fails(Cause::WrongPort)
        } else {
            self.with(traffic, &effects, at, since, &mut until)
        };
        (conduct, until)
    }

    /// What holds for its image, and until when that stays so at most.
    pub(super) fn effects(&self, traffic: &Traffic, at: SimTime, until: &mut SimTime) -> Effects {
        let n = traffic.rules.partition_point(|(t, _)| *t <= at);
        if let Some((next, _)) = traffic.rules.get(n) {
            *until = (*until).min(*next);
        }
        let rules = n.checked_sub(1).and_then(|n| traffic.rules.get(n));
        let Some((_, rules)) = rules.filter(|(_, r)| !r.is_empty()) else {
            return Effects::default();
        };
        let who = Who {
            ordinal: self.ordinal,
            node: &self.node,
        };
        if let Some(next) = rules.next_change(&self.full, at) {
            *until = (*until).min(next);
        }
        rules.effects(&self.full, &who, at)
    }

    fn with(
        &self,
        traffic: &Traffic,
        effects: &Effects,
        at: SimTime,
        since: u64,
        until: &mut SimTime,
    ) -> Conduct {
        if since < effects.slow_start {
            return Conduct::Fails(Cause::Starting);
        }
        if crate::kubelet::is_unhealthy(effects, since) {
            return Conduct::Fails(Cause::Unhealthy);
        }
        if let Some(needed) = effects.needs_schema {
            if let Some((next, _)) = traffic.schemas.iter().find(|(t, _)| *t > at) {
                *until = (*until).min(*next);
            }
            if traffic.schema(at) != needed {
                return Conduct::Fails(Cause::Schema);
            }
        }
        Conduct::Answers {
            latency: self.usual_latency() + effects.latency,
            errors: effects.errors,
        }
    }
}
