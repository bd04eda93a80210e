//! Tabs: one panel at a time is shown, all of them are in the page.

use crate::interop::page;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct TabsProps {
    pub label: AttrValue,
    /// Ids and words, in order.
    pub tabs: Vec<(&'static str, AttrValue)>,
    pub selected: &'static str,
    pub onselect: Callback<&'static str>,
}

#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let onkeydown = {
        let (tabs, selected, onselect) =
            (props.tabs.clone(), props.selected, props.onselect.clone());
        Callback::from(move |event: KeyboardEvent| {
            let at = tabs.iter().position(|(id, _)| *id == selected).unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % tabs.len(),
                "ArrowLeft" => (at + tabs.len() - 1) % tabs.len(),
                "Home" => 0,
                "End" => tabs.len() - 1,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            onselect.emit(tabs[to].0);
            page::focus(&format!("tab-{}", tabs[to].0));
        })
    };
    html! {
        <div class="tablist" role="tablist" aria-label={props.label.clone()} {onkeydown}>
            { for props.tabs.iter().map(|(id, word)| {
                let (id, on) = (*id, *id == props.selected);
                let onclick = props.onselect.reform(move |_: MouseEvent| id);
                html! {
                    <button type="button" role="tab" key={id} id={format!("tab-{id}")} aria-controls={format!("panel-{id}")}
                        aria-selected={on.to_string()} tabindex={if on { "0" } else { "-1" }} {onclick}>{word.clone()}</button>
                }
            }) }
        </div>
    }
}
