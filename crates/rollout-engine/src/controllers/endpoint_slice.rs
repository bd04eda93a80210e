//! The EndpointSlice controller: which pods a Service reaches.

use crate::client::DeleteOptions;
use crate::controllers::selector::map_selector_matches;
use crate::controllers::work_queue::WorkQueue;
use crate::sim_event::SimEvent;
use crate::step::Change;
use crate::world::World;
use rollout_api::intstr::IntOrString;
use rollout_api::status_error::ApiError;
use rollout_api::views::{Object, PodPhase, ServicePort, ServiceView};
use rollout_api::{Kind, Map, ObjectKey, Str, Value, object};
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;

/// Most endpoints in one slice.
pub const MAX_ENDPOINTS_PER_SLICE: usize = 100;
/// Who manages our slices.
pub const CONTROLLER_NAME: &str = "endpointslice-controller.k8s.io";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";

/// Does a pod appear in the endpoints at all?
///
/// Mirrors `ShouldPodBeInEndpoints`, staging/src/k8s.io/endpointslice/utils.go.
pub fn should_pod_be_in_endpoints(
    phase: PodPhase,
    has_ip: bool,
    terminating: bool,
    include_terminating: bool,
) -> bool {
    !matches!(phase, PodPhase::Failed | PodPhase::Succeeded)
        && has_ip
        && (include_terminating || !terminating)
}

/// One endpoint, from a pod.
///
/// Mirrors `podToEndpoint`, staging/src/k8s.io/endpointslice/utils.go.
pub fn pod_to_endpoint(
    pod: &Object,
    zone: Option<&str>,
    service_name: &str,
    publish_not_ready: bool,
) -> Value {
    let (serving, node, ip) = pod.pod().map_or((false, "", ""), |p| {
        (p.ready, p.node.as_str(), p.ip.as_str())
    });
    let terminating = pod.meta.is_terminating();
    let ready = publish_not_ready || (serving && !terminating);
    let mut map = Map::new();
    map.insert("addresses", Value::list(vec![Value::text(ip)]));
    map.insert(
        "conditions",
        object! { "ready" => ready, "serving" => serving, "terminating" => terminating },
    );
    let spec = |key: &str| {
        pod.value
            .get("spec")
            .and_then(|s| s.get(key))
            .and_then(Value::as_str)
    };
    if let (Some(hostname), Some(subdomain)) = (spec("hostname"), spec("subdomain"))
        && !hostname.is_empty()
        && subdomain == service_name
    {
        map.insert("hostname", Str::copy(hostname));
    }
    if !node.is_empty() {
        map.insert("nodeName", Str::copy(node));
    }
    map.insert(
        "targetRef",
        object! {
            "kind" => "Pod",
            "name" => &pod.meta.name,
            "namespace" => &pod.meta.namespace,
            "uid" => &pod.meta.uid,
        },
    );
    if let Some(zone) = zone {
        map.insert("zone", Str::copy(zone));
    }
    map.into()
}

/// Labels of a Service's slices: the Service's own, without the reserved ones, and three of the controller's.
///
/// Mirrors `setEndpointSliceLabels`, staging/src/k8s.io/endpointslice/utils.go.
pub fn endpoint_slice_labels(service: &Object, headless: bool, controller: &str) -> Map {
    let mut labels = Map::new();
    for (key, value) in service.meta.labels.as_map().into_iter().flat_map(Map::iter) {
        if !matches!(key.as_str(), SERVICE_NAME | MANAGED_BY | HEADLESS) {
            labels.insert(key, value.clone());
        }
    }
    if headless {
        labels.insert(HEADLESS, "");
    }
    labels.insert(SERVICE_NAME, &service.meta.name);
    labels.insert(MANAGED_BY, Str::copy(controller));
    labels
}

/// A slice without endpoints, its name still to be made.
///
/// Mirrors `newEndpointSlice`, staging/src/k8s.io/endpointslice/utils.go.
pub fn new_endpoint_slice(service: &Object, headless: bool, controller: &str) -> Value {
    let meta = &service.meta;
    let owner = object! {
        "apiVersion" => "v1",
        "blockOwnerDeletion" => true,
        "controller" => true,
        "kind" => "Service",
        "name" => &meta.name,
        "uid" => &meta.uid,
    };
    object! {
        "addressType" => "IPv4",
        "apiVersion" => "discovery.k8s.io/v1",
        "endpoints" => Value::list(Vec::new()),
        "kind" => "EndpointSlice",
        "metadata" => object! {
            "generateName" => format!("{}-", meta.name),
            "labels" => endpoint_slice_labels(service, headless, controller),
            "namespace" => &meta.namespace,
            "ownerReferences" => Value::list(vec![owner]),
        },
    }
}

/// What is known of one Service's slices.
#[derive(Clone, Default)]
struct Slices {
    /// In which slice a pod stands.
    placed: SortedMap<Str, Str>,
    /// Size of each slice.
    sizes: SortedMap<Str, usize>,
    /// Pods to look at.
    dirty: SortedSet<Str>,
    /// The Service itself changed: look at everything.
    all: bool,
    /// The first of several changes was looked at alone; the others follow together.
    begun: bool,
}

/// The controller's state.
#[derive(Clone)]
pub struct EndpointSliceController {
    queue: WorkQueue,
    services: SortedMap<ObjectKey, Rc<Slices>>,
}

impl Default for EndpointSliceController {
    fn default() -> Self {
        EndpointSliceController {
            queue: WorkQueue::new(SimEvent::EndpointSlice),
            services: SortedMap::new(),
        }
    }
}

impl EndpointSliceController {
    /// A new process: nothing waits its turn. What it would learn of the slices from a list is what it knows already.
    pub(crate) fn begin_anew(&mut self) {
        self.queue = WorkQueue::new(SimEvent::EndpointSlice);
    }

    /// Its watch: Services, pods, nodes' zones.
    pub fn observe(&mut self, world: &mut World, change: &Change) {
        match change.key.kind {
            Kind::SERVICE => {
                let selects = |o: &Rc<Object>| o.service().is_some_and(|s| !s.selector.is_empty());
                match &change.after {
                    Some(after) if selects(after) => {
                        let slices = self.services.entry(change.key.clone()).or_default();
                        Rc::make_mut(slices).all = true;
                        self.queue.add(world, change.key.clone());
                    }
                    _ => {
                        self.services.remove(&change.key);
                    }
                }
            }
            Kind::POD if !self.services.is_empty() => self.observe_pod(world, change),
            _ => {}
        }
    }

    fn observe_pod(&mut self, world: &mut World, change: &Change) {
        if let (Some(before), Some(after)) = (&change.before, &change.after) {
            let same = before.pod().zip(after.pod()).is_some_and(|(b, a)| {
                b.ready == a.ready && b.ip == a.ip && b.node == a.node && b.is_live() == a.is_live()
            });
            if same
                && before.meta.labels == after.meta.labels
                && before.meta.is_terminating() == after.meta.is_terminating()
            {
                return;
            }
        }
        let first = ObjectKey::new(Kind::SERVICE, &change.key.namespace, "");
        let mut dirty = Vec::new();
        for (key, _) in self.services.range_from(&first) {
            if key.namespace != change.key.namespace {
                break;
            }
            let Some(service) = world.store.get(key).and_then(|o| o.service()) else {
                continue;
            };
            let matches = |o: &Option<Rc<Object>>| {
                o.as_ref()
                    .is_some_and(|o| map_selector_matches(&service.selector, &o.meta.labels))
            };
            if matches(&change.before) || matches(&change.after) {
                dirty.push(key.clone());
            }
        }
        for key in dirty {
            if let Some(slices) = self.services.get_mut(&key) {
                Rc::make_mut(slices).dirty.insert(change.key.name.clone());
            }
            self.queue.add(world, key);
        }
    }

    /// Its turn.
    pub fn fire(&mut self, world: &mut World, key: &ObjectKey) {
        if !self.queue.take(world.now, key) {
            return;
        }
        match self.sync_service(world, key) {
            Ok(()) => self.queue.forget(key),
            Err(_) => {
                self.queue.add_rate_limited(world, key.clone());
            }
        }
    }

    /// Brings the slices of a Service up to date, looking only at pods that changed.
    ///
    /// Mirrors `syncService`, pkg/controller/endpointslice/endpointslice_controller.go.
    fn sync_service(&mut self, world: &mut World, key: &ObjectKey) -> Result<(), ApiError> {
        let Some(service) = world.store.get(key).cloned() else {
            return Ok(());
        };
        let Some(view) = service.service() else {
            return Ok(());
        };
        let Some(slices) = self.services.get_mut(key) else {
            return Ok(());
        };
        let slices = Rc::make_mut(slices);
        if slices.all {
            slices.dirty.extend(slices.placed.keys().cloned());
            let pods = world.store.list_in(Kind::POD, &key.namespace);
            slices.dirty.extend(
                pods.filter(|p| map_selector_matches(&view.selector, &p.meta.labels))
                    .map(|p| p.meta.name.clone()),
            );
        }
        let all = std::mem::take(&mut slices.all);
        let mut dirty = std::mem::take(&mut slices.dirty);
        // In a real cluster the sync begins with the first change of several; it does not wait for the others.
        slices.begun = !all && !slices.begun && dirty.len() > 1;
        if slices.begun
            && let Some(first) = dirty.pop_first()
        {
            slices.dirty = std::mem::replace(&mut dirty, SortedSet::from([first]));
            self.queue.add(world, key.clone());
        }
        let headless = view.cluster_ip.as_str() == "None";
        // Slice by slice: which endpoints change, which are new.
        let mut changes: SortedMap<Str, SortedMap<Str, Option<Value>>> = SortedMap::new();
        let mut fresh: Vec<(Str, Value, Value)> = Vec::new();
        for name in dirty {
            let pod_key = ObjectKey::new(Kind::POD, &key.namespace, &name);
            let pod = world
                .store
                .get(&pod_key)
                .filter(|p| wanted(view, p))
                .cloned();
            let endpoint = pod.as_ref().map(|pod| {
                let zone = zone_of(world, pod);
                let publish = view.publish_not_ready_addresses;
                pod_to_endpoint(pod, zone.as_deref(), &key.name, publish)
            });
            match (slices.placed.get(&name).cloned(), endpoint) {
                (Some(slice), endpoint) => {
                    if endpoint.is_none() {
                        slices.placed.remove(&name);
                    }
                    changes.entry(slice).or_default().insert(name, endpoint);
                }
                (None, Some(endpoint)) => {
                    let ports = pod.as_ref().map_or(Value::Null, |p| ports_of(view, p));
                    fresh.push((name, endpoint, ports));
                }
                (None, None) => {}
            }
        }
        place(world, key, slices, &mut changes, &fresh);
        for (slice, endpoints) in &changes {
            write_slice(world, key, slices, slice, endpoints, &service, headless)?;
        }
        let mut rest: Vec<&(Str, Value, Value)> = fresh
            .iter()
            .filter(|(n, _, _)| !slices.placed.contains_key(n))
            .collect();
        while let Some(first) = rest.first() {
            let ports = first.2.clone();
            let (now, later): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|(_, _, p)| *p == ports);
            for batch in now.chunks(MAX_ENDPOINTS_PER_SLICE) {
                let mut value = new_endpoint_slice(&service, headless, CONTROLLER_NAME);
                let list = batch.iter().map(|(_, e, _)| e.clone()).collect();
                value.map_mut().insert("endpoints", Value::list(list));
                value.map_mut().insert("ports", ports.clone());
                let created = world.create(Kind::ENDPOINT_SLICE, value)?;
                let slice = created.meta.name.clone();
                slices.sizes.insert(slice.clone(), batch.len());
                for (name, _, _) in batch {
                    slices.placed.insert(name.clone(), slice.clone());
                }
            }
            rest = later;
        }
        if slices.sizes.is_empty() {
            let mut value = new_endpoint_slice(&service, headless, CONTROLLER_NAME);
            value.map_mut().insert("ports", Value::Null);
            let created = world.create(Kind::ENDPOINT_SLICE, value)?;
            slices.sizes.insert(created.meta.name.clone(), 0);
        }
        if all {
            relabel(world, key, slices, &service, headless)?;
        }
        Ok(())
    }
}

fn wanted(service: &ServiceView, pod: &Object) -> bool {
    pod.pod().is_some_and(|p| {
        should_pod_be_in_endpoints(p.phase, !p.ip.is_empty(), pod.meta.is_terminating(), true)
    }) && map_selector_matches(&service.selector, &pod.meta.labels)
}

fn zone_of(world: &World, pod: &Object) -> Option<Str> {
    let node = &pod.pod()?.node;
    let node = world.store.get(&ObjectKey::new(Kind::NODE, "", node))?;
    node.meta
        .label("topology.kubernetes.io/zone")
        .map(Str::copy)
}

/// The slice's ports for a pod: numbers as they are, names looked up in its containers.
fn ports_of(service: &ServiceView, pod: &Object) -> Value {
    let number = |port: &ServicePort| match &port.target_port {
        IntOrString::Int(n) => Some(i64::from(*n)),
        IntOrString::Str(name) => pod
            .value
            .list_at("spec.containers")
            .iter()
            .flat_map(|c| c.list_at("ports"))
            .find(|p| p.str_at("name") == name.as_str())
            .and_then(|p| p.int_at("containerPort")),
    };
    let ports = service.ports.iter().filter_map(|port| {
        let mut value = object! {
            "name" => &port.name,
            "port" => number(port)?,
            "protocol" => &port.protocol,
        };
        if !port.app_protocol.is_empty() {
            value.map_mut().insert("appProtocol", &port.app_protocol);
        }
        Some(value)
    });
    Value::list(ports.collect())
}

/// New endpoints go into slices that are written anyway or have room.
fn place(
    world: &World,
    key: &ObjectKey,
    slices: &mut Slices,
    changes: &mut SortedMap<Str, SortedMap<Str, Option<Value>>>,
    fresh: &[(Str, Value, Value)],
) {
    if fresh.is_empty() {
        return;
    }
    let mut room: Vec<(Str, usize, Value)> = Vec::new();
    for (slice, size) in &slices.sizes {
        let gone = changes
            .get(slice)
            .map_or(0, |c| c.values().filter(|e| e.is_none()).count());
        let left = MAX_ENDPOINTS_PER_SLICE.saturating_sub(*size - gone.min(*size));
        let slice_key = ObjectKey::new(Kind::ENDPOINT_SLICE, &key.namespace, slice);
        if left > 0
            && let Some(o) = world.store.get(&slice_key)
        {
            let ports = o.value.get("ports").cloned().unwrap_or_default();
            let free = *size == gone || ports.is_null();
            room.push((slice.clone(), left, if free { Value::Null } else { ports }));
        }
    }
    for (name, endpoint, ports) in fresh {
        let spot = room
            .iter_mut()
            .find(|(_, left, p)| *left > 0 && (p.is_null() || p == ports));
        if let Some((slice, left, p)) = spot {
            *left -= 1;
            *p = ports.clone();
            slices.placed.insert(name.clone(), slice.clone());
            changes
                .entry(slice.clone())
                .or_default()
                .insert(name.clone(), Some(endpoint.clone()));
        }
    }
}

fn write_slice(
    world: &mut World,
    key: &ObjectKey,
    slices: &mut Slices,
    slice: &Str,
    endpoints: &SortedMap<Str, Option<Value>>,
    service: &Object,
    headless: bool,
) -> Result<(), ApiError> {
    let slice_key = ObjectKey::new(Kind::ENDPOINT_SLICE, &key.namespace, slice);
    let Some(stored) = world.store.get(&slice_key).cloned() else {
        return Ok(());
    };
    let mut list: Vec<Value> = Vec::new();
    let mut seen = SortedSet::new();
    for endpoint in stored.value.list_at("endpoints") {
        let name = endpoint.shared_str_at("targetRef.name").unwrap_or_default();
        match endpoints.get(&name) {
            None => list.push(endpoint.clone()),
            Some(new) => list.extend(new.clone()),
        }
        seen.insert(name);
    }
    list.extend(
        endpoints
            .iter()
            .filter(|(n, _)| !seen.contains(*n))
            .filter_map(|(_, e)| e.clone()),
    );
    slices.sizes.insert(slice.clone(), list.len());
    if list.is_empty() && slices.sizes.len() > 1 {
        slices.sizes.remove(slice);
        return world.delete(&slice_key, &DeleteOptions::default());
    }
    let mut value = stored.value.clone();
    if let (Some(view), Some(pod)) = (service.service(), first_pod(world, key, &list)) {
        value.map_mut().insert("ports", ports_of(view, &pod));
    }
    let labels = endpoint_slice_labels(service, headless, CONTROLLER_NAME);
    value.map_mut().insert("endpoints", Value::list(list));
    value.set("metadata.labels", labels);
    world.update(&slice_key, value).map(|_| ())
}

fn first_pod(world: &World, key: &ObjectKey, endpoints: &[Value]) -> Option<Rc<Object>> {
    let name = endpoints.first()?.shared_str_at("targetRef.name")?;
    world
        .store
        .get(&ObjectKey::new(Kind::POD, &key.namespace, name))
        .cloned()
}

/// A changed Service: its labels and ports on every slice.
fn relabel(
    world: &mut World,
    key: &ObjectKey,
    slices: &mut Slices,
    service: &Object,
    headless: bool,
) -> Result<(), ApiError> {
    let names: Vec<Str> = slices.sizes.keys().cloned().collect();
    for slice in names {
        write_slice(
            world,
            key,
            slices,
            &slice,
            &SortedMap::new(),
            service,
            headless,
        )?;
    }
    Ok(())
}
