//! Values as YAML text, as `kubectl get -o yaml` prints them: the emitter of go-yaml v2, which folds long lines.

use crate::number::Decimal;
use crate::resolve::{Scalar, is_timestamp, resolve};
use rollout_api::Order;
use rollout_api::{Map, Str, Value};
use std::cmp::Ordering;
use std::fmt::Write as _;

/// Lines are folded at the first blank behind this column.
const WIDTH: usize = 80;
/// Deeper than the reader goes; what lies below is left out.
const MAX_DEPTH: usize = 1000;

/// The value as a YAML document, with a newline at the end.
pub fn to_yaml(value: &Value) -> String {
    let mut e = Emitter {
        out: String::new(),
        column: 0,
        whitespace: true,
        indention: true,
        open_ended: false,
    };
    e.node(
        value,
        Place {
            indent: -1,
            in_map: false,
            depth: 0,
        },
    );
    e.break_line();
    if e.open_ended {
        e.out.push_str("...\n");
    }
    e.out
}

#[derive(Clone, Copy)]
struct Place {
    indent: i32,
    /// A value of a block map: a list below it is not indented.
    in_map: bool,
    depth: usize,
}

struct Emitter {
    out: String,
    column: usize,
    /// The last thing written was a blank.
    whitespace: bool,
    /// Only blanks and indicators stand on this line.
    indention: bool,
    /// The text ends with a block scalar that keeps its empty lines.
    open_ended: bool,
}

impl Emitter {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }
    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }
    /// Ends the last line, if something stands on it.
    fn break_line(&mut self) {
        if self.column > 0 {
            self.line_break();
        }
    }
    fn write_indent(&mut self, indent: i32) {
        let indent = usize::try_from(indent).unwrap_or(0);
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }
    fn indicator(&mut self, text: &str, need_blank: bool, is_indention: bool) {
        if need_blank && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = false;
        self.indention = self.indention && is_indention;
        self.open_ended = false;
    }

    fn node(&mut self, value: &Value, at: Place) {
        match value {
            Value::Null => self.plain("null", at.indent, true),
            Value::Bool(b) => self.plain(if *b { "true" } else { "false" }, at.indent, true),
            Value::Int(n) => self.plain(&n.to_string(), at.indent, true),
            Value::Number(text) => {
                let text = match (text.parse::<u64>(), Decimal::parse(text)) {
                    (Err(_), Ok(d)) => Str::from(d.to_general()),
                    _ => Str::from(text.clone()),
                };
                self.plain(&text, at.indent, true);
            }
            Value::String(s) => self.string(s, at.indent, false),
            Value::List(items) if items.is_empty() || at.depth > MAX_DEPTH => {
                self.indicator("[]", true, false)
            }
            Value::List(items) => {
                let indentless = at.in_map && !self.indention;
                let indent = if at.indent < 0 {
                    0
                } else if indentless {
                    at.indent
                } else {
                    at.indent + 2
                };
                for item in items.iter() {
                    self.write_indent(indent);
                    self.indicator("-", true, true);
                    self.node(
                        item,
                        Place {
                            indent,
                            in_map: false,
                            depth: at.depth + 1,
                        },
                    );
                }
            }
            Value::Map(map) if map.is_empty() || at.depth > MAX_DEPTH => {
                self.indicator("{}", true, false)
            }
            Value::Map(map) => {
                let indent = if at.indent < 0 { 0 } else { at.indent + 2 };
                for (key, value) in natural_order(map) {
                    self.write_indent(indent);
                    let simple = key.len() <= 128 && !key.contains(is_break);
                    if simple {
                        self.string(key, indent, true);
                        self.indicator(":", false, false);
                    } else {
                        self.indicator("?", true, true);
                        self.string(key, indent, false);
                        self.write_indent(indent);
                        self.indicator(":", true, true);
                    }
                    self.node(
                        value,
                        Place {
                            indent,
                            in_map: true,
                            depth: at.depth + 1,
                        },
                    );
                }
            }
        }
    }

    fn string(&mut self, text: &str, indent: i32, key: bool) {
        let facts = Facts::of(text);
        if text.contains('\n') {
            if facts.block && !key {
                self.literal(text, indent);
            } else {
                self.double(text, indent, !key);
            }
        } else if plain_is_text(text) {
            // Only in brackets is an empty plain scalar impossible, and there are none.
            if facts.plain {
                self.plain(text, indent, !key);
            } else if facts.single {
                self.single(text, indent, !key);
            } else {
                self.double(text, indent, !key);
            }
        } else {
            self.double(text, indent, !key);
        }
    }

    // Scalars are indented one level deeper than the collection they stand in.
    fn fold(&mut self, indent: i32) {
        self.write_indent(if indent < 0 { 0 } else { indent + 2 });
    }

    fn plain(&mut self, text: &str, indent: i32, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut spaces = false;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c == ' ' {
                if may_fold && !spaces && self.column > WIDTH && rest.peek() != Some(&' ') {
                    self.fold(indent);
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                self.indention = false;
                spaces = false;
            }
        }
        self.whitespace = false;
        self.indention = false;
        self.open_ended = false;
    }

    fn single(&mut self, text: &str, indent: i32, may_fold: bool) {
        self.indicator("'", true, false);
        let mut spaces = false;
        let mut rest = text.chars().enumerate().peekable();
        while let Some((i, c)) = rest.next() {
            if c == ' ' {
                let inside = i > 0 && rest.peek().is_some_and(|(_, next)| *next != ' ');
                if may_fold && !spaces && self.column > WIDTH && inside {
                    self.fold(indent);
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                if c == '\'' {
                    self.put(c);
                }
                self.put(c);
                self.indention = false;
                spaces = false;
            }
        }
        self.indicator("'", false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double(&mut self, text: &str, indent: i32, may_fold: bool) {
        self.indicator("\"", true, false);
        let mut spaces = false;
        let mut rest = text.chars().enumerate().peekable();
        while let Some((i, c)) = rest.next() {
            if !printable(c) || c == '\u{feff}' || is_break(c) || c == '"' || c == '\\' {
                self.put('\\');
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                let next = rest.peek().map(|(_, c)| *c);
                if may_fold && !spaces && self.column > WIDTH && i > 0 && next.is_some() {
                    self.fold(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let n = c as u32;
                let mut text = String::new();
                let _ = match n {
                    0..=0xff => write!(text, "x{n:02X}"),
                    0x100..=0xffff => write!(text, "u{n:04X}"),
                    _ => write!(text, "U{n:08X}"),
                };
                text.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put(short);
    }

    fn literal(&mut self, text: &str, indent: i32) {
        self.indicator("|", true, false);
        if text.starts_with(' ') || text.starts_with(is_break) {
            self.indicator("2", false, false);
        }
        let mut end = text.chars().rev();
        let last = end.next().is_some_and(is_break);
        match (last, end.next()) {
            (false, _) => self.indicator("-", false, false),
            (true, None) => {
                self.indicator("+", false, false);
                self.open_ended = true;
            }
            (true, Some(c)) if is_break(c) => {
                self.indicator("+", false, false);
                self.open_ended = true;
            }
            _ => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if c == '\n' {
                self.line_break();
                self.indention = true;
                breaks = true;
            } else if is_break(c) {
                self.out.push(c);
                self.column = 0;
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.fold(indent);
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}

/// Would the plain text be read as text again?
fn plain_is_text(text: &str) -> bool {
    resolve(text) == Scalar::Text && !is_timestamp(text) && !is_base_60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: a number for readers of old YAML.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let mut parts = whole.split(':');
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let first = parts
        .next()
        .is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit()) && digits(p));
    let mut n = 0;
    let rest = parts.all(|p| {
        n += 1;
        let b = p.as_bytes();
        match b.len() {
            1 => b[0].is_ascii_digit(),
            2 => (b'0'..=b'5').contains(&b[0]) && b[1].is_ascii_digit(),
            _ => false,
        }
    });
    first && rest && n > 0 && digits(fraction)
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml writes without an escape: not a tab, nothing beyond the basic plane.
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// Which styles can carry a text.
struct Facts {
    plain: bool,
    single: bool,
    block: bool,
}

impl Facts {
    fn of(text: &str) -> Facts {
        if text.is_empty() {
            return Facts {
                plain: true,
                single: true,
                block: false,
            };
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut breaks) = (false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut preceded_by_blank = true;
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let followed_by_blank = chars.peek().is_none_or(|n| matches!(n, ' ' | '\t'));
            indicators |= if first {
                match c {
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\''
                    | '"' | '%' | '@' | '`' => true,
                    '?' | ':' | '-' => followed_by_blank,
                    _ => false,
                }
            } else {
                match c {
                    ':' => followed_by_blank,
                    '#' => preceded_by_blank,
                    _ => false,
                }
            };
            special |= !printable(c);
            if c == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                breaks = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            preceded_by_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
            first = false;
        }
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let ragged = edge(text.chars().next()) || edge(text.chars().last());
        let bad = space_break || special;
        Facts {
            plain: !(ragged || break_space || bad || breaks || indicators),
            single: !(break_space || bad),
            block: !(text.ends_with(' ') || bad),
        }
    }
}

/// Entries in go-yaml's order of keys: letters before digits' neighbours, numbers within names by size.
fn natural_order(map: &Map) -> Vec<(&Str, &Value)> {
    let mut entries: Vec<(&Str, &Value)> = map.iter().collect();
    if entries
        .iter()
        .any(|(k, _)| k.contains(|c: char| !c.is_alphabetic()))
    {
        entries.order_by(|a, b| natural(a.0, b.0));
    }
    entries
}

/// Mirrors keyList.Less of go-yaml v2's sorter.go.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let order = |less: bool| {
        if less {
            Ordering::Less
        } else {
            Ordering::Greater
        }
    };
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            continue;
        }
        match (a[i].is_alphabetic(), b[i].is_alphabetic()) {
            (true, true) => return a[i].cmp(&b[i]),
            (false, false) => {}
            (_, b_is_letter) => return order(b_is_letter),
        }
        let (mut an, mut bn) = (0i64, 0i64);
        if a[i] == '0' || b[i] == '0' {
            for j in (0..i).rev().take_while(|j| a[*j].is_ascii_digit()) {
                if a[j] != '0' {
                    (an, bn) = (1, 1);
                    break;
                }
            }
        }
        let run = |s: &[char], n: &mut i64| {
            let digits = s[i..].iter().take_while(|c| c.is_ascii_digit());
            digits.fold(i, |end, c| {
                *n = n.wrapping_mul(10).wrapping_add(i64::from(*c as u32) - 48);
                end + 1
            })
        };
        let (ai, bi) = (run(&a, &mut an), run(&b, &mut bn));
        return an.cmp(&bn).then(ai.cmp(&bi)).then(a[i].cmp(&b[i]));
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    fn one(text: &str) -> String {
        to_yaml(&object! { "k" => Str::copy(text) })
    }

    #[test]
    fn quotes_what_would_be_read_otherwise() {
        for (text, want) in [
            ("nginx:1.27", "k: nginx:1.27\n"),
            ("", "k: \"\"\n"),
            ("yes", "k: \"yes\"\n"),
            ("y", "k: \"y\"\n"),
            ("1", "k: \"1\"\n"),
            ("1e3", "k: \"1e3\"\n"),
            ("08", "k: \"08\"\n"),
            ("12:30:45", "k: \"12:30:45\"\n"),
            ("2025-06-10T12:00:00Z", "k: \"2025-06-10T12:00:00Z\"\n"),
            ("null", "k: \"null\"\n"),
            ("~", "k: \"~\"\n"),
            ("a: b", "k: 'a: b'\n"),
            ("a #b", "k: 'a #b'\n"),
            ("it's", "k: it's\n"),
            ("'x", "k: '''x'\n"),
            (" x", "k: ' x'\n"),
            ("- x", "k: '- x'\n"),
            ("-x", "k: -x\n"),
            ("{a}", "k: '{a}'\n"),
            ("a\tb", "k: \"a\\tb\"\n"),
            ("ü", "k: ü\n"),
            ("😀", "k: \"\\U0001F600\"\n"),
            ("---", "k: '---'\n"),
            ("100m", "k: 100m\n"),
            ("0.5", "k: \"0.5\"\n"),
            ("a\n", "k: |\n  a\n"),
            ("a\nb", "k: |-\n  a\n  b\n"),
            ("a\n\n", "k: |+\n  a\n\n...\n"),
            (" a\nb", "k: |2-\n   a\n  b\n"),
            ("a \nb", "k: \"a \\nb\"\n"),
            ("a\nb ", "k: \"a\\nb \"\n"),
        ] {
            assert_eq!(one(text), want, "{text:?}");
        }
    }

    #[test]
    fn shapes() {
        let v = object! {
            "b" => vec![object! { "x" => 1, "y" => vec![Value::from("p")] }, Value::list(vec![1.into(), 2.into()])],
            "a" => Value::object(),
            "c" => Value::list(Vec::new()),
            "d" => Value::Null,
        };
        assert_eq!(
            to_yaml(&v),
            "a: {}\nb:\n- x: 1\n  \"y\":\n  - p\n- - 1\n  - 2\nc: []\nd: null\n"
        );
        assert_eq!(to_yaml(&Value::from("x")), "x\n");
        let keys = object! { "a10" => 1, "a2" => 2, "a" => 3, "a-b" => 4, "a.b" => 5, "ab" => 6 };
        assert_eq!(
            to_yaml(&keys),
            "a: 3\na-b: 4\na.b: 5\na2: 2\na10: 1\nab: 6\n"
        );
    }

    #[test]
    fn long_texts_are_folded_and_read_back() {
        let long = "word ".repeat(40).trim_end().to_owned();
        for text in [long.clone(), format!("{long}: x"), format!("{long}\u{1}")] {
            let yaml = one(&text);
            assert!(yaml.lines().count() > 2, "{yaml}");
            let tree = crate::tree::parse(&yaml).unwrap().unwrap();
            let value = crate::resolve::to_value(&tree).unwrap();
            assert_eq!(value.str_at("k"), text);
        }
    }
}
