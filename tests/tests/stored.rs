//! Objects as a real API server stored them: decoding and defaults of every created object of the corpus.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{Minor, Value, decode, defaults, kinds};
use rollout_manifest::documents::objects;
use rollout_tests::counts::counted;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/corpus")
}

/// The objects of a file, lists taken apart.
fn sent(file: &str, minor: Minor) -> Vec<Value> {
    let bytes = std::fs::read(folder().join(file)).unwrap();
    let mut all = Vec::new();
    for document in objects(&bytes, minor) {
        let Ok(content) = document.content else { break };
        if content.value.str_at("kind").ends_with("List") {
            all.extend(content.value.list_at("items").iter().cloned());
        } else {
            all.push(content.value);
        }
    }
    all
}

/// Without what a running server adds: addresses, times, what kubectl and controllers write.
fn masked(mut object: Value) -> Value {
    object.remove("status");
    for path in [
        "metadata.creationTimestamp",
        "metadata.generation",
        // kubectl does not send it when it creates.
        "metadata.resourceVersion",
        "spec.clusterIP",
        "spec.clusterIPs",
    ] {
        object.remove(path);
    }
    if let Some(annotations) = object.at_mut("metadata.annotations") {
        annotations.map_mut().retain(|k, _| {
            k != "kubectl.kubernetes.io/last-applied-configuration"
                && k != "deployment.kubernetes.io/revision"
        });
    }
    if object
        .at("metadata.annotations")
        .is_some_and(Value::is_empty)
    {
        object.remove("metadata.annotations");
    }
    // A server chooses node ports; a Job's selector is made of its uid.
    if object.str_at("kind") == "Service"
        && let Some(ports) = object.at_mut("spec.ports")
    {
        for port in ports.list_mut() {
            port.map_mut().remove("nodePort");
        }
    }
    if object.str_at("kind") == "Job" {
        object.remove("spec.selector");
        if let Some(labels) = object.at_mut("spec.template.metadata.labels") {
            labels
                .map_mut()
                .retain(|k, _| !k.ends_with("controller-uid") && !k.ends_with("job-name"));
        }
        if object
            .at("spec.template.metadata.labels")
            .is_some_and(Value::is_empty)
        {
            object.remove("spec.template.metadata.labels");
        }
    }
    object
}

fn stored(value: &Value, minor: Minor) -> Result<Value, String> {
    // As `kubectl apply` sends it.
    let value = &rollout_api::patch::without_nulls(value);
    let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
    let resource = kinds::of_object(api_version, kind, minor).ok_or("no resource")?;
    let decoded = decode::decode(value, api_version, kind, minor).ok_or("no type")?;
    if let Some(p) = decoded.error.iter().chain(&decoded.unknown).next() {
        return Err(p.text.clone());
    }
    let mut object = decoded.value;
    if resource.namespaced && object.str_at("metadata.namespace").is_empty() {
        object.set("metadata.namespace", "default");
    }
    defaults::complete(&mut object, resource, minor);
    if kind == "Pod" {
        defaults::admit_pod(&mut object);
    }
    Ok(object)
}

fn check(minor: Minor) {
    let text = std::fs::read_to_string(folder().join(format!("recorded-{minor}.json"))).unwrap();
    let recorded = from_json(&text).unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for case in recorded.list_at("cases") {
        let run = &case.list_at("runs")[0];
        let live: BTreeMap<_, _> = run
            .list_at("live")
            .iter()
            .map(|o| {
                (
                    (
                        o.str_at("kind"),
                        o.str_at("metadata.namespace"),
                        o.str_at("metadata.name"),
                    ),
                    o,
                )
            })
            .collect();
        for value in sent(run.str_at("file"), minor) {
            let (kind, name) = (value.str_at("kind"), value.str_at("metadata.name"));
            let Some((_, want)) = live.iter().find(|((k, _, n), _)| *k == kind && *n == name)
            else {
                continue;
            };
            // A file may create an object and then change it.
            if run.str_at("stdout").contains("configured") {
                continue;
            }
            seen += 1;
            let id = case.str_at("id");
            let want = masked((*want).clone());
            match stored(&value, minor).map(masked) {
                Ok(got) if got == want => {}
                Ok(got) => wrong.push(format!("{id}: {kind} {name}\n got {got:?}\nwant {want:?}")),
                Err(e) => wrong.push(format!("{id}: {kind} {name}: {e}")),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    counted(&format!("decoded-{minor}"), seen, seen);
    assert!(seen > 350, "{seen}");
}

#[test]
fn as_1_32_stores_it() {
    check(Minor(32));
}

#[test]
fn as_1_36_stores_it() {
    check(Minor(36));
}
