//! Where a JSON value ends and what Go's decoder says of a broken one.

/// Go's own limit is 10 000; ours is that of `rollout_api::json`.
const MAX_DEPTH: usize = 500;

/// What is wrong with a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// At this byte (Go's offset is one more), in Go's words.
    Syntax(usize, String),
    /// The text ends within a value.
    UnexpectedEnd,
}

impl JsonError {
    /// As kubectl prints it after `error parsing FILE: `.
    pub fn text(&self) -> String {
        match self {
            JsonError::Syntax(at, what) => format!("json: offset {}: {what}", at + 1),
            JsonError::UnexpectedEnd => "unexpected EOF".to_owned(),
        }
    }
}

/// The bytes `[start, end)` of the first JSON value at or after `from`; `None` if only blanks follow.
pub fn value_at(text: &[u8], from: usize) -> Result<Option<(usize, usize)>, JsonError> {
    let mut s = Scanner { text, at: from };
    s.blanks();
    if s.at >= text.len() {
        return Ok(None);
    }
    let start = s.at;
    s.value(0)?;
    Ok(Some((start, s.at)))
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Result<u8, JsonError> {
        self.text
            .get(self.at)
            .copied()
            .ok_or(JsonError::UnexpectedEnd)
    }
    fn wrong<T>(&self, context: &str) -> Result<T, JsonError> {
        let byte = self.peek()?;
        let shown = match byte {
            b'\'' => r"'\''".to_owned(),
            b'"' => r#"'"'"#.to_owned(),
            b => {
                let quoted = crate::resolve::go_quote(&char::from(b).to_string());
                format!("'{}'", &quoted[1..quoted.len() - 1])
            }
        };
        Err(JsonError::Syntax(
            self.at,
            format!("invalid character {shown} {context}"),
        ))
    }
    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.text.get(self.at) {
            self.at += 1;
        }
    }
    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::Syntax(self.at, "exceeded max depth".to_owned()));
        }
        self.blanks();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.wrong("looking for beginning of value"),
        }
    }
    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        self.blanks();
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            if self.peek()? != b'"' {
                return self.wrong("looking for beginning of object key string");
            }
            self.string()?;
            self.blanks();
            if self.peek()? != b':' {
                return self.wrong("after object key");
            }
            self.at += 1;
            self.value(depth + 1)?;
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }
    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        self.blanks();
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong("after array element"),
            }
        }
    }
    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    match self.peek()? {
                        b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => self.at += 1,
                        b'u' => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek()?.is_ascii_hexdigit() {
                                    return self.wrong("in \\u hexadecimal character escape");
                                }
                                self.at += 1;
                            }
                        }
                        _ => return self.wrong("in string escape code"),
                    }
                }
                0..=0x1f => return self.wrong("in string literal"),
                _ => self.at += 1,
            }
        }
    }
    fn literal(&mut self, word: &str) -> Result<(), JsonError> {
        for expected in word.bytes() {
            if self.peek()? != expected {
                return self.wrong(&format!(
                    "in literal {word} (expecting '{}')",
                    char::from(expected)
                ));
            }
            self.at += 1;
        }
        Ok(())
    }
    fn digits(&mut self, context: &str) -> Result<(), JsonError> {
        if !self.peek()?.is_ascii_digit() {
            return self.wrong(context);
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }
    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1
        } else {
            self.digits("in numeric literal")?
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let b'+' | b'-' = self.peek()? {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_go_says() {
        for (text, want) in [
            (
                "{{",
                "json: offset 2: invalid character '{' looking for beginning of object key string",
            ),
            (
                "{\"a\":1,}",
                "json: offset 8: invalid character '}' looking for beginning of object key string",
            ),
            (
                "--",
                "json: offset 2: invalid character '-' in numeric literal",
            ),
            (
                "[1 2]",
                "json: offset 4: invalid character '2' after array element",
            ),
            (
                "{\"a\" 1}",
                "json: offset 6: invalid character '1' after object key",
            ),
            (
                "{\"a\":nil}",
                "json: offset 7: invalid character 'i' in literal null (expecting 'u')",
            ),
            (
                "\"\t\"",
                "json: offset 2: invalid character '\\t' in string literal",
            ),
            (
                "'a'",
                "json: offset 1: invalid character '\\'' looking for beginning of value",
            ),
            ("{", "unexpected EOF"),
        ] {
            assert_eq!(
                value_at(text.as_bytes(), 0).unwrap_err().text(),
                want,
                "{text}"
            );
        }
        assert_eq!(value_at(b" {} {}", 0), Ok(Some((1, 3))));
        assert_eq!(value_at(b" \n", 0), Ok(None));
        assert!(value_at("[".repeat(100_000).as_bytes(), 0).is_err());
    }
}
