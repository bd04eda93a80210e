//! Whole numbers of any size, for the few quantities that need them.

/// A number without sign, words of 64 bits, least significant first, no zero word at the end.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct BigUint(Vec<u64>);

impl BigUint {
    /// The number of decimal digits; anything else is skipped.
    pub fn from_digits(digits: &str) -> BigUint {
        let mut n = BigUint::default();
        for b in digits.bytes().filter(u8::is_ascii_digit) {
            n.mul_add(10, u64::from(b - b'0'));
        }
        n
    }
    /// Zero?
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
    /// Words, least significant first.
    pub fn words(&self) -> &[u64] {
        &self.0
    }
    /// `self * by + plus`.
    pub fn mul_add(&mut self, by: u64, plus: u64) {
        let mut carry = u128::from(plus);
        for word in &mut self.0 {
            let product = u128::from(*word) * u128::from(by) + carry;
            *word = product as u64;
            carry = product >> 64;
        }
        if carry > 0 {
            self.0.push(carry as u64);
        }
    }
    /// Divides in place; the remainder comes back.
    pub fn div(&mut self, by: u64) -> u64 {
        let mut rest = 0u128;
        for word in self.0.iter_mut().rev() {
            let dividend = (rest << 64) | u128::from(*word);
            *word = (dividend / u128::from(by)) as u64;
            rest = dividend % u128::from(by);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u64
    }
    /// Divides by `by` if that leaves nothing.
    pub fn div_exact(&mut self, by: u64) -> bool {
        let mut half = self.clone();
        if half.div(by) != 0 {
            return false;
        }
        *self = half;
        true
    }
    /// Multiplies by ten, `times` times.
    pub fn scale_up(&mut self, times: u32) {
        for _ in 0..times {
            self.mul_add(10, 0);
        }
    }
    /// Divides by ten, `times` times, away from zero.
    pub fn scale_down_rounding_up(&mut self, times: u32) {
        let mut lost = false;
        for _ in 0..times {
            lost |= self.div(10) != 0;
        }
        if lost {
            self.mul_add(1, 1);
        }
    }
    /// As 64 bits with sign, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.0[..] {
            [] => Some(0),
            [word] => i64::try_from(word).ok(),
            _ => None,
        }
    }
    /// As 128 bits, or the largest such number.
    pub fn to_i128_saturating(&self) -> i128 {
        match self.0[..] {
            [] => 0,
            [low] => i128::from(low),
            [low, high] => {
                i128::try_from((u128::from(high) << 64) | u128::from(low)).unwrap_or(i128::MAX)
            }
            _ => i128::MAX,
        }
    }
}

impl From<u64> for BigUint {
    fn from(n: u64) -> Self {
        BigUint(if n == 0 { Vec::new() } else { vec![n] })
    }
}

impl std::fmt::Display for BigUint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.clone();
        let mut digits = Vec::new();
        while !rest.is_zero() {
            digits.push(b'0' + rest.div(10) as u8);
        }
        if digits.is_empty() {
            digits.push(b'0');
        }
        digits.reverse();
        f.write_str(std::str::from_utf8(&digits).unwrap_or("0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic() {
        let text = "340282366920938463463374607431768211456123";
        let mut n = BigUint::from_digits(text);
        assert_eq!(n.to_string(), text);
        n.scale_up(3);
        assert!(n.div_exact(1000));
        assert_eq!(n.to_string(), text);
        assert!(!n.div_exact(1000));
        n.scale_down_rounding_up(3);
        assert_eq!(n.to_string(), "340282366920938463463374607431768211457");
        assert_eq!(BigUint::from(0).to_string(), "0");
    }
}
