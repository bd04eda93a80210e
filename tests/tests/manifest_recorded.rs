//! YAML in and out against recordings: what kubectl said of 900 manifests' syntax, and every object it printed as YAML.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::json::from_json;
use rollout_api::{Minor, Value};
use rollout_manifest::documents::{documents, objects};
use rollout_manifest::emit::to_yaml;
use std::path::{Path, PathBuf};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(path)
}

/// The file of a run; its name may lack the extension.
fn manifest(file: &str) -> Vec<u8> {
    let path = data("corpus").join(file);
    std::fs::read(&path)
        .or_else(|_| std::fs::read(format!("{}.yaml", path.display())))
        .expect(file)
}

fn parses_as_recorded(minor: u8) {
    let recorded =
        std::fs::read_to_string(data(&format!("corpus/recorded-1.{minor}.json"))).unwrap();
    let recorded = from_json(&recorded).unwrap();
    let (mut seen, mut refused) = (0, 0);
    for case in recorded.list_at("cases") {
        for run in case.list_at("runs") {
            let file = run.str_at("file");
            let name = run.list_at("argv").last().and_then(Value::as_str).unwrap();
            let prefix = format!("error: error parsing {name}: ");
            let want = run
                .str_at("stderr")
                .lines()
                .find_map(|l| l.strip_prefix(&prefix));
            let got = objects(&manifest(file), Minor(minor)).find_map(|d| d.content.err());
            assert_eq!(got.as_ref().map(|e| &*e.message), want, "{file}");
            seen += 1;
            refused += usize::from(want.is_some());
        }
    }
    assert!(seen > 900 && refused > 40, "{seen} {refused}");
}

#[test]
fn syntax_errors_of_1_32() {
    parses_as_recorded(32);
}

#[test]
fn syntax_errors_of_1_36() {
    parses_as_recorded(36);
}

#[test]
fn yaml_that_kubectl_printed_is_printed_again() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(data("kubectl-golden"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let mut seen = 0;
    for file in files {
        let golden = from_json(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for case in golden.list_at("cases") {
            let yaml = |v: &Value| {
                v.as_str()
                    .is_some_and(|a| a == "yaml" || a == "-oyaml" || a.ends_with("=yaml"))
            };
            let stdout = case.str_at("stdout");
            if stdout.is_empty() || !case.list_at("argv").iter().any(yaml) {
                continue;
            }
            let printed: Vec<String> = documents(stdout.as_bytes(), Minor(32))
                .iter()
                .map(|d| to_yaml(d.value().expect(stdout)))
                .collect();
            assert_eq!(printed.join("---\n"), stdout, "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}
