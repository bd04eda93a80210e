//! The same app on a cluster of another version.

use super::*;
use rollout_api::Minor;

impl Session {
    /// A new session on a cluster of another version: the same start, the image rules of this moment, and the manifest as
    /// it is now, applied where the start does not bring it. This session stays as it is.
    pub fn at_version(&self, version: Minor, file: &str, text: &str) -> Session {
        let mut start = self.start.clone();
        start.version = version;
        let mut other = Session::new(start);
        let brought = other.files.get(file).map_or("", String::as_str);
        // The landing scene ends where its own update is under way: that update is no text to apply again.
        let own =
            self.start.preset.as_deref() == Some(presets::LANDING) && self.branch().log.len() <= 1;
        let apply = !own && !text.trim().is_empty() && brought.trim() != text.trim();
        let rules = self.branch().log.iter().filter_map(|e| match &e.action {
            Action::Line(line) if line.trim_start().starts_with("image ") => Some(line.clone()),
            _ => None,
        });
        for line in rules.collect::<Vec<_>>() {
            other.run(&line);
        }
        for (name, text) in &self.files {
            other
                .files
                .entry(name.clone())
                .or_insert_with(|| text.clone());
        }
        if apply {
            other.apply(file, text);
        }
        other
    }
}
