//! Every step of the presets' sessions has a sentence, and its numbers are those of the state.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_engine::controllers::replica_set::decision::ReplicaSetDecision;
use rollout_engine::decision::What;
use rollout_session::{Session, Start};
use rollout_view::{PageInput, PageView, Quantity, Span, WhyKind, page_view};

fn look(s: &Session) -> PageView {
    page_view(
        s,
        &PageInput {
            text: "",
            focus: None,
        },
    )
}

fn measure(p: &PageView, name: &str) -> i64 {
    p.measures
        .iter()
        .find(|m| m.name == name)
        .map_or(0, |m| m.value.parse().unwrap_or(0))
}

/// The sentence is never empty, and what it counts is what the measures count.
fn check(s: &Session) -> PageView {
    let p = look(s);
    let place = format!("step {} at {}: {}", s.position(), s.at(), p.why.spoken);
    assert!(!p.why.spoken.trim().is_empty(), "{place}");
    assert!(!p.why.spoken.contains('{'), "{place}");
    if p.focus.is_none() {
        return p;
    }
    for span in &p.why.headline {
        let Span::Number(n) = span else { continue };
        let name = match n.quantity {
            Quantity::Ceiling => "ceiling",
            Quantity::Floor => "floor",
            Quantity::Desired => "desired",
            // In the middle of an instant pods do not follow the wanted sizes yet, which the controller counts.
            Quantity::Total if !s.more_now() && p.why.kind != WhyKind::Decision => "total",
            _ => continue,
        };
        assert_eq!(n.value, measure(&p, name), "{name}, {place}");
    }
    let above = measure(&p, "total") > measure(&p, "ceiling");
    assert!(!above || s.more_now(), "above the ceiling, {place}");
    p
}

#[test]
fn the_landing_scene() {
    let mut s = Session::new(Start::preset("landing"));
    let first = check(&s);
    assert_eq!(
        (
            measure(&first, "total"),
            measure(&first, "old"),
            measure(&first, "new")
        ),
        (12, 6, 6)
    );
    let new = first.scene.sets.iter().find(|s| s.newest).unwrap();
    assert_eq!((new.pods, new.available), (6, 2));
    assert_eq!(
        (
            first.scene.ceiling.as_ref().unwrap().level,
            first.scene.floor.as_ref().unwrap().level
        ),
        (12, 8)
    );
    assert!(
        first
            .why
            .spoken
            .starts_with("12 pods is the ceiling, 8 available is the floor."),
        "{}",
        first.why.spoken
    );
    assert!(s.step());
    let second = check(&s);
    assert_eq!(second.root.step, first.root.step + 1);
    assert_ne!(second.why.spoken, first.why.spoken);
    while s.step() {
        let p = check(&s);
        assert!(measure(&p, "available") >= 8, "{}", p.why.spoken);
    }
    assert_eq!(
        look(&s).why.spoken,
        "Rollout complete: 10 of 10 pods run httpd."
    );
    assert_eq!(look(&s).root.writes, 17);
}

#[test]
fn every_preset_begins_at_rest() {
    for preset in rollout_session::PRESETS {
        let s = Session::new(Start::preset(preset.name));
        let p = check(&s);
        assert_eq!((p.root.step, p.root.time_ms), (0, 0), "{}", preset.name);
        assert!(p.focus.is_some(), "{}", preset.name);
        assert_eq!(
            p.numbers.available, p.numbers.desired,
            "{}: {}",
            preset.name, p.why.spoken
        );
        assert!(
            p.why.spoken.starts_with("Rollout complete"),
            "{}: {}",
            preset.name,
            p.why.spoken
        );
        let text = s.files().values().next().unwrap();
        let m = page_view(&s, &PageInput { text, focus: None }).manifest;
        assert!(!m.has_errors, "{}: {:?}", preset.name, m.diagnostics);
        assert!(
            m.summary.starts_with("valid"),
            "{}: {}",
            preset.name,
            m.summary
        );
        let revisions: Vec<i64> = p.history.rows.iter().map(|r| r.revision).collect();
        let expected: &[i64] = if preset.name == "boot-4" {
            &[2, 1]
        } else {
            &[1]
        };
        assert_eq!(revisions, expected, "{}", preset.name);
    }
}

/// Walks on until nothing comes, at most so many steps; every step is checked.
fn walk(s: &mut Session, most: usize) -> Vec<PageView> {
    let mut seen = Vec::new();
    while seen.len() < most && s.step() {
        seen.push(check(s));
    }
    seen
}

#[test]
fn a_stall_says_why_and_shows_the_way_back() {
    let mut s = Session::new(Start::preset("boot-4"));
    s.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v10");
    s.play_to(60_000);
    let p = check(&s);
    assert_eq!(
        p.why.spoken,
        "2 new pods cannot pull bootcamp:v10. With 5 pods at the ceiling and 3 available at the floor, nothing may be added or removed."
    );
    assert_eq!(p.why.kind, rollout_view::WhyKind::Stalled);
    assert_eq!(p.scene.controller, rollout_view::ControllerSign::Stalled);
    let undo = p.actions.iter().find(|a| a.id == "undo").unwrap();
    assert_eq!((undo.label.as_str(), undo.main), ("Undo to v2", true));
    let row = p.history.rows.iter().find(|r| r.becomes.is_some()).unwrap();
    assert_eq!((row.revision, row.becomes), (2, Some(4)));
    // The deadline of 600 s.
    s.play_to(700_000);
    let p = check(&s);
    assert!(
        p.why.spoken.starts_with("Deadline of 10 min passed."),
        "{}",
        p.why.spoken
    );
    assert_eq!((measure(&p, "old"), measure(&p, "new")), (3, 2));
    // The way back.
    s.run("kubectl rollout undo deployment/bootcamp");
    s.play_to(760_000);
    let p = check(&s);
    assert!(
        p.why
            .spoken
            .starts_with("Rollout complete: 4 of 4 pods run bootcamp:v2."),
        "{}",
        p.why.spoken
    );
    let revisions: Vec<i64> = p.history.rows.iter().map(|r| r.revision).collect();
    assert_eq!(revisions, [4, 3, 1]);
    assert!(p.history.rows[0].current);
}

#[test]
fn every_step_of_many_stories_has_a_true_sentence() {
    let stories: &[(&str, &[&str])] = &[
        (
            "re-5",
            &["kubectl set image deployment/rcdeployment nginx=httpd"],
        ),
        (
            "roll-10",
            &[
                "image httpd never-ready",
                "kubectl set image deployment/rolldeployment nginx=httpd",
            ],
        ),
        (
            "quarter-10",
            &[
                "image web:v2 missing",
                "kubectl set image deployment/web web=web:v2",
                "kubectl scale deployment/web --replicas=15",
            ],
        ),
        (
            "model-4",
            &["kubectl set image deployment/model-serving server=myrepo/tf-serving:1.0.4"],
        ),
        (
            "web-15",
            &[
                "kubectl set image deployment/web web=web:v2",
                "kubectl rollout pause deployment/web",
                "kubectl rollout resume deployment/web",
            ],
        ),
        ("solo-1", &["kubectl set image deployment/solo app=solo:v2"]),
        ("spread-3", &["kubectl rollout restart deployment/spread"]),
        (
            "boot-4",
            &[
                "image bootcamp:v3 crash",
                "kubectl set image deployment/bootcamp bootcamp=bootcamp:v3",
                "kubectl delete deployment/bootcamp",
            ],
        ),
        ("safe-3", &["kubectl scale deployment/safe --replicas=0"]),
    ];
    for (preset, lines) in stories {
        let mut s = Session::new(Start::preset(preset));
        for line in *lines {
            let ran = s.run(line);
            assert_eq!(ran.exit, Some(0), "{preset}: {line}: {}", ran.stderr);
            for p in walk(&mut s, 120) {
                for note in &p.scene.past.record.notes {
                    assert!(!note.sentence.is_empty() && !note.text().is_empty());
                }
            }
        }
        // The past is inside its drawing.
        let p = look(&s);
        let past = &p.scene.past.record;
        for r in past.ribbons.iter().chain(&past.gone) {
            assert!(r.x + r.width <= past.width && r.width > 0, "{preset}");
        }
        for r in &past.ribbons {
            assert!(
                r.level + r.height <= p.scene.height,
                "{preset}: {} of {}",
                r.level + r.height,
                p.scene.height
            );
        }
        for mark in &p.marks {
            assert!(
                mark.x <= past.width && past.time_at(mark.x).abs_diff(mark.at_ms) <= 1,
                "{preset}: {}",
                mark.name
            );
        }
        let mut back = s.position();
        while back > 0 && s.back() {
            back -= 1;
            if back.is_multiple_of(7) {
                check(&s);
            }
        }
    }
}

#[test]
fn percentages_stand_resolved_beside_their_lines() {
    let expected = [
        (1, 1, 0),
        (2, 1, 0),
        (3, 1, 0),
        (4, 1, 1),
        (5, 2, 1),
        (6, 2, 1),
        (7, 2, 1),
        (8, 2, 2),
        (9, 3, 2),
        (10, 3, 2),
    ];
    let s = Session::new(Start::preset("quarter-10"));
    let yaml = s.files().values().next().unwrap().clone();
    for (replicas, surge, unavailable) in expected {
        let text = yaml.replace("replicas: 10", &format!("replicas: {replicas}"));
        let m = page_view(
            &s,
            &PageInput {
                text: &text,
                focus: None,
            },
        )
        .manifest;
        let notes: Vec<&str> = m.notes.iter().map(|n| n.text.as_str()).collect();
        assert!(
            notes.contains(&format!("{replicas} + {surge} = {}", replicas + surge).as_str()),
            "{notes:?}"
        );
        assert!(
            notes.contains(
                &format!("{replicas} − {unavailable} = {}", replicas - unavailable).as_str()
            ),
            "{notes:?}"
        );
    }
}

#[test]
fn refusals_stand_at_their_lines() {
    let s = Session::new(Start::preset("roll-10"));
    let yaml = s.files().values().next().unwrap().clone();
    for (from, to, line_has, message) in [
        (
            "maxSurge: 2\n      maxUnavailable: 2",
            "maxSurge: 0\n      maxUnavailable: 0",
            "maxUnavailable",
            "may not be 0 when `maxSurge` is 0",
        ),
        (
            "app: rolling\n  strategy",
            "app: other\n  strategy",
            "",
            "`selector` does not match template `labels`",
        ),
        ("replicas: 10", "replicas: ten", "replicas", ""),
        ("replicas: 10", "replica: 10", "replica", "unknown field"),
        (
            "spec:\n  replicas",
            "spec:\n\treplicas",
            "",
            "cannot start any token",
        ),
    ] {
        let text = yaml.replace(from, to);
        assert_ne!(text, yaml, "{from}");
        let m = page_view(
            &s,
            &PageInput {
                text: &text,
                focus: None,
            },
        )
        .manifest;
        assert!(m.has_errors, "{to}");
        let d = &m.diagnostics[0];
        assert!(d.message.contains(message), "{to}: {}", d.message);
        assert!(
            text.lines().nth(d.line - 1).unwrap().contains(line_has),
            "{to}: line {}",
            d.line
        );
    }
}

#[test]
fn the_manifest_follows_what_commands_change() {
    let mut s = Session::new(Start::preset("roll-10"));
    let yaml = s.files().values().next().unwrap().clone();
    assert_eq!(rollout_view::live_text(&s, &yaml), None);
    s.run("kubectl set image deployment/rolldeployment nginx=httpd");
    s.run("kubectl scale deployment/rolldeployment --replicas=7");
    let live = rollout_view::live_text(&s, &yaml).unwrap();
    assert_eq!(
        live,
        yaml.replace("image: nginx", "image: httpd")
            .replace("replicas: 10", "replicas: 7")
    );
    let m = page_view(
        &s,
        &PageInput {
            text: &live,
            focus: None,
        },
    )
    .manifest;
    assert!(m.applied);
    assert!(
        !page_view(
            &s,
            &PageInput {
                text: &live.replace("httpd", "x"),
                focus: None
            }
        )
        .manifest
        .applied
    );
}

#[test]
fn two_plans_on_one_clock() {
    let mut s = Session::new(Start::preset("boot-4"));
    s.play_to(1_000);
    s.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v3");
    let text = s.files().values().next().unwrap().clone();
    let mut c = rollout_session::Comparison::of(&s, &text).unwrap();
    while c.step() {
        assert!(c.panes().iter().all(|p| p.session.at() == c.at()));
    }
    let v = rollout_view::compare_view(&c);
    assert_eq!(
        v.panes.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        [
            "Recreate",
            "Surge 0, unavailable 1",
            "Surge 1, unavailable 0"
        ]
    );
    let cell = |pane: usize, id: &str| {
        v.panes[pane]
            .results
            .iter()
            .find(|r| r.id == id)
            .unwrap()
            .value
    };
    assert_eq!((cell(0, "peak"), cell(0, "lowest")), (4, 0));
    assert_eq!((cell(1, "peak"), cell(1, "lowest")), (4, 3));
    assert_eq!((cell(2, "peak"), cell(2, "lowest")), (5, 4));
    assert!(cell(0, "gap") > 2_000 && cell(1, "gap") == 0);
    assert!(v.panes.iter().all(|p| {
        p.page
            .why
            .spoken
            .starts_with("Rollout complete: 4 of 4 pods run bootcamp:v3.")
    }));
    c.seek(3_000);
    assert!(c.panes().iter().all(|p| p.session.at() == 3_000));
    c.back();
    assert!(c.at() < 3_000);
    c.promote(0, &mut s);
    assert_eq!(s.branch().name, "Recreate");
    assert_eq!(s.store().count(rollout_api::Kind::DEPLOYMENT), 1);
}

#[test]
fn the_timeline_as_text() {
    let s = Session::new(Start::preset("landing"));
    let text = rollout_view::text_timeline(&s);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "    1.000     1  action    You: set image nginx=httpd"
    );
    assert!(
        lines[1].ends_with("New +2: ceiling 12 − pods 10 leaves 2."),
        "{text}"
    );
    assert_eq!(
        lines.iter().filter(|l| l.contains("  write     ")).count(),
        7,
        "{text}"
    );
}

#[test]
fn images_show_the_rules_at_the_cursor() {
    let mut s = Session::new(Start::preset("roll-10"));
    let row = |s: &Session, image: &str| {
        let rows = look(s).images.rows;
        let found = rows.into_iter().find(|r| r.image == image);
        found.map(|r| (r.behaviour, r.words, r.in_use))
    };
    let used = look(&s).images.rows[0].image.clone();
    let good = row(&s, &used);
    assert_eq!(good.as_ref().unwrap().0, "good");
    let before = s.position();
    s.run(&format!("image {used} never-ready"));
    let broken = row(&s, &used).unwrap();
    assert_eq!(
        (broken.0.as_str(), broken.1.as_str(), broken.2),
        (
            "never-ready",
            "runs, but its probe fails, unless that only connects",
            true
        )
    );
    // Another spelling of the same image, a line that is refused, and a rule with its own numbers for one pod.
    s.run("$ image docker.io/library/other:v9 slow-start ready=45s pod=2");
    s.run("image other:v9 nonsense");
    let other = row(&s, "docker.io/library/other:v9").unwrap();
    assert_eq!(
        (other.0.as_str(), other.1.as_str(), other.2),
        ("slow-start", "slow-start ready=45 (pod=2)", false)
    );
    assert_eq!(s.image_rules(), s.head().world().images);
    s.run("image other:v9 good");
    assert_eq!(row(&s, "docker.io/library/other:v9"), None);
    assert_eq!(s.image_rules(), s.head().world().images);
    while s.position() > before {
        s.back();
    }
    assert_eq!(row(&s, &used), good, "before the rule");
    // A branch from between the rules: it has the first one, and its own.
    assert!(s.step());
    s.run(&format!("image {used} crash"));
    assert_eq!(s.current_branch(), 1);
    assert_eq!(row(&s, &used).unwrap().0, "crash");
    assert_eq!(s.image_rules(), s.head().world().images);
}

/// Steps to the end; whenever the ReplicaSet controller deletes, the pod that goes first was marked before, and nothing
/// else was. Answers how many deletions there were.
fn marks_are_kept(s: &mut Session, steps: usize) -> usize {
    let mut deletions = 0;
    for _ in 0..steps {
        let marked = look(s).scene.pods.into_iter().find(|p| p.next_to_go);
        let at = s.at();
        if !s.step() {
            break;
        }
        let record = &s.last_step().unwrap().record;
        let first = record.decisions.iter().find_map(|d| match &d.what {
            What::ReplicaSet(ReplicaSetDecision::DeletedPods { pods, .. }) => pods.first(),
            _ => None,
        });
        // The set that the Deployment controller makes smaller is the one whose pod was marked.
        let shrunk = record.changes.iter().find_map(|c| {
            let size = |o: &Option<_>| {
                let o: &std::rc::Rc<rollout_engine::Object> = o.as_ref()?;
                Some((o.replica_set()?.replicas, o.meta.name.to_string()))
            };
            let (after, name) = size(&c.after)?;
            (after < size(&c.before)?.0).then_some(name)
        });
        if let (Some(shrunk), Some(marked)) = (shrunk, &marked) {
            assert_eq!(marked.set, shrunk, "after {at} ms");
        }
        if let Some(first) = first {
            deletions += 1;
            let name = marked.map(|p| p.name.clone());
            assert_eq!(name.as_deref(), Some(first.pod.as_str()), "after {at} ms");
        }
    }
    deletions
}

#[test]
fn the_pod_that_is_next_to_go_goes_next() {
    let mut s = Session::new(Start::preset("landing"));
    assert!(look(&s).scene.pods.iter().any(|p| p.next_to_go));
    assert!(marks_are_kept(&mut s, 3_000) >= 3);
    for (preset, line) in [
        (
            "roll-10",
            "kubectl set image deployment/rolldeployment nginx=httpd",
        ),
        (
            "roll-10",
            "kubectl scale deployment/rolldeployment --replicas=3",
        ),
        ("re-5", "kubectl rollout restart deployment"),
    ] {
        for seed in [1, 2, 3] {
            let mut s = Session::new(Start {
                seed,
                ..Start::preset(preset)
            });
            s.run(line);
            assert!(marks_are_kept(&mut s, 2_000) >= 1, "{preset}, {line}");
        }
    }
}

#[test]
fn pods_of_a_failed_release_are_next_to_go() {
    let mut s = Session::new(Start::preset("roll-10"));
    s.run("image httpd missing");
    s.run("kubectl set image deployment/rolldeployment nginx=httpd");
    s.play_to(60_000);
    s.run("kubectl set image deployment/rolldeployment nginx=nginx:1.27");
    let marked = look(&s).scene.pods.into_iter().find(|p| p.next_to_go);
    assert_eq!(marked.unwrap().version.letter(), "B");
    assert!(marks_are_kept(&mut s, 2_000) >= 3);
}
