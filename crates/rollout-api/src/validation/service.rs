//! Services. Mirrors `ValidateService` and `ValidateServiceUpdate`, pkg/apis/core/validation/validation.go.

use super::containers::{PROTOCOLS, validate_port_num, validate_port_num_or_name};
use super::errors::Errors;
use super::meta::{
    flag, int, items, sub, text, validate_dns1123_label, validate_dns1123_subdomain,
    validate_label_name, validate_labels, validate_object_meta, validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::shown::{Shown, Tree, field};
use crate::value::Value;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// Cluster IPs after the strategy has brought the singular and the plural field together.
/// Mirrors `normalizeClusterIPs` and `patchAllocatedValues`, pkg/registry/core/service.
fn cluster_ips(service: &Value, old: Option<&Value>) -> (String, Vec<String>) {
    let plural = |v: &Value| -> Vec<String> {
        v.list_at("spec.clusterIPs")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let mut ip = service.str_at("spec.clusterIP").to_owned();
    let mut ips = plural(service);
    let Some(old) = old else {
        if !ip.is_empty() && ips.is_empty() {
            ips = vec![ip.clone()];
        }
        return (ip, ips);
    };
    let (old_ip, old_ips) = (old.str_at("spec.clusterIP"), plural(old));
    if !old_ip.is_empty() && ip.is_empty() {
        if ips == old_ips {
            ips.clear();
        }
    } else if old_ip != ip && ips == old_ips {
        ips = vec![ip.clone()];
    }
    let needs = |v: &Value| v.str_at("spec.type") != "ExternalName";
    if needs(service) && needs(old) {
        if ip.is_empty() {
            old_ip.clone_into(&mut ip);
        }
        if ips.is_empty() && ip == old_ip {
            ips = old_ips;
        }
    }
    (ip, ips)
}

fn list(ips: &[String]) -> Tree {
    let items = ips
        .iter()
        .map(|ip| Tree::Text(ip.as_str().to_owned().into()))
        .collect();
    Tree::List("[]string", Some(items))
}

fn name_rule(e: &Errors) -> fn(&str) -> Vec<crate::value::Str> {
    if e.since(36) {
        names::is_dns1123_label
    } else {
        names::is_dns1035_label
    }
}

/// Mirrors `ValidateServiceCreate`.
pub fn validate_service(service: &Value, e: &mut Errors) {
    let (ip, ips) = cluster_ips(service, None);
    validate(service, &ip, &ips, e);
}

/// Mirrors `ValidateServiceUpdate`.
pub fn validate_service_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    let (ip, ips) = cluster_ips(new, Some(old));
    let (_, before) = cluster_ips(old, None);
    let external = |v: &Value| v.str_at("spec.type") == "ExternalName";
    if !external(new) && !external(old) {
        validate_changed_ips(new, &ips, &before, e);
        validate_changed_families(new, old, &ips, &before, e);
    }
    let balanced = |v: &Value| v.str_at("spec.type") == "LoadBalancer";
    let class = |v: &Value| {
        v.at("spec.loadBalancerClass")
            .filter(|c| !c.is_null())
            .cloned()
    };
    if balanced(new) && balanced(old) && class(new) != class(old) {
        let shown = class(new).map_or(Shown::Nil, |c| Shown::from(c.as_str().unwrap_or("")));
        e.invalid(
            &Path::root("spec").child("loadBalancerClass"),
            shown,
            "may not change once set",
        );
    }
    validate(new, &ip, &ips, e);
}

/// What the allocator says of addresses and families before anything else is looked at. Mirrors `initIPFamilyFields`,
/// pkg/registry/core/service/storage/alloc.go, on a cluster that has IPv4 only.
pub fn validate_before_allocation(service: &Value, old: Option<&Value>, e: &mut Errors) {
    let none = Value::object();
    let spec = sub(service, "spec").unwrap_or(&none);
    let ty = text(spec, "type");
    if ty == "ExternalName" {
        return;
    }
    let path = Path::root("spec");
    let (ip, ips) = cluster_ips(service, old);
    validate_cluster_ips(spec, ty, &ip, &ips, &path, e);
    if !e.is_empty() {
        return;
    }
    let families = items(spec, "ipFamilies");
    let headless = ip == "None";
    for (i, ip) in ips.iter().enumerate().skip(families.len()) {
        if !headless && names::parse_ip(ip).is_some_and(|ip| ip.is_ipv6()) {
            let detail = "IPv6 is not configured on this cluster";
            e.invalid(&path.child("clusterIPs").index(i), list(&ips), detail);
        }
    }
    let no_selector = sub(spec, "selector").is_none_or(Value::is_empty);
    if !e.is_empty() || (headless && no_selector) {
        return;
    }
    let policy = sub(spec, "ipFamilyPolicy").and_then(Value::as_str);
    let two = ips.len() > 1 || families.len() > 1;
    if policy == Some("RequireDualStack") || (policy.is_none() && two) {
        e.invalid(
            &path.child("ipFamilyPolicy"),
            Shown::typed("RequireDualStack"),
            "this cluster is not configured for dual-stack services",
        );
    }
    for (i, family) in families.iter().enumerate() {
        if family.as_str() == Some("IPv6") {
            e.invalid(
                &path.child("ipFamilies").index(i),
                Shown::typed("IPv6"),
                "not configured on this cluster",
            );
        }
    }
}

fn validate_changed_ips(new: &Value, ips: &[String], before: &[String], e: &mut Errors) {
    let spec = Path::root("spec");
    let at = spec.child("clusterIPs");
    let headless = |l: &[String]| l.len() == 1 && l[0] == "None";
    if headless(ips) && headless(before) {
        return;
    }
    if ips.len() == before.len() {
        for (i, (ip, old)) in ips.iter().zip(before).enumerate() {
            if ip != old {
                e.invalid(&at.index(i), list(ips), "may not change once set");
            }
        }
        return;
    }
    let first_changed = matches!((ips.first(), before.first()), (Some(a), Some(b)) if a != b);
    if before.len() > ips.len() && ips.is_empty() {
        e.invalid(
            &at.index(0),
            Tree::List("[]string", None),
            "primary clusterIP can not be unset",
        );
    }
    if first_changed {
        e.invalid(&at.index(0), list(ips), "may not change once set");
    }
    if before.len() > ips.len()
        && ips.len() == 1
        && new.str_at("spec.ipFamilyPolicy") != "SingleStack"
    {
        let shown = Shown::typed(new.str_at("spec.ipFamilyPolicy"));
        let detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        e.invalid(&spec.child("ipFamilyPolicy"), shown, detail);
    }
}

fn validate_changed_families(
    new: &Value,
    old: &Value,
    ips: &[String],
    before: &[String],
    e: &mut Errors,
) {
    let headless = |l: &[String]| l.len() == 1 && l[0] == "None";
    if headless(ips) || headless(before) {
        return;
    }
    let (families, former) = (
        new.list_at("spec.ipFamilies"),
        old.list_at("spec.ipFamilies"),
    );
    let at = Path::root("spec");
    let at = at.child("ipFamilies");
    if families.len() == former.len() {
        let shown = || Tree::scalars("[]core.IPFamily", new.at("spec.ipFamilies"));
        for (a, b) in families.iter().zip(former) {
            if a != b {
                e.invalid(&at.index(0), shown(), "may not change once set");
            }
        }
    }
}

fn validate(service: &Value, ip: &str, ips: &[String], e: &mut Errors) {
    validate_object_meta(service, true, name_rule(e), e);
    let none = Value::object();
    let spec = sub(service, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let headless = ips.len() == 1 && ips[0] == "None";
    let ty = text(spec, "type");
    let ports = items(spec, "ports");
    let ports_at = path.child("ports");
    if ports.is_empty() && !headless && ty != "ExternalName" {
        e.required(&ports_at, "");
    }
    validate_type(spec, ty, headless, ips, &path, e);
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        validate_service_port(port, ports.len() > 1, &mut seen, &ports_at.index(i), e);
    }
    validate_labels(spec.get("selector"), &path.child("selector"), e);
    validate_session_affinity(spec, &path, e);
    validate_cluster_ips(spec, ty, ip, ips, &path, e);
    let external_at = path.child("externalIPs");
    for (i, ip) in items(spec, "externalIPs").iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        let at = external_at.index(i);
        let complaints = names::is_valid_ip(ip);
        if complaints.is_empty() {
            validate_non_special_ip(ip, &at, e);
        } else {
            e.invalid_each(&at, ip, complaints);
        }
    }
    e.one_of(&path.child("type"), ty, TYPES);
    validate_port_numbers(ports, ty, &ports_at, e);
    validate_load_balancer(service, spec, ty, &path, e);
    validate_traffic(spec, ty, &path, e);
}

fn validate_type(
    spec: &Value,
    ty: &str,
    headless: bool,
    ips: &[String],
    path: &Path<'_>,
    e: &mut Errors,
) {
    let ips_at = path.child("clusterIPs");
    match ty {
        "LoadBalancer" | "NodePort" if headless => {
            let detail = format!("may not be set to 'None' for {ty} services");
            e.invalid(&ips_at.index(0), ips[0].as_str(), detail);
        }
        "ExternalName" => {
            let detail = "may not be set for ExternalName services";
            if !ips.is_empty() {
                e.forbidden(&ips_at, detail);
            }
            if !items(spec, "ipFamilies").is_empty() {
                e.forbidden(&path.child("ipFamilies"), detail);
            }
            if sub(spec, "ipFamilyPolicy").is_some() {
                e.forbidden(&path.child("ipFamilyPolicy"), detail);
            }
            let name = text(spec, "externalName");
            let name = name.strip_suffix('.').unwrap_or(name);
            let at = path.child("externalName");
            if name.is_empty() {
                e.required(&at, "");
            } else {
                validate_dns1123_subdomain(name, &at, e);
            }
        }
        _ => {}
    }
}

fn validate_service_port<'v>(
    port: &'v Value,
    require_name: bool,
    seen: &mut Vec<&'v str>,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let name = text(port, "name");
    let at = path.child("name");
    if !name.is_empty() {
        validate_dns1123_label(name, &at, e);
        if seen.contains(&name) {
            e.duplicate(&at, name);
        } else {
            seen.push(name);
        }
    } else if require_name {
        e.required(&at, "");
    }
    validate_port_num(int(port, "port").unwrap_or(0), &path.child("port"), e);
    e.one_of(&path.child("protocol"), text(port, "protocol"), PROTOCOLS);
    validate_port_num_or_name(sub(port, "targetPort"), &path.child("targetPort"), e);
    if let Some(protocol) = sub(port, "appProtocol").and_then(Value::as_str) {
        validate_label_name(protocol, &path.child("appProtocol"), e);
    }
}

fn validate_session_affinity(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let affinity = text(spec, "sessionAffinity");
    e.one_of(
        &path.child("sessionAffinity"),
        affinity,
        &["ClientIP", "None"],
    );
    let config_at = path.child("sessionAffinityConfig");
    let config = sub(spec, "sessionAffinityConfig");
    if affinity == "None" && config.is_some() {
        e.forbidden(&config_at, "must not be set when session affinity is None");
    }
    if affinity != "ClientIP" {
        return;
    }
    let detail = "when session affinity type is ClientIP";
    let client_at = config_at.child("clientIP");
    let Some(config) = config else {
        return e.required(&config_at, detail);
    };
    let Some(client) = sub(config, "clientIP") else {
        return e.required(&client_at, detail);
    };
    let at = client_at.child("timeoutSeconds");
    match int(client, "timeoutSeconds") {
        None => e.required(&at, detail),
        Some(seconds) if !(1..=86400).contains(&seconds) => {
            e.invalid(&at, seconds, "must be greater than 0 and less than 86400");
        }
        Some(_) => {}
    }
}

fn validate_cluster_ips(
    spec: &Value,
    ty: &str,
    ip: &str,
    ips: &[String],
    path: &Path<'_>,
    e: &mut Errors,
) {
    if ty == "ExternalName" {
        return;
    }
    let at = path.child("clusterIPs");
    if ip.is_empty() {
        if !ips.is_empty() {
            e.invalid(
                &at,
                list(ips),
                "must be empty when `clusterIP` is not specified",
            );
        }
    } else if ips.is_empty() {
        e.required(&at, "");
    } else if ips[0] != ip {
        e.invalid(&at, list(ips), "first value must match `clusterIP`");
    }
    let families_at = path.child("ipFamilies");
    let mut seen: Vec<&str> = Vec::new();
    let families: Vec<&str> = items(spec, "ipFamilies")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for (i, family) in families.iter().enumerate() {
        let at = families_at.index(i);
        if !["IPv4", "IPv6"].contains(family) {
            e.not_supported(&at, Shown::typed(family), &["IPv4", "IPv6"]);
        }
        if seen.contains(family) {
            e.duplicate(&at, Shown::typed(family));
        }
        seen.push(family);
    }
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    if let Some(policy) = sub(spec, "ipFamilyPolicy").and_then(Value::as_str)
        && !policies.contains(&policy)
    {
        e.not_supported(
            &path.child("ipFamilyPolicy"),
            Shown::typed(policy),
            &policies,
        );
    }
    let before = e.len();
    for (i, ip) in ips.iter().enumerate() {
        if i == 0 && ip == "None" {
            if ips.len() > 1 {
                e.invalid(&at, list(ips), "'None' must be the first and only value");
            }
            continue;
        }
        e.invalid_each(&at.index(i), ip, names::is_valid_ip(ip));
    }
    let broken = e.len() > before;
    if ips.len() > 2 {
        e.invalid(&at, list(ips), "may only hold up to 2 values");
    }
    if broken {
        return;
    }
    let is_v6 = |ip: &str| names::parse_ip(ip).is_some_and(|ip| ip.is_ipv6());
    if ips.len() > 1 && ips.iter().all(|ip| is_v6(ip)) | ips.iter().all(|ip| !is_v6(ip)) {
        e.invalid(
            &at,
            list(ips),
            "may specify no more than one IP for each IP family",
        );
    }
    if ips.first().is_some_and(|ip| ip == "None") {
        return;
    }
    for (i, (ip, family)) in ips.iter().zip(&families).enumerate() {
        let wrong = (*family == "IPv4" && is_v6(ip)) || (*family == "IPv6" && !is_v6(ip));
        if wrong {
            let detail = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            e.invalid(&at.index(i), ip.as_str(), detail);
        }
    }
}

fn validate_port_numbers(ports: &[Value], ty: &str, path: &Path<'_>, e: &mut Errors) {
    let node_port = |p: &Value| int(p, "nodePort").unwrap_or(0);
    if ty == "ClusterIP" {
        for (i, port) in ports.iter().enumerate() {
            if node_port(port) != 0 {
                let at = path.index(i);
                e.forbidden(
                    &at.child("nodePort"),
                    "may not be used when `type` is 'ClusterIP'",
                );
            }
        }
    }
    let same = |a: &Value, b: &Value, key: &str| {
        text(a, "protocol") == text(b, "protocol")
            && int(a, key).unwrap_or(0) == int(b, key).unwrap_or(0)
    };
    for (i, port) in ports.iter().enumerate() {
        if node_port(port) != 0 && ports[..i].iter().any(|p| same(p, port, "nodePort")) {
            let at = path.index(i);
            e.duplicate(&at.child("nodePort"), node_port(port));
        }
    }
    for (i, port) in ports.iter().enumerate() {
        if ports[..i].iter().any(|p| same(p, port, "port")) {
            let key = Tree::Struct(
                "core.ServicePort",
                vec![
                    field("Name", Tree::text(None)),
                    field("Protocol", Tree::text(port.get("protocol"))),
                    field("AppProtocol", Tree::Pointer("string", None)),
                    field("Port", Tree::int(port.get("port"))),
                    field("TargetPort", Tree::int_or_string(None)),
                    field("NodePort", Tree::Int(0)),
                ],
            );
            e.duplicate(&path.index(i), key);
        }
    }
}

fn validate_load_balancer(
    service: &Value,
    spec: &Value,
    ty: &str,
    path: &Path<'_>,
    e: &mut Errors,
) {
    let only = "may only be used when `type` is 'LoadBalancer'";
    let balanced = ty == "LoadBalancer";
    let ranges = items(spec, "loadBalancerSourceRanges");
    // The capital letter is the server's.
    let ranges_at = path.child("LoadBalancerSourceRanges");
    let annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
    if !ranges.is_empty() {
        if !balanced {
            e.forbidden(&ranges_at, only);
        }
        for (i, range) in ranges.iter().enumerate() {
            let range = range.as_str().unwrap_or("").trim();
            e.invalid_each(&ranges_at.index(i), range, names::is_valid_cidr(range));
        }
    } else if let Some(value) = service
        .at("metadata.annotations")
        .and_then(|a| a.get(annotation))
        .and_then(Value::as_str)
    {
        let meta = Path::root("metadata");
        let annotations_at = meta.child("annotations");
        let at = annotations_at.key(annotation);
        if !balanced {
            e.forbidden(&at, only);
        }
        if !value.trim().is_empty() {
            for range in value.trim().split(',') {
                e.invalid_each(&at, range.trim(), names::is_valid_cidr(range.trim()));
            }
        }
    }
    if sub(spec, "allocateLoadBalancerNodePorts").is_some() && !balanced {
        e.forbidden(&path.child("allocateLoadBalancerNodePorts"), only);
    }
    if balanced && flag(spec, "allocateLoadBalancerNodePorts").is_none() {
        e.required(&Path::root("allocateLoadBalancerNodePorts"), "");
    }
    if let Some(class) = sub(spec, "loadBalancerClass").and_then(Value::as_str) {
        let at = path.child("loadBalancerClass");
        if balanced {
            validate_label_name(class, &at, e);
        } else {
            e.forbidden(&at, only);
        }
    }
}

fn validate_traffic(spec: &Value, ty: &str, path: &Path<'_>, e: &mut Errors) {
    let external = text(spec, "externalTrafficPolicy");
    let at = path.child("externalTrafficPolicy");
    let accessible = ["LoadBalancer", "NodePort"].contains(&ty)
        || (ty == "ClusterIP" && !items(spec, "externalIPs").is_empty());
    if accessible {
        e.one_of(&at, external, &["Cluster", "Local"]);
    } else if !external.is_empty() {
        e.invalid(
            &at,
            Shown::typed(external),
            "may only be set for externally-accessible services",
        );
    }
    // The port itself is given out by the server when it is needed.
    let port = int(spec, "healthCheckNodePort").unwrap_or(0);
    let at = path.child("healthCheckNodePort");
    if ty == "LoadBalancer" && external == "Local" {
        if port != 0 {
            validate_port_num(port, &at, e);
        }
    } else if port != 0 {
        let detail =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        e.invalid(&at, port, detail);
    }
    let at = path.child("internalTrafficPolicy");
    match sub(spec, "internalTrafficPolicy").and_then(Value::as_str) {
        None => {
            if ["NodePort", "LoadBalancer", "ClusterIP"].contains(&ty) {
                e.required(&at, "");
            }
        }
        Some(policy) if !["Cluster", "Local"].contains(&policy) => {
            e.not_supported(&at, Shown::typed(policy), &["Cluster", "Local"]);
        }
        Some(_) => {}
    }
    if let Some(distribution) = sub(spec, "trafficDistribution").and_then(Value::as_str) {
        let known: &[&str] = if e.since(34) {
            &["PreferClose", "PreferSameNode", "PreferSameZone"]
        } else {
            &["PreferClose"]
        };
        if !known.contains(&distribution) {
            e.not_supported(&path.child("trafficDistribution"), distribution, known);
        }
    }
}

/// Mirrors `ValidateNonSpecialIP`.
fn validate_non_special_ip(text: &str, path: &Path<'_>, e: &mut Errors) {
    let Some(ip) = names::parse_ip(text) else {
        return;
    };
    let (link_local, link_multicast) = match ip {
        std::net::IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        std::net::IpAddr::V6(v6) => (
            v6.segments()[0] & 0xffc0 == 0xfe80,
            v6.segments()[0] & 0xff0f == 0xff02,
        ),
    };
    if ip.is_unspecified() {
        e.invalid(path, text, format!("may not be unspecified ({text})"));
    }
    if ip.is_loopback() {
        e.invalid(
            path,
            text,
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        );
    }
    if link_local {
        e.invalid(
            path,
            text,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        );
    }
    if link_multicast {
        e.invalid(
            path,
            text,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        );
    }
}
