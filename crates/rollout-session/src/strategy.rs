//! Switching the strategy inside a text: the block is replaced, everything else stays as it was written.

use rollout_api::Minor;
use rollout_manifest::documents::{Document, documents};
use rollout_manifest::tree::Node;

/// The text with another strategy type for its first Deployment. The same type keeps its numbers.
pub fn with_strategy(text: &str, kind: &str) -> Option<String> {
    let docs = documents(text.as_bytes(), Minor::default());
    let doc = docs
        .iter()
        .find(|d| d.value().is_some_and(|v| v.str_at("kind") == "Deployment"))?;
    let written = doc.value()?.str_at("spec.strategy.type");
    if written == kind || (written.is_empty() && kind == "RollingUpdate") {
        return Some(text.to_owned());
    }
    let spec = doc.tree()?.resolved()?.get("spec")?;
    if spec.is_flow() {
        return None;
    }
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let (_, column) = place(text, doc, &spec.entries().first()?.key);
    let pad = " ".repeat(column);
    let block = format!("{pad}strategy:\n{pad}  type: {kind}\n");
    let (from, to) = match spec.entry("strategy") {
        Some(entry) => {
            let (from, _) = place(text, doc, &entry.key);
            let inside = |l: &str| {
                l.trim().is_empty() || l.bytes().take_while(|b| *b == b' ').count() > column
            };
            let mut to = from + 1 + all[from + 1..].iter().take_while(|l| inside(l)).count();
            while to > from + 1 && all[to - 1].trim().is_empty() {
                to -= 1;
            }
            (from, to)
        }
        None => {
            let anchor = spec.entry("template").or(spec.entries().last())?;
            let (from, _) = place(text, doc, &anchor.key);
            (from, from)
        }
    };
    Some(
        [&all[..from], &[block.as_str()], &all[to..]]
            .concat()
            .concat(),
    )
}

/// Line and column of a node, from 0; columns count bytes.
fn place(text: &str, doc: &Document, node: &Node) -> (usize, usize) {
    let start = doc.place(node.span).start.min(text.len());
    let before = text.get(..start).unwrap_or("");
    (
        before.matches('\n').count(),
        start - before.rfind('\n').map_or(0, |n| n + 1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strategy_changes_and_the_rest_stays() {
        for preset in crate::PRESETS {
            let other = with_strategy(preset.yaml, "Recreate").unwrap();
            let docs = documents(other.as_bytes(), Minor::default());
            let d = docs
                .iter()
                .find_map(|d| d.value().filter(|v| v.str_at("kind") == "Deployment"))
                .unwrap();
            assert_eq!(
                d.str_at("spec.strategy.type"),
                "Recreate",
                "{}",
                preset.name
            );
            assert!(
                d.at("spec.strategy.rollingUpdate").is_none(),
                "{}",
                preset.name
            );
            let back = with_strategy(&other, "RollingUpdate").unwrap();
            assert!(back.contains("type: RollingUpdate"));
            let kept = other
                .lines()
                .filter(|l| preset.yaml.contains(l.trim()))
                .count();
            assert!(kept + 4 >= preset.yaml.lines().count(), "{}", preset.name);
        }
        assert_eq!(with_strategy("kind: Service\n", "Recreate"), None);
        assert_eq!(with_strategy("a: [", "Recreate"), None);
    }
}
