//! The rollout in which a mistake hurts.

use super::Lint;
use rollout_session::{Session, Start, file_name};

/// How long after the last line it is shown.
const AFTER_MS: u64 = 60_000;

/// A session of its own: the manifest at rest, then the lines of the mistake. It stands at the end; everything before can
/// be stepped through.
pub fn show(text: &str, lint: &Lint, like: &Start) -> Session {
    let mut session = Session::new(Start {
        manifest: Some(text.to_owned()),
        images: like.images.clone(),
        ..like.clone()
    });
    let file = file_name(text);
    for (at, line) in &lint.show {
        session.play_to(*at);
        session.run(&line.replace("{file}", &file));
    }
    session.play_to(session.at() + AFTER_MS);
    session
}
