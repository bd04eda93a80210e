//! kubectl's JSONPath: reading a template, finding values, printing them.

use rollout_api::Value;
use rollout_api::json::{Html, to_json_go, to_json_pretty};

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Root,
    Current,
    Field(String),
    Slice(Option<i64>, Option<i64>, Option<i64>),
    Index(i64),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
    Filter(Vec<Node>, String, Vec<Node>),
    Literal(Value),
    Range(Vec<Node>, Vec<Part>),
    /// `{end}` without a range.
    StrayEnd,
}

/// A part of a template: text, or an action.
type Part = Vec<Node>;

/// A JSONPath template.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    parts: Vec<Part>,
    /// Missing fields are an error.
    pub strict: bool,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    /// The last range that was read had its `{end}`.
    closed: bool,
}

type Parsing<T> = Result<T, String>;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }
    fn rest_starts(&self, s: &str) -> bool {
        s.chars()
            .enumerate()
            .all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    /// Text and actions up to the end, or to `{end}` within a range.
    fn template(&mut self, in_range: bool) -> Parsing<Vec<Part>> {
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            match self.peek() {
                None => {
                    if !text.is_empty() {
                        parts.push(vec![Node::Text(text)]);
                    }
                    return Ok(parts);
                }
                Some('{') => {
                    self.at += 1;
                    if !text.is_empty() {
                        parts.push(vec![Node::Text(std::mem::take(&mut text))]);
                    }
                    if self.action(in_range, &mut parts)? {
                        return Ok(parts);
                    }
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
    }

    /// One `{…}`; true when it was `{end}`.
    fn action(&mut self, in_range: bool, parts: &mut Vec<Part>) -> Parsing<bool> {
        self.depth += 1;
        if self.depth > 64 {
            return Err("template is nested too deeply".to_owned());
        }
        let mut nodes = Vec::new();
        loop {
            match self.peek() {
                None => return Err("unclosed action".to_owned()),
                Some('}') => {
                    self.at += 1;
                    break;
                }
                Some(' ' | '\t' | '\n' | '\r') => self.at += 1,
                Some(_) => {
                    if self.word() == "end" {
                        self.at += 3;
                        while self.peek() == Some(' ') {
                            self.at += 1;
                        }
                        if self.next() != Some('}') {
                            return Err("unclosed action".to_owned());
                        }
                        self.depth -= 1;
                        if !in_range {
                            parts.push(vec![Node::StrayEnd]);
                        }
                        self.closed = in_range;
                        return Ok(in_range);
                    }
                    if self.word() == "range" {
                        self.at += 5;
                        let mut path = Vec::new();
                        loop {
                            match self.peek() {
                                None => return Err("unclosed action".to_owned()),
                                Some('}') => {
                                    self.at += 1;
                                    break;
                                }
                                Some(' ') => self.at += 1,
                                Some(_) => self.step(&mut path)?,
                            }
                        }
                        self.closed = false;
                        let body = self.template(true)?;
                        nodes.push(Node::Range(path, body.clone()));
                        self.depth -= 1;
                        parts.push(nodes);
                        if !self.closed {
                            // A range that nothing ends runs on with the value it began on.
                            parts.extend(body);
                        }
                        self.closed = false;
                        return Ok(false);
                    }
                    self.step(&mut nodes)?;
                }
            }
        }
        self.depth -= 1;
        parts.push(nodes);
        Ok(false)
    }

    fn word(&self) -> String {
        self.chars[self.at.min(self.chars.len())..]
            .iter()
            .take_while(|c| c.is_alphanumeric() || **c == '_')
            .collect()
    }

    /// One step of a path.
    fn step(&mut self, nodes: &mut Vec<Node>) -> Parsing<()> {
        match self.peek() {
            Some('$') => {
                self.at += 1;
                nodes.push(Node::Root);
            }
            Some('@') => {
                self.at += 1;
                nodes.push(Node::Current);
            }
            Some('.') => {
                self.at += 1;
                if self.peek() == Some('.') {
                    self.at += 1;
                    nodes.push(Node::Recursive);
                    if self.peek().is_some_and(|c| {
                        c.is_alphanumeric() || c == '_' || c == '*' || c == '\\' || c == '-'
                    }) {
                        self.field(nodes);
                    }
                } else {
                    self.field(nodes);
                }
            }
            Some('[') => {
                self.at += 1;
                self.bracket(nodes)?;
            }
            Some(q @ ('"' | '\'')) => {
                self.at += 1;
                let text = self.quoted(q)?;
                nodes.push(Node::Literal(Value::from(text)));
            }
            Some(c) if c.is_ascii_digit() || c == '-' || c == '+' => {
                let start = self.at;
                self.at += 1;
                while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.') {
                    self.at += 1;
                }
                let text: String = self.chars[start..self.at].iter().collect();
                let v = match text.parse::<i64>() {
                    Ok(i) => Value::Int(i),
                    Err(_) if text.parse::<f64>().is_ok() => Value::Number(text.into()),
                    Err(_) => return Err(format!("cannot parse number {text}")),
                };
                nodes.push(Node::Literal(v));
            }
            Some(c) if c.is_alphabetic() || c == '_' => {
                let word = self.word();
                self.at += word.chars().count();
                match word.as_str() {
                    "true" => nodes.push(Node::Literal(Value::Bool(true))),
                    "false" => nodes.push(Node::Literal(Value::Bool(false))),
                    _ => return Err(format!("unrecognized identifier {word}")),
                }
            }
            Some(c) => {
                return Err(format!(
                    "unrecognized character in action: U+{:04X} '{c}'",
                    c as u32
                ));
            }
            None => return Err("unclosed action".to_owned()),
        }
        Ok(())
    }

    fn field(&mut self, nodes: &mut Vec<Node>) {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.at += 1;
                if let Some(n) = self.next() {
                    name.push(n);
                }
                continue;
            }
            if matches!(
                c,
                '.' | '['
                    | '}'
                    | ' '
                    | '\t'
                    | '\n'
                    | ']'
                    | ')'
                    | '='
                    | '<'
                    | '>'
                    | '!'
                    | ','
                    | '{'
                    | '|'
                    | '$'
                    | '@'
                    | '\''
                    | '"'
                    | '('
            ) {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        match name.as_str() {
            "" => {}
            "*" => nodes.push(Node::Wildcard),
            _ => nodes.push(Node::Field(name)),
        }
    }

    fn quoted(&mut self, q: char) -> Parsing<String> {
        let mut out = String::new();
        loop {
            match self.next() {
                None => return Err("unterminated quoted string".to_owned()),
                Some('\\') => match self.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some(c) => out.push(c),
                    None => return Err("unterminated quoted string".to_owned()),
                },
                Some(c) if c == q => return Ok(out),
                Some(c) => out.push(c),
            }
        }
    }

    fn bracket(&mut self, nodes: &mut Vec<Node>) -> Parsing<()> {
        if self.rest_starts("?(") {
            self.at += 2;
            return self.filter(nodes);
        }
        let mut items: Vec<Vec<Node>> = Vec::new();
        loop {
            while self.peek() == Some(' ') {
                self.at += 1;
            }
            match self.peek() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(q @ '\'') => {
                    self.at += 1;
                    let name = self.quoted(q)?;
                    items.push(vec![Node::Field(name)]);
                }
                Some('*') => {
                    self.at += 1;
                    items.push(vec![Node::Wildcard]);
                }
                Some(c) if c.is_ascii_digit() || c == '-' || c == ':' => {
                    let start = self.at;
                    while self
                        .peek()
                        .is_some_and(|c| c.is_ascii_digit() || c == '-' || c == ':')
                    {
                        self.at += 1;
                    }
                    let text: String = self.chars[start..self.at].iter().collect();
                    items.push(vec![index(&text)?]);
                }
                Some('.') => {
                    let mut path = Vec::new();
                    while self.peek().is_some_and(|c| c != ',' && c != ']') {
                        self.step(&mut path)?;
                    }
                    items.push(path);
                }
                Some(_) => {
                    let start = self.at;
                    while self.peek().is_some_and(|c| c != ']' && c != ',') {
                        self.at += 1;
                    }
                    let text: String = self.chars[start..self.at].iter().collect();
                    if self.peek().is_none() {
                        return Err("unterminated array".to_owned());
                    }
                    return Err(format!("invalid array index {text}"));
                }
            }
            while self.peek() == Some(' ') {
                self.at += 1;
            }
            match self.next() {
                Some(',') => {}
                Some(']') => break,
                None => return Err("unterminated array".to_owned()),
                Some(_) => return Err("invalid array index".to_owned()),
            }
        }
        if items.len() == 1 {
            nodes.extend(items.swap_remove(0));
        } else {
            nodes.push(Node::Union(items));
        }
        Ok(())
    }

    fn filter(&mut self, nodes: &mut Vec<Node>) -> Parsing<()> {
        let mut left = Vec::new();
        let mut right = Vec::new();
        let mut op = String::new();
        loop {
            match self.peek() {
                None => return Err("unterminated filter".to_owned()),
                Some(' ') => self.at += 1,
                Some(')') => {
                    self.at += 1;
                    if self.next() != Some(']') {
                        return Err("unclosed array expect ]".to_owned());
                    }
                    break;
                }
                Some('=' | '!' | '<' | '>') if op.is_empty() => {
                    while let Some(c @ ('=' | '!' | '<' | '>')) = self.peek() {
                        op.push(c);
                        self.at += 1;
                    }
                }
                Some(_) => {
                    let side = if op.is_empty() { &mut left } else { &mut right };
                    let before = self.at;
                    self.step(side)?;
                    if self.at == before {
                        return Err("unterminated filter".to_owned());
                    }
                }
            }
        }
        if op.is_empty() {
            op.push_str("exists");
        } else if !matches!(op.as_str(), "==" | "!=" | "<" | "<=" | ">" | ">=") {
            return Err(format!("unrecognized filter operator {op}"));
        }
        nodes.push(Node::Filter(left, op, right));
        Ok(())
    }
}

fn index(text: &str) -> Parsing<Node> {
    let bad = || format!("invalid array index {text}");
    if !text.contains(':') {
        return text.parse().map(Node::Index).map_err(|_| bad());
    }
    let mut numbers = [None; 3];
    for (i, part) in text.split(':').enumerate() {
        let slot = numbers.get_mut(i).ok_or_else(bad)?;
        if !part.is_empty() {
            *slot = Some(part.parse().map_err(|_| bad())?);
        }
    }
    Ok(Node::Slice(numbers[0], numbers[1], numbers[2]))
}

const STRAY_END: &str = "not in range, nothing to end";

impl JsonPath {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<JsonPath, String> {
        let mut p = Parser {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
            closed: false,
        };
        Ok(JsonPath {
            parts: p.template(false)?,
            strict: false,
        })
    }

    /// The text of a template for an object.
    pub fn print(&self, object: &Value) -> Result<String, String> {
        let mut out = String::new();
        self.run(&self.parts, object, object, &mut out)?;
        Ok(out)
    }

    fn run(
        &self,
        parts: &[Part],
        root: &Value,
        current: &Value,
        out: &mut String,
    ) -> Result<(), String> {
        for part in parts {
            match part.as_slice() {
                [Node::Text(t)] => out.push_str(t),
                [Node::StrayEnd] => return Err(STRAY_END.to_owned()),
                [Node::Range(path, body)] => {
                    for item in self.eval(path, root, current)? {
                        self.run(body, root, &item, out)?;
                    }
                }
                nodes => {
                    let found = self.eval(nodes, root, current)?;
                    for (i, v) in found.iter().enumerate() {
                        if i > 0 {
                            out.push(' ');
                        }
                        out.push_str(&text(v));
                    }
                }
            }
        }
        Ok(())
    }

    /// The values that the actions find, one list per action.
    pub fn find(&self, object: &Value) -> Result<Vec<Vec<Value>>, String> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part.as_slice() {
                [Node::Text(t)] => out.push(vec![Value::text(t)]),
                [Node::StrayEnd] => return Err(STRAY_END.to_owned()),
                [Node::Range(path, body)] => {
                    let inner = JsonPath {
                        parts: body.clone(),
                        strict: self.strict,
                    };
                    for item in self.eval(path, object, object)? {
                        out.extend(inner.find(&item)?);
                    }
                }
                nodes => out.push(self.eval(nodes, object, object)?),
            }
        }
        Ok(out)
    }

    /// The results of each action as a JSON list, four blanks deep.
    pub fn print_json(&self, object: &Value) -> Result<String, String> {
        let mut out = String::new();
        for found in self.find(object)? {
            out.push_str(&to_json_pretty(&Value::list(found), "    ", Html::Escaped));
            out.push('\n');
        }
        Ok(out)
    }

    fn eval(&self, nodes: &[Node], root: &Value, current: &Value) -> Result<Vec<Value>, String> {
        let mut now = vec![current.clone()];
        for node in nodes {
            let mut next = Vec::new();
            match node {
                Node::Text(t) => next.push(Value::text(t)),
                Node::Root => next.push(root.clone()),
                Node::Current => next = now,
                Node::Literal(v) => next.push(v.clone()),
                Node::Field(name) => {
                    for v in &now {
                        match v.get(name) {
                            Some(x) => next.push(x.clone()),
                            None if self.strict => return Err(format!("{name} is not found")),
                            None => {}
                        }
                    }
                }
                Node::Index(i) => {
                    for v in &now {
                        let Value::List(l) = v else {
                            if v.is_null() {
                                continue;
                            }
                            return Err(format!(
                                "{} is not array or slice",
                                crate::go::dump_kind(v)
                            ));
                        };
                        let len = l.len() as i64;
                        let at = if *i < 0 { len + i } else { *i };
                        match usize::try_from(at).ok().and_then(|at| l.get(at)) {
                            Some(x) => next.push(x.clone()),
                            None => {
                                return Err(format!(
                                    "array index out of bounds: index {i}, length {len}"
                                ));
                            }
                        }
                    }
                }
                Node::Slice(from, to, step) => {
                    for v in &now {
                        let Value::List(l) = v else { continue };
                        let len = l.len() as i64;
                        let norm = |n: i64| if n < 0 { len + n } else { n };
                        let (a, b) = (
                            norm(from.unwrap_or(0)).max(0),
                            norm(to.unwrap_or(len)).min(len),
                        );
                        let step = step.unwrap_or(1);
                        if step <= 0 {
                            return Err("step must be > 0".to_owned());
                        }
                        let mut i = a;
                        while i < b {
                            if let Some(x) = usize::try_from(i).ok().and_then(|i| l.get(i)) {
                                next.push(x.clone());
                            }
                            i = i.saturating_add(step);
                        }
                    }
                }
                Node::Wildcard => {
                    for v in &now {
                        children(v, &mut next);
                    }
                }
                Node::Recursive => {
                    for v in &now {
                        descend(v, &mut next);
                    }
                }
                Node::Union(paths) => {
                    for path in paths {
                        for v in &now {
                            next.extend(self.eval(path, root, v)?);
                        }
                    }
                }
                Node::Filter(left, op, right) => {
                    for v in &now {
                        let mut items = Vec::new();
                        match v {
                            Value::List(_) => children(v, &mut items),
                            _ => continue,
                        }
                        for item in items {
                            if self.holds(left, op, right, root, &item)? {
                                next.push(item);
                            }
                        }
                    }
                }
                Node::StrayEnd => return Err(STRAY_END.to_owned()),
                Node::Range(path, _) => next = self.eval(path, root, current)?,
            }
            now = next;
        }
        Ok(now)
    }

    fn holds(
        &self,
        left: &[Node],
        op: &str,
        right: &[Node],
        root: &Value,
        item: &Value,
    ) -> Result<bool, String> {
        let l = self.eval(left, root, item)?;
        if op == "exists" {
            return Ok(!l.is_empty());
        }
        let r = self.eval(right, root, item)?;
        let (Some(l), Some(r)) = (l.first(), r.first()) else {
            return Ok(false);
        };
        let order = match (l, r) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::String(a), Value::String(b)) => a.as_str().cmp(b.as_str()),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Null, _) | (_, Value::Null) => return Ok(op == "!="),
            (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => {
                text(a).cmp(&text(b))
            }
            _ => return Err("incompatible types for comparison".to_owned()),
        };
        Ok(match op {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        })
    }
}

fn children(v: &Value, out: &mut Vec<Value>) {
    match v {
        Value::List(l) => out.extend(l.iter().cloned()),
        Value::Map(m) => out.extend(m.iter().map(|(_, x)| x.clone())),
        _ => {}
    }
}

fn descend(v: &Value, out: &mut Vec<Value>) {
    if matches!(v, Value::List(_) | Value::Map(_)) {
        out.push(v.clone());
        let mut kids = Vec::new();
        children(v, &mut kids);
        for k in &kids {
            descend(k, out);
        }
    }
}

/// A value as JSONPath prints it.
pub fn text(v: &Value) -> String {
    match v {
        Value::Null => "null".to_owned(),
        Value::String(s) => s.to_string(),
        Value::Number(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::List(_) | Value::Map(_) => to_json_go(v),
    }
}

/// `a.b`, `.a.b`, `{a.b}` and `{.a.b}` all become `{.a.b}`. Mirrors `RelaxedJSONPathExpression`.
pub fn relaxed(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let bad = || {
        "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".to_owned()
    };
    let inner = match text.strip_prefix('{') {
        Some(t) => t.strip_suffix('}').ok_or_else(bad)?,
        None if text.ends_with('}') => return Err(bad()),
        None => text,
    };
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    if inner.starts_with('{') || inner.is_empty() {
        return Err(bad());
    }
    Ok(format!("{{.{inner}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::json::from_json;

    #[test]
    fn finds_and_prints() {
        let v = from_json(r#"{"a":{"b":[{"n":"x","v":1},{"n":"y","v":2}]},"k.l":"dot","e":[]}"#)
            .unwrap();
        for (template, want) in [
            ("{.a.b[*].n}", "x y"),
            ("{.a.b[0].v}", "1"),
            ("{.a.b[-1].n}", "y"),
            ("{.a.b[?(@.n==\"y\")].v}", "2"),
            ("{.a.b[?(@.v>1)].n}", "y"),
            ("{range .a.b[*]}{.n}={.v}{\"\\n\"}{end}", "x=1\ny=2\n"),
            ("{.k\\.l}", "dot"),
            ("{['k.l']}", "dot"),
            ("{.nope}", ""),
            ("{.a.b[0:1].n}", "x"),
            ("{..n}", "x y"),
            ("{.a.b[0]['n','v']}", "x 1"),
            ("plain {.k\\.l}!", "plain dot!"),
            ("{.a.b[1]}", r#"{"n":"y","v":2}"#),
            ("{$.a.b[0].n}", "x"),
            ("{range .a.b[*]}{range @}{.n}{end}{end}", "xy"),
        ] {
            assert_eq!(
                JsonPath::parse(template).and_then(|p| p.print(&v)),
                Ok(want.to_owned()),
                "{template}"
            );
        }
        for bad in [
            "{.a",
            "{.a[}",
            "{.a[?(@.b]}",
            "{nope}",
            "{.a['b}",
            "{.a[x]}",
        ] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            JsonPath::parse("{.a.b[5]}").unwrap().print(&v),
            Err("array index out of bounds: index 5, length 2".to_owned())
        );
    }

    #[test]
    fn relaxed_paths() {
        for t in ["a.b", ".a.b", "{a.b}", "{.a.b}"] {
            assert_eq!(relaxed(t).unwrap(), "{.a.b}");
        }
        assert!(relaxed("{a").is_err());
    }
}
