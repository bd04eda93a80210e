//! Finding and making the new ReplicaSet, writing sizes and status, cleaning up.

use super::decision::{DeploymentDecision, ScaleReason};
use super::util::{self, reason};
use super::{COMPONENT, Sync};
use crate::client::DeleteOptions;
use crate::controllers::new_controller_ref;
use crate::controllers::objects::{Deployment, ReplicaSet, deployment_status_value};
use crate::controllers::replica_set::COUNTS_TERMINATING;
use crate::controllers::wall_ms;
use rollout_api::Order;
use rollout_api::status_error::ApiError;
use rollout_api::views::{Condition, DeploymentStatus};
use rollout_api::{Kind, Map, Minor, Str, Value, object};

/// The first version whose `ScalingReplicaSet` text names the size before first.
const FROM_TO_TEXT: Minor = Minor(32);

/// The ReplicaSets of one sync: the new one, if there is one, and the old ones.
#[derive(Clone)]
pub(crate) struct Sets {
    /// The one of the template.
    pub new: Option<ReplicaSet>,
    /// All others, oldest first.
    pub old: Vec<ReplicaSet>,
}

impl Sets {
    /// Old ones, then the new one.
    pub fn all(&self) -> impl Iterator<Item = &ReplicaSet> + Clone {
        self.old.iter().chain(self.new.as_ref())
    }
}

impl Sync<'_> {
    /// Mirrors `syncStatusOnly`, pkg/controller/deployment/sync.go.
    pub(crate) fn sync_status_only(&mut self) -> Result<(), ApiError> {
        let sets = self.get_all_replica_sets_and_sync_revision(false)?;
        self.sync_deployment_status(&sets)
    }

    /// The path of a paused or resized Deployment.
    ///
    /// Mirrors `sync`, pkg/controller/deployment/sync.go.
    pub(crate) fn sync(&mut self) -> Result<(), ApiError> {
        let sets = self.get_all_replica_sets_and_sync_revision(false)?;
        self.scale(&sets)?;
        if self.d.paused {
            self.waits.push(DeploymentDecision::Paused {
                pending_template: sets.new.is_none(),
            });
            self.cleanup_deployment(&sets.old)?;
        }
        self.sync_deployment_status(&sets)
    }

    /// Conditions of a Deployment that was paused or resumed.
    ///
    /// Mirrors `checkPausedConditions`, pkg/controller/deployment/sync.go.
    pub(crate) fn check_paused_conditions(&mut self) -> Result<(), ApiError> {
        if util::progress_deadline(&self.d).is_none() {
            return Ok(());
        }
        let current = util::get_deployment_condition(&self.d.status, util::PROGRESSING)
            .map(|c| c.reason.clone())
            .unwrap_or_default();
        let (why, text) = match current.as_str() {
            reason::TIMED_OUT => return Ok(()),
            reason::PAUSED if self.d.paused => return Ok(()),
            _ if self.d.paused => (reason::PAUSED, "Deployment is paused"),
            reason::PAUSED => (reason::RESUMED, "Deployment is resumed"),
            _ => return Ok(()),
        };
        let condition = self.condition(util::PROGRESSING, "Unknown", why, text);
        let mut status = self.d.status.clone();
        util::set_deployment_condition(&mut status, condition);
        self.update_status(&status)
    }

    /// A condition made now.
    pub(crate) fn condition(
        &self,
        kind: &'static str,
        status: &'static str,
        reason: &'static str,
        message: impl Into<Str>,
    ) -> Condition {
        util::new_deployment_condition(kind, status, reason, message, self.world.wall())
    }

    /// Writes the status; the Deployment is the stored one afterwards.
    pub(crate) fn update_status(&mut self, status: &DeploymentStatus) -> Result<(), ApiError> {
        self.write_status(status, self.d.value().clone())
    }

    fn update_status_and_annotations(
        &mut self,
        status: &DeploymentStatus,
        annotations: Map,
    ) -> Result<(), ApiError> {
        self.write_status(status, self.d.with_annotations(annotations))
    }

    fn write_status(
        &mut self,
        status: &DeploymentStatus,
        mut value: Value,
    ) -> Result<(), ApiError> {
        value
            .map_mut()
            .insert("status", deployment_status_value(status, Some(&self.d)));
        let written = self.world.update_status(&self.d.key(), value)?;
        if let Some(d) = Deployment::new(written) {
            self.d = d;
        }
        Ok(())
    }

    /// Mirrors `getAllReplicaSetsAndSyncRevision`, pkg/controller/deployment/sync.go.
    pub(crate) fn get_all_replica_sets_and_sync_revision(
        &mut self,
        create: bool,
    ) -> Result<Sets, ApiError> {
        // Neither the template nor those of the ReplicaSets change in one sync.
        let new = match self.found {
            Some(found) => found,
            None => util::find_new_replica_set(&self.d.template, &self.sets),
        };
        self.found = Some(new);
        let existing = new.map(|i| self.sets[i].clone());
        let old: Vec<ReplicaSet> = self
            .sets
            .iter()
            .enumerate()
            .filter(|(i, _)| Some(*i) != new)
            .map(|(_, rs)| rs.clone())
            .collect();
        let new = match existing {
            Some(rs) => {
                let rs = self.update_new_replica_set(rs, &old)?;
                if let Some(i) = new {
                    self.sets[i] = rs.clone();
                }
                Some(rs)
            }
            None if create => Some(self.create_new_replica_set(&old)?),
            None => None,
        };
        Ok(Sets { new, old })
    }

    /// The ReplicaSet of the template exists: annotations, revision and minReadySeconds.
    ///
    /// Mirrors `getNewReplicaSet` (first half), pkg/controller/deployment/sync.go.
    fn update_new_replica_set(
        &mut self,
        rs: ReplicaSet,
        old: &[ReplicaSet],
    ) -> Result<ReplicaSet, ApiError> {
        let revision = util::max_revision(old) + 1;
        let (theirs, own) = (&self.d.meta().annotations, &rs.meta().annotations);
        let mut annotations = None;
        if !util::annotations_are_current(theirs, own, revision) {
            let mut map = rs.annotations();
            let changed = util::set_new_replica_set_annotations(
                &self.d.annotations(),
                &mut map,
                revision,
                true,
                util::MAX_REV_HISTORY_LENGTH,
            );
            annotations = changed.then_some(map);
        }
        let annotated = annotations.is_some();
        let min_ready = self.d.min_ready_seconds;
        if annotated || rs.min_ready_seconds != min_ready {
            let before = util::revision(&rs);
            let mut value = match annotations {
                Some(annotations) => rs.with_annotations(annotations),
                None => rs.value().clone(),
            };
            if min_ready == 0 {
                value.remove("spec.minReadySeconds");
            } else {
                value.set("spec.minReadySeconds", min_ready);
            }
            let written = self.own_step(|s| {
                s.decide(DeploymentDecision::Annotated {
                    replica_set: rs.meta().name.clone(),
                    revision: revision.max(before),
                    reused: revision > before && before > 0,
                });
                s.world.update(&rs.key(), value)
            })?;
            return Ok(ReplicaSet::new(written).unwrap_or(rs));
        }
        let text = rs.meta().annotation(util::REVISION).unwrap_or("");
        let has_condition =
            util::get_deployment_condition(&self.d.status, util::PROGRESSING).is_some();
        let wants_condition = util::progress_deadline(&self.d).is_some() && !has_condition;
        if !wants_condition && self.d.meta().annotation(util::REVISION) == Some(text) {
            return Ok(rs);
        }
        let mut annotations = self.d.annotations();
        let mut changed = set_deployment_revision(&mut annotations, Str::copy(text));
        let mut status = self.d.status.clone();
        if wants_condition {
            let message = format!("Found new replica set \"{}\"", rs.meta().name);
            let why = reason::FOUND_NEW_REPLICA_SET;
            let condition = self.condition(util::PROGRESSING, "True", why, message);
            util::set_deployment_condition(&mut status, condition);
            changed = true;
        }
        if changed {
            self.update_status_and_annotations(&status, annotations)?;
        }
        Ok(rs)
    }

    /// No ReplicaSet has the template: one is made, with its full allowed size.
    ///
    /// Mirrors `getNewReplicaSet` (second half), pkg/controller/deployment/sync.go.
    fn create_new_replica_set(&mut self, old: &[ReplicaSet]) -> Result<ReplicaSet, ApiError> {
        let revision = util::max_revision(old) + 1;
        let hash = rollout_api::hash::pod_template_hash(
            &self.d.template,
            self.world.version(),
            self.d.status.collision_count,
        );
        let name = util::replica_set_name(&self.d.meta().name, &hash);
        let all = util::get_replica_count_for_replica_sets(old);
        let size = util::new_rs_new_replicas(&self.d, all, 0).map_err(invalid)?;
        let value = self.new_replica_set(&name, &hash, size.replicas, revision);
        let desired = self.d.replicas;
        let because = if self.d.strategy == rollout_api::views::StrategyType::Recreate {
            ScaleReason::RecreateStartsAll { desired }
        } else {
            ScaleReason::SurgeAllows {
                desired,
                max_surge: size.max_surge,
                max_total: size.max_total,
                current: size.current,
            }
        };
        self.world.end_record();
        let created = self.world.create(Kind::REPLICA_SET, value);
        let (rs, fresh) = match created {
            Ok(rs) => {
                self.decide(DeploymentDecision::ReplicaSetCreated {
                    replica_set: Str::copy(&name),
                    replicas: size.replicas,
                    revision,
                    because,
                });
                if size.replicas > 0 {
                    self.scaling_event("up", &name, 0, size.replicas, true);
                }
                self.world.end_record();
                (ReplicaSet::new(rs), true)
            }
            Err(e) if e.is_already_exists() => (Some(self.existing_or_collision(&name, e)?), false),
            Err(e) => return Err(self.create_failed(&name, e)?),
        };
        let Some(rs) = rs else {
            return Err(ApiError::internal("not a ReplicaSet"));
        };
        let mut annotations = self.d.annotations();
        let mut changed = set_deployment_revision(&mut annotations, revision.to_string().into());
        let mut status = self.d.status.clone();
        if fresh && util::progress_deadline(&self.d).is_some() {
            let message = format!("Created new replica set \"{name}\"");
            let condition =
                self.condition(util::PROGRESSING, "True", reason::NEW_REPLICA_SET, message);
            util::set_deployment_condition(&mut status, condition);
            changed = true;
        }
        if changed {
            self.update_status_and_annotations(&status, annotations)?;
        }
        Ok(rs)
    }

    fn new_replica_set(&self, name: &str, hash: &str, replicas: i32, revision: i64) -> Value {
        let d = &self.d;
        let mut template = d.template.clone();
        let metadata = template
            .map_mut()
            .entry("metadata", Value::object)
            .map_mut();
        metadata
            .entry("labels", Value::object)
            .map_mut()
            .insert(util::POD_TEMPLATE_HASH, Str::copy(hash));
        let labels = metadata.get("labels").cloned().unwrap_or_default();
        let mut selector = d.selector.clone();
        selector
            .map_mut()
            .entry("matchLabels", Value::object)
            .map_mut()
            .insert(util::POD_TEMPLATE_HASH, Str::copy(hash));
        let mut annotations = Map::new();
        util::set_new_replica_set_annotations(
            &d.annotations(),
            &mut annotations,
            revision,
            false,
            util::MAX_REV_HISTORY_LENGTH,
        );
        let max = d.replicas.saturating_add(util::max_surge(d));
        util::set_replicas_annotations(&mut annotations, d.replicas, max);
        let owner = new_controller_ref(Kind::DEPLOYMENT, &d.meta().name, &d.meta().uid);
        let mut spec =
            object! { "replicas" => replicas, "selector" => selector, "template" => template };
        if d.min_ready_seconds != 0 {
            spec.map_mut()
                .insert("minReadySeconds", d.min_ready_seconds);
        }
        object! {
            "apiVersion" => "apps/v1",
            "kind" => "ReplicaSet",
            "metadata" => object! {
                "annotations" => annotations,
                "labels" => labels,
                "name" => Str::copy(name),
                "namespace" => &d.meta().namespace,
                "ownerReferences" => Value::list(vec![owner]),
            },
            "spec" => spec,
            "status" => object! { "replicas" => 0 },
        }
    }

    /// The name is taken: by our own ReplicaSet, or by chance.
    fn existing_or_collision(&mut self, name: &str, e: ApiError) -> Result<ReplicaSet, ApiError> {
        let key = rollout_api::ObjectKey::new(
            Kind::REPLICA_SET,
            &self.d.meta().namespace,
            Str::copy(name),
        );
        let existing = self
            .world
            .store
            .get(&key)
            .cloned()
            .and_then(ReplicaSet::new);
        if let Some(rs) = existing
            && rs
                .meta()
                .controller
                .as_ref()
                .is_some_and(|c| c.uid == self.d.meta().uid)
            && util::equal_ignore_hash(&rs.template, &self.d.template)
        {
            return Ok(rs);
        }
        let count = self.d.status.collision_count.unwrap_or(0) + 1;
        let mut status = self.d.status.clone();
        status.collision_count = Some(count);
        self.decide(DeploymentDecision::HashCollision {
            replica_set: Str::copy(name),
            count,
        });
        self.update_status(&status)?;
        Err(e)
    }

    fn create_failed(&mut self, name: &str, e: ApiError) -> Result<ApiError, ApiError> {
        let message = format!("Failed to create new replica set \"{name}\": {}", e.message);
        self.decide(DeploymentDecision::ReplicaSetCreateFailed {
            replica_set: Str::copy(name),
            error: e.message.clone(),
        });
        if util::progress_deadline(&self.d).is_some() {
            let why = reason::FAILED_RS_CREATE;
            let condition = self.condition(util::PROGRESSING, "False", why, message.clone());
            let mut status = self.d.status.clone();
            util::set_deployment_condition(&mut status, condition);
            self.update_status(&status)?;
        }
        self.event("Warning", reason::FAILED_RS_CREATE, message);
        Ok(e)
    }

    fn scaling_event(&mut self, direction: &str, name: &str, from: i32, to: i32, created: bool) {
        let text = if self.world.version() >= FROM_TO_TEXT {
            format!("Scaled {direction} replica set {name} from {from} to {to}")
        } else if created {
            format!("Scaled {direction} replica set {name} to {to}")
        } else {
            format!("Scaled {direction} replica set {name} to {to} from {from}")
        };
        let object = self.d.object().clone();
        self.world
            .event(COMPONENT, &object, "Normal", "ScalingReplicaSet", text);
    }

    /// Sets a size, with the reason; nothing to do if it is right.
    ///
    /// Mirrors `scaleReplicaSetAndRecordEvent`, pkg/controller/deployment/sync.go.
    pub(crate) fn scale_replica_set_and_record_event(
        &mut self,
        rs: &ReplicaSet,
        to: i32,
        is_new: bool,
        because: ScaleReason,
    ) -> Result<Option<ReplicaSet>, ApiError> {
        if rs.replicas == to {
            return Ok(None);
        }
        self.scale_replica_set(rs, to, is_new, because)
    }

    /// Sets a size and the annotations of the last scaling. Answers the ReplicaSet if its size changed.
    ///
    /// Mirrors `scaleReplicaSet`, pkg/controller/deployment/sync.go.
    pub(crate) fn scale_replica_set(
        &mut self,
        rs: &ReplicaSet,
        to: i32,
        is_new: bool,
        because: ScaleReason,
    ) -> Result<Option<ReplicaSet>, ApiError> {
        let from = rs.replicas;
        let mut annotations = rs.annotations();
        let max = self.d.replicas.saturating_add(util::max_surge(&self.d));
        let annotated = util::set_replicas_annotations(&mut annotations, self.d.replicas, max);
        if from == to && !annotated {
            return Ok(None);
        }
        let name = rs.meta().name.clone();
        let mut value = rs.with_annotations(annotations);
        value.set("spec.replicas", to);
        let written = self.own_step(|s| {
            let decision = if from == to {
                let revision = util::revision(rs);
                DeploymentDecision::Annotated {
                    replica_set: name.clone(),
                    revision,
                    reused: false,
                }
            } else {
                DeploymentDecision::Scaled {
                    replica_set: name.clone(),
                    from,
                    to,
                    is_new,
                    because,
                }
            };
            s.decide(decision);
            let written = s.world.update(&rs.key(), value)?;
            if from != to {
                let direction = if from < to { "up" } else { "down" };
                s.scaling_event(direction, &name, from, to, false);
            }
            Ok::<_, ApiError>(written)
        })?;
        Ok(if from == to {
            None
        } else {
            ReplicaSet::new(written)
        })
    }

    /// Deletes old ReplicaSets beyond the history limit.
    ///
    /// Mirrors `cleanupDeployment`, pkg/controller/deployment/sync.go.
    pub(crate) fn cleanup_deployment(&mut self, old: &[ReplicaSet]) -> Result<(), ApiError> {
        let Some(limit) = util::revision_history_limit(&self.d) else {
            return Ok(());
        };
        for i in replica_sets_to_clean_up(old, limit) {
            let rs = &old[i];
            let decision = DeploymentDecision::HistoryCleaned {
                replica_set: rs.meta().name.clone(),
                revision: util::revision(rs),
                limit,
                old: i32::try_from(old.len()).unwrap_or(i32::MAX),
            };
            let deleted = self.own_step(|s| {
                s.decide(decision);
                s.world.delete(&rs.key(), &DeleteOptions::default())
            });
            match deleted {
                Err(e) if !e.is_not_found() => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the status if it changed.
    ///
    /// Mirrors `syncDeploymentStatus`, pkg/controller/deployment/sync.go.
    fn sync_deployment_status(&mut self, sets: &Sets) -> Result<(), ApiError> {
        let status = self.calculate_status(sets);
        if status == self.d.status {
            return Ok(());
        }
        self.update_status(&status)
    }

    /// Mirrors `calculateStatus`, pkg/controller/deployment/sync.go.
    pub(crate) fn calculate_status(&self, sets: &Sets) -> DeploymentStatus {
        let mut status = calculate_counts(&self.d, sets.all(), sets.new.as_ref());
        if self.world.version() >= COUNTS_TERMINATING {
            status.terminating_replicas =
                util::get_terminating_replica_count_for_replica_sets(sets.all());
        }
        let condition =
            if status.available_replicas >= self.d.replicas - util::max_unavailable(&self.d) {
                let why = reason::MINIMUM_REPLICAS_AVAILABLE;
                self.condition(
                    util::AVAILABLE,
                    "True",
                    why,
                    "Deployment has minimum availability.",
                )
            } else {
                let text = "Deployment does not have minimum availability.";
                let why = reason::MINIMUM_REPLICAS_UNAVAILABLE;
                self.condition(util::AVAILABLE, "False", why, text)
            };
        util::set_deployment_condition(&mut status, condition);
        status
    }

    /// Has the size of the Deployment changed since its ReplicaSets were last scaled?
    ///
    /// Mirrors `isScalingEvent`, pkg/controller/deployment/sync.go.
    pub(crate) fn is_scaling_event(&mut self) -> Result<bool, ApiError> {
        let sets = self.get_all_replica_sets_and_sync_revision(false)?;
        let desired = self.d.replicas;
        Ok(sets.all().filter(|rs| rs.replicas > 0).any(|rs| {
            let annotation = rs.meta().annotation(util::DESIRED_REPLICAS);
            annotation
                .and_then(|t| t.parse::<i32>().ok())
                .is_some_and(|n| n != desired)
        }))
    }

    /// The old way to roll back, by an annotation.
    ///
    /// Mirrors `rollback`, pkg/controller/deployment/rollback.go.
    pub(crate) fn rollback(&mut self) -> Result<(), ApiError> {
        let sets = self.get_all_replica_sets_and_sync_revision(true)?;
        let wanted = self
            .d
            .meta()
            .annotation(util::ROLLBACK_TO)
            .and_then(|t| t.parse().ok());
        let mut value = self.d.value().clone();
        if let Some(annotations) = value.at_mut("metadata.annotations") {
            annotations.map_mut().remove(util::ROLLBACK_TO);
        }
        let revision = match wanted.unwrap_or(0) {
            0 => util::last_revision(sets.all()),
            n => n,
        };
        if revision == 0 {
            let text = "Unable to find last revision.".to_owned();
            self.event("Warning", "DeploymentRollbackRevisionNotFound", text);
        } else if let Some(rs) = sets.all().find(|rs| util::revision(rs) == revision) {
            let name = self.d.meta().name.clone();
            if util::equal_ignore_hash(&self.d.template, &rs.template) {
                let text = format!(
                    "The rollback revision contains the same template as current deployment \"{name}\""
                );
                self.event("Warning", "DeploymentRollbackTemplateUnchanged", text);
            } else {
                let mut template = rs.template.clone();
                if let Some(labels) = template.at_mut("metadata.labels") {
                    labels.map_mut().remove(util::POD_TEMPLATE_HASH);
                }
                value.set("spec.template", template);
                for (key, v) in rs
                    .annotations()
                    .iter()
                    .filter(|(k, _)| !util::skip_copy_annotation(k))
                {
                    let metadata = value.map_mut().entry("metadata", Value::object).map_mut();
                    metadata
                        .entry("annotations", Value::object)
                        .map_mut()
                        .insert(key, v.clone());
                }
                let text = format!("Rolled back deployment \"{name}\" to revision {revision}");
                self.event("Normal", "DeploymentRollback", text);
            }
        } else {
            let text = "Unable to find the revision to rollback to.".to_owned();
            self.event("Warning", "DeploymentRollbackRevisionNotFound", text);
        }
        self.world.update(&self.d.key(), value).map(|_| ())
    }

    /// Milliseconds of the wall clock.
    pub(crate) fn now_ms(&self) -> i64 {
        wall_ms(self.world)
    }
}

/// An unusable maxSurge or maxUnavailable: validation lets none through.
pub(crate) fn invalid(_: util::InvalidIntOrPercent) -> ApiError {
    ApiError::internal("invalid value for IntOrString: invalid type: string is not a percentage")
}

/// Mirrors `SetDeploymentRevision`, pkg/controller/deployment/util/deployment_util.go.
fn set_deployment_revision(annotations: &mut Map, revision: Str) -> bool {
    if annotations.get(util::REVISION).and_then(Value::as_str) == Some(revision.as_str()) {
        return false;
    }
    annotations.insert(util::REVISION, revision);
    true
}

/// Counts of the status; conditions as they are.
pub fn calculate_counts<'a>(
    d: &Deployment,
    all: impl Iterator<Item = &'a ReplicaSet> + Clone,
    new: Option<&ReplicaSet>,
) -> DeploymentStatus {
    let available = util::get_available_replica_count_for_replica_sets(all.clone());
    let wanted = util::get_replica_count_for_replica_sets(all.clone());
    DeploymentStatus {
        observed_generation: d.meta().generation,
        replicas: util::get_actual_replica_count_for_replica_sets(all.clone()),
        updated_replicas: new.map_or(0, |rs| rs.status.replicas),
        ready_replicas: util::get_ready_replica_count_for_replica_sets(all),
        available_replicas: available,
        unavailable_replicas: (wanted - available).max(0),
        terminating_replicas: None,
        collision_count: d.status.collision_count,
        conditions: d.status.conditions.clone(),
    }
}

/// Old ReplicaSets that the history limit does not cover: indices, lowest revision first. One that still has pods uses
/// up its slot.
///
/// Mirrors `cleanupDeployment` (its choice), pkg/controller/deployment/sync.go.
pub fn replica_sets_to_clean_up(old: &[ReplicaSet], limit: i32) -> Vec<usize> {
    let mut alive: Vec<usize> = (0..old.len())
        .filter(|&i| !old[i].meta().is_terminating())
        .collect();
    let Ok(limit) = usize::try_from(limit) else {
        return Vec::new();
    };
    let Some(excess) = alive.len().checked_sub(limit) else {
        return Vec::new();
    };
    alive.order_by(|&a, &b| {
        let (a, b) = (&old[a], &old[b]);
        util::revision(a)
            .cmp(&util::revision(b))
            .then_with(|| a.meta().creation.cmp(&b.meta().creation))
            .then_with(|| a.meta().name.cmp(&b.meta().name))
    });
    alive.truncate(excess);
    alive.retain(|&i| {
        let rs = &old[i];
        rs.status.replicas == 0
            && rs.replicas == 0
            && rs.meta().generation <= rs.status.observed_generation
            && !rs.meta().is_terminating()
    });
    alive
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    #[test]
    fn only_empty_and_observed_sets_are_cleaned_up() {
        let set = |revision: i64, wanted: i64, there: i64, observed: i64| {
            ReplicaSet::of(object! {
                "metadata" => object! {
                    "name" => format!("web-{revision}"),
                    "generation" => 2,
                    "annotations" => object! { util::REVISION => revision.to_string() },
                },
                "spec" => object! { "replicas" => wanted },
                "status" => object! { "replicas" => there, "observedGeneration" => observed },
            })
        };
        let old = [
            set(1, 0, 0, 2),
            set(2, 1, 0, 2),
            set(3, 0, 1, 2),
            set(4, 0, 0, 1),
            set(5, 1, 1, 1),
            set(6, 0, 0, 2),
        ];
        assert_eq!(replica_sets_to_clean_up(&old, 0), [0, 5]);
        assert_eq!(replica_sets_to_clean_up(&old, 5), [0]);
        assert!(replica_sets_to_clean_up(&old, 6).is_empty());
    }
}
