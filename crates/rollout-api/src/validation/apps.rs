//! Deployments, ReplicaSets, DaemonSets and StatefulSets. Mirrors pkg/apis/apps/validation/validation.go.

use super::errors::Errors;
use super::meta::{
    FIELD_IS_IMMUTABLE, Selects, int, items, selector_matches, sub, text, validate_annotations,
    validate_dns1123_label, validate_label_selector, validate_labels, validate_nonnegative,
    validate_object_meta, validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::pod_spec::{validate_pod_annotations, validate_pod_template};
use super::shown::{Shown, Tree, field};
use crate::value::Value;

fn spec_of(object: &Value) -> Value {
    sub(object, "spec").cloned().unwrap_or_else(Value::object)
}

/// Mirrors `ValidateDeployment`.
pub fn validate_deployment(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_deployment_spec(&spec_of(object), &Path::root("spec"), e);
}

/// Mirrors `ValidateDeploymentUpdate` and the strategy's rule of the selector.
pub fn validate_deployment_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_deployment_spec(&spec_of(new), &Path::root("spec"), e);
    validate_immutable_selector(new, old, e);
}

fn validate_immutable_selector(new: &Value, old: &Value, e: &mut Errors) {
    let selector = new.at("spec.selector");
    if selector != old.at("spec.selector") {
        let spec_at = Path::root("spec");
        let at = spec_at.child("selector");
        let shown = selector
            .filter(|s| !s.is_null())
            .map_or(Shown::Nil, |s| shown_selector(s, &at, e).into());
        e.invalid(&at, shown, FIELD_IS_IMMUTABLE);
    }
}

fn validate_deployment_spec(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    validate_nonnegative(
        int(spec, "replicas").unwrap_or(0),
        &path.child("replicas"),
        e,
    );
    validate_selector_and_template(spec, path, e);
    let none = Value::object();
    validate_deployment_strategy(
        sub(spec, "strategy").unwrap_or(&none),
        &path.child("strategy"),
        e,
    );
    let min_ready = int(spec, "minReadySeconds").unwrap_or(0);
    validate_nonnegative(min_ready, &path.child("minReadySeconds"), e);
    if let Some(limit) = int(spec, "revisionHistoryLimit") {
        validate_nonnegative(limit, &path.child("revisionHistoryLimit"), e);
    }
    if let Some(revision) = spec.int_at("rollbackTo.revision") {
        validate_nonnegative(revision, &path.child("rollbackTo").child("version"), e);
    }
    if let Some(deadline) = int(spec, "progressDeadlineSeconds") {
        let at = path.child("progressDeadlineSeconds");
        validate_nonnegative(deadline, &at, e);
        if deadline <= min_ready {
            e.invalid(&at, deadline, "must be greater than minReadySeconds");
        }
    }
}

/// The selector and the template of Deployments and ReplicaSets.
fn validate_selector_and_template(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let at = path.child("selector");
    let selector = sub(spec, "selector");
    validate_required_selector(selector, "empty selector is invalid for deployment", &at, e);
    let none = Value::object();
    let template = sub(spec, "template").unwrap_or(&none);
    match selector_matches(selector, template.at("metadata.labels"), e) {
        Selects::Broken => invalid_selector(selector, "invalid label selector", &at, e),
        found => validate_template_for_replica_set(template, found, &path.child("template"), e),
    }
}

fn invalid_selector(
    selector: Option<&Value>,
    detail: &'static str,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let shown = selector.map_or(Shown::Nil, |s| shown_selector(s, path, e).into());
    e.invalid(path, shown, detail);
}

fn validate_required_selector(
    selector: Option<&Value>,
    empty: &'static str,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let Some(s) = selector else {
        return e.required(path, "");
    };
    validate_label_selector(selector, path, e);
    refuse_empty(s, empty, path, e);
}

/// A selector that selects everything.
fn refuse_empty(s: &Value, empty: &'static str, path: &Path<'_>, e: &mut Errors) {
    if s.get("matchLabels").is_none_or(Value::is_empty) && items(s, "matchExpressions").is_empty() {
        let shown = shown_selector(s, path, e);
        e.invalid(path, shown, empty);
    }
}

/// A selector as messages show it: with the empty maps and lists that were sent.
fn shown_selector(s: &Value, path: &Path<'_>, e: &Errors) -> Tree {
    let mut shown = s.clone();
    let at = path.child("matchExpressions");
    if let Some(list) = shown.map_mut().get_mut("matchExpressions") {
        for (i, r) in list.list_mut().iter_mut().enumerate() {
            if let Some(values) = e.given(r.get("values"), &at.index(i).child("values")) {
                r.map_mut().insert("values", values);
            }
        }
    }
    for key in ["matchLabels", "matchExpressions"] {
        if s.get(key).is_none()
            && let Some(v) = e.given(None, &path.child(key))
        {
            shown.map_mut().insert(key, v);
        }
    }
    Tree::label_selector(&shown)
}

pub(super) fn validate_match(template: &Value, found: Selects, path: &Path<'_>, e: &mut Errors) {
    if found == Selects::No {
        let meta_at = path.child("metadata");
        let at = meta_at.child("labels");
        let labels = e.given(template.at("metadata.labels"), &at);
        let detail = "`selector` does not match template `labels`";
        e.invalid(&at, Tree::string_map(labels.as_ref()), detail);
    }
}

fn validate_template_for_replica_set(
    template: &Value,
    found: Selects,
    path: &Path<'_>,
    e: &mut Errors,
) {
    validate_match(template, found, path, e);
    validate_pod_template(template, path, e);
    validate_endless(template, "ReplicaSet", path, e);
}

/// Pods of a controller run for ever.
fn validate_endless(template: &Value, kind: &str, path: &Path<'_>, e: &mut Errors) {
    let at = path.child("spec");
    let policy = template.str_at("spec.restartPolicy");
    if policy != "Always" {
        e.not_supported(
            &at.child("restartPolicy"),
            Shown::typed(policy),
            &["Always"],
        );
    }
    if template
        .at("spec.activeDeadlineSeconds")
        .is_some_and(|v| !v.is_null())
    {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        e.forbidden(&at.child("activeDeadlineSeconds"), detail);
    }
}

fn validate_deployment_strategy(strategy: &Value, path: &Path<'_>, e: &mut Errors) {
    let rolling = sub(strategy, "rollingUpdate");
    let at = path.child("rollingUpdate");
    match text(strategy, "type") {
        "Recreate" => {
            if rolling.is_some() {
                e.forbidden(
                    &at,
                    "may not be specified when strategy `type` is 'Recreate'",
                );
            }
        }
        "RollingUpdate" => match rolling {
            Some(rolling) => validate_rolling_update_deployment(rolling, &at, e),
            None => e.required(&at, "this should be defaulted and never be nil"),
        },
        _ => {
            let update = |v: &Value| {
                Tree::Struct(
                    "apps.RollingUpdateDeployment",
                    vec![
                        field(
                            "MaxUnavailable",
                            Tree::int_or_string(v.get("maxUnavailable")),
                        ),
                        field("MaxSurge", Tree::int_or_string(v.get("maxSurge"))),
                    ],
                )
            };
            let shown = Tree::Struct(
                "apps.DeploymentStrategy",
                vec![
                    field("Type", Tree::text(strategy.get("type"))),
                    field(
                        "RollingUpdate",
                        Tree::pointer("apps.RollingUpdateDeployment", rolling, update),
                    ),
                ],
            );
            e.not_supported(path, shown, &["Recreate", "RollingUpdate"]);
        }
    }
}

fn validate_rolling_update_deployment(rolling: &Value, path: &Path<'_>, e: &mut Errors) {
    let (unavailable, surge) = (sub(rolling, "maxUnavailable"), sub(rolling, "maxSurge"));
    let at = path.child("maxUnavailable");
    validate_positive_int_or_percent(unavailable, &at, e);
    validate_positive_int_or_percent(surge, &path.child("maxSurge"), e);
    if int_or_percent(unavailable) == 0 && int_or_percent(surge) == 0 {
        e.invalid(
            &at,
            Tree::int_or_string(unavailable),
            "may not be 0 when `maxSurge` is 0",
        );
    }
    validate_not_more_than_100_percent(unavailable, &at, e);
}

/// Mirrors `ValidatePositiveIntOrPercent`.
pub fn validate_positive_int_or_percent(v: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    match v {
        Some(Value::String(s)) => {
            for message in names::is_valid_percent(s) {
                e.invalid(path, Tree::int_or_string(v), message);
            }
        }
        v => validate_nonnegative(v.and_then(Value::as_int).unwrap_or(0), path, e),
    }
}

fn percent(v: Option<&Value>) -> Option<i64> {
    let text = v.and_then(Value::as_str)?;
    let digits = text
        .strip_suffix('%')
        .filter(|_| names::is_valid_percent(text).is_empty())?;
    Some(digits.parse().unwrap_or(i64::MAX))
}

/// Mirrors `getIntOrPercentValue`.
fn int_or_percent(v: Option<&Value>) -> i64 {
    percent(v).unwrap_or_else(|| match v {
        Some(Value::String(s)) => s.parse().unwrap_or(0),
        v => v.and_then(Value::as_int).unwrap_or(0),
    })
}

/// Mirrors `IsNotMoreThan100Percent`.
pub fn validate_not_more_than_100_percent(v: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    if percent(v).is_some_and(|p| p > 100) {
        e.invalid(
            path,
            Tree::int_or_string(v),
            "must not be greater than 100%",
        );
    }
}

/// Mirrors `ValidateDeploymentStatus`: `status` alone.
pub fn validate_deployment_status(status: &Value, path: &Path<'_>, e: &mut Errors) {
    let get = |key| int(status, key).unwrap_or(0);
    validate_nonnegative(
        get("observedGeneration"),
        &path.child("observedGeneration"),
        e,
    );
    let counts = [
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
    ];
    for key in counts {
        validate_nonnegative(get(key), &path.child(key), e);
    }
    if let Some(count) = int(status, "terminatingReplicas") {
        validate_nonnegative(count, &path.child("terminatingReplicas"), e);
    }
    if let Some(count) = int(status, "collisionCount") {
        validate_nonnegative(count, &path.child("collisionCount"), e);
    }
    for key in ["updatedReplicas", "readyReplicas", "availableReplicas"] {
        if get(key) > get("replicas") {
            e.invalid(
                &path.child(key),
                get(key),
                "cannot be greater than status.replicas",
            );
        }
    }
    if get("availableReplicas") > get("readyReplicas") {
        let at = path.child("availableReplicas");
        e.invalid(
            &at,
            get("availableReplicas"),
            "cannot be greater than readyReplicas",
        );
    }
}

/// Mirrors `ValidateReplicaSet`.
pub fn validate_replica_set(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_replica_set_spec(&spec_of(object), &Path::root("spec"), e);
}

/// Mirrors `ValidateReplicaSetUpdate`.
pub fn validate_replica_set_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_replica_set_spec(&spec_of(new), &Path::root("spec"), e);
    validate_immutable_selector(new, old, e);
}

fn validate_replica_set_spec(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    for key in ["replicas", "minReadySeconds"] {
        validate_nonnegative(int(spec, key).unwrap_or(0), &path.child(key), e);
    }
    validate_selector_and_template(spec, path, e);
}

/// Mirrors `ValidateDaemonSet`.
pub fn validate_daemon_set(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_daemon_set_spec(&spec_of(object), &Path::root("spec"), e);
}

/// Mirrors `ValidateDaemonSetUpdate`.
pub fn validate_daemon_set_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_daemon_set_spec(&spec_of(new), &Path::root("spec"), e);
    validate_immutable_selector(new, old, e);
}

fn validate_daemon_set_spec(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let selector = sub(spec, "selector");
    let at = path.child("selector");
    let none = Value::object();
    let template = sub(spec, "template").unwrap_or(&none);
    let template_at = path.child("template");
    validate_label_selector(selector, &at, e);
    validate_match(
        template,
        selector_matches(selector, template.at("metadata.labels"), e),
        &template_at,
        e,
    );
    if let Some(s) = selector {
        refuse_empty(s, "empty selector is invalid for daemonset", &at, e);
    }
    validate_pod_template(template, &template_at, e);
    validate_endless(template, "DaemonSet", &template_at, e);
    validate_nonnegative(
        int(spec, "minReadySeconds").unwrap_or(0),
        &path.child("minReadySeconds"),
        e,
    );
    let strategy = sub(spec, "updateStrategy").unwrap_or(&none);
    let strategy_at = path.child("updateStrategy");
    match text(strategy, "type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            let at = strategy_at.child("rollingUpdate");
            match sub(strategy, "rollingUpdate") {
                Some(rolling) => validate_rolling_update_daemon_set(rolling, &at, e),
                None => e.required(&at, ""),
            }
        }
        ty => {
            let shown = update_strategy(
                "apps.DaemonSetUpdateStrategy",
                "apps.RollingUpdateDaemonSet",
                strategy,
                ty,
            );
            e.not_supported(&strategy_at, shown, &["RollingUpdate", "OnDelete"]);
        }
    }
    if let Some(limit) = int(spec, "revisionHistoryLimit") {
        validate_nonnegative(limit, &path.child("revisionHistoryLimit"), e);
    }
}

fn update_strategy(ty: &'static str, inner: &'static str, strategy: &Value, name: &str) -> Tree {
    let rolling = Tree::pointer(inner, sub(strategy, "rollingUpdate"), |v| match inner {
        "apps.RollingUpdateDaemonSet" => Tree::Struct(
            inner,
            vec![
                field(
                    "MaxUnavailable",
                    Tree::int_or_string(v.get("maxUnavailable")),
                ),
                field("MaxSurge", Tree::int_or_string(v.get("maxSurge"))),
            ],
        ),
        _ => Tree::Struct(
            inner,
            vec![
                field("Partition", Tree::int(v.get("partition"))),
                field(
                    "MaxUnavailable",
                    Tree::pointer("intstr.IntOrString", sub(v, "maxUnavailable"), |m| {
                        Tree::int_or_string(Some(m))
                    }),
                ),
            ],
        ),
    });
    Tree::Struct(
        ty,
        vec![
            field("Type", Tree::Text(crate::value::Str::copy(name))),
            field("RollingUpdate", rolling),
        ],
    )
}

fn validate_rolling_update_daemon_set(rolling: &Value, path: &Path<'_>, e: &mut Errors) {
    let (unavailable, surge) = (sub(rolling, "maxUnavailable"), sub(rolling, "maxSurge"));
    let (unavailable_at, surge_at) = (path.child("maxUnavailable"), path.child("maxSurge"));
    validate_positive_int_or_percent(unavailable, &unavailable_at, e);
    validate_positive_int_or_percent(surge, &surge_at, e);
    validate_not_more_than_100_percent(unavailable, &unavailable_at, e);
    validate_not_more_than_100_percent(surge, &surge_at, e);
    match (int_or_percent(unavailable) != 0, int_or_percent(surge) != 0) {
        (true, true) => {
            e.invalid(
                &surge_at,
                Tree::int_or_string(surge),
                "may not be set when maxUnavailable is non-zero",
            );
        }
        (false, false) => e.required(&unavailable_at, "cannot be 0 when maxSurge is 0"),
        _ => {}
    }
}

/// Mirrors `ValidateStatefulSet`: its pod spec is not looked at.
pub fn validate_stateful_set(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_label, e);
    validate_stateful_set_spec(&spec_of(object), &Path::root("spec"), e);
}

/// Mirrors `ValidateStatefulSetUpdate`.
pub fn validate_stateful_set_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_stateful_set_spec(&spec_of(new), &Path::root("spec"), e);
    let mut free = vec![
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    if e.since(33) {
        free.insert(4, "revisionHistoryLimit");
    }
    let fixed = |object: &Value| {
        let mut spec = spec_of(object);
        spec.map_mut().retain(|k, _| !free.contains(&k.as_str()));
        spec
    };
    if fixed(new) != fixed(old) {
        let quoted: Vec<String> = free.iter().map(|f| format!("'{f}'")).collect();
        let (last, first) = quoted.split_last().expect("the list is not empty");
        let detail = format!(
            "updates to statefulset spec for fields other than {} and {last} are forbidden",
            first.join(", ")
        );
        e.forbidden(&Path::root("spec"), detail);
    }
}

fn validate_stateful_set_spec(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let policy_at = path.child("podManagementPolicy");
    match text(spec, "podManagementPolicy") {
        "OrderedReady" | "Parallel" => {}
        "" => e.required(&policy_at, ""),
        other => e.invalid(
            &policy_at,
            Shown::typed(other),
            "must be 'OrderedReady' or 'Parallel'",
        ),
    }
    let none = Value::object();
    let strategy = sub(spec, "updateStrategy").unwrap_or(&none);
    let strategy_at = path.child("updateStrategy");
    let rolling_at = strategy_at.child("rollingUpdate");
    let rolling = sub(strategy, "rollingUpdate");
    let strategy_tree = |ty| {
        update_strategy(
            "apps.StatefulSetUpdateStrategy",
            "apps.RollingUpdateStatefulSetStrategy",
            strategy,
            ty,
        )
    };
    match text(strategy, "type") {
        "" => e.required(&strategy_at, ""),
        "OnDelete" => {
            if let Some(rolling) = rolling {
                let shown = Tree::Struct(
                    "apps.RollingUpdateStatefulSetStrategy",
                    vec![
                        field("Partition", Tree::int(rolling.get("partition"))),
                        field(
                            "MaxUnavailable",
                            Tree::pointer(
                                "intstr.IntOrString",
                                sub(rolling, "maxUnavailable"),
                                |m| Tree::int_or_string(Some(m)),
                            ),
                        ),
                    ],
                );
                e.invalid(
                    &rolling_at,
                    shown,
                    "only allowed for updateStrategy 'RollingUpdate'",
                );
            }
        }
        "RollingUpdate" => {
            if let Some(rolling) = rolling {
                validate_nonnegative(
                    int(rolling, "partition").unwrap_or(0),
                    &rolling_at.child("partition"),
                    e,
                );
                if let Some(unavailable) = sub(rolling, "maxUnavailable") {
                    let at = rolling_at.child("maxUnavailable");
                    validate_positive_int_or_percent(Some(unavailable), &at, e);
                    if int_or_percent(Some(unavailable)) == 0 {
                        e.invalid(&at, Tree::int_or_string(Some(unavailable)), "cannot be 0");
                    }
                    validate_not_more_than_100_percent(Some(unavailable), &at, e);
                }
            }
        }
        other => e.invalid(
            &strategy_at,
            strategy_tree(other),
            "must be 'RollingUpdate' or 'OnDelete'",
        ),
    }
    if let Some(retention) = sub(spec, "persistentVolumeClaimRetentionPolicy") {
        let at = path.child("persistentVolumeClaimRetentionPolicy");
        for key in ["whenDeleted", "whenScaled"] {
            let policy = text(retention, key);
            if !["Retain", "Delete"].contains(&policy) {
                e.not_supported(&at.child(key), Shown::typed(policy), &["Retain", "Delete"]);
            }
        }
    }
    for key in ["replicas", "minReadySeconds"] {
        validate_nonnegative(int(spec, key).unwrap_or(0), &path.child(key), e);
    }
    if let Some(start) = spec.int_at("ordinals.start") {
        validate_nonnegative(start, &path.child("ordinals.start"), e);
    }
    let service = text(spec, "serviceName");
    if e.since(33) && !service.is_empty() {
        validate_dns1123_label(service, &path.child("serviceName"), e);
    }
    let selector = sub(spec, "selector");
    let at = path.child("selector");
    validate_required_selector(
        selector,
        "empty selector is invalid for statefulset",
        &at,
        e,
    );
    let template = sub(spec, "template").unwrap_or(&none);
    let template_at = path.child("template");
    match selector_matches(selector, template.at("metadata.labels"), e) {
        Selects::Broken => invalid_selector(selector, "", &at, e),
        found => {
            validate_match(template, found, &template_at, e);
            let meta = sub(template, "metadata").unwrap_or(&none);
            let annotations_at = template_at.child("annotations");
            validate_labels(meta.get("labels"), &template_at.child("labels"), e);
            validate_annotations(meta.get("annotations"), &annotations_at, e);
            validate_pod_annotations(
                meta,
                sub(template, "spec").unwrap_or(&none),
                &annotations_at,
                e,
            );
        }
    }
    validate_endless(template, "StatefulSet", &template_at, e);
}
