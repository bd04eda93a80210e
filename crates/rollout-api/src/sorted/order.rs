//! Sorting: one merge sort of positions for all types; a type adds its comparison and a swap.

use std::cmp::Ordering;

/// What the sort may do with the items: compare two places, and swap them.
trait Items {
    fn less(&mut self, a: usize, b: usize) -> bool;
    fn swap(&mut self, a: usize, b: usize);
}

struct Slice<'a, T, F> {
    items: &'a mut [T],
    compare: F,
}

impl<T, F: FnMut(&T, &T) -> Ordering> Items for Slice<'_, T, F> {
    fn less(&mut self, a: usize, b: usize) -> bool {
        (self.compare)(&self.items[a], &self.items[b]) == Ordering::Less
    }
    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }
}

/// Stable sorting of slices, as `slice::sort` and its kin.
pub trait Order<T> {
    /// As `sort_by`.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);
    /// As `sort_by_key`.
    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }
    /// As `sort`.
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }
}

impl<T> Order<T> for [T] {
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering) {
        let len = self.len();
        arrange(
            len,
            &mut Slice {
                items: self,
                compare,
            },
        );
    }
}

/// Puts items in order. Items that are in order already cost one comparison each.
fn arrange(len: usize, items: &mut dyn Items) {
    if (1..len).all(|i| !items.less(i, i - 1)) {
        return;
    }
    // Positions in the order wanted: runs of growing width are merged.
    let mut from: Vec<usize> = (0..len).collect();
    let mut to = Vec::with_capacity(len);
    let mut width = 1;
    while width < len {
        to.clear();
        let mut start = 0;
        while start < len {
            let middle = (start + width).min(len);
            let end = (middle + width).min(len);
            let (mut a, mut b) = (start, middle);
            while a < middle && b < end {
                if items.less(from[b], from[a]) {
                    to.push(from[b]);
                    b += 1;
                } else {
                    to.push(from[a]);
                    a += 1;
                }
            }
            to.extend_from_slice(&from[a..middle]);
            to.extend_from_slice(&from[b..end]);
            start = end;
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    // `from[i]` says which item belongs at i: each cycle is walked once.
    for start in 0..len {
        let mut here = start;
        loop {
            let next = std::mem::replace(&mut from[here], here);
            if next == start || next == here {
                break;
            }
            items.swap(here, next);
            here = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_standard_sort() {
        let mut state = 5_u64;
        let mut draw = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..400 {
            let len = draw(if round % 20 == 0 { 900 } else { 40 });
            let range = 1 + draw(60);
            let mut ours: Vec<(u64, String)> =
                (0..len).map(|n| (draw(range), n.to_string())).collect();
            if round % 3 == 0 {
                let half = ours.len() / 2;
                ours[..half].sort();
            }
            let mut theirs = ours.clone();
            ours.order_by_key(|x| x.0);
            theirs.sort_by_key(|x| x.0);
            assert_eq!(ours, theirs);
            ours.order_by(|a, b| b.1.cmp(&a.1));
            theirs.sort_by(|a, b| b.1.cmp(&a.1));
            assert_eq!(ours, theirs);
            ours.order();
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }
}
