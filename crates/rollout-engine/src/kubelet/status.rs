//! Pod phase and conditions as the kubelet computes them.

/// A container's state, as far as the phase needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase3 {
    /// Waits; with the exit code of its last run, if it ever ran.
    Waiting {
        /// Exit code in `lastState.terminated`.
        last_exit: Option<i64>,
    },
    /// Runs.
    Running {
        /// `status.started`.
        started: bool,
    },
    /// Has ended.
    Terminated {
        /// Exit code.
        exit: i64,
    },
    /// An empty state.
    Unknown,
}

/// A container of the spec with its state; `None`: no status yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PhaseContainer {
    /// An init container with `restartPolicy: Always`.
    pub sidecar: bool,
    /// Its state.
    pub state: Option<Phase3>,
}

/// The pod's restart policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestartPolicy {
    /// Restart whatever the exit code.
    Always,
    /// Restart after a failure.
    OnFailure,
    /// Never.
    Never,
}

impl RestartPolicy {
    /// Reads the field; absent means Always.
    pub fn parse(text: &str) -> RestartPolicy {
        match text {
            "OnFailure" => RestartPolicy::OnFailure,
            "Never" => RestartPolicy::Never,
            _ => RestartPolicy::Always,
        }
    }
}

/// Mirrors `getPhase`, pkg/kubelet/kubelet_pods.go.
pub fn get_phase(
    policy: RestartPolicy,
    init: &[PhaseContainer],
    containers: &[PhaseContainer],
    pod_is_terminal: bool,
) -> &'static str {
    let (mut pending_init, mut pending_sidecar, mut failed_init) = (0, 0, 0);
    let (mut unknown, mut running, mut waiting, mut stopped, mut succeeded) = (0, 0, 0, 0, 0);
    for c in init.iter().filter(|c| !c.sidecar) {
        match c.state {
            Some(Phase3::Terminated { exit }) if exit != 0 => failed_init += 1,
            Some(Phase3::Terminated { .. }) => {}
            Some(Phase3::Waiting {
                last_exit: Some(exit),
            }) => failed_init += i32::from(exit != 0),
            _ => pending_init += 1,
        }
    }
    for c in init.iter().filter(|c| c.sidecar) {
        match c.state {
            None => unknown += 1,
            Some(Phase3::Running { started }) => {
                pending_sidecar += i32::from(!started);
                running += 1;
            }
            Some(Phase3::Terminated { .. } | Phase3::Waiting { last_exit: Some(_) }) => {}
            Some(Phase3::Waiting { last_exit: None }) => {
                pending_sidecar += 1;
                waiting += 1;
            }
            Some(Phase3::Unknown) => {
                pending_sidecar += 1;
                unknown += 1;
            }
        }
    }
    let mut any_regular_started = false;
    for c in containers {
        match c.state {
            None | Some(Phase3::Unknown) => unknown += 1,
            Some(Phase3::Running { .. }) => running += 1,
            Some(Phase3::Terminated { exit }) => {
                stopped += 1;
                succeeded += i32::from(exit == 0);
            }
            Some(Phase3::Waiting { last_exit: Some(_) }) => stopped += 1,
            Some(Phase3::Waiting { last_exit: None }) => waiting += 1,
        }
        any_regular_started |= matches!(
            c.state,
            Some(Phase3::Running { .. } | Phase3::Terminated { .. })
        );
    }
    if failed_init > 0 && policy == RestartPolicy::Never {
        return "Failed";
    }
    if pending_init > 0 || (pending_sidecar > 0 && !any_regular_started) || waiting > 0 {
        return "Pending";
    }
    if running > 0 && unknown == 0 {
        return "Running";
    }
    if running == 0 && stopped > 0 && unknown == 0 {
        let all_good = stopped == succeeded;
        return match policy {
            _ if pod_is_terminal && all_good => "Succeeded",
            _ if pod_is_terminal => "Failed",
            RestartPolicy::Always => "Running",
            _ if all_good => "Succeeded",
            RestartPolicy::Never => "Failed",
            RestartPolicy::OnFailure => "Running",
        };
    }
    "Pending"
}

/// Mirrors `IsPodTerminal`, pkg/api/v1/pod/util.go.
pub fn is_pod_phase_terminal(phase: &str) -> bool {
    matches!(phase, "Failed" | "Succeeded")
}

/// A condition's three parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConditionParts {
    /// `True` or `False`.
    pub status: &'static str,
    /// Empty: none.
    pub reason: &'static str,
    /// Empty: none.
    pub message: String,
}

impl ConditionParts {
    /// `True` without reason.
    pub fn yes() -> Self {
        Self {
            status: "True",
            reason: "",
            message: String::new(),
        }
    }
    /// `False` with a reason.
    pub fn no(reason: &'static str, message: String) -> Self {
        Self {
            status: "False",
            reason,
            message,
        }
    }
}

/// A container's name and whether it is ready; `None`: no status.
pub type NamedReady<'a> = (&'a str, Option<bool>);

/// Mirrors `GenerateContainersReadyCondition`, pkg/kubelet/status/generate.go.
///
/// `containers`: sidecars in order, then containers; `None` when the statuses are not known at all.
pub fn generate_containers_ready_condition(
    containers: Option<&[NamedReady<'_>]>,
    phase: &str,
) -> ConditionParts {
    let Some(containers) = containers else {
        return ConditionParts::no("UnknownContainerStatuses", String::new());
    };
    let pick = |want: Option<bool>| -> Vec<&str> {
        containers
            .iter()
            .filter(|(_, ready)| *ready == want)
            .map(|(name, _)| *name)
            .collect()
    };
    let (unknown, unready) = (pick(None), pick(Some(false)));
    if phase == "Succeeded" && unknown.is_empty() {
        return ConditionParts::no("PodCompleted", String::new());
    }
    if phase == "Failed" {
        return ConditionParts::no("PodFailed", String::new());
    }
    let message = not_ready_message("unready", &unknown, &unready);
    if message.is_empty() {
        ConditionParts::yes()
    } else {
        ConditionParts::no("ContainersNotReady", message)
    }
}

fn not_ready_message(word: &str, unknown: &[&str], unready: &[&str]) -> String {
    let mut parts = Vec::new();
    if !unknown.is_empty() {
        parts.push(format!(
            "containers with unknown status: [{}]",
            unknown.join(" ")
        ));
    }
    if !unready.is_empty() {
        parts.push(format!(
            "containers with {word} status: [{}]",
            unready.join(" ")
        ));
    }
    parts.join(", ")
}

/// Mirrors `GeneratePodReadyCondition`, pkg/kubelet/status/generate.go. `gates`: name and status of its condition.
pub fn generate_pod_ready_condition(
    containers_ready: &ConditionParts,
    gates: &[(&str, Option<&str>)],
) -> ConditionParts {
    if containers_ready.status != "True" {
        return containers_ready.clone();
    }
    let messages: Vec<String> = gates
        .iter()
        .filter_map(|(name, status)| match status {
            None => Some(format!(
                "corresponding condition of pod readiness gate \"{name}\" does not exist."
            )),
            Some("True") => None,
            Some(other) => Some(format!(
                "the status of pod readiness gate \"{name}\" is not \"True\", but {other}"
            )),
        })
        .collect();
    if messages.is_empty() {
        ConditionParts::yes()
    } else {
        ConditionParts::no("ReadinessGatesNotReady", messages.join(", "))
    }
}

/// Mirrors `GeneratePodInitializedCondition`, pkg/kubelet/status/generate.go.
///
/// `init`: name and whether it is done (terminated with 0, or a started sidecar); `None`: no status.
pub fn generate_pod_initialized_condition(
    init: &[NamedReady<'_>],
    phase: &str,
    any_regular_started: bool,
) -> ConditionParts {
    let pick = |want: Option<bool>| -> Vec<&str> {
        init.iter()
            .filter(|(_, done)| *done == want)
            .map(|(name, _)| *name)
            .collect()
    };
    let (unknown, incomplete) = (pick(None), pick(Some(false)));
    if phase == "Succeeded" && unknown.is_empty() {
        return ConditionParts {
            status: "True",
            reason: "PodCompleted",
            message: String::new(),
        };
    }
    if any_regular_started {
        return ConditionParts::yes();
    }
    let message = not_ready_message("incomplete", &unknown, &incomplete);
    if message.is_empty() {
        ConditionParts::yes()
    } else {
        ConditionParts::no("ContainersNotInitialized", message)
    }
}
