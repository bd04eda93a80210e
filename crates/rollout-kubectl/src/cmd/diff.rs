//! `kubectl diff`.

use super::create;
use crate::Next;
use crate::builder::Info;
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::print;
use rollout_api::json::from_json;
use rollout_api::patch::{create_three_way, last_applied};
use rollout_api::types::Schema;
use rollout_api::{Timestamp, Value};
use rollout_engine::client::PatchType;

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    create::files_only(ctx)?;
    let (infos, errors) = create::objects(ctx)?;
    if !errors.is_empty() {
        return Err(Failure::many(errors));
    }
    let mut different = false;
    let now = ctx.now();
    for info in infos {
        let live = ctx
            .client
            .get(info.kind(), &info.namespace, &info.name)
            .ok();
        let merged = merged(ctx, &info, live.as_ref())?;
        let version = info
            .resource
            .api_version(ctx.client.version())
            .replace('/', ".");
        let name = format!(
            "{version}.{}.{}.{}",
            info.resource.kind.0, info.namespace, info.name
        );
        let text = |o: Option<&Value>| {
            o.map_or_else(String::new, |o| {
                let mut o = o.clone();
                if !ctx.flags.on("show-managed-fields") {
                    o.remove("metadata.managedFields");
                }
                print::yaml(&o)
            })
        };
        let (a, b) = (text(live.as_ref()), text(Some(&merged)));
        if a != b {
            different = true;
            let out = unified(&a, &b, &name, now);
            ctx.print(&out);
        }
    }
    Ok(if different { Next::Exit(1) } else { Next::Done })
}

/// What the server would store: nothing is stored, and the annotation of `apply` stays as it is.
fn merged(ctx: &mut Ctx<'_, '_>, info: &Info, live: Option<&Value>) -> Res<Value> {
    let mut options = super::options(ctx, DryRun::Server);
    options.validation = rollout_engine::client::FieldValidation::Warn;
    let Some(live) = live else {
        let mut new = super::send_new(ctx, info, info.object.clone(), &options)
            .map_err(|e| e.with_source("creating", &info.source))?
            .value;
        new.remove("metadata.resourceVersion");
        return Ok(new);
    };
    let version = info.resource.api_version(ctx.client.version());
    let Some(schema) = Schema::of_object(&version, info.kind().0, ctx.client.version()) else {
        return Ok(live.clone());
    };
    let original = last_applied(live)
        .and_then(|t| from_json(t.trim()).ok())
        .unwrap_or_else(Value::object);
    // kubectl always names the annotations, so that those of the live object stay.
    let mut wanted = info.object.clone();
    let meta = wanted.map_mut().entry("metadata", Value::object);
    meta.map_mut().entry("annotations", Value::object);
    let patch =
        create_three_way(&original, &wanted, live, schema).map_err(|e| Failure::text(e.text()))?;
    if patch.is_empty() {
        return Ok(live.clone());
    }
    let mut new = super::send_patch(ctx, info, PatchType::Strategic, &patch, &options)?.value;
    if let Some(v) = live.at("metadata.resourceVersion") {
        new.set("metadata.resourceVersion", v.clone());
    }
    Ok(new)
}

/// `diff -u -N` of two texts, three lines of context.
fn unified(a: &str, b: &str, name: &str, now: Timestamp) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let edits = edits(&old, &new);
    let time = now
        .rfc3339()
        .replace('T', " ")
        .replace('Z', ".000000000 +0000");
    let mut out = format!(
        "diff -u -N /tmp/LIVE-1234567890/{name} /tmp/MERGED-1234567890/{name}\n--- /tmp/LIVE-1234567890/{name}\t{time}\n+++ /tmp/MERGED-1234567890/{name}\t{time}\n"
    );
    let mut i = 0;
    while i < edits.len() {
        if edits[i].0 == ' ' {
            i += 1;
            continue;
        }
        let from = i.saturating_sub(3);
        let mut to = i;
        let mut quiet = 0;
        let mut j = i;
        while j < edits.len() && quiet <= 6 {
            if edits[j].0 == ' ' {
                quiet += 1;
            } else {
                quiet = 0;
                to = j + 1;
            }
            j += 1;
        }
        let end = (to + 3).min(edits.len());
        let before = |n: usize, skip: char| edits[..n].iter().filter(|e| e.0 != skip).count();
        let (a0, b0) = (before(from, '+'), before(from, '-'));
        let (an, bn) = (before(end, '+') - a0, before(end, '-') - b0);
        let range = |start: usize, n: usize| {
            let at = if n == 0 { start } else { start + 1 };
            if n == 1 {
                format!("{at}")
            } else {
                format!("{at},{n}")
            }
        };
        out.push_str(&format!("@@ -{} +{} @@\n", range(a0, an), range(b0, bn)));
        for (sign, line) in &edits[from..end] {
            out.push(*sign);
            out.push_str(line);
            out.push('\n');
        }
        i = end;
    }
    out
}

/// The lines of both texts with what happens to them, by the longest common subsequence.
fn edits<'t>(a: &[&'t str], b: &[&'t str]) -> Vec<(char, &'t str)> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..]
        .iter()
        .rev()
        .zip(b[head..].iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (ma, mb) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut out: Vec<(char, &str)> = a[..head].iter().map(|l| (' ', *l)).collect();
    if ma.len().saturating_mul(mb.len()) > 4_000_000 {
        out.extend(ma.iter().map(|l| ('-', *l)));
        out.extend(mb.iter().map(|l| ('+', *l)));
    } else {
        let w = mb.len() + 1;
        let mut table = vec![0u32; (ma.len() + 1) * w];
        for i in (0..ma.len()).rev() {
            for j in (0..mb.len()).rev() {
                table[i * w + j] = if ma[i] == mb[j] {
                    table[(i + 1) * w + j + 1] + 1
                } else {
                    table[(i + 1) * w + j].max(table[i * w + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < ma.len() || j < mb.len() {
            if i < ma.len() && j < mb.len() && ma[i] == mb[j] {
                out.push((' ', ma[i]));
                i += 1;
                j += 1;
            } else if j >= mb.len()
                || i < ma.len() && table[(i + 1) * w + j] >= table[i * w + j + 1]
            {
                out.push(('-', ma[i]));
                i += 1;
            } else {
                out.push(('+', mb[j]));
                j += 1;
            }
        }
    }
    out.extend(a[a.len() - tail..].iter().map(|l| (' ', *l)));
    out
}
