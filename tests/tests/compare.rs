//! Plans on one clock: the published numbers, the recorded matrix, one time for all panes, taking a plan over.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_session::{Comparison, PRESETS, Plan, Scenario, Session, Start};
use rollout_view::{PageInput, PlanRun, compare_text, compare_view, page_view, plan_runs};

fn manifest(replicas: i64, strategy: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {replicas}\n{strategy}  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n      - name: web\n        image: web:v1\n"
    )
}

fn start(manifest: &str) -> Start {
    Start {
        manifest: Some(manifest.to_owned()),
        ..Start::empty()
    }
}

fn plans(words: &str) -> Vec<Plan> {
    words.split(';').map(|w| Plan::parse(w).unwrap()).collect()
}

fn compared(manifest: &str, words: &str) -> Comparison {
    let scenario = Scenario::of_manifest(start(manifest), &[]).unwrap();
    Comparison::of_scenario(scenario, &plans(words)).unwrap()
}

fn runs(manifest: &str, words: &str) -> Vec<PlanRun> {
    plan_runs(&compared(manifest, words))
}

#[test]
fn the_published_numbers() {
    // replicas, plan, peak, lowest available
    let cases: &[(i64, &str, i64, i64)] = &[
        (3, "25%,25%", 4, 3),
        (4, "25%,25%", 5, 3),
        (4, "1,0", 5, 4),
        (4, "0,1", 4, 3),
        (4, "100%,0", 8, 4),
        (4, "0,100%", 4, 0),
        (4, "Recreate", 4, 0),
        (10, "2,2", 12, 8),
        (1, "25%,25%", 2, 1),
        (15, "25%,25%", 19, 12),
    ];
    for (replicas, plan, peak, lowest) in cases {
        let run = &runs(&manifest(*replicas, ""), &format!("{plan};as-is"))[0];
        assert_eq!(
            (run.run.peak, run.run.lowest, run.run.complete),
            (*peak, *lowest, true),
            "{replicas} {plan}"
        );
        assert_eq!(run.revisions, [1, 2]);
    }
}

#[test]
fn four_replicas_under_three_plans() {
    let runs = runs(&manifest(4, ""), "Recreate;0,1;1,0");
    let column = |f: fn(&PlanRun) -> i64| runs.iter().map(f).collect::<Vec<_>>();
    assert_eq!(column(|r| r.run.peak), [4, 4, 5]);
    assert_eq!(column(|r| r.run.lowest), [0, 3, 4]);
    assert!(runs[0].run.gap_ms > 0);
    assert_eq!((runs[1].run.gap_ms, runs[2].run.gap_ms), (0, 0));
    // Recreate has never more pods than desired. With room for one more, one pod is too many from the first new pod
    // until the last old one has left.
    assert_eq!(runs[0].run.extra_ms, 0);
    assert!(runs[1].run.extra_ms > 0);
    assert!(runs[2].run.extra_ms >= runs[2].run.duration_ms);
}

/// Name, ours, recorded. In the first instant of an update the old pods are deleted and the new ones made; here the
/// deletions come first (docs/adr/0010), in these recordings the new pods were there a moment earlier.
const RACES: [&str; 4] = [
    "matrix-s2u2-01 (1, 0) (2, 0)",
    "matrix-s2u2-03 (4, 1) (5, 1)",
    "matrix-s3u2-02 (2, 0) (4, 0)",
    "matrix-s3u2-04 (6, 2) (7, 2)",
];

#[test]
fn peak_and_lowest_are_those_of_a_real_control_plane() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/recordings");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| {
            p.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("matrix-")
        })
        .collect();
    names.sort();
    assert!(names.len() >= 40, "{}", names.len());
    let mut other = Vec::new();
    for path in names {
        let recording = from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let text = recording.str_at("scenario.manifests.v1");
        let lines = vec![(
            1_000,
            "kubectl set image deployment/web web=web:v2".to_owned(),
        )];
        let scenario = Scenario::of_manifest(start(text), &lines).unwrap();
        let comparison = Comparison::of_scenario(scenario, &[Plan::AsIs]).unwrap();
        let run = plan_runs(&comparison).remove(0).run;
        let recorded = recording.at("extremes.update").unwrap();
        let real = (
            recorded.int_at("max_total").unwrap(),
            recorded.int_at("min_available").unwrap(),
        );
        if (run.peak, run.lowest) != real {
            other.push(format!(
                "{} {:?} {real:?}",
                recording.str_at("name"),
                (run.peak, run.lowest)
            ));
        }
    }
    assert_eq!(other, RACES);
}

#[test]
fn all_panes_stand_at_the_same_time_whatever_is_done() {
    let mut c = compared(&manifest(4, ""), "Recreate;0,1;1,0;no-probes");
    let mut random = 7_u64;
    for _ in 0..60 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        match random >> 61 {
            0 => drop(c.step()),
            1 => drop(c.back()),
            2 => c.seek((random >> 20) % 20_000),
            3 => c.skip_waiting(),
            4 => c.previous_mark(),
            5 => drop(c.play(c.at() + 300)),
            _ => drop(c.step()),
        }
        let at = c.at();
        for pane in c.panes() {
            assert_eq!(pane.session.at(), at, "{}", pane.name());
        }
        let view = compare_view(&c);
        let axis = &view.panes[0].page.scene.past;
        for pane in &view.panes {
            let past = &pane.page.scene.past;
            assert_eq!(
                (past.record.width, past.now_x),
                (axis.record.width, axis.now_x)
            );
            assert_eq!(past.record.segments, axis.record.segments);
        }
    }
}

#[test]
fn the_table_says_what_each_run_says_alone() {
    for preset in PRESETS
        .iter()
        .filter(|p| ["boot-4", "re-5", "model-4", "solo-1"].contains(&p.name))
    {
        let session = Session::new(Start::preset(preset.name));
        let mut c = Comparison::with(&session, preset.yaml, &plans("as-is;Recreate;1,0")).unwrap();
        let end = c.recorded_ms();
        c.seek(end);
        let view = compare_view(&c);
        let mut session = session;
        for (i, pane) in view.panes.iter().enumerate() {
            let mut c =
                Comparison::with(&session, preset.yaml, &plans("as-is;Recreate;1,0")).unwrap();
            c.seek(end);
            c.promote(i, &mut session);
            let page = page_view(
                &session,
                &PageInput {
                    text: "",
                    focus: None,
                },
            );
            for cell in pane
                .results
                .iter()
                .filter(|c| ["peak", "lowest"].contains(&c.id))
            {
                let own = page.measures.iter().find(|m| m.name == cell.id).unwrap();
                assert_eq!(
                    own.value, cell.text,
                    "{} {} {}",
                    preset.name, pane.name, cell.id
                );
            }
            session.open_branch(0);
        }
    }
}

#[test]
fn a_plan_that_is_taken_over_is_a_branch_like_any_other() {
    let mut session = Session::new(Start::preset("landing"));
    let before = session.export_state();
    let mut c = Comparison::of(&session, "").unwrap();
    c.seek(9_000);
    let states: Vec<Vec<u8>> = c.panes().iter().map(|p| p.session.export_state()).collect();
    c.promote(1, &mut session);
    let names: Vec<&str> = session.branches().iter().map(|b| b.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "main",
            "Recreate",
            "Surge 0, unavailable 1",
            "Surge 1, unavailable 0"
        ]
    );
    assert_eq!(session.branch().name, "Surge 0, unavailable 1");
    assert_eq!(session.export_state(), states[1]);
    // It goes back and forward, and its past can be acted in.
    while session.back() {}
    while session.at() < 9_000 && session.step() {}
    session.seek(10);
    session.run("kubectl scale deployment/rolldeployment --replicas=11");
    assert_eq!(session.branch().name, "branch 4");
    session.play_to(60_000);
    assert_eq!(session.branch().parent, Some(2));
    let link = session.shared(None);
    let mut again = Session::open(&link).unwrap();
    again.play_to(60_000);
    assert_eq!(again.export_state(), session.export_state());
    // The other plan and the former session are as they were.
    assert!(session.open_branch(1));
    session.seek_time(9_000);
    session.play_to(9_000);
    assert_eq!(session.export_state(), states[0]);
    assert!(session.open_branch(0));
    assert_eq!(session.export_state(), before);
    // A second comparison takes other names.
    Comparison::of(&session, "")
        .unwrap()
        .promote(0, &mut session);
    assert_eq!(session.branch().name, "Recreate 2");
}

#[test]
fn branches_probes_and_other_manifests_are_plans_too() {
    let mut session = Session::new(Start::preset("boot-4"));
    session.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v10");
    session.play_to(30_000);
    session.seek(0);
    session.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v3");
    session.play_to(30_000);
    let other = Plan::Text {
        name: "two replicas".to_owned(),
        text: PRESETS
            .iter()
            .find(|p| p.name == "boot-4")
            .unwrap()
            .yaml
            .replace("replicas: 4", "replicas: 2"),
    };
    let mut all = plans("branch:0;branch:1");
    all.push(other);
    let mut c = Comparison::with(&session, "", &all).unwrap();
    let runs = plan_runs(&c);
    let names: Vec<&str> = runs.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["main", "branch 1", "two replicas"]);
    assert_eq!(
        runs.iter().map(|r| r.run.complete).collect::<Vec<_>>(),
        [false, true, true]
    );
    assert_eq!(runs[2].desired, 2);
    // A fifth plan has no place, a plan comes once, the last two stay.
    c.plan(None, &Plan::Recreate, &session).unwrap();
    assert!(c.plan(None, &Plan::AsIs, &session).is_err());
    assert!(c.plan(Some(0), &Plan::Recreate, &session).is_err());
    for _ in 0..5 {
        c.remove(0);
    }
    assert_eq!(c.panes().len(), 2);
    // A branch that was only looked at is opened, not copied.
    let mut c = Comparison::with(&session, "", &plans("branch:0;branch:1")).unwrap();
    c.seek(5_000);
    c.promote(0, &mut session);
    assert_eq!(
        (
            session.branches().len(),
            session.current_branch(),
            session.at()
        ),
        (2, 0, 5_000)
    );

    // The same image that never gets ready: a probe holds the rollout, no probe lets it pass.
    let scenario = Scenario::of_manifest(
        start(&manifest(4, "")),
        &[
            (0, "image web:v2 never-ready".to_owned()),
            (
                1_000,
                "kubectl set image deployment/web web=web:v2".to_owned(),
            ),
        ],
    );
    let c = Comparison::of_scenario(scenario.unwrap(), &plans("no-probes;probes")).unwrap();
    let done: Vec<bool> = plan_runs(&c).iter().map(|r| r.run.complete).collect();
    assert_eq!(done, [true, false], "{}", compare_text(&c));
}

#[test]
fn sessions_that_began_in_other_ways_are_compared_too() {
    // Made by a line, without a text.
    let mut made = Session::new(Start::empty());
    made.run("kubectl create deployment web --image=web:v1 --replicas=4");
    made.play_to(20_000);
    made.run("kubectl set image deployment/web web=web:v2");
    // Pasted and applied, nothing more: the next tag is the update.
    let mut pasted = Session::new(Start::empty());
    pasted.apply("web.yaml", &manifest(4, ""));
    // Only written.
    let written = Session::new(Start::empty());
    for session in [&made, &pasted, &written] {
        let c = Comparison::of(session, &manifest(4, "")).unwrap();
        let runs = plan_runs(&c);
        let peaks: Vec<(i64, i64)> = runs.iter().map(|r| (r.run.peak, r.run.lowest)).collect();
        assert_eq!(peaks, [(4, 0), (4, 3), (5, 4)], "{}", compare_text(&c));
    }
    assert!(Comparison::of(&written, "kind: Service\n").is_none());
}

#[test]
fn the_same_line_in_all_panes() {
    let mut c = compared(&manifest(4, ""), "Recreate;1,0");
    c.seek(3_000);
    c.run("kubectl scale deployment/web --replicas=6");
    assert_eq!(c.at(), 3_000);
    let runs = plan_runs(&c);
    assert!(
        runs.iter().all(|r| r.desired == 6 && r.run.complete),
        "{}",
        compare_text(&c)
    );
}

#[test]
fn the_text_is_always_the_same() {
    let text = || compare_text(&compared(&manifest(4, ""), "Recreate;0,1;1,0"));
    assert_eq!(text(), text());
    let golden = include_str!("../data/compare/four-replicas.txt");
    if std::env::var_os("BLESS").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/data/compare/four-replicas.txt"
        );
        std::fs::write(path, text()).unwrap();
        return;
    }
    assert_eq!(text(), golden);
}

#[test]
fn step_is_lit_while_something_can_be_seen_to_come() {
    for words in ["Recreate;0,1;1,0", "25%,25%;as-is"] {
        let mut c = compared(&manifest(4, ""), words);
        c.seek(0);
        let mut steps = 0;
        while compare_view(&c).transport.can_step {
            let before: Vec<usize> = c.panes().iter().map(|p| p.session.position()).collect();
            assert!(c.step(), "{words}: lit at {}", c.at());
            let after: Vec<usize> = c.panes().iter().map(|p| p.session.position()).collect();
            assert_ne!(before, after, "{words}: nothing was seen at {}", c.at());
            steps += 1;
        }
        assert!(steps > 5, "{words}");
        for pane in c.panes() {
            assert_eq!(pane.session.position(), pane.session.steps().len());
        }
        assert!(c.back() && compare_view(&c).transport.can_step);
    }
}
