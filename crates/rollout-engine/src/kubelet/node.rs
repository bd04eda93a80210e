//! What the kubelets know of their nodes: addresses, images, taints.

use super::{Kubelet, KubeletEvent};
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::world::World;
use rollout_api::{Kind, ObjectKey, SortedMap, SortedSet, Str, Value};
use std::rc::Rc;

#[derive(Clone, Default, Debug)]
struct NodeState {
    host_ip: Str,
    /// `10.244.N`.
    prefix: Str,
    next: u32,
    used: SortedSet<u32>,
    /// Images that are there, with the number of the digest.
    images: SortedMap<Str, u32>,
}

/// All nodes.
#[derive(Clone, Default, Debug)]
pub struct Nodes {
    states: Rc<SortedMap<Str, NodeState>>,
}

impl Nodes {
    fn state(&mut self, world: &World, node: &Str) -> &mut NodeState {
        let states = Rc::make_mut(&mut self.states);
        let count = states.len();
        let bare = |name: &Str| {
            let key = ObjectKey::new(Kind::NODE, "", name.clone());
            let object = world.store.get(&key);
            object.is_none_or(|o| o.value.str_at("spec.podCIDR").is_empty())
        };
        // A node that came without a range gets one that nobody has.
        let free = (!states.contains_key(node) && bare(node)).then(|| {
            let taken = |prefix: &String| {
                let mut nodes = world.store.list(Kind::NODE);
                nodes.any(|n| {
                    let cidr = n.value.str_at("spec.podCIDR").rsplit_once('.');
                    cidr.is_some_and(|(p, _)| p == prefix)
                }) || states.values().any(|s| s.prefix.as_str() == prefix)
            };
            let mut all = (count..).map(crate::bootstrap::pod_prefix).take(1000);
            all.find(|p| !taken(p)).unwrap_or_default()
        });
        states.entry(node.clone()).or_insert_with(|| {
            let key = ObjectKey::new(Kind::NODE, "", node.clone());
            let object = world.store.get(&key);
            let address = |o: &Value| {
                let list = o.list_at("status.addresses").iter();
                list.filter(|a| a.str_at("type") == "InternalIP")
                    .find_map(|a| a.shared_str_at("address"))
            };
            let prefix = |o: &Value| {
                let cidr = o.str_at("spec.podCIDR");
                cidr.rsplit_once('.').map(|(prefix, _)| Str::copy(prefix))
            };
            NodeState {
                host_ip: object
                    .and_then(|o| address(&o.value))
                    .unwrap_or_else(|| crate::bootstrap::node_ip(count).into()),
                prefix: object
                    .and_then(|o| prefix(&o.value))
                    .or_else(|| free.map(Into::into))
                    .unwrap_or_default(),
                next: 2,
                ..NodeState::default()
            }
        })
    }

    pub(super) fn host_ip(&mut self, world: &World, node: &Str) -> Str {
        if let Some(state) = self.states.get(node) {
            return state.host_ip.clone();
        }
        self.state(world, node).host_ip.clone()
    }

    /// The next free address: numbers go round, as the host-local plugin hands them out.
    pub(super) fn address(&mut self, world: &World, node: &Str) -> Str {
        let state = self.state(world, node);
        for _ in 0..65_000 {
            let n = state.next;
            state.next = if n >= 65_000 { 2 } else { n + 1 };
            if !n.is_multiple_of(256) && n % 256 != 255 && state.used.insert(n) {
                // Nodes larger than their range borrow from a range of their own further up.
                let text = if n < 256 {
                    format!("{}.{n}", state.prefix)
                } else {
                    let third = state.prefix.rsplit('.').next().unwrap_or("0");
                    format!("10.{}.{third}.{}", n / 256, n % 256)
                };
                return text.into();
            }
        }
        Str::default()
    }

    pub(super) fn release(&mut self, node: &Str, ip: &str) {
        let states = Rc::make_mut(&mut self.states);
        let Some(state) = states.get_mut(node) else {
            return;
        };
        let mut parts = ip.split('.').skip(1).map(|p| p.parse::<u32>().unwrap_or(0));
        let (second, last) = (parts.next().unwrap_or(0), parts.nth(1).unwrap_or(0));
        let own = ip
            .rsplit_once('.')
            .is_some_and(|(prefix, _)| prefix == state.prefix.as_str());
        state
            .used
            .remove(&if own { last } else { second * 256 + last });
    }

    /// The number of the digest of an image on a node, if the image is there.
    pub(super) fn image(&self, node: &Str, full: &Str) -> Option<u32> {
        self.states.get(node)?.images.get(full).copied()
    }

    pub(super) fn store_image(&mut self, world: &World, node: &Str, full: &Str, digest: u32) {
        if self.image(node, full) != Some(digest) {
            self.state(world, node).images.insert(full.clone(), digest);
        }
    }
}

impl Kubelet {
    /// A node's network is back: its kubelet sees what has become of its pods, and tells what it knows.
    pub(super) fn reconnect(&mut self, world: &mut World, node: &Str) {
        let known: Vec<ObjectKey> = self
            .pods
            .values()
            .flatten()
            .filter(|p| p.node == *node)
            .map(|p| p.key.clone())
            .collect();
        for key in known {
            self.with(world, &key, |k, world, pod| {
                let deleted = world
                    .store
                    .get(&pod.key)
                    .is_some_and(|o| o.meta.is_terminating());
                if pod.terminating && pod.containers.iter().all(|c| c.running().is_none()) {
                    k.sync_terminated_pod(world, pod);
                    return;
                }
                k.report(world, pod);
                if deleted && !pod.terminating {
                    let event = KubeletEvent::Sync(pod.key.clone());
                    world.schedule(Millis(0), SimEvent::Kubelet(event));
                }
            });
        }
        // Pods that were given to the node meanwhile.
        let pods: Vec<Change> = world
            .store
            .list(Kind::POD)
            .filter(|p| p.pod().is_some_and(|v| v.node == *node))
            .map(|p| Change {
                key: ObjectKey::new(Kind::POD, &p.meta.namespace, &p.meta.name),
                before: None,
                after: Some(p.clone()),
            })
            .collect();
        for change in &pods {
            if !self.knows(&change.key) {
                self.observe(world, change);
            }
        }
    }
}
