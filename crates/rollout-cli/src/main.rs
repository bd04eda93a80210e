//! `rollout`: the playground's engine without a browser, for course authors, docs and CI.

use rollout_cli::{Exit, dispatch};

/// Objects are trees of small pieces: what the engine does is a third allocation.
#[cfg(not(target_family = "wasm"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Exit(code) = dispatch(&args);
    std::process::ExitCode::from(code)
}
