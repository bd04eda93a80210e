//! The past: ribbons one pod high, notes of the controller, flags of the learner.

use super::fan::spread;
use super::geometry::{hatch, looks, percent};
use crate::hooks::use_vars;
use crate::interop::dom;
use crate::playground::Msg;
use rollout_view::{
    CaptionView, CutView, FlagView, GapView, NoteView, PastView, Ribbon, RibbonKind, When,
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
    let xs: Vec<u32> = past
        .notes
        .iter()
        .map(|n| (n.x.min(past.width) * 1000 / past.width.max(1)) as u32)
        .collect();
    let current = past
        .notes
        .iter()
        .rposition(|n| n.when != When::Ahead)
        .unwrap_or(0);
    let places = spread(&xs, NOTE_GAP, current);
    let leaders: String = xs
        .iter()
        .zip(&places)
        .filter_map(|(x, place)| place.map(|p| format!("M{p} 0C{p} 60 {x} 40 {x} 100")))
        .collect();
    // Which dots there are does not depend on where the learner looks: a seek exchanges few.
    let mut free = 0;
    let drawn = past
        .notes
        .iter()
        .zip(places)
        .zip(xs)
        .filter(|((_, place), x)| {
            let dot = past.notes.len() <= NOTES_UP_TO || *x >= free;
            if dot {
                free = x + DOT_GAP;
            }
            dot || place.is_some()
        });
    // Of many dots those ahead lie under a veil: each need not be told.
    let veiled = past.notes.len() > NOTES_UP_TO;
    let last_flag = past.flags.iter().rposition(|f| f.when != When::Ahead);
    html! {
        <div class="past-head">
            <svg viewBox="0 0 1000 100" preserveAspectRatio="none" class="fan" aria-hidden="true"><path d={leaders} /></svg>
            { for past.flags.iter().enumerate().map(|(k, flag)| html! {
                <Flag key={format!("f{}", flag.step)} flag={flag.clone()} width={past.width} shown={last_flag == Some(k)} dispatch={props.dispatch.clone()} />
            }) }
            <ol class="notes" aria-label="Writes of the controller">
                { for drawn.map(|((note, place), x)| {
                    let mut note = note.clone();
                    if veiled && place.is_none() {
                        note.when = When::Past;
                    }
                    let key = note.step.to_string();
                    html! { <Note {key} {note} x={place.unwrap_or(x)} small={place.is_none()} dispatch={props.dispatch.clone()} /> }
                }) }
            </ol>
            if veiled { <NotesVeil x={percent(past.now_x, past.width)} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct NotesVeilProps {
    x: String,
}

/// Over the dots of what is ahead.
#[component]
fn NotesVeil(props: &NotesVeilProps) -> Html {
    let node = use_vars(vec![("--x", props.x.clone())]);
    html! { <i ref={node} class="notes-veil"></i> }
}

#[derive(Properties, PartialEq)]
struct NoteProps {
    note: NoteView,
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
                data-livery={note.version.livery().to_string()} data-ahead={(note.when == When::Ahead).then_some("true")}
                aria-current={(note.when == When::Current).then_some("step")} aria-label={note.sentence.clone()} title={note.sentence.clone()}
                tabindex={if note.when == When::Current { "0" } else { "-1" }}
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
    let (width, height) = (past.width.max(1), props.height.max(1));
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
    let now = use_vars(vec![("--x", percent(past.now_x, width))]);
    let looks = looks(&past.ribbons, height);
    let limit = |runs: &[rollout_view::LimitRun]| -> String {
        runs.iter()
            .map(|r| format!("M{} {}H{}", r.x, height.saturating_sub(r.level), r.to_x))
            .collect()
    };
    let rows = past.gone_rows.max(3);
    let mut letters: Vec<&rollout_view::VersionTag> = Vec::new();
    for ribbon in &past.gone {
        if !letters.contains(&&ribbon.version) {
            letters.push(&ribbon.version);
        }
    }
    html! { <>
        <div ref={node} class="past" data-testid="timeline" role="img" aria-label={past.label.clone()} data-areas={past.areas.then_some("true")}
            onpointerdown={seek.clone()} onpointermove={seek}>
            <svg viewBox={format!("0 0 {width} {height}")} preserveAspectRatio="none" aria-hidden="true">
                { for looks.iter().map(|look| html! { <>
                    <path data-livery={look.version.livery().to_string()} class={class(look.kind)} d={look.path.clone()} />
                    if !look.edges.is_empty() { <path data-livery={look.version.livery().to_string()} class="rib-edge" d={look.edges.clone()} /> }
                </> }) }
                <path class="past-limit" d={limit(&past.ceiling)} />
                <path class="past-limit" d={limit(&past.floor)} />
                { for past.cuts.iter().map(|cut| html! { <path class="cut" d={format!("M{} 0V{height}", cut.x)} /> }) }
            </svg>
            { for past.captions.iter().map(|caption| html! { <Caption key={format!("{}{}", caption.version.letter(), caption.text)} caption={caption.clone()} {width} {height} /> }) }
            { for past.cuts.iter().map(|cut| html! { <Cut key={cut.x.to_string()} cut={cut.clone()} {width} /> }) }
            { for past.gaps.iter().map(|gap| html! { <Gap key={gap.x.to_string()} gap={gap.clone()} {width} /> }) }
            <i ref={now} class="veil" hidden={props.at_head}></i>
        </div>
        <div class="past-below" aria-hidden="true">
            <svg viewBox={format!("0 0 {width} {}", rows * 100)} preserveAspectRatio="none">
                { for letters.iter().map(|version| {
                    let of: Vec<&Ribbon> = past.gone.iter().filter(|r| r.version == **version).collect();
                    let (boxes, lines) = hatch(&of, width);
                    html! { <g data-livery={version.livery().to_string()}><path class="rib-hatch" d={lines} /><path class="rib-gone" d={boxes} /></g> }
                }) }
            </svg>
        </div>
        <Playhead x={percent(past.now_x, width)} at_head={props.at_head} />
    </> }
}

#[derive(Properties, PartialEq)]
struct PlayheadProps {
    x: String,
    at_head: bool,
}

/// Runs through all lanes: at the right edge of the past, or where the learner looks.
#[component]
fn Playhead(props: &PlayheadProps) -> Html {
    let node = use_vars(vec![(
        "--x",
        if props.at_head {
            "100".to_owned()
        } else {
            props.x.clone()
        },
    )]);
    html! { <i ref={node} class="playhead"></i> }
}

#[derive(Properties, PartialEq)]
struct CaptionProps {
    caption: CaptionView,
    width: u64,
    height: u32,
}

#[component]
fn Caption(props: &CaptionProps) -> Html {
    let c = &props.caption;
    let node = use_vars(vec![
        ("--x", percent(c.x, props.width)),
        (
            "--y",
            percent(u64::from(c.level_tenths), u64::from(props.height) * 10),
        ),
    ]);
    html! {
        <p ref={node} class="past-name"><span class="coach" data-version={c.version.letter()} data-livery={c.version.livery().to_string()}>{c.version.letter()}</span><span>{c.text.clone()}</span></p>
    }
}

#[derive(Properties, PartialEq)]
struct GapProps {
    gap: GapView,
    width: u64,
}

#[component]
fn Gap(props: &GapProps) -> Html {
    let node = use_vars(vec![
        ("--x", percent(props.gap.x, props.width)),
        (
            "--w",
            percent(props.gap.to_x.saturating_sub(props.gap.x), props.width),
        ),
    ]);
    let right = props.gap.x * 2 > props.width;
    html! { <p ref={node} class="gap" data-right={right.then_some("true")}><b>{props.gap.text.clone()}</b></p> }
}

#[derive(Properties, PartialEq)]
struct CutProps {
    cut: CutView,
    width: u64,
}

/// A long idle time, cut with a visible gap and its length.
#[component]
fn Cut(props: &CutProps) -> Html {
    let node = use_vars(vec![("--x", percent(props.cut.x, props.width))]);
    html! { <span ref={node} class="cut-word">{props.cut.text.clone()}</span> }
}
