//! What containers have printed.

use crate::limits::MAX_LOG_LINES;
use rollout_api::SortedMap;
use rollout_api::{Str, Timestamp};
use std::collections::VecDeque;
use std::rc::Rc;

/// One line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When it was printed.
    pub at: Timestamp,
    /// The line, without its newline.
    pub text: Str,
}

/// Which log: pod UID or `namespace/name`, container, and whether it is that of the run before.
pub type LogKey = (Str, Str, Run);

/// Which run of a container.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Run {
    /// The present or latest run.
    Current,
    /// The run before it.
    Previous,
}

/// All logs. The key's first part is `namespace/name` of the pod.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Logs {
    lines: Rc<SortedMap<LogKey, Rc<VecDeque<LogLine>>>>,
}

impl Logs {
    /// Adds a line to the present run.
    pub fn push(&mut self, pod: &str, container: &str, at: Timestamp, text: impl Into<Str>) {
        let lines = Rc::make_mut(&mut self.lines)
            .entry((Str::copy(pod), Str::copy(container), Run::Current))
            .or_default();
        let lines = Rc::make_mut(lines);
        if lines.len() == MAX_LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(LogLine {
            at,
            text: text.into(),
        });
    }
    /// The present run has ended and another begins.
    pub fn rotate(&mut self, pod: &str, container: &str) {
        let key = (Str::copy(pod), Str::copy(container), Run::Current);
        if !self.lines.contains_key(&key) {
            return;
        }
        let all = Rc::make_mut(&mut self.lines);
        if let Some(lines) = all.remove(&key) {
            all.insert((key.0, key.1, Run::Previous), lines);
        }
    }
    /// Sets a whole log (states that were recorded elsewhere).
    pub fn set(&mut self, pod: &str, container: &str, run: Run, lines: Vec<LogLine>) {
        let key = (Str::copy(pod), Str::copy(container), run);
        Rc::make_mut(&mut self.lines).insert(key, Rc::new(lines.into()));
    }
    /// A log, if there is one.
    pub fn get(&self, pod: &str, container: &str, run: Run) -> Option<&VecDeque<LogLine>> {
        let key = (Str::copy(pod), Str::copy(container), run);
        self.lines.get(&key).map(|l| &**l)
    }
    /// Forgets a pod that is gone.
    pub fn forget(&mut self, pod: &str) {
        let first = (Str::copy(pod), Str::Static(""), Run::Current);
        let keys: Vec<LogKey> = self
            .lines
            .range_from(&first)
            .take_while(|(key, _)| key.0 == pod)
            .map(|(key, _)| key.clone())
            .collect();
        if !keys.is_empty() {
            let all = Rc::make_mut(&mut self.lines);
            for key in keys {
                all.remove(&key);
            }
        }
    }
}
