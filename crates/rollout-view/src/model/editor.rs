//! The manifest: lit lines, resolved values, refusals.

use super::{LimitView, Quantity, VersionTag};

/// Notes on the text of the editor.
#[derive(Clone, PartialEq, Debug)]
pub struct ManifestView {
    /// Name of the file: `rolldeployment.yaml`.
    pub file: String,
    /// Notes by line, in order of lines.
    pub notes: Vec<LineNote>,
    /// Lines of the fields that numbers come from, by path.
    pub places: Vec<(&'static str, usize)>,
    /// Defaults that are not in the text, shown as filled in.
    pub filled_in: Vec<FilledIn>,
    /// What is wrong, in order of lines.
    pub diagnostics: Vec<DiagnosticView>,
    /// `valid`, `1 error`, `1 caution`.
    pub summary: String,
    /// There is an error: Apply would be refused.
    pub has_errors: bool,
    /// The text is what was applied: the button says Applied.
    pub applied: bool,
    /// Numbers and images of the Deployment, for steppers.
    pub fields: Vec<FieldView>,
    /// What the text would change about the limits that are drawn.
    pub proposal: Option<ProposalView>,
    /// Strategy type in the text, `RollingUpdate` or `Recreate`, for the switch.
    pub strategy: Option<String>,
}

/// A field with its next values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldView {
    /// Which document of the text, from 0.
    pub document: usize,
    /// `spec.replicas`.
    pub path: String,
    /// `replicas`.
    pub name: &'static str,
    /// As it is written, or the default.
    pub value: String,
    /// `ceiling 12`; of an image the name of its container.
    pub note: String,
    /// What hangs on it; none for an image.
    pub quantity: Option<Quantity>,
    /// One step down; none at the end.
    pub less: Option<String>,
    /// One step up.
    pub more: Option<String>,
}

/// Other limits than those that hold, before they are applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProposalView {
    /// Where the ceiling would be, if it would move.
    pub ceiling: Option<LimitView>,
    /// Where the floor would be.
    pub floor: Option<LimitView>,
    /// `Ceiling 12 becomes 14: 10 + 4.`
    pub lines: Vec<String>,
}

/// Why a line is lit.
#[derive(Clone, PartialEq, Debug)]
pub enum Lit {
    /// A limit comes from here.
    Limit(Vec<Quantity>),
    /// The image of a version.
    Image(VersionTag),
    /// The image fails.
    Failing(VersionTag),
    /// A caution or remark only.
    Note,
}

/// A note at the end of a line.
#[derive(Clone, PartialEq, Debug)]
pub struct LineNote {
    /// Line, from 1.
    pub line: usize,
    /// Why it is lit.
    pub lit: Lit,
    /// `10 + 2 = 12`, `desired`, `was nginx`.
    pub text: String,
}

/// A default that the server filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilledIn {
    /// After which line of the text it would stand.
    pub after_line: usize,
    /// `spec.strategy.rollingUpdate.maxSurge`.
    pub path: String,
    /// `maxSurge: 25%`.
    pub text: String,
    /// Leading spaces.
    pub indent: usize,
    /// `4 + 1 = 5`.
    pub note: String,
    /// The quantities that come from here.
    pub quantities: Vec<Quantity>,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiagnosticLevel {
    /// Apply would be refused.
    Error,
    /// Apply works; kubectl or the server warns.
    Warning,
    /// Our own remark.
    Caution,
}

/// Something wrong with the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiagnosticView {
    /// Line, from 1.
    pub line: usize,
    /// First column, from 1.
    pub column: usize,
    /// Columns it covers, at least 1.
    pub length: usize,
    /// How bad.
    pub level: DiagnosticLevel,
    /// `spec.strategy.rollingUpdate.maxUnavailable`, may be empty.
    pub path: String,
    /// The message, in the server's own words where it is one.
    pub message: String,
    /// One line of ours, may be empty.
    pub help: String,
}
