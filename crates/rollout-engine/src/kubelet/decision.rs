//! Why the node side does what it does, with the numbers.

use super::prober::{ProbeKind, ProbeResult};
use crate::time::{Millis, SimTime};
use rollout_api::Str;

/// A decision of a kubelet about one of its pods.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KubeletDecision {
    /// It asks the registry for an image.
    Pull {
        /// As written.
        image: Str,
        /// When the answer is there.
        until: SimTime,
    },
    /// The image is there: the container is made and started.
    Start {
        /// Its name.
        container: Str,
        /// When its process runs.
        until: SimTime,
    },
    /// A pull failed a moment ago: not before the window is over.
    PullBackOff {
        /// As written.
        image: Str,
        /// Length of the window, counted from the failure.
        window: Millis,
        /// Its end.
        until: SimTime,
    },
    /// A container ended a moment ago: not before the window is over.
    CrashBackOff {
        /// Its name.
        container: Str,
        /// How often it was restarted.
        restarts: u32,
        /// Length of the window, counted from its end.
        window: Millis,
        /// Its end.
        until: SimTime,
    },
    /// A probe was answered.
    Probe {
        /// Name of the container.
        container: Str,
        /// Which probe.
        kind: ProbeKind,
        /// The answer.
        result: ProbeResult,
        /// How many equal answers in a row.
        run: u32,
        /// How many it takes.
        threshold: u32,
        /// The result that counts has changed.
        counts: bool,
    },
    /// A volume gets the new content of its ConfigMap or Secret.
    Refresh {
        /// `configmap "x"` or `secret "x"`.
        object: Str,
        /// The volume.
        volume: Str,
        /// How long after the change.
        after: Millis,
    },
    /// A command in a container has changed a file.
    Wrote {
        /// The container.
        container: Str,
        /// The file.
        path: Str,
        /// It is gone.
        removed: bool,
    },
    /// A container is told to stop.
    Stop {
        /// Its name.
        container: Str,
        /// Seconds it may take.
        grace: i64,
        /// The part of its preStop hook.
        hook: Millis,
        /// When it will have stopped.
        until: SimTime,
    },
}
