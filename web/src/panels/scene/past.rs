//! The past: ribbons one pod high, notes of the controller, flags of the learner.

use super::fan::spread;
use super::geometry::{hatch, looks, percent};
use crate::hooks::use_vars;
use crate::interop::dom;
use crate::panels::spans::coach;
use crate::playground::Msg;
use crate::ui::Placed;
use rollout_view::{
    CaptionView, FlagView, GapView, NoteView, PastView, RecordView, Ribbon, RibbonKind, TickView,
    When,
};
use std::rc::Rc;
use yew::prelude::*;

/// Width of a note in thousandths of the past.
const NOTE_GAP: u32 = 76;
/// Up to so many notes are all drawn.
const NOTES_UP_TO: usize = 240;
/// Of more, dots keep so many thousandths: nobody could tell them apart, and each costs the browser time at each seek.
const DOT_GAP: u32 = 5;

#[derive(Properties, PartialEq)]
pub struct PastHeadProps {
    pub past: Rc<PastView>,
    pub dispatch: Callback<Msg>,
}

/// Above the ceiling: who wrote what, and what the learner did.
#[component]
pub fn PastHead(props: &PastHeadProps) -> Html {
    let past = &props.past;
    let record = &past.record;
    let xs: Vec<u32> = record.notes.iter().map(|n| place(n, record)).collect();
    let ahead = record.notes.partition_point(|n| n.step <= past.cursor);
    let places = spread(&xs, NOTE_GAP, ahead.saturating_sub(1));
    let leaders: String = xs
        .iter()
        .zip(&places)
        .filter_map(|(x, place)| place.map(|p| format!("M{p} 0C{p} 60 {x} 40 {x} 100")))
        .collect();
    let many = record.notes.len() > NOTES_UP_TO;
    let drawn: Vec<(usize, Option<u32>)> = places
        .into_iter()
        .enumerate()
        .filter(|(_, place)| !many || place.is_some())
        .collect();
    // Of many notes those with words take the elements of those that had words: a jump writes them over.
    let first = if many {
        drawn.first().map_or(0, |(k, _)| *k)
    } else {
        0
    };
    let last_flag = past.flags.iter().rposition(|f| f.when != When::Ahead);
    html! {
        <div class="past-head">
            <svg viewBox="0 0 1000 100" preserveAspectRatio="none" class="fan" aria-hidden="true"><path d={leaders} /></svg>
            { for past.flags.iter().enumerate().map(|(k, flag)| html! {
                <Flag key={format!("f{}", flag.step)} flag={flag.clone()} width={record.width} shown={last_flag == Some(k)} dispatch={props.dispatch.clone()} />
            }) }
            <ol class="notes" aria-label="Writes of the controller">
                { for drawn.into_iter().map(|(k, place)| {
                    let note = &record.notes[k];
                    html! { <Note key={(k - first).to_string()} note={note.clone()} when={past.when(note)} x={place.unwrap_or(xs[k])} small={place.is_none()} dispatch={props.dispatch.clone()} /> }
                }) }
            </ol>
            if many {
                <Recorded record={record.clone()} part={Part::Notes} dispatch={props.dispatch.clone()} />
                <Placed tag="i" class="notes-veil" vars={vec![("--x", percent(past.now_x, record.width))]} />
            }
        </div>
    }
}

/// Thousandths of the width at which a note has its true second.
fn place(note: &NoteView, record: &RecordView) -> u32 {
    (note.x.min(record.width) * 1000 / record.width.max(1)) as u32
}

/// A part of what was recorded.
#[derive(PartialEq, Clone, Copy)]
pub enum Part {
    /// Ribbons, limits and cuts.
    Ribbons,
    /// Pods that left, below the ground.
    Leaving,
    /// A dot for each of many notes.
    Notes,
    /// Round times.
    Ticks,
}

#[derive(Properties, PartialEq)]
pub struct RecordedProps {
    pub record: Rc<RecordView>,
    pub part: Part,
    /// Pods from the ground to the top of the drawing.
    #[prop_or(1)]
    pub height: u32,
    pub dispatch: Callback<Msg>,
}

/// Does not depend on where the learner looks: a seek changes nothing of it.
#[component]
pub fn Recorded(props: &RecordedProps) -> Html {
    let record = &props.record;
    match props.part {
        Part::Ribbons => ribbons(record, props.height),
        Part::Leaving => leaving(record),
        Part::Notes => many_notes(record, &props.dispatch),
        Part::Ticks => {
            let vars = |x| vec![("--x", percent(x, record.width))];
            let tick = |t: &TickView| html! { <Placed key={t.x.to_string()} vars={vars(t.x)}>{t.text.clone()}</Placed> };
            record.ticks.iter().map(tick).collect()
        }
    }
}

fn many_notes(record: &RecordView, dispatch: &Callback<Msg>) -> Html {
    let mut free = 0;
    let apart = record.notes.iter().map(|note| (note, place(note, record)));
    let apart = apart.filter(|(_, x)| {
        let dot = *x >= free;
        if dot {
            free = x + DOT_GAP;
        }
        dot
    });
    html! {
        <ol class="notes" aria-label="All writes of the controller">
            { for apart.map(|(note, x)| html! {
                <Note key={note.step.to_string()} note={note.clone()} when={When::Past} {x} small={true} dispatch={dispatch.clone()} />
            }) }
        </ol>
    }
}

#[derive(Properties, PartialEq)]
struct NoteProps {
    note: NoteView,
    when: When,
    /// Thousandths of the width.
    x: u32,
    small: bool,
    dispatch: Callback<Msg>,
}

#[component]
fn Note(props: &NoteProps) -> Html {
    let note = &props.note;
    let node = use_vars(vec![("--x", percent(u64::from(props.x), 1000))]);
    let step = note.step;
    html! {
        <li ref={node} class={if props.small { "note-at note-small" } else { "note-at" }}>
            <button type="button" class="note" data-testid="mark" data-kind="decision" data-to={step.to_string()} data-version={note.version.letter()}
                data-livery={note.version.livery().to_string()} data-ahead={(props.when == When::Ahead).then_some("true")}
                aria-current={(props.when == When::Current).then_some("step")} aria-label={note.sentence.clone()} title={note.sentence.clone()}
                tabindex={if props.when == When::Current { "0" } else { "-1" }}
                onclick={props.dispatch.reform(move |_: MouseEvent| Msg::SeekStep(step))}>{note.text()}</button>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct FlagProps {
    flag: FlagView,
    width: u64,
    /// Only the last one shows its words; the others show on hover.
    shown: bool,
    dispatch: Callback<Msg>,
}

#[component]
fn Flag(props: &FlagProps) -> Html {
    let flag = &props.flag;
    let node = use_vars(vec![("--x", percent(flag.x, props.width))]);
    let step = flag.step;
    let right = flag.x * 2 > props.width;
    html! {
        <p ref={node} class="flag" data-right={right.then_some("true")} data-shown={props.shown.then_some("true")}>
            <button type="button" data-testid="mark" data-kind="action" data-to={step.to_string()} tabindex="-1" title={flag.text.clone()}
                aria-label={format!("You: {}", flag.text)} onclick={props.dispatch.reform(move |_: MouseEvent| Msg::SeekStep(step))}>
                <b>{"You"}</b>{" "}{flag.text.clone()}</button>
        </p>
    }
}

#[derive(Properties, PartialEq)]
pub struct PastProps {
    pub past: Rc<PastView>,
    /// Pods from the ground to the top of the drawing.
    pub height: u32,
    pub at_head: bool,
    pub dispatch: Callback<Msg>,
}

/// Class of a ribbon's path.
fn class(kind: RibbonKind) -> &'static str {
    match kind {
        RibbonKind::Filled => "rib rib-available",
        RibbonKind::Hollow => "rib rib-waiting",
        RibbonKind::Failing => "rib rib-fail",
        RibbonKind::Hatched => "rib rib-gone",
    }
}

#[component]
pub fn Past(props: &PastProps) -> Html {
    let past = &props.past;
    let record = &past.record;
    let (width, height) = (record.width, props.height.max(1));
    let node = use_node_ref();
    let seek = {
        let (node, dispatch) = (node.clone(), props.dispatch.clone());
        Callback::from(move |event: PointerEvent| {
            if event.buttons() & 1 == 1
                && let Some(permille) = dom::permille_of(&node, event.client_x())
            {
                dispatch.emit(Msg::SeekPermille(permille));
            }
        })
    };
    let now = percent(past.now_x, width);
    let part = |part| html! { <Recorded record={record.clone()} {part} {height} dispatch={props.dispatch.clone()} /> };
    let veil = || html! { <Placed tag="i" class="veil" vars={vec![("--x", now.clone())]} hidden={props.at_head} /> };
    let captions: Html = past
        .captions
        .iter()
        .map(|c| caption(c, width, height))
        .collect();
    let gaps: Html = past.gaps.iter().map(|g| gap(g, width)).collect();
    // Runs through all lanes: at the right edge of the past, or where the learner looks.
    let head = if props.at_head { "100" } else { &now };
    html! { <>
        <div ref={node} class="past" data-testid="timeline" role="img" aria-label={past.label.clone()} data-areas={record.areas.then_some("true")}
            onpointerdown={seek.clone()} onpointermove={seek}>
            {part(Part::Ribbons)}{captions}{gaps}{veil()}
        </div>
        <div class="past-below" aria-hidden="true">{part(Part::Leaving)}{veil()}</div>
        <Placed tag="i" class="playhead" vars={vec![("--x", head.to_owned())]} />
    </> }
}

/// The name of a version.
fn caption(c: &CaptionView, width: u64, height: u32) -> Html {
    let y = percent(u64::from(c.level_tenths), u64::from(height) * 10);
    let vars = vec![("--x", percent(c.x, width)), ("--y", y)];
    html! { <Placed key={c.version.letter()} tag="p" class="past-name" {vars}>{coach(c.version)}<span>{c.text.clone()}</span></Placed> }
}

/// A time without an available pod.
fn gap(g: &GapView, width: u64) -> Html {
    let size = percent(g.to_x.saturating_sub(g.x), width);
    let vars = vec![("--x", percent(g.x, width)), ("--w", size)];
    html! { <Placed key={g.x.to_string()} tag="p" class="gap" {vars} right={g.x * 2 > width}><b>{g.text.clone()}</b></Placed> }
}

fn ribbons(record: &RecordView, height: u32) -> Html {
    let limit = |runs: &[rollout_view::LimitRun]| -> String {
        runs.iter()
            .map(|r| format!("M{} {}H{}", r.x, height.saturating_sub(r.level), r.to_x))
            .collect()
    };
    html! { <>
        <svg viewBox={format!("0 0 {} {height}", record.width)} preserveAspectRatio="none" aria-hidden="true">
            { for looks(&record.ribbons, height).iter().map(|look| html! { <>
                <path data-livery={look.version.livery().to_string()} class={class(look.kind)} d={look.path.clone()} />
                if !look.edges.is_empty() { <path data-livery={look.version.livery().to_string()} class="rib-edge" d={look.edges.clone()} /> }
            </> }) }
            <path class="past-limit" d={limit(&record.ceiling)} />
            <path class="past-limit" d={limit(&record.floor)} />
            { for record.cuts.iter().map(|cut| html! { <path class="cut" d={format!("M{} 0V{height}", cut.x)} /> }) }
        </svg>
        { for record.cuts.iter().map(|cut| html! { <Placed key={cut.x.to_string()} class="cut-word" right={cut.x * 20 > record.width * 19} vars={vec![("--x", percent(cut.x, record.width))]}>{cut.text.clone()}</Placed> }) }
    </> }
}

fn leaving(record: &RecordView) -> Html {
    let rows = record.gone_rows.max(3);
    let mut letters: Vec<&rollout_view::VersionTag> = Vec::new();
    for ribbon in &record.gone {
        if !letters.contains(&&ribbon.version) {
            letters.push(&ribbon.version);
        }
    }
    html! {
        <svg viewBox={format!("0 0 {} {}", record.width, rows * 100)} preserveAspectRatio="none">
            { for letters.iter().map(|version| {
                let of: Vec<&Ribbon> = record.gone.iter().filter(|r| r.version == **version).collect();
                let (boxes, lines) = hatch(&of, record.width);
                html! { <g data-livery={version.livery().to_string()}><path class="rib-hatch" d={lines} /><path class="rib-gone" d={boxes} /></g> }
            }) }
        </svg>
    }
}
