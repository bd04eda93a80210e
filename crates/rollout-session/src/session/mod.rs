//! A session: branches of history, one of them shown, and the moment at which the learner looks.

mod act;
mod edit;
mod follow;
mod fork;
mod replay;
mod restart;
mod roots;
mod time;

pub(crate) use act::quoted;
pub use edit::{Closed, Opened};
pub use time::{Look, is_decision};

use crate::action::{Action, LogEntry};
use crate::branch::{Branch, Cursor, Running};
use crate::presets;
use crate::scene;
use crate::share::{LinkError, Shared};
use crate::start::Start;
use crate::timeline::{Step, Timeline, next_visible};
use crate::transcript::Transcript;
use rollout_api::SortedMap;
use rollout_api::{Timestamp, Value, json};
use rollout_engine::{ClusterConfig, Engine, SimEvent, SimTime, Store};
use std::rc::Rc;

/// Most steps that one call computes: the page stays alive.
pub const MAX_STEPS_PER_CALL: usize = 20_000;
/// Most steps of one branch. A rollout of 1000 pods has some 10 000.
pub const MAX_STEPS: usize = 400_000;
/// When the landing scene's update was started.
const LANDING_UPDATE_MS: u64 = 1_000;
/// The landing scene stands after so many writes: +2 −2 +2, and −1 +1 for each of two pods that became available.
const LANDING_WRITES: usize = 7;
/// The landing scene comes before this time.
const LANDING_LIMIT_MS: u64 = 60_000;
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
    files: SortedMap<String, String>,
    /// Other starts, of plans that were taken over from a comparison.
    roots: Vec<roots::Root>,
    root: usize,
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
            envs: Vec::new(),
            moments: Default::default(),
            rules: Vec::new(),
            timeline: Timeline::default(),
            transcript: Transcript::default(),
            running: Vec::new(),
            cursor: Cursor {
                step: 0,
                at: 0,
                store: engine.store().clone(),
                lingered: SortedMap::new(),
            },
            head: engine.clone(),
            root: 0,
            ahead: Default::default(),
            cache: Default::default(),
        };
        let mut session = Session {
            start,
            origin,
            base: engine,
            branches: vec![main],
            current: 0,
            files,
            roots: Vec::new(),
            root: 0,
        };
        session.keep();
        if session.start.preset.as_deref() == Some(presets::LANDING) {
            session.land();
        }
        session
    }

    /// The landing scene: the update to httpd is under way, and stands where nothing more happens in this instant.
    fn land(&mut self) {
        self.play_to(LANDING_UPDATE_MS);
        self.run("kubectl set image deployment/rolldeployment nginx=httpd");
        while self.writes() < LANDING_WRITES && self.at() < LANDING_LIMIT_MS && self.step() {}
        self.settle();
    }

    /// A session on a given cluster, empty console, time zero now.
    pub fn with_config(config: ClusterConfig) -> Session {
        let mut session = Session::new(Start {
            seed: config.seed,
            version: config.version,
            ..Start::default()
        });
        let engine = Engine::new(config);
        session.origin = engine.now();
        session.base = engine.clone();
        session.branches[0].cursor.store = engine.store().clone();
        session.branches[0].head = engine;
        session.branches[0].timeline = Timeline::default();
        session.branches[0].cache = Default::default();
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
        self.repeat(&entry.action);
    }

    /// Does at the cursor what was done elsewhere.
    pub(crate) fn repeat(&mut self, action: &Action) {
        match action {
            Action::Line(line) => drop(self.run(line)),
            Action::Apply { file, text } => drop(self.apply(file, text)),
            Action::Save { file, text } => self.save(file, text),
            Action::Edit {
                line,
                original,
                saved,
            } => drop(self.edit(Opened {
                line: line.clone(),
                original: original.clone(),
                saved: saved.clone(),
                text: String::new(),
            })),
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
    /// The engine's shared state at the start.
    pub(crate) fn base_world(&self) -> &rollout_engine::World {
        self.base.world()
    }
    /// The rules of images at the start.
    pub(crate) fn base_rules(&self) -> &rollout_engine::images::ImageRules {
        &self.base.world().images
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
    /// The same in milliseconds.
    pub fn wall_ms_at(&self, at: u64) -> i64 {
        self.base.config().start.0 * 1000 + i64::try_from(self.origin.0 + at).unwrap_or(i64::MAX)
    }
    /// The time of the session at a time of the cluster's wall clock; negative before the start.
    pub fn at_of_wall(&self, wall: Timestamp) -> i64 {
        (wall.0 - self.base.config().start.0) * 1000 - self.origin.0 as i64
    }
    /// The set-up of the cluster.
    pub fn config(&self) -> &ClusterConfig {
        self.base.config()
    }
    /// A time of the session on the engine's clock, which begins before the session where there is a history.
    pub fn engine_time(&self, at: u64) -> SimTime {
        SimTime(self.origin.0.saturating_add(at))
    }
    /// The engine at the end of what was computed, to look at.
    pub fn head(&self) -> &Engine {
        &self.branch().head
    }
    /// The engine that is kept nearest before the cursor, and after how many steps it stands: to ask what is not stored.
    pub fn kept_before(&self) -> (usize, &Engine) {
        match self.branch().timeline.checkpoint(self.position()) {
            Some(c) => (c.step, &c.engine),
            None => (0, &self.base),
        }
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
    /// When something is due next after the cursor: a recorded step, or what the engine has scheduled. That old Events
    /// expire is nothing to wait for.
    pub fn next_at(&self) -> Option<u64> {
        match self.steps().get(self.position()) {
            Some(step) => Some(step.at),
            None => {
                let due = self
                    .branch()
                    .head
                    .upcoming()
                    .find(|(_, e)| **e != SimEvent::ExpireEvents);
                due.map(|(at, _)| at.0.saturating_sub(self.origin.0).max(self.at()))
            }
        }
    }
    /// More steps belong to the instant in which the cursor stands.
    pub fn more_now(&self) -> bool {
        match self.steps().get(self.position()) {
            Some(step) => step.at == self.at(),
            None if self.next_at() == Some(self.at()) => {
                let mut engine = self.branch().head.clone();
                !next_visible(&mut engine, SimTime(self.origin.0 + self.at())).is_empty()
            }
            None => false,
        }
    }
    /// What the shell remembers at the cursor: variables, aliases, files that lines wrote.
    pub fn env(&self) -> Rc<rollout_shell::Env> {
        self.branch().moments.at(self.position(), self.at())
    }
    /// With what a line at the cursor begins.
    fn before<'a>(&'a self, env: &'a rollout_shell::Env, line: &str) -> crate::console::Before<'a> {
        let history = if line.contains("history") {
            self.typed()
        } else {
            Vec::new()
        };
        crate::console::Before {
            env,
            files: &self.files,
            version: self.config().version,
            at: self.at(),
            history: history.into(),
        }
    }
    /// The lines that were typed until the cursor, oldest first.
    pub fn typed(&self) -> Vec<String> {
        let (step, at) = (self.position(), self.at());
        let before = self
            .branch()
            .log
            .iter()
            .filter(|e| (e.step, e.at) <= (step, at));
        before
            .filter_map(|e| match &e.action {
                Action::Line(line) | Action::Edit { line, .. } => Some(line.clone()),
                Action::Apply { file, .. } => Some(format!("kubectl apply -f {file}")),
                Action::Save { .. } | Action::Interrupt => None,
            })
            .collect()
    }
    /// The files that a line at the cursor can see: those of the page, and what lines wrote.
    pub fn files_here(&self) -> SortedMap<String, String> {
        self.env().files(&self.files)
    }
    /// Files that the page holds.
    pub fn files(&self) -> &SortedMap<String, String> {
        &self.files
    }
    /// Commands that wait at the cursor: they have begun and not ended.
    pub fn waiting(&self) -> impl Iterator<Item = &Running> {
        let (step, at) = (self.position(), self.at());
        self.branch().running.iter().filter(move |r| {
            (r.step, r.at) <= (step, at) && r.ended.is_none_or(|(s, t, _)| (s, t) > (step, at))
        })
    }

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
            .filter(|(e, made)| e.step + **made <= step && e.at <= at)
            .map(|(e, _)| (**e).clone())
            .collect();
        // The landing scene's own action is in the log, as if the learner had done it.
        let mut start = self.start.clone();
        if start.preset.as_deref() == Some(presets::LANDING) {
            start.preset = presets::find(presets::LANDING).map(|p| p.name.to_owned());
        }
        Shared {
            start,
            log,
            step,
            at,
            draft,
        }
    }
}
