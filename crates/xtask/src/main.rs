//! One-command tasks: `cargo xtask serve`, `cargo xtask test`, …

#![allow(
    clippy::print_stdout,
    reason = "a task talks to the person who runs it"
)]

mod build;
mod bytes;
mod mutants;
mod page;
mod run;
mod serve;
mod size;
mod test;
mod tools;

use run::Failure;

const USAGE: &str = "\
Usage: cargo xtask TASK

  serve [--port N]       build the page and serve it on this machine (default port 8080)
  build [--out DIR]      build the page as static files (default: dist)
  test [STAGE…]          pass all tests, as CI does; STAGE picks some of them (see `cargo xtask test --list`)
  size [--by-crate]      measure the built page against its budget; whose code it is, by crate
  bench                  measure the engine; the figures belong into docs/performance.md
  vectors [DIR]          the tables of single rules: prints `N of M cases` for each
  recordings [DIR]       the recordings of a real control plane: prints `N of M scenarios`
  corpus [DIR]           the manifests and the answers of real control planes
  goldens [DIR]          the recorded outputs of the real kubectl
  fidelity [--page]      count everything that is compared and write docs/fidelity.md; --page: from the known counts
  soak [SESSIONS] [FROM] random sessions against the invariants (default 100 000, from seed 0), in chunks
  mutants [N] [SEED] [--again]  a seeded sample of mutants of controllers and validation (default 200, seed 1); --again judges the missed ones only; needs cargo-mutants
";

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let task = args.first().map_or("", String::as_str);
    let rest = args.get(1..).unwrap_or(&[]);
    let result = match task {
        "build" => build::task(rest),
        "serve" => serve::task(rest),
        "test" | "ci" => test::task(rest),
        "size" => size::task(rest),
        "bench" => run::bench(rest),
        "vectors" => run::data_tests(
            "ROLLOUT_VECTORS",
            rest,
            &[
                "api_vectors",
                "apiserver",
                "hash",
                "vectors_validation",
                "vectors_controllers",
                "vectors_node",
                "vectors_kubectl",
                "vectors_complete",
            ],
        ),
        "recordings" => run::data_tests("ROLLOUT_RECORDINGS", rest, &["recordings"]),
        "corpus" => run::data_tests("ROLLOUT_CORPUS", rest, &["corpus"]),
        "goldens" => run::data_tests("ROLLOUT_KUBECTL_GOLDEN", rest, &["kubectl_golden"]),
        "fidelity" => run::fidelity(rest),
        "soak" => run::soak(rest),
        "mutants" => mutants::task(rest),
        "" | "help" | "--help" | "-h" => {
            eprint!("{USAGE}");
            return std::process::ExitCode::from(if task.is_empty() { 2 } else { 0 });
        }
        other => Err(Failure(format!("unknown task {other:?}\n\n{USAGE}"))),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(Failure(message)) => {
            eprintln!("xtask: {message}");
            std::process::ExitCode::FAILURE
        }
    }
}
