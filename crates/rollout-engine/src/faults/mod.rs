//! What the learner breaks in the cluster itself: nodes, registries, the API server, admission, the controllers.
//!
//! A [`Fault`] is an action in words. What holds is kept in [`Faults`]; the components ask it where they meet the fault: the
//! kubelets before they write, pulls before they succeed, admission before it accepts. Nothing else knows of faults, so
//! everything that follows (conditions, taints, evictions, back-offs) is what the components do by themselves.

mod registry;
mod webhook;
mod words;

pub use registry::{Registry, RegistryFault};
pub use webhook::{Operation, Webhook};
pub use words::FaultError;

use crate::sim_event::SimEvent;
use crate::time::{Millis, SimTime};
use crate::world::World;
use rollout_api::SortedMap;
use rollout_api::{Kind, ObjectKey, Str};
use std::rc::Rc;

/// Something that is broken, or mended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A node's network is cut: its pods run on, nobody reaches them, the kubelet reaches nobody.
    NodeLost(Str),
    /// The node's network is back.
    NodeBack(Str),
    /// A registry (all of them, if the host is empty) does not deliver, or does again.
    Registry(Str, Option<RegistryFault>),
    /// News from the API server reach the components late; zero: at once.
    Api(Millis),
    /// Changes of endpoints reach the clients after this time.
    Endpoints(Millis),
    /// A validating webhook refuses, or is gone.
    Webhook(Option<Rc<Webhook>>),
    /// The controllers do nothing, or begin anew.
    Controllers(Controllers),
    /// The database has this schema.
    Schema(u32),
    /// Everything is mended.
    Off,
}

/// What happens to the controllers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Controllers {
    /// They do nothing.
    Down,
    /// They begin anew with a fresh look at everything.
    Up,
    /// Both at once.
    Restart,
}

/// What is broken at present.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Faults {
    /// Nodes without network, and since when.
    pub lost: SortedMap<Str, SimTime>,
    /// Nodes whose kubelet does not reach the API server: lost ones, and those that are back but have not spoken yet.
    pub(crate) cut: SortedMap<Str, SimTime>,
    /// Registries that do not deliver.
    pub registries: Vec<Registry>,
    /// How late news from the API server are.
    pub api_delay: Millis,
    /// How long changes of endpoints take to reach the clients, if it is not the usual time.
    pub endpoint_delay: Option<Millis>,
    /// A webhook that refuses.
    pub webhook: Option<Rc<Webhook>>,
    /// The controllers do nothing.
    pub controllers_down: bool,
    /// The schema of the database, if it is not the first.
    pub schema: Option<u32>,
}

impl Faults {
    /// Nothing is broken.
    pub fn is_empty(&self) -> bool {
        *self == Faults::default()
    }

    /// Does this node's kubelet not reach the API server?
    pub(crate) fn is_cut(&self, node: &str) -> bool {
        !self.cut.is_empty() && self.cut.contains_key(node)
    }

    /// Takes a fault in. Only what is kept; what it sets in motion is [`World::break_it`]'s.
    pub fn apply(&mut self, fault: &Fault, now: SimTime) {
        match fault {
            Fault::NodeLost(node) => {
                self.lost.entry(node.clone()).or_insert(now);
            }
            Fault::NodeBack(node) => {
                self.lost.remove(node);
            }
            Fault::Registry(host, how) => {
                let all = host.is_empty();
                self.registries.retain(|r| r.host != *host && !all);
                if let Some(how) = how {
                    self.registries.push(Registry {
                        host: host.clone(),
                        how: *how,
                    });
                }
            }
            Fault::Api(delay) => self.api_delay = *delay,
            Fault::Endpoints(delay) => {
                self.endpoint_delay = Some(*delay).filter(|d| *d != crate::traffic::PROPAGATION);
            }
            Fault::Webhook(webhook) => self.webhook = webhook.clone(),
            Fault::Controllers(what) => self.controllers_down = *what == Controllers::Down,
            Fault::Schema(schema) => self.schema = Some(*schema).filter(|n| *n != 1),
            Fault::Off => {
                let cut = std::mem::take(&mut self.cut);
                *self = Faults {
                    cut,
                    ..Faults::default()
                };
            }
        }
    }
}

impl World {
    /// Breaks or mends something. `lasting`: it is mended by itself after this time.
    pub fn break_it(&mut self, fault: &Fault, lasting: Option<Millis>) {
        let now = self.now;
        let before = self.faults.clone();
        Rc::make_mut(&mut self.faults).apply(fault, now);
        let faults = self.faults.clone();
        for node in faults.lost.keys().filter(|n| !before.lost.contains_key(*n)) {
            Rc::make_mut(&mut self.faults).cut.insert(node.clone(), now);
            self.traffic.set_outage(now, node, true);
            self.node_lost(node);
        }
        for node in before.lost.keys().filter(|n| !faults.lost.contains_key(*n)) {
            self.traffic.set_outage(now, node, false);
            self.node_back(node);
        }
        if before.schema != faults.schema {
            self.traffic.set_schema(now, faults.schema.unwrap_or(1));
        }
        let began_anew = matches!(
            fault,
            Fault::Controllers(Controllers::Up | Controllers::Restart)
        ) || (before.controllers_down && !faults.controllers_down);
        if began_anew {
            self.schedule(Millis(0), SimEvent::Resync);
        }
        if let (Some(after), Some(mended)) = (lasting, fault.mended()) {
            self.schedule(after, SimEvent::Fault(Box::new(mended)));
        }
    }

    /// Does a fault name a node that there is?
    pub fn knows_node(&self, fault: &Fault) -> bool {
        match fault {
            Fault::NodeLost(node) | Fault::NodeBack(node) => self
                .store
                .get(&ObjectKey::new(Kind::NODE, "", node.clone()))
                .is_some(),
            _ => true,
        }
    }

    /// How long an endpoint's change takes to reach the clients.
    pub fn endpoint_delay(&self) -> Millis {
        self.faults
            .endpoint_delay
            .unwrap_or(crate::traffic::PROPAGATION)
    }
}

impl Fault {
    /// What mends it; none for what is over at once, or is a mending itself.
    pub fn mended(&self) -> Option<Fault> {
        match self {
            Fault::NodeLost(node) => Some(Fault::NodeBack(node.clone())),
            Fault::Registry(host, Some(_)) => Some(Fault::Registry(host.clone(), None)),
            Fault::Api(delay) if delay.0 > 0 => Some(Fault::Api(Millis(0))),
            Fault::Endpoints(_) => Some(Fault::Endpoints(crate::traffic::PROPAGATION)),
            Fault::Webhook(Some(_)) => Some(Fault::Webhook(None)),
            Fault::Controllers(Controllers::Down) => Some(Fault::Controllers(Controllers::Up)),
            _ => None,
        }
    }
}
