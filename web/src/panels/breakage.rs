//! Break it, below the images: rules for one pod, node or time, nodes and the cluster itself; what probes have said.

use crate::playground::Msg;
use crate::ui::{Button, icon_as};
use rollout_view::{BehaviourView, BreakView, FaultView, ProbeRow};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct BreakageProps {
    pub broken: BreakView,
    pub behaviours: Vec<BehaviourView>,
    /// The image that the form begins with.
    pub image: String,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Breakage(props: &BreakageProps) -> Html {
    html! { <>
        <Scoped image={props.image.clone()} behaviours={props.behaviours.clone()} nodes={props.broken.nodes.clone()} dispatch={props.dispatch.clone()} />
        <h3 class="part">{"Nodes and the cluster"}</h3>
        <ul class="broken" aria-label="Nodes and the cluster">
            { for props.broken.faults.iter().map(|f| html! { <Row key={f.name.clone()} fault={f.clone()} dispatch={props.dispatch.clone()} /> }) }
        </ul>
        <p class="hint-line">{"Each control is a command and leaves a flag: fault KIND …; with for=5m it mends itself."}</p>
    </> }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    fault: FaultView,
    dispatch: Callback<Msg>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let f = &props.fault;
    html! {
        <li data-testid="fault-row" data-name={f.name.clone()} data-broken={f.broken.to_string()}>
            {icon_as(if f.broken { "m-bang" } else { "m-tick" }, "mark rule-mark")}
            <p><b>{f.name.clone()}</b>{" "}<small>{f.words.clone()}</small></p>
            <span class="broken-acts">
                { for f.controls.iter().map(|c| {
                    let line = c.command.clone();
                    html! {
                        <Button class="btn btn-small" testid="fault-control" command={AttrValue::from(line.clone())} label={AttrValue::from(format!("{}: {}", c.name, f.name))}
                            onclick={props.dispatch.reform(move |_: MouseEvent| Msg::Run(line.clone()))}>{c.name.clone()}</Button>
                    }
                }) }
            </span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct ScopedProps {
    image: String,
    behaviours: Vec<BehaviourView>,
    nodes: Vec<String>,
    dispatch: Callback<Msg>,
}

/// The fields of the form, in the order of the command.
const FIELDS: usize = 8;

/// `image REFERENCE BEHAVIOUR [KEY=VALUE…] [BEHAVIOUR] [pod=N] [node=NAME] [from=T] [to=T]`.
fn command(fields: &[String; FIELDS], image: &str, behaviours: &[BehaviourView]) -> String {
    let [own, behaviour, more, pod, node, from, to, and] = fields;
    let image = if own.trim().is_empty() {
        image
    } else {
        own.trim()
    };
    let behaviour = if behaviour.is_empty() {
        "never-ready"
    } else {
        behaviour
    };
    let mut line = if more.trim().is_empty() {
        super::images::rule_line(image, behaviour, behaviours)
    } else {
        format!("image {image} {behaviour} {}", more.trim())
    };
    if !and.is_empty() {
        let second = super::images::rule_line("", and, behaviours);
        line.push_str(second.trim_start_matches("image ").trim_end());
    }
    for (key, value) in [("pod=", pod), ("node=", node), ("from=", from), ("to=", to)] {
        if !value.trim().is_empty() {
            line.push(' ');
            line.push_str(key);
            line.push_str(value.trim());
        }
    }
    line
}

#[component]
fn Scoped(props: &ScopedProps) -> Html {
    let fields = use_state(<[String; FIELDS]>::default);
    let line = command(&fields, &props.image, &props.behaviours);
    let set = |i: usize| {
        let fields = fields.clone();
        move |value: String| {
            let mut next = (*fields).clone();
            next[i] = value;
            fields.set(next);
        }
    };
    let text = |i: usize, label: &'static str, hint: AttrValue| {
        let set = set(i);
        let oninput = Callback::from(move |e: InputEvent| {
            set(e.target_unchecked_into::<HtmlInputElement>().value())
        });
        html! { <label>{label}<input class="text" placeholder={hint} value={fields[i].clone()} {oninput} spellcheck="false" autocomplete="off" /></label> }
    };
    let pick = |i: usize, label: &'static str, options: Vec<(String, String)>| {
        let set = set(i);
        let onchange = Callback::from(move |e: Event| {
            set(e.target_unchecked_into::<HtmlSelectElement>().value())
        });
        html! { <label>{label}<select {onchange}>
            { for options.into_iter().map(|(value, name)| html! { <option selected={fields[i] == value} value={value.clone()}>{name}</option> }) }
        </select></label> }
    };
    let behaviours = props
        .behaviours
        .iter()
        .map(|b| (b.key.to_owned(), b.name.clone()));
    let seconds = std::iter::once((String::new(), "nothing else".to_owned()))
        .chain(behaviours.clone().filter(|(k, _)| k != "good"))
        .collect();
    let behaviours = std::iter::once((String::new(), "never ready".to_owned()))
        .chain(behaviours.filter(|(k, _)| k != "never-ready"))
        .collect();
    let chosen = if fields[1].is_empty() {
        "never-ready"
    } else {
        &fields[1]
    };
    let numbers = props.behaviours.iter().find(|b| b.key == chosen);
    let numbers = numbers.map_or(String::new(), |b| b.numbers.clone());
    let numbers = if numbers.is_empty() {
        "none".to_owned()
    } else {
        numbers
    };
    let nodes = std::iter::once((String::new(), "any".to_owned()))
        .chain(props.nodes.iter().map(|n| (n.clone(), n.clone())))
        .collect();
    let onsubmit = {
        let line = line.clone();
        props.dispatch.reform(move |e: SubmitEvent| {
            e.prevent_default();
            Msg::Run(line.clone())
        })
    };
    html! {
        <details class="scoped" data-testid="scoped-rule">
            <summary>{"With numbers, for one pod, node or time"}</summary>
            <form aria-label="A rule with numbers, for one pod, node or time" {onsubmit}>
                { text(0, "Image", props.image.clone().into()) }
                { pick(1, "Behaviour", behaviours) }
                { text(2, "Numbers", numbers.into()) }
                { pick(7, "And also", seconds) }
                { text(3, "Only pod number", "3".into()) }
                { pick(4, "Only on node", nodes) }
                { text(5, "From", "2m".into()) }
                { text(6, "Until", "5m".into()) }
                <p class="scoped-line"><code>{line.clone()}</code></p>
                <button type="submit" class="btn" title={line}>{"Break it so"}</button>
            </form>
        </details>
    }
}

#[derive(Properties, PartialEq)]
pub struct ProbesProps {
    pub probes: Vec<ProbeRow>,
    pub dispatch: Callback<Msg>,
}

/// What probes have said, newest first. A row leads to its moment.
#[component]
pub fn Probes(props: &ProbesProps) -> Html {
    if props.probes.is_empty() {
        return Html::default();
    }
    html! {
        <details class="scoped" data-testid="probes">
            <summary>{format!("Probe results ({})", props.probes.len())}</summary>
            <ol class="events" aria-label="Probe results, newest first">
                { for props.probes.iter().map(|p| {
                    let step = p.step;
                    html! {
                        <li data-testid="probe-row" class={(!p.good).then_some("warn")}>
                            <time>{p.at.clone()}</time><b>{p.outcome.clone()}</b>
                            <span><Button class="btn btn-plain" label={AttrValue::from(format!("Go to step {step}"))} onclick={props.dispatch.reform(move |_: MouseEvent| Msg::SeekStep(step))}>{p.pod.clone()}</Button>{" "}{p.probe.clone()}</span>
                        </li>
                    }
                }) }
            </ol>
        </details>
    }
}
