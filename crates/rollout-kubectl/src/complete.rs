//! Completion of a kubectl line: commands, flags and their values, kinds, names of the cluster.

use crate::commands::{self, Command};
use crate::flags::{self, Flag};
use rollout_api::Order;
use rollout_api::kinds::{self, Resource, Support};
use rollout_api::{Kind, Minor};
use rollout_engine::Store;

/// One way to go on with a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The whole word.
    pub word: String,
    /// What it is, in a few words; may be empty.
    pub about: String,
    /// The word is not finished: no blank belongs behind it (`nginx=`, `deployment/`).
    pub open: bool,
}

impl Choice {
    /// A finished word.
    pub fn new(word: impl Into<String>, about: &str) -> Choice {
        let word = word.into();
        Choice {
            open: word.ends_with(['=', '/']),
            word,
            about: about.to_owned(),
        }
    }
}

/// What completion may look at.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The cluster.
    pub store: &'a Store,
    /// Version of client and server.
    pub version: Minor,
    /// Namespace of the context; empty: `default`.
    pub namespace: &'a str,
    /// Files that a line may name.
    pub files: &'a [String],
}

/// Kinds that the commands of rollouts take.
const ROLLED: &[&str] = &["deployment", "daemonset", "statefulset"];
const SCALED: &[&str] = &[
    "deployment",
    "replicaset",
    "statefulset",
    "replicationcontroller",
];
const EXPOSED: &[&str] = &["deployment", "pod", "replicaset", "service"];
/// Most choices of one word.
const MOST: usize = 200;

/// Ways to finish the word `last`, that stands behind `done` (the words after `kubectl`).
pub fn complete(done: &[String], last: &str, seen: &Seen<'_>) -> Vec<Choice> {
    let mut out = Vec::new();
    let (command, rest) = commands::find(done);
    let known = command.map_or_else(|| flags::flags_of(flags::GLOBAL), Command::all_flags);
    let place = Place {
        command,
        known: &known,
        seen,
        last,
        namespace: given_namespace(done, seen),
    };
    place.choices(&rest, &mut out);
    out.retain(|c| c.word.starts_with(last) && c.word != last);
    out.truncate(MOST);
    out
}

fn given_namespace(done: &[String], seen: &Seen<'_>) -> String {
    let mut namespace = if seen.namespace.is_empty() {
        "default"
    } else {
        seen.namespace
    };
    for (i, word) in done.iter().enumerate() {
        if word == "-n" || word == "--namespace" {
            namespace = done.get(i + 1).map_or(namespace, |n| n);
        }
        for head in ["--namespace=", "-n="] {
            namespace = word.strip_prefix(head).unwrap_or(namespace);
        }
    }
    namespace.to_owned()
}

struct Place<'a> {
    command: Option<&'static Command>,
    known: &'a [Flag],
    seen: &'a Seen<'a>,
    last: &'a str,
    namespace: String,
}

impl Place<'_> {
    fn choices(&self, rest: &[String], out: &mut Vec<Choice>) {
        if rest.iter().any(|w| w == "--") {
            return;
        }
        if let Some(flag) = self.waiting_flag(rest) {
            self.values(flag, "", out);
            return;
        }
        if let Some((name, _)) = self
            .last
            .split_once('=')
            .filter(|(n, _)| n.starts_with('-'))
        {
            let bare = name.trim_start_matches('-');
            let short = bare.chars().next().filter(|_| !name.starts_with("--"));
            let found = |f: &&Flag| f.name == bare || (short.is_some() && f.short == short);
            if let Some(flag) = self.known.iter().find(found) {
                self.values(flag.name, &format!("{name}="), out);
            }
            return;
        }
        if self.last.starts_with('-') {
            for flag in self.known.iter().filter(|f| f.name != "record") {
                let end = if flag.bare == Some("true") { "" } else { "=" };
                out.push(Choice::new(format!("--{}{end}", flag.name), flag.help));
            }
            return;
        }
        let path = self.command.map_or("", |c| c.path);
        let args = self.arguments(rest);
        for child in commands::children(path).filter(|_| args.is_empty()) {
            out.push(Choice::new(child.name(), child.short));
        }
        if self.command.is_some() {
            self.argument(path, &args, out);
        }
    }

    /// The flag that the next word is the value of.
    fn waiting_flag(&self, rest: &[String]) -> Option<&'static str> {
        let word = rest.last()?;
        let flag = if let Some(long) = word.strip_prefix("--") {
            self.known.iter().find(|f| f.name == long)?
        } else {
            let letter = word.strip_prefix('-').filter(|w| w.chars().count() == 1)?;
            self.known
                .iter()
                .find(|f| f.short == letter.chars().next())?
        };
        flag.bare.is_none().then_some(flag.name)
    }

    /// The words that are neither flags nor their values.
    fn arguments<'w>(&self, rest: &'w [String]) -> Vec<&'w str> {
        let mut out = Vec::new();
        let mut skip = false;
        for (i, word) in rest.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            if word.len() > 1 && word.starts_with('-') {
                skip = !word.contains('=') && self.waiting_flag(&rest[..=i]).is_some();
            } else {
                out.push(word.as_str());
            }
        }
        out
    }

    fn names(&self, kind: Kind) -> Vec<String> {
        let namespaced = kinds::of_kind(kind).is_none_or(|r| r.namespaced);
        if namespaced {
            let list = self.seen.store.list_in(kind, &self.namespace);
            list.map(|o| o.meta.name.to_string()).collect()
        } else {
            let list = self.seen.store.list(kind);
            list.map(|o| o.meta.name.to_string()).collect()
        }
    }

    /// `TYPE`, `TYPE/NAME` or, behind a type, `NAME`.
    fn object(&self, args: &[&str], only: &[&str], out: &mut Vec<Choice>) {
        let version = self.seen.version;
        let fits = |r: &Resource| only.is_empty() || only.contains(&r.singular.as_str());
        if let Some((word, _)) = self.last.split_once('/') {
            if let Some(r) = kinds::of_word(word, version) {
                for name in self.names(r.kind) {
                    out.push(Choice::new(format!("{word}/{name}"), r.kind.0));
                }
            }
            return;
        }
        match args.first() {
            None => {
                for r in kinds::resources() {
                    if r.version(version).is_some() && r.support != Support::Listed && fits(r) {
                        let word = if only.is_empty() {
                            r.plural
                        } else {
                            &r.singular
                        };
                        if !out.iter().any(|c| c.word == word) {
                            out.push(Choice::new(word, &r.short_names.join(",")));
                        }
                        if !only.is_empty() {
                            for name in self.names(r.kind) {
                                out.push(Choice::new(format!("{word}/{name}"), r.kind.0));
                            }
                        }
                    }
                }
                if only.is_empty() && "all".starts_with(self.last) {
                    out.push(Choice::new("all", ""));
                }
            }
            Some(word) if !word.contains('/') => {
                if let Some(r) = kinds::of_word(word, version) {
                    for name in self.names(r.kind) {
                        if !args[1..].contains(&name.as_str()) {
                            out.push(Choice::new(name, r.kind.0));
                        }
                    }
                }
            }
            Some(_) => self.object(&[], only, out),
        }
    }

    fn argument(&self, path: &str, args: &[&str], out: &mut Vec<Choice>) {
        match path {
            "get" | "describe" | "delete" | "edit" | "label" | "annotate" | "patch" | "wait"
            | "diff" | "events" => self.object(args, &[], out),
            "explain" if args.is_empty() => self.object(args, &[], out),
            "expose" => self.object(args, EXPOSED, out),
            "scale" => self.object(args, SCALED, out),
            "autoscale" => self.object(args, &SCALED[..3], out),
            "set image" | "set resources" | "set env" | "set serviceaccount" => {
                let one = args.first().is_some_and(|a| a.contains('/')) || args.len() >= 2;
                if !one {
                    self.object(args, ROLLED, out);
                } else if path == "set image" {
                    self.container_images(args, out);
                }
            }
            "set selector" => self.object(args, &["service"], out),
            p if p.starts_with("rollout ") => self.object(args, ROLLED, out),
            "logs" | "exec" | "attach" | "port-forward" | "debug" | "cp" if args.is_empty() => {
                if !self.last.contains('/') {
                    for pod in self.names(Kind::POD) {
                        out.push(Choice::new(pod, "Pod"));
                    }
                }
                self.object(args, &["deployment", "replicaset", "service"], out);
            }
            "cordon" | "uncordon" | "drain" | "top node" => {
                for node in self.names(Kind::NODE) {
                    out.push(Choice::new(node, "Node"));
                }
            }
            "top pod" => {
                for pod in self.names(Kind::POD) {
                    out.push(Choice::new(pod, "Pod"));
                }
            }
            "taint" => self.object(args, &["node"], out),
            "completion" => {
                for shell in ["bash", "zsh", "fish", "powershell"] {
                    out.push(Choice::new(shell, ""));
                }
            }
            "config use-context" => out.push(Choice::new("kind-kind", "")),
            "auth can-i" if args.is_empty() => {
                for verb in [
                    "get", "list", "watch", "create", "update", "patch", "delete", "*",
                ] {
                    out.push(Choice::new(verb, ""));
                }
            }
            "auth can-i" => self.object(&[], &[], out),
            _ => {}
        }
    }

    /// `CONTAINER=`, and behind it the images of the cluster.
    fn container_images(&self, args: &[&str], out: &mut Vec<Choice>) {
        let (kind, name) = match args {
            [first, ..] if first.contains('/') => first.split_once('/').unwrap_or_default(),
            [kind, name, ..] => (*kind, *name),
            _ => return,
        };
        let Some(r) = kinds::of_word(kind, self.seen.version) else {
            return;
        };
        let store = self.seen.store;
        let found = store
            .list_in(r.kind, &self.namespace)
            .find(|o| o.meta.name == *name);
        for container in found.map_or(&[][..], |o| {
            o.value.list_at("spec.template.spec.containers")
        }) {
            let head = format!("{}=", container.str_at("name"));
            if self.last.starts_with(&head) {
                for image in self.images() {
                    out.push(Choice::new(format!("{head}{image}"), ""));
                }
            } else {
                out.push(Choice::new(head, container.str_at("image")));
            }
        }
    }

    /// Images that are in use.
    fn images(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for kind in [Kind::DEPLOYMENT, Kind::REPLICA_SET] {
            for o in self.seen.store.list(kind) {
                for c in o.value.list_at("spec.template.spec.containers") {
                    let image = c.str_at("image");
                    if !image.is_empty() && !out.iter().any(|i| i == image) {
                        out.push(image.to_owned());
                    }
                }
            }
        }
        out
    }

    fn values(&self, flag: &str, head: &str, out: &mut Vec<Choice>) {
        let path = self.command.map_or("", |c| c.path);
        let fixed: &[&str] = match flag {
            "output" if path == "get" => &[
                "wide",
                "yaml",
                "json",
                "name",
                "jsonpath=",
                "custom-columns=",
                "go-template=",
            ],
            "output" if path == "api-resources" => &["wide", "name"],
            "output" => &["yaml", "json", "name", "jsonpath=", "go-template="],
            "dry-run" => &["client", "server", "none"],
            "cascade" => &["background", "foreground", "orphan"],
            "for" if path == "events" => &["deployment/", "replicaset/", "pod/"],
            "for" => &[
                "condition=available",
                "condition=ready",
                "condition=progressing",
                "delete",
                "create",
                "jsonpath=",
            ],
            "types" => &["Normal", "Warning"],
            "restart" => &["Always", "OnFailure", "Never"],
            "type" if path == "patch" => &["strategic", "merge", "json"],
            "type" => &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
            "protocol" => &["TCP", "UDP", "SCTP"],
            "image-pull-policy" => &["Always", "IfNotPresent", "Never"],
            "sort-by" if path == "get" => &[".metadata.creationTimestamp", ".metadata.name"],
            "sort-by" => &["cpu", "memory"],
            "validate" => &["strict", "warn", "ignore"],
            "watch" | "wait" => &["true", "false"],
            "context" | "cluster" | "user" => &["kind-kind"],
            _ => &[],
        };
        for word in fixed {
            out.push(Choice::new(format!("{head}{word}"), ""));
        }
        match flag {
            "namespace" => {
                for name in self.names(Kind::NAMESPACE) {
                    out.push(Choice::new(format!("{head}{name}"), "Namespace"));
                }
            }
            "filename" | "patch-file" | "from-file" | "from-env-file" => {
                for file in self.seen.files {
                    out.push(Choice::new(format!("{head}{file}"), ""));
                }
            }
            "image" => {
                for image in self.images() {
                    out.push(Choice::new(format!("{head}{image}"), ""));
                }
            }
            "container" | "containers" => self.containers(head, out),
            "revision" | "to-revision" => self.revisions(head, out),
            "selector" => self.labels(head, out),
            _ => {}
        }
    }

    fn containers(&self, head: &str, out: &mut Vec<Choice>) {
        for o in self.seen.store.list_in(Kind::POD, &self.namespace) {
            for c in o.value.list_at("spec.containers") {
                let word = format!("{head}{}", c.str_at("name"));
                if !out.iter().any(|k| k.word == word) {
                    out.push(Choice::new(word, c.str_at("image")));
                }
            }
        }
    }

    fn revisions(&self, head: &str, out: &mut Vec<Choice>) {
        let mut found: Vec<(u64, String)> = Vec::new();
        for o in self.seen.store.list_in(Kind::REPLICA_SET, &self.namespace) {
            let text = |key: &str| {
                let value = o.value.get("metadata").and_then(|m| m.get("annotations"));
                value.and_then(|a| a.get(key)).and_then(|v| v.as_str())
            };
            let number = text("deployment.kubernetes.io/revision").and_then(|r| r.parse().ok());
            if let Some(number) = number {
                let cause = text("kubernetes.io/change-cause");
                let image = o.value.str_at("spec.template.spec.containers.0.image");
                found.push((number, cause.unwrap_or(image).to_owned()));
            }
        }
        found.order();
        for (number, cause) in found {
            out.push(Choice::new(format!("{head}{number}"), &cause));
        }
    }

    fn labels(&self, head: &str, out: &mut Vec<Choice>) {
        for o in self.seen.store.list_in(Kind::POD, &self.namespace) {
            for (key, value) in o.meta.labels.as_map().into_iter().flat_map(|m| m.iter()) {
                let word = format!("{head}{key}={}", value.as_str().unwrap_or(""));
                if !out.iter().any(|k| k.word == word) {
                    out.push(Choice::new(word, "label of pods"));
                }
            }
        }
    }
}
