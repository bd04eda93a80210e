//! `jq`: its input is collected, then the program runs on each JSON text of it.

use super::jq_parse::{self, Jx};
use super::{Lined, Options, Refused, Tool, jq_run};
use rollout_api::json::{self, Html};
use rollout_api::{Map, Value};

#[derive(Clone)]
pub(crate) struct Jq {
    program: Jx,
    raw: bool,
    joined: bool,
    compact: bool,
    exit_status: bool,
    slurp: bool,
    no_input: bool,
    variables: Map,
    text: String,
    complaint: String,
}

pub(crate) fn make(args: &[String]) -> Result<(Tool, Vec<String>), Refused> {
    let mut variables = Map::new();
    let mut plain = Vec::new();
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        match arg.as_str() {
            "--arg" | "--argjson" => {
                let (Some(name), Some(text)) = (it.next(), it.next()) else {
                    return Err((
                        format!(
                            "jq: error: {arg} takes two parameters (e.g. {arg} varname value)\n"
                        ),
                        2,
                    ));
                };
                let value = if arg == "--arg" {
                    Value::text(text)
                } else {
                    json::from_json(text).map_err(|_| {
                        ("jq: Invalid JSON text passed to --argjson\n".to_owned(), 2)
                    })?
                };
                variables.insert(name.clone(), value);
            }
            _ => plain.push(arg.clone()),
        }
    }
    let long = [
        "raw-output=r",
        "compact-output=c",
        "exit-status=e",
        "slurp=s",
        "null-input=n",
        "join-output=j",
        "monochrome-output=M",
        "color-output=C",
        "sort-keys=S",
        "tab=t",
    ];
    let o = Options::read("jq", &plain, "rcesnjMCSt", "", &long).map_err(|e| (e.0, 2))?;
    let Some((text, files)) = o.operands.split_first() else {
        return Err(("Usage:\tjq [OPTIONS] FILTER [FILES...]\n".to_owned(), 2));
    };
    let program = jq_parse::parse(text)
        .map_err(|why| (format!("jq: error: {why}\njq: 1 compile error\n"), 3))?;
    let jq = Jq {
        program,
        raw: o.has('r') || o.has('j'),
        joined: o.has('j'),
        compact: o.has('c'),
        exit_status: o.has('e'),
        slurp: o.has('s'),
        no_input: o.has('n'),
        variables,
        text: String::new(),
        complaint: String::new(),
    };
    Ok((Tool::Jq(Box::new(jq)), files.to_vec()))
}

/// The JSON texts of an input: one, or one a line, or several behind each other.
fn documents(text: &str) -> Result<Vec<Value>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    if let Ok(one) = json::from_json(text) {
        return Ok(vec![one]);
    }
    let mut out = Vec::new();
    let (mut depth, mut quoted, mut escaped, mut start) = (0i32, false, false, 0);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        let ends = !quoted && depth <= 0 && (c.is_whitespace() || "}]".contains(c));
        if ends && !text[start..=i].trim().is_empty() {
            let end = i + c.len_utf8();
            out.push(json::from_json(text[start..end].trim()).map_err(|_| bad(&text[start..end]))?);
            start = end;
        }
    }
    let rest = text[start..].trim();
    if !rest.is_empty() {
        out.push(json::from_json(rest).map_err(|_| bad(rest))?);
    }
    Ok(out)
}

fn bad(text: &str) -> String {
    let near: String = text.trim().chars().take(20).collect();
    format!("jq: parse error: Invalid literal or numeric literal near: {near}\n")
}

impl Lined for Jq {
    fn line(&mut self, line: &str, _: &mut String) {
        self.text.push_str(line);
        self.text.push('\n');
    }
    fn end(&mut self, out: &mut String) -> i32 {
        let inputs = if self.no_input {
            vec![Value::Null]
        } else {
            match documents(&std::mem::take(&mut self.text)) {
                Ok(list) if self.slurp => vec![Value::list(list)],
                Ok(list) => list,
                Err(why) => {
                    self.complaint = why;
                    return 2;
                }
            }
        };
        let mut last = None;
        for input in inputs {
            let mut results = Vec::new();
            let mut run = jq_run::Run::new(&self.variables);
            let ended = run.eval(&self.program, &input, &mut results);
            for value in &results {
                match value {
                    Value::String(text) if self.raw => out.push_str(text),
                    v if self.compact => json::write(v, out, Html::Plain),
                    v => out.push_str(&json::to_json_pretty(v, "  ", Html::Plain)),
                }
                if !self.joined {
                    out.push('\n');
                }
            }
            last = results.pop().or(last);
            if let Err(why) = ended {
                self.complaint = format!("jq: error (at <stdin>:0): {why}\n");
                return 5;
            }
        }
        match last {
            Some(v) if self.exit_status => i32::from(!jq_run::truth(&v)),
            None if self.exit_status => 4,
            _ => 0,
        }
    }
    fn complaint(&self) -> String {
        self.complaint.clone()
    }
}
