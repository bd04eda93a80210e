//! The JSON of format 1. Short keys, because links are read by people only when something is wrong.
//!
//! ```text
//! { "p": preset, "m": manifest, "i": [image line, …], "e": seed, "k": minor version,
//!                                                                    the start; what is default is left out
//!   "a": [[at, step, settled, kind, text, name?], …],                the actions
//!   "c": [at, step], "d": draft }                                    the position and the unapplied text
//! ```

use super::{MAX_ACTIONS, Shared};
use crate::action::{Action, LogEntry};
use crate::start::Start;
use rollout_api::{Map, Minor, Value};

/// The version of a link that names none: what the first links were made with. It never changes.
const WHEN_SILENT: Minor = Minor::V1_32;

/// Longest text of one action or of the manifest.
const MAX_TEXT: usize = 1024 * 1024;

pub fn write(shared: &Shared) -> Value {
    let mut map = Map::new();
    if let Some(preset) = &shared.start.preset {
        map.insert("p", preset.clone());
    }
    if let Some(manifest) = &shared.start.manifest {
        map.insert("m", manifest.clone());
    }
    if !shared.start.images.is_empty() {
        map.insert(
            "i",
            Value::list(shared.start.images.iter().map(|l| Value::text(l)).collect()),
        );
    }
    if shared.start.seed != 1 {
        map.insert("e", shared.start.seed.to_string());
    }
    if shared.start.version != WHEN_SILENT {
        map.insert("k", i64::from(shared.start.version.0));
    }
    if !shared.log.is_empty() {
        map.insert(
            "a",
            Value::list(shared.log.iter().map(write_entry).collect()),
        );
    }
    map.insert(
        "c",
        Value::list(vec![int(shared.at), int(shared.step as u64)]),
    );
    if let Some(draft) = &shared.draft {
        map.insert("d", draft.clone());
    }
    map.into()
}

fn int(n: u64) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn write_entry(entry: &LogEntry) -> Value {
    let mut parts = vec![
        int(entry.at),
        int(entry.step as u64),
        int(u64::from(entry.settled)),
    ];
    match &entry.action {
        Action::Line(line) => parts.extend(["l".into(), Value::text(line)]),
        Action::Apply { file, text } => {
            parts.extend(["y".into(), Value::text(text), Value::text(file)])
        }
        Action::Save { file, text } => {
            parts.extend(["f".into(), Value::text(text), Value::text(file)])
        }
        Action::Edit {
            line,
            original,
            saved,
        } => {
            parts.extend(["e".into(), Value::text(line), Value::text(original)]);
            parts.extend(saved.iter().map(|s| Value::text(s)));
        }
        Action::Interrupt => parts.extend(["x".into(), "".into()]),
    }
    Value::list(parts)
}

pub fn read(value: &Value) -> Result<Shared, String> {
    let map = value.as_map().ok_or("it is no object")?;
    if let Some((key, _)) = map
        .iter()
        .find(|(k, _)| !["p", "m", "i", "e", "k", "a", "c", "d"].contains(&k.as_str()))
    {
        return Err(format!(
            "unknown part {:?}",
            key.chars().take(20).collect::<String>()
        ));
    }
    let start = Start {
        preset: text(map.get("p"), "p")?,
        manifest: text(map.get("m"), "m")?,
        images: match map.get("i") {
            None => Vec::new(),
            Some(lines) => {
                image_lines(lines).ok_or("the image rules are no list of `image` lines")?
            }
        },
        seed: match text(map.get("e"), "e")? {
            None => 1,
            Some(seed) => seed.parse().map_err(|_| "the seed is no number")?,
        },
        version: match map.get("k") {
            None => WHEN_SILENT,
            Some(v) => v
                .as_int()
                .and_then(|k| u8::try_from(k).ok())
                .map(Minor)
                .filter(|m| (Minor::OLDEST..=Minor::NEWEST).contains(m))
                .ok_or("the version of Kubernetes is not known here")?,
        },
    };
    if let Some(preset) = &start.preset
        && crate::presets::find(preset).is_none()
    {
        return Err(format!(
            "there is no preset {:?}",
            preset.chars().take(40).collect::<String>()
        ));
    }
    let actions = match map.get("a") {
        None => &[],
        Some(Value::List(l)) => &l[..],
        Some(_) => return Err("the actions are no list".to_owned()),
    };
    if actions.len() > MAX_ACTIONS {
        return Err(format!(
            "{} actions are more than {MAX_ACTIONS}",
            actions.len()
        ));
    }
    let log = actions
        .iter()
        .enumerate()
        .map(|(i, a)| read_entry(a).ok_or_else(|| format!("action {} cannot be read", i + 1)))
        .collect::<Result<Vec<_>, _>>()?;
    if log
        .windows(2)
        .any(|w| w[0].at > w[1].at || w[0].step > w[1].step)
    {
        return Err("the actions are not in order of time".to_owned());
    }
    let position = map.get("c").map(Value::as_list).unwrap_or_default();
    let at = position
        .first()
        .map_or(Some(0), number)
        .ok_or("the time is no number")?;
    let step = position
        .get(1)
        .map_or(Some(0), number)
        .ok_or("the step is no number")?;
    Ok(Shared {
        start,
        log,
        at,
        step: usize::try_from(step).unwrap_or(usize::MAX),
        draft: text(map.get("d"), "d")?,
    })
}

/// Most image rules in a link.
const MAX_RULES: usize = 200;

fn image_lines(value: &Value) -> Option<Vec<String>> {
    let Value::List(lines) = value else {
        return None;
    };
    if lines.len() > MAX_RULES {
        return None;
    }
    let line = |v: &Value| {
        v.as_str()
            .filter(|l| {
                let known = ["image ", "fault ", "traffic "];
                known.iter().any(|k| l.starts_with(k)) && l.len() <= 1000
            })
            .map(str::to_owned)
    };
    lines.iter().map(line).collect()
}

fn text(value: Option<&Value>, part: &str) -> Result<Option<String>, String> {
    match value {
        None => Ok(None),
        Some(Value::String(s)) if s.len() <= MAX_TEXT => Ok(Some(s.to_string())),
        Some(Value::String(_)) => Err(format!("part {part:?} is too long")),
        Some(_) => Err(format!("part {part:?} is no text")),
    }
}

/// Largest time or step in a link: a hundred days.
const MAX_NUMBER: u64 = 100 * 24 * 3600 * 1000;

fn number(value: &Value) -> Option<u64> {
    value
        .as_int()
        .and_then(|n| u64::try_from(n).ok())
        .filter(|n| *n <= MAX_NUMBER)
}

fn read_entry(value: &Value) -> Option<LogEntry> {
    let parts = value.as_list();
    let at = number(parts.first()?)?;
    let step = usize::try_from(number(parts.get(1)?)?).ok()?;
    let settled = number(parts.get(2)?)? != 0;
    let body = parts.get(4)?.as_str()?;
    if body.len() > MAX_TEXT {
        return None;
    }
    let file = || {
        parts
            .get(5)
            .and_then(Value::as_str)
            .filter(|f| f.len() <= 200)
            .map(str::to_owned)
    };
    let action = match parts.get(3)?.as_str()? {
        "l" => Action::Line(body.to_owned()),
        "y" => Action::Apply {
            file: file()?,
            text: body.to_owned(),
        },
        "f" => Action::Save {
            file: file()?,
            text: body.to_owned(),
        },
        "e" => {
            let text = |v: &Value| {
                v.as_str()
                    .filter(|t| t.len() <= MAX_TEXT)
                    .map(str::to_owned)
            };
            Action::Edit {
                line: body.to_owned(),
                original: text(parts.get(5)?)?,
                saved: parts[6..].iter().map(text).collect::<Option<_>>()?,
            }
        }
        "x" => Action::Interrupt,
        _ => return None,
    };
    Some(LogEntry {
        at,
        step,
        settled,
        action,
    })
}
