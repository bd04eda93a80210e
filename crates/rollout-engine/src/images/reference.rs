//! Names of images, as the runtime writes them.

use rollout_api::{Str, image};

/// The parts of a reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageName {
    /// Registry and path: `docker.io/library/nginx`.
    pub repository: String,
    /// Tag and digest with their signs: `:1.27`, `@sha256:…`.
    suffix: String,
}

impl ImageName {
    /// Splits a reference; one that does not parse stays as it is.
    pub fn of(reference: &str) -> ImageName {
        let Ok(parts) = image::parse(reference) else {
            return ImageName {
                repository: reference.to_owned(),
                suffix: String::new(),
            };
        };
        let mut suffix = String::new();
        if !parts.tag.is_empty() {
            suffix = format!(":{}", parts.tag);
        }
        if !parts.digest.is_empty() {
            suffix = format!("{suffix}@{}", parts.digest);
        }
        ImageName {
            repository: parts.repository(),
            suffix,
        }
    }

    /// As the runtime writes it: `docker.io/library/nginx:1.27.4`.
    pub fn full(&self) -> String {
        format!("{}{}", self.repository, self.suffix)
    }
}

/// One key for all spellings of a reference.
pub(super) fn canonical(reference: &str) -> Str {
    ImageName::of(reference).full().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_image() {
        for same in [
            "nginx",
            "nginx:latest",
            "library/nginx",
            "docker.io/library/nginx:latest",
        ] {
            assert_eq!(
                canonical(same).as_str(),
                "docker.io/library/nginx:latest",
                "{same}"
            );
        }
        assert_eq!(
            canonical("localhost:5000/web").as_str(),
            "localhost:5000/web:latest"
        );
        assert_eq!(canonical("Not An Image").as_str(), "Not An Image");
        assert_eq!(canonical("").as_str(), "");
    }
}
