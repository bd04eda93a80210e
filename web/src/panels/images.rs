//! Break it: images and their behaviours. A change takes effect at the playhead and leaves a flag.

use crate::playground::Msg;
use crate::ui::{Button, icon_as};
use rollout_view::{BehaviourView, ImageRow, ImagesView};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ImagesProps {
    pub images: ImagesView,
    pub dispatch: Callback<Msg>,
}

/// The mark of a behaviour.
fn mark(behaviour: &str) -> &'static str {
    match behaviour {
        "good" => "m-tick",
        "missing" | "late" => "m-bang",
        "crash" => "m-loop",
        "never-ready" | "wrong-port" | "wrong-path" | "flapping" => "m-dots",
        "slow-start" | "slow-pull" | "slow-answers" => "m-hourglass",
        "oom" => "m-drop",
        "needs-config" | "needs-root" => "m-key",
        _ => "m-dot",
    }
}

#[component]
pub fn Images(props: &ImagesProps) -> Html {
    let draft = use_state(String::new);
    let add = {
        let (dispatch, draft) = (props.dispatch.clone(), draft.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if !draft.trim().is_empty() {
                dispatch.emit(Msg::Run(format!("image {} missing", draft.trim())));
                draft.set(String::new());
            }
        })
    };
    let oninput = {
        let draft = draft.clone();
        Callback::from(move |event: InputEvent| {
            draft.set(event.target_unchecked_into::<HtmlInputElement>().value())
        })
    };
    html! { <>
        <table class="rules">
            <caption class="sr">{"Images and how they behave"}</caption>
            <tbody>
            { for props.images.rows.iter().map(|row| html! { <Rule key={row.image.clone()} row={row.clone()} images={props.images.clone()} dispatch={props.dispatch.clone()} /> }) }
            </tbody>
        </table>
        <form class="rule-add" aria-label="A rule for any tag" onsubmit={add}>
            <input class="text" aria-label="Image and tag" placeholder="any image:tag" value={(*draft).clone()} {oninput} spellcheck="false" autocomplete="off" />
            <button type="submit" class="btn">{"Break this tag"}</button>
        </form>
        <p class="hint-line">{"A rule is our own command: image REFERENCE BEHAVIOUR. It holds from this moment on. Numbers and more below."}</p>
    </> }
}

/// `image REFERENCE BEHAVIOUR`, with the numbers that a behaviour does not do without.
pub fn rule_line(image: &str, key: &str, behaviours: &[BehaviourView]) -> String {
    let mut line = format!("image {image} {key}");
    if matches!(key, "needs-config" | "needs-schema" | "serves")
        && let Some(b) = behaviours.iter().find(|b| b.key == key)
    {
        line.push(' ');
        line.push_str(&b.numbers);
    }
    line
}

#[derive(Properties, PartialEq)]
struct RuleProps {
    row: ImageRow,
    images: ImagesView,
    dispatch: Callback<Msg>,
}

#[component]
fn Rule(props: &RuleProps) -> Html {
    let row = &props.row;
    let image = row.image.clone();
    let behaviours = props.images.behaviours.clone();
    let onchange = props.dispatch.reform(move |event: Event| {
        let key = event.target_unchecked_into::<HtmlSelectElement>().value();
        Msg::Run(rule_line(&image, &key, &behaviours))
    });
    let name = format!("Behaviour of {}", row.image);
    let use_it = row.image.clone();
    html! {
        <tr data-testid="image-row" data-image={row.image.clone()} data-behaviour={row.behaviour.clone()}>
            <th scope="row"><code>{row.image.clone()}</code>
                if row.in_use { <small>{"in use"}</small> } else {
                    <Button class="btn btn-small" onclick={props.dispatch.reform(move |_: MouseEvent| Msg::SetImage(use_it.clone()))}>{"Roll it out"}</Button>
                }
            </th>
            <td>{icon_as(mark(&row.behaviour), "mark rule-mark")}
                <select class="rule-pick" aria-label={name} {onchange}>
                    { for props.images.behaviours.iter().map(|b| html! { <option value={b.key} selected={b.key == row.behaviour}>{b.name.clone()}</option> }) }
                </select>
                <small>{row.words.clone()}</small></td>
        </tr>
    }
}
