//! The bar: presets, compare, share, theme, keys.

use super::version::version;
use crate::playground::{Msg, Panel, Theme};
use crate::ui::{Button, Menu, icon};
use rollout_view::{FocusView, HeaderView, PresetView};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    pub header: HeaderView,
    pub presets: Vec<PresetView>,
    pub deployments: Vec<FocusView>,
    pub theme: Theme,
    pub comparing: bool,
    /// There is a former session to go on with.
    #[prop_or_default]
    pub last: bool,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let send = |msg: Msg| props.dispatch.reform(move |_: MouseEvent| msg.clone());
    let preset = props
        .header
        .preset
        .clone()
        .unwrap_or_else(|| "none".to_owned());
    html! {
        <header class="bar">
            <a class="brand" href="./"><Logo /><b>{"Rollout Playground"}</b></a>
            <nav class="bar-nav" aria-label="Playground">
                <Menu testid="presets" label={html! { <>{"Preset "}<b>{preset.clone()}</b></> }}>
                    { for props.presets.iter().map(|p| html! {
                        <button type="button" role="menuitemradio" aria-checked={(p.name == preset).to_string()} class="menu-item" key={p.name} data-testid="preset" data-preset={p.name}
                            onclick={send(Msg::Preset(p.name.to_owned()))}><b>{p.name}</b><small>{p.words}</small></button>
                    }) }
                    if props.last { <button type="button" role="menuitem" class="menu-item" data-testid="continue" onclick={send(Msg::Continue)}><b>{"Continue"}</b><small>{"the last session of this browser"}</small></button> }
                    <button type="button" role="menuitem" class="menu-item" data-testid="preset-empty" onclick={send(Msg::Empty)}><b>{"Empty cluster"}</b><small>{"no Deployment: paste one of yours"}</small></button>
                </Menu>
                if props.deployments.len() > 1 {
                    <Menu testid="deployments" label={html! { <>{"Deployment "}<b>{props.deployments.iter().find(|d| d.current).map(|d| d.name.clone()).unwrap_or_default()}</b></> }}>
                        { for props.deployments.iter().map(|d| html! {
                            <button type="button" role="menuitemradio" aria-checked={d.current.to_string()} class="menu-item" key={format!("{}/{}", d.namespace, d.name)}
                                onclick={send(Msg::Focus(d.namespace.clone(), d.name.clone()))}><b>{d.name.clone()}</b><small>{d.namespace.clone()}</small></button>
                        }) }
                    </Menu>
                }
                <Button class="btn btn-plain" testid="compare" pressed={props.comparing} onclick={send(Msg::Compare(!props.comparing))}>{"Compare"}</Button>
            </nav>
            <div class="bar-end">
                {version(&props.header.kubernetes, &props.dispatch)}
                <Button class="btn btn-plain" testid="share" onclick={send(Msg::Open(Panel::Share))}>{icon("m-link")}<span>{"Share"}</span></Button>
                <Button class="btn btn-plain" testid="theme" label={format!("Theme: {}", props.theme.word())} onclick={send(Msg::NextTheme)}>{icon("m-theme")}</Button>
                <Button class="btn btn-plain" testid="keys" label="Keys" onclick={send(Msg::Open(Panel::Keys))}>{icon("m-keys")}</Button>
            </div>
        </header>
    }
}

/// Floor, ceiling, two versions.
#[component]
pub fn Logo() -> Html {
    html! {
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
            <path class="logo-limit" d="M2 4.5h20M2 12.5h20" /><path class="logo-a" d="M3.5 14h7v7h-7z" /><path class="logo-new" d="M13.5 6h7v5h-7z" /><path class="logo-b" d="M13.5 14h7v7h-7z" />
        </svg>
    }
}
