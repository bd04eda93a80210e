//! Colours for one line of YAML: keys, comments, values. What the line means is said by the notes, not by colours.

/// Cuts a line into pieces with their class: `k` key, `c` comment, `s` value, empty for the rest.
pub fn pieces(line: &str) -> Vec<(&'static str, &str)> {
    let mut pieces = Vec::new();
    let code_end = comment_start(line);
    let (code, comment) = line.split_at(code_end);
    let indent = code.len() - code.trim_start_matches([' ', '-']).len();
    let (lead, rest) = code.split_at(indent);
    if !lead.is_empty() {
        pieces.push(("", lead));
    }
    match key_end(rest) {
        Some(end) => {
            pieces.push(("k", &rest[..end]));
            let value = &rest[end + 1..];
            pieces.push(("", ":"));
            if !value.is_empty() {
                pieces.push(("s", value));
            }
        }
        None if rest == "---" || rest.is_empty() => pieces.push(("", rest)),
        None => pieces.push(("s", rest)),
    }
    if !comment.is_empty() {
        pieces.push(("c", comment));
    }
    pieces.retain(|(_, text)| !text.is_empty());
    pieces
}

/// Where the comment begins; the length of the line without one.
fn comment_start(line: &str) -> usize {
    let mut quote = None;
    let mut before = b' ';
    for (k, b) in line.bytes().enumerate() {
        match (quote, b) {
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            (None, b'#') if before == b' ' || before == b'\t' => return k,
            _ => {}
        }
        before = b;
    }
    line.len()
}

/// Where the colon of a key stands.
fn key_end(text: &str) -> Option<usize> {
    if text.starts_with(['{', '[', '|', '>', '&', '*']) {
        return None;
    }
    let mut quote = None;
    let bytes = text.as_bytes();
    for (k, b) in bytes.iter().enumerate() {
        match (quote, b) {
            (None, b'"' | b'\'') if k == 0 => quote = Some(*b),
            (Some(q), b) if q == *b => quote = None,
            (None, b':') if bytes.get(k + 1).is_none_or(|n| *n == b' ' || *n == b'\t') => {
                return Some(k);
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn a_line_is_cut_without_losing_a_character() {
        for line in [
            "spec:",
            "  - name: nginx  # web",
            "---",
            "",
            "   ",
            "- containerPort: 80",
            "image: \"a:b#c\" # x",
            "url: http://a:80/#x",
            "\"a: b\": c",
            "é: ü",
            "\tx",
            "{a: 1}",
            "# only",
            "- - x",
            "'",
        ] {
            let whole: String = pieces(line).into_iter().map(|(_, text)| text).collect();
            assert_eq!(whole, line);
        }
    }

    #[test]
    fn keys_values_and_comments_are_told_apart() {
        assert_eq!(
            pieces("  - name: nginx  # web"),
            [
                ("", "  - "),
                ("k", "name"),
                ("", ":"),
                ("s", " nginx  "),
                ("c", "# web")
            ]
        );
        assert_eq!(
            pieces("image: registry:5000/a"),
            [("k", "image"), ("", ":"), ("s", " registry:5000/a")]
        );
        assert_eq!(pieces("\"a: b\": c")[0], ("k", "\"a: b\""));
    }
}
