//! The client of a scenario: kubectl's commands, those that wait as well.

use rollout_api::Minor;
use rollout_engine::{Change, Engine, StepRecord};
pub use rollout_kubectl::Output;
use rollout_kubectl::{Follow, Io, Outcome};

/// A command that waits.
pub struct Running {
    /// The step that started it.
    pub step: usize,
    /// It does not hold up the scenario.
    pub background: bool,
    /// It has ended.
    pub ended: bool,
    /// What it has printed so far.
    pub output: Output,
    io: Io,
    follow: Box<Follow>,
}

impl Running {
    /// Feeds it what has happened.
    pub fn feed(&mut self, engine: &mut Engine, records: &[StepRecord]) -> Vec<StepRecord> {
        let changes: Vec<Change> = records.iter().flat_map(|r| r.changes.clone()).collect();
        let at = engine.now().0;
        let (progress, written) =
            engine.act("kubectl", |c| self.follow.feed(&self.io, c, at, &changes));
        self.output.stdout.push_str(&progress.stdout);
        self.output.stderr.push_str(&progress.stderr);
        if let Some(exit) = progress.exit {
            self.output.exit = exit;
            self.ended = true;
        }
        written
    }
    /// When it wants to be fed even if nothing happens.
    pub fn wake(&self) -> Option<u64> {
        if self.ended { None } else { self.follow.wake() }
    }
}

/// How a command began.
pub enum Started {
    /// It is over.
    Done(Output),
    /// It waits.
    Running(Box<Running>),
}

/// Runs a line.
pub fn start(
    engine: &mut Engine,
    argv: &[String],
    stdin: &str,
    background: bool,
    step: usize,
) -> (Started, Vec<StepRecord>) {
    let version: Minor = engine.config().version;
    let io = Io {
        stdin: stdin.to_owned(),
        version,
        ..Io::default()
    };
    let (outcome, records) = engine.act("kubectl", |c| rollout_kubectl::run(argv, &io, c));
    let started = match outcome {
        Outcome::Done(output) | Outcome::Editing(output, _) => Started::Done(output),
        Outcome::Following(output, follow) => Started::Running(Box::new(Running {
            step,
            background,
            ended: false,
            output,
            io,
            follow,
        })),
    };
    (started, records)
}
