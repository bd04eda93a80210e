//! `kubectl top`: what pods and nodes use. Mirrors kubectl/pkg/cmd/top and kubectl/pkg/metricsutil/metrics_printer.go.

use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::{Next, selector, table};
use rollout_api::Order;
use rollout_api::quantity::Quantity;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Minor, Timestamp, Value};
use rollout_engine::metrics::{ContainerUsage, PodUsage, Sample};

/// What a node uses besides its pods.
const NODE_CPU: i64 = 60;
const NODE_MEMORY: i64 = 420 << 20;
/// Pods that are older should have metrics. Mirrors metricsCreationDelay.
const CREATION_DELAY_SECONDS: i64 = 120;

type Row = Vec<String>;

fn cpu(milli: i64) -> String {
    format!("{milli}m")
}

fn memory(bytes: i64) -> String {
    format!("{}Mi", bytes / (1 << 20))
}

/// Every cell is followed by blanks, the last one too.
fn print(ctx: &mut Ctx<'_, '_>, mut rows: Vec<Row>) {
    for row in &mut rows {
        row.push(String::new());
    }
    let text = table::lines(&rows);
    ctx.print(&text);
}

fn head(names: &[&str]) -> Row {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// One name, or a selector, or all.
fn only(ctx: &Ctx<'_, '_>) -> Res<(Option<String>, selector::Selector)> {
    let name = match ctx.flags.args.as_slice() {
        [] => None,
        [name] => Some(name.clone()),
        _ => {
            let text = format!("{} [NAME | -l label]", ctx.command.name());
            return Err(ctx.usage(text));
        }
    };
    let labels = ctx.flags.text("selector");
    if name.is_some() && !labels.is_empty() {
        return Err(Failure::text(
            "only one of NAME or selector can be provided",
        ));
    }
    match ctx.flags.text("sort-by") {
        "" | "cpu" | "memory" => {}
        _ => return Err(Failure::text("--sort-by accepts only cpu or memory")),
    }
    Ok((name, selector::parse(labels)?))
}

fn available(ctx: &Ctx<'_, '_>) -> Res<()> {
    if ctx.client.world().loads.on {
        Ok(())
    } else {
        Err(Failure::text("Metrics API not available"))
    }
}

/// Usage of the running pods of a namespace, by name.
fn usages(ctx: &Ctx<'_, '_>, namespace: &str) -> Vec<(String, PodUsage, Value)> {
    let world = ctx.client.world();
    let Some(sample) = Sample::newest(world, namespace) else {
        return Vec::new();
    };
    world
        .store
        .list_in(Kind::POD, namespace)
        .filter_map(|pod| {
            let usage = sample.of(pod)?;
            Some((pod.meta.name.to_string(), usage, pod.value.clone()))
        })
        .collect()
}

fn namespaces(ctx: &Ctx<'_, '_>) -> Vec<String> {
    let world = ctx.client.world();
    world
        .store
        .list(Kind::NAMESPACE)
        .map(|n| n.meta.name.to_string())
        .collect()
}

/// The largest first, as `--sort-by` says.
fn by_usage<T>(list: &mut [T], by: &str, of: impl Fn(&T) -> (i64, i64)) {
    match by {
        "cpu" => list.order_by_key(|x| std::cmp::Reverse(of(x).0)),
        "memory" => list.order_by_key(|x| std::cmp::Reverse(of(x).1)),
        _ => {}
    }
}

/// `top pod`.
pub(crate) fn pods(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let (name, labels) = only(ctx)?;
    available(ctx)?;
    let everywhere = ctx.flags.on("all-namespaces") && name.is_none();
    let spaces = if everywhere {
        namespaces(ctx)
    } else {
        vec![ctx.namespace.clone()]
    };
    let mut found = Vec::new();
    for space in &spaces {
        for (pod, usage, value) in usages(ctx, space) {
            let wanted = match &name {
                Some(name) => pod == *name,
                None => labels.matches_object(&value),
            };
            if wanted {
                found.push((space.clone(), pod, usage));
            }
        }
    }
    if found.is_empty() {
        return nothing(ctx, name.as_deref(), &labels, everywhere);
    }
    by_usage(&mut found, ctx.flags.text("sort-by"), |(_, _, u)| {
        (u.cpu(), u.memory())
    });
    let containers = ctx.flags.on("containers");
    let mut names = vec!["NAME", "CPU(cores)", "MEMORY(bytes)"];
    if containers {
        names.insert(0, "POD");
    }
    if everywhere {
        names.insert(0, "NAMESPACE");
    }
    let width = names.len();
    let mut rows = Vec::new();
    if !ctx.flags.on("no-headers") {
        rows.push(head(&names));
    }
    let mut sum = (0, 0);
    for (space, pod, usage) in &found {
        let mut line = |container: Option<&ContainerUsage>| {
            let mut row = Row::new();
            if everywhere {
                row.push(space.clone());
            }
            row.push(pod.clone());
            let (c, m) = match container {
                Some(c) => {
                    row.push(c.name.to_string());
                    (c.cpu, c.memory)
                }
                None => (usage.cpu(), usage.memory()),
            };
            row.push(cpu(c));
            row.push(memory(m));
            rows.push(row);
        };
        if containers {
            usage.containers.iter().for_each(|c| line(Some(c)));
        } else {
            line(None);
        }
        sum = (sum.0 + usage.cpu(), sum.1 + usage.memory());
    }
    if ctx.flags.on("sum") {
        let mut line = vec![String::new(); width - 2];
        line.extend(["________".to_owned(), "________".to_owned()]);
        rows.push(line);
        let mut line = vec![String::new(); width - 2];
        line.extend([cpu(sum.0), memory(sum.1)]);
        rows.push(line);
    }
    print(ctx, rows);
    Ok(Next::Done)
}

/// Mirrors `verifyEmptyMetrics`.
fn nothing(
    ctx: &mut Ctx<'_, '_>,
    name: Option<&str>,
    labels: &selector::Selector,
    everywhere: bool,
) -> Res<Next> {
    let namespace = ctx.namespace.clone();
    let space = (!everywhere).then_some(namespace.as_str());
    if let Some(name) = name {
        ctx.client.get(Kind::POD, &namespace, name)?;
        let full = format!("{namespace}/{name}");
        return Err(ApiError::not_found("metrics.k8s.io", "podmetrics", &full).into());
    }
    let now = ctx.now();
    let mut any = false;
    for pod in ctx.list(Kind::POD, space) {
        if !labels.matches_object(&pod) {
            continue;
        }
        any = true;
        let created = Timestamp::parse(pod.str_at("metadata.creationTimestamp")).unwrap_or(now);
        let age = now.0 - created.0;
        if age > CREATION_DELAY_SECONDS {
            let text = format!(
                "Metrics not available for pod {}/{}, age: {}",
                pod.str_at("metadata.namespace"),
                pod.str_at("metadata.name"),
                go_duration(age)
            );
            return Err(Failure::text(text));
        }
    }
    if any {
        return Err(Failure::text("metrics not available yet"));
    }
    ctx.warn(if everywhere {
        "No resources found".to_owned()
    } else {
        format!("No resources found in {namespace} namespace.")
    });
    Ok(Next::Done)
}

/// Whole seconds as Go prints a duration: `2m5s`.
fn go_duration(seconds: i64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (h, m) {
        (0, 0) => format!("{s}s"),
        (0, _) => format!("{m}m{s}s"),
        _ => format!("{h}h{m}m{s}s"),
    }
}

/// `top node`.
pub(crate) fn nodes(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let (name, labels) = only(ctx)?;
    available(ctx)?;
    let mut nodes = match &name {
        Some(name) => vec![ctx.client.get(Kind::NODE, "", name)?],
        None => ctx.list(Kind::NODE, None),
    };
    nodes.retain(|n| labels.matches_object(n));
    let mut used: Vec<(String, Value, i64, i64)> = nodes
        .into_iter()
        .map(|n| {
            (
                n.str_at("metadata.name").to_owned(),
                n,
                NODE_CPU,
                NODE_MEMORY,
            )
        })
        .collect();
    for space in namespaces(ctx) {
        for (_, usage, pod) in usages(ctx, &space) {
            let node = pod.str_at("spec.nodeName");
            if let Some(line) = used.iter_mut().find(|(n, ..)| n == node) {
                line.2 += usage.cpu();
                line.3 += usage.memory();
            }
        }
    }
    by_usage(&mut used, ctx.flags.text("sort-by"), |l| (l.2, l.3));
    let mut rows = Vec::new();
    if !ctx.flags.on("no-headers") {
        rows.push(head(&if ctx.minor() >= Minor(33) {
            ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]
        } else {
            ["NAME", "CPU(cores)", "CPU%", "MEMORY(bytes)", "MEMORY%"]
        }));
    }
    let of = if ctx.flags.on("show-capacity") {
        "status.capacity"
    } else {
        "status.allocatable"
    };
    for (name, node, c, m) in used {
        let have = |resource: &str| {
            let q = node.at(of)?.get(resource).and_then(Quantity::of)?;
            Some(q.milli_value()).filter(|n| *n > 0)
        };
        let share = |used: i64, resource: &str| match have(resource) {
            Some(all) => format!("{}%", i128::from(used) * 100 / i128::from(all)),
            None => "<unknown>".to_owned(),
        };
        let percent = (share(c, "cpu"), share(m.saturating_mul(1000), "memory"));
        rows.push(vec![name, cpu(c), percent.0, memory(m), percent.1]);
    }
    print(ctx, rows);
    Ok(Next::Done)
}
