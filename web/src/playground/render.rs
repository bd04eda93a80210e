//! The page as a tree of panels.

use super::msg::Msg;
use super::params::Ui;
use super::{Playground, links};
use crate::panels::actions::{Actions, Target};
use crate::panels::ask::Ask;
use crate::panels::bench::Bench;
use crate::panels::compare::Compare;
use crate::panels::console::Console;
use crate::panels::editor::Editor;
use crate::panels::header::Header;
use crate::panels::keys::Keys;
use crate::panels::names::Names;
use crate::panels::pasted::pasted;
use crate::panels::plans::Offers;
use crate::panels::readout::Readout;
use crate::panels::scene::{Ruler, Stage};
use crate::panels::share::Share;
use crate::panels::timeline::Timeline;
use crate::panels::transport::Transport;
use crate::panels::why::{Live, Why};
use crate::playground::Panel;
use crate::ui::{Button, icon};
use rollout_session::Session;
use rollout_view::{PageInput, PageView, WhyKind};
use std::rc::Rc;
use yew::prelude::*;

/// What the screen shows of a session.
pub fn look(session: &Session, text: &str, focus: Option<(&str, &str)>) -> PageView {
    rollout_view::page_view(session, &PageInput { text, focus })
}

/// The same while the head is on its way: the panels show what they showed before.
pub fn look_in_passing(
    session: &Session,
    text: &str,
    focus: Option<(&str, &str)>,
    before: &PageView,
) -> PageView {
    rollout_view::page_view_in_passing(session, &PageInput { text, focus }, before)
}

/// The whole page.
pub fn page(p: &Playground) -> Html {
    if p.ui == Ui::Embed {
        return embed(p);
    }
    let dispatch = &p.dispatch;
    html! { <>
        <Header header={p.settled.header.clone()} last={p.untouched && super::keep::last().is_some()} presets={rollout_view::presets()} deployments={p.settled.deployments.clone()} theme={p.theme} comparing={p.comparison.is_some()} dispatch={dispatch.clone()} />
        if let Some(comparison) = &p.comparison {
            { comparing(p, &Rc::new(rollout_view::compare_view(comparison))) }
        } else {
            { desk(p) }
        }
        <Live text={p.settled.why.spoken.clone()} />
        { over(p) }
    </> }
}

/// Panels over the page.
fn over(p: &Playground) -> Html {
    if !p.pasted_results.is_empty() {
        return pasted(&p.pasted_results, &p.dispatch);
    }
    match p.panel {
        Some(Panel::Share) => {
            html! { <Share links={links::make(p)} dispatch={p.dispatch.clone()} /> }
        }
        Some(Panel::Keys) => html! { <Keys letters={p.letters} dispatch={p.dispatch.clone()} /> },
        None => Html::default(),
    }
}

/// What stands over the stage for a moment.
fn notice(p: &Playground) -> Html {
    let Some(notice) = &p.notice else {
        return Html::default();
    };
    html! {
        <div class="notice" role={if notice.error { "alert" } else { "status" }} data-testid="notice" data-kind={if notice.error { "error" } else { "note" }}>
            <p>{notice.text.clone()}</p>
            if let Some((word, msg)) = &notice.confirm {
                <Button class="btn btn-main" testid="confirm" onclick={let msg = msg.clone(); p.dispatch.reform(move |_: MouseEvent| msg.clone())}>{*word}</Button>
            }
            <Button class="btn btn-plain" label="Dismiss" onclick={p.dispatch.reform(|_: MouseEvent| Msg::Dismiss)}>{icon("m-x")}</Button>
        </div>
    }
}

/// Limits that were moved in the drawing and are not applied yet.
fn proposal(p: &Playground) -> Html {
    if p.before_proposal.is_none() {
        return Html::default();
    }
    let manifest = &p.view.manifest;
    let lines = manifest.proposal.iter().flat_map(|v| &v.lines);
    let refused = manifest
        .diagnostics
        .iter()
        .find(|d| d.level == rollout_view::DiagnosticLevel::Error);
    html! {
        <section class="proposal" aria-label="Proposed limits" data-testid="proposal">
            <div role="status">{ for lines.map(|line| html! { <p key={line.clone()}>{line.clone()}</p> }) }
            if let Some(d) = refused { <p class="bad">{format!("Refused: {}", d.message)}</p> }</div>
            <p class="row">
                <Button class="btn btn-main" testid="proposal-apply" command={AttrValue::from(format!("kubectl apply -f {}", manifest.file))} off={manifest.has_errors}
                    onclick={p.dispatch.reform(|_: MouseEvent| Msg::ApplyProposal)}>{"Apply"}</Button>
                <Button testid="proposal-drop" onclick={p.dispatch.reform(|_: MouseEvent| Msg::DropProposal)}>{"Leave as it is"}</Button>
            </p>
        </section>
    }
}

fn transport(p: &Playground) -> Html {
    html! {
        <Transport transport={p.view.transport.clone()} branches={p.view.branches.clone()} branch={p.view.root.branch.clone()} playing={p.playing.is_some()}
            speed={p.speed} skipped={p.skipped.clone()} dispatch={p.dispatch.clone()} />
    }
}

/// Playground: instrument and bench.
fn desk(p: &Playground) -> Html {
    let (view, beside, dispatch) = (&p.view, &p.settled, &p.dispatch);
    let pod = p
        .picked
        .as_ref()
        .and_then(|uid| {
            beside
                .scene
                .pods
                .iter()
                .chain(&beside.scene.leaving)
                .find(|pod| *pod.uid == **uid)
        })
        .cloned();
    let empty = view.why.kind == WhyKind::Empty;
    html! {
            <main class="desk" data-testid="root" data-ready={(p.playing.is_none() && p.settling.is_none()).to_string()} data-time={view.root.time.clone()} data-step={view.root.step.to_string()}
                data-writes={view.root.writes.to_string()} data-branch={view.root.branch.clone()} data-linked={p.pinned.map(|q| q.name())} data-predicting={p.instrument.predicting().then_some("true")} data-playing={p.playing.is_some().then_some("true")} data-console={p.console_open.then_some("open")} data-timeline={(p.instrument.open && p.instrument.view.is_some()).then_some("open")}>
                <article class="instrument" aria-label="Rollout">
                    <Why page={view.clone()} dispatch={dispatch.clone()} />
                    { notice(p) }
                    <Stage page={view.clone()} picked={p.picked.clone()} picked_set={p.picked_set.clone()} gone={p.gone.clone()} jump={p.jump} rough={p.settling.is_some()} dispatch={dispatch.clone()}>
                        <Readout numbers={view.numbers.clone()} />
                        { proposal(p) }
                        if !empty {
                            <Actions buttons={beside.actions.clone()} images={beside.images.clone()} target={target(beside)} form={p.form} dispatch={dispatch.clone()} />
                        } else {
                            { void(p) }
                        }
                    </Stage>
                    { transport(p) }
                    { timeline(p) }
                    <Console console={beside.console.clone()} prompt={p.prompt.clone()} preview={p.preview.clone()} editing={p.editing.as_ref().map(|e| AttrValue::from(e.line().to_owned()))} names={Rc::new(Names::of(beside))} open={p.console_open} dispatch={dispatch.clone()} />
                </article>
                <aside class="bench" aria-label="Bench">
                    <Editor text={p.editing.as_ref().map_or_else(|| p.text.clone(), |e| e.draft.clone())} editing={p.editing.as_ref().map(|e| (AttrValue::from(e.line().to_owned()), e.again()))}
                        files={p.session.files().keys().cloned().map(AttrValue::from).collect::<Vec<_>>()} manifest={beside.manifest.clone()} strategy={beside.actions.iter().find(|b| b.id == "strategy").cloned()} dispatch={dispatch.clone()} />
                    <datalist id="images-known">{ for beside.images.rows.iter().map(|r| html! { <option value={r.image.clone()} /> }) }</datalist>
    <Bench page={beside.clone()} tab={p.tab} checks={p.checks()} pod={pod.clone()} ask={ask(p, pod)} dispatch={dispatch.clone()} />
                </aside>
            </main>
        }
}

/// The timeline as an instrument, if it is open.
fn timeline(p: &Playground) -> Html {
    let i = &p.instrument;
    let Some(view) = i.view.clone().filter(|_| i.open) else {
        return Html::default();
    };
    let flags = &p.view.scene.past.flags;
    let last = flags
        .iter()
        .rev()
        .find(|f| f.when != rollout_view::When::Ahead);
    html! {
        <Timeline {view} now_ms={p.session.at()} here={i.here.clone()} hover={i.hover.clone()} lane={i.lane} round={i.round} rows={i.text.then(|| i.rows.clone())}
            picked={p.picked.clone()} set={p.picked_set.as_ref().map(|s| s.to_string())} branches={p.view.branches.clone()} renaming={i.renaming} last={last.map(|f| f.text.clone())} dispatch={p.dispatch.clone()} />
    }
}

/// Why, at length.
fn ask(p: &Playground, pod: Option<Rc<rollout_view::PodView>>) -> Html {
    if p.tab != "why" {
        return Html::default();
    }
    let i = &p.instrument;
    html! { <Ask page={p.settled.clone()} {pod} asked={i.asked.clone()} answer={i.answer.clone()} ghost={i.ghost.clone()} foretold={i.foretold.clone()} dispatch={p.dispatch.clone()} /> }
}

/// No Deployment: never an empty frame.
fn void(p: &Playground) -> Html {
    html! {
        <section class="void" aria-label="Nothing here yet">
            <b>{"No Deployment yet"}</b><p>{"Paste one into the editor and apply it, or start from ten pods."}</p>
            <Button class="btn btn-main" testid="start-roll-10" onclick={p.dispatch.reform(|_: MouseEvent| Msg::Preset("roll-10".to_owned()))}>{"Start with roll-10"}</Button>
        </section>
    }
}

/// What the forms of the actions start from.
fn target(view: &PageView) -> Target {
    let Some(focus) = &view.focus else {
        return Target::default();
    };
    Target {
        object: if focus.namespace == "default" {
            format!("deployment/{}", focus.name)
        } else {
            format!("-n {} deployment/{}", focus.namespace, focus.name)
        },
        containers: focus.containers.clone(),
        replicas: view.numbers.desired,
    }
}

/// Sentence, stage, sums, numbers, transport: in a frame of another page.
fn embed(p: &Playground) -> Html {
    let (view, dispatch) = (&p.view, &p.dispatch);
    let undo = view
        .actions
        .iter()
        .find(|b| b.id == "undo" && b.off.is_none());
    html! {
        <main class="instrument embed" data-testid="root" data-ready={p.playing.is_none().to_string()} data-time={view.root.time.clone()} data-step={view.root.step.to_string()}
            data-writes={view.root.writes.to_string()} data-branch={view.root.branch.clone()} data-linked={p.pinned.map(|q| q.name())}>
            <header class="embed-top"><b>{view.focus.as_ref().map_or("Rollout Playground".to_owned(), |f| f.name.clone())}</b>
                if p.link { <a href={links::make_full(p)} target="_blank" rel="noopener">{"Open full page"}</a> }</header>
            <Why page={view.clone()} sums={false} dispatch={dispatch.clone()} />
            { notice(p) }
            <Stage page={view.clone()} picked={p.picked.clone()} gone={p.gone.clone()} jump={p.jump} dispatch={dispatch.clone()}>
                { proposal(p) }
                if view.why.kind == WhyKind::Empty { { void(p) } }
            </Stage>
            <crate::panels::sums::SumsLine room={view.room.clone()} spare={view.spare.clone()} dispatch={dispatch.clone()} />
            <div class="embed-foot">
                <Readout numbers={view.numbers.clone()} />
                if let Some(undo) = undo {
                    <Button testid="act-undo" command={AttrValue::from(undo.command.clone())} label={undo.label.clone()}
                        onclick={let msg = crate::panels::actions::msg_of(&undo.act); dispatch.reform(move |_: MouseEvent| msg.clone())}>{icon("m-undo")}<span>{undo.label.clone()}</span></Button>
                }
            </div>
            <div class="transport-row">
                { transport(p) }
                <Ruler past={view.scene.past.clone()} transport={view.transport.clone()} marks={crate::panels::scene::ruler_marks(view)} dispatch={dispatch.clone()} />
            </div>
            <Live text={view.why.spoken.clone()} />
        </main>
    }
}

/// What else may be compared.
fn offers(p: &Playground) -> Offers {
    Offers {
        branches: p
            .view
            .branches
            .iter()
            .map(|b| (b.index, b.name.clone()))
            .collect(),
        draft: (p.text != p.applied).then(|| p.text.clone()),
    }
}

/// Plans below each other.
fn comparing(p: &Playground, view: &Rc<rollout_view::CompareView>) -> Html {
    let first = view.panes.first();
    html! {
        <main class="compare instrument" data-testid="root" data-ready={p.playing.is_none().to_string()} data-time={view.time.clone()}
            data-step={first.map(|f| f.page.root.step.to_string())} data-writes={first.map(|f| f.page.root.writes.to_string())} data-branch={p.view.root.branch.clone()}>
            { notice(p) }
            <Compare view={view.clone()} offers={offers(p)} heat={p.heat.as_ref().map(|h| crate::panels::heat::heat(h, &p.dispatch))} dispatch={p.dispatch.clone()} />
            <Transport transport={view.transport.clone()} branches={Vec::new()} branch="main" playing={p.playing.is_some()}
                speed={p.speed} skipped={p.skipped.clone()} dispatch={p.dispatch.clone()} />
        </main>
    }
}
