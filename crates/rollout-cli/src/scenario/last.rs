//! `final` of a trace: the Deployment, its sets and pods as they are at the end.

use super::measures::Look;
use super::trace::Trace;
use rollout_api::views::{Condition, Object, StrategyType};
use rollout_api::{Kind, Map, Value, object};
use rollout_engine::Engine;
use rollout_engine::controllers::deployment::util;
use std::rc::Rc;

/// The measures that `final` holds.
const MEASURES: [&str; 17] = [
    "desired",
    "floor",
    "ceiling",
    "total",
    "listed",
    "terminating",
    "old",
    "new",
    "replicas",
    "ready",
    "available",
    "updated",
    "unavailable",
    "revision",
    "paused",
    "observed",
    "complete",
];

/// The end of a run.
pub fn last(trace: &Trace, engine: &Engine, deployment: Option<&str>) -> Value {
    let look = Look::at(engine, &trace.names, deployment);
    let mut sets: Vec<&Rc<Object>> = engine.list(Kind::REPLICA_SET).collect();
    sets.sort_by_key(|o| trace.names.order(&o.meta.uid));
    let mut pods: Vec<&Rc<Object>> = engine.list(Kind::POD).collect();
    pods.sort_by_key(|o| trace.names.order(&o.meta.uid));
    let mut revisions: Vec<i64> = sets
        .iter()
        .filter_map(|o| o.meta.annotation(util::REVISION)?.parse().ok())
        .collect();
    revisions.sort_unstable();
    let measures: Map = MEASURES.iter().map(|m| (*m, look.measure(m))).collect();
    let deployment = look
        .deployment
        .as_ref()
        .map_or(Value::Null, |d| deployment_value(trace, d.object()));
    object! {
        "deployment" => deployment,
        "measures" => measures,
        "pods" => Value::list(pods.iter().map(|p| pod_value(trace, p)).collect()),
        "replicasets" => Value::list(sets.iter().map(|o| set_value(trace, o)).collect()),
        "revisions" => Value::list(revisions.into_iter().map(Value::from).collect()),
    }
}

fn conditions(trace: &Trace, list: &[Condition]) -> Map {
    list.iter()
        .map(|c| (c.kind.clone(), trace.show_condition(c)))
        .collect()
}

fn common(o: &Object) -> Map {
    let mut map = Map::new();
    let mut annotations = o.meta.annotations.as_map().cloned().unwrap_or_default();
    annotations.remove(util::LAST_APPLIED);
    map.insert("annotations", annotations);
    map.insert("deleting", o.meta.is_terminating());
    let finalizers = o.value.list_at("metadata.finalizers").to_vec();
    map.insert("finalizers", Value::list(finalizers));
    map.insert("generation", o.meta.generation);
    map.insert(
        "labels",
        o.meta.labels.as_map().cloned().unwrap_or_default(),
    );
    map
}

fn deployment_value(trace: &Trace, o: &Object) -> Value {
    let Some(d) = o.deployment() else {
        return Value::Null;
    };
    let mut map = common(o);
    let s = &d.status;
    let times: Map = s
        .conditions
        .iter()
        .map(|c| {
            let text =
                |t: Option<rollout_api::Timestamp>| t.map_or(Value::Null, |t| t.rfc3339().into());
            (
                c.kind.clone(),
                Value::list(vec![text(c.last_update), text(c.last_transition)]),
            )
        })
        .collect();
    let fields: [(&'static str, Value); 19] = [
        ("conditions", conditions(trace, &s.conditions).into()),
        ("conditionTimes", times.into()),
        ("spec.replicas", d.replicas.into()),
        ("spec.paused", d.paused.into()),
        (
            "spec.template",
            trace
                .template_id(&d.template)
                .map_or(Value::Null, Value::from),
        ),
        (
            "spec.strategy",
            match d.strategy {
                StrategyType::Recreate => "Recreate".into(),
                StrategyType::RollingUpdate => "RollingUpdate".into(),
            },
        ),
        ("spec.maxSurge", d.max_surge.clone()),
        ("spec.maxUnavailable", d.max_unavailable.clone()),
        ("spec.minReadySeconds", d.min_ready_seconds.into()),
        (
            "spec.progressDeadlineSeconds",
            d.progress_deadline_seconds.map_or(Value::Null, Value::from),
        ),
        (
            "spec.revisionHistoryLimit",
            d.revision_history_limit.map_or(Value::Null, Value::from),
        ),
        ("status.observedGeneration", s.observed_generation.into()),
        ("status.replicas", s.replicas.into()),
        ("status.updatedReplicas", s.updated_replicas.into()),
        ("status.readyReplicas", s.ready_replicas.into()),
        ("status.availableReplicas", s.available_replicas.into()),
        ("status.unavailableReplicas", s.unavailable_replicas.into()),
        (
            "status.collisionCount",
            s.collision_count.map_or(Value::Null, Value::from),
        ),
        ("id", trace.names.show(o).into()),
    ];
    for (key, value) in fields {
        if key != "id" {
            map.insert(key, value);
        }
    }
    map.into()
}

fn set_value(trace: &Trace, o: &Object) -> Value {
    let Some(rs) = o.replica_set() else {
        return Value::Null;
    };
    let mut map = common(o);
    let owner = o
        .meta
        .controller
        .as_ref()
        .and_then(|c| trace.names.id(&c.uid));
    let s = &rs.status;
    let fields: [(&'static str, Value); 11] = [
        ("id", trace.names.show(o).into()),
        ("owner", owner.map_or(Value::Null, Value::text)),
        ("spec.replicas", rs.replicas.into()),
        (
            "spec.template",
            trace
                .template_id(&rs.template)
                .map_or(Value::Null, Value::from),
        ),
        ("spec.minReadySeconds", rs.min_ready_seconds.into()),
        ("conditions", conditions(trace, &s.conditions).into()),
        ("status.observedGeneration", s.observed_generation.into()),
        ("status.replicas", s.replicas.into()),
        (
            "status.fullyLabeledReplicas",
            s.fully_labeled_replicas.into(),
        ),
        ("status.readyReplicas", s.ready_replicas.into()),
        ("status.availableReplicas", s.available_replicas.into()),
    ];
    for (key, value) in fields {
        map.insert(key, value);
    }
    map.into()
}

fn pod_value(trace: &Trace, o: &Object) -> Value {
    let owner = o
        .meta
        .controller
        .as_ref()
        .and_then(|c| trace.names.id(&c.uid));
    let statuses = o.value.list_at("status.containerStatuses");
    let mut containers = Map::new();
    for s in statuses {
        let reason = [
            s.str_at("state.waiting.reason"),
            s.str_at("state.terminated.reason"),
        ];
        if let Some(reason) = reason.into_iter().find(|r| !r.is_empty()) {
            containers.insert(
                s.shared_str_at("name").unwrap_or_default(),
                Value::text(reason),
            );
        }
    }
    let restarts: i64 = statuses
        .iter()
        .filter_map(|s| s.int_at("restartCount"))
        .sum();
    let node = o.pod().map(|p| p.node.clone()).unwrap_or_default();
    object! {
        "containers" => containers,
        "deleting" => o.meta.is_terminating(),
        "id" => trace.names.show(o),
        "node" => if node.is_empty() { Value::Null } else { format!("{{{node}}}").into() },
        "owner" => owner.map_or(Value::Null, Value::text),
        "phase" => o.value.shared_str_at("status.phase").unwrap_or_default(),
        "ready" => o.pod().is_some_and(|p| p.ready),
        "restarts" => restarts,
    }
}
