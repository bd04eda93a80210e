//! The section drawing: axis, limits, past, tower, sets. Heights are pods, widths are milliseconds.

mod fan;
mod frame;
mod geometry;
mod lives;
mod past;
mod pod;
mod ruler;
mod sets;
mod slots;

use crate::hooks::use_vars;
use crate::interop::dom;
use crate::panels::sums::Ledger;
use crate::panels::traffic::Strip;
use crate::playground::Msg;
use crate::ui::Shared;
use rollout_api::SortedMap;
use rollout_view::{Grain, PageView, PodState, PodView, SceneView};
use std::rc::Rc;
use yew::prelude::*;

pub use ruler::{Ruler, marks as ruler_marks};

use frame::{Limit, axis, bands};
use geometry::ratio;
use lives::Lives;
use past::{Past, PastHead};
use pod::{Pod, title};
use sets::sets;
use slots::Slots;

#[derive(Properties, PartialEq)]
pub struct StageProps {
    pub page: Shared<PageView>,
    /// Unique id of the pod that is looked at.
    #[prop_or_default]
    pub picked: Option<AttrValue>,
    /// Name of the set that is looked at.
    #[prop_or_default]
    pub picked_set: Option<AttrValue>,
    /// Seeks and cuts cross-fade; nothing travels.
    #[prop_or_default]
    pub jump: bool,
    /// The head is on its way: dots keep the names of the pods that they drew before.
    #[prop_or_default]
    pub rough: bool,
    /// Pods that have just gone: they are drawn until they have faded.
    #[prop_or_default]
    pub gone: Rc<Vec<Rc<PodView>>>,
    /// In a comparison all panes share one height.
    #[prop_or_default]
    pub shared_height: Option<u32>,
    pub dispatch: Callback<Msg>,
    /// What stands below and beside the drawing: readout, actions.
    #[prop_or_default]
    pub children: Html,
    #[prop_or("stage".into())]
    pub class: AttrValue,
    #[prop_or_default]
    pub pane: bool,
}

/// Levels of the drawing, whole.
fn levels(scene: &SceneView, shared: Option<u32>) -> u32 {
    shared
        .unwrap_or(scene.height)
        .max(scene.height)
        .max(1)
        .div_ceil(scene.grain.per_level())
}

#[component]
pub fn Stage(props: &StageProps) -> Html {
    let scene = &props.page.scene;
    let per = scene.grain.per_level();
    let empty =
        scene.ceiling.is_none() && scene.pods.is_empty() && scene.bands.is_empty() && !props.pane;
    let levels = if empty {
        EMPTY_LEVELS
    } else {
        levels(scene, props.shared_height)
    };
    let height = levels * per;
    let leave_per = (scene.leaving.len().clamp(1, LEAVING_SHOWN) as u32).div_ceil(LEAVING_ROWS);
    let node = use_vars(vec![
        ("--levels", levels.to_string()),
        ("--per", per.to_string()),
        ("--leave-per", leave_per.to_string()),
        (
            "--ceil",
            ratio(scene.ceiling.as_ref().map_or(height, |c| c.level), per),
        ),
    ]);
    // In a low pane neighbouring levels are nearer than their words are high.
    let dense = per > 1 || (props.pane && levels > 5);
    let near = match (&scene.ceiling, &scene.floor) {
        (Some(ceiling), Some(floor)) => {
            ceiling.level.saturating_sub(floor.level) < 2 * per && dense
        }
        _ => false,
    };
    let dispatch = &props.dispatch;
    let slots = use_mut_ref(Slots::default);
    let dots = matches!(scene.grain, Grain::Dot { .. });
    let standing = scene.pods.iter().map(|pod| (pod, per, false));
    let leaving = scene.leaving.iter().take(LEAVING_SHOWN);
    let leaving = leaving.map(|pod| (pod, leave_per, false));
    let gone = props.gone.iter().map(|pod| {
        let leaves = pod.state == PodState::Terminating;
        (pod, if leaves { leave_per } else { per }, true)
    });
    // One list, so that a pod that leaves is still the same element and can sink.
    let drawn: Vec<(&Rc<PodView>, u32, bool)> = standing.chain(leaving).chain(gone).collect();
    let places = slots
        .borrow_mut()
        .assign(drawn.iter().map(|(pod, ..)| pod.uid.as_str()), props.jump);
    let names = use_mut_ref(SortedMap::<u32, Rc<PodView>>::new);
    let rough = props.rough && dots;
    if !rough {
        let slots = places.iter().copied();
        *names.borrow_mut() = slots
            .zip(drawn.iter().map(|(pod, ..)| (*pod).clone()))
            .collect();
    }
    let named = |slot: u32, pod: &Rc<PodView>| match names.borrow().get(&slot) {
        Some(former) if rough => former.clone(),
        _ => pod.clone(),
    };
    let proposal = props
        .page
        .manifest
        .proposal
        .as_ref()
        .filter(|_| !props.pane);
    let ghosts = (
        proposal.and_then(|p| p.ceiling.as_ref()),
        proposal.and_then(|p| p.floor.as_ref()),
    );
    // Recreate has no limits to move.
    let movable = (!props.pane && scene.floor.is_some()).then_some(height);
    html! {
        <section ref={node} class={props.class.clone()} data-testid={if props.pane { "compare-pane" } else { "band" }} aria-label={scene.label.clone()}
            data-grain={scene.grain.name()} data-jump={props.jump.then_some("true")} data-leave={match leave_per { 1 => "row", 2 => "half", _ => "box" }} data-empty={empty.then_some("true")} data-many={(levels > if props.pane { 5 } else { 8 }).then_some("true")}
            data-time={props.pane.then(|| props.page.root.time.clone())}>
            <PastHead past={scene.past.clone()} dispatch={dispatch.clone()} />
            {axis(&scene.axis, per, dense)}
            if let Some(ceiling) = &scene.ceiling { <Limit limit={ceiling.clone()} {per} movable={movable} proposed={ghosts.0.map(|g| g.level)} dispatch={dispatch.clone()} /> }
            if let Some(floor) = &scene.floor { <Limit limit={floor.clone()} {per} below={near} movable={movable} proposed={ghosts.1.map(|g| g.level)} dispatch={dispatch.clone()} /> }
            if let Some(ghost) = ghosts.0.filter(|g| g.level <= height) { <Limit limit={ghost.clone()} {per} ghost={true} dispatch={dispatch.clone()} /> }
            if let Some(ghost) = ghosts.1.filter(|g| g.level <= height) { <Limit limit={ghost.clone()} {per} ghost={true} dispatch={dispatch.clone()} /> }
            <div class="ground"></div>
            <Past past={scene.past.clone()} {height} at_head={props.page.transport.at_head && !props.pane} dispatch={dispatch.clone()} />
            <p class="now-head"><b>{props.page.transport.time.clone()}</b>{if props.page.transport.at_head { " now" } else { " looking back" }}</p>
            <ol class="tower" aria-label="Pods, lowest first" onmousemove={tooltip(&props.page)} onclick={pick(&props.page, dispatch)} onkeydown={keys(dispatch)}>
                { for drawn.iter().zip(places).map(|(&(pod, per, gone), slot)| html! {
                    <Pod key={slot.to_string()} pod={pod.clone()} named={named(slot, pod)} {per} {gone} bare={dots && pod.state != PodState::Terminating} picked={!gone && props.picked.as_ref().is_some_and(|p| **p == *pod.uid)} />
                }) }
            </ol>
            if scene.pods.is_empty() && !scene.bands.is_empty() { {bands(&scene.bands, per)} }
            {sets(&scene.sets, per, levels, props.picked_set.as_ref(), scene.floor.as_ref().map(|f| f.level))}
            <p class="leaving">{scene.leaving_text.clone()}</p>
            if !props.pane {
                <div class="next">
                    <Ledger sum={props.page.room.clone()} testid="room" dispatch={dispatch.clone()} />
                    <Ledger sum={props.page.spare.clone()} testid="spare" dispatch={dispatch.clone()} />
                </div>
                <Lives lives={scene.lives.clone()} width={scene.past.record.width} now_x={scene.past.now_x} />
                if let Some(traffic) = &props.page.traffic { <Strip traffic={traffic.clone()} width={scene.past.record.width} /> }
                <Ruler past={scene.past.clone()} transport={props.page.transport.clone()} marks={ruler_marks(&props.page)} dispatch={dispatch.clone()} />
            }
            { props.children.clone() }
        </section>
    }
}

/// The element of the pod in which an event happened, and the pod's name. One listener serves all pods: a hundred would be made
/// anew for each moment.
fn pod_of(event: &web_sys::Event) -> Option<(web_sys::Element, String)> {
    let element = dom::closest(event, ".pod[data-name]")?;
    let name = element.get_attribute("data-name")?;
    Some((element, name))
}

/// A pod of the scene by its name.
fn named_pod<'p>(page: &'p PageView, name: &str) -> Option<&'p Rc<PodView>> {
    let mut pods = page.scene.pods.iter().chain(&page.scene.leaving);
    pods.find(|pod| pod.name == name)
}

/// Tooltips are written when the pointer comes: a hundred pods would need a hundred texts for each moment.
fn tooltip(page: &Shared<PageView>) -> Callback<MouseEvent> {
    let page = page.clone();
    Callback::from(move |event: MouseEvent| {
        if let Some((element, name)) = pod_of(&event)
            && let Some(pod) = named_pod(&page, &name)
        {
            // Refused for a bad name only.
            let _ = element.set_attribute("title", &title(pod));
        }
    })
}

/// A click on a pod looks at it.
fn pick(page: &Shared<PageView>, dispatch: &Callback<Msg>) -> Callback<MouseEvent> {
    let (page, dispatch) = (page.clone(), dispatch.clone());
    Callback::from(move |event: MouseEvent| {
        if let Some((_, name)) = pod_of(&event)
            && let Some(pod) = named_pod(&page, &name)
        {
            dispatch.emit(Msg::PickPod(Some(pod.uid.clone().into())));
        }
    })
}

/// Delete drafts the pod's deletion; the arrows walk from pod to pod.
fn keys(dispatch: &Callback<Msg>) -> Callback<KeyboardEvent> {
    let dispatch = dispatch.clone();
    Callback::from(move |event: KeyboardEvent| {
        let Some((_, name)) = pod_of(&event) else {
            return;
        };
        match event.key().as_str() {
            "Delete" => dispatch.emit(Msg::Draft(format!("kubectl delete pod {name}"))),
            "ArrowUp" | "ArrowDown" => {
                event.prevent_default();
                event.stop_propagation();
                dom::focus_sibling(&event, ".pod", event.key() == "ArrowUp");
            }
            _ => {}
        }
    })
}

/// Height of the drawing without a Deployment.
const EMPTY_LEVELS: u32 = 6;
/// More leaving pods than this are only counted.
const LEAVING_SHOWN: usize = 24;
/// Rows below the ground; more pods share a row.
const LEAVING_ROWS: u32 = 3;
