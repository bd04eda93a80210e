//! Requests: what became of them, by version and cause.

use crate::cluster::{Rollout, tag};
use crate::model::Measure;
use rollout_session::Session;

/// The measures of the requests that reach a rollout's pods; none without traffic.
pub fn measures(session: &Session, rollout: &Rollout) -> Vec<Measure> {
    let key = crate::measures::key_of(rollout);
    let Some(target) = session.stream_of(&key) else {
        return Vec::new();
    };
    let tally = session.requests_so_far(&target);
    let by_version = rollout
        .sets
        .iter()
        .map(|set| {
            let of_set = |id: u32| {
                let version = session.traffic().version(id);
                version.is_some_and(|v| v.owner == set.object.meta.name)
            };
            let parts = tally.parts.iter();
            let answered = parts.filter(|p| p.cause.is_none() && p.version.is_some_and(of_set));
            let n: u64 = answered.map(|p| p.count).sum();
            format!("{}:{n}", tag(set.version).letter)
        })
        .collect::<Vec<_>>();
    let measure = |name, value| Measure { name, value };
    vec![
        measure("requests.ok", tally.ok().to_string()),
        measure("requests.failed", tally.failed().to_string()),
        measure("requests.by_version", by_version.join(",")),
    ]
}
