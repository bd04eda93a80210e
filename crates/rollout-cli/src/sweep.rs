//! `rollout sweep SCENE`: the same scene under every pair of limits.

use crate::{Common, Exit, print, print_error, scene_args};
use rollout_api::json;
use rollout_session::Plan;
use rollout_view::sweep::{Sweep, SweepAxes, SweepMeasure, sweep_json, sweep_text};

pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    match text(common, args) {
        Ok((text, exit)) => {
            print(&text);
            exit
        }
        Err(e) => {
            print_error(&format!(
                "error: {e}\nusage: rollout sweep SCENE [--surge LIST] [--unavailable LIST] [--replicas LIST] [--measure duration|lowest|peak|failed] [--json]\n{}",
                scene_args::USAGE
            ));
            Exit(2)
        }
    }
}

/// What is printed.
fn text(common: &Common, args: &[String]) -> Result<(String, Exit), String> {
    let scene = scene_args::read(common, args)?;
    let mut axes = SweepAxes::numbers(4, &[]);
    let (mut measures, mut as_json) = (SweepMeasure::ALL.to_vec(), false);
    let mut rest = scene.rest.iter();
    while let Some(arg) = rest.next() {
        if arg == "--json" {
            as_json = true;
            continue;
        }
        let value = rest.next().map_or("", String::as_str);
        match arg.as_str() {
            "--surge" => axes.surges = list(value)?,
            "--unavailable" => axes.unavailables = list(value)?,
            "--replicas" => {
                axes.replicas = list(value)?
                    .iter()
                    .map(|n| n.parse().map_err(|_| format!("--replicas {n}: no number")))
                    .collect::<Result<_, _>>()?;
            }
            "--measure" => {
                let found = SweepMeasure::ALL.iter().find(|m| m.name() == value);
                measures = vec![*found.ok_or_else(|| {
                    format!("--measure {value}: duration, lowest, peak or failed")
                })?];
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    let scenario = scene.scenario()?;
    let run = scenario.run(&Plan::AsIs);
    let exit = run.map_or(Exit(0), |run| scene_args::tell_refused(&run));
    if axes.replicas.is_empty() {
        axes.replicas = vec![scenario.replicas()];
    }
    let mut sweep = Sweep::new(scenario, axes.clone())?;
    let mut cells = Vec::with_capacity(sweep.total());
    while let Some(cell) = sweep.next_cell() {
        cells.push(cell);
    }
    if !as_json {
        return Ok((sweep_text(&axes, &cells, &measures), exit));
    }
    let mut out = String::new();
    for cell in &cells {
        out.push_str(&json::to_json(&sweep_json(cell)));
        out.push('\n');
    }
    Ok((out, exit))
}

/// `0..4` or `1,25%,50%`.
fn list(text: &str) -> Result<Vec<String>, String> {
    if let Some((from, to)) = text.split_once("..") {
        let read = |n: &str| n.parse::<i64>().ok().filter(|n| (0..=1_000).contains(n));
        let (Some(from), Some(to)) = (read(from), read(to)) else {
            return Err(format!("{text}: a range is 0..4"));
        };
        return Ok((from..=to).map(|n| n.to_string()).collect());
    }
    let items: Vec<String> = text.split(',').map(|n| n.trim().to_owned()).collect();
    if items.iter().any(String::is_empty) {
        return Err(format!("{text:?}: a list is 0..4 or 1,25%,50%"));
    }
    Ok(items)
}
