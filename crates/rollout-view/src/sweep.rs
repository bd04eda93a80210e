//! A sweep: the same scenario under every pair of limits, one cell after the other, without a session.

use crate::compare::columns;
use crate::measures::{RunMeasures, RunSoFar, seconds_bare};
use crate::walk::Walk;
use rollout_api::{Value, object};
use rollout_session::{Base, Plan, Scenario};

/// Which limits and sizes are tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SweepAxes {
    /// maxSurge as written.
    pub surges: Vec<String>,
    /// maxUnavailable as written.
    pub unavailables: Vec<String>,
    /// replicas.
    pub replicas: Vec<i64>,
}

impl SweepAxes {
    /// Whole numbers from 0 to `most`, for some sizes.
    pub fn numbers(most: i64, replicas: &[i64]) -> SweepAxes {
        let limits: Vec<String> = (0..=most.clamp(0, MOST_LIMITS))
            .map(|n| n.to_string())
            .collect();
        SweepAxes {
            surges: limits.clone(),
            unavailables: limits,
            replicas: replicas.to_vec(),
        }
    }
    /// The cell at a place, before it is run.
    pub fn cell(&self, place: usize) -> Option<SweepCell> {
        let (us, ss) = (self.unavailables.len(), self.surges.len());
        Some(SweepCell {
            unavailable: self.unavailables.get(place % us.max(1))?.clone(),
            surge: self.surges.get(place / us % ss.max(1))?.clone(),
            replicas: *self.replicas.get(place / us / ss)?,
            result: None,
        })
    }
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.surges.len() * self.unavailables.len() * self.replicas.len()
    }
    /// No cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Most limits on an axis.
const MOST_LIMITS: i64 = 24;
/// Most cells of a sweep.
pub const MOST_CELLS: usize = 2_000;

/// One run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SweepCell {
    /// maxSurge as written.
    pub surge: String,
    /// maxUnavailable as written.
    pub unavailable: String,
    /// replicas.
    pub replicas: i64,
    /// What it came to; none: the server refuses this pair.
    pub result: Option<SweepResult>,
}

impl SweepCell {
    /// Its plan. The error is a sentence.
    pub fn plan(&self) -> Result<Plan, String> {
        Plan::parse(&format!(
            "{},{},{}",
            self.surge, self.unavailable, self.replicas
        ))
    }
    /// What it came to as a line: `1 7100 4 5 0`, with `-` where there are no requests; `-` alone for a refused pair.
    pub fn result_line(&self) -> String {
        let Some(r) = &self.result else {
            return "-".to_owned();
        };
        let failed = r.failed.map_or("-".to_owned(), |n| n.to_string());
        let complete = u8::from(r.complete);
        format!(
            "{complete} {} {} {} {failed}",
            r.duration_ms, r.lowest, r.peak
        )
    }
    /// Takes over such a line. False: it is none.
    pub fn take_line(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let [complete, duration, lowest, peak, failed] = words[..] else {
            return line == "-";
        };
        let (Ok(duration_ms), Ok(lowest), Ok(peak)) =
            (duration.parse(), lowest.parse(), peak.parse())
        else {
            return false;
        };
        self.result = Some(SweepResult {
            complete: complete == "1",
            duration_ms,
            lowest,
            peak,
            failed: failed.parse().ok(),
        });
        true
    }
}

/// What a run came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SweepResult {
    /// It got complete.
    pub complete: bool,
    /// How long rollouts were under way.
    pub duration_ms: u64,
    /// Fewest available pods.
    pub lowest: i64,
    /// Most counted pods.
    pub peak: i64,
    /// Failed requests.
    pub failed: Option<u64>,
}

/// A sweep on its way.
pub struct Sweep {
    scenario: Scenario,
    axes: SweepAxes,
    done: usize,
    base: Option<(i64, Base)>,
}

impl Sweep {
    /// A sweep over some axes. The error is a sentence.
    pub fn new(scenario: Scenario, axes: SweepAxes) -> Result<Sweep, String> {
        if axes.is_empty() {
            return Err("A sweep needs limits and a number of replicas.".to_owned());
        }
        if axes.len() > MOST_CELLS {
            return Err(format!(
                "A sweep has at most {MOST_CELLS} runs; these are {}.",
                axes.len()
            ));
        }
        Ok(Sweep {
            scenario,
            axes,
            done: 0,
            base: None,
        })
    }
    /// How many cells are done.
    pub fn done(&self) -> usize {
        self.done
    }
    /// How many there are.
    pub fn total(&self) -> usize {
        self.axes.len()
    }

    /// The next cell: sizes, then surges, then unavailables.
    pub fn next_cell(&mut self) -> Option<SweepCell> {
        let cell = self.cell(self.done)?;
        self.done += 1;
        Some(cell)
    }

    /// The cell at a place in this order.
    pub fn cell(&mut self, place: usize) -> Option<SweepCell> {
        let mut cell = self.axes.cell(place)?;
        // 0 and 0 is refused by the server, and by the plan.
        if let Ok(plan) = cell.plan() {
            cell.result = self.run(cell.replicas, &plan);
        }
        Some(cell)
    }

    fn run(&mut self, replicas: i64, plan: &Plan) -> Option<SweepResult> {
        if !self.scenario.is_bare() {
            return self.run_session(plan);
        }
        let kept = self.base.as_ref().is_some_and(|(n, _)| *n == replicas);
        if !kept || !self.scenario.is_same_at_start() {
            self.base = Some((replicas, self.scenario.base(plan)));
        }
        let (_, base) = self.base.as_ref()?;
        let engine = base.engine();
        let Some(key) = self.scenario.measured(engine) else {
            return self.run_session(plan);
        };
        let origin = engine.now().0;
        let start_ms = engine.config().start.0 * 1000;
        let wall = |at: u64| start_ms + i64::try_from(at).unwrap_or(i64::MAX);
        let mut walk = Walk::start_at(engine.store(), &key, wall(origin));
        let mut so_far = RunSoFar::start(&walk);
        let mut end = 0;
        let done = self.scenario.run_bare(base, plan, &mut |record| {
            walk.take_changes(&record.changes, wall(record.at.0));
            end = record.at.0 - origin;
            so_far.take_at(&walk, end);
        });
        let Some(done) = done else {
            return self.run_session(plan);
        };
        let failed = rollout_session::failed_requests(&done.world().traffic, done.now());
        Some(result(&so_far.at(end), failed))
    }

    /// The slow way: what was done needs a session.
    fn run_session(&self, plan: &Plan) -> Option<SweepResult> {
        let comparison = rollout_session::Comparison::of_scenario(
            self.scenario.clone(),
            std::slice::from_ref(plan),
        );
        let runs = crate::compare::plan_runs(&comparison.ok()?);
        let run = runs.first()?;
        Some(result(&run.run, run.failed))
    }
}

fn result(run: &RunMeasures, failed: Option<u64>) -> SweepResult {
    SweepResult {
        complete: run.complete,
        duration_ms: run.duration_ms,
        lowest: run.lowest,
        peak: run.peak,
        failed,
    }
}

/// What a heat map shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SweepMeasure {
    /// How long rollouts were under way.
    Duration,
    /// Fewest available pods.
    Lowest,
    /// Most counted pods.
    Peak,
    /// Failed requests.
    Failed,
}

impl SweepMeasure {
    /// All.
    pub const ALL: [SweepMeasure; 4] = [
        SweepMeasure::Duration,
        SweepMeasure::Lowest,
        SweepMeasure::Peak,
        SweepMeasure::Failed,
    ];
    /// `duration`.
    pub fn name(self) -> &'static str {
        match self {
            SweepMeasure::Duration => "duration",
            SweepMeasure::Lowest => "lowest",
            SweepMeasure::Peak => "peak",
            SweepMeasure::Failed => "failed",
        }
    }
    /// `duration in seconds`.
    pub fn words(self) -> &'static str {
        match self {
            SweepMeasure::Duration => "duration in seconds",
            SweepMeasure::Lowest => "lowest available",
            SweepMeasure::Peak => "peak pods",
            SweepMeasure::Failed => "failed requests",
        }
    }
    /// The number of a cell; for durations milliseconds. None: nothing to show.
    pub fn value(self, result: &SweepResult) -> Option<i64> {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Some(match self {
            SweepMeasure::Duration => whole(result.duration_ms),
            SweepMeasure::Lowest => result.lowest,
            SweepMeasure::Peak => result.peak,
            SweepMeasure::Failed => whole(result.failed?),
        })
    }
    /// The text of a cell: `12.9`, `4`, `never` for a rollout that does not finish, `–` for a refused pair.
    pub fn text(self, cell: &SweepCell) -> String {
        let Some(result) = &cell.result else {
            return "–".to_owned();
        };
        match (self, self.value(result)) {
            (SweepMeasure::Duration, _) if !result.complete => "never".to_owned(),
            (SweepMeasure::Duration, _) => seconds_bare((result.duration_ms + 50) / 100 * 100),
            (_, Some(n)) => n.to_string(),
            (_, None) => "–".to_owned(),
        }
    }
    /// How dark a cell is: 0 to 8, the worst of the map is 8. Without a result there is none.
    pub fn shade(self, cells: &[SweepCell], cell: &SweepCell) -> Option<u8> {
        let value = |c: &SweepCell| c.result.as_ref().and_then(|r| self.value(r));
        let own = value(cell)?;
        let values = || {
            cells
                .iter()
                .filter(|c| c.replicas == cell.replicas)
                .filter_map(value)
        };
        let (least, most) = (values().min()?, values().max()?);
        if least == most {
            return Some(0);
        }
        let part = |n: i64| u8::try_from(n.saturating_mul(8) / (most - least)).unwrap_or(8);
        Some(match self {
            SweepMeasure::Lowest => part(most - own),
            SweepMeasure::Duration | SweepMeasure::Peak | SweepMeasure::Failed => part(own - least),
        })
    }
}

/// `1 replica`, `4 replicas`.
pub(crate) fn sized(replicas: i64) -> String {
    match replicas {
        1 => "1 replica".to_owned(),
        n => format!("{n} replicas"),
    }
}

/// The maps of a sweep as fixed-width text: a row for each maxSurge, a column for each maxUnavailable.
pub fn sweep_text(axes: &SweepAxes, cells: &[SweepCell], measures: &[SweepMeasure]) -> String {
    let mut out = String::new();
    for replicas in &axes.replicas {
        for measure in measures {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("{}, {}\n", sized(*replicas), measure.words()));
            let mut rows = vec![vec!["surge \\ unavailable".to_owned()]];
            rows[0].extend(axes.unavailables.iter().cloned());
            for surge in &axes.surges {
                let mut row = vec![surge.clone()];
                for unavailable in &axes.unavailables {
                    let cell = cells.iter().find(|c| {
                        c.replicas == *replicas
                            && c.surge == *surge
                            && c.unavailable == *unavailable
                    });
                    row.push(cell.map_or(String::new(), |c| measure.text(c)));
                }
                rows.push(row);
            }
            out.push_str(&columns(&rows));
        }
    }
    out
}

/// A cell as JSON.
pub fn sweep_json(cell: &SweepCell) -> Value {
    let mut value = object! {
        "maxSurge" => cell.surge.clone(),
        "maxUnavailable" => cell.unavailable.clone(),
        "replicas" => cell.replicas,
    };
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    match &cell.result {
        None => value.set("refused", true),
        Some(r) => {
            value.set("complete", r.complete);
            value.set("durationMs", whole(r.duration_ms));
            value.set("lowestAvailable", r.lowest);
            value.set("peakPods", r.peak);
            if let Some(failed) = r.failed {
                value.set("failedRequests", whole(failed));
            }
        }
    }
    value
}
