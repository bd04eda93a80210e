//! Durations: kubectl's ages and Go's duration texts.

use rollout_api::Timestamp;

/// kubectl's age text for whole seconds. Mirrors `HumanDuration`, k8s.io/apimachinery/pkg/util/duration.
pub fn human(seconds: i64) -> String {
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    if seconds < 0 {
        return "0s".to_owned();
    }
    let two = |a: i64, au: &str, b: i64, bu: &str| {
        if b == 0 {
            format!("{a}{au}")
        } else {
            format!("{a}{au}{b}{bu}")
        }
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 192 {
        two(hours / 24, "d", hours % 24, "h")
    } else if hours < 2 * 365 * 24 {
        format!("{}d", hours / 24)
    } else if hours < 8 * 365 * 24 {
        two(hours / 24 / 365, "y", hours / 24 % 365, "d")
    } else {
        format!("{}y", hours / 24 / 365)
    }
}

/// The age of a moment, `<unknown>` without one.
pub fn age(at: Option<Timestamp>, now: Timestamp) -> String {
    match at {
        Some(t) => human(now.0.saturating_sub(t.0)),
        None => "<unknown>".to_owned(),
    }
}

/// Milliseconds of a Go duration text (`1h2m3.5s`, `-5s`, `0`). Mirrors `time.ParseDuration`, cut to milliseconds.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let whole = &rest[..digits];
        rest = &rest[digits..];
        let mut fraction = "";
        if let Some(r) = rest.strip_prefix('.') {
            let n = r.bytes().take_while(u8::is_ascii_digit).count();
            fraction = &r[..n];
            rest = &r[n..];
        }
        if (whole.is_empty() && fraction.is_empty()) || whole.len() > 18 {
            return None;
        }
        let unit_len = rest
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit: i128 = match &rest[..unit_len] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[unit_len..];
        nanos += whole.parse::<i128>().unwrap_or(0) * unit;
        let mut scale = unit;
        for d in fraction.bytes() {
            scale /= 10;
            nanos += i128::from(d - b'0') * scale;
        }
    }
    let millis = i64::try_from(nanos / 1_000_000).ok()?;
    Some(if negative { -millis } else { millis })
}

/// Why a text is no duration.
pub fn parse_error(text: &str) -> String {
    let body = text.trim_start_matches(['-', '+']);
    let has_number = body.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if has_number && body != "." {
        let unit: String = body
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
            .chars()
            .take_while(|c| !c.is_ascii_digit() && *c != '.')
            .collect();
        if unit.is_empty() {
            return format!(
                "time: missing unit in duration {}",
                crate::flags::quoted(text)
            );
        }
        if !matches!(unit.as_str(), "ns" | "us" | "µs" | "ms" | "s" | "m" | "h") {
            return format!(
                "time: unknown unit {} in duration {}",
                crate::flags::quoted(&unit),
                crate::flags::quoted(text)
            );
        }
    }
    format!("time: invalid duration {}", crate::flags::quoted(text))
}

/// Go's text of a duration: `2s`, `1m0s`, `1.5s`, `0s`.
pub fn go_text(millis: i64) -> String {
    if millis == 0 {
        return "0s".to_owned();
    }
    let sign = if millis < 0 { "-" } else { "" };
    let ms = millis.unsigned_abs();
    if ms < 1000 {
        return format!("{sign}{ms}ms");
    }
    let (h, m, s, frac) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    let mut secs = s.to_string();
    if frac > 0 {
        let f = format!("{frac:03}");
        secs.push('.');
        secs.push_str(f.trim_end_matches('0'));
    }
    if h > 0 {
        format!("{sign}{h}h{m}m{secs}s")
    } else if m > 0 {
        format!("{sign}{m}m{secs}s")
    } else {
        format!("{sign}{secs}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations() {
        for (text, ms) in [
            ("5s", Some(5000)),
            ("1h2m", Some(3_720_000)),
            ("1.5s", Some(1500)),
            ("0", Some(0)),
            ("-1s", Some(-1000)),
            ("5", None),
            ("", None),
            ("s", None),
            ("5x", None),
        ] {
            assert_eq!(parse(text), ms, "{text}");
        }
        assert_eq!(go_text(2000), "2s");
        assert_eq!(go_text(61_500), "1m1.5s");
        assert_eq!(go_text(3_600_000), "1h0m0s");
    }

    #[test]
    fn ages() {
        for (s, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (307, "5m7s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_100, "3h5m"),
            (172_800, "2d"),
            (691_200, "8d"),
        ] {
            assert_eq!(human(s), text, "{s}");
        }
    }
}
