//! Images and their behaviours, for the table and its picker.

use crate::bench::images_in_use;
use crate::model::*;
use rollout_engine::images::Behaviour;
use rollout_session::Session;

/// The table at the cursor.
pub fn images(session: &Session) -> ImagesView {
    let rows = images_in_use(session)
        .into_iter()
        .map(|image| ImageRow {
            image,
            behaviour: "good".to_owned(),
            words: words("good").to_owned(),
            in_use: true,
        })
        .collect();
    let behaviours = Behaviour::names()
        .iter()
        .map(|key| BehaviourView {
            key,
            name: key.replace('-', " "),
            words: words(key).to_owned(),
        })
        .collect();
    ImagesView { rows, behaviours }
}

/// What a behaviour does, in a few words.
pub fn words(name: &str) -> &'static str {
    match name {
        "good" => "becomes ready after start and probe",
        "missing" => "the pull fails",
        "late" => "the pull fails until a moment, then it works",
        "crash" => "the process ends after a second, again and again",
        "never-ready" => "runs, but its probe fails",
        "flapping" => "ready and not ready in turns",
        "slow-start" => "answers 30 s after its start",
        "slow-pull" => "the pull takes 30 s",
        "slow-answers" => "every answer takes 2 s",
        "errors" => "fails a share of the requests",
        "oom" => "its memory grows until it is killed",
        "needs-config" => "does not run without a key of its configuration",
        "needs-schema" => "fails unless the database has its schema",
        "wrong-port" => "listens on another port than the probe asks",
        "wrong-path" => "knows another path than the probe asks",
        "ignores-stop" => "runs until the grace period ends",
        "needs-write" => "fails with a read-only root",
        "needs-root" => "is refused with run-as-non-root",
        "advisory" => "healthy, with a security advisory",
        "moved-tag" => "the same tag with new content",
        _ => "",
    }
}
