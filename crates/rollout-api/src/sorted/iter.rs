//! Walking a sorted map.

use std::rc::Rc;

/// One chunk: pairs in order of their keys.
pub(super) type Pairs<K, V> = Vec<(K, V)>;

/// The pairs of a [`super::SortedMap`] in order.
pub struct Iter<'a, K, V> {
    chunks: &'a [Rc<Pairs<K, V>>],
    /// Chunk and position of the next pair; a position is never behind its chunk.
    front: (usize, usize),
    /// The same of the pair behind the last one.
    back: (usize, usize),
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn new(chunks: &'a [Rc<Pairs<K, V>>], front: (usize, usize)) -> Self {
        Iter {
            chunks,
            front,
            back: (chunks.len(), 0),
        }
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { ..*self }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);
    fn next(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        let chunk: &'a Pairs<K, V> = self.chunks.get(self.front.0)?;
        let (k, v) = chunk.get(self.front.1)?;
        self.front.1 += 1;
        if self.front.1 == chunk.len() {
            self.front = (self.front.0 + 1, 0);
        }
        Some((k, v))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        if self.back.1 == 0 {
            let chunk = self.back.0.checked_sub(1)?;
            self.back = (chunk, self.chunks.get(chunk)?.len());
        }
        self.back.1 -= 1;
        let (k, v) = self.chunks.get(self.back.0)?.get(self.back.1)?;
        Some((k, v))
    }
}

/// The pairs of a [`super::SortedMap`], taken.
pub struct IntoIter<K, V> {
    chunks: std::vec::IntoIter<Rc<Pairs<K, V>>>,
    pairs: std::vec::IntoIter<(K, V)>,
}

impl<K, V> IntoIter<K, V> {
    pub(super) fn new(chunks: Vec<Rc<Pairs<K, V>>>) -> Self {
        IntoIter {
            chunks: chunks.into_iter(),
            pairs: Vec::new().into_iter(),
        }
    }
}

impl<K: Clone, V: Clone> Iterator for IntoIter<K, V> {
    type Item = (K, V);
    fn next(&mut self) -> Option<(K, V)> {
        loop {
            if let Some(pair) = self.pairs.next() {
                return Some(pair);
            }
            self.pairs = Rc::unwrap_or_clone(self.chunks.next()?).into_iter();
        }
    }
}
