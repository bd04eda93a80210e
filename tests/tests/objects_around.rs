//! Limit ranges, quotas, configuration, blue/green and canary around a Deployment.
#![allow(clippy::unwrap_used, reason = "a test")]

mod typed;

use rollout_session::Session;
use typed::{after, ok, session};

fn has(text: &str, line: &str) {
    assert!(text.contains(line), "{line}\n--- in\n{text}");
}

/// A Deployment with labels `app: shop` and `track: NAME`.
fn deployment(name: &str, replicas: u32, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {replicas}\n  selector:\n    matchLabels: {{app: shop, track: {name}}}\n  template:\n    metadata:\n      labels: {{app: shop, track: {name}}}\n    spec:\n      containers:\n      - name: shop\n        image: shop:{name}\n{more}"
    )
}

fn service(selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  selector: {selector}\n  ports:\n  - port: 80\n"
    )
}

/// How many ready endpoints the Service has, by the track of their pods.
fn endpoints(s: &mut Session, track: &str) -> usize {
    let ready = ok(
        s,
        "kubectl get endpointslices -l kubernetes.io/service-name=shop -o jsonpath='{range .items[*].endpoints[?(@.conditions.ready==true)]}{.targetRef.name}{\"\\n\"}{end}'",
    );
    ready
        .lines()
        .filter(|l| l.starts_with(&format!("{track}-")))
        .count()
}

#[test]
fn blue_and_green_change_places_with_the_selector() {
    let mut s = session(None);
    s.apply("blue.yaml", &deployment("blue", 3, ""));
    s.apply("green.yaml", &deployment("green", 3, ""));
    s.apply("shop.yaml", &service("{app: shop, track: blue}"));
    after(&mut s, 30);
    assert_eq!(
        (endpoints(&mut s, "blue"), endpoints(&mut s, "green")),
        (3, 0)
    );
    s.apply("shop.yaml", &service("{app: shop, track: green}"));
    s.settle();
    assert_eq!(
        (endpoints(&mut s, "blue"), endpoints(&mut s, "green")),
        (0, 3),
        "within one instant"
    );
    s.apply("shop.yaml", &service("{app: shop, track: blue}"));
    s.settle();
    assert_eq!(
        (endpoints(&mut s, "blue"), endpoints(&mut s, "green")),
        (3, 0),
        "and back"
    );
}

#[test]
fn a_canary_gets_a_quarter_of_the_endpoints() {
    let mut s = session(None);
    s.apply("stable.yaml", &deployment("stable", 3, ""));
    s.apply("canary.yaml", &deployment("canary", 1, ""));
    s.apply("shop.yaml", &service("{app: shop}"));
    after(&mut s, 30);
    assert_eq!(
        (endpoints(&mut s, "stable"), endpoints(&mut s, "canary")),
        (3, 1)
    );
    ok(&mut s, "kubectl scale deployment/canary --replicas=0");
    s.settle();
    assert_eq!(
        (endpoints(&mut s, "stable"), endpoints(&mut s, "canary")),
        (3, 0)
    );
}

#[test]
fn a_changed_config_map_rolls_nothing_out_and_a_checksum_does() {
    let mut s = session(None);
    ok(
        &mut s,
        "kubectl create configmap shop --from-literal=mode=a",
    );
    let from = "        envFrom:\n        - configMapRef: {name: shop}\n";
    s.apply("web.yaml", &deployment("web", 2, from));
    after(&mut s, 30);
    ok(
        &mut s,
        "kubectl patch configmap shop -p '{\"data\":{\"mode\":\"b\"}}'",
    );
    after(&mut s, 300);
    let revision = "kubectl get deployment web -o jsonpath='{.metadata.annotations.deployment\\.kubernetes\\.io/revision}'";
    assert_eq!(ok(&mut s, revision), "1");
    ok(
        &mut s,
        "kubectl patch deployment web -p '{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"checksum/config\":\"b\"}}}}}'",
    );
    after(&mut s, 30);
    assert_eq!(ok(&mut s, revision), "2");
}

const LIMITS: &str = "apiVersion: v1\nkind: LimitRange\nmetadata:\n  name: limits\nspec:\n  limits:\n  - type: Container\n    default: {cpu: 500m}\n    defaultRequest: {cpu: 100m}\n    max: {cpu: \"1\"}\n    min: {cpu: 50m}\n  - type: PersistentVolumeClaim\n    max: {storage: 5Gi}\n";

#[test]
fn limit_ranges_fill_in_and_refuse() {
    let mut s = session(None);
    s.apply("limits.yaml", LIMITS);
    s.apply("web.yaml", &deployment("web", 1, ""));
    after(&mut s, 30);
    assert_eq!(
        ok(
            &mut s,
            "kubectl get pods -o jsonpath='{.items[0].spec.containers[0].resources}'"
        ),
        "{\"limits\":{\"cpu\":\"500m\"},\"requests\":{\"cpu\":\"100m\"}}"
    );
    assert_eq!(
        ok(
            &mut s,
            "kubectl get pods -o jsonpath='{.items[0].metadata.annotations}'"
        ),
        "{\"kubernetes.io/limit-ranger\":\"LimitRanger plugin set: cpu request for container shop; cpu limit for container shop\"}"
    );
    s.apply(
        "big.yaml",
        &deployment(
            "big",
            1,
            "        resources:\n          limits: {cpu: \"2\"}\n",
        ),
    );
    after(&mut s, 5);
    has(
        &ok(
            &mut s,
            "kubectl get deployment big -o jsonpath='{.status.conditions}'",
        ),
        "is forbidden: [maximum cpu usage per Container is 1, but limit is 2]"
            .replace(['[', ']'], "")
            .as_str(),
    );
    let ran = s.run("kubectl run small --image=x --overrides='{\"spec\":{\"containers\":[{\"name\":\"small\",\"image\":\"x\",\"resources\":{\"requests\":{\"cpu\":\"10m\"}}}]}}'");
    has(
        &ran.stderr,
        "pods \"small\" is forbidden: minimum cpu usage per Container is 50m, but request is 10m",
    );
    let claim = s.apply(
        "claim.yaml",
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 6Gi}}\n",
    );
    has(
        &claim.stderr,
        "persistentvolumeclaims \"data\" is forbidden: maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi",
    );
}

#[test]
fn a_quota_counts_up_and_down_with_its_objects() {
    let mut s = session(None);
    ok(
        &mut s,
        "kubectl create quota q --hard=pods=10,requests.cpu=2,services=3",
    );
    // The Service `kubernetes` counts as well.
    let used = |s: &mut Session| {
        ok(
            s,
            "kubectl get resourcequota q -o jsonpath='{.status.used}'",
        )
    };
    assert_eq!(
        used(&mut s),
        "{\"pods\":\"0\",\"requests.cpu\":\"0\",\"services\":\"1\"}"
    );
    s.apply(
        "web.yaml",
        &deployment(
            "web",
            4,
            "        resources:\n          requests: {cpu: 250m}\n",
        ),
    );
    s.apply("shop.yaml", &service("{app: shop}"));
    after(&mut s, 30);
    assert_eq!(
        used(&mut s),
        "{\"pods\":\"4\",\"requests.cpu\":\"1\",\"services\":\"2\"}"
    );
    ok(&mut s, "kubectl scale deployment/web --replicas=1");
    after(&mut s, 40);
    assert_eq!(
        used(&mut s),
        "{\"pods\":\"1\",\"requests.cpu\":\"250m\",\"services\":\"2\"}"
    );
    ok(&mut s, "kubectl delete service shop");
    assert_eq!(
        used(&mut s),
        "{\"pods\":\"1\",\"requests.cpu\":\"250m\",\"services\":\"1\"}"
    );
    assert!(
        ok(&mut s, "kubectl get services --no-headers")
            .lines()
            .count()
            == 1
    );
    ok(&mut s, "kubectl delete deployment web");
    after(&mut s, 40);
    assert_eq!(
        used(&mut s),
        "{\"pods\":\"0\",\"requests.cpu\":\"0\",\"services\":\"1\"}"
    );
}
