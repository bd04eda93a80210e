//! WHAT THE SCREEN SHOWS: view models and explanations, already decided.
//!
//! A view model is a plain struct: what a panel shows, with nothing left to interpret. The structs
//! are in [`model`]; the functions that make them from a session at its cursor are beside it.
//! All times are whole milliseconds and all heights whole levels, so a page can use them as the
//! units of its drawing (`viewBox="0 0 milliseconds levels"`) and no number is ever rounded twice.

pub mod bench;
pub mod catalogue;
pub mod cluster;
pub mod explain;
pub mod measures;
pub mod model;
mod past;
mod scene;
pub mod walk;

pub use model::*;
