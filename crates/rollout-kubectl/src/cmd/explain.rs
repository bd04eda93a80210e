//! `kubectl explain`: the fields of the API's types in kubectl's layout; the descriptions are our own.

use crate::Next;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use rollout_api::kinds::{self, Resource};
use rollout_api::types::{Field, Shape, StructId, Table, TypeId, table};
use rollout_api::{Minor, Order};

/// `Struct.field|text` (`*` is any struct), `=Kind|text`, `~Type|values`, `!Struct.field` (required, or not).
const TEXTS: &str = include_str!("explain.txt");
/// How deep `--recursive` goes.
const DEEPEST: usize = 15;
/// Where descriptions are wrapped.
const WIDTH: usize = 76;

/// The text behind a key of the table.
fn text_of(mark: &str, of: &str, field: &str) -> Option<&'static str> {
    TEXTS.lines().find_map(|line| {
        let rest = line.strip_prefix(mark)?.strip_prefix(of)?;
        rest.strip_prefix(field)?.strip_prefix('|')
    })
}

fn description(of: &str, field: &str) -> &'static str {
    let name = format!(".{field}");
    text_of("", of, &name)
        .or_else(|| text_of("", "*", &name))
        .unwrap_or("<no description>")
}

/// Values of a type that is one of a few.
fn choices(t: &'static Table, ty: TypeId) -> &'static str {
    let ty = t.ty(t.target(ty));
    match ty.shape {
        Shape::String => text_of("~", ty.text(), "").unwrap_or(""),
        _ => "",
    }
}

/// The type as kubectl names it, without its brackets.
fn type_name(t: &'static Table, ty: TypeId) -> String {
    match t.ty(ty).shape {
        Shape::String | Shape::Bytes | Shape::Time | Shape::MicroTime => "string".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::Int32 | Shape::Int64 => "integer".to_owned(),
        Shape::Quantity => "Quantity".to_owned(),
        Shape::IntOrString => "IntOrString".to_owned(),
        Shape::Any if t.ty(ty).text().ends_with("FieldsV1") => "FieldsV1".to_owned(),
        Shape::Any => "Object".to_owned(),
        Shape::Struct(id) => t.structure(id).go_name().to_owned(),
        Shape::Pointer(to) => type_name(t, to),
        Shape::List(of) => format!("[]{}", type_name(t, of)),
        Shape::Map(of) => format!("map[string]{}", type_name(t, of)),
    }
}

/// The struct behind pointers, lists and maps.
fn structure(t: &'static Table, ty: TypeId) -> Option<StructId> {
    match t.ty(ty).shape {
        Shape::Struct(id) => Some(id),
        Shape::Pointer(to) | Shape::List(to) | Shape::Map(to) => structure(t, to),
        _ => None,
    }
}

/// Fields in order of their JSON names, those of embedded structs among them.
fn fields(t: &'static Table, id: StructId, minor: Minor) -> Vec<&'static Field> {
    let mut out: Vec<&'static Field> = Vec::new();
    for field in t.structure(id).fields(minor) {
        match structure(t, field.ty).filter(|_| field.is_embedded()) {
            Some(inner) => out.extend(fields(t, inner, minor)),
            None if field.is_embedded() => {}
            None => out.push(field),
        }
    }
    out.order_by(|a, b| a.json.cmp(b.json));
    out
}

/// A field and its type, with the values it may have.
fn head(t: &'static Table, of: StructId, field: &Field, indent: usize, out: &mut String) {
    let of = t.structure(of).go_name();
    let name = format!(".{}", field.json);
    let other = TEXTS.lines().any(|line| {
        let rest = line.strip_prefix('!').and_then(|l| l.strip_prefix(of));
        rest.is_some_and(|r| r == name)
    });
    for _ in 0..indent {
        out.push_str("  ");
    }
    out.push_str(field.json);
    out.push_str("\t<");
    out.push_str(&type_name(t, field.ty));
    out.push('>');
    if field.always != other {
        out.push_str(" -required-");
    }
    out.push('\n');
    let values = choices(t, field.ty);
    if values.is_empty() {
        return;
    }
    for _ in 0..indent {
        out.push_str("  ");
    }
    out.push_str("enum: ");
    for (i, value) in values.split(", ").enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if i == 4 {
            out.push_str("....");
            break;
        }
        out.push_str(value);
    }
    out.push('\n');
}

fn wrapped(text: &str, out: &mut String) {
    let mut column = 0;
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.len() <= WIDTH {
            out.push(' ');
            column += 1;
        } else {
            out.push_str(if column == 0 { "    " } else { "\n    " });
            column = 0;
        }
        out.push_str(word);
        column += word.len();
    }
    out.push('\n');
}

fn all_fields(t: &'static Table, id: StructId, minor: Minor, depth: usize, out: &mut String) {
    for field in fields(t, id, minor) {
        head(t, id, field, depth, out);
        if let Some(inner) = structure(t, field.ty).filter(|i| depth < DEEPEST && *i != id) {
            all_fields(t, inner, minor, depth + 1, out);
        }
    }
}

/// The resource at the beginning of a path, and the fields behind it: `deployments.apps.spec` too.
fn resource_and_fields(path: &str, minor: Minor) -> Option<(&'static Resource, &str)> {
    let (word, rest) = path.split_once('.').unwrap_or((path, ""));
    let resource = kinds::of_word(word, minor)?;
    let group = rest.strip_prefix(resource.group);
    let group = group.filter(|_| !resource.group.is_empty());
    match group {
        Some("") => Some((resource, "")),
        Some(r) if r.starts_with('.') => Some((resource, &r[1..])),
        _ => Some((resource, rest)),
    }
}

/// `explain`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let Some(path) = args.first() else {
        return Err(Failure::text(
            "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    };
    if args.len() > 1 {
        return Err(Failure::text(
            "We accept only this format: explain RESOURCE",
        ));
    }
    let Some((resource, names)) = resource_and_fields(path, ctx.minor()) else {
        let word = path.split('.').next().unwrap_or("");
        return Err(Failure::Raw(format!(
            "the server doesn't have a resource type {}",
            quoted(word)
        )));
    };
    let minor = ctx.client.version();
    let output = ctx.flags.text_or("output", "plaintext").to_owned();
    if !output.starts_with("plaintext") {
        return Err(Failure::text(format!("unrecognized format: {output}")));
    }
    let wanted = ctx.flags.text("api-version").to_owned();
    let version = wanted.rsplit('/').next().filter(|v| !v.is_empty());
    let version = version
        .unwrap_or_else(|| resource.version(minor).unwrap_or("v1"))
        .to_owned();
    let served = resource.versions(minor).any(|v| v == version);
    if !wanted.is_empty() && (!served || resource.api_version_of(&version) != wanted) {
        return Err(Failure::text(match wanted.split_once('/') {
            Some(_) => format!(
                "couldn't find resource for \"{wanted}, Resource={}\"",
                resource.plural
            ),
            None => format!(
                "GVR (/{wanted}, Resource={}) not found in OpenAPI schema",
                resource.plural
            ),
        }));
    }
    let mut text = String::new();
    if !resource.group.is_empty() {
        text.push_str(&format!("GROUP:      {}\n", resource.group));
    }
    text.push_str(&format!(
        "KIND:       {}\nVERSION:    {version}\n\n",
        resource.kind.0
    ));
    let t = table();
    let mut place = t.object(&resource.api_version_of(&version), resource.kind.0);
    let mut last: Option<(&'static str, &'static Field)> = None;
    let mut names = names.split('.').filter(|p| !p.is_empty()).peekable();
    while let Some(name) = names.next() {
        let found = place.and_then(|id| {
            let all = fields(t, id, minor);
            let field = all.into_iter().find(|f| f.json == name)?;
            Some((t.structure(id).go_name(), field))
        });
        let Some((of, field)) = found else {
            let name = names.last().unwrap_or(name);
            ctx.print(&text);
            return Err(Failure::text(format!(
                "field {} does not exist",
                quoted(name)
            )));
        };
        last = Some((of, field));
        place = structure(t, field.ty);
    }
    let about = match last {
        None => text_of("=", resource.kind.0, "").unwrap_or("<no description>"),
        Some((of, field)) => {
            text.push_str(&format!(
                "FIELD: {} <{}>\n",
                field.json,
                type_name(t, field.ty)
            ));
            let values = choices(t, field.ty);
            text.push_str(if values.is_empty() { "\n" } else { "ENUM:\n" });
            for value in values.split(", ").filter(|v| !v.is_empty()) {
                text.push_str("    ");
                text.push_str(value);
                text.push('\n');
            }
            text.push('\n');
            description(of, field.json)
        }
    };
    text.push_str("DESCRIPTION:\n");
    wrapped(about, &mut text);
    text.push_str("    \n");
    if let Some(id) = place {
        text.push_str("FIELDS:\n");
        if ctx.flags.on("recursive") {
            all_fields(t, id, minor, 1, &mut text);
        } else {
            for field in fields(t, id, minor) {
                head(t, id, field, 1, &mut text);
                wrapped(
                    description(t.structure(id).go_name(), field.json),
                    &mut text,
                );
                text.push('\n');
            }
        }
    }
    text.push('\n');
    ctx.print(&text);
    Ok(Next::Done)
}
