//! Counting, combining and dropping of events by one recorder.

use rollout_api::{Order, SortedMap, Str};

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

/// An identity: the parts of an event, scattered over 128 bits. Two that differ have different numbers for all practical
/// purposes, and a number costs nothing to keep.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Identity(u64, u64);

impl Identity {
    const EMPTY: Identity = Identity(0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15);

    /// With one part more.
    fn and(self, part: &str) -> Identity {
        let Identity(mut a, mut b) = self;
        for chunk in part.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let word = u64::from_le_bytes(word);
            a = (a ^ word)
                .wrapping_mul(0xff51_afd7_ed55_8ccd)
                .rotate_left(31);
            b = (b.rotate_left(29) ^ word).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        }
        // The length closes the part: "ab" + "c" is not "a" + "bc".
        let end = part.len() as u64 + 1;
        Identity(
            (a ^ end).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (a >> 32),
            (b ^ end).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (b >> 29),
        )
    }
}

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
    pub key: Identity,
}

#[derive(Clone, Debug)]
struct Aggregate {
    /// In order, fewer than [`MAX_EVENTS`]; most have one.
    messages: Vec<Identity>,
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

/// A map that forgets the entries used longest ago, some at a time.
#[derive(Clone, Debug)]
struct Lru<V> {
    entries: SortedMap<Identity, (V, u64)>,
    clock: u64,
}

impl<V: Clone> Lru<V> {
    fn new() -> Self {
        Self {
            entries: SortedMap::new(),
            clock: 0,
        }
    }

    /// The entry of `key`, made if need be; it becomes the newest.
    fn touch(&mut self, key: Identity, make: impl FnOnce() -> V) -> &mut V {
        self.clock += 1;
        let clock = self.clock;
        if self.entries.len() >= CACHE + CACHE / 8 && !self.entries.contains_key(&key) {
            let mut uses: Vec<u64> = self.entries.values().map(|(_, at)| *at).collect();
            uses.order();
            let oldest = uses[uses.len() - CACHE];
            self.entries.retain(|_, (_, at)| *at >= oldest);
        }
        let entry = self.entries.entry(key).or_insert_with(|| (make(), clock));
        entry.1 = clock;
        &mut entry.0
    }
}

/// The correlator of one recorder (one source).
///
/// Mirrors `EventCorrelator`, staging/src/k8s.io/client-go/tools/record/events_cache.go.
/// Differs: of the collected messages the one with the smallest identity is dropped, where Go drops an arbitrary one; and
/// a full cache forgets an eighth of its entries at once, where Go forgets one.
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
        let object = Identity::EMPTY
            .and(&o.kind)
            .and(&o.namespace)
            .and(&o.name)
            .and(&o.uid)
            .and(&o.api_version);
        let (message, key) = self.aggregate(event, object, now);
        let seen = self.observations.touch(key, || Observation {
            count: 0,
            name: Str::default(),
        });
        seen.count += 1;
        let count = seen.count;
        let existing = (count > 1 && !seen.name.is_empty()).then(|| seen.name.clone());
        let limit_key = if self.limit_by_type {
            object.and(event.kind)
        } else {
            object
        };
        let bucket = self.limits.touch(limit_key, || Bucket {
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
            existing,
            key,
        }
    }

    /// Mirrors `EventAggregator.EventAggregate`.
    fn aggregate(&mut self, event: &Incoming<'_>, object: Identity, now: u64) -> (Str, Identity) {
        let key = object.and(event.kind).and(event.reason);
        let record = self.aggregates.touch(key, || Aggregate {
            messages: Vec::with_capacity(1),
            last: now,
        });
        if now.saturating_sub(record.last) > MAX_INTERVAL {
            record.messages.clear();
        }
        record.last = now;
        let message = Identity::EMPTY.and(event.message);
        if let Err(at) = record.messages.binary_search(&message) {
            record.messages.insert(at, message);
        }
        if record.messages.len() < MAX_EVENTS {
            let full = key.and(&event.object.field_path).and(event.message);
            return (Str::copy(event.message), full);
        }
        record.messages.remove(0);
        (format!("{COMBINED}{}", event.message).into(), key)
    }

    /// Remembers the name of the stored event of an identity.
    pub fn created(&mut self, key: Identity, name: Str) {
        if let Some((seen, _)) = self.observations.entries.get_mut(&key) {
            seen.name = name;
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
            c.created(r.key, "p.1".into());
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
