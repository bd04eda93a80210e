//! Ids of a recording: `d1`, `r2`, `r2.p3`, and the texts in which they stand for names.

use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, Map, Str, Value, object};

#[derive(Clone)]
struct Named {
    id: String,
    name: Str,
    kind: Kind,
    order: usize,
    k: Option<u64>,
    hash: Option<Str>,
}

/// Ids by UID.
#[derive(Clone, Default)]
pub struct Names {
    by_uid: SortedMap<Str, Named>,
    deployments: usize,
    sets: usize,
    /// Pods so far, by the id of the set (`x` for none).
    pods: SortedMap<String, usize>,
    pods_total: u64,
}

impl Names {
    /// Gives a new object its id, once.
    pub fn note(&mut self, object: &Object) {
        let meta = &object.meta;
        if self.by_uid.contains_key(&meta.uid) {
            return;
        }
        let kind = match &object.view {
            rollout_api::views::View::Deployment(_) => Kind::DEPLOYMENT,
            rollout_api::views::View::ReplicaSet(_) => Kind::REPLICA_SET,
            rollout_api::views::View::Pod(_) => Kind::POD,
            _ => return,
        };
        let (mut k, mut hash) = (None, None);
        let id = match kind {
            Kind::DEPLOYMENT => {
                self.deployments += 1;
                format!("d{}", self.deployments)
            }
            Kind::REPLICA_SET => {
                self.sets += 1;
                hash = meta.label("pod-template-hash").map(Str::copy);
                format!("r{}", self.sets)
            }
            _ => {
                self.pods_total += 1;
                k = Some(self.pods_total);
                let owner = meta.controller.as_ref().and_then(|c| self.id(&c.uid));
                let owner = owner.unwrap_or("x").to_owned();
                let n = self.pods.entry(owner.clone()).or_insert(0);
                *n += 1;
                format!("{owner}.p{n}")
            }
        };
        let order = self.by_uid.len();
        let named = Named {
            id,
            name: meta.name.clone(),
            kind,
            order,
            k,
            hash,
        };
        self.by_uid.insert(meta.uid.clone(), named);
    }
    /// The id of an object.
    pub fn id(&self, uid: &str) -> Option<&str> {
        self.by_uid.get(uid).map(|n| n.id.as_str())
    }
    /// Order of creation.
    pub fn order(&self, uid: &str) -> usize {
        self.by_uid.get(uid).map_or(usize::MAX, |n| n.order)
    }
    /// The id, or the name if it has none.
    pub fn show(&self, object: &Object) -> String {
        self.id(&object.meta.uid)
            .map_or_else(|| object.meta.name.to_string(), str::to_owned)
    }
    /// `names` of a recording.
    pub fn value(&self) -> Value {
        let mut map = Map::new();
        for (uid, named) in &self.by_uid {
            let mut entry = object! { "name" => &named.name, "uid" => uid };
            if let Some(k) = named.k {
                entry.map_mut().insert("k", i64::try_from(k).unwrap_or(0));
            }
            if let Some(hash) = &named.hash {
                entry.map_mut().insert("hash", hash);
            }
            map.insert(named.id.clone(), entry);
        }
        map.into()
    }
    /// A message with ids in braces in place of names.
    pub fn replace(&self, text: &str) -> String {
        // Longest names first: a pod's name begins with its set's.
        let mut all: Vec<&Named> = self
            .by_uid
            .values()
            .filter(|n| n.kind != Kind::DEPLOYMENT)
            .collect();
        // Of equal names the later object: the earlier one is gone.
        all.sort_by_key(|n| std::cmp::Reverse((n.name.len(), n.order)));
        let mut out = String::new();
        let mut rest = text;
        'text: while !rest.is_empty() {
            for named in &all {
                let Some(after) = rest.strip_prefix(named.name.as_str()) else {
                    continue;
                };
                if named.kind == Kind::REPLICA_SET
                    && let Some(tail) = after.strip_prefix('-')
                {
                    // A pod that was never made.
                    let suffix = tail.bytes().take_while(u8::is_ascii_alphanumeric).count();
                    if suffix == 5 {
                        out.push_str(&format!("{{{}.new}}", named.id));
                        rest = &tail[suffix..];
                        continue 'text;
                    }
                }
                out.push_str(&format!("{{{}}}", named.id));
                rest = after;
                continue 'text;
            }
            let c = rest.chars().next().unwrap_or(' ');
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        out
    }
}
