//! Quantities (`500m`, `1.5Gi`): the real parser's exact results and texts.

use crate::bigint::BigUint;
use crate::value::{Str, Value};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write as _;

/// How a quantity is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// `n u m k M G T P E`.
    #[default]
    DecimalSI,
    /// `Ki Mi Gi Ti Pi Ei`.
    BinarySI,
    /// `e3`.
    DecimalExponent,
}

impl Format {
    /// Go's name.
    pub fn name(self) -> &'static str {
        match self {
            Format::DecimalSI => "DecimalSI",
            Format::BinarySI => "BinarySI",
            Format::DecimalExponent => "DecimalExponent",
        }
    }
}

/// Why a text is no quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuantityError {
    /// Not of the form of a quantity.
    Format,
    /// A number that cannot be read.
    Number,
    /// An unknown suffix.
    Suffix,
}

impl QuantityError {
    /// The real parser's words.
    pub fn text(self) -> &'static str {
        match self {
            QuantityError::Format => {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Number => "unable to parse numeric part of quantity",
            QuantityError::Suffix => "unable to parse quantity's suffix",
        }
    }
}

/// A decimal of any size: `unscaled * 10^-scale`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BigDecimal {
    /// Below zero.
    pub negative: bool,
    /// Digits.
    pub unscaled: BigUint,
    /// Digits behind the point.
    pub scale: i32,
}

/// A quantity with the real parser's inner state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Quantity {
    /// `value * 10^scale`, if `dec` is none.
    pub value: i64,
    /// Power of ten.
    pub scale: i32,
    /// The number, if 64 bits were not enough (or its form was not simple).
    pub dec: Option<BigDecimal>,
    /// Its text as it was given, if that is how it is written.
    pub text: Str,
    /// How it is written.
    pub format: Format,
}

/// A huge exponent would take huge memory; nobody means it.
const MAX_EXPONENT: i64 = 400;
/// Power of ten of `n`.
const NANO: i32 = -9;

/// What a suffix means: (base, exponent, format).
fn interpret(suffix: &str) -> Option<(u32, i32, Format)> {
    const DECIMAL: [(&str, i32); 10] = [
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("", 0),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    const BINARY: [(&str, i32); 6] = [
        ("Ki", 10),
        ("Mi", 20),
        ("Gi", 30),
        ("Ti", 40),
        ("Pi", 50),
        ("Ei", 60),
    ];
    let in_table =
        |table: &[(&str, i32)]| table.iter().find(|(s, _)| *s == suffix).map(|(_, e)| *e);
    if let Some(e) = in_table(&DECIMAL) {
        return Some((10, e, Format::DecimalSI));
    }
    if let Some(e) = in_table(&BINARY) {
        return Some((2, e, Format::BinarySI));
    }
    let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((
        10,
        exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT) as i32,
        Format::DecimalExponent,
    ))
}

fn suffix_text(exponent: i32, format: Format) -> Cow<'static, str> {
    let name = match (format, exponent) {
        (Format::DecimalExponent, 0) | (Format::DecimalSI, 0) | (Format::BinarySI, 0) => "",
        (Format::DecimalExponent, e) => return Cow::Owned(format!("e{e}")),
        (Format::DecimalSI, -9) => "n",
        (Format::DecimalSI, -6) => "u",
        (Format::DecimalSI, -3) => "m",
        (Format::DecimalSI, 3) => "k",
        (Format::DecimalSI, 6) => "M",
        (Format::DecimalSI, 9) => "G",
        (Format::DecimalSI, 12) => "T",
        (Format::DecimalSI, 15) => "P",
        (Format::DecimalSI, 18) => "E",
        (Format::BinarySI, 1) => "Ki",
        (Format::BinarySI, 2) => "Mi",
        (Format::BinarySI, 3) => "Gi",
        (Format::BinarySI, 4) => "Ti",
        (Format::BinarySI, 5) => "Pi",
        (Format::BinarySI, 6) => "Ei",
        _ => "",
    };
    Cow::Borrowed(name)
}

/// The parts of a quantity's text.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    let b = text.as_bytes();
    let negative = b.first() == Some(&b'-');
    let mut at = usize::from(matches!(b.first(), Some(b'-' | b'+')));
    let skip = |at: &mut usize, what: &dyn Fn(u8) -> bool| {
        let start = *at;
        while b.get(*at).is_some_and(|c| what(*c)) {
            *at += 1;
        }
        start
    };
    skip(&mut at, &|c| c == b'0');
    let start = skip(&mut at, &|c| c.is_ascii_digit());
    let whole = if start == at { "0" } else { &text[start..at] };
    let mut fraction = "";
    if b.get(at) == Some(&b'.') {
        at += 1;
        let start = skip(&mut at, &|c| c.is_ascii_digit());
        fraction = &text[start..at];
    }
    let start = skip(&mut at, &|c| b"eEinumkKMGTP".contains(&c));
    if let Some(b'-' | b'+') = b.get(at) {
        at += 1;
    }
    skip(&mut at, &|c| c.is_ascii_digit());
    if at < b.len() {
        return Err(QuantityError::Format);
    }
    Ok(Parts {
        negative,
        whole,
        fraction,
        suffix: &text[start..],
    })
}

impl Quantity {
    /// Mirrors ParseQuantity, staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        if text == "0" {
            return Ok(Quantity {
                text: Str::Static("0"),
                ..Quantity::default()
            });
        }
        let p = split(text)?;
        let (base, exponent, format) = interpret(p.suffix).ok_or(QuantityError::Suffix)?;
        let digits = p.whole.len() + p.fraction.len();
        let fast = if base == 10 {
            digits <= 18 && exponent - p.fraction.len() as i32 >= NANO
        } else {
            p.fraction.is_empty() && 15 - p.whole.len() as i32 - exponent * 3 / 10 > 0
        };
        if fast && let Some(q) = Self::fast(text, &p, base, exponent, format) {
            return Ok(q);
        }
        Ok(Self::slow(&p, base, exponent, format))
    }

    fn fast(
        text: &str,
        p: &Parts<'_>,
        base: u32,
        exponent: i32,
        format: Format,
    ) -> Option<Quantity> {
        let joined = [p.whole, p.fraction].concat();
        let number: i64 = joined.parse().ok()?;
        let (value, scale, canonical) = if base == 10 {
            let scale = exponent - p.fraction.len() as i32;
            let canonical = scale % 3 == 0 && !joined.ends_with("000") && !joined.starts_with('0');
            (number, scale, canonical)
        } else {
            (
                number.checked_mul(1i64.checked_shl(exponent as u32)?)?,
                0,
                number % 8 != 0,
            )
        };
        Some(Quantity {
            value: if p.negative { -value } else { value },
            scale,
            dec: None,
            text: if canonical {
                Str::copy(text)
            } else {
                Str::default()
            },
            format,
        })
    }

    fn slow(p: &Parts<'_>, base: u32, exponent: i32, mut format: Format) -> Quantity {
        let mut unscaled = BigUint::from_digits(p.whole);
        for b in p.fraction.bytes() {
            unscaled.mul_add(10, u64::from(b - b'0'));
        }
        let mut scale = p.fraction.len() as i32;
        if base == 10 {
            scale -= exponent;
        } else {
            unscaled.mul_add(1u64 << exponent, 0);
        }
        if !unscaled.is_zero() {
            if scale < -NANO {
                unscaled.scale_up((-NANO - scale) as u32);
            } else {
                unscaled.scale_down_rounding_up((scale + NANO) as u32);
            }
            scale = -NANO;
        }
        if format == Format::BinarySI {
            let mut whole = unscaled.clone();
            whole.scale_down_rounding_up(scale.max(0) as u32);
            if whole.to_i64().is_none() {
                unscaled = BigUint::from(i64::MAX as u64);
                scale = 0;
            }
            let mut below = unscaled.clone();
            for _ in 0..scale {
                below.div(10);
            }
            if below.is_zero() && !unscaled.is_zero() {
                format = Format::DecimalSI;
            }
        }
        Quantity {
            dec: Some(BigDecimal {
                negative: p.negative && !unscaled.is_zero(),
                unscaled,
                scale,
            }),
            format,
            ..Quantity::default()
        }
    }

    /// Rounds away from zero to thousandths, as the API does with resource lists.
    pub fn round_to_milli(&mut self) {
        if let Some(dec) = &mut self.dec {
            let down = dec.scale - 3;
            if down >= 0 {
                dec.unscaled.scale_down_rounding_up(down as u32);
            } else {
                dec.unscaled.scale_up(-down as u32);
            }
            dec.scale = 3;
            self.text = Str::default();
        } else if self.scale < -3 {
            let mut magnitude = BigUint::from(self.value.unsigned_abs());
            magnitude.scale_down_rounding_up((-3 - self.scale) as u32);
            let value = magnitude.to_i64().unwrap_or(i64::MAX);
            self.value = if self.value < 0 { -value } else { value };
            self.scale = -3;
            self.text = Str::default();
        }
    }

    /// Is it zero?
    pub fn is_zero(&self) -> bool {
        self.dec
            .as_ref()
            .map_or(self.value == 0, |d| d.unscaled.is_zero())
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match &self.dec {
            _ if self.is_zero() => 0,
            Some(d) if d.negative => -1,
            None if self.value < 0 => -1,
            _ => 1,
        }
    }

    fn decimal(&self) -> BigDecimal {
        self.dec.clone().unwrap_or_else(|| BigDecimal {
            negative: self.value < 0,
            unscaled: BigUint::from(self.value.unsigned_abs()),
            scale: -self.scale,
        })
    }

    /// The number times 10^`digits`, away from zero, as far as 128 bits go.
    fn times_ten_to(&self, digits: i32) -> i128 {
        let mut d = self.decimal();
        let up = digits - d.scale;
        if up >= 0 {
            d.unscaled.scale_up(up as u32);
        } else {
            d.unscaled.scale_down_rounding_up(-up as u32);
        }
        let n = d.unscaled.to_i128_saturating();
        if d.negative { -n } else { n }
    }

    /// Mirrors `ScaledValue`: away from zero; zero if it does not fit 64 bits, or what is left of a big decimal's bits.
    fn scaled_value(&self, digits: i32) -> i64 {
        let n = self.times_ten_to(digits);
        match (i64::try_from(n), &self.dec) {
            (Ok(n), _) => n,
            (Err(_), None) => 0,
            (Err(_), Some(_)) => n as i64,
        }
    }
    /// The whole number, away from zero (`Value()` in Go).
    pub fn value(&self) -> i64 {
        self.scaled_value(0)
    }
    /// Thousandths, away from zero (`MilliValue()` in Go).
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(3)
    }
    /// Is it a whole number?
    pub fn is_whole(&self) -> bool {
        let nano = self.times_ten_to(9);
        nano % 1_000_000_000 == 0
    }

    /// Which number is greater, whatever the texts.
    pub fn compare(&self, other: &Quantity) -> Ordering {
        self.times_ten_to(9).cmp(&other.times_ten_to(9))
    }

    /// `self + other` in the format of `self` (of `other` if `self` is zero).
    pub fn plus(&self, other: &Quantity) -> Quantity {
        self.nano_in_format(
            self.times_ten_to(9).saturating_add(other.times_ten_to(9)),
            other,
        )
    }
    /// `self - other`.
    pub fn minus(&self, other: &Quantity) -> Quantity {
        self.nano_in_format(
            self.times_ten_to(9).saturating_sub(other.times_ten_to(9)),
            other,
        )
    }
    fn nano_in_format(&self, nano: i128, other: &Quantity) -> Quantity {
        let format = if self.is_zero() {
            other.format
        } else {
            self.format
        };
        let (mut n, mut scale) = (nano, NANO);
        while n != 0 && n % 1000 == 0 && (scale < 0 || i64::try_from(n).is_err()) {
            n /= 1000;
            scale += 3;
        }
        let mut sum = Quantity {
            scale: if n == 0 { 0 } else { scale },
            format,
            ..Quantity::default()
        };
        match i64::try_from(n) {
            Ok(value) => sum.value = value,
            Err(_) => {
                sum.scale = 0;
                sum.dec = Some(BigDecimal {
                    negative: n < 0,
                    unscaled: BigUint::from_digits(&n.unsigned_abs().to_string()),
                    scale: -scale,
                });
            }
        }
        sum
    }

    /// A quantity of whole units.
    pub fn whole(n: i64, format: Format) -> Quantity {
        Quantity {
            value: n,
            format,
            ..Quantity::default()
        }
    }

    fn canonical(&self) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let d = self.decimal();
        let mut out = String::new();
        if d.negative {
            out.push('-');
        }
        if self.format == Format::BinarySI {
            let mut n = d.unscaled.clone();
            if d.scale < 0 {
                n.scale_up(-d.scale as u32);
            }
            let whole = (0..d.scale).all(|_| n.div_exact(10));
            let mut small = n.clone();
            small.div(1024);
            if whole && !small.is_zero() {
                let mut times = 0;
                loop {
                    let mut next = n.clone();
                    if next.div(1024) != 0 || next.is_zero() {
                        break;
                    }
                    n = next;
                    times += 1;
                }
                let _ = write!(out, "{n}{}", suffix_text(times, Format::BinarySI));
                return out;
            }
        }
        let mut n = d.unscaled;
        let mut exponent = -d.scale;
        while n.div_exact(10) {
            exponent += 1;
        }
        let extra = exponent.rem_euclid(3);
        n.scale_up(extra as u32);
        let format = if self.format == Format::BinarySI {
            Format::DecimalSI
        } else {
            self.format
        };
        let _ = write!(out, "{n}{}", suffix_text(exponent - extra, format));
        out
    }

    /// The quantity as the API server's client has it after storage: written and read twice.
    pub fn stored(&self) -> Quantity {
        let again = |q: &Quantity| Quantity::parse(&q.to_string()).unwrap_or_else(|_| q.clone());
        again(&again(self))
    }

    /// The quantity of a field: a string, or a number's JSON text. `None` if it is neither or does not read.
    pub fn of(value: &Value) -> Option<Quantity> {
        match value {
            Value::String(s) => Quantity::parse(s.trim()).ok(),
            Value::Int(i) => Quantity::parse(&i.to_string()).ok(),
            Value::Number(n) => Quantity::parse(n).ok(),
            _ => None,
        }
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.text.is_empty() {
            f.pad(&self.canonical())
        } else {
            f.pad(&self.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(given: &str) -> String {
        Quantity::parse(given).unwrap().to_string()
    }

    #[test]
    fn texts() {
        for (given, want) in [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1.5Gi", "1536Mi"),
            ("1.500", "1.500"),
            ("0", "0"),
            ("0Mi", "0"),
            ("0m", "0"),
            ("128Mi", "128Mi"),
            ("170Mi", "170Mi"),
            ("1024Mi", "1Gi"),
            ("1e3", "1e3"),
            ("1000", "1k"),
            ("100Ti", "100Ti"),
            ("1Pi", "1Pi"),
            ("0.1Gi", "107374182400m"),
            ("1n", "1n"),
            ("0.1n", "1n"),
            ("-1", "-1"),
            ("+5", "+5"),
            ("1.", "1."),
            ("12E", "12E"),
            ("100000000000000000000", "100E"),
            ("10Ei", "9223372036854775807"),
            ("0.5Ki", "512"),
            ("0.0001Ki", "102400u"),
        ] {
            assert_eq!(text(given), want, "{given}");
        }
    }

    #[test]
    fn inner_state() {
        let q = Quantity::parse("170Mi").unwrap();
        assert_eq!(
            (q.value, q.scale, q.text.as_str()),
            (178_257_920, 0, "170Mi")
        );
        let q = Quantity::parse("0.5").unwrap().stored();
        assert_eq!((q.value, q.scale, q.text.as_str()), (500, -3, "500m"));
        let q = Quantity::parse("1.5Gi").unwrap().stored();
        assert_eq!((q.value, q.scale, q.text.as_str()), (1_610_612_736, 0, ""));
        let mut q = Quantity::parse("1u").unwrap();
        q.round_to_milli();
        assert_eq!(q.to_string(), "1m");
    }

    #[test]
    fn errors() {
        use QuantityError::{Format, Suffix};
        for (given, want) in [
            ("", Format),
            ("1 Gi", Format),
            ("64mb", Format),
            ("1..5", Format),
            ("12ki", Suffix),
            ("1mi", Suffix),
            ("1e", Suffix),
            ("50%", Format),
            ("true", Format),
            ("1Kk", Suffix),
        ] {
            assert_eq!(Quantity::parse(given), Err(want), "{given}");
        }
        assert!(Quantity::parse("1e999999999").is_ok(), "no huge memory");
    }

    #[test]
    fn arithmetic() {
        let q = |t| Quantity::parse(t).unwrap();
        assert_eq!(q("500m").plus(&q("1")).to_string(), "1500m");
        assert_eq!(q("1Gi").minus(&q("512Mi")).to_string(), "512Mi");
        assert_eq!(
            (q("1Gi").compare(&q("1G")), q("1000m").compare(&q("1"))),
            (Ordering::Greater, Ordering::Equal)
        );
        assert_eq!(
            (
                q("1500m").value(),
                q("1500m").milli_value(),
                q("-1500m").value()
            ),
            (2, 1500, -2)
        );
        assert!(q("2").is_whole() && !q("2500m").is_whole());
    }
}
