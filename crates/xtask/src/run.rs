//! Running programs, and the small tasks that are one program each.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A task did not work; the text says what and what helps.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        Failure(e.to_string())
    }
}

pub(crate) type Outcome = Result<(), Failure>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// Where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// `cargo`, at the root.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut c = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    c.args(args).current_dir(root());
    c
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}").replace('"', "");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("{shown}: {status}"))),
        Err(e) => Err(Failure(format!("{shown}: {e}"))),
    }
}

/// Runs test files of the package `rollout-tests` over a directory (default: the copy in tests/data).
pub(crate) fn data_tests(variable: &str, args: &[String], files: &[&str]) -> Outcome {
    let mut c = cargo(&["test", "--quiet", "-p", "rollout-tests"]);
    for file in files {
        if root()
            .join("tests/tests")
            .join(format!("{file}.rs"))
            .exists()
        {
            c.args(["--test", file]);
        }
    }
    c.args(["--", "--nocapture"]);
    if let Some(dir) = args.first() {
        c.env(
            variable,
            std::fs::canonicalize(dir).map_err(|e| Failure(format!("{dir}: {e}")))?,
        );
    }
    run(&mut c)
}

/// The engine's figures: built for speed, medians.
pub(crate) fn bench(args: &[String]) -> Outcome {
    run(cargo(&[
        "run",
        "--quiet",
        "--release",
        "-p",
        "rollout-cli",
        "--",
        "bench",
    ])
    .args(args))
}

/// Sessions of one process of the soak: a failure is known soon, and memory comes back.
const SOAK_CHUNK: u64 = 5000;

/// `cargo xtask soak [SESSIONS] [FROM]`: random sessions against the invariants, in chunks. A failure prints its seed.
pub(crate) fn soak(args: &[String]) -> Outcome {
    let number = |i: usize, none: u64| match args.get(i) {
        None => Ok(none),
        Some(text) => text
            .parse()
            .map_err(|_| Failure(format!("{text}: not a whole number"))),
    };
    let (sessions, from) = (number(0, 100_000)?, number(1, 0)?);
    let mut at = from;
    while at < from + sessions {
        let count = SOAK_CHUNK.min(from + sessions - at);
        println!("seeds {at} to {}", at + count - 1);
        run(cargo(&[
            "test",
            "--quiet",
            "--profile",
            "door",
            "-p",
            "rollout-tests",
            "--test",
            "invariants",
            "--",
            "--nocapture",
        ])
        .env("ROLLOUT_SOAK", count.to_string())
        .env("ROLLOUT_SOAK_FROM", at.to_string()))?;
        at += count;
    }
    println!("{sessions} sessions from seed {from}: every promise kept");
    Ok(())
}

/// Runs every comparison, keeps what the tests counted, and makes docs/fidelity.md from it.
pub(crate) fn fidelity(args: &[String]) -> Outcome {
    if args.first().is_none_or(|a| a != "--page") {
        let counted = target_dir().join("counts.txt");
        // The file of a former run, if there was one.
        let _gone = std::fs::remove_file(&counted);
        let mut c = cargo(&["test", "--quiet", "-p", "rollout-tests"]);
        for test in [
            "corpus",
            "live",
            "stored",
            "hash",
            "recordings",
            "kubectl_golden",
            "api_vectors",
            "apiserver",
            "vectors_validation",
            "vectors_controllers",
            "vectors_node",
            "vectors_kubectl",
        ] {
            c.args(["--test", test]);
        }
        run(c.env("ROLLOUT_COUNTS", &counted))?;
        let text = std::fs::read_to_string(&counted)
            .map_err(|e| Failure(format!("{}: {e}", counted.display())))?;
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        let path = root().join("docs/fidelity/counts.txt");
        std::fs::write(&path, lines.join("\n") + "\n")
            .map_err(|e| Failure(format!("{}: {e}", path.display())))?;
    }
    run(cargo(&[
        "test",
        "--quiet",
        "-p",
        "rollout-tests",
        "--test",
        "fidelity",
    ])
    .env("ROLLOUT_FIDELITY", "write"))
}
