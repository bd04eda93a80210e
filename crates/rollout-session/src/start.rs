//! Where a session begins.

use rollout_api::Minor;

/// The start of a session: everything before the learner's first action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// Name of a preset, `landing` for the landing scene.
    pub preset: Option<String>,
    /// A manifest that was applied, and has settled, before the session began.
    pub manifest: Option<String>,
    /// Lines of the `image` command that hold from the start.
    pub images: Vec<String>,
    /// Seed of names and times.
    pub seed: u64,
    /// Minor version of Kubernetes.
    pub version: Minor,
}

impl Default for Start {
    fn default() -> Self {
        Start {
            preset: None,
            manifest: None,
            images: Vec::new(),
            seed: 1,
            version: Minor::default(),
        }
    }
}

impl Start {
    /// An empty cluster.
    pub fn empty() -> Start {
        Start::default()
    }
    /// A preset by name, at its own version.
    pub fn preset(name: &str) -> Start {
        let preset = crate::presets::find(name);
        let own = preset
            .filter(|_| name != crate::presets::LANDING)
            .map_or(name, |p| p.name);
        Start {
            preset: Some(own.to_owned()),
            version: preset.map_or_else(Minor::default, |p| p.version),
            ..Start::default()
        }
    }
}
