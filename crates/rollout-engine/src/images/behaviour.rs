//! What an image can do.

use crate::time::SimTime;
use rollout_api::Str;

/// A span in milliseconds, written `30`, `500ms`, `2m`, `1m30s`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Span(pub u64);

/// One behaviour. Several may hold at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Behaviour {
    /// Becomes ready after start and probe.
    Good,
    /// The pull fails.
    Missing,
    /// Missing until a moment (since the start of the cluster), then there.
    Late {
        /// The moment.
        until: Span,
    },
    /// Ends after a time with an exit code.
    Crash {
        /// How long it runs.
        after: Span,
        /// Its exit code.
        exit: u8,
    },
    /// Runs, but its probes fail.
    NeverReady,
    /// Healthy and not, in turns.
    Flapping {
        /// How long it is healthy.
        up: Span,
        /// How long it is not.
        down: Span,
    },
    /// Answers only some time after its start.
    SlowStart {
        /// When it answers.
        ready: Span,
    },
    /// Takes long to pull.
    SlowPull {
        /// How long, if not on the node.
        time: Span,
        /// Size in bytes.
        size: Option<u64>,
    },
    /// Answers late.
    SlowAnswers {
        /// Latency.
        latency: Span,
    },
    /// Fails a share of the requests.
    Errors {
        /// 0 to 100.
        percent: u8,
    },
    /// Its memory grows until it is killed.
    Oom {
        /// How long that takes.
        after: Span,
    },
    /// Does not run without this key of its configuration.
    NeedsConfig {
        /// Name of the environment variable.
        key: Str,
    },
    /// Fails requests unless the database has this schema.
    NeedsSchema {
        /// The schema.
        schema: u32,
    },
    /// Listens on another port than the probes ask.
    WrongPort,
    /// Knows another path than the probes ask.
    WrongPath,
    /// Runs until the grace period ends.
    IgnoresStop,
    /// Fails with a read-only root.
    NeedsWrite,
    /// Refused with run-as-non-root.
    NeedsRoot,
    /// Healthy, but with a security advisory.
    Advisory,
    /// Same tag, new content: the digest's number.
    MovedTag {
        /// How often the tag was moved.
        digest: u32,
    },
}

/// All that holds for one container now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// The pull fails.
    pub missing: bool,
    /// Ends after this many milliseconds with this code.
    pub crash: Option<(u64, u8)>,
    /// Killed for memory after this many milliseconds.
    pub oom: Option<u64>,
    /// Probes fail.
    pub never_ready: bool,
    /// Milliseconds healthy and not, in turns.
    pub flapping: Option<(u64, u64)>,
    /// Answers this many milliseconds after its start.
    pub slow_start: u64,
    /// Milliseconds of a pull.
    pub pull: Option<u64>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Latency of an answer, milliseconds.
    pub latency: u64,
    /// Percent of failing requests.
    pub errors: u8,
    /// Keys it needs.
    pub needs_config: Vec<Str>,
    /// Schema it needs.
    pub needs_schema: Option<u32>,
    /// Listens elsewhere.
    pub wrong_port: bool,
    /// Knows another path.
    pub wrong_path: bool,
    /// Does not stop when asked.
    pub ignores_stop: bool,
    /// Writes to its root.
    pub needs_write: bool,
    /// Runs as root.
    pub needs_root: bool,
    /// Flagged.
    pub advisory: bool,
    /// How often the tag was moved.
    pub digest: u32,
}

impl Effects {
    pub(super) fn add(&mut self, behaviour: &Behaviour, now: SimTime) {
        match behaviour {
            Behaviour::Good => {}
            Behaviour::Missing => self.missing = true,
            Behaviour::Late { until } => self.missing |= now.0 < until.0,
            Behaviour::Crash { after, exit } => self.crash = Some((after.0, *exit)),
            Behaviour::NeverReady => self.never_ready = true,
            Behaviour::Flapping { up, down } => self.flapping = Some((up.0.max(1), down.0)),
            Behaviour::SlowStart { ready } => self.slow_start = ready.0,
            Behaviour::SlowPull { time, size } => {
                self.pull = Some(time.0);
                self.size = size.or(self.size);
            }
            Behaviour::SlowAnswers { latency } => self.latency = latency.0,
            Behaviour::Errors { percent } => self.errors = *percent,
            Behaviour::Oom { after } => self.oom = Some(after.0),
            Behaviour::NeedsConfig { key } => self.needs_config.push(key.clone()),
            Behaviour::NeedsSchema { schema } => self.needs_schema = Some(*schema),
            Behaviour::WrongPort => self.wrong_port = true,
            Behaviour::WrongPath => self.wrong_path = true,
            Behaviour::IgnoresStop => self.ignores_stop = true,
            Behaviour::NeedsWrite => self.needs_write = true,
            Behaviour::NeedsRoot => self.needs_root = true,
            Behaviour::Advisory => self.advisory = true,
            Behaviour::MovedTag { digest } => self.digest = *digest,
        }
    }
}
