//! `rollout verify FILE.md…`: the transcripts of a page are run, and what they show is compared with what is printed.
//!
//! Read are fenced blocks of the languages `console`, `sh-session`, `shell-session` and `terminal`, and blocks of `sh`,
//! `bash`, `shell` or none that have lines beginning with `$ `. All blocks of a page are one session, from top to bottom.
//! Directives are HTML comments on lines of their own: `<!-- rollout: preset=boot-4 seed=1 kubernetes=1.32 -->` (and
//! `manifest=FILE`) begins a new session; `exact` and `lenient` say what may differ without a placeholder; `skip` leaves
//! out the next block; `file=NAME` before a block of YAML holds it as a file; `run=LINE` (last) types a line that is not shown.

use crate::{Common, Exit, files, print, print_error};
use rollout_api::Minor;
use rollout_session::{Session, Start};
use rollout_view::expect::{Names, Row, Tolerance};
use rollout_view::paste::{self, PastedLine, PastedResult};
use std::path::Path;

/// A difference of a page: the line of the file, counted from 1, and what to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Line of the file.
    pub line: usize,
    /// The command, and the lines that are missing (`-`) or too many (`+`).
    pub text: String,
}

/// What became of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many commands ran.
    pub commands: usize,
    /// What differs.
    pub differences: Vec<Difference>,
    /// What would have to stand there instead: from this line (from 0) so many lines become these.
    pub edits: Vec<(usize, usize, Vec<String>)>,
}

impl Verified {
    /// The page with what is printed in the place of what differs.
    pub fn updated(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (at, count, new) in self.edits.iter().rev() {
            lines.splice(*at..at + count, new.iter().cloned());
        }
        lines.join("\n") + "\n"
    }
}

/// Runs the subcommand.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let update = args.iter().any(|a| a == "--update");
    let names: Vec<&String> = args.iter().filter(|a| *a != "--update").collect();
    if names.is_empty() || names.iter().any(|a| a.starts_with('-') && *a != "-") {
        print_error("usage: rollout verify FILE.md… [--update] [--kubernetes MINOR] [--seed N]\n");
        return Exit(2);
    }
    let mut wrong = false;
    for name in names {
        let text = match files::read(name) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(e) => {
                print_error(&format!("error: {e}\n"));
                return Exit(2);
            }
        };
        let folder = Path::new(name.as_str()).parent().filter(|_| name != "-");
        match verify(common, &text, folder) {
            Ok(verified) if update && name != "-" && !verified.edits.is_empty() => {
                if let Err(e) = std::fs::write(name, verified.updated(&text)) {
                    print_error(&format!("error: {name}: {e}\n"));
                    return Exit(2);
                }
                print(&format!("{name}: {} updated\n", verified.edits.len()));
            }
            Ok(verified) => {
                for d in &verified.differences {
                    print(&format!("{name}:{}: {}", d.line, d.text));
                }
                wrong |= !verified.differences.is_empty();
                let count = verified.differences.len();
                let end = if count == 0 {
                    "as shown".to_owned()
                } else {
                    format!("{count} differ")
                };
                print(&format!("{name}: {} commands, {end}\n", verified.commands));
            }
            Err((line, why)) => {
                print_error(&format!("{name}:{line}: error: {why}\n"));
                return Exit(2);
            }
        }
    }
    Exit(u8::from(wrong))
}

struct Page<'a> {
    common: &'a Common,
    folder: Option<&'a Path>,
    session: Option<Session>,
    start: Start,
    tolerance: Tolerance,
    names: Names,
    skip: bool,
    file: Option<String>,
    verified: Verified,
}

/// Runs the transcripts of a page. The error names a line and what can't be read there.
pub fn verify(
    common: &Common,
    text: &str,
    folder: Option<&Path>,
) -> Result<Verified, (usize, String)> {
    let mut page = Page {
        common,
        folder,
        session: None,
        start: fresh(common),
        tolerance: Tolerance::LENIENT,
        names: Names::default(),
        skip: false,
        file: None,
        verified: Verified::default(),
    };
    let mut block: Option<(String, usize, usize, Vec<&str>)> = None;
    for (i, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        match &mut block {
            Some((language, fence, from, lines)) => {
                if ticks >= *fence && trimmed.trim_end().len() == ticks {
                    let (language, from) = (std::mem::take(language), *from);
                    let lines = std::mem::take(lines);
                    block = None;
                    page.block(&language, from, &lines);
                } else {
                    lines.push(line);
                }
            }
            None if ticks >= 3 => {
                let language = trimmed[ticks..].split_whitespace().next().unwrap_or("");
                block = Some((language.to_owned(), ticks, i + 1, Vec::new()));
            }
            None => {
                if let Some(words) = directive(trimmed) {
                    page.directive(words).map_err(|why| (i + 1, why))?;
                }
            }
        }
    }
    Ok(page.verified)
}

fn fresh(common: &Common) -> Start {
    Start {
        seed: common.seed,
        version: common.version,
        ..Start::default()
    }
}

/// What stands in `<!-- rollout: … -->`.
fn directive(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("<!--")?.trim_end().strip_suffix("-->")?;
    inner.trim().strip_prefix("rollout:").map(str::trim)
}

impl Page<'_> {
    fn session(&mut self) -> &mut Session {
        let start = &self.start;
        self.session
            .get_or_insert_with(|| Session::new(start.clone()))
    }

    fn directive(&mut self, words: &str) -> Result<(), String> {
        let mut rest = words;
        let mut start = fresh(self.common);
        let mut begins = false;
        while !rest.is_empty() {
            if let Some(line) = rest.strip_prefix("run=") {
                if begins {
                    self.begin(start);
                }
                let folder = self.folder;
                let session = self.session();
                crate::play::load_files(session, folder, line);
                session.run_to_end(line, 3_600_000);
                return Ok(());
            }
            let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = tail.trim_start();
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            match key {
                "preset" => {
                    let preset = rollout_session::find_preset(value);
                    let preset = preset.ok_or_else(|| format!("no preset is named {value:?}"))?;
                    start.preset = Some(preset.name.to_owned());
                    start.version = preset.version;
                }
                "seed" => {
                    let bad = |_| format!("seed {value:?} is no number");
                    start.seed = value.parse().map_err(bad)?;
                }
                "kubernetes" => {
                    let version = Minor::parse(value);
                    start.version =
                        version.ok_or_else(|| format!("{value:?} is no version of Kubernetes"))?;
                }
                "manifest" => {
                    let path = self.folder.unwrap_or(Path::new("")).join(value);
                    let text = std::fs::read(&path).map_err(|e| format!("{value}: {e}"))?;
                    start.manifest = Some(String::from_utf8_lossy(&text).into_owned());
                }
                "new" => {}
                "exact" => self.tolerance = Tolerance::EXACT,
                "lenient" => self.tolerance = Tolerance::LENIENT,
                "skip" => self.skip = true,
                "file" => self.file = Some(value.to_owned()),
                _ => return Err(format!("unknown directive {word:?}")),
            }
            begins |= matches!(key, "preset" | "seed" | "kubernetes" | "manifest" | "new");
        }
        if begins {
            self.begin(start);
        }
        Ok(())
    }

    fn begin(&mut self, start: Start) {
        self.start = start;
        self.session = None;
        self.names = Names::default();
    }

    fn block(&mut self, language: &str, from: usize, lines: &[&str]) {
        if std::mem::take(&mut self.skip) {
            return;
        }
        if let Some(name) = self.file.take() {
            let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
            self.session().save(&name, &text);
            return;
        }
        let text = lines.join("\n");
        let always = matches!(
            language,
            "console" | "sh-session" | "shell-session" | "terminal"
        );
        let maybe = matches!(language, "sh" | "bash" | "shell" | "");
        if !(always || maybe && paste::is_transcript(&text)) {
            return;
        }
        let (folder, tolerance) = (self.folder, self.tolerance);
        for pasted in paste::paste_lines(&text) {
            let mut names = std::mem::take(&mut self.names);
            let session = self.session();
            crate::play::load_files(session, folder, &pasted.line);
            let result = paste::run_pasted(session, &pasted, tolerance, &mut names);
            self.names = names;
            self.verified.commands += 1;
            if result.differs() {
                self.verified
                    .differences
                    .push(shown(from, &pasted, &result));
                let at = from + pasted.output_at;
                let edit = (at, pasted.expected.len(), result.shown.clone());
                self.verified.edits.push(edit);
            }
        }
    }
}

/// A difference as it is printed.
fn shown(from: usize, pasted: &PastedLine, result: &PastedResult) -> Difference {
    let mut line = from + pasted.output_at;
    if let Some(at) = result.rows.iter().find_map(|r| match r {
        Row::Missing(at, _) => Some(*at),
        _ => None,
    }) {
        line += at;
    }
    let mut text = format!("$ {}\n", pasted.line.replace('\n', "\n> "));
    for row in &result.rows {
        match row {
            Row::Same(t) => text.push_str(&format!("    {t}\n")),
            Row::Missing(_, t) => text.push_str(&format!("  - {t}\n")),
            Row::Extra(t) => text.push_str(&format!("  + {t}\n")),
        }
    }
    Difference {
        line: line + 1,
        text,
    }
}
