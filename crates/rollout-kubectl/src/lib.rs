//! LINE → REQUEST → TEXT: kubectl's commands and printers.
//!
//! [`run`] takes the words of a line behind `kubectl`. A command that waits comes back as [`Follow`]: it is fed the changes
//! of the cluster as time runs. One that wants an editor comes back as [`Editing`].

mod builder;
mod cmd;
mod columns;
mod commands;
pub mod complete;
mod context;
mod describe;
pub mod duration;
mod error;
mod flags;
mod follow;
mod go;
mod gosort;
mod gotemplate;
mod help;
mod jsonpath;
mod pod_status;
mod print;
mod selector;
mod table;
mod typed;

pub mod cases;

pub use cmd::edit::Editing;
pub use context::{Io, Output};
pub use follow::{Follow, Progress};

use commands::Command;
use context::Ctx;
use error::{Failure, Res};
use flags::Parsed;
use rollout_engine::Client;
use rollout_engine::apiserver::rbac::User;

/// How a command goes on.
#[derive(Clone)]
pub enum Outcome {
    /// It has ended.
    Done(Output),
    /// It has printed this so far and waits for the cluster.
    Following(Output, Box<Follow>),
    /// It has printed this so far and waits for an editor.
    Editing(Output, Box<Editing>),
}

/// How a command's function ends.
pub(crate) enum Next {
    /// Exit code 0.
    Done,
    /// This exit code.
    Exit(i32),
    /// Goes on with the cluster's changes.
    Follow(Box<Follow>),
    /// Goes on with an editor's text.
    Edit(Box<Editing>),
}

/// The longest line that is read.
pub const MAX_LINE: usize = 256 * 1024;

/// Runs a line: its words behind `kubectl`.
pub fn run(args: &[String], io: &Io, client: &mut Client<'_>) -> Outcome {
    if args.iter().map(String::len).sum::<usize>() > MAX_LINE {
        return Outcome::Done(failed(&Failure::text("the command line is too long")));
    }
    let (command, rest) = commands::find(args);
    let Some(command) = command else {
        return Outcome::Done(root(args, &rest, io));
    };
    if let Some(text) = wants_help(command, &rest, io) {
        return Outcome::Done(text);
    }
    let mut known = command.all_flags();
    if io.version >= rollout_api::Minor::V1_36 {
        known.extend(flags::flags_of("as-user-extra kuberc"));
    }
    let flags = match flags::parse(&rest, &known, &command.full()) {
        Ok(p) => p,
        Err(f) if command.path == "diff" => {
            // diff speaks of its flags in its own way, and says with 2 that it could not compare.
            let text = f.message();
            let what = text.split('\n').next().unwrap_or("");
            let f = Failure::usage(&command.full(), what);
            return Outcome::Done(Output {
                exit: 2,
                ..failed(&f)
            });
        }
        Err(f) => return Outcome::Done(failed(&f)),
    };
    execute(command, flags, args, io, client)
}

fn execute(
    command: &'static Command,
    flags: Parsed,
    line: &[String],
    io: &Io,
    client: &mut Client<'_>,
) -> Outcome {
    let given = flags.text("namespace").to_owned();
    let context = if io.namespace.is_empty() {
        "default"
    } else {
        &io.namespace
    };
    let mut ctx = Ctx {
        io,
        client,
        line,
        command,
        out: Output::default(),
        namespace: if given.is_empty() {
            context.to_owned()
        } else {
            given
        },
        explicit_namespace: flags.changed("namespace") || !io.namespace.is_empty(),
        flags,
    };
    if ctx.flags.changed("record") {
        ctx.warn("Flag --record has been deprecated, --record will be removed in the future");
    }
    let user = ctx.flags.text("as");
    if !user.is_empty() {
        let user = User::impersonated(user, ctx.flags.texts("as-group"));
        ctx.client.act_as(Some(user));
    }
    let mut result = cmd::run(&mut ctx);
    if let Ok(Next::Follow(follow)) = &mut result {
        follow.user = ctx.client.user().cloned();
    }
    ctx.client.act_as(None);
    let could_not = ctx.command.path == "diff" && result.is_err();
    let mut out = ctx.out;
    match finish(&mut out, result) {
        Outcome::Done(out) if could_not => Outcome::Done(Output { exit: 2, ..out }),
        outcome => outcome,
    }
}

pub(crate) fn finish(out: &mut Output, result: Res<Next>) -> Outcome {
    let mut out = std::mem::take(out);
    match result {
        Ok(Next::Done) => Outcome::Done(out),
        Ok(Next::Exit(code)) => {
            out.exit = code;
            Outcome::Done(out)
        }
        Ok(Next::Follow(f)) => Outcome::Following(out, f),
        Ok(Next::Edit(e)) => Outcome::Editing(out, e),
        Err(f) => {
            if let Failure::Shown { stdout, .. } = &f {
                out.stdout.push_str(stdout);
            }
            out.stderr.push_str(&f.stderr());
            out.exit = f.exit();
            Outcome::Done(out)
        }
    }
}

fn failed(f: &Failure) -> Output {
    Output {
        stdout: String::new(),
        stderr: f.stderr(),
        exit: f.exit(),
    }
}

fn wants_help(command: &'static Command, rest: &[String], io: &Io) -> Option<Output> {
    let own = rest.iter().take_while(|a| *a != "--");
    let asked = own
        .clone()
        .any(|a| a == "--help" || a == "-h" || a == "--help=true");
    asked.then(|| Output {
        stdout: help::of(command, io.version),
        ..Output::default()
    })
}

/// A line without a command.
fn root(args: &[String], rest: &[String], io: &Io) -> Output {
    let text = help::root(io.version);
    let help = rest.iter().any(|a| a == "--help" || a == "-h");
    let words: Vec<&String> = rest.iter().filter(|a| !a.starts_with('-')).collect();
    if args.is_empty() || help && words.is_empty() {
        return Output {
            stdout: text,
            ..Output::default()
        };
    }
    let (known, first) = (flags::flags_of(flags::GLOBAL), commands::find(args).1);
    match flags::parse(&first, &known, "kubectl") {
        Err(f) if words.is_empty() => failed(&f),
        Ok(p) if p.args.is_empty() => Output {
            stdout: text,
            ..Output::default()
        },
        _ => {
            let typed = words.first().map_or("", |w| w.as_str());
            let mut message = format!("unknown command {} for \"kubectl\"", flags::quoted(typed));
            let meant = commands::suggestions(typed);
            if !meant.is_empty() {
                message.push_str("\n\nDid you mean this?");
                for m in meant {
                    message.push_str("\n\t");
                    message.push_str(m);
                }
            }
            failed(&Failure::text(message))
        }
    }
}
