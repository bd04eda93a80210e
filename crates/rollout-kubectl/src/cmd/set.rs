//! `kubectl set image`, `resources`, `selector`, `serviceaccount`.

use super::{Report, recorded};
use crate::Next;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::selector as selectors;
use rollout_api::patch::create_two_way;
use rollout_api::types::Schema;
use rollout_api::{Map, Str, Value};
use rollout_engine::client::{PatchType, Written};

/// Resources first, then `k=v`. Mirrors `GetResourcesAndPairs`.
pub(crate) fn resources_and_pairs(args: &[String], what: &str) -> Res<(Vec<String>, Vec<String>)> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for a in args {
        let pair = a.contains('=') && !a.starts_with('=') || a.ends_with('-') && a != "-";
        if pair {
            pairs.push(a.clone());
        } else if pairs.is_empty() {
            resources.push(a.clone());
        } else {
            return Err(Failure::text(format!(
                "all resources must be specified before {what} changes: {a}"
            )));
        }
    }
    Ok((resources, pairs))
}

/// Where the pod spec of an object is.
pub(crate) fn pod_spec_path(info: &Info) -> Res<&'static str> {
    match info.kind().0 {
        "Pod" => Ok("spec"),
        "Deployment"
        | "ReplicaSet"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "ReplicationController" => Ok("spec.template.spec"),
        "CronJob" => Ok("spec.jobTemplate.spec.template.spec"),
        other => {
            // Kubectl reads autoscalers as the newest version has them.
            let version = match other {
                "HorizontalPodAutoscaler" => "v2",
                _ => "v1",
            };
            Err(Failure::text(format!(
                "the object is not a pod or does not have a pod template: *{version}.{other}"
            )))
        }
    }
}

/// Where the pod spec is; where there is none, that is an error of this object.
pub(crate) fn template_path(info: &Info, errors: &mut Vec<Failure>) -> Option<&'static str> {
    pod_spec_path(info)
        .map_err(|f| errors.push(of_object(info, &f.message())))
        .ok()
}

/// `deployments/web WHAT IS WRONG`.
pub(crate) fn of_object(info: &Info, text: &str) -> Failure {
    Failure::text(format!("{} {text}", info.plural_title()))
}

/// Finds what a `set` command is about: files as they are with `--local`.
pub(crate) fn targets(
    ctx: &mut Ctx<'_, '_>,
    resources: &[String],
) -> Res<(Vec<Info>, Vec<Failure>)> {
    let mut request = Request::of(ctx, resources);
    request.latest = !ctx.flags.on("local");
    if ctx.flags.on("local") && request.filenames.is_empty() {
        if ctx.command.path == "set env" {
            return Err(builder::missing_resource());
        }
        return Err(Failure::text(
            "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
        ));
    }
    let found = builder::find(ctx, &request)?;
    if found.infos.is_empty() && !found.errors.is_empty() {
        return Err(Failure::many(found.errors));
    }
    Ok((found.infos, found.errors))
}

/// Sends what is different between an object and its new state: `None` if nothing is.
pub(crate) fn send_difference(
    ctx: &mut Ctx<'_, '_>,
    info: &Info,
    new: &Value,
    dry: DryRun,
) -> Res<Option<Written>> {
    let Some(schema) = Schema::of_object(
        info.object.str_at("apiVersion"),
        info.object.str_at("kind"),
        ctx.client.version(),
    ) else {
        return Ok(None);
    };
    let patch = create_two_way(&info.object, new, schema).map_err(|e| Failure::text(e.text()))?;
    if patch.is_empty() {
        return Ok(None);
    }
    let options = super::options(ctx, dry);
    Ok(Some(super::send_patch(
        ctx,
        info,
        PatchType::Strategic,
        &patch,
        &options,
    )?))
}

/// What one `set` command does to its objects.
pub(crate) struct Setting<'a> {
    /// Behind the name: `image updated`.
    pub verb: &'a str,
    /// In front of the server's refusal.
    pub refused: &'a str,
    /// It also tells of what is as it should be.
    pub always: bool,
}

/// Changes each object with `change` and sends the difference.
pub(crate) fn apply(
    ctx: &mut Ctx<'_, '_>,
    infos: Vec<Info>,
    mut errors: Vec<Failure>,
    setting: &Setting<'_>,
    mut change: impl FnMut(&Info, &mut Value, &mut Vec<Failure>),
) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let mut report = Report::new(ctx, dry, true)?;
    let cause = recorded(ctx);
    let local = ctx.flags.on("local");
    for info in infos {
        let mut new = info.object.clone();
        let before = errors.len();
        change(&info, &mut new, &mut errors);
        let broken = errors.len() > before;
        if new == info.object {
            if (local || setting.always) && !broken {
                let object = crate::typed::filled(&new, ctx.minor());
                report.done(ctx, &info, &object, setting.verb)?;
            }
            continue;
        }
        if let Some(cause) = &cause {
            super::annotate(&mut new, super::CHANGE_CAUSE, cause);
        }
        if local || dry == DryRun::Client {
            let mut object = if local {
                crate::typed::filled(&new, ctx.minor())
            } else {
                new
            };
            if local {
                // `--local` works on the text of the file, which has no namespace of its own.
                object.remove("metadata.namespace");
            }
            report.done(ctx, &info, &object, setting.verb)?;
            continue;
        }
        match send_difference(ctx, &info, &new, dry) {
            Ok(Some(w)) => report.done(ctx, &info, &w.value, setting.verb)?,
            Ok(None) => {}
            Err(Failure::Api(e)) => {
                errors.push(Failure::text(format!("{}{}", setting.refused, e.message)))
            }
            Err(f) => errors.push(f),
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

fn check_targets(ctx: &Ctx<'_, '_>) -> Res<()> {
    if ctx.flags.on("all") && !ctx.flags.text("selector").is_empty() {
        return Err(Failure::text(
            "cannot set --all and --selector at the same time",
        ));
    }
    Ok(())
}

/// `set image`.
pub(crate) fn image(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let (resources, pairs) = resources_and_pairs(&args, "image")?;
    let mut images: Vec<(String, String)> = Vec::new();
    for p in &pairs {
        match p.split_once('=') {
            Some((k, v)) => images.push((k.to_owned(), v.to_owned())),
            None => return Err(Failure::text(format!("invalid image format: {p}"))),
        }
    }
    let (infos, errors) = targets(ctx, &resources)?;
    check_targets(ctx)?;
    if images.is_empty() {
        return Err(Failure::text("at least one image update is required"));
    }
    if images.len() > 1 && images.iter().any(|i| i.0 == "*") {
        return Err(Failure::text(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    let setting = Setting {
        verb: "image updated",
        refused: "failed to patch image update to pod template: ",
        always: false,
    };
    apply(ctx, infos, errors, &setting, |info, new, errors| {
        let Some(path) = template_path(info, errors) else {
            return;
        };
        for (name, image) in &images {
            let mut found = false;
            for list in ["initContainers", "containers"] {
                let Some(items) = new.at_mut(&format!("{path}.{list}")) else {
                    continue;
                };
                for c in items.list_mut() {
                    if c.str_at("name") == name || name == "*" {
                        found = true;
                        if c.str_at("image") != image {
                            if image.is_empty() {
                                c.map_mut().remove("image");
                            } else {
                                c.map_mut().insert("image", Value::text(image));
                            }
                        }
                    }
                }
            }
            if !found {
                errors.push(Failure::text(format!(
                    "error: unable to find container named {}",
                    crate::flags::quoted(name)
                )));
            }
        }
    })
}

/// `cpu=1,memory=2Gi` as a map.
fn resource_list(text: &str) -> Res<Map> {
    let mut map = Map::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let syntax = || {
            Failure::text(format!(
                "Invalid argument syntax {part}, expected <resource>=<value>"
            ))
        };
        let (k, v) = part.split_once('=').ok_or_else(syntax)?;
        if v.contains('=') {
            return Err(syntax());
        }
        if rollout_api::quantity::Quantity::parse(v).is_err() {
            return Err(Failure::text(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ));
        }
        map.insert(
            Str::copy(k),
            Value::text(&crate::describe::quantity::canonical(v)),
        );
    }
    Ok(map)
}

/// Does a name match a pattern with `*`?
pub(crate) fn wildcard(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else {
        return false;
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    if parts.is_empty() {
        return rest.is_empty();
    }
    for (i, p) in parts.iter().enumerate() {
        if i + 1 == parts.len() {
            return rest.ends_with(p);
        }
        match rest.find(p) {
            Some(at) => rest = &rest[at + p.len()..],
            None => return false,
        }
    }
    true
}

/// `set resources`.
pub(crate) fn resources(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let (limits, requests) = (
        ctx.flags.text("limits").to_owned(),
        ctx.flags.text("requests").to_owned(),
    );
    let (infos, errors) = targets(ctx, &args)?;
    check_targets(ctx)?;
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::text(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let (limits, requests) = (resource_list(&limits)?, resource_list(&requests)?);
    let pattern = ctx.flags.text_or("containers", "*").to_owned();
    let setting = Setting {
        verb: "resource requirements updated",
        refused: "failed to patch resources update to pod template ",
        always: false,
    };
    apply(ctx, infos, errors, &setting, |info, new, errors| {
        let Some(path) = template_path(info, errors) else {
            return;
        };
        let mut found = false;
        for list in ["initContainers", "containers"] {
            let Some(items) = new.at_mut(&format!("{path}.{list}")) else {
                continue;
            };
            for c in items.list_mut() {
                if !wildcard(&pattern, c.str_at("name")) {
                    continue;
                }
                found = true;
                for (side, map) in [("limits", &limits), ("requests", &requests)] {
                    for (k, v) in map.iter() {
                        let of_side = c
                            .map_mut()
                            .entry("resources", Value::object)
                            .map_mut()
                            .entry(side, Value::object);
                        of_side.map_mut().insert(k, v.clone());
                    }
                }
            }
        }
        if !found {
            errors.push(Failure::text(format!(
                "unable to find container named {pattern}"
            )));
        }
    })
}

/// `set selector`.
pub(crate) fn selector(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let Some((expression, resources)) = args.split_last() else {
        return Err(Failure::text("one selector is required"));
    };
    if resources.is_empty() && ctx.flags.texts("filename").is_empty() {
        return Err(builder::missing_resource());
    }
    let parsed = selectors::parse(expression)?;
    let mut map = Map::new();
    for n in parsed.needs {
        match n {
            selectors::Need::In(k, v) if v.len() == 1 && !expression.contains(" in ") => {
                map.insert(Str::from(k), v[0].clone());
            }
            selectors::Need::In(k, v) => {
                return Err(Failure::text(format!(
                    "match expression [{{{k} In [{}]}}] not supported on this object",
                    v.join(" ")
                )));
            }
            other => {
                return Err(Failure::text(format!(
                    "{} is not a valid map-based label selector",
                    need_text(&other)
                )));
            }
        }
    }
    let (infos, errors) = targets(ctx, resources)?;
    let setting = Setting {
        verb: "selector updated",
        refused: "",
        always: true,
    };
    apply(ctx, infos, errors, &setting, |info, new, errors| {
        if info.kind().0 != "Service" {
            errors.push(Failure::text(
                "setting a selector is only supported for Services",
            ));
            return;
        }
        new.set("spec.selector", Value::from(map.clone()));
    })
}

fn need_text(n: &selectors::Need) -> String {
    match n {
        selectors::Need::Exists(k) => k.clone(),
        selectors::Need::Missing(k) => format!("!{k}"),
        selectors::Need::In(k, v) => format!("{k} in ({})", v.join(",")),
        selectors::Need::NotIn(k, v) => format!("{k} notin ({})", v.join(",")),
        selectors::Need::Compare(k, ..) => k.clone(),
    }
}

/// `set serviceaccount`.
pub(crate) fn service_account(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let Some((account, resources)) = args.split_last() else {
        return Err(Failure::text("serviceaccount is required"));
    };
    let (infos, errors) = targets(ctx, resources)?;
    let setting = Setting {
        verb: "serviceaccount updated",
        refused: "failed to patch ServiceAccountName ",
        always: true,
    };
    apply(ctx, infos, errors, &setting, |info, new, errors| {
        if let Some(path) = template_path(info, errors) {
            new.set(&format!("{path}.serviceAccountName"), Value::text(account));
            if new.at(&format!("{path}.serviceAccount")).is_some() {
                new.set(&format!("{path}.serviceAccount"), Value::text(account));
            }
        }
    })
}
