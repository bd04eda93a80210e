//! Walking through a session: what the rollout of one Deployment looked like after every step.

use crate::cluster::{Limits, Versions, owned, pod_state};
use crate::model::PodState;
use rollout_api::SortedMap;
use rollout_api::{Kind, ObjectKey, Str};
use rollout_engine::{Change, Object, Store};
use rollout_session::{Session, Step};
use std::rc::Rc;

/// A pod on the way.
#[derive(Clone)]
pub struct Tracked {
    /// The object.
    pub object: Rc<Object>,
    /// Letter of its set.
    pub version: usize,
    /// minReadySeconds of its set.
    pub min_ready: i32,
    /// What it looks like now.
    pub state: PodState,
}

/// A set on the way.
#[derive(Clone, Copy)]
pub struct TrackedSet {
    /// Letter.
    pub version: usize,
    /// Wanted size.
    pub size: i64,
    /// minReadySeconds.
    pub min_ready: i32,
}

/// The state of the walk.
#[derive(Clone)]
pub struct Walk {
    /// The Deployment.
    pub key: ObjectKey,
    /// Its object, if it exists.
    pub deployment: Option<Rc<Object>>,
    /// Letters.
    pub versions: Versions,
    /// Sets by uid, deleted ones too.
    pub sets: SortedMap<Str, TrackedSet>,
    /// Pods by uid.
    pub pods: SortedMap<Str, Tracked>,
    /// How often the Deployment was made anew: letters begin again then.
    pub lives: u32,
    /// How many pods of a version are in a state.
    pub tally: SortedMap<(usize, PodState), u32>,
}

impl Walk {
    /// At the start of a session.
    pub fn start(session: &Session, key: &ObjectKey) -> Walk {
        Walk::start_at(session.base_store(), key, session.wall_ms_at(0))
    }

    /// At a moment of a cluster.
    pub fn start_at(store: &Store, key: &ObjectKey, now_ms: i64) -> Walk {
        let mut walk = Walk {
            key: key.clone(),
            deployment: None,
            versions: Versions::default(),
            sets: SortedMap::new(),
            pods: SortedMap::new(),
            tally: SortedMap::new(),
            lives: 0,
        };
        walk.see_store(store, now_ms);
        walk
    }

    fn see_store(&mut self, store: &Store, now_ms: i64) {
        let Some(deployment) = store.get(&self.key).cloned() else {
            return;
        };
        let uid = deployment.meta.uid.clone();
        self.versions.see_store(store, &uid);
        self.deployment = Some(deployment);
        for set in owned(store, Kind::REPLICA_SET, &uid) {
            self.see_set(set);
        }
        let namespace = self.key.namespace.clone();
        for pod in store.list_in(Kind::POD, &namespace) {
            self.see_pod(pod, now_ms);
        }
    }

    fn see_set(&mut self, set: &Rc<Object>) {
        let Some(view) = set.replica_set() else {
            return;
        };
        self.versions.see(&set.meta.uid);
        let version = self.versions.of(&set.meta.uid);
        let tracked = TrackedSet {
            version,
            size: view.replicas.into(),
            min_ready: view.min_ready_seconds,
        };
        self.sets.insert(set.meta.uid.clone(), tracked);
    }

    fn see_pod(&mut self, pod: &Rc<Object>, now_ms: i64) -> bool {
        let Some(set) = pod
            .meta
            .controller
            .as_ref()
            .and_then(|c| self.sets.get(&c.uid))
            .copied()
        else {
            return false;
        };
        let state = pod_state(pod, set.min_ready, now_ms);
        let tracked = Tracked {
            object: pod.clone(),
            version: set.version,
            min_ready: set.min_ready,
            state,
        };
        *self.tally.entry((set.version, state)).or_insert(0) += 1;
        let old = self.pods.insert(pod.meta.uid.clone(), tracked);
        self.uncount(old);
        true
    }

    /// A pod that is not as it was any more. Answers whether there was one.
    fn uncount(&mut self, old: Option<Tracked>) -> bool {
        let Some(old) = old else { return false };
        if let Some(n) = self.tally.get_mut(&(old.version, old.state)) {
            *n = n.saturating_sub(1);
        }
        true
    }

    /// Takes in a step. Answers whether anything of this rollout changed.
    pub fn apply(&mut self, step: &Step, now_ms: i64) -> bool {
        self.take_changes(&step.record.changes, now_ms)
    }

    /// Takes in changes of one moment.
    pub fn take_changes(&mut self, changes: &[Change], now_ms: i64) -> bool {
        let mut any = false;
        for change in changes {
            any |= self.apply_change(change, now_ms);
        }
        any | self.ripen(now_ms)
    }

    fn apply_change(&mut self, change: &Change, now_ms: i64) -> bool {
        match change.key.kind {
            Kind::DEPLOYMENT if change.key == self.key => {
                let new_life = change.after.as_ref().map(|o| &o.meta.uid)
                    != self.deployment.as_ref().map(|o| &o.meta.uid);
                if new_life && change.after.is_some() {
                    self.lives += 1;
                    self.versions = Versions::default();
                    self.sets.clear();
                }
                self.deployment.clone_from(&change.after);
                true
            }
            Kind::REPLICA_SET if change.key.namespace == self.key.namespace => {
                match &change.after {
                    Some(set) => {
                        let owner = set.meta.controller.as_ref().map(|c| &c.uid);
                        let ours = owner.is_some()
                            && owner == self.deployment.as_ref().map(|d| &d.meta.uid);
                        if ours {
                            self.see_set(set);
                        }
                        ours
                    }
                    None => {
                        let set = change
                            .before
                            .as_ref()
                            .and_then(|o| self.sets.get_mut(&o.meta.uid));
                        let ours = set.is_some();
                        if let Some(set) = set {
                            set.size = 0;
                        }
                        ours
                    }
                }
            }
            Kind::POD if change.key.namespace == self.key.namespace => match &change.after {
                Some(pod) => self.see_pod(pod, now_ms),
                None => {
                    let gone = change
                        .before
                        .as_ref()
                        .and_then(|o| self.pods.remove(&o.meta.uid));
                    self.uncount(gone)
                }
            },
            _ => false,
        }
    }

    /// Ready pods become available as time passes.
    fn ripen(&mut self, now_ms: i64) -> bool {
        let mut any = false;
        for pod in self
            .pods
            .values_mut()
            .filter(|p| p.min_ready > 0 && p.state == PodState::Ready)
        {
            let state = pod_state(&pod.object, pod.min_ready, now_ms);
            if state != pod.state {
                any = true;
                if let Some(n) = self.tally.get_mut(&(pod.version, pod.state)) {
                    *n = n.saturating_sub(1);
                }
                *self.tally.entry((pod.version, state)).or_insert(0) += 1;
                pod.state = state;
            }
        }
        any
    }

    /// The limits now.
    pub fn limits(&self) -> Option<Limits> {
        Some(Limits::of(self.deployment.as_ref()?.deployment()?))
    }
    fn count(&self, of: impl Fn(PodState) -> bool) -> i64 {
        let counted = self.tally.iter().filter(|((_, state), _)| of(*state));
        counted.map(|(_, n)| i64::from(*n)).sum()
    }
    /// Pods that are not leaving.
    pub fn total(&self) -> i64 {
        self.count(|s| s != PodState::Terminating)
    }
    /// Available pods.
    pub fn available(&self) -> i64 {
        self.count(|s| s == PodState::Available)
    }
    /// Ready pods, available ones too.
    pub fn ready(&self) -> i64 {
        self.count(|s| matches!(s, PodState::Available | PodState::Ready))
    }
}

/// The Deployment that the page shows when nobody chose: the one that the learner changed last, else the first.
pub fn default_focus(session: &Session) -> Option<ObjectKey> {
    focus_of(session, session.position(), session.store())
}

/// The Deployment that the learner changed last until a position, else the first of a store.
pub fn focus_of(session: &Session, position: usize, store: &Store) -> Option<ObjectKey> {
    rollout_session::last_changed(session, position).or_else(|| {
        let first = store.list(Kind::DEPLOYMENT).next()?;
        Some(ObjectKey::new(
            Kind::DEPLOYMENT,
            first.meta.namespace.clone(),
            first.meta.name.clone(),
        ))
    })
}
