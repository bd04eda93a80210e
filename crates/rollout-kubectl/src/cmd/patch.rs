//! `kubectl patch`.

use super::duplicates::duplicate_fields;
use super::{Report, recorded};
use crate::Next;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use rollout_api::patch::{PatchError, apply_json_patch, apply_merge_patch, apply_strategic};
use rollout_api::types::Schema;
use rollout_api::{Value, object};
use rollout_engine::client::PatchType;
use rollout_manifest::documents;

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let (inline, file) = (
        ctx.flags.text("patch").to_owned(),
        ctx.flags.text("patch-file").to_owned(),
    );
    let dry = ctx.dry_run()?;
    if !inline.is_empty() && !file.is_empty() {
        return Err(Failure::text(
            "cannot specify --patch and --patch-file together",
        ));
    }
    if inline.is_empty() && file.is_empty() {
        return Err(Failure::text(
            "must specify --patch or --patch-file containing the contents of the patch",
        ));
    }
    let kind = match ctx
        .flags
        .text_or("type", "strategic")
        .to_lowercase()
        .as_str()
    {
        "strategic" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => {
            let given = ctx.flags.text("type").to_owned();
            return Err(Failure::text(format!(
                "--type must be one of [json merge strategic], not {}",
                quoted(&given)
            )));
        }
    };
    let subresource = ctx.flags.text("subresource").to_owned();
    let text = if file.is_empty() {
        inline
    } else {
        match ctx.io.files.get(&file) {
            Some(t) => t.clone(),
            None => {
                return Err(Failure::text(format!(
                    "unable to read patch file: open {file}: no such file or directory"
                )));
            }
        }
    };
    // What looks like JSON goes to the server as it is.
    let start = text.trim_start();
    if start.starts_with(['{', '['])
        && let Err(e) = rollout_api::json::from_json(start.trim_end())
    {
        let before = if kind == PatchType::Strategic {
            ""
        } else {
            "error decoding patch: "
        };
        let why =
            rollout_api::status_error::ApiError::bad_request(format!("{before}{}", e.message));
        return Err(why.into());
    }
    let unreadable = |why: &str| Failure::text(format!("unable to parse {}: {why}", quoted(&text)));
    let patch = match documents::documents(text.as_bytes(), ctx.minor())
        .into_iter()
        .next()
        .map(|d| d.content)
    {
        Some(Ok(c)) => c.value,
        // What looks like JSON is sent as it is.
        Some(Err(_)) if text.trim_start().starts_with('{') => Value::Null,
        Some(Err(refusal)) => {
            return Err(unreadable(
                refusal
                    .message
                    .strip_prefix("error converting YAML to JSON: ")
                    .unwrap_or(&refusal.message),
            ));
        }
        None => Value::Null,
    };
    if let Some(problem) = undecodable(kind, &patch, &text) {
        return Err(rollout_api::status_error::ApiError::bad_request(problem).into());
    }
    // The server reads a merge patch as it is sent: 2.0 is no whole number there.
    let is_json = start.starts_with('{') && kind != PatchType::Json;
    let raw = rollout_api::json::from_json(start.trim_end());
    let patch = match raw {
        Ok(raw) if is_json && kind == PatchType::Merge => raw,
        _ => patch,
    };
    let twice = match is_json {
        true => duplicate_fields(start),
        false => Vec::new(),
    };
    let args = ctx.flags.args.clone();
    let mut request = Request::of(ctx, &args);
    request.latest = !ctx.flags.on("local");
    let found = builder::find(ctx, &request)?;
    if ctx.flags.on("local") && request.filenames.is_empty() {
        return Err(Failure::text("cannot specify --local and server resources"));
    }
    if found.infos.is_empty() && found.errors.is_empty() {
        return Err(Failure::text("no objects passed to patch"));
    }
    // `patch` says nothing about a dry run.
    let mut report = Report::new(ctx, DryRun::None, false)?;
    let cause = recorded(ctx);
    let mut errors = found.errors;
    for info in &found.infos {
        let mut options = super::options(ctx, dry);
        options.dry_run = dry != DryRun::None;
        options.validation = rollout_engine::client::FieldValidation::Warn;
        if !["", "status", "scale"].contains(&subresource.as_str()) {
            errors.push(rollout_api::status_error::ApiError::no_such_path().into());
            continue;
        }
        if subresource == "scale" {
            let mut scale = super::get::scale_of(&info.object);
            scale = match kind {
                PatchType::Json => rollout_api::patch::apply_json_patch(&scale, &patch)
                    .map_err(rollout_api::patch::PatchError::into_api_error)?,
                _ => rollout_api::patch::apply_merge_patch(&scale, &patch),
            };
            let replicas = scale.int_at("spec.replicas").unwrap_or(0);
            let patch = object! { "spec" => object! { "replicas" => replicas } };
            let written = super::send_patch(ctx, info, PatchType::Merge, &patch, &options)?;
            if report.is_human() {
                let change = if written.value == info.object {
                    " (no change)"
                } else {
                    ""
                };
                let gone = if ctx.flags.on("no-headers") {
                    ""
                } else {
                    "scale.autoscaling"
                };
                ctx.say(format!("{gone}/{} patched{change}", info.name));
            } else {
                let shown = super::get::scale_of(&written.value);
                report.done(ctx, info, &shown, "patched")?;
            }
            continue;
        }
        if dry == DryRun::Client || ctx.flags.on("local") {
            // The client patches what it has; the server is not asked.
            let new = patched(ctx, info, kind, &patch)?;
            let verb = if new == info.object {
                "patched (no change)"
            } else {
                "patched"
            };
            report.done(ctx, info, &new, verb)?;
            continue;
        }
        for field in &twice {
            ctx.warn(format!("Warning: duplicate field \"{field}\""));
        }
        match super::send_patch(ctx, info, kind, &patch, &options) {
            Ok(mut w) => {
                let same = w.value == info.object;
                if let Some(cause) = &cause {
                    let annotations = object! { super::CHANGE_CAUSE => cause.clone() };
                    let extra = object! { "metadata" => object! { "annotations" => annotations } };
                    if let Ok(more) =
                        super::send_patch(ctx, info, PatchType::Merge, &extra, &options)
                    {
                        w = more;
                    }
                }
                report.done(
                    ctx,
                    info,
                    &w.value,
                    if same {
                        "patched (no change)"
                    } else {
                        "patched"
                    },
                )?;
            }
            Err(e) => errors.push(e.into()),
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

/// What the server says of a patch that is none.
fn undecodable(kind: PatchType, patch: &Value, text: &str) -> Option<String> {
    let (head, wanted) = match kind {
        PatchType::Strategic => ("", "map[string]interface {}"),
        PatchType::Merge => ("error decoding patch: ", "map[string]interface {}"),
        PatchType::Json => ("error decoding patch: ", "[]handlers.jsonPatchOp"),
    };
    let is = match patch {
        Value::Null if text.trim_start().starts_with('{') => {
            let why = rollout_api::json::from_json(text).err()?;
            let why = why.to_string();
            let why = why.split(" at byte").next().unwrap_or("");
            return Some(format!("{head}{why}"));
        }
        Value::Map(_) if kind != PatchType::Json => return None,
        Value::List(_) if kind == PatchType::Json => return None,
        Value::Null => return None,
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    };
    Some(format!(
        "{head}json: cannot unmarshal {is} into Go value of type {wanted}"
    ))
}

/// The object as the client itself would patch it.
fn patched(ctx: &Ctx<'_, '_>, info: &Info, kind: PatchType, patch: &Value) -> Res<Value> {
    let failed = |e: PatchError| Failure::text(e.text());
    let version = ctx.client.version();
    let api_version = info.object.str_at("apiVersion");
    match (kind, Schema::of_object(api_version, info.kind().0, version)) {
        (PatchType::Json, _) => apply_json_patch(&info.object, patch).map_err(failed),
        (PatchType::Strategic, Some(schema)) => {
            apply_strategic(&info.object, &mut patch.clone(), schema).map_err(failed)
        }
        _ => Ok(apply_merge_patch(&info.object, patch)),
    }
}
