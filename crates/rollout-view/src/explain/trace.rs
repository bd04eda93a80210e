//! The whole turn of a component: what it took from its queue, what it found, what it wrote.

use super::{Explanation, decision_sentence};
use crate::catalogue::{Msg, code, say, words};
use crate::cluster::Rollout;
use crate::model::*;
use rollout_api::{Kind, ObjectKey, Value, json};
use rollout_engine::kubelet::KubeletEvent;
use rollout_engine::scheduler::SchedulerEvent;
use rollout_engine::{Cause, Change, SimEvent};
use rollout_session::{Session, Step};

/// Lines of one turn; what a component of 1000 pods writes is cut.
const LONGEST: usize = 60;
/// Fields of a write that are named.
const FIELDS: usize = 6;

/// The turn that made the last step, up to the cursor: its cause, then decisions and writes in their order.
pub fn trace(session: &Session, rollout: Option<&Rollout>) -> Vec<TraceLine> {
    let position = session.position();
    let steps = &session.steps()[..position];
    // Records of one event follow each other.
    let mut first = position;
    while first > 0 && (first == position || steps[first - 1].inside) {
        first -= 1;
    }
    let mut out = Vec::new();
    let Some(step) = steps.get(first) else {
        return out;
    };
    let (function, text) = cause(step);
    out.push(TraceLine {
        function,
        text,
        wrote: false,
    });
    for step in &steps[first..] {
        for d in &step.record.decisions {
            out.push(line(decision_sentence(d, step.record.at, rollout)));
        }
        out.extend(step.record.changes.iter().filter_map(write));
    }
    out.truncate(LONGEST);
    out
}

fn line(e: Explanation) -> TraceLine {
    TraceLine {
        function: e.upstream.unwrap_or_default().to_owned(),
        text: e.headline,
        wrote: false,
    }
}

/// Whose turn it was, and about what.
fn cause(step: &Step) -> (String, Vec<Span>) {
    let turn = |who: &str, key: &ObjectKey| {
        let object = code(format!("{}/{}", key.namespace, key.name));
        (who.to_owned(), say(Msg::TraceTurn, &[("object", object)]))
    };
    let plain =
        |who: &str, msg: Msg, value: String| (who.to_owned(), say(msg, &[("who", words(value))]));
    match &step.record.cause {
        Cause::Outside(who) => plain("API server", Msg::TraceRequest, who.to_string()),
        Cause::Event(event) => match event {
            SimEvent::Deployment(key) => turn("Deployment controller", key),
            SimEvent::ReplicaSet(key) => turn("ReplicaSet controller", key),
            SimEvent::EndpointSlice(key) => turn("EndpointSlice controller", key),
            SimEvent::GarbageCollector(key) => turn("garbage collector", key),
            SimEvent::Disruption(key) => turn("disruption controller", key),
            SimEvent::Scheduler(SchedulerEvent::Schedule(key)) => turn("scheduler", key),
            SimEvent::Kubelet(
                KubeletEvent::Sync(key)
                | KubeletEvent::Job(key)
                | KubeletEvent::Exit(key, _)
                | KubeletEvent::Probe(key, ..),
            ) => turn("kubelet", key),
            other => plain("cluster", Msg::TraceRequest, event_name(other)),
        },
    }
}

/// The first word of an event that is about no single object.
fn event_name(event: &SimEvent) -> String {
    let text = format!("{event:?}");
    text.split(['(', ' ']).next().unwrap_or("").to_owned()
}

/// A write: the object and its changed fields.
fn write(change: &Change) -> Option<TraceLine> {
    let object = words(format!("{} {}", change.key.kind.0, change.key.name));
    let text = match (&change.before, &change.after) {
        (None, Some(after)) if change.key.kind == Kind::EVENT => say(
            Msg::EventSeen,
            &[
                ("reason", words(after.value.str_at("reason"))),
                ("message", words(after.value.str_at("message"))),
            ],
        ),
        (None, Some(_)) => say(Msg::TraceNew, &[("object", object)]),
        (Some(_), None) => say(Msg::TraceGone, &[("object", object)]),
        (Some(before), Some(after)) => {
            let mut fields = Vec::new();
            differing("", Some(&before.value), Some(&after.value), &mut fields);
            let more = fields.len().saturating_sub(FIELDS);
            fields.truncate(FIELDS);
            if more > 0 {
                fields.push(format!("{more} more"));
            }
            say(
                Msg::TraceWrite,
                &[("object", object), ("fields", words(fields.join(", ")))],
            )
        }
        (None, None) => return None,
    };
    Some(TraceLine {
        function: String::new(),
        text,
        wrote: true,
    })
}

/// Leaves that differ: `spec.replicas 8 → 7`. What every write changes is left out.
fn differing(path: &str, a: Option<&Value>, b: Option<&Value>, out: &mut Vec<String>) {
    const ALWAYS: [&str; 3] = [
        "metadata.resourceVersion",
        "metadata.managedFields",
        "metadata.generation",
    ];
    if a == b || ALWAYS.contains(&path) {
        return;
    }
    let child = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    let maps = (a.and_then(Value::as_map), b.and_then(Value::as_map));
    if maps.0.is_some() || maps.1.is_some() {
        let keys = maps.0.into_iter().chain(maps.1).flat_map(|m| m.iter());
        let mut seen: Vec<&str> = Vec::new();
        for (key, _) in keys {
            if !seen.contains(&key.as_str()) {
                seen.push(key);
                let (a, b) = (a.and_then(|a| a.get(key)), b.and_then(|b| b.get(key)));
                differing(&child(key), a, b, out);
            }
        }
        return;
    }
    let lists = (
        a.map_or(&[][..], Value::as_list),
        b.map_or(&[][..], Value::as_list),
    );
    if !lists.0.is_empty() || !lists.1.is_empty() {
        for i in 0..lists.0.len().max(lists.1.len()) {
            let name = lists
                .1
                .get(i)
                .or(lists.0.get(i))
                .map_or("", |v| v.str_at("type"));
            let key = if name.is_empty() {
                i.to_string()
            } else {
                name.to_owned()
            };
            differing(&child(&key), lists.0.get(i), lists.1.get(i), out);
        }
        return;
    }
    let text = |v: Option<&Value>| v.map_or("nothing".to_owned(), json::to_json);
    out.push(format!("{path} {} → {}", text(a), text(b)));
}
