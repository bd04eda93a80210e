//! A copy of the sources in which every mutant stands behind its number.

use crate::run::{Failure, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Line and column, both from 1, columns in characters.
pub(super) type Place = (usize, usize);

/// A change that cargo-mutants proposes.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    /// From 1; 0 is no mutant.
    pub(super) number: usize,
    pub(super) name: String,
    /// From the root.
    pub(super) file: String,
    /// The type after `->`.
    pub(super) returns: String,
    /// Where the function stands that it changes.
    pub(super) function: (Place, Place),
    /// What is replaced, and by what.
    pub(super) span: (Place, Place),
    pub(super) replacement: String,
}

/// What a mutant is called, without line and column.
pub(super) fn placeless(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(rest)) => format!("{file}:{rest}"),
        _ => name.to_owned(),
    }
}

/// What the copy asks for the mutant that happens.
const SWITCH: &str = "
/// The mutant of this run.
pub fn mutant_of_this_run() -> usize {
    static NUMBER: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *NUMBER.get_or_init(|| std::env::var(\"ROLLOUT_MUTANT\").ok().and_then(|n| n.parse().ok()).unwrap_or(0))
}
";

/// Numbers them. Two bodies of an unnamed type cannot stand in one function: those are told as not compiling.
pub(super) fn number(all: &mut Vec<Mutant>, unviable: &mut Vec<String>) {
    all.retain(|m| {
        let one = !m.returns.contains("impl ");
        if !one {
            unviable.push(m.name.clone());
        }
        one
    });
    for (i, mutant) in all.iter_mut().enumerate() {
        mutant.number = i + 1;
    }
}

/// Copies what git knows, with the mutants in it. Files that stay equal keep their time.
pub(super) fn write(root: &Path, copy: &Path, all: &[Mutant]) -> Outcome {
    let said = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()?;
    let mut by_file: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
    for mutant in all {
        by_file.entry(&mutant.file).or_default().push(mutant);
    }
    for name in String::from_utf8_lossy(&said.stdout).split('\0') {
        // Deleted files are still listed.
        let Ok(mut bytes) = std::fs::read(root.join(name)) else {
            continue;
        };
        if let Some(mutants) = by_file.get(name) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            bytes = mutated(&text, mutants).into_bytes();
        }
        if name.starts_with("crates/rollout-") && name.ends_with("/src/lib.rs") {
            bytes.extend_from_slice(SWITCH.as_bytes());
        }
        let to = copy.join(name);
        if std::fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&to, bytes).map_err(|e| Failure(format!("{}: {e}", to.display())))?;
    }
    Ok(())
}

/// The byte a place stands at.
fn offset(text: &str, (line, column): Place) -> usize {
    let start = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let rest = &text[start..];
    start
        + rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(i, _)| i)
}

/// Where the body of a function begins: its first brace outside of words, comments, texts and brackets.
fn body(function: &str) -> Option<usize> {
    let (mut depth, mut rest) = (0_i32, function);
    while let Some(c) = rest.chars().next() {
        let mut skip = c.len_utf8();
        match c {
            '/' if rest.starts_with("//") => skip = rest.find('\n')?,
            '"' => {
                let mut escaped = false;
                let end = rest[1..].find(|c| {
                    let end = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    end
                })?;
                skip = end + 2;
            }
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(function.len() - rest.len()),
            _ => {}
        }
        rest = &rest[skip..];
    }
    None
}

/// The text with each function that has mutants choosing its body by number.
fn mutated(text: &str, mutants: &[&Mutant]) -> String {
    // Functions within functions count as the outer one.
    let mut spans: Vec<(usize, usize)> = mutants
        .iter()
        .map(|m| (offset(text, m.function.0), offset(text, m.function.1)))
        .collect();
    spans.sort_unstable_by_key(|s| (s.0, std::cmp::Reverse(s.1)));
    spans.dedup_by(|inner, outer| inner.1 <= outer.1);
    let (mut out, mut at) = (String::new(), 0);
    for (from, to) in spans {
        let function = &text[from..to];
        let Some(brace) = body(function) else {
            continue;
        };
        out.push_str(&text[at..from + brace]);
        out.push_str("{ match crate::mutant_of_this_run() {\n");
        for m in mutants {
            let (a, b) = (offset(text, m.span.0), offset(text, m.span.1));
            if a < from + brace || b > to {
                continue;
            }
            let _fits = writeln!(
                out,
                "/* mutant {n} */ {n} => {}{}{}\n/* end {n} */",
                &text[from + brace..a],
                m.replacement,
                &text[b..to],
                n = m.number
            );
        }
        let _fits = write!(out, "_ => {}\n}} }}", &text[from + brace..to]);
        at = to;
    }
    out + &text[at..]
}

/// The numbers of the mutants in which the compiler found something.
pub(super) fn blamed(copy: &Path, said: &str, all: &[Mutant]) -> Vec<usize> {
    let mut wrong = Vec::new();
    let mut is_error = false;
    for line in said.lines() {
        if line.starts_with("error") {
            is_error = true;
        } else if line.starts_with("warning") {
            is_error = false;
        }
        let Some(place) = line.trim().strip_prefix("--> ").filter(|_| is_error) else {
            continue;
        };
        let mut parts = place.split(':');
        let (Some(file), Some(Ok(row))) = (parts.next(), parts.next().map(str::parse::<usize>))
        else {
            continue;
        };
        let Ok(text) = std::fs::read_to_string(copy.join(file)) else {
            continue;
        };
        let before: Vec<&str> = text.lines().take(row).collect();
        let open = before.iter().rev().find_map(|l| {
            let mark = l.strip_prefix("/* ")?;
            let (word, rest) = mark.split_once(' ')?;
            let number = rest.split(' ').next()?.parse::<usize>().ok()?;
            Some((word == "mutant", number))
        });
        if let Some((true, number)) = open
            && all.iter().any(|m| m.number == number)
            && !wrong.contains(&number)
        {
            wrong.push(number);
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_is_a_body_of_its_own() {
        let text = "/// A { of words\nfn f(x: [u8; 2]) -> bool {\n    x[0] < 1\n}\n";
        let mutant = |number, span, replacement: &str| Mutant {
            number,
            name: String::new(),
            file: String::new(),
            returns: "-> bool".to_owned(),
            function: ((1, 1), (4, 2)),
            span,
            replacement: replacement.to_owned(),
        };
        let (a, b) = (
            mutant(1, ((3, 5), (3, 13)), "true"),
            mutant(2, ((3, 10), (3, 11)), "=="),
        );
        assert_eq!(
            mutated(text, &[&a, &b]),
            "/// A { of words\nfn f(x: [u8; 2]) -> bool { match crate::mutant_of_this_run() {\n\
             /* mutant 1 */ 1 => {\n    true\n}\n/* end 1 */\n\
             /* mutant 2 */ 2 => {\n    x[0] == 1\n}\n/* end 2 */\n\
             _ => {\n    x[0] < 1\n}\n} }\n"
        );
    }
}
