//! The text tools: each is a filter that takes text as it comes and has an end.

mod awk;
mod awk_parse;
mod column;
mod grep;
mod jq;
mod jq_parse;
mod jq_run;
mod lines;
pub(crate) mod regex;
mod sed;

pub(crate) use awk::format_text;

use crate::env::{Files, file_name};

const FILTERS: &[&str] = &[
    "awk", "cat", "column", "cut", "egrep", "fgrep", "gawk", "grep", "head", "jq", "less", "more",
    "nl", "rev", "sed", "sort", "tac", "tail", "tee", "tr", "uniq", "wc",
];

/// Is this the name of a text tool?
pub(crate) fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name)
}

/// What a tool does with the lines.
#[derive(Clone)]
enum Tool {
    /// `cat`, and what failed before it began.
    Cat,
    Broken,
    Lines(lines::Lines),
    Grep(grep::Grep),
    Sed(sed::Sed),
    Awk(Box<awk::Awk>),
    Jq(Box<jq::Jq>),
    Column(column::Column),
}

/// A tool on its way: what it has not read yet, and how it will end.
#[derive(Clone)]
pub(crate) struct Filter {
    tool: Tool,
    /// The beginning of a line that has not ended.
    rest: String,
    /// Files to write (`tee`).
    copies: Vec<String>,
    status: i32,
    complaint: String,
    full: bool,
    pub(crate) files: Vec<String>,
}

/// What a tool says and its exit code, when its arguments are wrong.
pub(crate) type Refused = (String, i32);

/// What a line is given to, and where its answer goes.
pub(crate) trait Lined {
    /// One line without its end; `last`: it had none.
    fn line(&mut self, line: &str, out: &mut String);
    /// The end of the input; the exit code.
    fn end(&mut self, out: &mut String) -> i32;
    /// It wants no more.
    fn full(&self) -> bool {
        false
    }
    /// What it complains about, at its end.
    fn complaint(&self) -> String {
        String::new()
    }
}

impl Filter {
    fn new(tool: Tool) -> Filter {
        Filter {
            full: matches!(tool, Tool::Broken),
            tool,
            rest: String::new(),
            copies: Vec::new(),
            status: 0,
            complaint: String::new(),
            files: Vec::new(),
        }
    }
    /// What is left of a filter that could not begin.
    pub fn broken(status: i32) -> Filter {
        Filter {
            status,
            ..Filter::new(Tool::Broken)
        }
    }

    /// Reads the arguments. `piped`: it stands behind a pipe.
    pub fn make(args: &[String], files: &Files, piped: bool) -> Result<Filter, Refused> {
        let name = args.first().map_or("", String::as_str);
        let rest = &args[1.min(args.len())..];
        if rest.iter().any(|a| a == "--help" || a == "--version") {
            return Err((format!("{name}: a small one, made for this console\n"), 0));
        }
        let (tool, names) = match name {
            "cat" | "less" | "more" => {
                let names = rest.iter().filter(|a| !a.starts_with('-') || *a == "-");
                (Tool::Cat, names.cloned().collect())
            }
            "tee" => {
                let append = rest.iter().any(|a| a == "-a" || a == "--append");
                let names = rest.iter().filter(|a| !a.starts_with('-'));
                let mut filter = Filter::new(Tool::Cat);
                filter.copies = names.map(|n| file_name(n).to_owned()).collect();
                if !append {
                    // An empty text makes the file new; see `feed`.
                    filter.copies.iter_mut().for_each(|n| n.insert(0, '\0'));
                }
                return Ok(filter);
            }
            "grep" | "egrep" | "fgrep" => grep::make(name, rest, piped)?,
            "sed" => sed::make(rest)?,
            "awk" | "gawk" => awk::make(rest)?,
            "jq" => jq::make(rest)?,
            "column" => column::make(rest)?,
            _ => lines::make(name, rest)?,
        };
        let mut filter = Filter::new(tool);
        filter.read(name, names, files)?;
        Ok(filter)
    }

    /// The files that are read instead of the input.
    fn read(&mut self, name: &str, names: Vec<String>, files: &Files) -> Result<(), Refused> {
        let many = names.len() > 1;
        for file in names {
            let text = if file == "/dev/null" {
                Some("")
            } else {
                files.get(file_name(&file)).map(String::as_str)
            };
            match text {
                Some(text) => {
                    if let (Tool::Grep(g), true) = (&mut self.tool, many) {
                        g.prefix(&file);
                    }
                    let out = self.through(text);
                    self.files.push(out);
                }
                None if file == "-" => {}
                None => {
                    let why = format!("{name}: {file}: No such file or directory\n");
                    let status = if matches!(name, "grep" | "sed" | "awk" | "jq") {
                        2
                    } else {
                        1
                    };
                    if !many {
                        return Err((why, status));
                    }
                    self.complaint.push_str(&why);
                    self.status = status;
                    self.files.push(String::new());
                }
            }
        }
        Ok(())
    }

    /// Takes text; answers with what comes out now. Files to write are added to `written`.
    pub fn feed(&mut self, text: &str, written: &mut Vec<(String, String)>) -> String {
        for copy in &self.copies {
            written.push((copy.trim_start_matches('\0').to_owned(), text.to_owned()));
        }
        if !self.files.is_empty() {
            return String::new(); // it reads files, not the input
        }
        self.through(text)
    }

    /// Files that must begin empty.
    pub fn fresh_files(&self) -> impl Iterator<Item = &str> {
        self.copies.iter().filter_map(|c| c.strip_prefix('\0'))
    }

    fn through(&mut self, text: &str) -> String {
        let mut out = String::new();
        let Some(tool) = self.tool.lined() else {
            if matches!(self.tool, Tool::Cat) {
                out.push_str(text);
            }
            return out;
        };
        self.rest.push_str(text);
        let whole = std::mem::take(&mut self.rest);
        let mut lines = whole.as_str();
        while let Some(end) = lines.find('\n') {
            if tool.full() {
                break;
            }
            tool.line(&lines[..end], &mut out);
            lines = &lines[end + 1..];
        }
        self.full = tool.full();
        if !self.full {
            self.rest = lines.to_owned();
        }
        out
    }

    /// The end of the input.
    pub fn finish(&mut self) -> String {
        let mut out: String = std::mem::take(&mut self.files).concat();
        let rest = std::mem::take(&mut self.rest);
        if let Some(tool) = self.tool.lined() {
            if !rest.is_empty() {
                tool.line(&rest, &mut out);
            }
            let status = tool.end(&mut out);
            self.complaint.push_str(&tool.complaint());
            if self.status == 0 {
                self.status = status;
            }
        }
        out
    }

    /// It takes no more: what writes to it may end.
    pub fn is_full(&self) -> bool {
        self.full || matches!(self.tool, Tool::Broken)
    }
    /// Its exit code.
    pub fn status(&self) -> i32 {
        self.status
    }
    /// What it said on standard error.
    pub fn complaint(&self) -> Option<(String, i32)> {
        (!self.complaint.is_empty()).then(|| (self.complaint.clone(), self.status))
    }
}

impl Tool {
    fn lined(&mut self) -> Option<&mut dyn Lined> {
        Some(match self {
            Tool::Cat | Tool::Broken => return None,
            Tool::Lines(t) => t,
            Tool::Grep(t) => t,
            Tool::Sed(t) => t,
            Tool::Awk(t) => &mut **t,
            Tool::Jq(t) => &mut **t,
            Tool::Column(t) => t,
        })
    }
}

/// Options of a tool: letters without a value, letters with one; the rest are operands.
pub(crate) struct Options {
    /// Letter and value, in order.
    pub given: Vec<(char, String)>,
    pub operands: Vec<String>,
}

impl Options {
    /// Reads options as getopt does. `plain` and `valued` are letters; `long` names like `line-number=n`.
    pub fn read(
        name: &str,
        args: &[String],
        plain: &str,
        valued: &str,
        long: &[&str],
    ) -> Result<Options, Refused> {
        let mut out = Options {
            given: Vec::new(),
            operands: Vec::new(),
        };
        let mut it = args.iter();
        while let Some(arg) = it.next() {
            if arg == "--" {
                out.operands.extend(it.cloned());
                break;
            }
            if let Some(word) = arg.strip_prefix("--") {
                let (word, value) = match word.split_once('=') {
                    Some((w, v)) => (w, Some(v.to_owned())),
                    None => (word, None),
                };
                let letter = long.iter().find_map(|l| {
                    let (n, c) = l.split_once('=')?;
                    (n == word).then(|| c.chars().next()).flatten()
                });
                let Some(letter) = letter else {
                    return Err(refused(name, &format!("unrecognized option '--{word}'")));
                };
                let value = if valued.contains(letter) {
                    value.or_else(|| it.next().cloned()).unwrap_or_default()
                } else {
                    String::new()
                };
                out.given.push((letter, value));
                continue;
            }
            let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty()) else {
                out.operands.push(arg.clone());
                continue;
            };
            for (i, c) in letters.char_indices() {
                if plain.contains(c) {
                    out.given.push((c, String::new()));
                } else if valued.contains(c) {
                    let rest = &letters[i + c.len_utf8()..];
                    let value = if rest.is_empty() {
                        match it.next() {
                            Some(v) => v.clone(),
                            None => {
                                let why = format!("option requires an argument -- '{c}'");
                                return Err(refused(name, &why));
                            }
                        }
                    } else {
                        rest.to_owned()
                    };
                    out.given.push((c, value));
                    break;
                } else {
                    return Err(refused(name, &format!("invalid option -- '{c}'")));
                }
            }
        }
        Ok(out)
    }
    pub fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(c, _)| *c == letter)
    }
    pub fn value(&self, letter: char) -> Option<&str> {
        let found = self.given.iter().rev().find(|(c, _)| *c == letter);
        found.map(|(_, v)| v.as_str())
    }
}

/// How a GNU tool refuses its arguments.
pub(crate) fn refused(name: &str, why: &str) -> Refused {
    let status = if matches!(name, "grep" | "sort") {
        2
    } else {
        1
    };
    (
        format!("{name}: {why}\nTry '{name} --help' for more information.\n"),
        status,
    )
}
