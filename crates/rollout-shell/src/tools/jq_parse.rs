//! A program of jq becomes an expression.

use rollout_api::Value;

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Jx {
    Same,
    /// `..`
    All,
    /// `.a`, `.[expr]`; true: `?`.
    Get(Box<Jx>, Box<Jx>, bool),
    Each(Box<Jx>, bool),
    Slice(Box<Jx>, Option<Box<Jx>>, Option<Box<Jx>>),
    Pipe(Box<Jx>, Box<Jx>),
    Comma(Box<Jx>, Box<Jx>),
    Value(Value),
    /// A string with `\(…)`; the format (`@tsv`).
    Text(Vec<Jx>),
    List(Option<Box<Jx>>),
    Map(Vec<(Jx, Jx)>),
    Two(&'static str, Box<Jx>, Box<Jx>),
    Minus(Box<Jx>),
    Call(String, Vec<Jx>),
    If(Box<Jx>, Box<Jx>, Option<Box<Jx>>),
    Variable(String),
    /// `A as $x | B`.
    As(Box<Jx>, String, Box<Jx>),
    Try(Box<Jx>),
    /// `reduce A as $x (B; C)`.
    Reduce(Box<Jx>, String, Box<Jx>, Box<Jx>),
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

type Res = Result<Jx, String>;
const DEEPEST: usize = 60;

/// Reads a program. The error is jq's text as far as it goes.
pub(crate) fn parse(text: &str) -> Res {
    let mut r = Reader {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    r.blanks();
    if r.peek().is_none() {
        return Ok(Jx::Same);
    }
    let jx = r.pipe()?;
    r.blanks();
    match r.peek() {
        None => Ok(jx),
        Some(_) => Err(r.wrong()),
    }
}

fn both(a: Jx, b: Jx) -> (Box<Jx>, Box<Jx>) {
    (Box::new(a), Box::new(b))
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        if self.peek() == Some('#') {
            while self.peek().is_some_and(|c| c != '\n') {
                self.at += 1;
            }
            self.blanks();
        }
    }
    fn wrong(&self) -> String {
        match self.peek() {
            None => {
                "syntax error, unexpected end of file (Unix shell quoting issues?) at <top-level>"
                    .to_owned()
            }
            Some(c) => format!(
                "syntax error, unexpected '{c}' (Unix shell quoting issues?) at <top-level>"
            ),
        }
    }
    fn starts(&self, word: &str) -> bool {
        word.chars()
            .enumerate()
            .all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }
    fn eat(&mut self, word: &str) -> bool {
        self.blanks();
        let found = self.starts(word);
        if found {
            self.at += word.chars().count();
        }
        found
    }
    fn eat_name(&mut self, word: &str) -> bool {
        self.blanks();
        let after = self.text.get(self.at + word.len());
        after.is_none_or(|c| !c.is_alphanumeric() && *c != '_') && self.eat(word)
    }
    fn need(&mut self, word: &str) -> Result<(), String> {
        if self.eat(word) {
            Ok(())
        } else {
            Err(self.wrong())
        }
    }
    fn name(&mut self) -> String {
        let mut out = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || *c == '_') {
            out.push(c);
            self.at += 1;
        }
        out
    }

    fn pipe(&mut self) -> Res {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("too deeply nested for this console".to_owned());
        }
        let mut left = self.comma()?;
        if self.eat_name("as") {
            self.need("$")?;
            let name = self.name();
            self.need("|")?;
            let body = self.pipe()?;
            left = Jx::As(Box::new(left), name, Box::new(body));
        }
        self.blanks();
        if self.peek() == Some('|') && !self.starts("|=") {
            self.at += 1;
            let (a, b) = both(left, self.pipe()?);
            left = Jx::Pipe(a, b);
        }
        self.depth -= 1;
        Ok(left)
    }
    fn comma(&mut self) -> Res {
        let mut left = self.level(0)?;
        while self.eat(",") {
            let (a, b) = both(left, self.level(0)?);
            left = Jx::Comma(a, b);
        }
        Ok(left)
    }
    fn level(&mut self, n: usize) -> Res {
        const LEVELS: &[&[&str]] = &[
            &["//"],
            &["or"],
            &["and"],
            &["==", "!=", "<=", ">=", "<", ">"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(operators) = LEVELS.get(n) else {
            return self.postfix();
        };
        let mut left = self.level(n + 1)?;
        loop {
            let operator = operators.iter().find(|o| {
                if o.starts_with(char::is_alphabetic) {
                    self.eat_name(o)
                } else {
                    self.blanks();
                    !(**o == "/" && self.starts("//")) && self.eat(o)
                }
            });
            let Some(operator) = operator else {
                return Ok(left);
            };
            let (a, b) = both(left, self.level(n + 1)?);
            left = Jx::Two(operator, a, b);
        }
    }

    fn postfix(&mut self) -> Res {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("too deeply nested for this console".to_owned());
        }
        let mut jx = self.primary()?;
        loop {
            if self.peek() == Some('.') && self.text.get(self.at + 1) == Some(&'[') {
                self.at += 1;
            } else if self.peek() == Some('.') && !self.starts("..") {
                self.at += 1;
                let key = self.key()?;
                let optional = self.optional();
                jx = Jx::Get(Box::new(jx), Box::new(key), optional);
                continue;
            }
            if self.peek() == Some('[') {
                self.at += 1;
                jx = self.bracket(jx)?;
                continue;
            }
            if self.peek() == Some('?') {
                self.at += 1;
                jx = Jx::Try(Box::new(jx));
                continue;
            }
            self.depth -= 1;
            return Ok(jx);
        }
    }
    fn optional(&mut self) -> bool {
        let found = self.peek() == Some('?');
        self.at += usize::from(found);
        found
    }
    /// Behind a dot: a name or a string.
    fn key(&mut self) -> Res {
        if self.peek() == Some('"') {
            self.at += 1;
            return self.string();
        }
        let name = self.name();
        if name.is_empty() {
            return Err(self.wrong());
        }
        Ok(Jx::Value(Value::text(&name)))
    }
    /// Behind `[` of a path.
    fn bracket(&mut self, of: Jx) -> Res {
        if self.eat("]") {
            let optional = self.optional();
            return Ok(Jx::Each(Box::new(of), optional));
        }
        let of = Box::new(of);
        if self.eat(":") {
            let to = self.pipe()?;
            self.need("]")?;
            return Ok(Jx::Slice(of, None, Some(Box::new(to))));
        }
        let from = Box::new(self.pipe()?);
        if self.eat(":") {
            if self.eat("]") {
                return Ok(Jx::Slice(of, Some(from), None));
            }
            let to = self.pipe()?;
            self.need("]")?;
            return Ok(Jx::Slice(of, Some(from), Some(Box::new(to))));
        }
        self.need("]")?;
        let optional = self.optional();
        Ok(Jx::Get(of, from, optional))
    }

    fn primary(&mut self) -> Res {
        self.blanks();
        let Some(c) = self.peek() else {
            return Err(self.wrong());
        };
        match c {
            '.' => {
                self.at += 1;
                match self.peek() {
                    Some('.') => {
                        self.at += 1;
                        Ok(Jx::All)
                    }
                    Some('[') => {
                        self.at += 1;
                        self.bracket(Jx::Same)
                    }
                    Some(c) if c == '"' || c == '_' || c.is_alphabetic() => {
                        let key = self.key()?;
                        let optional = self.optional();
                        Ok(Jx::Get(Box::new(Jx::Same), Box::new(key), optional))
                    }
                    _ => Ok(Jx::Same),
                }
            }
            '"' => {
                self.at += 1;
                self.string()
            }
            '(' => {
                self.at += 1;
                let jx = self.pipe()?;
                self.need(")")?;
                Ok(jx)
            }
            '[' => {
                self.at += 1;
                if self.eat("]") {
                    return Ok(Jx::List(None));
                }
                let jx = self.pipe()?;
                self.need("]")?;
                Ok(Jx::List(Some(Box::new(jx))))
            }
            '{' => {
                self.at += 1;
                self.map()
            }
            '-' => {
                self.at += 1;
                Ok(Jx::Minus(Box::new(self.postfix()?)))
            }
            '$' => {
                self.at += 1;
                Ok(Jx::Variable(self.name()))
            }
            '@' => {
                self.at += 1;
                let name = format!("@{}", self.name());
                Ok(Jx::Call(name, Vec::new()))
            }
            c if c.is_ascii_digit() => {
                let mut text = String::new();
                while let Some(c) = self.peek().filter(|c| c.is_ascii_digit() || *c == '.') {
                    text.push(c);
                    self.at += 1;
                }
                let number = text.parse::<i64>().map(Value::Int);
                Ok(Jx::Value(
                    number.unwrap_or_else(|_| Value::Number(text.into())),
                ))
            }
            c if c.is_alphabetic() || c == '_' => self.word(),
            _ => Err(self.wrong()),
        }
    }

    fn word(&mut self) -> Res {
        let name = self.name();
        match name.as_str() {
            "true" => return Ok(Jx::Value(Value::Bool(true))),
            "false" => return Ok(Jx::Value(Value::Bool(false))),
            "null" => return Ok(Jx::Value(Value::Null)),
            "if" => return self.condition(),
            "try" => return Ok(Jx::Try(Box::new(self.postfix()?))),
            "reduce" => {
                let of = self.postfix()?;
                if !self.eat_name("as") {
                    return Err(self.wrong());
                }
                self.need("$")?;
                let name = self.name();
                self.need("(")?;
                let first = self.pipe()?;
                self.need(";")?;
                let step = self.pipe()?;
                self.need(")")?;
                return Ok(Jx::Reduce(
                    Box::new(of),
                    name,
                    Box::new(first),
                    Box::new(step),
                ));
            }
            _ => {}
        }
        let mut args = Vec::new();
        if self.peek() == Some('(') {
            self.at += 1;
            loop {
                args.push(self.pipe()?);
                if self.eat(";") {
                    continue;
                }
                self.need(")")?;
                break;
            }
        }
        Ok(Jx::Call(name, args))
    }
    fn condition(&mut self) -> Res {
        let condition = Box::new(self.pipe()?);
        if !self.eat_name("then") {
            return Err(self.wrong());
        }
        let yes = Box::new(self.pipe()?);
        if self.eat_name("elif") {
            let no = self.condition()?;
            return Ok(Jx::If(condition, yes, Some(Box::new(no))));
        }
        let no = if self.eat_name("else") {
            Some(Box::new(self.pipe()?))
        } else {
            None
        };
        if !self.eat_name("end") {
            return Err(self.wrong());
        }
        Ok(Jx::If(condition, yes, no))
    }
    fn map(&mut self) -> Res {
        let mut items = Vec::new();
        loop {
            if self.eat("}") {
                return Ok(Jx::Map(items));
            }
            self.blanks();
            let key = match self.peek() {
                Some('"') => {
                    self.at += 1;
                    self.string()?
                }
                Some('(') => {
                    self.at += 1;
                    let jx = self.pipe()?;
                    self.need(")")?;
                    jx
                }
                Some('$') => {
                    self.at += 1;
                    let name = self.name();
                    items.push((Jx::Value(Value::text(&name)), Jx::Variable(name)));
                    self.eat(",");
                    continue;
                }
                _ => self.key()?,
            };
            let value = if self.eat(":") {
                self.level(0)?
            } else {
                Jx::Get(Box::new(Jx::Same), Box::new(key.clone()), false)
            };
            items.push((key, value));
            if !self.eat(",") {
                self.need("}")?;
                return Ok(Jx::Map(items));
            }
        }
    }
    /// Behind the opening quote.
    fn string(&mut self) -> Res {
        let mut parts = Vec::new();
        let mut plain = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(
                    "syntax error, unexpected end of file, expecting QQSTRING_TEXT".to_owned(),
                );
            };
            self.at += 1;
            match c {
                '"' => break,
                '\\' => {
                    let c = self.peek().unwrap_or('\\');
                    self.at += 1;
                    match c {
                        'n' => plain.push('\n'),
                        't' => plain.push('\t'),
                        'r' => plain.push('\r'),
                        '(' => {
                            parts.push(Jx::Value(Value::text(&std::mem::take(&mut plain))));
                            parts.push(self.pipe()?);
                            self.need(")")?;
                        }
                        c => plain.push(c),
                    }
                }
                c => plain.push(c),
            }
        }
        if parts.is_empty() {
            return Ok(Jx::Value(Value::text(&plain)));
        }
        parts.push(Jx::Value(Value::text(&plain)));
        Ok(Jx::Text(parts))
    }
}
