//! What is wrong here: evidence with its source for each way a rollout goes wrong, nothing when all is well.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_session::{Session, Start};
use rollout_view::diagnosis::{diagnosis, diagnosis_text};

fn evidence(preset: &str, lines: &[&str]) -> (Session, String) {
    let mut session = Session::new(Start::preset(preset));
    for line in lines {
        session.run(line);
        session.play_to(session.at() + 50_000);
    }
    let key = rollout_view::shown_key(&session, None).unwrap();
    let text = diagnosis_text(&diagnosis(&session, &key));
    (session, text)
}

#[test]
fn each_fault_leaves_its_evidence() {
    let update = "kubectl set image deployment/bootcamp bootcamp=bootcamp:v9";
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["kubectl set image deployment/bootcamp bootcamp=bootcamp:v10"],
            &[
                "Error: ImagePullBackOff",
                "waiting ErrImagePull",
                "DESIRED 2  CURRENT 2  READY 0",
                "Failed (x",
                "kubectl describe pod ",
            ],
        ),
        (
            &["image bootcamp:v9 crash", update],
            &[
                "waiting CrashLoopBackOff",
                "last state terminated Error, exit code",
                "BackOff (x",
                "--previous",
            ],
        ),
        (
            &["kubectl create quota small --hard=pods=4", update],
            &["ReplicaFailure True FailedCreate: ", "FailedCreate (x"],
        ),
        (
            &[
                "kubectl patch service bootcamp -p '{\"spec\":{\"selector\":{\"app\":\"bootcamp\",\"tier\":\"x\"}}}'",
            ],
            &["Service bootcamp", "no ready endpoint"],
        ),
        (
            &["kubectl rollout pause deployment/bootcamp"],
            &["paused: true", "from spec.paused"],
        ),
    ];
    for (lines, wanted) in cases {
        let (session, text) = evidence("boot-4", lines);
        for words in *wanted {
            assert!(text.contains(words), "{lines:?}: {words}\n{text}");
        }
        // Every command that is named runs and prints something.
        let mut session = session;
        for command in text.lines().filter_map(|l| l.split("$ ").nth(1)) {
            let ran = session.run(command);
            assert_eq!(ran.exit, Some(0), "{command}: {}", ran.stderr);
        }
    }
    assert_eq!(evidence("boot-4", &[]).1, "Nothing is out of order.\n");
}

/// A port by a name that is not there: nothing is asked, so readiness and startup wait for ever and liveness never minds.
#[test]
fn probes_at_a_port_without_a_number() {
    for (probe, title, ready) in [
        ("readinessProbe", "Readiness", "0/1"),
        ("startupProbe", "Startup", "0/1"),
        ("livenessProbe", "Liveness", "1/1"),
    ] {
        let manifest = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - name: web\n        image: web:v1\n        ports: [{{name: http, containerPort: 80}}]\n        {probe}: {{httpGet: {{path: /, port: web}}, periodSeconds: 2}}\n"
        );
        let mut session = Session::new(Start {
            manifest: Some(manifest),
            ..Start::empty()
        });
        session.play_to(60_000);
        let pods = session.run("kubectl get pods --no-headers").stdout;
        assert!(
            pods.contains(&format!(" {ready} ")) && pods.contains(" Running   0 "),
            "{probe}: {pods}"
        );
        let events = session.run("kubectl get events").stdout;
        let text = format!(
            "{title} probe errored and resulted in unknown state: strconv.Atoi: parsing \"web\": invalid syntax"
        );
        assert!(events.contains(&text), "{probe}: {events}");
    }
}

/// Many pods with one fault are one row each of state and event, with the names of the others.
#[test]
fn pods_that_look_the_same_are_told_once() {
    let (_, text) = evidence(
        "quarter-10",
        &[
            "image web:v2 missing",
            "kubectl set image deployment/web web=web:v2",
        ],
    );
    assert!(text.contains("4 more pods look the same: web-"), "{text}");
    assert!(text.contains("(4 more say the same)"), "{text}");
    assert_eq!(text.matches("Failed to pull image").count(), 1, "{text}");
    assert!(
        !text.contains("ContainersReady"),
        "it says what Ready says: {text}"
    );
}

#[test]
fn a_port_on_which_nothing_listens_is_evidence() {
    let patch =
        "kubectl patch service shop -p '{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":80}]}}'";
    let (_, text) = evidence("shop", &[patch]);
    assert_eq!(
        text,
        "Service shop\n  requests go to port 80 of the pods; their containers and probes name 8080\n  from endpointslices, spec.containers[].ports; $ kubectl describe service shop\n"
    );
}

/// The way from the Deployment to the logs is there before anything is wrong, and each stop is a command that runs.
#[test]
fn the_way_to_the_logs() {
    for lines in [
        &[][..],
        &[
            "image shop:v2 crash",
            "kubectl set image deployment/shop shop=shop:v2",
        ],
    ] {
        let (mut session, _) = evidence("shop", lines);
        let key = rollout_view::shown_key(&session, None).unwrap();
        let path = rollout_view::diagnosis::path(&session, &key);
        let names: Vec<&str> = path.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["Deployment", "ReplicaSets", "Pods", "Events", "Logs"]
        );
        for (_, line) in path {
            let ran = session.run(&line);
            assert!(
                ran.exit == Some(0) && !ran.stdout.is_empty(),
                "{line}: {}",
                ran.stderr
            );
        }
    }
}
