//! What every component may touch: the store through the API server's writes, the clock, the queue, randomness,
//! and the record of the step that is being made.

use crate::config::ClusterConfig;
use crate::decision::Decision;
use crate::logs::Logs;
use crate::queue::{EventQueue, Ticket};
use crate::rng::SimRng;
use crate::sim_event::SimEvent;
use crate::step::{Cause, Change, StepRecord};
use crate::store::Store;
use crate::time::{Millis, SimTime};
use rollout_api::views::Object;
use rollout_api::{Kind, Minor, ObjectKey, Timestamp, Value};
use std::collections::VecDeque;
use std::rc::Rc;

/// The part of the cluster's state that components share.
#[derive(Clone)]
pub struct World {
    /// How the cluster was set up.
    pub config: Rc<ClusterConfig>,
    /// The clock.
    pub now: SimTime,
    /// What is stored. Components read it; they write through [`World`]'s functions.
    pub store: Store,
    /// What is due.
    pub queue: EventQueue,
    /// Randomness, by purpose.
    pub rng: SimRng,
    /// What containers have printed.
    pub logs: Logs,
    /// Correlation of Kubernetes Events, per source.
    pub events: crate::events::Correlators,
    /// Behaviour of images, as the learner set it.
    pub images: crate::images::ImageRules,
    /// What is broken in the cluster itself.
    pub faults: Rc<crate::faults::Faults>,
    /// What clients of Services could meet, and their requests.
    pub traffic: crate::traffic::Traffic,
    /// How hard workloads are used.
    pub loads: Rc<crate::metrics::Loads>,
    /// Which volume is attached to which node.
    pub attachments: Rc<crate::volumes::Attachments>,
    /// What containers see as files.
    pub files: crate::files::Files,
    /// Allocated addresses and ports.
    pub addresses: crate::apiserver::Addresses,
    /// How far the wall clock is ahead of the clock: the scripted node side holds its clock while controllers work.
    pub(crate) skew: Millis,
    /// How many pods were ever created.
    pub(crate) pods_created: usize,
    undelivered: VecDeque<Change>,
    record: StepRecord,
    finished: Vec<StepRecord>,
}

impl World {
    /// An empty cluster at time zero.
    pub fn new(config: Rc<ClusterConfig>) -> World {
        World {
            now: SimTime::ZERO,
            store: Store::default(),
            queue: EventQueue::default(),
            rng: SimRng::new(config.seed),
            logs: Logs::default(),
            events: crate::events::Correlators::default(),
            images: config.images.clone(),
            faults: Rc::default(),
            traffic: crate::traffic::Traffic::new(config.seed, &config.images),
            loads: Rc::default(),
            attachments: Rc::default(),
            files: crate::files::Files::default(),
            addresses: crate::apiserver::Addresses::default(),
            skew: Millis(0),
            pods_created: 0,
            // A new cluster begins with some fifty changes.
            undelivered: VecDeque::with_capacity(64),
            record: StepRecord {
                at: SimTime::ZERO,
                cause: Cause::Outside("start".into()),
                changes: Vec::new(),
                decisions: Vec::new(),
            },
            finished: Vec::new(),
            config,
        }
    }

    /// The wall clock, in whole seconds: what timestamps of objects hold.
    pub fn wall(&self) -> Timestamp {
        (self.now + self.skew).timestamp(self.config.start)
    }

    /// The wall clock, in ms since the start.
    pub fn elapsed(&self) -> SimTime {
        self.now + self.skew
    }

    /// The minor version whose behaviour is shown.
    pub fn version(&self) -> Minor {
        self.config.version
    }

    /// Makes an event due after a span; zero means: in this instant, after what is due already.
    pub fn schedule(&mut self, after: Millis, event: SimEvent) -> Ticket {
        let late = self.faults.api_delay;
        if late.0 > 0 && after.0 == 0 && event.is_reaction() {
            return self.queue.schedule(self.now + late, event);
        }
        self.queue.schedule(self.now + after, event)
    }

    /// Makes an event due at a point; a point in the past counts as now.
    pub fn schedule_at(&mut self, at: SimTime, event: SimEvent) -> Ticket {
        self.queue.schedule(at.max(self.now), event)
    }

    /// Takes back a scheduled event.
    pub fn cancel(&mut self, ticket: Ticket) {
        self.queue.cancel(ticket);
    }

    /// Records why something was done, or not done, with the numbers of the formula.
    pub fn decide(&mut self, decision: impl Into<Decision>) {
        self.record.decisions.push(decision.into());
    }

    /// Closes the step that is being recorded: what follows is a step of its own, in the same instant.
    pub fn end_record(&mut self) {
        if !self.record.is_empty() {
            let next = StepRecord {
                at: self.now,
                cause: self.record.cause.clone(),
                changes: Vec::new(),
                decisions: Vec::new(),
            };
            self.finished
                .push(std::mem::replace(&mut self.record, next));
        }
    }

    /// Stores an object as it is (a new one, or a new state), gives it the next resourceVersion and tells the watchers.
    /// Everything that must hold for a write has been checked by the caller in `apiserver/`.
    pub(crate) fn commit(&mut self, key: &ObjectKey, value: Value) -> Rc<Object> {
        let version = self.store.next_resource_version();
        let (before, object) = self
            .store
            .replace(key, |before| Object::next(before, value, version));
        let was = before.clone();
        self.note(Change {
            key: key.clone(),
            before,
            after: Some(object.clone()),
        });
        if let Some(was) = was
            && self.store.count(Kind::RESOURCE_QUOTA) > 0
            && costs_otherwise(key.kind, &was, &object)
        {
            self.settle_quotas(key, &was.value, Some(&object.value));
        }
        object
    }

    /// Removes an object and tells the watchers.
    pub(crate) fn commit_removal(&mut self, key: &ObjectKey) -> Option<Rc<Object>> {
        let before = self.store.put(key, None)?;
        self.store.next_resource_version();
        self.note(Change {
            key: key.clone(),
            before: Some(before.clone()),
            after: None,
        });
        if self.store.count(Kind::RESOURCE_QUOTA) > 0 {
            self.settle_quotas(key, &before.value, None);
        }
        if !key.namespace.is_empty() {
            self.finish_namespace(&key.namespace);
        }
        Some(before)
    }

    fn note(&mut self, change: Change) {
        self.undelivered.push_back(change.clone());
        self.record.changes.push(change);
    }

    /// The next change that the watchers have not seen.
    pub(crate) fn next_undelivered(&mut self) -> Option<Change> {
        self.undelivered.pop_front()
    }

    /// Begins a step.
    pub(crate) fn begin_record(&mut self, cause: Cause) {
        self.end_record();
        self.record.at = self.now;
        self.record.cause = cause;
    }

    /// Ends the step and hands out all that were finished since the last call.
    pub(crate) fn take_records(&mut self) -> Vec<StepRecord> {
        self.end_record();
        std::mem::take(&mut self.finished)
    }
}

/// Can a new state of an object count otherwise for quotas? A pod that has ended, a Service or a claim that is another.
fn costs_otherwise(kind: Kind, before: &Object, after: &Object) -> bool {
    match kind {
        Kind::POD => {
            before.pod().is_some_and(|p| p.is_live()) && after.pod().is_some_and(|p| !p.is_live())
        }
        Kind::SERVICE | Kind::PERSISTENT_VOLUME_CLAIM => {
            before.value.get("spec") != after.value.get("spec")
        }
        _ => false,
    }
}
