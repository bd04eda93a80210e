//! Copying and pasting text.

use wasm_bindgen::JsCast;

/// Asks the browser to copy `text`. Where it refuses, the read-only input beside the button stays selectable.
pub fn write(text: &str) {
    if let Some(window) = web_sys::window() {
        // A sandboxed frame has no clipboard and answers with a rejected promise: nothing to do about it.
        let _ = window.navigator().clipboard().write_text(text);
    }
}

/// The text of a paste; empty if it is none.
pub fn pasted(event: &web_sys::Event) -> String {
    event
        .dyn_ref::<web_sys::ClipboardEvent>()
        .and_then(web_sys::ClipboardEvent::clipboard_data)
        .and_then(|data| data.get_data("text").ok())
        .unwrap_or_default()
}
