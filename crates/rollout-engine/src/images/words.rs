//! Rules in words: `image REFERENCE BEHAVIOUR [KEY=VALUE…]`, read and printed back.

use super::{Behaviour, ImageRule, Scope, Span};
use rollout_api::Str;
use std::fmt;

/// What is wrong with the words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WordError {
    /// No reference.
    NoImage,
    /// No behaviour.
    NoBehaviour,
    /// No such behaviour.
    Unknown(String),
    /// The behaviour before has no such key.
    UnknownKey(String),
    /// The value cannot be read.
    BadValue(String),
    /// The behaviour needs this key.
    Missing(&'static str, &'static str),
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WordError::NoImage => write!(f, "which image? image REFERENCE BEHAVIOUR [KEY=VALUE…]"),
            WordError::NoBehaviour => write!(f, "which behaviour? One of {}", NAMES.join(", ")),
            WordError::Unknown(word) => write!(
                f,
                "unknown behaviour \"{word}\"; one of {}",
                NAMES.join(", ")
            ),
            WordError::UnknownKey(word) => write!(f, "\"{word}\" does not belong here"),
            WordError::BadValue(word) => write!(f, "cannot read the value of \"{word}\""),
            WordError::Missing(name, key) => write!(f, "{name} needs {key}=…"),
        }
    }
}

/// The behaviours' names, in the order of the panel.
const NAMES: [&str; 21] = [
    "good",
    "missing",
    "late",
    "crash",
    "never-ready",
    "flapping",
    "slow-start",
    "slow-pull",
    "slow-answers",
    "errors",
    "oom",
    "needs-config",
    "needs-schema",
    "wrong-port",
    "wrong-path",
    "serves",
    "ignores-stop",
    "needs-write",
    "needs-root",
    "advisory",
    "moved-tag",
];

impl Behaviour {
    /// All names, in the order of the panel.
    pub fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// A behaviour with its usual numbers.
    pub fn by_name(name: &str) -> Option<Behaviour> {
        let s = |seconds: u64| Span(seconds * 1000);
        Some(match name {
            "good" => Behaviour::Good,
            "missing" => Behaviour::Missing,
            "late" => Behaviour::Late { until: s(60) },
            "crash" => Behaviour::Crash {
                after: s(1),
                exit: 1,
            },
            "never-ready" => Behaviour::NeverReady,
            "flapping" => Behaviour::Flapping {
                up: s(30),
                down: s(30),
            },
            "slow-start" => Behaviour::SlowStart { ready: s(30) },
            "slow-pull" => Behaviour::SlowPull {
                time: s(30),
                size: None,
            },
            "slow-answers" => Behaviour::SlowAnswers { latency: s(2) },
            "errors" => Behaviour::Errors { percent: 20 },
            "oom" | "greedy" => Behaviour::Oom { after: s(30) },
            "needs-config" => Behaviour::NeedsConfig {
                key: Str::default(),
            },
            "needs-schema" => Behaviour::NeedsSchema { schema: 0 },
            "wrong-port" => Behaviour::WrongPort,
            "wrong-path" => Behaviour::WrongPath,
            "serves" => Behaviour::Serves {
                ports: Str::default(),
                paths: Str::default(),
            },
            "ignores-stop" => Behaviour::IgnoresStop,
            "needs-write" => Behaviour::NeedsWrite,
            "needs-root" => Behaviour::NeedsRoot,
            "advisory" => Behaviour::Advisory,
            "moved-tag" => Behaviour::MovedTag { digest: 1 },
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Behaviour::Good => "good",
            Behaviour::Missing => "missing",
            Behaviour::Late { .. } => "late",
            Behaviour::Crash { .. } => "crash",
            Behaviour::NeverReady => "never-ready",
            Behaviour::Flapping { .. } => "flapping",
            Behaviour::SlowStart { .. } => "slow-start",
            Behaviour::SlowPull { .. } => "slow-pull",
            Behaviour::SlowAnswers { .. } => "slow-answers",
            Behaviour::Errors { .. } => "errors",
            Behaviour::Oom { .. } => "oom",
            Behaviour::NeedsConfig { .. } => "needs-config",
            Behaviour::NeedsSchema { .. } => "needs-schema",
            Behaviour::WrongPort => "wrong-port",
            Behaviour::WrongPath => "wrong-path",
            Behaviour::Serves { .. } => "serves",
            Behaviour::IgnoresStop => "ignores-stop",
            Behaviour::NeedsWrite => "needs-write",
            Behaviour::NeedsRoot => "needs-root",
            Behaviour::Advisory => "advisory",
            Behaviour::MovedTag { .. } => "moved-tag",
        }
    }

    /// Sets one of its numbers; `None` if it has no such key, `Some(false)` if the value cannot be read.
    fn set(&mut self, key: &str, value: &str) -> Option<bool> {
        fn put<T>(slot: &mut T, value: Option<T>) -> Option<bool> {
            let ok = value.is_some();
            if let Some(v) = value {
                *slot = v;
            }
            Some(ok)
        }
        let span = || Span::parse(value);
        match (self, key) {
            (Behaviour::Late { until }, "until") => put(until, span()),
            (Behaviour::Crash { after, .. } | Behaviour::Oom { after }, "after") => {
                put(after, span())
            }
            (Behaviour::Crash { exit, .. }, "exit") => put(exit, value.parse().ok()),
            (Behaviour::Flapping { up, .. }, "up") => put(up, span().filter(|s| s.0 > 0)),
            (Behaviour::Flapping { down, .. }, "down") => put(down, span()),
            (Behaviour::SlowStart { ready }, "ready") => put(ready, span()),
            (Behaviour::SlowPull { time, .. }, "time") => put(time, span()),
            (Behaviour::SlowPull { size, time }, "size") => {
                let bytes = bytes(value);
                if let Some(b) = bytes {
                    // 10 MB per second, as on an ordinary line.
                    *time = Span(b / 10_000);
                    *size = Some(b);
                }
                Some(bytes.is_some())
            }
            (Behaviour::SlowAnswers { latency }, "latency") => put(latency, span()),
            (Behaviour::Errors { percent }, "percent") => put(
                percent,
                value
                    .trim_end_matches('%')
                    .parse()
                    .ok()
                    .filter(|p| *p <= 100),
            ),
            (Behaviour::NeedsConfig { key }, "key") => {
                put(key, (!value.is_empty()).then(|| Str::copy(value)))
            }
            (Behaviour::Serves { ports, .. }, "port") => {
                let port = |p: &str| p.parse::<u16>().is_ok_and(|n| n > 0);
                put(ports, value.split(',').all(port).then(|| Str::copy(value)))
            }
            (Behaviour::Serves { paths, .. }, "path") => {
                let path = |p: &str| p.starts_with('/');
                put(paths, value.split(',').all(path).then(|| Str::copy(value)))
            }
            (Behaviour::NeedsSchema { schema }, "schema") => put(schema, value.parse().ok()),
            (Behaviour::MovedTag { digest }, "digest") => put(digest, value.parse().ok()),
            _ => None,
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Behaviour::Late { until } => write!(f, " until={until}"),
            Behaviour::Crash { after, exit } => write!(f, " after={after} exit={exit}"),
            Behaviour::Flapping { up, down } => write!(f, " up={up} down={down}"),
            Behaviour::SlowStart { ready } => write!(f, " ready={ready}"),
            Behaviour::SlowPull { time, size: None } => write!(f, " time={time}"),
            Behaviour::SlowPull {
                time,
                size: Some(size),
            } => write!(f, " size={size} time={time}"),
            Behaviour::SlowAnswers { latency } => write!(f, " latency={latency}"),
            Behaviour::Errors { percent } => write!(f, " percent={percent}"),
            Behaviour::Oom { after } => write!(f, " after={after}"),
            Behaviour::NeedsConfig { key } => write!(f, " key={key}"),
            Behaviour::NeedsSchema { schema } => write!(f, " schema={schema}"),
            Behaviour::Serves { ports, paths } => {
                for (key, list) in [(" port=", ports), (" path=", paths)] {
                    if !list.is_empty() {
                        f.write_str(key)?;
                        f.write_str(list)?;
                    }
                }
                Ok(())
            }
            Behaviour::MovedTag { digest } => write!(f, " digest={digest}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for ImageRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.image)?;
        for b in &self.behaviours {
            write!(f, " {b}")?;
        }
        if let Some(n) = self.scope.pod {
            write!(f, " pod={n}")?;
        }
        if let Some(n) = &self.scope.node {
            write!(f, " node={n}")?;
        }
        if let Some(t) = self.scope.from {
            write!(f, " from={t}")?;
        }
        // `late` has a moment of the same name: the scope's is written so that it is read back as the scope's.
        if let Some(t) = self.scope.until {
            write!(f, " to={t}")?;
        }
        Ok(())
    }
}

impl Span {
    /// Reads `30`, `500ms`, `90s`, `2m`, `1h`, `1m30s`.
    pub fn parse(text: &str) -> Option<Span> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Span(text.parse::<u64>().ok()?.checked_mul(1000)?));
        }
        let mut rest = text;
        let mut sum: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let n: u64 = rest.get(..digits)?.parse().ok()?;
            rest = rest.get(digits..)?;
            let (unit, len) = match rest.as_bytes() {
                [b'm', b's', ..] => (1, 2),
                [b's', ..] => (1000, 1),
                [b'm', ..] => (60_000, 1),
                [b'h', ..] => (3_600_000, 1),
                _ => return None,
            };
            rest = rest.get(len..)?;
            sum = sum.checked_add(n.checked_mul(unit)?)?;
        }
        (!text.is_empty()).then_some(Span(sum))
    }
}

impl fmt::Display for Span {
    /// Seconds if whole, else milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(f, "{}", self.0 / 1000)
        } else {
            write!(f, "{}ms", self.0)
        }
    }
}

/// `500MB`, `2Gi`, `1000000`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let n: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "" | "B" => 1,
        "k" | "kB" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "Ki" | "KiB" => 1 << 10,
        "Mi" | "MiB" => 1 << 20,
        "Gi" | "GiB" => 1 << 30,
        _ => return None,
    };
    n.checked_mul(unit)
}

/// Reads a rule from words.
pub(super) fn parse(words: &[&str]) -> Result<ImageRule, WordError> {
    let (image, rest) = words.split_first().ok_or(WordError::NoImage)?;
    let mut rule = ImageRule {
        image: Str::copy(image),
        behaviours: Vec::new(),
        scope: Scope::default(),
    };
    for word in rest {
        let Some((key, value)) = word.split_once('=') else {
            let name = word.replace(['_', ' '], "-");
            let behaviour =
                Behaviour::by_name(&name).ok_or_else(|| WordError::Unknown((*word).to_owned()))?;
            rule.behaviours.push(behaviour);
            continue;
        };
        let of_behaviour = rule.behaviours.last_mut().and_then(|b| b.set(key, value));
        let ok = match of_behaviour {
            Some(ok) => ok,
            None => scope_word(&mut rule.scope, key, value)
                .ok_or_else(|| WordError::UnknownKey((*word).to_owned()))?,
        };
        if !ok {
            return Err(WordError::BadValue((*word).to_owned()));
        }
    }
    if rule.behaviours.is_empty() {
        return Err(WordError::NoBehaviour);
    }
    for b in &rule.behaviours {
        match b {
            Behaviour::NeedsConfig { key } if key.is_empty() => {
                return Err(WordError::Missing("needs-config", "key"));
            }
            Behaviour::Serves { ports, paths } if ports.is_empty() && paths.is_empty() => {
                return Err(WordError::Missing("serves", "port"));
            }
            Behaviour::NeedsSchema { schema: 0 } => {
                return Err(WordError::Missing("needs-schema", "schema"));
            }
            _ => {}
        }
    }
    Ok(rule)
}

fn scope_word(scope: &mut Scope, key: &str, value: &str) -> Option<bool> {
    match key {
        "pod" => scope.pod = value.parse().ok().filter(|n| *n > 0),
        "node" => scope.node = (!value.is_empty()).then(|| Str::copy(value)),
        "from" => scope.from = Span::parse(value),
        "to" | "until" => scope.until = Span::parse(value),
        _ => return None,
    }
    Some(match key {
        "pod" => scope.pod.is_some(),
        "node" => scope.node.is_some(),
        "from" => scope.from.is_some(),
        _ => scope.until.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ImageRule, WordError> {
        parse(
            &text
                .split(' ')
                .filter(|w| !w.is_empty())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn every_behaviour_is_read_and_printed_back() {
        for name in NAMES {
            let text = match name {
                "needs-config" => "web:v2 needs-config key=DB_URL".to_owned(),
                "needs-schema" => "web:v2 needs-schema schema=2".to_owned(),
                "serves" => "web:v2 serves port=80,8080 path=/healthz".to_owned(),
                _ => format!("web:v2 {name}"),
            };
            let rule = read(&text).unwrap();
            assert_eq!(rule.behaviours[0].name(), name);
            assert_eq!(read(&rule.to_string()).unwrap(), rule, "{rule}");
        }
    }

    #[test]
    fn numbers_scopes_and_combinations() {
        let rule = read(
            "web:v2 slow-start ready=1m30s errors percent=5% pod=3 node=node-2 from=2m to=500ms",
        )
        .unwrap();
        assert_eq!(
            rule.to_string(),
            "web:v2 slow-start ready=90 errors percent=5 pod=3 node=node-2 from=120 to=500ms"
        );
        assert_eq!(
            read("a crash after=2 exit=3").unwrap().behaviours,
            [Behaviour::Crash {
                after: Span(2000),
                exit: 3
            }]
        );
        assert_eq!(
            read("a late until=120 until=5").unwrap().behaviours,
            [Behaviour::Late { until: Span(5000) }]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, why) in [
            ("", WordError::NoImage),
            ("a", WordError::NoBehaviour),
            ("a wobbly", WordError::Unknown("wobbly".into())),
            ("a crash ready=1", WordError::UnknownKey("ready=1".into())),
            ("a crash exit=300", WordError::BadValue("exit=300".into())),
            (
                "a crash after=soon",
                WordError::BadValue("after=soon".into()),
            ),
            ("a needs-config", WordError::Missing("needs-config", "key")),
            ("a serves", WordError::Missing("serves", "port")),
            ("a serves port=0", WordError::BadValue("port=0".into())),
            ("a serves path=x", WordError::BadValue("path=x".into())),
            ("a good pod=0", WordError::BadValue("pod=0".into())),
            (
                "a slow-start ready=99999999999999999999",
                WordError::BadValue("ready=99999999999999999999".into()),
            ),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }
}
