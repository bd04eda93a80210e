//! A set in order: a map without values.

use super::map::SortedMap;
use std::borrow::Borrow;
use std::fmt;

/// A set in order. Clones share what they hold, as those of a [`SortedMap`] do.
#[derive(PartialEq, Eq)]
pub struct SortedSet<K>(SortedMap<K, ()>);

impl<K> SortedSet<K> {
    /// An empty set.
    pub const fn new() -> Self {
        SortedSet(SortedMap::new())
    }
    /// Number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// No member at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// All members in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.0.keys()
    }
    /// The smallest member.
    pub fn first(&self) -> Option<&K> {
        self.iter().next()
    }
    /// The greatest member.
    pub fn last(&self) -> Option<&K> {
        self.iter().next_back()
    }
}

impl<K: Ord> SortedSet<K> {
    /// Is it a member?
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }
    /// The members from one on, in order.
    pub fn range_from<Q: Ord + ?Sized>(&self, first: &Q) -> impl Iterator<Item = &K>
    where
        K: Borrow<Q>,
    {
        self.0.range_from(first).map(|(k, ())| k)
    }
}

impl<K: Ord + Clone> SortedSet<K> {
    /// Adds a member; true if it is new.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }
    /// Takes a member out; true if it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }
    /// Takes the smallest member out.
    pub fn pop_first(&mut self) -> Option<K> {
        Some(self.0.pop_first()?.0)
    }
    /// Keeps the members that `keep` says; it may be asked twice.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.0.retain(|k, ()| keep(k));
    }
    /// Takes everything out.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K> Clone for SortedSet<K> {
    fn clone(&self) -> Self {
        SortedSet(self.0.clone())
    }
}
impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        Self::new()
    }
}
impl<K: fmt::Debug> fmt::Debug for SortedSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
impl<K: Ord + Clone> Extend<K> for SortedSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}
impl<K: Ord + Clone> FromIterator<K> for SortedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::new();
        set.extend(keys);
        set
    }
}
impl<K: Ord + Clone, const N: usize> From<[K; N]> for SortedSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}
impl<K: Clone> IntoIterator for SortedSet<K> {
    type Item = K;
    type IntoIter = std::iter::Map<super::IntoIter<K, ()>, fn((K, ())) -> K>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|(k, ())| k)
    }
}
impl<'a, K> IntoIterator for &'a SortedSet<K> {
    type Item = &'a K;
    type IntoIter = std::iter::Map<super::Iter<'a, K, ()>, fn((&'a K, &'a ())) -> &'a K>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(k, _)| k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_once_and_in_order() {
        let mut set: SortedSet<&str> = ["b", "a", "c", "a"].into_iter().collect();
        assert!(!set.insert("b") && set.insert("d") && set.remove("a") && !set.contains("a"));
        assert_eq!(
            (set.first(), set.last(), set.len()),
            (Some(&"b"), Some(&"d"), 3)
        );
        assert_eq!(set.range_from("bb").collect::<Vec<_>>(), [&"c", &"d"]);
        assert_eq!(set.pop_first(), Some("b"));
        set.retain(|k| *k != "c");
        assert_eq!(set, SortedSet::from(["d"]));
        assert_eq!(format!("{set:?}"), r#"{"d"}"#);
        assert_eq!((&set).into_iter().count() + set.into_iter().count(), 2);
    }
}
