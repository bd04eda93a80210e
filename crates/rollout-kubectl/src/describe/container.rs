//! Pod templates, containers and volumes.

use super::{Doc, annotations, labels, quantity, show, when};
use crate::selector;
use rollout_api::Order;
use rollout_api::{Minor, Value};

/// `Pod Template:` and what is in it.
pub(crate) fn pod_template(doc: &mut Doc, t: &Value, minor: Minor) {
    doc.line(0, "Pod Template:");
    labels(doc, "  Labels", t.at("metadata.labels"));
    if t.at("metadata.annotations")
        .and_then(Value::as_map)
        .is_some_and(|m| !m.is_empty())
    {
        annotations(doc, "  Annotations", t.at("metadata.annotations"));
    }
    if !t.str_at("spec.serviceAccountName").is_empty() {
        doc.field(1, "Service Account", t.str_at("spec.serviceAccountName"));
    }
    if !t.list_at("spec.initContainers").is_empty() {
        containers(
            doc,
            "Init Containers",
            t.list_at("spec.initContainers"),
            None,
            None,
            "  ",
            minor,
        );
    }
    containers(
        doc,
        "Containers",
        t.list_at("spec.containers"),
        None,
        None,
        "  ",
        minor,
    );
    volumes(doc, t.list_at("spec.volumes"), "  ", minor);
    spread(doc, t.list_at("spec.topologySpreadConstraints"), "  ");
    if !t.str_at("spec.priorityClassName").is_empty() {
        doc.field(1, "Priority Class Name", t.str_at("spec.priorityClassName"));
    }
    labels(doc, "  Node-Selectors", t.at("spec.nodeSelector"));
    tolerations(doc, "  Tolerations", t.list_at("spec.tolerations"));
}

fn title_bool(b: bool) -> &'static str {
    if b { "True" } else { "False" }
}

/// Containers; with `statuses` those of a pod.
pub(crate) fn containers(
    doc: &mut Doc,
    label: &str,
    list: &[Value],
    statuses: Option<&[Value]>,
    pod: Option<&Value>,
    space: &str,
    minor: Minor,
) {
    let none = if list.is_empty() { " <none>" } else { "" };
    doc.line(0, format!("{space}{label}:{none}"));
    let indent = if space.is_empty() { "" } else { " " };
    for c in list {
        let status = statuses.and_then(|s| s.iter().find(|s| s.str_at("name") == c.str_at("name")));
        doc.line(1, format!("{indent}{}:", c.str_at("name")));
        if let Some(s) = status {
            doc.field(2, "Container ID", s.str_at("containerID"));
        }
        doc.field(2, "Image", c.str_at("image"));
        if let Some(s) = status {
            doc.field(2, "Image ID", s.str_at("imageID"));
        }
        ports(doc, c, minor);
        for (title, path) in [("Command", "command"), ("Args", "args")] {
            let words = c.list_at(path);
            if !words.is_empty() {
                doc.line(2, format!("{title}:"));
                for w in words {
                    for s in w.as_str().unwrap_or("").split('\n') {
                        doc.line(3, s);
                    }
                }
            }
        }
        if let Some(s) = status {
            state(doc, "State", s.at("state"));
            if s.at("lastState.terminated").is_some() {
                state(doc, "Last State", s.at("lastState"));
            }
            doc.field(2, "Ready", title_bool(s.bool_at("ready")));
            doc.field(
                2,
                "Restart Count",
                s.int_at("restartCount").unwrap_or(0).to_string(),
            );
        }
        for (title, path) in [
            ("Limits", "resources.limits"),
            ("Requests", "resources.requests"),
        ] {
            if let Some(m) = c.at(path).and_then(Value::as_map).filter(|m| !m.is_empty()) {
                doc.line(2, format!("{title}:"));
                for (k, v) in m.iter() {
                    doc.field(3, k, quantity::canonical(&crate::jsonpath::text(v)));
                }
            }
        }
        for (title, path) in [
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ] {
            if let Some(p) = c.get(path).filter(|p| !p.is_null()) {
                doc.field(2, title, probe(p));
            }
        }
        environment(doc, c, pod);
        mounts(doc, c);
    }
}

fn ports(doc: &mut Doc, c: &Value, minor: Minor) {
    let text = |field: &str| {
        let parts: Vec<String> = c
            .list_at("ports")
            .iter()
            .map(|p| {
                let name = p.str_at("name");
                let port = format!("{}/{}", p.int_at(field).unwrap_or(0), p.str_at("protocol"));
                if minor >= Minor::V1_36 && !name.is_empty() {
                    format!("{port} ({name})")
                } else {
                    port
                }
            })
            .collect();
        parts.join(", ")
    };
    for (one, many, field) in [
        ("Port", "Ports", "containerPort"),
        ("Host Port", "Host Ports", "hostPort"),
    ] {
        let t = text(field);
        let title = if t.contains(',') { many } else { one };
        doc.field(2, title, if t.is_empty() { "<none>" } else { &t });
    }
}

fn state(doc: &mut Doc, title: &str, s: Option<&Value>) {
    let get = |k: &str| s.and_then(|s| s.get(k)).filter(|v| !v.is_null());
    if let Some(r) = get("running") {
        doc.field(2, title, "Running");
        doc.field(3, "Started", when(r, "startedAt"));
    } else if let Some(t) = get("terminated") {
        doc.field(2, title, "Terminated");
        if !t.str_at("reason").is_empty() {
            doc.field(3, "Reason", t.str_at("reason"));
        }
        if !t.str_at("message").is_empty() {
            doc.field(3, "Message", t.str_at("message"));
        }
        doc.field(
            3,
            "Exit Code",
            t.int_at("exitCode").unwrap_or(0).to_string(),
        );
        if t.int_at("signal").unwrap_or(0) > 0 {
            doc.field(3, "Signal", t.int_at("signal").unwrap_or(0).to_string());
        }
        doc.field(3, "Started", when(t, "startedAt"));
        doc.field(3, "Finished", when(t, "finishedAt"));
    } else {
        doc.field(2, title, "Waiting");
        let reason = get("waiting").map_or("", |w| w.str_at("reason"));
        if !reason.is_empty() {
            doc.field(3, "Reason", reason);
        }
    }
}

/// One line for a probe. Mirrors `DescribeProbe`.
pub(crate) fn probe(p: &Value) -> String {
    let n = |k: &str| p.int_at(k).unwrap_or(0);
    let attrs = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        n("initialDelaySeconds"),
        n("timeoutSeconds"),
        n("periodSeconds"),
        n("successThreshold"),
        n("failureThreshold")
    );
    let port = |path: &str| show(p, path);
    if let Some(e) = p.get("exec") {
        let words: Vec<&str> = e
            .list_at("command")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        return format!("exec [{}] {attrs}", words.join(" "));
    }
    if let Some(h) = p.get("httpGet") {
        let mut path = h.str_at("path").to_owned();
        if !path.is_empty() && !path.starts_with('/') {
            path.insert(0, '/');
        }
        let path = path.replace('?', "%3F").replace(' ', "%20");
        return format!(
            "http-get {}://{}:{}{path} {attrs}",
            h.str_at("scheme").to_lowercase(),
            h.str_at("host"),
            port("httpGet.port")
        );
    }
    if let Some(t) = p.get("tcpSocket") {
        return format!(
            "tcp-socket {}:{} {attrs}",
            t.str_at("host"),
            port("tcpSocket.port")
        );
    }
    if let Some(g) = p.get("grpc") {
        return format!(
            "grpc <pod>:{} {} {attrs}",
            port("grpc.port"),
            g.str_at("service")
        );
    }
    format!("unknown {attrs}")
}

fn environment(doc: &mut Doc, c: &Value, pod: Option<&Value>) {
    let from = c.list_at("envFrom");
    if !from.is_empty() {
        doc.line(2, "Environment Variables from:");
        for e in from {
            let (what, r) = match e.get("configMapRef") {
                Some(r) => ("ConfigMap", r),
                None => ("Secret", e.get("secretRef").unwrap_or(&Value::Null)),
            };
            let prefix = e.str_at("prefix");
            let what = if prefix.is_empty() {
                what.to_owned()
            } else {
                format!("{what} with prefix '{prefix}'")
            };
            doc.line(
                3,
                format!(
                    "{}\t{what}\tOptional: {}",
                    r.str_at("name"),
                    r.bool_at("optional")
                ),
            );
        }
    }
    let list = c.list_at("env");
    doc.line(
        2,
        if list.is_empty() {
            "Environment:\t<none>"
        } else {
            "Environment:"
        },
    );
    for e in list {
        let name = e.str_at("name");
        let Some(source) = e.get("valueFrom").filter(|v| !v.is_null()) else {
            for (i, s) in e.str_at("value").split('\n').enumerate() {
                doc.line(
                    3,
                    if i == 0 {
                        format!("{name}:\t{s}")
                    } else {
                        format!("\t{s}")
                    },
                );
            }
            continue;
        };
        if let Some(f) = source.get("fieldRef") {
            let value = pod
                .map(|p| field_of(p, f.str_at("fieldPath")))
                .unwrap_or_default();
            doc.line(
                3,
                format!(
                    "{name}:\t{value} ({}:{})",
                    f.str_at("apiVersion"),
                    f.str_at("fieldPath")
                ),
            );
        } else if let Some(r) = source.get("resourceFieldRef") {
            let value = resource_of(c, r);
            let resource = r.str_at("resource");
            let value = if value == "0"
                && matches!(
                    resource,
                    "limits.cpu" | "limits.memory" | "limits.ephemeral-storage"
                ) {
                "node allocatable".to_owned()
            } else {
                value
            };
            doc.line(3, format!("{name}:\t{value} ({resource})"));
        } else if let Some(s) = source.get("secretKeyRef") {
            doc.line(
                3,
                format!(
                    "{name}:\t<set to the key '{}' in secret '{}'>\tOptional: {}",
                    s.str_at("key"),
                    s.str_at("name"),
                    s.bool_at("optional")
                ),
            );
        } else if let Some(s) = source.get("configMapKeyRef") {
            doc.line(
                3,
                format!(
                    "{name}:\t<set to the key '{}' of config map '{}'>\tOptional: {}",
                    s.str_at("key"),
                    s.str_at("name"),
                    s.bool_at("optional")
                ),
            );
        }
    }
}

/// The value of a downward field of a pod.
pub(crate) fn field_of(pod: &Value, path: &str) -> String {
    if let Some((map, key)) = path.split_once("['") {
        let key = key.trim_end_matches("']");
        return pod
            .at(map)
            .and_then(|m| m.get(key))
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned();
    }
    match path {
        "metadata.annotations" | "metadata.labels" => {
            let m = pod.at(path).and_then(Value::as_map);
            m.map_or_else(Vec::new, |m| {
                m.iter()
                    .map(|(k, v)| format!("{k}={}", crate::flags::quoted(v.as_str().unwrap_or(""))))
                    .collect::<Vec<_>>()
            })
            .join("\n")
        }
        _ => show(pod, path),
    }
}

fn resource_of(c: &Value, r: &Value) -> String {
    let resource = r.str_at("resource");
    let Some((side, name)) = resource.split_once('.') else {
        return String::new();
    };
    let text = c
        .at("resources")
        .and_then(|x| x.get(side))
        .and_then(|x| x.get(name))
        .map(crate::jsonpath::text)
        .unwrap_or_default();
    let value = quantity::read(&text).unwrap_or_default();
    let divisor = quantity::read(&show(r, "divisor")).filter(|d| d.nanos > 0);
    let divisor = divisor.map_or(1_000_000_000, |d| d.nanos);
    ((value.nanos + divisor - 1).div_euclid(divisor)).to_string()
}

fn mounts(doc: &mut Doc, c: &Value) {
    let mut list: Vec<&Value> = c.list_at("volumeMounts").iter().collect();
    doc.line(
        2,
        if list.is_empty() {
            "Mounts:\t<none>"
        } else {
            "Mounts:"
        },
    );
    list.order_by(|a, b| a.str_at("mountPath").cmp(b.str_at("mountPath")));
    for m in list {
        let mut flags = if m.bool_at("readOnly") {
            "ro".to_owned()
        } else {
            "rw".to_owned()
        };
        if !m.str_at("subPath").is_empty() {
            flags.push_str(&format!(
                ",path={}",
                crate::flags::quoted(m.str_at("subPath"))
            ));
        }
        doc.line(
            3,
            format!(
                "{} from {} ({flags})",
                m.str_at("mountPath"),
                m.str_at("name")
            ),
        );
    }
    let devices = c.list_at("volumeDevices");
    if !devices.is_empty() {
        doc.line(2, "Devices:");
        for v in devices {
            doc.line(
                3,
                format!("{} from {}", v.str_at("devicePath"), v.str_at("name")),
            );
        }
    }
}

/// `Volumes:`.
pub(crate) fn volumes(doc: &mut Doc, list: &[Value], space: &str, minor: Minor) {
    if list.is_empty() {
        doc.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    doc.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for v in list {
        doc.line(1, format!("{indent}{}:", v.str_at("name")));
        let mut say = |name: &str, value: &str| doc.field(2, name, value);
        let text = |path: &str| show(v, path);
        let optional = |path: &str| v.bool_at(path).to_string();
        if let Some(h) = v.get("hostPath") {
            say("Type", "HostPath (bare host directory volume)");
            say("Path", h.str_at("path"));
            let t = h.get("type").map(crate::jsonpath::text);
            say("HostPathType", t.as_deref().unwrap_or("<none>"));
        } else if v.get("emptyDir").is_some() {
            say(
                "Type",
                "EmptyDir (a temporary directory that shares a pod's lifetime)",
            );
            say("Medium", v.str_at("emptyDir.medium"));
            let limit = text("emptyDir.sizeLimit");
            say(
                "SizeLimit",
                if limit.is_empty() || limit == "0" {
                    "<unset>"
                } else {
                    &limit
                },
            );
        } else if v.get("secret").is_some() {
            say("Type", "Secret (a volume populated by a Secret)");
            say("SecretName", v.str_at("secret.secretName"));
            say("Optional", &optional("secret.optional"));
        } else if v.get("configMap").is_some() {
            say("Type", "ConfigMap (a volume populated by a ConfigMap)");
            say("Name", v.str_at("configMap.name"));
            say("Optional", &optional("configMap.optional"));
        } else if v.get("persistentVolumeClaim").is_some() {
            say(
                "Type",
                "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            );
            say("ClaimName", v.str_at("persistentVolumeClaim.claimName"));
            say("ReadOnly", &optional("persistentVolumeClaim.readOnly"));
        } else if v.get("nfs").is_some() {
            say(
                "Type",
                "NFS (an NFS mount that lasts the lifetime of a pod)",
            );
            say("Server", v.str_at("nfs.server"));
            say("Path", v.str_at("nfs.path"));
            say("ReadOnly", &optional("nfs.readOnly"));
        } else if v.get("downwardAPI").is_some() {
            say(
                "Type",
                "DownwardAPI (a volume populated by information about the pod)",
            );
            doc.line(2, "Items:");
            for i in v.list_at("downwardAPI.items") {
                let from = i
                    .at("fieldRef.fieldPath")
                    .or_else(|| i.at("resourceFieldRef.resource"))
                    .and_then(Value::as_str)
                    .unwrap_or("");
                doc.line(3, format!("{from} -> {}", i.str_at("path")));
            }
        } else if v.get("csi").is_some() {
            say(
                "Type",
                "CSI (a Container Storage Interface (CSI) volume source)",
            );
            say("Driver", v.str_at("csi.driver"));
            say("FSType", v.str_at("csi.fsType"));
            say("ReadOnly", &optional("csi.readOnly"));
            labels(doc, "    VolumeAttributes", v.at("csi.volumeAttributes"));
        } else if v.get("projected").is_some() {
            say(
                "Type",
                "Projected (a volume that contains injected data from multiple sources)",
            );
            for s in v.list_at("projected.sources") {
                if let Some(x) = s.get("secret") {
                    say("SecretName", x.str_at("name"));
                    if minor >= Minor::V1_36 {
                        say("Optional", &x.bool_at("optional").to_string());
                    } else {
                        say(
                            "SecretOptionalName",
                            x.get("optional")
                                .and_then(Value::as_bool)
                                .map_or("<nil>", |b| if b { "true" } else { "false" }),
                        );
                    }
                } else if s.get("downwardAPI").is_some() {
                    say("DownwardAPI", "true");
                } else if let Some(x) = s.get("configMap") {
                    say("ConfigMapName", x.str_at("name"));
                    if minor >= Minor::V1_36 {
                        say("Optional", &x.bool_at("optional").to_string());
                    } else {
                        say(
                            "ConfigMapOptional",
                            x.get("optional")
                                .and_then(Value::as_bool)
                                .map_or("<nil>", |b| if b { "true" } else { "false" }),
                        );
                    }
                } else if let Some(x) = s.get("serviceAccountToken") {
                    say("TokenExpirationSeconds", &show(x, "expirationSeconds"));
                }
            }
        } else if v.get("ephemeral").is_some() {
            say(
                "Type",
                "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
            );
        } else {
            doc.line(1, "<unknown>");
        }
    }
}

/// `Topology Spread Constraints`, if any.
pub(crate) fn spread(doc: &mut Doc, list: &[Value], space: &str) {
    let mut list: Vec<&Value> = list.iter().collect();
    list.order_by(|a, b| a.str_at("topologyKey").cmp(b.str_at("topologyKey")));
    for (i, c) in list.into_iter().enumerate() {
        let head = if i == 0 {
            format!("{space}Topology Spread Constraints:\t")
        } else {
            "\t".to_owned()
        };
        let mut text = format!(
            "{head}{}:{} when max skew {} is exceeded",
            c.str_at("topologyKey"),
            c.str_at("whenUnsatisfiable"),
            c.int_at("maxSkew").unwrap_or(0)
        );
        if let Some(s) = c.get("labelSelector").filter(|s| !s.is_null()) {
            text.push_str(&format!(" for selector {}", selector::text(Some(s))));
        }
        doc.line(0, text);
    }
}

/// `Tolerations`.
pub(crate) fn tolerations(doc: &mut Doc, title: &str, list: &[Value]) {
    if list.is_empty() {
        doc.line(0, format!("{title}:\t<none>"));
        return;
    }
    let mut list: Vec<&Value> = list.iter().collect();
    list.order_by(|a, b| a.str_at("key").cmp(b.str_at("key")));
    for (i, t) in list.into_iter().enumerate() {
        let mut text = if i == 0 {
            format!("{title}:\t")
        } else {
            "\t".to_owned()
        };
        let (key, value, effect) = (t.str_at("key"), t.str_at("value"), t.str_at("effect"));
        text.push_str(key);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
        if !effect.is_empty() {
            text.push(':');
            text.push_str(effect);
        }
        if t.str_at("operator") == "Exists" && value.is_empty() {
            text.push_str(if key.is_empty() && effect.is_empty() {
                "op=Exists"
            } else {
                " op=Exists"
            });
        }
        if let Some(s) = t.int_at("tolerationSeconds") {
            text.push_str(&format!(" for {s}s"));
        }
        doc.line(0, text);
    }
}
