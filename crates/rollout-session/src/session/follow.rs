//! Commands that wait: told of every step, in order, each line kept with the step that caused it.

use super::*;
use crate::console::Heard;
use crate::transcript::LineKind;

/// Tells waiting commands of the steps from `from` on.
pub(super) fn feed(branch: &mut Branch, from: usize) {
    for i in 0..branch.running.len() {
        catch_up(branch, i, from.max(branch.running[i].step));
    }
}

pub(super) fn catch_up(branch: &mut Branch, index: usize, from: usize) {
    for position in from..branch.timeline.len() {
        let step = branch.timeline.steps()[position].clone();
        tick(branch, index, position, step.at);
        let run = &mut branch.running[index];
        if run.ended.is_some() {
            return;
        }
        let heard = run.state.feed(&step.record);
        hear(branch, index, position + 1, step.at, heard);
    }
}

pub(super) fn tick(branch: &mut Branch, index: usize, step: usize, until: u64) {
    let run = &mut branch.running[index];
    let Some(deadline) = run
        .state
        .deadline()
        .filter(|d| *d <= until && run.ended.is_none())
    else {
        return;
    };
    let at = deadline.max(run.at);
    let heard = run.state.tick(at);
    hear(branch, index, step, at, heard);
}

pub(super) fn hear(branch: &mut Branch, index: usize, step: usize, at: u64, heard: Heard) {
    let run = &mut branch.running[index];
    run.stdout.push_str(&heard.stdout);
    run.stderr.push_str(&heard.stderr);
    if let Some(exit) = heard.exit {
        run.ended = Some((step, at, exit));
    }
    branch
        .transcript
        .add(step, at, LineKind::Out, &heard.stdout);
    branch
        .transcript
        .add(step, at, LineKind::Err, &heard.stderr);
}
