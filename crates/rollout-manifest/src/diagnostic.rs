//! What is wrong with a text, and where.

use crate::tree::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// kubectl or the API server refuses the text.
    Error,
    /// It is taken, but probably not as meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of fault, for a catalogue of explanations: `yaml-tab`, `unknown-field`, …
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The words of kubectl or the API server.
    pub message: String,
    /// Path of the field, empty if it is not about one.
    pub field: String,
    /// Place in the text.
    pub span: Span,
    /// Line of the place, from 1.
    pub line: usize,
    /// Column of the place in characters, from 1.
    pub column: usize,
    /// Which document of the text, from 0.
    pub document: usize,
    /// What was perhaps meant.
    pub suggestion: Option<String>,
}

/// Finds lines and columns of bytes.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// An index of a text.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        LineIndex { text, starts }
    }
    /// Line and column (in characters) of a byte, both from 1.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|s| *s <= byte).max(1);
        let start = self.starts[line - 1];
        let column = self.text.as_bytes()[start..byte]
            .iter()
            .filter(|b| **b & 0xc0 != 0x80)
            .count();
        (line, column + 1)
    }
    /// The byte at a place.
    pub fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }
    /// Number of lines.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }
}
