//! Branches: acting in the past keeps the former future.

use super::follow::{ask, catch_up, hear};
use super::replay::Replay;
use super::*;

impl Session {
    /// Begins a branch at the cursor and shows it. The former future stays where it was.
    pub(super) fn fork(&mut self, step: usize, at: u64) {
        let parent = self.current;
        let old = &self.branches[parent];
        // An action at this very moment that led into the old future is not part of the new one.
        let kept = |e: &LogEntry, made: usize| {
            e.step < step || (e.step == step && e.at <= at && made == 0)
        };
        let (log, made) = old
            .log
            .iter()
            .zip(&old.made)
            .filter(|(e, m)| kept(e, **m))
            .map(|(e, m)| (e.clone(), *m))
            .unzip();
        let mut transcript = old.transcript.clone();
        transcript.truncate(step, at);
        let mut branch = Branch {
            name: format!("branch {}", self.branches.len()),
            parent: Some(parent),
            fork_step: step,
            fork_at: at,
            log,
            made,
            timeline: old.timeline.prefix(step),
            transcript,
            running: Vec::new(),
            cursor: old.cursor.clone(),
            head: self.engine_here(),
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
                again.stdout.clear();
                again.stderr.clear();
                let mut replay = Replay::at(self, run.step);
                // Its lines stand in the transcript already.
                let mut said = Transcript::default();
                let heard = ask(&mut again, &mut replay.engine, run.at, &[], &mut Vec::new());
                hear(&mut again, &mut said, run.step, run.at, heard);
                catch_up(&mut again, &mut replay, &mut said, step);
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
