//! Tables of the rules of validation.

use rollout_api::validation::errors::{ErrorKind, Errors, FieldError};
use rollout_api::validation::path::Path;
use rollout_api::validation::shown::{Shown, Tree};
use rollout_api::validation::{apps, containers, names, probes};
use rollout_api::{Minor, Str, Value, json, object};
use rollout_tests::vectors;

type Outcome = Result<(), String>;
type Adapter = fn(&Value, &Value) -> Outcome;

/// The tables are of newer releases.
const VERSION: Minor = Minor(34);

fn adapter(table: &str) -> Adapter {
    match table {
        "container_ports_validation" => container_ports,
        "deployment_status_validation" => deployment_status,
        "deployment_validation" => deployment,
        "field_error_text" => field_error_text,
        "name_dns1123_label" => |g, e| name(names::is_dns1123_label, g, e),
        "name_dns1123_subdomain" => |g, e| name(names::is_dns1123_subdomain, g, e),
        "name_label_key" => |g, e| name(|s| names::is_qualified_name(s, VERSION), g, e),
        "name_label_value" => |g, e| name(|s| names::is_valid_label_value(s, VERSION), g, e),
        "name_port" => |g, e| name(names::is_valid_port_name, g, e),
        "probe_validation" => probe,
        _ => panic!("no adapter for {table}"),
    }
}

#[test]
fn tables_of_validation() {
    let failures: Vec<String> = vectors::VALIDATION
        .iter()
        .flat_map(|t| vectors::run(t, &adapter(t)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn texts(e: &Errors) -> Vec<String> {
    e.list.iter().map(|x| x.text(VERSION)).collect()
}

fn name(rule: impl Fn(&str) -> Vec<Str>, given: &Value, expect: &Value) -> Outcome {
    let complaints = rule(given.str_at("value"));
    if complaints.is_empty() == expect.bool_at("valid") {
        Ok(())
    } else {
        Err(format!("{complaints:?}"))
    }
}

fn invalid(e: &Errors, expect: &Value) -> Outcome {
    if e.is_empty() == expect.bool_at("invalid") {
        Err(format!("{:?}", texts(e)))
    } else {
        Ok(())
    }
}

fn container_ports(given: &Value, expect: &Value) -> Outcome {
    let mut e = Errors::new(VERSION);
    containers::validate_container_ports(given.list_at("ports"), &Path::root("field"), &mut e);
    let want = expect.get("errors").filter(|v| !v.is_null());
    let fits = |x: &FieldError, want: &Value| {
        x.kind.text() == want.str_at("kind")
            && x.field.contains(want.str_at("fieldContains"))
            && x.detail.contains(want.str_at("detailContains"))
    };
    let ok = match want {
        None => e.is_empty(),
        Some(want) => !e.is_empty() && e.list.iter().all(|x| fits(x, want)),
    };
    if ok {
        Ok(())
    } else {
        Err(format!("{:?}", texts(&e)))
    }
}

fn probe(given: &Value, expect: &Value) -> Outcome {
    let mut e = Errors::new(VERSION);
    probes::validate_probe(given.get("probe"), &Path::root("field"), &mut e);
    invalid(&e, expect)
}

fn deployment_status(given: &Value, expect: &Value) -> Outcome {
    let mut e = Errors::new(VERSION);
    apps::validate_deployment_status(given, &Path::root("status"), &mut e);
    invalid(&e, expect)
}

fn deployment(given: &Value, expect: &Value) -> Outcome {
    let labels = || object! { "name" => "abc" };
    let container = object! {
        "name" => "nginx", "image" => "image", "imagePullPolicy" => "Never", "terminationMessagePolicy" => "File",
    };
    let template = object! {
        "metadata" => object! { "labels" => labels() },
        "spec" => object! {
            "restartPolicy" => "Always", "dnsPolicy" => "Default", "terminationGracePeriodSeconds" => 30,
            "containers" => vec![container],
        },
    };
    let strategy = object! {
        "type" => "RollingUpdate", "rollingUpdate" => object! { "maxSurge" => 1, "maxUnavailable" => 1 },
    };
    let mut value = object! {
        "metadata" => object! { "name" => "abc", "namespace" => "default" },
        "spec" => object! {
            "selector" => object! { "matchLabels" => labels() }, "template" => template, "strategy" => strategy,
        },
    };
    match given.get("change") {
        Some(Value::Map(change)) => {
            for (path, v) in change.iter() {
                value.set(&format!("spec.{path}"), v.clone());
            }
        }
        Some(Value::String(_)) => {
            value = object! { "metadata" => object! { "namespace" => "default" } }
        }
        _ => {}
    }
    let mut e = Errors::new(VERSION);
    apps::validate_deployment(&value, &mut e);
    let first = texts(&e).into_iter().next();
    let want = expect.get("firstErrorContains").and_then(Value::as_str);
    match (&first, want) {
        (None, None) => Ok(()),
        (Some(text), Some(part)) if text.contains(part) => Ok(()),
        _ => Err(format!("{first:?}")),
    }
}

fn field_error_text(given: &Value, expect: &Value) -> Outcome {
    let kinds = [
        ErrorKind::Required,
        ErrorKind::Invalid,
        ErrorKind::NotSupported,
        ErrorKind::Duplicate,
        ErrorKind::Forbidden,
        ErrorKind::NotFound,
        ErrorKind::TooLong,
        ErrorKind::TooMany,
        ErrorKind::Internal,
    ];
    let kind = *kinds
        .iter()
        .find(|k| k.text() == given.str_at("kind"))
        .ok_or("an unknown kind")?;
    let value = match given.get("value") {
        _ if given.bool_at("valueOmitted") => Shown::Omitted,
        None | Some(Value::Null) => Shown::Nil,
        Some(Value::String(s)) => s.as_str().into(),
        Some(v) => {
            let json = json::to_json_go(v);
            Tree::Both(json.clone(), json).into()
        }
    };
    let error = FieldError {
        field: Str::copy(given.str_at("field")),
        kind,
        value,
        detail: Str::copy(given.str_at("detail")),
    };
    let text = error.text(VERSION);
    if text == expect.str_at("text") {
        Ok(())
    } else {
        Err(text)
    }
}
