//! One sync of a pod: status first, then sandbox, init containers, containers.

use super::backoff::Backoff;
use super::container_status::{Context, Run, should_container_be_restarted};
use super::pod::{Container, Failure, Job, PodState, Probe};
use super::prober::{ProbeKind, ProbeResult, Worker};
use super::status::RestartPolicy;
use super::volumes::remount;
use super::{Kubelet, KubeletEvent, Timings, plan, report};
use crate::events::{EventObject, Source};
use crate::queue::Ticket;
use crate::rng::Stream;
use crate::sim_event::SimEvent;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str};

/// Windows of pulls and crashes.
const BACKOFF_INITIAL: u64 = 10_000;
const BACKOFF_MAX: u64 = 300_000;
/// A failed sync is repeated after this time, times 1.0 to 1.5.
const ERROR_RETRY: u64 = 10_000;
/// From 1.35 on a back-off is waited for, up to this time.
const BACKOFF_RETRY_MAX: u64 = 60_000;

impl PodState {
    pub(super) fn new(
        world: &mut World,
        timings: &Timings,
        object: &Object,
        node: Str,
        plan: plan::SharedPlan,
        ordinals: &[(Str, u32)],
    ) -> PodState {
        let version = world.version();
        let specs = ["spec.initContainers", "spec.containers"].map(|at| object.value.list_at(at));
        let containers = plan
            .containers
            .iter()
            .zip(specs.into_iter().flatten())
            .map(|(c, spec)| Container {
                mounts: plan::mounts(spec, version),
                newest: None,
                previous: None,
                start_error: None,
                pull_error: Str::default(),
                crashes: Backoff::new(BACKOFF_INITIAL, BACKOFF_MAX),
                end: None,
                stopping: false,
                hook_cut: false,
                starting: false,
                probes: c
                    .probes
                    .iter()
                    .map(|p| Probe {
                        worker: Worker::new(p.kind, p.spec),
                        ticket: None,
                        last: None,
                    })
                    .collect(),
                ordinal: ordinals
                    .iter()
                    .find(|(image, _)| *image == c.image)
                    .map_or(1, |(_, n)| *n),
            })
            .collect();
        PodState {
            key: ObjectKey::new(
                Kind::POD,
                object.meta.namespace.clone(),
                object.meta.name.clone(),
            ),
            uid: object.meta.uid.clone(),
            node,
            plan,
            containers,
            seen: world.now,
            start_delay: timings.start + world.rng.below(Stream::Start, timings.start_spread + 1),
            ip: None,
            again: false,
            job: Job::Idle,
            job_ticket: None,
            sync_ticket: None,
            queue: Vec::new(),
            failed: None,
            fresh_sandbox: false,
            pulls: Backoff::new(BACKOFF_INITIAL, BACKOFF_MAX),
            mounts: 0,
            synced: world.now,
            stale: None,
            attach_since: None,
            grace: None,
            terminating: false,
        }
    }

    /// Takes back everything that is scheduled for the pod.
    pub(super) fn cancel_all(&self, world: &mut World) {
        let ends = self
            .containers
            .iter()
            .filter_map(|c| c.end.map(|(t, _, _)| t));
        let probes = self
            .containers
            .iter()
            .flat_map(|c| &c.probes)
            .filter_map(|p| p.ticket);
        let tickets: Vec<Ticket> = ends
            .chain(probes)
            .chain(self.job_ticket)
            .chain(self.sync_ticket)
            .collect();
        for ticket in tickets {
            world.cancel(ticket);
        }
    }

    pub(super) fn sync_at(&mut self, world: &mut World, at: SimTime) {
        if let Some(ticket) = self.sync_ticket.take() {
            world.cancel(ticket);
        }
        let event = SimEvent::Kubelet(KubeletEvent::Sync(self.key.clone()));
        self.sync_ticket = Some(world.schedule_at(at, event));
    }

    pub(super) fn set_job(&mut self, world: &mut World, job: Job, after: u64) {
        if let Some(ticket) = self.job_ticket.take() {
            world.cancel(ticket);
        }
        self.job = job;
        let event = SimEvent::Kubelet(KubeletEvent::Job(self.key.clone()));
        self.job_ticket = Some(world.schedule(Millis(after), event));
    }

    /// Records an event about the pod or one of its containers. False: dropped by the limit.
    pub(super) fn event(
        &self,
        world: &mut World,
        container: Option<usize>,
        kind: &'static str,
        reason: &'static str,
        message: &str,
    ) -> bool {
        if world.faults.is_cut(&self.node) {
            return false;
        }
        let mut about = EventObject {
            kind: "Pod".into(),
            namespace: self.key.namespace.clone(),
            name: self.key.name.clone(),
            uid: self.uid.clone(),
            api_version: "v1".into(),
            field_path: Str::default(),
        };
        if let Some(i) = container {
            let plan = &self.plan.containers[i];
            about = about.container(
                if plan.init {
                    "initContainers"
                } else {
                    "containers"
                },
                &plan.name,
            );
        }
        world.event_by(
            &Source::kubelet(self.node.clone()),
            &about,
            kind,
            reason,
            message,
        )
    }

    pub(super) fn log(&self, world: &mut World, container: usize, text: impl Into<Str>) {
        let at = world.wall();
        let pod = Str::concat(&[&self.key.namespace, "/", &self.key.name]);
        world
            .logs
            .push(&pod, &self.plan.containers[container].name, at, text);
    }

    /// `NAME_NAMESPACE(UID)`, as the kubelet names a pod in texts.
    pub(super) fn full_name(&self) -> String {
        format!("{}_{}({})", self.key.name, self.key.namespace, self.uid)
    }
}

impl Kubelet {
    pub(super) fn report(&mut self, world: &mut World, pod: &PodState) {
        if world.faults.is_cut(&pod.node) {
            return;
        }
        let host = self.host_ip(world, &pod.node);
        report::report(world, pod, &host, false);
    }

    /// Mirrors `SyncPod`, pkg/kubelet/kubelet.go.
    pub(super) fn sync_pod(&mut self, world: &mut World, pod: &mut PodState) {
        if let Some(stored) = world.store.get(&pod.key)
            && !world.faults.is_cut(&pod.node)
        {
            pod.grace = stored
                .meta
                .deletion
                .and(Some(stored.meta.grace.unwrap_or(0)));
        }
        if pod.grace.is_some() {
            self.sync_terminating_pod(world, pod);
            return;
        }
        if pod.job != Job::Idle {
            // The worker is busy; it syncs again when it is done.
            pod.again = true;
            return;
        }
        pod.again = false;
        pod.failed = None;
        pod.fresh_sandbox = false;
        self.report(world, pod);
        pod.synced = world.now;
        if pod.ip.is_some() {
            remount(world, pod);
        } else if !self.make_sandbox(world, pod) {
            return;
        }
        if self.kill_unhealthy(world, pod) {
            return;
        }
        pod.queue = to_start(pod);
        pod.queue.reverse();
        self.start_next(world, pod);
    }

    /// The sync has done what it could: what changed is reported by the next one.
    pub(super) fn end_sync(&mut self, world: &mut World, pod: &mut PodState, started: bool) {
        pod.job = Job::Idle;
        if started || pod.again {
            self.sync_pod(world, pod);
            return;
        }
        let Some(failure) = pod.failed else { return };
        if pod.fresh_sandbox {
            let at = world.now + Millis(self.timings.relist);
            pod.sync_at(world, at);
            return;
        }
        let base = match failure {
            Failure::BackOff(end) if world.version() >= Minor(35) => {
                end.since(world.now).0.clamp(1, BACKOFF_RETRY_MAX)
            }
            _ => ERROR_RETRY,
        };
        let wait = base + world.rng.below(Stream::KubeletJitter, base / 2);
        let at = world.now + Millis(wait);
        pod.sync_at(world, at);
    }

    /// A process has ended.
    pub(super) fn container_exits(
        &mut self,
        world: &mut World,
        pod: &mut PodState,
        container: usize,
    ) {
        let c = &mut pod.containers[container];
        let Some((_, code, reason)) = c.end.take() else {
            return;
        };
        let Some(Run::Running(mut info)) = c.newest.take() else {
            return;
        };
        info.finished = world.now;
        info.reason = reason;
        let number = info.number;
        c.newest = Some(Run::Exited(info, code));
        let by_itself = !std::mem::take(&mut c.stopping);
        if container == pod.plan.init {
            let end = crate::traffic::End {
                at: world.now,
                broken: by_itself || code == 137 || c.hook_cut,
            };
            world.traffic.ended(&pod.uid, end);
        }
        c.starting = false;
        for probe in &mut c.probes {
            if let Some(ticket) = probe.ticket.take() {
                world.cancel(ticket);
            }
            probe.last = None;
            // The workers see that the container does not run.
            probe.worker.tick(super::prober::Seen::NotRunning {
                id: number,
                for_good: false,
            });
        }
        if by_itself {
            let end = super::program::End {
                after: 0,
                code,
                reason,
            };
            if let Some(line) = super::program::last_line(&end) {
                pod.log(world, container, line);
            }
        }
        if pod.terminating {
            self.container_stopped(world, pod);
            return;
        }
        match pod.job {
            Job::Kill => {
                if pod.containers.iter().all(|c| !c.stopping) {
                    pod.job = Job::Idle;
                    self.sync_pod(world, pod);
                }
            }
            Job::PostStart { container: c } if c == container => {
                if let Some(ticket) = pod.job_ticket.take() {
                    world.cancel(ticket);
                }
                self.end_sync(world, pod, true);
            }
            // If the worker is busy it syncs again when it is done.
            _ => self.sync_pod(world, pod),
        }
    }

    /// Containers whose liveness or startup probe has failed are killed first. True: the worker waits for that.
    fn kill_unhealthy(&mut self, world: &mut World, pod: &mut PodState) -> bool {
        let plan = pod.plan.clone();
        let mut any = false;
        for i in 0..pod.containers.len() {
            let Some(number) = pod.containers[i].running().map(|r| r.number) else {
                continue;
            };
            let failed = plan.containers[i]
                .probes
                .iter()
                .zip(&pod.containers[i].probes)
                .find(|(p, probe)| {
                    p.kind != ProbeKind::Readiness
                        && probe.worker.container() == Some(&number)
                        && probe.worker.stored() == Some(ProbeResult::Failure)
                });
            let Some((probe, _)) = failed else { continue };
            let reason = match probe.kind {
                ProbeKind::Startup => super::pod_actions::KillReason::StartupFailed,
                _ => super::pod_actions::KillReason::LivenessFailed,
            };
            let restart = plan.policy != RestartPolicy::Never;
            let message = reason.message(&plan.containers[i].name, restart);
            let grace = probe.grace.unwrap_or(plan.grace);
            self.kill_container(world, pod, i, &message, grace, 0);
            any = true;
        }
        if any {
            pod.job = Job::Kill;
        }
        any
    }
}

/// Which containers a sync starts, in order.
///
/// Mirrors `computePodActions` with sidecars, pkg/kubelet/kuberuntime/kuberuntime_manager.go.
fn to_start(pod: &PodState) -> Vec<usize> {
    let plan = &pod.plan;
    let context = |sidecar: bool, init: bool| Context {
        policy: if sidecar {
            RestartPolicy::Always
        } else {
            plan.policy
        },
        init,
        pod_has_init: plan.init > 0,
        deleting: false,
    };
    let mut start = Vec::new();
    for i in 0..plan.init {
        let (c, state) = (&plan.containers[i], &pod.containers[i]);
        if c.sidecar {
            if should_container_be_restarted(state.newest.as_ref(), context(true, true)) {
                start.push(i);
                // A sidecar that was up before does not hold back what comes after it.
                if state.newest.is_none() {
                    return start;
                }
            } else if !report::is_started(c, state) {
                return start;
            }
            continue;
        }
        let initialized = pod.containers[plan.init..]
            .iter()
            .any(|c| c.newest.is_some());
        match &state.newest {
            Some(Run::Exited(_, 0)) => {}
            _ if initialized => {}
            Some(Run::Running(_)) => return start,
            Some(Run::Exited(..)) if plan.policy == RestartPolicy::Never => return start,
            _ => {
                start.push(i);
                return start;
            }
        }
    }
    for i in plan.init..plan.containers.len() {
        if should_container_be_restarted(pod.containers[i].newest.as_ref(), context(false, false)) {
            start.push(i);
        }
    }
    start
}
