//! `awk`: fields, patterns, sums, arrays. Numbers are exact to a millionth.

use super::awk_parse::{self, Ex, ONE, Rule, St, When};
use super::regex::Regex;
use super::{Lined, Options, Refused, Tool};
use rollout_api::SortedMap;
use std::cmp::Ordering;

/// A running program.
#[derive(Clone)]
pub(crate) struct Awk {
    rules: Vec<Rule>,
    variables: SortedMap<String, String>,
    arrays: SortedMap<String, SortedMap<String, String>>,
    record: String,
    fields: Vec<String>,
    number: i64,
    begun: bool,
    exit: Option<i32>,
    fuel: usize,
}

enum Flow {
    On,
    Next,
    Exit,
}

/// Statements that one line may run.
const FUEL: usize = 100_000;
const LONGEST: usize = 1024 * 1024;

pub(crate) fn make(args: &[String]) -> Result<(Tool, Vec<String>), Refused> {
    let o = Options::read("awk", args, "", "Fvf", &["field-separator=F"])?;
    let Some((text, files)) = o.operands.split_first() else {
        return Err((
            "usage: awk [-F fs][-v var=value] 'prog' [file ...]\n".to_owned(),
            1,
        ));
    };
    let rules =
        awk_parse::parse(text).map_err(|near| (format!("awk: syntax error near: {near}\n"), 2))?;
    let mut variables = SortedMap::from([
        ("FS".to_owned(), " ".to_owned()),
        ("OFS".to_owned(), " ".to_owned()),
        ("ORS".to_owned(), "\n".to_owned()),
    ]);
    for (letter, value) in &o.given {
        match (letter, value.split_once('=')) {
            ('F', _) => {
                let value = if value == "t" { "\t" } else { value };
                variables.insert("FS".to_owned(), value.replace("\\t", "\t"));
            }
            ('v', Some((name, value))) => {
                variables.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    let awk = Awk {
        rules,
        variables,
        arrays: SortedMap::new(),
        record: String::new(),
        fields: Vec::new(),
        number: 0,
        begun: false,
        exit: None,
        fuel: 0,
    };
    Ok((Tool::Awk(Box::new(awk)), files.to_vec()))
}

/// The number that a text begins with, in millionths.
pub(crate) fn number(text: &str) -> i64 {
    let text = text.trim_start();
    let (negative, text) = match text.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let mut value = text[..end].parse::<i64>().unwrap_or(0).saturating_mul(ONE);
    if let Some(fraction) = text[end..].strip_prefix('.') {
        let mut scale = ONE / 10;
        for d in fraction.bytes().take(6).take_while(u8::is_ascii_digit) {
            value = value.saturating_add(i64::from(d - b'0') * scale);
            scale /= 10;
        }
    }
    if negative { -value } else { value }
}

/// Is the whole text a number?
fn numeric(text: &str) -> bool {
    let text = text.trim();
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    !(whole.is_empty() && fraction.is_empty())
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit())
}

fn shown(value: i64) -> String {
    decimal(value, 6, true)
}

/// With so many decimals; zeros at the end may go.
fn decimal(value: i64, places: usize, trim: bool) -> String {
    let places = places.min(6);
    let step = 10i64.pow(6 - places as u32);
    let value = (i128::from(value) + i128::from(step / 2 * value.signum())) / i128::from(step);
    let scale = 10i128.pow(places as u32);
    let sign = if value < 0 { "-" } else { "" };
    let mut out = format!("{sign}{}", value.abs() / scale);
    if places > 0 {
        let mut fraction = format!("{:0places$}", value.abs() % scale);
        if trim {
            fraction.truncate(fraction.trim_end_matches('0').len());
        }
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(&fraction);
        }
    }
    out
}

impl Awk {
    fn split(&self, text: &str) -> Vec<String> {
        let separator = self.variables.get("FS").map_or(" ", String::as_str);
        if separator == " " {
            return text.split_whitespace().map(str::to_owned).collect();
        }
        if text.is_empty() {
            return Vec::new();
        }
        let mut chars = separator.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) if c != '\\' => text.split(c).map(str::to_owned).collect(),
            _ => pieces(text, separator),
        }
    }
    fn set_record(&mut self, text: &str) {
        self.record = text.to_owned();
        self.fields = self.split(text);
    }
    fn truth(&mut self, ex: &Ex) -> bool {
        let value = self.value(ex);
        match ex {
            Ex::Text(t) => !t.is_empty(),
            _ if numeric(&value) => number(&value) != 0,
            _ => !value.is_empty(),
        }
    }
    fn number_of(&mut self, ex: &Ex) -> i64 {
        number(&self.value(ex))
    }
    fn place(&mut self, ex: &Ex, value: String) {
        if value.len() > LONGEST {
            return;
        }
        match ex {
            Ex::Variable(name) if name == "NF" => {
                let count = usize::try_from(number(&value) / ONE)
                    .unwrap_or(0)
                    .min(10_000);
                self.fields.resize(count, String::new());
                self.join();
            }
            Ex::Variable(name) => drop(self.variables.insert(name.clone(), value)),
            Ex::Item(name, key) => {
                let key = self.value(key);
                self.arrays
                    .entry(name.clone())
                    .or_default()
                    .insert(key, value);
            }
            Ex::Field(n) => {
                let n = usize::try_from(self.number_of(n) / ONE).unwrap_or(0);
                if n == 0 {
                    self.set_record(&value);
                } else if n <= 10_000 {
                    if self.fields.len() < n {
                        self.fields.resize(n, String::new());
                    }
                    self.fields[n - 1] = value;
                    self.join();
                }
            }
            _ => {}
        }
    }
    fn join(&mut self) {
        let between = self.variables.get("OFS").map_or(" ", String::as_str);
        self.record = self.fields.join(between);
    }
    fn regex(&mut self, ex: &Ex) -> Option<Regex> {
        match ex {
            Ex::Fits(re) => Some(re.clone()),
            ex => Regex::new(&self.value(ex), true, false),
        }
    }
    fn value(&mut self, ex: &Ex) -> String {
        let yes = |b: bool| if b { "1" } else { "0" }.to_owned();
        self.fuel = self.fuel.saturating_sub(1);
        match ex {
            Ex::Number(n) => shown(*n),
            Ex::Text(t) => t.clone(),
            Ex::Fits(re) => yes(re.is_match(&self.record)),
            Ex::Variable(name) => match name.as_str() {
                "NF" => self.fields.len().to_string(),
                "NR" | "FNR" => self.number.to_string(),
                name => self.variables.get(name).cloned().unwrap_or_default(),
            },
            Ex::Item(name, key) => {
                let key = self.value(key);
                self.arrays
                    .get(name)
                    .and_then(|a| a.get(&key))
                    .cloned()
                    .unwrap_or_default()
            }
            Ex::Has(key, name) => {
                let key = self.value(key);
                yes(self.arrays.get(name).is_some_and(|a| a.contains_key(&key)))
            }
            Ex::Field(n) => match usize::try_from(self.number_of(n) / ONE) {
                Ok(0) => self.record.clone(),
                Ok(n) => self.fields.get(n - 1).cloned().unwrap_or_default(),
                Err(_) => String::new(),
            },
            Ex::Not(e) => yes(!self.truth(e)),
            Ex::Minus(e) => shown(self.number_of(e).saturating_neg()),
            Ex::Match(e, pattern, want) => {
                let text = self.value(e);
                let fits = self.regex(pattern).is_some_and(|re| re.is_match(&text));
                yes(fits == *want)
            }
            Ex::If(c, a, b) => {
                if self.truth(c) {
                    self.value(a)
                } else {
                    self.value(b)
                }
            }
            Ex::Set(place, operator, e) => {
                let mut value = self.value(e);
                if *operator != "=" {
                    let old = self.number_of(place);
                    value = shown(count(&operator[..1], old, number(&value)));
                }
                self.place(place, value.clone());
                value
            }
            Ex::Step(place, by, before) => {
                let old = self.number_of(place);
                let new = old.saturating_add(*by);
                self.place(place, shown(new));
                shown(if *before { new } else { old })
            }
            Ex::Two("&&", a, b) => yes(self.truth(a) && self.truth(b)),
            Ex::Two("||", a, b) => yes(self.truth(a) || self.truth(b)),
            Ex::Two(" ", a, b) => {
                let mut text = self.value(a);
                text.push_str(&self.value(b));
                text.truncate(text.floor_char_boundary(LONGEST));
                text
            }
            Ex::Two(operator @ ("+" | "-" | "*" | "/" | "%"), a, b) => {
                let (a, b) = (self.number_of(a), self.number_of(b));
                shown(count(operator, a, b))
            }
            Ex::Two(operator, a, b) => {
                let texts = matches!(**a, Ex::Text(_)) || matches!(**b, Ex::Text(_));
                let (a, b) = (self.value(a), self.value(b));
                let numbers =
                    !texts && (numeric(&a) || a.is_empty()) && (numeric(&b) || b.is_empty());
                let order = if numbers {
                    number(&a).cmp(&number(&b))
                } else {
                    a.cmp(&b)
                };
                yes(match *operator {
                    "==" => order == Ordering::Equal,
                    "!=" => order != Ordering::Equal,
                    "<" => order == Ordering::Less,
                    "<=" => order != Ordering::Greater,
                    ">" => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                })
            }
            Ex::Call(name, args) => self.call(name, args),
        }
    }
    fn call(&mut self, name: &str, args: &[Ex]) -> String {
        if matches!(name, "sub" | "gsub") {
            let Some(re) = args.first().and_then(|a| self.regex(a)) else {
                return "0".to_owned();
            };
            let with = args.get(1).map(|a| self.value(a)).unwrap_or_default();
            let whole = Ex::Field(Box::new(Ex::Number(0)));
            let place = args.get(2).unwrap_or(&whole);
            let text = self.value(place);
            let (new, hits) = replaced(&re, &with, &text, name == "gsub");
            self.place(place, new);
            return hits.to_string();
        }
        if name == "split" {
            let text = args.first().map(|a| self.value(a)).unwrap_or_default();
            let parts = match args.get(2) {
                Some(s) => {
                    let separator = self.value(s);
                    pieces(&text, &separator)
                }
                None => self.split(&text),
            };
            let count = parts.len();
            if let Some(Ex::Variable(array)) = args.get(1) {
                let items = parts.into_iter().enumerate();
                let items = items.map(|(i, p)| ((i + 1).to_string(), p)).collect();
                self.arrays.insert(array.clone(), items);
            }
            return count.to_string();
        }
        if let ("length", [Ex::Variable(array)]) = (name, args)
            && let Some(items) = self.arrays.get(array)
        {
            return items.len().to_string();
        }
        let values: Vec<String> = args.iter().map(|a| self.value(a)).collect();
        let first = values.first().cloned();
        match name {
            "length" => first
                .unwrap_or_else(|| self.record.clone())
                .chars()
                .count()
                .to_string(),
            "tolower" => first.unwrap_or_default().to_lowercase(),
            "toupper" => first.unwrap_or_default().to_uppercase(),
            "int" => shown(number(&first.unwrap_or_default()) / ONE * ONE),
            "index" => {
                let (text, part) = (
                    first.unwrap_or_default(),
                    values.get(1).cloned().unwrap_or_default(),
                );
                text.find(&part)
                    .map_or(0, |i| text[..i].chars().count() + 1)
                    .to_string()
            }
            "substr" => {
                let text: Vec<char> = first.unwrap_or_default().chars().collect();
                let from = values.get(1).map_or(1, |v| number(v) / ONE);
                let end = values
                    .get(2)
                    .map_or(i64::MAX, |v| from.saturating_add(number(v) / ONE));
                let skip = usize::try_from(from.max(1) - 1).unwrap_or(0);
                let take = usize::try_from(end.saturating_sub(from.max(1))).unwrap_or(0);
                text.iter().skip(skip).take(take).collect()
            }
            "sprintf" => values
                .split_first()
                .map_or(String::new(), |(f, v)| format_text(f, v)),
            _ => String::new(),
        }
    }

    fn run(&mut self, body: &[St], out: &mut String) -> Flow {
        for statement in body {
            if self.fuel == 0 || out.len() > LONGEST {
                return Flow::Exit;
            }
            self.fuel -= 1;
            match statement {
                St::Print(list) => {
                    let between = self.variables.get("OFS").cloned().unwrap_or_default();
                    let end = self.variables.get("ORS").cloned().unwrap_or_default();
                    if list.is_empty() {
                        out.push_str(&self.record);
                    }
                    for (i, ex) in list.iter().enumerate() {
                        if i > 0 {
                            out.push_str(&between);
                        }
                        out.push_str(&self.value(ex));
                    }
                    out.push_str(&end);
                }
                St::Printf(list) => {
                    let values: Vec<String> = list.iter().map(|e| self.value(e)).collect();
                    if let Some((format, rest)) = values.split_first() {
                        out.push_str(&format_text(format, rest));
                    }
                }
                St::Do(ex) => drop(self.value(ex)),
                St::If(condition, yes, no) => {
                    let body = if self.truth(condition) { yes } else { no };
                    match self.run(body, out) {
                        Flow::On => {}
                        flow => return flow,
                    }
                }
                St::While(condition, body) => {
                    while self.fuel > 0 && self.truth(condition) {
                        match self.run(body, out) {
                            Flow::On => {}
                            flow => return flow,
                        }
                    }
                }
                St::Each(name, array, body) => {
                    let keys: Vec<String> = self
                        .arrays
                        .get(array)
                        .map(|a| a.keys().cloned().collect())
                        .unwrap_or_default();
                    for key in keys {
                        self.variables.insert(name.clone(), key);
                        match self.run(body, out) {
                            Flow::On => {}
                            flow => return flow,
                        }
                    }
                }
                St::Delete(array, key) => {
                    let key = self.value(key);
                    if let Some(a) = self.arrays.get_mut(array) {
                        a.remove(&key);
                    }
                }
                St::Next => return Flow::Next,
                St::Exit(code) => {
                    let code = code.as_ref().map_or(0, |c| self.number_of(c) / ONE);
                    self.exit = Some(i32::try_from(code & 255).unwrap_or(1));
                    return Flow::Exit;
                }
            }
        }
        Flow::On
    }
    fn special(&mut self, end: bool, out: &mut String) {
        let rules = std::mem::take(&mut self.rules);
        self.fuel = FUEL;
        for rule in &rules {
            let fits = match rule.when {
                When::Begin => !end,
                When::End => end,
                _ => false,
            };
            if fits && matches!(self.run(&rule.body, out), Flow::Exit) {
                break;
            }
        }
        self.rules = rules;
    }
    fn begin(&mut self, out: &mut String) {
        if !std::mem::replace(&mut self.begun, true) {
            self.special(false, out);
        }
    }
}

impl Lined for Awk {
    fn line(&mut self, line: &str, out: &mut String) {
        self.begin(out);
        if self.exit.is_some() {
            return;
        }
        self.number += 1;
        self.set_record(line);
        self.fuel = FUEL;
        let mut rules = std::mem::take(&mut self.rules);
        for rule in &mut rules {
            let fits = match &rule.when {
                When::Begin | When::End => false,
                When::Always => true,
                When::If(ex) => self.truth(ex),
                When::From(first, last) => {
                    let fits = rule.inside || self.truth(first);
                    rule.inside = fits && !self.truth(last);
                    fits
                }
            };
            if fits && !matches!(self.run(&rule.body, out), Flow::On) {
                break;
            }
        }
        self.rules = rules;
    }
    fn end(&mut self, out: &mut String) -> i32 {
        self.begin(out);
        self.special(true, out);
        self.exit.unwrap_or(0)
    }
    fn full(&self) -> bool {
        self.exit.is_some() && !self.rules.iter().any(|r| r.when == When::End)
    }
}

fn count(operator: &str, a: i64, b: i64) -> i64 {
    let (wide_a, wide_b) = (i128::from(a), i128::from(b));
    let one = i128::from(ONE);
    let value = match operator {
        "+" => wide_a + wide_b,
        "-" => wide_a - wide_b,
        "*" => wide_a * wide_b / one,
        _ if b == 0 => 0,
        "/" => wide_a * one / wide_b,
        _ => wide_a % wide_b,
    };
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn pieces(text: &str, separator: &str) -> Vec<String> {
    let Some(re) = Regex::new(separator, true, false) else {
        return text.split(separator).map(str::to_owned).collect();
    };
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((a, b)) = re.find(&chars, at).and_then(|f| f[0]) {
        if a == b {
            break;
        }
        out.push(chars[at..a].iter().collect());
        at = b;
    }
    out.push(chars[at..].iter().collect());
    out
}

fn replaced(re: &Regex, with: &str, text: &str, all: bool) -> (String, usize) {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut hits) = (String::new(), 0, 0);
    while let Some((a, b)) = re.find(&chars, at).and_then(|f| f[0]) {
        out.extend(&chars[at..a]);
        let found: String = chars[a..b].iter().collect();
        out.push_str(
            &with
                .replace("\\&", "\0")
                .replace('&', &found)
                .replace('\0', "&"),
        );
        hits += 1;
        at = b;
        if a == b {
            out.extend(chars.get(b));
            at += 1;
        }
        if !all || at > chars.len() {
            break;
        }
    }
    out.extend(chars.get(at..).unwrap_or_default());
    (out, hits)
}

/// `printf`: `%s`, `%d`, `%-10s`, `%05.2f`, `%%`, `%c`, `%x`.
pub(crate) fn format_text(format: &str, values: &[String]) -> String {
    let mut out = String::new();
    let mut values = values.iter();
    let mut it = format.chars().peekable();
    while let Some(c) = it.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(f) = it.next_if(|c| "-+ 0#".contains(*c)) {
            flags.push(f);
        }
        let digits = |it: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut n: Option<usize> = None;
            while let Some(d) = it.peek().and_then(|c| c.to_digit(10)) {
                n = Some((n.unwrap_or(0) * 10 + d as usize).min(1000));
                it.next();
            }
            n
        };
        let width = digits(&mut it).unwrap_or(0);
        let places = it.next_if_eq(&'.').map(|_| digits(&mut it).unwrap_or(0));
        let Some(kind) = it.next() else {
            out.push('%');
            break;
        };
        let mut next = || values.next().map_or("", String::as_str);
        let text = match kind {
            '%' => "%".to_owned(),
            'd' | 'i' => (number(next()) / ONE).to_string(),
            'f' | 'g' | 'e' => decimal(number(next()), places.unwrap_or(6), kind == 'g'),
            'x' => format!("{:x}", number(next()) / ONE),
            'c' => next().chars().take(1).collect(),
            'b' => crate::builtins::escaped(next()),
            's' => {
                let text = next();
                places.map_or(text.to_owned(), |p| text.chars().take(p).collect())
            }
            'q' => crate::builtins::quoted(next()),
            c => format!("%{c}"),
        };
        let pad = width.saturating_sub(text.chars().count());
        if flags.contains('-') {
            out.push_str(&text);
            out.extend(std::iter::repeat_n(' ', pad));
        } else if flags.contains('0') && kind != 's' {
            out.extend(std::iter::repeat_n('0', pad));
            out.push_str(&text);
        } else {
            out.extend(std::iter::repeat_n(' ', pad));
            out.push_str(&text);
        }
    }
    out
}
