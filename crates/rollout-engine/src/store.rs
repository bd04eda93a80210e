//! What the API server has stored.

use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str};
use std::rc::Rc;

/// Namespace and name.
type Place = (Str, Str);
type Shelf = SortedMap<Place, Rc<Object>>;

/// All objects, by kind, then namespace and name. A clone shares the shelves until they are written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Store {
    /// Ordered by kind. There are a dozen: looking at each is faster than halving, as nearly all differ in length.
    shelves: Vec<(Kind, Rc<Shelf>)>,
    resource_version: u64,
}

fn same(a: Kind, b: Kind) -> bool {
    std::ptr::eq(a.0, b.0) || a == b
}

impl Store {
    fn shelf(&self, kind: Kind) -> Option<&Shelf> {
        let found = self.shelves.iter().find(|(k, _)| same(*k, kind));
        found.map(|(_, shelf)| &**shelf)
    }
    fn shelf_mut(&mut self, kind: Kind) -> &mut Shelf {
        let at = match self.shelves.iter().position(|(k, _)| same(*k, kind)) {
            Some(at) => at,
            None => {
                let at = self.shelves.partition_point(|(k, _)| *k < kind);
                self.shelves.insert(at, (kind, Rc::default()));
                at
            }
        };
        Rc::make_mut(&mut self.shelves[at].1)
    }
    /// The object at a key.
    pub fn get(&self, key: &ObjectKey) -> Option<&Rc<Object>> {
        // A lookup by borrowed parts would need an owned pair; the parts are cheap to clone.
        self.shelf(key.kind)?
            .get(&(key.namespace.clone(), key.name.clone()))
    }
    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Rc<Object>> {
        self.shelf(kind).into_iter().flat_map(|s| s.values())
    }
    /// All objects of a kind in a namespace, ordered by name.
    pub fn list_in<'a>(
        &'a self,
        kind: Kind,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Rc<Object>> {
        let ns = Str::copy(namespace);
        let end = ns.clone();
        self.shelf(kind)
            .into_iter()
            .flat_map(move |s| s.range_from(&(ns.clone(), Str::Static(""))))
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
        self.shelf(kind).map_or(0, SortedMap::len)
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
        let place = (key.namespace.clone(), key.name.clone());
        match object {
            Some(o) => self.shelf_mut(key.kind).insert(place, o),
            None if self.shelf(key.kind).is_some_and(|s| s.contains_key(&place)) => {
                self.shelf_mut(key.kind).remove(&place)
            }
            None => None,
        }
    }
    /// Puts the next state of an object, made from the present one. Answers both.
    pub(crate) fn replace(
        &mut self,
        key: &ObjectKey,
        next: impl FnOnce(Option<&Object>) -> Object,
    ) -> (Option<Rc<Object>>, Rc<Object>) {
        let place = (key.namespace.clone(), key.name.clone());
        let mut after = None;
        let before = self.shelf_mut(key.kind).replace_with(place, |before| {
            let object = Rc::new(next(before.map(|o| &**o)));
            after.insert(object).clone()
        });
        (before, after.expect("the closure has run"))
    }
}
