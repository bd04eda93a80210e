//! Running a program of jq on a value.

use super::awk::number;
use super::awk_parse::ONE;
use super::jq_parse::Jx;
use super::regex::Regex;
use rollout_api::json::{self, Html};
use rollout_api::{Map, Order, Value};
use std::cmp::Ordering;

/// Values that one program may make.
const FUEL: usize = 200_000;
const DEEPEST: usize = 200;

/// A run: variables and what it may still cost.
pub(crate) struct Run {
    variables: Vec<(String, Value)>,
    fuel: usize,
    depth: usize,
}

type Done = Result<(), String>;

/// Everything but `false` and `null` is true.
pub(crate) fn truth(v: &Value) -> bool {
    !matches!(v, Value::Null | Value::Bool(false))
}

fn kind(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn rank(v: &Value) -> u8 {
    match v {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Int(_) | Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
    }
}

/// In millionths.
fn amount(v: &Value) -> i64 {
    match v {
        Value::Int(n) => n.saturating_mul(ONE),
        Value::Number(text) => number(text),
        _ => 0,
    }
}

fn of_amount(millionths: i64) -> Value {
    if millionths % ONE == 0 {
        return Value::Int(millionths / ONE);
    }
    let sign = if millionths < 0 { "-" } else { "" };
    let m = millionths.unsigned_abs();
    let text = format!("{sign}{}.{:06}", m / ONE as u64, m % ONE as u64);
    Value::Number(text.trim_end_matches('0').to_owned().into())
}

fn compare(a: &Value, b: &Value) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::String(a), Value::String(b)) => a.as_str().cmp(b.as_str()),
        (Value::List(_), _) => {
            let (a, b) = (a.as_list(), b.as_list());
            let differ = a
                .iter()
                .zip(b)
                .map(|(x, y)| compare(x, y))
                .find(|o| o.is_ne());
            differ.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Map(_), _) => json::to_json(a).cmp(&json::to_json(b)),
        _ => amount(a).cmp(&amount(b)),
    })
}

fn text_of(v: &Value) -> String {
    match v {
        Value::String(s) => s.as_str().to_owned(),
        v => {
            let mut out = String::new();
            json::write(v, &mut out, Html::Plain);
            out
        }
    }
}

impl Run {
    /// With the variables of the command line.
    pub fn new(variables: &Map) -> Run {
        Run {
            variables: variables
                .iter()
                .map(|(k, v)| (k.to_string(), v.clone()))
                .collect(),
            fuel: FUEL,
            depth: 0,
        }
    }

    fn all(&mut self, jx: &Jx, input: &Value) -> Result<Vec<Value>, String> {
        let mut out = Vec::new();
        self.eval(jx, input, &mut out)?;
        Ok(out)
    }

    /// What a program makes of a value.
    pub fn eval(&mut self, jx: &Jx, input: &Value, out: &mut Vec<Value>) -> Done {
        if self.fuel == 0 || self.depth > DEEPEST {
            return Err("too much work for this console".to_owned());
        }
        self.fuel -= 1;
        self.depth += 1;
        let done = self.step(jx, input, out);
        self.depth -= 1;
        done
    }

    fn step(&mut self, jx: &Jx, input: &Value, out: &mut Vec<Value>) -> Done {
        match jx {
            Jx::Same => out.push(input.clone()),
            Jx::Value(v) => out.push(v.clone()),
            Jx::All => self.recurse(input, out)?,
            Jx::Get(of, key, optional) => {
                for v in self.all(of, input)? {
                    for k in self.all(key, input)? {
                        match get(&v, &k) {
                            Ok(found) => out.push(found),
                            Err(_) if *optional => {}
                            Err(why) => return Err(why),
                        }
                    }
                }
            }
            Jx::Each(of, optional) => {
                for v in self.all(of, input)? {
                    match &v {
                        Value::List(_) => out.extend(v.as_list().iter().cloned()),
                        Value::Map(m) => out.extend(m.iter().map(|(_, v)| v.clone())),
                        _ if *optional => {}
                        v => return Err(format!("Cannot iterate over {}", shown(v))),
                    }
                }
            }
            Jx::Slice(of, from, to) => {
                for v in self.all(of, input)? {
                    let from = self.bound(from.as_deref(), input)?;
                    let to = self.bound(to.as_deref(), input)?;
                    out.push(slice(&v, from, to)?);
                }
            }
            Jx::Pipe(a, b) => {
                for v in self.all(a, input)? {
                    self.eval(b, &v, out)?;
                }
            }
            Jx::Comma(a, b) => {
                self.eval(a, input, out)?;
                self.eval(b, input, out)?;
            }
            Jx::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    for v in self.all(part, input)?.iter().take(1) {
                        text.push_str(&text_of(v));
                    }
                }
                out.push(Value::text(&text));
            }
            Jx::List(None) => out.push(Value::list(Vec::new())),
            Jx::List(Some(of)) => {
                let items = self.all(of, input)?;
                out.push(Value::list(items));
            }
            Jx::Map(items) => {
                let mut maps = vec![Map::new()];
                for (key, value) in items {
                    let keys = self.all(key, input)?;
                    let values = self.all(value, input)?;
                    let mut next = Vec::new();
                    for map in &maps {
                        for k in &keys {
                            let Value::String(k) = k else {
                                return Err(format!("Object keys must be strings: {}", shown(k)));
                            };
                            for v in &values {
                                let mut map = map.clone();
                                map.insert(k.clone(), v.clone());
                                next.push(map);
                            }
                        }
                    }
                    if next.len() > 10_000 {
                        return Err("too much work for this console".to_owned());
                    }
                    maps = next;
                }
                out.extend(maps.into_iter().map(Value::from));
            }
            Jx::Minus(of) => {
                for v in self.all(of, input)? {
                    out.push(of_amount(amount(&v).saturating_neg()));
                }
            }
            Jx::Two("//", a, b) => {
                let mut found = self.all(a, input).unwrap_or_default();
                found.retain(truth);
                if found.is_empty() {
                    self.eval(b, input, out)?;
                }
                out.append(&mut found);
            }
            Jx::Two(operator @ ("and" | "or"), a, b) => {
                for v in self.all(a, input)? {
                    if truth(&v) == (*operator == "or") {
                        out.push(Value::Bool(truth(&v)));
                    } else {
                        for w in self.all(b, input)? {
                            out.push(Value::Bool(truth(&w)));
                        }
                    }
                }
            }
            Jx::Two(operator, a, b) => {
                for w in self.all(b, input)? {
                    for v in self.all(a, input)? {
                        out.push(two(operator, &v, &w)?);
                    }
                }
            }
            Jx::If(condition, yes, no) => {
                for c in self.all(condition, input)? {
                    match (truth(&c), no) {
                        (true, _) => self.eval(yes, input, out)?,
                        (false, Some(no)) => self.eval(no, input, out)?,
                        (false, None) => out.push(input.clone()),
                    }
                }
            }
            Jx::Try(of) => {
                let mut found = Vec::new();
                let _ = self.eval(of, input, &mut found);
                out.append(&mut found);
            }
            Jx::Variable(name) => {
                let found = self.variables.iter().rev().find(|(n, _)| n == name);
                match found {
                    Some((_, v)) => out.push(v.clone()),
                    None => return Err(format!("${name} is not defined")),
                }
            }
            Jx::As(of, name, body) => {
                for v in self.all(of, input)? {
                    self.variables.push((name.clone(), v));
                    let done = self.eval(body, input, out);
                    self.variables.pop();
                    done?;
                }
            }
            Jx::Reduce(of, name, first, step) => {
                let mut state = self.all(first, input)?.pop().unwrap_or_default();
                for v in self.all(of, input)? {
                    self.variables.push((name.clone(), v));
                    let next = self.all(step, &state);
                    self.variables.pop();
                    state = next?.pop().unwrap_or_default();
                }
                out.push(state);
            }
            Jx::Call(name, args) => self.call(name, args, input, out)?,
        }
        Ok(())
    }

    fn bound(&mut self, jx: Option<&Jx>, input: &Value) -> Result<Option<i64>, String> {
        Ok(match jx {
            None => None,
            Some(jx) => self.all(jx, input)?.first().and_then(Value::as_int),
        })
    }

    fn recurse(&mut self, v: &Value, out: &mut Vec<Value>) -> Done {
        out.push(v.clone());
        let kids: Vec<Value> = match v {
            Value::List(_) => v.as_list().to_vec(),
            Value::Map(m) => m.iter().map(|(_, v)| v.clone()).collect(),
            _ => Vec::new(),
        };
        for kid in &kids {
            if self.fuel == 0 {
                return Err("too much work for this console".to_owned());
            }
            self.fuel -= 1;
            self.recurse(kid, out)?;
        }
        Ok(())
    }

    fn call(&mut self, name: &str, args: &[Jx], input: &Value, out: &mut Vec<Value>) -> Done {
        let list = || match input {
            Value::List(_) => Ok(input.as_list().to_vec()),
            v => Err(format!("Cannot iterate over {}", shown(v))),
        };
        let first = |run: &mut Run| -> Result<Value, String> {
            match args.first() {
                Some(a) => Ok(run.all(a, input)?.into_iter().next().unwrap_or_default()),
                None => Ok(Value::Null),
            }
        };
        let text = input.as_str().unwrap_or("");
        let value = match (name, args) {
            ("empty", []) => return Ok(()),
            ("not", []) => Value::Bool(!truth(input)),
            ("select", [condition]) => {
                for c in self.all(condition, input)? {
                    if truth(&c) {
                        out.push(input.clone());
                    }
                }
                return Ok(());
            }
            ("map", [body]) => {
                let mut found = Vec::new();
                for v in list()? {
                    self.eval(body, &v, &mut found)?;
                }
                Value::list(found)
            }
            ("recurse", []) => return self.recurse(input, out),
            ("length", []) => Value::Int(match input {
                Value::Null => 0,
                Value::String(s) => s.chars().count() as i64,
                Value::List(_) => input.as_list().len() as i64,
                Value::Map(m) => m.len() as i64,
                Value::Bool(_) => return Err(format!("{} has no length", shown(input))),
                v => {
                    out.push(of_amount(amount(v).abs()));
                    return Ok(());
                }
            }),
            ("keys" | "keys_unsorted", []) => match input {
                Value::Map(m) => Value::list(m.iter().map(|(k, _)| Value::text(k)).collect()),
                Value::List(_) => {
                    Value::list((0..input.as_list().len() as i64).map(Value::Int).collect())
                }
                v => return Err(format!("{} has no keys", shown(v))),
            },
            ("values", []) => {
                if !input.is_null() {
                    out.push(input.clone());
                }
                return Ok(());
            }
            ("type", []) => Value::text(kind(input)),
            ("tostring", []) => Value::text(&text_of(input)),
            ("tojson" | "@json", []) => {
                let mut json = String::new();
                json::write(input, &mut json, Html::Plain);
                Value::text(&json)
            }
            ("fromjson", []) => json::from_json(text).map_err(|_| "Invalid JSON".to_owned())?,
            ("tonumber", []) => match input {
                Value::String(s) if s.parse::<i64>().is_ok() || number(s) != 0 => {
                    of_amount(number(s))
                }
                Value::String(_) => {
                    return Err(format!("{} cannot be parsed as a number", shown(input)));
                }
                v => v.clone(),
            },
            ("ascii_downcase", []) => Value::text(&text.to_lowercase()),
            ("ascii_upcase", []) => Value::text(&text.to_uppercase()),
            ("add", []) => {
                let items: Vec<Value> = match input {
                    Value::Map(m) => m.iter().map(|(_, v)| v.clone()).collect(),
                    _ => list()?,
                };
                let mut sum = Value::Null;
                for v in &items {
                    sum = two("+", &sum, v)?;
                }
                sum
            }
            ("any" | "all", _) => {
                let mut found = Vec::new();
                for v in list()? {
                    match args.first() {
                        Some(a) => self.eval(a, &v, &mut found)?,
                        None => found.push(v),
                    }
                }
                Value::Bool(if name == "any" {
                    found.iter().any(truth)
                } else {
                    found.iter().all(truth)
                })
            }
            ("first" | "last", []) => {
                let items = list()?;
                let found = if name == "first" {
                    items.first()
                } else {
                    items.last()
                };
                found.cloned().unwrap_or_default()
            }
            ("first", [body]) => {
                out.extend(self.all(body, input)?.into_iter().next());
                return Ok(());
            }
            ("reverse", []) => {
                let mut items = list()?;
                items.reverse();
                Value::list(items)
            }
            ("sort" | "unique" | "min" | "max", [])
            | ("sort_by" | "unique_by" | "group_by" | "min_by" | "max_by", [_]) => {
                let mut keyed = Vec::new();
                for v in list()? {
                    let key = match args.first() {
                        Some(a) => Value::list(self.all(a, &v)?),
                        None => v.clone(),
                    };
                    keyed.push((key, v));
                }
                keyed.order_by(|a, b| compare(&a.0, &b.0));
                match name {
                    "min" | "min_by" => {
                        keyed.into_iter().next().map(|(_, v)| v).unwrap_or_default()
                    }
                    "max" | "max_by" => keyed.pop().map(|(_, v)| v).unwrap_or_default(),
                    "group_by" => {
                        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
                        for (k, v) in keyed {
                            match groups.last_mut().filter(|(g, _)| *g == k) {
                                Some((_, items)) => items.push(v),
                                None => groups.push((k, vec![v])),
                            }
                        }
                        Value::list(groups.into_iter().map(|(_, g)| Value::list(g)).collect())
                    }
                    _ => {
                        if name.starts_with("unique") {
                            keyed.dedup_by(|a, b| a.0 == b.0);
                        }
                        Value::list(keyed.into_iter().map(|(_, v)| v).collect())
                    }
                }
            }
            ("to_entries", []) => {
                let entries = input.as_map().into_iter().flat_map(|m| m.iter());
                let entry = |(k, v): (&rollout_api::Str, &Value)| {
                    rollout_api::object! { "key" => k.clone(), "value" => v.clone() }
                };
                Value::list(entries.map(entry).collect())
            }
            ("from_entries", []) => {
                let mut map = Map::new();
                for e in list()? {
                    let key = e
                        .get("key")
                        .or(e.get("name"))
                        .map(text_of)
                        .unwrap_or_default();
                    map.insert(key, e.get("value").cloned().unwrap_or_default());
                }
                map.into()
            }
            ("has", [_]) => {
                let key = first(self)?;
                Value::Bool(match (&key, input) {
                    (Value::String(k), Value::Map(m)) => m.contains_key(k),
                    (Value::Int(n), Value::List(_)) => {
                        *n >= 0 && (*n as usize) < input.as_list().len()
                    }
                    _ => false,
                })
            }
            ("del", [Jx::Get(of, key, _)]) if **of == Jx::Same => {
                let mut v = input.clone();
                for k in self.all(key, input)? {
                    if let (Value::Map(_), Some(k)) = (&v, k.as_str()) {
                        v.map_mut().remove(k);
                    }
                }
                v
            }
            ("contains" | "inside", [_]) => {
                let other = first(self)?;
                let (a, b) = if name == "inside" {
                    (&other, input)
                } else {
                    (input, &other)
                };
                Value::Bool(contains(a, b))
            }
            ("startswith", [_]) => {
                Value::Bool(text.starts_with(first(self)?.as_str().unwrap_or("")))
            }
            ("endswith", [_]) => Value::Bool(text.ends_with(first(self)?.as_str().unwrap_or(""))),
            ("ltrimstr", [_]) => {
                let part = first(self)?;
                Value::text(
                    text.strip_prefix(part.as_str().unwrap_or(""))
                        .unwrap_or(text),
                )
            }
            ("rtrimstr", [_]) => {
                let part = first(self)?;
                Value::text(
                    text.strip_suffix(part.as_str().unwrap_or(""))
                        .unwrap_or(text),
                )
            }
            ("test", [_, ..]) => {
                let pattern = first(self)?;
                let fold = args.len() > 1;
                let re = Regex::new(pattern.as_str().unwrap_or(""), true, fold);
                let re = re.ok_or_else(|| {
                    format!("{} (at offset 0) is not a valid regex", text_of(&pattern))
                })?;
                Value::Bool(re.is_match(text))
            }
            ("join", [_]) => {
                let between = text_of(&first(self)?);
                let parts: Vec<String> = list()?
                    .iter()
                    .map(|v| {
                        if v.is_null() {
                            String::new()
                        } else {
                            text_of(v)
                        }
                    })
                    .collect();
                Value::text(&parts.join(&between))
            }
            ("split", [_]) => {
                let between = first(self)?;
                let parts = text.split(between.as_str().unwrap_or(""));
                Value::list(parts.map(Value::text).collect())
            }
            ("range", [_]) => {
                let end = first(self)?.as_int().unwrap_or(0).clamp(0, 10_000);
                out.extend((0..end).map(Value::Int));
                return Ok(());
            }
            ("floor", []) => Value::Int(amount(input).div_euclid(ONE)),
            ("@tsv" | "@csv", []) => {
                let cell = |v: &Value| match (name, v) {
                    (_, Value::Null) => String::new(),
                    ("@csv", Value::String(s)) => format!("\"{}\"", s.replace('"', "\"\"")),
                    (_, v) => text_of(v),
                };
                let cells: Vec<String> = list()?.iter().map(cell).collect();
                Value::text(&cells.join(if name == "@tsv" { "\t" } else { "," }))
            }
            ("@text", []) => Value::text(&text_of(input)),
            ("@base64d", []) => {
                Value::text(&crate::builtins::base64_text(text).unwrap_or_default())
            }
            ("@base64", []) => Value::text(&rollout_api::base64::encode(text.as_bytes())),
            ("error", _) => return Err(text_of(&first(self)?)),
            _ => return Err(format!("{name}/{} is not defined", args.len())),
        };
        out.push(value);
        Ok(())
    }
}

fn shown(v: &Value) -> String {
    let text = text_of(v);
    let short: String = text.chars().take(11).collect();
    match v {
        Value::Null => "null (null)".to_owned(),
        Value::String(_) => format!("string (\"{short}\")"),
        v => format!("{} ({short})", kind(v)),
    }
}

fn get(v: &Value, key: &Value) -> Result<Value, String> {
    match (v, key) {
        (Value::Null, Value::String(_) | Value::Int(_) | Value::Null) => Ok(Value::Null),
        (Value::Map(m), Value::String(k)) => Ok(m.get(k).cloned().unwrap_or_default()),
        (Value::List(_), Value::Int(n)) => {
            let items = v.as_list();
            let at = if *n < 0 { items.len() as i64 + n } else { *n };
            let found = usize::try_from(at).ok().and_then(|at| items.get(at));
            Ok(found.cloned().unwrap_or_default())
        }
        (v, Value::String(k)) => Err(format!("Cannot index {} with \"{k}\"", kind(v))),
        (v, k) => Err(format!("Cannot index {} with {}", kind(v), kind(k))),
    }
}

fn slice(v: &Value, from: Option<i64>, to: Option<i64>) -> Result<Value, String> {
    let place = |n: Option<i64>, size: usize, none: usize| match n {
        None => none,
        Some(n) if n < 0 => usize::try_from(size as i64 + n).unwrap_or(0),
        Some(n) => usize::try_from(n).unwrap_or(0).min(size),
    };
    match v {
        Value::Null => Ok(Value::Null),
        Value::List(_) => {
            let items = v.as_list();
            let (a, b) = (
                place(from, items.len(), 0),
                place(to, items.len(), items.len()),
            );
            Ok(Value::list(
                items.get(a..b.max(a)).unwrap_or_default().to_vec(),
            ))
        }
        Value::String(s) => {
            let chars: Vec<char> = s.chars().collect();
            let (a, b) = (
                place(from, chars.len(), 0),
                place(to, chars.len(), chars.len()),
            );
            let text: String = chars.get(a..b.max(a)).unwrap_or_default().iter().collect();
            Ok(Value::text(&text))
        }
        v => Err(format!("Cannot index {} with object", kind(v))),
    }
}

fn contains(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.contains(b.as_str()),
        (Value::List(_), Value::List(_)) => b
            .as_list()
            .iter()
            .all(|y| a.as_list().iter().any(|x| contains(x, y))),
        (Value::Map(a), Value::Map(b)) => b
            .iter()
            .all(|(k, y)| a.get(k).is_some_and(|x| contains(x, y))),
        (a, b) => a == b,
    }
}

fn two(operator: &str, a: &Value, b: &Value) -> Result<Value, String> {
    let order = || compare(a, b);
    let numbers = rank(a) == 3 && rank(b) == 3;
    Ok(match operator {
        "==" => Value::Bool(order().is_eq()),
        "!=" => Value::Bool(order().is_ne()),
        "<" => Value::Bool(order().is_lt()),
        "<=" => Value::Bool(order().is_le()),
        ">" => Value::Bool(order().is_gt()),
        ">=" => Value::Bool(order().is_ge()),
        "+" if a.is_null() => b.clone(),
        "+" if b.is_null() => a.clone(),
        "+" if numbers => of_amount(amount(a).saturating_add(amount(b))),
        "-" if numbers => of_amount(amount(a).saturating_sub(amount(b))),
        "*" if numbers => {
            let product = i128::from(amount(a)) * i128::from(amount(b)) / i128::from(ONE);
            of_amount(i64::try_from(product).unwrap_or(i64::MAX))
        }
        "/" if numbers && amount(b) != 0 => {
            let quotient = i128::from(amount(a)) * i128::from(ONE) / i128::from(amount(b));
            of_amount(i64::try_from(quotient).unwrap_or(i64::MAX))
        }
        "%" if numbers && amount(b) / ONE != 0 => Value::Int((amount(a) / ONE) % (amount(b) / ONE)),
        "/" | "%" if numbers => {
            return Err(format!(
                "{} and {} cannot be divided because the divisor is zero",
                shown(a),
                shown(b)
            ));
        }
        _ => match (operator, a, b) {
            ("+", Value::String(x), Value::String(y)) if x.len() + y.len() > 1024 * 1024 => {
                return Err("too much text for this console".to_owned());
            }
            ("+", Value::String(x), Value::String(y)) => Value::text(&format!("{x}{y}")),
            ("+", Value::List(_), Value::List(_)) => {
                let mut items = a.as_list().to_vec();
                items.extend_from_slice(b.as_list());
                Value::list(items)
            }
            ("+" | "*", Value::Map(_), Value::Map(m)) => {
                let mut sum = a.clone();
                for (k, v) in m.iter() {
                    sum.map_mut().insert(k.clone(), v.clone());
                }
                sum
            }
            ("-", Value::List(_), Value::List(_)) => {
                let left = a.as_list().iter().filter(|x| !b.as_list().contains(x));
                Value::list(left.cloned().collect())
            }
            _ => {
                let verb = match operator {
                    "+" => "added",
                    "-" => "subtracted",
                    "*" => "multiplied",
                    _ => "divided",
                };
                return Err(format!("{} and {} cannot be {verb}", shown(a), shown(b)));
            }
        },
    })
}
