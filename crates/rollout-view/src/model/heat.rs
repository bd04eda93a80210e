//! A map of many runs.

/// One measure under every pair of limits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeatView {
    /// `10 replicas: duration in seconds`.
    pub caption: String,
    /// maxUnavailable of each column.
    pub columns: Vec<String>,
    /// maxSurge of each row.
    pub surges: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<HeatCellView>>,
    /// Which numbers each shade stands for, best first.
    pub legend: Vec<ShadeView>,
}

/// A run in the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeatCellView {
    /// Its place in the sweep.
    pub place: usize,
    /// `12.9`; empty while it is not run.
    pub text: String,
    /// What is read aloud.
    pub name: String,
    /// 0 (best) to 8 (worst); none where there is no number.
    pub shade: Option<u8>,
    /// Something is harmed: nobody is available, requests fail, the rollout does not finish.
    pub bad: bool,
    /// Nothing to open.
    pub off: bool,
    /// The limits of the manifest.
    pub own: bool,
}

/// A shade of the legend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShadeView {
    /// 0 to 8.
    pub shade: u8,
    /// `12.9 to 15.1`.
    pub text: String,
}
