//! JSON text: reading with places of errors, writing as Go's encoder does.

use crate::value::{Map, Value};
use std::fmt::Write as _;

/// Deepest nesting that is read. Go's limit is 10 000; a manifest needs some dozen.
pub const MAX_DEPTH: usize = 512;

/// Why a text is no JSON, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}
impl std::error::Error for JsonError {}

/// Reads one JSON value; the last of equal keys wins.
pub fn from_json(text: &str) -> Result<Value, JsonError> {
    let mut p = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    p.space();
    let v = p.value(0)?;
    p.space();
    if p.at < p.bytes.len() {
        return Err(p.unexpected("after top-level value"));
    }
    Ok(v)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn error(&self, message: &str) -> JsonError {
        JsonError {
            offset: self.at,
            message: message.to_owned(),
        }
    }
    /// Go's words for a byte that may not stand here, or for the end of the text.
    fn unexpected(&self, context: &str) -> JsonError {
        let Some(byte) = self.bytes.get(self.at) else {
            return self.error("unexpected end of JSON input");
        };
        let shown = match byte {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            _ => {
                let quoted = crate::gofmt::quote(&char::from(*byte).to_string());
                format!("'{}'", &quoted[1..quoted.len() - 1])
            }
        };
        self.error(&format!("invalid character {shown} {context}"))
    }
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }
    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            let given = &self.bytes[self.at..];
            let same = word.bytes().zip(given).take_while(|(w, g)| w == *g).count();
            self.at += same;
            let expected = word.as_bytes()[same] as char;
            Err(self.unexpected(&format!("in literal {word} (expecting {expected:?})")))
        }
    }
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("exceeded max depth"));
        }
        match self.bytes.get(self.at) {
            None => Err(self.error("unexpected end of JSON input")),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'"') => Ok(Value::String(self.string()?.into())),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.unexpected("looking for beginning of value")),
        }
    }
    fn list(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }
    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut map = Map::new();
        self.space();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(map.into());
        }
        loop {
            self.space();
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.space();
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(map.into());
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }
    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let digits = self.digits()?;
        if digits > 1 && self.bytes[self.at - digits] == b'0' {
            return Err(self.unexpected("after number"));
        }
        let mut whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        match (whole, text.parse::<i64>()) {
            (true, Ok(i)) if text != "-0" => Ok(Value::Int(i)),
            _ => Ok(Value::Number(text.into())),
        }
    }
    fn digits(&mut self) -> Result<usize, JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.unexpected("in numeric literal"))
        } else {
            Ok(self.at - start)
        }
    }
    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(
                self.bytes.get(self.at),
                None | Some(b'"' | b'\\' | 0..=0x1f)
            ) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.bytes.get(self.at) {
                None => return Err(self.error("unexpected end of JSON input")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                Some(_) => return Err(self.unexpected("in string literal")),
            }
        }
    }
    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let c = *self
            .bytes
            .get(self.at)
            .ok_or_else(|| self.error("unexpected end of JSON input"))?;
        self.at += 1;
        match c {
            b'"' => out.push('"'),
            b'\\' => out.push('\\'),
            b'/' => out.push('/'),
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let hi = self.hex4()?;
                let code = if (0xd800..0xdc00).contains(&hi)
                    && self.bytes[self.at..].starts_with(b"\\u")
                {
                    let back = self.at;
                    self.at += 2;
                    let lo = self.hex4()?;
                    if (0xdc00..0xe000).contains(&lo) {
                        0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00)
                    } else {
                        self.at = back;
                        0xfffd
                    }
                } else {
                    hi
                };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected("in string escape code"));
            }
        }
        Ok(())
    }
    fn hex4(&mut self) -> Result<u32, JsonError> {
        let text = self
            .text
            .get(self.at..self.at + 4)
            .ok_or_else(|| self.error("invalid \\u escape"))?;
        let n = u32::from_str_radix(text, 16).map_err(|_| self.error("invalid \\u escape"))?;
        self.at += 4;
        Ok(n)
    }
}

/// How the encoder treats `<`, `>` and `&`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Html {
    /// Written as they are.
    Plain,
    /// Written as `\u003c` and so on: Go's default.
    Escaped,
}

/// Compact JSON, keys sorted, nothing escaped but what JSON demands.
pub fn to_json(v: &Value) -> String {
    let mut out = String::new();
    write(v, &mut out, Html::Plain);
    out
}

/// Compact JSON as Go's `json.Marshal` writes it (`<`, `>`, `&` escaped).
pub fn to_json_go(v: &Value) -> String {
    let mut out = String::new();
    write(v, &mut out, Html::Escaped);
    out
}

/// Indented JSON as `json.MarshalIndent(v, "", indent)` writes it, without a newline at the end.
pub fn to_json_pretty(v: &Value, indent: &str, html: Html) -> String {
    let mut out = String::new();
    write_pretty(v, &mut out, indent, 0, html);
    out
}

/// Appends compact JSON to `out`.
pub fn write(v: &Value, out: &mut String, html: Html) {
    match v {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Number(n) => out.push_str(n),
        Value::String(s) => write_string(s, out, html),
        Value::List(l) => {
            out.push('[');
            for (i, item) in l.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out, html);
            }
            out.push(']');
        }
        Value::Map(m) => {
            out.push('{');
            for (i, (k, item)) in m.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(k, out, html);
                out.push(':');
                write(item, out, html);
            }
            out.push('}');
        }
    }
}

fn newline(out: &mut String, indent: &str, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str(indent);
    }
}

fn write_pretty(v: &Value, out: &mut String, indent: &str, depth: usize, html: Html) {
    match v {
        Value::List(l) if !l.is_empty() => {
            out.push('[');
            for (i, item) in l.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                newline(out, indent, depth + 1);
                write_pretty(item, out, indent, depth + 1, html);
            }
            newline(out, indent, depth);
            out.push(']');
        }
        Value::Map(m) if !m.is_empty() => {
            out.push('{');
            for (i, (k, item)) in m.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                newline(out, indent, depth + 1);
                write_string(k, out, html);
                out.push_str(": ");
                write_pretty(item, out, indent, depth + 1, html);
            }
            newline(out, indent, depth);
            out.push('}');
        }
        _ => write(v, out, html),
    }
}

/// Appends a JSON string with its quotes.
pub fn write_string(s: &str, out: &mut String, html: Html) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if html == Html::Escaped => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for text in [
            "null",
            "true",
            "-3",
            "3.5",
            "1e3",
            "\"a\\nb\"",
            "[]",
            "{}",
            "[1,[2],{\"a\":null}]",
            "99999999999999999999",
        ] {
            assert_eq!(to_json(&from_json(text).unwrap()), text);
        }
    }

    #[test]
    fn refuses_what_is_no_json() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "01",
            "nul",
            "\"\u{1}\"",
            "1 2",
            "-",
        ] {
            assert!(from_json(text).is_err(), "{text:?}");
        }
        assert!(from_json(&"[".repeat(100_000)).is_err());
    }
}
