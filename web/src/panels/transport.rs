//! Time: back, play, step, next decision; where we are; how fast.

use crate::playground::{Msg, SPEEDS};
use crate::ui::{Button, icon};
use rollout_view::{BranchView, TransportView};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct TransportProps {
    pub transport: TransportView,
    pub branches: Vec<BranchView>,
    pub branch: AttrValue,
    pub playing: bool,
    /// Index into the table of speeds.
    pub speed: usize,
    /// `38 s later`: what the last skip cut.
    pub skipped: Option<AttrValue>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Transport(props: &TransportProps) -> Html {
    let t = &props.transport;
    let send = |msg: Msg| props.dispatch.reform(move |_: MouseEvent| msg.clone());
    let onspeed = props.dispatch.reform(|event: InputEvent| {
        let value = event
            .target_unchecked_into::<web_sys::HtmlInputElement>()
            .value();
        Msg::Speed(value.parse().unwrap_or(2))
    });
    let speed = SPEEDS[props.speed.min(SPEEDS.len() - 1)];
    html! {
        <div class={classes!("transport", (!t.at_head).then_some("looking"))} role="toolbar" aria-label="Time">
            <div class="transport-time">
                <b data-testid="time">{t.time.clone()}</b>
                <span class="transport-where">
                    if props.branches.len() > 1 { {branches(props)} }
                    if let Some(skipped) = &props.skipped { <em data-testid="skipped">{skipped.clone()}</em> } else { {t.position.clone()} }
                </span>
            </div>
            <div class="transport-keys">
                <Button class="btn btn-plain key-start" label="To the start" off={!t.can_back} onclick={send(Msg::ToStart)}>{icon("m-start")}</Button>
                <Button testid="transport-back" label="Step back" off={!t.can_back} onclick={send(Msg::Back)}>{icon("m-back")}<span>{"Back"}</span></Button>
                <Button testid="transport-play" label={if props.playing { "Pause time" } else { "Play" }} onclick={send(Msg::PlayPause)}>
                    {icon(if props.playing { "m-pause" } else { "m-play" })}<span>{if props.playing { "Pause" } else { "Play" }}</span>
                </Button>
                <Button class="btn btn-main btn-step" testid="transport-step" label="Step: the next change" off={!t.can_step}
                    title={t.idle.clone().map(AttrValue::from)} onclick={send(Msg::Step)}>{"Step"}{icon("m-step")}</Button>
                <Button class="btn btn-plain key-next" testid="transport-next" label="To the next decision" off={!t.can_step} onclick={send(Msg::NextMark)}>{icon("m-skip")}</Button>
            </div>
            <div class="transport-end">
                <label class="speed"><span>{"Speed"}</span>
                    <input data-testid="speed" type="range" min="0" max={(SPEEDS.len() - 1).to_string()} step="1" value={props.speed.to_string()}
                        aria-label="Speed" aria-valuetext={format!("{} times", speed.word)} oninput={onspeed} />
                    <output>{format!("{}×", speed.word)}</output></label>
                // One takes the place of the other: nothing moves under the pointer.
                if !t.at_head { <Button testid="to-latest" onclick={send(Msg::ToEnd)}>{"To the latest"}</Button> }
                else { <Button class="btn btn-plain" testid="skip-waiting" off={!t.can_step} title="Jump to the next decision and show what was cut" onclick={send(Msg::SkipWaiting)}>{"Skip waiting"}</Button> }
            </div>
        </div>
    }
}

/// The chip of the branch; the others open at the same second.
fn branches(props: &TransportProps) -> Html {
    html! { <>
        <b class="branch" data-testid="branch" title={props.transport.branch.clone()}>{props.branch.clone()}</b>
        { for props.branches.iter().filter(|b| !b.current).map(|b| {
            let index = b.index;
            html! {
                <Button class="btn btn-small" testid="open-branch" title={format!("{} steps", b.steps)}
                    onclick={props.dispatch.reform(move |_: MouseEvent| Msg::OpenBranch(index))}>{format!("Open {}", b.name)}</Button>
            }
        }) }
    </> }
}
