//! What is wrong here: evidence with its source for each way a rollout goes wrong, nothing when all is well.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_session::{Session, Start};
use rollout_view::diagnosis::{diagnosis, diagnosis_text};

fn evidence(preset: &str, lines: &[&str]) -> (Session, String) {
    let mut session = Session::new(Start::preset(preset));
    for line in lines {
        session.run(line);
        session.play_to(session.at() + 50_000);
    }
    let key = rollout_view::shown_key(&session, None).unwrap();
    let text = diagnosis_text(&diagnosis(&session, &key));
    (session, text)
}

#[test]
fn each_fault_leaves_its_evidence() {
    let update = "kubectl set image deployment/bootcamp bootcamp=bootcamp:v9";
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["kubectl set image deployment/bootcamp bootcamp=bootcamp:v10"],
            &[
                "Error: ImagePullBackOff",
                "waiting ErrImagePull",
                "DESIRED 2  CURRENT 2  READY 0",
                "Failed (x",
                "kubectl describe pod ",
            ],
        ),
        (
            &["image bootcamp:v9 crash", update],
            &[
                "waiting CrashLoopBackOff",
                "last state terminated Error, exit code",
                "BackOff (x",
                "--previous",
            ],
        ),
        (
            &["kubectl create quota small --hard=pods=4", update],
            &["ReplicaFailure True FailedCreate: ", "FailedCreate (x"],
        ),
        (
            &[
                "kubectl patch service bootcamp -p '{\"spec\":{\"selector\":{\"app\":\"bootcamp\",\"tier\":\"x\"}}}'",
            ],
            &["Service bootcamp", "no ready endpoint"],
        ),
        (
            &["kubectl rollout pause deployment/bootcamp"],
            &["paused: true", "from spec.paused"],
        ),
    ];
    for (lines, wanted) in cases {
        let (session, text) = evidence("boot-4", lines);
        for words in *wanted {
            assert!(text.contains(words), "{lines:?}: {words}\n{text}");
        }
        // Every command that is named runs and prints something.
        let mut session = session;
        for command in text.lines().filter_map(|l| l.split("$ ").nth(1)) {
            let ran = session.run(command);
            assert_eq!(ran.exit, Some(0), "{command}: {}", ran.stderr);
        }
    }
    assert_eq!(evidence("boot-4", &[]).1, "Nothing is out of order.\n");
}
