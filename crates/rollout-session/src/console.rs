//! The console: a line becomes words, the words a command. kubectl is in its own crate; what only the playground has is here.

use crate::images;
use crate::words::{self, Words};
use rollout_api::Minor;
use rollout_engine::{Change, Client};
use std::collections::BTreeMap;

/// A command that waits: it is asked again as time runs.
#[derive(Clone)]
pub enum Following {
    /// `sleep`: until this time, milliseconds since the start of the session.
    Sleep {
        /// When it ends.
        until: u64,
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
    files: &BTreeMap<String, String>,
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
        "kubectl" | "k" => kubectl(rest, files, version, at, client),
        "image" => image(rest, client),
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
pub fn names_file<'a>(line: &str, files: &'a BTreeMap<String, String>) -> Vec<&'a String> {
    let args = words::split(line).map(|w| w.args).unwrap_or_default();
    files
        .keys()
        .filter(|f| args.iter().any(|a| a.ends_with(f.as_str())))
        .collect()
}

const HELP: &str = "\
kubectl …                           the real commands, also as k
image REFERENCE BEHAVIOUR [K=V …]   break or mend an image: image registry.example/app:v10 missing
sleep SECONDS                       wait, in simulated time
ls, cat FILE                        the files that this page holds
clear                               an empty console
";

fn cat(names: &[String], files: &BTreeMap<String, String>) -> Exec {
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

fn image(args: &[String], client: &mut Client<'_>) -> Exec {
    match images::command(args, client) {
        Ok((text, touched)) => Exec {
            touched,
            ..Exec::ok(text)
        },
        Err(e) => Exec::error(1, format!("error: {e}")),
    }
}

fn kubectl(
    args: &[String],
    files: &BTreeMap<String, String>,
    _version: Minor,
    _at: u64,
    client: &mut Client<'_>,
) -> Exec {
    use rollout_engine::client::{DeleteOptions, PatchType, WriteOptions};
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let options = WriteOptions::default();
    let deployment = rollout_api::Kind::DEPLOYMENT;
    let mut patch = |name: &str, json: String| {
        let value = rollout_api::json::from_json(&json).unwrap_or_default();
        match client.patch(
            deployment,
            "default",
            name.trim_start_matches("deployment/"),
            PatchType::Strategic,
            &value,
            &options,
        ) {
            Ok(_) => Exec::ok(format!("deployment.apps/{name} patched\n")),
            Err(e) => Exec::error(1, e.kubectl_text()),
        }
    };
    match words.as_slice() {
        ["apply", "-f", file] => {
            let mut out = Exec::ok("");
            for d in rollout_manifest::documents::objects(
                files.get(*file).map_or("", |t| t).as_bytes(),
                client.version(),
            ) {
                let Some(v) = d.value() else { continue };
                let kind = match v.str_at("kind") {
                    "Deployment" => deployment,
                    "Service" => rollout_api::Kind::SERVICE,
                    _ => continue,
                };
                match client.create(kind, "default", v.clone(), &options) {
                    Ok(_) => out.stdout.push_str(&format!(
                        "{}/{} created\n",
                        kind.0,
                        v.str_at("metadata.name")
                    )),
                    Err(e) => out.stderr.push_str(&e.kubectl_text()),
                }
            }
            out
        }
        ["set", "image", name, pair] => {
            let (c, image) = pair.split_once('=').unwrap_or(("", ""));
            patch(
                name,
                format!(
                    r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"{c}","image":"{image}"}}]}}}}}}}}"#
                ),
            )
        }
        ["scale", name, replicas] => patch(
            name,
            format!(
                r#"{{"spec":{{"replicas":{}}}}}"#,
                replicas.trim_start_matches("--replicas=")
            ),
        ),
        ["rollout", "pause", name] => patch(name, r#"{"spec":{"paused":true}}"#.to_owned()),
        ["rollout", "resume", name] => patch(name, r#"{"spec":{"paused":null}}"#.to_owned()),
        ["delete", name] => match client.delete(
            deployment,
            "default",
            name.trim_start_matches("deployment/"),
            &DeleteOptions::default(),
        ) {
            Ok(_) => Exec::ok("deleted\n"),
            Err(e) => Exec::error(1, e.kubectl_text()),
        },
        _ => Exec::error(1, "error: kubectl is not built in yet"),
    }
}

impl Following {
    /// When it has something to do by itself: a timeout, the end of a sleep.
    pub fn deadline(&self) -> Option<u64> {
        match self {
            Following::Sleep { until } => Some(*until),
        }
    }
    /// Asks it at a moment, with what has changed since it was asked last.
    pub fn feed(&mut self, _client: &mut Client<'_>, at: u64, _changes: &[Change]) -> Heard {
        match self {
            Following::Sleep { until } => Heard {
                exit: (at >= *until).then_some(0),
                ..Heard::default()
            },
        }
    }
    /// Ctrl-C.
    pub fn interrupt(&mut self) -> i32 {
        130
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
