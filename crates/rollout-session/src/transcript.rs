//! What the console has printed, line by line, each with the moment at which it appeared.

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// What was typed.
    Typed,
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TranscriptLine {
    /// The step after which it appeared.
    pub step: usize,
    /// Milliseconds since the start.
    pub at: u64,
    /// Kind.
    pub kind: LineKind,
    /// Text without its end of line.
    pub text: String,
}

/// The lines of one branch, in order of appearance.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Transcript {
    lines: Vec<TranscriptLine>,
    /// `clear` was typed here: (step, time, how many lines are gone).
    cleared: Vec<(usize, u64, usize)>,
}

impl Transcript {
    /// Adds text, line by line, behind everything that appeared until then.
    pub fn add(&mut self, step: usize, at: u64, kind: LineKind, text: &str) {
        if text.is_empty() {
            return;
        }
        let place = self.lines.partition_point(|l| (l.step, l.at) <= (step, at));
        let new = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .map(|t| TranscriptLine {
                step,
                at,
                kind,
                text: t.to_owned(),
            });
        self.lines.splice(place..place, new);
    }
    /// Hides everything that is there at this moment.
    pub fn clear(&mut self, step: usize, at: u64) {
        let hidden = self.lines.partition_point(|l| (l.step, l.at) <= (step, at));
        self.cleared.push((step, at, hidden));
        self.cleared.order();
    }
    /// The lines that can be seen at a moment.
    pub fn at(&self, step: usize, at: u64) -> &[TranscriptLine] {
        let end = self
            .lines
            .partition_point(|l| l.step <= step && (l.step < step || l.at <= at));
        let start = self
            .cleared
            .iter()
            .rev()
            .find(|c| (c.0, c.1) <= (step, at))
            .map_or(0, |c| c.2);
        self.lines.get(start..end).unwrap_or_default()
    }
    /// All lines.
    pub fn lines(&self) -> &[TranscriptLine] {
        &self.lines
    }
    /// Forgets what appeared after a moment.
    pub fn truncate(&mut self, step: usize, at: u64) {
        self.lines.retain(|l| (l.step, l.at) <= (step, at));
        self.cleared.retain(|c| (c.0, c.1) <= (step, at));
    }
}

use rollout_api::Order;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go_with_the_moment() {
        let mut t = Transcript::default();
        t.add(0, 0, LineKind::Typed, "a");
        t.add(2, 50, LineKind::Out, "b\nc\n");
        t.add(1, 20, LineKind::Typed, "between");
        let seen = |step, at| {
            t.at(step, at)
                .iter()
                .map(|l| l.text.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(seen(0, 0), ["a"]);
        assert_eq!(seen(1, 20), ["a", "between"]);
        assert_eq!(seen(2, 50), ["a", "between", "b", "c"]);
        let mut cleared = t.clone();
        cleared.clear(1, 20);
        assert_eq!(cleared.at(0, 0).len(), 1);
        assert_eq!(cleared.at(1, 20).len(), 0);
        assert_eq!(cleared.at(2, 50).len(), 2);
    }
}
