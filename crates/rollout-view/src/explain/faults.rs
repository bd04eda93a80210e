//! Waiting because something in the cluster is broken: what it is, and what would end it.

use super::Explanation;
use crate::catalogue::{Arg, Msg, code, counted, join, say, span_of_time};
use crate::cluster::{Pod, Rollout};
use crate::model::*;
use rollout_api::{Kind, ObjectKey, Timestamp, Value};
use rollout_engine::faults::Faults;
use rollout_session::Session;

/// Adds to a rest what the learner has broken, as far as it has to do with this rollout.
pub fn add(session: &Session, r: &Rollout, e: &mut Explanation) {
    let faults = session.faults();
    if faults.is_empty() {
        return;
    }
    let mut told = |spans: Vec<Span>| {
        e.headline = join(std::mem::take(&mut e.headline), spans);
    };
    if faults.controllers_down {
        told(say(Msg::FaultControllers, &[]));
    }
    for node in faults.lost.keys() {
        for spans in node_lost(session, r, node) {
            told(spans);
        }
    }
    let pulls = r.counted().any(|p| p.state == PodState::ImagePull);
    if pulls && registry_down(&faults, r) {
        told(say(Msg::FaultRegistry, &[]));
    }
    if faults.api_delay.0 > 0 && !r.complete() {
        let args = [("s", span_of_time(faults.api_delay.0))];
        told(say(Msg::FaultApi, &args));
    }
}

/// Is a registry down from which a pod that cannot pull wants its image?
fn registry_down(faults: &Faults, r: &Rollout) -> bool {
    let mut failing = r.counted().filter(|p| p.state == PodState::ImagePull);
    failing.any(|p| {
        let image = p.object.value.str_at("spec.containers.0.image");
        let full = rollout_engine::images::ImageName::of(image).full();
        let host = full.split('/').next().unwrap_or("").to_owned();
        let mut down = faults.registries.iter();
        down.any(|d| d.host.is_empty() || *d.host == *host)
    })
}

/// Pods of the rollout on a node that is cut off: those that count, and those that leave.
fn node_lost(session: &Session, r: &Rollout, node: &str) -> Vec<Vec<Span>> {
    let here = |p: &&Pod| p.object.pod().is_some_and(|v| *v.node == *node);
    let leaving = r.leaving().filter(here).count() as i64;
    let staying: Vec<&Pod> = r.counted().filter(here).collect();
    let mut out = Vec::new();
    let n = staying.len() as i64;
    if n > 0 {
        let key = ObjectKey::new(Kind::NODE, "", node.to_owned());
        let object = session.store().get(&key);
        let noticed = object.and_then(|o| o.node()).is_some_and(|v| !v.is_ready());
        let due = object.and_then(|o| evicted_in(session, &o.value, staying[0]));
        let mut args = vec![("n", counted(n, Quantity::Failing)), ("node", code(node))];
        let msg = match (noticed, due) {
            (false, _) => Msg::FaultNodeSilent,
            (true, None) => Msg::FaultNodeLost,
            (true, Some(ms)) => {
                args.push(("s", span_of_time(ms)));
                Msg::FaultNodeEvicts
            }
        };
        out.push(say(msg, &args));
    }
    if leaving > 0 {
        let args: [(&str, Arg); 2] = [
            ("n", counted(leaving, Quantity::Leaving)),
            ("node", code(node)),
        ];
        out.push(say(Msg::FaultNodeLeaving, &args));
    }
    out
}

/// Milliseconds until a pod is evicted from a tainted node, as far as it does not tolerate it for ever.
fn evicted_in(session: &Session, node: &Value, pod: &Pod) -> Option<u64> {
    let taint = node
        .list_at("spec.taints")
        .iter()
        .find(|t| t.str_at("effect") == "NoExecute")?;
    let added = Timestamp::parse(taint.str_at("timeAdded"))?;
    let seconds = pod
        .object
        .value
        .list_at("spec.tolerations")
        .iter()
        .find(|t| t.str_at("key") == taint.str_at("key"))
        .map_or(Some(0), |t| t.int_at("tolerationSeconds"))?;
    let due = session.at_of_wall(Timestamp(added.0 + seconds));
    Some(u64::try_from(due - session.at() as i64).unwrap_or(0))
}
