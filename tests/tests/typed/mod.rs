//! Lines typed into a session, for tests that look from outside.

use rollout_api::Minor;
use rollout_session::{Session, Start};

/// A session at 1.36, from a preset or empty.
pub fn session(preset: Option<&str>) -> Session {
    Session::new(Start {
        preset: preset.map(str::to_owned),
        version: Minor(36),
        ..Start::default()
    })
}

/// Runs a line to its end, which must be good; what is due at once is done. Answers what it printed.
pub fn ok(s: &mut Session, line: &str) -> String {
    let ran = s.run_to_end(line, 120_000);
    assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    s.settle();
    ran.stdout
}

/// Lets some seconds pass.
pub fn after(s: &mut Session, seconds: u64) {
    let at = s.at() + seconds * 1000;
    s.play_to(at);
}
