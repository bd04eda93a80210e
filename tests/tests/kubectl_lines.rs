//! Lines of kubectl and what they print, command by command: `tests/data/kubectl-lines`.
//!
//! A file begins with the recorded states it runs on, put together. `$ ` opens a line, `< ` is its standard input, lines behind
//! `! ` are its stderr, `= N` is its exit code where it is not 0, `\` alone says that stdout has no newline at its end.
//! The lines of a file run one after the other on the same state.

#![allow(clippy::unwrap_used, reason = "the files are there")]

use rollout_api::json::from_json;
use rollout_api::{Value, object};
use rollout_kubectl::cases::run_file;
use std::fmt::Write as _;
use std::path::Path;

fn state(names: &str) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for name in names.split_whitespace() {
        let path = format!(
            "{}/data/kubectl-golden/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let file = from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
        for o in file.list_at("state.objects") {
            let id = |o: &Value| {
                let m = |p: &str| o.str_at(p).to_owned();
                (m("kind"), m("metadata.namespace"), m("metadata.name"))
            };
            if !all.iter().any(|a| id(a) == id(o)) {
                all.push(o.clone());
            }
        }
    }
    Value::list(all)
}

/// Words as a shell makes them of a line with simple quotes.
fn words(line: &str) -> Vec<Value> {
    let (mut out, mut word, mut open) = (Vec::new(), None::<String>, None::<char>);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match open {
            Some(q) if c == q => open = None,
            Some('\'') => word.get_or_insert_default().push(c),
            _ if c == '\\' => {
                let next = chars.next().unwrap_or('\\');
                let kept = open.is_some() && !"\"\\$`".contains(next);
                let word = word.get_or_insert_default();
                if kept {
                    word.push('\\');
                }
                word.push(next);
            }
            None if c == '\'' || c == '"' => {
                open = Some(c);
                word.get_or_insert_default();
            }
            None if c == ' ' => out.extend(word.take().map(Value::from)),
            _ => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word.map(Value::from));
    out
}

/// The text of a case as the files write it.
fn shown(line: &str, case: &Value) -> String {
    let mut out = format!("$ {line}\n");
    for l in case.str_at("stdin").lines() {
        let _ = writeln!(out, "< {l}");
    }
    let stdout = case.str_at("stdout");
    out.push_str(stdout);
    if !stdout.is_empty() && !stdout.ends_with('\n') {
        out.push_str("\n\\\n");
    }
    for l in case.str_at("stderr").lines() {
        let _ = writeln!(out, "! {l}");
    }
    match case.int_at("exit").unwrap_or(0) {
        0 => {}
        code => {
            let _ = writeln!(out, "= {code}");
        }
    }
    out
}

fn check(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    let states = head.strip_prefix("# ").unwrap();
    let mut files = rollout_api::Map::new();
    for entry in std::fs::read_dir(path.parent().unwrap().join("files")).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        files.insert(
            rollout_api::Str::copy(&entry.file_name().to_string_lossy()),
            Value::from(text),
        );
    }
    let blocks: Vec<String> = format!("\n{body}")
        .split("\n$ ")
        .skip(1)
        .map(|b| format!("$ {}\n", b.trim_end_matches('\n')))
        .collect();
    let line_of = |b: &str| b.lines().next().unwrap()[2..].to_owned();
    let cases: Vec<Value> = blocks
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let stdin: String = b
                .lines()
                .filter_map(|l| l.strip_prefix("< "))
                .map(|l| format!("{l}\n"))
                .collect();
            let mut case = object! { "argv" => Value::list(words(&line_of(b))), "stdin" => stdin };
            if i == 0 {
                case.map_mut().insert("files", Value::from(files.clone()));
            }
            case
        })
        .collect();
    let file = object! {
        "kubectl" => "v1.32.5",
        "now" => "2025-06-10T12:00:00Z",
        "sequential" => true,
        "state" => object! { "objects" => state(states), "logs" => object! {} },
        "cases" => Value::list(cases),
    };
    let done = run_file(&file, &mut |_, _, _, _, _| Default::default());
    let mut wrong = Vec::new();
    for (case, want) in done.list_at("cases").iter().zip(&blocks) {
        let got = shown(&line_of(want), case);
        if got != *want {
            wrong.push(format!(
                "{}\n--- want\n{want}--- got\n{got}",
                path.file_name().unwrap().to_string_lossy()
            ));
        }
    }
    wrong
}

#[test]
fn every_line_prints_what_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/kubectl-lines");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().flat_map(|f| check(f)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
