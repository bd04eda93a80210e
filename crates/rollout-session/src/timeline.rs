//! The steps of one branch: by index, by time, with checkpoints of the engine between them.

use crate::action::LogEntry;
use rollout_api::Kind;
use rollout_engine::decision::What;
use rollout_engine::kubelet::decision::KubeletDecision;
use rollout_engine::{Cause, Engine, SimEvent, StepRecord};
use std::rc::Rc;

/// Steps between two checkpoints. Replay of 31 steps takes far less than a frame.
pub const CHECKPOINT_EVERY: usize = 32;
/// Of more checkpoints than this only every second stays, and twice as many steps lie between them from then on: a session of
/// 10 000 steps keeps eighty, and replays 127 steps at the most.
const MOST_CHECKPOINTS: usize = 128;

/// One entry of the timeline.
pub struct Step {
    /// What was written and decided.
    pub record: StepRecord,
    /// Milliseconds since the start of the session.
    pub at: u64,
    /// The action that made it; none for the simulation's own steps.
    pub action: Option<Rc<LogEntry>>,
    /// Another record follows that was made by the same event: the engine cannot be asked between them.
    pub inside: bool,
    /// A waiting line of the console made it: its number, and whether what it waits for now began after it.
    pub by: Option<(u64, bool)>,
    /// Writes of the Deployment controller up to and with this step.
    pub writes: usize,
}

impl Step {
    /// Does this step hold a write of the Deployment controller: a ReplicaSet created or sized?
    pub fn is_write(&self) -> bool {
        writes_of(&self.record) > 0
    }
}

/// How many ReplicaSets the Deployment controller created or sized in this record.
pub fn writes_of(record: &StepRecord) -> usize {
    if !matches!(record.cause, Cause::Event(SimEvent::Deployment(_))) {
        return 0;
    }
    record
        .changes
        .iter()
        .filter(|c| {
            let size = |o: &Option<Rc<rollout_engine::Object>>| {
                o.as_ref().and_then(|o| o.value.int_at("spec.replicas"))
            };
            c.key.kind == Kind::REPLICA_SET
                && c.after.is_some()
                && size(&c.before) != size(&c.after)
        })
        .count()
}

/// Files are seen, without any object that changes: content that a kubelet brings, what a command writes.
fn changes_files(record: &StepRecord) -> bool {
    let changes = |d: &rollout_engine::Decision| {
        matches!(
            d.what,
            What::Kubelet(KubeletDecision::Refresh { .. } | KubeletDecision::Wrote { .. })
        )
    };
    record.decisions.iter().any(changes)
}

/// Only records with changes are steps. What was decided without a change is kept with the change before it, or after it.
pub fn visible(records: Vec<StepRecord>) -> Vec<StepRecord> {
    let mut out: Vec<StepRecord> = Vec::new();
    let mut waiting = Vec::new();
    for mut record in records {
        if record.changes.is_empty() && !changes_files(&record) {
            match out.last_mut() {
                Some(last) => last.decisions.append(&mut record.decisions),
                None => waiting.append(&mut record.decisions),
            }
        } else {
            record.decisions.splice(0..0, waiting.drain(..));
            out.push(record);
        }
    }
    out
}

/// The next steps of an engine, not after a point. Empty: nothing with a visible change is due.
pub fn next_visible(engine: &mut Engine, until: rollout_engine::SimTime) -> Vec<StepRecord> {
    loop {
        let records = engine.step_until(until);
        if records.is_empty() {
            return records;
        }
        let seen = visible(records);
        if !seen.is_empty() {
            return seen;
        }
    }
}

/// The engine after some steps.
#[derive(Clone)]
pub struct Checkpoint {
    /// After how many steps.
    pub step: usize,
    /// The cluster.
    pub engine: Engine,
    /// It can't be made again by replay.
    needed: bool,
}

/// Steps and checkpoints.
#[derive(Clone, Default)]
pub struct Timeline {
    steps: Vec<Rc<Step>>,
    checkpoints: Vec<Checkpoint>,
    /// How often the distance between checkpoints was doubled.
    doubled: u32,
}

impl Timeline {
    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }
    /// Nothing happened yet.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
    /// All steps; the first one leads from the start to position 1.
    pub fn steps(&self) -> &[Rc<Step>] {
        &self.steps
    }
    /// The time of a position: of its last step.
    pub fn time(&self, position: usize) -> u64 {
        match position.checked_sub(1) {
            Some(i) => self.steps.get(i).map_or(0, |s| s.at),
            None => 0,
        }
    }
    /// The last position whose time is not after `at`.
    pub fn position_at(&self, at: u64) -> usize {
        self.steps.partition_point(|s| s.at <= at)
    }
    /// Writes of the controller up to a position.
    pub fn writes(&self, position: usize) -> usize {
        match position.checked_sub(1) {
            Some(i) => self.steps.get(i).map_or(0, |s| s.writes),
            None => 0,
        }
    }
    /// A position may be acted at when no record of the same event follows: the next such position.
    pub fn settled_position(&self, position: usize) -> usize {
        let mut p = position;
        while p > 0 && self.steps.get(p - 1).is_some_and(|s| s.inside) && p < self.steps.len() {
            p += 1;
        }
        p
    }
    /// Adds what one event or action made.
    pub fn push(
        &mut self,
        records: Vec<StepRecord>,
        origin: u64,
        action: Option<&Rc<LogEntry>>,
        by: Option<(u64, bool)>,
    ) {
        let last = records.len().saturating_sub(1);
        for (i, record) in records.into_iter().enumerate() {
            let writes = self.steps.last().map_or(0, |s| s.writes) + writes_of(&record);
            let at = record.at.0.saturating_sub(origin);
            self.steps.push(Rc::new(Step {
                record,
                at,
                action: action.cloned(),
                inside: i < last,
                by,
                writes,
            }));
        }
    }
    /// Keeps the engine if the last one that is kept is long ago.
    pub fn keep(&mut self, engine: &Engine) {
        let every = CHECKPOINT_EVERY << self.doubled;
        let long_ago = |c: &Checkpoint| c.step + every <= self.steps.len();
        if self.checkpoints.last().is_none_or(long_ago) {
            self.put(engine, false);
        }
        if self.checkpoints.iter().filter(|c| !c.needed).count() > MOST_CHECKPOINTS {
            self.doubled += 1;
            let mut stays = false;
            self.checkpoints.retain(|c| {
                stays ^= !c.needed;
                c.needed || stays
            });
        }
    }
    /// Keeps the engine for good: replay can't make it again.
    pub fn keep_now(&mut self, engine: &Engine) {
        self.put(engine, true);
    }
    fn put(&mut self, engine: &Engine, needed: bool) {
        self.checkpoints.push(Checkpoint {
            step: self.steps.len(),
            engine: engine.clone(),
            needed,
        });
    }
    /// The nearest checkpoint at or before a position.
    pub fn checkpoint(&self, position: usize) -> Option<&Checkpoint> {
        let n = self.checkpoints.partition_point(|c| c.step <= position);
        self.checkpoints.get(n.checked_sub(1)?)
    }
    /// The first checkpoint after a position.
    pub fn checkpoint_after(&self, position: usize) -> Option<&Checkpoint> {
        self.checkpoints.iter().find(|c| c.step > position)
    }
    /// A copy of everything up to a position.
    pub fn prefix(&self, position: usize) -> Timeline {
        Timeline {
            steps: self.steps[..position.min(self.steps.len())].to_vec(),
            checkpoints: self
                .checkpoints
                .iter()
                .filter(|c| c.step <= position)
                .cloned()
                .collect(),
            doubled: self.doubled,
        }
    }
}
