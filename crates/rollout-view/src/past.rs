//! The past: ribbons, limits, notes, flags and life lines of one Deployment, in data units.

use crate::bench::EventFacts;
use crate::catalogue::seconds;
use crate::chart::{Chart, Life};
use crate::cluster::{Versions, tag};
use crate::counted::Counted;
use crate::explain;
use crate::measures::{RunMeasures, RunSoFar};
use crate::model::*;
use crate::record::{self, Drawing};
use crate::timeline::{Collected, Counts};
use crate::walk::Walk;
use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, Str};
use rollout_session::{Action, Session, Step};
use std::cell::RefCell;
use std::rc::Rc;

/// Above so many pods ribbons are areas.
pub const AREAS_ABOVE: u32 = 60;
/// Above so many pods no life lines are drawn.
const LIVES_UP_TO: usize = 120;
/// Rows of life lines that are thick.
const THICK_LIVES: usize = 24;

/// A name needs an area of at least this part of its own length: on a sliver it would be read as that of the neighbour.
const SLIVERS: u64 = 3;

/// What is kept of a branch between two looks: its timeline only grows, so only new steps are walked.
pub(crate) struct Kept {
    pub(crate) key: ObjectKey,
    walked: usize,
    walk: Walk,
    pub(crate) chart: Chart,
    pub(crate) collected: Collected,
    most: u32,
    marks: Vec<RawMark>,
    /// Steps that an action made.
    acted: Vec<usize>,
    /// Events about this Deployment and what hangs on it, in the order of their resource versions.
    events: Vec<EventFacts>,
    counted: RefCell<Counted>,
    run: RunSoFar,
    runs: Vec<RunSoFar>,
    /// There was no such Deployment at the start.
    began_without: bool,
    /// Short image names by letter, of all sets that were ever seen.
    images: SortedMap<usize, String>,
    /// The drawing, of how many steps and until when.
    drawn: RefCell<Option<(usize, u64, Rc<Drawing>)>>,
}

/// A mark without its place to the cursor.
#[derive(Clone)]
struct RawMark {
    step: usize,
    at: u64,
    kind: MarkKind,
    sentence: Rc<str>,
    /// The sentence with its time.
    name: Rc<str>,
    /// Changes of size, with the letters of the sets.
    deltas: Vec<(i64, usize)>,
}

impl Kept {
    fn new(session: &Session, key: &ObjectKey, areas: bool) -> Kept {
        let walk = Walk::start(session, key);
        let mut chart = Chart {
            areas,
            active: vec![0],
            tallest: 1,
            ..Chart::default()
        };
        let all: Vec<Str> = walk.pods.keys().cloned().collect();
        chart.frame(&walk, 0, &all);
        let run = RunSoFar::start(&walk);
        let most = u32::try_from(walk.sets.values().map(|s| s.size).sum::<i64>()).unwrap_or(0);
        let collected = Collected {
            counts: vec![counts(&walk)],
            ..Collected::default()
        };
        Kept {
            key: key.clone(),
            collected,
            walked: 0,
            most,
            chart,
            marks: Vec::new(),
            acted: Vec::new(),
            events: events_at_start(session, key),
            counted: RefCell::default(),
            runs: vec![run],
            run,
            began_without: walk.deployment.is_none(),
            images: images_at_start(session, key, &walk),
            drawn: RefCell::default(),
            walk,
        }
    }

    /// Walks the steps that are new.
    fn go_on(&mut self, session: &Session) {
        let steps = session.steps();
        while let Some(step) = steps.get(self.walked) {
            let mut changed: Vec<Str> = Vec::new();
            for c in step
                .record
                .changes
                .iter()
                .filter(|c| c.key.kind == Kind::POD)
            {
                let object = c.after.as_ref().or(c.before.as_ref());
                changed.extend(object.map(|o| o.meta.uid.clone()));
            }
            let ripening: Vec<Str> = self
                .walk
                .pods
                .iter()
                .filter(|(_, p)| p.min_ready > 0 && p.state == PodState::Ready)
                .map(|(uid, _)| uid.clone())
                .collect();
            changed.extend(ripening);
            let relevant = self.walk.apply(step, session.wall_ms_at(step.at));
            if relevant {
                self.chart.frame(&self.walk, step.at, &changed);
                let wanted = self.walk.sets.values().map(|s| s.size).sum::<i64>();
                self.most = self.most.max(u32::try_from(wanted).unwrap_or(u32::MAX));
            }
            if relevant || step.action.is_some() {
                self.chart.active.push(step.at);
            }
            if step.action.is_some() {
                self.acted.push(self.walked);
            }
            self.run.take(&self.walk, step);
            self.walked += 1;
            self.runs.push(self.run);
            self.collected.counts.push(counts(&self.walk));
            self.collected.take(session, step, self.walked, &self.key);
            self.mark(session, step);
            for c in &step.record.changes {
                match (c.key.kind, &c.before, &c.after) {
                    (Kind::REPLICA_SET, None, Some(set)) => {
                        see_image(&mut self.images, &self.walk, set);
                    }
                    (Kind::EVENT, _, Some(event)) => {
                        self.events.extend(EventFacts::of(event, Some(&self.key)));
                    }
                    _ => {}
                }
            }
        }
    }

    fn mark(&mut self, session: &Session, step: &Step) {
        let kind = if step.is_write() {
            MarkKind::Decision
        } else if step.action.is_some() {
            MarkKind::Action
        } else if rollout_session::is_decision(step) {
            MarkKind::Milestone
        } else {
            return;
        };
        let size = |o: &Option<std::rc::Rc<rollout_engine::Object>>| {
            o.as_ref()
                .and_then(|o| o.replica_set())
                .map_or(0, |r| i64::from(r.replicas))
        };
        let mut deltas = Vec::new();
        for c in step
            .record
            .changes
            .iter()
            .filter(|c| kind == MarkKind::Decision && c.key.kind == Kind::REPLICA_SET)
        {
            if let Some(set) = c
                .after
                .as_ref()
                .and_then(|o| self.walk.sets.get(&o.meta.uid))
            {
                deltas.push((size(&c.after) - size(&c.before), set.version));
            }
        }
        let sentence = explain::step_sentence(session, step, Some(&self.key));
        self.marks.push(RawMark {
            step: self.walked,
            at: step.at,
            kind,
            name: mark_name(step.at, &sentence),
            sentence: sentence.into(),
            deltas,
        });
    }
}

/// A sentence with its time.
fn mark_name(at: u64, sentence: &str) -> Rc<str> {
    format!("{}. {sentence}", seconds(at)).into()
}

fn events_at_start(session: &Session, key: &ObjectKey) -> Vec<EventFacts> {
    let all = session.base_store().list(Kind::EVENT);
    let mut facts: Vec<EventFacts> = all.filter_map(|e| EventFacts::of(e, Some(key))).collect();
    facts.order_by_key(|f| f.version);
    facts
}

/// Pods at a moment of the walk.
fn counts(walk: &Walk) -> Counts {
    let n = |n: i64| u32::try_from(n).unwrap_or(0);
    let total = n(walk.total());
    Counts {
        total,
        ready: n(walk.ready()),
        available: n(walk.available()),
        leaving: (walk.pods.len() as u32).saturating_sub(total),
    }
}

/// The events about a Deployment and what hangs on it at the cursor, with what is known of each.
pub(crate) fn events_of<'s>(
    session: &'s Session,
    key: &ObjectKey,
) -> Vec<(EventFacts, &'s Object)> {
    with_kept(session, key, |kept| {
        let known = |e: &'s Rc<Object>| {
            let version = e.meta.resource_version;
            let at = kept.events.binary_search_by_key(&version, |f| f.version);
            Some((kept.events[at.ok()?], &**e))
        };
        session
            .store()
            .list(Kind::EVENT)
            .filter_map(known)
            .collect()
    })
}

/// Counts requests with what is counted already.
pub(crate) fn counting<R>(
    session: &Session,
    key: &ObjectKey,
    f: impl FnOnce(&mut Counted) -> R,
) -> R {
    with_kept(session, key, |kept| f(&mut kept.counted.borrow_mut()))
}

/// Looks at what is kept of the branch that is shown, brought up to its last step.
pub(crate) fn with_kept<R>(session: &Session, key: &ObjectKey, f: impl FnOnce(&Kept) -> R) -> R {
    let mut slot = session.branch().cache.borrow_mut();
    let kept = slot.take().and_then(|b| b.downcast::<Kept>().ok());
    let mut kept = match kept {
        Some(k) if k.key == *key && k.walked <= session.steps().len() => k,
        _ => Box::new(Kept::new(session, key, false)),
    };
    kept.go_on(session);
    if kept.most > AREAS_ABOVE && !kept.chart.areas {
        kept = Box::new(Kept::new(session, key, true));
        kept.go_on(session);
    }
    let result = f(&kept);
    *slot = Some(kept);
    result
}

/// The letters of a Deployment that was never made anew.
pub(crate) fn versions_of_one_life(session: &Session, key: &ObjectKey) -> Option<Versions> {
    with_kept(session, key, |k| {
        let once = k.walk.lives <= 1 && k.began_without == (k.walk.lives == 1);
        once.then(|| k.walk.versions.clone())
    })
}

/// The measures of the run up to the cursor.
pub fn run_so_far(session: &Session, key: &ObjectKey) -> RunSoFar {
    with_kept(session, key, |k| {
        k.runs.get(session.position()).copied().unwrap_or(k.run)
    })
}

/// The measures of the whole run, as far as it is recorded.
pub fn run_of_record(session: &Session, key: &ObjectKey) -> RunMeasures {
    with_kept(session, key, |k| k.run).at(session.recorded_ms())
}

/// What the walk found: the drawing and the height that it needs.
pub struct Drawn {
    /// The past.
    pub past: Rc<PastView>,
    /// Life lines.
    pub lives: LivesView,
    /// Highest stack or limit.
    pub tallest: u32,
    /// The marks of the timeline.
    pub marks: Vec<MarkView>,
}

/// Draws the past of a Deployment: everything that was recorded, also ahead of the cursor. `shared`: times at which
/// something happened in other runs on the same axis, in order.
pub fn draw(session: &Session, key: Option<&ObjectKey>, shared: &[u64]) -> Drawn {
    let end = session
        .recorded_ms()
        .max(shared.last().copied().unwrap_or(0))
        .max(1);
    match key {
        None => empty(session, end),
        Some(key) => with_kept(session, key, |kept| finish(session, kept, end, shared)),
    }
}

/// When something happened that the drawing shows: with the times of other runs, all can share one axis.
pub fn active_times(session: &Session, key: &ObjectKey) -> Vec<u64> {
    let mut times = with_kept(session, key, |k| k.chart.active.clone());
    times.push(session.recorded_ms());
    times
}

fn empty(session: &Session, end: u64) -> Drawn {
    let record = record::blank(end);
    Drawn {
        past: Rc::new(PastView {
            now_x: record.x_at(session.at()),
            record: Rc::new(record),
            cursor: session.position(),
            last_write: None,
            flags: Vec::new(),
            gaps: Vec::new(),
            captions: Vec::new(),
            label: "Nothing happened yet".to_owned(),
        }),
        lives: LivesView {
            rows: Vec::new(),
            thin: false,
            too_many: false,
        },
        tallest: 1,
        marks: Vec::new(),
    }
}

impl Kept {
    /// The record, drawn: the same drawing until there is more of it.
    fn drawing(&self, end: u64, shared: &[u64]) -> Rc<Drawing> {
        if shared.is_empty()
            && let Some((walked, until, drawing)) = &*self.drawn.borrow()
            && (*walked, *until) == (self.walked, end)
        {
            return drawing.clone();
        }
        let chart = &self.chart;
        let mut active = chart.active.clone();
        active.push(end);
        active.extend_from_slice(shared);
        active.order();
        let drawing = Rc::new(record::drawing(chart, &active, end, self.notes()));
        if shared.is_empty() {
            *self.drawn.borrow_mut() = Some((self.walked, end, drawing.clone()));
        }
        drawing
    }

    /// The writes, each with what it sized; where they stand is found when they are drawn.
    fn notes(&self) -> Vec<NoteView> {
        let note = |m: &RawMark, delta: i64, version: usize| NoteView {
            step: m.step,
            at_ms: m.at,
            x: 0,
            delta,
            version: tag(version),
            sentence: m.sentence.clone(),
        };
        let of = |m| {
            (m as &RawMark)
                .deltas
                .iter()
                .map(move |(d, v)| note(m, *d, *v))
        };
        self.marks.iter().flat_map(of).collect()
    }
}

fn finish(session: &Session, kept: &Kept, end: u64, shared: &[u64]) -> Drawn {
    let chart = &kept.chart;
    let at = session.at();
    let drawing = kept.drawing(end, shared);
    let record = &drawing.record;
    let mut gaps: Vec<GapView> = drawing
        .gaps
        .iter()
        .filter(|(from, to)| to > from && *from <= at)
        .map(|(from, to)| {
            let to = (*to).min(at.max(*from));
            GapView {
                x: record.x_at(*from),
                to_x: record.x_at(to),
                text: format!("0 available for {}", seconds(to - from)),
            }
        })
        .collect();
    part_labels(&mut gaps, record.width);
    let rows = if chart.lives.len() > LIVES_UP_TO {
        Vec::new()
    } else {
        lives(record, &chart.lives, at)
    };
    let cursor = session.position();
    let written = kept.marks.iter().rev();
    let mut written = written.filter(|m| m.step <= cursor && m.kind == MarkKind::Decision);
    Drawn {
        marks: marks(session, record, kept),
        past: Rc::new(PastView {
            record: record.clone(),
            now_x: record.x_at(at),
            cursor,
            last_write: written.next().map(|m| m.step),
            flags: flags(session, record, &kept.acted),
            gaps,
            captions: captions(&drawing, at, &kept.images),
            label: label(chart, &drawing.gaps, at),
        }),
        lives: LivesView {
            thin: rows.len() > THICK_LIVES,
            rows,
            too_many: chart.lives.len() > LIVES_UP_TO,
        },
        tallest: chart.tallest,
    }
}

fn lives(record: &RecordView, lives: &[Life], now: u64) -> Vec<LifeView> {
    lives
        .iter()
        .rev()
        .filter_map(|life| {
            let ends = life
                .runs
                .iter()
                .skip(1)
                .map(|(t, _)| *t)
                .chain([life.ended.unwrap_or(u64::MAX)]);
            let runs: Vec<LifeRun> = life
                .runs
                .iter()
                .zip(ends)
                .filter(|((from, _), _)| *from <= now)
                .map(|((from, state), to)| LifeRun {
                    x: record.x_at(*from),
                    to_x: record.x_at(to.min(now)),
                    state: *state,
                })
                .filter(|r| r.to_x > r.x)
                .collect();
            (!runs.is_empty()).then(|| LifeView {
                uid: life.uid.to_string(),
                name: life.name.to_string(),
                version: tag(life.version),
                runs,
            })
        })
        .collect()
}

/// A name into the largest area of each version, before now.
fn captions(drawing: &Drawing, now: u64, names: &SortedMap<usize, String>) -> Vec<CaptionView> {
    let mut best: SortedMap<usize, (u64, CaptionView)> = SortedMap::new();
    let record = &drawing.record;
    let levels = drawing.bands.iter().map(|b| b.high).max().unwrap_or(0);
    for band in drawing.bands.iter().filter(|b| b.from < now) {
        let (x, to_x) = (record.x_at(band.from), record.x_at(band.to.min(now)));
        let (version, low, high) = (band.version, band.low, band.high);
        let area = (to_x - x) * u64::from(high - low);
        if best.get(&version).is_some_and(|(a, _)| *a >= area) || area == 0 {
            continue;
        }
        let Some(image) = names.get(&version) else {
            continue;
        };
        let text = match band.kind {
            RibbonKind::Hollow => format!("{image}, starting"),
            RibbonKind::Failing => format!("{image}, failing"),
            RibbonKind::Filled | RibbonKind::Hatched => image.clone(),
        };
        let length = name_length(record, &text);
        if (to_x - x) * SLIVERS < length || (record.width - x) * 3 < length * 2 {
            continue;
        }
        let caption = CaptionView {
            x,
            // On a pod, not on the line between two.
            level_tenths: (low + high - u32::from((low + high) % 2 == 0)) * 5,
            version: tag(version),
            text,
        };
        best.insert(version, (area, caption));
    }
    let mut order: Vec<(u64, CaptionView)> = best.into_values().collect();
    order.order_by_key(|(area, _)| std::cmp::Reverse(*area));
    // Where two names would meet, that of the larger area stays.
    let apart = 12.max(levels * 10 / 8);
    let end = |c: &CaptionView| c.x + name_length(record, &c.text);
    let meet = |a: &CaptionView, b: &CaptionView| {
        a.level_tenths.abs_diff(b.level_tenths) < apart && a.x < end(b) && b.x < end(a)
    };
    let mut kept: Vec<CaptionView> = Vec::new();
    for (_, caption) in order {
        if !kept.iter().any(|k| meet(k, &caption)) {
            kept.push(caption);
        }
    }
    kept
}

/// How long a name with its letter is, on the axis of a drawing of the usual width.
fn name_length(record: &RecordView, text: &str) -> u64 {
    record.width * (80 + 21 * text.len() as u64) / 1000
}

/// Short image names by letter, of the sets at the start.
fn images_at_start(session: &Session, key: &ObjectKey, walk: &Walk) -> SortedMap<usize, String> {
    let mut names = SortedMap::new();
    let sets = session
        .base_store()
        .list_in(Kind::REPLICA_SET, &key.namespace);
    sets.for_each(|set| see_image(&mut names, walk, set));
    names
}

fn see_image(names: &mut SortedMap<usize, String>, walk: &Walk, set: &rollout_engine::Object) {
    if walk.sets.contains_key(&set.meta.uid) {
        let image = set.value.str_at("spec.template.spec.containers.0.image");
        names.insert(
            walk.versions.of(&set.meta.uid),
            crate::scene::short_image(image),
        );
    }
}

/// Marks of the whole timeline.
fn marks(session: &Session, record: &RecordView, kept: &Kept) -> Vec<MarkView> {
    let cursor = session.position();
    let last = kept.marks.iter().rev().find(|m| m.step <= cursor);
    let current = last.map(|m| m.step);
    let mark = |m: &RawMark| MarkView {
        step: m.step,
        at_ms: m.at,
        x: record.x_at(m.at),
        kind: m.kind,
        name: m.name.clone(),
        when: When::of(m.step, cursor, current),
    };
    let mut out: Vec<MarkView> = kept.marks.iter().map(mark).collect();
    if let Some(fork) = session.branch().parent.map(|_| session.branch().fork_at) {
        let name = mark_name(fork, &format!("{} begins", session.branch().name));
        let step = session.branch().fork_step;
        let mark = MarkView {
            step,
            at_ms: fork,
            x: record.x_at(fork),
            kind: MarkKind::Branch,
            name,
            when: When::of(step, cursor, None),
        };
        let place = out.partition_point(|m| (m.at_ms, m.step) <= (fork, step));
        out.insert(place, mark);
    }
    out
}

fn flags(session: &Session, record: &RecordView, acted: &[usize]) -> Vec<FlagView> {
    let cursor = session.position();
    let before = acted.partition_point(|i| *i < cursor);
    let last = acted[..before].last().map(|i| i + 1);
    let mut out: Vec<FlagView> = Vec::new();
    let mut seen: Option<&std::rc::Rc<rollout_session::LogEntry>> = None;
    for &i in acted {
        let Some(step) = session.steps().get(i) else {
            continue;
        };
        let Some(entry) = &step.action else { continue };
        if seen.is_some_and(|s| std::rc::Rc::ptr_eq(s, entry)) {
            continue;
        }
        seen = Some(entry);
        let text = action_words(&entry.action);
        out.push(FlagView {
            step: i + 1,
            at_ms: step.at,
            x: record.x_at(step.at),
            text,
            when: When::of(i + 1, cursor, last),
        });
    }
    out
}

/// An action in a few words: `set image nginx=httpd`, `image httpd missing`, `apply`.
pub fn action_words(action: &Action) -> String {
    match action {
        Action::Apply { file, .. } => format!("apply {file}"),
        Action::Save { file, .. } => format!("save {file}"),
        Action::Interrupt => "Ctrl-C".to_owned(),
        Action::Line(line) | Action::Edit { line, .. } => {
            let line = line.trim();
            let rest = line
                .strip_prefix("kubectl ")
                .or_else(|| line.strip_prefix("k "))
                .unwrap_or(line);
            let target = |w: &&str| {
                ["deployment/", "deploy/", "deployments/", "deployment.apps/"]
                    .iter()
                    .all(|p| !w.starts_with(p))
            };
            rest.split_whitespace()
                .filter(target)
                .collect::<Vec<_>>()
                .join(" ")
        }
    }
}

/// Labels of gaps that would meet: the longer gap keeps its own.
fn part_labels(gaps: &mut [GapView], width: u64) {
    // A label is a bit less than half of the drawing, and stands left of its end in the right half.
    let span = |g: &GapView| {
        let label = width * 45 / 100;
        if g.x * 2 > width {
            (g.to_x.saturating_sub(label), g.to_x)
        } else {
            (g.x, g.x + label)
        }
    };
    let mut order: Vec<usize> = (0..gaps.len()).collect();
    order.order_by_key(|i| std::cmp::Reverse(gaps[*i].to_x - gaps[*i].x));
    let mut kept: Vec<(u64, u64)> = Vec::new();
    for i in order {
        let (from, to) = span(&gaps[i]);
        // A short one says nothing beside a long one.
        let short = (gaps[i].to_x - gaps[i].x) * 50 < width && !kept.is_empty();
        if short || kept.iter().any(|(a, b)| from < *b && *a < to) {
            gaps[i].text.clear();
        } else {
            kept.push((from, to));
        }
    }
}

fn label(chart: &Chart, gaps: &[(u64, u64)], now: u64) -> String {
    let ceiling = chart
        .ceiling
        .iter()
        .rev()
        .find(|(t, _)| *t <= now)
        .map_or(0, |(_, c)| *c);
    let outage = gaps
        .iter()
        .filter(|(f, _)| *f <= now)
        .map(|(f, t)| (*t).min(now).saturating_sub(*f))
        .max()
        .unwrap_or(0);
    let mut text = format!("From 0 to {}, under a ceiling of {ceiling}", seconds(now));
    if outage > 0 {
        text.push_str(&format!(", with 0 available for {}", seconds(outage)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_gaps_keep_clear_of_each_other() {
        let gap = |x, to_x| GapView {
            x,
            to_x,
            text: "0 available".to_owned(),
        };
        let mut gaps = vec![gap(10, 12), gap(20, 60), gap(70, 75), gap(520, 980)];
        part_labels(&mut gaps, 1000);
        let shown: Vec<bool> = gaps.iter().map(|g| !g.text.is_empty()).collect();
        assert_eq!(shown, [false, true, false, true]);
    }
}
