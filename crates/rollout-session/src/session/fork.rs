//! Branches: acting in the past keeps the former future.

use super::follow::catch_up;
use super::replay::Replay;
use super::*;

/// Longest name of a branch, in characters.
const MAX_BRANCH_NAME: usize = 40;

impl Session {
    /// Begins a branch at the cursor and shows it. The former future stays where it was.
    pub(super) fn fork(&mut self, step: usize, at: u64) {
        let parent = self.current;
        let old = &self.branches[parent];
        // An action at this very moment that led into the old future is not part of the new one.
        let kept = |e: &LogEntry, made: usize| {
            e.step < step || (e.step == step && e.at <= at && made == 0)
        };
        let mut log = Vec::new();
        let mut made = Vec::new();
        let mut envs = Vec::new();
        for ((e, m), env) in old.log.iter().zip(&old.made).zip(&old.envs) {
            if kept(e, *m) {
                log.push(e.clone());
                made.push(*m);
                envs.push(env.clone());
            }
        }
        let mut moments = old.moments.clone();
        moments.truncate(step, at);
        let mut rules = old.rules.clone();
        rules.retain(|(s, _)| *s <= step);
        let mut transcript = old.transcript.clone();
        transcript.truncate(step, at);
        let mut branch = Branch {
            name: self.free_name(),
            parent: Some(parent),
            fork_step: step,
            fork_at: at,
            log,
            made,
            envs,
            moments,
            rules,
            timeline: old.timeline.prefix(step),
            transcript,
            running: Vec::new(),
            cursor: old.cursor.clone(),
            head: self.engine_here(),
            root: self.root,
            ahead: Default::default(),
            cache: Default::default(),
        };
        branch.cursor.lingered.retain(|s, _| *s <= step);
        for run in old.running.iter().filter(|r| (r.step, r.at) <= (step, at)) {
            let mut again = run.clone();
            if again.ended.is_some_and(|(s, t, _)| (s, t) > (step, at)) {
                again.ended = None;
            }
            if again.ended.is_none() {
                again.state = again.initial.clone();
                again.stdout.truncate(again.first.0);
                again.stderr.truncate(again.first.1);
                let mut replay = Replay::at(self, run.step);
                // Its lines stand in the transcript already.
                let mut said = Transcript::default();
                let mut left = crate::branch::Moments::default();
                catch_up(&mut again, &mut replay, &mut said, &mut left, step);
            }
            branch.running.push(again);
        }
        self.branches.push(branch);
        self.current = self.branches.len() - 1;
    }

    /// Forgets what is recorded behind the cursor and was not before there were so many steps: it was computed in search
    /// of something, and nobody has seen it.
    pub fn forget_ahead(&mut self, known: usize) {
        let here = self.position();
        if self.steps().len() > known.max(here) {
            self.seek(known.max(here));
            self.forget_rest();
            if self.position() != here {
                self.seek(here);
            }
        }
    }

    /// Forgets what is recorded behind the cursor. Nothing is forgotten where something was done, or where a branch left.
    fn forget_rest(&mut self) {
        let (step, at) = (self.position(), self.at());
        let branch = self.branch();
        let acted = branch.log.iter().zip(&branch.made);
        let acted = acted.filter(|(e, made)| e.step > step || (e.step == step && **made > 0));
        let here = self.current;
        let mut left = self.branches.iter().filter(|b| b.parent == Some(here));
        if self.at_head() || acted.count() > 0 || left.any(|b| b.fork_step > step) {
            return;
        }
        self.fork(step, at);
        self.current = here;
        if let Some(mut kept) = self.branches.pop() {
            let old = &mut self.branches[here];
            kept.name = std::mem::take(&mut old.name);
            (kept.parent, kept.fork_step, kept.fork_at) = (old.parent, old.fork_step, old.fork_at);
            *old = kept;
        }
    }

    /// Shows a branch at the moment where it was left.
    pub fn open_branch(&mut self, index: usize) -> bool {
        if index >= self.branches.len() {
            return false;
        }
        self.current = index;
        self.stand_on(self.branches[index].root);
        true
    }

    /// `branch 1`, `branch 2`, …: the first that is free.
    fn free_name(&self) -> String {
        let mut n = self.branches.len();
        loop {
            let name = format!("branch {n}");
            if self.branches.iter().all(|b| b.name != name) {
                return name;
            }
            n += 1;
        }
    }

    /// Gives a branch another name. False: the name is empty, too long or taken.
    pub fn rename_branch(&mut self, index: usize, name: &str) -> bool {
        let name = name.trim();
        let taken = self
            .branches
            .iter()
            .enumerate()
            .any(|(i, b)| i != index && b.name == name);
        if name.is_empty() || name.chars().count() > MAX_BRANCH_NAME || taken {
            return false;
        }
        match self.branches.get_mut(index) {
            Some(branch) => {
                name.clone_into(&mut branch.name);
                true
            }
            None => false,
        }
    }

    /// Deletes a branch that is not shown. Branches that left it stay, with all their past, and hang on its parent then.
    /// False: there is none, or it is the one that is shown.
    pub fn delete_branch(&mut self, index: usize) -> bool {
        if index == self.current || index >= self.branches.len() {
            return false;
        }
        let parent = self.branches[index].parent;
        self.branches.remove(index);
        let moved = |i: usize| if i > index { i - 1 } else { i };
        for branch in &mut self.branches {
            branch.parent = match branch.parent {
                Some(p) if p == index => parent.map(moved),
                other => other.map(moved),
            };
        }
        self.current = moved(self.current);
        true
    }

    /// Takes back the learner's last action: the moment before it, on a new branch. False: there is none.
    pub fn undo_last_action(&mut self) -> bool {
        let branch = self.branch();
        let here = self.position();
        let last = branch
            .log
            .iter()
            .zip(&branch.made)
            .rev()
            .find(|(e, made)| **made > 0 && e.step < here);
        let Some(entry) = last.map(|(e, _)| e.clone()) else {
            return false;
        };
        self.seek(entry.step);
        self.branch_mut().cursor.at = entry.at;
        self.fork(entry.step, entry.at);
        true
    }

    /// Everything as at the start; branches are gone.
    pub fn reset(&mut self) {
        *self = Session::new(self.start.clone());
    }
}
