//! Which element draws which pod: its own while time runs, any after a jump.

use rollout_api::SortedMap;

/// Elements by their numbers. While time steps, a pod keeps its element, so that its motion is seen. After a jump
/// nothing travels: the elements that are there take the new pods in order, which costs the browser a tenth of making
/// new ones.
#[derive(Default)]
pub struct Slots {
    of: SortedMap<String, u32>,
    next: u32,
}

impl Slots {
    /// The number of each key's element, in the order of the keys. No number comes twice.
    pub fn assign<'a>(&mut self, keys: impl Iterator<Item = &'a str>, jump: bool) -> Vec<u32> {
        if jump {
            self.of.clear();
            self.next = 0;
        }
        let mut of = SortedMap::new();
        let mut numbers = Vec::new();
        for key in keys {
            let number = self.of.get(key).copied().unwrap_or_else(|| {
                self.next += 1;
                self.next - 1
            });
            of.insert(key.to_owned(), number);
            numbers.push(number);
        }
        self.of = of;
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn a_pod_keeps_its_element_until_a_jump() {
        let mut slots = Slots::default();
        assert_eq!(slots.assign(["a", "b", "c"].into_iter(), false), [0, 1, 2]);
        // One has gone, one came, two changed places.
        assert_eq!(slots.assign(["c", "a", "d"].into_iter(), false), [2, 0, 3]);
        // A former one is a new pod.
        assert_eq!(slots.assign(["b", "d"].into_iter(), false), [4, 3]);
        // After a jump the first elements are used again, in order.
        assert_eq!(slots.assign(["d", "x", "y"].into_iter(), true), [0, 1, 2]);
        assert_eq!(slots.assign(["x", "d", "z"].into_iter(), false), [1, 0, 3]);
    }
}
