//! The scheduler.

/// The scheduler's turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SchedulerEvent {}
