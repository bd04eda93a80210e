//! `kubectl cordon`, `uncordon`, `drain`, `taint`.

use super::Report;
use crate::Next;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::duration;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::follow::{self, Follow, Turn};
use crate::selector;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value, object};
use rollout_engine::client::{DeleteOptions, PatchType};

fn nodes(ctx: &mut Ctx<'_, '_>, what: &str) -> Res<Vec<Info>> {
    let names = ctx.flags.args.clone();
    let chosen = ctx.flags.text("selector").to_owned();
    if names.is_empty() && chosen.is_empty() {
        return Err(ctx.usage(format!("USAGE: {what} NODE [flags]")));
    }
    if !names.is_empty() && !chosen.is_empty() {
        return Err(ctx.usage("cannot specify both a node name and a --selector option"));
    }
    let mut args = vec!["nodes".to_owned()];
    if names.iter().any(|n| n.contains('/')) {
        args.clear();
    }
    args.extend(names);
    let mut request = Request::of(ctx, &args);
    request.all = false;
    let infos = builder::find(ctx, &request)?.all()?;
    if let Some(i) = infos.iter().find(|i| i.kind() != Kind::NODE) {
        let version = i.resource.api_version(ctx.client.version());
        let slash = if i.resource.group.is_empty() { "/" } else { "" };
        return Err(Failure::text(format!(
            "expected resource of type node, got {}",
            quoted(&format!("{slash}{version}, Resource={}", i.resource.plural))
        )));
    }
    Ok(infos)
}

/// `node/x cordoned`, sent if it changes something.
fn set_schedulable(ctx: &mut Ctx<'_, '_>, info: &Info, cordon: bool, dry: DryRun) -> Res<String> {
    let verb = if cordon { "cordoned" } else { "uncordoned" };
    if info.object.bool_at("spec.unschedulable") == cordon {
        return Ok(format!("{} already {verb}{}", info.title(), dry.suffix()));
    }
    if dry != DryRun::Client {
        let value = if cordon {
            Value::Bool(true)
        } else {
            Value::Null
        };
        let patch = object! { "spec" => object! { "unschedulable" => value } };
        let options = super::options(ctx, dry);
        super::send_patch(ctx, info, PatchType::Strategic, &patch, &options)?;
    }
    Ok(format!("{} {verb}{}", info.title(), dry.suffix()))
}

/// `cordon` and `uncordon`.
pub(crate) fn cordon(ctx: &mut Ctx<'_, '_>, cordon: bool) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let infos = nodes(ctx, if cordon { "cordon" } else { "uncordon" })?;
    for info in infos {
        let line = set_schedulable(ctx, &info, cordon, dry)?;
        ctx.say(line);
    }
    Ok(Next::Done)
}

/// What a drain will do with a node's pods.
struct Plan {
    pods: Vec<Value>,
    warnings: Vec<String>,
    errors: Vec<String>,
}

fn plan(ctx: &Ctx<'_, '_>, node: &str) -> Res<Plan> {
    let chosen = selector::parse(ctx.flags.text("pod-selector")).unwrap_or_default();
    let (force, daemons, local) = (
        ctx.flags.on("force"),
        ctx.flags.on("ignore-daemonsets"),
        ctx.flags.on("delete-emptydir-data"),
    );
    let mut groups: Vec<(bool, &'static str, Vec<String>)> = Vec::new();
    let mut note = |error: bool, text: &'static str, pod: String| match groups
        .iter_mut()
        .find(|g| g.1 == text)
    {
        Some(g) => g.2.push(pod),
        None => groups.push((error, text, vec![pod])),
    };
    let mut pods = Vec::new();
    for p in ctx.list(Kind::POD, None) {
        if p.str_at("spec.nodeName") != node || !chosen.matches_object(&p) {
            continue;
        }
        let name = format!(
            "{}/{}",
            p.str_at("metadata.namespace"),
            p.str_at("metadata.name")
        );
        let owner = p
            .list_at("metadata.ownerReferences")
            .iter()
            .find(|r| r.bool_at("controller"));
        let done = matches!(p.str_at("status.phase"), "Succeeded" | "Failed");
        if p.at("metadata.annotations")
            .and_then(|a| a.get("kubernetes.io/config.mirror"))
            .is_some()
        {
            continue;
        }
        if owner.is_some_and(|o| o.str_at("kind") == "DaemonSet") && !done {
            if daemons {
                note(false, "ignoring DaemonSet-managed Pods", name);
            } else {
                note(
                    true,
                    "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)",
                    name,
                );
            }
            continue;
        }
        let empty_dir = p
            .list_at("spec.volumes")
            .iter()
            .any(|v| v.get("emptyDir").is_some());
        if empty_dir && !done {
            if !local {
                note(
                    true,
                    "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
                    name.clone(),
                );
                continue;
            }
            let _ = &name;
        }
        if owner.is_none() && !done {
            if force {
                note(false, "deleting Pods that declare no controller", name);
            } else {
                note(
                    true,
                    if ctx.minor() >= Minor::V1_36 {
                        "cannot delete Pods that declare no controller (use --force to override)"
                    } else {
                        "cannot delete cannot delete Pods that declare no controller (use --force to override)"
                    },
                    name,
                );
                continue;
            }
        }
        pods.push(p);
    }
    let text = |g: &(bool, &'static str, Vec<String>)| format!("{}: {}", g.1, g.2.join(", "));
    Ok(Plan {
        pods,
        warnings: groups.iter().filter(|g| !g.0).map(text).collect(),
        errors: groups.iter().filter(|g| g.0).map(text).collect(),
    })
}

/// A waiting `drain`.
#[derive(Clone)]
pub(crate) struct Draining {
    nodes: Vec<(String, Vec<Job>)>,
    current: Option<(String, Vec<Job>)>,
    failed: Vec<Failed>,
    grace: Option<i64>,
    by_deletion: bool,
    timeout: Option<u64>,
    deadline: Option<u64>,
    started: bool,
}

/// One pod that is to go.
#[derive(Clone)]
struct Job {
    key: ObjectKey,
    uid: Str,
    sent: bool,
    done: bool,
    again: u64,
}

const RETRY: u64 = 5000;

/// `drain`.
pub(crate) fn drain(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let infos = nodes(ctx, "drain")?;
    if selector::parse(ctx.flags.text("pod-selector")).is_err() {
        return Err(Failure::text(
            "--pod-selector=<pod_selector> must be a valid label selector",
        ));
    }
    for info in &infos {
        let line = set_schedulable(ctx, info, true, dry)?;
        ctx.say(line);
    }
    let mut failed: Vec<Failed> = Vec::new();
    let mut work = Vec::new();
    for info in &infos {
        let plan = plan(ctx, &info.name)?;
        if !plan.errors.is_empty() {
            if !plan.warnings.is_empty() && infos.is_empty() {
                ctx.warn(plan.warnings.join("; "));
            }
            let error = if plan.errors.len() == 1 {
                plan.errors[0].clone()
            } else {
                format!("[{}]", plan.errors.join(", "))
            };
            let line = format!(
                "error: unable to drain node {} due to error: {error}, continuing command...",
                quoted(&info.name)
            );
            ctx.warn(line);
            failed.push((info.name.clone(), plan.errors.join("\n")));
            continue;
        }
        if !plan.warnings.is_empty() {
            let line = format!("Warning: {}", plan.warnings.join("; "));
            ctx.warn(line);
        }
        if dry != DryRun::None {
            for p in &plan.pods {
                let verb = if ctx.flags.on("disable-eviction") {
                    "deleting"
                } else {
                    "evicting"
                };
                let line = format!(
                    "{verb} pod {}/{}{}",
                    p.str_at("metadata.namespace"),
                    p.str_at("metadata.name"),
                    dry.suffix()
                );
                ctx.say(line);
            }
            let line = format!("{} drained{}", info.title(), dry.suffix());
            ctx.say(line);
            continue;
        }
        let jobs = plan
            .pods
            .iter()
            .map(|p| Job {
                key: ObjectKey::new(
                    Kind::POD,
                    Str::copy(p.str_at("metadata.namespace")),
                    Str::copy(p.str_at("metadata.name")),
                ),
                uid: Str::copy(p.str_at("metadata.uid")),
                sent: false,
                done: false,
                again: 0,
            })
            .collect();
        work.push((info.name.clone(), jobs));
    }
    if work.is_empty() {
        return match pending(&failed) {
            None => Ok(Next::Done),
            Some(text) => {
                ctx.warn(text);
                Ok(Next::Exit(1))
            }
        };
    }
    work.reverse();
    let timeout = ctx
        .flags
        .millis("timeout")
        .and_then(|ms| u64::try_from(ms).ok())
        .filter(|ms| *ms > 0);
    let grace = ctx.flags.int_or("grace-period", -1);
    let d = Draining {
        nodes: work,
        current: None,
        failed,
        grace: Some(grace).filter(|g| *g >= 0),
        by_deletion: ctx.flags.on("disable-eviction"),
        timeout,
        deadline: None,
        started: false,
    };
    Ok(Next::Follow(Follow::new(follow::Kind::Drain(Box::new(d)))))
}

/// A node, and the errors that are listed at the end.
type Failed = (String, String);

fn pending(failed: &[Failed]) -> Option<String> {
    if failed.is_empty() {
        return None;
    }
    let names: Vec<String> = failed.iter().map(|f| format!(" {}", f.0)).collect();
    let errors: Vec<&str> = failed.iter().map(|f| f.1.as_str()).collect();
    Some(format!(
        "There are pending nodes to be drained:\n{}\n{}",
        names.join("\n"),
        errors.join("\n")
    ))
}

impl Draining {
    pub(crate) fn pending(&self) -> Vec<ObjectKey> {
        self.current
            .iter()
            .flat_map(|c| {
                c.1.iter()
                    .filter(|j| j.sent && !j.done)
                    .map(|j| j.key.clone())
            })
            .collect()
    }
    pub(crate) fn wake(&self) -> Option<u64> {
        let again = self
            .current
            .iter()
            .flat_map(|c| c.1.iter().filter(|j| !j.sent && !j.done).map(|j| j.again))
            .min();
        match (again, self.deadline) {
            (Some(a), Some(d)) => Some(a.min(d)),
            (a, d) => a.or(d),
        }
    }

    fn attempt(&mut self, turn: &mut Turn<'_, '_>, i: usize) -> Result<(), ApiError> {
        let Some((_, jobs)) = &mut self.current else {
            return Ok(());
        };
        let job = &mut jobs[i];
        let options = DeleteOptions {
            grace_period_seconds: self.grace,
            ..DeleteOptions::default()
        };
        let sent = if self.by_deletion {
            turn.client
                .delete(Kind::POD, &job.key.namespace, &job.key.name, &options)
        } else {
            turn.out.stdout.push_str(&format!(
                "evicting pod {}/{}\n",
                job.key.namespace, job.key.name
            ));
            turn.client
                .evict(&job.key.namespace, &job.key.name, &options)
        };
        match sent {
            Ok(_) => job.sent = true,
            Err(e) if e.is_not_found() => job.sent = true,
            Err(e) if e.reason == "TooManyRequests" => {
                let text = format!(
                    "error when evicting pods/{} -n {} (will retry after 5s): {}\n",
                    quoted(&job.key.name),
                    quoted(&job.key.namespace),
                    e.message
                );
                turn.out.stderr.push_str(&text);
                job.again = turn.at + RETRY;
            }
            Err(e) => return Err(e),
        }
        Ok(())
    }

    fn fail(&mut self, turn: &mut Turn<'_, '_>, error: String, left: &[ObjectKey], node: String) {
        let mut text = format!(
            "There are pending pods in node {} when an error occurred: {error}\n",
            quoted(&node)
        );
        for k in left {
            text.push_str(&format!("pod/{}\n", k.name));
        }
        text.push_str(&format!(
            "error: unable to drain node {} due to error: {error}, continuing command...\n",
            quoted(&node)
        ));
        turn.out.stderr.push_str(&text);
        self.failed.push((node, error));
        self.current = None;
    }

    pub(crate) fn feed(&mut self, turn: &mut Turn<'_, '_>) -> Option<i32> {
        if !self.started {
            self.started = true;
            self.deadline = self.timeout.map(|t| turn.at + t);
        }
        loop {
            if self.current.is_none() {
                let Some(next) = self.nodes.pop() else {
                    return match pending(&self.failed) {
                        None => Some(0),
                        Some(text) => {
                            turn.warn(text);
                            Some(1)
                        }
                    };
                };
                self.current = Some(next);
            }
            let (node, count) = self
                .current
                .as_ref()
                .map(|c| (c.0.clone(), c.1.len()))
                .unwrap_or_default();
            let late = self.deadline.is_some_and(|d| turn.at >= d);
            for i in 0..count {
                let due = self.current.as_ref().is_some_and(|c| {
                    !c.1[i].sent && !c.1[i].done && (c.1[i].again <= turn.at && !late)
                });
                if due && let Err(e) = self.attempt(turn, i) {
                    let key = self.current.as_ref().map(|c| c.1[i].key.clone());
                    let name = key.as_ref().map_or_else(String::new, |k| {
                        format!(
                            "error when evicting pods/{} -n {}: {}",
                            quoted(&k.name),
                            quoted(&k.namespace),
                            e.message
                        )
                    });
                    let left: Vec<ObjectKey> = key.into_iter().collect();
                    self.fail(turn, name, &left, node.clone());
                    break;
                }
            }
            let by_deletion = self.by_deletion;
            let Some((_, jobs)) = &mut self.current else {
                continue;
            };
            for job in jobs.iter_mut().filter(|j| j.sent && !j.done) {
                let same = turn
                    .client
                    .get(Kind::POD, &job.key.namespace, &job.key.name)
                    .is_ok_and(|p| p.str_at("metadata.uid") == job.uid.as_str());
                if !same {
                    job.done = true;
                    turn.out.stdout.push_str(&format!(
                        "pod/{} {}\n",
                        job.key.name,
                        if by_deletion { "deleted" } else { "evicted" }
                    ));
                }
            }
            if jobs.iter().all(|j| j.done) {
                turn.say(format!("node/{node} drained"));
                self.current = None;
                continue;
            }
            if late {
                let left: Vec<ObjectKey> = jobs
                    .iter()
                    .filter(|j| !j.done)
                    .map(|j| j.key.clone())
                    .collect();
                let limit =
                    duration::go_text(i64::try_from(self.timeout.unwrap_or(0)).unwrap_or(0));
                let waiting: Vec<bool> = jobs.iter().filter(|j| !j.done).map(|j| j.sent).collect();
                let mut errors = Vec::new();
                for (k, sent) in left.iter().zip(waiting) {
                    if !sent {
                        turn.out
                            .stdout
                            .push_str(&format!("evicting pod {}/{}\n", k.namespace, k.name));
                    }
                    let what = if sent {
                        "waiting for pod to terminate"
                    } else {
                        "evicting"
                    };
                    errors.push(if sent {
                        format!(
                            "error when {what} {} in namespace {}: global timeout reached: {limit}",
                            quoted(&k.name),
                            quoted(&k.namespace)
                        )
                        .replace("waiting for pod to terminate", "waiting for pod")
                    } else {
                        format!(
                            "error when {what} pods/{} -n {}: global timeout reached: {limit}",
                            quoted(&k.name),
                            quoted(&k.namespace)
                        )
                    });
                }
                let error = if errors.len() == 1 {
                    errors.swap_remove(0)
                } else {
                    format!("[{}]", errors.join(", "))
                };
                self.fail(turn, error, &left, node);
                continue;
            }
            return None;
        }
    }
}

/// A taint as a line names it: key, value, effect.
type Named = (String, String, String);

/// What a line of `taint` changes. Mirrors `parseTaints`, kubectl/pkg/cmd/taint/utils.go.
fn parse_taints(changes: &[String]) -> Result<(Vec<Named>, Vec<Named>), String> {
    let (mut add, mut remove): (Vec<Named>, Vec<Named>) = (Vec::new(), Vec::new());
    for spec in changes {
        let (body, gone) = match spec.strip_suffix('-') {
            Some(body) => (body, true),
            None => (spec.as_str(), false),
        };
        let bad = |why: &str| format!("invalid taint spec: {body}{why}");
        let mut parts = body.split(':');
        let (pair, effect, more) = (parts.next().unwrap_or(""), parts.next(), parts.next());
        let (key, value) = match (effect, pair.split_once('=')) {
            (Some(_), Some((k, v))) => (k, v),
            _ => (pair, ""),
        };
        if more.is_some() || effect.is_some() && value.contains('=') {
            return Err(bad(""));
        }
        let effect = effect.unwrap_or("");
        let has_effect = body.contains(':');
        if has_effect && !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
            return Err(format!(
                "invalid taint effect: {effect}, unsupported taint effect"
            ));
        }
        if let Some(problem) = selector::key_problem(key) {
            return Err(bad(&format!(", {problem}")));
        }
        if let Some(problem) = selector::label_value_problem(value) {
            return Err(bad(&format!(", {problem}")));
        }
        if !has_effect && !gone {
            return Err(bad(""));
        }
        let named = (key.to_owned(), value.to_owned(), effect.to_owned());
        if gone {
            remove.push(named);
        } else if add.iter().any(|t| t.0 == named.0 && t.2 == named.2) {
            return Err(format!(
                "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
            ));
        } else {
            add.push(named);
        }
    }
    Ok((add, remove))
}

/// `taint`.
pub(crate) fn taint(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let args = ctx.flags.args.clone();
    let is_taint =
        |a: &String| a.contains('=') || a.contains(':') || a.ends_with('-') && a.len() > 1;
    let at = args.iter().position(is_taint).unwrap_or(args.len());
    let (resources, changes) = args.split_at(at);
    let Some(kind) = resources.first() else {
        return Err(Failure::text(
            "one or more resources must be specified as <resource> <name>",
        ));
    };
    if changes.is_empty() {
        return Err(Failure::text("at least one taint update is required"));
    }
    match builder::resource_of(kind, ctx.minor()) {
        Err(f) => return Err(Failure::Raw(f.message())),
        Ok(r) if r.kind != Kind::NODE => {
            return Err(Failure::text(format!(
                "invalid resource type {kind}, only node types are supported"
            )));
        }
        Ok(_) => {}
    }
    let (add, remove) = parse_taints(changes).map_err(|why| ctx.usage(why))?;
    let both: Vec<String> = add
        .iter()
        .filter(|a| {
            let same = |r: &&Named| r.0 == a.0 && (r.2.is_empty() || r.2 == a.2);
            remove.iter().any(|r| same(&r))
        })
        .flat_map(|a| remove.iter().filter(|r| r.0 == a.0))
        .map(|r| {
            let effect = if r.2.is_empty() { "" } else { ":" };
            format!("{}={}{effect}{}", r.0, r.1, r.2)
        })
        .collect();
    if !both.is_empty() {
        return Err(Failure::text(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            both.join(", ")
        )));
    }
    let request = Request::of(ctx, resources);
    let infos = builder::find(ctx, &request)?.all()?;
    let mut report = Report::new(ctx, DryRun::None, false)?;
    let overwrite = ctx.flags.on("overwrite");
    let mut errors = Vec::new();
    for info in infos {
        let old: Vec<Value> = info.object.list_at("spec.taints").to_vec();
        let has = |t: &Value, k: &str, e: &str| {
            t.str_at("key") == k && (e.is_empty() || t.str_at("effect") == e)
        };
        if !overwrite && add.iter().any(|(k, _, e)| old.iter().any(|t| has(t, k, e))) {
            errors.push(Failure::text(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                info.name,
                add.iter()
                    .filter(|(k, _, e)| old.iter().any(|t| has(t, k, e)))
                    .map(|t| t.0.as_str())
                    .collect::<Vec<_>>()
                    .join(",")
            )));
            continue;
        }
        let mut new = old.clone();
        let mut missing = Vec::new();
        for (k, _, e) in &remove {
            let before = new.len();
            new.retain(|t| !has(t, k, e));
            if new.len() == before {
                let shown = if e.is_empty() {
                    k.clone()
                } else {
                    format!("{k}:{e}")
                };
                missing.push(Failure::text(format!("taint {} not found", quoted(&shown))));
            }
        }
        if !missing.is_empty() {
            errors.push(Failure::many(missing));
            continue;
        }
        let mut replaced = !remove.is_empty();
        for (k, v, e) in &add {
            replaced |= new.iter().any(|t| has(t, k, e));
            new.retain(|t| !has(t, k, e));
            let mut t = object! { "effect" => e.clone(), "key" => k.clone() };
            if !v.is_empty() {
                t.map_mut().insert("value", v.clone());
            }
            new.push(t);
        }
        let verb = if add.is_empty() {
            "untainted"
        } else if replaced {
            "modified"
        } else {
            "tainted"
        };
        let taints = if new.is_empty() {
            Value::Null
        } else {
            Value::list(new)
        };
        let patch = object! { "spec" => object! { "taints" => taints } };
        let object = if dry == DryRun::Client {
            info.object.clone()
        } else {
            let options = super::options(ctx, dry);
            super::send_patch(ctx, &info, PatchType::Merge, &patch, &options)?.value
        };
        report.done(ctx, &info, &object, verb)?;
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}
