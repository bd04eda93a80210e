//! Words: quotes, `$…`, here-documents' texts.

use super::*;

impl Parser {
    /// One word.
    pub(super) fn word(&mut self) -> Res<Word> {
        let mut word: Word = Vec::new();
        let mut plain = String::new();
        let start = self.at;
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() || "|&;()<>".contains(c) => break,
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        None => return Err(eof()),
                        Some('\n') => self.at += 1,
                        Some(c) => {
                            flush(&mut plain, &mut word, false);
                            word.push(Piece::Text(c.to_string(), true));
                            self.at += 1;
                        }
                    }
                }
                '\'' => {
                    self.at += 1;
                    flush(&mut plain, &mut word, false);
                    let text = self.until_quote('\'')?;
                    word.push(Piece::Text(text, true));
                }
                '"' => {
                    self.at += 1;
                    flush(&mut plain, &mut word, false);
                    word.push(Piece::Text(String::new(), true));
                    loop {
                        match self.peek() {
                            None => return Err(unclosed('"')),
                            Some('"') => break,
                            Some(_) => self.in_quotes(&mut word, false)?,
                        }
                    }
                    self.at += 1;
                }
                '$' | '`' => {
                    flush(&mut plain, &mut word, false);
                    self.dollar(&mut word, false)?;
                }
                c => {
                    plain.push(c);
                    self.at += 1;
                }
            }
        }
        flush(&mut plain, &mut word, false);
        if self.at == start {
            return Err(self.unexpected());
        }
        Ok(word)
    }

    pub(super) fn until_quote(&mut self, quote: char) -> Res<String> {
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(unclosed(quote)),
                Some(c) if c == quote => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
    }

    /// One character or expansion inside double quotes (or a here-document).
    pub(super) fn in_quotes(&mut self, word: &mut Word, here: bool) -> Res<()> {
        let Some(c) = self.peek() else { return Ok(()) };
        match c {
            '\\' => {
                self.at += 1;
                match self.peek() {
                    None if here => push_quoted(word, "\\"),
                    None => return Err(unclosed('"')),
                    Some('\n') => self.at += 1,
                    Some(c) if "$`\\".contains(c) || (c == '"' && !here) => {
                        push_quoted(word, c.encode_utf8(&mut [0; 4]));
                        self.at += 1;
                    }
                    Some(_) => push_quoted(word, "\\"),
                }
            }
            '$' | '`' => self.dollar(word, true)?,
            c => {
                push_quoted(word, c.encode_utf8(&mut [0; 4]));
                self.at += 1;
            }
        }
        Ok(())
    }

    pub(super) fn dollar(&mut self, word: &mut Word, quoted: bool) -> Res<()> {
        if self.eat("`") {
            let mut text = String::new();
            loop {
                match self.peek() {
                    None => return Err(unclosed('`')),
                    Some('`') => break,
                    Some('\\') if self.ahead(1).is_some_and(|c| "`\\$".contains(c)) => {
                        self.at += 1;
                        text.extend(self.peek());
                    }
                    Some(c) => text.push(c),
                }
                self.at += 1;
            }
            self.at += 1;
            let outer = std::mem::replace(&mut self.text, text.chars().collect());
            let (at, resume) = (std::mem::take(&mut self.at), self.resume.take());
            let body = self.substitution(&[]);
            self.text = outer;
            self.at = at;
            self.resume = resume;
            body?;
            word.push(Piece::Sub(quoted));
            return Ok(());
        }
        self.at += 1;
        if self.eat("((") {
            let sum = self.sum_text()?;
            word.push(Piece::Sum(sum));
            return Ok(());
        }
        if self.eat("(") {
            self.substitution(&[")"])?;
            if !self.eat(")") {
                return Err(if self.peek().is_none() {
                    unclosed(')')
                } else {
                    self.unexpected()
                });
            }
            word.push(Piece::Sub(quoted));
            return Ok(());
        }
        if self.eat("{") {
            return self.parameter(word, quoted);
        }
        if !quoted && self.eat("'") {
            let text = self.ansi_text()?;
            word.push(Piece::Text(text, true));
            return Ok(());
        }
        let mut name = String::new();
        match self.peek() {
            Some(c) if "?$!#@*-0123456789".contains(c) => {
                name.push(c);
                self.at += 1;
            }
            _ => {
                while let Some(c) = self.peek().filter(|c| is_name(*c)) {
                    name.push(c);
                    self.at += 1;
                }
            }
        }
        if name.is_empty() {
            word.push(Piece::Text("$".to_owned(), quoted));
        } else {
            word.push(Piece::Var {
                name,
                how: How::Plain,
                quoted,
            });
        }
        Ok(())
    }

    /// `$'a\n'`.
    pub(super) fn ansi_text(&mut self) -> Res<String> {
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(unclosed('\'')),
                Some('\'') => break,
                Some('\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some('n') => text.push('\n'),
                        Some('t') => text.push('\t'),
                        Some(c) => text.push(c),
                        None => return Err(unclosed('\'')),
                    }
                }
                Some(c) => text.push(c),
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(text)
    }

    pub(super) fn substitution(&mut self, ends: &[&str]) -> Res<()> {
        self.enter()?;
        let (subs, before) = (
            std::mem::take(&mut self.subs),
            std::mem::take(&mut self.before),
        );
        let body = self.list(ends);
        self.subs = subs + 1;
        self.before = before;
        self.depth -= 1;
        self.before.push(Instr::OpenCapture);
        self.before.extend(body?);
        self.before.push(Instr::CloseCapture);
        Ok(())
    }

    /// Behind `((`: up to `))`.
    pub(super) fn sum_text(&mut self) -> Res<Word> {
        let mut text = String::new();
        let mut open = 0;
        loop {
            match self.peek() {
                None => return Err(unclosed(')')),
                Some(')') if open == 0 => break,
                Some(c) => {
                    open += i32::from(c == '(') - i32::from(c == ')');
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !self.eat("))") {
            return Err(self.unexpected());
        }
        self.inner(&text)
    }

    /// Behind `${`.
    pub(super) fn parameter(&mut self, word: &mut Word, quoted: bool) -> Res<()> {
        let mut text = String::new();
        let mut open = 0;
        loop {
            match self.peek() {
                None => return Err(unclosed('}')),
                Some('}') if open == 0 => break,
                Some(c) => {
                    open += i32::from(c == '{') - i32::from(c == '}');
                    text.push(c);
                    self.at += 1;
                    if c == '\\'
                        && let Some(next) = self.peek()
                    {
                        text.push(next);
                        self.at += 1;
                    }
                }
            }
        }
        self.at += 1;
        let bad = || Bad::Syntax(format!("${{{text}}}: bad substitution"));
        let (length, rest) = match text.strip_prefix('#') {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, text.as_str()),
        };
        let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let end = if end == 0 && rest.starts_with(['?', '@', '*', '#', '!', '$']) {
            1
        } else {
            end
        };
        let (name, op) = rest.split_at(end);
        if name.is_empty() || (length && !op.is_empty()) {
            return Err(bad());
        }
        let how = if length {
            How::Length
        } else if op.is_empty() {
            How::Plain
        } else {
            self.how(op, bad)?
        };
        word.push(Piece::Var {
            name: name.to_owned(),
            how,
            quoted,
        });
        Ok(())
    }

    pub(super) fn how(&mut self, op: &str, bad: impl Fn() -> Bad) -> Res<How> {
        let (colon, tail) = match op.strip_prefix(':') {
            Some(tail) => (true, tail),
            None => (false, op),
        };
        let argument = tail.get(1..).unwrap_or("");
        Ok(match tail.chars().next() {
            Some('-') => How::Default(self.inner(&unquoted(argument))?, colon),
            Some('=') => How::Assign(self.inner(&unquoted(argument))?, colon),
            Some('+') => How::Other(self.inner(&unquoted(argument))?, colon),
            Some('?') => How::Needed(self.inner(&unquoted(argument))?, colon),
            Some(c @ ('#' | '%')) if !colon => {
                let long = argument.starts_with(c);
                let pattern = if long { &argument[1..] } else { argument };
                How::Cut(self.inner(&unquoted(pattern))?, c == '#', long)
            }
            Some('/') if !colon => {
                let all = argument.starts_with('/');
                let rest = if all { &argument[1..] } else { argument };
                let (pattern, with) = rest.split_once('/').unwrap_or((rest, ""));
                How::Replace(self.inner(pattern)?, self.inner(&unquoted(with))?, all)
            }
            Some(_) if colon => {
                let (from, count) = match tail.split_once(':') {
                    Some((f, c)) => (f, Some(c)),
                    None => (tail, None),
                };
                How::Slice(self.inner(from)?, count.map(|c| self.inner(c)).transpose()?)
            }
            _ => return Err(bad()),
        })
    }
}

/// Outer quotes of a default value are gone.
fn unquoted(text: &str) -> String {
    for quote in ['"', '\''] {
        if text.len() >= 2 && text.starts_with(quote) && text.ends_with(quote) {
            return text[1..text.len() - 1].to_owned();
        }
    }
    text.to_owned()
}

fn unclosed(quote: char) -> Bad {
    Bad::More(format!(
        "unexpected EOF while looking for matching `{quote}'"
    ))
}

fn flush(plain: &mut String, word: &mut Word, quoted: bool) {
    if !plain.is_empty() {
        word.push(Piece::Text(std::mem::take(plain), quoted));
    }
}

fn push_quoted(word: &mut Word, text: &str) {
    match word.last_mut() {
        Some(Piece::Text(t, true)) => t.push_str(text),
        _ => word.push(Piece::Text(text.to_owned(), true)),
    }
}
