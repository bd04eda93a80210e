//! `kubectl label` and `kubectl annotate`.

use super::{Report, merge_patch, recorded};
use crate::Next;
use crate::builder::{self, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::selector;
use rollout_api::{Map, Str, Value};
use rollout_engine::client::PatchType;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Annotations,
    Labels,
}

/// Splits arguments: resources first, then `k=v` and `k-`.
pub(crate) fn split(args: &[String]) -> (Vec<String>, Vec<String>) {
    let change =
        |a: &String| a.contains('=') && !a.starts_with('=') || a.ends_with('-') && a.len() > 1;
    let at = args.iter().position(change).unwrap_or(args.len());
    (args[..at].to_vec(), args[at..].to_vec())
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>, what: What) -> Res<Next> {
    let (word, path) = if what == What::Labels {
        ("label", "labels")
    } else {
        ("annotation", "annotations")
    };
    let args = ctx.flags.args.clone();
    let (resources, changes) = split(&args);
    let listing = ctx.flags.on("list");
    if let Some(mixed) = changes
        .iter()
        .find(|c| !(c.contains('=') || c.ends_with('-')))
    {
        let _ = mixed;
        return Err(Failure::text(
            "all resources must be specified before {word} changes: {mixed}"
                .replace("{word}", word)
                .replace("{mixed}", mixed),
        ));
    }
    if listing && ctx.flags.changed("output") {
        return Err(Failure::text(
            "--list and --output may not be specified together",
        ));
    }
    if ctx.flags.on("all") && !ctx.flags.text("selector").is_empty() {
        return Err(Failure::text(
            "cannot set --all and --selector at the same time",
        ));
    }
    if resources.is_empty() && ctx.flags.texts("filename").is_empty() {
        return Err(Failure::text(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    let (mut set, mut remove): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    for c in &changes {
        if let Some((k, v)) = c.split_once('=') {
            if k.is_empty() {
                return Err(Failure::text(format!("invalid {word} format: {c}")));
            }
            if what == What::Labels && v.contains('=') {
                return Err(Failure::text(format!("invalid label spec: {c}")));
            }
            if what == What::Labels
                && let Some(problem) = selector::label_value_problem(v)
            {
                return Err(Failure::text(format!(
                    "invalid label value: {}: {problem}",
                    quoted(c)
                )));
            }
            set.push((k.to_owned(), v.to_owned()));
        } else if let Some(k) = c.strip_suffix('-') {
            remove.push(k.to_owned());
        }
    }
    if changes.is_empty() && !listing {
        return Err(Failure::text(format!(
            "at least one {word} update is required"
        )));
    }
    if let Some((k, _)) = set.iter().find(|(k, _)| remove.contains(k)) {
        let text = if what == What::Labels {
            "can not both modify and remove a label in the same command".to_owned()
        } else {
            format!(
                "can not both modify and remove the following {word}(s) in the same command: {k}"
            )
        };
        return Err(Failure::text(text));
    }
    let dry = ctx.dry_run()?;
    let overwrite = ctx.flags.on("overwrite");
    let mut report = Report::new(ctx, dry, false)?;
    let local = ctx.flags.on("local");
    let mut request = Request::of(ctx, &resources);
    request.latest = !local;
    if local && request.filenames.is_empty() {
        let file = if what == What::Labels { "pod" } else { "rsrc" };
        return Err(Failure::text(format!(
            "can only use local files by -f {file}.yaml or --filename={file}.json when --local=true is set"
        )));
    }
    let found = builder::find(ctx, &request)?;
    let cause = recorded(ctx);
    let mut errors = found.errors;
    let several = found.infos.len() > 1;
    if several && ctx.flags.changed("resource-version") {
        return Err(Failure::text(
            "--resource-version may only be used with a single resource",
        ));
    }
    for info in &found.infos {
        let old = info
            .object
            .at(&format!("metadata.{path}"))
            .cloned()
            .unwrap_or_default();
        if !overwrite {
            let taken: Vec<(&str, &str)> = set
                .iter()
                .filter_map(|(k, v)| {
                    let had = old.get(k).and_then(Value::as_str)?;
                    let free = what == What::Annotations && (k == super::CHANGE_CAUSE || had == v);
                    let same = what == What::Labels && had == v;
                    (!free && !same).then_some((k.as_str(), had))
                })
                .collect();
            if !taken.is_empty() {
                let text = if what == What::Labels {
                    let (k, had) = taken[0];
                    format!("'{k}' already has a value ({had}), and --overwrite is false")
                } else {
                    let list: Vec<String> = taken
                        .iter()
                        .map(|(k, had)| format!("'{k}' already has a value ({had})"))
                        .collect();
                    format!(
                        "--overwrite is false but found the following declared annotation(s): {}",
                        list.join("; ")
                    )
                };
                errors.push(Failure::text(text));
                if what == What::Labels {
                    break;
                }
                continue;
            }
        }
        if listing {
            let indent = if several {
                let (kind, group) = (info.resource.kind.0, info.resource.group);
                let line = format!("Listing {path} for {kind}.{group}/{}:", info.name);
                ctx.say(line);
                " "
            } else {
                ""
            };
            if let Some(m) = old.as_map() {
                for (k, v) in m.iter() {
                    ctx.say(format!("{indent}{k}={}", v.as_str().unwrap_or("")));
                }
            }
            continue;
        }
        let mut map: Map = old.as_map().cloned().unwrap_or_default();
        for (k, v) in &set {
            map.insert(Str::copy(k), Value::text(v));
        }
        for k in &remove {
            if map.remove(k).is_none() && what == What::Labels {
                ctx.say(format!("label {} not found.", quoted(k)));
            }
        }
        if let Some(cause) = cause.as_ref().filter(|_| what == What::Annotations) {
            map.insert(super::CHANGE_CAUSE, cause.clone());
        }
        let mut new = info.object.clone();
        new.set(&format!("metadata.{path}"), Value::from(map));
        if let Some(cause) = cause.as_ref().filter(|_| what == What::Labels) {
            super::annotate(&mut new, super::CHANGE_CAUSE, cause);
        }
        if !["", "0"].contains(&ctx.flags.text("resource-version")) {
            let v = Value::text(ctx.flags.text("resource-version"));
            new.set("metadata.resourceVersion", v);
        }
        let patch = merge_patch(&info.object, &new);
        let verb = match what {
            What::Annotations => "annotated",
            What::Labels => label_verb(&info.object, &new, overwrite),
        };
        let object = if dry == DryRun::Client || local {
            if local {
                // The text of the file has no namespace of its own.
                new.remove("metadata.namespace");
            }
            new
        } else if let Some(p) = patch {
            let options = super::options(ctx, dry);
            match super::send_patch(ctx, info, PatchType::Merge, &p, &options) {
                Ok(w) => w.value,
                Err(e) => {
                    errors.push(e.into());
                    continue;
                }
            }
        } else if what == What::Annotations {
            info.object.clone()
        } else {
            new
        };
        report.done(ctx, info, &object, verb)?;
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

/// What happened, judged by the lengths of both texts. Mirrors `updateDataChangeMsg`, kubectl/pkg/cmd/label/label.go.
fn label_verb(old: &Value, new: &Value, overwrite: bool) -> &'static str {
    let length = |v: &Value| rollout_api::json::to_json_go(v).len();
    if old == new {
        "not labeled"
    } else if !overwrite && length(new) < length(old) {
        "unlabeled"
    } else {
        "labeled"
    }
}
