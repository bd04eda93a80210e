//! A scenario run on the engine alone: no display store, no timeline, no transcript. For sweeps of hundreds of runs.

use crate::action::{Action, LogEntry};
use crate::console;
use crate::plan::Plan;
use crate::scenario::{AFTERWARDS_MS, HORIZON_MS, Scenario, at_rest, patch_line, traffic_line};
use crate::scene::{self, Prepared};
use rollout_api::SortedMap;
use rollout_engine::{Engine, SimTime, StepRecord};

/// The cluster before the learner's first action, for all runs with the same number of replicas.
pub struct Base {
    engine: Engine,
    files: SortedMap<String, String>,
}

impl Base {
    /// The cluster.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Scenario {
    /// Can it be run on the engine alone? What was saved in an editor needs a session.
    pub fn is_bare(&self) -> bool {
        let edited = |e: &LogEntry| matches!(e.action, Action::Edit { .. });
        !self.log.iter().any(edited)
    }

    /// Is the cluster at the start the same under all plans with the same number of replicas? Earlier releases were rolled out
    /// under the plan too: they leave other pods.
    pub fn is_same_at_start(&self) -> bool {
        let preset = self.start.preset.as_deref().and_then(crate::presets::find);
        preset.is_none_or(|p| p.history.len() < 2)
    }

    /// The start under a plan, at rest.
    pub fn base(&self, plan: &Plan) -> Base {
        let Prepared { engine, files } = scene::prepare(&self.start_of(plan));
        Base { engine, files }
    }

    /// Everything done again under a plan whose base differs at most in its strategy, to its end. `each` sees the records
    /// with changes. Answers with the cluster at the end.
    pub fn run_bare(&self, base: &Base, plan: &Plan, each: &mut dyn FnMut(&StepRecord)) -> Engine {
        let mut run = Bare {
            engine: base.engine.clone(),
            files: base.files.clone(),
            origin: base.engine.now().0,
            each,
        };
        run.keep_to(plan);
        let mut first = scene::start_text(&self.start).is_none();
        let mut silent = self.traffic;
        run.stream(&mut silent);
        for entry in &self.log {
            run.advance(entry.at);
            match &entry.action {
                Action::Line(line) => run.line(line),
                Action::Apply { file, text } => {
                    let text = self.text(plan, text, &mut first);
                    run.files.insert(file.clone(), text);
                    run.line(&format!(
                        "kubectl apply -f {}",
                        crate::session::quoted(file)
                    ));
                }
                Action::Save { file, text } => {
                    let text = self.text(plan, text, &mut first);
                    run.files.insert(file.clone(), text);
                }
                Action::Edit { .. } | Action::Interrupt => {}
            }
            run.keep_to(plan);
            run.stream(&mut silent);
        }
        if let Some((at, line)) = &self.update {
            run.advance(*at);
            run.line(line);
        }
        run.out();
        run.engine
    }
}

struct Bare<'a> {
    engine: Engine,
    files: SortedMap<String, String>,
    origin: u64,
    each: &'a mut dyn FnMut(&StepRecord),
}

impl Bare<'_> {
    fn tell(&mut self, records: &[StepRecord]) {
        for record in records.iter().filter(|r| !r.changes.is_empty()) {
            (self.each)(record);
        }
    }

    fn advance(&mut self, at: u64) {
        let until = SimTime(self.origin + at);
        loop {
            let records = self.engine.step_until(until);
            if records.is_empty() {
                break;
            }
            self.tell(&records);
        }
        let rest = self.engine.advance_to(until);
        self.tell(&rest);
    }

    fn line(&mut self, line: &str) {
        let before = console::Before {
            env: &rollout_shell::Env::default(),
            files: &self.files,
            version: self.engine.config().version,
            at: self.engine.now().0 - self.origin,
            history: [].into(),
        };
        let ((), records) = self.engine.act("kubectl", |client| {
            drop(console::execute(line, &before, client));
        });
        self.tell(&records);
    }

    fn keep_to(&mut self, plan: &Plan) {
        let line = patch_line(&self.engine, plan);
        if let Some(line) = line {
            self.line(&line);
        }
    }

    fn stream(&mut self, silent: &mut bool) {
        if *silent && let Some(line) = traffic_line(&self.engine) {
            self.line(&line);
            *silent = false;
        }
    }

    /// Until all is at rest, at most the horizon.
    fn out(&mut self) {
        let limit = SimTime(self.engine.now().0 + HORIZON_MS);
        let now = self.engine.advance_to(self.engine.now());
        self.tell(&now);
        while !at_rest(&self.engine) {
            let records = self.engine.step_until(limit);
            if records.is_empty() {
                break;
            }
            self.tell(&records);
        }
        // Requests still fail for a moment after the end: a comparison counts them too.
        let rest = self
            .engine
            .advance_to(SimTime(self.engine.now().0 + AFTERWARDS_MS));
        self.tell(&rest);
    }
}
