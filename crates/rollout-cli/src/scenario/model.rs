//! A scenario as a file holds it.

use rollout_api::SortedMap;
use rollout_api::{Str, Value};
use rollout_engine::NodeSpec;
use rollout_engine::scripted::{Behaviour, BehaviourKind, Delays, Script};
use rollout_engine::time::{Millis, SimTime};

/// Seconds with a fraction, in milliseconds; nothing for anything else.
pub fn millis(value: &Value) -> Option<Millis> {
    match value {
        Value::Int(n) => Some(Millis::from_secs(*n)),
        Value::Number(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let whole: u64 = whole.parse().ok()?;
            // One digit more than milliseconds have, to round.
            let digits: String = fraction.chars().chain("0000".chars()).take(4).collect();
            let tenths: u64 = digits.parse().ok()?;
            Some(Millis(
                whole.checked_mul(1000)?.checked_add((tenths + 5) / 10)?,
            ))
        }
        _ => None,
    }
}

/// When a step happens.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// At this time.
    At(SimTime),
    /// After the step before it.
    After(Millis),
    /// When conditions hold, and then later.
    Holds(Value, Option<Millis>),
    /// With the step before it.
    Next,
}

/// How a scenario ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    /// Conditions hold for so long.
    Stable(Value, Millis),
    /// So long after the last step.
    For(Millis),
}

/// A step: when, and the whole entry.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub when: When,
    /// The entry.
    pub entry: Value,
}

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The whole scenario.
    pub value: Value,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Its end.
    pub until: Until,
    /// The node side.
    pub script: Script,
    /// The nodes.
    pub nodes: Vec<NodeSpec>,
    /// UIDs of pods in order of creation, of a recording.
    pub pod_uids: Vec<Str>,
    /// The version of its control plane, of a recording.
    pub server: Option<rollout_api::Minor>,
    /// When it began, of a recording.
    pub started: Option<rollout_api::Timestamp>,
    /// How much later than `until` says a recording was closed: the recorder looks every 250 ms, and never before the
    /// controllers rest.
    pub late: Millis,
}

impl Scenario {
    /// The version it runs at: the one that was asked for, else the recording's own, else the default.
    pub fn version(&self, common: &crate::Common) -> rollout_api::Minor {
        match self.server {
            Some(server) if !common.named => server,
            _ => common.version,
        }
    }

    /// Reads a scenario or a recording.
    pub fn read(file: &Value) -> Result<Scenario, String> {
        let (value, recording) = match file.get("scenario") {
            Some(scenario) => (scenario.clone(), true),
            None => (file.clone(), false),
        };
        if value.get("steps").is_none() {
            return Err("neither a scenario nor a recording: there are no steps".to_owned());
        }
        let steps = value
            .list_at("steps")
            .iter()
            .map(read_step)
            .collect::<Result<_, _>>()?;
        let until = read_until(value.get("until"))?;
        let mut script = read_script(&value);
        script.clocks = read_clocks(file);
        let nodes = read_nodes(value.get("kubelet"));
        let pod_uids = if recording {
            read_uids(file.get("names"))
        } else {
            Vec::new()
        };
        let started = rollout_api::Timestamp::parse(file.str_at("started"));
        Ok(Scenario {
            value,
            steps,
            until,
            script,
            nodes,
            pod_uids,
            server: rollout_api::Minor::of_cluster(file.str_at("server")),
            started,
            late: read_late(file),
        })
    }
}

/// The two clocks of a recording at each of its inputs. What a command writes, it writes at its end.
fn read_clocks(recording: &Value) -> Vec<(SimTime, SimTime)> {
    let at = |v: &Value, key: &str| v.int_at(key).and_then(|n| u64::try_from(n).ok());
    let inputs = recording.list_at("inputs");
    let mut clocks = Vec::with_capacity(inputs.len());
    for (i, input) in inputs.iter().enumerate() {
        let (Some(v), Some(mut t)) = (at(input, "v"), at(input, "t")) else {
            continue;
        };
        if input.str_at("by") == "step" {
            let action = recording
                .list_at("actions")
                .iter()
                .find(|a| a.get("n") == input.get("n"));
            let end = action.and_then(|a| at(a, "t_end")).unwrap_or(t);
            let next = inputs.get(i + 1).and_then(|n| at(n, "t")).unwrap_or(end);
            t = t.max(end.min(next));
        }
        clocks.push((SimTime(v), SimTime(t.max(v))));
    }
    clocks
}

fn read_late(recording: &Value) -> Millis {
    let last = recording.list_at("actions").last();
    let span = recording.at("scenario.until.for").and_then(millis);
    let late = || {
        let due = last?
            .int_at("v")?
            .checked_add(i64::try_from(span?.0).ok()?)?;
        u64::try_from(recording.int_at("ended_v")?.checked_sub(due)?).ok()
    };
    Millis(late().unwrap_or(0))
}

fn read_step(entry: &Value) -> Result<Step, String> {
    let span = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(v) => millis(v)
            .map(Some)
            .ok_or_else(|| format!("{key}: not a number of seconds")),
    };
    let after = span("after")?;
    let when = match (entry.get("when"), span("at")?, after) {
        (Some(conditions), _, after) => When::Holds(conditions.clone(), after),
        (None, Some(at), _) => When::At(SimTime(at.0)),
        (None, None, Some(after)) => When::After(after),
        (None, None, None) => When::Next,
    };
    Ok(Step {
        when,
        entry: entry.clone(),
    })
}

fn read_until(until: Option<&Value>) -> Result<Until, String> {
    let Some(until) = until else {
        return Ok(Until::For(Millis(1000)));
    };
    if let Some(span) = until.get("for") {
        return millis(span)
            .map(Until::For)
            .ok_or_else(|| "until.for: not a number".to_owned());
    }
    let stable = until.get("stable").and_then(millis).unwrap_or(Millis(0));
    let conditions = until
        .get("when")
        .cloned()
        .ok_or("until: neither for nor when")?;
    Ok(Until::Stable(conditions, stable))
}

/// A behaviour of an image or a pod.
pub fn read_behaviour(value: &Value) -> Behaviour {
    let span = |key: &str| value.get(key).and_then(millis);
    Behaviour {
        kind: value
            .get("kind")
            .and_then(Value::as_str)
            .and_then(BehaviourKind::parse),
        ready: span("ready"),
        after: span("after"),
        exit_code: value.int_at("exit_code"),
        reason: value.shared_str_at("reason"),
        retry: span("retry"),
        unready_after: span("unready_after"),
        ready_again_after: span("ready_again_after"),
        crash_after: span("crash_after"),
        stop: span("stop"),
        stop_exit: value.int_at("stop_exit"),
    }
}

fn read_script(scenario: &Value) -> Script {
    let kubelet = scenario.get("kubelet");
    let mut delays = Delays::default();
    let fields: [(&str, &mut Millis); 14] = [
        ("bind", &mut delays.bind),
        ("creating", &mut delays.creating),
        ("start", &mut delays.start),
        ("ready", &mut delays.ready),
        ("step", &mut delays.step),
        ("pull_fail", &mut delays.pull_fail),
        ("pull_backoff_after", &mut delays.pull_backoff_after),
        ("pull_backoff", &mut delays.pull_backoff),
        ("crash_backoff", &mut delays.crash_backoff),
        ("backoff_max", &mut delays.backoff_max),
        ("first_restart", &mut delays.first_restart),
        ("stop", &mut delays.stop),
        ("stop_unstarted", &mut delays.stop_unstarted),
        ("stop_step", &mut delays.stop_step),
    ];
    for (key, field) in fields {
        if let Some(span) = kubelet.and_then(|k| k.get(key)).and_then(millis) {
            *field = span;
        }
    }
    let entries = |key: &str| {
        scenario
            .get(key)
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default()
    };
    let images = entries("images")
        .iter()
        .map(|(k, v)| (k.clone(), read_behaviour(v)))
        .collect();
    let pods: SortedMap<u64, Behaviour> = entries("pods")
        .iter()
        .filter_map(|(k, v)| Some((k.parse().ok()?, read_behaviour(v))))
        .collect();
    let cordon = kubelet.is_some_and(|k| k.bool_at("cordon"));
    Script {
        delays,
        cordon,
        images,
        pods,
        clocks: Vec::new(),
    }
}

/// A node's size, with the model's values where it says nothing.
pub fn read_node(number: usize, size: &Value, kubelet: Option<&Value>) -> NodeSpec {
    let text = |key: &str, default: &'static str| {
        let own = size.get(key).or_else(|| kubelet.and_then(|k| k.get(key)));
        match own {
            Some(Value::String(s)) => s.clone(),
            Some(Value::Int(n)) => n.to_string().into(),
            _ => default.into(),
        }
    };
    NodeSpec {
        name: format!("node-{number}").into(),
        cpu: text("cpu", "32"),
        memory: text("memory", "64Gi"),
        pods: text("pods", "110").parse().unwrap_or(110),
    }
}

fn read_nodes(kubelet: Option<&Value>) -> Vec<NodeSpec> {
    match kubelet.and_then(|k| k.get("nodes")) {
        Some(Value::List(sizes)) => sizes
            .iter()
            .enumerate()
            .map(|(i, s)| read_node(i + 1, s, kubelet))
            .collect(),
        count => {
            let count = count.and_then(Value::as_int).unwrap_or(3);
            (1..=count)
                .filter_map(|i| usize::try_from(i).ok())
                .map(|i| read_node(i, &Value::Null, kubelet))
                .collect()
        }
    }
}

fn read_uids(names: Option<&Value>) -> Vec<Str> {
    let mut uids: SortedMap<i64, Str> = SortedMap::new();
    for (_, entry) in names
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(rollout_api::Map::iter)
    {
        if let (Some(k), Some(uid)) = (entry.int_at("k"), entry.shared_str_at("uid")) {
            uids.insert(k, uid);
        }
    }
    // Up to the first gap: the engine counts from 1.
    (1..).map_while(|k| uids.get(&k).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_milliseconds() {
        for (text, want) in [
            ("0.05", 50),
            ("1", 1000),
            ("0.8", 800),
            ("2.55", 2550),
            ("0.011", 11),
            ("1.0", 1000),
        ] {
            let value = rollout_api::json::from_json(text).unwrap();
            assert_eq!(millis(&value), Some(Millis(want)), "{text}");
        }
        assert_eq!(millis(&Value::Null), None);
    }
}
