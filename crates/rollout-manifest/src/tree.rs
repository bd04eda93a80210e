//! The span tree: what was written where, with duplicates, order, anchors and styles.

pub use crate::yaml::Style;
use crate::yaml::{EventKind, Events, Mark, Problem};
use rollout_api::Str;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Deepest nesting that is read; go-yaml stops at 10 000, objects need some dozen.
pub const MAX_DEPTH: usize = 128;

/// Bytes from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// One value of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands. A block list or map ends where its last item ends.
    pub span: Span,
    /// `&name`
    pub anchor: Option<Str>,
    /// `!tag`, resolved.
    pub tag: Option<Str>,
    /// What it is.
    pub kind: NodeKind,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Text; its type is not yet decided.
    Scalar {
        /// The text, escapes and folds undone.
        text: Str,
        /// How it was written.
        style: Style,
        /// Plain and without a tag.
        implicit: bool,
    },
    /// A list.
    List {
        /// Its items.
        items: Vec<Rc<Node>>,
        /// Written in `[]`.
        flow: bool,
    },
    /// A map, in the order of the text, with repeated keys.
    Map {
        /// Its entries.
        entries: Vec<Entry>,
        /// Written in `{}`.
        flow: bool,
    },
    /// `*name`
    Alias {
        /// The name.
        name: Str,
        /// What it stands for; `None` if it stands inside of that.
        target: Option<Rc<Node>>,
    },
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Rc<Node>,
    /// The value.
    pub value: Rc<Node>,
}

impl Node {
    /// The node itself, or what an alias stands for.
    pub fn resolved(&self) -> Option<&Node> {
        match &self.kind {
            NodeKind::Alias { target, .. } => target.as_deref().and_then(Node::resolved),
            _ => Some(self),
        }
    }
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.resolved()?.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
    /// The entries of a map, none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match self.resolved().map(|n| &n.kind) {
            Some(NodeKind::Map { entries, .. }) => entries,
            _ => &[],
        }
    }
    /// The items of a list, none for anything else.
    pub fn items(&self) -> &[Rc<Node>] {
        match self.resolved().map(|n| &n.kind) {
            Some(NodeKind::List { items, .. }) => items,
            _ => &[],
        }
    }
    /// The last entry with this key, as the last one counts.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()
            .iter()
            .rev()
            .find(|e| e.key.text() == Some(key))
    }
    /// The value at this key.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|e| &e.value)
    }
    /// Is it a list or map written in brackets?
    pub fn is_flow(&self) -> bool {
        matches!(
            self.kind,
            NodeKind::List { flow: true, .. } | NodeKind::Map { flow: true, .. }
        )
    }
    /// Is it a list or a map?
    pub fn is_collection(&self) -> bool {
        matches!(self.kind, NodeKind::List { .. } | NodeKind::Map { .. })
    }
}

/// Why there is no tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeError {
    /// In go-yaml's words, without `yaml: `.
    pub message: String,
    /// Where it was noticed.
    pub at: usize,
    /// Where the construct in question begins, if known.
    pub context: Option<usize>,
}

impl From<Problem> for TreeError {
    fn from(p: Problem) -> Self {
        TreeError {
            message: p.text(),
            at: p.at.byte,
            context: (p.context != Mark::default()).then_some(p.context.byte),
        }
    }
}

/// Reads the first document of a text without byte order mark; no document at all is `None`.
/// Like go-yaml, it does not look at what follows the first document.
pub fn parse(text: &str) -> Result<Option<Rc<Node>>, TreeError> {
    let mut builder = Builder {
        events: Events::new(text),
        anchors: BTreeMap::new(),
    };
    loop {
        let event = builder.next()?;
        match event.kind {
            EventKind::StreamEnd => return Ok(None),
            EventKind::Start => {}
            kind => {
                let node = builder.node(kind, event.start, event.end, 0)?;
                builder.next()?;
                return Ok(Some(node));
            }
        }
    }
}

struct Builder<'a> {
    events: Events<'a>,
    // `None` while the anchored node is still being read.
    anchors: BTreeMap<Str, Option<Rc<Node>>>,
}

impl Builder<'_> {
    fn next(&mut self) -> Result<crate::yaml::Event, TreeError> {
        match self.events.next_event() {
            Some(event) => Ok(event?),
            None => Err(TreeError {
                message: "attempted to go past the end of stream; corrupted value?".to_owned(),
                at: 0,
                context: None,
            }),
        }
    }

    fn node(
        &mut self,
        kind: EventKind,
        start: Mark,
        end: Mark,
        depth: usize,
    ) -> Result<Rc<Node>, TreeError> {
        let fail = |message: String| TreeError {
            message,
            at: start.byte,
            context: None,
        };
        if depth > MAX_DEPTH {
            return Err(fail(format!("exceeded max depth of {MAX_DEPTH}")));
        }
        let mut span = Span {
            start: start.byte,
            end: end.byte,
        };
        let (anchor, tag, kind) = match kind {
            EventKind::Alias(name) => {
                let name = Str::from(name);
                let Some(target) = self.anchors.get(&name).cloned() else {
                    return Err(fail(format!("unknown anchor '{name}' referenced")));
                };
                (None, None, NodeKind::Alias { name, target })
            }
            EventKind::Scalar {
                anchor,
                tag,
                value,
                style,
                implicit,
            } => (
                anchor,
                tag,
                NodeKind::Scalar {
                    text: value.into(),
                    style,
                    implicit,
                },
            ),
            EventKind::List { anchor, tag, flow } => {
                self.open(anchor.as_deref());
                let mut items: Vec<Rc<Node>> = Vec::new();
                loop {
                    let event = self.next()?;
                    if event.kind == EventKind::ListEnd {
                        span.end = match items.last() {
                            Some(last) if !flow => last.span.end.max(span.end),
                            _ => event.end.byte,
                        };
                        break;
                    }
                    items.push(self.node(event.kind, event.start, event.end, depth + 1)?);
                }
                (anchor, tag, NodeKind::List { items, flow })
            }
            EventKind::Map { anchor, tag, flow } => {
                self.open(anchor.as_deref());
                let mut entries: Vec<Entry> = Vec::new();
                loop {
                    let event = self.next()?;
                    if event.kind == EventKind::MapEnd {
                        span.end = match entries.last() {
                            Some(last) if !flow => last.value.span.end.max(last.key.span.end),
                            _ => event.end.byte,
                        };
                        break;
                    }
                    let key = self.node(event.kind, event.start, event.end, depth + 1)?;
                    let event = self.next()?;
                    let value = self.node(event.kind, event.start, event.end, depth + 1)?;
                    entries.push(Entry { key, value });
                }
                (anchor, tag, NodeKind::Map { entries, flow })
            }
            EventKind::Start
            | EventKind::DocumentEnd
            | EventKind::StreamEnd
            | EventKind::ListEnd
            | EventKind::MapEnd => return Err(fail("corrupted value".to_owned())),
        };
        let anchor = anchor.map(Str::from);
        let node = Rc::new(Node {
            span,
            anchor: anchor.clone(),
            tag: tag.map(Str::from),
            kind,
        });
        if let Some(name) = anchor {
            self.anchors.insert(name, Some(Rc::clone(&node)));
        }
        Ok(node)
    }

    fn open(&mut self, anchor: Option<&str>) {
        if let Some(name) = anchor {
            self.anchors.insert(Str::copy(name), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(text: &str, path: &[&str]) -> String {
        let root = parse(text).unwrap().unwrap();
        let node = path.iter().fold(root, |n, key| match key.parse::<usize>() {
            Ok(i) => Rc::clone(&n.items()[i]),
            Err(_) => Rc::clone(n.get(key).unwrap()),
        });
        text[node.span.start..node.span.end].to_owned()
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let text =
            "a: ü # c\nb:\n- x: 1\n  y: [1, {z: 'q'}]\n\n# end\nc: |\n  l1\n  l2\nd: &n {}\n";
        assert_eq!(slice(text, &["a"]), "ü");
        assert_eq!(slice(text, &["b", "0", "x"]), "1");
        assert_eq!(slice(text, &["b", "0"]), "x: 1\n  y: [1, {z: 'q'}]");
        assert_eq!(slice(text, &["b"]), "- x: 1\n  y: [1, {z: 'q'}]");
        assert_eq!(slice(text, &["b", "0", "y", "1", "z"]), "'q'");
        assert_eq!(slice(text, &["d"]), "&n {}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"{a: ".repeat(5_000)).is_err());
        assert!(
            parse(&"- ".repeat(100_000))
                .unwrap_err()
                .message
                .contains("max depth")
        );
    }

    #[test]
    fn an_alias_inside_of_its_anchor_has_no_target() {
        let root = parse("a: &x [1, *x]").unwrap().unwrap();
        let items = root.get("a").unwrap().items();
        assert!(matches!(
            &items[1].kind,
            NodeKind::Alias { target: None, .. }
        ));
        assert_eq!(
            parse("a: *b").unwrap_err().message,
            "unknown anchor 'b' referenced"
        );
    }
}
