//! A program of awk becomes rules.

use super::regex::Regex;

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Ex {
    /// In millionths.
    Number(i64),
    Text(String),
    Fits(Regex),
    Field(Box<Ex>),
    Variable(String),
    Item(String, Box<Ex>),
    Has(Box<Ex>, String),
    Two(&'static str, Box<Ex>, Box<Ex>),
    Not(Box<Ex>),
    Minus(Box<Ex>),
    Match(Box<Ex>, Box<Ex>, bool),
    Set(Box<Ex>, &'static str, Box<Ex>),
    /// By how much; before its value is taken.
    Step(Box<Ex>, i64, bool),
    Call(String, Vec<Ex>),
    If(Box<Ex>, Box<Ex>, Box<Ex>),
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum St {
    Print(Vec<Ex>),
    Printf(Vec<Ex>),
    Do(Ex),
    If(Ex, Vec<St>, Vec<St>),
    Each(String, String, Vec<St>),
    While(Ex, Vec<St>),
    Delete(String, Ex),
    Next,
    Exit(Option<Ex>),
}

/// When a rule applies.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum When {
    Begin,
    End,
    Always,
    If(Ex),
    From(Ex, Ex),
}

/// A rule.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rule {
    pub when: When,
    pub body: Vec<St>,
    pub inside: bool,
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
    /// `>` is no comparison here (print > file).
    plain: bool,
}

const DEEPEST: usize = 80;
pub(crate) const ONE: i64 = 1_000_000;

/// Reads a program. The error is where it is wrong.
pub(crate) fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let mut r = Reader {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
        plain: false,
    };
    let mut rules = Vec::new();
    loop {
        r.ends();
        if r.peek().is_none() {
            return Ok(rules);
        }
        let rule = r.rule();
        match rule {
            Some(rule) => rules.push(rule),
            None => {
                let near: String = r.text[r.at.min(r.text.len())..].iter().take(20).collect();
                return Err(near);
            }
        }
    }
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    fn blanks(&mut self) {
        while let Some(c) = self.peek() {
            if c == ' ' || c == '\t' {
                self.at += 1;
            } else if c == '\\' && self.text.get(self.at + 1) == Some(&'\n') {
                self.at += 2;
            } else if c == '#' {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            } else {
                break;
            }
        }
    }
    fn ends(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n' | ';' | '\r') => self.at += 1,
                _ => return,
            }
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
        let alone = after.is_none_or(|c| !c.is_alphanumeric() && *c != '_');
        alone && self.eat(word)
    }
    fn rule(&mut self) -> Option<Rule> {
        let when = if self.eat_name("BEGIN") {
            When::Begin
        } else if self.eat_name("END") {
            When::End
        } else if self.peek() == Some('{') {
            When::Always
        } else {
            let first = self.expression()?;
            if self.eat(",") {
                When::From(first, self.expression()?)
            } else {
                When::If(first)
            }
        };
        self.blanks();
        let body = if self.peek() == Some('{') {
            self.block()?
        } else {
            vec![St::Print(Vec::new())]
        };
        Some(Rule {
            when,
            body,
            inside: false,
        })
    }
    fn block(&mut self) -> Option<Vec<St>> {
        if !self.eat("{") {
            return self.statement().map(|s| vec![s]);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut out = Vec::new();
        loop {
            self.ends();
            if self.eat("}") {
                self.depth -= 1;
                return Some(out);
            }
            out.push(self.statement()?);
        }
    }
    fn list(&mut self) -> Option<Vec<Ex>> {
        let mut out = Vec::new();
        self.blanks();
        if matches!(self.peek(), None | Some(';' | '}' | '\n' | ')')) {
            return Some(out);
        }
        loop {
            out.push(self.expression()?);
            if !self.eat(",") {
                return Some(out);
            }
            while self.peek() == Some('\n') {
                self.at += 1;
            }
        }
    }
    fn arguments(&mut self) -> Option<Vec<Ex>> {
        let start = self.at;
        if self.eat("(") {
            let list = self.list()?;
            if self.eat(")") {
                self.blanks();
                if matches!(self.peek(), None | Some(';' | '}' | '\n')) {
                    return Some(list);
                }
            }
            self.at = start;
        }
        self.plain = true;
        let list = self.list();
        self.plain = false;
        list
    }
    fn statement(&mut self) -> Option<St> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let statement = self.any_statement();
        self.depth -= 1;
        statement
    }
    fn any_statement(&mut self) -> Option<St> {
        if self.eat_name("printf") {
            return self.arguments().map(St::Printf);
        }
        if self.eat_name("print") {
            return self.arguments().map(St::Print);
        }
        if self.eat_name("next") {
            return Some(St::Next);
        }
        if self.eat_name("exit") {
            self.blanks();
            let code = match self.peek() {
                None | Some(';' | '}' | '\n') => None,
                _ => Some(self.expression()?),
            };
            return Some(St::Exit(code));
        }
        if self.eat_name("delete") {
            let name = self.name();
            if !self.eat("[") {
                return None;
            }
            let key = self.expression()?;
            return self.eat("]").then_some(St::Delete(name, key));
        }
        if self.eat_name("if") {
            let condition = self.in_brackets()?;
            self.ends_one();
            let yes = self.block()?;
            let start = self.at;
            self.ends();
            let no = if self.eat_name("else") {
                self.ends_one();
                self.block()?
            } else {
                self.at = start;
                Vec::new()
            };
            return Some(St::If(condition, yes, no));
        }
        if self.eat_name("while") {
            let condition = self.in_brackets()?;
            self.ends_one();
            return Some(St::While(condition, self.block()?));
        }
        if self.eat_name("for") {
            if !self.eat("(") {
                return None;
            }
            let start = self.at;
            let name = self.name();
            if !name.is_empty() && self.eat_name("in") {
                let array = self.name();
                if self.eat(")") {
                    self.ends_one();
                    return Some(St::Each(name, array, self.block()?));
                }
            }
            // for (a; b; c) is a while with its steps.
            self.at = start;
            let first = self.expression()?;
            let condition = self.eat(";").then(|| self.expression())??;
            let step = self.eat(";").then(|| self.expression())??;
            if !self.eat(")") {
                return None;
            }
            self.ends_one();
            let mut body = self.block()?;
            body.push(St::Do(step));
            let turns = St::While(condition, body);
            return Some(St::If(
                Ex::Number(ONE),
                vec![St::Do(first), turns],
                Vec::new(),
            ));
        }
        if self.peek() == Some('{') {
            let body = self.block()?;
            return Some(St::If(Ex::Number(ONE), body, Vec::new()));
        }
        self.expression().map(St::Do)
    }
    fn ends_one(&mut self) {
        self.blanks();
        while self.peek() == Some('\n') {
            self.at += 1;
            self.blanks();
        }
    }
    fn in_brackets(&mut self) -> Option<Ex> {
        if !self.eat("(") {
            return None;
        }
        let ex = self.expression()?;
        self.eat(")").then_some(ex)
    }
    fn name(&mut self) -> String {
        self.blanks();
        let mut out = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || *c == '_') {
            out.push(c);
            self.at += 1;
        }
        out
    }

    fn expression(&mut self) -> Option<Ex> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let left = self.level(0)?;
        self.blanks();
        let ex = if self.eat("?") {
            let yes = self.expression()?;
            if !self.eat(":") {
                return None;
            }
            Ex::If(Box::new(left), Box::new(yes), Box::new(self.expression()?))
        } else {
            let operator = ["+=", "-=", "*=", "/=", "%="]
                .into_iter()
                .find(|o| self.eat(o));
            let operator = operator.or_else(|| {
                self.blanks();
                let single = self.peek() == Some('=') && self.text.get(self.at + 1) != Some(&'=');
                (single && self.eat("=")).then_some("=")
            });
            match operator {
                Some(o) if is_place(&left) => {
                    Ex::Set(Box::new(left), o, Box::new(self.expression()?))
                }
                Some(_) => return None,
                None => left,
            }
        };
        self.depth -= 1;
        Some(ex)
    }

    fn level(&mut self, n: usize) -> Option<Ex> {
        const LEVELS: &[&[&str]] = &[
            &["||"],
            &["&&"],
            &["~", "!~"],
            &["<=", ">=", "==", "!=", "<", ">"],
            &[" "],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(operators) = LEVELS.get(n) else {
            return self.unary();
        };
        let mut left = self.level(n + 1)?;
        loop {
            self.blanks();
            if operators == &[" "] {
                let next = self.peek().unwrap_or(';');
                let word = next.is_alphanumeric() || "\"$(!_".contains(next);
                let not = next == '!'
                    && self
                        .text
                        .get(self.at + 1)
                        .is_some_and(|c| "~=".contains(*c));
                if !word || not || self.starts("in ") {
                    break;
                }
                left = Ex::Two(" ", Box::new(left), Box::new(self.level(n + 1)?));
                continue;
            }
            let operator = operators.iter().find(|o| {
                let next = self.text.get(self.at + o.len());
                let longer = match **o {
                    "+" | "-" => {
                        next == Some(&'=') || next.map(char::to_string).as_deref() == Some(o)
                    }
                    "*" | "/" | "%" => next == Some(&'='),
                    _ => false,
                };
                self.starts(o) && !longer && !(self.plain && **o == ">" && self.depth < 3)
            });
            let Some(operator) = operator else { break };
            self.at += operator.len();
            let right = self.level(n + 1)?;
            left = match *operator {
                "~" | "!~" => Ex::Match(Box::new(left), Box::new(right), *operator == "~"),
                o => Ex::Two(o, Box::new(left), Box::new(right)),
            };
        }
        if n == 2 && self.eat_name("in") {
            left = Ex::Has(Box::new(left), self.name());
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Ex> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.blanks();
        let ex = if self.eat("++") {
            Ex::Step(Box::new(self.unary()?), ONE, true)
        } else if self.eat("--") {
            Ex::Step(Box::new(self.unary()?), -ONE, true)
        } else if self.eat("!") {
            Ex::Not(Box::new(self.unary()?))
        } else if self.eat("-") {
            Ex::Minus(Box::new(self.unary()?))
        } else if self.eat("+") {
            self.unary()?
        } else {
            let ex = self.primary()?;
            if is_place(&ex) && self.starts("++") {
                self.at += 2;
                Ex::Step(Box::new(ex), ONE, false)
            } else if is_place(&ex) && self.starts("--") {
                self.at += 2;
                Ex::Step(Box::new(ex), -ONE, false)
            } else {
                ex
            }
        };
        self.depth -= 1;
        Some(ex)
    }

    fn primary(&mut self) -> Option<Ex> {
        let c = self.peek()?;
        match c {
            '(' => {
                self.at += 1;
                let plain = std::mem::take(&mut self.plain);
                let ex = self.expression()?;
                self.plain = plain;
                self.eat(")").then_some(ex)
            }
            '$' => {
                self.at += 1;
                let inner = if self.eat("(") {
                    let ex = self.expression()?;
                    self.eat(")").then_some(ex)?
                } else {
                    self.primary()?
                };
                Some(Ex::Field(Box::new(inner)))
            }
            '"' => {
                self.at += 1;
                self.string().map(Ex::Text)
            }
            '/' => {
                self.at += 1;
                let mut text = String::new();
                loop {
                    let c = self.peek()?;
                    self.at += 1;
                    match c {
                        '/' => break,
                        '\\' => {
                            let next = self.peek()?;
                            self.at += 1;
                            if next != '/' {
                                text.push('\\');
                            }
                            text.push(next);
                        }
                        c => text.push(c),
                    }
                }
                Regex::new(&text, true, false).map(Ex::Fits)
            }
            c if c.is_ascii_digit() || c == '.' => {
                let mut text = String::new();
                while let Some(c) = self.peek().filter(|c| c.is_ascii_digit() || *c == '.') {
                    text.push(c);
                    self.at += 1;
                }
                Some(Ex::Number(super::awk::number(&text)))
            }
            c if c.is_alphabetic() || c == '_' => {
                let name = self.name();
                if self.peek() == Some('(') {
                    self.at += 1;
                    let list = self.list()?;
                    return self.eat(")").then_some(Ex::Call(name, list));
                }
                if self.peek() == Some('[') {
                    self.at += 1;
                    let key = self.expression()?;
                    return self.eat("]").then_some(Ex::Item(name, Box::new(key)));
                }
                if name == "length" {
                    return Some(Ex::Call(name, Vec::new()));
                }
                Some(Ex::Variable(name))
            }
            _ => None,
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut out = String::new();
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                '"' => return Some(out),
                '\\' => {
                    let c = self.peek()?;
                    self.at += 1;
                    match c {
                        'n' => out.push('\n'),
                        't' => out.push('\t'),
                        '"' | '\\' | '/' => out.push(c),
                        c => out.extend(['\\', c]),
                    }
                }
                c => out.push(c),
            }
        }
    }
}

fn is_place(ex: &Ex) -> bool {
    matches!(ex, Ex::Field(_) | Ex::Variable(_) | Ex::Item(..))
}
