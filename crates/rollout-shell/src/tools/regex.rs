//! Regular expressions, basic and extended, as grep, sed and awk take them. Time is bounded: no text makes it hang.

#[derive(Clone, PartialEq, Debug)]
enum Op {
    Char(char),
    Any,
    /// Ranges; true: none of them.
    Set(Vec<(char, char)>, bool),
    Start,
    End,
    /// `\b`, `\<`, `\>`, `\B`.
    Edge(char),
    Split(usize, usize),
    Jump(usize),
    Save(usize),
}

/// A compiled expression.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Regex {
    ops: Vec<Op>,
    fold: bool,
}

/// Largest program: `(a{100}){100}` is refused.
const MOST_OPS: usize = 20_000;
/// Groups that are kept: `\0` to `\9`.
const GROUPS: usize = 10;
const DEEPEST: usize = 60;

/// Where the groups of a match begin and end, in characters.
pub(crate) type Found = [Option<(usize, usize)>; GROUPS];

struct Reader {
    text: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
    depth: usize,
}

impl Regex {
    /// Reads an expression; none: it is no expression.
    pub fn new(text: &str, extended: bool, fold: bool) -> Option<Regex> {
        let mut reader = Reader {
            text: text.chars().collect(),
            at: 0,
            extended,
            groups: 0,
            depth: 0,
        };
        let body = reader.alternatives()?;
        if reader.at < reader.text.len() {
            return None;
        }
        let mut ops = vec![Op::Save(0)];
        ops.extend(shifted(&body, 1));
        ops.push(Op::Save(1));
        Some(Regex { ops, fold })
    }

    /// One that fits a fixed text.
    pub fn fixed(text: &str, fold: bool) -> Regex {
        let mut ops = vec![Op::Save(0)];
        ops.extend(text.chars().map(Op::Char));
        ops.push(Op::Save(1));
        Regex { ops, fold }
    }

    /// The first match from a place on.
    pub fn find(&self, text: &[char], from: usize) -> Option<Found> {
        let mut seen = vec![false; self.ops.len() * (text.len() + 1)];
        (from..=text.len()).find_map(|start| self.at(text, start, &mut seen))
    }
    /// Does it fit anywhere?
    pub fn is_match(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.find(&text, 0).is_some()
    }

    fn at(&self, text: &[char], start: usize, seen: &mut [bool]) -> Option<Found> {
        let mut todo: Vec<(usize, usize, [Option<usize>; 2 * GROUPS])> =
            vec![(0, start, [None; 2 * GROUPS])];
        while let Some((mut pc, mut at, mut saves)) = todo.pop() {
            loop {
                let Some(op) = self.ops.get(pc) else {
                    let mut found = [None; GROUPS];
                    for (i, group) in found.iter_mut().enumerate() {
                        *group = saves[2 * i].zip(saves[2 * i + 1]);
                    }
                    return Some(found);
                };
                let mark = &mut seen[pc * (text.len() + 1) + at];
                if std::mem::replace(mark, true) {
                    break;
                }
                pc += 1;
                match op {
                    Op::Save(n) => {
                        if let Some(slot) = saves.get_mut(*n) {
                            *slot = Some(at);
                        }
                    }
                    Op::Jump(to) => pc = *to,
                    Op::Split(first, second) => {
                        todo.push((*second, at, saves));
                        pc = *first;
                    }
                    Op::Start if at == 0 => {}
                    Op::End if at == text.len() => {}
                    Op::Edge(kind) if edge(*kind, text, at) => {}
                    Op::Start | Op::End | Op::Edge(_) => break,
                    _ => match text.get(at) {
                        Some(c) if self.fits(op, *c) => at += 1,
                        _ => break,
                    },
                }
            }
        }
        None
    }

    fn fits(&self, op: &Op, c: char) -> bool {
        let other = if !self.fold {
            c
        } else if c.is_lowercase() {
            c.to_uppercase().next().unwrap_or(c)
        } else {
            c.to_lowercase().next().unwrap_or(c)
        };
        match op {
            Op::Any => true,
            Op::Char(x) => *x == c || *x == other,
            Op::Set(ranges, not) => {
                let within = |c: char| ranges.iter().any(|(a, b)| *a <= c && c <= *b);
                (within(c) || within(other)) != *not
            }
            _ => false,
        }
    }
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

fn edge(kind: char, text: &[char], at: usize) -> bool {
    let before = is_word(at.checked_sub(1).and_then(|i| text.get(i)));
    let after = is_word(text.get(at));
    match kind {
        '<' => !before && after,
        '>' => before && !after,
        'B' => before == after,
        _ => before != after,
    }
}

/// A piece of program, moved.
fn shifted(ops: &[Op], by: usize) -> Vec<Op> {
    let ops = ops.iter().cloned();
    ops.map(|op| match op {
        Op::Jump(to) => Op::Jump(to + by),
        Op::Split(a, b) => Op::Split(a + by, b + by),
        op => op,
    })
    .collect()
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    /// Is this operator here (`\(` in basic expressions, `(` in extended ones)?
    fn is(&self, operator: char) -> bool {
        if self.extended {
            self.peek() == Some(operator)
        } else {
            self.peek() == Some('\\') && self.text.get(self.at + 1) == Some(&operator)
        }
    }
    fn eat(&mut self, operator: char) -> bool {
        let found = self.is(operator);
        if found {
            self.at += if self.extended { 1 } else { 2 };
        }
        found
    }

    fn alternatives(&mut self) -> Option<Vec<Op>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut all = self.sequence()?;
        while self.eat('|') {
            let next = self.sequence()?;
            let mut ops = vec![Op::Split(1, all.len() + 2)];
            ops.extend(shifted(&all, 1));
            ops.push(Op::Jump(all.len() + 2 + next.len()));
            ops.extend(shifted(&next, all.len() + 2));
            all = ops;
        }
        self.depth -= 1;
        Some(all)
    }

    fn sequence(&mut self) -> Option<Vec<Op>> {
        let mut all: Vec<Op> = Vec::new();
        let mut first = true;
        while self.peek().is_some() && !self.is('|') && !(self.depth > 1 && self.is(')')) {
            let item = self.item(first)?;
            let at = all.len();
            let item = self.repeated(item)?;
            all.extend(shifted(&item, at));
            if all.len() > MOST_OPS {
                return None;
            }
            first = false;
        }
        Some(all)
    }

    fn item(&mut self, first: bool) -> Option<Vec<Op>> {
        if self.eat('(') {
            self.groups += 1;
            let group = self.groups;
            let body = self.alternatives()?;
            if !self.eat(')') {
                return None;
            }
            let mut ops = vec![Op::Save(2 * group)];
            ops.extend(shifted(&body, 1));
            ops.push(Op::Save(2 * group + 1));
            return Some(ops);
        }
        let c = self.peek()?;
        self.at += 1;
        let op = match c {
            '.' => Op::Any,
            '^' if first || self.extended => Op::Start,
            '$' if self.extended || self.at == self.text.len() || self.is('|') || self.is(')') => {
                Op::End
            }
            '[' => self.set()?,
            '\\' => {
                let c = self.peek()?;
                self.at += 1;
                match c {
                    'b' | 'B' | '<' | '>' => Op::Edge(c),
                    'n' => Op::Char('\n'),
                    't' => Op::Char('\t'),
                    _ => class(c).unwrap_or(Op::Char(c)),
                }
            }
            '*' if !first && self.extended => return None,
            '+' | '?' if first && self.extended => return None,
            c => Op::Char(c),
        };
        Some(vec![op])
    }

    fn repeated(&mut self, mut item: Vec<Op>) -> Option<Vec<Op>> {
        loop {
            let (least, most) = if self.peek() == Some('*') {
                self.at += 1;
                (0, None)
            } else if self.eat('+') {
                (1, None)
            } else if self.eat('?') {
                (0, Some(1))
            } else if self.is('{') {
                let start = self.at;
                self.eat('{');
                match self.counts() {
                    Some(counts) => counts,
                    None => {
                        self.at = start;
                        return Some(item);
                    }
                }
            } else {
                return Some(item);
            };
            item = times(&item, least, most)?;
        }
    }

    fn counts(&mut self) -> Option<(usize, Option<usize>)> {
        let mut text = String::new();
        while !self.is('}') {
            text.push(self.peek()?);
            self.at += 1;
        }
        self.eat('}');
        let (from, to) = match text.split_once(',') {
            None => (text.as_str(), Some(text.as_str())),
            Some((from, "")) => (from, None),
            Some((from, to)) => (from, Some(to)),
        };
        let least = if from.is_empty() {
            0
        } else {
            from.parse().ok()?
        };
        let most = to.map(str::parse).transpose().ok()?;
        (least <= 1000 && most.is_none_or(|m| m <= 1000 && m >= least)).then_some((least, most))
    }

    fn set(&mut self) -> Option<Op> {
        let not = self.peek() == Some('^');
        self.at += usize::from(not);
        let mut ranges = Vec::new();
        let start = self.at;
        loop {
            let c = self.peek()?;
            self.at += 1;
            if c == ']' && self.at > start + 1 {
                return Some(Op::Set(ranges, not));
            }
            if c == '[' && self.peek() == Some(':') {
                let rest: String = self.text[self.at + 1..].iter().collect();
                let (name, _) = rest.split_once(":]")?;
                ranges.extend(named(name)?);
                self.at += name.chars().count() + 3;
                continue;
            }
            if c == '\\'
                && let Some(Op::Set(inner, false)) = self.peek().and_then(class)
            {
                ranges.extend(inner);
                self.at += 1;
                continue;
            }
            let to = self.text.get(self.at + 1).filter(|t| **t != ']').copied();
            match to.filter(|_| self.peek() == Some('-')) {
                Some(to) => {
                    ranges.push((c, to));
                    self.at += 2;
                }
                None => ranges.push((c, c)),
            }
        }
    }
}

fn times(item: &[Op], least: usize, most: Option<usize>) -> Option<Vec<Op>> {
    let copies = most.unwrap_or(least.max(1)).max(1);
    if (item.len() + 2) * copies > MOST_OPS {
        return None;
    }
    let mut ops = Vec::new();
    for _ in 0..least {
        let at = ops.len();
        ops.extend(shifted(item, at));
    }
    match most {
        None => {
            let at = ops.len();
            ops.push(Op::Split(at + 1, at + item.len() + 2));
            ops.extend(shifted(item, at + 1));
            ops.push(Op::Jump(at));
        }
        Some(most) => {
            let end = ops.len() + (most - least) * (item.len() + 1);
            for _ in least..most {
                let at = ops.len();
                ops.push(Op::Split(at + 1, end));
                ops.extend(shifted(item, at + 1));
            }
        }
    }
    Some(ops)
}

fn named(name: &str) -> Option<Vec<(char, char)>> {
    Some(match name {
        "alpha" => vec![('a', 'z'), ('A', 'Z')],
        "digit" => vec![('0', '9')],
        "alnum" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
        "space" => vec![(' ', ' '), ('\t', '\r')],
        "blank" => vec![(' ', ' '), ('\t', '\t')],
        "upper" => vec![('A', 'Z')],
        "lower" => vec![('a', 'z')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => vec![('0', '9'), ('a', 'f'), ('A', 'F')],
        _ => return None,
    })
}

/// `\d`, `\w`, `\s` and their opposites.
fn class(c: char) -> Option<Op> {
    let ranges = match c.to_ascii_lowercase() {
        'd' => named("digit")?,
        's' => named("space")?,
        'w' => {
            let mut all = named("alnum")?;
            all.push(('_', '_'));
            all
        }
        _ => return None,
    };
    Some(Op::Set(ranges, c.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds() {
        for (pattern, extended, text, want) in [
            ("abc", false, "xabcx", Some("abc")),
            ("^abc$", false, "abc", Some("abc")),
            ("a.c", false, "a-c", Some("a-c")),
            ("ab*c", false, "ac", Some("ac")),
            ("a\\|b", false, "xb", Some("b")),
            ("a|b", false, "a|b", Some("a|b")),
            ("a|bc", true, "xbc", Some("bc")),
            ("(ab)+", true, "ababx", Some("abab")),
            ("a{2,3}", true, "aaaa", Some("aaa")),
            ("a\\{2\\}", false, "aaaa", Some("aa")),
            ("[0-9]+/[0-9]+", true, "web 3/4 x", Some("3/4")),
            ("[^ ]*$", false, "a bc", Some("bc")),
            ("[[:digit:]]+", true, "ab12", Some("12")),
            ("\\bpod\\b", true, "a pod b", Some("pod")),
            ("\\d+", true, "a1", Some("1")),
            ("x?", true, "ab", Some("")),
            ("a+?", true, "aa", Some("aa")),
            ("colou?r", true, "color", Some("color")),
            ("[]a]+", true, "]a", Some("]a")),
            ("(a|b)*c", true, "ababc", Some("ababc")),
            ("{x}", true, "{x}", Some("{x}")),
            ("a$", true, "ab", None),
        ] {
            let re = Regex::new(pattern, extended, false).unwrap_or_else(|| panic!("{pattern}"));
            let chars: Vec<char> = text.chars().collect();
            let found = re.find(&chars, 0).and_then(|f| f[0]);
            let found = found.map(|(a, b)| chars[a..b].iter().collect::<String>());
            assert_eq!(found.as_deref(), want, "{pattern}");
        }
        for bad in ["(", "a)", "[a", "*a(", "a{2001}"] {
            let _ = Regex::new(bad, true, false);
        }
        assert!(Regex::new("(", true, false).is_none());
        assert!(Regex::new("ABC", true, true).unwrap().is_match("xabc"));
        let hostile = Regex::new("(a*)*b", true, false).unwrap();
        assert!(!hostile.is_match(&"a".repeat(2000)));
        assert!(Regex::new(&"(".repeat(500), true, false).is_none());
        assert!(Regex::new("((a{100}){100}){100}", true, false).is_none());
    }
}
