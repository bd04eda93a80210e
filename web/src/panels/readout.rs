//! What `kubectl get deployment` prints, in its words and order, and every measure by name.

use rollout_view::{Measure, NumbersView};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ReadoutProps {
    pub numbers: NumbersView,
}

#[component]
pub fn Readout(props: &ReadoutProps) -> Html {
    let n = &props.numbers;
    html! {
        <section class="readout" aria-label="Deployment in numbers">
            <p class="readout-cmd">{"kubectl get deployment"}</p>
            <dl data-long={(n.desired >= 100).then_some("true")}>
                <div><dt>{"READY"}</dt><dd><span data-testid="measure-ready">{n.ready}</span><small>{"/"}<span data-testid="measure-desired">{n.desired}</span></small></dd></div>
                <div><dt>{"UP-TO-DATE"}</dt><dd data-testid="measure-updated">{n.up_to_date}</dd></div>
                <div><dt>{"AVAILABLE"}</dt><dd data-testid="measure-available">{n.available}</dd></div>
            </dl>
        </section>
    }
}

/// Measures that the readout shows already.
const IN_READOUT: [&str; 4] = ["ready", "desired", "updated", "available"];

/// Every other measure by its name.
pub fn measures(measures: &[Measure]) -> Html {
    html! {
        <dl class="measures">
            { for measures.iter().filter(|m| !IN_READOUT.contains(&m.name)).map(|m| html! {
                <div key={m.name}><dt>{m.name}</dt><dd data-testid={format!("measure-{}", m.name)}>{m.value.clone()}</dd></div>
            }) }
        </dl>
    }
}
