//! `curl` and `wget` at the prompt: what they say follows what the pods do, and long answers take their time.
#![allow(clippy::unwrap_used, reason = "a test")]

use rollout_session::{Session, Start};

const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'web:v1'}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
";

fn open(behaviour: &str) -> Session {
    let mut s = Session::new(Start {
        manifest: Some(MANIFEST.to_owned()),
        ..Start::empty()
    });
    if !behaviour.is_empty() {
        s.run(&format!("image web:v1 {behaviour}"));
        s.run("kubectl rollout restart deployment/web");
    }
    let at = s.at() + 10_000;
    s.play_to(at);
    s
}

/// Behaviour, line, what it prints, what it complains, its exit code, milliseconds.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i32,
    u64,
);

const CASES: &[Case] = &[
    (
        "",
        "curl -s http://web",
        "Hello from POD (web:v1)\n",
        "",
        0,
        0,
    ),
    (
        "",
        "curl -so /dev/null -w '%{http_code}\\n' web",
        "200\n",
        "",
        0,
        0,
    ),
    (
        "slow-answers latency=3s",
        "curl -s web",
        "Hello from POD (web:v1)\n",
        "",
        0,
        3_000,
    ),
    (
        "slow-answers latency=3s",
        "curl -m 2 web",
        "",
        "curl: (28) Operation timed out after 2000 milliseconds with 0 bytes received\n",
        28,
        2_000,
    ),
    (
        "slow-answers latency=3s",
        "wget -T 1 -qO- web",
        "",
        "wget: download timed out\n",
        1,
        1_000,
    ),
    (
        "errors percent=100",
        "curl -s web",
        "internal server error\n",
        "",
        0,
        0,
    ),
    (
        "errors percent=100",
        "curl -f web",
        "",
        "curl: (22) The requested URL returned error: 500\n",
        22,
        0,
    ),
    ("errors percent=100", "curl -sf web", "", "", 22, 0),
    (
        "errors percent=100",
        "wget -qO- web",
        "",
        "wget: server returned error: HTTP/1.1 500 Internal Server Error\n",
        1,
        0,
    ),
    (
        "never-ready",
        "curl -s -o /dev/null -w '%{http_code}' web",
        "503",
        "",
        0,
        0,
    ),
    (
        "wrong-port",
        "curl web",
        "",
        "curl: (7) Failed to connect to web port 80 after 0 ms: Couldn't connect to server\n",
        7,
        0,
    ),
    (
        "slow-start ready=60s",
        "curl web",
        "",
        "curl: (7) Failed to connect to web port 80 after 0 ms: Couldn't connect to server\n",
        7,
        0,
    ),
    (
        "wrong-path",
        "curl -s web",
        "Hello from POD (web:v1)\n",
        "",
        0,
        0,
    ),
    (
        "wrong-path",
        "curl -s -w '%{http_code}\n' web/healthz",
        "404 page not found\n404\n",
        "",
        0,
        0,
    ),
    (
        "wrong-path",
        "curl -f web/healthz?full=1",
        "",
        "curl: (22) The requested URL returned error: 404\n",
        22,
        0,
    ),
    (
        "wrong-path",
        "wget -qO- web/healthz",
        "",
        "wget: server returned error: HTTP/1.1 404 Not Found\n",
        1,
        0,
    ),
    (
        "serves port=80 path=/healthz,/metrics",
        "curl -s web/metrics web/other -o /dev/null -w '%{http_code}\n'",
        "404\n",
        "",
        0,
        0,
    ),
    (
        "serves port=80 path=/healthz,/metrics",
        "curl -s web/metrics",
        "Hello from POD (web:v1)\n",
        "",
        0,
        0,
    ),
    (
        "serves port=8080",
        "curl web",
        "",
        "curl: (7) Failed to connect to web port 80 after 0 ms: Couldn't connect to server\n",
        7,
        0,
    ),
    (
        "wrong-port",
        "wget -qO- http://web/x",
        "",
        "wget: can't connect to remote host (web): Connection refused\n",
        1,
        0,
    ),
    (
        "needs-schema schema=2",
        "curl -sS -f web",
        "",
        "curl: (22) The requested URL returned error: 500\n",
        22,
        0,
    ),
    (
        "needs-schema schema=1",
        "curl -s web",
        "Hello from POD (web:v1)\n",
        "",
        0,
        0,
    ),
    (
        "slow-answers latency=1s",
        "for i in 1 2 3; do curl -s -o /dev/null web; done",
        "",
        "",
        0,
        3_000,
    ),
    (
        "slow-answers latency=9s",
        "timeout 2 curl -s web",
        "",
        "",
        124,
        2_000,
    ),
];

#[test]
fn answers_follow_the_pods() {
    for (behaviour, line, out, err, code, took) in CASES {
        let mut s = open(behaviour);
        let began = s.at();
        let ran = s.run_to_end(line, 600_000);
        let pods = s.store().list(rollout_api::Kind::POD);
        let pod = pods
            .filter(|p| !p.meta.is_terminating())
            .map(|p| p.meta.name.to_string())
            .next()
            .unwrap();
        let what = format!("{behaviour}: {line}");
        assert_eq!(ran.stdout.replace(&pod, "POD"), *out, "{what}");
        assert_eq!(ran.stderr, *err, "{what}");
        assert_eq!(ran.exit, Some(*code), "{what}");
        assert!(
            (*took..=took + 100).contains(&(s.at() - began)),
            "{what}: {}",
            s.at() - began
        );
    }
}

#[test]
fn a_node_that_is_lost_does_not_answer_and_the_rest_does() {
    let mut s = open("");
    let node = s
        .run_to_end(
            "kubectl get pods -o jsonpath={.items[0].spec.nodeName}",
            1_000,
        )
        .stdout;
    s.run(&format!("fault node {node} lost"));
    let began = s.at();
    let ran = s.run_to_end("curl --connect-timeout 5 web", 600_000);
    assert_eq!(
        ran.stderr,
        "curl: (28) Failed to connect to web port 80 after 5000 ms: Timeout was reached\n"
    );
    assert_eq!((ran.exit, s.at() - began), (Some(28), 5_000));
    let ran = s.run_to_end("curl -m 1 web", 600_000);
    assert_eq!(
        ran.stderr,
        "curl: (28) Connection timed out after 1000 milliseconds\n"
    );
    // Nobody listens at a port that the Service does not have: nothing answers either.
    let ran = s.run_to_end("curl -sS web:81", 600_000);
    assert_eq!(
        ran.stderr,
        "curl: (28) Failed to connect to web port 81 after 130000 ms: Couldn't connect to server\n"
    );
}

#[test]
fn clients_hear_of_endpoints_late_where_a_stream_runs() {
    let mut s = open("");
    s.run("traffic service/web 5/s");
    let at = s.at() + 5_000;
    s.play_to(at);
    s.run("kubectl delete pod -l app=web --now --wait=false");
    let at = s.at() + 1_000;
    s.play_to(at);
    // The only known endpoint is the one that has stopped.
    let ran = s.run_to_end("curl -s web", 1_000);
    assert_eq!(ran.exit, Some(7), "{}", ran.stdout);
    let at = s.at() + 20_000;
    s.play_to(at);
    assert_eq!(s.run_to_end("curl -s web", 1_000).exit, Some(0));
}

/// Container, ports of the Service, line with IP for the pod's address, what it answers: a text, or nobody listens there.
const PORTS: &[(&str, &str, &str, Option<&str>)] = &[
    // Nothing is said of the image: it may listen anywhere.
    (
        "image: 'web:v1'",
        "port: 80",
        "curl -s IP:9999",
        Some("Hello"),
    ),
    (
        "image: 'web:v1'",
        "port: 80, targetPort: 7000",
        "curl -s web",
        Some("Hello"),
    ),
    // Images that are known for their port.
    (
        "image: nginx",
        "port: 80",
        "curl -s IP",
        Some("Welcome to nginx!"),
    ),
    ("image: nginx", "port: 80", "curl IP:8080", None),
    (
        "image: 'httpd:2.4'",
        "port: 8080, targetPort: 80",
        "curl -s web:8080",
        Some("It works!"),
    ),
    (
        "image: nginx",
        "port: 80, targetPort: 8080",
        "curl web",
        None,
    ),
    // Declared ones and those that probes ask.
    (
        "image: 'web:v1', ports: [{containerPort: 8080}]",
        "port: 80",
        "curl web",
        None,
    ),
    (
        "image: 'web:v1', ports: [{containerPort: 8080}]",
        "port: 80, targetPort: 8080",
        "curl -s web",
        Some("Hello"),
    ),
    (
        "image: 'web:v1', ports: [{containerPort: 8080}]",
        "port: 80, targetPort: 8080",
        "curl IP:80",
        None,
    ),
    (
        "image: 'web:v1', ports: [{containerPort: 8080}]",
        "port: 80, targetPort: 8080",
        "wget -qO- IP:80",
        None,
    ),
    (
        "image: 'web:v1', ports: [{containerPort: 53, protocol: UDP}, {containerPort: 8080}]",
        "port: 80, targetPort: 53",
        "curl web",
        None,
    ),
    (
        "image: 'web:v1', ports: [{containerPort: 8080, name: http}]",
        "port: 80, targetPort: http",
        "curl -s web",
        Some("Hello"),
    ),
    (
        "image: 'web:v1', readinessProbe: {httpGet: {path: /, port: 9090}}",
        "port: 80, targetPort: 9090",
        "curl -s web",
        Some("Hello"),
    ),
    (
        "image: 'web:v1', readinessProbe: {httpGet: {path: /, port: 9090}}",
        "port: 80",
        "curl web",
        None,
    ),
];

#[test]
fn a_port_on_which_nothing_listens_refuses() {
    for (container, port, line, answer) in PORTS {
        let text = MANIFEST
            .replace("image: 'web:v1'", container)
            .replace("port: 80", port);
        let mut s = Session::new(Start {
            manifest: Some(text),
            ..Start::empty()
        });
        s.play_to(30_000);
        let ip = s.run_to_end(
            "kubectl get pods -o jsonpath={.items[0].status.podIP}",
            1_000,
        );
        let line = line.replace("IP", &ip.stdout);
        let ran = s.run_to_end(&line, 600_000);
        match answer {
            Some(text) => assert!(
                ran.stdout.contains(text),
                "{container}, {line}: {}",
                ran.stderr
            ),
            None if line.starts_with("wget") => assert_eq!(
                (ran.stderr, ran.exit),
                (
                    format!(
                        "wget: can't connect to remote host ({}): Connection refused\n",
                        ip.stdout
                    ),
                    Some(1)
                ),
                "{container}, {line}"
            ),
            None => {
                let to = line.trim_start_matches("curl ");
                let (host, port) = to.split_once(':').unwrap_or((to, "80"));
                let why = format!(
                    "curl: (7) Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server\n"
                );
                assert_eq!(
                    (ran.stderr, ran.exit),
                    (why, Some(7)),
                    "{container}, {line}"
                );
            }
        }
    }
}
