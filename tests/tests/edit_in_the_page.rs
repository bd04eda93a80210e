//! `kubectl edit` in the page: the editor opens with the live object, what is saved there is one action of the log.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_session::share::{Packing, decode, encode};
use rollout_session::{Closed, Opened, Ran, Session, Start};

const LINE: &str = "kubectl edit deployment rolldeployment";

fn open(session: &Session) -> Opened {
    session.open_editor(LINE).expect("the editor opens")
}

fn done(closed: Closed) -> Ran {
    match closed {
        Closed::Done(ran) => ran,
        Closed::Again(opened) => panic!("opened again:\n{}", opened.text),
    }
}

fn image(session: &mut Session) -> String {
    session
        .run("kubectl get deploy rolldeployment -o jsonpath={.spec.template.spec.containers[0].image}")
        .stdout
}

#[test]
fn saving_applies_and_says_edited() {
    let mut session = Session::new(Start::preset("roll-10"));
    let opened = open(&session);
    assert!(opened.text.starts_with("# Please edit the object below."));
    assert!(opened.text.contains("resourceVersion:"));
    assert_eq!(session.branch().log.len(), 0, "opening is no action");
    let text = opened.text.replace("image: nginx", "image: httpd");
    let ran = done(session.close_editor(opened, Some(&text)));
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str(), ran.exit),
        ("deployment.apps/rolldeployment edited\n", "", Some(0))
    );
    assert_eq!(image(&mut session), "httpd");
}

#[test]
fn leaving_and_saving_nothing_cancel() {
    for text in [None, Some("same"), Some("")] {
        let mut session = Session::new(Start::preset("roll-10"));
        let before = session.export_state();
        let opened = open(&session);
        let shown = opened.text.clone();
        let saved = text.map(|t| if t == "same" { shown.as_str() } else { t });
        let ran = done(session.close_editor(opened, saved));
        let said = match text {
            Some("") => "Edit cancelled, saved file was empty.\n",
            _ => "Edit cancelled, no changes made.\n",
        };
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", said));
        assert_eq!(session.export_state(), before);
    }
}

#[test]
fn what_the_server_refuses_is_opened_again_with_the_reason() {
    let mut session = Session::new(Start::preset("roll-10"));
    let opened = open(&session);
    let bad = opened.text.replace("replicas: 10", "replicas: -1");
    let Closed::Again(again) = session.close_editor(opened, Some(&bad)) else {
        panic!("the server took replicas: -1");
    };
    assert!(
        again
            .text
            .contains("# deployments.apps \"rolldeployment\" was not valid:")
    );
    assert!(again.text.contains("# * spec.replicas: Invalid value: -1"));
    assert_eq!(session.branch().log.len(), 0, "nothing is done yet");
    let good = again.text.replace("replicas: -1", "replicas: 3");
    let ran = done(session.close_editor(again, Some(&good)));
    assert_eq!(ran.stdout, "deployment.apps/rolldeployment edited\n");
    let replicas = session.run("kubectl get deploy rolldeployment -o jsonpath={.spec.replicas}");
    assert_eq!(replicas.stdout, "3");
}

#[test]
fn an_edit_lives_in_links_and_in_the_past() {
    let mut session = Session::new(Start::preset("roll-10"));
    let opened = open(&session);
    // The cluster goes on while the editor is open.
    session.run("kubectl scale deploy/rolldeployment --replicas=9");
    session.play_to(1_500);
    let text = opened.text.replace("image: nginx", "image: httpd");
    done(session.close_editor(opened, Some(&text)));
    session.play_to(20_000);
    let end = session.export_state();
    assert_eq!(image(&mut session), "httpd");
    let link = encode(&session.shared(None), Packing::Deflate);
    let opened = Session::open(&decode(&link).unwrap()).unwrap();
    assert_eq!(opened.export_state(), end, "the link shows the same moment");
    // Through the past, with the engine made again from the log.
    session.seek(session.position() - 1);
    session.run("kubectl rollout undo deploy/rolldeployment");
    assert_eq!(image(&mut session), "nginx");
}

#[test]
fn other_lines_open_no_editor() {
    let session = Session::new(Start::preset("roll-10"));
    for line in [
        "kubectl get deploy",
        "kubectl edit",
        "kubectl edit deploy nope",
        "echo edit",
        "kubectl edit deploy rolldeployment -o nope",
    ] {
        assert_eq!(session.open_editor(line), None, "{line}");
    }
}
