//! From step records to what a recording holds: decisions, sizes, extremes, the end.

use super::measures::{Look, is_live};
use super::names::Names;
use rollout_api::SortedMap;
use rollout_api::views::{Condition, Object};
use rollout_api::{Kind, Map, Str, Value, object};
use rollout_engine::controllers::deployment::util;
use rollout_engine::{Cause, Change, Engine, SimEvent, StepRecord};
use std::rc::Rc;

/// Lowest and highest of what extremes look at.
#[derive(Clone, Default)]
struct Extremes {
    /// By name: (lowest, highest).
    of: SortedMap<&'static str, (i64, i64)>,
}

/// Collects a run.
pub struct Trace {
    /// Ids.
    pub names: Names,
    templates: Vec<Value>,
    epochs: Vec<Value>,
    decisions: Vec<Map>,
    sizes: Vec<Value>,
    extremes: Vec<(String, Extremes)>,
    /// Actions, one per step.
    pub actions: Vec<Value>,
    epoch: i64,
    epoch_v: u64,
    /// How long the scenario clock has stood still: what `t` is ahead of the engine's time.
    held: u64,
    /// Pods that are live now, and at the beginning of the epoch.
    pods: SortedMap<Str, Rc<Object>>,
    pods_before: SortedMap<Str, Rc<Object>>,
    /// Deployments that exist, and the owners of ReplicaSets by UID.
    deployments: SortedMap<Str, Rc<Object>>,
    sets: SortedMap<Str, Rc<Object>>,
    slices: SortedMap<Str, Rc<Object>>,
    watch_slices: bool,
    last_endpoints: SortedMap<Str, Value>,
    deployment: Option<String>,
}

/// The same template without the hash label.
fn without_hash(template: &Value) -> Value {
    let mut t = template.clone();
    if let Some(Value::Map(_)) = t.at("metadata.labels")
        && let Some(labels) = t.at_mut("metadata.labels")
    {
        labels.map_mut().remove(util::POD_TEMPLATE_HASH);
        if labels.is_empty() {
            t.remove("metadata.labels");
        }
    }
    if let Some(metadata) = t.at_mut("metadata").map(Value::map_mut) {
        metadata.retain(|k, v| k != "creationTimestamp" || !v.is_null());
    }
    t
}

fn annotations(o: &Object) -> Map {
    let mut map = o.meta.annotations.as_map().cloned().unwrap_or_default();
    map.remove(util::LAST_APPLIED);
    map
}

fn changed_annotations(before: &Object, after: &Object) -> Map {
    let (old, new) = (annotations(before), annotations(after));
    let mut changed = Map::new();
    for (k, v) in new.iter() {
        if old.get(k) != Some(v) {
            changed.insert(k, v.clone());
        }
    }
    for (k, _) in old.iter() {
        if !new.contains_key(k) {
            changed.insert(k, Value::Null);
        }
    }
    changed
}

impl Trace {
    /// An empty trace. Endpoints are followed if the scenario watches them.
    /// `deployment` names the one that is measured, if it is not the oldest.
    pub fn new(watch_slices: bool, deployment: Option<String>) -> Trace {
        Trace {
            names: Names::default(),
            templates: Vec::new(),
            epochs: vec![object! { "by" => "start", "epoch" => 0, "v" => 0 }],
            decisions: Vec::new(),
            sizes: Vec::new(),
            extremes: vec![("start".to_owned(), Extremes::default())],
            actions: Vec::new(),
            epoch: 0,
            epoch_v: 0,
            held: 0,
            pods: SortedMap::new(),
            pods_before: SortedMap::new(),
            deployments: SortedMap::new(),
            sets: SortedMap::new(),
            slices: SortedMap::new(),
            watch_slices,
            last_endpoints: SortedMap::new(),
            deployment,
        }
    }

    /// A new epoch begins.
    pub fn begin_epoch(&mut self, by: String, v: u64) {
        self.epoch += 1;
        self.epoch_v = v;
        self.pods_before = self.pods.clone();
        self.epochs
            .push(object! { "by" => by, "epoch" => self.epoch, "v" => ms(v) });
    }
    /// Its number.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }
    /// When it began.
    pub fn epoch_v(&self) -> u64 {
        self.epoch_v
    }
    /// From here on extremes count anew under this name.
    pub fn mark(&mut self, name: &str) {
        self.extremes.push((name.to_owned(), Extremes::default()));
    }

    /// Does a record hold anything that starts an epoch of the controllers?
    pub fn is_work(record: &StepRecord) -> bool {
        record.changes.iter().any(|c| match c.key.kind {
            Kind::DEPLOYMENT | Kind::REPLICA_SET => true,
            Kind::POD => match (&c.before, &c.after) {
                (Some(b), Some(a)) => {
                    b.meta.controller != a.meta.controller || b.meta.deletion != a.meta.deletion
                }
                _ => true,
            },
            _ => false,
        })
    }

    /// Takes in one step; the scenario clock has stood still for `held` ms so far.
    pub fn take(&mut self, record: &StepRecord, held: u64) {
        self.held = held;
        for change in &record.changes {
            if let Some(after) = &change.after {
                self.names.note(after);
            }
            match change.key.kind {
                Kind::DEPLOYMENT => self.take_deployment(record, change),
                Kind::REPLICA_SET => self.take_replica_set(record, change),
                Kind::POD => self.take_pod(record, change),
                Kind::ENDPOINT_SLICE if self.watch_slices => self.take_slice(change),
                _ => {}
            }
        }
    }

    /// After a step: sizes and extremes, looked at in the cluster.
    pub fn look(&mut self, engine: &Engine, deployment: Option<&str>) {
        let look = Look::at(engine, &self.names, deployment);
        let number = |name: &str| look.measure(name).as_int().unwrap_or(0);
        let ready = look
            .owned_pods()
            .filter(|p| is_live(p) && p.pod().is_some_and(|v| v.ready));
        let values = [
            ("available", number("available")),
            ("listed", number("listed")),
            ("ready", i64::try_from(ready.count()).unwrap_or(0)),
            ("total", number("total")),
        ];
        if look.deployment.is_none() {
            return;
        }
        for (_, extremes) in &mut self.extremes {
            for (name, value) in values {
                let entry = extremes.of.entry(name).or_insert((value, value));
                *entry = (entry.0.min(value), entry.1.max(value));
            }
        }
    }

    /// Sizes after a change of one of the Deployment's ReplicaSets.
    fn note_sizes(&mut self, changed: &Object) {
        let Some(owner) = self.measured() else { return };
        let owned = |o: &Object| {
            o.meta
                .controller
                .as_ref()
                .is_some_and(|c| c.uid == owner.meta.uid)
        };
        let Some(view) = owner.deployment() else {
            return;
        };
        if !owned(changed) {
            return;
        }
        let mut sets: Vec<&Rc<Object>> = self.sets.values().filter(|o| owned(o)).collect();
        sets.sort_by_key(|o| (o.meta.creation, self.names.order(&o.meta.uid)));
        let same = |o: &&Rc<Object>| {
            o.replica_set()
                .is_some_and(|r| util::equal_ignore_hash(&r.template, &view.template))
        };
        let current = sets.iter().copied().find(same).map(|o| o.meta.uid.clone());
        let (mut old, mut new, mut map) = (0, 0, Map::new());
        for o in sets {
            let size = o.replica_set().map_or(0, |r| r.replicas);
            let sum = if Some(&o.meta.uid) == current.as_ref() {
                &mut new
            } else {
                &mut old
            };
            *sum += size;
            map.insert(self.names.show(o), size);
        }
        self.sizes.push(object! {
            "epoch" => self.epoch,
            "new" => new,
            "old" => old,
            "sets" => map,
            "v" => ms(self.epoch_v),
        });
    }

    /// The Deployment that is measured: the one of the scenario, or the oldest.
    fn measured(&self) -> Option<Rc<Object>> {
        let wanted = |o: &&Rc<Object>| {
            self.deployment
                .as_ref()
                .is_none_or(|n| o.meta.name.as_str() == n)
        };
        let order = |o: &&Rc<Object>| (o.meta.creation, self.names.order(&o.meta.uid));
        self.deployments
            .values()
            .filter(wanted)
            .min_by_key(order)
            .cloned()
    }

    fn decide(&mut self, at: u64, lane: &str, d: &'static str, fields: &[(&'static str, Value)]) {
        let mut map = Map::new();
        map.insert("d", d);
        map.insert("epoch", self.epoch);
        map.insert("lane", lane.to_owned());
        map.insert("t", ms(at.saturating_add(self.held)));
        map.insert("v", ms(self.epoch_v));
        for (key, value) in fields {
            map.insert(*key, value.clone());
        }
        self.decisions.push(map);
    }

    /// Adds a pod to the decision of its kind in this epoch, or makes one.
    fn group(
        &mut self,
        at: u64,
        lane: &str,
        d: &'static str,
        pod: String,
        by: Option<&'static str>,
    ) -> usize {
        let found = self.decisions.iter().position(|m| {
            m.get("epoch").and_then(Value::as_int) == Some(self.epoch)
                && m.get("lane").and_then(Value::as_str) == Some(lane)
                && m.get("d").and_then(Value::as_str) == Some(d)
        });
        let index = found.unwrap_or_else(|| {
            self.decide(at, lane, d, &[("pods", Value::list(Vec::new()))]);
            self.decisions.len() - 1
        });
        let map = &mut self.decisions[index];
        if let Some(by) = by {
            map.insert("by", by);
        }
        if let Some(pods) = map.get_mut("pods") {
            pods.list_mut().push(pod.into());
        }
        index
    }

    fn template(&mut self, template: &Value) -> String {
        let bare = without_hash(template);
        let index = self
            .templates
            .iter()
            .position(|t| util::equal_ignore_hash(t, &bare));
        let index = index.unwrap_or_else(|| {
            self.templates.push(bare);
            self.templates.len() - 1
        });
        format!("T{}", index + 1)
    }

    fn lane_of(&self, deployment_uid: &str) -> String {
        match self.names.id(deployment_uid) {
            Some("d1") | None => "deployment".to_owned(),
            Some(id) => id.to_owned(),
        }
    }

    fn take_deployment(&mut self, record: &StepRecord, change: &Change) {
        let at = record.at.0;
        if let Some(after) = &change.after {
            if let Some(view) = after.deployment() {
                let template = view.template.clone();
                self.template(&template);
            }
            self.deployments
                .insert(after.meta.uid.clone(), after.clone());
        }
        match (&change.before, &change.after) {
            (Some(before), None) => {
                self.deployments.remove(&before.meta.uid);
                let id = self.names.show(before);
                self.decide(at, "gc", "deployment_deleted", &[("id", id.into())]);
            }
            (Some(before), Some(after))
                if matches!(record.cause, Cause::Event(SimEvent::Deployment(_))) =>
            {
                let lane = self.lane_of(&after.meta.uid);
                let on = Value::from(self.names.show(after));
                let revision = |o: &Object| {
                    o.meta
                        .annotation(util::REVISION)
                        .map_or(Value::Null, Value::text)
                };
                if revision(before) != revision(after) {
                    let fields = [
                        ("from", revision(before)),
                        ("on", on.clone()),
                        ("to", revision(after)),
                    ];
                    self.decide(at, &lane, "revision", &fields);
                }
                let (Some(old), Some(new)) = (before.deployment(), after.deployment()) else {
                    return;
                };
                if old.status.collision_count != new.status.collision_count {
                    let count = new.status.collision_count.unwrap_or(0);
                    self.decide(at, &lane, "collision", &[("count", count.into())]);
                }
                self.conditions(
                    at,
                    &lane,
                    &on,
                    &old.status.conditions,
                    &new.status.conditions,
                );
            }
            _ => {}
        }
    }

    fn conditions(
        &mut self,
        at: u64,
        lane: &str,
        on: &Value,
        old: &[Condition],
        new: &[Condition],
    ) {
        let mut kinds: Vec<&Str> = old.iter().chain(new).map(|c| &c.kind).collect();
        kinds.sort();
        kinds.dedup();
        let show = |list: &[Condition], kind: &Str| {
            list.iter()
                .find(|c| c.kind == *kind)
                .map_or(Value::Null, |c| self.condition(c))
        };
        let mut found = Vec::new();
        for kind in kinds {
            let (from, to) = (show(old, kind), show(new, kind));
            if from != to {
                found.push([
                    ("from", from),
                    ("on", on.clone()),
                    ("to", to),
                    ("type", kind.into()),
                ]);
            }
        }
        for fields in found {
            self.decide(at, lane, "condition", &fields);
        }
    }

    fn condition(&self, c: &Condition) -> Value {
        let message = self.names.replace(&c.message);
        Value::list(vec![(&c.status).into(), (&c.reason).into(), message.into()])
    }

    fn take_replica_set(&mut self, record: &StepRecord, change: &Change) {
        let at = record.at.0;
        let by_controller = matches!(record.cause, Cause::Event(SimEvent::Deployment(_)));
        let by_gc = matches!(record.cause, Cause::Event(SimEvent::GarbageCollector(_)));
        match (&change.before, &change.after) {
            (None, Some(after)) => {
                self.sets.insert(after.meta.uid.clone(), after.clone());
                self.note_sizes(after);
                let Some(view) = after.replica_set() else {
                    return;
                };
                let template = view.template.clone();
                let template = self.template(&template);
                if by_controller && let Some(owner) = &after.meta.controller {
                    let lane = self.lane_of(&owner.uid);
                    let fields = [
                        ("annotations", annotations(after).into()),
                        ("replicas", view.replicas.into()),
                        ("rs", self.names.show(after).into()),
                        ("template", template.into()),
                    ];
                    self.decide(at, &lane, "rs_created", &fields);
                }
            }
            (Some(before), None) => {
                self.sets.remove(&before.meta.uid);
                let owner = before.meta.controller.as_ref();
                let alive = owner.filter(|c| self.deployments.contains_key(&c.uid));
                let lane = alive.map_or_else(|| "gc".to_owned(), |c| self.lane_of(&c.uid));
                let rs = self.names.show(before);
                self.decide(at, &lane, "rs_deleted", &[("rs", rs.into())]);
            }
            (Some(before), Some(after)) => {
                self.sets.insert(after.meta.uid.clone(), after.clone());
                let rs = Value::from(self.names.show(after));
                let (Some(old), Some(new)) = (before.replica_set(), after.replica_set()) else {
                    return;
                };
                if old.replicas != new.replicas || before.meta.controller != after.meta.controller {
                    self.note_sizes(after);
                }
                if before.meta.controller != after.meta.controller {
                    let (d, owner) = match (&before.meta.controller, &after.meta.controller) {
                        (_, Some(c)) => ("rs_adopted", c.uid.clone()),
                        (Some(c), None) => ("rs_released", c.uid.clone()),
                        (None, None) => return,
                    };
                    let lane = if by_gc {
                        "gc".to_owned()
                    } else {
                        self.lane_of(&owner)
                    };
                    self.decide(at, &lane, d, &[("rs", rs.clone())]);
                }
                if by_controller && let Some(owner) = &after.meta.controller {
                    let lane = self.lane_of(&owner.uid);
                    let changed = changed_annotations(before, after);
                    if old.replicas != new.replicas {
                        let mut fields = vec![
                            ("from", old.replicas.into()),
                            ("rs", rs.clone()),
                            ("to", new.replicas.into()),
                        ];
                        if !changed.is_empty() {
                            fields.push(("annotations", changed.into()));
                        }
                        self.decide(at, &lane, "rs_scaled", &fields);
                    } else if !changed.is_empty() {
                        let fields = [("annotations", changed.into()), ("rs", rs.clone())];
                        self.decide(at, &lane, "rs_annotated", &fields);
                    }
                    if old.min_ready_seconds != new.min_ready_seconds {
                        let fields = [
                            ("from", old.min_ready_seconds.into()),
                            ("rs", rs.clone()),
                            ("to", new.min_ready_seconds.into()),
                        ];
                        self.decide(at, &lane, "rs_min_ready", &fields);
                    }
                }
                let lane = format!("rs:{}", self.names.show(after));
                self.conditions(
                    at,
                    &lane,
                    &rs,
                    &old.status.conditions,
                    &new.status.conditions,
                );
            }
            (None, None) => {}
        }
    }

    fn take_pod(&mut self, record: &StepRecord, change: &Change) {
        let at = record.at.0;
        let by_set = matches!(record.cause, Cause::Event(SimEvent::ReplicaSet(_)));
        let by_gc = matches!(record.cause, Cause::Event(SimEvent::GarbageCollector(_)));
        let owner_lane = |trace: &Trace, o: &Object| {
            let owner = o
                .meta
                .controller
                .as_ref()
                .and_then(|c| trace.names.id(&c.uid));
            format!("rs:{}", owner.unwrap_or("x"))
        };
        match (&change.before, &change.after) {
            (None, Some(after)) if by_set => {
                let (lane, id) = (owner_lane(self, after), self.names.show(after));
                self.group(at, &lane, "pods_created", id, None);
            }
            (Some(before), Some(after))
                if by_set && before.meta.controller != after.meta.controller =>
            {
                let id = self.names.show(after);
                let (d, owner) = match &after.meta.controller {
                    Some(_) => ("pods_adopted", after),
                    None => ("pods_released", before),
                };
                let lane = owner_lane(self, owner);
                self.group(at, &lane, d, id, None);
            }
            _ => {}
        }
        let deleted = match (&change.before, &change.after) {
            (Some(b), Some(a)) => !b.meta.is_terminating() && a.meta.is_terminating(),
            (Some(b), None) => !b.meta.is_terminating(),
            _ => false,
        };
        if let (true, Some(before)) = (deleted, &change.before) {
            let evicted = is_evicted(change.after.as_ref().unwrap_or(before));
            let (lane, by) = if by_set {
                (owner_lane(self, before), None)
            } else if by_gc {
                ("gc".to_owned(), Some("gc"))
            } else if evicted {
                ("eviction".to_owned(), Some("eviction"))
            } else {
                (String::new(), None)
            };
            if !lane.is_empty() {
                let id = self.names.show(before);
                let candidates = by_set.then(|| self.candidates(before));
                let index = self.group(at, &lane, "pods_deleted", id.clone(), by);
                let map = &mut self.decisions[index];
                if let Some(candidates) = candidates
                    && !map.contains_key("candidates")
                {
                    map.insert("candidates", candidates);
                }
                choose(map, &id);
            }
        }
        match &change.after {
            Some(after) if is_live(after) => {
                self.pods.insert(after.meta.uid.clone(), after.clone());
            }
            Some(after) => {
                self.pods.remove(&after.meta.uid);
            }
            None => {
                if let Some(before) = &change.before {
                    self.pods.remove(&before.meta.uid);
                }
            }
        }
    }

    /// The live pods of a pod's set, and what the ranking looks at.
    fn candidates(&self, pod: &Object) -> Value {
        let Some(owner) = &pod.meta.controller else {
            return Value::list(Vec::new());
        };
        let above = |uid: &Str| {
            self.sets
                .get(uid)
                .and_then(|o| o.meta.controller.as_ref())
                .map(|c| c.uid.clone())
        };
        let top = above(&owner.uid);
        let related = |o: &Object| {
            o.meta
                .controller
                .as_ref()
                .is_some_and(|c| c.uid == owner.uid || (top.is_some() && above(&c.uid) == top))
        };
        let rank = |pods: &SortedMap<Str, Rc<Object>>, node: &Str| {
            let on_node = |o: &&Rc<Object>| o.pod().is_some_and(|p| p.node == *node) && related(o);
            i64::try_from(pods.values().filter(on_node).count()).unwrap_or(0)
        };
        let mut list: Vec<(usize, Value)> = Vec::new();
        for o in self.pods.values().filter(|o| {
            o.meta
                .controller
                .as_ref()
                .is_some_and(|c| c.uid == owner.uid)
        }) {
            let Some(p) = o.pod() else { continue };
            let since = p
                .ready_since
                .filter(|_| p.ready)
                .map_or(Value::Null, |t| t.rfc3339().into());
            let value = object! {
                "chosen" => false,
                "cost" => p.deletion_cost,
                "created" => o.meta.creation.map_or(Value::Null, |t| t.rfc3339().into()),
                "node" => if p.node.is_empty() { Value::Null } else { (&p.node).into() },
                "phase" => o.value.shared_str_at("status.phase").unwrap_or_default(),
                "pod" => self.names.show(o),
                "rank" => rank(&self.pods, &p.node),
                "rankBefore" => rank(&self.pods_before, &p.node),
                "ready" => p.ready,
                "readySince" => since,
                "restarts" => p.max_restarts,
                "uid" => &o.meta.uid,
            };
            list.push((self.names.order(&o.meta.uid), value));
        }
        list.sort_by_key(|(order, _)| *order);
        Value::list(list.into_iter().map(|(_, v)| v).collect())
    }

    fn take_slice(&mut self, change: &Change) {
        match &change.after {
            Some(after) => self.slices.insert(change.key.name.clone(), after.clone()),
            None => self.slices.remove(&change.key.name),
        };
        let object = change.after.as_ref().or(change.before.as_ref());
        let Some(service) = object.and_then(|o| o.meta.label("kubernetes.io/service-name")) else {
            return;
        };
        let service = Str::copy(service);
        let mut endpoints = Map::new();
        for slice in self.slices.values() {
            if slice.meta.label("kubernetes.io/service-name") != Some(service.as_str()) {
                continue;
            }
            for e in slice.value.list_at("endpoints") {
                let uid = e.str_at("targetRef.uid");
                let id = self.names.id(uid).unwrap_or(uid).to_owned();
                let mut letters = String::new();
                for (key, letter) in [("ready", 'r'), ("serving", 's'), ("terminating", 't')] {
                    if e.bool_at(&format!("conditions.{key}")) {
                        letters.push(letter);
                    }
                }
                endpoints.insert(id, letters);
            }
        }
        let endpoints = Value::from(endpoints);
        if self.last_endpoints.get(&service) != Some(&endpoints) {
            self.last_endpoints
                .insert(service.clone(), endpoints.clone());
            let at = self.epoch_v;
            let fields = [("endpoints", endpoints), ("service", service.into())];
            self.decide(at, "endpoints", "endpoints", &fields);
        }
    }

    /// The whole trace in the form of a recording.
    pub fn finish(&self, engine: &Engine, scenario: &super::model::Scenario) -> Value {
        let name = scenario.value.get("deployment").and_then(Value::as_str);
        let templates: Map = self
            .templates
            .iter()
            .enumerate()
            .map(|(i, t)| (format!("T{}", i + 1), t.clone()))
            .collect();
        let extremes: Map = self
            .extremes
            .iter()
            .map(|(mark, e)| {
                let mut map = Map::new();
                for (name, (low, high)) in &e.of {
                    map.insert(format!("max_{name}"), *high);
                    map.insert(format!("min_{name}"), *low);
                }
                (mark.clone(), map)
            })
            .collect();
        let decisions = self
            .decisions
            .iter()
            .map(|m| Value::from(m.clone()))
            .collect();
        let end = i64::try_from(engine.now().0).unwrap_or(i64::MAX);
        object! {
            "actions" => Value::list(self.actions.clone()),
            "decisions" => Value::list(decisions),
            "ended_ms" => end,
            "ended_v" => end,
            "epochs" => Value::list(self.epochs.clone()),
            "extremes" => extremes,
            "final" => super::last::last(self, engine, name),
            "format" => "rollout-recording/1",
            "name" => scenario.value.get("name").cloned().unwrap_or_default(),
            "names" => self.names.value(),
            "scenario" => scenario.value.clone(),
            "server" => format!("v{}.0", engine.config().version),
            "sizes" => Value::list(self.sizes.clone()),
            "started" => engine.config().start.rfc3339(),
            "templates" => templates,
        }
    }

    /// The number of a template, if it has appeared.
    pub fn template_id(&self, template: &Value) -> Option<String> {
        let bare = without_hash(template);
        let index = self
            .templates
            .iter()
            .position(|t| util::equal_ignore_hash(t, &bare))?;
        Some(format!("T{}", index + 1))
    }
    /// A condition as recordings show it.
    pub fn show_condition(&self, c: &Condition) -> Value {
        self.condition(c)
    }
}

fn choose(decision: &mut Map, id: &str) {
    let Some(candidates) = decision.get_mut("candidates") else {
        return;
    };
    for c in candidates.list_mut() {
        if c.str_at("pod") == id {
            c.set("chosen", true);
        }
    }
}

fn is_evicted(pod: &Object) -> bool {
    pod.value.list_at("status.conditions").iter().any(|c| {
        c.str_at("type") == "DisruptionTarget" && c.str_at("reason") == "EvictionByEvictionAPI"
    })
}

fn ms(v: u64) -> i64 {
    i64::try_from(v).unwrap_or(i64::MAX)
}
