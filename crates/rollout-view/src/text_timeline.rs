//! The timeline as fixed-width text: one line for every decision, action and milestone. For people and diff tools.

use crate::model::MarkKind;
use crate::page::{PageInput, page_view};
use rollout_api::{Value, object};
use rollout_session::Session;

/// Step, time, kind and sentence of every mark up to the cursor.
fn rows(session: &Session) -> Vec<(usize, u64, &'static str, String)> {
    let input = PageInput {
        text: "",
        focus: None,
    };
    let page = page_view(session, &input);
    let marks = page.marks.iter().filter(|m| m.step <= session.position());
    marks
        .map(|mark| {
            let kind = match mark.kind {
                MarkKind::Decision => "write",
                other => other.name(),
            };
            let sentence = mark.name.split_once(" s. ").map_or(&*mark.name, |(_, s)| s);
            (mark.step, mark.at_ms, kind, sentence.to_owned())
        })
        .collect()
}

/// Seconds, step, kind and sentence of every mark up to the cursor.
pub fn text_timeline(session: &Session) -> String {
    let mut out = String::new();
    for (step, at, kind, sentence) in rows(session) {
        let seconds = format!("{}.{:03}", at / 1000, at % 1000);
        out.push_str(&format!("{seconds:>9} {step:>5}  {kind:<9} {sentence}\n"));
    }
    out
}

/// The same as JSON objects, times in milliseconds.
pub fn timeline_json(session: &Session) -> Vec<Value> {
    rows(session)
        .into_iter()
        .map(|(step, at, kind, sentence)| {
            object! {
                "step" => i64::try_from(step).unwrap_or(i64::MAX),
                "atMs" => i64::try_from(at).unwrap_or(i64::MAX),
                "kind" => kind,
                "text" => sentence,
            }
        })
        .collect()
}
