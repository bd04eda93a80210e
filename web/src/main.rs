//! THE PAGE: draws view models and sends messages; it knows nothing about how a rollout works.

mod hooks;
mod interop;
mod panels;
mod playground;
mod ui;

fn main() {
    if let Some(work) = interop::worker::work() {
        if playground::heat::work(&work).is_none() {
            wasm_bindgen::throw_str("the work cannot be read");
        }
        return;
    }
    let root = web_sys::window()
        .and_then(|w| w.document())
        .and_then(|d| d.get_element_by_id("app"));
    if let Some(root) = root {
        yew::Renderer::<playground::Playground>::with_root(root).render();
    }
}
