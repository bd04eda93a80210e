//! A text becomes instructions: words, quotes, here-documents, lists, pipes and compounds, as bash reads them.

mod braces;
mod word;

use crate::program::{How, Instr, Piece, Program, Redirect, Simple, To, Word};
use crate::tools;
use braces::braces;
use std::rc::Rc;

/// Why a text is no program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Bad {
    /// It goes on with the next line: bash's text if it does not.
    More(String),
    /// bash's text.
    Syntax(String),
}

type Res<T> = Result<T, Bad>;

/// Most nesting of compounds and substitutions.
const DEEPEST: usize = 40;

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Res<Program> {
    let mut p = Parser {
        text: text.chars().collect(),
        at: 0,
        subs: 0,
        before: Vec::new(),
        resume: None,
        depth: 0,
    };
    let code = p.list(&[])?;
    p.blanks()?;
    match p.peek() {
        None => Ok(code.into()),
        Some(_) => Err(p.unexpected()),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    /// Substitutions of the command that is being read.
    subs: usize,
    /// Their code.
    before: Vec<Instr>,
    /// Where the text goes on behind the here-documents of this line.
    resume: Option<usize>,
    depth: usize,
}

/// A command: its code; a filter can also stand behind a pipe without its own turn.
struct Stage {
    before: Vec<Instr>,
    code: Vec<Instr>,
    filter: Option<Simple>,
}

const RESERVED: &[&str] = &[
    "then", "else", "elif", "fi", "do", "done", "esac", "}", ")", ";;",
];

fn eof() -> Bad {
    Bad::More("syntax error: unexpected end of file".to_owned())
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    fn ahead(&self, n: usize) -> Option<char> {
        self.text.get(self.at + n).copied()
    }
    fn starts(&self, s: &str) -> bool {
        s.chars().enumerate().all(|(i, c)| self.ahead(i) == Some(c))
    }
    fn eat(&mut self, s: &str) -> bool {
        let found = self.starts(s);
        if found {
            self.at += s.chars().count();
        }
        found
    }
    fn unexpected(&self) -> Bad {
        let rest: String = match self.peek() {
            None => return eof(),
            Some('\n') => "newline".to_owned(),
            Some(c) if "|&;()<>".contains(c) => {
                let twice = self.ahead(1) == Some(c) && "|&;".contains(c);
                if twice {
                    format!("{c}{c}")
                } else {
                    c.to_string()
                }
            }
            Some(_) => self.raw_word(),
        };
        Bad::Syntax(format!("syntax error near unexpected token `{rest}'"))
    }
    /// The characters up to the next blank or operator.
    fn raw_word(&self) -> String {
        let rest = self.text[self.at..].iter();
        rest.take_while(|c| !c.is_whitespace() && !"|&;()<>".contains(**c))
            .collect()
    }
    /// Blanks, comments and joined lines.
    fn blanks(&mut self) -> Res<()> {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.ahead(1) == Some('\n') => {
                    self.at += 2;
                    if self.peek().is_none() {
                        return Err(eof());
                    }
                }
                Some('\\') if self.ahead(1).is_none() => return Err(eof()),
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return Ok(()),
            }
        }
    }
    fn newline(&mut self) {
        self.at = self.resume.take().unwrap_or(self.at + 1);
    }
    /// Blanks and empty lines.
    fn gaps(&mut self) -> Res<()> {
        loop {
            self.blanks()?;
            if self.peek() != Some('\n') {
                return Ok(());
            }
            self.newline();
        }
    }
    /// Is the next word this one, alone?
    fn is_word(&self, word: &str) -> bool {
        let n = word.chars().count();
        self.starts(word)
            && self
                .ahead(n)
                .is_none_or(|c| c.is_whitespace() || "|&;()<>".contains(c))
    }
    fn eat_word(&mut self, word: &str) -> Res<bool> {
        self.gaps()?;
        let found = self.is_word(word);
        if found {
            self.at += word.chars().count();
        }
        Ok(found)
    }
    fn need(&mut self, word: &str) -> Res<()> {
        if self.eat_word(word)? {
            return Ok(());
        }
        Err(self.unexpected())
    }
    fn enter(&mut self) -> Res<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Bad::Syntax("too deeply nested for this console".to_owned()));
        }
        Ok(())
    }

    /// Commands until one of these words (or the end).
    fn list(&mut self, ends: &[&str]) -> Res<Vec<Instr>> {
        let mut code = Vec::new();
        loop {
            self.gaps()?;
            if self.peek().is_none() || ends.iter().any(|e| self.is_end(e)) {
                return Ok(code);
            }
            if RESERVED.iter().any(|e| self.is_end(e)) {
                return Err(self.unexpected());
            }
            code.append(&mut self.and_or()?);
            self.blanks()?;
            match self.peek() {
                Some(';') if self.ahead(1) != Some(';') => self.at += 1,
                Some('&') if self.ahead(1) != Some('&') => {
                    return Err(Bad::Syntax(
                        "jobs in the background (&) are not available in this console".to_owned(),
                    ));
                }
                Some('\n') => self.newline(),
                None => {}
                Some(_) if ends.iter().any(|e| self.is_end(e)) => {}
                Some(_) => return Err(self.unexpected()),
            }
        }
    }
    fn is_end(&self, word: &str) -> bool {
        match word {
            ")" | ";;" => self.starts(word),
            _ => self.is_word(word),
        }
    }

    fn and_or(&mut self) -> Res<Vec<Instr>> {
        let mut code = self.pipeline()?;
        loop {
            self.blanks()?;
            let ok = if self.eat("&&") {
                false
            } else if self.eat("||") {
                true
            } else {
                return Ok(code);
            };
            self.gaps()?;
            if self.peek().is_none() {
                return Err(eof());
            }
            let mut next = self.pipeline()?;
            code.push(Instr::JumpIf(ok, next.len()));
            code.append(&mut next);
        }
    }

    fn pipeline(&mut self) -> Res<Vec<Instr>> {
        self.blanks()?;
        let mut not = false;
        loop {
            if self.is_word("!") {
                self.at += 1;
                not = !not;
            } else if self.is_word("time") {
                self.at += 4;
            } else {
                break;
            }
            self.blanks()?;
        }
        let mut stages = vec![self.command()?];
        loop {
            self.blanks()?;
            if !self.starts("|") || self.starts("||") {
                break;
            }
            self.at += 1;
            if self.peek() == Some('&') {
                self.at += 1;
                both_out(stages.last_mut());
            }
            self.gaps()?;
            if self.peek().is_none() {
                return Err(eof());
            }
            stages.push(self.command()?);
        }
        let mut code = join(stages);
        if not {
            code.push(Instr::Not);
        }
        Ok(code)
    }

    fn command(&mut self) -> Res<Stage> {
        self.enter()?;
        self.blanks()?;
        let (subs, before) = (
            std::mem::take(&mut self.subs),
            std::mem::take(&mut self.before),
        );
        let stage = self.any_command();
        self.subs = subs;
        self.before = before;
        self.depth -= 1;
        stage
    }

    fn any_command(&mut self) -> Res<Stage> {
        let code = if self.is_word("if") {
            self.at += 2;
            self.if_command()?
        } else if self.is_word("for") {
            self.at += 3;
            self.for_command()?
        } else if self.is_word("while") || self.is_word("until") {
            let until = self.is_word("until");
            self.at += 5;
            let mut condition = self.list(&["do"])?;
            let body = self.body()?;
            condition.push(Instr::LeaveIf(until));
            in_loop(None, condition, body)
        } else if self.is_word("case") {
            self.at += 4;
            self.case_command()?
        } else if self.is_word("{") {
            self.at += 1;
            let body = self.list(&["}"])?;
            self.need("}")?;
            body
        } else if self.starts("((") {
            self.at += 2;
            let word = self.sum_text()?;
            let (subs, mut code) = (
                std::mem::take(&mut self.subs),
                std::mem::take(&mut self.before),
            );
            code.push(Instr::Sum(Rc::new(Simple {
                words: vec![word],
                subs,
                ..Simple::default()
            })));
            code
        } else if self.eat("(") {
            let body = self.list(&[")"])?;
            if !self.eat(")") {
                return Err(self.unexpected());
            }
            let mut code = vec![Instr::OpenSub];
            code.extend(body);
            code.push(Instr::CloseSub);
            code
        } else {
            return self.simple();
        };
        let mut tail = Simple::default();
        while self.redirect(&mut tail.redirects)? {}
        if tail.redirects.is_empty() {
            return Ok(Stage {
                before: Vec::new(),
                code,
                filter: None,
            });
        }
        tail.subs = std::mem::take(&mut self.subs);
        let mut all = std::mem::take(&mut self.before);
        all.push(Instr::OpenRedirect(Rc::new(tail)));
        all.extend(code);
        all.push(Instr::CloseRedirect);
        Ok(Stage {
            before: Vec::new(),
            code: all,
            filter: None,
        })
    }

    fn body(&mut self) -> Res<Vec<Instr>> {
        self.need("do")?;
        let body = self.list(&["done"])?;
        self.need("done")?;
        Ok(body)
    }

    fn if_command(&mut self) -> Res<Vec<Instr>> {
        let mut code = self.list(&["then"])?;
        self.need("then")?;
        let mut yes = self.list(&["elif", "else", "fi"])?;
        let no = if self.eat_word("elif")? {
            self.enter()?;
            let inner = self.if_command();
            self.depth -= 1;
            inner?
        } else if self.eat_word("else")? {
            let no = self.list(&["fi"])?;
            self.need("fi")?;
            no
        } else {
            self.need("fi")?;
            vec![Instr::Status(0)]
        };
        code.push(Instr::JumpIf(false, yes.len() + 1));
        code.append(&mut yes);
        code.push(Instr::Jump(no.len()));
        code.extend(no);
        Ok(code)
    }

    fn for_command(&mut self) -> Res<Vec<Instr>> {
        self.blanks()?;
        let name: String = self.raw_word();
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(if self.peek().is_none() {
                eof()
            } else {
                Bad::Syntax(format!("`{name}': not a valid identifier"))
            });
        }
        self.at += name.chars().count();
        let mut head = Simple::default();
        if self.eat_word("in")? {
            loop {
                self.blanks()?;
                match self.peek() {
                    None => return Err(eof()),
                    Some(';' | '\n') => break,
                    Some(c) if "|&()<>".contains(c) => return Err(self.unexpected()),
                    Some(_) => {
                        let word = self.word()?;
                        head.words.extend(braces(word));
                    }
                }
            }
        } else {
            head.words.push(vec![Piece::Var {
                name: "@".to_owned(),
                how: How::Plain,
                quoted: true,
            }]);
        }
        head.subs = std::mem::take(&mut self.subs);
        let mut code = std::mem::take(&mut self.before);
        self.blanks()?;
        if self.peek() == Some(';') {
            self.at += 1;
        }
        let body = self.body()?;
        code.extend(in_loop(Some(Rc::new((name, head))), Vec::new(), body));
        Ok(code)
    }

    fn case_command(&mut self) -> Res<Vec<Instr>> {
        self.blanks()?;
        let head = Simple {
            words: vec![self.word()?],
            subs: std::mem::take(&mut self.subs),
            ..Simple::default()
        };
        let mut code = std::mem::take(&mut self.before);
        code.push(Instr::Case(Rc::new(head)));
        self.need("in")?;
        let mut arms: Vec<Vec<Instr>> = Vec::new();
        while !self.eat_word("esac")? {
            if self.peek().is_none() {
                return Err(eof());
            }
            self.eat("(");
            let mut patterns = Simple::default();
            loop {
                self.blanks()?;
                patterns.words.push(self.word()?);
                self.blanks()?;
                if self.eat("|") {
                    continue;
                }
                if self.eat(")") {
                    break;
                }
                return Err(self.unexpected());
            }
            patterns.subs = std::mem::take(&mut self.subs);
            let mut arm = std::mem::take(&mut self.before);
            let body = self.list(&[";;", "esac"])?;
            self.gaps()?;
            self.eat(";;");
            arm.push(Instr::Unless(Rc::new(patterns), body.len() + 1));
            arm.extend(body);
            arms.push(arm);
        }
        let mut tail: Vec<Instr> = vec![Instr::Status(0)];
        for mut arm in arms.into_iter().rev() {
            arm.push(Instr::Jump(tail.len()));
            arm.append(&mut tail);
            tail = arm;
        }
        code.extend(tail);
        code.push(Instr::EndCase);
        Ok(code)
    }

    fn simple(&mut self) -> Res<Stage> {
        let mut simple = Simple::default();
        let mut double = false;
        loop {
            self.blanks()?;
            if self.redirect(&mut simple.redirects)? {
                continue;
            }
            let Some(c) = self.peek() else { break };
            if double {
                // Everything between [[ and ]] is words.
                if c == '\n' {
                    self.newline();
                    continue;
                }
                let operator: String = match c {
                    '|' | '&' if self.ahead(1) == Some(c) => [c, c].iter().collect(),
                    '<' | '>' | '(' | ')' => c.to_string(),
                    _ => String::new(),
                };
                if !operator.is_empty() {
                    self.at += operator.len();
                    simple.words.push(vec![Piece::Text(operator, false)]);
                    continue;
                }
            }
            if c == '\n' || "|&;()".contains(c) {
                if c == '(' && simple.words.len() == 1 && simple.assigns.is_empty() {
                    return self.function(&simple);
                }
                break;
            }
            if simple.words.is_empty()
                && let Some((name, append)) = self.assignment()
            {
                let value = if self
                    .peek()
                    .is_none_or(|c| c.is_whitespace() || "|&;()<>".contains(c))
                {
                    Vec::new()
                } else {
                    self.word()?
                };
                simple.assigns.push((name, value, append));
                continue;
            }
            let word = self.word()?;
            let plain = |t: &str| matches!(word.as_slice(), [Piece::Text(w, false)] if w == t);
            if simple.words.is_empty() && plain("[[") {
                double = true;
            } else if double && plain("]]") {
                double = false;
            }
            if double {
                simple.words.push(word);
            } else {
                simple.words.extend(braces(word));
            }
        }
        if double {
            return Err(eof());
        }
        if simple.words.is_empty() && simple.assigns.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected());
        }
        simple.subs = std::mem::take(&mut self.subs);
        let before = std::mem::take(&mut self.before);
        let quiet = |r: &Redirect| r.fd == 2;
        let filter = simple.assigns.is_empty()
            && simple.redirects.iter().all(quiet)
            && simple.name().is_some_and(tools::is_filter);
        Ok(Stage {
            before,
            code: vec![Instr::Run(Rc::new(simple.clone()))],
            filter: filter.then_some(simple),
        })
    }

    /// `name() { … }`.
    fn function(&mut self, head: &Simple) -> Res<Stage> {
        let name = head.name().unwrap_or("").to_owned();
        self.at += 1;
        self.blanks()?;
        if !self.eat(")") || name.is_empty() {
            return Err(self.unexpected());
        }
        if !self.eat_word("{")? {
            return Err(self.unexpected());
        }
        let body = self.list(&["}"])?;
        self.need("}")?;
        Ok(Stage {
            before: Vec::new(),
            code: vec![Instr::Define(Rc::new((name, body.into())))],
            filter: None,
        })
    }

    /// `NAME=` or `NAME+=` here.
    fn assignment(&mut self) -> Option<(String, bool)> {
        let first = self.peek()?;
        if first.is_ascii_digit() || !is_name(first) {
            return None;
        }
        let mut n = 0;
        while self.ahead(n).is_some_and(is_name) {
            n += 1;
        }
        let append = self.ahead(n) == Some('+') && self.ahead(n + 1) == Some('=');
        if !append && self.ahead(n) != Some('=') {
            return None;
        }
        let name = self.text[self.at..self.at + n].iter().collect();
        self.at += n + 1 + usize::from(append);
        Some((name, append))
    }

    fn redirect(&mut self, out: &mut Vec<Redirect>) -> Res<bool> {
        self.blanks()?;
        let digit = self.peek().filter(char::is_ascii_digit);
        let skip = usize::from(digit.is_some());
        let operator = self.ahead(skip);
        if digit.is_some() && !matches!(operator, Some('<' | '>')) {
            return Ok(false);
        }
        if digit.is_none() && self.starts("&>") {
            self.at += 2;
            self.eat(">");
            let word = self.target()?;
            out.push(Redirect {
                fd: 1,
                to: To::Both,
                word,
            });
            return Ok(true);
        }
        if !matches!(operator, Some('<' | '>')) {
            return Ok(false);
        }
        self.at += skip;
        let fd = digit.and_then(|d| d.to_digit(10));
        if self.eat("<<<") {
            let mut word = self.target()?;
            word.push(Piece::Text("\n".to_owned(), true));
            out.push(Redirect {
                fd: 0,
                to: To::Here,
                word,
            });
        } else if self.eat("<<") {
            let tabs = self.eat("-");
            self.blanks()?;
            let word = self.here_document(tabs)?;
            out.push(Redirect {
                fd: 0,
                to: To::Here,
                word,
            });
        } else if self.eat("<") {
            let word = self.target()?;
            out.push(Redirect {
                fd: 0,
                to: To::Read,
                word,
            });
        } else {
            self.at += 1;
            let to = if self.eat(">") {
                To::Append
            } else if self.eat("&") {
                To::Same
            } else {
                self.eat("|");
                To::File
            };
            let word = self.target()?;
            let fd = u8::try_from(fd.unwrap_or(1)).unwrap_or(1);
            out.push(Redirect { fd, to, word });
        }
        Ok(true)
    }

    fn target(&mut self) -> Res<Word> {
        self.blanks()?;
        match self.peek() {
            None => Err(Bad::Syntax(
                "syntax error near unexpected token `newline'".to_owned(),
            )),
            Some(c) if c == '\n' || "|&;()<>".contains(c) => Err(self.unexpected()),
            Some(_) => self.word(),
        }
    }

    fn here_document(&mut self, tabs: bool) -> Res<Word> {
        let mut end = String::new();
        let mut quoted = false;
        while let Some(c) = self.peek() {
            match c {
                '\'' | '"' => quoted = true,
                '\\' => {
                    quoted = true;
                    self.at += 1;
                    end.extend(self.peek());
                }
                c if c.is_whitespace() || "|&;()<>".contains(c) => break,
                c => end.push(c),
            }
            self.at += 1;
        }
        let mut from = match self.resume {
            Some(at) => at,
            None => {
                let mut k = self.at;
                while self.text.get(k).is_some_and(|c| *c != '\n') {
                    k += 1;
                }
                k + 1
            }
        };
        let mut body = String::new();
        loop {
            if from >= self.text.len() {
                return Err(Bad::More(format!(
                    "warning: here-document delimited by end-of-file (wanted `{end}')"
                )));
            }
            let stop = (from..self.text.len())
                .find(|k| self.text[*k] == '\n')
                .unwrap_or(self.text.len());
            let line: String = self.text[from..stop].iter().collect();
            from = stop + 1;
            let line = if tabs {
                line.trim_start_matches('\t')
            } else {
                &line
            };
            if line.trim_end_matches('\r') == end {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        self.resume = Some(from.min(self.text.len()));
        if quoted {
            return Ok(vec![Piece::Text(body, true)]);
        }
        self.inner(&body)
    }

    /// A text with the rules of double quotes, read on its own.
    fn inner(&mut self, text: &str) -> Res<Word> {
        let outer = std::mem::replace(&mut self.text, text.chars().collect());
        let (at, resume) = (std::mem::take(&mut self.at), self.resume.take());
        let mut word = vec![Piece::Text(String::new(), true)];
        let mut result = Ok(());
        while self.peek().is_some() && result.is_ok() {
            result = self.in_quotes(&mut word, true);
        }
        self.text = outer;
        self.at = at;
        self.resume = resume;
        result.map(|()| word)
    }
}

fn both_out(stage: Option<&mut Stage>) {
    let Some(stage) = stage else { return };
    let tail = Simple {
        redirects: vec![Redirect {
            fd: 2,
            to: To::Same,
            word: vec![Piece::Text("1".to_owned(), true)],
        }],
        ..Simple::default()
    };
    let code = std::mem::take(&mut stage.code);
    stage.code = vec![Instr::OpenRedirect(Rc::new(tail))];
    stage.code.extend(code);
    stage.code.push(Instr::CloseRedirect);
    stage.filter = None;
}

fn in_loop(
    words: Option<Rc<(String, Simple)>>,
    condition: Vec<Instr>,
    body: Vec<Instr>,
) -> Vec<Instr> {
    let turn = condition.len() + body.len() + 2;
    let mut code = vec![Instr::Loop(turn, words), Instr::Turn];
    code.extend(condition);
    code.extend(body);
    code.push(Instr::Again(turn));
    code
}

/// The commands of a pipeline.
fn join(stages: Vec<Stage>) -> Vec<Instr> {
    let many = stages.len() > 1;
    let mut stages = stages.into_iter().peekable();
    let mut code = Vec::new();
    if let Some(first) = stages.next() {
        code.extend(first.before);
        if many && first.filter.is_none() {
            code.push(Instr::OpenSub);
            code.extend(first.code);
            code.push(Instr::CloseSub);
        } else {
            code.extend(first.code);
        }
    }
    while let Some(stage) = stages.next() {
        if let Some(filter) = stage.filter {
            let mut before = stage.before;
            let mut filters = vec![filter];
            while let Some(next) = stages.next_if(|s| s.filter.is_some()) {
                before.extend(next.before);
                filters.extend(next.filter);
            }
            before.push(Instr::OpenFilters(filters.into(), code.len()));
            before.append(&mut code);
            before.push(Instr::CloseFilters);
            code = before;
        } else {
            let mut all = vec![Instr::OpenCollect];
            all.append(&mut code);
            all.push(Instr::CloseCollect);
            all.push(Instr::OpenSub);
            all.extend(stage.before);
            all.extend(stage.code);
            all.push(Instr::CloseSub);
            all.push(Instr::PopInput);
            code = all;
        }
    }
    code
}
