//! `traffic TARGET RATE [KEY=VALUE…]` in words, read and printed back.

use super::stream::{Mode, Setting};
use crate::images::Span;
use crate::time::Millis;
use rollout_api::{Kind, ObjectKey, Str};
use std::fmt;

/// The most requests per second: what a chart can still tell apart.
const MAX_RATE: u64 = 10_000;

/// What the words ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Tell what the streams did.
    Show,
    /// Start, change or end (rate 0) a stream.
    Set(ObjectKey, Setting),
}

/// What is wrong with the words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrafficError {
    /// No such target.
    Target(String),
    /// No rate.
    NoRate,
    /// The rate cannot be read.
    Rate(String),
    /// No such option.
    Option(String),
    /// The value cannot be read.
    Value(String),
}

impl fmt::Display for TrafficError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrafficError::Target(word) => write!(
                f,
                "\"{word}\" is no target; traffic service/NAME RATE, or traffic deployment/NAME RATE"
            ),
            TrafficError::NoRate => {
                write!(f, "how much? traffic TARGET 20/s, or traffic TARGET off")
            }
            TrafficError::Rate(word) => write!(
                f,
                "cannot read the rate \"{word}\"; 20/s, 0.5/s, 90/m, off; at most {MAX_RATE}/s"
            ),
            TrafficError::Option(word) => write!(
                f,
                "\"{word}\" does not belong here; mode=round-robin|random, timeout=10s, objective=99.9"
            ),
            TrafficError::Value(word) => write!(f, "cannot read the value of \"{word}\""),
        }
    }
}

impl Command {
    /// Reads the words behind `traffic`. `namespace`: of targets without one.
    pub fn read(words: &[&str], namespace: &str) -> Result<Command, TrafficError> {
        let mut namespace = namespace;
        let mut plain: Vec<&str> = Vec::new();
        let mut options: Vec<&str> = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "-n" | "--namespace" => {
                    let value = words.next();
                    namespace = value.ok_or_else(|| TrafficError::Value((*word).to_owned()))?;
                }
                w if w.contains('=') => options.push(w),
                w => plain.push(w),
            }
        }
        let Some(target) = plain.first() else {
            return match options.first() {
                None => Ok(Command::Show),
                Some(o) => Err(TrafficError::Target((*o).to_owned())),
            };
        };
        let key = target_of(target, namespace)
            .ok_or_else(|| TrafficError::Target((*target).to_owned()))?;
        let rate = plain.get(1).ok_or(TrafficError::NoRate)?;
        let mut setting = Setting {
            rate: rate_of(rate).ok_or_else(|| TrafficError::Rate((*rate).to_owned()))?,
            ..Setting::default()
        };
        if let Some(more) = plain.get(2) {
            return Err(TrafficError::Option((*more).to_owned()));
        }
        for option in options {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            let ok = match key {
                "mode" => mode_of(value).map(|m| setting.mode = m),
                "timeout" => Span::parse(value)
                    .filter(|s| s.0 > 0)
                    .map(|s| setting.timeout = Millis(s.0)),
                "objective" => percent_of(value).map(|p| setting.objective = p),
                _ => return Err(TrafficError::Option(option.to_owned())),
            };
            ok.ok_or_else(|| TrafficError::Value(option.to_owned()))?;
        }
        Ok(Command::Set(key, setting))
    }
}

/// `service/web`, `svc/web`, `deployment/web`.
fn target_of(word: &str, namespace: &str) -> Option<ObjectKey> {
    let (kind, name) = word.split_once('/')?;
    let kind = match kind {
        "service" | "services" | "svc" => Kind::SERVICE,
        "deployment" | "deployments" | "deploy" | "deployment.apps" | "deployments.apps" => {
            Kind::DEPLOYMENT
        }
        _ => return None,
    };
    (!name.is_empty()).then(|| ObjectKey::new(kind, Str::copy(namespace), Str::copy(name)))
}

fn mode_of(word: &str) -> Option<Mode> {
    match word {
        "round-robin" => Some(Mode::RoundRobin),
        "random" => Some(Mode::Random),
        _ => None,
    }
}

/// Thousandths of a decimal number with at most three digits behind the point.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || part.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(part)
}

/// Requests per thousand seconds.
fn rate_of(word: &str) -> Option<u64> {
    if word == "off" {
        return Some(0);
    }
    let rate = if let Some(per_minute) = word.strip_suffix("/m") {
        thousandths(per_minute)? / 60
    } else {
        let per_second = word.strip_suffix("/s").or(word.strip_suffix("rps"));
        thousandths(per_second.unwrap_or(word))?
    };
    (rate <= MAX_RATE * 1000).then_some(rate)
}

/// Parts of 100 000.
fn percent_of(word: &str) -> Option<u32> {
    let n = thousandths(word.trim_end_matches('%'))?;
    u32::try_from(n).ok().filter(|n| *n <= 100_000)
}

/// `20/s`, `0.5/s`, `off`.
pub fn rate_text(rate: u64) -> String {
    if rate == 0 {
        return "off".to_owned();
    }
    let mut text = (rate / 1000).to_string();
    if !rate.is_multiple_of(1000) {
        let part = format!(".{:03}", rate % 1000);
        text.push_str(part.trim_end_matches('0'));
    }
    text.push_str("/s");
    text
}

impl fmt::Display for Setting {
    /// As it is typed: `20/s`, with the options that are not the usual ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Setting::default();
        f.write_str(&rate_text(self.rate))?;
        if self.mode == Mode::Random {
            f.write_str(" mode=random")?;
        }
        if self.timeout != usual.timeout {
            write!(f, " timeout={}", Span(self.timeout.0))?;
        }
        if self.objective != usual.objective {
            let text = rate_text(self.objective.into());
            write!(f, " objective={}", text.trim_end_matches("/s"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Command, TrafficError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Command::read(&words, "default")
    }

    #[test]
    fn words_are_read_and_printed_back() {
        for (words, printed) in [
            ("svc/web 20", "20/s"),
            ("service/web 20/s", "20/s"),
            ("service/web 0.5/s mode=random", "0.5/s mode=random"),
            ("deployment/web 90/m timeout=500ms", "1.5/s timeout=500ms"),
            ("deploy/web 8rps objective=99.95%", "8/s objective=99.95"),
            ("deploy/web off -n shop", "off"),
        ] {
            let Ok(Command::Set(key, setting)) = read(words) else {
                panic!("{words}");
            };
            assert_eq!(setting.to_string(), printed, "{words}");
            let again = format!("service/{} {setting}", key.name);
            let Ok(Command::Set(_, same)) = read(&again) else {
                panic!("{again}");
            };
            assert_eq!(same, setting, "{again}");
        }
        assert_eq!(read(""), Ok(Command::Show));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let own = |w: &str| w.to_owned();
        for (words, why) in [
            ("web 20", TrafficError::Target(own("web"))),
            ("pod/web 20", TrafficError::Target(own("pod/web"))),
            ("svc/web", TrafficError::NoRate),
            ("svc/web fast", TrafficError::Rate(own("fast"))),
            ("svc/web 10001", TrafficError::Rate(own("10001"))),
            ("svc/web 20 hard=1", TrafficError::Option(own("hard=1"))),
            ("svc/web 20 mode=odd", TrafficError::Value(own("mode=odd"))),
            (
                "svc/web 20 objective=101",
                TrafficError::Value(own("objective=101")),
            ),
            ("svc/web 20 more", TrafficError::Option(own("more"))),
            (
                "svc/web 99999999999999999999",
                TrafficError::Rate(own("99999999999999999999")),
            ),
        ] {
            assert_eq!(read(words), Err(why), "{words}");
        }
    }
}
