//! Plans below each other: every pane is a page of its own, at the common time.

use crate::catalogue::seconds;
use crate::measures::{RunMeasures, run_measures, seconds_bare};
use crate::model::*;
use crate::page::{PageInput, page_view};
use crate::walk::default_focus;
use rollout_session::Comparison;

/// What the comparison shows.
pub fn compare_view(comparison: &Comparison) -> CompareView {
    let input = PageInput {
        text: "",
        focus: None,
    };
    let runs: Vec<RunMeasures> = comparison
        .panes()
        .iter()
        .map(|p| {
            default_focus(&p.session)
                .map_or(RunMeasures::default(), |key| run_measures(&p.session, &key))
        })
        .collect();
    let panes: Vec<ComparePane> = comparison
        .panes()
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let page = page_view(&p.session, &input);
            ComparePane {
                name: p.plan.clone(),
                numbers: page.numbers.clone(),
                results: results(&runs, i),
                page,
            }
        })
        .collect();
    let at = comparison.at();
    CompareView {
        kicker: format!("{} plans, one clock, the same actions.", panes.len()),
        headline: headline(&panes, &runs),
        time_ms: at,
        time: seconds_bare(at),
        last_ms: comparison.recorded_ms(),
        height: panes.iter().map(|p| p.page.scene.height).max().unwrap_or(1),
        span_ms: comparison.recorded_ms().max(1),
        can_step: comparison.next_at().is_some(),
        at_head: comparison.at_head(),
        panes,
    }
}

/// One number of a run.
type Pick = fn(&RunMeasures) -> i64;

fn results(runs: &[RunMeasures], index: usize) -> Vec<CompareCell> {
    let run = &runs[index];
    let ms = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
    let most = |f: Pick| runs.iter().map(f).max().unwrap_or(0);
    let least = |f: Pick| runs.iter().map(f).min().unwrap_or(0);
    let trade = |worse: bool| if worse { Price::Trade } else { Price::None };
    let differs = |f: Pick| most(f) != least(f);
    let peak: Pick = |r| r.peak;
    let lowest: Pick = |r| r.lowest;
    let duration: Pick = |r| r.duration_ms as i64;
    vec![
        CompareCell {
            id: "peak",
            name: "peak pods",
            text: run.peak.to_string(),
            value: run.peak,
            price: trade(differs(peak) && run.peak == most(peak)),
        },
        CompareCell {
            id: "lowest",
            name: "lowest available",
            text: run.lowest.to_string(),
            value: run.lowest,
            price: match run.lowest {
                0 => Price::Harm,
                l => trade(differs(lowest) && l == least(lowest)),
            },
        },
        CompareCell {
            id: "gap",
            name: "gap",
            text: seconds(run.gap_ms),
            value: ms(run.gap_ms),
            price: if run.gap_ms > 0 {
                Price::Harm
            } else {
                Price::None
            },
        },
        CompareCell {
            id: "duration",
            name: "duration",
            text: seconds(run.duration_ms),
            value: ms(run.duration_ms),
            price: trade(differs(duration) && ms(run.duration_ms) == most(duration)),
        },
    ]
}

/// What each plan pays, in one sentence.
fn headline(panes: &[ComparePane], runs: &[RunMeasures]) -> String {
    let pay = |name: &str, r: &RunMeasures| {
        let price = if r.gap_ms > 0 {
            format!("{} with nobody available", seconds(r.gap_ms))
        } else {
            format!("up to {} pods and at least {} available", r.peak, r.lowest)
        };
        format!("{name}: {price}")
    };
    let parts: Vec<String> = panes
        .iter()
        .zip(runs)
        .map(|(p, r)| pay(&p.name, r))
        .collect();
    format!("{}.", parts.join("; "))
}
