//! Whatever a manifest says, the API server answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use proptest::prelude::*;
use rollout_api::{Kind, Minor, Value, json, kinds, object};
use rollout_engine::client::WriteOptions;
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use std::path::Path;

/// Values that do not belong where they are put.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Bool(true)),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(-1)),
        Just(Value::from(0)),
        Just(Value::from("")),
        Just(Value::from("None")),
        Just(Value::from("9999999999999999999999Ei")),
        Just(Value::from("-7Gi")),
        Just(Value::from("é\u{0}\"\\ß/../..")),
        Just(Value::from("a".repeat(300))),
        Just(Value::object()),
        Just(Value::list(Vec::new())),
        Just(Value::list(vec![
            Value::Null,
            Value::object(),
            Value::from("x")
        ])),
        Just(object! { "" => "", "a/b/c" => "x y", "cpu" => "1" }),
    ]
}

/// Puts `odd` at the `n`th place of the tree, counted in depth.
fn replace(value: &mut Value, n: &mut usize, odd: &Value) {
    if *n == 0 {
        *value = odd.clone();
        *n = usize::MAX;
        return;
    }
    *n = n.wrapping_sub(1);
    match value {
        Value::List(_) => {
            for item in value.list_mut() {
                if *n < usize::MAX {
                    replace(item, n, odd);
                }
            }
        }
        Value::Map(_) => {
            for (_, item) in value.map_mut().iter_mut() {
                if *n < usize::MAX {
                    replace(item, n, odd);
                }
            }
        }
        _ => {}
    }
}

/// The objects of the corpus' answers: every kind, every field.
fn objects() -> Vec<(Value, Minor)> {
    let mut out = Vec::new();
    for minor in [Minor(32), Minor(36)] {
        let file = format!("data/corpus/recorded-{minor}.json");
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        for case in json::from_json(&text).unwrap().list_at("cases") {
            for run in case.list_at("runs") {
                out.extend(run.list_at("live").iter().map(|o| (o.clone(), minor)));
            }
        }
    }
    out
}

thread_local! {
    static OBJECTS: Vec<(Value, Minor)> = objects();
}

proptest! {
    #![proptest_config(rollout_tests::random::cases(1500))]
    #[test]
    fn an_object_with_odd_values_is_accepted_or_refused(
        which in any::<prop::sample::Index>(),
        places in prop::collection::vec((0usize..150, odd()), 1..4),
    ) {
        let (mut value, minor) = OBJECTS.with(|all| all[which.index(all.len())].clone());
        let (api_version, kind) = (value.str_at("apiVersion").to_owned(), value.str_at("kind").to_owned());
        let whole = value.clone();
        for (place, odd) in &places {
            replace(&mut value, &mut place.clone(), odd);
        }
        value.map_mut().insert("apiVersion", api_version.clone());
        value.map_mut().insert("kind", kind.clone());
        let resource = kinds::of_object(&api_version, &kind, minor).expect("a stored object has a kind");
        let config = ClusterConfig { version: minor, node_side: NodeSide::Nobody, ..ClusterConfig::default() };
        let mut engine = Engine::bare(config);
        let namespace = if resource.namespaced { "default" } else { "" };
        let namespaces = object! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => object! { "name" => "default" } };
        let options = WriteOptions::default();
        let _ = engine.act("t", |c| c.create(Kind::NAMESPACE, "", namespaces, &options));
        let first = engine.act("t", |c| c.create(resource.kind, namespace, value.clone(), &options)).0;
        if let Err(e) = first {
            prop_assert!(!e.kubectl_text().is_empty());
            let _ = engine.act("t", |c| c.create(resource.kind, namespace, whole.clone(), &options));
        }
        let name = whole.str_at("metadata.name").to_owned();
        value.set("metadata.name", name.clone());
        let second = engine.act("t", |c| c.update(resource.kind, namespace, &name, value, &options)).0;
        if let Err(e) = second {
            prop_assert!(!e.kubectl_text().is_empty());
        }
    }
}
