//! The page's node side: each behaviour of an image with and without, from the pod's creation to what kubectl would show.
#![allow(clippy::unwrap_used, reason = "a test")]

use rollout_api::json::from_json;
use rollout_api::{Kind, Minor, ObjectKey, Value};
use rollout_engine::client::DeleteOptions;
use rollout_engine::decision::What;
use rollout_engine::kubelet::decision::KubeletDecision;
use rollout_engine::logs::Run;
use rollout_engine::{ClusterConfig, Engine, SimEvent, SimTime};

struct Scene {
    engine: Engine,
}

fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey::new(kind, "default", name.to_owned())
}

impl Scene {
    fn new() -> Scene {
        Scene {
            engine: Engine::new(ClusterConfig {
                version: Minor::V1_32,
                ..ClusterConfig::default()
            }),
        }
    }
    fn image(&mut self, words: &str) -> &mut Self {
        let words: Vec<&str> = words.split(' ').collect();
        self.engine.act("test", |c| {
            c.world_mut().set_image_rule_words(&words).unwrap()
        });
        self
    }
    fn create(&mut self, kind: Kind, json: &str) -> &mut Self {
        let value = from_json(json).unwrap();
        self.engine.act("test", |c| {
            c.world_mut().create(kind, value).map(|_| ()).unwrap()
        });
        self
    }
    /// A pod `p` with one container; `more` goes into the container.
    fn pod(&mut self, more: &str) -> &mut Self {
        self.named_pod("p", more, "")
    }
    fn named_pod(&mut self, name: &str, container: &str, spec: &str) -> &mut Self {
        let comma = |s: &str| {
            if s.is_empty() {
                String::new()
            } else {
                format!(",{s}")
            }
        };
        let json = format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"default"}},
            "spec":{{"containers":[{{"name":"web","image":"web:v1","imagePullPolicy":"IfNotPresent"{}}}],
            "restartPolicy":"Always","terminationGracePeriodSeconds":30{}}},"status":{{"phase":"Pending"}}}}"#,
            comma(container),
            comma(spec)
        );
        self.create(Kind::POD, &json)
    }
    fn to(&mut self, ms: u64) -> &mut Self {
        self.engine.advance_to(SimTime(ms));
        self
    }
    fn get(&self, name: &str) -> Option<Value> {
        self.engine
            .store()
            .get(&key(Kind::POD, name))
            .map(|o| o.value.clone())
    }
    /// What the STATUS column is made of: the container's waiting or terminated reason, else the phase.
    fn status(&self) -> String {
        let Some(pod) = self.get("p") else {
            return "gone".into();
        };
        let state = pod
            .at("status.containerStatuses.0.state")
            .cloned()
            .unwrap_or_default();
        let ready = pod.bool_at("status.containerStatuses.0.ready");
        let word = match (state.at("waiting.reason"), state.at("terminated.reason")) {
            (Some(r), _) | (_, Some(r)) => r.as_str().unwrap_or("").to_owned(),
            _ => pod.str_at("status.phase").to_owned(),
        };
        format!("{} {word}", i32::from(ready))
    }
    /// The sequence of states with the second at which each begins.
    fn history(&mut self, until: u64) -> Vec<String> {
        let mut out = vec![self.status()];
        while self.engine.next_at().is_some_and(|t| t.0 <= until) {
            for record in self.engine.step() {
                let status = self.status();
                if out
                    .last()
                    .is_none_or(|l| l.split_once(' ').map(|x| x.1) != Some(status.as_str()))
                {
                    out.push(format!("{:.1} {status}", record.at.0 as f64 / 1000.0));
                }
            }
        }
        out
    }
    fn events(&self) -> Vec<(String, String, i64)> {
        let mut list: Vec<_> = self
            .engine
            .list(Kind::EVENT)
            .map(|e| {
                let v = &e.value;
                let count = v.int_at("count").or(v.int_at("series.count")).unwrap_or(1);
                (
                    v.str_at("reason").to_owned(),
                    v.str_at("message").to_owned(),
                    count,
                )
            })
            .collect();
        list.sort();
        list
    }
    fn has(&self, reason: &str, message: &str) -> bool {
        self.events()
            .iter()
            .any(|(r, m, _)| r == reason && m == message)
    }
    fn count(&self, reason: &str) -> i64 {
        self.events()
            .iter()
            .filter(|(r, ..)| r == reason)
            .map(|e| e.2)
            .sum()
    }
    fn delete(&mut self) -> &mut Self {
        self.engine.act("test", |c| {
            c.world_mut()
                .delete(&key(Kind::POD, "p"), &DeleteOptions::default())
                .unwrap()
        });
        self
    }
}

const READY: &str =
    r#""readinessProbe":{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":5}"#;
const LIVE: &str = r#""livenessProbe":{"httpGet":{"path":"/live","port":8080},"periodSeconds":5}"#;

/// Times are left out: what follows what.
fn words(history: &[String]) -> Vec<&str> {
    history
        .iter()
        .skip(1)
        .filter_map(|h| h.split_once(' ').map(|x| x.1))
        .collect()
}

const CONFIG: &str = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"app","namespace":"default"},"data":{"mode":"a"}}"#;

#[test]
fn good() {
    let mut s = Scene::new();
    s.pod(READY);
    assert_eq!(
        words(&s.history(600_000)),
        ["0 Pending", "0 ContainerCreating", "1 Running"]
    );
    let reasons: Vec<String> = s.events().into_iter().map(|e| e.0).collect();
    assert_eq!(
        reasons,
        ["Created", "Pulled", "Pulling", "Scheduled", "Started"]
    );
    let pod = s.get("p").unwrap();
    assert_eq!(pod.str_at("status.podIP"), "10.244.1.2");
    assert_eq!(pod.str_at("status.hostIP"), "172.18.0.3");
    let types: Vec<&str> = pod
        .list_at("status.conditions")
        .iter()
        .map(|c| c.str_at("type"))
        .collect();
    assert_eq!(
        types,
        [
            "PodReadyToStartContainers",
            "Initialized",
            "Ready",
            "ContainersReady",
            "PodScheduled"
        ]
    );
    assert!(
        s.engine
            .upcoming()
            .all(|(_, e)| *e == SimEvent::ExpireEvents),
        "a good cluster rests"
    );
}

#[test]
fn timings() {
    let mut s = Scene::new();
    s.pod("").to(99);
    assert_eq!(s.status(), "0 Pending");
    assert_eq!(s.to(100).status(), "0 ContainerCreating");
    assert_eq!(s.to(3099).status(), "0 ContainerCreating");
    assert_eq!(s.to(4090).status(), "1 Running");
    // The second pod on the node finds the image there.
    s.named_pod(
        "q",
        "",
        r#""nodeSelector":{"kubernetes.io/hostname":"node-1"}"#,
    )
    .to(4190 + 2190);
    assert!(
        s.get("q")
            .unwrap()
            .bool_at("status.containerStatuses.0.ready")
    );
    assert!(s.has(
        "Pulled",
        "Container image \"web:v1\" already present on machine"
    ));
}

#[test]
fn missing_and_late() {
    let mut s = Scene::new();
    s.image("web:v1 missing").pod("");
    let history = s.history(60_000);
    assert_eq!(
        words(&history),
        [
            "0 Pending",
            "0 ContainerCreating",
            "0 ErrImagePull",
            "0 ImagePullBackOff",
            "0 ErrImagePull",
            "0 ImagePullBackOff",
            "0 ErrImagePull"
        ]
    );
    assert_eq!(
        s.get("p")
            .unwrap()
            .str_at("status.containerStatuses.0.imageID"),
        ""
    );
    let error = "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/web:v1\": failed to resolve reference \"docker.io/library/web:v1\": docker.io/library/web:v1: not found";
    assert!(s.has(
        "Failed",
        &format!("Failed to pull image \"web:v1\": {error}")
    ));
    assert!(s.has("Failed", "Error: ErrImagePull") && s.has("Failed", "Error: ImagePullBackOff"));
    assert!(s.has("BackOff", "Back-off pulling image \"web:v1\""));
    // Pulls at the first ticks that are at least 10, 20, 40 … s after the failure before.
    assert_eq!(s.count("Pulling"), 3);

    let mut s = Scene::new();
    s.image("web:v1 late until=30").pod("");
    assert_eq!(words(&s.history(600_000)).last(), Some(&"1 Running"));
    let mut s = Scene::new();
    s.image("web:v1 missing")
        .pod("")
        .to(20_000)
        .image("web:v1 good");
    assert_eq!(
        words(&s.history(600_000)).last(),
        Some(&"1 Running"),
        "a rule is taken back"
    );
}

#[test]
fn crash() {
    let mut s = Scene::new();
    s.image("web:v1 crash after=2 exit=3").pod("");
    assert_eq!(
        words(&s.history(60_000)),
        [
            "0 Pending",
            "0 ContainerCreating",
            "1 Running",
            "0 Error",
            "1 Running",
            "0 Error",
            "0 CrashLoopBackOff",
            "1 Running",
            "0 Error",
            "0 CrashLoopBackOff",
            "1 Running",
            "0 Error",
        ],
        "the first restart is at once, Error comes before CrashLoopBackOff"
    );
    s.history(130_000);
    let pod = s.get("p").unwrap();
    let status = pod.at("status.containerStatuses.0").unwrap();
    assert_eq!(status.int_at("lastState.terminated.exitCode"), Some(3));
    assert_eq!(pod.str_at("status.phase"), "Running");
    let uid = pod.str_at("metadata.uid");
    assert_eq!(
        status.str_at("state.waiting.message"),
        format!("back-off 1m20s restarting failed container=web pod=p_default({uid})")
    );
    assert!(s.has(
        "BackOff",
        &format!("Back-off restarting failed container web in pod p_default({uid})")
    ));
    let lines = s
        .engine
        .act("t", |c| {
            c.logs("default", "p", "web", Run::Current).unwrap()
        })
        .0;
    assert_eq!(lines.last().unwrap().text, "fatal: exiting with status 3");
    assert!(
        s.engine
            .act("t", |c| c
                .logs("default", "p", "web", Run::Previous)
                .is_some())
            .0
    );
}

#[test]
fn oom_only_with_a_limit() {
    let mut s = Scene::new();
    s.image("web:v1 oom after=10")
        .pod(r#""resources":{"limits":{"memory":"64Mi"}}"#);
    assert_eq!(
        words(&s.history(30_000)),
        [
            "0 Pending",
            "0 ContainerCreating",
            "1 Running",
            "0 OOMKilled",
            "1 Running",
            "0 OOMKilled"
        ]
    );
    assert_eq!(
        s.get("p")
            .unwrap()
            .int_at("status.containerStatuses.0.state.terminated.exitCode"),
        Some(137)
    );
    let mut s = Scene::new();
    s.image("web:v1 oom after=10").pod("");
    assert_eq!(words(&s.history(300_000)).last(), Some(&"1 Running"));
}

#[test]
fn never_ready() {
    let mut s = Scene::new();
    s.image("web:v1 never-ready").pod(READY);
    assert_eq!(words(&s.history(600_000)).last(), Some(&"0 Running"));
    assert!(s.has(
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    ));
    // 25 at once, one more every 300 s: the recorder goes quiet in between, its count does not.
    assert_eq!(s.count("Unhealthy"), 122);
    let mut s = Scene::new();
    s.image("web:v1 never-ready").pod("");
    assert_eq!(
        words(&s.history(600_000)).last(),
        Some(&"1 Running"),
        "without a probe nobody notices"
    );
    let mut s = Scene::new();
    s.image("web:v1 never-ready")
        .pod(&format!("{READY},{LIVE}"));
    s.history(600_000);
    assert_eq!(s.count("Killing"), 0, "another liveness path is answered");
}

#[test]
fn slow_start() {
    let mut s = Scene::new();
    s.image("web:v1 slow-start ready=20").pod(READY);
    let history = s.history(600_000);
    assert_eq!(words(&history).last(), Some(&"1 Running"));
    // Started at 3.456; ticks are at 0.1 + 5 n: the first at or after 23.456.
    assert_eq!(history.last().map(String::as_str), Some("25.1 1 Running"));
    assert!(s.has("Unhealthy", "Readiness probe failed: Get \"http://10.244.1.2:8080/healthz\": dial tcp 10.244.1.2:8080: connect: connection refused"));

    // A liveness probe that is too strict kills it again and again; a startup probe gives it time.
    let mut s = Scene::new();
    s.image("web:v1 slow-start ready=20").pod(LIVE);
    s.history(60_000);
    assert!(s.has(
        "Killing",
        "Container web failed liveness probe, will be restarted"
    ));
    let mut s = Scene::new();
    let startup = r#""startupProbe":{"httpGet":{"path":"/live","port":8080},"periodSeconds":5,"failureThreshold":10}"#;
    s.image("web:v1 slow-start ready=20")
        .pod(&format!("{LIVE},{startup}"));
    assert_eq!(words(&s.history(600_000)).last(), Some(&"1 Running"));
    assert_eq!(s.count("Killing"), 0);
    let mut s = Scene::new();
    let startup = startup.replace("10}", "2}");
    s.image("web:v1 slow-start ready=20").pod(&startup);
    s.history(60_000);
    assert!(s.has(
        "Killing",
        "Container web failed startup probe, will be restarted"
    ));
}

#[test]
fn flapping() {
    let mut s = Scene::new();
    s.image("web:v1 flapping up=20 down=20").pod(READY);
    assert_eq!(
        words(&s.history(100_000)),
        [
            "0 Pending",
            "0 ContainerCreating",
            "1 Running",
            "0 Running",
            "1 Running",
            "0 Running",
            "1 Running"
        ]
    );
}

#[test]
fn wrong_port_and_path() {
    for (rule, text) in [
        (
            "wrong-port",
            "Readiness probe failed: Get \"http://10.244.1.2:8080/healthz\": dial tcp 10.244.1.2:8080: connect: connection refused",
        ),
        (
            "wrong-path",
            "Readiness probe failed: HTTP probe failed with statuscode: 404",
        ),
    ] {
        let mut s = Scene::new();
        s.image(&format!("web:v1 {rule}")).pod(READY);
        assert_eq!(words(&s.history(60_000)).last(), Some(&"0 Running"));
        assert!(s.has("Unhealthy", text), "{:?}", s.events());
    }
}

#[test]
fn slow_pull_and_node_cache() {
    let mut s = Scene::new();
    s.image("web:v1 slow-pull size=300MB").pod("");
    let history = s.history(600_000);
    assert_eq!(history.last().map(String::as_str), Some("31.5 1 Running"));
    assert!(s.has("Pulled", "Successfully pulled image \"web:v1\" in 30s (30s including waiting). Image size: 300000000 bytes."));
}

#[test]
fn configuration_that_is_not_there() {
    let mut s = Scene::new();
    s.pod(r#""env":[{"name":"MODE","valueFrom":{"configMapKeyRef":{"name":"app","key":"mode"}}}]"#);
    assert_eq!(
        words(&s.history(20_000)).last(),
        Some(&"0 CreateContainerConfigError")
    );
    assert!(s.has("Failed", "Error: configmap \"app\" not found"));
    s.create(Kind::CONFIG_MAP, CONFIG);
    assert_eq!(words(&s.history(60_000)).last(), Some(&"1 Running"));

    let mut s = Scene::new();
    s.create(Kind::CONFIG_MAP, CONFIG)
        .image("web:v1 needs-config key=DB")
        .pod(r#""envFrom":[{"configMapRef":{"name":"app"}}]"#);
    assert_eq!(
        words(&s.history(20_000)).last(),
        Some(&"0 CreateContainerConfigError")
    );
    assert!(s.has(
        "Failed",
        "Error: couldn't find key DB in ConfigMap default/app"
    ));
    let mut s = Scene::new();
    s.image("web:v1 needs-config key=DB").pod("");
    let history = s.history(20_000);
    assert!(
        words(&history).contains(&"0 CrashLoopBackOff"),
        "nobody promised the key: the process ends by itself"
    );
    let mut s = Scene::new();
    s.image("web:v1 needs-config key=DB")
        .pod(r#""env":[{"name":"DB","value":"x"}]"#);
    assert_eq!(words(&s.history(20_000)).last(), Some(&"1 Running"));

    let mut s = Scene::new();
    s.named_pod(
        "p",
        "",
        r#""volumes":[{"name":"conf","configMap":{"name":"app"}}]"#,
    );
    assert_eq!(
        words(&s.history(20_000)).last(),
        Some(&"0 ContainerCreating")
    );
    assert!(s.has(
        "FailedMount",
        "MountVolume.SetUp failed for volume \"conf\" : configmap \"app\" not found"
    ));
    s.create(Kind::CONFIG_MAP, CONFIG);
    assert_eq!(words(&s.history(100_000)).last(), Some(&"1 Running"));
}

#[test]
fn hardened() {
    let mut s = Scene::new();
    s.image("web:v1 needs-root")
        .pod(r#""securityContext":{"runAsNonRoot":true}"#);
    assert_eq!(
        words(&s.history(20_000)).last(),
        Some(&"0 CreateContainerConfigError")
    );
    let uid = s.get("p").unwrap().str_at("metadata.uid").to_owned();
    assert!(s.has("Failed", &format!("Error: container has runAsNonRoot and image will run as root (pod: \"p_default({uid})\", container: web)")));
    let mut s = Scene::new();
    s.image("web:v1 needs-write")
        .pod(r#""securityContext":{"readOnlyRootFilesystem":true}"#);
    s.history(30_000);
    let lines = s
        .engine
        .act("t", |c| {
            c.logs("default", "p", "web", Run::Current).unwrap()
        })
        .0;
    assert!(
        lines
            .iter()
            .any(|l| l.text.contains("read-only file system"))
    );
    for (rule, spec) in [("needs-root", ""), ("needs-write", "")] {
        let mut s = Scene::new();
        s.image(&format!("web:v1 {rule}")).pod(spec);
        assert_eq!(words(&s.history(20_000)).last(), Some(&"1 Running"));
    }
}

#[test]
fn stopping() {
    for (rule, container, seconds) in [
        ("good", "", 0.5),
        ("ignores-stop", "", 30.0),
        (
            "good",
            r#""lifecycle":{"preStop":{"exec":{"command":["sleep","10"]}}}"#,
            10.5,
        ),
        (
            "good",
            r#""lifecycle":{"preStop":{"sleep":{"seconds":5}}}"#,
            5.5,
        ),
        (
            "ignores-stop",
            r#""lifecycle":{"preStop":{"sleep":{"seconds":5}}}"#,
            30.0,
        ),
        // The hook is cut by the grace period; two seconds are left for the stop itself.
        (
            "ignores-stop",
            r#""lifecycle":{"preStop":{"sleep":{"seconds":60}}}"#,
            32.0,
        ),
    ] {
        let mut s = Scene::new();
        s.image(&format!("web:v1 {rule}"))
            .pod(container)
            .to(10_000)
            .delete();
        assert!(
            s.get("p")
                .unwrap()
                .bool_at("status.containerStatuses.0.ready"),
            "ready until it stops"
        );
        let gone = s.history(100_000).last().cloned();
        assert_eq!(
            gone,
            Some(format!("{:.1} gone", 10.0 + seconds)),
            "{rule} {container}"
        );
        assert!(s.has("Killing", "Stopping container web"));
    }
}

#[test]
fn init_containers_and_sidecars() {
    let mut s = Scene::new();
    let init = r#""initContainers":[{"name":"init","image":"busybox:1"},{"name":"side","image":"proxy:1","restartPolicy":"Always"}]"#;
    s.named_pod("p", READY, init);
    assert_eq!(
        words(&s.history(60_000)),
        ["0 Pending", "0 PodInitializing", "1 Running"]
    );
    let pod = s.get("p").unwrap();
    assert_eq!(
        pod.str_at("status.initContainerStatuses.0.state.terminated.reason"),
        "Completed"
    );
    assert!(pod.bool_at("status.initContainerStatuses.1.started"));
    s.delete();
    assert_eq!(
        words(&s.history(60_000)),
        ["1 Running", "0 Completed", "gone"],
        "sidecars go last"
    );
    let mut s = Scene::new();
    s.image("busybox:1 crash after=1").named_pod("p", "", init);
    s.history(60_000);
    let pod = s.get("p").unwrap();
    assert_eq!(pod.str_at("status.phase"), "Pending");
    assert_eq!(
        pod.str_at("status.conditions.1.message"),
        "containers with incomplete status: [init side]"
    );
}

#[test]
fn scopes_of_a_rule() {
    let mut s = Scene::new();
    s.image("web:v1 never-ready pod=2")
        .image("web:v1 crash after=1 node=node-3");
    s.named_pod(
        "p",
        READY,
        r#""nodeSelector":{"kubernetes.io/hostname":"node-1"}"#,
    );
    s.named_pod(
        "q",
        READY,
        r#""nodeSelector":{"kubernetes.io/hostname":"node-1"}"#,
    );
    s.named_pod(
        "r",
        READY,
        r#""nodeSelector":{"kubernetes.io/hostname":"node-3"}"#,
    );
    s.to(60_000);
    let ready = |s: &Scene, n: &str| {
        s.get(n)
            .unwrap()
            .bool_at("status.containerStatuses.0.ready")
    };
    assert!(ready(&s, "p") && !ready(&s, "q"));
    assert!(
        s.get("r")
            .unwrap()
            .int_at("status.containerStatuses.0.restartCount")
            > Some(0)
    );
    // From a moment on.
    let mut s = Scene::new();
    s.image("web:v1 never-ready from=2m").pod(READY).to(119_000);
    assert_eq!(s.status(), "1 Running");
    assert_eq!(s.to(140_000).status(), "0 Running");
}

#[test]
fn moved_tag() {
    let id = |s: &Scene, n: &str| {
        s.get(n)
            .unwrap()
            .str_at("status.containerStatuses.0.imageID")
            .to_owned()
    };
    let on = r#""nodeSelector":{"kubernetes.io/hostname":"node-1"}"#;
    let mut s = Scene::new();
    s.named_pod("p", "", on)
        .to(10_000)
        .image("web:v1 moved-tag digest=1");
    s.named_pod("q", "", on).to(20_000);
    assert_eq!(
        id(&s, "p"),
        id(&s, "q"),
        "IfNotPresent takes what the node has"
    );
    s.create(
        Kind::POD,
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"r","namespace":"default"},"spec":{"nodeSelector":{"kubernetes.io/hostname":"node-1"},"containers":[{"name":"web","image":"web:v1","imagePullPolicy":"Always"}]},"status":{"phase":"Pending"}}"#,
    );
    s.to(30_000);
    assert_ne!(id(&s, "p"), id(&s, "r"), "Always pulls the new content");
}

#[test]
fn commands_of_exercises() {
    let mut s = Scene::new();
    s.pod(r#""command":["sh","-c","sleep 3; exit 2"]"#);
    s.history(20_000);
    assert_eq!(
        s.get("p")
            .unwrap()
            .int_at("status.containerStatuses.0.state.terminated.exitCode"),
        Some(2)
    );
}

fn why(s: &Scene, name: &str) -> String {
    let pod = s.get(name).unwrap();
    let list = pod.list_at("status.conditions");
    list.iter()
        .find(|c| c.str_at("type") == "PodScheduled")
        .map(|c| c.str_at("message").to_owned())
        .unwrap_or_default()
}

fn node(s: &mut Scene, name: &str, f: impl Fn(&mut Value)) {
    let key = ObjectKey::new(Kind::NODE, "", name.to_owned());
    let mut value = s.engine.store().get(&key).unwrap().value.clone();
    f(&mut value);
    s.engine.act("t", |c| {
        c.world_mut().update(&key, value).map(|_| ()).unwrap()
    });
}

#[test]
fn no_room() {
    let mut s = Scene::new();
    s.pod(r#""resources":{"requests":{"cpu":"3","memory":"9Gi"}}"#)
        .to(1000);
    assert_eq!(
        why(&s, "p"),
        "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
    );
    // Room comes when a pod goes.
    let mut s = Scene::new();
    for name in ["a", "b", "c", "p"] {
        s.named_pod(name, r#""resources":{"requests":{"cpu":"3"}}"#, "");
    }
    s.to(10_000);
    assert!(why(&s, "p").starts_with("0/3 nodes are available: 3 Insufficient cpu."));
    let options = DeleteOptions::default();
    s.engine.act("t", |c| {
        c.world_mut()
            .delete(&key(Kind::POD, "b"), &options)
            .unwrap()
    });
    assert_eq!(
        s.to(10_400).status(),
        "0 Pending",
        "a terminating pod still holds its room"
    );
    assert_eq!(words(&s.history(60_000)).last(), Some(&"1 Running"));
}

#[test]
fn cordon_taints_and_selectors() {
    let mut s = Scene::new();
    node(&mut s, "node-1", |n| n.set("spec.unschedulable", true));
    node(&mut s, "node-2", |n| {
        n.set(
            "spec.taints",
            from_json(r#"[{"key":"gpu","value":"yes","effect":"NoSchedule"}]"#).unwrap(),
        );
    });
    s.named_pod(
        "p",
        "",
        r#""nodeSelector":{"kubernetes.io/hostname":"node-9"}"#,
    )
    .to(1000);
    assert_eq!(
        why(&s, "p"),
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    );
    let key = ObjectKey::new(Kind::NODE, "", "node-1");
    let taint = s
        .engine
        .store()
        .get(&key)
        .unwrap()
        .value
        .str_at("spec.taints.0.key")
        .to_owned();
    assert_eq!(taint, "node.kubernetes.io/unschedulable");
    node(&mut s, "node-1", |n| {
        n.remove("spec.unschedulable");
    });
    s.to(1001);
    assert!(
        s.engine
            .store()
            .get(&key)
            .unwrap()
            .value
            .at("spec.taints")
            .is_none()
    );
}

#[test]
fn one_per_node() {
    let spec = r#""affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{},"topologyKey":"kubernetes.io/hostname"}]}}"#;
    let mut s = Scene::new();
    for name in ["a", "b", "c", "p"] {
        s.named_pod(name, "", spec);
    }
    s.to(5000);
    assert_eq!(
        why(&s, "p"),
        "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
    );
    let mut s = Scene::new();
    let spread = r#""topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}]"#;
    for name in ["a", "b", "c", "d", "e", "p"] {
        s.named_pod(name, "", spread);
    }
    s.to(10_000);
    let mut per_node = std::collections::BTreeMap::new();
    for pod in s.engine.list(Kind::POD) {
        *per_node
            .entry(pod.value.str_at("spec.nodeName").to_owned())
            .or_insert(0) += 1;
    }
    assert_eq!(per_node.values().copied().collect::<Vec<_>>(), [2, 2, 2]);
}

#[test]
fn texts_of_the_versions() {
    for (minor, created, started, present) in [
        (
            31,
            "Created container web",
            "Started container web",
            "Container image \"web:v1\" already present on machine",
        ),
        (
            32,
            "Created container: web",
            "Started container web",
            "Container image \"web:v1\" already present on machine",
        ),
        (
            35,
            "Container created",
            "Container started",
            "Container image \"web:v1\" already present on machine and can be accessed by the pod",
        ),
    ] {
        let config = ClusterConfig {
            version: Minor(minor),
            ..ClusterConfig::default()
        };
        let mut s = Scene {
            engine: Engine::new(config),
        };
        s.image("web:v1 crash after=1").pod("").to(6000);
        assert!(
            s.has("Created", created) && s.has("Started", started) && s.has("Pulled", present),
            "{:?}",
            s.events()
        );
    }
}

#[test]
fn waits_leave_their_numbers() {
    let mut s = Scene::new();
    s.image("web:v1 missing").pod("");
    let mut windows = Vec::new();
    while s.engine.next_at().is_some_and(|t| t.0 <= 400_000) {
        for d in s.engine.step().into_iter().flat_map(|r| r.decisions) {
            if let What::Kubelet(KubeletDecision::PullBackOff { window, until, .. }) = d.what {
                assert!(until > s.engine.now());
                windows.push(window.0 / 1000);
            }
        }
    }
    windows.dedup();
    assert_eq!(windows, [10, 20, 40, 80, 160, 300]);
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let run = || {
        let mut s = Scene::new();
        s.image("web:v1 crash after=3").pod(READY);
        let half = s.engine.clone();
        let mut t = Scene { engine: half };
        assert_eq!(
            s.history(200_000),
            t.history(200_000),
            "a clone goes on as the original"
        );
        (s.history(300_000), s.events())
    };
    assert_eq!(run(), run());
}
