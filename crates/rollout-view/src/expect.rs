//! What a page shows against what was printed: placeholders, tolerance, and the differences.
//!
//! Placeholders stand for what differs from run to run: `<age>` `<time>` `<ip>` `<suffix>` (the five letters of a pod's name)
//! `<hash>` `<number>` `<port>` `<uid>` `<name>` (one word) and `<any>` (anything on this line). `<suffix:a>` gives what is
//! found a name: it must be the same wherever the name stands again. A line `...` stands for any number of lines.
//! A line with a placeholder is compared without regard to the width of its columns.

use rollout_api::SortedMap;

/// What may differ although the page writes it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tolerance {
    /// `5m7s`, `2.01s`.
    pub ages: bool,
    /// The random letters of pods' names; rows of pods may then come in another order.
    pub suffixes: bool,
    /// IPv4 addresses.
    pub ips: bool,
    /// Dates and times.
    pub times: bool,
}

impl Tolerance {
    /// Only what the page marks may differ.
    pub const EXACT: Tolerance = Tolerance::all(false);
    /// Everything that differs from one cluster to the next.
    pub const LENIENT: Tolerance = Tolerance::all(true);
    const fn all(on: bool) -> Tolerance {
        Tolerance {
            ages: on,
            suffixes: on,
            ips: on,
            times: on,
        }
    }
}

/// One row of a comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    /// As the page shows it; what was printed.
    Same(String),
    /// The page shows this (its line, from 0), and it was not printed.
    Missing(usize, String),
    /// This was printed, and the page does not show it.
    Extra(String),
}

/// What named placeholders stand for.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Names(SortedMap<String, String>);

impl Names {
    /// A text with the named placeholders that are known put in.
    pub fn fill(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (name, value) in &self.0 {
            out = out.replace(&format!("<{name}>"), value);
        }
        out
    }
}

const KINDS: &[&str] = &[
    "age", "time", "ip", "suffix", "hash", "number", "port", "uid", "name", "any",
];

enum Part {
    Text(String),
    /// Kind, and the whole placeholder if it has a name.
    Hole(&'static str, Option<String>),
}

/// Work that one line may take: hostile patterns end as a difference.
const FUEL: usize = 50_000;

/// Does a line of the page fit a printed line?
pub fn fits(expected: &str, shown: &str, tolerance: Tolerance, names: &mut Names) -> bool {
    let (expected, shown) = (expected.trim_end(), shown.trim_end());
    if expected == shown {
        return true;
    }
    let masked = masked(expected, tolerance);
    let parts = parts(&collapsed(&masked));
    if !parts.iter().any(|p| matches!(p, Part::Hole(..))) {
        return false;
    }
    let mut found = names.clone();
    let mut fuel = FUEL;
    let ok = walk(&parts, &collapsed(shown), &mut found, &mut fuel);
    if ok {
        *names = found;
    }
    ok
}

fn walk(parts: &[Part], text: &str, names: &mut Names, fuel: &mut usize) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    match first {
        Part::Text(t) => text
            .strip_prefix(t.as_str())
            .is_some_and(|text| walk(rest, text, names, fuel)),
        Part::Hole(kind, name) => {
            if let Some(known) = name.as_ref().and_then(|n| names.0.get(n)) {
                let known = known.clone();
                return text
                    .strip_prefix(known.as_str())
                    .is_some_and(|text| walk(rest, text, names, fuel));
            }
            let ends: Vec<usize> = text.char_indices().map(|(i, c)| i + c.len_utf8()).collect();
            let shortest = usize::from(*kind != "any");
            let longest = match *kind {
                "any" | "time" => ends.len(),
                _ => text.chars().take_while(|c| !c.is_whitespace()).count(),
            };
            for count in (shortest..=longest).rev() {
                if *fuel == 0 {
                    return false;
                }
                *fuel -= 1;
                let end = if count == 0 { 0 } else { ends[count - 1] };
                let (head, tail) = text.split_at(end);
                if !is_kind(kind, head) {
                    continue;
                }
                let before = names.clone();
                if let Some(n) = name {
                    names.0.insert(n.clone(), head.to_owned());
                }
                if walk(rest, tail, names, fuel) {
                    return true;
                }
                *names = before;
            }
            false
        }
    }
}

fn is_kind(kind: &str, text: &str) -> bool {
    let all = |f: fn(u8) -> bool| !text.is_empty() && text.bytes().all(f);
    match kind {
        "age" => is_age(text) || text == "<unknown>" || text == "<invalid>",
        "time" => is_time(text) || is_date(text),
        "ip" => is_ip(text),
        "suffix" => text.len() == 5 && all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
        "hash" => {
            (5..=10).contains(&text.len()) && all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }
        "number" | "port" => all(|b| b.is_ascii_digit()),
        "uid" => text.len() == 36 && all(|b| b.is_ascii_hexdigit() || b == b'-'),
        "name" => !text.is_empty() && !text.contains(char::is_whitespace),
        _ => true,
    }
}

fn is_age(text: &str) -> bool {
    let mut digits = 0;
    let mut units = 0;
    let mut it = text.bytes().peekable();
    while let Some(b) = it.next() {
        match b {
            b'0'..=b'9' => digits += 1,
            b'.' if digits > 0 && it.peek().is_some_and(u8::is_ascii_digit) => {}
            b's' | b'm' | b'h' | b'd' | b'y' if digits > 0 => {
                if b == b'm' && it.peek() == Some(&b's') {
                    it.next();
                }
                digits = 0;
                units += 1;
            }
            _ => return false,
        }
    }
    units > 0 && digits == 0
}

fn is_ip(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|p| p.len() <= 3 && p.parse::<u8>().is_ok())
}

/// `2025-06-10T12:00:00Z`.
fn is_time(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 20
        && b[4] == b'-'
        && b[7] == b'-'
        && b[10] == b'T'
        && b[13] == b':'
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"-:.TZ+".contains(&b))
}

/// `Tue, 10 Jun 2025 12:00:00 +0000`.
fn is_date(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let [day, date, _, year, time, zone] = words.as_slice() else {
        return false;
    };
    let number = |w: &str| w.bytes().all(|b| b.is_ascii_digit());
    day.len() == 4
        && day.ends_with(',')
        && number(date)
        && number(year)
        && time.len() == 8
        && zone.starts_with(['+', '-'])
}

fn collapsed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, word) in text.split_whitespace().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn parts(text: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (head, tail) = rest.split_at(at);
        plain.push_str(head);
        let hole = tail.find('>').and_then(|end| {
            let inner = &tail[1..end];
            let (kind, name) = inner.split_once(':').unwrap_or((inner, ""));
            let kind = KINDS.iter().find(|k| **k == kind)?;
            Some((*kind, (!name.is_empty()).then(|| inner.to_owned()), end))
        });
        match hole {
            Some((kind, name, end)) => {
                out.push(Part::Text(std::mem::take(&mut plain)));
                out.push(Part::Hole(kind, name));
                rest = &tail[end + 1..];
            }
            None => {
                plain.push('<');
                rest = &tail[1..];
            }
        }
    }
    plain.push_str(rest);
    out.push(Part::Text(plain));
    out
}

/// The line with what may differ made placeholders.
fn masked(line: &str, tolerance: Tolerance) -> String {
    if tolerance == Tolerance::EXACT {
        return line.to_owned();
    }
    let words: Vec<&str> = line.split(' ').collect();
    let mut out = Vec::with_capacity(words.len());
    let mut i = 0;
    while i < words.len() {
        if tolerance.times && i + 6 <= words.len() && is_date(&words[i..i + 6].join(" ")) {
            out.push("<time>".to_owned());
            i += 6;
            continue;
        }
        out.push(masked_word(words[i], tolerance));
        i += 1;
    }
    out.join(" ")
}

fn masked_word(word: &str, tolerance: Tolerance) -> String {
    let edge = |c: char| "()[]{},;\"'`".contains(c);
    let core = word.trim_matches(edge).trim_end_matches('.');
    if core.is_empty() {
        return word.to_owned();
    }
    let at = core.as_ptr() as usize - word.as_ptr() as usize;
    let (head, tail) = (&word[..at], &word[at + core.len()..]);
    let mut middle = String::new();
    for (i, piece) in core.split(',').enumerate() {
        if i > 0 {
            middle.push(',');
        }
        let (first, rest) = piece.split_at(piece.find([':', '/']).unwrap_or(piece.len()));
        let url = piece.strip_prefix("http://").unwrap_or("");
        let host = url.split([':', '/']).next().unwrap_or("");
        if tolerance.times && is_time(piece) {
            middle.push_str("<time>");
        } else if tolerance.ips && is_ip(first) {
            middle.push_str("<ip>");
            middle.push_str(rest);
        } else if tolerance.ips && is_ip(host) {
            middle.push_str("http://<ip>");
            middle.push_str(&url[host.len()..]);
        } else if tolerance.ages && is_age(piece) {
            middle.push_str("<age>");
        } else if let Some(end) = suffix_at(piece).filter(|_| tolerance.suffixes) {
            middle.push_str(&piece[..end - 5]);
            middle.push_str("<suffix>");
            middle.push_str(&piece[end..]);
        } else {
            middle.push_str(piece);
        }
    }
    format!("{head}{middle}{tail}")
}

/// Where the random letters of a pod's name end: `NAME-HASH-xxxxx`.
fn suffix_at(word: &str) -> Option<usize> {
    let random = |b: u8| b"bcdfghjklmnpqrstvwxz2456789".contains(&b);
    let bytes = word.as_bytes();
    (11..=bytes.len()).find(|&end| {
        let stop = bytes
            .get(end)
            .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-');
        let five = &bytes[end - 5..end];
        let before = &bytes[..end - 6];
        let hash = before.iter().rev().take_while(|b| random(**b)).count();
        stop && bytes[end - 6] == b'-'
            && five.iter().all(|b| random(*b))
            && (5..=10).contains(&hash)
            && before.len() > hash + 1
            && before[before.len() - hash - 1] == b'-'
    })
}

fn is_gap(line: &str) -> bool {
    matches!(line.trim(), "..." | "…")
}

/// Compares what a page shows with what was printed; lines of the page are counted from 0. No difference: only `Same`.
pub fn compare(
    expected: &[String],
    shown: &[String],
    tolerance: Tolerance,
    names: &mut Names,
) -> Vec<Row> {
    let mut fuel = FUEL;
    let mut found = names.clone();
    let same = |shown: &[String]| shown.iter().cloned().map(Row::Same).collect();
    if in_order(expected, shown, tolerance, &mut found, &mut fuel) {
        *names = found;
        return same(shown);
    }
    if tolerance.suffixes && any_order(expected, shown, tolerance) {
        return same(shown);
    }
    differences(expected, shown, tolerance, names)
}

fn in_order(
    expected: &[String],
    shown: &[String],
    tolerance: Tolerance,
    names: &mut Names,
    fuel: &mut usize,
) -> bool {
    if *fuel == 0 {
        return false;
    }
    *fuel -= 1;
    let Some((first, rest)) = expected.split_first() else {
        return shown.is_empty();
    };
    if is_gap(first) {
        return (0..=shown.len()).any(|n| {
            let mut found = names.clone();
            let ok = in_order(rest, &shown[n..], tolerance, &mut found, fuel);
            if ok {
                *names = found;
            }
            ok
        });
    }
    match shown.split_first() {
        Some((line, others)) => {
            fits(first, line, tolerance, names) && in_order(rest, others, tolerance, names, fuel)
        }
        None => false,
    }
}

/// Rows of pods come in the order of their random names: those of one block may stand in another order.
fn any_order(expected: &[String], shown: &[String], tolerance: Tolerance) -> bool {
    let random = |line: &String| masked(line, tolerance).contains("<suffix>");
    if expected.len() != shown.len() || expected.len() > 500 {
        return false;
    }
    let mut i = 0;
    while i < expected.len() {
        let end = (i..expected.len())
            .find(|k| !random(&expected[*k]))
            .unwrap_or(expected.len());
        if end == i {
            if !fits(&expected[i], &shown[i], tolerance, &mut Names::default()) {
                return false;
            }
            i += 1;
            continue;
        }
        let mut free: Vec<&String> = shown[i..end].iter().collect();
        for line in &expected[i..end] {
            let fit = |s: &&String| fits(line, s, tolerance, &mut Names::default());
            match free.iter().position(fit) {
                Some(at) => drop(free.remove(at)),
                None => return false,
            }
        }
        i = end;
    }
    true
}

/// The longest common part stays, the rest is missing or extra.
fn differences(
    expected: &[String],
    shown: &[String],
    tolerance: Tolerance,
    names: &Names,
) -> Vec<Row> {
    let (expected, cut) = expected.split_at(expected.len().min(400));
    let (shown, more) = shown.split_at(shown.len().min(400));
    let (n, m) = (expected.len(), shown.len());
    let fit: Vec<bool> = (0..n * m)
        .map(|k| {
            let (i, j) = (k / m, k % m);
            is_gap(&expected[i]) || fits(&expected[i], &shown[j], tolerance, &mut names.clone())
        })
        .collect();
    let mut best = vec![0u32; (n + 1) * (m + 1)];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let down = best[(i + 1) * (m + 1) + j];
            let right = best[i * (m + 1) + j + 1];
            let both = best[(i + 1) * (m + 1) + j + 1] + 1;
            best[i * (m + 1) + j] = if fit[i * m + j] {
                both.max(down).max(right)
            } else {
                down.max(right)
            };
        }
    }
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < n || j < m {
        if i < n && j < m && fit[i * m + j] {
            out.push(Row::Same(shown[j].clone()));
            if !is_gap(&expected[i]) || (i + 1 < n && j + 1 < m && fit[(i + 1) * m + j + 1]) {
                i += 1;
            }
            j += 1;
        } else if i < n && (j == m || best[(i + 1) * (m + 1) + j] >= best[i * (m + 1) + j + 1]) {
            if !is_gap(&expected[i]) {
                out.push(Row::Missing(i, expected[i].clone()));
            }
            i += 1;
        } else {
            out.push(Row::Extra(shown[j].clone()));
            j += 1;
        }
    }
    out.extend(
        cut.iter()
            .enumerate()
            .map(|(k, t)| Row::Missing(n + k, t.clone())),
    );
    out.extend(more.iter().cloned().map(Row::Extra));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn placeholders_and_tolerance() {
        let lenient: &[(&str, &str, bool)] = &[
            ("a", "a", true),
            ("a", "b", false),
            (
                "web-6b947d555-abcde   1/1",
                "web-6b947d555-x7k2p   1/1",
                false,
            ),
            (
                "web-6b947d555-bcdfg   1/1",
                "web-6b947d555-x7k2p   1/1",
                true,
            ),
            (
                "web-6b947d555-bcdfg   1/1",
                "web-6b947d55c-x7k2p   1/1",
                false,
            ),
            (
                "web-6b947d555-bcdfg   1/1",
                "web-6b947d555-x7k2p   0/1",
                false,
            ),
            ("web  3/3  3  3  5m7s", "web   3/3   3   3   12s", true),
            ("web  3/3  3  3  5m7s", "web   3/3   2   3   12s", false),
            (
                "IP: 10.244.1.3:80,10.244.1.4:80",
                "IP: 10.244.2.3:80,10.244.2.4:80",
                true,
            ),
            (
                "at Tue, 10 Jun 2025 11:55:00 +0000",
                "at Wed, 11 Jun 2025 01:05:00 +0000",
                true,
            ),
            ("1 (5s ago)", "1 (19s ago)", true),
            (
                "pulled in 1.482s (1.5s including)",
                "pulled in 2s (2s including)",
                true,
            ),
            ("<none>", "<none>", true),
            ("<none> x", "none x", false),
        ];
        for (expected, shown, want) in lenient {
            let got = fits(expected, shown, Tolerance::LENIENT, &mut Names::default());
            assert_eq!(got, *want, "{expected} / {shown}");
        }
        let exact: &[(&str, &str, bool)] = &[
            ("5m", "6m", false),
            ("<age>", "6m", true),
            ("<age>", "six", false),
            ("a <any> z", "a b c z", true),
            ("a<any>", "a", true),
            ("v <number>.<number>", "v 1.32", true),
            ("<suffix:a> <suffix:a>", "abcde abcde", true),
            ("<suffix:a> <suffix:a>", "abcde abcdf", false),
            ("<time>", "2025-06-10T12:00:00Z", true),
        ];
        for (expected, shown, want) in exact {
            let got = fits(expected, shown, Tolerance::EXACT, &mut Names::default());
            assert_eq!(got, *want, "{expected} / {shown}");
        }
        let mut names = Names::default();
        assert!(fits(
            "pod/<name:p> x",
            "pod/web x",
            Tolerance::EXACT,
            &mut names
        ));
        assert_eq!(names.fill("get <name:p>"), "get web");
        let hostile = "<any>a".repeat(40);
        fits(&hostile, &"a".repeat(4000), Tolerance::LENIENT, &mut names);
    }

    #[test]
    fn gaps_orders_and_differences() {
        let compared = |e: &str, s: &str| {
            compare(
                &lines(e),
                &lines(s),
                Tolerance::LENIENT,
                &mut Names::default(),
            )
        };
        let equal = |e: &str, s: &str| compared(e, s).iter().all(|r| matches!(r, Row::Same(_)));
        assert!(equal("a\n...\nd", "a\nb\nc\nd"));
        assert!(!equal("a\n...\nd", "a\nb\nc\ne"));
        assert!(equal(
            "web-6b947d555-bbbbb 1/1\nweb-6b947d555-ccccc 0/1",
            "web-6b947d555-ddddd 0/1\nweb-6b947d555-fffff 1/1"
        ));
        assert_eq!(
            compared("a\nb\nc", "a\nx\nc"),
            [
                Row::Same("a".into()),
                Row::Missing(1, "b".into()),
                Row::Extra("x".into()),
                Row::Same("c".into())
            ]
        );
        assert_eq!(compared("", "x"), [Row::Extra("x".into())]);
    }
}
