//! Commands that wait: told of every step, in order, each line kept with the step that caused it.

use super::*;
use crate::console::Heard;
use crate::transcript::LineKind;
use rollout_engine::{Change, StepRecord};

/// Tells the waiting commands of the steps from `from` to the end, which the engine at the head has just made. Answers with
/// what the commands themselves wrote.
pub(super) fn feed(branch: &mut Branch, from: usize) -> Vec<StepRecord> {
    let mut runs = std::mem::take(&mut branch.running);
    let mut written = Vec::new();
    for run in runs.iter_mut().filter(|r| r.ended.is_none()) {
        for position in from.max(run.step)..branch.timeline.len() {
            let step = branch.timeline.steps()[position].clone();
            wake(
                run,
                &mut branch.head,
                &mut branch.transcript,
                position,
                step.at,
            );
            if run.ended.is_some() {
                break;
            }
            let heard = ask(
                run,
                &mut branch.head,
                step.at,
                &step.record.changes,
                &mut written,
            );
            hear(run, &mut branch.transcript, position + 1, step.at, heard);
        }
    }
    branch.running = runs;
    written
}

/// Lets the deadlines of the waiting commands pass, at the head.
pub(super) fn pass(branch: &mut Branch, at: u64) {
    let mut runs = std::mem::take(&mut branch.running);
    let step = branch.timeline.len();
    for run in runs.iter_mut().filter(|r| r.ended.is_none()) {
        wake(run, &mut branch.head, &mut branch.transcript, step, at);
    }
    branch.running = runs;
}

/// Lets deadlines until a time pass.
pub(super) fn wake(
    run: &mut Running,
    engine: &mut Engine,
    transcript: &mut Transcript,
    step: usize,
    until: u64,
) {
    for _ in 0..MAX_STEPS_PER_CALL {
        let Some(deadline) = run
            .state
            .deadline()
            .filter(|d| *d <= until && run.ended.is_none())
        else {
            return;
        };
        let at = deadline.max(run.at);
        let heard = ask(run, engine, at, &[], &mut Vec::new());
        hear(run, transcript, step, at, heard);
        if run.state.deadline() == Some(deadline) {
            return;
        }
    }
}

/// Asks a command what it says to changes.
pub(super) fn ask(
    run: &mut Running,
    engine: &mut Engine,
    at: u64,
    changes: &[Change],
    written: &mut Vec<StepRecord>,
) -> Heard {
    let state = &mut run.state;
    let (heard, records) = engine.act("kubectl", |client| state.feed(client, at, changes));
    written.extend(records);
    heard
}

/// Keeps what a command said.
pub(super) fn hear(
    run: &mut Running,
    transcript: &mut Transcript,
    step: usize,
    at: u64,
    heard: Heard,
) {
    run.stdout.push_str(&heard.stdout);
    run.stderr.push_str(&heard.stderr);
    if let Some(exit) = heard.exit {
        run.ended = Some((step, at, exit));
    }
    transcript.add(step, at, LineKind::Out, &heard.stdout);
    transcript.add(step, at, LineKind::Err, &heard.stderr);
}

/// Tells a command of recorded steps, up to a position, with the engine made again for each of them.
pub(super) fn catch_up(
    run: &mut Running,
    replay: &mut super::replay::Replay<'_>,
    transcript: &mut Transcript,
    to: usize,
) {
    for position in run.step..to {
        let Some(step) = replay.step(position) else {
            return;
        };
        wake(run, &mut replay.engine, transcript, position, step.at);
        if run.ended.is_some() {
            return;
        }
        replay.advance_beyond(position);
        let heard = ask(
            run,
            &mut replay.engine,
            step.at,
            &step.record.changes,
            &mut Vec::new(),
        );
        hear(run, transcript, position + 1, step.at, heard);
    }
}
