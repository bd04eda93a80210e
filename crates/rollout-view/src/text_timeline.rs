//! The timeline as fixed-width text: one line for every decision, action and milestone. For people and diff tools.

use crate::model::MarkKind;
use crate::page::{PageInput, page_view};
use rollout_session::Session;

/// Seconds, step, kind and sentence of every mark up to the cursor.
pub fn text_timeline(session: &Session) -> String {
    let page = page_view(
        session,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    let mut out = String::new();
    for mark in page.marks.iter().filter(|m| m.step <= session.position()) {
        let kind = match mark.kind {
            MarkKind::Decision => "write",
            other => other.name(),
        };
        let sentence = mark
            .name
            .split_once(" s. ")
            .map_or(mark.name.as_str(), |(_, s)| s);
        let seconds = format!("{}.{:03}", mark.at_ms / 1000, mark.at_ms % 1000);
        out.push_str(&format!(
            "{seconds:>9} {:>5}  {kind:<9} {sentence}\n",
            mark.step
        ));
    }
    out
}
