//! Plans below each other: one clock, one vertical scale, one axis of time.

use super::plans::{AddPlan, Offers};
use super::scene::{Ruler, Stage};
use super::spans::Spans;
use crate::hooks::use_vars;
use crate::playground::Msg;
use crate::playground::heat::HeatMsg;
use crate::ui::Button;
use crate::ui::Shared;
use rollout_view::{CompareCell, ComparePane, CompareView, Price};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CompareProps {
    pub view: Rc<CompareView>,
    /// What else may be compared.
    pub offers: Offers,
    /// The map of every pair of limits, if it is open.
    pub heat: Option<Html>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Compare(props: &CompareProps) -> Html {
    let view = &props.view;
    let panes = view.panes.len();
    html! { <>
        <header class="why">
            <p class="kicker">{view.kicker.clone()}</p>
            <h1 data-testid="why">{view.headline.clone()}</h1>
            <div class="compare-tools">
                <Both dispatch={props.dispatch.clone()} />
                <Button testid="open-heat" expanded={Some(props.heat.is_some())} onclick={props.dispatch.reform(|_: MouseEvent| Msg::Heat(HeatMsg::Toggle))}>{"Every pair of limits"}</Button>
                if panes < 4 { <AddPlan offers={props.offers.clone()} dispatch={props.dispatch.clone()} /> }
            </div>
        </header>
        { props.heat.clone() }
        if let Some(first) = view.panes.first() {
            <div class="prices-head" aria-hidden="true">{ for first.results.iter().map(|c| html! { <span>{c.name}</span> }) }</div>
        }
        { for view.panes.iter().enumerate().map(|(k, pane)| html! {
            <Pane key={pane.name.clone()} index={k} {panes} pane={pane.clone()} height={view.height} dispatch={props.dispatch.clone()} />
        }) }
        if let Some(first) = view.panes.first() {
            <section class={format!("{} pane-ruler", class_of(panes))} aria-label="Time">
                <Ruler past={first.page.scene.past.clone()} transport={view.transport.clone()} marks={Vec::new()} dispatch={props.dispatch.clone()} />
            </section>
        }
        <details class="as-text"><summary>{"Differences as text"}</summary><pre tabindex="0" data-testid="compare-text">{view.text.clone()}</pre></details>
    </> }
}

/// As many panes as there are share the height of the window.
fn class_of(panes: usize) -> &'static str {
    match panes {
        2 => "stage pane of-2",
        4 => "stage pane of-4",
        _ => "stage pane",
    }
}

#[derive(Properties, PartialEq)]
struct BothProps {
    dispatch: Callback<Msg>,
}

/// A line that is run in every pane, at the same time.
#[component]
fn Both(props: &BothProps) -> Html {
    let line = use_state(String::new);
    let oninput = {
        let line = line.clone();
        Callback::from(move |event: InputEvent| {
            line.set(
                event
                    .target_unchecked_into::<web_sys::HtmlInputElement>()
                    .value(),
            )
        })
    };
    let onsubmit = {
        let (line, dispatch) = (line.clone(), props.dispatch.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if !line.trim().is_empty() {
                dispatch.emit(Msg::Run((*line).clone()));
                line.set(String::new());
            }
        })
    };
    html! {
        <form class="both" aria-label="The same in all plans" {onsubmit}>
            <label>{"Do the same in all"}<input id="terminal" class="text" data-testid="terminal" placeholder="kubectl set image …" value={(*line).clone()} {oninput} spellcheck="false" autocomplete="off" /></label>
            <button type="submit" class="btn">{"Run"}</button>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct PaneProps {
    index: usize,
    /// How many there are.
    panes: usize,
    pane: ComparePane,
    height: u32,
    dispatch: Callback<Msg>,
}

#[component]
fn Pane(props: &PaneProps) -> Html {
    let pane = &props.pane;
    let index = props.index;
    let node = use_vars(vec![]);
    html! {
        <Stage class={class_of(props.panes)} pane={true} page={Shared::from(pane.page.clone())} shared_height={Some(props.height)} dispatch={props.dispatch.clone()}>
            <header class="plan" id={format!("pane-{index}")} data-plan={pane.plan.clone()}>
                <h2>{pane.name.clone()}</h2>
                <p class="plan-why" data-testid="pane-why"><Spans spans={pane.page.why.headline.clone()} dispatch={props.dispatch.clone()} /></p>
                <div class="plan-keys">
                    <Button testid="compare-open" label={format!("Open alone: {}", pane.name)} onclick={props.dispatch.reform(move |_: MouseEvent| Msg::OpenPane(index))}>{"Open alone"}</Button>
                    if props.panes > 2 {
                        <Button class="btn btn-plain" testid="compare-remove" label={format!("Remove {}", pane.name)} onclick={props.dispatch.reform(move |_: MouseEvent| Msg::DropPane(index))}>{"Remove"}</Button>
                    }
                </div>
            </header>
            <table ref={node} class="prices"><caption class="sr">{format!("Measures of {}", pane.name)}</caption>
                <thead class="sr"><tr>{ for pane.results.iter().map(|c| html! { <th scope="col">{c.name}</th> }) }</tr></thead>
                <tbody><tr>{ for pane.results.iter().map(cell) }</tr></tbody></table>
        </Stage>
    }
}

/// A number, its unit smaller.
fn cell(c: &CompareCell) -> Html {
    let class = match c.price {
        Price::None => "",
        Price::Trade => "price",
        Price::Harm => "price bad",
    };
    let (number, unit) = match c.text.strip_suffix(" s") {
        Some(number) => (number, " s"),
        None => (c.text.as_str(), ""),
    };
    let long = number.len() > 4 || c.text.len() > 5;
    html! { <td data-testid={format!("measure-{}", c.id)} data-long={long.then_some("true")} {class}>{number}<small>{unit}</small></td> }
}
