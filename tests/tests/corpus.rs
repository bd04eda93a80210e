//! What a real cluster answered to 900 manifests, at two versions: texts and exit codes. Another directory: ROLLOUT_CORPUS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::Minor;
use rollout_api::json::from_json;
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_kubectl::{Io, Outcome, Output, run};
use rollout_manifest::resources;
use rollout_tests::counts::counted;
use std::path::{Path, PathBuf};

/// Cases whose answer differs from the recorded one. May only shrink.
const EXCEPTIONS: &[&str] = &[];

fn folder() -> PathBuf {
    std::env::var_os("ROLLOUT_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("data/corpus"),
        PathBuf::from,
    )
}

/// Addresses in Go's notation of structures differ from run to run.
fn mask(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("(0x") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        out.push('X');
        rest = tail.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    out + rest
}

/// `kubectl apply -f FILE`.
fn apply(engine: &mut Engine, bytes: &[u8], file: &str, minor: Minor) -> Output {
    let Ok(text) = String::from_utf8(bytes.to_vec()) else {
        // A terminal's files are texts; what is none is read by the same function.
        let read = resources::read(bytes, file, true, minor, minor);
        assert!(read.objects.is_empty());
        return Output {
            stdout: String::new(),
            stderr: format!("error: {}\n", read.error().unwrap_or_default()),
            exit: 1,
        };
    };
    let io = Io {
        files: [(file.to_owned(), text)].into(),
        version: minor,
        ..Io::default()
    };
    let words = ["apply", "-f", file].map(str::to_owned);
    match engine.act("kubectl", |c| run(&words, &io, c)).0 {
        Outcome::Done(output) => output,
        _ => panic!("{file}: apply goes on"),
    }
}

fn check(minor: Minor) {
    let text = std::fs::read_to_string(folder().join(format!("recorded-{minor}.json"))).unwrap();
    let recorded = from_json(&text).unwrap();
    let (mut wrong, mut seen, mut equal) = (Vec::new(), 0, 0);
    for case in recorded.list_at("cases") {
        let id = case.str_at("id");
        let config = ClusterConfig {
            version: minor,
            node_side: NodeSide::Nobody,
            ..ClusterConfig::default()
        };
        let mut engine = Engine::new(config);
        for run in case.list_at("runs") {
            let file = run.str_at("file");
            let bytes = std::fs::read(folder().join(file)).unwrap();
            let said = apply(&mut engine, &bytes, file.rsplit('/').next().unwrap(), minor);
            seen += 1;
            let (stdout, stderr) = (run.str_at("stdout"), run.str_at("stderr"));
            let got = (
                mask(&said.stdout),
                mask(&said.stderr),
                Some(i64::from(said.exit)),
            );
            let want = (mask(stdout), mask(stderr), run.int_at("exit"));
            equal += usize::from(got == want);
            if got != want && !EXCEPTIONS.contains(&id) {
                let got = said.stdout + &said.stderr;
                wrong.push(format!("{file}\n got {got}\nwant {stdout}{stderr}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    counted(&format!("corpus-{minor}"), equal, seen);
}

#[test]
fn as_1_32_answers() {
    check(Minor(32));
}

#[test]
fn as_1_36_answers() {
    check(Minor(36));
}
