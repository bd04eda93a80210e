//! Recreate: every old pod goes before the first new one comes.

use super::decision::{DeploymentDecision, ScaleReason};
use super::sync::Sets;
use super::{PodObjects, Sync, util};
use crate::controllers::objects::ReplicaSet;
use rollout_api::SortedMap;
use rollout_api::Str;
use rollout_api::status_error::ApiError;

/// Does any old pod still run? Counts what ReplicaSets report and every pod object that has not ended.
///
/// Mirrors `oldPodsRunning`, pkg/controller/deployment/recreate.go.
/// Differs: takes counts by ReplicaSet and answers how many.
pub fn old_pods_running(
    new_uid: Option<&Str>,
    old: &[ReplicaSet],
    pods: &SortedMap<Str, PodObjects>,
) -> i32 {
    let reported = util::get_actual_replica_count_for_replica_sets(old);
    let objects: i32 = pods
        .iter()
        .filter(|(uid, _)| Some(*uid) != new_uid)
        .map(|(_, p)| p.not_ended)
        .sum();
    reported.max(objects)
}

/// Old ReplicaSets that still want pods: all of them go to zero.
///
/// Mirrors `scaleDownOldReplicaSetsForRecreate`, pkg/controller/deployment/recreate.go.
/// Differs: answers indices instead of writing.
pub fn scale_down_old_replica_sets_for_recreate(old: &[ReplicaSet]) -> Vec<usize> {
    (0..old.len()).filter(|&i| old[i].replicas != 0).collect()
}

impl Sync<'_> {
    /// Mirrors `rolloutRecreate`, pkg/controller/deployment/recreate.go.
    pub(crate) fn rollout_recreate(&mut self) -> Result<(), ApiError> {
        let mut sets = self.get_all_replica_sets_and_sync_revision(false)?;
        let mut scaled_down = false;
        for i in scale_down_old_replica_sets_for_recreate(&sets.old) {
            let rs = sets.old[i].clone();
            let because = ScaleReason::RecreateStopsAll;
            scaled_down |= self
                .scale_replica_set_and_record_event(&rs, 0, false, because)?
                .is_some();
        }
        if scaled_down {
            return self.sync_rollout_status(&sets);
        }
        let new_uid = sets.new.as_ref().map(|rs| rs.meta().uid.clone());
        let running = old_pods_running(new_uid.as_ref(), &sets.old, &self.pods);
        if running > 0 {
            self.waits
                .push(DeploymentDecision::WaitingForOldPods { running });
            return self.sync_rollout_status(&sets);
        }
        if sets.new.is_none() {
            sets = self.get_all_replica_sets_and_sync_revision(true)?;
        }
        self.scale_up_new_replica_set_for_recreate(&sets)?;
        if util::deployment_complete(&self.d, &self.d.status) {
            self.cleanup_deployment(&sets.old)?;
        }
        self.sync_rollout_status(&sets)
    }

    /// Mirrors `scaleUpNewReplicaSetForRecreate`, pkg/controller/deployment/recreate.go.
    fn scale_up_new_replica_set_for_recreate(&mut self, sets: &Sets) -> Result<(), ApiError> {
        let Some(new) = &sets.new else { return Ok(()) };
        let desired = self.d.replicas;
        let because = ScaleReason::RecreateStartsAll { desired };
        self.scale_replica_set_and_record_event(new, desired, true, because)
            .map(|_| ())
    }
}
