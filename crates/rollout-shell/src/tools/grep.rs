//! `grep`.

use super::regex::Regex;
use super::{Lined, Options, Refused, Tool, refused};
use std::collections::VecDeque;

#[derive(Clone)]
pub(crate) struct Grep {
    patterns: Vec<Regex>,
    invert: bool,
    whole_line: bool,
    words: bool,
    count: bool,
    numbers: bool,
    quiet: bool,
    only: bool,
    names: bool,
    before: usize,
    after: usize,
    most: usize,
    file: String,
    line_number: usize,
    found: usize,
    held: VecDeque<(usize, String)>,
    left_after: usize,
    last_shown: usize,
    any: bool,
}

pub(crate) fn make(
    name: &str,
    args: &[String],
    piped: bool,
) -> Result<(Tool, Vec<String>), Refused> {
    // `-2`: context.
    let args: Vec<String> = args
        .iter()
        .map(|a| match a.strip_prefix('-') {
            Some(n) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => format!("-C{n}"),
            _ => a.clone(),
        })
        .collect();
    let long = [
        "ignore-case=i",
        "invert-match=v",
        "count=c",
        "line-number=n",
        "extended-regexp=E",
        "fixed-strings=F",
        "word-regexp=w",
        "line-regexp=x",
        "only-matching=o",
        "quiet=q",
        "silent=q",
        "color=y",
        "colour=y",
        "max-count=m",
        "after-context=A",
        "before-context=B",
        "context=C",
        "regexp=e",
        "perl-regexp=P",
        "basic-regexp=G",
        "no-filename=h",
        "files-with-matches=l",
        "line-buffered=u",
    ];
    let o = Options::read("grep", &args, "ivcnEFwxoqPGhlrsuHay", "ABCem", &long)?;
    let mut operands = o.operands.clone().into_iter();
    let mut texts: Vec<String> = o
        .given
        .iter()
        .filter(|(c, _)| *c == 'e')
        .map(|(_, v)| v.clone())
        .collect();
    if texts.is_empty() {
        match operands.next() {
            Some(t) => texts.push(t),
            None => {
                return Err((
                    "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n".to_owned(),
                    2,
                ));
            }
        }
    }
    let fixed = o.has('F') || name == "fgrep";
    let extended = o.has('E') || o.has('P') || name == "egrep";
    let mut patterns = Vec::new();
    for text in texts.iter().flat_map(|t| t.split('\n')) {
        let re = if fixed {
            Some(Regex::fixed(text, o.has('i')))
        } else {
            Regex::new(text, extended, o.has('i'))
        };
        match re {
            Some(re) => patterns.push(re),
            None => return Err((format!("grep: Invalid regular expression: {text}\n"), 2)),
        }
    }
    let number = |letter: char| match o.value(letter) {
        None => Ok(None),
        Some(v) => match v.parse::<usize>() {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err((format!("grep: {v}: invalid context length argument\n"), 2)),
        },
    };
    let both = number('C')?.unwrap_or(0);
    let files: Vec<String> = operands.collect();
    if files.is_empty() && !piped {
        return Err(refused(
            "grep",
            "there is no input: pipe something into it, or name a file",
        ));
    }
    let grep = Grep {
        patterns,
        invert: o.has('v'),
        whole_line: o.has('x'),
        words: o.has('w'),
        count: o.has('c'),
        numbers: o.has('n'),
        quiet: o.has('q'),
        only: o.has('o'),
        names: !o.has('h'),
        before: number('B')?.unwrap_or(both),
        after: number('A')?.unwrap_or(both),
        most: number('m')?.unwrap_or(usize::MAX),
        file: String::new(),
        line_number: 0,
        found: 0,
        held: VecDeque::new(),
        left_after: 0,
        last_shown: 0,
        any: false,
    };
    Ok((Tool::Grep(grep), files))
}

impl Grep {
    /// The next lines are of this file.
    pub fn prefix(&mut self, file: &str) {
        if self.names {
            self.file = format!("{file}:");
        }
        self.line_number = 0;
    }

    fn fits(&self, line: &[char]) -> Option<(usize, usize)> {
        for re in &self.patterns {
            let mut from = 0;
            while let Some((start, end)) = re.find(line, from).and_then(|f| f[0]) {
                let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
                let alone = !letter(start.checked_sub(1).and_then(|i| line.get(i)))
                    && !letter(line.get(end));
                let whole = start == 0 && end == line.len();
                if (!self.words || alone) && (!self.whole_line || whole) {
                    return Some((start, end));
                }
                from = start + 1;
                if from > line.len() {
                    break;
                }
            }
        }
        None
    }

    fn show(&mut self, number: usize, line: &str, mark: char, out: &mut String) {
        if (self.before > 0 || self.after > 0)
            && self.last_shown > 0
            && number > self.last_shown + 1
        {
            out.push_str("--\n");
        }
        self.last_shown = number;
        out.push_str(&self.file);
        if self.numbers {
            out.push_str(&number.to_string());
            out.push(mark);
        }
        out.push_str(line);
        out.push('\n');
    }
}

impl Lined for Grep {
    fn line(&mut self, line: &str, out: &mut String) {
        if self.full() {
            return;
        }
        self.line_number += 1;
        let number = self.line_number;
        let chars: Vec<char> = line.chars().collect();
        let found = self.fits(&chars);
        if found.is_some() == self.invert {
            if self.left_after > 0 {
                self.left_after -= 1;
                self.show(number, line, '-', out);
            } else if self.before > 0 {
                self.held.push_back((number, line.to_owned()));
                if self.held.len() > self.before {
                    self.held.pop_front();
                }
            }
            return;
        }
        self.any = true;
        self.found += 1;
        if self.count || self.quiet {
            return;
        }
        if self.only && !self.invert {
            let mut from = 0;
            while let Some((start, end)) = self.fits(&chars[from..]) {
                let text: String = chars[from + start..from + end].iter().collect();
                if !text.is_empty() {
                    self.show(number, &text, ':', out);
                }
                from += end.max(start + 1);
                if from > chars.len() {
                    break;
                }
            }
            return;
        }
        for (n, held) in std::mem::take(&mut self.held) {
            self.show(n, &held, '-', out);
        }
        self.show(number, line, ':', out);
        self.left_after = self.after;
    }
    fn end(&mut self, out: &mut String) -> i32 {
        if self.count && !self.quiet {
            out.push_str(&format!("{}\n", self.found));
        }
        i32::from(!self.any)
    }
    fn full(&self) -> bool {
        (self.quiet && self.any) || (self.found >= self.most && self.left_after == 0)
    }
}
