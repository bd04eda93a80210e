//! The ReplicaSet controller's decisions in sentences.

use super::{Explanation, field, term};
use crate::catalogue::{Msg, code, counted, say, words};
use crate::cluster::short_name;
use crate::model::*;
use rollout_api::{ObjectKey, Str};
use rollout_engine::controllers::replica_set::decision::ReplicaSetDecision;

/// Names that are listed one by one.
const NAMES: usize = 4;

/// A decision as a sentence.
pub fn explain(on: &ObjectKey, decision: &ReplicaSetDecision) -> Explanation {
    use ReplicaSetDecision as D;
    let set = || ("set", code(short_name(&on.name)));
    let terms = |wanted: i32, active: i32| {
        vec![
            term(
                "",
                "wanted",
                wanted,
                Quantity::Wanted,
                field("spec.replicas"),
            ),
            term("−", "has", active, Quantity::Total, Origin::Computed),
            term(
                "=",
                if wanted >= active {
                    "to make"
                } else {
                    "to delete"
                },
                wanted - active,
                Quantity::Count,
                Origin::Computed,
            ),
        ]
    };
    let counts = |wanted: &i32, active: &i32, k: usize| {
        [
            ("wanted", counted(*wanted, Quantity::Wanted)),
            ("active", counted(*active, Quantity::Count)),
            ("k", counted(k as i64, Quantity::Count)),
        ]
    };
    match decision {
        D::CreatedPods {
            wanted,
            active,
            pods,
        } => {
            let [a, b, c] = counts(wanted, active, pods.len());
            Explanation::new(WhyKind::Change, say(Msg::PodsCreated, &[set(), a, b, c]))
                .with(terms(*wanted, *active), "manageReplicas")
        }
        D::DeletedPods {
            wanted,
            active,
            pods,
        } => {
            let [a, b, c] = counts(wanted, active, pods.len());
            let names = list(pods.iter().map(|p| &p.pod));
            Explanation::new(
                WhyKind::Change,
                say(Msg::PodsDeleted, &[set(), a, b, c, ("pods", words(names))]),
            )
            .with(terms(*wanted, *active), "getPodsToDelete")
        }
        D::AdoptedPods { pods } => Explanation::new(
            WhyKind::Change,
            say(
                Msg::PodsAdopted,
                &[set(), ("pods", words(list(pods.iter())))],
            ),
        )
        .with(Vec::new(), "ClaimPods"),
        D::ReleasedPods { pods } => Explanation::new(
            WhyKind::Change,
            say(
                Msg::PodsReleased,
                &[set(), ("pods", words(list(pods.iter())))],
            ),
        )
        .with(Vec::new(), "ClaimPods"),
        D::Failed {
            wanted,
            active,
            error,
            ..
        } => {
            let [a, b, _] = counts(wanted, active, 0);
            Explanation::new(
                WhyKind::Stalled,
                say(
                    Msg::PodsFailed,
                    &[set(), a, b, ("error", words(error.as_str()))],
                ),
            )
            .with(terms(*wanted, *active), "manageReplicas")
        }
        D::WaitingForMinReady {
            min_ready_seconds,
            ready,
            available,
            ..
        } => Explanation::new(
            WhyKind::Wait,
            say(
                Msg::SetMinReady,
                &[
                    set(),
                    ("ready", counted(*ready, Quantity::Ready)),
                    ("available", counted(*available, Quantity::Available)),
                    ("seconds", counted(*min_ready_seconds, Quantity::Seconds)),
                ],
            ),
        )
        .with(Vec::new(), "syncReplicaSet"),
    }
}

fn list<'a>(pods: impl ExactSizeIterator<Item = &'a Str>) -> String {
    let more = pods.len().saturating_sub(NAMES);
    let mut names: Vec<String> = pods.take(NAMES).map(|p| short_name(p).to_owned()).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.as_slice() {
        [] => "no pod".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
