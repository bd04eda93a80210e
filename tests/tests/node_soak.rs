//! Random behaviours, probes and deletions on the page's node side: nothing panics, the books balance, everything ends.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, ObjectKey, Value, object};
use rollout_engine::client::{DeleteOptions, WriteOptions};
use rollout_engine::images::Behaviour;
use rollout_engine::rng::{SimRng, Stream};
use rollout_engine::{ClusterConfig, Engine, SimEvent, SimTime};
use std::collections::{BTreeMap, BTreeSet};

struct Dice(SimRng);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.below(Stream::Other, n)
    }
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

fn probe(dice: &mut Dice) -> Value {
    let mut v = match dice.below(4) {
        0 => object! { "httpGet" => object! { "path" => "/healthz", "port" => 8080 } },
        1 => object! { "tcpSocket" => object! { "port" => 8080 } },
        2 => object! { "grpc" => object! { "port" => 8080 } },
        _ => {
            object! { "exec" => object! { "command" => vec![Value::from("cat"), "/tmp/ok".into()] } }
        }
    };
    v.set("periodSeconds", 1 + dice.below(10) as i64);
    v.set("initialDelaySeconds", dice.below(10) as i64);
    v.set("failureThreshold", 1 + dice.below(3) as i64);
    v.set("timeoutSeconds", 1 + dice.below(2) as i64);
    v
}

fn sleep(seconds: u64) -> Value {
    object! { "exec" => object! { "command" => vec![Value::from("sleep"), seconds.to_string().into()] } }
}

fn container(dice: &mut Dice, name: &'static str, image: &'static str) -> Value {
    let mut c = object! { "name" => name, "image" => image };
    for kind in ["readinessProbe", "livenessProbe", "startupProbe"] {
        if dice.chance(40) {
            c.set(kind, probe(dice));
        }
    }
    if dice.chance(30) {
        c.set("lifecycle.preStop", sleep(dice.below(40)));
    }
    if dice.chance(20) {
        c.set("lifecycle.postStart", sleep(dice.below(5)));
    }
    if dice.chance(50) {
        c.set(
            "resources.requests.cpu",
            format!("{}m", 100 * (1 + dice.below(12))),
        );
    }
    if dice.chance(30) {
        c.set("resources.limits.memory", "64Mi");
    }
    if dice.chance(20) {
        c.set(
            "imagePullPolicy",
            ["Always", "IfNotPresent", "Never"][dice.below(3) as usize],
        );
    }
    if dice.chance(10) {
        let source = object! { "configMapKeyRef" => object! { "name" => "conf", "key" => "mode" } };
        c.set(
            "env",
            vec![object! { "name" => "MODE", "valueFrom" => source }],
        );
    }
    c
}

fn deployment(dice: &mut Dice, image: &'static str) -> Value {
    let labels = object! { "app" => "web" };
    let mut spec = object! { "containers" => vec![container(dice, "web", image)] };
    spec.set("terminationGracePeriodSeconds", dice.below(40) as i64);
    if dice.chance(30) {
        let second = container(dice, "side", "proxy:1");
        spec.at_mut("containers").unwrap().list_mut().push(second);
    }
    if dice.chance(30) {
        let mut init = container(dice, "init", "init:1");
        if dice.chance(50) {
            init.set("restartPolicy", "Always");
        } else {
            for kind in [
                "readinessProbe",
                "livenessProbe",
                "startupProbe",
                "lifecycle",
            ] {
                init.remove(kind);
            }
        }
        spec.set("initContainers", vec![init]);
    }
    object! {
        "apiVersion" => "apps/v1", "kind" => "Deployment",
        "metadata" => object! { "name" => "web", "namespace" => "default" },
        "spec" => object! {
            "replicas" => 1 + dice.below(6) as i64,
            "selector" => object! { "matchLabels" => labels.clone() },
            "template" => object! { "metadata" => object! { "labels" => labels }, "spec" => spec },
        },
    }
}

fn rule(dice: &mut Dice) -> Vec<String> {
    let names = Behaviour::names();
    let mut words =
        vec![["web:v1", "web:v2", "proxy:1", "init:1"][dice.below(4) as usize].to_owned()];
    for _ in 0..=dice.below(2) {
        let name = names[dice.below(names.len() as u64) as usize];
        words.push(name.to_owned());
        match name {
            "needs-config" => words.push("key=MODE".into()),
            "needs-schema" => words.push("schema=2".into()),
            "serves" => {
                words.push(["port=8080", "port=9", "path=/other"][dice.below(3) as usize].into())
            }
            "crash" | "oom" => words.push(format!("after={}", dice.below(30))),
            "late" => words.push(format!("until={}", dice.below(300))),
            "slow-start" => words.push(format!("ready={}", dice.below(60))),
            "flapping" => words.push(format!("down={}", dice.below(60))),
            _ => {}
        }
    }
    if dice.chance(20) {
        words.push(format!("pod={}", 1 + dice.below(5)));
    }
    if dice.chance(20) {
        words.push(format!("to={}", dice.below(400)));
    }
    words
}

/// The scheduler's books against the store; addresses; conditions against containers.
fn check(engine: &Engine) {
    let mut pods: BTreeMap<String, i64> = BTreeMap::new();
    let mut addresses = BTreeSet::new();
    for pod in engine.list(Kind::POD) {
        let view = pod.pod().unwrap();
        if !view.node.is_empty() && view.is_live() {
            *pods.entry(view.node.to_string()).or_insert(0) += 1;
        }
        if !view.ip.is_empty() {
            assert!(
                addresses.insert(view.ip.to_string()),
                "{} has a pod already",
                view.ip
            );
        }
        let statuses = pod.value.list_at("status.containerStatuses");
        if view.ready {
            assert!(
                statuses.iter().all(|c| c.bool_at("ready")),
                "{:?}",
                pod.value.get("status")
            );
        }
        for c in statuses {
            assert!(!c.bool_at("ready") || c.at("state.running").is_some());
            assert_eq!(c.get("state").unwrap().as_map().unwrap().len(), 1);
        }
        if let Some(end) = pod.meta.deletion {
            // The stop itself may take two seconds more than the grace, and sidecars go one after the other.
            assert!(
                engine.wall().0 <= end.0 + 60,
                "{} does not go",
                pod.meta.name
            );
        }
    }
    let mut mates: BTreeMap<String, i64> = BTreeMap::new();
    for pod in engine.list(Kind::POD).filter(|p| !p.meta.is_terminating()) {
        let view = pod.pod().unwrap();
        if view.is_live() && !view.node.is_empty() && pod.meta.controller.is_some() {
            *mates.entry(view.node.to_string()).or_insert(0) += 1;
        }
    }
    for (name, node) in engine.components().scheduler.as_ref().unwrap().nodes() {
        assert_eq!(
            node.pods,
            pods.get(name.as_str()).copied().unwrap_or(0),
            "pods of {name}"
        );
        let counted: i64 = node.by_owner.values().sum();
        assert_eq!(
            counted,
            mates.get(name.as_str()).copied().unwrap_or(0),
            "mates on {name}"
        );
        assert!(
            node.used.cpu <= node.allocatable.cpu && node.used.cpu >= 0,
            "{name} is overbooked"
        );
    }
}

fn session(seed: u64) {
    let mut dice = Dice(SimRng::new(seed));
    let mut engine = Engine::new(ClusterConfig {
        seed,
        ..ClusterConfig::default()
    });
    let options = WriteOptions::default();
    let value = deployment(&mut dice, "web:v1");
    let created = engine.act("t", |c| {
        c.create(Kind::DEPLOYMENT, "default", value, &options)
    });
    assert!(created.0.is_ok(), "{:?}", created.0.err());
    for _ in 0..12 {
        match dice.below(6) {
            0 | 1 => {
                let words = rule(&mut dice);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                engine.act("t", |c| c.world_mut().set_image_rule_words(&words).unwrap());
            }
            2 => {
                let value = deployment(&mut dice, "web:v2");
                let _ = engine.act("t", |c| {
                    c.update(Kind::DEPLOYMENT, "default", "web", value, &options)
                });
            }
            3 => {
                let names: Vec<_> = engine
                    .list(Kind::POD)
                    .map(|p| p.meta.name.clone())
                    .collect();
                if !names.is_empty() {
                    let name = names[dice.below(names.len() as u64) as usize].clone();
                    let grace = [None, Some(0), Some(1), Some(60)][dice.below(4) as usize];
                    let options = DeleteOptions {
                        grace_period_seconds: grace,
                        ..DeleteOptions::default()
                    };
                    let _ = engine.act("t", |c| c.delete(Kind::POD, "default", &name, &options));
                }
            }
            4 => {
                let key = ObjectKey::new(Kind::NODE, "", format!("node-{}", 1 + dice.below(3)));
                let mut value = engine.store().get(&key).unwrap().value.clone();
                let cordoned = value.bool_at("spec.unschedulable");
                value.set("spec.unschedulable", !cordoned);
                engine.act("t", |c| {
                    c.world_mut().update(&key, value).map(|_| ()).unwrap()
                });
            }
            _ => {
                let map = object! { "apiVersion" => "v1", "kind" => "ConfigMap",
                "metadata" => object! { "name" => "conf", "namespace" => "default" },
                "data" => object! { "mode" => "a" } };
                let _ = engine.act("t", |c| {
                    c.create(Kind::CONFIG_MAP, "default", map, &options)
                });
            }
        }
        let end = SimTime(engine.now().0 + dice.below(60_000));
        while engine.next_at().is_some_and(|t| t <= end) {
            engine.step_until(end);
            check(&engine);
        }
        engine.advance_to(end);
    }
    let _ = engine.act("t", |c| {
        c.delete(
            Kind::DEPLOYMENT,
            "default",
            "web",
            &DeleteOptions::default(),
        )
    });
    engine.advance_to(SimTime(engine.now().0 + 600_000));
    assert_eq!(engine.list(Kind::POD).count(), 0);
    let components = engine.components();
    assert_eq!(components.kubelet.as_ref().unwrap().pod_count(), 0);
    assert_eq!(components.scheduler.as_ref().unwrap().waiting_count(), 0);
    let left: Vec<_> = engine
        .upcoming()
        .filter(|(_, e)| matches!(e, SimEvent::Kubelet(_) | SimEvent::Scheduler(_)))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn random_sessions_balance() {
    let count = std::env::var("ROLLOUT_SOAK")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(25);
    for seed in 1..=count {
        let run = std::panic::catch_unwind(|| session(seed));
        assert!(run.is_ok(), "seed {seed}");
    }
}
