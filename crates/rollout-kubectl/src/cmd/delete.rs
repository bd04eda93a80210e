//! `kubectl delete`.

use crate::Next;
use crate::builder::{self, Info, Request, missing_resource};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::follow::{self, Follow, Turn};
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, ObjectKey, Str};
use rollout_engine::client::DeleteOptions;
use rollout_engine::client::Propagation;

/// What is printed for a deleted object.
pub(crate) fn line(ctx: &Ctx<'_, '_>, info: &Info, forced: bool, dry: DryRun) -> String {
    let verb = if forced { "force deleted" } else { "deleted" };
    let place = if ctx.minor() >= Minor::V1_36 && !info.namespace.is_empty() {
        format!(" from {} namespace", info.namespace)
    } else {
        String::new()
    };
    format!(
        "{} {} {verb}{place}{}",
        info.resource.singular_group(),
        quoted(&info.name),
        dry.suffix()
    )
}

/// Waits until deleted objects are gone.
#[derive(Clone)]
pub(crate) struct Deleting {
    left: Vec<(ObjectKey, Str)>,
    errors: Vec<Failure>,
    timeout: Option<u64>,
    deadline: Option<u64>,
}

impl Deleting {
    pub(crate) fn pending(&self) -> Vec<ObjectKey> {
        self.left.iter().map(|l| l.0.clone()).collect()
    }
    pub(crate) fn wake(&self) -> Option<u64> {
        self.deadline
    }
    pub(crate) fn feed(&mut self, turn: &mut Turn<'_, '_>) -> Option<i32> {
        if self.deadline.is_none() {
            self.deadline = self.timeout.map(|t| turn.at + t);
        }
        let client = &turn.client;
        self.left.retain(|(k, uid)| {
            client
                .get(k.kind, &k.namespace, &k.name)
                .is_ok_and(|o| o.str_at("metadata.uid") == uid.as_str())
        });
        if !self.left.is_empty() && self.deadline.is_some_and(|d| turn.at >= d) {
            for (k, _) in self.left.drain(..) {
                let plural = rollout_api::kinds::of_kind(k.kind).map_or("", |r| r.plural);
                self.errors.push(Failure::text(format!(
                    "timed out waiting for the condition on {plural}/{}",
                    k.name
                )));
            }
        }
        if !self.left.is_empty() {
            return None;
        }
        if self.errors.is_empty() {
            return Some(0);
        }
        let f = Failure::many(std::mem::take(&mut self.errors));
        turn.out.stderr.push_str(&f.stderr());
        Some(1)
    }
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let args = ctx.flags.args.clone();
    let cascade = match ctx.flags.text_or("cascade", "background") {
        "background" | "true" => Propagation::Background,
        "foreground" => Propagation::Foreground,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            return Err(Failure::text(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            )));
        }
    };
    let output = ctx.flags.text("output").to_owned();
    let all = ctx.flags.on("all");
    let selecting =
        !ctx.flags.text("selector").is_empty() || !ctx.flags.text("field-selector").is_empty();
    let mut request = Request::of(ctx, &args).local();
    let by_name =
        args.len() > 1 || args.iter().any(|a| a.contains('/')) || !request.filenames.is_empty();
    let ignore = ctx.flags.on("ignore-not-found") || !by_name && (all || selecting);
    let raw = ctx.flags.text("raw").to_owned();
    if !raw.is_empty() {
        ctx.flags.args.clear();
        return super::misc::raw(ctx, &raw);
    }
    if request.filenames.is_empty() && args.is_empty() {
        if all || selecting {
            return Err(Failure::text(
                "at least one resource must be specified to use a selector",
            ));
        }
        return Err(missing_resource());
    }
    if all && !ctx.flags.text("field-selector").is_empty() {
        return Err(Failure::text(
            "setting 'all' parameter but found a non empty selector. ",
        ));
    }
    if let on @ ("true" | "false") = ctx.flags.text("cascade") {
        let new = if on == "true" { "background" } else { "orphan" };
        let line = format!(
            "warning: --cascade={on} is deprecated (boolean value) and can be replaced with --cascade={new}."
        );
        ctx.warn(line);
    }
    request.lazy = by_name;
    let found = builder::find(ctx, &request)?;
    let mut grace = ctx.flags.int_or("grace-period", -1);
    let (now, force) = (ctx.flags.on("now"), ctx.flags.on("force"));
    if all && !ctx.flags.text("selector").is_empty() {
        return Err(Failure::text(
            "cannot set --all and --selector at the same time",
        ));
    }
    if now {
        if grace != -1 {
            return Err(Failure::text(
                "--now and --grace-period cannot be specified together",
            ));
        }
        grace = 1;
    }
    if grace == 0 && !force {
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    if force && grace > 0 {
        return Err(Failure::text(
            "--force and --grace-period greater than 0 cannot be specified together",
        ));
    }
    if !output.is_empty() && output != "name" {
        return Err(Failure::text(format!(
            "unexpected -o output mode: {output}. We only support '-o name'"
        )));
    }
    if force {
        ctx.warn("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
    }
    if ctx.flags.on("interactive") && !found.infos.is_empty() {
        let count = found.infos.len();
        ctx.say(format!(
            "You are about to delete the following {count} resource(s):"
        ));
        for info in &found.infos {
            ctx.say(info.title());
        }
        ctx.print("Do you want to continue? (y/n): ");
        if !ctx.io.stdin.trim_start().starts_with(['y', 'Y']) {
            ctx.say("deletion is cancelled");
            return Ok(Next::Done);
        }
    }
    let mut errors = Vec::new();
    let mut waits = Vec::new();
    let mut count = 0;
    for info in &found.infos {
        let options = DeleteOptions {
            dry_run: dry == DryRun::Server,
            grace_period_seconds: if grace >= 0 { Some(grace) } else { None },
            propagation: Some(cascade),
        };
        let sent = if info.name.is_empty() {
            Err(ApiError::new(0, "", "resource name may not be empty"))
        } else if info.kind() == Kind::NAMESPACE
            && matches!(
                info.name.as_str(),
                "default" | "kube-system" | "kube-public"
            )
        {
            Err(ApiError::forbidden(
                "",
                "namespaces",
                &info.name,
                "this namespace may not be deleted",
            ))
        } else if dry == DryRun::Client {
            Ok(None)
        } else {
            ctx.client
                .delete(info.kind(), &info.namespace, &info.name, &options)
                .map(Some)
        };
        match sent {
            Ok(written) => {
                count += 1;
                let text = if output == "name" {
                    info.title()
                } else {
                    line(ctx, info, force, dry)
                };
                ctx.say(text);
                if let Some(w) = written {
                    waits.push((
                        ObjectKey::new(info.kind(), info.namespace.clone(), info.name.clone()),
                        Str::copy(w.value.str_at("metadata.uid")),
                    ));
                }
            }
            Err(e) if e.is_not_found() && ignore => {}
            Err(e) if info.source.is_empty() => errors.push(e.into()),
            Err(e) => errors.push(e.with_source("deleting", &info.source).into()),
        }
    }
    errors.extend(
        found
            .errors
            .into_iter()
            .filter(|e| !(ignore && e.is_not_found())),
    );
    if count == 0 && errors.is_empty() && !by_name {
        ctx.say("No resources found");
        return Ok(Next::Done);
    }
    let wait = ctx.flags.on_or("wait", true) && dry == DryRun::None;
    if wait && !waits.is_empty() {
        let timeout = ctx
            .flags
            .millis("timeout")
            .and_then(|ms| u64::try_from(ms).ok())
            .filter(|ms| *ms > 0);
        let d = Deleting {
            left: waits,
            errors,
            timeout,
            deadline: None,
        };
        return Ok(Next::Follow(Follow::new(follow::Kind::Delete(Box::new(d)))));
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}
