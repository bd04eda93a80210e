//! `sed`: substitution, deletion, printing, by line number or pattern.

use super::regex::{Found, Regex};
use super::{Lined, Options, Refused, Tool};

#[derive(Clone)]
enum Address {
    Line(usize),
    Last,
    Fits(Regex),
}

#[derive(Clone)]
enum Act {
    Replace {
        pattern: Regex,
        with: Vec<Part>,
        all: bool,
        nth: usize,
        print: bool,
    },
    Delete,
    Print,
    Quit,
    Append(String),
    Insert(String),
    Change(String),
    Number,
}

#[derive(Clone)]
enum Part {
    Text(String),
    Group(usize),
}

#[derive(Clone)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    not: bool,
    act: Act,
    /// Within its range.
    inside: bool,
}

#[derive(Clone)]
pub(crate) struct Sed {
    commands: Vec<Command>,
    quiet: bool,
    number: usize,
    /// The line before, until it is known whether it is the last.
    held: Option<String>,
    done: bool,
}

pub(crate) fn make(args: &[String]) -> Result<(Tool, Vec<String>), Refused> {
    let long = [
        "expression=e",
        "quiet=n",
        "silent=n",
        "regexp-extended=E",
        "in-place=i",
    ];
    let o = Options::read("sed", args, "nErius", "e", &long)?;
    let mut operands = o.operands.clone().into_iter();
    let mut scripts: Vec<String> = o
        .given
        .iter()
        .filter(|(c, _)| *c == 'e')
        .map(|(_, v)| v.clone())
        .collect();
    if scripts.is_empty() {
        match operands.next() {
            Some(s) => scripts.push(s),
            None => {
                return Err((
                    "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n"
                        .to_owned(),
                    1,
                ));
            }
        }
    }
    let mut commands = Vec::new();
    for script in &scripts {
        let mut reader = Reader {
            text: script.chars().collect(),
            at: 0,
            extended: o.has('E') || o.has('r'),
        };
        reader.script(&mut commands).map_err(|why| {
            (
                format!("sed: -e expression #1, char {}: {why}\n", reader.at),
                1,
            )
        })?;
    }
    let sed = Sed {
        commands,
        quiet: o.has('n'),
        number: 0,
        held: None,
        done: false,
    };
    Ok((Tool::Sed(sed), operands.collect()))
}

struct Reader {
    text: Vec<char>,
    at: usize,
    extended: bool,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }
    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
            self.at += 1;
        }
    }
    fn script(&mut self, out: &mut Vec<Command>) -> Result<(), String> {
        loop {
            self.blanks();
            if self.peek().is_none() {
                return Ok(());
            }
            let from = self.address()?;
            let mut to = None;
            if from.is_some() && self.peek() == Some(',') {
                self.at += 1;
                to = self.address()?;
                if to.is_none() {
                    return Err("unexpected `,'".to_owned());
                }
            }
            while self.peek() == Some(' ') {
                self.at += 1;
            }
            let not = self.peek() == Some('!');
            self.at += usize::from(not);
            let act = self.act()?;
            out.push(Command {
                from,
                to,
                not,
                act,
                inside: false,
            });
        }
    }
    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.peek() {
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some(c) if c.is_ascii_digit() => {
                let mut n = 0usize;
                while let Some(d) = self.peek().and_then(|c| c.to_digit(10)) {
                    n = n.saturating_mul(10).saturating_add(d as usize);
                    self.at += 1;
                }
                Ok(Some(Address::Line(n)))
            }
            Some('/') => {
                self.at += 1;
                let text = self.until('/').ok_or("unterminated address regex")?;
                let fold = self.peek() == Some('I');
                self.at += usize::from(fold);
                Ok(Some(Address::Fits(self.regex(&text, fold)?)))
            }
            _ => Ok(None),
        }
    }
    fn regex(&self, text: &str, fold: bool) -> Result<Regex, String> {
        Regex::new(text, self.extended, fold).ok_or_else(|| "invalid regular expression".to_owned())
    }
    fn until(&mut self, end: char) -> Option<String> {
        let mut out = String::new();
        loop {
            match self.take()? {
                c if c == end => return Some(out),
                '\\' => match self.take()? {
                    c if c == end => out.push(c),
                    c => out.extend(['\\', c]),
                },
                c => out.push(c),
            }
        }
    }
    fn act(&mut self) -> Result<Act, String> {
        match self.take() {
            None => Err("missing command".to_owned()),
            Some('d') => Ok(Act::Delete),
            Some('p') => Ok(Act::Print),
            Some('q') => Ok(Act::Quit),
            Some('=') => Ok(Act::Number),
            Some(c @ ('a' | 'i' | 'c')) => {
                let text: String = self.text[self.at..].iter().collect();
                self.at = self.text.len();
                let text = text
                    .trim_start()
                    .trim_start_matches('\\')
                    .trim_start_matches('\n')
                    .to_owned();
                Ok(match c {
                    'a' => Act::Append(text),
                    'i' => Act::Insert(text),
                    _ => Act::Change(text),
                })
            }
            Some('s') => {
                let end = self.take().ok_or("unterminated `s' command")?;
                let pattern = self.until(end).ok_or("unterminated `s' command")?;
                let with = self.until(end).ok_or("unterminated `s' command")?;
                let (mut all, mut fold, mut print, mut nth) = (false, false, false, 0);
                while let Some(c) = self.peek() {
                    match c {
                        'g' => all = true,
                        'i' | 'I' => fold = true,
                        'p' => print = true,
                        c if c.is_ascii_digit() => nth = c.to_digit(10).unwrap_or(0) as usize,
                        ';' | ' ' | '\n' | '}' => break,
                        _ => return Err("unknown option to `s'".to_owned()),
                    }
                    self.at += 1;
                }
                let pattern = self.regex(&pattern, fold)?;
                Ok(Act::Replace {
                    pattern,
                    with: parts(&with),
                    all,
                    nth,
                    print,
                })
            }
            Some(c) => Err(format!("unknown command: `{c}'")),
        }
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut it = text.chars();
    while let Some(c) = it.next() {
        let group = match c {
            '&' => Some(0),
            '\\' => match it.next() {
                Some(d) if d.is_ascii_digit() => d.to_digit(10).map(|d| d as usize),
                Some('n') => {
                    plain.push('\n');
                    None
                }
                Some('t') => {
                    plain.push('\t');
                    None
                }
                Some(c) => {
                    plain.push(c);
                    None
                }
                None => None,
            },
            c => {
                plain.push(c);
                None
            }
        };
        if let Some(n) = group {
            out.push(Part::Text(std::mem::take(&mut plain)));
            out.push(Part::Group(n));
        }
    }
    out.push(Part::Text(plain));
    out
}

fn write(with: &[Part], line: &[char], found: &Found, out: &mut String) {
    for part in with {
        match part {
            Part::Text(t) => out.push_str(t),
            Part::Group(n) => {
                if let Some((a, b)) = found.get(*n).copied().flatten() {
                    out.extend(&line[a..b]);
                }
            }
        }
    }
}

fn replace(pattern: &Regex, with: &[Part], all: bool, nth: usize, text: &str) -> Option<String> {
    let line: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let (mut at, mut count, mut any) = (0, 0, false);
    while let Some(found) = pattern.find(&line, at) {
        let (a, b) = found[0]?;
        count += 1;
        out.extend(&line[at..a]);
        if count >= nth.max(1) {
            write(with, &line, &found, &mut out);
            any = true;
        } else {
            out.extend(&line[a..b]);
        }
        at = b;
        if a == b {
            out.extend(line.get(b));
            at += 1;
        }
        if at > line.len() || (any && !all) {
            break;
        }
    }
    out.extend(line.get(at..).unwrap_or_default());
    any.then_some(out)
}

impl Sed {
    fn applies(command: &mut Command, number: usize, last: bool, line: &str) -> bool {
        let fits = |a: &Address| match a {
            Address::Line(n) => *n == number,
            Address::Last => last,
            Address::Fits(re) => re.is_match(line),
        };
        let hit = match (&command.from, &command.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(from), Some(to)) => {
                if command.inside {
                    let past = matches!(to, Address::Line(n) if *n <= number);
                    command.inside = !(past || fits(to));
                    true
                } else if fits(from) {
                    command.inside = !matches!(to, Address::Line(n) if *n <= number);
                    true
                } else {
                    false
                }
            }
        };
        hit != command.not
    }

    fn work(&mut self, line: String, last: bool, out: &mut String) {
        if self.done {
            return;
        }
        self.number += 1;
        let number = self.number;
        let mut text = line;
        let mut after = String::new();
        let mut shown = !self.quiet;
        for command in &mut self.commands {
            if !Sed::applies(command, number, last, &text) {
                continue;
            }
            match &command.act {
                Act::Delete => {
                    shown = false;
                    break;
                }
                Act::Print => {
                    out.push_str(&text);
                    out.push('\n');
                }
                Act::Number => out.push_str(&format!("{number}\n")),
                Act::Quit => {
                    self.done = true;
                    break;
                }
                Act::Append(t) => after.push_str(&format!("{t}\n")),
                Act::Insert(t) => out.push_str(&format!("{t}\n")),
                Act::Change(t) => {
                    out.push_str(&format!("{t}\n"));
                    shown = false;
                    break;
                }
                Act::Replace {
                    pattern,
                    with,
                    all,
                    nth,
                    print,
                } => {
                    if let Some(new) = replace(pattern, with, *all, *nth, &text) {
                        text = new;
                        if *print {
                            out.push_str(&text);
                            out.push('\n');
                        }
                    }
                }
            }
        }
        if shown {
            out.push_str(&text);
            out.push('\n');
        }
        out.push_str(&after);
    }

    fn needs_last(&self) -> bool {
        let last = |a: &Option<Address>| matches!(a, Some(Address::Last));
        self.commands.iter().any(|c| last(&c.from) || last(&c.to))
    }
}

impl Lined for Sed {
    fn line(&mut self, line: &str, out: &mut String) {
        if !self.needs_last() {
            return self.work(line.to_owned(), false, out);
        }
        if let Some(before) = self.held.replace(line.to_owned()) {
            self.work(before, false, out);
        }
    }
    fn end(&mut self, out: &mut String) -> i32 {
        if let Some(last) = self.held.take() {
            self.work(last, true, out);
        }
        0
    }
    fn full(&self) -> bool {
        self.done
    }
}
