//! What a running command has: the line, the client, and what it has printed.

use crate::commands::Command;
use crate::duration;
use crate::error::{Failure, Res};
use crate::flags::Parsed;
use rollout_api::SortedMap;
use rollout_api::kinds::Resource;
use rollout_api::{Kind, Minor, Timestamp, Value};
use rollout_engine::Client;

/// What a command may read besides the cluster.
#[derive(Clone, Debug, Default)]
pub struct Io {
    /// Standard input.
    pub stdin: String,
    /// Files of the working directory: path → text.
    pub files: SortedMap<String, String>,
    /// Namespace of the context; empty: `default`.
    pub namespace: String,
    /// Version of the client.
    pub version: Minor,
    /// Is there an editor? Its text comes back through [`crate::Editing`].
    pub editor: bool,
}

/// What a finished command has printed, and its exit code.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub exit: i32,
}

/// How a dry run is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DryRun {
    /// It is none.
    None,
    /// Nothing is sent.
    Client,
    /// The server checks and stores nothing.
    Server,
}

impl DryRun {
    /// What is printed behind the result.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

/// A running command.
pub struct Ctx<'a, 'w> {
    /// Its environment.
    pub io: &'a Io,
    /// The API server's door.
    pub client: &'a mut Client<'w>,
    /// Its flags and arguments.
    pub flags: Parsed,
    /// The whole line, for `--record`.
    pub line: &'a [String],
    /// The command.
    pub command: &'static Command,
    /// What it has printed.
    pub out: Output,
    /// Namespace of its requests.
    pub namespace: String,
    /// Was `-n` given (or does the context name one)?
    pub explicit_namespace: bool,
}

impl Ctx<'_, '_> {
    /// The client's version.
    pub fn minor(&self) -> Minor {
        self.io.version
    }
    /// Now.
    pub fn now(&self) -> Timestamp {
        self.client.now()
    }
    /// Prints on stdout.
    pub fn print(&mut self, text: &str) {
        self.out.stdout.push_str(text);
    }
    /// Prints a line on stdout.
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.out.stdout.push_str(line.as_ref());
        self.out.stdout.push('\n');
    }
    /// Prints a line on stderr.
    pub fn warn(&mut self, line: impl AsRef<str>) {
        self.out.stderr.push_str(line.as_ref());
        self.out.stderr.push('\n');
    }
    /// `UsageErrorf` of this command.
    pub fn usage(&self, text: impl std::fmt::Display) -> Failure {
        Failure::usage(&self.command.full(), text)
    }
    /// Flags without which nothing begins, in order of their names.
    pub fn required(&self, names: &[&str]) -> Res<()> {
        let missing: Vec<String> = names
            .iter()
            .filter(|n| !self.flags.changed(n))
            .map(|n| crate::flags::quoted(n))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::text(format!(
            "required flag(s) {} not set",
            missing.join(", ")
        )))
    }
    /// Objects of a kind in a namespace (`None`: all).
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Value> {
        self.client.list(kind, namespace)
    }
    /// The dry run that was asked for; the deprecated form warns.
    pub fn dry_run(&mut self) -> Res<DryRun> {
        if !self.flags.changed("dry-run") {
            return Ok(DryRun::None);
        }
        match self.flags.text("dry-run") {
            "client" => Ok(DryRun::Client),
            "server" => Ok(DryRun::Server),
            "none" => Ok(DryRun::None),
            "unchanged" => {
                self.klog(
                    702,
                    "--dry-run is deprecated and can be replaced with --dry-run=client.",
                );
                Ok(DryRun::Client)
            }
            other => {
                if let Some(on) = crate::flags::parse_bool(other) {
                    if on {
                        let text = format!(
                            "--dry-run={other} is deprecated (boolean value) and can be replaced with --dry-run=client."
                        );
                        self.klog(693, &text);
                        return Ok(DryRun::Client);
                    }
                    let text = format!(
                        "--dry-run={other} is deprecated (boolean value) and can be replaced with --dry-run=none."
                    );
                    self.klog(696, &text);
                    return Ok(DryRun::None);
                }
                Err(Failure::text(format!(
                    "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
                )))
            }
        }
    }
    /// A warning in the form of klog.
    pub fn klog(&mut self, line: u32, text: &str) {
        let c = self.now().civil();
        let head = format!(
            "W{:02}{:02} {:02}:{:02}:{:02}.000000   12345 helpers.go:{line}] {text}",
            c.month, c.day, c.hour, c.minute, c.second
        );
        self.warn(head);
    }
    /// The namespace an object of this resource is asked for in.
    pub fn namespace_for(&self, resource: &Resource) -> String {
        if resource.namespaced {
            self.namespace.clone()
        } else {
            String::new()
        }
    }
}

/// The age of the moment at a path of an object.
pub fn age_at(object: &Value, path: &str, now: Timestamp) -> String {
    duration::age(
        object
            .at(path)
            .and_then(Value::as_str)
            .and_then(Timestamp::parse),
        now,
    )
}
