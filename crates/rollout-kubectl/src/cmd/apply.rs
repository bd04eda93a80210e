//! `kubectl apply` and its subcommands.

use super::{Report, check_validate, create, recorded};
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::{Next, print};
use rollout_api::defaults::autoscaler_to_v1;
use rollout_api::json::{Html, from_json, to_json_pretty};
use rollout_api::patch::{
    LAST_APPLIED, create_apply_patch, last_applied, with_last_applied, without_nulls,
};
use rollout_api::types::Schema;
use rollout_api::{Value, object};
use rollout_engine::client::{PatchType, WriteOptions};
use rollout_manifest::resources::url_problem;

/// `apply`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    check_validate(ctx)?;
    let server_side = ctx.flags.on("server-side");
    if ctx.flags.on("force") && server_side {
        return Err(Failure::text("--force cannot be used with --server-side"));
    }
    if ctx.flags.on("force-conflicts") && !server_side {
        return Err(Failure::text(
            "--force-conflicts only works with --server-side",
        ));
    }
    if dry == DryRun::Client && server_side {
        return Err(Failure::text(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ));
    }
    if ctx.flags.on("force") && dry == DryRun::Server {
        return Err(Failure::text(
            "--dry-run=server cannot be used with --force",
        ));
    }
    let cascade = ctx.flags.text("cascade").to_owned();
    if !["", "background", "foreground", "orphan", "true", "false"].contains(&cascade.as_str()) {
        return Err(Failure::text(format!(
            "invalid cascade value ({cascade}). Must be \"background\", \"foreground\", or \"orphan\""
        )));
    }
    let all = ctx.flags.on("all") || !ctx.flags.text("selector").is_empty();
    create::files_only(ctx)?;
    if ctx.flags.on("prune") && !all {
        return Err(Failure::text(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
        ));
    }
    let (infos, mut errors) = create::objects(ctx)?;
    if infos.is_empty() && errors.is_empty() {
        return Err(Failure::text("no objects passed to apply"));
    }
    let format = print::of_flags(ctx)?;
    let mut report = Report::new(ctx, dry, false)?;
    let mut printed: Vec<Value> = Vec::new();
    let total = infos.len();
    let mut of_files = true;
    for mut info in infos {
        match one(ctx, &mut info, dry, server_side) {
            Ok((object, verb)) => {
                if report.is_human() || matches!(format, print::Format::Name) || total == 1 {
                    report.done(ctx, &info, &object, verb)?;
                } else {
                    printed.push(print::visible(&object, ctx));
                }
            }
            Err(f) => {
                // What was wrong with the files is one error of several: Go's aggregate in another.
                if std::mem::take(&mut of_files) && errors.len() > 1 {
                    errors = vec![Failure::Many(errors)];
                }
                errors.push(f);
            }
        }
    }
    if !printed.is_empty() {
        let object = if printed.len() == 1 {
            printed.swap_remove(0)
        } else {
            object! { "apiVersion" => "v1", "items" => Value::list(printed), "kind" => "List", "metadata" => object! {} }
        };
        let text = print::Printer::new(format, ctx).text(None, &object)?;
        ctx.print(&text);
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

/// Applies one object: what is stored (or would be), and the verb.
pub(crate) fn one(
    ctx: &mut Ctx<'_, '_>,
    info: &mut Info,
    dry: DryRun,
    server_side: bool,
) -> Res<(Value, &'static str)> {
    let generated = info.object.str_at("metadata.generateName");
    if info.name.is_empty() && !generated.is_empty() {
        return Err(Failure::text(format!(
            "from {generated}: cannot use generate name with apply"
        )));
    }
    let cause = recorded(ctx);
    if let Some(cause) = &cause {
        super::annotate(&mut info.object, super::CHANGE_CAUSE, cause);
    }
    let r = info.resource;
    let as_v1 = is_old_autoscaler(&info.object);
    let version = if as_v1 {
        "autoscaling/v1".to_owned()
    } else {
        r.api_version(ctx.client.version())
    };
    let slash = if r.group.is_empty() { "/" } else { "" };
    let place = format!(
        "Resource: \"{slash}{version}, Resource={}\", GroupVersionKind: \"{slash}{version}, Kind={}\"\nName: {}, Namespace: {}",
        r.plural,
        // As the manifest writes it.
        info.object.str_at("kind"),
        quoted(&info.name),
        quoted(&info.namespace)
    );
    if let Some(problem) = url_problem(&info.namespace, &info.name) {
        return Err(Failure::text(format!(
            "error when retrieving current configuration of:\n{place}\nfrom server for: {}: {problem}",
            quoted(&info.source)
        )));
    }
    let options = WriteOptions {
        as_v1,
        ..super::options(ctx, dry)
    };
    // Inside the cluster's memory a missing namespace is seen when the object is created.
    let live = ctx.client.get(info.kind(), &info.namespace, &info.name);
    if let Err(e) = &live
        && !e.is_not_found()
    {
        let context = format!(
            "error when retrieving current configuration of:\n{place}\nfrom server for: {}",
            quoted(&info.source)
        );
        return Err(e.clone().with_context(&context).into());
    }
    if server_side {
        let verb = "serverside-applied";
        return match live {
            Err(_) => {
                let w = super::send_new(ctx, info, info.object.clone(), &options)
                    .map_err(|e| e.with_source("creating", &info.source))?;
                Ok((w.value, verb))
            }
            Ok(_) => {
                let w = super::send_patch(
                    ctx,
                    info,
                    PatchType::Strategic,
                    &info.object.clone(),
                    &options,
                )?;
                Ok((w.value, verb))
            }
        };
    }
    let live = match live {
        Ok(v) if as_v1 => autoscaler_to_v1(&v),
        Ok(v) if info.has_version() => v,
        _ => {
            let object = without_nulls(&with_last_applied(&info.object));
            if dry == DryRun::Client {
                return Ok((object, "created"));
            }
            let w = super::send_new(ctx, info, object, &options)
                .map_err(|e| e.with_source("creating", &info.source))?;
            return Ok((w.value, "created"));
        }
    };
    if last_applied(&live).is_none() && dry != DryRun::Client {
        let line = format!(
            "Warning: resource {} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.plural_title()
        );
        ctx.warn(line);
    }
    if dry == DryRun::Client {
        // The client prints what it would send, on top of what is there.
        return Ok((live, "configured"));
    }
    let Some(schema) = Schema::of_object(&version, r.kind.0, ctx.client.version()) else {
        return Err(Failure::text(format!("unable to apply {}", info.title())));
    };
    let patch = match create_apply_patch(&info.object, &live, schema) {
        Ok(patch) => patch,
        Err(e) => return Err(no_patch(ctx, info, &live, &place, e.text())),
    };
    if patch.is_empty() {
        return Ok((live, "unchanged"));
    }
    match super::send_patch(ctx, info, PatchType::Strategic, &patch, &options) {
        // Also if the server finds nothing to change.
        Ok(w) => Ok((w.value, "configured")),
        Err(mut e) => {
            if !e.is_invalid() {
                let text = format!(
                    "error when applying patch:\n{}\nto:\n{place}\nfor: {}: error when patching {}: {}",
                    rollout_api::json::to_json_go(&patch),
                    quoted(&info.source),
                    quoted(&info.source),
                    e.message
                );
                e.message = text.into();
            }
            Err(e.into())
        }
    }
}

/// Is a manifest an autoscaler of the older version, which the server keeps as the newer one?
pub(crate) fn is_old_autoscaler(manifest: &Value) -> bool {
    manifest.str_at("apiVersion") == "autoscaling/v1"
        && manifest.str_at("kind") == "HorizontalPodAutoscaler"
}

/// Both schemas of the server are asked for the patch, then the built-in types: none of them could make it.
/// Mirrors `patchSimple` and `Patch`, kubectl/pkg/cmd/apply/patcher.go.
fn no_patch(ctx: &mut Ctx<'_, '_>, info: &Info, live: &Value, place: &str, why: &str) -> Failure {
    for schema in ["openapi v3 spec", "openapi spec"] {
        ctx.warn(format!(
            "warning: error calculating patch from {schema}: {why}"
        ));
    }
    let source = quoted(&info.source);
    // Wrapped errors wrote a second colon.
    let colon = if ctx.minor().0 >= 36 { "" } else { ":" };
    Failure::text(format!(
        "error when applying patch:\n\nto:\n{place}\nfor: {source}: error when patching {source}: creating patch with:\noriginal:\n{}\nmodified:\n{}\n\ncurrent:\n{}\n\nfor:{colon} {why}",
        last_applied(live).unwrap_or(""),
        rollout_api::json::to_json_go(&with_last_applied(&info.object)),
        rollout_api::json::to_json_go(live),
    ))
}

fn view_text(text: &str, json: bool) -> Res<String> {
    let v = from_json(text.trim())
        .map_err(|_| Failure::text("invalid JSON in the last-applied-configuration annotation"))?;
    Ok(if json {
        to_json_pretty(&v, "  ", Html::Plain) + "\n"
    } else {
        print::yaml(&v)
    })
}

/// `apply view-last-applied`.
pub(crate) fn view(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let json = match ctx.flags.text_or("output", "yaml") {
        "json" => true,
        "yaml" | "" => false,
        other => {
            return Err(ctx.usage(format!(
                "Unexpected -o output mode: {other}, the flag 'output' must be one of yaml|json"
            )));
        }
    };
    let args = ctx.flags.args.clone();
    let mut request = Request::of(ctx, &args);
    request.type_alone = false;
    let infos = builder::find(ctx, &request)?.all()?;
    for info in &infos {
        if let Some(text) = last_applied(&info.object) {
            let text = view_text(text, json)?;
            ctx.print(&text);
        } else if infos.len() > 1 || ctx.minor().0 == 0 {
            ctx.warn(format!(
                "no last-applied-configuration annotation found on resource: {}",
                info.name
            ));
        }
    }
    Ok(Next::Done)
}

/// `apply set-last-applied`.
pub(crate) fn set(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let request = Request::of(ctx, &[]).local();
    let infos = builder::find(ctx, &request)?.all()?;
    if infos.is_empty() {
        return Err(Failure::text("no objects found"));
    }
    let mut report = Report::new(ctx, dry, false)?;
    for info in infos {
        let live = builder::get(ctx, info.resource, &info.namespace, &info.name)?;
        if last_applied(&live).is_none() && !ctx.flags.on("create-annotation") {
            return Err(Failure::text(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                info.name
            )));
        }
        let annotated = with_last_applied(&info.object);
        let text = last_applied(&annotated).unwrap_or("").to_owned();
        if last_applied(&live) == Some(&text) {
            report.done(ctx, &info, &live, "configured")?;
            continue;
        }
        let mut annotations = Value::object();
        annotations
            .map_mut()
            .insert(LAST_APPLIED, Value::text(&text));
        let patch = object! { "metadata" => object! { "annotations" => annotations } };
        let object = if dry == DryRun::Client {
            live
        } else {
            let options = super::options(ctx, dry);
            super::send_patch(ctx, &info, PatchType::Merge, &patch, &options)?.value
        };
        report.done(ctx, &info, &object, "configured")?;
    }
    Ok(Next::Done)
}

/// `apply edit-last-applied`.
pub(crate) fn edit(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    super::edit::last_applied_run(ctx)
}
