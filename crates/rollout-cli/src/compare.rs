//! `rollout compare SCENE`: plans of one scene on one clock, as a table.

use crate::{Common, Exit, files, print, print_error, scene_args};
use rollout_api::json;
use rollout_session::{Comparison, Plan, default_plans};

pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    match text(common, args) {
        Ok((text, exit)) => {
            print(&text);
            exit
        }
        Err(e) => {
            print_error(&format!(
                "error: {e}\nusage: rollout compare SCENE [--plan PLAN]… [--json]\n{}",
                scene_args::USAGE
            ));
            Exit(2)
        }
    }
}

/// What is printed.
fn text(common: &Common, args: &[String]) -> Result<(String, Exit), String> {
    let scene = scene_args::read(common, args)?;
    let (mut plans, mut as_json) = (Vec::new(), false);
    let mut rest = scene.rest.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--json" => as_json = true,
            "--plan" => plans.push(plan(rest.next().map_or("", String::as_str))?),
            other => return Err(format!("unknown argument {other}")),
        }
    }
    if plans.is_empty() {
        plans = default_plans();
    }
    let comparison = Comparison::of_scenario(scene.scenario()?, &plans)?;
    let pane = comparison.panes().first();
    let exit = pane.map_or(Exit(0), |p| scene_args::tell_refused(&p.session));
    let text = if as_json {
        format!(
            "{}\n",
            json::to_json(&rollout_view::compare_json(&comparison))
        )
    } else {
        rollout_view::compare_text(&comparison)
    };
    Ok((text, exit))
}

/// A plan by its word, or another manifest.
fn plan(word: &str) -> Result<Plan, String> {
    Plan::parse(word).or_else(|e| {
        let bytes = files::read(word).map_err(|_| e)?;
        Ok(Plan::Text {
            name: word.to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    })
}
