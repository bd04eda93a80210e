//! Names of images, as the runtime writes them.

use rollout_api::Str;

/// The registry of references that name none, as the recorded clusters have it.
pub const REGISTRY: &str = "registry.example";

/// The parts of a reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageName {
    /// Registry and path: `registry.example/library/nginx`.
    pub repository: String,
    /// Tag, if there is one; `latest` if there is neither tag nor digest.
    pub tag: Option<String>,
    /// Digest with its algorithm.
    pub digest: Option<String>,
}

impl ImageName {
    /// Splits a reference; says nothing about its validity.
    pub fn of(image: &str) -> ImageName {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (image, None),
        };
        let slash = rest.rfind('/').map_or(0, |i| i + 1);
        let (name, tag) = match rest[slash..].rfind(':') {
            Some(i) => (&rest[..slash + i], Some(rest[slash + i + 1..].to_owned())),
            None => (rest, None),
        };
        let first = name.split('/').next().unwrap_or("");
        let has_registry =
            name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
        let repository = if has_registry {
            name.to_owned()
        } else if name.contains('/') {
            format!("{REGISTRY}/{name}")
        } else {
            format!("{REGISTRY}/library/{name}")
        };
        let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
        ImageName {
            repository,
            tag,
            digest,
        }
    }

    /// As the runtime writes it: `registry.example/library/nginx:1.27.4`.
    pub fn full(&self) -> String {
        let mut text = self.repository.clone();
        if let Some(tag) = &self.tag {
            text.push(':');
            text.push_str(tag);
        }
        if let Some(digest) = &self.digest {
            text.push('@');
            text.push_str(digest);
        }
        text
    }
}

/// One key for all spellings of a reference.
pub(super) fn canonical(image: &str) -> Str {
    ImageName::of(image).full().into()
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
            "registry.example/library/nginx:latest",
        ] {
            assert_eq!(
                canonical(same).as_str(),
                "registry.example/library/nginx:latest",
                "{same}"
            );
        }
        assert_eq!(
            canonical("localhost:5000/web").as_str(),
            "localhost:5000/web:latest"
        );
        assert_eq!(
            canonical("team/web@sha256:ab").as_str(),
            "registry.example/team/web@sha256:ab"
        );
        assert_eq!(canonical(""), canonical(""));
    }
}
