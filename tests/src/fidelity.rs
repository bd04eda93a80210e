//! `docs/fidelity.md` from its parts in `docs/fidelity/`: what is modelled, what was counted, what differs.

use std::fmt::Write as _;

/// The columns of a file of rows: `A | B | C`, blank lines and lines with `#` left out.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
        .map(|l| l.split(" | ").map(str::trim).collect())
        .collect()
}

/// What is wrong with the rows of differences or of models: each needs three parts that say something.
pub fn faults(text: &str) -> Vec<String> {
    rows(text)
        .iter()
        .filter(|r| r.len() != 3 || r.iter().any(|c| c.len() < 3))
        .map(|r| format!("not three parts: {}", r.join(" | ")))
        .collect()
}

/// What a group of tables is, in the order of the page: prefix, title, against what, command.
const GROUPS: &[(&str, &str, &str, &str)] = &[
    (
        "corpus-",
        "Answers to manifests: stdout, stderr, exit code",
        "kubectl and kube-apiserver of that version",
        "cargo xtask corpus",
    ),
    (
        "live-",
        "Objects and ReplicaSets as stored, generations, names",
        "the same control planes",
        "cargo test -p rollout-tests --test live",
    ),
    (
        "decoded-",
        "Objects as decoded and defaulted alone",
        "the same control planes",
        "cargo test -p rollout-tests --test stored",
    ),
    (
        "hashes-",
        "pod-template-hash: names of running control planes",
        "that version",
        "cargo test -p rollout-tests --test hash",
    ),
    (
        "recordings",
        "Decisions of the controllers, final states, kubectl's output",
        "a 1.32.5 control plane",
        "cargo xtask recordings",
    ),
    (
        "choices-",
        "Choice of pods to delete",
        "the ranking of real ReplicaSet controllers",
        "cargo xtask recordings",
    ),
    (
        "kubectl-golden",
        "Output of kubectl",
        "kubectl 1.32.5; 1.36.1 where the name says so",
        "cargo xtask goldens",
    ),
    (
        "vector-",
        "Single rules",
        "rows of Kubernetes' own unit tests",
        "cargo xtask vectors",
    ),
];

/// The page.
pub fn page(modelled: &str, counts: &str, differences: &str) -> String {
    let mut out = String::from(
        "# Fidelity\n\nWhat is modelled, what it was compared with, and every known difference. Made by `cargo xtask fidelity`, which runs the comparisons; the parts\n\
         lie in `docs/fidelity/`. Do not edit this page: add a row to `docs/fidelity/differences.txt` or `modelled.txt` and run the command. A test fails when a\n\
         number here is not what it counts.\n\n## Compared\n\n| What | Against | Cases equal | Command |\n|---|---|---:|---|\n",
    );
    let counts: Vec<(&str, usize, usize)> = counts
        .lines()
        .filter_map(|l| {
            let mut words = l.split(' ');
            let name = words.next()?;
            Some((
                name,
                words.next()?.parse().ok()?,
                words.next()?.parse().ok()?,
            ))
        })
        .collect();
    let mut tables = String::new();
    for (prefix, title, against, command) in GROUPS {
        let group: Vec<_> = counts.iter().filter(|c| c.0.starts_with(prefix)).collect();
        let sum = group
            .iter()
            .fold((0, 0), |sum, c| (sum.0 + c.1, sum.1 + c.2));
        let of = if group.len() > 1 {
            format!(" ({} tables)", group.len())
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "| {title}{of} | {against} | {} of {} | `{command}` |",
            sum.0, sum.1
        );
        for (name, equal, all) in group {
            let _ = writeln!(tables, "| {name} | {equal} of {all} |");
        }
    }
    out.push_str("\nNative and wasm in Node give identical bytes for every recorded scenario (`cargo xtask test wasm`); `cargo xtask test chromium` asks the same of wasm in Chromium. So does any chunking of time, and going on\n\
         from a copy after every event: test `recordings`.\n\n## Modelled\n\n| Part | What | Version |\n|---|---|---|\n");
    for row in rows(modelled) {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push_str("\n## Known differences\n\n| Where | What differs | Why |\n|---|---|---|\n");
    for row in rows(differences) {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    let _ = write!(
        out,
        "\n## All tables\n\n| Table | Cases equal |\n|---|---:|\n{tables}"
    );
    out
}

/// The same page for the browser.
pub fn html(page: &str) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Fidelity – Rollout Playground</title>\n<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"stylesheet\" href=\"fidelity.css\">\n</head>\n<body>\n\
         <p><a href=\"./\">Rollout Playground</a></p>\n",
    );
    let mut block: Vec<&str> = Vec::new();
    for line in page.lines().chain([""]) {
        if line.is_empty() {
            write_block(&mut out, &std::mem::take(&mut block));
        } else {
            block.push(line);
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// A heading, a table or a paragraph of the page.
fn write_block(out: &mut String, block: &[&str]) {
    let Some(first) = block.first() else { return };
    if let Some(title) = first.strip_prefix("## ") {
        let _ = writeln!(out, "<h2>{}</h2>", inline(title));
    } else if let Some(title) = first.strip_prefix("# ") {
        let _ = writeln!(out, "<h1>{}</h1>", inline(title));
    } else if first.starts_with('|') {
        out.push_str(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n",
        );
        for (i, line) in block.iter().enumerate().filter(|(i, _)| *i != 1) {
            let cell = if i == 0 { "th" } else { "td" };
            out.push_str("<tr>");
            for part in line.trim_matches('|').split(" | ") {
                let _ = write!(out, "<{cell}>{}</{cell}>", inline(part.trim()));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table></div>\n");
    } else {
        let _ = writeln!(out, "<p>{}</p>", inline(&block.join(" ")));
    }
}

/// Text with its code parts, escaped.
fn inline(text: &str) -> String {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut out = String::new();
    for (i, part) in safe.split('`').enumerate() {
        match i % 2 {
            0 => out.push_str(part),
            _ => {
                let _ = write!(out, "<code>{part}</code>");
            }
        }
    }
    out
}
