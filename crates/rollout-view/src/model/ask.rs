//! What can be asked beyond the sentence: where a rule stands, what is awaited, the trace of a sync, why not.

use super::{Span, VersionTag};

/// Where a rule stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReferenceView {
    /// The function of Kubernetes: `NewRSNewReplicas`.
    pub function: &'static str,
    /// Its file in the repository of Kubernetes.
    pub file: &'static str,
    /// The page of the documentation, by name.
    pub page: &'static str,
    /// Its path below `https://kubernetes.io/docs/`.
    pub path: &'static str,
}

/// A wait: what for, what would end it, how long it can last.
#[derive(Clone, PartialEq, Debug)]
pub struct WaitView {
    /// What is awaited.
    pub awaited: Vec<Span>,
    /// What would end it.
    pub ends: Vec<Span>,
    /// How long it can last.
    pub lasts: Vec<Span>,
}

/// A line of the trace of a sync.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceLine {
    /// The function, or the component whose turn it is.
    pub function: String,
    /// What it found or did.
    pub text: Vec<Span>,
    /// Something was written.
    pub wrote: bool,
}

/// A question about the moment at which the learner looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question<'a> {
    /// Why is the rollout not finished?
    NotFinished,
    /// Why does this pod (by uid) not count as available?
    NotAvailable(&'a str),
    /// Why would this pod (by uid) go, or stay, when its set shrinks? Or why did it go in the last step?
    Chosen(&'a str),
}

/// The answer to a question.
#[derive(Clone, PartialEq, Debug)]
pub struct AnswerView {
    /// The question in words.
    pub question: String,
    /// The answer in one sentence.
    pub headline: Vec<Span>,
    /// The clauses of the rule, in its order.
    pub clauses: Vec<ClauseView>,
    /// Pods against the rules of an order.
    pub ranking: Option<RankingView>,
    /// Where the rule stands.
    pub reference: Option<ReferenceView>,
}

/// A clause of a rule.
#[derive(Clone, PartialEq, Debug)]
pub struct ClauseView {
    /// It holds.
    pub met: bool,
    /// It, with its numbers.
    pub text: Vec<Span>,
}

/// The order in which pods of a set are deleted, criterion by criterion.
#[derive(Clone, PartialEq, Debug)]
pub struct RankingView {
    /// Name of the set.
    pub set: String,
    /// How many go.
    pub going: usize,
    /// The criteria in the order in which they count: name, and which value goes first.
    pub criteria: Vec<(&'static str, &'static str)>,
    /// First to go first. At most 40; the rest is counted in `more`.
    pub rows: Vec<RankRow>,
    /// Rows that are not listed.
    pub more: usize,
}

/// A pod in the order of deletion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RankRow {
    /// Unique id.
    pub uid: String,
    /// Name.
    pub name: String,
    /// Its set's letter.
    pub version: VersionTag,
    /// It goes.
    pub goes: bool,
    /// The pod that was asked about.
    pub asked: bool,
    /// Values, in the order of the criteria.
    pub cells: Vec<String>,
    /// The criterion that decides between this pod and the one on the other side of the line; none for the pods that are
    /// not compared.
    pub decides: Option<usize>,
}
