//! Kubernetes Events: combined, counted and limited as the real recorders do.

/// The recorders' memory, per source.
#[derive(Clone, Default)]
pub struct Correlators {}
