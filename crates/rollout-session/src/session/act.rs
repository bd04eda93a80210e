//! Acting at the cursor: lines, texts, files, Ctrl-C; and the engine made again for a moment of the past.

use super::follow::catch_up;
use super::*;
use crate::console;
use crate::timeline::{next_visible, visible};
use crate::transcript::LineKind;
use rollout_engine::StepRecord;

impl Session {
    /// Runs a line of the console at the cursor. In the past this begins a branch, if the line changes something.
    pub fn run(&mut self, line: &str) -> Ran {
        for file in console::names_file(line, &self.files)
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
        {
            self.record_file(&file);
        }
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
            self.record(
                LogEntry {
                    at: self.at(),
                    step: self.position(),
                    settled: false,
                    action,
                },
                0,
            );
        }
    }

    /// Adds an entry to the log, behind what was done until then. Answers where it stands.
    pub(super) fn record(&mut self, entry: LogEntry, made: usize) -> usize {
        let branch = self.branch_mut();
        let place = branch
            .log
            .partition_point(|e| (e.step, e.at) <= (entry.step, entry.at));
        branch.log.insert(place, entry);
        branch.made.insert(place, made);
        place
    }

    /// Ctrl-C: waiting commands end, the cluster goes on.
    pub fn interrupt(&mut self) {
        let (step, at) = (self.position(), self.at());
        let branch = self.branch_mut();
        let mut any = false;
        for run in &mut branch.running {
            if (run.step, run.at) <= (step, at)
                && run.ended.is_none_or(|(s, t, _)| (s, t) > (step, at))
            {
                run.ended = Some((step, at, run.state.interrupt()));
                any = true;
            }
        }
        if any {
            // What a command printed after this moment on the recorded future is gone with it.
            branch.transcript.truncate(step, at);
            branch.transcript.add(step, at, LineKind::Typed, "^C");
            self.record(
                LogEntry {
                    at,
                    step,
                    settled: false,
                    action: Action::Interrupt,
                },
                0,
            );
        }
    }

    fn act(&mut self, action: Action, line: &str) -> Ran {
        let settled_position = self.branch().timeline.settled_position(self.position());
        while self.position() < settled_position {
            self.forward();
        }
        let (step, at) = (self.position(), self.at());
        let mut engine = self.engine_here();
        let settled = engine.next_at().is_none_or(|next| next > engine.now());
        let files = &self.files;
        let (exec, mut records) = engine.act("kubectl", |client| {
            console::execute(line, files, at, client)
        });
        records = visible(records);
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
        let place = self.record(
            LogEntry {
                at,
                step,
                settled,
                action,
            },
            records.len(),
        );
        if changes {
            let branch = self.branch_mut();
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
    pub(super) fn engine_here(&self) -> Engine {
        let (step, at) = (self.position(), SimTime(self.origin.0 + self.at()));
        let mut engine = if self.at_head() {
            self.branch().head.clone()
        } else {
            self.engine_at(step)
        };
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
            let entry = branch.log[log.min(branch.log.len())..]
                .iter()
                .zip(&branch.made[log.min(branch.made.len())..]);
            let next = entry
                .take_while(|(e, _)| e.step <= done)
                .enumerate()
                .find(|(_, (_, made))| **made > 0);
            match next {
                Some((i, (entry, made))) => {
                    log += i + 1;
                    done += made;
                    self.redo(&mut engine, entry);
                }
                None => {
                    let records = next_visible(&mut engine, SimTime(u64::MAX));
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
                for e in self
                    .branch()
                    .log
                    .iter()
                    .take_while(|e| !std::ptr::eq(*e, entry))
                {
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
        engine.act("kubectl", |client| {
            console::execute(&line, &files, entry.at, client)
        });
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
        branch.transcript.add(step, at, LineKind::Out, &exec.stdout);
        branch.transcript.add(step, at, LineKind::Err, &exec.stderr);
        if exec.clear {
            branch.transcript.clear(step, at);
        }
        let Some(follow) = exec.follow else {
            return Ran {
                stdout: exec.stdout,
                stderr: exec.stderr,
                exit: Some(exec.exit),
                running: None,
            };
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

    /// Runs a line and waits for its end in simulated time, at most `limit` milliseconds; then everything that the
    /// cluster does at once is done. The exit code is 124 if it would have waited longer.
    pub fn run_to_end(&mut self, line: &str, limit: u64) -> Ran {
        let began = self.at();
        let mut ran = self.run(line);
        if let Some(index) = ran.running {
            let end = began.saturating_add(limit);
            while self.branch().running[index].ended.is_none() {
                let deadline = self.branch().running[index].state.deadline();
                let next = [self.next_at(), deadline]
                    .into_iter()
                    .flatten()
                    .min()
                    .filter(|t| *t <= end);
                match next {
                    Some(next) if self.at() <= next => {
                        let passed = self.play_one(next);
                        if !passed
                            && self.branch().running[index].ended.is_none()
                            && self.next_at().is_none_or(|n| n <= next)
                            && deadline.is_none_or(|d| d > next)
                        {
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

/// A file name as a word of the console.
fn quoted(file: &str) -> String {
    if file
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
    {
        file.to_owned()
    } else {
        format!("'{}'", file.replace('\'', "'\\''"))
    }
}
