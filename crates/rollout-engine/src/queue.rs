//! What is due when. Simultaneous events have a written order: time, then sequence.

use crate::sim_event::SimEvent;
use crate::time::SimTime;
use rollout_api::SortedMap;

/// Names one scheduled event, to cancel it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Ticket {
    /// When it is due.
    pub at: SimTime,
    sequence: u64,
}

/// Events in order of (time, sequence). An ordered map, not a heap: it can be listed, compared and cancelled from.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct EventQueue {
    due: SortedMap<Ticket, SimEvent>,
    next_sequence: u64,
}

impl EventQueue {
    /// Adds an event; those of one moment come in the order in which they were added.
    pub fn schedule(&mut self, at: SimTime, event: SimEvent) -> Ticket {
        let ticket = Ticket {
            at,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.due.insert(ticket, event);
        ticket
    }
    /// Takes an event out; true if it was still there.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        self.due.remove(&ticket).is_some()
    }
    /// When the next event is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.due.keys().next().map(|t| t.at)
    }
    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(SimTime, SimEvent)> {
        self.due.pop_first().map(|(t, e)| (t.at, e))
    }
    /// What comes next, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SimTime, &SimEvent)> {
        self.due.iter().map(|(t, e)| (t.at, e))
    }
    /// Number of scheduled events.
    pub fn len(&self) -> usize {
        self.due.len()
    }
    /// Nothing is scheduled.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}
