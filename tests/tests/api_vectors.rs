//! Rows of Kubernetes' own unit tests about values: defaults, image references, int-or-string.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{IntOrString, Minor, Value, decode, defaults, image, kinds};
use std::path::Path;

/// Runs a check over a file's rows; it answers with what is wrong.
fn rows(file: &str, least: usize, check: impl Fn(&Value, &Value) -> Option<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/vectors")
        .join(file);
    let data = from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = data.list_at("cases");
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|c| {
            let (given, expect) = (c.get("given").unwrap(), c.get("expect").unwrap());
            check(given, expect).map(|got| format!("{}: {got}, want {expect:?}", c.str_at("name")))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{file}: {} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert!(cases.len() >= least);
}

/// `None` if two values are equal, else what was got.
fn unless(got: &Value, want: &Value) -> Option<String> {
    (got != want).then(|| format!("{got:?}"))
}

#[test]
fn deployment_defaults() {
    rows("deployment_defaults.json", 3, |given, expect| {
        let mut object = Value::object();
        object.set("spec", given.get("spec").unwrap().clone());
        let resource = kinds::of_object("apps/v1", "Deployment", Minor(28)).unwrap();
        let mut object = decode::decode(&object, "apps/v1", "Deployment", Minor(28))
            .unwrap()
            .value;
        defaults::set_defaults(&mut object, resource, Minor(28));
        // Rows leave out what Go writes of empty fields.
        let mut want = Value::object();
        want.set("spec", expect.get("spec").unwrap().clone());
        let want = decode::decode(&want, "apps/v1", "Deployment", Minor(28))
            .unwrap()
            .value;
        unless(&object, &want)
    });
}

#[test]
fn image_references() {
    rows("image_reference_parse.json", 7, |given, expect| {
        // The rows are those of 1.28.
        match (
            image::parse(given.str_at("image")),
            expect.str_at("errorContains"),
        ) {
            (Ok(r), "") => {
                let repository = expect
                    .str_at("repository")
                    .replace("<default-registry>", "docker.io");
                let same = r.repository() == repository
                    && r.tag == *expect.str_at("tag")
                    && r.digest == *expect.str_at("digest");
                (!same).then(|| format!("{r:?}"))
            }
            (Err(e), why) if !why.is_empty() => {
                let text = e.text(given.str_at("image"), Minor(28));
                (!text.contains(why)).then_some(text)
            }
            (got, _) => Some(format!("{got:?}")),
        }
    });
    rows("image_apply_default_tag.json", 2, |given, expect| {
        let got = image::apply_default_tag(given.str_at("image")).unwrap_or_default();
        (got != *expect.str_at("requested")).then_some(got)
    });
    rows("image_pull_policy_default.json", 2, |given, expect| {
        let got = image::default_pull_policy(given.str_at("image"));
        (got != expect.str_at("imagePullPolicy")).then(|| got.to_owned())
    });
}

#[test]
fn int_or_string() {
    rows("intstr_parse.json", 5, |given, expect| {
        unless(
            &IntOrString::parse(given.str_at("text")).to_value(),
            expect.get("value").unwrap(),
        )
    });
    rows("intstr_scaled_value.json", 3, |given, expect| {
        let value = IntOrString::of(given.get("value"));
        let total = i32::try_from(given.int_at("total").unwrap()).unwrap();
        let got = value.and_then(|v| v.scaled(total, given.bool_at("roundUp")));
        let want = if expect.bool_at("error") {
            None
        } else {
            expect.int_at("number")
        };
        (got.map(i64::from) != want).then(|| format!("{got:?}"))
    });
    rows("intstr_value.json", 3, |given, expect| {
        let got = IntOrString::of(given.get("value")).and_then(|v| v.value_and_percent());
        let want = (!expect.bool_at("error")).then(|| {
            (
                expect.int_at("number").unwrap(),
                expect.bool_at("isPercent"),
            )
        });
        (got.map(|(n, p)| (i64::from(n), p)) != want).then(|| format!("{got:?}"))
    });
}
