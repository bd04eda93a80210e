//! In a large session the scene is drawn first; the panels beside it follow when the head rests, and now and then while it moves.

use super::Playground;
use super::msg::Msg;
use crate::interop::clock;
use gloo::timers::callback::Timeout;

/// So long the head rests before the panels follow.
const REST_MS: u32 = 50;
/// While it is dragged on and on they follow about so often, and while time runs so often.
const AT_LEAST_MS: f64 = 1000.0;
const AT_LEAST_PLAYING_MS: f64 = 250.0;
/// Sessions with fewer marks and pods are drawn at once.
const MARKS: usize = 240;
const PODS: u32 = 60;

/// Panels that have not followed yet.
pub struct Settling {
    since: f64,
    _timer: Timeout,
}

/// Is the view that is made now for the scene alone?
pub fn passing(p: &mut Playground) -> bool {
    let sought = std::mem::take(&mut p.sought);
    let large = p.view.marks.len() > MARKS || p.view.scene.height > PODS;
    let since = p.settling.as_ref().map(|s| s.since);
    let at_least = if p.playing.is_some() {
        AT_LEAST_PLAYING_MS
    } else {
        AT_LEAST_MS
    };
    let overdue = since.is_some_and(|since| clock::now_ms() - since > at_least);
    sought && large && p.comparison.is_none() && !overdue
}

/// The panels follow soon.
pub fn later(p: &mut Playground) {
    let since = p.settling.take().map_or_else(clock::now_ms, |s| s.since);
    let dispatch = p.dispatch.clone();
    let _timer = Timeout::new(REST_MS, move || dispatch.emit(Msg::Settle));
    p.settling = Some(Settling { since, _timer });
}
