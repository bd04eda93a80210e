//! The manifest beside the drawing: lit lines with resolved numbers, filled-in defaults, problems with their places.

use crate::cluster::Rollout;
use crate::fields;
use crate::model::*;
use rollout_api::Order;
use rollout_api::Value;
use rollout_api::intstr::IntOrString;
use rollout_manifest::documents::{Document, documents};
use rollout_manifest::edit;
use rollout_manifest::tree::{Node, Span as Bytes};
use rollout_session::Session;

/// Texts above this are not looked at while typing.
const MAX_LIVE_TEXT: usize = 256 * 1024;

/// Notes on a text.
pub fn manifest(session: &Session, rollout: Option<&Rollout>, text: &str) -> ManifestView {
    let file = rollout_session::file_name(text);
    let held = session.files().get(&file);
    let applied = text.trim().is_empty()
        || held
            .is_some_and(|t| t == text || live_text(session, t).is_some_and(|live| live == text));
    let mut view = ManifestView {
        file,
        notes: Vec::new(),
        places: Vec::new(),
        filled_in: Vec::new(),
        diagnostics: Vec::new(),
        summary: String::new(),
        has_errors: false,
        applied,
        fields: Vec::new(),
        proposal: None,
        strategy: None,
    };
    if text.len() > MAX_LIVE_TEXT {
        view.summary = format!("{} kB: read when applied", text.len() / 1024);
        return view;
    }
    let docs = documents(text.as_bytes(), session.config().version);
    let lines = Lines::of(text);
    if let Some((number, doc)) = deployment_document(&docs, rollout) {
        annotate(&mut view, &lines, (number, doc), rollout);
    }
    view.diagnostics
        .extend(crate::problems::of(session, text, &docs, &lines));
    view.diagnostics.order_by_key(|d| (d.line, d.column));
    view.has_errors = view
        .diagnostics
        .iter()
        .any(|d| d.level == DiagnosticLevel::Error);
    view.summary = summary(&view, text);
    view
}

fn summary(view: &ManifestView, text: &str) -> String {
    let count =
        |level: DiagnosticLevel| view.diagnostics.iter().filter(|d| d.level == level).count();
    let cautions =
        view.notes.iter().filter(|n| n.lit == Lit::Note).count() + count(DiagnosticLevel::Caution);
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let mut parts = Vec::new();
    match (count(DiagnosticLevel::Error), text.trim().is_empty()) {
        (_, true) => parts.push("empty".to_owned()),
        (0, false) => parts.push("valid".to_owned()),
        (n, false) => parts.push(plural(n, "error")),
    }
    for (n, word) in [
        (count(DiagnosticLevel::Warning), "warning"),
        (cautions, "caution"),
    ] {
        if n > 0 {
            parts.push(plural(n, word));
        }
    }
    parts.join(", ")
}

/// The text as the cluster has it at the cursor: images and replicas that commands have changed, in the places where the
/// text names them. None: the text says what the cluster has, or is about nothing that is there.
pub fn live_text(session: &Session, text: &str) -> Option<String> {
    if text.len() > MAX_LIVE_TEXT {
        return None;
    }
    let mut now = text.to_owned();
    for (number, doc) in documents(text.as_bytes(), session.config().version)
        .iter()
        .enumerate()
    {
        let Some(value) = doc.value().filter(|v| v.str_at("kind") == "Deployment") else {
            continue;
        };
        let namespace = value
            .shared_str_at("metadata.namespace")
            .unwrap_or("default".into());
        let name = value.shared_str_at("metadata.name").unwrap_or_default();
        let key = rollout_api::ObjectKey::new(rollout_api::Kind::DEPLOYMENT, namespace, name);
        let Some(live) = session.store().get(&key) else {
            continue;
        };
        let mut set = |path: &str, new: &Value| {
            if value
                .at(path)
                .is_some_and(|old| old != new && !old.is_null())
                && let Ok(edited) = edit::set(&now, number, &edit::steps(path), new)
            {
                now = edited;
            }
        };
        if let Some(replicas) = live.value.at("spec.replicas")
            && !is_autoscaled(session, &key)
        {
            set("spec.replicas", replicas);
        }
        for name in ["maxSurge", "maxUnavailable"] {
            let path = format!("spec.strategy.rollingUpdate.{name}");
            if let Some(limit) = live.value.at(&path) {
                set(&path, limit);
            }
        }
        for (i, container) in value
            .list_at("spec.template.spec.containers")
            .iter()
            .enumerate()
        {
            let containers = live.value.list_at("spec.template.spec.containers");
            let same = containers
                .iter()
                .find(|c| c.get("name") == container.get("name"));
            if let Some(image) = same.and_then(|c| c.get("image")) {
                set(&format!("spec.template.spec.containers.{i}.image"), image);
            }
        }
    }
    (now != text).then_some(now)
}

/// Does an autoscaler own the replicas? What it does is no command, and the manifest still says what it says.
fn is_autoscaled(session: &Session, key: &rollout_api::ObjectKey) -> bool {
    let kind = rollout_api::Kind::HORIZONTAL_POD_AUTOSCALER;
    session.store().list_in(kind, &key.namespace).any(|hpa| {
        let target = hpa.value.at("spec.scaleTargetRef");
        target.is_some_and(|t| {
            t.str_at("kind") == "Deployment" && t.str_at("name") == key.name.as_str()
        })
    })
}

/// The Deployment of the text: the one that is shown, else the first.
fn deployment_document<'a>(
    docs: &'a [Document],
    rollout: Option<&Rollout>,
) -> Option<(usize, &'a Document)> {
    let is =
        |(_, d): &(usize, &Document)| d.value().is_some_and(|v| v.str_at("kind") == "Deployment");
    let shown = |(_, d): &(usize, &Document)| {
        d.value()
            .is_some_and(|v| rollout.is_some_and(|r| v.str_at("metadata.name") == r.name()))
    };
    docs.iter()
        .enumerate()
        .filter(is)
        .find(shown)
        .or_else(|| docs.iter().enumerate().find(is))
}

/// Where lines begin.
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    pub fn of(text: &'a str) -> Lines<'a> {
        let starts = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|(_, b)| *b == b'\n')
                    .map(|(i, _)| i + 1),
            )
            .collect();
        Lines { text, starts }
    }
    /// Line and column of a byte, from 1; columns count characters.
    pub fn place(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|s| *s <= byte);
        let start = self.starts[line - 1];
        let column = self.text.get(start..byte).map_or(0, |t| t.chars().count()) + 1;
        (line, column)
    }
    /// A problem at a place.
    pub fn diagnostic(
        &self,
        span: Bytes,
        level: DiagnosticLevel,
        path: &str,
        message: &str,
    ) -> DiagnosticView {
        let (line, column) = self.place(span.start);
        let end = span
            .end
            .min(
                self.starts
                    .get(line)
                    .copied()
                    .unwrap_or(self.text.len() + 1)
                    - 1,
            )
            .max(span.start);
        let length = self
            .text
            .get(span.start..end)
            .map_or(1, |t| t.chars().count())
            .max(1);
        DiagnosticView {
            line,
            column,
            length,
            level,
            path: path.to_owned(),
            message: message.to_owned(),
            help: String::new(),
        }
    }
    fn indent(&self, line: usize) -> usize {
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        self.text
            .get(start..)
            .map_or(0, |t| t.bytes().take_while(|b| *b == b' ').count())
    }
}

/// The node at a path of keys; digits index lists.
pub fn node_at<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.')
        .filter(|p| !p.is_empty())
        .try_fold(root, |node, part| {
            let node = node.resolved()?;
            match part.parse::<usize>() {
                Ok(i) if !node.items().is_empty() => node.items().get(i).map(|n| &**n),
                _ => node.get(part).map(|n| &**n),
            }
        })
}

fn annotate(
    view: &mut ManifestView,
    lines: &Lines<'_>,
    (number, doc): (usize, &Document),
    rollout: Option<&Rollout>,
) {
    let (Some(root), Some(value)) = (doc.tree(), doc.value()) else {
        return;
    };
    let line_of = |path: &str| node_at(root, path).map(|n| lines.place(doc.place(n.span).start).0);
    const FIELDS: [&str; 6] = [
        "spec.replicas",
        "spec.strategy.rollingUpdate.maxSurge",
        "spec.strategy.rollingUpdate.maxUnavailable",
        "spec.minReadySeconds",
        "spec.progressDeadlineSeconds",
        "spec.revisionHistoryLimit",
    ];
    let places = FIELDS.iter().filter_map(|f| Some((*f, line_of(f)?)));
    view.places = places.collect();
    let recreate = value.str_at("spec.strategy.type") == "Recreate";
    view.strategy = Some(
        if recreate {
            "Recreate"
        } else {
            "RollingUpdate"
        }
        .to_owned(),
    );
    let limits = fields::limits_of(value);
    // Sums of a number that is none would be made up.
    let counts = value
        .at("spec.replicas")
        .is_none_or(|v| v.is_null() || v.as_int().is_some());
    if counts {
        view.fields = fields::fields(number, value, &limits);
        let ours = |r: &&Rollout| {
            let namespace = value.str_at("metadata.namespace");
            value.str_at("metadata.name") == r.name()
                && r.object.meta.namespace
                    == *if namespace.is_empty() {
                        "default"
                    } else {
                        namespace
                    }
        };
        view.proposal = rollout
            .filter(ours)
            .filter(|_| !view.applied)
            .and_then(|r| fields::proposal(value, r));
    }
    let mut note = |line: Option<usize>, lit: Lit, text: String| {
        if let Some(line) = line {
            view.notes.push(LineNote { line, lit, text });
        }
    };
    note(
        line_of("spec.replicas"),
        Lit::Limit(vec![Quantity::Ceiling, Quantity::Floor]),
        "desired".to_owned(),
    );
    let mut filled_in = Vec::new();
    if !recreate && counts {
        for (name, quantity) in [
            ("maxSurge", Quantity::Ceiling),
            ("maxUnavailable", Quantity::Floor),
        ] {
            let path = format!("spec.strategy.rollingUpdate.{name}");
            if value
                .at(&path)
                .is_some_and(|v| !v.is_null() && !readable(Some(v)))
            {
                continue;
            }
            let sum = match quantity {
                Quantity::Ceiling => format!(
                    "{} + {} = {}",
                    limits.desired,
                    limits.surge,
                    limits.ceiling()
                ),
                _ => format!(
                    "{} − {} = {}",
                    limits.desired,
                    limits.unavailable,
                    limits.floor()
                ),
            };
            match line_of(&path) {
                Some(line) => note(Some(line), Lit::Limit(vec![quantity]), sum),
                None => {
                    let anchors = [
                        "spec.strategy.rollingUpdate",
                        "spec.strategy",
                        "spec.replicas",
                        "spec.selector",
                    ];
                    let Some(anchor) = anchors.iter().find_map(|a| line_of(a)) else {
                        continue;
                    };
                    filled_in.push(FilledIn {
                        after_line: anchor,
                        text: format!("{name}: 25%"),
                        indent: lines.indent(line_of("spec.replicas").unwrap_or(anchor)) + 4,
                        note: sum,
                        quantities: vec![quantity],
                        path,
                    });
                }
            }
        }
    }
    view.filled_in = filled_in;
    images(view, lines, doc, value, rollout);
    view.notes.order_by_key(|n| n.line);
}

fn readable(v: Option<&Value>) -> bool {
    IntOrString::of(v).is_some_and(|i| i.scaled(1, true).is_some())
}

fn images(
    view: &mut ManifestView,
    lines: &Lines<'_>,
    doc: &Document,
    value: &Value,
    rollout: Option<&Rollout>,
) {
    let Some(root) = doc.tree() else { return };
    let line_of = |path: &str| node_at(root, path).map(|n| lines.place(doc.place(n.span).start).0);
    for (i, container) in value
        .list_at("spec.template.spec.containers")
        .iter()
        .enumerate()
    {
        let image = container.str_at("image");
        let path = format!("spec.template.spec.containers.{i}.image");
        let set = rollout.and_then(|r| {
            r.sets
                .iter()
                .rev()
                .find(|s| s.image() == image)
                .map(|s| (r, s))
        });
        if let (0, Some((r, set)), Some(line)) = (i, set, line_of(&path)) {
            let failing = r
                .counted()
                .any(|p| p.state.is_failing() && r.sets[p.set].name() == set.name());
            let old = r
                .sets
                .iter()
                .filter(|s| s.name() != set.name())
                .max_by_key(|s| (s.size > 0, s.revision));
            let text = match old.filter(|o| o.image() != image) {
                // The cluster was changed past this text, by a command.
                _ if r.image() != image => {
                    format!("now {}", crate::page::tag_words(r.image(), image))
                }
                Some(old) if r.in_flight() => {
                    format!("was {}", crate::page::tag_words(old.image(), image))
                }
                _ => String::new(),
            };
            let lit = if failing {
                Lit::Failing(set.tag())
            } else {
                Lit::Image(set.tag())
            };
            view.notes.push(LineNote { line, lit, text });
        }
        if container.get("readinessProbe").is_none_or(Value::is_null)
            && let Some(line) = line_of(&format!("spec.template.spec.containers.{i}.name"))
        {
            view.notes.push(LineNote {
                line,
                lit: Lit::Note,
                text: "no readiness probe".to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let lines = Lines::of("äb\ncd");
        assert_eq!(lines.place(2), (1, 2));
        assert_eq!(lines.place(4), (2, 1));
        assert_eq!(lines.place(99), (2, 3));
    }
}
