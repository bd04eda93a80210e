//! The instrument of time: what is open, where the window stands, what was asked and foretold.

use super::Playground;
use super::msg::Msg;
use crate::interop::page;
use crate::ui::Shared;
use gloo::render::AnimationFrame;
use rollout_api::ObjectKey;
use rollout_view::timeline::{moment, neighbour, place_at, time_at, timeline, timeline_rows};
use rollout_view::{
    AnswerView, GhostView, Lane, MomentView, Prediction, Question, Span, TextRow, TimelineView,
    explain, ghost, judge,
};
use std::rc::Rc;
use yew::prelude::*;

/// Lines of the timeline's text.
const TEXT_ROWS: usize = 120;
/// The narrowest window, in units of the axis.
const NARROWEST: u64 = 40;
/// A moment is read out within so many parts of the window.
const READ: u64 = 160;

/// What a learner asks about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    NotFinished,
    /// By unique id.
    NotAvailable(String),
    Chosen(String),
}

/// A prediction on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Foretold {
    /// Which pods, instead of how many.
    pub pods: bool,
    pub old: i64,
    pub new: i64,
    /// Names of the pods that were chosen.
    pub names: Vec<String>,
    /// What comes, found when the question was asked. Nothing on the page shows it.
    ghost: Rc<GhostView>,
    /// Right or wrong, with the numbers.
    pub verdict: Option<(bool, Vec<Span>)>,
}

/// Messages of the instrument.
#[derive(Clone, PartialEq, Debug)]
pub enum TimeMsg {
    Toggle,
    ToggleText,
    /// Wider or narrower, in per cent, around a place in thousandths of the window.
    Zoom(u32, u32),
    /// To the side, in thousandths of the window.
    Pan(i32),
    Whole,
    /// The window from the beginning to the end of the loop, or around the cursor.
    DragTo(u32),
    DragFrame,
    Hover(Option<u32>),
    Kind(Option<Lane>),
    Next,
    Previous,
    LoopFrom,
    LoopTo,
    LoopOff,
    PickSet(Option<String>),
    Ask(Asked),
    Ghost,
    Foretell(bool),
    Say(i64, i64),
    SayPod(String),
    LockIn,
    LetGo,
    Renaming(Option<usize>),
    Rename(usize, String),
    Delete(usize),
    DeleteSurely(usize),
    ToLine(usize),
}

/// Branch, steps, end, key, window.
type MadeOf = (usize, usize, u64, ObjectKey, Option<(u64, u64)>);

/// The state of the instrument.
#[derive(Default)]
pub struct Instrument {
    pub open: bool,
    pub text: bool,
    window: Option<(u64, u64)>,
    pub view: Option<Shared<TimelineView>>,
    /// What the view was made of.
    made_of: Option<MadeOf>,
    pub here: Option<Rc<MomentView>>,
    pub hover: Option<Rc<MomentView>>,
    pub rows: Rc<Vec<TextRow>>,
    pub lane: Option<Lane>,
    /// Playing turns back from the second time to the first.
    pub round: Option<(u64, Option<u64>)>,
    wanted: Option<u32>,
    drag: Option<AnimationFrame>,
    pub asked: Option<Asked>,
    pub answer: Option<Rc<AnswerView>>,
    pub ghost_open: bool,
    pub ghost: Option<Rc<GhostView>>,
    pub foretold: Option<Rc<Foretold>>,
    pub renaming: Option<usize>,
}

impl Instrument {
    /// For another session: only what is open stays open.
    pub fn start_again(&mut self) {
        *self = Instrument {
            open: self.open,
            text: self.text,
            ..Instrument::default()
        };
    }
    /// A prediction is open: nothing on the page may contain its answer.
    pub fn predicting(&self) -> bool {
        self.foretold.as_ref().is_some_and(|f| f.verdict.is_none())
    }
}

/// The Deployment that is shown.
pub(super) fn key(p: &Playground) -> Option<ObjectKey> {
    let focus = p.focus.as_ref().map(|(ns, n)| (ns.as_str(), n.as_str()));
    rollout_view::shown_key(&p.session, focus)
}

/// Makes what the instrument shows again. The drawing itself is made again only when the record or the window changed.
pub fn refresh(p: &mut Playground) {
    let Some(key) = key(p) else {
        let i = &mut p.instrument;
        (i.view, i.made_of, i.here, i.answer, i.ghost) = (None, None, None, None, None);
        return;
    };
    let i = &p.instrument;
    if i.open {
        let made_of = (
            p.session.current_branch(),
            p.session.steps().len(),
            p.session.recorded_ms(),
            key.clone(),
            i.window,
        );
        if i.made_of.as_ref() != Some(&made_of) {
            let view = timeline(&p.session, &key, i.window);
            p.instrument.view = Some(Shared::from(view));
            p.instrument.made_of = Some(made_of);
        }
        let near = near(&p.instrument);
        p.instrument.here = Some(Rc::new(moment(&p.session, &key, p.session.at(), near)));
        if p.instrument.text {
            let lanes = match p.instrument.lane {
                Some(lane) => vec![lane],
                None => Lane::ALL.to_vec(),
            };
            p.instrument.rows = Rc::new(timeline_rows(&p.session, &key, &lanes, TEXT_ROWS));
        }
    }
    let i = &p.instrument;
    if i.asked.is_none() && !i.ghost_open {
        (p.instrument.answer, p.instrument.ghost) = (None, None);
        return;
    }
    let rollout = explain::rollout_at_cursor(&p.session, &key);
    let answer = rollout.as_ref().zip(i.asked.as_ref()).and_then(|(r, q)| {
        let question = match q {
            Asked::NotFinished => Question::NotFinished,
            Asked::NotAvailable(uid) => Question::NotAvailable(uid),
            Asked::Chosen(uid) => Question::Chosen(uid),
        };
        explain::answer(&p.session, r, question)
    });
    let next = rollout
        .as_ref()
        .filter(|_| i.ghost_open)
        .and_then(|r| ghost(&p.session, &key, r));
    p.instrument.answer = answer.map(Rc::new);
    p.instrument.ghost = next.map(Rc::new);
}

/// Within how many milliseconds something is read out.
fn near(i: &Instrument) -> u64 {
    i.view
        .as_ref()
        .map_or(10, |v| (v.0.to_x - v.0.from_x) / READ)
        .max(1)
}

/// Does a message have to wait for an answer? Then the page says so.
pub fn must_wait(p: &Playground, msg: &Msg) -> bool {
    p.instrument.predicting()
        && matches!(
            msg,
            Msg::Step
                | Msg::PlayPause
                | Msg::NextMark
                | Msg::SkipWaiting
                | Msg::ToEnd
                | Msg::Time(TimeMsg::Next | TimeMsg::Ghost)
        )
}

/// Handles a message of the instrument. Answers whether the view of the page must be made again.
pub fn update(p: &mut Playground, msg: TimeMsg) -> bool {
    match msg {
        TimeMsg::Toggle => {
            p.instrument.open = !p.instrument.open;
            p.instrument.made_of = None;
            refresh(p);
        }
        TimeMsg::ToggleText => {
            p.sight = Some("tl-list");
            p.instrument.text = !p.instrument.text;
            refresh(p);
        }
        TimeMsg::Zoom(percent, at) => zoom(p, percent, at),
        TimeMsg::Pan(by) => pan(p, by),
        TimeMsg::Whole => set_window(p, None),
        TimeMsg::DragTo(at) => {
            // Several moves within one frame are one seek.
            p.instrument.wanted = Some(at);
            p.stop();
            if p.instrument.drag.is_none() {
                let dispatch = p.dispatch.clone();
                p.instrument.drag = Some(gloo::render::request_animation_frame(move |_| {
                    dispatch.emit(Msg::Time(TimeMsg::DragFrame));
                }));
            }
        }
        TimeMsg::DragFrame => {
            p.instrument.drag = None;
            if let (Some(at), Some(view)) = (p.instrument.wanted.take(), p.instrument.view.clone())
            {
                let x = view.0.from_x + (view.0.to_x - view.0.from_x) * u64::from(at) / 10_000;
                p.session.seek_time(time_at(&view.0.segments, x));
                (p.jump, p.sought) = (true, true);
                return true;
            }
        }
        TimeMsg::Hover(at) => hover(p, at),
        TimeMsg::Kind(lane) => {
            p.instrument.lane = lane;
            refresh(p);
        }
        TimeMsg::Next | TimeMsg::Previous => return walk(p, msg == TimeMsg::Next),
        TimeMsg::LoopFrom => {
            let at = p.session.at();
            let end = p.instrument.round.and_then(|(_, to)| to);
            p.instrument.round = Some((at, end.filter(|e| *e > at)));
        }
        TimeMsg::LoopTo => {
            let at = p.session.at();
            let from = p.instrument.round.map_or(0, |(from, _)| from);
            if at > from {
                p.instrument.round = Some((from, Some(at)));
            } else {
                p.note("The loop must end after it begins.");
            }
        }
        TimeMsg::LoopOff => p.instrument.round = None,
        TimeMsg::PickSet(set) => p.picked_set = set.map(AttrValue::from),
        TimeMsg::Ask(asked) => {
            p.instrument.asked = (p.instrument.asked.as_ref() != Some(&asked)).then_some(asked);
            p.tab = "why";
            p.sight = Some("ask-answer");
            refresh(p);
        }
        TimeMsg::Ghost => {
            p.instrument.ghost_open = !p.instrument.ghost_open;
            p.tab = "why";
            p.sight = Some("ask-ghost");
            refresh(p);
            if p.instrument.ghost_open && p.instrument.ghost.is_none() {
                p.instrument.ghost_open = false;
                p.note("No decision comes within an hour: nothing is left to do, or only you can end the wait.");
            }
        }
        TimeMsg::Foretell(pods) => foretell(p, pods),
        TimeMsg::Say(old, new) => change(p, |f| {
            f.old = old.clamp(0, 100_000);
            f.new = new.clamp(0, 100_000);
        }),
        TimeMsg::SayPod(name) => change(p, |f| match f.names.iter().position(|n| *n == name) {
            Some(i) => drop(f.names.remove(i)),
            None => f.names.push(name),
        }),
        TimeMsg::LockIn => return lock_in(p),
        TimeMsg::LetGo => p.instrument.foretold = None,
        TimeMsg::Renaming(index) => p.instrument.renaming = index,
        TimeMsg::Rename(index, name) => {
            if p.session.rename_branch(index, &name) {
                p.instrument.renaming = None;
            } else {
                p.note("A branch needs a name of its own, of at most 40 characters.");
            }
            return true;
        }
        TimeMsg::Delete(index) => {
            if let Some(branch) = p.session.branches().get(index) {
                p.notice = Some(super::Notice {
                    error: false,
                    text: format!(
                        "Delete {}? Its {} steps and what you did there are gone then; branches that left it stay.",
                        branch.name,
                        branch.timeline.len()
                    ),
                    confirm: Some(("Delete", Msg::Time(TimeMsg::DeleteSurely(index)))),
                });
            }
        }
        TimeMsg::DeleteSurely(index) => {
            p.notice = None;
            p.instrument.made_of = None;
            if !p.session.delete_branch(index) {
                p.note("The branch that is shown stays: open another one first.");
            }
            return true;
        }
        TimeMsg::ToLine(line) => {
            let starts = std::iter::once(0).chain(
                p.text
                    .encode_utf16()
                    .enumerate()
                    .filter(|(_, c)| *c == u16::from(b'\n'))
                    .map(|(i, _)| i + 1),
            );
            let starts: Vec<usize> = starts.collect();
            let from = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
            let to = starts.get(line).map_or(from, |next| next.saturating_sub(1));
            page::select("yaml", from as u32, to as u32);
        }
    }
    false
}

fn set_window(p: &mut Playground, window: Option<(u64, u64)>) {
    p.instrument.window = window;
    p.instrument.hover = None;
    refresh(p);
}

fn zoom(p: &mut Playground, percent: u32, at: u32) {
    let Some(view) = p.instrument.view.clone() else {
        return;
    };
    let view = &view.0;
    let span = view.to_x - view.from_x;
    let new = (span * u64::from(percent) / 100).clamp(NARROWEST, view.width.max(NARROWEST));
    if new >= view.width {
        return set_window(p, None);
    }
    let anchor = view.from_x + span * u64::from(at.min(1000)) / 1000;
    let from = anchor
        .saturating_sub(new * u64::from(at.min(1000)) / 1000)
        .min(view.width - new);
    set_window(p, Some((from, from + new)));
}

fn pan(p: &mut Playground, by: i32) {
    let Some(view) = p.instrument.view.clone() else {
        return;
    };
    let view = &view.0;
    let span = view.to_x - view.from_x;
    if span >= view.width {
        return;
    }
    let distance = span * u64::from(by.unsigned_abs()) / 1000;
    let from = if by < 0 {
        view.from_x.saturating_sub(distance)
    } else {
        (view.from_x + distance).min(view.width - span)
    };
    set_window(p, Some((from, from + span)));
}

fn hover(p: &mut Playground, at: Option<u32>) {
    let (Some(at), Some(view), Some(key)) = (at, p.instrument.view.clone(), key(p)) else {
        p.instrument.hover = None;
        return;
    };
    let x = view.0.from_x + (view.0.to_x - view.0.from_x) * u64::from(at) / 10_000;
    let at = time_at(&view.0.segments, x);
    let found = moment(&p.session, &key, at, near(&p.instrument));
    p.instrument.hover = Some(Rc::new(found));
}

/// To the next or the previous entry of the chosen kind; the window follows.
fn walk(p: &mut Playground, forward: bool) -> bool {
    let Some(key) = key(p) else { return false };
    p.stop();
    match neighbour(&p.session, &key, p.instrument.lane, forward) {
        Some(step) => p.session.seek(step),
        None if forward => {
            p.session.skip_waiting();
        }
        None => p.session.seek(0),
    }
    p.jump = true;
    // The window follows the head.
    if let (Some((from, to)), Some(view)) = (p.instrument.window, p.instrument.view.clone()) {
        let x = place_at(&view.0.segments, p.session.at());
        if x < from || x > to {
            let half = (to - from) / 2;
            let start = x.saturating_sub(half);
            p.instrument.window = Some((start, start + (to - from)));
        }
    }
    true
}

fn change(p: &mut Playground, f: impl FnOnce(&mut Foretold)) {
    if let Some(foretold) = &p.instrument.foretold
        && foretold.verdict.is_none()
    {
        let mut new = (**foretold).clone();
        f(&mut new);
        p.instrument.foretold = Some(Rc::new(new));
    }
}

/// Asks the learner to say first.
fn foretell(p: &mut Playground, pods: bool) {
    p.stop();
    p.instrument.ghost_open = false;
    p.instrument.ghost = None;
    p.instrument.asked = None;
    p.instrument.answer = None;
    p.tab = "why";
    let Some(key) = key(p) else { return };
    let Some(r) = explain::rollout_at_cursor(&p.session, &key) else {
        return;
    };
    let Some(next) = ghost(&p.session, &key, &r) else {
        p.note("No decision comes within an hour: there is nothing to foretell.");
        return;
    };
    if pods && next.goes.is_empty() {
        p.note("No pod is deleted next: foretell the numbers instead.");
        return;
    }
    p.sight = Some("ask-say");
    p.instrument.foretold = Some(Rc::new(Foretold {
        pods,
        old: r.old_size(),
        new: r.new_size(),
        names: Vec::new(),
        ghost: Rc::new(next),
        verdict: None,
    }));
}

/// Takes the answer and lets it happen.
fn lock_in(p: &mut Playground) -> bool {
    let Some(foretold) = p.instrument.foretold.clone() else {
        return false;
    };
    let said = if foretold.pods {
        Prediction::Pods(foretold.names.clone())
    } else {
        Prediction::Sizes(foretold.old, foretold.new)
    };
    let mut new = (*foretold).clone();
    new.verdict = Some(judge(&foretold.ghost, &said));
    p.instrument.foretold = Some(Rc::new(new));
    let (writes, from) = (p.session.writes(), p.session.position());
    let gone = |p: &Playground| {
        foretold.ghost.goes.first().is_none_or(|(_, name)| {
            p.session
                .store()
                .list(rollout_api::Kind::POD)
                .find(|o| *o.meta.name == **name)
                .is_none_or(|o| o.meta.is_terminating())
        })
    };
    while p.session.position() - from < 20_000 {
        let there = if foretold.pods {
            gone(p)
        } else {
            p.session.writes() > writes
        };
        if there || !p.session.step() {
            break;
        }
    }
    p.jump = false;
    true
}

/// Turns back to the beginning of the loop when its end is passed. True: it did.
pub fn turn(p: &mut Playground) -> bool {
    let Some((from, Some(to))) = p.instrument.round else {
        return false;
    };
    if p.session.at() < to {
        return false;
    }
    p.session.seek_time(from);
    p.jump = true;
    true
}

/// What the callback of a button sends.
pub fn send(dispatch: &Callback<Msg>, msg: TimeMsg) -> Callback<MouseEvent> {
    dispatch.reform(move |_: MouseEvent| Msg::Time(msg.clone()))
}
