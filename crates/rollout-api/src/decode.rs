//! Strict decoding of an object by the table of types: what Go's JSON decoder makes of it, and its errors.
//!
//! The result is what the API server would write back: unknown fields gone, empty ones left out where Go leaves
//! them out and written where it writes them (`resources: {}`, `creationTimestamp: null`).

use crate::base64;
use crate::gofmt::quote;
use crate::quantity::{Quantity, QuantityError};
use crate::time::{Timestamp, parse_error};
use crate::types::{Field, Found, Shape, StructId, TypeId, table};
use crate::value::{Map, Str, Value};
use crate::version::Minor;

/// One step of the way to a place in a tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Into an object.
    Key(Str),
    /// Into a list.
    Index(usize),
}

/// A way from the root of an object to a place in it.
pub type Path = Vec<Step>;

/// Something the decoder found wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Go's words: `json: cannot unmarshal …`, `unknown field "spec.replica"`.
    pub text: String,
    /// Where it is.
    pub path: Path,
}

/// What came out of decoding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// The object, as far as it could be read.
    pub value: Value,
    /// The error that makes the server refuse it in any case.
    pub error: Option<Problem>,
    /// Fields the type does not have, in order: refused with strict validation, else dropped.
    pub unknown: Vec<Problem>,
}

/// Decodes an API object. `None` if the table has no such kind.
pub fn decode(value: &Value, api_version: &str, kind: &str, minor: Minor) -> Option<Decoded> {
    Some(decode_struct(
        value,
        table().object(api_version, kind)?,
        minor,
    ))
}

/// Decodes a part of an object by the table's name of its type, `v1.PodTemplateSpec`.
pub fn decode_type(value: &Value, name: &str, minor: Minor) -> Option<Decoded> {
    Some(decode_struct(value, table().by_name(name)?, minor))
}

/// kubectl's own look at `metadata` before it sends an object: the error behind `unable to decode "FILE": `.
pub fn check_metadata(value: &Value, minor: Minor) -> Option<Problem> {
    decode_type(value, "meta.metadataOnlyObject", minor)?.error
}

/// Mirrors the limit in sigs.k8s.io/json, internal/golang/encoding/json/kubernetes_patch.go.
const MOST_UNKNOWN: usize = 100;

fn decode_struct(value: &Value, id: StructId, minor: Minor) -> Decoded {
    let mut d = Decoder {
        minor,
        structure: None,
        names: Vec::new(),
        path: Vec::new(),
        error: None,
        unknown: Vec::new(),
    };
    let (decoded, error) = match value {
        Value::Map(map) => match d.structure(id, map) {
            Ok(v) => (v, d.error.take()),
            Err(hard) => (Value::object(), Some(hard)),
        },
        Value::Null => (zero_struct(id, minor), None),
        other => {
            let name = table().structure(id).name;
            d.mismatch(what(other), name);
            (Value::object(), d.error.take())
        }
    };
    Decoded {
        value: decoded,
        error,
        unknown: d.unknown,
    }
}

/// What an encoder writes for an empty struct: `{}`, or more if fields are always written.
pub fn zero_of(name: &str, minor: Minor) -> Option<Value> {
    Some(zero_struct(table().by_name(name)?, minor))
}

fn zero_struct(id: StructId, minor: Minor) -> Value {
    let mut map = Map::new();
    fill_zeros(id, minor, &mut map);
    map.into()
}

/// Adds what Go writes of fields that are empty.
fn fill_zeros(id: StructId, minor: Minor, map: &mut Map) {
    let structure = table().structure(id);
    for field in structure.fields(minor) {
        match table().ty(field.ty).shape {
            Shape::Struct(inner) if field.is_embedded() => fill_zeros(inner, minor, map),
            _ if map.contains_key(field.json) => {}
            _ => {
                if let Some(zero) = zero_field(field, structure.name, minor) {
                    map.insert(field.json, zero);
                }
            }
        }
    }
}

fn zero_field(field: &Field, owner: &str, minor: Minor) -> Option<Value> {
    let always = |zero: Value| field.always.then_some(zero);
    match table().ty(field.ty).shape {
        Shape::Struct(id) => Some(zero_struct(id, minor)),
        // `omitzero` since 1.34.
        Shape::Time if owner == "v1.ObjectMeta" && minor >= Minor(34) => None,
        Shape::Time | Shape::MicroTime => Some(Value::Null),
        Shape::Quantity => Some(Value::from("0")),
        Shape::IntOrString => Some(Value::from(0)),
        Shape::String => always(Value::from("")),
        Shape::Bool => always(Value::from(false)),
        Shape::Int32 | Shape::Int64 => always(Value::from(0)),
        Shape::Pointer(_) | Shape::List(_) | Shape::Map(_) | Shape::Bytes | Shape::Any => {
            always(Value::Null)
        }
    }
}

/// How Go's decoder calls what it found.
fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

struct Decoder {
    minor: Minor,
    /// Go's error context: the struct whose field is being read, and the names on the way.
    structure: Option<&'static str>,
    names: Vec<&'static str>,
    path: Path,
    /// The first error that does not stop the decoder.
    error: Option<Problem>,
    unknown: Vec<Problem>,
}

/// An error that stops the decoder: a type's own reader has refused.
type Hard = Problem;

impl Decoder {
    fn problem(&self, text: String) -> Problem {
        Problem {
            text,
            path: self.path.clone(),
        }
    }
    fn mismatch_text(&self, what: &str, ty: &str) -> String {
        match self.structure {
            None => format!("json: cannot unmarshal {what} into Go value of type {ty}"),
            Some(structure) => {
                format!(
                    "json: cannot unmarshal {what} into Go struct field {structure}.{} of type {ty}",
                    self.names.join(".")
                )
            }
        }
    }
    fn mismatch(&mut self, what: &str, ty: &str) {
        if self.error.is_none() {
            self.error = Some(self.problem(self.mismatch_text(what, ty)));
        }
    }
    fn soft(&mut self, text: String) {
        if self.error.is_none() {
            self.error = Some(self.problem(text));
        }
    }

    fn structure(&mut self, id: StructId, map: &Map) -> Result<Value, Hard> {
        let outer = (self.structure, self.names.len());
        let structure = table().structure(id);
        let mut out = Map::with_capacity(map.len());
        for (key, value) in map.iter() {
            self.path.push(Step::Key(key.clone()));
            if let Some(Found { within, field }) = table().find(id, key, self.minor) {
                // Go 1.24's decoder names embedded structs, too.
                if let Some(embedded) = within
                    && self.minor >= Minor(35)
                {
                    self.names.push(embedded.go);
                }
                self.names.push(field.json);
                self.structure = Some(structure.go_name());
                if let Some(v) = self.field(field, value)? {
                    out.insert(field.json, v);
                }
                self.names.truncate(outer.1);
                self.structure = outer.0;
            } else {
                self.unknown_field();
            }
            self.path.pop();
        }
        fill_zeros(id, self.minor, &mut out);
        Ok(out.into())
    }

    fn unknown_field(&mut self) {
        let text = format!("unknown field {}", quote(&path_text(&self.path)));
        if self.unknown.len() < MOST_UNKNOWN && self.unknown.iter().all(|p| p.text != text) {
            let problem = self.problem(text);
            self.unknown.push(problem);
        }
    }

    /// The value of a field as it is written back; `None` if it is left out.
    fn field(&mut self, field: &Field, value: &Value) -> Result<Option<Value>, Hard> {
        let decoded = self.value(field.ty, value)?;
        let is_scalar = matches!(
            table().ty(field.ty).shape,
            Shape::String
                | Shape::Bool
                | Shape::Int32
                | Shape::Int64
                | Shape::List(_)
                | Shape::Map(_)
                | Shape::Bytes
        );
        Ok(decoded.filter(|v| !(is_scalar && v.is_empty())))
    }

    /// Reads a value of a type; `None` is the type's zero.
    fn value(&mut self, ty: TypeId, value: &Value) -> Result<Option<Value>, Hard> {
        let shape = table().ty(ty).shape;
        if value.is_null() {
            return Ok(None);
        }
        match (shape, value) {
            (Shape::Pointer(to), _) => Ok(Some(match self.value(to, value)? {
                Some(v) => v,
                None => self.zero_item(to),
            })),
            (Shape::Struct(id), Value::Map(map)) => self.structure(id, map).map(Some),
            (Shape::List(of), Value::List(items)) => self.list(of, items).map(Some),
            (Shape::Map(of), Value::Map(map)) => self.map(of, map).map(Some),
            (Shape::String, Value::String(_))
            | (Shape::Bool, Value::Bool(_))
            | (Shape::Int64, Value::Int(_)) => Ok(Some(value.clone())),
            (Shape::Int32, Value::Int(i)) if i32::try_from(*i).is_ok() => Ok(Some(value.clone())),
            (Shape::Int32 | Shape::Int64, Value::Int(_) | Value::Number(_)) => {
                self.mismatch(&number(value), &table().ty(ty).go());
                Ok(None)
            }
            (Shape::Bytes, Value::String(s)) => {
                match base64::decode(s) {
                    Ok(bytes) => return Ok(Some(base64::encode(&bytes).into())),
                    Err(offset) => self.soft(format!("illegal base64 data at input byte {offset}")),
                }
                Ok(None)
            }
            // Go reads a list of numbers as bytes, too.
            (Shape::Bytes, Value::List(items)) => {
                let mut bytes = Vec::with_capacity(items.len());
                for item in items.iter().filter(|i| !i.is_null()) {
                    match item.as_int().map(u8::try_from) {
                        Some(Ok(byte)) => bytes.push(byte),
                        Some(Err(_)) => self.mismatch(&number(item), "uint8"),
                        None => self.mismatch(what(item), "uint8"),
                    }
                }
                Ok(Some(base64::encode(&bytes).into()))
            }
            (Shape::Quantity, _) => self.quantity(value).map(Some),
            (Shape::IntOrString, _) => self.int_or_string(value).map(Some),
            (Shape::Time | Shape::MicroTime, _) => self.time(shape, value).map(Some),
            (Shape::Any, _) => Ok(Some(value.clone())),
            _ => {
                self.mismatch(what(value), &table().ty(ty).go());
                Ok(None)
            }
        }
    }

    /// What a list or map holds where an item is null.
    fn zero_item(&self, ty: TypeId) -> Value {
        match table().ty(ty).shape {
            Shape::Struct(id) => zero_struct(id, self.minor),
            Shape::String | Shape::Bytes => Value::from(""),
            Shape::Bool => Value::from(false),
            Shape::Int32 | Shape::Int64 | Shape::IntOrString => Value::from(0),
            Shape::Quantity => Value::from("0"),
            _ => Value::Null,
        }
    }

    fn list(&mut self, of: TypeId, items: &[Value]) -> Result<Value, Hard> {
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            self.path.push(Step::Index(i));
            let decoded = self.value(of, item)?;
            out.push(decoded.unwrap_or_else(|| self.zero_item(of)));
            self.path.pop();
        }
        Ok(Value::list(out))
    }

    fn map(&mut self, of: TypeId, map: &Map) -> Result<Value, Hard> {
        let mut out = Map::with_capacity(map.len());
        for (key, item) in map.iter() {
            self.path.push(Step::Key(key.clone()));
            let decoded = self.value(of, item)?;
            out.insert(key, decoded.unwrap_or_else(|| self.zero_item(of)));
            self.path.pop();
        }
        Ok(out.into())
    }

    fn quantity(&mut self, value: &Value) -> Result<Value, Hard> {
        let read = match value {
            Value::String(s) => Quantity::parse(s.trim()),
            Value::Int(i) => Quantity::parse(&i.to_string()),
            Value::Number(n) => Quantity::parse(n),
            _ => Err(QuantityError::Format),
        };
        match read {
            Ok(q) => Ok(q.to_string().into()),
            Err(e) => Err(self.problem(e.text().to_owned())),
        }
    }

    fn int_or_string(&mut self, value: &Value) -> Result<Value, Hard> {
        match value {
            Value::String(_) => Ok(value.clone()),
            Value::Int(i) if i32::try_from(*i).is_ok() => Ok(value.clone()),
            _ => Err(self.problem(self.mismatch_text(&number(value), "int32"))),
        }
    }

    fn time(&mut self, shape: Shape, value: &Value) -> Result<Value, Hard> {
        let Value::String(text) = value else {
            return Err(self.problem(self.mismatch_text(what(value), "string")));
        };
        let layout = match shape {
            Shape::Time => "2006-01-02T15:04:05Z07:00",
            _ => "2006-01-02T15:04:05.000000Z07:00",
        };
        match (Timestamp::parse(text), shape) {
            (Some(t), Shape::Time) => Ok(t.rfc3339().into()),
            (Some(_), _) => Ok(value.clone()),
            (None, _) => Err(self.problem(parse_error(text, layout).unwrap_or_default())),
        }
    }
}

/// `number 1.5` for numbers, else only the kind of value.
fn number(value: &Value) -> String {
    match value {
        Value::Int(i) => format!("number {i}"),
        Value::Number(n) => format!("number {n}"),
        other => what(other).to_owned(),
    }
}

/// `spec.template.spec.containers[0].imag`.
pub fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(i) => {
                text.push('[');
                text.push_str(&i.to_string());
                text.push(']');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_json, to_json};

    fn deployment(spec: &str, minor: u8) -> Decoded {
        let text = format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"a"}},"spec":{spec}}}"#
        );
        decode(
            &from_json(&text).unwrap(),
            "apps/v1",
            "Deployment",
            Minor(minor),
        )
        .unwrap()
    }

    #[test]
    fn errors_in_gos_words() {
        for (spec, minor, want) in [
            (
                r#"{"replicas":"3"}"#,
                32,
                "string into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                r#"{"replicas":3000000000}"#,
                32,
                "number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                r#"{"selector":"a"}"#,
                32,
                "string into Go struct field DeploymentSpec.spec.selector of type v1.LabelSelector",
            ),
            (
                "[]",
                32,
                "array into Go struct field Deployment.spec of type v1.DeploymentSpec",
            ),
            (
                r#"{"template":{"spec":{"containers":[{"livenessProbe":{"exec":"x"}}]}}}"#,
                32,
                "string into Go struct field Probe.spec.template.spec.containers.livenessProbe.exec of type v1.ExecAction",
            ),
            (
                r#"{"template":{"spec":{"containers":[{"livenessProbe":{"exec":"x"}}]}}}"#,
                36,
                "string into Go struct field Probe.spec.template.spec.containers.livenessProbe.ProbeHandler.exec of type v1.ExecAction",
            ),
            (
                r#"{"template":{"metadata":{"labels":{"a":true}}}}"#,
                32,
                "bool into Go struct field ObjectMeta.spec.template.metadata.labels of type string",
            ),
            (
                r#"{"strategy":{"rollingUpdate":{"maxSurge":1.5}}}"#,
                32,
                "number 1.5 into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
            ),
        ] {
            let d = deployment(spec, minor);
            assert_eq!(
                d.error.unwrap().text,
                format!("json: cannot unmarshal {want}"),
                "{spec}"
            );
        }
        // A type's own reader stops the decoder; its error wins over earlier ones.
        let d = deployment(
            r#"{"replicas":"3","template":{"spec":{"overhead":{"cpu":"1x"}}}}"#,
            32,
        );
        let error = d.error.unwrap();
        assert!(error.text.starts_with("quantities must match"));
        assert_eq!(path_text(&error.path), "spec.template.spec.overhead.cpu");
    }

    #[test]
    fn unknown_fields_in_order() {
        let d = deployment(
            r#"{"replica":1,"template":{"spec":{"containers":[{"imag":"x"}]}},"zz":{"a":1}}"#,
            32,
        );
        let texts: Vec<_> = d.unknown.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                r#"unknown field "spec.replica""#,
                r#"unknown field "spec.template.spec.containers[0].imag""#,
                r#"unknown field "spec.zz""#
            ]
        );
        assert_eq!(d.unknown[1].path.last(), Some(&Step::Key("imag".into())));
    }

    #[test]
    fn what_is_written_back() {
        let pod = r#"{"containers":[{"name":"c","command":[],"env":[{"value":""}],"resources":{"limits":{"cpu":0.5}}}],
            "hostNetwork":false,"automountServiceAccountToken":false,"nodeSelector":{},"securityContext":{},
            "volumes":[{"emptyDir":{}},null],"hostname":null}"#;
        let d = decode_type(&from_json(pod).unwrap(), "v1.PodSpec", Minor(32)).unwrap();
        assert_eq!(
            to_json(&d.value),
            r#"{"automountServiceAccountToken":false,"containers":[{"env":[{"name":""}],"name":"c","resources":{"limits":{"cpu":"500m"}}}],"securityContext":{},"volumes":[{"emptyDir":{},"name":""},{"name":""}]}"#
        );
        for (minor, want) in [
            (
                32,
                r#"{"metadata":{"creationTimestamp":null},"spec":{"containers":null}}"#,
            ),
            (36, r#"{"metadata":{},"spec":{"containers":null}}"#),
        ] {
            assert_eq!(
                to_json(&zero_of("v1.PodTemplateSpec", Minor(minor)).unwrap()),
                want
            );
        }
    }

    #[test]
    fn metadata_is_looked_at_first() {
        let check =
            |text: &str| check_metadata(&from_json(text).unwrap(), Minor(32)).map(|p| p.text);
        assert_eq!(
            check(r#"{"metadata":{"labels":{"a":1}},"spec":5}"#).unwrap(),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
        );
        assert_eq!(
            check(r#"{"metadata":[]}"#).unwrap(),
            "json: cannot unmarshal array into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta"
        );
        assert_eq!(check(r#"{"metadata":{"name":"a"},"spec":5}"#), None);
    }

    #[test]
    fn bytes_in_a_list() {
        let secret = |data: &str| {
            let text = format!(r#"{{"data":{{"k":{data}}}}}"#);
            decode(&from_json(&text).unwrap(), "v1", "Secret", Minor(32)).unwrap()
        };
        assert_eq!(secret("[104,105]").value.str_at("data.k"), "aGk=");
        let of = |data| secret(data).error.unwrap().text;
        let field = "into Go struct field Secret.data of type uint8";
        assert_eq!(
            of("[\"x\"]"),
            format!("json: cannot unmarshal string {field}")
        );
        assert_eq!(
            of("[300]"),
            format!("json: cannot unmarshal number 300 {field}")
        );
    }

    #[test]
    fn secrets() {
        let secret = |data: &str| {
            let text = format!(r#"{{"data":{{"k":"{data}"}}}}"#);
            decode(&from_json(&text).unwrap(), "v1", "Secret", Minor(32)).unwrap()
        };
        assert_eq!(secret("aGVsbG8=").value.str_at("data.k"), "aGVsbG8=");
        assert_eq!(
            secret("not base64").error.unwrap().text,
            "illegal base64 data at input byte 3"
        );
    }
}
