//! The document as a whole: theme, focus, visibility, scrolling to the newest line.

use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlElement};

fn document() -> Option<Document> {
    web_sys::window().and_then(|w| w.document())
}

/// Sets or removes an attribute of the root element (`data-theme`, `data-ui`).
pub fn set_root(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|d| d.document_element()) else {
        return;
    };
    // Both can only fail on an invalid attribute name; ours are constants.
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Sets the title of the document.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// The tab is in the background.
pub fn hidden() -> bool {
    document().is_some_and(|d| d.hidden())
}

/// Moves the focus to the element with this id.
pub fn focus(id: &str) {
    if let Some(element) = document()
        .and_then(|d| d.get_element_by_id(id))
        .and_then(|e| e.dyn_into::<HtmlElement>().ok())
    {
        // Fails only for elements that cannot take the focus.
        let _ = element.focus();
    }
}

/// What has the focus.
pub fn focused() -> Option<HtmlElement> {
    document()?.active_element()?.dyn_into().ok()
}

/// Brings the element with this id into sight.
pub fn scroll_to(id: &str) {
    if let Some(element) = document().and_then(|d| d.get_element_by_id(id)) {
        element.scroll_into_view();
    }
}

/// Brings the element with this id into sight if it begins below it.
pub fn reveal(id: &str) {
    let height = web_sys::window().and_then(|w| w.inner_height().ok()?.as_f64());
    let element = document().and_then(|d| d.get_element_by_id(id));
    if let (Some(element), Some(height)) = (element, height)
        && element.get_bounding_client_rect().top() > height - 160.0
    {
        element.scroll_into_view();
    }
}

/// Focuses the text area with this id and selects from one character to another.
pub fn select(id: &str, from: u32, to: u32) {
    let area = document()
        .and_then(|d| d.get_element_by_id(id))
        .and_then(|e| e.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    if let Some(area) = area {
        let _ = area.focus();
        let _ = area.set_selection_range(from, to);
    }
}

/// The learner is writing: single keys belong to the text.
pub fn typing() -> bool {
    let Some(element) = document().and_then(|d| d.active_element()) else {
        return false;
    };
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => element
            .get_attribute("type")
            .is_none_or(|t| t != "range" && t != "radio" && t != "checkbox"),
        _ => element.has_attribute("contenteditable"),
    }
}

/// The focus is on something that uses this key itself (a button takes space, a slider takes arrows).
pub fn focused_takes(key: &str) -> bool {
    let Some(element) = document().and_then(|d| d.active_element()) else {
        return false;
    };
    let range = element.tag_name() == "INPUT"
        || element
            .get_attribute("role")
            .is_some_and(|r| r == "slider" || r == "tab" || r == "menuitem");
    match key {
        " " | "Enter" => matches!(
            element.tag_name().as_str(),
            "BUTTON" | "A" | "SUMMARY" | "INPUT"
        ),
        "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End" => range,
        // Where something scrolls, these keys scroll.
        "PageUp" | "PageDown" => {
            let scrolls = |e: &web_sys::Element| e.scroll_height() > e.client_height() + 1;
            let root = element.owner_document().and_then(|d| d.document_element());
            range
                || root.is_some_and(|r| scrolls(&r))
                || (matches!(&*element.tag_name(), "OL" | "DIV" | "PRE") && scrolls(&element))
        }
        _ => false,
    }
}

/// The learner asked the system for less motion.
pub fn reduced_motion() -> bool {
    web_sys::window()
        .and_then(|w| {
            w.match_media("(prefers-reduced-motion: reduce)")
                .ok()
                .flatten()
        })
        .is_some_and(|m| m.matches())
}

/// The page was loaded again, not opened.
pub fn reloaded() -> bool {
    web_sys::window()
        .and_then(|w| w.performance())
        .map(|p| p.get_entries_by_type("navigation").get(0))
        .and_then(|entry| js_sys::Reflect::get(&entry, &"type".into()).ok())
        .and_then(|kind| kind.as_string())
        .is_some_and(|kind| kind == "reload")
}
