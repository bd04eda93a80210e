//! Rules of controllers that few rollouts meet: each is seen from outside, in what is stored and said.
#![allow(clippy::unwrap_used, reason = "a test")]

mod typed;

use rollout_session::Session;
use typed::{after, ok, session};

/// A Deployment whose pods have the label `app`.
fn deployment(name: &str, app: &str, replicas: u32, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {replicas}\n{more}  selector:\n    matchLabels: {{app: {app}}}\n  template:\n    metadata:\n      labels: {{app: {app}}}\n    spec:\n      containers:\n      - name: web\n        image: {name}:v1\n"
    )
}

/// What was decided since a step, as Rust shows it.
fn decided(s: &Session, from: usize) -> String {
    s.steps()[from..]
        .iter()
        .map(|t| format!("{:?}\n", t.record.decisions))
        .collect()
}

#[test]
fn deployments_of_one_selector_leave_each_others_replica_sets_alone() {
    let mut s = session(None);
    s.apply("one.yaml", &deployment("one", "shop", 2, ""));
    after(&mut s, 10);
    s.apply("two.yaml", &deployment("two", "shop", 3, ""));
    after(&mut s, 30);
    let sizes = ok(
        &mut s,
        "kubectl get replicasets -o jsonpath='{range .items[*]}{.metadata.ownerReferences[0].name}={.spec.replicas} {end}'",
    );
    assert_eq!(sizes, "one=2 two=3 ");
    let ready = ok(
        &mut s,
        "kubectl get deployments -o jsonpath='{range .items[*]}{.metadata.name}={.status.replicas} {end}'",
    );
    assert_eq!(ready, "one=2 two=3 ");
}

#[test]
fn an_orphan_is_adopted_and_gets_its_first_revision() {
    let mut s = session(None);
    s.apply("web.yaml", &deployment("web", "web", 2, ""));
    after(&mut s, 10);
    ok(&mut s, "kubectl delete deployment web --cascade=orphan");
    let name = ok(&mut s, "kubectl get replicasets -o name");
    let name = name.trim();
    ok(
        &mut s,
        &format!("kubectl annotate {name} deployment.kubernetes.io/revision-"),
    );
    let from = s.steps().len();
    s.apply("web.yaml", &deployment("web", "web", 2, ""));
    after(&mut s, 10);
    assert_eq!(ok(&mut s, "kubectl get replicasets -o name").trim(), name);
    let decisions = decided(&s, from);
    assert!(decisions.contains("Adopted"), "{decisions}");
    assert!(
        decisions.contains("revision: 1, reused: false"),
        "a set without a revision is not one to go back to: {decisions}"
    );
}

/// The real controller tries 15 times, 5 ms and then twice as long each time, and then waits for a change.
#[test]
fn a_deployment_that_always_fails_is_dropped() {
    let mut s = session(None);
    s.apply("quota.yaml", "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none}\nspec:\n  hard: {count/replicasets.apps: \"0\"}\n");
    s.apply("web.yaml", &deployment("web", "web", 2, ""));
    after(&mut s, 400);
    let tries = decided(&s, 0).matches("Retry").count();
    assert_eq!(tries, 15);
    ok(&mut s, "kubectl delete resourcequota none");
    after(&mut s, 1200);
    assert_eq!(ok(&mut s, "kubectl get replicasets -o name"), "");
    ok(&mut s, "kubectl annotate deployment web look=again");
    after(&mut s, 30);
    let ready = ok(
        &mut s,
        "kubectl get deployment web -o jsonpath={.status.readyReplicas}",
    );
    assert_eq!(ready, "2");
}

#[test]
fn a_pod_that_is_gone_at_once_is_replaced() {
    let mut s = session(None);
    s.apply("web.yaml", &deployment("web", "web", 3, ""));
    after(&mut s, 10);
    let name = ok(
        &mut s,
        "kubectl get pods -o jsonpath={.items[0].metadata.name}",
    );
    ok(
        &mut s,
        &format!("kubectl delete pod {name} --grace-period=0 --force"),
    );
    after(&mut s, 10);
    let pods = ok(&mut s, "kubectl get pods");
    assert_eq!(pods.matches("1/1     Running").count(), 3, "{pods}");
    assert!(!pods.contains(&name), "{pods}");
}

#[test]
fn terminating_pods_are_counted_while_they_end() {
    let mut s = session(None);
    s.apply("web.yaml", &deployment("web", "web", 5, ""));
    ok(&mut s, "image web:v1 ignores-stop");
    after(&mut s, 10);
    let counted = |s: &mut Session| {
        ok(
            s,
            "kubectl get deployment web -o jsonpath='{.status.replicas} {.status.terminatingReplicas}'",
        )
    };
    ok(&mut s, "kubectl scale deployment web --replicas=2");
    after(&mut s, 2);
    assert_eq!(counted(&mut s), "2 3");
    after(&mut s, 60);
    assert_eq!(counted(&mut s), "2 0");
}

#[test]
fn a_budget_forgets_controllers_whose_pods_left_it() {
    let mut s = session(None);
    let set = |name: &str, replicas: u32| {
        format!(
            "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}, tier: front}}\n    spec:\n      containers:\n      - name: web\n        image: web:v1\n"
        )
    };
    s.apply("a.yaml", &set("a", 2));
    s.apply("b.yaml", &set("b", 4));
    s.apply("pdb.yaml", "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: front}\nspec:\n  maxUnavailable: 50%\n  selector:\n    matchLabels: {tier: front}\n");
    after(&mut s, 30);
    let status = |s: &mut Session| {
        ok(
            s,
            "kubectl get pdb front -o jsonpath='{.status.expectedPods} {.status.desiredHealthy} {.status.currentHealthy} {.status.disruptionsAllowed} {.status.conditions[0].status} {.status.conditions[0].reason}'",
        )
    };
    assert_eq!(status(&mut s), "6 3 6 3 True SufficientPods");
    ok(&mut s, "kubectl label pods -l app=b tier=back --overwrite");
    after(&mut s, 5);
    assert_eq!(
        status(&mut s),
        "2 1 2 1 True SufficientPods",
        "the set b has no pod in it any more"
    );
}

/// A new process of the controllers comes between a node's silence and its taint: the taint comes all the same.
#[test]
fn a_node_that_is_silent_when_controllers_begin_anew_is_tainted() {
    let mut s = session(None);
    s.apply("web.yaml", &deployment("web", "web", 6, ""));
    after(&mut s, 10);
    ok(&mut s, "fault node node-2 lost");
    let of = |s: &mut Session, what: &str| {
        ok(s, &format!("kubectl get node node-2 -o jsonpath='{what}'"))
    };
    let mut waited = 0;
    while of(&mut s, "{.status.conditions[?(@.type==\"Ready\")].status}") != "Unknown" {
        let at = s.at() + 100;
        s.play_to(at);
        waited += 1;
        assert!(waited < 1000, "never noticed");
    }
    assert!(!of(&mut s, "{.spec.taints}").contains("NoExecute"));
    ok(&mut s, "fault controllers down");
    after(&mut s, 20);
    ok(&mut s, "fault controllers up");
    after(&mut s, 10);
    let taints = of(&mut s, "{.spec.taints}");
    assert!(taints.contains("NoExecute"), "{taints}");
}

/// Of pods that are alike otherwise the one goes that shares its node with most others.
#[test]
fn the_fullest_node_gives_its_pod_first() {
    let mut s = session(None);
    s.apply("web.yaml", &deployment("web", "web", 5, ""));
    after(&mut s, 20);
    let nodes = |s: &mut Session| {
        let names = ok(s, "kubectl get pods -o jsonpath={.items[*].spec.nodeName}");
        let mut names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        (all, names.len())
    };
    assert_eq!(nodes(&mut s), (5, 3));
    // Whoever is labeled is counted anew.
    ok(&mut s, "kubectl label pods --all seen=yes");
    ok(&mut s, "kubectl scale deployment web --replicas=3");
    after(&mut s, 60);
    assert_eq!(nodes(&mut s), (3, 3));
}

/// Most pods that were there at one step and not ending.
fn most_pods(s: &Session, from: usize, already: i64) -> i64 {
    let lives = |o: &Option<std::rc::Rc<rollout_api::views::Object>>| {
        i64::from(o.as_ref().is_some_and(|o| !o.meta.is_terminating()))
    };
    let (mut now, mut most) = (already, already);
    for t in &s.steps()[from..] {
        for c in &t.record.changes {
            if c.key.kind == rollout_api::Kind::POD {
                now += lives(&c.after) - lives(&c.before);
                most = most.max(now);
            }
        }
    }
    most
}

/// The ceiling of a rollout holds at every write, whatever comes in between.
#[test]
fn the_ceiling_holds_at_every_write() {
    for (replicas, more) in [
        (4, ""),
        (10, ""),
        (
            6,
            "  strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 2}}\n",
        ),
    ] {
        let mut s = session(None);
        ok(&mut s, "image web:v2 never-ready");
        s.apply("web.yaml", &deployment("web", "web", replicas, more));
        after(&mut s, 20);
        let from = s.steps().len();
        ok(&mut s, "kubectl set image deployment/web web=web:v2");
        after(&mut s, 30);
        ok(&mut s, "kubectl set image deployment/web web=web:v3");
        after(&mut s, 60);
        ok(&mut s, "kubectl scale deployment web --replicas=3");
        after(&mut s, 30);
        let surge = if more.is_empty() {
            replicas.div_ceil(4)
        } else {
            2
        };
        let most = most_pods(&s, from, i64::from(replicas));
        assert_eq!(most, i64::from(replicas + surge));
    }
}

/// Nothing is due until the pods have been ready long enough: nobody looks again and again in between.
#[test]
fn waiting_for_available_pods_costs_one_look() {
    let mut s = session(None);
    s.apply(
        "web.yaml",
        &deployment("web", "web", 3, "  minReadySeconds: 30\n"),
    );
    after(&mut s, 10);
    let available = |s: &mut Session| {
        ok(
            s,
            "kubectl get deployment web -o jsonpath={.status.availableReplicas}",
        )
    };
    assert_eq!(available(&mut s), "");
    let next = s.head().next_at().unwrap();
    assert!(next.0 > s.at() + 5_000, "something is due at {next}");
    let told = decided(&s, 0);
    let waits: Vec<u64> = told
        .split("look_again_after_ms: ")
        .skip(1)
        .filter_map(|t| t.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .collect();
    assert!(
        !waits.is_empty() && waits.iter().all(|ms| (1_000..=30_000).contains(ms)),
        "{waits:?}"
    );
    after(&mut s, 30);
    assert_eq!(available(&mut s), "3");
}
