//! The commands, one file per family.

pub(crate) mod apply;
pub(crate) mod config;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod diff;
mod duplicates;
pub(crate) mod edit;
pub(crate) mod events;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod expose;
pub(crate) mod generate_more;
pub(crate) mod generators;
pub(crate) mod get;
pub(crate) mod logs;
pub(crate) mod metadata;
pub(crate) mod misc;
pub(crate) mod node;
pub(crate) mod patch;
pub(crate) mod rollout;
pub(crate) mod scale;
pub(crate) mod set;
pub(crate) mod set_env;
pub(crate) mod top;
pub(crate) mod wait;

use crate::builder::Info;
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::print::{self, Format, Printer};
use crate::{Next, help};
use rollout_api::{Minor, Value};
use rollout_engine::client::{FieldValidation, PatchType, WriteOptions, Written};

/// Runs the command of the context.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    match ctx.command.path {
        "get" => get::run(ctx),
        "describe" => crate::describe::run(ctx),
        "rollout status" => rollout::status(ctx),
        "rollout history" => rollout::history(ctx),
        "rollout undo" => rollout::undo(ctx),
        "rollout pause" => rollout::change(ctx, rollout::Change::Pause),
        "rollout resume" => rollout::change(ctx, rollout::Change::Resume),
        "rollout restart" => rollout::change(ctx, rollout::Change::Restart),
        "scale" => scale::run(ctx),
        "set image" => set::image(ctx),
        "set resources" => set::resources(ctx),
        "set selector" => set::selector(ctx),
        "set serviceaccount" => set::service_account(ctx),
        "set env" => set_env::run(ctx),
        "annotate" => metadata::run(ctx, metadata::What::Annotations),
        "label" => metadata::run(ctx, metadata::What::Labels),
        "patch" => patch::run(ctx),
        "edit" => edit::run(ctx),
        "create" => create::run(ctx),
        "apply" => apply::run(ctx),
        "apply view-last-applied" => apply::view(ctx),
        "apply set-last-applied" => apply::set(ctx),
        "apply edit-last-applied" => apply::edit(ctx),
        "replace" => create::replace(ctx),
        "delete" => delete::run(ctx),
        "diff" => diff::run(ctx),
        "create deployment" => generators::deployment(ctx),
        "create configmap" => generators::config_map(ctx),
        "create secret generic" => generators::secret(ctx),
        "create namespace" => generators::namespace(ctx),
        "create poddisruptionbudget" => generators::budget(ctx),
        "create quota" => generators::quota(ctx),
        "create serviceaccount" => generators::service_account(ctx),
        "create service clusterip" => generators::service(ctx, "ClusterIP"),
        "create service nodeport" => generators::service(ctx, "NodePort"),
        "create service loadbalancer" => generators::service(ctx, "LoadBalancer"),
        "create service externalname" => generators::service(ctx, "ExternalName"),
        "create job" => generate_more::job(ctx),
        "create cronjob" => generate_more::cron_job(ctx),
        "create priorityclass" => generate_more::priority_class(ctx),
        "create role" => generate_more::role(ctx, false),
        "create clusterrole" => generate_more::role(ctx, true),
        "create rolebinding" => generate_more::binding(ctx, false),
        "create clusterrolebinding" => generate_more::binding(ctx, true),
        "create ingress" => generate_more::ingress(ctx),
        "port-forward" | "attach" | "debug" | "cp" | "proxy" => generate_more::stream(ctx),
        "expose" => expose::expose(ctx),
        "run" => expose::run(ctx),
        "autoscale" => expose::autoscale(ctx),
        "wait" => wait::run(ctx),
        "logs" => logs::run(ctx),
        "events" => events::run(ctx),
        "cordon" => node::cordon(ctx, true),
        "uncordon" => node::cordon(ctx, false),
        "drain" => node::drain(ctx),
        "taint" => node::taint(ctx),
        "exec" => exec::run(ctx),
        "top node" => top::nodes(ctx),
        "top pod" => top::pods(ctx),
        "api-resources" => misc::api_resources(ctx),
        "api-versions" => misc::api_versions(ctx),
        "version" => misc::version(ctx),
        "cluster-info" => misc::cluster_info(ctx),
        "auth can-i" => misc::can_i(ctx),
        "auth whoami" => misc::whoami(ctx),
        "completion" => misc::completion(ctx),
        "explain" => explain::run(ctx),
        "plugin list" => Err(Failure::text(
            "unable to find any kubectl plugins in your PATH",
        )),
        "options" => {
            let text = help::options(ctx.minor());
            ctx.print(&text);
            Ok(Next::Done)
        }
        "help" => misc::help(ctx),
        path if path == "config" || path.starts_with("config ") => config::run(ctx),
        _ => misc::group(ctx),
    }
}

/// Prints a result: `deployment.apps/web VERB`, or the object in another format.
pub(crate) struct Report {
    format: Format,
    printer: Printer,
    suffix: &'static str,
}

impl Report {
    /// By `-o`; `typed` objects print their JSON in the order of Go's structs.
    pub fn new(ctx: &Ctx<'_, '_>, dry: DryRun, typed: bool) -> Res<Report> {
        let format = print::of_flags(ctx)?;
        let mut printer = Printer::new(format.clone(), ctx);
        if typed {
            printer.typed = Some(ctx.minor());
        }
        Ok(Report {
            format,
            printer,
            suffix: dry.suffix(),
        })
    }
    /// Is it a message?
    pub fn is_human(&self) -> bool {
        self.format.is_human()
    }
    /// Prints one result.
    pub fn done(
        &mut self,
        ctx: &mut Ctx<'_, '_>,
        info: &Info,
        object: &Value,
        verb: &str,
    ) -> Res<()> {
        let text = if self.is_human() {
            let verb = if verb.is_empty() {
                String::new()
            } else {
                format!(" {verb}")
            };
            format!("{}{verb}{}\n", info.title(), self.suffix)
        } else {
            let mut shown = print::visible(object, ctx);
            if self.printer.typed.is_some() {
                trim_times(&mut shown, ctx.minor());
            }
            self.printer.text(Some(info.resource), &shown)?
        };
        ctx.print(&text);
        Ok(())
    }
}

/// How a write is sent.
pub(crate) fn options(ctx: &Ctx<'_, '_>, dry: DryRun) -> WriteOptions {
    WriteOptions {
        dry_run: dry == DryRun::Server,
        validation: validation(ctx),
        ..WriteOptions::default()
    }
}

fn validation(ctx: &Ctx<'_, '_>) -> FieldValidation {
    match ctx.flags.text("validate") {
        "warn" => FieldValidation::Warn,
        "ignore" | "false" | "False" | "FALSE" | "0" | "f" | "F" => FieldValidation::Ignore,
        _ => FieldValidation::Strict,
    }
}

/// Checks `--validate`; true: documents are checked by the client too.
pub(crate) fn check_validate(ctx: &Ctx<'_, '_>) -> Res<bool> {
    match ctx.flags.text_or("validate", "strict") {
        "strict" | "true" | "1" | "t" | "T" | "True" | "TRUE" | "warn" => Ok(true),
        "ignore" | "false" | "False" | "FALSE" | "0" | "f" | "F" => Ok(false),
        other => Err(Failure::text(format!(
            "invalid - validate option {}; must be one of: strict (or true), warn, ignore (or false)",
            crate::flags::quoted(other)
        ))),
    }
}

/// Sends a patch; warnings are printed.
pub(crate) fn send_patch(
    ctx: &mut Ctx<'_, '_>,
    info: &Info,
    kind: PatchType,
    patch: &Value,
    options: &WriteOptions,
) -> Result<Written, rollout_api::status_error::ApiError> {
    let answer = ctx.client.patch(
        info.kind(),
        &info.namespace,
        &info.name,
        kind,
        patch,
        options,
    );
    warned(ctx, &answer);
    answer
}

/// The warnings of an answer, those beside a refusal too.
fn warned(ctx: &mut Ctx<'_, '_>, answer: &Result<Written, rollout_api::status_error::ApiError>) {
    let warnings = match answer {
        Ok(written) => &written.warnings,
        Err(e) => &e.warnings,
    };
    for w in warnings {
        ctx.warn(format!("Warning: {w}"));
    }
}

/// Sends a new object; warnings are printed.
pub(crate) fn send_new(
    ctx: &mut Ctx<'_, '_>,
    info: &Info,
    mut object: Value,
    options: &WriteOptions,
) -> Result<Written, rollout_api::status_error::ApiError> {
    if !info.has_version() {
        return Err(rollout_api::status_error::ApiError::no_such_path());
    }
    object.remove("metadata.resourceVersion");
    let answer = ctx
        .client
        .create(info.kind(), &info.namespace, object, options);
    warned(ctx, &answer);
    answer
}

/// The command line for `--record`.
pub(crate) fn recorded(ctx: &Ctx<'_, '_>) -> Option<String> {
    ctx.flags.on("record").then(|| {
        let words: Vec<String> = ctx
            .line
            .iter()
            .map(|a| {
                if a == "--record" {
                    "--record=true".to_owned()
                } else {
                    a.clone()
                }
            })
            .collect();
        format!("kubectl {}", words.join(" "))
    })
}

/// The annotation that `--record` writes.
pub(crate) const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Sets an annotation of an object.
pub(crate) fn annotate(object: &mut Value, key: &str, value: &str) {
    let meta = object.map_mut().entry("metadata", Value::object);
    let map = meta.map_mut().entry("annotations", Value::object);
    map.map_mut()
        .insert(rollout_api::Str::copy(key), Value::text(value));
}

/// The merge patch that makes one object of another; `None` if they are equal.
pub(crate) fn merge_patch(from: &Value, to: &Value) -> Option<Value> {
    match (from, to) {
        (Value::Map(a), Value::Map(b)) => {
            let mut out = rollout_api::Map::new();
            for (k, v) in b.iter() {
                match a.get(k) {
                    None => {
                        out.insert(k, v.clone());
                    }
                    Some(old) => {
                        if let Some(p) = merge_patch(old, v) {
                            out.insert(k, p);
                        }
                    }
                }
            }
            for (k, _) in a.iter().filter(|(k, _)| !b.contains_key(k)) {
                out.insert(k, Value::Null);
            }
            if out.is_empty() {
                None
            } else {
                Some(out.into())
            }
        }
        (a, b) if a == b => None,
        (_, b) => Some(b.clone()),
    }
}

/// Removes the times that objects made by newer clients do not have.
pub(crate) fn trim_times(object: &mut Value, minor: Minor) {
    if minor < Minor::V1_36 {
        return;
    }
    for path in [
        "metadata.creationTimestamp",
        "spec.template.metadata.creationTimestamp",
    ] {
        if object.at(path).is_some_and(Value::is_null) {
            object.remove(path);
        }
    }
}
