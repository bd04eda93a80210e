//! What became of requests, counted.

use crate::time::Millis;

/// Why a request failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// The Service has no endpoint.
    NoEndpoint,
    /// Connection refused: the process does not listen yet.
    Starting,
    /// Connection refused: the process had its stop signal, and the clients had not heard that the endpoint is gone.
    Stopped,
    /// Connection reset: the process ended with the request in its hands.
    Killed,
    /// Connection refused: the process has crashed.
    Crashed,
    /// Connection refused: the process listens on another port.
    WrongPort,
    /// The process is up but not healthy: 503.
    Unhealthy,
    /// The process answered with an error: 500.
    Error,
    /// The process cannot work with the database's schema: 500.
    Schema,
    /// No answer in time.
    Timeout,
    /// The node is not reached: no answer in time.
    Unreachable,
}

impl Cause {
    /// All causes, in the order of lists.
    pub const ALL: [Cause; 11] = [
        Cause::NoEndpoint,
        Cause::Starting,
        Cause::Stopped,
        Cause::Killed,
        Cause::Crashed,
        Cause::WrongPort,
        Cause::Unhealthy,
        Cause::Error,
        Cause::Schema,
        Cause::Timeout,
        Cause::Unreachable,
    ];

    /// In a few words: `2 failed: …`.
    pub fn words(self) -> &'static str {
        match self {
            Cause::NoEndpoint => "no endpoint",
            Cause::Starting => "refused while starting",
            Cause::Stopped => "at pods that had stopped",
            Cause::Killed => "cut off by a kill",
            Cause::Crashed => "at crashed pods",
            Cause::WrongPort => "on a wrong port",
            Cause::Unhealthy => "answered 503 by unhealthy pods",
            Cause::Error => "answered 500",
            Cause::Schema => "wrong schema",
            Cause::Timeout => "timed out",
            Cause::Unreachable => "at an unreachable node",
        }
    }
}

/// What became of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Answered after a time.
    Ok {
        /// The latency.
        latency: Millis,
    },
    /// It failed.
    Failed(Cause),
    /// No answer yet.
    Waiting,
}

/// Requests with the same version and outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Which version they were sent to; none if there was no endpoint.
    pub version: Option<u32>,
    /// Why they failed; none: they were answered.
    pub cause: Option<Cause>,
    /// How many.
    pub count: u64,
}

/// Requests, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// By version and cause, ordered.
    pub parts: Vec<Part>,
    /// Sent but not answered yet.
    pub waiting: u64,
    /// Milliseconds that answers took, and how many took so long, ordered.
    pub latencies: Vec<(u64, u64)>,
}

impl Tally {
    /// Answered.
    pub fn ok(&self) -> u64 {
        let ok = self.parts.iter().filter(|p| p.cause.is_none());
        ok.map(|p| p.count).sum()
    }
    /// Failed.
    pub fn failed(&self) -> u64 {
        let failed = self.parts.iter().filter(|p| p.cause.is_some());
        failed.map(|p| p.count).sum()
    }
    /// Answered or failed.
    pub fn total(&self) -> u64 {
        self.parts.iter().map(|p| p.count).sum()
    }
    /// Failed for a reason.
    pub fn failed_by(&self, cause: Cause) -> u64 {
        let of = self.parts.iter().filter(|p| p.cause == Some(cause));
        of.map(|p| p.count).sum()
    }
    /// Answered by a version.
    pub fn ok_by(&self, version: u32) -> u64 {
        let of = |p: &&Part| p.version == Some(version) && p.cause.is_none();
        self.parts.iter().filter(of).map(|p| p.count).sum()
    }
    /// The share that was answered, in parts of 100 000; all, if there was none.
    pub fn availability(&self) -> u32 {
        share(self.ok(), self.total())
    }
    /// The part of the error budget that is used up, in percent: 100 means that as many failed as the objective allows.
    /// Without any room (objective 100 %) the first failure counts as much.
    pub fn budget_burnt(&self, objective: u32) -> u64 {
        let allowed = u128::from(100_000 - objective.min(100_000)) * u128::from(self.total());
        let failed = u128::from(self.failed()) * 10_000_000;
        match (failed, allowed) {
            (0, _) => 0,
            (f, 0) => u64::try_from(f / 100_000).unwrap_or(u64::MAX),
            (f, a) => u64::try_from(f / a).unwrap_or(u64::MAX),
        }
    }
    /// The time that so many percent of the answers did not exceed.
    pub fn percentile(&self, percent: u64) -> Option<Millis> {
        let all: u64 = self.latencies.iter().map(|(_, n)| n).sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (ms, n) in &self.latencies {
            seen += n;
            if seen >= wanted {
                return Some(Millis(*ms));
            }
        }
        None
    }

    /// Counts the requests of another span too.
    pub fn join(&mut self, other: &Tally) {
        self.waiting += other.waiting;
        for (ms, n) in &other.latencies {
            self.answered(*ms, *n);
        }
        for part in &other.parts {
            self.part(part.version, part.cause, part.count);
        }
    }

    fn answered(&mut self, ms: u64, count: u64) {
        match self.latencies.binary_search_by_key(&ms, |l| l.0) {
            Ok(i) => self.latencies[i].1 += count,
            Err(i) => self.latencies.insert(i, (ms, count)),
        }
    }

    fn part(&mut self, version: Option<u32>, cause: Option<Cause>, count: u64) {
        let place = self
            .parts
            .binary_search_by_key(&(version, cause), |p| (p.version, p.cause));
        match place {
            Ok(i) => self.parts[i].count += count,
            Err(i) => self.parts.insert(
                i,
                Part {
                    version,
                    cause,
                    count,
                },
            ),
        }
    }

    pub(super) fn add(&mut self, version: Option<u32>, outcome: Outcome, count: u64) {
        let cause = match outcome {
            _ if count == 0 => return,
            Outcome::Waiting => {
                self.waiting += count;
                return;
            }
            Outcome::Ok { latency } => {
                self.answered(latency.0, count);
                None
            }
            Outcome::Failed(cause) => Some(cause),
        };
        self.part(version, cause, count);
    }

    /// Takes back what was counted.
    pub(super) fn remove(&mut self, version: Option<u32>, outcome: Outcome) {
        let cause = match outcome {
            Outcome::Waiting => {
                self.waiting = self.waiting.saturating_sub(1);
                return;
            }
            Outcome::Ok { latency } => {
                if let Ok(i) = self.latencies.binary_search_by_key(&latency.0, |l| l.0) {
                    self.latencies[i].1 -= 1;
                    self.latencies.retain(|l| l.1 > 0);
                }
                None
            }
            Outcome::Failed(cause) => Some(cause),
        };
        if let Ok(i) = self
            .parts
            .binary_search_by_key(&(version, cause), |p| (p.version, p.cause))
        {
            self.parts[i].count -= 1;
            self.parts.retain(|p| p.count > 0);
        }
    }
}

/// `part` of `all` in parts of 100 000.
fn share(part: u64, all: u64) -> u32 {
    if all == 0 {
        return 100_000;
    }
    u32::try_from(u128::from(part) * 100_000 / u128::from(all)).unwrap_or(100_000)
}
