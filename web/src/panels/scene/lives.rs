//! Life lines: one row per pod, newest on top, never reordered.

use super::geometry::life_class;
use rollout_view::LivesView;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct LivesProps {
    pub lives: LivesView,
    pub width: u64,
    pub now_x: u64,
}

#[component]
pub fn Lives(props: &LivesProps) -> Html {
    let rows = props.lives.rows.len().max(16) as u64;
    // Heights in tenths of a row, so that a line runs through the middle of its row.
    html! { <>
        <p class="lane-label lane-lives">{"each pod"}</p>
        <div class="lives" data-thin={props.lives.thin.then_some("true")} aria-hidden="true">
            <svg viewBox={format!("0 0 {} {}", props.width, rows * 10)} preserveAspectRatio="none">
                { for props.lives.rows.iter().rev().enumerate().map(|(k, life)| {
                    let y = (rows - k as u64) * 10 - 5;
                    html! {
                        <g key={life.uid.clone()} data-livery={life.version.livery().to_string()}>
                            { for life.runs.iter().map(|run| html! {
                                <path class={life_class(run.state)} d={format!("M{} {y}H{}", run.x, run.to_x)} />
                            }) }
                        </g>
                    }
                }) }
            </svg>
            if props.lives.too_many { <p class="lives-many">{"Too many pods for a line each: the timeline has them, zoom in."}</p> }
        </div>
    </> }
}
