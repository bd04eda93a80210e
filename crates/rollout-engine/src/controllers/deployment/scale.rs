//! The size of the Deployment changed, or it is paused: who gets which share.

use super::Sync;
use super::decision::ScaleReason;
use super::sync::Sets;
use super::util;
use crate::controllers::objects::{Deployment, ReplicaSet};
use rollout_api::Order;
use rollout_api::status_error::ApiError;
use rollout_api::views::StrategyType;

/// One ReplicaSet of a plan: which, its size, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// Index into `old ++ new`.
    pub index: usize,
    /// The size to set.
    pub to: i32,
    /// Why.
    pub because: ScaleReason,
    /// Written even if the size stays, for the annotations.
    pub force: bool,
}

/// What the scale step does: sizes in the order in which they are written. `sets` are the old ReplicaSets and, at the
/// end, the new one if `has_new`.
///
/// Mirrors `scale`, pkg/controller/deployment/sync.go.
/// Differs: answers the plan instead of writing it.
pub fn scale(d: &Deployment, sets: &[ReplicaSet], has_new: bool) -> Vec<Share> {
    let new = has_new
        .then(|| sets.len().saturating_sub(1))
        .filter(|_| !sets.is_empty());
    let old: Vec<usize> = (0..sets.len()).filter(|i| Some(*i) != new).collect();
    let desired = d.replicas;
    if let Some(index) = util::find_active_or_latest(new, &old, sets) {
        if sets[index].replicas == desired {
            return Vec::new();
        }
        let because = ScaleReason::OnlyActive { desired };
        return vec![Share {
            index,
            to: desired,
            because,
            force: false,
        }];
    }
    if util::is_saturated(d, new.map(|i| &sets[i])) {
        let active = old.iter().copied().filter(|&i| sets[i].replicas > 0);
        let because = ScaleReason::Saturated { desired };
        return active
            .map(|index| Share {
                index,
                to: 0,
                because: because.clone(),
                force: false,
            })
            .collect();
    }
    if d.strategy == StrategyType::RollingUpdate {
        proportional(d, sets)
    } else {
        Vec::new()
    }
}

fn proportional(d: &Deployment, sets: &[ReplicaSet]) -> Vec<Share> {
    let mut order: Vec<usize> = (0..sets.len()).filter(|&i| sets[i].replicas > 0).collect();
    let total = util::get_replica_count_for_replica_sets(order.iter().map(|&i| &sets[i]));
    let max_surge = util::max_surge(d);
    let allowed = if d.replicas > 0 {
        d.replicas.saturating_add(max_surge)
    } else {
        0
    };
    let to_add = allowed - total;
    order.order_by(|&a, &b| {
        let (x, y) = (&sets[a], &sets[b]);
        let age = x.meta().creation.cmp(&y.meta().creation);
        let age = age.then_with(|| x.meta().name.cmp(&y.meta().name));
        // Equal sizes: newer first when growing, older first when shrinking; names decide between equal times.
        let age = if to_add > 0 { age.reverse() } else { age };
        y.replicas.cmp(&x.replicas).then(age)
    });
    let mut added = 0;
    let mut shares: Vec<(usize, i32)> = Vec::new();
    for &i in &order {
        let share = util::get_replica_set_proportion(&sets[i], d, to_add, added);
        added += share;
        shares.push((i, share));
    }
    let rest = to_add - added;
    shares
        .into_iter()
        .enumerate()
        .map(|(n, (index, share))| {
            let leftover = if n == 0 { rest } else { 0 };
            let because = ScaleReason::Proportional {
                desired: d.replicas,
                max_surge,
                allowed,
                total,
                share,
                leftover,
            };
            let to = (sets[index].replicas + share + leftover).max(0);
            Share {
                index,
                to,
                because,
                force: true,
            }
        })
        .collect()
}

impl Sync<'_> {
    /// Mirrors `scale`, pkg/controller/deployment/sync.go.
    pub(crate) fn scale(&mut self, sets: &Sets) -> Result<(), ApiError> {
        let list: Vec<ReplicaSet> = sets.all().cloned().collect();
        let has_new = sets.new.is_some();
        for share in scale(&self.d, &list, has_new) {
            let rs = &list[share.index];
            let is_new = has_new && share.index + 1 == list.len();
            if share.force {
                self.scale_replica_set(rs, share.to, is_new, share.because)?;
            } else {
                self.scale_replica_set_and_record_event(rs, share.to, is_new, share.because)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    fn set(name: &'static str, replicas: i64, hour: &'static str) -> ReplicaSet {
        ReplicaSet::of(object! {
            "metadata" => object! {
                "annotations" => object! {
                    "deployment.kubernetes.io/desired-replicas" => "4",
                    "deployment.kubernetes.io/max-replicas" => "4",
                },
                "creationTimestamp" => hour,
                "name" => name,
            },
            "spec" => object! { "replicas" => replicas },
        })
    }

    /// As the real function answers: of sets of equal size and time the one with the greater name grows first.
    #[test]
    fn names_decide_between_sets_of_one_second() {
        const AT: &str = "2016-05-20T05:00:00Z";
        let sets = [
            set("foo-v8", 2, "2016-05-20T08:00:00Z"),
            set("foo-v7", 1, AT),
            set("foo-v9", 1, AT),
        ];
        let sizes = |replicas: i64| {
            let d = Deployment::of(object! {
                "spec" => object! {
                    "replicas" => replicas,
                    "strategy" => object! {
                        "rollingUpdate" => object! { "maxSurge" => 0, "maxUnavailable" => 1 },
                        "type" => "RollingUpdate",
                    },
                },
            });
            let mut sizes = [0; 3];
            for share in scale(&d, &sets, true) {
                sizes[share.index] = share.to;
            }
            sizes
        };
        assert_eq!(sizes(22), [11, 5, 6]);
        assert_eq!(sizes(2), [0, 1, 1], "the largest takes what is left over");
    }
}
