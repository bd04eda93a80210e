//! Points in time as the API stores them: whole seconds, written as RFC 3339 in UTC.

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(pub i64);

/// Year, month (1 to 12), day (1 to 31), hour, minute, second and day of the week (0 is Sunday).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year of the Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

fn days_from_civil(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

impl Timestamp {
    /// Reads RFC 3339; a fraction is cut, an offset is taken into account.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let b = text.as_bytes();
        if b.len() < 20
            || b[4] != b'-'
            || b[7] != b'-'
            || !matches!(b[10], b'T' | b't')
            || b[13] != b':'
            || b[16] != b':'
        {
            return None;
        }
        let n = |from: usize, to: usize| -> Option<i64> {
            let t = text.get(from..to)?;
            if t.bytes().all(|c| c.is_ascii_digit()) {
                t.parse().ok()
            } else {
                None
            }
        };
        let (y, mo, d, h, mi, s) = (
            n(0, 4)?,
            n(5, 7)?,
            n(8, 10)?,
            n(11, 13)?,
            n(14, 16)?,
            n(17, 19)?,
        );
        if !(1..=12).contains(&mo) || !(1..=31).contains(&d) || h > 23 || mi > 59 || s > 60 {
            return None;
        }
        let mut rest = text.get(19..)?;
        if let Some(f) = rest.strip_prefix('.') {
            let digits = f.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest = f.get(digits..)?;
        }
        let offset = match rest.as_bytes() {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let hh: i64 = rest.get(1..3)?.parse().ok()?;
                let mm: i64 = rest.get(4..6)?.parse().ok()?;
                (hh * 3600 + mm * 60) * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return None,
        };
        Some(Timestamp(
            days_from_civil(y, mo, d) * 86_400 + h * 3600 + mi * 60 + s - offset,
        ))
    }

    /// Splits into calendar parts, UTC.
    pub fn civil(self) -> Civil {
        let days = self.0.div_euclid(86_400);
        let secs = self.0.rem_euclid(86_400) as u32;
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = (if mp < 10 { mp + 3 } else { mp - 9 }) as u32;
        let year = yoe + era * 400 + i64::from(month <= 2);
        Civil {
            year,
            month,
            day,
            hour: secs / 3600,
            minute: secs / 60 % 60,
            second: secs % 60,
            weekday: (days + 4).rem_euclid(7) as u32,
        }
    }

    /// `2025-06-10T12:00:00Z`.
    pub fn rfc3339(self) -> String {
        self.to_string()
    }

    /// `Tue, 10 Jun 2025 11:55:00 +0000`.
    pub fn rfc1123z(self) -> String {
        let c = self.civil();
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
            DAYS[c.weekday as usize],
            c.day,
            MONTHS[(c.month - 1) as usize],
            c.year,
            c.hour,
            c.minute,
            c.second
        )
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c = self.civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }
}

/// Why a text is no time of a layout, as Go's `time.Parse` says it.
///
/// Differs: ranges of days and hours are not looked into.
pub fn parse_error(text: &str, layout: &str) -> String {
    let quoted = crate::gofmt::quote(text);
    const ELEMENTS: [(&str, usize); 12] = [
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
        ("Z07:00", 1),
    ];
    let mut rest = text;
    for (element, length) in ELEMENTS {
        let fits = rest.get(..length).is_some_and(|part| match element {
            "-" | ":" | "T" => part == element,
            "Z07:00" => part.starts_with(['Z', '+', '-']),
            _ => part.bytes().all(|b| b.is_ascii_digit()),
        });
        if !fits {
            let rest = crate::gofmt::quote(rest);
            let layout = crate::gofmt::quote(layout);
            return format!(
                "parsing time {quoted} as {layout}: cannot parse {rest} as \"{element}\""
            );
        }
        rest = rest.get(length..).unwrap_or("");
        if element == "05" && rest.starts_with('.') {
            rest = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    let month = text.get(5..7).unwrap_or("");
    let range = if matches!(month.parse(), Ok(1..=12)) {
        "day"
    } else {
        "month"
    };
    format!("parsing time {quoted}: {range} out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors() {
        let layout = "2006-01-02T15:04:05Z07:00";
        for (text, why) in [
            ("yesterday", r#"cannot parse "yesterday" as "2006""#),
            ("", r#"cannot parse "" as "2006""#),
            ("2025-06-10", r#"cannot parse "" as "T""#),
        ] {
            let quoted = crate::gofmt::quote(text);
            assert_eq!(
                parse_error(text, layout),
                format!("parsing time {quoted} as \"{layout}\": {why}")
            );
        }
    }

    #[test]
    fn round_trips() {
        for t in [
            "1970-01-01T00:00:00Z",
            "2025-06-10T12:00:00Z",
            "2024-02-29T23:59:59Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(Timestamp::parse(t).unwrap().rfc3339(), t);
        }
        assert_eq!(
            Timestamp::parse("2025-06-10T14:00:00.123+02:00")
                .unwrap()
                .rfc3339(),
            "2025-06-10T12:00:00Z"
        );
        assert_eq!(
            Timestamp::parse("2025-06-10T11:55:00Z").unwrap().rfc1123z(),
            "Tue, 10 Jun 2025 11:55:00 +0000"
        );
        for bad in [
            "",
            "2025-06-10",
            "2025-13-10T12:00:00Z",
            "2025-06-10T12:00:00",
            "2025-06-10T12:00:00.Z",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }
}
