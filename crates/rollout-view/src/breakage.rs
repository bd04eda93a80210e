//! What can be broken besides images, and what is: nodes, the cluster, traffic, and what probes have said.

use crate::catalogue::seconds;
use crate::cluster::Rollout;
use crate::model::*;
use rollout_api::Kind;
use rollout_engine::decision::What;
use rollout_engine::faults::Faults;
use rollout_engine::kubelet::decision::KubeletDecision;
use rollout_engine::kubelet::prober::ProbeResult;
use rollout_session::Session;

/// So many answers to probes are listed.
const PROBES_SHOWN: usize = 40;
/// Rates to choose from.
const RATES: [&str; 4] = ["off", "8/s", "20/s", "100/s"];

/// The panel at the cursor.
pub fn breakage(session: &Session, rollout: Option<&Rollout>) -> BreakView {
    let faults = session.faults();
    let nodes: Vec<(String, bool, bool)> = session
        .store()
        .list(Kind::NODE)
        .map(|n| {
            let view = n.node();
            (
                n.meta.name.to_string(),
                view.is_some_and(|v| v.unschedulable),
                view.is_some_and(|v| v.is_ready()),
            )
        })
        .collect();
    let mut list: Vec<FaultView> = nodes.iter().map(|n| node(&faults, n)).collect();
    list.extend(cluster(&faults, rollout));
    list.extend(rollout.map(|r| quota(session, r)));
    let targets = targets(session, rollout);
    BreakView {
        faults: list,
        nodes: nodes.into_iter().map(|(name, ..)| name).collect(),
        probes: probes(session),
        rates: rates(session, rollout, &targets),
        targets,
    }
}

fn control(name: &str, command: String, on: bool) -> CommandView {
    CommandView {
        name: name.to_owned(),
        command,
        on,
    }
}

fn node(faults: &Faults, (name, cordoned, ready): &(String, bool, bool)) -> FaultView {
    let lost = faults.lost.contains_key(name.as_str());
    let words = match (lost, ready, cordoned) {
        (true, true, _) => "cut off, nobody has noticed yet",
        (true, false, _) => "cut off, NotReady",
        (false, false, _) => "back, not heard of yet",
        (false, true, true) => "cordoned: no new pods",
        (false, true, false) => "Ready",
    };
    let line = |before: &str, after: &str| before.to_owned() + name + after;
    let mut controls = vec![if lost {
        control("Bring it back", line("fault node ", " back"), true)
    } else {
        control("Cut it off", line("fault node ", " lost"), false)
    }];
    if !lost {
        controls.push(if *cordoned {
            control("Uncordon", line("kubectl uncordon ", ""), true)
        } else {
            control("Cordon", line("kubectl cordon ", ""), false)
        });
        let more = " --ignore-daemonsets --delete-emptydir-data";
        controls.push(control("Drain", line("kubectl drain ", more), false));
    }
    FaultView {
        name: name.clone(),
        words: words.to_owned(),
        broken: lost || *cordoned || !ready,
        controls,
    }
}

/// What there is one of.
fn cluster(faults: &Faults, rollout: Option<&Rollout>) -> Vec<FaultView> {
    let image = rollout.map_or("*", |r| r.image());
    let one = |name: &str, broken: bool, words: [&str; 2], broke: String, mend: &str| FaultView {
        name: name.to_owned(),
        words: words[usize::from(broken)].to_owned(),
        broken,
        controls: vec![if broken {
            control("Mend", "fault ".to_owned() + mend, true)
        } else {
            control("Break", "fault ".to_owned() + &broke, false)
        }],
    };
    let plain = |text: &str| text.to_owned();
    let mut controllers = one(
        "Controllers",
        faults.controllers_down,
        ["they look at every change", "down: nothing is decided"],
        plain("controllers down"),
        "controllers up",
    );
    controllers.controls.push(control(
        "Restart",
        plain("fault controllers restart"),
        false,
    ));
    vec![
        one(
            "Registries",
            !faults.registries.is_empty(),
            ["they deliver", "down: pulls fail"],
            plain("registry down"),
            "registry up",
        ),
        one(
            "API server",
            faults.api_delay.0 > 0,
            ["news arrive at once", "slow: news arrive late"],
            plain("api slow"),
            "api normal",
        ),
        one(
            "Endpoints",
            faults.endpoint_delay.is_some(),
            [
                "clients hear of them after 1.5 s",
                "slow: clients hear of them late",
            ],
            plain("endpoints slow"),
            "endpoints normal",
        ),
        one(
            "Admission",
            faults.webhook.is_some(),
            ["nothing is refused", "a webhook refuses"],
            plain("webhook deny image=") + image,
            "webhook off",
        ),
        controllers,
        one(
            "Database",
            faults.schema.is_some(),
            ["schema 1", "another schema"],
            plain("schema 2"),
            "schema 1",
        ),
    ]
}

/// A quota that leaves no room for one more pod.
fn quota(session: &Session, r: &Rollout) -> FaultView {
    let namespace = &r.object.meta.namespace;
    let mut list = session.store().list_in(Kind::RESOURCE_QUOTA, namespace);
    let found = list.next().map(|q| q.meta.name.to_string());
    let more = match namespace.as_str() {
        "default" => String::new(),
        other => " -n ".to_owned() + other,
    };
    let pods = session.store().list_in(Kind::POD, namespace).count();
    let (words, control) = match &found {
        Some(name) => {
            let line = "kubectl delete quota ".to_owned() + name + &more;
            let words = "quota ".to_owned() + name + " limits what may be made";
            (words, control("Mend", line, true))
        }
        None => {
            let line = "kubectl create quota full --hard=pods=".to_owned();
            let line = line + &pods.to_string() + &more;
            ("no quota".to_owned(), control("Break", line, false))
        }
    };
    FaultView {
        name: "Quota".to_owned(),
        words,
        broken: found.is_some(),
        controls: vec![control],
    }
}

/// Services that select the rollout's pods, then the Deployment itself.
fn targets(session: &Session, rollout: Option<&Rollout>) -> Vec<String> {
    let Some(r) = rollout else {
        return Vec::new();
    };
    let meta = &r.object.meta;
    let labels = r.object.value.at("spec.template.metadata.labels");
    let mut out: Vec<String> = session
        .store()
        .list_in(Kind::SERVICE, &meta.namespace)
        .filter(|s| {
            let selector = s.service().map(|v| &v.selector);
            selector.zip(labels).is_some_and(|(selector, labels)| {
                rollout_engine::controllers::selector::map_selector_matches(selector, labels)
            })
        })
        .map(|s| "service/".to_owned() + &s.meta.name)
        .collect();
    out.push("deployment/".to_owned() + &meta.name);
    if meta.namespace.as_str() != "default" {
        for target in &mut out {
            target.push_str(" -n ");
            target.push_str(&meta.namespace);
        }
    }
    out
}

fn rates(session: &Session, rollout: Option<&Rollout>, targets: &[String]) -> Vec<CommandView> {
    let Some(first) = targets.first() else {
        return Vec::new();
    };
    let key = rollout.map(crate::measures::key_of);
    let running = key.and_then(|k| session.stream_of(&k));
    let now = session.engine_time(session.at());
    let rate = running
        .as_ref()
        .and_then(|t| session.traffic().stream(t)?.setting(now))
        .map_or(0, |s| s.rate);
    let target = running.map_or_else(|| first.clone(), |t| rollout_session::target_text(&t));
    let text = rollout_engine::traffic::rate_text(rate);
    RATES
        .iter()
        .map(|r| {
            let command = "traffic ".to_owned() + &target + " " + r;
            control(r, command, *r == text)
        })
        .collect()
}

/// What probes have said, newest first.
fn probes(session: &Session) -> Vec<ProbeRow> {
    let mut out = Vec::new();
    for (i, step) in session.steps()[..session.position()]
        .iter()
        .enumerate()
        .rev()
    {
        for decision in step.record.decisions.iter().rev() {
            let What::Kubelet(KubeletDecision::Probe {
                container,
                kind,
                result,
                run,
                threshold,
                counts,
            }) = &decision.what
            else {
                continue;
            };
            let good = *result == ProbeResult::Success;
            if *result == ProbeResult::Unknown {
                out.push(ProbeRow {
                    step: i + 1,
                    at: seconds(step.at),
                    pod: decision.on.name.to_string(),
                    probe: kind.title().to_lowercase() + " of " + container,
                    outcome: "could not ask: no port of this name".to_owned(),
                    good: false,
                });
                continue;
            }
            let mut outcome = if good { "passed" } else { "failed" }.to_owned();
            outcome.push_str(", ");
            outcome.push_str(&run.to_string());
            if run > threshold {
                outcome.push_str(" in a row");
            } else {
                outcome.push_str(" of ");
                outcome.push_str(&threshold.to_string());
            }
            if *counts {
                outcome.push_str(": it counts");
            }
            out.push(ProbeRow {
                step: i + 1,
                at: seconds(step.at),
                pod: decision.on.name.to_string(),
                probe: kind.title().to_lowercase() + " of " + container,
                outcome,
                good,
            });
            if out.len() >= PROBES_SHOWN {
                return out;
            }
        }
    }
    out
}
