//! The patches that a real kubectl sent: made by us from the same manifests and objects, equal to the byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::json::{from_json, to_json};
use rollout_api::patch::{apply_strategic, create_apply_patch, create_two_way};
use rollout_api::types::Schema;
use rollout_api::{Minor, Value};
use rollout_manifest::documents::objects;
use std::path::PathBuf;

struct Sent {
    what: String,
    argv: Vec<String>,
    live: Value,
    manifest: Option<Value>,
    body: Value,
    schema: Schema,
}

/// Strategic merge patches of the recordings, with the object they were sent for. In sequences, the patches that
/// succeeded are applied to the state.
fn sent() -> Vec<Sent> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/kubectl-golden");
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let golden = from_json(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let sequential = golden.bool_at("sequential");
        let mut state: Vec<Value> = golden.list_at("state.objects").to_vec();
        for case in golden.list_at("cases") {
            let argv: Vec<String> = case
                .list_at("argv")
                .iter()
                .filter_map(|v| v.as_str())
                .map(str::to_owned)
                .collect();
            for request in case.list_at("requests") {
                if request.str_at("method") != "PATCH"
                    || !request.str_at("contentType").contains("strategic")
                {
                    continue;
                }
                let path = request.str_at("path").split('?').next().unwrap();
                let mut parts = path.rsplit('/');
                let (name, plural) = (parts.next().unwrap(), parts.next().unwrap());
                let Some(at) = state.iter().position(|o| {
                    let kind = o.str_at("kind").to_lowercase();
                    o.str_at("metadata.name") == name && plural == format!("{kind}s")
                }) else {
                    continue;
                };
                let live = state[at].clone();
                let (version, kind) = (live.str_at("apiVersion"), live.str_at("kind"));
                let schema = Schema::of_object(version, kind, Minor(32)).expect(kind);
                let body = request.get("body").unwrap().clone();
                let text = case
                    .get("files")
                    .and_then(Value::as_map)
                    .and_then(|m| m.iter().next()?.1.as_str());
                let manifest = text.and_then(|text| {
                    objects(text.as_bytes(), Minor(32))
                        .filter_map(|d| d.value().cloned())
                        .find(|v| v.str_at("kind") == kind && v.str_at("metadata.name") == name)
                });
                if sequential
                    && case.int_at("exit") == Some(0)
                    && !argv.iter().any(|a| a.contains("dry-run"))
                {
                    state[at] = apply_strategic(&live, &mut body.clone(), schema).unwrap();
                }
                let what = format!(
                    "{} {}",
                    file.file_stem().unwrap().to_string_lossy(),
                    argv.join(" ")
                );
                out.push(Sent {
                    what,
                    argv: argv.clone(),
                    live,
                    manifest,
                    body,
                    schema,
                });
            }
        }
    }
    out
}

#[test]
fn apply_sends_what_kubectl_sent() {
    let mut n = 0;
    for case in sent() {
        let Some(mut manifest) = case.manifest else {
            continue;
        };
        if case.argv[0] != "apply" || case.argv.iter().any(|a| a == "--record") {
            continue;
        }
        manifest.set("metadata.namespace", "default");
        let patch = create_apply_patch(&manifest, &case.live, case.schema).unwrap();
        assert_eq!(to_json(&patch), to_json(&case.body), "{}", case.what);
        n += 1;
    }
    assert!(n >= 15, "{n} cases");
}

#[test]
fn commands_that_change_an_object_send_the_difference() {
    let mut n = 0;
    for case in sent() {
        // `apply` sends more, `patch` what the user wrote.
        if matches!(case.argv[0].as_str(), "apply" | "patch") {
            continue;
        }
        let changed = apply_strategic(&case.live, &mut case.body.clone(), case.schema).unwrap();
        let patch = create_two_way(&case.live, &changed, case.schema).unwrap();
        assert_eq!(to_json(&patch), to_json(&case.body), "{}", case.what);
        n += 1;
    }
    assert!(n >= 60, "{n} cases");
}
