//! Break it: traffic, faults of the cluster, probe results.

use super::VersionTag;

/// A control that stands for a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandView {
    /// What it says.
    pub name: String,
    /// The line it runs.
    pub command: String,
    /// This holds now.
    pub on: bool,
}

/// Something that can be broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultView {
    /// `node-2`, `Registry`.
    pub name: String,
    /// What it is like now, in a few words.
    pub words: String,
    /// It is broken.
    pub broken: bool,
    /// What can be done about it.
    pub controls: Vec<CommandView>,
}

/// One answer to a probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProbeRow {
    /// The step it belongs to.
    pub step: usize,
    /// `4.5 s`.
    pub at: String,
    /// Name of the pod.
    pub pod: String,
    /// `readiness of nginx`.
    pub probe: String,
    /// `failed, 2 of 3`.
    pub outcome: String,
    /// It passed.
    pub good: bool,
}

/// The panel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BreakView {
    /// Nodes, then what is one for the whole cluster.
    pub faults: Vec<FaultView>,
    /// Names of the nodes, for rules that hold on one of them.
    pub nodes: Vec<String>,
    /// Answers to probes, newest first.
    pub probes: Vec<ProbeRow>,
    /// What requests can be sent to: `service/web`.
    pub targets: Vec<String>,
    /// Rates to choose from, for the target that has requests or the first one.
    pub rates: Vec<CommandView>,
}

/// Requests of one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrafficRow {
    /// Its letter.
    pub version: VersionTag,
    /// Its image.
    pub image: String,
    /// Answered.
    pub ok: u64,
    /// Failed.
    pub failed: u64,
}

/// Marks of the strip: one per request, or per share of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestMark {
    /// Where.
    pub x: u64,
    /// 0: an old version answered; 1: the newest.
    pub row: u8,
    /// Whose colour.
    pub livery: u8,
}

/// What became of the requests until now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrafficView {
    /// `service/web`.
    pub target: String,
    /// `20/s`, `off`.
    pub rate: String,
    /// Sent and settled.
    pub total: u64,
    /// Answered.
    pub ok: u64,
    /// Failed.
    pub failed: u64,
    /// Why, with numbers: `8 at pods that had stopped`.
    pub causes: Vec<String>,
    /// By version, oldest first.
    pub rows: Vec<TrafficRow>,
    /// `99.5%`.
    pub availability: String,
    /// `120% of the error budget for 99.9%`.
    pub budget: String,
    /// Half of the answers took no longer, 95 of 100 took no longer: `18 ms, 2014 ms`.
    pub latency: String,
    /// Answered requests.
    pub marks: Vec<RequestMark>,
    /// Failed requests, in thousandths of the width.
    pub crosses: Vec<u32>,
    /// How many requests one mark stands for, at most.
    pub per_mark: u64,
    /// The whole in one sentence.
    pub label: String,
}
