//! What one step of the timeline holds.

use crate::decision::Decision;
use crate::sim_event::SimEvent;
use crate::time::SimTime;
use rollout_api::views::Object;
use rollout_api::{ObjectKey, Str};
use std::rc::Rc;

/// One stored write: the object before and after.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Which object.
    pub key: ObjectKey,
    /// As it was; `None` for a new object.
    pub before: Option<Rc<Object>>,
    /// As it is now; `None` when it was removed.
    pub after: Option<Rc<Object>>,
}

/// What made a step happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A request from outside the cluster, by this user or command.
    Outside(Str),
    /// An event of the simulation.
    Event(SimEvent),
}

/// One entry of the timeline: everything that was written and decided at once, by one cause.
#[derive(Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// When.
    pub at: SimTime,
    /// Why it came to pass.
    pub cause: Cause,
    /// Writes, in order.
    pub changes: Vec<Change>,
    /// Decisions, in order.
    pub decisions: Vec<Decision>,
}

impl StepRecord {
    /// Nothing was written and nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.decisions.is_empty()
    }
}
