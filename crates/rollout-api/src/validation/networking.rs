//! Ingresses and network policies. Mirrors pkg/apis/networking/validation/validation.go.

use super::containers::validate_port_num;
use super::errors::Errors;
use super::meta::{
    int, items, sub, text, validate_dns1123_subdomain, validate_label_selector,
    validate_object_meta, validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::shown::{Shown, Tree};
use crate::value::Value;

/// Mirrors `ValidateIngressCreate`.
pub fn validate_ingress(object: &Value, e: &mut Errors) {
    validate_ingress_object(object, e);
    let key = "kubernetes.io/ingress.class";
    let annotation = object
        .at("metadata.annotations")
        .and_then(|a| a.get(key))
        .and_then(Value::as_str);
    let class = object.at("spec.ingressClassName").and_then(Value::as_str);
    if let (Some(annotation), Some(class)) = (annotation, class)
        && annotation != class
    {
        let at = Path::root("annotations");
        e.invalid(
            &at.child(key),
            annotation,
            "must match `ingressClassName` when both are specified",
        );
    }
}

/// Mirrors `ValidateIngressUpdate`.
pub fn validate_ingress_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_ingress_object(new, e);
}

fn validate_ingress_object(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let rules = items(spec, "rules");
    let backend = sub(spec, "defaultBackend");
    if rules.is_empty() && backend.is_none() {
        let rules = e.given(spec.get("rules"), &path.child("rules"));
        let shown = Tree::list("[]networking.IngressRule", rules.as_ref(), Tree::scalar);
        e.invalid(
            &path,
            shown,
            "either `defaultBackend` or `rules` must be specified",
        );
    }
    if let Some(backend) = backend {
        validate_backend(backend, &path.child("defaultBackend"), e);
    }
    validate_rules(rules, &path.child("rules"), e);
    let tls_at = path.child("tls");
    for (i, tls) in items(spec, "tls").iter().enumerate() {
        let at = tls_at.index(i);
        let hosts_at = at.child("hosts");
        for (i, host) in items(tls, "hosts").iter().enumerate() {
            validate_host(host.as_str().unwrap_or(""), &hosts_at.index(i), e);
        }
        let secret = text(tls, "secretName");
        if !secret.is_empty() {
            validate_dns1123_subdomain(secret, &at.child("secretName"), e);
        }
    }
    if let Some(class) = sub(spec, "ingressClassName").and_then(Value::as_str) {
        validate_dns1123_subdomain(class, &path.child("ingressClassName"), e);
    }
}

fn validate_host(host: &str, path: &Path<'_>, e: &mut Errors) {
    let complaints = if host.contains('*') {
        names::is_wildcard_dns1123_subdomain(host)
    } else {
        names::is_dns1123_subdomain(host)
    };
    e.invalid_each(path, host, complaints);
}

fn validate_rules(rules: &[Value], path: &Path<'_>, e: &mut Errors) {
    for (i, rule) in rules.iter().enumerate() {
        let host = text(rule, "host");
        if !host.is_empty() {
            let at = path.index(i);
            let at = at.child("host");
            if names::parse_ip(host).is_some() {
                e.invalid(&at, host, "must be a DNS name, not an IP address");
            }
            validate_host(host, &at, e);
        }
        let Some(http) = sub(rule, "http") else {
            continue;
        };
        let rule_at = path.index(i);
        let http_at = rule_at.child("http");
        let paths_at = http_at.child("paths");
        if items(http, "paths").is_empty() {
            e.required(&paths_at, "");
        }
        for (i, path) in items(http, "paths").iter().enumerate() {
            validate_http_path(path, &paths_at.index(i), e);
        }
    }
}

fn validate_http_path(v: &Value, path: &Path<'_>, e: &mut Errors) {
    let Some(ty) = sub(v, "pathType").and_then(Value::as_str) else {
        return e.required(&path.child("pathType"), "pathType must be specified");
    };
    let target = text(v, "path");
    let at = path.child("path");
    match ty {
        "Exact" | "Prefix" => {
            if !target.starts_with('/') {
                e.invalid(&at, target, "must be an absolute path");
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                if target.contains(part) {
                    e.invalid(&at, target, format!("must not contain '{part}'"));
                }
            }
            for end in ["/..", "/."] {
                if target.ends_with(end) {
                    e.invalid(&at, target, format!("cannot end with '{end}'"));
                }
            }
        }
        "ImplementationSpecific" => {
            if !target.is_empty() && !target.starts_with('/') {
                e.invalid(&at, target, "must be an absolute path");
            }
        }
        _ => {
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            e.not_supported(&path.child("pathType"), Shown::typed(ty), &known);
        }
    }
    let none = Value::object();
    validate_backend(
        sub(v, "backend").unwrap_or(&none),
        &path.child("backend"),
        e,
    );
}

fn validate_backend(backend: &Value, path: &Path<'_>, e: &mut Errors) {
    match (sub(backend, "resource"), sub(backend, "service")) {
        (Some(_), Some(_)) => e.invalid(path, "", "cannot set both resource and service backends"),
        (None, None) => e.invalid(path, "", "resource or service backend is required"),
        (Some(resource), None) => {
            let at = path.child("resource");
            if let Some(group) = sub(resource, "apiGroup").and_then(Value::as_str) {
                validate_dns1123_subdomain(group, &at.child("apiGroup"), e);
            }
            for (key, missing) in [("kind", "kind is required"), ("name", "name is required")] {
                let value = text(resource, key);
                if value.is_empty() {
                    e.required(&at.child(key), missing);
                } else {
                    e.invalid_each(
                        &at.child(key),
                        value,
                        names::is_valid_path_segment_name(value),
                    );
                }
            }
        }
        (None, Some(service)) => {
            let at = path.child("service");
            let name = text(service, "name");
            if name.is_empty() {
                e.required(&at.child("name"), "");
            } else {
                let complaints = if e.since(36) {
                    names::is_dns1123_label(name)
                } else {
                    names::is_dns1035_label(name)
                };
                e.invalid_each(&at.child("name"), name, complaints);
            }
            let port_at = at.child("port");
            let (port_name, number) = (
                service.str_at("port.name"),
                service.int_at("port.number").unwrap_or(0),
            );
            match (!port_name.is_empty(), number != 0) {
                (true, true) => e.invalid(path, "", "cannot set both port name & port number"),
                (true, false) => {
                    e.invalid_each(
                        &port_at.child("name"),
                        port_name,
                        names::is_valid_port_name(port_name),
                    );
                }
                (false, true) => validate_port_num(number, &port_at.child("number"), e),
                (false, false) => e.required(path, "port name or number is required"),
            }
        }
    }
}

/// Mirrors `ValidateNetworkPolicy`.
pub fn validate_network_policy(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_network_policy_spec(object, e);
}

/// Mirrors `ValidateNetworkPolicySpec`.
pub fn validate_network_policy_spec(object: &Value, e: &mut Errors) {
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    validate_label_selector(sub(spec, "podSelector"), &path.child("podSelector"), e);
    for (key, peers) in [("ingress", "from"), ("egress", "to")] {
        let at = path.child(key);
        for (i, rule) in items(spec, key).iter().enumerate() {
            let at = at.index(i);
            let ports_at = at.child("ports");
            for (i, port) in items(rule, "ports").iter().enumerate() {
                validate_policy_port(port, &ports_at.index(i), e);
            }
            let peers_at = at.child(peers);
            for (i, peer) in items(rule, peers).iter().enumerate() {
                validate_peer(peer, &peers_at.index(i), e);
            }
        }
    }
    let types = items(spec, "policyTypes");
    let at = path.child("policyTypes");
    if types.len() > 2 {
        let shown = Tree::scalars("[]networking.PolicyType", spec.get("policyTypes"));
        return e.invalid(&at, shown, "may not specify more than two policyTypes");
    }
    for (i, ty) in types.iter().enumerate() {
        let ty = ty.as_str().unwrap_or("");
        if !["Ingress", "Egress"].contains(&ty) {
            e.not_supported(&at.index(i), Shown::typed(ty), &["Ingress", "Egress"]);
        }
    }
}

fn validate_policy_port(port: &Value, path: &Path<'_>, e: &mut Errors) {
    if let Some(protocol) = sub(port, "protocol").and_then(Value::as_str)
        && !["TCP", "UDP", "SCTP"].contains(&protocol)
    {
        e.not_supported(
            &path.child("protocol"),
            Shown::typed(protocol),
            &["TCP", "UDP", "SCTP"],
        );
    }
    let end = int(port, "endPort");
    let end_at = path.child("endPort");
    let at = path.child("port");
    match sub(port, "port") {
        Some(Value::String(name)) => {
            if let Some(end) = end {
                e.invalid(
                    &end_at,
                    end,
                    "may not be specified when `port` is non-numeric",
                );
            }
            e.invalid_each(&at, name, names::is_valid_port_name(name));
        }
        Some(number) => {
            let number = number.as_int().unwrap_or(0);
            validate_port_num(number, &at, e);
            if let Some(end) = end {
                if end < number {
                    e.invalid(&end_at, number, "must be greater than or equal to `port`");
                }
                validate_port_num(end, &end_at, e);
            }
        }
        None => {
            if let Some(end) = end {
                e.invalid(
                    &end_at,
                    end,
                    "may not be specified when `port` is not specified",
                );
            }
        }
    }
}

fn validate_peer(peer: &Value, path: &Path<'_>, e: &mut Errors) {
    let mut count = 0;
    for key in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = sub(peer, key) {
            count += 1;
            validate_label_selector(Some(selector), &path.child(key), e);
        }
    }
    if let Some(block) = sub(peer, "ipBlock") {
        count += 1;
        validate_ip_block(block, &path.child("ipBlock"), e);
        if count > 1 {
            e.forbidden(path, "may not specify both ipBlock and another peer");
        }
    }
    if count == 0 {
        e.required(path, "must specify a peer");
    }
}

fn validate_ip_block(block: &Value, path: &Path<'_>, e: &mut Errors) {
    let cidr = text(block, "cidr");
    let at = path.child("cidr");
    if cidr.is_empty() {
        return e.required(&at, "");
    }
    e.invalid_each(&at, cidr, names::is_valid_cidr(cidr));
    let Some((network, bits)) = names::parse_cidr(cidr) else {
        return;
    };
    let except_at = path.child("except");
    for (i, except) in items(block, "except").iter().enumerate() {
        let except = except.as_str().unwrap_or("");
        let at = except_at.index(i);
        e.invalid_each(&at, except, names::is_valid_cidr(except));
        let Some((inner, inner_bits)) = names::parse_cidr(except) else {
            continue;
        };
        let number = |ip: std::net::IpAddr| match ip {
            std::net::IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
            std::net::IpAddr::V6(v6) => v6.to_bits(),
        };
        let mask = if bits == 0 {
            0
        } else {
            u128::MAX << (128 - u32::from(bits))
        };
        let contains =
            network.is_ipv4() == inner.is_ipv4() && number(network) & mask == number(inner) & mask;
        if !contains || bits >= inner_bits {
            e.invalid(&at, except, "must be a strict subset of `cidr`");
        }
    }
}
