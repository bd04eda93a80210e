//! Did a ReplicaSet delete the right pods? Every choice of a recording, or of a run of ours, against the rules.

use rollout_api::views::Object;
use rollout_api::{Timestamp, Value, object};
use rollout_engine::controllers::replica_set::utils::{Ages, Candidate, must_go_before};

/// The choices of a trace.
#[derive(Clone, Default, Debug)]
pub struct Choices {
    /// How many there were.
    pub all: usize,
    /// Those that kept some pods of the set.
    pub real: usize,
    /// Those that break the rules.
    pub wrong: Vec<String>,
}

/// What may be uncertain about a choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tolerance {
    /// Ages may be off by so many ms either way.
    pub ms: i64,
}

struct Pod {
    object: Object,
    /// As they can have been counted.
    ranks: Vec<i32>,
    node: String,
    chosen: bool,
    id: String,
}

impl Pod {
    fn read(c: &Value) -> Pod {
        let ready = if c.bool_at("ready") { "True" } else { "False" };
        let mut condition = object! { "status" => ready, "type" => "Ready" };
        condition.set(
            "lastTransitionTime",
            c.get("readySince").cloned().unwrap_or_default(),
        );
        let mut pod = object! {
            "kind" => "Pod",
            "metadata" => object! {
                "creationTimestamp" => c.get("created").cloned().unwrap_or_default(),
                "uid" => c.str_at("uid").to_owned(),
            },
            "spec" => object! { "nodeName" => c.str_at("node").to_owned() },
            "status" => object! {
                "conditions" => Value::list(vec![condition]),
                "phase" => c.str_at("phase").to_owned(),
            },
        };
        if let Some(cost) = c.int_at("cost") {
            let cost = object! { "controller.kubernetes.io/pod-deletion-cost" => cost.to_string() };
            pod.set("metadata.annotations", cost);
        }
        let rank = |key: &str| {
            let rank = c.int_at(key).unwrap_or(0);
            i32::try_from(rank).expect("ranks are small")
        };
        Pod {
            object: Object::new(pod),
            ranks: vec![rank("rank"), rank("rankBefore")],
            node: c.str_at("node").to_owned(),
            chosen: c.bool_at("chosen"),
            id: c.str_at("pod").to_owned(),
        }
    }
    fn candidate(&self, which: usize) -> Candidate<'_> {
        Candidate {
            pod: self.object.pod().expect("it was made as a pod"),
            uid: &self.object.meta.uid,
            created: self.object.meta.creation,
            rank: self.ranks[which],
        }
    }
}

/// Looks at every deletion of a ReplicaSet that has its candidates.
pub fn check(trace: &Value, tolerance: Tolerance) -> Choices {
    let started = Timestamp::parse(trace.str_at("started")).expect("a trace says when it started");
    let mut choices = Choices::default();
    for decision in trace.list_at("decisions") {
        let by_set = decision.str_at("lane").starts_with("rs:");
        if decision.str_at("d") != "pods_deleted" || !by_set {
            continue;
        }
        choices.all += 1;
        let pods: Vec<Pod> = decision
            .list_at("candidates")
            .iter()
            .map(Pod::read)
            .collect();
        choices.real += usize::from(pods.iter().any(|p| !p.chosen));
        let t = decision.int_at("t").unwrap_or(0);
        let chosen = pods.iter().filter(|p| p.chosen).count();
        if chosen != decision.list_at("pods").len() {
            let text = format!("{t} ms: {chosen} of the candidates were chosen: {decision:?}");
            choices.wrong.push(text);
            continue;
        }
        let now_ms = started.0 * 1000 + t;
        let Some(text) = explain(&pods, now_ms, tolerance) else {
            continue;
        };
        // The set was made smaller several times in this epoch: several choices, each among what the last one left.
        let steps = several(trace, decision, pods, now_ms, tolerance);
        if steps != Some(true) {
            let lane = decision.str_at("lane");
            choices.wrong.push(format!("{lane} {t} ms: {text}"));
        }
    }
    choices
}

/// One way of counting ranks has to explain a whole choice.
fn explain(pods: &[Pod], now_ms: i64, tolerance: Tolerance) -> Option<String> {
    let found = broken(pods, 0, now_ms, tolerance)?;
    let others = 1..pods.first().map_or(1, |p| p.ranks.len());
    let explained = others
        .into_iter()
        .any(|which| broken(pods, which, now_ms, tolerance).is_none());
    (!explained).then_some(found)
}

/// Do the choices follow the rules one after the other? None: the set was made smaller only once.
fn several(
    trace: &Value,
    decision: &Value,
    mut pods: Vec<Pod>,
    now_ms: i64,
    tolerance: Tolerance,
) -> Option<bool> {
    let lane = decision.str_at("lane");
    let epoch = decision.int_at("epoch");
    let here = || {
        let all = trace.list_at("decisions").iter();
        all.filter(move |d| d.int_at("epoch") == epoch)
    };
    let sizes: Vec<usize> = here()
        .filter(|d| d.str_at("d") == "rs_scaled" && lane == format!("rs:{}", d.str_at("rs")))
        .filter_map(|d| usize::try_from(d.int_at("from")? - d.int_at("to")?).ok())
        .collect();
    let order: Vec<&str> = decision
        .list_at("pods")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if sizes.len() < 2 || sizes.iter().sum::<usize>() != order.len() {
        return None;
    }
    // What other sets of the epoch deleted, by node: seen before a later choice, or not yet.
    let elsewhere: Vec<&str> = here()
        .filter(|d| d.str_at("d") == "pods_deleted" && d.str_at("lane") != lane)
        .flat_map(|d| d.list_at("candidates"))
        .filter(|c| c.bool_at("chosen"))
        .map(|c| c.str_at("node"))
        .collect();
    let mut rest = &order[..];
    for size in sizes {
        let (now, later) = rest.split_at(size);
        rest = later;
        for pod in &mut pods {
            pod.chosen = now.contains(&pod.id.as_str());
        }
        if explain(&pods, now_ms, tolerance).is_some() {
            return Some(false);
        }
        let gone: Vec<Pod> = pods.extract_if(.., |p| p.chosen).collect();
        for pod in &mut pods {
            let on_node = |node: &str| i32::from(node == pod.node);
            let own: i32 = gone.iter().map(|g| on_node(&g.node)).sum();
            let others: i32 = elsewhere.iter().map(|node| on_node(node)).sum();
            if pod.ranks.len() == 2 {
                pod.ranks.push(pod.ranks[1] - others);
            }
            for rank in &mut pod.ranks {
                *rank -= own;
            }
        }
    }
    Some(true)
}

/// A pod that was kept though it had to go before one that was chosen.
fn broken(pods: &[Pod], which: usize, now_ms: i64, tolerance: Tolerance) -> Option<String> {
    for kept in pods.iter().filter(|p| !p.chosen) {
        for chosen in pods.iter().filter(|p| p.chosen) {
            let (k, c) = (kept.candidate(which), chosen.candidate(which));
            let must = |off: i64| {
                let ages = Ages {
                    now_ms: now_ms + off,
                    logarithmic: true,
                };
                must_go_before(&k, &c, ages)
            };
            if [0, -tolerance.ms, tolerance.ms].into_iter().all(must) {
                return Some(format!("{} was chosen, {} kept", chosen.id, kept.id));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(chosen: &str) -> Value {
        let pod = |id: &str, ready: bool, since: &str, rank: i64| {
            object! {
                "chosen" => id == chosen, "created" => "2026-11-21T10:00:00Z", "node" => format!("n{rank}"),
                "phase" => "Running", "pod" => id.to_owned(), "rank" => rank, "rankBefore" => rank,
                "ready" => ready, "readySince" => since.to_owned(), "uid" => id.to_owned(),
            }
        };
        let candidates = vec![
            pod("old", true, "2026-11-21T10:00:02Z", 2),
            pod("tied", true, "2026-11-21T10:00:03Z", 2),
            pod("new", true, "2026-11-21T10:00:58Z", 2),
            pod("alone", true, "2026-11-21T10:00:58Z", 1),
        ];
        let decision = object! {
            "candidates" => Value::list(candidates), "d" => "pods_deleted", "epoch" => 1, "lane" => "rs:r1",
            "pods" => Value::list(vec![chosen.to_owned().into()]), "t" => 60_000,
        };
        object! { "decisions" => Value::list(vec![decision]), "started" => "2026-11-21T10:00:00Z" }
    }

    #[test]
    fn a_wrong_choice_is_found() {
        let wrong = |chosen| check(&trace(chosen), Tolerance { ms: 1000 }).wrong.len();
        assert_eq!(["new", "old", "tied", "alone"].map(wrong), [0, 1, 1, 1]);
    }
}
