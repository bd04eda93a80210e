//! Changes of one field in the text, which keep its layout and comments.

use crate::documents::{Document, documents};
use crate::emit::to_yaml;
use crate::tree::{Node, NodeKind, Span, Style, parse};
use rollout_api::decode::Step;
use rollout_api::json::to_json;
use rollout_api::{Map, Minor, Str, Value};
use std::rc::Rc;

/// Why a text was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditError {
    /// There is no such document, or it cannot be read.
    NoDocument,
    /// The path leads through something that is no list or map, or to an item that is not there.
    NoPlace,
}

/// The steps of `spec.template.spec.containers.0.image`: numbers are items of lists.
pub fn steps(path: &str) -> Vec<Step> {
    path.split('.')
        .map(|part| match part.parse::<usize>() {
            Ok(i) => Step::Index(i),
            Err(_) => Step::Key(Str::copy(part)),
        })
        .collect()
}

/// Sets a field of a document (counted from 0), making the maps on the way.
pub fn set(text: &str, document: usize, path: &[Step], value: &Value) -> Result<String, EditError> {
    change(text, document, path, Some(value))
}

/// Takes a field out of a document.
pub fn remove(text: &str, document: usize, path: &[Step]) -> Result<String, EditError> {
    change(text, document, path, None)
}

fn change(
    text: &str,
    document: usize,
    path: &[Step],
    value: Option<&Value>,
) -> Result<String, EditError> {
    let docs = documents(text.as_bytes(), Minor::V1_32);
    let doc = docs.get(document).ok_or(EditError::NoDocument)?;
    let before = doc.value().ok_or(EditError::NoDocument)?;
    let mut wanted = before.clone();
    apply(&mut wanted, path, value).ok_or(EditError::NoPlace)?;
    if wanted == *before {
        return Ok(text.to_owned());
    }
    if let Some(edited) = rewrite(text, doc, path, value) {
        let again = documents(edited.as_bytes(), Minor::V1_32);
        if again.len() == docs.len()
            && again.get(document).and_then(Document::value) == Some(&wanted)
        {
            return Ok(edited);
        }
    }
    // A layout that cannot be kept: the document is written anew.
    let mut out = text[..doc.span.start].to_owned();
    let old = &text[doc.span.start..doc.span.end];
    if old.starts_with("---") {
        out.push_str("---\n");
    }
    out.push_str(&to_yaml(&wanted));
    out.push_str(&text[doc.span.end..]);
    Ok(out)
}

/// The change as it is on the value.
fn apply(root: &mut Value, path: &[Step], value: Option<&Value>) -> Option<()> {
    let (last, rest) = path.split_last()?;
    let mut at = root;
    for step in rest {
        at = match step {
            Step::Key(key) => match at {
                Value::Map(_) | Value::Null => {
                    if value.is_none() && at.get(key).is_none() {
                        return Some(());
                    }
                    at.map_mut().entry(key, Value::object)
                }
                _ => return None,
            },
            Step::Index(i) => match at {
                Value::List(_) => at.list_mut().get_mut(*i)?,
                _ => return None,
            },
        };
    }
    match (last, at, value) {
        (Step::Key(key), at @ (Value::Map(_) | Value::Null), Some(value)) => {
            at.map_mut().insert(key, value);
        }
        (Step::Key(key), at @ Value::Map(_), None) => {
            at.map_mut().remove(key);
        }
        (Step::Key(_), Value::Null, None) => {}
        (Step::Index(i), at @ Value::List(_), Some(value)) => {
            *at.list_mut().get_mut(*i)? = value.clone()
        }
        (Step::Index(i), at @ Value::List(_), None) => {
            if *i >= at.as_list().len() {
                return None;
            }
            at.list_mut().remove(*i);
        }
        _ => return None,
    }
    Some(())
}

/// The change as it is on the text; `None` if it is not that easy.
fn rewrite(text: &str, doc: &Document, path: &[Step], value: Option<&Value>) -> Option<String> {
    let root = doc.tree()?;
    let mut node: &Rc<Node> = root;
    for (i, step) in path.iter().enumerate() {
        if matches!(node.kind, NodeKind::Alias { .. }) {
            return None;
        }
        let next = match step {
            Step::Key(key) => node.get(key),
            Step::Index(at) => node.items().get(*at),
        };
        match next {
            Some(next) if i + 1 < path.len() => node = next,
            Some(next) => {
                return match value {
                    Some(value) => replace(text, doc, node, &path[i], next, value),
                    None => take_out(text, doc, node, &path[i]),
                };
            }
            None => {
                let value = value?;
                let Step::Key(key) = step else { return None };
                let mut inner = value.clone();
                for step in path[i + 1..].iter().rev() {
                    let Step::Key(key) = step else { return None };
                    inner = Map::from_iter([(key.clone(), inner)]).into();
                }
                return insert(text, doc, node, key, &inner);
            }
        }
    }
    None
}

/// Does this value fit behind its key on one line?
fn inline(value: &Value) -> Option<String> {
    let empty = value.is_empty();
    match value {
        Value::List(_) | Value::Map(_) if !empty => None,
        Value::String(s) if s.contains('\n') || s.len() > 60 => None,
        value => Some(to_yaml(value).trim_end().to_owned()),
    }
}

fn splice(text: &str, span: Span, with: &str) -> String {
    format!("{}{with}{}", &text[..span.start], &text[span.end..])
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |i| i + 1)
}

/// Behind the newline of the line that holds the byte before `at`.
fn line_end(text: &str, at: usize) -> usize {
    if at > 0 && text.as_bytes()[at - 1] == b'\n' {
        return at;
    }
    text[at..].find('\n').map_or(text.len(), |i| at + i + 1)
}

/// The newline the text uses.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// `key: value` as lines, all but the first indented.
fn entry_text(text: &str, key: &str, value: &Value, indent: usize) -> String {
    let yaml = to_yaml(&Map::from_iter([(Str::copy(key), value.clone())]).into());
    let separator = format!("{}{}", newline(text), " ".repeat(indent));
    let lines: Vec<&str> = yaml.trim_end().split('\n').collect();
    lines.join(&separator)
}

fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

fn replace(
    text: &str,
    doc: &Document,
    parent: &Node,
    step: &Step,
    old: &Node,
    value: &Value,
) -> Option<String> {
    let span = doc.place(old.span);
    if parent.is_flow() || is_json(text, doc) {
        return Some(splice(text, span, &to_json(value)));
    }
    let plain_old = matches!(&old.kind, NodeKind::Scalar { style, .. } if !matches!(style, Style::Literal | Style::Folded))
        || old.is_flow()
        || matches!(old.kind, NodeKind::Alias { .. });
    if let (true, Some(new)) = (plain_old, inline(value)) {
        // Quotes are kept where the author likes them.
        let new = match (&old.kind, value) {
            (
                NodeKind::Scalar {
                    style: Style::Double,
                    ..
                },
                Value::String(_),
            ) => to_json(value),
            (
                NodeKind::Scalar {
                    style: Style::Single,
                    ..
                },
                Value::String(s),
            ) if !s.contains('\n') => {
                format!("'{}'", s.replace('\'', "''"))
            }
            _ => new,
        };
        if span.start == span.end {
            // `key:` with nothing behind it.
            return Some(splice(text, span, &format!(" {new}")));
        }
        return Some(splice(text, span, &new));
    }
    let Step::Key(key) = step else { return None };
    let entry = parent.entry(key)?;
    let start = doc.place(entry.key.span).start;
    let new = entry_text(text, key, value, column(text, start));
    let ended = text[..span.end].ends_with('\n');
    let new = if ended {
        format!("{new}{}", newline(text))
    } else {
        new
    };
    Some(splice(
        text,
        Span {
            start,
            end: span.end.max(start),
        },
        &new,
    ))
}

fn is_json(text: &str, doc: &Document) -> bool {
    text[doc.span.start..doc.span.end]
        .trim_start()
        .starts_with('{')
}

fn insert(text: &str, doc: &Document, map: &Node, key: &str, value: &Value) -> Option<String> {
    let span = doc.place(map.span);
    match &map.kind {
        NodeKind::Map {
            entries,
            flow: true,
        } => {
            let new = format!("{}: {}", to_json(&Value::text(key)), to_json(value));
            let at = span.end - 1;
            let new = match entries.last() {
                Some(last) => {
                    let at = doc
                        .place(last.value.span)
                        .end
                        .max(doc.place(last.key.span).end);
                    return Some(splice(
                        text,
                        Span { start: at, end: at },
                        &format!(", {new}"),
                    ));
                }
                None => new,
            };
            Some(splice(text, Span { start: at, end: at }, &new))
        }
        NodeKind::Map {
            entries,
            flow: false,
        } => {
            let first = doc.place(entries.first()?.key.span).start;
            let indent = column(text, first);
            let end = line_end(text, span.end);
            let nl = newline(text);
            let lead = if text[..end].ends_with('\n') { "" } else { nl };
            let new = entry_text(text, key, value, indent);
            Some(splice(
                text,
                Span { start: end, end },
                &format!("{lead}{}{new}{nl}", " ".repeat(indent)),
            ))
        }
        _ => None,
    }
}

fn take_out(text: &str, doc: &Document, parent: &Node, step: &Step) -> Option<String> {
    // The pieces between which the field stands.
    let pieces: Vec<Span> = match &parent.kind {
        NodeKind::Map { entries, .. } => entries
            .iter()
            .map(|e| {
                let (key, value) = (doc.place(e.key.span), doc.place(e.value.span));
                Span {
                    start: key.start,
                    end: value.end.max(key.end),
                }
            })
            .collect(),
        NodeKind::List { items, .. } => items.iter().map(|n| doc.place(n.span)).collect(),
        _ => return None,
    };
    let at = match step {
        Step::Key(key) => parent
            .entries()
            .iter()
            .rposition(|e| e.key.text() == Some(key))?,
        Step::Index(i) => *i,
    };
    let piece = *pieces.get(at)?;
    if pieces.len() == 1 {
        let empty = if matches!(parent.kind, NodeKind::List { .. }) {
            "[]"
        } else {
            "{}"
        };
        let mut span = doc.place(parent.span);
        if !parent.is_flow() {
            // From behind the key of the parent on: `key: {}`.
            let before = text[..span.start].trim_end();
            if !before.ends_with(':') {
                return None;
            }
            span = Span {
                start: before.len(),
                end: text[..span.end].trim_end().len(),
            };
            return Some(splice(text, span, &format!(" {empty}")));
        }
        return Some(splice(text, span, empty));
    }
    if parent.is_flow() {
        let span = match (
            pieces.get(at + 1),
            at.checked_sub(1).and_then(|i| pieces.get(i)),
        ) {
            (Some(next), _) => Span {
                start: piece.start,
                end: next.start,
            },
            (None, Some(previous)) => Span {
                start: previous.end,
                end: piece.end,
            },
            (None, None) => piece,
        };
        return Some(splice(text, span, ""));
    }
    let start = line_start(text, piece.start);
    let lead = &text[start..piece.start];
    let own_line = match step {
        Step::Key(_) => lead.bytes().all(|b| b == b' '),
        Step::Index(_) => lead.trim() == "-",
    };
    if own_line {
        return Some(splice(
            text,
            Span {
                start,
                end: line_end(text, piece.end),
            },
            "",
        ));
    }
    // The first field of a list's item: the next one moves up behind the dash.
    let next = pieces.get(at + 1)?;
    Some(splice(
        text,
        Span {
            start: piece.start,
            end: next.start,
        },
        "",
    ))
}

/// Does the text still read as YAML? For callers that build on several changes.
pub fn is_readable(text: &str) -> bool {
    parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# my app
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {a: b}} # inline
spec:
  replicas: 3   # three
  strategy:
    type: RollingUpdate
    # room
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    spec:
      containers:
      - name: web
        image: \"nginx:1\"
        ports: []
      - image: side
        name: side
";

    fn set_to(path: &str, value: impl Into<Value>) -> String {
        set(TEXT, 0, &steps(path), &value.into()).unwrap()
    }

    fn diff(new: &str) -> Vec<String> {
        let old: Vec<&str> = TEXT.lines().collect();
        new.lines()
            .filter(|l| !old.contains(l))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn scalars_change_in_place() {
        assert_eq!(
            diff(&set_to("spec.replicas", 5)),
            ["  replicas: 5   # three"]
        );
        assert_eq!(
            diff(&set_to("spec.template.spec.containers.0.image", "nginx:2")),
            ["        image: \"nginx:2\""]
        );
        assert_eq!(
            diff(&set_to("metadata.name", "x")),
            ["metadata: {name: \"x\", labels: {a: b}} # inline"]
        );
        assert_eq!(
            diff(&set_to("metadata.labels.c", "d")),
            ["metadata: {name: web, labels: {a: b, \"c\": \"d\"}} # inline"]
        );
    }

    #[test]
    fn missing_fields_are_added_where_they_belong() {
        assert_eq!(diff(&set_to("spec.paused", true)), ["  paused: true"]);
        assert_eq!(
            diff(&set_to("spec.strategy.rollingUpdate.maxSurge", "25%")),
            ["      maxSurge: 25%"]
        );
        let new = set_to("spec.template.spec.containers.1.resources.limits.cpu", "1");
        assert_eq!(
            diff(&new),
            [
                "        resources:",
                "          limits:",
                "            cpu: \"1\""
            ]
        );
        assert!(new.ends_with("cpu: \"1\"\n"));
    }

    #[test]
    fn fields_are_taken_out_with_their_lines() {
        let new = remove(TEXT, 0, &steps("spec.strategy.rollingUpdate")).unwrap();
        let new = set(&new, 0, &steps("spec.strategy.type"), &"Recreate".into()).unwrap();
        assert_eq!(diff(&new), ["    type: Recreate"]);
        assert!(!new.contains("maxSurge") && new.contains("# room"));
        let new = remove(TEXT, 0, &steps("spec.template.spec.containers.1.image")).unwrap();
        assert!(new.ends_with("      - name: side\n"), "{new}");
        let new = remove(TEXT, 0, &steps("spec.template.spec.containers.0")).unwrap();
        assert!(!new.contains("nginx:1") && new.contains("- image: side"));
        let new = remove(TEXT, 0, &steps("metadata.labels")).unwrap();
        assert!(new.contains("metadata: {name: web} # inline"));
        assert_eq!(remove(TEXT, 0, &steps("spec.nope.x")).unwrap(), TEXT);
    }

    #[test]
    fn a_layout_that_cannot_be_kept_is_written_anew() {
        let text = "a: &x {b: 1}\nc: *x\n";
        let new = set(text, 0, &steps("c.b"), &2.into()).unwrap();
        assert_eq!(
            documents(new.as_bytes(), Minor::V1_32)[0]
                .value()
                .unwrap()
                .int_at("c.b"),
            Some(2)
        );
        assert_eq!(
            set(text, 1, &steps("a"), &1.into()),
            Err(EditError::NoDocument)
        );
        assert_eq!(
            set(text, 0, &steps("a.b.c"), &1.into()),
            Err(EditError::NoPlace)
        );
    }

    #[test]
    fn other_documents_and_json_stay() {
        let text = "a: 1\n---\nb: 2 # x\n---\nc: 3";
        assert_eq!(
            set(text, 1, &steps("b"), &5.into()).unwrap(),
            "a: 1\n---\nb: 5 # x\n---\nc: 3"
        );
        assert_eq!(
            set(text, 2, &steps("d"), &5.into()).unwrap(),
            "a: 1\n---\nb: 2 # x\n---\nc: 3\nd: 5\n"
        );
        let json = "{\n  \"a\": {\"b\": 1}\n}\n";
        assert_eq!(
            set(json, 0, &steps("a.b"), &"x".into()).unwrap(),
            "{\n  \"a\": {\"b\": \"x\"}\n}\n"
        );
    }
}
