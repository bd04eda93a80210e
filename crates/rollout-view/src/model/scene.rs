//! The scene: tower, limits, sets, the past, life lines. Levels count pods, time is in milliseconds.

use super::{Quantity, VersionTag};
use std::rc::Rc;

/// The state of a pod as the learner sees it: the eleven values of `data-state`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PodState {
    /// Not scheduled.
    Pending,
    /// Scheduled; its image is pulled or its container starts.
    Creating,
    /// Runs, but is not ready.
    Running,
    /// Ready, not yet for minReadySeconds.
    Ready,
    /// Counts for the floor.
    Available,
    /// Has a deletion time.
    Terminating,
    /// The image cannot be pulled.
    ImagePull,
    /// The process ends and is started again.
    Crash,
    /// A container cannot be created from its configuration.
    Config,
    /// Killed for its memory.
    Oom,
    /// Ended by itself.
    Completed,
}

impl PodState {
    /// All of them, in the order of the legend.
    pub const ALL: [PodState; 11] = [
        PodState::Pending,
        PodState::Creating,
        PodState::Running,
        PodState::Ready,
        PodState::Available,
        PodState::Terminating,
        PodState::ImagePull,
        PodState::Crash,
        PodState::Config,
        PodState::Oom,
        PodState::Completed,
    ];
    /// The value of `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            PodState::Pending => "pending",
            PodState::Creating => "creating",
            PodState::Running => "running",
            PodState::Ready => "ready",
            PodState::Available => "available",
            PodState::Terminating => "terminating",
            PodState::ImagePull => "imagepull",
            PodState::Crash => "crash",
            PodState::Config => "config",
            PodState::Oom => "oom",
            PodState::Completed => "completed",
        }
    }
    /// The sign inside the slab.
    pub fn mark(self) -> Mark {
        match self {
            PodState::Pending => Mark::Hourglass,
            PodState::Creating => Mark::Down,
            PodState::Running => Mark::Dots,
            PodState::Ready => Mark::Ring,
            PodState::Available => Mark::Tick,
            PodState::Terminating => Mark::Cross,
            PodState::ImagePull => Mark::Bang,
            PodState::Crash => Mark::Loop,
            PodState::Config => Mark::Key,
            PodState::Oom => Mark::Drop,
            PodState::Completed => Mark::Dot,
        }
    }
    /// Failing states are drawn as triangle, octagon, diamond.
    pub fn is_failing(self) -> bool {
        matches!(
            self,
            PodState::ImagePull | PodState::Crash | PodState::Config | PodState::Oom
        )
    }
}

/// The eleven marks (`m-tick`, `m-hourglass`, …).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Available.
    Tick,
    /// Pending.
    Hourglass,
    /// Creating.
    Down,
    /// Running, not ready.
    Dots,
    /// Ready, not available.
    Ring,
    /// Terminating.
    Cross,
    /// Image pull.
    Bang,
    /// Crashing.
    Loop,
    /// Config.
    Key,
    /// Out of memory.
    Drop,
    /// Completed.
    Dot,
}

impl Mark {
    /// Name of the symbol: `tick`.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Tick => "tick",
            Mark::Hourglass => "hourglass",
            Mark::Down => "down",
            Mark::Dots => "dots",
            Mark::Ring => "ring",
            Mark::Cross => "cross",
            Mark::Bang => "bang",
            Mark::Loop => "loop",
            Mark::Key => "key",
            Mark::Drop => "drop",
            Mark::Dot => "dot",
        }
    }
}

/// How fine the tower is drawn; decided by the number of pods (design.md 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grain {
    /// One slab per level, with text.
    Slab,
    /// `per_level` tiles on a level, a mark inside each.
    Tile {
        /// 2 to 5.
        per_level: u32,
    },
    /// `per_level` dots on a level.
    Dot {
        /// 10 to 20.
        per_level: u32,
    },
    /// Bands with their numbers; no single pods.
    Density {
        /// Pods on one level.
        per_level: u32,
    },
}

impl Grain {
    /// Pods on one level.
    pub fn per_level(self) -> u32 {
        match self {
            Grain::Slab => 1,
            Grain::Tile { per_level } | Grain::Dot { per_level } | Grain::Density { per_level } => {
                per_level
            }
        }
    }
    /// `slab`, `tile`, `dot`, `density`.
    pub fn name(self) -> &'static str {
        match self {
            Grain::Slab => "slab",
            Grain::Tile { .. } => "tile",
            Grain::Dot { .. } => "dot",
            Grain::Density { .. } => "density",
        }
    }
}

/// The section drawing: everything that is measured in pods.
#[derive(Clone, PartialEq, Debug)]
pub struct SceneView {
    /// Levels (in pods) from the ground to the top of the drawing; at least 1.
    pub height: u32,
    /// How fine the tower is.
    pub grain: Grain,
    /// Labels of the axis, from the ground up.
    pub axis: Vec<AxisLabel>,
    /// Ceiling line; none without a Deployment.
    pub ceiling: Option<LimitView>,
    /// Floor line; none for Recreate and without a Deployment.
    pub floor: Option<LimitView>,
    /// Pods that count, bottom to top: oldest set first, inside a set available first, then by creation.
    /// Empty when the grain is density.
    pub pods: Vec<Rc<PodView>>,
    /// Bands for density, bottom to top; filled at every grain, for charts and text.
    pub bands: Vec<BandView>,
    /// Sets, oldest (lowest) first, those at 0 too.
    pub sets: Vec<SetView>,
    /// Leaving pods, below the ground, in order of deletion.
    pub leaving: Vec<Rc<PodView>>,
    /// How many leave; may be more than `leaving` holds.
    pub leaving_total: u32,
    /// `2 leaving, not counted`.
    pub leaving_text: String,
    /// What happened.
    pub past: Rc<PastView>,
    /// One row per pod, the oldest at the bottom.
    pub lives: LivesView,
    /// `Pods between floor 8 and ceiling 12`.
    pub label: String,
    /// Clamp, hourglass or nothing on the controller.
    pub controller: ControllerSign,
}

/// What stands on the controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ControllerSign {
    /// It works or is done.
    None,
    /// The rollout is paused: clamp.
    Paused,
    /// Stalled: hourglass.
    Stalled,
}

/// A number on the axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AxisLabel {
    /// Height.
    pub level: u32,
    /// Which quantity stands at this height, if one does.
    pub quantity: Option<Quantity>,
}

/// The ceiling or the floor now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitView {
    /// `Ceiling` or `Floor`.
    pub quantity: Quantity,
    /// Height.
    pub level: u32,
    /// `ceiling 12`.
    pub plate: String,
    /// `10 + 2 = 12`: how it was resolved.
    pub sum: String,
    /// The accessible sentence: `Ceiling 12: 10 replicas plus maxSurge 2`.
    pub label: String,
}

/// One pod.
#[derive(Clone, PartialEq, Debug)]
pub struct PodView {
    /// Unique and stable: key of the element.
    pub uid: String,
    /// Position counted from the ground (or from the ground downwards for leaving ones), in pods.
    pub level: u32,
    /// What it looks like.
    pub state: PodState,
    /// Letter and livery of its set.
    pub version: VersionTag,
    /// Whole name.
    pub name: String,
    /// The suffix of the name.
    pub short: String,
    /// Name of its ReplicaSet.
    pub set: String,
    /// The word, where it is news: `Creating`, `Ready, 9 s`, `ImagePullBackOff`, `next to go`.
    pub word: String,
    /// Counted restarts.
    pub restarts: u32,
    /// The controller would delete this one next.
    pub next_to_go: bool,
    /// It changed in the last step: the ring of the last change.
    pub changed: bool,
    /// Progress of pulling, starting or minReadySeconds, in thousandths.
    pub progress: Option<u32>,
    /// `A, rolldeployment-6b947d555-ngq2c, Available`.
    pub label: String,
    /// Facts for the tooltip and the panel: name and value.
    pub facts: Vec<(String, String)>,
}

/// A run of equal pods, for density and for areas.
#[derive(Clone, PartialEq, Debug)]
pub struct BandView {
    /// Lowest level.
    pub from: u32,
    /// Pods in it.
    pub size: u32,
    /// Set's letter.
    pub version: VersionTag,
    /// State.
    pub state: PodState,
    /// `250 available`.
    pub label: String,
}

/// A ReplicaSet beside the tower.
#[derive(Clone, PartialEq, Debug)]
pub struct SetView {
    /// Name.
    pub name: String,
    /// `…-9b659bdf9`.
    pub short: String,
    /// Letter and livery.
    pub version: VersionTag,
    /// Image of the first container, shortened where it is long.
    pub image: String,
    /// Its revision.
    pub revision: i64,
    /// `spec.replicas` (data-size).
    pub size: u32,
    /// Pods it has that are not terminating (data-pods).
    pub pods: u32,
    /// Available ones.
    pub available: u32,
    /// First level of its pods.
    pub from: u32,
    /// Level above its last pod; equal to `from` when it has none (then it is not in the tower).
    pub to: u32,
    /// `2 of 6 available`.
    pub count: String,
    /// This is the set of the present template.
    pub newest: bool,
}

/// What was recorded, drawn: the part of the past that stays as it is while the learner looks around.
#[derive(PartialEq, Eq, Debug)]
pub struct RecordView {
    /// Which time stands where. Long idle times are cut: `x` is not the time.
    pub segments: Vec<TimeSegment>,
    /// Width in units of x; at least 1.
    pub width: u64,
    /// Ribbons of all that was recorded.
    pub ribbons: Vec<Ribbon>,
    /// Leaving pods: ribbons below the ground (`level` 0 is the first row).
    pub gone: Vec<Ribbon>,
    /// Rows below the ground; at least 1.
    pub gone_rows: u32,
    /// The ceiling, as steps.
    pub ceiling: Vec<LimitRun>,
    /// The floor, as steps.
    pub floor: Vec<LimitRun>,
    /// Writes of the controller.
    pub notes: Vec<NoteView>,
    /// Cut times.
    pub cuts: Vec<CutView>,
    /// Ticks of the ruler.
    pub ticks: Vec<TickView>,
    /// Ribbons are areas (from 61 pods on) without separators.
    pub areas: bool,
}

/// The past: everything left of the playhead, ahead of it under a veil.
#[derive(Clone, PartialEq, Debug)]
pub struct PastView {
    /// The drawing of all that was recorded.
    pub record: Rc<RecordView>,
    /// Where now is.
    pub now_x: u64,
    /// The step at which the learner looks.
    pub cursor: usize,
    /// The last write at or before it.
    pub last_write: Option<usize>,
    /// The learner's actions.
    pub flags: Vec<FlagView>,
    /// Times with nothing available, drawn on the ground.
    pub gaps: Vec<GapView>,
    /// Names written into the ribbons.
    pub captions: Vec<CaptionView>,
    /// `From 0 to 4.5 seconds: available falls from 10 to 8, the total rises from 10 to 12`.
    pub label: String,
}

/// A stretch of time that is drawn to scale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeSegment {
    /// Time at its left edge.
    pub from_ms: u64,
    /// Time at its right edge.
    pub to_ms: u64,
    /// Position of its left edge.
    pub x: u64,
}

impl RecordView {
    /// Where a time stands.
    pub fn x_at(&self, ms: u64) -> u64 {
        crate::timeline::place_at(&self.segments, ms)
    }
    /// The time at a position.
    pub fn time_at(&self, x: u64) -> u64 {
        crate::timeline::time_at(&self.segments, x)
    }
}

impl PastView {
    /// Where a note stands to the cursor.
    pub fn when(&self, note: &NoteView) -> When {
        When::of(note.step, self.cursor, self.last_write)
    }
}

/// Filled, hollow or failing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RibbonKind {
    /// Available: filled.
    Filled,
    /// On its way: hollow.
    Hollow,
    /// Cannot become available.
    Failing,
    /// Terminating: hatched.
    Hatched,
}

/// A rectangle of the past: some pods, some time, in data units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ribbon {
    /// Left edge.
    pub x: u64,
    /// Width.
    pub width: u64,
    /// Lowest level.
    pub level: u32,
    /// Height in pods.
    pub height: u32,
    /// Set's letter.
    pub version: VersionTag,
    /// How it is filled.
    pub kind: RibbonKind,
}

/// A stretch of a limit line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitRun {
    /// Left edge.
    pub x: u64,
    /// Right edge.
    pub to_x: u64,
    /// Height.
    pub level: u32,
}

/// A write of the controller: a note above the past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteView {
    /// The step it belongs to.
    pub step: usize,
    /// When.
    pub at_ms: u64,
    /// Its true second.
    pub x: u64,
    /// By how much the set was sized.
    pub delta: i64,
    /// The set that was sized.
    pub version: VersionTag,
    /// The sentence of the decision.
    pub sentence: Rc<str>,
}

impl NoteView {
    /// `+2`, `−2`.
    pub fn text(&self) -> String {
        if self.delta < 0 {
            format!("−{}", self.delta.unsigned_abs())
        } else {
            format!("+{}", self.delta)
        }
    }
}

/// Where something stands to the cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Before.
    Past,
    /// The last one at or before the cursor.
    Current,
    /// After.
    Ahead,
}

impl When {
    /// Where a step stands to the cursor, if `current` is the last one of its kind.
    pub fn of(step: usize, cursor: usize, current: Option<usize>) -> When {
        if Some(step) == current {
            When::Current
        } else if step <= cursor {
            When::Past
        } else {
            When::Ahead
        }
    }
}

/// An action of the learner: a flag with a full-height line.
#[derive(Clone, PartialEq, Debug)]
pub struct FlagView {
    /// The step.
    pub step: usize,
    /// When.
    pub at_ms: u64,
    /// Where.
    pub x: u64,
    /// `set image nginx=httpd`.
    pub text: String,
    /// Current, past or ahead.
    pub when: When,
}

/// A cut in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CutView {
    /// Where.
    pub x: u64,
    /// How long.
    pub length_ms: u64,
    /// `38 s`.
    pub text: String,
}

/// A tick of the ruler.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TickView {
    /// Where.
    pub x: u64,
    /// `1 s`.
    pub text: String,
}

/// A time with nothing available.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GapView {
    /// Left edge.
    pub x: u64,
    /// Right edge.
    pub to_x: u64,
    /// `0 available for 5.6 s`.
    pub text: String,
}

/// A name inside the past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaptionView {
    /// Where.
    pub x: u64,
    /// Height of its middle, in tenths of a level.
    pub level_tenths: u32,
    /// Set.
    pub version: VersionTag,
    /// `nginx`, `httpd, starting`.
    pub text: String,
}

/// Life lines: one row per pod.
#[derive(Clone, PartialEq, Debug)]
pub struct LivesView {
    /// Rows, the newest first; empty above 120.
    pub rows: Vec<LifeView>,
    /// Above 24 rows the lines are thin.
    pub thin: bool,
    /// There are no rows because there were more than 120 pods.
    pub too_many: bool,
}

/// One pod's life.
#[derive(Clone, PartialEq, Debug)]
pub struct LifeView {
    /// Unique id of the pod.
    pub uid: String,
    /// Name.
    pub name: String,
    /// Set's letter.
    pub version: VersionTag,
    /// Stretches in order.
    pub runs: Vec<LifeRun>,
}

/// A stretch of a life in one state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LifeRun {
    /// Left edge.
    pub x: u64,
    /// Right edge.
    pub to_x: u64,
    /// State.
    pub state: PodState,
}
