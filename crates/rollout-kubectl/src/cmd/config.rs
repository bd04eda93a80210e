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
                    "output must be one of '' or 'name': {other}"
                )));
            }
        },
        "config use-context" => {
            let Some(name) = args.first() else {
                return Err(ctx.usage("Unexpected args: []"));
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
            if !ctx.flags.on("current") && args.first().is_none_or(|a| a != CONTEXT) {
                let Some(name) = args.first() else {
                    return Err(ctx.usage("Unexpected args: []"));
                };
                ctx.say(format!("Context {} created.", quoted(name)));
                return Ok(Next::Done);
            }
            ctx.say(format!("Context {} modified.", quoted(CONTEXT)));
        }
        "config view" => {
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
        "config" => return super::misc::group(ctx),
        _ => {
            return Err(Failure::text(
                "the playground has one context, which can't be changed",
            ));
        }
    }
    Ok(Next::Done)
}
