//! Warnings about accepted objects. Mirrors pkg/api/pod/warnings.go, pkg/api/service/warnings.go and the strategies that call them.

use super::meta::{entries, int, items, sub, text};
use super::names;
use super::overlaps::warn_overlaps;
use super::path::Path;
use super::pod_spec::visit_containers;
use super::resources::{is_fractional, quantity};
use crate::gofmt::quote;
use crate::key::Kind;
use crate::value::{Str, Value};
use crate::version::Minor;

/// Warnings of the answer to a creation.
pub fn warnings_on_create(kind: Kind, object: &Value, minor: Minor) -> Vec<String> {
    let mut out = Vec::new();
    let name = object.str_at("metadata.name");
    let label = names::is_dns1123_label(name);
    let template_at = |out: &mut Vec<String>, parts: &[&str], v: Option<&Value>| {
        if let Some(v) = v {
            let root = Path::root(parts[0]);
            match parts {
                [_, b] => warnings_for_template(v, &root.child(b), minor, out),
                [_, b, c, d] => {
                    let (b, c, d) = (*b, *c, *d);
                    let at = root.child(b);
                    let at = at.child(c);
                    warnings_for_template(v, &at.child(d), minor, out);
                }
                _ => {}
            }
        }
    };
    match kind.0 {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" => {
            let named = ["Deployment", "ReplicaSet", "Job", "CronJob"].contains(&kind.0);
            if named && !label.is_empty() {
                out.push(format!(
                    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: {}",
                    go_list(&label)
                ));
            }
            if kind.0 == "CronJob" {
                let parts = ["spec", "jobTemplate", "spec", "template"];
                template_at(
                    &mut out,
                    &parts,
                    object.at("spec.jobTemplate.spec.template"),
                );
            } else {
                template_at(&mut out, &["spec", "template"], object.at("spec.template"));
            }
        }
        "Pod" => {
            if !label.is_empty() {
                out.push(format!(
                    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: {}",
                    go_list(&label)
                ));
            }
            warnings_for_pod(object, minor, &mut out);
        }
        "Service" => warnings_for_service(object, minor, &mut out),
        "PersistentVolumeClaim" => {
            if let Some(spec) = sub(object, "spec") {
                let key = "volume.beta.kubernetes.io/storage-class";
                let annotations = object.at("metadata.annotations");
                if annotations.is_some_and(|a| a.get(key).is_some()) {
                    out.push(format!("metadata.annotations[{key}]: deprecated since v1.8; use \"storageClassName\" attribute instead"));
                }
                warnings_for_claim(spec, &Path::root("spec"), &mut out);
            }
        }
        "PodDisruptionBudget" => warnings_for_budget(object, &mut out),
        _ => {}
    }
    out
}

/// Warnings of the answer to an update.
pub fn warnings_on_update(kind: Kind, new: &Value, old: &Value, minor: Minor) -> Vec<String> {
    match kind.0 {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" => {
            let changed = new.get("spec") != old.get("spec")
                || (kind.0 == "Deployment"
                    && new.at("metadata.annotations") != old.at("metadata.annotations"));
            if !changed {
                return Vec::new();
            }
            let all = warnings_on_create(kind, new, minor);
            // The name was warned about when the object was made.
            all.into_iter()
                .filter(|w| !w.starts_with("metadata.name: "))
                .collect()
        }
        "Pod" => Vec::new(),
        _ => warnings_on_create(kind, new, minor),
    }
}

/// `[a b]`
fn go_list(texts: &[Str]) -> String {
    let list: Vec<&str> = texts.iter().map(Str::as_str).collect();
    format!("[{}]", list.join(" "))
}

fn warnings_for_budget(object: &Value, out: &mut Vec<String>) {
    let selector = object.at("spec.selector").filter(|s| !s.is_null());
    let empty = selector.is_some_and(|s| {
        entries(s.get("matchLabels")).next().is_none() && items(s, "matchExpressions").is_empty()
    });
    if empty && text(object, "apiVersion") == "policy/v1beta1" {
        out.push(
            "selector is set to an empty value, which matches no pods in policy/v1beta1".to_owned(),
        );
    }
}

fn warnings_for_service(service: &Value, minor: Minor, out: &mut Vec<String>) {
    let none = Value::object();
    let spec = sub(service, "spec").unwrap_or(&none);
    let ty = text(spec, "type");
    let headless = minor >= Minor(34) && ty == "ClusterIP" && text(spec, "clusterIP") == "None";
    let external = !items(spec, "externalIPs").is_empty();
    let hints = "service.kubernetes.io/topology-aware-hints";
    if service
        .at("metadata.annotations")
        .is_some_and(|a| a.get(hints).is_some())
    {
        let mode = "service.kubernetes.io/topology-mode";
        out.push(format!(
            "annotation {hints} is deprecated, please use {mode} instead"
        ));
    }
    if headless {
        if !text(spec, "loadBalancerIP").is_empty() {
            out.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if external {
            out.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if text(spec, "sessionAffinity") != "None" {
            out.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    if external && !headless && ty != "ExternalName" && minor >= Minor(36) {
        let text =
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        out.push(text.to_owned());
    }
    if ty == "ExternalName" && external {
        out.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if ty != "ExternalName" && !text(spec, "externalName").is_empty() {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text(spec, "trafficDistribution") == "PreferClose" && minor >= Minor(35) {
        out.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""
                .to_owned(),
        );
    }
}

fn warnings_for_claim(spec: &Value, path: &Path<'_>, out: &mut Vec<String>) {
    if let Some(storage) = spec.at("resources.requests.storage") {
        let at = path.child("resources");
        let at = at.child("requests");
        warn_fraction(Some(storage), &at.key("storage"), out);
    }
}

fn warn_fraction(v: Option<&Value>, path: &Path<'_>, out: &mut Vec<String>) {
    if let Some(v) = v
        && is_fractional(v)
    {
        let text = quote(&quantity(v));
        out.push(format!(
            "{path}: fractional byte value {text} is invalid, must be an integer"
        ));
    }
}

fn warnings_for_template(template: &Value, path: &Path<'_>, minor: Minor, out: &mut Vec<String>) {
    let none = Value::object();
    let (meta, spec) = (
        sub(template, "metadata").unwrap_or(&none),
        sub(template, "spec").unwrap_or(&none),
    );
    let meta_at = path.child("metadata");
    let at = (path.child("spec"), meta_at.child("annotations"));
    warnings_for_spec(meta, spec, &at.0, &at.1, true, minor, out);
}

fn warnings_for_pod(pod: &Value, minor: Minor, out: &mut Vec<String>) {
    let none = Value::object();
    let (meta, spec) = (
        sub(pod, "metadata").unwrap_or(&none),
        sub(pod, "spec").unwrap_or(&none),
    );
    let meta_at = Path::root("metadata");
    warnings_for_spec(
        meta,
        spec,
        &Path::root("spec"),
        &meta_at.child("annotations"),
        false,
        minor,
        out,
    );
}

/// Mirrors `warningsForPodSpecAndMeta`.
fn warnings_for_spec(
    meta: &Value,
    spec: &Value,
    path: &Path<'_>,
    annotations_at: &Path<'_>,
    template: bool,
    minor: Minor,
    out: &mut Vec<String>,
) {
    let annotations = meta.get("annotations");
    let annotated = |key: &str| annotations.is_some_and(|a| a.get(key).is_some());
    warn_node_labels(spec, path, minor, out);
    for (key, message) in DEPRECATED_ANNOTATIONS {
        if annotated(key) {
            out.push(format!("{}: {message}", annotations_at.key(key)));
        }
    }
    warn_volumes(spec, path, minor, out);
    warn_lists(spec, path, out);
    let overhead_at = path.child("overhead");
    for key in ["memory", "ephemeral-storage"] {
        warn_fraction(
            spec.at("overhead").and_then(|o| o.get(key)),
            &overhead_at.key(key),
            out,
        );
    }
    let profile = |v: &Value, key: &str| {
        v.get("securityContext")
            .is_some_and(|c| sub(c, key).is_some())
    };
    let seccomp = r#"non-functional in v1.27+; use the "seccompProfile" field instead"#;
    let key = "seccomp.security.alpha.kubernetes.io/pod";
    if !profile(spec, "seccompProfile") && annotated(key) {
        out.push(format!("{}: {seccomp}", annotations_at.key(key)));
    }
    let pod_armor = profile(spec, "appArmorProfile");
    visit_containers(spec, path, |c, at| {
        let key = format!(
            "container.seccomp.security.alpha.kubernetes.io/{}",
            text(c, "name")
        );
        if !profile(c, "seccompProfile") && annotated(&key) {
            out.push(format!("{}: {seccomp}", annotations_at.key(&key)));
        }
        let key = format!(
            "container.apparmor.security.beta.kubernetes.io/{}",
            text(c, "name")
        );
        if template
            && minor >= Minor(30)
            && !pod_armor
            && !profile(c, "appArmorProfile")
            && annotated(&key)
        {
            let message = r#"deprecated since v1.30; use the "appArmorProfile" field instead"#;
            out.push(format!("{}: {message}", annotations_at.key(&key)));
        }
        let resources_at = at.child("resources");
        for name in ["memory", "ephemeral-storage"] {
            for list in ["limits", "requests"] {
                let v = c
                    .get("resources")
                    .and_then(|r| r.get(list))
                    .and_then(|l| l.get(name));
                let list_at = resources_at.child(list);
                warn_fraction(v, &list_at.key(name), out);
            }
        }
        warn_env(c, at, out);
    });
    warn_ports(spec, path, out);
    if minor >= Minor(33) {
        warn_port_names(spec, path, out);
    }
    if int(spec, "terminationGracePeriodSeconds").is_some_and(|s| s < 0) {
        let at = path.child("terminationGracePeriodSeconds");
        out.push(format!(
            "{at}: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    let affinity_at = path.child("affinity");
    for key in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = spec.get("affinity").and_then(|a| sub(a, key)) else {
            continue;
        };
        let at = affinity_at.child(key);
        let required_at = at.child("requiredDuringSchedulingIgnoredDuringExecution");
        for (i, term) in items(affinity, "requiredDuringSchedulingIgnoredDuringExecution")
            .iter()
            .enumerate()
        {
            warn_null_selector(term, &required_at.index(i), out);
        }
        let preferred_at = at.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (i, term) in items(affinity, "preferredDuringSchedulingIgnoredDuringExecution")
            .iter()
            .enumerate()
        {
            let at = preferred_at.index(i);
            if let Some(term) = sub(term, "podAffinityTerm") {
                warn_null_selector(term, &at.child("podAffinityTerm"), out);
            }
        }
    }
}

const DEPRECATED_ANNOTATIONS: &[(&str, &str)] = &[
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        r#"non-functional in v1.16+; use the "priorityClassName" field instead"#,
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        r#"non-functional in v1.11+; use the "sysctls" field instead"#,
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        r#"non-functional in v1.11+; use the "sysctls" field instead"#,
    ),
];

const DEPRECATED_LABELS: &[(&str, &str)] = &[
    (
        "beta.kubernetes.io/arch",
        r#"deprecated since v1.14; use "kubernetes.io/arch" instead"#,
    ),
    (
        "beta.kubernetes.io/os",
        r#"deprecated since v1.14; use "kubernetes.io/os" instead"#,
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        r#"deprecated since v1.17; use "topology.kubernetes.io/region" instead"#,
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        r#"deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#,
    ),
    (
        "beta.kubernetes.io/instance-type",
        r#"deprecated since v1.17; use "node.kubernetes.io/instance-type" instead"#,
    ),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
    (
        "node-role.kubernetes.io/master",
        r#"use "node-role.kubernetes.io/control-plane" instead"#,
    ),
];

fn deprecated_label(key: &str) -> Option<&'static str> {
    DEPRECATED_LABELS
        .iter()
        .find(|(k, _)| *k == key)
        .map(|(_, message)| *message)
}

fn warn_null_selector(term: &Value, path: &Path<'_>, out: &mut Vec<String>) {
    if sub(term, "labelSelector").is_none() {
        let at = path.child("labelSelector");
        out.push(format!(
            "{at}: a null labelSelector results in matching no pod"
        ));
    }
}

fn warn_node_labels(spec: &Value, path: &Path<'_>, minor: Minor, out: &mut Vec<String>) {
    let selector_at = path.child("nodeSelector");
    for (key, _) in entries(spec.get("nodeSelector")) {
        if let Some(message) = deprecated_label(key) {
            out.push(format!("{}: {message}", selector_at.key(key)));
        }
    }
    let affinity_at = path.child("affinity");
    let node_at = affinity_at.child("nodeAffinity");
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(node) = spec.at("affinity.nodeAffinity") {
        let required_at = node_at.child(required);
        let terms_at = required_at.child("nodeSelectorTerms");
        if let Some(selector) = sub(node, required) {
            for (i, term) in items(selector, "nodeSelectorTerms").iter().enumerate() {
                warn_node_term(term, false, &terms_at.index(i), minor, out);
            }
        }
        let preferred_at = node_at.child(preferred);
        for (i, term) in items(node, preferred).iter().enumerate() {
            let at = preferred_at.index(i);
            if let Some(term) = sub(term, "preference") {
                warn_node_term(
                    term,
                    minor >= Minor(33),
                    &at.child("preference"),
                    minor,
                    out,
                );
            }
        }
    }
    let spread_at = path.child("topologySpreadConstraints");
    for (i, c) in items(spec, "topologySpreadConstraints").iter().enumerate() {
        let at = spread_at.index(i);
        let key = text(c, "topologyKey");
        if let Some(message) = deprecated_label(key) {
            out.push(format!("{}: {key} is {message}", at.child("topologyKey")));
        }
        warn_null_selector(c, &at, out);
    }
}

fn warn_node_term(
    term: &Value,
    values: bool,
    path: &Path<'_>,
    minor: Minor,
    out: &mut Vec<String>,
) {
    let at = path.child("matchExpressions");
    for (i, r) in items(term, "matchExpressions").iter().enumerate() {
        let at = at.index(i);
        let key = text(r, "key");
        if let Some(message) = deprecated_label(key) {
            out.push(format!("{}: {key} is {message}", at.child("key")));
        }
        if !values {
            continue;
        }
        let values_at = at.child("values");
        for (i, v) in items(r, "values").iter().enumerate() {
            let v = v.as_str().unwrap_or("");
            for message in names::is_valid_label_value(v, minor) {
                out.push(format!("{}: {v} is invalid, {message}", values_at.index(i)));
            }
        }
    }
}

/// Volume plugins that are gone or going: key in the manifest, key in the message, message.
const OLD_PLUGINS: &[(&str, &str, &str)] = &[
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    ("gitRepo", "gitRepo", "deprecated in v1.11"),
    (
        "scaleIO",
        "scaleIO",
        "deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "flocker",
        "flocker",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "storageos",
        "storageOS",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "quobyte",
        "quobyte",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "glusterfs",
        "deprecated in v1.25, non-functional in v1.26+",
    ),
];

fn warn_volumes(spec: &Value, path: &Path<'_>, minor: Minor, out: &mut Vec<String>) {
    let volumes = items(spec, "volumes");
    let volumes_at = path.child("volumes");
    for (i, volume) in volumes.iter().enumerate() {
        let at = volumes_at.index(i);
        for (key, shown, message) in OLD_PLUGINS {
            if sub(volume, key).is_some() {
                let more = if *key == "gitRepo" && minor >= Minor(33) {
                    ", and disabled by default in v1.33+"
                } else {
                    ""
                };
                out.push(format!("{}: {message}{more}", at.child(shown)));
            }
        }
        if let Some(claim) = volume.at("ephemeral.volumeClaimTemplate.spec") {
            let ephemeral_at = at.child("ephemeral");
            let template_at = ephemeral_at.child("volumeClaimTemplate");
            warnings_for_claim(claim, &template_at.child("spec"), out);
        }
        for key in ["cephfs", "rbd"] {
            if sub(volume, key).is_some() {
                out.push(format!(
                    "{}: deprecated in v1.28, non-functional in v1.31+",
                    at.child(key)
                ));
            }
        }
    }
    warn_overlaps(volumes, minor, out);
}

/// Host aliases and pull secrets that repeat themselves.
fn warn_lists(spec: &Value, path: &Path<'_>, out: &mut Vec<String>) {
    for (list, key) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let at = path.child(list);
        let mut seen: Vec<&str> = Vec::new();
        for (i, item) in items(spec, list).iter().enumerate() {
            let value = text(item, key);
            if seen.contains(&value) {
                let at = at.index(i);
                out.push(format!(
                    "{}: duplicate {key} {}",
                    at.child(key),
                    quote(value)
                ));
            }
            seen.push(value);
        }
    }
    let at = path.child("imagePullSecrets");
    for (i, item) in items(spec, "imagePullSecrets").iter().enumerate() {
        if text(item, "name").is_empty() {
            let at = at.index(i);
            out.push(format!("{}: invalid empty name \"\"", at.child("name")));
        }
    }
}

fn warn_env(c: &Value, at: &Path<'_>, out: &mut Vec<String>) {
    let env_at = at.child("env");
    let mut seen: Vec<&str> = Vec::new();
    for (i, var) in items(c, "env").iter().enumerate() {
        let (name, value) = (text(var, "name"), text(var, "value"));
        if !seen.contains(&name) {
            seen.push(name);
            continue;
        }
        // A new value that builds on the former one is fine.
        let reference = format!("$({name})");
        if sub(var, "valueFrom").is_some() || value == reference || !value.contains(&reference) {
            let name = quote(name);
            out.push(format!(
                "{}: hides previous definition of {name}, which may be dropped when using apply",
                env_at.index(i)
            ));
        }
    }
}

fn warn_port_names(spec: &Value, path: &Path<'_>, out: &mut Vec<String>) {
    let mut seen: Vec<(String, String)> = Vec::new();
    visit_containers(spec, path, |c, at| {
        let ports_at = at.child("ports");
        for (i, port) in items(c, "ports").iter().enumerate() {
            let name = text(port, "name");
            let at = ports_at.index(i).to_string();
            match seen.iter().find(|(n, _)| n == name) {
                _ if name.is_empty() => {}
                Some((_, other)) => out.push(format!(
                    "{at}: duplicate port name {} with {other}, services and probes that select ports by name will use {other}",
                    quote(name)
                )),
                None => seen.push((name.to_owned(), at)),
            }
        }
    });
}

fn warn_ports(spec: &Value, path: &Path<'_>, out: &mut Vec<String>) {
    let mut seen: Vec<(String, Value)> = Vec::new();
    visit_containers(spec, path, |c, at| {
        let ports_at = at.child("ports");
        for (i, port) in items(c, "ports").iter().enumerate() {
            let at = ports_at.index(i).to_string();
            let number = |p: &Value, key| int(p, key).unwrap_or(0);
            let (host_ip, host_port) = (text(port, "hostIP"), number(port, "hostPort"));
            let protocol = text(port, "protocol");
            if !host_ip.is_empty() && host_port == 0 {
                out.push(format!(
                    "{at}: hostIP set without hostPort: {{Name:{} HostPort:0 ContainerPort:{} Protocol:{protocol} HostIP:{host_ip}}}",
                    text(port, "name"),
                    number(port, "containerPort"),
                ));
            }
            let same = |p: &Value| {
                number(p, "containerPort") == number(port, "containerPort")
                    && text(p, "protocol") == protocol
            };
            for (other_at, other) in seen.iter().filter(|(_, p)| same(p)) {
                let (other_ip, other_port) = (text(other, "hostIP"), number(other, "hostPort"));
                let what = if host_ip == other_ip && host_port == other_port {
                    "duplicate"
                } else if host_port == 0 || other_port == 0 {
                    "overlapping"
                } else if host_port == other_port && (host_ip.is_empty() != other_ip.is_empty()) {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                out.push(format!("{at}: {what} port definition with {other_at}"));
            }
            seen.push((at, port.clone()));
        }
    });
}
