//! Running a program: one instruction after the other, until something waits.

mod output;
mod simple;

use crate::builtins;
use crate::env::{Env, Files};
use crate::parse::{self, Bad};
use crate::program::{Instr, Program, Simple};
use crate::tools::Filter;
use crate::{MAX_LINE, expand, sum};
use rollout_api::Minor;
use rollout_engine::{Change, Client};
use rollout_kubectl::{Editing, Follow, Io};
use std::rc::Rc;

/// What a turn may use.
pub struct Scope<'a, 'w> {
    /// The API server's door.
    pub client: &'a mut Client<'w>,
    /// Milliseconds since the start of the session.
    pub at: u64,
    /// What has changed since the last turn.
    pub changes: &'a [Change],
    /// Commands that the shell does not have.
    pub extra: Extra,
}

/// A command of the host: none, it has none of that name; else what is printed and whether something changed, or why not.
pub type Extra = fn(&str, &[String], &mut Client<'_>) -> Option<Result<(String, bool), String>>;

/// A piece of output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Text {
    /// Standard output.
    Out(String),
    /// Standard error.
    Err(String),
    /// An empty screen (`clear`, `watch`).
    Clear,
}

/// What a turn printed.
#[derive(Clone, Default)]
pub struct Said {
    /// In order.
    pub text: Vec<Text>,
    /// The line has ended with this code.
    pub exit: Option<i32>,
    /// Something changed that is no API object.
    pub touched: bool,
    /// An editor is wanted: `kubectl edit`.
    pub edit: Option<Box<Editing>>,
}

#[derive(Clone)]
enum Dest {
    Null,
    File(String),
    /// Where stdout (or stderr: true) goes below this frame.
    Below(usize, bool),
}

#[derive(Clone)]
enum Frame {
    Capture(String),
    Collect(String),
    Filters {
        chain: Vec<Filter>,
        end: usize,
        mark: Mark,
    },
    Redirect {
        out: Option<Dest>,
        err: Option<Dest>,
        input: bool,
    },
}

/// How full every stack was.
#[derive(Clone, Copy)]
struct Mark {
    calls: usize,
    loops: usize,
    frames: usize,
    inputs: usize,
    slots: usize,
    saved: usize,
    cases: usize,
}

#[derive(Clone)]
struct Turning {
    head: usize,
    end: usize,
    words: Option<(String, std::vec::IntoIter<String>)>,
    /// When the last turn began.
    began: Option<u64>,
    /// Status of the last turn's body.
    status: i32,
    mark: Mark,
}

#[derive(Clone)]
pub(crate) struct Call {
    pub program: Program,
    pub pc: usize,
    /// Arguments; `$0` is the name.
    pub args: Vec<String>,
    /// `exit` ends here; `return` ends a function.
    pub process: bool,
    loops: usize,
    /// A screen that is drawn again and again: `watch`.
    pub watch: Option<Rc<(String, u64)>>,
    /// It is ended then: `timeout`.
    until: Option<(u64, Mark)>,
}

#[derive(Clone)]
enum Waiting {
    Until(u64),
    /// Something that is printed, and what it ends with, only then.
    Saying(u64, Box<Late>),
    Kubectl(Box<Follow>, Box<Io>),
}

/// What a command says when its wait is over.
#[derive(Clone, Default)]
pub(crate) struct Late {
    pub out: String,
    pub err: String,
    pub status: i32,
}

/// A line on its way.
#[derive(Clone)]
pub struct Shell {
    calls: Vec<Call>,
    loops: Vec<Turning>,
    frames: Vec<Frame>,
    /// Inputs: the text and how much of it is read.
    inputs: Vec<(Rc<str>, usize)>,
    slots: Vec<String>,
    saved: Vec<Env>,
    cases: Vec<String>,
    pub(crate) env: Env,
    page: Rc<Files>,
    pub(crate) version: Minor,
    waiting: Option<Waiting>,
    /// The store's version after the last command that wrote, and when that was.
    wrote: Option<u64>,
    done: usize,
    printed: usize,
    pub(crate) said: Said,
    /// What was typed before this line, oldest first.
    pub(crate) history: Rc<[String]>,
    /// How many commands of kubectl were begun.
    started: u64,
    ended: bool,
}

/// Commands that one moment may run: an endless loop ends with a message.
const MOST_COMMANDS: usize = 20_000;
/// Characters that one line may print, keep or build.
pub(crate) const MOST_TEXT: usize = 4 * 1024 * 1024;
/// A turn of `while` in which no time passes takes this long: about what a real kubectl takes.
const TURN_MS: u64 = 100;
/// Most calls within calls.
const DEEPEST: usize = 50;

impl Shell {
    /// Reads a line. The error is what a shell prints, and its exit code.
    pub fn start(
        line: &str,
        env: &Env,
        page: Rc<Files>,
        version: Minor,
        history: Rc<[String]>,
    ) -> Result<Shell, (String, i32)> {
        if line.len() > MAX_LINE {
            let text = format!(
                "bash: this line has {} characters; the console takes {MAX_LINE}\n",
                line.len()
            );
            return Err((text, 2));
        }
        let trimmed = line.trim_start();
        let line = match trimmed.strip_prefix('$') {
            Some("") => "",
            Some(rest) if rest.starts_with(' ') => rest,
            _ => line,
        };
        let program = match parse::parse(line) {
            Ok(program) => program,
            Err(Bad::More(why) | Bad::Syntax(why)) => return Err((format!("bash: {why}\n"), 2)),
        };
        Ok(Shell {
            calls: vec![Call::new(program, Vec::new())],
            loops: Vec::new(),
            frames: Vec::new(),
            inputs: Vec::new(),
            slots: Vec::new(),
            saved: Vec::new(),
            cases: Vec::new(),
            env: env.clone(),
            page,
            version,
            waiting: None,
            wrote: None,
            done: 0,
            printed: 0,
            said: Said::default(),
            history,
            started: 0,
            ended: false,
        })
    }

    /// What the line leaves for the next one.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// How many commands of kubectl were begun: another number means that what waits now is another command.
    pub fn started(&self) -> u64 {
        self.started
    }

    /// When it has something to do by itself.
    pub fn deadline(&self) -> Option<u64> {
        let own = match &self.waiting {
            Some(Waiting::Until(at) | Waiting::Saying(at, _)) => Some(*at),
            Some(Waiting::Kubectl(follow, _)) => follow.wake(),
            None => None,
        };
        let limits = self.calls.iter().filter_map(|c| c.until.map(|u| u.0));
        limits.chain(own).min()
    }

    /// Does it only wait for the cluster to do what it does at once, before its next command?
    pub fn waits_for_now(&self, at: u64) -> bool {
        matches!(&self.waiting, Some(Waiting::Until(t)) if *t <= at)
    }

    /// Ctrl-C: the exit code. Nothing of the line runs any more.
    pub fn interrupt(&mut self) -> i32 {
        let code = match &mut self.waiting {
            Some(Waiting::Kubectl(follow, _)) => follow.interrupt().exit.unwrap_or(130),
            _ => 130,
        };
        self.waiting = None;
        self.ended = true;
        self.env.status = code;
        code
    }

    /// Its time is over, as if `timeout` ended the command it waits for: the tools behind it still print what they have.
    pub fn run_out(&mut self) -> Said {
        self.waiting = None;
        while let Some(frame) = self.frames.last() {
            match frame {
                Frame::Filters { .. } => self.close_filters(),
                Frame::Redirect { .. } => self.close_redirect(),
                Frame::Capture(_) | Frame::Collect(_) => {
                    self.frames.truncate(self.frames.len() - 1)
                }
            }
        }
        self.ended = true;
        self.env.status = 124;
        Said {
            exit: Some(124),
            ..std::mem::take(&mut self.said)
        }
    }

    /// May what is left of the line change the cluster (as far as can be told without running it)?
    pub fn may_write(&self) -> bool {
        if let Some(Waiting::Kubectl(follow, _)) = &self.waiting
            && !follow.waits_for_deletion().is_empty()
        {
            return true;
        }
        let left = |c: &Call| {
            let from = if c.watch.is_some() || !self.loops.is_empty() {
                0
            } else {
                c.pc
            };
            c.program[from.min(c.program.len())..]
                .iter()
                .any(builtins::may_write)
        };
        self.calls.iter().any(left)
    }

    /// Runs as far as it goes at this moment.
    pub fn turn(&mut self, scope: &mut Scope<'_, '_>) -> Said {
        self.said = Said::default();
        self.done = 0;
        if self.ended {
            self.said.exit = Some(self.env.status);
            return std::mem::take(&mut self.said);
        }
        let late = |c: &Call| c.until.is_some_and(|u| u.0 <= scope.at);
        if let Some(place) = self.calls.iter().position(late) {
            let mark = self.calls[place].until.map(|u| u.1);
            self.waiting = None;
            if let Some(mark) = mark {
                self.unwind(Mark {
                    calls: place,
                    ..mark
                });
            }
            self.env.status = 124;
        }
        match self.waiting.take() {
            None => {}
            Some(Waiting::Until(at)) if scope.at >= at => {}
            Some(Waiting::Until(at)) => self.waiting = Some(Waiting::Until(at)),
            Some(Waiting::Saying(at, late)) if scope.at >= at => self.say_late(&late),
            Some(Waiting::Saying(at, late)) => self.waiting = Some(Waiting::Saying(at, late)),
            Some(Waiting::Kubectl(follow, io)) => self.feed(follow, io, scope.changes, scope),
        }
        while self.waiting.is_none() && !self.ended {
            if !self.next(scope) {
                self.ended = true;
            }
        }
        if self.ended {
            self.said.exit = Some(self.env.status);
        }
        std::mem::take(&mut self.said)
    }

    fn say_late(&mut self, late: &Late) {
        self.env.status = late.status;
        self.print(&late.out);
        self.print_error(&late.err);
    }

    fn feed(
        &mut self,
        mut follow: Box<Follow>,
        io: Box<Io>,
        changes: &[Change],
        scope: &mut Scope<'_, '_>,
    ) {
        let before = scope.client.world().store.resource_version();
        let heard = follow.feed(&io, scope.client, scope.at, changes);
        if scope.client.world().store.resource_version() != before {
            self.wrote = Some(scope.at);
        }
        self.waiting = match heard.exit {
            Some(code) => {
                self.env.status = code;
                None
            }
            None => Some(Waiting::Kubectl(follow, io)),
        };
        self.print(&heard.stdout);
        self.print_error(&heard.stderr);
    }

    fn mark(&self) -> Mark {
        Mark {
            calls: self.calls.len(),
            loops: self.loops.len(),
            frames: self.frames.len(),
            inputs: self.inputs.len(),
            slots: self.slots.len(),
            saved: self.saved.len(),
            cases: self.cases.len(),
        }
    }

    fn unwind(&mut self, mark: Mark) {
        self.calls.truncate(mark.calls);
        self.loops.truncate(mark.loops);
        self.inputs.truncate(mark.inputs);
        self.slots.truncate(mark.slots);
        if self.saved.len() > mark.saved {
            self.restore(mark.saved);
        }
        self.cases.truncate(mark.cases);
        self.frames.truncate(mark.frames);
    }

    /// One instruction. False: the line is at its end.
    fn next(&mut self, scope: &mut Scope<'_, '_>) -> bool {
        let Some(call) = self.calls.last_mut() else {
            return false;
        };
        let Some(instr) = call.program.get(call.pc).cloned() else {
            return self.end_call(scope);
        };
        // Before the cluster is asked again it does what it does at once.
        if let Instr::Run(simple) = &instr
            && self.wrote.take_if(|at| *at == scope.at).is_some()
            && builtins::asks_cluster(simple)
        {
            self.waiting = Some(Waiting::Until(scope.at));
            return true;
        }
        let call = self.calls.last_mut().expect("looked at above");
        call.pc += 1;
        self.done += 1;
        if self.done > MOST_COMMANDS || self.printed > MOST_TEXT {
            let why = if self.printed > MOST_TEXT {
                "too much output"
            } else {
                "too many commands without a pause; put a sleep into the loop"
            };
            self.frames.clear();
            self.print_error(&format!("bash: ended: {why}\n"));
            self.env.status = 130;
            return false;
        }
        self.run(instr, scope)
    }

    fn pc(&mut self) -> &mut usize {
        &mut self.calls.last_mut().expect("a call is on its way").pc
    }

    fn run(&mut self, instr: Instr, scope: &mut Scope<'_, '_>) -> bool {
        match instr {
            Instr::Run(simple) => return self.simple(&simple, scope),
            Instr::OpenCapture => {
                self.saved.push(self.env.clone());
                self.frames.push(Frame::Capture(String::new()));
            }
            Instr::CloseCapture => {
                if let Some(Frame::Capture(mut text)) = self.frames.pop() {
                    text.truncate(text.trim_end_matches('\n').len());
                    self.slots.push(text);
                }
                self.restore(self.saved.len().saturating_sub(1));
            }
            Instr::OpenFilters(simples, length) => self.open_filters(&simples, length, scope),
            Instr::CloseFilters => self.close_filters(),
            Instr::OpenCollect => self.frames.push(Frame::Collect(String::new())),
            Instr::CloseCollect => {
                if let Some(Frame::Collect(text)) = self.frames.pop() {
                    self.inputs.push((text.into(), 0));
                }
            }
            Instr::PopInput => drop(self.inputs.pop()),
            Instr::OpenRedirect(simple) => {
                let subs = self.take_subs(simple.subs);
                if !self.open_redirect(&simple.redirects, subs, scope) {
                    self.env.status = 1;
                    self.frames.push(Frame::Redirect {
                        out: Some(Dest::Null),
                        err: None,
                        input: false,
                    });
                }
            }
            Instr::CloseRedirect => self.close_redirect(),
            Instr::OpenSub => self.saved.push(self.env.clone()),
            Instr::CloseSub => self.restore(self.saved.len().saturating_sub(1)),
            Instr::Loop(length, words) => {
                let mark = self.mark();
                let pc = *self.pc();
                let words = words.map(|w| {
                    let subs = self.take_subs(w.1.subs);
                    let list = self.expand(&w.1.words, subs, scope);
                    (w.0.clone(), list.into_iter())
                });
                self.loops.push(Turning {
                    head: pc,
                    end: pc + length,
                    words,
                    began: None,
                    status: 0,
                    mark: Mark {
                        loops: mark.loops + 1,
                        slots: self.slots.len(),
                        ..mark
                    },
                });
            }
            Instr::Turn => self.turn_loop(scope.at),
            Instr::Again(length) => {
                let status = self.env.status;
                if let Some(l) = self.loops.last_mut() {
                    l.status = status;
                }
                *self.pc() -= length;
            }
            Instr::LeaveIf(ok) => {
                if (self.env.status == 0) == ok {
                    self.env.status = self.loops.last().map_or(0, |l| l.status);
                    self.leave();
                }
            }
            Instr::Jump(n) => *self.pc() += n,
            Instr::JumpIf(ok, n) => {
                if (self.env.status == 0) == ok {
                    *self.pc() += n;
                }
            }
            Instr::Not => self.env.status = i32::from(self.env.status == 0),
            Instr::Sum(simple) => {
                let subs = self.take_subs(simple.subs);
                let text = self.text(&simple.words[0], subs, scope);
                self.env.status = match sum::value(&text, &mut self.env) {
                    Ok(value) => i32::from(value == 0),
                    Err(why) => {
                        self.print_error(&format!("bash: (({text})): {why}\n"));
                        1
                    }
                };
            }
            Instr::Case(simple) => {
                let subs = self.take_subs(simple.subs);
                let text = self.text(&simple.words[0], subs, scope);
                self.cases.push(text);
            }
            Instr::Unless(simple, n) => {
                let subs = self.take_subs(simple.subs);
                let mut subs = subs.into_iter();
                let text = self.cases.last().cloned().unwrap_or_default();
                let mut fits = false;
                for word in &simple.words {
                    let pattern = expand::pattern(self, word, &mut subs, scope);
                    fits |= expand::matches(&pattern, &text);
                }
                if !fits {
                    *self.pc() += n;
                }
            }
            Instr::EndCase => drop(self.cases.pop()),
            Instr::Define(what) => {
                self.env.functions.insert(what.0.clone(), what.1.clone());
                self.env.status = 0;
            }
            Instr::Status(status) => self.env.status = status,
        }
        true
    }

    /// Variables as they were; what was written and asked stays.
    fn restore(&mut self, to: usize) {
        let Some(old) = self.saved.drain(to..).next() else {
            return;
        };
        let now = std::mem::take(&mut self.env);
        self.env = Env {
            written: now.written,
            requests: now.requests,
            namespace: now.namespace,
            status: now.status,
            ..old
        };
    }

    pub(crate) fn take_subs(&mut self, count: usize) -> Vec<String> {
        self.slots.split_off(self.slots.len().saturating_sub(count))
    }

    fn expand(
        &mut self,
        words: &[crate::program::Word],
        subs: Vec<String>,
        scope: &mut Scope<'_, '_>,
    ) -> Vec<String> {
        let mut subs = subs.into_iter();
        let mut out = Vec::new();
        for word in words {
            expand::fields(self, word, &mut subs, scope, &mut out);
        }
        out
    }

    fn text(
        &mut self,
        word: &crate::program::Word,
        subs: Vec<String>,
        scope: &mut Scope<'_, '_>,
    ) -> String {
        expand::text(self, word, &mut subs.into_iter(), scope)
    }

    // ---------------------------------------------------------------- loops

    fn turn_loop(&mut self, at: u64) {
        let Some(turning) = self.loops.last_mut() else {
            return;
        };
        match &mut turning.words {
            Some((name, words)) => match words.next() {
                Some(word) => {
                    let name = name.clone();
                    self.env.set(&name, word);
                }
                None => self.leave(),
            },
            None if turning.began == Some(at) => {
                // The same turn is begun again a little later.
                turning.began = None;
                *self.pc() -= 1;
                self.waiting = Some(Waiting::Until(at + TURN_MS));
            }
            None => turning.began = Some(at),
        }
    }

    fn leave(&mut self) {
        if let Some(turning) = self.loops.pop() {
            let mark = Mark {
                loops: self.loops.len(),
                ..turning.mark
            };
            self.unwind(mark);
            *self.pc() = turning.end;
        }
    }

    /// `break` and `continue`.
    pub(crate) fn leave_loops(&mut self, count: usize, again: bool) -> bool {
        let base = self.calls.last().map_or(0, |c| c.loops);
        let inside = self.loops.len() - base.min(self.loops.len());
        if inside == 0 {
            return false;
        }
        for _ in 1..count.clamp(1, inside) {
            self.leave();
        }
        match self.loops.last() {
            Some(turning) if again => {
                let (mark, head) = (turning.mark, turning.head);
                self.unwind(mark);
                *self.pc() = head;
            }
            _ => self.leave(),
        }
        true
    }

    // ---------------------------------------------------------------- calls

    /// Runs a text as a program of its own (`bash -c`), or a function.
    pub(crate) fn call(&mut self, program: Program, args: Vec<String>, process: bool) -> bool {
        if self.calls.len() >= DEEPEST {
            self.print_error("bash: too many calls within calls\n");
            self.env.status = 1;
            return true;
        }
        self.calls.push(Call {
            process,
            loops: self.loops.len(),
            ..Call::new(program, args)
        });
        true
    }

    /// `bash -c TEXT`, `watch`: a text that is read now.
    pub(crate) fn call_text(
        &mut self,
        text: &str,
        args: Vec<String>,
        process: bool,
        watch: Option<Rc<(String, u64)>>,
    ) -> bool {
        match parse::parse(text) {
            Ok(program) => {
                self.call(program, args, process);
                if let Some(call) = self.calls.last_mut().filter(|_| watch.is_some()) {
                    call.watch = watch;
                }
            }
            Err(Bad::More(why) | Bad::Syntax(why)) => {
                self.print_error(&format!("bash: {why}\n"));
                self.env.status = 2;
            }
        }
        true
    }

    /// `timeout`: the call that was begun last ends then.
    pub(crate) fn limit_call(&mut self, until: u64) {
        let mark = self.mark();
        if let Some(call) = self.calls.last_mut() {
            call.until = Some((until, mark));
        }
    }

    fn end_call(&mut self, scope: &mut Scope<'_, '_>) -> bool {
        let watch = self.calls.last().and_then(|c| c.watch.clone());
        if let Some(watch) = watch {
            self.waiting = Some(Waiting::Until(scope.at + watch.1));
            *self.pc() = 0;
            self.calls.last_mut().expect("it is the one that ended").pc = 0;
            self.said.text.push(Text::Clear);
            let head = builtins::watch_head(&watch, scope.client.now().0, watch.1);
            self.print(&head);
            return true;
        }
        self.calls.pop();
        !self.calls.is_empty()
    }

    /// `return` and `exit`.
    pub(crate) fn end_calls(&mut self, function: bool, status: i32) -> bool {
        self.env.status = status;
        while let Some(call) = self.calls.last() {
            let loops = call.loops;
            let stop = function || call.process;
            self.loops.truncate(loops);
            self.calls.pop();
            if stop {
                break;
            }
        }
        !self.calls.is_empty()
    }

    pub(crate) fn args(&self) -> &[String] {
        self.calls.last().map_or(&[], |c| &c.args)
    }
}

impl Call {
    fn new(program: Program, args: Vec<String>) -> Call {
        Call {
            program,
            pc: 0,
            args,
            process: false,
            loops: 0,
            watch: None,
            until: None,
        }
    }
}
