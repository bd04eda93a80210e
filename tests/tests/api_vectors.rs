//! Rows of Kubernetes' own unit tests about values: defaults, image references, int-or-string.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{IntOrString, Minor, Value, decode, defaults, image, kinds};
use rollout_tests::vectors;

/// Runs a check over a table's rows; it answers with what is wrong.
fn rows(table: &str, check: impl Fn(&Value, &Value) -> Option<String>) {
    let failures = vectors::run(table, &|given, expect| match check(given, expect) {
        Some(got) => Err(format!("{got}, want {expect:?}")),
        None => Ok(()),
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// `None` if two values are equal, else what was got.
fn unless(got: &Value, want: &Value) -> Option<String> {
    (got != want).then(|| format!("{got:?}"))
}

#[test]
fn deployment_defaults() {
    rows("deployment_defaults", |given, expect| {
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
    rows("image_reference_parse", |given, expect| {
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
    rows("image_apply_default_tag", |given, expect| {
        let got = image::apply_default_tag(given.str_at("image")).unwrap_or_default();
        (got != *expect.str_at("requested")).then_some(got)
    });
    rows("image_pull_policy_default", |given, expect| {
        let got = image::default_pull_policy(given.str_at("image"));
        (got != expect.str_at("imagePullPolicy")).then(|| got.to_owned())
    });
}

#[test]
fn int_or_string() {
    rows("intstr_parse", |given, expect| {
        unless(
            &IntOrString::parse(given.str_at("text")).to_value(),
            expect.get("value").unwrap(),
        )
    });
    rows("intstr_scaled_value", |given, expect| {
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
    rows("intstr_value", |given, expect| {
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
