//! The sentence: why this happened, or why nothing happens.

use super::spans::Spans;
use super::sums::SumsLine;
use crate::playground::Msg;
use crate::playground::instrument::{TimeMsg, send};
use crate::ui::{Button, Shared, icon};
use rollout_view::{PageView, WhyKind};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct WhyProps {
    pub page: Shared<PageView>,
    pub dispatch: Callback<Msg>,
    /// The heading of the page (in a comparison the panes have their own, smaller ones).
    #[prop_or(true)]
    pub sums: bool,
}

#[component]
pub fn Why(props: &WhyProps) -> Html {
    let why = &props.page.why;
    let long = (why.spoken.len() > LONG).then_some("true");
    let (sign, alert_class) = match why.kind {
        WhyKind::Stalled => (Some("m-hourglass"), "stall"),
        WhyKind::Refused => (Some("m-bang"), "stall"),
        WhyKind::Paused => (Some("m-clamp"), "clamped"),
        _ => (None, "news"),
    };
    html! {
        <header class="why" data-kind={kind_name(why.kind)}>
            <div class="kicker-row">
            <p class="kicker">
                if let Some(alert) = &why.alert {
                    <b class={alert_class}>if let Some(sign) = sign { {icon(sign)} }{alert.clone()}</b>{" "}
                }
                <Spans spans={why.kicker.clone()} dispatch={props.dispatch.clone()} />
            </p>
            if props.sums {
                <Button class="btn btn-small" testid="open-why" title="Sums with their sources, the rule, what is awaited, why not" onclick={props.dispatch.reform(|_: MouseEvent| Msg::Tab("why"))}>{"Why?"}</Button>
                <Button class="btn btn-small" testid="open-timeline" title="Lanes, life lines, marks, branches (key t)" onclick={send(&props.dispatch, TimeMsg::Toggle)}>{"Timeline"}</Button>
            }
            </div>
            <h1 data-testid="why" data-long={long}><Spans spans={why.headline.clone()} dispatch={props.dispatch.clone()} /></h1>
            if props.sums {
                <SumsLine room={props.page.room.clone()} spare={props.page.spare.clone()} dispatch={props.dispatch.clone()} />
            }
        </header>
    }
}

/// Longer sentences are written smaller.
const LONG: usize = 140;

/// The value of `data-kind`.
fn kind_name(kind: WhyKind) -> &'static str {
    match kind {
        WhyKind::Decision => "decision",
        WhyKind::Change => "change",
        WhyKind::Wait => "wait",
        WhyKind::Stalled => "stalled",
        WhyKind::Paused => "paused",
        WhyKind::Complete => "complete",
        WhyKind::Empty => "empty",
        WhyKind::Action => "action",
        WhyKind::Refused => "refused",
    }
}

#[derive(Properties, PartialEq)]
pub struct LiveProps {
    pub text: AttrValue,
}

/// The one polite live region of the page: one announcement per step.
#[component]
pub fn Live(props: &LiveProps) -> Html {
    html! { <p class="sr" role="status" aria-live="polite" data-testid="live">{props.text.clone()}</p> }
}
