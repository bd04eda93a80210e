//! The console: a line runs in the shell (rollout-shell); what only the playground has is named here.

use crate::faults;
use crate::images;
use crate::loads;
use crate::traffic;
use rollout_api::Minor;
use rollout_engine::{Change, Client, Engine, SimTime, StepRecord};
use rollout_kubectl::Editing;
use rollout_shell::{Env, Files, Said, Scope, Shell, Text};
use std::rc::Rc;

pub use rollout_shell::MAX_LINE;

/// With what a line begins.
pub struct Before<'a> {
    /// What earlier lines left: variables, files.
    pub env: &'a Env,
    /// The files that the page holds.
    pub files: &'a Files,
    /// Version of client and server.
    pub version: Minor,
    /// Milliseconds since the start of the session.
    pub at: u64,
    /// What was typed before, oldest first.
    pub history: Rc<[String]>,
}

/// What a line did.
pub struct Exec {
    /// What it printed, in order.
    pub text: Vec<Text>,
    /// Exit code of a line that is finished.
    pub exit: i32,
    /// It goes on.
    pub follow: Option<Shell>,
    /// It changed something that is no API object (the behaviour of an image).
    pub touched: bool,
    /// It waits for an editor.
    pub edit: Option<Box<Editing>>,
    /// What it leaves for the next line.
    pub env: Env,
}

impl Exec {
    /// Standard output, as bytes would appear.
    pub fn stdout(&self) -> String {
        only(&self.text, false)
    }
    /// Standard error.
    pub fn stderr(&self) -> String {
        only(&self.text, true)
    }
}

/// Standard output (or standard error) of what was printed.
pub fn only(text: &[Text], errors: bool) -> String {
    let mut out = String::new();
    for part in text {
        match part {
            Text::Out(t) if !errors => out.push_str(t),
            Text::Err(t) if errors => out.push_str(t),
            _ => {}
        }
    }
    out
}

/// Runs a line at a moment.
pub fn execute(line: &str, before: &Before<'_>, client: &mut Client<'_>) -> Exec {
    let page = Rc::new(before.files.clone());
    let history = before.history.clone();
    let shell = Shell::start(line, before.env, page, before.version, history);
    let mut shell = match shell {
        Ok(shell) => shell,
        Err((why, exit)) => {
            return Exec {
                text: vec![Text::Err(why)],
                exit,
                follow: None,
                touched: false,
                edit: None,
                env: before.env.with_status(exit),
            };
        }
    };
    let said = turn(&mut shell, before.at, &[], client);
    // A comment runs nothing: it ends well, and `$?` stays.
    let mut lines = line.lines().map(str::trim_start);
    let nothing = lines.all(|l| l.is_empty() || l.starts_with('#'));
    Exec {
        text: said.text,
        exit: said.exit.filter(|_| !nothing).unwrap_or(0),
        touched: said.touched,
        edit: said.edit,
        env: shell.env().clone(),
        follow: said.exit.is_none().then_some(shell),
    }
}

/// Asks a line at a moment, with what has changed since it was asked last.
pub fn turn(shell: &mut Shell, at: u64, changes: &[Change], client: &mut Client<'_>) -> Said {
    shell.turn(&mut Scope {
        client,
        at,
        changes,
        extra,
    })
}

/// Asks a waiting line with the engine at that moment (`at` on its clock): what it said and what it wrote.
pub fn ask(
    shell: &mut Shell,
    engine: &mut Engine,
    at: u64,
    now: SimTime,
    changes: &[Change],
) -> (Said, Vec<StepRecord>) {
    if now > engine.now() {
        engine.advance_to(now);
    }
    let (said, records) = engine.act("kubectl", |client| turn(shell, at, changes, client));
    let mut records = crate::timeline::visible(records);
    if records.is_empty() && said.touched {
        records.push(touch(engine, "image".into()));
    }
    (said, records)
}

/// The step of a command that changed what is no API object.
pub fn touch(engine: &Engine, command: rollout_api::Str) -> StepRecord {
    StepRecord {
        at: engine.now(),
        cause: rollout_engine::Cause::Outside(command),
        changes: Vec::new(),
        decisions: Vec::new(),
    }
}

fn extra(
    name: &str,
    args: &[String],
    client: &mut Client<'_>,
) -> Option<Result<(String, bool), String>> {
    Some(match name {
        "image" => images::command(args, client),
        "traffic" => traffic::command(args, client),
        "load" => loads::command(args, client),
        "fault" => faults::command(args, client),
        _ => return None,
    })
}

/// Can a line name a file of the page? Then the file belongs to the record of the line.
pub fn names_file<'a>(line: &str, files: &'a Files) -> Vec<&'a String> {
    // Names that are made when the line runs, and whole directories.
    let any = line.contains(['$', '*', '?', '`'])
        || line.split_whitespace().any(|w| {
            let value = w.rsplit_once('=').map_or(w, |(_, v)| v);
            matches!(value, "." | "./" | "-R" | "-k" | "-f.") || value.ends_with('/')
        });
    files
        .keys()
        .filter(|f| any || line.contains(f.as_str()))
        .collect()
}
