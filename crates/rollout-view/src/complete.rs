//! Completion of a console line: words of the commands, names of the cluster.

use rollout_api::Kind;
use rollout_engine::images::Behaviour;
use rollout_session::Session;

/// Commands and their next words. A word in capitals stands for names of the cluster.
const LINES: &[&str] = &[
    "kubectl get deployments",
    "kubectl get replicasets",
    "kubectl get pods",
    "kubectl get pods -o wide",
    "kubectl get services",
    "kubectl get events",
    "kubectl describe deployment DEPLOYMENT",
    "kubectl describe replicaset SET",
    "kubectl describe pod POD",
    "kubectl set image deployment/DEPLOYMENT CONTAINER=IMAGE",
    "kubectl rollout status deployment/DEPLOYMENT",
    "kubectl rollout history deployment/DEPLOYMENT",
    "kubectl rollout undo deployment/DEPLOYMENT",
    "kubectl rollout pause deployment/DEPLOYMENT",
    "kubectl rollout resume deployment/DEPLOYMENT",
    "kubectl rollout restart deployment/DEPLOYMENT",
    "kubectl scale deployment/DEPLOYMENT --replicas=N",
    "kubectl apply -f FILE",
    "kubectl create -f FILE",
    "kubectl delete -f FILE",
    "kubectl delete deployment DEPLOYMENT",
    "kubectl delete pod POD",
    "image IMAGE BEHAVIOUR",
    "sleep 5",
    "clear",
    "help",
];

/// Ways to go on with a line: each is the whole line with one more word.
pub fn complete(session: &Session, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (done, last) = match (line.ends_with(char::is_whitespace), words.split_last()) {
        (false, Some((last, done))) => (done, *last),
        _ => (&words[..], ""),
    };
    let mut out: Vec<String> = Vec::new();
    for pattern in LINES {
        let parts: Vec<&str> = pattern.split_whitespace().collect();
        let fits = |(word, part): (&&str, &&str)| {
            let word = if *word == "k" { "kubectl" } else { word };
            word == *part || has_name(part) || alias(word) == alias(part)
        };
        if parts.len() <= done.len() || !done.iter().zip(&parts).all(fits) {
            continue;
        }
        for choice in expand(session, parts[done.len()]) {
            if choice.starts_with(last) && choice != last {
                let mut whole: Vec<&str> = done.to_vec();
                whole.push(&choice);
                let whole = whole.join(" ");
                if !out.contains(&whole) {
                    out.push(whole);
                }
            }
        }
    }
    out
}

fn has_name(part: &str) -> bool {
    part.bytes().any(|b| b.is_ascii_uppercase())
}

fn alias(word: &str) -> &str {
    match word {
        "deploy" | "deployments" => "deployment",
        "rs" | "replicasets" => "replicaset",
        "po" | "pods" => "pod",
        "svc" | "service" => "services",
        other => other,
    }
}

fn expand(session: &Session, part: &str) -> Vec<String> {
    let names = |kind: Kind| {
        session
            .store()
            .list(kind)
            .map(|o| o.meta.name.to_string())
            .collect::<Vec<_>>()
    };
    let with = |slot: &str, values: Vec<String>| {
        values
            .iter()
            .map(|v| part.replace(slot, v))
            .collect::<Vec<_>>()
    };
    match part {
        "IMAGE" => crate::bench::images_in_use(session),
        "BEHAVIOUR" => Behaviour::names().iter().map(|n| (*n).to_owned()).collect(),
        "FILE" => session.files().keys().cloned().collect(),
        "SET" => names(Kind::REPLICA_SET),
        "POD" => names(Kind::POD),
        "CONTAINER=IMAGE" => session
            .store()
            .list(Kind::DEPLOYMENT)
            .flat_map(|d| d.value.list_at("spec.template.spec.containers").to_vec())
            .map(|c| format!("{}=", c.str_at("name")))
            .collect(),
        "--replicas=N" => vec!["--replicas=".to_owned()],
        p if p.contains("DEPLOYMENT") => with("DEPLOYMENT", names(Kind::DEPLOYMENT)),
        p => vec![p.to_owned()],
    }
}
