//! Keys that stand twice in a JSON text: the server's warning about them.

/// `spec.containers[0].image` of each key that its object had before, in order. The text is valid JSON.
pub(super) fn duplicate_fields(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut scan = Scan {
        rest: text,
        found: &mut found,
    };
    scan.value("");
    found
}

struct Scan<'a, 'b> {
    rest: &'a str,
    found: &'b mut Vec<String>,
}

impl<'a> Scan<'a, '_> {
    /// Steps over blanks and says what comes.
    fn next(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("");
    }
    /// A text with its quotes.
    fn text(&mut self) -> &'a str {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let end = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            end
        });
        let end = end.map_or(self.rest.len(), |(i, _)| i + 1);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text
    }
    fn value(&mut self, path: &str) {
        match self.next() {
            Some(open @ ('{' | '[')) => {
                self.skip(1);
                let mut keys: Vec<&str> = Vec::new();
                let mut index = 0;
                while let Some(c) = self.next() {
                    match c {
                        '}' | ']' => return self.skip(1),
                        ',' | ':' => self.skip(1),
                        '"' if open == '{' => {
                            let key = self.text();
                            let name = key.trim_matches('"');
                            let dot = if path.is_empty() { "" } else { "." };
                            let at = format!("{path}{dot}{name}");
                            if keys.contains(&key) {
                                self.found.push(at.clone());
                            }
                            keys.push(key);
                            if self.next() == Some(':') {
                                self.skip(1);
                            }
                            self.value(&at);
                        }
                        _ => {
                            self.value(&format!("{path}[{index}]"));
                            index += 1;
                        }
                    }
                }
            }
            Some('"') => {
                self.text();
            }
            Some(c) => {
                let end = |c: char| ",]} \n\r\t".contains(c);
                let bytes = self.rest.find(end).unwrap_or(self.rest.len());
                self.skip(bytes.max(c.len_utf8()));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::duplicate_fields;

    #[test]
    fn each_is_named_with_its_path() {
        for (text, want) in [
            (r#"{"a":1,"b":{"a":2}}"#, &[][..]),
            (r#"{"a":1,"a":2}"#, &["a"]),
            (
                r#"{"a":{"b":"}","b":"\"]"},"c":[{"d":1},{"d":[],"d":{}}]}"#,
                &["a.b", "c[1].d"],
            ),
            (r#" { "a" : true , "a" : null , "a":-1.5e3 } "#, &["a", "a"]),
            (r#"[1,[2,{"x":"é","x":1}]]"#, &["[1][1].x"]),
            ("", &[]),
            (r#"{"a""#, &[]),
        ] {
            assert_eq!(duplicate_fields(text), want, "{text}");
        }
    }
}
