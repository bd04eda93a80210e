//! Share: this moment, from the start, and the frame for another page.

use crate::interop::{clipboard, dom};
use crate::playground::Msg;
use crate::ui::{Button, Sheet, icon};
use yew::prelude::*;

/// The addresses that the panel offers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Links {
    pub moment: String,
    pub start: String,
    pub embed: String,
    /// `This link is long; …`, or why there is none.
    pub warning: Option<String>,
}

#[derive(Properties, PartialEq)]
pub struct ShareProps {
    pub links: Links,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Share(props: &ShareProps) -> Html {
    let l = &props.links;
    html! {
        <Sheet title="Share" onclose={props.dispatch.reform(|()| Msg::Close)}>
            <p>{"A link holds the manifest, what you did and where you look. Nothing is sent anywhere."}</p>
            <Copy id="share-link" name="This moment" text={l.moment.clone()} />
            <Copy id="share-start" name="From the start" text={l.start.clone()} />
            <Copy id="share-embed" name="In a page of yours" text={l.embed.clone()} />
            if let Some(warning) = &l.warning { <p class="warning">{warning.clone()}</p> }
            <div class="row"><Button testid="share-keep" onclick={props.dispatch.reform(|_: MouseEvent| Msg::KeepInAddress)}>{"Keep my place in the address"}</Button></div>
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
struct CopyProps {
    id: AttrValue,
    name: AttrValue,
    text: AttrValue,
}

#[component]
fn Copy(props: &CopyProps) -> Html {
    let node = use_node_ref();
    let copied = use_state(|| false);
    let onclick = {
        let (node, copied, text) = (node.clone(), copied.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            dom::select_all(&node);
            clipboard::write(&text);
            copied.set(true);
        })
    };
    let onfocus = {
        let node = node.clone();
        Callback::from(move |_: FocusEvent| dom::select_all(&node))
    };
    html! {
        <div class="field">
            <span id={format!("{}-name", props.id)}>{props.name.clone()}</span>
            <div class="copy-row">
                <input ref={node} class="text" data-testid={props.id.clone()} readonly=true value={props.text.clone()} aria-labelledby={format!("{}-name", props.id)} {onfocus} />
                <Button label={format!("Copy: {}", props.name)} {onclick}>{icon("m-copy")}{if *copied { "Copied" } else { "Copy" }}</Button>
            </div>
        </div>
    }
}
