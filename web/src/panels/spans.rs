//! A sentence whose numbers light up their sources.

use crate::playground::Msg;
use rollout_view::{NumberView, Origin, Quantity, Span, VersionTag};
use yew::prelude::*;

/// The letter of a version with its livery.
pub fn coach(version: VersionTag) -> Html {
    html! { <span class="coach" data-version={version.letter()} data-livery={version.livery().to_string()}>{version.letter()}</span> }
}

#[derive(Properties, PartialEq)]
pub struct NumberProps {
    pub number: NumberView,
    pub dispatch: Callback<Msg>,
}

/// A number: hover or focus lights every place of the same quantity, a tap pins it.
#[component]
pub fn Number(props: &NumberProps) -> Html {
    let number = &props.number;
    let quantity = number.quantity;
    let class = match quantity {
        Quantity::Ceiling | Quantity::Floor | Quantity::Surge | Quantity::Unavailable => {
            "num num-limit"
        }
        Quantity::Waiting => "num num-wait",
        Quantity::Failing => "num num-fail",
        _ => "num",
    };
    let title = match &number.origin {
        Origin::Field(path) | Origin::Status(path) => format!("{}: {path}", quantity.name()),
        Origin::Pods => format!("{}: counted pods of the scene", quantity.name()),
        Origin::Sets => format!("{}: sizes of the sets", quantity.name()),
        Origin::Clock => "read from the clock".to_owned(),
        Origin::Computed => quantity.name().to_owned(),
    };
    let onclick = props
        .dispatch
        .reform(move |_: MouseEvent| Msg::Pin(quantity));
    html! { <button type="button" {class} data-n={quantity.name()} {title} {onclick}>{number.text.clone()}</button> }
}

#[derive(Properties, PartialEq)]
pub struct SpansProps {
    pub spans: Vec<Span>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Spans(props: &SpansProps) -> Html {
    props
        .spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => html! { {text.clone()} },
            Span::Code(text) => html! { <code>{text.clone()}</code> },
            Span::Version(version) => coach(*version),
            Span::Number(number) => {
                html! { <Number number={number.clone()} dispatch={props.dispatch.clone()} /> }
            }
        })
        .collect()
}
