//! Manifests as they come from work: what an operator asks of them, in numbers.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_cli::{Exit, dispatch};
use rollout_session::{Comparison, Plan, Scenario, Session, Start};
use rollout_view::sweep::{Sweep, SweepAxes};
use rollout_view::{PageInput, PlanRun, compare_text, page_view, plain_text, plan_runs};

fn path(name: &str) -> String {
    format!("{}/data/operator/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

fn scenario(name: &str, lines: &[&str]) -> Scenario {
    let start = Start {
        manifest: Some(text(name)),
        ..Start::empty()
    };
    let lines: Vec<(u64, String)> = lines.iter().map(|l| (1_000, (*l).to_owned())).collect();
    Scenario::of_manifest(start, &lines).unwrap()
}

fn compared(name: &str, lines: &[&str], words: &str) -> Vec<PlanRun> {
    let plans: Vec<Plan> = words.split(';').map(|w| Plan::parse(w).unwrap()).collect();
    let c = Comparison::of_scenario(scenario(name, lines), &plans).unwrap();
    plan_runs(&c)
}

/// Peak, lowest available.
fn peaks(runs: &[PlanRun]) -> Vec<(i64, i64)> {
    runs.iter().map(|r| (r.run.peak, r.run.lowest)).collect()
}

#[test]
fn plans_change_the_deployment_that_is_acted_on() {
    let plans = "Recreate;0,1;1,0";
    // Two of the same name: nothing done, the first of the text; its Service brings the requests.
    let runs = compared("two-namespaces", &[], plans);
    assert_eq!(peaks(&runs), [(3, 0), (3, 2), (4, 3)]);
    assert!(runs.iter().all(|r| r.failed > Some(0)), "no hook");
    let other = "kubectl set image -n orders-canary deploy/orders orders=acme/orders:3.3.0";
    let runs = compared("two-namespaces", &[other], plans);
    assert_eq!(peaks(&runs), [(1, 0), (1, 0), (2, 1)]);
    // Two behind one Service: a tenth of the requests meets the canary, and only its own pods are counted.
    let canary = "kubectl set image deploy/checkout-canary checkout=ghcr.io/acme/checkout:4.1.0";
    let runs = compared("canary", &[canary], plans);
    assert_eq!(peaks(&runs), [(1, 0), (1, 0), (2, 1)]);
    let stable = "kubectl set image deploy/checkout-stable checkout=ghcr.io/acme/checkout:4.1.0";
    let runs = compared("canary", &[stable], plans);
    assert_eq!(peaks(&runs), [(9, 0), (9, 8), (10, 9)]);
}

#[test]
fn a_port_name_that_no_container_has_meets_nobody() {
    for plan in ["as-is", "1,0"] {
        let run = &compared("port-name", &[], plan)[0];
        // The whole run with two seconds more, eight requests each second.
        let sent = (1_000 + run.run.duration_ms + 2_000) * 8 / 1_000;
        let failed = run.failed.unwrap();
        assert!(failed.abs_diff(sent) <= 100, "{failed} of about {sent}");
    }
    let mut session = Session::new(Start {
        manifest: Some(text("port-name")),
        ..Start::empty()
    });
    session.run("traffic service/billing 10/s");
    session.play_to(10_000);
    let told = session.run("traffic").stdout;
    assert!(
        told.contains("100 requests: 0 answered, 100 failed (100 no endpoint)"),
        "{told}"
    );
    // The name is set right: the slice gets its port, and clients hear of it.
    session.run(
        r#"kubectl patch service billing --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":"http"}]'"#,
    );
    session.play_to(20_000);
    let told = session.run("traffic").stdout;
    assert!(
        told.contains("85 answered, 115 failed (115 no endpoint)"),
        "{told}"
    );
}

#[test]
fn a_cell_of_the_sweep_is_its_run() {
    let helm =
        "kubectl set image deploy/storefront app=registry.example.com/shop/storefront:2.15.0";
    let other = "kubectl set image deploy/orders orders=acme/orders:3.3.0";
    let there = "kubectl config set-context --current --namespace=orders-canary";
    for (name, lines) in [
        (
            "helm",
            &["kubectl drain node-1 --ignore-daemonsets", helm][..],
        ),
        (
            "helm",
            &[
                "kubectl cordon node-2",
                "sleep 5; kubectl drain node-1",
                helm,
            ],
        ),
        ("helm", &["kubectl rollout status deploy/storefront", helm]),
        ("two-namespaces", &[there, other]),
        ("two-namespaces", &[]),
        ("canary", &[]),
    ] {
        let scenario = scenario(name, lines);
        let replicas = scenario.replicas();
        let axes = SweepAxes {
            surges: ["0", "25%"].map(str::to_owned).to_vec(),
            unavailables: ["1"].map(str::to_owned).to_vec(),
            replicas: vec![replicas],
        };
        let mut sweep = Sweep::new(scenario.clone(), axes).unwrap();
        while let Some(cell) = sweep.next_cell() {
            let plan = cell.plan().unwrap();
            let Some(cell) = cell.result else { continue };
            let c = Comparison::of_scenario(scenario.clone(), &[plan]).unwrap();
            let run = &plan_runs(&c)[0];
            assert_eq!(
                (
                    cell.complete,
                    cell.duration_ms,
                    cell.lowest,
                    cell.peak,
                    cell.failed
                ),
                (
                    run.run.complete,
                    run.run.duration_ms,
                    run.run.lowest,
                    run.run.peak,
                    run.failed
                ),
                "{name} {lines:?} {}",
                run.plan
            );
        }
    }
}

#[test]
fn a_line_that_fails_is_told() {
    let run = |args: &[&str]| {
        let file = path("port-name");
        let mut all = vec![args[0], &file];
        all.extend(&args[1..]);
        let all: Vec<String> = all.iter().map(|a| (*a).to_owned()).collect();
        dispatch(&all)
    };
    let wrong = "kubectl set image deploy/nobody a=b";
    let right = "kubectl set image deploy/billing billing=acme/billing:v2";
    for command in ["timeline", "compare", "diagnose", "sweep"] {
        assert!(
            matches!(run(&[command, "--do", wrong]), Exit(1)),
            "{command}"
        );
        assert!(
            matches!(run(&[command, "--do", right]), Exit(0)),
            "{command}"
        );
    }
    assert!(matches!(run(&["timeline", "--traffic", "often"]), Exit(1)));
}

/// The sentence and the wait when nothing more is due until a moment, in seconds.
fn sentence_at(name: &str, lines: &[&str], until: u64) -> String {
    let mut session = Session::new(Start {
        manifest: Some(text(name)),
        ..Start::empty()
    });
    for line in lines {
        assert_eq!(session.run(line).stderr, "", "{line}");
    }
    session.play_to(until * 1000);
    let page = page_view(
        &session,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    let wait = page.why.wait.map_or(String::new(), |w| plain_text(&w.ends));
    let kicker = plain_text(&page.why.kicker);
    format!("{kicker} | {} | {wait}", plain_text(&page.why.headline))
}

#[test]
fn the_sentence_names_the_container_and_the_volume_that_hold_the_rollout() {
    let cases: &[(&str, &[&str], u64, &[&str])] = &[
        // The sidecar's image is missing, not that of the first container.
        (
            "helm",
            &[
                "image envoyproxy/envoy:v1.32.0 missing",
                "kubectl set image deploy/storefront envoy=envoyproxy/envoy:v1.32.0",
            ],
            14,
            &["3 new pods cannot pull envoyproxy/envoy:v1.32.0. With 8 pods"],
        ),
        (
            "helm",
            &["kubectl set image deploy/storefront envoy=envoyproxy/envoy:v1.32.0"],
            2,
            &[
                "Rolling update of 6 pods from envoy:v1.31.0 to envoy:v1.32.0.",
                "Init container migrate, 1 of 1, ends well; then the others start.",
            ],
        ),
        (
            "helm",
            &[
                "image registry.example.com/shop/storefront:2.15.0 crash after=1s",
                "kubectl set image deploy/storefront migrate=registry.example.com/shop/storefront:2.15.0",
            ],
            60,
            &[
                "3 new pods cannot begin: init container migrate fails again and again.",
                "Init container migrate ends well at one of its tries, or another template.",
            ],
        ),
        (
            "helm",
            &[
                "image envoyproxy/envoy:v1.32.0 crash after=1s",
                "kubectl set image deploy/storefront envoy=envoyproxy/envoy:v1.32.0",
            ],
            60,
            &["In 6 new pods container envoy ends again and again after its start."],
        ),
        (
            "helm",
            &[
                "image registry.example.com/shop/storefront:2.15.0 slow-start ready=50s",
                "kubectl set image deploy/storefront app=registry.example.com/shop/storefront:2.15.0",
            ],
            20,
            &[
                "A success of the startup probe of app, asked every 2 s; 30 failures in a row would restart it. Only then",
            ],
        ),
        (
            "helm",
            &[
                r#"kubectl patch deploy/storefront -p '{"spec":{"template":{"spec":{"volumes":[{"name":"tls","secret":{"secretName":"tls-2025"}}]}}}}'"#,
            ],
            5,
            &[
                "3 new pods wait for volume tls: there is no Secret tls-2025. With 8 pods",
                "Secret tls-2025 is there when the node looks again, or another template.",
            ],
        ),
        (
            "worker",
            &[
                r#"kubectl patch deploy/ledger-worker --type=merge -p '{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}'"#,
                "kubectl rollout restart deploy/ledger-worker",
            ],
            5,
            &[
                "1 pod waits for the disk of claim ledger-data: one node at a time may have it",
                "goes and lets go of claim ledger-data.",
            ],
        ),
        (
            "port-name",
            &["kubectl rollout restart deploy/billing"],
            5,
            &[
                "Rolling update of 5 pods of billing:v1 to a changed template.",
                "A success of the readiness probe of billing: 1 in a row, asked every 10 s from 20 s after its start on.",
            ],
        ),
    ];
    for (name, lines, until, expected) in cases {
        let told = sentence_at(name, lines, *until);
        for text in *expected {
            assert!(told.contains(text), "{name} {lines:?}: {told}");
        }
    }
}

#[test]
fn what_is_done_right_after_the_creation_is_compared_on_the_cluster_at_rest() {
    // Pasted, applied, updated at once: time did not move in between.
    let mut session = Session::new(Start::empty());
    session.apply("pay.yaml", &text("strict"));
    session.run("traffic service/pay 20/s");
    session.run("image ghcr.io/acme/pay:1.1.0 crash after=8s");
    session.run("kubectl set image deploy/pay pay=ghcr.io/acme/pay:1.1.0");
    session.play_to(300_000);
    let plans: Vec<Plan> = ["Recreate", "1,0"]
        .map(|w| Plan::parse(w).unwrap())
        .to_vec();
    let c = Comparison::with(&session, "", &plans).unwrap();
    assert_eq!(
        c.added_update(),
        None,
        "the learner's own update is compared"
    );
    assert!(c.at() <= c.recorded_ms());
    let runs = plan_runs(&c);
    assert_eq!(peaks(&runs), [(4, 0), (5, 4)]);
    assert!(
        runs.iter().all(|r| !r.run.complete),
        "it crashes under every plan"
    );
    assert!(
        runs[0].failed > Some(5_000) && runs[1].failed > Some(0),
        "20/s for ten minutes"
    );
    // Of two Deployments the second is updated: it is not updated once more.
    let mut session = Session::new(Start {
        manifest: Some(text("canary")),
        ..Start::empty()
    });
    session.run("kubectl set image deploy/checkout-stable checkout=ghcr.io/acme/checkout:4.1.0");
    let c = Comparison::with(&session, "", &plans).unwrap();
    assert_eq!(c.added_update(), None);
    assert_eq!(peaks(&plan_runs(&c)), [(9, 0), (10, 9)]);
}

#[test]
fn what_stands_behind_a_custom_resource_is_applied() {
    let monitor = |name: &str| {
        format!(
            "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata:\n  name: {name}\n---\n"
        )
    };
    let why = |name: &str| {
        format!(
            "resource mapping not found for name: \"{name}\" namespace: \"\" from \"app.yaml\": no matches for kind \"ServiceMonitor\" in version \"monitoring.coreos.com/v1\"\nensure CRDs are installed first\n"
        )
    };
    let created = "service/pay created\ndeployment.apps/pay created\n";
    let one = format!("{}{}", monitor("a"), text("strict"));
    let two = format!("{}{}---\n{}", monitor("a"), text("strict"), monitor("b"));
    for (text, stderr) in [
        (one, format!("error: {}", why("a"))),
        (two, why("a") + &why("b")),
    ] {
        let mut session = Session::new(Start::empty());
        let ran = session.apply("app.yaml", &text);
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr, ran.exit),
            (created, stderr, Some(1))
        );
    }
}

#[test]
fn a_sweep_of_what_was_pasted_has_its_replicas() {
    let mut pasted = Session::new(Start::empty());
    pasted.apply("pay.yaml", &text("strict"));
    pasted.play_to(60_000);
    pasted.run("kubectl set image deploy/pay pay=ghcr.io/acme/pay:1.1.0");
    let mut made = Session::new(Start::empty());
    made.run("kubectl create deployment web --image=web:v1 --replicas=3");
    made.play_to(20_000);
    made.run("kubectl set image deployment/web web=web:v2");
    for (session, replicas) in [(&pasted, 4), (&made, 3)] {
        assert_eq!(Scenario::of(session, "").unwrap().replicas(), replicas);
    }
}

#[test]
fn who_scales_in_the_middle_gives_up_no_capacity() {
    let update = "kubectl set image deploy/pay pay=ghcr.io/acme/pay:1.1.0";
    let mut session = Session::new(Start {
        manifest: Some(text("strict")),
        ..Start::empty()
    });
    session.run(update);
    session.play_to(10_000);
    session.run("kubectl scale deploy/pay --replicas=7");
    let plans: Vec<Plan> = ["1,0", "0,1"].map(|w| Plan::parse(w).unwrap()).to_vec();
    let c = Comparison::with(&session, "", &plans).unwrap();
    let told = compare_text(&c);
    assert!(
        told.contains("Surge 1, unavailable 0 pays with room for 1 more pod."),
        "{told}"
    );
    assert!(
        told.contains("Surge 0, unavailable 1 pays with capacity: down to 3 of 4."),
        "{told}"
    );
}

#[test]
fn undo_names_what_comes_back() {
    let label = |line: &str| {
        let mut session = Session::new(Start {
            manifest: Some(text("helm")),
            ..Start::empty()
        });
        session.run(line);
        session.play_to(5_000);
        let input = PageInput {
            text: "",
            focus: None,
        };
        let actions = page_view(&session, &input).actions;
        actions.into_iter().find(|a| a.id == "undo").unwrap().label
    };
    let set = "kubectl set image deploy/storefront";
    let app = "app=registry.example.com/shop/storefront:2.15.0";
    assert_eq!(label(&format!("{set} {app}")), "Undo to 2.14.0");
    assert_eq!(
        label(&format!("{set} envoy=envoyproxy/envoy:v1.32.0")),
        "Undo to v1.31.0"
    );
    assert_eq!(
        label("kubectl rollout restart deploy/storefront"),
        "Undo to revision 1"
    );
}
