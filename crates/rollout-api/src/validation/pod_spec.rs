//! The pod spec and the pod template. Mirrors `ValidatePodSpec` and `ValidatePodTemplateSpec`, pkg/apis/core/validation/validation.go.

use super::affinity::{
    validate_affinity, validate_tolerations, validate_topology_spread_constraints,
};
use super::containers::{
    PodFacts, validate_containers, validate_ephemeral_containers, validate_init_containers,
};
use super::env::validate_pod_resource_claims;
use super::errors::Errors;
use super::meta::{
    entries, flag, int, items, sub, text, validate_annotations, validate_dns1123_label,
    validate_dns1123_subdomain, validate_label_name, validate_labels,
};
use super::mounts::validate_local_descending_path;
use super::names::{self, inclusive_range};
use super::path::Path;
use super::pod_os::{validate_os, validate_windows_host_process};
use super::resources::{Resources, validate_pod_resources, validate_resource_requirements};
use super::security::validate_pod_security_context;
use super::shown::{Shown, Tree};
use super::volumes::validate_volumes;
use crate::value::Value;

/// What kind of object holds the pod spec.
#[derive(Clone, Copy, Default)]
pub struct PodOptions {
    /// A real pod, not a template.
    pub is_pod: bool,
}

/// Containers of a pod spec: init containers, containers, ephemeral ones. Mirrors `VisitContainersWithPath`.
pub fn visit_containers(spec: &Value, path: &Path<'_>, mut visit: impl FnMut(&Value, &Path<'_>)) {
    for key in ["initContainers", "containers", "ephemeralContainers"] {
        let at = path.child(key);
        for (i, c) in items(spec, key).iter().enumerate() {
            visit(c, &at.index(i));
        }
    }
}

/// Mirrors `ValidatePodTemplateSpec`.
pub fn validate_pod_template(template: &Value, path: &Path<'_>, e: &mut Errors) {
    let none = Value::object();
    let meta = sub(template, "metadata").unwrap_or(&none);
    let spec = sub(template, "spec").unwrap_or(&none);
    let annotations_at = path.child("annotations");
    let spec_at = path.child("spec");
    validate_labels(meta.get("labels"), &path.child("labels"), e);
    validate_annotations(meta.get("annotations"), &annotations_at, e);
    validate_pod_annotations(meta, spec, &annotations_at, e);
    validate_pod_spec(spec, None, PodOptions::default(), &spec_at, e);
    validate_profile_annotations(meta, spec, &spec_at, e);
    if !items(spec, "ephemeralContainers").is_empty() {
        e.forbidden(
            &spec_at.child("ephemeralContainers"),
            "ephemeral containers not allowed in pod template",
        );
    }
}

/// Mirrors `ValidatePodSpecificAnnotations`.
pub fn validate_pod_annotations(meta: &Value, spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let annotations = meta.get("annotations");
    let get = |key: &str| annotations.and_then(|a| a.get(key)).and_then(Value::as_str);
    let mirror = "kubernetes.io/config.mirror";
    if let Some(value) = get(mirror)
        && text(spec, "nodeName").is_empty()
    {
        e.invalid(
            &path.key(mirror),
            value,
            "must set spec.nodeName if mirror pod annotation is set",
        );
    }
    let cost = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(value) = get(cost) {
        // No plus sign and no zero in front.
        let plain =
            value == "0" || value.starts_with(|c: char| c == '-' || ('1'..='9').contains(&c));
        if !plain || value.parse::<i32>().is_err() {
            e.invalid(&path.key(cost), value, "must be a 32bit integer");
        }
    }
    let seccomp = "seccomp.security.alpha.kubernetes.io/pod";
    if let Some(profile) = get(seccomp) {
        validate_seccomp_annotation(profile, &path.child(seccomp), e);
    }
    for (key, value) in entries(annotations) {
        if key.starts_with("container.seccomp.security.alpha.kubernetes.io/") {
            validate_seccomp_annotation(value.as_str().unwrap_or(""), &path.child(key), e);
        }
    }
    for (key, value) in entries(annotations) {
        let Some(name) = key.strip_prefix("container.apparmor.security.beta.kubernetes.io/") else {
            continue;
        };
        let mut found = false;
        visit_containers(spec, path, |c, _| found |= text(c, "name") == name);
        if !found {
            e.invalid(&path.key(key), name, "container not found");
        }
        let profile = value.as_str().unwrap_or("");
        if !["", "runtime/default", "unconfined"].contains(&profile)
            && !profile.starts_with("localhost/")
        {
            let detail = format!(
                "invalid AppArmor profile name: {}",
                crate::gofmt::quote(profile)
            );
            e.invalid(&path.key(key), profile, detail);
        }
    }
}

fn validate_seccomp_annotation(profile: &str, path: &Path<'_>, e: &mut Errors) {
    if ["runtime/default", "docker/default", "unconfined"].contains(&profile) {
        return;
    }
    match profile.strip_prefix("localhost/") {
        Some(local) => validate_local_descending_path(local, path, e),
        None => e.invalid(path, profile, "must be a valid seccomp profile"),
    }
}

/// Mirrors `validateSeccompAnnotationsAndFields` and `validateAppArmorAnnotationsAndFieldsMatchOnCreate`.
pub fn validate_profile_annotations(meta: &Value, spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let annotations = meta.get("annotations");
    let get = |key: &str| annotations.and_then(|a| a.get(key)).and_then(Value::as_str);
    let profile =
        |v: &'_ Value, key: &str| v.get("securityContext").and_then(|c| sub(c, key)).cloned();
    if let Some(field) = profile(spec, "seccompProfile")
        && let Some(annotation) = get("seccomp.security.alpha.kubernetes.io/pod")
    {
        let at = path.child("securityContext");
        match_profile(
            annotation,
            &field,
            "seccomp",
            &at.child("seccompProfile"),
            e,
        );
    }
    visit_containers(spec, path, |c, at| {
        let key = format!(
            "container.seccomp.security.alpha.kubernetes.io/{}",
            text(c, "name")
        );
        if let Some(field) = profile(c, "seccompProfile")
            && let Some(annotation) = get(&key)
        {
            let at = at.child("securityContext");
            match_profile(
                annotation,
                &field,
                "seccomp",
                &at.child("seccompProfile"),
                e,
            );
        }
    });
    if spec.str_at("os.name") == "windows" {
        return;
    }
    let of_pod = profile(spec, "appArmorProfile");
    visit_containers(spec, path, |c, at| {
        let key = format!(
            "container.apparmor.security.beta.kubernetes.io/{}",
            text(c, "name")
        );
        if let Some(field) = profile(c, "appArmorProfile").or_else(|| of_pod.clone())
            && let Some(annotation) = get(&key)
        {
            let at = at.child("securityContext");
            match_profile(
                annotation,
                &field,
                "apparmor",
                &at.child("appArmorProfile"),
                e,
            );
        }
    });
}

fn match_profile(annotation: &str, field: &Value, what: &str, path: &Path<'_>, e: &mut Errors) {
    let local = annotation.strip_prefix("localhost/");
    let same_type = match text(field, "type") {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => {
            annotation == "runtime/default" || (what == "seccomp" && annotation == "docker/default")
        }
        "Localhost" => local.is_some(),
        _ => true,
    };
    if !same_type {
        e.forbidden(
            &path.child("type"),
            format!("{what} type in annotation and field must match"),
        );
    } else if text(field, "type") == "Localhost"
        && local != field.get("localhostProfile").and_then(Value::as_str)
    {
        let detail = format!("{what} profile in annotation and field must match");
        e.forbidden(&path.child("localhostProfile"), detail);
    }
}

/// Mirrors `ValidatePodSpec`; `pod` is the name of a real pod.
pub fn validate_pod_spec(
    spec: &Value,
    pod: Option<&str>,
    options: PodOptions,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let grace = int(spec, "terminationGracePeriodSeconds");
    if grace.is_none() && e.since(30) {
        e.required(&path.child("terminationGracePeriodSeconds"), "");
    }
    let facts = PodFacts {
        volumes: validate_volumes(spec, pod, &path.child("volumes"), e),
        claims: items(spec, "resourceClaims")
            .iter()
            .map(|c| text(c, "name"))
            .filter(|n| !n.is_empty())
            .collect(),
        grace,
        restart_policy: text(spec, "restartPolicy"),
        host_users: flag(spec, "hostUsers") != Some(false),
        options,
    };
    let containers = items(spec, "containers");
    validate_pod_resource_claims(spec, &path.child("resourceClaims"), e);
    validate_containers(containers, &facts, &path.child("containers"), e);
    validate_init_containers(
        items(spec, "initContainers"),
        containers,
        &facts,
        &path.child("initContainers"),
        e,
    );
    validate_ephemeral_containers(spec, &facts, &path.child("ephemeralContainers"), e);
    if e.since(34) {
        validate_pod_resources(spec, &facts.claims, &path.child("resources"), e);
    }
    validate_host_network_ports(spec, options, &path.child("containers"), e);
    e.one_of(
        &path.child("restartPolicy"),
        facts.restart_policy,
        &["Always", "OnFailure", "Never"],
    );
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    e.one_of(&path.child("dnsPolicy"), text(spec, "dnsPolicy"), &policies);
    validate_labels(spec.get("nodeSelector"), &path.child("nodeSelector"), e);
    validate_pod_security_context(spec, &path.child("securityContext"), e);
    if let Some(affinity) = sub(spec, "affinity") {
        validate_affinity(affinity, &path.child("affinity"), e);
    }
    validate_dns_config(spec, &path.child("dnsConfig"), e);
    let gates_at = path.child("readinessGates");
    for (i, gate) in items(spec, "readinessGates").iter().enumerate() {
        validate_label_name(
            text(gate, "conditionType"),
            &gates_at.index(i).child("conditionType"),
            e,
        );
    }
    validate_scheduling_gates(
        items(spec, "schedulingGates"),
        &path.child("schedulingGates"),
        e,
    );
    let constraints = items(spec, "topologySpreadConstraints");
    validate_topology_spread_constraints(constraints, &path.child("topologySpreadConstraints"), e);
    validate_windows_host_process(spec, path, e);
    validate_host_users(spec, &facts, path, e);
    validate_names(spec, path, e);
    if let Some(overhead) = sub(spec, "overhead") {
        let mut limits = Value::object();
        limits.map_mut().insert("limits", overhead.clone());
        validate_resource_requirements(
            &limits,
            Resources::Container,
            &[],
            &path.child("overhead"),
            e,
        );
    }
    validate_os(spec, path, e);
}

/// The rules for single fields in the second half of the pod spec.
fn validate_names(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    for key in ["serviceAccountName", "nodeName"] {
        let name = text(spec, key);
        if !name.is_empty() {
            validate_dns1123_subdomain(name, &path.child(key), e);
        }
    }
    if let Some(seconds) = int(spec, "activeDeadlineSeconds")
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        e.invalid(
            &path.child("activeDeadlineSeconds"),
            seconds,
            inclusive_range(1, i64::from(i32::MAX)),
        );
    }
    for key in ["hostname", "subdomain"] {
        let name = text(spec, key);
        if !name.is_empty() {
            validate_dns1123_label(name, &path.child(key), e);
        }
    }
    validate_tolerations(items(spec, "tolerations"), &path.child("tolerations"), e);
    let aliases_at = path.child("hostAliases");
    for (i, alias) in items(spec, "hostAliases").iter().enumerate() {
        let at = aliases_at.index(i);
        let ip = text(alias, "ip");
        e.invalid_each(&at.child("ip"), ip, names::is_valid_ip(ip));
        let names_at = at.child("hostnames");
        for (i, name) in items(alias, "hostnames").iter().enumerate() {
            validate_dns1123_subdomain(name.as_str().unwrap_or(""), &names_at.index(i), e);
        }
    }
    let class = text(spec, "priorityClassName");
    if !class.is_empty() {
        validate_dns1123_subdomain(class, &path.child("priorityClassName"), e);
    }
    if let Some(class) = sub(spec, "runtimeClassName").and_then(Value::as_str) {
        validate_dns1123_subdomain(class, &path.child("runtimeClassName"), e);
    }
    if let Some(policy) = sub(spec, "preemptionPolicy").and_then(Value::as_str) {
        e.one_of(
            &path.child("preemptionPolicy"),
            policy,
            &["PreemptLowerPriority", "Never"],
        );
    }
}

fn validate_host_network_ports(spec: &Value, options: PodOptions, path: &Path<'_>, e: &mut Errors) {
    if flag(spec, "hostNetwork") != Some(true) {
        return;
    }
    for (i, c) in items(spec, "containers").iter().enumerate() {
        let container_at = path.index(i);
        let ports_at = container_at.child("ports");
        for (i, port) in items(c, "ports").iter().enumerate() {
            let host = int(port, "hostPort").unwrap_or(0);
            if (options.is_pod || host != 0) && host != int(port, "containerPort").unwrap_or(0) {
                let at = ports_at.index(i);
                e.invalid(
                    &at.child("hostPort"),
                    host,
                    "must match `containerPort` when `hostNetwork` is true",
                );
            }
        }
    }
}

fn validate_host_users(spec: &Value, facts: &PodFacts<'_>, path: &Path<'_>, e: &mut Errors) {
    if facts.host_users {
        return;
    }
    // The last two names are written with capitals by the server.
    for (key, shown) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        if flag(spec, key) == Some(true) {
            e.forbidden(&path.child(shown), "when `pod.Spec.HostUsers` is false");
        }
    }
}

fn validate_dns_config(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let config = sub(spec, "dnsConfig");
    let none = Value::object();
    let (servers, searches) = (
        items(config.unwrap_or(&none), "nameservers"),
        items(config.unwrap_or(&none), "searches"),
    );
    let servers_at = path.child("nameservers");
    if text(spec, "dnsPolicy") == "None" {
        if config.is_none() {
            return e.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if servers.is_empty() {
            return e.required(
                &servers_at,
                "must provide at least one DNS nameserver when `dnsPolicy` is None",
            );
        }
    }
    let Some(config) = config else { return };
    if servers.len() > 3 {
        let shown = Tree::scalars("[]string", config.get("nameservers"));
        e.invalid(&servers_at, shown, "must not have more than 3 nameservers");
    }
    for (i, server) in servers.iter().enumerate() {
        let server = server.as_str().unwrap_or("");
        e.invalid_each(&servers_at.index(i), server, names::is_valid_ip(server));
    }
    let searches_at = path.child("searches");
    let shown = || Tree::scalars("[]string", config.get("searches"));
    if searches.len() > 32 {
        e.invalid(
            &searches_at,
            shown(),
            "must not have more than 32 search paths",
        );
    }
    let total: usize = searches
        .iter()
        .map(|s| s.as_str().map_or(0, str::len) + 1)
        .sum();
    if total > 2049 {
        let detail =
            "must not have more than 2048 characters (including spaces) in the search list";
        e.invalid(&searches_at, shown(), detail);
    }
    for (i, search) in searches.iter().enumerate() {
        let search = search.as_str().unwrap_or("");
        if e.since(33) && search == "." {
            continue;
        }
        let name = search.strip_suffix('.').unwrap_or(search);
        let complaints = if e.since(33) {
            names::is_dns1123_subdomain_with_underscore(name)
        } else {
            names::is_dns1123_subdomain(name)
        };
        e.invalid_each(&searches_at.index(i), name, complaints);
    }
    let options_at = path.child("options");
    for (i, option) in items(config, "options").iter().enumerate() {
        if text(option, "name").is_empty() {
            e.required(&options_at.index(i), "must not be empty");
        }
    }
}

fn validate_scheduling_gates(gates: &[Value], path: &Path<'_>, e: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, gate) in gates.iter().enumerate() {
        let name = text(gate, "name");
        validate_label_name(name, &path.index(i), e);
        if seen.contains(&name) {
            e.duplicate(&path.index(i), Shown::from(name));
        }
        seen.push(name);
    }
}
