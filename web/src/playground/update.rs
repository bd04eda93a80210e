//! What a message does. The session decides what happens; the page decides what is shown.

use super::msg::{KeyPress, Msg};
use super::params::SPEEDS;
use super::playback::Playback;
use super::start::{LANDING, THEME_KEY};
use super::{
    Notice, Playground, heat, instrument, keep, keys, links, render, settle, vanish, version,
};
use crate::interop::{clock, location, page, storage};
use crate::ui::Shared;
use rollout_session::{Comparison, Session, Start, file_name};
use std::rc::Rc;
use yew::prelude::*;

/// While playing, a wait longer than this is not skipped but played; the learner may skip it.
const IDLE_STOP_MS: u64 = 3_600_000;

/// Decisions at one instant that a skip looks through.
const SKIPS_TRIED: usize = 60;

/// Handles a message; true: draw again.
pub fn update(p: &mut Playground, ctx: &Context<Playground>, msg: Msg) -> bool {
    if acts_on_time(&msg) {
        p.skipped = None;
        p.notice = None;
        p.untouched = false;
    }
    if instrument::must_wait(p, &msg) {
        p.note("Say first: lock in your answer, or skip the question.");
        return true;
    }
    let kind = std::mem::discriminant(&msg);
    match msg {
        Msg::Time(msg) => {
            if instrument::update(p, msg) {
                p.refresh();
            }
            return true;
        }
        Msg::Heat(msg) => {
            heat::update(p, msg);
            return true;
        }
        Msg::Step
        | Msg::Back
        | Msg::ToStart
        | Msg::ToEnd
        | Msg::NextMark
        | Msg::PrevMark
        | Msg::SkipWaiting
        | Msg::SeekStep(_)
        | Msg::SeekPermille(_) => time(p, &msg),
        Msg::PlayPause => {
            p.playing = if p.playing.is_some() {
                None
            } else {
                Some(Playback::new(clock::now_ms()))
            };
            p.frame = None;
        }
        Msg::Frame => return frame(p),
        Msg::Settle => {}
        Msg::Keep => {
            keep::save(p);
            return false;
        }
        Msg::Continue => {
            if let Some(kept) = keep::last() {
                p.open_link(&kept);
            }
        }
        Msg::HashChanged => {
            let hash = location::hash();
            if !hash.starts_with("s=") {
                return false;
            }
            p.open_link(&hash);
        }
        Msg::Sweep => {
            p.gone = Rc::default();
            p.sweep = None;
            return true;
        }
        Msg::Visibility => {
            keep::save(p);
            // Hiding the tab pauses time; showing it does not resume.
            if !page::hidden() || p.playing.is_none() {
                return false;
            }
            p.playing = None;
            p.frame = None;
        }
        Msg::Speed(index) => p.speed = index.min(SPEEDS.len() - 1),

        Msg::Run(line) => p.run(&line),
        Msg::Apply if p.editing.is_some() => p.close_editor(true),
        Msg::Apply => p.apply(),
        Msg::Edit(text) if p.editing.is_some() => {
            if let Some(editing) = &mut p.editing {
                editing.draft = AttrValue::from(text);
            }
        }
        Msg::Edit(text) => {
            p.before_proposal = None;
            p.pasted = text.len() > 40 && changed_part(&p.text, &text) * 2 > text.len();
            p.text = AttrValue::from(text);
        }
        Msg::PasteYours => {
            p.text = AttrValue::default();
            p.pasted = true;
            page::focus("yaml");
        }
        Msg::Propose(quantity, level) => p.propose(quantity, level),
        Msg::ApplyProposal => {
            if p.view.manifest.proposal.is_some() && !p.view.manifest.has_errors {
                p.apply();
            }
        }
        Msg::DropProposal => {
            if let Some(text) = p.before_proposal.take() {
                p.text = text;
            }
        }
        Msg::Field(document, path, value) => {
            if let Some(text) = rollout_view::with_field(&p.text, document, &path, &value) {
                p.text = AttrValue::from(text);
                p.before_proposal = None;
            }
        }
        Msg::OpenFile(name) => p.open_file(&name),
        Msg::SwitchStrategy => p.switch_strategy(),
        Msg::SetImage(image) => {
            if let Some(focus) = &p.view.focus {
                let container = focus
                    .containers
                    .first()
                    .map(|c| c.0.clone())
                    .unwrap_or_default();
                p.run(&format!(
                    "kubectl set image deployment/{} {container}={image}",
                    focus.name
                ));
            }
        }
        Msg::UndoMine => {
            if !p.session.undo_last_action() {
                p.note("You have done nothing yet.");
            }
            p.jump = true;
        }
        Msg::Reset => {
            p.notice = Some(Notice {
                error: false,
                text: "Back to the start? Branches and what you did are gone then.".to_owned(),
                confirm: Some(("Reset", Msg::ResetSurely)),
            });
        }
        Msg::ResetSurely => p.begin(p.session.start().clone()),
        Msg::OpenBranch(index) => {
            p.session.open_branch(index);
            p.take_text();
            p.jump = true;
        }

        Msg::Preset(name) => p.begin(version::at_chosen(p, Start::preset(&name))),
        Msg::Kubernetes(minor) => version::choose(p, minor),
        Msg::Empty => {
            p.begin(version::at_chosen(p, Start::empty()));
            page::focus("yaml");
        }
        Msg::Focus(namespace, name) => p.focus = Some((namespace, name)),
        Msg::Compare(on) => p.compare(on),
        Msg::AskWrong => p.asked = true,
        Msg::FixLint(index) => {
            let found = p.lints();
            if let Some(lint) = found.get(index) {
                p.text = AttrValue::from(rollout_view::lint::fixed(&p.text, lint));
            }
        }
        Msg::ShowLint(index) => p.show_lint(index),
        Msg::DropPane(index) => {
            if let Some(comparison) = &mut p.comparison {
                comparison.remove(index);
            }
        }
        Msg::AddPlan(plan) => {
            let said = match &mut p.comparison {
                Some(comparison) => comparison.plan(None, &plan, &p.session),
                None => Ok(()),
            };
            if let Err(text) = said {
                p.note(&text);
            }
        }
        Msg::OpenPane(index) => {
            open_pane(p, index);
            return true;
        }

        Msg::Draft(line) => {
            p.prompt.put(line);
            page::focus("terminal");
        }
        Msg::Typing(text) => p.prompt.input(text, &p.view.console.typed),
        Msg::PromptKey(key) => p.prompt_key(&key),
        Msg::Choose(index) => {
            p.prompt.choose(index);
            page::focus("terminal");
        }
        Msg::Paste(text) => p.paste(&text),
        Msg::PasteRead => {
            p.pasted_results = Vec::new();
            page::focus("terminal");
        }
        Msg::Pick(named) => p.pick_named(named),
        Msg::CloseEditor(save) => p.close_editor(save),
        Msg::Preview(line) => p.preview = line.map(AttrValue::from),
        Msg::Interrupt => {
            p.session.interrupt();
            p.prompt.clear();
        }
        Msg::ToggleConsole => p.console_open = !p.console_open,

        Msg::Tab(tab) => {
            p.tab = tab;
            p.reveal = true;
        }
        Msg::OpenForm(form) => {
            p.form = form;
            p.preview = None;
        }
        Msg::PickPod(pod) => {
            p.reveal = pod.is_some();
            p.tab = if pod.is_some() {
                "pod"
            } else if p.tab == "pod" {
                "history"
            } else {
                p.tab
            };
            p.picked = pod;
            p.picked_set = None;
        }
        Msg::Pin(quantity) => {
            p.pinned = if p.pinned == Some(quantity) {
                None
            } else {
                Some(quantity)
            }
        }
        Msg::Open(panel) => {
            p.panel = Some(panel);
            p.opener = page::focused();
            p.stop();
        }
        Msg::Close => {
            if p.panel.take().is_some() {
                if let Some(opener) = p.opener.take() {
                    let _ = opener.focus();
                }
            } else if p.form.take().is_none() && p.pinned.take().is_none() {
                p.console_open = false;
                p.notice = None;
            }
        }
        Msg::NextTheme => {
            p.theme = p.theme.next();
            page::set_root("data-theme", p.theme.attribute());
            storage::set(THEME_KEY, p.theme.word());
        }
        Msg::ToggleLetters => p.letters = !p.letters,
        Msg::KeepInAddress => location::set_hash(&links::make(p).moment),
        Msg::Dismiss => p.notice = None,
        Msg::Key(press) => return key(p, ctx, &press),
    }
    if shows_more(&kind) {
        p.refresh();
    }
    true
}

/// A pane becomes what the page shows; the others stay as branches.
pub fn open_pane(p: &mut Playground, index: usize) {
    p.heat = None;
    if let Some(comparison) = p.comparison.take() {
        comparison.promote(index, &mut p.session);
        p.take_text();
        p.stop();
        p.jump = true;
    }
    p.refresh();
}

/// Messages that change what the view model says; the others only change what is open.
fn shows_more(kind: &std::mem::Discriminant<Msg>) -> bool {
    let only_open = [
        Msg::Draft(String::new()),
        Msg::Typing(String::new()),
        Msg::Choose(0),
        Msg::PasteRead,
        Msg::Preview(None),
        Msg::ToggleConsole,
        Msg::Tab(""),
        Msg::OpenForm(None),
        Msg::PickPod(None),
        Msg::Pin(rollout_view::Quantity::Count),
        Msg::Open(super::msg::Panel::Keys),
        Msg::Close,
        Msg::NextTheme,
        Msg::ToggleLetters,
        Msg::Dismiss,
        Msg::Speed(0),
        Msg::Reset,
    ];
    !only_open.iter().any(|m| std::mem::discriminant(m) == *kind)
}

/// Messages after which an older notice says nothing true any more.
fn acts_on_time(msg: &Msg) -> bool {
    matches!(
        msg,
        Msg::Step
            | Msg::Back
            | Msg::ToStart
            | Msg::ToEnd
            | Msg::NextMark
            | Msg::PrevMark
            | Msg::SkipWaiting
            | Msg::SeekStep(_)
            | Msg::SeekPermille(_)
            | Msg::PlayPause
            | Msg::Run(_)
            | Msg::Apply
            | Msg::ResetSurely
    ) && !matches!(msg, Msg::Apply)
}

/// How many bytes differ between two texts, without their common head and tail.
fn changed_part(old: &str, new: &str) -> usize {
    let head = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let tail = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    new.len().saturating_sub(head + tail)
}

/// Moves in time.
fn time(p: &mut Playground, msg: &Msg) {
    if !matches!(msg, Msg::Step) {
        p.stop();
    }
    p.jump = !matches!(msg, Msg::Step | Msg::Back);
    p.sought = p.jump;
    if let Some(comparison) = &mut p.comparison {
        match msg {
            Msg::Step => drop(comparison.step()),
            Msg::Back => drop(comparison.back()),
            Msg::ToStart => comparison.seek(0),
            Msg::ToEnd => comparison.seek(comparison.recorded_ms()),
            Msg::SkipWaiting | Msg::NextMark => comparison.skip_waiting(),
            Msg::PrevMark => comparison.previous_mark(),
            Msg::SeekPermille(permille) => {
                let at = rollout_view::compare_time_at(comparison, *permille);
                comparison.seek(at);
            }
            _ => {}
        }
        return;
    }
    let session = &mut p.session;
    match msg {
        Msg::Step => {
            let moved = session.step();
            if !moved {
                p.note("Nothing is scheduled: act, or look back.");
            }
        }
        Msg::Back => {
            session.back();
        }
        Msg::ToStart => session.seek(0),
        Msg::ToEnd => session.seek_time(session.recorded_ms()),
        Msg::SeekStep(step) => session.seek(*step),
        Msg::SeekPermille(permille) => {
            let record = &p.view.scene.past.record;
            session.seek_time(record.time_at(record.width * u64::from(*permille) / 1000));
        }
        Msg::NextMark => {
            let here = session.position();
            match p.view.marks.iter().find(|m| m.step > here) {
                Some(mark) => session.seek(mark.step),
                None => p.skip(),
            }
        }
        Msg::PrevMark => {
            let here = session.position();
            let step = p
                .view
                .marks
                .iter()
                .rev()
                .find(|m| m.step < here)
                .map_or(0, |m| m.step);
            session.seek(step);
        }
        Msg::SkipWaiting => p.skip(),
        _ => {}
    }
}

/// One frame of playing.
fn frame(p: &mut Playground) -> bool {
    p.frame = None;
    let Some(playback) = &mut p.playing else {
        return false;
    };
    let span = playback.frame(clock::now_ms(), SPEEDS[p.speed].hundredths);
    p.jump = SPEEDS[p.speed].hundredths > 800;
    if let Some(comparison) = &mut p.comparison {
        let to = (comparison.at() + span).min(comparison.recorded_ms());
        if !comparison.play(to) || to >= comparison.recorded_ms() {
            p.stop();
        }
    } else {
        let to = p.session.at() + span;
        p.session.play_to(to);
        if !instrument::turn(p)
            && p.session
                .next_at()
                .is_none_or(|next| next > to + IDLE_STOP_MS)
        {
            p.stop();
        }
    }
    p.sought = true;
    p.refresh();
    true
}

/// A key outside of any text.
fn key(p: &mut Playground, ctx: &Context<Playground>, press: &KeyPress) -> bool {
    if p.panel.is_some() && press.key != "Escape" {
        return false;
    }
    if p.letters
        && let Some(id) = keys::focus_of(&press.key)
    {
        page::focus(id);
        return false;
    }
    match keys::msg_of(press, p.letters, p.speed) {
        Some(msg) => update(p, ctx, msg),
        None => false,
    }
}

impl Playground {
    /// Makes the view again.
    pub fn refresh(&mut self) {
        let passing = settle::passing(self);
        // What commands change stands in the manifest too, as long as nobody has written into it.
        if !passing
            && self.text == self.applied
            && self.comparison.is_none()
            && let Some(live) = rollout_view::live_text(&self.session, &self.text)
        {
            self.text = AttrValue::from(live);
            self.applied = self.text.clone();
        }
        let focus = self
            .focus
            .as_ref()
            .map(|(namespace, name)| (namespace.as_str(), name.as_str()));
        let text = self.editing.as_ref().map_or(&self.text, |e| &e.draft);
        let view = if passing {
            render::look_in_passing(&self.session, text, focus, &self.settled)
        } else {
            render::look(&self.session, text, focus)
        };
        let view = Shared::from(view);
        let before = std::mem::replace(&mut self.view, view);
        vanish::notice(self, &before);
        if passing {
            settle::later(self);
        } else {
            self.settled = self.view.clone();
            self.settling = None;
        }
        if self.comparison.is_none() {
            instrument::refresh(self);
        }
    }

    /// Stops playing.
    pub fn stop(&mut self) {
        self.playing = None;
        self.frame = None;
    }

    pub fn note(&mut self, text: &str) {
        self.notice = Some(Notice {
            error: false,
            text: text.to_owned(),
            confirm: None,
        });
    }

    /// Opens a link in place of what is there.
    fn open_link(&mut self, hash: &str) {
        match links::open(hash) {
            Ok((session, draft)) => {
                self.begin(Start::empty());
                self.session = session;
                let files = self.session.files();
                self.text = AttrValue::from(files.values().next().cloned().unwrap_or_default());
                self.applied = self.text.clone();
                if let Some(draft) = draft {
                    self.text = AttrValue::from(draft);
                }
                self.untouched = false;
            }
            Err(text) => {
                let text = text.replace("The landing scene is open instead", "What was open stays");
                self.notice = Some(Notice {
                    error: true,
                    text,
                    confirm: None,
                });
            }
        }
    }

    /// Another start: everything of the former session goes.
    pub fn begin(&mut self, start: Start) {
        self.session = Session::new(start);
        self.kept.clear();
        self.text = AttrValue::from(
            self.session
                .files()
                .values()
                .next()
                .cloned()
                .unwrap_or_default(),
        );
        self.applied = self.text.clone();
        self.comparison = None;
        self.focus = None;
        self.picked = None;
        self.picked_set = None;
        self.editing = None;
        self.before_proposal = None;
        self.instrument.start_again();
        self.form = None;
        self.notice = None;
        self.pasted = false;
        self.untouched = true;
        self.jump = true;
        self.stop();
    }

    /// Runs a line at the cursor; what it answers stands in the console.
    pub fn run(&mut self, line: &str) {
        self.untouched = false;
        self.jump = false;
        if let Some(comparison) = &mut self.comparison {
            comparison.run(line);
            return;
        }
        self.session.save(&file_name(&self.text), &self.text);
        let ran = self.session.run(line);
        if ran.exit.is_some_and(|code| code != 0) && !ran.stderr.is_empty() {
            self.notice = Some(Notice {
                error: true,
                text: ran.stderr.trim_end().to_owned(),
                confirm: None,
            });
        }
    }

    /// Applies the editor's text. A text that was pasted over the untouched landing scene begins in an empty cluster.
    pub fn apply(&mut self) {
        if self.text.trim().is_empty() {
            return;
        }
        self.notice = None;
        self.before_proposal = None;
        let file = file_name(&self.text);
        // The landing scene's only action is its own: the learner has looked, but done nothing yet.
        let only_looked =
            self.session.branches().len() == 1 && self.session.branch().log.len() <= 1;
        let fresh = only_looked
            && self.session.start().preset.as_deref() == Some(LANDING)
            && self.begins_anew(&file);
        if fresh {
            let mut session = Session::new(version::at_chosen(self, Start::empty()));
            let ran = session.apply(&file, &self.text);
            if !session.steps().is_empty() {
                self.session = session;
                self.focus = None;
                self.picked = None;
                self.jump = true;
                self.after_apply(ran.exit, &ran.stdout, &ran.stderr);
                return;
            }
        }
        let ran = self.session.apply(&file, &self.text);
        self.jump = false;
        self.after_apply(ran.exit, &ran.stdout, &ran.stderr);
    }

    /// The pasted text names another Deployment than the landing scene, or is the scene's own beginning.
    fn begins_anew(&self, file: &str) -> bool {
        let files = self.session.files();
        self.pasted
            || files
                .get(file)
                .is_none_or(|text| text.trim() == self.text.trim())
    }

    fn after_apply(&mut self, exit: Option<i32>, stdout: &str, stderr: &str) {
        self.untouched = false;
        self.pasted = false;
        self.applied = self.text.clone();
        let refused = exit.is_some_and(|code| code != 0);
        let said = if refused { stderr } else { stdout };
        // What went well stands in the console already; a frame has none.
        if !said.trim().is_empty() && (refused || self.ui == super::Ui::Embed) {
            self.notice = Some(Notice {
                error: refused,
                text: said.trim_end().to_owned(),
                confirm: None,
            });
        }
        if let Some(name) = rollout_view::applied_deployment(stdout) {
            self.focus = Some(name);
        }
    }

    /// RollingUpdate to Recreate and back, in the text; then it is applied.
    fn switch_strategy(&mut self) {
        let recreate = self.view.manifest.strategy.as_deref() == Some("Recreate");
        match rollout_session::with_strategy(
            &self.text,
            if recreate {
                "RollingUpdate"
            } else {
                "Recreate"
            },
        ) {
            Some(text) => {
                self.text = AttrValue::from(text);
                self.apply();
            }
            None => self.note(
                "The manifest in the editor has no Deployment whose strategy could be switched.",
            ),
        }
    }

    /// What the check tab shows, while it is open.
    pub fn checks(&self) -> crate::panels::check::Checks {
        let mut checks = crate::panels::check::Checks::default();
        if self.tab == "check" {
            checks.lints = self.lints();
            let key = super::instrument::key(self);
            checks.path = key.as_ref().map_or(Vec::new(), |key| {
                rollout_view::diagnosis::path(&self.session, key)
            });
            if self.asked {
                checks.evidence = Some(key.map_or(Vec::new(), |key| {
                    rollout_view::diagnosis::diagnosis(&self.session, &key)
                }));
            }
        }
        checks
    }

    fn lints(&self) -> Vec<rollout_view::lint::Lint> {
        let room = rollout_view::lint::Room::of(self.session.store());
        rollout_view::lint::lints_on(&self.text, self.session.config().version, room)
    }

    /// The rollout in which a mistake hurts, as a branch of its own.
    fn show_lint(&mut self, index: usize) {
        let found = self.lints();
        let Some(lint) = found.get(index) else { return };
        let former = self.session.branch().name.clone();
        let run = rollout_view::lint::show(&self.text, lint, self.session.start());
        let branch = self.session.adopt(run, lint.id);
        self.session.open_branch(branch);
        self.focus = lint.subject.clone();
        self.picked = None;
        self.jump = true;
        self.stop();
        self.note(&format!(
            "{} This is a branch of its own: step back through it; {former} is as it was.",
            lint.reason
        ));
    }

    /// The editor shows the file of the branch that was opened, where it is another one.
    fn take_text(&mut self) {
        let file = self.session.files().values().next().cloned();
        if let Some(text) = file
            && self.text == self.applied
        {
            self.text = AttrValue::from(text);
            self.applied = self.text.clone();
        }
    }

    fn compare(&mut self, on: bool) {
        if on {
            self.compare_plans(&rollout_session::default_plans());
        } else {
            self.stop();
            self.jump = true;
            self.comparison = None;
            self.heat = None;
        }
    }

    /// Opens a comparison, or says why there is none.
    pub fn compare_plans(&mut self, plans: &[rollout_session::Plan]) {
        self.stop();
        self.form = None;
        self.jump = true;
        match Comparison::with(&self.session, &self.text, plans) {
            Ok(comparison) => self.comparison = Some(comparison),
            Err(text) => self.note(&text),
        }
    }

    /// To the next decision that time must pass for; of several at one instant to the first write.
    fn skip(&mut self) {
        let (from, writes) = (self.session.at(), self.session.writes());
        let known = self.session.steps().len();
        let mut moved = false;
        let mut landed = None;
        for _ in 0..SKIPS_TRIED {
            if self.session.skip_waiting().is_none() {
                break;
            }
            moved = true;
            let here = (self.session.position(), self.session.at());
            if self.session.writes() > writes {
                landed = landed.filter(|(_, at)| *at < here.1);
                break;
            }
            if here.1 > from && landed.is_none() {
                landed = Some(here);
            }
            if landed.is_some_and(|(_, at)| here.1 > at) {
                break;
            }
        }
        if let Some((position, _)) = landed {
            self.session.seek(position);
            self.session.forget_ahead(known);
        }
        if moved {
            let ms = self.session.at().saturating_sub(from);
            self.skipped = Some(AttrValue::from(format!(
                "{} later",
                rollout_view::span_text(ms)
            )));
        } else {
            self.note("Nothing is scheduled: act, or look back.");
        }
    }

    /// A limit at another height: the field in the text, and its ghost in the drawing.
    fn propose(&mut self, quantity: rollout_view::Quantity, level: u32) {
        let Some(focus) = self.view.focus.as_ref().filter(|_| self.editing.is_none()) else {
            return;
        };
        match rollout_view::with_limit(&self.text, &focus.name, quantity, level) {
            Some(text) => {
                let before = self.before_proposal.take().unwrap_or(self.text.clone());
                if *text != *before {
                    self.before_proposal = Some(before);
                }
                self.text = AttrValue::from(text);
            }
            None => {
                let text = format!(
                    "The manifest in the editor does not hold {}: its limits can be changed with kubectl patch.",
                    focus.name
                );
                self.note(&text);
            }
        }
    }

    /// To a position, computing what is not there yet.
    pub fn go_to_position(&mut self, position: usize) {
        self.session.seek(position);
        while self.session.position() < position.min(10_000) && self.session.step() {}
    }

    /// To a write of the controller.
    pub fn go_to_write(&mut self, write: usize) {
        while self.session.writes() < write.min(1_000) && self.session.step() {}
    }
}
