//! Tables of the controllers' rules.

#[path = "vectors_controllers/pods.rs"]
mod pods;

use pods::*;
use rollout_api::intstr::IntOrString;
use rollout_api::views::{Condition, DeploymentStatus, Object, PodPhase, PodView, StrategyType};
use rollout_api::{Map, Str, Timestamp, Value, object};
use rollout_api::{SortedMap, SortedSet};
use rollout_engine::controllers::deployment::progress::{self, Clock};
use rollout_engine::controllers::deployment::recreate;
use rollout_engine::controllers::deployment::rolling;
use rollout_engine::controllers::deployment::scale;
use rollout_engine::controllers::deployment::sync;
use rollout_engine::controllers::deployment::util;
use rollout_engine::controllers::deployment::{PodObjects, deleted_pod_enqueues};
use rollout_engine::controllers::disruption;
use rollout_engine::controllers::endpoint_slice;
use rollout_engine::controllers::objects::{Deployment, ReplicaSet};
use rollout_engine::controllers::replica_set::utils;
use rollout_engine::controllers::work_queue;
use rollout_engine::time::Millis;
use rollout_tests::vectors::{self, same};
use std::cmp::Ordering;

type Outcome = Result<(), String>;
type Adapter = fn(&Value, &Value) -> Outcome;

fn adapter(table: &str) -> Adapter {
    match table {
        "deployment_cleanup_history" => cleanup_history,
        "deployment_complete" => complete,
        "deployment_conditions" => conditions,
        "deployment_find_new_replica_set" => find_new,
        "deployment_find_old_replica_sets" => find_old,
        "deployment_int32_annotation" => int32_annotation,
        "deployment_max_unavailable" => max_unavailable,
        "deployment_min_available" => min_available,
        "deployment_new_rs_new_replicas" => new_rs_new_replicas,
        "deployment_pod_delete_trigger" => pod_delete_trigger,
        "deployment_progressing" => progressing,
        "deployment_recreate" => recreate_strategy,
        "deployment_replica_counts" => replica_counts,
        "deployment_replica_set_fraction" => fraction,
        "deployment_replica_set_name" => replica_set_name,
        "deployment_replicas_annotations_need_update" => annotations_need_update,
        "deployment_requeue_stuck" => requeue_stuck,
        "deployment_resolve_fenceposts" => resolve_fenceposts,
        "deployment_revision_history" => revision_history,
        "deployment_rolling_cleanup_unhealthy" => cleanup_unhealthy,
        "deployment_rolling_reconcile_new" => reconcile_new,
        "deployment_rolling_reconcile_old" => reconcile_old,
        "deployment_rolling_scale_down_old" => scale_down_old,
        "deployment_scale" => scale_step,
        "deployment_sync_rollout_status" => sync_rollout_status,
        "deployment_template_equal_ignoring_hash" => equal_ignore_hash,
        "deployment_timed_out" => timed_out,
        "endpointslice_endpoint_from_pod" => endpoint_from_pod,
        "endpointslice_new_slice" => new_slice,
        "endpointslice_pod_included" => pod_included,
        "pdb_disrupted_pods" => disrupted_pods,
        "pdb_status" => pdb_status,
        "pod_available" => pod_available,
        "replicaset_active_filter" => active_filter,
        "replicaset_calculate_status" => calculate_status,
        "replicaset_deletion_order_list" => deletion_order_list,
        "replicaset_deletion_order_pairs" => deletion_order_pairs,
        "replicaset_failure_condition" => failure_condition,
        "replicaset_pods_to_delete" => pods_to_delete,
        "replicaset_slow_start_batch" => slow_start_batch,
        "workqueue_item_delay" => item_delay,
        _ => panic!("no adapter for {table}"),
    }
}

#[test]
fn tables_of_the_controllers() {
    let failures: Vec<String> = vectors::CONTROLLERS
        .iter()
        .flat_map(|t| vectors::run(t, &adapter(t)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

// Building objects from the rows' short forms.

fn int(v: &Value, key: &str) -> i32 {
    v.int_at(key).map_or(0, |n| {
        i32::try_from(n).expect("the rows hold small numbers")
    })
}
fn present<'a>(v: &'a Value, key: &str) -> Option<&'a Value> {
    v.get(key).filter(|v| !v.is_null())
}
fn time(v: &Value, key: &str) -> Option<Timestamp> {
    present(v, key).map(|t| Timestamp::parse(t.as_str().expect("text")).expect("a time"))
}
fn put(target: &mut Value, path: &str, v: Option<&Value>) {
    if let Some(v) = v {
        target.set(path, v.clone());
    }
}
fn index_of(sets: &[ReplicaSet], index: usize) -> String {
    sets[index].meta().name.to_string()
}
fn names(v: &Value, key: &str) -> Vec<String> {
    v.list_at(key)
        .iter()
        .filter_map(|n| n.as_str().map(str::to_owned))
        .collect()
}

/// A Deployment from `strategyType`, `replicas`, `maxSurge`, `maxUnavailable` … under whatever name the row has.
fn deployment(g: &Value) -> Deployment {
    let mut d = object! {};
    let name = if g.str_at("deploymentName").is_empty() {
        "foo"
    } else {
        g.str_at("deploymentName")
    };
    d.set("metadata.name", Str::copy(name));
    d.set("metadata.generation", i64::from(int(g, "generation")));
    for key in ["replicas", "deploymentReplicas", "specReplicas"] {
        put(&mut d, "spec.replicas", present(g, key));
    }
    d.set("spec.strategy.type", "RollingUpdate");
    put(&mut d, "spec.strategy.type", present(g, "strategyType"));
    put(
        &mut d,
        "spec.strategy.rollingUpdate.maxSurge",
        present(g, "maxSurge"),
    );
    put(
        &mut d,
        "spec.strategy.rollingUpdate.maxUnavailable",
        present(g, "maxUnavailable"),
    );
    put(
        &mut d,
        "spec.progressDeadlineSeconds",
        present(g, "progressDeadlineSeconds"),
    );
    put(&mut d, "spec.template", present(g, "template"));
    if let Some(status) = present(g, "status") {
        d.set("status", status.clone());
    } else {
        put(&mut d, "status.replicas", present(g, "statusReplicas"));
    }
    put(
        &mut d,
        "status.updatedReplicas",
        present(g, "updatedReplicas"),
    );
    put(
        &mut d,
        "status.availableReplicas",
        present(g, "availableReplicas"),
    );
    put(
        &mut d,
        "status.observedGeneration",
        present(g, "observedGeneration"),
    );
    put(&mut d, "status.conditions", present(g, "conditions"));
    Deployment::of(d)
}

fn replica_set(r: &Value) -> ReplicaSet {
    let mut rs = object! { "spec" => object! { "replicas" => 0 } };
    put(&mut rs, "metadata.name", present(r, "name"));
    put(&mut rs, "metadata.uid", present(r, "uid"));
    put(
        &mut rs,
        "metadata.creationTimestamp",
        present(r, "createdAt"),
    );
    if r.bool_at("beingDeleted") {
        rs.set("metadata.deletionTimestamp", "2024-01-01T00:00:00Z");
    }
    put(&mut rs, "spec.replicas", present(r, "specReplicas"));
    put(&mut rs, "spec.template", present(r, "templateValue"));
    for (from, to) in [
        ("statusReplicas", "status.replicas"),
        ("availableReplicas", "status.availableReplicas"),
        ("terminatingReplicas", "status.terminatingReplicas"),
        ("observedGeneration", "status.observedGeneration"),
    ] {
        put(&mut rs, to, present(r, from));
    }
    let mut annotations = Map::new();
    for (from, to) in [
        ("revision", util::REVISION),
        ("desiredReplicasAnnotation", util::DESIRED_REPLICAS),
        ("maxReplicasAnnotation", util::MAX_REPLICAS),
    ] {
        match present(r, from) {
            Some(Value::Int(n)) => drop(annotations.insert(to, n.to_string())),
            Some(v) => drop(annotations.insert(to, v.clone())),
            None => {}
        }
    }
    rs.set("metadata.annotations", annotations);
    ReplicaSet::of(rs)
}
fn replica_sets(v: &Value, key: &str) -> Vec<ReplicaSet> {
    v.list_at(key)
        .iter()
        .filter(|r| !r.is_null())
        .map(replica_set)
        .collect()
}
fn sized(name: &'static str, spec: i32, available: i32) -> ReplicaSet {
    replica_set(
        &object! { "name" => name, "specReplicas" => spec, "availableReplicas" => available },
    )
}

/// A field; a missing one is null.
fn at<'a>(v: &'a Value, key: &str) -> &'a Value {
    const NULL: &Value = &Value::Null;
    v.get(key).unwrap_or(NULL)
}
fn now_ms(g: &Value) -> i64 {
    time(g, "now").unwrap_or_default().0 * 1000
}

// Deployments.

fn cleanup_history(g: &Value, e: &Value) -> Outcome {
    let old = replica_sets(g, "oldReplicaSets");
    let gone = sync::replica_sets_to_clean_up(&old, int(g, "revisionHistoryLimit"));
    if let Some(count) = e.int_at("deletedCount") {
        same("count", i64::try_from(gone.len()).expect("small"), count)?;
    }
    if e.get("deleted").is_some() {
        let mut got: Vec<String> = gone.iter().map(|&i| index_of(&old, i)).collect();
        let mut want = names(e, "deleted");
        got.sort();
        want.sort();
        same("deleted", got, want)?;
    }
    Ok(())
}

fn complete(g: &Value, e: &Value) -> Outcome {
    let d = deployment(g);
    same(
        "complete",
        util::deployment_complete(&d, &d.status),
        e.bool_at("complete"),
    )
}

fn condition_list(v: &Value, key: &str) -> Vec<Condition> {
    let list = v.get(key).cloned().unwrap_or_default();
    deployment(&object! { "conditions" => list })
        .status
        .conditions
        .clone()
}

fn conditions(g: &Value, e: &Value) -> Outcome {
    let mut status = DeploymentStatus {
        conditions: condition_list(g, "conditions"),
        ..DeploymentStatus::default()
    };
    let kind = g.str_at("conditionType");
    match g.str_at("operation") {
        "get" => {
            let found = util::get_deployment_condition(&status, kind).is_some();
            return same("found", found, e.bool_at("found"));
        }
        "set" => {
            let one = object! { "c" => Value::list(vec![g.get("condition").cloned().unwrap_or_default()]) };
            let condition = condition_list(&one, "c").remove(0);
            util::set_deployment_condition(&mut status, condition);
        }
        "remove" => util::remove_deployment_condition(&mut status, kind),
        other => return Err(format!("unknown operation {other}")),
    }
    same(
        "conditions",
        status.conditions,
        condition_list(e, "conditionsAfter"),
    )
}

/// Templates A and B of the rows.
fn letter_template(letter: &str, hash: Option<&Value>) -> Value {
    let mut t = object! { "spec" => object! { "containers" => Value::list(vec![object! { "name" => Str::copy(letter) }]) } };
    if let Some(hash) = hash {
        t.set("metadata.labels.pod-template-hash", hash.clone());
    }
    t
}
fn lettered_sets(g: &Value) -> (Value, Vec<ReplicaSet>) {
    let sets = g.list_at("replicaSets").iter().map(|r| {
        let mut r = r.clone();
        let template = letter_template(r.str_at("template"), present(&r, "podTemplateHash"));
        r.set("templateValue", template);
        replica_set(&r)
    });
    (
        letter_template(g.str_at("deploymentTemplate"), None),
        sets.collect(),
    )
}

fn find_new(g: &Value, e: &Value) -> Outcome {
    let (template, sets) = lettered_sets(g);
    let got = util::find_new_replica_set(&template, &sets).map(|i| index_of(&sets, i));
    let want = present(e, "newReplicaSet")
        .and_then(Value::as_str)
        .map(str::to_owned);
    same("new", got, want)
}

fn find_old(g: &Value, e: &Value) -> Outcome {
    let (template, sets) = lettered_sets(g);
    let (required, all) = util::find_old_replica_sets(&template, &sets);
    let set = |v: &[usize]| {
        v.iter()
            .map(|&i| index_of(&sets, i))
            .collect::<SortedSet<_>>()
    };
    same("all", set(&all), names(e, "allOld").into_iter().collect())?;
    same(
        "with pods",
        set(&required),
        names(e, "oldWithReplicas").into_iter().collect(),
    )
}

fn int32_annotation(g: &Value, e: &Value) -> Outcome {
    let mut annotations = object! {};
    if let Some(v) = present(g, "annotation") {
        annotations.map_mut().insert("key", v.clone());
    }
    let got = util::get_non_negative_int32_from_annotation(&annotations, "key");
    same("found", matches!(got, Ok(Some(_))), e.bool_at("found"))?;
    let value = got.as_ref().ok().copied().flatten().unwrap_or(0);
    same("value", value, int(e, "value"))?;
    match (got, present(e, "errorContains").and_then(Value::as_str)) {
        (Err(text), Some(part)) if text.contains(part) => Ok(()),
        (Ok(_), None) => Ok(()),
        (got, want) => Err(format!("error: got {got:?}, want {want:?}")),
    }
}

fn max_unavailable(g: &Value, e: &Value) -> Outcome {
    same(
        "maxUnavailable",
        util::max_unavailable(&deployment(g)),
        int(e, "maxUnavailable"),
    )
}

fn min_available(g: &Value, e: &Value) -> Outcome {
    same(
        "minAvailable",
        util::min_available(&deployment(g)),
        int(e, "minAvailable"),
    )
}

fn new_rs_new_replicas(g: &Value, e: &Value) -> Outcome {
    let size = util::new_rs_new_replicas(
        &deployment(g),
        int(g, "allSpecReplicas"),
        int(g, "newSpecReplicas"),
    );
    same("replicas", size.map(|s| s.replicas), Ok(int(e, "replicas")))
}

fn pod_delete_trigger(g: &Value, e: &Value) -> Outcome {
    let strategy = match g.str_at("strategyType") {
        "Recreate" => StrategyType::Recreate,
        _ => StrategyType::RollingUpdate,
    };
    same(
        "enqueued",
        deleted_pod_enqueues(strategy, int(g, "podsLeft")),
        e.bool_at("enqueued"),
    )
}

fn status_of(v: &Value) -> DeploymentStatus {
    deployment(&object! { "status" => v.clone() })
        .status
        .clone()
}

fn progressing(g: &Value, e: &Value) -> Outcome {
    let (old, new) = (status_of(at(g, "oldStatus")), status_of(at(g, "newStatus")));
    same(
        "progressing",
        util::deployment_progressing(&old, &new),
        e.bool_at("progressing"),
    )
}

fn recreate_strategy(g: &Value, e: &Value) -> Outcome {
    if g.str_at("operation") == "scale down old" {
        let old: Vec<ReplicaSet> = g
            .list_at("oldSpecReplicas")
            .iter()
            .map(|n| replica_set(&object! { "specReplicas" => n.clone() }))
            .collect();
        let zeroed = recreate::scale_down_old_replica_sets_for_recreate(&old);
        let after: Vec<Value> = (0..old.len())
            .map(|i| {
                Value::from(if zeroed.contains(&i) {
                    0
                } else {
                    old[i].replicas
                })
            })
            .collect();
        return same("sizes", after.as_slice(), e.list_at("oldSpecReplicasAfter"));
    }
    let old = replica_sets(g, "oldReplicaSets");
    let mut pods = SortedMap::new();
    for (uid, phases) in at(g, "podsByReplicaSetUid").as_map().expect("a map").iter() {
        let ended = |p: &&Value| matches!(p.as_str(), Some("Failed" | "Succeeded"));
        let all = i32::try_from(phases.as_list().len()).expect("small");
        let gone = i32::try_from(phases.as_list().iter().filter(ended).count()).expect("small");
        pods.insert(
            uid.clone(),
            PodObjects {
                all,
                not_ended: all - gone,
            },
        );
    }
    let running = recreate::old_pods_running(None, &old, &pods) > 0;
    same("running", running, e.bool_at("oldPodsRunning"))
}

fn replica_counts(g: &Value, e: &Value) -> Outcome {
    let sets = replica_sets(g, "replicaSets");
    same(
        "spec",
        util::get_replica_count_for_replica_sets(&sets),
        int(e, "spec"),
    )?;
    same(
        "actual",
        util::get_actual_replica_count_for_replica_sets(&sets),
        int(e, "actual"),
    )?;
    let want = present(e, "terminating").map(|_| int(e, "terminating"));
    same(
        "terminating",
        util::get_terminating_replica_count_for_replica_sets(&sets),
        want,
    )
}

fn fraction(g: &Value, e: &Value) -> Outcome {
    let mut r = g.clone();
    r.set("specReplicas", at(g, "replicaSetSpecReplicas").clone());
    let d = deployment(g);
    same(
        "fraction",
        util::get_replica_set_fraction(&replica_set(&r), &d),
        int(e, "fraction"),
    )
}

fn replica_set_name(g: &Value, e: &Value) -> Outcome {
    let got = util::replica_set_name(g.str_at("deploymentName"), g.str_at("hash"));
    same("name", got.as_str(), e.str_at("replicaSetName"))
}

fn annotations_need_update(g: &Value, e: &Value) -> Outcome {
    let annotations = at(g, "annotations").as_map().cloned().unwrap_or_default();
    let got =
        util::replicas_annotations_need_update(&annotations, int(g, "desired"), int(g, "max"));
    same("needs update", got, e.bool_at("needsUpdate"))
}

fn requeue_stuck(g: &Value, e: &Value) -> Outcome {
    let d = deployment(g);
    let mut new = status_of(at(g, "newStatus"));
    new.conditions = d.status.conditions.clone();
    let got = progress::requeue_stuck_deployment(&d, &new, Clock { now_ms: now_ms(g) });
    let want = present(e, "requeueAfterSeconds").map(|_| i64::from(int(e, "requeueAfterSeconds")));
    // 0 stands for: at once, because less than a second is left.
    same(
        "after",
        got.map(|ms| if ms < 1000 { 0 } else { ms / 1000 }),
        want,
    )
}

fn resolve_fenceposts(g: &Value, e: &Value) -> Outcome {
    let got = util::resolve_fenceposts(
        at(g, "maxSurge"),
        at(g, "maxUnavailable"),
        int(g, "desired"),
    );
    same("error", got.is_err(), e.bool_at("error"))?;
    same(
        "numbers",
        got.unwrap_or((0, 0)),
        (int(e, "surge"), int(e, "unavailable")),
    )
}

fn revision_history(g: &Value, e: &Value) -> Outcome {
    let mut annotations = Map::new();
    for (from, to) in [
        ("revision", util::REVISION),
        ("revisionHistory", util::REVISION_HISTORY),
    ] {
        if let Some(v) = present(g, from) {
            annotations.insert(to, v.clone());
        }
    }
    let next = g.str_at("nextRevision").parse().expect("a number");
    let limit = usize::try_from(int(g, "historyLimitInCharacters")).expect("not negative");
    util::set_new_replica_set_annotations(&Map::new(), &mut annotations, next, true, limit);
    let text = |key: &str| annotations.get(key).and_then(Value::as_str);
    same("revision", text(util::REVISION), at(e, "revision").as_str())?;
    same(
        "history",
        text(util::REVISION_HISTORY),
        at(e, "revisionHistory").as_str(),
    )
}

fn cleanup_unhealthy(g: &Value, e: &Value) -> Outcome {
    let old = [sized(
        "old",
        int(g, "oldSpecReplicas"),
        int(g, "oldAvailableReplicas"),
    )];
    let resizes = rolling::cleanup_unhealthy_replicas(&old, int(g, "maxCleanupCount"))
        .map_err(|e| format!("{e:?}"))?;
    let removed: i32 = resizes.iter().map(|r| old[r.index].replicas - r.to).sum();
    same("removed", removed, int(e, "cleanedUp"))
}

fn reconcile_new(g: &Value, e: &Value) -> Outcome {
    let (d, new) = (deployment(g), int(g, "newSpecReplicas"));
    let all = new + int(g, "oldSpecReplicas");
    let after = match new.cmp(&d.replicas) {
        Ordering::Equal => new,
        Ordering::Greater => d.replicas,
        Ordering::Less => {
            util::new_rs_new_replicas(&d, all, new)
                .map_err(|e| format!("{e:?}"))?
                .replicas
        }
    };
    same("scaled", after != new, e.bool_at("scaled"))?;
    same("size", after, int(e, "newSpecReplicasAfter"))
}

fn reconcile_old(g: &Value, e: &Value) -> Outcome {
    let d = deployment(g);
    let old = [sized(
        "old",
        int(g, "oldSpecReplicas"),
        int(g, "oldAvailableReplicas"),
    )];
    let new = sized(
        "new",
        int(g, "newSpecReplicas"),
        int(g, "newAvailableReplicas"),
    );
    let budget = rolling::max_scaled_down(&d, old[0].replicas + new.replicas, &new);
    let mut size = old[0].replicas;
    if budget.max_scaled_down > 0 && size > 0 {
        let unhealthy = rolling::cleanup_unhealthy_replicas(&old, budget.max_scaled_down);
        for resize in unhealthy.map_err(|e| format!("{e:?}"))? {
            size = resize.to;
        }
        let available = old[0].status.available_replicas + new.status.available_replicas;
        for resize in rolling::scale_down_old_replica_sets_for_rolling_update(
            &[size],
            available,
            budget.min_available,
        ) {
            size = resize.to;
        }
    }
    same("scaled", size != old[0].replicas, e.bool_at("scaled"))
}

fn scale_down_old(g: &Value, e: &Value) -> Outcome {
    let d = deployment(g);
    let size = int(g, "oldSpecReplicas");
    let min_available = d.replicas - util::max_unavailable(&d);
    let resizes = rolling::scale_down_old_replica_sets_for_rolling_update(
        &[size],
        int(g, "oldAvailableReplicas"),
        min_available,
    );
    let after = resizes.first().map_or(size, |r| r.to);
    same("removed", size - after, int(e, "scaledDownCount"))?;
    same("size", after, int(e, "oldSpecReplicasAfter"))
}

fn scale_step(g: &Value, e: &Value) -> Outcome {
    let d = deployment(g);
    let mut sets = replica_sets(g, "oldReplicaSets");
    let new = present(g, "newReplicaSet").map(replica_set);
    let has_new = new.is_some();
    sets.extend(new);
    let mut sizes: Vec<i32> = sets.iter().map(|rs| rs.replicas).collect();
    for share in scale::scale(&d, &sets, has_new) {
        sizes[share.index] = share.to;
    }
    let ignored = names(e, "unasserted");
    for (rs, size) in sets.iter().zip(sizes) {
        let name = rs.meta().name.as_str();
        let is_new = has_new && rs == sets.last().expect("there is one");
        let want = if is_new {
            e.int_at("newSpecReplicas")
        } else {
            at(e, "oldSpecReplicas").get(name).and_then(Value::as_int)
        };
        if !ignored.iter().any(|n| n == name) {
            same(name, Some(i64::from(size)), want)?;
        }
    }
    Ok(())
}

fn sync_rollout_status(g: &Value, e: &Value) -> Outcome {
    let d = deployment(g);
    let new = present(g, "newReplicaSet").map(replica_set);
    let mut all = replica_sets(g, "otherReplicaSets");
    all.extend(new.clone());
    let mut status = sync::calculate_counts(&d, all.iter(), new.as_ref());
    progress::progress(
        &d,
        &mut status,
        new.as_ref(),
        all.iter(),
        Clock { now_ms: now_ms(g) },
    );
    let got = util::get_deployment_condition(&status, util::PROGRESSING);
    match (got, present(e, "progressing")) {
        (None, None) => Ok(()),
        (Some(c), Some(want)) => {
            same("status", c.status.as_str(), want.str_at("status"))?;
            same("reason", c.reason.as_str(), want.str_at("reason"))?;
            for (key, t) in [
                ("lastUpdateTime", c.last_update),
                ("lastTransitionTime", c.last_transition),
            ] {
                if want.get(key).is_some() {
                    same(key, t, time(want, key))?;
                }
            }
            Ok(())
        }
        (got, want) => Err(format!("got {got:?}, want {want:?}")),
    }
}

fn equal_ignore_hash(g: &Value, e: &Value) -> Outcome {
    let (a, b) = (at(g, "first"), at(g, "second"));
    let want = e.bool_at("equal");
    same("forward", util::equal_ignore_hash(a, b), want)?;
    same("backward", util::equal_ignore_hash(b, a), want)
}

fn timed_out(g: &Value, e: &Value) -> Outcome {
    let mut row = g.clone();
    row.set("conditions", Value::list(vec![at(g, "condition").clone()]));
    let d = deployment(&row);
    let got = util::deployment_timed_out(&d, &d.status, now_ms(g));
    same("timed out", got, e.bool_at("timedOut"))
}
