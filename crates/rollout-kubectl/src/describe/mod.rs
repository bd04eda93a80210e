//! `kubectl describe`: the layout and the kinds.

mod container;
mod events;
mod generic;
mod network;
mod node;
mod other;
pub(crate) mod quantity;
mod storage;
mod workload;

pub(crate) use container::pod_template;
pub(crate) use events::{age as event_age, time as event_time};
pub(crate) use workload::{owned_by, same_template};

use crate::builder::{self, Request};
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::{Next, table};
use rollout_api::kinds::Resource;
use rollout_api::{Kind, Minor, Timestamp, Value};

/// A text under construction: lines with tabs, aligned at each flush.
#[derive(Default)]
pub(crate) struct Doc {
    done: String,
    open: String,
}

impl Doc {
    /// Appends a line, `level` levels in.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        for _ in 0..level {
            self.open.push_str("  ");
        }
        self.open.push_str(text.as_ref());
        self.open.push('\n');
    }
    /// Appends `NAME:` and a value.
    pub fn field(&mut self, level: usize, name: &str, value: impl AsRef<str>) {
        for _ in 0..level {
            self.open.push_str("  ");
        }
        self.open.push_str(name);
        self.open.push_str(":\t");
        self.open.push_str(value.as_ref());
        self.open.push('\n');
    }
    /// What follows is aligned on its own.
    pub fn flush(&mut self) {
        let text = std::mem::take(&mut self.open);
        if let Some(body) = text.strip_suffix('\n') {
            self.done.push_str(&table::align(body));
            self.done.push('\n');
        }
    }
    /// The aligned text.
    pub fn text(mut self) -> String {
        self.flush();
        self.done
    }
    /// The text with its tabs (`rollout history`).
    pub fn raw(self) -> String {
        self.done + &self.open
    }
}

/// What a describer may use.
pub(crate) struct Desk<'a, 'b, 'w> {
    pub ctx: &'a Ctx<'b, 'w>,
    pub events: bool,
    pub doc: Doc,
}

impl Desk<'_, '_, '_> {
    pub fn minor(&self) -> Minor {
        self.ctx.minor()
    }
    pub fn now(&self) -> Timestamp {
        self.ctx.now()
    }
}

/// RFC 1123 of the moment at a path.
pub(crate) fn when(o: &Value, path: &str) -> String {
    Timestamp::parse(o.str_at(path)).map_or_else(
        || "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
        Timestamp::rfc1123z,
    )
}

/// `Labels:` and the like: one per line.
pub(crate) fn labels(doc: &mut Doc, title: &str, map: Option<&Value>) {
    match map.and_then(Value::as_map).filter(|m| !m.is_empty()) {
        None => doc.line(0, format!("{title}:\t<none>")),
        Some(m) => {
            for (i, (k, v)) in m.iter().enumerate() {
                let head = if i == 0 {
                    format!("{title}:\t")
                } else {
                    "\t".to_owned()
                };
                doc.line(0, format!("{head}{k}={}", v.as_str().unwrap_or("")));
            }
        }
    }
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const LONGEST_ANNOTATION: usize = 140;

fn shorten(s: &str, most: usize) -> String {
    if s.len() <= most {
        return s.to_owned();
    }
    let mut end = most;
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &s[..end])
}

/// `Annotations:`.
pub(crate) fn annotations(doc: &mut Doc, title: &str, map: Option<&Value>) {
    let list: Vec<_> = map.and_then(Value::as_map).map_or_else(Vec::new, |m| {
        m.iter().filter(|(k, _)| &***k != LAST_APPLIED).collect()
    });
    if list.is_empty() {
        doc.line(0, format!("{title}:\t<none>"));
    }
    for (i, (k, v)) in list.into_iter().enumerate() {
        let head = if i == 0 {
            format!("{title}:\t")
        } else {
            "\t".to_owned()
        };
        let value = v.as_str().unwrap_or("");
        let value = value.strip_suffix('\n').unwrap_or(value);
        if value.len() + k.len() + 2 > LONGEST_ANNOTATION || value.contains('\n') {
            doc.line(0, format!("{head}{k}:"));
            for s in value.split('\n') {
                doc.line(0, format!("\t  {}", shorten(s, LONGEST_ANNOTATION - 2)));
            }
        } else {
            doc.line(0, format!("{head}{k}: {value}"));
        }
    }
}

/// `Controlled By`, if it is.
pub(crate) fn controlled_by(doc: &mut Doc, o: &Value) {
    if let Some(owner) = o
        .list_at("metadata.ownerReferences")
        .iter()
        .find(|r| r.bool_at("controller"))
    {
        doc.field(
            0,
            "Controlled By",
            format!("{}/{}", owner.str_at("kind"), owner.str_at("name")),
        );
    }
}

/// A name and its namespace.
pub(crate) fn head(doc: &mut Doc, o: &Value) {
    doc.field(0, "Name", o.str_at("metadata.name"));
    doc.field(0, "Namespace", o.str_at("metadata.namespace"));
}

/// A number or text at a path.
pub(crate) fn show(o: &Value, path: &str) -> String {
    o.at(path).map(crate::jsonpath::text).unwrap_or_default()
}

/// The whole text of one object.
pub(crate) fn describe(
    ctx: &Ctx<'_, '_>,
    resource: &Resource,
    object: &Value,
    events: bool,
) -> String {
    let mut d = Desk {
        ctx,
        events,
        doc: Doc::default(),
    };
    match resource.kind {
        Kind::DEPLOYMENT => workload::deployment(&mut d, object),
        Kind::REPLICA_SET => workload::replica_set(&mut d, object),
        Kind::POD => workload::pod(&mut d, object),
        Kind::SERVICE => network::service(&mut d, object),
        Kind::ENDPOINTS => network::endpoints(&mut d, object),
        Kind::ENDPOINT_SLICE => network::endpoint_slice(&mut d, object),
        Kind::NODE => node::node(&mut d, object),
        Kind::NAMESPACE => other::namespace(&mut d, object),
        Kind::CONFIG_MAP => other::config_map(&mut d, object),
        Kind("PriorityClass") => other::priority_class(&mut d, object),
        Kind::SECRET => other::secret(&mut d, object),
        Kind::POD_DISRUPTION_BUDGET => other::budget(&mut d, object),
        Kind::HORIZONTAL_POD_AUTOSCALER => other::autoscaler(&mut d, object),
        Kind::PERSISTENT_VOLUME_CLAIM => other::claim(&mut d, object),
        Kind("PersistentVolume") => storage::volume(&mut d, object),
        Kind("StorageClass") => storage::class(&mut d, object),
        Kind::RESOURCE_QUOTA => other::quota(&mut d, object),
        Kind("ServiceAccount") => other::service_account(&mut d, object),
        _ => generic::any(&mut d, object),
    }
    d.doc.text()
}

/// Runs `kubectl describe`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    if args.is_empty() && ctx.flags.texts("filename").is_empty() {
        return Err(Failure::text(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let mut request = Request::of(ctx, &args).type_alone();
    request.validate = false;
    let found = builder::find(ctx, &request)?;
    let named = args.len() > 1 || args.iter().any(|a| a.contains('/'));
    // From 1.36 on several objects are described without their events, unless they are asked for.
    let mut events = ctx.flags.on_or("show-events", true);
    let quiet = ctx.minor() >= Minor::V1_36 && !ctx.flags.changed("show-events");
    let mut texts: Vec<String> = Vec::new();
    let errors = found.errors;
    if found.infos.is_empty()
        && errors.iter().any(Failure::is_not_found)
        && args.len() == 2
        && !args[0].contains('/')
    {
        // No object of this name: every one whose name begins so.
        let resource = builder::resource_of(&args[0], ctx.minor())?;
        let namespace = if resource.namespaced {
            Some(ctx.namespace.clone())
        } else {
            None
        };
        for o in ctx.list(builder::stored_kind(resource), namespace.as_deref()) {
            if o.str_at("metadata.name").starts_with(&args[1]) {
                texts.push(describe(ctx, resource, &o, events && !quiet));
            }
        }
        if !texts.is_empty() {
            for t in &texts {
                ctx.say(t);
            }
            return Ok(Next::Done);
        }
    } else {
        if quiet && found.infos.len() > 1 {
            events = false;
        }
        for i in &found.infos {
            texts.push(describe(ctx, i.resource, &i.object, events));
        }
    }
    if texts.is_empty() && errors.is_empty() && !named {
        if ctx.flags.on("all-namespaces") {
            ctx.warn("No resources found");
        } else {
            let line = format!("No resources found in {} namespace.", ctx.namespace);
            ctx.warn(line);
        }
    }
    ctx.print(&texts.join("\n\n"));
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}
