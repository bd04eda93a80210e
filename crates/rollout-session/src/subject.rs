//! Which Deployment a scene is about, where there are several.

use crate::session::Session;
use rollout_api::{Kind, Minor, ObjectKey, Str, Value};
use rollout_engine::{Engine, Object};
use rollout_manifest::documents::{Document, documents};
use std::rc::Rc;

/// The Deployment that the learner changed last until a position.
pub fn last_changed(session: &Session, position: usize) -> Option<ObjectKey> {
    let steps = &session.steps()[..position.min(session.steps().len())];
    for step in steps.iter().rev() {
        if step.action.is_none() {
            continue;
        }
        for change in &step.record.changes {
            if change.key.kind == Kind::DEPLOYMENT {
                return Some(change.key.clone());
            }
        }
    }
    None
}

/// The first Deployment that a text writes down.
pub(crate) fn first_of(text: &str) -> Option<ObjectKey> {
    let docs = documents(text.as_bytes(), Minor::default());
    let place = place_in(&docs, None)?;
    docs.get(place)?.value().map(key_of)
}

/// The key of a Deployment as it is written.
fn key_of(value: &Value) -> ObjectKey {
    let namespace = match value.str_at("metadata.namespace") {
        "" => "default",
        written => written,
    };
    ObjectKey::new(
        Kind::DEPLOYMENT,
        Str::copy(namespace),
        Str::copy(value.str_at("metadata.name")),
    )
}

/// Which of several documents is the Deployment that is meant, else the first one: its place.
pub(crate) fn place_in(docs: &[Document], meant: Option<&ObjectKey>) -> Option<usize> {
    let (mut first, mut named) = (None, None);
    for (i, doc) in docs.iter().enumerate() {
        let Some(value) = doc.value() else { continue };
        if value.str_at("kind") != "Deployment" {
            continue;
        }
        first = first.or(Some(i));
        let Some(meant) = meant else { break };
        if value.str_at("metadata.name") != meant.name.as_str() {
            continue;
        }
        match value.str_at("metadata.namespace") {
            // A document without a namespace goes where the console is.
            "" if meant.namespace.as_str() != "default" => named = named.or(Some(i)),
            "" => return Some(i),
            own if own == meant.namespace.as_str() => return Some(i),
            _ => {}
        }
    }
    named.or(first)
}

/// `spec.replicas` of the Deployment that is meant, as a text writes it; none: it has no Deployment.
pub(crate) fn replicas_in(text: &str, meant: Option<&ObjectKey>) -> Option<i64> {
    let docs = documents(text.as_bytes(), Minor::default());
    let place = place_in(&docs, meant)?;
    let value = docs.get(place)?.value()?;
    Some(value.int_at("spec.replicas").unwrap_or(1))
}

/// The Deployment that is meant, else the first one.
pub(crate) fn deployment_of<'e>(
    engine: &'e Engine,
    meant: Option<&ObjectKey>,
) -> Option<&'e Rc<Object>> {
    let known = meant.and_then(|key| engine.world().store.get(key));
    known.or_else(|| engine.list(Kind::DEPLOYMENT).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "kind: Service\nmetadata: {name: web}\n---\nkind: Deployment\nmetadata: {name: web, namespace: prod}\n---\n\
                       kind: Deployment\nmetadata: {name: web, namespace: canary}\n---\nkind: Deployment\nmetadata: {name: api}\n";

    #[test]
    fn the_meant_deployment_is_found_by_name_and_namespace() {
        let docs = documents(TWO.as_bytes(), Minor::default());
        let place = |namespace: &str, name: &str| {
            let key = ObjectKey::new(Kind::DEPLOYMENT, Str::copy(namespace), Str::copy(name));
            place_in(&docs, Some(&key))
        };
        assert_eq!(place("canary", "web"), Some(2));
        assert_eq!(place("prod", "web"), Some(1));
        assert_eq!(place("default", "api"), Some(3));
        assert_eq!(place("elsewhere", "api"), Some(3), "written without one");
        assert_eq!(place("default", "other"), Some(1), "the first");
        assert_eq!(place_in(&docs, None), Some(1));
        assert_eq!(first_of(TWO).unwrap().namespace, "prod");
        assert_eq!(first_of("kind: Service\n"), None);
    }
}
