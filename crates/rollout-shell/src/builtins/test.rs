//! `test`, `[` and `[[`.

use crate::expand;
use crate::interpreter::Shell;
use crate::tools::regex::Regex;

struct Test<'a> {
    shell: &'a Shell,
    words: &'a [String],
    at: usize,
    /// `[[`: patterns behind `==`.
    double: bool,
    depth: usize,
}

/// The exit code.
pub(crate) fn run(shell: &mut Shell, name: &str, args: &[String]) -> i32 {
    let words = match name {
        "[" => match args.split_last() {
            Some((last, words)) if last == "]" => words,
            _ => {
                shell.print_error("bash: [: missing `]'\n");
                return 2;
            }
        },
        "[[" => args.split_last().map_or(args, |(_, words)| words),
        _ => args,
    };
    let mut test = Test {
        shell,
        words,
        at: 0,
        double: name == "[[",
        depth: 0,
    };
    let result = if words.is_empty() {
        Ok(false)
    } else {
        test.any()
    };
    let rest = test.words.get(test.at).cloned();
    match (result, rest) {
        (Ok(yes), None) => i32::from(!yes),
        (Ok(_), Some(rest)) => {
            shell.print_error(&format!("bash: {name}: {rest}: binary operator expected\n"));
            2
        }
        (Err(why), _) => {
            shell.print_error(&format!("bash: {name}: {why}\n"));
            2
        }
    }
}

impl Test<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }
    fn eat(&mut self, words: [&str; 2]) -> bool {
        let found = self.peek().is_some_and(|w| words.contains(&w));
        self.at += usize::from(found);
        found
    }
    fn any(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > 100 {
            return Err("too many arguments".to_owned());
        }
        let mut yes = self.all()?;
        while self.eat(["-o", "||"]) {
            yes |= self.all()?;
        }
        self.depth -= 1;
        Ok(yes)
    }
    fn all(&mut self) -> Result<bool, String> {
        let mut yes = self.one()?;
        while self.eat(["-a", "&&"]) {
            yes &= self.one()?;
        }
        Ok(yes)
    }
    fn one(&mut self) -> Result<bool, String> {
        let left = self.words.len() - self.at.min(self.words.len());
        if left > 1 && self.eat(["!", "!"]) {
            self.depth += 1;
            if self.depth > 100 {
                return Err("too many arguments".to_owned());
            }
            let inner = self.one();
            self.depth -= 1;
            return Ok(!inner?);
        }
        if left > 2 && self.eat(["(", "\\("]) {
            let yes = self.any()?;
            if !self.eat([")", "\\)"]) {
                return Err("`)' expected".to_owned());
            }
            return Ok(yes);
        }
        let Some(first) = self.words.get(self.at) else {
            return Err("argument expected".to_owned());
        };
        self.at += 1;
        let operator = self.peek().unwrap_or("");
        if is_binary(operator)
            && let Some(right) = self.words.get(self.at + 1)
        {
            let operator = operator.to_owned();
            self.at += 2;
            return self.two(first, &operator, right);
        }
        if first.len() == 2
            && first.starts_with('-')
            && let Some(operand) = self.words.get(self.at)
        {
            let known = match first.as_str() {
                "-z" => Some(operand.is_empty()),
                "-n" => Some(!operand.is_empty()),
                "-e" | "-f" | "-r" => Some(self.shell.read_file(operand).is_some()),
                "-s" => Some(self.shell.read_file(operand).is_some_and(|t| !t.is_empty())),
                "-v" => Some(self.shell.env.get(operand).is_some()),
                "-d" => Some(operand == "." || operand == "/home/user"),
                "-x" | "-w" | "-L" | "-t" => Some(false),
                _ => None,
            };
            if let Some(known) = known {
                self.at += 1;
                return Ok(known);
            }
        }
        Ok(!first.is_empty())
    }
    fn two(&self, left: &str, operator: &str, right: &str) -> Result<bool, String> {
        let number = |text: &str| {
            let text = text.trim();
            text.parse::<i64>()
                .map_err(|_| format!("{text}: integer expression expected"))
        };
        Ok(match operator {
            "=" | "==" if self.double => expand::matches(right, left),
            "!=" if self.double => !expand::matches(right, left),
            "=" | "==" => left == right,
            "!=" => left != right,
            "<" => left < right,
            ">" => left > right,
            "=~" => match Regex::new(right, true, false) {
                Some(re) => re.is_match(left),
                None => return Err(format!("{right}: not a regular expression")),
            },
            "-eq" => number(left)? == number(right)?,
            "-ne" => number(left)? != number(right)?,
            "-lt" => number(left)? < number(right)?,
            "-le" => number(left)? <= number(right)?,
            "-gt" => number(left)? > number(right)?,
            _ => number(left)? >= number(right)?,
        })
    }
}

fn is_binary(word: &str) -> bool {
    [
        "=", "==", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge",
    ]
    .contains(&word)
}
