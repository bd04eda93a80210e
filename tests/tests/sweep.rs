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
            (result.complete, result.lowest, result.peak),
            (own.run.complete, own.run.lowest, own.run.peak),
            "{name} {word}"
        );
        if result.complete {
            assert_eq!(result.duration_ms, own.run.duration_ms, "{name} {word}");
        }
    }
}

#[test]
fn a_cell_is_the_run_that_it_opens() {
    for name in ["boot-4", "model-4"] {
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
