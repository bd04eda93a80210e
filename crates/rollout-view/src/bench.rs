//! The bench: history, images, events, conditions, console.

use crate::catalogue::{Msg, counted, plain, seconds};
use crate::cluster::{CHANGE_CAUSE, Rollout, revision_of, tag};
use crate::explain;
use crate::model::*;
use rollout_api::Order;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Timestamp, Value};
use rollout_kubectl::duration::age;
use rollout_session::Session;

/// The revisions of a rollout, newest on top.
pub fn history(session: &Session, r: Option<&Rollout>) -> HistoryView {
    let Some(r) = r else {
        return HistoryView {
            rows: Vec::new(),
            note: String::new(),
        };
    };
    let mut sets: Vec<(usize, &crate::cluster::Set)> = r
        .sets
        .iter()
        .enumerate()
        .filter(|(_, s)| s.revision > 0)
        .collect();
    sets.order_by_key(|(_, s)| std::cmp::Reverse(s.revision));
    let newest_revision = sets.first().map_or(0, |(_, s)| s.revision);
    // Plain undo goes to the highest revision below the newest one.
    let target = sets.get(1).map(|(_, s)| s.revision);
    let stalled = explain::cause_of_stall(r).is_some();
    let rows = sets
        .iter()
        .map(|(i, set)| {
            let current = Some(*i) == r.newest;
            let word = match current {
                true if r.complete() => "running".to_owned(),
                true if stalled => "stalled".to_owned(),
                true => "arriving".to_owned(),
                false if set.size > 0 => format!(
                    "{} {}",
                    set.size,
                    if set.size == 1 { "pod" } else { "pods" }
                ),
                false => "0 pods".to_owned(),
            };
            HistoryRow {
                revision: set.revision,
                set: set.name().to_string(),
                version: tag(set.version),
                image: set.image().to_owned(),
                cause: set
                    .object
                    .meta
                    .annotation(CHANGE_CAUSE)
                    .unwrap_or("<none>")
                    .to_owned(),
                age: age(set.object.meta.creation, session.wall()),
                size: set.size.max(0) as u32,
                current,
                word,
                undo: (!current).then(|| {
                    format!(
                        "kubectl rollout undo deployment/{} --to-revision={}",
                        r.name(),
                        set.revision
                    )
                }),
                becomes: (Some(set.revision) == target && !current).then_some(newest_revision + 1),
            }
        })
        .collect();
    let note = match target {
        Some(from) => plain(
            Msg::UndoNote,
            &[
                ("from", counted(from, Quantity::Revision)),
                ("to", counted(newest_revision + 1, Quantity::Revision)),
            ],
        ),
        None => plain(Msg::UndoNone, &[]),
    };
    HistoryView { rows, note }
}

/// The change cause of the Deployment's current revision, for tests of the history.
pub fn current_revision(r: &Rollout) -> i64 {
    revision_of(&r.object)
}

/// Conditions of the Deployment.
pub fn conditions(r: Option<&Rollout>) -> Vec<ConditionRow> {
    let Some(r) = r else { return Vec::new() };
    r.view()
        .status
        .conditions
        .iter()
        .map(|c| ConditionRow {
            good: (c.status == *"True") != (c.kind == *"ReplicaFailure"),
            kind: c.kind.to_string(),
            status: c.status.to_string(),
            reason: c.reason.to_string(),
            message: c.message.to_string(),
        })
        .collect()
}

/// Rows of the list of events: long sessions have thousands, and each look at another moment makes them anew.
const EVENT_ROWS: usize = 200;

/// What a list of events needs to know of each before it shows some: read once when it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventFacts {
    pub(crate) version: u64,
    last: Timestamp,
    warning: bool,
}

impl EventFacts {
    /// None: it is about something else than the Deployment and what hangs on it.
    pub(crate) fn of(e: &Object, key: Option<&ObjectKey>) -> Option<EventFacts> {
        let v = &e.value;
        if let Some(key) = key {
            let about = v.get("involvedObject");
            let part = |key: &str| about.and_then(|a| a.get(key)?.as_str()).unwrap_or("");
            let name = part("name");
            let ours = match part("kind") {
                "Deployment" => name == key.name.as_str(),
                "ReplicaSet" | "Pod" => name
                    .strip_prefix(&*key.name)
                    .is_some_and(|rest| rest.starts_with('-')),
                _ => true,
            };
            if !ours || key.namespace != e.meta.namespace {
                return None;
            }
        }
        let series = v.get("series");
        let last = series
            .and_then(|s| moment(s, "lastObservedTime"))
            .or_else(|| moment(v, "lastTimestamp"))
            .or_else(|| moment(v, "eventTime"))
            .or(e.meta.creation)
            .unwrap_or_default();
        Some(EventFacts {
            version: e.meta.resource_version,
            last,
            warning: v.str_at("type") == "Warning",
        })
    }
}

fn moment(v: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::parse(v.get(key)?.as_str()?)
}

/// Events about the focus and what hangs on it, newest first. Without a focus: all.
pub fn events(session: &Session, key: Option<&ObjectKey>) -> EventsView {
    let mut found: Vec<(EventFacts, &Object)> = match key {
        Some(key) => crate::past::events_of(session, key),
        None => {
            let all = session.store().list(Kind::EVENT);
            all.filter_map(|e| Some((EventFacts::of(e, None)?, &**e)))
                .collect()
        }
    };
    let warnings = found.iter().filter(|(f, _)| f.warning).count();
    found.order_by_key(|(f, _)| std::cmp::Reverse((f.last, f.version)));
    let row = |(facts, e): &(EventFacts, &Object)| {
        let (v, last) = (&e.value, facts.last);
        let first = moment(v, "firstTimestamp")
            .or_else(|| moment(v, "eventTime"))
            .unwrap_or(last);
        let count = v
            .int_at("series.count")
            .or(v.int_at("count"))
            .unwrap_or(1)
            .max(1);
        let at = session.at_of_wall(last);
        EventRow {
            uid: e.meta.uid.to_string(),
            at: if at < 0 {
                "before".to_owned()
            } else {
                seconds(at as u64)
            },
            kind: v.str_at("type").to_owned(),
            reason: v.str_at("reason").to_owned(),
            object: format!(
                "{}/{}",
                v.str_at("involvedObject.kind").to_lowercase(),
                v.str_at("involvedObject.name")
            ),
            message: v.str_at("message").to_owned(),
            count: u32::try_from(count).unwrap_or(u32::MAX),
            times: if count > 1 {
                format!("x{count} over {}", age(Some(first), last))
            } else {
                String::new()
            },
        }
    };
    let rows: Vec<EventRow> = found.iter().take(EVENT_ROWS).map(row).collect();
    EventsView {
        older: match found.len() - rows.len() {
            0 => String::new(),
            n => plain(
                Msg::OlderEvents,
                &[("k", counted(n as i64, Quantity::Count))],
            ),
        },
        warnings,
        rows,
    }
}

/// The console at the cursor.
pub fn console(session: &Session) -> ConsoleView {
    let branch = session.branch();
    let seen = branch.transcript.at(session.position(), session.at());
    let kind = |k| match k {
        rollout_session::LineKind::Typed => LineKind::Typed,
        rollout_session::LineKind::Out => LineKind::Out,
        rollout_session::LineKind::Err => LineKind::Err,
    };
    let typed = branch
        .transcript
        .lines()
        .iter()
        .filter(|l| l.kind == rollout_session::LineKind::Typed && l.text != "^C");
    ConsoleView {
        lines: seen
            .iter()
            .map(|l| ConsoleLine {
                kind: if l.text.starts_with("No resources found") {
                    LineKind::Out
                } else {
                    kind(l.kind)
                },
                text: l.text.clone(),
                step: l.step,
            })
            .collect(),
        busy: session.waiting().last().map(|r| r.line.clone()),
        typed: typed.map(|l| l.text.clone()).collect(),
    }
}

/// All images of the templates in the store, in order.
pub fn images_in_use(session: &Session) -> Vec<String> {
    let mut out = images_of(session, Kind::DEPLOYMENT);
    for image in images_of(session, Kind::REPLICA_SET) {
        if !out.contains(&image) {
            out.push(image);
        }
    }
    out
}

/// Images in the templates of one kind.
pub fn images_of(session: &Session, kind: Kind) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for object in session.store().list(kind) {
        for path in [
            "spec.template.spec.initContainers",
            "spec.template.spec.containers",
        ] {
            for c in object.value.list_at(path) {
                let image = c.get("image").and_then(Value::as_str).unwrap_or("");
                if !image.is_empty() && !out.iter().any(|i| i == image) {
                    out.push(image.to_owned());
                }
            }
        }
    }
    out
}
