//! A button with a list under it: Escape, a choice or a click elsewhere closes it.

use crate::interop::dom;
use crate::ui::icon;
use wasm_bindgen::JsCast;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    pub label: Html,
    pub testid: AttrValue,
    pub children: Html,
}

#[component]
pub fn Menu(props: &MenuProps) -> Html {
    let open = use_state(|| false);
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let close = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(false))
    };
    let onkeydown = {
        let open = open.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && *open {
                event.stop_propagation();
                open.set(false);
            }
        })
    };
    let onfocusout = {
        let open = open.clone();
        Callback::from(move |event: FocusEvent| {
            let here = dom::closest(&event, ".menu");
            let there = event
                .related_target()
                .and_then(|t| t.dyn_into::<web_sys::Node>().ok());
            // A click on something that takes no focus has no target: the backdrop handles it.
            if let (Some(here), Some(there)) = (here, there)
                && !here.contains(Some(&there))
            {
                open.set(false);
            }
        })
    };
    html! {
        <div class="menu" {onkeydown} {onfocusout}>
            <button type="button" class="btn btn-plain" data-testid={props.testid.clone()} aria-haspopup="menu" aria-expanded={open.to_string()} onclick={toggle}>{props.label.clone()}{icon("m-chev")}</button>
            if *open {
                <div class="menu-back" onclick={close.clone()}></div>
                <div class="menu-list" role="menu" onclick={close}>{props.children.clone()}</div>
            }
        </div>
    }
}
