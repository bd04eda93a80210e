//! `rollout diagnose SCENE`: the evidence at the end of a run.

use crate::{Common, Exit, scene_args};
use rollout_api::json;
use rollout_session::{Comparison, Plan};
use rollout_view::diagnosis::{diagnosis, diagnosis_json, diagnosis_text};

pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    scene_args::told("diagnose SCENE [--json]", text(common, args))
}

/// What is printed.
fn text(common: &Common, args: &[String]) -> Result<(String, Exit), String> {
    let scene = scene_args::read(common, args)?;
    let as_json = match scene.rest.as_slice() {
        [] => false,
        [flag] if flag == "--json" => true,
        [other, ..] => return Err(format!("unknown argument {other}")),
    };
    let comparison = Comparison::of_scenario(scene.scenario()?, &[Plan::AsIs])?;
    let session = &comparison.panes().first().ok_or("nothing ran")?.session;
    let Some(key) = rollout_view::shown_key(session, None) else {
        return Err("there is no Deployment any more".to_owned());
    };
    let rows = diagnosis(session, &key);
    let exit = scene_args::tell_refused(session);
    let text = if as_json {
        let lines = rows
            .iter()
            .map(|r| format!("{}\n", json::to_json(&diagnosis_json(r))));
        lines.collect()
    } else {
        diagnosis_text(&rows)
    };
    Ok((text, exit))
}
