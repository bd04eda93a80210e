//! Acting at the cursor: lines, texts, files, Ctrl-C; and the engine made again for a moment of the past.

use super::follow::{self, catch_up};
use super::replay::Replay;
use super::*;
use crate::console;
use crate::timeline::visible;
use crate::transcript::LineKind;
use rollout_engine::{Cause, SimEvent};

/// So many events that show nothing are looked through for one that does.
const SILENT: usize = 5_000;

impl Session {
    /// Runs a line of the console at the cursor. In the past this begins a branch, if the line changes something.
    pub fn run(&mut self, line: &str) -> Ran {
        self.record_files(line);
        self.act(Action::Line(line.to_owned()), line)
    }

    /// Applies a text: `kubectl apply -f FILE`.
    pub fn apply(&mut self, file: &str, text: &str) -> Ran {
        let line = format!("kubectl apply -f {}", quoted(file));
        self.files.insert(file.to_owned(), text.to_owned());
        self.act(
            Action::Apply {
                file: file.to_owned(),
                text: text.to_owned(),
            },
            &line,
        )
    }

    /// Holds a file, for lines that name it.
    pub fn save(&mut self, file: &str, text: &str) {
        self.files.insert(file.to_owned(), text.to_owned());
        // What a line wrote into it is gone.
        let mut env = self.env();
        if env.written().contains_key(file) {
            Rc::make_mut(&mut env).forget_file(file);
            let (step, at) = (self.position(), self.at());
            self.branch_mut().moments.leave(step, at, &env);
        }
    }

    /// The files that a line names.
    pub(super) fn record_files(&mut self, line: &str) {
        for file in console::names_file(line, &self.files)
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
        {
            self.record_file(&file);
        }
    }

    /// A file that a line names belongs into the log, if it is not there as it is now.
    fn record_file(&mut self, file: &str) {
        let Some(text) = self.files.get(file) else {
            return;
        };
        let known = self
            .branch()
            .log
            .iter()
            .rev()
            .find_map(|e| match &e.action {
                Action::Apply { file: f, text } | Action::Save { file: f, text } if f == file => {
                    Some(text.as_str())
                }
                _ => None,
            })
            .or_else(|| scene::start_file(&self.start, file));
        if known != Some(text.as_str()) {
            let action = Action::Save {
                file: file.to_owned(),
                text: text.clone(),
            };
            // What was done later read the file as it was then.
            if self.is_before_other_actions() {
                self.fork(self.position(), self.at());
            }
            self.record(
                Rc::new(LogEntry {
                    at: self.at(),
                    step: self.position(),
                    settled: false,
                    action,
                }),
                0,
                Rc::default(),
            );
        }
    }

    /// Is there an action that was done at a later moment, or that led away from this one?
    fn is_before_other_actions(&self) -> bool {
        let here = (self.position(), self.at());
        let branch = self.branch();
        let mut entries = branch.log.iter().zip(&branch.made);
        entries.any(|(e, made)| (e.step, e.at) > here || ((e.step, e.at) == here && *made > 0))
    }

    /// Adds an entry to the log, behind what was done until then: what changed nothing comes before the action that led
    /// away from the same moment.
    pub(super) fn record(&mut self, entry: Rc<LogEntry>, made: usize, env: Rc<rollout_shell::Env>) {
        let branch = self.branch_mut();
        let new = (entry.step, entry.at, made > 0);
        let mut entries = branch.log.iter().zip(&branch.made);
        let place = entries
            .position(|(e, made)| (e.step, e.at, *made > 0) > new)
            .unwrap_or(branch.log.len());
        branch.log.insert(place, entry);
        branch.made.insert(place, made);
        branch.envs.insert(place, env);
    }

    /// Ctrl-C: waiting commands end, the cluster goes on.
    pub fn interrupt(&mut self) {
        let (step, at) = (self.position(), self.at());
        // A line that wrote something later leads away from a future in which it did.
        let writes = |id: u64| {
            let later = self.steps().get(step..).unwrap_or_default();
            later.iter().any(|s| s.by.is_some_and(|(by, _)| by == id))
        };
        if self.waiting().any(|r| writes(r.id)) {
            self.fork(step, at);
        }
        let branch = self.branch_mut();
        let mut any = false;
        let mut left = None;
        for run in &mut branch.running {
            if (run.step, run.at) <= (step, at)
                && run.ended.is_none_or(|(s, t, _)| (s, t) > (step, at))
            {
                run.ended = Some((step, at, run.state.interrupt()));
                left = Some(run.state.env().clone());
                any = true;
            }
        }
        if any {
            // What a command printed after this moment on the recorded future is gone with it.
            branch.transcript.truncate(step, at);
            branch.moments.truncate(step, at);
            if let Some(env) = left {
                branch.moments.leave(step, at, &env);
            }
            branch.transcript.add(step, at, LineKind::Typed, "^C");
            self.record(
                Rc::new(LogEntry {
                    at,
                    step,
                    settled: false,
                    action: Action::Interrupt,
                }),
                0,
                Rc::default(),
            );
        }
    }

    pub(super) fn act(&mut self, action: Action, line: &str) -> Ran {
        let settled_position = self.branch().timeline.settled_position(self.position());
        while self.position() < settled_position {
            self.forward();
        }
        let (step, at) = (self.position(), self.at());
        let mut engine = self.engine_here();
        let settled = engine.next_at().is_none_or(|next| next > engine.now());
        let env = self.env();
        let before = self.before(&env, line);
        let (exec, mut records) = engine.act("kubectl", |client| match &action {
            Action::Edit {
                line,
                original,
                saved,
            } => super::edit::execute(line, original, saved, &before, client),
            _ => console::execute(line, &before, client),
        });
        records = visible(records);
        if records.is_empty() && exec.touched {
            records.push(console::touch(&engine, command_of(line)));
        }
        let changes = !records.is_empty();
        // A line that may change something later, or that leaves something to later lines, leads away from them too.
        let later = exec
            .follow
            .as_ref()
            .is_some_and(rollout_shell::Shell::may_write);
        let leaves = !exec.env.same_but_status(&env) && self.is_before_other_actions();
        if ((changes || later) && (!self.at_head() || self.is_before_other_actions())) || leaves {
            self.fork(step, at);
        }
        let entry = Rc::new(LogEntry {
            at,
            step,
            settled,
            action,
        });
        self.record(entry.clone(), records.len(), env);
        if changes {
            let branch = self.branch_mut();
            branch.head = engine;
            branch.cursor.lingered.insert(step, at);
            self.push(records, Some(&entry));
            if exec.touched {
                let rules = Rc::new(self.branch().head.world().images.clone());
                let branch = self.branch_mut();
                branch.rules.push((branch.timeline.len(), rules));
            }
            while !self.at_head() {
                self.forward();
            }
        }
        let mut ran = self.print(line, exec);
        // What the cluster does at once is done before the next command of the line.
        if let Some(index) = ran.running.filter(|_| self.at_head()) {
            for _ in 0..MAX_STEPS_PER_CALL {
                let (run, at) = (&self.branch().running[index], self.at());
                if run.ended.is_some() || !run.state.waits_for_now(at) {
                    break;
                }
                self.play_next(at);
            }
            ran = self.ran(index);
        }
        ran
    }

    fn ran(&self, index: usize) -> Ran {
        let run = &self.branch().running[index];
        Ran {
            stdout: run.stdout.clone(),
            stderr: run.stderr.clone(),
            exit: run.ended.map(|(.., exit)| exit),
            running: Some(index),
        }
    }

    /// The engine at the cursor, its clock at the cursor's time.
    pub(super) fn engine_here(&self) -> Engine {
        let (step, at) = (self.position(), SimTime(self.origin.0 + self.at()));
        let mut engine = if self.at_head() && self.branch().head.now() <= at {
            self.branch().head.clone()
        } else {
            Replay::at(self, step).engine
        };
        if at > engine.now() {
            engine.advance_to(at);
        }
        engine
    }

    fn print(&mut self, line: &str, exec: console::Exec) -> Ran {
        let (step, at) = (self.position(), self.at());
        let branch = self.branch_mut();
        branch.transcript.add(
            step,
            at,
            LineKind::Typed,
            if line.is_empty() { " " } else { line },
        );
        follow::print(&mut branch.transcript, (step, at), &exec.text);
        let (stdout, stderr) = (exec.stdout(), exec.stderr());
        let Some(follow) = exec.follow else {
            branch.moments.leave(step, at, &exec.env);
            return Ran {
                stdout,
                stderr,
                exit: Some(exec.exit),
                running: None,
            };
        };
        let index = branch.running.len();
        let id = branch.running.iter().map(|r| r.id + 1).max().unwrap_or(1);
        let run = Running {
            line: line.to_owned(),
            step,
            at,
            state: follow.clone(),
            initial: follow,
            ended: None,
            first: (stdout.len(), stderr.len()),
            id,
            stdout,
            stderr,
        };
        self.start_following(run);
        self.ran(index)
    }

    /// A line begins to wait: at the head it waits, in the past it is told what was recorded.
    fn start_following(&mut self, mut run: Running) {
        let mut said = Transcript::default();
        let mut left = crate::branch::Moments::default();
        if !self.at_head() {
            let mut replay = Replay::at(self, run.step);
            catch_up(
                &mut run,
                &mut replay,
                &mut said,
                &mut left,
                self.steps().len(),
            );
        }
        let branch = self.branch_mut();
        for line in said.lines() {
            branch
                .transcript
                .add(line.step, line.at, line.kind, &line.text);
        }
        if let Some((step, at, _)) = run.ended {
            branch.moments.leave(step, at, run.state.env());
        }
        branch.running.push(run);
    }

    /// Runs a line and waits for its end in simulated time, at most `limit` milliseconds; then everything that the
    /// cluster does at once is done. The exit code is 124 if it would have waited longer.
    pub fn run_to_end(&mut self, line: &str, limit: u64) -> Ran {
        let began = self.at();
        let mut ran = self.run(line);
        if let Some(index) = ran.running {
            let end = began.saturating_add(limit);
            while self.branch().running[index].ended.is_none() {
                match self.next_due().filter(|t| *t <= end) {
                    Some(next) => self.play_next(next),
                    None => {
                        self.play_to(end);
                        let (step, at) = (self.position(), self.at());
                        let branch = self.branch_mut();
                        let run = &mut branch.running[index];
                        if run.ended.is_none() {
                            let said = run.state.run_out();
                            let place = (&mut branch.transcript, &mut branch.moments);
                            super::follow::hear(run, place.0, place.1, (step, at), said);
                        }
                    }
                }
            }
            ran = self.ran(index);
        }
        self.settle();
        ran
    }

    /// When something happens next: a step of the cluster, or the deadline of a waiting command.
    pub fn next_due(&self) -> Option<u64> {
        let deadlines = self.waiting().filter_map(|r| r.state.deadline());
        deadlines.chain(self.next_at()).min()
    }

    /// The same, but of the cluster only what can be seen. At rest the controllers still look after the progress deadline:
    /// that shows nothing, and nobody can step to it.
    pub fn next_seen(&self) -> Option<u64> {
        let deadlines = self.waiting().filter_map(|r| r.state.deadline());
        deadlines.chain(self.seen_ahead()).min()
    }

    fn seen_ahead(&self) -> Option<u64> {
        let due = self.next_at()?;
        if !self.at_head() {
            return Some(due);
        }
        let branch = self.branch();
        let newest = (self.steps().len(), branch.log.len(), branch.head.now().0);
        if let Some((of, seen)) = branch.ahead.get()
            && of == newest
        {
            return seen;
        }
        let mut engine = branch.head.clone();
        let mut seen = Some(due);
        for _ in 0..SILENT {
            let records = engine.step_until(SimTime(u64::MAX));
            if records.is_empty() {
                seen = None;
                break;
            }
            let expires = Cause::Event(SimEvent::ExpireEvents);
            let shown = visible(records);
            if let Some(first) = shown.first()
                && shown.iter().any(|r| r.cause != expires)
            {
                seen = Some(first.at.0.saturating_sub(self.origin.0).max(self.at()));
                break;
            }
        }
        branch.ahead.set(Some((newest, seen)));
        seen
    }

    /// One step that is due until a time, or the time itself.
    pub fn play_next(&mut self, until: u64) {
        if !self.at_head() || self.compute(until) {
            self.forward();
            return;
        }
        let cursor = &mut self.branch_mut().cursor;
        cursor.at = cursor.at.max(until);
    }
}

/// The command of a line that changes something which is no API object.
fn command_of(line: &str) -> rollout_api::Str {
    let words = line.split_whitespace();
    let word = words.into_iter().find(|w| *w != "$");
    rollout_api::Str::copy(word.unwrap_or("image"))
}

/// A file name as a word of the console.
pub(crate) fn quoted(file: &str) -> String {
    if file
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
    {
        file.to_owned()
    } else {
        format!("'{}'", file.replace('\'', "'\\''"))
    }
}
