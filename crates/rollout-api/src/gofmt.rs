//! Text as Go's `fmt` prints it: quoted strings.

/// Text in double quotes as Go's `%q` prints it.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' '..='~' => out.push(c),
            _ if is_print(c) => out.push(c),
            _ => escape(c, &mut out),
        }
    }
    out.push('"');
    out
}

/// `n / d` as Go's `%f` prints it: six decimals. Infinite if `d` is 0.
pub fn ratio_text(n: i128, d: i128) -> String {
    if d == 0 {
        return if n < 0 { "-Inf" } else { "+Inf" }.to_owned();
    }
    let minus = if (n < 0) != (d < 0) { "-" } else { "" };
    let (n, d) = (n.unsigned_abs(), d.unsigned_abs());
    let millionths = n.saturating_mul(2_000_000).saturating_add(d) / d.saturating_mul(2);
    format!(
        "{minus}{}.{:06}",
        millionths / 1_000_000,
        millionths % 1_000_000
    )
}

/// Go's `unicode.IsPrint` for characters outside ASCII.
fn is_print(c: char) -> bool {
    // Rust keeps a mark as it is only behind another character.
    c != '\u{7f}' && ['a', c].iter().collect::<String>().escape_debug().count() == 2
}

fn escape(c: char, out: &mut String) {
    use std::fmt::Write;
    let code = u32::from(c);
    let result = match code {
        0..=0x7f => write!(out, "\\x{code:02x}"),
        0x80..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    debug_assert!(result.is_ok());
}

#[cfg(test)]
mod tests {
    use super::{quote, ratio_text};

    #[test]
    fn ratios_have_six_decimals() {
        for (n, d, text) in [
            (1, 6, "0.166667"),
            (2, 3, "0.666667"),
            (-1, 3, "-0.333333"),
            (6, -2, "-3.000000"),
            (1, 3_000_000, "0.000000"),
            (1, 2_000_000, "0.000001"),
            (1, 0, "+Inf"),
            (-1, 0, "-Inf"),
        ] {
            assert_eq!(ratio_text(n, d), text);
        }
    }

    #[test]
    fn quotes_like_go() {
        for (text, want) in [
            ("web", r#""web""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("a\nb\t", r#""a\nb\t""#),
            ("größe “x” 🚀", "\"größe “x” 🚀\""),
            ("a\u{a0}b", r#""a\u00a0b""#),
            ("\u{0}\u{7f}", r#""\x00\x7f""#),
            ("e\u{301}", "\"e\u{301}\""),
        ] {
            assert_eq!(quote(text), want);
        }
    }
}
