//! The record, drawn: what of the past does not depend on where the learner looks.

use crate::catalogue::seconds;
use crate::chart::{Chart, Rect};
use crate::cluster::tag;
use crate::model::*;
use crate::timeline::place_at;
use rollout_api::{Order, SortedMap};
use std::rc::Rc;

/// Idle times longer than this are cut.
const CUT_ABOVE_MS: u64 = 30_000;
/// What is left of a cut, on each side.
const CUT_KEEPS_MS: u64 = 1_500;
/// The width of the gap in units of x.
const CUT_WIDTH: u64 = 600;
/// So many words have room side by side.
const WORDS: u64 = 8;
/// Areas are drawn in so many columns at the most.
const COLUMNS: u64 = 700;

/// Which time stands where: idle times are cut.
pub(crate) fn axis_segments(active: &[u64]) -> (Vec<TimeSegment>, Vec<CutView>) {
    let mut segments = vec![TimeSegment {
        from_ms: 0,
        to_ms: 0,
        x: 0,
    }];
    let mut cuts = Vec::new();
    for pair in active.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let last = segments.last_mut().expect("it begins with one");
        if b - a > CUT_ABOVE_MS {
            last.to_ms = a + CUT_KEEPS_MS;
            let x = last.x + last.to_ms - last.from_ms;
            let from_ms = b - CUT_KEEPS_MS;
            let length_ms = from_ms - last.to_ms;
            cuts.push(CutView {
                x: x + CUT_WIDTH / 2,
                length_ms,
                text: seconds(length_ms),
            });
            segments.push(TimeSegment {
                from_ms,
                to_ms: b,
                x: x + CUT_WIDTH,
            });
        } else {
            last.to_ms = b;
        }
    }
    (segments, cuts)
}

/// The drawing of a record, and what is chosen from for each moment of it.
pub(crate) struct Drawing {
    pub(crate) record: Rc<RecordView>,
    /// Bands of one version that begin together.
    pub(crate) bands: Vec<Band>,
    /// Times with nothing available.
    pub(crate) gaps: Vec<(u64, u64)>,
}

/// Rectangles of one version and kind that begin together are read as one.
pub(crate) struct Band {
    pub(crate) version: usize,
    pub(crate) from: u64,
    pub(crate) kind: RibbonKind,
    /// When the first of them ends.
    pub(crate) to: u64,
    pub(crate) low: u32,
    pub(crate) high: u32,
}

/// Draws what was recorded until an end. `active`: all times at which something happened, in order.
pub(crate) fn drawing(chart: &Chart, active: &[u64], end: u64, notes: Vec<NoteView>) -> Drawing {
    let (segments, mut cuts) = axis_segments(active);
    let width = width_of(&segments);
    part_words(&mut cuts, width);
    let gone = chart.gone_rects(end);
    let mut record = RecordView {
        ticks: ticks_of(&segments, 0, width),
        segments,
        width,
        ribbons: Vec::new(),
        gone: Vec::new(),
        gone_rows: gone.iter().map(|r| r.level + 1).max().unwrap_or(1),
        ceiling: Vec::new(),
        floor: Vec::new(),
        notes,
        cuts,
        areas: chart.areas,
    };
    for note in &mut record.notes {
        note.x = place_at(&record.segments, note.at_ms);
    }
    let column = (width / COLUMNS).max(1);
    let rects = if chart.areas {
        chart.area_rects(end, &|t| record.x_at(t) / column)
    } else {
        chart.rects(end)
    };
    let ribbons = |rects: &[Rect]| rects.iter().filter_map(|r| ribbon(&record, r)).collect();
    let (drawn, leaving) = (ribbons(&rects), ribbons(&gone));
    (record.ribbons, record.gone) = (drawn, leaving);
    let ceiling = chart.ceiling.iter();
    let ceiling = ceiling.map(|(t, l)| (*t, Some(*l).filter(|l| *l > 0)));
    record.ceiling = runs(&record, ceiling.collect(), end);
    record.floor = runs(&record, chart.floor.clone(), end);
    Drawing {
        record: Rc::new(record),
        bands: bands(&rects),
        gaps: chart.all_gaps(end),
    }
}

/// The drawing of a record without a Deployment.
pub(crate) fn blank(end: u64) -> RecordView {
    let (segments, cuts) = axis_segments(&[0, end]);
    let width = width_of(&segments);
    RecordView {
        ticks: ticks_of(&segments, 0, width),
        segments,
        width,
        ribbons: Vec::new(),
        gone: Vec::new(),
        gone_rows: 1,
        ceiling: Vec::new(),
        floor: Vec::new(),
        notes: Vec::new(),
        cuts,
        areas: false,
    }
}

fn width_of(segments: &[TimeSegment]) -> u64 {
    let end = segments.last().map_or(1, |s| s.x + s.to_ms - s.from_ms);
    end.max(1)
}

fn bands(rects: &[Rect]) -> Vec<Band> {
    let mut bands: SortedMap<(usize, u64, RibbonKind), (u64, u32, u32)> = SortedMap::new();
    for r in rects {
        let top = r.level + r.height;
        let key = (r.version, r.from, r.kind);
        let band = bands.entry(key).or_insert((r.to, r.level, top));
        band.0 = band.0.min(r.to);
        band.1 = band.1.min(r.level);
        band.2 = band.2.max(top);
    }
    let band = |((version, from, kind), (to, low, high))| Band {
        version,
        from,
        kind,
        to,
        low,
        high,
    };
    bands.into_iter().map(band).collect()
}

/// A rectangle as a ribbon; none if it has no width on the axis.
fn ribbon(record: &RecordView, r: &Rect) -> Option<Ribbon> {
    let (x, to_x) = (record.x_at(r.from), record.x_at(r.to));
    (to_x > x).then(|| Ribbon {
        x,
        width: to_x - x,
        level: r.level,
        height: r.height,
        version: tag(r.version),
        kind: r.kind,
    })
}

fn runs(record: &RecordView, steps: Vec<(u64, Option<u32>)>, end: u64) -> Vec<LimitRun> {
    let ends = steps.iter().skip(1).map(|(t, _)| *t).chain([end]);
    steps
        .iter()
        .zip(ends)
        .filter_map(|((from, level), to)| {
            Some(LimitRun {
                x: record.x_at(*from),
                to_x: record.x_at(to),
                level: (*level)?,
            })
        })
        .filter(|r| r.to_x > r.x)
        .collect()
}

/// Ticks at round times between two places: as few as reach from five to nine.
pub(crate) fn ticks_of(segments: &[TimeSegment], from_x: u64, to_x: u64) -> Vec<TickView> {
    const STEPS: [u64; 19] = [
        10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000,
        300_000, 600_000, 1_800_000, 3_600_000, 7_200_000,
    ];
    let part = |s: &TimeSegment| {
        let end = s.x + s.to_ms - s.from_ms;
        let (a, b) = (s.x.max(from_x), end.min(to_x));
        (a <= b).then(|| (s.from_ms + a - s.x, s.from_ms + b - s.x))
    };
    let drawn: u64 = segments.iter().filter_map(part).map(|(a, b)| b - a).sum();
    let step = STEPS
        .into_iter()
        .find(|s| drawn / s <= 8)
        .unwrap_or(14_400_000);
    let mut out = Vec::new();
    for (from, to) in segments.iter().filter_map(part) {
        let first = from.div_ceil(step) * step;
        let times = (0..20).map(|i| first + i * step).take_while(|t| *t <= to);
        out.extend(times.map(|t| TickView {
            x: place_at(segments, t),
            text: match t {
                0 => "0".to_owned(),
                _ if step < 100 => t.to_string() + " ms",
                _ => seconds(t),
            },
        }));
    }
    // Beside a cut two can stand so near that their words touch.
    let width = to_x.saturating_sub(from_x);
    let mut free = 0;
    out.retain(|tick| {
        let clear = tick.x >= free;
        if clear {
            free = tick.x + width * (10 + 18 * tick.text.len() as u64) / 1000;
        }
        clear
    });
    out
}

/// Lengths of cuts that would meet: the longest keep theirs.
fn part_words(cuts: &mut [CutView], width: u64) {
    let mut order: Vec<usize> = (0..cuts.len()).collect();
    order.order_by_key(|i| std::cmp::Reverse(cuts[*i].length_ms));
    let mut kept: Vec<u64> = Vec::new();
    for i in order {
        let x = cuts[i].x;
        if kept.iter().any(|k| k.abs_diff(x) * WORDS < width) {
            cuts[i].text.clear();
        } else {
            kept.push(x);
        }
    }
}
