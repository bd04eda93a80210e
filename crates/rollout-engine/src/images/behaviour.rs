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
    /// Listens on these ports only and knows these paths only; each list is separated by commas, an empty one says nothing.
    Serves {
        /// `8500,8501`.
        ports: Str,
        /// `/healthz,/metrics`.
        paths: Str,
    },
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
    /// The only ports it listens on; empty: those it is expected to.
    pub ports: Str,
    /// The only paths it knows besides `/`; empty: all.
    pub paths: Str,
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
            Behaviour::Serves { ports, paths } => {
                self.ports = ports.clone();
                self.paths = paths.clone();
            }
            Behaviour::IgnoresStop => self.ignores_stop = true,
            Behaviour::NeedsWrite => self.needs_write = true,
            Behaviour::NeedsRoot => self.needs_root = true,
            Behaviour::Advisory => self.advisory = true,
            Behaviour::MovedTag { digest } => self.digest = *digest,
        }
    }

    /// Does it answer at this path? `/` is known to everybody.
    pub fn knows(&self, path: &str) -> bool {
        let path = path.split(['?', '#']).next().unwrap_or("");
        if matches!(path, "" | "/") {
            return true;
        }
        !self.wrong_path && (self.paths.is_empty() || self.paths.split(',').any(|p| p == path))
    }

    /// Does it listen on this port? `expected`: where it should; empty: everywhere. Zero asks for the port that is expected.
    pub fn hears(&self, port: u16, expected: &[u16]) -> bool {
        let usual = expected.first().copied();
        let port = if port == 0 { usual.unwrap_or(0) } else { port };
        if !self.ports.is_empty() {
            return port == 0 || self.ports.split(',').any(|p| p.parse() == Ok(port));
        }
        if self.wrong_port {
            return port != 0 && usual.is_some_and(|p| p.checked_add(1) == Some(port));
        }
        expected.is_empty() || expected.contains(&port)
    }
}
