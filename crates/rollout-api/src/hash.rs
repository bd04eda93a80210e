//! `pod-template-hash`: the dump of a template as the controller prints it, its FNV-1a sum and the safe text.
//!
//! Mirrors ComputeHash, pkg/controller/controller_utils.go, with go-spew's printer and the types of the version.

use crate::quantity::Quantity;
use crate::types::{Field, Shape, StructId, TypeId, table};
use crate::value::{Str, Value};
use crate::version::Minor;

/// The hash of a stored template (defaults set). The label `pod-template-hash` must not be in it.
pub fn pod_template_hash(template: &Value, minor: Minor, collision_count: Option<i32>) -> Str {
    encode(pod_template_sum(template, minor, collision_count)).into()
}

/// The sum behind the hash.
pub fn pod_template_sum(template: &Value, minor: Minor, collision_count: Option<i32>) -> u32 {
    let mut sum = Fnv::default();
    dump(template, minor, &mut sum);
    if let Some(count) = collision_count {
        // Eight bytes, of which four are used: PutUint32 into a slice of eight.
        sum.bytes(&count.to_le_bytes());
        sum.bytes(&[0; 4]);
    }
    sum.0
}

/// The text that is hashed: the only useful diagnosis of a differing hash.
pub fn pod_template_dump(template: &Value, minor: Minor) -> String {
    let mut text = String::new();
    dump(template, minor, &mut text);
    text
}

/// Mirrors SafeEncodeString, staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go, of the sum in decimal.
pub fn encode(sum: u32) -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    sum.to_string()
        .bytes()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]))
        .collect()
}

/// What a dump is written to.
trait Sink {
    fn text(&mut self, text: &str);
    fn number(&mut self, n: i64);
}

impl Sink for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }
    fn number(&mut self, n: i64) {
        self.push_str(&n.to_string());
    }
}

/// FNV-1a, 32 bits.
struct Fnv(u32);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0x811c_9dc5)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u32::from(*b)).wrapping_mul(0x0100_0193);
        }
    }
}

impl Sink for Fnv {
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
    fn number(&mut self, n: i64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = n.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if n < 0 {
            at -= 1;
            digits[at] = b'-';
        }
        self.bytes(&digits[at..]);
    }
}

fn dump(template: &Value, minor: Minor, out: &mut impl Sink) {
    if let Some(id) = table().by_name("v1.PodTemplateSpec") {
        out.text("(v1.PodTemplateSpec)");
        structure(id, template, minor, out);
    }
}

/// `{Field:(type)value …}`: types are shown for fields only.
fn structure(id: StructId, value: &Value, minor: Minor, out: &mut impl Sink) {
    out.text("{");
    for (i, field) in table().structure(id).fields(minor).enumerate() {
        if i > 0 {
            out.text(" ");
        }
        out.text(field.go);
        out.text(":(");
        out.text(type_text(field));
        out.text(")");
        // The fields of an embedded struct are inline.
        let inner = if field.is_embedded() {
            Some(value)
        } else {
            value.get(field.json)
        };
        any(field.ty, inner.filter(|v| !v.is_null()), minor, out);
    }
    out.text("}");
}

fn type_text(field: &Field) -> &'static str {
    // No type of a pod template has a group in front.
    table().ty(field.ty).text()
}

fn any(ty: TypeId, value: Option<&Value>, minor: Minor, out: &mut impl Sink) {
    match (table().ty(ty).shape, value) {
        (Shape::Pointer(_), None) => out.text("<nil>"),
        (Shape::Pointer(to), some) => any(to, some, minor, out),
        (Shape::Struct(id), some) => structure(id, some.unwrap_or(&Value::Null), minor, out),
        (Shape::List(of), Some(Value::List(items))) if !items.is_empty() => {
            out.text("[");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.text(" ");
                }
                any(of, Some(item).filter(|v| !v.is_null()), minor, out);
            }
            out.text("]");
        }
        (Shape::Map(of), Some(Value::Map(map))) if !map.is_empty() => {
            out.text("map[");
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.text(" ");
                }
                out.text(key);
                out.text(":");
                any(of, Some(item).filter(|v| !v.is_null()), minor, out);
            }
            out.text("]");
        }
        (Shape::List(_) | Shape::Map(_) | Shape::Bytes | Shape::Any, _) => out.text("<nil>"),
        (Shape::String, some) => out.text(some.and_then(Value::as_str).unwrap_or("")),
        (Shape::Bool, some) => out.text(if matches!(some, Some(Value::Bool(true))) {
            "true"
        } else {
            "false"
        }),
        (Shape::Int32 | Shape::Int64, some) => {
            out.number(some.and_then(Value::as_int).unwrap_or(0))
        }
        (Shape::Quantity, some) => quantity(some, out),
        (Shape::IntOrString, some) => int_or_string(some, out),
        (Shape::Time | Shape::MicroTime, _) => {
            out.text("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}");
        }
    }
}

fn int_or_string(value: Option<&Value>, out: &mut impl Sink) {
    let (kind, number, text) = match value {
        Some(Value::String(s)) => (1, 0, s.as_str()),
        Some(Value::Int(i)) => (0, *i, ""),
        _ => (0, 0, ""),
    };
    out.text("{Type:(intstr.Type)");
    out.number(kind);
    out.text(" IntVal:(int32)");
    out.number(number);
    out.text(" StrVal:(string)");
    out.text(text);
    out.text("}");
}

fn quantity(value: Option<&Value>, out: &mut impl Sink) {
    // What comes from storage was written and read: a field that was left out reads `0`.
    let q = value
        .and_then(Quantity::of)
        .unwrap_or_else(|| Quantity {
            text: Str::Static("0"),
            ..Quantity::default()
        })
        .stored();
    out.text("{i:(resource.int64Amount){value:(int64)");
    out.number(q.value);
    out.text(" scale:(resource.Scale)");
    out.number(i64::from(q.scale));
    out.text("} d:(resource.infDecAmount){Dec:(*inf.Dec)");
    if let Some(dec) = &q.dec {
        out.text("{unscaled:(big.Int){neg:(bool)");
        out.text(if dec.negative { "true" } else { "false" });
        out.text(" abs:(big.nat)");
        if dec.unscaled.is_zero() {
            out.text("<nil>");
        } else {
            out.text("[");
            for (i, word) in dec.unscaled.words().iter().enumerate() {
                if i > 0 {
                    out.text(" ");
                }
                out.text(&word.to_string());
            }
            out.text("]");
        }
        out.text("} scale:(inf.Scale)");
        out.number(i64::from(dec.scale));
        out.text("}");
    } else {
        out.text("<nil>");
    }
    out.text("} s:(string)");
    out.text(&q.text);
    out.text(" Format:(resource.Format)");
    out.text(q.format.name());
    out.text("}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        let mut f = Fnv::default();
        assert_eq!(f.0, 2_166_136_261);
        f.text("a");
        assert_eq!(f.0, 3_826_002_220);
        let (mut f, mut text) = (Fnv::default(), Fnv::default());
        for n in [0, 7, -12, i64::MAX, i64::MIN] {
            f.number(n);
            text.text(&n.to_string());
        }
        assert_eq!(f.0, text.0);
        assert_eq!(encode(2_438_956_763), "687df9bcb7");
    }
}
