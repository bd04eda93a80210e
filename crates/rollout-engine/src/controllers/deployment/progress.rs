//! The Progressing condition and the deadline.

use super::Sync;
use super::decision::DeploymentDecision;
use super::sync::Sets;
use super::util::{self, reason};
use crate::controllers::objects::{Deployment, ReplicaSet};
use crate::time::Millis;
use rollout_api::status_error::ApiError;
use rollout_api::views::{Condition, DeploymentStatus};
use rollout_api::{Str, Timestamp};

/// The clock: milliseconds for comparing, whole seconds for writing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// Milliseconds of the wall clock.
    pub now_ms: i64,
}

impl Clock {
    /// As the API writes it.
    pub fn stamp(self) -> Timestamp {
        Timestamp(self.now_ms.div_euclid(1000))
    }
}

/// Conditions after a sync of a rollout: Progressing and ReplicaFailure. `status` has the new counts and the old
/// conditions.
///
/// Mirrors `syncRolloutStatus`, pkg/controller/deployment/progress.go.
/// Differs: sets the conditions and leaves the writing to the caller.
pub fn progress<'a>(
    d: &Deployment,
    status: &mut DeploymentStatus,
    new: Option<&'a ReplicaSet>,
    all: impl Iterator<Item = &'a ReplicaSet>,
    clock: Clock,
) {
    let deadline = util::progress_deadline(d);
    if deadline.is_none() {
        util::remove_deployment_condition(status, util::PROGRESSING);
    }
    let current = util::get_deployment_condition(&d.status, util::PROGRESSING).cloned();
    let frozen = status.replicas == status.updated_replicas
        && current
            .as_ref()
            .is_some_and(|c| c.reason == reason::NEW_REPLICA_SET_AVAILABLE);
    if deadline.is_some() && !frozen {
        let subject = match new {
            Some(rs) => format!("ReplicaSet \"{}\"", rs.meta().name),
            None => format!("Deployment \"{}\"", d.meta().name),
        };
        let condition = |status, reason, text: String| {
            util::new_deployment_condition(util::PROGRESSING, status, reason, text, clock.stamp())
        };
        if util::deployment_complete(d, status) {
            let text = format!("{subject} has successfully progressed.");
            let done = condition("True", reason::NEW_REPLICA_SET_AVAILABLE, text);
            util::set_deployment_condition(status, done);
        } else if util::deployment_progressing(&d.status, status) {
            let text = format!("{subject} is progressing.");
            let mut moved = condition("True", reason::REPLICA_SET_UPDATED, text);
            if let Some(current) = &current {
                if current.status == "True" {
                    moved.last_transition = current.last_transition;
                }
                // Replaced even if it says the same: that is what restarts the deadline.
                util::remove_deployment_condition(status, util::PROGRESSING);
            }
            util::set_deployment_condition(status, moved);
        } else if util::deployment_timed_out(d, status, clock.now_ms) {
            let text = format!("{subject} has timed out progressing.");
            let late = condition("False", reason::TIMED_OUT, text);
            util::set_deployment_condition(status, late);
        }
    }
    match get_replica_failures(new, all) {
        Some(failure) => {
            let condition = Condition {
                last_update: failure.last_transition,
                ..failure
            };
            util::set_deployment_condition(status, condition);
        }
        None => util::remove_deployment_condition(status, util::REPLICA_FAILURE),
    }
}

/// The first failure that a ReplicaSet reports, the new one first.
///
/// Mirrors `getReplicaFailures`, pkg/controller/deployment/progress.go.
pub fn get_replica_failures<'a>(
    new: Option<&'a ReplicaSet>,
    all: impl Iterator<Item = &'a ReplicaSet>,
) -> Option<Condition> {
    let failure = |rs: &ReplicaSet| {
        rs.status
            .conditions
            .iter()
            .find(|c| c.kind == util::REPLICA_FAILURE)
            .cloned()
    };
    new.and_then(failure)
        .or_else(|| all.into_iter().find_map(failure))
}

/// When to look again at a rollout that does not move: ms until the deadline. `None`: not at all.
///
/// Mirrors `requeueStuckDeployment`, pkg/controller/deployment/progress.go.
/// Differs: only answers when.
pub fn requeue_stuck_deployment(
    d: &Deployment,
    new_status: &DeploymentStatus,
    clock: Clock,
) -> Option<i64> {
    let current = util::get_deployment_condition(&d.status, util::PROGRESSING)?;
    let deadline = util::progress_deadline(d)?;
    if util::deployment_complete(d, new_status) || current.reason == reason::TIMED_OUT {
        return None;
    }
    let from = current.last_update.unwrap_or_default();
    Some((from.0 + i64::from(deadline)) * 1000 - clock.now_ms)
}

impl Sync<'_> {
    /// Writes the status of a rollout, or comes back when its deadline has passed.
    ///
    /// Mirrors `syncRolloutStatus`, pkg/controller/deployment/progress.go.
    pub(crate) fn sync_rollout_status(&mut self, sets: &Sets) -> Result<(), ApiError> {
        let mut status = self.calculate_status(sets);
        let clock = Clock {
            now_ms: self.now_ms(),
        };
        progress(&self.d, &mut status, sets.new.as_ref(), sets.all(), clock);
        if status == self.d.status {
            self.requeue_stuck(&status, clock);
            return Ok(());
        }
        self.explain_change(&status, sets);
        self.update_status(&status)
    }

    fn explain_change(&mut self, status: &DeploymentStatus, sets: &Sets) {
        let reason_of = |status: &DeploymentStatus| {
            util::get_deployment_condition(status, util::PROGRESSING).map(|c| c.reason.clone())
        };
        let (before, after) = (reason_of(&self.d.status), reason_of(status));
        if before == after {
            return;
        }
        let replica_set: Str = sets
            .new
            .as_ref()
            .map(|rs| rs.meta().name.clone())
            .unwrap_or_default();
        match after.as_deref() {
            Some(reason::TIMED_OUT) => {
                let deadline = self.d.progress_deadline_seconds.unwrap_or(0);
                self.decide(DeploymentDecision::DeadlineExceeded { deadline });
            }
            Some(reason::NEW_REPLICA_SET_AVAILABLE) => {
                let desired = self.d.replicas;
                self.decide(DeploymentDecision::Complete {
                    desired,
                    replica_set,
                });
            }
            _ => {}
        }
    }

    fn requeue_stuck(&mut self, status: &DeploymentStatus, clock: Clock) {
        let Some(after) = requeue_stuck_deployment(&self.d, status, clock) else {
            return;
        };
        // A rollout that was complete once never times out: Kubernetes looks every 5 ms, for ever, and nothing comes of it.
        let progress = util::get_deployment_condition(&self.d.status, util::PROGRESSING);
        let was_complete = progress.is_some_and(|c| c.reason == reason::NEW_REPLICA_SET_AVAILABLE);
        if after < 0 && was_complete {
            return;
        }
        let key = self.d.key();
        let delay = if after < 1000 {
            // Kubernetes tries again every 5 ms until the deadline is behind it; once is enough here.
            u64::try_from(after + 1).unwrap_or(0).max(5)
        } else {
            u64::try_from(after + 1000).unwrap_or(0)
        };
        self.queue.add_after(self.world, key, Millis(delay));
        let at = clock.now_ms + i64::try_from(delay).unwrap_or(0);
        self.waits.push(DeploymentDecision::WaitingForDeadline {
            deadline: self.d.progress_deadline_seconds.unwrap_or(0),
            looks_again_at: Timestamp(at.div_euclid(1000)),
        });
    }
}
