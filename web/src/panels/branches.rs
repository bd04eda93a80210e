//! The branches as a small tree: to visit, to rename, to delete; and what the learner did last, to take it back.

use crate::playground::Msg;
use crate::playground::instrument::{TimeMsg, send};
use crate::ui::Button;
use rollout_view::BranchView;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct BranchesProps {
    pub branches: Vec<BranchView>,
    pub renaming: Option<usize>,
    pub last: Option<String>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Branches(props: &BranchesProps) -> Html {
    let roots = below(props, None, 0);
    html! {
        <section class="tree" data-testid="branches" aria-label="Branches">
            <header><h3>{"Branches"}</h3>
                <Button class="btn btn-small" testid="take-back" off={props.last.is_none()}
                    title="What you did last is taken back on a new branch. This is not kubectl rollout undo: the cluster does not learn of it."
                    onclick={props.dispatch.reform(|_: MouseEvent| Msg::UndoMine)}>{match &props.last { Some(line) => format!("Take back: {line}"), None => "Nothing to take back".to_owned() }}</Button>
            </header>
            {roots}
            if props.branches.len() == 1 { <p class="hint-line">{"Acting in the past begins a branch. What came after stays here and can be opened again."}</p> }
        </section>
    }
}

/// The branches that left one, as a list. A tree is never deeper than there are branches.
fn below(props: &BranchesProps, parent: Option<usize>, depth: usize) -> Html {
    let mine: Vec<&BranchView> = props
        .branches
        .iter()
        .filter(|b| b.parent == parent)
        .collect();
    if mine.is_empty() || depth > props.branches.len() {
        return Html::default();
    }
    html! {
        <ul>{ for mine.into_iter().map(|b| html! {
            <li key={b.index.to_string()} aria-current={b.current.then_some("true")}>
                { row(props, b) }
                { below(props, Some(b.index), depth + 1) }
            </li>
        }) }</ul>
    }
}

fn row(props: &BranchesProps, b: &BranchView) -> Html {
    let (index, dispatch) = (b.index, &props.dispatch);
    let told = format!("{} steps to {}", b.steps, rollout_view::span_text(b.end_ms));
    let left = match b.parent {
        Some(_) => format!(
            "left at {}, {told}",
            rollout_view::span_text(b.forked_at_ms)
        ),
        None => told,
    };
    if props.renaming == Some(index) {
        let onsubmit = dispatch.reform(move |event: SubmitEvent| {
            event.prevent_default();
            let form = event.target_unchecked_into::<web_sys::Element>();
            let name = form
                .query_selector("input")
                .ok()
                .flatten()
                .map(|e| {
                    use wasm_bindgen::JsCast;
                    e.unchecked_into::<HtmlInputElement>().value()
                })
                .unwrap_or_default();
            Msg::Time(TimeMsg::Rename(index, name))
        });
        return html! {
            <form class="tree-row" {onsubmit}>
                <input class="text" data-testid="branch-name" aria-label="Name of the branch" value={b.name.clone()} maxlength="40" />
                <button type="submit" class="btn btn-small">{"Rename"}</button>
                <Button class="btn btn-small btn-plain" onclick={send(dispatch, TimeMsg::Renaming(None))}>{"Leave it"}</Button>
            </form>
        };
    }
    html! {
        <div class="tree-row" data-testid="branch-row" data-name={b.name.clone()}>
            <b>{b.name.clone()}</b><small>{left}</small>
            if b.current { <em>{"shown"}</em> } else {
                <Button class="btn btn-small" testid="visit-branch" label={format!("Open {}", b.name)} onclick={dispatch.reform(move |_: MouseEvent| Msg::OpenBranch(index))}>{"Open"}</Button>
            }
            <Button class="btn btn-small btn-plain" testid="rename-branch" label={format!("Rename {}", b.name)} onclick={send(dispatch, TimeMsg::Renaming(Some(index)))}>{"Rename"}</Button>
            if !b.current {
                <Button class="btn btn-small btn-plain" testid="delete-branch" label={format!("Delete {}", b.name)} onclick={send(dispatch, TimeMsg::Delete(index))}>{"Delete"}</Button>
            }
        </div>
    }
}
