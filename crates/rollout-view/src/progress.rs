//! How far pods are that are on their way: pulling, starting, waiting for the next try.

use crate::cluster::{Pod, Rollout};
use crate::model::PodState;
use rollout_api::Order;
use rollout_api::Str;
use rollout_engine::decision::What;
use rollout_engine::kubelet::decision::KubeletDecision;
use rollout_session::Session;

/// What a pod waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// The registry's answer.
    Pulling,
    /// The process of its container.
    Starting,
    /// The end of a back-off window.
    BackingOff,
}

/// A wait whose end is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    pod: Str,
    /// What is waited for.
    pub doing: Doing,
    /// Since when, milliseconds since the start of the session.
    pub from: u64,
    /// Until when.
    pub until: u64,
}

impl Progress {
    /// What is left at a moment.
    pub fn left_ms(&self, at: u64) -> u64 {
        self.until.saturating_sub(at)
    }
    /// What has passed at a moment, in thousandths.
    pub fn permille(&self, at: u64) -> u32 {
        let whole = self.until.saturating_sub(self.from).max(1);
        (at.saturating_sub(self.from).min(whole) * 1000 / whole) as u32
    }
}

/// The waits of all pods of a rollout that are creating or failing, found by walking back through the steps.
pub fn waits(session: &Session, r: &Rollout) -> Vec<Progress> {
    let mut open: Vec<&Str> = r.counted().filter(on_the_way).map(name).collect();
    open.order();
    let mut found = Vec::with_capacity(open.len());
    for step in session.steps()[..session.position()].iter().rev() {
        if open.is_empty() {
            break;
        }
        for d in step.record.decisions.iter().rev() {
            let What::Kubelet(why) = &d.what else {
                continue;
            };
            let Ok(place) = open.binary_search(&&d.on.name) else {
                continue;
            };
            if d.on.namespace != r.object.meta.namespace {
                continue;
            }
            let (doing, until) = match why {
                KubeletDecision::Pull { until, .. } => (Doing::Pulling, until),
                KubeletDecision::Start { until, .. } => (Doing::Starting, until),
                KubeletDecision::PullBackOff { until, .. }
                | KubeletDecision::CrashBackOff { until, .. } => (Doing::BackingOff, until),
                KubeletDecision::Probe { .. }
                | KubeletDecision::Stop { .. }
                | KubeletDecision::Refresh { .. }
                | KubeletDecision::Wrote { .. } => continue,
            };
            open.remove(place);
            found.push(Progress {
                pod: d.on.name.clone(),
                doing,
                from: step.at,
                until: step.at + until.since(step.record.at).0,
            });
        }
    }
    found.order_by(|a, b| a.pod.cmp(&b.pod));
    found
}

fn on_the_way(pod: &&Pod) -> bool {
    pod.state == PodState::Creating || pod.state.is_failing()
}

fn name(pod: &Pod) -> &Str {
    &pod.object.meta.name
}

/// The wait of a pod that is not over.
pub fn of<'a>(waits: &'a [Progress], pod: &Pod, at: u64) -> Option<&'a Progress> {
    let place = waits.binary_search_by(|w| w.pod.cmp(name(pod))).ok()?;
    let wait = &waits[place];
    let fits = (wait.doing == Doing::BackingOff) == pod.state.is_failing();
    (fits && wait.until > at).then_some(wait)
}
