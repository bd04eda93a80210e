//! What a learner can do. Only this is recorded; everything else is computed from it.

/// Something the learner did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// A line at the console; every button of the page is one.
    Line(String),
    /// The text of the editor was applied: `kubectl apply -f FILE`.
    Apply {
        /// Name of the editor's document.
        file: String,
        /// Its text.
        text: String,
    },
    /// The page holds a file from now on; console lines may name it.
    Save {
        /// Its name.
        file: String,
        /// Its text.
        text: String,
    },
    /// `kubectl edit` and its like: a line that opened the editor, and what was saved there.
    Edit {
        /// The line.
        line: String,
        /// What the editor showed: changes are counted from it.
        original: String,
        /// What was saved, refused texts first.
        saved: Vec<String>,
    },
    /// Ctrl-C: the following commands end, the cluster goes on.
    Interrupt,
}

/// An action and the moment at which it was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// Milliseconds since the start of the session.
    pub at: u64,
    /// How many steps lay before it.
    pub step: usize,
    /// Everything that was due until `at` had been done. Otherwise the learner acted in the middle of an instant:
    /// right after step `step`.
    pub settled: bool,
    /// What was done.
    pub action: Action,
}
