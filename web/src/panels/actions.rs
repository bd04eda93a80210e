//! What the learner may do now. Every control shows the line that it stands for.

use crate::playground::Msg;
use crate::ui::{Button, icon};
use rollout_view::{Act, ButtonView, ImagesView};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Which form is open over the actions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Image,
    Scale,
    More,
}

/// What the forms start from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Target {
    /// `deployment/rolldeployment`.
    pub object: String,
    /// Names of the containers with their images.
    pub containers: Vec<(String, String)>,
    pub replicas: u32,
}

#[derive(Properties, PartialEq)]
pub struct ActionsProps {
    pub buttons: Vec<ButtonView>,
    pub images: ImagesView,
    pub target: Target,
    pub form: Option<Form>,
    pub dispatch: Callback<Msg>,
}

/// These stand in the row itself, in this order; the rest is one click away.
const FRONT: [&str; 6] = ["image", "break", "pause", "resume", "undo", "scale"];
/// The same beside a way back: they fit two rows under it.
const FRONT_BESIDE: [&str; 6] = ["image", "scale", "break", "pause", "resume", "undo"];

#[component]
pub fn Actions(props: &ActionsProps) -> Html {
    let by_id = |id: &str| props.buttons.iter().find(|b| b.id == id);
    let way_back = props.buttons.iter().find(|b| b.main);
    let order = if way_back.is_some() {
        FRONT_BESIDE
    } else {
        FRONT
    };
    let front = order
        .iter()
        .filter_map(|id| by_id(id))
        .filter(|b| way_back.is_none_or(|w| w.id != b.id));
    let rest: Vec<ButtonView> = props
        .buttons
        .iter()
        .filter(|b| !FRONT.contains(&b.id) && b.id != "strategy")
        .cloned()
        .collect();
    let more = props.form == Some(Form::More);
    html! {
        <section class="acts" aria-label="Actions">
            <p class="kicker">{if way_back.is_some() { "The way back" } else { "You may" }}</p>
            <Button id="act-more" class="btn btn-plain act-more" expanded={more} onclick={props.dispatch.reform(move |_: MouseEvent| Msg::OpenForm(if more { None } else { Some(Form::More) }))}>{"More"}{icon("m-chev")}</Button>
            if let Some(button) = way_back { <ActButton button={button.clone()} main={true} dispatch={props.dispatch.clone()} /> }
            { for front.map(|b| html! { <ActButton key={b.id} button={b.clone()} main={false} wide={b.id == "image" && way_back.is_none()} dispatch={props.dispatch.clone()} /> }) }
            if let Some(form) = props.form {
                <div class="act-pop" data-form={match form { Form::Image => "image", Form::Scale => "scale", Form::More => "more" }}>
                    { match form {
                        Form::Image => html! { <ImageForm target={props.target.clone()} images={props.images.clone()} dispatch={props.dispatch.clone()} /> },
                        Form::Scale => html! { <ScaleForm target={props.target.clone()} dispatch={props.dispatch.clone()} /> },
                        Form::More => html! { <MoreForm buttons={rest} dispatch={props.dispatch.clone()} /> },
                    } }
                </div>
            }
        </section>
    }
}

/// What pressing a button means for the page.
pub fn msg_of(act: &Act) -> Msg {
    match act {
        Act::Run(line) => Msg::Run(line.clone()),
        Act::Apply => Msg::Apply,
        Act::ChangeImage => Msg::OpenForm(Some(Form::Image)),
        Act::BreakIt => Msg::Tab("images"),
        Act::Scale => Msg::OpenForm(Some(Form::Scale)),
        Act::SwitchStrategy => Msg::SwitchStrategy,
        Act::Compare => Msg::Compare(true),
        Act::Preset(name) => Msg::Preset((*name).to_owned()),
        Act::Reset => Msg::Reset,
    }
}

#[derive(Properties, PartialEq)]
struct ActButtonProps {
    button: ButtonView,
    main: bool,
    /// Takes a row of its own.
    #[prop_or_default]
    wide: bool,
    dispatch: Callback<Msg>,
}

#[component]
fn ActButton(props: &ActButtonProps) -> Html {
    let b = &props.button;
    let class = if props.main {
        "btn btn-main wide"
    } else {
        "btn"
    };
    let act = b.act.clone();
    let (dispatch, line) = (props.dispatch.clone(), b.command.clone());
    let preview = Callback::from(move |on: bool| {
        dispatch.emit(Msg::Preview(if on && !line.is_empty() {
            Some(line.clone())
        } else {
            None
        }))
    });
    html! {
        <span class={if props.main || props.wide { "act wide" } else { "act" }} onpointerenter={preview.reform(|_| true)} onpointerleave={preview.reform(|_| false)}>
            <Button {class} testid={format!("act-{}", b.id)} command={(!b.command.is_empty()).then(|| AttrValue::from(b.command.clone()))}
                off={b.off.is_some()} title={b.off.clone().map(AttrValue::from)} onclick={props.dispatch.reform(move |_: MouseEvent| msg_of(&act))}>
                if b.id == "undo" { {icon("m-undo")} }{b.label.clone()}
            </Button>
        </span>
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    target: Target,
    #[prop_or(ImagesView { rows: Vec::new(), behaviours: Vec::new() })]
    images: ImagesView,
    dispatch: Callback<Msg>,
}

fn form_head(title: &'static str, dispatch: &Callback<Msg>) -> Html {
    html! {
        <header><b>{title}</b><Button class="btn btn-plain" label="Close" onclick={dispatch.reform(|_: MouseEvent| Msg::OpenForm(None))}>{icon("m-x")}</Button></header>
    }
}

/// Change the image, and say how the new one behaves.
#[component]
fn ImageForm(props: &FormProps) -> Html {
    let container = use_state(|| 0_usize);
    let current = props
        .target
        .containers
        .get(*container)
        .cloned()
        .unwrap_or_default();
    let image = use_state(|| current.1.clone());
    let behaviour = use_state(|| None::<String>);
    let known = props
        .images
        .rows
        .iter()
        .find(|r| r.image == *image)
        .map_or("good", |r| r.behaviour.as_str())
        .to_owned();
    let chosen = (*behaviour).clone().unwrap_or_else(|| known.clone());
    let line = format!(
        "kubectl set image {} {}={}",
        props.target.object,
        current.0,
        image.trim()
    );
    let rule = (chosen != known)
        .then(|| super::images::rule_line(image.trim(), &chosen, &props.images.behaviours));
    let ready = !image.trim().is_empty();
    let submit = {
        let (dispatch, line, rule) = (props.dispatch.clone(), line.clone(), rule.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if ready {
                if let Some(rule) = &rule {
                    dispatch.emit(Msg::Run(rule.clone()));
                }
                dispatch.emit(Msg::Run(line.clone()));
                dispatch.emit(Msg::OpenForm(None));
            }
        })
    };
    let oninput = {
        let image = image.clone();
        Callback::from(move |event: InputEvent| {
            image.set(event.target_unchecked_into::<HtmlInputElement>().value())
        })
    };
    let onbehaviour = {
        let behaviour = behaviour.clone();
        Callback::from(move |event: Event| {
            behaviour.set(Some(
                event.target_unchecked_into::<HtmlSelectElement>().value(),
            ))
        })
    };
    let oncontainer = {
        let (container, image, target) = (container.clone(), image.clone(), props.target.clone());
        Callback::from(move |event: Event| {
            let index = event
                .target_unchecked_into::<HtmlSelectElement>()
                .selected_index()
                .max(0) as usize;
            image.set(
                target
                    .containers
                    .get(index)
                    .map(|c| c.1.clone())
                    .unwrap_or_default(),
            );
            container.set(index);
        })
    };
    use_effect_with((), |()| crate::interop::page::focus("image-text"));
    html! {
        <form class="act-form" aria-label="Change the image" onsubmit={submit}>
            {form_head("Change the image", &props.dispatch)}
            if props.target.containers.len() > 1 {
                <label class="field"><span>{"Container"}</span><select class="text" onchange={oncontainer}>
                    { for props.target.containers.iter().enumerate().map(|(k, c)| html! { <option selected={k == *container}>{c.0.clone()}</option> }) }
                </select></label>
            }
            <label class="field"><span>{"New image"}</span>
                <input id="image-text" class="text" data-testid="image-input" list="images-known" value={(*image).clone()} {oninput} autocomplete="off" spellcheck="false" /></label>
            <label class="field"><span>{"It is"}</span><select class="text" data-testid="image-behaviour" onchange={onbehaviour}>
                { for props.images.behaviours.iter().map(|b| html! { <option value={b.key} selected={b.key == chosen}>{format!("{}: {}", b.name, b.words)}</option> }) }
            </select></label>
            if let Some(rule) = &rule { <p class="line-shown">{rule.clone()}</p> }
            <p class="line-shown">{line}</p>
            <div class="row"><button type="submit" class="btn btn-main" data-testid="image-submit" aria-disabled={(!ready).then_some("true")}>{"Set image"}</button></div>
        </form>
    }
}

/// How many pods.
#[component]
fn ScaleForm(props: &FormProps) -> Html {
    let size = use_state(|| props.target.replicas);
    let line = format!("kubectl scale {} --replicas={}", props.target.object, *size);
    let submit = {
        let (dispatch, line) = (props.dispatch.clone(), line.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            dispatch.emit(Msg::Run(line.clone()));
            dispatch.emit(Msg::OpenForm(None));
        })
    };
    let set = |delta: i64| {
        let size = size.clone();
        Callback::from(move |_: MouseEvent| {
            size.set((i64::from(*size) + delta).clamp(0, 10_000) as u32)
        })
    };
    let oninput = {
        let size = size.clone();
        Callback::from(move |event: InputEvent| {
            size.set(
                event
                    .target_unchecked_into::<HtmlInputElement>()
                    .value()
                    .parse()
                    .unwrap_or(0)
                    .min(10_000),
            )
        })
    };
    html! {
        <form class="act-form" aria-label="Scale" onsubmit={submit}>
            {form_head("Scale", &props.dispatch)}
            <div class="row">
                <span class="stepper"><button type="button" aria-label="One pod less" onclick={set(-1)}>{"−"}</button>
                <input inputmode="numeric" data-testid="scale-input" aria-label="Replicas" value={size.to_string()} {oninput} />
                <button type="button" aria-label="One pod more" onclick={set(1)}>{"+"}</button></span>
                <button type="submit" class="btn btn-main" data-testid="scale-submit">{format!("Scale to {}", *size)}</button>
            </div>
            <p class="line-shown">{line}</p>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct MoreProps {
    buttons: Vec<ButtonView>,
    dispatch: Callback<Msg>,
}

/// The other actions, each with its line.
#[component]
fn MoreForm(props: &MoreProps) -> Html {
    html! {
        <div class="act-form" role="group" aria-label="More actions">
            {form_head("More", &props.dispatch)}
            { for props.buttons.iter().map(|b| {
                let act = b.act.clone();
                let dispatch = props.dispatch.clone();
                let onclick = Callback::from(move |_: MouseEvent| {
                    dispatch.emit(Msg::OpenForm(None));
                    dispatch.emit(msg_of(&act));
                });
                html! {
                    <div class="more-row" key={b.id}>
                        <Button testid={format!("act-{}", b.id)} command={(!b.command.is_empty()).then(|| AttrValue::from(b.command.clone()))}
                            off={b.off.is_some()} title={b.off.clone().map(AttrValue::from)} {onclick}>{b.label.clone()}</Button>
                        if let Some(off) = &b.off { <small>{off.clone()}</small> } else if !b.command.is_empty() { <small class="line-shown">{b.command.clone()}</small> }
                    </div>
                }
            }) }
        </div>
    }
}
