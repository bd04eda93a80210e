//! A controller's work queue: each key once, in order of arrival, with delays and back-off.

use crate::queue::Ticket;
use crate::sim_event::SimEvent;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::ObjectKey;
use rollout_api::{SortedMap, SortedSet};

/// Shortest back-off of a failing key.
pub const BASE_DELAY: Millis = Millis(5);
/// Longest back-off of a failing key.
pub const MAX_DELAY: Millis = Millis(1_000_000);

/// Delay of a key that failed `earlier_failures` times before: base · 2^n, at most `max`.
///
/// Mirrors `ItemExponentialFailureRateLimiter.When`, staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go.
pub fn item_exponential_delay(base: Millis, max: Millis, earlier_failures: u32) -> Millis {
    let factor = 1u64.checked_shl(earlier_failures).unwrap_or(u64::MAX);
    Millis(base.0.saturating_mul(factor).min(max.0))
}

/// Keys to look at, each at most once in the queue.
///
/// Differs: the overall limit of 10 retries a second (burst 100) is left out: one cluster here never comes near it.
#[derive(Clone)]
pub struct WorkQueue {
    event: fn(ObjectKey) -> SimEvent,
    ready: SortedSet<ObjectKey>,
    waiting: SortedMap<ObjectKey, Ticket>,
    failures: SortedMap<ObjectKey, u32>,
}

impl WorkQueue {
    /// A queue whose turns are these events.
    pub fn new(event: fn(ObjectKey) -> SimEvent) -> WorkQueue {
        WorkQueue {
            event,
            ready: SortedSet::new(),
            waiting: SortedMap::new(),
            failures: SortedMap::new(),
        }
    }
    /// Puts a key in, unless it waits its turn already.
    pub fn add(&mut self, world: &mut World, key: ObjectKey) {
        if self.ready.insert(key.clone()) {
            world.schedule(Millis(0), (self.event)(key));
        }
    }
    /// Puts a key in later; an earlier appointment stands.
    pub fn add_after(&mut self, world: &mut World, key: ObjectKey, delay: Millis) {
        let at = world.now + delay;
        if let Some(earlier) = self.waiting.get(&key) {
            if earlier.at <= at {
                return;
            }
            world.cancel(*earlier);
        }
        let ticket = world.schedule_at(at, (self.event)(key.clone()));
        self.waiting.insert(key, ticket);
    }
    /// Puts a key in after its back-off. Answers how often it has failed, this time included.
    pub fn add_rate_limited(&mut self, world: &mut World, key: ObjectKey) -> u32 {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let delay = item_exponential_delay(BASE_DELAY, MAX_DELAY, *failures);
        *failures += 1;
        let count = *failures;
        self.add_after(world, key, delay);
        count
    }
    /// Keys that wait their turn in this instant.
    pub fn ready(&self) -> impl Iterator<Item = &ObjectKey> {
        self.ready.iter()
    }
    /// The key's work was done: its back-off starts anew.
    pub fn forget(&mut self, key: &ObjectKey) {
        self.failures.remove(key);
    }
    /// How often the key has failed in a row.
    pub fn failures(&self, key: &ObjectKey) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }
    /// A turn has come: true if the key is still to be looked at.
    pub fn take(&mut self, now: SimTime, key: &ObjectKey) -> bool {
        if self.ready.remove(key) {
            return true;
        }
        if self.waiting.get(key).is_some_and(|t| t.at <= now) {
            self.waiting.remove(key);
            return true;
        }
        false
    }
}
