//! Time: forward and back gives identical bytes, any seek order, branches, links, random sessions.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use proptest::prelude::*;
use rollout_session::share::{self, LinkError, Packing};
use rollout_session::{Session, Start};

/// The exported state as text: a failure shows where it differs, not all of it.
#[derive(PartialEq, Clone)]
struct State(Vec<u8>);

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hash = self.0.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
            (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)
        });
        write!(
            f,
            "{} bytes, {hash:016x}, {}",
            self.0.len(),
            String::from_utf8_lossy(&self.0[..self.0.len().min(40)])
        )
    }
}

fn state(s: &Session) -> State {
    State(s.export_state())
}

fn preset(name: &str) -> Session {
    Session::new(Start::preset(name))
}

/// Deployment and container of the presets used here.
const APPS: &[(&str, &str, &str, &str)] = &[
    ("roll-10", "rolldeployment", "nginx", "httpd"),
    ("re-5", "rcdeployment", "nginx", "httpd"),
    ("boot-4", "bootcamp", "bootcamp", "bootcamp:v10"),
    (
        "model-4",
        "model-serving",
        "server",
        "myrepo/tf-serving:1.0.4",
    ),
];

fn update(app: &(&str, &str, &str, &str)) -> String {
    format!("kubectl set image deployment/{} {}={}", app.1, app.2, app.3)
}

#[test]
fn n_steps_forward_and_back_give_identical_bytes() {
    for app in APPS {
        let mut s = preset(app.0);
        s.play_to(1_300);
        s.run(&update(app));
        let mut seen = vec![state(&s)];
        while seen.len() < 150 && s.step() {
            seen.push(state(&s));
        }
        assert!(seen.len() > 40, "{}: only {} steps", app.0, seen.len());
        for i in (0..seen.len() - 1).rev() {
            assert!(s.back());
            assert_eq!(state(&s), seen[i], "{}: back to step {i}", app.0);
        }
        for (i, expected) in seen.iter().enumerate().skip(1) {
            assert!(s.step());
            assert_eq!(state(&s), *expected, "{}: again step {i}", app.0);
        }
    }
}

#[test]
fn any_seek_order_shows_the_same() {
    let mut s = preset("landing");
    while s.step() {}
    let last = s.position();
    let mut states = Vec::new();
    for i in 0..=last {
        s.seek(i);
        states.push(state(&s));
    }
    let mut i = 7;
    for _ in 0..300 {
        i = (i * 31 + 17) % (last + 1);
        s.seek(i);
        assert_eq!(state(&s), states[i], "step {i}");
    }
    s.seek(40);
    s.step();
    assert_eq!(state(&s), states[41]);
}

#[test]
fn speed_and_chunks_change_nothing() {
    let history = |chunk: u64| {
        let mut s = preset("roll-10");
        s.play_to(1_000);
        s.run("kubectl set image deployment/rolldeployment nginx=httpd");
        let mut at = 1_000;
        while at < 30_000 {
            at = (at + chunk).min(30_000);
            s.play_to(at);
        }
        let steps: Vec<(u64, usize)> = s
            .steps()
            .iter()
            .map(|s| (s.at, s.record.changes.len()))
            .collect();
        (steps, state(&s))
    };
    let whole = history(30_000);
    for chunk in [4, 16, 333, 7_777] {
        assert_eq!(history(chunk), whole, "{chunk}");
    }
    let mut stepped = preset("roll-10");
    stepped.play_to(1_000);
    stepped.run("kubectl set image deployment/rolldeployment nginx=httpd");
    while stepped.step() {}
    stepped.play_to(30_000);
    assert_eq!(state(&stepped), whole.1);
}

#[test]
fn acting_in_the_past_begins_a_branch_and_keeps_the_former_future() {
    let mut s = preset("landing");
    while s.step() {}
    let (end, last) = (state(&s), s.position());
    assert_eq!(s.branch().name, "main");
    s.seek(last / 2);
    let before = state(&s);
    assert_eq!(
        s.run("kubectl scale deployment/rolldeployment --replicas=3")
            .exit,
        Some(0)
    );
    assert_eq!(s.branch().name, "branch 1");
    assert_eq!(s.branches().len(), 2);
    assert!(s.steps().len() < last);
    while s.step() {}
    let there = state(&s);
    assert_ne!(there, end);
    assert!(s.open_branch(0));
    assert_eq!(state(&s), before, "the branch is opened where it was left");
    s.seek(last);
    assert_eq!(state(&s), end);
    assert!(s.open_branch(1));
    assert_eq!(state(&s), there);
    assert!(!s.open_branch(2));
}

#[test]
fn the_branch_is_what_a_straight_run_would_be() {
    let mut straight = preset("roll-10");
    straight.play_to(1_000);
    straight.run("kubectl set image deployment/rolldeployment nginx=httpd");
    for _ in 0..77 {
        straight.step();
    }
    let mut forked = preset("roll-10");
    forked.play_to(1_000);
    forked.run("kubectl set image deployment/rolldeployment nginx=httpd");
    while forked.step() {}
    forked.seek(straight.position());
    for s in [&mut straight, &mut forked] {
        assert_eq!(
            s.run("kubectl rollout pause deployment/rolldeployment")
                .exit,
            Some(0)
        );
        while s.step() {}
    }
    assert_eq!(state(&straight), state(&forked));
}

#[test]
fn looking_does_not_branch() {
    let mut s = preset("landing");
    while s.step() {}
    s.seek(20);
    s.run("echo looking back");
    s.run("kubectl get pods");
    assert_eq!((s.branches().len(), s.position()), (1, 20));
    assert!(
        s.branch()
            .transcript
            .at(20, s.at())
            .iter()
            .any(|l| l.text == "looking back")
    );
    s.back();
    assert!(
        !s.branch()
            .transcript
            .at(s.position(), s.at())
            .iter()
            .any(|l| l.text == "looking back")
    );
}

#[test]
fn undo_of_the_own_action_and_reset() {
    let mut s = preset("roll-10");
    let start = state(&s);
    s.run("kubectl scale deployment/rolldeployment --replicas=4");
    while s.step() {}
    assert!(s.undo_last_action());
    assert_eq!(state(&s), start);
    assert!(!s.undo_last_action());
    assert!(s.open_branch(0));
    s.reset();
    assert_eq!(state(&s), start);
    assert_eq!(s.branches().len(), 1);
}

#[test]
fn sleeping_ends_with_the_clock_and_goes_back_with_it() {
    let mut s = preset("roll-10");
    let ran = s.run("sleep 5");
    assert_eq!(ran.exit, None);
    assert_eq!(s.waiting().count(), 1);
    s.play_to(4_999);
    assert_eq!(s.waiting().count(), 1);
    s.play_to(5_000);
    assert_eq!(s.waiting().count(), 0);
    s.run("sleep 100");
    s.interrupt();
    assert_eq!(s.waiting().count(), 0);
    assert_eq!(s.run_to_end("sleep 3600", 3_600_000).exit, Some(0));
    let at = s.at();
    assert_eq!(s.run_to_end("sleep 3601", 3_600_000).exit, Some(124));
    assert_eq!(s.at(), at + 3_600_000);
}

#[test]
fn links_open_the_same_moment() {
    for app in APPS {
        let mut s = preset(app.0);
        s.play_to(1_000);
        s.run(&update(app));
        for _ in 0..30 {
            s.step();
        }
        s.run(&format!("kubectl scale deployment/{} --replicas=6", app.1));
        s.step();
        s.play_to(9_999);
        s.run("image httpd missing");
        s.play_to(12_345);
        for packing in [Packing::Deflate, Packing::Json] {
            let link = share::encode(&s.shared(None), packing);
            let again = Session::open(&share::decode(&format!("#s={link}")).unwrap()).unwrap();
            assert_eq!(
                (again.at(), again.position(), again.writes()),
                (s.at(), s.position(), s.writes()),
                "{}",
                app.0
            );
            assert_eq!(state(&again), state(&s), "{}", app.0);
            assert_eq!(share::encode(&again.shared(None), packing), link);
        }
        // A link of a moment in the past does not know the future.
        s.seek(20);
        let link = share::encode(&s.shared(None), Packing::Deflate);
        let again = Session::open(&share::decode(&link).unwrap()).unwrap();
        assert_eq!(state(&again), state(&s));
    }
}

#[test]
fn a_link_of_forty_lines_and_three_actions_is_short() {
    let yaml = include_str!("../data/presets/model-4.yaml");
    let mut text = yaml.to_owned();
    while text.lines().count() < 40 {
        text.push_str(&format!("# note {}\n", text.lines().count()));
    }
    let mut s = Session::new(Start::empty());
    s.apply("model-serving.yaml", &text);
    s.play_to(40_000);
    s.run("kubectl set image deployment/model-serving server=myrepo/tf-serving:1.0.4");
    s.play_to(60_000);
    s.run("kubectl rollout pause deployment/model-serving");
    let link = share::encode(&s.shared(None), Packing::Deflate);
    assert!(link.len() < 1000, "{} characters", link.len());
    let landing = share::encode(&preset("landing").shared(None), Packing::Deflate);
    assert!(landing.len() < 250, "{} characters", landing.len());
}

#[test]
fn hostile_links_are_refused_with_a_reason() {
    let deflated = |text: &str| {
        let packed = miniz(text.as_bytes());
        format!("1d.{packed}")
    };
    let plain = |text: &str| format!("1j.{}", base64(text.as_bytes()));
    for (link, part) in [
        (String::new(), "format"),
        ("2d.AAAA".to_owned(), "format"),
        ("1d.A!AA".to_owned(), "character"),
        ("1d.AAAAAAAAAAAA".to_owned(), "compressed"),
        (plain("[]"), "no object"),
        (plain("{"), "does not hold"),
        (plain("{\"q\":1}"), "unknown part"),
        (plain("{\"p\":\"nope\"}"), "no preset"),
        (plain("{\"p\":7}"), "no text"),
        (plain("{\"e\":\"x\"}"), "seed"),
        (plain("{\"k\":99}"), "version"),
        (plain("{\"a\":{}}"), "no list"),
        (plain("{\"a\":[[1,2]]}"), "action 1"),
        (plain("{\"a\":[[-1,0,1,\"l\",\"x\"]]}"), "action 1"),
        (
            plain("{\"a\":[[9,0,1,\"l\",\"x\"],[1,0,1,\"l\",\"x\"]]}"),
            "order",
        ),
        (plain("{\"c\":[1e9,0]}"), "time"),
        (plain("{\"i\":[\"rm -rf\"]}"), "image"),
        (
            plain(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
            "deep",
        ),
        (
            plain(&format!("{{\"a\":[{}1]}}", "1,".repeat(3000))),
            "more than",
        ),
        (deflated(&" ".repeat(5_000_000)), "large"),
        ("1d.".to_owned() + &"A".repeat(1 << 20), "large"),
        (plain("\u{0}\u{1}"), "hold"),
    ] {
        let error: LinkError = share::decode(&link).expect_err(&link[..link.len().min(60)]);
        assert!(
            error.to_string().contains(part),
            "{error} for {}",
            &link[..link.len().min(60)]
        );
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        out.extend((0..=chunk.len()).map(|i| ALPHABET[(n >> (18 - 6 * i) & 63) as usize] as char));
    }
    out
}

/// Stored deflate blocks, so that no compressor is needed here.
fn miniz(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    let chunks: Vec<&[u8]> = bytes.chunks(60_000).collect();
    for (i, chunk) in chunks.iter().enumerate() {
        out.push(u8::from(i + 1 == chunks.len()));
        let n = chunk.len() as u16;
        out.extend(n.to_le_bytes());
        out.extend((!n).to_le_bytes());
        out.extend(*chunk);
    }
    base64(&out)
}

/// A line of the past that changes nothing is replayed where it was typed: before the action that led away from there.
#[test]
fn a_link_keeps_lines_of_the_past_at_their_moment() {
    let mut s = preset("roll-10");
    s.run("kubectl rollout pause deployment/rolldeployment");
    s.back();
    let refused = s.run("kubectl rollout resume deployment/rolldeployment");
    assert_eq!(
        refused.exit,
        Some(1),
        "it is not paused here: {}",
        refused.stderr
    );
    s.play_to(1);
    let again = Session::open(&s.shared(None)).unwrap();
    assert_eq!(state(&again), state(&s));
}

/// A file that is changed in the past is not the file that a later line read.
#[test]
fn a_file_changed_in_the_past_begins_a_branch() {
    let text = |replicas: u8| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    spec: {{containers: [{{name: c, image: c}}]}}\n"
        )
    };
    let mut s = Session::new(Start::empty());
    s.save("a.yaml", &text(2));
    s.run("kubectl apply -f a.yaml");
    s.play_to(60_000);
    let whole = state(&s);
    s.seek(0);
    s.save("a.yaml", &text(7));
    s.run("kubectl diff -f a.yaml");
    assert_eq!(s.branches().len(), 2);
    s.open_branch(0);
    s.play_to(60_000);
    assert_eq!(state(&s), whole);
    let again = Session::open(&s.shared(None)).unwrap();
    assert_eq!(state(&again), whole);
}

/// What a learner may do at random.
#[derive(Clone, Debug)]
enum Do {
    Step(u8),
    Back(u8),
    Play(u16),
    Image(u8),
    Scale(u8),
    Pause,
    Resume,
    Break(u8),
    Seek(u16),
}

fn random_action() -> impl Strategy<Value = Do> {
    prop_oneof![
        4 => (1..30u8).prop_map(Do::Step),
        1 => (1..10u8).prop_map(Do::Back),
        4 => (1..20_000u16).prop_map(Do::Play),
        3 => (0..4u8).prop_map(Do::Image),
        2 => (0..13u8).prop_map(Do::Scale),
        1 => Just(Do::Pause),
        1 => Just(Do::Resume),
        2 => (0..6u8).prop_map(Do::Break),
        1 => any::<u16>().prop_map(Do::Seek),
    ]
}

const IMAGES: [&str; 4] = ["app:1", "app:2", "app:3", "app:4"];
const BEHAVIOURS: [&str; 6] = [
    "good",
    "missing",
    "crash",
    "never-ready",
    "slow-start",
    "ignores-stop",
];

fn perform(s: &mut Session, app: &(&str, &str, &str, &str), action: &Do) {
    let d = format!("deployment/{}", app.1);
    match action {
        Do::Step(n) => {
            for _ in 0..*n {
                s.step();
            }
        }
        Do::Back(n) => {
            for _ in 0..*n {
                s.back();
            }
        }
        Do::Play(ms) => {
            s.play_to(s.at() + u64::from(*ms));
        }
        Do::Image(i) => drop(s.run(&format!(
            "kubectl set image {d} {}={}",
            app.2,
            IMAGES[*i as usize % 4]
        ))),
        Do::Scale(n) => drop(s.run(&format!("kubectl scale {d} --replicas={n}"))),
        Do::Pause => drop(s.run(&format!("kubectl rollout pause {d}"))),
        Do::Resume => drop(s.run(&format!("kubectl rollout resume {d}"))),
        Do::Break(b) => drop(s.run(&format!(
            "image {} {}",
            IMAGES[*b as usize % 4],
            BEHAVIOURS[*b as usize % 6]
        ))),
        Do::Seek(n) => s.seek(usize::from(*n) % (s.steps().len() + 1)),
    }
}

proptest! {
    #![proptest_config(rollout_tests::random::cases(48))]
    #[test]
    fn random_sessions_replay_identically(
        app in 0..APPS.len(),
        actions in prop::collection::vec(random_action(), 1..14),
    ) {
        let app = &APPS[app];
        let mut s = preset(app.0);
        for action in &actions {
            perform(&mut s, app, action);
            let link = share::encode(&s.shared(None), Packing::Deflate);
            let shared = share::decode(&link).expect("own links can be read");
            prop_assert_eq!(&shared, &s.shared(None));
        }
        let whole = state(&s);
        let (position, at) = (s.position(), s.at());
        let again = Session::open(&s.shared(None)).expect("own links can be opened");
        prop_assert_eq!((again.position(), again.at()), (position, at));
        prop_assert_eq!(state(&again), whole.clone());
        s.seek(position);
        let whole = state(&s);
        let back = position.min(25);
        for _ in 0..back {
            s.back();
        }
        for _ in 0..back {
            s.step();
        }
        prop_assert_eq!(state(&s), whole);
        // Every pod that counts belongs to a set, every set to the Deployment.
        for pod in s.store().list(rollout_api::Kind::POD) {
            let owner = pod.meta.controller.as_ref().expect("a pod of a set");
            let set = s.store().list(rollout_api::Kind::REPLICA_SET).find(|r| r.meta.uid == owner.uid);
            prop_assert!(set.is_some() || pod.meta.is_terminating());
        }
    }
}

#[test]
fn time_that_passed_at_the_end_stays_recorded() {
    let mut s = Session::new(Start::preset("roll-10"));
    s.play_to(20_000);
    for at in [15_000, 17_000, 0, 3_000, 19_000, 20_000] {
        s.seek_time(at);
        assert_eq!((s.at(), s.recorded_ms()), (at, 20_000));
    }
    s.seek_time(16_000);
    s.run("kubectl scale deployment/rolldeployment --replicas=3");
    assert!(s.recorded_ms() < 20_000, "a branch begins where it left");
}

#[test]
fn at_rest_nothing_comes_that_could_be_stepped_to() {
    for preset in ["re-5", "roll-10", "boot-4", "model-4", "safe-3", "disk-1"] {
        let mut session = Session::new(Start::preset(preset));
        assert_eq!(session.next_seen(), None, "{preset}");
        assert!(!session.step(), "{preset}");
        // What comes is said with its time, and a step leads there.
        session.run("kubectl rollout restart deployment --all");
        while let Some(at) = session.next_seen() {
            assert!(
                session.step(),
                "{preset} at {}: {at} was announced",
                session.at()
            );
            assert_eq!(session.at(), at, "{preset}");
            assert!(session.steps().len() < 2_000, "{preset} comes to rest");
        }
        assert!(!session.step(), "{preset} rests");
    }
}

#[test]
fn a_complete_rollout_that_lost_its_pods_rests() {
    let mut session = Session::new(Start::preset("roll-10"));
    // Pods that are gone, and nowhere to put others: the rollout stays what it was, complete once.
    for line in [
        "kubectl cordon -l kubernetes.io/os=linux",
        "kubectl delete pods --all --wait=false",
    ] {
        assert_eq!(session.run(line).exit, Some(0), "{line}");
    }
    session.play_to(2_000_000);
    let passed = session.steps().len();
    assert!(passed > 0);
    // The controller's silent looks, each 5 ms later in reality, are no endless work: nothing is due soon.
    let due = session.next_at();
    assert!(due.is_none_or(|t| t > session.at() + 1_000), "{due:?}");
    for _ in 0..20 {
        if session.next_seen().is_none() || !session.step() {
            break;
        }
    }
    assert!(session.steps().len() <= passed + 20);
}

#[test]
fn skipping_in_vain_leaves_no_future_behind() {
    // An autoscaler without metrics reports it every 15 s, and no decision comes within an hour.
    let text = include_str!("../data/operator/helm.yaml");
    let mut session = Session::new(Start {
        manifest: Some(text.to_owned()),
        ..Start::empty()
    });
    session.play_to(20_000);
    session.run("kubectl rollout status deployment/storefront -w=false");
    // What was recorded before stays, whether the search begins inside it or at its end.
    session.play_to(700_000);
    let recorded = session.steps().len();
    session.seek_time(20_000);
    session.skip_waiting();
    assert_eq!(session.steps().len(), recorded);
    assert!(session.at() < 700_000);
    session.seek_time(700_000);
    for _ in 0..3 {
        let before = session.at();
        let skipped = session.skip_waiting();
        assert_eq!(skipped, Some(session.at() - before));
        assert!(session.at() <= before + 600_000, "{}", session.at());
        assert!(session.at_head());
        assert_eq!(session.recorded_ms(), session.at());
    }
    let at = session.at();
    session.run("kubectl rollout restart deployment/storefront");
    assert_eq!(
        (session.branches().len(), session.branch().name.as_str()),
        (1, "main")
    );
    // The same run without the search.
    let mut other = Session::new(Start {
        manifest: Some(text.to_owned()),
        ..Start::empty()
    });
    other.play_to(20_000);
    other.run("kubectl rollout status deployment/storefront -w=false");
    other.play_to(at);
    other.run("kubectl rollout restart deployment/storefront");
    session.play_to(at + 40_000);
    other.play_to(at + 40_000);
    assert_eq!(session.export_state(), other.export_state());
    let texts = |s: &Session| {
        let lines = s.branch().transcript.lines().iter();
        lines.map(|l| (l.at, l.text.clone())).collect::<Vec<_>>()
    };
    assert_eq!(texts(&session), texts(&other));
    // A future that was seen stays.
    let (position, end) = (session.position(), session.recorded_ms());
    session.seek(position / 2);
    session.skip_waiting();
    assert_eq!(session.recorded_ms(), end);
}
