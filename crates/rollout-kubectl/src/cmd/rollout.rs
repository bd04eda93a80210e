//! `kubectl rollout`.

use super::Report;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::describe::{self, Doc, owned_by, same_template};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::follow::{self, Follow, Turn};
use crate::{Next, print, table};
use rollout_api::Order;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value, object};
use rollout_engine::client::PatchType;

const REVISION: &str = "deployment.kubernetes.io/revision";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Annotations that an undo leaves to the Deployment.
const SKIPPED: [&str; 6] = [
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn annotation<'a>(o: &'a Value, key: &str) -> &'a str {
    o.at("metadata.annotations")
        .and_then(|a| a.get(key))
        .and_then(Value::as_str)
        .unwrap_or("")
}

/// The revision of a Deployment or ReplicaSet.
fn revision(o: &Value) -> Option<i64> {
    let text = annotation(o, REVISION);
    if text.is_empty() {
        Some(0)
    } else {
        text.parse().ok()
    }
}

fn targets(ctx: &mut Ctx<'_, '_>) -> Res<(Vec<Info>, Vec<Failure>)> {
    let args = ctx.flags.args.clone();
    if args.is_empty() && ctx.flags.texts("filename").is_empty() {
        return Err(Failure::text("required resource not specified"));
    }
    let request = Request::of(ctx, &args).type_alone();
    let found = builder::find(ctx, &request)?;
    Ok((found.infos, found.errors))
}

fn nothing_found(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let line = format!("No resources found in {} namespace.", ctx.namespace);
    ctx.warn(line);
    Ok(Next::Done)
}

/// The line of a Deployment's state; `true` when it is finished. Mirrors `DeploymentStatusViewer.Status`, polymorphichelpers/rollout_status.go.
pub fn status_line(d: &Value, wanted: i64) -> Res<(String, bool)> {
    let name = quoted(d.str_at("metadata.name"));
    let n = |p: &str| d.int_at(p).unwrap_or(0);
    if wanted > 0 {
        let Some(running) = revision(d) else {
            return Err(Failure::text(format!(
                "cannot get the revision of deployment {name}: strconv.ParseInt: parsing {}: invalid syntax",
                quoted(annotation(d, REVISION))
            )));
        };
        if running != wanted {
            return Err(Failure::text(format!(
                "desired revision ({wanted}) is different from the running revision ({running})"
            )));
        }
    }
    if n("metadata.generation") > n("status.observedGeneration") {
        return Ok((
            "Waiting for deployment spec update to be observed...".to_owned(),
            false,
        ));
    }
    let late = d.list_at("status.conditions").iter().any(|c| {
        c.str_at("type") == "Progressing" && c.str_at("reason") == "ProgressDeadlineExceeded"
    });
    if late {
        return Err(Failure::text(format!(
            "deployment {name} exceeded its progress deadline"
        )));
    }
    let (updated, total, available) = (
        n("status.updatedReplicas"),
        n("status.replicas"),
        n("status.availableReplicas"),
    );
    let head = format!("Waiting for deployment {name} rollout to finish:");
    if let Some(desired) = d.int_at("spec.replicas")
        && updated < desired
    {
        return Ok((
            format!("{head} {updated} out of {desired} new replicas have been updated..."),
            false,
        ));
    }
    if total > updated {
        return Ok((
            format!(
                "{head} {} old replicas are pending termination...",
                total - updated
            ),
            false,
        ));
    }
    if available < updated {
        return Ok((
            format!("{head} {available} of {updated} updated replicas are available..."),
            false,
        ));
    }
    Ok((format!("deployment {name} successfully rolled out"), true))
}

/// A waiting `rollout status`.
#[derive(Clone)]
pub(crate) struct Status {
    left: Vec<ObjectKey>,
    current: Option<ObjectKey>,
    revision: i64,
    watch: bool,
    timeout: Option<u64>,
    deadline: Option<u64>,
    errors: Vec<Failure>,
}

/// `rollout status`.
pub(crate) fn status(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let wanted = ctx.flags.int_or("revision", 0);
    if wanted < 0 {
        // An unnamed resource is said first.
        targets(ctx)?;
        return Err(Failure::text(format!(
            "revision must be a positive integer: {wanted}"
        )));
    }
    let (infos, mut errors) = targets(ctx)?;
    if infos.is_empty() && errors.is_empty() {
        return nothing_found(ctx);
    }
    let mut left = Vec::new();
    for i in infos {
        if i.kind() == Kind::DEPLOYMENT {
            left.push(ObjectKey::new(
                i.kind(),
                i.namespace.clone(),
                i.name.clone(),
            ));
        } else {
            errors.push(Failure::text(format!(
                "no status viewer has been implemented for {}",
                i.resource.group_kind()
            )));
        }
    }
    left.reverse();
    let timeout = ctx
        .flags
        .millis("timeout")
        .and_then(|ms| u64::try_from(ms).ok())
        .filter(|ms| *ms > 0);
    let s = Status {
        left,
        current: None,
        revision: wanted,
        watch: ctx.flags.on_or("watch", true),
        timeout,
        deadline: None,
        errors,
    };
    Ok(Next::Follow(Follow::new(follow::Kind::Status(Box::new(s)))))
}

impl Status {
    pub(crate) fn wake(&self) -> Option<u64> {
        self.deadline
    }

    /// Prints the state of the current object; true when the next one's turn has come.
    fn look(&mut self, turn: &mut Turn<'_, '_>, d: &Value) -> bool {
        match status_line(d, self.revision) {
            Ok((line, done)) => {
                turn.say(line);
                done || !self.watch
            }
            Err(f) => {
                self.errors.push(f);
                true
            }
        }
    }

    pub(crate) fn feed(&mut self, turn: &mut Turn<'_, '_>) -> Option<i32> {
        let changes = turn.changes;
        for c in changes {
            if self.current.as_ref() != Some(&c.key) {
                continue;
            }
            let over = match &c.after {
                Some(o) => {
                    let value = o.value.clone();
                    self.look(turn, &value)
                }
                None => {
                    self.errors.push(Failure::text("object has been deleted"));
                    true
                }
            };
            if over {
                self.current = None;
            }
        }
        if self.current.is_some() && self.deadline.is_some_and(|d| turn.at >= d) {
            self.errors
                .push(Failure::text("timed out waiting for the condition"));
            self.current = None;
        }
        while self.current.is_none() {
            let Some(key) = self.left.pop() else {
                self.deadline = None;
                if self.errors.is_empty() {
                    return Some(0);
                }
                let f = Failure::many(std::mem::take(&mut self.errors));
                turn.out.stderr.push_str(&f.stderr());
                return Some(1);
            };
            self.deadline = self.timeout.map(|t| turn.at + t);
            match turn.client.get(key.kind, &key.namespace, &key.name) {
                Ok(d) => {
                    if !self.look(turn, &d) {
                        self.current = Some(key);
                    }
                }
                Err(e) => self.errors.push(e.into()),
            }
        }
        None
    }
}

fn sets_of(ctx: &Ctx<'_, '_>, info: &Info) -> Vec<Value> {
    owned_by(
        ctx.list(Kind::REPLICA_SET, Some(&info.namespace)),
        &info.object,
    )
}

/// `rollout history`.
pub(crate) fn history(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let wanted = ctx.flags.int_or("revision", 0);
    let (infos, errors) = {
        if ctx.flags.args.is_empty() && ctx.flags.texts("filename").is_empty() {
            return Err(Failure::text("required resource not specified"));
        }
        if wanted < 0 {
            return Err(Failure::text(format!(
                "revision must be a positive integer: {wanted}"
            )));
        }
        targets(ctx)?
    };
    if !errors.is_empty() {
        return Err(Failure::many(errors));
    }
    let format = print::of_flags(ctx)?;
    let mut printer = print::Printer::new(format.clone(), ctx);
    printer.typed = Some(ctx.minor());
    for info in &infos {
        if info.kind() != Kind::DEPLOYMENT {
            return Err(Failure::text(unknown(
                info,
                "history viewer",
                "retrieving history for",
            )));
        }
        let mut sets: Vec<(i64, Value)> = Vec::new();
        for rs in sets_of(ctx, info) {
            if let Some(v) = revision(&rs) {
                sets.retain(|s| s.0 != v);
                sets.push((v, rs));
            }
        }
        sets.order_by_key(|s| s.0);
        if !format.is_human() {
            if wanted > 0 {
                sets.retain(|s| s.0 == wanted);
                if sets.is_empty() {
                    return Err(Failure::text("unable to find the specified revision"));
                }
            }
            for (_, rs) in &sets {
                let mut rs = print::visible(rs, ctx);
                super::trim_times(&mut rs, ctx.minor());
                let text = printer.text(
                    Some(rollout_api::kinds::of_kind(Kind::REPLICA_SET).unwrap_or(info.resource)),
                    &rs,
                )?;
                ctx.print(&text);
            }
            continue;
        }
        let title = info.title();
        if sets.is_empty() {
            let with = if wanted > 0 {
                format!("with revision #{wanted}")
            } else {
                String::new()
            };
            ctx.say(format!("{title} {with}\nNo rollout history found."));
            continue;
        }
        if wanted > 0 {
            let Some((_, rs)) = sets.iter().find(|s| s.0 == wanted) else {
                return Err(Failure::text("unable to find the specified revision"));
            };
            let mut template = rs.at("spec.template").cloned().unwrap_or_default();
            let cause = annotation(rs, super::CHANGE_CAUSE).to_owned();
            if !cause.is_empty() {
                super::annotate(&mut template, super::CHANGE_CAUSE, &cause);
            }
            let mut doc = Doc::default();
            describe::pod_template(&mut doc, &template, ctx.minor());
            ctx.say(format!("{title} with revision #{wanted}\n{}", doc.raw()));
            continue;
        }
        let mut text = String::from("REVISION\tCHANGE-CAUSE");
        for (v, rs) in &sets {
            let cause = annotation(rs, super::CHANGE_CAUSE);
            text.push_str(&format!(
                "\n{v}\t{}",
                if cause.is_empty() { "<none>" } else { cause }
            ));
        }
        ctx.say(format!("{title} \n{}\n", table::align(&text)));
    }
    Ok(Next::Done)
}

fn target_set(ctx: &Ctx<'_, '_>, info: &Info, to: i64) -> Res<Value> {
    let unknown = || Failure::text(format!("unable to find specified revision {to} in history"));
    if to < 0 {
        return Err(unknown());
    }
    let mut latest: (i64, Option<Value>) = (0, None);
    let mut previous: (i64, Option<Value>) = (0, None);
    for rs in sets_of(ctx, info) {
        let Some(v) = revision(&rs) else { continue };
        if to == 0 {
            if latest.0 < v {
                previous = std::mem::replace(&mut latest, (v, Some(rs)));
            } else if previous.0 < v {
                previous = (v, Some(rs));
            }
        } else if to == v {
            return Ok(rs);
        }
    }
    if to > 0 {
        return Err(unknown());
    }
    previous.1.ok_or_else(|| {
        Failure::text(format!(
            "no rollout history found for deployment {}",
            quoted(&info.name)
        ))
    })
}

/// `rollout undo`.
pub(crate) fn undo(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let (infos, mut errors) = targets(ctx)?;
    let to = ctx.flags.int_or("to-revision", 0);
    let mut report = Report::new(ctx, dry, true)?;
    for info in &infos {
        match undo_one(ctx, info, to, dry) {
            Ok((object, text)) => report.done(ctx, info, &object, &text)?,
            Err(f) => errors.push(f),
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

/// kinds.go knows more kinds than it can show.
fn unknown(info: &Info, what: &str, failed: &str) -> String {
    let r = info.resource;
    match r.kind.0 {
        "ReplicaSet" | "ReplicationController" | "Pod" | "Job" | "CronJob" => format!(
            "no {what} has been implemented for {}",
            quoted(&r.group_kind())
        ),
        kind => format!(
            "error {failed} {}, no visitor method exists for {{{} {kind}}}",
            quoted(kind),
            r.group
        ),
    }
}

fn undo_one(ctx: &mut Ctx<'_, '_>, info: &Info, to: i64, dry: DryRun) -> Res<(Value, String)> {
    let d = &info.object;
    if info.kind() != Kind::DEPLOYMENT {
        return Err(Failure::text(unknown(
            info,
            "rollbacker",
            "retrieving rollbacker for",
        )));
    }
    if ctx.minor() >= Minor(36) && !annotation(d, LAST_APPLIED).is_empty() {
        let line = format!(
            "Warning: resource {} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.",
            info.plural_title()
        );
        ctx.warn(line);
    }
    let set = target_set(ctx, info, to)?;
    let template = set.at("spec.template").cloned().unwrap_or_default();
    if dry == DryRun::Client {
        let mut doc = Doc::default();
        describe::pod_template(&mut doc, &template, ctx.minor());
        return Ok((d.clone(), doc.raw()));
    }
    if d.bool_at("spec.paused") {
        return Err(Failure::text(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    if d.at("spec.template")
        .is_some_and(|t| same_template(t, &template))
    {
        return Ok((
            d.clone(),
            format!("skipped rollback (current template already matches revision {to})"),
        ));
    }
    let mut template = template;
    if let Some(labels) = template.at_mut("metadata.labels") {
        labels.map_mut().remove("pod-template-hash");
    }
    let mut annotations = rollout_api::Map::new();
    if let Some(own) = d.at("metadata.annotations").and_then(Value::as_map) {
        for (k, v) in own.iter().filter(|(k, _)| SKIPPED.contains(&k.as_str())) {
            annotations.insert(k, v.clone());
        }
    }
    if let Some(old) = set.at("metadata.annotations").and_then(Value::as_map) {
        for (k, v) in old.iter().filter(|(k, _)| !SKIPPED.contains(&k.as_str())) {
            annotations.insert(k, v.clone());
        }
    }
    let patch = Value::list(vec![
        object! { "op" => "replace", "path" => "/spec/template", "value" => template },
        object! { "op" => "replace", "path" => "/metadata/annotations", "value" => Value::from(annotations) },
    ]);
    let options = super::options(ctx, dry);
    match super::send_patch(ctx, info, PatchType::Json, &patch, &options) {
        Ok(w) => Ok((w.value, "rolled back".to_owned())),
        Err(e) => Err(Failure::text(format!(
            "failed restoring revision {to}: {}",
            e.message
        ))),
    }
}

/// What `pause`, `resume` and `restart` do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Pause,
    Resume,
    Restart,
}

/// `rollout pause`, `resume`, `restart`.
pub(crate) fn change(ctx: &mut Ctx<'_, '_>, what: Change) -> Res<Next> {
    let (infos, mut errors) = targets(ctx)?;
    if infos.is_empty() && errors.is_empty() {
        return nothing_found(ctx);
    }
    let mut report = Report::new(ctx, DryRun::None, true)?;
    let (verb, doing) = match what {
        Change::Pause => ("paused", "pausing"),
        Change::Resume => ("resumed", "resuming"),
        Change::Restart => ("restarted", "restarting"),
    };
    for info in &infos {
        let subject = format!("{} {}", info.resource.group_resource(), quoted(&info.name));
        let paused = info.object.bool_at("spec.paused");
        let restarts =
            what == Change::Restart && matches!(info.kind().0, "DaemonSet" | "StatefulSet");
        let problem = if info.kind() != Kind::DEPLOYMENT && !restarts {
            Some(format!("{doing} is not supported"))
        } else {
            match what {
                Change::Pause if paused => Some("is already paused".to_owned()),
                Change::Resume if !paused => Some("is not paused".to_owned()),
                Change::Restart if paused => {
                    Some("can't restart paused deployment (run rollout resume first)".to_owned())
                }
                _ => None,
            }
        };
        if let Some(p) = problem {
            errors.push(Failure::text(format!("error: {subject} {p}")));
            continue;
        }
        let patch = match what {
            Change::Pause => object! { "spec" => object! { "paused" => true } },
            Change::Resume => object! { "spec" => object! { "paused" => Value::Null } },
            Change::Restart => {
                let now = ctx.now().rfc3339();
                let at = info
                    .object
                    .at("spec.template.metadata.annotations")
                    .and_then(|a| a.get("kubectl.kubernetes.io/restartedAt"))
                    .and_then(Value::as_str);
                if at == Some(&now) {
                    errors.push(Failure::text(format!(
                        "failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another",
                        info.name
                    )));
                    continue;
                }
                let annotations = object! { "kubectl.kubernetes.io/restartedAt" => Str::from(now) };
                object! { "spec" => object! { "template" => object! { "metadata" => object! { "annotations" => annotations } } } }
            }
        };
        let options = super::options(ctx, DryRun::None);
        match super::send_patch(ctx, info, PatchType::Strategic, &patch, &options) {
            Ok(w) => report.done(ctx, info, &w.value, verb)?,
            Err(e) => errors.push(Failure::text(format!("failed to patch: {}", e.message))),
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}
