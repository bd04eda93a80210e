//! `kubectl create job`, `cronjob`, `role`, `rolebinding`, `priorityclass`, `ingress` and their like.

use super::generators::{command_words, finish, name};
use crate::Next;
use crate::builder::{self, resource_of};
use crate::context::Ctx;
use crate::error::{Failure, Res};
use rollout_api::kinds;
use rollout_api::{Kind, Map, Value, object};

const RBAC: &str = "rbac.authorization.k8s.io";

fn texts(list: &[String]) -> Value {
    Value::list(list.iter().map(|t| Value::text(t)).collect())
}

/// A template with one container named after the object.
fn pod_template(name: &str, image: &str, command: Vec<Value>, restart: &str) -> Value {
    let mut container = object! { "image" => image.to_owned(), "name" => name.to_owned() };
    if !command.is_empty() {
        container.map_mut().insert("command", command);
    }
    let containers = Value::list(vec![container]);
    object! {
        "spec" => object! { "containers" => containers, "restartPolicy" => restart.to_owned() },
    }
}

/// `create job`.
pub(crate) fn job(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let (image, from) = (
        ctx.flags.text("image").to_owned(),
        ctx.flags.text("from").to_owned(),
    );
    if image.is_empty() == from.is_empty() {
        return Err(Failure::text("either --image or --from must be specified"));
    }
    let command = command_words(ctx);
    if !command.is_empty() && !from.is_empty() {
        return Err(Failure::text("cannot specify --from and command"));
    }
    let mut o = object! {
        "apiVersion" => "batch/v1",
        "kind" => "Job",
        "metadata" => object! { "name" => name.clone() },
    };
    if from.is_empty() {
        let template = pod_template(&name, &image, command, "Never");
        o.map_mut()
            .insert("spec", object! { "template" => template });
    } else {
        let (word, cron) = from.split_once('/').unwrap_or((from.as_str(), ""));
        let resource = resource_of(word, ctx.minor())?;
        let namespace = ctx.namespace.clone();
        let found = builder::get(ctx, resource, &namespace, cron)?;
        if resource.kind.0 != "CronJob" {
            return Err(Failure::text(format!(
                "unknown object type *v1.{}",
                resource.kind.0
            )));
        }
        let template = found.at("spec.jobTemplate").cloned().unwrap_or_default();
        let mut annotations = template
            .at("metadata.annotations")
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default();
        annotations.insert("cronjob.kubernetes.io/instantiate", "manual");
        o.set("metadata.annotations", Value::from(annotations));
        if let Some(labels) = template.at("metadata.labels") {
            o.set("metadata.labels", labels.clone());
        }
        let owner = object! {
            "apiVersion" => "batch/v1",
            "controller" => true,
            "kind" => "CronJob",
            "name" => found.str_at("metadata.name").to_owned(),
            "uid" => found.str_at("metadata.uid").to_owned(),
        };
        o.set("metadata.ownerReferences", Value::list(vec![owner]));
        o.map_mut()
            .insert("spec", template.get("spec").cloned().unwrap_or_default());
    }
    finish(ctx, "jobs.batch", o, "failed to create job")?;
    Ok(Next::Done)
}

/// `create cronjob`.
pub(crate) fn cron_job(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    ctx.required(&["image", "schedule"])?;
    let name = name(ctx)?;
    let image = ctx.flags.text("image").to_owned();
    let schedule = ctx.flags.text("schedule").to_owned();
    let restart = match ctx.flags.text("restart") {
        "" => "OnFailure",
        r => r,
    }
    .to_owned();
    let command = command_words(ctx);
    let template = pod_template(&name, &image, command, &restart);
    let job = object! {
        "metadata" => object! { "name" => name.clone() },
        "spec" => object! { "template" => template },
    };
    let o = object! {
        "apiVersion" => "batch/v1",
        "kind" => "CronJob",
        "metadata" => object! { "name" => name },
        "spec" => object! { "jobTemplate" => job, "schedule" => schedule },
    };
    finish(ctx, "cronjobs.batch", o, "failed to create cronjob")?;
    Ok(Next::Done)
}

/// `create priorityclass`.
pub(crate) fn priority_class(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let policy = ctx
        .flags
        .text_or("preemption-policy", "PreemptLowerPriority")
        .to_owned();
    let mut o = object! {
        "apiVersion" => "scheduling.k8s.io/v1",
        "kind" => "PriorityClass",
        "metadata" => object! { "name" => name },
        "preemptionPolicy" => policy,
        "value" => ctx.flags.int_or("value", 0),
    };
    if ctx.flags.on("global-default") {
        o.map_mut().insert("globalDefault", true);
    }
    let description = ctx.flags.text("description").to_owned();
    if !description.is_empty() {
        o.map_mut().insert("description", description);
    }
    finish(
        ctx,
        "priorityclasses.scheduling.k8s.io",
        o,
        "failed to create priorityclass",
    )?;
    Ok(Next::Done)
}

const VERBS: &[&str] = &[
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "approve",
    "sign",
    "escalate",
    "impersonate",
];

/// The rules of `--verb` and `--resource`: one for each API group.
fn rules(ctx: &mut Ctx<'_, '_>) -> Res<Value> {
    let mut verbs: Vec<String> = Vec::new();
    for verb in ctx.flags.texts("verb") {
        if verb == "*" {
            verbs = vec!["*".to_owned()];
            break;
        }
        if !verbs.contains(verb) {
            verbs.push(verb.clone());
        }
    }
    let resources = ctx.flags.texts("resource").to_vec();
    let names = ctx.flags.texts("resource-name").to_vec();
    if verbs.is_empty() {
        return Err(Failure::text("at least one verb must be specified"));
    }
    for verb in verbs.iter().filter(|v| !VERBS.contains(&v.as_str())) {
        ctx.warn(format!("Warning: '{verb}' is not a standard resource verb"));
    }
    let paths = ctx.flags.texts("non-resource-url").to_vec();
    if resources.is_empty() && paths.is_empty() {
        let what = if ctx.command.path == "create role" {
            "at least one resource must be specified"
        } else {
            "one of resource or nonResourceURL must be specified"
        };
        return Err(Failure::text(what));
    }
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for text in &resources {
        let (word, sub) = text.split_once('/').unwrap_or((text, ""));
        let (group, mut plural) = if word == "*" {
            (String::new(), "*".to_owned())
        } else {
            let found = resource_of(word, ctx.minor()).map_err(|f| Failure::Raw(f.message()))?;
            (found.group.to_owned(), found.plural.to_owned())
        };
        if !sub.is_empty() {
            plural = format!("{plural}/{sub}");
        }
        match groups.iter_mut().find(|g| g.0 == group) {
            Some((_, list)) if list.contains(&plural) => {}
            Some((_, list)) => list.push(plural),
            None => groups.push((group, vec![plural])),
        }
    }
    let mut out = Vec::new();
    for (group, list) in groups {
        let mut rule = object! {
            "apiGroups" => Value::list(vec![Value::text(&group)]),
            "resources" => texts(&list),
            "verbs" => texts(&verbs),
        };
        if !names.is_empty() {
            rule.map_mut().insert("resourceNames", texts(&names));
        }
        out.push(rule);
    }
    if !paths.is_empty() {
        out.push(object! { "nonResourceURLs" => texts(&paths), "verbs" => texts(&verbs) });
    }
    Ok(Value::list(out))
}

/// `create role`, `create clusterrole`.
pub(crate) fn role(ctx: &mut Ctx<'_, '_>, cluster: bool) -> Res<Next> {
    let name = name(ctx)?;
    let sums: Vec<Value> = ctx
        .flags
        .texts("aggregation-rule")
        .iter()
        .flat_map(|t| t.split(','))
        .filter_map(|t| t.split_once('='))
        .map(|(k, v)| {
            let mut labels = Map::new();
            labels.insert(rollout_api::Str::copy(k), Value::text(v));
            object! { "matchLabels" => Value::from(labels) }
        })
        .collect();
    let named = ["verb", "resource", "resource-name", "non-resource-url"];
    if !sums.is_empty() && named.iter().any(|f| ctx.flags.changed(f)) {
        return Err(Failure::text(
            "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
        ));
    }
    let rules = if sums.is_empty() {
        rules(ctx)?
    } else {
        Value::Null
    };
    let (kind, word) = if cluster {
        ("ClusterRole", "clusterroles.rbac.authorization.k8s.io")
    } else {
        ("Role", "roles.rbac.authorization.k8s.io")
    };
    let mut o = object! {
        "apiVersion" => format!("{RBAC}/v1"),
        "kind" => kind,
        "metadata" => object! { "name" => name },
        "rules" => rules,
    };
    if !sums.is_empty() {
        let rule = object! { "clusterRoleSelectors" => Value::list(sums) };
        o.map_mut().insert("aggregationRule", rule);
    }
    finish(ctx, word, o, "")?;
    Ok(Next::Done)
}

/// `create rolebinding`, `create clusterrolebinding`.
pub(crate) fn binding(ctx: &mut Ctx<'_, '_>, cluster: bool) -> Res<Next> {
    if cluster && !ctx.flags.changed("clusterrole") {
        return Err(Failure::text("required flag(s) \"clusterrole\" not set"));
    }
    let name = name(ctx)?;
    let (wide, role) = (
        ctx.flags.text("clusterrole").to_owned(),
        if cluster {
            String::new()
        } else {
            ctx.flags.text("role").to_owned()
        },
    );
    if wide.is_empty() == role.is_empty() {
        return Err(Failure::text(
            "exactly one of clusterrole or role must be specified",
        ));
    }
    let subject = |kind: &'static str, name: &str| {
        object! { "apiGroup" => RBAC, "kind" => kind, "name" => name.to_owned() }
    };
    let mut subjects = Vec::new();
    for user in ctx.flags.texts("user") {
        subjects.push(subject("User", user));
    }
    for group in ctx.flags.texts("group") {
        subjects.push(subject("Group", group));
    }
    for account in ctx.flags.texts("serviceaccount") {
        let parts: Vec<&str> = account.split(':').collect();
        let [namespace, name] = parts.as_slice() else {
            return Err(Failure::text("serviceaccount must be <namespace>:<name>"));
        };
        if namespace.is_empty() || name.is_empty() {
            return Err(Failure::text("serviceaccount must be <namespace>:<name>"));
        }
        subjects.push(object! {
            "kind" => "ServiceAccount", "name" => (*name).to_owned(), "namespace" => (*namespace).to_owned()
        });
    }
    let (role_kind, role_name) = if wide.is_empty() {
        ("Role", role)
    } else {
        ("ClusterRole", wide)
    };
    let (kind, word, failed) = if cluster {
        (
            "ClusterRoleBinding",
            "clusterrolebindings.rbac.authorization.k8s.io",
            "failed to create clusterrolebinding",
        )
    } else {
        (
            "RoleBinding",
            "rolebindings.rbac.authorization.k8s.io",
            "failed to create rolebinding",
        )
    };
    let mut o = object! {
        "apiVersion" => format!("{RBAC}/v1"),
        "kind" => kind,
        "metadata" => object! { "name" => name },
        "roleRef" => object! { "apiGroup" => RBAC, "kind" => role_kind, "name" => role_name },
    };
    if !subjects.is_empty() {
        o.map_mut().insert("subjects", subjects);
    }
    finish(ctx, word, o, failed)?;
    Ok(Next::Done)
}

/// `create ingress`.
pub(crate) fn ingress(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let rules = ctx.flags.texts("rule").to_vec();
    let default = ctx.flags.text("default-backend").to_owned();
    if rules.is_empty() && default.is_empty() {
        return Err(Failure::text(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let backend = |text: &str| {
        let (service, port) = text.split_once(':')?;
        let port = match port.parse::<i64>() {
            Ok(n) => object! { "number" => n },
            Err(_) => object! { "name" => port.to_owned() },
        };
        (!service.is_empty()).then(|| {
            object! { "service" => object! { "name" => service.to_owned(), "port" => port } }
        })
    };
    let mut spec = Map::new();
    if !default.is_empty() {
        let Some(backend) = backend(&default) else {
            return Err(Failure::text(
                "default-backend should be in format servicename:serviceport",
            ));
        };
        spec.insert("defaultBackend", backend);
    }
    let class = ctx.flags.text("class").to_owned();
    if !class.is_empty() {
        spec.insert("ingressClassName", class);
    }
    let mut hosts: Vec<(String, Vec<Value>)> = Vec::new();
    let mut tls: Vec<Value> = Vec::new();
    for rule in &rules {
        let bad = || {
            Failure::text(format!(
                "rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        };
        let (head, secret) = match rule.split_once(',') {
            Some((head, tail)) => (head, Some(tail)),
            None => (rule.as_str(), None),
        };
        let (place, target) = head.split_once('=').ok_or_else(bad)?;
        let (host, path) = match place.split_once('/') {
            Some((host, path)) => (host, format!("/{path}")),
            None => (place, "/".to_owned()),
        };
        let backend = backend(target).ok_or_else(bad)?;
        let (path, kind) = match path.strip_suffix('*') {
            Some(prefix) => (prefix.to_owned(), "Prefix"),
            None => (path, "Exact"),
        };
        let entry = object! { "backend" => backend, "path" => path, "pathType" => kind };
        match hosts.iter_mut().find(|h| h.0 == host) {
            Some((_, list)) => list.push(entry),
            None => hosts.push((host.to_owned(), vec![entry])),
        }
        if let Some(secret) = secret {
            let name = match secret {
                "tls" => "",
                s => s.strip_prefix("tls=").ok_or_else(bad)?,
            };
            let mut item = object! {};
            if !host.is_empty() {
                let hosts = Value::list(vec![Value::text(host)]);
                item.map_mut().insert("hosts", hosts);
            }
            if !name.is_empty() {
                item.map_mut().insert("secretName", name.to_owned());
            }
            if !item.is_empty() {
                tls.push(item);
            }
        }
    }
    let mut list = Vec::new();
    for (host, paths) in hosts {
        let mut rule = object! { "http" => object! { "paths" => Value::list(paths) } };
        if !host.is_empty() {
            rule.map_mut().insert("host", host);
        }
        list.push(rule);
    }
    if !list.is_empty() {
        spec.insert("rules", list);
    }
    if !tls.is_empty() {
        spec.insert("tls", tls);
    }
    let mut meta = object! { "name" => name };
    for a in ctx.flags.texts("annotation") {
        let Some((k, v)) = a.split_once('=') else {
            return Err(Failure::text(format!(
                "annotation {a} is invalid and should be in format key=[value]"
            )));
        };
        let all = meta.map_mut().entry("annotations", Value::object);
        all.map_mut()
            .insert(rollout_api::Str::copy(k), Value::text(v));
    }
    let o = object! {
        "apiVersion" => "networking.k8s.io/v1",
        "kind" => "Ingress",
        "metadata" => meta,
        "spec" => Value::from(spec),
    };
    finish(
        ctx,
        "ingresses.networking.k8s.io",
        o,
        "failed to create ingress",
    )?;
    Ok(Next::Done)
}

/// `port-forward`, `attach`, `debug`, `cp`, `proxy`: what is wrong with the line, then what to do here instead.
pub(crate) fn stream(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let path = ctx.command.path;
    let (least, why) = match path {
        "port-forward" => (
            2,
            "TYPE/NAME and list of ports are required for port-forward",
        ),
        "attach" => (1, "at least 1 argument is required for attach"),
        "cp" => (2, "source and destination are required"),
        _ => (0, ""),
    };
    if args.len() < least {
        return Err(match path {
            "port-forward" => ctx.usage(why),
            _ => Failure::text(why),
        });
    }
    if path == "debug" && ctx.flags.text("image").is_empty() {
        return Err(Failure::text(
            "you must specify --image when not using --copy-to.",
        ));
    }
    if path == "cp" {
        let remote = |a: &String| a.contains(':');
        let why = match (remote(&args[0]), remote(&args[1])) {
            (true, true) => "one of src or dest must be a local file specification",
            (false, false) => "one of src or dest must be a remote file specification",
            _ => "",
        };
        if !why.is_empty() {
            return Err(Failure::text(why));
        }
    }
    if path == "port-forward" || path == "attach" {
        let namespace = ctx.namespace.clone();
        let pod = if args[0].contains('/') {
            super::exec::pod_of(ctx, &args[0])?
        } else {
            let pods = kinds::of_kind(Kind::POD).ok_or(Failure::Silent)?;
            builder::get(ctx, pods, &namespace, &args[0])?
        };
        if pod.str_at("status.phase") != "Running" && path == "port-forward" {
            return Err(Failure::text(format!(
                "unable to forward port because pod is not running. Current status={}",
                pod.str_at("status.phase")
            )));
        }
    }
    let instead = match path {
        "port-forward" => {
            "this page has no ports of its own; curl reaches every Service and pod from here: curl http://SERVICE:PORT"
        }
        "attach" => "a container can't be attached to here; kubectl logs -f shows what it prints",
        "debug" => {
            "debugging containers are not part of the playground; kubectl exec, logs and describe look inside"
        }
        "cp" => {
            "containers here have no files of their own to copy; mount a ConfigMap to bring files in"
        }
        _ => "the API is answered inside this page; kubectl get --raw asks it directly",
    };
    Err(Failure::text(format!(
        "{path} is not available in the playground: {instead}"
    )))
}
