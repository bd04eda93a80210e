//! What a pod must not set because of its operating system. Mirrors `validateOS`, `validateLinux`, `validateWindows` and `validateWindowsHostProcessPod`, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{flag, items, sub, text};
use super::path::Path;
use super::pod_spec::visit_containers;
use super::shown::Shown;
use crate::value::Value;

const NOT_FOR_WINDOWS: &str = "cannot be set for a windows pod";
const NOT_FOR_LINUX: &str = "windows options cannot be set for a linux pod";

/// Fields of the pod, in the server's order; those with a dot are in the security context.
const POD_FIELDS: &[&str] = &[
    ".appArmorProfile",
    ".seLinuxOptions",
    "hostUsers",
    "hostPID",
    "hostIPC",
    ".seccompProfile",
    ".fsGroup",
    ".fsGroupChangePolicy",
    ".sysctls",
    "shareProcessNamespace",
    ".runAsUser",
    ".runAsGroup",
    ".supplementalGroups",
    ".supplementalGroupsPolicy",
    ".seLinuxChangePolicy",
];
const CONTAINER_FIELDS: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// The rules of `spec.os` and what follows from it.
pub fn validate_os(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let Some(os) = sub(spec, "os") else { return };
    match text(os, "name") {
        "" => e.required(&path.child("os").child("name"), "cannot be empty"),
        "linux" => validate_linux(spec, path, e),
        "windows" => validate_windows(spec, path, e),
        other => e.not_supported(
            &path.child("os"),
            Shown::typed(other),
            &["linux", "windows"],
        ),
    }
}

fn validate_linux(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let has = |v: &Value| {
        v.get("securityContext")
            .and_then(|c| sub(c, "windowsOptions"))
            .is_some()
    };
    if has(spec) {
        e.forbidden(
            &path.child("securityContext").child("windowsOptions"),
            NOT_FOR_LINUX,
        );
    }
    visit_containers(spec, path, |c, at| {
        if has(c) {
            e.forbidden(
                &at.child("securityContext").child("windowsOptions"),
                NOT_FOR_LINUX,
            );
        }
    });
}

fn validate_windows(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let context_at = path.child("securityContext");
    let none = Value::object();
    let context = sub(spec, "securityContext").unwrap_or(&none);
    for field in POD_FIELDS {
        let (v, at, key) = match field.strip_prefix('.') {
            Some(key) => (context, &context_at, key),
            None => (spec, path, *field),
        };
        let set = match key {
            "hostPID" | "hostIPC" => flag(v, key) == Some(true),
            "sysctls" => !items(v, key).is_empty(),
            _ => sub(v, key).is_some(),
        };
        if set {
            e.forbidden(&at.child(key), NOT_FOR_WINDOWS);
        }
    }
    visit_containers(spec, path, |c, at| {
        let Some(context) = sub(c, "securityContext") else {
            return;
        };
        let at = at.child("securityContext");
        for key in CONTAINER_FIELDS {
            if sub(context, key).is_some() {
                e.forbidden(&at.child(key), NOT_FOR_WINDOWS);
            }
        }
    });
}

/// Mirrors `validateWindowsHostProcessPod`.
pub fn validate_windows_host_process(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let of = |v: &Value| {
        v.at("securityContext.windowsOptions")
            .and_then(|o| flag(o, "hostProcess"))
    };
    let pod = of(spec);
    let (mut total, mut host) = (0, 0);
    visit_containers(spec, path, |c, at| {
        total += 1;
        let own = of(c);
        if let (Some(pod), Some(own)) = (pod, own)
            && pod != own
        {
            let (context_at, detail) = (
                at.child("securityContext"),
                format!("pod hostProcess value must be identical if both are specified, was {pod}"),
            );
            e.invalid(
                &context_at.child("windowsOptions").child("hostProcess"),
                own,
                detail,
            );
        }
        if own.or(pod) == Some(true) {
            host += 1;
        }
    });
    if host == 0 {
        return;
    }
    if host != total {
        let detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        e.invalid(path, "", detail);
    }
    if flag(spec, "hostNetwork") != Some(true) {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        e.invalid(&path.child("hostNetwork"), false, detail);
    }
}
