//! Recorders: from a component's words to a stored Event object.

use super::correlator::{Correlator, EventObject, Incoming};
use crate::sim_event::SimEvent;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::SortedMap;
use rollout_api::value::digits_of;
use rollout_api::views::Object;
use rollout_api::{Kind, Map, Minor, ObjectKey, Str, Timestamp, Value, object};
use std::rc::Rc;

/// How long an Event object lives after its last write (the API server's `--event-ttl`).
const EVENT_TTL_SECONDS: i64 = 3600;
/// Expired events are swept in batches: on whole minutes.
const SWEEP: u64 = 60_000;
/// Repeats within this time belong to one series (events.k8s.io).
const SERIES_INTERVAL: u64 = 360_000;

/// Who says it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Source {
    /// `deployment-controller`, `kubelet`.
    pub component: Str,
    /// The node, for a kubelet; else empty.
    pub host: Str,
}

impl Source {
    /// A component of the control plane.
    pub fn of(component: impl Into<Str>) -> Source {
        Source {
            component: component.into(),
            host: Str::default(),
        }
    }
    /// The kubelet of a node.
    pub fn kubelet(node: impl Into<Str>) -> Source {
        Source {
            component: "kubelet".into(),
            host: node.into(),
        }
    }
}

/// Type, action, reason, uid and message: what belongs to one series.
type SeriesKey = (Str, Str, Str);

#[derive(Clone)]
struct Series {
    name: Str,
    count: i64,
    last: SimTime,
}

/// One source's memory, and how its events name it.
#[derive(Clone)]
struct Recorder {
    correlator: Rc<Correlator>,
    origin: Value,
}

/// The recorders' memory, per source.
#[derive(Clone, Default)]
pub struct Correlators {
    sources: SortedMap<Source, Recorder>,
    series: Rc<SortedMap<SeriesKey, Series>>,
    /// At this size series that are over are forgotten.
    series_limit: usize,
    /// Makes the names of events different within one instant.
    sequence: u64,
    /// When the next sweep is due.
    sweep: Option<SimTime>,
}

impl EventObject {
    /// A reference to a stored object.
    pub fn of(object: &Object) -> EventObject {
        EventObject {
            kind: object.value.shared_str_at("kind").unwrap_or_default(),
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
            uid: object.meta.uid.clone(),
            api_version: object.value.shared_str_at("apiVersion").unwrap_or_default(),
            field_path: Str::default(),
        }
    }
    /// The same object, one of its containers.
    pub fn container(mut self, kind: &str, container: &str) -> EventObject {
        self.field_path = Str::concat(&["spec.", kind, "{", container, "}"]);
        self
    }
    fn reference(&self, resource_version: Option<Value>) -> Value {
        let mut m = Map::with_capacity(7);
        m.append("apiVersion", self.api_version.clone());
        if !self.field_path.is_empty() {
            m.append("fieldPath", self.field_path.clone());
        }
        m.append("kind", self.kind.clone());
        m.append("name", self.name.clone());
        if !self.namespace.is_empty() {
            m.append("namespace", self.namespace.clone());
        }
        if let Some(version) = resource_version {
            m.append("resourceVersion", version);
        }
        m.append("uid", self.uid.clone());
        m.into()
    }
    /// Events about cluster-scoped objects are kept in `default`.
    fn event_namespace(&self) -> Str {
        if self.namespace.is_empty() {
            "default".into()
        } else {
            self.namespace.clone()
        }
    }
    fn key(&self) -> Option<ObjectKey> {
        let kind = match (self.api_version.as_str(), self.kind.as_str()) {
            ("v1", "Pod") => Kind::POD,
            ("apps/v1", "ReplicaSet") => Kind::REPLICA_SET,
            ("apps/v1", "Deployment") => Kind::DEPLOYMENT,
            (version, kind) => rollout_api::kinds::of_object(version, kind, Minor::NEWEST)?.kind,
        };
        Some(ObjectKey::new(
            kind,
            self.namespace.clone(),
            self.name.clone(),
        ))
    }
}

impl Recorder {
    fn new(source: &Source, limit_by_type: bool) -> Recorder {
        let mut origin = object! { "component" => source.component.clone() };
        if !source.host.is_empty() {
            origin.map_mut().insert("host", source.host.clone());
        }
        Recorder {
            correlator: Rc::new(Correlator::new(limit_by_type)),
            origin,
        }
    }
}

impl World {
    /// Records an event about a stored object, as a component of the control plane does.
    pub fn event(
        &mut self,
        component: &'static str,
        object: &Object,
        kind: &'static str,
        reason: &'static str,
        message: impl Into<Str>,
    ) {
        self.event_by(
            &Source::of(component),
            &EventObject::of(object),
            kind,
            reason,
            &message.into(),
        );
    }

    /// Records an event: combined, counted, limited, then stored. False: the limit has dropped it.
    ///
    /// Mirrors `recordToSink`, staging/src/k8s.io/client-go/tools/record/event.go.
    pub fn event_by(
        &mut self,
        source: &Source,
        about: &EventObject,
        kind: &'static str,
        reason: &'static str,
        message: &str,
    ) -> bool {
        let by_type = self.version() >= Minor(32);
        let now = self.now.0;
        if !self.events.sources.contains_key(source) {
            let recorder = Recorder::new(source, by_type);
            self.events.sources.insert(source.clone(), recorder);
        }
        let Some(recorder) = self.events.sources.get_mut(source) else {
            return false;
        };
        let origin = recorder.origin.clone();
        let incoming = Incoming {
            object: about,
            kind,
            reason,
            message,
        };
        let result = Rc::make_mut(&mut recorder.correlator).correlate(&incoming, now);
        if result.skip {
            return false;
        }
        let wall = self.wall().text();
        let namespace = about.event_namespace();
        if let Some(name) = &result.existing {
            let key = ObjectKey::new(Kind::EVENT, namespace.clone(), name.clone());
            if let Some(stored) = self.store.get(&key) {
                let mut value = stored.value.clone();
                let m = value.map_mut();
                m.insert("count", result.count);
                m.insert("lastTimestamp", wall);
                m.insert("message", result.message);
                // The object was read a line above; nothing can refuse the write.
                let _ = self.update(&key, value);
                return true;
            }
        }
        let name = self.event_name(&about.name);
        if let Some(recorder) = self.events.sources.get_mut(source) {
            Rc::make_mut(&mut recorder.correlator).created(result.key, name.clone());
        }
        // In order of the keys: nothing has to be moved.
        let value = object! {
            "apiVersion" => "v1",
            "count" => result.count,
            "eventTime" => Value::Null,
            "firstTimestamp" => wall.clone(),
            "involvedObject" => self.event_reference(about),
            "kind" => "Event",
            "lastTimestamp" => wall,
            "message" => result.message,
            "metadata" => self.event_metadata(&name, &namespace),
            "reason" => reason,
            "reportingComponent" => source.component.clone(),
            "reportingInstance" => source.host.clone(),
            "source" => origin,
            "type" => kind,
        };
        self.store_event(ObjectKey::new(Kind::EVENT, namespace, name), value);
        true
    }

    /// Records an event in the newer style of the scheduler: with `eventTime`, repeats as a series.
    ///
    /// Mirrors `recordToSink`, staging/src/k8s.io/client-go/tools/events/event_broadcaster.go.
    /// Differs: a repeat is written at once, where the real recorder writes later repeats every half hour.
    pub fn event_series(
        &mut self,
        component: &'static str,
        about: &EventObject,
        kind: &'static str,
        reason: &'static str,
        action: &'static str,
        message: &str,
    ) {
        let namespace = about.event_namespace();
        let micro = micro_time(self.now, self.config.start);
        let repeatable = kind != "Normal";
        let message = Str::copy(message);
        let series_key = (about.uid.clone(), Str::Static(reason), message.clone());
        if repeatable && let Some(mut seen) = self.events.series.get(&series_key).cloned() {
            let key = ObjectKey::new(Kind::EVENT, namespace.clone(), seen.name.clone());
            if self.now.since(seen.last) <= Millis(SERIES_INTERVAL)
                && let Some(stored) = self.store.get(&key)
            {
                seen.count += 1;
                seen.last = self.now;
                let mut value = stored.value.clone();
                value.map_mut().insert(
                    "series",
                    object! { "count" => seen.count, "lastObservedTime" => micro },
                );
                Rc::make_mut(&mut self.events.series).insert(series_key, seen);
                let _ = self.update(&key, value);
                return;
            }
        }
        let name = self.event_name(&about.name);
        if repeatable {
            let now = self.now;
            let series = Rc::make_mut(&mut self.events.series);
            if series.len() >= self.events.series_limit {
                series.retain(|_, s| now.since(s.last) <= Millis(SERIES_INTERVAL));
                self.events.series_limit = 64 + 2 * series.len();
            }
            series.insert(
                series_key,
                Series {
                    name: name.clone(),
                    count: 1,
                    last: now,
                },
            );
        }
        let value = object! {
            "action" => action,
            "apiVersion" => "v1",
            "eventTime" => micro,
            "firstTimestamp" => Value::Null,
            "involvedObject" => self.event_reference(about),
            "kind" => "Event",
            "lastTimestamp" => Value::Null,
            "message" => message,
            "metadata" => self.event_metadata(&name, &namespace),
            "reason" => reason,
            "reportingComponent" => component,
            "reportingInstance" => Str::concat(&[component, "-control-plane"]),
            "source" => Value::object(),
            "type" => kind,
        };
        self.store_event(ObjectKey::new(Kind::EVENT, namespace, name), value);
    }

    fn event_metadata(&mut self, name: &Str, namespace: &Str) -> Value {
        let created = self.wall().text();
        let uid = self.new_uid(Kind::EVENT);
        let mut m = Map::with_capacity(5);
        m.append("creationTimestamp", created);
        m.append("name", name);
        m.append("namespace", namespace);
        m.append("resourceVersion", Str::default());
        m.append("uid", uid);
        m.into()
    }

    fn event_reference(&self, about: &EventObject) -> Value {
        let version = about
            .key()
            .and_then(|key| self.store.get(&key))
            .and_then(|o| o.value.get("metadata")?.get("resourceVersion").cloned());
        about.reference(version)
    }

    /// Mirrors `makeEvent`: the object's name and the nanoseconds of now in hexadecimal.
    fn event_name(&mut self, object: &str) -> Str {
        let start = u64::try_from(self.config.start.0).unwrap_or(0);
        let nanos =
            (start * 1000 + self.now.0) * 1_000_000 + self.events.sequence * 1_367 % 1_000_000;
        self.events.sequence += 1;
        let mut digits = [0; 20];
        Str::concat(&[object, ".", digits_of(nanos, 16, &mut digits)])
    }

    fn store_event(&mut self, key: ObjectKey, value: Value) {
        // Names differ by their nanoseconds; should two collide, the second is lost as on a real cluster.
        if self.store.get(&key).is_some() || self.admit_quotas(&key, &value).is_err() {
            return;
        }
        self.charge_quotas(&key, &value);
        self.commit(&key, value);
        if self.events.sweep.is_none() {
            let expires = self.now.0 + (EVENT_TTL_SECONDS as u64) * 1000;
            self.schedule_sweep(SimTime(expires));
        }
    }

    fn schedule_sweep(&mut self, expires: SimTime) {
        let at = SimTime(expires.0.div_ceil(SWEEP) * SWEEP);
        self.events.sweep = Some(at);
        self.schedule_at(at, SimEvent::ExpireEvents);
    }

    /// Removes the events whose hour is over and sees to the next.
    pub(crate) fn expire_events(&mut self) {
        self.events.sweep = None;
        let now = self.wall().0;
        let mut next: Option<i64> = None;
        let mut gone = Vec::new();
        for o in self.store.list(Kind::EVENT) {
            let last = event_time(&o.value).unwrap_or(now);
            if last + EVENT_TTL_SECONDS <= now {
                gone.push(ObjectKey::new(
                    Kind::EVENT,
                    o.meta.namespace.clone(),
                    o.meta.name.clone(),
                ));
            } else {
                next = Some(next.map_or(last, |n| n.min(last)));
            }
        }
        for key in gone {
            self.commit_removal(&key);
        }
        if let Some(last) = next {
            let ms = (last + EVENT_TTL_SECONDS - self.config.start.0).max(0) as u64 * 1000;
            self.schedule_sweep(SimTime(ms));
        }
    }
}

/// When an event was last written.
fn event_time(event: &Value) -> Option<i64> {
    let text = match event.get("lastTimestamp").and_then(Value::as_str) {
        Some(t) => t,
        None => event
            .at("series.lastObservedTime")
            .or_else(|| event.get("eventTime"))
            .and_then(Value::as_str)?,
    };
    Timestamp::parse(text).map(|t| t.0)
}

/// `2025-06-10T12:00:00.500000Z`.
fn micro_time(now: SimTime, start: Timestamp) -> Str {
    let text = now.timestamp(start).text();
    let seconds = text.strip_suffix('Z').unwrap_or(&text);
    let ms = now.0 % 1000;
    let mut digits = [0; 20];
    let ms = digits_of(1000 + ms, 10, &mut digits);
    Str::concat(&[seconds, ".", &ms[1..], "000Z"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ClusterConfig;

    fn world() -> (World, Rc<Object>) {
        let mut world = World::new(Rc::new(ClusterConfig::default()));
        let map = object! { "apiVersion" => "v1", "kind" => "ConfigMap",
        "metadata" => object! { "name" => "a", "namespace" => "default" } };
        let object = world.create(Kind::CONFIG_MAP, map).unwrap();
        (world, object)
    }

    #[test]
    fn repeats_are_counted_in_one_object() {
        let (mut world, object) = world();
        world.event("c", &object, "Normal", "R", "m");
        world.now = SimTime(5000);
        world.event("c", &object, "Normal", "R", "m");
        world.event("c", &object, "Normal", "R", "other");
        let events: Vec<_> = world.store.list(Kind::EVENT).cloned().collect();
        assert_eq!(events.len(), 2);
        let first = events
            .iter()
            .find(|e| e.value.str_at("message") == "m")
            .unwrap();
        assert_eq!(first.value.int_at("count"), Some(2));
        assert_eq!(first.value.str_at("firstTimestamp"), "2025-06-10T12:00:00Z");
        assert_eq!(first.value.str_at("lastTimestamp"), "2025-06-10T12:00:05Z");
        assert_eq!(first.value.str_at("involvedObject.resourceVersion"), "1");
        assert!(first.meta.name.starts_with("a.18"));
    }

    #[test]
    fn a_series_and_an_hour() {
        let (mut world, object) = world();
        let about = EventObject::of(&object);
        for at in [0, 60_000, 500_000] {
            world.now = SimTime(at);
            world.event_series(
                "default-scheduler",
                &about,
                "Warning",
                "FailedScheduling",
                "Scheduling",
                "no",
            );
        }
        let series: Vec<_> = world
            .store
            .list(Kind::EVENT)
            .map(|e| e.value.int_at("series.count"))
            .collect();
        assert_eq!(
            series,
            [Some(2), None],
            "the third comes too late for the series"
        );
        assert_eq!(world.queue.pop().map(|e| e.0), Some(SimTime(3_600_000)));
        world.now = SimTime(3_661_000);
        world.expire_events();
        assert_eq!(
            world.store.count(Kind::EVENT),
            1,
            "the series lives until 12:01 + 1 h"
        );
        assert_eq!(world.queue.next_at(), Some(SimTime(4_140_000)));
    }
}
