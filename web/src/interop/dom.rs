//! Single elements: style variables, scrolling, selections.

use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement};
use yew::NodeRef;

/// Sets a custom property. Style attributes are closed to us by the content security policy; this way is open.
pub fn set_var(element: &HtmlElement, name: &str, value: &str) {
    // Fails only on read-only declarations; an element's own is not.
    let _ = element.style().set_property(name, value);
}

/// Scrolls to the last line.
pub fn scroll_to_end(node: &NodeRef) {
    if let Some(element) = node.cast::<Element>() {
        element.set_scroll_top(element.scroll_height());
    }
}

/// Selects the whole text of an input.
pub fn select_all(node: &NodeRef) {
    if let Some(input) = node.cast::<HtmlInputElement>() {
        input.select();
    }
}

/// Puts the caret of an input to a place in UTF-16 units, if it is not there.
pub fn set_caret(node: &NodeRef, place: u32) {
    if let Some(input) = node.cast::<HtmlInputElement>() {
        // Only inputs without text refuse; this one has text.
        let _ = input.set_selection_range(place, place);
    }
}

/// Focuses a text area and selects from one character to another.
pub fn select_range(node: &NodeRef, from: u32, to: u32) {
    if let Some(area) = node.cast::<HtmlTextAreaElement>() {
        let _ = area.focus();
        let _ = area.set_selection_range(from, to);
    }
}

/// Where in the element (0 to 1000 of its width) the pointer is.
pub fn permille_of(node: &NodeRef, client_x: i32) -> Option<u32> {
    let rect = node.cast::<Element>()?.get_bounding_client_rect();
    if rect.width() <= 0.0 {
        return None;
    }
    Some(((f64::from(client_x) - rect.left()) / rect.width() * 1000.0).clamp(0.0, 1000.0) as u32)
}

/// The same in ten thousandths.
pub fn ten_thousandths_of(node: &NodeRef, client_x: i32) -> Option<u32> {
    let rect = node.cast::<Element>()?.get_bounding_client_rect();
    if rect.width() <= 0.0 {
        return None;
    }
    let part = (f64::from(client_x) - rect.left()) / rect.width() * 10_000.0;
    Some(part.clamp(0.0, 10_000.0) as u32)
}

/// Moves the focus from a button inside an element of this class to the same button of its neighbour.
pub fn focus_sibling(event: &web_sys::KeyboardEvent, class: &str, next: bool) {
    use wasm_bindgen::JsCast;
    let Some(here) = event
        .target()
        .and_then(|t| t.dyn_into::<Element>().ok())
        .and_then(|e| e.closest(class).ok().flatten())
    else {
        return;
    };
    let there = if next {
        here.next_element_sibling()
    } else {
        here.previous_element_sibling()
    };
    if let Some(button) = there
        .and_then(|e| e.query_selector("button").ok().flatten())
        .and_then(|b| b.dyn_into::<HtmlElement>().ok())
    {
        let _ = button.focus();
    }
}

/// Keeps the pointer's moves with this element until it is let go.
pub fn capture(node: &NodeRef, pointer: i32) {
    if let Some(element) = node.cast::<Element>() {
        // Refused for a pointer that is already gone.
        let _ = element.set_pointer_capture(pointer);
    }
}

/// Keeps the pointer's moves with the element of this class that was pressed, until it is let go.
pub fn capture_target(event: &web_sys::PointerEvent, class: &str) {
    if let Some(element) = closest(event, class) {
        // Refused for a pointer that is already gone.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// The element of this class in which an event happened. (The page listens at its root: the event's own current target says
/// nothing.)
pub fn closest(event: &web_sys::Event, class: &str) -> Option<Element> {
    use wasm_bindgen::JsCast;
    event
        .target()
        .and_then(|t| t.dyn_into::<Element>().ok())
        .and_then(|e| e.closest(class).ok().flatten())
}

/// How high above the ground of its stage the pointer is, in levels of `height`; at most one above the top.
pub fn level_of(node: &NodeRef, client_y: i32, height: u32) -> Option<u32> {
    let axis = node
        .cast::<Element>()?
        .closest(".stage")
        .ok()
        .flatten()?
        .query_selector(".axis")
        .ok()
        .flatten()?
        .get_bounding_client_rect();
    if axis.height() <= 0.0 {
        return None;
    }
    let level = (axis.bottom() - f64::from(client_y)) / axis.height() * f64::from(height);
    Some(level.round().clamp(0.0, f64::from(height) + 1.0) as u32)
}
