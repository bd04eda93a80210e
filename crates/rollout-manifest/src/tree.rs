//! The span tree: what was written where, with duplicates, order, anchors and styles.

pub use crate::yaml::Style;
use crate::yaml::{EventKind, Events, Mark, Problem};
use rollout_api::SortedMap;
use rollout_api::Str;
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

/// Where go-yaml and libyaml disagree, a character is exchanged before libyaml reads it, and back afterwards.
type Exchanged = Vec<(char, char)>;

/// More disagreements than this are not worth the time.
const MOST_EXCHANGES: usize = 64;

/// Reads the first document of a text without byte order mark; no document at all is `None`.
/// Like go-yaml, it does not look at what follows the first document.
pub fn parse(text: &str) -> Result<Option<Rc<Node>>, TreeError> {
    if let Some(error) = other_version(text) {
        return Err(error);
    }
    let mut exchanged = Exchanged::new();
    let mut changed = text.to_owned();
    let mut error = match parse_exchanged(text, &exchanged) {
        Ok(tree) => return Ok(tree),
        Err(error) => error,
    };
    for _ in 0..MOST_EXCHANGES {
        let rest = &changed.as_bytes()[error.at.min(changed.len())..];
        let words = |words: &str| error.message.ends_with(words);
        let (len, original, stand_ins) =
            if words("found unknown escape character") && rest.starts_with(b"\\'") {
                // go-yaml knows `\'` within double quotes.
                (2, '\'', "\u{7fa}\u{7c0}\u{6dd}\u{5c6}")
            } else if words("found unexpected ':'") && rest.starts_with(b":") {
                // To go-yaml, a colon before a bracket is a part of the word.
                (1, ':', "^;~$_@%|")
            } else {
                break;
            };
        let known = exchanged
            .iter()
            .find(|(_, o)| *o == original)
            .map(|(c, _)| *c);
        let Some(stand_in) = known.or_else(|| stand_ins.chars().find(|c| !text.contains(*c)))
        else {
            break;
        };
        if known.is_none() {
            exchanged.push((stand_in, original));
        }
        changed.replace_range(error.at..error.at + len, stand_in.encode_utf8(&mut [0; 4]));
        error = match parse_exchanged(&changed, &exchanged) {
            Ok(tree) => return Ok(tree),
            Err(error) => error,
        };
    }
    Err(error)
}

/// go-yaml v2 takes no other version than 1.1, libyaml also 1.2.
fn other_version(text: &str) -> Option<TreeError> {
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some(version) = line.strip_prefix("%YAML") {
            let version = version.split_whitespace().next()?;
            let (major, minor) = version.split_once('.')?;
            let number_like = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            if version == "1.1" || !number_like(major) || !number_like(minor) {
                return None;
            }
            let message = "found incompatible YAML document";
            let message = if number == 0 {
                message.to_owned()
            } else {
                format!("line {number}: {message}")
            };
            return Some(TreeError {
                message,
                at,
                context: None,
            });
        }
        let content = line.trim();
        if !content.is_empty() && !content.starts_with('#') && !line.starts_with('%') {
            return None;
        }
        at += line.len();
    }
    None
}

fn parse_exchanged(text: &str, exchanged: &Exchanged) -> Result<Option<Rc<Node>>, TreeError> {
    let mut builder = Builder {
        events: Events::new(text),
        anchors: SortedMap::new(),
        text,
        exchanged,
    };
    loop {
        let event = builder.next()?;
        match event.kind {
            EventKind::StreamEnd => return Ok(None),
            EventKind::Start => {}
            kind => {
                let node = builder.node(
                    kind,
                    event.start,
                    event.end,
                    Around {
                        depth: 0,
                        flow: None,
                    },
                )?;
                builder.next()?;
                return Ok(Some(node));
            }
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Around {
    depth: usize,
    /// In brackets: of a list (true) or of a map, and where they open.
    flow: Option<(bool, Mark)>,
}

impl Around {
    fn inside(self, flow: Option<(bool, Mark)>) -> Around {
        Around {
            depth: self.depth + 1,
            flow: flow.or(self.flow),
        }
    }
}

struct Builder<'a> {
    events: Events<'a>,
    // `None` while the anchored node is still being read.
    anchors: SortedMap<Str, Option<Rc<Node>>>,
    text: &'a str,
    exchanged: &'a Exchanged,
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
        around: Around,
    ) -> Result<Rc<Node>, TreeError> {
        let fail = |message: String| TreeError {
            message,
            at: start.byte,
            context: None,
        };
        if around.depth > MAX_DEPTH {
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
            } => {
                if style == Style::Plain {
                    self.no_question_mark(start, end, around)?;
                }
                if style == Style::Double {
                    self.no_slash(start, end)?;
                }
                let text = self.exchange_back(value).into();
                (
                    anchor,
                    tag,
                    NodeKind::Scalar {
                        text,
                        style,
                        implicit,
                    },
                )
            }
            EventKind::List { anchor, tag, flow } => {
                self.open(anchor.as_deref());
                let mut items: Vec<Rc<Node>> = Vec::new();
                let inner = around.inside(flow.then_some((true, start)));
                loop {
                    let event = self.next()?;
                    if event.kind == EventKind::ListEnd {
                        span.end = match items.last() {
                            Some(last) if !flow => last.span.end.max(span.end),
                            _ => event.end.byte,
                        };
                        break;
                    }
                    items.push(self.node(event.kind, event.start, event.end, inner)?);
                }
                (anchor, tag, NodeKind::List { items, flow })
            }
            EventKind::Map { anchor, tag, flow } => {
                self.open(anchor.as_deref());
                let mut entries: Vec<Entry> = Vec::new();
                let inner = around.inside(flow.then_some((false, start)));
                loop {
                    let event = self.next()?;
                    if event.kind == EventKind::MapEnd {
                        span.end = match entries.last() {
                            Some(last) if !flow => last.value.span.end.max(last.key.span.end),
                            _ => event.end.byte,
                        };
                        break;
                    }
                    let key = self.node(event.kind, event.start, event.end, inner)?;
                    let event = self.next()?;
                    let value = self.node(event.kind, event.start, event.end, inner)?;
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

    fn exchange_back(&self, value: String) -> String {
        self.exchanged
            .iter()
            .fold(value, |v, (stand_in, original)| {
                if v.contains(*stand_in) {
                    v.replace(*stand_in, &original.to_string())
                } else {
                    v
                }
            })
    }

    /// To go-yaml, a question mark in brackets ends a word and begins a key: `[http://a?b]` is an error.
    fn no_question_mark(&self, start: Mark, end: Mark, around: Around) -> Result<(), TreeError> {
        let (Some((list, open)), Some(word)) = (around.flow, self.text.get(start.byte..end.byte))
        else {
            return Ok(());
        };
        let Some(at) = word.find('?').filter(|at| *at > 0) else {
            return Ok(());
        };
        let line = start.line + word[..at].matches('\n').count();
        let message = format!(
            "did not find expected ',' or '{}'",
            if list { ']' } else { '}' }
        );
        let at = Mark {
            byte: start.byte + at,
            line,
            column: 0,
        };
        Err(Problem {
            message,
            at,
            context: open,
            scanner: false,
        }
        .into())
    }

    /// go-yaml does not know the escape `\/`.
    fn no_slash(&self, start: Mark, end: Mark) -> Result<(), TreeError> {
        let quoted = self.text.get(start.byte..end.byte).unwrap_or_default();
        let mut escaped = false;
        for (i, b) in quoted.bytes().enumerate() {
            if escaped && b == b'/' {
                let line = start.line + quoted[..i].matches('\n').count();
                let message = "found unknown escape character".to_owned();
                let at = Mark {
                    byte: start.byte + i - 1,
                    line,
                    column: 0,
                };
                return Err(Problem {
                    message,
                    at,
                    context: start,
                    scanner: true,
                }
                .into());
            }
            escaped = b == b'\\' && !escaped;
        }
        Ok(())
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
    fn go_yaml_and_libyaml_disagree_on_some_things() {
        let text = |text: &str| match parse(text) {
            Ok(tree) => tree
                .and_then(|t| t.get("a").cloned())
                .and_then(|a| a.text().map(str::to_owned))
                .unwrap_or_default(),
            Err(e) => e.message,
        };
        for (yaml, want) in [
            ("a: \"it\\'s\"", "it's"),
            ("a: \"it\\'s 'so'\"\nb: \"\\'\"", "it's 'so'"),
            ("a: x\\'y", "x\\'y"),
            ("a: \"a\\/b\"", "found unknown escape character"),
            (
                "x: 1\na: \"a\\/b\"",
                "line 2: found unknown escape character",
            ),
            ("a: \"a\\\\/b\"", "a\\/b"),
            ("{a: b:}", "b:"),
            ("{a: 'x', b: c:, d: e:}", "x"),
            (
                "x: 1\na: [http://x?y]",
                "line 1: did not find expected ',' or ']'",
            ),
            (
                "x: 1\na: {b: c?}",
                "line 1: did not find expected ',' or '}'",
            ),
            ("a: x?y", "x?y"),
            ("%YAML 1.2\n", "found incompatible YAML document"),
            ("a: \"\\xzz\"\n", "did not find expected hexdecimal number"),
        ] {
            assert_eq!(text(yaml), want, "{yaml}");
        }
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
