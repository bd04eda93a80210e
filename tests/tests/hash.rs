//! The template hash and the stored template against real clusters, from the manifest's text on.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{Minor, Value, decode, defaults, hash, kinds};
use rollout_tests::counts::counted;
use std::path::Path;

fn data(file: &str) -> Value {
    let path = match file.strip_prefix("vectors/") {
        Some(table) => rollout_tests::vectors::directory().join(table),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("data")
            .join(file),
    };
    if file.starts_with("vectors/") && !path.exists() {
        return Value::list(Vec::new()); // another directory need not have every table
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    from_json(&text).unwrap()
}

/// The stored template of a manifest's first Deployment.
fn stored_template(manifest: &str, minor: Minor) -> Result<Value, String> {
    let mut values = Vec::new();
    for document in rollout_manifest::documents::objects(manifest.as_bytes(), minor) {
        let value = document.content.map_err(|e| e.message)?.value;
        values.extend(value.list_at("items").iter().cloned());
        values.push(value);
    }
    let is_deployment = |v: &&Value| v.get("kind").is_none() || v.str_at("kind") == "Deployment";
    let value = values.iter().find(is_deployment).ok_or("no Deployment")?;
    let resource = kinds::of_object("apps/v1", "Deployment", Minor(32)).ok_or("no resource")?;
    let decoded = decode::decode(value, "apps/v1", "Deployment", minor).ok_or("no type")?;
    if let Some(error) = decoded.error {
        return Err(error.text);
    }
    let mut object = decoded.value;
    defaults::complete(&mut object, resource, minor);
    object
        .at("spec.template")
        .cloned()
        .ok_or_else(|| "no template".to_owned())
}

fn minor_of(case: &Value) -> Minor {
    Minor::parse(case.str_at("version")).unwrap()
}

#[test]
fn vectors() {
    let mut wrong = Vec::new();
    let mut tables = Vec::new();
    let mut seen = 0;
    for file in [
        "vectors/pod-template-hash.json",
        "vectors/pod-template-hash-generated.json",
    ] {
        let name = file
            .trim_start_matches("vectors/")
            .trim_end_matches(".json");
        tables.push((name, data(file).as_list().len()));
        for case in data(file).as_list() {
            seen += 1;
            let minor = minor_of(case);
            let count = case
                .int_at("collisionCount")
                .map(|c| i32::try_from(c).unwrap());
            let template = match stored_template(case.str_at("manifest"), minor) {
                Ok(template) => template,
                Err(e) => {
                    wrong.push(format!("{}: {e}", case.str_at("source")));
                    continue;
                }
            };
            let got = hash::pod_template_hash(&template, minor, count);
            if got != *case.str_at("hash") {
                let dump = hash::pod_template_dump(&template, minor);
                wrong.push(format!(
                    "{minor} {}: {got}, want {}\n{dump}",
                    case.str_at("source"),
                    case.str_at("hash")
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let whole = std::env::var_os("ROLLOUT_VECTORS").is_none();
    assert!(seen >= 87 || !whole, "{seen}");
    println!("pod-template-hash: {seen} of {seen} cases");
    for (name, seen) in tables {
        counted(&format!("vector-{name}"), seen, seen);
    }
}

fn recorded(file: &str, least: usize) {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for case in data(file).as_list() {
        if case.get("error").is_some() {
            continue;
        }
        seen += 1;
        let minor = minor_of(case);
        let name = case.str_at("name");
        match stored_template(case.str_at("manifest"), minor) {
            Err(e) => wrong.push(format!("{name}: {e}")),
            Ok(template) => {
                if Some(&template) != case.get("live") {
                    wrong.push(format!(
                        "{name}: stored\n{template:?}\n{:?}",
                        case.get("live")
                    ));
                }
                let count = case
                    .int_at("collisionCount")
                    .map(|c| i32::try_from(c).unwrap());
                let got = hash::pod_template_hash(&template, minor, count);
                if got != *case.str_at("hash") {
                    let dump = hash::pod_template_dump(&template, minor);
                    wrong.push(format!(
                        "{name}: {got}, want {}\n{dump}",
                        case.str_at("hash")
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let name = file.trim_end_matches(".json").replace('/', "-");
    counted(&name, seen, seen);
    assert!(seen >= least, "{seen}");
}

#[test]
fn names_of_a_1_32_cluster() {
    recorded("hashes/1.32.json", 361);
}

#[test]
fn names_of_a_1_36_cluster() {
    recorded("hashes/1.36.json", 350);
}

#[test]
fn case_a() {
    let manifest = "spec:\n  template:\n    metadata:\n      labels: {app: recreate}\n    spec:\n      containers:\n      - name: nginx\n        image: nginx\n        ports: [{containerPort: 80}]\n";
    for (minor, want) in [
        (31, "66476fff9"),
        (32, "687df9bcb7"),
        (33, "687df9bcb7"),
        (34, "68879fd854"),
        (35, "cf7b7d955"),
        (36, "96f6bfbc6"),
    ] {
        let template = stored_template(manifest, Minor(minor)).unwrap();
        assert_eq!(hash::pod_template_hash(&template, Minor(minor), None), want);
    }
    let template = stored_template(manifest, Minor(32)).unwrap();
    assert_eq!(hash::pod_template_dump(&template, Minor(32)).len(), 3409);
    assert_eq!(
        hash::pod_template_hash(&template, Minor(32), Some(1)),
        "64b6df9574"
    );
    assert_eq!(
        hash::pod_template_hash(&template, Minor(32), Some(0)),
        "7b6f99c9b7"
    );
}
