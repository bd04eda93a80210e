//! The published numbers of rollouts, with the page's own scheduler and kubelets: bursts, peaks, floors, resting points.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{Kind, ObjectKey, Value, object};
use rollout_engine::client::WriteOptions;
use rollout_engine::{ClusterConfig, Engine, SimEvent, SimTime};
use std::collections::{BTreeMap, BTreeSet};

/// One Deployment `web` and what was seen of it.
struct Rollout {
    engine: Engine,
    /// Sizes wanted of the old sets and of the newest, after each write of a ReplicaSet's size.
    writes: Vec<(i64, i64)>,
    peak: usize,
    lowest: usize,
    /// Sizes of the sets by image.
    seen: BTreeMap<String, i64>,
    target: &'static str,
    /// Pods of two templates ran at the same time.
    mixed: bool,
}

fn deployment(replicas: i64, strategy: &str) -> Value {
    let mut value = from_json(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"},
        "spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"web","image":"web:v1"}]}}}}"#,
    )
    .unwrap();
    value.set("spec.replicas", replicas);
    match strategy {
        "" => {}
        "Recreate" => value.set("spec.strategy", object! { "type" => "Recreate" }),
        limits => {
            let (surge, unavailable) = limits.split_once('/').unwrap();
            let read = |t: &str| {
                t.parse::<i64>()
                    .map_or_else(|_| Value::text(t), Value::from)
            };
            let rolling =
                object! { "maxSurge" => read(surge), "maxUnavailable" => read(unavailable) };
            value.set("spec.strategy", object! { "rollingUpdate" => rolling });
        }
    }
    value
}

impl Rollout {
    /// A Deployment at rest, all pods ready; `good` for its first image.
    fn at_rest(replicas: i64, strategy: &str) -> Rollout {
        let mut engine = Engine::new(ClusterConfig::default());
        let options = WriteOptions::default();
        let value = deployment(replicas, strategy);
        engine.act("t", |c| {
            c.create(Kind::DEPLOYMENT, "default", value, &options)
                .map(|_| ())
                .unwrap()
        });
        let mut r = Rollout {
            engine,
            writes: Vec::new(),
            peak: 0,
            lowest: usize::MAX,
            seen: BTreeMap::new(),
            target: "web:v1",
            mixed: false,
        };
        r.rest();
        assert_eq!(r.ready() as i64, replicas);
        r.forget();
        r
    }
    fn forget(&mut self) {
        self.writes.clear();
        self.peak = 0;
        self.lowest = usize::MAX;
        self.mixed = false;
    }
    fn rule(&mut self, words: &str) -> &mut Self {
        let words: Vec<&str> = words.split(' ').collect();
        self.engine
            .act("t", |c| c.world_mut().set_image_rule_words(&words).unwrap());
        self
    }
    fn change(&mut self, f: impl Fn(&mut Value)) -> &mut Self {
        let key = ObjectKey::new(Kind::DEPLOYMENT, "default", "web");
        let mut value = self.engine.store().get(&key).unwrap().value.clone();
        f(&mut value);
        let options = WriteOptions::default();
        self.engine.act("t", |c| {
            c.update(Kind::DEPLOYMENT, "default", "web", value, &options)
                .map(|_| ())
                .unwrap()
        });
        self
    }
    fn image(&mut self, image: &'static str) -> &mut Self {
        self.target = image;
        self.change(|v| {
            v.at_mut("spec.template.spec.containers")
                .unwrap()
                .list_mut()[0]
                .set("image", image)
        })
    }
    /// Steps until `stop` says so or nothing is due within ten minutes but timers of waits.
    fn until(&mut self, stop: impl Fn(&Rollout) -> bool) -> &mut Self {
        let end = SimTime(self.engine.now().0 + 590_000);
        while !stop(self) {
            let due = self
                .engine
                .upcoming()
                .find(|(_, e)| !matches!(e, SimEvent::ExpireEvents))
                .map(|(t, _)| t);
            if due.is_none_or(|t| t > end) {
                break;
            }
            for record in self.engine.step_until(end) {
                for c in record
                    .changes
                    .iter()
                    .filter(|c| c.key.kind == Kind::REPLICA_SET)
                {
                    let size = c
                        .after
                        .as_ref()
                        .and_then(|o| o.replica_set())
                        .map(|r| i64::from(r.replicas));
                    let image = c.after.as_ref().map_or(String::new(), |o| {
                        o.value
                            .str_at("spec.template.spec.containers.0.image")
                            .to_owned()
                    });
                    if let Some(size) = size
                        && self.seen.insert(image.clone(), size) != Some(size)
                    {
                        let new = self.seen.get(self.target).copied().unwrap_or(0);
                        self.writes
                            .push((self.seen.values().sum::<i64>() - new, new));
                    }
                }
            }
            let total = self.total();
            self.peak = self.peak.max(total);
            self.lowest = self.lowest.min(self.ready());
            let images: BTreeSet<String> = self
                .engine
                .list(Kind::POD)
                .filter(|p| {
                    p.value
                        .at("status.containerStatuses.0.state.running")
                        .is_some()
                })
                .map(|p| p.value.str_at("spec.containers.0.image").to_owned())
                .collect();
            self.mixed |= images.len() > 1;
        }
        self
    }
    fn rest(&mut self) -> &mut Self {
        self.until(|_| false)
    }
    fn sets(&self) -> Vec<(i64, String, i64)> {
        let mut sets: Vec<(i64, String, i64)> = self
            .engine
            .list(Kind::REPLICA_SET)
            .map(|r| {
                let revision = r.meta.annotation("deployment.kubernetes.io/revision");
                (
                    revision.and_then(|t| t.parse().ok()).unwrap_or(0),
                    r.value
                        .str_at("spec.template.spec.containers.0.image")
                        .to_owned(),
                    r.value.int_at("spec.replicas").unwrap_or(0),
                )
            })
            .collect();
        sets.sort();
        sets
    }
    /// Sizes wanted: old sets, newest set.
    fn sizes(&self) -> (i64, i64) {
        let sets = self.sets();
        let new = sets.last().map_or(0, |s| s.2);
        (sets.iter().map(|s| s.2).sum::<i64>() - new, new)
    }
    fn size_of(&self, image: &str) -> i64 {
        self.sets()
            .iter()
            .filter(|s| s.1 == image)
            .map(|s| s.2)
            .sum()
    }
    fn pods(&self) -> impl Iterator<Item = &std::rc::Rc<rollout_engine::Object>> {
        self.engine
            .list(Kind::POD)
            .filter(|p| !p.meta.is_terminating())
    }
    fn total(&self) -> usize {
        self.pods().count()
    }
    fn listed(&self) -> usize {
        self.engine.list(Kind::POD).count()
    }
    fn ready(&self) -> usize {
        self.pods()
            .filter(|p| p.pod().is_some_and(|p| p.ready))
            .count()
    }
    fn ready_of(&self, image: &str) -> usize {
        let of = |p: &&std::rc::Rc<rollout_engine::Object>| {
            p.value.str_at("spec.containers.0.image") == image
        };
        self.pods()
            .filter(of)
            .filter(|p| p.pod().is_some_and(|p| p.ready))
            .count()
    }
    fn names(&self) -> BTreeSet<String> {
        self.pods()
            .filter(|p| p.pod().is_some_and(|p| p.ready))
            .map(|p| p.meta.name.to_string())
            .collect()
    }
    fn status(&self, field: &str) -> i64 {
        let key = ObjectKey::new(Kind::DEPLOYMENT, "default", "web");
        let value = self.engine.store().get(&key).unwrap().value.clone();
        value.int_at(&format!("status.{field}")).unwrap_or(0)
    }
}

#[test]
fn three_replicas_with_defaults() {
    let mut r = Rollout::at_rest(3, "");
    r.image("web:v2").rest();
    assert_eq!(r.writes, [(3, 1), (2, 1), (2, 2), (1, 2), (1, 3), (0, 3)]);
    assert_eq!((r.peak, r.lowest), (4, 3));
}

#[test]
fn four_replicas_with_defaults() {
    let mut r = Rollout::at_rest(4, "");
    r.image("web:v2").rest();
    assert_eq!(r.writes[..3], [(4, 1), (3, 1), (3, 2)]);
    assert_eq!((r.peak, r.lowest), (5, 3));
    assert_eq!(r.sizes(), (0, 4));
}

#[test]
fn a_missing_image_and_the_way_back() {
    let mut r = Rollout::at_rest(4, "");
    r.rule("web:v10 missing").image("web:v10").rest();
    assert_eq!(r.sizes(), (3, 2));
    assert_eq!(
        (
            r.status("readyReplicas"),
            r.status("updatedReplicas"),
            r.status("availableReplicas")
        ),
        (3, 2, 3)
    );
    let reasons: BTreeSet<String> = r
        .pods()
        .filter_map(|p| {
            p.value
                .at("status.containerStatuses.0.state.waiting.reason")?
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    assert!(
        reasons
            .iter()
            .all(|r| r == "ErrImagePull" || r == "ImagePullBackOff")
            && !reasons.is_empty()
    );
    let survivors = r.names();
    assert_eq!(survivors.len(), 3);
    // What undo does: the old template again.
    r.forget();
    r.image("web:v1").rest();
    assert_eq!((r.size_of("web:v10"), r.size_of("web:v1")), (0, 4));
    assert!(r.names().is_superset(&survivors) && r.names().len() == 4);
    assert_eq!(r.lowest, 3);
}

#[test]
fn ten_replicas_two_and_two() {
    let mut r = Rollout::at_rest(10, "2/2");
    r.image("web:v2").until(|r| r.ready_of("web:v2") >= 1);
    assert_eq!(r.writes[..3], [(10, 2), (8, 2), (8, 4)]);
    r.until(|r| r.ready_of("web:v2") >= 2);
    // The second readiness has its effect in the same instant.
    r.engine.settle();
    assert_eq!((r.sizes(), r.total()), ((6, 6), 12));
    r.change(|v| v.set("spec.paused", true)).rest();
    assert_eq!((r.sizes(), r.total()), ((6, 6), 12));
    assert_eq!(r.ready(), 12);
    r.writes.clear();
    r.change(|v| v.set("spec.paused", false))
        .until(|r| r.writes.len() >= 2);
    assert_eq!(r.writes, [(2, 6), (2, 10)]);
    r.rest();
    assert_eq!((r.sizes(), r.peak, r.lowest), ((0, 10), 12, 8));
}

#[test]
fn ten_replicas_a_quarter_each_with_a_missing_image() {
    let mut r = Rollout::at_rest(10, "25%/25%");
    r.rule("web:v2 missing").image("web:v2").rest();
    assert_eq!((r.sizes(), r.total()), ((8, 5), 13));
    r.forget();
    // A third image, good: the broken set goes first, the good old pods wait for the new ones.
    r.image("web:v3").until(|r| r.size_of("web:v3") == 5);
    assert_eq!(
        (
            r.size_of("web:v1"),
            r.size_of("web:v2"),
            r.size_of("web:v3")
        ),
        (8, 0, 5)
    );
    assert_eq!(r.ready_of("web:v3"), 0);
    r.rest();
    assert_eq!((r.sizes(), r.lowest), ((0, 10), 8));
}

#[test]
fn scaled_in_the_middle_of_a_broken_rollout() {
    let mut r = Rollout::at_rest(10, "3/2");
    r.rule("web:v2 missing").image("web:v2").rest();
    assert_eq!(r.sizes(), (8, 5));
    r.change(|v| v.set("spec.replicas", 15)).rest();
    assert_eq!((r.sizes(), r.status("availableReplicas")), ((11, 7), 11));
    r = Rollout::at_rest(10, "3/2");
    r.rule("web:v2 missing").image("web:v2").rest();
    r.change(|v| v.set("spec.replicas", 15))
        .until(|r| r.sizes() == (11, 7));
    assert_eq!(r.ready(), 8);
}

#[test]
fn more_pods_than_the_ceiling() {
    let mut r = Rollout::at_rest(15, "25%/25%");
    r.rule("web:v1 ignores-stop")
        .image("web:v2")
        .until(|r| r.sizes() == (12, 7));
    r.engine.settle();
    assert_eq!((r.total(), r.listed()), (19, 22));
}

#[test]
fn strategies_of_four() {
    for (strategy, peak, lowest) in [
        ("1/0", 5, 4),
        ("0/1", 4, 3),
        ("100%/0", 8, 4),
        ("0/100%", 4, 0),
        ("Recreate", 4, 0),
    ] {
        let mut r = Rollout::at_rest(4, strategy);
        r.image("web:v2").rest();
        assert_eq!(
            (r.peak, r.lowest, r.sizes()),
            (peak, lowest, (0, 4)),
            "{strategy}"
        );
        assert_eq!(
            r.mixed,
            strategy != "Recreate" && strategy != "0/100%",
            "{strategy}"
        );
    }
}

#[test]
fn percentages_round_up_and_down() {
    let surge = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3];
    let unavailable = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2];
    for n in 1..=10 {
        let mut r = Rollout::at_rest(n, "25%/25%");
        r.rule("web:v2 missing").image("web:v2").rest();
        let i = (n - 1) as usize;
        assert_eq!(
            r.sizes(),
            (n - unavailable[i], surge[i] + unavailable[i]),
            "{n} replicas"
        );
    }
}
