//! The cluster's version, to choose.

use crate::playground::Msg;
use rollout_api::Minor;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// `version`: `1.36`.
pub fn version(version: &str, dispatch: &Callback<Msg>) -> Html {
    let onchange = dispatch.reform(|event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        Msg::Kubernetes(Minor::of_cluster(&chosen).unwrap_or_default())
    });
    html! {
        <span class="bar-version"><a href="fidelity.html" target="_blank" rel="noopener" title="What is modelled, what it was compared with, what differs">{"Kubernetes"}</a>
            <select aria-label="Kubernetes version" title="Whose rules the cluster follows; another version begins again with the same manifest" data-testid="kubernetes" {onchange}>
                { for Minor::of_clusters().map(|m| m.to_string()).map(|m| html! { <option selected={m == version} value={m.clone()}>{m.clone()}</option> }) }
            </select></span>
    }
}
