//! Room and spare: two signals with their sums, as a bill beside the stage or as one line.

use super::spans::Number;
use crate::playground::Msg;
use crate::ui::icon_as;
use rollout_view::{Quantity, Signal, SumView};
use yew::prelude::*;

/// The arm of a signal: down and filled is stop, raised and hollow is clear, clamped is paused.
fn signal_arm(signal: Signal) -> Html {
    let (name, arm) = match signal {
        Signal::Stop => (
            "Signal at stop",
            html! { <>
            <path class="signal-arm" d="M1 13h24v8H1l3.2-4z" /><path class="signal-cut" d="M8.5 13H12v8H8.5z" /></> },
        ),
        Signal::Clear => (
            "Signal at clear",
            html! {
            <g class="signal-raised"><path class="signal-hollow" d="M1 13h24v8H1l3.2-4z" /><path class="signal-ink" d="M8.5 13H12v8H8.5z" /></g> },
        ),
        Signal::Clamped => (
            "Signal clamped: the rollout is paused",
            html! { <>
            <path class="signal-hollow" d="M1 13h24v8H1l3.2-4z" /><path class="signal-clamp" d="M9 10v14M16 10v14M9 10h7M9 24h7" /></> },
        ),
        Signal::Off => (
            "No signal",
            html! { <path class="signal-hollow signal-off" d="M1 13h24v8H1l3.2-4z" /> },
        ),
    };
    html! {
        <svg class="signal" viewBox="0 0 30 28" role="img" aria-label={name}>
            <path class="signal-post" d="M25 28V9" />{arm}<circle class="signal-pin" cx="25" cy="17" r="3.1" />
        </svg>
    }
}

/// The glyph of a quantity in a sum.
fn glyph(quantity: Quantity) -> Html {
    let name = match quantity {
        Quantity::Ceiling => "g-ceiling",
        Quantity::Floor => "g-floor",
        Quantity::Total | Quantity::Wanted => "g-pods",
        Quantity::Waiting => "g-waiting",
        Quantity::Available => "g-available",
        _ => return Html::default(),
    };
    html! { {icon_as(name, "mark glyph")} }
}

#[derive(Properties, PartialEq)]
pub struct SumProps {
    pub sum: SumView,
    pub testid: AttrValue,
    pub dispatch: Callback<Msg>,
}

/// Written like a bill, so that the digits align.
#[component]
pub fn Ledger(props: &SumProps) -> Html {
    let sum = &props.sum;
    html! {
        <section class="ledger" data-testid={props.testid.clone()} aria-label={sum.title.clone()}>
            <p class="ledger-title">{signal_arm(sum.signal)}<span>{sum.title.clone()}</span></p>
            <dl>
                { for sum.terms.iter().map(|term| html! {
                    <div class="ledger-row"><dt><span class="op">{term.operator}</span>{glyph(term.number.quantity)}{term.name.clone()}</dt>
                    <dd><Number number={term.number.clone()} dispatch={props.dispatch.clone()} /></dd></div>
                }) }
                <div class="ledger-row ledger-sum"><dt>{sum.result_name.clone()}</dt><dd>{sum.result.text.clone()}</dd></div>
            </dl>
            <p class="ledger-verdict">{sum.note.clone()}</p>
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub struct SumsLineProps {
    pub room: SumView,
    pub spare: SumView,
    pub dispatch: Callback<Msg>,
}

/// The same two sums in one line, where the bills do not fit.
#[component]
pub fn SumsLine(props: &SumsLineProps) -> Html {
    let one = |sum: &SumView| {
        html! {
            <span>
                {signal_arm(sum.signal)}<b>{format!("{} {}", sum.title, sum.result.text)}</b>
                if !sum.terms.is_empty() { {" = "} }
                { for sum.terms.iter().map(|term| html! { <>
                    if !term.operator.is_empty() { <span class="op">{term.operator}</span> }
                    {glyph(term.number.quantity)}<Number number={term.number.clone()} dispatch={props.dispatch.clone()} />
                </> }) }
            </span>
        }
    };
    html! { <p class="sums">{one(&props.room)}{one(&props.spare)}</p> }
}
