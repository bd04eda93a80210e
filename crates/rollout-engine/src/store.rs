//! What the API server has stored.

use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Namespace and name.
type Place = (Str, Str);
type Shelf = BTreeMap<Place, Rc<Object>>;

/// All objects, by kind, then namespace and name. A clone shares the shelves until they are written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Store {
    shelves: BTreeMap<Kind, Rc<Shelf>>,
    resource_version: u64,
}

impl Store {
    /// The object at a key.
    pub fn get(&self, key: &ObjectKey) -> Option<&Rc<Object>> {
        // A lookup by borrowed parts would need an owned pair; the parts are cheap to clone.
        self.shelves
            .get(&key.kind)?
            .get(&(key.namespace.clone(), key.name.clone()))
    }
    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Rc<Object>> {
        self.shelves.get(&kind).into_iter().flat_map(|s| s.values())
    }
    /// All objects of a kind in a namespace, ordered by name.
    pub fn list_in<'a>(
        &'a self,
        kind: Kind,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Rc<Object>> {
        let ns = Str::copy(namespace);
        let end = ns.clone();
        self.shelves
            .get(&kind)
            .into_iter()
            .flat_map(move |s| s.range((ns.clone(), Str::Static(""))..))
            .take_while(move |(place, _)| place.0 == end)
            .map(|(_, o)| o)
    }
    /// Kinds that have objects.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.shelves
            .iter()
            .filter(|(_, s)| !s.is_empty())
            .map(|(k, _)| *k)
    }
    /// Every object with its key.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectKey, &Rc<Object>)> {
        self.shelves.iter().flat_map(|(kind, s)| {
            s.iter().map(|((ns, name), o)| {
                (
                    ObjectKey {
                        kind: *kind,
                        namespace: ns.clone(),
                        name: name.clone(),
                    },
                    o,
                )
            })
        })
    }
    /// Number of objects of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.shelves.get(&kind).map_or(0, |s| s.len())
    }
    /// The version of the last write.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }
    /// Sets the version of the last write (states that were recorded elsewhere).
    pub fn set_resource_version(&mut self, version: u64) {
        self.resource_version = version;
    }
    /// The version for the write that follows.
    pub fn next_resource_version(&mut self) -> u64 {
        self.resource_version += 1;
        self.resource_version
    }
    /// Puts (or takes out, with `None`) an object as it is: no version, no checks. For the API server and for
    /// displays that replay changes.
    pub fn put(&mut self, key: &ObjectKey, object: Option<Rc<Object>>) -> Option<Rc<Object>> {
        let shelf = Rc::make_mut(self.shelves.entry(key.kind).or_default());
        let place = (key.namespace.clone(), key.name.clone());
        match object {
            Some(o) => shelf.insert(place, o),
            None => shelf.remove(&place),
        }
    }
}
