//! The editor's faults against what a real cluster answered: nothing where it accepted, the same words where it refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::json::from_json;
use rollout_api::{Minor, Value};
use rollout_manifest::check::check;
use rollout_manifest::diagnostic::Severity;
use std::path::{Path, PathBuf};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(path)
}

/// Refusals that no single text shows: about the namespace or the name on the way to the server, or kubectl's own.
const ELSEWHERE: &[&str] = &[
    "495-namespace-missing",
    "497-namespace-slash",
    "384-name-in-spec",
    "383-generate-name",
    "471-name-slash",
    "477-name-dot-dot",
    "119-list-one-bad",
    "088-only-spaces",
    "089-only-comments",
    "090-only-separators",
    "091-null-document",
    "101-empty-list-kind",
    "130-api-apps-slash",
];

fn compare(minor: u8) {
    let recorded =
        std::fs::read_to_string(data(&format!("corpus/recorded-1.{minor}.json"))).unwrap();
    let recorded = from_json(&recorded).unwrap();
    let mut wrong = Vec::new();
    let (mut accepted, mut refused, mut causes) = (0, 0, 0);
    for case in recorded.list_at("cases") {
        let id = case.str_at("id");
        let runs = case.list_at("runs");
        if runs.len() != 1 || ELSEWHERE.iter().any(|e| id.ends_with(e)) {
            continue;
        }
        let run = &runs[0];
        let path = data("corpus").join(run.str_at("file"));
        let Ok(text) = std::fs::read_to_string(&path)
            .or_else(|_| std::fs::read_to_string(path.with_extension("yaml")))
        else {
            continue;
        };
        let found = check(&text, Minor(minor));
        let errors: Vec<_> = found
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .collect();
        let stderr = run.str_at("stderr");
        if run.int_at("exit") == Some(0) {
            accepted += 1;
            if !errors.is_empty() {
                wrong.push(format!("{id} is accepted, but: {errors:?}"));
            }
            continue;
        }
        refused += 1;
        if errors.is_empty() {
            wrong.push(format!("{id} is refused, but nothing is found: {stderr}"));
        }
        // Every cause of an Invalid error, with its field.
        let list = stderr.lines().filter_map(|l| l.strip_prefix("* "));
        let single = stderr
            .lines()
            .filter(|l| l.starts_with("The "))
            .filter_map(|l| l.split_once("\" is invalid: "));
        for cause in list.chain(single.map(|(_, c)| c)).filter(|c| !c.is_empty()) {
            causes += 1;
            let known = |d: &&rollout_manifest::diagnostic::Diagnostic| {
                cause == format!("{}: {}", d.field, d.message) && d.span.end > d.span.start
            };
            if !cause.contains("(0x") && !errors.iter().any(known) {
                wrong.push(format!("{id}: no place for {cause}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        accepted > 250 && refused > 450 && causes > 250,
        "{accepted} {refused} {causes}"
    );
}

#[test]
fn the_corpus_of_1_32() {
    compare(32);
}

#[test]
fn the_corpus_of_1_36() {
    compare(36);
}

#[test]
fn refused_snippets_are_marked_on_their_lines() {
    let base = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  minReadySeconds: 5\n  selector:\n    matchLabels:\n      app: web\n  strategy:\n    type: RollingUpdate\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n      - name: web\n        image: nginx\n";
    let lines = |text: &str| -> Vec<(usize, String)> {
        check(text, Minor(32))
            .iter()
            .map(|d| (d.line, d.field.clone()))
            .collect()
    };
    assert_eq!(lines(base), []);
    for (from, to, line, field) in [
        (
            "        app: web",
            "        app: api",
            14,
            "spec.template.metadata.labels",
        ),
        (
            "    type: RollingUpdate",
            "    type: Recreate\n    rollingUpdate:\n      maxSurge: 1",
            12,
            "spec.strategy.rollingUpdate",
        ),
        (
            "    type: RollingUpdate",
            "    rollingUpdate:\n      maxSurge: 0\n      maxUnavailable: 0",
            13,
            "spec.strategy.rollingUpdate.maxUnavailable",
        ),
        (
            "  minReadySeconds: 5",
            "  minReadySeconds: 50\n  progressDeadlineSeconds: 50",
            7,
            "spec.progressDeadlineSeconds",
        ),
        (
            "    spec:\n",
            "    spec:\n      strategy: {type: Recreate}\n",
            17,
            "spec.template.spec.strategy",
        ),
        ("apps/v1", "apps/v1beta1", 1, "apiVersion"),
        (
            "    spec:\n",
            "    spec:\n      restartPolicy: Never\n",
            17,
            "spec.template.spec.restartPolicy",
        ),
        (
            "        image: nginx\n",
            "        image: nginx\n        securityContext:\n          fsGroup: 1\n",
            21,
            "spec.template.spec.containers[0].securityContext.fsGroup",
        ),
    ] {
        let text = base.replacen(from, to, 1);
        assert_eq!(lines(&text), [(line, field.to_owned())], "{text}");
    }
}

#[test]
fn what_is_meant_is_suggested() {
    let text =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replica: 3\n";
    let found = check(text, Minor(32));
    let unknown = found.iter().find(|d| d.code == "unknown-field").unwrap();
    assert_eq!(
        (unknown.line, unknown.suggestion.as_deref()),
        (5, Some("replicas"))
    );
    assert!(!Value::from(unknown.message.clone()).is_null());
}
