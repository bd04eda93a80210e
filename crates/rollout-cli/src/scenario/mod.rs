//! Scenarios and recordings: `rollout run`.

mod kubectl;
mod last;
mod measures;
pub mod model;
mod names;
mod runner;
mod trace;

pub use model::Scenario;
pub use runner::{History, Options, Outcome, run};

use crate::{Common, Exit, files, print, print_error};
use rollout_api::{Map, Value};

/// `rollout run FILE [--trace OUT.json]`.
pub(crate) fn command(common: &Common, args: &[String]) -> Exit {
    let (mut file, mut out) = (None, None);
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        match arg.strip_prefix("--trace") {
            Some("") => out = it.next().cloned(),
            Some(rest) => out = rest.strip_prefix('=').map(str::to_owned),
            None => file = Some(arg.clone()),
        }
    }
    let Some(file) = file else {
        print_error("usage: rollout run FILE [--trace OUT.json] [--kubernetes MINOR] [--seed N]\n");
        return Exit(2);
    };
    let scenario = match read(&file) {
        Ok(scenario) => scenario,
        Err(e) => {
            print_error(&format!("error: {e}\n"));
            return Exit(1);
        }
    };
    let outcome = run(
        &scenario,
        Options {
            version: scenario.version(common),
            seed: common.seed,
            pieces: None,
        },
    );
    print(&decisions(&outcome.trace));
    if let Some(out) = out
        && let Err(e) = std::fs::write(&out, rollout_api::json::to_json(&outcome.trace))
    {
        print_error(&format!("error: {out}: {e}\n"));
        return Exit(1);
    }
    for text in &outcome.failed {
        print_error(&format!("{text}\n"));
    }
    Exit(u8::from(!outcome.failed.is_empty()))
}

fn read(file: &str) -> Result<Scenario, String> {
    let bytes = files::read(file)?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{file}: not UTF-8"))?;
    let value = rollout_api::json::from_json(&text).map_err(|e| format!("{file}: {e}"))?;
    Scenario::read(&value).map_err(|e| format!("{file}: {e}"))
}

/// One line for each decision.
fn decisions(trace: &Value) -> String {
    let mut out = String::new();
    for decision in trace.list_at("decisions") {
        let v = decision.int_at("v").unwrap_or(0);
        let mut rest = Map::new();
        for (key, value) in decision.as_map().into_iter().flat_map(Map::iter) {
            if !matches!(
                key.as_str(),
                "candidates" | "d" | "epoch" | "lane" | "t" | "v"
            ) {
                rest.insert(key, value.clone());
            }
        }
        let rest = rollout_api::json::to_json(&rest.into());
        let (lane, d) = (decision.str_at("lane"), decision.str_at("d"));
        out.push_str(&format!(
            "{:>6}.{:03}  {lane:<12} {d:<16} {rest}\n",
            v / 1000,
            v % 1000
        ));
    }
    out
}
