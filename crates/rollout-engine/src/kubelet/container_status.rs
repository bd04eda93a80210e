//! The API state of a container from what the runtime remembers and the last start error.

use super::status::RestartPolicy;

/// One run of a container the runtime knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Run<T> {
    /// Runs.
    Running(T),
    /// Created but never started: counts as ended.
    Created(T),
    /// Ended with this code.
    Exited(T, i64),
    /// The runtime cannot say.
    Unknown(T),
}

/// A container's state in the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ApiState<T> {
    /// Waits.
    Waiting {
        /// Reason; empty for a state nobody can explain.
        reason: String,
        /// Message.
        message: String,
    },
    /// Runs.
    Running(T),
    /// Ended.
    Terminated(T, i64),
    /// Ended while nobody looked (137, `ContainerStatusUnknown`).
    Lost(&'static str),
}

/// What the API said before.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Previous<T> {
    /// It ran.
    pub running: bool,
    /// It had ended: the whole former pair of states is kept.
    pub terminated: Option<(T, i64)>,
    /// Its `lastState.terminated`.
    pub last: Option<(T, i64)>,
    /// Restarts so far.
    pub restart_count: i64,
}

/// The new status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Converted<T> {
    /// `state`.
    pub state: ApiState<T>,
    /// `lastState`; `None`: empty.
    pub last: Option<ApiState<T>>,
    /// Restarts that are not known from the runtime.
    pub restart_count: i64,
}

/// The surroundings of a container.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The pod's restart policy (a sidecar's is Always).
    pub policy: RestartPolicy,
    /// It is an init container.
    pub init: bool,
    /// The pod has init containers: `PodInitializing` instead of `ContainerCreating`.
    pub pod_has_init: bool,
    /// The pod is being deleted.
    pub deleting: bool,
}

const LOST_ENDED: &str = "The container could not be located when the pod was terminated";
const LOST_DELETED: &str = "The container could not be located when the pod was deleted.  The container used to be Running";

/// Mirrors `convertToAPIContainerStatuses`, pkg/kubelet/kubelet_pods.go, for one container.
///
/// `history`: runs, newest first. `start_error`: reason and message of the reason cache.
pub fn convert_to_api_container_status<T: Clone>(
    history: &[Run<T>],
    start_error: Option<(&str, &str)>,
    previous: Option<&Previous<T>>,
    context: Context,
) -> Converted<T> {
    let waiting = if context.pod_has_init {
        "PodInitializing"
    } else {
        "ContainerCreating"
    };
    let mut out = Converted {
        state: ApiState::Waiting {
            reason: waiting.to_owned(),
            message: String::new(),
        },
        last: previous
            .and_then(|p| p.last.clone())
            .map(|(t, e)| ApiState::Terminated(t, e)),
        restart_count: previous.map_or(0, |p| p.restart_count),
    };
    if let Some((t, exit)) = previous.and_then(|p| p.terminated.clone()) {
        out.state = ApiState::Terminated(t, exit);
    }
    if history.is_empty() {
        let default = matches!(out.state, ApiState::Waiting { .. });
        if default && out.last.is_none() && previous.is_some_and(|p| p.running) {
            out.last = Some(ApiState::Lost(LOST_DELETED));
            out.restart_count += i64::from(!context.deleting);
        }
    }
    if let Some(newest) = history.first() {
        out.state = convert_run(newest, previous);
        out.last = history.get(1).map(|run| convert_run(run, previous));
    }
    if context.init
        && matches!(history.first(), Some(Run::Exited(_, 0)))
        && context.policy != RestartPolicy::Always
    {
        return out;
    }
    if !should_container_be_restarted(history.first(), context) {
        return out;
    }
    if let Some((reason, message)) = start_error {
        if matches!(out.state, ApiState::Terminated(..) | ApiState::Lost(_)) {
            out.last = Some(out.state);
        }
        out.state = ApiState::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
        };
    }
    out
}

fn convert_run<T: Clone>(run: &Run<T>, previous: Option<&Previous<T>>) -> ApiState<T> {
    match run {
        Run::Running(t) => ApiState::Running(t.clone()),
        Run::Created(t) => ApiState::Terminated(t.clone(), 0),
        Run::Exited(t, exit) => ApiState::Terminated(t.clone(), *exit),
        Run::Unknown(_) if previous.is_some_and(|p| p.running) => ApiState::Lost(LOST_ENDED),
        Run::Unknown(_) => ApiState::Waiting {
            reason: String::new(),
            message: String::new(),
        },
    }
}

/// Mirrors `ShouldContainerBeRestarted`, pkg/kubelet/container/helpers.go.
pub fn should_container_be_restarted<T>(newest: Option<&Run<T>>, context: Context) -> bool {
    if context.deleting {
        return false;
    }
    match newest {
        None | Some(Run::Unknown(_) | Run::Created(_)) => true,
        Some(Run::Running(_)) => false,
        Some(Run::Exited(_, exit)) => match context.policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => *exit != 0,
            RestartPolicy::Never => false,
        },
    }
}
