//! `kubectl get`.

use crate::builder::{self, Found, Info, Request};
use crate::columns;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::follow::{Follow, Kind, Turn};
use crate::jsonpath::{self, JsonPath};
use crate::print::{self, Format, Printer};
use crate::selector::{self, Fields, Selector};
use crate::table::Layout;
use crate::{Next, gosort};
use rollout_api::kinds::Resource;
use rollout_api::{Minor, Timestamp, Value, object};
use rollout_engine::Change;

/// How tables are made.
#[derive(Clone, Debug)]
pub(crate) struct TableOptions {
    wide: bool,
    no_headers: bool,
    show_labels: bool,
    label_columns: Vec<String>,
    namespaces: bool,
    kind: bool,
    events: bool,
    server_print: bool,
    server: Minor,
}

impl TableOptions {
    fn of(ctx: &Ctx<'_, '_>, wide: bool) -> TableOptions {
        TableOptions {
            wide,
            no_headers: ctx.flags.on("no-headers"),
            show_labels: ctx.flags.on("show-labels"),
            label_columns: ctx.flags.texts("label-columns").to_vec(),
            namespaces: ctx.flags.on("all-namespaces"),
            kind: ctx.flags.on("show-kind"),
            events: ctx.flags.on("output-watch-events"),
            server_print: ctx.flags.on_or("server-print", true),
            server: ctx.client.version(),
        }
    }

    fn header(&self, resource: &Resource) -> Vec<String> {
        let mut row = Vec::new();
        if self.events {
            // Kept wide enough for every kind of event.
            row.push("EVENT   ".to_owned());
        }
        if self.namespaces && resource.namespaced {
            row.push("NAMESPACE".to_owned());
        }
        row.extend(
            columns::columns(resource, self.server)
                .iter()
                .filter(|c| self.server_print || matches!(c.0, "NAME" | "AGE"))
                .filter(|c| self.wide || !c.1)
                .map(|c| c.0.to_owned()),
        );
        for l in &self.label_columns {
            row.push(l.rsplit('/').next().unwrap_or(l).to_uppercase());
        }
        if self.show_labels {
            row.push("LABELS".to_owned());
        }
        row
    }

    fn row(&self, resource: &Resource, o: &Value, now: Timestamp, event: &str) -> Vec<String> {
        let mut row = Vec::new();
        if self.events {
            row.push(event.to_owned());
        }
        if self.namespaces && resource.namespaced {
            row.push(o.str_at("metadata.namespace").to_owned());
        }
        let cells = columns::row(resource, o, now, self.server);
        let columns = columns::columns(resource, self.server);
        for (i, (cell, column)) in cells.into_iter().zip(columns).enumerate() {
            let plain = self.server_print || matches!(column.0, "NAME" | "AGE");
            if !self.wide && column.1 || !plain {
                continue;
            }
            row.push(if i == 0 && self.kind {
                format!("{}/{cell}", resource.singular_group())
            } else {
                cell
            });
        }
        let labels = o.at("metadata.labels");
        for l in &self.label_columns {
            row.push(
                labels
                    .and_then(|m| m.get(l))
                    .and_then(Value::as_str)
                    .unwrap_or("")
                    .to_owned(),
            );
        }
        if self.show_labels {
            row.push(selector::labels_text(labels));
        }
        row
    }
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let raw = ctx.flags.text("raw").to_owned();
    if !raw.is_empty() {
        return super::misc::raw(ctx, &raw);
    }
    let args = ctx.flags.args.clone();
    let watching = ctx.flags.on("watch") || ctx.flags.on("watch-only");
    if args.is_empty() && ctx.flags.texts("filename").is_empty() && !watching {
        ctx.warn("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n");
        return Err(ctx.usage("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods)."));
    }
    if ctx.flags.on("output-watch-events") && !watching {
        return Err(Failure::text(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    let output = ctx.flags.text("output").to_owned();
    let format = print::read(ctx, &output, true)?;
    let text = ctx.flags.text("request-timeout");
    if !text.is_empty() && text.parse::<i64>().is_err() && crate::duration::parse(text).is_none() {
        return Err(Failure::text(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
        ));
    }
    if ctx.flags.on("show-labels") && !format.is_human() {
        return Err(Failure::text(format!(
            "--show-labels option cannot be used with {output} printer"
        )));
    }
    let subresource = ctx.flags.text("subresource").to_owned();
    let request = Request::of(ctx, &args).type_alone();
    if watching {
        return watch(ctx, &request, format);
    }
    let by_name = args.len() > 1 || args.iter().any(|a| a.contains('/'));
    if !subresource.is_empty() && !by_name {
        return Err(Failure::text(
            "subresource cannot be used when bulk resources are specified",
        ));
    }
    if !["", "status", "scale"].contains(&subresource.as_str()) {
        return Err(rollout_api::status_error::ApiError::no_such_path().into());
    }
    let mut found = builder::find(ctx, &request)?;
    if ctx.flags.on("ignore-not-found") {
        found.errors.retain(|e| !e.is_not_found());
    }
    if subresource == "scale" {
        for i in &mut found.infos {
            i.object = scale_of(&i.object);
        }
    }
    if let Format::Human { wide } = format {
        if subresource == "scale" {
            let mut rows = vec![
                vec!["NAME", "DESIRED", "AVAILABLE", "AGE"]
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            ];
            rows.extend(found.infos.iter().map(|i| {
                let number = |p: &str| i.object.int_at(p).unwrap_or(0).to_string();
                vec![
                    i.name.clone(),
                    number("spec.replicas"),
                    number("status.replicas"),
                    crate::context::age_at(&i.object, "metadata.creationTimestamp", ctx.now()),
                ]
            }));
            let text = Layout::default().lines(&rows);
            ctx.print(&text);
            return if found.errors.is_empty() {
                Ok(Next::Done)
            } else {
                Err(Failure::many(found.errors))
            };
        }
        return tables(ctx, found, &TableOptions::of(ctx, wide));
    }
    generic(ctx, found, format)
}

/// The scale subresource of an object.
pub(crate) fn scale_of(o: &Value) -> Value {
    let mut meta = object! {};
    for key in [
        "creationTimestamp",
        "name",
        "namespace",
        "resourceVersion",
        "uid",
    ] {
        if let Some(v) = o.get("metadata").and_then(|m| m.get(key)) {
            meta.map_mut().insert(key, v.clone());
        }
    }
    let mut spec = object! {};
    let replicas = o.int_at("spec.replicas").unwrap_or(0);
    if replicas != 0 {
        spec.map_mut().insert("replicas", replicas);
    }
    let mut status = object! { "replicas" => o.int_at("status.replicas").unwrap_or(0) };
    let text = selector::text(o.at("spec.selector"));
    if text != "<none>" {
        status.map_mut().insert("selector", text);
    }
    object! { "apiVersion" => "autoscaling/v1", "kind" => "Scale", "metadata" => meta, "spec" => spec, "status" => status }
}

fn many_kinds(found: &Found) -> bool {
    // Of what was named, the kinds that are there count.
    let kinds = |w: &[Info]| !std::ptr::eq(w[0].resource, w[1].resource);
    if !found.infos.is_empty() && !found.errors.is_empty() {
        return found.infos.windows(2).any(kinds);
    }
    found
        .resources
        .windows(2)
        .any(|w| !std::ptr::eq(w[0], w[1]))
}

fn tables(ctx: &mut Ctx<'_, '_>, found: Found, options: &TableOptions) -> Res<Next> {
    let mut options = options.clone();
    options.kind |= many_kinds(&found);
    let now = ctx.now();
    // A path that can't be read is in no object.
    let (sort, unreadable) = match sort_path(ctx) {
        Ok(path) => (path, false),
        Err(_) => (None, true),
    };
    if sort.is_some() && many_kinds(&found) {
        // Tables of several kinds have no objects to sort by.
        return Err(Failure::text(format!(
            "couldn't find any field with path {} in the list of objects",
            crate::flags::quoted(&jsonpath::relaxed(ctx.flags.text("sort-by")).unwrap_or_default())
        )));
    }
    let namespaced = !options.namespaces && found.resources.iter().all(|r| r.namespaced);
    let mut text = String::new();
    let mut groups: Vec<(&'static Resource, Vec<Value>)> = Vec::new();
    for Info {
        resource, object, ..
    } in found.infos
    {
        match groups.last_mut() {
            Some((last, list)) if std::ptr::eq(*last, resource) => list.push(object),
            _ => groups.push((resource, vec![object])),
        }
    }
    for (resource, mut objects) in groups {
        let client = ctx.minor();
        let sorted = |o: &mut Vec<Value>| sort.as_ref().is_none_or(|p| sort_objects(o, p, client));
        if unreadable || !sorted(&mut objects) {
            continue;
        }
        let mut rows = Vec::new();
        if !options.no_headers {
            rows.push(options.header(resource));
            if !text.is_empty() {
                text.push('\n');
            }
        }
        rows.extend(objects.iter().map(|o| options.row(resource, o, now, "")));
        text.push_str(&Layout::default().lines(&rows));
    }
    if text.is_empty() && found.errors.is_empty() && !ctx.flags.on("ignore-not-found") {
        if namespaced {
            let line = format!("No resources found in {} namespace.", ctx.namespace);
            ctx.warn(line);
        } else {
            ctx.warn("No resources found");
        }
    }
    ctx.print(&text);
    if found.errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(found.errors))
    }
}

fn generic(ctx: &mut Ctx<'_, '_>, found: Found, format: Format) -> Res<Next> {
    let errors = found.errors;
    let mut objects: Vec<Value> = found
        .infos
        .iter()
        .map(|i| print::visible(&i.object, ctx))
        .collect();
    if let Some(path) = sort_path(ctx)?
        && objects.len() > 1
    {
        sort_objects(&mut objects, &path, ctx.minor());
    }
    let mut printer = Printer::new(format, ctx);
    if found.single {
        if let Some((object, info)) = objects.first().zip(found.infos.first()) {
            let text = printer.text(Some(info.resource), object)?;
            ctx.print(&text);
        }
    } else if !objects.is_empty() || errors.is_empty() && !ctx.flags.on("ignore-not-found") {
        let text = printer.text(None, &print::list_of(objects))?;
        ctx.print(&text);
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

fn sort_path(ctx: &Ctx<'_, '_>) -> Res<Option<JsonPath>> {
    let text = ctx.flags.text("sort-by");
    if text.is_empty() {
        return Ok(None);
    }
    let path = jsonpath::relaxed(text).map_err(Failure::text)?;
    JsonPath::parse(&path).map(Some).map_err(Failure::text)
}

/// Sorts as `--sort-by` does; false if no object has the field.
pub(crate) fn sort_objects(objects: &mut Vec<Value>, path: &JsonPath, client: Minor) -> bool {
    let mut rows: Vec<(Option<Value>, Value)> = std::mem::take(objects)
        .into_iter()
        .map(|o| {
            let key = path
                .find(&o)
                .ok()
                .and_then(|f| f.into_iter().next())
                .and_then(|v| v.into_iter().next());
            (key, o)
        })
        .collect();
    let any = rows.iter().any(|r| r.0.is_some());
    if any {
        gosort::sort_by(client, &mut rows, |a, b| match (&a.0, &b.0) {
            (None, _) => true,
            (_, None) => false,
            (Some(a), Some(b)) => value_less(a, b),
        });
    }
    objects.extend(rows.into_iter().map(|r| r.1));
    any
}

fn value_less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => false,
        (Value::Null, _) => true,
        (_, Value::Null) => false,
        (Value::Int(x), Value::Int(y)) => x < y,
        (Value::Bool(x), Value::Bool(y)) => !x & y,
        (Value::String(x), Value::String(y)) => {
            match (
                crate::describe::quantity::parse(x),
                crate::describe::quantity::parse(y),
            ) {
                (Some(p), Some(q)) => p < q,
                _ => x.as_str() < y.as_str(),
            }
        }
        (a, b) => jsonpath::text(a) < jsonpath::text(b),
    }
}

/// `get -w`.
#[derive(Clone)]
pub(crate) struct Watch {
    resource: &'static Resource,
    namespace: Option<String>,
    name: Option<String>,
    selector: Option<Selector>,
    fields: Option<(String, Fields)>,
    options: TableOptions,
    printer: Option<Printer>,
    layout: Layout,
    header_done: bool,
    pub(crate) deadline: Option<u64>,
    limit: Option<u64>,
}

fn watch(ctx: &mut Ctx<'_, '_>, request: &Request, format: Format) -> Res<Next> {
    let types = request.args.first().map_or("", String::as_str);
    if types.contains(',') || types == "all" {
        return Err(Failure::text("you may only specify a single resource type"));
    }
    let found = builder::find(ctx, request)?;
    if !found.errors.is_empty() {
        return Err(Failure::many(found.errors));
    }
    let mut distinct: Vec<&'static Resource> = Vec::new();
    for r in &found.resources {
        if !distinct.iter().any(|d| std::ptr::eq(*d, *r)) {
            distinct.push(r);
        }
    }
    let by_name = request.args.len() > 1
        || request.args.iter().any(|a| a.contains('/'))
        || !request.filenames.is_empty();
    if distinct.len() != 1 || by_name && found.infos.len() > 1 {
        return Err(Failure::text(
            "watch is only supported on individual resources and resource collections - more than 1 resource was found",
        ));
    }
    let resource = distinct[0];
    let name = if by_name {
        found.infos.first().map(|i| i.name.clone())
    } else {
        None
    };
    let namespace = if resource.namespaced && !request.all_namespaces {
        Some(
            found
                .infos
                .first()
                .filter(|_| by_name)
                .map_or_else(|| ctx.namespace.clone(), |i| i.namespace.clone()),
        )
    } else {
        None
    };
    let wide = matches!(format, Format::Human { wide: true });
    let mut w = Watch {
        resource,
        namespace,
        name,
        selector: request
            .selector
            .as_deref()
            .map(selector::parse)
            .transpose()?,
        fields: match &request.field_selector {
            Some(t) => Some((t.clone(), selector::parse_fields(t)?)),
            None => None,
        },
        options: TableOptions::of(ctx, wide),
        printer: if format.is_human() {
            None
        } else {
            Some(Printer::new(format, ctx))
        },
        layout: Layout::default(),
        header_done: false,
        deadline: None,
        limit: request_timeout(ctx),
    };
    if !ctx.flags.on("watch-only") {
        let objects: Vec<Value> = found
            .infos
            .iter()
            .map(|i| print::visible(&i.object, ctx))
            .collect();
        let now = ctx.now();
        let text = w.show(&objects, "ADDED", now)?;
        ctx.print(&text);
    }
    let (namespace, name) = (w.namespace.as_deref(), w.name.as_deref());
    let place = (namespace.unwrap_or(""), name.unwrap_or(""));
    ctx.client
        .may("watch", resource.kind, "", place.0, place.1)?;
    Ok(Next::Follow(Follow::new(Kind::Watch(Box::new(w)))))
}

/// `--request-timeout` in milliseconds.
fn request_timeout(ctx: &Ctx<'_, '_>) -> Option<u64> {
    let text = ctx.flags.text("request-timeout");
    let ms = match text.parse::<i64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => crate::duration::parse(text)?,
    };
    u64::try_from(ms).ok().filter(|ms| *ms > 0)
}

impl Watch {
    fn show(&mut self, objects: &[Value], event: &str, now: Timestamp) -> Res<String> {
        if let Some(p) = &mut self.printer {
            let mut out = String::new();
            for o in objects {
                if self.options.events {
                    let wrapped =
                        object! { "object" => o.clone(), "type" => rollout_api::Str::copy(event) };
                    out.push_str(&p.text(Some(self.resource), &wrapped)?);
                } else {
                    out.push_str(&p.text(Some(self.resource), o)?);
                }
            }
            return Ok(out);
        }
        let mut rows = Vec::new();
        if objects.is_empty() {
            return Ok(String::new());
        }
        if !self.header_done && !self.options.no_headers {
            rows.push(self.options.header(self.resource));
            self.header_done = true;
        }
        rows.extend(
            objects
                .iter()
                .map(|o| self.options.row(self.resource, o, now, event)),
        );
        Ok(self.layout.lines(&rows))
    }

    fn selects(&self, o: &Value) -> bool {
        self.selector.as_ref().is_none_or(|s| s.matches_object(o))
            && self
                .fields
                .as_ref()
                .is_none_or(|f| builder::fields_match(o, &f.1))
    }

    fn event<'c>(&self, c: &'c Change) -> Option<(&'static str, &'c Value)> {
        if c.key.kind != self.resource.kind
            || self
                .namespace
                .as_ref()
                .is_some_and(|n| **n != *c.key.namespace)
            || self.name.as_ref().is_some_and(|n| **n != *c.key.name)
        {
            return None;
        }
        let before = c
            .before
            .as_ref()
            .map(|o| &o.value)
            .filter(|o| self.selects(o));
        let after = c.after.as_ref().map(|o| &o.value);
        match (before, after) {
            (None, Some(a)) if self.selects(a) => Some(("ADDED", a)),
            (Some(_), Some(a)) => Some((
                if self.selects(a) {
                    "MODIFIED"
                } else {
                    "DELETED"
                },
                a,
            )),
            (Some(b), None) => Some(("DELETED", b)),
            _ => None,
        }
    }

    pub(crate) fn feed(&mut self, turn: &mut Turn<'_, '_>) -> Option<i32> {
        if self.deadline.is_none()
            && let Some(limit) = self.limit
        {
            self.deadline = Some(turn.at + limit);
        }
        let now = turn.client.now();
        for c in turn.changes {
            let Some((event, value)) = self.event(c) else {
                continue;
            };
            let value = value.clone();
            match self.show(&[value], event, now) {
                Ok(text) => turn.out.stdout.push_str(&text),
                Err(f) => {
                    turn.out.stderr.push_str(&f.stderr());
                    return Some(1);
                }
            }
        }
        self.deadline.is_some_and(|d| turn.at >= d).then_some(0)
    }
}
