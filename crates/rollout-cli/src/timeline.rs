//! `rollout timeline SCENE`: every write, action and milestone of a run.

use crate::{Common, Exit, scene_args};
use rollout_api::json;
use rollout_session::{Comparison, Plan};

pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    scene_args::told("timeline SCENE [--json]", text(common, args))
}

/// What is printed.
fn text(common: &Common, args: &[String]) -> Result<(String, Exit), String> {
    let scene = scene_args::read(common, args)?;
    let json = match scene.rest.as_slice() {
        [] => false,
        [flag] if flag == "--json" => true,
        [other, ..] => return Err(format!("unknown argument {other}")),
    };
    let comparison = Comparison::of_scenario(scene.scenario()?, &[Plan::AsIs])?;
    let pane = comparison.panes().first().ok_or("nothing ran")?;
    let exit = scene_args::tell_refused(&pane.session);
    let text = if json {
        let mut out = String::new();
        for row in rollout_view::timeline_json(&pane.session) {
            out.push_str(&json::to_json(&row));
            out.push('\n');
        }
        out
    } else {
        rollout_view::text_timeline(&pane.session)
    };
    Ok((text, exit))
}
