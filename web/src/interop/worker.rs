//! Workers that run the page's own module beside it. They start from the page's own script and get its compiled module: nothing
//! is loaded twice.

use gloo::events::EventListener;
use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// A worker at its work; dropping it ends it.
pub struct Running {
    worker: Worker,
    _said: EventListener,
    _failed: EventListener,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// How many workers have a core of their own, at most four.
pub fn cores() -> usize {
    let n = web_sys::window().map_or(1.0, |w| w.navigator().hardware_concurrency());
    n.clamp(1.0, 4.0) as usize
}

/// Starts a worker with some work. `said` gets what it tells, `None` when it failed. None: there are no workers here (a
/// sandboxed frame, a page whose script has no file of its own).
pub fn start(work: &str, said: impl Fn(Option<String>) + Clone + 'static) -> Option<Running> {
    let document = web_sys::window()?.document()?;
    let script = document
        .query_selector("script[type=module][src]")
        .ok()
        .flatten()?
        .get_attribute("src")?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&script, &options).ok()?;
    let failed = said.clone();
    let on_said = EventListener::new(&worker, "message", move |event| {
        let data = event.dyn_ref::<MessageEvent>().map(MessageEvent::data);
        said(data.and_then(|d| d.as_string()));
    });
    let on_failed = EventListener::new(&worker, "error", move |_| failed(None));
    let message = Array::of2(&wasm_bindgen::module(), &JsValue::from_str(work));
    worker.post_message(&message).ok()?;
    Some(Running {
        worker,
        _said: on_said,
        _failed: on_failed,
    })
}

/// The work of this worker, where this is one.
pub fn work() -> Option<String> {
    Reflect::get(&js_sys::global(), &"work".into())
        .ok()?
        .as_string()
}

/// Tells the page something.
pub fn tell(text: &str) {
    let global = js_sys::global();
    let post = Reflect::get(&global, &"postMessage".into());
    if let Some(post) = post.ok().and_then(|f| f.dyn_into::<Function>().ok()) {
        // Fails only where the page is gone.
        let _ = post.call1(&global, &text.into());
    }
}
