//! The pod that was clicked: its facts, and the way to delete it.

use super::spans::Coach;
use crate::playground::Msg;
use crate::ui::{Button, Icon};
use rollout_view::PodView;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PodCardProps {
    pub pod: PodView,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn PodCard(props: &PodCardProps) -> Html {
    let pod = &props.pod;
    let (delete, describe) = (
        format!("kubectl delete pod {}", pod.name),
        format!("kubectl describe pod {}", pod.name),
    );
    let run = |line: &str| {
        let line = line.to_owned();
        props
            .dispatch
            .reform(move |_: MouseEvent| Msg::Run(line.clone()))
    };
    html! {
        <section class="pod-card" aria-label={pod.label.clone()}>
            <p class="pod-card-name"><Coach version={pod.version.clone()} /><code>{pod.name.clone()}</code></p>
            <dl class="facts">
                { for pod.facts.iter().map(|(name, value)| html! { <div><dt>{name.clone()}</dt><dd>{value.clone()}</dd></div> }) }
            </dl>
            <div class="row">
                <Button command={AttrValue::from(describe.clone())} onclick={run(&describe)}>{"Describe"}</Button>
                <Button command={AttrValue::from(delete.clone())} onclick={run(&delete)}>{"Delete this pod"}</Button>
                <Button class="btn btn-plain" label="Close" onclick={props.dispatch.reform(|_: MouseEvent| Msg::PickPod(None))}><Icon name="m-x" /></Button>
            </div>
        </section>
    }
}
