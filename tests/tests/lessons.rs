//! Lessons 07 to 14 and 20 to 27 lived through by hand: the same lines and texts as in the page, with their golden numbers.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, ObjectKey};
use rollout_engine::SimTime;
use rollout_session::{Ran, Session, Start, find_preset};
use rollout_view::diagnosis::{Evidence, Stage, diagnosis};
use rollout_view::measures::run_measures;
use rollout_view::{PageInput, page_view};

/// A learner at the page.
struct Desk {
    s: Session,
}

impl Desk {
    fn preset(name: &str) -> Desk {
        Desk {
            s: Session::new(Start::preset(name)),
        }
    }
    /// The manifest pasted and applied.
    fn with(text: &str) -> Desk {
        let s = Session::new(Start {
            manifest: Some(text.to_owned()),
            ..Start::empty()
        });
        Desk { s }
    }
    fn try_it(&mut self, line: &str) -> Ran {
        self.s.run_to_end(line, 3_600_000)
    }
    fn ok(&mut self, line: &str) -> String {
        let ran = self.try_it(line);
        assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
        ran.stdout
    }
    fn all(&mut self, lines: &[&str]) {
        for line in lines {
            self.ok(line);
        }
    }
    fn after(&mut self, seconds: u64) -> &mut Desk {
        let at = self.s.at() + seconds * 1000;
        self.s.play_to(at);
        self
    }
    fn edit(&mut self, from: &str, to: &str) -> Ran {
        let (file, text) = {
            let (file, text) = self.s.files().iter().next().unwrap();
            (file.clone(), text.clone())
        };
        let new = text.replacen(from, to, 1);
        assert_ne!(new, text, "{from}");
        self.s.apply(&file, &new)
    }
    fn view(&self) -> rollout_view::PageView {
        let input = PageInput {
            text: "",
            focus: None,
        };
        page_view(&self.s, &input)
    }
    fn measure(&self, name: &str) -> i64 {
        let view = self.view();
        let found = view.measures.iter().find(|m| m.name == name);
        found.map_or(-1, |m| m.value.parse().unwrap_or(-1))
    }
    /// Sizes of the sets, oldest first.
    fn sizes(&self) -> Vec<i64> {
        let sets = self.view().scene.sets;
        sets.iter().map(|s| i64::from(s.size)).collect()
    }
    fn key(&self) -> ObjectKey {
        rollout_view::shown_key(&self.s, None).unwrap()
    }
    fn revisions(&mut self) -> Vec<i64> {
        let name = self.key().name;
        let text = self.ok(&format!("kubectl rollout history deployment/{name}"));
        let rows = text.lines().skip(2);
        rows.filter_map(|l| l.split_whitespace().next()?.parse().ok())
            .collect()
    }
    fn statuses(&mut self) -> Vec<String> {
        let text = self.ok("kubectl get pods --no-headers");
        let rows = text.lines();
        rows.filter_map(|l| l.split_whitespace().nth(2).map(str::to_owned))
            .collect()
    }
    /// `READY UP-TO-DATE AVAILABLE`.
    fn numbers(&mut self) -> String {
        let name = self.key().name;
        let text = self.ok(&format!("kubectl get deployment {name} --no-headers"));
        let words: Vec<&str> = text.split_whitespace().skip(1).take(3).collect();
        words.join(" ")
    }
    /// Fewest available, most counted, gap in milliseconds, over everything so far.
    fn ran(&self) -> (i64, i64, u64) {
        let m = run_measures(&self.s, &self.key());
        (m.lowest, m.peak, m.gap_ms)
    }
    fn failed(&self) -> u64 {
        self.s.requests_failed_in_record().unwrap_or(0)
    }
    fn failed_in_the_last(&self, seconds: u64) -> (u64, u64) {
        let now = self.s.engine_time(self.s.at());
        let from = SimTime(now.0 - seconds * 1000);
        let traffic = self.s.traffic();
        let (target, _) = traffic.streams().next().unwrap();
        let tally = traffic.tally(target, from, now, now);
        (tally.failed(), tally.total())
    }
    fn evidence(&self) -> Vec<Evidence> {
        diagnosis(&self.s, &self.key())
    }
    fn why(&self) -> String {
        let view = self.view();
        rollout_view::plain_text(&view.why.headline)
    }
}

fn four(more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 4\n  selector:\n    matchLabels: {{app: web}}\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n      terminationGracePeriodSeconds: 30\n      containers:\n      - name: web\n        image: web:v1\n{more}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector: {{app: web}}\n  ports:\n  - port: 80\n"
    )
}

const PROBE: &str = "        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}\n";
const UPDATE: &str = "kubectl set image deployment/web web=web:v2";

#[test]
fn lesson_07_readiness_is_the_gate() {
    let mut d = Desk::with(&four(""));
    d.all(&[
        "traffic service/web 20/s",
        "image web:v2 never-ready",
        UPDATE,
    ]);
    d.after(120);
    assert!(
        d.ok("kubectl rollout status deployment/web")
            .contains("successfully rolled out")
    );
    let (failed, all) = d.failed_in_the_last(10);
    assert!(all > 0 && failed == all, "{failed} of {all}");
    d.ok("kubectl rollout undo deployment/web");
    d.after(60);
    let ran = d.edit(
        "        image: web:v1\n",
        &format!("        image: web:v1\n{PROBE}"),
    );
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    d.after(60);
    d.ok(UPDATE);
    d.after(120);
    assert_eq!((d.measure("available"), d.measure("floor")), (3, 3));
    assert_eq!(d.failed_in_the_last(60).0, 0);
    assert!(d.why().contains("floor"), "{}", d.why());
}

#[test]
fn lesson_08_ready_is_not_available() {
    let mut d = Desk::preset("model-4");
    let image = "kubectl set image deployment/model-serving server=myrepo/tf-serving:1.0.4";
    d.ok(image);
    // Each removal of an old pod is 20 s or more after a new one got ready.
    let ready_of = |d: &Desk| -> Vec<i64> {
        let pods = d.s.store().list(Kind::POD);
        pods.filter(|p| p.value.str_at("spec.containers.0.image").ends_with("1.0.4"))
            .filter_map(|p| p.pod()?.ready_since.map(|t| t.0))
            .collect()
    };
    let mut removals = 0;
    let mut old = d.sizes()[0];
    while d.s.at() < 400_000 && d.s.step() {
        let sizes = d.sizes();
        if sizes[0] < old {
            (old, removals) = (sizes[0], removals + 1);
            let mut ready = ready_of(&d);
            ready.sort_unstable();
            let newest = ready[removals - 1];
            assert!(d.s.wall().0 - newest >= 20, "{newest}");
        }
    }
    assert_eq!(removals, 4);
    assert_eq!((d.ran().0, d.ran().1), (4, 5));
    // A pod that fails inside the ring stops the rollout after one pod.
    d.all(&[
        "image myrepo/tf-serving:bad crash after=10s",
        &image.replace("1.0.4", "bad"),
    ]);
    d.after(200);
    assert_eq!(d.sizes(), [0, 4, 1]);
    assert_eq!(d.measure("available"), 4);
}

#[test]
fn lesson_09_let_requests_finish() {
    let hook = "        lifecycle: {preStop: {exec: {command: [sleep, \"10\"]}}}\n";
    let failed = |more: &str, grace: &str| {
        let text = four(&format!("{PROBE}{more}")).replace("Seconds: 30", grace);
        let mut d = Desk::with(&text);
        d.all(&["traffic service/web 20/s", UPDATE]);
        d.after(90);
        assert_eq!(d.numbers(), "4/4 4 4");
        d.failed()
    };
    assert!(failed("", "Seconds: 30") > 0);
    assert_eq!(failed(hook, "Seconds: 30"), 0);
    assert!(failed(hook, "Seconds: 5") > 0);
}

#[test]
fn lesson_10_a_safe_rolling_update() {
    let mut d = Desk::preset("safe-3");
    let steps = [
        (
            "  template:\n",
            "  minReadySeconds: 20\n  strategy:\n    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}\n  template:\n",
        ),
        (
            "        image: safe:v1\n",
            "        image: safe:v1\n        readinessProbe: {httpGet: {path: /healthz, port: 8080}}\n        lifecycle: {preStop: {exec: {command: [sleep, \"10\"]}}}\n",
        ),
    ];
    for (from, to) in steps {
        assert_eq!(d.edit(from, to).exit, Some(0));
        d.after(300);
    }
    let from = d.s.position();
    let before = d.failed();
    d.ok("kubectl set image deployment/safe app=safe:v2");
    let (mut most, mut least) = (0, 9);
    while d.s.at() < 2_000_000 && d.s.step() {
        most = most.max(d.measure("total"));
        least = least.min(d.measure("available"));
    }
    assert!(d.s.position() > from);
    assert_eq!((least, most, d.measure("total")), (3, 4, 3));
    assert_eq!(d.failed(), before);
}

#[test]
fn lesson_11_the_tag_that_does_not_exist() {
    let mut d = Desk::preset("boot-4");
    assert_eq!(d.revisions(), [1, 2]);
    d.ok("kubectl set image deployment/bootcamp bootcamp=bootcamp:v10");
    let ran = d.s.run("kubectl rollout status deployment/bootcamp");
    assert!(
        ran.stdout.is_empty() || ran.stdout.contains("Waiting"),
        "{}",
        ran.stdout
    );
    d.after(3);
    d.s.interrupt();
    let said: String =
        d.s.branch()
            .transcript
            .lines()
            .iter()
            .map(|l| format!("{}\n", l.text))
            .collect();
    assert!(
        said.contains("2 out of 4 new replicas have been updated"),
        "{said}"
    );
    d.after(60);
    assert_eq!(d.numbers(), "3/4 2 3");
    let mut pods = d.statuses();
    pods.sort_unstable();
    assert!(
        pods.iter().filter(|s| s.contains("Image")).count() == 2 && pods.len() == 5,
        "{pods:?}"
    );
    let events = d.ok("kubectl get events");
    assert!(
        events.contains("ErrImagePull") && events.contains("ImagePullBackOff"),
        "{events}"
    );
    let names = d.ok("kubectl get pods -o name --field-selector=status.phase=Running");
    d.ok("kubectl rollout undo deployment/bootcamp");
    d.after(60);
    assert_eq!(d.numbers(), "4/4 4 4");
    let after = d.ok("kubectl get pods -o name");
    assert_eq!(names.lines().filter(|n| after.contains(n)).count(), 3);
    assert_eq!(d.revisions(), [1, 3, 4]);
}

#[test]
fn lesson_12_nobody_rolls_back_for_you() {
    let mut d = Desk::preset("boot-4");
    d.all(&[
        "kubectl patch deployment bootcamp -p '{\"spec\":{\"progressDeadlineSeconds\":60}}'",
        "kubectl set image deployment/bootcamp bootcamp=bootcamp:v10",
    ]);
    d.after(55);
    let before = d.sizes();
    d.after(15);
    assert_eq!(d.sizes(), before);
    assert_eq!(before, [0, 3, 2]);
    let conditions = d.view().conditions;
    let c = conditions.iter().find(|c| c.kind == "Progressing").unwrap();
    assert_eq!(
        (c.status.as_str(), c.reason.as_str()),
        ("False", "ProgressDeadlineExceeded")
    );
    assert_eq!(
        d.try_it("kubectl rollout status deployment/bootcamp").exit,
        Some(1)
    );
    d.ok("image bootcamp:v10 good");
    d.after(400);
    assert_eq!(d.sizes(), [0, 0, 4]);
    let conditions = d.view().conditions;
    let c = conditions.iter().find(|c| c.kind == "Progressing").unwrap();
    assert_eq!(c.reason, "NewReplicaSetAvailable");
}

#[test]
fn lesson_13_bad_probe_and_back() {
    bad_probe_and_back(
        ("            port: 8501", "            port: 8502"),
        "dial tcp 10.244.",
    );
    bad_probe_and_back(
        ("/v1/models/classifier\n", "/v1/models/classifer\n"),
        "HTTP probe failed with statuscode: 404",
    );
}

/// The probe is broken in the manifest; the image is the same as before.
fn bad_probe_and_back((from, to): (&str, &str), heard: &str) {
    let mut d = Desk::preset("model-4");
    assert_eq!(d.edit(from, to).exit, Some(0));
    d.after(120);
    assert_eq!(d.sizes(), [4, 1]);
    let told = d.evidence();
    let probe = told.iter().find(|e| e.stage == Stage::Event).unwrap();
    assert!(
        probe.says.contains("Readiness probe failed") && probe.says.contains(heard),
        "{}",
        probe.says
    );
    assert!(d.statuses().contains(&"Running".to_owned()));
    let status = d.try_it("kubectl rollout status deployment/model-serving --timeout=30s");
    assert_eq!(
        status.stderr,
        "error: timed out waiting for the condition\n"
    );
    d.ok("kubectl rollout undo deployment/model-serving");
    d.after(60);
    assert_eq!(
        (d.sizes(), d.measure("available"), d.ran().0),
        (vec![4, 0], 4, 4)
    );
}

/// Each fault with its fingerprint on the way Deployment → set → pod → events → logs, and its repair.
#[test]
fn lesson_14_read_the_symptoms() {
    let live = "        livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1, failureThreshold: 1}\n";
    let limit = "        resources: {limits: {memory: 64Mi}}\n";
    let config =
        "        env: [{name: MODE, valueFrom: {configMapKeyRef: {name: conf, key: mode}}}]\n";
    // Fault, more of the container, lines, stage and words of the evidence, lines that repair.
    type Case = (
        &'static str,
        &'static str,
        &'static [&'static str],
        Stage,
        &'static str,
        &'static [&'static str],
    );
    let undo: &[&str] = &["kubectl rollout undo deployment/web"];
    let cases: &[Case] = &[
        (
            "missing tag",
            "",
            &["image web:v2 missing", UPDATE],
            Stage::Pod,
            "ErrImagePull",
            undo,
        ),
        (
            "crash",
            "",
            &["image web:v2 crash after=1s exit=3", UPDATE],
            Stage::Pod,
            "exit code 3",
            undo,
        ),
        (
            "config key",
            config,
            &[
                "kubectl create configmap conf --from-literal=mode=a",
                "sleep 30",
                "image web:v2 needs-config key=PORT",
                UPDATE,
            ],
            Stage::Pod,
            "couldn't find key PORT",
            undo,
        ),
        (
            "out of memory",
            limit,
            &["image web:v2 oom after=5s", UPDATE],
            Stage::Pod,
            "OOMKilled",
            undo,
        ),
        (
            "never ready",
            PROBE,
            &["image web:v2 never-ready", UPDATE],
            Stage::Event,
            "Readiness probe failed",
            undo,
        ),
        (
            "strict liveness",
            live,
            &["image web:v2 slow-start ready=20s", UPDATE],
            Stage::Event,
            "Liveness probe failed",
            undo,
        ),
        (
            "quota",
            "",
            &["kubectl create quota small --hard=pods=4", UPDATE],
            Stage::Deployment,
            "exceeded quota",
            &["kubectl delete quota small"],
        ),
        (
            "selector",
            "",
            &["kubectl patch service web -p '{\"spec\":{\"selector\":{\"app\":\"wbe\"}}}'"],
            Stage::Service,
            "no ready endpoint",
            &["kubectl patch service web -p '{\"spec\":{\"selector\":{\"app\":\"web\"}}}'"],
        ),
    ];
    let mut fingerprints: Vec<String> = Vec::new();
    for (name, more, lines, stage, words, repair) in cases {
        let mut d = Desk::with(&four(more));
        assert!(
            *name == "config key" || d.evidence().is_empty(),
            "{name}: {:?}",
            d.evidence()
        );
        d.all(lines);
        d.after(100);
        let told = d.evidence();
        assert!(
            told.iter()
                .any(|e| e.stage == *stage && e.says.contains(words)),
            "{name}: {told:#?}"
        );
        fingerprints.push((*words).to_owned());
        // Every command on the way can be pressed.
        for e in &told {
            d.ok(&e.command);
        }
        d.all(repair);
        d.after(700);
        let told: Vec<_> = d
            .evidence()
            .into_iter()
            .filter(|e| e.stage != Stage::Event)
            .collect();
        assert!(told.is_empty(), "{name}: {told:#?}");
        assert!(d.numbers().starts_with("4/4"), "{name}: {}", d.numbers());
    }
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 8, "each looks different");
}

#[test]
fn lesson_20_change_your_mind() {
    let mut d = Desk::preset("quarter-10");
    d.all(&["image web:v2 missing", UPDATE]);
    d.after(60);
    assert_eq!(d.sizes(), [8, 5]);
    d.ok("kubectl set image deployment/web web=web:v3");
    let mut cleaned = false;
    while d.s.at() < 400_000 && d.s.step() {
        let sizes = d.sizes();
        assert!(d.measure("available") >= 8);
        if sizes.get(2).is_some_and(|n| *n > 0) {
            cleaned |= sizes[1] == 0;
            assert!(cleaned, "the broken set goes first: {sizes:?}");
        }
    }
    assert_eq!(d.sizes(), [0, 0, 10]);
}

#[test]
fn lesson_21_scale_mid_flight() {
    let text = find_preset("quarter-10").unwrap().yaml;
    let text = text
        .replace("maxSurge: 25%", "maxSurge: 3")
        .replace("maxUnavailable: 25%", "maxUnavailable: 2");
    let mut d = Desk::with(&text);
    d.all(&["image web:v2 missing", UPDATE]);
    d.after(60);
    assert_eq!(d.sizes(), [8, 5]);
    d.ok("kubectl scale deployment/web --replicas=15");
    d.s.settle();
    assert_eq!((d.sizes(), d.measure("available")), (vec![11, 7], 8));
    assert_eq!(d.revisions(), [1, 2]);
}

#[test]
fn lesson_22_the_update_that_changed_nothing() {
    let mut d = Desk::preset("shop");
    d.ok("kubectl set image deployment/shop shop=shop:stable");
    d.after(120);
    let first = d.revisions();
    let same: &[&str] = &[
        "image shop:stable moved-tag",
        "kubectl set image deployment/shop shop=shop:stable",
        "kubectl label deployment/shop team=blue",
        "kubectl patch configmap shop-config -p '{\"data\":{\"mode\":\"b\"}}'",
    ];
    for line in same {
        d.ok(line);
        d.after(60);
        assert_eq!(d.revisions(), first, "{line}");
    }
    // A pod that is made anew pulls the new build: two digests behind one tag.
    let pod = d
        .ok("kubectl get pods -o name")
        .lines()
        .next()
        .unwrap()
        .to_owned();
    d.all(&[
        "kubectl patch deployment shop -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"shop\",\"imagePullPolicy\":\"Always\"}]}}}}'",
        "sleep 120",
    ]);
    d.ok("image shop:stable moved-tag digest=2");
    d.try_it(&format!("kubectl delete {pod}"));
    let pod = d
        .ok("kubectl get pods -o name")
        .lines()
        .next()
        .unwrap()
        .to_owned();
    d.ok(&format!("kubectl delete {pod}"));
    d.after(60);
    let ids = d.ok("kubectl get pods -o jsonpath='{range .items[*]}{.status.containerStatuses[0].imageID}{\"\\n\"}{end}'");
    let ids: std::collections::BTreeSet<&str> = ids.lines().collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    let count = d.revisions().len();
    d.ok("kubectl rollout restart deployment/shop");
    d.after(120);
    assert_eq!(d.revisions().len(), count + 1);
    // The rotation with a checksum: one revision more, and with a hook no request is lost.
    d.ok("kubectl patch deployment shop -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"shop\",\"lifecycle\":{\"preStop\":{\"sleep\":{\"seconds\":5}}}}]}}}}'");
    d.after(180);
    let count = d.revisions().len();
    d.all(&[
        "kubectl patch configmap shop-config -p '{\"data\":{\"mode\":\"c\"}}'",
        "kubectl patch deployment shop -p '{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"checksum/config\":\"c\"}}}}}'",
    ]);
    d.after(180);
    assert_eq!(d.revisions().len(), count + 1);
    assert_eq!(d.failed_in_the_last(180).0, 0);
    let pod = d
        .ok("kubectl get pods -o name")
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(d.ok(&format!("kubectl exec {pod} -- printenv mode")), "c\n");
}

#[test]
fn lesson_24_no_room_to_surge() {
    let update = "kubectl set image deployment/solo app=solo:v2";
    let stuck = || {
        let mut d = Desk::preset("solo-1");
        d.ok(update);
        d.after(120);
        assert_eq!(d.numbers(), "1/1 1 1");
        let events = d.ok("kubectl get events");
        assert!(
            events.contains("0/1 nodes are available: 1 Insufficient memory."),
            "{events}"
        );
        assert!(d.statuses().contains(&"Pending".to_owned()));
        d
    };
    // Repaired with unavailable 1, with Recreate, with room: what each costs.
    let mut d = stuck();
    d.ok("kubectl patch deployment solo -p '{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":1}}}}'");
    d.after(60);
    assert_eq!(d.sizes(), [0, 1]);
    let one_less = d.ran().2;
    let mut d = stuck();
    d.ok("kubectl patch deployment solo -p '{\"spec\":{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null}}}'");
    d.after(60);
    assert_eq!(d.sizes(), [0, 1]);
    let recreate = d.ran().2;
    let mut d = stuck();
    d.ok("kubectl set resources deployment/solo --requests=memory=1Gi");
    d.after(120);
    assert_eq!(d.measure("available"), 1);
    let room = d.ran().2;
    assert!(
        one_less > 0 && recreate > 0 && room == 0,
        "{one_less} {recreate} {room}"
    );
    // One per node by anti-affinity: the fourth pod has no node.
    let mut d = Desk::preset("spread-3");
    d.ok("kubectl set image deployment/spread app=spread:v2");
    d.after(120);
    assert_eq!((d.numbers().as_str(), d.sizes()), ("3/3 1 3", vec![3, 1]));
    assert!(
        d.ok("kubectl get events")
            .contains("didn't match pod anti-affinity rules")
    );
    // Quota: no pod at all, a condition instead.
    let mut d = Desk::with(&four(PROBE));
    d.all(&[
        "kubectl patch deployment web -p '{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":0}}}}'",
        "kubectl create quota small --hard=pods=4",
        UPDATE,
    ]);
    d.after(30);
    assert_eq!(d.statuses().len(), 4);
    let conditions = d.view().conditions;
    assert!(
        conditions
            .iter()
            .any(|c| c.kind == "ReplicaFailure" && c.status == "True")
    );
}

/// Update, whether it finishes, whether the marker is still there.
#[test]
fn lesson_25_two_pods_one_disk() {
    let base = find_preset("disk-1").unwrap().yaml;
    let with = |strategy: &str| {
        base.replace(
            "  replicas: 1\n",
            &format!("  replicas: 1\n  strategy: {strategy}\n"),
        )
    };
    let empty = base.replace(
        "        persistentVolumeClaim:\n          claimName: data\n",
        "        emptyDir: {}\n",
    );
    let many = base.replace("[ReadWriteOnce]", "[ReadWriteMany]");
    let none = "{rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}";
    // Manifest, other nodes are closed, finishes, keeps.
    let cases: &[(&str, String, bool, bool, bool)] = &[
        ("two nodes", base.to_owned(), false, false, true),
        ("one node", base.to_owned(), true, true, true),
        ("Recreate", with("{type: Recreate}"), false, true, true),
        ("surge 0", with(none), false, true, true),
        ("ReadWriteMany", many, false, true, true),
        ("emptyDir", empty, false, true, false),
    ];
    for (name, text, one, finishes, keeps) in cases {
        let mut d = Desk::preset("disk-1");
        if text != base {
            d.all(&[
                "kubectl delete deployment disk",
                "kubectl delete pvc data",
                "sleep 60",
            ]);
            assert_eq!(d.s.apply("disk.yaml", text).exit, Some(0), "{name}");
            d.after(60);
        }
        d.ok("kubectl exec deployment/disk -- sh -c 'echo kept > /data/marker'");
        if *one {
            let node = d.ok("kubectl get pods -o jsonpath={.items[0].spec.nodeName}");
            let other = if node == "node-1" { "node-2" } else { "node-1" };
            d.ok(&format!("kubectl cordon {other}"));
        }
        d.ok("kubectl set image deployment/disk app=disk:v2");
        d.after(200);
        let done = d.measure("available") == 1 && d.sizes().first() == Some(&0);
        assert_eq!(done, *finishes, "{name}: {:?}", d.sizes());
        let events = d.ok("kubectl get events");
        // With surge 0 the new pod may wait a moment for the disk of the one that is leaving; it does not stay so.
        let collides = events.contains("FailedAttachVolume");
        assert!(collides != *finishes || *name == "surge 0", "{name}");
        if *name != "emptyDir" {
            assert!(
                d.ok("kubectl get pvc data --no-headers").contains("Bound"),
                "{name}"
            );
        }
        let read = d.try_it("kubectl exec deployment/disk -- cat /data/marker");
        assert_eq!(read.stdout == "kept\n", *keeps, "{name}: {}", read.stderr);
    }
    // A claim without a class stays Pending, and its pod with it.
    let mut d =
        Desk::with(&base.replace("  accessModes", "  storageClassName: \"\"\n  accessModes"));
    d.after(60);
    assert!(
        d.ok("kubectl get pvc data --no-headers")
            .contains("Pending")
    );
    assert_eq!(d.statuses(), ["Pending"]);
    assert!(
        d.ok("kubectl get events")
            .contains("pod has unbound immediate PersistentVolumeClaims")
    );
}

#[test]
fn lesson_26_autoscaler_versus_manifest() {
    let fresh = || {
        let mut d = Desk::preset("shop-auto");
        assert_eq!(d.numbers(), "8/8 8 8");
        d.ok("kubectl get hpa shop");
        // The editor of the page follows commands, not the autoscaler: the manifest still says 3.
        let text = d.s.files().values().next().unwrap().clone();
        assert!(text.contains("replicas: 3"));
        assert_eq!(rollout_view::live_text(&d.s, &text), None);
        d
    };
    let spec = "kubectl get deployment shop -o jsonpath={.spec.replicas}";
    // The manifest says 3: applying it takes five pods away under load.
    let mut d = fresh();
    assert_eq!(d.edit("image: shop:v1", "image: shop:v2").exit, Some(0));
    assert_eq!(d.ok(spec), "3");
    d.after(30);
    assert!(d.failed() > 0);
    d.after(180);
    assert_eq!(d.ok(spec), "8", "and the autoscaler brings it back");
    // Careless: the field is removed, and apply resets it to its default.
    let mut d = fresh();
    assert_eq!(d.edit("  replicas: 3\n", "").exit, Some(0));
    assert_eq!(d.ok(spec), "1");
    // Careful: it is taken out of what apply remembers first.
    let mut d = fresh();
    let (file, text) = {
        let (file, text) = d.s.files().iter().next().unwrap();
        (file.clone(), text.replacen("  replicas: 3\n", "", 1))
    };
    d.s.save(&file, &text);
    d.ok(&format!("kubectl apply set-last-applied -f {file}"));
    let ran =
        d.s.apply(&file, &text.replace("image: shop:v1", "image: shop:v2"));
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(d.ok(spec), "8");
    d.after(120);
    assert_eq!(d.numbers(), "8/8 8 8");
    // The curve goes on by itself: 10 pods after ten minutes, 4 when the load is gone and five minutes have passed.
    let mut d = fresh();
    d.s.play_to(700_000);
    assert_eq!(d.ok(spec), "10");
    d.s.play_to(1_700_000);
    assert_eq!(d.ok(spec), "4");
}

#[test]
fn lesson_27_budgets_are_for_maintenance() {
    let text = four(PROBE).replace(
        "  template:\n",
        "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 2}}\n  template:\n",
    );
    let mut d = Desk::with(&format!(
        "{text}---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web}}\nspec:\n  minAvailable: 3\n  selector: {{matchLabels: {{app: web}}}}\n"
    ));
    d.after(30);
    let nodes =
        d.ok("kubectl get pods -o jsonpath='{range .items[*]}{.spec.nodeName}{\"\\n\"}{end}'");
    let mut count: Vec<(usize, &str)> = ["node-1", "node-2", "node-3"]
        .iter()
        .map(|n| (nodes.lines().filter(|l| l == n).count(), *n))
        .collect();
    count.sort_unstable();
    let (pods, busy) = count[2];
    assert!(pods >= 2, "{nodes}");
    let ran = d.try_it(&format!("kubectl drain {busy} --ignore-daemonsets"));
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("Cannot evict pod as it would violate the pod's disruption budget"),
        "{}",
        ran.stderr
    );
    assert_eq!(d.ran().0, 3, "the budget holds the drain back");
    d.all(&[&format!("kubectl uncordon {busy}"), UPDATE]);
    d.after(60);
    assert_eq!(d.ran().0, 2, "and not the rollout");
}

/// The same with the Step button only: a drain that tries again in five seconds is something that comes.
#[test]
fn a_drain_that_waits_can_be_stepped_through() {
    let text = four(PROBE);
    let mut d = Desk::with(&format!(
        "{text}---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web}}\nspec:\n  minAvailable: 3\n  selector: {{matchLabels: {{app: web}}}}\n"
    ));
    d.after(30);
    d.s.run("kubectl cordon node-3");
    d.s.run("kubectl drain node-1 node-2 --ignore-daemonsets");
    let said = |d: &Desk| -> String {
        let lines = d.s.branch().transcript.lines().iter();
        lines.map(|l| format!("{}\n", l.text)).collect()
    };
    let mut steps = 0;
    while d.s.next_due().is_some() && steps < 300 && d.s.at() < 120_000 {
        d.s.step();
        steps += 1;
    }
    let text = said(&d);
    assert!(text.contains("will retry after 5s"), "{text}");
    assert!(d.s.at() > 60_000, "the retries go on: {} ms", d.s.at());
    d.s.interrupt();
    d.all(&["kubectl uncordon node-1 node-2 node-3", "sleep 60"]);
    d.s.run("kubectl drain node-1 --ignore-daemonsets");
    for _ in 0..200 {
        d.s.step();
    }
    assert!(said(&d).contains("node/node-1 drained"), "{}", said(&d));
}

/// Lesson 24 with devices: a node pool with two of them, both in use. There is no place to surge, and none is needed with
/// surge 0.
#[test]
fn lesson_24_no_device_to_surge() {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: gpu-1}\nstatus:\n  capacity: {cpu: \"8\", memory: 32Gi, pods: \"110\", nvidia.com/gpu: \"2\"}\n  allocatable: {cpu: \"8\", memory: 32Gi, pods: \"110\", nvidia.com/gpu: \"2\"}\n  conditions: [{type: Ready, status: \"True\"}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - {name: web, image: 'web:v1', resources: {limits: {nvidia.com/gpu: 1}}}\n";
    let mut d = Desk::with("");
    assert_eq!(d.s.apply("pool.yaml", text).exit, Some(0));
    d.after(30);
    let places = d.ok("kubectl get pods -o jsonpath='{range .items[*]}{.spec.nodeName} {.status.podIP}{\"\\n\"}{end}'");
    assert!(places.lines().all(|l| l.starts_with("gpu-1 ")), "{places}");
    d.ok(UPDATE);
    d.after(60);
    assert_eq!(d.numbers(), "2/2 1 2");
    let events = d.ok("kubectl get events");
    assert!(
        events.contains("0/4 nodes are available: 4 Insufficient nvidia.com/gpu."),
        "{events}"
    );
    d.ok("kubectl patch deployment web -p '{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":1}}}}'");
    d.after(120);
    assert_eq!((d.numbers().as_str(), d.ran().0), ("2/2 2 2", 1));
    // A node that is added later has addresses of its own.
    let mut ips: Vec<&str> = places.lines().filter_map(|l| l.split(' ').nth(1)).collect();
    let other = d.ok("kubectl run probe --image=web:v1 --overrides='{\"spec\":{\"nodeName\":\"node-1\"}}'; sleep 20; kubectl get pod probe -o jsonpath={.status.podIP}");
    let other = other.lines().last().unwrap_or("").to_owned();
    ips.push(&other);
    ips.sort_unstable();
    ips.dedup();
    assert_eq!(ips.len(), 3, "{places} {other}");
}

/// Pods that end again and again leave many short gaps: the labels that are left do not meet.
#[test]
fn labels_of_many_gaps_do_not_meet() {
    let mut d = Desk::preset("boot-4");
    d.all(&[
        "image bootcamp:v3 crash",
        "kubectl set image deployment/bootcamp bootcamp=bootcamp:v3",
    ]);
    d.after(40);
    let past = d.view().scene.past;
    let shown = past.gaps.iter().filter(|g| !g.text.is_empty());
    let (shown, all) = (shown.count(), past.gaps.len());
    assert!(all > 3 && (1..=2).contains(&shown), "{shown} of {all}");
}
