//! What the API server answers when it refuses a request, and how kubectl prints it.

use crate::gofmt::quote;
use crate::value::Str;

/// One cause of a refusal: a field and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// `FieldValueInvalid` and the like.
    pub reason: &'static str,
    /// The error without its field.
    pub message: Str,
    /// The field.
    pub field: Str,
}

/// A refusal of the API server (`metav1.Status`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApiError {
    /// HTTP status.
    pub code: u16,
    /// `NotFound`, `Invalid`, …; may be empty.
    pub reason: &'static str,
    /// The whole text.
    pub message: Str,
    /// Details: kind (in `Invalid`) or resource (elsewhere) it is about.
    pub kind: Str,
    /// Details: its group.
    pub group: Str,
    /// Details: its name.
    pub name: Str,
    /// Details: the causes.
    pub causes: Vec<Cause>,
    /// Seconds to wait before trying again, 0: not said.
    pub retry_after: u32,
    /// Texts of `Warning:` headers that came with it.
    pub warnings: Vec<String>,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for ApiError {}

/// `deployments.apps`, or `pods` for the core group.
fn dotted(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}

impl ApiError {
    /// A refusal with nothing but a text.
    pub fn new(code: u16, reason: &'static str, message: impl Into<Str>) -> ApiError {
        ApiError {
            code,
            reason,
            message: message.into(),
            ..ApiError::default()
        }
    }
    fn about(mut self, group: &str, resource: &str, name: &str) -> ApiError {
        self.group = Str::copy(group);
        self.kind = Str::copy(resource);
        self.name = Str::copy(name);
        self
    }
    /// Mirrors `NewInvalid`, apimachinery/pkg/api/errors/errors.go. `causes` may repeat themselves: the text does not.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> ApiError {
        let mut texts: Vec<String> = Vec::new();
        for cause in &causes {
            let text = cause_text(cause);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = match texts.as_slice() {
            [] => String::from("<nil>"),
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} {} is invalid: {list}", dotted(kind, group), quote(name));
        ApiError {
            causes,
            ..ApiError::new(422, "Invalid", message)
        }
        .about(group, kind, name)
    }
    /// `deployments.apps "x" not found`.
    pub fn not_found(group: &str, resource: &str, name: &str) -> ApiError {
        let message = format!("{} {} not found", dotted(resource, group), quote(name));
        ApiError::new(404, "NotFound", message).about(group, resource, name)
    }
    /// The path of the request leads nowhere.
    pub fn no_such_path() -> ApiError {
        ApiError::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
    }
    /// `deployments.apps "x" already exists`.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> ApiError {
        let message = format!("{} {} already exists", dotted(resource, group), quote(name));
        ApiError::new(409, "AlreadyExists", message).about(group, resource, name)
    }
    /// `Operation cannot be fulfilled on deployments.apps "x": …`.
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> ApiError {
        let message = format!(
            "Operation cannot be fulfilled on {} {}: {why}",
            dotted(resource, group),
            quote(name)
        );
        ApiError::new(409, "Conflict", message).about(group, resource, name)
    }
    /// A write with an old resource version.
    pub fn modified(group: &str, resource: &str, name: &str) -> ApiError {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        ApiError::conflict(group, resource, name, why)
    }
    /// `pods "x" is forbidden: …`.
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> ApiError {
        let message = if name.is_empty() {
            format!("{} is forbidden: {why}", dotted(resource, group))
        } else {
            format!(
                "{} {} is forbidden: {why}",
                dotted(resource, group),
                quote(name)
            )
        };
        ApiError::new(403, "Forbidden", message).about(group, resource, name)
    }
    /// A request that makes no sense.
    pub fn bad_request(message: impl Into<Str>) -> ApiError {
        ApiError::new(400, "BadRequest", message)
    }
    /// `create is not supported on resources of kind "pods"`.
    pub fn method_not_supported(group: &str, resource: &str, action: &str) -> ApiError {
        let message = format!(
            "{action} is not supported on resources of kind {}",
            quote(&dotted(resource, group))
        );
        ApiError::new(405, "MethodNotAllowed", message).about(group, resource, "")
    }
    /// Something must wait, for example an eviction.
    pub fn too_many_requests(message: impl Into<Str>, retry_after: u32) -> ApiError {
        ApiError {
            retry_after,
            ..ApiError::new(429, "TooManyRequests", message)
        }
    }
    /// `Internal error occurred: …`.
    pub fn internal(why: &str) -> ApiError {
        ApiError::new(
            500,
            "InternalError",
            format!("Internal error occurred: {why}"),
        )
    }
    /// An invalid request that has no object: wrong patches.
    /// `kind` and `name` stay empty, so kubectl prints `The request is invalid: …`.
    pub fn invalid_request(message: impl Into<Str>, causes: Vec<Cause>) -> ApiError {
        ApiError {
            causes,
            ..ApiError::new(422, "Invalid", message)
        }
    }
    /// Is this the refusal for a missing object?
    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound"
    }
    /// Is this the refusal for an object that is there already?
    pub fn is_already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }
    /// Is this the refusal for an old resource version?
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }
    /// Is this a refusal by validation?
    pub fn is_invalid(&self) -> bool {
        self.reason == "Invalid"
    }

    /// Mirrors `AddSourceToErr`: `error when creating "FILE": …` before the text (`Invalid` is printed from its causes and so is not changed).
    pub fn with_source(mut self, verb: &str, source: &str) -> ApiError {
        if !source.is_empty() {
            self.message = format!("error when {verb} {}: {}", quote(source), self.message).into();
        }
        self
    }

    /// The error with what was tried in front of it.
    pub fn with_context(mut self, context: &str) -> ApiError {
        self.message = format!("{context}: {}", self.message).into();
        self
    }

    /// What kubectl prints on stderr when a command ends with this error, with the line's end.
    /// Mirrors `checkErr`, kubectl/pkg/cmd/util/helpers.go.
    pub fn kubectl_text(&self) -> String {
        let mut text = if self.is_invalid() {
            self.invalid_text()
        } else {
            self.plain_text()
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// `Error from server (Reason): message`, also for `Invalid`: the form in lists of errors.
    /// Mirrors `StandardErrorMessage`.
    pub fn plain_text(&self) -> String {
        if self.reason == "Unauthorized" {
            format!(
                "error: You must be logged in to the server ({})",
                self.message
            )
        } else if self.reason.is_empty() {
            format!("Error from server: {}", self.message)
        } else {
            format!("Error from server ({}): {}", self.reason, self.message)
        }
    }

    fn invalid_text(&self) -> String {
        let mut head = String::from("The request is invalid");
        if !self.kind.is_empty() || !self.name.is_empty() {
            head = format!("The {} {} is invalid", self.kind, quote(&self.name));
        } else if !self.message.is_empty() && self.causes.is_empty() {
            head = format!("{head}: {}", self.message);
        }
        let mut lines: Vec<String> = Vec::new();
        for cause in &self.causes {
            let text = cause_text(cause);
            if !lines.contains(&text) {
                lines.push(text);
            }
        }
        match lines.as_slice() {
            [] => head,
            [one] => format!("{head}: {one}"),
            many => {
                let mut out = format!("{head}: \n");
                for line in many {
                    out.push_str("* ");
                    out.push_str(line);
                    out.push('\n');
                }
                out
            }
        }
    }
}

fn cause_text(cause: &Cause) -> String {
    format!("{}: {}", cause.field, cause.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(field: &'static str, message: &'static str) -> Cause {
        Cause {
            reason: "FieldValueInvalid",
            message: message.into(),
            field: field.into(),
        }
    }

    #[test]
    fn one_cause_on_the_line_several_below_it() {
        let e = ApiError::invalid(
            "apps",
            "Deployment",
            "web",
            vec![cause("spec.replicas", "Required value")],
        );
        assert_eq!(
            e.kubectl_text(),
            "The Deployment \"web\" is invalid: spec.replicas: Required value\n"
        );
        let e = ApiError::invalid(
            "apps",
            "Deployment",
            "web",
            vec![cause("a", "X"), cause("b", "Y"), cause("a", "X")],
        );
        assert_eq!(
            e.kubectl_text(),
            "The Deployment \"web\" is invalid: \n* a: X\n* b: Y\n"
        );
        assert_eq!(
            &*e.message,
            "Deployment.apps \"web\" is invalid: [a: X, b: Y]"
        );
    }

    #[test]
    fn the_source_goes_before_the_message() {
        let e = ApiError::already_exists("apps", "deployments", "web")
            .with_source("creating", "f.yaml");
        let want = "Error from server (AlreadyExists): error when creating \"f.yaml\": deployments.apps \"web\" already exists\n";
        assert_eq!(e.kubectl_text(), want);
        assert_eq!(
            &*ApiError::not_found("", "pods", "x").message,
            "pods \"x\" not found"
        );
    }
}
