//! What a real control plane 1.32.5 and its client said to changed manifests that they refused: the same words.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::Minor;
use rollout_api::json::from_json;
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_kubectl::{Io, Outcome, Output, run};

fn apply(engine: &mut Engine, text: &str) -> Output {
    let io = Io {
        version: Minor::V1_32,
        files: [("f.yaml".to_owned(), text.to_owned())].into(),
        ..Io::default()
    };
    let words = ["apply", "--validate=strict", "-f", "f.yaml"].map(str::to_owned);
    let Outcome::Done(output) = engine.act("kubectl", |c| run(&words, &io, c)).0 else {
        panic!("apply goes on")
    };
    let _ = engine.settle();
    output
}

#[test]
fn refused_manifests() {
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
        if (said.exit, said.stderr.as_str()) != (1, case.str_at("stderr")) {
            let file = if then.is_empty() {
                case.str_at("manifest")
            } else {
                then
            };
            wrong.push(format!(
                "{file}\n got {}\nwant {}",
                said.stderr,
                case.str_at("stderr")
            ));
        }
    }
    assert!(cases.as_list().len() > 800);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
