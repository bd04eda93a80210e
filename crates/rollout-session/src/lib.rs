//! WHAT THE LEARNER DID: the log, the timeline, branches, links.
//!
//! A [`Session`] records what a learner does and can show the cluster at any step of what followed. Everything except the
//! log is computed: a link holds the log and a position, and opens the same moment anywhere.

mod action;
mod bare;
mod branch;
mod comparison;
mod console;
mod faults;
mod images;
mod loads;
mod plan;
pub mod presets;
mod scenario;
mod scene;
mod session;
pub mod share;
mod start;
mod strategy;
mod subject;
mod timeline;
mod traffic;
mod transcript;

pub use action::{Action, LogEntry};
pub use bare::Base;
pub use branch::{Branch, Cursor, Running};
pub use comparison::{Comparison, MAX_PANES, Pane};
pub use console::MAX_LINE;
pub use plan::{Plan, default_plans, probe};
pub use presets::{PRESETS, Preset, find as find_preset};
pub use rollout_shell::{Env, needs_more, words};
pub use scenario::{Scenario, update_line};
pub use scene::{file_name, start_text as scene_text};
pub use session::{Closed, Look, MAX_STEPS, MAX_STEPS_PER_CALL, Opened, Ran, Session, is_decision};
pub use start::Start;
pub use strategy::with_strategy;
pub use subject::last_changed;
pub use timeline::{CHECKPOINT_EVERY, Step, Timeline, writes_of};
pub use traffic::failed as failed_requests;
pub use traffic::{percent as traffic_percent, sentence as traffic_sentence, target_text};
pub use transcript::{LineKind, Transcript, TranscriptLine};
