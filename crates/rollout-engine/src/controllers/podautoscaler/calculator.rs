//! From what pods use to how many there should be. Mirrors pkg/controller/podautoscaler/replica_calculator.go.

use super::double::Double;
use super::tolerance::Tolerances;
use crate::metrics::{PodUsage, Sample, requests};
use crate::world::World;
use rollout_api::SortedMap;
use rollout_api::views::{Object, PodPhase};
use rollout_api::{Str, Timestamp};
use std::rc::Rc;

/// `--horizontal-pod-autoscaler-cpu-initialization-period`.
const CPU_INITIALIZATION_SECONDS: i64 = 300;
/// `--horizontal-pod-autoscaler-initial-readiness-delay`.
const INITIAL_READINESS_SECONDS: i64 = 30;
/// The window of a sample.
const WINDOW_SECONDS: i64 = 15;

/// What a metric asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Percent of the requests.
    Utilization(i64),
    /// Thousandths of CPU, or of a byte, per pod.
    AverageValue(i64),
}

/// A metric that can be measured: of all containers or of one.
pub struct Metric<'a> {
    /// `cpu`, `memory`.
    pub resource: &'a str,
    /// Only this container.
    pub container: Option<&'a str>,
    /// What it should be.
    pub target: Target,
}

/// What came of a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// How many pods.
    pub replicas: i64,
    /// Percent of the requests, if the target is one.
    pub utilization: Option<i64>,
    /// Thousandths per pod.
    pub average: i64,
    /// How many pods the formula counts.
    pub counted: i64,
    /// How many of them were not ready or had no sample and were assumed.
    pub assumed: i64,
    /// Inside the tolerance, or turned by what was assumed: left alone.
    pub kept: bool,
}

/// Pods by what the formula does with them.
#[derive(Default)]
struct Groups {
    ready: i64,
    unready: Vec<Str>,
    missing: Vec<Str>,
}

/// Mirrors `groupPods`.
fn group_pods(
    world: &World,
    pods: &[Rc<Object>],
    metrics: &mut SortedMap<Str, i64>,
    resource: &str,
) -> Groups {
    let now = world.wall();
    let sampled = world.sampled_at().timestamp(world.config.start);
    let mut groups = Groups::default();
    for pod in pods {
        let Some(view) = pod.pod() else { continue };
        let name = &pod.meta.name;
        if pod.meta.is_terminating() || view.phase == PodPhase::Failed {
            metrics.remove(name);
            continue;
        }
        if view.phase == PodPhase::Pending {
            metrics.remove(name);
            groups.unready.push(name.clone());
            continue;
        }
        if !metrics.contains_key(name) {
            groups.missing.push(name.clone());
            continue;
        }
        if resource == "cpu" {
            let start = Timestamp::parse(pod.value.str_at("status.startTime"));
            let unready = match (view.ready_since, start) {
                (Some(since), Some(start)) => {
                    if start.0 + CPU_INITIALIZATION_SECONDS > now.0 {
                        !view.ready || sampled.0 < since.0 + WINDOW_SECONDS
                    } else {
                        !view.ready && start.0 + INITIAL_READINESS_SECONDS > since.0
                    }
                }
                _ => true,
            };
            if unready {
                metrics.remove(name);
                groups.unready.push(name.clone());
                continue;
            }
        }
        groups.ready += 1;
    }
    groups
}

/// Will the formula see other pods soon, without any write? Young pods get samples and grow up.
pub(super) fn restless(now: Timestamp, pods: &[Rc<Object>]) -> bool {
    pods.iter().any(|pod| {
        let Some(view) = pod.pod() else { return false };
        let start = Timestamp::parse(pod.value.str_at("status.startTime"));
        let since = |t: Option<Timestamp>, seconds: i64| t.is_some_and(|t| t.0 + seconds > now.0);
        !pod.meta.is_terminating()
            && view.phase == PodPhase::Running
            && (since(view.ready_since, 2 * WINDOW_SECONDS + 1)
                || since(start, 2 * WINDOW_SECONDS + 1)
                || (!view.ready && since(start, CPU_INITIALIZATION_SECONDS + WINDOW_SECONDS)))
    })
}

/// The metric against its target.
struct Usage {
    /// Percent, or thousandths per pod.
    measured: i64,
    target: i64,
    utilization: Option<i64>,
    average: i64,
}

impl Usage {
    fn above(&self) -> bool {
        self.measured > self.target
    }
    fn below(&self) -> bool {
        self.measured < self.target
    }
    /// The ratio times a count, rounded up.
    fn replicas(&self, pods: i64) -> i64 {
        Double::ratio(self.measured, self.target).times(pods).ceil()
    }
}

/// Mirrors `GetResourceReplicas` and `GetRawResourceReplicas`.
pub(super) fn replicas(
    world: &World,
    namespace: &str,
    pods: &[Rc<Object>],
    metric: &Metric<'_>,
    current: i64,
    tolerances: &Tolerances,
) -> Result<Proposal, String> {
    let resource = metric.resource;
    let usage_of = |usage: &PodUsage| -> i64 {
        usage
            .containers
            .iter()
            .filter(|c| metric.container.is_none_or(|only| only == c.name.as_str()))
            .map(|c| match resource {
                "cpu" => c.cpu,
                _ => c.memory.saturating_mul(1000),
            })
            .sum()
    };
    let unable = |why: &str| format!("unable to get metrics for resource {resource}: {why}");
    let Some(sample) = Sample::newest(world, namespace) else {
        return Err(unable(
            "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
        ));
    };
    let mut metrics: SortedMap<Str, i64> = SortedMap::new();
    if matches!(resource, "cpu" | "memory") {
        for pod in pods {
            if let Some(usage) = sample.of(pod) {
                metrics.insert(pod.meta.name.clone(), usage_of(&usage));
            }
        }
    }
    if metrics.is_empty() {
        return Err(unable("no metrics returned from resource metrics API"));
    }
    let groups = group_pods(world, pods, &mut metrics, resource);
    if metrics.is_empty() {
        return Err("did not receive metrics for targeted pods (pods might be unready)".to_owned());
    }
    let mut wanted: SortedMap<Str, i64> = SortedMap::new();
    if let Target::Utilization(_) = metric.target {
        for pod in pods {
            let request = requests(&pod.value, metric.container, resource)?;
            wanted.insert(pod.meta.name.clone(), request);
        }
    }
    let measure = |metrics: &SortedMap<Str, i64>| -> Result<Usage, String> {
        let count = i64::try_from(metrics.len()).unwrap_or(1).max(1);
        let total: i64 = metrics.values().sum();
        match metric.target {
            Target::Utilization(target) => {
                let asked: i64 = metrics.keys().filter_map(|n| wanted.get(n)).sum();
                if asked == 0 {
                    return Err("no metrics returned matched known pods".to_owned());
                }
                let percent = total.saturating_mul(100) / asked;
                Ok(Usage {
                    measured: percent,
                    target,
                    utilization: Some(percent),
                    average: total / count,
                })
            }
            Target::AverageValue(target) => Ok(Usage {
                measured: total / count,
                target,
                utilization: None,
                average: total / count,
            }),
        }
    };
    let usage = measure(&metrics)?;
    let proposal = |replicas: i64, counted: i64, assumed: usize, kept: bool| Proposal {
        replicas,
        utilization: usage.utilization,
        average: usage.average,
        counted,
        assumed: i64::try_from(assumed).unwrap_or(0),
        kept,
    };
    let within = |u: &Usage| tolerances.within(u.measured, u.target);
    let with_unready = !groups.unready.is_empty() && usage.above();
    if !with_unready && groups.missing.is_empty() {
        if within(&usage) {
            return Ok(proposal(current, groups.ready, 0, true));
        }
        let replicas = usage.replicas(groups.ready);
        return Ok(proposal(replicas, groups.ready, 0, false));
    }
    let mut assumed = groups.missing.len();
    for name in &groups.missing {
        let value = match metric.target {
            _ if usage.above() => 0,
            Target::Utilization(target) if usage.below() => {
                wanted.get(name).copied().unwrap_or(0) * target.max(100) / 100
            }
            Target::AverageValue(target) if usage.below() => target,
            Target::AverageValue(_) => 0,
            Target::Utilization(_) => continue,
        };
        metrics.insert(name.clone(), value);
    }
    if with_unready {
        assumed += groups.unready.len();
        for name in &groups.unready {
            metrics.insert(name.clone(), 0);
        }
    }
    let again = measure(&metrics)?;
    let counted = i64::try_from(metrics.len()).unwrap_or(0);
    let turned = (usage.below() && again.above()) || (usage.above() && again.below());
    let replicas = again.replicas(counted);
    let backwards = (again.below() && replicas > current) || (again.above() && replicas < current);
    if within(&again) || turned || backwards {
        return Ok(proposal(current, counted, assumed, true));
    }
    Ok(proposal(replicas, counted, assumed, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    /// A running pod of some seconds, ready or not since some other.
    fn pod(age: i64, ready: bool, since: i64) -> Rc<Object> {
        let ago = |seconds: i64| Timestamp(NOW - seconds).rfc3339();
        Rc::new(Object::new(object! {
            "kind" => "Pod",
            "metadata" => object! { "name" => "p", "creationTimestamp" => ago(age) },
            "status" => object! {
                "phase" => "Running",
                "startTime" => ago(age),
                "conditions" => vec![object! {
                    "type" => "Ready",
                    "status" => if ready { "True" } else { "False" },
                    "lastTransitionTime" => ago(since),
                }],
            },
        }))
    }

    const NOW: i64 = 1_750_000_000;

    #[test]
    fn young_pods_leave_no_rest() {
        for (age, ready, since, want) in [
            // Its first sample comes.
            (20, true, 10, true),
            (400, true, 20, true),
            (400, true, 30, true),
            (400, true, 31, false),
            // Not ready: from five minutes on it counts, as the next sample shows.
            (200, false, 150, true),
            (310, false, 150, true),
            (316, false, 150, false),
            (310, true, 150, false),
        ] {
            let pods = [pod(age, ready, since)];
            let found = restless(Timestamp(NOW), &pods);
            assert_eq!(found, want, "{age} s old, ready {ready} since {since} s");
        }
    }
}
