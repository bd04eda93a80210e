//! `kubectl edit`: a text goes to the editor and comes back.

use super::Report;
use crate::builder::{self, Info, Request};
use crate::commands::Command;
use crate::context::{Ctx, DryRun, Io, Output};
use crate::error::{Failure, Res};
use crate::flags::{Parsed, quoted};
use crate::{Next, Outcome, print};
use rollout_api::json::{Html, to_json_pretty};
use rollout_api::patch::{LAST_APPLIED, create_two_way, last_applied};
use rollout_api::types::Schema;
use rollout_api::{Value, object};
use rollout_engine::Client;
use rollout_engine::client::PatchType;
use rollout_manifest::documents;

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

/// What is edited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Live,
    Create,
    LastApplied,
}

/// A command that waits for an editor.
#[derive(Clone)]
pub struct Editing {
    infos: Vec<Info>,
    mode: Mode,
    json: bool,
    original: String,
    buffer: String,
    reasons: Vec<String>,
    command: &'static Command,
    flags: Parsed,
    line: Vec<String>,
    namespace: String,
    explicit: bool,
}

impl Editing {
    /// The text that the editor shows.
    pub fn buffer(&self) -> &str {
        &self.buffer
    }
    /// The ending of the file's name.
    pub fn suffix(&self) -> &'static str {
        if self.json { ".json" } else { ".yaml" }
    }

    /// Does the editor open again, because what was saved was refused?
    pub fn is_again(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// The same command as it was when the editor opened: what was shown then is what the changes are counted from, whatever
    /// the cluster has become since. None: the text is none of ours.
    pub fn opened_with(mut self, original: &str, minor: rollout_api::Minor) -> Option<Self> {
        let objects = read(&strip(original), minor).ok()?;
        if objects.len() != self.infos.len() {
            return None;
        }
        for (info, object) in self.infos.iter_mut().zip(objects) {
            if object.str_at("metadata.name") != info.name {
                return None;
            }
            if self.mode == Mode::Live {
                info.object = object;
            }
        }
        self.original = original.to_owned();
        self.buffer = original.to_owned();
        Some(self)
    }

    /// The editor was closed with this text (`None`: without saving).
    pub fn save(mut self, text: Option<&str>, io: &Io, client: &mut Client<'_>) -> Outcome {
        let text = text.unwrap_or(&self.buffer).to_owned();
        let flags = self.flags.clone();
        let mut ctx = Ctx {
            io,
            client,
            flags,
            line: &self.line.clone(),
            command: self.command,
            out: Output::default(),
            namespace: self.namespace.clone(),
            explicit_namespace: self.explicit,
        };
        let result = self.saved(&mut ctx, &text);
        let mut out = ctx.out;
        crate::finish(&mut out, result)
    }

    fn saved(&mut self, ctx: &mut Ctx<'_, '_>, text: &str) -> Res<Next> {
        let body = strip(text);
        if body.trim().is_empty() {
            ctx.warn("Edit cancelled, saved file was empty.");
            return Ok(Next::Done);
        }
        if body == strip(&self.original) && self.reasons.is_empty() {
            ctx.warn("Edit cancelled, no changes made.");
            return Ok(Next::Done);
        }
        if !self.reasons.is_empty() && body == strip(&self.buffer) {
            let ending = self.suffix();
            let line = format!(
                "error: {} {} is invalid\nA copy of your changes has been stored to \"/tmp/kubectl-edit-1234567890{ending}\"",
                self.infos
                    .first()
                    .map_or_else(String::new, |i| i.resource.group_resource()),
                quoted(self.infos.first().map_or("", |i| &i.name))
            );
            ctx.warn(line);
            return Err(Failure::text(
                "Edit cancelled, no valid changes were saved.",
            ));
        }
        let edited = match read(&body, ctx.minor()) {
            Ok(list) => list,
            Err(why) => {
                return self.again(
                    &body,
                    vec![format!(
                        "<nil>: Invalid value: \"The edited file failed validation\": {why}"
                    )],
                );
            }
        };
        let mut reasons = Vec::new();
        let mut report = Report::new(ctx, DryRun::None, false)?;
        for (i, info) in self.infos.clone().into_iter().enumerate() {
            let Some(new) = edited.get(i) else { continue };
            let same = |p: &str| new.str_at(p) == info.object.str_at(p);
            if self.mode != Mode::Create
                && (!same("apiVersion") || !same("kind") || !same("metadata.name"))
            {
                return Err(Failure::text(
                    "At least one of apiVersion, kind and name was changed",
                ));
            }
            match self.send(ctx, &info, new) {
                Ok(None) => {
                    if self.mode == Mode::Live {
                        report.done(ctx, &info, &info.object, "skipped")?;
                    }
                }
                Ok(Some((value, verb))) => {
                    let mut info = info;
                    info.name = value.str_at("metadata.name").to_owned();
                    report.done(ctx, &info, &value, verb)?;
                }
                Err(Failure::Api(e)) if e.is_invalid() || e.code == 400 || e.code == 422 => {
                    if e.causes.is_empty() {
                        reasons.push(e.message.to_string());
                    }
                    for c in &e.causes {
                        let text = if c.field.is_empty() {
                            c.message.to_string()
                        } else {
                            format!("{}: {}", c.field, c.message)
                        };
                        if !reasons.contains(&text) {
                            reasons.push(text);
                        }
                    }
                }
                Err(f) => return Err(f),
            }
        }
        if reasons.is_empty() {
            Ok(Next::Done)
        } else {
            self.again(&body, reasons)
        }
    }

    /// The editor opens again with the reasons.
    fn again(&mut self, body: &str, reasons: Vec<String>) -> Res<Next> {
        let info = self.infos.first();
        let mut head = String::from(HEAD);
        head.push_str(&format!(
            "# {} {} was not valid:\n",
            info.map_or_else(String::new, |i| i.resource.group_resource()),
            quoted(info.map_or("", |i| &i.name))
        ));
        for r in &reasons {
            head.push_str(&format!("# * {}\n", r.replace('\n', "\n# ")));
        }
        head.push_str("#\n");
        let mut next = self.clone();
        next.reasons = reasons;
        next.buffer = format!("{head}{body}");
        Ok(Next::Edit(Box::new(next)))
    }

    fn send(
        &self,
        ctx: &mut Ctx<'_, '_>,
        info: &Info,
        new: &Value,
    ) -> Res<Option<(Value, &'static str)>> {
        let options = super::options(ctx, DryRun::None);
        match self.mode {
            Mode::Create => {
                let mut new = new.clone();
                if info.resource.namespaced {
                    new.set("metadata.namespace", info.namespace.clone());
                }
                let w = super::send_new(ctx, info, new, &options)?;
                Ok(Some((w.value, "created")))
            }
            Mode::LastApplied => {
                let text = format!("{}\n", rollout_api::json::to_json_go(new));
                let mut annotations = Value::object();
                annotations
                    .map_mut()
                    .insert(LAST_APPLIED, Value::text(&text));
                let patch = object! { "metadata" => object! { "annotations" => annotations } };
                let w = super::send_patch(ctx, info, PatchType::Merge, &patch, &options)?;
                Ok(Some((w.value, "edited")))
            }
            Mode::Live => {
                let version = ctx.client.version();
                let Some(schema) = Schema::of_object(
                    info.object.str_at("apiVersion"),
                    info.object.str_at("kind"),
                    version,
                ) else {
                    return Ok(None);
                };
                let mut new = new.clone();
                if let Some(cause) = super::recorded(ctx) {
                    super::annotate(&mut new, super::CHANGE_CAUSE, &cause);
                }
                let patch = create_two_way(&print::visible(&info.object, ctx), &new, schema)
                    .map_err(|e| Failure::text(e.text()))?;
                if patch.is_empty() {
                    return Ok(None);
                }
                let w = super::send_patch(ctx, info, PatchType::Strategic, &patch, &options)?;
                Ok(Some((w.value, "edited")))
            }
        }
    }
}

/// Without comment lines.
fn strip(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if !line.trim_start().starts_with('#') {
            out.push_str(line);
        }
    }
    out
}

fn read(body: &str, minor: rollout_api::Minor) -> Result<Vec<Value>, String> {
    let mut out = Vec::new();
    for d in documents::objects(body.as_bytes(), minor) {
        match d.content {
            Ok(c) if c.value.str_at("kind") == "List" => {
                out.extend(c.value.list_at("items").iter().cloned())
            }
            Ok(c) => out.push(c.value),
            Err(r) => {
                return Err(r
                    .message
                    .strip_prefix("error converting YAML to JSON: ")
                    .unwrap_or(&r.message)
                    .to_owned());
            }
        }
    }
    Ok(out)
}

fn open(ctx: &mut Ctx<'_, '_>, infos: Vec<Info>, mode: Mode, texts: Vec<Value>) -> Res<Next> {
    let json = match ctx.flags.text("output") {
        "json" => true,
        "" | "yaml" | "name" => false,
        other => {
            return Err(Failure::text(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: json,yaml",
                quoted(other)
            )));
        }
    };
    let object = if texts.len() == 1 {
        texts[0].clone()
    } else {
        object! { "apiVersion" => "v1", "items" => Value::list(texts), "kind" => "List", "metadata" => object! {} }
    };
    let body = if json {
        to_json_pretty(&object, "    ", Html::Escaped) + "\n"
    } else {
        print::yaml(&object)
    };
    let buffer = if json { body } else { format!("{HEAD}{body}") };
    let editing = Editing {
        infos,
        mode,
        json,
        original: buffer.clone(),
        buffer,
        reasons: Vec::new(),
        command: ctx.command,
        flags: ctx.flags.clone(),
        line: ctx.line.to_vec(),
        namespace: ctx.namespace.clone(),
        explicit: ctx.explicit_namespace,
    };
    Ok(Next::Edit(Box::new(editing)))
}

/// `edit`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    super::check_validate(ctx)?;
    let args = ctx.flags.args.clone();
    let mut request = Request::of(ctx, &args).type_alone();
    request.selector = None;
    let found = builder::find(ctx, &request)?;
    let infos = found.all()?;
    if infos.is_empty() {
        return Err(Failure::text("edit cancelled, no objects found"));
    }
    let texts = infos
        .iter()
        .map(|i| print::visible(&i.object, ctx))
        .collect();
    open(ctx, infos, Mode::Live, texts)
}

/// `create --edit`.
pub(crate) fn create(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let (infos, errors) = super::create::objects(ctx)?;
    if !errors.is_empty() {
        return Err(Failure::many(errors));
    }
    if infos.is_empty() {
        return Err(Failure::text("edit cancelled, no objects found"));
    }
    let texts = infos.iter().map(|i| i.object.clone()).collect();
    open(ctx, infos, Mode::Create, texts)
}

/// `apply edit-last-applied`.
pub(crate) fn last_applied_text(info: &Info) -> Option<Value> {
    last_applied(&info.object).and_then(|t| rollout_api::json::from_json(t.trim()).ok())
}

/// `apply edit-last-applied`.
pub(crate) fn last_applied_infos(infos: &[Info]) -> Vec<Value> {
    infos.iter().filter_map(last_applied_text).collect()
}

/// `apply edit-last-applied`.
pub(crate) fn last_applied_run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let request = Request::of(ctx, &args).type_alone();
    let infos = builder::find(ctx, &request)?.all()?;
    let texts = last_applied_infos(&infos);
    if texts.is_empty() {
        return Err(Failure::text(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
        ));
    }
    open(ctx, infos, Mode::LastApplied, texts)
}
