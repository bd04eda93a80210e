//! A probe worker: counts results and stores the one that matters.

/// Which probe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ProbeKind {
    /// Restarts the container.
    Liveness,
    /// Gates traffic.
    Readiness,
    /// Holds back the other two, restarts the container.
    Startup,
}

impl ProbeKind {
    /// As events write it: `Readiness`.
    pub fn title(self) -> &'static str {
        match self {
            ProbeKind::Liveness => "Liveness",
            ProbeKind::Readiness => "Readiness",
            ProbeKind::Startup => "Startup",
        }
    }

    /// The result a new container starts with.
    pub fn initial(self) -> ProbeResult {
        match self {
            ProbeKind::Liveness => ProbeResult::Success,
            ProbeKind::Readiness => ProbeResult::Failure,
            ProbeKind::Startup => ProbeResult::Unknown,
        }
    }
}

/// What a probe says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ProbeResult {
    /// Healthy.
    Success,
    /// Not healthy.
    Failure,
    /// Nothing known yet.
    Unknown,
}

/// State of the container a worker looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen<Id> {
    /// The pod has no status yet.
    NoStatus,
    /// The pod has ended.
    PodEnded,
    /// The status does not list the container, or it has no id.
    NoContainer,
    /// It is there but does not run.
    NotRunning {
        /// Its id.
        id: Id,
        /// Terminated, and will not be restarted.
        for_good: bool,
    },
    /// It runs.
    Running {
        /// Its id.
        id: Id,
        /// Milliseconds since its start.
        since_start: u64,
        /// `status.started`.
        started: bool,
        /// The pod has a deletionTimestamp.
        deleting: bool,
    },
}

/// The numbers of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProbeSpec {
    /// Seconds; may be negative in tests.
    pub initial_delay: i64,
    /// In a row until Failure counts.
    pub failure_threshold: u32,
    /// In a row until Success counts.
    pub success_threshold: u32,
}

/// What one tick leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// The worker ends.
    Stop,
    /// Nothing to ask now.
    Skip,
    /// Run the handler and give its answer to [`Worker::result`].
    Probe,
}

/// Mirrors `worker`, pkg/kubelet/prober/worker.go.
#[derive(Clone, Debug)]
pub struct Worker<Id> {
    kind: ProbeKind,
    spec: ProbeSpec,
    container: Option<Id>,
    stored: Option<ProbeResult>,
    last_result: Option<ProbeResult>,
    result_run: u32,
    on_hold: bool,
}

impl<Id: Clone + PartialEq> Worker<Id> {
    /// A worker that has seen nothing.
    pub fn new(kind: ProbeKind, spec: ProbeSpec) -> Self {
        Self {
            kind,
            spec,
            container: None,
            stored: None,
            last_result: None,
            result_run: 0,
            on_hold: false,
        }
    }

    /// The stored result for the current container.
    pub fn stored(&self) -> Option<ProbeResult> {
        self.stored
    }

    /// The container the stored result belongs to.
    pub fn container(&self) -> Option<&Id> {
        self.container.as_ref()
    }

    /// Stores a result as the manager would (tests, restored states).
    pub fn store(&mut self, result: ProbeResult) {
        self.stored = Some(result);
    }

    /// Length of the current run of equal results.
    pub fn result_run(&self) -> u32 {
        self.result_run
    }

    /// Waits for a new container.
    pub fn on_hold(&self) -> bool {
        self.on_hold
    }

    /// Which probe.
    pub fn kind(&self) -> ProbeKind {
        self.kind
    }

    /// The numbers.
    pub fn spec(&self) -> ProbeSpec {
        self.spec
    }

    /// Mirrors `worker.doProbe` up to the handler.
    pub fn tick(&mut self, seen: Seen<Id>) -> Tick {
        let (id, running) = match seen {
            Seen::NoStatus | Seen::NoContainer => return Tick::Skip,
            Seen::PodEnded => return Tick::Stop,
            Seen::NotRunning { id, for_good } => (id, Err(for_good)),
            Seen::Running {
                id,
                since_start,
                started,
                deleting,
            } => (id, Ok((since_start, started, deleting))),
        };
        if self.container.as_ref() != Some(&id) {
            self.container = Some(id);
            self.stored = Some(self.kind.initial());
            self.on_hold = false;
        }
        if self.on_hold {
            return Tick::Skip;
        }
        match running {
            Err(for_good) => {
                self.stored = Some(ProbeResult::Failure);
                if for_good { Tick::Stop } else { Tick::Skip }
            }
            Ok((_, _, true)) if self.kind != ProbeKind::Readiness => {
                self.stored = Some(ProbeResult::Success);
                Tick::Stop
            }
            Ok((since_start, _, _)) if ((since_start / 1000) as i64) < self.spec.initial_delay => {
                Tick::Skip
            }
            Ok((_, started, _)) if started == (self.kind == ProbeKind::Startup) => Tick::Skip,
            Ok(_) => Tick::Probe,
        }
    }

    /// Mirrors `worker.doProbe` after the handler: counts the answer. True if the stored result changed.
    pub fn result(&mut self, result: ProbeResult) -> bool {
        if self.last_result == Some(result) {
            self.result_run = self.result_run.saturating_add(1);
        } else {
            self.last_result = Some(result);
            self.result_run = 1;
        }
        let enough = match result {
            ProbeResult::Failure => self.spec.failure_threshold,
            ProbeResult::Success => self.spec.success_threshold,
            ProbeResult::Unknown => 0,
        };
        if self.result_run < enough {
            return false;
        }
        let changed = self.stored != Some(result);
        self.stored = Some(result);
        if self.kind != ProbeKind::Readiness && result == ProbeResult::Failure {
            self.on_hold = true;
            self.result_run = 0;
        }
        changed
    }
}
