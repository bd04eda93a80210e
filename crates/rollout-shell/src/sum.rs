//! `$((…))`: whole numbers, variables, the usual operators.

use crate::env::Env;

/// The value of an expression. The error is bash's text.
pub(crate) fn value(text: &str, env: &mut Env) -> Result<i64, String> {
    let mut p = Sum {
        text: text.chars().filter(|c| *c != '$').collect(),
        at: 0,
        env,
        depth: 0,
    };
    p.blanks();
    if p.peek().is_none() {
        return Ok(0);
    }
    let value = p.level(0)?;
    match p.peek() {
        None => Ok(value),
        Some(_) => Err("syntax error: invalid arithmetic operator".to_owned()),
    }
}

struct Sum<'a> {
    text: Vec<char>,
    at: usize,
    env: &'a mut Env,
    depth: usize,
}

/// Operators from weak to strong; longer ones first.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Sum<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }
    fn eat(&mut self, word: &str) -> bool {
        let found = word
            .chars()
            .enumerate()
            .all(|(i, c)| self.text.get(self.at + i) == Some(&c));
        if found {
            self.at += word.len();
        }
        found
    }
    fn level(&mut self, n: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(n) else {
            return self.unary();
        };
        let mut left = self.level(n + 1)?;
        loop {
            self.blanks();
            let Some(operator) = operators.iter().find(|o| self.eat(o)) else {
                return Ok(left);
            };
            let right = self.level(n + 1)?;
            left = match *operator {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                "==" => i64::from(left == right),
                "!=" => i64::from(left != right),
                "<=" => i64::from(left <= right),
                ">=" => i64::from(left >= right),
                "<" => i64::from(left < right),
                ">" => i64::from(left > right),
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                _ if right == 0 => return Err("division by 0".to_owned()),
                "/" => left.wrapping_div(right),
                _ => left.wrapping_rem(right),
            };
        }
    }
    fn unary(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > 100 {
            return Err("expression recursion level exceeded".to_owned());
        }
        let value = self.primary();
        self.depth -= 1;
        value
    }
    fn primary(&mut self) -> Result<i64, String> {
        self.blanks();
        if self.eat("(") {
            let value = self.level(0)?;
            self.blanks();
            return if self.eat(")") {
                Ok(value)
            } else {
                Err("syntax error: `)' expected".to_owned())
            };
        }
        for (step, sign) in [("++", 1), ("--", -1)] {
            if self.eat(step) {
                let name = self.name();
                return Ok(self.change(&name, sign));
            }
        }
        if self.eat("-") {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.eat("+") {
            return self.unary();
        }
        if self.eat("!") {
            return Ok(i64::from(self.unary()? == 0));
        }
        let name = self.name();
        if name.is_empty() {
            return Err("syntax error: operand expected".to_owned());
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return name
                .parse()
                .map_err(|_| "value too great for base".to_owned());
        }
        self.blanks();
        for (step, sign) in [("++", 1), ("--", -1)] {
            if self.eat(step) {
                return Ok(self.change(&name, sign).wrapping_sub(sign));
            }
        }
        let compound = ["+=", "-=", "*=", "/="].into_iter().find(|o| self.eat(o));
        let assigned = compound.is_some()
            || (self.peek() == Some('=')
                && self.text.get(self.at + 1) != Some(&'=')
                && self.eat("="));
        let old = self.number(&name);
        if !assigned {
            return Ok(old);
        }
        let right = self.level(0)?;
        let new = match compound {
            None => right,
            Some("+=") => old.wrapping_add(right),
            Some("-=") => old.wrapping_sub(right),
            Some("*=") => old.wrapping_mul(right),
            Some(_) if right == 0 => return Err("division by 0".to_owned()),
            Some(_) => old.wrapping_div(right),
        };
        self.env.set(&name, new.to_string());
        Ok(new)
    }
    fn name(&mut self) -> String {
        self.blanks();
        let mut name = String::new();
        while let Some(c) = self
            .peek()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            name.push(c);
            self.at += 1;
        }
        name
    }
    fn number(&self, name: &str) -> i64 {
        let text = self.env.get(name).unwrap_or("").trim();
        text.parse().unwrap_or(0)
    }
    fn change(&mut self, name: &str, by: i64) -> i64 {
        let new = self.number(name).wrapping_add(by);
        self.env.set(name, new.to_string());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let mut env = Env::default();
        env.set("n", "4".into());
        for (text, want) in [
            ("1+2*3", Ok(7)),
            ("(1+2)*3", Ok(9)),
            ("n+1", Ok(5)),
            ("$n % 3", Ok(1)),
            ("n == 4 && n < 5", Ok(1)),
            ("-n", Ok(-4)),
            ("n++", Ok(4)),
            ("n", Ok(5)),
            ("n += 2", Ok(7)),
            ("unset", Ok(0)),
            ("", Ok(0)),
            ("7/2", Ok(3)),
            ("1/0", Err(())),
            ("1+", Err(())),
            ("1 2", Err(())),
            ("9223372036854775807+1", Ok(i64::MIN)),
        ] {
            assert_eq!(value(text, &mut env).map_err(|_| ()), want, "{text}");
        }
        assert!(value(&"(".repeat(1000), &mut env).is_err());
    }
}
