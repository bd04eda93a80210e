//! Tables of single rules, taken from Kubernetes' own unit tests: reading them and running an adapter over them.
//!
//! The directory is `tests/data/vectors`, or the one named in `ROLLOUT_VECTORS`. A file of adapters owns one of the lists
//! here; `vectors_complete.rs` fails when the directory holds a table that no list names.
#![expect(
    clippy::print_stdout,
    reason = "a test says how many cases of a table it ran"
)]

use rollout_api::Value;
use std::path::PathBuf;

/// Tables of `vectors_controllers.rs`.
pub const CONTROLLERS: &[&str] = &[
    "deployment_cleanup_history",
    "deployment_complete",
    "deployment_conditions",
    "deployment_find_new_replica_set",
    "deployment_find_old_replica_sets",
    "deployment_int32_annotation",
    "deployment_max_unavailable",
    "deployment_min_available",
    "deployment_new_rs_new_replicas",
    "deployment_pod_delete_trigger",
    "deployment_progressing",
    "deployment_recreate",
    "deployment_replica_counts",
    "deployment_replica_set_fraction",
    "deployment_replica_set_name",
    "deployment_replicas_annotations_need_update",
    "deployment_requeue_stuck",
    "deployment_resolve_fenceposts",
    "deployment_revision_history",
    "deployment_rolling_cleanup_unhealthy",
    "deployment_rolling_reconcile_new",
    "deployment_rolling_reconcile_old",
    "deployment_rolling_scale_down_old",
    "deployment_scale",
    "deployment_sync_rollout_status",
    "deployment_template_equal_ignoring_hash",
    "deployment_timed_out",
    "endpointslice_endpoint_from_pod",
    "endpointslice_new_slice",
    "endpointslice_pod_included",
    "pdb_disrupted_pods",
    "pdb_status",
    "pod_available",
    "replicaset_active_filter",
    "replicaset_calculate_status",
    "replicaset_deletion_order_list",
    "replicaset_deletion_order_pairs",
    "replicaset_failure_condition",
    "replicaset_pods_to_delete",
    "replicaset_slow_start_batch",
    "workqueue_item_delay",
];

/// Tables of `api_vectors.rs`, `apiserver.rs` and `hash.rs`.
pub const API: &[&str] = &[
    "deployment_defaults",
    "eviction",
    "image_pull_policy_default",
    "image_reference_parse",
    "intstr_parse",
    "intstr_scaled_value",
    "intstr_value",
    "pod-template-hash",
    "pod-template-hash-generated",
    "pod_delete_grace_period",
];
/// Tables of `vectors_validation.rs`.
pub const VALIDATION: &[&str] = &[
    "container_ports_validation",
    "deployment_status_validation",
    "deployment_validation",
    "field_error_text",
    "name_dns1123_label",
    "name_dns1123_subdomain",
    "name_label_key",
    "name_label_value",
    "name_port",
    "probe_validation",
];
/// Tables of `vectors_node.rs`.
pub const NODE: &[&str] = &[
    "backoff_growth",
    "backoff_reset",
    "backoff_window",
    "events_correlation",
    "hpa_replica_limits",
    "image_apply_default_tag",
    "kubelet_container_state",
    "kubelet_containers_ready_condition",
    "kubelet_image_pull",
    "kubelet_pod_actions",
    "kubelet_pod_phase",
    "kubelet_pod_ready_condition",
    "kubelet_prober_sequence",
    "kubelet_prober_step",
    "pod_terminal",
];
/// Tables of `vectors_kubectl.rs`.
pub const KUBECTL: &[&str] = &[
    "human_duration",
    "kubectl_get_deployment_row",
    "kubectl_get_pod_row",
    "kubectl_rollout_history",
    "kubectl_rollout_status",
];

/// Every list: what `vectors_complete.rs` compares with the directory.
pub const ALL: &[&[&str]] = &[CONTROLLERS, API, VALIDATION, NODE, KUBECTL];

/// Where the tables are.
pub fn directory() -> PathBuf {
    match std::env::var_os("ROLLOUT_VECTORS") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/vectors"),
    }
}

/// Names of the tables in the directory, sorted.
pub fn names() -> Vec<String> {
    let entries = std::fs::read_dir(directory()).expect("the directory of vectors can be read");
    let mut names: Vec<String> = entries
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter_map(|n| n.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The cases of a table; `None` if the directory does not have it.
pub fn cases(table: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(directory().join(format!("{table}.json"))).ok()?;
    let value = rollout_api::json::from_json(&text).expect("a table is JSON");
    Some(match &value {
        Value::List(cases) => cases.to_vec(),
        value => value.list_at("cases").to_vec(),
    })
}

/// Runs an adapter over every case of a table, prints `N of M cases` and answers the failures.
/// The adapter gets `given` and `expect`, and answers what is wrong.
pub fn run(table: &str, adapter: &dyn Fn(&Value, &Value) -> Result<(), String>) -> Vec<String> {
    let Some(cases) = cases(table) else {
        println!("{table}: not in this directory");
        return Vec::new();
    };
    let null = Value::Null;
    let mut failures = Vec::new();
    for case in &cases {
        let given = case.get("given").unwrap_or(&null);
        let expect = case.get("expect").unwrap_or(&null);
        if let Err(text) = adapter(given, expect) {
            let index = case.int_at("index").unwrap_or(-1);
            failures.push(format!("{table}[{index}] {}: {text}", case.str_at("name")));
        }
    }
    println!(
        "{table}: {} of {} cases",
        cases.len() - failures.len(),
        cases.len()
    );
    if failures.is_empty() {
        crate::counts::counted(&format!("vector-{table}"), cases.len(), cases.len());
    }
    failures
}

/// Equal, or a sentence with both.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Result<(), String> {
    if got == want {
        Ok(())
    } else {
        Err(format!("{what}: got {got:?}, want {want:?}"))
    }
}
