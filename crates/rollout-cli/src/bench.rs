//! `rollout bench`: what an image update costs at several sizes, with the page's own nodes.

use crate::{Common, Exit, print, print_error};
use rollout_api::json::{from_json, to_json};
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
/// Updates are repeated until they have taken this long together, so that one disturbance does not count.
const ENOUGH: Duration = Duration::from_millis(1500);
const FEWEST_RUNS: usize = 3;
const MOST_RUNS: usize = 200;
/// Longest simulated time of an update.
const PATIENCE: Millis = Millis(3_600_000);
/// The program's own word for a process that measures one size.
const ONE: &str = "--one";

/// What one size took.
struct Figures {
    replicas: i64,
    runs: usize,
    median: Duration,
    best: Duration,
    /// Peak resident memory, kB.
    peak: Option<u64>,
    steps: usize,
    changes: usize,
}

/// `rollout bench [REPLICAS…] [--json] [--check]`. Each size is measured in a process of its own: memory does not add up.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let flag = |name: &str| args.iter().any(|a| a == name);
    let chosen: Vec<i64> = args.iter().filter_map(|a| a.parse().ok()).collect();
    if flag(ONE) {
        return one(common, &chosen);
    }
    let mut sizes: Vec<i64> = SIZES.iter().map(|(n, ..)| *n).collect();
    if !chosen.is_empty() {
        sizes = chosen;
    }
    if !flag("--json") {
        print("replicas   median     best  per pod  peak RSS   steps  changes  runs\n");
    }
    let (mut all, mut failed) = (Vec::new(), false);
    for replicas in sizes {
        let figures = match in_a_process(common, replicas) {
            Ok(figures) => figures,
            Err(text) => {
                print_error(&format!("{replicas} replicas: {text}\n"));
                return Exit(1);
            }
        };
        let faults = figures.faults();
        failed |= !faults.is_empty();
        if !flag("--json") {
            print(&figures.line(&faults));
        }
        all.push(figures.value(&faults));
    }
    if flag("--json") {
        print(&to_json(&Value::list(all)));
        print("\n");
    }
    Exit(u8::from(failed && flag("--check")))
}

impl Figures {
    /// What is over its budget.
    fn faults(&self) -> Vec<String> {
        let Some((_, time, memory)) = SIZES.iter().find(|(n, ..)| *n == self.replicas) else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        if self.median > *time {
            faults.push(format!("more than {} ms", time.as_millis()));
        }
        if let (Some(most), Some(peak)) = (memory, self.peak)
            && peak > most * 1024
        {
            faults.push(format!("more than {most} MB"));
        }
        faults
    }
    fn line(&self, faults: &[String]) -> String {
        let ms = |d: Duration| format!("{}.{:02} ms", d.as_millis(), d.as_micros() % 1000 / 10);
        let pods = u128::from(self.replicas.unsigned_abs().max(1));
        let verdict = if faults.is_empty() {
            "ok".to_owned()
        } else {
            faults.join(", ")
        };
        format!(
            "{:>8}  {:>10}  {:>10}  {:>4} µs  {:>5} MB  {:>6}  {:>7}  {:>4}  {verdict}\n",
            self.replicas,
            ms(self.median),
            ms(self.best),
            self.median.as_micros() / pods,
            self.peak.map_or(0, |kb| kb.div_ceil(1024)),
            self.steps,
            self.changes,
            self.runs,
        )
    }
    fn value(&self, faults: &[String]) -> Value {
        let number = |n: u128| i64::try_from(n).unwrap_or(i64::MAX);
        let faults = faults.iter().map(|f| Value::text(f)).collect();
        object! {
            "bestMicroseconds" => number(self.best.as_micros()),
            "changes" => number(self.changes as u128),
            "faults" => Value::list(faults),
            "medianMicroseconds" => number(self.median.as_micros()),
            "peakKilobytes" => self.peak.map_or(Value::Null, |kb| number(kb.into()).into()),
            "replicas" => self.replicas,
            "runs" => number(self.runs as u128),
            "steps" => number(self.steps as u128),
        }
    }
    fn read(text: &str) -> Option<Figures> {
        let v = from_json(text.trim()).ok()?;
        let number = |key: &str| v.int_at(key).and_then(|n| u64::try_from(n).ok());
        let count = |key: &str| number(key).and_then(|n| usize::try_from(n).ok());
        Some(Figures {
            replicas: v.int_at("replicas")?,
            runs: count("runs")?,
            median: Duration::from_micros(number("medianMicroseconds")?),
            best: Duration::from_micros(number("bestMicroseconds")?),
            peak: number("peakKilobytes"),
            steps: count("steps")?,
            changes: count("changes")?,
        })
    }
}

fn in_a_process(common: &Common, replicas: i64) -> Result<Figures, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = std::process::Command::new(program)
        .args(["bench", ONE, &replicas.to_string()])
        .args(["--seed", &common.seed.to_string()])
        .args(["--kubernetes", &common.version.to_string()])
        .output()
        .map_err(|e| e.to_string())?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Figures::read(&said(&output.stdout)).ok_or_else(|| said(&output.stderr))
}

/// Measures one size and prints its figures for the process that asked.
fn one(common: &Common, sizes: &[i64]) -> Exit {
    let replicas = sizes.first().copied().unwrap_or(10);
    let mut runs: Vec<(Duration, usize, usize)> = Vec::new();
    let mut total = Duration::ZERO;
    while runs.len() < FEWEST_RUNS || (total < ENOUGH && runs.len() < MOST_RUNS) {
        match update(common, replicas) {
            Ok(run) => {
                total += run.0;
                runs.push(run);
            }
            Err(text) => {
                print_error(&format!("{text}\n"));
                return Exit(1);
            }
        }
    }
    runs.sort();
    let (median, steps, changes) = runs[runs.len() / 2];
    let figures = Figures {
        replicas,
        runs: runs.len(),
        median,
        best: runs[0].0,
        peak: peak_memory(),
        steps,
        changes,
    };
    print(&to_json(&figures.value(&[])));
    print("\n");
    Exit(0)
}

/// CPU time of one image update from its request to completion, its steps and its changes.
fn update(common: &Common, replicas: i64) -> Result<(Duration, usize, usize), String> {
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
    complete(&mut engine)?;
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
    let (steps, changes) = complete(&mut engine)?;
    Ok((cpu_time()?.saturating_sub(begin), steps, changes))
}

/// Steps until the rollout is complete: their number, and that of their changes.
fn complete(engine: &mut Engine) -> Result<(usize, usize), String> {
    let (mut steps, mut changes) = (0, 0);
    let until = SimTime(engine.now().0 + PATIENCE.0);
    while !is_complete(engine) {
        let records = engine.step_until(until);
        if records.is_empty() {
            return Err("the rollout does not end".to_owned());
        }
        steps += records.len();
        changes += records.iter().map(|r| r.changes.len()).sum::<usize>();
    }
    Ok((steps, changes))
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
    // `stat` counts in ticks, which is too coarse. The scheduler counts nanoseconds, brought up to date when it runs.
    std::thread::yield_now();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_back_from_the_process_that_measured_them() {
        let common = Common {
            version: rollout_api::Minor::default(),
            named: false,
            seed: 1,
        };
        let (time, steps, changes) = update(&common, 3).unwrap();
        assert!(steps > 10 && changes > steps);
        let figures = Figures {
            replicas: 1000,
            runs: 3,
            median: Duration::from_millis(201),
            best: time,
            peak: Some(64 * 1024 + 1),
            steps,
            changes,
        };
        let text = to_json(&figures.value(&[]));
        let read = Figures::read(&text).unwrap();
        assert_eq!(to_json(&read.value(&[])), text);
        assert_eq!(read.faults(), ["more than 200 ms", "more than 64 MB"]);
        assert!(read.line(&[]).ends_with("ok\n"));
        assert!(Figures::read("error").is_none());
    }
}
