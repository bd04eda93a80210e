//! Go templates for `-o go-template`: the part that is used on kubectl lines.

use crate::go;
use rollout_api::Value;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
enum Item {
    Text(String),
    Show(Pipe),
    Set(String, Pipe),
    If(Pipe, Vec<Item>, Vec<Item>),
    With(Pipe, Vec<Item>, Vec<Item>),
    Range(Option<String>, Option<String>, Pipe, Vec<Item>, Vec<Item>),
    /// `{{break}}` (true) and `{{continue}}`.
    Leave(bool),
}

type Pipe = Vec<Vec<Arg>>;

#[derive(Clone, Debug)]
enum Arg {
    Dot,
    Path(Vec<String>),
    Var(String, Vec<String>),
    Const(Value),
    Word(String),
    Sub(Pipe, Vec<String>),
}

/// A Go template.
#[derive(Clone, Debug)]
pub struct Template {
    items: Vec<Item>,
}

struct Reader<'a> {
    /// Pieces: text or action.
    pieces: Vec<(bool, &'a str)>,
    at: usize,
    depth: usize,
    ranges: usize,
}

/// Reads a template; the error is Go's without its head.
pub fn parse(text: &str) -> Result<Template, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trim_next = false;
    while let Some(open) = rest.find("{{") {
        let mut before = &rest[..open];
        if trim_next {
            before = before.trim_start();
        }
        let after = &rest[open + 2..];
        let close = close_of(after).ok_or("unclosed action")?;
        let mut body = &after[..close];
        rest = &after[close + 2..];
        if body.starts_with("- ") {
            before = before.trim_end();
            body = &body[2..];
        }
        trim_next = body.ends_with(" -");
        if trim_next {
            body = &body[..body.len() - 2];
        }
        if !before.is_empty() {
            pieces.push((false, before));
        }
        let body = body.trim();
        if !body.starts_with("/*") {
            pieces.push((true, body));
        }
    }
    let tail = if trim_next { rest.trim_start() } else { rest };
    if !tail.is_empty() {
        pieces.push((false, tail));
    }
    let mut r = Reader {
        pieces,
        at: 0,
        depth: 0,
        ranges: 0,
    };
    let (items, end) = r.block()?;
    match end.as_str() {
        "" => Ok(Template { items }),
        other => Err(format!("unexpected {{{{{other}}}}}")),
    }
}

/// The end of an action, outside of strings.
fn close_of(text: &str) -> Option<usize> {
    let b = text.as_bytes();
    let mut quote = 0u8;
    let mut i = 0;
    while i < b.len() {
        let c = b[i];
        if quote != 0 {
            if c == b'\\' && quote == b'"' {
                i += 1;
            } else if c == quote {
                quote = 0;
            }
        } else if c == b'"' || c == b'`' {
            quote = c;
        } else if c == b'}' && b.get(i + 1) == Some(&b'}') {
            return Some(i);
        }
        i += 1;
    }
    None
}

impl Reader<'_> {
    /// Items up to `end` or `else`, and that word.
    fn block(&mut self) -> Result<(Vec<Item>, String), String> {
        self.depth += 1;
        if self.depth > 64 {
            return Err("nested too deeply".to_owned());
        }
        let mut items = Vec::new();
        while let Some((action, text)) = self.pieces.get(self.at).copied() {
            self.at += 1;
            if !action {
                items.push(Item::Text(text.to_owned()));
                continue;
            }
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            match word {
                "end" | "else" => {
                    self.depth -= 1;
                    return Ok((items, text.to_owned()));
                }
                "break" | "continue" if rest.is_empty() => {
                    if self.ranges == 0 {
                        return Err(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                    }
                    items.push(Item::Leave(word == "break"));
                }
                "if" | "with" => {
                    let item = self.branch(word, rest)?;
                    items.push(item);
                }
                "range" => {
                    let (vars, rest) = match rest.split_once(":=") {
                        Some((v, r)) => (
                            v.split(',')
                                .map(|x| x.trim().to_owned())
                                .collect::<Vec<_>>(),
                            r,
                        ),
                        None => (Vec::new(), rest),
                    };
                    let pipe = pipeline(rest)?;
                    self.ranges += 1;
                    let (body, end) = self.block()?;
                    self.ranges -= 1;
                    let other = if end == "else" {
                        self.closed()?
                    } else {
                        Vec::new()
                    };
                    let (key, value) = match vars.as_slice() {
                        [] => (None, None),
                        [v] => (None, Some(v.clone())),
                        [k, v, ..] => (Some(k.clone()), Some(v.clone())),
                    };
                    items.push(Item::Range(key, value, pipe, body, other));
                }
                _ => {
                    if text.starts_with('$')
                        && let Some((var, rest)) =
                            text.split_once(":=").or_else(|| text.split_once(" = "))
                    {
                        items.push(Item::Set(var.trim().to_owned(), pipeline(rest)?));
                    } else {
                        items.push(Item::Show(pipeline(text)?));
                    }
                }
            }
        }
        self.depth -= 1;
        if self.depth > 0 {
            return Err("unexpected EOF".to_owned());
        }
        Ok((items, String::new()))
    }

    fn closed(&mut self) -> Result<Vec<Item>, String> {
        let (items, end) = self.block()?;
        if end == "end" {
            Ok(items)
        } else {
            Err(format!("unexpected {{{{{end}}}}}"))
        }
    }

    fn branch(&mut self, word: &str, rest: &str) -> Result<Item, String> {
        let pipe = pipeline(rest)?;
        let (body, end) = self.block()?;
        let other = if end == "end" {
            Vec::new()
        } else if end == "else" {
            self.closed()?
        } else {
            match end.strip_prefix("else ").and_then(|e| e.split_once(' ')) {
                Some((w @ ("if" | "with"), r)) => vec![self.branch(w, r)?],
                _ => return Err(format!("unexpected {{{{{end}}}}}")),
            }
        };
        Ok(if word == "if" {
            Item::If(pipe, body, other)
        } else {
            Item::With(pipe, body, other)
        })
    }
}

fn pipeline(text: &str) -> Result<Pipe, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let pipe = commands(&chars, &mut at, 0)?;
    if at < chars.len() {
        return Err(format!("unexpected {:?} in operand", chars[at]));
    }
    if pipe.iter().any(Vec::is_empty) {
        return Err("missing value for command".to_owned());
    }
    Ok(pipe)
}

fn path(chars: &[char], at: &mut usize) -> Vec<String> {
    let mut parts = Vec::new();
    while chars.get(*at) == Some(&'.')
        && chars
            .get(*at + 1)
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
    {
        *at += 1;
        let start = *at;
        while chars
            .get(*at)
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
        {
            *at += 1;
        }
        parts.push(chars[start..*at].iter().collect());
    }
    parts
}

fn commands(chars: &[char], at: &mut usize, depth: usize) -> Result<Pipe, String> {
    if depth > 32 {
        return Err("nested too deeply".to_owned());
    }
    let mut pipe: Pipe = vec![Vec::new()];
    while let Some(&c) = chars.get(*at) {
        let arg = match c {
            ' ' | '\t' | '\n' => {
                *at += 1;
                continue;
            }
            '|' => {
                *at += 1;
                pipe.push(Vec::new());
                continue;
            }
            ')' if depth > 0 => return Ok(pipe),
            '(' => {
                *at += 1;
                let inner = commands(chars, at, depth + 1)?;
                if chars.get(*at) != Some(&')') {
                    return Err("unclosed left paren".to_owned());
                }
                *at += 1;
                let fields = path(chars, at);
                Arg::Sub(inner, fields)
            }
            '.' => {
                let fields = path(chars, at);
                if fields.is_empty() {
                    *at += 1;
                    Arg::Dot
                } else {
                    Arg::Path(fields)
                }
            }
            '$' => {
                let start = *at;
                *at += 1;
                while chars
                    .get(*at)
                    .is_some_and(|c| c.is_alphanumeric() || *c == '_')
                {
                    *at += 1;
                }
                let name = chars[start..*at].iter().collect();
                Arg::Var(name, path(chars, at))
            }
            '"' | '`' => {
                *at += 1;
                let mut s = String::new();
                loop {
                    match chars.get(*at) {
                        None => return Err("unterminated quoted string".to_owned()),
                        Some(x) if *x == c => break,
                        Some('\\') if c == '"' => {
                            *at += 1;
                            match chars.get(*at) {
                                Some('n') => s.push('\n'),
                                Some('t') => s.push('\t'),
                                Some(x) => s.push(*x),
                                None => return Err("unterminated quoted string".to_owned()),
                            }
                        }
                        Some(x) => s.push(*x),
                    }
                    *at += 1;
                }
                *at += 1;
                Arg::Const(Value::from(s))
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => {
                let start = *at;
                *at += 1;
                while chars
                    .get(*at)
                    .is_some_and(|c| c.is_ascii_digit() || *c == '.')
                {
                    *at += 1;
                }
                let t: String = chars[start..*at].iter().collect();
                Arg::Const(
                    t.parse::<i64>()
                        .map_or_else(|_| Value::Number(t.into()), Value::Int),
                )
            }
            c if c.is_alphabetic() || c == '_' => {
                let start = *at;
                while chars
                    .get(*at)
                    .is_some_and(|c| c.is_alphanumeric() || *c == '_')
                {
                    *at += 1;
                }
                let w: String = chars[start..*at].iter().collect();
                match w.as_str() {
                    "true" => Arg::Const(Value::Bool(true)),
                    "false" => Arg::Const(Value::Bool(false)),
                    "nil" => Arg::Const(Value::Null),
                    _ if FUNCTIONS.contains(&w.as_str()) => Arg::Word(w),
                    _ => return Err(format!("function {} not defined", crate::flags::quoted(&w))),
                }
            }
            other => return Err(format!("unexpected {other:?} in operand")),
        };
        if let Some(last) = pipe.last_mut() {
            last.push(arg);
        }
    }
    if depth > 0 {
        return Err("unclosed left paren".to_owned());
    }
    Ok(pipe)
}

const FUNCTIONS: [&str; 20] = [
    "js",
    "index",
    "len",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "not",
    "print",
    "printf",
    "println",
    "exists",
    "base64decode",
    "slice",
    "html",
    "urlquery",
];

type Scope = Vec<(String, Value)>;

/// Missing: Go's `<no value>`. Kept apart from `null`, which prints alike here.
const NO_VALUE: &str = "<no value>";

impl Template {
    /// The text for an object; `strict` refuses missing fields.
    pub fn run(&self, object: &Value, strict: bool) -> Result<String, String> {
        let mut out = String::new();
        let mut scope: Scope = vec![("$".to_owned(), object.clone())];
        run(&self.items, object, &mut scope, &mut out, strict)?;
        Ok(out)
    }
}

fn truth(v: &Value) -> bool {
    !v.is_empty()
}

/// How a block ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

fn run(
    items: &[Item],
    dot: &Value,
    scope: &mut Scope,
    out: &mut String,
    strict: bool,
) -> Result<Flow, String> {
    for item in items {
        match item {
            Item::Text(t) => out.push_str(t),
            Item::Leave(all) => return Ok(if *all { Flow::Break } else { Flow::Continue }),
            Item::Show(p) => {
                let v = pipe_value(p, dot, scope, strict)?;
                show(&v, out);
            }
            Item::Set(name, p) => {
                let v = pipe_value(p, dot, scope, strict)?;
                match scope.iter_mut().rev().find(|s| s.0 == *name) {
                    Some(s) => s.1 = v,
                    None => scope.push((name.clone(), v)),
                }
            }
            Item::If(p, yes, no) => {
                let v = pipe_value(p, dot, scope, strict)?;
                let mark = scope.len();
                let flow = run(if truth(&v) { yes } else { no }, dot, scope, out, strict)?;
                scope.truncate(mark);
                if flow != Flow::On {
                    return Ok(flow);
                }
            }
            Item::With(p, yes, no) => {
                let v = pipe_value(p, dot, scope, strict)?;
                let mark = scope.len();
                let flow = if truth(&v) {
                    run(yes, &v, scope, out, strict)?
                } else {
                    run(no, dot, scope, out, strict)?
                };
                scope.truncate(mark);
                if flow != Flow::On {
                    return Ok(flow);
                }
            }
            Item::Range(key, value, p, body, other) => {
                let v = pipe_value(p, dot, scope, strict)?;
                let pairs: Vec<(Value, Value)> = match &v {
                    Value::List(l) => l
                        .iter()
                        .enumerate()
                        .map(|(i, x)| (Value::Int(i as i64), x.clone()))
                        .collect(),
                    Value::Map(m) => m.iter().map(|(k, x)| (Value::from(k), x.clone())).collect(),
                    Value::Null => Vec::new(),
                    other => return Err(format!("range can't iterate over {}", shown(other))),
                };
                if pairs.is_empty() {
                    run(other, dot, scope, out, strict)?;
                }
                for (k, x) in pairs {
                    let mark = scope.len();
                    if let Some(name) = key {
                        scope.push((name.clone(), k));
                    }
                    if let Some(name) = value {
                        scope.push((name.clone(), x.clone()));
                    }
                    let flow = run(body, &x, scope, out, strict)?;
                    scope.truncate(mark);
                    if flow == Flow::Break {
                        break;
                    }
                }
            }
        }
    }
    Ok(Flow::On)
}

fn show(v: &Value, out: &mut String) {
    if v.is_null() {
        out.push_str(NO_VALUE);
    } else {
        go::plain(v, out);
    }
}

fn shown(v: &Value) -> String {
    let mut s = String::new();
    show(v, &mut s);
    s
}

fn fields(v: &Value, path: &[String], strict: bool) -> Result<Value, String> {
    let mut v = v.clone();
    for name in path {
        v = match &v {
            Value::Map(m) => match m.get(name) {
                Some(x) => x.clone(),
                None if strict => {
                    return Err(format!(
                        "map has no entry for key {}",
                        crate::flags::quoted(name)
                    ));
                }
                None => Value::Null,
            },
            Value::Null if strict => {
                return Err(format!("nil pointer evaluating interface {{}}.{name}"));
            }
            Value::Null => Value::Null,
            _ => {
                return Err(format!(
                    "can't evaluate field {name} in type interface {{}}"
                ));
            }
        };
    }
    Ok(v)
}

fn arg_value(a: &Arg, dot: &Value, scope: &mut Scope, strict: bool) -> Result<Value, String> {
    match a {
        Arg::Dot => Ok(dot.clone()),
        Arg::Path(p) => fields(dot, p, strict),
        Arg::Var(name, p) => {
            let v = scope
                .iter()
                .rev()
                .find(|s| s.0 == *name)
                .map(|s| s.1.clone())
                .ok_or_else(|| format!("undefined variable {}", crate::flags::quoted(name)))?;
            fields(&v, p, strict)
        }
        Arg::Const(v) => Ok(v.clone()),
        Arg::Word(w) => call(w, &[]),
        Arg::Sub(pipe, p) => {
            let v = pipe_value(pipe, dot, scope, strict)?;
            fields(&v, p, strict)
        }
    }
}

fn pipe_value(pipe: &Pipe, dot: &Value, scope: &mut Scope, strict: bool) -> Result<Value, String> {
    let mut carried: Option<Value> = None;
    for command in pipe {
        let mut values = Vec::new();
        for a in command.iter().skip(1) {
            values.push(arg_value(a, dot, scope, strict)?);
        }
        if let Some(v) = carried.take() {
            values.push(v);
        }
        carried = Some(match command.first() {
            Some(Arg::Word(w)) => call(w, &values)?,
            Some(a) if values.is_empty() => arg_value(a, dot, scope, strict)?,
            Some(_) => return Err("can't give argument to non-function".to_owned()),
            None => return Err("missing value for command".to_owned()),
        });
    }
    carried.ok_or_else(|| "missing value for command".to_owned())
}

fn compare(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => Ok(x.cmp(y)),
        (Value::String(x), Value::String(y)) => Ok(x.as_str().cmp(y.as_str())),
        (Value::Bool(x), Value::Bool(y)) => Ok(x.cmp(y)),
        (Value::Null, Value::Null) => Ok(Ordering::Equal),
        (Value::Null, _) | (_, Value::Null) => Ok(Ordering::Less),
        (a, b) => Err(format!(
            "incompatible types for comparison: {} and {}",
            go::dump_kind(a),
            go::dump_kind(b)
        )),
    }
}

fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let two = || match args {
        [a, b] => Ok((a, b)),
        _ => Err(format!(
            "wrong number of args for {name}: want 2 got {}",
            args.len()
        )),
    };
    let one = || match args {
        [a] => Ok(a),
        _ => Err(format!(
            "wrong number of args for {name}: want 1 got {}",
            args.len()
        )),
    };
    Ok(match name {
        "index" => {
            let Some((first, keys)) = args.split_first() else {
                return Err("wrong number of args for index".to_owned());
            };
            let mut v = first.clone();
            for k in keys {
                v = match (&v, k) {
                    (Value::List(l), Value::Int(i)) => {
                        match usize::try_from(*i).ok().and_then(|i| l.get(i)) {
                            Some(x) => x.clone(),
                            None => {
                                return Err(format!(
                                    "error calling index: index out of range: {i}"
                                ));
                            }
                        }
                    }
                    (Value::Map(m), Value::String(s)) => m.get(s).cloned().unwrap_or(Value::Null),
                    (Value::Null, _) => {
                        return Err("error calling index: index of untyped nil".to_owned());
                    }
                    (other, _) => {
                        return Err(format!(
                            "error calling index: can't index item of type {}",
                            go::dump_kind(other)
                        ));
                    }
                };
            }
            v
        }
        "len" => match one()? {
            Value::List(l) => Value::Int(l.len() as i64),
            Value::Map(m) => Value::Int(m.len() as i64),
            Value::String(s) => Value::Int(s.len() as i64),
            other => {
                return Err(format!(
                    "error calling len: len of type {}",
                    go::dump_kind(other)
                ));
            }
        },
        "eq" => {
            let Some((first, rest)) = args.split_first() else {
                return Err("wrong number of args for eq".to_owned());
            };
            let mut any = false;
            for r in rest {
                any |= compare(first, r)
                    .map_err(|e| format!("error calling eq: {e}"))?
                    .is_eq();
            }
            Value::Bool(any)
        }
        "ne" | "lt" | "le" | "gt" | "ge" => {
            let (a, b) = two()?;
            let o = compare(a, b).map_err(|e| format!("error calling {name}: {e}"))?;
            Value::Bool(match name {
                "ne" => o.is_ne(),
                "lt" => o.is_lt(),
                "le" => o.is_le(),
                "gt" => o.is_gt(),
                _ => o.is_ge(),
            })
        }
        "and" => args
            .iter()
            .find(|v| !truth(v))
            .or(args.last())
            .cloned()
            .unwrap_or(Value::Null),
        "or" => args
            .iter()
            .find(|v| truth(v))
            .or(args.last())
            .cloned()
            .unwrap_or(Value::Null),
        "not" => Value::Bool(!truth(one()?)),
        "print" | "println" => {
            let mut s = String::new();
            for (i, a) in args.iter().enumerate() {
                let text = |v: &Value| matches!(v, Value::String(_));
                if i > 0 && (name == "println" || !(text(a) || text(&args[i - 1]))) {
                    s.push(' ');
                }
                go::plain(a, &mut s);
            }
            if name == "println" {
                s.push('\n');
            }
            Value::from(s)
        }
        "printf" => {
            let Some((Value::String(f), rest)) = args.split_first() else {
                return Err("wrong number of args for printf".to_owned());
            };
            Value::from(printf(f, rest))
        }
        "exists" => {
            let Some((first, keys)) = args.split_first() else {
                return Err("wrong number of args for exists".to_owned());
            };
            let mut v = Some(first.clone());
            for k in keys {
                v = match (v, k) {
                    (Some(Value::Map(m)), Value::String(s)) => m.get(s).cloned(),
                    (Some(Value::List(l)), Value::Int(i)) => {
                        usize::try_from(*i).ok().and_then(|i| l.get(i).cloned())
                    }
                    _ => None,
                };
            }
            Value::Bool(v.is_some())
        }
        "base64decode" => {
            let text = one()?.as_str().unwrap_or("").to_owned();
            let bytes = rollout_api::base64::decode(&text).map_err(|at| {
                format!("error calling base64decode: illegal base64 data at input byte {at}")
            })?;
            Value::from(String::from_utf8_lossy(&bytes).into_owned())
        }
        "slice" => {
            let Some((Value::String(s), bounds)) = args.split_first() else {
                return Err("error calling slice: slice of untyped nil".to_owned());
            };
            let bound = |i: usize, other: usize| match bounds.get(i) {
                Some(Value::Int(n)) => usize::try_from(*n).unwrap_or(usize::MAX),
                _ => other,
            };
            let (from, to) = (bound(0, 0), bound(1, s.len()));
            match s.get(from..to) {
                Some(part) => Value::text(part),
                None => {
                    return Err(format!(
                        "error calling slice: index out of range: {}",
                        from.max(to)
                    ));
                }
            }
        }
        "html" => escaped(one()?, "&<>'\"", |c| {
            let name = match c {
                '&' => "amp",
                '<' => "lt",
                '>' => "gt",
                '\'' => "#39",
                _ => "#34",
            };
            format!("&{name};")
        }),
        "js" => escaped(one()?, "\\'\"<>&=\n", |c| match c {
            '\\' | '\'' | '"' => format!("\\{c}"),
            c => format!("\\u{:04X}", u32::from(c)),
        }),
        _ => escaped(one()?, " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}", |c| match c {
            ' ' => "+".to_owned(),
            c => format!("%{:02X}", u32::from(c)),
        }),
    })
}

/// A text with some of its characters written otherwise.
fn escaped(v: &Value, special: &str, other: impl Fn(char) -> String) -> Value {
    let mut out = String::new();
    for c in shown(v).chars() {
        if special.contains(c) {
            out.push_str(&other(c));
        } else {
            out.push(c);
        }
    }
    Value::from(out)
}

fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut next = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = String::new();
        while chars
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '#' | ' '))
        {
            spec.extend(chars.next());
        }
        let Some(verb) = chars.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(v) = next.next() else {
            out.push_str("%!");
            out.push(verb);
            out.push_str("(MISSING)");
            continue;
        };
        let text = match verb {
            'q' => crate::flags::quoted(&shown(v)),
            'd' if !matches!(v, Value::Int(_)) => format!("%!d({}={})", go::dump_kind(v), shown(v)),
            _ => {
                let mut s = String::new();
                go::plain(v, &mut s);
                s
            }
        };
        let left = spec.starts_with('-');
        let width: usize = spec
            .trim_start_matches(['-', '+', '#', ' '])
            .split('.')
            .next()
            .and_then(|w| w.parse().ok())
            .unwrap_or(0)
            .min(1000);
        let fill = width.saturating_sub(text.chars().count());
        if !left {
            out.extend(std::iter::repeat_n(' ', fill));
        }
        out.push_str(&text);
        if left {
            out.extend(std::iter::repeat_n(' ', fill));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::json::from_json;

    #[test]
    fn templates() {
        let v = from_json(r#"{"items":[{"n":"a","v":1},{"n":"b","v":2}],"m":{"k":"x"},"e":[]}"#)
            .unwrap();
        for (t, want) in [
            ("{{range .items}}{{.n}}{{\"\\n\"}}{{end}}", "a\nb\n"),
            (
                "{{range $i, $x := .items}}{{$i}}={{$x.n}};{{end}}",
                "0=a;1=b;",
            ),
            ("{{.m}}", "map[k:x]"),
            ("{{.e}}", "[]"),
            ("{{.nope}}", "<no value>"),
            ("{{if .e}}y{{else}}n{{end}}", "n"),
            ("{{if eq .m.k \"x\"}}y{{end}}", "y"),
            ("{{index .items 1 \"n\"}}", "b"),
            ("{{len .items}}", "2"),
            ("{{with .m}}{{.k}}{{end}}", "x"),
            ("{{(index .items 0).port}}", "<no value>"),
            ("a {{- \" b \" -}} c", "a b c"),
            ("{{printf \"%s-%d\" .m.k 3}}", "x-3"),
            ("{{/* no */}}x", "x"),
            ("{{range .e}}x{{else}}none{{end}}", "none"),
        ] {
            assert_eq!(
                parse(t).and_then(|p| p.run(&v, false)),
                Ok(want.to_owned()),
                "{t}"
            );
        }
        for bad in [
            "{{",
            "{{.a",
            "{{end}}",
            "{{if .a}}",
            "{{nope .a}}",
            "{{.a | }}",
            "{{range}}{{end}}",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
