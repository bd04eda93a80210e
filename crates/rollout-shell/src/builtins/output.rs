//! `echo`, `printf`, `seq`, `date`, and texts in base64.

use crate::interpreter::Shell;
use rollout_api::Timestamp;

/// What `echo` prints.
pub(crate) fn echo(args: &[String]) -> String {
    let mut rest = args;
    let (mut newline, mut escapes) = (true, false);
    while let Some(letters) = rest.first().and_then(|a| a.strip_prefix('-')) {
        if letters.is_empty() || !letters.bytes().all(|b| b"neE".contains(&b)) {
            break;
        }
        newline &= !letters.contains('n');
        escapes |= letters.contains('e');
        rest = &rest[1..];
    }
    let mut text = rest.join(" ");
    if escapes {
        text = escaped(&text);
    }
    if newline {
        text.push('\n');
    }
    text
}

/// `\n`, `\t`, `\\`, `\e`, `\033` become what they stand for.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut it = text.chars().peekable();
    while let Some(c) = it.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match it.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some('"') => out.push('"'),
            Some('e') => out.push('\u{1b}'),
            Some('0') => {
                let mut n = 0;
                for _ in 0..3 {
                    match it.peek().and_then(|c| c.to_digit(8)) {
                        Some(d) => n = n * 8 + d,
                        None => break,
                    }
                    it.next();
                }
                out.extend(char::from_u32(n));
            }
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

/// `printf FORMAT [ARGUMENT]…`: the format is used again while arguments are left.
pub(crate) fn printf(shell: &mut Shell, args: &[String]) -> i32 {
    let Some((format, mut rest)) = args.split_first() else {
        shell.print_error("printf: usage: printf [-v var] format [arguments]\n");
        return 2;
    };
    let format = escaped(format);
    let takes = format.replace("%%", "").matches('%').count();
    let mut out = String::new();
    loop {
        let (now, later) = rest.split_at(takes.min(rest.len()));
        out.push_str(&crate::tools::format_text(&format, now));
        rest = later;
        if rest.is_empty() || takes == 0 {
            break;
        }
    }
    shell.print(&out);
    0
}

/// `seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`.
pub(crate) fn seq(shell: &mut Shell, args: &[String]) -> i32 {
    let numbers: Option<Vec<i64>> = args.iter().map(|a| a.parse().ok()).collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => {
            shell.print_error("seq: usage: seq [FIRST [STEP]] LAST, whole numbers\n");
            return 1;
        }
    };
    let mut text = String::new();
    let mut n = first;
    for _ in 0..10_000 {
        if (step > 0 && n > last) || (step < 0 && n < last) {
            break;
        }
        text.push_str(&format!("{n}\n"));
        n = n.saturating_add(step);
    }
    shell.print(&text);
    0
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A time in a format of `date`.
pub(crate) fn date_text(now: Timestamp, format: &str) -> String {
    let c = now.civil();
    let month = MONTHS[(c.month as usize).clamp(1, 12) - 1];
    let day = DAYS[now.0.div_euclid(86_400).rem_euclid(7) as usize];
    let mut out = String::new();
    let mut it = format.chars();
    while let Some(ch) = it.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        match it.next() {
            Some('Y') => out.push_str(&c.year.to_string()),
            Some('m') => out.push_str(&format!("{:02}", c.month)),
            Some('d') => out.push_str(&format!("{:02}", c.day)),
            Some('e') => out.push_str(&format!("{:>2}", c.day)),
            Some('H') => out.push_str(&format!("{:02}", c.hour)),
            Some('M') => out.push_str(&format!("{:02}", c.minute)),
            Some('S') => out.push_str(&format!("{:02}", c.second)),
            Some('s') => out.push_str(&now.0.to_string()),
            Some('a') => out.push_str(day),
            Some('b') => out.push_str(month),
            Some('Z') => out.push_str("UTC"),
            Some('F') => out.push_str(&format!("{}-{:02}-{:02}", c.year, c.month, c.day)),
            Some('T') => out.push_str(&format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second)),
            Some('N') => out.push_str("000000000"),
            Some('n') => out.push('\n'),
            Some(other) => out.push(other),
            None => out.push('%'),
        }
    }
    out
}

/// `date`, `date +FORMAT`.
pub(crate) fn date(shell: &mut Shell, args: &[String], now: Timestamp) -> i32 {
    let mut format = "%a %b %e %H:%M:%S UTC %Y";
    for arg in args {
        match arg.as_str() {
            "-u" | "--utc" => {}
            "-Is" | "--iso-8601=seconds" => format = "%FT%T+00:00",
            a => match a.strip_prefix('+') {
                Some(f) => format = f,
                None => {
                    shell.print_error(&format!("date: invalid date \u{2018}{a}\u{2019}\n"));
                    return 1;
                }
            },
        }
    }
    let text = date_text(now, format);
    shell.print(&format!("{text}\n"));
    0
}

/// The text behind base64, its padding left out or not; none: it is none.
pub(crate) fn base64_text(text: &str) -> Option<String> {
    let mut whole: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace() && *c != '=')
        .collect();
    while !whole.len().is_multiple_of(4) {
        whole.push('=');
    }
    String::from_utf8(rollout_api::base64::decode(&whole).ok()?).ok()
}
