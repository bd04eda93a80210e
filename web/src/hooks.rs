//! Hooks: each does one thing with the browser and cleans up.

use crate::interop::dom;
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
