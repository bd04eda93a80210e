//! `kubectl wait`.

use super::Report;
use crate::Next;
use crate::builder::{self, Info, Request};
use crate::context::{Ctx, DryRun};
use crate::error::{Failure, Res};
use crate::flags::quoted;
use crate::follow::{self, Follow, Turn};
use crate::jsonpath::{self, JsonPath};
use rollout_api::{Minor, Value};

/// What is waited for.
#[derive(Clone, Debug)]
enum For {
    Delete,
    Create,
    Condition(String, String),
    Path(JsonPath, Option<String>),
}

/// A waiting `wait`.
#[derive(Clone)]
pub(crate) struct Waiting {
    what: For,
    left: Vec<Info>,
    current: Option<Info>,
    timeout: i64,
    /// One for all objects.
    deadline: Option<u64>,
    started: bool,
    errors: Vec<Failure>,
    output_name: bool,
}

fn parse_for(text: &str, minor: Minor) -> Res<For> {
    let lower = text.to_lowercase();
    if lower == "delete" {
        return Ok(For::Delete);
    }
    if lower == "create" {
        return Ok(For::Create);
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(For::Condition(name.to_owned(), value.to_owned()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let (path, value) = match rest.rsplit_once("}=") {
            Some((p, v)) => (format!("{p}}}"), Some(v)),
            None if rest.ends_with("}=") => (rest.to_owned(), Some("")),
            None => match rest.split_once('=') {
                Some((p, v)) if !rest.contains('{') => (p.to_owned(), Some(v)),
                _ => (rest.to_owned(), None),
            },
        };
        if path.is_empty() {
            return Err(Failure::text("jsonpath expression cannot be empty"));
        }
        if value == Some("") {
            return Err(Failure::text(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            ));
        }
        let path = path.trim_matches(['\'', '"']).to_owned();
        let relaxed = jsonpath::relaxed(&path).map_err(Failure::text)?;
        let parsed = JsonPath::parse(&relaxed).map_err(Failure::text)?;
        return Ok(For::Path(
            parsed,
            value.map(|v| v.trim_matches(['\'', '"']).to_owned()),
        ));
    }
    let shown = if minor >= Minor::V1_36 && text.is_empty() {
        "[]".to_owned()
    } else {
        quoted(text)
    };
    Err(Failure::text(format!("unrecognized condition: {shown}")))
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let wanted = ctx.flags.text("for").to_owned();
    let what = parse_for(&wanted, ctx.minor())?;
    if args.is_empty() && ctx.flags.texts("filename").is_empty() {
        return Err(builder::missing_resource());
    }
    let mut request = Request::of(ctx, &args);
    if matches!(what, For::Delete | For::Create) {
        request.lazy = true;
        request.latest = false;
    }
    Report::new(ctx, DryRun::None, false)?;
    let found = builder::find(ctx, &request)?;
    if found.infos.is_empty() {
        if !found.errors.is_empty() {
            return Err(Failure::many(found.errors));
        }
        // Nothing of a kind is what a deletion waits for.
        if matches!(what, For::Delete) {
            return Ok(Next::Done);
        }
        return Err(Failure::text("no matching resources found"));
    }
    let timeout = ctx.flags.millis("timeout").unwrap_or(30_000);
    let mut left = found.infos;
    left.reverse();
    let w = Waiting {
        what,
        left,
        current: None,
        timeout,
        deadline: None,
        started: false,
        errors: found.errors,
        output_name: ctx.flags.text("output") == "name",
    };
    Ok(Next::Follow(Follow::new(follow::Kind::Wait(Box::new(w)))))
}

impl Waiting {
    pub(crate) fn wake(&self) -> Option<u64> {
        self.deadline
    }

    /// Does the object fulfil the condition now? `Err`: it never will.
    fn met(&self, object: Option<&Value>) -> Result<bool, Failure> {
        match (&self.what, object) {
            (For::Delete, o) => Ok(o.is_none()),
            (For::Create, o) => Ok(o.is_some()),
            (_, None) => Ok(false),
            (For::Condition(name, value), Some(o)) => {
                Ok(o.list_at("status.conditions").iter().any(|c| {
                    let observed = c
                        .int_at("observedGeneration")
                        .or_else(|| o.int_at("status.observedGeneration"));
                    c.str_at("type").eq_ignore_ascii_case(name)
                        && c.str_at("status").eq_ignore_ascii_case(value)
                        && observed
                            .is_none_or(|g| g >= o.int_at("metadata.generation").unwrap_or(0))
                }))
            }
            (For::Path(path, value), Some(o)) => {
                let found: Vec<Value> = match path.find(o) {
                    Ok(f) => f.into_iter().flatten().collect(),
                    Err(_) => return Ok(false),
                };
                match (found.as_slice(), value) {
                    ([], _) => Ok(false),
                    (_, None) => Ok(true),
                    ([one], Some(v)) => {
                        if matches!(one, Value::Map(_) | Value::List(_)) {
                            return Err(Failure::text(
                                "jsonpath leads to a nested object or list which is not supported",
                            ));
                        }
                        Ok(jsonpath::text(one) == *v)
                    }
                    _ => Err(Failure::text(
                        "given jsonpath expression matches more than one value",
                    )),
                }
            }
        }
    }

    fn look(&mut self, turn: &mut Turn<'_, '_>, info: &Info) -> bool {
        let object = turn
            .client
            .get(info.kind(), &info.namespace, &info.name)
            .ok();
        match self.met(object.as_ref()) {
            Ok(false) => false,
            Ok(true) => {
                turn.say(if self.output_name {
                    info.title()
                } else {
                    format!("{} condition met", info.title())
                });
                true
            }
            Err(f) => {
                self.errors.push(f);
                true
            }
        }
    }

    fn timed_out(&mut self, info: &Info) {
        let text = if matches!(self.what, For::Create) {
            "timed out waiting for the condition".to_owned()
        } else if self.timeout == 0 {
            format!("condition not met for {}", info.plural_title())
        } else {
            format!(
                "timed out waiting for the condition on {}",
                info.plural_title()
            )
        };
        self.errors.push(Failure::text(text));
    }

    pub(crate) fn feed(&mut self, turn: &mut Turn<'_, '_>) -> Option<i32> {
        if !self.started {
            self.started = true;
            let week = 7 * 24 * 3_600_000;
            if self.timeout != 0 {
                self.deadline = Some(turn.at + u64::try_from(self.timeout).unwrap_or(week));
            }
        }
        let late = self.deadline.is_some_and(|d| turn.at >= d);
        if let Some(info) = self.current.take() {
            let touched = turn.changes.iter().any(|c| {
                c.key.kind == info.kind()
                    && *c.key.name == *info.name
                    && *c.key.namespace == *info.namespace
            });
            if touched && self.look(turn, &info) {
                // On to the next one.
            } else if late {
                self.timed_out(&info);
            } else {
                self.current = Some(info);
            }
        }
        while self.current.is_none() {
            let Some(info) = self.left.pop() else {
                self.deadline = None;
                if self.errors.is_empty() {
                    return Some(0);
                }
                let f = Failure::many(std::mem::take(&mut self.errors));
                turn.out.stderr.push_str(&f.stderr());
                return Some(1);
            };
            // A named object that is not there when its turn comes is silently fine.
            if matches!(self.what, For::Delete)
                && info.object.is_null()
                && turn
                    .client
                    .get(info.kind(), &info.namespace, &info.name)
                    .is_err()
            {
                continue;
            }
            // Once the time is over nothing is asked any more.
            if !late && self.look(turn, &info) {
                continue;
            }
            if late || self.timeout == 0 {
                self.timed_out(&info);
                continue;
            }
            self.current = Some(info);
        }
        None
    }
}
