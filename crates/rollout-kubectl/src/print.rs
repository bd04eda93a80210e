//! `-o`: the output formats that print objects.

use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::gotemplate::{self, Template};
use crate::jsonpath::{self, JsonPath};
use crate::{go, table};
use rollout_api::Order;
use rollout_api::json::{Html, to_json_pretty};
use rollout_api::kinds::Resource;
use rollout_api::{Minor, Value, object};

/// An output format.
#[derive(Clone, Debug)]
pub enum Format {
    /// Tables and messages.
    Human {
        /// `-o wide`
        wide: bool,
    },
    /// `-o json`
    Json,
    /// `-o yaml`
    Yaml,
    /// `-o name`
    Name,
    /// `-o jsonpath=…`: the template and its text.
    JsonPath(JsonPath, String),
    /// `-o jsonpath-as-json=…`
    JsonPathAsJson(JsonPath, String),
    /// `-o go-template=…`: the template and its text.
    Template(Template, String),
    /// `-o custom-columns=…`: headers and paths.
    Columns(Vec<(String, JsonPath)>),
}

impl Format {
    /// Is it a table (or a message)?
    pub fn is_human(&self) -> bool {
        matches!(self, Format::Human { .. })
    }
}

/// Reads `-o` of a command that prints messages.
pub fn of_flags(ctx: &Ctx<'_, '_>) -> Res<Format> {
    read(ctx, ctx.flags.text("output"), false)
}

/// Reads `-o`; with `tables`, also `wide` and custom columns.
pub fn read(ctx: &Ctx<'_, '_>, output: &str, tables: bool) -> Res<Format> {
    let (name, mut arg) = match output.split_once('=') {
        Some((n, a)) => (n, a.to_owned()),
        None => (output, String::new()),
    };
    let template_flag = ctx.flags.text("template").to_owned();
    let mut name = name.to_owned();
    if name.is_empty() && !template_flag.is_empty() {
        name = "go-template".to_owned();
    }
    if arg.is_empty() {
        arg = template_flag;
    }
    let file = |path: &str| -> Res<String> {
        let what = if name.starts_with("custom") {
            "template"
        } else {
            "--template"
        };
        ctx.io.files.get(path).cloned().ok_or_else(|| {
            Failure::text(format!(
                "error reading {what} {path}, open {path}: no such file or directory\n"
            ))
        })
    };
    let strict = !ctx.flags.on_or("allow-missing-template-keys", true);
    Ok(match name.as_str() {
        "" => Format::Human { wide: false },
        "wide" if tables => Format::Human { wide: true },
        "json" if !output.contains('=') => Format::Json,
        "yaml" if !output.contains('=') => Format::Yaml,
        "kyaml" if ctx.minor() >= Minor::V1_36 => Format::Json,
        "name" if !output.contains('=') => Format::Name,
        "jsonpath" | "jsonpath-file" | "jsonpath-as-json" => {
            if arg.is_empty() {
                return Err(Failure::text(
                    "template format specified but no template given",
                ));
            }
            if name == "jsonpath-file" {
                arg = file(&arg)?;
            }
            let mut path = JsonPath::parse(&arg)
                .map_err(|e| Failure::text(format!("error parsing jsonpath {arg}, {e}\n")))?;
            path.strict = strict;
            if name == "jsonpath-as-json" {
                Format::JsonPathAsJson(path, arg)
            } else {
                Format::JsonPath(path, arg)
            }
        }
        "go-template" | "go-template-file" | "template" | "templatefile" => {
            if arg.is_empty() {
                return Err(Failure::text(
                    "template format specified but no template given",
                ));
            }
            if name.ends_with("file") {
                arg = file(&arg)?;
            }
            let t = gotemplate::parse(&arg).map_err(|e| {
                Failure::text(format!(
                    "error parsing template {arg}, template: output:1: {e}\n"
                ))
            })?;
            Format::Template(t, arg)
        }
        "custom-columns" if tables => Format::Columns(columns(&arg)?),
        "custom-columns-file" if tables => {
            let text = file(&arg)?;
            let mut lines = text.lines();
            let heads = lines
                .next()
                .unwrap_or("")
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>();
            let paths = lines
                .next()
                .unwrap_or("")
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>();
            if heads.len() != paths.len() {
                return Err(Failure::text(format!(
                    "number of headers ({}) and field specifications ({}) don't match",
                    heads.len(),
                    paths.len()
                )));
            }
            columns(
                &heads
                    .iter()
                    .zip(&paths)
                    .map(|(h, p)| format!("{h}:{p}"))
                    .collect::<Vec<_>>()
                    .join(","),
            )?
            .pipe(Format::Columns)
        }
        _ => {
            let mut known: Vec<&str> = vec![
                "go-template",
                "go-template-file",
                "json",
                "jsonpath",
                "jsonpath-as-json",
                "jsonpath-file",
                "name",
                "template",
                "templatefile",
                "yaml",
            ];
            if tables {
                known.extend(["custom-columns", "custom-columns-file", "wide"]);
            }
            if ctx.minor() >= Minor::V1_36 {
                known.push("kyaml");
            }
            known.order();
            return Err(Failure::text(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {}",
                quoted(output),
                known.join(",")
            )));
        }
    })
}

trait Pipe: Sized {
    fn pipe<T>(self, f: impl FnOnce(Self) -> T) -> T {
        f(self)
    }
}
impl<T> Pipe for Vec<T> {}

fn columns(spec: &str) -> Res<Vec<(String, JsonPath)>> {
    if spec.is_empty() {
        return Err(Failure::text(
            "custom-columns format specified but no custom columns given",
        ));
    }
    let mut out = Vec::new();
    for part in spec.split(',') {
        let Some((head, path)) = part.split_once(':') else {
            return Err(Failure::text(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            )));
        };
        let path = jsonpath::relaxed(path).map_err(Failure::text)?;
        out.push((
            head.to_owned(),
            JsonPath::parse(&path).map_err(Failure::text)?,
        ));
    }
    Ok(out)
}

/// Removes what is hidden without `--show-managed-fields`.
pub fn visible(object: &Value, ctx: &Ctx<'_, '_>) -> Value {
    let mut v = object.clone();
    if !ctx.flags.on("show-managed-fields") && v.at("metadata.managedFields").is_some() {
        v.remove("metadata.managedFields");
    }
    v
}

/// A `List` of objects as kubectl makes it.
pub fn list_of(objects: Vec<Value>) -> Value {
    object! { "apiVersion" => "v1", "items" => Value::list(objects), "kind" => "List", "metadata" => object! { "resourceVersion" => "" } }
}

/// Prints objects one after another.
#[derive(Clone, Debug)]
pub struct Printer {
    format: Format,
    printed: usize,
    no_headers: bool,
    strict: bool,
    /// JSON in the order of Go's structs instead of sorted keys.
    pub typed: Option<Minor>,
    layout: table::Layout,
}

impl Printer {
    /// A printer of a format.
    pub fn new(format: Format, ctx: &Ctx<'_, '_>) -> Printer {
        Printer {
            format,
            printed: 0,
            no_headers: ctx.flags.on("no-headers"),
            strict: !ctx.flags.on_or("allow-missing-template-keys", true),
            typed: None,
            layout: table::Layout::default(),
        }
    }

    /// The text of one more object (or `List`).
    pub fn text(&mut self, resource: Option<&Resource>, object: &Value) -> Res<String> {
        self.printed += 1;
        let name = |o: &Value| {
            let r = rollout_api::kinds::of_object(
                o.str_at("apiVersion"),
                o.str_at("kind"),
                Minor::NEWEST,
            )
            .or(None);
            let title = match (r, resource) {
                (Some(r), _) => r.singular_group(),
                (None, Some(r)) => r.singular_group(),
                (None, None) => o.str_at("kind").to_lowercase(),
            };
            format!("{title}/{}\n", o.str_at("metadata.name"))
        };
        Ok(match &self.format {
            Format::Human { .. } => String::new(),
            Format::Json => match self.typed {
                Some(minor) => crate::typed::to_json(object, minor) + "\n",
                None => to_json_pretty(object, "    ", Html::Escaped) + "\n",
            },
            Format::Yaml => {
                let separator = if self.printed > 1 { "---\n" } else { "" };
                format!("{separator}{}", yaml(object))
            }
            Format::Name => {
                if is_list(object) {
                    object.list_at("items").iter().map(name).collect()
                } else {
                    name(object)
                }
            }
            Format::JsonPath(path, text) => path
                .print(object)
                .map_err(|e| jsonpath_failure(&e, text, object))?,
            Format::JsonPathAsJson(path, text) => path
                .print_json(object)
                .map_err(|e| jsonpath_failure(&e, text, object))?,
            Format::Template(t, text) => t
                .run(object, self.strict)
                .map_err(|e| template_failure(&e, text, object))?,
            Format::Columns(columns) => {
                let mut rows = Vec::new();
                if self.printed == 1 && !self.no_headers {
                    rows.push(columns.iter().map(|c| c.0.clone()).collect());
                }
                let one = std::slice::from_ref(object);
                let items = if is_list(object) {
                    object.list_at("items")
                } else {
                    one
                };
                for item in items {
                    let mut row = Vec::new();
                    for (_, path) in columns {
                        let found = match path.find(item) {
                            Ok(found) => found,
                            Err(text) => {
                                let stdout = self.layout.lines(&rows);
                                return Err(Failure::Shown { stdout, text });
                            }
                        };
                        let cells: Vec<String> =
                            found.into_iter().flatten().map(|v| cell(&v)).collect();
                        row.push(if cells.is_empty() {
                            "<none>".to_owned()
                        } else {
                            cells.join(",")
                        });
                    }
                    rows.push(row);
                }
                self.layout.lines(&rows)
            }
        })
    }
}

fn is_list(o: &Value) -> bool {
    o.str_at("kind").ends_with("List") && o.get("items").is_some()
}

fn cell(v: &Value) -> String {
    let mut s = String::new();
    if v.is_null() {
        return "<nil>".to_owned();
    }
    go::plain(v, &mut s);
    s
}

fn jsonpath_failure(e: &str, template: &str, object: &Value) -> Failure {
    let mut dump = String::new();
    go::dump(object, &mut dump);
    Failure::text(format!(
        "error executing jsonpath {}: Error executing template: {e}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{dump}\n\n\n",
        quoted(template)
    ))
}

fn template_failure(e: &str, template: &str, object: &Value) -> Failure {
    let mut dump = String::new();
    go::plain(object, &mut dump);
    let json = rollout_api::json::to_json_go(object);
    let error = format!("template: output:1: executing \"output\" at <{template}>: {e}");
    // What helps to find the mistake goes to stdout.
    Failure::Shown {
        stdout: format!(
            "Error executing template: {error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\traw data was:\n\t\t{json}\n\tobject given to template engine was:\n\t\t{dump}\n\n"
        ),
        text: format!("error executing template {}: {error}", quoted(template)),
    }
}

/// YAML as kubectl writes it.
pub fn yaml(v: &Value) -> String {
    rollout_manifest::emit::to_yaml(v)
}
