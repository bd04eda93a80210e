//! Traffic: a steady stream of requests through a Service, and what became of each of them.
//!
//! Nothing here is an event of the simulation. While the cluster runs, [`Traffic`] keeps what a client could meet: when the
//! process in a pod began to listen, got its stop signal and ended ([`Server`]), and which endpoints the clients knew at
//! which time ([`Stream`]). What became of request number *i* follows from that ([`outcome`](query)); whole spans of
//! requests are counted from the intervals in which nothing changes. So a question for any moment costs little, whether
//! asked for once or in many small parts, and looking back needs no second run.

mod listens;
mod query;
mod server;
mod stream;
mod tally;
mod words;

pub use listens::listens;
pub use query::Request;
pub use server::{End, Run, Server, Version};
pub use stream::{Mode, Setting, Stream};
pub use tally::{Cause, Outcome, Part, Tally};
pub use words::{Command, TrafficError, rate_text};

use crate::images::ImageRules;
use crate::step::Change;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str};
use std::rc::Rc;

/// How long an endpoint's change takes to reach the clients, unless a fault says otherwise.
pub const PROPAGATION: Millis = Millis(1_500);

/// Everything that is kept about requests.
#[derive(Clone, Default)]
pub struct Traffic {
    pub(super) seed: u64,
    pub(super) servers: Rc<Vec<Rc<Server>>>,
    pub(super) versions: Rc<Vec<Version>>,
    by_uid: Rc<SortedMap<Str, u32>>,
    streams: Rc<SortedMap<ObjectKey, Rc<Stream>>>,
    /// The images' rules and since when they hold.
    pub(super) rules: Rc<Vec<(SimTime, ImageRules)>>,
    /// The schema of the database and since when.
    pub(super) schemas: Rc<Vec<(SimTime, u32)>>,
    /// Nodes that nobody reaches: since when, until when.
    pub(super) outages: Rc<Vec<(Str, SimTime, Option<SimTime>)>>,
}

impl Traffic {
    /// No request yet.
    pub fn new(seed: u64, rules: &ImageRules) -> Traffic {
        Traffic {
            seed,
            rules: Rc::new(vec![(SimTime::ZERO, rules.clone())]),
            ..Traffic::default()
        }
    }

    /// The streams that were ever started, by target.
    pub fn streams(&self) -> impl Iterator<Item = (&ObjectKey, &Stream)> {
        self.streams.iter().map(|(k, s)| (k, &**s))
    }

    /// One stream.
    pub fn stream(&self, target: &ObjectKey) -> Option<&Stream> {
        self.streams.get(target).map(|s| &**s)
    }

    /// A pod that answers, by its number in lists and outcomes.
    pub fn server(&self, id: u32) -> Option<&Server> {
        self.servers.get(id as usize).map(|s| &**s)
    }

    /// A version, by its number in outcomes.
    pub fn version(&self, id: u32) -> Option<&Version> {
        self.versions.get(id as usize)
    }

    /// The number of a version.
    fn version_of(&mut self, version: Version) -> u32 {
        if let Some(i) = self.versions.iter().position(|v| *v == version) {
            return i as u32;
        }
        let list = Rc::make_mut(&mut self.versions);
        list.push(version);
        list.len() as u32 - 1
    }

    /// The number of a pod; a new one is taken for a process that is simply there.
    fn server_of(&mut self, uid: &Str, make: impl FnOnce(&mut Traffic) -> Server) -> u32 {
        if let Some(id) = self.by_uid.get(uid) {
            return *id;
        }
        let server = make(self);
        let list = Rc::make_mut(&mut self.servers);
        list.push(Rc::new(server));
        let id = list.len() as u32 - 1;
        Rc::make_mut(&mut self.by_uid).insert(uid.clone(), id);
        id
    }

    fn server_mut(&mut self, id: u32) -> Option<&mut Server> {
        let list = Rc::make_mut(&mut self.servers);
        list.get_mut(id as usize).map(Rc::make_mut)
    }

    /// The process of a pod has started.
    pub(crate) fn started(&mut self, at: SimTime, uid: &Str, describe: impl FnOnce() -> Server) {
        let id = self.server_of(uid, |_| describe());
        if let Some(server) = self.server_mut(id) {
            server.runs.push(Run {
                started: at,
                signal: None,
                end: None,
            });
        }
    }

    /// Gives the process that has just started its version.
    pub(crate) fn set_version(&mut self, uid: &Str, version: Version) {
        let version = self.version_of(version);
        let Some(id) = self.by_uid.get(uid).copied() else {
            return;
        };
        if let Some(server) = self.server_mut(id) {
            server.version = version;
        }
    }

    /// The process of a pod gets its stop signal at this moment.
    pub(crate) fn signalled(&mut self, uid: &Str, at: SimTime) {
        self.change_run(uid, |run| run.signal = Some(at));
    }

    /// The process of a pod has ended.
    pub(crate) fn ended(&mut self, uid: &Str, end: End) {
        self.change_run(uid, |run| run.end = Some(end));
    }

    fn change_run(&mut self, uid: &Str, f: impl FnOnce(&mut Run)) {
        let Some(id) = self.by_uid.get(uid).copied() else {
            return;
        };
        if let Some(run) = self.server_mut(id).and_then(|s| s.runs.last_mut())
            && run.end.is_none()
        {
            f(run);
        }
    }

    /// The images' rules from now on.
    pub(crate) fn rules_changed(&mut self, at: SimTime, rules: &ImageRules) {
        Rc::make_mut(&mut self.rules).push((at, rules.clone()));
    }

    /// The database has this schema from now on.
    pub fn set_schema(&mut self, at: SimTime, schema: u32) {
        Rc::make_mut(&mut self.schemas).push((at, schema));
    }

    /// The schema of the database at a moment. It begins with 1.
    pub fn schema(&self, at: SimTime) -> u32 {
        let known = self.schemas.iter().rev().find(|(t, _)| *t <= at);
        known.map_or(1, |(_, n)| *n)
    }

    /// A node cannot be reached from now on, or can again.
    pub(crate) fn set_outage(&mut self, at: SimTime, node: &Str, out: bool) {
        let list = Rc::make_mut(&mut self.outages);
        let open = list
            .iter_mut()
            .find(|(n, _, until)| n == node && until.is_none());
        match (open, out) {
            (Some((_, _, until)), false) => *until = Some(at),
            (None, true) => list.push((node.clone(), at, None)),
            _ => {}
        }
    }
}

impl World {
    /// Starts, changes or ends (rate 0) a stream of requests to a Service or a Deployment.
    pub fn set_traffic(&mut self, target: &ObjectKey, setting: Setting) {
        let now = self.now;
        if !self.traffic.streams.contains_key(target) {
            let mut stream = Stream::default();
            let parts = current_parts(self, target);
            for (name, port, part) in parts {
                let ids = known(&mut self.traffic, part);
                stream.set_part(name, port, ids);
            }
            stream.publish(SimTime::ZERO);
            Rc::make_mut(&mut self.traffic.streams).insert(target.clone(), Rc::new(stream));
        }
        let streams = Rc::make_mut(&mut self.traffic.streams);
        if let Some(stream) = streams.get_mut(target) {
            Rc::make_mut(stream).set(now, setting);
        }
    }
}

/// One address as a slice, or a pod, tells it: the pod's uid, its name, ready, serving although it is terminating.
type Address = (Str, Str, bool, bool);

fn known(traffic: &mut Traffic, part: Vec<Address>) -> Vec<(u32, bool, bool)> {
    part.into_iter()
        .map(|(uid, name, ready, serving)| {
            let id = traffic.server_of(&uid, |t| {
                let version = t.version_of(Version::default());
                Server::assumed(name, version)
            });
            (id, ready, serving)
        })
        .collect()
}

/// The port of a slice that clients of its Service's first port are sent to; zero: the Service tells none. None: no
/// container of these pods has the named port, so nobody can be asked there.
fn slice_port(world: &World, slice: &Object) -> Option<u16> {
    let ports = slice.value.list_at("ports");
    let name = service_of(slice).unwrap_or_default();
    let service = ObjectKey::new(Kind::SERVICE, slice.meta.namespace.clone(), Str::copy(name));
    let service = world.store.get(&service).and_then(|s| s.service());
    let asked = service.and_then(|s| s.ports.first());
    let port = match asked {
        Some(asked) => Some(
            ports
                .iter()
                .find(|p| p.str_at("name") == asked.name.as_str())?,
        ),
        None => ports.first(),
    };
    let number = port.and_then(|p| p.int_at("port"));
    Some(number.and_then(|p| u16::try_from(p).ok()).unwrap_or(0))
}

/// What clients learn of a slice: the port that they are sent to, and the addresses.
fn told_by(world: &World, slice: &Object) -> (u16, Vec<Address>) {
    match slice_port(world, slice) {
        Some(port) => (port, slice_part(slice)),
        None => (0, Vec::new()),
    }
}

/// The addresses of an EndpointSlice.
fn slice_part(slice: &Object) -> Vec<Address> {
    let truth = |e: &rollout_api::Value, key: &str| {
        e.get("conditions")
            .and_then(|c| c.get(key))
            .and_then(rollout_api::Value::as_bool)
    };
    let endpoints = slice.value.list_at("endpoints").iter();
    endpoints
        .map(|e| {
            let ready = truth(e, "ready").unwrap_or(true);
            let serving = truth(e, "serving").unwrap_or(ready);
            let uid = e.shared_str_at("targetRef.uid");
            let name = e.shared_str_at("targetRef.name");
            let address = e
                .list_at("addresses")
                .first()
                .and_then(rollout_api::Value::as_str)
                .map(Str::copy)
                .unwrap_or_default();
            (
                uid.unwrap_or_else(|| address.clone()),
                name.unwrap_or(address),
                ready,
                serving,
            )
        })
        .collect()
}

/// A pod as a Service that selects it would list it.
fn pod_part(pod: &Object) -> Vec<Address> {
    let Some(view) = pod.pod() else {
        return Vec::new();
    };
    if view.ip.is_empty() || !view.is_live() {
        return Vec::new();
    }
    let ready = view.ready && !pod.meta.is_terminating();
    vec![(
        pod.meta.uid.clone(),
        pod.meta.name.clone(),
        ready,
        view.ready,
    )]
}

/// What a target's clients know at this moment, by slice or by pod: its name, the port, the addresses.
fn current_parts(world: &World, target: &ObjectKey) -> Vec<(Str, u16, Vec<Address>)> {
    if target.kind == Kind::SERVICE {
        let slices = world.store.list_in(Kind::ENDPOINT_SLICE, &target.namespace);
        return slices
            .filter(|s| service_of(s) == Some(target.name.as_str()))
            .map(|s| {
                let (port, part) = told_by(world, s);
                (s.meta.name.clone(), port, part)
            })
            .collect();
    }
    let pods = world.store.list_in(Kind::POD, &target.namespace);
    pods.filter(|p| belongs(world, target, p))
        .map(|p| (p.meta.name.clone(), 0, pod_part(p)))
        .collect()
}

fn service_of(slice: &Object) -> Option<&str> {
    slice.meta.label("kubernetes.io/service-name")
}

/// Is this a pod of the Deployment? By its selector, as a Service in front of it would choose.
fn belongs(world: &World, target: &ObjectKey, pod: &Object) -> bool {
    world.store.get(target).is_some_and(|d| {
        let null = rollout_api::Value::Null;
        let selector = d.value.at("spec.selector").unwrap_or(&null);
        crate::controllers::selector::label_selector_matches(selector, &pod.meta.labels)
    })
}

/// Keeps the streams' endpoints up to date: slices for Services, pods for Deployments.
pub(crate) fn observe(world: &mut World, change: &Change) {
    if world.traffic.streams.is_empty() {
        return;
    }
    let key = &change.key;
    let object = change.after.as_ref().or(change.before.as_ref());
    let Some(object) = object else { return };
    let targets: Vec<ObjectKey> = match key.kind {
        Kind::ENDPOINT_SLICE => match service_of(object) {
            Some(name) => {
                let name = Str::copy(name);
                vec![ObjectKey::new(Kind::SERVICE, key.namespace.clone(), name)]
            }
            None => return,
        },
        Kind::POD => {
            let deployments = world.traffic.streams.keys();
            deployments
                .filter(|t| t.kind == Kind::DEPLOYMENT && t.namespace == key.namespace)
                .filter(|t| belongs(world, t, object) || world.store.get(t).is_none())
                .cloned()
                .collect()
        }
        _ => return,
    };
    let at = world.now + world.endpoint_delay();
    for target in targets {
        if !world.traffic.streams.contains_key(&target) {
            continue;
        }
        let (port, part) = match (&change.after, key.kind) {
            (None, _) => (0, Vec::new()),
            (Some(o), Kind::POD) => (0, pod_part(o)),
            (Some(o), _) => told_by(world, o),
        };
        let ids = known(&mut world.traffic, part);
        let streams = Rc::make_mut(&mut world.traffic.streams);
        let Some(stream) = streams.get_mut(&target) else {
            continue;
        };
        let stream = Rc::make_mut(stream);
        if stream.set_part(key.name.clone(), port, ids) {
            stream.publish(at);
        }
    }
}
