//! WHAT AN OBJECT IS: the API's types, defaults, validation, hash and patches.
//!
//! An object is a [`Value`] tree, as the API server stores it. One table of the API's types
//! drives strict decoding, defaults, the template hash and printing; controllers read typed
//! views of the tree. This crate knows no YAML, no clock and no controllers.

pub mod base64;
mod bigint;
pub mod decode;
pub mod defaults;
pub mod gofmt;
pub mod hash;
pub mod image;
pub mod intstr;
pub mod json;
pub mod key;
pub mod kinds;
pub mod patch;
pub mod quantity;
pub mod semantic;
pub mod sorted;
pub mod status_error;
pub mod time;
pub mod types;
pub mod validation;
pub mod value;
pub mod version;
pub mod views;

pub use intstr::IntOrString;
pub use key::{Kind, ObjectKey};
pub use sorted::{Order, SortedMap, SortedSet};
pub use status_error::ApiError;
pub use time::Timestamp;
pub use value::{Map, Str, Value};
pub use version::Minor;
