//! The house stays as ARCHITECTURE.md says: who uses whom, what the engine must not know, how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests stands in the root")
        .to_path_buf()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The table of ARCHITECTURE.md: crate, what it may use of the workspace.
fn table() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let known = [
        "api", "manifest", "engine", "kubectl", "shell", "session", "view",
    ];
    text.lines()
        .filter(|l| l.starts_with("| rollout-") || l.starts_with("| web "))
        .filter_map(|l| {
            let cells: Vec<_> = l.split('|').map(str::trim).collect();
            let name = cells[1].to_owned();
            if name.contains(',') {
                return None; // the programs: anything except web
            }
            Some((
                name,
                cells[3]
                    .split(", ")
                    .filter(|c| known.contains(c))
                    .map(|c| format!("rollout-{c}"))
                    .collect(),
            ))
        })
        .collect()
}

#[test]
fn crates_use_what_the_table_allows() {
    let table = table();
    assert_eq!(table.len(), 8, "rows of the table: {table:?}");
    for (name, allowed) in table {
        let folder = if name == "web" {
            root().join("web")
        } else {
            root().join("crates").join(&name)
        };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("manifest");
        let dependencies = manifest
            .split("[dev-dependencies]")
            .next()
            .expect("the part before it");
        for line in dependencies.lines().filter(|l| l.starts_with("rollout-")) {
            let used = line.split(['.', ' ', '=']).next().expect("a name");
            assert!(
                allowed.iter().any(|a| a == used),
                "{name} uses {used}; ARCHITECTURE.md allows {allowed:?}"
            );
        }
    }
}

#[test]
fn the_engine_has_no_clock_no_files_no_floats_no_hash_order() {
    for krate in ["rollout-engine", "rollout-api"] {
        for file in sources(&root().join("crates").join(krate).join("src")) {
            let text = fs::read_to_string(&file).expect("source");
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                for word in [
                    "HashMap",
                    "HashSet",
                    "std::fs",
                    "std::env",
                    "TcpStream",
                    "TcpListener",
                    "UdpSocket",
                    "std::thread",
                    "Instant::",
                    "SystemTime",
                    "wasm_bindgen",
                ] {
                    assert!(
                        !code.contains(word),
                        "{}:{}: {word}",
                        file.display(),
                        number + 1
                    );
                }
                if krate == "rollout-engine" {
                    for word in [": f64", ": f32", "as f64", "as f32", "<f64>"] {
                        assert!(
                            !code.contains(word),
                            "{}:{}: floats differ between platforms",
                            file.display(),
                            number + 1
                        );
                    }
                }
            }
        }
    }
}

/// Only the YAML parser's module may; the compiler denies it elsewhere, this names the place.
#[test]
fn unsafe_code_stands_in_one_module() {
    for folder in ["crates", "web/src"] {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("source");
            if text.contains("unsafe_code") {
                let name = file.to_string_lossy().replace('\\', "/");
                assert!(
                    name.contains("rollout-manifest/src/"),
                    "{name} lifts the ban on unsafe code"
                );
            }
        }
    }
}

/// Files over this many lines are split; tables are data and may be longer.
const LONGEST: usize = 900;
/// May only shrink.
const LONGER: &[&str] = &[];

#[test]
fn files_are_short_enough_to_be_read() {
    let mut long = Vec::new();
    for folder in ["crates", "web/src", "tests/tests"] {
        for file in sources(&root().join(folder)) {
            let lines = fs::read_to_string(&file).expect("source").lines().count();
            let name = file
                .strip_prefix(root())
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            if lines > LONGEST && !LONGER.contains(&name.as_str()) {
                long.push(format!("{name}: {lines} lines"));
            }
        }
    }
    assert!(
        long.is_empty(),
        "split these, each file one subject:\n{}",
        long.join("\n")
    );
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["crates", "web/src", "tests/tests"] {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("source");
            assert!(
                text.starts_with("//! "),
                "{} does not begin with a line of documentation",
                file.display()
            );
        }
    }
}

/// Std's B-trees and sorts are some kilobytes of the page for each type (docs/adr/0011-size.md).
#[test]
fn what_the_page_holds_uses_the_small_maps_and_sorts() {
    let crates = [
        "api", "manifest", "engine", "kubectl", "shell", "session", "view",
    ];
    let mut folders: Vec<PathBuf> = crates
        .iter()
        .map(|c| root().join(format!("crates/rollout-{c}/src")))
        .collect();
    folders.push(root().join("web/src"));
    let mut found = Vec::new();
    for file in folders.iter().flat_map(|f| sources(f)) {
        let text = fs::read_to_string(&file).expect("source");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
        for (number, line) in code.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for word in ["BTreeMap", "BTreeSet", ".sort(", ".sort_", ".select_nth_"] {
                if code.contains(word) {
                    found.push(format!("{}:{}: {word}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "use SortedMap, SortedSet and Order of rollout_api:\n{}",
        found.join("\n")
    );
}
