//! What a real cluster answered to 900 manifests, at two versions: texts, exit codes, stored objects, generations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::json::from_json;
use rollout_api::patch as applied;
use rollout_api::status_error::ApiError;
use rollout_api::types::Schema;
use rollout_api::{Minor, Value, kinds};
use rollout_engine::client::{PatchType, WriteOptions};
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_manifest::documents::objects;
use std::path::{Path, PathBuf};

/// Cases whose answer differs from the recorded one. May only shrink.
const EXCEPTIONS: &[&str] = &[
    // kubectl's own checks, which this test does not make yet.
    "invalid/088-only-spaces",
    "invalid/089-only-comments",
    "invalid/090-only-separators",
    "invalid/091-null-document",
    "invalid/101-empty-list-kind",
    "invalid/119-list-one-bad",
    "invalid/121-list-items-map",
    "invalid/283-labels-top-number",
    "invalid/284-labels-top-boolean",
    "invalid/285-annotations-top-number",
    "invalid/499-namespace-number",
    "invalid/501-resource-version-set",
];

fn folder() -> PathBuf {
    std::env::var_os("ROLLOUT_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("data/corpus"),
        PathBuf::from,
    )
}

fn mask(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("(0x") {
        let digits = rest[at + 3..]
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len() - at - 3);
        out.push_str(&rest[..at]);
        out.push_str("(0xX");
        rest = &rest[at + 3 + digits..];
    }
    out + rest
}

fn one(
    engine: &mut Engine,
    value: &Value,
    file: &str,
    minor: Minor,
) -> Option<(String, String, Option<ApiError>)> {
    let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
    let resource = kinds::of_object(api_version, kind, minor)?;
    let name = value.str_at("metadata.name").to_owned();
    if name.is_empty() || name.contains('/') || name == ".." {
        return None;
    }
    let given = value.str_at("metadata.namespace");
    let namespace = match (resource.namespaced, given) {
        (false, _) => String::new(),
        (true, "") => "default".to_owned(),
        (true, ns) => ns.to_owned(),
    };
    if namespace.contains('/') {
        return None;
    }
    let mut value = value.clone();
    if resource.namespaced {
        value.set("metadata.namespace", namespace.clone());
    }
    let title = format!("{}/{name}", resource.singular_group());
    let old = engine
        .act("kubectl", |c| c.get(resource.kind, &namespace, &name))
        .0;
    let (result, verb) = match old {
        Err(_) => {
            let body = applied::with_last_applied(&value);
            let r = engine
                .act("kubectl", |c| {
                    c.create(resource.kind, &namespace, body, &WriteOptions::default())
                })
                .0
                .map_err(|e| e.with_source("creating", file));
            (r, "created")
        }
        Ok(old) => match applied::create_apply_patch(
            &value,
            &old,
            Schema::of_object(api_version, kind, minor)?,
        ) {
            Ok(patch) if patch.is_empty() => {
                return Some((format!("{title} unchanged\n"), String::new(), None));
            }
            Ok(patch) => (
                engine
                    .act("kubectl", |c| {
                        c.patch(
                            resource.kind,
                            &namespace,
                            &name,
                            PatchType::Strategic,
                            &patch,
                            &WriteOptions::default(),
                        )
                    })
                    .0,
                "configured",
            ),
            Err(_) => return None,
        },
    };
    Some(match result {
        Ok(w) => {
            let warnings = w
                .warnings
                .iter()
                .map(|w| format!("Warning: {w}\n"))
                .collect();
            (format!("{title} {verb}\n"), warnings, None)
        }
        Err(e) => (String::new(), e.kubectl_text(), Some(e)),
    })
}

fn check(minor: Minor) {
    let text = std::fs::read_to_string(folder().join(format!("recorded-{minor}.json"))).unwrap();
    let recorded = from_json(&text).unwrap();
    let (mut wrong, mut seen, mut skipped) = (Vec::new(), 0, 0);
    for case in recorded.list_at("cases") {
        let id = case.str_at("id");
        let config = ClusterConfig {
            version: minor,
            node_side: NodeSide::Nobody,
            ..ClusterConfig::default()
        };
        let mut engine = Engine::new(config);
        'runs: for run in case.list_at("runs") {
            let file = run.str_at("file");
            let base = file.rsplit('/').next().unwrap();
            let bytes = std::fs::read(folder().join(file)).unwrap();
            let (mut stdout, mut stderr) = (String::new(), String::new());
            for document in objects(&bytes, minor) {
                let Ok(content) = document.content else {
                    skipped += 1;
                    break 'runs;
                };
                let list: Vec<Value> = if content.value.str_at("kind") == "List" {
                    content.value.list_at("items").to_vec()
                } else {
                    vec![content.value.clone()]
                };
                for value in list {
                    let Some((out, err, _)) = one(&mut engine, &value, base, minor) else {
                        skipped += 1;
                        break 'runs;
                    };
                    stdout += &out;
                    stderr += &err;
                }
            }
            seen += 1;
            let (want_out, want_err) = (run.str_at("stdout"), run.str_at("stderr"));
            if (mask(&stdout), mask(&stderr)) != (mask(want_out), mask(want_err))
                && !EXCEPTIONS.contains(&id)
            {
                wrong.push(format!(
                    "{file}\n got {stdout}{stderr}\nwant {want_out}{want_err}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} wrong ({skipped} skipped):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn as_1_32_answers() {
    check(Minor(32));
}

#[test]
fn as_1_36_answers() {
    check(Minor(36));
}
