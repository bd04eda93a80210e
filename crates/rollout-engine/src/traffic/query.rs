//! Questions about a stream: what became of one request, of all in a span, and who would answer now.

use super::server::Conduct;
use super::stream::{Door, Mode, Set, Stream};
use super::tally::{Cause, Outcome, Tally};
use super::{Server, Traffic};
use crate::time::{Millis, SimTime};
use rollout_api::{ObjectKey, Order, Str};

/// A client notices within this time that its connection is gone.
const NOTICE: u64 = 10_000;

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its number in the stream, from 0.
    pub index: u64,
    /// When it was sent.
    pub at: SimTime,
    /// The pod it was sent to; none if there was no endpoint.
    pub server: Option<u32>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Requests with numbers from `lo` up to `hi`, all under one setting and with one list of endpoints.
struct Segment<'s> {
    set: &'s Set,
    lo: u64,
    hi: u64,
    list: &'s [Door],
}

impl Stream {
    /// What is constant in a span, in order.
    fn segments(&self, from: SimTime, to: SimTime) -> Vec<Segment<'_>> {
        let mut out = Vec::new();
        for (i, set) in self.sets.iter().enumerate() {
            let end = self.sets.get(i + 1).map_or(to, |next| next.at.min(to));
            let mut at = set.at.max(from);
            if set.setting.rate == 0 || at >= end {
                continue;
            }
            let mut n = self.lists.partition_point(|(t, _)| *t <= at);
            while at < end {
                let next = self.lists.get(n).map_or(end, |(t, _)| (*t).min(end));
                let list = n.checked_sub(1).and_then(|n| self.lists.get(n));
                let (lo, hi) = (set.index(at), set.index(next));
                if lo < hi {
                    let list = list.map_or(&[][..], |(_, l)| l);
                    out.push(Segment { set, lo, hi, list });
                }
                at = next;
                n += 1;
            }
        }
        out
    }

    /// The number of the first request that is sent at or after a moment, if it follows soon.
    fn next_request(&self, at: SimTime) -> Option<u64> {
        for (i, set) in self.sets.iter().enumerate() {
            let end = self.sets.get(i + 1).map(|next| next.at);
            if set.setting.rate == 0 || end.is_some_and(|e| e <= at) {
                continue;
            }
            let index = set.index(at.max(set.at));
            let sent = set.time(index);
            if end.is_none_or(|e| sent < e) {
                return (sent.since(at).0 <= NOTICE).then_some(index);
            }
        }
        None
    }
}

/// A number from 0 to 2⁶⁴ − 1 for each request.
fn scatter(seed: u64, index: u64) -> u64 {
    let mut z = seed ^ index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How many of the first `n` requests of a pod fail, when `percent` of a hundred do. `phase`: where it begins, below 100.
fn errors_before(n: u64, percent: u8, phase: u64) -> u64 {
    (n + phase) * u64::from(percent) / 100 - phase * u64::from(percent) / 100
}

impl Traffic {
    /// What became, until `now`, of the requests that were sent in a span.
    pub fn tally(&self, target: &ObjectKey, from: SimTime, to: SimTime, now: SimTime) -> Tally {
        let mut all = self.tallies(target, &[(from, to)], now);
        all.pop().unwrap_or_default()
    }

    /// The same of several spans, each by itself.
    pub fn tallies(
        &self,
        target: &ObjectKey,
        spans: &[(SimTime, SimTime)],
        now: SimTime,
    ) -> Vec<Tally> {
        let Some(stream) = self.stream(target) else {
            return Vec::new();
        };
        let victims = self.victims(stream, now);
        let span = |(from, to): &(SimTime, SimTime)| self.span(stream, &victims, *from, *to, now);
        spans.iter().map(span).collect()
    }

    fn span(
        &self,
        stream: &Stream,
        victims: &[(u64, u32)],
        from: SimTime,
        to: SimTime,
        now: SimTime,
    ) -> Tally {
        let mut tally = Tally::default();
        let segments = stream.segments(from, to.min(now));
        for segment in &segments {
            self.count(segment, now, &mut tally);
        }
        for &(index, server) in victims {
            if let Some(s) = segments.iter().find(|s| (s.lo..s.hi).contains(&index)) {
                let natural = self.natural(s, index, now);
                let version = natural.server.map(|id| self.servers[id as usize].version);
                tally.remove(version, natural.outcome);
                let version = self.servers[server as usize].version;
                tally.add(Some(version), Outcome::Failed(Cause::Killed), 1);
            }
        }
        tally
    }

    /// Everything that was sent before `now`.
    pub fn total(&self, target: &ObjectKey, now: SimTime) -> Tally {
        self.tally(target, SimTime::ZERO, now, now)
    }

    /// The requests of a span one by one, at most `limit`.
    pub fn requests(
        &self,
        target: &ObjectKey,
        from: SimTime,
        to: SimTime,
        now: SimTime,
        limit: usize,
    ) -> Vec<Request> {
        let Some(stream) = self.stream(target) else {
            return Vec::new();
        };
        let victims = self.victims(stream, now);
        let mut out = Vec::new();
        for segment in stream.segments(from, to.min(now)) {
            for index in segment.lo..segment.hi {
                if out.len() >= limit {
                    return out;
                }
                let mut request = self.natural(&segment, index, now);
                if let Some((_, server)) = victims.iter().find(|(i, _)| *i == index) {
                    request.server = Some(*server);
                    request.outcome = Outcome::Failed(Cause::Killed);
                }
                out.push(request);
            }
        }
        out
    }

    /// How many requests were sent in a span.
    pub fn sent(&self, target: &ObjectKey, from: SimTime, to: SimTime) -> u64 {
        let segments = self.stream(target).map(|s| s.segments(from, to));
        let segments = segments.into_iter().flatten();
        segments.map(|s| s.hi - s.lo).sum()
    }

    /// What becomes of one more request, the `nth` of somebody, that is sent now to a port of a pod, by its uid. It is never
    /// waiting, and fails for no impatience of the client.
    pub fn ask_pod(&self, uid: &Str, port: u16, nth: u64, now: SimTime) -> Outcome {
        let known = self.by_uid.get(uid).and_then(|id| self.server(*id));
        let assumed = Server::assumed(uid.clone(), 0);
        match known.unwrap_or(&assumed).conduct(self, now, port).0 {
            Conduct::Fails(cause) => Outcome::Failed(cause),
            Conduct::Answers { errors, .. }
                if scatter(self.seed, nth ^ now.0) % 100 < u64::from(errors) =>
            {
                Outcome::Failed(Cause::Error)
            }
            Conduct::Answers { latency, .. } => Outcome::Ok {
                latency: Millis(latency),
            },
        }
    }

    /// Does the process of a pod know a path now?
    pub fn knows_path(&self, uid: &Str, path: &str, now: SimTime) -> bool {
        let known = self.by_uid.get(uid).and_then(|id| self.server(*id));
        let mut until = now;
        known.is_none_or(|s| s.effects(self, now, &mut until).knows(path))
    }

    /// Uids of the pods that clients of a target know now, if a stream keeps them: news of endpoints take their time.
    pub fn known_to_clients(&self, target: &ObjectKey, now: SimTime) -> Option<Vec<Str>> {
        let list = self.stream(target)?.endpoints(now);
        let uid_of = |door: &Door| {
            let mut all = self.by_uid.iter();
            all.find(|(_, known)| **known == door.server())
                .map(|(uid, _)| uid.clone())
        };
        Some(list.iter().filter_map(uid_of).collect())
    }

    /// Connections that broke when a process ended with requests in its hands: the next request of the stream was the one
    /// under way. Number and pod.
    fn victims(&self, stream: &Stream, now: SimTime) -> Vec<(u64, u32)> {
        let Some(began) = stream.began() else {
            return Vec::new();
        };
        let mut ends: Vec<(SimTime, u32)> = Vec::new();
        for (id, server) in self.servers.iter().enumerate() {
            let broken = server
                .runs
                .iter()
                .filter_map(|r| r.end)
                .filter(|e| e.broken);
            for end in broken.filter(|e| e.at >= began && e.at < now) {
                ends.push((end.at, id as u32));
            }
        }
        ends.retain(|(at, id)| stream.members.contains(id) && listed_before(stream, *id, *at));
        ends.order();
        let mut out: Vec<(u64, u32)> = Vec::new();
        for (at, id) in ends {
            if let Some(index) = stream.next_request(at) {
                let index = out.last().map_or(index, |(last, _)| index.max(last + 1));
                out.push((index, id));
            }
        }
        out
    }

    fn choose(&self, segment: &Segment<'_>, index: u64) -> Option<Door> {
        let m = segment.list.len() as u64;
        let n = match segment.set.setting.mode {
            Mode::RoundRobin => index,
            Mode::Random => scatter(self.seed, index) >> 8,
        };
        segment
            .list
            .get(usize::try_from(n.checked_rem(m)?).ok()?)
            .copied()
    }

    /// What becomes of a request by what its pod does.
    fn natural(&self, segment: &Segment<'_>, index: u64, now: SimTime) -> Request {
        let at = segment.set.time(index);
        let Some(door) = self.choose(segment, index) else {
            return Request {
                index,
                at,
                server: None,
                outcome: Outcome::Failed(Cause::NoEndpoint),
            };
        };
        let mut outcome = Outcome::Waiting;
        self.batch(segment, door, index, index + 1, 1, now, &mut |o, n| {
            if n > 0 {
                outcome = o;
            }
        });
        Request {
            index,
            at,
            server: Some(door.server()),
            outcome,
        }
    }

    fn count(&self, segment: &Segment<'_>, now: SimTime, tally: &mut Tally) {
        let m = segment.list.len() as u64;
        let n = segment.hi - segment.lo;
        if m == 0 {
            tally.add(None, Outcome::Failed(Cause::NoEndpoint), n);
            return;
        }
        let one_by_one = n < m || segment.set.setting.mode == Mode::Random;
        for first in segment.lo..segment.hi.min(if one_by_one {
            segment.hi
        } else {
            segment.lo + m
        }) {
            let Some(door) = self.choose(segment, first) else {
                continue;
            };
            let hi = if one_by_one { first + 1 } else { segment.hi };
            let version = Some(self.servers[door.server() as usize].version);
            self.batch(segment, door, first, hi, m, now, &mut |outcome, count| {
                tally.add(version, outcome, count)
            });
        }
    }

    /// The requests `first`, `first + every`, … below `hi` of one segment, all sent to one pod.
    fn batch(
        &self,
        segment: &Segment<'_>,
        door: Door,
        first: u64,
        hi: u64,
        every: u64,
        now: SimTime,
        tell: &mut dyn FnMut(Outcome, u64),
    ) {
        let id = door.server();
        let server = &self.servers[id as usize];
        let timeout = segment.set.setting.timeout.0;
        let mut index = first;
        while index < hi {
            let at = segment.set.time(index);
            let (conduct, mut until) = server.conduct(self, at, door.port());
            let (outcome, errors) = match conduct {
                Conduct::Fails(cause) => (Outcome::Failed(cause), 0),
                Conduct::Answers { latency, errors } => {
                    let took = latency.min(timeout);
                    let (outcome, limit) = settled(server, at, took, now);
                    if let Some(limit) = limit {
                        until = until.min(limit);
                    }
                    match outcome {
                        None if latency > timeout => (Outcome::Failed(Cause::Timeout), 0),
                        None => {
                            let latency = Millis(latency);
                            (Outcome::Ok { latency }, errors)
                        }
                        Some(other) => (other, 0),
                    }
                }
            };
            // At least this request, and all of this pod that are sent before anything changes.
            let beyond = segment.set.index(until).clamp(index + 1, hi);
            let count = (beyond - index).div_ceil(every);
            let last = index + count * every;
            let m = segment.list.len().max(1) as u64;
            let failed = match errors {
                0 => 0,
                p if segment.set.setting.mode == Mode::Random => {
                    u64::from(scatter(!self.seed, index) % 100 < u64::from(p))
                }
                p => {
                    let phase = scatter(self.seed, u64::from(id)) % 100;
                    let (a, b) = (index / m, index / m + count);
                    errors_before(b, p, phase) - errors_before(a, p, phase)
                }
            };
            tell(Outcome::Failed(Cause::Error), failed);
            tell(outcome, count - failed);
            index = last;
        }
    }
}

/// Was the pod among the endpoints that clients knew at some time before this one?
fn listed_before(stream: &Stream, id: u32, at: SimTime) -> bool {
    stream
        .lists
        .iter()
        .take_while(|(t, _)| *t <= at)
        .any(|(_, l)| l.binary_search_by_key(&id, |d| d.server()).is_ok())
}

/// An answer that takes `took` milliseconds: cut off by the end of the process, or not there yet; and until when that
/// stays so for later requests. `None`: it comes.
fn settled(
    server: &Server,
    at: SimTime,
    took: u64,
    now: SimTime,
) -> (Option<Outcome>, Option<SimTime>) {
    let due = at.0.saturating_add(took);
    let n = server.runs.partition_point(|r| r.started <= at);
    let end = n
        .checked_sub(1)
        .and_then(|n| server.runs[n].end)
        .filter(|e| e.at <= now && e.at > at);
    if let Some(end) = end {
        if end.at.0 <= due {
            return (Some(Outcome::Failed(Cause::Killed)), None);
        }
        return limit_by_now(due, took, now, Some(SimTime(end.at.0 - took)));
    }
    limit_by_now(due, took, now, None)
}

fn limit_by_now(
    due: u64,
    took: u64,
    now: SimTime,
    end: Option<SimTime>,
) -> (Option<Outcome>, Option<SimTime>) {
    if due > now.0 {
        return (Some(Outcome::Waiting), end);
    }
    let limit = SimTime(now.0.saturating_sub(took) + 1);
    (None, Some(end.map_or(limit, |e| e.min(limit))))
}
