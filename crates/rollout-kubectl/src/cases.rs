//! Recorded cases: a state of a cluster, lines, and what they print.

use crate::{Editing, Follow, Io, Outcome, Output, run};
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Str, Timestamp, Value, kinds};
use rollout_engine::logs::{LogLine, Run};
use rollout_engine::{Change, ClusterConfig, Engine, NodeSide};
use std::rc::Rc;

/// What an editor did: the text it left (none: it failed), and what it printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// The text, if it was saved.
    pub text: Option<String>,
    /// What the editor printed.
    pub stdout: String,
}

/// Runs an editor command: command, text, ending of the file's name, files of the working directory, and
/// whether it opens again in the same case.
pub type Editor<'a> = dyn FnMut(&str, &str, &str, &SortedMap<String, String>, bool) -> Edited + 'a;

/// The cluster of a file of cases: nothing moves in it but what commands change.
pub fn cluster(file: &Value) -> Engine {
    let now = Timestamp::parse(file.str_at("now")).unwrap_or_default();
    // The recordings' own server speaks as 1.32 to every client.
    let config = ClusterConfig {
        version: Minor::V1_32,
        start: now,
        nodes: Vec::new(),
        node_side: NodeSide::Nobody,
        ..ClusterConfig::default()
    };
    let objects = file.list_at("state.objects").to_vec();
    let mut engine = Engine::with_state(config, objects, now);
    engine.act("state", |client| {
        let Some(logs) = file.at("state.logs").and_then(Value::as_map) else {
            return;
        };
        for (key, lines) in logs.iter() {
            let (place, run) = match key.strip_suffix("#previous") {
                Some(p) => (p, Run::Previous),
                None => (key.as_str(), Run::Current),
            };
            let Some((pod, container)) = place.rsplit_once('/') else {
                continue;
            };
            let lines = lines
                .as_list()
                .iter()
                .map(|l| LogLine {
                    at: l
                        .as_list()
                        .first()
                        .and_then(Value::as_str)
                        .and_then(Timestamp::parse)
                        .unwrap_or(now),
                    text: l
                        .as_list()
                        .get(1)
                        .and_then(Value::as_str)
                        .map(Str::copy)
                        .unwrap_or_default(),
                })
                .collect();
            client.world_mut().logs.set(pod, container, run, lines);
        }
    });
    engine
}

/// Runs every case of a file; the same file with our output in place of the recorded one.
pub fn run_file(file: &Value, editor: &mut Editor<'_>) -> Value {
    let base = cluster(file);
    let mut engine = base.clone();
    let sequential = file.bool_at("sequential");
    let mut kept: SortedMap<String, String> = SortedMap::new();
    let mut cases = Vec::new();
    for case in file.list_at("cases") {
        if !sequential {
            engine = base.clone();
            kept.clear();
        }
        if let Some(m) = case.get("files").and_then(Value::as_map) {
            kept.extend(
                m.iter()
                    .map(|(k, v)| (k.to_string(), v.as_str().unwrap_or("").to_owned())),
            );
        }
        let out = run_case(&mut engine, file, case, &kept, editor);
        let mut done = case.clone();
        for (key, value) in [
            ("stdout", Value::from(out.stdout)),
            ("stderr", Value::from(out.stderr)),
            ("exit", Value::from(out.exit)),
        ] {
            done.map_mut().insert(key, value);
        }
        cases.push(done);
    }
    let mut out = file.clone();
    out.map_mut().insert("cases", cases);
    out
}

/// The words of a case's line.
pub fn argv(case: &Value) -> Vec<String> {
    case.list_at("argv")
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn run_case(
    engine: &mut Engine,
    file: &Value,
    case: &Value,
    files: &SortedMap<String, String>,
    editor: &mut Editor<'_>,
) -> Output {
    let own = case.str_at("namespace");
    let namespace = if own.is_empty() {
        file.str_at("namespace")
    } else {
        own
    };
    let command = case.get("env").map_or("", |e| e.str_at("KUBE_EDITOR"));
    let io = Io {
        stdin: case.str_at("stdin").to_owned(),
        files: files.clone(),
        namespace: namespace.to_owned(),
        version: Minor::parse(file.str_at("kubectl")).unwrap_or_default(),
        editor: !command.is_empty(),
    };
    let args = argv(case);
    let (outcome, records) = engine.act("kubectl", |client| run(&args, &io, client));
    for change in records.into_iter().flat_map(|r| r.changes) {
        recorded_server(engine, &change);
    }
    run_on(
        engine,
        &io,
        outcome,
        case.list_at("timeline"),
        case.bool_at("interrupted"),
        &mut |editing| {
            editor(
                command,
                editing.buffer(),
                editing.suffix(),
                files,
                editing.is_again(),
            )
        },
    )
}

/// Brings a command to its end: the timeline's changes come in order, time-outs when their time has come.
pub fn run_on(
    engine: &mut Engine,
    io: &Io,
    outcome: Outcome,
    timeline: &[Value],
    interrupted: bool,
    edit: &mut dyn FnMut(&Editing) -> Edited,
) -> Output {
    let mut all = Output::default();
    let mut outcome = outcome;
    loop {
        match outcome {
            Outcome::Done(out) => {
                add(&mut all, &out);
                all.exit = out.exit;
                return all;
            }
            Outcome::Editing(out, editing) => {
                add(&mut all, &out);
                let edited = edit(&editing);
                all.stdout.push_str(&edited.stdout);
                let text = edited.text;
                outcome = engine
                    .act("kubectl", |client| {
                        editing.save(text.as_deref(), io, client)
                    })
                    .0;
            }
            Outcome::Following(out, follow) => {
                add(&mut all, &out);
                return waited(engine, io, all, *follow, timeline, interrupted);
            }
        }
    }
}

fn add(all: &mut Output, more: &Output) {
    all.stdout.push_str(&more.stdout);
    all.stderr.push_str(&more.stderr);
}

/// How often a waiting command is fed before it is given up.
const MAX_TURNS: usize = 100_000;

fn waited(
    engine: &mut Engine,
    io: &Io,
    mut all: Output,
    mut follow: Follow,
    timeline: &[Value],
    interrupted: bool,
) -> Output {
    let mut at = 0u64;
    let mut changes: Vec<Change> = Vec::new();
    let mut next = timeline.iter().peekable();
    for _ in 0..MAX_TURNS {
        let (p, _) = engine.act("kubectl", |client| follow.feed(io, client, at, &changes));
        all.stdout.push_str(&p.stdout);
        all.stderr.push_str(&p.stderr);
        if let Some(code) = p.exit {
            all.exit = code;
            return all;
        }
        changes.clear();
        // Nobody plays the nodes here: what is to be deleted is gone at once.
        let going = follow.waits_for_deletion();
        if !going.is_empty() {
            for key in going {
                if let Some(c) = put(engine, &key, None) {
                    changes.push(c);
                }
            }
            continue;
        }
        let due = next.peek().map(|t| {
            t.int_at("at_ms")
                .and_then(|ms| u64::try_from(ms).ok())
                .unwrap_or(0)
        });
        match (due, follow.wake()) {
            (Some(ms), wake) if wake.is_none_or(|w| ms <= w) => {
                at = at.max(ms);
                let Some(op) = next.next() else { continue };
                let object = op.get("object").cloned().unwrap_or_default();
                let Some(kind) = kinds::of_object(
                    object.str_at("apiVersion"),
                    object.str_at("kind"),
                    engine.config().version,
                )
                .map(|r| r.kind) else {
                    continue;
                };
                let key = ObjectKey::new(
                    kind,
                    Str::copy(object.str_at("metadata.namespace")),
                    Str::copy(object.str_at("metadata.name")),
                );
                let after = (op.str_at("op") != "delete").then_some(object);
                changes.extend(put(engine, &key, after));
            }
            (_, Some(wake)) if !interrupted => at = at.max(wake),
            _ => {
                let p = follow.interrupt();
                all.exit = p.exit.unwrap_or(1);
                return all;
            }
        }
    }
    all.exit = 124;
    all
}

/// Where the recordings' own server did otherwise than a real one: it raised the generation of a Deployment for its `spec`
/// alone (a real one also for its annotations), and gave Services addresses of twelve characters.
fn recorded_server(engine: &mut Engine, change: &Change) {
    let Some(after) = &change.after else { return };
    match (change.key.kind, &change.before) {
        (Kind::DEPLOYMENT, Some(before)) if before.value.get("spec") == after.value.get("spec") => {
            let mut value = after.value.clone();
            if let Some(g) = before.value.at("metadata.generation") {
                value.set("metadata.generation", g.clone());
                put(engine, &change.key, Some(value));
            }
        }
        (Kind::SERVICE, None) if after.value.str_at("spec.clusterIP").starts_with("10.") => {
            let taken = engine
                .list(Kind::SERVICE)
                .filter(|s| s.value.str_at("spec.clusterIP").starts_with("10.96.102."))
                .count();
            let ip = format!("10.96.102.{}", 24 + taken.min(70));
            let mut value = after.value.clone();
            value.set("spec.clusterIPs", Value::list(vec![Value::text(&ip)]));
            value.set("spec.clusterIP", ip);
            put(engine, &change.key, Some(value));
        }
        _ => {}
    }
}

/// Stores an object as it is.
fn put(engine: &mut Engine, key: &ObjectKey, value: Option<Value>) -> Option<Change> {
    let after = value.map(|v| Rc::new(Object::new(v)));
    let stored = after.clone();
    let (before, _) = engine.act("state", |client| client.world_mut().store.put(key, stored));
    if before.is_none() && after.is_none() {
        return None;
    }
    Some(Change {
        key: key.clone(),
        before,
        after,
    })
}
