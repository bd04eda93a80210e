//! The past: ribbons, limits, notes, flags and life lines of one Deployment, in data units.

use crate::catalogue::seconds;
use crate::cluster::tag;
use crate::explain;
use crate::model::*;
use crate::walk::Walk;
use rollout_api::{Kind, ObjectKey, Str};
use rollout_session::{Action, Session, Step};
use std::collections::BTreeMap;

/// Idle times longer than this are cut.
const CUT_ABOVE_MS: u64 = 30_000;
/// What is left of a cut, on each side.
const CUT_KEEPS_MS: u64 = 1_500;
/// The width of the gap in units of x.
const CUT_WIDTH: u64 = 600;
/// Above so many pods ribbons are areas.
pub const AREAS_ABOVE: u32 = 60;
/// Above so many pods no life lines are drawn.
const LIVES_UP_TO: usize = 120;
/// Rows of life lines that are thick.
const THICK_LIVES: usize = 24;

/// A rectangle of time and levels.
#[derive(Clone, Copy)]
struct Rect {
    from: u64,
    to: u64,
    level: u32,
    height: u32,
    version: usize,
    kind: RibbonKind,
}

/// Everything that a walk collects.
struct Chart {
    /// What lies in the stack now, by a stable key, and since when.
    open: BTreeMap<Slot, Rect>,
    done: Vec<Rect>,
    gone_open: BTreeMap<Str, Rect>,
    gone: Vec<Rect>,
    ceiling: Vec<(u64, u32)>,
    floor: Vec<(u64, Option<u32>)>,
    lives: Vec<Life>,
    life_of: BTreeMap<Str, usize>,
    gaps: Vec<(u64, u64)>,
    gap_from: Option<u64>,
    served: bool,
    active: Vec<u64>,
    tallest: u32,
    areas: bool,
}

/// A ribbon is one pod's, an area is one version's and kind's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Pod(Str),
    Area(usize, RibbonKind),
}

struct Life {
    uid: Str,
    name: Str,
    version: usize,
    runs: Vec<(u64, u64, PodState)>,
}

/// How a state lies in the past.
fn kind(state: PodState) -> RibbonKind {
    match state {
        PodState::Available => RibbonKind::Filled,
        PodState::Terminating => RibbonKind::Hatched,
        s if s.is_failing() => RibbonKind::Failing,
        _ => RibbonKind::Hollow,
    }
}

impl Chart {
    /// Takes in what stands at a moment, after everything of this moment happened.
    fn frame(&mut self, walk: &Walk, at: u64) {
        let mut counted: Vec<(&Str, &crate::walk::Tracked)> = walk
            .pods
            .iter()
            .filter(|(_, p)| p.state != PodState::Terminating)
            .collect();
        counted.sort_by_key(|(_, p)| {
            (
                p.version,
                p.state != PodState::Available,
                p.object.meta.creation,
                p.object.meta.name.clone(),
            )
        });
        let mut now: Vec<(Slot, Rect)> = Vec::new();
        if self.areas {
            for (level, (_, p)) in counted.iter().enumerate() {
                let (level, k) = (level as u32, kind(p.state));
                match now.last_mut() {
                    Some((Slot::Area(v, last), rect)) if *v == p.version && *last == k => {
                        rect.height += 1
                    }
                    _ => now.push((
                        Slot::Area(p.version, k),
                        Rect {
                            from: at,
                            to: at,
                            level,
                            height: 1,
                            version: p.version,
                            kind: k,
                        },
                    )),
                }
            }
        } else {
            for (level, (uid, p)) in counted.iter().enumerate() {
                let rect = Rect {
                    from: at,
                    to: at,
                    level: level as u32,
                    height: 1,
                    version: p.version,
                    kind: kind(p.state),
                };
                now.push((Slot::Pod((*uid).clone()), rect));
            }
        }
        self.tallest = self.tallest.max(counted.len() as u32);
        let mut before = std::mem::take(&mut self.open);
        for (slot, mut rect) in now {
            if let Some(old) = before.remove(&slot) {
                if (old.level, old.height, old.kind) == (rect.level, rect.height, rect.kind) {
                    rect.from = old.from;
                } else {
                    self.done.push(Rect { to: at, ..old });
                }
            }
            self.open.insert(slot, rect);
        }
        self.done
            .extend(before.into_values().map(|old| Rect { to: at, ..old }));
        self.frame_gone(walk, at);
        self.frame_lives(walk, at);
        self.frame_limits(walk, at);
    }

    fn frame_gone(&mut self, walk: &Walk, at: u64) {
        let leaving = |uid: &Str| {
            walk.pods
                .get(uid)
                .is_some_and(|p| p.state == PodState::Terminating)
        };
        let ended: Vec<Str> = self
            .gone_open
            .keys()
            .filter(|uid| !leaving(uid))
            .cloned()
            .collect();
        for uid in ended {
            self.gone
                .extend(self.gone_open.remove(&uid).map(|r| Rect { to: at, ..r }));
        }
        let mut new: Vec<_> = walk
            .pods
            .iter()
            .filter(|(uid, p)| {
                p.state == PodState::Terminating && !self.gone_open.contains_key(*uid)
            })
            .collect();
        new.sort_by_key(|(_, p)| (p.version, p.object.meta.name.clone()));
        for (uid, p) in new {
            let mut row = 0;
            while self.gone_open.values().any(|r| r.level == row) {
                row += 1;
            }
            let rect = Rect {
                from: at,
                to: at,
                level: row,
                height: 1,
                version: p.version,
                kind: RibbonKind::Hatched,
            };
            self.gone_open.insert(uid.clone(), rect);
        }
    }

    fn frame_lives(&mut self, walk: &Walk, at: u64) {
        let mut pods: Vec<_> = walk.pods.iter().collect();
        pods.sort_by_key(|(_, p)| {
            (
                p.object.meta.creation,
                p.version,
                p.object.meta.name.clone(),
            )
        });
        for (uid, p) in pods {
            let index = match self.life_of.get(uid) {
                Some(i) => *i,
                None => {
                    let life = Life {
                        uid: uid.clone(),
                        name: p.object.meta.name.clone(),
                        version: p.version,
                        runs: Vec::new(),
                    };
                    self.lives.push(life);
                    self.life_of.insert(uid.clone(), self.lives.len() - 1);
                    self.lives.len() - 1
                }
            };
            let runs = &mut self.lives[index].runs;
            match runs.last_mut() {
                Some(last) if last.2 == p.state => last.1 = at,
                Some(last) => {
                    last.1 = at;
                    runs.push((at, at, p.state));
                }
                None => runs.push((at, at, p.state)),
            }
        }
        let gone: Vec<Str> = self
            .life_of
            .keys()
            .filter(|uid| !walk.pods.contains_key(*uid))
            .cloned()
            .collect();
        for uid in gone {
            if let Some(i) = self.life_of.remove(&uid)
                && let Some(last) = self.lives[i].runs.last_mut()
            {
                last.1 = at;
            }
        }
    }

    fn frame_limits(&mut self, walk: &Walk, at: u64) {
        let limits = walk.limits();
        let ceiling = limits.map_or(0, |l| l.ceiling() as u32);
        let floor = limits.filter(|l| l.rolling).map(|l| l.floor() as u32);
        if self.ceiling.last().is_none_or(|(_, c)| *c != ceiling) {
            self.ceiling.push((at, ceiling));
        }
        if self.floor.last().is_none_or(|(_, f)| *f != floor) {
            self.floor.push((at, floor));
        }
        self.tallest = self.tallest.max(ceiling);
        let available = walk.available();
        match (available, self.gap_from) {
            (0, None) if self.served && walk.deployment.is_some() => self.gap_from = Some(at),
            (1.., Some(from)) => {
                self.gaps.push((from, at));
                self.gap_from = None;
            }
            _ => {}
        }
        self.served |= available > 0;
    }

    fn close(&mut self, at: u64) {
        self.done.extend(
            std::mem::take(&mut self.open)
                .into_values()
                .map(|r| Rect { to: at, ..r }),
        );
        self.gone.extend(
            std::mem::take(&mut self.gone_open)
                .into_values()
                .map(|r| Rect { to: at, ..r }),
        );
        for i in self.life_of.values() {
            if let Some(last) = self.lives[*i].runs.last_mut() {
                last.1 = at;
            }
        }
        if let Some(from) = self.gap_from.take() {
            self.gaps.push((from, at));
        }
    }
}

/// What the walk found: the drawing and the height that it needs.
pub struct Drawn {
    /// The past.
    pub past: PastView,
    /// Life lines.
    pub lives: LivesView,
    /// Highest stack or limit.
    pub tallest: u32,
    /// The marks of the timeline.
    pub marks: Vec<MarkView>,
}

/// Draws the past of a Deployment: everything that was recorded, also ahead of the cursor.
pub fn draw(session: &Session, key: Option<&ObjectKey>) -> Drawn {
    let end = session.recorded_ms().max(1);
    let Some(key) = key else {
        return empty(session, end);
    };
    let mut walk = Walk::start(session, key);
    let most = most_pods(session, key);
    let mut chart = Chart {
        open: BTreeMap::new(),
        done: Vec::new(),
        gone_open: BTreeMap::new(),
        gone: Vec::new(),
        ceiling: Vec::new(),
        floor: Vec::new(),
        lives: Vec::new(),
        life_of: BTreeMap::new(),
        gaps: Vec::new(),
        gap_from: None,
        served: false,
        active: vec![0],
        tallest: 1,
        areas: most > AREAS_ABOVE,
    };
    chart.frame(&walk, 0);
    let steps = session.steps();
    let mut pending = false;
    for (i, step) in steps.iter().enumerate() {
        pending |= walk.apply(step, session.wall_ms_at(step.at)) || step.action.is_some();
        let last_of_instant = steps.get(i + 1).is_none_or(|next| next.at != step.at);
        if pending && last_of_instant {
            chart.frame(&walk, step.at);
            chart.active.push(step.at);
            pending = false;
        }
    }
    chart.close(end);
    chart.active.push(session.at());
    chart.active.push(end);
    chart.active.sort_unstable();
    finish(session, key, chart, &walk, end)
}

/// The largest number of counted pods, roughly: the sizes of the sets.
fn most_pods(session: &Session, key: &ObjectKey) -> u32 {
    let mut walk = Walk::start(session, key);
    let mut most = walk.sets.values().map(|s| s.size).sum::<i64>();
    for step in session.steps() {
        if step
            .record
            .changes
            .iter()
            .any(|c| c.key.kind == Kind::REPLICA_SET)
        {
            walk.apply(step, session.wall_ms_at(step.at));
            most = most.max(walk.sets.values().map(|s| s.size).sum());
        } else if step
            .record
            .changes
            .iter()
            .any(|c| c.key.kind == Kind::DEPLOYMENT)
        {
            walk.apply(step, session.wall_ms_at(step.at));
        }
    }
    u32::try_from(most).unwrap_or(u32::MAX)
}

/// Which time stands where: idle times are cut.
fn segments(active: &[u64]) -> (Vec<TimeSegment>, Vec<CutView>) {
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

fn empty(session: &Session, end: u64) -> Drawn {
    let (segments, cuts) = segments(&[0, end]);
    let width = segments
        .last()
        .map_or(1, |s| s.x + s.to_ms - s.from_ms)
        .max(1);
    let mut past = PastView {
        segments,
        width,
        now_x: 0,
        ribbons: Vec::new(),
        gone: Vec::new(),
        gone_rows: 1,
        ceiling: Vec::new(),
        floor: Vec::new(),
        notes: Vec::new(),
        flags: Vec::new(),
        cuts,
        ticks: Vec::new(),
        gaps: Vec::new(),
        captions: Vec::new(),
        areas: false,
        label: "Nothing happened yet".to_owned(),
    };
    past.now_x = past.x_at(session.at());
    past.ticks = ticks(&past);
    let marks = marks(session, &past, None, &mut Vec::new());
    Drawn {
        past,
        lives: LivesView {
            rows: Vec::new(),
            thin: false,
        },
        tallest: 1,
        marks,
    }
}

fn finish(session: &Session, key: &ObjectKey, chart: Chart, walk: &Walk, end: u64) -> Drawn {
    let (segments, cuts) = segments(&chart.active);
    let width = segments
        .last()
        .map_or(1, |s| s.x + s.to_ms - s.from_ms)
        .max(1);
    let mut past = PastView {
        segments,
        width,
        now_x: 0,
        ribbons: Vec::new(),
        gone: Vec::new(),
        gone_rows: chart.gone.iter().map(|r| r.level + 1).max().unwrap_or(1),
        ceiling: Vec::new(),
        floor: Vec::new(),
        notes: Vec::new(),
        flags: Vec::new(),
        cuts,
        ticks: Vec::new(),
        gaps: Vec::new(),
        captions: Vec::new(),
        areas: chart.areas,
        label: String::new(),
    };
    let at = session.at();
    past.now_x = past.x_at(at);
    past.ribbons = chart
        .done
        .iter()
        .flat_map(|r| ribbons(&past, r, at))
        .collect();
    past.gone = chart
        .gone
        .iter()
        .flat_map(|r| ribbons(&past, r, at))
        .collect();
    past.ceiling = runs(
        &past,
        chart
            .ceiling
            .iter()
            .map(|(t, l)| (*t, Some(*l).filter(|l| *l > 0)))
            .collect(),
        end,
    );
    past.floor = runs(&past, chart.floor.clone(), end);
    past.gaps = chart
        .gaps
        .iter()
        .filter(|(from, to)| to > from && *from <= at)
        .map(|(from, to)| {
            let to = (*to).min(at.max(*from));
            GapView {
                x: past.x_at(*from),
                to_x: past.x_at(to),
                text: format!("0 available for {}", seconds(to - from)),
            }
        })
        .collect();
    past.captions = captions(&past, &chart.done, session, key, walk);
    let rows = if chart.lives.len() > LIVES_UP_TO {
        Vec::new()
    } else {
        lives(&past, &chart.lives, at)
    };
    let lives = LivesView {
        thin: rows.len() > THICK_LIVES,
        rows,
    };
    let mut notes = Vec::new();
    let marks = marks(session, &past, Some(key), &mut notes);
    past.notes = notes;
    past.flags = flags(session, &past);
    past.ticks = ticks(&past);
    past.label = label(&chart, at);
    Drawn {
        past,
        lives,
        tallest: chart.tallest,
        marks,
    }
}

/// A rectangle as ribbons: cut at now, so that what is ahead can lie under a veil.
fn ribbons(past: &PastView, r: &Rect, now: u64) -> Vec<Ribbon> {
    let part = |from: u64, to: u64, ahead: bool| {
        let (x, to_x) = (past.x_at(from), past.x_at(to));
        Ribbon {
            x,
            width: to_x - x,
            level: r.level,
            height: r.height,
            version: tag(r.version),
            kind: r.kind,
            ahead,
        }
    };
    let mut out = Vec::new();
    if r.from < now {
        out.push(part(r.from, r.to.min(now), false));
    }
    if r.to > now {
        out.push(part(r.from.max(now), r.to, true));
    }
    out.retain(|r| r.width > 0);
    out
}

fn runs(past: &PastView, steps: Vec<(u64, Option<u32>)>, end: u64) -> Vec<LimitRun> {
    let ends = steps.iter().skip(1).map(|(t, _)| *t).chain([end]);
    steps
        .iter()
        .zip(ends)
        .filter_map(|((from, level), to)| {
            Some(LimitRun {
                x: past.x_at(*from),
                to_x: past.x_at(to),
                level: (*level)?,
            })
        })
        .filter(|r| r.to_x > r.x)
        .collect()
}

fn lives(past: &PastView, lives: &[Life], now: u64) -> Vec<LifeView> {
    lives
        .iter()
        .rev()
        .filter_map(|life| {
            let runs: Vec<LifeRun> = life
                .runs
                .iter()
                .filter(|(from, ..)| *from <= now)
                .map(|(from, to, state)| LifeRun {
                    x: past.x_at(*from),
                    to_x: past.x_at((*to).min(now)),
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
fn captions(
    past: &PastView,
    rects: &[Rect],
    session: &Session,
    key: &ObjectKey,
    walk: &Walk,
) -> Vec<CaptionView> {
    let now = session.at();
    let mut best: BTreeMap<usize, (u64, CaptionView)> = BTreeMap::new();
    let names = images_by_version(session, key, walk);
    // Rectangles of one version that begin together are read as one band.
    let mut bands: BTreeMap<(usize, u64, RibbonKind), (u64, u32, u32)> = BTreeMap::new();
    for r in rects.iter().filter(|r| r.from < now) {
        let to = r.to.min(now);
        let band =
            bands
                .entry((r.version, r.from, r.kind))
                .or_insert((to, r.level, r.level + r.height));
        band.0 = band.0.min(to);
        band.1 = band.1.min(r.level);
        band.2 = band.2.max(r.level + r.height);
    }
    for ((version, from, kind), (to, low, high)) in bands {
        let (x, to_x) = (past.x_at(from), past.x_at(to));
        let area = (to_x - x) * u64::from(high - low);
        if best.get(&version).is_some_and(|(a, _)| *a >= area) || area == 0 {
            continue;
        }
        let Some(image) = names.get(&version) else {
            continue;
        };
        let text = match kind {
            RibbonKind::Hollow => format!("{image}, starting"),
            RibbonKind::Failing => format!("{image}, failing"),
            RibbonKind::Filled | RibbonKind::Hatched => image.clone(),
        };
        let caption = CaptionView {
            x,
            level_tenths: (low + high) * 5,
            version: tag(version),
            text,
        };
        best.insert(version, (area, caption));
    }
    best.into_values().map(|(_, c)| c).collect()
}

/// Short image names by letter, of all sets that were ever seen.
fn images_by_version(session: &Session, key: &ObjectKey, walk: &Walk) -> BTreeMap<usize, String> {
    let mut names = BTreeMap::new();
    let mut see = |o: &rollout_engine::Object| {
        if walk.sets.contains_key(&o.meta.uid) {
            let image =
                crate::scene::short_image(o.value.str_at("spec.template.spec.containers.0.image"));
            names.insert(walk.versions.of(&o.meta.uid), image);
        }
    };
    session
        .base_store()
        .list_in(Kind::REPLICA_SET, &key.namespace)
        .for_each(|o| see(o));
    for change in session.steps().iter().flat_map(|s| &s.record.changes) {
        if let (Kind::REPLICA_SET, None, Some(after)) =
            (change.key.kind, &change.before, &change.after)
        {
            see(after);
        }
    }
    names
}

/// Where a step stands to the cursor.
fn when(position: usize, cursor: usize, current: Option<usize>) -> When {
    if Some(position) == current {
        When::Current
    } else if position <= cursor {
        When::Past
    } else {
        When::Ahead
    }
}

/// Marks of the whole timeline; the notes of the focus on the way.
fn marks(
    session: &Session,
    past: &PastView,
    key: Option<&ObjectKey>,
    notes: &mut Vec<NoteView>,
) -> Vec<MarkView> {
    let cursor = session.position();
    let mut walk = key.map(|k| Walk::start(session, k));
    let steps = session.steps();
    let is_mark = |s: &Step| s.is_write() || s.action.is_some() || rollout_session::is_decision(s);
    let current = steps[..cursor]
        .iter()
        .rposition(|s| is_mark(s))
        .map(|i| i + 1);
    let current_note = steps[..cursor]
        .iter()
        .rposition(|s| s.is_write())
        .map(|i| i + 1);
    let mut out = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let position = i + 1;
        if let Some(walk) = &mut walk
            && step
                .record
                .changes
                .iter()
                .any(|c| matches!(c.key.kind, Kind::DEPLOYMENT | Kind::REPLICA_SET))
        {
            walk.apply(step, session.wall_ms_at(step.at));
        }
        if !is_mark(step) {
            continue;
        }
        let x = past.x_at(step.at);
        let sentence = explain::step_sentence(session, step, key);
        let kind = if step.is_write() {
            MarkKind::Decision
        } else if step.action.is_some() {
            MarkKind::Action
        } else {
            MarkKind::Milestone
        };
        let name = format!("{}. {sentence}", seconds(step.at));
        out.push(MarkView {
            step: position,
            at_ms: step.at,
            x,
            kind,
            name,
            when: when(position, cursor, current),
        });
        let Some(walk) = &walk else { continue };
        for change in step.record.changes.iter().filter(|_| step.is_write()) {
            let size = |o: &Option<std::rc::Rc<rollout_engine::Object>>| {
                o.as_ref()
                    .and_then(|o| o.replica_set())
                    .map_or(0, |r| i64::from(r.replicas))
            };
            let Some(set) = change
                .after
                .as_ref()
                .and_then(|o| walk.sets.get(&o.meta.uid))
            else {
                continue;
            };
            if change.key.kind != Kind::REPLICA_SET {
                continue;
            }
            let delta = size(&change.after) - size(&change.before);
            notes.push(NoteView {
                step: position,
                at_ms: step.at,
                x,
                text: if delta < 0 {
                    format!("−{}", -delta)
                } else {
                    format!("+{delta}")
                },
                version: tag(set.version),
                sentence: sentence.clone(),
                when: when(position, cursor, current_note),
            });
        }
    }
    if let Some(fork) = session.branch().parent.map(|_| session.branch().fork_at) {
        let name = format!("{}. {} begins", seconds(fork), session.branch().name);
        let step = session.branch().fork_step;
        let mark = MarkView {
            step,
            at_ms: fork,
            x: past.x_at(fork),
            kind: MarkKind::Branch,
            name,
            when: when(step, cursor, None),
        };
        let place = out.partition_point(|m| (m.at_ms, m.step) <= (fork, step));
        out.insert(place, mark);
    }
    out
}

fn flags(session: &Session, past: &PastView) -> Vec<FlagView> {
    let cursor = session.position();
    let last = session.steps()[..cursor]
        .iter()
        .rposition(|s| s.action.is_some())
        .map(|i| i + 1);
    let mut out: Vec<FlagView> = Vec::new();
    let mut seen: Option<&std::rc::Rc<rollout_session::LogEntry>> = None;
    for (i, step) in session.steps().iter().enumerate() {
        let Some(entry) = &step.action else { continue };
        if seen.is_some_and(|s| std::rc::Rc::ptr_eq(s, entry)) {
            continue;
        }
        seen = Some(entry);
        let text = action_words(&entry.action);
        out.push(FlagView {
            step: i + 1,
            at_ms: step.at,
            x: past.x_at(step.at),
            text,
            when: when(i + 1, cursor, last),
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
        Action::Line(line) => {
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

/// Ticks at round times: as few as reach from five to nine.
fn ticks(past: &PastView) -> Vec<TickView> {
    const STEPS: [u64; 14] = [
        500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
        1_800_000, 3_600_000, 7_200_000,
    ];
    let drawn: u64 = past.segments.iter().map(|s| s.to_ms - s.from_ms).sum();
    let step = STEPS
        .into_iter()
        .find(|s| drawn / s <= 8)
        .unwrap_or(14_400_000);
    let mut out = Vec::new();
    for s in &past.segments {
        let first = s.from_ms.div_ceil(step) * step;
        let times = (0..20)
            .map(|i| first + i * step)
            .take_while(|t| *t <= s.to_ms);
        out.extend(times.map(|t| TickView {
            x: past.x_at(t),
            text: if t == 0 { "0".to_owned() } else { seconds(t) },
        }));
    }
    out
}

fn label(chart: &Chart, now: u64) -> String {
    let before = |t: &u64| *t <= now;
    let ceiling = chart
        .ceiling
        .iter()
        .rev()
        .find(|(t, _)| before(t))
        .map_or(0, |(_, c)| *c);
    let outage: u64 = chart
        .gaps
        .iter()
        .filter(|(f, _)| before(f))
        .map(|(f, t)| (*t).min(now).saturating_sub(*f))
        .max()
        .unwrap_or(0);
    let mut text = format!("From 0 to {}, under a ceiling of {ceiling}", seconds(now));
    if outage > 0 {
        text.push_str(&format!(", with 0 available for {}", seconds(outage)));
    }
    text
}
