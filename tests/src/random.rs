//! Random tests draw the same cases in every run: what fails in CI fails here. Others by `ROLLOUT_RANDOM_SEED=N` and
//! `ROLLOUT_RANDOM_CASES=N`.

use proptest::test_runner::{Config, RngSeed};

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
    )
}

/// The configuration of a random test.
pub fn cases(cases: u32) -> Config {
    let seed = number("ROLLOUT_RANDOM_SEED").unwrap_or(1);
    let cases = number("ROLLOUT_RANDOM_CASES").map_or(cases, |n| n.min(u64::from(u32::MAX)) as u32);
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    }
}
