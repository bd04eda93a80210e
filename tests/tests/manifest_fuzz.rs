//! No text, however broken, brings the reader down, and what is read agrees with serde_yaml where YAML's versions agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use proptest::prelude::*;
use rollout_api::json::to_json;
use rollout_api::{Minor, Value};
use rollout_manifest::check::check;
use rollout_manifest::documents::documents;
use rollout_manifest::edit;
use rollout_manifest::emit::to_yaml;
use std::time::Instant;

const MANIFEST: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  replicas: 3 # three\n  selector:\n    matchLabels: &l\n      app: web\n  template:\n    metadata:\n      labels: *l\n    spec:\n      containers:\n      - name: web\n        image: 'nginx:1'\n        args: [\"-a\", b]\n        command:\n        - |-\n          b\n---\nkind: Service\n";

/// Pieces that matter to a YAML reader.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("- "),
        Just(": "),
        Just("a"),
        Just("key"),
        Just("'"),
        Just("\""),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(","),
        Just("&x "),
        Just("*x"),
        Just("<<: "),
        Just("|\n"),
        Just(">-\n"),
        Just("#"),
        Just("---\n"),
        Just("...\n"),
        Just("\t"),
        Just("!!str "),
        Just("!x "),
        Just("%YAML 1.1\n"),
        Just("? "),
        Just("yes"),
        Just("0x1f"),
        Just("1e9"),
        Just("~"),
        Just("\\u"),
        Just("\r\n"),
        Just("\u{feff}"),
        Just("\u{85}"),
        Just("ü"),
        Just("kind: Deployment\napiVersion: apps/v1\n"),
        Just("spec:\n  template:\n    spec:\n"),
    ]
    .prop_map(str::to_owned)
}

fn survives(text: &str) {
    for found in check(text, Minor(32)) {
        assert!(found.span.start <= found.span.end && found.span.end <= text.len());
        assert!(
            text.is_char_boundary(found.span.start) && text.is_char_boundary(found.span.end),
            "{found:?}"
        );
        assert!(found.line >= 1 && found.column >= 1);
    }
}

/// JSON values with the strings and numbers that YAML readers stumble over.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{0,8}",
        "[ -~]{0,12}",
        "[a-z \n:#'\"-]{0,100}",
        "\\PC{0,20}",
        Just("yes".to_owned()),
        Just("0o17".to_owned()),
        Just("2025-06-10".to_owned()),
        Just("1:30".to_owned()),
        Just("- a".to_owned()),
        Just("a\tb".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000i32..1000, 1u32..100).prop_map(|(a, b)| Value::Number(format!("{a}.{b}5").into())),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::list),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|entries| entries.into_iter().collect::<rollout_api::Map>().into()),
        ]
    })
}

proptest! {
    #![proptest_config(rollout_tests::random::cases(150))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        documents(&bytes, Minor(32));
        documents(&bytes, Minor(36));
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tokens(tokens in prop::collection::vec(token(), 0..60)) {
        survives(&tokens.concat());
    }

    #[test]
    fn a_manifest_with_a_piece_gone_or_put_in(at in 0..MANIFEST.len(), len in 0usize..6, piece in token()) {
        let end = (at + len).min(MANIFEST.len());
        let text = format!("{}{piece}{}", &MANIFEST[..at], &MANIFEST[end..]);
        survives(&text);
        let _ = edit::set(&text, 0, &edit::steps("spec.replicas"), &7.into());
        let _ = edit::remove(&text, 0, &edit::steps("spec.template.spec.containers.0.image"));
    }

    #[test]
    fn what_is_written_is_read_again(value in value()) {
        let wrapped = rollout_api::object! { "k" => value };
        let yaml = to_yaml(&wrapped);
        // go-yaml writes characters that its reader takes for line ends; only those may differ.
        if !yaml.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}', '\r']) {
            let docs = documents(yaml.as_bytes(), Minor(32));
            let read = docs[0].value().unwrap_or_else(|| panic!("{yaml:?} {docs:?}"));
            prop_assert_eq!(to_json(read), to_json(&wrapped), "{}", yaml);
        }
    }

    #[test]
    fn an_edit_does_what_it_says(replicas in 0i64..100, name in "[ -~]{1,20}") {
        let text = edit::set(MANIFEST, 0, &edit::steps("spec.replicas"), &replicas.into()).unwrap();
        let text = edit::set(&text, 0, &edit::steps("spec.template.metadata.annotations.note"), &name.clone().into()).unwrap();
        let docs = documents(text.as_bytes(), Minor(32));
        let value = docs[0].value().unwrap();
        prop_assert_eq!(value.int_at("spec.replicas"), Some(replicas));
        prop_assert_eq!(value.str_at("spec.template.metadata.annotations.note"), name);
        prop_assert!(docs.len() == 2);
    }

    #[test]
    fn serde_yaml_reads_the_same_tree(value in value()) {
        let wrapped = rollout_api::object! { "k" => value };
        let yaml = to_yaml(&wrapped);
        if yaml.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}', '\r']) {
            return Ok(());
        }
        let theirs: serde_yaml::Value = serde_yaml::from_str(&yaml).unwrap_or_else(|e| panic!("{e}: {yaml}"));
        let ours = documents(yaml.as_bytes(), Minor(32));
        prop_assert!(same(ours[0].value().unwrap(), &theirs), "{}", yaml);
    }
}

/// Equal but for the text of numbers.
fn same(ours: &Value, theirs: &serde_yaml::Value) -> bool {
    use serde_yaml::Value as Y;
    match (ours, theirs) {
        (Value::Null, Y::Null) => true,
        (Value::Bool(a), Y::Bool(b)) => a == b,
        (Value::Int(a), Y::Number(b)) => b.as_i64() == Some(*a) || b.as_f64() == Some(*a as f64),
        (Value::Number(a), Y::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
        (Value::String(a), Y::String(b)) => **a == **b,
        (Value::List(a), Y::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Y::Mapping(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(k, v)| b.get(k.as_str()).is_some_and(|o| same(v, o)))
        }
        _ => false,
    }
}

#[test]
fn large_and_hostile_texts_are_answered_quickly() {
    let start = Instant::now();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        bomb.push_str(&format!(
            "a{i}: &a{i} [{}]\n",
            vec![format!("*a{}", i - 1); 9].join(", ")
        ));
    }
    // Unoptimised builds get a fifth.
    let size = if cfg!(debug_assertions) {
        1_000_000
    } else {
        5_000_000
    };
    let item = "- name: web\n  image: nginx:1.27.4\n  env: [{name: A, value: \"b\"}]\n";
    for (text, error) in [
        (bomb, true),
        ("[".repeat(size), true),
        ("{a: ".repeat(size / 4), true),
        ("- ".repeat(size / 2), true),
        ("a: ".repeat(size / 4), true),
        (item.repeat(size / item.len()), false),
        ("x".repeat(size), false),
        (format!("a: \"{}\"", "\\x41".repeat(size / 4)), false),
        ("\"".to_owned() + &"\n".repeat(size), true),
        ("---\n".repeat(size / 4), false),
        ("#\n".repeat(size / 2), false),
        ("a: 1\n".repeat(size / 5), false),
    ] {
        let docs = documents(text.as_bytes(), Minor(32));
        assert_eq!(
            docs.iter().any(|d| d.content.is_err()),
            error,
            "{:?}",
            &text[..20]
        );
        check(&text, Minor(32));
    }
    // Debug builds on a busy machine; an optimised one takes a tenth of it.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
