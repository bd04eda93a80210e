//! Requests: what became of them, by version and cause; the strip of the scene.

use crate::cluster::{Rollout, tag};
use crate::model::*;
use crate::past::counting;
use rollout_api::ObjectKey;
use rollout_engine::SimTime;
use rollout_engine::traffic::{Cause, Outcome, Tally};
use rollout_session::Session;

/// Up to so many requests each one has its mark.
const SINGLE_MARKS: u64 = 200;
/// Beyond it the drawing is cut into so many slices.
const SLICES: u64 = 160;

/// Where the requests to a rollout's pods go, and what became of them until the cursor.
pub struct SoFar {
    target: ObjectKey,
    tally: Tally,
}

/// Counts the requests to a rollout's pods; none without traffic.
pub fn so_far(session: &Session, rollout: Option<&Rollout>) -> Option<SoFar> {
    let key = crate::measures::key_of(rollout?);
    let target = session.stream_of(&key)?;
    let now = session.engine_time(session.at());
    let tally = counting(session, &key, |c| c.total(session.traffic(), &target, now));
    Some(SoFar { target, tally })
}

/// The measures of the requests that reach a rollout's pods.
pub fn measures(session: &Session, rollout: &Rollout, so_far: &SoFar) -> Vec<Measure> {
    let tally = &so_far.tally;
    let mut by_version = String::new();
    for set in &rollout.sets {
        let (ok, _) = of_set(session, tally, &set.object.meta.name);
        if !by_version.is_empty() {
            by_version.push(',');
        }
        by_version.push_str(&tag(set.version).letter());
        by_version.push(':');
        by_version.push_str(&ok.to_string());
    }
    let measure = |name, value| Measure { name, value };
    vec![
        measure("requests.ok", tally.ok().to_string()),
        measure("requests.failed", tally.failed().to_string()),
        measure("requests.by_version", by_version),
    ]
}

/// Answered and failed requests of one ReplicaSet's pods.
fn of_set(session: &Session, tally: &Tally, set: &str) -> (u64, u64) {
    let traffic = session.traffic();
    let (mut ok, mut failed) = (0, 0);
    for part in &tally.parts {
        let version = part.version.and_then(|id| traffic.version(id));
        if version.is_some_and(|v| *v.owner == *set) {
            match part.cause {
                None => ok += part.count,
                Some(_) => failed += part.count,
            }
        }
    }
    (ok, failed)
}

/// What became of the requests to a rollout's pods until the cursor; none without traffic.
pub fn traffic(
    session: &Session,
    rollout: Option<&Rollout>,
    so_far: Option<SoFar>,
    record: &RecordView,
) -> Option<TrafficView> {
    let rollout = rollout?;
    let SoFar { target, tally } = so_far?;
    let now = session.engine_time(session.at());
    let setting = *session.traffic().stream(&target)?.setting(now)?;
    let rows: Vec<TrafficRow> = rollout
        .sets
        .iter()
        .map(|set| {
            let (ok, failed) = of_set(session, &tally, &set.object.meta.name);
            TrafficRow {
                version: tag(set.version),
                image: crate::scene::short_image(set.image()),
                ok,
                failed,
            }
        })
        .filter(|row| row.ok + row.failed > 0)
        .collect();
    let causes = Cause::ALL
        .iter()
        .map(|c| (tally.failed_by(*c), c.words()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| n.to_string() + " " + words)
        .collect();
    let objective = rollout_session::traffic_percent(setting.objective);
    let (marks, crosses, per_mark) = strip(session, rollout, &target, record);
    let latency = match (tally.percentile(50), tally.percentile(95)) {
        (Some(half), Some(most)) => half.0.to_string() + " ms, " + &most.0.to_string() + " ms",
        _ => String::new(),
    };
    Some(TrafficView {
        target: rollout_session::target_text(&target),
        rate: rollout_engine::traffic::rate_text(setting.rate),
        total: tally.total(),
        ok: tally.ok(),
        failed: tally.failed(),
        causes,
        rows,
        availability: rollout_session::traffic_percent(tally.availability()),
        budget: tally.budget_burnt(setting.objective).to_string()
            + "% of the error budget for "
            + &objective,
        latency,
        marks,
        crosses,
        per_mark,
        label: rollout_session::traffic_sentence(&tally),
    })
}

/// Marks of answered requests, places of failed ones, and how many requests a mark stands for.
fn strip(
    session: &Session,
    rollout: &Rollout,
    target: &ObjectKey,
    record: &RecordView,
) -> (Vec<RequestMark>, Vec<u32>, u64) {
    let traffic = session.traffic();
    let (from, now) = (session.engine_time(0), session.engine_time(session.at()));
    let newest = rollout.newest.and_then(|i| rollout.sets.get(i));
    // Row and colour of a version.
    let look = |version: u32| {
        let owner = traffic.version(version).map(|v| v.owner.clone())?;
        let set = rollout.sets.iter().find(|s| *s.name() == owner);
        let row = u8::from(newest.is_some_and(|n| *n.name() == owner));
        Some((row, set.map_or(0, |s| tag(s.version).livery())))
    };
    let place = |x: u64| u32::try_from(x * 1000 / record.width.max(1)).unwrap_or(1000);
    let ms = |at: SimTime| at.since(from).0;
    let (mut marks, mut crosses) = (Vec::new(), Vec::new());
    let sent = traffic.sent(target, from, now);
    if sent <= SINGLE_MARKS {
        for request in traffic.requests(target, from, now, now, SINGLE_MARKS as usize) {
            let x = record.x_at(ms(request.at));
            match request.outcome {
                Outcome::Failed(_) => crosses.push(place(x)),
                Outcome::Ok { .. } => {
                    let version = request.server.and_then(|id| traffic.server(id));
                    if let Some((row, livery)) = version.and_then(|s| look(s.version)) {
                        marks.push(RequestMark { x, row, livery });
                    }
                }
                Outcome::Waiting => {}
            }
        }
        return (marks, crosses, 1);
    }
    let drawn: u64 = record.segments.iter().map(|s| s.to_ms - s.from_ms).sum();
    let slice = (drawn / SLICES).max(1);
    let (mut spans, mut places) = (Vec::new(), Vec::new());
    for segment in &record.segments {
        let end = segment.to_ms.min(session.at());
        let mut at = segment.from_ms;
        while at < end {
            let to = (at + slice).min(end);
            spans.push((session.engine_time(at), session.engine_time(to)));
            places.push(record.x_at(at) + (to - at) / 2);
            at = to;
        }
    }
    let mut per_mark = 1;
    let key = crate::measures::key_of(rollout);
    let tallies = counting(session, &key, |c| c.tallies(traffic, target, &spans, now));
    for (tally, x) in tallies.iter().zip(places) {
        let mut seen: Vec<(u8, u8)> = Vec::new();
        for part in &tally.parts {
            let Some(look) = part.version.and_then(look) else {
                continue;
            };
            if part.cause.is_none() {
                per_mark = per_mark.max(part.count);
                if !seen.contains(&look) {
                    seen.push(look);
                    let (row, livery) = look;
                    marks.push(RequestMark { x, row, livery });
                }
            }
        }
        if tally.failed() > 0 {
            crosses.push(place(x));
        }
    }
    (marks, crosses, per_mark)
}
