//! `kubectl scale`.

use super::{Report, recorded};
use crate::Next;
use crate::builder::{self, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use rollout_api::status_error::ApiError;
use rollout_api::{Minor, object};
use rollout_engine::client::PatchType;

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    if !ctx.flags.changed("replicas") {
        return Err(Failure::text("required flag(s) \"replicas\" not set"));
    }
    let replicas = ctx.flags.int_or("replicas", 0);
    let dry = ctx.dry_run()?;
    if replicas < 0 {
        return Err(Failure::text(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    let current = ctx.flags.int_or("current-replicas", -1);
    if current < -1 {
        return Err(Failure::text(
            "The --current-replicas must specify an integer of -1 or greater",
        ));
    }
    let mut report = Report::new(ctx, dry, false)?;
    let args = ctx.flags.args.clone();
    let request = Request::of(ctx, &args);
    let found = builder::find(ctx, &request)?;
    let version = ctx.flags.text("resource-version").to_owned();
    if !version.is_empty() && found.infos.len() > 1 {
        return Err(Failure::text(
            "cannot use --resource-version with multiple resources",
        ));
    }
    let newer = ctx.minor() >= Minor::V1_36;
    let not_found = ctx.minor() >= Minor(35);
    if found.infos.is_empty() {
        if not_found || !ctx.flags.texts("filename").is_empty() {
            if !found.errors.is_empty() {
                return Err(Failure::many(found.errors));
            }
            return Err(Failure::text("no objects passed to scale"));
        }
        let texts: Vec<String> = found.errors.iter().map(Failure::message).collect();
        return Err(Failure::text(
            format!("no objects passed to scale {}", texts.join(", "))
                .trim_end()
                .to_owned(),
        ));
    }
    let cause = recorded(ctx);
    for info in &found.infos {
        if !matches!(
            info.kind().0,
            "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController"
        ) {
            return Err(ApiError::no_such_path().into());
        }
        if dry == DryRun::Client {
            report.done(ctx, info, &info.object, "scaled")?;
            continue;
        }
        let is = info.object.int_at("spec.replicas").unwrap_or(0);
        if current >= 0 && is != current {
            return Err(Failure::text(format!(
                "Expected replicas to be {current}, was {is}"
            )));
        }
        let is_version = info.object.str_at("metadata.resourceVersion");
        if !version.is_empty() && is_version != version {
            return Err(Failure::text(format!(
                "Expected resource version to be {version}, was {is_version}"
            )));
        }
        let patch = object! { "spec" => object! { "replicas" => replicas } };
        let options = super::options(ctx, dry);
        // The size is a subresource with a right of its own.
        let looks = current >= 0 || !version.is_empty();
        for verb in ["get", "patch"].into_iter().skip(usize::from(!looks)) {
            ctx.client
                .may(verb, info.kind(), "scale", &info.namespace, &info.name)?;
        }
        let user = ctx.client.user().cloned();
        ctx.client.act_as(None);
        let sent = super::send_patch(ctx, info, PatchType::Merge, &patch, &options);
        ctx.client.act_as(user);
        sent?;
        if let Some(cause) = &cause {
            let annotations = object! { super::CHANGE_CAUSE => cause.clone() };
            let patch = object! { "metadata" => object! { "annotations" => annotations } };
            super::send_patch(ctx, info, PatchType::Merge, &patch, &options)?;
        }
        // Older clients show the object as it was; newer ones as it was, with the new size.
        let mut object = info.object.clone();
        if newer {
            object.set("spec.replicas", replicas);
        }
        report.done(ctx, info, &object, "scaled")?;
    }
    if found.errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(found.errors))
    }
}
