//! `rollout bench`: what an image update costs at several sizes, with the page's own nodes.

use crate::{Common, Exit, print, print_error};
use rollout_api::{Kind, Value, object};
use rollout_engine::client::{PatchType, WriteOptions};
use rollout_engine::controllers::objects::Deployment;
use rollout_engine::time::{Millis, SimTime};
use rollout_engine::{ClusterConfig, Engine, NodeSpec};
use std::time::Duration;

/// Sizes, with the most CPU time and memory (MB) that each may take.
const SIZES: &[(i64, Duration, Option<u64>)] = &[
    (10, Duration::from_millis(1), None),
    (100, Duration::from_millis(10), None),
    (1000, Duration::from_millis(200), Some(64)),
    (10_000, Duration::from_secs(3), None),
];
const RUNS: usize = 5;
/// Longest simulated time of an update.
const PATIENCE: Millis = Millis(3_600_000);

/// `rollout bench [REPLICAS…]`.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let chosen: Vec<i64> = args.iter().filter_map(|a| a.parse().ok()).collect();
    let sizes = SIZES
        .iter()
        .filter(|(n, _, _)| chosen.is_empty() || chosen.contains(n));
    let mut failed = false;
    print("replicas  median CPU  per pod    peak RSS  steps\n");
    for (replicas, most, memory) in sizes {
        let mut times = Vec::new();
        let mut steps = 0;
        for _ in 0..RUNS {
            match update(common, *replicas) {
                Ok((time, n)) => {
                    times.push(time);
                    steps = n;
                }
                Err(text) => {
                    print_error(&format!("{replicas} replicas: {text}\n"));
                    return Exit(1);
                }
            }
        }
        times.sort();
        let median = times[RUNS / 2];
        let peak = peak_memory();
        let per_pod = median.as_nanos() / u128::from(replicas.unsigned_abs().max(1)) / 1000;
        let mut line = format!(
            "{replicas:>8}  {:>7}.{:03} ms  {per_pod:>4} µs  {:>5} MB  {steps:>6}",
            median.as_millis(),
            median.as_micros() % 1000,
            peak.map_or(0, |p| p / 1024),
        );
        if median > *most {
            line.push_str(&format!("  too slow: at most {} ms", most.as_millis()));
            failed = true;
        }
        if let (Some(most), Some(peak)) = (memory, peak)
            && peak / 1024 > *most
        {
            line.push_str(&format!("  too much memory: at most {most} MB"));
            failed = true;
        }
        line.push('\n');
        print(&line);
    }
    Exit(u8::from(failed))
}

/// CPU time of one image update from its request to completion, and its steps.
fn update(common: &Common, replicas: i64) -> Result<(Duration, usize), String> {
    let mut engine = Engine::new(ClusterConfig {
        version: common.version,
        seed: common.seed,
        nodes: nodes(replicas),
        ..ClusterConfig::default()
    });
    let options = WriteOptions::default();
    let (made, _) = engine.act("bench", |c| {
        c.create(Kind::DEPLOYMENT, "default", manifest(replicas), &options)
    });
    made.map_err(|e| e.message.to_string())?;
    let mut steps = 0;
    complete(&mut engine, &mut steps)?;
    // Old pods go, so that the measurement begins at rest.
    steps = 0;
    let begin = cpu_time()?;
    let image = object! { "name" => "web", "image" => "registry.example/web:v2" };
    let mut patch = Value::object();
    patch.set("spec.template.spec.containers", Value::list(vec![image]));
    let (changed, _) = engine.act("bench", |c| {
        c.patch(
            Kind::DEPLOYMENT,
            "default",
            "web",
            PatchType::Strategic,
            &patch,
            &options,
        )
    });
    changed.map_err(|e| e.message.to_string())?;
    complete(&mut engine, &mut steps)?;
    Ok((cpu_time()?.saturating_sub(begin), steps))
}

/// Steps until the rollout is complete.
fn complete(engine: &mut Engine, steps: &mut usize) -> Result<(), String> {
    let until = SimTime(engine.now().0 + PATIENCE.0);
    while !is_complete(engine) {
        if engine.step_until(until).is_empty() {
            return Err("the rollout does not end".to_owned());
        }
        *steps += 1;
    }
    Ok(())
}

fn is_complete(engine: &Engine) -> bool {
    engine
        .list(Kind::DEPLOYMENT)
        .next()
        .cloned()
        .and_then(Deployment::new)
        .is_some_and(|d| {
            rollout_engine::controllers::deployment::util::deployment_complete(&d, &d.status)
        })
}

fn nodes(replicas: i64) -> Vec<NodeSpec> {
    // Room for everything that a rollout may have at once.
    let count = (replicas * 2 / 100 + 3).max(3);
    (1..=count)
        .map(|i| NodeSpec {
            name: format!("node-{i}").into(),
            cpu: "64".into(),
            memory: "256Gi".into(),
            pods: 250,
        })
        .collect()
}

fn manifest(replicas: i64) -> Value {
    let container = object! { "image" => "registry.example/web:v1", "name" => "web" };
    let labels = object! { "app" => "web" };
    object! {
        "apiVersion" => "apps/v1",
        "kind" => "Deployment",
        "metadata" => object! { "name" => "web" },
        "spec" => object! {
            "replicas" => replicas,
            "selector" => object! { "matchLabels" => labels.clone() },
            "template" => object! {
                "metadata" => object! { "labels" => labels },
                "spec" => object! { "containers" => Value::list(vec![container]) },
            },
        },
    }
}

/// CPU time of this process so far.
fn cpu_time() -> Result<Duration, String> {
    // utime and stime, fields 14 and 15, in ticks of 10 ms, are too coarse; the scheduler counts nanoseconds.
    let text = std::fs::read_to_string("/proc/self/schedstat").map_err(|e| e.to_string())?;
    let nanos = text.split_whitespace().next().and_then(|t| t.parse().ok());
    nanos
        .map(Duration::from_nanos)
        .ok_or_else(|| "no CPU time".to_owned())
}

/// Peak resident memory of this process, in kB.
fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
