//! Tests of the whole; see the files in tests/. Here: what several of them share.

pub mod counts;
pub mod fidelity;
pub mod random;
pub mod ranking;
pub mod recordings;
pub mod vectors;
