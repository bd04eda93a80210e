//! Quantities of resources: reading, adding, and the canonical text.

/// A quantity: nano units and how it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quantity {
    /// Value in units of 10⁻⁹.
    pub nanos: i128,
    /// Written in powers of 1024.
    pub binary: bool,
    set: bool,
}

/// The value in nano units, if it is a quantity.
pub fn parse(text: &str) -> Option<i128> {
    read(text).map(|q| q.nanos)
}

/// Reads a quantity.
pub fn read(text: &str) -> Option<Quantity> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let whole = &body[..digits];
    let mut rest = &body[digits..];
    let mut fraction = "";
    if let Some(r) = rest.strip_prefix('.') {
        let n = r.bytes().take_while(u8::is_ascii_digit).count();
        fraction = &r[..n];
        rest = &r[n..];
    }
    if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.len() > 18 {
        return None;
    }
    const UNIT: i128 = 1_000_000_000;
    let (scale, binary): (i128, bool) = match rest {
        "" => (UNIT, false),
        "n" => (1, false),
        "u" => (1_000, false),
        "m" => (1_000_000, false),
        "k" => (UNIT * 1_000, false),
        "M" => (UNIT * 1_000_000, false),
        "G" => (UNIT * 1_000_000_000, false),
        "T" => (UNIT * 1_000_000_000_000, false),
        "P" => (UNIT * 1_000_000_000_000_000, false),
        "Ki" => (UNIT << 10, true),
        "Mi" => (UNIT << 20, true),
        "Gi" => (UNIT << 30, true),
        "Ti" => (UNIT << 40, true),
        "Pi" => (UNIT << 50, true),
        _ => {
            let exponent = rest
                .strip_prefix(['e', 'E'])?
                .parse::<u32>()
                .ok()
                .filter(|e| *e <= 15)?;
            (UNIT * 10i128.pow(exponent), false)
        }
    };
    let mut nanos = whole.parse::<i128>().unwrap_or(0).checked_mul(scale)?;
    let mut part = scale;
    for d in fraction.bytes() {
        part /= 10;
        nanos += i128::from(d - b'0') * part;
    }
    Some(Quantity {
        nanos: if negative { -nanos } else { nanos },
        binary,
        set: true,
    })
}

impl Quantity {
    /// Adds; a zero takes over the other's notation.
    pub fn add(&mut self, other: Quantity) {
        if self.nanos == 0 {
            self.binary = other.binary;
        }
        self.nanos += other.nanos;
        self.set = true;
    }
    /// The greater of both.
    pub fn max(self, other: Quantity) -> Quantity {
        if other.nanos > self.nanos {
            other
        } else {
            self
        }
    }
    /// Percent of another, cut; 0 of nothing.
    pub fn percent_of(self, total: Quantity) -> i128 {
        if total.nanos == 0 {
            0
        } else {
            self.nanos.saturating_mul(100) / total.nanos
        }
    }
    /// The canonical text.
    pub fn text(self) -> String {
        if self.nanos == 0 {
            return "0".to_owned();
        }
        const UNIT: i128 = 1_000_000_000;
        if self.binary && self.nanos % UNIT == 0 && self.nanos.abs() >= UNIT * 1024 {
            let units = self.nanos / UNIT;
            for (shift, suffix) in [(50, "Pi"), (40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")] {
                if units % (1i128 << shift) == 0 {
                    return format!("{}{suffix}", units >> shift);
                }
            }
            return units.to_string();
        }
        let mut scale: i128 = UNIT * 1_000_000_000_000_000;
        for suffix in ["P", "T", "G", "M", "k", "", "m", "u", "n"] {
            if self.nanos % scale == 0 {
                return format!("{}{suffix}", self.nanos / scale);
            }
            scale /= 1000;
        }
        self.nanos.to_string()
    }
}

/// The canonical text of what was written; what is no quantity stays.
pub fn canonical(text: &str) -> String {
    read(text).map_or_else(|| text.to_owned(), Quantity::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (t, want) in [
            ("1", "1"),
            ("500m", "500m"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("128Mi", "128Mi"),
            ("1024Mi", "1Gi"),
            ("1500", "1500"),
            ("2000", "2k"),
            ("61202244Ki", "61202244Ki"),
            ("0", "0"),
            ("1e3", "1k"),
        ] {
            assert_eq!(canonical(t), want, "{t}");
        }
        for bad in ["", "x", "1x", "Mi", "1.2.3"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
