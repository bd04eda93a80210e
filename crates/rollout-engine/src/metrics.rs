//! How hard workloads are used, and what the metrics API tells of it: load curves of Deployments, shared by their pods.
//!
//! There is a metrics API as soon as the first `load` line was given. Every 15 s it takes a sample; what is asked later
//! gets the newest one.

use crate::controllers::resolve_controller_ref;
use crate::sim_event::SimEvent;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::quantity::Quantity;
use rollout_api::views::{Object, PodPhase};
use rollout_api::{Kind, ObjectKey, Str, Timestamp, Value};
use std::fmt;
use std::rc::Rc;

/// How often samples are taken: metrics-server's `--metric-resolution`.
pub const RESOLUTION: u64 = 15_000;
/// A container that runs for less than this has no sample yet.
const FRESH_SECONDS: i64 = 10;
/// What a container uses that serves nobody.
const IDLE_CPU: i64 = 1;

/// One point of a curve: from here on this much is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point {
    /// Milliseconds after the curve was given.
    pub after: u64,
    /// Thousandths of a CPU, of all pods together; or bytes, of each pod.
    pub amount: i64,
}

/// The load of one Deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Curve {
    /// The Deployment.
    pub target: ObjectKey,
    /// When the curve was given.
    pub given: SimTime,
    /// CPU of all pods together, in thousandths.
    pub cpu: Vec<Point>,
    /// Memory of each pod, in bytes.
    pub memory: Vec<Point>,
}

/// All curves.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Loads {
    /// Is there a metrics API?
    pub on: bool,
    /// By Deployment.
    pub curves: Vec<Curve>,
}

/// What is wrong with the words of a `load` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoadError {
    /// No Deployment is named.
    NoTarget,
    /// Something else than a Deployment is named.
    NotADeployment(String),
    /// There is no such Deployment.
    NotFound(Str),
    /// A word cannot be read.
    BadWord(String),
    /// Points must come in order of time.
    Order(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NoTarget => f.write_str(
                "which Deployment? load deployment/NAME cpu=AMOUNT[@TIME] [AMOUNT@TIME …] [memory=AMOUNT[@TIME] …]",
            ),
            LoadError::NotADeployment(word) => {
                write!(f, "\"{word}\" is no deployment/NAME: load falls on Deployments")
            }
            LoadError::NotFound(name) => write!(f, "deployments.apps \"{name}\" not found"),
            LoadError::BadWord(word) => write!(
                f,
                "cannot read \"{word}\"; a point is an amount and a time, as cpu=300m@0 900m@60s"
            ),
            LoadError::Order(word) => write!(f, "\"{word}\" is before the point in front of it"),
        }
    }
}

/// The amount at a moment; `None` before the first point.
fn amount_at(points: &[Point], since: u64) -> Option<i64> {
    points
        .iter()
        .rev()
        .find(|p| p.after <= since)
        .map(|p| p.amount)
}

impl Curve {
    /// Thousandths of a CPU that all pods together are asked for at a moment.
    pub fn cpu_at(&self, at: SimTime) -> i64 {
        amount_at(&self.cpu, at.since(self.given).0).unwrap_or(0)
    }
    /// Bytes that each pod uses at a moment, if the curve says it.
    pub fn memory_at(&self, at: SimTime) -> Option<i64> {
        amount_at(&self.memory, at.since(self.given).0)
    }
    /// The next point after a moment.
    pub fn next_change(&self, now: SimTime) -> Option<SimTime> {
        let points = self.cpu.iter().chain(&self.memory);
        points
            .map(|p| self.given + Millis(p.after))
            .filter(|at| *at > now)
            .min()
    }
    /// The moment of the last point that has come.
    pub fn last_change(&self, now: SimTime) -> SimTime {
        let points = self.cpu.iter().chain(&self.memory);
        points
            .map(|p| self.given + Millis(p.after))
            .filter(|at| *at <= now)
            .max()
            .unwrap_or(self.given)
    }
}

/// `90s`, `2m`, `1500ms`.
fn time_text(ms: u64) -> String {
    if !ms.is_multiple_of(1_000) {
        format!("{ms}ms")
    } else if ms > 0 && ms.is_multiple_of(60_000) {
        format!("{}m", ms / 60_000)
    } else {
        format!("{}s", ms / 1_000)
    }
}

fn time_of(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let n: u64 = text[..end].parse().ok()?;
    let unit = match &text[end..] {
        "" | "s" => 1_000,
        "ms" => 1,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    n.checked_mul(unit).filter(|ms| *ms <= 100 * 24 * 3_600_000)
}

/// Thousandths of a CPU as kubectl writes them.
pub fn cpu_text(milli: i64) -> String {
    if milli != 0 && milli % 1000 == 0 {
        (milli / 1000).to_string()
    } else {
        format!("{milli}m")
    }
}

/// Bytes in the largest unit that has no fraction.
pub fn bytes_text(bytes: i64) -> String {
    for (unit, size) in [("Gi", 1i64 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)] {
        if bytes != 0 && bytes % size == 0 {
            return format!("{}{unit}", bytes / size);
        }
    }
    bytes.to_string()
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "load deployment/{}", self.target.name)?;
        for (name, points) in [("cpu", &self.cpu), ("memory", &self.memory)] {
            for (i, p) in points.iter().enumerate() {
                let amount = if name == "cpu" {
                    cpu_text(p.amount)
                } else {
                    bytes_text(p.amount)
                };
                let head = if i == 0 { name } else { "" };
                let equals = if i == 0 { "=" } else { "" };
                write!(f, " {head}{equals}{amount}@{}", time_text(p.after))?;
            }
        }
        if self.target.namespace != "default" {
            write!(f, " -n {}", self.target.namespace)?;
        }
        Ok(())
    }
}

impl Loads {
    /// The curve of a Deployment.
    pub fn of(&self, target: &ObjectKey) -> Option<&Curve> {
        self.curves.iter().find(|c| c.target == *target)
    }
}

fn point(word: &str, memory: bool) -> Option<Point> {
    let (amount, at) = word.split_once('@').unwrap_or((word, "0"));
    let quantity = Quantity::parse(amount).ok().filter(|q| q.sign() >= 0)?;
    let amount = if memory {
        quantity.value()
    } else {
        quantity.milli_value()
    };
    // Beyond these nothing on a screen means anything.
    let most = if memory { 1 << 50 } else { 1_000_000_000 };
    Some(Point {
        after: time_of(at)?,
        amount: Some(amount).filter(|a| *a <= most)?,
    })
}

impl World {
    /// Reads a `load` line without its first word and makes it hold from now on:
    /// `deployment/web cpu=300m@0 900m@60s [memory=…] [-n NAMESPACE]`, `deployment/web off`, `off`.
    pub fn set_load_words(&mut self, words: &[&str]) -> Result<(), LoadError> {
        let mut loads = (*self.loads).clone();
        let mut namespace = "default";
        let mut rest: Vec<&str> = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "-n" | "--namespace" => {
                    namespace = words
                        .next()
                        .ok_or_else(|| LoadError::BadWord((*word).to_owned()))?;
                }
                word => rest.push(word),
            }
        }
        let Some((target, points)) = rest.split_first() else {
            return Err(LoadError::NoTarget);
        };
        if *target == "off" && points.is_empty() {
            loads = Loads::default();
        } else {
            let name = ["deployment/", "deployments/", "deploy/", "deployment.apps/"]
                .iter()
                .find_map(|prefix| target.strip_prefix(prefix))
                .filter(|n| !n.is_empty())
                .ok_or_else(|| LoadError::NotADeployment((*target).to_owned()))?;
            let key = ObjectKey::new(Kind::DEPLOYMENT, Str::copy(namespace), Str::copy(name));
            if self.store.get(&key).is_none() {
                return Err(LoadError::NotFound(key.name));
            }
            loads.on = true;
            loads.curves.retain(|c| c.target != key);
            if points != ["off"] {
                let at = loads.curves.partition_point(|c| c.target < key);
                let curve = self.curve(key, points)?;
                loads.curves.insert(at, curve);
            }
        }
        self.loads = Rc::new(loads);
        self.schedule(
            Millis(0),
            SimEvent::Autoscaler(crate::controllers::podautoscaler::AutoscalerEvent::Loads),
        );
        Ok(())
    }

    fn curve(&self, target: ObjectKey, words: &[&str]) -> Result<Curve, LoadError> {
        let mut curve = Curve {
            target,
            given: self.now,
            cpu: Vec::new(),
            memory: Vec::new(),
        };
        let mut memory = false;
        for word in words {
            let bad = || LoadError::BadWord((*word).to_owned());
            let text = if let Some(rest) = word.strip_prefix("cpu=") {
                memory = false;
                rest
            } else if let Some(rest) = word.strip_prefix("memory=") {
                memory = true;
                rest
            } else {
                word
            };
            let p = point(text, memory).ok_or_else(bad)?;
            let list = if memory {
                &mut curve.memory
            } else {
                &mut curve.cpu
            };
            if list.last().is_some_and(|last| last.after >= p.after) || list.len() >= 100 {
                return Err(LoadError::Order((*word).to_owned()));
            }
            list.push(p);
        }
        if curve.cpu.is_empty() && curve.memory.is_empty() {
            return Err(LoadError::NoTarget);
        }
        Ok(curve)
    }

    /// When the newest sample was taken.
    pub fn sampled_at(&self) -> SimTime {
        SimTime(self.now.0 / RESOLUTION * RESOLUTION)
    }
}

/// What a container uses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerUsage {
    /// Its name.
    pub name: Str,
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
}

/// What a pod's containers use, in the order of its spec.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodUsage {
    /// Each container.
    pub containers: Vec<ContainerUsage>,
}

impl PodUsage {
    /// Thousandths of a CPU, all containers.
    pub fn cpu(&self) -> i64 {
        self.containers.iter().map(|c| c.cpu).sum()
    }
    /// Bytes, all containers.
    pub fn memory(&self) -> i64 {
        self.containers.iter().map(|c| c.memory).sum()
    }
}

/// A Deployment's part of a sample.
struct Share {
    deployment: Str,
    /// Thousandths of a CPU of each serving pod.
    cpu: i64,
    memory: Option<i64>,
}

/// The newest sample of a namespace's pods.
pub struct Sample<'a> {
    world: &'a World,
    /// When it was taken, in whole seconds.
    at: Timestamp,
    shares: Vec<Share>,
}

fn serves(pod: &Object, at: Timestamp) -> bool {
    !pod.meta.is_terminating()
        && pod
            .pod()
            .is_some_and(|p| p.ready && p.ready_since.is_none_or(|since| since <= at))
}

/// The Deployment above a pod.
fn deployment_of(world: &World, pod: &Object) -> Option<Rc<Object>> {
    let namespace = &pod.meta.namespace;
    let owner = pod.meta.controller.as_ref();
    let set = resolve_controller_ref(world, namespace, owner, Kind::REPLICA_SET)?;
    resolve_controller_ref(
        world,
        namespace,
        set.meta.controller.as_ref(),
        Kind::DEPLOYMENT,
    )
}

/// Some bytes that are the same for the same image.
fn scatter(text: &str) -> i64 {
    text.bytes().fold(7i64, |h, b| {
        (h.wrapping_mul(31).wrapping_add(i64::from(b))) & 0xffff
    })
}

impl<'a> Sample<'a> {
    /// The newest sample; `None` if there is no metrics API.
    pub fn newest(world: &'a World, namespace: &str) -> Option<Sample<'a>> {
        if !world.loads.on {
            return None;
        }
        let tick = world.sampled_at();
        let at = tick.timestamp(world.config.start);
        let mut shares = Vec::new();
        for curve in &world.loads.curves {
            if curve.target.namespace != namespace || curve.given > tick {
                continue;
            }
            let Some(deployment) = world.store.get(&curve.target) else {
                continue;
            };
            let pods = world.store.list_in(Kind::POD, namespace);
            let serving = pods
                .filter(|p| serves(p, at))
                .filter(|p| {
                    deployment_of(world, p).is_some_and(|d| d.meta.uid == deployment.meta.uid)
                })
                .count();
            shares.push(Share {
                deployment: deployment.meta.uid.clone(),
                cpu: curve.cpu_at(tick) / i64::try_from(serving.max(1)).unwrap_or(1),
                memory: curve.memory_at(tick),
            });
        }
        Some(Sample { world, at, shares })
    }

    /// What a pod used; `None` if it has not run long enough.
    pub fn of(&self, pod: &Object) -> Option<PodUsage> {
        if pod.pod().is_none_or(|p| p.phase != PodPhase::Running) {
            return None;
        }
        let running = |name: &str| {
            let statuses = pod.value.list_at("status.containerStatuses");
            statuses
                .iter()
                .find(|s| s.str_at("name") == name)
                .and_then(|s| Timestamp::parse(s.str_at("state.running.startedAt")))
        };
        let deployment = deployment_of(self.world, pod);
        let share = deployment
            .and_then(|d| self.shares.iter().find(|s| s.deployment == d.meta.uid))
            .filter(|_| serves(pod, self.at));
        let mut containers = Vec::new();
        for (i, c) in pod.value.list_at("spec.containers").iter().enumerate() {
            let name = c.shared_str_at("name").unwrap_or_default();
            if running(&name)?.0 + FRESH_SECONDS > self.at.0 {
                return None;
            }
            // The load falls on the first container; the others look on.
            let share = share.filter(|_| i == 0);
            let limit = |resource: &str| {
                let amount = c.get("resources")?.get("limits")?.get(resource)?;
                Quantity::of(amount)
            };
            let idle = (4 + scatter(c.str_at("image")) % 21) << 20;
            let cpu = share.map_or(IDLE_CPU, |s| s.cpu.max(IDLE_CPU));
            let memory = share.and_then(|s| s.memory).unwrap_or(idle);
            containers.push(ContainerUsage {
                name,
                cpu: limit("cpu").map_or(cpu, |l| cpu.min(l.milli_value())),
                memory: limit("memory").map_or(memory, |l| memory.min(l.value())),
            });
        }
        (!containers.is_empty()).then_some(PodUsage { containers })
    }
}

/// A pod's request of a resource, container by container: the first that has none is the error.
///
/// Mirrors `calculatePodRequestsFromContainers`, pkg/controller/podautoscaler/replica_calculator.go.
pub(crate) fn requests(
    pod: &Value,
    container: Option<&str>,
    resource: &str,
) -> Result<i64, String> {
    let mut sum = 0i64;
    for c in pod.list_at("spec.containers") {
        let name = c.str_at("name");
        if container.is_some_and(|only| only != name) {
            continue;
        }
        let request = c
            .get("resources")
            .and_then(|r| r.get("requests"))
            .and_then(|r| r.get(resource))
            .and_then(Quantity::of);
        match request {
            Some(q) => sum = sum.saturating_add(q.milli_value()),
            None => {
                return Err(format!(
                    "missing request for {resource} in container {name} of Pod {}",
                    pod.str_at("metadata.name")
                ));
            }
        }
    }
    Ok(sum)
}
