//! Texts of the kubelet's events, by version.

use rollout_api::{Minor, Str};

/// `Created`.
pub fn created(version: Minor, container: &str) -> Str {
    match version.0 {
        ..=31 => Str::concat(&["Created container ", container]),
        32..=34 => Str::concat(&["Created container: ", container]),
        _ => "Container created".into(),
    }
}

/// `Started`.
pub fn started(version: Minor, container: &str) -> Str {
    if version >= Minor(35) {
        "Container started".into()
    } else {
        Str::concat(&["Started container ", container])
    }
}

/// `Unhealthy`, of a probe that could not ask.
pub fn probe_errored(version: Minor, kind: &str, error: &str) -> String {
    let more = if version >= Minor(31) {
        " and resulted in unknown state"
    } else {
        ""
    };
    format!("{kind} probe errored{more}: {error}")
}

/// `Pulled`, without a pull.
pub fn present(version: Minor, image: &str) -> String {
    let more = if version >= Minor(35) {
        " and can be accessed by the pod"
    } else {
        ""
    };
    format!("Container image \"{image}\" already present on machine{more}")
}

/// `Pulled`, after a pull.
pub fn pulled(version: Minor, image: &str, took: &str, bytes: u64) -> String {
    let size = if version >= Minor(30) {
        format!(" Image size: {bytes} bytes.")
    } else {
        String::new()
    };
    let dot = if size.is_empty() { "" } else { "." };
    format!("Successfully pulled image \"{image}\" in {took} ({took} including waiting){dot}{size}")
}

/// The waiting message during a pull's back-off.
pub fn pull_backoff(version: Minor, image: &str, error: &str) -> String {
    // The golden states of 1.32 have the longer form.
    if version >= Minor(32) && !error.is_empty() {
        format!("Back-off pulling image \"{image}\": ErrImagePull: {error}")
    } else {
        format!("Back-off pulling image \"{image}\"")
    }
}

/// The registry's answer for an image that is not there.
pub fn not_found(full: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
    )
}
