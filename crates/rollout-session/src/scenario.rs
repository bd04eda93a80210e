//! What all plans of a comparison repeat: a start, the learner's actions at their times, and an update if there was none.

use crate::action::{Action, LogEntry};
use crate::plan::Plan;
use crate::session::Session;
use crate::share::{self, Shared};
use crate::start::Start;
use crate::subject::{deployment_of, first_of, last_changed, replicas_in};
use rollout_api::{Kind, ObjectKey, Str, json};
use rollout_engine::controllers::selector::map_selector_matches;
use rollout_engine::{Engine, Object};
use std::rc::Rc;

/// When the update is made that nobody made.
const UPDATE_MS: u64 = 1_000;
/// A run that is not complete this long after its last action is shown as far as it came.
pub(crate) const HORIZON_MS: u64 = 600_000;
/// Requests of a comparison whose session has none.
const RATE: &str = "8/s";
/// What is still seen after the end.
pub(crate) const AFTERWARDS_MS: u64 = 2_000;

/// A start and what happened then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    pub(crate) start: Start,
    pub(crate) log: Vec<LogEntry>,
    /// The update that was added because the learner made none: a line at a time.
    pub(crate) update: Option<(u64, String)>,
    /// The rate of a stream of requests to the Deployment, because there was none.
    pub(crate) traffic: Option<String>,
    /// The Deployment that is acted on: plans change it, and it is measured. None: the first.
    pub(crate) subject: Option<ObjectKey>,
}

impl Scenario {
    /// What the learner did until the cursor. `text` is the manifest of the editor, for sessions that began empty and
    /// applied nothing. None: there is no Deployment.
    pub fn of(session: &Session, text: &str) -> Option<Scenario> {
        let shared = session.shared(None);
        let mut scenario = Scenario {
            start: shared.start,
            log: shared.log,
            update: None,
            traffic: match session.traffic().streams().next() {
                Some(_) => None,
                None => Some(RATE.to_owned()),
            },
            subject: last_changed(session, session.position()),
        };
        if scenario.subject.is_none() {
            let written = crate::scene::start_text(&scenario.start);
            scenario.subject = written.or(Some(text)).and_then(first_of);
        }
        let meant = scenario.subject.clone();
        let of = |store: &rollout_engine::Store| {
            let known = meant.as_ref().and_then(|key| store.get(key).cloned());
            known.or_else(|| store.list(Kind::DEPLOYMENT).next().cloned())
        };
        let (begun, now) = (of(session.base_store()), of(session.store()));
        let (begun, now) = (begun.as_ref(), now.as_ref());
        if let (None, None) = (begun, now) {
            scenario.start.manifest = Some(text.to_owned());
            scenario
                .log
                .retain(|e| matches!(&e.action, Action::Line(l) if is_setting(l)));
        }
        if !was_updated(begun, now) {
            if begun.is_none() && now.is_some() {
                // Created, and nothing more: the update begins when the creation is at rest.
                let at = session.at().max(session.recorded_ms()) + UPDATE_MS;
                let created = scenario
                    .log
                    .iter()
                    .rposition(|e| matches!(e.action, Action::Apply { .. }));
                if let (Some(i), None) = (created, &scenario.start.manifest)
                    && let Action::Apply { text, .. } = &scenario.log[i].action
                {
                    scenario.start.manifest = Some(text.clone());
                    let later = scenario.log.split_off(i + 1);
                    let settings =
                        |e: &LogEntry| matches!(&e.action, Action::Line(l) if is_setting(l));
                    scenario.log.retain(settings);
                    scenario.begin_anew(later, now);
                    if !scenario.log.iter().all(settings) {
                        return Some(scenario);
                    }
                } else {
                    scenario.update = Some((at, String::new()));
                }
            }
            let run = Session::new(scenario.start.clone());
            let meant = scenario.subject.as_ref();
            let line = update_of(run.head(), meant).or_else(|| update_of(session.head(), meant))?;
            let last = scenario.log.iter().map(|e| e.at).max();
            let at = scenario
                .update
                .take()
                .map_or(last.unwrap_or(0) + UPDATE_MS, |(at, _)| at);
            scenario.update = Some((at, line));
        }
        Some(scenario)
    }

    /// What was done after the creation, at a cluster in which it is at rest: settings at once, and, if the template is
    /// another one now, the lines that may have changed it.
    fn begin_anew(&mut self, later: Vec<LogEntry>, now: Option<&Rc<Object>>) {
        let template = |o: &Rc<Object>| o.value.at("spec.template").cloned();
        let run = Session::new(self.start.clone());
        let begun = deployment_of(run.head(), self.subject.as_ref());
        let changed = begun.and_then(template) != now.and_then(template);
        let mut acts = Vec::new();
        for mut entry in later {
            let Action::Line(line) = &entry.action else {
                continue;
            };
            if is_setting(line) {
                self.log.push(entry);
            } else if changed {
                (entry.at, entry.step) = (UPDATE_MS, 0);
                acts.push(entry);
            }
        }
        for entry in &mut self.log {
            (entry.at, entry.step) = (0, 0);
        }
        self.log.append(&mut acts);
    }

    /// A manifest at rest, image rules, lines at their times. Without lines that act the next tag is set.
    pub fn of_manifest(start: Start, lines: &[(u64, String)]) -> Option<Scenario> {
        Scenario::of_lines(start, lines, None)
    }

    /// The same with another rate of requests (`20/s`) for lines that start no stream.
    pub fn of_lines(start: Start, lines: &[(u64, String)], rate: Option<&str>) -> Option<Scenario> {
        let log = lines
            .iter()
            .map(|(at, line)| LogEntry {
                at: *at,
                step: 0,
                settled: true,
                action: Action::Line(line.clone()),
            })
            .collect();
        let mut scenario = Scenario {
            log,
            update: None,
            traffic: match lines.iter().any(|(_, l)| l.starts_with("traffic ")) {
                true => None,
                false => Some(rate.unwrap_or(RATE).to_owned()),
            },
            subject: crate::scene::start_text(&start).and_then(first_of),
            start,
        };
        if lines.iter().all(|(_, l)| is_setting(l)) {
            let run = Session::new(scenario.start.clone());
            let line = update_of(run.head(), scenario.subject.as_ref())?;
            let last = lines.iter().map(|(at, _)| *at).max().unwrap_or(0);
            scenario.update = Some((last + UPDATE_MS, line));
        } else {
            let run = scenario.run(&Plan::AsIs)?;
            let changed = last_changed(&run, run.position());
            scenario.subject = changed.or(scenario.subject);
        }
        Some(scenario)
    }

    /// The Deployment that plans change.
    pub fn subject(&self) -> Option<&ObjectKey> {
        self.subject.as_ref()
    }

    /// Replicas of the Deployment at the start.
    pub fn replicas(&self) -> i64 {
        let meant = self.subject.as_ref();
        let of = |engine: &Engine| deployment_of(engine, meant)?.value.int_at("spec.replicas");
        let run = Session::new(self.start_of(&Plan::AsIs));
        if let Some(n) = of(run.head()) {
            return n;
        }
        // Made by the learner: what the first text says, else what is there as soon as it is made.
        let written = self.log.iter().find_map(|e| match &e.action {
            Action::Apply { text, .. } | Action::Save { text, .. } => replicas_in(text, meant),
            Action::Line(_) | Action::Edit { .. } | Action::Interrupt => None,
        });
        let made = || {
            (1..=self.log.len()).find_map(|n| {
                let begun = Scenario {
                    log: self.log[..n].to_vec(),
                    update: None,
                    ..self.clone()
                };
                of(begun.run(&Plan::AsIs)?.head())
            })
        };
        written.or_else(made).unwrap_or(1)
    }

    /// The start under a plan.
    pub(crate) fn start_of(&self, plan: &Plan) -> Start {
        let mut start = self.start.clone();
        start.preset = start
            .preset
            .as_deref()
            .and_then(crate::presets::find)
            .map(|p| p.name.to_owned());
        let begun = crate::scene::start_text(&self.start);
        if let (Some(text), false) = (begun, *plan == Plan::AsIs) {
            let under = plan.apply_to(text, self.subject.as_ref());
            if under != text {
                start.manifest = Some(under);
            }
        }
        start
    }

    /// As text, for a sweep in another thread.
    pub fn to_text(&self) -> String {
        let shared = Shared {
            start: self.start.clone(),
            log: self.log.clone(),
            step: 0,
            at: 0,
            draft: None,
        };
        let (at, line) = self.update.clone().unwrap_or_default();
        let mut text = at.to_string();
        let meant = self.subject.as_ref();
        let subject = meant.map_or(String::new(), |k| format!("{}/{}", k.namespace, k.name));
        for part in [
            line.as_str(),
            self.traffic.as_deref().unwrap_or_default(),
            &subject,
            &share::encode(&shared, share::Packing::Deflate),
        ] {
            text.push('\n');
            text.push_str(part);
        }
        text
    }

    /// Reads what [`Scenario::to_text`] wrote. None: it did not, or it is larger than a link may be.
    pub fn from_text(text: &str) -> Option<Scenario> {
        let mut lines = text.split('\n');
        let at = lines.next()?.parse().ok()?;
        let line = lines.next()?.to_owned();
        let traffic = Some(lines.next()?.to_owned()).filter(|rate| !rate.is_empty());
        let subject = lines.next()?.split_once('/').map(|(namespace, name)| {
            ObjectKey::new(Kind::DEPLOYMENT, Str::copy(namespace), Str::copy(name))
        });
        let shared = share::decode(lines.next()?).ok()?;
        Some(Scenario {
            start: shared.start,
            log: shared.log,
            update: (!line.is_empty()).then_some((at, line)),
            traffic,
            subject,
        })
    }

    /// A line that was run in all plans at a time: what was planned for later gives way to it.
    pub(crate) fn add(&mut self, at: u64, line: &str) {
        self.log.retain(|e| e.at <= at);
        let entry = |at: u64, line: String| LogEntry {
            at,
            step: 0,
            settled: true,
            action: Action::Line(line),
        };
        if let Some((update, line)) = self.update.take().filter(|(update, _)| *update <= at) {
            self.log.push(entry(update, line));
        }
        self.log.push(entry(at, line.to_owned()));
    }

    /// Everything done again under a plan, the clock where the last action was.
    pub fn run(&self, plan: &Plan) -> Option<Session> {
        let mut run = Session::new(self.start_of(plan));
        let mut first = crate::scene::start_text(&self.start).is_none();
        let mut silent = self.traffic.as_deref();
        let mut unmade = deployment_of(run.head(), self.subject.as_ref()).is_none();
        self.stream(&mut run, &mut silent);
        for entry in &self.log {
            run.play_to(entry.at);
            match &entry.action {
                Action::Apply { file, text } => {
                    run.apply(file, &self.text(plan, text, &mut first));
                }
                Action::Save { file, text } => {
                    run.save(file, &self.text(plan, text, &mut first));
                }
                Action::Line(_) | Action::Edit { .. } | Action::Interrupt => {
                    run.repeat(&entry.action);
                }
            }
            self.keep_to(&mut run, plan);
            if unmade && let Some(d) = deployment_of(run.head(), self.subject.as_ref()) {
                unmade = false;
                if let Some(line) = size_line(d, plan) {
                    run.run(&line);
                }
            }
            self.stream(&mut run, &mut silent);
        }
        run.head().list(Kind::DEPLOYMENT).next()?;
        if let Some((at, line)) = &self.update {
            run.play_to(*at);
            run.run(line);
        }
        Some(run)
    }

    /// Starts the stream as soon as there is a Deployment.
    fn stream(&self, run: &mut Session, silent: &mut Option<&str>) {
        let meant = self.subject.as_ref();
        if let Some(rate) = *silent
            && let Some(line) = traffic_line(run.head(), meant, rate)
        {
            run.run(&line);
            *silent = None;
        }
    }

    fn keep_to(&self, run: &mut Session, plan: &Plan) {
        if let Some(line) = patch_line(run.head(), plan, self.subject.as_ref()) {
            run.run(&line);
        }
    }

    /// Another manifest takes the place of the first one only: later ones are the learner's updates.
    pub(crate) fn text(&self, plan: &Plan, text: &str, first: &mut bool) -> String {
        if matches!(plan, Plan::Text { .. }) && !std::mem::take(first) {
            return text.to_owned();
        }
        plan.apply_to(text, self.subject.as_ref())
    }
}

/// Lines that set up the scene and change no object.
fn is_setting(line: &str) -> bool {
    ["image ", "traffic ", "load "]
        .iter()
        .any(|w| line.starts_with(w))
}

/// The line that starts the stream of requests: through the Service that selects the Deployment's pods, else to the
/// Deployment as if one stood in front of it.
/// None: there is no Deployment yet, or a stream already.
pub(crate) fn traffic_line(
    engine: &Engine,
    meant: Option<&ObjectKey>,
    rate: &str,
) -> Option<String> {
    if engine.world().traffic.streams().next().is_some() {
        return None;
    }
    let d = deployment_of(engine, meant)?;
    let labels = d.value.at("spec.template.metadata.labels");
    let selects = |s: &&Rc<Object>| {
        s.meta.namespace == d.meta.namespace
            && s.service().is_some_and(|v| {
                let chosen = !v.selector.is_empty();
                chosen && labels.is_some_and(|l| map_selector_matches(&v.selector, l))
            })
    };
    let (kind, name) = match engine.list(Kind::SERVICE).find(selects) {
        Some(service) => ("service", &service.meta.name),
        None => ("deployment", &d.meta.name),
    };
    let namespace = match d.meta.namespace.as_str() {
        "default" => String::new(),
        other => format!("-n {other} "),
    };
    Some(format!("traffic {namespace}{kind}/{name} {rate}"))
}

/// The line that brings a Deployment that was made by a line, without a text, under the plan.
pub(crate) fn patch_line(
    engine: &Engine,
    plan: &Plan,
    meant: Option<&ObjectKey>,
) -> Option<String> {
    let d = deployment_of(engine, meant)?;
    let patch = plan.patch(&d.value)?;
    Some(format!(
        "kubectl patch deployment {} -n {} --type=merge -p '{}'",
        d.meta.name,
        d.meta.namespace,
        json::to_json(&patch)
    ))
}

/// The line that gives a Deployment that was made by a line, without a text, the plan's number of replicas.
pub(crate) fn size_line(d: &Object, plan: &Plan) -> Option<String> {
    let Plan::Sized { replicas, .. } = plan else {
        return None;
    };
    (d.value.int_at("spec.replicas") != Some(*replicas)).then(|| {
        let (name, namespace) = (&d.meta.name, &d.meta.namespace);
        format!("kubectl scale deployment/{name} -n {namespace} --replicas={replicas}")
    })
}

/// The template was changed after the Deployment was there: its revision is another one.
fn was_updated(begun: Option<&Rc<Object>>, now: Option<&Rc<Object>>) -> bool {
    let revision = |o: &Object| {
        let text = o.meta.annotation("deployment.kubernetes.io/revision");
        text.and_then(|r| r.parse::<u64>().ok()).unwrap_or(0)
    };
    match (begun, now) {
        (Some(begun), Some(now)) => {
            // The controller may not have seen the new template yet.
            begun.meta.uid != now.meta.uid
                || revision(begun) != revision(now)
                || begun.value.at("spec.template") != now.value.at("spec.template")
        }
        (None, Some(now)) => revision(now) > 1,
        (_, None) => false,
    }
}

/// An update to compare when the learner has made none: the next tag, the other server, or a restart.
pub fn update_line(engine: &Engine) -> Option<String> {
    update_of(engine, None)
}

/// The same for the Deployment that is meant.
fn update_of(engine: &Engine, meant: Option<&ObjectKey>) -> Option<String> {
    let d = deployment_of(engine, meant)?;
    let c = d.value.at("spec.template.spec.containers.0")?;
    let (container, image) = (c.str_at("name"), c.str_at("image"));
    let mut name = format!("deployment/{}", d.meta.name);
    if d.meta.namespace != "default" {
        name = format!("-n {} {name}", d.meta.namespace);
    }
    let next = match (image, image.rsplit_once(":v")) {
        ("nginx", _) => Some("httpd".to_owned()),
        (_, Some((base, n))) => n
            .parse::<u32>()
            .ok()
            .map(|n| format!("{base}:v{}", n.saturating_add(1))),
        _ => None,
    };
    Some(match next {
        Some(next) => format!("kubectl set image {name} {container}={next}"),
        None => format!("kubectl rollout restart {name}"),
    })
}

/// Lets a run go on until its Deployments are complete and their old pods are gone, at most [`HORIZON_MS`]. Answers when
/// that was, with a moment more.
pub(crate) fn run_out(run: &mut Session) -> u64 {
    let limit = run.at() + HORIZON_MS;
    run.settle();
    while !at_rest(run.head()) && run.at() < limit {
        match run.next_at() {
            Some(next) => run.play_to(next.min(limit)),
            None => break,
        };
    }
    run.at() + AFTERWARDS_MS
}

/// Every Deployment is complete and no pod is leaving.
///
/// Mirrors `DeploymentComplete`, pkg/controller/deployment/util/deployment_util.go.
pub(crate) fn at_rest(engine: &Engine) -> bool {
    let complete = engine.list(Kind::DEPLOYMENT).all(|d| {
        d.deployment().is_some_and(|v| {
            let s = &v.status;
            let generation = d.value.int_at("metadata.generation").unwrap_or(0);
            s.updated_replicas == v.replicas
                && s.replicas == v.replicas
                && s.available_replicas == v.replicas
                && s.observed_generation >= generation
        })
    });
    complete && !engine.list(Kind::POD).any(|p| p.meta.is_terminating())
}
