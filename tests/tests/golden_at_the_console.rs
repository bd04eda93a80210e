//! The golden numbers of a rollout: bursts, resting points, peaks, revisions; through the console, with the page's kubelet.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, Minor};
use rollout_engine::ClusterConfig;
use rollout_session::Session;
use rollout_view::measures::run_measures;
use rollout_view::{PageInput, page_view};

/// A settled Deployment `web` with a readiness probe, ready for its update.
fn settled(replicas: u32, strategy: &str, more: &str) -> Session {
    let config = ClusterConfig {
        version: Minor::V1_32,
        ..ClusterConfig::default()
    };
    let mut s = Session::with_config(config);
    let yaml = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {replicas}\n{more}  strategy: {strategy}\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n      - name: web\n        image: web:v1\n        readinessProbe:\n          httpGet:\n            path: /\n            port: 80\n"
    );
    let ran = s.apply("web.yaml", &yaml);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    s.play_to(60_000);
    s
}

const DEFAULTS: &str = "{}";

fn rolling(surge: &str, unavailable: &str) -> String {
    format!(
        "{{type: RollingUpdate, rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}"
    )
}

fn run(s: &mut Session, line: &str) {
    let ran = s.run(line);
    assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
}

/// Wanted sizes of the sets, oldest first.
fn sizes(s: &Session) -> Vec<i64> {
    let p = page_view(
        s,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    p.scene.sets.iter().map(|set| i64::from(set.size)).collect()
}

/// Sizes after every write until nothing is written for a minute.
fn writes(s: &mut Session) -> Vec<Vec<i64>> {
    let mut out = Vec::new();
    let mut quiet_since = s.at();
    let mut count = s.writes();
    while s.at() < quiet_since + 60_000 && s.step() {
        if s.writes() > count {
            count = s.writes();
            quiet_since = s.at();
            out.push(sizes(s));
        }
    }
    out
}

fn measure(s: &Session, name: &str) -> i64 {
    let p = page_view(
        s,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    p.measures
        .iter()
        .find(|m| m.name == name)
        .map_or(-1, |m| m.value.parse().unwrap())
}

/// Peak and lowest available from the update on.
fn peak_and_lowest(s: &Session) -> (i64, i64) {
    let key = rollout_api::ObjectKey::new(Kind::DEPLOYMENT, "default", "web");
    let m = run_measures(s, &key);
    (m.peak, m.lowest)
}

const UPDATE: &str = "kubectl set image deployment/web web=web:v2";

#[test]
fn three_replicas_with_defaults() {
    let mut s = settled(3, DEFAULTS, "");
    run(&mut s, UPDATE);
    let expected = [[3, 1], [2, 1], [2, 2], [1, 2], [1, 3], [0, 3]];
    assert_eq!(writes(&mut s), expected.map(|e| e.to_vec()));
    assert_eq!(peak_and_lowest(&s), (4, 3));
}

#[test]
fn four_replicas_with_defaults() {
    let mut s = settled(4, DEFAULTS, "");
    run(&mut s, UPDATE);
    assert_eq!(
        writes(&mut s)[..3],
        [[4, 1], [3, 1], [3, 2]].map(|e| e.to_vec())
    );
    assert_eq!(peak_and_lowest(&s), (5, 3));
}

#[test]
fn first_bursts() {
    for (replicas, strategy, expected) in [
        (
            10,
            rolling("2", "2"),
            vec![vec![10, 2], vec![8, 2], vec![8, 4]],
        ),
        (
            10,
            rolling("\"25%\"", "\"25%\""),
            vec![vec![10, 3], vec![8, 3], vec![8, 5]],
        ),
        (
            15,
            rolling("\"25%\"", "\"25%\""),
            vec![vec![15, 4], vec![12, 4], vec![12, 7]],
        ),
    ] {
        let mut s = settled(replicas, &strategy, "");
        run(&mut s, UPDATE);
        assert_eq!(writes(&mut s)[..3], expected);
    }
}

#[test]
fn terminating_pods_are_listed_above_the_ceiling() {
    let mut s = settled(15, &rolling("\"25%\"", "\"25%\""), "");
    run(&mut s, "image web:v1 ignores-stop");
    run(&mut s, UPDATE);
    s.settle();
    assert_eq!(
        (
            measure(&s, "listed"),
            measure(&s, "total"),
            measure(&s, "ceiling")
        ),
        (22, 19, 19)
    );
    assert_eq!(
        (
            measure(&s, "old"),
            measure(&s, "new"),
            measure(&s, "terminating")
        ),
        (12, 7, 3)
    );
}

#[test]
fn what_each_plan_pays() {
    for (strategy, peak, lowest) in [
        (rolling("1", "0"), 5, 4),
        (rolling("0", "1"), 4, 3),
        (rolling("\"100%\"", "0"), 8, 4),
        (rolling("0", "\"100%\""), 4, 0),
        ("{type: Recreate}".to_owned(), 4, 0),
    ] {
        let mut s = settled(4, &strategy, "");
        run(&mut s, UPDATE);
        writes(&mut s);
        assert_eq!(peak_and_lowest(&s), (peak, lowest), "{strategy}");
        assert_eq!(measure(&s, "available"), 4);
    }
}

#[test]
fn a_missing_image_rests_and_undo_keeps_the_survivors() {
    let mut s = settled(4, DEFAULTS, "");
    run(&mut s, "image web:v10 missing");
    run(&mut s, "kubectl set image deployment/web web=web:v10");
    writes(&mut s);
    assert_eq!(sizes(&s), [3, 2]);
    let p = page_view(
        &s,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    assert_eq!(
        (p.numbers.ready, p.numbers.up_to_date, p.numbers.available),
        (3, 2, 3)
    );
    let names = |s: &Session| {
        let p = page_view(
            s,
            &PageInput {
                text: "",
                focus: None,
            },
        );
        p.scene
            .pods
            .iter()
            .filter(|p| p.version.letter() == "A")
            .map(|p| p.name.clone())
            .collect::<Vec<_>>()
    };
    let survivors = names(&s);
    run(&mut s, "kubectl rollout undo deployment/web");
    assert_eq!(writes(&mut s).last().unwrap(), &[4, 0]);
    let after = names(&s);
    assert!(
        survivors.len() == 3 && survivors.iter().all(|n| after.contains(n)) && after.len() == 4
    );
}

#[test]
fn a_third_image_while_the_second_is_broken() {
    let mut s = settled(10, &rolling("\"25%\"", "\"25%\""), "");
    run(&mut s, "image web:v2 missing");
    run(&mut s, UPDATE);
    writes(&mut s);
    assert_eq!(sizes(&s), [8, 5]);
    run(&mut s, "kubectl set image deployment/web web=web:v3");
    let seen = writes(&mut s);
    let broken_gone = seen.iter().position(|w| w[1] == 0).unwrap();
    let third_comes = seen
        .iter()
        .position(|w| w.get(2).is_some_and(|n| *n > 0))
        .unwrap();
    assert!(broken_gone <= third_comes, "{seen:?}");
    assert!(
        seen.iter().take(third_comes + 1).all(|w| w[0] == 8),
        "{seen:?}"
    );
    assert_eq!(seen.last().unwrap(), &[0, 0, 10]);
    assert_eq!(peak_and_lowest(&s).1, 8);
}

#[test]
fn scaling_in_the_middle_is_shared() {
    let mut s = settled(10, &rolling("3", "2"), "");
    run(&mut s, "image web:v2 missing");
    run(&mut s, UPDATE);
    writes(&mut s);
    assert_eq!(sizes(&s), [8, 5]);
    run(&mut s, "kubectl scale deployment/web --replicas=15");
    s.settle();
    assert_eq!(sizes(&s), [11, 7]);
    assert_eq!(measure(&s, "available"), 8);
    assert_eq!(measure(&s, "revision.current"), 2);
}

#[test]
fn zero_and_a_percentage_that_resolves_to_zero() {
    let mut s = settled(3, &rolling("0", "\"25%\""), "");
    run(&mut s, UPDATE);
    assert_eq!(writes(&mut s)[..2], [[3, 0], [2, 0]].map(|e| e.to_vec()));
    assert_eq!(peak_and_lowest(&s), (3, 2));
    let yaml = s.files().values().next().unwrap().replace("\"25%\"", "0");
    let ran = s.apply("web.yaml", &yaml);
    assert_eq!(ran.exit, Some(1));
    assert!(
        ran.stderr.contains("may not be 0 when `maxSurge` is 0"),
        "{}",
        ran.stderr
    );
}

fn revisions(s: &Session) -> Vec<i64> {
    let p = page_view(
        s,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    let mut rows: Vec<i64> = p.history.rows.iter().map(|r| r.revision).collect();
    rows.reverse();
    rows
}

#[test]
fn revisions_move_and_are_trimmed() {
    let mut s = settled(2, DEFAULTS, "");
    for image in ["web:v2", "web:v3"] {
        run(
            &mut s,
            &format!("kubectl set image deployment/web web={image}"),
        );
        writes(&mut s);
    }
    let image = |s: &Session| {
        page_view(
            s,
            &PageInput {
                text: "",
                focus: None,
            },
        )
        .focus
        .unwrap()
        .containers[0]
            .1
            .clone()
    };
    assert_eq!(revisions(&s), [1, 2, 3]);
    for (line, rows, runs) in [
        ("kubectl rollout undo deployment/web", [1, 3, 4], "web:v2"),
        ("kubectl rollout undo deployment/web", [1, 4, 5], "web:v3"),
        (
            "kubectl rollout undo deployment/web --to-revision=1",
            [4, 5, 6],
            "web:v1",
        ),
    ] {
        run(&mut s, line);
        writes(&mut s);
        assert_eq!(
            (revisions(&s), image(&s).as_str()),
            (rows.to_vec(), runs),
            "{line}"
        );
    }
    let same = s.run("kubectl rollout undo deployment/web --to-revision=6");
    assert!(same.stdout.contains("skipped rollback"), "{}", same.stdout);
    assert_eq!(revisions(&s), [4, 5, 6]);

    let mut s = settled(2, DEFAULTS, "  revisionHistoryLimit: 2\n");
    let none = s.run("kubectl rollout undo deployment/web");
    assert_eq!(none.exit, Some(1));
    assert!(
        none.stderr.contains("no rollout history found"),
        "{}",
        none.stderr
    );
    for n in 2..=5 {
        run(
            &mut s,
            &format!("kubectl set image deployment/web web=web:v{n}"),
        );
        writes(&mut s);
    }
    assert_eq!(revisions(&s), [3, 4, 5]);
    let gone = s.run("kubectl rollout undo deployment/web --to-revision=1");
    assert_eq!(gone.exit, Some(1));
    assert!(
        gone.stderr
            .contains("unable to find specified revision 1 in history"),
        "{}",
        gone.stderr
    );
}

#[test]
fn what_starts_a_rollout_and_what_does_not() {
    let mut s = settled(2, DEFAULTS, "");
    for line in [
        "kubectl set image deployment/web web=web:v1",
        "kubectl label deployment/web team=blue",
        "kubectl create configmap settings --from-literal=a=b",
        "kubectl scale deployment/web --replicas=3",
    ] {
        run(&mut s, line);
        writes(&mut s);
        assert_eq!(revisions(&s), [1], "{line}");
    }
    run(&mut s, "kubectl rollout restart deployment/web");
    writes(&mut s);
    assert_eq!(revisions(&s), [1, 2]);
    let text = s.files().get("web.yaml").unwrap().clone();
    let before = s.writes();
    let again = s.apply("web.yaml", &text.replace("replicas: 2", "replicas: 3"));
    assert_eq!(again.exit, Some(0));
    let unchanged = s.apply("web.yaml", &text.replace("replicas: 2", "replicas: 3"));
    assert_eq!(unchanged.stdout, "deployment.apps/web unchanged\n");
    writes(&mut s);
    assert_eq!(revisions(&s), [1, 2]);
    assert_eq!(s.writes(), before);
}

#[test]
fn the_deadline_is_reported_and_nothing_else_changes() {
    let mut s = settled(4, DEFAULTS, "  progressDeadlineSeconds: 60\n");
    run(&mut s, "image web:v2 missing");
    run(&mut s, UPDATE);
    s.play_to(s.at() + 50_000);
    let (before, condition) = (sizes(&s), |s: &Session| {
        let p = page_view(
            s,
            &PageInput {
                text: "",
                focus: None,
            },
        );
        p.conditions
            .into_iter()
            .find(|c| c.kind == "Progressing")
            .unwrap()
    });
    assert_eq!(condition(&s).status, "True");
    s.play_to(s.at() + 20_000);
    let c = condition(&s);
    assert_eq!(
        (c.status.as_str(), c.reason.as_str()),
        ("False", "ProgressDeadlineExceeded")
    );
    assert_eq!(sizes(&s), before);
    let status = s.run_to_end("kubectl rollout status deployment/web", 3_600_000);
    assert_eq!(status.exit, Some(1));
    assert_eq!(
        status.stderr,
        "error: deployment \"web\" exceeded its progress deadline\n"
    );
    // The image appears: it completes by itself.
    run(&mut s, "image web:v2 good");
    s.play_to(s.at() + 400_000);
    assert_eq!(
        (sizes(&s), condition(&s).status),
        (vec![0, 4], "True".to_owned())
    );
}
