//! The one component that owns the session. Messages go up to it, view models go down.

pub mod heat;
pub mod highlight;
pub mod instrument;
mod keep;
mod keys;
mod linked;
mod links;
mod msg;
mod params;
mod playback;
mod prompt;
mod render;
mod settle;
mod start;
mod terminal;
mod update;
mod vanish;
mod version;

pub use keys::KEYS;
pub use msg::{KeyPress, Msg, Panel, Theme};
pub use params::{SPEEDS, Ui};
pub use prompt::{Prompt, PromptKey, bytes_of, takes, units_of};
pub use terminal::{Named, differing};

use crate::interop::{location, page};
use crate::panels::actions::Form;
use crate::ui::Shared;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::AnimationFrame;
use params::Params;
use playback::Playback;
use rollout_api::Minor;
use rollout_session::{Comparison, Session};
use rollout_view::{PageView, Quantity};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// What stands over the stage for a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    pub error: bool,
    pub text: String,
    /// A question: pressing the button does it.
    pub confirm: Option<(&'static str, Msg)>,
}

/// The page.
pub struct Playground {
    pub(crate) dispatch: Callback<Msg>,
    pub(crate) session: Session,
    /// The version that the learner chose; presets bring their own otherwise.
    pub(crate) chosen: Option<Minor>,
    /// Sessions at other versions, as they were left.
    pub(crate) kept: Vec<version::Kept>,
    pub(crate) comparison: Option<Comparison>,
    /// Every pair of limits, beside the comparison.
    pub(crate) heat: Option<heat::Heat>,
    /// What the screen shows, made once per change.
    pub(crate) view: Shared<PageView>,
    /// What the panels beside the scene show: the same, or for a moment what was there before a seek.
    pub(crate) settled: Shared<PageView>,
    pub(crate) settling: Option<settle::Settling>,
    /// The message that is handled moved the head: a seek, or a frame of playing.
    pub(crate) sought: bool,
    /// The title that the document has.
    pub(crate) titled: String,
    /// The Deployment that is looked at, where the learner chose one.
    pub(crate) focus: Option<(String, String)>,
    pub(crate) ui: Ui,
    pub(crate) link: bool,
    pub(crate) theme: Theme,

    /// Text of the editor.
    pub(crate) text: AttrValue,
    /// The text as it was applied last.
    pub(crate) applied: AttrValue,
    /// The text was put in as a whole (pasted), not edited.
    pub(crate) pasted: bool,
    /// The text before a limit was moved in the drawing, while that is only proposed.
    pub(crate) before_proposal: Option<AttrValue>,
    /// The learner has done nothing yet.
    pub(crate) untouched: bool,

    pub(crate) playing: Option<Playback>,
    pub(crate) frame: Option<AnimationFrame>,
    pub(crate) speed: usize,
    pub(crate) skipped: Option<AttrValue>,
    /// The last change was a seek: nothing travels.
    pub(crate) jump: bool,

    /// Pods that have just gone, until they have faded.
    pub(crate) gone: Rc<Vec<Rc<rollout_view::PodView>>>,
    pub(crate) sweep: Option<gloo::timers::callback::Timeout>,

    pub(crate) prompt: Prompt,
    pub(crate) preview: Option<AttrValue>,
    /// `kubectl edit` is open in the editor.
    pub(crate) editing: Option<terminal::Editing>,
    /// What became of a pasted transcript, until it was read.
    pub(crate) pasted_results: Vec<rollout_view::paste::PastedResult>,
    pub(crate) console_open: bool,
    /// A tab was opened from somewhere else: on a narrow page it is brought into sight.
    pub(crate) reveal: bool,
    /// The id of what was asked for: it comes into sight.
    pub(crate) sight: Option<&'static str>,
    /// What opened a panel over the page has the focus again when it closes.
    pub(crate) opener: Option<web_sys::HtmlElement>,

    pub(crate) tab: &'static str,
    pub(crate) form: Option<Form>,
    pub(crate) panel: Option<Panel>,
    pub(crate) pinned: Option<Quantity>,
    pub(crate) picked: Option<AttrValue>,
    /// The set that is looked at.
    pub(crate) picked_set: Option<AttrValue>,
    /// The learner asked what is wrong.
    pub(crate) asked: bool,
    pub(crate) letters: bool,
    pub(crate) instrument: instrument::Instrument,
    pub(crate) notice: Option<Notice>,

    _listeners: Vec<EventListener>,
}

impl Component for Playground {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let params = Params::read(&location::query());
        let dispatch = ctx.link().callback(|msg: Msg| msg);
        start::open(&params, dispatch.clone(), listeners(ctx))
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        update::update(self, ctx, msg)
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        render::page(self)
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            page::set_root("data-theme", self.theme.attribute());
            page::set_root(
                "data-ui",
                Some(if self.ui == Ui::Embed {
                    "embed"
                } else {
                    "full"
                }),
            );
        }
        if std::mem::take(&mut self.reveal) {
            page::reveal("bench-tabs");
        }
        if let Some(id) = self.sight.take() {
            page::scroll_to(id);
            if id == "ask-say" {
                page::focus("say-first");
            }
        }
        let title = &self.settled.header.title;
        if *title != self.titled {
            page::set_title(title);
            self.titled.clone_from(title);
        }
        if self.playing.is_some() && self.frame.is_none() {
            let dispatch = ctx.link().callback(|msg: Msg| msg);
            self.frame = Some(gloo::render::request_animation_frame(move |_| {
                dispatch.emit(Msg::Frame)
            }));
        }
    }
}

/// Keys outside of texts, and the tab going to the background.
fn listeners(ctx: &Context<Playground>) -> Vec<EventListener> {
    let Some(document) = web_document() else {
        return Vec::new();
    };
    let dispatch = ctx.link().callback(|msg: Msg| msg);
    let visible = dispatch.clone();
    let on_visibility = EventListener::new(&document, "visibilitychange", move |_| {
        visible.emit(Msg::Visibility)
    });
    let leaving = dispatch.clone();
    let on_leave = web_sys::window()
        .map(|window| EventListener::new(&window, "pagehide", move |_| leaving.emit(Msg::Keep)));
    let changed = dispatch.clone();
    let on_hash = web_sys::window().map(|window| {
        EventListener::new(&window, "hashchange", move |_| {
            changed.emit(Msg::HashChanged)
        })
    });
    let options = EventListenerOptions::enable_prevent_default();
    let on_key = EventListener::new_with_options(&document, "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else {
            return;
        };
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
            return;
        }
        let key = event.key();
        if page::typing() || page::focused_takes(&key) {
            return;
        }
        let press = KeyPress {
            key,
            shift: event.shift_key(),
        };
        if keys::focus_of(&press.key).is_some() || keys::msg_of(&press, true, 0).is_some() {
            if press.key != "Escape" {
                event.prevent_default();
            }
            dispatch.emit(Msg::Key(press));
        }
    });
    let mut all = linked::listeners(&document);
    all.extend([on_visibility, on_key]);
    all.extend(on_leave);
    all.extend(on_hash);
    all
}

/// The number that the element of a class carries in which an event happened.
pub fn closest_data(event: &web_sys::Event, class: &str, name: &str) -> Option<usize> {
    crate::interop::dom::closest(event, class)?
        .get_attribute(name)?
        .parse()
        .ok()
}

fn web_document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}
