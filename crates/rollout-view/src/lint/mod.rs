//! Lints that teach: common mistakes of a manifest, each with its place, its reason in numbers, a fix that keeps layout
//! and comments, and the rollout in which it hurts.

mod facts;
mod fits;
mod pods;
mod show;
mod text;
mod workload;

pub use show::show;
pub use text::{lint_json, lint_text};

use crate::catalogue::{Arg, Msg, plain};
use facts::Facts;
use rollout_api::decode::Step;
use rollout_api::{Minor, Order, Value};
use rollout_manifest::check::place_of;
use rollout_manifest::diagnostic::LineIndex;
use rollout_manifest::documents::{Document, documents};
use rollout_manifest::edit;

/// A change of the text.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// Sets a field of a document.
    Set(usize, Vec<Step>, Value),
    /// Takes a field out of a document.
    Remove(usize, Vec<Step>),
    /// Adds a document at the end.
    Append(Value),
}

/// A mistake.
#[derive(Clone, PartialEq, Debug)]
pub struct Lint {
    /// `no-readiness-probe`: for links and searches.
    pub id: &'static str,
    /// Which document of the text, from 0.
    pub document: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Characters that are marked, at least 1.
    pub length: usize,
    /// Path of the field.
    pub path: String,
    /// Namespace and name of the Deployment it is about, if it is about one.
    pub subject: Option<(String, String)>,
    /// Why it is a mistake, with its numbers.
    pub reason: String,
    /// What the fix does: `Add a readiness probe`.
    pub fix: String,
    /// The changes of the fix.
    pub changes: Vec<Change>,
    /// Lines that show the harm, with their times in milliseconds, on a cluster that runs the manifest.
    pub show: Vec<(u64, String)>,
}

/// What a rule found.
struct Found {
    id: &'static str,
    document: usize,
    path: String,
    reason: String,
    fix: String,
    changes: Vec<Change>,
    show: Vec<(u64, String)>,
}

/// What the largest node has: milli CPU and bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
}

impl Default for Room {
    /// The nodes of the default cluster.
    fn default() -> Room {
        Room {
            cpu: 4_000,
            memory: 8 << 30,
        }
    }
}

type Rule = fn(&Facts<'_>, &mut Vec<Found>);

/// All rules, in the order of their findings.
const RULES: &[Rule] = &[
    workload::unavailable_few,
    workload::rounds_to_zero,
    workload::recreate_gap,
    workload::disk_with_surge,
    workload::history_limit,
    workload::deadline_below_start,
    workload::selector_too_broad,
    workload::no_budget,
    workload::budget_blocks,
    workload::replicas_and_autoscaler,
    workload::service_selects_nothing,
    workload::service_target_port,
    pods::mutable_tag,
    pods::no_readiness,
    pods::probe_port,
    pods::liveness_as_strict,
    pods::grace_below_hook,
    pods::no_hook,
    pods::config_without_checksum,
    fits::security_level,
    fits::old_version,
    fits::requests_too_large,
    fits::empty_dir_loss,
];

/// Ids of all lints.
pub const IDS: [&str; 23] = [
    "unavailable-with-few-replicas",
    "percentage-rounds-to-zero",
    "recreate-gap",
    "disk-with-surge",
    "short-history",
    "deadline-below-start",
    "selector-too-broad",
    "no-budget",
    "budget-blocks-drains",
    "replicas-and-autoscaler",
    "service-selects-nothing",
    "service-target-port",
    "mutable-tag",
    "no-readiness-probe",
    "probe-port",
    "liveness-as-strict-as-readiness",
    "grace-below-hook",
    "no-stop-hook",
    "config-without-checksum",
    "security-level",
    "old-api-version",
    "requests-fit-nowhere",
    "files-end-with-the-pod",
];

/// Most mistakes that are told at once.
const MOST: usize = 60;

/// The mistakes of a text, in order of lines. A text that cannot be read has none: its errors come first.
pub fn lints(text: &str, version: Minor) -> Vec<Lint> {
    lints_on(text, version, Room::default())
}

/// The same for a cluster with other nodes.
pub fn lints_on(text: &str, version: Minor, room: Room) -> Vec<Lint> {
    let docs = documents(text.as_bytes(), version);
    if docs.iter().any(|d| d.content.is_err()) {
        return Vec::new();
    }
    let facts = Facts::of(&docs, version, room);
    let mut found = Vec::new();
    for rule in RULES {
        rule(&facts, &mut found);
    }
    let lines = LineIndex::new(text);
    let mut out: Vec<Lint> = found
        .into_iter()
        .take(MOST)
        .map(|f| placed(f, text, &docs, &lines))
        .collect();
    out.order_by(|a, b| (a.line, a.column, a.id).cmp(&(b.line, b.column, b.id)));
    out
}

fn placed(f: Found, text: &str, docs: &[Document], lines: &LineIndex<'_>) -> Lint {
    let doc = &docs[f.document];
    let span = place_of(doc, &f.path).unwrap_or(doc.span);
    let (line, column) = lines.position(span.start);
    let marked = text.get(span.start..span.end).unwrap_or("");
    let length = marked
        .lines()
        .next()
        .map_or(1, |l| l.trim_end().chars().count());
    let value = doc.value().filter(|v| v.str_at("kind") == "Deployment");
    let subject = value.map(|value| facts::Deployment {
        document: f.document,
        value,
    });
    Lint {
        subject: subject.map(|d| (d.namespace().to_owned(), d.name().to_owned())),
        id: f.id,
        document: f.document,
        line,
        column,
        length: length.max(1),
        path: f.path,
        reason: f.reason,
        fix: f.fix,
        changes: f.changes,
        show: f.show,
    }
}

/// The text with a mistake repaired.
pub fn fixed(text: &str, lint: &Lint) -> String {
    let mut out = text.to_owned();
    for change in &lint.changes {
        let edited = match change {
            Change::Set(doc, path, value) => edit::set(&out, *doc, path, value),
            Change::Remove(doc, path) => edit::remove(&out, *doc, path),
            Change::Append(value) => Ok(appended(&out, value)),
        };
        if let Ok(edited) = edited {
            out = edited;
        }
    }
    out
}

/// The text with all mistakes repaired, one after the other.
pub fn all_fixed(text: &str, version: Minor) -> String {
    let mut out = text.to_owned();
    for _ in 0..MOST {
        let found = lints(&out, version);
        let better = found.iter().map(|l| fixed(&out, l)).find(|t| *t != out);
        match better {
            Some(better) => out = better,
            None => break,
        }
    }
    out
}

fn appended(text: &str, value: &Value) -> String {
    let mut out = text.to_owned();
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str("---\n");
    out.push_str(&rollout_manifest::emit::to_yaml(value));
    out
}

/// A sentence of the catalogue.
fn say(msg: Msg, args: &[(&str, Arg)]) -> String {
    plain(msg, args)
}
