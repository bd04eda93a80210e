//! The kubelet's decision before each container start: is the image there, pull it, or wait?

use super::backoff::Backoff;

/// Why an image cannot be used: the waiting reason of the container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageError {
    /// The reference cannot be parsed.
    InvalidImageName,
    /// The runtime could not look for the image.
    ImageInspectError,
    /// Not present and the policy is Never.
    ErrImageNeverPull,
    /// A pull failed a moment ago.
    ImagePullBackOff,
    /// The pull failed.
    ErrImagePull,
    /// The registry does not answer.
    RegistryUnavailable,
    /// The signature is wrong.
    SignatureValidationFailed,
}

impl ImageError {
    /// The waiting reason.
    pub fn reason(self) -> &'static str {
        match self {
            ImageError::InvalidImageName => "InvalidImageName",
            ImageError::ImageInspectError => "ImageInspectError",
            ImageError::ErrImageNeverPull => "ErrImageNeverPull",
            ImageError::ImagePullBackOff => "ImagePullBackOff",
            ImageError::ErrImagePull => "ErrImagePull",
            ImageError::RegistryUnavailable => "RegistryUnavailable",
            ImageError::SignatureValidationFailed => "SignatureValidationFailed",
        }
    }
}

/// When an image is pulled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PullPolicy {
    /// At each start.
    Always,
    /// If it is not there.
    IfNotPresent,
    /// Never.
    Never,
}

impl PullPolicy {
    /// Reads the field; anything unknown counts as IfNotPresent.
    pub fn parse(text: &str) -> PullPolicy {
        match text {
            "Always" => PullPolicy::Always,
            "Never" => PullPolicy::Never,
            _ => PullPolicy::IfNotPresent,
        }
    }
}

/// What the manager does with one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PullDecision {
    /// Use what is there.
    Present,
    /// Ask the runtime to pull.
    Pull,
    /// Not now.
    Refuse(ImageError),
}

/// Mirrors the first half of `imageManager.EnsureImageExists`, pkg/kubelet/images/image_manager.go:
/// everything before the pull itself.
///
/// `present` is the runtime's answer; `Err(())` if it could not be asked.
pub fn ensure_image_exists<K: Ord + Clone>(
    present: Result<bool, ()>,
    policy: PullPolicy,
    backoff: &Backoff<K>,
    key: &K,
    now: u64,
) -> PullDecision {
    let Ok(present) = present else {
        return PullDecision::Refuse(ImageError::ImageInspectError);
    };
    if !should_pull_image(policy, present) {
        return if present {
            PullDecision::Present
        } else {
            PullDecision::Refuse(ImageError::ErrImageNeverPull)
        };
    }
    if backoff.is_in_back_off_since_update(key, now) {
        return PullDecision::Refuse(ImageError::ImagePullBackOff);
    }
    PullDecision::Pull
}

/// Mirrors `shouldPullImage`, pkg/kubelet/images/image_manager.go.
pub fn should_pull_image(policy: PullPolicy, present: bool) -> bool {
    match policy {
        PullPolicy::Never => false,
        PullPolicy::Always => true,
        PullPolicy::IfNotPresent => !present,
    }
}

/// Mirrors `evalCRIPullErr`, pkg/kubelet/images/image_manager.go: the waiting reason and message after a failed pull.
pub fn eval_cri_pull_err(image: &str, error: &str) -> (ImageError, String) {
    if let Some(rest) = error.strip_prefix("RegistryUnavailable") {
        return (
            ImageError::RegistryUnavailable,
            format!("image pull failed for {image} because the registry is unavailable{rest}"),
        );
    }
    if let Some(rest) = error.strip_prefix("SignatureValidationFailed") {
        return (
            ImageError::SignatureValidationFailed,
            format!("image pull failed for {image} because the signature validation failed{rest}"),
        );
    }
    (ImageError::ErrImagePull, error.to_owned())
}

/// The kubelet's limit on pulls: a bucket of `burst` tokens that fills with `qps` per second.
///
/// Mirrors `throttledImageService`, pkg/kubelet/images/helpers.go.
#[derive(Clone, Copy, Debug)]
pub struct PullThrottle {
    qps: u64,
    burst: u64,
    milli_tokens: u64,
    at: u64,
}

impl PullThrottle {
    /// A full bucket; `None` when there is no limit (qps 0).
    pub fn new(qps: u64, burst: u64) -> Option<Self> {
        (qps > 0).then_some(Self {
            qps,
            burst,
            milli_tokens: burst * 1000,
            at: 0,
        })
    }

    /// Takes a token, if there is one.
    pub fn try_accept(&mut self, now: u64) -> bool {
        let gained = now.saturating_sub(self.at) * self.qps;
        self.milli_tokens = (self.milli_tokens + gained).min(self.burst * 1000);
        self.at = now;
        let ok = self.milli_tokens >= 1000;
        if ok {
            self.milli_tokens -= 1000;
        }
        ok
    }
}
