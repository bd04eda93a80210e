//! The version of the cluster is a setting: names, texts and answers follow it, links carry it, presets bring their own.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::json::from_json;
use rollout_api::{Kind, Minor};
use rollout_cli::kubectl_cases::edit_with_shell;
use rollout_kubectl::cases::{argv, run_file};
use rollout_session::share::{self, Packing};
use rollout_session::{PRESETS, Session, Start, find_preset};

const HOUR: u64 = 3_600_000;

fn at(name: &str, version: Minor) -> Session {
    Session::new(Start {
        version,
        ..Start::preset(name)
    })
}

fn sets(s: &Session) -> Vec<String> {
    s.store()
        .list(Kind::REPLICA_SET)
        .map(|o| o.meta.name.to_string())
        .collect()
}

#[test]
fn the_tutorials_presets_run_at_their_own_version_and_all_others_at_the_newest() {
    for preset in PRESETS {
        let tutorial = ["roll-10", "re-5", "kubernetes-bootcamp", "model-4"].contains(&preset.name);
        let want = if tutorial { Minor::V1_32 } else { Minor::V1_36 };
        assert_eq!(Start::preset(preset.name).version, want, "{}", preset.name);
    }
    assert_eq!(Start::empty().version, Minor::V1_36);
    assert_eq!(Start::preset("landing").version, Minor::V1_32);
    assert_eq!(Start::preset("rolldeployment"), Start::preset("roll-10"));
    assert!(find_preset("rolldeployment.yaml").is_none());
}

#[test]
fn sets_have_the_names_of_the_version() {
    // pod-template-hash.md: the hash of a template changes with the fields of the version.
    let s = Session::new(Start::preset("rolldeployment"));
    assert_eq!(sets(&s), ["rolldeployment-6b947d555"]);
    let mut names: Vec<String> = Minor::of_clusters()
        .flat_map(|m| sets(&at("roll-10", m)))
        .collect();
    assert_eq!(names.len(), 9);
    names.dedup();
    assert!(names.len() > 1, "{names:?}");
}

#[test]
fn the_client_follows_the_cluster() {
    for (version, client, deleted) in [
        (
            32,
            "v1.32.5",
            "deployment.apps \"rolldeployment\" deleted\n",
        ),
        (
            36,
            "v1.36.1",
            "deployment.apps \"rolldeployment\" deleted from default namespace\n",
        ),
    ] {
        let mut s = at("roll-10", Minor(version));
        let said = s.run_to_end("kubectl version", HOUR).stdout;
        assert!(
            said.starts_with(&format!("Client Version: {client}\n")),
            "{said}"
        );
        assert_eq!(
            s.run_to_end("kubectl delete deployment rolldeployment", HOUR)
                .stdout,
            deleted
        );
    }
}

#[test]
fn links_carry_the_version_and_the_first_links_mean_what_they_meant() {
    for minor in Minor::of_clusters() {
        let s = at("boot-4", minor);
        let link = share::encode(&s.shared(None), Packing::Json);
        let again = Session::open(&share::decode(&link).unwrap()).unwrap();
        assert_eq!(again.config().version, minor);
        assert_eq!(again.export_state(), s.export_state());
    }
    // {"p":"roll-10","c":[0,0]}, made before there was a choice.
    let old = share::decode("1j.eyJwIjoicm9sbC0xMCIsImMiOlswLDBdfQ").unwrap();
    assert_eq!(old.start.version, Minor::V1_32);
    // {"k":27,"c":[0,0]}
    assert!(share::decode("1j.eyJrIjoyNywiYyI6WzAsMF19").is_err());
}

#[test]
fn another_version_begins_again_with_the_same_manifest() {
    let text = include_str!("../data/presets/safe-3.yaml").replace("replicas: 3", "replicas: 4");
    let mut s = Session::new(Start::empty());
    s.run("image safe:v1 missing");
    let file = rollout_session::file_name(&text);
    s.apply(&file, &text);
    s.play_to(30_000);
    let before = s.export_state();
    let mut other = s.at_version(Minor(30), &file, &text);
    assert_eq!(s.export_state(), before);
    assert_eq!(other.config().version, Minor(30));
    other.play_to(30_000);
    let replicas = |s: &Session| {
        let d = s.store().list(Kind::DEPLOYMENT).next().unwrap();
        d.value.at("spec.replicas").and_then(|v| v.as_int())
    };
    assert_eq!((replicas(&s), replicas(&other)), (Some(4), Some(4)));
    assert_eq!(
        s.image_rules().iter().count(),
        other.image_rules().iter().count()
    );

    // A preset's start brings its manifest: nothing is applied twice.
    let s = Session::new(Start::preset("boot-4"));
    let (file, text) = s.files().iter().next().unwrap();
    let other = s.at_version(Minor(31), file, text);
    assert_eq!((other.branch().log.len(), other.at()), (0, 0));

    // The landing scene stands in the middle of its update at any version.
    let s = Session::new(Start::preset("landing"));
    let (file, text) = s.files().iter().next().unwrap();
    let live = rollout_view::live_text(&s, text).unwrap_or_else(|| text.clone());
    for minor in Minor::of_clusters() {
        let other = s.at_version(minor, file, &live);
        assert_eq!(other.writes(), s.writes(), "{minor}");
    }
}

/// The recorded cases of 1.32 as clients of other versions answer them.
#[test]
fn clients_between_the_recordings_speak_as_the_recorded_one_below_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/kubectl-golden");
    let mut cases = 0;
    for name in [
        "hpa",
        "quota",
        "seq-lifecycle",
        "seq-nodes",
        "rich-template",
        "after-undo",
    ] {
        let file = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let file = from_json(&file).unwrap();
        let said = |minor: u8| {
            let mut file = file.clone();
            file.set("kubectl", format!("v1.{minor}.0"));
            run_file(&file, &mut edit_with_shell)
        };
        let recorded = said(32);
        for minor in [28, 31, 33, 34, 35] {
            let ours = said(minor);
            for (ours, theirs) in ours.list_at("cases").iter().zip(recorded.list_at("cases")) {
                let argv = argv(theirs);
                // Semantics section 15 dates the field paths of events and the missing one of scale: both from 1.35 on.
                let dated = ["describe", "scale"]
                    .iter()
                    .any(|w| argv.iter().any(|a| a == w));
                if argv.iter().any(|a| a == "version") || (minor == 35 && dated) {
                    continue;
                }
                cases += 1;
                assert_eq!(ours, theirs, "1.{minor} {}", argv.join(" "));
            }
        }
    }
    assert!(cases > 500, "{cases}");
}

/// What `kubectl get all,cm,sa` shows in a namespace that nobody has written to.
#[test]
fn every_namespace_has_its_account_and_its_ca() {
    for (version, accounts) in [
        (
            32,
            "NAME                     SECRETS   AGE\nserviceaccount/default   0         12d\n",
        ),
        (
            36,
            "NAME                     AGE\nserviceaccount/default   12d\n",
        ),
    ] {
        let mut s = Session::new(Start {
            version: Minor(version),
            ..Start::empty()
        });
        let said = s.run_to_end("kubectl get cm,sa", HOUR).stdout;
        let cms =
            "NAME                         DATA   AGE\nconfigmap/kube-root-ca.crt   1      12d\n";
        assert_eq!(said, format!("{cms}\n{accounts}"));
        s.run_to_end("kubectl create namespace team", HOUR);
        let names = "configmap/kube-root-ca.crt\nserviceaccount/default\n";
        assert_eq!(
            s.run_to_end("kubectl get cm,sa -n team -o name", HOUR)
                .stdout,
            names
        );
        let uid = "kubectl get sa default -n team -o jsonpath={.metadata.uid}";
        let before = s.run_to_end(uid, HOUR).stdout;
        s.run_to_end("kubectl delete sa,cm --all -n team", HOUR);
        assert_eq!(
            s.run_to_end("kubectl get cm,sa -n team -o name", HOUR)
                .stdout,
            names
        );
        assert_ne!(s.run_to_end(uid, HOUR).stdout, before);
        s.run_to_end("kubectl delete namespace team", HOUR);
        assert_eq!(
            s.run_to_end("kubectl get cm,sa -n team -o name", HOUR)
                .stdout,
            ""
        );
    }
}
