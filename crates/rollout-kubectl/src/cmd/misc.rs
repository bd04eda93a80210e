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
use rollout_api::{Minor, Value};
use rollout_engine::apiserver::rbac::{self, Attributes};

/// A group of commands without a subcommand: its help, exit code 1.
pub(crate) fn group(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let text = help::of(ctx.command, ctx.minor());
    if args.is_empty() && ctx.command.children().next().is_some() {
        // cobra prints the help of these on stderr.
        if !matches!(ctx.command.path, "rollout" | "certificate") {
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
    if !ctx.flags.args.is_empty() {
        let text = format!("extra arguments: [{}]", ctx.flags.args.join(" "));
        return Err(Failure::text(text));
    }
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
    let words = !ctx.flags.args.is_empty();
    if words {
        return Err(Failure::text(
            "arguments may not be passed when --raw is specified",
        ));
    }
    if !path.starts_with('/') {
        return Err(Failure::text(format!(
            "--raw must be a valid URL path: parse {}: invalid URI for request",
            quoted(path)
        )));
    }
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
    if !["", "wide", "name"].contains(&output.as_str()) {
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
    if !ctx.flags.args.is_empty() {
        let text = format!("unexpected arguments: [{}]", ctx.flags.args.join(" "));
        return Err(ctx.usage(text));
    }
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

/// Verbs that the client knows. Mirrors `resourceVerbs` and `nonResourceURLVerbs`, kubectl/pkg/cmd/auth/cani.go.
const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "put",
    "post",
    "head",
    "options",
    "approve",
    "sign",
    "attest",
    "escalate",
];

/// What everybody who is known may read and ask. Mirrors the roles system:discovery, system:public-info-viewer, system:basic-user.
const OPEN: &str = "/api/* /api /apis/* /apis /healthz /healthz /livez /livez /openapi/* /openapi /readyz /readyz /version/ /version/ /version /version";

/// `auth can-i --list`: the rules that hold for the user, in the order of their Go texts.
fn can_i_list(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let user = ctx.client.user().cloned();
    let namespace = ctx.namespace.clone();
    // Group, resource, names, verbs.
    let mut found: Vec<(String, String, String, Vec<String>)> = Vec::new();
    let words = |v: &Value, path: &str| -> Vec<String> {
        let list = v.list_at(path).iter().filter_map(Value::as_str);
        list.map(str::to_owned).collect()
    };
    let rules = user.map(|u| ctx.client.world().rules_of(&u, &namespace));
    for rule in rules.iter().flatten() {
        let names = words(rule, "resourceNames").join(" ");
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                let same = |f: &&mut (String, String, String, Vec<String>)| {
                    f.0 == group && f.1 == resource && f.2 == names
                };
                let verbs = words(rule, "verbs");
                match found.iter_mut().find(same) {
                    Some(f) => f.3.extend(verbs),
                    None => found.push((group.clone(), resource, names.clone(), verbs)),
                }
            }
        }
    }
    let own = |what: &str, group: &str, verb: &str| {
        let empty = String::new();
        (
            group.to_owned(),
            what.to_owned(),
            empty,
            vec![verb.to_owned()],
        )
    };
    if rules.is_none() {
        found.push(own("*", "*", "*"));
    }
    for what in ["accessreviews", "rulesreviews"] {
        let what = format!("selfsubject{what}");
        found.push(own(&what, "authorization.k8s.io", "create"));
    }
    found.push(own("selfsubjectreviews", "authentication.k8s.io", "create"));
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for (group, resource, names, verbs) in found {
        let verbs = format!("[{}]", verbs.join(" "));
        let dot = if group.is_empty() { "" } else { "." };
        let key = format!("{verbs}[{group}][{resource}]");
        let shown = format!("{resource}{dot}{group}");
        rows.push((
            key,
            vec![shown, "[]".to_owned(), format!("[{names}]"), verbs],
        ));
    }
    let all = if rules.is_none() { "*" } else { "" };
    for (i, path) in all.split(' ').chain(OPEN.split(' ')).enumerate() {
        if path.is_empty() {
            continue;
        }
        let verbs = if path == "*" { "[*]" } else { "[get]" };
        let row = ["", &format!("[{path}]"), "[]", verbs].map(str::to_owned);
        rows.push((format!("{verbs}[][]{i:02}"), row.to_vec()));
    }
    rows.order_by(|a, b| a.0.cmp(&b.0));
    let head = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"];
    let mut lines = Vec::new();
    if !ctx.flags.on("no-headers") {
        lines.push(head.map(str::to_owned).to_vec());
    }
    lines.extend(rows.into_iter().map(|r| r.1));
    let text = table::lines(&lines);
    ctx.print(&text);
    Ok(Next::Done)
}

/// `auth can-i`.
pub(crate) fn can_i(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    if ctx.flags.on("list") {
        if !args.is_empty() {
            return Err(Failure::text(
                "list option must be specified with no arguments",
            ));
        }
        return can_i_list(ctx);
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
    if !VERBS.contains(&args[0].as_str()) {
        ctx.warn(format!("Warning: verb '{}' is not a known verb\n", args[0]));
    }
    if let Ok(r) = builder::resource_of(&word, ctx.minor())
        && !r.namespaced
        && !ctx.flags.on("all-namespaces")
    {
        ctx.warn(format!(
            "Warning: resource '{}' is not namespace scoped{}\n",
            r.plural,
            if r.group.is_empty() {
                String::new()
            } else {
                format!(" in group '{}'", r.group)
            }
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
