//! Rules for names, labels and other short texts. Mirrors apimachinery/pkg/util/validation/validation.go.
//!
//! Every rule answers with its complaints; no complaint means the text is fine.

use crate::value::Str;
use crate::version::Minor;

const LABEL_FMT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_FMT: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED_FMT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// `TEXT (e.g. 'A',  or 'B', regex used for validation is 'FMT')`
fn regex_error(message: &str, format: &str, examples: &[&str]) -> Str {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{format}')").into();
    }
    let quoted: Vec<String> = examples.iter().map(|e| format!("'{e}'")).collect();
    let list = quoted.join(",  or ");
    format!("{message} (e.g. {list}, regex used for validation is '{format}')").into()
}

/// `must be no more than N characters`
fn max_len(n: usize) -> Str {
    format!("must be no more than {n} characters").into()
}

/// `must be between A and B, inclusive`
pub fn inclusive_range(low: i64, high: i64) -> Str {
    format!("must be between {low} and {high}, inclusive").into()
}

fn low_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn label_matches(s: &str) -> bool {
    let b = s.as_bytes();
    matches!((b.first(), b.last()), (Some(f), Some(l)) if low_alnum(*f) && low_alnum(*l))
        && b.iter().all(|c| low_alnum(*c) || *c == b'-')
}

fn subdomain_matches(s: &str) -> bool {
    s.split('.').all(label_matches)
}

/// RFC 1123 label: names of containers, volumes, namespaces.
pub fn is_dns1123_label(s: &str) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(max_len(63));
    }
    if !label_matches(s) {
        if subdomain_matches(s) {
            out.push("must not contain dots".into());
        } else {
            let message = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
            out.push(regex_error(message, LABEL_FMT, &["my-name", "123-abc"]));
        }
    }
    out
}

/// RFC 1123 subdomain: names of most objects.
pub fn is_dns1123_subdomain(s: &str) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_len(253));
    }
    if !subdomain_matches(s) {
        let message = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
        out.push(regex_error(message, SUBDOMAIN_FMT, &["example.com"]));
    }
    out
}

/// A subdomain that may hold underscores: DNS search paths from 1.34 on.
pub fn is_dns1123_subdomain_with_underscore(s: &str) -> Vec<Str> {
    let label = |l: &str| {
        let l = l.strip_prefix('_').unwrap_or(l);
        let b = l.as_bytes();
        matches!((b.first(), b.last()), (Some(f), Some(l)) if low_alnum(*f) && low_alnum(*l))
            && b.iter().all(|c| low_alnum(*c) || *c == b'-' || *c == b'_')
    };
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_len(253));
    }
    if !s.split('.').all(label) {
        let message = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
        let format = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
        out.push(regex_error(message, format, &["example.com"]));
    }
    out
}

/// `*.` and a subdomain: hosts of an Ingress.
pub fn is_wildcard_dns1123_subdomain(s: &str) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_len(253));
    }
    if !s.strip_prefix("*.").is_some_and(subdomain_matches) {
        let message = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        let format = format!(r"\*\.{SUBDOMAIN_FMT}");
        out.push(regex_error(message, &format, &["*.example.com"]));
    }
    out
}

/// RFC 1035 label: names of Services until 1.33.
pub fn is_dns1035_label(s: &str) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(max_len(63));
    }
    if !(label_matches(s) && s.starts_with(|c: char| c.is_ascii_lowercase())) {
        let message = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
        out.push(regex_error(
            message,
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        ));
    }
    out
}

fn qualified_matches(s: &str) -> bool {
    let b = s.as_bytes();
    matches!((b.first(), b.last()), (Some(f), Some(l)) if f.is_ascii_alphanumeric() && l.is_ascii_alphanumeric())
        && b.iter()
            .all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
}

/// `N characters`; keys and values of labels count bytes from 1.35 on.
fn label_max_len(n: usize, version: Minor) -> Str {
    let unit = if version >= Minor(35) {
        "bytes"
    } else {
        "characters"
    };
    format!("must be no more than {n} {unit}").into()
}

/// A label key: `name` or `example.com/name`.
pub fn is_qualified_name(s: &str, version: Minor) -> Vec<Str> {
    let mut out = Vec::new();
    let message = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let rule = || regex_error(message, QUALIFIED_FMT, &["MyName", "my.name", "123-abc"]);
    let parts: Vec<&str> = s.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".into());
            } else {
                if prefix.len() > 253 {
                    out.push(format!("prefix part {}", label_max_len(253, version)).into());
                }
                let complaints = is_dns1123_subdomain(prefix);
                let rest = complaints.iter().skip(usize::from(prefix.len() > 253));
                out.extend(rest.map(|m| Str::from(format!("prefix part {m}"))));
            }
            *name
        }
        _ => {
            let what = if version >= Minor(35) {
                "a valid label key"
            } else {
                "a qualified name"
            };
            let end = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("{what} {}{end}", rule()).into()];
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        out.push(format!("name part {}", label_max_len(63, version)).into());
    }
    if !qualified_matches(name) {
        out.push(format!("name part {}", rule()).into());
    }
    out
}

/// A label value.
pub fn is_valid_label_value(s: &str, version: Minor) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(label_max_len(63, version));
    }
    if !s.is_empty() && !qualified_matches(s) {
        let message = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
        let format = format!("({QUALIFIED_FMT})?");
        out.push(regex_error(
            message,
            &format,
            &["MyValue", "my_value", "12345"],
        ));
    }
    out
}

/// A port number.
pub fn is_valid_port_num(port: i64) -> Vec<Str> {
    if (1..=65535).contains(&port) {
        Vec::new()
    } else {
        vec![inclusive_range(1, 65535)]
    }
}

/// A port name.
pub fn is_valid_port_name(s: &str) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 15 {
        out.push(max_len(15));
    }
    if s.is_empty() || !s.bytes().all(|c| low_alnum(c) || c == b'-') {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !s.bytes().any(|c| c.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".into());
    }
    if s.contains("--") {
        out.push("must not contain consecutive hyphens".into());
    }
    if s.starts_with('-') || s.ends_with('-') {
        out.push("must not begin or end with a hyphen".into());
    }
    out
}

/// `25%`
pub fn is_valid_percent(s: &str) -> Vec<Str> {
    let ok = s
        .strip_suffix('%')
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|c| c.is_ascii_digit()));
    if ok {
        return Vec::new();
    }
    let message = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![regex_error(message, "[0-9]+%", &["1%", "93%"])]
}

/// Name of an HTTP header.
pub fn is_http_header_name(s: &str) -> Vec<Str> {
    if !s.is_empty() && s.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') {
        return Vec::new();
    }
    let message = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(message, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// Name of an environment variable.
pub fn is_env_var_name(s: &str, version: Minor) -> Vec<Str> {
    let mut out = Vec::new();
    if version >= Minor(32) {
        if s.is_empty() {
            out.push("environment variable name must be non-empty".into());
        }
        if !s.chars().all(|c| (' '..='~').contains(&c) && c != '=') {
            out.push(
                "a valid environment variable name must consist only of printable ASCII characters other than '='"
                    .into(),
            );
        }
        return out;
    }
    let part = |c: u8| c.is_ascii_alphabetic() || b"-._".contains(&c);
    let b = s.as_bytes();
    if !(b.first().is_some_and(|c| part(*c)) && b.iter().all(|c| part(*c) || c.is_ascii_digit())) {
        let message = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
        let format = "[-._a-zA-Z][-._a-zA-Z0-9]*";
        out.push(regex_error(
            message,
            format,
            &["my.env-name", "MY_ENV.NAME", "MyEnvName1"],
        ));
    }
    out.extend(has_ch_dir_prefix(s));
    out
}

/// Key of a ConfigMap or Secret.
pub fn is_config_map_key(s: &str) -> Vec<Str> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(max_len(253));
    }
    if s.is_empty()
        || !s
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-._".contains(&c))
    {
        let message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        out.push(regex_error(
            message,
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    out.extend(has_ch_dir_prefix(s));
    out
}

fn has_ch_dir_prefix(s: &str) -> Option<Str> {
    match s {
        "." => Some("must not be '.'".into()),
        ".." => Some("must not be '..'".into()),
        _ if s.starts_with("..") => Some("must not start with '..'".into()),
        _ => None,
    }
}

/// A name that is a segment of a URL: what kubectl's client and RBAC ask for.
pub fn is_valid_path_segment_name(s: &str) -> Vec<Str> {
    match s {
        "." => return vec!["may not be '.'".into()],
        ".." => return vec!["may not be '..'".into()],
        _ => {}
    }
    let mut out = Vec::new();
    for c in ['/', '%'] {
        if s.contains(c) {
            out.push(format!("may not contain '{c}'").into());
        }
    }
    out
}

/// Does the text read as an IP address, leading zeros allowed? Mirrors `ParseIPSloppy`.
pub fn parse_ip(s: &str) -> Option<std::net::IpAddr> {
    if s.contains(':') {
        // Go's parser takes no zone here.
        return s
            .parse::<std::net::Ipv6Addr>()
            .ok()
            .map(std::net::IpAddr::from);
    }
    let mut bytes = [0u8; 4];
    let parts: Vec<&str> = s.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    for (byte, part) in bytes.iter_mut().zip(parts) {
        if part.is_empty()
            || part.len() > 3 && !part.starts_with('0')
            || !part.bytes().all(|c| c.is_ascii_digit())
        {
            return None;
        }
        let n: u32 = part.parse().ok()?;
        *byte = u8::try_from(n).ok()?;
    }
    Some(bytes.into())
}

/// An IP address.
pub fn is_valid_ip(s: &str) -> Vec<Str> {
    match parse_ip(s) {
        Some(_) => Vec::new(),
        None => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into()],
    }
}

/// A network in CIDR notation: address and length of the prefix.
pub fn parse_cidr(s: &str) -> Option<(std::net::IpAddr, u8)> {
    let (ip, bits) = s.split_once('/')?;
    let ip = parse_ip(ip)?;
    if bits.is_empty() || !bits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let bits: u8 = bits.parse().ok()?;
    (bits <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, bits))
}

/// A network in CIDR notation.
pub fn is_valid_cidr(s: &str) -> Vec<Str> {
    match parse_cidr(s) {
        Some(_) => Vec::new(),
        None => vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: Minor = Minor(36);

    #[test]
    fn keys_of_labels() {
        assert!(is_qualified_name("example.com/My.Name_1", V).is_empty());
        let complaints = is_qualified_name(&format!("{}/a", "p".repeat(254)), V);
        assert_eq!(
            complaints,
            vec![Str::from("prefix part must be no more than 253 bytes")]
        );
        let complaints = is_qualified_name(&format!("{}/a", "p".repeat(254)), Minor(32));
        assert_eq!(
            complaints,
            vec![Str::from("prefix part must be no more than 253 characters")]
        );
        assert_eq!(is_qualified_name("", V).len(), 2);
        assert_eq!(
            is_qualified_name("/x", V),
            vec![Str::from("prefix part must be non-empty")]
        );
    }

    #[test]
    fn a_subdomain_is_no_label() {
        assert_eq!(
            is_dns1123_label("web.v1"),
            vec![Str::from("must not contain dots")]
        );
        assert_eq!(is_dns1123_label("Web").len(), 1);
        assert!(is_dns1123_subdomain("a.b-c.d").is_empty());
        assert_eq!(is_dns1123_subdomain("a..b").len(), 1);
    }

    #[test]
    fn addresses() {
        assert!(is_valid_ip("10.0.0.1").is_empty());
        assert!(is_valid_ip("010.0.0.1").is_empty());
        assert!(is_valid_ip("::1").is_empty());
        assert_eq!(is_valid_ip("300.1.1.1").len(), 1);
        assert_eq!(is_valid_ip("").len(), 1);
        assert_eq!(parse_cidr("10.0.0.0/33"), None);
    }
}
