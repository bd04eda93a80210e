//! Commands that wait: fed with the cluster's changes and the clock, they answer with lines until they end.

use crate::cmd;
use crate::context::{Io, Output};
use rollout_engine::apiserver::rbac::User;
use rollout_engine::{Change, Client};

/// What a waiting command printed now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Its exit code, once it has ended.
    pub exit: Option<i32>,
}

/// A waiting command.
#[derive(Clone)]
pub struct Follow {
    kind: Kind,
    ended: bool,
    /// See [`Follow::begin_at`].
    began: Option<u64>,
    /// `--as`: whose eyes and hands it has.
    pub(crate) user: Option<User>,
}

/// What it waits for.
#[derive(Clone)]
pub(crate) enum Kind {
    Watch(Box<cmd::get::Watch>),
    Status(Box<cmd::rollout::Status>),
    Wait(Box<cmd::wait::Waiting>),
    Delete(Box<cmd::delete::Deleting>),
    Logs(Box<cmd::logs::Tailing>),
    Drain(Box<cmd::node::Draining>),
}

/// What a follower may use.
pub(crate) struct Turn<'a, 'w> {
    pub client: &'a mut Client<'w>,
    /// Milliseconds on the clock of time-outs.
    pub at: u64,
    pub changes: &'a [Change],
    pub out: Output,
}

impl Turn<'_, '_> {
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.out.stdout.push_str(line.as_ref());
        self.out.stdout.push('\n');
    }
    pub fn warn(&mut self, line: impl AsRef<str>) {
        self.out.stderr.push_str(line.as_ref());
        self.out.stderr.push('\n');
    }
}

impl Follow {
    pub(crate) fn new(kind: Kind) -> Box<Follow> {
        Box::new(Follow {
            kind,
            ended: false,
            began: None,
            user: None,
        })
    }

    /// What was written up to this resourceVersion is no news: a command of the same line may have written before this one
    /// looked, and a watch begins behind its list.
    pub fn begin_at(&mut self, version: u64) {
        self.began = Some(version);
    }

    /// Changes of the cluster, and what time it is (milliseconds on any clock that only goes forward: time-outs are counted on
    /// it). To be called at once after the command has started, with no changes, then at every change and at [`Follow::wake`].
    pub fn feed(
        &mut self,
        _io: &Io,
        client: &mut Client<'_>,
        at: u64,
        changes: &[Change],
    ) -> Progress {
        if self.ended {
            return Progress {
                exit: Some(0),
                ..Progress::default()
            };
        }
        let began = self.began.unwrap_or(0);
        let old = changes.iter().rposition(|c| {
            let after = c.after.as_ref();
            after.is_some_and(|o| o.meta.resource_version <= began)
        });
        let changes = &changes[old.map_or(0, |last| last + 1)..];
        // What a deletion waits for is seen by everybody.
        let user = self.user.clone();
        let user = user.filter(|_| !matches!(self.kind, Kind::Delete(_)));
        let before = client.user().cloned();
        client.act_as(user.or_else(|| before.clone()));
        let mut turn = Turn {
            client,
            at,
            changes,
            out: Output::default(),
        };
        let exit = match &mut self.kind {
            Kind::Watch(f) => f.feed(&mut turn),
            Kind::Status(f) => f.feed(&mut turn),
            Kind::Wait(f) => f.feed(&mut turn),
            Kind::Delete(f) => f.feed(&mut turn),
            Kind::Logs(f) => f.feed(&mut turn),
            Kind::Drain(f) => f.feed(&mut turn),
        };
        self.ended = exit.is_some();
        let out = turn.out;
        client.act_as(before);
        Progress {
            stdout: out.stdout,
            stderr: out.stderr,
            exit,
        }
    }

    /// When it wants to be fed next even if nothing changes: a time-out, or another attempt.
    pub fn wake(&self) -> Option<u64> {
        match &self.kind {
            Kind::Watch(f) => f.deadline,
            Kind::Status(f) => f.wake(),
            Kind::Wait(f) => f.wake(),
            Kind::Delete(f) => f.wake(),
            Kind::Logs(_) => None,
            Kind::Drain(f) => f.wake(),
        }
    }

    /// Ctrl-C: nothing is printed, the exit code is 1 (130 in a shell's eyes).
    pub fn interrupt(&mut self) -> Progress {
        self.ended = true;
        Progress {
            exit: Some(1),
            ..Progress::default()
        }
    }

    /// Objects it waits for to disappear, if it does: `kind/namespace/name`.
    pub fn waits_for_deletion(&self) -> Vec<rollout_api::ObjectKey> {
        match &self.kind {
            Kind::Delete(f) => f.pending(),
            Kind::Drain(f) => f.pending(),
            _ => Vec::new(),
        }
    }
}
