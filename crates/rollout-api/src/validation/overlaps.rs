//! Warnings about paths in one volume that lie on or in each other. Mirrors `warningsForOverlappingVirtualPaths`, pkg/api/pod/warnings.go.

use super::meta::{items, sub, text};
use crate::gofmt::quote;
use crate::value::Value;
use crate::version::Minor;

/// A path in a volume and where it comes from.
type Place = (String, String);

fn paths(source: &Value, from: &str) -> Vec<Place> {
    let path = |item: &Value| text(item, "path").to_owned();
    let list = items(source, "items").iter();
    list.map(|i| (path(i), from.to_owned())).collect()
}

fn shown((path, from): &Place) -> String {
    match from.as_str() {
        "" => quote(path),
        from => format!("{} ({from})", quote(path)),
    }
}

/// Adds paths to those that are there; answers with each collision.
fn collisions(all: &mut Vec<Place>, new: Vec<Place>) -> Vec<String> {
    let inside = |a: &str, b: &str| {
        a.strip_prefix(b)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut out = Vec::new();
    for mut place in new {
        place.0.truncate(place.0.trim_end_matches('/').len());
        for other in all.iter().filter(|o| !o.0.is_empty()) {
            if !place.0.is_empty() && (inside(&other.0, &place.0) || inside(&place.0, &other.0)) {
                out.push(format!("{} with {}", shown(&place), shown(other)));
            }
        }
        all.push(place);
    }
    out
}

pub(super) fn warn_overlaps(volumes: &[Value], minor: Minor, out: &mut Vec<String>) {
    for volume in volumes {
        let name = quote(text(volume, "name"));
        let mut warn = |what: &str, found: Vec<String>| {
            for overlap in found {
                out.push(format!(
                    "volume {name} ({what}): overlapping paths: {overlap}"
                ));
            }
        };
        for (key, word, of) in [
            ("configMap", "ConfigMap ", "name"),
            ("secret", "Secret ", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ] {
            if let Some(source) = sub(volume, key) {
                let mut what = word.to_owned();
                if !of.is_empty() {
                    what.push_str(&quote(text(source, of)));
                }
                warn(&what, collisions(&mut Vec::new(), paths(source, "")));
            }
        }
        let Some(projected) = sub(volume, "projected") else {
            continue;
        };
        let (mut all, mut last) = (Vec::new(), Vec::new());
        for source in items(projected, "sources") {
            if source.as_map().is_none_or(|m| m.is_empty()) {
                out.push(format!("volume {name} (Projected) has no sources provided"));
                continue;
            }
            // Until 1.33 a source that names no paths was taken for the one before it.
            if minor >= Minor(34) {
                last = Vec::new();
            }
            if let Some(found) = projected_paths(source) {
                last = found;
            }
            let found = collisions(&mut all, last.clone());
            for overlap in found {
                out.push(format!(
                    "volume {name} (Projected): overlapping paths: {overlap}"
                ));
            }
        }
    }
}

/// The paths of a source; none if it names none.
fn projected_paths(source: &Value) -> Option<Vec<Place>> {
    for (key, word) in [
        ("configMap", "ConfigMap "),
        ("secret", "Secret "),
        ("downwardAPI", "DownwardAPI"),
    ] {
        if let Some(part) = sub(source, key).filter(|p| !items(p, "items").is_empty()) {
            let mut from = word.to_owned();
            if word.ends_with(' ') {
                from.push_str(&quote(text(part, "name")));
            }
            return Some(paths(part, &from));
        }
    }
    let one = |part: &Value, key: &str, from: &str| (text(part, key).to_owned(), from.to_owned());
    if let Some(token) = sub(source, "serviceAccountToken") {
        return Some(vec![one(token, "path", "ServiceAccountToken")]);
    }
    if let Some(bundle) = sub(source, "clusterTrustBundle") {
        let name = match text(bundle, "name") {
            "" => text(bundle, "signerName"),
            name => name,
        };
        let from = format!("ClusterTrustBundle {}", quote(name));
        return Some(vec![one(bundle, "path", &from)]);
    }
    let certificate = sub(source, "podCertificate")?;
    let mut out = vec![
        one(certificate, "certificateChainPath", "PodCertificate chain"),
        one(certificate, "keyPath", "PodCertificate key"),
        one(
            certificate,
            "credentialBundlePath",
            "PodCertificate credential bundle",
        ),
    ];
    out.retain(|(path, _)| !path.is_empty());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_json;

    fn warnings(volume: &str, minor: u8) -> Vec<String> {
        let mut out = Vec::new();
        let volumes = [from_json(volume).expect("JSON of the test")];
        warn_overlaps(&volumes, Minor(minor), &mut out);
        out
    }

    #[test]
    fn paths_that_lie_in_each_other() {
        let volume = r#"{"name":"v","configMap":{"name":"c","items":[{"key":"a","path":"p"},{"key":"b","path":"p/q"},{"key":"c","path":"px"}]}}"#;
        assert_eq!(
            warnings(volume, 36),
            [r#"volume "v" (ConfigMap "c"): overlapping paths: "p/q" with "p""#]
        );
    }

    #[test]
    fn projected_sources() {
        let volume = r#"{"name":"v","projected":{"sources":[{"secret":{"name":"s","items":[{"key":"a","path":"t"}]}},{"serviceAccountToken":{"path":"t"}},{}]}}"#;
        assert_eq!(
            warnings(volume, 36),
            [
                r#"volume "v" (Projected): overlapping paths: "t" (ServiceAccountToken) with "t" (Secret "s")"#,
                r#"volume "v" (Projected) has no sources provided"#
            ]
        );
        let volume = r#"{"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"t"}},{"configMap":{"name":"c"}}]}}"#;
        assert_eq!(warnings(volume, 32).len(), 1);
        assert_eq!(warnings(volume, 36).len(), 0);
    }
}
