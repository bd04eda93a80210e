//! Recordings of a real control plane: the same decisions, lane by lane, the same end.

use rollout_api::{Map, Minor, Value};
use rollout_cli::scenario::{Options, Scenario, run};
use rollout_tests::counts::counted;
use rollout_tests::ranking::{self, Choices, Tolerance};
use rollout_tests::recordings::{self, Difference};

/// Scenarios that are not reproduced yet. Must be empty at a release.
const PENDING: &[&str] = &[];

/// Where the real controller chose another pod of the same bucket than we do, or two of its sets made their pods in
/// another order, and that moved what followed: pods start and stop with delays by their number. The lane that shows
/// it, without [`recordings::TIE`], and why.
const TIES: &[(&str, &str, &str)] = &[
    (
        "endpoints-rollout",
        "endpoints",
        "r1.p1 goes at 5 s instead of r1.p4 and stops 33 ms sooner: it leaves before the next pod is ready",
    ),
    (
        "quota-exceeded",
        "time:condition:Progressing",
        "r1.p2 goes instead of r1.p3; retries of failed creations come at times of their own: 26 ms",
    ),
    (
        "random-0069",
        "time:condition:Progressing",
        "Recreate waits for the last pod to stop, which is r1.p7 instead of r1.p6: 11 ms",
    ),
    (
        "random-0101",
        "time:deployment",
        "other pods of r2 and r4 are left: others become ready, 20 ms later",
    ),
    (
        "random-0122",
        "time:condition:Available",
        "r2.p4 goes instead of r2.p5 before both are ready: 120 ms later",
    ),
    (
        "random-0187",
        "time:deployment",
        "r1 and r3 make pods in one epoch: r3.p3 has another number and is ready 120 ms later",
    ),
    (
        "random-0207",
        "time:condition:Available",
        "r2.p2 goes instead of r2.p3 before both are ready: 60 ms later",
    ),
    (
        "random-0214",
        "time:condition:Available",
        "r1.p2 goes instead of r1.p5 before both are ready: 60 ms later",
    ),
    (
        "random-0220",
        "time:condition:Available",
        "r5.p1 goes instead of r5.p6 before both are ready: another pod is the last one needed",
    ),
    (
        "scale-mid-good",
        "time:deployment",
        "r1 and r2 make pods in one epoch: r2.p5 has another number and is ready 130 ms sooner",
    ),
    (
        "scale-three-sets",
        "time:deployment",
        "r1, r2 and r3 make and lose pods in one epoch: others become ready, 60 ms later",
    ),
    (
        "scale-stuck-10-20",
        "time:condition:Available",
        "r1 and r2 make eleven pods in one epoch: r1's have lower numbers and are ready 100 ms sooner",
    ),
];

/// Other recordings than ours are compared.
fn others() -> bool {
    std::env::var_os("ROLLOUT_RECORDINGS").is_some()
}

/// Is a difference one of [`TIES`]? Other recordings than ours have ties of their own.
fn is_known_tie(name: &str, lane: &str) -> bool {
    let others = others();
    lane.strip_prefix(recordings::TIE)
        .is_some_and(|lane| others || TIES.iter().any(|t| (t.0, t.1) == (name, lane)))
}

#[allow(clippy::print_stdout, reason = "excused ties are said by name")]
fn differences(name: &str, choices: &mut Choices) -> Vec<Difference> {
    let recorded = recordings::read(name);
    let scenario = match Scenario::read(&recorded) {
        Ok(scenario) => scenario,
        Err(text) => {
            return vec![Difference {
                lane: "scenario".to_owned(),
                text,
            }];
        }
    };
    let version = Minor::parse(recorded.str_at("server")).unwrap_or_default();
    let whole = Options {
        version,
        seed: 1,
        pieces: None,
    };
    let outcome = run(&scenario, whole);
    // Any chunking of time and going on from copies: another length for each recording.
    let pieces = Some(37 + name.bytes().map(u64::from).sum::<u64>() % 1500);
    let chunked = run(&scenario, Options { pieces, ..whole });
    if chunked.trace != outcome.trace || chunked.failed != outcome.failed {
        return vec![Difference {
            lane: "determinism".to_owned(),
            text: format!("time in pieces of {pieces:?} ms gives another trace"),
        }];
    }
    let mut found = recordings::compare(&recorded, &outcome.trace);
    // Our own times are exact, and one write follows the other.
    let ours = ranking::check(&outcome.trace, Tolerance { ms: 0 });
    choices.all += ours.all;
    choices.real += ours.real;
    found.extend(ours.wrong.into_iter().map(|text| Difference {
        lane: "ranking".to_owned(),
        text,
    }));
    found.extend(outcome.failed.into_iter().map(|text| Difference {
        lane: "run".to_owned(),
        text,
    }));
    let races = recordings::read("races");
    let excused: Vec<String> = races
        .get(name)
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(Map::iter)
        .map(|(lane, _)| lane.to_string())
        .collect();
    // What is excused in recordings that nobody has looked at yet is said by name.
    for d in found
        .iter()
        .filter(|d| others() && is_known_tie(name, &d.lane))
    {
        println!("tie: {name}: {}: {}", d.lane, d.text);
    }
    found.retain(|d| !excused.contains(&d.lane) && !is_known_tie(name, &d.lane));
    found
}

#[test]
fn every_recording_is_reproduced() {
    let only = std::env::var("ROLLOUT_ONLY").ok();
    let names: Vec<String> = recordings::names()
        .into_iter()
        .filter(|n| only.as_ref().is_none_or(|o| n.contains(o.as_str())))
        .collect();
    let mut equal = 0;
    let mut choices = Choices::default();
    let mut report = Vec::new();
    for name in &names {
        let found = differences(name, &mut choices);
        if found.is_empty() {
            equal += 1;
        }
        report.extend(
            found
                .iter()
                .map(|d| format!("{name}: {}: {}", d.lane, d.text)),
        );
    }
    println!("{equal} of {} scenarios", names.len());
    println!(
        "{} choices, {} among several pods",
        choices.all, choices.real
    );
    for line in &report {
        println!("{line}");
    }
    let known = |line: &&String| PENDING.iter().any(|p| line.starts_with(&format!("{p}: ")));
    let unknown: Vec<&String> = report.iter().filter(|l| !known(l)).collect();
    assert!(unknown.is_empty(), "{} differences", unknown.len());
    counted("recordings", equal, names.len());
    counted("choices-ours", choices.all, choices.all);
}

/// The ranking of the engine accepts what real controllers chose.
#[test]
fn every_recorded_choice_follows_the_ranking() {
    let mut choices = Choices::default();
    for name in recordings::names() {
        let found = ranking::check(&recordings::read(&name), Tolerance { ms: 1000 });
        choices.all += found.all;
        choices.real += found.real;
        let wrong = found
            .wrong
            .into_iter()
            .map(|text| format!("{name}: {text}"));
        choices.wrong.extend(wrong);
    }
    println!(
        "{} choices, {} among several pods",
        choices.all, choices.real
    );
    assert!(choices.real > 0 || std::env::var_os("ROLLOUT_RECORDINGS").is_some());
    assert!(choices.wrong.is_empty(), "{:#?}", choices.wrong);
    counted("choices-recorded", choices.all, choices.all);
}
