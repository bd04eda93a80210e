//! Kinds without a describer: every field by name.

use super::{Desk, annotations, events, labels};
use crate::go;
use rollout_api::Value;

const ACRONYMS: [&str; 6] = ["API", "URL", "UID", "OSB", "GUID", "IP"];

/// `firstTimestamp` → `First Timestamp`. Mirrors `smartLabelFor`.
fn label(field: &str) -> String {
    if field.contains(['/', '.', '-', '_']) {
        return field.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let chars: Vec<char> = field.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let starts = i == 0
            || c.is_uppercase()
                && (chars[i - 1].is_lowercase()
                    || chars.get(i + 1).is_some_and(|n| n.is_lowercase()))
            || c.is_ascii_digit() != chars[i - 1].is_ascii_digit();
        if starts {
            words.push(String::new());
        }
        if let Some(w) = words.last_mut() {
            w.push(*c);
        }
    }
    words
        .iter()
        .map(|w| {
            let upper = w.to_uppercase();
            if ACRONYMS[..5].contains(&upper.as_str()) {
                return upper;
            }
            let mut cs = w.chars();
            cs.next().map_or_else(String::new, |c| {
                c.to_uppercase().collect::<String>() + cs.as_str()
            })
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn content(d: &mut Desk<'_, '_, '_>, level: usize, v: &Value, path: &str) {
    let Some(m) = v.as_map() else { return };
    for (k, x) in m.iter() {
        let here = format!("{path}.{k}");
        if matches!(
            here.as_str(),
            ".metadata.managedFields"
                | ".metadata.name"
                | ".metadata.namespace"
                | ".metadata.labels"
                | ".metadata.annotations"
        ) {
            continue;
        }
        match x {
            Value::Map(_) => {
                d.doc.line(level, format!("{}:", label(k)));
                content(d, level + 1, x, &here);
            }
            Value::List(l) => {
                d.doc.line(level, format!("{}:", label(k)));
                for item in l.iter() {
                    if matches!(item, Value::Map(_)) {
                        content(d, level + 1, item, &here);
                    } else {
                        let mut s = String::new();
                        go::plain(item, &mut s);
                        d.doc.line(level + 1, s);
                    }
                }
            }
            other => {
                let mut s = String::new();
                go::plain(other, &mut s);
                d.doc.field(level, &label(k), s);
            }
        }
    }
}

/// Any object.
pub(crate) fn any(d: &mut Desk<'_, '_, '_>, o: &Value) {
    d.doc.field(0, "Name", o.str_at("metadata.name"));
    d.doc.field(0, "Namespace", o.str_at("metadata.namespace"));
    labels(&mut d.doc, "Labels", o.at("metadata.labels"));
    annotations(&mut d.doc, "Annotations", o.at("metadata.annotations"));
    content(d, 0, o, "");
    events::block(d, o);
}
