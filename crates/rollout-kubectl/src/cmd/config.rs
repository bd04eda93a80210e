//! `kubectl config`: one context, that of the playground.

use crate::Next;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::table;
use rollout_api::Minor;

const CONTEXT: &str = "kind-kind";

/// Runs a subcommand.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    match ctx.command.path {
        "config current-context" => ctx.say(CONTEXT),
        "config get-clusters" => ctx.say(format!("NAME\n{CONTEXT}")),
        "config get-users" => ctx.say(format!("NAME\n{CONTEXT}")),
        "config get-contexts" if args.iter().any(|a| a != CONTEXT) => {
            let unknown = args.iter().filter(|a| *a != CONTEXT);
            let list = unknown
                .map(|a| Failure::text(format!("error: context {a} not found")))
                .collect();
            if !ctx.flags.on("no-headers") {
                ctx.say("CURRENT   NAME   CLUSTER   AUTHINFO   NAMESPACE");
            }
            return Err(Failure::many(list));
        }
        "config get-contexts" => match ctx.flags.text("output") {
            "name" => ctx.say(CONTEXT),
            "" => {
                let namespace = ctx.io.namespace.clone();
                let row =
                    |cells: [&str; 5]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
                let mut rows = Vec::new();
                if !ctx.flags.on("no-headers") {
                    rows.push(row(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]));
                }
                rows.push(row(["*", CONTEXT, CONTEXT, CONTEXT, &namespace]));
                let text = table::lines(&rows);
                ctx.print(&text);
            }
            other => {
                return Err(Failure::text(format!(
                    "--output {other} is not available in kubectl config get-contexts; resetting to default output format"
                )));
            }
        },
        "config use-context" => {
            let [name] = args.as_slice() else {
                return unexpected(ctx);
            };
            if name != CONTEXT {
                return Err(Failure::text(format!(
                    "no context exists with the name: {}",
                    quoted(name)
                )));
            }
            ctx.say(format!("Switched to context {}.", quoted(name)));
        }
        "config set-context" => {
            let current = ctx.flags.on("current");
            if current != args.is_empty() {
                return Err(Failure::text(if current {
                    "you cannot specify both a context name and --current"
                } else {
                    "you must specify a non-empty context name or --current"
                }));
            }
            if !ctx.flags.on("current") && args.first().is_none_or(|a| a != CONTEXT) {
                let Some(name) = args.first() else {
                    return Err(ctx.usage("Unexpected args: []"));
                };
                ctx.say(format!("Context {} created.", quoted(name)));
                return Ok(Next::Done);
            }
            ctx.say(format!("Context {} modified.", quoted(CONTEXT)));
        }
        "config view" if !args.is_empty() => {
            let text = format!("unexpected arguments: [{}]", args.join(" "));
            return Err(ctx.usage(text));
        }
        "config view" => {
            crate::print::of_flags(ctx)?;
            let preferences = if ctx.minor() >= Minor::V1_36 {
                ""
            } else {
                "preferences: {}\n"
            };
            let namespace = if ctx.io.namespace.is_empty() {
                String::new()
            } else {
                format!("    namespace: {}\n", ctx.io.namespace)
            };
            let text = format!(
                "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: DATA+OMITTED\n    server: https://127.0.0.1:6443\n  name: {CONTEXT}\ncontexts:\n- context:\n    cluster: {CONTEXT}\n{namespace}    user: {CONTEXT}\n  name: {CONTEXT}\ncurrent-context: {CONTEXT}\nkind: Config\n{preferences}users:\n- name: {CONTEXT}\n  user:\n    token: REDACTED\n"
            );
            ctx.print(&text);
        }
        "config set" | "config rename-context" if args.len() != 2 => return unexpected(ctx),
        "config unset" if args.len() != 1 => return unexpected(ctx),
        "config" => return super::misc::group(ctx),
        _ => {
            return Err(Failure::text(
                "the playground has one context, which can't be changed",
            ));
        }
    }
    Ok(Next::Done)
}

/// Help, and what was wrong.
fn unexpected(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let text = crate::help::of(ctx.command, ctx.minor());
    ctx.print(&text);
    Err(Failure::text(format!(
        "Unexpected args: [{}]",
        ctx.flags.args.join(" ")
    )))
}
