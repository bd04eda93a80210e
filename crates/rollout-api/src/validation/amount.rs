//! Resource quantities as far as validation compares them.

/// A quantity in units of 10⁻⁹, exact for everything the API server keeps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Amount(i128);

const NANO: i128 = 1_000_000_000;

impl Amount {
    /// Reads a quantity; `None` if it is none.
    pub fn parse(text: &str) -> Option<Amount> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (negative, digits) = match number.as_bytes().first()? {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0 || !(whole.bytes().chain(fraction.bytes())).all(|c| c.is_ascii_digit()) {
            return None;
        }
        let (factor, decimal) = suffix_factor(suffix)?;
        let mut mantissa: i128 = 0;
        let mut scale: i32 = decimal;
        for c in whole.bytes().chain(fraction.bytes()).take(30) {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(c - b'0'))?;
        }
        scale -= i32::try_from(fraction.len().min(30 - whole.len().min(30))).ok()?;
        // Rounded up to whole nanos, as the server does.
        let mut nanos = mantissa.checked_mul(factor)?;
        scale += 9;
        while scale > 0 && nanos != 0 {
            nanos = nanos.checked_mul(10).unwrap_or(i128::MAX / 2);
            scale -= 1;
        }
        if scale < 0 {
            let divisor = 10i128.checked_pow(scale.unsigned_abs()).unwrap_or(i128::MAX);
            nanos = nanos / divisor + i128::from(nanos % divisor != 0);
        }
        Some(Amount(if negative { -nanos } else { nanos }))
    }
    /// The sum of quantities; `None` if one of them is none.
    pub fn sum(texts: &[crate::value::Str]) -> Option<Amount> {
        texts.iter().try_fold(Amount(0), |a, t| Some(Amount(a.0.checked_add(Amount::parse(t)?.0)?)))
    }
    /// The text in the notation (binary or decimal) of `like`.
    pub fn show(self, like: &str) -> String {
        let binary = like.ends_with('i');
        if binary && self.0 % NANO == 0 {
            let mut n = self.0 / NANO;
            for suffix in ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] {
                if n == 0 || n % 1024 != 0 {
                    return format!("{n}{suffix}");
                }
                n /= 1024;
            }
        }
        let mut n = self.0;
        for suffix in ["n", "u", "m", "", "k", "M", "G", "T", "P"] {
            if n == 0 || n % 1000 != 0 {
                return format!("{n}{suffix}");
            }
            n /= 1000;
        }
        format!("{n}E")
    }
    /// Below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
    /// Zero.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// Has it thousandths beyond whole units? Mirrors `MilliValue() % 1000 != 0`: milli values that do not fit 64 bits are capped.
    pub fn is_fractional(self) -> bool {
        let milli = self.0 / (NANO / 1000) + i128::from(self.0 > 0 && self.0 % (NANO / 1000) != 0);
        let capped = milli.clamp(-i128::from(i64::MAX), i128::from(i64::MAX));
        capped % 1000 != 0
    }
    /// Is it a multiple of `size`, which is a whole positive number?
    pub fn is_multiple_of(self, size: Amount) -> bool {
        size.0 > 0 && self.0 % size.0 == 0
    }
}

/// Binary factor and decimal exponent of a suffix.
fn suffix_factor(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::Amount;

    fn a(s: &str) -> Amount {
        Amount::parse(s).expect("a quantity")
    }

    #[test]
    fn compares_and_finds_fractions() {
        assert!(a("1") > a("500m"));
        assert_eq!(a("1Gi"), a("1073741824"));
        assert_eq!(a("1e3"), a("1k"));
        assert!(a("-1").is_negative());
        assert!(a("128m").is_fractional());
        assert!(!a("128Mi").is_fractional());
        assert!(a("7Ei").is_fractional());
        assert!(Amount::parse("x").is_none());
        assert!(a("4Mi").is_multiple_of(a("2Mi")));
    }
}
