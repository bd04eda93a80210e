//! The engine: actions and time go in, steps come out. A thin shell; all behaviour is in the components.

use crate::client::Client;
use crate::components::Components;
use crate::config::ClusterConfig;
use crate::limits;
use crate::scripted::ScriptedNode;
use crate::sim_event::SimEvent;
use crate::step::{Cause, StepRecord};
use crate::store::Store;
use crate::time::SimTime;
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str, Timestamp, Value};
use std::rc::Rc;

/// A cluster on a virtual clock. A clone is a checkpoint: it goes on exactly as the original would.
#[derive(Clone)]
pub struct Engine {
    world: World,
    components: Components,
}

impl Engine {
    /// A fresh cluster with its nodes, namespaces and the Service `kubernetes`.
    pub fn new(config: ClusterConfig) -> Engine {
        let mut engine = Engine::bare(config);
        crate::bootstrap::bootstrap(&mut engine.world);
        engine.settle();
        engine.world.take_records();
        engine
    }

    /// A cluster without any object.
    pub fn bare(config: ClusterConfig) -> Engine {
        let config = Rc::new(config);
        Engine {
            components: Components::new(&config),
            world: World::new(config),
        }
    }

    /// A cluster with these objects, exactly as given, at this moment. The controllers have seen them but nothing is
    /// done until the engine is stepped: commands on it change the stored objects only.
    pub fn with_state(mut config: ClusterConfig, objects: Vec<Value>, now: Timestamp) -> Engine {
        config.start = now;
        let mut engine = Engine::bare(config);
        let mut newest = 0;
        for value in objects {
            let Some(resource) = rollout_api::kinds::of_object(
                value.str_at("apiVersion"),
                value.str_at("kind"),
                engine.world.config.version,
            ) else {
                continue;
            };
            let kind = resource.kind;
            newest = newest.max(
                value
                    .str_at("metadata.resourceVersion")
                    .parse()
                    .unwrap_or(0),
            );
            let key = ObjectKey::new(
                kind,
                value
                    .shared_str_at("metadata.namespace")
                    .unwrap_or_default(),
                value.shared_str_at("metadata.name").unwrap_or_default(),
            );
            engine
                .world
                .store
                .put(&key, Some(Rc::new(Object::new(value))));
        }
        engine.world.store.set_resource_version(newest.max(1000));
        engine
    }

    /// Carries out requests from outside at this moment, as one step. What the controllers do about it comes with the
    /// steps that follow.
    pub fn act<R>(
        &mut self,
        by: impl Into<Str>,
        f: impl FnOnce(&mut Client<'_>) -> R,
    ) -> (R, Vec<StepRecord>) {
        self.world.begin_record(Cause::Outside(by.into()));
        let result = f(&mut Client::new(&mut self.world));
        self.world.end_record();
        self.deliver();
        (result, self.world.take_records())
    }

    /// Lets the scripted node side do something at this moment, as one step. `None` if the node side is not scripted.
    pub fn script<R>(
        &mut self,
        f: impl FnOnce(&mut ScriptedNode, &mut World) -> R,
    ) -> Option<(R, Vec<StepRecord>)> {
        let scripted = self.components.scripted.as_mut()?;
        self.world.begin_record(Cause::Outside("kubelet".into()));
        let result = f(scripted, &mut self.world);
        self.world.end_record();
        self.deliver();
        Some((result, self.world.take_records()))
    }

    /// The next step of the simulation: everything the next due event brings about. Events without effect are passed
    /// over. Empty: nothing is scheduled (or the limit of events without effect was reached).
    pub fn step(&mut self) -> Vec<StepRecord> {
        self.step_until(SimTime(u64::MAX))
    }

    /// As [`Engine::step`], but leaves events after `until` alone.
    pub fn step_until(&mut self, until: SimTime) -> Vec<StepRecord> {
        for _ in 0..limits::MAX_SILENT_EVENTS {
            if self.world.queue.next_at().is_none_or(|at| at > until) {
                return Vec::new();
            }
            let records = self.fire_next();
            if !records.is_empty() {
                return records;
            }
        }
        Vec::new()
    }

    /// Runs everything that is due until `at` and sets the clock to it.
    pub fn advance_to(&mut self, at: SimTime) -> Vec<StepRecord> {
        let mut all = Vec::new();
        while self.world.queue.next_at().is_some_and(|next| next <= at) {
            all.extend(self.fire_next());
        }
        self.world.now = self.world.now.max(at);
        all
    }

    /// Runs everything that is due in this instant.
    pub fn settle(&mut self) -> Vec<StepRecord> {
        self.advance_to(self.world.now)
    }

    /// Exactly the next due event, with or without effect.
    pub fn fire(&mut self) -> Vec<StepRecord> {
        self.fire_next()
    }

    fn fire_next(&mut self) -> Vec<StepRecord> {
        let Some((at, event)) = self.world.queue.pop() else {
            return Vec::new();
        };
        self.world.now = self.world.now.max(at);
        self.world.begin_record(Cause::Event(event.clone()));
        self.components.fire(&mut self.world, event);
        self.world.end_record();
        self.deliver();
        self.world.take_records()
    }

    fn deliver(&mut self) {
        while let Some(change) = self.world.next_undelivered() {
            self.components.observe(&mut self.world, &change);
        }
    }

    /// When something is due next.
    pub fn next_at(&self) -> Option<SimTime> {
        self.world.queue.next_at()
    }
    /// What is due, in order.
    pub fn upcoming(&self) -> impl Iterator<Item = (SimTime, &SimEvent)> {
        self.world.queue.iter()
    }
    /// The clock.
    pub fn now(&self) -> SimTime {
        self.world.now
    }
    /// The wall clock in whole seconds.
    pub fn wall(&self) -> Timestamp {
        self.world.wall()
    }
    /// What is stored.
    pub fn store(&self) -> &Store {
        &self.world.store
    }
    /// How the cluster was set up.
    pub fn config(&self) -> &ClusterConfig {
        &self.world.config
    }
    /// The shared part of the state, read-only.
    pub fn world(&self) -> &World {
        &self.world
    }
    /// The components' own state, read-only.
    pub fn components(&self) -> &Components {
        &self.components
    }
    /// Objects of a kind, for tests and views.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Rc<Object>> {
        self.world.store.list(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    #[test]
    fn a_write_is_recorded_with_before_and_after() {
        let mut engine = Engine::bare(ClusterConfig::default());
        let map = |x: &'static str| {
            object! { "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => object! { "name" => "a", "namespace" => "default" },
            "data" => object! { "x" => x } }
        };
        let (_, first) = engine.act("test", |c| {
            c.world_mut().create(Kind::CONFIG_MAP, map("1")).unwrap()
        });
        assert_eq!(first.len(), 1);
        assert!(first[0].changes[0].before.is_none());
        let key = ObjectKey::new(Kind::CONFIG_MAP, "default", "a");
        let stored = engine.store().get(&key).unwrap().value.clone();
        let (_, again) = engine.act("test", |c| c.world_mut().update(&key, stored).unwrap());
        assert!(again.is_empty(), "an equal write stores nothing");
    }
}
