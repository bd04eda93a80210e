//! Lints: which manifest has which, the fixed text has none of them, the layout stays, "show me" shows harm.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::Minor;
use rollout_session::{PRESETS, Start};
use rollout_view::lint::{IDS, all_fixed, fixed, lint_text, lints, show};

fn ids(text: &str) -> Vec<&'static str> {
    lints(text, Minor::default()).iter().map(|l| l.id).collect()
}

/// A Deployment that does everything right, with the objects beside it.
const GOOD: &str = "\
# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 4
  minReadySeconds: 5
  revisionHistoryLimit: 10
  progressDeadlineSeconds: 120
  selector:
    matchLabels:
      app: shop
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0   # never fewer
  template:
    metadata:
      labels:
        app: shop
      annotations:
        checksum/config: abc
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - name: shop
        image: shop:v1
        ports:
        - name: http
          containerPort: 8080
        envFrom:
        - configMapRef: {name: conf}
        readinessProbe:
          httpGet: {path: /ready, port: http}
          periodSeconds: 2
        livenessProbe:
          httpGet: {path: /live, port: 8080}
        lifecycle:
          preStop:
            sleep: {seconds: 5}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {mode: a}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
  - {port: 80, targetPort: http}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: shop}}
";

/// What is changed in the good manifest, and what is found then.
const CASES: &[(&str, &str, &[&str])] = &[
    ("image: shop:v1", "image: shop", &["mutable-tag"]),
    (
        "image: shop:v1",
        "image: registry:5000/shop:latest",
        &["mutable-tag"],
    ),
    ("image: shop:v1", "image: shop@sha256:00", &[]),
    ("image: shop:v1", "image: registry:5000/shop:1", &[]),
    (
        "maxUnavailable: 0 ",
        "maxUnavailable: 1 ",
        &["unavailable-with-few-replicas"],
    ),
    (
        "maxUnavailable: 0 ",
        "maxUnavailable: 25% ",
        &["unavailable-with-few-replicas"],
    ),
    (
        "maxUnavailable: 0 ",
        "maxUnavailable: 20% ",
        &["percentage-rounds-to-zero"],
    ),
    ("maxUnavailable: 0 ", "maxUnavailable: 0% ", &[]),
    (
        "      maxSurge: 1\n      maxUnavailable: 0 ",
        "      maxSurge: 0\n      maxUnavailable: 20% ",
        &["percentage-rounds-to-zero", "unavailable-with-few-replicas"],
    ),
    (
        "    type: RollingUpdate\n    rollingUpdate:\n      maxSurge: 1\n      maxUnavailable: 0   # never fewer\n",
        "    type: Recreate\n",
        &["recreate-gap"],
    ),
    (
        "revisionHistoryLimit: 10",
        "revisionHistoryLimit: 1",
        &["short-history"],
    ),
    (
        "revisionHistoryLimit: 10",
        "revisionHistoryLimit: 0",
        &["short-history"],
    ),
    ("revisionHistoryLimit: 10", "revisionHistoryLimit: 2", &[]),
    // Above minReadySeconds, and a pod that gets ready is progress: good releases are in time.
    (
        "progressDeadlineSeconds: 120",
        "progressDeadlineSeconds: 8",
        &[],
    ),
    (
        "          periodSeconds: 2\n",
        "          periodSeconds: 2\n          initialDelaySeconds: 115\n",
        &["deadline-below-start"],
    ),
    (
        "          periodSeconds: 2\n",
        "          periodSeconds: 2\n          initialDelaySeconds: 114\n",
        &[],
    ),
    (
        "sleep: {seconds: 5}",
        "sleep: {seconds: 30}",
        &["grace-below-hook"],
    ),
    (
        "sleep: {seconds: 5}",
        "exec: {command: [sh, -c, 'sleep 45; nginx -s quit']}",
        &["grace-below-hook"],
    ),
    ("sleep: {seconds: 5}", "exec: {command: [sleep, '29']}", &[]),
    (
        "        lifecycle:\n          preStop:\n            sleep: {seconds: 5}\n",
        "",
        &["no-stop-hook"],
    ),
    ("path: /live, port: 8080", "path: /ready, port: http", &[]),
    (
        "livenessProbe:\n          httpGet: {path: /live, port: 8080}",
        "livenessProbe:\n          httpGet: {path: /ready, port: http}\n          periodSeconds: 2",
        &["liveness-as-strict-as-readiness"],
    ),
    (
        "        readinessProbe:\n          httpGet: {path: /ready, port: http}\n          periodSeconds: 2\n",
        "",
        &["no-readiness-probe"],
    ),
    (
        "path: /ready, port: http",
        "path: /ready, port: 9090",
        &["probe-port"],
    ),
    (
        "path: /ready, port: http",
        "path: /ready, port: web",
        &["probe-port"],
    ),
    (
        "        checksum/config: abc\n",
        "        other: x\n",
        &["config-without-checksum"],
    ),
    (
        "  selector: {app: shop}\n  ports",
        "  selector: {app: shopp}\n  ports",
        &["service-selects-nothing"],
    ),
    (
        "targetPort: http",
        "targetPort: 80",
        &["service-target-port"],
    ),
    (
        "maxUnavailable: 1\n  selector",
        "minAvailable: 4\n  selector",
        &["budget-blocks-drains"],
    ),
    (
        "maxUnavailable: 1\n  selector",
        "minAvailable: 100%\n  selector",
        &["budget-blocks-drains"],
    ),
    (
        "maxUnavailable: 1\n  selector",
        "minAvailable: 3\n  selector",
        &[],
    ),
    (
        "matchLabels: {app: shop}",
        "matchLabels: {app: other}",
        &["no-budget"],
    ),
    ("  replicas: 4\n", "  replicas: 1\n", &[]),
    (
        "      terminationGracePeriodSeconds: 30\n",
        "      terminationGracePeriodSeconds: 30\n      securityContext: {readOnlyRootFilesystem: true} # hard\n",
        &["security-level"],
    ),
    (
        "        image: shop:v1\n",
        "        image: shop:v1\n        securityContext:\n          runAsUser: 5\n          fsGroup: 2000\n",
        &["security-level"],
    ),
    (
        "    spec:\n      termination",
        "    securityContext: {runAsUser: 5}\n    spec:\n      termination",
        &["security-level"],
    ),
    (
        "      terminationGracePeriodSeconds: 30\n",
        "      terminationGracePeriodSeconds: 30\n      securityContext: {runAsUser: 5, fsGroup: 3}\n",
        &[],
    ),
    (
        "apiVersion: apps/v1\nkind: Deployment",
        "apiVersion: extensions/v1beta1\nkind: Deployment",
        &["old-api-version"],
    ),
    (
        "apiVersion: policy/v1\n",
        "apiVersion: policy/v1beta1\n",
        &["old-api-version"],
    ),
    (
        "        image: shop:v1\n",
        "        image: shop:v1\n        resources: {requests: {cpu: 4500m}}\n",
        &["requests-fit-nowhere"],
    ),
    (
        "        image: shop:v1\n",
        "        image: shop:v1\n        resources:\n          limits: {memory: 9Gi}\n",
        &["requests-fit-nowhere"],
    ),
    (
        "        image: shop:v1\n",
        "        image: shop:v1\n        resources: {requests: {cpu: 4, memory: 8Gi}}\n",
        &[],
    ),
    (
        "      containers:\n      - name: shop\n",
        "      volumes:\n      - name: files # kept?\n        emptyDir: {}\n      containers:\n      - name: shop\n        volumeMounts: [{name: files, mountPath: /var/lib/data}]\n",
        &["files-end-with-the-pod"],
    ),
    (
        "      containers:\n      - name: shop\n",
        "      volumes: [{name: files, emptyDir: {}}]\n      containers:\n      - name: shop\n        volumeMounts: [{name: files, mountPath: /var/cache}]\n",
        &[],
    ),
];

#[test]
fn every_case_has_its_lints_and_is_clean_when_fixed() {
    assert_eq!(
        ids(GOOD),
        [""; 0],
        "{}",
        lint_text("good", &lints(GOOD, Minor::default()))
    );
    let mut seen: Vec<&str> = Vec::new();
    for (from, to, wanted) in CASES {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let mut found = ids(&text);
        found.sort_unstable();
        let found_text = lint_text("x", &lints(&text, Minor::default()));
        // A single replica needs no budget, and one that is there for it then blocks nothing.
        assert_eq!(found, *wanted, "{to}\n{found_text}");
        seen.extend(found);
        for lint in lints(&text, Minor::default()) {
            let better = fixed(&text, &lint);
            assert!(!ids(&better).contains(&lint.id), "{}: {better}", lint.id);
            assert!(!lint.reason.contains(['{', '}']), "{}", lint.reason);
        }
        let clean = all_fixed(&text, Minor::default());
        assert_eq!(ids(&clean), [""; 0], "{clean}");
        assert!(clean.contains("# the shop"));
        if to.contains("maxUnavailable") {
            assert!(clean.contains("# never fewer"), "{clean}");
        }
    }
    // The rest of the rules: two Deployments, a disk, an autoscaler.
    let second = GOOD
        .split("---")
        .next()
        .unwrap()
        .replace("name: shop", "name: two")
        .replace("# the shop", "");
    let overlap = format!("{GOOD}---\n{second}");
    assert!(
        ids(&overlap).contains(&"selector-too-broad"),
        "{:?}",
        ids(&overlap)
    );
    assert_eq!(ids(&all_fixed(&overlap, Minor::default())), [""; 0]);
    let disk = PRESETS.iter().find(|p| p.name == "disk-1").unwrap().yaml;
    assert!(ids(disk).contains(&"disk-with-surge"));
    assert!(!ids(&all_fixed(disk, Minor::default())).contains(&"recreate-gap"));
    let hpa = format!(
        "{GOOD}---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: shop}}\nspec:\n  minReplicas: 3\n  maxReplicas: 10\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: shop}}\n"
    );
    assert_eq!(ids(&hpa), ["replicas-and-autoscaler"]);
    seen.extend([
        "selector-too-broad",
        "disk-with-surge",
        "replicas-and-autoscaler",
    ]);
    for id in IDS {
        assert!(seen.contains(&id), "no case finds {id}");
    }
}

#[test]
fn the_presets_have_only_what_is_true_of_them() {
    let cases: &[(&str, &[&str])] = &[
        ("model-4", &["no-budget"]),
        (
            "shop",
            &["config-without-checksum", "no-budget", "no-stop-hook"],
        ),
        (
            "boot-4",
            &[
                "no-budget",
                "no-readiness-probe",
                "no-stop-hook",
                "unavailable-with-few-replicas",
            ],
        ),
        ("safe-3", &["no-budget", "no-readiness-probe"]),
        (
            "roll-10",
            &["mutable-tag", "no-budget", "no-readiness-probe"],
        ),
        (
            "re-5",
            &[
                "mutable-tag",
                "no-budget",
                "no-readiness-probe",
                "recreate-gap",
            ],
        ),
        ("disk-1", &["disk-with-surge", "no-readiness-probe"]),
    ];
    for (name, wanted) in cases {
        let preset = PRESETS.iter().find(|p| p.name == *name).unwrap();
        let mut found = ids(preset.yaml);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, *wanted, "{name}");
    }
    for preset in PRESETS {
        let clean = all_fixed(preset.yaml, Minor::default());
        assert_eq!(ids(&clean), [""; 0], "{}\n{clean}", preset.name);
    }
}

#[test]
fn places_are_lines_of_the_text() {
    for (from, to, wanted) in CASES.iter().filter(|(_, _, w)| !w.is_empty()) {
        let text = GOOD.replacen(from, to, 1);
        for lint in lints(&text, Minor::default()) {
            let line = text.lines().nth(lint.line - 1).unwrap();
            assert!(
                lint.column <= line.chars().count() + 1,
                "{wanted:?} {lint:?}"
            );
        }
    }
    let text = GOOD.replace("image: shop:v1", "image: shop");
    let lint = &lints(&text, Minor::default())[0];
    assert_eq!(
        text.lines().nth(lint.line - 1).unwrap().trim(),
        "image: shop"
    );
    assert_eq!(lint.path, "spec.template.spec.containers[0].image");
}

/// Pods of the newest set, available ones, fewest that ever were.
fn measures(session: &rollout_session::Session) -> (i64, i64, i64) {
    let input = rollout_view::PageInput {
        text: "",
        focus: None,
    };
    let view = rollout_view::page_view(session, &input);
    let of = |name: &str| {
        let found = view.measures.iter().find(|m| m.name == name);
        found.unwrap().value.parse().unwrap()
    };
    (of("new"), of("available"), of("lowest"))
}

#[test]
fn show_me_runs_every_line_and_shows_harm() {
    let mut harm = 0;
    for (from, to, wanted) in CASES.iter().filter(|(_, _, w)| !w.is_empty()) {
        let text = GOOD.replacen(from, to, 1);
        for lint in lints(&text, Minor::default()) {
            let session = show(&text, &lint, &Start::empty());
            let said: String = session
                .branch()
                .transcript
                .lines()
                .iter()
                .map(|l| format!("{}\n", l.text))
                .collect();
            for bad in [
                "unknown command",
                "command not found",
                "no target",
                "cannot read",
                "invalid",
            ] {
                assert!(!said.contains(bad), "{wanted:?}: {said}");
            }
            let failed = session.requests_failed_in_record().unwrap_or(0);
            match lint.id {
                "no-readiness-probe"
                | "recreate-gap"
                | "no-stop-hook"
                | "service-selects-nothing"
                | "service-target-port" => {
                    assert!(failed > 0, "{}: {said}", lint.id);
                    harm += 1;
                }
                "short-history" => assert!(
                    said.contains("unable to find specified revision 1"),
                    "{said}"
                ),
                "security-level" => assert!(said.contains("unknown field \""), "{said}"),
                "old-api-version" => assert!(said.contains("no matches for kind"), "{said}"),
                "mutable-tag" => {
                    let builds = said.lines().filter(|l| l.contains("@sha256:"));
                    let builds: Vec<&str> = builds.filter_map(|l| l.split('@').nth(1)).collect();
                    let first = builds.first().unwrap();
                    assert!(
                        builds.len() == 4 && builds.iter().any(|b| b != first),
                        "{said}"
                    );
                }
                "deadline-below-start" => {
                    assert!(said.contains("exceeded its progress deadline"), "{said}");
                }
                "probe-port" => {
                    // A number at which nobody listens stops the update, a name that is not there the first rollout.
                    let (new, available, _) = measures(&session);
                    let wanted = if to.contains("9090") { 4 } else { 0 };
                    assert_eq!((new, available), (1, wanted), "{said}");
                }
                "unavailable-with-few-replicas" => assert!(measures(&session).2 < 4, "{said}"),
                "liveness-as-strict-as-readiness" => {
                    let pods = session.store().list(rollout_api::Kind::POD);
                    let restarts = pods.map(|p| {
                        let n = p.value.int_at("status.containerStatuses.0.restartCount");
                        n.unwrap_or(0)
                    });
                    assert!(restarts.sum::<i64>() > 0, "{said}");
                }
                "no-budget" => assert!(measures(&session).2 < 3, "{said}"),
                "budget-blocks-drains" => {
                    assert!(said.contains("unable to drain node"), "{said}");
                }
                "config-without-checksum" => {
                    assert!(said.contains("configmap/conf patched"), "{said}");
                    assert_eq!(
                        said.matches("\n2  ").count(),
                        0,
                        "no second revision: {said}"
                    );
                }
                "requests-fit-nowhere" => {
                    assert!(said.contains("Insufficient "), "{said}");
                }
                "files-end-with-the-pod" => {
                    let seen: Vec<&str> = said.lines().filter(|l| *l == "marker").collect();
                    assert_eq!(seen.len(), 1, "there before the update only: {said}");
                    let last = said.rsplit("-- ls /var/lib/data").next().unwrap();
                    assert!(!last.contains("marker"), "{said}");
                }
                _ => {}
            }
        }
    }
    assert!(harm >= 3, "{harm}");
}

#[test]
fn texts_that_cannot_be_read_have_no_lints() {
    for text in [
        "",
        "a: [",
        "kind: Deployment\n",
        "- a\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: 3\n",
        "kind: Deployment\nspec: {template: {spec: {containers: [1, {}]}}}\n",
    ] {
        let _never_panics = lints(text, Minor::default());
        let _never_panics = all_fixed(text, Minor::default());
    }
}

#[test]
fn requests_are_compared_with_the_nodes_that_there_are() {
    use rollout_view::lint::{Room, lints_on};
    let text = GOOD.replace(
        "        image: shop:v1\n",
        "        image: shop:v1\n        resources: {requests: {cpu: 6}}\n",
    );
    let big = Room {
        cpu: 8_000,
        ..Room::default()
    };
    assert_eq!(ids(&text), ["requests-fit-nowhere"]);
    assert!(lints_on(&text, Minor::default(), big).is_empty());
    assert_eq!(
        lints(&text, Minor::default())[0].reason,
        "The pod asks for 6 of cpu, the largest node has 4: it fits nowhere and stays Pending, and every update waits for it."
    );
    let session = rollout_session::Session::new(Start::empty());
    assert_eq!(Room::of(session.store()), Room::default());
}

#[test]
fn a_remark_names_its_deployment() {
    let two = GOOD.split("---").next().unwrap().replace("shop", "two");
    let text = format!(
        "{GOOD}---\n{}",
        two.replace("replicas: 4", "replicas: 4\n  revisionHistoryLimit: 0")
            .replace("  revisionHistoryLimit: 10\n", "")
    );
    let found = lints(&text, Minor::default());
    let lint = found.iter().find(|l| l.id == "short-history").unwrap();
    assert_eq!(lint.subject, Some(("default".to_owned(), "two".to_owned())));
}
