//! A run of our engine against a recording of a real control plane, lane by lane.

use rollout_api::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the recordings are: `tests/data/recordings`, or the directory named in `ROLLOUT_RECORDINGS`.
pub fn directory() -> PathBuf {
    match std::env::var_os("ROLLOUT_RECORDINGS") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/recordings"),
    }
}

/// Names of the recordings, sorted.
pub fn names() -> Vec<String> {
    let entries = std::fs::read_dir(directory()).expect("the directory of recordings can be read");
    let mut names: Vec<String> = entries
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter_map(|n| n.strip_suffix(".json").map(str::to_owned))
        .filter(|n| n != "races")
        .collect();
    names.sort();
    names
}

/// Reads a file of the directory.
pub fn read(name: &str) -> Value {
    let path = directory().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    rollout_api::json::from_json(&text).unwrap_or_default()
}

/// How lanes begin whose difference is due to an earlier choice among pods of one bucket, or to two sets that made pods
/// in one epoch: pods have their own delays by number, so what follows comes at another time.
pub const TIE: &str = "tie:";

/// A difference: the lane (as `races.json` names it) and what differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Lane.
    pub lane: String,
    /// What.
    pub text: String,
}

fn is_deployment_lane(lane: &str) -> bool {
    lane == "deployment"
        || lane
            .strip_prefix('d')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A condition as it counts: the three reasons of a moving rollout are one.
fn condition(to: &Value) -> Value {
    match to.at("1").and_then(Value::as_str) {
        Some("NewReplicaSetCreated" | "FoundNewReplicaSet" | "ReplicaSetUpdated") => {
            Value::list(vec![
                to.at("0").cloned().unwrap_or_default(),
                "moving".into(),
                "".into(),
            ])
        }
        _ => to.clone(),
    }
}

/// One entry of a lane: what is compared, and when it was.
#[derive(Clone, Debug)]
struct Entry {
    what: Value,
    v: i64,
    epoch: i64,
}

/// Decisions by lane, in the form in which they are compared.
fn lanes(trace: &Value) -> BTreeMap<String, Vec<Entry>> {
    let mut lanes: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for decision in trace.list_at("decisions") {
        let lane = decision.str_at("lane");
        let d = decision.str_at("d");
        let (v, epoch) = (
            decision.int_at("v").unwrap_or(0),
            decision.int_at("epoch").unwrap_or(0),
        );
        let mut add = |lane: String, what: Value| {
            lanes
                .entry(lane)
                .or_default()
                .push(Entry { what, v, epoch });
        };
        if d == "condition" {
            let kind = decision.str_at("type");
            let prefix = if lane == "deployment" {
                String::new()
            } else {
                format!("{lane}/")
            };
            let to = decision.get("to").map(condition).unwrap_or_default();
            add(format!("{prefix}condition:{kind}"), to);
            continue;
        }
        let mut what = Map::new();
        for (key, value) in decision.as_map().into_iter().flat_map(Map::iter) {
            if !matches!(
                key.as_str(),
                "epoch" | "v" | "t" | "rv" | "candidates" | "lane"
            ) {
                what.insert(key, value.clone());
            }
        }
        if lane == "gc" {
            let pods = decision.list_at("pods").to_vec();
            for pod in pods {
                // Which pods of a set are left is open where a choice was.
                let set = pod
                    .as_str()
                    .map_or("", |p| p.split('.').next().unwrap_or(p));
                add("gc".to_owned(), Value::text(set));
            }
            if d != "pods_deleted" {
                add("gc".to_owned(), what.into());
            }
            continue;
        }
        if d == "endpoints" {
            // Which pods of a set is open where there was a choice: how many are in which state.
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            let endpoints = at(decision, "endpoints");
            for (pod, letters) in endpoints.as_map().into_iter().flat_map(Map::iter) {
                let set = pod.split('.').next().unwrap_or(pod);
                *counts
                    .entry(format!("{set} {}", letters.as_str().unwrap_or("")))
                    .or_insert(0) += 1;
            }
            what.insert("endpoints", counts.into_iter().collect::<Map>());
        }
        if matches!(d, "pods_created" | "pods_deleted") {
            let count = decision.list_at("pods").len();
            what.insert("pods", i64::try_from(count).unwrap_or(0));
        }
        add(lane.to_owned(), what.into());
    }
    for (lane, entries) in &mut lanes {
        if lane.contains("condition:Progressing") {
            entries.dedup_by(|b, a| a.what == b.what);
        }
        if lane == "gc" {
            entries.sort_by_key(|e| format!("{:?}", e.what));
        }
        if is_deployment_lane(lane) {
            // Several adoptions in a row have no order.
            for run in entries.chunk_by_mut(|a, b| adopted(a) && adopted(b)) {
                run.sort_by_key(|e| format!("{:?}", e.what));
            }
        }
    }
    lanes
}

fn adopted(e: &Entry) -> bool {
    e.what.str_at("d") == "rs_adopted"
}

/// Compares a run with a recording.
pub fn compare(recorded: &Value, ours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let first_tie = (first_other_choice(recorded, ours).saturating_add(1))
        .min(first_other_number(recorded, ours));
    let (want, got) = (lanes(recorded), lanes(ours));
    let mut all: Vec<&String> = want.keys().chain(got.keys()).collect();
    all.sort();
    all.dedup();
    let none = Vec::new();
    for lane in all {
        let (want, got) = (
            want.get(lane).unwrap_or(&none),
            got.get(lane).unwrap_or(&none),
        );
        let mut shown = lane.clone();
        let differs = |(w, g): (&Entry, &Entry)| w.what != g.what;
        let first = want.iter().zip(got).position(differs);
        if first.is_none() && want.len() == got.len() {
            continue;
        }
        let i = first.unwrap_or(want.len().min(got.len()));
        let show = |list: &[Entry]| {
            list.get(i)
                .map_or("-".to_owned(), |e| format!("{}ms {:?}", e.v, e.what))
        };
        let text = format!(
            "{i} of {}/{}: want {} | got {}",
            want.len(),
            got.len(),
            show(want),
            show(got)
        );
        // A pod's number tells how long it takes to stop: another pod leaves its endpoints at another time.
        let tied = want.get(i).is_some_and(|w| w.epoch >= first_tie);
        if lane == "endpoints" && want.len() == got.len() && tied {
            shown.insert_str(0, TIE);
        }
        found.push(Difference { lane: shown, text });
    }
    if found.is_empty() {
        compare_times(recorded, first_tie, &want, &got, &mut found);
    }
    compare_sizes(recorded, ours, &mut found);
    compare_extremes(recorded, ours, &mut found);
    compare_outputs(recorded, ours, &mut found);
    // A restart puts the time of day into the template, and so into the hash.
    let restarts = format!("{:?}", recorded.at("scenario.steps")).contains("\"restart\"");
    compare_final(&last(recorded, restarts), &last(ours, restarts), &mut found);
    found
}

/// What kubectl printed, without ages, times, names and the width of columns.
fn compare_outputs(recorded: &Value, ours: &Value, found: &mut Vec<Difference>) {
    let steps = recorded.list_at("scenario.steps");
    for action in recorded.list_at("actions") {
        let n = action.int_at("n");
        let step = n.and_then(|n| steps.get(usize::try_from(n).ok()?));
        if step.is_some_and(|s| s.bool_at("background")) {
            continue;
        }
        let mine = ours.list_at("actions").iter().find(|a| a.int_at("n") == n);
        for stream in ["stdout", "stderr"] {
            let events = prints_events(action);
            let want = masked(recorded, action.str_at(stream), events);
            let got = masked(ours, mine.map_or("", |a| a.str_at(stream)), events);
            if want != got {
                let text = format!("step {n:?} {stream}: want {want:?}, got {got:?}");
                found.push(Difference {
                    lane: "kubectl".to_owned(),
                    text,
                });
            }
        }
    }
}

/// Does a command print events?
fn prints_events(action: &Value) -> bool {
    let mut argv = action.list_at("argv").iter().filter_map(Value::as_str);
    match argv.next() {
        Some("events") => true,
        Some("get") => argv.any(|a| a == "events"),
        _ => false,
    }
}

/// A line of an event that the fake scheduler or the fake kubelet made (`when they appear is not golden`): a pod's
/// in a list of events.
fn is_node_event(line: &str) -> bool {
    let reasons = [
        "BackOff",
        "Created",
        "Failed",
        "FailedScheduling",
        "Killing",
        "Pulled",
        "Pulling",
        "Scheduled",
        "Started",
        "Unhealthy",
    ];
    let mut words = line.split(' ').skip_while(|w| *w == "AGE");
    matches!(words.next(), Some("Normal" | "Warning"))
        && words.next().is_some_and(|r| reasons.contains(&r))
        && words.next().is_some_and(|o| o.starts_with("pod/"))
}

fn masked(trace: &Value, text: &str, events: bool) -> String {
    let mut names: Vec<(String, String)> = at(trace, "names")
        .as_map()
        .into_iter()
        .flat_map(Map::iter)
        .filter(|(id, _)| id.contains('.'))
        .map(|(id, n)| (n.str_at("name").to_owned(), format!("{{{id}}}")))
        .collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut text = text.to_owned();
    for (name, id) in names {
        // Which pod of a set is shown where is open: only the set counts.
        let set = id.split('.').next().unwrap_or("").to_owned();
        text = text.replace(&name, &format!("{set}.pod}}"));
    }
    let word = |w: &str| -> String {
        // `(x3 over 4s)` ends in a bracket.
        let w = w.trim_end_matches(')');
        let age = w.len() > 1
            && w.starts_with(|c: char| c.is_ascii_digit())
            && w.ends_with(['s', 'm', 'h', 'd'])
            && w.chars().all(|c| c.is_ascii_digit() || "smhd".contains(c));
        if age {
            "AGE".to_owned()
        } else if w.matches(':').count() >= 2 && w.chars().any(|c| c.is_ascii_digit()) {
            "TIME".to_owned()
        } else {
            w.to_owned()
        }
    };
    let mut lines: Vec<String> = text
        .lines()
        .map(|l| l.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
        .collect();
    if events {
        lines.retain(|l| !is_node_event(l));
    }
    if lines.len() > 2 && lines.iter().skip(1).any(|l| l.contains(".pod}")) {
        lines[1..].sort();
    }
    lines.join("\n")
}

fn last(trace: &Value, without_hash: bool) -> Value {
    let mut last = at(trace, "final");
    if without_hash && let Some(sets) = last.at_mut("replicasets") {
        for set in sets.list_mut() {
            if let Some(labels) = set.at_mut("labels") {
                labels.map_mut().remove("pod-template-hash");
            }
        }
    }
    last
}

fn at(v: &Value, path: &str) -> Value {
    v.at(path).cloned().unwrap_or_default()
}

/// Times: equal; a timer of the controllers or a tie between pods moves what follows.
fn compare_times(
    recorded: &Value,
    first_tie: i64,
    want: &BTreeMap<String, Vec<Entry>>,
    got: &BTreeMap<String, Vec<Entry>>,
    found: &mut Vec<Difference>,
) {
    let mut timers: Vec<i64> = recorded
        .list_at("epochs")
        .iter()
        .filter(|e| e.str_at("by") == "controller")
        .filter_map(|e| e.int_at("epoch"))
        .collect();
    let failure = "/condition:ReplicaFailure";
    let want_failures: Vec<String> = want
        .keys()
        .filter_map(|l| l.strip_suffix(failure).map(str::to_owned))
        .collect();
    // Retries of failed creations are timers as well.
    for lane in &want_failures {
        let made = want.get(lane).into_iter().flatten();
        timers.extend(
            made.filter(|e| e.what.str_at("d") == "pods_created")
                .map(|e| e.epoch),
        );
    }
    timers.sort_unstable();
    timers.dedup();
    let mut matched: Vec<(i64, i64, i64, &str, &Value)> = Vec::new();
    for (lane, want) in want {
        // Garbage has no order. Failed creations are tried again at times of their own, and so the condition goes.
        let failure = lane.ends_with("condition:ReplicaFailure");
        if lane == "gc" || failure || want_failures.contains(lane) {
            continue;
        }
        let got = got.get(lane).map_or(&[][..], Vec::as_slice);
        let pairs = want.iter().zip(got);
        matched.extend(pairs.map(|(w, g)| (w.epoch, w.v, g.v, lane.as_str(), &w.what)));
    }
    matched.sort_by_key(|m| (m.0, m.1));
    // How far what follows a timer of the real controllers has moved: one distance for each timer that has fired, and
    // none for what does not follow it (steps and pods of an earlier time).
    let mut shifts: Vec<i64> = vec![0];
    let mut learnt = 0;
    for (epoch, w, g, lane, what) in matched {
        let off = w - g;
        if shifts.iter().any(|s| (off - s).abs() <= 2) {
            continue;
        }
        let fired = timers.iter().filter(|t| **t <= epoch).count();
        if learnt < fired && off.abs() <= 1500 {
            learnt += 1;
            shifts.push(off);
            continue;
        }
        let tie = epoch >= first_tie && off.abs() <= 1500;
        let text = format!("want at {w} ms, got at {g} ms (shifts {shifts:?}): {what:?}");
        found.push(Difference {
            lane: format!("{}time:{lane}", if tie { TIE } else { "" }),
            text,
        });
        break;
    }
}

/// The epoch from which on pods that were chosen inside one bucket differ.
fn first_other_choice(recorded: &Value, ours: &Value) -> i64 {
    let pods = |trace: &Value| -> Vec<(String, i64, Vec<String>)> {
        trace
            .list_at("decisions")
            .iter()
            .filter(|d| d.str_at("d") == "pods_deleted")
            .map(|d| {
                let mut pods: Vec<String> = d
                    .list_at("pods")
                    .iter()
                    .filter_map(|p| p.as_str().map(str::to_owned))
                    .collect();
                pods.sort();
                (
                    d.str_at("lane").to_owned(),
                    d.int_at("epoch").unwrap_or(0),
                    pods,
                )
            })
            .collect()
    };
    let (want, got) = (pods(recorded), pods(ours));
    let mut lanes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut first = i64::MAX;
    for (lane, epoch, chosen) in &want {
        let n = lanes.entry(lane).or_insert(0);
        let same = got
            .iter()
            .filter(|(l, _, _)| l == lane)
            .nth(*n)
            .is_some_and(|(_, _, c)| c == chosen);
        *n += 1;
        if !same {
            first = first.min(*epoch);
        }
    }
    first
}

/// The epoch from which on pods have other numbers: two sets made theirs in one epoch, one by one in any order.
fn first_other_number(recorded: &Value, ours: &Value) -> i64 {
    let number = |trace: &Value, id: &str| {
        let names = trace.get("names").and_then(|n| n.get(id));
        names.and_then(|n| n.int_at("k"))
    };
    let made = recorded.list_at("decisions").iter();
    made.filter(|d| d.str_at("d") == "pods_created")
        .filter(|d| {
            let mut ids = d.list_at("pods").iter().filter_map(Value::as_str);
            ids.any(|id| number(recorded, id) != number(ours, id))
        })
        .filter_map(|d| d.int_at("epoch"))
        .min()
        .unwrap_or(i64::MAX)
}

fn compare_sizes(recorded: &Value, ours: &Value, found: &mut Vec<Difference>) {
    let pairs = |trace: &Value| {
        let mut list: Vec<(i64, i64)> = trace
            .list_at("sizes")
            .iter()
            .map(|s| (s.int_at("old").unwrap_or(0), s.int_at("new").unwrap_or(0)))
            .collect();
        list.dedup();
        list
    };
    let (want, got) = (pairs(recorded), pairs(ours));
    if want != got {
        let text = format!("want {want:?}, got {got:?}");
        found.push(Difference {
            lane: "sizes".to_owned(),
            text,
        });
    }
}

fn compare_extremes(recorded: &Value, ours: &Value, found: &mut Vec<Difference>) {
    for (mark, want) in at(recorded, "extremes")
        .as_map()
        .into_iter()
        .flat_map(Map::iter)
    {
        let got = at(ours, "extremes").get(mark).cloned().unwrap_or_default();
        if want.int_at("min_ready") != got.int_at("min_ready") {
            let text = format!(
                "{mark}: min_ready want {:?}, got {:?}",
                want.int_at("min_ready"),
                got.int_at("min_ready")
            );
            found.push(Difference {
                lane: "extremes".to_owned(),
                text,
            });
        }
        if got.int_at("max_total") > want.int_at("max_total") {
            let text = format!(
                "{mark}: max_total want {:?}, got {:?}",
                want.int_at("max_total"),
                got.int_at("max_total")
            );
            found.push(Difference {
                lane: "extremes".to_owned(),
                text,
            });
        }
    }
}

fn compare_final(want: &Value, got: &Value, found: &mut Vec<Difference>) {
    let mut differ = |what: String, w: &Value, g: &Value| {
        if w != g {
            let text = format!("{what}: want {w:?}, got {g:?}");
            found.push(Difference {
                lane: "final".to_owned(),
                text,
            });
        }
    };
    let conditions = |v: &Value| -> Value {
        let map = v
            .get("conditions")
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default();
        map.iter()
            .map(|(k, c)| (k.clone(), condition(c)))
            .collect::<Map>()
            .into()
    };
    let skip = [
        "conditions",
        "conditionTimes",
        "generation",
        "status.observedGeneration",
        "id",
    ];
    let (wd, gd) = (at(want, "deployment"), at(got, "deployment"));
    for (key, w) in wd.as_map().into_iter().flat_map(Map::iter) {
        if !skip.contains(&key.as_str()) {
            differ(
                format!("deployment {key}"),
                w,
                gd.get(key).unwrap_or(&Value::Null),
            );
        }
    }
    differ(
        "deployment generation".to_owned(),
        &at(&wd, "generation"),
        &at(&gd, "generation"),
    );
    differ(
        "deployment conditions".to_owned(),
        &conditions(&wd),
        &conditions(&gd),
    );
    differ(
        "revisions".to_owned(),
        &at(want, "revisions"),
        &at(got, "revisions"),
    );
    let by_id = |v: &Value| -> BTreeMap<String, Value> {
        v.list_at("replicasets")
            .iter()
            .map(|r| (r.str_at("id").to_owned(), r.clone()))
            .collect()
    };
    let (ws, gs) = (by_id(want), by_id(got));
    let ids: Vec<&String> = ws
        .keys()
        .chain(gs.keys().filter(|k| !ws.contains_key(*k)))
        .collect();
    for id in ids {
        let (w, g) = (
            ws.get(id).cloned().unwrap_or_default(),
            gs.get(id).cloned().unwrap_or_default(),
        );
        for (key, w) in w.as_map().into_iter().flat_map(Map::iter) {
            if !skip.contains(&key.as_str()) {
                differ(format!("{id} {key}"), w, g.get(key).unwrap_or(&Value::Null));
            }
        }
        differ(format!("{id} conditions"), &conditions(&w), &conditions(&g));
        differ(
            format!("{id} exists"),
            &w.is_null().into(),
            &g.is_null().into(),
        );
    }
    differ("pods".to_owned(), &pods(want), &pods(got));
}

/// How many pods of each set are in which phase, ready or not.
fn pods(last: &Value) -> Value {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for p in last.list_at("pods") {
        let key = format!(
            "{} {} {} {}",
            p.str_at("owner"),
            p.str_at("phase"),
            if p.bool_at("ready") {
                "ready"
            } else {
                "unready"
            },
            if p.bool_at("deleting") {
                "deleting"
            } else {
                ""
            }
        );
        *counts.entry(key).or_insert(0) += 1;
    }
    counts.into_iter().collect::<Map>().into()
}
