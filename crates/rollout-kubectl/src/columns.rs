//! The server's table of each kind: columns and cells.

use crate::context::age_at;
use crate::{duration, pod_status, selector};
use rollout_api::Order;
use rollout_api::kinds::Resource;
use rollout_api::{Minor, Timestamp, Value};

/// A column: its name, and whether only `-o wide` shows it.
pub type Column = (&'static str, bool);

/// The columns of a kind.
pub fn columns(resource: &Resource, minor: Minor) -> Vec<Column> {
    let names = match resource.kind.0 {
        "Deployment" => "NAME|READY|UP-TO-DATE|AVAILABLE|AGE|*CONTAINERS|*IMAGES|*SELECTOR",
        "ReplicaSet" | "ReplicationController" => {
            "NAME|DESIRED|CURRENT|READY|AGE|*CONTAINERS|*IMAGES|*SELECTOR"
        }
        "Pod" => "NAME|READY|STATUS|RESTARTS|AGE|*IP|*NODE|*NOMINATED NODE|*READINESS GATES",
        "Service" => "NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE|*SELECTOR",
        "Endpoints" => "NAME|ENDPOINTS|AGE",
        "EndpointSlice" => "NAME|ADDRESSTYPE|PORTS|ENDPOINTS|AGE",
        "Node" => {
            "NAME|STATUS|ROLES|AGE|VERSION|*INTERNAL-IP|*EXTERNAL-IP|*OS-IMAGE|*KERNEL-VERSION|*CONTAINER-RUNTIME"
        }
        "Event" => {
            "LAST SEEN|TYPE|REASON|OBJECT|*SUBOBJECT|*SOURCE|MESSAGE|*FIRST SEEN|*COUNT|*NAME"
        }
        "PodDisruptionBudget" => "NAME|MIN AVAILABLE|MAX UNAVAILABLE|ALLOWED DISRUPTIONS|AGE",
        "Namespace" => "NAME|STATUS|AGE",
        "ConfigMap" => "NAME|DATA|AGE",
        "Secret" => "NAME|TYPE|DATA|AGE",
        "ServiceAccount" if minor < Minor::V1_36 => "NAME|SECRETS|AGE",
        "HorizontalPodAutoscaler" => "NAME|REFERENCE|TARGETS|MINPODS|MAXPODS|REPLICAS|AGE",
        "PersistentVolumeClaim" => {
            "NAME|STATUS|VOLUME|CAPACITY|ACCESS MODES|STORAGECLASS|VOLUMEATTRIBUTESCLASS|AGE|*VOLUMEMODE"
        }
        "PersistentVolume" => {
            "NAME|CAPACITY|ACCESS MODES|RECLAIM POLICY|STATUS|CLAIM|STORAGECLASS|VOLUMEATTRIBUTESCLASS|REASON|AGE|*VOLUMEMODE"
        }
        "ResourceQuota" if minor < Minor::V1_36 => "NAME|AGE|REQUEST|LIMIT",
        "ResourceQuota" => "NAME|REQUEST|LIMIT|AGE",
        "DaemonSet" => {
            "NAME|DESIRED|CURRENT|READY|UP-TO-DATE|AVAILABLE|NODE SELECTOR|AGE|*CONTAINERS|*IMAGES|*SELECTOR"
        }
        "StatefulSet" => "NAME|READY|AGE|*CONTAINERS|*IMAGES",
        "Lease" => "NAME|HOLDER|AGE",
        "StorageClass" => {
            "NAME|PROVISIONER|RECLAIMPOLICY|VOLUMEBINDINGMODE|ALLOWVOLUMEEXPANSION|AGE"
        }
        "PriorityClass" => "NAME|VALUE|GLOBAL-DEFAULT|AGE|PREEMPTIONPOLICY",
        "Job" => "NAME|STATUS|COMPLETIONS|DURATION|AGE|*CONTAINERS|*IMAGES|*SELECTOR",
        "CronJob" => {
            "NAME|SCHEDULE|TIMEZONE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE|*CONTAINERS|*IMAGES|*SELECTOR"
        }
        "Ingress" => "NAME|CLASS|HOSTS|ADDRESS|PORTS|AGE",
        "NetworkPolicy" => "NAME|POD-SELECTOR|AGE",
        "LimitRange" | "Role" | "ClusterRole" => "NAME|CREATED AT",
        "RoleBinding" | "ClusterRoleBinding" => "NAME|ROLE|AGE",
        _ => "NAME|AGE",
    };
    names
        .split('|')
        .map(|n| n.strip_prefix('*').map_or((n, false), |n| (n, true)))
        .collect()
}

fn int(v: &Value, path: &str) -> String {
    v.int_at(path).unwrap_or(0).to_string()
}
fn or_none(text: &str) -> String {
    if text.is_empty() {
        "<none>".to_owned()
    } else {
        text.to_owned()
    }
}
fn joined(v: &Value, list: &str, field: &str) -> String {
    v.list_at(list)
        .iter()
        .map(|c| c.str_at(field))
        .collect::<Vec<_>>()
        .join(",")
}
fn text_at(v: &Value, path: &str) -> String {
    match v.at(path) {
        Some(Value::String(s)) => s.to_string(),
        Some(Value::Int(i)) => i.to_string(),
        Some(Value::Number(s)) => s.to_string(),
        Some(Value::Bool(b)) => b.to_string(),
        _ => String::new(),
    }
}

/// The cells of an object, one per column of [`columns`].
pub fn row(resource: &Resource, o: &Value, now: Timestamp, minor: Minor) -> Vec<String> {
    let name = o.str_at("metadata.name").to_owned();
    let age = age_at(o, "metadata.creationTimestamp", now);
    let template = |what: &str| joined(o, "spec.template.spec.containers", what);
    match resource.kind.0 {
        "Deployment" => vec![
            name,
            format!(
                "{}/{}",
                int(o, "status.readyReplicas"),
                int(o, "spec.replicas")
            ),
            int(o, "status.updatedReplicas"),
            int(o, "status.availableReplicas"),
            age,
            template("name"),
            template("image"),
            selector_cell(o.at("spec.selector")),
        ],
        "ReplicaSet" => vec![
            name,
            int(o, "spec.replicas"),
            int(o, "status.replicas"),
            int(o, "status.readyReplicas"),
            age,
            template("name"),
            template("image"),
            selector_cell(o.at("spec.selector")),
        ],
        "ReplicationController" => vec![
            name,
            int(o, "spec.replicas"),
            int(o, "status.replicas"),
            int(o, "status.readyReplicas"),
            age,
            template("name"),
            template("image"),
            selector::labels_text(o.at("spec.selector")),
        ],
        "Pod" => pod(o, name, age, now),
        "Service" => vec![
            name,
            o.str_at("spec.type").to_owned(),
            or_none(o.str_at("spec.clusterIP")),
            external_ip(o),
            service_ports(o),
            age,
            selector::labels_text(o.at("spec.selector")),
        ],
        "Endpoints" => vec![name, endpoints(o), age],
        "EndpointSlice" => {
            let ports: Vec<String> = o
                .list_at("ports")
                .iter()
                .map(|p| {
                    p.int_at("port")
                        .map_or_else(|| "*".to_owned(), |p| p.to_string())
                })
                .collect();
            let addresses: Vec<String> = o
                .list_at("endpoints")
                .iter()
                .flat_map(|e| {
                    e.list_at("addresses")
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                })
                .collect();
            vec![
                name,
                o.str_at("addressType").to_owned(),
                first_three(&ports, ",", "<unset>"),
                first_three(&addresses, ",", "<unset>"),
                age,
            ]
        }
        "Node" => node(o, name, age, minor),
        "Event" => event(o, now),
        "PodDisruptionBudget" => {
            let na = |p: &str| {
                Some(text_at(o, p))
                    .filter(|t| !t.is_empty())
                    .unwrap_or_else(|| "N/A".to_owned())
            };
            vec![
                name,
                na("spec.minAvailable"),
                na("spec.maxUnavailable"),
                int(o, "status.disruptionsAllowed"),
                age,
            ]
        }
        "Namespace" => vec![name, o.str_at("status.phase").to_owned(), age],
        "ConfigMap" => {
            let count = |p: &str| o.at(p).and_then(Value::as_map).map_or(0, |m| m.len());
            vec![name, (count("data") + count("binaryData")).to_string(), age]
        }
        "Secret" => vec![
            name,
            o.str_at("type").to_owned(),
            o.at("data")
                .and_then(Value::as_map)
                .map_or(0, |m| m.len())
                .to_string(),
            age,
        ],
        "ServiceAccount" if minor < Minor::V1_36 => {
            vec![name, o.list_at("secrets").len().to_string(), age]
        }
        "HorizontalPodAutoscaler" => {
            let reference = format!(
                "{}/{}",
                o.str_at("spec.scaleTargetRef.kind"),
                o.str_at("spec.scaleTargetRef.name")
            );
            let min = o
                .int_at("spec.minReplicas")
                .map_or_else(|| "<unset>".to_owned(), |m| m.to_string());
            vec![
                name,
                reference,
                hpa_targets(o),
                min,
                int(o, "spec.maxReplicas"),
                int(o, "status.currentReplicas"),
                age,
            ]
        }
        "PersistentVolumeClaim" => {
            let phase = if o.at("metadata.deletionTimestamp").is_some() {
                "Terminating"
            } else {
                o.str_at("status.phase")
            };
            let volume = o.str_at("spec.volumeName");
            let (capacity, modes) = if volume.is_empty() {
                (String::new(), String::new())
            } else {
                (
                    text_at(o, "status.capacity.storage"),
                    access_modes(o.list_at("status.accessModes")),
                )
            };
            vec![
                name,
                phase.to_owned(),
                volume.to_owned(),
                capacity,
                modes,
                o.str_at("spec.storageClassName").to_owned(),
                unset(o.str_at("spec.volumeAttributesClassName")),
                age,
                unset(o.str_at("spec.volumeMode")),
            ]
        }
        "PersistentVolume" => {
            let claim = match o.at("spec.claimRef") {
                Some(c) => format!("{}/{}", c.str_at("namespace"), c.str_at("name")),
                None => String::new(),
            };
            let phase = if o.at("metadata.deletionTimestamp").is_some() {
                "Terminating"
            } else {
                o.str_at("status.phase")
            };
            vec![
                name,
                text_at(o, "spec.capacity.storage"),
                access_modes(o.list_at("spec.accessModes")),
                o.str_at("spec.persistentVolumeReclaimPolicy").to_owned(),
                phase.to_owned(),
                claim,
                o.str_at("spec.storageClassName").to_owned(),
                unset(o.str_at("spec.volumeAttributesClassName")),
                o.str_at("status.reason").to_owned(),
                age,
                unset(o.str_at("spec.volumeMode")),
            ]
        }
        "ResourceQuota" => {
            let (mut requests, mut limits) = (Vec::new(), Vec::new());
            if let Some(hard) = o.at("status.hard").and_then(Value::as_map) {
                for (k, v) in hard.iter() {
                    let used = o
                        .at("status.used")
                        .and_then(|u| u.get(k))
                        .map_or_else(|| "0".to_owned(), quantity);
                    let text = format!("{k}: {used}/{}", quantity(v));
                    if k.starts_with("limits") {
                        limits.push(text)
                    } else {
                        requests.push(text)
                    }
                }
            }
            let (r, l) = (requests.join(", "), limits.join(", "));
            if minor < Minor::V1_36 {
                vec![name, age, r, l]
            } else {
                vec![name, r, l, age]
            }
        }
        "DaemonSet" => vec![
            name,
            int(o, "status.desiredNumberScheduled"),
            int(o, "status.currentNumberScheduled"),
            int(o, "status.numberReady"),
            int(o, "status.updatedNumberScheduled"),
            int(o, "status.numberAvailable"),
            selector::labels_text(o.at("spec.template.spec.nodeSelector")),
            age,
            template("name"),
            template("image"),
            selector_cell(o.at("spec.selector")),
        ],
        "StatefulSet" => vec![
            name,
            format!(
                "{}/{}",
                int(o, "status.readyReplicas"),
                int(o, "spec.replicas")
            ),
            age,
            template("name"),
            template("image"),
        ],
        "Lease" => vec![name, o.str_at("spec.holderIdentity").to_owned(), age],
        "StorageClass" => {
            let default = o
                .at("metadata.annotations")
                .and_then(|a| a.get("storageclass.kubernetes.io/is-default-class"))
                .and_then(Value::as_str)
                == Some("true");
            let name = if default {
                format!("{name} (default)")
            } else {
                name
            };
            let or = |p: &str, d: &str| {
                Some(o.str_at(p).to_owned())
                    .filter(|t| !t.is_empty())
                    .unwrap_or_else(|| d.to_owned())
            };
            vec![
                name,
                o.str_at("provisioner").to_owned(),
                or("reclaimPolicy", "Delete"),
                or("volumeBindingMode", "Immediate"),
                o.bool_at("allowVolumeExpansion").to_string(),
                age,
            ]
        }
        "PriorityClass" => vec![
            name,
            int(o, "value"),
            o.bool_at("globalDefault").to_string(),
            age,
            o.str_at("preemptionPolicy").to_owned(),
        ],
        "Job" => {
            let is = |what: &str| {
                let conditions = o.list_at("status.conditions");
                let true_of = |c: &Value| c.str_at("type") == what && c.str_at("status") == "True";
                conditions.iter().any(true_of)
            };
            let status = ["Complete", "Failed", "Suspended"]
                .into_iter()
                .find(|s| is(s));
            let going = o.at("metadata.deletionTimestamp").is_some();
            let wanted = o.int_at("spec.completions").unwrap_or(1);
            let time = |path: &str| Timestamp::parse(o.str_at(path));
            let lasted = time("status.startTime").map(|from| {
                let to = time("status.completionTime").unwrap_or(now);
                duration::age(Some(from), to)
            });
            vec![
                name,
                status
                    .unwrap_or(if going { "Terminating" } else { "Running" })
                    .to_owned(),
                format!("{}/{wanted}", int(o, "status.succeeded")),
                lasted.unwrap_or_default(),
                age,
                template("name"),
                template("image"),
                selector_cell(o.at("spec.selector")),
            ]
        }
        "CronJob" => {
            let template =
                |what: &str| joined(o, "spec.jobTemplate.spec.template.spec.containers", what);
            let last = o.at("status.lastScheduleTime");
            vec![
                name,
                o.str_at("spec.schedule").to_owned(),
                or_none(o.str_at("spec.timeZone")),
                if o.bool_at("spec.suspend") {
                    "True"
                } else {
                    "False"
                }
                .to_owned(),
                o.list_at("status.active").len().to_string(),
                last.map_or_else(
                    || "<none>".to_owned(),
                    |_| age_at(o, "status.lastScheduleTime", now),
                ),
                age,
                template("name"),
                template("image"),
                selector_cell(o.at("spec.jobTemplate.spec.selector")),
            ]
        }
        "Ingress" => {
            let mut hosts: Vec<&str> = Vec::new();
            for h in o.list_at("spec.rules").iter().map(|r| r.str_at("host")) {
                if !h.is_empty() {
                    hosts.push(h);
                }
            }
            let mut text = hosts.iter().take(3).copied().collect::<Vec<_>>().join(",");
            if hosts.len() > 3 {
                text.push_str(&format!(" + {} more...", hosts.len() - 3));
            }
            if hosts.is_empty() {
                text.push('*');
            }
            vec![
                name,
                or_none(o.str_at("spec.ingressClassName")),
                text,
                joined(o, "status.loadBalancer.ingress", "ip"),
                if o.list_at("spec.tls").is_empty() {
                    "80"
                } else {
                    "80, 443"
                }
                .to_owned(),
                age,
            ]
        }
        "NetworkPolicy" => vec![name, selector_cell(o.at("spec.podSelector")), age],
        "LimitRange" | "Role" | "ClusterRole" => {
            vec![name, o.str_at("metadata.creationTimestamp").to_owned()]
        }
        "RoleBinding" | "ClusterRoleBinding" => vec![
            name,
            format!("{}/{}", o.str_at("roleRef.kind"), o.str_at("roleRef.name")),
            age,
        ],
        _ => vec![name, age],
    }
}

fn quantity(v: &Value) -> String {
    match v {
        Value::String(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Number(s) => s.to_string(),
        _ => String::new(),
    }
}

fn unset(text: &str) -> String {
    if text.is_empty() {
        "<unset>".to_owned()
    } else {
        text.to_owned()
    }
}

pub(crate) fn access_modes(list: &[Value]) -> String {
    let short = |m: &str| match m {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    let has = |m: &str| list.iter().any(|v| v.as_str() == Some(m));
    [
        "ReadWriteOnce",
        "ReadOnlyMany",
        "ReadWriteMany",
        "ReadWriteOncePod",
    ]
    .into_iter()
    .filter(|m| has(m))
    .map(short)
    .collect::<Vec<_>>()
    .join(",")
}

fn selector_cell(v: Option<&Value>) -> String {
    selector::text(v)
}

fn first_three(items: &[String], separator: &str, none: &str) -> String {
    if items.is_empty() {
        return none.to_owned();
    }
    let head = items
        .iter()
        .take(3)
        .cloned()
        .collect::<Vec<_>>()
        .join(separator);
    if items.len() > 3 {
        format!("{head} + {} more...", items.len() - 3)
    } else {
        head
    }
}

fn pod(o: &Value, name: String, age: String, now: Timestamp) -> Vec<String> {
    let c = pod_status::cells(o, now);
    let ip = o
        .list_at("status.podIPs")
        .first()
        .map_or("", |p| p.str_at("ip"));
    let ip = if ip.is_empty() {
        o.str_at("status.podIP")
    } else {
        ip
    };
    let gates = o.list_at("spec.readinessGates");
    let gates_cell = if gates.is_empty() {
        "<none>".to_owned()
    } else {
        let conditions = o.list_at("status.conditions");
        let met = gates
            .iter()
            .filter(|g| {
                conditions.iter().any(|c| {
                    c.str_at("type") == g.str_at("conditionType") && c.str_at("status") == "True"
                })
            })
            .count();
        format!("{met}/{}", gates.len())
    };
    vec![
        name,
        format!("{}/{}", c.ready, c.total),
        c.status,
        c.restarts,
        age,
        or_none(ip),
        or_none(o.str_at("spec.nodeName")),
        or_none(o.str_at("status.nominatedNodeName")),
        gates_cell,
    ]
}

fn external_ip(o: &Value) -> String {
    let own: Vec<&str> = o
        .list_at("spec.externalIPs")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    match o.str_at("spec.type") {
        "ExternalName" => o.str_at("spec.externalName").to_owned(),
        "LoadBalancer" => {
            let mut ingress: Vec<&str> = Vec::new();
            for i in o.list_at("status.loadBalancer.ingress") {
                let ip = i.str_at("ip");
                let v = if ip.is_empty() {
                    i.str_at("hostname")
                } else {
                    ip
                };
                if !v.is_empty() && !ingress.contains(&v) {
                    ingress.push(v);
                }
            }
            ingress.order();
            ingress.extend(own);
            if ingress.is_empty() {
                "<pending>".to_owned()
            } else {
                ingress.join(",")
            }
        }
        _ if own.is_empty() => "<none>".to_owned(),
        _ => own.join(","),
    }
}

fn service_ports(o: &Value) -> String {
    let parts: Vec<String> = o
        .list_at("spec.ports")
        .iter()
        .map(|p| {
            let (port, node, protocol) = (
                p.int_at("port").unwrap_or(0),
                p.int_at("nodePort").unwrap_or(0),
                p.str_at("protocol"),
            );
            if node > 0 {
                format!("{port}:{node}/{protocol}")
            } else {
                format!("{port}/{protocol}")
            }
        })
        .collect();
    if parts.is_empty() {
        "<none>".to_owned()
    } else {
        parts.join(",")
    }
}

/// `ip:port` of the ready addresses. Mirrors `formatEndpoints`.
fn endpoints(o: &Value) -> String {
    let mut list = Vec::new();
    for subset in o.list_at("subsets") {
        let ports = subset.list_at("ports");
        let addresses = subset.list_at("addresses");
        if ports.is_empty() {
            list.extend(addresses.iter().map(|a| a.str_at("ip").to_owned()));
        }
        for port in ports {
            for a in addresses {
                let ip = a.str_at("ip");
                let p = port.int_at("port").unwrap_or(0);
                list.push(if ip.contains(':') {
                    format!("[{ip}]:{p}")
                } else {
                    format!("{ip}:{p}")
                });
            }
        }
    }
    first_three(&list, ",", "<none>")
}

/// STATUS of a node.
pub fn node_status(o: &Value) -> String {
    let ready = o
        .list_at("status.conditions")
        .iter()
        .find(|c| c.str_at("type") == "Ready");
    let mut s = match ready {
        Some(c) if c.str_at("status") == "True" => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if o.bool_at("spec.unschedulable") {
        s.push_str(",SchedulingDisabled");
    }
    s
}

/// ROLES of a node.
pub fn node_roles(o: &Value) -> String {
    let mut roles: Vec<String> = Vec::new();
    if let Some(m) = o.at("metadata.labels").and_then(Value::as_map) {
        for (k, v) in m.iter() {
            if let Some(role) = k.strip_prefix("node-role.kubernetes.io/") {
                roles.push(role.to_owned());
            } else if &**k == "kubernetes.io/role" && !v.as_str().unwrap_or("").is_empty() {
                roles.push(v.as_str().unwrap_or("").to_owned());
            }
        }
    }
    roles.retain(|r| !r.is_empty());
    roles.order();
    roles.dedup();
    if roles.is_empty() {
        "<none>".to_owned()
    } else {
        roles.join(",")
    }
}

fn node(o: &Value, name: String, age: String, minor: Minor) -> Vec<String> {
    let address = |kind: &str| {
        o.list_at("status.addresses")
            .iter()
            .find(|a| a.str_at("type") == kind)
            .map_or_else(|| "<none>".to_owned(), |a| a.str_at("address").to_owned())
    };
    let info = |f: &str| o.str_at(&format!("status.nodeInfo.{f}")).to_owned();
    let unknown = |t: String| {
        if t.is_empty() {
            "<unknown>".to_owned()
        } else {
            t
        }
    };
    let mut kernel = unknown(info("kernelVersion"));
    if minor >= Minor::V1_36 && !info("architecture").is_empty() {
        kernel = format!("{kernel} ({})", info("architecture"));
    }
    vec![
        name,
        node_status(o),
        node_roles(o),
        age,
        info("kubeletVersion"),
        address("InternalIP"),
        address("ExternalIP"),
        unknown(info("osImage")),
        kernel,
        unknown(info("containerRuntimeVersion")),
    ]
}

/// The moment of an event's first sight.
pub fn first_seen(o: &Value) -> Option<Timestamp> {
    Timestamp::parse(o.str_at("firstTimestamp"))
        .or_else(|| Timestamp::parse(o.str_at("deprecatedFirstTimestamp")))
        .or_else(|| Timestamp::parse(o.str_at("eventTime")))
}

fn event(o: &Value, now: Timestamp) -> Vec<String> {
    let time = |p: &str| Timestamp::parse(o.str_at(p));
    let first = time("firstTimestamp").or_else(|| time("eventTime"));
    let last = time("series.lastObservedTime")
        .or_else(|| time("lastTimestamp"))
        .or(first);
    let object = o.at("involvedObject").or_else(|| o.at("regarding"));
    let of = |f: &str| object.map_or("", |v| v.str_at(f)).to_owned();
    let kind = of("kind").to_lowercase();
    let target = if kind.is_empty() {
        of("name")
    } else {
        format!("{kind}/{}", of("name"))
    };
    let component = o.str_at("source.component");
    let component = if component.is_empty() {
        o.str_at("reportingComponent")
    } else {
        component
    };
    let host = o.str_at("source.host");
    let host = if host.is_empty() {
        o.str_at("reportingInstance")
    } else {
        host
    };
    let source = if host.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {host}")
    };
    let count = o
        .int_at("series.count")
        .or_else(|| o.int_at("count"))
        .filter(|c| *c != 0)
        .unwrap_or(1);
    vec![
        duration::age(last, now),
        o.str_at("type").to_owned(),
        o.str_at("reason").to_owned(),
        target,
        of("fieldPath"),
        source,
        o.str_at("message").trim().to_owned(),
        duration::age(first, now),
        count.to_string(),
        o.str_at("metadata.name").to_owned(),
    ]
}

/// TARGETS of an autoscaler. Mirrors `formatHPAMetrics`.
pub fn hpa_targets(o: &Value) -> String {
    let current = o.list_at("status.currentMetrics");
    let mut parts = Vec::new();
    for (i, m) in o.list_at("spec.metrics").iter().enumerate().take(2) {
        let part = match m.str_at("type") {
            "Resource" => {
                let name = m.str_at("resource.name");
                let now = current.get(i).filter(|c| c.at("resource").is_some());
                match m.int_at("resource.target.averageUtilization") {
                    Some(target) => {
                        let c = now
                            .and_then(|c| c.int_at("resource.current.averageUtilization"))
                            .map_or_else(|| "<unknown>".to_owned(), |n| format!("{n}%"));
                        format!("{name}: {c}/{target}%")
                    }
                    None => {
                        let c = now
                            .map(|c| text_at(c, "resource.current.averageValue"))
                            .filter(|t| !t.is_empty())
                            .unwrap_or_else(|| "<unknown>".to_owned());
                        let target = text_at(m, "resource.target.averageValue");
                        format!(
                            "{name}: {c}/{}",
                            if target.is_empty() {
                                "<auto>".to_owned()
                            } else {
                                target
                            }
                        )
                    }
                }
            }
            "Pods" => {
                let c = current
                    .get(i)
                    .map(|c| text_at(c, "pods.current.averageValue"))
                    .filter(|t| !t.is_empty())
                    .unwrap_or_else(|| "<unknown>".to_owned());
                format!("{c}/{}", text_at(m, "pods.target.averageValue"))
            }
            _ => "<unknown type>".to_owned(),
        };
        parts.push(part);
    }
    if parts.is_empty() {
        return "<none>".to_owned();
    }
    let more = o.list_at("spec.metrics").len().saturating_sub(2);
    let text = parts.join(", ");
    if more > 0 {
        format!("{text} + {more} more...")
    } else {
        text
    }
}
