//! Requests while a rollout runs: who answers, what fails and why, the same however it is looked at.

use rollout_api::{Kind, ObjectKey};
use rollout_engine::SimTime;
use rollout_engine::traffic::{Cause, Outcome, Tally};
use rollout_session::{Session, Start, share};
use rollout_view::{PageInput, page_view};

/// Four pods behind a Service. `pod`: more lines of the pod's spec, `container`: of the container.
fn manifest(strategy: &str, pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 4
  selector:
    matchLabels: {{app: web}}
{strategy}  template:
    metadata:
      labels: {{app: web}}
    spec:
{pod}      containers:
      - name: web
        image: web:v1
        ports: [{{containerPort: 8080}}]
{container}---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {{app: web}}
  ports: [{{port: 80, targetPort: 8080}}]
"
    )
}

const PROBE: &str = "        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2}\n";
const HOOK: &str = "        lifecycle: {preStop: {exec: {command: [sleep, \"10\"]}}}\n";
const RECREATE: &str = "  strategy: {type: Recreate}\n";

fn service() -> ObjectKey {
    ObjectKey::new(Kind::SERVICE, "default", "web")
}

fn open(manifest: &str, lines: &[&str]) -> Session {
    let mut session = Session::new(Start {
        manifest: Some(manifest.to_owned()),
        ..Start::default()
    });
    for line in lines {
        let ran = session.run(line);
        assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    }
    session
}

/// 20 requests per second, then the update to v2, then some time.
fn updated(manifest: &str, seconds: u64) -> Session {
    let mut session = open(manifest, &["traffic service/web 20/s"]);
    session.play_to(2_000);
    session.run("kubectl set image deployment/web web=web:v2");
    session.play_to(seconds * 1000);
    session
}

fn total(session: &Session) -> Tally {
    session.requests_so_far(&service())
}

#[test]
fn a_hook_lets_requests_finish_and_a_short_grace_takes_that_away() {
    let without = total(&updated(&manifest("", "", PROBE), 60));
    assert!(without.failed() > 0);
    assert_eq!(without.failed(), without.failed_by(Cause::Stopped));
    let hook = format!("{PROBE}{HOOK}");
    let with = total(&updated(&manifest("", "", &hook), 60));
    assert_eq!(with.failed(), 0, "{with:?}");
    assert_eq!(with.total(), without.total());
    let grace = "      terminationGracePeriodSeconds: 5\n";
    let session = updated(&manifest("", grace, &hook), 60);
    let short = total(&session);
    assert_eq!(
        short.failed(),
        4,
        "one broken connection per pod: {short:?}"
    );
    assert_eq!(short.failed(), short.failed_by(Cause::Killed));
    // The failing requests belong to pods of the old version, which were terminating.
    let now = session.engine_time(session.at());
    let failed = session
        .traffic()
        .requests(&service(), SimTime::ZERO, now, now, 10_000);
    for request in failed {
        if let (Outcome::Failed(_), Some(id)) = (request.outcome, request.server) {
            let server = session.traffic().server(id).expect("it was sent somewhere");
            let end = server.runs[0].end.expect("it has ended");
            assert!(end.broken && request.at >= end.at && request.at.since(end.at).0 < 1_000);
        }
    }
}

#[test]
fn a_probe_keeps_requests_from_a_version_that_is_never_ready() {
    let run = |container: &str| {
        let text = manifest("", "", container);
        let mut session = open(
            &text,
            &["traffic service/web 20/s", "image web:v2 never-ready"],
        );
        session.play_to(1_000);
        session.run("kubectl set image deployment/web web=web:v2");
        session.play_to(120_000);
        let now = session.engine_time(session.at());
        let last = SimTime(now.0 - 10_000);
        let tally = session.traffic().tally(&service(), last, now, now);
        (tally, total(&session))
    };
    let (last, _) = run("");
    assert_eq!(
        last.failed(),
        last.total(),
        "without a gate everything fails"
    );
    assert_eq!(last.failed(), last.failed_by(Cause::Unhealthy));
    let (last, all) = run(PROBE);
    assert_eq!(last.failed(), 0);
    assert_eq!(all.failed_by(Cause::Unhealthy), 0);
}

#[test]
fn recreate_has_nobody_for_a_while() {
    let tally = total(&updated(&manifest(RECREATE, "", PROBE), 60));
    assert!(tally.failed_by(Cause::NoEndpoint) > 20, "{tally:?}");
    assert_eq!(
        tally.failed(),
        tally.failed_by(Cause::NoEndpoint) + tally.failed_by(Cause::Stopped)
    );
}

#[test]
fn a_slow_start_without_a_probe_refuses() {
    let run = |container: &str| {
        let mut session = open(
            &manifest("", "", container),
            &[
                "traffic service/web 20/s",
                "image web:v2 slow-start ready=10",
            ],
        );
        session.run("kubectl set image deployment/web web=web:v2");
        session.play_to(60_000);
        total(&session)
    };
    assert!(run("").failed_by(Cause::Starting) > 50);
    assert_eq!(run(PROBE).failed_by(Cause::Starting), 0);
}

#[test]
fn the_first_request_comes_at_ready_not_at_available() {
    let strategy = "  minReadySeconds: 20\n";
    let session = updated(&manifest(strategy, "", PROBE), 120);
    let now = session.engine_time(session.at());
    let all = session
        .traffic()
        .requests(&service(), SimTime::ZERO, now, now, 10_000);
    let new = |id: u32| {
        let server = session.traffic().server(id).expect("known");
        session
            .traffic()
            .version(server.version)
            .is_some_and(|v| v.image.as_str() == "web:v2")
    };
    let first = all
        .iter()
        .find(|r| r.server.is_some_and(new))
        .expect("the new version answers");
    let server = session.traffic().server(first.server.unwrap()).unwrap();
    let since_start = first.at.since(server.runs[0].started).0;
    assert!(since_start < 6_000, "{since_start} ms after the start");
}

/// Errors, slow answers, slow pulls, schemas: what the image does is what the clients see.
#[test]
fn behaviours_are_seen_by_clients() {
    let after = |line: &str, more: &str| {
        let mut session = open(&manifest("", "", ""), &["traffic service/web 20/s", line]);
        if !more.is_empty() {
            session.run(more);
        }
        session.play_to(100_000);
        total(&session)
    };
    let good = after("image web:v1 good", "");
    assert_eq!((good.failed(), good.total()), (0, 2_000));
    assert!(good.percentile(95).unwrap().0 < 50);
    let errors = after("image web:v1 errors percent=20", "");
    assert_eq!(errors.failed_by(Cause::Error), 400, "exactly the share");
    assert_eq!(errors.availability(), 80_000);
    assert_eq!(errors.budget_burnt(99_900), 20_000);
    let slow = after("image web:v1 slow-answers latency=2", "");
    assert!(slow.percentile(50).unwrap().0 >= 2_000);
    assert_eq!(slow.waiting, 40, "two seconds of requests are under way");
    let patient = after(
        "image web:v1 slow-answers latency=2",
        "traffic service/web 20/s timeout=1s",
    );
    assert!(patient.failed_by(Cause::Timeout) > 1_900);
    let schema = after("image web:v1 needs-schema schema=2", "");
    assert_eq!(schema.failed_by(Cause::Schema), 2_000);
    let port = after("image web:v1 wrong-port", "");
    assert_eq!(port.failed_by(Cause::WrongPort), 2_000);
    let served = after("image web:v1 serves port=8080,9000 path=/x", "");
    assert_eq!(
        served.failed(),
        0,
        "clients ask for / at the port it serves"
    );
    let served = after("image web:v1 serves port=9000", "");
    assert_eq!(served.failed_by(Cause::WrongPort), 2_000);
    let one = after("image web:v1 errors percent=100 pod=3", "");
    assert_eq!(one.failed(), 500, "a quarter: one of four pods");
    let late = after("image web:v1 errors percent=100 from=50", "");
    assert_eq!(late.failed(), 1_000, "the second half");
}

#[test]
fn a_canary_gets_its_share() {
    let text = manifest("", "", PROBE).replace("replicas: 4", "replicas: 3");
    let canary = "apiVersion: apps/v1
kind: Deployment
metadata: {name: canary}
spec:
  replicas: 1
  selector: {matchLabels: {app: web, track: canary}}
  template:
    metadata: {labels: {app: web, track: canary}}
    spec:
      containers: [{name: web, image: 'web:v2'}]
---
";
    let session = {
        let mut s = open(&format!("{canary}{text}"), &["traffic service/web 20/s"]);
        s.play_to(100_000);
        s
    };
    let tally = total(&session);
    let of = |image: &str| -> u64 {
        let traffic = session.traffic();
        tally
            .parts
            .iter()
            .filter(|p| {
                p.version
                    .and_then(|v| traffic.version(v))
                    .is_some_and(|v| v.image.as_str() == image)
            })
            .map(|p| p.count)
            .sum()
    };
    assert_eq!((of("web:v1"), of("web:v2")), (1_500, 500));
}

/// Counting by intervals equals counting one by one, for any cut of the time, and for any moment of looking.
#[test]
fn the_sum_of_the_parts_is_the_whole() {
    for (line, rule) in [
        ("traffic service/web 37/s", "image web:v2 errors percent=7"),
        (
            "traffic service/web 3/s mode=random",
            "image web:v2 flapping up=3 down=1500ms",
        ),
        (
            "traffic service/web 11/s timeout=1500ms",
            "image web:v2 slow-answers latency=1200ms",
        ),
        ("traffic service/web 50/s", "image web:v2 crash after=4"),
        ("traffic service/web 25/s", "image web:v1 ignores-stop"),
    ] {
        let grace = "      terminationGracePeriodSeconds: 7\n";
        let mut session = open(&manifest("", grace, ""), &[line, rule]);
        session.play_to(1_500);
        session.run("kubectl set image deployment/web web=web:v2");
        session.play_to(30_000);
        session.run("kubectl rollout undo deployment/web");
        session.play_to(61_234);
        let traffic = session.traffic();
        let end = session.engine_time(session.at());
        let begin = session.engine_time(0);
        for now in [end, SimTime(begin.0 + 12_345), SimTime(begin.0 + 31_777)] {
            let whole = traffic.total(&service(), now);
            let one_by_one = traffic.requests(&service(), SimTime::ZERO, now, now, 100_000);
            let ok = |o: &Outcome| matches!(o, Outcome::Ok { .. });
            let count = |f: &dyn Fn(&Outcome) -> bool| {
                one_by_one.iter().filter(|r| f(&r.outcome)).count() as u64
            };
            assert_eq!(whole.ok(), count(&ok), "{rule}");
            assert_eq!(whole.waiting, count(&|o| *o == Outcome::Waiting), "{rule}");
            for cause in Cause::ALL {
                let n = count(&|o| *o == Outcome::Failed(cause));
                assert_eq!(whole.failed_by(cause), n, "{rule}: {cause:?}");
            }
            let mut parts = 0;
            let mut at = begin;
            while at < now {
                let to = SimTime(at.0 + 777).min(now);
                let part = traffic.tally(&service(), at, to, now);
                parts += part.total() + part.waiting;
                at = to;
            }
            assert_eq!(parts, whole.total() + whole.waiting, "{rule}");
        }
    }
}

/// Stepping back, another chunking of time, and a link give the same numbers.
#[test]
fn the_same_however_it_is_reached() {
    let text = manifest("", "", "");
    let session = updated(&text, 40);
    let wanted = total(&session);
    let at_twenty = |s: &Session| {
        let now = s.engine_time(20_000);
        s.traffic().total(&service(), now)
    };
    let early = at_twenty(&session);
    // In small parts.
    let mut small = open(&text, &["traffic service/web 20/s"]);
    small.play_to(2_000);
    small.run("kubectl set image deployment/web web=web:v2");
    for at in (2_000..=40_000).step_by(170) {
        small.play_to(at);
    }
    small.play_to(40_000);
    assert_eq!(total(&small), wanted);
    // Back and forth.
    while small.back() {}
    assert_eq!(total(&small).total(), 0, "before the first request");
    small.seek_time(20_000);
    assert_eq!(total(&small), early);
    small.seek_time(40_000);
    assert_eq!(total(&small), wanted);
    // By a link.
    let link = share::encode(&session.shared(None), share::Packing::Deflate);
    let opened = Session::open(&share::decode(&link).unwrap()).unwrap();
    assert_eq!(total(&opened), wanted);
    assert!(opened.export_state() == session.export_state());
    // Traffic changes nothing in the cluster.
    let mut quiet = open(&text, &[]);
    quiet.play_to(2_000);
    quiet.run("kubectl set image deployment/web web=web:v2");
    quiet.play_to(40_000);
    let pods = |s: &Session| {
        s.store()
            .list(Kind::POD)
            .map(|p| p.value.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(pods(&quiet), pods(&session));
}

#[test]
fn the_console_tells_and_refuses() {
    let mut session = open(&manifest("", "", PROBE), &[]);
    assert!(session.run("traffic").stdout.starts_with("no traffic"));
    let ran = session.run("traffic service/nobody 20/s");
    assert_eq!(
        (ran.exit, ran.stderr.as_str()),
        (
            Some(1),
            "Error from server (NotFound): services \"nobody\" not found\n"
        )
    );
    assert_eq!(session.steps().len(), 0, "nothing was changed");
    session.run("traffic deployment/web 20/s");
    session.play_to(10_000);
    session.run("traffic deployment/web off");
    session.play_to(20_000);
    let told = session.run("traffic").stdout;
    assert!(
        told.contains("deployment/web  off\n  200 requests: 200 answered, 0 failed\n"),
        "{told}"
    );
    assert!(
        told.contains("availability 100%, 0% of the error budget burnt"),
        "{told}"
    );
}

/// 100 requests per second for ten minutes, four times: counted in no time.
#[test]
fn a_long_stream_costs_nothing() {
    let mut session = updated(&manifest("", "", PROBE), 60);
    session.run("traffic service/web 100/s");
    session.play_to(660_000);
    let began = std::time::Instant::now();
    for _ in 0..4 {
        assert!(total(&session).total() > 60_000);
    }
    let took = began.elapsed().as_micros();
    eprintln!("4 totals of 61 200 requests: {took} µs");
    assert!(took < 50_000, "{took} µs");
}

/// A Service that sends requests to a port on which nothing listens: refused, until its port is mended.
#[test]
fn a_target_port_on_which_nothing_listens() {
    let text = manifest("", "", "")
        .replace("{containerPort: 8080}", "{containerPort: 8080, name: http}")
        .replace("targetPort: 8080", "targetPort: 80");
    let mut session = open(&text, &["traffic service/web 20/s"]);
    session.play_to(50_000);
    let before = total(&session);
    assert_eq!(
        before.failed_by(Cause::WrongPort),
        before.total(),
        "port 80"
    );
    let patch = |to: &str| {
        format!(
            "kubectl patch service web -p '{{\"spec\":{{\"ports\":[{{\"port\":80,\"targetPort\":{to}}}]}}}}'"
        )
    };
    for (to, good) in [("8080", true), ("8081", false), ("\"http\"", true)] {
        let ran = session.run(&patch(to));
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        // The clients hear of it after 1.5 s.
        let from = session.at() + 2_000;
        session.play_to(from + 10_000);
        let (from, now) = (session.engine_time(from), session.engine_time(session.at()));
        let tally = session.traffic().tally(&service(), from, now, now);
        let refused = tally.failed_by(Cause::WrongPort);
        assert_eq!(refused, if good { 0 } else { tally.total() }, "{to}");
        assert_eq!(tally.total(), 200, "{to}");
    }
}

#[test]
fn what_is_counted_once_is_what_counting_again_gives() {
    let grace = "      terminationGracePeriodSeconds: 5\n";
    let text = manifest("", grace, &format!("{PROBE}{HOOK}"));
    let make = || {
        let mut session = open(
            &text,
            &["image web:v2 errors percent=20", "traffic service/web 20/s"],
        );
        for (k, image) in ["v2", "v3", "v2"].into_iter().enumerate() {
            session.play_to(2_000 + k as u64 * 90_000);
            session.run(&format!("kubectl set image deployment/web web=web:{image}"));
        }
        session.play_to(280_000);
        session
    };
    let mut warm = make();
    let shown = |session: &Session| {
        let input = PageInput {
            text: "",
            focus: None,
        };
        page_view(session, &input)
            .traffic
            .expect("there is traffic")
    };
    for at in [
        280_000, 40_000, 93_000, 92_000, 250_500, 1_000, 95_000, 190_123, 280_000,
    ] {
        warm.seek_time(at);
        let view = shown(&warm);
        let tally = total(&warm);
        assert_eq!((view.ok, view.failed), (tally.ok(), tally.failed()), "{at}");
        let mut fresh = make();
        fresh.seek_time(at);
        assert_eq!(view, shown(&fresh), "{at}");
    }
    assert!(shown(&warm).failed > 0 && shown(&warm).per_mark > 1);
}
