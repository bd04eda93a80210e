//! `head`, `tail`, `wc`, `sort`, `uniq`, `cut`, `tr`, `nl`, `rev`, `tac`.

use super::{Lined, Options, Refused, Tool, refused};
use rollout_api::Order;
use std::cmp::Ordering;
use std::collections::VecDeque;

#[derive(Clone)]
pub(crate) enum Lines {
    Head {
        left: i64,
        held: VecDeque<String>,
    },
    Tail {
        most: usize,
        from: usize,
        held: VecDeque<String>,
        number: usize,
    },
    Count {
        lines: u64,
        words: u64,
        bytes: u64,
        show: [bool; 3],
    },
    Sort(Box<Sort>),
    Uniq {
        counts: bool,
        only: Option<bool>,
        fold: bool,
        last: Option<(String, u64)>,
    },
    Cut {
        ranges: Vec<(usize, usize)>,
        fields: Option<char>,
        strict: bool,
    },
    Translate {
        from: Vec<char>,
        to: Vec<char>,
        delete: bool,
        squeeze: bool,
        not: bool,
        last: Option<char>,
        ends: bool,
    },
    Number(u64),
    Reverse,
    Backwards(Vec<String>),
}

#[derive(Clone)]
pub(crate) struct Sort {
    /// First and last field from 1 (0: to the end), numeric, reverse.
    keys: Vec<(usize, usize, bool, bool)>,
    numeric: bool,
    reverse: bool,
    unique: bool,
    fold: bool,
    version: bool,
    separator: Option<char>,
    lines: Vec<String>,
}

pub(crate) fn make(name: &str, args: &[String]) -> Result<(Tool, Vec<String>), Refused> {
    let (lines, files) = match name {
        "head" | "tail" => head_or_tail(name, args)?,
        "wc" => {
            let long = ["lines=l", "words=w", "bytes=c", "chars=m"];
            let o = Options::read(name, args, "lwcm", "", &long)?;
            let all = o.given.is_empty();
            let show = [
                all || o.has('l'),
                all || o.has('w'),
                all || o.has('c') || o.has('m'),
            ];
            (
                Lines::Count {
                    lines: 0,
                    words: 0,
                    bytes: 0,
                    show,
                },
                o.operands,
            )
        }
        "sort" => sort(args)?,
        "uniq" => {
            let o = Options::read(
                name,
                args,
                "cdui",
                "",
                &["count=c", "repeated=d", "unique=u"],
            )?;
            let only = if o.has('d') {
                Some(true)
            } else {
                o.has('u').then_some(false)
            };
            (
                Lines::Uniq {
                    counts: o.has('c'),
                    only,
                    fold: o.has('i'),
                    last: None,
                },
                o.operands,
            )
        }
        "cut" => cut(args)?,
        "tr" => return translate(args),
        "nl" => {
            let o = Options::read(name, args, "", "bw", &[])?;
            (Lines::Number(0), o.operands)
        }
        "rev" => (Lines::Reverse, args.to_vec()),
        _ => (Lines::Backwards(Vec::new()), args.to_vec()),
    };
    Ok((Tool::Lines(lines), files))
}

fn head_or_tail(name: &str, args: &[String]) -> Result<(Lines, Vec<String>), Refused> {
    let args: Vec<String> = args
        .iter()
        .map(|a| match a.strip_prefix('-') {
            Some(n) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => format!("-n{n}"),
            _ => a.clone(),
        })
        .collect();
    let o = Options::read(
        name,
        &args,
        "qvfF",
        "nc",
        &["lines=n", "bytes=c", "follow=f"],
    )?;
    let text = o.value('n').unwrap_or("10");
    let bad = || {
        (
            format!("{name}: invalid number of lines: \u{2018}{text}\u{2019}\n"),
            1,
        )
    };
    let number: i64 = text.trim_start_matches('+').parse().map_err(|_| bad())?;
    let lines = if name == "head" {
        Lines::Head {
            left: number,
            held: VecDeque::new(),
        }
    } else if text.starts_with('+') {
        let from = usize::try_from(number.max(1)).unwrap_or(1);
        Lines::Tail {
            most: 0,
            from,
            held: VecDeque::new(),
            number: 0,
        }
    } else {
        let most = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        Lines::Tail {
            most,
            from: 0,
            held: VecDeque::new(),
            number: 0,
        }
    };
    Ok((lines, o.operands))
}

fn sort(args: &[String]) -> Result<(Lines, Vec<String>), Refused> {
    let long = [
        "reverse=r",
        "numeric-sort=n",
        "unique=u",
        "key=k",
        "field-separator=t",
        "ignore-case=f",
        "version-sort=V",
        "human-numeric-sort=h",
    ];
    let o = Options::read("sort", args, "rnufbVhs", "kt", &long)?;
    let mut keys = Vec::new();
    for (_, key) in o.given.iter().filter(|(c, _)| *c == 'k') {
        let (from, to) = key.split_once(',').unwrap_or((key, "0"));
        let digits = |t: &str| -> usize {
            let end = t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len());
            t[..end].parse().unwrap_or(0)
        };
        let first = digits(from);
        if first == 0 {
            return Err((
                format!(
                    "sort: invalid number at field start: invalid count at start of \u{2018}{key}\u{2019}\n"
                ),
                2,
            ));
        }
        keys.push((first, digits(to), key.contains('n'), key.contains('r')));
    }
    let sort = Sort {
        keys,
        numeric: o.has('n') || o.has('h'),
        reverse: o.has('r'),
        unique: o.has('u'),
        fold: o.has('f'),
        version: o.has('V'),
        separator: o.value('t').and_then(|t| t.chars().next()),
        lines: Vec::new(),
    };
    Ok((Lines::Sort(Box::new(sort)), o.operands))
}

fn cut(args: &[String]) -> Result<(Lines, Vec<String>), Refused> {
    let long = [
        "delimiter=d",
        "fields=f",
        "characters=c",
        "bytes=b",
        "only-delimited=s",
    ];
    let o = Options::read("cut", args, "s", "dfcb", &long)?;
    let (list, by_field) = match (o.value('f'), o.value('c').or(o.value('b'))) {
        (Some(f), _) => (f, true),
        (None, Some(c)) => (c, false),
        (None, None) => {
            return Err(refused(
                "cut",
                "you must specify a list of bytes, characters, or fields",
            ));
        }
    };
    let mut ranges = Vec::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |t: &str, none: usize| {
            if t.is_empty() {
                Some(none)
            } else {
                t.parse().ok()
            }
        };
        match (number(from, 1), number(to, usize::MAX)) {
            (Some(a), Some(b)) if a > 0 && b >= a => ranges.push((a, b)),
            _ => {
                return Err(refused(
                    "cut",
                    &format!("invalid field value \u{2018}{part}\u{2019}"),
                ));
            }
        }
    }
    let delimiter = o.value('d').unwrap_or("\t");
    let mut chars = delimiter.chars();
    let first = chars.next().unwrap_or('\t');
    if chars.next().is_some() {
        return Err(refused("cut", "the delimiter must be a single character"));
    }
    let fields = by_field.then_some(first);
    Ok((
        Lines::Cut {
            ranges,
            fields,
            strict: o.has('s'),
        },
        o.operands,
    ))
}

fn translate(args: &[String]) -> Result<(Tool, Vec<String>), Refused> {
    let long = ["delete=d", "squeeze-repeats=s", "complement=c"];
    let o = Options::read("tr", args, "dscC", "", &long)?;
    let delete = o.has('d');
    let squeeze = o.has('s');
    let [from, rest @ ..] = o.operands.as_slice() else {
        return Err(refused("tr", "missing operand"));
    };
    if rest.is_empty() && !delete && !squeeze {
        let why = format!(
            "missing operand after \u{2018}{from}\u{2019}\nTwo strings must be given when translating."
        );
        return Err(refused("tr", &why));
    }
    let to = rest.first().map_or(Vec::new(), |t| characters(t));
    let from = characters(from);
    let ends = from.contains(&'\n') || o.has('c') || o.has('C');
    let lines = Lines::Translate {
        from,
        to,
        delete,
        squeeze,
        not: o.has('c') || o.has('C'),
        last: None,
        ends,
    };
    Ok((Tool::Lines(lines), Vec::new()))
}

/// `a-z`, `[:upper:]`, `\n`.
fn characters(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let rest: String = chars[i..].iter().take(12).collect();
        let class = [
            "[:upper:]",
            "[:lower:]",
            "[:digit:]",
            "[:space:]",
            "[:alpha:]",
            "[:alnum:]",
        ]
        .into_iter()
        .find(|c| rest.starts_with(c));
        if let Some(class) = class {
            match class {
                "[:upper:]" => out.extend('A'..='Z'),
                "[:lower:]" => out.extend('a'..='z'),
                "[:digit:]" => out.extend('0'..='9'),
                "[:space:]" => out.extend([' ', '\t', '\n', '\r']),
                "[:alpha:]" => out.extend(('A'..='Z').chain('a'..='z')),
                _ => out.extend(('0'..='9').chain('A'..='Z').chain('a'..='z')),
            }
            i += class.len();
            continue;
        }
        let mut c = chars[i];
        if c == '\\' && i + 1 < chars.len() {
            i += 1;
            c = match chars[i] {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                c => c,
            };
        }
        if chars.get(i + 1) == Some(&'-')
            && let Some(&end) = chars.get(i + 2)
            && c <= end
            && (end as u32 - c as u32) < 300
        {
            out.extend(c..=end);
            i += 3;
            continue;
        }
        out.push(c);
        i += 1;
    }
    out
}

impl Sort {
    fn key<'l>(&self, line: &'l str, from: usize, to: usize) -> &'l str {
        let mut starts = Vec::new();
        let mut ends = Vec::new();
        match self.separator {
            Some(s) => {
                let mut at = 0;
                for part in line.split(s) {
                    starts.push(at);
                    at += part.len();
                    ends.push(at);
                    at += s.len_utf8();
                }
            }
            None => {
                let mut blank = true;
                for (i, c) in line.char_indices() {
                    if c.is_whitespace() && !blank {
                        ends.push(i);
                    } else if !c.is_whitespace() && blank {
                        starts.push(i);
                    }
                    blank = c.is_whitespace();
                }
                if !blank {
                    ends.push(line.len());
                }
            }
        }
        let Some(start) = starts.get(from - 1) else {
            return "";
        };
        let end = if to == 0 {
            line.len()
        } else {
            ends.get(to - 1).copied().unwrap_or(line.len())
        };
        line.get(*start..end.max(*start)).unwrap_or("")
    }
    fn compare(&self, a: &str, b: &str) -> Ordering {
        for (from, to, numeric, reverse) in &self.keys {
            let (x, y) = (self.key(a, *from, *to), self.key(b, *from, *to));
            let order = self.compare_texts(x, y, self.numeric || *numeric);
            if order != Ordering::Equal {
                return if self.reverse != *reverse {
                    order.reverse()
                } else {
                    order
                };
            }
        }
        let order = if self.keys.is_empty() {
            self.compare_texts(a, b, self.numeric)
        } else {
            Ordering::Equal
        };
        let order = order.then_with(|| {
            if self.unique {
                Ordering::Equal
            } else {
                a.cmp(b)
            }
        });
        if self.reverse { order.reverse() } else { order }
    }
    fn compare_texts(&self, a: &str, b: &str, numeric: bool) -> Ordering {
        if numeric {
            return thousandths(a).cmp(&thousandths(b));
        }
        if self.version {
            return pieces(a).cmp(&pieces(b));
        }
        if self.fold {
            return a.to_uppercase().cmp(&b.to_uppercase());
        }
        a.cmp(b)
    }
}

/// The number at the start of a text, in thousandths.
fn thousandths(text: &str) -> i64 {
    let text = text.trim_start();
    let (negative, text) = match text.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, text),
    };
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let mut value = text[..end].parse::<i64>().unwrap_or(0).saturating_mul(1000);
    if let Some(fraction) = text[end..].strip_prefix('.') {
        let mut scale = 100;
        for d in fraction.bytes().take(3).take_while(u8::is_ascii_digit) {
            value = value.saturating_add(i64::from(d - b'0') * scale);
            scale /= 10;
        }
    }
    if negative { -value } else { value }
}

/// Letters and numbers of a version, in turn.
fn pieces(text: &str) -> Vec<(String, u64)> {
    let mut out = vec![(String::new(), 0u64)];
    let mut digits = false;
    for c in text.chars() {
        if digits && !c.is_ascii_digit() {
            out.push((String::new(), 0));
        }
        digits = c.is_ascii_digit();
        if let Some((letters, number)) = out.last_mut() {
            match c.to_digit(10) {
                Some(d) => *number = number.saturating_mul(10).saturating_add(u64::from(d)),
                None => letters.push(c),
            }
        }
    }
    out
}

fn put(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

impl Lined for Lines {
    fn line(&mut self, line: &str, out: &mut String) {
        match self {
            Lines::Head { left, .. } if *left > 0 => {
                *left -= 1;
                put(out, line);
            }
            Lines::Head { left: 0, .. } => {}
            Lines::Head { left, held } => {
                held.push_back(line.to_owned());
                if held.len() as i64 > -*left {
                    put(out, &held.pop_front().unwrap_or_default());
                }
            }
            Lines::Tail {
                most,
                from,
                held,
                number,
            } => {
                *number += 1;
                if *from > 0 {
                    if *number >= *from {
                        put(out, line);
                    }
                    return;
                }
                held.push_back(line.to_owned());
                if held.len() > *most {
                    held.pop_front();
                }
            }
            Lines::Count {
                lines,
                words,
                bytes,
                ..
            } => {
                *lines += 1;
                *words += line.split_whitespace().count() as u64;
                *bytes += line.len() as u64 + 1;
            }
            Lines::Sort(sort) => sort.lines.push(line.to_owned()),
            Lines::Uniq { fold, last, .. } => {
                let same = |l: &str| {
                    if *fold {
                        l.eq_ignore_ascii_case(line)
                    } else {
                        l == line
                    }
                };
                match last {
                    Some((l, count)) if same(l) => *count += 1,
                    _ => {
                        self.flush_uniq(out);
                        if let Lines::Uniq { last, .. } = self {
                            *last = Some((line.to_owned(), 1));
                        }
                    }
                }
            }
            Lines::Cut {
                ranges,
                fields: Some(d),
                strict,
            } => {
                if !line.contains(*d) {
                    if !*strict {
                        put(out, line);
                    }
                    return;
                }
                let mut first = true;
                for (i, field) in line.split(*d).enumerate() {
                    if ranges.iter().any(|(a, b)| (*a..=*b).contains(&(i + 1))) {
                        if !first {
                            out.push(*d);
                        }
                        first = false;
                        out.push_str(field);
                    }
                }
                out.push('\n');
            }
            Lines::Cut { ranges, .. } => {
                for (i, c) in line.chars().enumerate() {
                    if ranges.iter().any(|(a, b)| (*a..=*b).contains(&(i + 1))) {
                        out.push(c);
                    }
                }
                out.push('\n');
            }
            Lines::Translate {
                from,
                to,
                delete,
                squeeze,
                not,
                last,
                ends,
            } => {
                let text = line.chars().chain(['\n']);
                for c in text {
                    let at = from.iter().position(|f| *f == c);
                    let hit = at.is_some() != *not && (c != '\n' || *ends);
                    if hit && *delete {
                        continue;
                    }
                    let new = match (hit, to.last()) {
                        (true, Some(end)) => at.and_then(|i| to.get(i)).copied().unwrap_or(*end),
                        _ => c,
                    };
                    if *squeeze && hit && *last == Some(new) {
                        continue;
                    }
                    *last = hit.then_some(new);
                    out.push(new);
                }
            }
            Lines::Number(n) => {
                if line.is_empty() {
                    out.push_str("       \n");
                    return;
                }
                *n += 1;
                put(out, &format!("{n:>6}\t{line}"));
            }
            Lines::Reverse => put(out, &line.chars().rev().collect::<String>()),
            Lines::Backwards(lines) => lines.push(line.to_owned()),
        }
    }
    fn end(&mut self, out: &mut String) -> i32 {
        match self {
            Lines::Tail { held, .. } => held.iter().for_each(|l| put(out, l)),
            Lines::Count {
                lines,
                words,
                bytes,
                show,
            } => {
                let wide = show.iter().filter(|s| **s).count() > 1;
                let numbers: Vec<String> = [*lines, *words, *bytes]
                    .iter()
                    .zip(*show)
                    .filter(|(_, s)| *s)
                    .map(|(n, _)| {
                        if wide {
                            format!("{n:>7}")
                        } else {
                            n.to_string()
                        }
                    })
                    .collect();
                put(out, &numbers.join(" "));
            }
            Lines::Sort(sort) => {
                let mut lines = std::mem::take(&mut sort.lines);
                lines.order_by(|a, b| sort.compare(a, b));
                if sort.unique {
                    lines.dedup_by(|a, b| sort.compare(a, b) == Ordering::Equal);
                }
                lines.iter().for_each(|l| put(out, l));
            }
            Lines::Uniq { .. } => self.flush_uniq(out),
            Lines::Backwards(lines) => lines.iter().rev().for_each(|l| put(out, l)),
            _ => {}
        }
        0
    }
    fn full(&self) -> bool {
        matches!(self, Lines::Head { left: 0, .. })
    }
}

impl Lines {
    fn flush_uniq(&mut self, out: &mut String) {
        let Lines::Uniq {
            counts, only, last, ..
        } = self
        else {
            return;
        };
        if let Some((line, count)) = last.take() {
            let shown = only.is_none_or(|repeated| repeated == (count > 1));
            if shown && *counts {
                put(out, &format!("{count:>7} {line}"));
            } else if shown {
                put(out, &line);
            }
        }
    }
}
