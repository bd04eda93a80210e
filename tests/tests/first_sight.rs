//! What somebody sees who follows a tutorial on the empty page: the tag that is not there, and words that do not meet.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_session::{Session, Start};
use rollout_view::{LineKind, PageInput, PageView, PastView, page_view, plain_text};

const HOUR: u64 = 3_600_000;

fn seen(s: &Session) -> PageView {
    let input = PageInput {
        text: "",
        focus: None,
    };
    page_view(s, &input)
}

/// The tutorial of Kubernetes' own documentation, up to the tag that does not exist, with what follows each line.
fn bootcamp(look: &mut dyn FnMut(&Session)) -> Session {
    let mut s = Session::new(Start::empty());
    for line in [
        "kubectl get deployments",
        "kubectl create deployment kubernetes-bootcamp --image=gcr.io/google-samples/kubernetes-bootcamp:v1 --replicas=4",
        "kubectl rollout status deployment/kubernetes-bootcamp",
        "kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=docker.io/jocatalin/kubernetes-bootcamp:v2",
        "kubectl rollout status deployment/kubernetes-bootcamp",
        "kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=gcr.io/google-samples/kubernetes-bootcamp:v10",
        "kubectl rollout status deployment/kubernetes-bootcamp",
    ] {
        s.run_to_end(line, HOUR);
        look(&s);
    }
    s
}

/// No two words of the drawing stand on each other: names of areas, times of the ruler, lengths of cuts.
fn words_keep_apart(past: &PastView) {
    // Thousandths of a drawing of 320 pixels, at the widths of the page's letters.
    let place = |x: u64| x * 1000 / past.record.width;
    let mut ends = 0;
    for tick in &past.record.ticks {
        let half = tick.text.len() as u64 * 9;
        assert!(place(tick.x) + 20 >= ends + half, "{:?}", past.record.ticks);
        ends = place(tick.x) + half;
    }
    let cuts: Vec<_> = past
        .record
        .cuts
        .iter()
        .filter(|c| !c.text.is_empty())
        .collect();
    for pair in cuts.windows(2) {
        assert!(place(pair[0].x) + 120 <= place(pair[1].x), "{cuts:?}");
    }
    for (i, a) in past.captions.iter().enumerate() {
        for b in &past.captions[..i] {
            let (first, then) = if a.x < b.x { (a, b) } else { (b, a) };
            let beside = place(first.x) + 70 + 20 * first.text.len() as u64 <= place(then.x);
            let above = a.level_tenths.abs_diff(b.level_tenths) >= 10;
            assert!(beside || above, "{a:?} {b:?}");
        }
    }
}

#[test]
fn the_tag_of_the_tutorial_is_not_there() {
    let s = bootcamp(&mut |_| {});
    let view = seen(&s);
    assert_eq!((view.numbers.ready, view.numbers.up_to_date), (3, 2));
    let said = plain_text(&view.why.headline);
    assert!(
        said.contains("2 new pods cannot pull kubernetes-bootcamp:v10."),
        "{said}"
    );
    // Whoever wants it to be there says so.
    let mut s = Session::new(Start::empty());
    s.run("image nginx:1.161 good");
    s.run("kubectl create deployment web --image=nginx:1.161");
    s.run_to_end("kubectl rollout status deployment/web", HOUR);
    assert_eq!(seen(&s).numbers.available, 1);
}

#[test]
fn words_do_not_meet_and_nothing_is_said_twice() {
    let mut looks = 0;
    let mut look = |s: &Session| {
        let view = seen(s);
        words_keep_apart(&view.scene.past);
        let (above, below) = (plain_text(&view.why.kicker), plain_text(&view.why.headline));
        let first = below.split_inclusive(". ").next().unwrap().trim_end();
        assert!(!above.contains(first), "{above} / {below}");
        looks += 1;
    };
    let mut s = bootcamp(&mut look);
    for step in (0..s.steps().len()).step_by(7) {
        s.seek(step);
        words_keep_apart(&seen(&s).scene.past);
    }
    let mut s = Session::new(Start::preset("re-5"));
    s.run("kubectl set image deployment/rcdeployment nginx=httpd");
    while s.step() && s.at() < 60_000 {
        words_keep_apart(&seen(&s).scene.past);
    }
    assert_eq!(looks, 7);
}

#[test]
fn an_empty_list_is_no_error() {
    let mut s = Session::new(Start::empty());
    s.run("kubectl get pods");
    s.run("kubectl get deployment web");
    let console = seen(&s).console;
    let kind = |text: &str| {
        console
            .lines
            .iter()
            .find(|l| l.text.starts_with(text))
            .unwrap()
            .kind
    };
    assert_eq!(kind("No resources found"), LineKind::Out);
    assert_eq!(kind("Error from server (NotFound)"), LineKind::Err);
}
