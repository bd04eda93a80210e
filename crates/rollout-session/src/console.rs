//! The console: a line becomes words, the words a command. kubectl is in its own crate; what only the playground has is here.

use crate::faults;
use crate::images;
use crate::loads;
use crate::traffic;
use crate::words::{self, Words};
use rollout_api::Minor;
use rollout_api::SortedMap;
use rollout_engine::{Change, Client};
use rollout_kubectl::{Follow, Io, Outcome};

/// A command that waits: it is asked again as time runs.
#[derive(Clone)]
pub enum Following {
    /// `sleep`: until this time, milliseconds since the start of the session.
    Sleep {
        /// When it ends.
        until: u64,
    },
    /// kubectl: `rollout status`, `get -w`, `wait`, …
    Kubectl {
        /// The command.
        follow: Box<Follow>,
        /// What it may read.
        io: Io,
    },
}

/// What a line did.
pub struct Exec {
    /// Standard output, as bytes would appear.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code of a command that is finished.
    pub exit: i32,
    /// It goes on.
    pub follow: Option<Following>,
    /// It changed something that is no API object (the behaviour of an image).
    pub touched: bool,
    /// `clear`.
    pub clear: bool,
    /// It waits for an editor.
    pub edit: Option<Box<rollout_kubectl::Editing>>,
}

impl Exec {
    fn done(exit: i32, stdout: String, stderr: String) -> Exec {
        Exec {
            stdout,
            stderr,
            exit,
            follow: None,
            touched: false,
            clear: false,
            edit: None,
        }
    }
    fn ok(stdout: impl Into<String>) -> Exec {
        Exec::done(0, stdout.into(), String::new())
    }
    fn error(exit: i32, stderr: impl Into<String>) -> Exec {
        let mut stderr = stderr.into();
        if !stderr.ends_with('\n') {
            stderr.push('\n');
        }
        Exec::done(exit, String::new(), stderr)
    }
}

/// Longest line that is read.
pub const MAX_LINE: usize = 16 * 1024;

/// Runs a line at a moment.
pub fn execute(
    line: &str,
    files: &SortedMap<String, String>,
    version: Minor,
    at: u64,
    client: &mut Client<'_>,
) -> Exec {
    if line.len() > MAX_LINE {
        return Exec::error(
            2,
            format!(
                "bash: this line has {} characters; the console takes {MAX_LINE}",
                line.len()
            ),
        );
    }
    let words = match words::split(line) {
        Ok(words) => words,
        Err(e) => return Exec::error(2, format!("bash: {e}")),
    };
    let Words { mut args } = words;
    if args.first().is_some_and(|w| w == "$") {
        args.remove(0);
    }
    let Some(command) = args.first().cloned() else {
        return Exec::ok("");
    };
    let rest = &args[1..];
    match command.as_str() {
        "kubectl" | "k" => kubectl(rest, files, version, client),
        "image" => own(images::command(rest, client)),
        "traffic" => own(traffic::command(rest, client)),
        "load" => own(loads::command(rest, client)),
        "fault" => own(faults::command(rest, client)),
        "sleep" => sleep(rest, at),
        "clear" => Exec {
            clear: true,
            ..Exec::ok("")
        },
        "help" => Exec::ok(HELP),
        "echo" => Exec::ok(format!("{}\n", rest.join(" "))),
        "true" | ":" => Exec::ok(""),
        "false" => Exec::done(1, String::new(), String::new()),
        "ls" => Exec::ok(files.keys().map(|f| format!("{f}\n")).collect::<String>()),
        "cat" => cat(rest, files),
        _ => Exec::error(127, format!("bash: {command}: command not found")),
    }
}

/// Can a line name a file of the page? Then the file belongs to the record of the line.
pub fn names_file<'a>(line: &str, files: &'a SortedMap<String, String>) -> Vec<&'a String> {
    let args = words::split(line).map(|w| w.args).unwrap_or_default();
    files
        .keys()
        .filter(|f| args.iter().any(|a| a.ends_with(f.as_str())))
        .collect()
}

const HELP: &str = "\
kubectl …                           the real commands, also as k
image REFERENCE BEHAVIOUR [K=V …]   break or mend an image: image registry.example/app:v10 missing
fault KIND …                        break the cluster itself: fault node node-2 lost; fault alone tells how
traffic TARGET RATE [K=V …]         requests through a Service: traffic service/web 20/s; off ends them
load deployment/NAME cpu=A[@T] …    how hard it is used: load deployment/web cpu=300m@0 900m@60s
sleep SECONDS                       wait, in simulated time
ls, cat FILE                        the files that this page holds
clear                               an empty console
";

fn cat(names: &[String], files: &SortedMap<String, String>) -> Exec {
    let mut exec = Exec::ok("");
    for name in names {
        match files.get(name.trim_start_matches("./")) {
            Some(text) => exec.stdout.push_str(text),
            None => {
                exec.stderr
                    .push_str(&format!("cat: {name}: No such file or directory\n"));
                exec.exit = 1;
            }
        }
    }
    exec
}

/// The longest sleep: a hundred days.
const MAX_SLEEP: u64 = 100 * 24 * 3600 * 1000;

fn sleep(args: &[String], at: u64) -> Exec {
    if args.is_empty() {
        return Exec::error(
            1,
            "sleep: missing operand\nTry 'sleep --help' for more information.",
        );
    }
    let mut total: u64 = 0;
    for arg in args {
        match words::seconds(arg) {
            Some(ms) => total = total.saturating_add(ms),
            None => {
                return Exec::error(
                    1,
                    format!(
                        "sleep: invalid time interval \u{2018}{arg}\u{2019}\nTry 'sleep --help' for more information."
                    ),
                );
            }
        }
    }
    Exec {
        follow: Some(Following::Sleep {
            until: at + total.min(MAX_SLEEP),
        }),
        ..Exec::ok("")
    }
}

/// What a command of our own answered: its text, and whether it changed something.
fn own(answer: Result<(String, bool), String>) -> Exec {
    match answer {
        Ok((text, touched)) => Exec {
            touched,
            ..Exec::ok(text)
        },
        Err(e) => Exec::error(1, e),
    }
}

fn kubectl(
    args: &[String],
    files: &SortedMap<String, String>,
    version: Minor,
    client: &mut Client<'_>,
) -> Exec {
    let io = Io {
        files: files.clone(),
        version,
        ..Io::default()
    };
    let done = |out: rollout_kubectl::Output| Exec::done(out.exit, out.stdout, out.stderr);
    match rollout_kubectl::run(args, &io, client) {
        Outcome::Done(out) => done(out),
        Outcome::Following(out, follow) => {
            let mut exec = done(out);
            exec.follow = Some(Following::Kubectl { follow, io });
            exec
        }
        Outcome::Editing(mut out, editing) => {
            out.stderr
                .push_str("error: there is no editor here: kubectl patch and kubectl apply change an object too\n");
            out.exit = 1;
            let mut exec = done(out);
            exec.edit = Some(editing);
            exec
        }
    }
}

impl Following {
    /// When it has something to do by itself: a timeout, the end of a sleep.
    pub fn deadline(&self) -> Option<u64> {
        match self {
            Following::Sleep { until } => Some(*until),
            Following::Kubectl { follow, .. } => follow.wake(),
        }
    }
    /// Asks it at a moment, with what has changed since it was asked last.
    pub fn feed(&mut self, client: &mut Client<'_>, at: u64, changes: &[Change]) -> Heard {
        match self {
            Following::Sleep { until } => Heard {
                exit: (at >= *until).then_some(0),
                ..Heard::default()
            },
            Following::Kubectl { follow, io } => {
                let said = follow.feed(io, client, at, changes);
                Heard {
                    stdout: said.stdout,
                    stderr: said.stderr,
                    exit: said.exit,
                }
            }
        }
    }
    /// Ctrl-C: the exit code.
    pub fn interrupt(&mut self) -> i32 {
        match self {
            Following::Sleep { .. } => 130,
            Following::Kubectl { follow, .. } => follow.interrupt().exit.unwrap_or(130),
        }
    }
}

/// What a following command printed.
#[derive(Default)]
pub struct Heard {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// It is finished with this exit code.
    pub exit: Option<i32>,
}
