//! The fake scheduler and kubelet of the recordings: exact delays, no surprises.

/// The script's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScriptedEvent {}

/// The timing model of a recording.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {}
