//! Axis, limits and bands: what stands around the pods.

use super::geometry::ratio;
use crate::hooks::use_vars;
use rollout_view::{AxisLabel, BandView, LimitView, Quantity};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct AxisProps {
    pub axis: Vec<AxisLabel>,
    pub per: u32,
}

#[component]
pub fn Axis(props: &AxisProps) -> Html {
    html! {
        <div class="axis" aria-hidden="true">
            { for readable(&props.axis, props.per).into_iter().map(|label| html! { <AxisNumber key={label.level.to_string()} label={label.clone()} per={props.per} /> }) }
        </div>
    }
}

/// Without the numbers that would touch a more important one: the ceiling's first, then the floor's.
fn readable(axis: &[AxisLabel], per: u32) -> Vec<&AxisLabel> {
    let rank = |label: &AxisLabel| match label.quantity {
        Some(Quantity::Ceiling) => 0,
        Some(Quantity::Floor) => 1,
        _ => 2,
    };
    let touches =
        |a: &AxisLabel, b: &AxisLabel| per > 1 && a.level.abs_diff(b.level) * 10 < per * 11;
    axis.iter()
        .filter(|label| {
            !axis
                .iter()
                .any(|other| rank(other) < rank(label) && touches(other, label))
        })
        .collect()
}

#[derive(Properties, PartialEq)]
struct AxisNumberProps {
    label: AxisLabel,
    per: u32,
}

#[component]
fn AxisNumber(props: &AxisNumberProps) -> Html {
    let node = use_vars(vec![("--at", ratio(props.label.level, props.per))]);
    let limit = props.label.quantity.is_some_and(Quantity::is_limit);
    html! { <span ref={node} class={limit.then_some("on-limit")}>{props.label.level}</span> }
}

#[derive(Properties, PartialEq)]
pub struct LimitProps {
    pub limit: LimitView,
    pub per: u32,
    /// The other line is so near that this plate goes below its own.
    #[prop_or_default]
    pub below: bool,
}

/// A thick line with poché on the forbidden side.
#[component]
pub fn Limit(props: &LimitProps) -> Html {
    let limit = &props.limit;
    let node = use_vars(vec![("--at", ratio(limit.level, props.per))]);
    html! {
        <div ref={node} class={format!("limit limit-{}", limit.quantity.name())} data-src={limit.quantity.name()} data-below={props.below.then_some("true")} role="img"
            aria-label={limit.label.clone()} title={limit.sum.clone()}><span class="limit-plate">{limit.plate.clone()}</span></div>
    }
}

#[derive(Properties, PartialEq)]
pub struct BandsProps {
    pub bands: Vec<BandView>,
    pub per: u32,
}

/// Above 400 pods: one band per set and state, with its number.
#[component]
pub fn Bands(props: &BandsProps) -> Html {
    html! {
        <ol class="bands" aria-label="Pods, lowest first">
            { for props.bands.iter().map(|band| html! { <Band key={format!("{}{}", band.version.letter, band.state.name())} band={band.clone()} per={props.per} /> }) }
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
        <li ref={node} class="band" data-state={band.state.name()} data-version={band.version.letter.clone()} data-livery={band.version.livery.to_string()}>
            <b class="pod-letter">{band.version.letter.clone()}</b><span>{band.label.clone()}</span>
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
            readable(&axis, per)
                .iter()
                .map(|l| l.level)
                .collect::<Vec<_>>()
        };
        assert_eq!(levels(1), [150, 198, 200, 202]);
        assert_eq!(levels(10), [150, 202]);
    }
}
