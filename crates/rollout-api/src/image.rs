//! Image references as Docker's parser reads them.

use crate::gofmt::quote;
use crate::version::Minor;

/// A parsed reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Registry, `docker.io` if none was given.
    pub domain: String,
    /// Path in the registry, `library/nginx`.
    pub path: String,
    /// Tag; empty if there is none (`latest` if there is neither tag nor digest).
    pub tag: String,
    /// Digest, empty if there is none.
    pub digest: String,
    /// Neither tag nor digest were given.
    pub bare: bool,
}

/// Why a reference does not parse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReferenceError {
    /// 64 hexadecimal digits look like an image's id.
    Identifier(String),
    /// A name with upper-case letters.
    Case(String),
    /// A name of more than 255 characters.
    Length,
    /// A digest of another form, length or algorithm than those known.
    Digest(&'static str),
    /// Anything else.
    Format,
}

impl ReferenceError {
    /// The kubelet's words: `couldn't parse image name "X": …`.
    pub fn text(&self, image: &str, minor: Minor) -> String {
        let why = match self {
            ReferenceError::Identifier(s) => {
                format!("invalid repository name ({s}), cannot specify 64-byte hexadecimal strings")
            }
            ReferenceError::Case(name) if minor >= Minor(29) => {
                format!("invalid reference format: repository name ({name}) must be lowercase")
            }
            ReferenceError::Case(_) => {
                "invalid reference format: repository name must be lowercase".to_owned()
            }
            ReferenceError::Length => {
                "repository name must not be more than 255 characters".to_owned()
            }
            ReferenceError::Digest(why) => (*why).to_owned(),
            ReferenceError::Format => "invalid reference format".to_owned(),
        };
        format!("couldn't parse image name {}: {why}", quote(image))
    }
}

/// Mirrors ParseImageName, pkg/util/parsers/parsers.go.
pub fn parse(image: &str) -> Result<Reference, ReferenceError> {
    if image.len() == 64
        && image
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return Err(ReferenceError::Identifier(image.to_owned()));
    }
    let (domain, rest) = split_domain(image);
    let name = rest.split(':').next().unwrap_or("");
    if name.chars().any(|c| c.to_lowercase().ne([c])) {
        return Err(ReferenceError::Case(name.to_owned()));
    }
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) if looks_like_digest(digest) => (rest, digest),
        Some(_) => return Err(ReferenceError::Format),
        None => (&*rest, ""),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) if is_tag(tag) => (path, tag),
        Some(_) => return Err(ReferenceError::Format),
        None => (rest, ""),
    };
    if !is_domain(domain) || !path.split('/').all(is_component) {
        return Err(ReferenceError::Format);
    }
    // Two limits: the path's since v0.6, the whole name's before.
    if path.len() > 255 || domain.len() + 1 + path.len() > 255 {
        return Err(ReferenceError::Length);
    }
    if !digest.is_empty() {
        check_digest(digest).map_err(ReferenceError::Digest)?;
    }
    let bare = tag.is_empty() && digest.is_empty();
    Ok(Reference {
        domain: domain.to_owned(),
        path: path.to_owned(),
        tag: if bare { "latest" } else { tag }.to_owned(),
        digest: digest.to_owned(),
        bare,
    })
}

/// Is it the name of an image, as the registry's own rules read it?
pub fn is_reference(image: &str) -> bool {
    parse(image).is_ok()
}

impl Reference {
    /// `docker.io/library/nginx`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }
}

/// Mirrors the default of `imagePullPolicy`, SetDefaults_Container, pkg/apis/core/v1/defaults.go.
pub fn default_pull_policy(image: &str) -> &'static str {
    match parse(image) {
        Ok(r) if r.tag == "latest" => "Always",
        _ => "IfNotPresent",
    }
}

/// The reference the kubelet asks the runtime for.
///
/// Mirrors applyDefaultImageTag, pkg/kubelet/images/image_manager.go.
pub fn apply_default_tag(image: &str) -> Result<String, ReferenceError> {
    let r = parse(image)?;
    Ok(if r.bare {
        format!("{image}:latest")
    } else {
        image.to_owned()
    })
}

/// The registry and the rest, short names completed.
fn split_domain(image: &str) -> (&str, std::borrow::Cow<'_, str>) {
    const HUB: &str = "docker.io";
    let (domain, rest) = match image.split_once('/') {
        Some(("index.docker.io", rest)) => (HUB, rest),
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.chars().any(|c| c.to_lowercase().ne([c])) =>
        {
            (first, rest)
        }
        _ => (HUB, image),
    };
    if domain == HUB && !rest.contains('/') {
        (HUB, format!("library/{rest}").into())
    } else {
        (domain, rest.into())
    }
}

fn is_domain(domain: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if let Some((address, port)) = domain.strip_prefix('[').and_then(|d| d.split_once(']')) {
        return !address.is_empty()
            && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
            && (port.is_empty() || port.strip_prefix(':').is_some_and(digits));
    }
    let (hosts, port) = domain.split_once(':').unwrap_or((domain, "0"));
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    hosts.split('.').all(label) && digits(port)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let b = part.as_bytes();
    let (Some(first), Some(last)) = (b.first(), b.last()) else {
        return false;
    };
    if !plain(*first) || !plain(*last) {
        return false;
    }
    let separators = part
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .filter(|s| !s.is_empty());
    let mut separators = separators;
    separators.all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let b = tag.as_bytes();
    (1..=128).contains(&b.len())
        && word(b[0])
        && b.iter().all(|b| word(*b) || matches!(b, b'.' | b'-'))
}

/// `[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}`
fn looks_like_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return false;
    };
    let part = |p: &str| {
        p.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            && p.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(part)
        && hex.len() >= 32
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Of a digest in the form above: is its algorithm known, and are its digits as many as that makes, in small letters?
fn check_digest(digest: &str) -> Result<(), &'static str> {
    let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ if algorithm.bytes().any(|b| b.is_ascii_uppercase()) => {
            return Err("invalid checksum digest format");
        }
        _ => return Err("unsupported digest algorithm"),
    };
    if hex.len() != length {
        return Err("invalid checksum digest length");
    }
    if hex.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("invalid checksum digest format");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_policies() {
        let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (image, policy) in [
            ("nginx", "Always"),
            ("localhost:5000/a", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1", "IfNotPresent"),
            ("<your-image>", "IfNotPresent"),
            ("ghcr.io/Org/app", "IfNotPresent"),
            ("Registry/app", "Always"),
            ("", "IfNotPresent"),
            ("a//b", "IfNotPresent"),
            ("my__app-x.y", "Always"),
            ("my___app", "IfNotPresent"),
        ] {
            assert_eq!(default_pull_policy(image), policy, "{image}");
        }
        assert_eq!(
            default_pull_policy(&format!("nginx@{digest}")),
            "IfNotPresent"
        );
        assert_eq!(
            default_pull_policy(&format!("nginx:latest@{digest}")),
            "Always"
        );
        assert_eq!(default_pull_policy(&digest[7..]), "IfNotPresent");
    }

    #[test]
    fn references() {
        assert_eq!(
            parse("root").unwrap().repository(),
            "docker.io/library/root"
        );
        assert_eq!(parse("url:5000/repo:x").unwrap().tag, "x");
        assert_eq!(apply_default_tag("root").unwrap(), "root:latest");
        assert_eq!(apply_default_tag("root:1").unwrap(), "root:1");
        let text = |image: &str, minor| parse(image).unwrap_err().text(image, Minor(minor));
        assert_eq!(
            text("ROOT", 32),
            r#"couldn't parse image name "ROOT": invalid reference format: repository name (library/ROOT) must be lowercase"#
        );
        assert!(text("ROOT", 28).ends_with("repository name must be lowercase"));
        assert_eq!(
            parse("[::1]:5000/a/b").unwrap().repository(),
            "[::1]:5000/a/b"
        );
        let hex = "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (image, why) in [
            (format!("a@sha256:{hex}"), "invalid checksum digest format"),
            (format!("a@sha256:{hex}0"), "invalid checksum digest length"),
            (format!("a@md5:{hex}"), "unsupported digest algorithm"),
            (
                format!("a:t@SHA256:{hex}"),
                "invalid checksum digest format",
            ),
            ("a@md5:abc".to_owned(), "invalid reference format"),
            ("[::1/a".to_owned(), "invalid reference format"),
        ] {
            assert!(text(&image, 32).ends_with(why), "{image}");
        }
        assert_eq!(
            text("nginx:", 32),
            r#"couldn't parse image name "nginx:": invalid reference format"#
        );
    }
}
