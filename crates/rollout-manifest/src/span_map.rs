//! From the path of a field, as errors name it, to its place in the text.

use crate::tree::{Entry, Node, NodeKind, Span};
use rollout_api::decode::Step;

/// What a path leads to, or how far it leads.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The last key on the way, if there was one.
    pub key: Option<&'a Node>,
    /// What it leads to.
    pub node: &'a Node,
    /// The whole path was found; else `node` is the last thing that is there.
    pub complete: bool,
}

impl Found<'_> {
    /// What to mark: a scalar itself, of anything larger, or not there, the key.
    pub fn mark(&self) -> Span {
        match (&self.node.kind, self.key) {
            (NodeKind::Scalar { text, .. }, _) if self.complete && !text.is_empty() => {
                self.node.span
            }
            (_, Some(key)) => key.span,
            // Something at the root is missing: the kind says of what.
            (_, None) => self.node.entry("kind").map_or(
                Span {
                    start: self.node.span.start,
                    end: self.node.span.start,
                },
                |e| e.key.span,
            ),
        }
    }
}

/// Follows the steps of a decoder.
pub fn find_steps<'a>(root: &'a Node, steps: &[Step]) -> Found<'a> {
    let mut found = Found {
        key: None,
        node: root,
        complete: true,
    };
    for step in steps {
        let next = match step {
            Step::Key(key) => found.node.entry(key).map(|e| (Some(&*e.key), &*e.value)),
            Step::Index(i) => found.node.items().get(*i).map(|item| (None, &**item)),
        };
        let Some((key, node)) = next else {
            return Found {
                complete: false,
                ..found
            };
        };
        // An item of a list has no key of its own: a missing part of it is marked at its first key.
        let key = key.or_else(|| node.entries().first().map(|e| &*e.key));
        found = Found {
            key,
            node,
            complete: true,
        };
    }
    found
}

/// Follows `spec.template.spec.containers[0].resources.limits[cpu]`. Keys may contain dots.
pub fn find<'a>(root: &'a Node, path: &str) -> Found<'a> {
    let mut found = Found {
        key: None,
        node: root,
        complete: true,
    };
    let mut rest = path;
    while !rest.is_empty() {
        let next = if let Some(inner) = rest.strip_prefix('[') {
            // The key itself may contain brackets; the longest that fits counts.
            let ends: Vec<usize> = inner.match_indices(']').map(|(i, _)| i).collect();
            ends.iter().find_map(|end| {
                let (name, after) = (&inner[..*end], &inner[end + 1..]);
                let here = match name.parse::<usize>() {
                    Ok(i) if !found.node.items().is_empty() => {
                        let node = &**found.node.items().get(i)?;
                        (node.entries().first().map(|e| &*e.key), node)
                    }
                    _ => key_of(found.node, name)?,
                };
                Some((here, after.strip_prefix('.').unwrap_or(after)))
            })
        } else {
            longest_key(found.node, rest)
                .map(|(entry, after)| ((Some(&*entry.key), &*entry.value), after))
        };
        let next = next.or_else(|| {
            // Errors about a template's labels leave out `metadata`.
            let metadata = found.node.entry("metadata")?;
            let (entry, after) = longest_key(&metadata.value, rest)?;
            Some(((Some(&*entry.key), &*entry.value), after))
        });
        let Some(((key, node), after)) = next else {
            return Found {
                complete: false,
                ..found
            };
        };
        found = Found {
            key: key.or(found.key),
            node,
            complete: true,
        };
        rest = after;
    }
    found
}

fn key_of<'a>(node: &'a Node, name: &str) -> Option<(Option<&'a Node>, &'a Node)> {
    node.entry(name).map(|e| (Some(&*e.key), &*e.value))
}

/// The entry whose key is the longest beginning of the path, and what is left of the path.
fn longest_key<'a, 'p>(node: &'a Node, path: &'p str) -> Option<(&'a Entry, &'p str)> {
    let mut best: Option<(&Entry, &str)> = None;
    for entry in node.entries() {
        let Some(after) = entry
            .key
            .text()
            .filter(|k| !k.is_empty())
            .and_then(|k| path.strip_prefix(k))
        else {
            continue;
        };
        let after = match after.as_bytes().first() {
            None => after,
            Some(b'.') => &after[1..],
            Some(b'[') => after,
            Some(_) => continue,
        };
        // Of equal keys the last counts.
        if best.is_none_or(|(_, left)| after.len() <= left.len()) {
            best = Some((entry, after));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse;

    #[test]
    fn paths_lead_to_places() {
        let text = "metadata:\n  labels:\n    app.kubernetes.io/name: x\nspec:\n  template:\n    metadata:\n      labels: {a: b}\n    spec:\n      containers:\n      - name: c\n        resources:\n          limits: {cpu: 1}\n";
        let root = parse(text).unwrap().unwrap();
        let at = |path: &str| {
            let found = find(&root, path);
            let mark = found.mark();
            (text[mark.start..mark.end].to_owned(), found.complete)
        };
        let yes = |s: &str| (s.to_owned(), true);
        let no = |s: &str| (s.to_owned(), false);
        assert_eq!(at("metadata.labels.app.kubernetes.io/name"), yes("x"));
        assert_eq!(at("metadata.labels[app.kubernetes.io/name]"), yes("x"));
        assert_eq!(at("spec.template.labels"), yes("labels"));
        assert_eq!(
            at("spec.template.spec.containers[0].resources.limits[cpu]"),
            yes("1")
        );
        assert_eq!(at("spec.template.spec.containers[0].image"), no("name"));
        assert_eq!(at("spec.selector"), no("spec"));
        assert_eq!(at("status.x"), no(""));
    }
}
