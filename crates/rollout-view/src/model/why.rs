//! The sentence with its sums: why this happened, or why nothing happens.

use super::{ReferenceView, TraceLine, WaitView};

/// A quantity that has a name. The same quantity lights up everywhere at once: in the sentence,
/// on the line of the scene, in the sums, in the manifest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quantity {
    /// `spec.replicas`.
    Desired,
    /// Desired plus the resolved maxSurge.
    Ceiling,
    /// Desired minus the resolved maxUnavailable.
    Floor,
    /// The resolved maxSurge.
    Surge,
    /// The resolved maxUnavailable.
    Unavailable,
    /// Pods that are not terminating.
    Total,
    /// What the ReplicaSets are asked to have, in sum.
    Wanted,
    /// Pods (or wanted pods) of the newest set that are not available.
    Waiting,
    /// Available pods.
    Available,
    /// Ready pods.
    Ready,
    /// Pods of the newest set.
    Updated,
    /// Wanted size of the old sets.
    Old,
    /// Wanted size of the newest set.
    New,
    /// Terminating pods.
    Leaving,
    /// Pods that cannot become available: their image, their process, their configuration.
    Failing,
    /// Room: what may be added.
    Room,
    /// Spare: what may be removed.
    Spare,
    /// A revision number.
    Revision,
    /// A span of time.
    Seconds,
    /// Any other count.
    Count,
}

impl Quantity {
    /// The name for markup (`data-n`, `data-src`).
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Desired => "desired",
            Quantity::Ceiling => "ceiling",
            Quantity::Floor => "floor",
            Quantity::Surge => "surge",
            Quantity::Unavailable => "unavailable",
            Quantity::Total => "total",
            Quantity::Wanted => "wanted",
            Quantity::Waiting => "waiting",
            Quantity::Available => "available",
            Quantity::Ready => "ready",
            Quantity::Updated => "updated",
            Quantity::Old => "old",
            Quantity::New => "new",
            Quantity::Leaving => "leaving",
            Quantity::Failing => "failing",
            Quantity::Room => "room",
            Quantity::Spare => "spare",
            Quantity::Revision => "revision",
            Quantity::Seconds => "seconds",
            Quantity::Count => "count",
        }
    }
    /// A limit is drawn in the colour of limits, and nothing else is.
    pub fn is_limit(self) -> bool {
        matches!(self, Quantity::Ceiling | Quantity::Floor)
    }
}

/// Where a number comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A field that somebody wrote (or a default): `spec.strategy.rollingUpdate.maxSurge`.
    Field(String),
    /// What a controller reported: `status.availableReplicas`.
    Status(String),
    /// Counted: the pods of the scene.
    Pods,
    /// Counted: the sizes of the sets.
    Sets,
    /// Read from the clock.
    Clock,
    /// Computed from others.
    Computed,
}

/// A number that is a link to everything that shows the same quantity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberView {
    /// The digits as printed.
    pub text: String,
    /// The number itself.
    pub value: i64,
    /// What it counts.
    pub quantity: Quantity,
    /// Where it comes from.
    pub origin: Origin,
}

/// A piece of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Span {
    /// Words.
    Text(String),
    /// A number with its link.
    Number(NumberView),
    /// A name out of the cluster (an image, a pod), in the fixed-width face.
    Code(String),
    /// The letter of a version, drawn with its livery.
    Version(VersionTag),
}

/// The plain text of spans, as the live region reads it.
pub fn plain_text(spans: &[Span]) -> String {
    let mut text = String::new();
    for span in spans {
        match span {
            Span::Text(t) | Span::Code(t) => text.push_str(t),
            Span::Number(n) => text.push_str(&n.text),
            Span::Version(v) => text.push_str(&v.letter()),
        }
    }
    text
}

/// A version of the template: a letter and a livery, the oldest set first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VersionTag {
    /// Its place in the order in which the sets were made: 0 is A.
    pub place: u32,
}

impl VersionTag {
    /// `A`, `B`, … `Z`, `AA` (data-version).
    pub fn letter(self) -> String {
        let mut letter = String::new();
        let mut n = self.place;
        loop {
            letter.insert(0, char::from(b'A' + (n % 26) as u8));
            match (n / 26).checked_sub(1) {
                Some(rest) => n = rest,
                None => return letter,
            }
        }
    }
    /// 0 to 7: which livery; they repeat from the ninth version on.
    pub fn livery(self) -> u8 {
        (self.place % 8) as u8
    }
}

/// What kind of sentence stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhyKind {
    /// A write of a controller.
    Decision,
    /// Something changed on its own: a pod became ready, a probe failed.
    Change,
    /// The rollout waits for something that will come.
    Wait,
    /// No write is permitted and nothing good is on its way: hourglass.
    Stalled,
    /// `spec.paused`: clamp.
    Paused,
    /// The rollout is complete.
    Complete,
    /// There is no Deployment.
    Empty,
    /// The learner did something.
    Action,
    /// The server or kubectl refused.
    Refused,
}

/// The sentence, its kicker, its sums.
#[derive(Clone, PartialEq, Debug)]
pub struct WhyView {
    /// What kind of sentence; decides the sign in the kicker.
    pub kind: WhyKind,
    /// One line above: what is being done and which step.
    pub kicker: Vec<Span>,
    /// The part of the kicker that is news (`Stalled for 59 s.`), stands first and stronger.
    pub alert: Option<String>,
    /// One sentence, at most two lines. Never empty.
    pub headline: Vec<Span>,
    /// The terms of the formula, in the order of the formula.
    pub terms: Vec<TermView>,
    /// Where the rule stands: function, file, page of the documentation.
    pub reference: Option<ReferenceView>,
    /// What is awaited, while nothing more happens.
    pub wait: Option<WaitView>,
    /// The whole turn of the component that made the last step.
    pub trace: Vec<TraceLine>,
    /// The headline as plain text: the live region says this, once per step.
    pub spoken: String,
    /// Other lines of the same step (several changes at one instant).
    pub also: Vec<Vec<Span>>,
}

/// A term of a formula.
#[derive(Clone, PartialEq, Debug)]
pub struct TermView {
    /// `+`, `−`, `=` or nothing for the first.
    pub operator: &'static str,
    /// `ceiling`, `pods`, `not available`.
    pub name: String,
    /// The number.
    pub number: NumberView,
}

/// One of the two sums: room or spare.
#[derive(Clone, PartialEq, Debug)]
pub struct SumView {
    /// `Room` or `Spare`.
    pub title: String,
    /// Arm of the signal.
    pub signal: Signal,
    /// The lines of the bill.
    pub terms: Vec<TermView>,
    /// `may be added`, `may be removed`.
    pub result_name: String,
    /// The result; never below 0.
    pub result: NumberView,
    /// One sentence about the result: `Stop. Nothing goes until a pod becomes available.`
    pub note: String,
}

/// The arm of a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// Arm down, filled.
    Stop,
    /// Arm raised, hollow.
    Clear,
    /// A clamp over the arm: the rollout is paused.
    Clamped,
    /// There is no such limit (no floor for Recreate, nothing running).
    Off,
}
