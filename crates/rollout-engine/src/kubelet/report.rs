//! The status the kubelet reports of a pod.

use super::container_status::{ApiState, Context, Converted, Run, convert_to_api_container_status};
use super::plan::ContainerPlan;
use super::pod::{Container, PodState, RunInfo};
use super::prober::{ProbeKind, ProbeResult};
use super::status::{
    ConditionParts, NamedReady, Phase3, PhaseContainer, RestartPolicy,
    generate_containers_ready_condition, generate_pod_initialized_condition,
    generate_pod_ready_condition, get_phase,
};
use crate::pod_condition;
use crate::time::SimTime;
use crate::world::World;
use rollout_api::Order;
use rollout_api::{Map, Minor, Str, Timestamp, Value, object};

/// Conditions the kubelet owns, in the order in which it writes them.
const OWNED: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// Mirrors `isContainerStarted`, pkg/kubelet/prober/prober_manager.go.
pub fn is_started(plan: &ContainerPlan, c: &Container) -> bool {
    let Some(run) = c.running() else { return false };
    if c.starting {
        return false;
    }
    match plan
        .probes
        .iter()
        .zip(&c.probes)
        .find(|(p, _)| p.kind == ProbeKind::Startup)
    {
        None => true,
        Some((_, probe)) => {
            probe.worker.container() == Some(&run.number)
                && probe.worker.stored() == Some(ProbeResult::Success)
        }
    }
}

/// Mirrors the readiness part of `UpdatePodStatus`, pkg/kubelet/prober/prober_manager.go.
pub fn is_ready(plan: &ContainerPlan, c: &Container) -> bool {
    if plan.init && !plan.sidecar {
        return matches!(c.newest, Some(Run::Exited(_, 0)));
    }
    let Some(run) = c.running() else { return false };
    if !is_started(plan, c) {
        return false;
    }
    match plan
        .probes
        .iter()
        .zip(&c.probes)
        .find(|(p, _)| p.kind == ProbeKind::Readiness)
    {
        None => true,
        Some((_, probe)) => {
            probe.worker.container() == Some(&run.number)
                && probe.worker.stored() == Some(ProbeResult::Success)
        }
    }
}

/// Scatters a text over 64 bits, the same everywhere.
pub fn scatter(text: &str, salt: u64) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for b in text.bytes() {
        h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}

/// 64 hexadecimal digits.
pub fn hex64(text: &str) -> String {
    let mut out = String::with_capacity(64);
    for i in 0..4 {
        let n = scatter(text, i + 1);
        out.extend(
            (0..16).map(|d| char::from(b"0123456789abcdef"[(n >> (60 - 4 * d)) as usize & 15])),
        );
    }
    out
}

/// The id of a container's run.
pub fn container_id(pod_uid: &str, name: &str, number: u32) -> Str {
    let number = Str::number(number.into());
    let text = Str::concat(&[pod_uid, "/", name, "/", &number]);
    Str::concat(&["containerd://", &hex64(&text)])
}

struct Clock {
    start: Timestamp,
}

impl Clock {
    fn text(&self, at: SimTime) -> Str {
        at.timestamp(self.start).text()
    }
}

fn state_value(state: &ApiState<RunInfo>, clock: &Clock) -> Value {
    match state {
        ApiState::Waiting { reason, message } => {
            let mut v = Value::object();
            let m = v.map_mut();
            if !reason.is_empty() {
                m.insert("reason", Str::copy(reason));
            }
            if !message.is_empty() {
                m.insert("message", Str::copy(message));
            }
            object! { "waiting" => v }
        }
        ApiState::Running(run) => {
            object! { "running" => object! { "startedAt" => clock.text(run.started) } }
        }
        ApiState::Terminated(run, exit) => object! {
            "terminated" => object! {
                "containerID" => run.id.clone(),
                "exitCode" => *exit,
                "finishedAt" => clock.text(run.finished),
                "reason" => run.reason,
                "startedAt" => clock.text(run.started),
            },
        },
        ApiState::Lost(message) => object! {
            "terminated" => object! {
                "exitCode" => 137,
                "finishedAt" => Value::Null,
                "message" => *message,
                "reason" => "ContainerStatusUnknown",
                "startedAt" => Value::Null,
            },
        },
    }
}

fn convert(p: &PodState, index: usize) -> Converted<RunInfo> {
    let (plan, c) = (&p.plan.containers[index], &p.containers[index]);
    let history: Vec<Run<RunInfo>> = c.newest.iter().chain(&c.previous).cloned().collect();
    let context = Context {
        policy: if plan.sidecar {
            RestartPolicy::Always
        } else {
            p.plan.policy
        },
        init: plan.init && !plan.sidecar,
        pod_has_init: p.plan.init > 0,
        deleting: p.grace.is_some(),
    };
    let error = c
        .start_error
        .as_ref()
        .map(|(reason, message)| (reason.as_str(), message.as_str()));
    convert_to_api_container_status(&history, error, None, context)
}

fn container_value(
    p: &PodState,
    index: usize,
    converted: &Converted<RunInfo>,
    clock: &Clock,
) -> Value {
    let (plan, c) = (&p.plan.containers[index], &p.containers[index]);
    let run = match &c.newest {
        Some(Run::Running(r) | Run::Created(r) | Run::Exited(r, _) | Run::Unknown(r)) => Some(r),
        None => None,
    };
    let last = converted
        .last
        .as_ref()
        .map_or_else(Value::object, |l| state_value(l, clock));
    let mut m = Map::with_capacity(10);
    if let Some(run) = run {
        m.append("containerID", run.id.clone());
    }
    m.append(
        "image",
        run.map_or_else(|| plan.image.clone(), |r| r.image.clone()),
    );
    m.append(
        "imageID",
        run.map_or_else(Str::default, |r| r.image_id.clone()),
    );
    m.append("lastState", last);
    m.append("name", plan.name.clone());
    m.append("ready", is_ready(plan, c));
    m.append("restartCount", run.map_or(0, |r| i64::from(r.number)));
    m.append("started", is_started(plan, c));
    m.append("state", state_value(&converted.state, clock));
    if let Some(mounts) = &c.mounts {
        m.append("volumeMounts", mounts.clone());
    }
    m.into()
}

fn phase_of(c: &Converted<RunInfo>, started: bool) -> Phase3 {
    match &c.state {
        ApiState::Waiting { .. } => Phase3::Waiting {
            last_exit: match &c.last {
                Some(ApiState::Terminated(_, exit)) => Some(*exit),
                Some(ApiState::Lost(_)) => Some(137),
                _ => None,
            },
        },
        ApiState::Running(_) => Phase3::Running { started },
        ApiState::Terminated(_, exit) => Phase3::Terminated { exit: *exit },
        ApiState::Lost(_) => Phase3::Terminated { exit: 137 },
    }
}

/// Writes the pod's status, if it has changed.
///
/// Mirrors `generateAPIPodStatus`, pkg/kubelet/kubelet_pods.go. `ended`: all containers have stopped for good.
pub fn report(world: &mut World, p: &PodState, host_ip: &Str, ended: bool) {
    let Some(stored) = world.store.get(&p.key).cloned() else {
        return;
    };
    let clock = Clock {
        start: world.config.start,
    };
    let converted: Vec<Converted<RunInfo>> =
        (0..p.containers.len()).map(|i| convert(p, i)).collect();
    let phase = phase(p, &converted, ended);
    let mut value = stored.value.clone();
    let conditions = conditions(world, p, &stored.value, &converted, phase, ended);
    let status = value.map_mut().entry("status", Value::object).map_mut();
    status.insert("phase", phase);
    if !status.contains_key("qosClass") {
        status.insert("qosClass", p.plan.qos);
    }
    status.insert("conditions", conditions);
    put_address(status, "hostIP", "hostIPs", host_ip);
    if !status.contains_key("startTime") {
        status.insert("startTime", clock.text(p.seen));
    }
    let ip = if p.plan.host_network {
        Some(host_ip)
    } else {
        p.ip.as_ref()
    };
    if let Some(ip) = ip {
        put_address(status, "podIP", "podIPs", ip);
    }
    let value_of = |i: usize| container_value(p, i, &converted[i], &clock);
    if p.plan.init > 0 {
        status.insert(
            "initContainerStatuses",
            (0..p.plan.init).map(value_of).collect::<Vec<_>>(),
        );
    }
    let mut order: Vec<usize> = (p.plan.init..p.containers.len()).collect();
    order.order_by(|a, b| p.plan.containers[*a].name.cmp(&p.plan.containers[*b].name));
    status.insert(
        "containerStatuses",
        order.into_iter().map(value_of).collect::<Vec<_>>(),
    );
    // The pod was read in this turn: nothing can refuse the write.
    let _ = world.update_status(&p.key, value);
}

/// An address, and the list of it, unless they are there already.
fn put_address(status: &mut Map, one: &'static str, list: &'static str, ip: &Str) {
    let is = |v: Option<&Value>| v.and_then(Value::as_str) == Some(ip.as_str());
    let only = match status.get(list).map_or(&[][..], Value::as_list) {
        [entry] => is(entry.get("ip")),
        _ => false,
    };
    if !only || !is(status.get(one)) {
        status.insert(one, ip.clone());
        status.insert(list, vec![object! { "ip" => ip.clone() }]);
    }
}

fn phase(p: &PodState, converted: &[Converted<RunInfo>], ended: bool) -> &'static str {
    let all: Vec<PhaseContainer> = p
        .plan
        .containers
        .iter()
        .zip(converted)
        .zip(&p.containers)
        .map(|((plan, c), state)| PhaseContainer {
            sidecar: plan.sidecar,
            state: Some(phase_of(c, is_started(plan, state))),
        })
        .collect();
    let (init, regular) = all.split_at(p.plan.init);
    let phase = get_phase(p.plan.policy, init, regular, ended);
    if ended && !matches!(phase, "Succeeded" | "Failed") {
        // Mirrors the end of SyncTerminatingPod: a pod that never ran a container has failed.
        return "Failed";
    }
    phase
}

fn conditions(
    world: &World,
    p: &PodState,
    pod: &Value,
    converted: &[Converted<RunInfo>],
    phase: &'static str,
    ended: bool,
) -> Value {
    let names: Vec<NamedReady<'_>> = p
        .plan
        .containers
        .iter()
        .zip(&p.containers)
        .filter(|(plan, _)| plan.sidecar || !plan.init)
        .map(|(plan, c)| (plan.name.as_str(), Some(is_ready(plan, c))))
        .collect();
    let containers_ready = generate_containers_ready_condition(Some(&names), phase);
    let gates: Vec<(&str, Option<&str>)> = p
        .plan
        .gates
        .iter()
        .map(|g| {
            (
                g.as_str(),
                pod_condition::find(pod, g).and_then(|c| c.get("status")?.as_str()),
            )
        })
        .collect();
    let ready = generate_pod_ready_condition(&containers_ready, &gates);
    let init: Vec<NamedReady<'_>> = p.plan.containers[..p.plan.init]
        .iter()
        .zip(&p.containers)
        .map(|(plan, c)| {
            let done = if plan.sidecar {
                is_started(plan, c)
            } else {
                is_ready(plan, c)
            };
            (plan.name.as_str(), Some(done))
        })
        .collect();
    let any_regular = converted[p.plan.init..]
        .iter()
        .any(|c| !matches!(c.state, ApiState::Waiting { .. }) || c.last.is_some());
    let initialized = generate_pod_initialized_condition(&init, phase, any_regular);
    let sandbox = p.ip.is_some() && !ended;
    let network = if sandbox {
        ConditionParts::yes()
    } else {
        ConditionParts::no("", String::new())
    };
    let parts = [
        network,
        initialized,
        ready,
        containers_ready,
        ConditionParts::yes(),
    ];
    let now = world.wall();
    let before = pod.get("status").and_then(|s| s.get("conditions"));
    let before = before.map_or(&[][..], Value::as_list);
    let of = |c: &Value, kinds: &[&str]| {
        let kind = c.get("type").and_then(Value::as_str).unwrap_or("");
        kinds.contains(&kind)
    };
    let mut list: Vec<Value> = Vec::with_capacity(OWNED.len());
    list.extend(before.iter().filter(|c| !of(c, &OWNED)).cloned());
    for (kind, part) in OWNED.iter().zip(parts) {
        if *kind == "PodReadyToStartContainers" && world.version() < Minor(29) {
            continue;
        }
        let old = before.iter().find(|c| of(c, &[kind]));
        list.push(pod_condition::condition(
            kind,
            part.status,
            part.reason,
            part.message.into(),
            old,
            now,
        ));
    }
    Value::list(list)
}
