//! A validating webhook that says no.

use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Str, Value};

/// What a request wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed object.
    Update,
}

/// A webhook and its rule. Empty parts of the rule ask for nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Webhook {
    /// Its name: `policy.example.com`.
    pub name: Str,
    /// It looks at Deployments instead of pods.
    pub deployments: bool,
    /// Refused: an image like this, `*` stands for anything.
    pub image: Str,
    /// Refused: this label, `key` or `key=value`.
    pub label: Str,
    /// Refused: without this label.
    pub missing: Str,
    /// What it says; empty: a text by its rule.
    pub message: Str,
}

impl Webhook {
    /// What the API server answers if the webhook refuses the object. A webhook for pods sees new pods only, one for
    /// Deployments new and changed ones.
    ///
    /// Mirrors `ToStatusErr`, staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go.
    pub fn refuses(&self, kind: Kind, value: &Value, operation: Operation) -> Option<ApiError> {
        let (wanted, template) = if self.deployments {
            (Kind::DEPLOYMENT, value.at("spec.template")?)
        } else if operation == Operation::Create {
            (Kind::POD, value)
        } else {
            return None;
        };
        if kind != wanted {
            return None;
        }
        let why = self.why(template)?;
        let text = format!(
            "admission webhook \"{}\" denied the request: {why}",
            self.name
        );
        Some(ApiError::new(400, "", text))
    }

    /// What the rule finds wrong with a pod or a template.
    fn why(&self, pod: &Value) -> Option<String> {
        let lists = ["spec.initContainers", "spec.containers"];
        let images = lists.iter().flat_map(|at| pod.list_at(at));
        let image = images
            .into_iter()
            .map(|c| c.str_at("image"))
            .find(|i| self.image.is_empty() || matches(&self.image, i))?;
        let labels = pod.at("metadata.labels");
        let label = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
        if !self.label.is_empty() {
            let (key, wanted) = match self.label.split_once('=') {
                Some((key, value)) => (key, Some(value)),
                None => (self.label.as_str(), None),
            };
            let found = label(key)?;
            if wanted.is_some_and(|w| w != found) {
                return None;
            }
        }
        if !self.missing.is_empty() && label(&self.missing).is_some() {
            return None;
        }
        let text = if !self.message.is_empty() {
            self.message.to_string()
        } else if !self.missing.is_empty() {
            format!("label \"{}\" is missing", self.missing)
        } else if !self.label.is_empty() {
            format!("label \"{}\" is not allowed", self.label)
        } else {
            format!("image \"{image}\" is not allowed")
        };
        Some(text)
    }
}

/// Is the text like the pattern, in which `*` stands for anything?
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, like) in [
            ("web:v2", "web:v2", true),
            ("web:v2", "web:v20", false),
            ("*:v2", "web:v2", true),
            ("*:v2", "web:v1", false),
            ("reg/*", "reg/web:v2", true),
            ("*", "anything", true),
            ("*web*", "reg/web:v2", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, text), like, "{pattern} {text}");
        }
    }
}
