//! What is broken in the cluster itself: each fault with and without, its texts, and that it travels.

use rollout_api::{Kind, Minor, ObjectKey, Value};
use rollout_session::{Session, Start, share};

fn manifest(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: web:v1
        readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 2}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  selector: {{app: web}}
  ports: [{{port: 80, targetPort: 8080}}]
"
    )
}

fn open_at(version: Minor, replicas: u32) -> Session {
    Session::new(Start {
        manifest: Some(manifest(replicas)),
        version,
        ..Start::default()
    })
}

fn open() -> Session {
    open_at(Minor(34), 6)
}

fn run(session: &mut Session, line: &str) -> String {
    let ran = session.run(line);
    assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    ran.stdout
}

fn node<'s>(session: &'s Session, name: &str) -> &'s Value {
    let key = ObjectKey::new(Kind::NODE, "", name.to_owned());
    &session.store().get(&key).expect("the node").value
}

fn ready(session: &Session, name: &str) -> String {
    let conditions = node(session, name).list_at("status.conditions").iter();
    let of = |c: &&Value| c.str_at("type") == "Ready";
    let ready = conditions.into_iter().find(of).expect("Ready");
    format!("{} {}", ready.str_at("status"), ready.str_at("reason"))
}

fn taints(session: &Session, name: &str) -> Vec<String> {
    let list = node(session, name).list_at("spec.taints").iter();
    list.map(|t| format!("{}:{}", t.str_at("key"), t.str_at("effect")))
        .collect()
}

/// `REASON MESSAGE` of all events about a kind, with their source.
fn events(session: &Session, kind: &str, reason: &str) -> Vec<String> {
    session
        .store()
        .list(Kind::EVENT)
        .filter(|e| e.value.str_at("involvedObject.kind") == kind)
        .filter(|e| e.value.str_at("reason") == reason)
        .map(|e| {
            format!(
                "{} {} {}",
                e.value.str_at("source.component"),
                e.value.str_at("type"),
                e.value.str_at("message")
            )
        })
        .collect()
}

fn pods_on(session: &Session, node: &str) -> Vec<(String, bool, bool)> {
    session
        .store()
        .list(Kind::POD)
        .filter(|p| p.pod().is_some_and(|v| v.node.as_str() == node))
        .map(|p| {
            let ready = p.pod().is_some_and(|v| v.ready);
            (p.meta.name.to_string(), ready, p.meta.is_terminating())
        })
        .collect()
}

/// The first moment, in milliseconds of the session, at which something holds; steps until then.
fn when(session: &mut Session, limit: u64, holds: impl Fn(&Session) -> bool) -> u64 {
    while !holds(session) {
        assert!(session.step() && session.at() < limit, "not until {limit}");
    }
    session.at()
}

#[test]
fn a_lost_node_is_noticed_tainted_and_emptied() {
    for (version, grace) in [
        (Minor(28), 40_000),
        (Minor(29), 50_000),
        (Minor(34), 50_000),
    ] {
        let mut session = open_at(version, 6);
        session.play_to(1_000);
        run(&mut session, "fault node node-2 lost");
        let before = pods_on(&session, "node-2");
        assert_eq!(before.len(), 2);
        let noticed = when(&mut session, 120_000, |s| {
            ready(s, "node-2") == "Unknown NodeStatusUnknown"
        });
        assert!(
            (grace - 10_000..=grace + 12_000).contains(&noticed),
            "{version}: {noticed}"
        );
        session.settle();
        let messages: Vec<String> = node(&session, "node-2")
            .list_at("status.conditions")
            .iter()
            .map(|c| format!("{}: {}", c.str_at("status"), c.str_at("message")))
            .collect();
        assert_eq!(
            messages,
            ["Unknown: Kubelet stopped posting node status."; 4]
        );
        assert_eq!(
            events(&session, "Node", "NodeNotReady"),
            ["node-controller Normal Node node-2 status is now: NodeNotReady"]
        );
        assert_eq!(
            events(&session, "Pod", "NodeNotReady"),
            ["node-controller Warning Node is not ready"; 2]
        );
        assert!(
            pods_on(&session, "node-2")
                .iter()
                .all(|(_, ready, _)| !ready)
        );
        assert_eq!(
            taints(&session, "node-2"),
            ["node.kubernetes.io/unreachable:NoSchedule"]
        );
        let tainted = when(&mut session, 120_000, |s| taints(s, "node-2").len() == 2);
        assert_eq!(tainted, noticed + 5_000, "at the next look");
        let evicted = when(&mut session, 600_000, |s| {
            pods_on(s, "node-2").iter().all(|(_, _, leaving)| *leaving)
        });
        assert_eq!(evicted, tainted + 300_000, "five minutes are tolerated");
        let source = if version >= Minor(29) {
            "taint-eviction-controller"
        } else {
            "taint-controller"
        };
        let mut said = events(&session, "Pod", "TaintManagerEviction");
        said.sort();
        let expected: Vec<String> = before
            .iter()
            .map(|(name, ..)| format!("{source} Normal Marking for deletion Pod default/{name}"))
            .collect();
        assert_eq!(said, expected);
        for (name, ..) in &before {
            let key = ObjectKey::new(Kind::POD, "default", name.clone());
            let pod = session
                .store()
                .get(&key)
                .expect("it stays: nobody confirms");
            let conditions = pod.value.list_at("status.conditions").iter();
            let target = conditions
                .into_iter()
                .find(|c| c.str_at("type") == "DisruptionTarget")
                .expect("DisruptionTarget");
            assert_eq!(target.str_at("reason"), "DeletionByTaintManager");
            assert_eq!(
                target.str_at("message"),
                "Taint manager: deleting due to NoExecute taint"
            );
        }
        session.play_to(evicted + 60_000);
        let listed = run(&mut session, "kubectl get pods");
        assert_eq!(listed.matches("Terminating").count(), 2, "{listed}");
        assert_eq!(listed.matches("1/1     Running").count(), 6, "{listed}");
        run(&mut session, "fault node node-2 back");
        session.play_to(evicted + 90_000);
        assert_eq!(ready(&session, "node-2"), "True KubeletReady");
        assert_eq!(
            events(&session, "Node", "NodeReady"),
            ["kubelet Normal Node node-2 status is now: NodeReady"]
        );
        assert_eq!(taints(&session, "node-2"), [""; 0]);
        assert!(pods_on(&session, "node-2").is_empty(), "confirmed at last");
    }
}

#[test]
fn a_node_that_is_back_in_time_keeps_its_pods() {
    let mut session = open();
    session.play_to(1_000);
    run(&mut session, "fault node node-2 lost for=3m");
    let names = pods_on(&session, "node-2");
    session.play_to(170_000);
    assert!(
        pods_on(&session, "node-2")
            .iter()
            .all(|(_, ready, _)| !ready)
    );
    session.play_to(240_000);
    assert_eq!(
        pods_on(&session, "node-2"),
        names,
        "the same pods, ready again"
    );
    assert_eq!(taints(&session, "node-2"), [""; 0]);
    let mut said = events(&session, "Pod", "TaintManagerEviction");
    said.sort();
    assert_eq!(said.len(), 2);
    assert!(
        said[0].starts_with(
            "taint-eviction-controller Normal Cancelling deletion of Pod default/web-"
        )
    );
    assert!(session.faults().is_empty());
    session.play_to(700_000);
    assert_eq!(pods_on(&session, "node-2"), names);
    // A short cut is not even noticed.
    let mut short = open();
    run(&mut short, "fault node node-2 lost for=20s");
    short.play_to(600_000);
    let nothing = events(&short, "Node", "NodeNotReady");
    assert!(nothing.is_empty(), "{nothing:?}");
}

/// Clients are hit until the endpoints are gone; without the fault nothing fails.
#[test]
fn requests_to_a_lost_node_get_no_answer() {
    let failed = |lines: &[&str]| {
        let mut session = open();
        for line in lines {
            run(&mut session, line);
        }
        session.play_to(120_000);
        let target = ObjectKey::new(Kind::SERVICE, "default", "web");
        let tally = session.requests_so_far(&target);
        (tally.failed(), tally.waiting)
    };
    assert_eq!(failed(&["traffic service/web 12/s"]).0, 0);
    let (hit, waiting) = failed(&["traffic service/web 12/s", "fault node node-2 lost"]);
    // A third of the requests, for about a minute.
    assert!((150..=280).contains(&hit), "{hit}");
    assert_eq!(waiting, 0);
}

#[test]
fn with_all_nodes_lost_nobody_is_evicted() {
    let mut session = open();
    for n in 1..=3 {
        run(&mut session, &format!("fault node node-{n} lost"));
    }
    session.play_to(900_000);
    for n in 1..=3 {
        assert_eq!(
            taints(&session, &format!("node-{n}")),
            ["node.kubernetes.io/unreachable:NoSchedule"]
        );
    }
    assert!(events(&session, "Pod", "TaintManagerEviction").is_empty());
    run(&mut session, "fault off");
    session.play_to(1_000_000);
    let listed = run(&mut session, "kubectl get pods");
    assert_eq!(listed.matches("1/1     Running   0").count(), 6, "{listed}");
}

#[test]
fn a_taint_of_the_learner_evicts_at_once() {
    let mut session = open();
    run(
        &mut session,
        "kubectl taint nodes node-2 maintenance=true:NoExecute",
    );
    session.settle();
    assert!(
        pods_on(&session, "node-2")
            .iter()
            .all(|(_, _, leaving)| *leaving)
    );
    session.play_to(60_000);
    assert!(pods_on(&session, "node-2").is_empty());
}

#[test]
fn a_registry_that_is_down_stalls_and_heals() {
    let mut session = open();
    run(&mut session, "fault registry docker.io down");
    run(&mut session, "kubectl set image deployment/web web=web:v2");
    session.play_to(30_000);
    let listed = run(&mut session, "kubectl get pods");
    assert!(
        listed.contains("ErrImagePull") || listed.contains("ImagePullBackOff"),
        "{listed}"
    );
    let failed = events(&session, "Pod", "Failed").join("\n");
    assert!(
        failed.contains("kubelet Warning Failed to pull image \"web:v2\": rpc error: code = Unknown desc = failed to pull and unpack image \"docker.io/library/web:v2\": failed to resolve reference \"docker.io/library/web:v2\": failed to do request: Head \"https://registry-1.docker.io/v2/library/web/manifests/v2\": dial tcp registry-1.docker.io:443: connect: connection refused"),
        "{failed}"
    );
    assert_eq!(run(&mut session, "fault"), "registry docker.io down\n");
    run(&mut session, "fault registry docker.io up");
    session.play_to(120_000);
    let status = run(&mut session, "kubectl rollout status deployment/web");
    assert!(status.contains("successfully rolled out"), "{status}");
    // Another registry does not matter, and what is on the node needs none.
    let mut other = open();
    run(&mut other, "fault registry quay.io down");
    run(&mut other, "kubectl set image deployment/web web=web:v2");
    run(&mut other, "kubectl delete pod --all --wait=false");
    other.play_to(60_000);
    let status = run(&mut other, "kubectl rollout status deployment/web");
    assert!(status.contains("successfully rolled out"), "{status}");
    let mut present = open();
    run(&mut present, "fault registry down");
    run(&mut present, "kubectl scale deployment/web --replicas=7");
    present.play_to(60_000);
    let listed = run(&mut present, "kubectl get deployment web");
    assert!(listed.contains("7/7"), "{listed}");
}

#[test]
fn a_webhook_refuses_pods_or_deployments() {
    let mut session = open();
    run(&mut session, "fault webhook deny image=*:v2");
    run(&mut session, "kubectl set image deployment/web web=web:v2");
    session.play_to(20_000);
    let said = events(&session, "ReplicaSet", "FailedCreate");
    assert_eq!(
        said,
        [
            "replicaset-controller Warning Error creating: admission webhook \"policy.example.com\" denied the request: image \"web:v2\" is not allowed"
        ]
    );
    let key = ObjectKey::new(Kind::DEPLOYMENT, "default", "web");
    let deployment = session.store().get(&key).unwrap();
    let failure = deployment
        .value
        .list_at("status.conditions")
        .iter()
        .find(|c| c.str_at("type") == "ReplicaFailure")
        .expect("ReplicaFailure");
    assert_eq!(failure.str_at("reason"), "FailedCreate");
    run(&mut session, "fault webhook off");
    session.play_to(300_000);
    let status = run(&mut session, "kubectl rollout status deployment/web");
    assert!(status.contains("successfully rolled out"), "{status}");

    let mut session = open();
    run(
        &mut session,
        "fault webhook deny missing=team on=deployments name=labels.example.com",
    );
    let ran = session.run("kubectl set image deployment/web web=web:v2");
    assert_eq!(ran.exit, Some(1));
    assert!(
        ran.stderr.contains(
            "admission webhook \"labels.example.com\" denied the request: label \"team\" is missing"
        ),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("()"), "{}", ran.stderr);
    let ran = session.apply("web.yaml", &manifest(7));
    assert_eq!(ran.exit, Some(1));
    assert!(
        ran.stderr.starts_with("Error from server: error when ")
            && ran.stderr.contains("label \"team\" is missing"),
        "{}",
        ran.stderr
    );
}

/// A new process of the controllers looks at everything and finds nothing to do; in the middle of a rollout it goes on.
#[test]
fn controllers_that_begin_anew_change_nothing() {
    let mut session = open();
    session.play_to(10_000);
    let before = session.export_state();
    run(&mut session, "fault controllers restart");
    session.settle();
    let values = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let strip = |text: String| {
        text[text.find("\"objects\"").unwrap()..text.rfind("\"step\"").unwrap()].to_owned()
    };
    assert!(
        strip(values(&session.export_state())) == strip(values(&before)),
        "nothing changed"
    );
    // Mid-rollout: the same end.
    run(&mut session, "kubectl set image deployment/web web=web:v2");
    session.play_to(13_000);
    run(&mut session, "fault controllers restart");
    session.play_to(60_000);
    let status = run(&mut session, "kubectl rollout status deployment/web");
    assert!(status.contains("successfully rolled out"), "{status}");
    let listed = run(&mut session, "kubectl get pods");
    assert_eq!(listed.matches("1/1     Running").count(), 6, "{listed}");
    let slices = session.store().list(Kind::ENDPOINT_SLICE).count();
    assert_eq!(slices, 2, "kubernetes and web");
}

#[test]
fn without_controllers_nothing_moves_until_they_are_back() {
    let mut session = open();
    run(&mut session, "fault controllers down");
    run(&mut session, "kubectl set image deployment/web web=web:v2");
    run(&mut session, "kubectl scale deployment/web --replicas=8");
    session.play_to(60_000);
    assert_eq!(session.writes(), 0);
    let text = run(&mut session, "kubectl get deployment web");
    assert!(text.contains("6/8"), "{text}");
    run(&mut session, "fault controllers up");
    session.play_to(120_000);
    let text = run(&mut session, "kubectl get deployment web");
    assert!(text.contains("8/8     8            8"), "{text}");
}

/// The node controllers stop with the others, and a new process gives every node its whole grace.
#[test]
fn a_lost_node_is_not_noticed_without_controllers() {
    let mut session = open();
    run(&mut session, "fault node node-2 lost");
    session.play_to(5_000);
    run(&mut session, "fault controllers down");
    session.play_to(200_000);
    assert!(ready(&session, "node-2").starts_with("True"));
    assert!(taints(&session, "node-2").is_empty());
    run(&mut session, "fault controllers up");
    session.play_to(245_000);
    assert!(
        ready(&session, "node-2").starts_with("True"),
        "the grace begins anew"
    );
    session.play_to(270_000);
    assert!(ready(&session, "node-2").starts_with("Unknown"));
    // Planned evictions are forgotten and planned anew.
    session.play_to(300_000);
    assert!(!taints(&session, "node-2").is_empty());
    let at = session.at();
    run(&mut session, "fault controllers restart");
    session.play_to(at + 295_000);
    assert!(
        pods_on(&session, "node-2")
            .iter()
            .all(|(_, _, leaving)| !leaving)
    );
    session.play_to(at + 310_000);
    assert!(
        pods_on(&session, "node-2")
            .iter()
            .all(|(_, _, leaving)| *leaving)
    );
}

#[test]
fn a_slow_api_server_makes_a_rollout_slow() {
    let done = |lines: &[&str]| {
        let mut session = open();
        for line in lines {
            run(&mut session, line);
        }
        run(&mut session, "kubectl set image deployment/web web=web:v2");
        when(&mut session, 600_000, |s| {
            let key = ObjectKey::new(Kind::DEPLOYMENT, "default", "web");
            let d = s.store().get(&key).unwrap();
            let n = |at: &str| d.value.int_at(at).unwrap_or(0);
            n("status.observedGeneration") == 2
                && n("status.updatedReplicas") == 6
                && n("status.availableReplicas") == 6
                && n("status.replicas") == 6
        })
    };
    let (fast, slow) = (done(&[]), done(&["fault api slow delay=3s"]));
    assert!(slow > fast + 15_000, "{fast} {slow}");
    assert_eq!(done(&["fault api slow delay=3s", "fault api normal"]), fast);
}

#[test]
fn slow_endpoints_cost_requests() {
    let failed = |line: &str| {
        let mut session = open();
        run(&mut session, "traffic service/web 20/s");
        run(&mut session, line);
        run(&mut session, "kubectl set image deployment/web web=web:v2");
        session.play_to(120_000);
        let target = ObjectKey::new(Kind::SERVICE, "default", "web");
        session.requests_so_far(&target).failed()
    };
    let (usual, slow, none) = (
        failed("fault endpoints normal"),
        failed("fault endpoints slow delay=6s"),
        failed("fault endpoints slow delay=1ms"),
    );
    assert!(none < usual && usual < slow, "{none} {usual} {slow}");
}

#[test]
fn the_schema_decides_who_answers() {
    let mut session = open();
    run(&mut session, "traffic service/web 10/s");
    run(&mut session, "image web:v1 needs-schema schema=1");
    run(&mut session, "image web:v2 needs-schema schema=2");
    session.play_to(10_000);
    let target = ObjectKey::new(Kind::SERVICE, "default", "web");
    assert_eq!(session.requests_so_far(&target).failed(), 0);
    run(&mut session, "fault schema 2");
    session.play_to(20_000);
    assert_eq!(session.requests_so_far(&target).failed(), 100);
    run(&mut session, "fault schema 1");
    session.play_to(30_000);
    assert_eq!(session.requests_so_far(&target).failed(), 100);
}

/// A set of faults travels in a link and is the same, byte for byte, forward, back and opened anew.
#[test]
fn faults_travel() {
    let mut session = open();
    run(&mut session, "traffic service/web 20/s");
    session.play_to(1_234);
    for line in [
        "fault node node-3 lost for=7m",
        "fault registry down reason=timeout for=30s",
        "fault api slow delay=700ms for=1m",
        "fault endpoints slow",
        "fault webhook deny label=app=web for=20s message='not on a Friday'",
        "kubectl set image deployment/web web=web:v2",
        "fault controllers restart",
    ] {
        run(&mut session, line);
        let at = session.at();
        session.play_to(at + 3_210);
    }
    session.play_to(700_000);
    let state = session.export_state();
    let target = ObjectKey::new(Kind::SERVICE, "default", "web");
    let tally = session.requests_so_far(&target);
    let steps = session.position();
    assert_eq!(session.faults().list().len(), 1, "the endpoints stay slow");
    for packing in [share::Packing::Deflate, share::Packing::Json] {
        let link = share::encode(&session.shared(None), packing);
        let opened = Session::open(&share::decode(&link).unwrap()).unwrap();
        assert!(opened.export_state() == state, "opened anew");
        assert_eq!(opened.requests_so_far(&target), tally);
    }
    session.seek(steps / 2);
    let middle = session.export_state();
    session.seek(0);
    session.seek(steps / 2);
    assert!(session.export_state() == middle, "back and forward");
    session.play_to(700_000);
    assert!(session.export_state() == state, "played again");
    assert_eq!(session.requests_so_far(&target), tally);
}

#[test]
fn the_console_tells_how() {
    let mut session = open();
    let told = run(&mut session, "fault");
    assert!(
        told.starts_with("nothing is broken\n\nfault node NAME"),
        "{told}"
    );
    let ran = session.run("fault node node-9 lost");
    assert_eq!(
        ran.stderr,
        "Error from server (NotFound): nodes \"node-9\" not found\n"
    );
    let ran = session.run("fault nonsense");
    assert!(ran.stderr.starts_with("error: unknown fault \"nonsense\""));
    assert!(session.steps().is_empty());
    assert!(run(&mut session, "help").contains("\nfault KIND"));
}
