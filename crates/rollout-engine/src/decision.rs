//! Why: the sum of all components' decisions, as data with the numbers of each formula.

use rollout_api::ObjectKey;

/// What was decided about an object, by whom and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The object it is about: the Deployment, ReplicaSet, pod …
    pub on: ObjectKey,
    /// What and why.
    pub what: What,
}

/// One variant per component that decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A decision that has no numbers: its name.
    Plain(rollout_api::Str),
}
