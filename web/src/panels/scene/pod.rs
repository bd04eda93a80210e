//! One pod: livery, letter, mark, suffix, word. The state's shape and mark come before its colour.

use crate::hooks::use_vars;
use crate::ui::icon_as;
use rollout_view::PodView;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties)]
pub struct PodProps {
    pub pod: Rc<PodView>,
    /// The pod whose name the element carries: the same, but while the head is dragged.
    pub named: Rc<PodView>,
    /// Pods on one level.
    pub per: u32,
    pub picked: bool,
    /// Words, letters and marks are too small to be seen.
    #[prop_or_default]
    pub bare: bool,
    /// It is not there any more: only its picture fades.
    #[prop_or_default]
    pub gone: bool,
}

impl PartialEq for PodProps {
    /// A dot shows little of its pod, and keeps its name while the head is dragged: the rest of it need not be drawn again.
    fn eq(&self, other: &Self) -> bool {
        let look = |p: &PodProps| {
            let pod = &p.pod;
            let marks = (pod.changed, pod.next_to_go, pod.progress);
            (pod.level, pod.state, pod.version.place, marks)
        };
        self.per == other.per
            && (self.picked, self.bare, self.gone) == (other.picked, other.bare, other.gone)
            && (Rc::ptr_eq(&self.named, &other.named) || self.named == other.named)
            && if self.bare {
                look(self) == look(other)
            } else {
                self.pod == other.pod
            }
    }
}

#[component]
pub fn Pod(props: &PodProps) -> Html {
    let pod = &props.pod;
    let per = props.per.max(1);
    let node = use_vars(vec![
        ("--l", (pod.level / per).to_string()),
        ("--col", (pod.level % per).to_string()),
        ("--p", format!(".{:03}", pod.progress.unwrap_or(0).min(999))),
    ]);
    if props.gone {
        return html! {
            <li ref={node} class="pod" aria-hidden="true" data-gone="true" data-state={pod.state.name()} data-livery={pod.version.livery().to_string()}>
                { slab(pod) }
            </li>
        };
    }
    let named = &props.named;
    html! {
        <li ref={node} class="pod" data-testid="pod" data-name={named.name.clone()} data-set={named.set.clone()} data-state={pod.state.name()}
            data-version={named.version.letter()} data-livery={(!props.bare).then(|| pod.version.livery().to_string())} data-fresh={pod.changed.then_some("true")}
            data-next={pod.next_to_go.then_some("true")} data-progress={pod.progress.map(|_| "true")} data-picked={props.picked.then_some("true")}>
            <button type="button" class="pod-hit" tabindex={if pod.level == 0 { "0" } else { "-1" }} aria-label={named.label.clone()}
                aria-pressed={props.picked.to_string()}></button>
            // Dots wear their colours on an element without a place of its own: equal ones share one computed style.
            if props.bare { <i class="dot" data-livery={pod.version.livery().to_string()} data-state={pod.state.name()}></i> } else { { slab(pod) } }
        </li>
    }
}

/// What stands in the slab.
fn slab(pod: &PodView) -> Html {
    html! { <>
        <b class="pod-letter" aria-hidden="true">{pod.version.letter()}</b>
        {icon_as(&format!("m-{}", pod.state.mark().name()), "pod-mark")}
        <span class="pod-name" aria-hidden="true">{pod.short.clone()}</span>
        <span class="pod-word" aria-hidden="true">{pod.word.clone()}</span>
        if pod.progress.is_some() { <i class="pod-bar"></i> }
    </> }
}

/// The tooltip: the whole name and the facts, one a line.
pub fn title(pod: &PodView) -> String {
    let mut title = pod.name.clone();
    for (name, value) in &pod.facts {
        title.push_str(&format!("\n{name}: {value}"));
    }
    title
}
