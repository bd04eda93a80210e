//! What the recorded servers (and kubectl itself) said about objects that do not decode.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{Minor, Value, decode, kinds};
use rollout_manifest::documents::objects;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/corpus")
}

/// The refusal of an object that does not decode, as kubectl prints it.
fn refusal(value: &Value, file: &str, minor: Minor) -> Option<String> {
    if let Some(p) = decode::check_metadata(value, minor) {
        return Some(format!("error: unable to decode \"{file}\": {}", p.text));
    }
    let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
    let resource = kinds::of_object(api_version, kind, minor)?;
    let decoded = decode::decode(value, api_version, kind, minor)?;
    let why = match decoded.error {
        Some(p) => p.text,
        None if decoded.unknown.is_empty() => return None,
        None => {
            let all: Vec<_> = decoded.unknown.iter().map(|p| p.text.as_str()).collect();
            format!("strict decoding error: {}", all.join(", "))
        }
    };
    let version = api_version.rsplit('/').next().unwrap();
    let kind = resource.kind.0;
    Some(format!(
        "Error from server (BadRequest): error when creating \"{file}\": {kind} in version \"{version}\" cannot be handled as a {kind}: {why}"
    ))
}

fn check(minor: Minor) {
    let text = std::fs::read_to_string(folder().join(format!("recorded-{minor}.json"))).unwrap();
    let recorded = from_json(&text).unwrap();
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for case in recorded.list_at("cases") {
        let run = &case.list_at("runs")[0];
        let (id, file, said) = (case.str_at("id"), run.str_at("file"), run.str_at("stderr"));
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        let about_decoding = |line: &&str| {
            line.contains("cannot be handled as a") || line.contains("unable to decode")
        };
        let mut ours = Vec::new();
        for document in objects(&bytes, minor) {
            let Ok(content) = document.content else { break };
            // kubectl stops earlier at what has no kind, is a list, or (when it asks for the object first) has no name.
            let value = &content.value;
            let typed = !value.str_at("apiVersion").is_empty() && !value.str_at("kind").is_empty();
            let nameless = value
                .at("metadata")
                .is_some_and(|m| m.as_map().is_some() && m.get("name").is_none());
            if typed && !nameless && !value.str_at("kind").ends_with("List") {
                ours.extend(refusal(&content.value, name, minor));
            }
        }
        let theirs: Vec<_> = said.lines().filter(about_decoding).collect();
        refused += theirs.len();
        if ours != theirs {
            wrong.push(format!("{id}\n got {ours:?}\nwant {theirs:?}\nsaid {said}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(refused > 100, "{refused}");
}

#[test]
fn as_1_32_says_it() {
    check(Minor(32));
}

#[test]
fn as_1_36_says_it() {
    check(Minor(36));
}
