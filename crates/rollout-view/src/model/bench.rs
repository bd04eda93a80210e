//! The bench: history, images, events, conditions, console, presets.

use super::VersionTag;

/// The revisions.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryView {
    /// Newest on top.
    pub rows: Vec<HistoryRow>,
    /// What plain undo does: `Undo copies the template of revision 1. It becomes revision 3.`
    pub note: String,
}

/// One revision.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryRow {
    /// Number.
    pub revision: i64,
    /// ReplicaSet.
    pub set: String,
    /// Letter.
    pub version: VersionTag,
    /// Image of the first container.
    pub image: String,
    /// Change cause, or `<none>`.
    pub cause: String,
    /// Age of the set.
    pub age: String,
    /// Pods it still wants.
    pub size: u32,
    /// The Deployment's template.
    pub current: bool,
    /// `running`, `arriving`, `stalled`, `0 pods`.
    pub word: String,
    /// `kubectl rollout undo … --to-revision=1`; none for the current one.
    pub undo: Option<String>,
    /// Plain undo goes here: the number it would become.
    pub becomes: Option<i64>,
}

/// Images and their behaviours.
#[derive(Clone, PartialEq, Debug)]
pub struct ImagesView {
    /// Images in use or with a rule.
    pub rows: Vec<ImageRow>,
    /// Behaviours that may be chosen.
    pub behaviours: Vec<BehaviourView>,
}

/// One image.
#[derive(Clone, PartialEq, Debug)]
pub struct ImageRow {
    /// Reference as written.
    pub image: String,
    /// Key of the behaviour, `good` without a rule.
    pub behaviour: String,
    /// `the pull fails`.
    pub words: String,
    /// The template of a Deployment uses it.
    pub in_use: bool,
}

/// A behaviour of the picker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BehaviourView {
    /// Word of the `image` command.
    pub key: &'static str,
    /// `never ready`.
    pub name: String,
    /// What it does, in a few words.
    pub words: String,
    /// Its usual numbers: `after=1 exit=1`.
    pub numbers: String,
}

/// Events, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventsView {
    /// The newest.
    pub rows: Vec<EventRow>,
    /// How many more there are, as a sentence; empty for none.
    pub older: String,
    /// Warnings among all of them.
    pub warnings: usize,
}

/// An event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRow {
    /// Unique id.
    pub uid: String,
    /// Time of the last occurrence, `4.5 s`.
    pub at: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// `ScalingReplicaSet`.
    pub reason: String,
    /// `deployment/rolldeployment`.
    pub object: String,
    /// The message.
    pub message: String,
    /// Occurrences.
    pub count: u32,
    /// `x2 over 25s`, empty for one.
    pub times: String,
}

/// A condition of the Deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConditionRow {
    /// `Progressing`.
    pub kind: String,
    /// `True`.
    pub status: String,
    /// `ReplicaSetUpdated`.
    pub reason: String,
    /// The message.
    pub message: String,
    /// `Available is True: …` is good news, `Progressing False` is not.
    pub good: bool,
}

/// The console.
#[derive(Clone, PartialEq, Debug)]
pub struct ConsoleView {
    /// Lines, oldest first.
    pub lines: Vec<ConsoleLine>,
    /// A command waits (status, watch): the prompt is busy and Ctrl-C ends it.
    pub busy: Option<String>,
    /// What was typed before, oldest first, for the arrow keys.
    pub typed: Vec<String>,
}

/// What a console line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// What was typed.
    Typed,
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line of the console.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsoleLine {
    /// Kind.
    pub kind: LineKind,
    /// Text without the prompt and without the end of line.
    pub text: String,
    /// Step at which it appeared.
    pub step: usize,
}

/// A preset to start from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PresetView {
    /// `roll-10`.
    pub name: &'static str,
    /// `10 replicas, maxSurge 2, maxUnavailable 2`.
    pub words: &'static str,
}
