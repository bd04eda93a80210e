//! TEXT → OBJECTS: YAML with source spans and diagnostics.
//!
//! kubectl reads YAML 1.1 through go-yaml v2; so does this crate, errors and all.

pub mod check;
pub mod diagnostic;
pub mod documents;
pub mod edit;
pub mod emit;
pub mod gojson;
pub mod number;
pub mod openapi;
pub mod own_files;
pub mod resolve;
pub mod resources;
pub mod span_map;
pub mod tree;
pub mod yaml;
