//! What the kubelets remember of a pod and its containers.

use super::backoff::Backoff;
use super::container_status::Run;
use super::plan::SharedPlan;
use super::prober::{ProbeResult, Worker};
use crate::queue::Ticket;
use crate::time::SimTime;
use rollout_api::{ObjectKey, Str, Value};

/// One run of a container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunInfo {
    /// Its number: restarts before it.
    pub number: u32,
    /// `containerID`.
    pub id: Str,
    /// When it began.
    pub started: SimTime,
    /// When it ended.
    pub finished: SimTime,
    /// Reason of its end.
    pub reason: &'static str,
    /// The image as the runtime writes it.
    pub image: Str,
    /// The image's id.
    pub image_id: Str,
}

/// A probe worker with its next tick.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Counts results.
    pub worker: Worker<u32>,
    /// Its next tick that matters.
    pub ticket: Option<Ticket>,
    /// The last tick had this result.
    pub last: Option<ProbeResult>,
}

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    /// The newest run.
    pub newest: Option<Run<RunInfo>>,
    /// The run before it.
    pub previous: Option<Run<RunInfo>>,
    /// Waiting reason and message of the last failed start.
    pub start_error: Option<(Str, Str)>,
    /// What the last failed pull said.
    pub pull_error: Str,
    /// Waits between restarts.
    pub crashes: Backoff<()>,
    /// The end of the present run, if it is known: when, exit code, reason.
    pub end: Option<(Ticket, i64, &'static str)>,
    /// It is being stopped.
    pub stopping: bool,
    /// Its preStop hook is cut short by the grace period.
    pub hook_cut: bool,
    /// The postStart hook has not ended.
    pub starting: bool,
    /// One per probe of the plan.
    pub probes: Vec<Probe>,
    /// `volumeMounts` of its status.
    pub mounts: Option<Value>,
    /// The pod's number among those with this image.
    pub ordinal: u32,
}

impl Container {
    /// The present run, if it runs.
    pub fn running(&self) -> Option<&RunInfo> {
        match &self.newest {
            Some(Run::Running(info)) => Some(info),
            _ => None,
        }
    }
}

/// What the pod's worker is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    /// Nothing.
    Idle,
    /// Pulls (or finds) the image of a container; since when.
    Image {
        /// Which container.
        container: usize,
        /// Asked the registry.
        pull: bool,
        /// When it began.
        since: SimTime,
    },
    /// Creates and starts a container.
    Start {
        /// Which container.
        container: usize,
    },
    /// Waits for its postStart hook.
    PostStart {
        /// Which container.
        container: usize,
    },
    /// Waits for a container that is being killed.
    Kill,
    /// Waits for the last container of a pod that is being deleted.
    Terminate,
}

/// A pod.
#[derive(Clone, Debug)]
pub struct PodState {
    /// Which.
    pub key: ObjectKey,
    /// Its uid.
    pub uid: Str,
    /// Its node.
    pub node: Str,
    /// What is to run.
    pub plan: SharedPlan,
    /// Init containers, then containers, as in the plan.
    pub containers: Vec<Container>,
    /// When the kubelet first saw it: the origin of probe ticks.
    pub seen: SimTime,
    /// Milliseconds that a container of this pod takes to start.
    pub start_delay: u64,
    /// Its address, once it has a sandbox.
    pub ip: Option<Str>,
    /// Something happened while the worker was busy.
    pub again: bool,
    /// What its worker does.
    pub job: Job,
    /// When that ends.
    pub job_ticket: Option<Ticket>,
    /// The next sync.
    pub sync_ticket: Option<Ticket>,
    /// Containers that this sync still has to start.
    pub queue: Vec<usize>,
    /// A container could not be started in this sync: how long until the next attempt makes sense (1.35 on).
    pub failed: Option<Failure>,
    /// This sync has made the sandbox.
    pub fresh_sandbox: bool,
    /// Windows after failed pulls, by image.
    pub pulls: Backoff<Str>,
    /// Failed attempts to mount the volumes.
    pub mounts: u32,
    /// When its worker last synced: the next look at its volumes counts from then.
    pub synced: SimTime,
    /// Since when an object of its volumes is newer than their content.
    pub stale: Option<SimTime>,
    /// Since when it waits for volumes to be attached.
    pub attach_since: Option<SimTime>,
    /// It is being deleted, with this grace.
    pub grace: Option<i64>,
    /// Its containers are being stopped.
    pub terminating: bool,
}

/// Why a sync did not succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Tried again at the usual tick.
    Error,
    /// A back-off that ends at this moment.
    BackOff(SimTime),
}
