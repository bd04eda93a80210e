//! Plays a scenario: steps at their times, pods by the script, everything the controllers do in no time.

use super::kubectl;
use super::measures::{Look, NAMESPACE};
use super::model::{Scenario, Until, When, read_behaviour, read_node};
use super::trace::Trace;
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, Map, Minor, ObjectKey, Str, Value, kinds, object};
use rollout_engine::client::{DeleteOptions, PatchType, WriteOptions};
use rollout_engine::scripted::{PodSet, ScriptedEvent};
use rollout_engine::time::SimTime;
use rollout_engine::{ClusterConfig, Engine, NodeSide, SimEvent, StepRecord, Store};
use std::rc::Rc;

/// The mark of the end.
const END: u32 = u32::MAX;
/// The mark of conditions that may have held long enough.
const STABLE: u32 = END - 1;
/// The mark of a command that wants to look again.
const WAKE: u32 = END - 2;
/// So long after the last change the controllers count as settled (`settle_ms`).
const SETTLE: u64 = 100;
/// A scenario that does not end by itself is given up after this time.
const PATIENCE: u64 = 3_600_000;
/// More events than a sane scenario has.
const MOST_EVENTS: u64 = 5_000_000;

/// Options of a run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The cluster's version.
    pub version: Minor,
    /// Seed of names and UIDs.
    pub seed: u64,
    /// Time passes in pieces of at most so many milliseconds, and after each the cluster goes on from a copy of itself:
    /// what comes of it must not change.
    pub pieces: Option<u64>,
}

/// What came of a run.
pub struct Outcome {
    /// Everything that a recording would hold.
    pub trace: Value,
    /// Expectations that did not hold, and problems.
    pub failed: Vec<String>,
    /// What can be walked through again.
    pub history: History,
}

/// Every step of a run, and what was stored now and then.
pub struct History {
    /// What was stored at the start.
    pub start: Store,
    /// The steps.
    pub steps: Vec<StepRecord>,
    /// What the engine itself held after so many steps.
    pub kept: Vec<(usize, Store)>,
}

/// So many steps lie between two stores that are kept, if no event goes on.
const KEEP_EVERY: usize = 16;

/// A scenario being played.
pub struct Runner<'s> {
    scenario: &'s Scenario,
    engine: Engine,
    trace: Trace,
    /// Index of the step that is looked at.
    step: usize,
    /// When the step before it was carried out.
    last_v: u64,
    /// The step's time is known: its mark is in the queue.
    planned: bool,
    /// Since when the end's conditions hold.
    stable: Option<u64>,
    last_work: u64,
    pieces: Option<u64>,
    variables: SortedMap<String, String>,
    followers: Vec<kubectl::Running>,
    /// When a waiting command looks again.
    wake: Option<u64>,
    failed: Vec<String>,
    history: History,
}

/// Plays a scenario to its end.
pub fn run(scenario: &Scenario, options: Options) -> Outcome {
    let config = ClusterConfig {
        version: options.version,
        seed: options.seed,
        start: scenario.started.unwrap_or(ClusterConfig::default().start),
        nodes: scenario.nodes.clone(),
        node_side: NodeSide::Scripted(scenario.script.clone()),
        pod_uids: scenario.pod_uids.clone(),
        ..ClusterConfig::default()
    };
    let watch = scenario
        .value
        .list_at("watch")
        .iter()
        .any(|w| w.as_str() == Some("endpointslices"));
    let name = scenario
        .value
        .get("deployment")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let engine = Engine::new(config);
    let history = History {
        start: engine.store().clone(),
        steps: Vec::new(),
        kept: Vec::new(),
    };
    let mut runner = Runner {
        scenario,
        engine,
        history,
        pieces: options.pieces.map(|p| p.max(1)),
        trace: Trace::new(watch, name),
        step: 0,
        last_v: 0,
        planned: false,
        stable: None,
        last_work: 0,
        variables: SortedMap::new(),
        followers: Vec::new(),
        wake: None,
        failed: Vec::new(),
    };
    runner.play();
    runner.note_outputs();
    let trace = runner.trace.finish(&runner.engine, scenario);
    Outcome {
        trace,
        failed: runner.failed,
        history: runner.history,
    }
}

fn is_busy(engine: &Engine) -> bool {
    let now = engine.now();
    engine
        .upcoming()
        .take_while(|(at, _)| *at <= now)
        .any(|(_, e)| !matches!(e, SimEvent::Scripted(_) | SimEvent::ExpireEvents))
}

impl Runner<'_> {
    fn now(&self) -> u64 {
        self.engine.now().0
    }
    fn deployment_name(&self) -> Option<&str> {
        self.scenario
            .value
            .get("deployment")
            .and_then(Value::as_str)
    }
    fn look(&self) -> Look<'_> {
        Look::at(&self.engine, &self.trace.names, self.deployment_name())
    }

    fn play(&mut self) {
        for _ in 0..MOST_EVENTS {
            if !is_busy(&self.engine) && self.at_rest() {
                return;
            }
            if self.engine.next_at().is_none_or(|at| at.0 > PATIENCE) {
                self.failed
                    .push(format!("step {}: nothing happens any more", self.step));
                return;
            }
            self.pass_in_pieces();
            let before = self.inputs();
            let records = self.engine.fire();
            if self.inputs() > before {
                self.trace.begin_epoch("kubelet".to_owned(), self.now());
                self.last_work = self.now();
            }
            self.take(&records);
            if let Some(mark) = self.take_mark() {
                match mark {
                    END => return,
                    STABLE => {}
                    WAKE => self.feed(&[]),
                    _ => self.carry_out_step(),
                }
            }
        }
        self.failed.push("too many events".to_owned());
    }

    /// Lets the time until the next event pass in pieces, if it is asked for.
    fn pass_in_pieces(&mut self) {
        let (Some(piece), Some(next)) = (self.pieces, self.engine.next_at()) else {
            return;
        };
        while self.now() + piece < next.0 {
            let to = SimTime(self.now() + piece);
            if !self.engine.advance_to(to).is_empty() {
                self.failed
                    .push(format!("something happened before {next}"));
            }
        }
        self.engine = self.engine.clone();
    }

    fn inputs(&self) -> u64 {
        self.engine
            .components()
            .scripted
            .as_ref()
            .map_or(0, |s| s.inputs())
    }

    fn take_mark(&mut self) -> Option<u32> {
        self.engine
            .script(|s, _| s.take_reached())
            .and_then(|(mark, _)| mark)
    }

    fn plan_mark(&mut self, at: u64, mark: u32) {
        self.engine.script(|_, world| {
            world.schedule_at(SimTime(at), SimEvent::Scripted(ScriptedEvent::Mark(mark)))
        });
    }

    /// The controllers rest: is it time for the next step, or the end? True at the end.
    fn at_rest(&mut self) -> bool {
        while let Some(step) = self.scenario.steps.get(self.step) {
            if self.planned || self.blocked() {
                return false;
            }
            let now = self.now();
            let due = match &step.when {
                When::At(at) => Some(at.0),
                When::After(span) => Some(self.last_v + span.0),
                When::Next => None,
                When::Holds(conditions, after) => {
                    if !self.look().holds(conditions) {
                        return false;
                    }
                    after.map(|a| now + a.0)
                }
            };
            match due {
                Some(at) => {
                    self.planned = true;
                    let mark = u32::try_from(self.step).unwrap_or(0);
                    self.plan_mark(at.max(now), mark);
                    return false;
                }
                None => {
                    self.engine.script(|s, world| s.step_follows(world));
                    self.carry_out_step();
                    if is_busy(&self.engine) {
                        return false;
                    }
                }
            }
        }
        if self.blocked() {
            return false;
        }
        match &self.scenario.until {
            Until::For(span) => {
                if !self.planned {
                    self.planned = true;
                    let end = self.last_v + span.0 + self.scenario.late.0;
                    self.plan_mark(end.max(self.now()), END);
                }
                false
            }
            Until::Stable(conditions, span) => {
                if !self.look().holds(conditions) {
                    self.stable = None;
                } else if self.stable.is_none() {
                    self.stable = Some(self.now());
                    // A mark of its own kind: whether it still counts is seen when it comes.
                    self.plan_mark(self.now() + span.0, STABLE);
                }
                self.stable
                    .is_some_and(|since| self.now() >= since + span.0)
            }
        }
    }

    /// A command in the foreground is still waiting.
    fn blocked(&self) -> bool {
        self.followers.iter().any(|f| !f.background && !f.ended)
    }

    fn take(&mut self, records: &[StepRecord]) {
        let history = &mut self.history;
        history.steps.extend_from_slice(records);
        let last = history.kept.last().map_or(0, |k| k.0);
        if history.steps.len() >= last + KEEP_EVERY {
            let store = self.engine.store().clone();
            history.kept.push((history.steps.len(), store));
        }
        let now = self.now();
        for record in records {
            if Trace::is_work(record) {
                // A step has opened its epoch; a command in the background that goes on by itself has not.
                let scripted = matches!(
                    record.cause,
                    rollout_engine::Cause::Event(SimEvent::Scripted(_))
                );
                if !scripted && now > self.last_work + SETTLE && now > self.trace.epoch_v() {
                    self.trace.begin_epoch("controller".to_owned(), now);
                }
                self.last_work = now;
            }
            let held = self.engine.world().elapsed().since(self.engine.now());
            self.trace.take(record, held.0);
        }
        let seen = [Kind::DEPLOYMENT, Kind::REPLICA_SET, Kind::POD];
        if records
            .iter()
            .flat_map(|r| &r.changes)
            .any(|c| seen.contains(&c.key.kind))
        {
            let name = self.deployment_name().map(str::to_owned);
            self.trace.look(&self.engine, name.as_deref());
        }
        self.feed(records);
    }

    fn feed(&mut self, records: &[StepRecord]) {
        let mut followers = std::mem::take(&mut self.followers);
        for follower in followers.iter_mut().filter(|f| !f.ended) {
            let written = follower.feed(&mut self.engine, records);
            if !written.is_empty() {
                self.take(&written);
            }
        }
        followers.append(&mut self.followers);
        self.followers = followers;
        let wake = self
            .followers
            .iter()
            .filter_map(kubectl::Running::wake)
            .min();
        if let Some(at) = wake
            && self.wake.is_none_or(|w| w > at || w <= self.now())
        {
            let at = at.max(self.now() + 1);
            self.wake = Some(at);
            self.plan_mark(at, WAKE);
        }
    }

    fn carry_out_step(&mut self) {
        let Some(step) = self.scenario.steps.get(self.step) else {
            return;
        };
        self.planned = false;
        let n = self.step;
        self.step += 1;
        let now = self.now();
        self.last_v = now;
        self.trace.begin_epoch(format!("step {n}"), now);
        self.last_work = now;
        let entry = step.entry.clone();
        if let Some(mark) = entry.get("mark").and_then(Value::as_str) {
            self.trace.mark(mark);
        }
        let mut action = Map::new();
        action.insert("do", entry.get("do").cloned().unwrap_or_default());
        action.insert("epoch", self.trace.epoch());
        action.insert("n", i64::try_from(n).unwrap_or(0));
        let at = i64::try_from(now).unwrap_or(i64::MAX);
        action.insert("t", at);
        action.insert("v", at);
        if let Some(mark) = entry.get("mark") {
            action.insert("mark", mark.clone());
        }
        self.do_step(n, &entry, &mut action);
        self.trace.actions.push(action.into());
    }

    fn act<R>(&mut self, f: impl FnOnce(&mut rollout_engine::Client<'_>) -> R) -> R {
        let (result, records) = self.engine.act("scenario", f);
        self.take(&records);
        result
    }

    fn do_step(&mut self, n: usize, entry: &Value, action: &mut Map) {
        match entry.str_at("do") {
            "apply" => {
                let name = entry.str_at("manifest");
                let text = match entry.get("text").and_then(Value::as_str) {
                    Some(text) => text.to_owned(),
                    None => self
                        .scenario
                        .value
                        .get("manifests")
                        .map_or("", |m| m.get(name).and_then(Value::as_str).unwrap_or(""))
                        .to_owned(),
                };
                let mut argv = vec!["apply".to_owned(), "-f".to_owned(), "-".to_owned()];
                argv.extend(
                    entry
                        .list_at("flags")
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned),
                );
                action.insert(
                    "manifest",
                    entry.get("manifest").cloned().unwrap_or_default(),
                );
                self.kubectl(n, entry, argv, self.expand(&text), action);
            }
            "kubectl" => {
                let argv: Vec<String> = entry
                    .list_at("argv")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|t| self.expand(t))
                    .collect();
                let stdin = self.expand(entry.str_at("stdin"));
                self.kubectl(n, entry, argv, stdin, action);
            }
            "delete_pod" => {
                if let Some(pod) = self.selected_pod(entry, action) {
                    let options = DeleteOptions {
                        grace_period_seconds: entry.int_at("grace"),
                        ..DeleteOptions::default()
                    };
                    let result =
                        self.act(|c| c.delete(Kind::POD, NAMESPACE, &pod.meta.name, &options));
                    note_error(action, result.err());
                }
            }
            "pod" => {
                if let Some(pod) = self.selected_pod(entry, action) {
                    self.set_pod(&pod, entry.get("set").unwrap_or(&Value::Null));
                }
            }
            "behaviour" => {
                let behaviour = read_behaviour(entry.get("set").unwrap_or(&Value::Null));
                let image = entry.shared_str_at("image").unwrap_or_default();
                self.engine.script(|s, _| s.set_behaviour(image, behaviour));
            }
            "node" => self.add_node(entry.get("size").unwrap_or(&Value::Null)),
            "patch" | "create" | "delete" => self.request(entry, action),
            "save" => {
                let value = self.expand(entry.str_at("value"));
                self.variables
                    .insert(entry.str_at("name").to_owned(), value);
            }
            "check" => self.check(n, entry, action),
            other => self
                .failed
                .push(format!("step {n}: unknown step {other:?}")),
        }
    }

    fn set_pod(&mut self, pod: &Object, set: &Value) {
        let key = ObjectKey::new(Kind::POD, &pod.meta.namespace, &pod.meta.name);
        let what = if let Some(ready) = set.get("ready").and_then(Value::as_bool) {
            PodSet::Ready(ready)
        } else if let Some(n) = set.int_at("restarts") {
            PodSet::Restarts(n)
        } else if set.bool_at("fail") {
            PodSet::Fail
        } else {
            PodSet::Crash
        };
        if let Some(((), records)) = self.engine.script(|s, world| s.set(world, &key, what)) {
            self.take(&records);
        }
    }

    fn add_node(&mut self, size: &Value) {
        let number = self.engine.store().count(Kind::NODE) + 1;
        let spec = read_node(number, size, self.scenario.value.get("kubelet"));
        let first = self.engine.list(Kind::NODE).next().cloned();
        if let Some(first) = first {
            let mut node = first.value.clone();
            node.set("metadata.name", &spec.name);
            node.set("metadata.labels", {
                let mut labels = first.meta.labels.as_map().cloned().unwrap_or_default();
                labels.insert("kubernetes.io/hostname", &spec.name);
                labels
            });
            for place in ["capacity", "allocatable"] {
                node.set(&format!("status.{place}.cpu"), &spec.cpu);
                node.set(&format!("status.{place}.memory"), &spec.memory);
                node.set(&format!("status.{place}.pods"), spec.pods.to_string());
            }
            let written = self
                .engine
                .script(|_, world| world.create(Kind::NODE, node).is_ok());
            if let Some((_, records)) = written {
                self.take(&records);
            }
        }
    }

    fn request(&mut self, entry: &Value, action: &mut Map) {
        let word = entry.str_at("resource");
        let Some(resource) = kinds::of_word(word, self.engine.config().version) else {
            self.failed.push(format!("unknown resource {word:?}"));
            return;
        };
        let kind = resource.kind;
        let namespace = if resource.namespaced { NAMESPACE } else { "" };
        let name = self.expand(entry.str_at("name"));
        let error = match entry.str_at("do") {
            "create" => {
                let object = self.expand_value(entry.get("object").unwrap_or(&Value::Null));
                self.act(|c| c.create(kind, namespace, object, &WriteOptions::default()))
                    .err()
            }
            "patch" => {
                let patch = self.expand_value(entry.get("patch").unwrap_or(&Value::Null));
                let how = match entry.str_at("type") {
                    "merge" => PatchType::Merge,
                    "json" => PatchType::Json,
                    _ => PatchType::Strategic,
                };
                let options = WriteOptions::default();
                self.act(|c| c.patch(kind, namespace, &name, how, &patch, &options))
                    .err()
            }
            _ => {
                let propagation = match entry.str_at("policy") {
                    "Foreground" => Some(rollout_engine::client::Propagation::Foreground),
                    "Orphan" => Some(rollout_engine::client::Propagation::Orphan),
                    "Background" => Some(rollout_engine::client::Propagation::Background),
                    _ => None,
                };
                let options = DeleteOptions {
                    grace_period_seconds: entry.int_at("grace"),
                    propagation,
                    ..DeleteOptions::default()
                };
                self.act(|c| c.delete(kind, namespace, &name, &options))
                    .err()
            }
        };
        note_error(action, error);
    }

    fn kubectl(
        &mut self,
        n: usize,
        entry: &Value,
        argv: Vec<String>,
        stdin: String,
        action: &mut Map,
    ) {
        let words = argv.iter().map(|a| Value::text(a)).collect();
        action.insert("argv", Value::list(words));
        let background = entry.bool_at("background");
        let (started, records) = kubectl::start(&mut self.engine, &argv, &stdin, background, n);
        self.take(&records);
        match started {
            kubectl::Started::Done(output) => {
                action.insert("exit", i64::from(output.exit));
                action.insert("stderr", output.stderr.clone());
                action.insert("stdout", output.stdout.clone());
                if !background {
                    self.check_output(n, entry, &output);
                }
            }
            kubectl::Started::Running(running) => {
                action.insert("exit", 0);
                action.insert("stderr", running.output.stderr.clone());
                action.insert("stdout", running.output.stdout.clone());
                self.followers.push(*running);
                self.feed(&[]);
            }
        }
    }

    /// What waiting commands printed goes to their actions.
    fn note_outputs(&mut self) {
        let followers = std::mem::take(&mut self.followers);
        for f in followers {
            let n = i64::try_from(f.step).unwrap_or(0);
            if let Some(action) = self
                .trace
                .actions
                .iter_mut()
                .find(|a| a.int_at("n") == Some(n))
            {
                action.set("exit", i64::from(f.output.exit));
                action.set("stdout", f.output.stdout.clone());
                action.set("stderr", f.output.stderr.clone());
            }
            if let Some(step) = self.scenario.steps.get(f.step) {
                self.check_output(f.step, &step.entry.clone(), &f.output);
            }
        }
    }

    fn check_output(&mut self, n: usize, entry: &Value, output: &kubectl::Output) {
        // A command in the background may be cut short: only what the scenario names is checked.
        let wanted = entry
            .int_at("exit")
            .or((!entry.bool_at("background")).then_some(0));
        if wanted.is_some_and(|w| w != i64::from(output.exit)) {
            let text = format!(
                "step {n}: exit code {} instead of {wanted:?}: {}{}",
                output.exit, output.stdout, output.stderr
            );
            self.failed.push(text);
        }
        let says = entry.get("says").map_or(&[][..], |s| match s {
            Value::List(list) => list,
            one => std::slice::from_ref(one),
        });
        for text in says.iter().filter_map(Value::as_str) {
            let text = self.expand(text);
            if !output.stdout.contains(&text) && !output.stderr.contains(&text) {
                self.failed.push(format!(
                    "step {n}: does not say {text:?}: {}{}",
                    output.stdout, output.stderr
                ));
            }
        }
    }

    fn selected_pod(&mut self, entry: &Value, action: &mut Map) -> Option<Rc<Object>> {
        let selector = entry.get("pod")?;
        let set = selector.get("rs").and_then(Value::as_str).unwrap_or("any");
        let rank = selector.int_at("rank").unwrap_or(1);
        let ready = selector.get("ready").and_then(Value::as_bool);
        let pod = self.look().pod_at(set, rank, ready).cloned();
        match &pod {
            Some(pod) => drop(action.insert("pod", self.trace.names.show(pod))),
            None => drop(action.insert("error", "no such pod")),
        }
        pod
    }

    fn check(&mut self, n: usize, entry: &Value, action: &mut Map) {
        let look = self.look();
        let mut values = Map::new();
        let mut wrong = Vec::new();
        for (name, wanted) in entry
            .get("values")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(Map::iter)
        {
            let got = look.measure(name);
            if got != *wanted {
                wrong.push(format!("step {n}: {name} is {got:?} instead of {wanted:?}"));
            }
            values.insert(name, got);
        }
        for name in entry.list_at("record").iter().filter_map(Value::as_str) {
            values.insert(Str::copy(name), look.measure(name));
        }
        self.failed.extend(wrong);
        action.insert("values", values);
    }

    fn expand_value(&self, value: &Value) -> Value {
        match value {
            Value::String(s) => self.expand(s).into(),
            Value::List(list) => Value::list(list.iter().map(|v| self.expand_value(v)).collect()),
            Value::Map(map) => map
                .iter()
                .map(|(k, v)| (k.clone(), self.expand_value(v)))
                .collect::<Map>()
                .into(),
            other => other.clone(),
        }
    }

    /// Replaces `{ns}`, `{deployment}`, `{rs:SET}`, `{hash:SET}`, `{pod:SET:RANK}`, `{node:N}`, `{var:NAME}`.
    fn expand(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let replaced = after
                .split_once('}')
                .and_then(|(word, tail)| Some((self.word(word)?, tail)));
            match replaced {
                Some((value, tail)) => {
                    out.push_str(&value);
                    rest = tail;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn word(&self, word: &str) -> Option<String> {
        if word == "ns" {
            return Some(NAMESPACE.to_owned());
        }
        let look = self.look();
        if word == "deployment" {
            return look.deployment.as_ref().map(|d| d.meta().name.to_string());
        }
        let (what, rest) = word.split_once(':')?;
        let set = |name: &str| look.set(name).into_iter().next();
        match what {
            "rs" => set(rest).map(|rs| rs.meta().name.to_string()),
            "hash" => set(rest)?
                .meta()
                .label("pod-template-hash")
                .map(str::to_owned),
            "pod" => {
                let (name, rank) = rest.split_once(':').unwrap_or((rest, "1"));
                let pod = look.pod_at(name, rank.parse().ok()?, None)?;
                Some(pod.meta.name.to_string())
            }
            "node" => Some(format!("node-{rest}")),
            "var" => self.variables.get(rest).cloned(),
            _ => None,
        }
    }
}

fn note_error(action: &mut Map, error: Option<rollout_api::status_error::ApiError>) {
    if let Some(error) = error {
        let value = object! { "code" => i64::from(error.code), "message" => &error.message, "reason" => error.reason };
        action.insert("error", value);
    }
}
