//! What can go wrong, and how kubectl prints it.

use rollout_api::status_error::ApiError;

/// Why a command ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A text of kubectl's own; printed behind `error: `.
    Text(String),
    /// A refusal of the API server.
    Api(Box<ApiError>),
    /// Several, one line each.
    Many(Vec<Failure>),
    /// A text that is printed as it is.
    Raw(String),
    /// A text of kubectl's own, after something on stdout.
    Shown {
        /// Printed on stdout.
        stdout: String,
        /// Printed behind `error: `.
        text: String,
    },
    /// Ends with exit code 1; everything is printed already.
    Silent,
}

/// What most functions of this crate answer.
pub type Res<T> = Result<T, Failure>;

impl From<ApiError> for Failure {
    fn from(e: ApiError) -> Self {
        Failure::Api(Box::new(e))
    }
}

impl Failure {
    /// A text of kubectl's own.
    pub fn text(text: impl Into<String>) -> Failure {
        Failure::Text(text.into())
    }
    /// Mirrors `UsageErrorf`, kubectl/pkg/cmd/util/helpers.go.
    pub fn usage(command: &str, text: impl std::fmt::Display) -> Failure {
        Failure::Text(format!("{text}\nSee '{command} -h' for help and examples"))
    }
    /// One failure as it is, several as a list.
    pub fn many(mut list: Vec<Failure>) -> Failure {
        if list.len() == 1 {
            list.swap_remove(0)
        } else {
            Failure::Many(list)
        }
    }
    /// Is the object missing on the server?
    pub fn is_not_found(&self) -> bool {
        matches!(self, Failure::Api(e) if e.is_not_found())
    }
    /// The text without any prefix: Go's `err.Error()`.
    pub fn message(&self) -> String {
        match self {
            Failure::Text(t) | Failure::Raw(t) | Failure::Shown { text: t, .. } => t.clone(),
            Failure::Api(e) => e.message.to_string(),
            Failure::Many(list) if list.len() == 1 => list[0].message(),
            Failure::Many(list) => {
                let texts: Vec<String> = list.iter().map(Failure::message).collect();
                format!("[{}]", texts.join(", "))
            }
            Failure::Silent => "exit".to_owned(),
        }
    }
    /// As one of a list of errors. Mirrors `MultipleErrors`.
    fn listed(&self) -> String {
        match self {
            Failure::Api(e) => e.plain_text(),
            other => other.message(),
        }
    }
    /// What appears on stderr. Mirrors `checkErr`.
    pub fn stderr(&self) -> String {
        let mut text = match self {
            Failure::Silent => return String::new(),
            Failure::Raw(t) => t.clone(),
            Failure::Text(t) if t.starts_with("error: ") => t.clone(),
            Failure::Text(t) | Failure::Shown { text: t, .. } => format!("error: {t}"),
            Failure::Api(e) => e.kubectl_text(),
            Failure::Many(list) => {
                let mut out = String::new();
                for f in list {
                    out.push_str(&f.listed());
                    if !out.ends_with('\n') {
                        out.push('\n');
                    }
                }
                out
            }
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
    /// The exit code.
    pub fn exit(&self) -> i32 {
        1
    }
}
