//! Why: every decision has a sentence with its rule, and the numbers of every sentence are those of the cluster.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, ObjectKey, Timestamp, Value};
use rollout_engine::controllers::deployment::decision::{
    DeploymentDecision as D, ScaleReason as R,
};
use rollout_engine::controllers::garbage_collector::GarbageDecision as G;
use rollout_engine::controllers::replica_set::decision::{Chosen, ReplicaSetDecision as S};
use rollout_engine::decision::{Decision, What};
use rollout_engine::kubelet::decision::KubeletDecision as K;
use rollout_engine::kubelet::prober::{ProbeKind, ProbeResult};
use rollout_engine::scheduler::SchedulerDecision as P;
use rollout_engine::{Millis, SimTime};
use rollout_session::{PRESETS, Session, Start};
use rollout_tests::recordings;
use rollout_view::cluster::Rollout;
use rollout_view::explain;
use rollout_view::walk::default_focus;
use rollout_view::{NumberView, PodState, Quantity, Question, Span, WhyKind, WhyView, plain_text};

// ---------------------------------------------------------------- every variant

fn scaled(from: i32, to: i32, is_new: bool, because: R) -> What {
    What::Deployment(D::Scaled {
        replica_set: "web-abc".into(),
        from,
        to,
        is_new,
        because,
    })
}

fn reasons() -> Vec<(i32, i32, bool, R)> {
    let all = vec![
        (
            0,
            2,
            true,
            R::SurgeAllows {
                desired: 10,
                max_surge: 2,
                max_total: 12,
                current: 10,
            },
        ),
        (5, 3, true, R::NotAboveDesired { desired: 3 }),
        (
            5,
            3,
            false,
            R::UnhealthyFirst {
                unhealthy: 2,
                max_scaled_down: 4,
                all_pods: 12,
                min_available: 8,
                new_unavailable: 0,
            },
        ),
        (
            10,
            8,
            false,
            R::AvailabilityAllows {
                available: 10,
                min_available: 8,
                all_pods: 12,
                new_unavailable: 2,
            },
        ),
        (5, 0, false, R::RecreateStopsAll),
        (0, 5, true, R::RecreateStartsAll { desired: 5 }),
        (5, 7, true, R::OnlyActive { desired: 7 }),
        (2, 0, false, R::Saturated { desired: 7 }),
        (
            8,
            11,
            false,
            R::Proportional {
                desired: 15,
                max_surge: 3,
                allowed: 18,
                total: 13,
                share: 3,
                leftover: 1,
            },
        ),
    ];
    // A new variant does not compile here before it has a case above.
    let place = |r: &R| match r {
        R::SurgeAllows { .. } => 0,
        R::NotAboveDesired { .. } => 1,
        R::UnhealthyFirst { .. } => 2,
        R::AvailabilityAllows { .. } => 3,
        R::RecreateStopsAll => 4,
        R::RecreateStartsAll { .. } => 5,
        R::OnlyActive { .. } => 6,
        R::Saturated { .. } => 7,
        R::Proportional { .. } => 8,
    };
    for (i, (.., r)) in all.iter().enumerate() {
        assert_eq!(place(r), i);
    }
    all
}

fn deployment() -> Vec<D> {
    let s = || "web-abc".into();
    let all = vec![
        D::ReplicaSetCreated {
            replica_set: s(),
            replicas: 2,
            revision: 2,
            because: R::SurgeAllows {
                desired: 10,
                max_surge: 2,
                max_total: 12,
                current: 10,
            },
        },
        D::HashCollision {
            replica_set: s(),
            count: 1,
        },
        D::ReplicaSetCreateFailed {
            replica_set: s(),
            error: "forbidden".into(),
        },
        D::Scaled {
            replica_set: s(),
            from: 4,
            to: 5,
            is_new: true,
            because: R::OnlyActive { desired: 5 },
        },
        D::Annotated {
            replica_set: s(),
            revision: 3,
            reused: true,
        },
        D::Adopted { replica_set: s() },
        D::Released { replica_set: s() },
        D::ScaleUpBlocked {
            max_total: 12,
            current: 12,
            desired: 10,
            max_surge: 2,
            new_replicas: 4,
        },
        D::ScaleDownBlocked {
            all_pods: 12,
            min_available: 8,
            new_unavailable: 4,
            old_replicas: 8,
        },
        D::NothingToSpare {
            available: 8,
            min_available: 8,
            old_replicas: 8,
        },
        D::WaitingForOldPods { running: 5 },
        D::Paused {
            pending_template: true,
        },
        D::WaitingForDeadline {
            deadline: 600,
            looks_again_at: Timestamp(0),
        },
        D::DeadlineExceeded { deadline: 60 },
        D::Complete {
            desired: 10,
            replica_set: s(),
        },
        D::HistoryCleaned {
            replica_set: s(),
            revision: 1,
            limit: 2,
            old: 3,
        },
        D::SelectsAll,
        D::Retry {
            failures: 2,
            error: "conflict".into(),
        },
    ];
    let place = |d: &D| match d {
        D::ReplicaSetCreated { .. } => 0,
        D::HashCollision { .. } => 1,
        D::ReplicaSetCreateFailed { .. } => 2,
        D::Scaled { .. } => 3,
        D::Annotated { .. } => 4,
        D::Adopted { .. } => 5,
        D::Released { .. } => 6,
        D::ScaleUpBlocked { .. } => 7,
        D::ScaleDownBlocked { .. } => 8,
        D::NothingToSpare { .. } => 9,
        D::WaitingForOldPods { .. } => 10,
        D::Paused { .. } => 11,
        D::WaitingForDeadline { .. } => 12,
        D::DeadlineExceeded { .. } => 13,
        D::Complete { .. } => 14,
        D::HistoryCleaned { .. } => 15,
        D::SelectsAll => 16,
        D::Retry { .. } => 17,
    };
    for (i, d) in all.iter().enumerate() {
        assert_eq!(place(d), i);
    }
    all
}

fn replica_set() -> Vec<S> {
    let chosen = Chosen {
        pod: "web-abc-x".into(),
        node: "node-1".into(),
        ready: false,
        rank: 2,
    };
    let all = vec![
        S::CreatedPods {
            wanted: 2,
            active: 0,
            pods: vec!["web-abc-a".into(), "web-abc-b".into()],
        },
        S::DeletedPods {
            wanted: 1,
            active: 2,
            pods: vec![chosen],
        },
        S::AdoptedPods {
            pods: vec!["web-abc-a".into()],
        },
        S::ReleasedPods {
            pods: vec!["web-abc-a".into()],
        },
        S::Failed {
            wanted: 2,
            active: 0,
            error: "exceeded quota".into(),
            failures: 3,
        },
        S::WaitingForMinReady {
            min_ready_seconds: 20,
            ready: 2,
            available: 1,
            look_again_after_ms: 900,
        },
    ];
    let place = |d: &S| match d {
        S::CreatedPods { .. } => 0,
        S::DeletedPods { .. } => 1,
        S::AdoptedPods { .. } => 2,
        S::ReleasedPods { .. } => 3,
        S::Failed { .. } => 4,
        S::WaitingForMinReady { .. } => 5,
    };
    for (i, d) in all.iter().enumerate() {
        assert_eq!(place(d), i);
    }
    all
}

fn node_side() -> Vec<What> {
    let kubelet = vec![
        K::Pull {
            image: "web:v2".into(),
            until: SimTime(3_000),
        },
        K::Start {
            container: "web".into(),
            until: SimTime(3_000),
        },
        K::PullBackOff {
            image: "web:v2".into(),
            window: Millis(10_000),
            until: SimTime(9_000),
        },
        K::CrashBackOff {
            container: "web".into(),
            restarts: 2,
            window: Millis(20_000),
            until: SimTime(9_000),
        },
        K::Probe {
            container: "web".into(),
            kind: ProbeKind::Readiness,
            result: ProbeResult::Success,
            run: 1,
            threshold: 1,
            counts: true,
        },
        K::Stop {
            container: "web".into(),
            grace: 30,
            hook: Millis(10_000),
            until: SimTime(12_000),
        },
        K::Refresh {
            object: "configmap \"conf\"".into(),
            volume: "conf".into(),
            after: Millis(42_000),
        },
        K::Wrote {
            container: "web".into(),
            path: "/data/marker".into(),
            removed: false,
        },
    ];
    let place = |d: &K| match d {
        K::Pull { .. } => 0,
        K::Start { .. } => 1,
        K::PullBackOff { .. } => 2,
        K::CrashBackOff { .. } => 3,
        K::Probe { .. } => 4,
        K::Stop { .. } => 5,
        K::Refresh { .. } => 6,
        K::Wrote { .. } => 7,
    };
    for (i, d) in kubelet.iter().enumerate() {
        assert_eq!(place(d), i);
    }
    let scheduler = vec![
        P::Bound {
            node: "node-1".into(),
            feasible: 2,
            nodes: 3,
        },
        P::Unschedulable {
            nodes: 3,
            attempts: 1,
            until: SimTime(300_000),
        },
    ];
    for (i, d) in scheduler.iter().enumerate() {
        let place = match d {
            P::Bound { .. } => 0,
            P::Unschedulable { .. } => 1,
        };
        assert_eq!(place, i);
    }
    let garbage = vec![
        G::OwnerGone {
            owner_kind: "Deployment".into(),
            owner: "web".into(),
        },
        G::OwnerWaits {
            owner_kind: "Deployment".into(),
            owner: "web".into(),
        },
        G::Orphaned {
            owner: "web".into(),
        },
        G::OwnerFreed,
    ];
    for (i, d) in garbage.iter().enumerate() {
        let place = match d {
            G::OwnerGone { .. } => 0,
            G::OwnerWaits { .. } => 1,
            G::Orphaned { .. } => 2,
            G::OwnerFreed => 3,
        };
        assert_eq!(place, i);
    }
    kubelet
        .into_iter()
        .map(What::Kubelet)
        .chain(scheduler.into_iter().map(What::Scheduler))
        .chain(garbage.into_iter().map(What::GarbageCollector))
        .collect()
}

/// A bill adds up: the line with `=` is the sum of those before it.
fn adds_up(terms: &[rollout_view::TermView], at: &str) {
    let mut sum = 0;
    for t in terms {
        match t.operator {
            "+" => sum += t.number.value,
            "−" => sum -= t.number.value,
            "×" => sum *= t.number.value,
            // An autoscaler rounds up.
            "÷" => sum = (sum + t.number.value - 1) / t.number.value,
            "=" => assert_eq!(t.number.value, sum, "{at}: {terms:?}"),
            _ => sum = t.number.value,
        }
    }
}

#[test]
fn every_variant_of_every_decision_has_a_sentence_and_its_rule() {
    let mut all: Vec<What> = reasons()
        .into_iter()
        .map(|(from, to, new, r)| scaled(from, to, new, r))
        .collect();
    all.extend(deployment().into_iter().map(What::Deployment));
    all.extend(replica_set().into_iter().map(What::ReplicaSet));
    all.extend(node_side());
    let mut sentences: Vec<String> = Vec::new();
    for what in all {
        let name = format!("{what:?}");
        let on = ObjectKey::new(Kind::POD, "default", "web-abc-x");
        let e = explain::decision_sentence(&Decision { on, what }, SimTime(1_000), None);
        let text = plain_text(&e.headline);
        assert!(
            text.len() > 10 && !text.contains(['{', '}']),
            "{name}: {text}"
        );
        assert!(e.headline.len() < 40, "{name}");
        let reference = explain::reference(e.upstream.unwrap_or(""));
        assert!(
            reference.is_some(),
            "{name}: {:?} stands in no table",
            e.upstream
        );
        adds_up(&e.terms, &name);
        // A set that is made with its size says what sizing it says.
        let same = sentences.contains(&text) && !name.contains("ReplicaSetCreated");
        assert!(!same, "{name} says what another one says: {text}");
        sentences.push(text);
    }
    let plain = Decision {
        on: ObjectKey::new(Kind::POD, "default", "x"),
        what: What::Plain("something".into()),
    };
    let e = explain::decision_sentence(&plain, SimTime(0), None);
    assert_eq!(plain_text(&e.headline), "something.");
}

// ---------------------------------------------------------------- walks

fn numbers(why: &WhyView) -> Vec<NumberView> {
    let spans = why.headline.iter().filter_map(|s| match s {
        Span::Number(n) => Some(n.clone()),
        _ => None,
    });
    spans
        .chain(why.terms.iter().map(|t| t.number.clone()))
        .collect()
}

/// Our own words hold no placeholder; what the learner or the cluster said may hold braces.
fn no_placeholder(spans: &[Span]) -> bool {
    spans
        .iter()
        .all(|s| !matches!(s, Span::Text(t) if t.contains("{k") || t.contains("{n") || t.contains("{total")))
}

/// Numbers that name a quantity are that quantity.
fn equal_the_state(why: &WhyView, r: &Rollout, at: &str) {
    let s = &r.view().status;
    for n in numbers(why) {
        let allowed: Vec<i64> = match n.quantity {
            Quantity::Ceiling => vec![r.limits.ceiling()],
            Quantity::Floor => vec![r.limits.floor()],
            Quantity::Desired => vec![r.limits.desired],
            Quantity::Available => vec![r.available(), s.available_replicas.into()],
            Quantity::Total => vec![r.total(), r.wanted()],
            Quantity::Leaving => vec![r.leaving().count() as i64],
            Quantity::Ready => vec![r.ready(), s.ready_replicas.into()],
            Quantity::Updated => vec![r.updated(), s.updated_replicas.into()],
            Quantity::Room => vec![r.room()],
            Quantity::Spare => vec![r.spare()],
            Quantity::Waiting => vec![
                r.new_waiting(),
                r.limits.desired - r.available(),
                r.counted().filter(|p| !p.is_available()).count() as i64,
            ],
            Quantity::Failing => {
                // All of one state, of the new set or of the old ones; of those that run and are not ready some may only
                // have started. Or pods that the server refuses.
                let mut counts = vec![r.wanted() - r.total()];
                for new in [true, false] {
                    for state in PodState::ALL {
                        let of = r.counted().filter(|p| (Some(p.set) == r.newest) == new);
                        let n = of.filter(|p| p.state == state).count() as i64;
                        match state {
                            PodState::Running | PodState::Pending => counts.extend(1..=n),
                            s if s.is_failing() => counts.push(n),
                            _ => {}
                        }
                    }
                }
                counts
            }
            Quantity::Old => vec![
                r.old_size(),
                r.pods.iter().filter(|p| Some(p.set) != r.newest).count() as i64,
            ],
            Quantity::New => vec![r.new_size()],
            Quantity::Surge | Quantity::Unavailable | Quantity::Wanted | Quantity::Revision => {
                continue;
            }
            Quantity::Seconds | Quantity::Count => continue,
        };
        assert!(
            allowed.contains(&n.value),
            "{at}: {} is {:?} and not {} in: {}",
            n.quantity.name(),
            allowed,
            n.value,
            why.spoken
        );
    }
}

/// What a write says it did is what it did.
fn writes_are_true(s: &Session, key: &ObjectKey, at: &str) {
    let Some(step) = s.last_step() else { return };
    for d in &step.record.decisions {
        let e = explain::decision_sentence(d, step.record.at, None);
        assert!(!e.headline.is_empty(), "{at}: {d:?}");
        adds_up(&e.terms, at);
        let What::Deployment(D::Scaled {
            replica_set,
            from,
            to,
            ..
        }) = &d.what
        else {
            continue;
        };
        let change = step.record.changes.iter().find(|c| {
            c.key.kind == Kind::REPLICA_SET
                && c.key.name == *replica_set
                && c.key.namespace == key.namespace
        });
        let Some(change) = change else { continue };
        let size = |o: &Option<std::rc::Rc<rollout_engine::Object>>| {
            o.as_ref().and_then(|o| o.value.int_at("spec.replicas"))
        };
        assert_eq!(
            (size(&change.before), size(&change.after)),
            (Some(i64::from(*from)), Some(i64::from(*to))),
            "{at}"
        );
        let k = e.headline.iter().find_map(|s| match s {
            Span::Number(n)
                if matches!(
                    n.quantity,
                    Quantity::New | Quantity::Old | Quantity::Failing
                ) =>
            {
                Some(n.value)
            }
            _ => None,
        });
        if let Some(k) = k {
            assert_eq!(
                k,
                i64::from(from.abs_diff(*to)),
                "{at}: {}",
                plain_text(&e.headline)
            );
        }
    }
}

/// Looks at every position of a session. Answers how many.
fn walk(name: &str, s: &mut Session) -> usize {
    let last = s.steps().len();
    // Random scenarios repeat each other: every third position of them is looked at.
    let stride = if name.starts_with("random") { 3 } else { 1 };
    for i in (0..=last).step_by(stride) {
        s.seek(i);
        let at = format!("{name}, step {i}, {} ms", s.at());
        let key = default_focus(s);
        let rollout = key.as_ref().and_then(|k| explain::rollout_at_cursor(s, k));
        let why = explain::why(s, key.as_ref(), rollout.as_ref());
        assert!(
            why.spoken.len() > 8 && no_placeholder(&why.headline),
            "{at}: {}",
            why.spoken
        );
        assert!(i == 0 || !why.trace.is_empty(), "{at}: no trace");
        let Some(r) = &rollout else { continue };
        let k = key.as_ref().unwrap();
        writes_are_true(s, k, &at);
        if s.more_now() || !r.observed() {
            continue;
        }
        let resting = explain::rest(s, Some(r)).explanation;
        assert!(!resting.headline.is_empty(), "{at}");
        assert!(
            resting.upstream.and_then(explain::reference).is_some(),
            "{at}: {} names no rule",
            plain_text(&resting.headline)
        );
        let named = matches!(
            why.kind,
            WhyKind::Wait
                | WhyKind::Stalled
                | WhyKind::Paused
                | WhyKind::Complete
                | WhyKind::Action
                | WhyKind::Decision
        );
        assert!(named, "{at}: {:?}", why.kind);
        if why.kind != WhyKind::Decision {
            equal_the_state(&why, r, &at);
        }
        // A wait says what it waits for; completion waits for nothing.
        if matches!(
            resting.kind,
            WhyKind::Wait | WhyKind::Stalled | WhyKind::Paused
        ) && !r.complete()
        {
            let wait = why
                .wait
                .as_ref()
                .unwrap_or_else(|| panic!("{at}: waits for nothing: {}", why.spoken));
            assert!(
                !wait.awaited.is_empty() && !wait.ends.is_empty() && !wait.lasts.is_empty(),
                "{at}"
            );
        }
        let unfinished = explain::answer(s, r, Question::NotFinished).unwrap();
        let unmet = unfinished.clauses.iter().filter(|c| !c.met).count();
        assert_eq!(unfinished.clauses.len(), 4);
        if !r.view().paused && resting.kind == WhyKind::Complete {
            assert_eq!(unmet, 0, "{at}: {unfinished:?}");
        }
        if i % 5 == 0 {
            for pod in &r.pods {
                let a =
                    explain::answer(s, r, Question::NotAvailable(&pod.object.meta.uid)).unwrap();
                let unmet = a.clauses.iter().filter(|c| !c.met).count();
                assert_eq!(
                    unmet == 0,
                    pod.is_available(),
                    "{at}: {}: {a:?}",
                    pod.object.meta.name
                );
            }
        }
    }
    last
}

/// The inputs of a recording in a session of the page's own nodes.
fn session_of(recording: &Value) -> Session {
    let mut s = Session::new(Start::empty());
    let images = recording.at("scenario.images").and_then(Value::as_map);
    for (image, behaviour) in images.into_iter().flat_map(|m| m.iter()) {
        let word = match behaviour.str_at("kind") {
            "missing" => "missing",
            "never_ready" => "never-ready",
            "crash" => "crash",
            "slow" => "slow-start",
            "config_error" => "needs-config",
            _ => continue,
        };
        s.run(&format!("image {image} {word}"));
    }
    for (i, action) in recording.list_at("actions").iter().enumerate() {
        let at = u64::try_from(action.int_at("v").unwrap_or(0)).unwrap_or(0);
        s.play_to(at.min(900_000));
        match action.str_at("do") {
            "apply" => {
                let text = match action.str_at("manifest") {
                    "" => action.str_at("text"),
                    name => recording
                        .at("scenario.manifests")
                        .and_then(|m| m.get(name))
                        .and_then(Value::as_str)
                        .unwrap_or(""),
                };
                s.apply(&format!("m{i}.yaml"), text);
            }
            "kubectl" => {
                let words: Vec<String> = action
                    .list_at("argv")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|w| format!("'{}'", w.replace('\'', "'\\''")))
                    .collect();
                s.run(&format!("kubectl {}", words.join(" ")));
                s.interrupt();
            }
            _ => {}
        }
    }
    let end = s.at();
    while s.at() < end + 40_000 && s.step() {}
    s
}

#[test]
fn every_step_and_rest_of_the_recorded_scenarios_is_explained() {
    let names = recordings::names();
    assert!(names.len() > 200, "{}", names.len());
    let (mut looked, mut failed) = (0, Vec::new());
    for name in &names {
        // All that is wrong is said at once, not only the first.
        let walked = std::panic::catch_unwind(|| {
            let mut s = session_of(&recordings::read(name));
            walk(name, &mut s)
        });
        match walked {
            Ok(n) => looked += n,
            Err(_) => failed.push(name.clone()),
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    assert!(looked > 10_000, "{looked} steps");
}

#[test]
fn every_step_and_rest_of_the_presets_is_explained() {
    for preset in PRESETS {
        let mut s = Session::new(Start::preset(preset.name));
        s.play_to(1_000);
        let Some(key) = default_focus(&s) else {
            continue;
        };
        let r = explain::rollout_at_cursor(&s, &key).unwrap();
        let target = format!("deployment/{}", key.name);
        let container = r
            .object
            .value
            .str_at("spec.template.spec.containers.0.name")
            .to_owned();
        let run = |s: &mut Session, line: String| {
            s.run(&line);
            let from = s.at();
            while s.at() < from + 45_000 && s.step() {}
        };
        run(
            &mut s,
            format!("kubectl set image {target} {container}=example/next:2"),
        );
        s.run("image example/broken:1 missing");
        run(
            &mut s,
            format!("kubectl set image {target} {container}=example/broken:1"),
        );
        run(&mut s, format!("kubectl rollout pause {target}"));
        run(&mut s, format!("kubectl rollout resume {target}"));
        run(&mut s, format!("kubectl rollout undo {target}"));
        run(&mut s, format!("kubectl delete {target}"));
        assert!(walk(preset.name, &mut s) > 30, "{}", preset.name);
    }
}

// ---------------------------------------------------------------- why not

#[test]
fn the_ranking_says_why_one_pod_goes_and_another_stays() {
    let mut s = Session::new(Start::preset("landing"));
    let key = default_focus(&s).unwrap();
    let mut seen = 0;
    for _ in 0..400 {
        let r = explain::rollout_at_cursor(&s, &key).unwrap();
        // Every deletion of the last step is explained by the order before it.
        if let Some(step) = s.last_step() {
            for d in &step.record.decisions {
                let What::ReplicaSet(S::DeletedPods { pods, .. }) = &d.what else {
                    continue;
                };
                for pod in pods {
                    let Some(p) = r.pods.iter().find(|p| p.object.meta.name == pod.pod) else {
                        continue;
                    };
                    let a = explain::answer(&s, &r, Question::Chosen(&p.object.meta.uid)).unwrap();
                    let ranking = a.ranking.unwrap();
                    let row = ranking.rows.iter().find(|row| row.asked).unwrap();
                    assert!(row.goes, "{}: {:?}", plain_text(&a.headline), ranking.rows);
                    assert_eq!(ranking.going, pods.len(), "{}", plain_text(&a.headline));
                    seen += 1;
                }
            }
        }
        if !s.step() {
            break;
        }
    }
    assert!(seen >= 6, "{seen} deletions");
}

#[test]
fn unmet_clauses_carry_the_numbers_of_the_status() {
    let mut s = Session::new(Start::preset("boot-4"));
    s.play_to(1_000);
    s.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v10");
    s.play_to(30_000);
    let key = default_focus(&s).unwrap();
    let r = explain::rollout_at_cursor(&s, &key).unwrap();
    let a = explain::answer(&s, &r, Question::NotFinished).unwrap();
    let texts: Vec<(bool, String)> = a
        .clauses
        .iter()
        .map(|c| (c.met, plain_text(&c.text)))
        .collect();
    assert_eq!(
        texts,
        [
            (
                false,
                "status.updatedReplicas 2 = spec.replicas 4".to_owned()
            ),
            (false, "status.replicas 5 = spec.replicas 4".to_owned()),
            (
                false,
                "status.availableReplicas 3 = spec.replicas 4".to_owned()
            ),
            (
                true,
                "status.observedGeneration 2 ≥ metadata.generation 2"
                    .replace('2', &r.object.meta.generation.to_string())
            ),
        ]
    );
    let broken = r
        .pods
        .iter()
        .find(|p| p.state == PodState::ImagePull)
        .unwrap();
    let a = explain::answer(&s, &r, Question::NotAvailable(&broken.object.meta.uid)).unwrap();
    let text = plain_text(&a.headline);
    assert!(
        text.contains("a container waits: ") && text.contains("ImagePull"),
        "{text}"
    );
}
