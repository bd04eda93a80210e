//! `rollout`: the playground's engine without a browser, for course authors, docs and CI.

use rollout_cli::{Exit, dispatch};

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Exit(code) = dispatch(&args);
    std::process::ExitCode::from(code)
}
