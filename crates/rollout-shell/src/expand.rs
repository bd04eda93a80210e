//! Words become text: variables, captured output, sums, splitting, patterns of file names.

use crate::interpreter::{Scope, Shell};
use crate::program::{How, Piece, Word};
use crate::sum;

type Subs = std::vec::IntoIter<String>;

/// The words that a word becomes.
pub(crate) fn fields(
    shell: &mut Shell,
    word: &Word,
    subs: &mut Subs,
    scope: &mut Scope<'_, '_>,
    out: &mut Vec<String>,
) {
    let mut current: Option<String> = None;
    let mut pattern = false;
    for piece in word {
        if let Piece::Var {
            name,
            how: How::Plain,
            quoted: true,
        } = piece
            && name == "@"
        {
            for (i, arg) in shell.args().iter().skip(1).enumerate() {
                if i > 0 {
                    out.extend(current.take());
                }
                current.get_or_insert_default().push_str(arg);
            }
            continue;
        }
        let quoted = match piece {
            Piece::Text(_, q) | Piece::Sub(q) => *q,
            Piece::Var { quoted, .. } => *quoted,
            Piece::Sum(_) => false,
        };
        let text = piece_text(shell, piece, subs, scope);
        if let Piece::Text(t, false) = piece {
            pattern |= t.contains(['*', '?']) || (t.contains('[') && t.contains(']'));
            current.get_or_insert_default().push_str(&text);
        } else if quoted {
            current.get_or_insert_default().push_str(&text);
        } else {
            let blank = |c: char| matches!(c, ' ' | '\t' | '\n');
            if text.starts_with(blank) {
                out.extend(current.take());
            }
            for (i, part) in text.split(blank).filter(|p| !p.is_empty()).enumerate() {
                if i > 0 {
                    out.extend(current.take());
                }
                current.get_or_insert_default().push_str(part);
            }
            if text.ends_with(blank) {
                out.extend(current.take());
            }
        }
    }
    let Some(text) = current else { return };
    if pattern {
        let files = shell.files();
        let found = files.keys().filter(|f| matches(&text, f));
        let before = out.len();
        out.extend(found.cloned());
        if out.len() > before {
            return;
        }
    }
    out.push(text);
}

/// The text of a word, never split.
pub(crate) fn text(
    shell: &mut Shell,
    word: &Word,
    subs: &mut Subs,
    scope: &mut Scope<'_, '_>,
) -> String {
    let mut out = String::new();
    for piece in word {
        out.push_str(&piece_text(shell, piece, subs, scope));
    }
    out
}

/// A word as a pattern: what is quoted stands for itself.
pub(crate) fn pattern(
    shell: &mut Shell,
    word: &Word,
    subs: &mut Subs,
    scope: &mut Scope<'_, '_>,
) -> String {
    let mut out = String::new();
    for piece in word {
        let text = piece_text(shell, piece, subs, scope);
        if matches!(piece, Piece::Text(_, true)) {
            for c in text.chars() {
                if "*?[\\".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        } else {
            out.push_str(&text);
        }
    }
    out
}

fn piece_text(
    shell: &mut Shell,
    piece: &Piece,
    subs: &mut Subs,
    scope: &mut Scope<'_, '_>,
) -> String {
    match piece {
        Piece::Text(text, _) => text.clone(),
        Piece::Sub(_) => subs.next().unwrap_or_default(),
        Piece::Sum(word) => {
            let text = text(shell, word, subs, scope);
            match sum::value(&text, &mut shell.env) {
                Ok(value) => value.to_string(),
                Err(why) => {
                    shell.print_error(&format!("bash: {text}: {why}\n"));
                    shell.env.status = 1;
                    String::new()
                }
            }
        }
        Piece::Var { name, how, .. } => variable(shell, name, how, subs, scope),
    }
}

fn plain(shell: &Shell, name: &str, scope: &Scope<'_, '_>) -> Option<String> {
    let args = shell.args();
    Some(match name {
        "?" => shell.env.status.to_string(),
        "$" => "1".to_owned(),
        "!" | "-" => String::new(),
        "#" => args.len().saturating_sub(1).to_string(),
        "@" | "*" => args.get(1..).unwrap_or_default().join(" "),
        "0" => args.first().map_or("bash", String::as_str).to_owned(),
        "SECONDS" => (scope.at / 1000).to_string(),
        "EPOCHSECONDS" => scope.client.now().0.to_string(),
        "RANDOM" => {
            let mixed = (scope.at + shell.env.requests).wrapping_mul(6_364_136_223_846_793_005);
            (mixed >> 49).to_string()
        }
        n if n.bytes().all(|b| b.is_ascii_digit()) => args
            .get(n.parse::<usize>().ok()?)
            .cloned()
            .unwrap_or_default(),
        n => shell.env.get(n)?.to_owned(),
    })
}

fn variable(
    shell: &mut Shell,
    name: &str,
    how: &How,
    subs: &mut Subs,
    scope: &mut Scope<'_, '_>,
) -> String {
    let value = plain(shell, name, scope);
    let set = |colon: bool| value.as_ref().filter(|v| !(colon && v.is_empty()));
    match how {
        How::Plain => value.unwrap_or_default(),
        How::Length => value.unwrap_or_default().chars().count().to_string(),
        How::Default(word, colon) => match set(*colon) {
            Some(v) => v.clone(),
            None => text(shell, word, subs, scope),
        },
        How::Assign(word, colon) => match set(*colon) {
            Some(v) => v.clone(),
            None => {
                let v = text(shell, word, subs, scope);
                shell.env.set(name, v.clone());
                v
            }
        },
        How::Other(word, colon) => match set(*colon) {
            Some(_) => text(shell, word, subs, scope),
            None => String::new(),
        },
        How::Needed(word, colon) => match set(*colon) {
            Some(v) => v.clone(),
            None => {
                let mut why = text(shell, word, subs, scope);
                if why.is_empty() {
                    why = "parameter null or not set".to_owned();
                }
                shell.print_error(&format!("bash: {name}: {why}\n"));
                shell.env.status = 1;
                String::new()
            }
        },
        How::Cut(word, front, long) => {
            let pattern = text(shell, word, subs, scope);
            let value = value.unwrap_or_default();
            cut(&value, &pattern, *front, *long)
        }
        How::Replace(pattern, with, all) => {
            let pattern = text(shell, pattern, subs, scope);
            let with = text(shell, with, subs, scope);
            let value = value.unwrap_or_default();
            if pattern.is_empty() {
                value
            } else if *all {
                value.replace(&pattern, &with)
            } else {
                value.replacen(&pattern, &with, 1)
            }
        }
        How::Slice(from, count) => {
            let mut number = |word: &Word| {
                let text = text(shell, word, subs, scope);
                sum::value(&text, &mut shell.env).unwrap_or(0)
            };
            let from = number(from);
            let count = count.as_ref().map(&mut number);
            let chars: Vec<char> = value.unwrap_or_default().chars().collect();
            let size = chars.len() as i64;
            let from = if from < 0 {
                (size + from).max(0)
            } else {
                from.min(size)
            };
            let end = match count {
                None => size,
                Some(c) if c < 0 => (size + c).max(from),
                Some(c) => (from + c).min(size),
            };
            chars[from as usize..end as usize].iter().collect()
        }
    }
}

fn cut(value: &str, pattern: &str, front: bool, long: bool) -> String {
    let mut places: Vec<usize> = value.char_indices().map(|(i, _)| i).collect();
    places.push(value.len());
    // The shortest part of the front ends first, that of the back begins last.
    if front == long {
        places.reverse();
    }
    for at in places {
        let (head, tail) = value.split_at(at);
        if front && matches(pattern, head) {
            return tail.to_owned();
        }
        if !front && matches(pattern, tail) {
            return head.to_owned();
        }
    }
    value.to_owned()
}

/// Does a pattern of the shell (`*`, `?`, `[a-z]`, `\x`) fit a whole text?
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let p: Vec<char> = pattern.chars().collect();
    let t: Vec<char> = text.chars().collect();
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if i < p.len() && p[i] == '*' {
            star = Some((i + 1, j));
            i += 1;
            continue;
        }
        let step = if j < t.len() {
            one(&p[i..], t[j])
        } else {
            None
        };
        if let Some(n) = step {
            i += n;
            j += 1;
            continue;
        }
        if j == t.len() && i == p.len() {
            return true;
        }
        match star {
            Some((after, at)) if at < t.len() => {
                star = Some((after, at + 1));
                i = after;
                j = at + 1;
            }
            _ => return false,
        }
    }
}

/// How much of the pattern's start fits this character.
fn one(p: &[char], c: char) -> Option<usize> {
    match p.first()? {
        '?' => Some(1),
        '\\' => (p.get(1) == Some(&c)).then_some(2),
        '[' => {
            let not = matches!(p.get(1), Some('!' | '^'));
            let mut k = 1 + usize::from(not);
            let start = k;
            let mut found = false;
            while let Some(&from) = p.get(k) {
                if from == ']' && k > start {
                    return (found != not).then_some(k + 1);
                }
                let range = p.get(k + 1) == Some(&'-') && p.get(k + 2).is_some_and(|c| *c != ']');
                if range {
                    found |= from <= c && c <= p[k + 2];
                    k += 3;
                } else {
                    found |= from == c;
                    k += 1;
                }
            }
            (c == '[').then_some(1)
        }
        p => (*p == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("a?c", "abc", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[", "[", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, text), want, "{pattern} {text}");
        }
        assert_eq!(cut("a/b/c", "*/", true, false), "b/c");
        assert_eq!(cut("a/b/c", "*/", true, true), "c");
        assert_eq!(cut("a.b.c", ".*", false, false), "a.b");
        assert_eq!(cut("a.b.c", ".*", false, true), "a");
    }
}
