//! A map in order of its keys: chunks of sorted pairs, shared between clones.

use super::iter::{IntoIter, Iter, Pairs};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

/// Pairs in one chunk at most. Writing to a shared chunk copies so many.
const CHUNK: usize = 32;

/// A map in order of its keys. Lookups halve twice: among the chunks and in one.
pub struct SortedMap<K, V> {
    /// None is empty.
    pub(super) chunks: Vec<Rc<Pairs<K, V>>>,
    len: usize,
}

/// Where a pair stands, or would stand: chunk and position.
type Place = (usize, usize);

impl<K, V> SortedMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        SortedMap {
            chunks: Vec::new(),
            len: 0,
        }
    }
    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.len
    }
    /// No pair at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// All pairs in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(&self.chunks, (0, 0))
    }
    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(k, _)| k)
    }
    /// All values in order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, v)| v)
    }
    /// The pair with the smallest key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }
    /// The pair with the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        K: Borrow<Q>,
    {
        // Halving with branches: a guess goes on while a long comparison runs, and an equal key ends it.
        let (mut low, mut high) = (0, self.chunks.len().saturating_sub(1));
        while low < high {
            let middle = (low + high) / 2;
            match self.chunks[middle].last() {
                Some((k, _)) if k.borrow() < key => low = middle + 1,
                _ => high = middle,
            }
        }
        let Some(pairs) = self.chunks.get(low) else {
            return Err((0, 0));
        };
        let chunk = low;
        (low, high) = (0, pairs.len());
        while low < high {
            let middle = (low + high) / 2;
            match pairs[middle].0.borrow().cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok((chunk, middle)),
            }
        }
        Err((chunk, low))
    }
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (chunk, at) = self.place(key).ok()?;
        Some(&self.chunks[chunk][at].1)
    }
    /// Does the key stand in the map?
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }
    /// The pairs from a key on, in order.
    pub fn range_from<Q: Ord + ?Sized>(&self, first: &Q) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (Ok((chunk, at)) | Err((chunk, at))) = self.place(first);
        if self.chunks.get(chunk).is_some_and(|c| c.len() == at) {
            return Iter::new(&self.chunks, (chunk + 1, 0));
        }
        Iter::new(&self.chunks, (chunk, at))
    }
}

impl<K: Ord + Clone, V: Clone> SortedMap<K, V> {
    fn value_at(&mut self, (chunk, at): Place) -> &mut V {
        &mut Rc::make_mut(&mut self.chunks[chunk])[at].1
    }
    fn put(&mut self, (mut chunk, mut at): Place, pair: (K, V)) -> Place {
        self.len += 1;
        let full = self.chunks.get(chunk).is_none_or(|c| c.len() == CHUNK);
        if full && (at == CHUNK || self.chunks.is_empty()) {
            // Behind everything: a new chunk, the last one stays full.
            let mut pairs = Vec::with_capacity(4);
            pairs.push(pair);
            self.chunks.push(Rc::new(pairs));
            return (self.chunks.len() - 1, 0);
        }
        let pairs = Rc::make_mut(&mut self.chunks[chunk]);
        if full {
            let upper = pairs.split_off(CHUNK / 2);
            self.chunks.insert(chunk + 1, Rc::new(upper));
            if at > CHUNK / 2 {
                chunk += 1;
                at -= CHUNK / 2;
            }
        }
        Rc::make_mut(&mut self.chunks[chunk]).insert(at, pair);
        (chunk, at)
    }
    fn take(&mut self, (chunk, at): Place) -> (K, V) {
        self.len -= 1;
        let pairs = Rc::make_mut(&mut self.chunks[chunk]);
        let pair = pairs.remove(at);
        if pairs.is_empty() {
            self.chunks.remove(chunk);
        }
        pair
    }
    /// Puts a value; answers the one that stood there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => Some(std::mem::replace(self.value_at(place), value)),
            Err(place) => {
                self.put(place, (key, value));
                None
            }
        }
    }
    /// Puts a value made from the one that stands there; answers that one.
    pub fn replace_with(&mut self, key: K, next: impl FnOnce(Option<&V>) -> V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => {
                let value = self.value_at(place);
                let next = next(Some(value));
                Some(std::mem::replace(value, next))
            }
            Err(place) => {
                self.put(place, (key, next(None)));
                None
            }
        }
    }
    /// Takes a value out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.take(place).1)
    }
    /// Takes the pair with the smallest key out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (self.len > 0).then(|| self.take((0, 0)))
    }
    /// The value of a key, to change it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.value_at(place))
    }
    /// The place of a key, to fill it where it is empty.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { map: self, key }
    }
    /// All values in order of their keys, taken.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, v)| v)
    }
    /// All pairs, to change the values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.chunks
            .iter_mut()
            .flat_map(|c| Rc::make_mut(c).iter_mut().map(|(k, v)| (&*k, v)))
    }
    /// All values, to change them.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, v)| v)
    }
    /// Keeps the pairs that `keep` says; chunks of which none goes stay shared. `keep` may be asked twice.
    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let mut len = 0;
        self.chunks.retain_mut(|c| {
            if !c.iter().all(|(k, v)| keep(k, v)) {
                Rc::make_mut(c).retain(|(k, v)| keep(k, v));
            }
            len += c.len();
            !c.is_empty()
        });
        self.len = len;
    }
    /// Takes everything out.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.len = 0;
    }
}

/// The place of a key; see [`SortedMap::entry`].
pub struct Entry<'a, K, V> {
    map: &'a mut SortedMap<K, V>,
    key: K,
}

impl<'a, K: Ord + Clone, V: Clone> Entry<'a, K, V> {
    /// The value that stands there; a new one where none does.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        let place = match self.map.place(&self.key) {
            Ok(place) => place,
            Err(place) => self.map.put(place, (self.key, make())),
        };
        self.map.value_at(place)
    }
    /// The value that stands there; this one where none does.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }
    /// The value that stands there; an empty one where none does.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<K, V> Clone for SortedMap<K, V> {
    fn clone(&self) -> Self {
        SortedMap {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}
impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
/// The pairs count, not the chunks.
impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}
impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
impl<K: Ord + Clone, V: Clone> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (k, v) in pairs {
            self.insert(k, v);
        }
    }
}
impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = Self::new();
        map.extend(pairs);
        map
    }
}
impl<K: Ord + Clone, V: Clone, const N: usize> From<[(K, V); N]> for SortedMap<K, V> {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}
impl<'a, K, V> IntoIterator for &'a SortedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}
impl<K: Clone, V: Clone> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;
    fn into_iter(self) -> IntoIter<K, V> {
        IntoIter::new(self.chunks)
    }
}
impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V> std::ops::Index<&Q> for SortedMap<K, V> {
    type Output = V;
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("an index names a key of the map")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Numbers that look random and are the same in each run.
    fn draw(state: &mut u64, below: u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    #[test]
    fn whatever_happens_it_holds_what_a_b_tree_holds() {
        let mut seed = 7;
        for keys in [3, 40, 400, 3000] {
            let (mut ours, mut theirs) = (SortedMap::new(), BTreeMap::new());
            let mut past = Vec::new();
            for round in 0..6000_u64 {
                let key = draw(&mut seed, keys);
                match draw(&mut seed, 12) {
                    0..=4 => assert_eq!(ours.insert(key, round), theirs.insert(key, round)),
                    5..=6 => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                    7 => {
                        *ours.entry(key).or_default() +=
                            *theirs.entry(key).and_modify(|v| *v += 1).or_insert(1)
                                - ours.get(&key).copied().unwrap_or(0)
                    }
                    8 => assert_eq!(ours.get_mut(&key), theirs.get_mut(&key)),
                    9 if round % 9 == 0 => assert_eq!(ours.pop_first(), theirs.pop_first()),
                    10 if round % 50 == 0 => {
                        ours.retain(|k, _| k % 7 != 3);
                        theirs.retain(|k, _| k % 7 != 3);
                    }
                    11 if round % 100 == 0 => past.push((ours.clone(), theirs.clone())),
                    _ => {}
                }
                assert_eq!(ours.len(), theirs.len());
                assert_eq!(ours.get(&key), theirs.get(&key));
                if round % 60 == 0 {
                    assert!(ours.iter().eq(theirs.iter()));
                    assert!(ours.iter().rev().eq(theirs.iter().rev()));
                    assert!(ours.range_from(&key).eq(theirs.range(key..)));
                    assert_eq!(ours.first_key_value(), theirs.first_key_value());
                    assert_eq!(ours.last_key_value(), theirs.last_key_value());
                    assert!(ours.chunks.iter().all(|c| !c.is_empty()));
                }
            }
            // Clones kept what they held, though they shared it.
            for (ours, theirs) in past {
                assert!(ours.iter().eq(theirs.iter()));
                assert!(ours.into_iter().eq(theirs.into_iter()));
            }
        }
    }

    #[test]
    fn equal_pairs_are_equal_however_they_came() {
        let up: SortedMap<u32, ()> = (0..100).map(|n| (n, ())).collect();
        let down: SortedMap<u32, ()> = (0..100).rev().map(|n| (n, ())).collect();
        assert_eq!(up, down);
        assert_ne!(up.chunks.len(), down.chunks.len());
        assert_eq!(
            format!("{:?}", SortedMap::from([(2, "b"), (1, "a")])),
            r#"{1: "a", 2: "b"}"#
        );
    }

    #[test]
    fn a_clone_shares_all_chunks_but_the_written_one() {
        let before: SortedMap<u32, u32> = (0..320).map(|n| (n, n)).collect();
        let mut after = before.clone();
        after.insert(100, 0);
        after.retain(|k, _| *k != 200);
        let pairs = before.chunks.iter().zip(&after.chunks);
        assert_eq!(pairs.filter(|(a, b)| Rc::ptr_eq(a, b)).count(), 8);
        assert_eq!((before[&100], after[&100]), (100, 0));
    }
}
