//! Choosing a plan to compare: strategies, limits, probes, branches, another manifest.

use crate::playground::Msg;
use rollout_session::Plan;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// What the session offers to compare.
#[derive(Clone, PartialEq, Default)]
pub struct Offers {
    /// Branches by index and name, if there are several.
    pub branches: Vec<(usize, String)>,
    /// The text of the editor, if it is not what was applied.
    pub draft: Option<AttrValue>,
}

#[derive(Properties, PartialEq)]
pub struct AddPlanProps {
    pub offers: Offers,
    pub dispatch: Callback<Msg>,
}

/// Words of the choices that need nothing more.
const CHOICES: [(&str, &str); 4] = [
    ("as-is", "As it is"),
    ("Recreate", "Recreate"),
    ("no-probes", "Without probes"),
    ("probes", "With a readiness probe"),
];

#[component]
pub fn AddPlan(props: &AddPlanProps) -> Html {
    let kind = use_state(|| AttrValue::from("limits"));
    let surge = use_node_ref();
    let unavailable = use_node_ref();
    let yaml = use_node_ref();
    let error = use_state(|| None::<String>);
    let onchange = {
        let kind = kind.clone();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            kind.set(AttrValue::from(value));
        })
    };
    let onsubmit = {
        let (kind, error, dispatch) = (kind.clone(), error.clone(), props.dispatch.clone());
        let (surge, unavailable, yaml) = (surge.clone(), unavailable.clone(), yaml.clone());
        let draft = props.offers.draft.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let value = |node: &NodeRef| {
                node.cast::<HtmlInputElement>()
                    .map_or(String::new(), |input| input.value())
            };
            let text = |name: &str, text: String| Plan::Text {
                name: name.to_owned(),
                text,
            };
            let plan = match kind.as_str() {
                "limits" => Plan::parse(&format!("{},{}", value(&surge), value(&unavailable))),
                "draft" => Ok(text(
                    "The text in the editor",
                    draft.as_deref().unwrap_or_default().to_owned(),
                )),
                "yaml" => Ok(text(
                    "Another manifest",
                    yaml.cast::<HtmlTextAreaElement>()
                        .map_or(String::new(), |area| area.value()),
                )),
                word => Plan::parse(word),
            };
            match plan {
                Ok(plan) => {
                    error.set(None);
                    dispatch.emit(Msg::AddPlan(plan));
                }
                Err(text) => error.set(Some(text)),
            }
        })
    };
    html! {
        <form class="add-plan" aria-label="Add a plan" {onsubmit}>
            <label>{"Add"}<select class="text" data-testid="plan-kind" {onchange}>
                <option value="limits" selected={true}>{"Surge and unavailable"}</option>
                { for CHOICES.iter().map(|(word, name)| html! { <option value={*word}>{*name}</option> }) }
                if props.offers.branches.len() > 1 {
                    { for props.offers.branches.iter().map(|(i, name)| html! { <option value={format!("branch:{i}")}>{format!("Branch {name}")}</option> }) }
                }
                if props.offers.draft.is_some() { <option value="draft">{"The text in the editor"}</option> }
                <option value="yaml">{"Another manifest"}</option>
            </select></label>
            if *kind == "limits" {
                <label>{"surge"}<input ref={surge} class="text" data-testid="plan-surge" value="1" size="4" /></label>
                <label>{"unavailable"}<input ref={unavailable} class="text" data-testid="plan-unavailable" value="1" size="4" /></label>
            }
            if *kind == "yaml" {
                <textarea ref={yaml} class="text" data-testid="plan-yaml" rows="4" aria-label="Manifest to compare" placeholder="apiVersion: apps/v1 …" spellcheck="false" />
            }
            <button type="submit" class="btn" data-testid="plan-add">{"Add plan"}</button>
            if let Some(text) = &*error { <p role="alert" class="plan-error">{text.clone()}</p> }
        </form>
    }
}
