//! Registries that do not deliver: what the runtime says about it.

use super::Faults;
use rollout_api::{Str, image};

/// A registry that does not deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registry {
    /// Its host as references name it, `docker.io`; empty: all.
    pub host: Str,
    /// How it fails.
    pub how: RegistryFault,
}

/// How a registry fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistryFault {
    /// The host is there, nothing listens.
    Refused,
    /// No answer.
    Timeout,
    /// The name is not known.
    Dns,
    /// Too many pulls.
    RateLimit,
    /// The credentials are not accepted.
    Denied,
}

impl RegistryFault {
    /// All, with the words that name them.
    pub const ALL: [(RegistryFault, &'static str); 5] = [
        (RegistryFault::Refused, "refused"),
        (RegistryFault::Timeout, "timeout"),
        (RegistryFault::Dns, "dns"),
        (RegistryFault::RateLimit, "ratelimit"),
        (RegistryFault::Denied, "denied"),
    ];

    /// By its word.
    pub fn by_name(word: &str) -> Option<RegistryFault> {
        let found = RegistryFault::ALL.iter().find(|(_, name)| *name == word);
        found.map(|(fault, _)| *fault)
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        let found = RegistryFault::ALL.iter().find(|(fault, _)| *fault == self);
        found.map_or("", |(_, name)| name)
    }
}

/// The host of a reference as the runtime writes it: `docker.io` of `docker.io/library/nginx:1.27`.
fn host_of(full: &str) -> &str {
    full.split('/').next().unwrap_or("")
}

impl Faults {
    /// What the runtime says about a pull of this image, if its registry does not deliver, and how long it takes in
    /// milliseconds; none: the usual time of a failed pull.
    pub(crate) fn pull_error(&self, full: &str) -> Option<(String, Option<u64>)> {
        let host = host_of(full);
        let registry = self
            .registries
            .iter()
            .find(|r| r.host.is_empty() || *r.host == *host)?;
        Some((
            error(full, host, registry.how),
            (registry.how == RegistryFault::Timeout).then_some(30_000),
        ))
    }
}

/// The text that containerd gives, as the kubelet hears it.
fn error(full: &str, host: &str, how: RegistryFault) -> String {
    let parts = image::parse(full).ok();
    let repository = parts
        .as_ref()
        .map_or_else(String::new, image::Reference::repository);
    let path = repository.split_once('/').map_or("", |(_, p)| p);
    let reference = parts.as_ref().map_or("latest", |p| {
        if p.digest.is_empty() {
            p.tag.as_str()
        } else {
            p.digest.as_str()
        }
    });
    let address = if host == "docker.io" {
        "registry-1.docker.io"
    } else {
        host
    };
    let resolve = format!(
        "failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": "
    );
    let url = format!("https://{address}/v2/{path}/manifests/{reference}");
    let port = if address.contains(':') { "" } else { ":443" };
    match how {
        RegistryFault::Refused => format!(
            "rpc error: code = Unknown desc = {resolve}failed to do request: Head \"{url}\": dial tcp {address}{port}: connect: connection refused"
        ),
        RegistryFault::Timeout => format!(
            "rpc error: code = DeadlineExceeded desc = {resolve}failed to do request: Head \"{url}\": dial tcp {address}{port}: i/o timeout"
        ),
        RegistryFault::Dns => {
            let name = address.split(':').next().unwrap_or(address);
            format!(
                "rpc error: code = Unknown desc = {resolve}failed to do request: Head \"{url}\": dial tcp: lookup {name}: no such host"
            )
        }
        RegistryFault::RateLimit => format!(
            "rpc error: code = Unknown desc = failed to pull and unpack image \"{full}\": failed to copy: httpReadSeeker: failed open: unexpected status code {url}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."
        ),
        RegistryFault::Denied => format!(
            "rpc error: code = Unknown desc = {resolve}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_host_path_and_tag() {
        let faults = |host: &'static str, how| Faults {
            registries: vec![Registry {
                host: host.into(),
                how,
            }],
            ..Faults::default()
        };
        let all = faults("", RegistryFault::Refused);
        let text = all.pull_error("docker.io/library/nginx:1.27").unwrap().0;
        assert!(
            text.ends_with("failed to do request: Head \"https://registry-1.docker.io/v2/library/nginx/manifests/1.27\": dial tcp registry-1.docker.io:443: connect: connection refused"),
            "{text}"
        );
        let one = faults("quay.io", RegistryFault::Dns);
        assert_eq!(one.pull_error("docker.io/library/nginx:1.27"), None);
        let text = one.pull_error("quay.io/a/b:1").unwrap().0;
        assert!(
            text.ends_with("dial tcp: lookup quay.io: no such host"),
            "{text}"
        );
        for (how, name) in RegistryFault::ALL {
            assert_eq!(RegistryFault::by_name(name), Some(how));
            assert!(
                faults("", how)
                    .pull_error("localhost:5000/web:latest")
                    .is_some()
            );
        }
    }
}
