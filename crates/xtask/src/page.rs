//! What `index.html` asks a builder for: its `data-trunk` links. Trunk reads the same lines.

use crate::run::Failure;

/// One `<link data-trunk …>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asset {
    /// `rust`, `css`, `icon`, `copy-file` or `copy-dir`.
    pub(crate) rel: String,
    /// Path from the root.
    pub(crate) href: String,
    /// `data-target-path`, if given.
    pub(crate) target: Option<String>,
    /// `data-cargo-profile-release`: the profile of a release build.
    pub(crate) profile: Option<String>,
    /// The whole tag.
    pub(crate) tag: String,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = tag[start..].find('"')? + start;
    Some(tag[start..end].to_owned())
}

/// The assets of a page, in order.
pub(crate) fn assets(html: &str) -> Result<Vec<Asset>, Failure> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<link data-trunk") {
        let end = rest[start..]
            .find('>')
            .ok_or_else(|| Failure("index.html: a link does not end".into()))?
            + start
            + 1;
        let tag = &rest[start..end];
        let need = |name: &str| {
            attribute(tag, name).ok_or_else(|| Failure(format!("index.html: {tag} has no {name}")))
        };
        found.push(Asset {
            rel: need("rel")?,
            href: need("href")?,
            target: attribute(tag, "data-target-path"),
            profile: attribute(tag, "data-cargo-profile"),
            tag: tag.to_owned(),
        });
        rest = &rest[end..];
    }
    for asset in &found {
        if !matches!(
            asset.rel.as_str(),
            "rust" | "css" | "icon" | "copy-file" | "copy-dir"
        ) {
            return Err(Failure(format!(
                "index.html: rel=\"{}\" is known to Trunk but not to xtask: {}",
                asset.rel, asset.tag
            )));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_in_order() {
        let html = r#"<head><link data-trunk rel="rust" href="web/Cargo.toml" data-cargo-profile="web" />
            <link data-trunk rel="css" href="web/styles/a.css" /><link rel="x" href="y" /></head>"#;
        let found = assets(html).unwrap();
        assert_eq!(
            found.iter().map(|a| a.href.as_str()).collect::<Vec<_>>(),
            ["web/Cargo.toml", "web/styles/a.css"]
        );
        assert_eq!(found[0].profile.as_deref(), Some("web"));
        assert!(assets(r#"<link data-trunk rel="sass" href="a" />"#).is_err());
        assert!(assets(r#"<link data-trunk rel="css" />"#).is_err());
    }

    /// Both builders are given the same: every style sheet has its link, every link its file, and Trunk.toml names the page
    /// and the relative address that xtask builds.
    #[test]
    fn trunk_and_xtask_are_given_the_same() {
        let root = crate::run::root();
        let html = std::fs::read_to_string(root.join("index.html")).expect("index.html");
        let found = assets(&html).unwrap();
        for asset in &found {
            assert!(
                root.join(&asset.href).exists(),
                "{} does not exist",
                asset.href
            );
        }
        let mut sheets = Vec::new();
        let mut folders = vec![root.join("web/styles")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("web/styles").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "css") {
                    sheets.push(
                        path.strip_prefix(&root)
                            .expect("below the root")
                            .to_string_lossy()
                            .into_owned(),
                    );
                }
            }
        }
        sheets.sort();
        let mut linked: Vec<_> = found
            .iter()
            .filter(|a| a.rel == "css")
            .map(|a| a.href.clone())
            .collect();
        linked.sort();
        assert_eq!(sheets, linked, "style sheets and links of index.html");
        assert_eq!(found.iter().filter(|a| a.rel == "rust").count(), 1);
        assert!(
            html.contains("data-wasm-opt=\"0\""),
            "no wasm-opt that reads today's output can be had from a registry"
        );
        let trunk = std::fs::read_to_string(root.join("Trunk.toml")).expect("Trunk.toml");
        for line in [
            "target = \"index.html\"",
            "dist = \"dist\"",
            "public_url = \"./\"",
        ] {
            assert!(trunk.contains(line), "Trunk.toml: {line}");
        }
    }
}
