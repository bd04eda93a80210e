//! Decimal numbers as Go reads and writes them, without floating point.

use std::cmp::Ordering;

/// A finite number: `±0.DIGITS × 10^point`, digits without zeros at either end (none for zero), the shortest that read
/// back as the same 64-bit float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    point: i32,
}

/// Text that is no number, or one too large for a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

impl Decimal {
    /// Reads `[+-]digits[.digits][e[+-]digits]`, at least one digit in the mantissa, rounded to a 64-bit float.
    pub fn parse(text: &str) -> Result<Decimal, NotANumber> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(i) => (&rest[..i], Some(&rest[i + 1..])),
            None => (rest, None),
        };
        let exponent: i32 = match exponent {
            None => 0,
            Some(e) => {
                let (sign, digits) = match e.as_bytes().first() {
                    Some(b'-') => (-1, &e[1..]),
                    Some(b'+') => (1, &e[1..]),
                    _ => (1, e),
                };
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(NotANumber);
                }
                let n = digits.bytes().fold(0i32, |n, b| {
                    n.saturating_mul(10).saturating_add(i32::from(b - b'0'))
                });
                sign * n.min(100_000)
            }
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return Err(NotANumber);
        }
        let whole = i32::try_from(whole.len()).map_err(|_| NotANumber)?;
        let zeros = all.iter().take_while(|b| **b == b'0').count();
        let end = all
            .iter()
            .rposition(|b| *b != b'0')
            .map_or(zeros, |i| i + 1);
        let digits: Vec<u8> = all[zeros..end].iter().map(|b| b - b'0').collect();
        let zeros = i32::try_from(zeros).map_err(|_| NotANumber)?;
        let n = Decimal {
            negative,
            digits,
            point: whole - zeros + exponent,
        };
        n.rounded()
    }

    fn zero(negative: bool) -> Decimal {
        Decimal {
            negative,
            digits: Vec::new(),
            point: 0,
        }
    }

    fn rounded(self) -> Result<Decimal, NotANumber> {
        if self.digits.is_empty() || self.point < -330 {
            return Ok(Decimal::zero(self.negative));
        }
        if self.point > 310 {
            return Err(NotANumber);
        }
        // Fifteen digits survive a float unchanged, far from its limits.
        if self.digits.len() <= 15 && (-290..=290).contains(&self.point) {
            return Ok(self);
        }
        exact::shortest(&self)
    }

    /// No digit but 0.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    fn exponent(&self) -> i32 {
        if self.digits.is_empty() {
            0
        } else {
            self.point - 1
        }
    }

    fn scientific(&self, out: &mut String) {
        let mut digits = self.digits.iter().map(|d| char::from(b'0' + d));
        out.push(digits.next().unwrap_or('0'));
        if self.digits.len() > 1 {
            out.push('.');
            out.extend(digits);
        }
        let e = self.exponent();
        out.push('e');
        out.push(if e < 0 { '-' } else { '+' });
        let e = e.unsigned_abs();
        if e < 10 {
            out.push('0');
        }
        out.push_str(&e.to_string());
    }

    fn plain(&self, out: &mut String) {
        let digit = |i: i32| -> char {
            usize::try_from(i)
                .ok()
                .and_then(|i| self.digits.get(i))
                .map_or('0', |d| char::from(b'0' + d))
        };
        let len = i32::try_from(self.digits.len()).unwrap_or(i32::MAX);
        if self.point <= 0 || len == 0 {
            out.push('0');
        }
        (0..self.point.min(400)).for_each(|i| out.push(digit(i)));
        if len > self.point && len > 0 {
            out.push('.');
            (self.point..len).for_each(|i| out.push(if i < 0 { '0' } else { digit(i) }));
        }
    }

    /// As Go's `json.Marshal` writes a float64.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        if self.negative {
            out.push('-');
        }
        let e = self.exponent();
        if !self.digits.is_empty() && !(-6..21).contains(&e) {
            self.scientific(&mut out);
            // e-09 becomes e-9
            if let Some(i) = out.find("e-0") {
                out.remove(i + 2);
            }
        } else {
            self.plain(&mut out);
        }
        out
    }

    /// As Go's `strconv.FormatFloat(v, 'g', -1, 64)` writes it.
    pub fn to_general(&self) -> String {
        let mut out = String::new();
        if self.negative {
            out.push('-');
        }
        let e = self.exponent();
        if !self.digits.is_empty() && !(-4..6).contains(&e) {
            self.scientific(&mut out);
        } else {
            self.plain(&mut out);
        }
        out
    }
}

/// The float nearest to a decimal and the shortest decimal for it, with long integers.
mod exact {
    use super::{Decimal, NotANumber, Ordering};

    #[derive(Clone, Debug, Default)]
    struct Big(Vec<u32>); // least significant first, no zero at the end

    impl Big {
        fn from(n: u64) -> Big {
            let mut b = Big(vec![n as u32, (n >> 32) as u32]);
            b.trim();
            b
        }
        fn trim(&mut self) {
            while self.0.last() == Some(&0) {
                self.0.pop();
            }
        }
        fn mul_add(&mut self, by: u32, add: u32) {
            let mut carry = u64::from(add);
            for d in &mut self.0 {
                let n = u64::from(*d) * u64::from(by) + carry;
                *d = n as u32;
                carry = n >> 32;
            }
            if carry > 0 {
                self.0.push(carry as u32);
            }
        }
        fn times_ten_to(&mut self, n: u32) {
            (0..n).for_each(|_| self.mul_add(10, 0));
        }
        fn shift(&mut self, bits: u32) {
            if self.0.is_empty() {
                return;
            }
            let (words, bits) = ((bits / 32) as usize, bits % 32);
            if bits > 0 {
                self.mul_add(1 << bits, 0);
            }
            self.0.splice(0..0, std::iter::repeat_n(0, words));
        }
        fn bits(&self) -> i64 {
            self.0.last().map_or(0, |top| {
                self.0.len() as i64 * 32 - i64::from(top.leading_zeros())
            })
        }
        fn cmp(&self, other: &Big) -> Ordering {
            self.0
                .len()
                .cmp(&other.0.len())
                .then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
        }
        fn sub(&mut self, other: &Big) {
            let mut borrow = 0i64;
            for (i, d) in self.0.iter_mut().enumerate() {
                let n = i64::from(*d) - i64::from(other.0.get(i).copied().unwrap_or(0)) - borrow;
                borrow = i64::from(n < 0);
                *d = n as u32;
            }
            self.trim();
        }
        fn add(&self, other: &Big) -> Big {
            let mut out = Vec::new();
            let mut carry = 0u64;
            for i in 0..self.0.len().max(other.0.len()) {
                let n = u64::from(self.0.get(i).copied().unwrap_or(0))
                    + u64::from(other.0.get(i).copied().unwrap_or(0))
                    + carry;
                out.push(n as u32);
                carry = n >> 32;
            }
            if carry > 0 {
                out.push(carry as u32);
            }
            Big(out)
        }
    }

    /// `top / bottom` below 2^64, and what remains in `top`.
    fn divide(top: &mut Big, bottom: &Big) -> u64 {
        let mut quotient = 0u64;
        let mut shift = u32::try_from((top.bits() - bottom.bits()).max(0)).unwrap_or(0);
        loop {
            let mut part = bottom.clone();
            part.shift(shift);
            quotient <<= 1;
            if top.cmp(&part) != Ordering::Less {
                top.sub(&part);
                quotient |= 1;
            }
            if shift == 0 {
                return quotient;
            }
            shift -= 1;
        }
    }

    pub(super) fn shortest(d: &Decimal) -> Result<Decimal, NotANumber> {
        // value = top / bottom; more digits than 800 cannot matter.
        let digits = &d.digits[..d.digits.len().min(800)];
        let scale = d.point - i32::try_from(digits.len()).map_err(|_| NotANumber)?;
        let mut top = Big::default();
        for digit in digits {
            if top.0.is_empty() {
                top = Big::from(u64::from(*digit));
            } else {
                top.mul_add(10, u32::from(*digit));
            }
        }
        let mut bottom = Big::from(1);
        if scale >= 0 {
            top.times_ten_to(scale.unsigned_abs())
        } else {
            bottom.times_ten_to(scale.unsigned_abs())
        }
        // mantissa × 2^exponent with 53 bits, fewer below the normal range.
        let mut exponent = (top.bits() - bottom.bits() - 53).max(-1074);
        let (mut mantissa, rest, unit);
        loop {
            let (mut t, mut b) = (top.clone(), bottom.clone());
            let by = u32::try_from(exponent.unsigned_abs()).map_err(|_| NotANumber)?;
            if exponent >= 0 {
                b.shift(by)
            } else {
                t.shift(by)
            }
            let m = divide(&mut t, &b);
            if m < 1 << 53 {
                (mantissa, rest, unit) = (m, t, b);
                break;
            }
            exponent += 1;
        }
        let mut twice = rest;
        twice.shift(1);
        match twice.cmp(&unit) {
            Ordering::Greater => mantissa += 1,
            Ordering::Equal => mantissa += mantissa & 1,
            Ordering::Less => {}
        }
        if mantissa == 0 {
            return Ok(Decimal::zero(d.negative));
        }
        if mantissa == 1 << 53 {
            mantissa >>= 1;
            exponent += 1;
        }
        if exponent > 971 {
            return Err(NotANumber);
        }
        Ok(print(mantissa, exponent, d.negative))
    }

    /// Steele and White's free-format printing: value = r / s, half gaps to the neighbours m⁻ / s and m⁺ / s.
    fn print(mantissa: u64, exponent: i64, negative: bool) -> Decimal {
        let closer = mantissa == 1 << 52 && exponent > -1074;
        let even = mantissa & 1 == 0;
        let extra = if closer { 2 } else { 1 };
        let up = u32::try_from(exponent.max(0)).unwrap_or(0);
        let down = u32::try_from((-exponent).max(0)).unwrap_or(0);
        let mut r = Big::from(mantissa);
        r.shift(up + extra);
        let mut s = Big::from(1);
        s.shift(down + extra);
        let mut below = Big::from(1);
        below.shift(up);
        let mut above = below.clone();
        if closer {
            above.shift(1);
        }
        let reaches = |a: &Big, b: &Big| {
            let c = a.cmp(b);
            c == Ordering::Greater || even && c == Ordering::Equal
        };
        let mut point = 0i32;
        while reaches(&r.add(&above), &s) {
            s.mul_add(10, 0);
            point += 1;
        }
        loop {
            let mut ten = r.add(&above);
            ten.mul_add(10, 0);
            if reaches(&ten, &s) {
                break;
            }
            for n in [&mut r, &mut below, &mut above] {
                n.mul_add(10, 0);
            }
            point -= 1;
        }
        let mut digits = Vec::new();
        loop {
            for n in [&mut r, &mut below, &mut above] {
                n.mul_add(10, 0);
            }
            let digit = divide(&mut r, &s) as u8;
            let low = reaches(&below, &r);
            let high = reaches(&r.add(&above), &s);
            if !low && !high {
                digits.push(digit);
                continue;
            }
            let mut twice = r.clone();
            twice.shift(1);
            let round_up = match (low, high) {
                (true, true) => twice.cmp(&s) != Ordering::Less,
                (low, _) => !low,
            };
            digits.push(digit + u8::from(round_up));
            break;
        }
        Decimal {
            negative,
            digits,
            point,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        Decimal::parse(text).map_or_else(|_| "no".to_owned(), |d| d.to_json())
    }

    #[test]
    fn texts_as_go_writes_them() {
        for (text, want) in [
            ("0.5", "0.5"),
            ("1.0", "1"),
            ("1e3", "1000"),
            (".5", "0.5"),
            ("-0.0", "-0"),
            ("1e21", "1e+21"),
            ("1e20", "100000000000000000000"),
            ("1e-7", "1e-7"),
            ("0.000001", "0.000001"),
            ("12.50e-10", "1.25e-9"),
            ("99999999999999999999", "100000000000000000000"),
            ("18446744073709551615", "18446744073709552000"),
            ("0.1000000000000000055511151231257827", "0.1"),
            ("123456789012345678", "123456789012345680"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("1.8e308", "no"),
            ("5e-324", "5e-324"),
            ("1e-400", "0"),
            ("", "no"),
            (".", "no"),
            ("1e", "no"),
        ] {
            assert_eq!(json(text), want, "{text}");
        }
    }

    #[test]
    fn long_numbers_round_as_the_standard_library_does() {
        let mut state = 88172645463325252u64;
        for _ in 0..3000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let v = f64::from_bits(state);
            if !v.is_finite() {
                continue;
            }
            let text = format!("{v:e}");
            let ours: f64 = json(&text).parse().unwrap();
            assert_eq!(ours.to_bits(), v.to_bits(), "{text} {}", json(&text));
            let digits = |s: &str| s.split(['e', 'E']).next().unwrap().replace(['.', '-'], "");
            let d = Decimal::parse(&text).unwrap();
            let printed: String = d.digits.iter().map(|d| char::from(b'0' + d)).collect();
            assert_eq!(printed, digits(&text).trim_end_matches('0'), "{text}");
        }
    }
}
