//! What a wait says of its end is what then happens: exact ends, longest ends, the look at the deadline.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_session::{Session, Start};
use rollout_view::cluster::Rollout;
use rollout_view::explain::{rollout_at_cursor, wait};
use rollout_view::{PodState, plain_text, shown_key};

/// A moment of a run at which nothing more is due.
struct Moment {
    at: u64,
    lasts: String,
    ends: String,
    leaving: usize,
    /// Pods that count as available, or are gone.
    available: Vec<String>,
    nearest: String,
    progressing: (String, i64),
    acted: bool,
}

fn moment(session: &Session, r: &Rollout) -> Moment {
    let awaited = wait(session, Some(r));
    let text = |f: fn(&rollout_view::WaitView) -> &Vec<rollout_view::Span>| {
        awaited.as_ref().map_or(String::new(), |w| plain_text(f(w)))
    };
    let progressing = r.view().status.conditions.iter();
    let mut progressing = progressing
        .filter(|c| c.kind == *"Progressing")
        .map(|c| (c.reason.to_string(), c.last_update.map_or(0, |t| t.0)));
    let named = text(|w| &w.awaited);
    let nearest = named
        .strip_suffix(" is the nearest.")
        .map(|t| t.rsplit(' '));
    Moment {
        at: session.at(),
        lasts: text(|w| &w.lasts),
        ends: text(|w| &w.ends),
        leaving: r.leaving().count(),
        available: r
            .pods
            .iter()
            .filter(|p| p.state == PodState::Available)
            .map(|p| p.short().to_owned())
            .collect(),
        nearest: nearest.and_then(|mut n| n.next()).unwrap_or("").to_owned(),
        progressing: progressing.next().unwrap_or_default(),
        acted: session.last_step().is_some_and(|s| s.action.is_some()),
    }
}

/// Runs a manifest with lines at their seconds, and looks whenever nothing more is due.
fn moments(manifest: &str, lines: &[(u64, &str)], until: u64) -> Vec<Moment> {
    let path = format!(
        "{}/data/operator/{manifest}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut session = Session::new(Start {
        manifest: Some(std::fs::read_to_string(path).unwrap()),
        ..Start::empty()
    });
    let mut lines = lines.iter().peekable();
    let mut out = Vec::new();
    loop {
        let line = lines.peek().map(|l| l.0 * 1000);
        match session.next_seen() {
            Some(next) if next < until * 1000 && line.is_none_or(|l| next <= l) => {
                session.step();
            }
            _ => {
                let Some((at, line)) = lines.next() else {
                    break;
                };
                session.play_to(at * 1000);
                session.run(line);
            }
        }
        if session.more_now() {
            continue;
        }
        let key = shown_key(&session, None).unwrap();
        out.push(moment(
            &session,
            &rollout_at_cursor(&session, &key).unwrap(),
        ));
    }
    out
}

/// The span of time in a text between two pieces, in milliseconds.
fn span(text: &str, before: &str, after: &str) -> Option<u64> {
    let text = text.split_once(before)?.1.split_once(after)?.0;
    let (number, unit) = text.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    Some((number * if unit == "min" { 60_000.0 } else { 1_000.0 }) as u64)
}

/// A tenth of a second is what a text shows.
const ROUNDED: u64 = 60;

const CASES: &[(&str, &[(u64, &str)])] = &[
    (
        "strict",
        &[
            (1, "kubectl set image deploy/pay pay=ghcr.io/acme/pay:1.1.0"),
            (200, "kubectl rollout undo deploy/pay"),
        ],
    ),
    (
        "port-name",
        &[
            (0, "image acme/billing:v2 crash after=3s"),
            (0, "image acme/billing:v3 missing"),
            (
                1,
                "kubectl set image deploy/billing billing=acme/billing:v2",
            ),
            (
                120,
                "kubectl set image deploy/billing billing=acme/billing:v3",
            ),
            (250, "kubectl rollout undo deploy/billing --to-revision=1"),
        ],
    ),
    (
        "port-name",
        &[
            (0, "image acme/billing:v2 ignores-stop"),
            (
                1,
                "kubectl set image deploy/billing billing=acme/billing:v2",
            ),
            (150, "kubectl rollout restart deploy/billing"),
        ],
    ),
    (
        "helm",
        &[
            (
                0,
                "image registry.example.com/shop/storefront:2.15.0 never-ready",
            ),
            (
                1,
                "kubectl set image deploy/storefront app=registry.example.com/shop/storefront:2.15.0",
            ),
            (350, "kubectl rollout undo deploy/storefront"),
        ],
    ),
    (
        "worker",
        &[
            (1, "kubectl rollout restart deploy/ledger-worker"),
            (60, "kubectl scale deploy/ledger-worker --replicas=0"),
            (70, "kubectl scale deploy/ledger-worker --replicas=1"),
        ],
    ),
];

#[test]
fn an_end_that_is_told_comes_when_it_is_told() {
    let mut seen = [0; 3];
    for (manifest, lines) in CASES {
        let all = moments(manifest, lines, 420);
        assert!(all.len() > 5, "{manifest}");
        for (i, m) in all.iter().enumerate() {
            // What the learner does next changes what was awaited.
            let later = || all[i + 1..].iter().take_while(|l| !l.acted);
            let about = format!("{manifest} at {}: {} {}", m.at, m.ends, m.lasts);
            if let Some(left) = span(&m.lasts, "", " more, if it stays ready") {
                let end = later().find(|l| l.available.contains(&m.nearest));
                if let Some(end) = end {
                    assert!(
                        (m.at + left).abs_diff(end.at) <= ROUNDED,
                        "{about}: {}",
                        end.at
                    );
                    seen[0] += 1;
                }
            }
            if let Some(left) = span(&m.lasts, "", " more at the most") {
                let end = later().find(|l| l.leaving == 0);
                let end = end.map_or(u64::MAX, |e| e.at);
                let acts = all[i + 1..].iter().find(|l| l.acted);
                if acts.is_none_or(|a| a.at > m.at + left + ROUNDED) {
                    assert!(end <= m.at + left + ROUNDED, "{about}: {end}");
                    seen[1] += 1;
                }
            }
            if let Some(left) = span(&m.lasts, "at its look in ", ", and changes") {
                let same = later().take_while(|l| {
                    l.progressing == m.progressing || l.progressing.0 == "ProgressDeadlineExceeded"
                });
                let end = same
                    .into_iter()
                    .find(|l| l.progressing.0 == "ProgressDeadlineExceeded");
                if let Some(end) = end {
                    assert!(
                        (m.at + left).abs_diff(end.at) <= ROUNDED,
                        "{about}: {}",
                        end.at
                    );
                    seen[2] += 1;
                }
            }
        }
    }
    assert!(seen[0] > 10 && seen[1] > 3 && seen[2] > 50, "{seen:?}");
}
