//! `kubectl set env`.

use super::set::{self, Setting, wildcard};
use crate::Next;
use crate::builder::Info;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use rollout_api::{Kind, Value, object};

const RULE: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

fn name_ok(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '.' | '_');
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let mut args = ctx.flags.args.clone();
    args.extend(ctx.flags.texts("env").iter().cloned());
    // `-` stands for the lines of standard input.
    if let Some(at) = args.iter().position(|a| a == "-") {
        let lines = ctx.io.stdin.lines().map(str::trim_start);
        let pairs = lines.filter(|l| !l.is_empty() && !l.starts_with('#'));
        args.splice(at..=at, pairs.map(str::to_owned));
    }
    let (resources, pairs) =
        set::resources_and_pairs(&args, "environment variable").map_err(|f| {
            Failure::text(
                f.message()
                    .replace("environment variable changes", "environment changes"),
            )
        })?;
    if resources.is_empty() && ctx.flags.texts("filename").is_empty() {
        return Err(Failure::text(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    let (mut set, mut remove): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for p in &pairs {
        if let Some((k, v)) = p.split_once('=') {
            if !name_ok(k) {
                return Err(Failure::text(format!(
                    "{} is not a valid key name: {RULE}",
                    quoted(k)
                )));
            }
            set.retain(|e| e.str_at("name") != k);
            set.push(object! { "name" => k.to_owned(), "value" => v.to_owned() });
        } else if let Some(k) = p.strip_suffix('-') {
            remove.push(k.to_owned());
        }
    }
    if remove
        .iter()
        .any(|k| set.iter().any(|e| e.str_at("name") == *k))
    {
        return Err(Failure::text(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    let from = ctx.flags.text("from").to_owned();
    if !from.is_empty() {
        taken_from(ctx, &from, &mut set)?;
    }
    let (infos, errors) = set::targets(ctx, &resources)?;
    let pattern = ctx.flags.text_or("containers", "*").to_owned();
    if ctx.flags.on("list") {
        for info in &infos {
            list(ctx, info, &pattern)?;
        }
        return if errors.is_empty() {
            Ok(Next::Done)
        } else {
            Err(Failure::many(errors))
        };
    }
    let overwrite = ctx.flags.on_or("overwrite", true);
    for info in &infos {
        if let Ok(path) = set::pod_spec_path(info) {
            let any = ["initContainers", "containers"].iter().any(|l| {
                info.object
                    .list_at(&format!("{path}.{l}"))
                    .iter()
                    .any(|c| wildcard(&pattern, c.str_at("name")))
            });
            if !any {
                let line = format!(
                    "Warning: {}/{} does not have any containers matching {}",
                    info.resource.kind.0,
                    info.name,
                    quoted(&pattern)
                );
                ctx.warn(line);
            }
        }
    }
    let setting = Setting {
        verb: "env updated",
        refused: "failed to patch env update to pod template: ",
        always: false,
    };
    set::apply(ctx, infos, errors, &setting, |info, new, errors| {
        let Some(path) = set::template_path(info, errors) else {
            return;
        };
        for list in ["initContainers", "containers"] {
            let Some(items) = new.at_mut(&format!("{path}.{list}")) else {
                continue;
            };
            for c in items.list_mut() {
                if !wildcard(&pattern, c.str_at("name")) {
                    continue;
                }
                let mut env: Vec<Value> = c.list_at("env").to_vec();
                for e in &set {
                    match env
                        .iter_mut()
                        .find(|o| o.str_at("name") == e.str_at("name"))
                    {
                        Some(old) if !overwrite && old.get("value") != e.get("value") => {
                            let text = format!(
                                "'{}' already has a value ({}), and --overwrite is false",
                                e.str_at("name"),
                                old.str_at("value")
                            );
                            errors.push(set::of_object(info, &text));
                            return;
                        }
                        Some(old) => *old = e.clone(),
                        None => env.push(e.clone()),
                    }
                }
                env.retain(|e| !remove.iter().any(|r| r == e.str_at("name")));
                if env.is_empty() {
                    c.map_mut().remove("env");
                } else {
                    c.map_mut().insert("env", Value::list(env));
                }
            }
        }
    })
}

/// `--from configmap/x`.
fn taken_from(ctx: &mut Ctx<'_, '_>, from: &str, set: &mut Vec<Value>) -> Res<()> {
    let (kind, name) = from.split_once('/').unwrap_or((from, ""));
    let (kind, source) = match crate::builder::resource_of(kind, ctx.minor())?.kind {
        Kind::CONFIG_MAP => (Kind::CONFIG_MAP, "configMapKeyRef"),
        Kind::SECRET => (Kind::SECRET, "secretKeyRef"),
        _ => {
            return Err(Failure::text("unsupported resource specified in --from"));
        }
    };
    let o = ctx.client.get(kind, &ctx.namespace, name)?;
    let keys = ctx.flags.texts("keys");
    let prefix = ctx.flags.text("prefix").to_owned();
    let mut changed = Vec::new();
    if let Some(m) = o.get("data").and_then(Value::as_map) {
        for (k, _) in m
            .iter()
            .filter(|(k, _)| keys.is_empty() || keys.iter().any(|x| **x == ***k))
        {
            let upper: String = k
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() {
                        c.to_ascii_uppercase()
                    } else {
                        '_'
                    }
                })
                .collect();
            let variable = format!("{prefix}{upper}");
            if upper != **k {
                changed.push(format!("Warning: key {k} transferred to {upper}"));
            }
            let reference = object! { "key" => k, "name" => name.to_owned() };
            let mut value = Value::object();
            value.map_mut().insert(source, reference);
            set.push(object! { "name" => variable, "valueFrom" => value });
        }
    }
    for line in changed {
        ctx.warn(line);
    }
    Ok(())
}

fn list(ctx: &mut Ctx<'_, '_>, info: &Info, pattern: &str) -> Res<()> {
    let path = set::pod_spec_path(info)?;
    let resolve = ctx.flags.on("resolve");
    for group in ["containers", "initContainers"] {
        for c in info.object.list_at(&format!("{path}.{group}")) {
            if !wildcard(pattern, c.str_at("name")) {
                continue;
            }
            ctx.say(format!(
                "# {} {}, container {}",
                info.resource.kind.0,
                info.name,
                c.str_at("name")
            ));
            for e in c.list_at("env") {
                let name = e.str_at("name").to_owned();
                let Some(source) = e.get("valueFrom").filter(|v| !v.is_null()) else {
                    ctx.say(format!("{name}={}", e.str_at("value")));
                    continue;
                };
                let text = if let Some(f) = source.get("fieldRef").filter(|_| resolve) {
                    let value = info.object.at(f.str_at("fieldPath"));
                    format!(
                        "{name}={}",
                        value.map(crate::jsonpath::text).unwrap_or_default()
                    )
                } else if let Some(f) = source.get("fieldRef") {
                    format!("# {name} from field path {}", f.str_at("fieldPath"))
                } else if let Some(s) = source.get("secretKeyRef") {
                    resolved(ctx, resolve, Kind::SECRET, s, info).map_or_else(
                        || {
                            format!(
                                "# {name} from secret {}, key {}",
                                s.str_at("name"),
                                s.str_at("key")
                            )
                        },
                        |v| format!("{name}={v}"),
                    )
                } else if let Some(s) = source.get("configMapKeyRef") {
                    resolved(ctx, resolve, Kind::CONFIG_MAP, s, info).map_or_else(
                        || {
                            format!(
                                "# {name} from configmap {}, key {}",
                                s.str_at("name"),
                                s.str_at("key")
                            )
                        },
                        |v| format!("{name}={v}"),
                    )
                } else if let Some(r) = source.get("resourceFieldRef").filter(|_| resolve) {
                    let value = rollout_engine::downward::container_resource(r, c, None);
                    format!("{name}={value}")
                } else if let Some(r) = source.get("resourceFieldRef") {
                    let container = if r.str_at("containerName").is_empty() {
                        String::new()
                    } else {
                        format!("{}/", r.str_at("containerName"))
                    };
                    format!(
                        "# {name} from resource field {container}{}",
                        r.str_at("resource")
                    )
                } else {
                    continue;
                };
                ctx.say(text);
            }
        }
    }
    Ok(())
}

fn resolved(
    ctx: &Ctx<'_, '_>,
    resolve: bool,
    kind: Kind,
    reference: &Value,
    info: &Info,
) -> Option<String> {
    if !resolve {
        return None;
    }
    let o = ctx
        .client
        .get(kind, &info.namespace, reference.str_at("name"))
        .ok()?;
    let text = o
        .get("data")?
        .get(reference.str_at("key"))?
        .as_str()?
        .to_owned();
    if kind == Kind::SECRET {
        return rollout_api::base64::decode(&text)
            .ok()
            .map(|b| String::from_utf8_lossy(&b).into_owned());
    }
    Some(text)
}
