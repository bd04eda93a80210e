//! Lines that wait: told of every step, in order, each line kept with the step that caused it.

use super::*;
use crate::console;
use crate::transcript::LineKind;
use rollout_engine::StepRecord;
use rollout_shell::{Said, Text};

/// What a waiting line wrote, and whose it is.
pub(super) struct Wrote {
    pub records: Vec<StepRecord>,
    /// Its number, and whether what it waits for now began after it.
    pub by: (u64, bool),
    /// It changed rules of images.
    pub touched: bool,
}

/// Tells the waiting lines of the steps from `from` to the end, which the engine at the head has just made. Answers with
/// what the lines themselves wrote.
pub(super) fn feed(branch: &mut Branch, origin: u64, from: usize) -> Vec<Wrote> {
    let mut runs = std::mem::take(&mut branch.running);
    let mut wrote = Vec::new();
    for run in &mut runs {
        for position in from.max(run.step)..branch.timeline.len() {
            if run.ended.is_some() {
                break;
            }
            let step = branch.timeline.steps()[position].clone();
            if step.by == Some((run.id, true)) {
                continue;
            }
            let changes = &step.record.changes;
            let (said, made) = ask(run, &mut branch.head, origin, step.at, changes);
            let at = (position + 1, step.at);
            hear(run, &mut branch.transcript, &mut branch.moments, at, said);
            wrote.extend(made);
        }
    }
    branch.running = runs;
    wrote
}

/// The first deadline of the lines that wait at the head.
pub(super) fn next_deadline(branch: &Branch) -> Option<u64> {
    let waiting = branch.running.iter().filter(|r| r.ended.is_none());
    waiting
        .filter_map(|r| r.state.deadline().map(|d| d.max(r.at)))
        .min()
}

/// Asks the lines whose deadline has come, at the head. Nothing of the cluster is due before.
pub(super) fn pass(branch: &mut Branch, origin: u64, at: u64) -> Vec<Wrote> {
    let mut runs = std::mem::take(&mut branch.running);
    let mut wrote = Vec::new();
    let step = branch.timeline.len();
    for run in &mut runs {
        let due = run.state.deadline().is_some_and(|d| d <= at);
        if run.ended.is_some() || !due {
            continue;
        }
        let (said, made) = ask(run, &mut branch.head, origin, at, &[]);
        hear(
            run,
            &mut branch.transcript,
            &mut branch.moments,
            (step, at),
            said,
        );
        wrote.extend(made);
        if !wrote.is_empty() {
            break; // what it wrote comes first
        }
    }
    branch.running = runs;
    wrote
}

/// Asks a line what it says to changes.
pub(super) fn ask(
    run: &mut Running,
    engine: &mut Engine,
    origin: u64,
    at: u64,
    changes: &[rollout_engine::Change],
) -> (Said, Option<Wrote>) {
    let started = run.state.started();
    let now = SimTime(origin.saturating_add(at));
    let (said, records) = console::ask(&mut run.state, engine, at, now, changes);
    let wrote = (!records.is_empty()).then(|| Wrote {
        records,
        by: (run.id, run.state.started() != started),
        touched: said.touched,
    });
    (said, wrote)
}

/// Adds what was printed to a console.
pub(super) fn print(transcript: &mut Transcript, (step, at): (usize, u64), text: &[Text]) {
    for part in text {
        match part {
            Text::Out(t) => transcript.add(step, at, LineKind::Out, t),
            Text::Err(t) => transcript.add(step, at, LineKind::Err, t),
            Text::Clear => transcript.clear(step, at),
        }
    }
}

/// Keeps what a line said.
pub(super) fn hear(
    run: &mut Running,
    transcript: &mut Transcript,
    moments: &mut crate::branch::Moments,
    at: (usize, u64),
    said: Said,
) {
    run.stdout.push_str(&console::only(&said.text, false));
    run.stderr.push_str(&console::only(&said.text, true));
    print(transcript, at, &said.text);
    if let Some(exit) = said.exit {
        run.ended = Some((at.0, at.1, exit));
        moments.leave(at.0, at.1, run.state.env());
    }
}

/// Tells a line of recorded steps, up to a position, with the engine made again for each of them.
pub(super) fn catch_up(
    run: &mut Running,
    replay: &mut super::replay::Replay<'_>,
    transcript: &mut Transcript,
    moments: &mut crate::branch::Moments,
    to: usize,
) {
    let origin = replay.origin();
    for position in run.step..to {
        let Some(step) = replay.step(position) else {
            return;
        };
        let own = step.by.is_some_and(|(id, _)| id == run.id);
        for _ in 0..MAX_STEPS_PER_CALL {
            let due = run.state.deadline().map(|d| d.max(run.at));
            let Some(at) = due.filter(|d| *d < step.at || (own && *d == step.at)) else {
                break;
            };
            let (said, _) = ask(run, &mut replay.engine, origin, at, &[]);
            hear(run, transcript, moments, (position, at), said);
            if run.ended.is_some() {
                return;
            }
        }
        replay.advance_beyond(position);
        if step.by == Some((run.id, true)) {
            continue;
        }
        let changes = &step.record.changes;
        let (said, _) = ask(run, &mut replay.engine, origin, step.at, changes);
        hear(run, transcript, moments, (position + 1, step.at), said);
        if run.ended.is_some() {
            return;
        }
    }
}
