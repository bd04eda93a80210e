//! `kubectl create deployment` and the other generators.

use super::{Report, trim_times};
use crate::Next;
use crate::builder::{Info, resource_of};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::{selector, typed};
use rollout_api::patch::with_last_applied;
use rollout_api::{Str, Value, object};

/// The one name of a generator.
pub(super) fn name(ctx: &Ctx<'_, '_>) -> Res<String> {
    let args = &ctx.flags.args;
    let own = ctx.flags.dash.map_or(args.len(), |d| d.min(args.len()));
    if own != 1 {
        return Err(ctx.usage(format!("exactly one NAME is required, got {own}")));
    }
    Ok(args[0].clone())
}

/// The words behind `--`.
pub(super) fn command_words(ctx: &Ctx<'_, '_>) -> Vec<Value> {
    let from = ctx.flags.dash.unwrap_or(ctx.flags.args.len());
    ctx.flags
        .args
        .iter()
        .skip(from)
        .map(|a| Value::text(a))
        .collect()
}

/// Sends (or shows) a generated object; `failed` stands before the server's refusal.
pub(crate) fn finish(
    ctx: &mut Ctx<'_, '_>,
    word: &str,
    mut object: Value,
    failed: &str,
) -> Res<()> {
    let dry = ctx.dry_run()?;
    super::check_validate(ctx)?;
    let mut report = Report::new(ctx, dry, true)?;
    let resource = resource_of(word, ctx.minor())?;
    let namespace = ctx.namespace_for(resource);
    let mut info = Info {
        resource,
        namespace,
        name: object.str_at("metadata.name").to_owned(),
        object: Value::Null,
        source: String::new(),
    };
    if resource.namespaced && ctx.flags.changed("namespace") {
        object.set("metadata.namespace", Value::text(&info.namespace));
    }
    if ctx.flags.on("save-config") {
        object = with_last_applied(&object);
    }
    if dry == DryRun::Client {
        let mut shown = typed::filled(&object, ctx.minor());
        trim_times(&mut shown, ctx.minor());
        return report.done(ctx, &info, &shown, "created");
    }
    let options = super::options(ctx, dry);
    match super::send_new(ctx, &info, object, &options) {
        Ok(w) => {
            info.name = w.value.str_at("metadata.name").to_owned();
            report.done(ctx, &info, &w.value, "created")
        }
        Err(e) if failed.is_empty() => Err(e.into()),
        // This text has lost its colon.
        Err(e) if word == "secrets" => Err(Failure::text(format!("{failed} {}", e.message))),
        Err(e) => Err(Failure::text(format!("{failed}: {}", e.message))),
    }
}

/// The name of an image's container: its last path part, without tag and digest.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split('@').next().unwrap_or(last);
    let last = last.split(':').next().unwrap_or(last);
    last.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}

/// `create deployment`.
pub(crate) fn deployment(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    if !ctx.flags.changed("image") {
        return Err(Failure::text("required flag(s) \"image\" not set"));
    }
    let name = name(ctx)?;
    let images = ctx.flags.texts("image").to_vec();
    let command = command_words(ctx);
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::text(
            "cannot specify multiple --image options and command",
        ));
    }
    let port = ctx.flags.int_or("port", -1);
    let replicas = ctx.flags.int_or("replicas", 1);
    ctx.dry_run()?;
    let mut containers = Vec::new();
    for image in &images {
        let mut c = object! { "image" => image.clone(), "name" => container_name(image) };
        if !command.is_empty() {
            c.map_mut().insert("command", command.clone());
        }
        if port >= 0 && containers.is_empty() {
            c.map_mut().insert(
                "ports",
                Value::list(vec![object! { "containerPort" => port }]),
            );
        }
        containers.push(c);
    }
    let labels = object! { "app" => name.clone() };
    let spec = if containers.is_empty() {
        object! { "containers" => Value::Null }
    } else {
        object! { "containers" => Value::list(containers) }
    };
    let template = object! { "metadata" => object! { "labels" => labels.clone() }, "spec" => spec };
    let o = object! {
        "apiVersion" => "apps/v1",
        "kind" => "Deployment",
        "metadata" => object! { "labels" => labels.clone(), "name" => name },
        "spec" => object! { "replicas" => replicas, "selector" => object! { "matchLabels" => labels }, "template" => template },
    };
    finish(ctx, "deployments.apps", o, "failed to create deployment")?;
    Ok(Next::Done)
}

/// `--from-literal`, `--from-file`, `--from-env-file`: keys and values.
fn sources(ctx: &Ctx<'_, '_>, secret: bool) -> Res<Vec<(String, String)>> {
    let mut out: Vec<(String, String)> = Vec::new();
    let env_file = !ctx.flags.texts("from-env-file").is_empty();
    if env_file && (ctx.flags.changed("from-file") || ctx.flags.changed("from-literal")) {
        return Err(Failure::text(
            "from-env-file cannot be combined with from-file or from-literal",
        ));
    }
    let mut add = |k: String, v: String| -> Res<()> {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !secret && (k.is_empty() || !k.chars().all(fine)) {
            return Err(Failure::text(format!(
                "{} is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
                quoted(&k)
            )));
        }
        if out.iter().any(|o| o.0 == k) {
            return Err(Failure::text(format!(
                "cannot add key {k}, another key by that name already exists{}",
                if secret { "" } else { " in data" }
            )));
        }
        out.push((k, v));
        Ok(())
    };
    for f in ctx.flags.texts("from-file") {
        if f.matches('=').count() > 1 {
            return Err(Failure::text("key names or file paths cannot contain '='"));
        }
        let (key, path) = match f.split_once('=') {
            Some((k, p)) => (k.to_owned(), p),
            None => (f.rsplit('/').next().unwrap_or(f).to_owned(), f.as_str()),
        };
        if let Some(text) = ctx.io.files.get(path) {
            add(key, text.clone())?;
            continue;
        }
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let inside: Vec<_> = ctx
            .io
            .files
            .iter()
            .filter(|(n, _)| n.strip_prefix(&prefix).is_some_and(|r| !r.contains('/')))
            .collect();
        if inside.is_empty() {
            return Err(Failure::text(format!(
                "error reading {path}: no such file or directory"
            )));
        }
        for (n, text) in inside {
            add(n[prefix.len()..].to_owned(), text.clone())?;
        }
    }
    for l in ctx.flags.texts("from-literal") {
        match l.split_once('=') {
            Some((k, v)) if !k.is_empty() => {
                add(k.to_owned(), v.trim_matches(['\'', '"']).to_owned())?
            }
            _ => {
                return Err(Failure::text(format!(
                    "invalid literal source {l}, expected key=value"
                )));
            }
        }
    }
    for f in ctx.flags.texts("from-env-file") {
        let Some(text) = ctx.io.files.get(f) else {
            return Err(Failure::text(format!(
                "error reading {f}: no such file or directory"
            )));
        };
        for line in text
            .lines()
            .map(str::trim_start)
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            let (k, v) = line.split_once('=').unwrap_or((line, ""));
            add(k.to_owned(), v.to_owned())?;
        }
    }
    Ok(out)
}

/// `create configmap`.
pub(crate) fn config_map(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let data: rollout_api::Map = sources(ctx, false)?.into_iter().collect();
    let mut o = object! { "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => object! { "name" => name } };
    if !data.is_empty() {
        o.map_mut().insert("data", Value::from(data));
    }
    finish(ctx, "configmaps", o, "failed to create configmap")?;
    Ok(Next::Done)
}

/// `create secret generic`.
pub(crate) fn secret(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let data: rollout_api::Map = sources(ctx, true)?
        .into_iter()
        .map(|(k, v)| (k, Value::from(rollout_api::base64::encode(v.as_bytes()))))
        .collect();
    let mut o = object! { "apiVersion" => "v1", "kind" => "Secret", "metadata" => object! { "name" => name } };
    if !data.is_empty() {
        o.map_mut().insert("data", Value::from(data));
    }
    let kind = ctx.flags.text("type").to_owned();
    if !kind.is_empty() {
        o.map_mut().insert("type", kind);
    }
    finish(ctx, "secrets", o, "failed to create secret")?;
    Ok(Next::Done)
}

/// `create namespace`.
pub(crate) fn namespace(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    finish(
        ctx,
        "namespaces",
        object! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => object! { "name" => name } },
        "",
    )?;
    Ok(Next::Done)
}

/// `create serviceaccount`.
pub(crate) fn service_account(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    finish(
        ctx,
        "serviceaccounts",
        object! { "apiVersion" => "v1", "kind" => "ServiceAccount", "metadata" => object! { "name" => name } },
        "failed to create serviceaccount",
    )?;
    Ok(Next::Done)
}

/// `create quota`.
pub(crate) fn quota(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let mut hard = rollout_api::Map::new();
    for part in ctx.flags.text("hard").split(',').filter(|p| !p.is_empty()) {
        let Some((k, v)) = part.split_once('=') else {
            return Err(Failure::text(format!(
                "Invalid argument syntax {part}, expected <resource>=<value>"
            )));
        };
        if rollout_api::quantity::Quantity::parse(v).is_err() {
            return Err(Failure::text(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ));
        }
        hard.insert(Str::copy(k), Value::text(v));
    }
    let scopes: Vec<Value> = ctx
        .flags
        .text("scopes")
        .split(',')
        .filter(|s| !s.is_empty())
        .map(Value::text)
        .collect();
    let mut spec = object! {};
    if !scopes.is_empty() {
        spec.map_mut().insert("scopes", scopes);
    }
    if !hard.is_empty() {
        spec.map_mut().insert("hard", Value::from(hard));
    }
    finish(
        ctx,
        "resourcequotas",
        object! { "apiVersion" => "v1", "kind" => "ResourceQuota", "metadata" => object! { "name" => name }, "spec" => spec },
        "failed to create quota",
    )?;
    Ok(Next::Done)
}

fn int_or_text(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| Value::text(text), Value::Int)
}

/// A selector of `k=v` as matchLabels (or expressions).
fn label_selector(text: &str) -> Res<Value> {
    let parsed = selector::parse(text).map_err(|f| {
        Failure::text(format!(
            "couldn't parse the selector string {}: {}",
            quoted(text),
            f.message()
        ))
    })?;
    let mut labels = rollout_api::Map::new();
    let mut expressions = Vec::new();
    for n in parsed.needs {
        let (key, operator, values) = match n {
            selector::Need::In(k, v) if v.len() == 1 => {
                labels.insert(k, v[0].clone());
                continue;
            }
            selector::Need::In(k, v) => (k, "In", v),
            selector::Need::NotIn(k, v) => (k, "NotIn", v),
            selector::Need::Exists(k) => (k, "Exists", Vec::new()),
            selector::Need::Missing(k) => (k, "DoesNotExist", Vec::new()),
            selector::Need::Compare(k, ..) => (k, "Exists", Vec::new()),
        };
        let mut e = object! { "key" => key, "operator" => operator };
        if !values.is_empty() {
            e.map_mut().insert(
                "values",
                Value::list(values.into_iter().map(Value::from).collect()),
            );
        }
        expressions.push(e);
    }
    let mut out = object! {};
    if !labels.is_empty() {
        out.map_mut().insert("matchLabels", Value::from(labels));
    }
    if !expressions.is_empty() {
        out.map_mut().insert("matchExpressions", expressions);
    }
    Ok(out)
}

/// `create poddisruptionbudget`.
pub(crate) fn budget(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let name = name(ctx)?;
    let (min, max) = (
        ctx.flags.text("min-available").to_owned(),
        ctx.flags.text("max-unavailable").to_owned(),
    );
    let chooses = ctx.flags.text("selector").to_owned();
    if chooses.is_empty() {
        return Err(Failure::text("a selector must be specified"));
    }
    if min.is_empty() && max.is_empty() {
        return Err(Failure::text(
            "one of min-available or max-unavailable must be specified",
        ));
    }
    if !min.is_empty() && !max.is_empty() {
        return Err(Failure::text(
            "min-available and max-unavailable cannot be both specified",
        ));
    }
    for (flag, v) in [("min-available", &min), ("max-unavailable", &max)] {
        let ok = v.is_empty()
            || v.strip_suffix('%')
                .unwrap_or(v)
                .chars()
                .all(|c| c.is_ascii_digit());
        if !ok {
            return Err(Failure::text(format!(
                "invalid format specified for {flag}"
            )));
        }
    }
    let mut spec = object! { "selector" => label_selector(&chooses)? };
    if !min.is_empty() {
        spec.map_mut().insert("minAvailable", int_or_text(&min));
    } else {
        spec.map_mut().insert("maxUnavailable", int_or_text(&max));
    }
    finish(
        ctx,
        "poddisruptionbudgets.policy",
        object! { "apiVersion" => "policy/v1", "kind" => "PodDisruptionBudget", "metadata" => object! { "name" => name }, "spec" => spec },
        "failed to create poddisruptionbudgets",
    )?;
    Ok(Next::Done)
}

fn port_number(text: &str) -> Res<i64> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
        return Err(Failure::text(format!(
            "strconv.ParseUint: parsing {}: invalid syntax",
            quoted(text)
        )));
    }
    match text.parse::<u16>() {
        Ok(n) => Ok(i64::from(n)),
        Err(_) => Err(Failure::text(format!(
            "strconv.ParseUint: parsing {}: value out of range",
            quoted(text)
        ))),
    }
}

/// The port of the pods: a number or a name.
fn target_port(text: &str) -> Res<Value> {
    match text.parse::<i64>() {
        Ok(n) if (1..=65535).contains(&n) => Ok(Value::Int(n)),
        Ok(_) => Err(Failure::text("must be between 1 and 65535, inclusive")),
        Err(_) if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
            Ok(Value::text(text))
        }
        Err(_) => Err(Failure::text(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        )),
    }
}

/// `create service …`.
pub(crate) fn service(ctx: &mut Ctx<'_, '_>, kind: &'static str) -> Res<Next> {
    if kind == "ExternalName" && !ctx.flags.changed("external-name") {
        return Err(Failure::text("required flag(s) \"external-name\" not set"));
    }
    let name = name(ctx)?;
    let tcp = ctx.flags.texts("tcp").to_vec();
    let headless = ctx.flags.text("clusterip") == "None";
    if tcp.is_empty() && !headless && kind != "ExternalName" {
        return Err(Failure::text(
            "at least one tcp port specifier must be provided",
        ));
    }
    let node_port = ctx.flags.int_or("node-port", 0);
    let mut ports = Vec::new();
    for t in &tcp {
        let (port, target) = match t.split_once(':') {
            Some((p, t)) => (port_number(p)?, target_port(t)?),
            None => {
                let p = port_number(t)?;
                (p, Value::Int(p))
            }
        };
        let mut entry = object! { "name" => t.replace(':', "-"), "port" => port, "protocol" => "TCP", "targetPort" => target };
        if node_port != 0 {
            entry.map_mut().insert("nodePort", node_port);
        }
        ports.push(entry);
    }
    let external = ctx.flags.text("external-name");
    let part = |p: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        p.starts_with(inner) && p.ends_with(inner) && p.chars().all(|c| inner(c) || c == '-')
    };
    if kind == "ExternalName" && !external.split('.').all(part) {
        return Err(Failure::text(format!(
            "invalid service external name {external}"
        )));
    }
    let labels = object! { "app" => name.clone() };
    let mut spec = object! { "selector" => labels.clone(), "type" => kind };
    if !ports.is_empty() {
        spec.map_mut().insert("ports", ports);
    }
    if !ctx.flags.text("clusterip").is_empty() {
        spec.map_mut()
            .insert("clusterIP", Value::text(ctx.flags.text("clusterip")));
    }
    if kind == "ExternalName" {
        spec.map_mut()
            .insert("externalName", Value::text(ctx.flags.text("external-name")));
    }
    let o = object! { "apiVersion" => "v1", "kind" => "Service", "metadata" => object! { "labels" => labels, "name" => name }, "spec" => spec };
    finish(
        ctx,
        "services",
        o,
        &format!("failed to create {kind} service"),
    )?;
    Ok(Next::Done)
}
