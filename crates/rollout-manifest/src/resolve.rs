//! Scalars by the rules of YAML 1.1 as go-yaml v2 has them, and trees as JSON values.

use crate::number::Decimal;
use crate::tree::{Node, NodeKind, Span};
use rollout_api::Order;
use rollout_api::{Map, Str, Value};
use std::fmt::Write as _;

/// A scalar's type and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// `null`, `~`, nothing.
    Null,
    /// `yes`, `no`, `on`, `off`, `true`, `false`, `y`, `n`.
    Bool(bool),
    /// Decimal, `0x`, `0b`, `0o` or octal with a leading zero, `_` between digits.
    Int(i64),
    /// Too large for the signed, not for the unsigned.
    Unsigned(u64),
    /// With a point or an exponent, or a number that is no octal (`08`).
    Float(Decimal),
    /// `.inf` (true: negative).
    Infinite(bool),
    /// `.nan`
    NaN,
    /// Looks like a date; stays text.
    Timestamp,
    /// Anything else.
    Text,
}

const LONG_TAG: &str = "tag:yaml.org,2002:";

/// Decides what a plain scalar without a tag is.
pub fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match word(text) {
            Scalar::Text if text.len() > 1 => float(text),
            scalar => scalar,
        },
        b'+' | b'-' | b'0'..=b'9' => match word(text) {
            Scalar::Text => number(text),
            scalar => scalar,
        },
        _ => Scalar::Text,
    }
}

fn word(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::NaN,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Infinite(false),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Infinite(true),
        _ => Scalar::Text,
    }
}

fn float(text: &str) -> Scalar {
    Decimal::parse(text).map_or(Scalar::Text, Scalar::Float)
}

fn number(text: &str) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain = text.replace('_', "");
    match go_int(&plain) {
        Some(n) if i64::try_from(n).is_ok() => Scalar::Int(n as i64),
        // Only the signed reader takes a sign.
        Some(n) if u64::try_from(n).is_ok() && !plain.starts_with('+') => {
            Scalar::Unsigned(n as u64)
        }
        _ => float(&plain),
    }
}

/// Mirrors strconv.ParseInt with base 0, for numbers of up to 64 bits.
fn go_int(text: &str) -> Option<i128> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let bytes = rest.as_bytes();
    let (radix, digits) = match (bytes.first()?, bytes.get(1).map(u8::to_ascii_lowercase)) {
        (b'0', Some(b'x')) if bytes.len() > 2 => (16, &rest[2..]),
        (b'0', Some(b'o')) if bytes.len() > 2 => (8, &rest[2..]),
        (b'0', Some(b'b')) if bytes.len() > 2 => (2, &rest[2..]),
        (b'0', Some(_)) => (8, &rest[1..]),
        _ => (10, rest),
    };
    if digits.starts_with(['+', '-']) || digits.len() > 70 {
        return None;
    }
    let n = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -n } else { n })
}

/// Dates and times that go-yaml takes for timestamps: `2006-1-2`, `2006-1-2T15:4:5.9Z`, `2006-1-2 15:4:5`.
pub fn is_timestamp(text: &str) -> bool {
    fn take(rest: &mut &str, min: usize, max: usize) -> Option<u32> {
        let n = rest
            .bytes()
            .take(max)
            .take_while(u8::is_ascii_digit)
            .count();
        if n < min {
            return None;
        }
        let (digits, after) = rest.split_at(n);
        *rest = after;
        digits.parse().ok()
    }
    fn eat(rest: &mut &str, c: char) -> Option<()> {
        *rest = rest.strip_prefix(c)?;
        Some(())
    }
    fn read(text: &str) -> Option<()> {
        let mut rest = text;
        let year = take(&mut rest, 4, 4)?;
        eat(&mut rest, '-')?;
        let month = take(&mut rest, 1, 2)?;
        eat(&mut rest, '-')?;
        let day = take(&mut rest, 1, 2)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(leap),
            _ => return None,
        };
        if day == 0 || day > days {
            return None;
        }
        if rest.is_empty() {
            return Some(());
        }
        let zone = match rest.chars().next()? {
            'T' | 't' => true,
            ' ' => false,
            _ => return None,
        };
        rest = &rest[1..];
        for limit in [24, 60, 60] {
            if limit != 24 || !rest.starts_with(|c: char| c.is_ascii_digit()) {
                eat(&mut rest, ':').or(if limit == 24 { Some(()) } else { None })?;
            }
            if take(&mut rest, 1, 2)? >= limit {
                return None;
            }
        }
        if rest.starts_with(['.', ',']) && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            rest = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit());
        }
        if zone && eat(&mut rest, 'Z').is_none() {
            rest = rest.strip_prefix(['+', '-'])?;
            let hours = take(&mut rest, 2, 2)?;
            eat(&mut rest, ':')?;
            let minutes = take(&mut rest, 2, 2)?;
            if hours > 24 || minutes > 60 {
                return None;
            }
        }
        rest.is_empty().then_some(())
    }
    text.len() > 5 && text.as_bytes()[4] == b'-' && read(text).is_some()
}

/// Why a tree has no value, in go-yaml's or Go's JSON encoder's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertError {
    /// The words, with `yaml: ` or `json: `.
    pub message: String,
    /// The node in question.
    pub span: Span,
}

/// A tree as the JSON value that kubectl sends: the last of equal keys wins, `<<` merges, keys become text.
pub fn to_value(root: &Node) -> Result<Value, ConvertError> {
    let mut decoder = Decoder {
        decoded: 0,
        aliased: 0,
        depth: 0,
        late: None,
    };
    let value = decoder.value(root)?;
    match decoder.late {
        Some((_, error)) => Err(error),
        None => Ok(value),
    }
}

struct Decoder {
    decoded: u64,
    aliased: u64,
    depth: u32,
    /// What is only noticed when all is read: keys without a text (rank 0), numbers without JSON (rank 1).
    late: Option<(u8, ConvertError)>,
}

fn fail<T>(node: &Node, message: impl Into<String>) -> Result<T, ConvertError> {
    Err(ConvertError {
        message: message.into(),
        span: node.span,
    })
}

impl Decoder {
    /// Counts a node; refuses alias bombs by go-yaml's measure.
    fn count(&mut self, node: &Node) -> Result<(), ConvertError> {
        self.decoded += 1;
        if self.depth > 0 {
            self.aliased += 1;
        }
        if self.aliased > 100 && self.decoded > 1000 {
            // The share of nodes under aliases that is allowed: 99 % up to 400 000, 10 % from 4 000 000 nodes on.
            let allowed = match self.decoded {
                ..=400_000 => 99_000_000,
                4_000_000.. => 10_000_000,
                n => 99_000_000 - 89_000_000 * (n - 400_000) / 3_600_000,
            };
            if self.aliased * 100_000_000 > allowed * self.decoded {
                return fail(node, "yaml: document contains excessive aliasing");
            }
        }
        Ok(())
    }

    fn later(&mut self, rank: u8, node: &Node, message: String) {
        if self.late.as_ref().is_none_or(|(r, _)| *r > rank) {
            self.late = Some((
                rank,
                ConvertError {
                    message,
                    span: node.span,
                },
            ));
        }
    }

    fn value(&mut self, node: &Node) -> Result<Value, ConvertError> {
        self.count(node)?;
        match &node.kind {
            NodeKind::Alias { name, target: None } => {
                fail(node, format!("yaml: anchor '{name}' value contains itself"))
            }
            NodeKind::Alias {
                target: Some(target),
                ..
            } => {
                self.depth += 1;
                let value = self.value(target);
                self.depth -= 1;
                value
            }
            NodeKind::Scalar { text, .. } => {
                let scalar = self.scalar(node)?;
                let value = match scalar {
                    Scalar::Null => Value::Null,
                    Scalar::Bool(b) => Value::Bool(b),
                    Scalar::Int(n) => Value::Int(n),
                    Scalar::Unsigned(n) => Value::Number(n.to_string().into()),
                    Scalar::Float(d) => json_number(&d),
                    Scalar::Infinite(negative) => {
                        let sign = if negative { '-' } else { '+' };
                        self.later(1, node, format!("json: unsupported value: {sign}Inf"));
                        Value::Null
                    }
                    Scalar::NaN => {
                        self.later(1, node, "json: unsupported value: NaN".to_owned());
                        Value::Null
                    }
                    Scalar::Timestamp | Scalar::Text => match binary(node) {
                        Some(decoded) => match decoded {
                            Some(text) => Value::String(text.into()),
                            None => {
                                return fail(
                                    node,
                                    "yaml: !!binary value contains invalid base64 data",
                                );
                            }
                        },
                        None => Value::String(text.clone()),
                    },
                };
                Ok(value)
            }
            NodeKind::List { items, .. } => {
                let items = items
                    .iter()
                    .map(|n| self.value(n))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Value::list(items))
            }
            NodeKind::Map { .. } => {
                let mut map = Map::new();
                self.map(node, &mut map)?;
                Ok(map.into())
            }
        }
    }

    fn map(&mut self, node: &Node, map: &mut Map) -> Result<(), ConvertError> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            return Ok(());
        };
        for entry in entries {
            if is_merge(&entry.key) {
                self.merge(&entry.value, map)?;
                continue;
            }
            let key = self.key(&entry.key)?;
            let value = self.value(&entry.value)?;
            if let Some(key) = key {
                map.insert(key, value);
            }
        }
        Ok(())
    }

    /// In go-yaml v2 a merge counts where it stands: it replaces keys before it and is replaced by keys after it.
    fn merge(&mut self, node: &Node, map: &mut Map) -> Result<(), ConvertError> {
        const WANT_MAP: &str = "yaml: map merge requires map or sequence of maps as the value";
        match &node.kind {
            NodeKind::Map { .. } => {
                self.count(node)?;
                self.map(node, map)
            }
            NodeKind::Alias { name, target } => {
                let Some(target) = target else {
                    return fail(node, format!("yaml: anchor '{name}' value contains itself"));
                };
                if !matches!(target.kind, NodeKind::Map { .. }) {
                    return fail(node, WANT_MAP);
                }
                self.count(node)?;
                self.depth += 1;
                let done = self.count(target).and_then(|()| self.map(target, map));
                self.depth -= 1;
                done
            }
            NodeKind::List { items, .. } => {
                for item in items.iter().rev() {
                    match &item.kind {
                        NodeKind::List { .. } | NodeKind::Scalar { .. } => {
                            return fail(item, WANT_MAP);
                        }
                        _ => self.merge(item, map)?,
                    }
                }
                Ok(())
            }
            NodeKind::Scalar { .. } => fail(node, WANT_MAP),
        }
    }

    fn key(&mut self, node: &Node) -> Result<Option<Str>, ConvertError> {
        let target = node.resolved().unwrap_or(node);
        if target.is_collection() {
            self.value(node)?;
            return fail(
                node,
                format!("yaml: invalid map key: {}", go_syntax(target, true)),
            );
        }
        self.count(node)?;
        let text = target.text().unwrap_or_default();
        Ok(Some(match self.scalar(target)? {
            Scalar::Bool(b) => Str::Static(if b { "true" } else { "false" }),
            Scalar::Int(n) => n.to_string().into(),
            Scalar::Float(d) => d.to_general().into(),
            Scalar::Infinite(negative) => Str::Static(if negative { "-.inf" } else { ".inf" }),
            Scalar::NaN => Str::Static(".nan"),
            Scalar::Timestamp | Scalar::Text => match binary(target) {
                Some(Some(text)) => text.into(),
                Some(None) => {
                    return fail(node, "yaml: !!binary value contains invalid base64 data");
                }
                None => Str::copy(text),
            },
            Scalar::Null => {
                self.later(
                    0,
                    node,
                    "unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>".to_owned(),
                );
                return Ok(None);
            }
            Scalar::Unsigned(n) => {
                self.later(
                    0,
                    node,
                    format!("unsupported map key of type: uint64, key: 0x{n:x}, value: <nil>"),
                );
                return Ok(None);
            }
        }))
    }

    fn scalar(&mut self, node: &Node) -> Result<Scalar, ConvertError> {
        let NodeKind::Scalar { text, implicit, .. } = &node.kind else {
            return Ok(Scalar::Text);
        };
        let tag = match &node.tag {
            None if *implicit => return Ok(resolve(text)),
            None => return Ok(Scalar::Text),
            Some(tag) => tag.strip_prefix(LONG_TAG).unwrap_or(""),
        };
        if !matches!(tag, "bool" | "int" | "float" | "null" | "timestamp") {
            return Ok(Scalar::Text);
        }
        let found = resolve(text);
        let name = match &found {
            Scalar::Null => "null",
            Scalar::Bool(_) => "bool",
            Scalar::Int(_) | Scalar::Unsigned(_) => "int",
            Scalar::Float(_) | Scalar::Infinite(_) | Scalar::NaN => "float",
            Scalar::Timestamp => "timestamp",
            Scalar::Text => "str",
        };
        if name == tag || name == "int" && tag == "float" {
            return Ok(found);
        }
        fail(
            node,
            format!("yaml: cannot decode !!{name} `{text}` as a !!{tag}"),
        )
    }
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.kind, NodeKind::Scalar { text, implicit, .. } if *text == "<<"
        && (*implicit || key.tag.as_deref() == Some("tag:yaml.org,2002:merge")))
}

fn json_number(d: &Decimal) -> Value {
    let text = d.to_json();
    match text.parse::<i64>() {
        Ok(n) if text != "-0" => Value::Int(n),
        _ => Value::Number(text.into()),
    }
}

/// A JSON number's text as kubectl sends it on: whole numbers of 64 bits as they are, others as a float's text.
pub fn normalize_number(text: &str) -> Value {
    match (text.parse::<i64>(), Decimal::parse(text)) {
        (Ok(n), _) => Value::Int(n),
        (_, Ok(d)) => json_number(&d),
        _ => Value::Number(text.into()),
    }
}

/// The text of a `!!binary` scalar; inner `None`: no base64.
fn binary(node: &Node) -> Option<Option<String>> {
    if node.tag.as_deref() != Some("tag:yaml.org,2002:binary") {
        return None;
    }
    let text = node.text().unwrap_or_default();
    let clean: Vec<u8> = text
        .bytes()
        .filter(|b| *b != b'\n' && *b != b'\r')
        .collect();
    let mut out = Vec::new();
    if !clean.len().is_multiple_of(4) {
        return Some(None);
    }
    let chunks = clean.len() / 4;
    for (i, chunk) in clean.chunks(4).enumerate() {
        let pad = chunk.iter().rev().take_while(|b| **b == b'=').count();
        if pad > 2 || pad > 0 && i + 1 != chunks {
            return Some(None);
        }
        let mut n = 0u32;
        for b in &chunk[..4 - pad] {
            let six = match b {
                b'A'..=b'Z' => b - b'A',
                b'a'..=b'z' => b - b'a' + 26,
                b'0'..=b'9' => b - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return Some(None),
            };
            n = n << 6 | u32::from(six);
        }
        n <<= 6 * pad;
        out.extend_from_slice(&n.to_be_bytes()[1..4 - pad]);
    }
    Some(Some(String::from_utf8_lossy(&out).into_owned()))
}

/// A tree as Go's `%#v` prints it; `top`: not inside of a map or list.
fn go_syntax(node: &Node, top: bool) -> String {
    let Some(node) = node.resolved() else {
        return "interface {}(nil)".to_owned();
    };
    match &node.kind {
        NodeKind::Scalar { text, .. } => {
            let mut decoder = Decoder {
                decoded: 0,
                aliased: 0,
                depth: 0,
                late: None,
            };
            match decoder.scalar(node) {
                Ok(Scalar::Null) => if top { "<nil>" } else { "interface {}(nil)" }.to_owned(),
                Ok(Scalar::Bool(b)) => b.to_string(),
                Ok(Scalar::Int(n)) => n.to_string(),
                Ok(Scalar::Unsigned(n)) => format!("0x{n:x}"),
                Ok(Scalar::Float(d)) => d.to_general(),
                Ok(Scalar::Infinite(negative)) => if negative { "-Inf" } else { "+Inf" }.to_owned(),
                Ok(Scalar::NaN) => "NaN".to_owned(),
                _ => go_quote(text),
            }
        }
        NodeKind::List { items, .. } => {
            let items: Vec<String> = items.iter().map(|n| go_syntax(n, false)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        NodeKind::Map { entries, .. } => {
            let mut sorted: Vec<(String, String)> = Vec::new();
            for entry in entries {
                let (key, value) = (go_syntax(&entry.key, false), go_syntax(&entry.value, false));
                match sorted.iter_mut().find(|(k, _)| *k == key) {
                    Some(slot) => slot.1 = value,
                    None => sorted.push((key, value)),
                }
            }
            sorted.order();
            let entries: Vec<String> = sorted
                .into_iter()
                .map(|(k, v)| format!("{k}:{v}"))
                .collect();
            format!(
                "map[interface {{}}]interface {{}}{{{}}}",
                entries.join(", ")
            )
        }
        NodeKind::Alias { .. } => "interface {}(nil)".to_owned(),
    }
}

/// Mirrors strconv.Quote.
pub fn go_quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            '\u{80}'..='\u{a0}'
            | '\u{ad}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{200b}'..='\u{200f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse;
    use rollout_api::json::to_json;

    fn json(text: &str) -> String {
        match to_value(&parse(text).unwrap().unwrap()) {
            Ok(v) => to_json(&v),
            Err(e) => e.message,
        }
    }

    #[test]
    fn scalars() {
        for (text, want) in [
            ("y", "true"),
            ("Y", "true"),
            ("yes", "true"),
            ("YES", "true"),
            ("yEs", "\"yEs\""),
            ("on", "true"),
            ("n", "false"),
            ("No", "false"),
            ("OFF", "false"),
            ("off", "false"),
            ("~", "null"),
            ("Null", "null"),
            ("nULL", "\"nULL\""),
            ("0x1f", "31"),
            ("0o17", "15"),
            ("017", "15"),
            ("0b11", "3"),
            ("1_000", "1000"),
            ("+5", "5"),
            ("-0x1F", "-31"),
            ("08", "8"),
            ("089", "89"),
            ("1e3", "1000"),
            ("1.", "1"),
            (".5", "0.5"),
            ("1.0", "1"),
            ("1.10", "1.1"),
            ("-0", "0"),
            ("-0.0", "-0"),
            ("1:30", "\"1:30\""),
            ("2001-01-01", "\"2001-01-01\""),
            ("12e", "\"12e\""),
            ("1.2.3", "\"1.2.3\""),
            ("0x", "\"0x\""),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "18446744073709552000"),
            (".inf", "json: unsupported value: +Inf"),
            ("-.Inf", "json: unsupported value: -Inf"),
            (".NaN", "json: unsupported value: NaN"),
            ("'yes'", "\"yes\""),
            ("\"1\"", "\"1\""),
            ("! 1", "\"1\""),
            ("!!str 1", "\"1\""),
            ("!!int '1'", "1"),
            ("!!int x", "yaml: cannot decode !!str `x` as a !!int"),
            ("!!float 1", "1"),
            ("!foo 1", "\"1\""),
            ("!!binary aGk=", "\"hi\""),
            (
                "!!binary x",
                "yaml: !!binary value contains invalid base64 data",
            ),
            ("_1", "\"_1\""),
            ("1__0", "10"),
            ("0_7", "7"),
            ("1e400", "\"1e400\""),
            (".", "\".\""),
            ("-", "[null]"),
            ("0777", "511"),
            ("0b102", "\"0b102\""),
        ] {
            assert_eq!(json(text), want, "{text}");
        }
    }

    #[test]
    fn maps() {
        for (text, want) in [
            ("a: 1\na: 2", r#"{"a":2}"#),
            (
                "1: a\ntrue: b\n1.50: c\nyes: d",
                r#"{"1":"a","1.5":"c","true":"d"}"#,
            ),
            (
                "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: {q: 3, <<: *x}",
                r#"{"a":{"p":1,"q":2},"b":{"p":1,"q":3},"c":{"p":1,"q":2}}"#,
            ),
            ("a: {<<: [{x: 1}, {x: 2, z: 3}]}", r#"{"a":{"x":1,"z":3}}"#),
            (
                "a: {<<: 3}",
                "yaml: map merge requires map or sequence of maps as the value",
            ),
            ("'<<': {a: 1}", r#"{"<<":{"a":1}}"#),
            (
                "a: {{ .Values.x }}",
                r#"yaml: invalid map key: map[interface {}]interface {}{".Values.x":interface {}(nil)}"#,
            ),
            (
                "? [a, b]\n: 1",
                r#"yaml: invalid map key: []interface {}{"a", "b"}"#,
            ),
            ("a: &x [*x]", "yaml: anchor 'x' value contains itself"),
        ] {
            assert_eq!(json(text), want, "{text}");
        }
    }

    #[test]
    fn alias_bombs_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let item = format!("*a{}", i - 1);
            text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![item; 9].join(", ")));
        }
        assert_eq!(json(&text), "yaml: document contains excessive aliasing");
    }

    #[test]
    fn timestamps() {
        for yes in [
            "2001-01-01",
            "2001-1-1",
            "2025-06-10T12:00:00Z",
            "2025-06-10t12:00:00.25+02:00",
            "2025-06-10 12:00:00",
            "2024-02-29",
        ] {
            assert!(is_timestamp(yes), "{yes}");
        }
        for no in [
            "2001-13-01",
            "2001-02-29",
            "2001-01",
            "2001-01-01T",
            "2001-01-01T12:00:00",
            "2001-01-01x",
            "20010101",
        ] {
            assert!(!is_timestamp(no), "{no}");
        }
    }
}
