//! Plans below each other: one clock, one vertical scale.

use super::scene::{Ruler, Stage};
use super::spans::Spans;
use crate::hooks::use_vars;
use crate::playground::Msg;
use crate::ui::Button;
use rollout_view::{ComparePane, CompareView, Price};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CompareProps {
    pub view: Rc<CompareView>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Compare(props: &CompareProps) -> Html {
    let view = &props.view;
    let columns = view
        .panes
        .first()
        .map(|p| p.results.iter().map(|c| c.name).collect::<Vec<_>>())
        .unwrap_or_default();
    html! { <>
        <header class="why">
            <p class="kicker">{view.kicker.clone()}</p>
            <h1 data-testid="why">{view.headline.clone()}</h1>
            <Both dispatch={props.dispatch.clone()} />
        </header>
        <div class="prices-head" aria-hidden="true">{ for columns.iter().map(|c| html! { <span>{*c}</span> }) }</div>
        { for view.panes.iter().enumerate().map(|(k, pane)| html! {
            <Pane key={pane.name.clone()} index={k} pane={pane.clone()} height={view.height} dispatch={props.dispatch.clone()} />
        }) }
        if let Some(first) = view.panes.first() {
            <section class="stage pane pane-ruler" aria-label="Time">
                <Ruler past={first.page.scene.past.clone()} transport={first.page.transport.clone()} marks={Vec::new()} dispatch={props.dispatch.clone()} />
            </section>
        }
    </> }
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
        <form class="both" aria-label="The same in both" {onsubmit}>
            <label>{"Do the same in both"}<input id="terminal" class="text" data-testid="terminal" placeholder="kubectl set image …" value={(*line).clone()} {oninput} spellcheck="false" autocomplete="off" /></label>
            <button type="submit" class="btn">{"Run"}</button>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct PaneProps {
    index: usize,
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
        <Stage class="stage pane" pane={true} page={Rc::new(pane.page.clone())} shared_height={Some(props.height)} dispatch={props.dispatch.clone()}>
            <header class="plan">
                <h2>{pane.name.clone()}</h2>
                <p class="plan-why" data-testid="pane-why"><Spans spans={pane.page.why.headline.clone()} dispatch={props.dispatch.clone()} /></p>
                <Button testid="compare-open" onclick={props.dispatch.reform(move |_: MouseEvent| Msg::OpenPane(index))}>{"Open alone"}</Button>
            </header>
            <table ref={node} class="prices"><caption class="sr">{format!("Measures of {}", pane.name)}</caption>
                <thead class="sr"><tr>{ for pane.results.iter().map(|c| html! { <th scope="col">{c.name}</th> }) }</tr></thead>
                <tbody><tr>{ for pane.results.iter().map(|c| html! {
                    <td data-testid={format!("measure-{}", c.id)} class={match c.price { Price::None => "", Price::Trade => "price", Price::Harm => "price bad" }}>{c.text.clone()}</td>
                }) }</tr></tbody></table>
        </Stage>
    }
}
