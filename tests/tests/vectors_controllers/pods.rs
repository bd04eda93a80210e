//! Tables about pods, endpoints, budgets and queues.

use super::*;

pub(super) fn pod_object(v: Value) -> Object {
    let mut v = v;
    v.set("kind", "Pod");
    Object::new(v)
}

pub(super) fn ready_condition(status: &'static str, since: Option<&Value>) -> Value {
    let mut c = object! { "type" => "Ready", "status" => status };
    put(&mut c, "lastTransitionTime", since);
    Value::list(vec![c])
}

pub(super) fn endpoint_from_pod(g: &Value, e: &Value) -> Outcome {
    let mut pod = object! {};
    pod.set("metadata.name", "pod");
    if g.bool_at("podTerminating") {
        pod.set("metadata.deletionTimestamp", "2024-01-01T00:00:00Z");
    }
    put(&mut pod, "spec.nodeName", present(g, "podNodeName"));
    put(&mut pod, "spec.hostname", present(g, "podHostname"));
    put(&mut pod, "spec.subdomain", present(g, "podSubdomain"));
    put(&mut pod, "status.podIP", g.at("podIPs.0"));
    let ready = if g.bool_at("podReady") {
        "True"
    } else {
        "False"
    };
    pod.set("status.conditions", ready_condition(ready, None));
    let zone = present(g, "nodeZone").and_then(Value::as_str);
    let got = endpoint_slice::pod_to_endpoint(
        &pod_object(pod),
        zone,
        "foo",
        g.bool_at("publishNotReadyAddresses"),
    );
    same("address", got.at("addresses.0"), e.get("address"))?;
    for key in ["ready", "serving", "terminating"] {
        same(
            key,
            got.bool_at(&format!("conditions.{key}")),
            e.bool_at(key),
        )?;
    }
    for key in ["nodeName", "zone", "hostname"] {
        same(key, got.get(key), present(e, key))?;
    }
    Ok(())
}

pub(super) fn new_slice(g: &Value, e: &Value) -> Outcome {
    let mut service = object! { "kind" => "Service" };
    service.set("metadata.name", at(g, "serviceName").clone());
    put(&mut service, "metadata.labels", present(g, "serviceLabels"));
    put(
        &mut service,
        "metadata.annotations",
        present(g, "serviceAnnotations"),
    );
    let slice = endpoint_slice::new_endpoint_slice(
        &Object::new(service),
        g.bool_at("headless"),
        "<controller-name>",
    );
    same("labels", slice.at("metadata.labels"), e.get("labels"))?;
    same(
        "generateName",
        slice.str_at("metadata.generateName"),
        e.str_at("generateName"),
    )?;
    same(
        "endpoints",
        slice.list_at("endpoints"),
        e.list_at("endpoints"),
    )
}

pub(super) fn phase(text: &str) -> PodPhase {
    match text {
        "Running" => PodPhase::Running,
        "Succeeded" => PodPhase::Succeeded,
        "Failed" => PodPhase::Failed,
        "Unknown" => PodPhase::Unknown,
        _ => PodPhase::Pending,
    }
}

pub(super) fn pod_included(g: &Value, e: &Value) -> Outcome {
    let got = endpoint_slice::should_pod_be_in_endpoints(
        phase(g.str_at("phase")),
        !g.list_at("podIPs").is_empty(),
        g.bool_at("terminating"),
        g.bool_at("includeTerminating"),
    );
    same("included", got, e.bool_at("included"))
}

// Budgets.

pub(super) fn disrupted_pods(g: &Value, e: &Value) -> Outcome {
    let now = Timestamp(1_700_000_000);
    let (mut entries, mut states) = (Map::new(), SortedMap::new());
    for entry in g.list_at("entries") {
        let since = Timestamp(now.0 - entry.int_at("secondsAgo").unwrap_or(0));
        entries.insert(Str::copy(entry.str_at("name")), since.rfc3339());
        states.insert(entry.str_at("name"), entry.str_at("pod"));
    }
    let there = |n: &Str| states.get(n.as_str()) == Some(&"exists");
    let (kept, _) = disruption::build_disrupted_pod_map(&entries.into(), there, now.0 * 1000);
    same(
        "kept",
        kept.keys().map(ToString::to_string).collect(),
        names(e, "kept"),
    )?;
    let pods = states.values().filter(|s| **s != "missing").count();
    let healthy = states
        .iter()
        .filter(|(n, s)| **s == "exists" && !kept.contains_key(**n))
        .count();
    let min = IntOrString::of(g.get("minAvailable"));
    budget(e, min.as_ref(), None, count(pods), 0, count(healthy))
}

pub(super) fn count(n: usize) -> i32 {
    i32::try_from(n).expect("small")
}

pub(super) fn budget(
    e: &Value,
    min: Option<&IntOrString>,
    max: Option<&IntOrString>,
    pods: i32,
    scales: i32,
    healthy: i32,
) -> Outcome {
    let expectation =
        disruption::get_expected_pod_count(min, max, pods, scales).ok_or("no number")?;
    let got = [
        (
            "disruptionsAllowed",
            disruption::disruptions_allowed(healthy, expectation),
        ),
        ("currentHealthy", healthy),
        ("desiredHealthy", expectation.desired_healthy),
        ("expectedPods", expectation.expected),
    ];
    for (key, got) in got {
        if e.get(key).is_some() {
            same(key, got, int(e, key))?;
        }
    }
    Ok(())
}

pub(super) fn pdb_status(g: &Value, e: &Value) -> Outcome {
    let min = IntOrString::of(present(g, "minAvailable"));
    let max = IntOrString::of(present(g, "maxUnavailable"));
    let scales = g
        .list_at("controllerScales")
        .iter()
        .filter_map(Value::as_int)
        .sum::<i64>();
    let pods = int(g, "readyPods") + int(g, "notReadyPods");
    let scales = i32::try_from(scales).expect("small");
    budget(
        e,
        min.as_ref(),
        max.as_ref(),
        pods,
        scales,
        int(g, "readyPods"),
    )
}

// ReplicaSets.

pub(super) fn pod_available(g: &Value, e: &Value) -> Outcome {
    let now = Timestamp(1_700_000_000);
    let since = Timestamp(now.0 - g.int_at("readyForSeconds").unwrap_or(0));
    let got = utils::is_pod_available(
        g.bool_at("ready"),
        Some(since),
        int(g, "minReadySeconds"),
        utils::ReadyClock {
            now_ms: now.0 * 1000,
            inclusive: true,
        },
    );
    same("available", got, e.bool_at("available"))
}

pub(super) fn active_filter(g: &Value, e: &Value) -> Outcome {
    let pods = g.list_at("pods").iter();
    let mut active: Vec<String> = pods
        .filter(|p| utils::is_pod_active(phase(p.str_at("phase")), false))
        .map(|p| p.str_at("name").to_owned())
        .collect();
    let sets = replica_sets(g, "replicaSets");
    active.extend(
        sets.iter()
            .filter(|rs| rs.replicas > 0)
            .map(|rs| rs.meta().name.to_string()),
    );
    same("active", active, names(e, "active"))
}

pub(super) fn calculate_status(g: &Value, e: &Value) -> Outcome {
    let template =
        object! { "metadata" => object! { "labels" => at(g, "templateLabels").clone() } };
    let mut counts = utils::PodCounts::default();
    for p in g.list_at("activePods") {
        let labeled = utils::has_template_labels(&template, at(p, "labels"));
        counts.add_active(&pod_view(p), labeled);
    }
    let clock = utils::ReadyClock {
        now_ms: 1_700_000_000_000,
        inclusive: false,
    };
    let available = counts.available(int(g, "minReadySeconds"), clock);
    let status = utils::calculate_status(&counts, available, 1, false, Vec::new());
    same("replicas", status.replicas, int(e, "replicas"))?;
    same(
        "labelled",
        status.fully_labeled_replicas,
        int(e, "fullyLabeledReplicas"),
    )?;
    same("ready", status.ready_replicas, int(e, "readyReplicas"))?;
    same(
        "available",
        status.available_replicas,
        int(e, "availableReplicas"),
    )
}

/// A pod as the rows describe it, through the same view as stored pods.
pub(super) fn pod_view(p: &Value) -> PodView {
    let mut pod = object! { "kind" => "Pod" };
    put(&mut pod, "spec.nodeName", present(p, "nodeName"));
    put(&mut pod, "status.phase", present(p, "phase"));
    if let Some(ready) = p.get("ready").and_then(Value::as_bool) {
        let ready = if ready { "True" } else { "False" };
        pod.set(
            "status.conditions",
            ready_condition(ready, present(p, "readySince")),
        );
    }
    let restarts = p
        .list_at("restartCounts")
        .iter()
        .chain(p.get("maxRestarts"));
    let statuses = restarts
        .map(|n| object! { "restartCount" => n.clone() })
        .collect();
    pod.set("status.containerStatuses", Value::list(statuses));
    if let Some(cost) = present(p, "deletionCost") {
        let annotations: Map = [("controller.kubernetes.io/pod-deletion-cost", cost.clone())]
            .into_iter()
            .collect();
        pod.set("metadata.annotations", annotations);
    }
    pod_object(pod).pod().expect("a pod").clone()
}

pub(super) fn deletion_order_list(g: &Value, e: &Value) -> Outcome {
    let pods = g.list_at("pods");
    let views: Vec<PodView> = pods.iter().map(pod_view).collect();
    let candidate = |i: usize| utils::Candidate {
        pod: &views[i],
        uid: "",
        created: time(&pods[i], "createdAt"),
        rank: 1,
    };
    let ages = utils::Ages {
        now_ms: 0,
        logarithmic: g.bool_at("logarithmic"),
    };
    let mut order: Vec<usize> = (0..pods.len()).collect();
    order.sort_by(|&a, &b| utils::compare_for_deletion(&candidate(a), &candidate(b), ages));
    let got: Vec<String> = order
        .iter()
        .map(|&i| pods[i].str_at("name").to_owned())
        .collect();
    same("order", got, names(e, "order"))
}

pub(super) fn deletion_order_pairs(g: &Value, e: &Value) -> Outcome {
    let views = [pod_view(at(g, "first")), pod_view(at(g, "second"))];
    let candidate = |i: usize, key: &str, rank: &str| utils::Candidate {
        pod: &views[i],
        uid: at(g, key).str_at("uid"),
        created: time(at(g, key), "createdAt"),
        rank: int(g, rank),
    };
    let (a, b) = (
        candidate(0, "first", "firstRank"),
        candidate(1, "second", "secondRank"),
    );
    let ages = utils::Ages {
        now_ms: now_ms(g),
        logarithmic: true,
    };
    let want = match e.str_at("order") {
        "equal" => Ordering::Equal,
        "first before second" => Ordering::Less,
        "second before first" => Ordering::Greater,
        other => return Err(format!("unknown order {other}")),
    };
    same("order", utils::compare_for_deletion(&a, &b, ages), want)?;
    same(
        "reverse",
        utils::compare_for_deletion(&b, &a, ages),
        want.reverse(),
    )?;
    // What is chosen never contradicts the pairwise order.
    let chosen = utils::get_pods_to_delete(&[a, b], 1, ages)[0];
    match want {
        Ordering::Less => same("chosen", chosen, 0),
        Ordering::Greater => same("chosen", chosen, 1),
        Ordering::Equal => Ok(()),
    }
}

pub(super) fn failure_condition(g: &Value, e: &Value) -> Outcome {
    let before = condition_list(g, "conditions");
    let error = at(g, "error").as_str().map(|t| (t, Timestamp(0)));
    let after =
        utils::failure_condition(&before, int(g, "activePods"), int(g, "specReplicas"), error);
    let short = |list: &[Condition]| {
        list.iter()
            .map(|c| [&c.kind, &c.status, &c.reason, &c.message].map(ToString::to_string))
            .collect::<Vec<_>>()
    };
    same(
        "conditions",
        short(&after),
        short(&condition_list(e, "conditions")),
    )
}

pub(super) fn pods_to_delete(g: &Value, e: &Value) -> Outcome {
    let pods = g.list_at("pods");
    let views: Vec<PodView> = pods.iter().map(pod_view).collect();
    let rank = |node: &str| {
        let on_node = |p: &&Value| {
            p.str_at("nodeName") == node && utils::is_pod_active(phase(p.str_at("phase")), false)
        };
        count(g.list_at("relatedPods").iter().filter(on_node).count())
    };
    let candidates: Vec<utils::Candidate<'_>> = views
        .iter()
        .map(|v| utils::Candidate {
            pod: v,
            uid: "",
            created: None,
            rank: rank(&v.node),
        })
        .collect();
    let ages = utils::Ages {
        now_ms: 0,
        logarithmic: true,
    };
    let diff = usize::try_from(int(g, "diff")).expect("not negative");
    let chosen = utils::get_pods_to_delete(&candidates, diff, ages);
    let mut got: Vec<String> = chosen
        .iter()
        .map(|&i| pods[i].str_at("name").to_owned())
        .collect();
    let mut want = names(e, "podsToDelete");
    got.sort();
    want.sort();
    same("pods", got, want)
}

pub(super) fn slow_start_batch(g: &Value, e: &Value) -> Outcome {
    let wanted = usize::try_from(int(g, "count")).expect("not negative");
    let initial = usize::try_from(int(g, "initialBatchSize")).expect("not negative");
    let mut calls = 0;
    let (successes, error) = utils::slow_start_batch(wanted, initial, || {
        calls += 1;
        if calls <= int(g, "callsThatSucceed") {
            Ok(())
        } else {
            Err(())
        }
    });
    same("successes", count(successes), int(e, "successes"))?;
    same("failed", error.is_some(), e.bool_at("failed"))?;
    same("calls", calls, int(e, "calls"))
}

pub(super) fn item_delay(g: &Value, e: &Value) -> Outcome {
    let ms = |key: &str| Millis(u64::try_from(g.int_at(key).unwrap_or(0)).expect("not negative"));
    let failures = u32::try_from(int(g, "earlierFailures")).expect("not negative");
    let got =
        work_queue::item_exponential_delay(ms("baseMilliseconds"), ms("maxMilliseconds"), failures);
    same(
        "delay",
        i64::try_from(got.0).expect("small"),
        e.int_at("delayMilliseconds").unwrap_or(-1),
    )
}
