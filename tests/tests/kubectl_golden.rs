//! Every recorded case of kubectl 1.32 and 1.36: stdout, stderr and exit code, byte for byte.
//!
//! `ROLLOUT_KUBECTL_GOLDEN` names another folder of such files. What is known to differ is listed below; the list may only shrink.

#![allow(clippy::print_stdout, reason = "counts of cases are shown")]

use rollout_api::Value;
use rollout_api::json::from_json;
use rollout_cli::kubectl_cases::edit_with_shell;
use rollout_kubectl::cases::{argv, run_file};
use rollout_tests::counts::counted;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// `folder/file#case`: cases that differ, with the reason.
const EXCEPTIONS: &str = include_str!("kubectl_exceptions.txt");

fn folders() -> Vec<PathBuf> {
    if let Ok(folder) = std::env::var("ROLLOUT_KUBECTL_GOLDEN") {
        return vec![PathBuf::from(folder)];
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    vec![
        data.join("kubectl-golden"),
        data.join("kubectl-golden-1.36"),
    ]
}

/// Headings, usage, subcommands and flags of a help text.
fn outline(text: &str) -> Value {
    let (mut headings, mut usage, mut subcommands, mut flags) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut section = String::new();
    for line in text.lines() {
        let heading = !line.starts_with(' ') && !line.starts_with('\t') && line.ends_with(':');
        if heading {
            section = line.to_owned();
            headings.push(Value::text(line));
            continue;
        }
        let body = line.trim_start();
        if section == "Usage:" && line.starts_with("  ") {
            usage.push(Value::text(body));
        }
        if section.contains("Commands") && line.starts_with("  ") {
            subcommands.push(Value::text(body.split_whitespace().next().unwrap_or("")));
        }
        if line.starts_with("    -") && line.ends_with(':') {
            flags.push(Value::text(body.trim_end_matches(':')));
        }
    }
    rollout_api::object! { "headings" => headings, "usage" => usage, "subcommands" => subcommands, "flags" => flags }
}

fn is_uuid(b: &[u8]) -> bool {
    b.len() == 36
        && b.iter().enumerate().all(|(i, c)| {
            if matches!(i, 8 | 13 | 18 | 23) {
                *c == b'-'
            } else {
                c.is_ascii_hexdigit() && !c.is_ascii_uppercase()
            }
        })
}

/// Masks what a server invents: uids, resource versions, addresses and ports that the state does not have.
fn mask(text: &str, state: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.len() >= 36 && rest.is_char_boundary(36) && is_uuid(&rest.as_bytes()[..36]) {
            let uid = &rest[..36];
            out.push_str(if state.contains(uid) { uid } else { "<uid>" });
            rest = &rest[36..];
            continue;
        }
        if let Some(after) = rest
            .strip_prefix("esourceVersion")
            .filter(|_| out.ends_with('r'))
        {
            let digits_at = after
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(after.len());
            let digits = after[digits_at..]
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
            if digits_at <= 4 && digits > 0 {
                let number = &after[digits_at..digits_at + digits];
                let known = state.contains(&format!("\"resourceVersion\":\"{number}\""));
                out.push_str("esourceVersion");
                out.push_str(&after[..digits_at]);
                out.push_str(if known { number } else { "<rv>" });
                rest = &after[digits_at + digits..];
                continue;
            }
        }
        let word = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'.')
            .count();
        if word > 0 {
            let token = &rest[..word];
            let ip = token.split('.').count() == 4
                && (96..=111).any(|b| token.starts_with(&format!("10.{b}.")));
            let port = token.len() == 5
                && token
                    .parse::<u32>()
                    .is_ok_and(|p| (30_000..=32_767).contains(&p));
            let invented = (ip || port) && !state.contains(token);
            out.push_str(if !invented {
                token
            } else if ip {
                "<ip>"
            } else {
                "<port>"
            });
            rest = &rest[word..];
            continue;
        }
        let c = rest.chars().next().unwrap_or(' ');
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Generated names: the recording's end in `x7k2p`.
fn mask_suffix(ours: &str, recorded: &str) -> String {
    let mut ours = ours.to_owned();
    for (at, _) in recorded.match_indices("-x7k2p") {
        let start = recorded[..at]
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
            .map_or(0, |i| i + 1);
        let prefix = &recorded[start..=at];
        let mut from = 0;
        while let Some(i) = ours[from..].find(prefix) {
            let end = from + i + prefix.len();
            let random = ours[end..]
                .bytes()
                .take(5)
                .filter(u8::is_ascii_alphanumeric)
                .count();
            if random == 5 {
                ours.replace_range(end..end + 5, "x7k2p");
            }
            from = end;
        }
    }
    ours
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What differs, or nothing.
fn difference(recorded: &Value, ours: &Value, state: &str) -> Option<String> {
    let mut out = String::new();
    if recorded.int_at("exit") != ours.int_at("exit") {
        out.push_str(&format!(
            "exit {:?}, recorded {:?}\n",
            ours.int_at("exit"),
            recorded.int_at("exit")
        ));
    }
    let help = recorded.get("help");
    for stream in ["stdout", "stderr"] {
        if let Some(h) = help.filter(|h| h.str_at("on") == stream) {
            let o = outline(ours.str_at(stream));
            for part in ["headings", "usage", "subcommands", "flags"] {
                if o.get(part) != h.get(part) {
                    out.push_str(&format!(
                        "help {part}: {:?}\n  recorded: {:?}\n",
                        o.get(part),
                        h.get(part)
                    ));
                }
            }
            continue;
        }
        let r = mask(recorded.str_at(stream), state);
        let o = mask(
            &mask_suffix(ours.str_at(stream), recorded.str_at(stream)),
            state,
        );
        let (r, o) = if recorded.bool_at("unordered") {
            (sorted(&r), sorted(&o))
        } else {
            (r, o)
        };
        if r != o {
            let (mut line, mut pair) = (0, ("", ""));
            for (i, (a, b)) in o
                .split('\n')
                .chain(std::iter::repeat("\u{2205}"))
                .zip(r.split('\n').chain(std::iter::repeat("\u{2205}")))
                .enumerate()
            {
                if a != b || i > 100_000 {
                    (line, pair) = (i + 1, (a, b));
                    break;
                }
            }
            out.push_str(&format!(
                "{stream} line {line}\n     ours {:?}\n recorded {:?}\n",
                pair.0, pair.1
            ));
        }
    }
    (!out.is_empty()).then_some(out)
}

#[test]
fn recorded_cases() {
    let mut exceptions: BTreeSet<&str> = EXCEPTIONS
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .filter(|l| !l.starts_with("//"))
        .collect();
    let only = std::env::var("ROLLOUT_KUBECTL_ONLY").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut sums: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for folder in folders() {
        let title = folder.file_name().unwrap().to_string_lossy().into_owned();
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "json"))
            .collect();
        files.sort();
        for path in files {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let file = from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let state = format!(
                "{}{}",
                rollout_api::json::to_json(file.get("state").unwrap()),
                title.len()
            );
            let ours = run_file(&file, &mut edit_with_shell);
            let (mut good, mut all) = (0, 0);
            for (i, (r, o)) in file
                .list_at("cases")
                .iter()
                .zip(ours.list_at("cases"))
                .enumerate()
            {
                let id = format!("{title}/{name}#{i}");
                all += 1;
                match difference(r, o, &state) {
                    None => good += 1,
                    Some(text) => {
                        let known = exceptions.remove(id.as_str());
                        if !known || !only.is_empty() && id.contains(&only) {
                            wrong.push(format!("## {id} {}\n{text}", argv(r).join(" ")));
                        }
                    }
                }
            }
            println!("{title}/{name}: {good} of {all} cases");
            let sum = sums.entry(title.clone()).or_default();
            sum.0 += good;
            sum.1 += all;
        }
    }
    for (title, (good, all)) in &sums {
        println!("{title}: {good} of {all} cases");
        counted(title, *good, *all);
    }
    assert!(
        wrong.is_empty(),
        "{} cases differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    if std::env::var("ROLLOUT_KUBECTL_GOLDEN").is_err() {
        assert!(
            exceptions.is_empty(),
            "these cases are equal now: take them off the list: {exceptions:?}"
        );
    }
}
