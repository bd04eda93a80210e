//! The HorizontalPodAutoscaler on a load curve: sizes, times, conditions and events, with and without metrics.
#![allow(clippy::unwrap_used, reason = "a test")]

use rollout_api::Minor;
use rollout_session::{Session, Start};

const WEB: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:v1
        resources:
          requests: {cpu: 100m}
"#;

const HPA: &str = r#"apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 10
  metrics:
  - type: Resource
    resource:
      name: cpu
      target: {type: Utilization, averageUtilization: 50}
"#;

fn session(version: u8) -> Session {
    let mut s = Session::new(Start {
        version: Minor(version),
        ..Start::default()
    });
    s.apply("web.yaml", WEB);
    s.play_to(60_000);
    s
}

fn ok(s: &mut Session, line: &str) -> String {
    let ran = s.run(line);
    assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    s.settle();
    ran.stdout
}

fn after(s: &mut Session, seconds: u64) {
    let at = s.at() + seconds * 1000;
    s.play_to(at);
}

fn replicas(s: &mut Session) -> String {
    ok(s, "kubectl get deployment web -o jsonpath={.spec.replicas}")
}

#[test]
fn without_metrics_it_says_so_and_changes_nothing() {
    let mut s = session(36);
    s.apply("hpa.yaml", HPA);
    after(&mut s, 14);
    assert_eq!(
        ok(
            &mut s,
            "kubectl get hpa web -o jsonpath={.status.conditions}"
        ),
        "",
        "the first look is after 15 s"
    );
    after(&mut s, 2);
    let text = ok(&mut s, "kubectl describe hpa web");
    for line in [
        "resource cpu on pods  (as a percentage of request):  <unknown> / 50%",
        "Deployment pods:                                       3 current / 0 desired",
        "AbleToScale    True    SucceededGetScale        the HPA controller was able to get the target's current scale",
        "ScalingActive  False   FailedGetResourceMetric  the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
        "Warning  FailedGetResourceMetric       1s    horizontal-pod-autoscaler  failed to get cpu utilization: unable to get metrics for resource cpu:",
        "Warning  FailedComputeMetricsReplicas  1s    horizontal-pod-autoscaler  invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics",
    ] {
        assert!(text.contains(line), "{line}\n--- in\n{text}");
    }
    assert_eq!(replicas(&mut s), "3");
    assert_eq!(
        ok(
            &mut s,
            "kubectl get hpa web -o jsonpath={.status.currentMetrics}"
        ),
        r#"[{"type":""}]"#,
        "a metric that is not there has an empty place"
    );
    let ran = s.run("kubectl top pods");
    assert_eq!(ran.stderr, "error: Metrics API not available\n");
}

#[test]
fn load_moves_the_size_up_at_once_and_down_after_five_minutes() {
    let mut s = session(36);
    ok(&mut s, "load deployment/web cpu=150m");
    s.apply("hpa.yaml", HPA);
    after(&mut s, 60);
    assert_eq!(
        ok(&mut s, "kubectl get hpa")
            .lines()
            .nth(1)
            .unwrap()
            .split_whitespace()
            .take(7)
            .collect::<Vec<_>>(),
        ["web", "Deployment/web", "cpu:", "50%/50%", "2", "10", "3"]
    );
    // Six pods at 50 %: twice the size, which the scale-up limit (the larger of 4 and double) allows.
    ok(&mut s, "load deployment/web cpu=300m");
    after(&mut s, 31);
    assert_eq!(replicas(&mut s), "6");
    let events = ok(&mut s, "kubectl describe hpa web");
    assert!(
        events.contains(
            "New size: 6; reason: cpu resource utilization (percentage of request) above target"
        ),
        "{events}"
    );
    after(&mut s, 60);
    let text = ok(&mut s, "kubectl describe hpa web");
    for line in [
        "ScalingActive   True    ValidMetricFound    the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
        "ScalingLimited  False   DesiredWithinRange  the desired count is within the acceptable range",
    ] {
        assert!(text.contains(line), "{line}\n--- in\n{text}");
    }
    // Far more than ten pods are asked for: maxReplicas holds.
    ok(&mut s, "load deployment/web cpu=3");
    after(&mut s, 120);
    assert_eq!(replicas(&mut s), "10");
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(
        text.contains("ScalingLimited  True    TooManyReplicas   the desired replica count is more than the maximum replica count"),
        "{text}"
    );
    // Down only when the last high recommendation is five minutes old.
    ok(&mut s, "load deployment/web cpu=150m");
    after(&mut s, 240);
    assert_eq!(replicas(&mut s), "10");
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(text.contains("ScaleDownStabilized"), "{text}");
    after(&mut s, 120);
    assert_eq!(replicas(&mut s), "3");
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(
        text.contains("New size: 3; reason: All metrics below target"),
        "{text}"
    );
}

#[test]
fn applying_a_manifest_with_replicas_takes_the_size_back() {
    let mut s = session(36);
    ok(&mut s, "load deployment/web cpu=400m");
    s.apply("hpa.yaml", HPA);
    after(&mut s, 120);
    assert_eq!(replicas(&mut s), "8");
    s.apply("web.yaml", &WEB.replace("web:v1", "web:v2"));
    s.settle();
    assert_eq!(
        replicas(&mut s),
        "3",
        "one owner per field: the manifest has won"
    );
    after(&mut s, 180);
    assert_eq!(replicas(&mut s), "8", "and the autoscaler brings it back");
}

#[test]
fn bounds_and_zero_need_no_metric() {
    let mut s = session(36);
    s.apply("hpa.yaml", &HPA.replace("minReplicas: 2", "minReplicas: 5"));
    after(&mut s, 16);
    assert_eq!(replicas(&mut s), "5");
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(
        text.contains("New size: 5; reason: Current number of replicas below Spec.MinReplicas"),
        "{text}"
    );
    ok(&mut s, "kubectl scale deployment/web --replicas=0");
    after(&mut s, 30);
    assert_eq!(replicas(&mut s), "0");
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(text.contains("ScalingDisabled"), "{text}");
    assert!(
        text.contains("scaling is disabled since the replica count of the target is zero"),
        "{text}"
    );
}

#[test]
fn a_missing_request_is_named() {
    let mut s = Session::new(Start::default());
    s.apply(
        "web.yaml",
        &WEB.replace("        resources:\n          requests: {cpu: 100m}\n", ""),
    );
    s.play_to(60_000);
    ok(&mut s, "load deployment/web cpu=400m");
    s.apply("hpa.yaml", HPA);
    after(&mut s, 16);
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(
        text.contains(
            "failed to get cpu utilization: missing request for cpu in container web of Pod web-"
        ),
        "{text}"
    );
    assert_eq!(replicas(&mut s), "3");
}

#[test]
fn policies_and_windows_of_behavior_count() {
    let slow = format!(
        "{HPA}  behavior:\n    scaleUp:\n      policies:\n      - {{type: Pods, value: 1, periodSeconds: 60}}\n    scaleDown:\n      stabilizationWindowSeconds: 0\n      policies:\n      - {{type: Pods, value: 2, periodSeconds: 60}}\n"
    );
    let mut s = session(36);
    ok(&mut s, "load deployment/web cpu=500m");
    s.apply("hpa.yaml", &slow);
    after(&mut s, 16);
    assert_eq!(replicas(&mut s), "4");
    after(&mut s, 45);
    assert_eq!(replicas(&mut s), "4", "one pod in 60 s");
    after(&mut s, 15);
    assert_eq!(replicas(&mut s), "5");
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(text.contains("ScaleUpLimit"), "{text}");
    assert!(
        text.contains(
            "\nBehavior:\n  Scale Up:\n    Stabilization Window: 0 seconds\n    Select Policy: Max\n    Policies:\n      - Type: Pods  Value: 1  Period: 60 seconds\n  Scale Down:\n"
        ),
        "{text}"
    );
    ok(&mut s, "load deployment/web cpu=100m");
    after(&mut s, 31);
    assert_eq!(
        replicas(&mut s),
        "2",
        "the size a period ago was 4: two fewer"
    );
}

#[test]
fn a_curve_moves_by_itself_and_the_cluster_rests_between_its_points() {
    let mut s = session(36);
    s.apply("hpa.yaml", HPA);
    ok(&mut s, "load deployment/web cpu=150m@0 400m@20m");
    after(&mut s, 600);
    let steps = s.steps().len();
    after(&mut s, 500);
    let quiet = s.steps()[steps..]
        .iter()
        .filter(|t| {
            !matches!(
                t.record.cause,
                rollout_engine::Cause::Event(rollout_engine::SimEvent::ExpireEvents)
            )
        })
        .count();
    assert_eq!(quiet, 0, "nothing moves while the load stands still");
    after(&mut s, 140);
    assert_eq!(replicas(&mut s), "8");
    assert_eq!(
        ok(&mut s, "load"),
        "load deployment/web cpu=150m@0s 400m@20m\n"
    );
}

#[test]
fn two_autoscalers_of_one_deployment_stop_each_other() {
    let mut s = session(36);
    ok(&mut s, "load deployment/web cpu=400m");
    s.apply("hpa.yaml", HPA);
    s.apply("two.yaml", &HPA.replacen("name: web", "name: web-two", 1));
    after(&mut s, 16);
    let text = ok(&mut s, "kubectl describe hpa web");
    assert!(text.contains("pods by selector app=web are controlled by multiple HPAs: [{web default} {web-two default}]"), "{text}");
    assert_eq!(replicas(&mut s), "3");
}

#[test]
fn top_shows_what_the_load_is() {
    let mut s = session(36);
    ok(&mut s, "load deployment/web cpu=300m memory=64Mi");
    after(&mut s, 30);
    let text = ok(&mut s, "kubectl top pods --sum");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    );
    assert!(lines[0].ends_with("MEMORY(bytes)   "));
    for line in &lines[1..4] {
        assert!(line.ends_with("100m         64Mi            "), "{line:?}");
    }
    assert!(
        lines[4].trim_end().ends_with("________     ________"),
        "{text}"
    );
    assert!(
        lines[5].trim_end().ends_with("300m         192Mi"),
        "{text}"
    );
    let text = ok(&mut s, "kubectl top nodes");
    assert!(text.starts_with("NAME     CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   \nnode-1   160m         4%       484Mi           5%          \n"), "{text}");
    ok(&mut s, "load off");
    assert_eq!(
        s.run("kubectl top nodes").stderr,
        "error: Metrics API not available\n"
    );
}

#[test]
fn bad_load_lines_are_refused() {
    let mut s = session(36);
    for (line, error) in [
        (
            "load web cpu=1",
            "error: \"web\" is no deployment/NAME: load falls on Deployments\n",
        ),
        (
            "load deployment/no cpu=1",
            "error: deployments.apps \"no\" not found\n",
        ),
        (
            "load deployment/web cpu=x",
            "error: cannot read \"cpu=x\"; a point is an amount and a time, as cpu=300m@0 900m@60s\n",
        ),
        (
            "load deployment/web cpu=1@60s 2@30s",
            "error: \"2@30s\" is before the point in front of it\n",
        ),
        (
            "load deployment/web cpu=-1",
            "error: cannot read \"cpu=-1\"; a point is an amount and a time, as cpu=300m@0 900m@60s\n",
        ),
    ] {
        let ran = s.run(line);
        assert_eq!((ran.stderr.as_str(), ran.exit), (error, Some(1)), "{line}");
    }
}

#[test]
fn numbers_come_out_as_doubles_would() {
    use rollout_engine::controllers::podautoscaler::double::Double;
    // Every percentage against every target, times every count: as Go computes it.
    for measured in (0..400).step_by(7).chain([55, 110, 33, 999, 1_000_003]) {
        for target in [
            1i64, 3, 10, 30, 50, 60, 70, 80, 90, 95, 100, 150, 250, 999_983,
        ] {
            for pods in [
                1i64, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 25, 49, 100, 1000, 9999,
            ] {
                let real = (measured as f64 / target as f64 * pods as f64).ceil() as i64;
                let ours = Double::ratio(measured, target).times(pods).ceil();
                assert_eq!(ours, real, "{measured} ÷ {target} × {pods}");
            }
        }
    }
    for percent in 0..=300i64 {
        for pods in 1..=120i64 {
            let up = (pods as f64 * (1.0 + percent as f64 / 100.0)).ceil() as i64;
            let ours = Double::ratio(percent, 100).one_plus().times(pods).ceil();
            assert_eq!(ours, up, "{pods} + {percent}%");
            let down = ((pods as f64 * (1.0 - percent as f64 / 100.0)) as i64).max(0);
            let ours = Double::ratio(percent, 100).one_minus().times(pods).floor();
            assert_eq!(ours, down, "{pods} − {percent}%");
        }
    }
}

/// When the size was changed by somebody but the console.
fn resized(s: &Session, from: usize) -> Vec<u64> {
    let size = |o: &Option<std::rc::Rc<rollout_api::views::Object>>| {
        o.as_ref().and_then(|o| o.value.int_at("spec.replicas"))
    };
    s.steps()[from..]
        .iter()
        .filter(|t| {
            t.record.changes.iter().any(|c| {
                c.key.kind == rollout_api::Kind::DEPLOYMENT && size(&c.before) != size(&c.after)
            })
        })
        .map(|t| t.record.at.0)
        .collect()
}

#[test]
fn it_looks_every_fifteen_seconds_even_after_a_rest() {
    let mut s = session(36);
    s.apply("hpa.yaml", HPA);
    let begin = s.at();
    ok(&mut s, "load deployment/web cpu=150m@0 400m@613s");
    let from = s.steps().len();
    after(&mut s, 700);
    let at = resized(&s, from);
    assert!(!at.is_empty());
    for at in at {
        assert_eq!((at - begin) % 15_000, 0, "{at}");
        assert!(at - begin > 613_000);
    }
}

#[test]
fn conditions_keep_the_time_of_their_change_and_averages_their_unit() {
    let mut s = session(36);
    ok(&mut s, "load deployment/web cpu=150m");
    s.apply(
        "hpa.yaml",
        &HPA.replace(
            "{type: Utilization, averageUtilization: 50}",
            "{type: AverageValue, averageValue: 50m}",
        ),
    );
    let times = |s: &mut Session| {
        ok(
            s,
            "kubectl get hpa web -o jsonpath={.status.conditions[*].lastTransitionTime}",
        )
    };
    after(&mut s, 40);
    let first = times(&mut s);
    assert_eq!(first.split(' ').count(), 3, "{first}");
    ok(&mut s, "load deployment/web cpu=300m");
    after(&mut s, 100);
    assert_eq!(times(&mut s), first, "the states are the same");
    assert_eq!(
        ok(
            &mut s,
            "kubectl get hpa web -o jsonpath={.status.currentMetrics[0].resource.current.averageValue}"
        ),
        "50m"
    );
}

/// Three pods that are ready, and others that are not yet.
fn slow() -> Session {
    let mut s = Session::new(Start {
        version: Minor(36),
        ..Start::default()
    });
    let probed = WEB.replace(
        "        image: web:v1\n",
        "        image: web:v1\n        readinessProbe: {httpGet: {port: 8080}, initialDelaySeconds: 100}\n",
    );
    s.apply("web.yaml", &probed);
    s.play_to(420_000);
    s
}

/// Pods that are not ready count as idle when the size would grow.
#[test]
fn pods_on_their_way_hold_the_growth() {
    let mut s = slow();
    ok(&mut s, "load deployment/web cpu=300m");
    s.apply("hpa.yaml", HPA);
    after(&mut s, 40);
    assert_eq!(replicas(&mut s), "6");
    ok(&mut s, "load deployment/web cpu=330m");
    after(&mut s, 50);
    assert_eq!(
        replicas(&mut s),
        "6",
        "330m of six pods are 55 %, within the tolerance"
    );
}

/// Those that are ready have too much to do, with the others counted they have too little: nothing is done.
#[test]
fn a_measure_that_turns_around_changes_nothing() {
    let mut s = slow();
    ok(&mut s, "load deployment/web cpu=180m");
    ok(&mut s, "kubectl scale deployment web --replicas=8");
    let calm = format!("{HPA}  behavior: {{scaleDown: {{stabilizationWindowSeconds: 0}}}}\n");
    s.apply("hpa.yaml", &calm);
    after(&mut s, 60);
    assert_eq!(replicas(&mut s), "8");
    after(&mut s, 120);
    assert_eq!(replicas(&mut s), "4", "all are ready: 22 %");
}
