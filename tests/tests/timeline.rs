//! The timeline as an instrument: lanes, life lines, moments, branches, and what comes next.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, ObjectKey};
use rollout_engine::controllers::replica_set::decision::ReplicaSetDecision;
use rollout_engine::decision::What;
use rollout_session::{Session, Start};
use rollout_view::explain::rollout_at_cursor;
use rollout_view::timeline::{moment, neighbour, place_at, time_at, timeline, timeline_rows};
use rollout_view::walk::default_focus;
use rollout_view::{
    Lane, LifeState, PageInput, PageView, PodView, Prediction, SceneView, Tone, ghost, judge,
    page_view, page_view_in_passing,
};
use std::rc::Rc;

fn session(preset: &str, line: &str, until: u64) -> (Session, ObjectKey) {
    let mut s = Session::new(Start::preset(preset));
    s.play_to(1_000);
    s.run(line);
    while s.at() < until && s.step() {}
    let key = default_focus(&s).unwrap();
    (s, key)
}

fn probed() -> (Session, ObjectKey) {
    session(
        "model-4",
        "kubectl set image deployment/model-serving server=myrepo/tf-serving:1.0.4",
        400_000,
    )
}

fn rolling() -> (Session, ObjectKey) {
    session(
        "roll-10",
        "kubectl set image deployment/rolldeployment nginx=httpd",
        60_000,
    )
}

#[test]
fn every_lane_holds_what_happened() {
    let (s, key) = probed();
    let view = timeline(&s, &key, None);
    let lane = |lane: Lane| view.lanes.iter().find(|l| l.lane == lane).unwrap();
    let writes = s.steps().iter().filter(|s| s.is_write()).count();
    assert!(writes > 4);
    assert_eq!(lane(Lane::Decisions).count as usize, writes);
    let drawn: u32 = lane(Lane::Decisions).entries.iter().map(|e| e.count).sum();
    assert_eq!(drawn as usize, writes, "no write is lost in the drawing");
    assert_eq!(lane(Lane::You).count, 1);
    assert!(
        lane(Lane::Probes)
            .entries
            .iter()
            .any(|e| e.tone == Tone::Good)
    );
    assert!(lane(Lane::Events).count > 10 && lane(Lane::Conditions).count > 1);
    for l in &view.lanes {
        assert!(
            l.entries.windows(2).all(|w| w[0].x < w[1].x),
            "{:?}",
            l.lane
        );
    }
    // Every entry says something, in the text of the timeline too.
    let rows = timeline_rows(&s, &key, &Lane::ALL, 10_000);
    assert!(
        rows.iter().all(|r| r.text.len() > 4),
        "{:?}",
        rows.iter().find(|r| r.text.len() <= 4)
    );
    // Requests are drawn as a stream; they have no rows of their own.
    let listed = view.lanes.iter().filter(|l| l.lane != Lane::Requests);
    let total: u32 = listed.map(|l| l.count).sum();
    assert_eq!(rows.len() as u32, total);
    assert!(timeline_rows(&s, &key, &[Lane::Decisions], 3).len() == 3);
}

#[test]
fn a_life_goes_from_pending_to_gone_without_a_hole() {
    let (s, key) = probed();
    let view = timeline(&s, &key, None);
    assert_eq!(view.rows.len(), view.pods);
    let mut seen = Vec::new();
    for row in &view.rows {
        assert!(
            !row.spans.is_empty() && row.name.starts_with(&row.set),
            "{row:?}"
        );
        for pair in row.spans.windows(2) {
            assert!(
                pair[1].x >= pair[0].to_x && pair[1].x - pair[0].to_x <= view.width / 1000,
                "{row:?}"
            );
        }
        seen.extend(row.spans.iter().map(|s| s.state));
    }
    for state in [
        LifeState::Pulling,
        LifeState::Starting,
        LifeState::NotReady,
        LifeState::Ready,
        LifeState::Available,
        LifeState::Terminating,
    ] {
        assert!(seen.contains(&state), "no pod was {}", state.word());
    }
    // Closer: the short stretch before the node is there to be seen.
    let made = view.rows[0].spans[0].x;
    let near = timeline(&s, &key, Some((made.saturating_sub(200), made + 600)));
    assert!(
        near.rows
            .iter()
            .flat_map(|r| &r.spans)
            .any(|s| s.state == LifeState::Pending)
    );
    assert!(
        near.rows
            .iter()
            .flat_map(|r| &r.spans)
            .all(|s| s.x >= near.from_x && s.to_x <= near.to_x)
    );
}

#[test]
fn places_and_times_are_inverse_and_cuts_show_their_length() {
    let (mut s, key) = rolling();
    s.play_to(400_000);
    s.run("kubectl scale deployment/rolldeployment --replicas=3");
    while s.at() < 420_000 && s.step() {}
    let view = timeline(&s, &key, None);
    assert_eq!(view.cuts.len(), 1, "{:?}", view.cuts);
    assert!(view.cuts[0].length_ms > 300_000);
    for step in s.steps() {
        let x = place_at(&view.segments, step.at);
        assert_eq!(time_at(&view.segments, x), step.at);
        assert!(x <= view.width);
    }
    // What is cut out is squeezed into the cut, in order: a place in it is a time.
    let cut = &view.cuts[0];
    let inside = place_at(&view.segments, 200_000);
    assert!(inside > cut.x - 300 && inside < cut.x + 300, "{inside}");
    let off = time_at(&view.segments, inside).abs_diff(200_000);
    assert!(off <= cut.length_ms / 600, "{off}");
    assert!(inside < place_at(&view.segments, 300_000));
}

#[test]
fn looking_around_draws_the_record_once() {
    let (mut s, _) = rolling();
    s.play_to(400_000);
    s.run("kubectl scale deployment/rolldeployment --replicas=3");
    while s.at() < 420_000 && s.step() {}
    let last = s.steps().len();
    let of = |s: &Session| {
        let input = PageInput {
            text: "",
            focus: None,
        };
        page_view(s, &input).scene.past
    };
    let newest = of(&s);
    for k in 0..60 {
        match k % 3 {
            0 => s.seek(k * last / 60),
            1 => s.seek_time(k as u64 * 7_000),
            // Into the idle time.
            _ => s.seek_time(30_000 + k as u64 * 5_000),
        }
        let past = of(&s);
        assert!(Rc::ptr_eq(&past.record, &newest.record), "at {}", s.at());
        assert_eq!(past.now_x, past.record.x_at(s.at()));
    }
    s.seek(last);
    assert_eq!(of(&s), newest, "the same look");
    // What is recorded later is drawn.
    s.run("kubectl scale deployment/rolldeployment --replicas=4");
    while s.step() {}
    let later = of(&s);
    assert!(later.record.notes.len() > newest.record.notes.len());
    assert!(later.record.width > newest.record.width);
}

#[test]
fn in_passing_the_scene_is_of_this_moment_and_what_stands_beside_it_of_the_one_before() {
    let (mut s, _) = session(
        "roll-10",
        "kubectl scale deployment/rolldeployment --replicas=80",
        20_000,
    );
    s.run("kubectl set image deployment/rolldeployment nginx=httpd");
    while s.at() < 60_000 && s.step() {}
    let last = s.steps().len();
    let input = PageInput {
        text: "kind: Deployment",
        focus: None,
    };
    let before = page_view(&s, &input);
    for k in 1..20 {
        s.seek(last * k / 20);
        let (whole, passing) = (
            page_view(&s, &input),
            page_view_in_passing(&s, &input, &before),
        );
        assert_eq!(passing.scene.pods.len(), whole.scene.pods.len());
        for (rough, pod) in passing.scene.pods.iter().zip(&whole.scene.pods) {
            // A dot has its place, its look and its name; its words are not there yet.
            let look = |p: &PodView| {
                (
                    p.uid.clone(),
                    p.level,
                    p.state,
                    p.version.place,
                    p.name.clone(),
                )
            };
            let signs = |p: &PodView| (p.changed, p.next_to_go, p.progress, p.restarts);
            assert_eq!((look(rough), signs(rough)), (look(pod), signs(pod)));
            assert!(rough.label.is_empty() && !pod.label.is_empty());
        }
        assert_eq!(
            passing.scene.leaving, whole.scene.leaving,
            "below the ground they have words"
        );
        let of_now = |p: &PageView| {
            let scene = SceneView {
                pods: Vec::new(),
                ..p.scene.clone()
            };
            (
                p.root.clone(),
                p.why.clone(),
                scene,
                p.room.clone(),
                p.spare.clone(),
                p.numbers.clone(),
                p.transport.clone(),
                p.marks.clone(),
                p.traffic.clone(),
            )
        };
        assert_eq!(of_now(&passing), of_now(&whole), "at step {}", s.position());
        assert_eq!(passing.events, before.events);
        assert_eq!(passing.console, before.console);
        assert_eq!(passing.manifest, before.manifest);
    }
    s.seek(last);
    assert_eq!(page_view(&s, &input), before, "back at the place");
}

#[test]
fn the_moment_read_out_is_the_rollout_of_that_moment() {
    let (mut s, key) = rolling();
    let last = s.steps().len();
    let near = 50;
    for i in (0..=last).step_by(3) {
        s.seek(i);
        if s.steps().get(i).is_some_and(|next| next.at == s.at()) {
            continue;
        }
        let r = rollout_at_cursor(&s, &key).unwrap();
        let m = moment(&s, &key, s.at(), near);
        let leaving = r.leaving().count();
        let mut expected = format!(
            "{} pods, {} ready, {} available",
            r.total(),
            r.ready(),
            r.available()
        );
        if leaving > 0 {
            expected.push_str(&format!(", {leaving} leaving"));
        }
        assert_eq!((m.step, m.counts), (i, expected), "step {i}");
    }
}

#[test]
fn next_and_previous_of_a_kind_walk_the_same_way_back() {
    let (mut s, key) = probed();
    for lane in [
        Lane::Decisions,
        Lane::Events,
        Lane::Probes,
        Lane::Conditions,
    ] {
        s.seek(0);
        let mut there = Vec::new();
        while let Some(step) = neighbour(&s, &key, Some(lane), true) {
            assert!(step > s.position());
            s.seek(step);
            there.push(step);
        }
        assert!(!there.is_empty(), "{lane:?}");
        let mut back = vec![s.position()];
        while let Some(step) = neighbour(&s, &key, Some(lane), false) {
            s.seek(step);
            back.push(step);
        }
        back.reverse();
        assert_eq!(there, back, "{lane:?}");
    }
}

#[test]
fn many_pods_have_fewer_rows_and_no_tick_is_lost() {
    let mut s = Session::new(Start::preset("roll-10"));
    s.play_to(1_000);
    s.run("kubectl scale deployment/rolldeployment --replicas=300");
    while s.at() < 20_000 && s.step() {}
    let key = default_focus(&s).unwrap();
    let view = timeline(&s, &key, None);
    assert!(
        view.rows.len() <= 240 && view.pods_per_row == 2,
        "{}",
        view.rows.len()
    );
    let top = view.total.iter().map(|(_, n)| *n).max().unwrap();
    assert_eq!(top, 300);
    for lane in &view.lanes {
        let drawn: u32 = lane.entries.iter().map(|e| e.count).sum();
        assert_eq!(drawn, lane.count, "{:?}", lane.lane);
        assert!(lane.entries.len() <= 501);
    }
    // Areas are stacked without holes: at every cut the heights add up to the total.
    let page = page_view(
        &s,
        &PageInput {
            text: "",
            focus: None,
        },
    );
    assert!(page.scene.past.record.areas);
    let record = &page.scene.past.record;
    for x in (0..record.width).step_by((record.width / 50) as usize + 1) {
        let mut here: Vec<(u32, u32)> = record
            .ribbons
            .iter()
            .filter(|r| r.x <= x && x < r.x + r.width)
            .map(|r| (r.level, r.height))
            .collect();
        here.sort_unstable();
        let mut level = 0;
        for (from, height) in here {
            assert_eq!(from, level, "at {x}");
            level += height;
        }
    }
}

// ---------------------------------------------------------------- what comes next

#[test]
fn the_ghost_is_what_then_happens() {
    for preset in ["roll-10", "quarter-10", "re-5", "model-4"] {
        let mut s = Session::new(Start::preset(preset));
        s.play_to(1_000);
        let key = default_focus(&s).unwrap();
        let r = rollout_at_cursor(&s, &key).unwrap();
        let container = r
            .object
            .value
            .str_at("spec.template.spec.containers.0.name")
            .to_owned();
        s.run(&format!(
            "kubectl set image deployment/{} {container}=example/next:2",
            key.name
        ));
        let mut looked = 0;
        for _ in 0..60 {
            let r = rollout_at_cursor(&s, &key).unwrap();
            let before = s.export_state();
            let Some(g) = ghost(&s, &key, &r) else { break };
            assert_eq!(s.export_state(), before, "looking ahead changes nothing");
            let (at, writes) = (s.position(), s.writes());
            let mut gone: Option<Vec<String>> = None;
            let mut sizes = None;
            while (s.writes() == writes || (gone.is_none() && s.writes() == writes + 1)) && s.step()
            {
                let now = rollout_at_cursor(&s, &key).unwrap();
                if s.writes() == writes + 1 && sizes.is_none() {
                    assert_eq!(s.at(), g.at_ms, "{preset}");
                    sizes = Some((now.old_size(), now.new_size()));
                }
                let chosen = s
                    .last_step()
                    .unwrap()
                    .record
                    .decisions
                    .iter()
                    .find_map(|d| match &d.what {
                        What::ReplicaSet(ReplicaSetDecision::DeletedPods { pods, .. }) => {
                            Some(pods.iter().map(|p| p.pod.to_string()).collect())
                        }
                        _ => None,
                    });
                gone = gone.or(chosen);
            }
            assert_eq!(sizes, Some((g.old, g.new)), "{preset}, step {at}");
            if !g.goes.is_empty() {
                let names: Vec<String> = g.goes.iter().map(|(_, n)| n.clone()).collect();
                assert_eq!(gone, Some(names.clone()), "{preset}, step {at}");
                assert!(judge(&g, &Prediction::Pods(names)).0);
                assert!(!judge(&g, &Prediction::Pods(vec!["nobody".into()])).0);
            }
            assert!(judge(&g, &Prediction::Sizes(g.old, g.new)).0);
            assert!(!judge(&g, &Prediction::Sizes(g.old, g.new + 1)).0);
            looked += 1;
            s.seek(at);
            // From the recorded future the same is foretold.
            assert_eq!(
                ghost(&s, &key, &r).map(|g| (g.old, g.new, g.at_ms)),
                Some((g.old, g.new, g.at_ms))
            );
            for _ in 0..4 {
                s.step();
            }
        }
        assert!(looked > 3, "{preset}: {looked}");
    }
}

#[test]
fn nothing_is_foretold_where_nothing_comes() {
    let (s, key) = rolling();
    let r = rollout_at_cursor(&s, &key).unwrap();
    assert!(r.complete());
    assert_eq!(ghost(&s, &key, &r), None);
}

// ---------------------------------------------------------------- branches

#[test]
fn branches_are_renamed_and_deleted_and_none_is_lost() {
    let (mut s, _) = rolling();
    let main = s.export_state();
    s.seek(20);
    s.run("kubectl rollout undo deployment/rolldeployment");
    assert_eq!(s.current_branch(), 1);
    s.seek(10);
    s.run("kubectl scale deployment/rolldeployment --replicas=4");
    assert_eq!(s.current_branch(), 2);
    let third = s.export_state();
    assert!(s.rename_branch(1, "  what if  "));
    assert!(!s.rename_branch(2, "what if") && !s.rename_branch(2, " ") && !s.rename_branch(9, "x"));
    assert!(!s.rename_branch(2, &"x".repeat(41)));
    assert_eq!(s.branches()[1].name, "what if");
    assert!(!s.delete_branch(2), "the one that is shown stays");
    assert!(s.delete_branch(1));
    assert_eq!((s.branches().len(), s.current_branch()), (2, 1));
    assert_eq!(s.branches()[1].parent, Some(0));
    assert_eq!(s.export_state(), third);
    // A new one does not take a name that is there.
    s.seek(5);
    s.run("kubectl scale deployment/rolldeployment --replicas=6");
    let names: Vec<&str> = s.branches().iter().map(|b| b.name.as_str()).collect();
    assert_eq!(names.len(), 3);
    assert!(names.windows(2).all(|w| w[0] != w[1]), "{names:?}");
    assert!(s.open_branch(0));
    s.seek(s.steps().len());
    s.seek_time(60_000);
    assert_eq!(s.export_state().len(), main.len());
    assert!(s.store().list(Kind::POD).count() >= 10);
}
