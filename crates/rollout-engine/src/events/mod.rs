//! Kubernetes Events: combined, counted and limited as the real recorders do, gone after an hour.

mod correlator;
mod recorder;

pub use correlator::{Correlated, Correlator, EventObject, Identity, Incoming};
pub use recorder::{Correlators, Source};
