//! The timeline as an instrument: lanes and life lines between two places, moments read out, the same as text.

use crate::catalogue::seconds;
use crate::cluster::tag;
use crate::explain;
use crate::model::*;
use crate::past::{Kept, with_kept};
use crate::record::{axis_segments, ticks_of};
use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::{Kind, ObjectKey, Str};
use rollout_engine::SimTime;
use rollout_engine::decision::What;
use rollout_engine::kubelet::decision::KubeletDecision;
use rollout_engine::kubelet::prober::ProbeResult;
use rollout_session::{Session, Step};

/// Entries of a lane nearer than this part of the window are one.
const PLACES: u64 = 500;
/// Rows of life lines; of more pods only some have a row.
const ROWS: usize = 240;
/// Places at which requests are counted.
const REQUEST_PLACES: u64 = 120;
/// A run narrower than this part of the window is left out, unless it fails.
const NARROWEST: u64 = 1_500;

/// An entry of a lane, without its place.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) lane: Lane,
    pub(crate) step: usize,
    pub(crate) at: u64,
    pub(crate) tone: Tone,
}

/// Pods at a position.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: u32,
    pub(crate) ready: u32,
    pub(crate) available: u32,
    pub(crate) leaving: u32,
}

/// What a walk collects for the timeline.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) entries: Vec<Entry>,
    /// One per position.
    pub(crate) counts: Vec<Counts>,
    /// Until when a pod's image is pulled, by name of the pod.
    pub(crate) pulls: SortedMap<Str, u64>,
}

impl Collected {
    /// Takes in a step that leads to a position. `origin` is the engine's time at the start of the session.
    pub(crate) fn take(
        &mut self,
        session: &Session,
        step: &Step,
        position: usize,
        key: &ObjectKey,
    ) {
        let origin = step.record.at.0.saturating_sub(step.at);
        let mut add = |lane: Lane, tone: Tone| {
            let entry = Entry {
                lane,
                step: position,
                at: step.at,
                tone,
            };
            self.entries.push(entry);
        };
        let before = position
            .checked_sub(2)
            .and_then(|i| session.steps().get(i))
            .and_then(|s| s.action.as_ref());
        if let Some(action) = &step.action
            && before.is_none_or(|b| !std::rc::Rc::ptr_eq(b, action))
        {
            add(Lane::You, Tone::Plain);
        }
        if step.is_write() {
            add(Lane::Decisions, Tone::Plain);
        }
        let mut event: Option<Tone> = None;
        for c in &step.record.changes {
            if c.key.kind == Kind::EVENT && c.key.namespace == key.namespace {
                let warns = c
                    .after
                    .as_ref()
                    .is_some_and(|o| o.value.str_at("type") == "Warning");
                if c.after.is_some() {
                    let tone = if warns { Tone::Bad } else { Tone::Plain };
                    event = Some(event.map_or(tone, |e| e.max(tone)));
                }
            } else if c.key == *key && condition_changed(c) {
                add(Lane::Conditions, Tone::Plain);
            }
        }
        if let Some(tone) = event {
            add(Lane::Events, tone);
        }
        for d in &step.record.decisions {
            match &d.what {
                What::Kubelet(KubeletDecision::Probe { result, counts, .. })
                    if d.on.namespace == key.namespace =>
                {
                    add(
                        Lane::Probes,
                        match (result, counts) {
                            (ProbeResult::Success, true) => Tone::Good,
                            (ProbeResult::Success | ProbeResult::Unknown, _) => Tone::Plain,
                            (ProbeResult::Failure, _) => Tone::Bad,
                        },
                    );
                }
                What::Kubelet(KubeletDecision::Pull { until, .. }) => {
                    let end = until.0.saturating_sub(origin);
                    self.pulls.insert(d.on.name.clone(), end);
                }
                _ => {}
            }
        }
    }
}

fn condition_changed(c: &rollout_engine::Change) -> bool {
    let of = |o: &Option<std::rc::Rc<rollout_engine::Object>>| {
        o.as_ref()
            .and_then(|o| o.deployment())
            .map(|d| {
                d.status
                    .conditions
                    .iter()
                    .map(|c| (c.kind.clone(), c.status.clone(), c.reason.clone()))
                    .collect::<Vec<_>>()
            })
            .unwrap_or_default()
    };
    c.after.is_some() && of(&c.before) != of(&c.after)
}

/// The timeline of a Deployment. `window` is in places of the axis; none shows all.
pub fn timeline(session: &Session, key: &ObjectKey, window: Option<(u64, u64)>) -> TimelineView {
    let end = session.recorded_ms().max(1);
    with_kept(session, key, |kept| build(session, kept, end, window))
}

fn build(session: &Session, kept: &Kept, end: u64, window: Option<(u64, u64)>) -> TimelineView {
    let mut active = kept.chart.active.clone();
    active.push(end);
    active.order();
    let (segments, cuts) = axis_segments(&active);
    let width = segments
        .last()
        .map_or(1, |s| s.x + s.to_ms - s.from_ms)
        .max(1);
    let (from_x, to_x) = match window {
        Some((a, b)) if b > a && a < width => (a, b.min(width)),
        _ => (0, width),
    };
    let x_at = |ms: u64| place_at(&segments, ms);
    let span = to_x - from_x;
    let inside = |x: u64| x >= from_x && x <= to_x;
    let lanes = Lane::ALL
        .into_iter()
        .map(|lane| match lane {
            Lane::Requests => requests(session, kept, &segments, from_x, to_x),
            _ => lane_view(kept, lane, &x_at, (from_x, to_x)),
        })
        .collect();
    let level = |value: fn(&Counts) -> u32| levels(session, kept, &x_at, (from_x, to_x), value);
    let (total, available) = (level(|c| c.total), level(|c| c.available));
    let limit = |runs: Vec<(u64, Option<u32>)>| {
        let ends = runs.iter().skip(1).map(|(t, _)| *t).chain([end]);
        runs.iter()
            .zip(ends.collect::<Vec<_>>())
            .filter_map(|((from, level), to)| {
                Some(LimitRun {
                    x: x_at(*from),
                    to_x: x_at(to),
                    level: (*level)?,
                })
            })
            .filter(|r| r.to_x > r.x && r.to_x >= from_x && r.x <= to_x)
            .collect::<Vec<_>>()
    };
    let ceiling = limit(
        kept.chart
            .ceiling
            .iter()
            .map(|(t, l)| (*t, Some(*l).filter(|l| *l > 0)))
            .collect(),
    );
    let floor = limit(kept.chart.floor.clone());
    let pods = kept.chart.lives.len();
    let pods_per_row = pods.div_ceil(ROWS).max(1);
    let rows = rows(kept, &x_at, (from_x, to_x), end, pods_per_row);
    TimelineView {
        ticks: ticks_of(&segments, from_x, to_x),
        cuts: cuts.into_iter().filter(|c| inside(c.x)).collect(),
        top: kept.chart.tallest.max(1),
        total,
        available,
        ceiling,
        floor,
        lanes,
        rows,
        pods_per_row,
        pods,
        end_ms: end,
        from_x,
        to_x: to_x.max(from_x + span.max(1)),
        width,
        segments,
    }
}

/// Where a time stands. What is cut out is squeezed into the width of the cut.
pub fn place_at(segments: &[TimeSegment], ms: u64) -> u64 {
    let after = segments.partition_point(|s| s.from_ms <= ms);
    let Some(s) = after.checked_sub(1).map(|i| &segments[i]) else {
        return segments.first().map_or(0, |s| s.x);
    };
    if ms <= s.to_ms {
        return s.x + ms - s.from_ms;
    }
    let edge = s.x + s.to_ms - s.from_ms;
    segments.get(after).map_or(edge, |next| {
        edge + (ms - s.to_ms) * (next.x - edge) / (next.from_ms - s.to_ms)
    })
}

/// The time at a place.
pub fn time_at(segments: &[TimeSegment], x: u64) -> u64 {
    let after = segments.partition_point(|s| s.x <= x);
    let Some(s) = after.checked_sub(1).map(|i| &segments[i]) else {
        return segments.first().map_or(0, |s| s.from_ms);
    };
    let edge = s.x + s.to_ms - s.from_ms;
    match segments.get(after) {
        Some(next) if x > edge => s.to_ms + (x - edge) * (next.from_ms - s.to_ms) / (next.x - edge),
        _ => (s.from_ms + x - s.x).min(s.to_ms),
    }
}

fn lane_view(
    kept: &Kept,
    lane: Lane,
    x_at: &dyn Fn(u64) -> u64,
    (from_x, to_x): (u64, u64),
) -> LaneView {
    let near = ((to_x - from_x) / PLACES).max(1);
    let mut entries: Vec<LaneEntry> = Vec::new();
    let mut count = 0;
    for e in kept.collected.entries.iter().filter(|e| e.lane == lane) {
        count += 1;
        let x = x_at(e.at);
        if x < from_x || x > to_x {
            continue;
        }
        match entries.last_mut() {
            Some(last) if x - last.x < near => {
                last.count += 1;
                last.tone = last.tone.max(e.tone);
            }
            _ => entries.push(LaneEntry {
                x,
                at_ms: e.at,
                step: e.step,
                count: 1,
                tone: e.tone,
            }),
        }
    }
    LaneView {
        lane,
        entries,
        count,
    }
}

/// Requests of the stream that leads to this Deployment: answered and failed ones, at so many places.
fn requests(
    session: &Session,
    kept: &Kept,
    segments: &[TimeSegment],
    from_x: u64,
    to_x: u64,
) -> LaneView {
    let mut view = LaneView {
        lane: Lane::Requests,
        entries: Vec::new(),
        count: 0,
    };
    let Some(target) = session.stream_of(&kept.key) else {
        return view;
    };
    let origin = session.engine_time(0).0;
    let now = session.engine_time(session.recorded_ms());
    let (first, last) = (time_at(segments, from_x), time_at(segments, to_x));
    let step = ((last - first) / REQUEST_PLACES).max(1);
    let mut at = first;
    while at < last {
        let (a, b) = (SimTime(origin + at), SimTime(origin + at + step));
        let tally = session.traffic().tally(&target, a, b, now);
        let sent = u32::try_from(tally.total()).unwrap_or(u32::MAX);
        if sent > 0 {
            view.count += sent;
            view.entries.push(LaneEntry {
                x: place_at(segments, at),
                at_ms: at,
                step: session.branch().timeline.position_at(at),
                count: sent,
                tone: if tally.failed() > 0 {
                    Tone::Bad
                } else {
                    Tone::Plain
                },
            });
        }
        at += step;
    }
    view
}

fn levels(
    session: &Session,
    kept: &Kept,
    x_at: &dyn Fn(u64) -> u64,
    (from_x, to_x): (u64, u64),
    value: fn(&Counts) -> u32,
) -> Vec<(u64, u32)> {
    let mut out: Vec<(u64, u32)> = Vec::new();
    for (position, counts) in kept.collected.counts.iter().enumerate() {
        let x = x_at(session.branch().timeline.time(position)).max(from_x);
        if x > to_x {
            break;
        }
        let level = value(counts);
        match out.last_mut() {
            Some(last) if last.0 == x => last.1 = level,
            Some(last) if last.1 == level => {}
            _ => out.push((x, level)),
        }
    }
    out
}

/// What a state of the scene is in a life.
fn life_state(state: PodState) -> LifeState {
    match state {
        PodState::Pending => LifeState::Pending,
        PodState::Creating => LifeState::Starting,
        PodState::Running => LifeState::NotReady,
        PodState::Ready => LifeState::Ready,
        PodState::Available => LifeState::Available,
        PodState::Terminating => LifeState::Terminating,
        PodState::ImagePull | PodState::Crash | PodState::Config | PodState::Oom => {
            LifeState::Failing
        }
        PodState::Completed => LifeState::Completed,
    }
}

fn rows(
    kept: &Kept,
    x_at: &dyn Fn(u64) -> u64,
    (from_x, to_x): (u64, u64),
    end: u64,
    pods_per_row: usize,
) -> Vec<LifeRow> {
    let narrow = (to_x - from_x) / NARROWEST;
    let mut out = Vec::new();
    for life in kept.chart.lives.iter().rev().step_by(pods_per_row) {
        let mut spans: Vec<LifeSpan> = Vec::new();
        let mut add = |from: u64, to: u64, state: LifeState| {
            let (x, to_x_) = (x_at(from).max(from_x), x_at(to).min(to_x));
            let wide = to_x_ > x && (to_x_ - x > narrow || state == LifeState::Failing);
            if !wide {
                return;
            }
            match spans.last_mut() {
                Some(last) if last.state == state && x.saturating_sub(last.to_x) <= narrow => {
                    last.to_x = to_x_;
                }
                _ => spans.push(LifeSpan {
                    x,
                    to_x: to_x_,
                    state,
                }),
            }
        };
        let ends = life
            .runs
            .iter()
            .skip(1)
            .map(|(t, _)| *t)
            .chain([life.ended.unwrap_or(end)]);
        for ((from, state), to) in life.runs.iter().zip(ends) {
            let pulled = kept.collected.pulls.get(&life.name).copied();
            match (state, pulled) {
                (PodState::Creating, Some(until)) if until > *from => {
                    add(*from, until.min(to), LifeState::Pulling);
                    add(until.min(to), to, LifeState::Starting);
                }
                _ => add(*from, to, life_state(*state)),
            }
        }
        if !spans.is_empty() {
            out.push(LifeRow {
                uid: life.uid.to_string(),
                name: life.name.to_string(),
                set: life
                    .name
                    .rsplit_once('-')
                    .map_or("", |(set, _)| set)
                    .to_owned(),
                version: tag(life.version),
                spans,
            });
        }
    }
    out
}

/// The moment at a time: how many pods, and what happened within `near` milliseconds.
pub fn moment(session: &Session, key: &ObjectKey, at: u64, near: u64) -> MomentView {
    let step = session.branch().timeline.position_at(at);
    let (counts, entries) = with_kept(session, key, |kept| {
        let counts = kept.collected.counts.get(step).copied().unwrap_or_default();
        let all = &kept.collected.entries;
        let first = all.partition_point(|e| e.at + near < at);
        let mut here: Vec<Entry> = all[first..]
            .iter()
            .take_while(|e| e.at <= at + near)
            .copied()
            .collect();
        here.order_by_key(|e| (e.lane, e.at.abs_diff(at)));
        here.dedup_by_key(|e| e.lane);
        (counts, here)
    });
    let mut text = format!(
        "{} pods, {} ready, {} available",
        counts.total, counts.ready, counts.available
    );
    if counts.leaving > 0 {
        text.push_str(&format!(", {} leaving", counts.leaving));
    }
    MomentView {
        time: seconds(at),
        at_ms: at,
        step,
        counts: text,
        entries: entries
            .into_iter()
            .map(|e| (e.lane, entry_text(session, key, e)))
            .collect(),
    }
}

/// What an entry says.
fn entry_text(session: &Session, key: &ObjectKey, entry: Entry) -> String {
    let Some(step) = entry
        .step
        .checked_sub(1)
        .and_then(|i| session.steps().get(i))
    else {
        return String::new();
    };
    match entry.lane {
        Lane::You => step
            .action
            .as_ref()
            .map_or(String::new(), |a| crate::past::action_words(&a.action)),
        Lane::Decisions => explain::step_sentence(session, step, Some(key)),
        Lane::Conditions | Lane::Events => {
            let kind = if entry.lane == Lane::Events {
                Kind::EVENT
            } else {
                Kind::DEPLOYMENT
            };
            let mut texts = step
                .record
                .changes
                .iter()
                .filter(|c| c.key.kind == kind)
                .filter_map(explain::change_sentence);
            let first = texts.next().unwrap_or_default();
            match texts.count() {
                0 => first,
                more => format!("{first} And {more} more."),
            }
        }
        Lane::Probes => step
            .record
            .decisions
            .iter()
            .find(|d| matches!(&d.what, What::Kubelet(KubeletDecision::Probe { .. })))
            .map_or(String::new(), |d| {
                plain_text(&explain::decision_sentence(d, step.record.at, None).headline)
            }),
        Lane::Requests => String::new(),
    }
}

/// The timeline as text: entries of some lanes, `most` of them around the cursor.
pub fn timeline_rows(
    session: &Session,
    key: &ObjectKey,
    lanes: &[Lane],
    most: usize,
) -> Vec<TextRow> {
    let here = session.position();
    let chosen: Vec<Entry> = with_kept(session, key, |kept| {
        let of_lanes: Vec<Entry> = kept
            .collected
            .entries
            .iter()
            .filter(|e| lanes.contains(&e.lane))
            .copied()
            .collect();
        let at = of_lanes.partition_point(|e| e.step <= here);
        let first = at
            .saturating_sub(most / 2)
            .min(of_lanes.len().saturating_sub(most));
        of_lanes[first..].iter().take(most).copied().collect()
    });
    chosen
        .into_iter()
        .map(|e| TextRow {
            step: e.step,
            time: seconds(e.at),
            lane: e.lane,
            text: entry_text(session, key, e),
            past: e.step <= here,
        })
        .collect()
}

/// The step of the next or the previous entry of a lane; none: there is none.
pub fn neighbour(
    session: &Session,
    key: &ObjectKey,
    lane: Option<Lane>,
    forward: bool,
) -> Option<usize> {
    let here = session.position();
    with_kept(session, key, |kept| {
        let mut of_lane = kept
            .collected
            .entries
            .iter()
            .filter(|e| lane.is_none_or(|l| e.lane == l));
        if forward {
            of_lane.find(|e| e.step > here).map(|e| e.step)
        } else {
            of_lane.rfind(|e| e.step < here).map(|e| e.step)
        }
    })
}
