//! What the kubelet reads of a pod's spec, once.

use super::image_manager::PullPolicy;
use super::prober::{ProbeKind, ProbeSpec};
use super::status::RestartPolicy;
use rollout_api::{Minor, Str, Value, object};
use std::rc::Rc;

/// A pod's spec as the kubelet sees it.
#[derive(Debug)]
pub struct PodPlan {
    /// Restart policy.
    pub policy: RestartPolicy,
    /// Init containers, then containers.
    pub containers: Vec<ContainerPlan>,
    /// How many of them are init containers.
    pub init: usize,
    /// `spec.terminationGracePeriodSeconds`.
    pub grace: i64,
    /// Readiness gates.
    pub gates: Vec<Str>,
    /// ConfigMaps and Secrets that volumes need: volume, kind, name.
    pub volumes: Vec<VolumeNeed>,
    /// It has volumes from claims.
    pub claims: bool,
    /// `status.qosClass`.
    pub qos: &'static str,
    /// The pod uses its node's network.
    pub host_network: bool,
}

/// A volume that needs an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VolumeNeed {
    /// Name of the volume.
    pub volume: Str,
    /// The object.
    pub source: ConfigSource,
    /// Keys that must be in it.
    pub keys: Vec<Str>,
    /// Nobody minds if it is not there.
    pub optional: bool,
}

/// A ConfigMap or a Secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigSource {
    /// `configmap` or `secret`, as errors write it.
    pub secret: bool,
    /// Its name.
    pub name: Str,
    /// One key of it; empty: all.
    pub key: Str,
}

/// Where a container's environment comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnvPlan {
    /// Name of the variable; empty for `envFrom`.
    pub name: Str,
    /// What it needs; `None`: a plain value.
    pub source: Option<ConfigSource>,
}

/// How a probe asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Handler {
    /// `httpGet`.
    Http {
        /// `http` or `https`.
        scheme: &'static str,
        /// Number.
        port: i64,
        /// Path with its slash.
        path: Str,
    },
    /// `tcpSocket`.
    Tcp {
        /// Number.
        port: i64,
    },
    /// `grpc`.
    Grpc {
        /// Number.
        port: i64,
    },
    /// `exec`.
    Exec {
        /// Words.
        command: Vec<Str>,
    },
}

/// A probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProbePlan {
    /// Which.
    pub kind: ProbeKind,
    /// Thresholds.
    pub spec: ProbeSpec,
    /// Milliseconds.
    pub period: u64,
    /// Milliseconds.
    pub timeout: u64,
    /// How it asks.
    pub handler: Handler,
    /// Its own grace period.
    pub grace: Option<i64>,
    /// The name of a port that the container does not have: nothing can be asked.
    pub lost_port: Option<Str>,
}

/// A container's spec.
#[derive(Debug)]
pub struct ContainerPlan {
    /// Name.
    pub name: Str,
    /// As written.
    pub image: Str,
    /// When it is pulled.
    pub pull: PullPolicy,
    /// An init container.
    pub init: bool,
    /// An init container with `restartPolicy: Always`.
    pub sidecar: bool,
    /// Its probes.
    pub probes: Vec<ProbePlan>,
    /// Milliseconds of its preStop hook; `None`: none.
    pub pre_stop: Option<u64>,
    /// Milliseconds of its postStart hook; `None`: none.
    pub post_start: Option<u64>,
    /// Environment.
    pub env: Vec<EnvPlan>,
    /// ConfigMaps and Secrets that it reads once, at its start: of the environment, and of `subPath` mounts.
    pub reads: Vec<(bool, Str)>,
    /// `securityContext.readOnlyRootFilesystem`.
    pub read_only_root: bool,
    /// `runAsNonRoot`, from the container or the pod.
    pub run_as_non_root: bool,
    /// `runAsUser`, from the container or the pod.
    pub run_as_user: Option<i64>,
    /// It has a memory limit.
    pub memory_limit: bool,
    /// What its command line does, as far as it can be told.
    pub command: CommandPlan,
    /// As the runtime writes it.
    pub full: Str,
    /// Registry and path.
    pub repository: Str,
}

/// What a simple command line does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommandPlan {
    /// Whatever the image does.
    Image,
    /// Ends after a time with a code.
    Exits {
        /// Milliseconds.
        after: u64,
        /// Exit code.
        code: i64,
    },
}

impl PodPlan {
    /// Reads a pod.
    pub fn of(pod: &Value) -> PodPlan {
        let null = Value::Null;
        let spec = pod.get("spec").unwrap_or(&null);
        let init = spec.list_at("initContainers");
        let mut containers: Vec<ContainerPlan> = init
            .iter()
            .map(|c| ContainerPlan::of(c, spec, true))
            .collect();
        containers.extend(
            spec.list_at("containers")
                .iter()
                .map(|c| ContainerPlan::of(c, spec, false)),
        );
        PodPlan {
            policy: RestartPolicy::parse(spec.str_at("restartPolicy")),
            containers,
            init: init.len(),
            grace: spec.int_at("terminationGracePeriodSeconds").unwrap_or(30),
            gates: spec
                .list_at("readinessGates")
                .iter()
                .filter_map(|g| g.shared_str_at("conditionType"))
                .collect(),
            volumes: spec
                .list_at("volumes")
                .iter()
                .flat_map(volume_needs)
                .collect(),
            claims: crate::volumes::claims_of(pod).next().is_some(),
            qos: qos_class(spec),
            host_network: spec.bool_at("hostNetwork"),
        }
    }
}

/// ConfigMaps and Secrets of a volume, one or (projected) several.
/// Differs: the certificate that every pod's token volume names is not an object here.
fn volume_needs(v: &Value) -> Vec<VolumeNeed> {
    let volume = v.shared_str_at("name").unwrap_or_default();
    let need = |source: &Value, secret: bool, field: &str| {
        let name = source.shared_str_at(field)?;
        (name != *"kube-root-ca.crt").then(|| VolumeNeed {
            volume: volume.clone(),
            source: ConfigSource {
                secret,
                name,
                key: Str::default(),
            },
            keys: source
                .list_at("items")
                .iter()
                .filter_map(|i| i.shared_str_at("key"))
                .collect(),
            optional: source.bool_at("optional"),
        })
    };
    let either = |v: &Value, secret_name: &str| match (v.get("configMap"), v.get("secret")) {
        (Some(s), _) => need(s, false, "name"),
        (_, Some(s)) => need(s, true, secret_name),
        _ => None,
    };
    match v.get("projected") {
        Some(p) => p
            .list_at("sources")
            .iter()
            .filter_map(|s| either(s, "name"))
            .collect(),
        None => either(v, "secretName").into_iter().collect(),
    }
}

impl ContainerPlan {
    fn of(c: &Value, spec: &Value, init: bool) -> ContainerPlan {
        let own = c.get("securityContext");
        let pod = spec.get("securityContext");
        let either = |key: &str| {
            own.and_then(|s| s.get(key))
                .or_else(|| pod.and_then(|s| s.get(key)))
        };
        let kinds = [
            (ProbeKind::Startup, "startupProbe"),
            (ProbeKind::Liveness, "livenessProbe"),
            (ProbeKind::Readiness, "readinessProbe"),
        ];
        let name = crate::images::ImageName::of(c.str_at("image"));
        ContainerPlan {
            name: c.shared_str_at("name").unwrap_or_default(),
            image: c.shared_str_at("image").unwrap_or_default(),
            pull: PullPolicy::parse(c.str_at("imagePullPolicy")),
            init,
            sidecar: init && c.str_at("restartPolicy") == "Always",
            probes: kinds
                .iter()
                .filter_map(|(kind, field)| probe(*kind, c.get(field)?, c))
                .collect(),
            pre_stop: c.at("lifecycle.preStop").map(hook_millis),
            post_start: c.at("lifecycle.postStart").map(hook_millis),
            env: environment(c),
            reads: reads(c, spec),
            read_only_root: own.is_some_and(|s| s.bool_at("readOnlyRootFilesystem")),
            run_as_non_root: either("runAsNonRoot")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            run_as_user: either("runAsUser").and_then(Value::as_int),
            memory_limit: c.at("resources.limits.memory").is_some(),
            command: command_plan(c),
            full: name.full().into(),
            repository: name.repository.into(),
        }
    }
}

/// Mirrors the volume mounts of a container status (from 1.31 on).
pub fn mounts(c: &Value, version: Minor) -> Option<Value> {
    let list = c.list_at("volumeMounts");
    if list.is_empty() || version < Minor(31) {
        return None;
    }
    let items = list.iter().map(|m| {
        let mut v = object! {
            "mountPath" => m.shared_str_at("mountPath").unwrap_or_default(),
            "name" => m.shared_str_at("name").unwrap_or_default(),
        };
        if m.bool_at("readOnly") {
            v.map_mut().insert("readOnly", true);
            v.map_mut().insert("recursiveReadOnly", "Disabled");
        }
        v
    });
    Some(Value::list(items.collect()))
}

fn environment(c: &Value) -> Vec<EnvPlan> {
    let source = |v: Option<&Value>, secret: bool| -> Option<ConfigSource> {
        let v = v?;
        if v.bool_at("optional") {
            return None;
        }
        let key = v.shared_str_at("key").unwrap_or_default();
        Some(ConfigSource {
            secret,
            name: v.shared_str_at("name")?,
            key,
        })
    };
    let from = c.list_at("envFrom").iter().map(|e| EnvPlan {
        name: Str::default(),
        source: source(e.get("configMapRef"), false).or_else(|| source(e.get("secretRef"), true)),
    });
    let plain = c.list_at("env").iter().map(|e| EnvPlan {
        name: e.shared_str_at("name").unwrap_or_default(),
        source: source(e.at("valueFrom.configMapKeyRef"), false)
            .or_else(|| source(e.at("valueFrom.secretKeyRef"), true)),
    });
    from.chain(plain).collect()
}

/// What a container reads once, at its start.
fn reads(c: &Value, spec: &Value) -> Vec<(bool, Str)> {
    let mut out: Vec<(bool, Str)> = Vec::new();
    let mut add = |secret: bool, name: Option<Str>| {
        if let Some(name) = name
            && !out.contains(&(secret, name.clone()))
        {
            out.push((secret, name));
        }
    };
    for e in c.list_at("envFrom") {
        add(false, e.shared_str_at("configMapRef.name"));
        add(true, e.shared_str_at("secretRef.name"));
    }
    for e in c.list_at("env") {
        add(false, e.shared_str_at("valueFrom.configMapKeyRef.name"));
        add(true, e.shared_str_at("valueFrom.secretKeyRef.name"));
    }
    let mounts = c.list_at("volumeMounts").iter();
    for mount in mounts.filter(|m| m.get("subPath").is_some() || m.get("subPathExpr").is_some()) {
        let volumes = spec.list_at("volumes").iter();
        for v in volumes.filter(|v| v.get("name") == mount.get("name")) {
            for need in volume_needs(v) {
                add(need.source.secret, Some(need.source.name));
            }
        }
    }
    out
}

/// A port by number or by the name of a container port.
fn port(v: Option<&Value>, c: &Value) -> i64 {
    match v {
        Some(Value::Int(n)) => *n,
        Some(Value::String(name)) => {
            let named = c
                .list_at("ports")
                .iter()
                .find(|p| p.str_at("name") == name.as_str());
            named
                .and_then(|p| p.int_at("containerPort"))
                .or_else(|| name.parse().ok())
                .unwrap_or(0)
        }
        _ => 0,
    }
}

fn probe(kind: ProbeKind, v: &Value, c: &Value) -> Option<ProbePlan> {
    let handler = if let Some(h) = v.get("httpGet") {
        let path = h.str_at("path");
        let slash = if path.starts_with('/') { "" } else { "/" };
        Handler::Http {
            scheme: if h.str_at("scheme") == "HTTPS" {
                "https"
            } else {
                "http"
            },
            port: port(h.get("port"), c),
            path: format!("{slash}{path}").into(),
        }
    } else if let Some(h) = v.get("tcpSocket") {
        Handler::Tcp {
            port: port(h.get("port"), c),
        }
    } else if let Some(h) = v.get("grpc") {
        Handler::Grpc {
            port: port(h.get("port"), c),
        }
    } else if let Some(h) = v.get("exec") {
        let words = h.list_at("command").iter();
        Handler::Exec {
            command: words.filter_map(|w| w.as_str().map(Str::copy)).collect(),
        }
    } else {
        return None;
    };
    // Absent and 0 both mean the default.
    let number = |key: &str, default: i64| v.int_at(key).filter(|n| *n > 0).unwrap_or(default);
    let threshold =
        |key: &str, default: i64| u32::try_from(number(key, default)).unwrap_or(u32::MAX);
    let asked = ["httpGet", "tcpSocket"].iter().find_map(|way| v.get(way));
    let name = asked.and_then(|h| h.get("port")).and_then(Value::as_str);
    let lost_port = name.filter(|_| port(asked.and_then(|h| h.get("port")), c) == 0);
    Some(ProbePlan {
        lost_port: lost_port.map(Str::copy),
        kind,
        spec: ProbeSpec {
            initial_delay: v.int_at("initialDelaySeconds").unwrap_or(0),
            failure_threshold: threshold("failureThreshold", 3),
            success_threshold: threshold("successThreshold", 1),
        },
        period: number("periodSeconds", 10).saturating_mul(1000) as u64,
        timeout: number("timeoutSeconds", 1).saturating_mul(1000) as u64,
        handler,
        grace: v.int_at("terminationGracePeriodSeconds"),
    })
}

/// How long a hook takes: a sleep its seconds, anything else no time.
fn hook_millis(hook: &Value) -> u64 {
    if let Some(seconds) = hook.at("sleep.seconds").and_then(Value::as_int) {
        return u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
    }
    let words: Vec<&str> = hook
        .list_at("exec.command")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    sleep_millis(&words.join(" "))
}

/// The sum of all `sleep N` in a command line.
fn sleep_millis(line: &str) -> u64 {
    let mut words = line
        .split(|c: char| c.is_whitespace() || c == ';' || c == '&')
        .filter(|w| !w.is_empty());
    let mut sum: u64 = 0;
    while let Some(word) = words.next() {
        if word == "sleep" || word.ends_with("/sleep") {
            sum = sum.saturating_add(words.next().and_then(sleep_argument).unwrap_or(0));
        }
    }
    sum
}

fn sleep_argument(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(n) => (n, text.as_bytes().last().copied().unwrap_or(b's')),
        None => (text, b's'),
    };
    let (int, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let int: u64 = if int.is_empty() { 0 } else { int.parse().ok()? };
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let ms = int.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    ms.checked_mul(match unit {
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        _ => 1,
    })
}

/// Recognizes `exit N`, `true`, `false` and `sleep N` in a command line, the way exercises use them.
fn command_plan(c: &Value) -> CommandPlan {
    let words: Vec<&str> = c
        .list_at("command")
        .iter()
        .chain(c.list_at("args"))
        .filter_map(Value::as_str)
        .collect();
    if c.list_at("command").is_empty() {
        return CommandPlan::Image;
    }
    let line = words.join(" ");
    if [
        "while", "until", "for ", "tail -f", "nginx", "httpd", "exec ",
    ]
    .iter()
    .any(|w| line.contains(w))
    {
        return CommandPlan::Image;
    }
    let after = sleep_millis(&line);
    let tokens: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || c == ';' || c == '&')
        .filter(|w| !w.is_empty())
        .collect();
    if line.contains("sleep infinity") {
        return CommandPlan::Image;
    }
    if let Some(i) = tokens.iter().position(|t| *t == "exit") {
        let code = tokens
            .get(i + 1)
            .and_then(|t| t.parse::<u8>().ok())
            .unwrap_or(0);
        return CommandPlan::Exits {
            after,
            code: code.into(),
        };
    }
    match tokens.last() {
        Some(&"false" | &"/bin/false") => CommandPlan::Exits { after, code: 1 },
        Some(&"true" | &"/bin/true") => CommandPlan::Exits { after, code: 0 },
        _ if after > 0 => CommandPlan::Exits { after, code: 0 },
        _ => CommandPlan::Image,
    }
}

/// Mirrors `ComputePodQOS`, pkg/apis/core/v1/helper/qos/qos.go.
pub fn qos_class(spec: &Value) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    for c in spec
        .list_at("containers")
        .iter()
        .chain(spec.list_at("initContainers"))
    {
        let get = |group: &str, key: &str| {
            c.at("resources")
                .and_then(|r| r.get(group))
                .and_then(|g| g.get(key))
        };
        for key in ["cpu", "memory"] {
            let limit = get("limits", key);
            let request = get("requests", key).or(limit);
            any |= limit.is_some() || request.is_some();
            guaranteed &= limit.is_some() && limit == request;
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// Plans of pods with the same spec are shared.
pub type SharedPlan = Rc<PodPlan>;

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> CommandPlan {
        let list = words.iter().map(|w| Value::text(w)).collect();
        command_plan(&object! { "command" => Value::list(list) })
    }

    #[test]
    fn command_lines() {
        assert_eq!(command(&[]), CommandPlan::Image);
        assert_eq!(
            command(&["sh", "-c", "sleep 5; exit 3"]),
            CommandPlan::Exits {
                after: 5000,
                code: 3
            }
        );
        assert_eq!(
            command(&["sleep", "3600"]),
            CommandPlan::Exits {
                after: 3_600_000,
                code: 0
            }
        );
        assert_eq!(
            command(&["/bin/false"]),
            CommandPlan::Exits { after: 0, code: 1 }
        );
        assert_eq!(
            command(&["sh", "-c", "while true; do date; sleep 5; done"]),
            CommandPlan::Image
        );
        assert_eq!(command(&["my-server", "--port", "80"]), CommandPlan::Image);
    }

    #[test]
    fn hooks() {
        let exec = |line: &'static str| {
            object! { "exec" => object! { "command" => vec![Value::from("/bin/sh"), "-c".into(), line.into()] } }
        };
        assert_eq!(hook_millis(&exec("sleep 10")), 10_000);
        assert_eq!(hook_millis(&exec("/bin/sleep 1.5 && nginx -s quit")), 1500);
        assert_eq!(hook_millis(&exec("nginx -s quit; sleep 2m")), 120_000);
        assert_eq!(
            hook_millis(&object! { "sleep" => object! { "seconds" => 7 } }),
            7000
        );
    }

    #[test]
    fn qos() {
        let spec = |resources: Value| {
            object! { "containers" => vec![object! { "resources" => resources }] }
        };
        let both = object! { "cpu" => "1", "memory" => "1Gi" };
        assert_eq!(qos_class(&spec(Value::object())), "BestEffort");
        assert_eq!(
            qos_class(&spec(object! { "limits" => both.clone() })),
            "Guaranteed"
        );
        assert_eq!(
            qos_class(&spec(object! { "requests" => both })),
            "Burstable"
        );
    }
}
