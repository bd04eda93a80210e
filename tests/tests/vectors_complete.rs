//! Every table of the vectors has an adapter.

use rollout_tests::vectors;

/// Tables whose adapters are on their way. Must be empty at a release.
const PENDING: &[&str] = &[
    "deployment_defaults",
    "eviction",
    "image_pull_policy_default",
    "image_reference_parse",
    "intstr_parse",
    "intstr_scaled_value",
    "intstr_value",
    "pod_delete_grace_period",
];

#[test]
fn every_table_has_an_adapter() {
    let adapted: Vec<&str> = vectors::ALL.concat();
    let missing: Vec<String> = vectors::names()
        .into_iter()
        .filter(|n| !adapted.contains(&n.as_str()) && !PENDING.contains(&n.as_str()))
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
    assert!(
        PENDING.iter().all(|t| !adapted.contains(t)),
        "adapted tables are not pending"
    );
}
