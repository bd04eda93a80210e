//! The page at the cursor of a session.

use crate::bench;
use crate::catalogue::{Msg, counted, number, plain, seconds};
use crate::cluster::Rollout;
use crate::editor;
use crate::explain;
use crate::measures::{measures, seconds_bare};
use crate::model::*;
use crate::past;
use crate::scene;
use crate::walk::default_focus;
use rollout_api::Order;
use rollout_api::{Kind, ObjectKey, Str};
use rollout_session::Session;
use std::rc::Rc;

/// What the page knows besides the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageInput<'a> {
    /// Text of the editor.
    pub text: &'a str,
    /// Namespace and name of the Deployment that the learner chose.
    pub focus: Option<(&'a str, &'a str)>,
}

/// A proposed ceiling may be so much higher than twice the drawing; a higher one is only said.
const GHOST_ABOVE: u32 = 10;

/// The whole page.
pub fn page_view(session: &Session, input: &PageInput<'_>) -> PageView {
    page_view_beside(session, input, &[], None)
}

/// The page while the head is on its way: the scene, the sentence and the sums of this moment. What stands beside them is
/// read when the head rests, and is that of another view; pods that are dots have no words.
pub fn page_view_in_passing(
    session: &Session,
    input: &PageInput<'_>,
    before: &PageView,
) -> PageView {
    page_view_beside(session, input, &[], Some(before))
}

/// The page of a run that shares its axis of time with others: when something happened in them, in order.
pub(crate) fn page_view_beside(
    session: &Session,
    input: &PageInput<'_>,
    shared: &[u64],
    before: Option<&PageView>,
) -> PageView {
    let key = shown_key(session, input.focus);
    let rollout = key
        .as_ref()
        .and_then(|k| explain::rollout_at_cursor(session, k));
    let mut drawn = past::draw(session, key.as_ref(), shared);
    let marks = std::mem::take(&mut drawn.marks);
    let why = explain::why(session, key.as_ref(), rollout.as_ref());
    let sign = match (why.kind, rollout.as_ref()) {
        (_, Some(r)) if r.view().paused => ControllerSign::Paused,
        (WhyKind::Stalled, _) => ControllerSign::Stalled,
        _ => ControllerSign::None,
    };
    let scene = match &rollout {
        Some(r) => scene::scene(session, r, drawn, sign, before.is_some()),
        None => scene::empty(drawn),
    };
    let mut scene = scene;
    let r = rollout.as_ref();
    let manifest = held(before.map(|b| &b.manifest), || {
        editor::manifest(session, r, input.text)
    });
    let requests = crate::traffic::so_far(session, r);
    if let Some(ghost) = manifest.proposal.as_ref().and_then(|p| p.ceiling.as_ref())
        && ghost.level <= scene.height * 2 + GHOST_ABOVE
    {
        scene.height = scene.height.max(ghost.level);
    }
    PageView {
        root: root(session),
        header: held(before.map(|b| &b.header), || header(session, r)),
        focus: r.map(|r| focus(&r.object, true)),
        deployments: held(before.map(|b| &b.deployments), || {
            deployments(session, key.as_ref())
        }),
        room: room(r),
        spare: spare(r),
        numbers: numbers(r),
        measures: held(before.map(|b| &b.measures), || {
            measures(session, r, requests.as_ref())
        }),
        actions: held(before.map(|b| &b.actions), || actions(r, why.kind)),
        transport: transport(session),
        marks,
        manifest,
        history: held(before.map(|b| &b.history), || bench::history(session, r)),
        images: held(before.map(|b| &b.images), || crate::images::images(session)),
        broken: held(before.map(|b| &b.broken), || {
            crate::breakage::breakage(session, r)
        }),
        traffic: crate::traffic::traffic(session, r, requests, &scene.past.record),
        events: held(before.map(|b| &b.events), || {
            Rc::new(bench::events(session, key.as_ref()))
        }),
        conditions: held(before.map(|b| &b.conditions), || bench::conditions(r)),
        console: held(before.map(|b| &b.console), || bench::console(session)),
        branches: branches(session),
        why,
        scene,
    }
}

/// What was there before, or what is made now.
fn held<T: Clone>(before: Option<&T>, make: impl FnOnce() -> T) -> T {
    before.map_or_else(make, T::clone)
}

fn deployments(session: &Session, key: Option<&ObjectKey>) -> Vec<FocusView> {
    let is = |o: &rollout_engine::Object, k: &ObjectKey| {
        k.name == o.meta.name && k.namespace == o.meta.namespace
    };
    let all = session.store().list(Kind::DEPLOYMENT);
    all.map(|o| focus(o, key.is_some_and(|k| is(o, k))))
        .collect()
}

/// The Deployment that is shown: the one that the learner chose, if it is there.
pub fn shown_key(session: &Session, focus: Option<(&str, &str)>) -> Option<ObjectKey> {
    let chosen = focus
        .map(|(ns, name)| ObjectKey::new(Kind::DEPLOYMENT, Str::copy(ns), Str::copy(name)))
        .filter(|key| session.store().get(key).is_some());
    chosen.or_else(|| default_focus(session))
}

fn root(session: &Session) -> RootView {
    RootView {
        time_ms: session.at(),
        time: seconds_bare(session.at()),
        step: session.position(),
        writes: session.writes(),
        branch: session.branch().name.clone(),
    }
}

fn header(session: &Session, r: Option<&Rollout>) -> HeaderView {
    let name = r.map_or("No Deployment".to_owned(), |r| r.name().to_owned());
    HeaderView {
        preset: session
            .start()
            .preset
            .as_deref()
            .and_then(rollout_session::presets::find)
            .map(|p| p.name.to_owned()),
        kubernetes: session.config().version.to_string(),
        title: format!("{name}, {} – Rollout Playground", seconds(session.at())),
    }
}

fn focus(object: &rollout_engine::Object, current: bool) -> FocusView {
    FocusView {
        namespace: object.meta.namespace.to_string(),
        name: object.meta.name.to_string(),
        current,
        containers: object
            .value
            .list_at("spec.template.spec.containers")
            .iter()
            .map(|c| (c.str_at("name").to_owned(), c.str_at("image").to_owned()))
            .collect(),
    }
}

fn line(
    operator: &'static str,
    name: &str,
    value: i64,
    quantity: Quantity,
    field: Option<&str>,
) -> TermView {
    let origin = field.map_or(Origin::Computed, |f| Origin::Field(f.to_owned()));
    TermView {
        operator,
        name: name.to_owned(),
        number: number(value, quantity, origin),
    }
}

fn sum(title: &str, result_name: &str, quantity: Quantity) -> SumView {
    SumView {
        title: title.to_owned(),
        signal: Signal::Off,
        terms: Vec::new(),
        result_name: result_name.to_owned(),
        result: number(0, quantity, Origin::Computed),
        note: String::new(),
    }
}

fn signal(r: &Rollout, value: i64) -> Signal {
    match (r.view().paused, value) {
        (true, _) => Signal::Clamped,
        _ if r.complete() => Signal::Off,
        (false, 0) => Signal::Stop,
        (false, _) => Signal::Clear,
    }
}

fn room(r: Option<&Rollout>) -> SumView {
    let mut view = sum("Room", "may be added", Quantity::Room);
    let Some(r) = r else { return view };
    let room = r.room();
    view.terms = vec![
        line(
            "",
            "ceiling",
            r.limits.ceiling(),
            Quantity::Ceiling,
            Some("spec.strategy.rollingUpdate.maxSurge"),
        ),
        line("−", "pods", r.wanted(), Quantity::Total, None),
    ];
    view.signal = signal(r, room);
    view.result = number(room, Quantity::Room, Origin::Computed);
    let msg = match view.signal {
        Signal::Clamped => Msg::NoteClamped,
        Signal::Clear | Signal::Stop if r.new_size() >= r.limits.desired => Msg::NoteRoomAsked,
        Signal::Clear => Msg::NoteRoomClear,
        Signal::Off => Msg::NoteDone,
        Signal::Stop => Msg::NoteRoomStop,
    };
    view.note = plain(msg, &[("k", counted(room, Quantity::Room))]);
    view
}

fn spare(r: Option<&Rollout>) -> SumView {
    let mut view = sum("Spare", "may be removed", Quantity::Spare);
    let Some(r) = r else { return view };
    if !r.limits.rolling {
        view.note = plain(Msg::NoteNoFloor, &[]);
        return view;
    }
    let spare = r.spare();
    view.terms = vec![
        line("", "pods", r.wanted(), Quantity::Total, None),
        line(
            "−",
            "floor",
            r.limits.floor(),
            Quantity::Floor,
            Some("spec.strategy.rollingUpdate.maxUnavailable"),
        ),
        line(
            "−",
            "not available",
            r.new_waiting(),
            Quantity::Waiting,
            None,
        ),
    ];
    view.signal = signal(r, spare);
    view.result = number(spare, Quantity::Spare, Origin::Computed);
    let msg = match view.signal {
        Signal::Clamped => Msg::NoteClamped,
        Signal::Clear | Signal::Stop if r.old_size() == 0 => Msg::NoteSpareAsked,
        Signal::Clear => Msg::NoteSpareClear,
        Signal::Off => Msg::NoteDone,
        Signal::Stop => Msg::NoteSpareStop,
    };
    view.note = plain(msg, &[("k", counted(spare, Quantity::Spare))]);
    view
}

fn numbers(r: Option<&Rollout>) -> NumbersView {
    let Some(r) = r else {
        return NumbersView {
            ready: 0,
            desired: 0,
            up_to_date: 0,
            available: 0,
        };
    };
    let s = &r.view().status;
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    NumbersView {
        ready: count(s.ready_replicas),
        desired: r.limits.desired.max(0) as u32,
        up_to_date: count(s.updated_replicas),
        available: count(s.available_replicas),
    }
}

fn actions(r: Option<&Rollout>, kind: WhyKind) -> Vec<ButtonView> {
    let target = r.map_or("deployment/NAME".to_owned(), |r| {
        format!("deployment/{}", r.name())
    });
    let off = |why: Option<&str>| match r {
        None => Some("There is no Deployment".to_owned()),
        Some(_) => why.map(str::to_owned),
    };
    let button = |id: &'static str, label: &str, act: Act, command: String, off: Option<String>| {
        ButtonView {
            id,
            label: label.to_owned(),
            act,
            command,
            off,
            main: false,
        }
    };
    let run = |id: &'static str, label: &str, command: String, why: Option<&str>| {
        button(id, label, Act::Run(command.clone()), command, off(why))
    };
    let container = r.map_or("", |r| {
        r.object
            .value
            .str_at("spec.template.spec.containers.0.name")
    });
    let paused = r.is_some_and(|r| r.view().paused);
    let replicas = r.map_or(0, |r| r.limits.desired);
    let mut out = vec![
        button(
            "image",
            "Change the image",
            Act::ChangeImage,
            format!("kubectl set image {target} {container}=IMAGE"),
            off(None),
        ),
        button(
            "break",
            "Break it",
            Act::BreakIt,
            "image REFERENCE missing".to_owned(),
            None,
        ),
        undo(r, &target, off(None), kind),
    ];
    out.push(if paused {
        run(
            "resume",
            "Resume rollout",
            format!("kubectl rollout resume {target}"),
            None,
        )
    } else {
        run(
            "pause",
            "Pause rollout",
            format!("kubectl rollout pause {target}"),
            None,
        )
    });
    out.push(button(
        "scale",
        "Scale",
        Act::Scale,
        format!("kubectl scale {target} --replicas={replicas}"),
        off(None),
    ));
    let why = paused.then_some("The rollout is paused: resume it first");
    out.push(run(
        "restart",
        "Restart",
        format!("kubectl rollout restart {target}"),
        why,
    ));
    let recreate = r.is_some_and(|r| !r.limits.rolling);
    let other = if recreate {
        "RollingUpdate"
    } else {
        "Recreate"
    };
    out.push(button(
        "strategy",
        &format!("Switch to {other}"),
        Act::SwitchStrategy,
        "kubectl apply -f FILE".to_owned(),
        off(None),
    ));
    out.push(button(
        "compare",
        "Compare strategies",
        Act::Compare,
        String::new(),
        off(None),
    ));
    out.push(run(
        "delete",
        "Delete",
        format!("kubectl delete {target}"),
        None,
    ));
    out.push(button("reset", "Reset", Act::Reset, String::new(), None));
    out
}

fn undo(r: Option<&Rollout>, target: &str, off: Option<String>, kind: WhyKind) -> ButtonView {
    let command = format!("kubectl rollout undo {target}");
    let mut view = ButtonView {
        id: "undo",
        label: "Undo".to_owned(),
        act: Act::Run(command.clone()),
        command,
        off,
        main: false,
    };
    let Some(r) = r else { return view };
    let mut sets: Vec<_> = r.sets.iter().filter(|s| s.revision > 0).collect();
    sets.order_by_key(|s| std::cmp::Reverse(s.revision));
    match sets.get(1) {
        None => view.off = Some("There is no earlier revision".to_owned()),
        Some(set) => {
            // The image that comes back; where none differs, the revision.
            let now = r.newest.map_or(*set, |i| &r.sets[i]);
            view.label = match explain::changed_image(now, set) {
                Some((now, then)) => format!("Undo to {}", tag_words(then, now)),
                None if r.newest.is_some() => format!("Undo to revision {}", set.revision),
                None => format!("Undo to {}", tag_words(set.image(), r.image())),
            };
            view.main = kind == WhyKind::Stalled;
            if r.view().paused {
                view.off = Some("The rollout is paused: resume it first".to_owned());
            }
        }
    }
    view
}

/// `v2` where only the tags differ, else the short image.
pub(crate) fn tag_words(image: &str, than: &str) -> String {
    let (short, other) = (scene::short_image(image), scene::short_image(than));
    match (short.rsplit_once(':'), other.rsplit_once(':')) {
        (Some((a, tag)), Some((b, _))) if a == b => tag.to_owned(),
        _ => short,
    }
}

fn transport(session: &Session) -> TransportView {
    let (step, last) = (session.position(), session.steps().len());
    // Between two records of one event nobody looks back: the rest of the instant only waits for its step.
    let at_head = session.branch().timeline.settled_position(step) == last;
    let recorded = session.recorded_ms();
    // At the end a command that waits for a time is something that comes, too.
    let next_ms = if at_head {
        session.next_seen()
    } else {
        session.next_at()
    };
    let looking_back = !at_head;
    let branch = session.branch();
    let parent = branch.parent.and_then(|i| session.branches().get(i));
    TransportView {
        time: seconds(session.at()),
        position: if looking_back {
            format!("looking back, {} recorded", seconds(recorded))
        } else {
            format!("step {step}, write {}", session.writes())
        },
        step,
        last,
        last_ms: recorded,
        at_head,
        can_back: step > 0,
        can_step: next_ms.is_some(),
        next_ms,
        idle: next_ms
            .is_none()
            .then(|| "Nothing is scheduled: act, or look back".to_owned()),
        branch: parent.map(|p| {
            format!(
                "{} left {} at {}",
                branch.name,
                p.name,
                seconds(branch.fork_at)
            )
        }),
    }
}

fn branches(session: &Session) -> Vec<BranchView> {
    session
        .branches()
        .iter()
        .enumerate()
        .map(|(index, b)| BranchView {
            index,
            name: b.name.clone(),
            current: index == session.current_branch(),
            parent: b.parent,
            forked_at_ms: b.fork_at,
            steps: b.timeline.len(),
            end_ms: b.timeline.time(b.timeline.len()),
        })
        .collect()
}

/// The presets to start from.
pub fn presets() -> Vec<PresetView> {
    rollout_session::PRESETS
        .iter()
        .map(|p| PresetView {
            name: p.name,
            words: p.words,
        })
        .collect()
}

/// The Deployment that `kubectl apply` names in its output, with its namespace.
pub fn applied_deployment(stdout: &str) -> Option<(String, String)> {
    let name = stdout
        .lines()
        .find_map(|l| l.strip_prefix("deployment.apps/"))?
        .split_whitespace()
        .next()?;
    Some(("default".to_owned(), name.to_owned()))
}
