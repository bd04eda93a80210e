//! Limit ranges: what containers get that ask for nothing, and what nobody may ask for.
//!
//! Mirrors plugin/pkg/admission/limitranger/admission.go.

use super::forbidden;
use super::quota::pod_amount;
use crate::world::World;
use rollout_api::gofmt::ratio_text;
use rollout_api::quantity::Quantity;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Map, ObjectKey, Str, Value};
use std::cmp::Ordering;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The items of a namespace's limit ranges, by name of the range.
fn items(world: &World, namespace: &str) -> Vec<Value> {
    if world.store.count(Kind("LimitRange")) == 0 {
        return Vec::new();
    }
    world
        .store
        .list_in(Kind("LimitRange"), namespace)
        .flat_map(|r| r.value.list_at("spec.limits").to_vec())
        .collect()
}

fn entries<'a>(item: &'a Value, field: &str) -> impl Iterator<Item = (&'a Str, &'a Value)> {
    item.get(field)
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(Map::iter)
}

/// Fills in what is absent under one field; the names that were.
fn fill(container: &mut Value, field: &'static str, item: &Value, from: &str) -> Vec<String> {
    let mut set = Vec::new();
    for (name, amount) in entries(item, from) {
        let resources = container
            .map_mut()
            .entry("resources", Value::object)
            .map_mut();
        let map = resources.entry(field, Value::object).map_mut();
        if !map.contains_key(name) {
            map.insert(name, amount);
            set.push(name.to_string());
        }
    }
    set
}

/// One amount of a container or a pod under `requests` or `limits`.
type Amount<'a> = &'a dyn Fn(&str, &str) -> Option<Quantity>;

fn more(a: &Quantity, b: &Quantity) -> bool {
    a.compare(b) == Ordering::Greater
}

/// Mirrors `minConstraint`, `maxConstraint`, `maxRequestConstraint` and `limitRequestRatioConstraint`.
fn check(item: &Value, amount: Amount<'_>, errors: &mut Vec<String>) {
    let kind = item.str_at("type");
    // Nobody looks at the limits of a claim.
    let claim = kind == "PersistentVolumeClaim";
    let bounds = |field: &'static str| {
        entries(item, field).filter_map(|(name, v)| Some((name.as_str(), Quantity::of(v)?)))
    };
    for (name, least) in bounds("min") {
        let head = format!("minimum {name} usage per {kind} is {least}");
        match (amount("requests", name), amount("limits", name)) {
            (None, _) => errors.push(format!("{head}.  No request is specified")),
            (Some(r), _) if more(&least, &r) => errors.push(format!("{head}, but request is {r}")),
            (_, Some(l)) if more(&least, &l) => errors.push(format!("{head}, but limit is {l}")),
            _ => {}
        }
    }
    for (name, most) in bounds("max") {
        let head = format!("maximum {name} usage per {kind} is {most}");
        match (amount("requests", name), amount("limits", name)) {
            (None, _) if claim => errors.push(format!("{head}.  No request is specified")),
            (_, None) if !claim => errors.push(format!("{head}.  No limit is specified")),
            (_, Some(l)) if more(&l, &most) => errors.push(format!("{head}, but limit is {l}")),
            (Some(r), _) if more(&r, &most) => errors.push(format!("{head}, but request is {r}")),
            _ => {}
        }
    }
    if claim {
        return;
    }
    for (name, ratio) in bounds("maxLimitRequestRatio") {
        let head = format!("{name} max limit to request ratio per {kind} is {ratio}");
        let given = |field: &str| {
            amount(field, name)
                .map(|q| i128::from(q.milli_value()))
                .filter(|n| *n != 0)
        };
        match (given("requests"), given("limits")) {
            (None, _) => {
                errors.push(format!(
                    "{head}, but no request is specified or request is 0"
                ));
            }
            (_, None) => errors.push(format!("{head}, but no limit is specified or limit is 0")),
            (Some(r), Some(l)) => {
                if l * 1000 > r * i128::from(ratio.milli_value()) {
                    let given = ratio_text(l, r);
                    errors.push(format!("{head}, but provided ratio is {given}"));
                }
            }
        }
    }
}

fn of_container(container: &Value, field: &str, name: &str) -> Option<Quantity> {
    container
        .get("resources")?
        .get(field)?
        .get(name)
        .and_then(Quantity::of)
}

impl World {
    /// Mirrors `MutateLimit`: gives a pod's containers what they do not ask for.
    pub(super) fn default_limits(&self, pod: &mut Value) {
        let namespace = pod.str_at("metadata.namespace").to_owned();
        let items = items(self, &namespace);
        let mut told = Vec::new();
        for item in items.iter().filter(|i| i.str_at("type") == "Container") {
            for (list, word) in [
                ("containers", "container"),
                ("initContainers", "init container"),
            ] {
                let spec = pod.map_mut().entry("spec", Value::object).map_mut();
                let Some(containers) = spec.get_mut(list) else {
                    continue;
                };
                for container in containers.list_mut() {
                    let requests = fill(container, "requests", item, "defaultRequest");
                    let limits = fill(container, "limits", item, "default");
                    let name = container.str_at("name").to_owned();
                    for (set, what) in [(requests, "request"), (limits, "limit")] {
                        if !set.is_empty() {
                            told.push(format!("{} {what} for {word} {name}", set.join(", ")));
                        }
                    }
                }
            }
        }
        if !told.is_empty() {
            let text = format!("LimitRanger plugin set: {}", told.join("; "));
            let metadata = super::write::metadata(pod);
            metadata
                .entry("annotations", Value::object)
                .map_mut()
                .insert(ANNOTATION, text);
        }
    }

    /// Mirrors `ValidateLimit`: refuses what a limit range of the namespace does not allow.
    pub(super) fn admit_limits(&self, key: &ObjectKey, value: &Value) -> Result<(), ApiError> {
        if !matches!(key.kind, Kind::POD | Kind::PERSISTENT_VOLUME_CLAIM) {
            return Ok(());
        }
        let mut errors = Vec::new();
        for item in items(self, &key.namespace) {
            match (item.str_at("type"), key.kind) {
                ("Container", Kind::POD) => {
                    let all = value
                        .list_at("spec.containers")
                        .iter()
                        .chain(value.list_at("spec.initContainers"));
                    for c in all {
                        check(
                            &item,
                            &|field, name| of_container(c, field, name),
                            &mut errors,
                        );
                    }
                }
                ("Pod", Kind::POD) => {
                    check(
                        &item,
                        &|field, name| pod_amount(value, field, name),
                        &mut errors,
                    );
                }
                ("PersistentVolumeClaim", Kind::PERSISTENT_VOLUME_CLAIM) => {
                    let amount = |field: &str, name: &str| {
                        let requests = value.at("spec.resources.requests");
                        let requests = requests.filter(|_| field == "requests")?;
                        requests.get(name).and_then(Quantity::of)
                    };
                    check(&item, &amount, &mut errors);
                }
                _ => {}
            }
        }
        let why = match errors.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        Err(forbidden(key.kind, &key.name, &why))
    }
}
