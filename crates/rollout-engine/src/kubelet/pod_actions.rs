//! What a sync does with the containers of a pod.

use super::container_status::{Context, Run, should_container_be_restarted};
use super::status::RestartPolicy;

/// The pod's sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sandbox {
    /// There is none.
    None,
    /// Usable.
    Ready {
        /// Its number.
        attempt: u32,
    },
    /// Dead, or its network has changed.
    NotReady {
        /// Its number.
        attempt: u32,
    },
}

/// Why a running container has to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillReason {
    /// Its spec changed.
    SpecChanged,
    /// Liveness probe.
    LivenessFailed,
    /// Startup probe.
    StartupFailed,
    /// Its state is unknown.
    UnknownState,
}

impl KillReason {
    /// The text of the `Killing` event; none for an unknown state.
    pub fn message(self, container: &str, restart: bool) -> String {
        let text = match self {
            KillReason::SpecChanged => format!("Container {container} definition changed"),
            KillReason::LivenessFailed => format!("Container {container} failed liveness probe"),
            KillReason::StartupFailed => format!("Container {container} failed startup probe"),
            KillReason::UnknownState => {
                return format!(
                    "Container is in unknown state, try killing it before restart: {container}"
                );
            }
        };
        if restart {
            format!("{text}, will be restarted")
        } else {
            text
        }
    }
}

/// One container as the runtime sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionContainer {
    /// Its newest run.
    pub newest: Option<Run<()>>,
    /// A reason to kill it, if it runs.
    pub kill: Option<KillReason>,
}

/// What to do.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct PodActions {
    /// Stop everything including the sandbox.
    pub kill_pod: bool,
    /// Make a sandbox.
    pub create_sandbox: bool,
    /// Its number.
    pub attempt: u32,
    /// The init container to start next.
    pub next_init: Option<usize>,
    /// Containers to start.
    pub start: Vec<usize>,
    /// Containers to kill first, and why.
    pub kill: Vec<(usize, KillReason)>,
}

/// Mirrors `podSandboxChanged`, pkg/kubelet/kuberuntime/util/util.go.
pub fn pod_sandbox_changed(sandbox: Sandbox) -> (bool, u32) {
    match sandbox {
        Sandbox::None => (true, 0),
        Sandbox::NotReady { attempt } => (true, attempt + 1),
        Sandbox::Ready { attempt } => (false, attempt),
    }
}

/// Mirrors `computePodActions`, pkg/kubelet/kuberuntime/kuberuntime_manager.go.
///
/// `init`: ordinary init containers. Differs: sidecars and ephemeral containers are handled by the caller.
pub fn compute_pod_actions(
    policy: RestartPolicy,
    sandbox: Sandbox,
    init: &[ActionContainer],
    containers: &[ActionContainer],
) -> PodActions {
    let (create, attempt) = pod_sandbox_changed(sandbox);
    let mut out = PodActions {
        kill_pod: create,
        create_sandbox: create,
        attempt,
        ..PodActions::default()
    };
    let context = Context {
        policy,
        init: false,
        pod_has_init: !init.is_empty(),
        deleting: false,
    };
    if create {
        let any_known = init.iter().chain(containers).any(|c| c.newest.is_some());
        if policy == RestartPolicy::Never && attempt != 0 && any_known {
            out.create_sandbox = false;
            return out;
        }
        let succeeded = |c: &ActionContainer| matches!(c.newest, Some(Run::Exited((), 0)));
        let start: Vec<usize> = containers
            .iter()
            .enumerate()
            .filter(|(_, c)| policy != RestartPolicy::OnFailure || !succeeded(c))
            .map(|(i, _)| i)
            .collect();
        if start.is_empty() && find_next_init_container_to_run(init, containers).done {
            out.create_sandbox = false;
            return out;
        }
        if init.is_empty() {
            out.start = start;
        } else {
            out.next_init = Some(0);
        }
        return out;
    }
    let progress = find_next_init_container_to_run(init, containers);
    if !progress.done {
        if let Some(next) = progress.next {
            let last = progress.last.map(|i| &init[i]);
            let failed = last
                .is_some_and(|c| matches!(c.newest, Some(Run::Exited((), e)) if e != 0))
                || last.is_some_and(|c| matches!(c.newest, Some(Run::Unknown(()))));
            if failed && policy == RestartPolicy::Never {
                out.kill_pod = true;
            } else {
                out.next_init = Some(next);
            }
        }
        return out;
    }
    let mut keep = 0;
    for (i, c) in containers.iter().enumerate() {
        if !matches!(c.newest, Some(Run::Running(()))) {
            if should_container_be_restarted(c.newest.as_ref(), context)
                || matches!(c.newest, Some(Run::Unknown(())))
            {
                out.start.push(i);
                if matches!(c.newest, Some(Run::Unknown(()))) {
                    out.kill.push((i, KillReason::UnknownState));
                }
            }
            continue;
        }
        let Some(reason) = c.kill else {
            keep += 1;
            continue;
        };
        if policy != RestartPolicy::Never || reason == KillReason::SpecChanged {
            out.start.push(i);
        }
        out.kill.push((i, reason));
    }
    if keep == 0 && out.start.is_empty() {
        out.kill_pod = true;
    }
    out
}

/// Where initialization stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InitProgress {
    /// The init container that failed or is unknown.
    pub last: Option<usize>,
    /// The one to start.
    pub next: Option<usize>,
    /// Everything is done.
    pub done: bool,
}

/// Mirrors `findNextInitContainerToRun`, pkg/kubelet/kuberuntime/kuberuntime_container.go.
pub fn find_next_init_container_to_run(
    init: &[ActionContainer],
    containers: &[ActionContainer],
) -> InitProgress {
    let done = InitProgress {
        last: None,
        next: None,
        done: true,
    };
    let run = |c: &ActionContainer| matches!(c.newest, Some(Run::Running(())));
    if init.is_empty() || containers.iter().any(run) {
        return done;
    }
    for (i, c) in init.iter().enumerate() {
        match c.newest {
            Some(Run::Exited((), e)) if e != 0 => {
                return InitProgress {
                    last: Some(i),
                    next: Some(i),
                    done: false,
                };
            }
            Some(Run::Unknown(())) => {
                return InitProgress {
                    last: Some(i),
                    next: Some(i),
                    done: false,
                };
            }
            _ => {}
        }
    }
    for (i, c) in init.iter().enumerate().rev() {
        match c.newest {
            None => {}
            Some(Run::Running(())) => {
                return InitProgress {
                    last: None,
                    next: None,
                    done: false,
                };
            }
            Some(Run::Exited((), _)) if i + 1 == init.len() => return done,
            Some(_) => {
                return InitProgress {
                    last: None,
                    next: Some(i + 1),
                    done: false,
                };
            }
        }
    }
    InitProgress {
        last: None,
        next: Some(0),
        done: false,
    }
}
