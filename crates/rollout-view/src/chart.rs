//! What a walk draws: ribbons, leaving pods, limits, lives and gaps, in time and levels.

use crate::model::*;
use crate::walk::Walk;
use rollout_api::Order;
use rollout_api::SortedMap;
use rollout_api::Str;

/// A rectangle of time and levels.
#[derive(Clone, Copy)]
pub(crate) struct Rect {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) level: u32,
    pub(crate) height: u32,
    pub(crate) version: usize,
    pub(crate) kind: RibbonKind,
}

/// Everything that a walk collects.
#[derive(Default)]
pub(crate) struct Chart {
    /// What lies in the stack now, by a stable key, and since when.
    pub(crate) open: SortedMap<Slot, Rect>,
    pub(crate) done: Vec<Rect>,
    pub(crate) gone_open: SortedMap<Str, Rect>,
    pub(crate) gone: Vec<Rect>,
    pub(crate) ceiling: Vec<(u64, u32)>,
    pub(crate) floor: Vec<(u64, Option<u32>)>,
    pub(crate) lives: Vec<Life>,
    pub(crate) life_of: SortedMap<Str, usize>,
    pub(crate) gaps: Vec<(u64, u64)>,
    pub(crate) gap_from: Option<u64>,
    pub(crate) served: bool,
    pub(crate) active: Vec<u64>,
    pub(crate) tallest: u32,
    pub(crate) areas: bool,
    /// The heights of the areas, lowest first, from a time on.
    pub(crate) area_frames: Vec<(u64, Vec<Area>)>,
}

/// Version, kind and height of an area.
pub(crate) type Area = (usize, RibbonKind, u32);

/// A ribbon is one pod's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    Pod(Str),
}

pub(crate) struct Life {
    pub(crate) uid: Str,
    pub(crate) name: Str,
    pub(crate) version: usize,
    /// Since when in which state.
    pub(crate) runs: Vec<(u64, PodState)>,
    pub(crate) ended: Option<u64>,
}

/// How a state lies in the past.
pub(crate) fn kind(state: PodState) -> RibbonKind {
    match state {
        PodState::Available => RibbonKind::Filled,
        PodState::Terminating => RibbonKind::Hatched,
        s if s.is_failing() => RibbonKind::Failing,
        _ => RibbonKind::Hollow,
    }
}

impl Chart {
    /// Takes in what stands at a moment, after everything of this moment happened.
    pub(crate) fn frame(&mut self, walk: &Walk, at: u64, changed: &[Str]) {
        let mut now: Vec<(Slot, Rect)> = Vec::new();
        let total = walk.total() as u32;
        if self.areas {
            // One area per version and kind, from the counts: nobody walks all pods.
            let mut areas: SortedMap<(usize, RibbonKind), u32> = SortedMap::new();
            for ((version, state), n) in walk
                .tally
                .iter()
                .filter(|((_, s), n)| **n > 0 && *s != PodState::Terminating)
            {
                *areas.entry((*version, kind(*state))).or_insert(0) += n;
            }
            let frame: Vec<Area> = areas.into_iter().map(|((v, k), n)| (v, k, n)).collect();
            match self.area_frames.last_mut() {
                Some(last) if last.0 == at => last.1 = frame,
                Some(last) if last.1 == frame => {}
                _ => self.area_frames.push((at, frame)),
            }
        } else {
            let mut counted: Vec<(&Str, &crate::walk::Tracked)> = walk
                .pods
                .iter()
                .filter(|(_, p)| p.state != PodState::Terminating)
                .collect();
            counted.order_by_key(|(_, p)| {
                (
                    p.version,
                    p.state != PodState::Available,
                    p.object.meta.creation,
                    p.object.meta.name.clone(),
                )
            });
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
        self.tallest = self.tallest.max(total);
        let mut before = std::mem::take(&mut self.open);
        for (slot, mut rect) in now {
            if let Some(old) = before.remove(&slot) {
                if (old.level, old.height, old.kind) == (rect.level, rect.height, rect.kind) {
                    rect.from = old.from;
                } else if old.from < at {
                    self.done.push(Rect { to: at, ..old });
                }
            }
            self.open.insert(slot, rect);
        }
        self.done.extend(
            before
                .into_values()
                .filter(|old| old.from < at)
                .map(|old| Rect { to: at, ..old }),
        );
        self.frame_gone(walk, at);
        self.frame_lives(walk, at, changed);
        self.frame_limits(walk, at);
    }

    pub(crate) fn frame_gone(&mut self, walk: &Walk, at: u64) {
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
        new.order_by_key(|(_, p)| (p.version, p.object.meta.name.clone()));
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

    pub(crate) fn frame_lives(&mut self, walk: &Walk, at: u64, changed: &[Str]) {
        let mut pods: Vec<_> = changed
            .iter()
            .filter_map(|uid| walk.pods.get(uid).map(|p| (uid, p)))
            .collect();
        pods.order_by_key(|(_, p)| {
            (
                p.object.meta.creation,
                p.version,
                p.object.meta.name.clone(),
            )
        });
        for (uid, p) in pods {
            let index = *self.life_of.entry(uid.clone()).or_insert_with(|| {
                let name = p.object.meta.name.clone();
                self.lives.push(Life {
                    uid: uid.clone(),
                    name,
                    version: p.version,
                    runs: Vec::new(),
                    ended: None,
                });
                self.lives.len() - 1
            });
            let runs = &mut self.lives[index].runs;
            if runs.last().is_none_or(|last| last.1 != p.state) {
                runs.push((at, p.state));
            }
        }
        for uid in changed.iter().filter(|uid| !walk.pods.contains_key(*uid)) {
            if let Some(i) = self.life_of.remove(uid) {
                self.lives[i].ended = Some(at);
            }
        }
    }

    pub(crate) fn frame_limits(&mut self, walk: &Walk, at: u64) {
        let limits = walk.limits();
        let ceiling = limits.map_or(0, |l| l.ceiling() as u32);
        let floor = limits.filter(|l| l.rolling).map(|l| l.floor() as u32);
        if self.ceiling.last().is_none_or(|(_, c)| *c != ceiling) {
            self.ceiling.retain(|(t, _)| *t < at);
            self.ceiling.push((at, ceiling));
        }
        if self.floor.last().is_none_or(|(_, f)| *f != floor) {
            self.floor.retain(|(t, _)| *t < at);
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

    /// The areas until an end, as rectangles: of the frames in one column the last one is drawn.
    pub(crate) fn area_rects(&self, end: u64, column: &dyn Fn(u64) -> u64) -> Vec<Rect> {
        let mut open: Vec<Rect> = Vec::new();
        let mut done: Vec<Rect> = Vec::new();
        for (i, (at, frame)) in self.area_frames.iter().enumerate() {
            let next = self.area_frames.get(i + 1).map(|f| column(f.0));
            if next == Some(column(*at)) {
                continue;
            }
            let mut now: Vec<Rect> = Vec::new();
            let mut level = 0;
            for (version, kind, height) in frame {
                let rect = Rect {
                    from: *at,
                    to: *at,
                    level,
                    height: *height,
                    version: *version,
                    kind: *kind,
                };
                level += height;
                let same = |r: &Rect| {
                    (r.version, r.kind, r.level, r.height)
                        == (rect.version, rect.kind, rect.level, rect.height)
                };
                match open.iter().position(same) {
                    Some(k) => now.push(open.remove(k)),
                    None => now.push(rect),
                }
            }
            done.extend(open.drain(..).map(|r| Rect { to: *at, ..r }));
            open = now;
        }
        done.extend(open.into_iter().map(|r| Rect { to: end, ..r }));
        done.retain(|r| r.to > r.from);
        done
    }

    /// All rectangles until an end.
    pub(crate) fn rects(&self, end: u64) -> Vec<Rect> {
        self.done
            .iter()
            .copied()
            .chain(self.open.values().map(|r| Rect { to: end, ..*r }))
            .collect()
    }
    pub(crate) fn gone_rects(&self, end: u64) -> Vec<Rect> {
        self.gone
            .iter()
            .copied()
            .chain(self.gone_open.values().map(|r| Rect { to: end, ..*r }))
            .collect()
    }
    pub(crate) fn all_gaps(&self, end: u64) -> Vec<(u64, u64)> {
        self.gaps
            .iter()
            .copied()
            .chain(self.gap_from.map(|from| (from, end)))
            .collect()
    }
}
