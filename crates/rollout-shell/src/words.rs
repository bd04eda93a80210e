//! A line of the console becomes words, as a shell splits it: quotes, escapes, comments.

/// The words of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words {
    /// Command and arguments.
    pub args: Vec<String>,
}

/// Splits a line. The error is the shell's text.
pub fn split(line: &str) -> Result<Words, String> {
    let mut args = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => args.extend(word.take()),
            '#' if word.is_none() => break,
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err(unclosed('\'')),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err(unclosed('"')),
                        },
                        Some(c) => word.push(c),
                        None => return Err(unclosed('"')),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    args.extend(word);
    Ok(Words { args })
}

fn unclosed(quote: char) -> String {
    format!("unexpected EOF while looking for matching `{quote}'")
}

/// Does a typed text go on with the next line: an open quote, a backslash at its end?
pub fn needs_more(text: &str) -> bool {
    split(text).is_err() || (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

/// Milliseconds of a text that `sleep` takes: `5`, `0.5`, `2m`.
pub fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1_000),
        b'm' => (&text[..text.len() - 1], 60_000),
        b'h' => (&text[..text.len() - 1], 3_600_000),
        b'd' => (&text[..text.len() - 1], 86_400_000),
        _ => (text, 1_000),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty())
        || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let mut ms = whole
        .parse::<u64>()
        .unwrap_or(if whole.is_empty() { 0 } else { u64::MAX })
        .saturating_mul(unit);
    let mut scale = unit;
    for digit in fraction.bytes() {
        scale /= 10;
        ms = ms.saturating_add(u64::from(digit - b'0') * scale);
    }
    Some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_a_shell_does() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("# only a comment", &[]),
            ("  a  b\tc ", &["a", "b", "c"]),
            ("a b # c", &["a", "b"]),
            ("a#b", &["a#b"]),
            ("a 'b c' \"d \\\" e\"", &["a", "b c", "d \" e"]),
            ("a\\ b", &["a b"]),
            ("''", &[""]),
            ("-p '{\"a\":1}'", &["-p", "{\"a\":1}"]),
        ];
        for (line, words) in table {
            assert_eq!(split(line).unwrap().args, *words, "{line}");
        }
        assert!(split("a 'b").is_err());
        assert!(split("a \"b").is_err());
    }

    #[test]
    fn reads_what_sleep_reads() {
        for (text, ms) in [
            ("5", Some(5_000)),
            ("0.5", Some(500)),
            (".25s", Some(250)),
            ("2m", Some(120_000)),
            ("1.5h", Some(5_400_000)),
            ("x", None),
            ("", None),
            ("-1", None),
            ("1e3", None),
            ("s", None),
        ] {
            assert_eq!(seconds(text), ms, "{text}");
        }
        assert_eq!(seconds("99999999999999999999"), Some(u64::MAX));
    }
}
