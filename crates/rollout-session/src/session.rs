//! A session: branches of history, one of them shown, and the moment at which the learner looks.

use crate::action::{Action, LogEntry};
use crate::branch::{Branch, Cursor, Running};
use crate::console::{self, Heard};
use crate::scene;
use crate::share::{LinkError, Shared};
use crate::start::Start;
use crate::timeline::{Step, Timeline};
use crate::transcript::{LineKind, Transcript};
use rollout_api::{Timestamp, Value, json};
use rollout_engine::{ClusterConfig, Engine, SimTime, StepRecord, Store};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Most steps that one call computes: the page stays alive.
pub const MAX_STEPS_PER_CALL: usize = 20_000;
/// Most steps of one branch. A rollout of 1000 pods has some 10 000.
pub const MAX_STEPS: usize = 400_000;
/// How far skip waiting looks ahead for a decision.
const SKIP_LIMIT_MS: u64 = 3_600_000;

/// What a line or an applied text brought at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ran {
    /// Standard output so far.
    pub stdout: String,
    /// Standard error so far.
    pub stderr: String,
    /// Exit code; none while it waits.
    pub exit: Option<i32>,
    /// Index among the running commands of the branch, if it waits or waited.
    pub running: Option<usize>,
}

/// One learner's session.
pub struct Session {
    start: Start,
    origin: SimTime,
    base: Engine,
    branches: Vec<Branch>,
    current: usize,
    files: BTreeMap<String, String>,
}

impl Session {
    /// A session at its start.
    pub fn new(start: Start) -> Session {
        let scene::Prepared { engine, files } = scene::prepare(&start);
        let origin = engine.now();
        let main = Branch {
            name: "main".to_owned(),
            parent: None,
            fork_step: 0,
            fork_at: 0,
            log: Vec::new(),
            made: Vec::new(),
            timeline: Timeline::default(),
            transcript: Transcript::default(),
            running: Vec::new(),
            cursor: Cursor { step: 0, at: 0, store: engine.store().clone(), lingered: BTreeMap::new() },
            head: engine.clone(),
        };
        let mut session = Session { start, origin, base: engine, branches: vec![main], current: 0, files };
        session.keep();
        session
    }

    /// A session on a given cluster, empty console, time zero now.
    pub fn with_config(config: ClusterConfig) -> Session {
        let mut session = Session::new(Start { seed: config.seed, version: config.version, ..Start::default() });
        let engine = Engine::new(config);
        session.origin = engine.now();
        session.base = engine.clone();
        session.branches[0].cursor.store = engine.store().clone();
        session.branches[0].head = engine;
        session.branches[0].timeline = Timeline::default();
        session.keep();
        session
    }

    /// The session of a link, at the moment of the link.
    pub fn open(shared: &Shared) -> Result<Session, LinkError> {
        let mut session = Session::new(shared.start.clone());
        for entry in &shared.log {
            session.replay(entry);
        }
        session.run_until(shared.step, shared.at);
        Ok(session)
    }

    fn replay(&mut self, entry: &LogEntry) {
        self.run_until(entry.step, entry.at);
        match &entry.action {
            Action::Line(line) => drop(self.run(line)),
            Action::Apply { file, text } => drop(self.apply(file, text)),
            Action::Save { file, text } => self.save(file, text),
            Action::Interrupt => self.interrupt(),
        }
    }

    /// Goes to a position: as many steps as it says (as far as there are), then to the time.
    fn run_until(&mut self, step: usize, at: u64) {
        while self.branch().cursor.step < step && self.step() {}
        if self.branch().cursor.at < at {
            self.play_to(at);
        }
    }

    // ---------------------------------------------------------------- what there is

    /// How it began.
    pub fn start(&self) -> &Start {
        &self.start
    }
    /// The branch that is shown.
    pub fn branch(&self) -> &Branch {
        &self.branches[self.current]
    }
    fn branch_mut(&mut self) -> &mut Branch {
        &mut self.branches[self.current]
    }
    /// All branches.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }
    /// Index of the branch that is shown.
    pub fn current_branch(&self) -> usize {
        self.current
    }
    /// The cluster as it is stored at the cursor.
    pub fn store(&self) -> &Store {
        &self.branch().cursor.store
    }
    /// The cluster as it was stored at the start.
    pub fn base_store(&self) -> &Store {
        self.base.store()
    }
    /// The position of the cursor: how many steps lie before it.
    pub fn position(&self) -> usize {
        self.branch().cursor.step
    }
    /// The time of the cursor in milliseconds since the start.
    pub fn at(&self) -> u64 {
        self.branch().cursor.at
    }
    /// The wall clock of the cluster at the cursor.
    pub fn wall(&self) -> Timestamp {
        self.wall_at(self.at())
    }
    /// The wall clock of the cluster at a time of the session.
    pub fn wall_at(&self, at: u64) -> Timestamp {
        SimTime(self.origin.0 + at).timestamp(self.base.config().start)
    }
    /// The time of the session at a time of the cluster's wall clock; negative before the start.
    pub fn at_of_wall(&self, wall: Timestamp) -> i64 {
        (wall.0 - self.base.config().start.0) * 1000 - self.origin.0 as i64
    }
    /// The set-up of the cluster.
    pub fn config(&self) -> &ClusterConfig {
        self.base.config()
    }
    /// The engine at the end of what was computed, to look at.
    pub fn head(&self) -> &Engine {
        &self.branch().head
    }
    /// Steps of the branch that is shown.
    pub fn steps(&self) -> &[Rc<Step>] {
        self.branch().timeline.steps()
    }
    /// The step that led to the cursor.
    pub fn last_step(&self) -> Option<&Rc<Step>> {
        self.steps().get(self.position().checked_sub(1)?)
    }
    /// Writes of the Deployment controller so far.
    pub fn writes(&self) -> usize {
        self.branch().timeline.writes(self.position())
    }
    /// Nothing was computed beyond the cursor.
    pub fn at_head(&self) -> bool {
        self.position() == self.steps().len()
    }
    /// When something is due next after the cursor: a recorded step, or what the engine has scheduled.
    pub fn next_at(&self) -> Option<u64> {
        match self.steps().get(self.position()) {
            Some(step) => Some(step.at),
            None => self.branch().head.next_at().map(|t| t.0.saturating_sub(self.origin.0).max(self.at())),
        }
    }
    /// Files that the page holds.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }
    /// Commands that wait at the cursor: they have begun and not ended.
    pub fn waiting(&self) -> impl Iterator<Item = &Running> {
        let (step, at) = (self.position(), self.at());
        self.branch().running.iter().filter(move |r| {
            (r.step, r.at) <= (step, at) && r.ended.is_none_or(|(s, t, _)| (s, t) > (step, at))
        })
    }

    // ---------------------------------------------------------------- time

    /// One step forward: a recorded one, or the next that the engine makes. False: nothing is scheduled.
    pub fn step(&mut self) -> bool {
        if self.at_head() && !self.compute(None) {
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
        let Some(step) = self.position().checked_sub(1) else { return false };
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
        while self.position() < position {
            self.forward();
        }
        while self.position() > position {
            self.backward();
        }
        let time = self.branch().timeline.time(position);
        self.branch_mut().cursor.at = time;
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
        b.timeline.time(b.timeline.len()).max(b.cursor.at).max(b.cursor.lingered.values().copied().max().unwrap_or(0))
    }

    /// Lets time run to a point: everything due until then happens. Answers how many steps were passed.
    pub fn play_to(&mut self, at: u64) -> usize {
        let from = self.position();
        while self.steps().get(self.position()).is_some_and(|s| s.at <= at) {
            self.forward();
        }
        if self.at_head() {
            let mut left = MAX_STEPS_PER_CALL;
            while left > 0 && self.compute(Some(at)) {
                while !self.at_head() {
                    self.forward();
                    left = left.saturating_sub(1);
                }
            }
            if left > 0 {
                self.tick_running(at);
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
        while self.at() <= from + SKIP_LIMIT_MS && self.position() - from_step < MAX_STEPS_PER_CALL {
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
        Some(self.at() - from)
    }

    /// Computes the next steps at the head, not after `until`. True: at least one came.
    fn compute(&mut self, until: Option<u64>) -> bool {
        if self.steps().len() >= MAX_STEPS {
            return false;
        }
        let origin = self.origin.0;
        let limit = SimTime(until.map_or(u64::MAX, |u| origin.saturating_add(u)));
        let branch = self.branch_mut();
        let records = branch.head.step_until(limit);
        if records.is_empty() {
            return false;
        }
        self.push(records, None);
        true
    }

    fn push(&mut self, records: Vec<StepRecord>, action: Option<usize>) {
        let origin = self.origin.0;
        let branch = self.branch_mut();
        let from = branch.timeline.len();
        branch.timeline.push(records, origin, action);
        feed(branch, from);
        self.keep();
    }

    fn keep(&mut self) {
        let branch = self.branch_mut();
        let log = branch.log.len();
        branch.timeline.keep(log, &branch.head);
    }

    fn forward(&mut self) {
        let branch = self.branch_mut();
        let Some(step) = branch.timeline.steps().get(branch.cursor.step).cloned() else { return };
        for change in &step.record.changes {
            branch.cursor.store.put(&change.key, change.after.clone());
        }
        branch.cursor.step += 1;
        branch.cursor.at = step.at;
    }

    fn backward(&mut self) {
        let branch = self.branch_mut();
        let Some(step) = branch.cursor.step.checked_sub(1).and_then(|i| branch.timeline.steps().get(i)).cloned() else {
            return;
        };
        for change in step.record.changes.iter().rev() {
            branch.cursor.store.put(&change.key, change.before.clone());
        }
        branch.cursor.step -= 1;
        branch.cursor.at = branch.timeline.time(branch.cursor.step);
    }

    /// Lets the deadlines of waiting commands pass, until a time at the head.
    fn tick_running(&mut self, at: u64) {
        let branch = self.branch_mut();
        let step = branch.timeline.len();
        for i in 0..branch.running.len() {
            tick(branch, i, step, at);
        }
    }

    // ---------------------------------------------------------------- actions

    /// Runs a line of the console at the cursor. In the past this begins a branch, if the line changes something.
    pub fn run(&mut self, line: &str) -> Ran {
        for file in console::names_file(line, &self.files).into_iter().cloned().collect::<Vec<_>>() {
            self.record_file(&file);
        }
        self.act(Action::Line(line.to_owned()), line)
    }

    /// Applies a text: `kubectl apply -f FILE`.
    pub fn apply(&mut self, file: &str, text: &str) -> Ran {
        let line = format!("kubectl apply -f {}", quoted(file));
        self.files.insert(file.to_owned(), text.to_owned());
        self.act(Action::Apply { file: file.to_owned(), text: text.to_owned() }, &line)
    }

    /// Holds a file, for lines that name it.
    pub fn save(&mut self, file: &str, text: &str) {
        self.files.insert(file.to_owned(), text.to_owned());
    }

    /// A file that a line names belongs into the log, if it is not there as it is now.
    fn record_file(&mut self, file: &str) {
        let Some(text) = self.files.get(file) else { return };
        let known = self
            .branch()
            .log
            .iter()
            .rev()
            .find_map(|e| match &e.action {
                Action::Apply { file: f, text } | Action::Save { file: f, text } if f == file => Some(text.as_str()),
                _ => None,
            })
            .or_else(|| scene::start_file(&self.start, file));
        if known != Some(text.as_str()) {
            let action = Action::Save { file: file.to_owned(), text: text.clone() };
            let entry = LogEntry { at: self.at(), step: self.position(), settled: false, action };
            let branch = self.branch_mut();
            branch.log.push(entry);
            branch.made.push(0);
        }
    }

    /// Ctrl-C: waiting commands end, the cluster goes on.
    pub fn interrupt(&mut self) {
        let (step, at) = (self.position(), self.at());
        let branch = self.branch_mut();
        let mut any = false;
        for run in &mut branch.running {
            if (run.step, run.at) <= (step, at) && run.ended.is_none_or(|(s, t, _)| (s, t) > (step, at)) {
                run.ended = Some((step, at, run.state.interrupt()));
                any = true;
            }
        }
        if any {
            // What a command printed after this moment on the recorded future is gone with it.
            branch.transcript.truncate(step, at);
            branch.transcript.add(step, at, LineKind::Typed, "^C");
            branch.log.push(LogEntry { at, step, settled: false, action: Action::Interrupt });
            branch.made.push(0);
        }
    }

    fn act(&mut self, action: Action, line: &str) -> Ran {
        let settled_position = self.branch().timeline.settled_position(self.position());
        while self.position() < settled_position {
            self.forward();
        }
        let (step, at) = (self.position(), self.at());
        let mut engine = self.engine_here();
        let files = &self.files;
        let (exec, mut records) = engine.act("kubectl", |client| console::execute(line, files, at, client));
        if records.is_empty() && exec.touched {
            records.push(StepRecord {
                at: engine.now(),
                cause: rollout_engine::Cause::Outside("image".into()),
                changes: Vec::new(),
                decisions: Vec::new(),
            });
        }
        let changes = !records.is_empty();
        if changes && !self.at_head() {
            self.fork(step, at);
        }
        let settled = self.settled_for_log(&engine, changes, at);
        let made = records.len();
        let branch = self.branch_mut();
        let entry = LogEntry { at, step, settled, action };
        let place = branch.log.partition_point(|e| (e.step, e.at) <= (step, at));
        branch.log.insert(place, entry);
        branch.made.insert(place, made);
        if changes {
            branch.head = engine;
            branch.cursor.lingered.insert(step, at);
            self.push(records, Some(place));
            while !self.at_head() {
                self.forward();
            }
        }
        self.print(line, exec)
    }

    /// The engine at the cursor, its clock at the cursor's time.
    fn engine_here(&self) -> Engine {
        let (step, at) = (self.position(), SimTime(self.origin.0 + self.at()));
        let mut engine = if self.at_head() { self.branch().head.clone() } else { self.engine_at(step) };
        if at > engine.now() {
            engine.advance_to(at);
        }
        engine
    }

    /// The engine after some steps, made again from the nearest checkpoint.
    fn engine_at(&self, position: usize) -> Engine {
        let branch = self.branch();
        let (mut done, mut log, mut engine) = match branch.timeline.checkpoint(position) {
            Some(c) => (c.step, c.log, c.engine.clone()),
            None => (0, 0, self.base.clone()),
        };
        while done < position {
            let entry = branch.log[log.min(branch.log.len())..].iter().zip(&branch.made[log.min(branch.made.len())..]);
            let next = entry.take_while(|(e, _)| e.step <= done).enumerate().find(|(_, (_, made))| **made > 0);
            match next {
                Some((i, (entry, made))) => {
                    log += i + 1;
                    done += made;
                    self.redo(&mut engine, entry);
                }
                None => {
                    let records = engine.step();
                    if records.is_empty() {
                        debug_assert!(false, "a recorded step comes again in replay");
                        break;
                    }
                    done += records.len();
                }
            }
        }
        engine
    }

    fn redo(&self, engine: &mut Engine, entry: &LogEntry) {
        if entry.settled {
            engine.advance_to(SimTime(self.origin.0 + entry.at));
        }
        let mut files = self.files.clone();
        let line = match &entry.action {
            Action::Line(line) => {
                for e in self.branch().log.iter().take_while(|e| !std::ptr::eq(*e, entry)) {
                    if let Action::Save { file, text } | Action::Apply { file, text } = &e.action {
                        files.insert(file.clone(), text.clone());
                    }
                }
                line.clone()
            }
            Action::Apply { file, text } => {
                files.insert(file.clone(), text.clone());
                format!("kubectl apply -f {}", quoted(file))
            }
            Action::Save { .. } | Action::Interrupt => return,
        };
        engine.act("kubectl", |client| console::execute(&line, &files, entry.at, client));
    }

    /// Was everything due until the action done before it? Asked of the branch before the action changed it.
    fn settled_for_log(&self, engine: &Engine, changes: bool, at: u64) -> bool {
        let before = if changes && self.at_head() { &self.branch().head } else { engine };
        let at = SimTime(self.origin.0 + at);
        before.next_at().is_none_or(|next| next > at) || before.now() < at
    }

    fn print(&mut self, line: &str, exec: console::Exec) -> Ran {
        let (step, at) = (self.position(), self.at());
        let branch = self.branch_mut();
        branch.transcript.add(step, at, LineKind::Typed, if line.is_empty() { " " } else { line });
        branch.transcript.add(step, at, LineKind::Out, &exec.stdout);
        branch.transcript.add(step, at, LineKind::Err, &exec.stderr);
        if exec.clear {
            branch.transcript.clear(step, at);
        }
        let Some(follow) = exec.follow else {
            return Ran { stdout: exec.stdout, stderr: exec.stderr, exit: Some(exec.exit), running: None };
        };
        let index = branch.running.len();
        branch.running.push(Running {
            line: line.to_owned(),
            step,
            at,
            state: follow.clone(),
            initial: follow,
            ended: None,
            stdout: exec.stdout,
            stderr: exec.stderr,
        });
        catch_up(branch, index, step);
        let run = &branch.running[index];
        Ran {
            stdout: run.stdout.clone(),
            stderr: run.stderr.clone(),
            exit: run.ended.map(|(.., exit)| exit),
            running: Some(index),
        }
    }

    // ---------------------------------------------------------------- branches

    /// Begins a branch at the cursor and shows it. The former future stays where it was.
    fn fork(&mut self, step: usize, at: u64) {
        let parent = self.current;
        let old = &self.branches[parent];
        let kept = old.log.iter().take_while(|e| e.step < step || (e.step == step && e.at <= at)).count();
        // An action at this very moment that led into the old future is not part of the new one.
        let kept = kept - old.made[..kept].iter().zip(&old.log[..kept]).rev().take_while(|(m, e)| **m > 0 && e.step >= step).count();
        let mut transcript = old.transcript.clone();
        transcript.truncate(step, at);
        let mut branch = Branch {
            name: format!("branch {}", self.branches.len()),
            parent: Some(parent),
            fork_step: step,
            fork_at: at,
            log: old.log[..kept].to_vec(),
            made: old.made[..kept].to_vec(),
            timeline: old.timeline.prefix(step),
            transcript,
            running: Vec::new(),
            cursor: old.cursor.clone(),
            head: self.engine_here(),
        };
        branch.cursor.lingered.retain(|s, _| *s <= step);
        for run in old.running.iter().filter(|r| (r.step, r.at) <= (step, at)) {
            let mut again = run.clone();
            if again.ended.is_some_and(|(s, t, _)| (s, t) > (step, at)) {
                again.ended = None;
            }
            if again.ended.is_none() {
                again.state = again.initial.clone();
                again.stdout.clear();
                again.stderr.clear();
                for past in &branch.timeline.steps()[run.step..] {
                    again.state.feed(&past.record);
                }
            }
            branch.running.push(again);
        }
        self.branches.push(branch);
        self.current = self.branches.len() - 1;
    }

    /// Shows a branch at the moment where it was left.
    pub fn open_branch(&mut self, index: usize) -> bool {
        if index >= self.branches.len() {
            return false;
        }
        self.current = index;
        true
    }

    /// Takes back the learner's last action: the moment before it, on a new branch. False: there is none.
    pub fn undo_last_action(&mut self) -> bool {
        let branch = self.branch();
        let Some(last) = branch.made.iter().rposition(|m| *m > 0) else { return false };
        let entry = branch.log[last].clone();
        self.seek(entry.step);
        self.branch_mut().cursor.at = entry.at;
        self.fork(entry.step, entry.at);
        true
    }

    /// Everything as at the start; branches are gone.
    pub fn reset(&mut self) {
        *self = Session::new(self.start.clone());
    }

    // ---------------------------------------------------------------- out

    /// The state at the cursor as JSON: every object, in order, and the position.
    pub fn export_state(&self) -> Vec<u8> {
        let objects = self.store().iter().map(|(_, o)| o.value.clone()).collect();
        let mut map = rollout_api::Map::new();
        map.insert("at", i64::try_from(self.at()).unwrap_or(i64::MAX));
        map.insert("objects", Value::list(objects));
        map.insert("step", self.position() as i64);
        json::to_json(&map.into()).into_bytes()
    }

    /// What a link of this moment holds.
    pub fn shared(&self, draft: Option<String>) -> Shared {
        let (step, at) = (self.position(), self.at());
        let branch = self.branch();
        let log: Vec<LogEntry> = branch
            .log
            .iter()
            .zip(&branch.made)
            .filter(|(e, made)| (e.step + **made, e.at) <= (step, at))
            .map(|(e, _)| e.clone())
            .collect();
        Shared { start: self.start.clone(), log, step, at, draft }
    }

    /// Runs a line and waits for its end in simulated time, at most `limit` milliseconds; then everything that the
    /// cluster does at once is done. The exit code is 124 if it would have waited longer.
    pub fn run_to_end(&mut self, line: &str, limit: u64) -> Ran {
        let began = self.at();
        let mut ran = self.run(line);
        if let Some(index) = ran.running {
            let end = began.saturating_add(limit);
            while self.branch().running[index].ended.is_none() {
                let deadline = self.branch().running[index].state.deadline();
                let next = [self.next_at(), deadline].into_iter().flatten().min().filter(|t| *t <= end);
                match next {
                    Some(next) if self.at() <= next => {
                        let passed = self.play_one(next);
                        if !passed && self.branch().running[index].ended.is_none() && self.next_at().is_none_or(|n| n <= next) && deadline.is_none_or(|d| d > next) {
                            // Only events without effect are due: go on behind them.
                            self.play_to(next);
                        }
                    }
                    _ => {
                        self.play_to(end);
                        if self.branch().running[index].ended.is_none() {
                            let (step, at) = (self.position(), self.at());
                            let branch = self.branch_mut();
                            branch.running[index].ended = Some((step, at, 124));
                        }
                    }
                }
            }
            let run = &self.branch().running[index];
            ran.stdout = run.stdout.clone();
            ran.stderr = run.stderr.clone();
            ran.exit = run.ended.map(|(.., exit)| exit);
        }
        self.settle();
        ran
    }

    /// One step that is due until a time, or the time itself.
    fn play_one(&mut self, until: u64) -> bool {
        if !self.at_head() || self.compute(Some(until)) {
            self.forward();
            return true;
        }
        self.tick_running(until);
        let cursor = &mut self.branch_mut().cursor;
        cursor.at = cursor.at.max(until);
        false
    }
}

/// A write of the controller, or a changed condition of a Deployment.
pub fn is_decision(step: &Step) -> bool {
    step.is_write()
        || step.record.changes.iter().any(|c| {
            c.key.kind == rollout_api::Kind::DEPLOYMENT && c.before.is_some() && conditions(&c.before) != conditions(&c.after)
        })
}

/// Status and reason of a Deployment's conditions.
fn conditions(object: &Option<Rc<rollout_engine::Object>>) -> Vec<(String, String, String)> {
    let Some(object) = object else { return Vec::new() };
    let text = |c: &Value, key: &str| c.str_at(key).to_owned();
    object.value.list_at("status.conditions").iter().map(|c| (text(c, "type"), text(c, "status"), text(c, "reason"))).collect()
}

/// Tells waiting commands of the steps from `from` on.
fn feed(branch: &mut Branch, from: usize) {
    for i in 0..branch.running.len() {
        catch_up(branch, i, from.max(branch.running[i].step));
    }
}

fn catch_up(branch: &mut Branch, index: usize, from: usize) {
    for position in from..branch.timeline.len() {
        let step = branch.timeline.steps()[position].clone();
        tick(branch, index, position, step.at);
        let run = &mut branch.running[index];
        if run.ended.is_some() {
            return;
        }
        let heard = run.state.feed(&step.record);
        hear(branch, index, position + 1, step.at, heard);
    }
}

fn tick(branch: &mut Branch, index: usize, step: usize, until: u64) {
    let run = &mut branch.running[index];
    let Some(deadline) = run.state.deadline().filter(|d| *d <= until && run.ended.is_none()) else { return };
    let at = deadline.max(run.at);
    let heard = run.state.tick(at);
    hear(branch, index, step, at, heard);
}

fn hear(branch: &mut Branch, index: usize, step: usize, at: u64, heard: Heard) {
    let run = &mut branch.running[index];
    run.stdout.push_str(&heard.stdout);
    run.stderr.push_str(&heard.stderr);
    if let Some(exit) = heard.exit {
        run.ended = Some((step, at, exit));
    }
    branch.transcript.add(step, at, LineKind::Out, &heard.stdout);
    branch.transcript.add(step, at, LineKind::Err, &heard.stderr);
}

/// A file name as a word of the console.
fn quoted(file: &str) -> String {
    if file.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b)) {
        file.to_owned()
    } else {
        format!("'{}'", file.replace('\'', "'\\''"))
    }
}
