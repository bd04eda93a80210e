//! Pods that have just gone are drawn a moment longer, so that their going can be seen.

use super::Playground;
use super::msg::Msg;
use crate::interop::page;
use gloo::timers::callback::Timeout;
use rollout_api::Order;
use rollout_view::{PageView, PodView};
use std::rc::Rc;

/// A little longer than the fading itself (`--d-move`).
const FADE_MS: u32 = 260;
/// More than this at once are not a motion but a cut.
const MOST: usize = 30;

/// The pods of a view that are not in the next one.
fn vanished(before: &PageView, after: &PageView) -> Vec<Rc<PodView>> {
    let pods = |view: &PageView| -> Vec<Rc<PodView>> {
        let scene = &view.scene;
        scene.pods.iter().chain(&scene.leaving).cloned().collect()
    };
    let mut there: Vec<String> = pods(after).into_iter().map(|p| p.uid.clone()).collect();
    there.order();
    let mut gone = pods(before);
    gone.retain(|p| there.binary_search(&p.uid).is_err());
    gone
}

/// Keeps what has gone between two views, and sends for the broom.
pub fn notice(p: &mut Playground, before: &PageView) {
    let same_place = before.focus == p.view.focus && before.scene.grain == p.view.scene.grain;
    if p.jump || !same_place || page::reduced_motion() {
        p.gone = Rc::default();
        p.sweep = None;
        return;
    }
    let gone = vanished(before, &p.view);
    if gone.is_empty() || gone.len() > MOST {
        return;
    }
    p.gone = Rc::new(gone);
    let dispatch = p.dispatch.clone();
    p.sweep = Some(Timeout::new(FADE_MS, move || dispatch.emit(Msg::Sweep)));
}
