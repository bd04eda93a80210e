//! A file as kubectl splits it into documents, each a tree and a value or kubectl's error.

use crate::gojson;
use crate::resolve::{normalize_number, to_value};
use crate::tree::{self, Node, Span};
use rollout_api::{Minor, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// Texts above this are refused before they are read.
pub const MAX_TEXT: usize = 32 << 20;

/// kubectl looks this far for the opening brace of a JSON stream.
const GUESS: usize = 4096;

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its bytes in the file.
    pub span: Span,
    /// What is in it.
    pub content: Result<Content, Refusal>,
    places: Places,
}

/// A document that could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What was written where; spans are those of the file only after [`Document::place`]. Absent for an empty document
    /// and for JSON that is no YAML.
    pub tree: Option<Rc<Node>>,
    /// The value as kubectl reads it; `null` for an empty document, which kubectl skips.
    pub value: Value,
}

/// A document that could not be read. kubectl stops there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// As kubectl prints it after `error: error parsing FILE: `.
    pub message: String,
    /// Where, in the file.
    pub span: Span,
    /// Where the construct in question begins, in the file.
    pub context: Option<usize>,
}

impl Document {
    /// Where a span of the tree is in the file.
    pub fn place(&self, span: Span) -> Span {
        self.places.span(span)
    }
    /// The place in the file of the value at a field path, see [`crate::span_map`].
    pub fn tree(&self) -> Option<&Rc<Node>> {
        self.content.as_ref().ok().and_then(|c| c.tree.as_ref())
    }
    /// The value, if it could be read.
    pub fn value(&self) -> Option<&Value> {
        self.content.as_ref().ok().map(|c| &c.value)
    }
    /// Nothing but blanks and comments.
    pub fn is_empty(&self) -> bool {
        self.value().is_some_and(Value::is_null)
    }
}

/// From bytes of the text that was parsed to bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Places {
    start: usize,
    len: usize,
    /// Where, in the parsed text, a byte of the file is missing (`\r`).
    missing: Vec<usize>,
}

/// The character at a byte, nothing at the end.
fn one_character(file: &[u8], at: usize) -> Span {
    let start = at.min(file.len());
    let rest = file.get(start + 1..).unwrap_or_default();
    let more = rest.iter().take_while(|b| **b & 0xc0 == 0x80).count();
    Span {
        start,
        end: (start + 1 + more).min(file.len()),
    }
}

impl Places {
    fn at(&self, byte: usize) -> usize {
        let skipped = self.missing.partition_point(|m| *m <= byte);
        (self.start + byte + skipped).min(self.start + self.len)
    }
    fn span(&self, span: Span) -> Span {
        // The end belongs to the last byte inside.
        let end = if span.end > span.start {
            self.at(span.end - 1) + 1
        } else {
            self.at(span.start)
        };
        Span {
            start: self.at(span.start),
            end: end.min(self.start + self.len),
        }
    }
}

/// What kubectl would hand to the API server: the documents that are not empty, up to and including the first error.
pub fn objects(file: &[u8], kubectl: Minor) -> impl Iterator<Item = Document> {
    let mut over = false;
    documents(file, kubectl)
        .into_iter()
        .filter(|d| !d.is_empty())
        .take_while(move |d| {
            let take = !over;
            over = over || d.content.is_err();
            take
        })
}

/// All documents of a file, also empty ones and those behind an error.
pub fn documents(file: &[u8], kubectl: Minor) -> Vec<Document> {
    if file.len() > MAX_TEXT {
        let span = Span { start: 0, end: 0 };
        let message = format!(
            "file is too large: {} bytes, limit is {MAX_TEXT}",
            file.len()
        );
        let content = Err(Refusal {
            message,
            span,
            context: None,
        });
        return vec![Document {
            span,
            content,
            places: Places::default(),
        }];
    }
    let guess = String::from_utf8_lossy(&file[..file.len().min(GUESS)]);
    if guess.trim_start().starts_with('{') {
        json_stream(file, kubectl)
    } else {
        yaml_stream(file, 0)
    }
}

fn json_stream(file: &[u8], kubectl: Minor) -> Vec<Document> {
    let mut out = Vec::new();
    let mut from = 0;
    loop {
        let error = match gojson::value_at(file, from) {
            Ok(None) => return out,
            Ok(Some((start, end))) => {
                out.push(json_document(file, start, end));
                from = end;
                continue;
            }
            Err(error) => error,
        };
        let at = match &error {
            gojson::JsonError::Syntax(at, _) => *at,
            gojson::JsonError::UnexpectedEnd => file.len(),
        };
        let span = one_character(file, at);
        // In a stream that is certainly JSON, 1.33 and later leave out the offset.
        let message = match &error {
            gojson::JsonError::Syntax(_, what) if kubectl.0 >= 33 && out.len() > 1 => what.clone(),
            error => error.text(),
        };
        let refusal = Refusal {
            message,
            span,
            context: None,
        };
        // From 1.33 on, what is no JSON may still be YAML, unless two values were JSON already.
        if kubectl.0 >= 33 && out.len() < 2 {
            let rest = &file[from..];
            let blanks = rest
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
                .count();
            let newline = usize::from(rest.get(blanks) == Some(&b'\n'));
            let mut yaml = yaml_stream(file, from + blanks + newline);
            if let Some(first) = yaml.first_mut()
                && first.content.is_err()
            {
                first.content = Err(refusal);
            }
            out.append(&mut yaml);
            return out;
        }
        let places = Places {
            start: 0,
            len: file.len(),
            missing: Vec::new(),
        };
        out.push(Document {
            span: Span {
                start: from,
                end: file.len(),
            },
            content: Err(refusal),
            places,
        });
        return out;
    }
}

fn json_document(file: &[u8], start: usize, end: usize) -> Document {
    let span = Span { start, end };
    let text = String::from_utf8_lossy(&file[start..end]);
    let content = match rollout_api::json::from_json(&text) {
        Ok(value) => {
            let tree = match &text {
                Cow::Borrowed(text) => tree::parse(text).ok().flatten(),
                Cow::Owned(_) => None,
            };
            Ok(Content {
                tree,
                value: normalized(value),
            })
        }
        Err(e) => {
            let message = format!("json: offset {}: {}", start + e.offset + 1, e.message);
            Err(Refusal {
                message,
                span: Span {
                    start: start + e.offset,
                    end,
                },
                context: None,
            })
        }
    };
    Document {
        span,
        content,
        places: Places {
            start,
            len: end - start,
            missing: Vec::new(),
        },
    }
}

fn normalized(value: Value) -> Value {
    match value {
        Value::Number(text) => normalize_number(&text),
        Value::List(items) => Value::list(items.iter().cloned().map(normalized).collect()),
        Value::Map(map) => {
            let map: rollout_api::Map = map
                .iter()
                .map(|(k, v)| (k.clone(), normalized(v.clone())))
                .collect();
            map.into()
        }
        other => other,
    }
}

fn yaml_stream(file: &[u8], from: usize) -> Vec<Document> {
    let mut out = Vec::new();
    let mut start = from;
    let mut at = from;
    while at < file.len() {
        let end = file[at..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(file.len(), |i| at + i + 1);
        let line = &file[at..end];
        if line.starts_with(b"---") {
            let after = String::from_utf8_lossy(&line[3..]);
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                // kubectl loses what stood before it, too.
                let span = Span {
                    start: at,
                    end: at + line.trim_ascii_end().len(),
                };
                let message = format!("invalid Yaml document separator: {after}");
                let content = Err(Refusal {
                    message,
                    span,
                    context: None,
                });
                let places = Places {
                    start,
                    len: end - start,
                    missing: Vec::new(),
                };
                out.push(Document {
                    span: Span { start, end },
                    content,
                    places,
                });
                start = end;
            } else if at > start {
                out.push(yaml_document(file, start, at));
                start = end;
            }
        }
        at = end;
    }
    if start < file.len() {
        out.push(yaml_document(file, start, file.len()));
    }
    out
}

/// The text as kubectl hands it to the YAML reader: `\n` alone, also after the last line.
fn lines(bytes: &[u8]) -> (Cow<'_, [u8]>, Vec<usize>) {
    if bytes.ends_with(b"\n") && !bytes.windows(2).any(|w| w == b"\r\n") {
        return (Cow::Borrowed(bytes), Vec::new());
    }
    let mut out = Vec::with_capacity(bytes.len() + 1);
    let mut missing = Vec::new();
    for (i, b) in bytes.iter().enumerate() {
        if *b == b'\r' && bytes.get(i + 1) == Some(&b'\n') {
            missing.push(out.len());
        } else {
            out.push(*b);
        }
    }
    if out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    (Cow::Owned(out), missing)
}

fn yaml_document(file: &[u8], start: usize, end: usize) -> Document {
    let (bytes, missing) = lines(&file[start..end]);
    let mut places = Places {
        start,
        len: end - start,
        missing,
    };
    let mut content = read_yaml(&bytes, &mut places);
    if let Err(refusal) = &mut content
        && refusal.span.end <= refusal.span.start + 1
    {
        refusal.span = one_character(file, refusal.span.start);
    }
    Document {
        span: Span { start, end },
        content,
        places,
    }
}

fn read_yaml(bytes: &[u8], places: &mut Places) -> Result<Content, Refusal> {
    let bad = unreadable(bytes);
    let (readable, message) = match &bad {
        Some((at, message)) => (&bytes[..*at], *message),
        None => (bytes, ""),
    };
    let mut text = std::str::from_utf8(readable).unwrap_or_default();
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        text = rest;
        places.start += 3;
        places.len -= 3;
    }
    // go-yaml reads 512 bytes at a time: what is wrong before the block of the bad byte is noticed first.
    let block = bad.as_ref().map(|(at, _)| at / 512 * 512);
    if let Some(block) = block {
        let noticed = tree::parse(text).err().filter(|e| e.at + 4 < block);
        let at = noticed.as_ref().map_or(text.len(), |e| e.at);
        let message = noticed.as_ref().map_or(message, |e| &e.message);
        let start = places.at(at);
        return Err(Refusal {
            message: format!("error converting YAML to JSON: yaml: {message}"),
            span: Span {
                start,
                end: start + 1,
            },
            context: noticed
                .as_ref()
                .and_then(|e| e.context)
                .map(|c| places.at(c)),
        });
    }
    let tree = tree::parse(text).map_err(|e| {
        let start = places.at(e.at);
        Refusal {
            message: format!("error converting YAML to JSON: yaml: {}", e.message),
            span: Span {
                start,
                end: start + usize::from(e.at < text.len()),
            },
            context: e.context.map(|c| places.at(c)),
        }
    })?;
    let value = match &tree {
        None => Value::Null,
        Some(tree) => to_value(tree).map_err(|e| Refusal {
            message: format!("error converting YAML to JSON: {}", e.message),
            span: places.span(e.span),
            context: None,
        })?,
    };
    Ok(Content {
        tree,
        value: normalized(value),
    })
}

/// The first byte that no YAML text may hold, and go-yaml's words for it.
fn unreadable(bytes: &[u8]) -> Option<(usize, &'static str)> {
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let width = match b {
            0..=0x7f => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => return Some((at, "invalid leading UTF-8 octet")),
        };
        let Some(octets) = bytes.get(at..at + width) else {
            return Some((at, "incomplete UTF-8 octet sequence"));
        };
        if octets[1..].iter().any(|o| o & 0xc0 != 0x80) {
            return Some((at, "invalid trailing UTF-8 octet"));
        }
        let first = u32::from(b) & (0xff >> (width + usize::from(width > 1)));
        let code = octets[1..]
            .iter()
            .fold(first, |n, o| n << 6 | u32::from(o & 0x3f));
        let least = [0, 0x80, 0x800, 0x1_0000][width - 1];
        if code < least {
            return Some((at, "invalid length of a UTF-8 sequence"));
        }
        if (0xd800..0xe000).contains(&code) || code > 0x10_ffff {
            return Some((at, "invalid Unicode character"));
        }
        if !matches!(code, 0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0x85 | 0xa0..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..)
        {
            return Some((at, "control characters are not allowed"));
        }
        at += width;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::json::to_json;

    fn read(text: &str) -> Vec<String> {
        documents(text.as_bytes(), Minor(32))
            .iter()
            .map(|d| match &d.content {
                Ok(c) => to_json(&c.value),
                Err(e) => e.message.clone(),
            })
            .collect()
    }

    #[test]
    fn documents_are_split_at_lines_of_three_dashes() {
        assert_eq!(
            read("a: 1\n---\nb: 2\n--- # c\n---\n# x\n"),
            [r#"{"a":1}"#, r#"{"b":2}"#, "null"]
        );
        assert_eq!(read("---\na: 1\n"), [r#"{"a":1}"#]);
        assert_eq!(read("a: 1\n---\n"), [r#"{"a":1}"#]);
        assert_eq!(read("a: 1\r\n---\r\nb: 2"), [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(
            read("a: 1\n----\nb: 2\n"),
            ["invalid Yaml document separator: -", r#"{"b":2}"#]
        );
        assert_eq!(read("a: |\n  x\n  ---\n"), [r#"{"a":"x\n---\n"}"#]);
        assert_eq!(read(""), Vec::<String>::new());
        assert_eq!(read("\u{feff}a: 1\nb: 2\n"), [r#"{"a":1,"b":2}"#]);
    }

    #[test]
    fn json_streams() {
        assert_eq!(
            read("  {\"a\":1e3}{\"b\":2}\n"),
            [r#"{"a":1000}"#, r#"{"b":2}"#]
        );
        assert_eq!(
            read("{}\n---\n{}"),
            [
                "{}",
                "json: offset 5: invalid character '-' in numeric literal"
            ]
        );
        let later = |text: &str| {
            documents(text.as_bytes(), Minor(36))
                .iter()
                .map(|d| format!("{:?}", d.value()))
                .collect::<Vec<_>>()
        };
        assert_eq!(later("{}\n---\na: 1\n"), ["Some({})", "Some({\"a\":1})"]);
        assert_eq!(later("{\"a\":1,}"), ["Some({\"a\":1})"]);
    }

    #[test]
    fn places_survive_carriage_returns_and_marks() {
        let text = "\u{feff}a: 1\r\n---\r\nb: xyz\r\nc: ü";
        let docs = documents(text.as_bytes(), Minor(32));
        let at = |d: &Document, key: &str| {
            let span = d.place(d.tree().unwrap().get(key).unwrap().span);
            text[span.start..span.end].to_owned()
        };
        assert_eq!(at(&docs[0], "a"), "1");
        assert_eq!(at(&docs[1], "b"), "xyz");
        assert_eq!(at(&docs[1], "c"), "ü");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for (bytes, want) in [
            (&b"a: \xff\n"[..], "invalid leading UTF-8 octet"),
            (b"a: \xe2\x28\xa1\n", "invalid trailing UTF-8 octet"),
            (b"a: \xc0\xaf\n", "invalid length of a UTF-8 sequence"),
            (b"a: \x01\n", "control characters are not allowed"),
            (b"\x00\x01\x02", "control characters are not allowed"),
        ] {
            let docs = documents(bytes, Minor(32));
            let message = &docs[0].content.as_ref().unwrap_err().message;
            assert_eq!(
                message,
                &format!("error converting YAML to JSON: yaml: {want}")
            );
        }
    }
}
