//! The program's own YAML files (settings, lessons): typed, through serde_yaml, with the place of what is wrong.
//!
//! Manifests are never read this way: kubectl's YAML 1.1 is another language, see [`crate::documents`].

use serde::de::DeserializeOwned;

/// What is wrong with one of the program's own files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFileError {
    /// serde_yaml's words.
    pub message: String,
    /// Line and column from 1, if known.
    pub place: Option<(usize, usize)>,
}

impl std::fmt::Display for OwnFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for OwnFileError {}

/// Reads a file of a known shape. Let the type deny unknown fields.
pub fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, OwnFileError> {
    serde_yaml::from_str(text).map_err(|e| OwnFileError {
        message: e.to_string(),
        place: e.location().map(|l| (l.line(), l.column())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn typed_files_are_read_with_places() {
        let read = from_yaml::<BTreeMap<String, u32>>("seed: 7\nminutes: 3\n").unwrap();
        assert_eq!(read["minutes"], 3);
        let error = from_yaml::<BTreeMap<String, u32>>("seed: 7\nminutes: x\n").unwrap_err();
        assert_eq!(error.place, Some((2, 10)), "{error}");
    }
}
