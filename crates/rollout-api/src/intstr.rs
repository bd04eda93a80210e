//! Int-or-string: a number, or text such as `25%`.

use crate::value::{Str, Value};

/// A number or a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntOrString {
    /// A plain number.
    Int(i32),
    /// Text, hopefully a percentage or a port name.
    Str(Str),
}

impl IntOrString {
    /// The field's value; `None` if it is absent, null or neither number nor text.
    pub fn of(value: Option<&Value>) -> Option<IntOrString> {
        match value? {
            Value::Int(i) => Some(IntOrString::Int(i32::try_from(*i).ok()?)),
            Value::String(s) => Some(IntOrString::Str(s.clone())),
            _ => None,
        }
    }

    /// Text to int-or-string: a number if it reads as one of 32 bits.
    ///
    /// Mirrors Parse, staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go.
    pub fn parse(text: &str) -> IntOrString {
        text.parse()
            .map_or_else(|_| IntOrString::Str(Str::copy(text)), IntOrString::Int)
    }

    /// The number itself or the percentage of `total`; `None` for text that is no percentage.
    ///
    /// Mirrors GetScaledValueFromIntOrPercent, staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go.
    /// Differs: whole numbers in place of a 64-bit float; cut to 32 bits here, where Go's callers do it.
    pub fn scaled(&self, total: i32, round_up: bool) -> Option<i32> {
        let percent = match self {
            IntOrString::Int(i) => return Some(*i),
            IntOrString::Str(s) => parse_go_int(s.strip_suffix('%')?)?,
        };
        let product = i128::from(percent) * i128::from(total);
        let scaled = if round_up {
            -(-product).div_euclid(100)
        } else {
            product.div_euclid(100)
        };
        Some(scaled as i32)
    }

    /// The number and whether it is a percentage; `None` for text that is no percentage.
    ///
    /// Mirrors getIntOrPercentValueSafely, same file.
    /// Differs: a percentage beyond 32 bits is capped.
    pub fn value_and_percent(&self) -> Option<(i32, bool)> {
        match self {
            IntOrString::Int(i) => Some((*i, false)),
            IntOrString::Str(s) => {
                let digits = s.strip_suffix('%')?;
                let number = parse_go_int(digits)?;
                let capped = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
                Some((capped as i32, true))
            }
        }
    }

    /// As a value of an object.
    pub fn to_value(&self) -> Value {
        match self {
            IntOrString::Int(i) => Value::from(*i),
            IntOrString::Str(s) => Value::String(s.clone()),
        }
    }
}

/// Go's `strconv.Atoi`: a sign and decimal digits, of 64 bits.
fn parse_go_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        None
    } else {
        text.parse().ok()
    }
}

impl std::fmt::Display for IntOrString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IntOrString::Int(i) => write!(f, "{i}"),
            IntOrString::Str(s) => f.write_str(s),
        }
    }
}

impl From<i32> for IntOrString {
    fn from(i: i32) -> Self {
        IntOrString::Int(i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        let pct = |s: &'static str| IntOrString::Str(s.into());
        assert_eq!(pct("25%").scaled(10, true), Some(3));
        assert_eq!(pct("25%").scaled(10, false), Some(2));
        assert_eq!(pct("-50%").scaled(3, true), Some(-1));
        assert_eq!(pct("-50%").scaled(3, false), Some(-2));
        assert_eq!(IntOrString::Int(7).scaled(3, true), Some(7));
        assert_eq!(pct("99999999999%").scaled(0, true), Some(0));
        assert_eq!(pct("99999999999%").scaled(10, true), Some(1_410_065_408));
        for bad in [
            "99999999999999999999%",
            "%",
            "a",
            "30%0",
            "1",
            "",
            "1.5%",
            "++1%",
        ] {
            assert_eq!(
                IntOrString::Str(Str::copy(bad)).scaled(10, true),
                None,
                "{bad}"
            );
        }
    }
}
