//! Every table of the vectors has an adapter.

use rollout_tests::vectors;

#[test]
fn every_table_has_an_adapter() {
    let adapted: Vec<&str> = vectors::ALL.concat();
    let missing: Vec<String> = vectors::names()
        .into_iter()
        .filter(|n| !adapted.contains(&n.as_str()))
        .collect();
    assert!(missing.is_empty(), "tables without an adapter: {missing:?}");
}

#[test]
fn no_table_is_listed_twice() {
    let mut adapted: Vec<&str> = vectors::ALL.concat();
    let count = adapted.len();
    adapted.sort_unstable();
    adapted.dedup();
    assert_eq!(adapted.len(), count);
}
