//! kubectl's texts against rows of Kubernetes' own unit tests.
#![allow(clippy::unwrap_used, reason = "a row that lacks a field fails")]

use rollout_api::{Map, Str, Timestamp, Value, object};
use rollout_kubectl::cases::run_file;
use rollout_tests::vectors;

const NOW: &str = "2025-06-10T12:00:00Z";

fn rows(table: &str, row: impl Fn(&Value, &Value) -> Vec<(String, String)>) {
    assert!(vectors::KUBECTL.contains(&table), "{table} is not listed");
    let failures = vectors::run(table, &|given, expect| {
        let bad = row(given, expect)
            .into_iter()
            .find(|(got, want)| got != want);
        bad.map_or(Ok(()), |(got, want)| {
            Err(format!("{got:?} instead of {want:?}"))
        })
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What a line prints on these objects: stdout, stderr and exit code.
fn kubectl(objects: Vec<Value>, argv: &[&str]) -> (String, String, i64) {
    let words: Vec<Value> = argv.iter().map(|a| Value::text(a)).collect();
    let case = object! { "argv" => words };
    let file = object! { "kubectl" => "v1.32.5", "now" => NOW, "state" => object! { "objects" => objects }, "cases" => Value::list(vec![case]) };
    let done = run_file(&file, &mut |_, _, _, _, _| Default::default());
    let case = &done.list_at("cases")[0];
    (
        case.str_at("stdout").to_owned(),
        case.str_at("stderr").to_owned(),
        case.int_at("exit").unwrap(),
    )
}

fn milliseconds(v: &Value) -> f64 {
    match v {
        Value::Int(i) => *i as f64,
        Value::Number(s) => s.parse().unwrap(),
        _ => panic!("no number"),
    }
}

/// A moment so many seconds before now, whole seconds away from zero cut as Go cuts them.
fn ago(v: &Value) -> String {
    let seconds = milliseconds(v).trunc() as i64;
    Timestamp(Timestamp::parse(NOW).unwrap().0 - seconds).rfc3339()
}

fn cells(line: &str) -> Vec<String> {
    line.trim_end_matches('\n')
        .split("   ")
        .map(str::trim)
        .filter(|c| !c.is_empty())
        .map(str::to_owned)
        .collect()
}

fn text(v: &Value) -> String {
    v.as_str().map_or_else(
        || v.as_int().map(|i| i.to_string()).unwrap_or_default(),
        str::to_owned,
    )
}

#[test]
fn human_duration() {
    rows("human_duration", |given, expect| {
        // Whole seconds, as Go's `int(d.Seconds())`.
        let seconds = (milliseconds(given.get("milliseconds").unwrap()) / 1000.0).trunc() as i64;
        vec![(
            rollout_kubectl::duration::human(seconds),
            expect.str_at("text").to_owned(),
        )]
    });
}

#[test]
fn deployment_row() {
    rows("kubectl_get_deployment_row", |given, expect| {
        let containers = given.get("containers").cloned().unwrap_or_default();
        let template = object! { "spec" => object! { "containers" => containers } };
        let spec = object! { "replicas" => given.int_at("specReplicas").unwrap(), "selector" => object! { "matchLabels" => given.get("selector").cloned().unwrap_or_default() }, "template" => template };
        let meta = object! { "name" => text(given.get("name").unwrap()), "namespace" => "default", "creationTimestamp" => ago(given.get("ageSeconds").unwrap()) };
        let o = object! { "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => meta, "spec" => spec, "status" => given.get("status").cloned().unwrap_or_default() };
        let mut argv = vec!["get", "deploy", "--no-headers"];
        if given.bool_at("wide") {
            argv.extend(["-o", "wide"]);
        }
        let (out, _, _) = kubectl(vec![o], &argv);
        let want: Vec<String> = expect.list_at("cells").iter().map(text).collect();
        vec![(cells(&out).join("|"), want.join("|"))]
    });
}

fn pod_statuses(given: &Value, list: &str) -> Value {
    let item = |(i, s): (usize, &Value)| {
        let mut o = object! { "name" => format!("c{i}"), "ready" => s.bool_at("ready"), "restartCount" => s.int_at("restartCount").unwrap_or(0) };
        if let Some(state) = s.get("state").filter(|v| !v.is_null()) {
            let mut state = state.clone();
            if state.bool_at("running") {
                state = object! { "running" => object! {} };
            }
            for path in ["waiting.reason", "terminated.reason"] {
                if state.at(path).is_some_and(Value::is_null) {
                    state.remove(path);
                }
            }
            o.map_mut().insert("state", state);
        }
        if s.bool_at("started") {
            o.map_mut().insert("started", true);
        }
        if let Some(t) = s.get("lastTerminatedSecondsAgo").filter(|v| !v.is_null()) {
            o.map_mut().insert(
                "lastState",
                object! { "terminated" => object! { "finishedAt" => ago(t) } },
            );
        }
        o
    };
    Value::list(given.list_at(list).iter().enumerate().map(item).collect())
}

#[test]
fn pod_row() {
    rows("kubectl_get_pod_row", |given, expect| {
        let many = |path: &str| -> Value {
            let n = given.int_at(path).unwrap_or(0);
            Value::list(
                (0..n)
                    .map(|i| object! { "name" => format!("c{i}"), "image" => "i" })
                    .collect(),
            )
        };
        let mut spec = object! { "containers" => many("specContainers"), "initContainers" => many("specInitContainers") };
        if let Some(gates) = given.get("schedulingGates") {
            spec.map_mut().insert("schedulingGates", gates.clone());
        }
        let mut status = object! {
            "phase" => text(given.get("phase").unwrap()),
            "conditions" => given.get("conditions").cloned().unwrap_or_default(),
            "initContainerStatuses" => pod_statuses(given, "initContainerStatuses"),
            "containerStatuses" => pod_statuses(given, "containerStatuses"),
        };
        if let Some(reason) = given.get("statusReason").filter(|v| !v.is_null()) {
            status.map_mut().insert("reason", reason.clone());
        }
        let mut meta =
            object! { "name" => text(given.get("podName").unwrap()), "namespace" => "default" };
        if given.bool_at("beingDeleted") {
            meta.map_mut().insert("deletionTimestamp", NOW);
        }
        let o = object! { "apiVersion" => "v1", "kind" => "Pod", "metadata" => meta, "spec" => spec, "status" => status };
        let (out, _, _) = kubectl(vec![o], &["get", "pods", "--no-headers"]);
        let want: Vec<String> = ["name", "ready", "status", "restarts", "age"]
            .iter()
            .map(|k| text(expect.get(k).unwrap()))
            .collect();
        vec![(cells(&out).join("|"), want.join("|"))]
    });
}

#[test]
fn rollout_status() {
    rows("kubectl_rollout_status", |given, expect| {
        let name = text(given.get("deploymentName").unwrap());
        let meta = object! { "name" => name.clone(), "namespace" => "default", "generation" => given.int_at("generation").unwrap_or(0) };
        let o = object! { "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => meta, "spec" => object! { "replicas" => given.int_at("specReplicas").unwrap() }, "status" => given.get("status").cloned().unwrap_or_default() };
        let (out, _, _) = kubectl(
            vec![o.clone()],
            &["rollout", "status", "deploy", &name, "--watch=false"],
        );
        let (_, late, _) = kubectl(
            vec![o],
            &["rollout", "status", "deploy", &name, "--timeout=1s"],
        );
        vec![
            (out, expect.str_at("message").to_owned()),
            (
                late.is_empty().to_string(),
                expect.bool_at("done").to_string(),
            ),
        ]
    });
}

#[test]
fn rollout_history() {
    rows("kubectl_rollout_history", |given, expect| {
        let name = text(given.get("deploymentName").unwrap());
        let labels = given.get("templateLabels").cloned().unwrap_or_default();
        let chooses = object! { "matchLabels" => labels.clone() };
        let template = |image: &Value| {
            let c = object! { "name" => text(given.get("containerName").unwrap()), "image" => image.clone() };
            object! { "metadata" => object! { "labels" => labels.clone() }, "spec" => object! { "containers" => Value::list(vec![c]) } }
        };
        let meta = object! { "name" => name.clone(), "namespace" => "default", "uid" => "u1" };
        let mut objects = vec![
            object! { "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => meta, "spec" => object! { "selector" => chooses.clone(), "template" => template(&Value::Null) } },
        ];
        for rs in given.list_at("replicaSets") {
            let mut annotations = Map::new();
            annotations.insert(
                "deployment.kubernetes.io/revision",
                text(rs.get("revision").unwrap()),
            );
            if let Some(cause) = rs.get("changeCause").filter(|v| !v.is_null()) {
                annotations.insert("kubernetes.io/change-cause", cause.clone());
            }
            let owner = object! { "apiVersion" => "apps/v1", "kind" => "Deployment", "name" => name.clone(), "uid" => "u1", "controller" => true };
            let meta = object! { "name" => text(rs.get("name").unwrap()), "namespace" => "default", "uid" => text(rs.get("name").unwrap()), "labels" => labels.clone(), "annotations" => Value::from(annotations), "ownerReferences" => Value::list(vec![owner]) };
            let spec = object! { "replicas" => rs.int_at("specReplicas").unwrap_or(0), "selector" => chooses.clone(), "template" => template(rs.get("image").unwrap()) };
            objects.push(object! { "apiVersion" => "apps/v1", "kind" => "ReplicaSet", "metadata" => meta, "spec" => spec });
        }
        if let Some(known) = expect.get("revisions") {
            let (out, _, _) = kubectl(objects, &["rollout", "history", "deploy", &name]);
            let got: Vec<String> = out
                .lines()
                .skip(2)
                .filter_map(|l| l.split_whitespace().next())
                .map(str::to_owned)
                .collect();
            let want: Vec<String> = known.as_list().iter().map(text).collect();
            return vec![(got.join(" "), want.join(" "))];
        }
        let revision = Str::from(format!(
            "--revision={}",
            given.int_at("revision").unwrap_or(0)
        ));
        let (out, _, _) = kubectl(objects, &["rollout", "history", "deploy", &name, &revision]);
        let body = out.split_once('\n').map_or("", |p| p.1);
        vec![(
            body.strip_suffix('\n').unwrap_or(body).to_owned(),
            expect.str_at("text").to_owned(),
        )]
    });
}
