//! Numbers of double precision in integers: quotients, sums and products rounded as IEEE 754 does it, so that sizes come
//! out as the real controller computes them, on every platform.

/// A number that is not negative: `mantissa / 2^shift`, at most 53 bits of mantissa.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Double {
    mantissa: u128,
    shift: u32,
}

const BITS: u32 = 53;

fn bits(n: u128) -> u32 {
    128 - n.leading_zeros()
}

impl Double {
    /// Rounds to the nearest, ties to even; `rest`: something smaller than the last bit was cut off before.
    fn rounded(mut mantissa: u128, mut shift: u32, rest: bool) -> Double {
        let cut = bits(mantissa).saturating_sub(BITS).min(shift);
        if cut > 0 {
            let tail = mantissa & ((1 << cut) - 1);
            let half = 1u128 << (cut - 1);
            mantissa >>= cut;
            shift -= cut;
            if tail > half || (tail == half && (rest || mantissa & 1 == 1)) {
                mantissa += 1;
            }
        }
        Double { mantissa, shift }
    }

    /// A quotient of counts; nothing, if the divisor is not positive.
    pub fn ratio(a: i64, b: i64) -> Double {
        let (Ok(a), Ok(b)) = (u128::try_from(a), u128::try_from(b)) else {
            return Double {
                mantissa: 0,
                shift: 0,
            };
        };
        if b == 0 {
            return Double {
                mantissa: 0,
                shift: 0,
            };
        }
        let shift = (BITS + 2 + bits(b)).saturating_sub(bits(a));
        let wide = a << shift;
        Double::rounded(wide / b, shift, !wide.is_multiple_of(b))
    }

    /// One and this.
    pub fn one_plus(self) -> Double {
        Double::rounded(self.mantissa + (1 << self.shift), self.shift, false)
    }

    /// One without this; nothing, if this is more.
    pub fn one_minus(self) -> Double {
        let left = (1u128 << self.shift).saturating_sub(self.mantissa);
        Double::rounded(left, self.shift, false)
    }

    /// This many times.
    pub fn times(self, n: i64) -> Double {
        let n = u128::try_from(n.min(1 << 40)).unwrap_or(0);
        Double::rounded(self.mantissa * n, self.shift, false)
    }

    /// The next whole number.
    pub fn ceil(self) -> i64 {
        let mask = (1u128 << self.shift) - 1;
        let more = u128::from(self.mantissa & mask != 0);
        i64::try_from((self.mantissa >> self.shift) + more).unwrap_or(i64::MAX)
    }

    /// The whole part.
    pub fn floor(self) -> i64 {
        i64::try_from(self.mantissa >> self.shift).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_results_stay_whole_where_a_double_does() {
        for (a, b, n, up) in [
            (0, 50, 7, 0),
            (1, 3, 3, 1),
            (110, 100, 10, 11),
            (70, 50, 5, 7),
            (300, 50, 3, 18),
            (63, 50, 3, 4),
            (29, 50, 3, 2),
            (1, 1_000_000_000, 1, 1),
        ] {
            assert_eq!(Double::ratio(a, b).times(n).ceil(), up, "{n} × {a} ÷ {b}");
        }
        assert_eq!(Double::ratio(10, 100).one_plus().times(10).ceil(), 11);
        assert_eq!(Double::ratio(30, 100).one_minus().times(9).floor(), 6);
        assert_eq!(Double::ratio(200, 100).one_minus().times(9).floor(), 0);
        assert_eq!(Double::ratio(-1, 100).times(9).ceil(), 0);
        assert_eq!(Double::ratio(1, 0).times(9).ceil(), 0);
    }
}
