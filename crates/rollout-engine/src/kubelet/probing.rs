//! When probes tick and what comes of it. Only ticks that matter are scheduled: while everything is well and stays so,
//! there are none.

use super::decision::KubeletDecision;
use super::pod::PodState;
use super::prober::{ProbeKind, ProbeResult, Seen, Tick};
use super::{Kubelet, KubeletEvent, program, report, texts};
use crate::sim_event::SimEvent;
use crate::time::SimTime;
use crate::world::World;
use rollout_api::Str;

impl Kubelet {
    /// A container has started: its workers see it, and readiness is asked at once where it may be.
    pub(super) fn adopt_probes(&mut self, world: &mut World, pod: &mut PodState, i: usize) {
        for j in 0..pod.containers[i].probes.len() {
            let seen = self.seen(world, pod, i, true);
            pod.containers[i].probes[j].worker.tick(seen);
        }
        self.ask_readiness(world, pod, i);
        for j in 0..pod.containers[i].probes.len() {
            self.plan_probe(world, pod, i, j);
        }
    }

    /// Mirrors the manual trigger in `UpdatePodStatus`, pkg/kubelet/prober/prober_manager.go.
    fn ask_readiness(&mut self, world: &mut World, pod: &mut PodState, i: usize) {
        let plan = pod.plan.clone();
        let Some(j) = plan.containers[i]
            .probes
            .iter()
            .position(|p| p.kind == ProbeKind::Readiness)
        else {
            return;
        };
        self.ask(world, pod, i, j);
    }

    fn seen(&self, world: &World, pod: &PodState, i: usize, unstarted: bool) -> Seen<u32> {
        match pod.containers[i].running() {
            None => Seen::NoContainer,
            // A look that asks nothing: too early for any probe.
            Some(run) if unstarted => Seen::Running {
                id: run.number,
                since_start: 0,
                started: false,
                deleting: false,
            },
            Some(run) => Seen::Running {
                id: run.number,
                since_start: world.now.since(run.started).0,
                started: report::is_started(&pod.plan.containers[i], &pod.containers[i]),
                deleting: pod.terminating,
            },
        }
    }

    /// A tick: asks if the worker wants to, and counts the answer. True: the stored result has changed.
    fn ask(&mut self, world: &mut World, pod: &mut PodState, i: usize, j: usize) -> bool {
        let seen = self.seen(world, pod, i, false);
        let Seen::Running { since_start, .. } = seen else {
            return false;
        };
        if pod.containers[i].probes[j].worker.tick(seen) != Tick::Probe {
            return false;
        }
        let plan = pod.plan.clone();
        let (c, probe) = (&plan.containers[i], &plan.containers[i].probes[j]);
        if let Some(name) = &probe.lost_port {
            self.ask_nobody(world, pod, i, probe.kind, name, &c.name);
            return false;
        }
        let effects = pod.effects(world, i);
        let ip = pod.ip.clone().unwrap_or_default();
        let (result, text) = program::probe(probe, c, &effects, since_start, &ip);
        let mut told = false;
        if result == ProbeResult::Failure {
            let line = program::probe_line(probe, &text);
            let text = format!("{} probe failed: {text}", probe.kind.title());
            told = pod.event(world, Some(i), "Warning", "Unhealthy", &text);
            if let Some(line) = line {
                pod.log(world, i, line);
            }
        }
        let slot = &mut pod.containers[i].probes[j];
        slot.last = Some(result);
        let before = slot.worker.result_run();
        let counts = slot.worker.result(result);
        if told || counts {
            let threshold = match result {
                ProbeResult::Success => probe.spec.success_threshold,
                _ => probe.spec.failure_threshold,
            };
            // A worker that goes on hold forgets its run.
            let run = slot.worker.result_run();
            let run = if run == 0 { before + 1 } else { run };
            let why = KubeletDecision::Probe {
                container: c.name.clone(),
                kind: probe.kind,
                result,
                run,
                threshold,
                counts,
            };
            world.decide((pod.key.clone(), why));
        }
        counts
    }

    /// A port that has no number: the attempt is told and its result thrown away.
    /// Mirrors `prober.probe` and `ResolveContainerPort`, pkg/kubelet/prober/prober.go, pkg/probe/util.go.
    fn ask_nobody(
        &self,
        world: &mut World,
        pod: &mut PodState,
        i: usize,
        kind: ProbeKind,
        port: &str,
        container: &Str,
    ) {
        let text = texts::probe_errored(
            world.version(),
            kind.title(),
            &format!("strconv.Atoi: parsing \"{port}\": invalid syntax"),
        );
        if pod.event(world, Some(i), "Warning", "Unhealthy", &text) {
            let why = KubeletDecision::Probe {
                container: container.clone(),
                kind,
                result: ProbeResult::Unknown,
                run: 0,
                threshold: 0,
                counts: false,
            };
            world.decide((pod.key.clone(), why));
        }
    }

    /// A probe's tick is due.
    pub(super) fn probe_tick(&mut self, world: &mut World, pod: &mut PodState, i: usize, j: usize) {
        let Some(slot) = pod.containers.get_mut(i).and_then(|c| c.probes.get_mut(j)) else {
            return;
        };
        slot.ticket = None;
        let changed = self.ask(world, pod, i, j);
        let kind = pod.plan.containers[i].probes[j].kind;
        let stored = pod.containers[i].probes[j].worker.stored();
        if changed {
            match (kind, stored) {
                (ProbeKind::Readiness, _) => self.report(world, pod),
                (ProbeKind::Startup, Some(ProbeResult::Success)) => {
                    self.ask_readiness(world, pod, i);
                    self.report(world, pod);
                    self.replan_container(world, pod, i);
                    if pod.plan.containers[i].sidecar {
                        self.sync_pod(world, pod);
                    }
                }
                (_, Some(ProbeResult::Failure)) => {
                    self.sync_pod(world, pod);
                    return;
                }
                _ => {}
            }
        }
        self.plan_probe(world, pod, i, j);
    }

    fn replan_container(&mut self, world: &mut World, pod: &mut PodState, i: usize) {
        for j in 0..pod.containers[i].probes.len() {
            self.plan_probe(world, pod, i, j);
        }
    }

    /// Behaviours have changed: ticks that did not matter may matter now.
    pub(super) fn replan_probes(&mut self, world: &mut World, pod: &mut PodState) {
        for i in 0..pod.containers.len() {
            if pod.containers[i].running().is_some() {
                self.replan_container(world, pod, i);
            }
        }
    }

    /// Liveness and startup workers of a pod that is being deleted stop; readiness goes on.
    pub(super) fn stop_probes(&mut self, world: &mut World, pod: &mut PodState) {
        let plan = pod.plan.clone();
        for (c, state) in plan.containers.iter().zip(&mut pod.containers) {
            for (probe, slot) in c.probes.iter().zip(&mut state.probes) {
                if probe.kind != ProbeKind::Readiness
                    && let Some(ticket) = slot.ticket.take()
                {
                    world.cancel(ticket);
                }
            }
        }
    }

    /// Schedules the next tick of a worker that matters, if there is one.
    pub(super) fn plan_probe(&mut self, world: &mut World, pod: &mut PodState, i: usize, j: usize) {
        let slot = &mut pod.containers[i].probes[j];
        if let Some(ticket) = slot.ticket.take() {
            world.cancel(ticket);
        }
        if let Some(at) = next_tick(world, pod, i, j) {
            let event = SimEvent::Kubelet(KubeletEvent::Probe(pod.key.clone(), i, j));
            pod.containers[i].probes[j].ticket = Some(world.schedule_at(at, event));
        }
    }
}

/// The next tick at which something may happen.
fn next_tick(world: &World, pod: &PodState, i: usize, j: usize) -> Option<SimTime> {
    let (plan, state) = (&pod.plan.containers[i], &pod.containers[i]);
    let (probe, slot) = (&plan.probes[j], &state.probes[j]);
    let run = state.running()?;
    let started = report::is_started(plan, state);
    if slot.worker.on_hold() || started == (probe.kind == ProbeKind::Startup) {
        return None;
    }
    if pod.terminating && probe.kind != ProbeKind::Readiness {
        return None;
    }
    let delay = u64::try_from(probe.spec.initial_delay)
        .unwrap_or(0)
        .saturating_mul(1000);
    let earliest = run.started.0.saturating_add(delay);
    let mut from = earliest.max(world.now.0 + 1);
    let effects = pod.effects(world, i);
    let healthy = |at: u64| {
        let since = at.saturating_sub(run.started.0);
        program::probe(probe, plan, &effects, since, "").0 == ProbeResult::Success
    };
    let steady = probe.lost_port.is_none()
        && slot.worker.stored() == Some(ProbeResult::Success)
        && slot.last != Some(ProbeResult::Failure);
    if steady {
        // Skip the ticks that would only say again that all is well.
        let image = &plan.full;
        let mut at = tick_from(pod, probe.period, from);
        let mut looks = 0;
        while healthy(at) {
            looks += 1;
            let own = program::next_change(&effects, at.saturating_sub(run.started.0))
                .map(|c| run.started.0 + c);
            let rule = world
                .images
                .next_change(image, world.now)
                .map(|t| t.0)
                .filter(|t| *t > at);
            let next = own.into_iter().chain(rule).min()?;
            from = next.max(at + 1);
            let after = tick_from(pod, probe.period, from);
            if rule == Some(next) || looks > 1000 {
                return Some(SimTime(after));
            }
            at = after;
        }
        return Some(SimTime(at));
    }
    Some(SimTime(tick_from(pod, probe.period, from)))
}

/// The first tick at or after a moment: ticks count from the moment the kubelet saw the pod.
fn tick_from(pod: &PodState, period: u64, from: u64) -> u64 {
    let origin = pod.seen.0;
    let period = period.max(1);
    origin + from.saturating_sub(origin).div_ceil(period) * period
}
