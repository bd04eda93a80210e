//! How container images behave.

/// Behaviour by image reference.
#[derive(Clone, Default)]
pub struct ImageRules {}
