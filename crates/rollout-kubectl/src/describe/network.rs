//! Services, Endpoints and EndpointSlices.

use super::{Desk, annotations, events, head, labels, show};
use crate::selector;
use rollout_api::{Kind, Value};

fn texts(o: &Value, path: &str) -> Vec<String> {
    o.list_at(path)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn host_port(ip: &str, port: &str) -> String {
    if ip.contains(':') {
        format!("[{ip}]:{port}")
    } else {
        format!("{ip}:{port}")
    }
}

/// A Service.
pub(crate) fn service(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc
        .field(0, "Selector", selector::labels_text(o.at("spec.selector")));
    d.doc.field(0, "Type", o.str_at("spec.type"));
    if !o.str_at("spec.ipFamilyPolicy").is_empty() {
        d.doc
            .field(0, "IP Family Policy", o.str_at("spec.ipFamilyPolicy"));
    }
    let or_none = |list: Vec<String>| {
        if list.is_empty() {
            "<none>".to_owned()
        } else {
            list.join(",")
        }
    };
    d.doc
        .field(0, "IP Families", or_none(texts(o, "spec.ipFamilies")));
    d.doc.field(0, "IP", o.str_at("spec.clusterIP"));
    d.doc.field(0, "IPs", or_none(texts(o, "spec.clusterIPs")));
    let external = texts(o, "spec.externalIPs");
    if !external.is_empty() {
        d.doc.field(0, "External IPs", external.join(","));
    }
    if !o.str_at("spec.loadBalancerIP").is_empty() {
        d.doc.field(
            0,
            "Desired LoadBalancer IP",
            o.str_at("spec.loadBalancerIP"),
        );
    }
    if !o.str_at("spec.externalName").is_empty() {
        d.doc
            .field(0, "External Name", o.str_at("spec.externalName"));
    }
    let ingress = o.list_at("status.loadBalancer.ingress");
    if !ingress.is_empty() {
        let list: Vec<String> = ingress
            .iter()
            .map(|i| {
                let ip = i.str_at("ip");
                let what = if ip.is_empty() {
                    i.str_at("hostname")
                } else {
                    ip
                };
                if i.str_at("ipMode").is_empty() {
                    what.to_owned()
                } else {
                    format!("{what} ({})", i.str_at("ipMode"))
                }
            })
            .collect();
        d.doc.field(0, "LoadBalancer Ingress", list.join(", "));
    }
    let name = o.str_at("metadata.name").to_owned();
    let slices: Vec<Value> = d
        .ctx
        .list(Kind::ENDPOINT_SLICE, Some(o.str_at("metadata.namespace")))
        .into_iter()
        .filter(|s| {
            s.at("metadata.labels")
                .and_then(|l| l.get("kubernetes.io/service-name"))
                .and_then(Value::as_str)
                == Some(&name)
        })
        .collect();
    for p in o.list_at("spec.ports") {
        let port_name = p.str_at("name");
        let title = if port_name.is_empty() {
            "<unset>"
        } else {
            port_name
        };
        let protocol = p.str_at("protocol");
        d.doc
            .line(0, format!("Port:\t{title}\t{}/{protocol}", show(p, "port")));
        d.doc.field(
            0,
            "TargetPort",
            format!("{}/{protocol}", show(p, "targetPort")),
        );
        if p.int_at("nodePort").unwrap_or(0) != 0 {
            d.doc.line(
                0,
                format!("NodePort:\t{title}\t{}/{protocol}", show(p, "nodePort")),
            );
        }
        d.doc
            .field(0, "Endpoints", slice_endpoints(&slices, port_name));
    }
    d.doc
        .field(0, "Session Affinity", o.str_at("spec.sessionAffinity"));
    for (title, path) in [
        ("External Traffic Policy", "spec.externalTrafficPolicy"),
        ("Internal Traffic Policy", "spec.internalTrafficPolicy"),
        ("Traffic Distribution", "spec.trafficDistribution"),
    ] {
        if !o.str_at(path).is_empty() {
            d.doc.field(0, title, o.str_at(path));
        }
    }
    if o.int_at("spec.healthCheckNodePort").unwrap_or(0) != 0 {
        d.doc.field(
            0,
            "HealthCheck NodePort",
            show(o, "spec.healthCheckNodePort"),
        );
    }
    let ranges = texts(o, "spec.loadBalancerSourceRanges");
    if !ranges.is_empty() {
        d.doc
            .field(0, "LoadBalancer Source Ranges", ranges.join(","));
    }
    events::block(d, o);
}

fn slice_endpoints(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut list = Vec::new();
    for s in slices {
        for p in s
            .list_at("ports")
            .iter()
            .filter(|p| p.str_at("name") == port_name)
        {
            for e in s.list_at("endpoints") {
                if e.at("conditions.ready")
                    .and_then(Value::as_bool)
                    .unwrap_or(true)
                {
                    list.extend(
                        e.list_at("addresses")
                            .iter()
                            .filter_map(Value::as_str)
                            .map(|ip| host_port(ip, &show(p, "port"))),
                    );
                }
            }
        }
    }
    let head = list.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if list.len() > 3 {
        format!("{head} + {} more...", list.len() - 3)
    } else {
        head
    }
}

/// Endpoints.
pub(crate) fn endpoints(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.line(0, "Subsets:");
    for s in o.list_at("subsets") {
        let ips = |path: &str| {
            let list: Vec<&str> = s.list_at(path).iter().map(|a| a.str_at("ip")).collect();
            if list.is_empty() {
                "<none>".to_owned()
            } else {
                list.join(",")
            }
        };
        d.doc.field(1, "Addresses", ips("addresses"));
        d.doc
            .field(1, "NotReadyAddresses", ips("notReadyAddresses"));
        if !s.list_at("ports").is_empty() {
            d.doc.line(1, "Ports:");
            d.doc.line(2, "Name\tPort\tProtocol");
            d.doc.line(2, "----\t----\t--------");
            for p in s.list_at("ports") {
                let name = p.str_at("name");
                d.doc.line(
                    2,
                    format!(
                        "{}\t{}\t{}",
                        if name.is_empty() { "<unset>" } else { name },
                        show(p, "port"),
                        p.str_at("protocol")
                    ),
                );
            }
        }
        d.doc.line(0, "");
    }
    events::block(d, o);
}

/// An EndpointSlice.
pub(crate) fn endpoint_slice(d: &mut Desk<'_, '_, '_>, o: &Value) {
    head(&mut d.doc, o);
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    d.doc.field(0, "AddressType", o.str_at("addressType"));
    let unset = |t: &str| {
        if t.is_empty() {
            "<unset>".to_owned()
        } else {
            t.to_owned()
        }
    };
    if o.list_at("ports").is_empty() {
        d.doc.line(0, "Ports: <unset>");
    } else {
        d.doc.line(0, "Ports:");
        d.doc.line(1, "Name\tPort\tProtocol");
        d.doc.line(1, "----\t----\t--------");
        for p in o.list_at("ports") {
            d.doc.line(
                1,
                format!(
                    "{}\t{}\t{}",
                    unset(p.str_at("name")),
                    p.int_at("port")
                        .map_or_else(|| "<unset>".to_owned(), |n| n.to_string()),
                    p.str_at("protocol")
                ),
            );
        }
    }
    if o.list_at("endpoints").is_empty() {
        d.doc.line(0, "Endpoints: <none>");
    } else {
        d.doc.line(0, "Endpoints:");
        for e in o.list_at("endpoints") {
            d.doc
                .field(1, "- Addresses", texts(e, "addresses").join(","));
            d.doc.line(2, "Conditions:");
            let ready = e
                .at("conditions.ready")
                .and_then(Value::as_bool)
                .map_or_else(|| "<unset>".to_owned(), |b| b.to_string());
            d.doc.field(3, "Ready", ready);
            d.doc.field(2, "Hostname", unset(e.str_at("hostname")));
            if let Some(t) = e.get("targetRef") {
                d.doc.field(
                    2,
                    "TargetRef",
                    format!("{}/{}", t.str_at("kind"), t.str_at("name")),
                );
            }
            d.doc.field(2, "NodeName", unset(e.str_at("nodeName")));
            d.doc.field(2, "Zone", unset(e.str_at("zone")));
        }
    }
    events::block(d, o);
}
