//! `rollout lint FILE…`: common mistakes of a manifest.

use crate::{Common, Exit, files, print, print_error};
use rollout_api::json;
use rollout_view::lint::{all_fixed, lint_json, lint_text, lints};

/// The exit code is 1 if there is a mistake.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let (as_json, fix) = (has(args, "--json"), has(args, "--fix"));
    let options = |a: &&String| !matches!(a.as_str(), "--json" | "--fix");
    let rest: Vec<String> = args.iter().filter(options).cloned().collect();
    let names = match files::take(&rest) {
        Ok(f) => [f.names, f.rest].concat(),
        Err(e) => return usage(&e),
    };
    if names.is_empty() || names.iter().any(|n| n.starts_with("--")) {
        return usage("one FILE or more");
    }
    let mut any = false;
    for name in &names {
        let text = match files::read(name) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(e) => {
                print_error(&format!("error: {e}\n"));
                return Exit(2);
            }
        };
        let found = lints(&text, common.version);
        any |= !found.is_empty();
        if fix {
            print(&all_fixed(&text, common.version));
        } else if as_json {
            for lint in &found {
                print(&format!("{}\n", json::to_json(&lint_json(lint))));
            }
        } else {
            print(&lint_text(name, &found));
        }
    }
    Exit(u8::from(any && !fix))
}

fn has(args: &[String], flag: &str) -> bool {
    args.iter().any(|a| a == flag)
}

fn usage(e: &str) -> Exit {
    print_error(&format!(
        "error: {e}\nusage: rollout lint FILE… [--json] [--fix] [--kubernetes MINOR]\n"
    ));
    Exit(2)
}
