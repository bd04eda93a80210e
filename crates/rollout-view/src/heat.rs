//! A sweep as a map: rows of maxSurge, columns of maxUnavailable, shades with their numbers.

use crate::model::{HeatCellView, HeatView, ShadeView};
use crate::sweep::{SweepAxes, SweepCell, SweepMeasure};
use rollout_api::intstr::IntOrString;
use rollout_api::{Kind, Value};
use rollout_session::{Plan, Session};

/// How many shades there are.
pub const SHADES: u8 = 9;

/// The map of one measure for one number of replicas. `cells` holds what is done; `own` is the pair that the manifest has.
pub fn heat_view(
    axes: &SweepAxes,
    cells: &[Option<SweepCell>],
    measure: SweepMeasure,
    replicas: i64,
    own: Option<&(Value, Value)>,
) -> HeatView {
    let block = axes.surges.len() * axes.unavailables.len();
    let first = axes.replicas.iter().position(|n| *n == replicas);
    let from = first.unwrap_or(0) * block;
    let own_cells = cells.get(from..from + block).unwrap_or_default();
    let number = |c: &Option<SweepCell>| {
        let result = c.as_ref()?.result.as_ref()?;
        // A rollout that does not finish has no length.
        if measure == SweepMeasure::Duration && !result.complete {
            return None;
        }
        measure.value(result)
    };
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    for n in own_cells.iter().filter_map(number) {
        (least, most) = (least.min(n), most.max(n));
    }
    let shade = |n: i64| {
        let worse = match measure {
            SweepMeasure::Lowest => most - n,
            _ => n - least,
        };
        let span = (most - least).max(1);
        u8::try_from(worse.saturating_mul(i64::from(SHADES) - 1) / span).unwrap_or(0)
    };
    let mut legend: Vec<ShadeView> = Vec::new();
    let mut bounds: [Option<(i64, i64)>; SHADES as usize] = [None; SHADES as usize];
    let mut rows: Vec<Vec<HeatCellView>> = Vec::with_capacity(axes.surges.len());
    for (s, surge) in axes.surges.iter().enumerate() {
        let mut row = Vec::with_capacity(axes.unavailables.len());
        for (u, unavailable) in axes.unavailables.iter().enumerate() {
            let place = s * axes.unavailables.len() + u;
            let cell = own_cells.get(place).and_then(Option::as_ref);
            let refused = Plan::parse(&format!("{surge},{unavailable}")).is_err();
            let result = cell.and_then(|c| c.result.as_ref());
            let n = own_cells.get(place).and_then(number);
            if let Some(n) = n {
                let bound = &mut bounds[usize::from(shade(n).min(SHADES - 1))];
                *bound = Some(bound.map_or((n, n), |(a, b)| (a.min(n), b.max(n))));
            }
            let text = cell.map_or(String::new(), |c| measure.text(c));
            let own = own.is_some_and(|(a, b)| {
                let same = |word: &str, value: &Value, up: bool| {
                    let scaled = |limit: IntOrString| limit.scaled(replicas as i32, up);
                    let own = IntOrString::of(Some(value)).and_then(scaled);
                    own.is_some() && own == scaled(IntOrString::parse(word))
                };
                same(surge, a, true) && same(unavailable, b, false)
            });
            let mut name = String::from("maxSurge ");
            name.push_str(surge);
            name.push_str(", maxUnavailable ");
            name.push_str(unavailable);
            name.push_str(": ");
            match (refused, result) {
                (true, _) => name.push_str("refused, both are 0"),
                (_, None) => name.push_str("not run yet"),
                _ => {
                    name.push_str(measure.words());
                    name.push(' ');
                    name.push_str(&text);
                }
            }
            if own {
                name.push_str(", as the manifest says");
            }
            row.push(HeatCellView {
                place: from + place,
                bad: result.is_some_and(|r| {
                    !r.complete
                        || match measure {
                            SweepMeasure::Lowest => r.lowest == 0 && replicas > 0,
                            SweepMeasure::Failed => r.failed.is_some_and(|n| n > 0),
                            SweepMeasure::Duration | SweepMeasure::Peak => false,
                        }
                }),
                shade: n.map(&shade),
                off: refused || result.is_none(),
                own,
                text: if refused { "–".to_owned() } else { text },
                name,
            });
        }
        rows.push(row);
    }
    let words = |n: i64| match measure {
        SweepMeasure::Duration => crate::measures::seconds_bare(to_tenths(n)),
        _ => n.to_string(),
    };
    for (k, bound) in bounds.iter().enumerate() {
        if let Some((a, b)) = bound {
            let (low, high) = (words(*a), words(*b));
            legend.push(ShadeView {
                shade: k as u8,
                text: if low == high {
                    low
                } else {
                    format!("{low} to {high}")
                },
            });
        }
    }
    HeatView {
        caption: format!("{}: {}", crate::sweep::sized(replicas), measure.words()),
        columns: axes.unavailables.clone(),
        surges: axes.surges.clone(),
        rows,
        legend,
    }
}

fn to_tenths(ms: i64) -> u64 {
    u64::try_from((ms + 50) / 100 * 100).unwrap_or(0)
}

/// What one cell came to, number by number: the name of the measure and its text.
pub fn heat_numbers(cell: &SweepCell) -> Vec<(&'static str, String)> {
    let measures = SweepMeasure::ALL.iter();
    measures.map(|m| (m.words(), m.text(cell))).collect()
}

/// Axes in words that a page offers: the word, what it means, the limits.
pub fn heat_axes(word: &str) -> Vec<String> {
    let most = match word {
        "percent" => {
            return ["0%", "10%", "25%", "50%", "75%", "100%"]
                .map(str::to_owned)
                .to_vec();
        }
        "9" => 9,
        "19" => 19,
        _ => 4,
    };
    (0..=most).map(|n: i64| n.to_string()).collect()
}

/// Numbers of replicas as somebody typed them: `4, 10`. The error is a sentence.
pub fn heat_replicas(text: &str) -> Result<Vec<i64>, String> {
    let mut out: Vec<i64> = Vec::new();
    for word in text.split([',', ' ']).filter(|w| !w.is_empty()) {
        match word.parse() {
            Ok(n) if (1..=200).contains(&n) && !out.contains(&n) => out.push(n),
            Ok(n) if out.contains(&n) => {}
            _ => return Err(format!("{word}: replicas here are numbers from 1 to 200.")),
        }
    }
    if out.is_empty() || out.len() > 5 {
        return Err("Between one and five numbers of replicas, as in 4, 10.".to_owned());
    }
    Ok(out)
}

/// The limits that the session's Deployment has: maxSurge, maxUnavailable. None for Recreate.
pub fn heat_own(session: &Session) -> Option<(Value, Value)> {
    let object = session.store().list(Kind::DEPLOYMENT).next()?;
    let d = object.deployment()?;
    let limits = (d.max_surge.clone(), d.max_unavailable.clone());
    IntOrString::of(Some(&limits.0))?;
    Some(limits)
}
