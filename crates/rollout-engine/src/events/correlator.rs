//! Counting, combining and dropping of events by one recorder.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rollout_api::Str;

/// Different messages of one key from which on they are combined.
const MAX_EVENTS: usize = 10;
/// Quiet milliseconds after which combining starts anew.
const MAX_INTERVAL: u64 = 600_000;
/// Events at once per source and object.
const BURST: u64 = 25;
/// Milliseconds per further event.
const REFILL: u64 = 300_000;
/// Entries of each cache.
const CACHE: usize = 4096;
/// Before the message of a combined event.
const COMBINED: &str = "(combined from similar events): ";

/// The object an event is about.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EventObject {
    /// Kind.
    pub kind: Str,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
    /// `apps/v1`.
    pub api_version: Str,
    /// `spec.containers{web}`; empty: none.
    pub field_path: Str,
}

/// An event as it comes from a component.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// What it is about.
    pub object: &'a EventObject,
    /// `Normal` or `Warning`.
    pub kind: &'a str,
    /// Reason.
    pub reason: &'a str,
    /// Message.
    pub message: &'a str,
}

/// What is to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Correlated {
    /// The limit has dropped it.
    pub skip: bool,
    /// `count`.
    pub count: i64,
    /// The message to store.
    pub message: Str,
    /// The stored event to change; `None`: a new one, call [`Correlator::created`] with its name.
    pub existing: Option<Str>,
    /// The identity under which it is counted.
    pub key: Rc<str>,
}

#[derive(Clone, Debug)]
struct Aggregate {
    messages: BTreeSet<Str>,
    last: u64,
}

#[derive(Clone, Debug)]
struct Observation {
    count: i64,
    name: Str,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// In units of 1/REFILL token.
    tokens: u64,
    at: u64,
}

/// A map that forgets the entry used longest ago.
#[derive(Clone, Debug)]
struct Lru<V> {
    entries: BTreeMap<Rc<str>, (V, u64)>,
    order: BTreeMap<u64, Rc<str>>,
    clock: u64,
}

impl<V> Lru<V> {
    fn new() -> Self {
        Self {
            entries: BTreeMap::new(),
            order: BTreeMap::new(),
            clock: 0,
        }
    }

    /// The entry of `key`, made if need be; it becomes the newest.
    fn touch(&mut self, key: &Rc<str>, make: impl FnOnce() -> V) -> &mut V {
        self.clock += 1;
        if let Some((_, at)) = self.entries.get_mut(key) {
            self.order.remove(at);
            *at = self.clock;
        } else {
            if self.entries.len() >= CACHE
                && let Some((_, oldest)) = self.order.pop_first()
            {
                self.entries.remove(&oldest);
            }
        }
        self.order.insert(self.clock, key.clone());
        let clock = self.clock;
        &mut self
            .entries
            .entry(key.clone())
            .or_insert_with(|| (make(), clock))
            .0
    }
}

/// The correlator of one recorder (one source).
///
/// Mirrors `EventCorrelator`, staging/src/k8s.io/client-go/tools/record/events_cache.go.
/// Differs: of the collected messages the first in text order is dropped, where Go drops an arbitrary one.
#[derive(Clone, Debug)]
pub struct Correlator {
    aggregates: Lru<Aggregate>,
    observations: Lru<Observation>,
    limits: Lru<Bucket>,
    /// From 1.32 on the limit is kept per type too.
    limit_by_type: bool,
}

impl Correlator {
    /// A correlator that has seen nothing.
    pub fn new(limit_by_type: bool) -> Self {
        Self {
            aggregates: Lru::new(),
            observations: Lru::new(),
            limits: Lru::new(),
            limit_by_type,
        }
    }

    /// Mirrors `EventCorrelator.EventCorrelate`: combine, count, limit, in this order.
    pub fn correlate(&mut self, event: &Incoming<'_>, now: u64) -> Correlated {
        let o = event.object;
        let object = format!(
            "{}\0{}\0{}\0{}\0{}",
            o.kind, o.namespace, o.name, o.uid, o.api_version
        );
        let aggregate_key: Rc<str> = format!("{object}\0{}\0{}", event.kind, event.reason).into();
        let (message, key) = self.aggregate(event, &object, aggregate_key, now);
        let seen = self.observations.touch(&key, || Observation {
            count: 0,
            name: Str::default(),
        });
        seen.count += 1;
        let (count, existing) = (seen.count, (seen.count > 1).then(|| seen.name.clone()));
        let limit_key: Rc<str> = if self.limit_by_type {
            format!("{object}\0{}", event.kind).into()
        } else {
            object.into()
        };
        let bucket = self.limits.touch(&limit_key, || Bucket {
            tokens: BURST * REFILL,
            at: now,
        });
        bucket.tokens = (bucket.tokens + now.saturating_sub(bucket.at)).min(BURST * REFILL);
        bucket.at = now;
        let skip = bucket.tokens < REFILL;
        if !skip {
            bucket.tokens -= REFILL;
        }
        Correlated {
            skip,
            count,
            message,
            existing: existing.filter(|name| !name.is_empty()),
            key,
        }
    }

    /// Mirrors `EventAggregator.EventAggregate`.
    fn aggregate(
        &mut self,
        event: &Incoming<'_>,
        object: &str,
        key: Rc<str>,
        now: u64,
    ) -> (Str, Rc<str>) {
        let record = self.aggregates.touch(&key, || Aggregate {
            messages: BTreeSet::new(),
            last: now,
        });
        if now.saturating_sub(record.last) > MAX_INTERVAL {
            record.messages.clear();
        }
        record.last = now;
        if !record.messages.contains(event.message) {
            record.messages.insert(Str::copy(event.message));
        }
        if record.messages.len() < MAX_EVENTS {
            let full = format!(
                "{object}\0{}\0{}\0{}\0{}",
                event.object.field_path, event.kind, event.reason, event.message
            );
            return (Str::copy(event.message), full.into());
        }
        record.messages.pop_first();
        (format!("{COMBINED}{}", event.message).into(), key)
    }

    /// Remembers the name of the stored event of an identity.
    pub fn created(&mut self, key: &Rc<str>, name: Str) {
        if let Some((seen, _)) = self.observations.entries.get_mut(key) {
            seen.name = name;
        }
    }

    /// The stored event has expired: the next one is created anew, its count goes on.
    ///
    /// Mirrors the create after a NotFound patch in `recordEvent`, staging/src/k8s.io/client-go/tools/record/event.go.
    pub fn lost(&mut self, key: &Rc<str>) {
        if let Some((seen, _)) = self.observations.entries.get_mut(key) {
            seen.name = Str::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_sixth_event_is_dropped_and_still_counted() {
        let object = EventObject {
            name: "p".into(),
            ..EventObject::default()
        };
        let event = Incoming {
            object: &object,
            kind: "Warning",
            reason: "BackOff",
            message: "m",
        };
        let mut c = Correlator::new(true);
        for i in 1..=25 {
            let r = c.correlate(&event, 1000);
            assert!(!r.skip);
            assert_eq!(r.count, i);
            c.created(&r.key, "p.1".into());
        }
        assert!(c.correlate(&event, 2000).skip);
        let normal = Incoming {
            kind: "Normal",
            ..event.clone()
        };
        assert!(
            !c.correlate(&normal, 2000).skip,
            "another type has its own limit from 1.32 on"
        );
        let r = c.correlate(&event, 301_000);
        assert!(!r.skip, "one more every 300 s");
        assert_eq!(r.count, 27);
        assert_eq!(r.existing.as_deref(), Some("p.1"));
        let mut old = Correlator::new(false);
        for _ in 0..25 {
            old.correlate(&event, 0);
        }
        assert!(old.correlate(&normal, 0).skip);
    }
}
