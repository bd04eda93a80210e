//! What a recording says about its nodes: delays, and how images and single pods behave.

use crate::time::{Millis, SimTime};
use rollout_api::SortedMap;
use rollout_api::Str;

/// The delays of the model, in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delays {
    /// Creation to binding.
    pub bind: Millis,
    /// Binding to `ContainerCreating`.
    pub creating: Millis,
    /// Binding to a running container.
    pub start: Millis,
    /// Binding to readiness, without `step`.
    pub ready: Millis,
    /// Added to readiness for each pod created before, this one included.
    pub step: Millis,
    /// Binding to the first failed pull.
    pub pull_fail: Millis,
    /// A failed pull to the back-off that is shown.
    pub pull_backoff_after: Millis,
    /// The first wait between pulls; doubles.
    pub pull_backoff: Millis,
    /// The first wait of a crash loop; doubles.
    pub crash_backoff: Millis,
    /// The longest wait.
    pub backoff_max: Millis,
    /// Exit to the first restart.
    pub first_restart: Millis,
    /// Deletion to the end, for a running pod.
    pub stop: Millis,
    /// Deletion to the end, for a pod in which nothing runs.
    pub stop_unstarted: Millis,
    /// Added to the end for each pod created before, this one included.
    pub stop_step: Millis,
}

impl Default for Delays {
    fn default() -> Self {
        Delays {
            bind: Millis(20),
            creating: Millis(50),
            start: Millis(400),
            ready: Millis(1000),
            step: Millis(130),
            pull_fail: Millis(300),
            pull_backoff_after: Millis(500),
            pull_backoff: Millis(10_000),
            crash_backoff: Millis(10_000),
            backoff_max: Millis(300_000),
            first_restart: Millis(500),
            stop: Millis(500),
            stop_unstarted: Millis(200),
            stop_step: Millis(11),
        }
    }
}

/// The kinds of behaviour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BehaviourKind {
    /// Starts and becomes ready.
    #[default]
    Good,
    /// The same with its own time.
    Slow,
    /// Runs and never becomes ready.
    NeverReady,
    /// The image cannot be pulled.
    Missing,
    /// The container cannot be configured.
    ConfigError,
    /// Exits soon after its start.
    Crash,
}

impl BehaviourKind {
    /// Reads the name of a recording.
    pub fn parse(text: &str) -> Option<BehaviourKind> {
        Some(match text {
            "good" => BehaviourKind::Good,
            "slow" => BehaviourKind::Slow,
            "never_ready" => BehaviourKind::NeverReady,
            "missing" => BehaviourKind::Missing,
            "config_error" => BehaviourKind::ConfigError,
            "crash" => BehaviourKind::Crash,
            _ => return None,
        })
    }
}

/// How an image, or one pod, behaves. Absent fields have the model's values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Behaviour {
    /// What happens.
    pub kind: Option<BehaviourKind>,
    /// Its own time to readiness.
    pub ready: Option<Millis>,
    /// A crash: start to exit.
    pub after: Option<Millis>,
    /// A crash: exit code.
    pub exit_code: Option<i64>,
    /// A crash: reason.
    pub reason: Option<Str>,
    /// A configuration error: between tries.
    pub retry: Option<Millis>,
    /// Readiness to its loss.
    pub unready_after: Option<Millis>,
    /// Loss of readiness to its return.
    pub ready_again_after: Option<Millis>,
    /// Readiness to an exit.
    pub crash_after: Option<Millis>,
    /// Its own time to stop.
    pub stop: Option<Millis>,
    /// Exit code when stopped.
    pub stop_exit: Option<i64>,
}

impl Behaviour {
    /// This one's fields, the other's where it has none.
    pub fn over(&self, base: &Behaviour) -> Behaviour {
        Behaviour {
            kind: self.kind.or(base.kind),
            ready: self.ready.or(base.ready),
            after: self.after.or(base.after),
            exit_code: self.exit_code.or(base.exit_code),
            reason: self.reason.clone().or_else(|| base.reason.clone()),
            retry: self.retry.or(base.retry),
            unready_after: self.unready_after.or(base.unready_after),
            ready_again_after: self.ready_again_after.or(base.ready_again_after),
            crash_after: self.crash_after.or(base.crash_after),
            stop: self.stop.or(base.stop),
            stop_exit: self.stop_exit.or(base.stop_exit),
        }
    }
    /// What happens.
    pub fn kind(&self) -> BehaviourKind {
        self.kind.unwrap_or_default()
    }
    /// A crash: start to exit.
    pub fn after(&self) -> Millis {
        self.after.unwrap_or(Millis(300))
    }
    /// Does a container with it end by itself?
    pub fn period(&self) -> Option<Millis> {
        match (self.kind(), self.crash_after) {
            (BehaviourKind::Crash, _) => Some(self.after()),
            (_, Some(after)) => Some(after.max(self.after())),
            _ => None,
        }
    }
}

/// The timing model of a recording.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// Delays.
    pub delays: Delays,
    /// A node with `spec.unschedulable` gets no pod.
    pub cordon: bool,
    /// Behaviour by image string; an image without an entry is good.
    pub images: SortedMap<Str, Behaviour>,
    /// Behaviour of the k-th created pod, on top of its image's.
    pub pods: SortedMap<u64, Behaviour>,
    /// What a recording says of its two clocks at each input: the scenario clock, which stands still while the controllers
    /// work, and the real one, by which their timers and times go. Empty: the difference is estimated.
    pub clocks: Vec<(SimTime, SimTime)>,
}
