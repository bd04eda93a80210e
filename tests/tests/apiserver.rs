//! Requests from outside, answered as the real API server does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use rollout_api::json::from_json;
use rollout_api::{Kind, Value, object};
use rollout_engine::client::{DeleteOptions, FieldValidation, PatchType, WriteOptions};
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_tests::counts::counted;

fn config() -> ClusterConfig {
    ClusterConfig {
        node_side: NodeSide::Nobody,
        ..ClusterConfig::default()
    }
}

fn deployment() -> Value {
    from_json(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":3,
        "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"nginx","image":"nginx:1.27.4","ports":[{"containerPort":80}]}]}}}}"#,
    )
    .unwrap()
}

fn strict() -> WriteOptions {
    WriteOptions::default()
}

fn patch(engine: &mut Engine, kind: PatchType, text: &str) -> Result<Value, String> {
    let patch = from_json(text).unwrap();
    let done = engine
        .act("test", |c| {
            c.patch(Kind::DEPLOYMENT, "default", "web", kind, &patch, &strict())
        })
        .0;
    done.map(|w| w.value).map_err(|e| e.kubectl_text())
}

fn with_deployment() -> Engine {
    let mut engine = Engine::new(config());
    engine
        .act("test", |c| {
            c.create(Kind::DEPLOYMENT, "default", deployment(), &strict())
        })
        .0
        .unwrap();
    engine
}

#[test]
fn unknown_fields_and_wrong_types_are_refused() {
    let mut engine = Engine::new(config());
    let mut bad = deployment();
    bad.set("spec.replica", 3);
    let create = |engine: &mut Engine, value: Value, validation| {
        let options = WriteOptions {
            validation,
            ..WriteOptions::default()
        };
        engine
            .act("test", |c| {
                c.create(Kind::DEPLOYMENT, "default", value, &options)
            })
            .0
    };
    let error = create(&mut engine, bad.clone(), FieldValidation::Strict).unwrap_err();
    assert_eq!(
        error.kubectl_text(),
        "Error from server (BadRequest): Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replica\"\n"
    );
    let written = create(&mut engine, bad, FieldValidation::Warn).unwrap();
    assert_eq!(written.warnings, ["unknown field \"spec.replica\""]);
    assert!(written.value.at("spec.replica").is_none());
    let mut wrong = deployment();
    wrong.set("spec.replicas", "x");
    let error = create(&mut engine, wrong, FieldValidation::Strict).unwrap_err();
    assert!(error.message.contains("json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"));
    let again = create(&mut engine, deployment(), FieldValidation::Strict).unwrap_err();
    assert_eq!(&*again.message, "deployments.apps \"web\" already exists");
}

#[test]
fn patches_are_refused_in_gos_notation() {
    let mut engine = with_deployment();
    assert_eq!(
        patch(
            &mut engine,
            PatchType::Strategic,
            r#"{"spec":{"replicas":"x"}}"#
        )
        .unwrap_err(),
        "The request is invalid: patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32\n"
    );
    assert_eq!(
        patch(
            &mut engine,
            PatchType::Strategic,
            r#"{"spec":{"replica":3}}"#
        )
        .unwrap_err(),
        "The request is invalid: patch: Invalid value: \"map[spec:map[replica:3]]\": strict decoding error: unknown field \"spec.replica\"\n"
    );
    assert_eq!(
        patch(
            &mut engine,
            PatchType::Json,
            r#"[{"op":"remove","path":"/spec/nope"}]"#
        )
        .unwrap_err(),
        "The request is invalid: the server rejected our request due to an error in our request\n"
    );
}

#[test]
fn generation_counts_changes_of_spec_and_annotations() {
    let mut engine = with_deployment();
    let generation = |v: &Value| v.int_at("metadata.generation").unwrap();
    let v = patch(&mut engine, PatchType::Merge, r#"{"spec":{"replicas":3}}"#).unwrap();
    let version = v.str_at("metadata.resourceVersion").to_owned();
    assert_eq!(generation(&v), 1);
    let v = patch(&mut engine, PatchType::Merge, r#"{"spec":{"replicas":4}}"#).unwrap();
    assert_eq!(generation(&v), 2);
    assert_ne!(v.str_at("metadata.resourceVersion"), version);
    let v = patch(
        &mut engine,
        PatchType::Merge,
        r#"{"metadata":{"annotations":{"a":"b"}}}"#,
    )
    .unwrap();
    assert_eq!(generation(&v), 3);
    let v = patch(
        &mut engine,
        PatchType::Merge,
        r#"{"metadata":{"labels":{"a":"b"}},"status":{"replicas":9}}"#,
    )
    .unwrap();
    assert_eq!(generation(&v), 3);
    assert_ne!(v.int_at("status.replicas"), Some(9));
    let stale = format!(r#"{{"metadata":{{"resourceVersion":"{version}"}}}}"#);
    assert!(
        patch(&mut engine, PatchType::Merge, &stale)
            .unwrap_err()
            .contains("the object has been modified")
    );
    assert!(
        patch(
            &mut engine,
            PatchType::Merge,
            r#"{"metadata":{"name":"x"}}"#
        )
        .unwrap_err()
        .contains("does not match the name on the URL")
    );
}

fn vector(name: &str) -> Vec<Value> {
    rollout_tests::vectors::cases(name).unwrap_or_default()
}

#[test]
fn vectors_of_the_grace_period() {
    for case in vector("pod_delete_grace_period") {
        let given = case.get("given").unwrap();
        let mut pod = object! { "spec" => Value::object(), "status" => Value::object() };
        pod.set("spec.nodeName", given.str_at("nodeName").to_owned());
        pod.set("status.phase", given.str_at("phase").to_owned());
        if let Some(n) = given.int_at("specGracePeriodSeconds") {
            pod.set("spec.terminationGracePeriodSeconds", n);
        }
        let got = rollout_engine::apiserver::pod_delete_grace_period(
            &pod,
            given.int_at("requestedGracePeriodSeconds"),
        );
        assert_eq!(
            Some(got),
            case.int_at("expect.gracePeriodSeconds"),
            "{case:?}"
        );
    }
    let all = vector("pod_delete_grace_period").len();
    counted("vector-pod_delete_grace_period", all, all);
}

#[test]
fn vectors_of_evictions() {
    let mut seen = 0;
    for case in vector("eviction") {
        let given = case.get("given").unwrap();
        if given.at("nameInUrlMatches") == Some(&Value::Bool(false)) {
            continue; // our door has one name only
        }
        seen += 1;
        let mut pod = from_json(
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"t1","namespace":"default","labels":{"a":"true"},"uid":"u"},
            "spec":{"nodeName":"n","terminationGracePeriodSeconds":30,"containers":[{"name":"c","image":"i"}]},"status":{}}"#,
        )
        .unwrap();
        let phase = match given.str_at("podPhase") {
            "" => "Pending",
            phase => phase,
        };
        pod.set("status.phase", phase.to_owned());
        if let Some(ready) = given.get("podReady").and_then(Value::as_bool) {
            let status = if ready { "True" } else { "False" };
            pod.set(
                "status.conditions",
                vec![object! { "type" => "Ready", "status" => status }],
            );
        }
        if given.bool_at("podTerminating") {
            pod.set("metadata.deletionTimestamp", "2025-06-10T12:00:30Z");
            pod.set("metadata.deletionGracePeriodSeconds", 30);
        }
        let mut objects = vec![pod];
        if let Some(budget) = given.get("budget").filter(|b| !b.is_null()) {
            let label = if budget.bool_at("selectsPod") {
                "true"
            } else {
                "false"
            };
            let mut pdb = object! {
                "apiVersion" => "policy/v1",
                "kind" => "PodDisruptionBudget",
                "metadata" => object! { "name" => budget.get("name").unwrap(), "namespace" => "default" },
                "spec" => object! { "selector" => object! { "matchLabels" => object! { "a" => label } } },
            };
            for field in ["disruptionsAllowed", "currentHealthy", "desiredHealthy"] {
                pdb.set(
                    &format!("status.{field}"),
                    budget.int_at(field).unwrap_or(0),
                );
            }
            if let Some(policy) = budget
                .get("unhealthyPodEvictionPolicy")
                .and_then(Value::as_str)
            {
                pdb.set("spec.unhealthyPodEvictionPolicy", policy.to_owned());
            }
            objects.push(pdb);
        }
        let mut engine =
            Engine::with_state(config(), objects, rollout_api::Timestamp(1_749_556_800));
        let (result, _) = engine.act("test", |c| {
            c.evict("default", "t1", &DeleteOptions::default())
        });
        let expect = case.get("expect").unwrap();
        assert_eq!(
            Some(result.is_ok()),
            expect.get("evicted").and_then(Value::as_bool),
            "{case:?} {result:?}"
        );
        if let Err(error) = result {
            if let Some(code) = expect.int_at("code") {
                assert_eq!(i64::from(error.code), code, "{case:?}");
            }
            if let Some(message) = expect.get("message").and_then(Value::as_str) {
                assert_eq!(&*error.message, message, "{case:?}");
            }
            if let Some(cause) = expect.get("cause").and_then(Value::as_str) {
                assert_eq!(&*error.causes[0].message, cause, "{case:?}");
            }
        }
    }
    counted("vector-eviction", seen, vector("eviction").len());
}

#[test]
fn a_quota_has_room_or_says_no() {
    let mut engine = Engine::new(config());
    let quota = object! {
        "apiVersion" => "v1", "kind" => "ResourceQuota", "metadata" => object! { "name" => "pods" },
        "spec" => object! { "hard" => object! { "pods" => "1" } },
    };
    let pod = |name: &'static str| {
        object! {
            "apiVersion" => "v1", "kind" => "Pod", "metadata" => object! { "name" => name },
            "spec" => object! { "containers" => vec![object! { "name" => "c", "image" => "i" }] },
        }
    };
    engine.act("t", |c| {
        c.create(Kind::RESOURCE_QUOTA, "default", quota, &strict()).unwrap();
        c.create(Kind::POD, "default", pod("a"), &strict()).unwrap();
        let error = c.create(Kind::POD, "default", pod("b"), &strict()).unwrap_err();
        assert_eq!(
            &*error.message,
            "pods \"b\" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1"
        );
        let quota = c.get(Kind::RESOURCE_QUOTA, "default", "pods").unwrap();
        assert_eq!(quota.str_at("status.used.pods"), "1");
        c.delete(Kind::POD, "default", "a", &DeleteOptions::default()).unwrap();
        c.create(Kind::POD, "default", pod("b"), &strict()).unwrap();
    });
}

#[test]
fn services_get_addresses_and_ports() {
    let mut engine = Engine::new(config());
    let service = |name: &'static str, port: Option<i64>| {
        let mut entry = object! { "port" => 80 };
        if let Some(port) = port {
            entry.map_mut().insert("nodePort", port);
        }
        object! {
            "apiVersion" => "v1", "kind" => "Service", "metadata" => object! { "name" => name },
            "spec" => object! { "type" => "NodePort", "ports" => vec![entry] },
        }
    };
    engine.act("t", |c| {
        let a = c.create(Kind::SERVICE, "default", service("a", Some(30080)), &strict()).unwrap().value;
        assert!(a.str_at("spec.clusterIP").starts_with("10."));
        assert_eq!(a.list_at("spec.clusterIPs")[0].as_str(), Some(a.str_at("spec.clusterIP")));
        let error = c.create(Kind::SERVICE, "default", service("b", Some(30080)), &strict()).unwrap_err();
        assert_eq!(
            error.kubectl_text(),
            "The Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated\n"
        );
        let error = c.create(Kind::SERVICE, "default", service("b", Some(80)), &strict()).unwrap_err();
        assert!(error.message.contains("provided port is not in the valid range"));
        let b = c.create(Kind::SERVICE, "default", service("b", None), &strict()).unwrap().value;
        assert!(b.list_at("spec.ports")[0].int_at("nodePort").unwrap() >= 30000);
    });
}

#[test]
fn a_deleted_namespace_empties_first() {
    let mut engine = Engine::new(config());
    engine.act("t", |c| {
        let team = object! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => object! { "name" => "team" } };
        c.create(Kind::NAMESPACE, "", team, &strict()).unwrap();
        c.create(Kind::DEPLOYMENT, "team", deployment(), &strict()).unwrap();
        let map = object! { "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => object! { "name" => "m" } };
        c.create(Kind::CONFIG_MAP, "team", map.clone(), &strict()).unwrap();
        c.delete(Kind::NAMESPACE, "", "team", &DeleteOptions::default()).unwrap();
        assert!(c.get(Kind::NAMESPACE, "", "team").is_err());
        let error = c.create(Kind::CONFIG_MAP, "team", map, &strict()).unwrap_err();
        assert_eq!(&*error.message, "namespaces \"team\" not found");
        let error = c.delete(Kind::NAMESPACE, "", "default", &DeleteOptions::default()).unwrap_err();
        assert_eq!(&*error.message, "namespaces \"default\" is forbidden: this namespace may not be deleted");
    });
}

#[test]
fn a_service_that_turns_inward_gives_its_ports_back() {
    let mut engine = Engine::new(config());
    engine.act("t", |c| {
        let service = object! {
            "apiVersion" => "v1", "kind" => "Service", "metadata" => object! { "name" => "a" },
            "spec" => object! { "type" => "NodePort", "ports" => vec![object! { "port" => 80 }] },
        };
        let before = c
            .create(Kind::SERVICE, "default", service, &strict())
            .unwrap()
            .value;
        let patch = from_json(r#"{"spec":{"type":"ClusterIP"}}"#).unwrap();
        let after = c
            .patch(
                Kind::SERVICE,
                "default",
                "a",
                PatchType::Strategic,
                &patch,
                &strict(),
            )
            .unwrap()
            .value;
        assert!(
            after.list_at("spec.ports")[0].get("nodePort").is_none(),
            "{after:?}"
        );
        assert!(after.at("spec.externalTrafficPolicy").is_none());
        assert_eq!(after.at("spec.clusterIP"), before.at("spec.clusterIP"));
    });
}
