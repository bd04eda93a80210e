//! The same app under several strategies, on one clock, with the same actions.

use crate::action::Action;
use crate::session::Session;
use crate::start::Start;
use crate::strategy::with_strategy;

/// The plans of the simple comparison, in the order of the rows.
pub const PLANS: [&str; 2] = ["Recreate", "RollingUpdate"];

/// How far ahead a comparison is computed when it is opened, and how far skip waiting looks.
const HORIZON_MS: u64 = 600_000;

/// One plan with its own run.
pub struct Pane {
    /// `Recreate`, `RollingUpdate`.
    pub plan: String,
    /// Its run.
    pub session: Session,
}

/// Plans side by side. All panes always stand at the same time.
pub struct Comparison {
    panes: Vec<Pane>,
}

impl Comparison {
    /// The session's own app and actions under each strategy, at the session's time. `text` is the manifest of the editor,
    /// for sessions that began empty and applied nothing. None: there is no Deployment.
    pub fn of(session: &Session, text: &str) -> Option<Comparison> {
        let panes = PLANS
            .iter()
            .map(|plan| pane(session, text, plan))
            .collect::<Option<Vec<Pane>>>()?;
        let mut comparison = Comparison { panes };
        comparison.seek(session.at());
        Some(comparison)
    }

    /// The panes.
    pub fn panes(&self) -> &[Pane] {
        &self.panes
    }
    /// The common time.
    pub fn at(&self) -> u64 {
        self.panes.iter().map(|p| p.session.at()).max().unwrap_or(0)
    }
    /// The latest time that was computed in any pane.
    pub fn recorded_ms(&self) -> u64 {
        self.panes
            .iter()
            .map(|p| p.session.recorded_ms())
            .max()
            .unwrap_or(0)
    }
    /// Every pane shows its newest moment.
    pub fn at_head(&self) -> bool {
        self.panes.iter().all(|p| p.session.at_head())
    }
    /// When the next thing happens in any pane.
    pub fn next_at(&self) -> Option<u64> {
        self.panes.iter().filter_map(|p| p.session.next_at()).min()
    }
    /// To the next instant in which something happens in any pane. False: nothing is scheduled.
    pub fn step(&mut self) -> bool {
        let from: Vec<usize> = self.panes.iter().map(|p| p.session.position()).collect();
        for _ in 0..1000 {
            let Some(next) = self.next_at() else {
                return false;
            };
            self.play(next);
            if self
                .panes
                .iter()
                .zip(&from)
                .any(|(p, f)| p.session.position() != *f)
            {
                return true;
            }
        }
        false
    }
    /// To the last instant before this one in which something happened.
    pub fn back(&mut self) -> bool {
        let at = self.at();
        let before = |p: &Pane| {
            let steps = p.session.steps();
            steps[..steps.partition_point(|s| s.at < at)]
                .last()
                .map(|s| s.at)
        };
        let now_holds = self
            .panes
            .iter()
            .any(|p| p.session.steps().iter().any(|s| s.at == at));
        let target = self.panes.iter().filter_map(before).max();
        self.seek(target.unwrap_or(0));
        target.is_some() || now_holds
    }
    /// To a time; what is not there yet is computed.
    pub fn seek(&mut self, at: u64) {
        for pane in &mut self.panes {
            if at < pane.session.recorded_ms() {
                pane.session.seek_time(at);
            }
            pane.session.play_to(at);
        }
    }
    /// To a place of the recorded time, in thousandths.
    pub fn seek_permille(&mut self, permille: u32) {
        self.seek(self.recorded_ms() * u64::from(permille.min(1000)) / 1000);
    }
    /// To the next decision in any pane.
    pub fn skip_waiting(&mut self) {
        let from: Vec<usize> = self.panes.iter().map(|p| p.session.writes()).collect();
        let limit = self.at() + HORIZON_MS;
        while self.at() < limit && self.step() {
            if self
                .panes
                .iter()
                .zip(&from)
                .any(|(p, f)| p.session.writes() != *f)
            {
                return;
            }
        }
    }
    /// Lets time run to a point. False: nothing is scheduled any more.
    pub fn play(&mut self, at: u64) -> bool {
        for pane in &mut self.panes {
            pane.session.play_to(at);
        }
        self.next_at().is_some()
    }
    /// Does the same in every pane, at the same time.
    pub fn run(&mut self, line: &str) {
        for pane in &mut self.panes {
            pane.session.run(line);
        }
    }
    /// A pane becomes the session of the page.
    pub fn into_session(mut self, index: usize) -> Option<Session> {
        (index < self.panes.len()).then(|| self.panes.swap_remove(index).session)
    }
}

fn pane(session: &Session, text: &str, plan: &str) -> Option<Pane> {
    let start = session.start();
    let begun = crate::scene::start_text(start);
    let manifest = match begun {
        Some(text) => Some(with_strategy(text, plan)?),
        None => None,
    };
    let mut run = Session::new(Start {
        preset: start
            .preset
            .as_deref()
            .and_then(crate::presets::find)
            .map(|p| p.name.to_owned()),
        manifest,
        ..start.clone()
    });
    let log = session.shared(None).log;
    let applies = log.iter().any(|e| matches!(e.action, Action::Apply { .. }));
    if begun.is_none() && !applies {
        // Nothing was applied yet: the text of the editor is the app.
        run.apply(&crate::scene::file_name(text), &with_strategy(text, plan)?);
    }
    for entry in &log {
        run.play_to(entry.at);
        match &entry.action {
            Action::Line(line) => drop(run.run(line)),
            Action::Apply { file, text } => {
                let text = with_strategy(text, plan).unwrap_or_else(|| text.clone());
                run.apply(file, &text);
            }
            Action::Save { file, text } => {
                let text = with_strategy(text, plan).unwrap_or_else(|| text.clone());
                run.save(file, &text);
            }
            // What was edited belongs to the strategy that it was edited under: only the line is the same for both.
            Action::Edit { .. } => {}
            Action::Interrupt => run.interrupt(),
        }
    }
    run.head().list(rollout_api::Kind::DEPLOYMENT).next()?;
    if !log.iter().any(|e| changes_something(&e.action)) && begun.is_some() {
        let line = update_line(&run)?;
        run.play_to(1_000);
        run.run(&line);
    }
    Some(Pane {
        plan: plan.to_owned(),
        session: run,
    })
}

fn changes_something(action: &Action) -> bool {
    match action {
        Action::Apply { .. } => true,
        Action::Line(line) => ["set ", "apply", "restart", "undo", "patch", "edit"]
            .iter()
            .any(|w| line.contains(w)),
        Action::Edit { .. } => true,
        Action::Save { .. } | Action::Interrupt => false,
    }
}

/// An update to compare when the learner has made none: the next tag, the other server, or a restart.
fn update_line(session: &Session) -> Option<String> {
    let d = session.head().list(rollout_api::Kind::DEPLOYMENT).next()?;
    let (name, c) = (&d.meta.name, d.value.at("spec.template.spec.containers.0")?);
    let (container, image) = (c.str_at("name"), c.str_at("image"));
    let next = match (image, image.rsplit_once(":v")) {
        ("nginx", _) => Some("httpd".to_owned()),
        (_, Some((base, n))) => n
            .parse::<u32>()
            .ok()
            .map(|n| format!("{base}:v{}", n.saturating_add(1))),
        _ => None,
    };
    Some(match next {
        Some(next) => format!("kubectl set image deployment/{name} {container}={next}"),
        None => format!("kubectl rollout restart deployment/{name}"),
    })
}
