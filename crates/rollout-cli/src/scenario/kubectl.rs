//! The client of a scenario. Stands in for rollout-kubectl while that is not there: only what changes objects.

use rollout_api::patch;
use rollout_api::{Kind, Value, kinds, object};
use rollout_engine::client::{DeleteOptions, PatchType, Propagation, WriteOptions};
use rollout_engine::controllers::deployment::util;
use rollout_engine::controllers::objects::ReplicaSet;
use rollout_engine::{Client, Engine, StepRecord};

/// What a command has printed.
#[derive(Clone, Default, Debug)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub exit: i32,
}

/// A command that waits.
pub struct Running {
    /// It does not hold up the scenario.
    pub background: bool,
    /// It has ended.
    pub ended: bool,
    /// What it has printed so far.
    pub output: Output,
}

impl Running {
    /// Feeds it what has happened.
    pub fn feed(&mut self, _: &mut Engine, _: &[StepRecord]) -> Vec<StepRecord> {
        self.ended = true;
        Vec::new()
    }
}

/// How a command began.
#[expect(dead_code, reason = "commands that wait come with rollout-kubectl")]
pub enum Started {
    /// It is over.
    Done(Output),
    /// It waits.
    Running(Box<Running>),
}

/// Runs a line.
pub fn start(
    engine: &mut Engine,
    argv: &[String],
    stdin: &str,
    _background: bool,
    _n: usize,
) -> (Started, Vec<StepRecord>) {
    let (result, records) = engine.act("kubectl", |c| run(argv, stdin, c));
    let output = match result {
        Ok(stdout) => Output {
            stdout,
            ..Output::default()
        },
        Err(stderr) => Output {
            stderr,
            exit: 1,
            ..Output::default()
        },
    };
    (Started::Done(output), records)
}

const NS: &str = "default";

fn flag<'a>(argv: &'a [String], name: &str) -> Option<&'a str> {
    argv.iter()
        .find_map(|a| a.strip_prefix(&format!("--{name}=")))
}

fn target(words: &[&str]) -> (Kind, String, usize) {
    let (kind, name, used) = match words.first().and_then(|w| w.split_once('/')) {
        Some((k, n)) => (k.to_owned(), n.to_owned(), 1),
        None => (
            words.first().unwrap_or(&"").to_string(),
            words.get(1).unwrap_or(&"").to_string(),
            2,
        ),
    };
    let kind = kinds::of_word(&kind, rollout_api::Minor(32)).map_or(Kind::DEPLOYMENT, |r| r.kind);
    (kind, name, used)
}

fn run(argv: &[String], stdin: &str, c: &mut Client<'_>) -> Result<String, String> {
    let words: Vec<&str> = argv
        .iter()
        .map(String::as_str)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let options = WriteOptions::default();
    let strategic = |c: &mut Client<'_>, kind: Kind, name: &str, p: Value| {
        c.patch(kind, NS, name, PatchType::Strategic, &p, &options)
            .map(|_| String::new())
            .map_err(|e| e.kubectl_text())
    };
    match words.as_slice() {
        ["apply", ..] => apply(stdin, c),
        ["set", "image", rest @ ..] => {
            let (kind, name, used) = target(rest);
            let containers = rest[used..].iter().filter_map(|w| w.split_once('='));
            let list = containers
                .map(|(n, i)| object! { "name" => n.to_owned(), "image" => i.to_owned() })
                .collect();
            let mut p = Value::object();
            p.set("spec.template.spec.containers", Value::list(list));
            strategic(c, kind, name.as_str(), p)
        }
        ["set", "env", rest @ ..] => {
            let (kind, name, used) = target(rest);
            let d = c.get(kind, NS, &name).map_err(|e| e.kubectl_text())?;
            let env: Vec<Value> = rest[used..]
                .iter()
                .filter_map(|w| w.split_once('='))
                .map(|(n, v)| object! { "name" => n.to_owned(), "value" => v.to_owned() })
                .collect();
            let list = d.list_at("spec.template.spec.containers").iter().map(|k| object! { "name" => k.shared_str_at("name").unwrap_or_default(), "env" => Value::list(env.clone()) }).collect();
            let mut p = Value::object();
            p.set("spec.template.spec.containers", Value::list(list));
            strategic(c, kind, &name, p)
        }
        ["scale", rest @ ..] => {
            let (kind, name, _) = target(rest);
            let n: i64 = flag(argv, "replicas")
                .and_then(|t| t.parse().ok())
                .unwrap_or(0);
            if let Some(current) = flag(argv, "current-replicas") {
                let d = c.get(kind, NS, &name).map_err(|e| e.kubectl_text())?;
                if d.int_at("spec.replicas") != current.parse().ok() {
                    return Err("error: expected replicas".to_owned());
                }
            }
            let mut p = Value::object();
            p.set("spec.replicas", n);
            strategic(c, kind, &name, p)
        }
        ["rollout", "pause", rest @ ..] | ["rollout", "resume", rest @ ..] => {
            let (kind, name, _) = target(rest);
            let mut p = Value::object();
            p.set(
                "spec.paused",
                if words[1] == "pause" {
                    Value::from(true)
                } else {
                    Value::Null
                },
            );
            strategic(c, kind, &name, p)
        }
        ["rollout", "restart", rest @ ..] => {
            let (kind, name, _) = target(rest);
            let mut p = Value::object();
            p.set(
                "spec.template.metadata.annotations",
                object! { "kubectl.kubernetes.io/restartedAt" => c.now().rfc3339() },
            );
            strategic(c, kind, &name, p)
        }
        ["rollout", "undo", rest @ ..] => undo(argv, rest, c),
        ["label" | "annotate", rest @ ..] => {
            let (kind, name, used) = target(rest);
            let mut map = rollout_api::Map::new();
            for w in &rest[used..] {
                if let Some((k, v)) = w.split_once('=') {
                    map.insert(k.to_owned(), v.to_owned());
                } else if let Some(k) = w.strip_suffix('-') {
                    map.insert(k.to_owned(), Value::Null);
                }
            }
            let mut p = Value::object();
            let path = if words[0] == "label" {
                "metadata.labels"
            } else {
                "metadata.annotations"
            };
            p.set(path, map);
            strategic(c, kind, &name, p)
        }
        ["patch", rest @ ..] => {
            let (kind, name, used) = target(rest);
            let text = rest[used..]
                .iter()
                .skip_while(|w| **w != "-p")
                .nth(1)
                .copied()
                .or(flag(argv, "patch"))
                .unwrap_or("{}");
            let p = rollout_api::json::from_json(text).map_err(|e| e.to_string())?;
            let how = match flag(argv, "type") {
                Some("merge") => PatchType::Merge,
                Some("json") => PatchType::Json,
                _ => PatchType::Strategic,
            };
            c.patch(kind, NS, &name, how, &p, &options)
                .map(|_| String::new())
                .map_err(|e| e.kubectl_text())
        }
        ["delete", rest @ ..] => {
            let (kind, first, used) = target(rest);
            let names: Vec<String> = std::iter::once(first)
                .chain(rest[used..].iter().map(|w| w.to_string()))
                .collect();
            let propagation = match flag(argv, "cascade") {
                Some("orphan") => Some(Propagation::Orphan),
                Some("foreground") => Some(Propagation::Foreground),
                _ => None,
            };
            for name in names {
                let options = DeleteOptions {
                    propagation,
                    ..DeleteOptions::default()
                };
                c.delete(kind, NS, &name, &options)
                    .map_err(|e| e.kubectl_text())?;
            }
            Ok(String::new())
        }
        _ => Ok(String::new()),
    }
}

fn apply(stdin: &str, c: &mut Client<'_>) -> Result<String, String> {
    for doc in rollout_manifest::documents::objects(stdin.as_bytes(), c.version()) {
        let value = doc.content.map_err(|e| e.message)?.value;
        let Some(resource) = kinds::of_object(
            value.str_at("apiVersion"),
            value.str_at("kind"),
            c.version(),
        ) else {
            continue;
        };
        let name = value.str_at("metadata.name").to_owned();
        let sent = patch::with_last_applied(&value);
        match c.get(resource.kind, NS, &name) {
            Err(_) => drop(
                c.create(resource.kind, NS, sent, &WriteOptions::default())
                    .map_err(|e| e.kubectl_text())?,
            ),
            Ok(live) => {
                let Some(schema) = rollout_api::types::Schema::of_object(
                    value.str_at("apiVersion"),
                    value.str_at("kind"),
                    c.version(),
                ) else {
                    continue;
                };
                let p = patch::create_apply_patch(&value, &live, schema);
                let p = p.map_err(|e| format!("{e:?}"))?;
                c.patch(
                    resource.kind,
                    NS,
                    &name,
                    PatchType::Strategic,
                    &p,
                    &WriteOptions::default(),
                )
                .map_err(|e| e.kubectl_text())?;
            }
        }
    }
    Ok(String::new())
}

fn undo(argv: &[String], rest: &[&str], c: &mut Client<'_>) -> Result<String, String> {
    let (kind, name, _) = target(rest);
    let d = c.get(kind, NS, &name).map_err(|e| e.kubectl_text())?;
    if d.bool_at("spec.paused") {
        return Err("error: you cannot rollback a paused deployment".to_owned());
    }
    let sets: Vec<ReplicaSet> = c
        .list(Kind::REPLICA_SET, Some(NS))
        .into_iter()
        .map(ReplicaSet::of)
        .filter(|rs| {
            rs.meta()
                .controller
                .as_ref()
                .is_some_and(|o| o.uid.as_str() == d.str_at("metadata.uid"))
        })
        .collect();
    let wanted: i64 = flag(argv, "to-revision")
        .and_then(|t| t.parse().ok())
        .unwrap_or(0);
    let wanted = if wanted == 0 {
        util::last_revision(sets.iter())
    } else {
        wanted
    };
    let Some(rs) = sets
        .iter()
        .find(|rs| util::revision(rs) == wanted && wanted > 0)
    else {
        return Err("error: unable to find specified revision".to_owned());
    };
    if util::equal_ignore_hash(&rs.template, d.at("spec.template").unwrap_or(&Value::Null)) {
        return Ok(format!(
            "deployment.apps/{name} skipped rollback (current template already matches revision {wanted})\n"
        ));
    }
    let mut template = rs.template.clone();
    if let Some(labels) = template.at_mut("metadata.labels") {
        labels.map_mut().remove(util::POD_TEMPLATE_HASH);
    }
    let mut annotations = rollout_api::Map::new();
    for (k, v) in d
        .at("metadata.annotations")
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(|m| m.iter())
        .filter(|(k, _)| util::skip_copy_annotation(k))
    {
        annotations.insert(k, v.clone());
    }
    for (k, v) in rs
        .annotations()
        .iter()
        .filter(|(k, _)| !util::skip_copy_annotation(k))
    {
        annotations.insert(k, v.clone());
    }
    let p = Value::list(vec![
        object! { "op" => "replace", "path" => "/spec/template", "value" => template },
        object! { "op" => "replace", "path" => "/metadata/annotations", "value" => annotations },
    ]);
    c.patch(
        kind,
        NS,
        &name,
        PatchType::Json,
        &p,
        &WriteOptions::default(),
    )
    .map(|_| String::new())
    .map_err(|e| e.kubectl_text())
}
