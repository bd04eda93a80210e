//! Which ReplicaSet is which: brackets over the levels of a set.

use super::geometry::ratio;
use crate::hooks::use_vars;
use crate::panels::spans::coach;
use rollout_view::SetView;
use yew::prelude::*;

/// The sets, the newest on top. `levels`: rows of the drawing; `picked`: the set that is looked at; a label that would meet
/// the floor line starts below it.
pub fn sets(
    sets: &[SetView],
    per: u32,
    levels: u32,
    picked: Option<&AttrValue>,
    floor: Option<u32>,
) -> Html {
    html! {
        <div class="sets">
            { for sets.iter().rev().map(|set| html! { <Set key={set.name.clone()} set={set.clone()} {per} {levels} {floor} picked={picked.is_some_and(|p| **p == *set.name)} /> }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct SetProps {
    set: SetView,
    per: u32,
    levels: u32,
    floor: Option<u32>,
    picked: bool,
}

#[component]
fn Set(props: &SetProps) -> Html {
    let set = &props.set;
    let size = set.to.saturating_sub(set.from);
    let place = label_place(set.from, set.to, props.floor, props.per, props.levels);
    let node = use_vars(vec![
        ("--from", ratio(set.from, props.per)),
        ("--size", ratio(size, props.per)),
        ("--skip", place.skip.to_string()),
    ]);
    html! {
        <section ref={node} class="set" data-testid="set" data-name={set.name.clone()} data-size={set.size.to_string()} data-pods={set.pods.to_string()}
            data-version={set.version.letter()} data-livery={set.version.livery().to_string()} data-empty={(size == 0).then_some("true")} data-short={place.short.then_some("true")} data-tight={(place.plate && size <= props.per).then_some("true")} data-picked={props.picked.then_some("true")}
            aria-label={format!("ReplicaSet {}, {}", set.name, set.count)} title={set.name.clone()}>
            <p class="set-title">{coach(set.version)}<span>{set.image.clone()}</span></p>
            <p class="set-name">{set.short.clone()}</p>
            <p class="set-count">{set.count.trim_end_matches(" available").to_owned()}<span>{" available"}</span></p>
        </section>
    }
}

/// Where the label of a set stands.
#[derive(PartialEq, Eq, Debug)]
struct Place {
    /// Rows from the top of the set.
    skip: u32,
    /// Without the name.
    short: bool,
    /// The floor's plate stands beside it.
    plate: bool,
}

/// Height of the drawing and of a whole label, in pixels at the usual size.
const DRAWING: u32 = 264;
const LABEL: u32 = 62;
const HIGHEST_ROW: u32 = 44;

/// The plate of the floor stands in the row above its line. A label that would meet it begins below the line, or is shorter.
fn label_place(from: u32, to: u32, floor: Option<u32>, per: u32, levels: u32) -> Place {
    let row = (DRAWING / levels.max(1)).clamp(1, HIGHEST_ROW);
    let top = Place {
        skip: 0,
        short: to.saturating_sub(from) * row < LABEL * per,
        plate: false,
    };
    let need = LABEL.div_ceil(row) * per;
    let Some(floor) = floor.filter(|f| *f < to && *f >= from && *f + per + need > to) else {
        return top;
    };
    if floor - from >= need {
        Place {
            skip: (to - floor).div_ceil(per),
            short: false,
            plate: false,
        }
    } else {
        Place {
            skip: 0,
            short: true,
            plate: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_clear_of_the_floor() {
        let place = |from, to, floor| {
            let p = label_place(from, to, floor, 1, 12);
            (p.skip, p.short)
        };
        assert_eq!(place(6, 12, Some(8)), (0, false), "the landing scene");
        assert_eq!(place(0, 6, Some(8)), (0, false));
        assert_eq!(place(0, 9, Some(8)), (1, false), "below the line");
        assert_eq!(place(6, 12, Some(9)), (3, false));
        assert_eq!(place(7, 12, Some(9)), (0, true), "no room below");
        assert_eq!(place(6, 12, None), (0, false));
        assert_eq!(place(0, 2, Some(8)), (0, true), "a low set has no name");
        let many = |to| label_place(0, to, Some(75), 10, 13).short;
        assert_eq!((many(22), many(40)), (true, false), "22 pods are two rows");
    }
}
