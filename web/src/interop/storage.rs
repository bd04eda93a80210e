//! What the browser remembers. In a sandboxed frame there is no storage: then nothing is remembered.

fn store() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Reads a value.
pub fn get(key: &str) -> Option<String> {
    store()?.get_item(key).ok().flatten()
}

/// Keeps a value, if the browser lets us.
pub fn set(key: &str, value: &str) {
    if let Some(store) = store() {
        // A full or forbidden storage only means that the page forgets.
        let _ = store.set_item(key, value);
    }
}

fn tab() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}

/// Reads a value of this tab.
pub fn get_in_tab(key: &str) -> Option<String> {
    tab()?.get_item(key).ok().flatten()
}

/// Keeps a value for this tab, if the browser lets us.
pub fn set_in_tab(key: &str, value: &str) {
    if let Some(store) = tab() {
        // A full or forbidden storage only means that the page forgets.
        let _ = store.set_item(key, value);
    }
}
