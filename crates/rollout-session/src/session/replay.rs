//! The engine made again for a moment of the past: from the nearest checkpoint, step by step, action by action.

use super::act::quoted;
use super::*;
use crate::console::{self, Before};

/// An engine on its way through the recorded steps of the branch that is shown.
pub(super) struct Replay<'s> {
    session: &'s Session,
    /// How many steps it has made.
    done: usize,
    /// The cluster then.
    pub engine: Engine,
}

impl<'s> Replay<'s> {
    /// The engine after some steps.
    pub fn at(session: &'s Session, position: usize) -> Replay<'s> {
        let (done, engine) = match session.branch().timeline.checkpoint(position) {
            Some(c) => (c.step, c.engine.clone()),
            None => (0, session.base.clone()),
        };
        let mut replay = Replay {
            session,
            done,
            engine,
        };
        if let Some(last) = position.checked_sub(1) {
            replay.advance_beyond(last);
        }
        replay
    }

    /// The time of the cluster at which the session began.
    pub fn origin(&self) -> u64 {
        self.session.origin.0
    }

    /// The recorded step behind a position.
    pub fn step(&self, position: usize) -> Option<Rc<Step>> {
        self.session.steps().get(position).cloned()
    }

    /// Makes steps until the one behind `position` is made.
    pub fn advance_beyond(&mut self, position: usize) {
        while self.done <= position && self.advance() {}
    }

    /// Makes what comes next: an action that was done here, or the engine's next event.
    fn advance(&mut self) -> bool {
        let branch = self.session.branch();
        // What a waiting line wrote can't be made again: the engine was kept right behind it.
        let written = branch
            .timeline
            .steps()
            .get(self.done)
            .is_some_and(|s| s.by.is_some());
        if written && let Some(kept) = branch.timeline.checkpoint_after(self.done) {
            self.done = kept.step;
            self.engine = kept.engine.clone();
            return true;
        }
        let here = branch
            .log
            .iter()
            .zip(&branch.made)
            .zip(&branch.envs)
            .find(|((e, made), _)| e.step == self.done && **made > 0);
        if let Some(((entry, made), env)) = here {
            self.done += made;
            self.redo(&entry.clone(), env);
            return true;
        }
        let records = next_visible(&mut self.engine, SimTime(u64::MAX));
        debug_assert!(!records.is_empty(), "a recorded step comes again in replay");
        self.done += records.len();
        !records.is_empty()
    }

    fn redo(&mut self, entry: &Rc<LogEntry>, env: &rollout_shell::Env) {
        if entry.settled {
            self.engine
                .advance_to(SimTime(self.session.origin.0 + entry.at));
        }
        let mut files = self.session.files.clone();
        let before = self.session.branch().log.iter();
        for e in before.take_while(|e| !Rc::ptr_eq(e, entry)) {
            if let Action::Save { file, text } | Action::Apply { file, text } = &e.action {
                files.insert(file.clone(), text.clone());
            }
        }
        let line = match &entry.action {
            Action::Line(line) => line.clone(),
            Action::Apply { file, text } => {
                files.insert(file.clone(), text.clone());
                format!("kubectl apply -f {}", quoted(file))
            }
            Action::Edit {
                line,
                original,
                saved,
            } => {
                let before = self.before(entry.at, &files, env);
                self.engine.act("kubectl", |client| {
                    super::edit::execute(line, original, saved, &before, client)
                });
                return;
            }
            Action::Save { .. } | Action::Interrupt => return,
        };
        let before = self.before(entry.at, &files, env);
        self.engine
            .act("kubectl", |client| console::execute(&line, &before, client));
    }

    /// With what a line of the log began. What was typed before it is only printed, never acted upon.
    fn before<'a>(
        &self,
        at: u64,
        files: &'a SortedMap<String, String>,
        env: &'a rollout_shell::Env,
    ) -> Before<'a> {
        Before {
            env,
            files,
            version: self.session.config().version,
            at,
            history: Rc::new([]),
        }
    }
}
