//! Requests that are counted once: when the longest patience of a client is over, what became of them never changes.

use rollout_api::{ObjectKey, SortedMap};
use rollout_engine::SimTime;
use rollout_engine::traffic::{Tally, Traffic};
use std::rc::Rc;

/// Sums are kept for moments so far apart.
const CHUNK: u64 = 30_000;
/// More spans than this belong to drawings of other widths.
const SPANS: usize = 1_000;

/// What is counted already of the requests to one target.
#[derive(Default)]
pub(crate) struct Counted {
    target: Option<ObjectKey>,
    /// All requests of the first chunk, of the first two, …
    sums: Vec<Tally>,
    spans: SortedMap<(u64, u64), Rc<Tally>>,
}

/// Before this moment nothing can change any more.
fn settled(traffic: &Traffic, target: &ObjectKey, now: SimTime) -> SimTime {
    let patience = traffic.stream(target).map_or(0, |s| s.patience().0);
    SimTime(now.0.saturating_sub(patience))
}

impl Counted {
    fn about(&mut self, target: &ObjectKey) {
        if self.target.as_ref() != Some(target) {
            *self = Counted {
                target: Some(target.clone()),
                ..Counted::default()
            };
        }
    }

    /// As [`Traffic::total`].
    pub(crate) fn total(&mut self, traffic: &Traffic, target: &ObjectKey, now: SimTime) -> Tally {
        self.about(target);
        let chunks = usize::try_from(settled(traffic, target, now).0 / CHUNK).unwrap_or(0);
        let edge = |n: usize| SimTime(n as u64 * CHUNK);
        while self.sums.len() < chunks {
            let n = self.sums.len();
            let mut sum = self.sums.last().cloned().unwrap_or_default();
            sum.join(&traffic.tally(target, edge(n), edge(n + 1), now));
            self.sums.push(sum);
        }
        let mut all = match chunks.checked_sub(1) {
            Some(last) => self.sums[last].clone(),
            None => Tally::default(),
        };
        all.join(&traffic.tally(target, edge(chunks), now, now));
        all
    }

    /// As [`Traffic::tallies`].
    pub(crate) fn tallies(
        &mut self,
        traffic: &Traffic,
        target: &ObjectKey,
        spans: &[(SimTime, SimTime)],
        now: SimTime,
    ) -> Vec<Rc<Tally>> {
        self.about(target);
        if self.spans.len() > SPANS {
            self.spans = SortedMap::new();
        }
        let settled = settled(traffic, target, now);
        let known = |span: &(SimTime, SimTime)| {
            let found = self.spans.get(&(span.0.0, span.1.0));
            found.filter(|_| span.1 <= settled).cloned()
        };
        let mut out: Vec<Option<Rc<Tally>>> = spans.iter().map(known).collect();
        let missing: Vec<usize> = (0..spans.len()).filter(|i| out[*i].is_none()).collect();
        let asked: Vec<_> = missing.iter().map(|i| spans[*i]).collect();
        for (i, tally) in missing.iter().zip(traffic.tallies(target, &asked, now)) {
            let (span, tally) = (spans[*i], Rc::new(tally));
            if span.1 <= settled {
                self.spans.insert((span.0.0, span.1.0), tally.clone());
            }
            out[*i] = Some(tally);
        }
        out.into_iter().map(Option::unwrap_or_default).collect()
    }
}
