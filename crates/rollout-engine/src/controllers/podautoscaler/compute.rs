//! All metrics of an autoscaler together, and the texts of those that cannot be had.

use super::calculator::{self, Metric, Proposal, Target};
use super::status::Status;
use super::tell;
use super::tolerance::Tolerances;
use crate::controllers::selector::label_selector_matches;
use crate::world::World;
use rollout_api::quantity::Quantity;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Value, kinds};
use std::rc::Rc;

/// What the scale subresource says.
pub(super) struct Scale {
    pub key: ObjectKey,
    pub replicas: i64,
    /// Those that its selector finds.
    pub pods: Vec<Rc<Object>>,
    selector: Str,
}

/// Mirrors `scaleForResourceMappings`.
pub(super) fn scale_of(world: &World, namespace: &Str, reference: &Value) -> Result<Scale, String> {
    let (version, kind) = (reference.str_at("apiVersion"), reference.str_at("kind"));
    let (group, _) = version.rsplit_once('/').unwrap_or(("", version));
    let Some(resource) = kinds::of_object(version, kind, world.version()) else {
        return Err(format!(
            "no matches for kind \"{kind}\" in group \"{group}\""
        ));
    };
    if !matches!(
        resource.kind.0,
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController"
    ) {
        return Err("the server could not find the requested resource".to_owned());
    }
    let name = reference.shared_str_at("name").unwrap_or_default();
    let key = ObjectKey::new(resource.kind, namespace.clone(), name);
    let Some(object) = world.store.get(&key) else {
        return Err(format!(
            "{} \"{}\" not found",
            resource.group_resource(),
            key.name
        ));
    };
    let null = Value::Null;
    let selector = object.value.at("spec.selector").unwrap_or(&null);
    let pods = world
        .store
        .list_in(Kind::POD, namespace)
        .filter(|p| label_selector_matches(selector, &p.meta.labels))
        .cloned()
        .collect();
    let labels = selector.get("matchLabels").and_then(Value::as_map);
    let labels: Vec<String> = labels
        .into_iter()
        .flat_map(rollout_api::Map::iter)
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
        .collect();
    Ok(Scale {
        replicas: object.value.int_at("spec.replicas").unwrap_or(1),
        pods,
        selector: labels.join(",").into(),
        key,
    })
}

/// What came of all metrics.
pub(super) struct Computed {
    pub name: String,
    pub proposal: Proposal,
    pub target: Target,
}

/// A metric of the spec with its name in texts; the error is the text of an unusable one.
fn metric_of(spec: &Value) -> Option<(Metric<'_>, String)> {
    let (source, container) = match spec.str_at("type") {
        "Resource" => (spec.get("resource")?, None),
        "ContainerResource" => {
            let source = spec.get("containerResource")?;
            (source, Some(source.str_at("container")))
        }
        _ => return None,
    };
    let resource = source.str_at("name");
    let target = source.get("target")?;
    let (target, name) = if let Some(value) = target.get("averageValue").and_then(Quantity::of) {
        (
            Target::AverageValue(value.milli_value()),
            format!("{resource} resource"),
        )
    } else {
        let words = if container.is_some() {
            "container resource"
        } else {
            "resource"
        };
        (
            Target::Utilization(target.int_at("averageUtilization")?),
            format!("{resource} {words} utilization (percentage of request)"),
        )
    };
    Some((
        Metric {
            resource,
            container,
            target,
        },
        name,
    ))
}

/// Reason of the condition, the text of the event, and the text around it in the error.
fn metric_error(
    namespace: &str,
    spec: &Value,
    error: Option<&str>,
    target: Option<Target>,
) -> (&'static str, String, String) {
    let part = |at: &str| spec.str_at(at).to_owned();
    match spec.str_at("type") {
        kind @ ("Resource" | "ContainerResource") => {
            let (field, reason, what) = if kind == "Resource" {
                ("resource.name", "FailedGetResourceMetric", "resource")
            } else {
                (
                    "containerResource.name",
                    "FailedGetContainerResourceMetric",
                    "container",
                )
            };
            let resource = part(field);
            let noun = match target {
                Some(Target::AverageValue(_)) => "usage",
                _ => "utilization",
            };
            let text = match error {
                Some(e) => format!("failed to get {resource} {noun}: {e}"),
                None => "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set".to_owned(),
            };
            let outer = format!("failed to get {resource} {what} metric value: {text}");
            (reason, text, outer)
        }
        "Pods" => {
            let text = format!(
                "unable to get metric {}: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
                part("pods.metric.name")
            );
            let outer = format!("failed to get pods metric value: {text}");
            ("FailedGetPodsMetric", text, outer)
        }
        "External" => {
            let name = part("external.metric.name");
            let text = format!(
                "unable to get external metric {namespace}/{name}/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
            );
            let outer = format!("failed to get {name} external metric value: {text}");
            ("FailedGetExternalMetric", text, outer)
        }
        _ => {
            let text = format!(
                "unable to get metric {}: {} on {namespace} {}/unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
                part("object.metric.name"),
                part("object.describedObject.kind"),
                part("object.describedObject.name")
            );
            let outer = format!("failed to get object metric value: {text}");
            ("FailedGetObjectMetric", text, outer)
        }
    }
}

/// Mirrors `computeReplicasForMetrics`. The error has its event and condition already.
pub(super) fn compute(
    world: &mut World,
    object: &Object,
    scale: &Scale,
    status: &mut Status,
    rivals: &[Str],
) -> Result<Computed, String> {
    if rivals.len() > 1 {
        let names: Vec<String> = rivals
            .iter()
            .map(|n| format!("{{{n} {}}}", object.meta.namespace))
            .collect();
        let text = format!(
            "pods by selector {} are controlled by multiple HPAs: [{}]",
            scale.selector,
            names.join(" ")
        );
        tell(world, object, "Warning", "AmbiguousSelector", &text);
        status.condition("ScalingActive", false, "AmbiguousSelector", &text);
        return Err(text);
    }
    let specs = object.value.list_at("spec.metrics");
    let tolerances = Tolerances::of(object.value.at("spec.behavior"), world.version());
    let mut best: Option<Computed> = None;
    let mut first_error: Option<(&'static str, String, String)> = None;
    let mut invalid = 0;
    for spec in specs {
        let metric = metric_of(spec);
        let target = metric.as_ref().map(|(m, _)| m.target);
        let result = match &metric {
            Some((m, _)) => calculator::replicas(
                world,
                &object.meta.namespace,
                &scale.pods,
                m,
                scale.replicas,
                &tolerances,
            )
            .map_err(|e| metric_error(&object.meta.namespace, spec, Some(&e), target)),
            None => Err(metric_error(&object.meta.namespace, spec, None, None)),
        };
        match (result, metric) {
            (Ok(proposal), Some((m, name))) => {
                status.metric(spec, &m, &proposal);
                let more = best
                    .as_ref()
                    .is_none_or(|b| proposal.replicas > b.proposal.replicas);
                if more {
                    let target = m.target;
                    best = Some(Computed {
                        name,
                        proposal,
                        target,
                    });
                }
            }
            (Err(error), _) => {
                status.no_metric();
                tell(world, object, "Warning", error.0, &error.1);
                invalid += 1;
                first_error.get_or_insert(error);
            }
            (Ok(_), None) => {}
        }
    }
    if let Some((reason, text, outer)) = first_error {
        let down = best
            .as_ref()
            .is_none_or(|b| b.proposal.replicas < scale.replicas);
        if down {
            let message = format!("the HPA was unable to compute the replica count: {text}");
            status.condition("ScalingActive", false, reason, &message);
            let total = specs.len();
            return Err(format!(
                "invalid metrics ({invalid} invalid out of {total}), first error is: {outer}"
            ));
        }
    }
    let Some(best) = best else {
        return Err("no metrics".to_owned());
    };
    let message = format!(
        "the HPA was able to successfully calculate a replica count from {}",
        best.name
    );
    status.condition("ScalingActive", true, "ValidMetricFound", &message);
    Ok(best)
}
