//! Promises of the tables of types, on random objects: decoding and defaults come to rest, nothing panics.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use proptest::prelude::*;
use rollout_api::kinds::{Support, resources};
use rollout_api::quantity::Quantity;
use rollout_api::types::{Schema, Shape};
use rollout_api::{Map, Minor, Timestamp, Value, decode, defaults, hash, image, json};

/// A small source of choices, so that a failing case is one number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

const TEXTS: [&str; 12] = [
    "",
    "a",
    "web",
    "nginx",
    "nginx:1.27",
    "RollingUpdate",
    "Always",
    "ClusterIP",
    "None",
    "NodePort",
    "größe",
    "a/b",
];
const QUANTITIES: [&str; 10] = [
    "0", "1", "100m", "0.5", "1.5Gi", "128Mi", "1e3", "0.0001", "12E", "-3",
];
const TIMES: [&str; 3] = [
    "2025-06-10T12:00:00Z",
    "2025-06-10T12:00:00+02:00",
    "1970-01-01T00:00:00Z",
];

/// A value of a type; `wrong` in a hundred places hold something else.
fn value(schema: Schema, dice: &mut Dice, wrong: u64, depth: u32) -> Value {
    if dice.below(100) < wrong {
        return match dice.below(6) {
            0 => Value::Null,
            1 => Value::Bool(true),
            2 => Value::Int(i64::MIN),
            3 => json::from_json("1.5e300").unwrap(),
            4 => Value::text("?"),
            _ => Value::list(vec![Value::object()]),
        };
    }
    let few = |dice: &mut Dice| if depth > 9 { 0 } else { dice.below(3) };
    match schema.shape() {
        Shape::String => Value::text(dice.pick(&TEXTS)),
        Shape::Bool => Value::Bool(dice.below(2) == 0),
        Shape::Int32 | Shape::Int64 => Value::Int(i64::try_from(dice.below(70_000)).unwrap() - 2),
        Shape::Bytes => Value::text(dice.pick(&["", "aGk=", "aGVsbG8="])),
        Shape::Quantity => Value::text(dice.pick(&QUANTITIES)),
        Shape::IntOrString if dice.below(2) == 0 => {
            Value::text(dice.pick(&["25%", "http", "8080"]))
        }
        Shape::IntOrString => Value::Int(i64::try_from(dice.below(9000)).unwrap()),
        Shape::Time | Shape::MicroTime => Value::text(dice.pick(&TIMES)),
        Shape::Any => Value::object(),
        Shape::List(_) => {
            let n = few(dice);
            Value::list(
                (0..n)
                    .map(|_| value(schema.item().unwrap(), dice, wrong, depth + 1))
                    .collect(),
            )
        }
        Shape::Map(_) => {
            let n = few(dice);
            let mut map = Map::new();
            for _ in 0..n {
                let key = dice
                    .pick(&["a", "cpu", "memory", "example.com/x"])
                    .to_owned();
                map.insert(key, value(schema.item().unwrap(), dice, wrong, depth + 1));
            }
            map.into()
        }
        Shape::Struct(_) | Shape::Pointer(_) => {
            let mut map = Map::new();
            for name in schema.json_names() {
                // Deep down, only now and then: objects stay small.
                if dice.below(u64::from(depth) * 2 + 2) < 2 {
                    map.insert(
                        name,
                        value(schema.field(name).unwrap().0, dice, wrong, depth + 1),
                    );
                }
            }
            map.into()
        }
    }
}

proptest! {
    #![proptest_config(rollout_tests::random::cases(300))]

    #[test]
    fn decoding_and_defaults_come_to_rest(seed: u64, which in 0..200usize, minor in 16u8..=36, wrong in 0..4u64) {
        let stored: Vec<_> = resources().iter().filter(|r| r.support != Support::Listed && r.group != "events.k8s.io").collect();
        let resource = stored[which % stored.len()];
        let minor = Minor(minor);
        let Some(version) = resource.version(minor) else { return Ok(()) };
        let api_version = resource.api_version_of(version);
        let schema = Schema::of_object(&api_version, resource.kind.0, minor).unwrap();
        let mut sent = value(schema, &mut Dice(seed), wrong, 0);
        sent.set("apiVersion", api_version.clone());
        sent.set("kind", resource.kind.0);
        let first = decode::decode(&sent, &api_version, resource.kind.0, minor).unwrap();
        if wrong == 0 {
            prop_assert_eq!(&first.error, &None);
            prop_assert!(first.unknown.is_empty());
        }
        if first.error.is_some() {
            return Ok(());
        }
        // What was decoded decodes to itself.
        let again = decode::decode(&first.value, &api_version, resource.kind.0, minor).unwrap();
        prop_assert_eq!(&again.error, &None);
        prop_assert!(again.unknown.is_empty());
        prop_assert_eq!(&again.value, &first.value);
        // What was completed decodes and completes to itself, through JSON.
        let mut object = first.value;
        defaults::complete(&mut object, resource, minor);
        let text = json::to_json(&object);
        let read = json::from_json(&text).unwrap();
        let kept = read.str_at("apiVersion").to_owned();
        let decoded = decode::decode(&read, &kept, resource.kind.0, minor).unwrap();
        prop_assert_eq!(&decoded.error, &None);
        let mut second = decoded.value;
        defaults::complete(&mut second, resource, minor);
        prop_assert_eq!(json::to_json(&second), text);
    }

    #[test]
    fn the_hash_is_the_sum_of_the_dump(seed: u64, minor in 16u8..=36) {
        let minor = Minor(minor);
        let schema = Schema::of_struct("v1.PodTemplateSpec", minor).unwrap();
        let template = value(schema, &mut Dice(seed), 0, 2);
        let template = decode::decode_type(&template, "v1.PodTemplateSpec", minor).unwrap().value;
        let dump = hash::pod_template_dump(&template, minor);
        let sum = dump.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        prop_assert_eq!(hash::pod_template_sum(&template, minor, None), sum);
        // Storage changes nothing that is hashed.
        let stored = json::from_json(&json::to_json(&template)).unwrap();
        prop_assert_eq!(hash::pod_template_sum(&stored, minor, None), sum);
    }

    #[test]
    fn quantities_come_to_rest(text in "[+-]?[0-9]{0,25}(\\.[0-9]{0,12})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?") {
        if let Ok(q) = Quantity::parse(&text) {
            let once = q.to_string();
            let stored = q.stored();
            prop_assert!(Quantity::parse(&once).is_ok(), "{} {}", text, once);
            prop_assert_eq!(stored.stored(), stored.clone());
            prop_assert_eq!(q.compare(&q), std::cmp::Ordering::Equal);
            // Sums are exact as far as 128 bits of nano units go.
            let (low, high) = (Quantity::parse("-1e18").unwrap(), Quantity::parse("1e18").unwrap());
            if q.compare(&low).is_gt() && q.compare(&high).is_lt() {
                prop_assert_eq!(q.plus(&q).minus(&q).compare(&q), std::cmp::Ordering::Equal);
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,40}") {
        let _ = Quantity::parse(&text);
        let _ = Timestamp::parse(&text);
        let _ = image::parse(&text).map_err(|e| e.text(&text, Minor(32)));
        let _ = rollout_api::time::parse_error(&text, "layout");
        let _ = rollout_api::base64::decode(&text);
        let _ = rollout_api::IntOrString::parse(&text).scaled(7, true);
        let _ = rollout_api::kinds::of_word(&text, Minor(32));
    }
}
