//! Probes and lifecycle hooks. Mirrors `validateProbe`, `validateHandler` and `validateLifecycle`, pkg/apis/core/validation/validation.go.

use super::containers::{validate_port_num, validate_port_num_or_name};
use super::errors::Errors;
use super::meta::{int, items, sub, text, validate_nonnegative};
use super::names;
use super::path::Path;
use super::shown::Shown;
use crate::value::Value;

/// Mirrors `validateLivenessProbe`.
pub fn validate_liveness_probe(probe: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(probe) = probe else { return };
    validate_probe(Some(probe), path, e);
    validate_single_success(probe, path, e);
}

/// Mirrors `validateStartupProbe`.
pub fn validate_startup_probe(probe: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    validate_liveness_probe(probe, path, e);
}

fn validate_single_success(probe: &Value, path: &Path<'_>, e: &mut Errors) {
    let threshold = int(probe, "successThreshold").unwrap_or(0);
    if threshold != 1 {
        e.invalid(&path.child("successThreshold"), threshold, "must be 1");
    }
}

/// Mirrors `validateReadinessProbe`.
pub fn validate_readiness_probe(probe: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(probe) = probe else { return };
    validate_probe(Some(probe), path, e);
    if let Some(grace) = int(probe, "terminationGracePeriodSeconds") {
        e.invalid(
            &path.child("terminationGracePeriodSeconds"),
            grace,
            "must not be set for readinessProbes",
        );
    }
}

/// Mirrors `validateProbe`.
pub fn validate_probe(probe: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(probe) = probe.filter(|p| !p.is_null()) else {
        return;
    };
    validate_handler(
        probe,
        &["exec", "httpGet", "tcpSocket", "grpc"],
        None,
        path,
        e,
    );
    for key in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        validate_nonnegative(int(probe, key).unwrap_or(0), &path.child(key), e);
    }
    if let Some(grace) = int(probe, "terminationGracePeriodSeconds")
        && grace <= 0
    {
        e.invalid(
            &path.child("terminationGracePeriodSeconds"),
            grace,
            "must be greater than 0",
        );
    }
}

fn validate_handler(
    handler: &Value,
    kinds: &[&str],
    grace: Option<i64>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let mut found = false;
    for kind in kinds {
        let Some(action) = sub(handler, kind) else {
            continue;
        };
        let at = path.child(kind);
        if found {
            e.forbidden(&at, "may not specify more than 1 handler type");
            continue;
        }
        found = true;
        match *kind {
            "exec" => {
                if items(action, "command").is_empty() {
                    e.required(&at.child("command"), "");
                }
            }
            "httpGet" => validate_http_get(action, &at, e),
            "tcpSocket" => validate_port_num_or_name(sub(action, "port"), &at.child("port"), e),
            "grpc" => validate_port_num(int(action, "port").unwrap_or(0), &at.child("port"), e),
            _ => validate_sleep(action, grace, &at, e),
        }
    }
    if !found {
        e.required(path, "must specify a handler type");
    }
}

fn validate_http_get(http: &Value, path: &Path<'_>, e: &mut Errors) {
    if text(http, "path").is_empty() {
        e.required(&path.child("path"), "");
    }
    validate_port_num_or_name(sub(http, "port"), &path.child("port"), e);
    let scheme = text(http, "scheme");
    if !["HTTP", "HTTPS"].contains(&scheme) {
        e.not_supported(
            &path.child("scheme"),
            Shown::typed(scheme),
            &["HTTP", "HTTPS"],
        );
    }
    for header in items(http, "httpHeaders") {
        let name = text(header, "name");
        e.invalid_each(
            &path.child("httpHeaders"),
            name,
            names::is_http_header_name(name),
        );
    }
}

fn validate_sleep(sleep: &Value, grace: Option<i64>, path: &Path<'_>, e: &mut Errors) {
    let seconds = int(sleep, "seconds").unwrap_or(0);
    let Some(grace) = grace else { return };
    if e.since(33) {
        if seconds < 0 || seconds > grace {
            let detail = format!(
                "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            );
            e.invalid(path, seconds, detail);
        }
    } else if seconds <= 0 || seconds > grace {
        let mut detail =
            format!("must be greater than 0 and less than terminationGracePeriodSeconds ({grace})");
        if e.since(32) {
            detail.push_str(
                ". Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.",
            );
        }
        e.invalid(path, seconds, detail);
    }
}

/// Mirrors `validateLifecycle`.
pub fn validate_lifecycle(lifecycle: &Value, grace: Option<i64>, path: &Path<'_>, e: &mut Errors) {
    for key in ["postStart", "preStop"] {
        if let Some(hook) = sub(lifecycle, key) {
            validate_handler(
                hook,
                &["exec", "httpGet", "tcpSocket", "sleep"],
                grace,
                &path.child(key),
                e,
            );
        }
    }
}
