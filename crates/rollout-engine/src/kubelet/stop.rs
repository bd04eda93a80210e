//! Stopping: one container that has failed its probe, or all of a pod that is being deleted.

use super::decision::KubeletDecision;
use super::pod::{Job, PodState};
use super::program::exit_reason;
use super::{Kubelet, KubeletEvent, report};
use crate::client::DeleteOptions;
use crate::sim_event::SimEvent;
use crate::time::Millis;
use crate::world::World;

/// Seconds that a process gets after its stop signal, whatever is left of the grace.
const MINIMUM_GRACE: i64 = 2;

impl Kubelet {
    /// Mirrors `killContainer`, pkg/kubelet/kuberuntime/kuberuntime_container.go. `behind`: milliseconds of the grace
    /// that are gone already.
    pub(super) fn kill_container(
        &mut self,
        world: &mut World,
        pod: &mut PodState,
        i: usize,
        message: &str,
        grace: i64,
        behind: u64,
    ) {
        pod.event(world, Some(i), "Normal", "Killing", message);
        let effects = pod.effects(world, i);
        let plan = pod.plan.clone();
        let grace_ms = Millis::from_secs(grace).0.saturating_sub(behind);
        let hook = match plan.containers[i].pre_stop {
            Some(hook) if grace_ms > 0 => hook.min(grace_ms),
            _ => 0,
        };
        let used = hook / 1000 * 1000;
        let rest = grace_ms
            .saturating_sub(used)
            .max(Millis::from_secs(MINIMUM_GRACE).0);
        let (after, code) = if effects.ignores_stop || self.timings.stop > rest {
            (rest, 137)
        } else {
            (self.timings.stop, 0)
        };
        let c = &mut pod.containers[i];
        if let Some((ticket, _, _)) = c.end.take() {
            world.cancel(ticket);
        }
        c.stopping = true;
        c.hook_cut = plan.containers[i]
            .pre_stop
            .is_some_and(|wanted| wanted > hook);
        if i == plan.init {
            let signal = world.now + Millis(hook);
            world.traffic.signalled(&pod.uid, signal);
        }
        let event = SimEvent::Kubelet(KubeletEvent::Exit(pod.key.clone(), i));
        let ticket = world.schedule(Millis(hook + after), event);
        let why = KubeletDecision::Stop {
            container: plan.containers[i].name.clone(),
            grace,
            hook: Millis(hook),
            until: ticket.at,
        };
        world.decide((pod.key.clone(), why));
        pod.containers[i].end = Some((ticket, code, exit_reason(code)));
        pod.log(
            world,
            i,
            if effects.ignores_stop {
                "received the stop signal, carrying on"
            } else {
                "shutting down"
            },
        );
    }

    /// Mirrors `SyncTerminatingPod`, pkg/kubelet/kubelet.go.
    pub(super) fn sync_terminating_pod(&mut self, world: &mut World, pod: &mut PodState) {
        let grace = pod.grace.unwrap_or(0);
        if pod.terminating {
            self.shorten(world, pod, grace);
            return;
        }
        pod.terminating = true;
        pod.queue.clear();
        for ticket in [pod.job_ticket.take(), pod.sync_ticket.take()]
            .into_iter()
            .flatten()
        {
            world.cancel(ticket);
        }
        pod.job = Job::Terminate;
        self.stop_probes(world, pod);
        let plan = pod.plan.clone();
        for (i, c) in plan.containers.iter().enumerate() {
            if !c.sidecar && pod.containers[i].running().is_some() {
                let message = format!("Stopping container {}", c.name);
                self.kill_container(world, pod, i, &message, grace, 0);
            }
        }
        if !self.stop_next_sidecar(world, pod)
            && pod.containers.iter().all(|c| c.running().is_none())
        {
            pod.set_job(world, Job::Terminate, self.timings.stop);
        }
    }

    /// A second deletion with a shorter grace.
    fn shorten(&mut self, world: &mut World, pod: &mut PodState, grace: i64) {
        let limit = world.now + Millis::from_secs(grace.max(MINIMUM_GRACE));
        for i in 0..pod.containers.len() {
            if let Some((ticket, _, _)) = pod.containers[i].end
                && ticket.at > limit
            {
                world.cancel(ticket);
                let event = SimEvent::Kubelet(KubeletEvent::Exit(pod.key.clone(), i));
                let ticket = world.schedule_at(limit, event);
                pod.containers[i].end = Some((ticket, 137, exit_reason(137)));
            }
        }
    }

    /// Sidecars go last, in reverse order, one by one. True: one is being stopped.
    fn stop_next_sidecar(&mut self, world: &mut World, pod: &mut PodState) -> bool {
        let plan = pod.plan.clone();
        let others = plan
            .containers
            .iter()
            .zip(&pod.containers)
            .any(|(c, s)| !c.sidecar && s.running().is_some());
        let busy = pod.containers.iter().any(|c| c.stopping);
        if others || busy {
            return busy;
        }
        let next = (0..plan.init)
            .rev()
            .find(|i| pod.containers[*i].running().is_some());
        let Some(i) = next else { return false };
        let message = format!("Stopping container {}", plan.containers[i].name);
        let grace = pod.grace.unwrap_or(0);
        self.kill_container(world, pod, i, &message, grace, 0);
        true
    }

    /// A container of a pod that is being deleted has stopped.
    pub(super) fn container_stopped(&mut self, world: &mut World, pod: &mut PodState) {
        if pod.containers.iter().any(|c| c.running().is_some()) {
            self.stop_next_sidecar(world, pod);
            self.report(world, pod);
            return;
        }
        self.sync_terminated_pod(world, pod);
    }

    /// Mirrors `SyncTerminatedPod` and the status manager's last delete: final status, then the object goes.
    pub(super) fn sync_terminated_pod(&mut self, world: &mut World, pod: &mut PodState) {
        if world.faults.is_cut(&pod.node) {
            return; // Told when the node is back.
        }
        let host = self.host_ip(world, &pod.node);
        report::report(world, pod, &host, true);
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            ..DeleteOptions::default()
        };
        // Finalizers may keep the object; that is not the kubelet's business.
        let _ = world.delete(&pod.key, &options);
    }
}
