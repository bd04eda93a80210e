//! The corpus through the engine: what is stored after each file, generations, and the ReplicaSets that come of it.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::patch::{create_apply_patch, with_last_applied, without_nulls};
use rollout_api::types::Schema;
use rollout_api::{Kind, Minor, Value, kinds, object};
use rollout_engine::client::{PatchType, WriteOptions};
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_manifest::documents::objects;
use rollout_tests::counts::counted;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/corpus")
}

/// Without what a running server chooses: addresses, times, uids.
fn masked(mut object: Value) -> Value {
    object.remove("status");
    for path in [
        "metadata.creationTimestamp",
        "metadata.resourceVersion",
        "metadata.uid",
        "spec.clusterIP",
        "spec.clusterIPs",
    ] {
        object.remove(path);
    }
    // The recorder's server had no service accounts.
    if object.str_at("kind") == "Pod" {
        for path in [
            "spec.volumes",
            "spec.serviceAccount",
            "spec.serviceAccountName",
        ] {
            object.remove(path);
        }
        for container in object.at_mut("spec.containers").unwrap().list_mut() {
            container.remove("volumeMounts");
        }
    }
    if object.str_at("kind") == "Service"
        && let Some(ports) = object.at_mut("spec.ports")
    {
        for port in ports.list_mut() {
            port.map_mut().remove("nodePort");
        }
    }
    object
}

/// The objects of a file, lists taken apart; it ends where kubectl stops.
fn sent(file: &str, minor: Minor) -> Vec<Value> {
    let bytes = std::fs::read(folder().join(file)).unwrap();
    let mut all = Vec::new();
    for document in objects(&bytes, minor) {
        let Ok(content) = document.content else { break };
        if content.value.str_at("kind").ends_with("List") {
            // What a typed list leaves out of its items, its own kind says.
            let kind = content
                .value
                .str_at("kind")
                .trim_end_matches("List")
                .to_owned();
            let api_version = content.value.at("apiVersion").cloned().unwrap_or_default();
            for mut item in content.value.list_at("items").iter().cloned() {
                if !kind.is_empty() {
                    item.set("kind", kind.clone());
                    item.set("apiVersion", api_version.clone());
                }
                all.push(item);
            }
        } else {
            all.push(content.value);
        }
    }
    all
}

/// What `kubectl apply` asks for, without its texts.
fn apply(engine: &mut Engine, mut value: Value, minor: Minor) -> Option<String> {
    let (api_version, kind) = (
        value.str_at("apiVersion").to_owned(),
        value.str_at("kind").to_owned(),
    );
    let resource = kinds::of_object(&api_version, &kind, minor)?;
    let name = value.str_at("metadata.name").to_owned();
    let namespace = match (resource.namespaced, value.str_at("metadata.namespace")) {
        (false, _) => String::new(),
        (true, "") => "default".to_owned(),
        (true, given) => given.to_owned(),
    };
    if resource.namespaced {
        value.set("metadata.namespace", namespace.clone());
    }
    let kind = resource.kind;
    let options = WriteOptions::default();
    let (result, _) = engine.act("kubectl", |c| match c.get(kind, &namespace, &name) {
        Err(_) => {
            let mut body = without_nulls(&with_last_applied(&value));
            body.remove("metadata.resourceVersion");
            c.create(kind, &namespace, body, &options).err()
        }
        Ok(old) => {
            let schema = Schema::of_object(&api_version, kind.0, minor)?;
            let patch = create_apply_patch(&value, &old, schema).ok()?;
            if patch.is_empty() {
                return None;
            }
            c.patch(
                kind,
                &namespace,
                &name,
                PatchType::Strategic,
                &patch,
                &options,
            )
            .err()
        }
    });
    result.map(|e| e.to_string())
}

fn check(minor: Minor) {
    let text = std::fs::read_to_string(folder().join(format!("recorded-{minor}.json"))).unwrap();
    let recorded = from_json(&text).unwrap();
    let (mut wrong, mut seen, mut sets) = (Vec::new(), 0, 0);
    for case in recorded.list_at("cases") {
        if !case.list_at("runs").iter().any(|r| r.get("live").is_some()) {
            continue;
        }
        let config = ClusterConfig {
            version: minor,
            node_side: NodeSide::Nobody,
            ..ClusterConfig::default()
        };
        let mut engine = Engine::new(config);
        if case.bool_at("quota") {
            let quota = object! {
                "apiVersion" => "v1", "kind" => "ResourceQuota",
                "metadata" => object! { "name" => "corpus" }, "spec" => object! { "hard" => object! { "pods" => "5" } },
            };
            let options = WriteOptions::default();
            engine
                .act("test", |c| {
                    c.create(Kind::RESOURCE_QUOTA, "default", quota, &options)
                })
                .0
                .unwrap();
        }
        for run in case.list_at("runs") {
            let file = run.str_at("file");
            let mut refused = Vec::new();
            for value in sent(file, minor) {
                refused.extend(apply(&mut engine, value, minor));
                engine.settle();
            }
            for want in run.list_at("live") {
                seen += 1;
                let (kind, name) = (want.str_at("kind"), want.str_at("metadata.name"));
                let kind = kinds::of_kind_name(kind).unwrap().kind;
                let namespace = want.str_at("metadata.namespace");
                let got = engine.act("test", |c| c.get(kind, namespace, name)).0;
                let want = masked(want.clone());
                match got.map(masked) {
                    Ok(got) if got == want => {}
                    got => wrong.push(format!(
                        "{file}: {} {name}\n got {got:?}\nwant {want:?}\n{refused:?}",
                        kind.0
                    )),
                }
            }
            for (deployment, want) in run
                .get("replicaSets")
                .and_then(Value::as_map)
                .into_iter()
                .flat_map(|m| m.iter())
            {
                let mut got: Vec<Value> = Vec::new();
                for set in engine.list(Kind::REPLICA_SET) {
                    if set
                        .meta
                        .controller
                        .as_ref()
                        .is_none_or(|c| c.name != *deployment)
                    {
                        continue;
                    }
                    let v = &set.value;
                    let mut o = object! {
                        "name" => &set.meta.name,
                        "hash" => v.at("metadata.labels").and_then(|l| l.get("pod-template-hash")).cloned().unwrap_or_default(),
                        "replicas" => v.at("spec.replicas").cloned().unwrap_or_default(),
                        "annotations" => set.meta.annotations.clone(),
                        "labels" => set.meta.labels.clone(),
                        "selector" => v.at("spec.selector").cloned().unwrap_or_default(),
                    };
                    let template = want
                        .as_list()
                        .iter()
                        .find(|w| *w.str_at("name") == *set.meta.name);
                    if template.is_some_and(|t| t.get("template").is_some()) {
                        o.set(
                            "template",
                            v.at("spec.template").cloned().unwrap_or_default(),
                        );
                    }
                    got.push(o);
                }
                let mut want = want.as_list().to_vec();
                let by_name = |v: &Value| v.str_at("name").to_owned();
                got.sort_by_key(by_name);
                want.sort_by_key(by_name);
                sets += want.len();
                if got != want {
                    wrong.push(format!("{file}: ReplicaSets of {deployment}\n got {got:?}\nwant {want:?}\n{refused:?}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} and {sets} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    counted(&format!("live-{minor}-objects"), seen, seen);
    counted(&format!("live-{minor}-replicasets"), sets, sets);
    assert!(seen > 370 && sets > 350, "{seen} {sets}");
}

#[test]
fn as_1_32_stores_it() {
    check(Minor(32));
}

#[test]
fn as_1_36_stores_it() {
    check(Minor(36));
}
