//! Plans below each other on one clock.

use super::{NumbersView, PageView, TransportView};

/// Two to four plans, one clock.
#[derive(Clone, PartialEq, Debug)]
pub struct CompareView {
    /// Line above.
    pub kicker: String,
    /// What each plan pays, in one sentence.
    pub headline: String,
    /// Rows.
    pub panes: Vec<ComparePane>,
    /// Common time.
    pub time_ms: u64,
    /// `5.0`.
    pub time: String,
    /// Latest recorded time.
    pub last_ms: u64,
    /// The common clock.
    pub transport: TransportView,
    /// All panes share this height, in levels.
    pub height: u32,
    /// All panes share this span of time.
    pub span_ms: u64,
    /// Something is still scheduled in some pane.
    pub can_step: bool,
    /// All panes are at their newest moment.
    pub at_head: bool,
    /// The same as text: `rollout compare` prints it.
    pub text: String,
}

/// One plan.
#[derive(Clone, PartialEq, Debug)]
pub struct ComparePane {
    /// `Recreate`, `Surge 1, unavailable 0`.
    pub name: String,
    /// The word that chooses it: `Recreate`, `1,0`.
    pub plan: String,
    /// Its page: scene, sentence, numbers at the common time.
    pub page: PageView,
    /// What it shows as numbers.
    pub numbers: NumbersView,
    /// The measures of its own run, over everything that was recorded.
    pub results: Vec<CompareCell>,
}

/// A cell of the difference table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompareCell {
    /// `peak`, `lowest`, `gap`, `failed`, `extra`, `revisions`, `duration`.
    pub id: &'static str,
    /// `peak pods`.
    pub name: &'static str,
    /// `5.6 s`.
    pub text: String,
    /// The number, milliseconds for times.
    pub value: i64,
    /// The price that this plan pays.
    pub price: Price,
}

/// How a cell is underlined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Price {
    /// Not at all.
    None,
    /// A trade.
    Trade,
    /// Harm.
    Harm,
}
