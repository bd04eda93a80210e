//! `fault …` in words, read and printed back.

use super::{Controllers, Fault, Faults, RegistryFault, Webhook};
use crate::images::Span;
use crate::time::Millis;
use rollout_api::Str;
use std::fmt;
use std::rc::Rc;

/// The longest delay: more would only look like a page that hangs.
const MAX_DELAY: u64 = 600_000;

/// What is wrong with the words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultError {
    /// No such fault.
    Unknown(String),
    /// A word is missing; what is expected.
    Missing(&'static str),
    /// A word does not belong here.
    Word(String),
    /// The value cannot be read.
    Value(String),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultError::Unknown(word) => write!(
                f,
                "unknown fault \"{word}\"; one of node, registry, api, endpoints, webhook, controllers, schema, off"
            ),
            FaultError::Missing(what) => write!(f, "{what}"),
            FaultError::Word(word) => write!(f, "\"{word}\" does not belong here"),
            FaultError::Value(word) => write!(f, "cannot read the value of \"{word}\""),
        }
    }
}

/// Words without and with `=`.
struct Split<'w> {
    plain: Vec<&'w str>,
    keys: Vec<(&'w str, &'w str, &'w str)>,
}

impl<'w> Split<'w> {
    fn of(words: &[&'w str]) -> Split<'w> {
        let (mut plain, mut keys) = (Vec::new(), Vec::new());
        for word in words {
            match word.split_once('=') {
                Some((key, value)) => keys.push((*word, key, value)),
                None => plain.push(*word),
            }
        }
        Split { plain, keys }
    }
    /// Takes the value of a key out.
    fn take(&mut self, key: &str) -> Option<(&'w str, &'w str)> {
        let i = self.keys.iter().position(|(_, k, _)| *k == key)?;
        let (word, _, value) = self.keys.remove(i);
        Some((word, value))
    }
    fn span(&mut self, key: &str) -> Result<Option<Millis>, FaultError> {
        let Some((word, value)) = self.take(key) else {
            return Ok(None);
        };
        let span = Span::parse(value).filter(|s| s.0 > 0 && s.0 <= MAX_DELAY * 6000);
        let span = span.ok_or_else(|| FaultError::Value(word.to_owned()))?;
        Ok(Some(Millis(span.0)))
    }
}

impl Fault {
    /// Reads the words behind `fault`: what is broken or mended, and for how long.
    pub fn read(words: &[&str]) -> Result<(Fault, Option<Millis>), FaultError> {
        let (first, rest) = words
            .split_first()
            .ok_or(FaultError::Missing("what is broken? fault KIND …"))?;
        let (kind, target) = match first.split_once('/') {
            Some((kind, target)) => (kind, Some(target)),
            None => (*first, None),
        };
        let mut split = Split::of(rest);
        if let Some(target) = target {
            split.plain.insert(0, target);
        }
        let lasting = split.span("for")?;
        let fault = match kind {
            "node" | "nodes" => node(&mut split)?,
            "registry" => registry(&mut split)?,
            "api" => api(&mut split)?,
            "endpoints" => endpoints(&mut split)?,
            "webhook" => webhook(&mut split)?,
            "controllers" => controllers(&mut split)?,
            "schema" => schema(&mut split)?,
            "off" => Fault::Off,
            other => return Err(FaultError::Unknown(other.to_owned())),
        };
        if let Some(word) = split.plain.first() {
            return Err(FaultError::Word((*word).to_owned()));
        }
        if let Some((word, ..)) = split.keys.first() {
            return Err(FaultError::Word((*word).to_owned()));
        }
        if lasting.is_some() && fault.mended().is_none() {
            return Err(FaultError::Word("for".to_owned()));
        }
        Ok((fault, lasting))
    }
}

/// The next plain word.
fn word<'w>(split: &mut Split<'w>, what: &'static str) -> Result<&'w str, FaultError> {
    if split.plain.is_empty() {
        return Err(FaultError::Missing(what));
    }
    Ok(split.plain.remove(0))
}

fn node(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    let name = word(split, "which node? fault node NAME lost|back")?;
    let name = Str::copy(name);
    match word(split, "what about it? fault node NAME lost|back")? {
        "lost" => Ok(Fault::NodeLost(name)),
        "back" => Ok(Fault::NodeBack(name)),
        other => Err(FaultError::Word(other.to_owned())),
    }
}

fn registry(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    const WHAT: &str = "what about it? fault registry [HOST] down|up";
    let mut state = word(split, WHAT)?;
    let mut host = Str::default();
    if !matches!(state, "down" | "up") {
        host = Str::copy(state);
        state = word(split, WHAT)?;
    }
    match state {
        "down" => {
            let how = match split.take("reason") {
                None => RegistryFault::Refused,
                Some((word, value)) => RegistryFault::by_name(value)
                    .ok_or_else(|| FaultError::Value(word.to_owned()))?,
            };
            Ok(Fault::Registry(host, Some(how)))
        }
        "up" => Ok(Fault::Registry(host, None)),
        other => Err(FaultError::Word(other.to_owned())),
    }
}

/// `slow [delay=…]` or `normal`: none for normal.
fn slow(
    split: &mut Split<'_>,
    what: &'static str,
    usual: u64,
) -> Result<Option<Millis>, FaultError> {
    match word(split, what)? {
        "slow" => {
            let delay = split.span("delay")?.unwrap_or(Millis(usual));
            if delay.0 > MAX_DELAY {
                return Err(FaultError::Value(format!("delay={}", Span(delay.0))));
            }
            Ok(Some(delay))
        }
        "normal" => Ok(None),
        other => Err(FaultError::Word(other.to_owned())),
    }
}

fn api(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    let delay = slow(
        split,
        "what about it? fault api slow|normal [delay=2s]",
        2_000,
    )?;
    Ok(Fault::Api(delay.unwrap_or_default()))
}

fn endpoints(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    let what = "what about them? fault endpoints slow|normal [delay=5s]";
    let delay = slow(split, what, 5_000)?;
    Ok(Fault::Endpoints(
        delay.unwrap_or(crate::traffic::PROPAGATION),
    ))
}

fn webhook(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    match word(split, "what about it? fault webhook deny|off")? {
        "off" => Ok(Fault::Webhook(None)),
        "deny" => {
            let mut text = |key: &str| {
                let taken = split.take(key).map(|(_, value)| value);
                taken.map(Str::copy).unwrap_or_default()
            };
            let (image, label, missing) = (text("image"), text("label"), text("missing"));
            let (name, message, on) = (text("name"), text("message"), text("on"));
            let deployments = match on.as_str() {
                "" | "pods" => false,
                "deployments" => true,
                other => return Err(FaultError::Value(format!("on={other}"))),
            };
            let name = if name.is_empty() {
                "policy.example.com".into()
            } else {
                name
            };
            Ok(Fault::Webhook(Some(Rc::new(Webhook {
                name,
                deployments,
                image,
                label,
                missing,
                message,
            }))))
        }
        other => Err(FaultError::Word(other.to_owned())),
    }
}

fn controllers(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    match word(split, "what about them? fault controllers down|up|restart")? {
        "down" => Ok(Fault::Controllers(Controllers::Down)),
        "up" => Ok(Fault::Controllers(Controllers::Up)),
        "restart" => Ok(Fault::Controllers(Controllers::Restart)),
        other => Err(FaultError::Word(other.to_owned())),
    }
}

fn schema(split: &mut Split<'_>) -> Result<Fault, FaultError> {
    let number = word(split, "which one? fault schema NUMBER")?;
    let schema = number.parse().ok().filter(|n| *n > 0);
    let schema = schema.ok_or_else(|| FaultError::Value(number.to_owned()))?;
    Ok(Fault::Schema(schema))
}

impl fmt::Display for Fault {
    /// The words behind `fault`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NodeLost(node) => write!(f, "node {node} lost"),
            Fault::NodeBack(node) => write!(f, "node {node} back"),
            Fault::Registry(host, how) => {
                f.write_str("registry ")?;
                if !host.is_empty() {
                    write!(f, "{host} ")?;
                }
                match how {
                    None => f.write_str("up"),
                    Some(RegistryFault::Refused) => f.write_str("down"),
                    Some(how) => write!(f, "down reason={}", how.name()),
                }
            }
            Fault::Api(Millis(0)) => f.write_str("api normal"),
            Fault::Api(delay) => write!(f, "api slow delay={}", Span(delay.0)),
            Fault::Endpoints(delay) if *delay == crate::traffic::PROPAGATION => {
                f.write_str("endpoints normal")
            }
            Fault::Endpoints(delay) => write!(f, "endpoints slow delay={}", Span(delay.0)),
            Fault::Webhook(None) => f.write_str("webhook off"),
            Fault::Webhook(Some(webhook)) => {
                f.write_str("webhook deny")?;
                for (key, value) in [
                    ("image", &webhook.image),
                    ("label", &webhook.label),
                    ("missing", &webhook.missing),
                    ("message", &webhook.message),
                ] {
                    match value.contains(char::is_whitespace) {
                        _ if value.is_empty() => {}
                        true => write!(f, " {key}='{value}'")?,
                        false => write!(f, " {key}={value}")?,
                    }
                }
                if webhook.deployments {
                    f.write_str(" on=deployments")?;
                }
                if webhook.name.as_str() != "policy.example.com" {
                    write!(f, " name={}", webhook.name)?;
                }
                Ok(())
            }
            Fault::Controllers(Controllers::Down) => f.write_str("controllers down"),
            Fault::Controllers(Controllers::Up) => f.write_str("controllers up"),
            Fault::Controllers(Controllers::Restart) => f.write_str("controllers restart"),
            Fault::Schema(n) => write!(f, "schema {n}"),
            Fault::Off => f.write_str("off"),
        }
    }
}

impl Faults {
    /// What is broken, as the faults that made it so.
    pub fn list(&self) -> Vec<Fault> {
        let mut out: Vec<Fault> = self.lost.keys().cloned().map(Fault::NodeLost).collect();
        for registry in &self.registries {
            out.push(Fault::Registry(registry.host.clone(), Some(registry.how)));
        }
        if self.api_delay.0 > 0 {
            out.push(Fault::Api(self.api_delay));
        }
        out.extend(self.endpoint_delay.map(Fault::Endpoints));
        if self.webhook.is_some() {
            out.push(Fault::Webhook(self.webhook.clone()));
        }
        if self.controllers_down {
            out.push(Fault::Controllers(Controllers::Down));
        }
        out.extend(self.schema.map(Fault::Schema));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Fault, Option<Millis>), FaultError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Fault::read(&words)
    }

    #[test]
    fn words_are_read_and_printed_back() {
        for (words, printed) in [
            ("node node-2 lost", "node node-2 lost"),
            ("node/node-2 back", "node node-2 back"),
            ("registry down", "registry down"),
            (
                "registry docker.io down reason=dns",
                "registry docker.io down reason=dns",
            ),
            ("registry/quay.io up", "registry quay.io up"),
            ("api slow", "api slow delay=2"),
            ("api slow delay=1500ms", "api slow delay=1500ms"),
            ("api normal", "api normal"),
            ("endpoints slow", "endpoints slow delay=5"),
            ("endpoints normal", "endpoints normal"),
            ("webhook deny image=*:v2", "webhook deny image=*:v2"),
            (
                "webhook deny missing=team on=deployments name=a.b",
                "webhook deny missing=team on=deployments name=a.b",
            ),
            ("webhook off", "webhook off"),
            ("controllers restart", "controllers restart"),
            ("controllers down", "controllers down"),
            ("schema 2", "schema 2"),
            ("off", "off"),
        ] {
            let (fault, lasting) = read(words).unwrap();
            assert_eq!((fault.to_string().as_str(), lasting), (printed, None));
            assert_eq!(read(printed).unwrap().0, fault);
        }
        let lasting = read("node node-1 lost for=5m").unwrap().1;
        assert_eq!(lasting, Some(Millis(300_000)));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for words in [
            "",
            "node",
            "node n",
            "node n gone",
            "registry",
            "registry x",
            "registry x y down",
            "registry down reason=odd",
            "api",
            "api fast",
            "api slow delay=never",
            "api slow delay=99h",
            "endpoints",
            "webhook",
            "webhook deny on=secrets",
            "webhook deny odd=1",
            "controllers",
            "schema",
            "schema 0",
            "schema x",
            "odd",
            "off now",
            "node n lost for=0",
            "schema 2 for=5m",
            "node n back for=5m",
        ] {
            assert!(read(words).is_err(), "{words}");
        }
    }
}
