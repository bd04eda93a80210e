//! Pods that are on their way say how long it takes, and it is true.

use rollout_session::{Session, Start};
use rollout_view::{PageInput, PodState, PodView, page_view};

fn pods(session: &Session) -> Vec<std::rc::Rc<PodView>> {
    let input = PageInput {
        text: "",
        focus: None,
    };
    page_view(session, &input).scene.pods
}

#[test]
fn a_creating_pod_shows_what_has_passed_and_what_is_left() {
    let mut session = Session::new(Start::preset("roll-10"));
    session.run("kubectl set image deployment/rolldeployment nginx=httpd");
    let mut bars = 0;
    for _ in 0..400 {
        let before = session.at();
        for pod in pods(&session) {
            if pod.state != PodState::Creating {
                continue;
            }
            if let Some(progress) = pod.progress {
                bars += 1;
                assert!(progress <= 1000, "{}: {progress}", pod.name);
                assert!(pod.word.starts_with("Creating, "), "{}", pod.word);
                assert!(pod.label.contains(&pod.word), "{}", pod.label);
                let fact = pod
                    .facts
                    .iter()
                    .find(|(name, _)| name == "Image pulled" || name == "Started");
                assert!(fact.is_some(), "{:?}", pod.facts);
            }
        }
        if !session.step() {
            break;
        }
        assert!(session.at() >= before);
    }
    assert!(bars > 20, "{bars} bars were seen");
}

#[test]
fn what_is_left_runs_out_when_the_pod_goes_on() {
    let mut session = Session::new(Start::preset("roll-10"));
    session.run("kubectl set image deployment/rolldeployment nginx=httpd");
    while !pods(&session)
        .iter()
        .any(|p| p.state == PodState::Creating && p.progress == Some(0))
    {
        assert!(session.step());
    }
    let first = pods(&session)
        .into_iter()
        .find(|p| p.progress == Some(0))
        .unwrap();
    // The pull takes two seconds on a node that has not seen the image.
    assert_eq!(first.word, "Creating, 2 s");
    session.play_to(session.at() + 500);
    let later = pods(&session)
        .into_iter()
        .find(|p| p.name == first.name)
        .unwrap();
    assert_eq!(
        (later.word.as_str(), later.progress),
        ("Creating, 1.5 s", Some(250))
    );
}

#[test]
fn a_failing_pod_says_when_it_tries_again() {
    let mut session = Session::new(Start::preset("boot-4"));
    session.run("kubectl set image deployment/bootcamp bootcamp=bootcamp:v10");
    for _ in 0..400 {
        let told = pods(&session).into_iter().find(|p| {
            p.state == PodState::ImagePull && p.facts.iter().any(|(name, _)| name == "Next try")
        });
        if let Some(pod) = told {
            assert_eq!(pod.progress, None);
            return;
        }
        assert!(session.step());
    }
    panic!("no pod tells of its next try");
}
