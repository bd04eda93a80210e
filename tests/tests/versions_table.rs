//! What differs from version to version, row by row: the reference's table of version differences.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::Minor;
use rollout_session::{Session, Start};

fn at(minor: u8) -> Session {
    Session::new(Start {
        version: Minor(minor),
        ..Start::default()
    })
}

fn say(s: &mut Session, line: &str) -> String {
    let ran = s.run_to_end(line, 60_000);
    ran.stdout + &ran.stderr
}

fn after(s: &mut Session, seconds: u64) {
    let at = s.at() + seconds * 1000;
    s.play_to(at);
}

/// A Deployment `web`; `spec` goes into its spec, `pod` into its pod's, `container` into its container.
fn web(spec: &str, pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  {spec}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      {pod}\n      containers:\n      - {{name: web, image: 'web:v1'{container}}}\n"
    )
}

/// What a line says at a version, some time after a manifest was applied.
fn said(minor: u8, file: &str, seconds: u64, line: &str) -> String {
    let mut s = at(minor);
    s.apply("web.yaml", file);
    after(&mut s, seconds);
    say(&mut s, line)
}

/// A text of the older version, of the newer one, and where the newer begins: at that version it is seen, before it
/// the older one, and nowhere both.
fn row(file: &str, line: &str, from: u8, older: &str, newer: &str) {
    for minor in [from - 1, from] {
        let text = said(minor, file, 30, line);
        let (has, not) = if minor < from {
            (older, newer)
        } else {
            (newer, older)
        };
        assert!(text.contains(has), "1.{minor}: {has} is not in\n{text}");
        assert!(
            not.is_empty() || !text.contains(not),
            "1.{minor}: {not} is in\n{text}"
        );
    }
}

const MESSAGES: &str = "kubectl get events -o jsonpath='{range .items[*]}{.message}{\"\\n\"}{end}'";

#[test]
fn texts_of_events() {
    let plain = web("replicas: 2", "", "");
    let mut s = at(31);
    s.apply("web.yaml", &plain);
    after(&mut s, 1);
    let set = say(
        &mut s,
        "kubectl get rs -o jsonpath='{.items[0].metadata.name}'",
    );
    say(&mut s, "kubectl scale deployment/web --replicas=3");
    let events = say(&mut s, MESSAGES);
    assert!(
        events.contains(&format!("Scaled up replica set {set} to 2\n")),
        "{events}"
    );
    assert!(
        events.contains(&format!("Scaled up replica set {set} to 3 from 2\n")),
        "{events}"
    );
    let mut s = at(32);
    s.apply("web.yaml", &plain);
    after(&mut s, 1);
    let set = say(
        &mut s,
        "kubectl get rs -o jsonpath='{.items[0].metadata.name}'",
    );
    say(&mut s, "kubectl scale deployment/web --replicas=3");
    let events = say(&mut s, MESSAGES);
    assert!(
        events.contains(&format!("Scaled up replica set {set} from 0 to 2\n")),
        "{events}"
    );
    assert!(
        events.contains(&format!("Scaled up replica set {set} from 2 to 3\n")),
        "{events}"
    );

    row(
        &plain,
        MESSAGES,
        32,
        "Created container web\n",
        "Created container: web\n",
    );
    row(
        &plain,
        MESSAGES,
        35,
        "Created container: web\n",
        "Container created\n",
    );
    row(
        &plain,
        MESSAGES,
        35,
        "Started container web\n",
        "Container started\n",
    );
    let events = "kubectl describe pods";
    row(
        &plain,
        events,
        35,
        "  Started container web",
        "  spec.containers{web}: Container started",
    );
    // A second pod on a node finds the image there.
    for (minor, more) in [(34, ""), (35, " and can be accessed by the pod")] {
        let mut s = at(minor);
        s.apply("web.yaml", &plain);
        after(&mut s, 20);
        say(&mut s, "kubectl scale deployment/web --replicas=9");
        after(&mut s, 20);
        let events = say(&mut s, MESSAGES);
        let want = format!("already present on machine{more}\n");
        assert!(events.contains(&want), "1.{minor}: {events}");
    }
}

#[test]
fn texts_of_refusals() {
    let empty = web("replicas: 1", "", "").replace("{app: web}", "{}");
    for (minor, shown) in [
        (
            33,
            "v1.LabelSelector{MatchLabels:map[string]string{}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}",
        ),
        (34, "{}"),
    ] {
        let text = at(minor).apply("web.yaml", &empty).stderr;
        let want = format!("spec.selector: Invalid value: {shown}: empty selector");
        assert!(text.contains(&want), "1.{minor}: {text}");
    }
    for (minor, want) in [
        (
            34,
            "error: no objects passed to scale deployments.apps \"web\" not found\n",
        ),
        (
            35,
            "Error from server (NotFound): deployments.apps \"web\" not found\n",
        ),
    ] {
        let mut s = at(minor);
        assert_eq!(
            say(&mut s, "kubectl scale deployment/web --replicas=2"),
            want,
            "1.{minor}"
        );
    }
    for (minor, warns) in [(35, false), (36, true)] {
        let mut s = at(minor);
        s.apply("web.yaml", &web("replicas: 1", "", ""));
        say(&mut s, "kubectl set image deployment/web web=web:v2");
        let text = say(&mut s, "kubectl rollout undo deployment/web");
        assert_eq!(
            text.contains("Warning: resource"),
            warns,
            "1.{minor}: {text}"
        );
    }
}

#[test]
fn reasons_of_the_scheduler() {
    for (minor, want) in [
        (33, "untolerated taint {gpu: yes}"),
        (35, "untolerated taint(s)"),
    ] {
        let mut s = at(minor);
        say(&mut s, "kubectl taint nodes --all gpu=yes:NoSchedule");
        s.apply("web.yaml", &web("replicas: 1", "", ""));
        after(&mut s, 5);
        let text = say(&mut s, "kubectl describe pods");
        assert!(text.contains(want), "1.{minor}: {text}");
    }
}

#[test]
fn pods_that_end_are_counted() {
    for (minor, counted) in [(34, false), (35, true)] {
        let mut s = at(minor);
        s.apply("web.yaml", &web("replicas: 2", "", ""));
        after(&mut s, 20);
        for kind in ["deployment", "rs"] {
            let text = say(&mut s, &format!("kubectl get {kind} -o yaml"));
            assert_eq!(
                text.contains("terminatingReplicas: 0"),
                counted,
                "1.{minor} {kind}: {text}"
            );
        }
    }
}

/// Until 1.33 a pod is looked at again a whole number of seconds later; from 1.34 on in the very moment.
#[test]
fn available_pods_are_seen_in_time() {
    let moment = |minor: u8| {
        let mut s = at(minor);
        s.apply("web.yaml", &web("minReadySeconds: 5", "", ""));
        (0..200)
            .find(|_| {
                let at = s.at() + 100;
                s.play_to(at);
                say(
                    &mut s,
                    "kubectl get deployment web -o jsonpath='{.status.availableReplicas}'",
                ) == "1"
            })
            .unwrap()
    };
    let (older, newer) = (moment(33), moment(34));
    assert!(newer < older, "{newer} {older}");
}

/// Until 1.34 the kubelet looks every 10 to 15 seconds whether a back-off is over; from 1.35 on it comes when it is.
#[test]
fn back_offs_end_in_time() {
    let restarts = |minor: u8| {
        let mut s = at(minor);
        s.apply(
            "web.yaml",
            &web("replicas: 1", "", "").replace("web:v1", "web:crash"),
        );
        say(&mut s, "behaviour web:crash crash after=1s");
        after(&mut s, 170);
        say(
            &mut s,
            "kubectl get pods -o jsonpath='{.items[0].status.containerStatuses[0].restartCount}'",
        )
        .parse::<u32>()
        .unwrap_or(0)
    };
    let (older, newer) = (restarts(34), restarts(35));
    assert!(newer >= older, "{newer} {older}");
}

#[test]
fn fields_that_came_with_a_version() {
    let sleep = |n: u8| {
        web(
            "replicas: 1",
            "",
            &format!(", lifecycle: {{preStop: {{sleep: {{seconds: {n}}}}}}}"),
        )
    };
    let sidecar = web(
        "replicas: 1",
        "initContainers: [{name: side, image: side, restartPolicy: Always}]",
        "",
    );
    let resize = web(
        "replicas: 1",
        "",
        ", resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]",
    );
    let get = "kubectl get deployment web -o yaml";
    for (file, from, word) in [
        (&sleep(5), 30, "preStop:"),
        (
            &sidecar,
            29,
            "restartPolicy: Always\n        terminationMessagePath",
        ),
        (&resize, 33, "resizePolicy:"),
    ] {
        for minor in [from - 1, from] {
            let text = said(minor, file, 1, get);
            let live = text.split("spec:\n").skip(1).collect::<String>();
            assert_eq!(
                live.contains(word),
                minor >= from,
                "1.{minor} {word}: {text}"
            );
        }
    }
    // No time to sleep is allowed from 1.33 on.
    for (minor, accepted) in [(32, false), (33, true)] {
        let ran = at(minor).apply("web.yaml", &sleep(0));
        assert_eq!(ran.exit == Some(0), accepted, "1.{minor}: {}", ran.stderr);
    }
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  maxReplicas: 3\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  behavior: {scaleUp: {tolerance: 50m}}\n";
    for (minor, kept) in [(34, false), (35, true)] {
        let text = said(minor, scaler, 1, "kubectl get hpa web -o yaml");
        let live = text.split("spec:\n").skip(1).collect::<String>();
        assert_eq!(live.contains("tolerance: 50m"), kept, "1.{minor}: {text}");
    }
}
