//! The command line as wasm, so that its bytes can be compared with the native program's.

use rollout_api::{Value, json};
use rollout_cli::{Common, play, scenario};
use wasm_bindgen::prelude::wasm_bindgen;

fn common() -> Common {
    Common {
        version: rollout_api::Minor::default(),
        named: false,
        seed: 1,
    }
}

/// What `rollout play --json` prints. `files` is a JSON object: name → text.
#[wasm_bindgen]
pub fn play_json(script: &str, files: &str) -> String {
    let files = json::from_json(files).unwrap_or_default();
    let files: Vec<_> = files
        .as_map()
        .into_iter()
        .flat_map(rollout_api::Map::iter)
        .map(|(name, text)| (name.to_string(), text.as_str().unwrap_or("").to_owned()))
        .collect();
    play::play_json(&common(), script, &files)
}

/// What `rollout run --trace` writes; an error's text if the scenario can't be read.
#[wasm_bindgen]
pub fn run_trace(scenario: &str) -> String {
    let read = json::from_json(scenario)
        .map_err(|e| e.to_string())
        .and_then(|v: Value| scenario::Scenario::read(&v));
    match read {
        Ok(scenario) => {
            let common = common();
            let options = scenario::Options {
                version: scenario.version(&common),
                seed: common.seed,
                pieces: None,
            };
            json::to_json(&scenario::run(&scenario, options).trace)
        }
        Err(e) => format!("error: {e}"),
    }
}
