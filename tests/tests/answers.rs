//! What a real control plane 1.32.5 and its client said to changed manifests: the same words, and the same spec stored.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{Minor, Value};
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_kubectl::{Io, Outcome, Output, run};

fn kubectl(engine: &mut Engine, words: &[String], io: &Io) -> Output {
    let Outcome::Done(output) = engine.act("kubectl", |c| run(words, io, c)).0 else {
        panic!("{words:?} goes on")
    };
    output
}

/// The spec of what a line like `namespace/web created` speaks of.
fn stored_spec(engine: &mut Engine, stdout: &str) -> Value {
    let name = stdout.split(' ').next().unwrap();
    let words = ["get", name, "-o", "json"].map(str::to_owned);
    let io = Io {
        version: Minor::V1_32,
        ..Io::default()
    };
    let text = kubectl(engine, &words, &io).stdout;
    from_json(&text).unwrap().get("spec").unwrap().clone()
}

fn apply(engine: &mut Engine, text: &str) -> Output {
    let io = Io {
        version: Minor::V1_32,
        files: [("f.yaml".to_owned(), text.to_owned())].into(),
        ..Io::default()
    };
    let words = ["apply", "--validate=strict", "-f", "f.yaml"].map(str::to_owned);
    let output = kubectl(engine, &words, &io);
    let _ = engine.settle();
    output
}

#[test]
fn changed_manifests() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/answers/1.32.json");
    let cases = from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_list() {
        let mut engine = Engine::new(ClusterConfig {
            version: Minor::V1_32,
            node_side: NodeSide::Nobody,
            ..ClusterConfig::default()
        });
        let mut said = apply(&mut engine, case.str_at("manifest"));
        let then = case.str_at("then");
        if !then.is_empty() {
            assert_eq!(said.exit, 0, "{}", said.stderr);
            said = apply(&mut engine, then);
        }
        // What refused manifests print before is not recorded.
        let refused = case.get("stdout").is_none();
        let stdout = case.str_at("stdout");
        let same = said.exit == i32::from(refused)
            && said.stderr == case.str_at("stderr")
            && (refused || said.stdout == stdout);
        if same && let Some(spec) = case.get("spec") {
            let stored = stored_spec(&mut engine, stdout);
            assert_eq!(&stored, spec, "{}", case.str_at("manifest"));
        }
        if !same {
            let file = if then.is_empty() {
                case.str_at("manifest")
            } else {
                then
            };
            wrong.push(format!(
                "{file}\n got {}{}\nwant {stdout}{}",
                said.stdout,
                said.stderr,
                case.str_at("stderr")
            ));
        }
    }
    assert!(cases.as_list().len() > 1000);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
