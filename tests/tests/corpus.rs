//! What a real cluster answered to 900 manifests, at two versions: texts and exit codes. Another directory: ROLLOUT_CORPUS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::gofmt::quote;
use rollout_api::json::from_json;
use rollout_api::status_error::ApiError;
use rollout_api::types::Schema;
use rollout_api::{Minor, patch};
use rollout_engine::client::{PatchType, WriteOptions};
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_manifest::resources::{self, Sent};
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

/// What a run of kubectl said.
#[derive(Default)]
struct Said {
    stdout: String,
    stderr: String,
    errors: Vec<String>,
}

/// `kubectl apply -f FILE`, as far as these files need it.
fn apply(engine: &mut Engine, bytes: &[u8], file: &str, minor: Minor) -> Said {
    let mut said = Said::default();
    let read = resources::read(bytes, file, true, minor, minor);
    said.errors
        .extend(read.error.map(|e| format!("error: {e}\n")));
    if read.objects.is_empty() && said.errors.is_empty() {
        said.errors
            .push("error: no objects passed to apply\n".to_owned());
    }
    for sent in read.objects {
        apply_one(engine, sent, file, minor, &mut said);
    }
    said.stderr += &said.errors.concat();
    said
}

fn apply_one(engine: &mut Engine, sent: Sent, file: &str, minor: Minor, said: &mut Said) {
    let (resource, has_version, mut value) = (sent.resource, sent.has_version(), sent.value);
    let (api_version, kind) = (resource.api_version(minor), resource.kind);
    let name = value.str_at("metadata.name").to_owned();
    let generated = value.str_at("metadata.generateName");
    if name.is_empty() && !generated.is_empty() {
        let text = format!("error: from {generated}: cannot use generate name with apply\n");
        return said.errors.push(text);
    }
    let namespace = match (resource.namespaced, value.str_at("metadata.namespace")) {
        (false, _) => String::new(),
        (true, "") => "default".to_owned(),
        (true, namespace) => namespace.to_owned(),
    };
    if let Some(problem) = resources::url_problem(&namespace, &name) {
        return said.errors.push(format!(
            "error: error when retrieving current configuration of:\nResource: \"{api_version}, Resource={}\", GroupVersionKind: \"{api_version}, Kind={}\"\nName: {}, Namespace: {}\nfrom server for: {}: {problem}\n",
            resource.plural, kind.0, quote(&name), quote(&namespace), quote(file),
        ));
    }
    if resource.namespaced {
        value.set("metadata.namespace", namespace.clone());
    }
    let options = WriteOptions::default();
    let title = format!("{}/{name}", resource.singular_group());
    let live = engine.act("kubectl", |c| c.get(kind, &namespace, &name)).0;
    let (result, verb) = match live {
        _ if !has_version => (
            Err(ApiError::no_such_path().with_source("creating", file)),
            "created",
        ),
        Err(_) => {
            let mut body = patch::with_last_applied(&value);
            body.remove("metadata.resourceVersion");
            let done = engine
                .act("kubectl", |c| c.create(kind, &namespace, body, &options))
                .0;
            (done.map_err(|e| e.with_source("creating", file)), "created")
        }
        Ok(live) => {
            let schema = Schema::of_object(&api_version, kind.0, minor).unwrap();
            let body = patch::create_apply_patch(&value, &live, schema).unwrap();
            if body.is_empty() {
                said.stdout += &format!("{title} unchanged\n");
                return;
            }
            let strategic = PatchType::Strategic;
            let done = engine
                .act("kubectl", |c| {
                    c.patch(kind, &namespace, &name, strategic, &body, &options)
                })
                .0;
            // Also if the server finds nothing to change.
            (done, "configured")
        }
    };
    match result {
        Ok(written) => {
            for warning in written.warnings {
                said.stderr += &format!("Warning: {warning}\n");
            }
            said.stdout += &format!("{title} {verb}\n");
        }
        Err(e) => said.errors.push(e.kubectl_text()),
    }
}

fn check(minor: Minor) {
    let text = std::fs::read_to_string(folder().join(format!("recorded-{minor}.json"))).unwrap();
    let recorded = from_json(&text).unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
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
            let exit = i64::from(!said.errors.is_empty());
            let (stdout, stderr) = (run.str_at("stdout"), run.str_at("stderr"));
            let got = (mask(&said.stdout), mask(&said.stderr), Some(exit));
            let want = (mask(stdout), mask(stderr), run.int_at("exit"));
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
}

#[test]
fn as_1_32_answers() {
    check(Minor(32));
}

#[test]
fn as_1_36_answers() {
    check(Minor(36));
}
