//! The page as a whole: root, header, numbers, transport, marks, branches, buttons.

use super::*;

/// The playground at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct PageView {
    /// The attributes of the root.
    pub root: RootView,
    /// Title, preset, version.
    pub header: HeaderView,
    /// The Deployment that is shown.
    pub focus: Option<FocusView>,
    /// All Deployments, to choose another.
    pub deployments: Vec<FocusView>,
    /// The sentence.
    pub why: WhyView,
    /// The drawing.
    pub scene: SceneView,
    /// What may be added.
    pub room: SumView,
    /// What may be removed.
    pub spare: SumView,
    /// READY, UP-TO-DATE, AVAILABLE.
    pub numbers: NumbersView,
    /// `measure-<name>` and its bare value.
    pub measures: Vec<Measure>,
    /// What the learner may do now.
    pub actions: Vec<ButtonView>,
    /// Time.
    pub transport: TransportView,
    /// All marks of the timeline, in order of time.
    pub marks: Vec<MarkView>,
    /// Lines of the manifest that are lit, with their notes.
    pub manifest: ManifestView,
    /// Revisions.
    pub history: HistoryView,
    /// Images and their behaviours.
    pub images: ImagesView,
    /// What else can be broken, and what is.
    pub broken: BreakView,
    /// Requests, if there are any.
    pub traffic: Option<TrafficView>,
    /// Events of the cluster.
    pub events: std::rc::Rc<EventsView>,
    /// Conditions of the Deployment.
    pub conditions: Vec<ConditionRow>,
    /// Lines of the console up to the cursor.
    pub console: ConsoleView,
    /// Branches, `main` first.
    pub branches: Vec<BranchView>,
}

/// What the root element carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootView {
    /// Simulated milliseconds since the start.
    pub time_ms: u64,
    /// `data-time`: seconds without trailing zeros, `4.5`.
    pub time: String,
    /// `data-step`: position in the list of steps.
    pub step: usize,
    /// `data-writes`: writes of the Deployment controller so far (a set created or sized).
    pub writes: usize,
    /// `data-branch`: name.
    pub branch: String,
}

/// Title bar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderView {
    /// Name of the preset the session began with.
    pub preset: Option<String>,
    /// `1.32`.
    pub kubernetes: String,
    /// Title of the document: `rolldeployment, 4.5 s – Rollout Playground`.
    pub title: String,
}

/// A Deployment by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FocusView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// This one is shown.
    pub current: bool,
    /// Its containers: name and image.
    pub containers: Vec<(String, String)>,
}

/// What `kubectl get deployment` prints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumbersView {
    /// Ready.
    pub ready: u32,
    /// Desired.
    pub desired: u32,
    /// Updated.
    pub up_to_date: u32,
    /// Available.
    pub available: u32,
}

/// A measure (scenarios.md 1.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measure {
    /// `total`.
    pub name: &'static str,
    /// The bare value.
    pub value: String,
}

/// What a button does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Types this line into the console and runs it.
    Run(String),
    /// Applies the text of the editor.
    Apply,
    /// Opens the image picker; the command is built from the choice.
    ChangeImage,
    /// Opens the table of behaviours.
    BreakIt,
    /// Opens the size control.
    Scale,
    /// Switches the strategy of the manifest and applies it.
    SwitchStrategy,
    /// Both strategies below each other.
    Compare,
    /// Loads a preset.
    Preset(&'static str),
    /// Back to the start.
    Reset,
}

/// A button with the command that it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ButtonView {
    /// Stable id: `undo`, `pause`, `resume`, `restart`, `scale`, `image`, `break`, `delete`, `strategy`, `compare`, `reset`.
    pub id: &'static str,
    /// `Undo to v2`: names the result.
    pub label: String,
    /// What it does.
    pub act: Act,
    /// The kubectl line, shown on hover and logged when pressed.
    pub command: String,
    /// Why it does nothing now; then it is off.
    pub off: Option<String>,
    /// The way back in a stall: filled like the main action.
    pub main: bool,
}

/// The transport: time, step, branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransportView {
    /// `4.5 s`.
    pub time: String,
    /// `step 14, write 7`, or `looking back, 14.0 s recorded`.
    pub position: String,
    /// Cursor step.
    pub step: usize,
    /// Last recorded step.
    pub last: usize,
    /// Recorded time.
    pub last_ms: u64,
    /// The cursor is at the newest moment.
    pub at_head: bool,
    /// There is a step before.
    pub can_back: bool,
    /// There is a step after, recorded or to be computed.
    pub can_step: bool,
    /// When the next step is due, if one is.
    pub next_ms: Option<u64>,
    /// `Nothing is scheduled: act, or look back`, when nothing is.
    pub idle: Option<String>,
    /// `branch 2 left main at 4.5 s`.
    pub branch: Option<String>,
}

/// Kind of a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarkKind {
    /// Write of a controller.
    Decision,
    /// The learner did something.
    Action,
    /// The rollout is complete, stalled, past its deadline.
    Milestone,
    /// Where a branch left.
    Branch,
}

impl MarkKind {
    /// `decision`, `action`, `milestone`, `branch`.
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Decision => "decision",
            MarkKind::Action => "action",
            MarkKind::Milestone => "milestone",
            MarkKind::Branch => "branch",
        }
    }
}

/// A mark of the timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkView {
    /// The step it leads to.
    pub step: usize,
    /// When.
    pub at_ms: u64,
    /// Where on the past's axis.
    pub x: u64,
    /// Kind.
    pub kind: MarkKind,
    /// Its sentence: `1.02 s. New +2: ceiling 12 − pods 10 leaves 2.`
    pub name: std::rc::Rc<str>,
    /// To the cursor.
    pub when: When,
}

/// A branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BranchView {
    /// Position in the list; what `open branch` takes.
    pub index: usize,
    /// `main`, `branch 1`, …
    pub name: String,
    /// The page shows it.
    pub current: bool,
    /// The branch that it left: its place in the list.
    pub parent: Option<usize>,
    /// When it left its parent.
    pub forked_at_ms: u64,
    /// Steps it has.
    pub steps: usize,
    /// Last time.
    pub end_ms: u64,
}
