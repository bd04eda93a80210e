//! The timeline as an instrument: lanes, life lines, levels, in data units; and the moment under the pointer.

use super::{CutView, LimitRun, Span, TickView, TimeSegment, VersionTag};

/// A lane of the timeline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// What the learner did.
    You,
    /// Writes of the Deployment controller.
    Decisions,
    /// Conditions of the Deployment that changed.
    Conditions,
    /// Events.
    Events,
    /// Results of probes.
    Probes,
    /// Requests of the traffic stream.
    Requests,
}

impl Lane {
    /// All, from the top down.
    pub const ALL: [Lane; 6] = [
        Lane::You,
        Lane::Decisions,
        Lane::Conditions,
        Lane::Events,
        Lane::Probes,
        Lane::Requests,
    ];
    /// `decisions`: the value of `data-lane`.
    pub fn name(self) -> &'static str {
        match self {
            Lane::You => "you",
            Lane::Decisions => "decisions",
            Lane::Conditions => "conditions",
            Lane::Events => "events",
            Lane::Probes => "probes",
            Lane::Requests => "requests",
        }
    }
    /// The word beside the lane.
    pub fn word(self) -> &'static str {
        match self {
            Lane::You => "you",
            Lane::Decisions => "writes",
            Lane::Conditions => "conditions",
            Lane::Events => "events",
            Lane::Probes => "probes",
            Lane::Requests => "requests",
        }
    }
}

/// How an entry of a lane is drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tone {
    /// As usual.
    Plain,
    /// A success that changed something.
    Good,
    /// A warning, a failure.
    Bad,
}

/// An entry of a lane, or several that lie at one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneEntry {
    /// Where.
    pub x: u64,
    /// When the first one was.
    pub at_ms: u64,
    /// The step to which the first one leads.
    pub step: usize,
    /// How many lie here.
    pub count: u32,
    /// The worst of them.
    pub tone: Tone,
}

/// A lane with its entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaneView {
    /// Which.
    pub lane: Lane,
    /// Entries inside the window, in order.
    pub entries: Vec<LaneEntry>,
    /// How many there are in all.
    pub count: u32,
}

/// What a pod was doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LifeState {
    /// It has no node yet.
    Pending,
    /// Its image is pulled.
    Pulling,
    /// Its containers start.
    Starting,
    /// It runs and is not ready.
    NotReady,
    /// Ready, not yet available.
    Ready,
    /// Available.
    Available,
    /// Being deleted.
    Terminating,
    /// It cannot become available as it is.
    Failing,
    /// Ended by itself.
    Completed,
}

impl LifeState {
    /// All, in the order of a life.
    pub const ALL: [LifeState; 9] = [
        LifeState::Pending,
        LifeState::Pulling,
        LifeState::Starting,
        LifeState::NotReady,
        LifeState::Ready,
        LifeState::Available,
        LifeState::Terminating,
        LifeState::Failing,
        LifeState::Completed,
    ];
    /// `not-ready`: the value of `data-life`.
    pub fn name(self) -> &'static str {
        match self {
            LifeState::Pending => "pending",
            LifeState::Pulling => "pulling",
            LifeState::Starting => "starting",
            LifeState::NotReady => "not-ready",
            LifeState::Ready => "ready",
            LifeState::Available => "available",
            LifeState::Terminating => "terminating",
            LifeState::Failing => "failing",
            LifeState::Completed => "completed",
        }
    }
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            LifeState::NotReady => "not ready",
            other => other.name(),
        }
    }
}

/// A stretch of a life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LifeSpan {
    /// Left edge.
    pub x: u64,
    /// Right edge.
    pub to_x: u64,
    /// What the pod was doing.
    pub state: LifeState,
}

/// The life line of a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LifeRow {
    /// Unique id of the pod.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// Name of its set.
    pub set: String,
    /// Letter of its set.
    pub version: VersionTag,
    /// Stretches, in order.
    pub spans: Vec<LifeSpan>,
}

/// The timeline between two places, without the place of the learner: that moves alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimelineView {
    /// Which time stands where. Long idle times are cut.
    pub segments: Vec<TimeSegment>,
    /// Width of everything; at least 1.
    pub width: u64,
    /// Left edge of the window.
    pub from_x: u64,
    /// Right edge of the window; beyond the left one.
    pub to_x: u64,
    /// Latest time.
    pub end_ms: u64,
    /// Ticks inside the window.
    pub ticks: Vec<TickView>,
    /// Cuts inside the window.
    pub cuts: Vec<CutView>,
    /// Height of the levels; at least 1.
    pub top: u32,
    /// Counted pods: since which place how many.
    pub total: Vec<(u64, u32)>,
    /// Available pods: since which place how many.
    pub available: Vec<(u64, u32)>,
    /// The ceiling.
    pub ceiling: Vec<LimitRun>,
    /// The floor.
    pub floor: Vec<LimitRun>,
    /// Lanes.
    pub lanes: Vec<LaneView>,
    /// Life lines, the newest first.
    pub rows: Vec<LifeRow>,
    /// Pods that one row stands for; above 1 only every so-many-th pod has a row.
    pub pods_per_row: usize,
    /// How many pods there were.
    pub pods: usize,
}

/// A moment read out.
#[derive(Clone, PartialEq, Debug)]
pub struct MomentView {
    /// `12.4 s`.
    pub time: String,
    /// When.
    pub at_ms: u64,
    /// After so many steps.
    pub step: usize,
    /// `12 pods, 9 ready, 8 available, 2 leaving`.
    pub counts: String,
    /// What happened here: lane and sentence.
    pub entries: Vec<(Lane, String)>,
}

/// A line of the timeline as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextRow {
    /// The step.
    pub step: usize,
    /// `12.4 s`.
    pub time: String,
    /// Lane.
    pub lane: Lane,
    /// Its sentence.
    pub text: String,
    /// The learner stands behind it.
    pub past: bool,
}

/// The next decision, before it is made.
#[derive(Clone, PartialEq, Debug)]
pub struct GhostView {
    /// When.
    pub at_ms: u64,
    /// `in 1.3 s`, `at once`.
    pub when: String,
    /// Its sentence.
    pub sentence: Vec<Span>,
    /// Sets that get another size: letter, name, from, to.
    pub sizes: Vec<(VersionTag, String, i64, i64)>,
    /// Sizes of the old sets in sum, afterwards.
    pub old: i64,
    /// Size of the newest set, afterwards.
    pub new: i64,
    /// The pods that the ReplicaSet controller deletes next, if it deletes any before the write after this: unique id and
    /// name, first to go first.
    pub goes: Vec<(String, String)>,
}
