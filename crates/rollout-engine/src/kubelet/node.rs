//! What the kubelets know of their nodes: addresses, images, taints.

use super::{Kubelet, KubeletEvent};
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::time::Millis;
use crate::world::World;
use rollout_api::{Kind, ObjectKey, Str, Value, object};
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

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
                    .unwrap_or_else(|| crate::bootstrap::pod_prefix(count).into()),
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
    pub(super) fn observe_node(&mut self, world: &mut World, change: &Change) {
        let Some(node) = &change.after else { return };
        let cordoned = node.value.bool_at("spec.unschedulable");
        let tainted = node
            .value
            .list_at("spec.taints")
            .iter()
            .any(|t| t.str_at("key") == UNSCHEDULABLE);
        if cordoned != tainted {
            world.schedule(
                Millis(0),
                SimEvent::Kubelet(KubeletEvent::Taints(change.key.name.clone())),
            );
        }
    }

    /// Mirrors `doNoScheduleTaintingPass` for the cordon, pkg/controller/nodelifecycle/node_lifecycle_controller.go.
    pub(super) fn sync_taints(&mut self, world: &mut World, node: &Str) {
        let key = ObjectKey::new(Kind::NODE, "", node.clone());
        let Some(stored) = world.store.get(&key) else {
            return;
        };
        let mut value = stored.value.clone();
        let cordoned = value.bool_at("spec.unschedulable");
        let mut taints: Vec<Value> = value.list_at("spec.taints").to_vec();
        taints.retain(|t| t.str_at("key") != UNSCHEDULABLE);
        if cordoned {
            let now = world.wall().rfc3339();
            taints.push(
                object! { "effect" => "NoSchedule", "key" => UNSCHEDULABLE, "timeAdded" => now },
            );
        }
        if taints.is_empty() {
            value.remove("spec.taints");
        } else {
            value.set("spec.taints", taints);
        }
        let _ = world.update(&key, value);
    }
}
