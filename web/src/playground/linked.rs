//! A number under the pointer or with the focus lights up its sources: the root element names it, the sheet does the rest.
//! (`:has()` on the body would say the same without a script, and cost a third of the styles of every redraw.)

use crate::interop::{dom, page};
use gloo::events::EventListener;

/// What the root element calls the number.
const ATTRIBUTE: &str = "data-hot";

/// Watches pointer and focus.
pub fn listeners(document: &web_sys::Document) -> Vec<EventListener> {
    ["mouseover", "mouseout", "focusin", "focusout"]
        .into_iter()
        .map(|kind| {
            EventListener::new(document, kind, move |event| {
                let there = match kind {
                    "mouseover" => dom::closest(event, "[data-n]"),
                    "focusin" => dom::closest(event, "[data-n]:focus-visible"),
                    _ => None,
                };
                let name = there.and_then(|e| e.get_attribute("data-n"));
                page::set_root(ATTRIBUTE, name.as_deref());
            })
        })
        .collect()
}
