//! The minor version of Kubernetes whose behaviour is shown.

/// A minor version: `Minor(32)` is 1.32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Minor(pub u8);

impl Minor {
    /// The version of the source tutorials' cluster, and of most recordings.
    pub const V1_32: Minor = Minor(32);
    /// The newest recorded version, whose texts hold from there on.
    pub const V1_36: Minor = Minor(36);
    /// The oldest version that a cluster can have.
    pub const OLDEST: Minor = Minor(28);
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

    /// The versions that a cluster can have, newest first.
    pub fn of_clusters() -> impl Iterator<Item = Minor> {
        (Self::OLDEST.0..=Self::NEWEST.0).rev().map(Minor)
    }

    /// A version that a cluster can have, as [`Minor::parse`] reads it.
    pub fn of_cluster(text: &str) -> Option<Minor> {
        Minor::parse(text).filter(|m| *m >= Self::OLDEST)
    }
}

impl Default for Minor {
    fn default() -> Self {
        Minor::NEWEST
    }
}

impl std::fmt::Display for Minor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_have_nine_versions_and_the_newest_is_the_default() {
        let all: Vec<String> = Minor::of_clusters().map(|m| m.to_string()).collect();
        assert_eq!((all.len(), &*all[0], &*all[8]), (9, "1.36", "1.28"));
        assert_eq!(Minor::default(), Minor::V1_36);
        assert_eq!(Minor::of_cluster("v1.30.2"), Some(Minor(30)));
        for text in ["1.27", "1.37", "1.300", "30", "1.", "2.30", ""] {
            assert_eq!(Minor::of_cluster(text), None, "{text}");
        }
        assert_eq!(Minor::parse("1.16"), Some(Minor::OLDEST_HASH));
    }
}
