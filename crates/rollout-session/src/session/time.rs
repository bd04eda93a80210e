//! Moving through time: steps forward and back, seeking, playing, skipping.

use super::follow::{self, feed, pass};
use super::*;
use rollout_engine::StepRecord;

/// Positions farther away than this are reached from the nearest kept engine.
const FAR: usize = 2 * crate::timeline::CHECKPOINT_EVERY;

/// What a look ahead makes of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Further.
    On,
    /// This is it (the first time that it is said), but further.
    Keep,
    /// Enough: this one, or the one that was kept.
    Done,
}

/// How often a waiting line is asked at one moment.
const MOST_TURNS_AT_ONCE: usize = 1_000;

impl Session {
    /// Looks at what comes after the cursor without going there: recorded steps first, then steps of a copy of the cluster,
    /// within an hour. Answers the record that was kept, or the one at which it was done, with its time.
    pub fn look_ahead(
        &self,
        look: &mut dyn FnMut(&StepRecord) -> Look,
    ) -> Option<(u64, StepRecord)> {
        let mut kept: Option<(u64, StepRecord)> = None;
        let end = self.at() + SKIP_LIMIT_MS;
        let mut take = |at: u64, record: &StepRecord| {
            let answer = look(record);
            if answer != Look::On && kept.is_none() {
                kept = Some((at, record.clone()));
            }
            answer == Look::Done || at > end
        };
        let mut left = MAX_STEPS_PER_CALL;
        for step in &self.steps()[self.position()..] {
            left = left.saturating_sub(1);
            if take(step.at, &step.record) || left == 0 {
                return kept;
            }
        }
        let mut engine = self.branch().head.clone();
        let limit = SimTime(self.origin.0 + end);
        while left > 0 {
            let records = crate::timeline::next_visible(&mut engine, limit);
            if records.is_empty() {
                break;
            }
            for record in records {
                left = left.saturating_sub(1);
                if take(record.at.0.saturating_sub(self.origin.0), &record) {
                    return kept;
                }
            }
        }
        kept
    }

    /// One step forward: a recorded one, or the next that the engine makes. False: nothing is scheduled.
    pub fn step(&mut self) -> bool {
        if self.at_head() && !self.compute_next() {
            return false;
        }
        let cursor = &mut self.branch_mut().cursor;
        let (step, at) = (cursor.step, cursor.at);
        cursor.lingered.insert(step, at);
        self.forward();
        true
    }

    /// One step back. False: at the start.
    pub fn back(&mut self) -> bool {
        let Some(step) = self.position().checked_sub(1) else {
            return false;
        };
        let cursor = &mut self.branch_mut().cursor;
        let (here, at) = (cursor.step, cursor.at);
        cursor.lingered.insert(here, at);
        self.backward();
        let time = self.branch().timeline.time(step);
        let cursor = &mut self.branch_mut().cursor;
        cursor.at = cursor.lingered.get(&step).copied().unwrap_or(time);
        true
    }

    /// To a position: the time becomes that of its step.
    pub fn seek(&mut self, position: usize) {
        let position = position.min(self.steps().len());
        // Time that passed at the end without a step stays recorded.
        let (here, at) = (self.position(), self.at());
        if self.at_head() && at > self.branch().timeline.time(here) {
            let lingered = &mut self.branch_mut().cursor.lingered;
            let until = lingered.get(&here).copied().unwrap_or(0).max(at);
            lingered.insert(here, until);
        }
        self.jump_near(position);
        while self.position() < position {
            self.forward();
        }
        while self.position() > position {
            self.backward();
        }
        let time = self.branch().timeline.time(position);
        self.branch_mut().cursor.at = time;
    }

    /// To the kept engine before a position, if that is nearer than where the cursor stands: what it stores is what
    /// walking there would show, and going far costs no more than going near.
    fn jump_near(&mut self, position: usize) {
        let here = self.position();
        if here.abs_diff(position) <= FAR {
            return;
        }
        let (step, store) = match self.branch().timeline.checkpoint(position) {
            Some(c) => (c.step, c.engine.store().clone()),
            None => (0, self.base.store().clone()),
        };
        if step.abs_diff(position) < here.abs_diff(position) {
            let cursor = &mut self.branch_mut().cursor;
            cursor.step = step;
            cursor.store = store;
        }
    }

    /// To a time within what was recorded, without computing more.
    pub fn seek_time(&mut self, at: u64) {
        self.seek(self.branch().timeline.position_at(at));
        let end = self.recorded_ms();
        let cursor = &mut self.branch_mut().cursor;
        cursor.at = at.min(end).max(cursor.at);
    }

    /// The latest time that was reached on this branch.
    pub fn recorded_ms(&self) -> u64 {
        let b = self.branch();
        b.timeline
            .time(b.timeline.len())
            .max(b.cursor.at)
            .max(b.cursor.lingered.values().copied().max().unwrap_or(0))
    }

    /// Lets time run to a point: everything due until then happens. Answers how many steps were passed.
    pub fn play_to(&mut self, at: u64) -> usize {
        let from = self.position();
        while self
            .steps()
            .get(self.position())
            .is_some_and(|s| s.at <= at)
        {
            self.forward();
        }
        if self.at_head() {
            let mut left = MAX_STEPS_PER_CALL;
            while left > 0 && self.compute(at) {
                while !self.at_head() {
                    self.forward();
                    left = left.saturating_sub(1);
                }
            }
            if left > 0 && self.steps().len() < MAX_STEPS {
                let cursor = &mut self.branch_mut().cursor;
                cursor.at = cursor.at.max(at);
            }
        } else {
            let cursor = &mut self.branch_mut().cursor;
            cursor.at = cursor.at.max(at);
        }
        self.position() - from
    }

    /// Everything that the cluster does at once.
    pub fn settle(&mut self) {
        self.play_to(self.at());
    }

    /// To the next decision (a write of the controller, a changed condition of a Deployment), or to the next step if
    /// none comes within an hour. Answers how long was skipped; none if nothing is scheduled.
    pub fn skip_waiting(&mut self) -> Option<u64> {
        let (from, from_step) = (self.at(), self.position());
        let known = self.steps().len();
        while self.at() <= from + SKIP_LIMIT_MS && self.position() - from_step < MAX_STEPS_PER_CALL
        {
            if !self.step() {
                break;
            }
            if self.last_step().is_some_and(|s| is_decision(s)) {
                return Some(self.at() - from);
            }
        }
        if self.position() == from_step {
            return None;
        }
        self.seek(from_step + 1);
        // The hour that was searched in vain did not happen: who acts now acts at the newest moment.
        self.forget_ahead(known);
        Some(self.at() - from)
    }

    /// Computes the next steps at the head, not after `until`. True: at least one came.
    pub(super) fn compute(&mut self, until: u64) -> bool {
        if self.steps().len() >= MAX_STEPS {
            return false;
        }
        let origin = self.origin.0;
        let mut same = (0, 0);
        for _ in 0..MAX_STEPS_PER_CALL {
            let branch = self.branch_mut();
            let deadline = follow::next_deadline(branch).filter(|d| *d <= until);
            let limit = SimTime(origin.saturating_add(deadline.unwrap_or(until)));
            let records = next_visible(&mut branch.head, limit);
            if !records.is_empty() {
                self.push(records, None);
                return true;
            }
            // Nothing of the cluster is due before the line that waits.
            let Some(at) = deadline else {
                return false;
            };
            let wrote = pass(branch, origin, at);
            if !wrote.is_empty() {
                self.push_written(wrote);
                return true;
            }
            // One that wants to be asked again and again at one moment waits for something else.
            same = if same.0 == at {
                (at, same.1 + 1)
            } else {
                (at, 0)
            };
            if same.1 > MOST_TURNS_AT_ONCE {
                return false;
            }
        }
        false
    }

    /// Computes what comes next at the head, however late. That old Events expire is nothing that comes. When nothing
    /// comes the engine stays as it is: its clock must not run ahead of the cursor.
    fn compute_next(&mut self) -> bool {
        if self.steps().len() >= MAX_STEPS {
            return false;
        }
        // Lines that wait for a time before that of the cluster's next step come first.
        for _ in 0..MAX_STEPS_PER_CALL {
            let Some(at) = follow::next_deadline(self.branch()) else {
                break;
            };
            if self.compute(at) {
                return true;
            }
            let cursor = &mut self.branch_mut().cursor;
            cursor.at = cursor.at.max(at);
            if self.next_at().is_none() {
                return false;
            }
        }
        if self.next_at().is_none() {
            return false;
        }
        let mut engine = self.branch().head.clone();
        let mut records = Vec::new();
        let expiry = |r: &StepRecord| {
            r.cause == rollout_engine::Cause::Event(rollout_engine::SimEvent::ExpireEvents)
        };
        loop {
            let next = crate::timeline::next_visible(&mut engine, SimTime(u64::MAX));
            if next.is_empty() {
                self.pass_silent();
                return false;
            }
            records.extend(next);
            if !records.iter().all(expiry) {
                break;
            }
        }
        self.branch_mut().head = engine;
        self.push(records, None);
        true
    }

    /// Nothing comes any more. What is due now and shows nothing is done, so that it can be seen that nothing comes.
    fn pass_silent(&mut self) {
        let now = SimTime(self.origin.0.saturating_add(self.at()));
        let mut engine = self.branch().head.clone();
        if crate::timeline::next_visible(&mut engine, now).is_empty() {
            self.branch_mut().head = engine;
        }
    }

    pub(super) fn push(&mut self, records: Vec<StepRecord>, action: Option<&Rc<LogEntry>>) {
        let origin = self.origin.0;
        let branch = self.branch_mut();
        let from = branch.timeline.len();
        branch.timeline.push(records, origin, action, None);
        let written = feed(branch, origin, from);
        self.push_written(written);
    }

    /// What waiting lines wrote becomes steps: replay cannot make them again, so the engine is kept.
    pub(super) fn push_written(&mut self, mut written: Vec<follow::Wrote>) {
        let origin = self.origin.0;
        let branch = self.branch_mut();
        for _ in 0..MAX_STEPS_PER_CALL {
            if written.is_empty() {
                break;
            }
            let from = branch.timeline.len();
            for wrote in written {
                branch
                    .timeline
                    .push(wrote.records, origin, None, Some(wrote.by));
                if wrote.touched {
                    let rules = Rc::new(branch.head.world().images.clone());
                    branch.rules.push((branch.timeline.len(), rules));
                }
            }
            branch.timeline.keep_now(&branch.head);
            written = feed(branch, origin, from);
        }
        self.keep();
    }

    pub(super) fn keep(&mut self) {
        let branch = self.branch_mut();
        branch.timeline.keep(&branch.head);
    }

    pub(super) fn forward(&mut self) {
        let branch = self.branch_mut();
        let Some(step) = branch.timeline.steps().get(branch.cursor.step).cloned() else {
            return;
        };
        for change in &step.record.changes {
            branch.cursor.store.put(&change.key, change.after.clone());
        }
        branch.cursor.step += 1;
        branch.cursor.at = step.at;
    }

    pub(super) fn backward(&mut self) {
        let branch = self.branch_mut();
        let Some(step) = branch
            .cursor
            .step
            .checked_sub(1)
            .and_then(|i| branch.timeline.steps().get(i))
            .cloned()
        else {
            return;
        };
        for change in step.record.changes.iter().rev() {
            branch.cursor.store.put(&change.key, change.before.clone());
        }
        branch.cursor.step -= 1;
        branch.cursor.at = branch.timeline.time(branch.cursor.step);
    }
}

/// A write of the controller, or a changed condition of a Deployment.
pub fn is_decision(step: &Step) -> bool {
    step.is_write()
        || step.record.changes.iter().any(|c| {
            c.key.kind == rollout_api::Kind::DEPLOYMENT
                && c.before.is_some()
                && conditions(&c.before) != conditions(&c.after)
        })
}

/// Status and reason of a Deployment's conditions.
fn conditions(object: &Option<Rc<rollout_engine::Object>>) -> Vec<(String, String, String)> {
    let Some(object) = object else {
        return Vec::new();
    };
    let text = |c: &Value, key: &str| c.str_at(key).to_owned();
    object
        .value
        .list_at("status.conditions")
        .iter()
        .map(|c| (text(c, "type"), text(c, "status"), text(c, "reason")))
        .collect()
}
