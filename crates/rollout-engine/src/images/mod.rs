//! How container images behave: rules by reference, set by the learner, seen by later pulls, starts and probes.

mod behaviour;
mod reference;
mod words;

pub use behaviour::{Behaviour, Effects, Span};
pub use reference::ImageName;
pub use words::WordError;

use crate::time::SimTime;
use rollout_api::SortedMap;
use rollout_api::Str;
use std::rc::Rc;

/// When and where a rule holds.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Scope {
    /// Only the n-th pod (from 1) that uses the image.
    pub pod: Option<u32>,
    /// Only on this node.
    pub node: Option<Str>,
    /// From this moment on.
    pub from: Option<Span>,
    /// Until this moment.
    pub until: Option<Span>,
}

impl Scope {
    /// Does the rule hold for this pod at this moment?
    pub fn holds(&self, who: &Who<'_>, now: SimTime) -> bool {
        self.pod.is_none_or(|n| n == who.ordinal)
            && self.node.as_ref().is_none_or(|n| n.as_str() == who.node)
            && self.from.is_none_or(|t| now.0 >= t.0)
            && self.until.is_none_or(|t| now.0 < t.0)
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The pod's number among those that use the image, from 1.
    pub ordinal: u32,
    /// Its node.
    pub node: &'a str,
}

/// One rule: behaviours of an image, where and when they hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageRule {
    /// The reference as written.
    pub image: Str,
    /// What it does; all of it at once.
    pub behaviours: Vec<Behaviour>,
    /// Where and when.
    pub scope: Scope,
}

/// Behaviour by image reference. Without a rule an image behaves well.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ImageRules {
    rules: Rc<SortedMap<Str, Vec<ImageRule>>>,
    /// Moments of rules count from here: the start of the session, after the history of the cluster.
    zero: SimTime,
}

impl ImageRules {
    /// Moments of rules count from here.
    pub fn set_zero(&mut self, zero: SimTime) {
        self.zero = zero;
    }

    /// No rule at all.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Sets a rule. It takes the place of the rule with the same image and scope; a good image without scope
    /// takes the place of all rules of the image.
    pub fn set(&mut self, rule: ImageRule) {
        let key = reference::canonical(&rule.image);
        let rules = Rc::make_mut(&mut self.rules);
        let good = rule.behaviours.iter().all(|b| *b == Behaviour::Good);
        if good && rule.scope == Scope::default() {
            rules.remove(&key);
            return;
        }
        let list = rules.entry(key).or_default();
        list.retain(|r| r.scope != rule.scope);
        list.push(rule);
    }

    /// Reads and sets one rule: `REFERENCE BEHAVIOUR [KEY=VALUE…] [BEHAVIOUR …] [pod=N] [node=NAME] [from=T] [until=T]`.
    pub fn set_words(&mut self, words: &[&str]) -> Result<ImageRule, WordError> {
        let rule = words::parse(words)?;
        self.set(rule.clone());
        Ok(rule)
    }

    /// All rules, by image, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = &ImageRule> {
        self.rules.values().flatten()
    }

    /// What holds for an image now. `full`: its name as [`ImageName::full`] writes it.
    pub fn effects(&self, full: &str, who: &Who<'_>, now: SimTime) -> Effects {
        let mut effects = Effects::default();
        if self.rules.is_empty() {
            return effects;
        }
        let now = SimTime(now.since(self.zero).0);
        for rule in self.rules.get(full).into_iter().flatten() {
            if rule.scope.holds(who, now) {
                for b in &rule.behaviours {
                    effects.add(b, now);
                }
            }
        }
        effects
    }

    /// When the effects on an image change by themselves after `now`: scopes that begin or end, images that appear.
    pub fn next_change(&self, full: &str, now: SimTime) -> Option<SimTime> {
        let rules = self.rules.get(full)?;
        let (zero, now) = (self.zero.0, now);
        rules
            .iter()
            .flat_map(|r| {
                let late = r.behaviours.iter().filter_map(|b| match b {
                    Behaviour::Late { until } => Some(*until),
                    _ => None,
                });
                [r.scope.from, r.scope.until]
                    .into_iter()
                    .flatten()
                    .chain(late)
            })
            .map(|t| SimTime(t.0.saturating_add(zero)))
            .filter(|t| *t > now)
            .min()
    }
}
