//! One stream: how many requests per second, since when, and which endpoints its clients know.

use crate::time::{Millis, SimTime};
use rollout_api::Order;
use rollout_api::Str;
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;

/// Which endpoint gets a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// One after the other, as a proxy in IPVS mode does.
    #[default]
    RoundRobin,
    /// Any of them, as rules of iptables and nftables choose.
    Random,
}

/// What a stream is told to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Requests per thousand seconds.
    pub rate: u64,
    /// Which endpoint.
    pub mode: Mode,
    /// How long a client waits for an answer.
    pub timeout: Millis,
    /// The share of requests that should succeed, in parts of 100 000.
    pub objective: u32,
}

impl Default for Setting {
    fn default() -> Self {
        Setting {
            rate: 20_000,
            mode: Mode::RoundRobin,
            timeout: Millis(10_000),
            objective: 99_900,
        }
    }
}

/// A setting and the first request that is sent under it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Set {
    pub(super) at: SimTime,
    pub(super) first: u64,
    pub(super) setting: Setting,
}

impl Set {
    /// When a request is sent. Only for requests of this setting.
    pub(super) fn time(&self, index: u64) -> SimTime {
        let n = index.saturating_sub(self.first);
        let rate = self.setting.rate.max(1);
        let ms = match n.checked_mul(PER_MS) {
            Some(product) => product / rate,
            None => narrow(u128::from(n) * u128::from(PER_MS) / u128::from(rate)),
        };
        SimTime(self.at.0.saturating_add(ms))
    }

    /// The number of the first request that is not sent before a moment.
    pub(super) fn index(&self, at: SimTime) -> u64 {
        let (ms, rate) = (at.since(self.at).0, self.setting.rate);
        let n = match ms.checked_mul(rate) {
            Some(product) => product.div_ceil(PER_MS),
            None => narrow((u128::from(ms) * u128::from(rate)).div_ceil(u128::from(PER_MS))),
        };
        self.first.saturating_add(n)
    }
}

/// A rate counts requests per thousand seconds, time is in milliseconds.
const PER_MS: u64 = 1_000_000;

/// Divisions of 128 bits are slow in wasm; only spans of hundreds of years need them.
#[cold]
fn narrow(wide: u128) -> u64 {
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// Addresses of one slice or pod: server, ready, serving.
type Part = Vec<(u32, bool, bool)>;

/// An endpoint as clients know it: a server and the port it is asked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Door(u64);

impl Door {
    fn new(server: u32, port: u16) -> Door {
        Door((u64::from(server) << 16) | u64::from(port))
    }
    /// Who is asked.
    pub(super) fn server(self) -> u32 {
        (self.0 >> 16) as u32
    }
    /// Where; zero: where the process is expected to listen.
    pub(super) fn port(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

/// A stream of requests.
#[derive(Clone, Default)]
pub struct Stream {
    pub(super) sets: Vec<Set>,
    /// From when on clients know which endpoints.
    pub(super) lists: Vec<(SimTime, Rc<[Door]>)>,
    pub(super) members: SortedSet<u32>,
    parts: SortedMap<Str, (u16, Part)>,
}

impl Stream {
    /// The setting at a moment; none before the stream began.
    pub fn setting(&self, at: SimTime) -> Option<&Setting> {
        let set = self.sets.iter().rev().find(|s| s.at <= at)?;
        Some(&set.setting)
    }

    /// How long its clients wait at the most, under any of its settings.
    pub fn patience(&self) -> Millis {
        let all = self.sets.iter().map(|s| s.setting.timeout);
        all.max().unwrap_or_default()
    }

    /// The first request's moment.
    pub fn began(&self) -> Option<SimTime> {
        self.sets.first().map(|s| s.at)
    }

    /// The endpoints that clients know at a moment.
    pub(super) fn endpoints(&self, at: SimTime) -> &[Door] {
        let n = self.lists.partition_point(|(t, _)| *t <= at);
        let list = n.checked_sub(1).and_then(|n| self.lists.get(n));
        list.map_or(&[], |(_, l)| l)
    }

    pub(super) fn set(&mut self, at: SimTime, setting: Setting) {
        let first = self.sets.last().map_or(0, |s| s.index(at));
        // A second setting in the same moment takes the place of the first.
        if self.sets.last().is_some_and(|s| s.at == at) {
            self.sets.pop();
        }
        self.sets.push(Set { at, first, setting });
    }

    /// One slice's, or pod's, addresses from now on. False: nothing changed.
    pub(super) fn set_part(&mut self, name: Str, port: u16, part: Part) -> bool {
        if part.is_empty() {
            return self.parts.remove(&name).is_some();
        }
        let part = (port, part);
        if self.parts.get(&name) == Some(&part) {
            return false;
        }
        self.parts.insert(name, part);
        true
    }

    /// The clients hear of it at this moment: ready endpoints, or if there is none those that still serve.
    pub(super) fn publish(&mut self, at: SimTime) {
        let mut list: Vec<u64> = Vec::new();
        for serving in [false, true] {
            for (port, part) in self.parts.values() {
                let listed = part.iter().filter(|a| if serving { a.2 } else { a.1 });
                list.extend(listed.map(|a| Door::new(a.0, *port).0));
            }
            if !list.is_empty() {
                break;
            }
        }
        list.order();
        list.dedup();
        let list: Rc<[Door]> = list.into_iter().map(Door).collect();
        let last = self.lists.last();
        if last.is_some_and(|(_, l)| *l == list) {
            return;
        }
        // News never overtake older news.
        let at = last.map_or(at, |(t, _)| at.max(*t));
        self.members.extend(list.iter().map(|d| d.server()));
        if last.is_some_and(|(t, _)| *t == at) {
            self.lists.pop();
        }
        self.lists.push((at, list));
    }
}
