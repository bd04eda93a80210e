//! What the rules ask about a text: its Deployments, Services and budgets, limits, hooks, ports.

use crate::cluster::Limits;
use rollout_api::intstr::IntOrString;
use rollout_api::{Minor, Value};
use rollout_manifest::documents::Document;

/// The objects of a text.
pub(super) struct Facts<'a> {
    /// Document and value.
    pub objects: Vec<(usize, &'a Value)>,
    /// Version of the cluster.
    pub version: Minor,
    /// What the largest node has.
    pub room: super::Room,
}

impl<'a> Facts<'a> {
    pub fn of(docs: &'a [Document], version: Minor, room: super::Room) -> Facts<'a> {
        let values = docs.iter().enumerate();
        Facts {
            objects: values
                .filter_map(|(i, d)| d.value().filter(|v| !v.is_null()).map(|v| (i, v)))
                .collect(),
            version,
            room,
        }
    }
    /// Objects of a kind.
    pub fn kind(&self, kind: &'static str) -> impl Iterator<Item = (usize, &'a Value)> + '_ {
        let objects = self.objects.iter().copied();
        objects.filter(move |(_, v)| v.str_at("kind") == kind)
    }
    /// Deployments that have a template with containers.
    pub fn deployments(&self) -> impl Iterator<Item = Deployment<'a>> + '_ {
        self.kind("Deployment")
            .map(|(document, value)| Deployment { document, value })
            .filter(|d| !d.containers().is_empty())
    }
    /// The Services that send requests to a Deployment's pods.
    pub fn services_of(&self, d: &Deployment<'_>) -> impl Iterator<Item = (usize, &'a Value)> + '_ {
        let labels = d.value.at("spec.template.metadata.labels").cloned();
        let namespace = d.namespace().to_owned();
        self.kind("Service").filter(move |(_, s)| {
            same_namespace(s, &namespace)
                && s.at("spec.selector")
                    .is_some_and(|sel| labels.as_ref().is_some_and(|l| selects(sel, l)))
        })
    }
}

pub(super) fn same_namespace(value: &Value, namespace: &str) -> bool {
    let own = value.str_at("metadata.namespace");
    (if own.is_empty() { "default" } else { own }) == namespace
}

/// Every label of a selector stands among the labels. An empty one selects nothing here.
pub(super) fn selects(selector: &Value, labels: &Value) -> bool {
    let Value::Map(map) = selector else {
        return false;
    };
    !selector.is_empty() && map.iter().all(|(k, v)| labels.get(k) == Some(v))
}

/// A Deployment of the text.
pub(super) struct Deployment<'a> {
    /// Its document.
    pub document: usize,
    /// What is written.
    pub value: &'a Value,
}

impl<'a> Deployment<'a> {
    pub fn name(&self) -> &'a str {
        self.value.str_at("metadata.name")
    }
    pub fn namespace(&self) -> &'a str {
        match self.value.str_at("metadata.namespace") {
            "" => "default",
            other => other,
        }
    }
    /// `deployment/web`, with the namespace where it is another.
    pub fn target(&self) -> String {
        match self.namespace() {
            "default" => format!("deployment/{}", self.name()),
            other => format!("-n {other} deployment/{}", self.name()),
        }
    }
    pub fn replicas(&self) -> i64 {
        self.value
            .int_at("spec.replicas")
            .unwrap_or(1)
            .clamp(0, 1_000_000)
    }
    pub fn containers(&self) -> &'a [Value] {
        self.value.list_at("spec.template.spec.containers")
    }
    pub fn is_recreate(&self) -> bool {
        self.value.str_at("spec.strategy.type") == "Recreate"
    }
    /// A limit as written, or the default.
    pub fn limit(&self, field: &str) -> Value {
        let path = format!("spec.strategy.rollingUpdate.{field}");
        self.value
            .at(&path)
            .cloned()
            .unwrap_or_else(|| Value::text("25%"))
    }
    /// The limits as the controller resolves them.
    pub fn limits(&self) -> Limits {
        let replicas = i32::try_from(self.replicas()).unwrap_or(i32::MAX);
        let resolve = |field: &str, up: bool| {
            let value = self.limit(field);
            IntOrString::of(Some(&value))
                .and_then(|i| i.scaled(replicas, up))
                .map_or(0, i64::from)
        };
        if self.is_recreate() {
            return Limits {
                desired: replicas.into(),
                surge: 0,
                unavailable: 0,
                rolling: false,
            };
        }
        let surge = resolve("maxSurge", true);
        let mut unavailable = resolve("maxUnavailable", false);
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        Limits {
            desired: replicas.into(),
            surge,
            unavailable: unavailable.min(replicas.into()),
            rolling: true,
        }
    }
    pub fn grace(&self) -> i64 {
        let path = "spec.template.spec.terminationGracePeriodSeconds";
        self.value.int_at(path).unwrap_or(30)
    }
    /// The path of a field that may not be there: then that of the nearest parent that is.
    pub fn place(&self, path: &str) -> String {
        let mut at = path;
        while self.value.at(at).is_none() {
            match at.rsplit_once('.') {
                Some((parent, _)) => at = parent,
                None => return String::new(),
            }
        }
        at.to_owned()
    }
    /// An update of the first container to a tag.
    pub fn update(&self, tag: &str) -> (String, String) {
        let c = &self.containers()[0];
        let image = format!("{}:{tag}", repository(c.str_at("image")));
        let line = format!(
            "kubectl set image {} {}={image}",
            self.target(),
            c.str_at("name")
        );
        (image, line)
    }
}

/// An image without tag and digest.
pub(super) fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// How long a container's preStop hook sleeps, as far as it can be read: `sleep`, or a `sleep N` in a command.
pub(super) fn hook_seconds(container: &Value) -> Option<i64> {
    let hook = container.at("lifecycle.preStop")?;
    if let Some(seconds) = hook.int_at("sleep.seconds") {
        return Some(seconds);
    }
    let words: Vec<&str> = hook
        .list_at("exec.command")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let line = words.join(" ");
    let mut words = line
        .split([' ', ';', '&', '|'])
        .skip_while(|w| !w.ends_with("sleep"));
    words.next()?;
    words
        .find(|w| !w.is_empty())?
        .trim_end_matches('s')
        .parse()
        .ok()
}

/// A number of a probe, or its default.
pub(super) fn probe_number(probe: &Value, field: &str, default: i64) -> i64 {
    probe.int_at(field).unwrap_or(default)
}

/// Seconds without an answer until a probe has failed.
pub(super) fn fails_after(probe: &Value) -> i64 {
    probe_number(probe, "periodSeconds", 10) * probe_number(probe, "failureThreshold", 3)
}
