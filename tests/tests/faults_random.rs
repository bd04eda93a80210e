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
    fn line(&mut self) -> String {
        let line = LINES[self.below(LINES.len() as u64) as usize];
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
            let line = dice.line();
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
