//! Objects that kubectl itself holds as Go structs: their zero values, and JSON in the order of the structs' fields.

use rollout_api::Order;
use rollout_api::decode::decode;
use rollout_api::json::{Html, write_string};
use rollout_api::types::Schema;
use rollout_api::{Minor, Value};

/// The object with everything that Go's encoder writes of a struct, empty or not.
pub fn filled(object: &Value, minor: Minor) -> Value {
    decode(
        object,
        object.str_at("apiVersion"),
        object.str_at("kind"),
        minor,
    )
    .map_or_else(|| object.clone(), |d| d.value)
}

/// Four blanks deep, without the final line end.
pub fn to_json(v: &Value, minor: Minor) -> String {
    let mut out = String::new();
    write(
        v,
        Schema::of_object(v.str_at("apiVersion"), v.str_at("kind"), minor),
        &mut out,
        0,
    );
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("    ");
    }
}

fn write(v: &Value, schema: Option<Schema>, out: &mut String, depth: usize) {
    match v {
        Value::Map(m) if !m.is_empty() => {
            let names = schema.map(Schema::json_names).unwrap_or_default();
            let rank = |k: &str| match k {
                "kind" if depth == 0 => 0,
                "apiVersion" if depth == 0 => 1,
                k => names
                    .iter()
                    .position(|n| *n == k)
                    .map_or(usize::MAX, |i| i + 2),
            };
            let mut keys: Vec<_> = m.iter().collect();
            keys.order_by_key(|(k, _)| rank(k));
            out.push('{');
            for (i, (k, x)) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write_string(k, out, Html::Escaped);
                out.push_str(": ");
                let inner = schema.and_then(|s| s.field(k).map(|f| f.0).or_else(|| s.item()));
                write(x, inner, out, depth + 1);
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
                write(x, schema.and_then(Schema::item), out, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        other => rollout_api::json::write(other, out, Html::Escaped),
    }
}
