//! The scene at the cursor: tower, limits, sets, leaving pods.

use crate::catalogue::seconds;
use crate::cluster::{self, Pod, Rollout, short_name, state_word, waiting_reason};
use crate::model::*;
use crate::next_to_go::next_to_go;
use crate::past::Drawn;
use crate::progress::{self, Doing, Progress};
use rollout_api::Order;
use rollout_session::Session;
use std::rc::Rc;

/// Rows of the tower that the height of the page is made for.
const LEVELS: u32 = 22;
/// Leaving pods that are drawn one by one.
const LEAVING_SHOWN: usize = 30;

/// How fine the tower is drawn for so many pods (design.md 7).
pub fn grain(pods: u32) -> Grain {
    match pods {
        0..=14 => Grain::Slab,
        15..=60 => Grain::Tile {
            per_level: per_level(pods, &[2, 5]),
        },
        61..=400 => Grain::Dot {
            per_level: per_level(pods, &[10, 15, 20]),
        },
        _ => Grain::Density {
            per_level: pods.div_ceil(LEVELS),
        },
    }
}

fn per_level(pods: u32, choices: &[u32]) -> u32 {
    choices
        .iter()
        .copied()
        .find(|k| pods.div_ceil(*k) <= LEVELS)
        .unwrap_or(choices[choices.len() - 1])
}

/// An image as short as it can be told apart: without registry and path.
pub fn short_image(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    image.rsplit('/').next().unwrap_or(image).to_owned()
}

/// The scene without a Deployment.
pub fn empty(drawn: Drawn) -> SceneView {
    SceneView {
        height: drawn.tallest.max(1),
        grain: Grain::Slab,
        axis: vec![AxisLabel {
            level: 0,
            quantity: None,
        }],
        ceiling: None,
        floor: None,
        pods: Vec::new(),
        bands: Vec::new(),
        sets: Vec::new(),
        leaving: Vec::new(),
        leaving_total: 0,
        leaving_text: String::new(),
        past: drawn.past,
        lives: drawn.lives,
        label: "No Deployment yet".to_owned(),
        controller: ControllerSign::None,
    }
}

/// The scene of a rollout. `in_passing`: pods that are dots have no words.
pub fn scene(
    session: &Session,
    r: &Rollout,
    drawn: Drawn,
    controller: ControllerSign,
    in_passing: bool,
) -> SceneView {
    let l = &r.limits;
    let total = r.total() as u32;
    let height = drawn.tallest.max(total).max(l.ceiling() as u32).max(1);
    let grain = grain(height);
    let next = next_to_go(session, r).map(|p| p.object.meta.uid.clone());
    let changed: Vec<&str> = session
        .last_step()
        .map(|s| {
            s.record
                .changes
                .iter()
                .filter_map(|c| c.after.as_ref())
                .map(|o| o.meta.uid.as_str())
                .collect()
        })
        .unwrap_or_default();
    let waits = match grain {
        Grain::Density { .. } => Vec::new(),
        _ => progress::waits(session, r),
    };
    let view = |(level, pod): (usize, &Pod)| {
        let wait = progress::of(&waits, pod, session.at());
        let mut view = looks(session, r, pod, level as u32, &next, &changed, wait);
        let dot = matches!(grain, Grain::Dot { .. }) && pod.state != PodState::Terminating;
        if !(in_passing && dot) {
            describe(&mut view, session, r, pod, wait);
        }
        Rc::new(view)
    };
    let pods: Vec<Rc<PodView>> = match grain {
        Grain::Density { .. } => Vec::new(),
        _ => r.counted().enumerate().map(view).collect(),
    };
    let leaving: Vec<Rc<PodView>> = r
        .leaving()
        .take(LEAVING_SHOWN)
        .enumerate()
        .map(view)
        .collect();
    let leaving_total = r.leaving().count() as u32;
    SceneView {
        height,
        grain,
        axis: axis(r, height),
        ceiling: Some(limit(Quantity::Ceiling, r)),
        floor: l.rolling.then(|| limit(Quantity::Floor, r)),
        pods,
        bands: bands(r),
        sets: sets(r),
        leaving,
        leaving_total,
        leaving_text: format!(
            "{leaving_total} leaving{}",
            if leaving_total > 0 {
                ", not counted"
            } else {
                ""
            }
        ),
        past: drawn.past,
        lives: drawn.lives,
        label: if l.rolling {
            format!(
                "Pods between floor {} and ceiling {}",
                l.floor(),
                l.ceiling()
            )
        } else {
            format!("Pods under ceiling {}, without a floor", l.ceiling())
        },
        controller,
    }
}

fn axis(r: &Rollout, height: u32) -> Vec<AxisLabel> {
    let l = &r.limits;
    let mut out: Vec<AxisLabel> = vec![AxisLabel {
        level: 0,
        quantity: None,
    }];
    let named = [
        (l.rolling.then(|| l.floor() as u32), Quantity::Floor),
        (Some(l.ceiling() as u32), Quantity::Ceiling),
        (Some(l.desired as u32), Quantity::Desired),
    ];
    for (level, quantity) in named {
        if let Some(level) =
            level.filter(|level| *level > 0 && out.iter().all(|a| a.level != *level))
        {
            out.push(AxisLabel {
                level,
                quantity: Some(quantity),
            });
        }
    }
    let step = [
        1, 2, 4, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000,
    ]
    .into_iter()
    .find(|s| height / s <= 4)
    .unwrap_or(10_000);
    for level in (1..=height / step).map(|i| i * step) {
        // A plain number gives way where a limit stands near.
        if out.iter().all(|a| a.level.abs_diff(level) * 12 > height) {
            out.push(AxisLabel {
                level,
                quantity: None,
            });
        }
    }
    out.order_by_key(|a| a.level);
    out
}

fn limit(quantity: Quantity, r: &Rollout) -> LimitView {
    let l = &r.limits;
    let (level, by, sign, field, word) = match quantity {
        Quantity::Floor => (l.floor(), l.unavailable, "−", "maxUnavailable", "minus"),
        _ => (l.ceiling(), l.surge, "+", "maxSurge", "plus"),
    };
    let name = if quantity == Quantity::Floor {
        "floor"
    } else {
        "ceiling"
    };
    let mut title = name.to_owned();
    title[..1].make_ascii_uppercase();
    LimitView {
        quantity,
        level: level as u32,
        plate: format!("{name} {level}"),
        sum: format!("{} {sign} {by} = {level}", l.desired),
        label: if l.rolling {
            format!(
                "{title} {level}: {} replicas {word} {field} {by}",
                l.desired
            )
        } else {
            format!("{title} {level}: Recreate never adds a pod, and has no floor")
        },
    }
}

/// What is seen of a pod from afar.
fn looks(
    session: &Session,
    r: &Rollout,
    pod: &Pod,
    level: u32,
    next: &Option<rollout_api::Str>,
    changed: &[&str],
    wait: Option<&Progress>,
) -> PodView {
    let set = &r.sets[pod.set];
    let meta = &pod.object.meta;
    let min_ready = set.view().min_ready_seconds;
    PodView {
        uid: meta.uid.to_string(),
        level,
        state: pod.state,
        version: set.tag(),
        name: meta.name.to_string(),
        short: String::new(),
        set: String::new(),
        word: String::new(),
        restarts: pod
            .object
            .pod()
            .map_or(0, |p| p.max_restarts.max(0).unsigned_abs()),
        next_to_go: next.as_ref() == Some(&meta.uid),
        changed: changed.contains(&meta.uid.as_str()),
        progress: match pod.state {
            PodState::Ready if min_ready > 0 => {
                let left = left_ms(session, pod, min_ready);
                Some(1000 - (left * 1000 / (min_ready as u64 * 1000)).min(1000) as u32)
            }
            PodState::Creating => wait.map(|w| w.permille(session.at())),
            _ => None,
        },
        label: String::new(),
        facts: Vec::new(),
    }
}

/// Milliseconds until a ready pod is available.
fn left_ms(session: &Session, pod: &Pod, min_ready: i32) -> u64 {
    let now_ms = session.wall_ms_at(session.at());
    let view = pod.object.pod();
    view.map_or(0, |p| cluster::available_in_ms(p, min_ready, now_ms)) as u64
}

/// What is read of a pod: its word, its label and its facts.
fn describe(
    view: &mut PodView,
    session: &Session,
    r: &Rollout,
    pod: &Pod,
    wait: Option<&Progress>,
) {
    let set = &r.sets[pod.set];
    let meta = &pod.object.meta;
    let status = pod.object.pod();
    let restarts = view.restarts;
    let reason = waiting_reason(&pod.object.value).map(|(reason, _)| reason);
    let left = wait.map_or_else(String::new, |w| seconds(w.left_ms(session.at())));
    view.word = match pod.state {
        PodState::Available if view.next_to_go => "next to go".to_owned(),
        PodState::Available => String::new(),
        PodState::Ready => {
            let left = left_ms(session, pod, set.view().min_ready_seconds);
            format!("Ready, {} s", left.div_ceil(1000))
        }
        PodState::Creating if wait.is_some() => format!("Creating, {left}"),
        PodState::ImagePull | PodState::Config => {
            reason.unwrap_or(state_word(pod.state)).to_owned()
        }
        PodState::Crash | PodState::Oom if restarts > 0 => {
            format!("{}, {restarts}", state_word(pod.state))
        }
        s => state_word(s).to_owned(),
    };
    let state = if matches!(pod.state, PodState::Ready | PodState::Creating) {
        view.word.clone()
    } else {
        state_word(pod.state).to_owned()
    };
    view.short = short_name(&meta.name).to_owned();
    view.set = set.name().to_string();
    view.label = format!(
        "{}, {}, {state}, set {}",
        view.version.letter(),
        meta.name,
        set.name()
    );
    let facts = &mut view.facts;
    facts.push(("Set".to_owned(), set.name().to_string()));
    facts.push(("State".to_owned(), state));
    let image = pod.object.value.str_at("spec.containers.0.image");
    facts.push(("Image".to_owned(), image.to_owned()));
    if let Some(wait) = wait {
        facts.push(match wait.doing {
            Doing::Pulling => ("Image pulled".to_owned(), format!("in {left}")),
            Doing::Starting => ("Started".to_owned(), format!("in {left}")),
            Doing::BackingOff => ("Next try".to_owned(), format!("in {left} or more")),
        });
    }
    if let Some(node) = status.map(|p| p.node.to_string()).filter(|n| !n.is_empty()) {
        facts.push(("Node".to_owned(), node));
    }
    if let Some(ip) = status.map(|p| p.ip.to_string()).filter(|n| !n.is_empty()) {
        facts.push(("IP".to_owned(), ip));
    }
    if let Some(created) = meta.creation {
        facts.push((
            "Age".to_owned(),
            rollout_kubectl::duration::age(Some(created), session.wall()),
        ));
    }
    if restarts > 0 {
        facts.push(("Restarts".to_owned(), restarts.to_string()));
    }
    if let Some((reason, message)) =
        waiting_reason(&pod.object.value).filter(|_| pod.state.is_failing())
    {
        facts.push((reason.to_owned(), message.to_owned()));
    }
}

fn bands(r: &Rollout) -> Vec<BandView> {
    let mut out: Vec<BandView> = Vec::new();
    for (level, pod) in r.counted().enumerate() {
        let version = r.sets[pod.set].tag();
        match out.last_mut() {
            Some(band) if band.version == version && band.state == pod.state => band.size += 1,
            _ => out.push(BandView {
                from: level as u32,
                size: 1,
                version,
                state: pod.state,
                label: String::new(),
            }),
        }
    }
    for band in &mut out {
        band.label = format!("{} {}", band.size, state_word(band.state).to_lowercase());
    }
    out
}

fn sets(r: &Rollout) -> Vec<SetView> {
    let mut from = 0;
    r.sets
        .iter()
        .enumerate()
        .map(|(i, set)| {
            let of = |p: &&Pod| p.set == i;
            let pods = r.counted().filter(of).count() as u32;
            let available = r.counted().filter(of).filter(|p| p.is_available()).count() as u32;
            let view = SetView {
                name: set.name().to_string(),
                short: format!("…-{}", short_name(set.name())),
                version: set.tag(),
                image: short_image(set.image()),
                revision: set.revision,
                size: set.size.max(0) as u32,
                pods,
                available,
                from,
                to: from + pods,
                count: format!("{available} of {} available", set.size),
                newest: Some(i) == r.newest,
            };
            from += pods;
            view
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grain_follows_the_number_of_pods() {
        let table = [
            (1, Grain::Slab),
            (14, Grain::Slab),
            (15, Grain::Tile { per_level: 2 }),
            (50, Grain::Tile { per_level: 5 }),
            (60, Grain::Tile { per_level: 5 }),
            (61, Grain::Dot { per_level: 10 }),
            (300, Grain::Dot { per_level: 15 }),
            (400, Grain::Dot { per_level: 20 }),
            (1250, Grain::Density { per_level: 57 }),
        ];
        for (pods, expected) in table {
            assert_eq!(grain(pods), expected, "{pods}");
        }
    }

    #[test]
    fn images_are_short() {
        assert_eq!(
            short_image("gcr.io/google-samples/kubernetes-bootcamp:v1"),
            "kubernetes-bootcamp:v1"
        );
        assert_eq!(short_image("nginx"), "nginx");
        assert_eq!(short_image("a/b@sha256:abc"), "b");
    }
}
