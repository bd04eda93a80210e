//! Rules of the node side against rows of Kubernetes' own unit tests.
#![allow(clippy::unwrap_used, reason = "a row that lacks a field fails")]

use rollout_api::{Minor, Value};
use rollout_engine::autoscaling::convert_desired_replicas_with_rules;
use rollout_engine::events::{Correlator, EventObject, Incoming};
use rollout_engine::kubelet::backoff::{Backoff, BackoffEntry};
use rollout_engine::kubelet::container_status::{
    ApiState, Context, Previous, Run, convert_to_api_container_status,
};
use rollout_engine::kubelet::image_manager::{
    PullDecision, PullPolicy, PullThrottle, ensure_image_exists, eval_cri_pull_err,
};
use rollout_engine::kubelet::pod_actions::{
    ActionContainer, KillReason, Sandbox, compute_pod_actions,
};
use rollout_engine::kubelet::prober::{ProbeKind, ProbeResult, ProbeSpec, Seen, Tick, Worker};
use rollout_engine::kubelet::status::{
    Phase3, PhaseContainer, RestartPolicy, generate_containers_ready_condition,
    generate_pod_ready_condition, get_phase, is_pod_phase_terminal,
};
use rollout_tests::vectors;

/// Runs every row of a table; `row` gives (what is, what should be) per asserted value.
fn rows(table: &str, row: impl Fn(&Value, &Value) -> Vec<(String, String)>) {
    assert!(vectors::NODE.contains(&table), "{table} is not listed");
    let failures = vectors::run(table, &|given, expect| {
        let bad = row(given, expect)
            .into_iter()
            .find(|(got, want)| got != want);
        bad.map_or(Ok(()), |(got, want)| {
            Err(format!("{got} instead of {want}"))
        })
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn same<T: std::fmt::Debug>(got: T, want: T) -> (String, String) {
    (format!("{got:?}"), format!("{want:?}"))
}

/// Whole seconds or a number with a fraction, in milliseconds.
fn ms(v: Option<&Value>) -> Option<u64> {
    match v? {
        Value::Int(n) => Some((*n).max(0) as u64 * 1000),
        Value::Number(n) => Some((n.parse::<f64>().ok()? * 1000.0) as u64),
        _ => None,
    }
}

#[test]
fn backoff_growth() {
    rows("backoff_growth", |given, expect| {
        let mut b = Backoff::new(
            ms(given.get("initial")).unwrap(),
            ms(given.get("max")).unwrap(),
        );
        for i in 0..given.int_at("failures").unwrap() as u64 {
            b.next("k", i * 1000, i * 1000);
        }
        vec![same(b.get(&"k"), ms(expect.get("backoff")).unwrap())]
    });
}

#[test]
fn backoff_window() {
    rows("backoff_window", |given, expect| {
        let mut b = Backoff::new(
            ms(given.get("initial")).unwrap(),
            ms(given.get("max")).unwrap(),
        );
        let now = ms(given.get("now")).unwrap();
        if let Some(e) = given.get("entry").filter(|e| !e.is_null()) {
            let entry = BackoffEntry {
                backoff: ms(e.get("backoff")).unwrap(),
                last_update: ms(e.get("lastUpdate")).unwrap(),
            };
            b.set("k", entry);
        }
        let mut out = vec![same(
            Some(b.is_in_back_off_since_update(&"k", now)),
            expect.get("inBackOff").and_then(Value::as_bool),
        )];
        if let Some(after) = expect.get("entryAfterNextFailure").filter(|e| !e.is_null()) {
            b.next("k", now, now);
            let want = BackoffEntry {
                backoff: ms(after.get("backoff")).unwrap(),
                last_update: ms(after.get("lastUpdate")).unwrap(),
            };
            out.push(same(b.entry(&"k"), Some(want)));
        }
        out
    });
}

#[test]
fn backoff_reset() {
    rows("backoff_reset", |given, expect| {
        let max = ms(given.get("max")).unwrap();
        let initial = ms(given.get("initial")).unwrap_or(1000);
        let mut b = Backoff::new(initial, max);
        let last = 1_000_000;
        b.set(
            "k",
            BackoffEntry {
                backoff: ms(given.at("entry.backoff")).unwrap(),
                last_update: last,
            },
        );
        let now = last + ms(given.get("quietSeconds")).unwrap();
        let mut out = Vec::new();
        if let Some(want) = expect
            .get("inBackOffSinceLastFailure")
            .and_then(Value::as_bool)
        {
            out.push(same(b.is_in_back_off_since(&"k", last, now), want));
        }
        if let Some(want) = expect.get("collected").and_then(Value::as_bool) {
            let mut swept = b.clone();
            swept.gc(now);
            out.push(same(swept.entry(&"k").is_none(), want));
        }
        if let Some(want) = ms(expect.get("backoffAfterNextFailure")) {
            b.next("k", now, now);
            out.push(same(b.get(&"k"), want));
        }
        out
    });
}

#[test]
fn kubelet_image_pull() {
    rows("kubelet_image_pull", |given, expect| {
        let image = given.str_at("image");
        let policy = PullPolicy::parse(given.str_at("imagePullPolicy"));
        let second = |key: &str| ms(given.get(key)).unwrap();
        let mut backoff =
            Backoff::new(second("backoffInitialSeconds"), second("backoffMaxSeconds"));
        let number = |key: &str| ms(given.get(key)).map(|n| n / 1000);
        let mut throttle = number("registryQps")
            .and_then(|qps| PullThrottle::new(qps, number("registryBurst").unwrap_or(0)));
        let mut out = Vec::new();
        let wants = expect.list_at("attempts");
        for (at, want) in given.list_at("attemptAtSeconds").iter().zip(wants) {
            let now = ms(Some(at)).unwrap();
            let mut inspected = false;
            let mut pulled = false;
            let error = (|| {
                let name =
                    rollout_api::image::apply_default_tag(image).map_err(|_| "InvalidImageName")?;
                inspected = true;
                let present = if given.get("inspectError").is_some_and(|e| !e.is_null()) {
                    Err(())
                } else {
                    let there = given
                        .list_at("presentImages")
                        .iter()
                        .any(|i| i.as_str() == Some(&name));
                    Ok(there)
                };
                match ensure_image_exists(present, policy, &backoff, &image, now) {
                    PullDecision::Present => Ok(()),
                    PullDecision::Refuse(e) => Err(e.reason()),
                    PullDecision::Pull => {
                        let failure = if throttle.as_mut().is_some_and(|t| !t.try_accept(now)) {
                            Some("pull QPS exceeded")
                        } else {
                            pulled = true;
                            given.get("pullError").and_then(Value::as_str)
                        };
                        match failure {
                            None => Ok(()),
                            Some(text) => {
                                backoff.next(image, now, now);
                                Err(eval_cri_pull_err(image, text).0.reason())
                            }
                        }
                    }
                }
            })();
            out.push(same(
                Some(inspected),
                want.get("inspected").and_then(Value::as_bool),
            ));
            out.push(same(
                Some(pulled),
                want.get("pulled").and_then(Value::as_bool),
            ));
            out.push(same(error.err(), want.get("error").and_then(Value::as_str)));
        }
        out
    });
}

#[test]
fn image_apply_default_tag() {
    rows("image_apply_default_tag", |given, expect| {
        let got = rollout_api::image::apply_default_tag(given.str_at("image")).unwrap_or_default();
        vec![same(got.as_str(), expect.str_at("requested"))]
    });
}

fn kind(text: &str) -> ProbeKind {
    match text {
        "liveness" => ProbeKind::Liveness,
        "readiness" => ProbeKind::Readiness,
        "startup" => ProbeKind::Startup,
        other => panic!("{other}"),
    }
}

fn result(v: Option<&Value>) -> Option<ProbeResult> {
    match v.and_then(Value::as_str)? {
        "Success" => Some(ProbeResult::Success),
        "Failure" => Some(ProbeResult::Failure),
        "Unknown" => Some(ProbeResult::Unknown),
        other => panic!("{other}"),
    }
}

fn spec(given: &Value) -> ProbeSpec {
    ProbeSpec {
        initial_delay: given.int_at("initialDelaySeconds").unwrap_or(0),
        failure_threshold: given.int_at("failureThreshold").unwrap_or(1) as u32,
        success_threshold: given.int_at("successThreshold").unwrap_or(1) as u32,
    }
}

#[test]
fn kubelet_prober_step() {
    rows("kubelet_prober_step", |given, expect| {
        let kind = kind(given.str_at("probe"));
        let mut worker = Worker::new(kind, spec(given));
        let seen = match (
            given.str_at("podPhase"),
            given.get("containerState").and_then(Value::as_str),
        ) {
            ("", _) => Seen::NoStatus,
            ("Failed" | "Succeeded", _) => Seen::PodEnded,
            (_, None | Some("missing")) => Seen::NoContainer,
            (_, Some("waiting")) => Seen::NotRunning {
                id: 1,
                for_good: false,
            },
            (_, Some("terminated")) => Seen::NotRunning {
                id: 1,
                for_good: true,
            },
            (_, Some("running")) => Seen::Running {
                id: 1,
                since_start: 0,
                started: given.bool_at("containerStarted"),
                deleting: given.bool_at("deleting"),
            },
            other => panic!("{other:?}"),
        };
        let tick = worker.tick(seen);
        if tick == Tick::Probe {
            worker.result(result(given.get("handlerResult")).unwrap());
        }
        vec![
            same(
                Some(tick != Tick::Stop),
                expect.get("keepProbing").and_then(Value::as_bool),
            ),
            same(worker.stored(), result(expect.get("storedResult"))),
        ]
    });
}

#[test]
fn kubelet_prober_sequence() {
    rows("kubelet_prober_sequence", |given, expect| {
        let kind = kind(given.str_at("probe"));
        let mut worker = Worker::new(kind, spec(given));
        if let Some(initial) = result(given.get("initialStoredResult")) {
            worker.store(initial);
        }
        let since = given.list_at("secondsSinceContainerStart");
        let restart = given.int_at("newContainerIdBeforeStep");
        let mut id = 1;
        let (mut stored, mut runs, mut holds) = (Vec::new(), Vec::new(), Vec::new());
        for (i, handler) in given.list_at("handlerResults").iter().enumerate() {
            if restart == Some(i as i64) {
                id += 1;
            }
            let seen = Seen::Running {
                id,
                since_start: ms(since.get(i)).unwrap_or(0),
                started: kind != ProbeKind::Startup,
                deleting: false,
            };
            if worker.tick(seen) == Tick::Probe {
                worker.result(result(Some(handler)).unwrap());
            }
            stored.push(worker.stored());
            runs.push(i64::from(worker.result_run()));
            holds.push(worker.on_hold());
        }
        let mut out = Vec::new();
        if !expect.list_at("storedResults").is_empty() {
            let want: Vec<_> = expect
                .list_at("storedResults")
                .iter()
                .map(|v| result(Some(v)))
                .collect();
            out.push(same(stored, want));
        }
        if !expect.list_at("resultRunAfterEach").is_empty() {
            out.push(same(
                runs,
                expect
                    .list_at("resultRunAfterEach")
                    .iter()
                    .filter_map(Value::as_int)
                    .collect(),
            ));
        }
        if !expect.list_at("onHoldAfterEach").is_empty() {
            out.push(same(
                holds,
                expect
                    .list_at("onHoldAfterEach")
                    .iter()
                    .filter_map(Value::as_bool)
                    .collect(),
            ));
        }
        out
    });
}

fn phase_containers(names: &[Value], statuses: &[Value]) -> Vec<PhaseContainer> {
    names
        .iter()
        .map(|n| {
            // A container is a name, or an object for a sidecar.
            let name = n.as_str().unwrap_or_else(|| n.str_at("name"));
            let sidecar = n.str_at("restartPolicy") == "Always" || n.bool_at("sidecar");
            let status = statuses.iter().find(|s| s.str_at("name") == name);
            let state = status.map(|s| match s.str_at("state") {
                "running" => Phase3::Running {
                    started: s.get("started").is_none_or(|v| v.as_bool() != Some(false)),
                },
                "terminated" => Phase3::Terminated {
                    exit: s.int_at("exitCode").unwrap_or(0),
                },
                "waiting" => Phase3::Waiting {
                    last_exit: s.int_at("lastTerminationExitCode"),
                },
                _ => Phase3::Unknown,
            });
            PhaseContainer { sidecar, state }
        })
        .collect()
}

#[test]
fn kubelet_pod_phase() {
    rows("kubelet_pod_phase", |given, expect| {
        let init = phase_containers(
            given.list_at("initContainers"),
            given.list_at("initContainerStatuses"),
        );
        let containers = phase_containers(
            given.list_at("containers"),
            given.list_at("containerStatuses"),
        );
        let policy = RestartPolicy::parse(given.str_at("restartPolicy"));
        vec![same(
            get_phase(policy, &init, &containers, given.bool_at("podIsTerminal")),
            expect.str_at("phase"),
        )]
    });
}

fn containers_ready(given: &Value) -> rollout_engine::kubelet::status::ConditionParts {
    let statuses = given.get("containerStatuses").filter(|s| !s.is_null());
    let names: Vec<&str> = given
        .list_at("spec.sidecars")
        .iter()
        .chain(given.list_at("spec.containers"))
        .filter_map(Value::as_str)
        .collect();
    let list: Option<Vec<(&str, Option<bool>)>> = statuses.map(|s| {
        let ready = |name: &str| {
            s.as_list()
                .iter()
                .find(|c| c.str_at("name") == name)
                .map(|c| c.bool_at("ready"))
        };
        names.iter().map(|n| (*n, ready(n))).collect()
    });
    generate_containers_ready_condition(list.as_deref(), given.str_at("podPhase"))
}

fn condition(
    got: &rollout_engine::kubelet::status::ConditionParts,
    expect: &Value,
) -> Vec<(String, String)> {
    let mut out = vec![same(got.status, expect.str_at("status"))];
    if expect.get("reason").is_some() {
        out.push(same(got.reason, expect.str_at("reason")));
    }
    if expect.get("message").is_some() {
        out.push(same(got.message.as_str(), expect.str_at("message")));
    }
    out
}

#[test]
fn kubelet_containers_ready_condition() {
    rows("kubelet_containers_ready_condition", |given, expect| {
        condition(&containers_ready(given), expect)
    });
}

#[test]
fn kubelet_pod_ready_condition() {
    rows("kubelet_pod_ready_condition", |given, expect| {
        let ready = containers_ready(given);
        let conditions = given.list_at("conditions");
        let gates: Vec<(&str, Option<&str>)> = given
            .list_at("spec.readinessGates")
            .iter()
            .filter_map(Value::as_str)
            .map(|g| {
                (
                    g,
                    conditions
                        .iter()
                        .find(|c| c.str_at("type") == g)
                        .map(|c| c.str_at("status")),
                )
            })
            .collect();
        condition(&generate_pod_ready_condition(&ready, &gates), expect)
    });
}

fn exit_of(v: &Value) -> i64 {
    v.int_at("exitCode").unwrap_or(0)
}

fn run(v: &Value) -> Run<()> {
    match v.str_at("state") {
        "running" => Run::Running(()),
        "created" => Run::Created(()),
        "exited" => Run::Exited((), exit_of(v)),
        _ => Run::Unknown(()),
    }
}

fn state_text(state: &ApiState<()>) -> String {
    match state {
        ApiState::Waiting { reason, .. } => format!("waiting {reason}"),
        ApiState::Running(()) => "running".to_owned(),
        ApiState::Terminated((), exit) => format!("terminated {exit}"),
        ApiState::Lost(_) => "terminated 137".to_owned(),
    }
}

fn wanted_state(v: &Value) -> String {
    if let Some(w) = v.get("waiting") {
        return format!("waiting {}", w.str_at("reason"));
    }
    if let Some(t) = v.get("terminated") {
        return format!("terminated {}", exit_of(t));
    }
    "running".to_owned()
}

#[test]
fn kubelet_container_state() {
    rows("kubelet_container_state", |given, expect| {
        let history: Vec<Run<()>> = given
            .list_at("runtimeHistoryNewestFirst")
            .iter()
            .map(run)
            .collect();
        let init = given.bool_at("initContainer");
        let previous = given
            .get("previousApiStatus")
            .filter(|p| !p.is_null())
            .map(|p| {
                let ended = |at: &str| p.at(at).map(|t| ((), exit_of(t)));
                Previous {
                    running: p.at("state.running").is_some() || p.str_at("state") == "running",
                    terminated: ended("state.terminated"),
                    last: ended("lastState.terminated")
                        .or_else(|| ended("lastTerminationState.terminated")),
                    restart_count: p.int_at("restartCount").unwrap_or(0),
                }
            });
        let context = Context {
            policy: RestartPolicy::parse(given.str_at("restartPolicy")),
            init,
            pod_has_init: init,
            deleting: false,
        };
        let error = given
            .get("recordedStartError")
            .and_then(Value::as_str)
            .map(|e| (e, ""));
        let got = convert_to_api_container_status(&history, error, previous.as_ref(), context);
        let mut out = vec![same(
            state_text(&got.state),
            wanted_state(expect.get("state").unwrap()),
        )];
        if let Some(last) = expect.get("lastState") {
            let want = (!last.is_null() && !last.is_empty()).then(|| wanted_state(last));
            out.push(same(got.last.as_ref().map(state_text), want));
        }
        out
    });
}

fn sandbox(v: Option<&Value>) -> Sandbox {
    let text = v.and_then(Value::as_str).unwrap_or("");
    let attempt = text
        .rsplit_once("attempt ")
        .and_then(|(_, n)| n.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .unwrap_or(0);
    if text.is_empty() || text == "none" || text == "missing" {
        Sandbox::None
    } else if text.starts_with("not ready")
        || text.contains("no IP")
        || text.contains("two")
        || text.contains("2 ready")
        || text.contains("changed")
        || text.contains("without")
    {
        Sandbox::NotReady { attempt }
    } else {
        Sandbox::Ready { attempt }
    }
}

fn action_container(v: &Value) -> ActionContainer {
    if let Some(exit) = v.int_at("exited") {
        return ActionContainer {
            newest: Some(Run::Exited((), exit)),
            kill: None,
        };
    }
    let text = v.as_str().unwrap_or("");
    let newest = match text.split(',').next().unwrap_or("") {
        "running" => Some(Run::Running(())),
        "created" => Some(Run::Created(())),
        "unknown" => Some(Run::Unknown(())),
        "exited" => Some(Run::Exited((), 0)),
        _ => None,
    };
    let kill = if text.contains("spec changed") || text.contains("definition changed") {
        Some(KillReason::SpecChanged)
    } else if text.contains("liveness fail") {
        Some(KillReason::LivenessFailed)
    } else if text.contains("startup fail") {
        Some(KillReason::StartupFailed)
    } else {
        None
    };
    ActionContainer { newest, kill }
}

#[test]
fn kubelet_pod_actions() {
    rows("kubelet_pod_actions", |given, expect| {
        let containers: Vec<_> = given
            .list_at("containers")
            .iter()
            .map(action_container)
            .collect();
        let init: Vec<_> = given
            .list_at("initContainers")
            .iter()
            .map(action_container)
            .collect();
        let policy = RestartPolicy::parse(given.str_at("restartPolicy"));
        let got = compute_pod_actions(policy, sandbox(given.get("sandbox")), &init, &containers);
        let list = |key: &str| -> Vec<usize> {
            expect
                .list_at(key)
                .iter()
                .filter_map(Value::as_int)
                .map(|i| i as usize)
                .collect()
        };
        let mut out = vec![
            same(
                Some(got.kill_pod),
                expect.get("killPod").and_then(Value::as_bool),
            ),
            same(
                Some(got.create_sandbox),
                expect.get("createSandbox").and_then(Value::as_bool),
            ),
            same(got.start, list("start")),
            same(got.kill.into_iter().map(|(i, _)| i).collect(), list("kill")),
        ];
        if let Some(attempt) = expect.int_at("sandboxAttempt") {
            out.push(same(i64::from(got.attempt), attempt));
        }
        out
    });
}

#[test]
fn events_correlation() {
    rows("events_correlation", |given, expect| {
        let mut correlator = Correlator::new(Minor::NEWEST >= Minor(32));
        let gap = ms(given.get("secondsBetweenEvents")).unwrap();
        let mut now = 0;
        let mut last = None;
        let newest = given.get("newEvent").unwrap();
        for event in given.list_at("previousEvents").iter().chain([newest]) {
            now += gap;
            let text = |at: &str| event.shared_str_at(at).unwrap_or_default();
            let object = EventObject {
                kind: text("object.kind"),
                namespace: text("object.namespace"),
                name: text("object.name"),
                field_path: text("object.fieldPath"),
                ..EventObject::default()
            };
            let incoming = Incoming {
                object: &object,
                kind: "Normal",
                reason: event.str_at("reason"),
                message: event.str_at("message"),
            };
            last = Some(correlator.correlate(&incoming, now));
        }
        let got = last.unwrap();
        let mut out = vec![same(
            Some(got.skip),
            expect.get("skipped").and_then(Value::as_bool),
        )];
        if let Some(count) = expect.int_at("count") {
            out.push(same(got.count, count));
        }
        if let Some(message) = expect.get("message").and_then(Value::as_str) {
            out.push(same(got.message.as_str(), message));
        }
        out
    });
}

#[test]
fn pod_terminal() {
    rows("pod_terminal", |given, expect| {
        vec![same(
            Some(is_pod_phase_terminal(given.str_at("phase"))),
            expect.get("terminal").and_then(Value::as_bool),
        )]
    });
}

#[test]
fn hpa_replica_limits() {
    rows("hpa_replica_limits", |given, expect| {
        let n = |key: &str| given.int_at(key).unwrap_or(1);
        let (replicas, reason, _) = convert_desired_replicas_with_rules(
            n("currentReplicas"),
            n("desiredReplicas"),
            n("minReplicas"),
            n("maxReplicas"),
        );
        vec![
            same(Some(replicas), expect.int_at("replicas")),
            same(reason, expect.str_at("reason")),
        ]
    });
}
