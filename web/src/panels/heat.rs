//! The map of a sweep: maxSurge down, maxUnavailable across, one measure as numbers and shades.

use crate::playground::heat::{Heat, HeatMsg};
use crate::playground::{Msg, closest_data};
use crate::ui::{Button, Shared};
use rollout_view::heat::heat_numbers;
use rollout_view::sweep::SweepMeasure;
use rollout_view::{HeatCellView, HeatView};
use yew::prelude::*;

/// Words for the limits of both axes.
const LIMITS: [(&str, &str); 4] = [
    ("4", "0 to 4"),
    ("9", "0 to 9"),
    ("19", "0 to 19"),
    ("percent", "0% to 100%"),
];

/// The whole panel.
pub fn heat(heat: &Heat, dispatch: &Callback<Msg>) -> Html {
    let (done, total) = (heat.done, heat.cells.len());
    let status = match (&heat.error, heat.took_ms) {
        (Some(text), _) => text.clone(),
        (None, None) => format!("{done} of {total} runs"),
        (None, Some(ms)) if done < total => format!(
            "Cancelled after {done} of {total} runs and {}",
            rollout_view::span_text(ms)
        ),
        (None, Some(ms)) => format!("{total} runs in {}", rollout_view::span_text(ms)),
    };
    let onmeasure = dispatch.reform(|event: Event| Msg::Heat(HeatMsg::Measure(chosen(&event))));
    let onreplicas = dispatch
        .reform(|event: Event| Msg::Heat(HeatMsg::Replicas(chosen(&event).parse().unwrap_or(0))));
    html! {
        <section class="heat" data-testid="heat" data-running={heat.running().then_some("true")} data-done={done.to_string()} data-total={total.to_string()} data-took={heat.took_ms.map(|ms| ms.to_string())} aria-label="Every pair of limits">
            <header class="heat-bar">
                <h2>{"Every pair of limits"}</h2>
                <Ask usual={heat.usual} running={heat.running()} dispatch={dispatch.clone()} />
                <label>{"Show"}<select class="text" data-testid="heat-measure" onchange={onmeasure}>
                    { for SweepMeasure::ALL.iter().map(|m| html! { <option value={m.name()} selected={*m == heat.measure}>{m.words()}</option> }) }
                </select></label>
                if heat.axes.replicas.len() > 1 {
                    <label>{"with"}<select class="text" data-testid="heat-shown" onchange={onreplicas}>
                        { for heat.axes.replicas.iter().map(|n| html! { <option value={n.to_string()} selected={*n == heat.replicas}>{format!("{n} replicas")}</option> }) }
                    </select></label>
                }
            </header>
            <p class="heat-status" data-testid="heat-status" role={if heat.running() { "presentation" } else { "status" }}>
                if heat.running() { <progress max={total.to_string()} value={done.to_string()} aria-label="Runs done"></progress> }
                <span>{status}</span>
            </p>
            if heat.error.is_none() {
                <div class="heat-body">
                    <Map view={heat.view.clone()} picked={heat.picked} dispatch={dispatch.clone()} />
                    <div class="heat-side">
                        { legend(&heat.view.0) }
                        { picked(heat, dispatch) }
                    </div>
                </div>
            }
        </section>
    }
}

fn chosen(event: &Event) -> String {
    event
        .target_unchecked_into::<web_sys::HtmlSelectElement>()
        .value()
}

#[derive(Properties, PartialEq)]
struct AskProps {
    usual: i64,
    running: bool,
    dispatch: Callback<Msg>,
}

/// Which limits, how many replicas.
#[component]
fn Ask(props: &AskProps) -> Html {
    let limits = use_node_ref();
    let replicas = use_node_ref();
    let onsubmit = {
        let (limits, replicas, dispatch) =
            (limits.clone(), replicas.clone(), props.dispatch.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let limits = limits
                .cast::<web_sys::HtmlSelectElement>()
                .map_or(String::new(), |e| e.value());
            let replicas = replicas
                .cast::<web_sys::HtmlInputElement>()
                .map_or(String::new(), |e| e.value());
            dispatch.emit(Msg::Heat(HeatMsg::Run(limits, replicas)));
        })
    };
    html! {
        <form class="heat-ask" aria-label="What is tried" {onsubmit}>
            <label>{"Limits"}<select ref={limits} class="text" data-testid="heat-limits">
                { for LIMITS.iter().map(|(word, words)| html! { <option value={*word} selected={*word == "4"}>{*words}</option> }) }
            </select></label>
            <label>{"Replicas"}<input ref={replicas} class="text" data-testid="heat-replicas" size="6" placeholder={props.usual.to_string()} title="One or several, as in 4, 10" /></label>
            if props.running {
                <Button testid="heat-cancel" onclick={props.dispatch.reform(|_: MouseEvent| Msg::Heat(HeatMsg::Cancel))}>{"Cancel"}</Button>
            } else {
                <button type="submit" class="btn" data-testid="heat-run">{"Run"}</button>
            }
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct MapProps {
    view: Shared<HeatView>,
    picked: Option<usize>,
    dispatch: Callback<Msg>,
}

/// The table. One stop of the tab key; arrows move inside.
#[component]
fn Map(props: &MapProps) -> Html {
    let view = &props.view.0;
    let columns = view.columns.len();
    let first = view.rows.iter().flatten().find(|c| !c.off).map(|c| c.place);
    let stop = props.picked.or(first);
    let onclick = props.dispatch.reform(|event: MouseEvent| {
        match closest_data(&event, ".heat-cell", "data-place") {
            Some(place) => Msg::Heat(HeatMsg::Pick(place)),
            None => Msg::Dismiss,
        }
    });
    let onkeydown = {
        let (dispatch, view) = (props.dispatch.clone(), props.view.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(place) = closest_data(&event, ".heat-cell", "data-place") else {
                return;
            };
            let from = view
                .0
                .rows
                .first()
                .and_then(|r| r.first())
                .map_or(0, |c| c.place);
            let all = columns * view.0.rows.len();
            let here = place.saturating_sub(from);
            let (row, column) = (here / columns.max(1), here % columns.max(1));
            let to = match event.key().as_str() {
                "ArrowRight" if column + 1 < columns => here + 1,
                "ArrowLeft" if column > 0 => here - 1,
                "ArrowDown" if here + columns < all => here + columns,
                "ArrowUp" if row > 0 => here - columns,
                "Home" => row * columns,
                "End" => (row + 1) * columns - 1,
                "ArrowRight" | "ArrowLeft" | "ArrowDown" | "ArrowUp" => here,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            dispatch.emit(Msg::Heat(HeatMsg::Focus(from + to)));
        })
    };
    html! {
        <div class="heat-scroll" tabindex="-1">
        <table class="heat-map" data-many={(columns > 10).then_some("true")} {onclick} {onkeydown}>
            <caption>{view.caption.clone()}</caption>
            <thead>
                <tr><td></td><th scope="colgroup" colspan={columns.to_string()}>{"maxUnavailable"}</th></tr>
                <tr><th scope="col">{"maxSurge"}</th>{ for view.columns.iter().map(|c| html! { <th scope="col">{c.clone()}</th> }) }</tr>
            </thead>
            <tbody>
                { for view.surges.iter().zip(&view.rows).map(|(surge, row)| html! {
                    <tr key={surge.clone()}><th scope="row">{surge.clone()}</th>{ for row.iter().map(|c| cell(c, props.picked, stop)) }</tr>
                }) }
            </tbody>
        </table>
        </div>
    }
}

fn cell(c: &HeatCellView, picked: Option<usize>, stop: Option<usize>) -> Html {
    let stop = stop == Some(c.place);
    html! {
        <td data-shade={c.shade.map(|s| s.to_string())} data-bad={c.bad.then_some("true")} data-own={c.own.then_some("true")}>
            <button type="button" class="heat-cell" id={format!("heat-{}", c.place)} data-place={c.place.to_string()} data-testid="heat-cell" aria-label={c.name.clone()}
                aria-pressed={(picked == Some(c.place)).to_string()} aria-disabled={c.off.then_some("true")} tabindex={if stop { "0" } else { "-1" }}>{c.text.clone()}</button>
        </td>
    }
}

/// Which numbers each shade stands for.
fn legend(view: &HeatView) -> Html {
    html! {
        <ul class="heat-legend" aria-label="Shades, best first" data-testid="heat-legend">
            { for view.legend.iter().map(|s| html! { <li key={s.shade}><i data-shade={s.shade.to_string()}></i>{s.text.clone()}</li> }) }
            <li><i class="heat-own"></i>{"the manifest's own"}</li>
            <li><i class="heat-bad"></i>{"harm"}</li>
        </ul>
    }
}

/// The picked run: its numbers, and what can be done with it.
fn picked(heat: &Heat, dispatch: &Callback<Msg>) -> Html {
    let cell = heat
        .picked
        .and_then(|k| heat.cells.get(k))
        .and_then(Option::as_ref);
    let Some(cell) = cell.filter(|c| c.result.is_some()) else {
        return html! { <p class="hint-line">{"Choose a cell to see its four numbers and to open its run."}</p> };
    };
    let open = |pane: bool| dispatch.reform(move |_: MouseEvent| Msg::Heat(HeatMsg::Open(pane)));
    html! {
        <div class="heat-picked" data-testid="heat-picked" role="group" aria-label="The chosen run">
            <h3>{format!("Surge {}, unavailable {}, {} replicas", cell.surge, cell.unavailable, cell.replicas)}</h3>
            <dl>{ for heat_numbers(cell).into_iter().map(|(name, text)| html! { <div key={name}><dt>{name}</dt><dd>{text}</dd></div> }) }</dl>
            <p class="row">
                <Button testid="heat-open" onclick={open(false)}>{"Open alone"}</Button>
                <Button testid="heat-pane" onclick={open(true)}>{"Compare"}</Button>
            </p>
        </div>
    }
}
