//! Plans below each other: every pane is a page of its own, at the common time, on one axis.

use crate::catalogue::{Arg, Msg, counted, plain, seconds, span_of_time, words};
use crate::cluster::{owned, revision_of};
use crate::measures::{RunMeasures, seconds_bare};
use crate::model::*;
use crate::page::{PageInput, page_view_beside};
use crate::past::{active_times, run_of_record};
use rollout_api::{Kind, ObjectKey, Order, Value, object};
use rollout_session::{Comparison, Session};

/// What one plan came to, over everything that was recorded of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlanRun {
    /// Its name.
    pub name: String,
    /// The word that chooses it.
    pub plan: String,
    /// Its measures.
    pub run: RunMeasures,
    /// `spec.replicas` at the end.
    pub desired: i64,
    /// Requests that failed, if there was a stream.
    pub failed: Option<u64>,
    /// Revisions that are kept at the end, ascending.
    pub revisions: Vec<i64>,
}

/// The Deployment that a whole run is about: the one that the plans change, else the one that was acted on last, else the
/// first.
fn subject(comparison: &Comparison, session: &Session) -> Option<ObjectKey> {
    let store = session.head().store();
    let meant = comparison.scenario().subject();
    let meant = meant.filter(|key| store.get(key).is_some()).cloned();
    meant.or_else(|| crate::walk::focus_of(session, session.steps().len(), store))
}

/// What every plan came to.
pub fn plan_runs(comparison: &Comparison) -> Vec<PlanRun> {
    let panes = comparison.panes().iter();
    panes
        .map(|pane| {
            let session = &pane.session;
            let Some(key) = subject(comparison, session) else {
                return PlanRun::default();
            };
            let store = session.head().store();
            let object = store.get(&key);
            let mut revisions: Vec<i64> = object.map_or(Vec::new(), |o| {
                owned(store, Kind::REPLICA_SET, &o.meta.uid)
                    .map(|s| revision_of(s))
                    .collect()
            });
            revisions.retain(|r| *r > 0);
            revisions.order();
            PlanRun {
                name: pane.name(),
                plan: pane.plan.word(),
                run: run_of_record(session, &key),
                failed: session.requests_failed_in_record(),
                desired: object
                    .and_then(|o| o.deployment())
                    .map_or(0, |d| d.replicas.into()),
                revisions,
            }
        })
        .collect()
}

/// What the comparison shows.
pub fn compare_view(comparison: &Comparison) -> CompareView {
    let runs = plan_runs(comparison);
    let mut active: Vec<u64> = Vec::new();
    for pane in comparison.panes() {
        if let Some(key) = subject(comparison, &pane.session) {
            active.extend(active_times(&pane.session, &key));
        }
    }
    active.extend([comparison.at(), comparison.recorded_ms()]);
    active.order();
    let panes: Vec<ComparePane> = comparison
        .panes()
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let key = subject(comparison, &p.session);
            let input = PageInput {
                text: "",
                focus: key.as_ref().map(|k| (&*k.namespace, &*k.name)),
            };
            let page = page_view_beside(&p.session, &input, &active, None);
            ComparePane {
                name: runs[i].name.clone(),
                plan: runs[i].plan.clone(),
                numbers: page.numbers.clone(),
                results: results(&runs, i),
                page,
            }
        })
        .collect();
    let (at, last) = (comparison.at(), comparison.recorded_ms());
    CompareView {
        kicker: kicker(comparison, &runs),
        headline: headline(&runs),
        time_ms: at,
        time: seconds_bare(at),
        last_ms: last,
        transport: transport(comparison, panes.first().map(|p| &p.page.transport)),
        height: panes.iter().map(|p| p.page.scene.height).max().unwrap_or(1),
        span_ms: last.max(1),
        can_step: comparison.next_at().is_some(),
        at_head: comparison.at_head() || at >= last,
        text: compare_text(comparison),
        panes,
    }
}

/// The clock of all panes.
fn transport(comparison: &Comparison, first: Option<&TransportView>) -> TransportView {
    let (at, last) = (comparison.at(), comparison.recorded_ms());
    let next_ms = comparison.next_at();
    let recorded = Msg::CompareRecorded;
    TransportView {
        time: seconds(at),
        position: plain(recorded, &[("s", span_of_time(last))]),
        step: first.map_or(0, |t| t.step),
        last: first.map_or(0, |t| t.last),
        last_ms: last,
        at_head: at >= last,
        can_back: at > 0,
        can_step: next_ms.is_some() && at < last,
        next_ms,
        idle: None,
        branch: None,
    }
}

/// The time at a place of the common ruler, in thousandths of its width.
pub fn compare_time_at(comparison: &Comparison, permille: u32) -> u64 {
    let view = compare_view(comparison);
    let Some(first) = view.panes.first() else {
        return 0;
    };
    let past = &first.page.scene.past;
    past.record
        .time_at(past.record.width * u64::from(permille.min(1000)) / 1000)
}

fn kicker(comparison: &Comparison, runs: &[PlanRun]) -> String {
    let desired = runs.iter().map(|r| r.desired).max().unwrap_or(0);
    let n = i64::try_from(runs.len()).unwrap_or(i64::MAX);
    let mut text = plain(
        Msg::CompareKicker,
        &[
            ("plans", counted(n, Quantity::Count)),
            ("desired", counted(desired, Quantity::Desired)),
        ],
    );
    if let Some(line) = comparison.added_update() {
        text.push(' ');
        text.push_str(&plain(
            Msg::CompareUpdate,
            &[("line", words(line.to_owned()))],
        ));
    }
    text
}

/// One number of a run.
type Pick = fn(&PlanRun) -> i64;

/// Milliseconds as a number of a cell.
fn ms(v: u64) -> i64 {
    i64::try_from(v).unwrap_or(i64::MAX)
}

fn results(runs: &[PlanRun], index: usize) -> Vec<CompareCell> {
    let own = &runs[index];
    let run = &own.run;
    // The price of a trade is paid by the plans that are worst at it, if not all are.
    let trade = |f: Pick| {
        let most = runs.iter().map(f).max().unwrap_or(0);
        let least = runs.iter().map(f).min().unwrap_or(0);
        if most != least && f(own) == most {
            Price::Trade
        } else {
            Price::None
        }
    };
    let harm = |is: bool, other: Price| if is { Price::Harm } else { other };
    let cell = |id, name, text: String, value, price| CompareCell {
        id,
        name,
        text,
        value,
        price,
    };
    let revisions: Vec<String> = own.revisions.iter().map(i64::to_string).collect();
    vec![
        cell(
            "peak",
            "peak pods",
            run.peak.to_string(),
            run.peak,
            trade(|r| r.run.peak),
        ),
        cell(
            "lowest",
            "lowest available",
            run.lowest.to_string(),
            run.lowest,
            harm(run.lowest == 0 && own.desired > 0, trade(|r| -r.run.lowest)),
        ),
        cell(
            "gap",
            "gap",
            seconds(run.gap_ms),
            ms(run.gap_ms),
            harm(run.gap_ms > 0, Price::None),
        ),
        cell(
            "failed",
            "failed requests",
            own.failed.map_or("–".to_owned(), |n| n.to_string()),
            own.failed.map_or(-1, ms),
            harm(own.failed.is_some_and(|n| n > 0), Price::None),
        ),
        cell(
            "extra",
            "extra pod-seconds",
            seconds_bare((run.extra_ms + 50) / 100 * 100),
            ms(run.extra_ms),
            trade(|r| ms(r.run.extra_ms)),
        ),
        cell(
            "revisions",
            "revisions",
            revisions.join(", "),
            run.revision,
            Price::None,
        ),
        cell(
            "duration",
            "duration",
            if run.complete {
                seconds(run.duration_ms)
            } else {
                "not done".to_owned()
            },
            ms(run.duration_ms),
            harm(!run.complete, trade(|r| ms(r.run.duration_ms))),
        ),
    ]
}

/// What each plan pays, in one sentence each.
fn headline(runs: &[PlanRun]) -> String {
    let parts: Vec<String> = runs.iter().map(pays).collect();
    parts.join(" ")
}

fn pays(own: &PlanRun) -> String {
    let run = &own.run;
    let name = ("plan", words(own.name.clone()));
    let (desired, most) = match run.desired {
        (_, 0) => (own.desired, own.desired),
        known => known,
    };
    let room = run.peak - most;
    let count = |n: i64| -> Arg { counted(n, Quantity::Count) };
    if !run.complete {
        return plain(
            Msg::PaysNotDone,
            &[
                name,
                ("s", span_of_time(run.duration_ms)),
                ("lowest", count(run.lowest)),
                ("desired", count(desired)),
            ],
        );
    }
    if run.gap_ms > 0 {
        return plain(
            Msg::PaysGap,
            &[
                name,
                ("s", span_of_time(run.gap_ms)),
                ("duration", span_of_time(run.duration_ms)),
            ],
        );
    }
    let numbers = [
        name,
        ("lowest", count(run.lowest)),
        ("desired", count(desired)),
        ("room", count(room)),
        ("duration", span_of_time(run.duration_ms)),
    ];
    let msg = match (run.lowest < desired, room > 0) {
        (true, true) => Msg::PaysBoth,
        (true, false) => Msg::PaysCapacity,
        (false, true) => Msg::PaysRoom,
        (false, false) => Msg::PaysNothing,
    };
    plain(msg, &numbers)
}

/// The difference table as fixed-width text, with what each plan pays.
pub fn compare_text(comparison: &Comparison) -> String {
    let runs = plan_runs(comparison);
    let mut table: Vec<Vec<String>> = Vec::new();
    for i in 0..runs.len() {
        let cells = results(&runs, i);
        if table.is_empty() {
            let mut head = vec!["plan".to_owned()];
            head.extend(cells.iter().map(|c| c.name.to_owned()));
            table.push(head);
        }
        let mut row = vec![runs[i].name.clone()];
        row.extend(cells.into_iter().map(|c| c.text));
        table.push(row);
    }
    let mut out = kicker(comparison, &runs);
    out.push_str("\n\n");
    out.push_str(&columns(&table));
    out.push('\n');
    for run in &runs {
        out.push_str(&pays(run));
        out.push('\n');
    }
    out
}

/// The difference table as JSON: times in milliseconds.
pub fn compare_json(comparison: &Comparison) -> Value {
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let plans = plan_runs(comparison).into_iter().map(|own| {
        let run = &own.run;
        let revisions = own.revisions.iter().map(|r| Value::from(*r)).collect();
        let mut value = object! {
            "plan" => own.plan.clone(),
            "name" => own.name.clone(),
            "complete" => run.complete,
            "durationMs" => whole(run.duration_ms),
            "peakPods" => run.peak,
            "lowestAvailable" => run.lowest,
            "gapMs" => whole(run.gap_ms),
            "extraPodMs" => whole(run.extra_ms),
            "revisions" => Value::list(revisions),
        };
        if let Some(failed) = own.failed {
            value.set("failedRequests", whole(failed));
        }
        value
    });
    object! { "plans" => Value::list(plans.collect()) }
}

/// Rows with the first column to the left, the others to the right.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let width = |text: &String| text.chars().count();
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..n)
        .map(|c| {
            rows.iter()
                .filter_map(|r| r.get(c))
                .map(width)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        for (c, text) in row.iter().enumerate() {
            let pad = widths[c] - width(text);
            if c == 0 {
                out.push_str(text);
                out.extend(std::iter::repeat_n(' ', pad));
            } else {
                out.push_str("  ");
                out.extend(std::iter::repeat_n(' ', pad));
                out.push_str(text);
            }
        }
        while out.ends_with(' ') {
            out.pop();
        }
        out.push('\n');
    }
    out
}
