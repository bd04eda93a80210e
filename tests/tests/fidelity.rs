//! The page of what is true: made from its parts, current, and complete. `ROLLOUT_FIDELITY=write` writes it.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_tests::{counts, fidelity};

fn part(name: &str) -> String {
    std::fs::read_to_string(counts::folder().join(name)).unwrap()
}

#[test]
fn the_page_is_current() {
    let page = fidelity::page(
        &part("modelled.txt"),
        &part("counts.txt"),
        &part("differences.txt"),
    );
    let html = fidelity::html(&page);
    for (name, text) in [
        ("../fidelity.md", page),
        ("../../web/pages/fidelity.html", html),
    ] {
        let path = counts::folder().join(name);
        if std::env::var_os("ROLLOUT_FIDELITY").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let is = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            is == text,
            "{name} is not what its parts say: run `cargo xtask fidelity --page`"
        );
    }
}

#[test]
fn every_row_says_where_what_and_why() {
    for name in ["modelled.txt", "differences.txt"] {
        assert_eq!(fidelity::faults(&part(name)), [] as [String; 0], "{name}");
    }
    assert_eq!(fidelity::faults("a b c | d e f\n# | \n\n").len(), 1);
}

/// Every table of vectors that lies in the repository is on the page.
#[test]
fn every_table_is_counted() {
    let counts = part("counts.txt");
    let known: Vec<&str> = counts.lines().filter_map(|l| l.split(' ').next()).collect();
    let missing: Vec<String> = rollout_tests::vectors::ALL
        .concat()
        .iter()
        .map(|t| format!("vector-{t}"))
        .filter(|t| !known.contains(&t.as_str()))
        .collect();
    assert!(missing.is_empty(), "never counted: {missing:?}");
    assert!(known.windows(2).all(|w| w[0] < w[1]), "sorted, each once");
}
