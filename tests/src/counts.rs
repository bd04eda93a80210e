//! How many recorded cases are equal, as the tests count them: `docs/fidelity/counts.txt`, one line for each table.
//!
//! A test that counts says so here, and fails when the file says otherwise. `cargo xtask fidelity` runs those tests with
//! `ROLLOUT_COUNTS` naming a file that collects the lines, and writes the page `docs/fidelity.md` from them.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Variables that name other data: what is counted there is not the repository's.
const ELSEWHERE: &[&str] = &[
    "ROLLOUT_VECTORS",
    "ROLLOUT_RECORDINGS",
    "ROLLOUT_CORPUS",
    "ROLLOUT_KUBECTL_GOLDEN",
    "ROLLOUT_ONLY",
    "ROLLOUT_KUBECTL_ONLY",
];

/// The folder of the page's parts.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fidelity")
}

/// A test has compared a table: so many cases of all are equal.
///
/// # Panics
/// When the file of counts says otherwise.
pub fn counted(table: &str, equal: usize, all: usize) {
    if ELSEWHERE.iter().any(|v| std::env::var_os(v).is_some()) {
        return;
    }
    let line = format!("{table} {equal} {all}");
    if let Some(path) = std::env::var_os("ROLLOUT_COUNTS") {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        let mut file = file.expect("the file of counts can be written");
        file.write_all(format!("{line}\n").as_bytes())
            .expect("the file of counts can be written");
        return;
    }
    let known = std::fs::read_to_string(folder().join("counts.txt")).unwrap_or_default();
    let same = known.lines().any(|l| l == line);
    assert!(
        same,
        "counted {line:?}, docs/fidelity/counts.txt says {:?}: `cargo xtask fidelity` brings it up to date",
        known
            .lines()
            .find(|l| l.split(' ').next() == Some(table))
            .unwrap_or("nothing")
    );
}
