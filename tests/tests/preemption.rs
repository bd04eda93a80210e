//! Priorities: who makes room for whom, and what is said about it.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::Minor;
use rollout_session::{Session, Start};

fn session() -> Session {
    let mut s = Session::new(Start {
        version: Minor(36),
        ..Start::default()
    });
    let class = |name: &str, value: u32, more: &str| {
        format!(
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\nvalue: {value}\n{more}---\n"
        )
    };
    let classes = class("high", 1000, "") + &class("polite", 2000, "preemptionPolicy: Never\n");
    assert_eq!(s.apply("classes.yaml", &classes).exit, Some(0));
    s
}

fn deployment(name: &str, replicas: usize, class: &str) -> String {
    let class = if class.is_empty() {
        String::new()
    } else {
        format!("priorityClassName: {class}, ")
    };
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{{class}terminationGracePeriodSeconds: 5, containers: [{{name: c, image: web:v1, resources: {{requests: {{cpu: 3}}}}}}]}}\n"
    )
}

fn say(s: &mut Session, line: &str) -> String {
    s.run_to_end(line, 60_000).stdout
}

fn after(s: &mut Session, seconds: u64) {
    let at = s.at() + seconds * 1000;
    s.play_to(at);
}

/// A full cluster: one pod of low priority on each node.
fn full(s: &mut Session) -> usize {
    let nodes = say(s, "kubectl get nodes -o name").lines().count();
    s.apply("low.yaml", &deployment("low", nodes, ""));
    after(s, 20);
    nodes
}

const CONDITION: &str =
    "-o jsonpath='{.items[0].status.conditions[?(@.type==\"PodScheduled\")].message}'";

#[test]
fn a_pod_of_higher_priority_takes_the_place_of_a_lower_one() {
    let mut s = session();
    let n = full(&mut s);
    s.apply("vip.yaml", &deployment("vip", 1, "high"));
    let at = s.at() + 100;
    s.play_to(at);
    let node = say(
        &mut s,
        "kubectl get pods -l app=vip -o jsonpath='{.items[0].status.nominatedNodeName}'",
    );
    assert!(!node.is_empty());
    assert_eq!(
        say(&mut s, &format!("kubectl get pods -l app=vip {CONDITION}")),
        format!("0/{n} nodes are available: {n} Insufficient cpu.")
    );
    // The victim knows why it goes, and its ReplicaSet has made another one at once.
    let why = say(
        &mut s,
        "kubectl get pods -l app=low -o jsonpath='{.items[*].status.conditions[?(@.type==\"DisruptionTarget\")].message}'",
    );
    assert_eq!(
        why,
        "default-scheduler: preempting to accommodate a higher priority pod"
    );
    let events = say(
        &mut s,
        "kubectl get events --field-selector reason=Preempted -o jsonpath='{.items[*].message}'",
    );
    let uid = say(
        &mut s,
        "kubectl get pods -l app=vip -o jsonpath='{.items[0].metadata.uid}'",
    );
    assert_eq!(events, format!("Preempted by pod {uid} on node {node}"));
    after(&mut s, 30);
    let placed = say(
        &mut s,
        "kubectl get pods -l app=vip -o jsonpath='{.items[0].spec.nodeName} {.items[0].status.phase} {.items[0].status.nominatedNodeName}'",
    );
    assert_eq!(placed, format!("{node} Running "));
    // Whoever lost its place finds nobody less important.
    let left = say(
        &mut s,
        "kubectl get pods -l app=low --field-selector status.phase=Pending -o jsonpath='{.items[*].status.conditions[?(@.type==\"PodScheduled\")].message}'",
    );
    assert_eq!(
        left,
        format!(
            "0/{n} nodes are available: {n} Insufficient cpu. preemption: 0/{n} nodes are available: {n} No preemption victims found for incoming pod."
        )
    );
}

#[test]
fn a_polite_pod_waits() {
    let mut s = session();
    let n = full(&mut s);
    s.apply("vip.yaml", &deployment("vip", 1, "polite"));
    after(&mut s, 20);
    assert_eq!(
        say(&mut s, &format!("kubectl get pods -l app=vip {CONDITION}")),
        format!(
            "0/{n} nodes are available: {n} Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."
        )
    );
    let low = say(
        &mut s,
        "kubectl get deployment low -o jsonpath='{.status.readyReplicas}'",
    );
    assert_eq!(low, n.to_string());
}

#[test]
fn nodes_where_no_budget_is_broken_are_preferred() {
    let mut s = session();
    let n = say(&mut s, "kubectl get nodes -o name").lines().count();
    assert!(n > 1);
    s.apply("free.yaml", &deployment("free", 1, ""));
    after(&mut s, 10);
    s.apply("safe.yaml", &deployment("safe", n - 1, ""));
    s.apply("budget.yaml", "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: safe}\nspec: {maxUnavailable: 0, selector: {matchLabels: {app: safe}}}\n");
    after(&mut s, 20);
    s.apply("vip.yaml", &deployment("vip", 1, "high"));
    after(&mut s, 1);
    let victims = say(
        &mut s,
        "kubectl get events --field-selector reason=Preempted -o jsonpath='{.items[*].involvedObject.name}'",
    );
    assert!(
        victims.starts_with("free-") && !victims.contains(' '),
        "{victims}"
    );
    // The next one has no choice: a budget delays no preemption.
    s.run_to_end("kubectl scale deployment/vip --replicas=2", 60_000);
    after(&mut s, 1);
    let victims = say(
        &mut s,
        "kubectl get events --field-selector reason=Preempted -o jsonpath='{.items[*].involvedObject.name}'",
    );
    assert!(victims.contains("safe-"), "{victims}");
}

#[test]
fn classes_that_are_not_there_and_the_one_for_all() {
    let mut s = session();
    s.apply("lost.yaml", &deployment("lost", 1, "nope"));
    after(&mut s, 5);
    let events = say(
        &mut s,
        "kubectl get events --field-selector reason=FailedCreate -o jsonpath='{.items[0].message}'",
    );
    assert!(
        events.starts_with("Error creating: pods \"lost-")
            && events.ends_with("\" is forbidden: no PriorityClass with name nope was found"),
        "{events}"
    );
    s.apply(
        "system.yaml",
        &deployment("system", 1, "system-node-critical"),
    );
    s.apply("all.yaml", "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: usual}\nvalue: 5\nglobalDefault: true\n");
    s.apply("plain.yaml", &deployment("plain", 1, ""));
    after(&mut s, 5);
    let of = |s: &mut Session, app: &str| {
        say(
            s,
            &format!(
                "kubectl get pods -l app={app} -o jsonpath='{{.items[0].spec.priorityClassName}} {{.items[0].spec.priority}}'"
            ),
        )
    };
    assert_eq!(of(&mut s, "system"), "system-node-critical 2000001000");
    assert_eq!(of(&mut s, "plain"), "usual 5");
}
