//! Stands in until rollout-view makes the page: the landing scene as constants.
use rollout_session::Session;
use rollout_view::*;
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "a stand-in")]
pub struct PageInput<'a> {
    pub text: &'a str,
    pub focus: Option<(&'a str, &'a str)>,
}
fn tag(l: &str) -> VersionTag {
    VersionTag {
        letter: l.into(),
        livery: l.as_bytes()[0] - b'A',
    }
}
fn num(q: Quantity, v: i64) -> NumberView {
    NumberView {
        text: v.to_string(),
        value: v,
        quantity: q,
        origin: Origin::Computed,
    }
}
fn term(op: &'static str, name: &str, q: Quantity, v: i64) -> TermView {
    TermView {
        operator: op,
        name: name.into(),
        number: num(q, v),
    }
}
fn rib(x: u64, w: u64, l: u32, h: u32, v: &str, k: RibbonKind) -> Ribbon {
    Ribbon {
        x,
        width: w,
        level: l,
        height: h,
        version: tag(v),
        kind: k,
        ahead: false,
    }
}
pub fn page_view(s: &Session, _i: &PageInput<'_>) -> PageView {
    let shift = s.position() % 2;
    let states = [
        ("A", PodState::Available, "ngq2c"),
        ("A", PodState::Available, "d9wfp"),
        ("A", PodState::Available, "xcvjc"),
        ("A", PodState::Available, "drrdk"),
        ("A", PodState::Available, "dwrc9"),
        ("A", PodState::Available, "xfk22"),
        ("B", PodState::Available, "hfxx2"),
        ("B", PodState::Available, "jpfw5"),
        ("B", PodState::Creating, "dxczj"),
        ("B", PodState::Creating, "t4wr7"),
        ("B", PodState::Ready, "nsxsp"),
        ("B", PodState::Pending, "mk8h5"),
    ];
    let pods: Vec<PodView> = states
        .iter()
        .enumerate()
        .map(|(i, (v, st, n))| PodView {
            uid: (*n).into(),
            level: i as u32,
            state: *st,
            version: tag(v),
            name: format!("rolldeployment-6b947d555-{n}"),
            short: (*n).into(),
            set: if *v == "A" {
                "rolldeployment-6b947d555".into()
            } else {
                "rolldeployment-9b659bdf9".into()
            },
            word: match st {
                PodState::Available => {
                    if i == 5 {
                        "next to go".into()
                    } else {
                        String::new()
                    }
                }
                PodState::Creating => "Creating".into(),
                PodState::Ready => "Ready, 9 s".into(),
                _ => "Pending".into(),
            },
            restarts: 0,
            next_to_go: i == 5,
            changed: i == 11,
            progress: match st {
                PodState::Creating => Some(600 + i as u32 * 20),
                PodState::Ready => Some(450),
                _ => None,
            },
            label: format!("{v}, rolldeployment-6b947d555-{n}, {st:?}"),
            facts: vec![
                ("Node".into(), "node-1".into()),
                ("Image".into(), "nginx".into()),
            ],
        })
        .collect();
    let leaving = vec!["ckcwg", "xcxxq"]
        .into_iter()
        .enumerate()
        .map(|(i, n)| PodView {
            uid: n.into(),
            level: i as u32,
            state: PodState::Terminating,
            version: tag("A"),
            name: format!("rolldeployment-6b947d555-{n}"),
            short: n.into(),
            set: "rolldeployment-6b947d555".into(),
            word: "Terminating".into(),
            restarts: 0,
            next_to_go: false,
            changed: false,
            progress: None,
            label: format!("A, {n}, Terminating"),
            facts: vec![],
        })
        .collect();
    let notes = [
        (1020, "+2", "B"),
        (1020, "−2", "A"),
        (1040, "+2", "B"),
        (4140, "−1", "A"),
        (4160, "+1", "B"),
        (4440, "−1", "A"),
        (4460, "+1", "B"),
    ];
    let scene = SceneView {
        height: 12,
        grain: Grain::Slab,
        axis: [
            (0, None),
            (4, None),
            (8, Some(Quantity::Floor)),
            (10, None),
            (12, Some(Quantity::Ceiling)),
        ]
        .into_iter()
        .map(|(level, quantity)| AxisLabel { level, quantity })
        .collect(),
        ceiling: Some(LimitView {
            quantity: Quantity::Ceiling,
            level: 12,
            plate: "ceiling 12".into(),
            sum: "10 + 2 = 12".into(),
            label: "Ceiling 12: 10 replicas plus maxSurge 2".into(),
        }),
        floor: Some(LimitView {
            quantity: Quantity::Floor,
            level: 8,
            plate: "floor 8".into(),
            sum: "10 − 2 = 8".into(),
            label: "Floor 8".into(),
        }),
        pods,
        bands: vec![],
        sets: vec![
            SetView {
                name: "rolldeployment-6b947d555".into(),
                short: "…-6b947d555".into(),
                version: tag("A"),
                image: "nginx".into(),
                revision: 1,
                size: 6,
                pods: 6,
                available: 6,
                from: 0,
                to: 6,
                count: "6 of 6 available".into(),
                newest: false,
            },
            SetView {
                name: "rolldeployment-9b659bdf9".into(),
                short: "…-9b659bdf9".into(),
                version: tag("B"),
                image: "httpd".into(),
                revision: 2,
                size: 6,
                pods: 6,
                available: 2,
                from: 6,
                to: 12,
                count: "2 of 6 available".into(),
                newest: true,
            },
        ],
        leaving,
        leaving_total: 2,
        leaving_text: "2 leaving, not counted".into(),
        past: PastView {
            segments: vec![TimeSegment {
                from_ms: 0,
                to_ms: 4500,
                x: 0,
            }],
            width: 4500,
            now_x: 4500,
            ribbons: vec![
                rib(0, 1020, 8, 2, "A", RibbonKind::Filled),
                rib(0, 4140, 7, 1, "A", RibbonKind::Filled),
                rib(0, 4440, 6, 1, "A", RibbonKind::Filled),
                rib(0, 4500, 0, 1, "A", RibbonKind::Filled),
                rib(0, 4500, 1, 1, "A", RibbonKind::Filled),
                rib(0, 4500, 2, 1, "A", RibbonKind::Filled),
                rib(0, 4500, 3, 1, "A", RibbonKind::Filled),
                rib(0, 4500, 4, 1, "A", RibbonKind::Filled),
                rib(0, 4500, 5, 1, "A", RibbonKind::Filled),
                rib(1020, 3480, 8, 1, "B", RibbonKind::Hollow),
                rib(1020, 3480, 9, 1, "B", RibbonKind::Hollow),
                rib(1020, 3480, 10, 1, "B", RibbonKind::Hollow),
                rib(1020, 3480, 11, 1, "B", RibbonKind::Hollow),
                rib(4140, 360, 7, 1, "B", RibbonKind::Filled),
                rib(4440, 60, 6, 1, "B", RibbonKind::Filled),
            ],
            gone: vec![
                rib(1020, 500, 0, 1, "A", RibbonKind::Hatched),
                rib(1020, 500, 1, 1, "A", RibbonKind::Hatched),
                rib(4140, 360, 0, 1, "A", RibbonKind::Hatched),
                rib(4440, 60, 1, 1, "A", RibbonKind::Hatched),
            ],
            gone_rows: 2,
            ceiling: vec![],
            floor: vec![],
            notes: notes
                .iter()
                .enumerate()
                .map(|(i, (x, t, v))| NoteView {
                    step: i * 2 + 1,
                    at_ms: *x,
                    x: *x,
                    text: (*t).into(),
                    version: tag(v),
                    sentence: "1.02 s. New +2: ceiling 12 − pods 10 leaves 2.".into(),
                    when: if i == 6 { When::Current } else { When::Past },
                })
                .collect(),
            flags: vec![FlagView {
                step: 1,
                at_ms: 1000,
                x: 1000,
                text: "set image nginx=httpd".into(),
                when: When::Past,
            }],
            cuts: vec![],
            ticks: (0..5)
                .map(|k| TickView {
                    x: k * 1000,
                    text: if k == 0 { "0".into() } else { format!("{k} s") },
                })
                .collect(),
            gaps: vec![],
            captions: vec![
                CaptionView {
                    x: 130,
                    level_tenths: 8,
                    version: tag("A"),
                    text: "nginx".into(),
                },
                CaptionView {
                    x: 2340,
                    level_tenths: 105,
                    version: tag("B"),
                    text: "httpd, starting".into(),
                },
            ],
            areas: false,
            label: "From 0 to 4.5 seconds".into(),
        },
        lives: LivesView {
            rows: (0..14)
                .map(|k: u64| LifeView {
                    uid: k.to_string(),
                    name: k.to_string(),
                    version: tag(if k < 6 { "B" } else { "A" }),
                    runs: if k < 6 {
                        vec![LifeRun {
                            x: 1020 + k * 500,
                            to_x: 4500,
                            state: PodState::Creating,
                        }]
                    } else {
                        vec![LifeRun {
                            x: 0,
                            to_x: 4500,
                            state: PodState::Available,
                        }]
                    },
                })
                .collect(),
            thin: false,
        },
        label: "Pods between floor 8 and ceiling 12".into(),
        controller: ControllerSign::None,
    };
    let sum = |t: &str, r: &str, terms: Vec<TermView>| SumView {
        title: t.into(),
        signal: if shift == 0 {
            Signal::Stop
        } else {
            Signal::Clear
        },
        terms,
        result_name: r.into(),
        result: num(Quantity::Room, 0),
        note: "Stop. Nothing goes until a pod becomes available.".into(),
    };
    let b = |id: &'static str, label: &str, act: Act, command: &str| ButtonView {
        id,
        label: label.into(),
        act,
        command: command.into(),
        off: None,
        main: false,
    };
    PageView { root: RootView { time_ms: 4500, time: "4.5".into(), step: s.position(), writes: 7, branch: "main".into() }, header: HeaderView { preset: Some("roll-10".into()), kubernetes: "1.32".into(), title: "rolldeployment".into() }, focus: Some(FocusView { namespace: "default".into(), name: "rolldeployment".into(), current: true, containers: vec![("nginx".into(), "httpd".into())] }), deployments: vec![],
        why: WhyView { kind: WhyKind::Wait, kicker: vec![Span::Text("Rolling update of 10 pods from nginx to httpd. Step 14: the controller waits.".into())], alert: None, headline: vec![Span::Number(num(Quantity::Ceiling, 12)), Span::Text(" pods is the ceiling, ".into()), Span::Number(num(Quantity::Floor, 8)), Span::Text(" available is the floor. The next old pod goes when a new one is available.".into())], terms: vec![], upstream: None, spoken: "12 pods is the ceiling".into(), also: vec![] },
        scene, room: sum("Room", "may be added", vec![term("", "ceiling", Quantity::Ceiling, 12), term("−", "pods", Quantity::Total, 12)]), spare: sum("Spare", "may be removed", vec![term("", "pods", Quantity::Total, 12), term("−", "floor", Quantity::Floor, 8), term("−", "not available", Quantity::Waiting, 4)]), numbers: NumbersView { ready: 8, desired: 10, up_to_date: 6, available: 8 }, measures: vec![Measure { name: "total", value: "12".into() }, Measure { name: "floor", value: "8".into() }],
        actions: vec![b("image", "Change the image", Act::ChangeImage, ""), b("break", "Break it", Act::BreakIt, ""), b("undo", "Undo to v1", Act::Run("kubectl rollout undo deployment/rolldeployment".into()), "kubectl rollout undo deployment/rolldeployment"), b("pause", "Pause rollout", Act::Run("kubectl rollout pause deployment/rolldeployment".into()), "kubectl rollout pause deployment/rolldeployment"), b("scale", "Scale", Act::Scale, ""), b("restart", "Restart", Act::Run("kubectl rollout restart deployment/rolldeployment".into()), "kubectl rollout restart deployment/rolldeployment"), b("strategy", "Switch to Recreate", Act::SwitchStrategy, ""), b("compare", "Compare strategies", Act::Compare, ""), b("delete", "Delete", Act::Run("kubectl delete deployment rolldeployment".into()), "kubectl delete deployment rolldeployment"), b("reset", "Reset", Act::Reset, "")],
        transport: TransportView { time: "4.5 s".into(), position: "step 14, write 7".into(), step: 14, last: 14, last_ms: 4500, at_head: true, can_back: true, can_step: true, next_ms: Some(4600), idle: None, branch: None }, marks: vec![],
        manifest: ManifestView { file: "rolldeployment.yaml".into(), notes: vec![LineNote { line: 7, lit: Lit::Limit(vec![Quantity::Ceiling, Quantity::Floor]), text: "desired".into() }, LineNote { line: 14, lit: Lit::Limit(vec![Quantity::Ceiling]), text: "10 + 2 = 12".into() }, LineNote { line: 15, lit: Lit::Limit(vec![Quantity::Floor]), text: "10 − 2 = 8".into() }, LineNote { line: 23, lit: Lit::Image(tag("B")), text: "was nginx".into() }], filled_in: vec![], diagnostics: if shift == 1 { vec![DiagnosticView { line: 15, column: 3, length: 4, level: DiagnosticLevel::Error, path: "spec.strategy.rollingUpdate.maxUnavailable".into(), message: "Invalid value: 0: may not be 0 when `maxSurge` is 0".into(), help: "One of the two must leave room.".into() }] } else { vec![] }, summary: if shift == 1 { "1 error".into() } else { "valid".into() }, has_errors: shift == 1, applied: shift == 0, strategy: Some("RollingUpdate".into()) },
        history: HistoryView { rows: vec![HistoryRow { revision: 2, set: "rolldeployment-9b659bdf9".into(), version: tag("B"), image: "httpd".into(), cause: "kubectl set image".into(), age: "4s".into(), size: 6, current: true, word: "arriving".into(), undo: None, becomes: None }, HistoryRow { revision: 1, set: "rolldeployment-6b947d555".into(), version: tag("A"), image: "nginx".into(), cause: "first release".into(), age: "4s".into(), size: 6, current: false, word: String::new(), undo: Some("kubectl rollout undo deployment/rolldeployment --to-revision=1".into()), becomes: None }], note: "Undo copies the template of revision 1. It becomes revision 3.".into() },
        images: ImagesView { rows: vec![ImageRow { image: "httpd".into(), behaviour: "good".into(), words: "ready 1 s after the pull".into(), in_use: true }, ImageRow { image: "httpd:2.9".into(), behaviour: "missing".into(), words: "the pull fails".into(), in_use: false }], behaviours: vec![BehaviourView { key: "good", name: "good".into(), words: "ready 1 s after the pull".into() }, BehaviourView { key: "missing", name: "missing".into(), words: "the pull fails".into() }] },
        events: vec![EventRow { uid: "1".into(), at: "4.5 s".into(), kind: "Normal".into(), reason: "ScalingReplicaSet".into(), object: "deployment/rolldeployment".into(), message: "Scaled up replica set rolldeployment-9b659bdf9 from 5 to 6".into(), count: 1, times: String::new() }, EventRow { uid: "2".into(), at: "4.5 s".into(), kind: "Warning".into(), reason: "Failed".into(), object: "pod/x".into(), message: "Error: ErrImagePull".into(), count: 3, times: "x3 over 25s".into() }],
        conditions: vec![ConditionRow { kind: "Available".into(), status: "True".into(), reason: "MinimumReplicasAvailable".into(), message: "Deployment has minimum availability.".into(), good: true }],
        console: ConsoleView { lines: vec![ConsoleLine { kind: LineKind::Typed, text: "kubectl set image deployment/rolldeployment nginx=httpd".into(), step: 1 }, ConsoleLine { kind: LineKind::Out, text: "deployment.apps/rolldeployment image updated".into(), step: 1 }, ConsoleLine { kind: LineKind::Typed, text: "kubectl rollout status deployment/rolldeployment --watch=false".into(), step: 1 }, ConsoleLine { kind: LineKind::Out, text: "Waiting for deployment \"rolldeployment\" rollout to finish: 6 out of 10 new replicas have been updated...".into(), step: 1 }], busy: None, typed: vec![] }, branches: vec![BranchView { index: 0, name: "main".into(), current: true, forked_at_ms: 0, steps: 14, end_ms: 4500 }] }
}
pub struct Comparison;
impl Comparison {
    pub fn of(_: &Session, _: &str) -> Option<Comparison> {
        None
    }
    pub fn view(&self) -> CompareView {
        CompareView {
            kicker: String::new(),
            headline: String::new(),
            panes: vec![],
            time_ms: 0,
            time: String::new(),
            last_ms: 0,
            height: 1,
            span_ms: 1,
            can_step: false,
            at_head: true,
        }
    }
    pub fn into_session(self, _: usize) -> Option<Session> {
        None
    }
    pub fn step(&mut self) {}
    pub fn back(&mut self) {}
    pub fn seek(&mut self, _: u64) {}
    pub fn skip_waiting(&mut self) {}
    pub fn seek_permille(&mut self, _: u32) {}
    pub fn play(&mut self, _: u64) -> bool {
        false
    }
}
pub fn presets() -> Vec<PresetView> {
    rollout_session::PRESETS
        .iter()
        .map(|p| PresetView {
            name: p.name,
            words: p.words,
        })
        .collect()
}
pub fn applied_deployment(_: &str) -> Option<(String, String)> {
    None
}
pub fn with_strategy(_: &str, _: &str) -> Option<String> {
    None
}
pub fn span_text(ms: u64) -> String {
    format!("{} s", ms / 1000)
}
pub fn complete(_: &Session, _: &str) -> Vec<String> {
    vec![]
}
