//! `kubectl logs`.

use crate::Next;
use crate::builder;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::follow::{self, Follow, Turn};
use crate::selector;
use rollout_api::Order;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, Timestamp, Value};
use rollout_engine::logs::{LogLine, Run};

/// One container whose log is printed.
#[derive(Clone)]
struct Source {
    namespace: String,
    pod: String,
    container: String,
    seen: usize,
}

/// How lines are printed.
#[derive(Clone)]
struct Style {
    prefix: bool,
    timestamps: bool,
}

impl Style {
    fn line(&self, s: &Source, l: &LogLine) -> String {
        let mut out = String::new();
        if self.prefix {
            out.push_str(&format!("[pod/{}/{}] ", s.pod, s.container));
        }
        if self.timestamps {
            out.push_str(l.at.rfc3339().trim_end_matches('Z'));
            out.push_str(".000000000Z ");
        }
        out.push_str(&l.text);
        out
    }
}

/// `logs -f`.
#[derive(Clone)]
pub(crate) struct Tailing {
    sources: Vec<Source>,
    style: Style,
}

impl Tailing {
    pub(crate) fn feed(&mut self, turn: &mut Turn<'_, '_>) -> Option<i32> {
        let mut open = false;
        for s in &mut self.sources {
            let lines = turn
                .client
                .logs(&s.namespace, &s.pod, &s.container, Run::Current)
                .unwrap_or_default();
            // A restarted container begins a new log.
            if lines.len() < s.seen {
                s.seen = 0;
            }
            let mut text = String::new();
            for l in lines.iter().skip(s.seen) {
                text.push_str(&self.style.line(s, l));
                text.push('\n');
            }
            s.seen = lines.len();
            turn.out.stdout.push_str(&text);
            let running = turn
                .client
                .get(Kind::POD, &s.namespace, &s.pod)
                .is_ok_and(|p| {
                    p.list_at("status.containerStatuses")
                        .iter()
                        .chain(p.list_at("status.initContainerStatuses"))
                        .any(|c| c.str_at("name") == s.container && c.at("state.running").is_some())
                });
            open |= running;
        }
        if open { None } else { Some(0) }
    }
}

fn all_containers(pod: &Value) -> Vec<String> {
    [
        "spec.initContainers",
        "spec.containers",
        "spec.ephemeralContainers",
    ]
    .iter()
    .flat_map(|p| pod.list_at(p).iter().map(|c| c.str_at("name").to_owned()))
    .collect()
}

fn names_with_kinds(pod: &Value) -> String {
    let mut list: Vec<String> = pod
        .list_at("spec.containers")
        .iter()
        .map(|c| c.str_at("name").to_owned())
        .collect();
    list.extend(
        pod.list_at("spec.initContainers")
            .iter()
            .map(|c| format!("{} (init)", c.str_at("name"))),
    );
    list.extend(
        pod.list_at("spec.ephemeralContainers")
            .iter()
            .map(|c| format!("{} (ephem)", c.str_at("name"))),
    );
    list.join(", ")
}

fn ready(pod: &Value) -> Option<Timestamp> {
    pod.list_at("status.conditions")
        .iter()
        .find(|c| c.str_at("type") == "Ready" && c.str_at("status") == "True")
        .map(|c| Timestamp::parse(c.str_at("lastTransitionTime")).unwrap_or_default())
}

/// Which pod of several is looked at: assigned, running, ready, longer ready, more restarts, older. Mirrors `ActivePods`, reversed.
pub(crate) fn best(pods: &mut [Value]) {
    let key = |p: &Value| {
        let phase = match p.str_at("status.phase") {
            "Running" => 0,
            "Unknown" => 1,
            _ => 2,
        };
        let restarts = p
            .list_at("status.containerStatuses")
            .iter()
            .map(|c| c.int_at("restartCount").unwrap_or(0))
            .max()
            .unwrap_or(0);
        let since = ready(p);
        (
            p.str_at("spec.nodeName").is_empty(),
            phase,
            since.is_none(),
            since,
            -restarts,
            p.str_at("metadata.creationTimestamp").to_owned(),
            p.str_at("metadata.name").to_owned(),
        )
    };
    pods.order_by_key(key);
}

fn pods_of(ctx: &Ctx<'_, '_>, object: &Value, namespace: &str) -> Vec<Value> {
    let chooses = match object.str_at("kind") {
        "Service" | "ReplicationController" => selector::of_map(object.at("spec.selector")),
        _ => object
            .at("spec.selector")
            .map(selector::of_object)
            .unwrap_or_default(),
    };
    if chooses.needs.is_empty() {
        return Vec::new();
    }
    ctx.list(Kind::POD, Some(namespace))
        .into_iter()
        .filter(|p| chooses.matches_object(p))
        .collect()
}

/// Finds the pod behind `TYPE/NAME`; says so where it chose one of several.
pub(crate) fn pod_for(ctx: &mut Ctx<'_, '_>, word: &str) -> Res<Value> {
    let namespace = ctx.namespace.clone();
    let missing = |e: &ApiError| {
        if !e.is_not_found() {
            return e.clone().into();
        }
        Failure::text(format!(
            "error from server ({}): {} in namespace {}",
            e.reason,
            e.message,
            quoted(&namespace)
        ))
    };
    let Some((kind, name)) = word.split_once('/') else {
        return ctx
            .client
            .get(Kind::POD, &namespace, word)
            .map_err(|e| missing(&e));
    };
    let r = builder::resource_of(kind, ctx.minor())?;
    let object = ctx
        .client
        .get(r.kind, &namespace, name)
        .map_err(|e| missing(&e))?;
    if r.kind == Kind::POD {
        return Ok(object);
    }
    if !matches!(
        r.kind.0,
        "Deployment"
            | "ReplicaSet"
            | "Service"
            | "StatefulSet"
            | "DaemonSet"
            | "Job"
            | "ReplicationController"
    ) {
        return Err(Failure::text(format!(
            "cannot get the logs from *v1.{}: selector for *v1.{} not implemented",
            r.kind.0, r.kind.0
        )));
    }
    let mut pods = pods_of(ctx, &object, &namespace);
    best(&mut pods);
    let count = pods.len();
    let Some(pod) = pods.into_iter().next() else {
        return Err(Failure::text("timed out waiting for the condition"));
    };
    if count > 1 {
        let line = format!(
            "Found {count} pods, using pod/{}",
            pod.str_at("metadata.name")
        );
        ctx.warn(line);
    }
    Ok(pod)
}

/// The state that keeps a log from being there. Mirrors the kubelet's `validateContainerLogStatus`.
fn problem(pod: &Value, container: &str, previous: bool) -> Option<ApiError> {
    let name = pod.str_at("metadata.name");
    if pod.str_at("spec.nodeName").is_empty() {
        return None;
    }
    let status = [
        "status.containerStatuses",
        "status.initContainerStatuses",
        "status.ephemeralContainerStatuses",
    ]
    .iter()
    .flat_map(|p| pod.list_at(p))
    .find(|c| c.str_at("name") == container);
    let waiting_text = |reason: &str| {
        let why = match reason {
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            other => other,
        };
        ApiError::bad_request(format!(
            "container {} in pod {} is waiting to start: {why}",
            quoted(container),
            quoted(name)
        ))
    };
    let s = status?;
    let last = s.at("lastState.terminated").filter(|t| !t.is_null());
    if previous {
        return last.is_none().then(|| {
            ApiError::bad_request(format!(
                "previous terminated container {} in pod {} not found",
                quoted(container),
                quoted(name)
            ))
        });
    }
    let waiting = s.at("state.waiting").filter(|t| !t.is_null());
    if let Some(w) = waiting
        && last.is_none()
    {
        return Some(waiting_text(w.str_at("reason")));
    }
    None
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let chosen = ctx.flags.text("selector").to_owned();
    if args.is_empty() && chosen.is_empty() {
        return Err(ctx.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"));
    }
    if !args.is_empty() && !chosen.is_empty() {
        return Err(ctx.usage("only a selector (-l) or a POD name is allowed"));
    }
    if args.len() > 2 {
        return Err(ctx.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"));
    }
    let mut container = ctx.flags.text("container").to_owned();
    if let Some(c) = args.get(1) {
        if !container.is_empty() {
            return Err(ctx.usage("only one of -c or an inline [CONTAINER] arg is allowed"));
        }
        container.clone_from(c);
    }
    let every = ctx.flags.on("all-containers") || ctx.flags.on("all-pods") && container.is_empty();
    if every && !container.is_empty() {
        return Err(Failure::text(
            "--all-containers=true should not be specified with container name ".to_owned()
                + &container,
        ));
    }
    let tail = ctx
        .flags
        .int_or("tail", if chosen.is_empty() { -1 } else { 10 });
    if tail < -1 {
        return Err(Failure::text("--tail must be greater than or equal to -1"));
    }
    if ctx.flags.changed("since") && ctx.flags.changed("since-time") {
        return Err(Failure::text(
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ));
    }
    if ctx.flags.millis("since").is_some_and(|ms| ms < 0) {
        return Err(Failure::text("--since must be greater than 0"));
    }
    let mut after: Option<Timestamp> = None;
    if let Some(ms) = ctx.flags.millis("since").filter(|ms| *ms > 0) {
        after = Some(Timestamp(ctx.now().0 - ms / 1000));
    }
    if ctx.flags.changed("since-time") {
        let text = ctx.flags.text("since-time");
        match Timestamp::parse(text) {
            Some(t) => after = Some(t),
            None => {
                return Err(Failure::text(format!(
                    "parsing time {0} as \"2006-01-02T15:04:05Z07:00\": cannot parse {0} as \"2006\"",
                    quoted(text)
                )));
            }
        }
    }
    let limit = ctx.flags.int_or("limit-bytes", 0);
    let style = Style {
        prefix: ctx.flags.on("prefix"),
        timestamps: ctx.flags.on("timestamps"),
    };
    let previous = ctx.flags.on("previous");
    let follow = ctx.flags.on("follow");
    let mut pods = Vec::new();
    if chosen.is_empty() {
        let word = args[0].clone();
        if ctx.flags.on("all-pods") && word.contains('/') {
            let (kind, name) = word.split_once('/').unwrap_or(("", ""));
            let r = builder::resource_of(kind, ctx.minor())?;
            let namespace = ctx.namespace.clone();
            let o = ctx.client.get(r.kind, &namespace, name)?;
            pods = pods_of(ctx, &o, &namespace);
        } else {
            pods.push(pod_for(ctx, &word)?);
        }
    } else {
        let s = selector::parse(&chosen)?;
        pods.extend(
            ctx.list(Kind::POD, Some(&ctx.namespace.clone()))
                .into_iter()
                .filter(|p| s.matches_object(p)),
        );
        if pods.is_empty() {
            let line = format!("No resources found in {} namespace.", ctx.namespace);
            ctx.warn(line);
            return Ok(Next::Done);
        }
        if follow && pods.len() as i64 > ctx.flags.int_or("max-log-requests", 5) {
            let text = format!(
                "you are attempting to follow {} log streams, but maximum allowed concurrency is {}, use --max-log-requests to increase the limit",
                pods.len(),
                ctx.flags.int_or("max-log-requests", 5)
            );
            return Err(Failure::text(text));
        }
    }
    let mut sources = Vec::new();
    for pod in &pods {
        let name = pod.str_at("metadata.name").to_owned();
        let namespace = ctx.namespace.clone();
        ctx.client.may("get", Kind::POD, "log", &namespace, &name)?;
        let known = all_containers(pod);
        let names = if every {
            known
        } else if !container.is_empty() {
            if !known.contains(&container) {
                let more = if ctx.minor() >= Minor::V1_36 {
                    format!(" out of: {}", names_with_kinds(pod))
                } else {
                    String::new()
                };
                return Err(Failure::text(format!(
                    "container {container} is not valid for pod {name}{more}"
                )));
            }
            vec![container.clone()]
        } else {
            let default = pod
                .at("metadata.annotations")
                .and_then(|a| a.get("kubectl.kubernetes.io/default-container"))
                .and_then(Value::as_str);
            match default.filter(|d| known.iter().any(|k| k == d)) {
                Some(d) => vec![d.to_owned()],
                None => {
                    let first = pod
                        .list_at("spec.containers")
                        .first()
                        .map(|c| c.str_at("name").to_owned())
                        .unwrap_or_default();
                    if known.len() > 1 {
                        let line = format!(
                            "Defaulted container {} out of: {}",
                            quoted(&first),
                            names_with_kinds(pod)
                        );
                        ctx.warn(line);
                    }
                    vec![first]
                }
            }
        };
        for c in names {
            sources.push((
                Source {
                    namespace: pod.str_at("metadata.namespace").to_owned(),
                    pod: name.clone(),
                    container: c,
                    seen: 0,
                },
                pod,
            ));
        }
    }
    let mut text = String::new();
    let mut followed = Vec::new();
    for (mut s, pod) in sources {
        if let Some(e) = problem(pod, &s.container, previous) {
            if ctx.flags.on("ignore-errors") {
                let line = format!("error: {}", e.message);
                ctx.warn(line);
                continue;
            }
            ctx.print(&text);
            return Err(e.into());
        }
        let run = if previous {
            Run::Previous
        } else {
            Run::Current
        };
        let lines = ctx
            .client
            .logs(&s.namespace, &s.pod, &s.container, run)
            .unwrap_or_default();
        s.seen = lines.len();
        let fresh: Vec<&LogLine> = lines
            .iter()
            .filter(|l| after.is_none_or(|a| l.at >= a))
            .collect();
        let skip = if tail < 0 {
            0
        } else {
            fresh.len().saturating_sub(tail as usize)
        };
        let mut own = String::new();
        for l in &fresh[skip..] {
            own.push_str(&style.line(&s, l));
            own.push('\n');
        }
        if limit > 0 && own.len() as i64 > limit {
            let mut end = limit as usize;
            while !own.is_char_boundary(end) {
                end -= 1;
            }
            own.truncate(end);
        }
        text.push_str(&own);
        followed.push(s);
    }
    ctx.print(&text);
    if follow && !previous {
        return Ok(Next::Follow(Follow::new(follow::Kind::Logs(Box::new(
            Tailing {
                sources: followed,
                style,
            },
        )))));
    }
    Ok(Next::Done)
}
