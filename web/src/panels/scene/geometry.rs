//! Paths in data units: whole milliseconds across, levels down from the top.

use rollout_view::{PodState, Ribbon, RibbonKind, VersionTag};

/// `n / k` for a style variable: `2.600`.
pub fn ratio(n: u32, k: u32) -> String {
    let thousandths = u64::from(n) * 1000 / u64::from(k.max(1));
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// `part / whole` in per cent with three digits: `36.111`.
pub fn percent(part: u64, whole: u64) -> String {
    let millis = part.saturating_mul(100_000) / whole.max(1);
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// One rectangle as a path.
pub fn rect(d: &mut String, x: u64, y: u32, width: u64, height: u32) {
    d.push_str(&format!("M{x} {y}h{width}v{height}h-{width}z"));
}

/// Ribbons of one look joined into one path: letter, kind, veil.
pub struct Look {
    pub version: VersionTag,
    pub kind: RibbonKind,
    pub path: String,
    /// Upper and lower edges of hollow ribbons.
    pub edges: String,
}

/// Groups ribbons by look; `height` is the number of pods that the drawing is high.
pub fn looks(ribbons: &[Ribbon], height: u32) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    for r in ribbons.iter().filter(|r| r.width > 0) {
        let at = looks
            .iter()
            .position(|l| l.version == r.version && l.kind == r.kind);
        let at = at.unwrap_or_else(|| {
            looks.push(Look {
                version: r.version,
                kind: r.kind,
                path: String::new(),
                edges: String::new(),
            });
            looks.len() - 1
        });
        let y = height.saturating_sub(r.level + r.height);
        let look = &mut looks[at];
        rect(&mut look.path, r.x, y, r.width, r.height);
        if r.kind == RibbonKind::Hollow {
            look.edges.push_str(&format!("M{} {y}h{}", r.x, r.width));
        }
    }
    looks
}

/// Milliseconds that a past must have before lines slant in it.
const SHORTEST_PAST: u64 = 95;

/// Hatching below the ground, drawn as lines because the drawing is stretched.
/// `y` runs in hundredths of a row; 12 is the upper edge of a ribbon, 88 the lower one.
pub fn hatch(ribbons: &[&Ribbon], width: u64) -> (String, String) {
    let (mut boxes, mut lines) = (String::new(), String::new());
    // Next to no time has passed: a box over the whole width would say the opposite.
    if width < SHORTEST_PAST {
        return (boxes, lines);
    }
    let step = (width / 95).max(1);
    let slant = (width / 59).max(1);
    for r in ribbons {
        let top = r.level * 100;
        boxes.push_str(&format!(
            "M{} {}h{}v76h-{}z",
            r.x,
            top + 12,
            r.width,
            r.width
        ));
        let right = r.x + r.width;
        let mut x = r.x;
        while x < right {
            let end = (x + slant).min(right);
            let rise = 76 * (end - x) / slant;
            lines.push_str(&format!(
                "M{x} {}L{end} {}",
                top + 88,
                u64::from(top) + 88 - rise
            ));
            x += step;
        }
    }
    (boxes, lines)
}

/// Class of a stretch of a life line.
pub fn life_class(state: PodState) -> &'static str {
    match state {
        PodState::Available | PodState::Completed => "life life-available",
        PodState::Creating | PodState::Running | PodState::Ready => "life life-creating",
        PodState::Pending => "life life-pending",
        PodState::Terminating => "life life-terminating",
        PodState::ImagePull | PodState::Crash | PodState::Config | PodState::Oom => {
            "life life-failing"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ribbon(x: u64, width: u64, level: u32, kind: RibbonKind) -> Ribbon {
        let version = VersionTag { place: 0 };
        Ribbon {
            x,
            width,
            level,
            height: 1,
            version,
            kind,
        }
    }

    #[test]
    fn ratios_have_three_digits() {
        assert_eq!(ratio(13, 5), "2.600");
        assert_eq!(ratio(8, 1), "8.000");
        assert_eq!(percent(1020, 4500), "22.666");
        assert_eq!(percent(1, 0), "100.000");
    }

    #[test]
    fn ribbons_of_one_look_are_one_path() {
        let looks = looks(
            &[
                ribbon(0, 10, 0, RibbonKind::Filled),
                ribbon(0, 4, 1, RibbonKind::Filled),
                ribbon(4, 6, 1, RibbonKind::Hollow),
                ribbon(9, 0, 5, RibbonKind::Filled),
            ],
            2,
        );
        assert_eq!(looks.len(), 2);
        assert_eq!(looks[0].path, "M0 1h10v1h-10zM0 0h4v1h-4z");
        assert_eq!(looks[1].edges, "M4 0h6");
    }

    #[test]
    fn hatching_stays_inside_its_box() {
        let r = ribbon(100, 30, 0, RibbonKind::Hatched);
        let (boxes, lines) = hatch(&[&r], 950);
        assert_eq!(boxes, "M100 12h30v76h-30z");
        assert!(lines.starts_with("M100 88L116 12"));
        assert!(lines.ends_with("L130 88") || lines.contains("L130 "));
    }
}
