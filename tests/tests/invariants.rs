//! Random manifests, actions and behaviours: what must hold after every step holds. The seed of a failure is printed.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::intstr::IntOrString;
use rollout_api::json::from_json;
use rollout_api::{Kind, Value};
use rollout_engine::client::{PatchType, WriteOptions};
use rollout_engine::rng::{SimRng, Stream};
use rollout_engine::{ClusterConfig, Engine, SimTime};
use std::collections::BTreeSet;

const IMAGES: &[(&str, &str)] = &[
    ("web:v1", "good"),
    ("web:v2", "good"),
    ("web:v3", "missing"),
    ("web:v4", "crash after=1"),
    ("web:v5", "never-ready"),
    ("web:v6", "slow-start ready=20"),
];
const LIMITS: &[&str] = &["0", "1", "2", "3", "25%", "50%", "100%"];

struct Random(SimRng);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0.below(Stream::Other, n)
    }
    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
    fn limit(&mut self) -> Value {
        let text = *self.of(LIMITS);
        text.parse::<i64>()
            .map_or_else(|_| Value::text(text), Value::Int)
    }
}

fn manifest(r: &mut Random) -> Value {
    let replicas = r.below(9);
    let mut d = from_json(&format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},
        "selector":{{"matchLabels":{{"app":"web"}}}},"template":{{"metadata":{{"labels":{{"app":"web"}}}},
        "spec":{{"containers":[{{"name":"web","image":"web:v1"}}]}}}}}}}}"#
    ))
    .unwrap();
    if r.below(4) == 0 {
        d.set("spec.strategy.type", "Recreate");
    } else {
        d.set("spec.strategy.rollingUpdate.maxSurge", r.limit());
        d.set("spec.strategy.rollingUpdate.maxUnavailable", r.limit());
    }
    if r.below(2) == 0 {
        let probe = from_json(r#"{"tcpSocket":{"port":80},"periodSeconds":2}"#).unwrap();
        d.at_mut("spec.template.spec.containers.0")
            .unwrap()
            .set("readinessProbe", probe);
    }
    d.set(
        "spec.minReadySeconds",
        i64::try_from(r.below(3) * 4).unwrap(),
    );
    d.set(
        "spec.revisionHistoryLimit",
        i64::try_from(r.below(4)).unwrap(),
    );
    d
}

fn action(r: &mut Random, engine: &mut Engine) {
    let patch = match r.below(6) {
        0..=2 => format!(
            r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}}}}"#,
            r.of(IMAGES).0
        ),
        3 => format!(r#"{{"spec":{{"replicas":{}}}}}"#, r.below(9)),
        4 => r#"{"spec":{"paused":true}}"#.to_owned(),
        _ => r#"{"spec":{"paused":null}}"#.to_owned(),
    };
    let patch = from_json(&patch).unwrap();
    engine.act("test", |c| {
        c.patch(
            Kind::DEPLOYMENT,
            "default",
            "web",
            PatchType::Strategic,
            &patch,
            &WriteOptions::default(),
        )
        .unwrap();
    });
}

fn resolved(value: &Value, total: i32, up: bool) -> i32 {
    IntOrString::of(Some(value)).map_or(0, |v| v.scaled(total, up).unwrap_or(0))
}

/// What must hold at the end of every event, whatever was done. `scaled`: the size was changed by hand in this rollout, after
/// which more pods than the ceiling may be wanted for a while.
fn check(engine: &Engine, scaled: bool) -> Result<(), String> {
    let Some(deployment) = engine.list(Kind::DEPLOYMENT).next() else {
        return Ok(());
    };
    let view = deployment.deployment().unwrap();
    let sets: Vec<_> = engine.list(Kind::REPLICA_SET).collect();
    let uids: BTreeSet<_> = sets.iter().map(|s| s.meta.uid.clone()).collect();
    // Owners.
    for pod in engine.list(Kind::POD) {
        let owner = pod.meta.controller.as_ref().ok_or("a pod without owner")?;
        if !uids.contains(&owner.uid) && !pod.meta.is_terminating() {
            return Err(format!("pod {} has an owner that is gone", pod.meta.name));
        }
    }
    // Counts: a set that has been synced counts its own active pods.
    for set in &sets {
        let status = &set.replica_set().unwrap().status;
        if status.observed_generation > set.meta.generation
            || status.available_replicas > status.ready_replicas
            || status.ready_replicas > status.replicas
        {
            return Err(format!("{}: counts {status:?}", set.meta.name));
        }
    }
    // Revisions: all different, and none above the Deployment's once it has caught up.
    let revisions: Vec<u32> = sets
        .iter()
        .filter_map(|s| {
            s.meta
                .annotation("deployment.kubernetes.io/revision")?
                .parse()
                .ok()
        })
        .collect();
    if revisions.iter().collect::<BTreeSet<_>>().len() != revisions.len() {
        return Err(format!("revisions {revisions:?}"));
    }
    // Ceiling: sizes wanted never pass it while nobody scales.
    let wanted: i32 = sets.iter().map(|s| s.replica_set().unwrap().replicas).sum();
    let surge = resolved(&view.max_surge, view.replicas, true);
    if !scaled && wanted > view.replicas + surge {
        return Err(format!(
            "{wanted} pods wanted, ceiling {}",
            view.replicas + surge
        ));
    }
    Ok(())
}

/// The floor of a rolling update: available pods, counted before and after each event that only controllers made.
fn floor(engine: &Engine) -> Option<i32> {
    let deployment = engine.list(Kind::DEPLOYMENT).next()?;
    let view = deployment.deployment()?;
    if view.max_unavailable.is_null() {
        return None; // Recreate promises none
    }
    let surge = resolved(&view.max_surge, view.replicas, true);
    let unavailable = resolved(&view.max_unavailable, view.replicas, false);
    let unavailable = if surge == 0 && unavailable == 0 {
        1
    } else {
        unavailable
    };
    Some(view.replicas - unavailable.min(view.replicas))
}

fn available(engine: &Engine) -> i32 {
    engine
        .list(Kind::REPLICA_SET)
        .map(|s| s.replica_set().unwrap().status.available_replicas)
        .sum()
}

fn session(seed: u64) -> Result<usize, String> {
    let mut r = Random(SimRng::new(seed));
    let mut config = ClusterConfig {
        seed,
        ..ClusterConfig::default()
    };
    for (image, behaviour) in IMAGES {
        let words: Vec<&str> = std::iter::once(*image)
            .chain(behaviour.split(' '))
            .collect();
        config
            .images
            .set_words(&words)
            .map_err(|e| format!("{e:?}"))?;
    }
    let mut engine = Engine::new(config);
    let d = manifest(&mut r);
    let created = engine
        .act("test", |c| {
            c.create(Kind::DEPLOYMENT, "default", d, &WriteOptions::default())
        })
        .0;
    if created.is_err() {
        return Ok(0); // 0 and 0: refused
    }
    let (mut steps, mut size) = (0, None);
    for _ in 0..6 {
        let until = SimTime(engine.now().0 + 1000 + r.below(40_000));
        let replicas = |e: &Engine| {
            e.list(Kind::DEPLOYMENT)
                .next()
                .unwrap()
                .deployment()
                .unwrap()
                .replicas
        };
        let scaled = size.is_some_and(|s| s != replicas(&engine));
        size = Some(replicas(&engine));
        loop {
            let before = available(&engine);
            let records = engine.step_until(until);
            if records.is_empty() {
                break;
            }
            steps += records.len();
            check(&engine, scaled)?;
            // A controller never takes the rollout below its floor by its own deletions: sizes that go down leave enough.
            let shrunk = records.iter().flat_map(|x| &x.changes).any(|c| {
                c.key.kind == Kind::REPLICA_SET
                    && matches!((&c.before, &c.after), (Some(b), Some(a)) if a.replica_set().unwrap().replicas < b.replica_set().unwrap().replicas)
            });
            if let (true, false, Some(floor)) = (shrunk, scaled, floor(&engine)) {
                let left: i32 = engine
                    .list(Kind::REPLICA_SET)
                    .map(|s| {
                        let v = s.replica_set().unwrap();
                        v.status.available_replicas.min(v.replicas)
                    })
                    .sum();
                if left < floor.min(before) {
                    return Err(format!(
                        "{left} available pods are left by a scale-down, floor {floor}, {before} before"
                    ));
                }
            }
        }
        action(&mut r, &mut engine);
        check(&engine, true)?;
    }
    Ok(steps)
}

#[test]
fn random_rollouts_keep_their_promises() {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let sessions = number("ROLLOUT_SOAK").unwrap_or(2000);
    let from = number("ROLLOUT_SOAK_FROM").unwrap_or(0);
    let mut steps = 0;
    for seed in from..from + sessions {
        match session(seed) {
            Ok(n) => steps += n,
            Err(e) => panic!("seed {seed}: {e}"),
        }
    }
    println!("{sessions} sessions from seed {from}, {steps} steps");
    assert!(steps > 10_000 || sessions < 2000);
}
