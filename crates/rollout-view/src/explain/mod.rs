//! Why: every step, every wait and every resting point in one sentence with its numbers.

mod autoscaler;
mod changes;
mod deployment;
mod faults;
mod held;
mod node;
mod reference;
mod replica_set;
mod rest;
mod trace;
mod volumes;
mod wait;
mod why_not;

pub use changes::change_sentence;
pub use reference::reference;
pub use rest::{Cause, Rest, cause_of_stall, rest};
pub use trace::trace;
pub use wait::wait;
pub use why_not::answer;

use crate::catalogue::{Arg, Msg, code, counted, join, plain, say, seconds, words};
use crate::cluster::{Rollout, Set, Versions};
use crate::model::*;
use crate::past::action_words;
use crate::scene::short_image;
use crate::walk::Walk;
use rollout_api::Order;
use rollout_api::{Kind, ObjectKey};
use rollout_engine::SimTime;
use rollout_engine::decision::{Decision, What};
use rollout_session::{LogEntry, Session, Step};

/// A sentence with the terms of its formula.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// What kind of sentence.
    pub kind: WhyKind,
    /// The sentence.
    pub headline: Vec<Span>,
    /// The formula.
    pub terms: Vec<TermView>,
    /// The function of Kubernetes that decided.
    pub upstream: Option<&'static str>,
    /// It tells of a pod's change, which can be seen in the scene.
    pub seen: bool,
}

impl Explanation {
    pub(crate) fn new(kind: WhyKind, headline: Vec<Span>) -> Explanation {
        Explanation {
            kind,
            headline,
            terms: Vec::new(),
            upstream: None,
            seen: false,
        }
    }
    pub(crate) fn with(mut self, terms: Vec<TermView>, upstream: &'static str) -> Explanation {
        self.terms = terms;
        self.upstream = Some(upstream);
        self
    }
}

/// A line of a bill.
pub(crate) fn term(
    operator: &'static str,
    name: &str,
    value: impl Into<i64>,
    quantity: Quantity,
    origin: Origin,
) -> TermView {
    TermView {
        operator,
        name: name.to_owned(),
        number: crate::catalogue::number(value.into(), quantity, origin),
    }
}

/// A number that somebody wrote.
pub(crate) fn field(path: &str) -> Origin {
    Origin::Field(path.to_owned())
}

/// A number that a controller reported.
pub(crate) fn status(path: &str) -> Origin {
    Origin::Status(path.to_owned())
}

/// What a step did to the Deployment of `key`, if it did anything to it or to its pods. The first explanation is the
/// headline, the others are further lines.
pub fn explain_step(
    session: &Session,
    step: &Step,
    key: Option<&ObjectKey>,
    rollout: Option<&Rollout>,
) -> Vec<Explanation> {
    let mut out = Vec::new();
    if let Some(entry) = &step.action {
        out.push(action_sentence(entry));
    }
    // What the node side decided comes after the pods that show it.
    let mut beside = Vec::new();
    for d in &step.record.decisions {
        let about = match &d.what {
            What::Deployment(_) => key.is_none_or(|k| d.on == *k),
            _ => key.is_none_or(|k| d.on.namespace == k.namespace),
        };
        if !about {
            continue;
        }
        let sentence = decision_sentence(d, step.record.at, rollout);
        match &d.what {
            What::Deployment(_) | What::ReplicaSet(_) | What::Autoscaler(_) => out.push(sentence),
            What::Volume(_)
            | What::GarbageCollector(_)
            | What::Scheduler(_)
            | What::Kubelet(_)
            | What::Plain(_) => beside.push(sentence),
        }
    }
    // Writes come first; what was only considered follows.
    out.order_by_key(|e| match e.kind {
        WhyKind::Action => 0,
        WhyKind::Decision => 1,
        _ => 2,
    });
    let mut changed = changes::explain(session, step, rollout);
    let pods = changed.iter().take_while(|e| e.seen).count();
    out.extend(changed.drain(..pods));
    out.append(&mut beside);
    out.append(&mut changed);
    out
}

/// A decision as a sentence, whoever made it.
pub fn decision_sentence(d: &Decision, at: SimTime, rollout: Option<&Rollout>) -> Explanation {
    match &d.what {
        What::Deployment(decision) => deployment::explain(decision, rollout),
        What::ReplicaSet(decision) => replica_set::explain(&d.on, decision),
        What::GarbageCollector(decision) => node::garbage(&d.on, decision),
        What::Scheduler(decision) => node::scheduler(&d.on, decision, at),
        What::Autoscaler(decision) => autoscaler::explain(decision),
        What::Volume(decision) => volumes::explain(&d.on, decision),
        What::Kubelet(decision) => node::kubelet(&d.on, decision, at),
        What::Plain(name) => Explanation::new(
            WhyKind::Change,
            say(Msg::PlainDecision, &[("name", words(name.as_str()))]),
        ),
    }
}

fn action_sentence(entry: &LogEntry) -> Explanation {
    let line = action_words(&entry.action);
    Explanation::new(WhyKind::Action, say(Msg::YouDid, &[("line", code(line))]))
}

/// So many steps of one moment are looked through for an action.
const MOMENT: usize = 12;

/// What was just done changes no template, although somebody may expect a rollout of it.
fn without_rollout(session: &Session, key: Option<&ObjectKey>) -> Option<Vec<Span>> {
    let (here, at) = (session.position(), session.at());
    // The action of this moment, or what the controllers noted right after it.
    let recent = session.steps()[..here].iter().rev();
    let recent = recent.take(MOMENT).take_while(|s| s.at == at);
    let acted = recent.into_iter().find(|s| s.action.is_some());
    let entry = match acted {
        Some(step) => {
            let near = |c: &rollout_engine::Change| {
                Some(&c.key) == key || matches!(c.key.kind.0, "ConfigMap" | "Secret")
            };
            if !step.record.changes.iter().any(near) {
                return None;
            }
            step.action.clone()?
        }
        _ => {
            let log = session.branch().log.iter().rev();
            let mut log = log.take_while(|e| e.step >= here && e.at >= at);
            log.find(|e| e.step == here && e.at == at)?.clone()
        }
    };
    let words = action_words(&entry.action);
    let mut verbs = words.split_whitespace();
    let expected = match verbs.next()? {
        "apply" | "set" | "patch" | "edit" | "label" | "annotate" | "replace" => true,
        "rollout" => verbs.next() == Some("undo"),
        _ => false,
    };
    expected.then(|| {
        join(
            action_sentence(&entry).headline,
            say(Msg::NothingToRollOut, &[]),
        )
    })
}

/// The sentence of a step for a mark of the timeline.
pub fn step_sentence(session: &Session, step: &Step, key: Option<&ObjectKey>) -> String {
    match explain_step(session, step, key, None).first() {
        Some(e) => plain_text(&e.headline),
        None => plain(
            Msg::ObjectChanged,
            &[("object", words(changed_object(step)))],
        ),
    }
}

fn changed_object(step: &Step) -> String {
    step.record
        .changes
        .first()
        .map_or("Something".to_owned(), |c| {
            format!("{} {}", c.key.kind.0, c.key.name)
        })
}

/// The rollout at the cursor.
pub fn rollout_at_cursor(session: &Session, key: &ObjectKey) -> Option<Rollout> {
    let versions = versions(session, key);
    Rollout::read(
        session.store(),
        key,
        &versions,
        session.wall_ms_at(session.at()),
    )
}

/// Letters of the sets up to the cursor.
pub fn versions(session: &Session, key: &ObjectKey) -> Versions {
    // In one life letters are given once: those of the whole record are those of every moment in it.
    if let Some(versions) = crate::past::versions_of_one_life(session, key) {
        return versions;
    }
    let mut walk = Walk::start(session, key);
    for step in &session.steps()[..session.position()] {
        if step
            .record
            .changes
            .iter()
            .any(|c| matches!(c.key.kind, Kind::DEPLOYMENT | Kind::REPLICA_SET))
        {
            walk.apply(step, session.wall_ms_at(step.at));
        }
    }
    walk.versions
}

/// The sentence at the cursor.
pub fn why(session: &Session, key: Option<&ObjectKey>, rollout: Option<&Rollout>) -> WhyView {
    let resting = rest(session, rollout);
    let mid_instant = session.more_now();
    let mut explained = match session.last_step() {
        Some(step) => explain_step(session, step, key, rollout),
        None => Vec::new(),
    };
    let own = if explained.is_empty() {
        None
    } else {
        Some(explained.remove(0))
    };
    let also: Vec<Vec<Span>> = explained.into_iter().map(|e| e.headline).collect();
    let mut step_note = None;
    let nothing = (resting.explanation.kind == WhyKind::Complete && !mid_instant)
        .then(|| without_rollout(session, key))
        .flatten();
    let shown = match own {
        _ if nothing.is_some() => {
            let mut shown = resting.explanation.clone();
            shown.headline = nothing.unwrap_or_default();
            shown
        }
        Some(own) if mid_instant => own,
        Some(own) if own.kind == WhyKind::Decision => own,
        Some(own) if own.seen || own.kind == WhyKind::Action => {
            let mut shown = resting.explanation.clone();
            shown.headline = join(own.headline, shown.headline);
            if matches!(own.kind, WhyKind::Action) && shown.kind == WhyKind::Wait {
                shown.kind = WhyKind::Action;
            }
            shown
        }
        Some(own) => {
            // Not twice what stands below in large.
            let said = plain_text(&resting.explanation.headline);
            if !said.starts_with(&plain_text(&own.headline)) {
                step_note = Some(own.headline);
            }
            resting.explanation.clone()
        }
        None => resting.explanation.clone(),
    };
    let mut kicker = kicker(rollout, &resting, mid_instant);
    let step = session.position();
    if step > 0 {
        kicker = join(
            kicker,
            say(Msg::KickerStep, &[("step", words(step.to_string()))]),
        );
    }
    // What the sentence says too is not said twice.
    let said = plain_text(&shown.headline);
    if let Some(note) = step_note.filter(|n| !said.contains(&plain_text(n))) {
        kicker = join(kicker, note);
    }
    WhyView {
        kind: shown.kind,
        kicker,
        alert: alert(session, &resting, key).filter(|_| !mid_instant),
        spoken: plain_text(&shown.headline),
        headline: shown.headline,
        terms: shown.terms,
        reference: shown.upstream.and_then(reference),
        wait: if mid_instant {
            None
        } else {
            wait(session, rollout)
        },
        trace: trace(session, rollout),
        also,
    }
}

fn alert(session: &Session, resting: &Rest, key: Option<&ObjectKey>) -> Option<String> {
    match resting.explanation.kind {
        WhyKind::Stalled if resting.deadline_passed => Some(Msg::AlertDeadline.text().to_owned()),
        WhyKind::Stalled => {
            let since = session.at().saturating_sub(last_write(session, key));
            Some(plain(Msg::AlertStalled, &[("s", words(seconds(since)))]))
        }
        WhyKind::Paused => Some(Msg::AlertPaused.text().to_owned()),
        _ => None,
    }
}

/// The time of the last write of the controller, or of the last action that changed the Deployment.
fn last_write(session: &Session, key: Option<&ObjectKey>) -> u64 {
    let acted = |s: &Step| {
        let mut changed = s.record.changes.iter();
        s.action.is_some() && changed.any(|c| Some(&c.key) == key)
    };
    let steps = session.steps()[..session.position()].iter().rev();
    let mut steps = steps.filter(|s| s.is_write() || acted(s));
    steps.next().map_or(0, |s| s.at)
}

/// The first image that differs between two sets' templates: what was, what is.
pub(crate) fn changed_image<'r>(old: &'r Set, new: &'r Set) -> Option<(&'r str, &'r str)> {
    let lists = [
        "spec.template.spec.containers",
        "spec.template.spec.initContainers",
    ];
    for list in lists {
        let olds = old.object.value.list_at(list);
        for c in new.object.value.list_at(list) {
            for o in olds {
                let (was, is) = (o.str_at("image"), c.str_at("image"));
                if o.str_at("name") == c.str_at("name") && was != is {
                    return Some((was, is));
                }
            }
        }
    }
    None
}

fn kicker(rollout: Option<&Rollout>, resting: &Rest, mid_instant: bool) -> Vec<Span> {
    let Some(r) = rollout else { return Vec::new() };
    if resting.explanation.kind == WhyKind::Stalled && !mid_instant {
        return say(Msg::KickerStalled, &[]);
    }
    let desired = || counted(r.limits.desired, Quantity::Desired);
    let old = r
        .sets
        .iter()
        .enumerate()
        .filter(|(i, _)| Some(*i) != r.newest)
        .max_by_key(|(_, s)| (s.size > 0, s.revision));
    let rolled_out =
        r.condition("Progressing").map(|(_, reason)| reason) == Some("NewReplicaSetAvailable");
    let under_way = r.in_flight() || !rolled_out;
    match old.filter(|_| under_way && !r.complete()) {
        Some((_, set)) => {
            let newest = r.newest.map(|i| &r.sets[i]);
            // Without the new set nothing is known but the image of the first container.
            let changed = match newest {
                Some(new) => changed_image(set, new),
                None => Some((set.image(), r.image())).filter(|(was, is)| was != is),
            };
            let (from, to) = changed.unwrap_or((set.image(), r.image()));
            let args: [(&str, Arg); 3] = [
                ("desired", desired()),
                ("from", words(short_image(from))),
                ("to", words(short_image(to))),
            ];
            let msg = match (r.limits.rolling, changed.is_some()) {
                (true, true) => Msg::KickerRolling,
                (true, false) => Msg::KickerRollingTemplate,
                (false, true) => Msg::KickerRecreate,
                (false, false) => Msg::KickerRecreateTemplate,
            };
            say(msg, &args)
        }
        None => say(
            Msg::KickerSteady,
            &[
                ("name", words(r.name())),
                ("desired", desired()),
                ("image", words(short_image(r.image()))),
            ],
        ),
    }
}
