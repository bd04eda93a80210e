//! How a plan of a comparison differs from what the learner did, and what a manifest looks like under it.

use crate::subject::place_in;
use rollout_api::decode::Step;
use rollout_api::intstr::IntOrString;
use rollout_api::{Minor, ObjectKey, Value, object};
use rollout_manifest::documents::documents;
use rollout_manifest::edit;

/// What one row of a comparison changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// Nothing: the manifest as it is.
    AsIs,
    /// `strategy.type: Recreate`.
    Recreate,
    /// A rolling update with these limits, as written: `1`, `25%`.
    Rolling {
        /// maxSurge.
        surge: String,
        /// maxUnavailable.
        unavailable: String,
    },
    /// The same with another number of replicas: a cell of a sweep.
    Sized {
        /// replicas.
        replicas: i64,
        /// maxSurge.
        surge: String,
        /// maxUnavailable.
        unavailable: String,
    },
    /// Every container with a readiness probe, or none with any probe.
    Probes(bool),
    /// Another manifest in place of the first one.
    Text {
        /// Its name in the comparison.
        name: String,
        /// The manifest.
        text: String,
    },
    /// A branch of the session, to its end.
    Branch(usize),
}

/// Most replicas that a plan may ask for.
const MOST_REPLICAS: i64 = 1_000;

/// The plans that are compared when nobody chose.
pub fn default_plans() -> Vec<Plan> {
    ["Recreate", "0,1", "1,0"]
        .iter()
        .filter_map(|w| Plan::parse(w).ok())
        .collect()
}

impl Plan {
    /// Reads a word: `as-is`, `Recreate`, `SURGE,UNAVAILABLE`, `probes`, `no-probes`, `branch:N`.
    pub fn parse(word: &str) -> Result<Plan, String> {
        let word = word.trim();
        Ok(match word.to_ascii_lowercase().as_str() {
            "as-is" | "own" => Plan::AsIs,
            "recreate" => Plan::Recreate,
            "probes" => Plan::Probes(true),
            "no-probes" => Plan::Probes(false),
            other => {
                if let Some(n) = other.strip_prefix("branch:") {
                    let index = n
                        .parse()
                        .map_err(|_| format!("{word:?}: branch:0 is main"))?;
                    return Ok(Plan::Branch(index));
                }
                let Some((surge, unavailable)) = word.split_once([',', '/']) else {
                    return Err(format!(
                        "{word:?} is no plan: as-is, Recreate, SURGE,UNAVAILABLE, probes, no-probes or branch:N"
                    ));
                };
                let (unavailable, replicas) = match unavailable.split_once([',', '/']) {
                    Some((unavailable, n)) => (unavailable, Some(n.trim())),
                    None => (unavailable, None),
                };
                let (surge, unavailable) = (surge.trim(), unavailable.trim());
                for (field, text) in [("maxSurge", surge), ("maxUnavailable", unavailable)] {
                    if limit(text).is_none() {
                        return Err(format!(
                            "{word:?}: {field} {text:?} is no number and no percentage"
                        ));
                    }
                }
                if is_zero(surge) && is_zero(unavailable) {
                    return Err(format!(
                        "{word:?}: maxSurge and maxUnavailable may not both be 0"
                    ));
                }
                let (surge, unavailable) = (surge.to_owned(), unavailable.to_owned());
                match replicas.map(str::parse) {
                    None => Plan::Rolling { surge, unavailable },
                    Some(Ok(replicas @ 0..=MOST_REPLICAS)) => Plan::Sized {
                        replicas,
                        surge,
                        unavailable,
                    },
                    Some(_) => {
                        return Err(format!(
                            "{word:?}: replicas is a number from 0 to {MOST_REPLICAS}"
                        ));
                    }
                }
            }
        })
    }

    /// The word that [`Plan::parse`] reads. Other manifests have none.
    pub fn word(&self) -> String {
        match self {
            Plan::AsIs => "as-is".to_owned(),
            Plan::Recreate => "Recreate".to_owned(),
            Plan::Rolling { surge, unavailable } => format!("{surge},{unavailable}"),
            Plan::Sized {
                replicas,
                surge,
                unavailable,
            } => format!("{surge},{unavailable},{replicas}"),
            Plan::Probes(true) => "probes".to_owned(),
            Plan::Probes(false) => "no-probes".to_owned(),
            Plan::Text { name, .. } => name.clone(),
            Plan::Branch(index) => format!("branch:{index}"),
        }
    }

    /// A manifest under this plan: layout and comments are kept. The text itself where it has no Deployment, or where
    /// the plan changes no text.
    pub fn apply(&self, text: &str) -> String {
        self.apply_to(text, None)
    }

    /// The same for the Deployment that is meant, where a text has several.
    pub(crate) fn apply_to(&self, text: &str, meant: Option<&ObjectKey>) -> String {
        match self {
            Plan::AsIs | Plan::Branch(_) => text.to_owned(),
            Plan::Text { text, .. } => text.clone(),
            Plan::Recreate => change(text, meant, recreate),
            Plan::Rolling { surge, unavailable } => change(text, meant, |t, doc, d| {
                rolling(t, doc, d, surge, unavailable)
            }),
            Plan::Sized {
                replicas,
                surge,
                unavailable,
            } => change(text, meant, |t, doc, d| {
                let text = rolling(t, doc, d, surge, unavailable)?;
                edit::set(&text, doc, &path("spec.replicas"), &Value::from(*replicas))
            }),
            Plan::Probes(on) => change(text, meant, |t, doc, d| probes(t, doc, d, *on)),
        }
    }

    /// The merge patch that brings a stored Deployment under this plan; none if it is, or if the plan is no strategy.
    pub(crate) fn patch(&self, deployment: &Value) -> Option<Value> {
        let kind = deployment.str_at("spec.strategy.type");
        let strategy = match self {
            Plan::Recreate if kind != "Recreate" => {
                object! { "type" => "Recreate", "rollingUpdate" => Value::Null }
            }
            Plan::Rolling { surge, unavailable }
            | Plan::Sized {
                surge, unavailable, ..
            } => {
                let rolling = object! { "maxSurge" => limit(surge)?, "maxUnavailable" => limit(unavailable)? };
                if deployment.at("spec.strategy.rollingUpdate") == Some(&rolling) {
                    return None;
                }
                object! { "type" => "RollingUpdate", "rollingUpdate" => rolling }
            }
            Plan::Recreate | Plan::AsIs | Plan::Probes(_) | Plan::Text { .. } | Plan::Branch(_) => {
                return None;
            }
        };
        Some(object! { "spec" => object! { "strategy" => strategy } })
    }
}

/// A limit as YAML reads it: a number, or text that must be a percentage.
fn limit(text: &str) -> Option<Value> {
    let value = match text.parse::<i64>() {
        Ok(n) => Value::from(n),
        Err(_) => Value::text(text.strip_suffix('%').map(|_| text)?),
    };
    IntOrString::of(Some(&value))?
        .scaled(100, true)
        .filter(|n| *n >= 0)
        .map(|_| value)
}

fn is_zero(text: &str) -> bool {
    limit(text)
        .and_then(|v| IntOrString::of(Some(&v))?.scaled(100, true))
        .is_some_and(|n| n == 0)
}

type Edited = Result<String, edit::EditError>;

/// Changes the Deployment of a text that is meant, else the first.
fn change(
    text: &str,
    meant: Option<&ObjectKey>,
    f: impl Fn(&str, usize, &Value) -> Edited,
) -> String {
    let docs = documents(text.as_bytes(), Minor::default());
    let place = place_in(&docs, meant);
    let found = place.and_then(|doc| Some((doc, docs.get(doc)?.value()?)));
    found
        .and_then(|(doc, value)| f(text, doc, value).ok())
        .unwrap_or_else(|| text.to_owned())
}

fn path(text: &str) -> Vec<Step> {
    edit::steps(text)
}

fn recreate(text: &str, doc: usize, d: &Value) -> Edited {
    if d.str_at("spec.strategy.type") == "Recreate" {
        return Ok(text.to_owned());
    }
    edit::set(
        text,
        doc,
        &path("spec.strategy"),
        &object! { "type" => "Recreate" },
    )
}

fn rolling(text: &str, doc: usize, d: &Value, surge: &str, unavailable: &str) -> Edited {
    let (Some(surge), Some(unavailable)) = (limit(surge), limit(unavailable)) else {
        return Ok(text.to_owned());
    };
    if d.at("spec.strategy.rollingUpdate").is_none() {
        let rolling = object! { "maxSurge" => surge, "maxUnavailable" => unavailable };
        let strategy = object! { "type" => "RollingUpdate", "rollingUpdate" => rolling };
        return edit::set(text, doc, &path("spec.strategy"), &strategy);
    }
    let text = edit::set(
        text,
        doc,
        &path("spec.strategy.rollingUpdate.maxSurge"),
        &surge,
    )?;
    edit::set(
        &text,
        doc,
        &path("spec.strategy.rollingUpdate.maxUnavailable"),
        &unavailable,
    )
}

/// Readiness probes where none is, at the container's first port; or no probe at all.
fn probes(text: &str, doc: usize, d: &Value, on: bool) -> Edited {
    let mut text = text.to_owned();
    for (i, c) in d
        .list_at("spec.template.spec.containers")
        .iter()
        .enumerate()
    {
        let place = |field: &str| path(&format!("spec.template.spec.containers.{i}.{field}"));
        if !on {
            for field in ["readinessProbe", "livenessProbe", "startupProbe"] {
                if c.at(field).is_some() {
                    text = edit::remove(&text, doc, &place(field))?;
                }
            }
        } else if c.at("readinessProbe").is_none() {
            text = edit::set(&text, doc, &place("readinessProbe"), &probe(c))?;
        }
    }
    Ok(text)
}

/// A readiness probe for a container: its first port, every five seconds.
pub fn probe(container: &Value) -> Value {
    let port = container.int_at("ports.0.containerPort").unwrap_or(80);
    object! {
        "httpGet" => object! { "path" => "/", "port" => port },
        "periodSeconds" => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(text: &str) -> Value {
        let docs = documents(text.as_bytes(), Minor::default());
        docs.iter()
            .find_map(|d| d.value().filter(|v| v.str_at("kind") == "Deployment"))
            .unwrap()
            .clone()
    }

    #[test]
    fn words_are_read_and_written() {
        for word in [
            "as-is",
            "Recreate",
            "1,0",
            "25%,0",
            "100%,0",
            "1,0,10",
            "probes",
            "no-probes",
            "branch:2",
        ] {
            assert_eq!(Plan::parse(word).unwrap().word(), word);
        }
        assert_eq!(Plan::parse(" recreate ").unwrap(), Plan::Recreate);
        assert_eq!(Plan::parse("1/0").unwrap().word(), "1,0");
        for bad in [
            "", "x", "1", "1,x", "-1,0", "0,0", "0%,0", "branch:x", "1,2,x", "1,2,-3", "1,2,3,4",
        ] {
            assert!(Plan::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_plan_changes_every_preset_and_nothing_else() {
        for preset in crate::PRESETS {
            let before = deployment(preset.yaml);
            for (word, kind, surge) in [
                ("Recreate", "Recreate", None),
                ("1,0", "RollingUpdate", Some(Value::from(1))),
                ("50%,25%", "RollingUpdate", Some(Value::text("50%"))),
            ] {
                let text = Plan::parse(word).unwrap().apply(preset.yaml);
                let d = deployment(&text);
                assert_eq!(
                    d.str_at("spec.strategy.type"),
                    kind,
                    "{} {word}",
                    preset.name
                );
                assert_eq!(
                    d.at("spec.strategy.rollingUpdate.maxSurge").cloned(),
                    surge,
                    "{} {word}",
                    preset.name
                );
                assert_eq!(d.at("spec.template"), before.at("spec.template"));
                let comments = |t: &str| t.matches('#').count();
                assert!(
                    comments(&text) + 2 >= comments(preset.yaml),
                    "{}",
                    preset.name
                );
            }
            let bare = deployment(&Plan::Probes(false).apply(preset.yaml));
            let probed = deployment(&Plan::Probes(true).apply(preset.yaml));
            for (d, has) in [(bare, false), (probed, true)] {
                for c in d.list_at("spec.template.spec.containers") {
                    assert_eq!(c.at("readinessProbe").is_some(), has, "{}", preset.name);
                }
            }
            assert_eq!(Plan::AsIs.apply(preset.yaml), preset.yaml);
        }
        assert_eq!(Plan::Recreate.apply("kind: Service\n"), "kind: Service\n");
        assert_eq!(Plan::Recreate.apply("a: ["), "a: [");
    }
}
