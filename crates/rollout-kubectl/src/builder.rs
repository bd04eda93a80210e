//! Which objects a line means: `TYPE NAME`, `TYPE/NAME`, `-f FILE`, selectors. Mirrors k8s.io/cli-runtime/pkg/resource.

use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::selector::{self, Fields, Selector};
use rollout_api::Order;
use rollout_api::defaults::autoscaler_to_v1;
use rollout_api::kinds::{self, Resource};
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, Value};
use rollout_manifest::resources::{self, Complaint, Sent};

/// One object that the line names.
#[derive(Clone, Debug)]
pub struct Info {
    /// Its resource.
    pub resource: &'static Resource,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The object: from the server, or from the file.
    pub object: Value,
    /// The file it came from.
    pub source: String,
}

impl Info {
    /// `deployment.apps/web`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.resource.singular_group(), self.name)
    }
    /// `deployments/web`.
    pub fn plural_title(&self) -> String {
        format!("{}/{}", self.resource.plural, self.name)
    }
    /// `apps/` names no version: kubectl finds the kind, but no server has that path.
    pub fn has_version(&self) -> bool {
        let version = self.object.str_at("apiVersion");
        // What kubectl makes itself has no file, and need not say its version.
        !version.ends_with('/') && (!version.is_empty() || self.source.is_empty())
    }
    /// Kind.
    pub fn kind(&self) -> Kind {
        self.resource.kind
    }
}

/// What a command accepts.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The arguments that name resources.
    pub args: Vec<String>,
    /// A type alone means all of it (`ResourceTypeOrNameArgs(true, …)`).
    pub type_alone: bool,
    /// `--all`
    pub all: bool,
    /// Take the server's state of objects in files.
    pub latest: bool,
    /// Do not ask the server for names: the caller does.
    pub lazy: bool,
    /// `-l`; none where the command has no such flag.
    pub selector: Option<String>,
    /// `--field-selector`
    pub field_selector: Option<String>,
    /// Files.
    pub filenames: Vec<String>,
    /// Directories with their subdirectories.
    pub recursive: bool,
    /// `-A`
    pub all_namespaces: bool,
    /// Check `apiVersion` and `kind` of files as `--validate` does.
    pub validate: bool,
}

impl Request {
    /// What the usual flags say.
    pub fn of(ctx: &Ctx<'_, '_>, args: &[String]) -> Request {
        Request {
            args: args.to_vec(),
            all: ctx.flags.on("all"),
            selector: Some(ctx.flags.text("selector").to_owned()).filter(|s| !s.is_empty()),
            field_selector: Some(ctx.flags.text("field-selector").to_owned())
                .filter(|s| !s.is_empty()),
            filenames: ctx.flags.texts("filename").to_vec(),
            recursive: ctx.flags.on("recursive"),
            all_namespaces: ctx.flags.on("all-namespaces"),
            latest: true,
            ..Request::default()
        }
    }
    /// A type alone means all of it.
    pub fn type_alone(mut self) -> Request {
        self.type_alone = true;
        self
    }
    /// Objects of files are taken as they are.
    pub fn local(mut self) -> Request {
        self.latest = false;
        self
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The objects, in order.
    pub infos: Vec<Info>,
    /// What was not found.
    pub errors: Vec<Failure>,
    /// One object was named: it is printed alone, not as a list.
    pub single: bool,
    /// The resources that were asked for.
    pub resources: Vec<&'static Resource>,
}

impl Found {
    /// The infos, or the first errors (commands that stop at an error).
    pub fn all(self) -> Res<Vec<Info>> {
        if self.errors.is_empty() {
            Ok(self.infos)
        } else {
            Err(Failure::many(self.errors))
        }
    }
}

/// kubectl's long complaint about missing resources.
pub fn missing_resource() -> Failure {
    Failure::text(
        "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    )
}

const ALL: &str = "pods,replicationcontrollers,services,daemonsets.apps,deployments.apps,replicasets.apps,statefulsets.apps,horizontalpodautoscalers.autoscaling,cronjobs.batch,jobs.batch";

/// The resource a word means.
pub fn resource_of(word: &str, minor: Minor) -> Res<&'static Resource> {
    // Behind a short name the version does not count.
    let unversioned = || {
        let (short, rest) = word.split_once('.')?;
        let (_, group) = rest.split_once('.')?;
        let r = kinds::of_word(&format!("{short}.{group}"), minor)?;
        r.short_names.contains(&short).then_some(r)
    };
    kinds::of_word(word, minor)
        .or_else(unversioned)
        .ok_or_else(|| {
            let name = word.split('.').next().unwrap_or(word);
            Failure::text(format!(
                "the server doesn't have a resource type {}",
                quoted(name)
            ))
        })
}

fn resources_of(ctx: &mut Ctx<'_, '_>, word: &str) -> Res<Vec<&'static Resource>> {
    let mut out: Vec<&'static Resource> = Vec::new();
    let minor = ctx.minor();
    for part in word.split(',') {
        if part.is_empty() {
            continue;
        }
        if part == "all" {
            for p in ALL.split(',') {
                out.push(resource_of(p, minor)?);
            }
            continue;
        }
        let r = resource_of(part, minor)?;
        if part == "ev" {
            ctx.warn("Warning: short name \"ev\" could also match lower priority resource events.events.k8s.io");
        }
        if !out.iter().any(|o| std::ptr::eq(*o, r)) {
            out.push(r);
        }
    }
    Ok(out)
}

/// The kind under which the store keeps objects of a resource.
pub fn stored_kind(resource: &Resource) -> Kind {
    resource.kind
}

/// One object by name; a missing namespace is said first. Mirrors `Info.Get`.
pub fn get(
    ctx: &Ctx<'_, '_>,
    resource: &'static Resource,
    namespace: &str,
    name: &str,
) -> Result<Value, ApiError> {
    match ctx.client.get(stored_kind(resource), namespace, name) {
        Ok(v) => Ok(v),
        Err(e) => {
            let missing = !namespace.is_empty() && namespace != "default" && e.is_not_found();
            if missing && let Err(ns) = ctx.client.get(Kind::NAMESPACE, "", namespace) {
                return Err(ns);
            }
            if resource.group == "events.k8s.io" || resource.kind.0 == "Event" {
                return Err(ApiError::not_found(resource.group, resource.plural, name));
            }
            Err(e)
        }
    }
}

/// Finds what a request means.
pub fn find(ctx: &mut Ctx<'_, '_>, request: &Request) -> Res<Found> {
    let mut found = Found::default();
    let mut refused = None;
    let selector = request.selector.as_ref().map(|text| {
        selector::parse(text).unwrap_or_else(|f| {
            refused = Some(f.message());
            Selector {
                text: text.clone(),
                ..Selector::default()
            }
        })
    });
    if !request.filenames.is_empty() {
        if !request.args.is_empty() {
            return Err(Failure::text(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        let files = files(ctx, request)?;
        found.single = files.len() == 1;
        for (path, text) in files {
            if read_file(ctx, &path, &text, request.validate, &mut found) != 1 {
                found.single = false;
            }
        }
        if let Some(s) = &selector {
            found.infos.retain(|i| s.matches_object(&i.object));
        }
        if request.latest {
            let mut kept = Vec::new();
            for mut info in std::mem::take(&mut found.infos) {
                match get(ctx, info.resource, &info.namespace, &info.name) {
                    Ok(v) => {
                        let old = crate::cmd::apply::is_old_autoscaler(&info.object);
                        info.object = if old { autoscaler_to_v1(&v) } else { v };
                        kept.push(info);
                    }
                    Err(e) => found.errors.push(e.into()),
                }
            }
            found.infos = kept;
        }
        found.resources = found.infos.iter().map(|i| i.resource).collect();
        return Ok(found);
    }
    let args = &request.args;
    let slashes = args.iter().filter(|a| a.contains('/')).count();
    if slashes > 0 && slashes < args.len() {
        return Err(Failure::text(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        ));
    }
    let mut named: Vec<(&'static Resource, String)> = Vec::new();
    let mut types: Vec<&'static Resource> = Vec::new();
    if slashes > 0 {
        for a in args {
            let mut parts = a.split('/');
            let (Some(kind), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
                return Err(Failure::text(
                    "arguments in resource/name form may not have more than one slash",
                ));
            };
            if kind.is_empty() || name.is_empty() || kind.contains(',') {
                return Err(Failure::text(
                    "arguments in resource/name form must have a single resource and name",
                ));
            }
            for r in resources_of(ctx, kind)? {
                named.push((r, name.to_owned()));
            }
        }
        if selector.is_some() || request.all {
            return Err(Failure::text(
                "selectors and the all flag cannot be used when passing resource/name arguments",
            ));
        }
        if request.field_selector.is_some() {
            return Err(Failure::text(
                "selectors and the all flag cannot be used when passing resource/name arguments",
            ));
        }
        found.single = named.len() == 1;
    } else if let Some((first, names)) = args.split_first() {
        types = resources_of(ctx, first)?;
        if types.is_empty() {
            return Err(missing_resource());
        }
        if !names.is_empty() {
            if selector.is_some() {
                return Err(Failure::text(
                    "name cannot be provided when a selector is specified",
                ));
            }
            if request.field_selector.is_some() {
                return Err(Failure::text(
                    "name cannot be provided when a selector is specified",
                ));
            }
            if request.all {
                return Err(Failure::text(
                    "name cannot be provided when a selector is specified",
                ));
            }
            for r in &types {
                for n in names {
                    named.push((r, n.clone()));
                }
            }
            found.single = named.len() == 1;
            types.clear();
        }
    } else {
        return Err(missing_resource());
    }
    if !named.is_empty() {
        found.resources = named.iter().map(|n| n.0).collect();
        for (r, name) in named {
            if request.all_namespaces && r.namespaced {
                return Err(Failure::text(
                    "a resource cannot be retrieved by name across all namespaces",
                ));
            }
            let namespace = ctx.namespace_for(r);
            if request.lazy {
                found.infos.push(Info {
                    resource: r,
                    namespace,
                    name,
                    object: Value::Null,
                    source: String::new(),
                });
                continue;
            }
            match get(ctx, r, &namespace, &name) {
                Ok(object) => found.infos.push(Info {
                    resource: r,
                    namespace,
                    name,
                    object,
                    source: String::new(),
                }),
                Err(e) => found.errors.push(e.into()),
            }
        }
        return Ok(found);
    }
    if selector.is_none() && request.field_selector.is_none() && !request.all && !request.type_alone
    {
        return Err(Failure::text(
            "resource(s) were provided, but no name was specified",
        ));
    }
    if request.all && selector.is_some() {
        return Err(Failure::text(
            "setting 'all' parameter but found a non empty selector. ",
        ));
    }
    let fields = request.field_selector.as_ref().map(|text| {
        let fields = selector::parse_fields(text).unwrap_or_else(|f| {
            refused = Some(f.message());
            Fields::new()
        });
        (text.clone(), fields)
    });
    found.resources.clone_from(&types);
    for r in types {
        let namespace = if r.namespaced && !request.all_namespaces {
            Some(ctx.namespace.clone())
        } else {
            None
        };
        if let Some(problem) = &refused {
            let text = (selector.as_ref(), fields.as_ref());
            found.errors.push(unlisted(ctx, r, text.0, text.1, problem));
            continue;
        }
        match list(
            ctx,
            r,
            namespace.as_deref(),
            selector.as_ref(),
            fields.as_ref(),
        ) {
            Ok(objects) => found.infos.extend(objects.into_iter().map(|object| Info {
                resource: r,
                namespace: object.str_at("metadata.namespace").to_owned(),
                name: object.str_at("metadata.name").to_owned(),
                object,
                source: String::new(),
            })),
            Err(e) => found.errors.push(e),
        }
    }
    Ok(found)
}

/// The server's refusal of a selector. Mirrors `EnhanceListError`.
fn unlisted(
    ctx: &Ctx<'_, '_>,
    resource: &Resource,
    selector: Option<&Selector>,
    fields: Option<&(String, Fields)>,
    problem: &str,
) -> Failure {
    let version = resource.api_version(ctx.client.version());
    let slash = if resource.group.is_empty() { "/" } else { "" };
    ApiError::bad_request(format!(
        "Unable to find {} that match label selector {}, field selector {}: {problem}",
        quoted(&format!("{slash}{version}, Resource={}", resource.plural)),
        quoted(selector.map_or("", |s| s.text.as_str())),
        quoted(fields.map_or("", |f| f.0.as_str()))
    ))
    .into()
}

/// A list of the server, selected.
pub fn list(
    ctx: &Ctx<'_, '_>,
    resource: &'static Resource,
    namespace: Option<&str>,
    selector: Option<&Selector>,
    fields: Option<&(String, Fields)>,
) -> Res<Vec<Value>> {
    let kind = stored_kind(resource);
    ctx.client
        .may("list", kind, "", namespace.unwrap_or(""), "")?;
    let mut objects = ctx.list(kind, namespace);
    if let Some(s) = selector {
        objects.retain(|o| s.matches_object(o));
    }
    let fields_given = fields;
    if let Some((_, fields)) = fields {
        for (field, _, _) in fields {
            if let Some(problem) = field_problem(resource, field) {
                return Err(unlisted(ctx, resource, selector, fields_given, &problem));
            }
        }
        objects.retain(|o| fields_match(o, fields));
    }
    Ok(objects)
}

/// Do the fields of an object match?
pub fn fields_match(o: &Value, fields: &Fields) -> bool {
    fields.iter().all(|(field, equal, want)| {
        let got = match field.as_str() {
            "reason" | "type" | "reportingComponent" => o.str_at(field).to_owned(),
            "source" => {
                let c = o.str_at("source.component");
                if c.is_empty() {
                    o.str_at("reportingComponent")
                } else {
                    c
                }
                .to_owned()
            }
            "spec.unschedulable" => o.bool_at(field).to_string(),
            "spec.hostNetwork" => o.bool_at(field).to_string(),
            f => o.at(f).map(crate::jsonpath::text).unwrap_or_default(),
        };
        (got == *want) == *equal
    })
}

fn field_problem(resource: &Resource, field: &str) -> Option<String> {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return None;
    }
    let known: &[&str] = match resource.kind.0 {
        "Pod" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        "Event" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "Node" => &["spec.unschedulable"],
        "Namespace" => &["status.phase"],
        "Secret" => &["type"],
        "Service" => &["spec.clusterIP", "spec.type"],
        "ReplicationController" => &["status.replicas"],
        "Job" => &["status.successful"],
        _ => {
            return Some(format!(
                "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                quoted(field)
            ));
        }
    };
    if known.contains(&field) {
        return None;
    }
    Some(match resource.kind.0 {
        "Pod" | "Event" | "Node" | "Namespace" | "Secret" | "Service" => {
            format!("field label not supported: {field}")
        }
        _ => format!(
            "field label \"{field}\" not supported for {}",
            resource.kind.0
        ),
    })
}

/// The files that were named: path and text, in order.
pub fn files(ctx: &Ctx<'_, '_>, request: &Request) -> Res<Vec<(String, String)>> {
    let mut out = Vec::new();
    for name in &request.filenames {
        if name == "-" {
            out.push(("STDIN".to_owned(), ctx.io.stdin.clone()));
            continue;
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(Failure::text(format!(
                "unable to read URL {}, there is no network here",
                quoted(name)
            )));
        }
        if let Some(text) = ctx.io.files.get(name.strip_prefix("./").unwrap_or(name)) {
            out.push((name.clone(), text.clone()));
            continue;
        }
        let dir = name.trim_end_matches('/');
        let dir = dir.strip_prefix("./").unwrap_or(dir);
        let prefix = if dir == "." || dir.is_empty() {
            String::new()
        } else {
            format!("{dir}/")
        };
        let mut inside: Vec<&String> = ctx
            .io
            .files
            .keys()
            .filter(|f| f.starts_with(&prefix))
            .collect();
        inside.order_by_key(|f| f.replace('/', "\u{0}"));
        if inside.is_empty() && !prefix.is_empty() {
            return Err(Failure::text(format!(
                "the path {} does not exist",
                quoted(name)
            )));
        }
        let mut any = false;
        for path in inside {
            let rest = &path[prefix.len()..];
            let known = [".json", ".yaml", ".yml"].iter().any(|e| rest.ends_with(e));
            if known && (request.recursive || !rest.contains('/')) {
                out.push((path.clone(), ctx.io.files[path].clone()));
                any = true;
            }
        }
        if !any {
            return Err(Failure::text(format!(
                "error reading [{name}]: recognized file extensions are [.json .yaml .yml]"
            )));
        }
    }
    Ok(out)
}

/// Objects of a file in order; those before an error, too.
fn read_file(
    ctx: &Ctx<'_, '_>,
    path: &str,
    text: &str,
    validate: bool,
    found: &mut Found,
) -> usize {
    let server = ctx.client.version();
    let read = resources::read(text.as_bytes(), path, validate, ctx.minor(), server);
    let count = read.objects.len();
    for sent in read.objects {
        match info_of(ctx, path, sent) {
            Ok(info) => found.infos.push(info),
            Err(e) => found.errors.push(e),
        }
    }
    for complaint in read.complaints {
        found.errors.push(match complaint {
            Complaint::Document(text) => Failure::text(text),
            Complaint::Items(list) => Failure::Many(list.into_iter().map(Failure::text).collect()),
        });
    }
    count
}

fn info_of(ctx: &Ctx<'_, '_>, path: &str, sent: Sent) -> Res<Info> {
    let (resource, mut object) = (sent.resource, sent.value);
    let name = object.str_at("metadata.name").to_owned();
    let own = object.str_at("metadata.namespace").to_owned();
    let mut namespace = String::new();
    if resource.namespaced {
        if !own.is_empty()
            && ctx.explicit_namespace
            && own != ctx.namespace
            && ctx.flags.changed("namespace")
        {
            return Err(Failure::text(format!(
                "the namespace from the provided object {} does not match the namespace {}. You must pass '--namespace={own}' to perform this operation.",
                quoted(&own),
                quoted(&ctx.namespace)
            )));
        }
        namespace = if own.is_empty() {
            ctx.namespace.clone()
        } else {
            own
        };
        object.set("metadata.namespace", namespace.clone());
    }
    Ok(Info {
        resource,
        namespace,
        name,
        object,
        source: path.to_owned(),
    })
}
