//! Where notes stand when many writes fall into one instant: fanned out, in order, leaders to their true second.

/// Spreads positions (thousandths of the width, ascending) so that neighbours keep `gap`.
/// `None` for those that do not fit: only notes around `current` are spread, the rest are dots.
pub fn spread(xs: &[u32], gap: u32, current: usize) -> Vec<Option<u32>> {
    let room = (1000 / gap.max(1)) as usize;
    let first = if xs.len() <= room {
        0
    } else {
        (current + 1)
            .saturating_sub(room.saturating_sub(1))
            .min(xs.len() - room)
    };
    let last = (first + room).min(xs.len());
    let half = gap / 2;
    let mut at: Vec<u32> = Vec::with_capacity(last - first);
    // Neighbours that would touch form a group that is centred over its own seconds.
    let mut groups: Vec<(u64, u32, u32)> = Vec::new(); // sum of true places, members, left edge
    for &x in &xs[first..last] {
        groups.push((u64::from(x), 1, x.saturating_sub(half)));
        while groups.len() > 1 {
            let (sum_b, n_b, left_b) = groups[groups.len() - 1];
            let (sum_a, n_a, left_a) = groups[groups.len() - 2];
            if left_a + n_a * gap <= left_b {
                break;
            }
            let (sum, n) = (sum_a + sum_b, n_a + n_b);
            let left = ((sum / u64::from(n)) as u32).saturating_sub(n * half);
            groups.pop();
            groups.pop();
            groups.push((sum, n, left.min(1000_u32.saturating_sub(n * gap))));
        }
        if let Some(group) = groups.last_mut() {
            group.2 = group.2.min(1000_u32.saturating_sub(group.1 * gap));
        }
    }
    let mut edge = 0;
    for (_, n, left) in groups {
        let left = left.max(edge);
        for k in 0..n {
            at.push(left + k * gap + half);
        }
        edge = left + n * gap;
    }
    let mut places = vec![None; xs.len()];
    for (place, x) in places[first..last].iter_mut().zip(at) {
        *place = Some(x);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn distant_notes_stay_where_they_are() {
        assert_eq!(spread(&[200, 600], 75, 0), [Some(200), Some(600)]);
    }

    #[test]
    fn notes_of_one_instant_stand_side_by_side_in_order() {
        let places = spread(&[226, 226, 231], 75, 0);
        let xs: Vec<u32> = places.into_iter().flatten().collect();
        assert_eq!(xs.len(), 3);
        assert!(xs.windows(2).all(|w| w[1] - w[0] >= 74), "{xs:?}");
        assert!(xs[1].abs_diff(226) < 20, "{xs:?}");
    }

    #[test]
    fn nothing_leaves_the_drawing() {
        let xs: Vec<u32> = spread(&[0, 0, 0, 980, 990, 1000], 75, 5)
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(xs.len(), 6);
        assert!(xs.iter().all(|x| *x >= 37 && *x <= 1000), "{xs:?}");
        assert!(xs.windows(2).all(|w| w[1] - w[0] >= 74), "{xs:?}");
    }

    #[test]
    fn too_many_notes_leave_dots() {
        let xs: Vec<u32> = (0..40).map(|k| k * 25).collect();
        let places = spread(&xs, 75, 39);
        assert_eq!(places.iter().flatten().count(), 13);
        assert!(places[39].is_some() && places[0].is_none());
    }
}
