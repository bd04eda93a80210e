//! Containers of all kinds. Mirrors `validateContainers` and what it calls, pkg/apis/core/validation/validation.go.

use super::env::{validate_env, validate_env_from};
use super::errors::Errors;
use super::meta::{int, items, sub, text, validate_dns1123_label};
use super::mounts::{validate_volume_devices, validate_volume_mounts};
use super::names;
use super::path::Path;
use super::pod_spec::PodOptions;
use super::probes::{
    validate_lifecycle, validate_liveness_probe, validate_readiness_probe, validate_startup_probe,
};
use super::resources::{Resources, validate_resource_requirements};
use super::security::validate_security_context;
use super::shown::{Shown, Tree, field};
use crate::value::Value;

/// What the rules of a container need to know of its pod.
pub struct PodFacts<'v> {
    /// Volumes that are valid, by name.
    pub volumes: Vec<(&'v str, &'v Value)>,
    /// Names of `resourceClaims`.
    pub claims: Vec<&'v str>,
    /// `terminationGracePeriodSeconds`.
    pub grace: Option<i64>,
    /// `restartPolicy`.
    pub restart_policy: &'v str,
    /// `hostUsers`, true if absent.
    pub host_users: bool,
    /// What kind of object this is.
    pub options: PodOptions,
}

/// Protocols of ports.
pub const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Mirrors `validateContainers`.
pub fn validate_containers(
    containers: &[Value],
    pod: &PodFacts<'_>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    if containers.is_empty() {
        e.required(path, "");
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, c) in containers.iter().enumerate() {
        let at = path.index(i);
        validate_container_common(c, pod, &at, e);
        let name = text(c, "name");
        if seen.contains(&name) {
            e.duplicate(&at.child("name"), name);
        } else {
            seen.push(name);
        }
        validate_handlers(c, pod, &at, e);
        if e.since(35) {
            validate_container_restart_policy(c, &at, e);
        } else if sub(c, "restartPolicy").is_some() {
            e.forbidden(
                &at.child("restartPolicy"),
                "may not be set for non-init containers",
            );
        }
    }
    let mut ports = Vec::new();
    for (i, c) in containers.iter().enumerate() {
        check_host_port_conflicts(c, &mut ports, &path.index(i), e);
    }
}

fn validate_handlers(c: &Value, pod: &PodFacts<'_>, at: &Path<'_>, e: &mut Errors) {
    if let Some(lifecycle) = sub(c, "lifecycle") {
        validate_lifecycle(lifecycle, pod.grace, &at.child("lifecycle"), e);
    }
    validate_liveness_probe(sub(c, "livenessProbe"), &at.child("livenessProbe"), e);
    validate_readiness_probe(sub(c, "readinessProbe"), &at.child("readinessProbe"), e);
    validate_startup_probe(sub(c, "startupProbe"), &at.child("startupProbe"), e);
}

/// Mirrors `validateContainerRestartPolicy` (from 1.35 on by default).
fn validate_container_restart_policy(c: &Value, at: &Path<'_>, e: &mut Errors) {
    let rules = items(c, "restartPolicyRules");
    let rules_at = at.child("restartPolicyRules");
    let policy_at = at.child("restartPolicy");
    match sub(c, "restartPolicy").and_then(Value::as_str) {
        None => {
            if !rules.is_empty() {
                e.required(
                    &policy_at,
                    "must specify restartPolicy when restart rules are used",
                );
            }
        }
        Some(policy) => {
            if !["Always", "Never", "OnFailure"].contains(&policy) {
                e.not_supported(
                    &policy_at,
                    Shown::typed(policy),
                    &["Always", "Never", "OnFailure"],
                );
            }
        }
    }
    if rules.len() > 20 {
        e.too_long(&rules_at, 20);
    }
    for (i, rule) in rules.iter().enumerate() {
        let at = rules_at.index(i);
        let action = text(rule, "action");
        let actions: &[&str] = if e.since(36) {
            &["Restart", "RestartAllContainers"]
        } else {
            &["Restart"]
        };
        if !actions.contains(&action) {
            e.not_supported(&at.child("action"), Shown::typed(action), actions);
        }
        let codes_at = at.child("exitCodes");
        match sub(rule, "exitCodes") {
            None => e.required(&codes_at, "must be specified"),
            Some(codes) => {
                let operator = text(codes, "operator");
                if !["In", "NotIn"].contains(&operator) {
                    e.not_supported(
                        &codes_at.child("operator"),
                        Shown::typed(operator),
                        &["In", "NotIn"],
                    );
                }
                if items(codes, "values").len() > 255 {
                    e.too_long(&codes_at.child("values"), 255);
                }
            }
        }
    }
}

/// Mirrors `validateInitContainers`.
pub fn validate_init_containers(
    containers: &[Value],
    regular: &[Value],
    pod: &PodFacts<'_>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let mut seen: Vec<&str> = regular.iter().map(|c| text(c, "name")).collect();
    for (i, c) in containers.iter().enumerate() {
        let at = path.index(i);
        validate_container_common(c, pod, &at, e);
        let policy = sub(c, "restartPolicy").and_then(Value::as_str);
        if e.since(35) {
            validate_container_restart_policy(c, &at, e);
        } else if policy.is_some_and(|p| p != "Always") {
            let shown = Shown::typed(policy.unwrap_or(""));
            e.not_supported(&at.child("restartPolicy"), shown, &["Always"]);
        }
        let name = text(c, "name");
        if seen.contains(&name) {
            e.duplicate(&at.child("name"), name);
        } else if !name.is_empty() {
            seen.push(name);
        }
        // The server looks at one container at a time and so says [0].
        check_host_port_conflicts(c, &mut Vec::new(), &path.index(0), e);
        if policy == Some("Always") {
            validate_handlers(c, pod, &at, e);
        } else {
            for key in [
                "lifecycle",
                "livenessProbe",
                "readinessProbe",
                "startupProbe",
            ] {
                if sub(c, key).is_some() {
                    e.forbidden(
                        &at.child(key),
                        "may not be set for init containers without restartPolicy=Always",
                    );
                }
            }
        }
        let resize = items(c, "resizePolicy");
        let allowed = e.since(33) && policy == Some("Always");
        if !resize.is_empty() && !allowed {
            let list = Tree::List(
                "[]core.ContainerResizePolicy",
                Some(resize.iter().map(resize_policy).collect()),
            );
            e.invalid(
                &at.child("resizePolicy"),
                list,
                "must not be set for init containers",
            );
        }
    }
}

fn resize_policy(p: &Value) -> Tree {
    Tree::Struct(
        "core.ContainerResizePolicy",
        vec![
            field("ResourceName", Tree::text(p.get("resourceName"))),
            field("RestartPolicy", Tree::text(p.get("restartPolicy"))),
        ],
    )
}

/// Fields an ephemeral container must not have, by Go name and key.
const NOT_FOR_EPHEMERAL: &[(&str, &str)] = &[
    ("ports", "ports"),
    ("resources", "resources"),
    ("resizePolicy", "resizePolicy"),
    ("restartPolicy", "restartPolicy"),
    ("livenessProbe", "livenessProbe"),
    ("readinessProbe", "readinessProbe"),
    ("startupProbe", "startupProbe"),
    ("lifecycle", "lifecycle"),
];

/// Mirrors `validateEphemeralContainers`: it runs for templates, too.
pub fn validate_ephemeral_containers(
    spec: &Value,
    pod: &PodFacts<'_>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let mut others: Vec<&str> = Vec::new();
    for key in ["containers", "initContainers"] {
        others.extend(items(spec, key).iter().map(|c| text(c, "name")));
    }
    let mut seen = others.clone();
    for (i, c) in items(spec, "ephemeralContainers").iter().enumerate() {
        let at = path.index(i);
        validate_container_common(c, pod, &at, e);
        validate_container_only_for_pod(c, &at, e);
        let name = text(c, "name");
        if seen.contains(&name) {
            e.duplicate(&at.child("name"), name);
        } else {
            seen.push(name);
        }
        let target = text(c, "targetContainerName");
        if !target.is_empty() && !others.contains(&target) {
            e.not_found(&at.child("targetContainerName"), target, "");
        }
        for (name, key) in NOT_FOR_EPHEMERAL {
            if sub(c, key).is_some_and(|v| !v.is_empty()) {
                e.forbidden(&at.child(name), "cannot be set for an Ephemeral Container");
            }
        }
        let mounts_at = at.child("volumeMounts");
        for (i, m) in items(c, "volumeMounts").iter().enumerate() {
            for key in ["subPath", "subPathExpr"] {
                if !text(m, key).is_empty() {
                    e.forbidden(
                        &mounts_at.index(i).child(key),
                        "cannot be set for an Ephemeral Container",
                    );
                }
            }
        }
    }
}

/// Mirrors `validateContainerOnlyForPod`.
pub fn validate_container_only_for_pod(c: &Value, at: &Path<'_>, e: &mut Errors) {
    let image = text(c, "image");
    if image.len() != image.trim().len() {
        e.invalid(
            &at.child("image"),
            image,
            "must not have leading or trailing whitespace",
        );
    }
}

fn validate_container_common(c: &Value, pod: &PodFacts<'_>, at: &Path<'_>, e: &mut Errors) {
    let name = text(c, "name");
    if name.is_empty() {
        e.required(&at.child("name"), "");
    } else {
        validate_dns1123_label(name, &at.child("name"), e);
    }
    if text(c, "image").is_empty() {
        e.required(&at.child("image"), "");
    }
    e.one_of(
        &at.child("terminationMessagePolicy"),
        text(c, "terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
    );
    validate_container_ports(items(c, "ports"), &at.child("ports"), e);
    validate_env(items(c, "env"), pod, &at.child("env"), e);
    validate_env_from(items(c, "envFrom"), &at.child("envFrom"), e);
    validate_volume_mounts(c, pod, &at.child("volumeMounts"), e);
    validate_volume_devices(c, pod, &at.child("volumeDevices"), e);
    e.one_of(
        &at.child("imagePullPolicy"),
        text(c, "imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
    );
    let none = Value::object();
    let resources = sub(c, "resources").unwrap_or(&none);
    validate_resource_requirements(
        resources,
        Resources::Container,
        &pod.claims,
        &at.child("resources"),
        e,
    );
    validate_resize_policy(items(c, "resizePolicy"), pod, &at.child("resizePolicy"), e);
    if let Some(context) = sub(c, "securityContext") {
        validate_security_context(context, pod.host_users, &at.child("securityContext"), e);
    }
}

/// Mirrors `validateContainerPorts`.
pub fn validate_container_ports(ports: &[Value], path: &Path<'_>, e: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let at = path.index(i);
        let name = text(port, "name");
        if !name.is_empty() {
            let complaints = names::is_valid_port_name(name);
            if !complaints.is_empty() {
                e.invalid_each(&at.child("name"), name, complaints);
            } else if seen.contains(&name) {
                e.duplicate(&at.child("name"), name);
            } else {
                seen.push(name);
            }
        }
        match int(port, "containerPort").unwrap_or(0) {
            0 => e.required(&at.child("containerPort"), ""),
            n => validate_port_num(n, &at.child("containerPort"), e),
        }
        match int(port, "hostPort").unwrap_or(0) {
            0 => {}
            n => validate_port_num(n, &at.child("hostPort"), e),
        }
        e.one_of(&at.child("protocol"), text(port, "protocol"), PROTOCOLS);
    }
}

/// A port number, not zero.
pub fn validate_port_num(port: i64, path: &Path<'_>, e: &mut Errors) {
    for message in names::is_valid_port_num(port) {
        e.invalid(path, port, message);
    }
}

/// Mirrors `ValidatePortNumOrName`.
pub fn validate_port_num_or_name(port: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    match port {
        Some(Value::String(name)) => e.invalid_each(path, name, names::is_valid_port_name(name)),
        other => validate_port_num(other.and_then(Value::as_int).unwrap_or(0), path, e),
    }
}

fn check_host_port_conflicts(c: &Value, seen: &mut Vec<String>, at: &Path<'_>, e: &mut Errors) {
    let ports_at = at.child("ports");
    for (i, port) in items(c, "ports").iter().enumerate() {
        let host_port = int(port, "hostPort").unwrap_or(0);
        if host_port == 0 {
            continue;
        }
        let key = format!(
            "{}/{}/{host_port}",
            text(port, "protocol"),
            text(port, "hostIP")
        );
        if seen.contains(&key) {
            e.duplicate(&ports_at.index(i).child("hostPort"), key.as_str());
        } else {
            seen.push(key);
        }
    }
}

fn validate_resize_policy(policies: &[Value], pod: &PodFacts<'_>, path: &Path<'_>, e: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, p) in policies.iter().enumerate() {
        let (name, policy) = (text(p, "resourceName"), text(p, "restartPolicy"));
        if seen.contains(&name) {
            e.duplicate(&path.index(i), Shown::stringer(name));
        }
        seen.push(name);
        match name {
            "cpu" | "memory" => {}
            "" => e.required(path, ""),
            _ => e.not_supported(path, Shown::stringer(name), &["cpu", "memory"]),
        }
        e.one_of(path, policy, &["NotRequired", "RestartContainer"]);
        if pod.restart_policy == "Never" && policy != "NotRequired" {
            let detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            e.invalid(path, Shown::typed(policy), detail);
        }
    }
}
