//! `kubectl create -f` and `kubectl replace`.

use super::{Report, check_validate, recorded};
use crate::Next;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use rollout_api::Value;
use rollout_api::patch::with_last_applied;
use rollout_engine::client::DeleteOptions;

/// What `create`, `apply`, `replace` and others demand of their arguments.
pub(crate) fn files_only(ctx: &Ctx<'_, '_>) -> Res<()> {
    let none = ctx.flags.texts("filename").is_empty() && ctx.flags.text("kustomize").is_empty();
    if ctx.flags.args.is_empty() && none {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    if !ctx.flags.args.is_empty() && (ctx.command.path != "replace" || !none) {
        return Err(ctx.usage(format!("Unexpected args: [{}]", ctx.flags.args.join(" "))));
    }
    if none {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    let dir = ctx.flags.text("kustomize");
    if !dir.is_empty() && !ctx.flags.texts("filename").is_empty() {
        return Err(Failure::text("only one of -f or -k can be specified"));
    }
    if !dir.is_empty() {
        let path = if dir == "." {
            "/home/user".to_owned()
        } else {
            format!("/home/user/{}", dir.trim_end_matches('/'))
        };
        return Err(Failure::text(format!(
            "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{path}'"
        )));
    }
    Ok(())
}

/// The objects of the files, as they are.
pub(crate) fn objects(ctx: &mut Ctx<'_, '_>) -> Res<(Vec<Info>, Vec<Failure>)> {
    let validate = if ctx.flags.changed("validate") || ctx.command.flags.contains("validate") {
        check_validate(ctx)?
    } else {
        false
    };
    let mut request = Request::of(ctx, &[]).local();
    request.validate = validate;
    let found = builder::find(ctx, &request)?;
    Ok((found.infos, found.errors))
}

/// `create -f`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    files_only(ctx)?;
    let dry = ctx.dry_run()?;
    check_validate(ctx)?;
    if ctx.flags.on("edit") {
        return super::edit::create(ctx);
    }
    let (infos, mut errors) = objects(ctx)?;
    if infos.is_empty() && errors.is_empty() {
        return Err(Failure::text("no objects passed to create"));
    }
    let mut report = Report::new(ctx, dry, false)?;
    let cause = recorded(ctx);
    for mut info in infos {
        let mut object = info.object.clone();
        if ctx.flags.on("save-config") {
            object = with_last_applied(&object);
        }
        if let Some(cause) = &cause {
            super::annotate(&mut object, super::CHANGE_CAUSE, cause);
        }
        if dry == DryRun::Client {
            report.done(ctx, &info, &object, "created")?;
            continue;
        }
        let options = super::options(ctx, dry);
        match super::send_new(ctx, &info, object, &options) {
            Ok(w) => {
                info.name = w.value.str_at("metadata.name").to_owned();
                report.done(ctx, &info, &w.value, "created")?;
            }
            Err(e) => errors.push(e.with_source("creating", &info.source).into()),
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

/// `replace`.
pub(crate) fn replace(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    files_only(ctx)?;
    let dry = ctx.dry_run()?;
    check_validate(ctx)?;
    let force = ctx.flags.on("force");
    if force && dry != DryRun::None {
        return Err(Failure::text(
            "--dry-run can not be used when --force is set",
        ));
    }
    if ctx.flags.int_or("grace-period", -1) >= 0 && !force {
        return Err(Failure::text("--grace-period must have --force specified"));
    }
    if ctx.flags.changed("timeout") && !force {
        return Err(Failure::text("--timeout must have --force specified"));
    }
    let (infos, mut errors) = objects(ctx)?;
    if infos.is_empty() && errors.is_empty() {
        return Err(Failure::text("no objects passed to replace"));
    }
    let mut report = Report::new(ctx, dry, false)?;
    if force {
        for info in &infos {
            let options = DeleteOptions {
                dry_run: dry == DryRun::Server,
                grace_period_seconds: Some(0),
                ..DeleteOptions::default()
            };
            match ctx
                .client
                .delete(info.kind(), &info.namespace, &info.name, &options)
            {
                Ok(_) => {
                    let line = super::delete::line(ctx, info, false, dry);
                    ctx.say(line);
                }
                Err(e) if e.is_not_found() => {}
                Err(e) => return Err(e.into()),
            }
        }
        for info in &infos {
            let options = super::options(ctx, dry);
            let w = super::send_new(ctx, info, info.object.clone(), &options)?;
            report.done(ctx, info, &w.value, "replaced")?;
        }
        return if errors.is_empty() {
            Ok(Next::Done)
        } else {
            Err(Failure::many(errors))
        };
    }
    for info in infos {
        if info.name.is_empty() {
            errors.push(Failure::text(format!(
                "error when replacing {}: resource name may not be empty",
                crate::flags::quoted(&info.source)
            )));
            continue;
        }
        if dry == DryRun::Client {
            report.done(ctx, &info, &info.object, "replaced")?;
            continue;
        }
        if !["", "status", "scale"].contains(&ctx.flags.text("subresource")) {
            let e = rollout_api::status_error::ApiError::no_such_path();
            errors.push(e.with_source("replacing", &info.source).into());
            continue;
        }
        let mut object = info.object.clone();
        if ctx.flags.on("save-config")
            || info
                .object
                .at("metadata.annotations")
                .and_then(|a| a.get(rollout_api::patch::LAST_APPLIED))
                .is_some()
        {
            object = with_last_applied(&object);
        }
        // kubectl fills in the stored version, so that it replaces whatever is there.
        if object.str_at("metadata.resourceVersion").is_empty()
            && let Ok(live) = builder::get(ctx, info.resource, &info.namespace, &info.name)
        {
            let version: Value = live
                .at("metadata.resourceVersion")
                .cloned()
                .unwrap_or_default();
            object.set("metadata.resourceVersion", version);
        }
        let options = super::options(ctx, dry);
        match ctx
            .client
            .update(info.kind(), &info.namespace, &info.name, object, &options)
        {
            Ok(w) => {
                for text in &w.warnings {
                    let line = format!("Warning: {text}");
                    ctx.warn(line);
                }
                report.done(ctx, &info, &w.value, "replaced")?;
            }
            Err(e) => errors.push(e.with_source("replacing", &info.source).into()),
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}
