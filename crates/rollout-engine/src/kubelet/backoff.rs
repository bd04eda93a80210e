//! Exponential back-off per key, as pulls and crashes use it.

use rollout_api::SortedMap;

/// One key's back-off: its length and when it was last raised, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackoffEntry {
    /// Length of the window.
    pub backoff: u64,
    /// When it was last raised.
    pub last_update: u64,
}

/// Back-off windows by key. Times are milliseconds.
///
/// Mirrors `flowcontrol.Backoff`, staging/src/k8s.io/client-go/util/flowcontrol/backoff.go.
/// Differs: no jitter (the kubelet uses none).
#[derive(Clone, Debug)]
pub struct Backoff<K: Ord> {
    initial: u64,
    max: u64,
    entries: SortedMap<K, BackoffEntry>,
}

impl<K: Ord + Clone> Backoff<K> {
    /// Windows from `initial` doubling to `max`.
    pub fn new(initial: u64, max: u64) -> Self {
        Self {
            initial,
            max,
            entries: SortedMap::new(),
        }
    }

    /// The entry of `key`.
    pub fn entry(&self, key: &K) -> Option<BackoffEntry> {
        self.entries.get(key).copied()
    }

    /// Puts an entry (tests and restored states).
    pub fn set(&mut self, key: K, entry: BackoffEntry) {
        self.entries.insert(key, entry);
    }

    /// Mirrors `Backoff.Get`: the length of the window, 0 if there is none.
    pub fn get(&self, key: &K) -> u64 {
        self.entries.get(key).map_or(0, |e| e.backoff)
    }

    /// Mirrors `Backoff.Next`: raises the window after a failure at `event`.
    pub fn next(&mut self, key: K, event: u64, now: u64) {
        let (initial, max) = (self.initial, self.max);
        let entry = self.entries.entry(key).or_insert(BackoffEntry {
            backoff: 0,
            last_update: now,
        });
        entry.backoff = if entry.backoff == 0 || has_expired(event, entry.last_update, max) {
            initial
        } else {
            (entry.backoff * 2).min(max)
        };
        entry.last_update = now;
    }

    /// Mirrors `Backoff.IsInBackOffSince`: is `now` still inside the window that starts at `event`?
    pub fn is_in_back_off_since(&self, key: &K, event: u64, now: u64) -> bool {
        self.entries.get(key).is_some_and(|e| {
            !has_expired(event, e.last_update, self.max) && now.saturating_sub(event) < e.backoff
        })
    }

    /// Mirrors `Backoff.IsInBackOffSinceUpdate`: is `event` inside the window that starts at the last failure?
    pub fn is_in_back_off_since_update(&self, key: &K, event: u64) -> bool {
        self.entries.get(key).is_some_and(|e| {
            !has_expired(event, e.last_update, self.max)
                && event.saturating_sub(e.last_update) < e.backoff
        })
    }

    /// Mirrors `Backoff.GC`: forgets entries that were quiet for more than twice the maximum.
    pub fn gc(&mut self, now: u64) {
        let max = self.max;
        self.entries
            .retain(|_, e| !has_expired(now, e.last_update, max));
    }

    /// Forgets the keys for which `drop` holds (a pod that is gone).
    pub fn forget(&mut self, drop: impl Fn(&K) -> bool) {
        self.entries.retain(|k, _| !drop(k));
    }
}

fn has_expired(event: u64, last_update: u64, max: u64) -> bool {
    event.saturating_sub(last_update) > max * 2
}

/// Whole seconds as Go prints a duration: `10s`, `1m20s`, `5m0s`, `1h0m0s`.
pub fn go_seconds(ms: u64) -> String {
    let s = ms / 1000;
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    if h > 0 {
        format!("{h}h{m}m{s}s")
    } else if m > 0 {
        format!("{m}m{s}s")
    } else {
        format!("{s}s")
    }
}

/// A duration cut to milliseconds as Go prints it: `308ms`, `1.234s`, `2s`, `1m2.5s`.
pub fn go_millis(ms: u64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    if ms < 1000 {
        return format!("{ms}ms");
    }
    let (secs, frac) = (ms / 1000, ms % 1000);
    let mut text = go_seconds(secs * 1000);
    if frac > 0 {
        text.pop();
        let digits = format!("{frac:03}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
        text.push('s');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_prints_them() {
        for (ms, text) in [
            (10_000, "10s"),
            (80_000, "1m20s"),
            (300_000, "5m0s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(go_seconds(ms), text);
        }
        for (ms, text) in [
            (0, "0s"),
            (308, "308ms"),
            (1000, "1s"),
            (1234, "1.234s"),
            (1500, "1.5s"),
            (62_500, "1m2.5s"),
            (2000, "2s"),
        ] {
            assert_eq!(go_millis(ms), text);
        }
    }

    #[test]
    fn a_long_run_forgets_the_crashes() {
        let mut b = Backoff::new(10_000, 300_000);
        b.next("c", 5_000, 5_000);
        b.next("c", 8_000, 18_000);
        assert_eq!(b.get(&"c"), 20_000);
        assert!(b.is_in_back_off_since(&"c", 20_000, 30_000));
        assert!(!b.is_in_back_off_since(&"c", 20_000, 40_000));
        // The next exit comes more than 600 s after the last permitted restart.
        assert!(!b.is_in_back_off_since(&"c", 619_000, 619_500));
        b.next("c", 619_000, 619_500);
        assert_eq!(b.get(&"c"), 10_000);
    }
}
