//! Hooks: each does one thing with the browser and cleans up.

use crate::interop::dom;
use crate::playground::Msg;
use crate::playground::instrument::TimeMsg;
use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Gives an element its style variables (`--l`, `--x`): positions are data, the sheet draws them.
#[hook]
pub fn use_vars(vars: Vec<(&'static str, String)>) -> NodeRef {
    let node = use_node_ref();
    let inner = node.clone();
    use_effect_with(vars, move |vars| {
        if let Some(element) = inner.cast::<HtmlElement>() {
            for (name, value) in vars {
                dom::set_var(&element, name, value);
            }
        }
    });
    node
}

/// Zooms and moves the window of the timeline by the wheel. What the wheel cannot do here is left to the page.
#[hook]
pub fn use_wheel(node: NodeRef, dispatch: Callback<Msg>) {
    use_effect_with((), move |()| {
        let listener = node.cast::<HtmlElement>().map(|element| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&element, "wheel", options, move |event| {
                let Some(event) = event.dyn_ref::<web_sys::WheelEvent>() else {
                    return;
                };
                let (x, y) = (event.delta_x(), event.delta_y());
                let aside = event.shift_key() || x.abs() > y.abs();
                let element = event
                    .current_target()
                    .and_then(|t| t.dyn_into::<HtmlElement>().ok());
                let focused = element
                    .as_ref()
                    .is_some_and(|e| e.matches(":focus").unwrap_or(false));
                let whole = element.is_some_and(|e| e.has_attribute("data-whole"));
                let pinched = event.ctrl_key() || event.meta_key();
                // A plain wheel scrolls the page, until the drawing has the focus; there is nothing beyond the whole.
                if !pinched && (!(aside || focused) || (whole && (aside || y > 0.0))) {
                    return;
                }
                event.prevent_default();
                let msg = if aside {
                    let by = if x.abs() > y.abs() { x } else { y };
                    TimeMsg::Pan(if by > 0.0 { 120 } else { -120 })
                } else {
                    let at = dom::permille_of(&node, event.client_x()).unwrap_or(500);
                    TimeMsg::Zoom(if y < 0.0 { 80 } else { 125 }, at)
                };
                dispatch.emit(Msg::Time(msg));
            })
        });
        move || drop(listener)
    });
}
