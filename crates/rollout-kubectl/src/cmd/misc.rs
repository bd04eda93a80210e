//! Commands about the server and the client itself.

use crate::Next;
use crate::builder;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::{commands, help, table};
use rollout_api::Order;
use rollout_api::kinds::{self, Resource};
use rollout_api::status_error::ApiError;
use rollout_api::types::{Schema, Shape};
use rollout_api::{Kind, Minor};
use rollout_engine::apiserver::rbac::{self, Attributes};

/// A group of commands without a subcommand: its help, exit code 1.
pub(crate) fn group(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let text = help::of(ctx.command, ctx.minor());
    if args.is_empty() && ctx.command.children().next().is_some() {
        // cobra prints the help of these on stderr.
        if matches!(
            ctx.command.path,
            "config" | "create service" | "create secret"
        ) {
            ctx.out.stderr.push_str(&text);
            return Ok(Next::Exit(1));
        }
        ctx.print(&text);
        return Ok(Next::Exit(1));
    }
    if !args.is_empty() && ctx.command.children().next().is_some() {
        return Err(ctx.usage(format!("unknown command {}", quoted(&args.join(" ")))));
    }
    Err(Failure::text(format!(
        "{} is not available in the playground",
        ctx.command.full()
    )))
}

/// `help COMMAND`.
pub(crate) fn help(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let text = match commands::find(&args) {
        (Some(c), _) => help::of(c, ctx.minor()),
        (None, rest) if rest.is_empty() => help::root(ctx.minor()),
        (None, rest) => {
            let typed = rest.join(" ");
            ctx.say(format!("Unknown help topic [`{typed}`]"));
            help::root(ctx.minor())
        }
    };
    ctx.print(&text);
    Ok(Next::Done)
}

/// Versions of the client and of the kustomize in it.
fn versions(minor: Minor) -> (String, &'static str) {
    let patch = match minor.0 {
        32 => "5",
        36 => "1",
        _ => "0",
    };
    let kustomize = match minor.0 {
        ..=26 => "v4.5.7",
        27 => "v5.0.1",
        28..=30 => "v5.0.4-0.20230601165947-6ce0bf390ce3",
        31 => "v5.4.2",
        32 => "v5.5.0",
        33 => "v5.6.0",
        34 | 35 => "v5.7.1",
        _ => "v5.8.1",
    };
    (format!("v{minor}.{patch}"), kustomize)
}

/// The server's version.
fn server(minor: Minor) -> String {
    match minor.0 {
        32 => "v1.32.4".to_owned(),
        36 => "v1.36.1".to_owned(),
        _ => format!("v{minor}.0"),
    }
}

/// `version`.
pub(crate) fn version(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let (client, kustomize) = versions(ctx.minor());
    let only_client = ctx.flags.on("client");
    let output = ctx.flags.text("output").to_owned();
    let minor = ctx.minor();
    match output.as_str() {
        "" => {
            ctx.say(format!(
                "Client Version: {client}\nKustomize Version: {kustomize}"
            ));
            if !only_client {
                ctx.say(format!("Server Version: {}", server(minor)));
            }
        }
        "json" | "yaml" => {
            let part = |v: &str| {
                let m = v
                    .trim_start_matches("v1.")
                    .split('.')
                    .next()
                    .unwrap_or("")
                    .to_owned();
                rollout_api::object! { "gitVersion" => v.to_owned(), "major" => "1", "minor" => m, "platform" => "linux/amd64" }
            };
            let mut o = rollout_api::object! { "clientVersion" => part(&client), "kustomizeVersion" => kustomize };
            if !only_client {
                o.map_mut().insert("serverVersion", part(&server(minor)));
            }
            let text = if output == "json" {
                rollout_api::json::to_json_pretty(&o, "  ", rollout_api::json::Html::Escaped) + "\n"
            } else {
                crate::print::yaml(&o)
            };
            ctx.print(&text);
        }
        _ => return Err(Failure::text("--output must be 'yaml' or 'json'")),
    }
    Ok(Next::Done)
}

/// `get --raw`.
pub(crate) fn raw(ctx: &mut Ctx<'_, '_>, path: &str) -> Res<Next> {
    match path {
        "/healthz" | "/livez" | "/readyz" => ctx.print("ok"),
        "/version" => {
            let minor = ctx.client.version();
            let (commit, date, go) = if minor == Minor(32) {
                (
                    "59526cd4867447956156ae3a602fcbac10a2c335",
                    "2025-04-22T15:59:02Z",
                    "go1.23.6",
                )
            } else {
                ("", "", "")
            };
            let text = format!(
                "{{\"major\": \"1\", \"minor\": \"{}\", \"gitVersion\": \"{}\", \"gitCommit\": \"{commit}\", \"gitTreeState\": \"clean\", \"buildDate\": \"{date}\", \"goVersion\": \"{go}\", \"compiler\": \"gc\", \"platform\": \"linux/amd64\"}}",
                minor.0,
                server(minor)
            );
            ctx.print(&text);
        }
        _ => return Err(ApiError::no_such_path().into()),
    }
    Ok(Next::Done)
}

/// `api-resources`.
pub(crate) fn api_resources(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    if !ctx.flags.args.is_empty() {
        let text = format!("unexpected arguments: [{}]", ctx.flags.args.join(" "));
        return Err(ctx.usage(text));
    }
    let output = ctx.flags.text("output").to_owned();
    if !["", "wide", "name", "json", "yaml"].contains(&output.as_str()) {
        return Err(Failure::text(format!("--output {output} is not available")));
    }
    let minor = ctx.client.version();
    let group = ctx
        .flags
        .changed("api-group")
        .then(|| ctx.flags.text("api-group").to_owned());
    let namespaced = ctx
        .flags
        .changed("namespaced")
        .then(|| ctx.flags.on("namespaced"));
    let verbs = ctx.flags.texts("verbs").to_vec();
    let categories = ctx.flags.texts("categories").to_vec();
    let mut list: Vec<&Resource> = kinds::resources()
        .iter()
        .filter(|r| r.version(minor).is_some())
        .filter(|r| {
            group.as_ref().is_none_or(|g| r.group == g)
                && namespaced.is_none_or(|n| r.namespaced == n)
        })
        .filter(|r| {
            verbs.iter().all(|v| r.verbs().any(|x| x == v))
                && categories.iter().all(|c| c == "all" && r.in_all)
        })
        .collect();
    match ctx.flags.text("sort-by") {
        "" => {}
        "name" => list.order_by_key(|r| r.plural),
        "kind" => list.order_by_key(|r| r.kind.0),
        _ => return Err(Failure::text("--sort-by accepts only name or kind")),
    }
    if output == "name" {
        for r in list {
            ctx.say(r.group_resource());
        }
        return Ok(Next::Done);
    }
    let wide = output == "wide";
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !ctx.flags.on("no-headers") {
        let mut head = vec!["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        if wide {
            head.extend(["VERBS", "CATEGORIES"]);
        }
        rows.push(head.into_iter().map(str::to_owned).collect());
    }
    for r in list {
        let mut row = vec![
            r.plural.to_owned(),
            r.short_names.join(","),
            r.api_version(minor),
            r.namespaced.to_string(),
            r.kind.0.to_owned(),
        ];
        if wide {
            row.push(r.verbs().collect::<Vec<_>>().join(","));
            row.push(if r.in_all {
                "all".to_owned()
            } else {
                String::new()
            });
        }
        rows.push(row);
    }
    let text = table::lines(&rows);
    ctx.print(&text);
    Ok(Next::Done)
}

/// `api-versions`.
pub(crate) fn api_versions(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let minor = ctx.client.version();
    let mut all: Vec<String> = kinds::resources()
        .iter()
        .flat_map(|r| {
            r.versions(minor)
                .map(|v| r.api_version_of(v))
                .collect::<Vec<_>>()
        })
        .collect();
    all.order();
    all.dedup();
    ctx.say(all.join("\n"));
    Ok(Next::Done)
}

/// `cluster-info`.
pub(crate) fn cluster_info(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    ctx.say("Kubernetes control plane is running at https://127.0.0.1:6443\nCoreDNS is running at https://127.0.0.1:6443/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(Next::Done)
}

/// `auth can-i`.
pub(crate) fn can_i(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    if ctx.flags.on("list") {
        return Err(Failure::text("--list is not available in the playground"));
    }
    if args.len() < 2 || args.len() > 3 {
        return Err(Failure::text(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    }
    let word = args[1].split('/').next().unwrap_or("").to_owned();
    if !args[1].starts_with('/') && word != "*" && builder::resource_of(&word, ctx.minor()).is_err()
    {
        ctx.warn(format!(
            "Warning: the server doesn't have a resource type '{word}'\n"
        ));
    }
    let Some(user) = ctx.client.user().cloned() else {
        if !ctx.flags.on("quiet") {
            ctx.say("yes");
        }
        return Ok(Next::Done);
    };
    let resource = builder::resource_of(&word, ctx.minor()).ok();
    let name = args[1].split_once('/').map_or("", |(_, name)| name);
    let name = args.get(2).map_or(name, String::as_str);
    let sub = ctx.flags.text("subresource");
    let mut path = resource.map_or(word.as_str(), |r| r.plural).to_owned();
    if !sub.is_empty() {
        path.push('/');
        path.push_str(sub);
    }
    let everywhere = ctx.flags.on("all-namespaces") || resource.is_some_and(|r| !r.namespaced);
    let attributes = Attributes {
        verb: &args[0],
        group: resource.map_or(if word == "*" { "*" } else { "" }, |r| r.group),
        resource: &path,
        namespace: if everywhere { "" } else { &ctx.namespace },
        name,
    };
    let answer = ctx.client.world().authorize(&user, &attributes);
    if !ctx.flags.on("quiet") {
        ctx.say(match &answer {
            Ok(()) => "yes".to_owned(),
            Err(problems) => format!("no{}", rbac::reason(problems).replacen(':', " -", 1)),
        });
    }
    Ok(match answer {
        Ok(()) => Next::Done,
        Err(_) => Next::Exit(1),
    })
}

/// `auth whoami`.
pub(crate) fn whoami(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    let (name, groups) = match ctx.client.user() {
        None => (
            rbac::ADMIN.to_owned(),
            "kubeadm:cluster-admins system:authenticated".to_owned(),
        ),
        Some(user) => {
            let groups: Vec<&str> = user.groups.iter().map(|g| g.as_str()).collect();
            (user.name.to_string(), groups.join(" "))
        }
    };
    let text = table::lines(&[
        row("ATTRIBUTE", "VALUE"),
        row("Username", &name),
        row("Groups", &format!("[{groups}]")),
    ]);
    ctx.print(&text);
    Ok(Next::Done)
}

/// `completion SHELL`.
pub(crate) fn completion(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    match args.as_slice() {
        [] => Err(ctx.usage("Shell not specified.")),
        [shell] if ["bash", "zsh", "fish", "powershell"].contains(&shell.as_str()) => {
            ctx.say(format!(
                "# The playground completes by itself; there is nothing to load into {shell}."
            ));
            Ok(Next::Done)
        }
        [shell] => Err(ctx.usage(format!("Unsupported shell type {}.", quoted(shell)))),
        _ => Err(ctx.usage("Too many arguments. Expected only the shell type.")),
    }
}

/// `exec`: what is wrong with it before anything runs.
pub(crate) fn exec(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let words = ctx.flags.dash.map_or(args.len().min(1), |d| d);
    let Some(target) = args.first().filter(|_| words > 0) else {
        return Err(Failure::text(
            "pod, type/name or --filename must be specified",
        ));
    };
    let command: Vec<String> = args[words..].to_vec();
    if command.is_empty() {
        return Err(Failure::text(
            "you must specify at least one command for the container",
        ));
    }
    let namespace = ctx.namespace.clone();
    let pod = if target.contains('/') {
        super::logs::pod_for(ctx, target)?
    } else {
        builder::get(
            ctx,
            kinds::of_kind(Kind::POD).ok_or(Failure::Silent)?,
            &namespace,
            target,
        )?
    };
    let name = pod.str_at("metadata.name").to_owned();
    if matches!(pod.str_at("status.phase"), "Succeeded" | "Failed") {
        return Err(Failure::text(format!(
            "cannot exec into a container in a completed pod; current phase is {}",
            pod.str_at("status.phase")
        )));
    }
    ctx.client
        .may("create", Kind::POD, "exec", &namespace, &name)?;
    let chosen = ctx.flags.text("container").to_owned();
    let containers = pod.list_at("spec.containers");
    let container = if chosen.is_empty() {
        containers
            .first()
            .map(|c| c.str_at("name").to_owned())
            .unwrap_or_default()
    } else {
        chosen
    };
    if !containers.iter().any(|c| c.str_at("name") == container) {
        return Err(Failure::text(format!(
            "container not found ({})",
            quoted(&container)
        )));
    }
    match command.first().map(String::as_str) {
        Some("hostname") => ctx.say(name),
        Some("env" | "printenv") => {
            ctx.say(format!(
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nHOSTNAME={name}"
            ));
            for c in containers.iter().filter(|c| c.str_at("name") == container) {
                for e in c.list_at("env") {
                    ctx.say(format!("{}={}", e.str_at("name"), e.str_at("value")));
                }
            }
        }
        Some("true") => {}
        Some("false") => {
            ctx.warn("command terminated with exit code 1");
            return Ok(Next::Exit(1));
        }
        Some("echo") => ctx.say(command[1..].join(" ")),
        Some(other) => {
            let text = format!(
                "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: {}: executable file not found in $PATH: unknown",
                quoted(other)
            );
            return Err(Failure::text(text));
        }
        None => {}
    }
    Ok(Next::Done)
}

/// Descriptions of the fields people look up, in our words.
const DESCRIPTIONS: &str = "\
replicas|How many pods there should be. 1 if it is not set.
selector|Which pods belong to this object. It must match the labels of the template and can't be changed later.
template|The pod that is made from this object.
strategy|How old pods are replaced by new ones.
rollingUpdate|Limits of a rolling update. Only with the type RollingUpdate.
maxSurge|How many pods may exist above the desired number during an update: a number or a percentage, rounded up. 25% if it is not set.
maxUnavailable|How many pods may be unavailable during an update: a number or a percentage, rounded down. 25% if it is not set.
minReadySeconds|How long a new pod must be ready before it counts as available.
revisionHistoryLimit|How many old ReplicaSets are kept for an undo. 10 if it is not set.
paused|Changes of the template start no rollout while this is true.
progressDeadlineSeconds|After how long without progress a rollout is reported as failed. 600 if it is not set.
containers|The containers of the pod.
image|The image of the container.
imagePullPolicy|When the image is pulled: Always, IfNotPresent or Never.
name|The name.
labels|Keys and values to find and group objects.
annotations|Keys and values that are not used to find objects.
spec|What is wanted.
status|What was observed last.
metadata|Name, labels and everything else that all objects have.
apiVersion|The version of the API this object is written in.
kind|The type of this object.
ports|Ports that the container opens.
readinessProbe|Says whether the container may receive requests.
livenessProbe|Says whether the container must be restarted.
startupProbe|Says whether the container has started; the other probes wait for it.
env|Environment variables.
resources|What the container needs and what it may use at most.
terminationGracePeriodSeconds|Seconds from the request to stop until the container is killed. 30 if it is not set.
restartPolicy|When containers are restarted: Always, OnFailure or Never.
type|Which of the possible forms this object has.
";

/// `explain`.
pub(crate) fn explain(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let Some(path) = args.first() else {
        return Err(Failure::text(
            "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    };
    if args.len() > 1 {
        return Err(Failure::text(
            "We accept only this format: explain RESOURCE",
        ));
    }
    let mut parts = path.split('.');
    let word = parts.next().unwrap_or("");
    let Some(resource) = kinds::of_word(word, ctx.minor()) else {
        return Err(Failure::Raw(format!(
            "the server doesn't have a resource type {}",
            quoted(word)
        )));
    };
    let fields: Vec<&str> = parts.collect();
    let minor = ctx.client.version();
    let version = resource.version(minor).unwrap_or("v1");
    let mut text = String::new();
    if !resource.group.is_empty() {
        text.push_str(&format!("GROUP:      {}\n", resource.group));
    }
    text.push_str(&format!(
        "KIND:       {}\nVERSION:    {version}\n\n",
        resource.kind.0
    ));
    let describe = |name: &str| {
        DESCRIPTIONS
            .lines()
            .find_map(|l| l.split_once('|').filter(|(k, _)| *k == name).map(|x| x.1))
            .unwrap_or("<no description>")
    };
    let mut schema = Schema::of_object(&resource.api_version_of(version), resource.kind.0, minor);
    let mut last = resource.kind.0.to_owned();
    for f in &fields {
        let inner = schema.and_then(|s| {
            s.item()
                .filter(|_| s.field(f).is_none())
                .and_then(|i| i.field(f))
                .or_else(|| s.field(f))
        });
        let Some((next, _)) = inner else {
            ctx.print(&text);
            return Err(Failure::text(format!("field {} does not exist", quoted(f))));
        };
        schema = Some(next);
        last = (*f).to_owned();
    }
    let shown = schema.map_or_else(|| "<Object>".to_owned(), type_name);
    if fields.is_empty() {
        text.push_str(&format!(
            "DESCRIPTION:\n    {} of the API.\n    \n",
            resource.kind.0
        ));
    } else {
        text.push_str(&format!(
            "FIELD: {last} {shown}\n\n\nDESCRIPTION:\n    {}\n    \n",
            describe(&last)
        ));
    }
    let inner = schema.map(|s| s.item().filter(|_| s.json_names().is_empty()).unwrap_or(s));
    let mut names = inner.map(Schema::json_names).unwrap_or_default();
    if !names.is_empty() {
        names.order();
        text.push_str("FIELDS:\n");
        for n in names {
            let of = inner
                .and_then(|s| s.field(n))
                .map_or_else(|| "<Object>".to_owned(), |f| type_name(f.0));
            text.push_str(&format!("  {n}\t{of}\n"));
            if !ctx.flags.on("recursive") {
                text.push_str(&format!("    {}\n\n", describe(n)));
            }
        }
    }
    text.push('\n');
    ctx.print(&text);
    Ok(Next::Done)
}

fn type_name(s: Schema) -> String {
    match s.shape() {
        Shape::String => "<string>".to_owned(),
        Shape::Bool => "<boolean>".to_owned(),
        _ if s.json_names().is_empty() && s.item().is_none() => "<integer>".to_owned(),
        _ => match s.item() {
            Some(i) if s.json_names().is_empty() => {
                format!("<[]{}>", type_name(i).trim_matches(['<', '>']))
            }
            _ => "<Object>".to_owned(),
        },
    }
}
