//! Copying text.

/// Asks the browser to copy `text`. Where it refuses, the read-only input beside the button stays selectable.
pub fn write(text: &str) {
    if let Some(window) = web_sys::window() {
        // A sandboxed frame has no clipboard and answers with a rejected promise: nothing to do about it.
        let _ = window.navigator().clipboard().write_text(text);
    }
}
