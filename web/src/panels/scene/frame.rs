//! Axis, limits and bands: what stands around the pods.

use super::geometry::ratio;
use crate::hooks::use_vars;
use crate::interop::dom;
use crate::playground::Msg;
use crate::ui::Placed;
use rollout_view::{AxisLabel, BandView, LimitView, Quantity};
use yew::prelude::*;

/// The numbers beside the drawing; `dense`: those of neighbouring levels would touch.
pub fn axis(axis: &[AxisLabel], per: u32, dense: bool) -> Html {
    let number = |label: &AxisLabel| {
        let limit = label.quantity.is_some_and(Quantity::is_limit);
        let vars = vec![("--at", ratio(label.level, per))];
        html! { <Placed key={label.level.to_string()} class={limit.then_some("on-limit")} {vars}>{label.level}</Placed> }
    };
    html! { <div class="axis" aria-hidden="true">{ for readable(axis, per, dense).into_iter().map(number) }</div> }
}

/// Without the numbers that would touch a more important one: the ceiling's first, then the floor's.
fn readable(axis: &[AxisLabel], per: u32, dense: bool) -> Vec<&AxisLabel> {
    let rank = |label: &AxisLabel| match label.quantity {
        Some(Quantity::Ceiling) => 0,
        Some(Quantity::Floor) => 1,
        _ => 2,
    };
    let touches = |a: &AxisLabel, b: &AxisLabel| dense && a.level.abs_diff(b.level) * 10 < per * 11;
    axis.iter()
        .filter(|label| {
            !axis
                .iter()
                .any(|other| rank(other) < rank(label) && touches(other, label))
        })
        .collect()
}

#[derive(Properties, PartialEq)]
pub struct LimitProps {
    pub limit: LimitView,
    pub per: u32,
    /// The other line is so near that this plate goes below its own.
    #[prop_or_default]
    pub below: bool,
    /// A line that is only proposed.
    #[prop_or_default]
    pub ghost: bool,
    /// Where the line is proposed, if it is.
    #[prop_or_default]
    pub proposed: Option<u32>,
    /// Pods from the ground to the top; none: the line cannot be moved here.
    #[prop_or_default]
    pub movable: Option<u32>,
    pub dispatch: Callback<Msg>,
}

/// A thick line with poché on the forbidden side. Its plate can be dragged, or moved with the arrow keys: that proposes
/// another limit.
#[component]
pub fn Limit(props: &LimitProps) -> Html {
    let limit = &props.limit;
    let node = use_vars(vec![("--at", ratio(limit.level, props.per))]);
    let name = limit.quantity.name();
    let class = if props.ghost {
        format!("limit limit-{name} limit-ghost")
    } else {
        format!("limit limit-{name}")
    };
    let plate = match props.movable {
        Some(height) => handle(props, height, &node),
        None => html! { <span class="limit-plate">{limit.plate.clone()}</span> },
    };
    html! {
        <div ref={node} {class} data-src={(!props.ghost).then_some(name)} data-testid={props.ghost.then(|| format!("ghost-{name}"))} data-below={props.below.then_some("true")} role={props.movable.is_none().then_some("img")}
            aria-label={props.movable.is_none().then(|| limit.label.clone())} title={limit.sum.clone()}>{plate}</div>
    }
}

/// The plate as a handle.
fn handle(props: &LimitProps, height: u32, node: &NodeRef) -> Html {
    let (limit, quantity) = (&props.limit, props.limit.quantity);
    let now = props.proposed.unwrap_or(limit.level);
    let drag = {
        let (dispatch, node) = (props.dispatch.clone(), node.clone());
        Callback::from(move |event: PointerEvent| {
            if event.buttons() & 1 != 1 {
                return;
            }
            if let Some(level) = dom::level_of(&node, event.client_y(), height)
                && level != now
            {
                dispatch.emit(Msg::Propose(quantity, level));
            }
        })
    };
    let grab = Callback::from(|event: PointerEvent| dom::capture_target(&event, ".limit-handle"));
    let onkeydown = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |event: KeyboardEvent| {
            let msg = match event.key().as_str() {
                "ArrowUp" | "ArrowRight" => Msg::Propose(quantity, now + 1),
                "ArrowDown" | "ArrowLeft" => Msg::Propose(quantity, now.saturating_sub(1)),
                "Enter" => Msg::ApplyProposal,
                "Escape" => Msg::DropProposal,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            dispatch.emit(msg);
        })
    };
    let name = if quantity == Quantity::Floor {
        "Floor"
    } else {
        "Ceiling"
    };
    html! {
        <button type="button" class="limit-plate limit-handle" role="slider" aria-orientation="vertical" aria-label={name} aria-valuenow={now.to_string()} aria-valuemin="0"
            aria-valuemax={(height.max(now) * 2).to_string()} aria-valuetext={if props.proposed.is_some() { format!("{} {now}, proposed", name.to_lowercase()) } else { limit.label.clone() }}
            title={format!("{}. Drag it, or use the arrow keys, to propose another limit.", limit.label)} data-testid={format!("limit-{}", quantity.name())}
            onpointerdown={grab} onpointermove={drag} {onkeydown}>{limit.plate.clone()}</button>
    }
}

/// Above 400 pods: one band per set and state, with its number.
pub fn bands(bands: &[BandView], per: u32) -> Html {
    html! {
        <ol class="bands" aria-label="Pods, lowest first">
            { for bands.iter().map(|band| html! { <Band key={format!("{}{}", band.version.letter(), band.state.name())} band={band.clone()} {per} /> }) }
        </ol>
    }
}

#[derive(Properties, PartialEq)]
struct BandProps {
    band: BandView,
    per: u32,
}

#[component]
fn Band(props: &BandProps) -> Html {
    let band = &props.band;
    let node = use_vars(vec![
        ("--from", ratio(band.from, props.per)),
        ("--size", ratio(band.size, props.per)),
    ]);
    html! {
        <li ref={node} class="band" data-state={band.state.name()} data-version={band.version.letter()} data-livery={band.version.livery().to_string()}>
            <b class="pod-letter">{band.version.letter()}</b><span>{band.label.clone()}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_touch_give_way_to_limits() {
        let label = |level, quantity| AxisLabel { level, quantity };
        let axis = [
            label(150, None),
            label(198, Some(Quantity::Floor)),
            label(200, None),
            label(202, Some(Quantity::Ceiling)),
        ];
        let levels = |per| {
            readable(&axis, per, per > 1)
                .iter()
                .map(|l| l.level)
                .collect::<Vec<_>>()
        };
        assert_eq!(levels(1), [150, 198, 200, 202]);
        assert_eq!(levels(10), [150, 202]);
    }
}
