//! `kubectl expose`, `run`, `autoscale`.

use super::{Report, recorded, trim_times};
use crate::Next;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::typed;
use rollout_api::json::from_json;
use rollout_api::patch::apply_merge_patch;
use rollout_api::{Kind, Map, Minor, Str, Value, object};

/// `k=v,k2=v2` as a map.
fn pairs(text: &str) -> Res<Map> {
    let mut map = Map::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let Some((k, v)) = part.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(Failure::text(format!("unexpected label spec: {part}")));
        };
        map.insert(Str::copy(k), Value::text(v));
    }
    Ok(map)
}

fn overridden(ctx: &Ctx<'_, '_>, o: Value) -> Res<Value> {
    let text = ctx.flags.text("overrides");
    if text.is_empty() {
        return Ok(o);
    }
    let patch = from_json(text).map_err(|_| Failure::text("Invalid JSON Patch"))?;
    Ok(apply_merge_patch(&o, &patch))
}

/// Sends (or shows) a new object.
fn send(
    ctx: &mut Ctx<'_, '_>,
    word: &str,
    object: Value,
    verb: &str,
    dry: DryRun,
    report: &mut Report,
) -> Res<()> {
    let resource = builder::resource_of(word, ctx.minor())?;
    let mut info = Info {
        resource,
        namespace: ctx.namespace_for(resource),
        name: object.str_at("metadata.name").to_owned(),
        object: Value::Null,
        source: String::new(),
    };
    if dry == DryRun::Client {
        let mut object = object;
        if ctx.flags.changed("namespace") {
            object.set("metadata.namespace", info.namespace.clone());
        }
        let mut shown = typed::filled(&object, ctx.minor());
        trim_times(&mut shown, ctx.minor());
        return report.done(ctx, &info, &shown, verb);
    }
    let options = super::options(ctx, dry);
    let w = super::send_new(ctx, &info, object, &options)?;
    info.name = w.value.str_at("metadata.name").to_owned();
    report.done(ctx, &info, &w.value, verb)
}

fn int_or_text(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| Value::text(text), Value::Int)
}

/// `expose`.
pub(crate) fn expose(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let dry = ctx.dry_run()?;
    let mut report = Report::new(ctx, dry, true)?;
    let args = ctx.flags.args.clone();
    let mut request = Request::of(ctx, &args);
    request.selector = None;
    let infos = builder::find(ctx, &request)?.all()?;
    let mut errors = Vec::new();
    for info in infos {
        let o = &info.object;
        if !matches!(
            info.kind().0,
            "Deployment" | "ReplicaSet" | "Service" | "Pod" | "ReplicationController"
        ) {
            return Err(Failure::text(format!(
                "cannot expose a {}",
                info.resource.group_kind()
            )));
        }
        let affinity = ctx.flags.text("session-affinity");
        if !["", "None", "ClientIP"].contains(&affinity) {
            return Err(Failure::text(format!(
                "unknown session affinity: {affinity}"
            )));
        }
        let mut name = ctx.flags.text("name").to_owned();
        if name.is_empty() {
            name = info.name.chars().take(63).collect();
        }
        let given = ctx.flags.text("selector").to_owned();
        let chooses = if !given.is_empty() {
            pairs(&given)?
        } else {
            let map = match info.kind() {
                Kind::POD => o.at("metadata.labels"),
                Kind::SERVICE => o.at("spec.selector"),
                _ => {
                    if !o.list_at("spec.selector.matchExpressions").is_empty() {
                        let shown: Vec<String> = o
                            .list_at("spec.selector.matchExpressions")
                            .iter()
                            .map(|e| {
                                let values: Vec<&str> = e
                                    .list_at("values")
                                    .iter()
                                    .filter_map(Value::as_str)
                                    .collect();
                                format!(
                                    "{{Key:{} Operator:{} Values:[{}]}}",
                                    e.str_at("key"),
                                    e.str_at("operator"),
                                    values.join(" ")
                                )
                            })
                            .collect();
                        return Err(Failure::text(format!(
                            "couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - \"[{}]\" to map-based selector format",
                            shown.join(" ")
                        )));
                    }
                    o.at("spec.selector.matchLabels")
                        .or_else(|| o.at("spec.selector"))
                }
            };
            match map.and_then(Value::as_map) {
                Some(m) if !m.is_empty() => m.clone(),
                _ if info.kind() == Kind::POD => {
                    return Err(Failure::text(
                        "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
                    ));
                }
                _ => {
                    return Err(Failure::text(
                        "couldn't retrieve selectors via --selector flag or introspection: invalid deployment: no selectors, therefore cannot be exposed",
                    ));
                }
            }
        };
        // Ports of the containers, where none is given.
        let spec = if info.kind() == Kind::POD {
            o.get("spec")
        } else {
            o.at("spec.template.spec")
        };
        let mut known: Vec<(i64, String)> = Vec::new();
        for c in spec.map_or(&[][..], |s| s.list_at("containers")) {
            known.extend(c.list_at("ports").iter().map(|p| {
                (
                    p.int_at("containerPort").unwrap_or(0),
                    p.str_at("protocol").to_owned(),
                )
            }));
        }
        if info.kind() == Kind::SERVICE {
            known.extend(o.list_at("spec.ports").iter().map(|p| {
                (
                    p.int_at("port").unwrap_or(0),
                    p.str_at("protocol").to_owned(),
                )
            }));
        }
        let mut numbers: Vec<i64> = Vec::new();
        let port = ctx.flags.text("port").to_owned();
        if port.is_empty() {
            numbers.extend(known.iter().map(|k| k.0));
            if numbers.is_empty() {
                return Err(Failure::text(
                    "couldn't find port via --port flag or introspection",
                ));
            }
        } else {
            for p in port.split(',') {
                match p.parse::<i64>() {
                    Ok(n) => numbers.push(n),
                    Err(_) => {
                        return Err(Failure::text(format!(
                            "strconv.Atoi: parsing {}: invalid syntax",
                            crate::flags::quoted(p)
                        )));
                    }
                }
            }
        }
        let target = ctx.flags.text("target-port").to_owned();
        let protocol = ctx.flags.text("protocol").to_owned();
        let several = numbers.len() > 1;
        let ports: Vec<Value> = numbers
            .iter()
            .enumerate()
            .map(|(i, n)| {
                let of_port = known
                    .iter()
                    .find(|k| k.0 == *n)
                    .map(|k| k.1.clone())
                    .filter(|p| !p.is_empty());
                let protocol = if protocol.is_empty() {
                    of_port.unwrap_or_else(|| "TCP".to_owned())
                } else {
                    protocol.clone()
                };
                let to = if target.is_empty() {
                    Value::Int(*n)
                } else {
                    int_or_text(&target)
                };
                let mut p = object! { "port" => *n, "protocol" => protocol, "targetPort" => to };
                if several {
                    p.map_mut().insert("name", format!("port-{}", i + 1));
                }
                p
            })
            .collect();
        let labels = match ctx.flags.text("labels") {
            "" => o
                .at("metadata.labels")
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_default(),
            text => pairs(text)?,
        };
        let mut spec =
            object! { "ports" => Value::list(ports), "selector" => Value::from(chooses) };
        for (flag, field) in [
            ("type", "type"),
            ("cluster-ip", "clusterIP"),
            ("session-affinity", "sessionAffinity"),
            ("load-balancer-ip", "loadBalancerIP"),
        ] {
            if !ctx.flags.text(flag).is_empty() {
                spec.map_mut()
                    .insert(field, Value::text(ctx.flags.text(flag)));
            }
        }
        if !ctx.flags.text("external-ip").is_empty() {
            spec.map_mut().insert(
                "externalIPs",
                Value::list(vec![Value::text(ctx.flags.text("external-ip"))]),
            );
        }
        let mut meta = object! { "name" => name };
        if !labels.is_empty() {
            meta.map_mut().insert("labels", Value::from(labels));
        }
        let mut service = object! { "apiVersion" => "v1", "kind" => "Service", "metadata" => meta, "spec" => spec };
        service = overridden(ctx, service)?;
        if let Some(cause) = recorded(ctx) {
            super::annotate(&mut service, super::CHANGE_CAUSE, &cause);
        }
        if dry != DryRun::Client {
            service.set("metadata.namespace", info.namespace.clone());
        }
        if let Err(f) = send(ctx, "services", service, "exposed", dry, &mut report) {
            errors.push(f);
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}

/// `run`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    if !ctx.flags.changed("image") {
        return Err(Failure::text("required flag(s) \"image\" not set"));
    }
    let args = ctx.flags.args.clone();
    if args.is_empty() || ctx.flags.dash == Some(0) {
        return Err(ctx.usage("NAME is required for run"));
    }
    let image = ctx.flags.text("image").to_owned();
    if image.is_empty() {
        return Err(Failure::text("--image is required"));
    }
    let dry = ctx.dry_run()?;
    let (expose, port) = (ctx.flags.on("expose"), ctx.flags.text("port").to_owned());
    let restart = ctx.flags.text_or("restart", "Always").to_owned();
    if !["", "Always", "OnFailure", "Never"].contains(&restart.as_str()) {
        return Err(ctx.usage(format!("invalid restart policy: {restart}")));
    }
    let pull = ctx.flags.text("image-pull-policy").to_owned();
    if !["", "Always", "IfNotPresent", "Never"].contains(&pull.as_str()) {
        return Err(ctx.usage(format!("invalid image pull policy: {pull}")));
    }
    if !rollout_api::image::is_reference(&image) {
        return Err(Failure::text(format!(
            "Invalid image name {}: invalid reference format",
            crate::flags::quoted(&image)
        )));
    }
    let attached = ["attach", "stdin", "tty"].iter().any(|f| ctx.flags.on(f));
    if ctx.flags.on("rm") && !attached {
        return Err(ctx.usage("--rm should only be used for attached containers"));
    }
    if attached && dry != DryRun::None {
        return Err(ctx.usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"));
    }
    if expose && port.is_empty() {
        return Err(ctx.usage("--port must be set when exposing a service"));
    }
    let mut report = Report::new(ctx, dry, true)?;
    let name = args[0].clone();
    let labels = match ctx.flags.text("labels") {
        "" => {
            let mut m = Map::new();
            m.insert("run", name.clone());
            m
        }
        text => pairs(text)?,
    };
    let mut c = object! { "image" => image, "name" => name.clone() };
    let words: Vec<Value> = args[1..].iter().map(|a| Value::text(a)).collect();
    if !words.is_empty() {
        c.map_mut().insert(
            if ctx.flags.on("command") {
                "command"
            } else {
                "args"
            },
            words,
        );
    }
    let mut env = Vec::new();
    for e in ctx.flags.texts("env") {
        let Some((k, v)) = e.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(Failure::text(format!("invalid env: {e}")));
        };
        env.push(object! { "name" => k.to_owned(), "value" => v.to_owned() });
    }
    if !env.is_empty() {
        c.map_mut().insert("env", env);
    }
    if !pull.is_empty() {
        c.map_mut().insert("imagePullPolicy", pull);
    }
    let mut number = 0;
    if !port.is_empty() {
        number = port.parse::<i64>().map_err(|_| {
            Failure::text(format!(
                "strconv.Atoi: parsing {}: invalid syntax",
                crate::flags::quoted(&port)
            ))
        })?;
        c.map_mut().insert(
            "ports",
            Value::list(vec![object! { "containerPort" => number }]),
        );
    }
    if ctx.flags.on("privileged") {
        c.map_mut()
            .insert("securityContext", object! { "privileged" => true });
    }
    for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
        if ctx.flags.on(flag) {
            c.map_mut().insert(field, true);
        }
    }
    let spec = object! { "containers" => Value::list(vec![c]), "dnsPolicy" => "ClusterFirst", "restartPolicy" => restart };
    let mut meta = object! { "labels" => Value::from(labels.clone()), "name" => name.clone() };
    for a in ctx.flags.texts("annotations") {
        let (k, v) = a.split_once('=').unwrap_or((a, ""));
        meta.map_mut()
            .entry("annotations", Value::object)
            .map_mut()
            .insert(Str::copy(k), Value::text(v));
    }
    let mut pod =
        object! { "apiVersion" => "v1", "kind" => "Pod", "metadata" => meta, "spec" => spec };
    pod = overridden(ctx, pod)?;
    let service = expose.then(|| {
        let ports = Value::list(vec![object! { "port" => number, "protocol" => "TCP", "targetPort" => number }]);
        object! { "apiVersion" => "v1", "kind" => "Service", "metadata" => object! { "name" => name.clone() }, "spec" => object! { "ports" => ports, "selector" => Value::from(labels) } }
    });
    if let Some(s) = service {
        send(ctx, "services", s, "created", dry, &mut report)?;
    }
    send(ctx, "pods", pod, "created", dry, &mut report)?;
    Ok(Next::Done)
}

/// `autoscale`.
pub(crate) fn autoscale(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    if !ctx.flags.changed("max") {
        return Err(Failure::text("required flag(s) \"max\" not set"));
    }
    let (min, max) = (ctx.flags.int_or("min", -1), ctx.flags.int_or("max", -1));
    let dry = ctx.dry_run()?;
    let mut report = Report::new(ctx, dry, true)?;
    if max < 1 {
        return Err(Failure::text(format!(
            "--max=MAXPODS is required and must be at least 1, max: {max}"
        )));
    }
    if max < min {
        return Err(Failure::text(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    let args = ctx.flags.args.clone();
    let request = Request::of(ctx, &args);
    let infos = builder::find(ctx, &request)?.all()?;
    let cpu = ctx.flags.int_or("cpu-percent", -1);
    let mut errors = Vec::new();
    for info in infos {
        if !matches!(
            info.kind().0,
            "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController"
        ) {
            return Err(Failure::text(format!(
                "cannot autoscale a {}: could not find scale subresource for {}{}, Resource={} in discovery information",
                info.resource.group_kind(),
                if info.resource.group.is_empty() {
                    "/"
                } else {
                    ""
                },
                info.resource.api_version(ctx.client.version()),
                info.resource.plural
            )));
        }
        let own = ctx.flags.text("name").to_owned();
        let name = if own.is_empty() {
            info.name.clone()
        } else {
            own
        };
        let target = object! { "apiVersion" => info.resource.api_version(ctx.client.version()), "kind" => info.kind().0, "name" => info.name.clone() };
        let mut spec = object! { "maxReplicas" => max, "scaleTargetRef" => target };
        if min > 0 {
            spec.map_mut().insert("minReplicas", min);
        }
        // Older clients fall back to autoscaling/v1 to show what they would do.
        let old = dry == DryRun::Client && ctx.minor() < Minor::V1_36;
        if cpu >= 0 {
            if old {
                spec.map_mut().insert("targetCPUUtilizationPercentage", cpu);
            } else {
                let metric = object! { "resource" => object! { "name" => "cpu", "target" => object! { "averageUtilization" => cpu, "type" => "Utilization" } }, "type" => "Resource" };
                spec.map_mut().insert("metrics", Value::list(vec![metric]));
            }
        }
        let mut o = object! { "apiVersion" => if old { "autoscaling/v1" } else { "autoscaling/v2" }, "kind" => "HorizontalPodAutoscaler", "metadata" => object! { "name" => name }, "spec" => spec };
        if let Some(cause) = recorded(ctx) {
            super::annotate(&mut o, super::CHANGE_CAUSE, &cause);
        }
        let word = "horizontalpodautoscalers.autoscaling";
        if let Err(f) = send(ctx, word, o, "autoscaled", dry, &mut report) {
            errors.push(f);
        }
    }
    if errors.is_empty() {
        Ok(Next::Done)
    } else {
        Err(Failure::many(errors))
    }
}
