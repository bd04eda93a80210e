//! The scrubber: arrows are steps, Page keys are decisions, Home and End are the ends.

use super::geometry::percent;
use super::past::{Part, Recorded};
use crate::hooks::use_vars;
use crate::interop::dom;
use crate::playground::Msg;
use rollout_view::{MarkKind, MarkView, PageView, PastView, TransportView};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RulerProps {
    pub past: Rc<PastView>,
    pub transport: TransportView,
    /// Those of its track: `marks`.
    pub marks: Vec<MarkView>,
    pub dispatch: Callback<Msg>,
}

/// The marks that stand on the track: milestones and where branches begin.
pub fn marks(page: &PageView) -> Vec<MarkView> {
    let shown = |m: &&MarkView| matches!(m.kind, MarkKind::Milestone | MarkKind::Branch);
    page.marks.iter().filter(shown).cloned().collect()
}

#[component]
pub fn Ruler(props: &RulerProps) -> Html {
    let (past, t) = (&props.past, &props.transport);
    let node = use_node_ref();
    // At the newest moment the head stands on the playhead, also where no time has passed yet.
    let at = if t.at_head {
        "100".to_owned()
    } else {
        percent(past.now_x, past.record.width)
    };
    let head = use_vars(vec![("--x", at)]);
    let seek = {
        let (node, dispatch) = (node.clone(), props.dispatch.clone());
        Callback::from(move |event: PointerEvent| {
            if event.buttons() & 1 == 1
                && let Some(permille) = dom::permille_of(&node, event.client_x())
            {
                dom::capture(&node, event.pointer_id());
                dispatch.emit(Msg::SeekPermille(permille));
            }
        })
    };
    let onkeydown = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |event: KeyboardEvent| {
            let msg = match (event.key().as_str(), event.shift_key()) {
                ("ArrowRight" | "ArrowUp", false) => Msg::Step,
                ("ArrowLeft" | "ArrowDown", false) => Msg::Back,
                ("ArrowRight", true) | ("PageUp", _) => Msg::NextMark,
                ("ArrowLeft", true) | ("PageDown", _) => Msg::PrevMark,
                ("Home", _) => Msg::ToStart,
                ("End", _) => Msg::ToEnd,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            dispatch.emit(msg);
        })
    };
    html! {
        <div ref={node} class="ruler" data-testid="ruler" role="slider" tabindex="0" aria-label="Time" aria-valuemin="0" aria-valuemax={t.last.to_string()}
            aria-valuenow={t.step.to_string()} aria-valuetext={format!("{}, {}", t.time, t.position)} onpointerdown={seek.clone()} onpointermove={seek} {onkeydown}>
            <div class="ruler-track" aria-hidden="true">
                <Recorded record={past.record.clone()} part={Part::Ticks} dispatch={props.dispatch.clone()} />
                { for props.marks.iter().map(|mark| html! {
                    <RulerMark key={format!("{}{}", mark.step, mark.kind.name())} mark={mark.clone()} width={past.record.width} dispatch={props.dispatch.clone()} />
                }) }
            </div>
            <i ref={head} class="ruler-head"></i>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct RulerMarkProps {
    mark: MarkView,
    width: u64,
    dispatch: Callback<Msg>,
}

/// Complete, stalled, past the deadline, or the place where a branch left.
#[component]
fn RulerMark(props: &RulerMarkProps) -> Html {
    let mark = &props.mark;
    let node = use_vars(vec![("--x", percent(mark.x, props.width))]);
    let step = mark.step;
    html! {
        <i ref={node} class="ruler-mark" data-testid="mark" data-kind={mark.kind.name()} data-to={step.to_string()} title={mark.name.clone()}
            onclick={props.dispatch.reform(move |_: MouseEvent| Msg::SeekStep(step))}></i>
    }
}
