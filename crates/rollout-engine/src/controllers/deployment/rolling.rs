//! RollingUpdate: up first, then down, one direction a sync.

use super::Sync;
use super::decision::{DeploymentDecision, ScaleReason};
use super::sync::{Sets, invalid};
use super::util;
use crate::controllers::objects::ReplicaSet;
use rollout_api::status_error::ApiError;
use rollout_api::views::DeploymentView;

/// What limits the removal of old pods in one sync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScaleDownBudget {
    /// Sizes of all ReplicaSets.
    pub all_pods: i32,
    /// The floor.
    pub min_available: i32,
    /// Pods of the new ReplicaSet that are not available.
    pub new_unavailable: i32,
    /// all_pods − min_available − new_unavailable.
    pub max_scaled_down: i32,
}

/// How many old pods may go at most.
///
/// Mirrors `reconcileOldReplicaSets` (its limit), pkg/controller/deployment/rolling.go.
pub fn max_scaled_down(
    deployment: &DeploymentView,
    all_pods: i32,
    new_rs: &ReplicaSet,
) -> ScaleDownBudget {
    let min_available = deployment.replicas - util::max_unavailable(deployment);
    let new_unavailable = new_rs.replicas - new_rs.status.available_replicas;
    let max_scaled_down = all_pods - min_available - new_unavailable;
    ScaleDownBudget {
        all_pods,
        min_available,
        new_unavailable,
        max_scaled_down,
    }
}

/// One size to set: index of an old ReplicaSet, and its new size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resize {
    /// Index into the old ReplicaSets.
    pub index: usize,
    /// The new size.
    pub to: i32,
    /// How many of it were not available.
    pub unhealthy: i32,
}

/// An old ReplicaSet claims more available pods than it wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MoreAvailableThanWanted;

/// Pods that are not available go first, oldest ReplicaSet first.
///
/// Mirrors `cleanupUnhealthyReplicas`, pkg/controller/deployment/rolling.go.
/// Differs: answers the sizes instead of writing them. Takes old ReplicaSets in order of creation.
pub fn cleanup_unhealthy_replicas(
    old: &[ReplicaSet],
    max_cleanup: i32,
) -> Result<Vec<Resize>, MoreAvailableThanWanted> {
    let mut resizes = Vec::new();
    let mut total = 0;
    for (index, rs) in old.iter().enumerate() {
        if total >= max_cleanup {
            break;
        }
        let available = rs.status.available_replicas;
        if rs.replicas == 0 || rs.replicas == available {
            continue;
        }
        let unhealthy = rs.replicas - available;
        let down = (max_cleanup - total).min(unhealthy);
        let to = rs.replicas - down;
        if to > rs.replicas {
            return Err(MoreAvailableThanWanted);
        }
        resizes.push(Resize {
            index,
            to,
            unhealthy,
        });
        total += down;
    }
    Ok(resizes)
}

/// Available pods above the floor go, oldest ReplicaSet first.
///
/// Mirrors `scaleDownOldReplicaSetsForRollingUpdate`, pkg/controller/deployment/rolling.go.
/// Differs: answers the sizes instead of writing them. Takes old ReplicaSets in order of creation, with the sizes after
/// [`cleanup_unhealthy_replicas`].
pub fn scale_down_old_replica_sets_for_rolling_update(
    sizes: &[i32],
    available: i32,
    min_available: i32,
) -> Vec<Resize> {
    let mut resizes = Vec::new();
    let budget = available - min_available;
    let mut total = 0;
    for (index, &size) in sizes.iter().enumerate() {
        if total >= budget {
            break;
        }
        if size == 0 {
            continue;
        }
        let down = size.min(budget - total);
        resizes.push(Resize {
            index,
            to: size - down,
            unhealthy: 0,
        });
        total += down;
    }
    resizes
}

impl Sync<'_> {
    /// Mirrors `rolloutRolling`, pkg/controller/deployment/rolling.go.
    pub(crate) fn rollout_rolling(&mut self) -> Result<(), ApiError> {
        let mut sets = self.get_all_replica_sets_and_sync_revision(true)?;
        let Some(new) = sets.new.clone() else {
            return Err(ApiError::internal("no ReplicaSet"));
        };
        if self.reconcile_new_replica_set(&sets, &new)? {
            return self.sync_rollout_status(&sets);
        }
        if self.reconcile_old_replica_sets(&mut sets, &new) {
            return self.sync_rollout_status(&sets);
        }
        if util::deployment_complete(&self.d, &self.d.status) {
            self.cleanup_deployment(&sets.old)?;
        }
        self.sync_rollout_status(&sets)
    }

    /// Mirrors `reconcileNewReplicaSet`, pkg/controller/deployment/rolling.go.
    fn reconcile_new_replica_set(
        &mut self,
        sets: &Sets,
        new: &ReplicaSet,
    ) -> Result<bool, ApiError> {
        let desired = self.d.replicas;
        if new.replicas == desired {
            return Ok(false);
        }
        if new.replicas > desired {
            let because = ScaleReason::NotAboveDesired { desired };
            let scaled = self.scale_replica_set_and_record_event(new, desired, true, because)?;
            return Ok(scaled.is_some());
        }
        let all = util::get_replica_count_for_replica_sets(sets.all());
        let size = util::new_rs_new_replicas(&self.d, all, new.replicas).map_err(invalid)?;
        let util::NewRsSize {
            replicas,
            max_surge,
            max_total,
            current,
        } = size;
        if replicas == new.replicas {
            self.waits.push(DeploymentDecision::ScaleUpBlocked {
                max_total,
                current,
                desired,
                max_surge,
                new_replicas: new.replicas,
            });
        }
        let because = ScaleReason::SurgeAllows {
            desired,
            max_surge,
            max_total,
            current,
        };
        let scaled = self.scale_replica_set_and_record_event(new, replicas, true, because)?;
        Ok(scaled.is_some())
    }

    /// Mirrors `reconcileOldReplicaSets`, pkg/controller/deployment/rolling.go.
    fn reconcile_old_replica_sets(&mut self, sets: &mut Sets, new: &ReplicaSet) -> bool {
        let old_pods = util::get_replica_count_for_replica_sets(&sets.old);
        if old_pods == 0 {
            return false;
        }
        let all_pods = util::get_replica_count_for_replica_sets(sets.all());
        let budget = max_scaled_down(&self.d, all_pods, new);
        if budget.max_scaled_down <= 0 {
            self.waits.push(DeploymentDecision::ScaleDownBlocked {
                all_pods,
                min_available: budget.min_available,
                new_unavailable: budget.new_unavailable,
                old_replicas: old_pods,
            });
            return false;
        }
        let unhealthy = self.scale_unhealthy(sets, budget).unwrap_or(0);
        let healthy = self.scale_healthy(sets, budget).unwrap_or(0);
        unhealthy + healthy > 0
    }

    fn scale_unhealthy(
        &mut self,
        sets: &mut Sets,
        budget: ScaleDownBudget,
    ) -> Result<i32, ApiError> {
        let resizes = cleanup_unhealthy_replicas(&sets.old, budget.max_scaled_down)
            .map_err(|_| ApiError::internal("more available pods than wanted"))?;
        let mut total = 0;
        for resize in resizes {
            let rs = sets.old[resize.index].clone();
            let because = ScaleReason::UnhealthyFirst {
                unhealthy: resize.unhealthy,
                max_scaled_down: budget.max_scaled_down,
                all_pods: budget.all_pods,
                min_available: budget.min_available,
                new_unavailable: budget.new_unavailable,
            };
            let scaled = self.scale_replica_set_and_record_event(&rs, resize.to, false, because)?;
            if let Some(scaled) = scaled {
                total += rs.replicas - resize.to;
                sets.old[resize.index] = scaled;
            }
        }
        Ok(total)
    }

    fn scale_healthy(&mut self, sets: &Sets, budget: ScaleDownBudget) -> Result<i32, ApiError> {
        let available = util::get_available_replica_count_for_replica_sets(sets.all());
        let sizes: Vec<i32> = sets.old.iter().map(|rs| rs.replicas).collect();
        let min_available = budget.min_available;
        if available <= min_available {
            let old_replicas = sizes.iter().sum();
            if old_replicas > 0 {
                let wait = DeploymentDecision::NothingToSpare {
                    available,
                    min_available,
                    old_replicas,
                };
                self.waits.push(wait);
            }
            return Ok(0);
        }
        let mut total = 0;
        for resize in
            scale_down_old_replica_sets_for_rolling_update(&sizes, available, min_available)
        {
            let rs = sets.old[resize.index].clone();
            let because = ScaleReason::AvailabilityAllows {
                available,
                min_available,
                all_pods: budget.all_pods,
                new_unavailable: budget.new_unavailable,
            };
            if self
                .scale_replica_set_and_record_event(&rs, resize.to, false, because)?
                .is_some()
            {
                total += rs.replicas - resize.to;
            }
        }
        Ok(total)
    }
}
