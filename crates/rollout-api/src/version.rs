//! The minor version of Kubernetes whose behaviour is shown.

/// A minor version: `Minor(32)` is 1.32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Minor(pub u8);

impl Minor {
    /// The version of the source tutorials' cluster: the default of this release.
    pub const V1_32: Minor = Minor(32);
    /// The oldest version whose template hash is known.
    pub const OLDEST_HASH: Minor = Minor(16);
    /// The newest version that is known.
    pub const NEWEST: Minor = Minor(36);

    /// Reads `1.32`, `v1.32` or `v1.32.5`.
    pub fn parse(text: &str) -> Option<Minor> {
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.")?;
        let minor = rest.split('.').next()?.parse().ok()?;
        (Self::OLDEST_HASH.0..=Self::NEWEST.0)
            .contains(&minor)
            .then_some(Minor(minor))
    }
}

impl Default for Minor {
    fn default() -> Self {
        Minor::V1_32
    }
}

impl std::fmt::Display for Minor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "1.{}", self.0)
    }
}
