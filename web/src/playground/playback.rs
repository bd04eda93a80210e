//! Wall clock to simulated span: decides when something is shown, never what happens.

/// Longest wall time that one frame may stand for: a page that was asleep does not leap.
const LONGEST_FRAME_MS: f64 = 100.0;

/// Time runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Playback {
    /// Wall clock of the last frame.
    last: f64,
    /// Simulated milliseconds that were not shown yet, in hundredths.
    rest: f64,
}

impl Playback {
    pub fn new(now: f64) -> Playback {
        Playback {
            last: now,
            rest: 0.0,
        }
    }
    /// The simulated milliseconds that pass in this frame.
    pub fn frame(&mut self, now: f64, hundredths: u32) -> u64 {
        let wall = (now - self.last).clamp(0.0, LONGEST_FRAME_MS);
        self.last = now;
        self.rest += wall * f64::from(hundredths) / 100.0;
        let whole = self.rest.floor();
        self.rest -= whole;
        whole as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Playback;

    #[test]
    fn nothing_is_lost_between_frames() {
        let mut p = Playback::new(0.0);
        let quarter: u64 = (1..=400).map(|k| p.frame(f64::from(k) * 10.0, 25)).sum();
        assert_eq!(quarter, 1000);
    }

    #[test]
    fn a_page_that_slept_does_not_leap() {
        let mut p = Playback::new(0.0);
        assert_eq!(p.frame(60_000.0, 100), 100);
    }
}
