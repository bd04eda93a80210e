//! A scenario run on the engine alone: no display store, no timeline, no transcript. For sweeps of hundreds of runs.

use crate::action::{Action, LogEntry};
use crate::console;
use crate::plan::Plan;
use crate::scenario::{
    AFTERWARDS_MS, HORIZON_MS, Scenario, at_rest, patch_line, size_line, traffic_line,
};
use crate::scene::{self, Prepared};
use crate::subject::deployment_of;
use rollout_api::{Kind, ObjectKey, SortedMap};
use rollout_engine::{Engine, SimTime, StepRecord};
use rollout_shell::Env;

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

    /// The Deployment that is measured, as it is in a cluster.
    pub fn measured(&self, engine: &Engine) -> Option<ObjectKey> {
        deployment_of(engine, self.subject.as_ref()).map(|d| {
            let meta = &d.meta;
            ObjectKey::new(Kind::DEPLOYMENT, meta.namespace.clone(), meta.name.clone())
        })
    }

    /// Everything done again under a plan whose base differs at most in its strategy, to its end. `each` sees the records
    /// with changes. Answers with the cluster at the end; none: a line went on in time (a drain that tries again, `sleep`),
    /// and only a session goes on with it.
    pub fn run_bare(
        &self,
        base: &Base,
        plan: &Plan,
        each: &mut dyn FnMut(&StepRecord),
    ) -> Option<Engine> {
        let mut run = Bare {
            engine: base.engine.clone(),
            files: base.files.clone(),
            origin: base.engine.now().0,
            env: Env::default(),
            meant: self.subject.as_ref(),
            goes_on: false,
            each,
        };
        run.keep_to(plan);
        let mut first = scene::start_text(&self.start).is_none();
        let mut silent = self.traffic.as_deref();
        let mut unmade = deployment_of(&run.engine, self.subject.as_ref()).is_none();
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
            if unmade && let Some(d) = deployment_of(&run.engine, self.subject.as_ref()) {
                unmade = false;
                if let Some(line) = size_line(d, plan) {
                    run.line(&line);
                }
            }
            run.stream(&mut silent);
        }
        if let Some((at, line)) = &self.update {
            run.advance(*at);
            run.line(line);
        }
        if run.goes_on {
            return None;
        }
        run.out();
        Some(run.engine)
    }
}

struct Bare<'a> {
    engine: Engine,
    files: SortedMap<String, String>,
    origin: u64,
    /// What a line leaves for the next one.
    env: Env,
    meant: Option<&'a ObjectKey>,
    /// A line waits and may still do something.
    goes_on: bool,
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
            env: &self.env,
            files: &self.files,
            version: self.engine.config().version,
            at: self.engine.now().0 - self.origin,
            history: [].into(),
        };
        let (ran, records) = self
            .engine
            .act("kubectl", |client| console::execute(line, &before, client));
        self.goes_on |= ran.follow.is_some() && !only_looks(line);
        self.env = ran.env;
        self.tell(&records);
    }

    fn keep_to(&mut self, plan: &Plan) {
        let line = patch_line(&self.engine, plan, self.meant);
        if let Some(line) = line {
            self.line(&line);
        }
    }

    fn stream(&mut self, silent: &mut Option<&str>) {
        if let Some(rate) = *silent
            && let Some(line) = traffic_line(&self.engine, self.meant, rate)
        {
            self.line(&line);
            *silent = None;
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

/// A line that waits and changes nothing, whatever it sees.
fn only_looks(line: &str) -> bool {
    let one = !line.contains([';', '&', '|', '>', '\n', '`', '$']);
    let looks = ["kubectl rollout status", "kubectl get ", "kubectl wait "];
    one && looks.iter().any(|l| line.starts_with(l))
}
