//! The pod that was clicked: its facts, and the way to delete it.

use super::spans::coach;
use crate::playground::Msg;
use crate::ui::{Button, icon};
use rollout_view::PodView;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PodCardProps {
    pub pod: Rc<PodView>,
    /// ` -n NAME`, or nothing for the namespace default.
    pub namespace: String,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn PodCard(props: &PodCardProps) -> Html {
    let pod = &props.pod;
    let more = &props.namespace;
    let (delete, describe, events, logs) = (
        format!("kubectl delete pod {}{more}", pod.name),
        format!("kubectl describe pod {}{more}", pod.name),
        format!("kubectl events --for pod/{}{more}", pod.name),
        format!(
            "kubectl logs {}{}{more}",
            pod.name,
            // Of a container that ended, what it wrote before.
            if pod.restarts > 0 { " --previous" } else { "" }
        ),
    );
    let run = |line: &str| {
        let line = line.to_owned();
        props
            .dispatch
            .reform(move |_: MouseEvent| Msg::Run(line.clone()))
    };
    html! {
        <section class="pod-card" aria-label={pod.label.clone()}>
            <p class="pod-card-name">{coach(pod.version)}<code>{pod.name.clone()}</code></p>
            <dl class="facts">
                { for pod.facts.iter().map(|(name, value)| html! { <div><dt>{name.clone()}</dt><dd>{value.clone()}</dd></div> }) }
            </dl>
            <div class="row">
                <Button command={AttrValue::from(describe.clone())} onclick={run(&describe)}>{"Describe"}</Button>
                <Button command={AttrValue::from(events.clone())} onclick={run(&events)}>{"Events"}</Button>
                <Button command={AttrValue::from(logs.clone())} onclick={run(&logs)}>{"Logs"}</Button>
                <Button command={AttrValue::from(delete.clone())} onclick={run(&delete)}>{"Delete this pod"}</Button>
                <Button class="btn btn-plain" label="Close" onclick={props.dispatch.reform(|_: MouseEvent| Msg::PickPod(None))}>{icon("m-x")}</Button>
            </div>
        </section>
    }
}
