//! Random faults on random rollouts: no panic, limits hold, every rest is explained, all is well once all is mended.

use rollout_api::Kind;
use rollout_session::{Session, Start, share};
use rollout_view::{PageInput, page_view};

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 6
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: web
        image: web:v1
        resources: {limits: {memory: 64Mi}}
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 3}
        livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 5}
        env: [{name: K, valueFrom: {configMapKeyRef: {name: conf, key: k}}}]
        volumeMounts: [{name: conf, mountPath: /conf}, {name: conf, mountPath: /one, subPath: k}, {name: tmp, mountPath: /tmp}]
      volumes: [{name: conf, configMap: {name: conf}}, {name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {k: a}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
";
/// 25% of 6 is a surge of 2; nobody scales.
const CEILING: usize = 8;

/// What may be done, by chance. `#` becomes a digit from 1 to 3, `$` a version.
const LINES: &[&str] = &[
    "kubectl set image deployment/web web=web:v$",
    "kubectl set image deployment/web web=web:v$",
    "kubectl rollout undo deployment/web",
    "kubectl rollout restart deployment/web",
    "kubectl rollout pause deployment/web",
    "kubectl rollout resume deployment/web",
    "kubectl delete pod -l app=web --wait=false",
    "kubectl patch configmap conf --type=merge -p '{\"data\":{\"k\":\"#\"}}'",
    "kubectl exec deploy/web -- sh -c 'cat /conf/k /one; echo x >> /tmp/#'",
    "kubectl cordon node-#",
    "kubectl uncordon node-#",
    "image web:v$ missing",
    "image web:v$ late until=#m",
    "image web:v$ slow-pull time=40 node=node-#",
    "image web:v$ slow-answers latency=#s to=4m",
    "image web:v$ needs-config key=NONE pod=#",
    "image web:v$ needs-config key=K",
    "image web:v$ wrong-port node=node-#",
    "image web:v$ wrong-path from=#m to=5m",
    "image web:v$ serves port=8080 path=/live",
    "image web:v$ needs-write",
    "image web:v$ needs-root",
    "image web:v$ advisory",
    "image web:v$ moved-tag digest=#",
    "image web:v$ slow-start ready=9 errors percent=10 slow-answers latency=300ms",
    "kubectl drain node-# --ignore-daemonsets --delete-emptydir-data --force --timeout=30s",
    "kubectl create quota small --hard=pods=6",
    "kubectl delete quota small --ignore-not-found",
    "kubectl patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"imagePullPolicy\":\"Always\"}]}}}}'",
    "kubectl patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"securityContext\":{\"runAsNonRoot\":true,\"readOnlyRootFilesystem\":true}}]}}}}'",
    "kubectl patch service web -p '{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":808#}]}}'",
    "kubectl patch deployment web -p '{\"spec\":{\"progressDeadlineSeconds\":6#}}'",
    "load deployment/web cpu=100m@0 900m@#m",
    "image web:v$ crash after=3",
    "image web:v$ never-ready pod=#",
    "image web:v$ flapping up=7 down=9",
    "image web:v$ slow-start ready=20 node=node-#",
    "image web:v$ errors percent=30 from=#m",
    "image web:v$ oom after=9",
    "image web:v$ ignores-stop",
    "image web:v$ needs-schema schema=2",
    "image web:v$ good",
    "fault node node-# lost",
    "fault node node-# lost for=2m",
    "fault node node-# back",
    "fault registry down",
    "fault registry docker.io down reason=timeout for=1m",
    "fault registry up",
    "fault api slow delay=#s",
    "fault api normal",
    "fault endpoints slow",
    "fault webhook deny image=*:v$ for=90s",
    "fault webhook off",
    "fault controllers down for=40s",
    "fault controllers restart",
    "fault schema #",
    "fault webhook deny on=deployments label=app=web message=no for=20s",
    "fault off",
    "traffic service/web 15/s mode=random",
    "traffic service/web 30/s",
];

/// A generator of our own: the same cases everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    /// The next line of a shuffled deck: each comes before one comes again.
    fn line(&mut self, deck: &mut Vec<&'static str>) -> String {
        if deck.is_empty() {
            deck.extend_from_slice(LINES);
        }
        let line = deck.swap_remove(self.below(deck.len() as u64) as usize);
        let digit = (1 + self.below(3)).to_string();
        line.replace(['#', '$'], &digit)
    }
}

fn check(session: &Session, what: &str) {
    let pods: Vec<_> = session.store().list(Kind::POD).collect();
    let counted = pods
        .iter()
        .filter(|p| !p.meta.is_terminating() && p.pod().is_some_and(|v| v.is_live()))
        .count();
    assert!(counted <= CEILING, "{what}: {counted} pods");
    for pod in &pods {
        let owner = pod.meta.controller.as_ref().expect("an owner");
        let mut sets = session.store().list(Kind::REPLICA_SET);
        assert!(sets.any(|s| s.meta.uid == owner.uid), "{what}: an orphan");
    }
    let input = PageInput {
        text: "",
        focus: None,
    };
    let page = page_view(session, &input);
    assert!(!page.why.headline.is_empty(), "{what}: no sentence");
    let target = session
        .stream_of(&rollout_api::ObjectKey::new(
            Kind::DEPLOYMENT,
            "default",
            "web",
        ))
        .expect("there is traffic");
    let tally = session.requests_so_far(&target);
    let now = session.engine_time(session.at());
    let sent = session
        .traffic()
        .sent(&target, rollout_engine::SimTime::ZERO, now);
    assert_eq!(
        tally.total() + tally.waiting,
        sent,
        "{what}: every request has its fate"
    );
}

#[test]
fn random_faults_are_survived_explained_and_mended() {
    let mut deck = Vec::new();
    for seed in 1..=8 {
        let mut dice = Dice(seed * 7919);
        let mut session = Session::new(Start {
            manifest: Some(MANIFEST.to_owned()),
            seed,
            ..Start::default()
        });
        session.run("traffic service/web 12/s");
        let mut said = Vec::new();
        for _ in 0..12 {
            let line = dice.line(&mut deck);
            session.run(&line);
            said.push(line);
            let at = session.at();
            session.play_to(at + 500 + dice.below(45_000));
            check(&session, &format!("seed {seed}: {said:?}"));
        }
        let state = session.export_state();
        let link = share::encode(&session.shared(None), share::Packing::Json);
        let again = Session::open(&share::decode(&link).expect("our own link")).expect("opens");
        assert!(
            again.export_state() == state,
            "seed {seed} replays: {said:?}"
        );
        // Everything mended: the rollout completes and everybody is served.
        for line in [
            "fault off",
            "kubectl delete quota small --ignore-not-found",
            "kubectl patch service web -p '{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":8080}]}}'",
            "kubectl uncordon node-1",
            "kubectl uncordon node-2",
            "kubectl uncordon node-3",
            "image web:v1 good",
            "image web:v2 good",
            "image web:v3 good",
            "kubectl rollout resume deployment/web",
        ] {
            session.run(line);
        }
        // Rules for one pod or node stand beside the general one: the last version has none.
        session.run("kubectl set image deployment/web web=web:v9");
        let at = session.at();
        session.play_to(at + 1_200_000);
        let status = session.run("kubectl get deployment web").stdout;
        assert!(
            status.contains("6/6     6            6"),
            "seed {seed}: {said:?}\n{status}"
        );
        let now = session.engine_time(session.at());
        let last = rollout_engine::SimTime(now.0 - 60_000);
        let target = rollout_api::ObjectKey::new(Kind::SERVICE, "default", "web");
        let tally = session.traffic().tally(&target, last, now, now);
        assert_eq!(tally.failed(), 0, "seed {seed}: {tally:?}");
        check(&session, "mended");
    }
}

/// What waits because of a fault says so.
#[test]
fn waits_on_faults_are_explained() {
    let sentence = |lines: &[&str], at: u64| {
        let mut session = Session::new(Start {
            manifest: Some(MANIFEST.to_owned()),
            ..Start::default()
        });
        for line in lines {
            let ran = session.run(line);
            assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
        }
        session.play_to(at);
        let input = PageInput {
            text: "",
            focus: None,
        };
        let page = page_view(&session, &input);
        rollout_view::plain_text(&page.why.headline)
    };
    let update = "kubectl set image deployment/web web=web:v2";
    for (lines, at, part) in [
        (
            &["fault node node-2 lost"][..],
            20_000,
            "is cut off; the cluster has not noticed yet",
        ),
        (
            &["fault node node-2 lost"],
            200_000,
            "which is not heard of; they are evicted in ",
        ),
        (
            &["fault node node-2 lost"],
            500_000,
            "nobody confirms it until the node is back",
        ),
        (
            &["fault registry down", update],
            30_000,
            "The registry does not deliver",
        ),
        (
            &["fault controllers down", update],
            30_000,
            "The controllers are down",
        ),
        (
            &["fault api slow delay=9s", update],
            4_000,
            "News from the API server arrive 9 s late",
        ),
        (
            &["fault webhook deny image=*:v2", update],
            30_000,
            "image \"web:v2\" is not allowed",
        ),
    ] {
        let text = sentence(lines, at);
        assert!(text.contains(part), "{lines:?}: {text}");
    }
    let without = sentence(&[update], 500_000);
    assert!(
        !without.contains("node") && !without.contains("registry"),
        "{without}"
    );
}

/// Nothing that can be broken is left out of the random sessions.
#[test]
fn every_behaviour_and_fault_takes_part() {
    for name in rollout_engine::images::Behaviour::names() {
        let word = format!(" {name}");
        let mut rules = LINES.iter().filter(|l| l.starts_with("image "));
        assert!(rules.any(|l| l.contains(&word)), "{name}");
    }
    for words in [
        "node node-# lost",
        "node node-# back",
        "registry down",
        "registry up",
        "api slow",
        "api normal",
        "endpoints slow",
        "webhook deny image",
        "webhook deny on=deployments",
        "webhook off",
        "controllers down",
        "controllers restart",
        "schema",
        "off",
    ] {
        let line = format!("fault {words}");
        assert!(LINES.iter().any(|l| l.starts_with(&line)), "{words}");
    }
    for scope in ["pod=", "node=", "from=", "to="] {
        assert!(
            LINES
                .iter()
                .any(|l| l.starts_with("image ") && l.contains(scope)),
            "{scope}"
        );
    }
}

/// Every behaviour and every fault in one session: its link, in both packings, opens with the same bytes, at the end and at
/// moments on the way.
#[test]
fn all_faults_at_once_travel_in_a_link() {
    let mut session = Session::new(Start {
        manifest: Some(MANIFEST.to_owned()),
        ..Start::default()
    });
    let mut dice = Dice(99);
    session.run("traffic service/web 12/s");
    // All rules of one image stand together: each has a scope of its own.
    let rules = LINES
        .iter()
        .filter(|l| l.starts_with("image ") && !l.contains("good"));
    for (i, rule) in rules.enumerate() {
        let rule = rule.replace(['#', '$'], "2");
        let scope = if rule.contains(" to=") {
            String::new()
        } else {
            format!(" to={}m", 60 + i)
        };
        let ran = session.run(&format!("{rule}{scope}"));
        assert_eq!(ran.exit, Some(0), "{rule}: {}", ran.stderr);
    }
    for line in LINES
        .iter()
        .filter(|l| l.starts_with("fault ") && !l.contains("off"))
    {
        let ran = session.run(&line.replace(['#', '$'], "2"));
        assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
        let at = session.at() + 100 + dice.below(900);
        session.play_to(at);
    }
    session.run("kubectl set image deployment/web web=web:v2");
    let at = session.at() + 200_000;
    session.play_to(at);
    let state = session.export_state();
    let rules =
        |s: &Session| -> Vec<String> { s.image_rules().iter().map(ToString::to_string).collect() };
    let all = rules(&session);
    for name in rollout_engine::images::Behaviour::names() {
        let word = format!(" {name}");
        assert!(
            *name == "good" || all.iter().any(|r| r.contains(&word)),
            "{name}"
        );
    }
    let links = [share::Packing::Json, share::Packing::Deflate]
        .map(|packing| share::encode(&session.shared(None), packing));
    for link in links {
        let mut again = Session::open(&share::decode(&link).expect("our own link")).expect("opens");
        assert!(again.export_state() == state, "the same end");
        assert_eq!(rules(&again), all);
        session.seek_time(at);
        for back in 1..=5 {
            for _ in 0..(back * 7) {
                assert_eq!(session.back(), again.back());
            }
            assert!(session.export_state() == again.export_state(), "{back}");
        }
    }
}
