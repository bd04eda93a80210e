//! Which ReplicaSet is which: brackets over the levels of a set.

use super::geometry::ratio;
use crate::hooks::use_vars;
use crate::panels::spans::Coach;
use rollout_view::SetView;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct SetsProps {
    pub sets: Vec<SetView>,
    pub per: u32,
    /// A label that would meet the floor line starts below it.
    pub floor: Option<u32>,
}

#[component]
pub fn Sets(props: &SetsProps) -> Html {
    html! {
        <div class="sets">
            { for props.sets.iter().rev().map(|set| html! { <Set key={set.name.clone()} set={set.clone()} per={props.per} floor={props.floor} /> }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct SetProps {
    set: SetView,
    per: u32,
    floor: Option<u32>,
}

#[component]
fn Set(props: &SetProps) -> Html {
    let set = &props.set;
    let size = set.to.saturating_sub(set.from);
    // The plate of the floor stands in the level above its line: the label of a set begins below it.
    let meets = props.floor.is_some_and(|f| {
        f < set.to && f + 2 * props.per > set.to && f > set.from && size > 3 * props.per
    });
    let node = use_vars(vec![
        ("--from", ratio(set.from, props.per)),
        ("--size", ratio(size, props.per)),
        ("--skip", if meets { "1" } else { "0" }.to_owned()),
    ]);
    html! {
        <section ref={node} class="set" data-testid="set" data-name={set.name.clone()} data-size={set.size.to_string()} data-pods={set.pods.to_string()}
            data-version={set.version.letter.clone()} data-livery={set.version.livery.to_string()} data-empty={(size == 0).then_some("true")} data-short={(size < 3).then_some("true")}
            aria-label={format!("ReplicaSet {}, {}", set.name, set.count)} title={set.name.clone()}>
            <p class="set-title"><Coach version={set.version.clone()} /><span>{set.image.clone()}</span></p>
            <p class="set-name">{set.short.clone()}</p>
            <p class="set-count">{set.count.clone()}</p>
        </section>
    }
}
