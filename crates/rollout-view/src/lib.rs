//! WHAT THE SCREEN SHOWS: view models and explanations, already decided.
//!
//! A view model is a plain struct: what a panel shows, with nothing left to interpret. The structs
//! are in [`model`]; the functions that make them from a session at its cursor are beside it.
//! All times are whole milliseconds and all heights whole levels, so a page can use them as the
//! units of its drawing (`viewBox="0 0 milliseconds levels"`) and no number is ever rounded twice.

pub mod bench;
mod breakage;
pub mod catalogue;
mod chart;
pub mod cluster;
mod compare;
mod complete;
mod counted;
pub mod diagnosis;
mod editor;
pub mod expect;
pub mod explain;
mod fields;
mod ghost;
pub mod heat;
mod images;
pub mod lint;
pub mod measures;
pub mod model;
mod next_to_go;
mod page;
mod past;
pub mod paste;
mod problems;
pub mod progress;
mod record;
mod scene;
pub mod sweep;
mod text_timeline;
pub mod timeline;
mod traffic;
pub mod walk;

pub use catalogue::seconds as span_text;
pub use compare::{PlanRun, compare_json, compare_text, compare_time_at, compare_view, plan_runs};
pub use complete::{Completion, complete, completion, search, suggestion};
pub use editor::live_text;
pub use fields::{with_field, with_limit};
pub use ghost::{Prediction, ghost, judge};
pub use model::*;
pub use page::{
    PageInput, applied_deployment, page_view, page_view_in_passing, presets, shown_key,
};
pub use rollout_kubectl::complete::Choice;
pub use rollout_session::with_strategy;
pub use scene::short_image;
pub use text_timeline::{text_timeline, timeline_json};
