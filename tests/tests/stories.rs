//! The four stories of the source tutorials, lived through at the console, with every number that they name.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, Minor};
use rollout_engine::ClusterConfig;
use rollout_session::{Ran, Session};
use rollout_view::{PageInput, PageView, PodState, page_view};

const HOUR: u64 = 3_600_000;

/// A session on an empty cluster of the tutorials' version.
struct Story(Session);

impl Story {
    fn new() -> Story {
        let config = ClusterConfig {
            version: Minor::V1_32,
            ..ClusterConfig::default()
        };
        let mut s = Session::with_config(config);
        for (name, text) in [
            ("re-5.yaml", include_str!("../data/presets/re-5.yaml")),
            ("roll-10.yaml", include_str!("../data/presets/roll-10.yaml")),
            (
                "kubernetes-bootcamp.yaml",
                include_str!("../data/presets/kubernetes-bootcamp.yaml"),
            ),
            ("model-4.yaml", include_str!("../data/presets/model-4.yaml")),
        ] {
            s.save(name, text);
        }
        Story(s)
    }
    /// A line as `rollout play` runs it.
    fn run(&mut self, line: &str) -> Ran {
        self.0.run_to_end(line, HOUR)
    }
    /// A line that must succeed: its output.
    fn ok(&mut self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
        ran.stdout
    }
    /// A line that changes something, at the console of the page: nothing follows before the next step.
    fn act(&mut self, line: &str) {
        let ran = self.0.run(line);
        assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    }
    /// Names and wanted sizes of all sets, by name.
    fn sets(&self) -> Vec<(String, i32)> {
        let sets = self.0.store().list(Kind::REPLICA_SET);
        sets.map(|o| (o.meta.name.to_string(), o.replica_set().unwrap().replicas))
            .collect()
    }
    fn size(&self, name: &str) -> i32 {
        self.sets()
            .iter()
            .find(|(n, _)| n == name)
            .map_or(0, |(_, size)| *size)
    }
    fn page(&self) -> PageView {
        page_view(
            &self.0,
            &PageInput {
                text: "",
                focus: None,
            },
        )
    }
    fn measure(&self, name: &str) -> i64 {
        self.page()
            .measures
            .iter()
            .find(|m| m.name == name)
            .map_or(-1, |m| m.value.parse().unwrap())
    }
    /// Steps to the next write; answers with the sizes of two sets.
    fn next_write(&mut self, sets: [&str; 2]) -> (i32, i32) {
        let writes = self.0.writes();
        while self.0.writes() == writes {
            assert!(self.0.step(), "a write was expected");
        }
        (self.size(sets[0]), self.size(sets[1]))
    }
    /// Revisions of the history, ascending.
    fn revisions(&mut self, deployment: &str) -> Vec<i64> {
        let out = self.ok(&format!("kubectl rollout history deployment/{deployment}"));
        out.lines()
            .filter_map(|l| l.split_whitespace().next()?.parse().ok())
            .collect()
    }
    /// STATUS of every pod.
    fn statuses(&mut self) -> Vec<(String, String)> {
        let out = self.ok("kubectl get pods --no-headers");
        out.lines()
            .map(|l| {
                let mut w = l.split_whitespace();
                (w.next().unwrap().to_owned(), w.nth(1).unwrap().to_owned())
            })
            .collect()
    }
}

#[test]
fn recreate_stops_all_before_the_first_new_one() {
    let mut s = Story::new();
    assert_eq!(
        s.ok("kubectl create -f re-5.yaml"),
        "deployment.apps/rcdeployment created\n"
    );
    let (old, new) = ("rcdeployment-687df9bcb7", "rcdeployment-588d5d854c");
    assert_eq!(s.sets(), [(old.to_owned(), 5)]);
    s.ok("kubectl rollout status deployment rcdeployment");
    assert_eq!(s.measure("available"), 5);
    s.act("kubectl set image deployment rcdeployment nginx=httpd");
    let mut gone = false;
    let mut outage = 0;
    let began = s.0.at();
    while s.0.step() {
        let pods: Vec<_> = s.0.store().list(Kind::POD).cloned().collect();
        let of = |set: &str| pods.iter().filter(|p| p.meta.name.starts_with(set)).count();
        // Not even a terminating old pod beside the first new one.
        assert!(
            of(old) == 0 || of(new) == 0,
            "both versions at {}",
            s.0.at()
        );
        gone |= of(old) == 0;
        if s.measure("available") == 0 {
            outage = s.0.at();
        }
    }
    assert!(gone && outage > began);
    assert_eq!(s.sets(), [(new.to_owned(), 5), (old.to_owned(), 0)]);
    assert_eq!(s.measure("peak"), 5);
    assert_eq!(s.measure("available"), 5);
    assert!(
        s.page()
            .measures
            .iter()
            .any(|m| m.name == "gap" && m.value != "0")
    );
    assert_eq!(
        s.ok("kubectl delete -f re-5.yaml"),
        "deployment.apps \"rcdeployment\" deleted\n"
    );
    s.ok("sleep 60");
    assert!(s.sets().is_empty() && s.0.store().list(Kind::POD).next().is_none());
}

#[test]
fn ten_pods_between_floor_and_ceiling() {
    let mut s = Story::new();
    s.ok("kubectl create -f roll-10.yaml");
    let sets = [
        "rolldeployment-6b947d555",
        "rolldeployment-9b659bdf9",
        "rolldeployment-7bd8467cd",
    ];
    assert_eq!(s.sets(), [(sets[0].to_owned(), 10)]);
    s.ok("kubectl rollout status deployment rolldeployment");

    // The first burst, and the limits at every step.
    let text = include_str!("../data/presets/roll-10.yaml").replace("image: nginx", "image: httpd");
    s.0.apply("roll-10.yaml", &text);
    let two = [sets[0], sets[1]];
    assert_eq!(
        [s.next_write(two), s.next_write(two), s.next_write(two)],
        [(10, 2), (8, 2), (8, 4)]
    );
    assert_eq!(s.next_write(two), (7, 4));
    assert_eq!(s.next_write(two), (7, 5));
    loop {
        assert!(s.measure("total") <= 12, "at {}", s.0.at());
        assert!(s.measure("available") >= 8, "at {}", s.0.at());
        if !s.0.step() {
            break;
        }
    }
    assert_eq!((s.size(sets[0]), s.size(sets[1])), (0, 10));
    assert_eq!((s.measure("peak"), s.measure("lowest")), (12, 8));

    let ran = s.run("kubectl set image deployment rolldeployment nginx=httpd:alpine --record");
    assert_eq!(
        ran.stderr,
        "Flag --record has been deprecated, --record will be removed in the future\n"
    );
    s.ok("kubectl rollout status deployment rolldeployment");
    assert_eq!(
        s.sets(),
        [
            (sets[0].to_owned(), 0),
            (sets[2].to_owned(), 10),
            (sets[1].to_owned(), 0)
        ]
    );
    let policy = s.ok("kubectl get deployment rolldeployment -o jsonpath={.spec.template.spec.containers[0].imagePullPolicy}");
    assert_eq!(policy, "Always", "the stored policy stays");
    assert_eq!(s.revisions("rolldeployment"), [1, 2, 3]);

    assert_eq!(
        s.ok("kubectl rollout undo deployment rolldeployment"),
        "deployment.apps/rolldeployment rolled back\n"
    );
    assert_eq!((s.size(sets[2]), s.size(sets[1])), (8, 4));
    s.ok("kubectl rollout status deployment rolldeployment");
    assert_eq!(s.revisions("rolldeployment"), [1, 3, 4]);

    // Undo once more, and pause exactly when two new pods are ready.
    s.act("kubectl rollout undo deployment rolldeployment");
    let two = [sets[1], sets[2]];
    while (s.size(two[0]), s.size(two[1])) != (6, 6) {
        s.next_write(two);
    }
    let ready = |s: &Story| {
        s.page()
            .scene
            .sets
            .iter()
            .find(|v| v.name == sets[2])
            .map_or(0, |v| v.available)
    };
    assert_eq!(ready(&s), 2);
    s.act("kubectl rollout pause deployment rolldeployment");
    s.0.settle();
    assert_eq!(
        (s.size(two[0]), s.size(two[1]), s.measure("total")),
        (6, 6, 12)
    );
    let paused_at = s.0.at();
    s.0.play_to(paused_at + 60_000);
    assert_eq!(
        (s.size(two[0]), s.size(two[1]), s.measure("ready")),
        (6, 6, 12)
    );
    let refused = s.run("kubectl rollout undo deployment rolldeployment");
    assert_eq!(refused.exit, Some(1));
    assert!(
        refused
            .stderr
            .contains("resume it first with 'kubectl rollout resume'"),
        "{}",
        refused.stderr
    );

    s.act("kubectl rollout resume deployment rolldeployment");
    let first = s.next_write(two);
    let second = s.next_write(two);
    assert_eq!(
        [first, second].last(),
        Some(&(2, 10)),
        "{first:?} {second:?}"
    );
    while s.0.step() {}
    assert_eq!(
        (s.size(two[0]), s.size(two[1]), s.measure("available")),
        (0, 10, 10)
    );
    assert_eq!(s.revisions("rolldeployment"), [1, 4, 5]);
}

#[test]
fn the_tag_that_does_not_exist() {
    let mut s = Story::new();
    let name = "kubernetes-bootcamp";
    let out = s.ok("kubectl apply -f kubernetes-bootcamp.yaml");
    assert_eq!(
        out,
        "deployment.apps/kubernetes-bootcamp created\nservice/kubernetes-bootcamp created\n"
    );
    s.ok("kubectl rollout status deployment/kubernetes-bootcamp");
    s.ok("kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=jocatalin/kubernetes-bootcamp:v2");
    s.ok("kubectl rollout status deployment/kubernetes-bootcamp");
    s.ok("sleep 5");
    let v10 = "gcr.io/google-samples/kubernetes-bootcamp:v10";
    assert_eq!(s.ok(&format!("image {v10} missing")), "");
    s.ok(&format!(
        "kubectl set image deployments/{name} {name}={v10}"
    ));
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..300 {
        s.ok("sleep 1");
        for (_, status) in s.statuses() {
            if !seen.contains(&status) {
                seen.push(status);
            }
        }
        assert!(s.measure("available") >= 3);
    }
    let first = |status: &str| {
        seen.iter()
            .position(|s| s == status)
            .unwrap_or_else(|| panic!("{status} in {seen:?}"))
    };
    assert!(first("ErrImagePull") < first("ImagePullBackOff"));

    // It rests: 3 old, 2 new.
    let table = s.ok("kubectl get deployments");
    let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..4], [name, "3/4", "2", "3"]);
    let page = s.page();
    let n = &page.numbers;
    assert_eq!(
        (n.ready, n.desired, n.up_to_date, n.available),
        (3, 4, 2, 3)
    );
    assert_eq!(
        page.scene
            .pods
            .iter()
            .filter(|p| p.state == PodState::ImagePull)
            .count(),
        2
    );
    assert!(
        page.why.spoken.contains("cannot pull") && page.why.spoken.contains("floor"),
        "{}",
        page.why.spoken
    );
    assert!(page.why.alert.is_some_and(|a| a.starts_with("Stalled for")));
    let status = s.run("kubectl rollout status deployment/kubernetes-bootcamp --timeout=5s");
    assert!(
        status.stdout.starts_with(
            "Waiting for deployment \"kubernetes-bootcamp\" rollout to finish: 2 out of 4 new replicas have been updated...\n"
        ),
        "{}",
        status.stdout
    );
    assert_eq!(
        (status.stderr.as_str(), status.exit),
        ("error: timed out waiting for the condition\n", Some(1))
    );

    // The back-off is real: 10, 20, 40, 80, 160 s between the pulls of a pod.
    let events = s.ok("kubectl get events --field-selector reason=BackOff --no-headers");
    assert!(events.contains("Back-off pulling image"), "{events}");
    let pulls =
        s.ok("kubectl get events --field-selector reason=Pulling -o jsonpath={.items[*].count}");
    let most = pulls
        .split_whitespace()
        .filter_map(|n| n.parse::<u32>().ok())
        .max();
    assert!((4..=7).contains(&most.unwrap_or(0)), "{pulls}");

    let running = |s: &mut Story| -> Vec<String> {
        s.statuses()
            .into_iter()
            .filter(|(_, st)| st == "Running")
            .map(|(n, _)| n)
            .collect()
    };
    let survivors = running(&mut s);
    assert_eq!(survivors.len(), 3);
    assert_eq!(
        s.ok("kubectl rollout undo deployments/kubernetes-bootcamp"),
        "deployment.apps/kubernetes-bootcamp rolled back\n"
    );
    s.ok("kubectl rollout status deployment/kubernetes-bootcamp");
    s.ok("sleep 60");
    let after = running(&mut s);
    assert_eq!(after.len(), 4);
    assert!(
        survivors.iter().all(|n| after.contains(n)),
        "{survivors:?} {after:?}"
    );
    assert_eq!(s.measure("available"), 4);
    assert_eq!(s.revisions(name), [1, 3, 4]);
    let service = s.ok("kubectl describe services/kubernetes-bootcamp");
    assert!(
        service.contains("NodePort") && service.contains("Endpoints:"),
        "{service}"
    );
}

#[test]
fn a_model_server_never_below_four() {
    let mut s = Story::new();
    s.ok("kubectl apply -f model-4.yaml");
    let status = s.ok("kubectl rollout status deployment/model-serving");
    assert!(status.ends_with("deployment \"model-serving\" successfully rolled out\n"));
    let old = s.sets()[0].0.clone();
    s.act("kubectl set image deployment/model-serving server=myrepo/tf-serving:1.0.4");
    // Pause as soon as one new pod exists.
    while s.sets().len() < 2 {
        assert!(s.0.step());
    }
    let new = s
        .sets()
        .into_iter()
        .map(|(n, _)| n)
        .find(|n| *n != old)
        .unwrap();
    s.ok("kubectl rollout pause deployment/model-serving");
    s.ok("sleep 60");
    assert_eq!(
        (
            s.size(&old),
            s.size(&new),
            s.measure("available"),
            s.measure("total")
        ),
        (4, 1, 5, 5)
    );
    s.act("kubectl rollout resume deployment/model-serving");
    let mut ready_at: Vec<u64> = Vec::new();
    while s.0.step() {
        assert!(
            s.measure("available") >= 4,
            "at {}: {}",
            s.0.at(),
            s.page().why.spoken
        );
        assert!(s.measure("total") <= 5);
        let step = s.0.last_step().unwrap();
        for c in &step.record.changes {
            let ready = |o: &Option<std::rc::Rc<rollout_engine::Object>>| {
                o.as_ref().and_then(|o| o.pod()).is_some_and(|p| p.ready)
            };
            if c.key.kind == Kind::POD && ready(&c.after) && !ready(&c.before) {
                ready_at.push(step.at);
            }
        }
    }
    assert_eq!((s.size(&old), s.size(&new)), (0, 4));
    assert_eq!(ready_at.len(), 3, "one after the other: {ready_at:?}");
    assert!(
        ready_at.windows(2).all(|w| w[1] - w[0] >= 20_000),
        "{ready_at:?}"
    );
    assert_eq!(
        s.ok("kubectl rollout undo deployment/model-serving"),
        "deployment.apps/model-serving rolled back\n"
    );
    while s.0.step() {
        assert!(s.measure("available") >= 4);
    }
    assert_eq!((s.size(&old), s.size(&new)), (4, 0));
    assert_eq!(s.revisions("model-serving"), [2, 3]);
}

#[test]
fn a_line_that_waits_longer_than_an_hour_ends_with_124() {
    let mut s = Story::new();
    s.ok("kubectl create -f roll-10.yaml");
    s.ok("image httpd missing");
    s.ok("sleep 20");
    s.ok("kubectl set image deployment rolldeployment nginx=httpd");
    let began = s.0.at();
    let ran = s.run("kubectl get pods -w");
    assert_eq!((ran.exit, s.0.at()), (Some(124), began + HOUR));
    assert_eq!(s.run("nonsense").exit, Some(127));
    assert_eq!(s.run("# a comment").exit, Some(0));
    assert_eq!(s.run("").exit, Some(0));
}

#[test]
fn following_lines_go_back_with_the_steps() {
    let mut s = Story::new();
    s.ok("kubectl create -f roll-10.yaml");
    let ran = s.0.run("kubectl rollout status deployment rolldeployment");
    assert_eq!(ran.exit, None);
    while s.0.step() {}
    let seen = |s: &Story| {
        s.page()
            .console
            .lines
            .iter()
            .map(|l| l.text.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        seen(&s).last().unwrap(),
        "deployment \"rolldeployment\" successfully rolled out"
    );
    assert_eq!(s.page().console.busy, None);
    let all = seen(&s).len();
    while s.0.position() > 30 {
        s.0.back();
    }
    assert!(seen(&s).len() < all);
    assert!(s.page().console.busy.is_some());
    while s.0.step() {}
    assert_eq!(seen(&s).len(), all);
}
