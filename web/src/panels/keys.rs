//! All keys of the page.

use crate::playground::{KEYS, Msg};
use crate::ui::Sheet;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct KeysProps {
    /// Single letters are on.
    pub letters: bool,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Keys(props: &KeysProps) -> Html {
    html! {
        <Sheet title="Keys" onclose={props.dispatch.reform(|()| Msg::Close)}>
            <dl class="keys-list">
                { for KEYS.iter().map(|(keys, words)| html! { <><dt>{ for keys.split(' ').map(|k| html! { <kbd>{k}</kbd> }) }</dt><dd>{*words}</dd></> }) }
            </dl>
            <label class="check"><input type="checkbox" checked={props.letters} onchange={props.dispatch.reform(|_: Event| Msg::ToggleLetters)} />{" Single-letter keys are on"}</label>
            <p><a href="fidelity.html" target="_blank" rel="noopener">{"How true this is: what was compared with real clusters, and what differs"}</a></p>
            <p>{"Keys rest while you write. In the editor, Escape leaves the text and Ctrl+Enter applies it."}</p>
        </Sheet>
    }
}
