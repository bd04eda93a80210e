//! Everything that is wrong with a text at once, each fault at its place: what kubectl and the API server would say.

use crate::diagnostic::{Diagnostic, LineIndex, Severity};
use crate::documents::{Document, Refusal, documents};
use crate::span_map::{Found, find, find_steps};
use crate::tree::{Node, NodeKind, Span};
use rollout_api::Order;
use rollout_api::decode::{self, Decoded, Step, path_text};
use rollout_api::kinds::{self, Resource};
use rollout_api::types::Schema;
use rollout_api::{Minor, Str, Value, validation};
use std::rc::Rc;

/// More than this is noise.
const MOST: usize = 200;

/// Checks a text.
pub fn check(text: &str, minor: Minor) -> Vec<Diagnostic> {
    check_documents(text, &documents(text.as_bytes(), minor), minor)
}

/// Checks the documents of a text that have been read already.
pub fn check_documents(text: &str, docs: &[Document], minor: Minor) -> Vec<Diagnostic> {
    let mut c = Checker {
        lines: LineIndex::new(text),
        minor,
        out: Vec::new(),
    };
    for (number, doc) in docs.iter().enumerate() {
        match &doc.content {
            Err(refusal) => c.refusal(number, refusal),
            Ok(content) if content.value.is_null() => {}
            Ok(content) => {
                let place = Place {
                    number,
                    doc,
                    tree: content.tree.as_ref(),
                    prefix: String::new(),
                };
                if let Some(tree) = &content.tree {
                    c.repeated_keys(&place, tree, 0);
                }
                c.value(&place, &content.value);
            }
        }
        if c.out.len() > MOST {
            break;
        }
    }
    c.out.truncate(MOST);
    c.out.order_by_key(|d| (d.span.start, d.severity));
    c.out
}

struct Checker<'a> {
    lines: LineIndex<'a>,
    minor: Minor,
    out: Vec<Diagnostic>,
}

/// Which object of which document is looked at.
struct Place<'a> {
    number: usize,
    doc: &'a Document,
    tree: Option<&'a Rc<Node>>,
    /// Path of the object in its document (`items[0].`).
    prefix: String,
}

impl Place<'_> {
    fn mark(&self, find: impl FnOnce(&Node) -> Span) -> Span {
        match self.tree {
            Some(tree) => self.doc.place(find(tree)),
            None => Span {
                start: self.doc.span.start,
                end: self.doc.span.start,
            },
        }
    }
}

impl Checker<'_> {
    fn push(
        &mut self,
        number: usize,
        code: &'static str,
        message: String,
        field: String,
        span: Span,
    ) -> &mut Diagnostic {
        let (line, column) = self.lines.position(span.start);
        self.out.push(Diagnostic {
            code,
            severity: Severity::Error,
            message,
            field,
            span,
            line,
            column,
            document: number,
            suggestion: None,
        });
        let last = self.out.len() - 1;
        &mut self.out[last]
    }

    fn refusal(&mut self, number: usize, refusal: &Refusal) {
        let message = refusal
            .message
            .strip_prefix("error converting YAML to JSON: ")
            .unwrap_or(&refusal.message);
        let code = match message {
            m if m.contains("invalid Yaml document separator") => "yaml-separator",
            m if m.starts_with("json: offset") || m == "unexpected EOF" => "json-syntax",
            m if m.contains("octet")
                || m.contains("control characters")
                || m.contains("Unicode") =>
            {
                "not-text"
            }
            m if m.contains("unknown anchor") => "yaml-anchor",
            m if m.contains("invalid map key") => "yaml-braces",
            m if m.contains("tab character") || self.tab_at(refusal.span.start) => "yaml-tab",
            m if m.contains("could not find expected ':'") => "yaml-colon",
            m if m.contains("mapping values are not allowed") => "yaml-nested",
            m if m.contains("unexpected end of stream") => "yaml-quote",
            m if m.contains("cannot start any token") => "yaml-character",
            m if m.contains("',' or") || m.contains("node content") => "yaml-brackets",
            m if m.contains("did not find expected") => "yaml-indent",
            _ => "yaml-syntax",
        };
        // kubectl's line numbers can be one off; the place is exact.
        self.push(
            number,
            code,
            message.to_owned(),
            String::new(),
            refusal.span,
        );
    }

    fn tab_at(&self, at: usize) -> bool {
        self.lines.byte(at) == Some(b'\t')
    }

    /// kubectl takes the last of equal keys, silently.
    fn repeated_keys(&mut self, place: &Place<'_>, node: &Node, depth: usize) {
        if depth > crate::tree::MAX_DEPTH || self.out.len() > MOST {
            return;
        }
        match &node.kind {
            NodeKind::Map { entries, .. } => {
                let mut keys: Vec<&str> = entries.iter().filter_map(|e| e.key.text()).collect();
                keys.order();
                let repeated: Vec<&str> = keys
                    .windows(2)
                    .filter(|w| w[0] == w[1])
                    .map(|w| w[0])
                    .collect();
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    let last = node.entry(key).is_none_or(|e| std::ptr::eq(e, entry));
                    if repeated.contains(&key) && !last && key != "<<" {
                        let span = place.doc.place(entry.key.span);
                        let message =
                            format!("key \"{key}\" is given again below: the last one counts");
                        let d =
                            self.push(place.number, "repeated-key", message, key.to_owned(), span);
                        d.severity = Severity::Warning;
                    }
                    self.repeated_keys(place, &entry.value, depth + 1);
                }
            }
            NodeKind::List { items, .. } => items
                .iter()
                .for_each(|n| self.repeated_keys(place, n, depth + 1)),
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
    }

    fn at(
        &mut self,
        place: &Place<'_>,
        code: &'static str,
        message: String,
        field: &str,
    ) -> &mut Diagnostic {
        let span = place.mark(|tree| find(tree, field).mark());
        let field = format!("{}{field}", place.prefix);
        self.push(place.number, code, message, field, span)
    }

    fn value(&mut self, place: &Place<'_>, value: &Value) {
        let Value::Map(map) = value else {
            self.at(
                place,
                "no-object",
                "invalid object to validate".to_owned(),
                "",
            );
            return;
        };
        let mut named = true;
        for field in ["apiVersion", "kind"] {
            let problem = match map.get(field) {
                None | Some(Value::Null) => Some("not set"),
                Some(Value::String(_)) => None,
                Some(_) => Some("isn't string type"),
            };
            if let Some(problem) = problem {
                self.at(place, "no-kind", format!("{field} {problem}"), field);
                named = false;
            }
        }
        if !named {
            return;
        }
        let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
        if kind.ends_with("List")
            && map
                .get("items")
                .is_some_and(|v| matches!(v, Value::List(_)))
        {
            for (i, item) in value.list_at("items").iter().enumerate() {
                let tree = place
                    .tree
                    .and_then(|t| t.get("items"))
                    .and_then(|n| n.items().get(i));
                let prefix = format!("{}items[{i}].", place.prefix);
                let item = of_list(api_version, kind, item);
                let place = Place {
                    number: place.number,
                    doc: place.doc,
                    tree,
                    prefix,
                };
                self.value(&place, &item);
            }
            return;
        }
        match kinds::of_object(api_version, kind, self.minor) {
            Some(resource) => self.object(place, value, resource),
            None => self.unknown_kind(place, api_version, kind),
        }
    }

    fn unknown_kind(&mut self, place: &Place<'_>, api_version: &str, kind: &str) {
        let minor = self.minor;
        let message = format!("no matches for kind \"{kind}\" in version \"{api_version}\"");
        if let Some(resource) = kinds::of_kind_name(kind) {
            let right = resource.api_version(minor);
            self.at(place, "unknown-version", message, "apiVersion")
                .suggestion = Some(right);
            return;
        }
        let served = kinds::resources()
            .iter()
            .filter(|r| r.version(minor).is_some());
        let suggestion = nearest(kind, served.map(|r| r.kind.0));
        self.at(place, "unknown-kind", message, "kind").suggestion = suggestion;
    }

    fn object(&mut self, place: &Place<'_>, value: &Value, resource: &'static Resource) {
        let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
        // Apply does not send nulls.
        let sent = rollout_api::patch::without_nulls(value);
        let Some(decoded) = decode::decode(&sent, api_version, kind, self.minor) else {
            return;
        };
        self.unknown_fields(place, &decoded, api_version, kind);
        if let Some(problem) = &decoded.error {
            let span = place.mark(|tree| find_steps(tree, &problem.path).mark());
            let field = format!("{}{}", place.prefix, path_text(&problem.path));
            self.push(
                place.number,
                "wrong-type",
                problem.text.clone(),
                field,
                span,
            );
            // What is only half read cannot be judged further.
            return;
        }
        self.rules(place, decoded.value, value, resource);
    }

    fn unknown_fields(
        &mut self,
        place: &Place<'_>,
        decoded: &Decoded,
        api_version: &str,
        kind: &str,
    ) {
        let schema = Schema::of_object(api_version, kind, self.minor);
        for problem in &decoded.unknown {
            let span = place.mark(|tree| {
                let found = find_steps(tree, &problem.path);
                found.key.map_or(found.mark(), |key| key.span)
            });
            let field = format!("{}{}", place.prefix, path_text(&problem.path));
            let suggestion = schema.and_then(|s| meant(s, &problem.path));
            self.push(
                place.number,
                "unknown-field",
                problem.text.clone(),
                field,
                span,
            )
            .suggestion = suggestion;
        }
    }

    /// Defaults, then the rules of the kind.
    fn rules(
        &mut self,
        place: &Place<'_>,
        mut object: Value,
        sent: &Value,
        resource: &'static Resource,
    ) {
        rollout_api::defaults::complete(&mut object, resource, self.minor);
        if resource.namespaced && object.str_at("metadata.namespace").is_empty() {
            object.set("metadata.namespace", "default");
        }
        let checked = validation::validate_create(resource.kind, &object, Some(sent), self.minor);
        let Err(error) = checked else {
            for warning in validation::warnings_on_create(resource.kind, &object, self.minor) {
                let field = warning.split(": ").next().unwrap_or_default().to_owned();
                let message = warning
                    .get(field.len() + 2..)
                    .unwrap_or(&warning)
                    .to_owned();
                self.at(place, "warning", message, &field).severity = Severity::Warning;
            }
            return;
        };
        for cause in &error.causes {
            let message = cause.message.to_string();
            let code = match message.split(':').next().unwrap_or_default() {
                "Required value" => "required",
                "Forbidden" => "forbidden",
                "Duplicate value" => "duplicate",
                "Not found" => "not-found",
                "Unsupported value" => "unsupported",
                _ => "invalid",
            };
            let same = |d: &Diagnostic| d.message == message && d.field == *cause.field;
            if !self.out.iter().any(same) {
                self.at(place, code, message, &cause.field);
            }
        }
    }
}

/// An item of a `DeploymentList` need not say what it is; an item of a `List` must.
/// Mirrors `decodeToList`, apimachinery/pkg/apis/meta/v1/unstructured/helpers.go.
fn of_list(api_version: &str, kind: &str, item: &Value) -> Value {
    let mut item = item.clone();
    let named = item.get("kind").is_some() || item.get("apiVersion").is_some();
    if kind != "List" && !named && matches!(item, Value::Map(_)) {
        let map = item.map_mut();
        map.insert("kind", Str::copy(kind.strip_suffix("List").unwrap_or(kind)));
        map.insert("apiVersion", Str::copy(api_version));
    }
    item
}

/// The known field that was perhaps meant by an unknown one.
fn meant(schema: Schema, path: &[Step]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let Step::Key(name) = last else { return None };
    let mut at = schema;
    for step in parents {
        at = match step {
            Step::Key(key) => at
                .field(key)
                .map(|(field, _)| field)
                .or_else(|| at.item())?,
            Step::Index(_) => at.item()?,
        };
    }
    let names = at.json_names();
    if let Some(near) = nearest(name, names.iter().copied()) {
        return Some(near);
    }
    // A field of the right name one level too high.
    names.iter().find_map(|child| {
        let (inner, _) = at.field(child)?;
        let found = inner.field(name).is_some();
        found.then(|| format!("{child}.{name}"))
    })
}

/// The word most like another: equal but for case, or at most two letters (of at least four) away.
fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<String> {
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in words {
        let distance = levenshtein(&lower, &candidate.to_lowercase());
        let limit = if word.len() < 4 { 1 } else { 2 };
        if distance <= limit && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, w)| w.to_owned())
}

fn levenshtein(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

/// The place of a field in a text's document, as errors of the API server name it: for marks beside the text.
pub fn place_of(doc: &Document, field: &str) -> Option<Span> {
    let found: Found<'_> = find(doc.tree()?, field);
    Some(doc.place(found.mark()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        check(text, Minor::V1_32)
            .iter()
            .map(|d| {
                let meant = d
                    .suggestion
                    .as_deref()
                    .map_or(String::new(), |s| format!(" ({s}?)"));
                format!(
                    "{}:{} {} {:?}{meant}",
                    d.line,
                    d.column,
                    d.code,
                    &text[d.span.start..d.span.end]
                )
            })
            .collect()
    }

    #[test]
    fn faults_at_their_places() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  name: web\nspec:\n  replica: 3\n  replicas: x\n---\nkind: Deploymnt\napiVersion: apps/v1\n---\na: [\n---\n# nothing\n---\nhello\n";
        assert_eq!(
            found(text),
            [
                "4:3 repeated-key \"name\"",
                "7:3 unknown-field \"replica\" (replicas?)",
                "8:13 wrong-type \"x\"",
                "10:7 unknown-kind \"Deploymnt\" (Deployment?)",
                "14:1 yaml-brackets \"-\"",
                "17:1 no-object \"hello\"",
            ]
        );
    }

    #[test]
    fn fields_on_the_wrong_level_are_recognised() {
        let text = "apiVersion: apps/v1beta1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: Deployment\nreplicas: 3\nspec:\n  Replicas: 3\n";
        assert_eq!(
            found(text),
            [
                "1:13 unknown-version \"apps/v1beta1\" (apps/v1?)",
                "5:1 required \"kind\"",
                "6:1 unknown-field \"replicas\" (spec.replicas?)",
                "7:1 required \"spec\"",
                "7:1 invalid \"spec\"",
                "7:1 required \"spec\"",
                "8:3 unknown-field \"Replicas\" (replicas?)",
            ]
        );
    }
}
