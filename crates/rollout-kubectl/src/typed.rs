//! JSON in the order of Go's structs, for objects that kubectl itself holds as structs.

use rollout_api::json::{Html, write_string};
use rollout_api::{Minor, Value};

/// Fields of any struct that come first, in their usual order; what is not named follows by name.
const ORDER: &[&str] = &[
    "kind", "apiVersion", "metadata", "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
];

/// Four blanks deep, without the final line end.
pub fn to_json(v: &Value, _minor: Minor) -> String {
    let mut out = String::new();
    write(v, &mut out, 0);
    out
}

fn rank(key: &str) -> usize {
    ORDER.iter().position(|o| *o == key).unwrap_or(ORDER.len())
}

fn write(v: &Value, out: &mut String, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        for _ in 0..depth {
            out.push_str("    ");
        }
    };
    match v {
        Value::Map(m) if !m.is_empty() => {
            let mut keys: Vec<_> = m.iter().collect();
            keys.sort_by_key(|(k, _)| rank(k));
            out.push('{');
            for (i, (k, x)) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write_string(k, out, Html::Escaped);
                out.push_str(": ");
                write(x, out, depth + 1);
            }
            line(out, depth);
            out.push('}');
        }
        Value::List(l) if !l.is_empty() => {
            out.push('[');
            for (i, x) in l.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write(x, out, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        other => rollout_api::json::write(other, out, Html::Escaped),
    }
}
