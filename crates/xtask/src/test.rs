//! All tests, as CI runs them: one stage after the other, each with its time.

use crate::run::{Failure, Outcome, cargo, root, run};
use crate::{build, serve, size, tools};
use std::process::Command;
use std::time::Instant;

/// Name, what it checks, function.
type Stage = (&'static str, &'static str, fn() -> Outcome);

const STAGES: &[Stage] = &[
    ("format", "rustfmt has nothing to change", format),
    ("clippy", "no warning, native and wasm", clippy),
    (
        "native",
        "unit, table, golden, property and recording tests",
        native,
    ),
    ("docs", "the documentation builds without a warning", docs),
    (
        "wasm",
        "native and wasm give identical bytes (in Node)",
        wasm,
    ),
    (
        "chromium",
        "wasm in Chromium gives the same bytes for every recorded scenario",
        chromium_wasm,
    ),
    ("page", "the page builds", page),
    ("size", "the page keeps its budget", || size::task(&[])),
    (
        "browser",
        "the page in a real headless Chromium, driven as a user would",
        browser,
    ),
];

/// `cargo xtask test [STAGE…]`.
pub(crate) fn task(args: &[String]) -> Outcome {
    if args.iter().any(|a| a == "--list") {
        for (name, about, _) in STAGES {
            println!("{name:8} {about}");
        }
        return Ok(());
    }
    if let Some(unknown) = args
        .iter()
        .find(|a| !STAGES.iter().any(|(name, ..)| name == a))
    {
        return Err(Failure(format!(
            "unknown stage {unknown:?}; `cargo xtask test --list` names them"
        )));
    }
    let chosen: Vec<_> = STAGES
        .iter()
        .filter(|(name, ..)| args.is_empty() || args.iter().any(|a| a == name))
        .collect();
    // What the machine lacks is said before an hour of tests, not after it.
    if chosen
        .iter()
        .any(|(name, ..)| matches!(*name, "wasm" | "chromium" | "size" | "browser"))
    {
        tools::node()?;
    }
    if chosen.iter().any(|(name, ..)| *name == "browser") {
        tools::chromium()?;
    }
    let mut done = Vec::new();
    for (name, about, stage) in chosen {
        println!("\n=== {name}: {about}");
        let start = Instant::now();
        let result = stage();
        done.push(format!(
            "{} {name:8} {:6.1} s",
            if result.is_ok() { "ok  " } else { "FAIL" },
            start.elapsed().as_secs_f32()
        ));
        if let Err(Failure(message)) = result {
            println!("\n{}", done.join("\n"));
            return Err(Failure(format!("stage {name}: {message}")));
        }
    }
    println!("\n{}", done.join("\n"));
    Ok(())
}

fn format() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    run(&mut cargo(&[
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--exclude",
        "rollout-web",
        "--",
        "-D",
        "warnings",
    ]))?;
    tools::wasm_target()?;
    run(&mut cargo(&[
        "clippy",
        "--quiet",
        "-p",
        "rollout-web",
        "--target",
        "wasm32-unknown-unknown",
        "--",
        "-D",
        "warnings",
    ]))
}

fn native() -> Outcome {
    run(&mut cargo(&[
        "test",
        "--workspace",
        "--exclude",
        "rollout-wasm-door",
    ]))
}

fn docs() -> Outcome {
    run(cargo(&["doc", "--quiet", "--workspace", "--no-deps"]).env(
        "RUSTDOCFLAGS",
        "-D warnings -A rustdoc::private_intra_doc_links",
    ))
}

/// The same scripts through the native program and through wasm in Node: equal bytes.
fn wasm() -> Outcome {
    tools::wasm_target()?;
    let node = tools::node()?;
    let folder = crate::run::target_dir().join("wasm-door");
    run(&mut cargo(&[
        "build",
        "--quiet",
        "--profile",
        "door",
        "-p",
        "rollout-wasm-door",
        "--target",
        "wasm32-unknown-unknown",
    ]))?;
    run(&mut cargo(&[
        "build",
        "--quiet",
        "--profile",
        "door",
        "-p",
        "rollout-cli",
    ]))?;
    let file = crate::run::target_dir().join("wasm32-unknown-unknown/door/rollout_wasm_door.wasm");
    for (web, folder) in [(false, &folder), (true, &folder.join("web"))] {
        let mut door = wasm_bindgen_cli_support::Bindgen::new();
        let made = if web {
            door.web(true)
        } else {
            door.nodejs(true)
        };
        made.and_then(|b| b.input_path(&file).typescript(false).generate(folder))
            .map_err(|e| Failure(format!("wasm-bindgen: {e:#}")))?;
    }
    run(Command::new(node)
        .arg(root().join("tests/wasm/compare.cjs"))
        .arg(folder.join("rollout_wasm_door.js"))
        .arg(crate::run::target_dir().join("door/rollout"))
        .arg(root().join("tests/wasm/scripts"))
        .arg(root().join("tests/data/recordings"))
        .arg(folder.join("digests.json")))
}

/// The same recordings in Chromium's wasm: the digests that the native program has left.
fn chromium_wasm() -> Outcome {
    let folder = crate::run::target_dir().join("wasm-door");
    if !folder.join("digests.json").exists() {
        wasm()?;
    }
    let tests = browser_tests()?;
    let web = folder.join("web");
    std::fs::write(
        web.join("index.html"),
        "<!doctype html><meta charset=utf-8><title>wasm</title>",
    )?;
    let listener = serve::listen(0)?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || serve::answer(&listener, &web));
    run(Command::new(tools::node()?)
        .arg(tests.join("wasm.mjs"))
        .env("BASE_URL", format!("http://localhost:{port}/"))
        .env("DIGESTS", folder.join("digests.json"))
        .env("RECORDINGS", root().join("tests/data/recordings"))
        .env("CHROMIUM", tools::chromium()?)
        .current_dir(&tests))
}

fn page() -> Outcome {
    build::build(&root().join("dist"))
}

/// The folder of the browser's tests, with what they need installed.
fn browser_tests() -> Result<std::path::PathBuf, Failure> {
    let folder = root().join("tests/e2e");
    if !folder.join("node_modules/playwright-core").exists() {
        let ci = if folder.join("package-lock.json").exists() {
            "ci"
        } else {
            "install"
        };
        run(Command::new("npm")
            .args([ci, "--no-audit", "--no-fund", "--silent"])
            .current_dir(&folder))?;
    }
    Ok(folder)
}

fn browser() -> Outcome {
    let node = tools::node()?;
    let chromium = tools::chromium()?;
    let folder = browser_tests()?;
    let listener = serve::listen(0)?;
    let port = listener.local_addr()?.port();
    let dist = root().join("dist");
    std::thread::spawn(move || serve::answer(&listener, &dist));
    run(Command::new(node)
        .arg(folder.join("run.mjs"))
        .env("BASE_URL", format!("http://localhost:{port}/playground/"))
        .env("CHROMIUM", chromium)
        .current_dir(&folder))
}
