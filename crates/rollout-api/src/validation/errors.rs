//! Errors of validation: field, kind, value, detail; and their text.

use super::path::Path;
use super::shown::Shown;
use crate::status_error::{ApiError, Cause};
use crate::value::{Str, Value};
use crate::version::Minor;

/// The kinds of errors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// A value is missing.
    Required,
    /// A value breaks a rule.
    Invalid,
    /// A value is not in the list of supported values.
    NotSupported,
    /// A value occurs twice.
    Duplicate,
    /// Something must not be set.
    Forbidden,
    /// A value refers to nothing.
    NotFound,
    /// A text has too many bytes.
    TooLong,
    /// A list has too many items.
    TooMany,
    /// The server failed.
    Internal,
}

impl ErrorKind {
    /// As it is printed.
    pub fn text(self) -> &'static str {
        match self {
            ErrorKind::Required => "Required value",
            ErrorKind::Invalid => "Invalid value",
            ErrorKind::NotSupported => "Unsupported value",
            ErrorKind::Duplicate => "Duplicate value",
            ErrorKind::Forbidden => "Forbidden",
            ErrorKind::NotFound => "Not found",
            ErrorKind::TooLong => "Too long",
            ErrorKind::TooMany => "Too many",
            ErrorKind::Internal => "Internal error",
        }
    }
    /// As it is called in a status (`FieldValueInvalid`).
    pub fn reason(self) -> &'static str {
        match self {
            ErrorKind::Required => "FieldValueRequired",
            ErrorKind::Invalid => "FieldValueInvalid",
            ErrorKind::NotSupported => "FieldValueNotSupported",
            ErrorKind::Duplicate => "FieldValueDuplicate",
            ErrorKind::Forbidden => "FieldValueForbidden",
            ErrorKind::NotFound => "FieldValueNotFound",
            ErrorKind::TooLong => "FieldValueTooLong",
            ErrorKind::TooMany => "FieldValueTooMany",
            ErrorKind::Internal => "InternalError",
        }
    }
    fn shows_value(self) -> bool {
        !matches!(
            self,
            ErrorKind::Required | ErrorKind::Forbidden | ErrorKind::TooLong | ErrorKind::Internal
        )
    }
}

/// One error.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// Path of the field.
    pub field: Str,
    /// Kind.
    pub kind: ErrorKind,
    /// The wrong value.
    pub value: Shown,
    /// What is wrong with it; may be empty.
    pub detail: Str,
}

impl FieldError {
    /// The text without the field. Mirrors `ErrorBody`, apimachinery/pkg/util/validation/field/errors.go.
    pub fn body(&self, version: Minor) -> String {
        let mut text = String::from(self.kind.text());
        if self.kind.shows_value()
            && let Some(value) = self.value.print(version)
        {
            text.push_str(": ");
            text.push_str(&value);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
    /// The whole text.
    pub fn text(&self, version: Minor) -> String {
        format!("{}: {}", self.field, self.body(version))
    }
}

/// Collects the errors of one object.
pub struct Errors {
    /// The version whose rules and texts count.
    pub version: Minor,
    /// What was found, in order.
    pub list: Vec<FieldError>,
    /// The object as the client wrote it: old versions show quantities as written.
    pub sent: Option<Value>,
}

impl Errors {
    /// No errors yet.
    pub fn new(version: Minor) -> Errors {
        Errors {
            version,
            list: Vec::new(),
            sent: None,
        }
    }
    /// A map or list of the object. The stored form has no empty ones, but messages tell them from absent ones: the client's
    /// text knows.
    pub fn given(&self, v: Option<&Value>, path: &Path<'_>) -> Option<Value> {
        v.cloned().or_else(|| {
            let sent = path.find(self.sent.as_ref()?)?;
            (sent.is_empty() && !sent.is_null()).then(|| sent.clone())
        })
    }
    /// How many there are: to see whether a part added some.
    pub fn len(&self) -> usize {
        self.list.len()
    }
    /// None.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    /// Is this version at least 1.`minor`?
    pub fn since(&self, minor: u8) -> bool {
        self.version >= Minor(minor)
    }
    fn push(&mut self, path: &Path<'_>, kind: ErrorKind, value: Shown, detail: Str) {
        self.list.push(FieldError {
            field: path.to_string().into(),
            kind,
            value,
            detail,
        });
    }
    /// `Required value`
    pub fn required(&mut self, path: &Path<'_>, detail: impl Into<Str>) {
        self.push(path, ErrorKind::Required, Shown::Omitted, detail.into());
    }
    /// `Invalid value`
    pub fn invalid(&mut self, path: &Path<'_>, value: impl Into<Shown>, detail: impl Into<Str>) {
        self.push(path, ErrorKind::Invalid, value.into(), detail.into());
    }
    /// `Invalid value` once per message.
    pub fn invalid_each(&mut self, path: &Path<'_>, value: &str, messages: Vec<Str>) {
        for message in messages {
            self.invalid(path, value, message);
        }
    }
    /// `Forbidden`
    pub fn forbidden(&mut self, path: &Path<'_>, detail: impl Into<Str>) {
        self.push(path, ErrorKind::Forbidden, Shown::Omitted, detail.into());
    }
    /// `Duplicate value`
    pub fn duplicate(&mut self, path: &Path<'_>, value: impl Into<Shown>) {
        self.push(path, ErrorKind::Duplicate, value.into(), Str::default());
    }
    /// `Not found`
    pub fn not_found(&mut self, path: &Path<'_>, value: &str, detail: impl Into<Str>) {
        self.push(path, ErrorKind::NotFound, value.into(), detail.into());
    }
    /// `Unsupported value: "x": supported values: "A", "B"`
    pub fn not_supported(&mut self, path: &Path<'_>, value: impl Into<Shown>, supported: &[&str]) {
        let list: Vec<String> = supported.iter().map(|s| crate::gofmt::quote(s)).collect();
        let detail = format!("supported values: {}", list.join(", "));
        self.push(path, ErrorKind::NotSupported, value.into(), detail.into());
    }
    /// `Too long: may not be more than N bytes`
    pub fn too_long(&mut self, path: &Path<'_>, max: usize) {
        let detail = if self.since(32) {
            format!("may not be more than {max} bytes")
        } else {
            format!("must have at most {max} bytes")
        };
        self.push(path, ErrorKind::TooLong, Shown::Omitted, detail.into());
    }
    /// `Too many: N: must have at most M items`
    pub fn too_many(&mut self, path: &Path<'_>, actual: usize, max: usize) {
        let detail = format!(
            "must have at most {max} item{}",
            if max == 1 { "" } else { "s" }
        );
        self.push(
            path,
            ErrorKind::TooMany,
            Shown::Plain(actual.to_string().into()),
            detail.into(),
        );
    }
    /// A switch over a string: required if empty, unsupported unless in the list.
    pub fn one_of(&mut self, path: &Path<'_>, value: &str, supported: &[&str]) {
        if value.is_empty() {
            self.required(path, "");
        } else if !supported.contains(&value) {
            self.not_supported(path, Shown::typed(value), supported);
        }
    }
    /// The refusal of the API server, or nothing if all is well.
    pub fn into_result(self, group: &str, kind: &str, name: &str) -> Result<(), ApiError> {
        if self.list.is_empty() {
            return Ok(());
        }
        let causes = self.list.iter().map(|e| Cause {
            reason: e.kind.reason(),
            message: e.body(self.version).into(),
            field: e.field.clone(),
        });
        Err(ApiError::invalid(group, kind, name, causes.collect()))
    }
}
