//! Resource quotas: what admission charges and refuses, what comes back when objects go.
//! Mirrors apiserver/pkg/admission/plugin/resourcequota/controller.go and pkg/quota/v1/evaluator/core.

use super::{forbidden, group_resource};
use crate::world::World;
use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::quantity::Quantity;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, ObjectKey, Str, Value};
use std::cmp::Ordering;

/// Resource name to amount.
type Amounts = SortedMap<Str, Quantity>;

fn quantity(text: &str) -> Option<Quantity> {
    Quantity::parse(text).ok()
}

fn one() -> Quantity {
    Quantity::parse("1").unwrap_or_else(|_| unreachable!("1 is a quantity"))
}

fn zero() -> Quantity {
    Quantity::parse("0").unwrap_or_else(|_| unreachable!("0 is a quantity"))
}

/// The names under which a resource of containers is charged.
fn charged_as(resource: &str, limits: bool) -> Vec<String> {
    let standard = matches!(resource, "cpu" | "memory" | "ephemeral-storage");
    match (standard, limits) {
        (true, true) => vec![format!("limits.{resource}")],
        (true, false) => vec![resource.to_owned(), format!("requests.{resource}")],
        (false, false) => vec![format!("requests.{resource}")],
        (false, true) => Vec::new(),
    }
}

/// What a pod's containers ask for under one field: their sum with the sidecars, or the largest moment of initialization
/// if that is more. Mirrors `PodRequests` and `PodLimits`, k8s.io/component-helpers/resource/helpers.go.
pub(super) fn pod_amount(pod: &Value, field: &str, resource: &str) -> Option<Quantity> {
    let of = |c: &Value| {
        c.get("resources")?
            .get(field)?
            .get(resource)
            .and_then(Quantity::of)
    };
    let add = |sum: &Option<Quantity>, amount: &Option<Quantity>| match (sum, amount) {
        (Some(a), Some(b)) => Some(a.plus(b)),
        (a, b) => a.clone().or_else(|| b.clone()),
    };
    let greater = |a: &Option<Quantity>, b: Option<Quantity>| match (a, b) {
        (Some(a), Some(b)) if a.compare(&b) == Ordering::Less => Some(b),
        (a, b) => a.clone().or(b),
    };
    let (mut sum, mut sidecars, mut init) = (None, None, None);
    for c in pod.list_at("spec.containers") {
        sum = add(&sum, &of(c));
    }
    for c in pod.list_at("spec.initContainers") {
        let own = of(c);
        if c.str_at("restartPolicy") == "Always" {
            sum = add(&sum, &own);
            sidecars = add(&sidecars, &own);
            init = greater(&init, sidecars.clone());
        } else {
            init = greater(&init, add(&sidecars, &own));
        }
    }
    greater(&sum, init)
}

fn resource_names(pod: &Value, field: &str) -> Vec<Str> {
    let mut names: Vec<Str> = Vec::new();
    for container in pod
        .list_at("spec.containers")
        .iter()
        .chain(pod.list_at("spec.initContainers"))
    {
        let map = container
            .get("resources")
            .and_then(|r| r.get(field))
            .and_then(Value::as_map);
        for (name, _) in map.into_iter().flat_map(rollout_api::Map::iter) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

/// What an object costs, under every name a quota may use.
fn usage(kind: Kind, value: &Value) -> Amounts {
    let mut out = Amounts::new();
    let (group, plural) = group_resource(kind);
    let dotted = if group.is_empty() {
        plural.to_owned()
    } else {
        format!("{plural}.{group}")
    };
    let pod_is_over =
        kind == Kind::POD && matches!(value.str_at("status.phase"), "Succeeded" | "Failed");
    out.insert(format!("count/{dotted}").into(), one());
    if pod_is_over {
        return out;
    }
    match kind.0 {
        "Pod" => {
            out.insert("pods".into(), one());
            for (field, limits) in [("requests", false), ("limits", true)] {
                for resource in resource_names(value, field) {
                    if let Some(amount) = pod_amount(value, field, &resource) {
                        for name in charged_as(&resource, limits) {
                            out.insert(name.into(), amount.clone());
                        }
                    }
                }
            }
        }
        "Service" => {
            out.insert("services".into(), one());
            let ports = i64::try_from(value.list_at("spec.ports").len()).unwrap_or(0);
            let ports = quantity(&ports.to_string()).unwrap_or_else(zero);
            match value.str_at("spec.type") {
                "NodePort" => {
                    out.insert("services.nodeports".into(), ports);
                }
                "LoadBalancer" => {
                    out.insert("services.nodeports".into(), ports);
                    out.insert("services.loadbalancers".into(), one());
                }
                _ => {}
            }
        }
        "ConfigMap" | "Secret" | "ReplicationController" | "ResourceQuota" => {
            out.insert(Str::copy(plural), one());
        }
        "PersistentVolumeClaim" => {
            out.insert(Str::copy(plural), one());
            if let Some(storage) = value
                .at("spec.resources.requests.storage")
                .and_then(Quantity::of)
            {
                out.insert("requests.storage".into(), storage);
            }
        }
        _ => {}
    }
    out
}

/// Does the quota speak about this object? Scopes speak about pods only.
fn applies(quota: &Value, kind: Kind, value: &Value) -> bool {
    let best_effort = || {
        resource_names(value, "requests").is_empty() && resource_names(value, "limits").is_empty()
    };
    let terminating = || value.at("spec.activeDeadlineSeconds").is_some();
    quota.list_at("spec.scopes").iter().all(|scope| {
        kind == Kind::POD
            && match scope.as_str().unwrap_or_default() {
                "BestEffort" => best_effort(),
                "NotBestEffort" => !best_effort(),
                "Terminating" => terminating(),
                "NotTerminating" => !terminating(),
                _ => false,
            }
    })
}

fn hard(quota: &Value) -> Amounts {
    let map = quota.at("spec.hard").and_then(Value::as_map);
    let entries = map.into_iter().flat_map(rollout_api::Map::iter);
    entries
        .filter_map(|(name, amount)| Some((name.clone(), Quantity::of(amount)?)))
        .collect()
}

fn pretty(amounts: &Amounts) -> String {
    amounts
        .iter()
        .map(|(name, amount)| format!("{name}={amount}"))
        .collect::<Vec<_>>()
        .join(",")
}

/// Names the quota limits, that every container must state, and that this pod leaves out.
/// Mirrors `podEvaluator.Constraints` and `enforcePodContainerConstraints`.
fn missing(hard: &Amounts, pod: &Value) -> Option<String> {
    let mut parts = Vec::new();
    for name in hard.keys() {
        let (field, resource) = match name.as_str() {
            "cpu" | "requests.cpu" => ("requests", "cpu"),
            "memory" | "requests.memory" => ("requests", "memory"),
            "limits.cpu" => ("limits", "cpu"),
            "limits.memory" => ("limits", "memory"),
            _ => continue,
        };
        let containers = pod
            .list_at("spec.containers")
            .iter()
            .chain(pod.list_at("spec.initContainers"));
        let mut without: Vec<&str> = containers
            .filter(|c| {
                c.get("resources")
                    .and_then(|r| r.get(field))
                    .and_then(|f| f.get(resource))
                    .is_none()
            })
            .map(|c| c.str_at("name"))
            .collect();
        without.order();
        if !without.is_empty() {
            parts.push(format!("{name} for: {}", without.join(",")));
        }
    }
    (!parts.is_empty()).then(|| format!("must specify {}", parts.join("; ")))
}

/// What the objects of a namespace use of a quota's resources.
fn used(world: &World, namespace: &str, quota: &Value, hard: &Amounts) -> Amounts {
    let mut sums: Amounts = hard.keys().map(|name| (name.clone(), zero())).collect();
    for kind in world.store.kinds().collect::<Vec<_>>() {
        // Only kinds that some name of the quota is about are worth counting.
        for object in world.store.list_in(kind, namespace) {
            if !applies(quota, kind, &object.value) {
                continue;
            }
            for (name, amount) in usage(kind, &object.value) {
                if let Some(sum) = sums.get_mut(&name) {
                    *sum = sum.plus(&amount);
                }
            }
        }
    }
    sums
}

fn amounts_value(amounts: &Amounts) -> Value {
    let map: rollout_api::Map = amounts
        .iter()
        .map(|(k, v)| (k.clone(), Value::from(v.to_string())))
        .collect();
    map.into()
}

fn quotas(world: &World, namespace: &str) -> Vec<(ObjectKey, Value)> {
    if world.store.count(Kind::RESOURCE_QUOTA) == 0 {
        return Vec::new();
    }
    let found = world.store.list_in(Kind::RESOURCE_QUOTA, namespace);
    found
        .map(|o| {
            (
                super::key(Kind::RESOURCE_QUOTA, namespace, &o.meta.name),
                o.value.clone(),
            )
        })
        .collect()
}

/// What the quota counts now: its status, kept current by every write, or, before the first, a count.
fn current(world: &World, namespace: &str, quota: &Value, hard: &Amounts) -> Amounts {
    let status = quota.at("status.used").and_then(Value::as_map);
    let known = |name: &Str| status.and_then(|s| s.get(name)).and_then(Quantity::of);
    if hard.keys().all(|name| known(name).is_some()) {
        return hard
            .keys()
            .filter_map(|name| Some((name.clone(), known(name)?)))
            .collect();
    }
    used(world, namespace, quota, hard)
}

impl World {
    /// Refuses a new object that no quota of its namespace has room for.
    pub(crate) fn admit_quotas(&self, key: &ObjectKey, value: &Value) -> Result<(), ApiError> {
        for (_, quota) in quotas(self, &key.namespace) {
            if !applies(&quota, key.kind, value) {
                continue;
            }
            let name = quota.str_at("metadata.name");
            let hard = hard(&quota);
            if key.kind == Kind::POD
                && let Some(why) = missing(&hard, value)
            {
                return Err(forbidden(
                    key.kind,
                    &key.name,
                    &format!("failed quota: {name}: {why}"),
                ));
            }
            let cost = usage(key.kind, value);
            if !cost.keys().any(|resource| hard.contains_key(resource)) {
                continue;
            }
            let used = current(self, &key.namespace, &quota, &hard);
            let (mut requested, mut have, mut limited) =
                (Amounts::new(), Amounts::new(), Amounts::new());
            for (resource, amount) in &cost {
                let (Some(limit), Some(before)) = (hard.get(resource), used.get(resource)) else {
                    continue;
                };
                if before.plus(amount).compare(limit) == Ordering::Greater {
                    requested.insert(resource.clone(), amount.clone());
                    have.insert(resource.clone(), before.clone());
                    limited.insert(resource.clone(), limit.clone());
                }
            }
            if !requested.is_empty() {
                let why = format!(
                    "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
                    pretty(&requested),
                    pretty(&have),
                    pretty(&limited)
                );
                return Err(forbidden(key.kind, &key.name, &why));
            }
        }
        Ok(())
    }

    /// Writes down what a new object costs. Call it before the object is stored.
    pub(crate) fn charge_quotas(&mut self, key: &ObjectKey, value: &Value) {
        if key.kind == Kind::RESOURCE_QUOTA {
            return;
        }
        for (quota_key, mut quota) in quotas(self, &key.namespace) {
            let hard = hard(&quota);
            let cost = usage(key.kind, value);
            if !applies(&quota, key.kind, value) || !cost.keys().any(|r| hard.contains_key(r)) {
                continue;
            }
            let mut used = current(self, &key.namespace, &quota, &hard);
            for (resource, amount) in cost {
                if let Some(sum) = used.get_mut(&resource) {
                    *sum = sum.plus(&amount);
                }
            }
            quota.set(
                "status.hard",
                quota.at("spec.hard").cloned().unwrap_or_default(),
            );
            quota.set("status.used", amounts_value(&used));
            self.store_quota(&quota_key, quota);
        }
    }

    /// Writes down what a change of an object costs or gives back: after it has gone, or is another.
    pub(crate) fn settle_quotas(&mut self, key: &ObjectKey, before: &Value, after: Option<&Value>) {
        if key.kind == Kind::RESOURCE_QUOTA {
            return;
        }
        for (quota_key, mut quota) in quotas(self, &key.namespace) {
            let hard = hard(&quota);
            let cost = |value: &Value| {
                if applies(&quota, key.kind, value) {
                    usage(key.kind, value)
                } else {
                    Amounts::new()
                }
            };
            let (gone, come) = (cost(before), after.map_or_else(Amounts::new, cost));
            let touched = |amounts: &Amounts| amounts.keys().any(|r| hard.contains_key(r));
            let status = quota.at("status.used").and_then(Value::as_map);
            let known = |name: &Str| status.is_some_and(|s| s.contains_key(name));
            if (!touched(&gone) && !touched(&come)) || !hard.keys().all(known) {
                continue;
            }
            let mut used = current(self, &key.namespace, &quota, &hard);
            for (resource, amount) in gone.iter() {
                if let Some(sum) = used.get_mut(resource) {
                    *sum = sum.minus(amount);
                }
            }
            for (resource, amount) in come.iter() {
                if let Some(sum) = used.get_mut(resource) {
                    *sum = sum.plus(amount);
                }
            }
            quota.set("status.used", amounts_value(&used));
            self.store_quota(&quota_key, quota);
        }
    }

    /// Counts again what is used in a namespace: after a quota has come or changed.
    pub(crate) fn recount_quotas(&mut self, key: &ObjectKey) {
        for (quota_key, mut quota) in quotas(self, &key.namespace) {
            let hard = hard(&quota);
            let used = used(self, &key.namespace, &quota, &hard);
            quota.set(
                "status.hard",
                quota.at("spec.hard").cloned().unwrap_or_default(),
            );
            quota.set("status.used", amounts_value(&used));
            self.store_quota(&quota_key, quota);
        }
    }

    fn store_quota(&mut self, key: &ObjectKey, value: Value) {
        if let Some(old) = self.store.get(key).cloned()
            && old.value != value
        {
            self.commit(key, value);
        }
    }
}
