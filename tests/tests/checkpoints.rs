//! Long sessions keep few engines: what a moment of the past shows and what acting there does is the same.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_engine::{Cause, Engine, StepRecord};
use rollout_session::{Session, Start, Timeline};

#[test]
fn a_long_session_keeps_few_engines_and_those_that_it_needs() {
    let engine = Session::new(Start::preset("solo-1")).head().clone();
    let mut timeline = Timeline::default();
    let mut needed = Vec::new();
    for n in 0..10_000 {
        timeline.push(vec![record(&engine)], 0, None, None);
        if n % 2_345 == 7 {
            timeline.keep_now(&engine);
            needed.push(timeline.len());
        }
        timeline.keep(&engine);
    }
    let mut kept: Vec<usize> = (0..=10_000)
        .filter_map(|p| timeline.checkpoint(p).map(|c| c.step))
        .collect();
    kept.dedup();
    assert!((60..=140).contains(&kept.len()), "{}", kept.len());
    assert!(needed.iter().all(|n| kept.contains(n)), "{needed:?}");
    let widest = kept.windows(2).map(|w| w[1] - w[0]).max().unwrap();
    assert!(widest <= 256, "{widest} steps are replayed");
}

/// A record of nothing.
fn record(engine: &Engine) -> StepRecord {
    StepRecord {
        at: engine.now(),
        cause: Cause::Outside("nobody".into()),
        changes: Vec::new(),
        decisions: Vec::new(),
    }
}

#[test]
fn acting_far_in_the_past_of_a_long_session_is_as_if_nothing_had_followed() {
    let long = |to: u64| {
        let mut s = Session::new(Start::preset("roll-10"));
        let mut at = 0;
        while at < to {
            s.play_to(at);
            s.run("kubectl rollout restart deployment/rolldeployment");
            at += 30_000;
        }
        s.play_to(to);
        s
    };
    let mut s = long(900_000);
    assert!(
        s.steps().len() > 4_200,
        "{} steps: no distance was doubled",
        s.steps().len()
    );
    for at in [61_234, 200_777, 500_001] {
        s.open_branch(0);
        s.seek_time(at);
        s.run("kubectl scale deployment/rolldeployment --replicas=7");
        s.play_to(at + 5_000);
        let mut straight = long(at);
        straight.run("kubectl scale deployment/rolldeployment --replicas=7");
        straight.play_to(at + 5_000);
        assert_eq!(s.steps().len(), straight.steps().len(), "at {at}");
        let all = |s: &Session| {
            s.store()
                .list(rollout_api::Kind::POD)
                .map(|o| format!("{:?}", o.value))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&s), all(&straight), "at {at}");
    }
}
