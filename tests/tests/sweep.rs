//! Sweeps: every cell says what the same plan says in a session of its own.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_session::{Comparison, PRESETS, Plan, Scenario, Session, Start};
use rollout_view::plan_runs;
use rollout_view::sweep::{Sweep, SweepAxes, SweepCell, SweepMeasure, sweep_text};

fn cells(scenario: &Scenario, axes: &SweepAxes) -> Vec<SweepCell> {
    let mut sweep = Sweep::new(scenario.clone(), axes.clone()).unwrap();
    assert_eq!(sweep.total(), axes.len());
    let cells: Vec<SweepCell> = std::iter::from_fn(|| sweep.next_cell()).collect();
    assert_eq!((sweep.done(), cells.len()), (axes.len(), axes.len()));
    cells
}

fn agrees(name: &str, scenario: &Scenario, axes: &SweepAxes) {
    for cell in cells(scenario, axes) {
        let word = format!("{},{},{}", cell.surge, cell.unavailable, cell.replicas);
        let Ok(plan) = Plan::parse(&word) else {
            assert_eq!(cell.result, None, "{name} {word}");
            continue;
        };
        let comparison = Comparison::of_scenario(scenario.clone(), &[plan]).unwrap();
        let own = plan_runs(&comparison).remove(0);
        let result = cell.result.unwrap();
        assert_eq!(
            (result.complete, result.lowest, result.peak, result.failed),
            (own.run.complete, own.run.lowest, own.run.peak, own.failed),
            "{name} {word}"
        );
        if result.complete {
            assert_eq!(result.duration_ms, own.run.duration_ms, "{name} {word}");
        }
    }
}

#[test]
fn a_cell_is_the_run_that_it_opens() {
    for name in ["boot-4", "model-4", "solo-1"] {
        let preset = PRESETS.iter().find(|p| p.name == name).unwrap();
        let session = Session::new(Start::preset(name));
        let scenario = Scenario::of(&session, preset.yaml).unwrap();
        agrees(name, &scenario, &SweepAxes::numbers(1, &[1, 4]));
    }
}

#[test]
fn what_the_learner_did_is_swept_too() {
    // Broken, then good, then scaled; by lines and by a text.
    let preset = PRESETS.iter().find(|p| p.name == "quarter-10").unwrap();
    let mut session = Session::new(Start::preset("quarter-10"));
    session.run("image model-web:broken missing");
    let d = session
        .store()
        .list(rollout_api::Kind::DEPLOYMENT)
        .next()
        .unwrap();
    let (name, container) = (
        d.meta.name.to_string(),
        d.value
            .str_at("spec.template.spec.containers.0.name")
            .to_owned(),
    );
    session.run(&format!(
        "kubectl set image deployment/{name} {container}=model-web:broken"
    ));
    session.play_to(20_000);
    session.run(&format!(
        "kubectl set image deployment/{name} {container}=web:good"
    ));
    session.play_to(25_000);
    session.run(&format!("kubectl scale deployment/{name} --replicas=12"));
    let scenario = Scenario::of(&session, preset.yaml).unwrap();
    agrees("broken then good", &scenario, &SweepAxes::numbers(1, &[10]));

    let mut pasted = Session::new(Start::empty());
    pasted.apply("web.yaml", preset.yaml);
    pasted.play_to(30_000);
    pasted.apply("web.yaml", &preset.yaml.replace("image: ", "image: other/"));
    let scenario = Scenario::of(&pasted, preset.yaml).unwrap();
    agrees("two texts", &scenario, &SweepAxes::numbers(1, &[3]));
}

#[test]
fn a_deployment_that_a_line_made_has_the_replicas_of_the_cell() {
    let mut s = Session::new(Start::empty());
    s.run("kubectl create deployment web --image=nginx:1.25 --replicas=3");
    s.play_to(20_000);
    s.run("kubectl set image deployment/web nginx=nginx:1.26");
    s.play_to(40_000);
    let scenario = Scenario::of(&s, "").unwrap();
    assert_eq!(scenario.replicas(), 3);
    let axes = SweepAxes::numbers(1, &[2, 3, 6]);
    agrees("made by a line", &scenario, &axes);
    for cell in cells(&scenario, &axes) {
        let Some(result) = cell.result else { continue };
        let surge: i64 = cell.surge.parse().unwrap();
        assert!(result.peak == cell.replicas + surge, "{cell:?}");
    }
    // Who scales later scales in every cell, from the cell's own number.
    s.run("kubectl scale deployment/web --replicas=5");
    s.play_to(60_000);
    let scaled = Scenario::of(&s, "").unwrap();
    assert_eq!(scaled.replicas(), 3, "as it was made");
    agrees("scaled later", &scaled, &axes);
}

#[test]
fn the_map_as_text() {
    let preset = PRESETS.iter().find(|p| p.name == "boot-4").unwrap();
    let session = Session::new(Start::preset("boot-4"));
    let scenario = Scenario::of(&session, preset.yaml).unwrap();
    let axes = SweepAxes::numbers(2, &[4]);
    let cells = cells(&scenario, &axes);
    assert_eq!(
        sweep_text(&axes, &cells, &[SweepMeasure::Lowest, SweepMeasure::Peak]),
        "4 replicas, lowest available\n\
         surge \\ unavailable  0  1  2\n\
         0                    –  3  2\n\
         1                    4  3  2\n\
         2                    4  3  2\n\
         \n\
         4 replicas, peak pods\n\
         surge \\ unavailable  0  1  2\n\
         0                    –  4  4\n\
         1                    5  5  5\n\
         2                    6  6  6\n"
    );
    let shades: Vec<Option<u8>> = cells
        .iter()
        .map(|c| SweepMeasure::Peak.shade(&cells, c))
        .collect();
    assert_eq!(shades[0], None);
    assert_eq!(
        (shades[1], shades[3], shades[6]),
        (Some(0), Some(4), Some(8))
    );
}

#[test]
fn too_much_is_refused() {
    let preset = PRESETS.iter().find(|p| p.name == "boot-4").unwrap();
    let scenario = Scenario::of(&Session::new(Start::preset("boot-4")), preset.yaml).unwrap();
    assert!(Sweep::new(scenario.clone(), SweepAxes::numbers(2, &[])).is_err());
    let many: Vec<i64> = (1..=100).collect();
    assert!(Sweep::new(scenario, SweepAxes::numbers(24, &many)).is_err());
}

#[test]
fn a_scenario_as_text_is_the_same_scenario() {
    let mut session = Session::new(Start::preset("quarter-10"));
    session.run("image model-web:broken missing");
    session.play_to(5_000);
    session.run("kubectl scale deployment --all --replicas=7");
    for session in [
        Session::new(Start::preset("boot-4")),
        Session::new(Start::preset("landing")),
        session,
    ] {
        let scenario = Scenario::of(&session, "").unwrap();
        let text = scenario.to_text();
        assert_eq!(Scenario::from_text(&text).as_ref(), Some(&scenario));
        // Damaged text is refused, not guessed.
        for cut in (0..text.len()).step_by(7) {
            if let Some(read) = Scenario::from_text(&text[..cut]) {
                assert_eq!(read, scenario, "{cut}");
            }
        }
    }
}

#[test]
fn a_line_in_all_plans_is_part_of_what_later_plans_repeat() {
    let session = Session::new(Start::preset("boot-4"));
    let line = "kubectl scale deployment/bootcamp --replicas=6";
    for at in [0, 4_000] {
        let plans = ["0,1", "1,0"].map(|w| Plan::parse(w).unwrap());
        let mut comparison = Comparison::with(&session, "", &plans).unwrap();
        comparison.seek(at);
        comparison.run(line);
        comparison
            .plan(None, &Plan::parse("2,0").unwrap(), &session)
            .unwrap();
        // The same plan, put into the place of the first again, is as it was with the line run in it.
        let before = plan_runs(&comparison);
        comparison
            .plan(Some(0), &Plan::parse("0,1").unwrap(), &session)
            .unwrap();
        let after = plan_runs(&comparison);
        assert_eq!(before[0].run, after[0].run, "at {at}");
        assert_eq!(after[2].desired, 6, "at {at}");
        assert_eq!(after[2].revisions, before[0].revisions, "at {at}");
        // And a cell of the sweep is the same run.
        let mut sweep = Sweep::new(
            comparison.scenario().clone(),
            SweepAxes {
                surges: vec!["2".into()],
                unavailables: vec!["0".into()],
                replicas: vec![4],
            },
        )
        .unwrap();
        let cell = sweep.next_cell().unwrap().result.unwrap();
        assert_eq!(
            (cell.peak, cell.lowest, cell.duration_ms),
            (
                after[2].run.peak,
                after[2].run.lowest,
                after[2].run.duration_ms
            ),
            "at {at}"
        );
    }
}

#[test]
fn results_travel_as_lines() {
    let session = Session::new(Start::preset("boot-4"));
    let scenario = Scenario::of(&session, "").unwrap();
    let axes = SweepAxes::numbers(1, &[2]);
    for (place, cell) in cells(&scenario, &axes).into_iter().enumerate() {
        let mut read = axes.cell(place).unwrap();
        assert_eq!(read.result, None);
        assert!(read.take_line(&cell.result_line()));
        assert_eq!(read, cell);
    }
    assert_eq!(axes.cell(4), None);
    let mut cell = axes.cell(1).unwrap();
    for bad in ["", "1 2", "1 x 2 3 4", "1 2 3 4 5 6"] {
        assert!(!cell.take_line(bad), "{bad}");
    }
}

#[test]
fn the_map_of_the_page() {
    use rollout_view::heat::{heat_axes, heat_own, heat_replicas, heat_view};
    let session = Session::new(Start::preset("boot-4"));
    let scenario = Scenario::of(&session, "").unwrap();
    let axes = SweepAxes::numbers(2, &[4]);
    let mut all: Vec<Option<SweepCell>> = cells(&scenario, &axes).into_iter().map(Some).collect();
    let own = heat_own(&session);
    let view = heat_view(&axes, &all, SweepMeasure::Lowest, 4, own.as_ref());
    assert_eq!(view.caption, "4 replicas: lowest available");
    assert_eq!(view.columns, ["0", "1", "2"]);
    let row = &view.rows[1];
    assert_eq!(
        row[0].name,
        "maxSurge 1, maxUnavailable 0: lowest available 4"
    );
    // 25% and 25% of four are one and one.
    assert_eq!(
        row[1].name,
        "maxSurge 1, maxUnavailable 1: lowest available 3, as the manifest says"
    );
    assert_eq!(
        view.rows
            .iter()
            .flatten()
            .filter(|c| c.own)
            .map(|c| c.place)
            .collect::<Vec<_>>(),
        [4]
    );
    assert_eq!(
        row.iter().map(|c| c.shade).collect::<Vec<_>>(),
        [Some(0), Some(4), Some(8)]
    );
    assert!(view.rows[0][0].off && view.rows[0][0].shade.is_none());
    assert_eq!(
        view.legend
            .iter()
            .map(|s| (s.shade, s.text.as_str()))
            .collect::<Vec<_>>(),
        [(0, "4"), (4, "3"), (8, "2")]
    );
    // What is not run yet is empty and cannot be opened.
    all[4] = None;
    let view = heat_view(&axes, &all, SweepMeasure::Duration, 4, None);
    let open = &view.rows[1][1];
    assert_eq!((open.text.as_str(), open.off), ("", true));
    assert!(open.name.ends_with("not run yet"));
    let numbers: Vec<_> = all
        .iter()
        .flatten()
        .filter_map(|c| c.result)
        .map(|r| r.duration_ms)
        .collect();
    let worst = numbers.iter().max().unwrap();
    for (cell, run) in view.rows.iter().flatten().zip(&all) {
        let ms = run.as_ref().and_then(|c| c.result).map(|r| r.duration_ms);
        assert_eq!(cell.shade == Some(8), ms == Some(*worst), "{}", cell.name);
    }
    assert_eq!(heat_axes("percent")[1], "10%");
    assert_eq!(heat_axes("19").len(), 20);
    assert_eq!(heat_replicas("4, 10").unwrap(), [4, 10]);
    for bad in ["", "x", "0", "201", "1 2 3 4 5 6"] {
        assert!(heat_replicas(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_broken_image_never_ends_and_says_so() {
    use rollout_view::heat::heat_view;
    let mut session = Session::new(Start::preset("boot-4"));
    session.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v10");
    let scenario = Scenario::of(&session, "").unwrap();
    let axes = SweepAxes::numbers(1, &[4]);
    let all: Vec<Option<SweepCell>> = cells(&scenario, &axes).into_iter().map(Some).collect();
    let view = heat_view(&axes, &all, SweepMeasure::Duration, 4, None);
    for cell in view.rows.iter().flatten().filter(|c| !c.off) {
        assert_eq!(
            (cell.text.as_str(), cell.bad, cell.shade),
            ("never", true, None)
        );
    }
    assert!(view.legend.is_empty());
}
