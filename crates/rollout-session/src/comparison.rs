//! The same app under several plans, on one clock, with the same actions and the same broken images.

use crate::plan::{Plan, default_plans};
use crate::scenario::{HORIZON_MS, Scenario, run_out};
use crate::session::Session;

/// Most plans that are shown at once.
pub const MAX_PANES: usize = 4;

/// One plan with its own run.
pub struct Pane {
    /// What it changes.
    pub plan: Plan,
    /// Its run.
    pub session: Session,
    /// The branch of the learner's session that it shows, as long as nothing was done here.
    branch: Option<usize>,
}

/// Plans side by side. All panes always stand at the same time.
pub struct Comparison {
    scenario: Scenario,
    panes: Vec<Pane>,
}

impl Comparison {
    /// The session's own app and actions under the usual plans, at the session's time. `text` is the manifest of the
    /// editor, for sessions that began empty and applied nothing. None: there is no Deployment.
    pub fn of(session: &Session, text: &str) -> Option<Comparison> {
        Comparison::with(session, text, &default_plans()).ok()
    }

    /// The same under chosen plans, every run computed to its end. The error is a sentence.
    pub fn with(session: &Session, text: &str, plans: &[Plan]) -> Result<Comparison, String> {
        let scenario = Scenario::of(session, text).ok_or("A comparison needs a Deployment.")?;
        let mut comparison = Comparison {
            scenario,
            panes: Vec::new(),
        };
        for plan in plans {
            comparison.put(None, plan, Some(session))?;
        }
        comparison.run_out();
        // A scenario that begins anew may be over before that time.
        comparison.seek(session.at().min(comparison.recorded_ms()));
        Ok(comparison)
    }

    /// A scenario under chosen plans, all runs at their end.
    pub fn of_scenario(scenario: Scenario, plans: &[Plan]) -> Result<Comparison, String> {
        let mut comparison = Comparison {
            scenario,
            panes: Vec::new(),
        };
        for plan in plans {
            comparison.put(None, plan, None)?;
        }
        comparison.run_out();
        Ok(comparison)
    }

    /// Adds a plan, or puts another one in the place of a pane. It begins with the same actions; lines that were run in
    /// all panes since are run in it too.
    pub fn plan(
        &mut self,
        place: Option<usize>,
        plan: &Plan,
        session: &Session,
    ) -> Result<(), String> {
        let at = self.at();
        self.put(place, plan, Some(session))?;
        self.run_out();
        self.seek(at);
        Ok(())
    }

    /// Takes a pane away; the last two stay.
    pub fn remove(&mut self, index: usize) {
        if self.panes.len() > 2 && index < self.panes.len() {
            self.panes.remove(index);
        }
    }

    fn put(
        &mut self,
        place: Option<usize>,
        plan: &Plan,
        session: Option<&Session>,
    ) -> Result<(), String> {
        if place.is_none() && self.panes.len() >= MAX_PANES {
            return Err(format!("A comparison has at most {MAX_PANES} plans."));
        }
        if let Some(i) = self.panes.iter().position(|p| p.plan == *plan)
            && Some(i) != place
        {
            return Err("This plan is there already.".to_owned());
        }
        let (session, branch) = match (plan, session) {
            (Plan::Branch(index), Some(session)) => {
                let run = session
                    .copy_of_branch(*index)
                    .ok_or_else(|| format!("There is no branch {index}."))?;
                (run, Some(*index))
            }
            (Plan::Branch(_), None) => return Err("There are no branches here.".to_owned()),
            (plan, _) => (
                self.scenario
                    .run(plan)
                    .ok_or("A comparison needs a Deployment.")?,
                None,
            ),
        };
        let pane = Pane {
            plan: plan.clone(),
            session,
            branch,
        };
        match place.and_then(|i| self.panes.get_mut(i)) {
            Some(old) => *old = pane,
            None => self.panes.push(pane),
        }
        Ok(())
    }

    /// Every run to its end, and all to the same time.
    fn run_out(&mut self) {
        let end = self.panes.iter_mut().map(|p| run_out(&mut p.session)).max();
        self.seek(end.unwrap_or(0));
    }

    /// The panes.
    pub fn panes(&self) -> &[Pane] {
        &self.panes
    }
    /// What all panes repeat.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// The update that was added because the learner made none.
    pub fn added_update(&self) -> Option<&str> {
        self.scenario.update.as_ref().map(|(_, line)| line.as_str())
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
    /// When something that can be seen happens next in any pane.
    pub fn next_at(&self) -> Option<u64> {
        self.panes
            .iter()
            .filter_map(|p| p.session.next_seen())
            .min()
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
    /// To the next (or the last) decision in any pane.
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
    /// To the last decision before now in any pane, or to the start.
    pub fn previous_mark(&mut self) {
        let at = self.at();
        let before = |p: &Pane| {
            let steps = p.session.steps();
            let n = steps.partition_point(|s| s.at < at);
            steps[..n].iter().rev().find(|s| s.is_write()).map(|s| s.at)
        };
        let target = self.panes.iter().filter_map(before).max();
        self.seek(target.unwrap_or(0));
    }
    /// Lets time run to a point. False: nothing is scheduled any more.
    pub fn play(&mut self, at: u64) -> bool {
        for pane in &mut self.panes {
            pane.session.play_to(at);
        }
        self.next_at().is_some()
    }
    /// Does the same in every pane, at the same time; what follows is computed again.
    pub fn run(&mut self, line: &str) {
        let at = self.at();
        self.scenario.add(at, line);
        for pane in &mut self.panes {
            pane.branch = None;
            pane.session.run(line);
        }
        self.run_out();
        self.seek(at);
    }
    /// A pane becomes what the learner's session shows, at the common time. All panes stay reachable as branches with
    /// the names of their plans, the former branches as they were.
    pub fn promote(mut self, index: usize, session: &mut Session) {
        let at = self.at();
        let names: Vec<String> = self.panes.iter().map(|p| p.name()).collect();
        let mut shown = None;
        for (i, (pane, name)) in self.panes.drain(..).zip(names).enumerate() {
            let place = match pane.branch {
                Some(branch) => branch,
                None => session.adopt(pane.session, &name),
            };
            if i == index {
                shown = Some(place);
            }
        }
        if let Some(branch) = shown {
            session.open_branch(branch);
            session.seek_time(at);
            session.play_to(at);
        }
    }
}

impl Pane {
    /// `Recreate`, `Surge 1, unavailable 0`, `branch 2`.
    pub fn name(&self) -> String {
        match &self.plan {
            Plan::Branch(_) => self.session.branch().name.clone(),
            plan => plan.name(),
        }
    }
}

impl Plan {
    /// `Recreate`, `Surge 1, unavailable 0`.
    pub fn name(&self) -> String {
        match self {
            Plan::AsIs => "As it is".to_owned(),
            Plan::Recreate => "Recreate".to_owned(),
            Plan::Rolling { surge, unavailable } => {
                format!("Surge {surge}, unavailable {unavailable}")
            }
            Plan::Sized {
                replicas,
                surge,
                unavailable,
            } => format!("{replicas} replicas, surge {surge}, unavailable {unavailable}"),
            Plan::Probes(true) => "With a readiness probe".to_owned(),
            Plan::Probes(false) => "Without probes".to_owned(),
            Plan::Text { name, .. } => name.clone(),
            Plan::Branch(index) => format!("branch {index}"),
        }
    }
}
