//! One line of history: its log, its steps, the engine at its end, and where the learner looks.

use crate::action::LogEntry;
use crate::timeline::Timeline;
use crate::transcript::Transcript;
use rollout_api::SortedMap;
use rollout_engine::images::ImageRules;
use rollout_engine::{Engine, Store};
use rollout_shell::{Env, Shell};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Where the learner looks.
#[derive(Clone)]
pub struct Cursor {
    /// After how many steps.
    pub step: usize,
    /// Milliseconds since the start: at or after the step's own time, before the next step's.
    pub at: u64,
    /// What is stored at that moment.
    pub store: Store,
    /// The latest time at which the learner stood at a step: a step back returns there.
    pub(crate) lingered: SortedMap<usize, u64>,
}

/// A command that waits and prints as time runs.
#[derive(Clone)]
pub struct Running {
    /// What was typed.
    pub line: String,
    /// The position at which it was typed.
    pub step: usize,
    /// The time at which it was typed.
    pub at: u64,
    /// Its state.
    pub state: Shell,
    /// As it was when it began.
    pub(crate) initial: Shell,
    /// How much of stdout and stderr it printed when it began.
    pub(crate) first: (usize, usize),
    /// Its number, on every branch the same.
    pub(crate) id: u64,
    /// How it ended: step, time, exit code.
    pub ended: Option<(usize, u64, i32)>,
    /// What it printed so far.
    pub stdout: String,
    /// What it printed so far on standard error.
    pub stderr: String,
}

/// What the shell remembers at each moment: what it remembered is taken back with a step back.
#[derive(Clone, Default)]
pub struct Moments(Vec<(usize, u64, Rc<Env>)>);

impl Moments {
    /// What lines before a moment left.
    pub fn at(&self, step: usize, at: u64) -> Rc<Env> {
        let before = |m: &&(usize, u64, Rc<Env>)| (m.0, m.1) <= (step, at);
        let found = self.0.iter().rev().find(before);
        found.map_or_else(Rc::default, |m| m.2.clone())
    }
    /// A line left this.
    pub fn leave(&mut self, step: usize, at: u64, env: &Env) {
        if *self.at(step, at) == *env {
            return;
        }
        let place = self.0.partition_point(|m| (m.0, m.1) <= (step, at));
        self.0.insert(place, (step, at, Rc::new(env.clone())));
    }
    /// Forgets what was left after a moment.
    pub fn truncate(&mut self, step: usize, at: u64) {
        self.0.retain(|m| (m.0, m.1) <= (step, at));
    }
}

/// A newest moment: steps, entries of the log, the engine's clock.
pub(crate) type Newest = (usize, usize, u64);

/// One history. A branch shares the steps up to its fork with its parent.
pub struct Branch {
    /// `main`, `branch 1`, …
    pub name: String,
    /// The branch that it left.
    pub parent: Option<usize>,
    /// The step at which it left.
    pub fork_step: usize,
    /// The time at which it left.
    pub fork_at: u64,
    /// What the learner did.
    pub log: Vec<Rc<LogEntry>>,
    /// How many steps each entry of the log made.
    pub(crate) made: Vec<usize>,
    /// With what each entry of the log began: variables, files.
    pub(crate) envs: Vec<Rc<Env>>,
    /// What lines left for later ones, by step and time.
    pub(crate) moments: Moments,
    /// What happened.
    pub timeline: Timeline,
    /// The rules of images after a step, where they changed.
    pub(crate) rules: Vec<(usize, Rc<ImageRules>)>,
    /// The console.
    pub transcript: Transcript,
    /// Commands that wait or waited.
    pub running: Vec<Running>,
    /// Where the learner looks.
    pub cursor: Cursor,
    /// The cluster at the end of the timeline.
    pub(crate) head: Engine,
    /// Which root of the session it grew from.
    pub(crate) root: usize,
    /// When something can be seen next, for the newest moment for which somebody asked.
    pub(crate) ahead: Cell<Option<(Newest, Option<u64>)>>,
    /// Whatever a view wants to keep of this timeline, which only grows.
    pub cache: RefCell<Option<Box<dyn Any>>>,
}
