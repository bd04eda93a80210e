//! Any order of seeks through a recorded scenario shows the same bytes: those that the engine itself held there.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::Minor;
use rollout_cli::scenario::{History, Options, Scenario, run};
use rollout_engine::{StepRecord, Store};
use rollout_tests::recordings;

fn bytes(store: &Store) -> String {
    let mut text = String::new();
    for (key, object) in store.iter() {
        text.push_str(&format!("{key:?} "));
        text.push_str(&rollout_api::json::to_json(&object.value));
        text.push('\n');
    }
    text
}

/// Where somebody stands: after so many steps, with what is stored there.
struct Cursor<'h> {
    history: &'h History,
    step: usize,
    store: Store,
}

impl Cursor<'_> {
    fn put(&mut self, record: &StepRecord, back: bool) {
        let changes = record.changes.iter();
        if back {
            for c in changes.rev() {
                self.store.put(&c.key, c.before.clone());
            }
        } else {
            for c in changes {
                self.store.put(&c.key, c.after.clone());
            }
        }
    }
    /// Walks, or begins at the kept store before it if that is nearer.
    fn seek(&mut self, step: usize, may_jump: bool) {
        let kept = self.history.kept.iter().rev().find(|k| k.0 <= step);
        if let Some((at, store)) = kept.filter(|_| may_jump)
            && step - at < self.step.abs_diff(step)
        {
            (self.step, self.store) = (*at, store.clone());
        }
        while self.step < step {
            self.put(&self.history.steps[self.step], false);
            self.step += 1;
        }
        while self.step > step {
            self.step -= 1;
            self.put(&self.history.steps[self.step], true);
        }
    }
}

/// The next of a fixed sequence of numbers.
fn next(state: &mut u64, below: usize) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % below
}

#[test]
#[allow(clippy::print_stdout, reason = "says how much was done")]
fn any_seek_order_shows_what_the_engine_held() {
    let mut state = 7;
    let (mut scenarios, mut seeks) = (0, 0);
    for name in recordings::names() {
        let recorded = recordings::read(&name);
        // What cannot be read is told by the comparison.
        let Ok(scenario) = Scenario::read(&recorded) else {
            continue;
        };
        let options = Options {
            version: Minor::parse(recorded.str_at("server")).unwrap_or_default(),
            seed: 1,
            pieces: None,
        };
        let history = run(&scenario, options).history;
        assert!(!history.steps.is_empty(), "{name}");
        let mut walker = Cursor {
            history: &history,
            step: 0,
            store: history.start.clone(),
        };
        // To the end, and from there to anywhere.
        walker.seek(history.steps.len(), false);
        for turn in 0..12 {
            let Some((at, held)) = history
                .kept
                .get(next(&mut state, history.kept.len().max(1)))
            else {
                break;
            };
            walker.seek(next(&mut state, history.steps.len()), turn % 2 == 0);
            walker.seek(*at, turn % 3 == 0);
            assert!(
                bytes(&walker.store) == bytes(held),
                "{name}: other bytes after {at} steps"
            );
            seeks += 1;
        }
        walker.seek(0, false);
        assert!(bytes(&walker.store) == bytes(&history.start), "{name}");
        scenarios += 1;
    }
    println!("{seeks} seeks in {scenarios} scenarios");
    assert!(scenarios > 0);
}
