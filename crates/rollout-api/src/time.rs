//! Points in time as the API stores them: whole seconds, written as RFC 3339 in UTC.

use crate::value::Str;
use std::cell::RefCell;

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
        plain(text).or_else(|| read(text).ok())
    }

    /// [`Timestamp::rfc3339`] as a shared text: the same moment is written over and over, so the last few are kept.
    pub fn text(self) -> Str {
        thread_local! {
            static LAST: RefCell<[(i64, Str); 4]> =
                const { RefCell::new([const { (i64::MIN, Str::Static("")) }; 4]) };
        }
        LAST.with_borrow_mut(|last| {
            if let Some((_, text)) = last.iter().find(|(t, _)| *t == self.0) {
                return text.clone();
            }
            last.rotate_right(1);
            let text = Str::copy(&self.rfc3339());
            last[0] = (self.0, text.clone());
            text
        })
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

    /// `2025-06-10T12:00:00Z`. Written by hand: every stored write carries some of these.
    pub fn rfc3339(self) -> String {
        let c = self.civil();
        if !(0..=9999).contains(&c.year) {
            return format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                c.year, c.month, c.day, c.hour, c.minute, c.second
            );
        }
        let mut text = String::with_capacity(20);
        let mut two = |n: u32, after: &str| {
            text.push(char::from(b'0' + (n / 10 % 10) as u8));
            text.push(char::from(b'0' + (n % 10) as u8));
            text.push_str(after);
        };
        two((c.year / 100) as u32, "");
        two((c.year % 100) as u32, "-");
        two(c.month, "-");
        two(c.day, "T");
        two(c.hour, ":");
        two(c.minute, ":");
        two(c.second, "Z");
        text
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
        f.write_str(&self.rfc3339())
    }
}

/// Why a text is no time.
enum TimeError<'a> {
    /// The rest does not begin with what the layout has here.
    Layout(&'a str, &'static str),
    /// A number is too large.
    Range(&'static str),
    /// Something follows.
    Extra(&'a str),
}

/// What RFC 3339 is made of, in Go's notation.
const LAYOUT: [(&str, usize); 11] = [
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
];

/// `2025-06-10T12:00:00Z` and nothing else: the form in which everything is stored.
fn plain(text: &str) -> Option<Timestamp> {
    let b: &[u8; 20] = text.as_bytes().try_into().ok()?;
    if [b[4], b[7], b[10], b[13], b[16], b[19]] != *b"--T::Z" {
        return None;
    }
    let two = |i: usize| -> Option<i64> {
        let (high, low) = (b[i].wrapping_sub(b'0'), b[i + 1].wrapping_sub(b'0'));
        (high < 10 && low < 10).then(|| i64::from(high * 10 + low))
    };
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let right = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    right.then(|| {
        Timestamp(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
    })
}

fn read(text: &str) -> Result<Timestamp, TimeError<'_>> {
    let mut numbers = [0i64; 6];
    let mut n = 0;
    let mut rest = text;
    for (element, length) in LAYOUT {
        let part = rest.get(..length).ok_or(TimeError::Layout(rest, element))?;
        if element.len() == 1 {
            if part != element {
                return Err(TimeError::Layout(rest, element));
            }
        } else {
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(TimeError::Layout(rest, element));
            }
            numbers[n] = part
                .bytes()
                .fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
            n += 1;
        }
        rest = &rest[length..];
        let late = match element {
            "01" if !(1..=12).contains(&numbers[1]) => "month",
            "15" if numbers[3] >= 24 => "hour",
            "04" if numbers[4] >= 60 => "minute",
            "05" if numbers[5] >= 60 => "second",
            _ => continue,
        };
        return Err(TimeError::Range(late));
    }
    let [year, month, day, hour, minute, second] = numbers;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() < fraction.len() {
            rest = after;
        }
    }
    let zone = TimeError::Layout(rest, "Z07:00");
    let offset = match rest.as_bytes() {
        [b'Z', ..] => {
            rest = &rest[1..];
            0
        }
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..]
            if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) =>
        {
            let two = |a: &u8, b: &u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
            let (hours, minutes) = (two(h1, h2), two(m1, m2));
            if hours > 24 || minutes > 60 {
                let what = if hours > 24 {
                    "time zone offset hour"
                } else {
                    "time zone offset minute"
                };
                return Err(TimeError::Range(what));
            }
            rest = &rest[6..];
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return Err(zone),
    };
    if !rest.is_empty() {
        return Err(TimeError::Extra(rest));
    }
    if day < 1 || day > days_in(year, month) {
        return Err(TimeError::Range("day"));
    }
    Ok(Timestamp(
        days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset,
    ))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Why a text is no time of a layout, as Go's `time.Parse` says it. `None` if it is one.
pub fn parse_error(text: &str, layout: &str) -> Option<String> {
    use crate::gofmt::quote;
    let said = quote(text);
    Some(match read(text).err()? {
        TimeError::Layout(rest, element) => {
            format!(
                "parsing time {said} as {}: cannot parse {} as \"{element}\"",
                quote(layout),
                quote(rest)
            )
        }
        TimeError::Range(what) => format!("parsing time {said}: {what} out of range"),
        TimeError::Extra(rest) => format!("parsing time {said}: extra text: {}", quote(rest)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors() {
        let layout = "2006-01-02T15:04:05Z07:00";
        for (text, why) in [
            (
                "yesterday",
                r#" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#,
            ),
            (
                "",
                r#" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006""#,
            ),
            (
                "2025-06-10",
                r#" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#,
            ),
            (
                "2025-06-10 10:00:00",
                r#" as "2006-01-02T15:04:05Z07:00": cannot parse " 10:00:00" as "T""#,
            ),
            (
                "2025-06-10T10:00:00",
                r#" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#,
            ),
            ("2025-13-10T10:00:00Z", ": month out of range"),
            ("2025-02-29T10:00:00Z", ": day out of range"),
            ("2025-02-28T25:00:00Z", ": hour out of range"),
            ("2025-02-28T10:00:00Zz", r#": extra text: "z""#),
        ] {
            let quoted = crate::gofmt::quote(text);
            assert_eq!(
                parse_error(text, layout).unwrap(),
                format!("parsing time {quoted}{why}")
            );
        }
        assert_eq!(parse_error("2024-02-29T10:00:00.5+01:00", layout), None);
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
            assert_eq!(Timestamp::parse(t).unwrap().text(), *t);
            assert_eq!(plain(t), read(t).ok());
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
        for bad in [
            "2025-02-29T12:00:00Z",
            "2025-00-10T12:00:00Z",
            "2025-06-1xT12:00:00Z",
            "2025-06-10T24:00:00Z",
            "2025-06-10T12:60:00Z",
            "2025-06-10 12:00:00Z",
            "2025-06-10T12:00:0éZ",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }
}
