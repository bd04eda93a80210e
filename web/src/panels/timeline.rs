//! The timeline as an instrument: lanes, levels and life lines on one axis; zoom, pan, drag; the moment read out.

use super::branches::Branches;
use crate::hooks::{use_vars, use_wheel};
use crate::interop::dom;
use crate::playground::Msg;
use crate::playground::instrument::{TimeMsg, send};
use crate::ui::{Button, Placed, Shared};
use rollout_view::timeline::place_at;
use rollout_view::{BranchView, Lane, LifeState, MomentView, TextRow, TimelineView, Tone};
use std::fmt::Write;
use std::rc::Rc;
use yew::prelude::*;

/// So many rows have room for their names.
const NAMED: usize = 30;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub view: Shared<TimelineView>,
    /// Where the learner stands.
    pub now_ms: u64,
    pub here: Option<Rc<MomentView>>,
    pub hover: Option<Rc<MomentView>>,
    pub lane: Option<Lane>,
    pub round: Option<(u64, Option<u64>)>,
    /// The timeline as text, if it is open.
    pub rows: Option<Rc<Vec<TextRow>>>,
    pub picked: Option<AttrValue>,
    pub set: Option<String>,
    pub branches: Vec<BranchView>,
    pub renaming: Option<usize>,
    /// What the learner did last.
    pub last: Option<String>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let dispatch = &props.dispatch;
    let on = |msg: TimeMsg| send(dispatch, msg);
    let onkind = dispatch.reform(|event: Event| {
        let word = event
            .target_unchecked_into::<web_sys::HtmlSelectElement>()
            .value();
        let lane = Lane::ALL.into_iter().find(|l| l.name() == word);
        Msg::Time(TimeMsg::Kind(lane))
    });
    let whole = props.view.0.from_x == 0 && props.view.0.to_x >= props.view.0.width;
    let round = props.round;
    html! {
        <section class="tl" id="tl" data-testid="instrument" aria-label="Timeline">
            <header class="tl-bar">
                <h2>{"Timeline"}</h2>
                <label class="tl-kind"><span class="sr">{"Kind of mark"}</span>
                    <select class="text" data-testid="tl-kind" onchange={onkind}>
                        <option value="" selected={props.lane.is_none()}>{"all marks"}</option>
                        { for Lane::ALL.into_iter().filter(|l| *l != Lane::Requests).map(|l| html! {
                            <option value={l.name()} selected={props.lane == Some(l)}>{l.word()}</option>
                        }) }
                    </select></label>
                <Button class="btn btn-small" testid="tl-previous" onclick={on(TimeMsg::Previous)}>{"Previous"}</Button>
                <Button class="btn btn-small" testid="tl-next" onclick={on(TimeMsg::Next)}>{"Next"}</Button>
                <span class="tl-gap"></span>
                <Button class="btn btn-small" testid="tl-in" label="Closer" onclick={on(TimeMsg::Zoom(60, 500))}>{"+"}</Button>
                <Button class="btn btn-small" testid="tl-out" label="Further away" off={whole} onclick={on(TimeMsg::Zoom(167, 500))}>{"−"}</Button>
                <Button class="btn btn-small" testid="tl-whole" off={whole} onclick={on(TimeMsg::Whole)}>{"All"}</Button>
                <span class="tl-gap"></span>
                <Button class="btn btn-small" testid="loop-from" pressed={round.is_some()} onclick={on(TimeMsg::LoopFrom)}>{match round { Some((from, _)) => format!("Loop from {}", rollout_view::span_text(from)), None => "Loop from here".to_owned() }}</Button>
                <Button class="btn btn-small" testid="loop-to" pressed={round.is_some_and(|r| r.1.is_some())} onclick={on(TimeMsg::LoopTo)}>{match round { Some((_, Some(to))) => format!("to {}", rollout_view::span_text(to)), _ => "to here".to_owned() }}</Button>
                if round.is_some() { <Button class="btn btn-small" testid="loop-off" onclick={on(TimeMsg::LoopOff)}>{"No loop"}</Button> }
                <span class="tl-gap"></span>
                <Button class="btn btn-small" testid="tl-text" pressed={props.rows.is_some()} onclick={on(TimeMsg::ToggleText)}>{"As text"}</Button>
                <Button class="btn btn-small btn-plain" label="Close the timeline" onclick={on(TimeMsg::Toggle)}>{"Close"}</Button>
            </header>
            {read(props.hover.as_ref().or(props.here.as_ref()), props.hover.is_some())}
            <Board view={props.view.clone()} now_ms={props.now_ms} {round} picked={props.picked.clone()} set={props.set.clone()} dispatch={dispatch.clone()} />
            if let Some(rows) = &props.rows { <Text rows={rows.clone()} dispatch={dispatch.clone()} /> }
            <Branches branches={props.branches.clone()} renaming={props.renaming} last={props.last.clone()} dispatch={dispatch.clone()} />
        </section>
    }
}

/// The moment under the pointer, else the one at which the learner stands.
fn read(moment: Option<&Rc<MomentView>>, hovering: bool) -> Html {
    let Some(m) = moment else {
        return html! { <p class="tl-read"></p> };
    };
    html! {
        <p class="tl-read" data-testid="tl-read" data-hover={hovering.then_some("true")}>
            <b>{m.time.clone()}</b>{" "}<span>{m.counts.clone()}</span>
            { for m.entries.iter().map(|(lane, text)| html! { <span class="tl-read-entry"><i>{lane.word()}</i>{" "}{text.clone()}</span> }) }
        </p>
    }
}

#[derive(Properties, PartialEq)]
struct BoardProps {
    view: Shared<TimelineView>,
    now_ms: u64,
    round: Option<(u64, Option<u64>)>,
    picked: Option<AttrValue>,
    set: Option<String>,
    dispatch: Callback<Msg>,
}

/// Position in ten thousandths of the window; nothing if it lies outside.
fn part(view: &TimelineView, ms: u64) -> Option<u64> {
    let x = place_at(&view.segments, ms);
    (x >= view.from_x && x <= view.to_x)
        .then(|| (x - view.from_x) * 10_000 / (view.to_x - view.from_x).max(1))
}

/// `x` as a percentage for the sheet.
fn per_cent(part: u64) -> String {
    format!("{}.{:02}", part / 100, part % 100)
}

/// A time at an edge stands inside of it.
fn time_class(at: u64) -> &'static str {
    match at {
        0..=150 => "tl-time tl-first",
        9_700.. => "tl-time tl-last",
        _ => "tl-time",
    }
}

/// Lanes and head: the pointer and the keys.
#[component]
fn Board(props: &BoardProps) -> Html {
    let view = &props.view.0;
    let node = use_node_ref();
    use_wheel(node.clone(), props.dispatch.clone());
    let fingers = use_mut_ref(Vec::<(i32, i32)>::new);
    let place = |node: &NodeRef, x: i32| dom::ten_thousandths_of(node, x);
    let onpointerdown = {
        let (node, dispatch, fingers) = (node.clone(), props.dispatch.clone(), fingers.clone());
        Callback::from(move |event: PointerEvent| {
            fingers.borrow_mut().retain(|f| f.0 != event.pointer_id());
            fingers
                .borrow_mut()
                .push((event.pointer_id(), event.client_x()));
            dom::capture(&node, event.pointer_id());
            if event.button() == 0
                && fingers.borrow().len() == 1
                && let Some(at) = place(&node, event.client_x())
            {
                dispatch.emit(Msg::Time(TimeMsg::DragTo(at)));
            }
        })
    };
    let onpointermove = {
        let (node, dispatch, fingers) = (node.clone(), props.dispatch.clone(), fingers.clone());
        Callback::from(move |event: PointerEvent| {
            let mut down = fingers.borrow_mut();
            if down.len() == 2 {
                // Two fingers: their distance is the size of the window.
                let apart = |f: &[(i32, i32)]| f[0].1.abs_diff(f[1].1).max(8);
                let before = apart(&down);
                if let Some(f) = down.iter_mut().find(|f| f.0 == event.pointer_id()) {
                    f.1 = event.client_x();
                }
                let after = apart(&down);
                let middle = (down[0].1 + down[1].1) / 2;
                if before.abs_diff(after) > 1
                    && let Some(at) = place(&node, middle)
                {
                    dispatch.emit(Msg::Time(TimeMsg::Zoom(before * 100 / after, at / 10)));
                }
                return;
            }
            drop(down);
            let Some(at) = place(&node, event.client_x()) else {
                return;
            };
            let msg = if event.buttons() & 1 == 1 {
                TimeMsg::DragTo(at)
            } else {
                TimeMsg::Hover(Some(at))
            };
            dispatch.emit(Msg::Time(msg));
        })
    };
    let lift = {
        let fingers = fingers.clone();
        Callback::from(move |event: PointerEvent| {
            fingers.borrow_mut().retain(|f| f.0 != event.pointer_id());
        })
    };
    let onpointerleave = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: PointerEvent| dispatch.emit(Msg::Time(TimeMsg::Hover(None))))
    };
    let onkeydown = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |event: KeyboardEvent| {
            let msg = match (event.key().as_str(), event.shift_key()) {
                ("ArrowRight", false) => Msg::Step,
                ("ArrowLeft", false) => Msg::Back,
                ("ArrowRight", true) | ("PageUp", _) => Msg::Time(TimeMsg::Next),
                ("ArrowLeft", true) | ("PageDown", _) => Msg::Time(TimeMsg::Previous),
                ("Home", _) => Msg::ToStart,
                ("End", _) => Msg::ToEnd,
                ("+" | "=", _) => Msg::Time(TimeMsg::Zoom(60, 500)),
                ("-" | "−", _) => Msg::Time(TimeMsg::Zoom(167, 500)),
                (",", _) => Msg::Time(TimeMsg::Pan(-250)),
                (".", _) => Msg::Time(TimeMsg::Pan(250)),
                ("0", _) => Msg::Time(TimeMsg::Whole),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            dispatch.emit(msg);
        })
    };
    let named = view.rows.len() <= NAMED;
    let label = |lane: Lane| {
        let count = view
            .lanes
            .iter()
            .find(|l| l.lane == lane)
            .map_or(0, |l| l.count);
        html! { <p class="tl-name" data-lane={lane.name()}>{lane.word()}{" "}<small>{count}</small></p> }
    };
    html! {
        <div class="tl-board" data-named={named.then_some("true")}>
            <div class="tl-names">
                <p class="tl-name tl-name-levels">{"pods"}</p>
                { for view.lanes.iter().filter(|l| l.lane != Lane::Requests || l.count > 0).map(|l| label(l.lane)) }
                if named {
                    <ol class="tl-pods">
                        { for view.rows.iter().map(|row| {
                            let (uid, set) = (AttrValue::from(row.uid.clone()), row.set.clone());
                            let on = props.picked.as_ref() == Some(&uid);
                            html! {
                                <li key={row.uid.clone()} data-livery={row.version.livery().to_string()}>
                                    <button type="button" class="tl-set" title={format!("Set {set}")} aria-label={format!("Set {set}")} aria-pressed={(props.set.as_ref() == Some(&set)).to_string()}
                                        onclick={let on = props.set.as_ref() == Some(&set); let set = set.clone(); props.dispatch.reform(move |_: MouseEvent| Msg::Time(TimeMsg::PickSet((!on).then(|| set.clone()))))}>{row.version.letter()}</button>
                                    <button type="button" class="tl-pod" title={row.name.clone()} aria-pressed={on.to_string()}
                                        onclick={props.dispatch.reform(move |_: MouseEvent| Msg::PickPod((!on).then(|| uid.clone())))}>{row.name.rsplit_once('-').map_or(row.name.clone(), |(_, s)| s.to_owned())}</button>
                                </li>
                            }
                        }) }
                    </ol>
                } else {
                    <p class="tl-name">{format!("{} pods", view.pods)}
                        if view.pods_per_row > 1 { <small>{format!("one line for {}", view.pods_per_row)}</small> }</p>
                }
            </div>
            <div ref={node} class="tl-draw" data-testid="tl-draw" data-whole={(view.from_x == 0 && view.to_x >= view.width).then_some("true")} data-from={view.from_x.to_string()} data-to={view.to_x.to_string()} role="slider" tabindex="0" aria-label="Timeline: drag, or use the arrows; plus and minus zoom, comma and full stop move"
                aria-valuemin="0" aria-valuemax={view.end_ms.to_string()} aria-valuenow={props.now_ms.to_string()} aria-valuetext={rollout_view::span_text(props.now_ms)}
                {onpointerdown} {onpointermove} onpointerup={lift.clone()} onpointercancel={lift} {onpointerleave} {onkeydown}>
                <Lanes view={props.view.clone()} picked={props.picked.clone()} set={props.set.clone()} {named} />
                if let Some((from, to)) = props.round { <Loop from={part(view, from)} to={to.and_then(|t| part(view, t))} /> }
                if let Some(at) = part(view, props.now_ms) { <Head at={per_cent(at)} /> }
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct HeadProps {
    at: String,
}

#[component]
fn Head(props: &HeadProps) -> Html {
    let node = use_vars(vec![("--x", props.at.clone())]);
    html! { <i ref={node} class="tl-head" data-testid="tl-head"></i> }
}

#[derive(Properties, PartialEq)]
struct LoopProps {
    from: Option<u64>,
    to: Option<u64>,
}

#[component]
fn Loop(props: &LoopProps) -> Html {
    let from = props.from.unwrap_or(0);
    let to = props.to.unwrap_or(10_000).max(from);
    let node = use_vars(vec![("--x", per_cent(from)), ("--w", per_cent(to - from))]);
    html! { <i ref={node} class="tl-loop"></i> }
}

#[derive(Properties, PartialEq)]
struct LanesProps {
    view: Shared<TimelineView>,
    picked: Option<AttrValue>,
    set: Option<String>,
    named: bool,
}

/// Everything that stays while the head moves.
#[component]
fn Lanes(props: &LanesProps) -> Html {
    let view = &props.view.0;
    let span = (view.to_x - view.from_x).max(1);
    html! { <>
        <Levels view={props.view.clone()} />
        { for view.lanes.iter().filter(|l| l.lane != Lane::Requests || l.count > 0).map(|lane| {
            let path = |tone: Tone, many: bool| -> String {
                let mut d = String::new();
                for e in lane.entries.iter().filter(|e| e.tone == tone && (e.count > 1) == many) {
                    let _ = write!(d, "M{} 1V9", e.x - view.from_x);
                }
                d
            };
            html! {
                <svg class="tl-lane" key={lane.lane.name()} data-lane={lane.lane.name()} viewBox={format!("0 0 {span} 10")} preserveAspectRatio="none" aria-hidden="true">
                    { for [(Tone::Plain, "plain"), (Tone::Good, "good"), (Tone::Bad, "bad")].into_iter().flat_map(|(tone, word)| [false, true].map(|many| (path(tone, many), word, many))).filter(|(d, ..)| !d.is_empty()).map(|(d, word, many)| html! {
                        <path {d} class="tl-tick" data-tone={word} data-many={many.then_some("true")} />
                    }) }
                </svg>
            }
        }) }
        <Lives view={props.view.clone()} picked={props.picked.clone()} set={props.set.clone()} named={props.named} />
        <div class="tl-ticks" aria-hidden="true">
            { for view.ticks.iter().map(|t| {
                let at = (t.x - view.from_x) * 10_000 / span;
                html! { <Placed key={format!("t{}", t.x)} class={time_class(at)} vars={vec![("--x", per_cent(at))]}>{t.text.clone()}</Placed> }
            }) }
        </div>
        { for view.cuts.iter().map(|c| html! { <Placed key={format!("c{}", c.x)} class="tl-cut" vars={vec![("--x", per_cent((c.x - view.from_x) * 10_000 / span))]}>{c.text.clone()}</Placed> }) }
    </> }
}

#[derive(Properties, PartialEq)]
struct LevelsProps {
    view: Shared<TimelineView>,
}

/// Counted and available pods between floor and ceiling, on the axis of the tower.
#[component]
fn Levels(props: &LevelsProps) -> Html {
    let view = &props.view.0;
    let span = (view.to_x - view.from_x).max(1);
    let top = view.top + 1;
    // A curve of steps, closed down to the ground.
    let curve = |points: &[(u64, u32)], fill: bool| -> String {
        let mut d = String::new();
        for (k, (x, level)) in points.iter().enumerate() {
            let (x, y) = (x - view.from_x.min(*x), top - level.min(&top));
            let _ = match k {
                0 => write!(d, "M{x} {y}"),
                _ => write!(d, "H{x}V{y}"),
            };
        }
        if !d.is_empty() {
            let _ = write!(d, "H{span}");
            if fill {
                let first = points.first().map_or(0, |p| p.0 - view.from_x.min(p.0));
                let _ = write!(d, "V{top}H{first}z");
            }
        }
        d
    };
    let limit = |runs: &[rollout_view::LimitRun]| -> String {
        let mut d = String::new();
        for r in runs {
            let (a, b) = (
                r.x.max(view.from_x) - view.from_x,
                r.to_x.min(view.to_x) - view.from_x,
            );
            let _ = write!(d, "M{a} {}H{b}", top - r.level.min(top));
        }
        d
    };
    html! {
        <svg class="tl-levels" viewBox={format!("0 0 {span} {top}")} preserveAspectRatio="none" aria-hidden="true">
            <path class="tl-total" d={curve(&view.total, true)} />
            <path class="tl-available" d={curve(&view.available, true)} />
            <path class="past-limit" d={limit(&view.ceiling)} />
            <path class="past-limit" d={limit(&view.floor)} />
        </svg>
    }
}

#[derive(Properties, PartialEq)]
struct LivesProps {
    view: Shared<TimelineView>,
    picked: Option<AttrValue>,
    set: Option<String>,
    named: bool,
}

/// One line per pod; lines of one version and state are one path.
#[component]
fn Lives(props: &LivesProps) -> Html {
    let view = &props.view.0;
    let span = (view.to_x - view.from_x).max(1);
    let rows = view.rows.len().max(1);
    let mut paths: Vec<(u8, LifeState, String)> = Vec::new();
    let mut picked = String::new();
    for (k, row) in view.rows.iter().enumerate() {
        let y = k * 10 + 5;
        for s in &row.spans {
            let at = paths
                .iter()
                .position(|p| p.0 == row.version.livery() && p.1 == s.state);
            let at = at.unwrap_or_else(|| {
                paths.push((row.version.livery(), s.state, String::new()));
                paths.len() - 1
            });
            let _ = write!(
                paths[at].2,
                "M{} {y}H{}",
                s.x - view.from_x,
                s.to_x - view.from_x
            );
        }
        let chosen = props.picked.as_deref() == Some(row.uid.as_str())
            || props.set.as_deref() == Some(row.set.as_str());
        if chosen {
            let _ = write!(picked, "M0 {}h{span}v10H0z", k * 10);
        }
    }
    let node = use_vars(vec![("--rows", rows.to_string())]);
    html! {
        <div ref={node} class="tl-lives" data-named={props.named.then_some("true")} data-testid="tl-lives" data-rows={view.rows.len().to_string()}>
            <svg viewBox={format!("0 0 {span} {}", rows * 10)} preserveAspectRatio="none" aria-hidden="true">
                if !picked.is_empty() { <path class="tl-picked" d={picked} /> }
                { for paths.into_iter().map(|(livery, state, d)| html! {
                    <path data-livery={livery.to_string()} data-life={state.name()} class="tl-life" {d} />
                }) }
            </svg>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct TextProps {
    rows: Rc<Vec<TextRow>>,
    dispatch: Callback<Msg>,
}

/// The timeline as a list: what the drawing shows, to be read.
#[component]
fn Text(props: &TextProps) -> Html {
    let last = props.rows.iter().rposition(|r| r.past);
    html! {
        <ol id="tl-list" class="tl-list" data-testid="tl-list" aria-label="Timeline as text" tabindex="0">
            { for props.rows.iter().enumerate().map(|(k, row)| {
                let step = row.step;
                html! {
                    <li key={format!("{}{}", row.step, row.lane.name())} data-lane={row.lane.name()} data-ahead={(!row.past).then_some("true")}>
                        <button type="button" aria-current={(last == Some(k)).then_some("step")} onclick={props.dispatch.reform(move |_: MouseEvent| Msg::SeekStep(step))}>
                            <time>{row.time.clone()}</time><i>{row.lane.word()}</i><span>{row.text.clone()}</span></button>
                    </li>
                }
            }) }
        </ol>
    }
}
