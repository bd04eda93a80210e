//! The bench under the manifest: history, images, events, numbers; one is open at a time.

use super::breakage::{Breakage, Probes};
use super::check::{Check, Checks};
use super::images::Images;
use super::pod_card::PodCard;
use super::readout::measures;
use super::spans::coach;
use super::traffic::Traffic;
use crate::playground::Msg;
use crate::ui::{Button, Shared, Tabs, icon};
use rollout_view::{ConditionRow, EventsView, HistoryRow, HistoryView, PageView, PodView};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct BenchProps {
    pub page: Shared<PageView>,
    pub tab: &'static str,
    /// Made while its tab is open.
    pub checks: Checks,
    /// The pod that was clicked.
    pub pod: Option<Rc<PodView>>,
    /// Why, at length.
    pub ask: Html,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Bench(props: &BenchProps) -> Html {
    let page = &props.page;
    let warnings = page.events.warnings;
    let mut tabs: Vec<(&'static str, AttrValue)> = vec![
        ("why", "Why".into()),
        ("history", "History".into()),
        ("images", "Break it".into()),
        (
            "events",
            if warnings > 0 {
                format!("Events, {warnings} warnings").into()
            } else {
                "Events".into()
            },
        ),
        ("traffic", "Traffic".into()),
        ("numbers", "Numbers".into()),
        ("check", "Check".into()),
    ];
    if warnings > 0 {
        tabs[3].1 = if warnings == 1 {
            "Events (1 warning)".into()
        } else {
            format!("Events ({warnings})").into()
        };
    }
    if props.pod.is_some() {
        tabs.push(("pod", "Pod".into()));
    }
    let selected = if tabs.iter().any(|(id, _)| *id == props.tab) {
        props.tab
    } else {
        "history"
    };
    let panel = |id: &'static str, content: Html| {
        html! { <div class="tab-panel" key={id} role="tabpanel" id={format!("panel-{id}")} aria-labelledby={format!("tab-{id}")} hidden={id != selected}>{content}</div> }
    };
    html! {
        <section class="tabs" id="bench-tabs" data-tab={selected} aria-label="Bench">
            <Tabs label="Bench" {tabs} {selected} onselect={props.dispatch.reform(Msg::Tab)} />
            { panel("why", props.ask.clone()) }
            { panel("history", history(&page.history, &props.dispatch)) }
            { panel("images", html! { <>
                <Images images={page.images.clone()} dispatch={props.dispatch.clone()} />
                <Breakage broken={page.broken.clone()} behaviours={page.images.behaviours.clone()} image={page.images.rows.first().map_or_else(String::new, |r| r.image.clone())} dispatch={props.dispatch.clone()} />
            </> }) }
            { panel("events", html! { <>
                <Probes probes={page.broken.probes.clone()} dispatch={props.dispatch.clone()} />
                <Events events={page.events.clone()} conditions={page.conditions.clone()} few={selected != "events"} />
            </> }) }
            { panel("traffic", html! { <Traffic traffic={page.traffic.clone()} broken={page.broken.clone()} dispatch={props.dispatch.clone()} /> }) }
            { panel("numbers", measures(&page.measures)) }
            { panel("check", html! { <Check checks={props.checks.clone()} dispatch={props.dispatch.clone()} /> }) }
            if let Some(pod) = &props.pod { { panel("pod", html! { <PodCard pod={pod.clone()} namespace={page.focus.as_ref().filter(|f| f.namespace != "default").map_or_else(String::new, |f| format!(" -n {}", f.namespace))} dispatch={props.dispatch.clone()} /> }) } }
        </section>
    }
}

/// A railway line, newest on top.
fn history(history: &HistoryView, dispatch: &Callback<Msg>) -> Html {
    html! { <>
        <ol class="line" aria-label="Revisions, newest first">
            { for history.rows.iter().map(|row| html! { <Station key={row.set.clone()} row={row.clone()} dispatch={dispatch.clone()} /> }) }
        </ol>
        if history.rows.is_empty() { <p class="hint-line">{"No revision yet: apply a Deployment."}</p> }
        <p class="hint-line">{history.note.clone()}</p>
    </> }
}

#[derive(Properties, PartialEq)]
struct StationProps {
    row: HistoryRow,
    dispatch: Callback<Msg>,
}

#[component]
fn Station(props: &StationProps) -> Html {
    let row = &props.row;
    html! {
        <li class="station" data-testid="history-row" data-revision={row.revision.to_string()} aria-current={row.current.then_some("true")}>
            {coach(row.version)}<b>{row.revision}</b>
            <span title={row.image.clone()}>{rollout_view::short_image(&row.image)}<small>{if row.cause == "<none>" { row.set.clone() } else { row.cause.clone() }}</small></span>
            <span class="station-end">
                if !row.word.is_empty() { <em class={(row.word == "stalled").then_some("fail")}>{row.word.clone()}</em> }
                if let Some(becomes) = row.becomes { <i class="becomes">{format!("becomes {becomes}")}</i> }
                if let Some(line) = &row.undo {
                    <Button testid="history-undo" command={AttrValue::from(line.clone())}
                        onclick={let line = line.clone(); props.dispatch.reform(move |_: MouseEvent| Msg::Run(line.clone()))}>{icon("m-undo")}{format!("Undo to {}", row.revision)}</Button>
                }
            </span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct EventsProps {
    events: Rc<EventsView>,
    conditions: Vec<ConditionRow>,
    /// Nobody sees them: the newest are enough, and a seek need not exchange all rows.
    few: bool,
}

/// Rows of a list of events that is not seen.
const FEW: usize = 40;

#[component]
fn Events(props: &EventsProps) -> Html {
    let rows = &props.events.rows;
    let rows = &rows[..rows.len().min(if props.few { FEW } else { rows.len() })];
    html! { <>
        <dl class="conditions" aria-label="Conditions">
            { for props.conditions.iter().map(|c| html! {
                <div key={c.kind.clone()} data-testid="condition-row" class={(!c.good).then_some("warn")}><dt>{c.kind.clone()}{" "}<b>{c.status.clone()}</b>{" "}<span>{c.reason.clone()}</span></dt><dd>{c.message.clone()}</dd></div>
            }) }
        </dl>
        <ol class="events" aria-label="Events, newest first" tabindex="0">
            // Rows that nobody sees are written over, not exchanged.
            { for rows.iter().enumerate().map(|(k, e)| html! {
                <li key={if props.few { k.to_string() } else { e.uid.clone() }} data-testid="event-row" data-kind={e.kind.clone()} data-reason={e.reason.clone()} class={(e.kind == "Warning").then_some("warn")}>
                    <time>{e.at.clone()}</time><b>{e.reason.clone()}{" "}<small>{e.times.clone()}</small></b><span><small>{e.object.clone()}</small>{" "}{e.message.clone()}</span>
                </li>
            }) }
        </ol>
        if rows.is_empty() { <p class="hint-line">{"No events yet."}</p> }
        if !props.events.older.is_empty() { <p class="hint-line">{props.events.older.clone()}</p> }
    </> }
}
