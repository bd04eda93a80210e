//! Each behaviour of an image and each fault of the cluster, with and without: states, texts, decisions, requests and the
//! end of the rollout differ as promised, and not at all once it is mended.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::ObjectKey;
use rollout_session::{Session, Start};
use rollout_view::{PageInput, page_view};
use std::collections::BTreeSet;

const PROBE: &str =
    "        readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 2}\n";
const CONFIG: &str = "        readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 2}\n        envFrom: [{configMapRef: {name: conf}}]\n";
const LIMIT: &str = "        resources: {limits: {memory: 64Mi}}\n";
const HARD: &str = "        securityContext: {readOnlyRootFilesystem: true}\n";
const USER: &str = "        securityContext: {runAsNonRoot: true}\n";
const NONE: &str = "";

/// What is seen of an update to `web:v2`.
struct Seen {
    /// At the end: all pods new and available.
    complete: bool,
    /// When it was, in seconds after the update.
    done: Option<u64>,
    /// States in which new pods were drawn.
    states: BTreeSet<String>,
    /// Names of decisions.
    decisions: BTreeSet<String>,
    /// Events, descriptions, logs, lists and an answer.
    texts: String,
    failed: u64,
    writes: usize,
    session: Session,
}

fn manifest(more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{MODE: a}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 4\n  selector:\n    matchLabels: {{app: web}}\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n      containers:\n      - name: web\n        image: web:v1\n{more}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector: {{app: web}}\n  ports:\n  - port: 80\n"
    )
}

fn key() -> ObjectKey {
    ObjectKey::new(rollout_api::Kind::DEPLOYMENT, "default", "web")
}

fn is_complete(s: &Session) -> bool {
    let d = s.store().get(&key()).unwrap();
    let n = |at: &str| d.value.int_at(at).unwrap_or(0);
    n("status.updatedReplicas") == 4
        && n("status.availableReplicas") == 4
        && n("status.replicas") == 4
        && n("status.observedGeneration") == d.meta.generation
}

fn look(s: &mut Session, line: &str) -> String {
    let ran = s.run_to_end(line, 200_000);
    format!("$ {line}\n{}{}", ran.stdout, ran.stderr)
}

fn seen(more: &str, lines: &[&str]) -> Seen {
    let mut s = Session::new(Start {
        manifest: Some(manifest(more)),
        ..Start::empty()
    });
    let ran = s.run("traffic service/web 20/s");
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    s.play_to(5_000);
    for line in lines {
        let ran = s.run_to_end(line, 60_000);
        assert!(
            ran.exit.is_some() && !ran.stderr.starts_with("error"),
            "{line}: {}",
            ran.stderr
        );
    }
    let (from, writes) = (s.at(), s.writes());
    s.run("kubectl set image deployment/web web=web:v2");
    let first = s.position();
    let (mut states, mut texts, mut done) = (BTreeSet::new(), String::new(), None);
    let mut listed = false;
    while s.at() < from + 150_000 && s.step() {
        if let Some(r) = rollout_view::explain::rollout_at_cursor(&s, &key()) {
            let new = r
                .pods
                .iter()
                .filter(|p| r.sets.len() > 1 && Some(p.set) == r.newest);
            states.extend(new.map(|p| format!("{:?}", p.state).to_lowercase()));
        }
        if done.is_none() && is_complete(&s) {
            done = Some((s.at() - from) / 1000);
        }
        if !listed && s.at() > from + 25_000 {
            listed = true;
            texts.push_str(&look(&mut s, "kubectl get pods"));
        }
    }
    if s.at() < from + 150_000 {
        s.play_to(from + 150_000);
    }
    let (writes, failed) = (
        s.writes() - writes,
        s.requests_failed_in_record().unwrap_or(0),
    );
    let decisions = s.steps()[first..]
        .iter()
        .flat_map(|step| &step.record.decisions)
        .map(|d| {
            format!("{:?}", d.what)
                .split(" {")
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    for line in [
        "kubectl get events",
        "kubectl get nodes",
        "kubectl describe pods",
        "kubectl describe deployment web",
        "kubectl logs -l app=web --prefix --tail=50",
        "image",
        "curl -m 5 -w '%{http_code} in %{time_total}\\n' web",
    ] {
        texts.push_str(&look(&mut s, line));
    }
    Seen {
        complete: is_complete(&s),
        done,
        states,
        decisions,
        texts,
        failed,
        writes,
        session: s,
    }
}

/// Name, more of the container, lines before the update, what mends.
/// Then what is so with it and not without: a state of a new pod, words, a decision; whether requests fail; the end.
struct Row {
    name: &'static str,
    more: &'static str,
    lines: &'static [&'static str],
    mend: &'static [&'static str],
    state: &'static str,
    text: &'static str,
    decision: &'static str,
    fails: bool,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// As without it.
    Same,
    /// It does not complete.
    Stalls,
    /// It completes later.
    Late,
    /// It completes, or not: it goes up and down.
    Any,
}

const GOOD: &[&str] = &["image web:v2 good", "image web:v1 good"];

const fn row(
    name: &'static str,
    more: &'static str,
    lines: &'static [&'static str],
    seen: [&'static str; 3],
    fails: bool,
    end: End,
) -> Row {
    let [state, text, decision] = seen;
    Row {
        name,
        more,
        lines,
        mend: GOOD,
        state,
        text,
        decision,
        fails,
        end,
    }
}

const fn fault(mut row: Row, mend: &'static [&'static str]) -> Row {
    row.mend = mend;
    row
}

const ROWS: &[Row] = &[
    // Images, as in scenarios.md 1.4.
    row(
        "good",
        PROBE,
        &["image web:v2 good"],
        ["", "", ""],
        false,
        End::Same,
    ),
    row(
        "missing",
        PROBE,
        &["image web:v2 missing"],
        ["imagepull", "ErrImagePull", "Kubelet(PullBackOff"],
        false,
        End::Stalls,
    ),
    row(
        "late",
        PROBE,
        &["image web:v2 late until=40s"],
        ["imagepull", "ErrImagePull", "Kubelet(PullBackOff"],
        false,
        End::Late,
    ),
    row(
        "crash",
        PROBE,
        &["image web:v2 crash after=1s exit=3"],
        ["crash", "Exit Code:    3", "Kubelet(CrashBackOff"],
        true,
        End::Any,
    ),
    row(
        "late crash",
        PROBE,
        &["image web:v2 crash after=20s"],
        [
            "crash",
            "fatal: exiting with status 1",
            "Kubelet(CrashBackOff",
        ],
        true,
        End::Any,
    ),
    row(
        "never ready",
        PROBE,
        &["image web:v2 never-ready"],
        ["", "HTTP probe failed with statuscode: 503", ""],
        false,
        End::Stalls,
    ),
    row(
        "never ready without a probe",
        NONE,
        &["image web:v2 never-ready"],
        ["", "503 in ", ""],
        true,
        End::Same,
    ),
    row(
        "flapping",
        PROBE,
        &["image web:v2 flapping up=9s down=9s"],
        ["", "Readiness probe failed", ""],
        true,
        End::Any,
    ),
    row(
        "slow start",
        PROBE,
        &["image web:v2 slow-start ready=20s"],
        ["", "connect: connection refused", ""],
        false,
        End::Late,
    ),
    row(
        "slow pull",
        PROBE,
        &["image web:v2 slow-pull size=150MB"],
        [
            "",
            "in 15s (15s including waiting). Image size: 150000000 bytes.",
            "",
        ],
        false,
        End::Late,
    ),
    row(
        "slow answers",
        PROBE,
        &["image web:v2 slow-answers latency=900ms"],
        ["", "200 in 0.9", ""],
        false,
        End::Same,
    ),
    row(
        "errors",
        PROBE,
        &["image web:v2 errors percent=100"],
        ["", "500 in ", ""],
        true,
        End::Same,
    ),
    row(
        "out of memory",
        LIMIT,
        &["image web:v2 oom after=5s"],
        ["oom", "OOMKilled", "Kubelet(CrashBackOff"],
        true,
        End::Any,
    ),
    row(
        "memory without a limit",
        NONE,
        &["image web:v2 oom after=5s"],
        ["", "", ""],
        false,
        End::Same,
    ),
    row(
        "needs a key nobody gives",
        PROBE,
        &["image web:v2 needs-config key=PORT"],
        [
            "crash",
            "fatal: required configuration PORT is not set",
            "Kubelet(CrashBackOff",
        ],
        false,
        End::Stalls,
    ),
    row(
        "needs a key of its ConfigMap",
        CONFIG,
        &["image web:v2 needs-config key=PORT"],
        [
            "config",
            "Error: couldn't find key PORT in ConfigMap default/conf",
            "",
        ],
        false,
        End::Stalls,
    ),
    row(
        "needs a key that is there",
        CONFIG,
        &["image web:v2 needs-config key=MODE"],
        ["", "", ""],
        false,
        End::Same,
    ),
    row(
        "needs another schema",
        PROBE,
        &["image web:v2 needs-schema schema=2"],
        ["", "another schema", ""],
        true,
        End::Same,
    ),
    row(
        "wrong port",
        PROBE,
        &["image web:v2 wrong-port"],
        ["", "connect: connection refused", ""],
        false,
        End::Stalls,
    ),
    row(
        "wrong path",
        PROBE,
        &["image web:v2 wrong-path"],
        ["", "HTTP probe failed with statuscode: 404", ""],
        false,
        End::Stalls,
    ),
    row(
        "serves another port",
        PROBE,
        &["image web:v2 serves port=9"],
        ["", "connect: connection refused", ""],
        false,
        End::Stalls,
    ),
    row(
        "serves another path",
        PROBE,
        &["image web:v2 serves path=/other"],
        ["", "HTTP probe failed with statuscode: 404", ""],
        false,
        End::Stalls,
    ),
    row(
        "ignores the stop signal",
        PROBE,
        &["image web:v1 ignores-stop"],
        ["", "Terminating", ""],
        false,
        End::Any,
    ),
    row(
        "needs to write",
        HARD,
        &["image web:v2 needs-write"],
        ["crash", "read-only file system", "Kubelet(CrashBackOff"],
        true,
        End::Any,
    ),
    row(
        "may write",
        NONE,
        &["image web:v2 needs-write"],
        ["", "", ""],
        false,
        End::Same,
    ),
    row(
        "needs root",
        USER,
        &["image web:v2 needs-root"],
        [
            "config",
            "container has runAsNonRoot and image will run as root",
            "",
        ],
        false,
        End::Stalls,
    ),
    row(
        "may be root",
        NONE,
        &["image web:v2 needs-root"],
        ["", "", ""],
        false,
        End::Same,
    ),
    row(
        "advisory",
        PROBE,
        &["image web:v2 advisory"],
        ["", "web:v2 advisory", ""],
        false,
        End::Same,
    ),
    row(
        "moved tag",
        PROBE,
        &["image web:v2 moved-tag"],
        ["", "web:v2 moved-tag", ""],
        false,
        End::Same,
    ),
    row(
        "the second pod only",
        PROBE,
        &["image web:v2 never-ready pod=2"],
        ["", "HTTP probe failed with statuscode: 503", ""],
        false,
        End::Stalls,
    ),
    row(
        "one node only",
        PROBE,
        &[
            "image web:v2 missing node=node-1",
            "image web:v2 missing node=node-2",
        ],
        ["imagepull", "ErrImagePull", "Kubelet(PullBackOff"],
        false,
        End::Stalls,
    ),
    row(
        "until a moment",
        PROBE,
        &["image web:v2 never-ready to=40s"],
        ["", "HTTP probe failed with statuscode: 503", ""],
        false,
        End::Late,
    ),
    row(
        "two at once",
        PROBE,
        &["image web:v2 slow-start ready=10s errors percent=100"],
        ["", "500 in ", ""],
        true,
        End::Late,
    ),
    // The cluster.
    fault(
        row(
            "no room",
            PROBE,
            &[
                "kubectl patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"resources\":{\"requests\":{\"cpu\":\"5\"}}}]}}}}'",
            ],
            ["", "Insufficient cpu", "Scheduler(Unschedulable"],
            false,
            End::Stalls,
        ),
        &["kubectl set resources deployment web --requests=cpu=100m"],
    ),
    fault(
        row(
            "quota",
            PROBE,
            &["kubectl create quota small --hard=pods=3"],
            ["", "exceeded quota: small", "ReplicaSet(Failed"],
            false,
            End::Stalls,
        ),
        &["kubectl delete quota small"],
    ),
    fault(
        row(
            "cordoned",
            PROBE,
            &["kubectl cordon node-1 node-2 node-3"],
            ["", "node(s) were unschedulable", "Scheduler(Unschedulable"],
            false,
            End::Stalls,
        ),
        &["kubectl uncordon node-1 node-2 node-3"],
    ),
    fault(
        row(
            "drained",
            PROBE,
            &["kubectl drain node-1 --ignore-daemonsets"],
            ["", "SchedulingDisabled", ""],
            true,
            End::Same,
        ),
        &["kubectl uncordon node-1"],
    ),
    fault(
        row(
            "node lost",
            PROBE,
            &["fault node node-1 lost"],
            ["", "Node is not ready", ""],
            true,
            End::Any,
        ),
        &["fault node node-1 back"],
    ),
    fault(
        row(
            "registry down",
            PROBE,
            &["fault registry down"],
            ["imagepull", "ErrImagePull", "Kubelet(PullBackOff"],
            false,
            End::Stalls,
        ),
        &["fault registry up"],
    ),
    fault(
        row(
            "slow API server",
            PROBE,
            &["fault api slow delay=3s"],
            ["", "", ""],
            true,
            End::Late,
        ),
        &["fault api normal"],
    ),
    fault(
        row(
            "slow endpoints",
            PROBE,
            &["fault endpoints slow delay=20s"],
            ["", "", ""],
            true,
            End::Same,
        ),
        &["fault endpoints normal"],
    ),
    fault(
        row(
            "webhook",
            PROBE,
            &["fault webhook deny image=web:v2"],
            ["", "admission webhook", "ReplicaSet(Failed"],
            false,
            End::Stalls,
        ),
        &["fault webhook off"],
    ),
    fault(
        row(
            "controllers down",
            PROBE,
            &["fault controllers down"],
            ["", "", ""],
            false,
            End::Stalls,
        ),
        &["fault controllers up"],
    ),
    fault(
        row(
            "controllers restarted",
            PROBE,
            &["fault controllers restart"],
            ["", "", ""],
            false,
            End::Same,
        ),
        &[],
    ),
    fault(
        row(
            "schema migrated",
            PROBE,
            &[
                "image web:v1 needs-schema schema=1",
                "image web:v2 needs-schema schema=1",
                "fault schema 2",
            ],
            ["", "another schema", ""],
            true,
            End::Same,
        ),
        &["fault schema 1"],
    ),
];

#[test]
fn every_row_differs_as_promised_and_is_the_same_once_it_is_mended() {
    let plain: Vec<(&str, Seen)> = [PROBE, CONFIG, LIMIT, HARD, USER, NONE]
        .iter()
        .map(|more| (*more, seen(more, &[])))
        .collect();
    let mut wrong = Vec::new();
    for r in ROWS {
        let without = &plain.iter().find(|(more, _)| *more == r.more).unwrap().1;
        assert!(without.complete, "{}", r.more);
        let mut with = seen(r.more, r.lines);
        let mut say = |what: String| wrong.push(format!("{}: {what}", r.name));
        for (what, word, a, b) in [
            (
                "state",
                r.state,
                with.states.contains(r.state),
                without.states.contains(r.state),
            ),
            (
                "text",
                r.text,
                with.texts.contains(r.text),
                without.texts.contains(r.text),
            ),
            (
                "decision",
                r.decision,
                with.decisions.contains(r.decision),
                without.decisions.contains(r.decision),
            ),
        ] {
            if !word.is_empty() && (!a || b) {
                say(format!(
                    "{what} {word}: {a} with, {b} without; {:?} {:?}",
                    with.states, with.decisions
                ));
            }
        }
        // Without a hook each update loses some requests of the moment.
        let usual = without.failed + 5;
        if r.fails != (with.failed > usual) && r.end != End::Any {
            say(format!(
                "{} requests failed, {} without",
                with.failed, without.failed
            ));
        }
        let end = match (with.complete, with.done, without.done) {
            (false, ..) => End::Stalls,
            (true, Some(a), Some(b)) if a >= b + 5 => End::Late,
            _ => End::Same,
        };
        if r.end != End::Any && end != r.end {
            say(format!(
                "{end:?} instead of {:?}: {:?} and {:?} s",
                r.end, with.done, without.done
            ));
        }
        if r.name == "controllers down" && with.writes != 0 {
            say(format!("{} writes", with.writes));
        }
        for line in r.mend {
            let ran = with.session.run_to_end(line, 60_000);
            assert_eq!(ran.exit, Some(0), "{}: {line}: {}", r.name, ran.stderr);
        }
        let at = with.session.at() + 700_000;
        with.session.play_to(at);
        if !is_complete(&with.session) {
            say(format!(
                "mended it does not complete: {}",
                look(&mut with.session, "kubectl get pods")
            ));
        }
        assert!(
            with.session.faults().is_empty() || r.mend == GOOD,
            "{}",
            r.name
        );
        let last = with.session.at();
        with.session.play_to(last + 30_000);
        let key = with.session.traffic().streams().next().unwrap().0.clone();
        let now = with.session.engine_time(with.session.at());
        let from = with.session.engine_time(last);
        let tally = with.session.traffic().tally(&key, from, now, now);
        if tally.failed() > 0 {
            say(format!("mended {} requests still fail", tally.failed()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every behaviour that the panel offers has a row.
#[test]
fn every_behaviour_has_a_row() {
    let s = Session::new(Start::preset("boot-4"));
    let input = PageInput {
        text: "",
        focus: None,
    };
    let offered = page_view(&s, &input).images.behaviours;
    assert!(offered.len() >= 18, "{}", offered.len());
    for b in offered {
        let word = b.key.split(' ').next().unwrap();
        let tried = ROWS.iter().any(|r| {
            let mut words = r.lines.iter().flat_map(|l| l.split(' '));
            words.any(|w| w == word)
        });
        assert!(tried, "no row tries {word}");
    }
}
