//! The formulas of the Deployment controller: pure functions over what was read.

use crate::controllers::objects::{Deployment, ReplicaSet};
use rollout_api::Order;
use rollout_api::semantic::equal;
use rollout_api::types::Schema;
use rollout_api::views::{Condition, DeploymentStatus, DeploymentView, StrategyType};
use rollout_api::{IntOrString, Map, Minor, Str, Timestamp, Value};
use std::sync::OnceLock;

/// Annotation: revision of a ReplicaSet, or of a Deployment's current template.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Annotation: revisions that a reused ReplicaSet had before.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Annotation: size of the Deployment when the ReplicaSet was last scaled.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// Annotation: size plus surge of the Deployment when the ReplicaSet was last scaled.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// Annotation: an old way to ask for a rollback.
pub const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";
/// Annotation of kubectl apply.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Label: hash of the pod template.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// Longest text of the revision history.
pub const MAX_REV_HISTORY_LENGTH: usize = 2000;
/// A limit or deadline of this value means: none.
pub const NO_LIMIT: i32 = i32::MAX;

/// Condition type: enough pods are available.
pub const AVAILABLE: &str = "Available";
/// Condition type: the rollout goes on.
pub const PROGRESSING: &str = "Progressing";
/// Condition type: pods cannot be made or removed.
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

/// Reasons of the Deployment's conditions.
pub mod reason {
    /// Progressing: a new ReplicaSet was made.
    pub const NEW_REPLICA_SET: &str = "NewReplicaSetCreated";
    /// Progressing: the ReplicaSet for the template was there already.
    pub const FOUND_NEW_REPLICA_SET: &str = "FoundNewReplicaSet";
    /// Progressing: counts moved.
    pub const REPLICA_SET_UPDATED: &str = "ReplicaSetUpdated";
    /// Progressing: done.
    pub const NEW_REPLICA_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
    /// Progressing: the ReplicaSet could not be made.
    pub const FAILED_RS_CREATE: &str = "ReplicaSetCreateError";
    /// Progressing: no progress for too long.
    pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";
    /// Progressing: paused.
    pub const PAUSED: &str = "DeploymentPaused";
    /// Progressing: resumed.
    pub const RESUMED: &str = "DeploymentResumed";
    /// Available: yes.
    pub const MINIMUM_REPLICAS_AVAILABLE: &str = "MinimumReplicasAvailable";
    /// Available: no.
    pub const MINIMUM_REPLICAS_UNAVAILABLE: &str = "MinimumReplicasUnavailable";
}

/// A value that is neither a number nor digits with a percent sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidIntOrPercent;

fn scaled_value(value: &Value, total: i32, round_up: bool) -> Result<i32, InvalidIntOrPercent> {
    if matches!(value, Value::Null) {
        return Ok(0);
    }
    let scaled = IntOrString::of(Some(value)).and_then(|v| v.scaled(total, round_up));
    scaled.ok_or(InvalidIntOrPercent)
}

/// Resolves surge (up) and unavailable (down) for a size; both zero make unavailable 1.
///
/// Mirrors `ResolveFenceposts`, pkg/controller/deployment/util/deployment_util.go.
pub fn resolve_fenceposts(
    max_surge: &Value,
    max_unavailable: &Value,
    desired: i32,
) -> Result<(i32, i32), InvalidIntOrPercent> {
    let surge = scaled_value(max_surge, desired, true)?;
    let unavailable = scaled_value(max_unavailable, desired, false)?;
    if surge == 0 && unavailable == 0 {
        // Only zero by rounding gets here: validation refuses two written zeros. Without this nothing could ever move.
        return Ok((0, 1));
    }
    Ok((surge, unavailable))
}

/// How many pods may be missing.
///
/// Mirrors `MaxUnavailable`, pkg/controller/deployment/util/deployment_util.go.
pub fn max_unavailable(deployment: &DeploymentView) -> i32 {
    if deployment.strategy != StrategyType::RollingUpdate || deployment.replicas == 0 {
        return 0;
    }
    let resolved = resolve_fenceposts(
        &deployment.max_surge,
        &deployment.max_unavailable,
        deployment.replicas,
    );
    resolved
        .map_or(0, |(_, unavailable)| unavailable)
        .min(deployment.replicas)
}

/// How many pods must be available: the floor.
///
/// Mirrors `MinAvailable`, pkg/controller/deployment/util/deployment_util.go.
pub fn min_available(deployment: &DeploymentView) -> i32 {
    match deployment.strategy {
        StrategyType::Recreate => 0,
        StrategyType::RollingUpdate => deployment.replicas - max_unavailable(deployment),
    }
}

/// How many pods there may be on top.
///
/// Mirrors `MaxSurge`, pkg/controller/deployment/util/deployment_util.go.
pub fn max_surge(deployment: &DeploymentView) -> i32 {
    if deployment.strategy != StrategyType::RollingUpdate {
        return 0;
    }
    resolve_fenceposts(
        &deployment.max_surge,
        &deployment.max_unavailable,
        deployment.replicas,
    )
    .map_or(0, |(surge, _)| surge)
}

/// What the size of the new ReplicaSet depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewRsSize {
    /// The size to set.
    pub replicas: i32,
    /// Pods allowed on top.
    pub max_surge: i32,
    /// The ceiling.
    pub max_total: i32,
    /// Sizes of all ReplicaSets together.
    pub current: i32,
}

/// Sizes the new ReplicaSet within the surge.
///
/// Mirrors `NewRSNewReplicas`, pkg/controller/deployment/util/deployment_util.go.
/// Differs: takes sizes instead of the list of ReplicaSets, and also answers the numbers of its formula.
pub fn new_rs_new_replicas(
    deployment: &DeploymentView,
    all_replicas: i32,
    new_rs_replicas: i32,
) -> Result<NewRsSize, InvalidIntOrPercent> {
    let desired = deployment.replicas;
    if deployment.strategy != StrategyType::RollingUpdate {
        return Ok(NewRsSize {
            replicas: desired,
            max_surge: 0,
            max_total: desired,
            current: all_replicas,
        });
    }
    // The surge alone: the rule for two zeros does not lift the ceiling.
    let max_surge = scaled_value(&deployment.max_surge, desired, true)?;
    let max_total = desired.saturating_add(max_surge);
    let replicas = if all_replicas >= max_total {
        new_rs_replicas
    } else {
        new_rs_replicas + (max_total - all_replicas).min(desired - new_rs_replicas)
    };
    Ok(NewRsSize {
        replicas,
        max_surge,
        max_total,
        current: all_replicas,
    })
}

/// A template without the hash label, compared with another one; missing and empty are equal.
///
/// Mirrors `EqualIgnoreHash`, pkg/controller/deployment/util/deployment_util.go.
pub fn equal_ignore_hash(a: &Value, b: &Value) -> bool {
    fn labels(v: &Value) -> impl Iterator<Item = (&Str, &Value)> {
        v.get("metadata")
            .and_then(|m| m.get("labels"))
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(Map::iter)
            .filter(|(k, _)| k.as_str() != POD_TEMPLATE_HASH)
    }
    if !labels(a).eq(labels(b)) {
        return false;
    }
    // Mostly the very same tree, or one that differs at once.
    fn others(v: &Value) -> impl Iterator<Item = (&Str, &Value)> {
        v.get("metadata")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(Map::iter)
            .filter(|(k, _)| k.as_str() != "labels")
    }
    if a.get("spec") == b.get("spec") && others(a).eq(others(b)) {
        return true;
    }
    let unlabelled = |v: &Value| {
        let mut metadata = v.get("metadata").cloned().unwrap_or_default();
        metadata.remove("labels");
        metadata
    };
    static SCHEMAS: OnceLock<Option<(Schema, Schema)>> = OnceLock::new();
    let schema = |name| Schema::of_struct(name, Minor::NEWEST);
    let schemas = SCHEMAS.get_or_init(|| schema("v1.ObjectMeta").zip(schema("v1.PodSpec")));
    let Some((meta, spec)) = *schemas else {
        return false;
    };
    equal(a.get("spec"), b.get("spec"), spec)
        && equal(Some(&unlabelled(a)), Some(&unlabelled(b)), meta)
}

/// Indices in order of creation, then name.
///
/// Mirrors `ReplicaSetsByCreationTimestamp`, pkg/controller/controller_utils.go.
pub fn by_creation_timestamp(replica_sets: &[ReplicaSet]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..replica_sets.len()).collect();
    order.order_by(|&a, &b| {
        let (a, b) = (&replica_sets[a], &replica_sets[b]);
        a.meta()
            .creation
            .cmp(&b.meta().creation)
            .then_with(|| a.meta().name.cmp(&b.meta().name))
    });
    order
}

/// The ReplicaSet of the template: the oldest whose template is equal.
///
/// Mirrors `FindNewReplicaSet`, pkg/controller/deployment/util/deployment_util.go.
/// Differs: answers an index.
pub fn find_new_replica_set(template: &Value, replica_sets: &[ReplicaSet]) -> Option<usize> {
    by_creation_timestamp(replica_sets)
        .into_iter()
        .find(|&i| equal_ignore_hash(&replica_sets[i].template, template))
}

/// The other ReplicaSets: those that still want pods, and all.
///
/// Mirrors `FindOldReplicaSets`, pkg/controller/deployment/util/deployment_util.go.
pub fn find_old_replica_sets(
    template: &Value,
    replica_sets: &[ReplicaSet],
) -> (Vec<usize>, Vec<usize>) {
    let new = find_new_replica_set(template, replica_sets);
    let all: Vec<usize> = (0..replica_sets.len())
        .filter(|i| Some(*i) != new)
        .collect();
    let required = all
        .iter()
        .copied()
        .filter(|&i| replica_sets[i].replicas != 0)
        .collect();
    (required, all)
}

/// Sum of the wanted sizes.
///
/// Mirrors `GetReplicaCountForReplicaSets`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_replica_count_for_replica_sets<'a>(
    sets: impl IntoIterator<Item = &'a ReplicaSet>,
) -> i32 {
    sets.into_iter()
        .map(|rs| rs.replicas)
        .fold(0, i32::saturating_add)
}

/// Sum of the pods that exist.
///
/// Mirrors `GetActualReplicaCountForReplicaSets`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_actual_replica_count_for_replica_sets<'a>(
    sets: impl IntoIterator<Item = &'a ReplicaSet>,
) -> i32 {
    sets.into_iter().map(|rs| rs.status.replicas).sum()
}

/// Sum of the ready pods.
///
/// Mirrors `GetReadyReplicaCountForReplicaSets`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_ready_replica_count_for_replica_sets<'a>(
    sets: impl IntoIterator<Item = &'a ReplicaSet>,
) -> i32 {
    sets.into_iter().map(|rs| rs.status.ready_replicas).sum()
}

/// Sum of the available pods.
///
/// Mirrors `GetAvailableReplicaCountForReplicaSets`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_available_replica_count_for_replica_sets<'a>(
    sets: impl IntoIterator<Item = &'a ReplicaSet>,
) -> i32 {
    sets.into_iter()
        .map(|rs| rs.status.available_replicas)
        .sum()
}

/// Sum of the terminating pods; unknown if one ReplicaSet does not say.
///
/// Mirrors `GetTerminatingReplicaCountForReplicaSets`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_terminating_replica_count_for_replica_sets<'a>(
    sets: impl IntoIterator<Item = &'a ReplicaSet>,
) -> Option<i32> {
    sets.into_iter()
        .try_fold(0, |sum, rs| match rs.status.terminating_replicas {
            Some(n) => Some(sum + n),
            None if rs.status.observed_generation == 0 => Some(sum),
            None => None,
        })
}

/// A number of 32 bits, not negative, from an annotation; `None` if it is missing.
///
/// Mirrors `getNonNegativeInt32FromAnnotationVerbose`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_non_negative_int32_from_annotation(
    annotations: &Value,
    key: &str,
) -> Result<Option<i32>, String> {
    let Some(text) = annotations.get(key).and_then(Value::as_str) else {
        return Ok(None);
    };
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!(
            "strconv.ParseUint: parsing {text:?}: invalid syntax"
        ));
    }
    text.parse::<i32>()
        .map(Some)
        .map_err(|_| format!("strconv.ParseUint: parsing {text:?}: value out of range"))
}

/// The revision of an object's annotations; missing counts as 0.
///
/// Mirrors `Revision`, pkg/controller/deployment/util/deployment_util.go.
/// Differs: an unusable text counts as 0 too, as every caller treats it.
pub fn revision(rs: &ReplicaSet) -> i64 {
    rs.meta()
        .annotation(REVISION)
        .and_then(|t| t.parse().ok())
        .unwrap_or(0)
}

/// The highest revision of some ReplicaSets.
///
/// Mirrors `MaxRevision`, pkg/controller/deployment/util/deployment_util.go.
pub fn max_revision<'a>(sets: impl IntoIterator<Item = &'a ReplicaSet>) -> i64 {
    sets.into_iter().map(revision).max().unwrap_or(0).max(0)
}

/// The second highest revision of some ReplicaSets.
///
/// Mirrors `LastRevision`, pkg/controller/deployment/util/deployment_util.go.
pub fn last_revision<'a>(sets: impl IntoIterator<Item = &'a ReplicaSet>) -> i64 {
    let (mut max, mut second) = (0, 0);
    for v in sets.into_iter().map(revision) {
        if v >= max {
            (max, second) = (v, max);
        } else if v > second {
            second = v;
        }
    }
    second
}

/// Annotations of a Deployment that its ReplicaSets do not get.
///
/// Mirrors `skipCopyAnnotation`, pkg/controller/deployment/util/deployment_util.go.
pub fn skip_copy_annotation(key: &str) -> bool {
    matches!(
        key,
        LAST_APPLIED | REVISION | REVISION_HISTORY | DESIRED_REPLICAS | MAX_REPLICAS | ROLLBACK_TO
    )
}

/// Would [`set_new_replica_set_annotations`] change nothing?
pub fn annotations_are_current(deployment: &Value, replica_set: &Value, revision: i64) -> bool {
    let entries = deployment.as_map().into_iter().flat_map(Map::iter);
    let number = replica_set.get(REVISION).and_then(Value::as_str);
    number.and_then(|t| t.parse().ok()) >= Some(revision)
        && entries
            .filter(|(key, _)| !skip_copy_annotation(key))
            .all(|(key, value)| replica_set.get(key) == Some(value))
}

/// Gives a ReplicaSet the Deployment's annotations and a higher revision, whose predecessor joins the history. True if
/// anything changed.
///
/// Mirrors `SetNewReplicaSetAnnotations`, pkg/controller/deployment/util/deployment_util.go.
pub fn set_new_replica_set_annotations(
    deployment_annotations: &Map,
    annotations: &mut Map,
    new_revision: i64,
    exists: bool,
    history_limit: usize,
) -> bool {
    let mut changed = false;
    for (key, value) in deployment_annotations.iter() {
        if !skip_copy_annotation(key) && annotations.get(key) != Some(value) {
            annotations.insert(key, value.clone());
            changed = true;
        }
    }
    let old = annotations
        .get(REVISION)
        .and_then(Value::as_str)
        .map(Str::copy)
        .unwrap_or_default();
    let old_number: i64 = match old.as_str() {
        "" => 0,
        text => match text.parse() {
            Ok(n) => n,
            Err(_) => return changed, // Kubernetes gives up on a text that is no number.
        },
    };
    if old_number < new_revision {
        annotations.insert(REVISION, new_revision.to_string());
        changed = true;
        if exists && !old.is_empty() {
            add_to_history(annotations, &old, history_limit);
        }
    }
    changed
}

fn add_to_history(annotations: &mut Map, old_revision: &Str, limit: usize) {
    let before = annotations
        .get(REVISION_HISTORY)
        .and_then(Value::as_str)
        .unwrap_or("");
    if before.is_empty() {
        annotations.insert(REVISION_HISTORY, old_revision);
        return;
    }
    let mut items: Vec<&str> = before.split(',').collect();
    items.push(old_revision);
    let length = |items: &[&str]| {
        items
            .iter()
            .map(|i| i.len() + 1)
            .sum::<usize>()
            .saturating_sub(1)
    };
    let mut from = 0;
    while length(&items[from..]) > limit && from < items.len() {
        from += 1;
    }
    // A limit that not even one entry fits leaves the history as it is.
    if from < items.len() {
        let text = items[from..].join(",");
        annotations.insert(REVISION_HISTORY, text);
    }
}

/// Must desired-replicas or max-replicas be rewritten?
///
/// Mirrors `ReplicasAnnotationsNeedUpdate`, pkg/controller/deployment/util/deployment_util.go.
pub fn replicas_annotations_need_update(annotations: &Map, desired: i32, max: i32) -> bool {
    let is = |key: &str, n: i32| {
        annotations.get(key).and_then(Value::as_str) == Some(n.to_string().as_str())
    };
    !is(DESIRED_REPLICAS, desired) || !is(MAX_REPLICAS, max)
}

/// Sets desired-replicas and max-replicas. True if one changed.
///
/// Mirrors `SetReplicasAnnotations`, pkg/controller/deployment/util/deployment_util.go.
pub fn set_replicas_annotations(annotations: &mut Map, desired: i32, max: i32) -> bool {
    let changed = replicas_annotations_need_update(annotations, desired, max);
    if changed {
        annotations.insert(DESIRED_REPLICAS, desired.to_string());
        annotations.insert(MAX_REPLICAS, max.to_string());
    }
    changed
}

/// What one ReplicaSet should gain or lose when the Deployment is scaled in the middle of a rollout.
///
/// Mirrors `getReplicaSetFraction`, pkg/controller/deployment/util/deployment_util.go.
/// Differs: rounds in whole numbers, half away from zero, instead of in floating point.
pub fn get_replica_set_fraction(rs: &ReplicaSet, deployment: &DeploymentView) -> i32 {
    if deployment.replicas == 0 {
        return -rs.replicas;
    }
    let target = i64::from(deployment.replicas) + i64::from(max_surge(deployment));
    let base = match get_non_negative_int32_from_annotation(&rs.meta().annotations, MAX_REPLICAS) {
        Ok(Some(n)) if n != 0 => n,
        _ => deployment.status.replicas,
    };
    if base == 0 {
        return 0;
    }
    let (product, base) = (i64::from(rs.replicas) * target, i64::from(base));
    let rounded = (2 * product + base).div_euclid(2 * base);
    i32::try_from(rounded - i64::from(rs.replicas)).unwrap_or(0)
}

/// The part of `to_add` that one ReplicaSet gets.
///
/// Mirrors `GetReplicaSetProportion`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_replica_set_proportion(
    rs: &ReplicaSet,
    deployment: &DeploymentView,
    to_add: i32,
    added: i32,
) -> i32 {
    if rs.replicas == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let fraction = get_replica_set_fraction(rs, deployment);
    let allowed = to_add - added;
    if to_add > 0 {
        fraction.min(allowed)
    } else {
        fraction.max(allowed)
    }
}

/// The one place to scale: the only active ReplicaSet, or the newest if none is active; `None` if several are.
///
/// Mirrors `FindActiveOrLatest`, pkg/controller/deployment/util/deployment_util.go.
pub fn find_active_or_latest(
    new: Option<usize>,
    old: &[usize],
    sets: &[ReplicaSet],
) -> Option<usize> {
    let active: Vec<usize> = new
        .into_iter()
        .chain(old.iter().copied())
        .filter(|&i| sets[i].replicas > 0)
        .collect();
    match active.as_slice() {
        [] => new.or_else(|| {
            // Newest first; names decide between equal times.
            old.iter().copied().max_by(|&a, &b| {
                let (a, b) = (sets[a].meta(), sets[b].meta());
                a.creation
                    .cmp(&b.creation)
                    .then_with(|| a.name.cmp(&b.name))
            })
        }),
        [one] => Some(*one),
        _ => None,
    }
}

/// Has the new ReplicaSet everything that it can get?
///
/// Mirrors `IsSaturated`, pkg/controller/deployment/util/deployment_util.go.
pub fn is_saturated(deployment: &DeploymentView, rs: Option<&ReplicaSet>) -> bool {
    let Some(rs) = rs else { return false };
    let desired = rs
        .meta()
        .annotation(DESIRED_REPLICAS)
        .and_then(|t| t.parse::<i32>().ok());
    rs.replicas == deployment.replicas
        && desired == Some(deployment.replicas)
        && rs.status.available_replicas == deployment.replicas
}

/// Is the rollout done?
///
/// Mirrors `DeploymentComplete`, pkg/controller/deployment/util/deployment_util.go.
pub fn deployment_complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    status.updated_replicas == deployment.replicas
        && status.replicas == deployment.replicas
        && status.available_replicas == deployment.replicas
        && status.observed_generation >= deployment.meta().generation
}

/// Did counts move in the right direction?
///
/// Mirrors `DeploymentProgressing`, pkg/controller/deployment/util/deployment_util.go.
pub fn deployment_progressing(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    new.updated_replicas > old.updated_replicas
        || new.replicas - new.updated_replicas < old.replicas - old.updated_replicas
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
}

/// The deadline in seconds, if there is one.
///
/// Mirrors `HasProgressDeadline`, pkg/controller/deployment/util/deployment_util.go.
pub fn progress_deadline(deployment: &DeploymentView) -> Option<i32> {
    deployment
        .progress_deadline_seconds
        .filter(|s| *s != NO_LIMIT)
}

/// The history limit, if there is one.
///
/// Mirrors `HasRevisionHistoryLimit`, pkg/controller/deployment/util/deployment_util.go.
pub fn revision_history_limit(deployment: &DeploymentView) -> Option<i32> {
    deployment.revision_history_limit.filter(|s| *s != NO_LIMIT)
}

/// Has there been no progress for longer than the deadline?
///
/// Mirrors `DeploymentTimedOut`, pkg/controller/deployment/util/deployment_util.go.
/// Differs: the clock has milliseconds.
pub fn deployment_timed_out(
    deployment: &DeploymentView,
    status: &DeploymentStatus,
    now_ms: i64,
) -> bool {
    let Some(deadline) = progress_deadline(deployment) else {
        return false;
    };
    let Some(condition) = get_deployment_condition(status, PROGRESSING) else {
        return false;
    };
    match condition.reason.as_str() {
        reason::NEW_REPLICA_SET_AVAILABLE => false,
        reason::TIMED_OUT => true,
        _ => condition
            .last_update
            .is_none_or(|from| (from.0 + i64::from(deadline)) * 1000 < now_ms),
    }
}

/// A condition, made now.
///
/// Mirrors `NewDeploymentCondition`, pkg/controller/deployment/util/deployment_util.go.
pub fn new_deployment_condition(
    kind: &'static str,
    status: &'static str,
    reason: &'static str,
    message: impl Into<Str>,
    now: Timestamp,
) -> Condition {
    Condition {
        kind: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_update: Some(now),
        last_transition: Some(now),
    }
}

/// The condition of a type.
///
/// Mirrors `GetDeploymentCondition`, pkg/controller/deployment/util/deployment_util.go.
pub fn get_deployment_condition<'a>(
    status: &'a DeploymentStatus,
    kind: &str,
) -> Option<&'a Condition> {
    status.conditions.iter().find(|c| c.kind.as_str() == kind)
}

/// Sets a condition; one with the same status and reason is left alone, even if the message differs.
///
/// Mirrors `SetDeploymentCondition`, pkg/controller/deployment/util/deployment_util.go.
pub fn set_deployment_condition(status: &mut DeploymentStatus, mut condition: Condition) {
    if let Some(current) = get_deployment_condition(status, &condition.kind) {
        if current.status == condition.status && current.reason == condition.reason {
            return;
        }
        if current.status == condition.status {
            condition.last_transition = current.last_transition;
        }
    }
    remove_deployment_condition(status, &condition.kind.clone());
    status.conditions.push(condition);
}

/// Removes the condition of a type.
///
/// Mirrors `RemoveDeploymentCondition`, pkg/controller/deployment/util/deployment_util.go.
pub fn remove_deployment_condition(status: &mut DeploymentStatus, kind: &str) {
    status.conditions.retain(|c| c.kind.as_str() != kind);
}

/// Name of a ReplicaSet: Deployment, dash, hash; cut to what a name may have where the version does so.
///
/// Mirrors `getNewReplicaSet`, pkg/controller/deployment/sync.go (name part).
pub fn replica_set_name(deployment: &str, hash: &str) -> String {
    const MAX_NAME: usize = 253;
    let room = MAX_NAME.saturating_sub(hash.len() + 1);
    let cut = if deployment.len() > room && room > 0 {
        // Names are ASCII once they have passed validation.
        deployment.get(..room).unwrap_or(deployment)
    } else {
        deployment
    };
    format!("{cut}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    #[test]
    fn the_second_highest_revision() {
        let last = |revisions: &[i64]| {
            let sets: Vec<ReplicaSet> = revisions
                .iter()
                .map(|r| {
                    let annotations = object! { REVISION => r.to_string() };
                    ReplicaSet::of(
                        object! { "metadata" => object! { "annotations" => annotations } },
                    )
                })
                .collect();
            last_revision(&sets)
        };
        assert_eq!(last(&[]), 0);
        assert_eq!(last(&[7]), 0);
        assert_eq!(last(&[1, 3, 2]), 2);
        assert_eq!(last(&[4, 1, 2]), 2);
        assert_eq!(last(&[2, 5]), 2);
    }
}
